/* test_latency.c - the histogram of response times, and what is read from it. */
#include "stats/latency.h"

#include <stdlib.h>

#include "../../lib/unit.h"

START_TEST(each_time_is_below_the_bound_of_its_bucket)
{
	unsigned last = 0;

	for (int64_t us = 1; us < 100 * 1000 * 1000; us += 1 + us / 50) {
		unsigned i = latency_bucket(us);

		ck_assert_uint_ge(i, last);
		ck_assert_uint_lt(i, LATENCY_N);
		if (i + 1 < LATENCY_N)
			ck_assert_int_lt(us, (int64_t)latency_bound_us(i));
		if (us > LATENCY_FIRST_US && i + 1 < LATENCY_N) /* and not far below */
			ck_assert_int_le((int64_t)latency_bound_us(i) * 8, us * 9 + 8);
		last = i;
	}
	ck_assert_uint_eq(last, LATENCY_N - 1);
	ck_assert_uint_eq(latency_bucket(-5), 0);
}
END_TEST

START_TEST(percentiles_are_read_from_counts)
{
	struct latency *l = latency_new(1);
	uint32_t n[LATENCY_N];

	for (unsigned i = 0; i < 98; i++)
		latency_add(l, 1000);
	latency_add(l, 50000);
	latency_add(l, 50000);
	for (unsigned i = 0; i < LATENCY_N; i++)
		n[i] = atomic_load(&l->n[i]);
	ck_assert_uint_ge(latency_percentile(n, 50), 1000);
	ck_assert_uint_le(latency_percentile(n, 50), 1125);
	ck_assert_uint_eq(latency_percentile(n, 98), latency_percentile(n, 50));
	ck_assert_uint_ge(latency_percentile(n, 99), 50000);
	ck_assert_uint_le(latency_percentile(n, 99), 56250);
	free(l);
}
END_TEST

START_TEST(no_request_has_no_percentile)
{
	uint32_t n[LATENCY_N] = { 0 };

	ck_assert_uint_eq(latency_percentile(n, 99), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("latency");
	TCase *tc = tcase_create("latency");

	tcase_add_test(tc, each_time_is_below_the_bound_of_its_bucket);
	tcase_add_test(tc, percentiles_are_read_from_counts);
	tcase_add_test(tc, no_request_has_no_percentile);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
