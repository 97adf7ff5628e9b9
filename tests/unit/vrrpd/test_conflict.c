/* test_conflict.c - when two owners are a conflict, and when it is over. */
#include "conflict.h"

#include <string.h>
#include <tandem/clock.h>

#include "../../lib/unit.h"

#define S US_PER_S

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };

enum step { HEAR, DEAF, REFUSED, ANSWER, LEFT, OTHER_LEFT, LEAVE, TICK, OTHER_HEAR };

struct one {
	enum step step;
	int64_t at_us; /* since we are ACTIVE */
	enum conflict_change change;
	enum conflict_why why;
};

/* The interval of all signs is 1 s: a conflict lasts for 3.2 s of silence. */
static const struct {
	const char *name;
	struct one steps[5];
} rows[] = {
	{ "one advert that crossed our claim is none",
	  { { HEAR, S / 10, CONFLICT_SAME, CONFLICT_NONE },
	    { TICK, 9 * S, CONFLICT_SAME, CONFLICT_NONE } } },
	{ "the second one is",
	  { { HEAR, S / 10, CONFLICT_SAME, CONFLICT_NONE },
	    { HEAR, S / 5, CONFLICT_BEGAN, CONFLICT_MASTERS } } },
	{ "a partition heals: the first one is",
	  { { HEAR, 60 * S, CONFLICT_BEGAN, CONFLICT_MASTERS },
	    { LEFT, 60 * S + 1000, CONFLICT_ENDED, CONFLICT_NONE } } },
	{ "after one that crossed and left, the next counts as the first",
	  { { HEAR, S / 10, CONFLICT_SAME, CONFLICT_NONE },
	    { LEFT, S / 9, CONFLICT_SAME, CONFLICT_NONE },
	    { HEAR, S / 8, CONFLICT_SAME, CONFLICT_NONE } } },
	{ "silence ends it",
	  { { HEAR, 60 * S, CONFLICT_BEGAN, CONFLICT_MASTERS },
	    { TICK, 63 * S, CONFLICT_SAME, CONFLICT_MASTERS },
	    { TICK, 63 * S + S / 5, CONFLICT_ENDED, CONFLICT_NONE } } },
	{ "further adverts keep it up",
	  { { HEAR, 60 * S, CONFLICT_BEGAN, CONFLICT_MASTERS },
	    { HEAR, 63 * S, CONFLICT_SAME, CONFLICT_MASTERS },
	    { TICK, 64 * S, CONFLICT_SAME, CONFLICT_MASTERS } } },
	{ "it turns out to be deaf",
	  { { HEAR, 60 * S, CONFLICT_BEGAN, CONFLICT_MASTERS },
	    { DEAF, 61 * S, CONFLICT_CHANGED, CONFLICT_DEAF },
	    { DEAF, 62 * S, CONFLICT_SAME, CONFLICT_DEAF } } },
	{ "its hello says MASTER, its adverts are refused",
	  { { REFUSED, 60 * S, CONFLICT_BEGAN, CONFLICT_REFUSED },
	    { REFUSED, 61 * S, CONFLICT_SAME, CONFLICT_REFUSED } } },
	{ "adverts say more than hellos",
	  { { HEAR, 60 * S, CONFLICT_BEGAN, CONFLICT_MASTERS },
	    { REFUSED, 61 * S, CONFLICT_SAME, CONFLICT_MASTERS } } },
	{ "an answer for our address",
	  { { ANSWER, 60 * S, CONFLICT_BEGAN, CONFLICT_ADDRESS },
	    { ANSWER, 61 * S, CONFLICT_SAME, CONFLICT_ADDRESS },
	    { OTHER_LEFT, 62 * S, CONFLICT_SAME, CONFLICT_ADDRESS },
	    { TICK, 65 * S, CONFLICT_ENDED, CONFLICT_NONE } } },
	{ "two masters answer, of course",
	  { { HEAR, 60 * S, CONFLICT_BEGAN, CONFLICT_MASTERS },
	    { ANSWER, 61 * S, CONFLICT_SAME, CONFLICT_MASTERS } } },
	{ "who answers turns out to be a master",
	  { { ANSWER, 60 * S, CONFLICT_BEGAN, CONFLICT_ADDRESS },
	    { HEAR, 61 * S, CONFLICT_CHANGED, CONFLICT_MASTERS } } },
	{ "who answers calls itself master, and is refused",
	  { { ANSWER, 60 * S, CONFLICT_BEGAN, CONFLICT_ADDRESS },
	    { REFUSED, 61 * S, CONFLICT_CHANGED, CONFLICT_REFUSED } } },
	{ "another router leaves",
	  { { HEAR, 60 * S, CONFLICT_BEGAN, CONFLICT_MASTERS },
	    { OTHER_LEFT, 61 * S, CONFLICT_SAME, CONFLICT_MASTERS } } },
	{ "a third master",
	  { { HEAR, 60 * S, CONFLICT_BEGAN, CONFLICT_MASTERS },
	    { OTHER_HEAR, 61 * S, CONFLICT_CHANGED, CONFLICT_MASTERS } } },
	{ "we yield",
	  { { HEAR, 60 * S, CONFLICT_BEGAN, CONFLICT_MASTERS },
	    { LEAVE, 61 * S, CONFLICT_ENDED, CONFLICT_NONE },
	    { LEAVE, 62 * S, CONFLICT_SAME, CONFLICT_NONE } } },
};

static struct addr ip(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse_ip(str_from(text), &a), 0);
	return a;
}

static enum conflict_change play(struct conflict *c, const struct one *o)
{
	struct addr peer = ip("10.9.0.2"), other = ip("10.9.0.3"), vip = ip("10.9.0.100");
	struct conflict_sign s = { .peer = o->step == OTHER_HEAR ? other : peer,
				   .priority = 100,
				   .interval_us = S,
				   .active_for_us = o->at_us,
				   .is_peer_deaf = o->step == DEAF,
				   .is_refused = o->step == REFUSED };

	switch (o->step) {
	case HEAR:
	case OTHER_HEAR:
	case DEAF:
	case REFUSED:
		return conflict_hear(c, &s, o->at_us);
	case ANSWER:
		return conflict_answer(c, &vip, mac, S, o->at_us);
	case LEFT:
		return conflict_peer_left(c, &peer);
	case OTHER_LEFT:
		return conflict_peer_left(c, &other);
	case LEAVE:
		return conflict_leave(c);
	case TICK:
		return conflict_tick(c, o->at_us);
	}
	return CONFLICT_SAME;
}

START_TEST(decides)
{
	struct conflict c = { 0 };

	for (unsigned k = 0; k < ARRAY_LEN(rows[_i].steps) && rows[_i].steps[k].at_us; k++) {
		const struct one *o = &rows[_i].steps[k];
		enum conflict_change got = play(&c, o);

		ck_assert_msg(got == o->change, "%s: step %u: change %d", rows[_i].name, k, got);
		ck_assert_msg(c.why == o->why, "%s: step %u: %s", rows[_i].name, k,
			      conflict_text(c.why));
	}
}
END_TEST

START_TEST(remembers_since_when_and_who)
{
	struct conflict c = { 0 };
	struct one first = { HEAR, S / 10, CONFLICT_SAME, CONFLICT_NONE },
		   second = { HEAR, S / 5, CONFLICT_BEGAN, CONFLICT_MASTERS },
		   answer = { ANSWER, 60 * S, CONFLICT_BEGAN, CONFLICT_ADDRESS };

	play(&c, &first);
	play(&c, &second);
	ck_assert_int_eq(c.since_us, S / 10);
	ck_assert_int_eq(c.last_us, S / 5);
	ck_assert_uint_eq(c.priority, 100);
	c = (struct conflict){ 0 };
	play(&c, &answer);
	ck_assert_mem_eq(c.mac, mac, 6);
	ck_assert_str_ne(conflict_text(CONFLICT_NONE), conflict_text(CONFLICT_REFUSED));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("conflict");
	TCase *tc = tcase_create("conflict");

	tcase_add_loop_test(tc, decides, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, remembers_since_when_and_who);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
