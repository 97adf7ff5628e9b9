/* test_health.c - what is good, degraded and down. */
#include "health.h"

#include <string.h>

#include "../../lib/unit.h"

static const struct {
	const char *name;
	struct health_facts f;
	enum health health;
	unsigned reasons;
} rows[] = {
	{ "master", { .state = VRRP_ACTIVE }, HEALTH_GOOD, 0 },
	{ "backup", { .state = VRRP_BACKUP, .hears_master = true }, HEALTH_GOOD, 0 },
	{ "not started", { .state = VRRP_INIT }, HEALTH_DOWN, HEALTH_NOT_RUNNING },
	{ "backup of nobody", { .state = VRRP_BACKUP }, HEALTH_DEGRADED, HEALTH_NO_MASTER },
	{ "fault, the peer serves",
	  { .state = VRRP_FAULT, .hears_master = true },
	  HEALTH_DEGRADED,
	  HEALTH_FAULT },
	{ "fault, nobody serves",
	  { .state = VRRP_FAULT },
	  HEALTH_DOWN,
	  HEALTH_FAULT | HEALTH_NO_MASTER },
	{ "two masters",
	  { .state = VRRP_ACTIVE, .has_conflict = true },
	  HEALTH_DEGRADED,
	  HEALTH_CONFLICT },
	{ "a deaf peer",
	  { .state = VRRP_ACTIVE, .n_one_way = 1 },
	  HEALTH_DEGRADED,
	  HEALTH_ONE_WAY },
	{ "another configuration",
	  { .state = VRRP_ACTIVE, .n_differing = 2 },
	  HEALTH_DEGRADED,
	  HEALTH_DIFFERS },
	{ "a stranger", { .state = VRRP_ACTIVE, .n_foreign = 1 }, HEALTH_DEGRADED, HEALTH_FOREIGN },
	{ "alone",
	  { .state = VRRP_ACTIVE, .has_lost_peer = true },
	  HEALTH_DEGRADED,
	  HEALTH_LOST_PEER },
	{ "as an operator wished",
	  { .state = VRRP_BACKUP, .hears_master = true, .is_yielding = true },
	  HEALTH_GOOD,
	  HEALTH_YIELDING },
};

START_TEST(judges)
{
	unsigned reasons;
	enum health h = health_judge(&rows[_i].f, &reasons);

	ck_assert_msg(h == rows[_i].health, "%s: %s", rows[_i].name, health_text(h));
	ck_assert_msg(reasons == rows[_i].reasons, "%s: %x", rows[_i].name, reasons);
}
END_TEST

START_TEST(each_reason_has_words)
{
	for (unsigned k = 0; k < HEALTH_N_REASONS; k++)
		ck_assert_str_ne(health_reason_text(1u << k), "?");
	ck_assert_str_eq(health_reason_text(1u << HEALTH_N_REASONS), "?");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("health");
	TCase *tc = tcase_create("health");

	tcase_add_loop_test(tc, judges, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, each_reason_has_words);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
