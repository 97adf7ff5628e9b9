/* test_track.c - priority and fault out of tracked objects, row by row. */
#include <stdlib.h>

#include "../../lib/unit.h"
#include "config/cfg_model.h"
#include "track.h"

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in reading order */
static const struct {
	const char *name;
	uint8_t base;
	struct {
		int weight;
		bool reverse, is_up;
	} t[3]; /* weight 999: none */
	uint8_t priority;
	int fault; /* index; -1: none */
} rows[] = {
#define NONE                                                                                       \
	{                                                                                          \
		999, false, false                                                                  \
	}
	{ "nothing tracked", 100, { NONE, NONE, NONE }, 100, -1 },
	{ "weight 0, up", 100, { { 0, false, true }, NONE, NONE }, 100, -1 },
	{ "weight 0, down: fault", 100, { { 0, false, false }, NONE, NONE }, 100, 0 },
	{ "weight 0 reverse, up: fault", 100, { { 0, true, true }, NONE, NONE }, 100, 0 },
	{ "weight 0 reverse, down", 100, { { 0, true, false }, NONE, NONE }, 100, -1 },
	{ "positive, up: added", 100, { { 20, false, true }, NONE, NONE }, 120, -1 },
	{ "positive, down", 100, { { 20, false, false }, NONE, NONE }, 100, -1 },
	{ "negative, up", 100, { { -20, false, true }, NONE, NONE }, 100, -1 },
	{ "negative, down: subtracted", 100, { { -20, false, false }, NONE, NONE }, 80, -1 },
	{ "positive reverse, up: subtracted", 100, { { 20, true, true }, NONE, NONE }, 80, -1 },
	{ "positive reverse, down", 100, { { 20, true, false }, NONE, NONE }, 100, -1 },
	{ "negative reverse, up", 100, { { -20, true, true }, NONE, NONE }, 100, -1 },
	{ "negative reverse, down: added", 100, { { -20, true, false }, NONE, NONE }, 120, -1 },
	{ "not below 1", 50, { { -253, false, false }, NONE, NONE }, 1, -1 },
	{ "not above 254", 200, { { 253, false, true }, NONE, NONE }, 254, -1 },
	{ "the sum counts, not its steps",
	  50,
	  { { -253, false, false }, { 253, false, true }, NONE },
	  50,
	  -1 },
	{ "the owner stays", 255, { { -50, false, false }, NONE, NONE }, 255, -1 },
	{ "the owner can be in fault", 255, { { 0, false, false }, NONE, NONE }, 255, 0 },
	{ "the first fault is named",
	  100,
	  { { 5, false, true }, { 0, false, false }, { 0, false, false } },
	  105,
	  1 },
	{ "weights count beside a fault",
	  100,
	  { { 0, false, false }, { -10, false, false }, { 3, false, true } },
	  93,
	  0 },
};

START_TEST(test_sum)
{
	struct track_sum sum;
	struct cfg_track t[3] = { 0 };
	const struct cfg_track *fault = rows[_i].fault < 0 ? NULL : &t[rows[_i].fault];

	track_begin(&sum, rows[_i].base);
	for (int k = 0; k < 3 && rows[_i].t[k].weight != 999; k++) {
		t[k].weight = rows[_i].t[k].weight;
		t[k].reverse = rows[_i].t[k].reverse;
		track_add(&sum, &t[k], rows[_i].t[k].is_up);
	}
	ck_assert_msg(track_priority(&sum) == rows[_i].priority, "%s: priority %u", rows[_i].name,
		      track_priority(&sum));
	ck_assert_msg(sum.fault == fault, "%s: fault", rows[_i].name);
}
END_TEST

START_TEST(test_delta_is_returned)
{
	struct track_sum sum;
	struct cfg_track t = { .weight = -7 };

	track_begin(&sum, 100);
	ck_assert_int_eq(track_add(&sum, &t, false), -7);
	ck_assert_int_eq(track_add(&sum, &t, true), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("track");
	TCase *tc = tcase_create("sum");

	tcase_add_loop_test(tc, test_sum, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, test_delta_is_returned);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
