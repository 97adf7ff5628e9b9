/* test_sim.c - a fixed number of simulated schedules; build/tests/sim/sim runs as many as you like.
 */
#include "../../lib/unit.h"
#include "../../sim/lan.h"

#define PARTS 4
#define EACH  1000

static struct lan lan;

START_TEST(test_schedules)
{
	uint64_t first = 1 + (uint64_t)_i * EACH;

	for (uint64_t seed = first; seed < first + EACH; seed++) {
		const char *why = lan_run(&lan, seed, NULL);

		ck_assert_msg(!*why,
			      "seed %" PRIu64 ": %s (see it: build/tests/sim/sim --seed %" PRIu64
			      ")",
			      seed, why, seed);
	}
}
END_TEST

/* The same seed is the same schedule, whatever ran before. */
START_TEST(test_seeds_repeat)
{
	char *text[2] = { NULL, NULL };
	size_t len[2];

	for (int i = 0; i < 2; i++) {
		FILE *f = open_memstream(&text[i], &len[i]);

		ck_assert_ptr_nonnull(f);
		(void)lan_run(&lan, 4711, f);
		fclose(f);
		(void)lan_run(&lan, 42, NULL);
	}
	ck_assert_str_eq(text[0], text[1]);
	ck_assert_ptr_nonnull(strstr(text[0], "the LAN heals"));
	free(text[0]);
	free(text[1]);
}
END_TEST

/* Leaving out what happens leaves a schedule that still ends well. */
START_TEST(test_schedules_without_their_troubles)
{
	bool skip[LAN_MAX_TROUBLES];

	for (uint64_t seed = 1; seed < 200; seed++) {
		for (unsigned i = 0; i < LAN_MAX_TROUBLES; i++)
			skip[i] = i % 3 != seed % 3;
		ck_assert_str_eq(lan_run_without(&lan, seed, NULL, skip), "");
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("sim");
	TCase *tc = tcase_create("sim");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_schedules, 0, PARTS);
	tcase_add_test(tc, test_seeds_repeat);
	tcase_add_test(tc, test_schedules_without_their_troubles);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
