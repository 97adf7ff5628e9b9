/* test_scripts.c - what runs programs: track_script and notify; and the state file's lines. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <tandem/clock.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/unit.h"
#include "config/cfg_model.h"
#include "notify.h"
#include "state_file.h"
#include "track_script.h"
#include "vip.h"

static const struct {
	const char *name;
	const char *results; /* + success, - failure */
	unsigned rise, fall;
	bool init_fail;
	const char *verdicts; /* after each: u up, d down */
} rows[] = {
	{ "plain", "+-+-", 1, 1, false, "udud" },
	{ "the first failure is enough", "-", 1, 3, false, "d" },
	{ "later ones need fall", "+--+---", 1, 3, false, "uuuuuud" },
	{ "recovery needs rise", "-++-+++", 3, 1, false, "ddddddu" },
	{ "rise in a row", "-+++", 3, 1, false, "dddu" },
	{ "init_fail needs rise too", "++", 2, 1, true, "du" },
	{ "a success makes up for failures", "+-+-+-", 1, 2, false, "uuuuuu" },
};

START_TEST(counts_rise_and_fall)
{
	struct cfg_script cfg = { .rise = rows[_i].rise,
				  .fall = rows[_i].fall,
				  .init_fail = rows[_i].init_fail,
				  .interval_us = US_PER_S };
	unsigned score = cfg.init_fail ? 0 : cfg.rise;

	for (size_t k = 0; rows[_i].results[k]; k++) {
		score = track_script_score(score, rows[_i].results[k] == '+', cfg.rise, cfg.fall);
		ck_assert_msg((score >= cfg.rise) == (rows[_i].verdicts[k] == 'u'),
			      "%s: result %zu", rows[_i].name, k);
	}
}
END_TEST

static struct loop l;
static unsigned n_changes;

static void on_changed(void *arg, struct track_script *t)
{
	(void)arg, (void)t;
	n_changes++;
}

static void nap(void)
{
	struct timespec t = { 0, 1000000 };

	nanosleep(&t, NULL);
}

#define TURN_UNTIL(cond)                                                                           \
	do {                                                                                       \
		int64_t end_ = clock_mono_us() + 5 * US_PER_S;                                     \
		while (!(cond)) {                                                                  \
			ck_assert_msg(clock_mono_us() < end_, "never: " #cond);                    \
			ev_run(l.ev, EVRUN_NOWAIT);                                                \
			nap();                                                                     \
		}                                                                                  \
	} while (0)

static void run_script(char *const *argv, int64_t timeout_us, struct track_script *t,
		       struct cfg_script *cfg)
{
	*cfg = (struct cfg_script){ .name = "s",
				    .argv = argv,
				    .interval_us = 50000,
				    .timeout_us = timeout_us,
				    .rise = 1,
				    .fall = 2,
				    .uid = (uid_t)-1,
				    .gid = (gid_t)-1 };
	ck_assert_int_eq(loop_init(&l, LOOP_DEFAULT), 0);
	track_script_init(t, &l, cfg, on_changed, NULL);
	ck_assert(track_script_is_up(t));
	track_script_start(t);
}

START_TEST(runs_at_its_interval)
{
	char *argv[] = { (char *)"/bin/true", NULL };
	struct cfg_script cfg;
	struct track_script t;

	run_script(argv, 0, &t, &cfg);
	TURN_UNTIL(t.n_runs >= 4);
	ck_assert(track_script_is_up(&t));
	ck_assert_uint_eq(n_changes, 0);
	track_script_stop(&t);
	track_script_stop(&t);
}
END_TEST

START_TEST(a_failure_and_an_absent_program_bring_it_down)
{
	char *fails[] = { (char *)"/bin/false", NULL };
	char *absent[] = { (char *)"/nonexistent/script", NULL };
	char *const *all[] = { fails, absent };
	struct cfg_script cfg;
	struct track_script t;

	run_script(all[_i], 0, &t, &cfg);
	TURN_UNTIL(!track_script_is_up(&t));
	ck_assert_uint_eq(n_changes, 1);
	track_script_stop(&t);
}
END_TEST

START_TEST(never_two_at_once_and_a_limit_in_time)
{
	char *argv[] = { (char *)"/bin/sleep", (char *)"60", NULL };
	struct cfg_script cfg;
	struct track_script t;

	run_script(argv, 300000, &t, &cfg);
	TURN_UNTIL(!track_script_is_up(&t));
	ck_assert_uint_eq(t.n_timeouts, 1);
	ck_assert_uint_eq(t.n_runs, 1);
	ck_assert_uint_ge(t.n_skipped, 3); /* the interval passed meanwhile */
	track_script_stop(&t);
}
END_TEST

START_TEST(notify_programs_run_in_order)
{
	static const char *const words[] = { "INSTANCE", "VI 1", "MASTER", "150", NULL };
	char script[64], out[64], line[128], text[256] = "";
	struct notify n;
	FILE *f;

	snprintf(script, sizeof(script), "/tmp/test_notify.%d.sh", (int)getpid());
	snprintf(out, sizeof(out), "/tmp/test_notify.%d.out", (int)getpid());
	f = fopen(script, "w");
	fprintf(f, "#!/bin/sh\n[ \"$1\" = one ] && sleep 0.2\necho \"$# $*\" >>%s\n", out);
	fclose(f);
	ck_assert_int_eq(chmod(script, 0755), 0);
	ck_assert_int_eq(loop_init(&l, LOOP_DEFAULT), 0);
	notify_init(&n, &l);
	snprintf(line, sizeof(line), "%s one 'two words'", script);
	notify_run(&n, line, words, (uid_t)-1, (gid_t)-1);
	notify_run(&n, "/nonexistent/program", NULL, (uid_t)-1, (gid_t)-1);
	snprintf(line, sizeof(line), "%s fast", script);
	notify_run(&n, line, NULL, (uid_t)-1, (gid_t)-1);
	TURN_UNTIL(notify_is_idle(&n));
	f = fopen(out, "r");
	ck_assert_ptr_nonnull(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	ck_assert_str_eq(text, "6 one two words INSTANCE VI 1 MASTER 150\n1 fast\n");
	ck_assert_uint_eq(n.n_run, 3);
	ck_assert_uint_eq(n.n_failed, 1);
	unlink(script);
	unlink(out);
	notify_fini(&n);
}
END_TEST

START_TEST(notify_queue_is_bounded)
{
	struct notify n;

	ck_assert_int_eq(loop_init(&l, LOOP_DEFAULT), 0);
	notify_init(&n, &l);
	for (unsigned k = 0; k < NOTIFY_MAX_QUEUED + 5; k++)
		notify_run(&n, "/bin/sleep 60", NULL, (uid_t)-1, (gid_t)-1);
	ck_assert_uint_eq(n.n_queued, NOTIFY_MAX_QUEUED);
	ck_assert_uint_eq(n.n_dropped, 5);
	notify_fini(&n); /* kills what runs */
	ck_assert(notify_is_idle(&n));
}
END_TEST

static const struct {
	const char *line;
	bool is_good;
} lines[] = {
	{ "eth0 10.9.0.100/24", true },
	{ "eth0 2001:db8::1/64", true },
	{ "", false },
	{ "eth0", false },
	{ "eth0 10.9.0.100", false },
	{ "eth0 10.9.0.1000/24", false },
	{ "eth0 10.9.0.100/129", false },
	{ "eth0 10.9.0.100/", false },
	{ "eth0/10.9.0.100 24", false },
	{ "averylonginterface 10.9.0.1/24", false },
};

START_TEST(state_file_lines)
{
	char ifname[IFNAMSIZ];
	struct vip v = { 0 };

	ck_assert_msg(state_file_parse(str_from(lines[_i].line), ifname, &v) == lines[_i].is_good,
		      "%s", lines[_i].line);
	if (lines[_i].is_good)
		ck_assert_str_eq(ifname, "eth0");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("scripts");
	TCase *tc = tcase_create("pure");

	tcase_add_loop_test(tc, counts_rise_and_fall, 0, ARRAY_LEN(rows));
	tcase_add_loop_test(tc, state_file_lines, 0, ARRAY_LEN(lines));
	suite_add_tcase(s, tc);
	tc = tcase_create("programs");
	tcase_set_timeout(tc, 20);
	tcase_add_test(tc, runs_at_its_interval);
	tcase_add_loop_test(tc, a_failure_and_an_absent_program_bring_it_down, 0, 2);
	tcase_add_test(tc, never_two_at_once_and_a_limit_in_time);
	tcase_add_test(tc, notify_programs_run_in_order);
	tcase_add_test(tc, notify_queue_is_bounded);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
