/* test_counters.c - sums over threads, clearing, gauges. */
#include "stats/counters.h"

#include <stdlib.h>

#include "../../lib/unit.h"

#define S (INT64_C(1000000))

START_TEST(sums_are_over_all_threads)
{
	struct counters *c = counters_new(3), sum;
	uint32_t sess, req;

	for (unsigned t = 0; t < 3; t++) {
		counter_add(&c[t].stot, t + 1);
		counter_add(&c[t].bin, 100);
		counter_add(&c[t].hrsp[5], 7);
		counter_add(&c[t].conn_reused, 1);
	}
	counters_sum(c, 3, S, &sum, &sess, &req);
	ck_assert_uint_eq(counter_get(&sum.stot), 6);
	ck_assert_uint_eq(counter_get(&sum.bin), 300);
	ck_assert_uint_eq(counter_get(&sum.hrsp[5]), 21);
	ck_assert_uint_eq(counter_get(&sum.hrsp[0]), 0);
	ck_assert_uint_eq(counter_get(&sum.conn_reused), 3);
	ck_assert_uint_eq(sess, 0);
	free(c);
}
END_TEST

START_TEST(times_are_weighed_by_sessions)
{
	struct counters *c = counters_new(3), sum;
	uint32_t sess, req;

	counter_add(&c[0].stot, 3);
	counter_add(&c[0].ttime, 1000);
	counter_add(&c[1].stot, 1);
	counter_add(&c[1].ttime, 2000);
	counters_sum(c, 3, S, &sum, &sess, &req); /* the third served nothing and weighs nothing */
	ck_assert_uint_eq(counter_get(&sum.ttime), 1250);
	free(c);
}
END_TEST

START_TEST(no_sessions_no_division)
{
	struct counters *c = counters_new(1), sum;
	uint32_t sess, req;

	counter_add(&c[0].qtime, 5);
	counters_sum(c, 1, S, &sum, &sess, &req);
	ck_assert_uint_eq(counter_get(&sum.qtime), 0);
	free(c);
}
END_TEST

START_TEST(rates_are_added_up)
{
	struct counters *c = counters_new(2), sum;
	uint32_t sess, req;

	rate_add(&c[0].sess_rate, 10 * S, 4);
	rate_add(&c[1].sess_rate, 10 * S, 5);
	rate_add(&c[1].req_rate, 10 * S, 11);
	counters_sum(c, 2, 10 * S, &sum, &sess, &req);
	ck_assert_uint_eq(sess,
			  rate_get(&c[0].sess_rate, 10 * S) + rate_get(&c[1].sess_rate, 10 * S));
	ck_assert_uint_ge(sess, 8);
	ck_assert_uint_ge(req, 10);
	free(c);
}
END_TEST

START_TEST(clear_clears_all)
{
	struct counters *c = counters_new(2), sum;
	uint32_t sess, req;

	for (unsigned t = 0; t < 2; t++) {
		counter_add(&c[t].stot, 5);
		counter_add(&c[t].ttime, 5);
		rate_add(&c[t].sess_rate, 10 * S, 4);
	}
	counters_clear(c, 2);
	counters_sum(c, 2, 10 * S, &sum, &sess, &req);
	ck_assert_uint_eq(counter_get(&sum.stot), 0);
	ck_assert_uint_eq(counter_get(&sum.ttime), 0);
	ck_assert_uint_eq(sess, 0);
	free(c);
}
END_TEST

START_TEST(threads_have_their_own_cache_lines)
{
	struct counters *c = counters_new(4);

	ck_assert_uint_eq(sizeof(*c) % CACHE_LINE, 0);
	ck_assert_uint_eq((uintptr_t)c % CACHE_LINE, 0);
	free(c);
}
END_TEST

START_TEST(gauge_keeps_its_peak)
{
	struct gauge g = { 0 };

	ck_assert_uint_eq(gauge_inc(&g), 1);
	ck_assert_uint_eq(gauge_inc(&g), 2);
	ck_assert_uint_eq(gauge_dec(&g), 1);
	ck_assert_uint_eq(gauge_inc(&g), 2);
	ck_assert_uint_eq(g.max, 2);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("counters");

	tcase_add_test(tc, sums_are_over_all_threads);
	tcase_add_test(tc, times_are_weighed_by_sessions);
	tcase_add_test(tc, no_sessions_no_division);
	tcase_add_test(tc, rates_are_added_up);
	tcase_add_test(tc, clear_clears_all);
	tcase_add_test(tc, threads_have_their_own_cache_lines);
	tcase_add_test(tc, gauge_keeps_its_peak);
	Suite *s = suite_create("counters");

	suite_add_tcase(s, tc);
	return unit_run(s);
}
