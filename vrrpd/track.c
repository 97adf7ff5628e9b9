/* track.c - from the state of everything an instance tracks to its priority and its fault. */
#include "track.h"

#include <tandem/util.h>

#include "config/cfg_model.h"

#define OWNER     255
#define MAX_PRIO  254
#define MIN_PRIO  1
#define MAX_DELTA 253
#define MAX_VALUE INT32_MAX

void track_begin(struct track_sum *t, uint8_t base_priority)
{
	*t = (struct track_sum){ .base = base_priority, .sum = base_priority };
}

int track_add(struct track_sum *t, const struct cfg_track *c, bool is_up)
{
	int delta;

	if (c->weight == 0) {
		if (is_up == c->reverse && !t->fault)
			t->fault = c;
		return 0;
	}
	if ((c->weight > 0) != is_up)
		return 0;
	delta = c->reverse ? -c->weight : c->weight;
	t->sum += delta;
	return delta;
}

int track_add_value(struct track_sum *t, const struct cfg_track *c, int64_t value)
{
	int64_t delta = MAX(-MAX_VALUE, MIN(MAX_VALUE, value)) * c->weight;

	if (c->weight == 0) {
		if ((value == 0) == c->reverse && !t->fault)
			t->fault = c;
		return 0;
	}
	if (c->reverse)
		delta = -delta;
	if (delta < -MAX_DELTA && !t->fault)
		t->fault = c;
	delta = MAX(-MAX_DELTA, MIN(MAX_DELTA, delta));
	t->sum += (int)delta;
	return (int)delta;
}

uint8_t track_priority(const struct track_sum *t)
{
	if (t->base == OWNER)
		return OWNER;
	return (uint8_t)MAX(MIN_PRIO, MIN(MAX_PRIO, t->sum));
}
