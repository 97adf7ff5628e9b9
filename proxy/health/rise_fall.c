/* rise_fall.c - from results of checks to up and down, as HAProxy counts. */
#include "health/rise_fall.h"

#include <tandem/util.h>

static unsigned top(const struct rise_fall *rf)
{
	return rf->rise + rf->fall - 1;
}

void rise_fall_init(struct rise_fall *rf, unsigned rise, unsigned fall, bool is_up)
{
	*rf = (struct rise_fall){ .rise = MAX(rise, 1u), .fall = MAX(fall, 1u) };
	rf->health = is_up ? rf->rise : 0;
}

bool rise_fall_is_up(const struct rise_fall *rf)
{
	return rf->health >= rf->rise;
}

bool rise_fall_is_steady(const struct rise_fall *rf)
{
	return rf->health == 0 || rf->health == top(rf);
}

enum rise_fall_event rise_fall_step(struct rise_fall *rf, bool passed)
{
	bool was_up = rise_fall_is_up(rf);

	if (passed) {
		rf->health++;
		if (rf->health >= rf->rise)
			rf->health = top(rf);
		return was_up || !rise_fall_is_up(rf) ? RISE_FALL_NONE : RISE_FALL_UP;
	}
	if (rf->health > 0)
		rf->health--;
	if (rf->health < rf->rise)
		rf->health = 0;
	return was_up && !rise_fall_is_up(rf) ? RISE_FALL_DOWN : RISE_FALL_NONE;
}

void rise_fall_set_limits(struct rise_fall *rf, unsigned rise, unsigned fall)
{
	bool is_up = rise_fall_is_up(rf), is_steady = rise_fall_is_steady(rf);
	unsigned failures = top(rf) - rf->health; /* of one that is up */

	rf->rise = MAX(rise, 1u);
	rf->fall = MAX(fall, 1u);
	if (!is_up)
		rf->health = MIN(rf->health, rf->rise - 1);
	else
		rf->health = is_steady ? top(rf) : top(rf) - MIN(failures, rf->fall - 1);
}

int64_t rise_fall_interval_us(const struct rise_fall *rf, const struct rise_fall_times *t)
{
	if (rf->health == top(rf))
		return t->inter_us;
	if (rf->health == 0)
		return t->downinter_us > 0 ? t->downinter_us : t->inter_us;
	return t->fastinter_us > 0 ? t->fastinter_us : t->inter_us;
}
