/* explain.c - what would happen if a tracker failed. */
#include "explain.h"

#include <stdbool.h>
#include <stdio.h>
#include <tandem/util.h>

#include "config/cfg_model.h"
#include "track.h"

#define OWNER 255

/* What t adds in one of its states; *is_fault: it makes the instance faulty. */
static int delta(const struct cfg_track *t, bool is_up, bool *is_fault)
{
	struct track_sum sum;
	int d;

	track_begin(&sum, 0);
	d = track_add(&sum, t, is_up);
	*is_fault = sum.fault != NULL;
	return d;
}

/* Which of its states is the good one? */
static bool is_good_up(const struct cfg_track *t)
{
	bool fault_up, fault_down;
	int up = delta(t, true, &fault_up), down = delta(t, false, &fault_down);

	if (fault_up != fault_down)
		return fault_down;
	return up >= down;
}

/* All trackers good (or all bad), but `one` as given. */
static uint8_t priority_with(const struct cfg_instance *c, bool is_good,
			     const struct cfg_track *one, bool one_is_good)
{
	struct track_sum sum;

	track_begin(&sum, c->priority);
	for (const struct cfg_track *t = c->tracks; t; t = t->next) {
		bool good = t == one ? one_is_good : is_good;

		if (t->kind == TRACK_FILE) /* its number is 0: it adds nothing */
			(void)track_add_value(&sum, t, 0);
		else
			(void)track_add(&sum, t, is_good_up(t) == good);
	}
	return sum.fault ? 0 : track_priority(&sum);
}

static enum explain_verdict judge(const struct explain_row *r, uint8_t peer)
{
	if (r->down == 0)
		return EXPLAIN_FAULT;
	if (r->up == r->down)
		return EXPLAIN_NO_EFFECT;
	if (peer == 0)
		return EXPLAIN_NO_PEER;
	if (r->up < peer)
		return EXPLAIN_LOSES;
	if (r->down > peer)
		return EXPLAIN_STAYS;
	return r->down == peer ? EXPLAIN_TIE : EXPLAIN_MOVES;
}

struct explain_row explain_track(const struct cfg_instance *c, const struct cfg_track *t,
				 uint8_t peer)
{
	struct explain_row r = { .up = priority_with(c, true, t, true),
				 .down = priority_with(c, true, t, false) };
	bool good = is_good_up(t), is_fault;

	r.delta_up = delta(t, good, &is_fault);
	r.delta_down = delta(t, !good, &is_fault);
	r.verdict = t->kind == TRACK_FILE ? EXPLAIN_NUMBER : judge(&r, peer);
	return r;
}

uint8_t explain_best(const struct cfg_instance *c)
{
	return priority_with(c, true, NULL, true);
}

uint8_t explain_least(const struct cfg_instance *c)
{
	for (const struct cfg_track *t = c->tracks; t; t = t->next) {
		if (t->kind == TRACK_FILE)
			return 0; /* any number may come */
	}
	return priority_with(c, false, NULL, false);
}

/* "101 - 2 = 99", "100 + 5 - 5 = 100": from the priority while it is fine to the one when it
 * failed. */
static void sum_text(const struct explain_row *r, char out[48])
{
	int change = r->delta_down - r->delta_up;

	if (r->up + change == r->down)
		snprintf(out, 48, "%u %c %d = %u", r->up, change < 0 ? '-' : '+',
			 change < 0 ? -change : change, r->down);
	else
		snprintf(out, 48, "%u %c %d is limited to %u", r->up, change < 0 ? '-' : '+',
			 change < 0 ? -change : change, r->down);
}

char *explain_text(const struct cfg_instance *c, const struct explain_row *r, uint8_t peer,
		   char *out, size_t room)
{
	char sum[48];

	sum_text(r, sum);
	switch (r->verdict) {
	case EXPLAIN_FAULT:
		snprintf(out, room, "fault: the address moves");
		break;
	case EXPLAIN_MOVES:
		snprintf(out, room, "%s, below %u: the address moves", sum, peer);
		break;
	case EXPLAIN_TIE:
		snprintf(out, room, "%s, equal to %u: the greater address wins", sum, peer);
		break;
	case EXPLAIN_STAYS:
		snprintf(out, room, "%s still beats %u", sum, peer);
		break;
	case EXPLAIN_LOSES:
		snprintf(out, room, "%s, %u is better either way", sum, peer);
		break;
	case EXPLAIN_NO_EFFECT:
		snprintf(out, room, "%s",
			 c->priority == OWNER ? "the owner (255) is never moved" : sum);
		break;
	case EXPLAIN_NO_PEER:
		snprintf(out, room, "%s, the peer's priority is not known", sum);
		break;
	case EXPLAIN_NUMBER:
		snprintf(out, room, "the number in the file counts");
		break;
	}
	return out;
}

int explain_is_useless(enum explain_verdict v)
{
	return v == EXPLAIN_STAYS || v == EXPLAIN_NO_EFFECT;
}

const char *explain_verdict_text(enum explain_verdict v)
{
	switch (v) {
	case EXPLAIN_FAULT:
		return "fault";
	case EXPLAIN_MOVES:
		return "moves";
	case EXPLAIN_TIE:
		return "tie";
	case EXPLAIN_STAYS:
		return "cannot_move";
	case EXPLAIN_LOSES:
		return "peer_is_better";
	case EXPLAIN_NO_EFFECT:
		return "no_effect";
	case EXPLAIN_NO_PEER:
		return "peer_unknown";
	case EXPLAIN_NUMBER:
		return "number";
	}
	UNREACHABLE();
}
