/* test_rise_fall.c - rise and fall, a row for each rule. Results: + passed, - failed; after each
 * the state: U up, D down; capital when it changed just now. */
#include "health/rise_fall.h"

#include <string.h>
#include <tandem/util.h>

#include "../../lib/unit.h"

static const struct {
	const char *name;
	unsigned rise, fall;
	bool starts_up;
	const char *results, *states;
	unsigned health; /* in the end */
} rows[] = {
	{ "starts at rise", 2, 3, true, "", "", 2 },
	{ "starts down at 0", 2, 3, false, "", "", 0 },
	{ "unchecked: first failure takes it down", 2, 3, true, "-", "D", 0 },
	{ "unchecked: first success makes it full", 2, 3, true, "+", "u", 4 },
	{ "falls after fall failures", 2, 3, true, "+---", "uuuD", 0 },
	{ "a success in between starts again", 2, 3, true, "+--+---", "uuuuuuD", 0 },
	{ "fall 1", 2, 1, true, "+-", "uD", 0 },
	{ "rises after rise successes", 2, 3, false, "++", "dU", 4 },
	{ "a failure in between starts again", 2, 3, false, "+-++", "dddU", 4 },
	{ "rise 1", 1, 3, false, "+", "U", 3 },
	{ "rise 1 fall 1 flaps", 1, 1, true, "-+-+", "DUDU", 1 },
	{ "down stays at 0", 2, 3, true, "----", "Dddd", 0 },
	{ "down and half way up", 3, 2, false, "++", "dd", 2 },
	{ "up stays at the top", 2, 3, true, "++++", "uuuu", 4 },
	{ "falling", 2, 3, true, "+-", "uu", 3 },
	{ "falling further", 2, 3, true, "+--", "uuu", 2 },
	{ "long rise", 5, 1, false, "+++++", "ddddU", 5 },
	{ "long fall", 1, 5, true, "+-----", "uuuuuD", 0 },
	{ "0 counts as 1", 0, 0, true, "-+", "DU", 1 },
};

START_TEST(test_results)
{
	struct rise_fall rf;

	rise_fall_init(&rf, rows[_i].rise, rows[_i].fall, rows[_i].starts_up);
	for (size_t i = 0; rows[_i].results[i] != '\0'; i++) {
		enum rise_fall_event ev = rise_fall_step(&rf, rows[_i].results[i] == '+');
		char state = rise_fall_is_up(&rf) ? 'u' : 'd';

		if (ev == RISE_FALL_UP)
			state = 'U';
		else if (ev == RISE_FALL_DOWN)
			state = 'D';
		ck_assert_msg(state == rows[_i].states[i], "%s: result %zu gives %c", rows[_i].name,
			      i, state);
	}
	ck_assert_msg(rf.health == rows[_i].health, "%s: health %u", rows[_i].name, rf.health);
}
END_TEST

static const struct {
	const char *name;
	bool starts_up;
	const char *results;
	int64_t fast, down, expect;
} intervals[] = {
	{ "unchecked: fastinter", true, "", 500, 5000, 500 },
	{ "unchecked without fastinter", true, "", 0, 5000, 2000 },
	{ "up: inter", true, "+", 500, 5000, 2000 },
	{ "falling: fastinter", true, "+-", 500, 5000, 500 },
	{ "down: downinter", true, "-", 500, 5000, 5000 },
	{ "down without downinter", true, "-", 500, 0, 2000 },
	{ "rising: fastinter", false, "+", 500, 5000, 500 },
	{ "rising without fastinter", false, "+", 0, 5000, 2000 },
};

START_TEST(test_intervals)
{
	const struct rise_fall_times t = { 2000, intervals[_i].fast, intervals[_i].down };
	struct rise_fall rf;

	rise_fall_init(&rf, 2, 3, intervals[_i].starts_up);
	for (const char *r = intervals[_i].results; *r != '\0'; r++)
		(void)!rise_fall_step(&rf, *r == '+');
	ck_assert_msg(rise_fall_interval_us(&rf, &t) == intervals[_i].expect, "%s",
		      intervals[_i].name);
}
END_TEST

static const struct {
	const char *name;
	const char *results; /* from up, rise 2 fall 3 */
	unsigned rise, fall;
	bool is_up;
	unsigned health;
} limits[] = {
	{ "up at the top stays there", "+", 3, 5, true, 7 },
	{ "one failure stays one failure", "+-", 2, 5, true, 5 },
	{ "failures beyond the new limit leave one", "+--", 2, 2, true, 2 },
	{ "down stays down", "-", 1, 1, false, 0 },
	{ "rising stays below", "-+", 1, 3, false, 0 },
	{ "rising keeps its count", "-+", 4, 3, false, 1 },
};

START_TEST(test_new_limits)
{
	struct rise_fall rf;

	rise_fall_init(&rf, 2, 3, true);
	for (const char *r = limits[_i].results; *r != '\0'; r++)
		(void)!rise_fall_step(&rf, *r == '+');
	rise_fall_set_limits(&rf, limits[_i].rise, limits[_i].fall);
	ck_assert_msg(rise_fall_is_up(&rf) == limits[_i].is_up, "%s", limits[_i].name);
	ck_assert_msg(rf.health == limits[_i].health, "%s: health %u", limits[_i].name, rf.health);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("rise_fall");

	tcase_add_loop_test(tc, test_results, 0, ARRAY_LEN(rows));
	tcase_add_loop_test(tc, test_intervals, 0, ARRAY_LEN(intervals));
	tcase_add_loop_test(tc, test_new_limits, 0, ARRAY_LEN(limits));
	Suite *s = suite_create("rise_fall");

	suite_add_tcase(s, tc);
	return unit_run(s);
}
