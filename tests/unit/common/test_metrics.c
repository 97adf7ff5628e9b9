/* test_metrics.c - counters and rates. */
#include <tandem/metrics.h>

#include <tandem/clock.h>

#include "../../lib/unit.h"

START_TEST(counters_add_and_subtract)
{
	counter c = 0;

	counter_add(&c, 5);
	counter_sub(&c, 2);
	ck_assert_uint_eq(counter_get(&c), 3);
}
END_TEST

/* 100 events at 10 s, then 50 at 11.2 s: read at other times. */
static const struct {
	int64_t at_us;
	uint32_t rate;
} before_second[] = {
	{ 10 * US_PER_S, 100 },	   { 10 * US_PER_S + 999999, 100 }, { 11 * US_PER_S, 100 },
	{ 11500 * US_PER_MS, 50 }, { 11999 * US_PER_MS, 1 },	    { 12 * US_PER_S, 0 },
	{ 99 * US_PER_S, 0 },	   { 9 * US_PER_S, 100 },
}, after_second[] = {
	{ 11200 * US_PER_MS, 130 }, { 11500 * US_PER_MS, 100 }, { 12 * US_PER_S, 50 },
	{ 12500 * US_PER_MS, 25 },  { 13 * US_PER_S, 0 },
};

START_TEST(test_rate_before)
{
	struct rate r = { 0 };

	rate_add(&r, 10 * US_PER_S, 60);
	rate_add(&r, 10 * US_PER_S, 40);
	ck_assert_uint_eq(rate_get(&r, before_second[_i].at_us), before_second[_i].rate);
}
END_TEST

START_TEST(test_rate_after)
{
	struct rate r = { 0 };

	rate_add(&r, 10 * US_PER_S, 100);
	rate_add(&r, 11200 * US_PER_MS, 50);
	ck_assert_uint_eq(rate_get(&r, after_second[_i].at_us), after_second[_i].rate);
}
END_TEST

START_TEST(a_steady_rate_reads_steady)
{
	struct rate r = { 0 };

	for (int64_t t = 1000; t < 10000; t += 10) {
		rate_add(&r, t * US_PER_MS, 1);
		if (t > 2000) {
			ck_assert_uint_ge(rate_get(&r, t * US_PER_MS), 99);
			ck_assert_uint_le(rate_get(&r, t * US_PER_MS), 101);
		}
	}
}
END_TEST

START_TEST(a_pause_forgets)
{
	struct rate r = { 0 };

	rate_add(&r, 10 * US_PER_S, 100);
	rate_add(&r, 20 * US_PER_S, 1);
	ck_assert_uint_eq(rate_get(&r, 20 * US_PER_S), 1);
	ck_assert_uint_eq(rate_get(&(struct rate){ 0 }, US_PER_S / 2), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("metrics");
	TCase *tc = tcase_create("metrics");

	tcase_add_test(tc, counters_add_and_subtract);
	tcase_add_loop_test(tc, test_rate_before, 0,
			    sizeof(before_second) / sizeof(before_second[0]));
	tcase_add_loop_test(tc, test_rate_after, 0, sizeof(after_second) / sizeof(after_second[0]));
	tcase_add_test(tc, a_steady_rate_reads_steady);
	tcase_add_test(tc, a_pause_forgets);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
