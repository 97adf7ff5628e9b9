/* test_history.c - the ring of transitions: order, durations, outages. */
#include "history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tandem/clock.h>

#include "../../lib/unit.h"

static struct history_entry entry(const char *name, int64_t mono_us, enum vrrp_state from,
				  enum vrrp_state to)
{
	struct history_entry e = {
		.mono_us = mono_us, .outage_us = HISTORY_UNKNOWN, .from = from, .to = to
	};

	snprintf(e.instance, sizeof(e.instance), "%s", name);
	return e;
}

START_TEST(keeps_the_last_thousand_and_their_durations)
{
	struct history *h = calloc(1, sizeof(*h));
	struct history_entry e;

	for (unsigned k = 1; k <= HISTORY_MAX + 7; k++) {
		e = entry(k % 2 ? "A" : "B", k * US_PER_S, VRRP_BACKUP, VRRP_ACTIVE);
		history_add(h, &e, 0);
	}
	ck_assert_uint_eq(history_count(h), HISTORY_MAX);
	ck_assert_uint_eq(h->n, HISTORY_MAX + 7);
	ck_assert_int_eq(history_at(h, 0)->mono_us, 8 * US_PER_S);
	ck_assert_int_eq(history_at(h, HISTORY_MAX - 1)->mono_us, (HISTORY_MAX + 7) * US_PER_S);
	ck_assert_ptr_null(history_at(h, HISTORY_MAX));
	ck_assert_int_eq(history_at(h, 500)->lasted_us, 2 * US_PER_S);
	ck_assert_ptr_null(history_last(h, "C"));
	e = entry("C", 2000 * US_PER_S, VRRP_INIT, VRRP_BACKUP);
	history_add(h, &e, 1990 * US_PER_S);
	ck_assert_int_eq(history_last(h, "C")->lasted_us, 10 * US_PER_S); /* since the start */
	free(h);
}
END_TEST

START_TEST(the_next_master_settles_the_outage_of_leaving)
{
	struct history *h = calloc(1, sizeof(*h));
	struct history_entry e = entry("A", 1, VRRP_ACTIVE, VRRP_FAULT);

	history_settle(h, "A", 5); /* nothing there */
	history_add(h, &e, 0);
	history_settle(h, "A", 5000);
	ck_assert_int_eq(history_last(h, "A")->outage_us, 5000);
	history_settle(h, "A", 9000); /* only the first advert counts */
	ck_assert_int_eq(history_last(h, "A")->outage_us, 5000);
	e = entry("A", 2, VRRP_FAULT, VRRP_BACKUP);
	history_add(h, &e, 0);
	history_settle(h, "A", 7000); /* it did not leave */
	ck_assert_int_eq(history_last(h, "A")->outage_us, HISTORY_UNKNOWN);
	free(h);
}
END_TEST

static const struct {
	enum vrrp_cause cause;
	int64_t outage_us;
} rows[] = {
	{ VRRP_CAUSE_MASTER_DOWN, 777 }, { VRRP_CAUSE_MASTER_LEFT, 777 },
	{ VRRP_CAUSE_LEASE, 777 },       { VRRP_CAUSE_PREEMPT, 0 },
	{ VRRP_CAUSE_HANDOVER, 0 },      { VRRP_CAUSE_STARTUP, HISTORY_UNKNOWN },
};

START_TEST(a_takeover_has_an_outage)
{
	ck_assert_int_eq(history_takeover_outage_us(rows[_i].cause, 777), rows[_i].outage_us);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("history");
	TCase *tc = tcase_create("history");

	tcase_add_test(tc, keeps_the_last_thousand_and_their_durations);
	tcase_add_test(tc, the_next_master_settles_the_outage_of_leaving);
	tcase_add_loop_test(tc, a_takeover_has_an_outage, 0, ARRAY_LEN(rows));
	suite_add_tcase(s, tc);
	return unit_run(s);
}
