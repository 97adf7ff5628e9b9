/* test_explain.c - the arithmetic of a failing check. */
#include "explain.h"

#include <stdio.h>
#include <string.h>

#include "../../lib/unit.h"
#include "config/cfg_model.h"

static const struct {
	const char *name;
	uint8_t base, peer;
	int weight, other_weight; /* other: a second tracker; 0: a fault on failure */
	bool reverse, has_other;
	uint8_t up, down;
	enum explain_verdict verdict;
	const char *text;
} rows[] = {
	{ "the classic mistake", 101, 98, -2, 0, false, false, 101, 99, EXPLAIN_STAYS,
	  "101 - 2 = 99 still beats 98" },
	{ "the classic pair", 101, 100, -2, 0, false, false, 101, 99, EXPLAIN_MOVES,
	  "101 - 2 = 99, below 100: the address moves" },
	{ "equal", 101, 99, -2, 0, false, false, 101, 99, EXPLAIN_TIE,
	  "101 - 2 = 99, equal to 99: the greater address wins" },
	{ "a positive weight is lost", 100, 104, 5, 0, false, false, 105, 100, EXPLAIN_MOVES,
	  "105 - 5 = 100, below 104: the address moves" },
	{ "a positive weight that is too small", 150, 100, 5, 0, false, false, 155, 150,
	  EXPLAIN_STAYS, "155 - 5 = 150 still beats 100" },
	{ "weight 0 is a fault", 101, 98, 0, 0, false, false, 101, 0, EXPLAIN_FAULT,
	  "fault: the address moves" },
	{ "the peer's priority is not known", 101, 0, -2, 0, false, false, 101, 99, EXPLAIN_NO_PEER,
	  "101 - 2 = 99, the peer's priority is not known" },
	{ "backup anyway", 90, 100, -20, 0, false, false, 90, 70, EXPLAIN_LOSES,
	  "90 - 20 = 70, 100 is better either way" },
	{ "capped at 254", 254, 100, 5, 0, false, false, 254, 254, EXPLAIN_NO_EFFECT,
	  "254 - 5 is limited to 254" },
	{ "capped at 1", 1, 0, -5, 0, false, false, 1, 1, EXPLAIN_NO_EFFECT,
	  "1 - 5 is limited to 1" },
	{ "the owner", 255, 100, -50, 0, false, false, 255, 255, EXPLAIN_NO_EFFECT,
	  "the owner (255) is never moved" },
	{ "reverse", 101, 98, -2, 0, true, false, 103, 101, EXPLAIN_STAYS,
	  "103 - 2 = 101 still beats 98" },
	{ "reverse fault", 101, 98, 0, 0, true, false, 101, 0, EXPLAIN_FAULT,
	  "fault: the address moves" },
	{ "the others are fine meanwhile", 100, 104, 5, 10, false, true, 115, 110, EXPLAIN_STAYS,
	  "115 - 5 = 110 still beats 104" },
};

START_TEST(explains)
{
	struct cfg_track other = { .kind = TRACK_SCRIPT, .weight = rows[_i].other_weight };
	struct cfg_track t = { .kind = TRACK_SCRIPT,
			       .weight = rows[_i].weight,
			       .reverse = rows[_i].reverse,
			       .next = rows[_i].has_other ? &other : NULL };
	struct cfg_instance c = { .priority = rows[_i].base, .tracks = &t };
	struct explain_row r = explain_track(&c, &t, rows[_i].peer);
	char text[128];

	ck_assert_msg(r.up == rows[_i].up && r.down == rows[_i].down, "%s: %u, %u", rows[_i].name,
		      r.up, r.down);
	ck_assert_msg(r.verdict == rows[_i].verdict, "%s: %s", rows[_i].name,
		      explain_verdict_text(r.verdict));
	explain_text(&c, &r, rows[_i].peer, text, sizeof(text));
	ck_assert_msg(strcmp(text, rows[_i].text) == 0, "%s: %s", rows[_i].name, text);
	ck_assert_uint_eq(explain_best(&c), rows[_i].up);
	ck_assert_int_eq(explain_is_useless(r.verdict),
			 r.verdict == EXPLAIN_STAYS || r.verdict == EXPLAIN_NO_EFFECT);
}
END_TEST

START_TEST(a_tracked_file_has_a_number)
{
	struct cfg_track t = { .kind = TRACK_FILE, .weight = 1 };
	struct cfg_instance c = { .priority = 100, .tracks = &t };

	ck_assert_int_eq(explain_track(&c, &t, 98).verdict, EXPLAIN_NUMBER);
	ck_assert_uint_eq(explain_least(&c), 0);
	ck_assert_uint_eq(explain_best(&c), 100);
	t.kind = TRACK_SCRIPT;
	t.weight = -30;
	ck_assert_uint_eq(explain_least(&c), 70);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("explain");
	TCase *tc = tcase_create("explain");

	tcase_add_loop_test(tc, explains, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, a_tracked_file_has_a_number);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
