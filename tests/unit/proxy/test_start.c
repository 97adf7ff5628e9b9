/* test_start.c - how proxyd starts, refuses to start, and ends. Runs the real program. */
#include "../../lib/proxyd_run.h"
#include "../../lib/unit.h"

#include <pwd.h>
#include <tandem/util.h>

static struct run run;
static uint16_t taken_port, free_port;
static int taken_fd;

static void setup(void)
{
	run_init(&run);
	taken_fd = run_listen(&taken_port);
	free_port = run_free_port();
}

static void teardown(void)
{
	close(taken_fd);
	run_fini(&run);
}

/* The body of the configuration; %PORT% and %TAKEN% are replaced. */
static void write_cfg(const char *body)
{
	char text[4096];
	size_t n = 0;

	for (const char *p = body; *p != '\0' && n < sizeof(text) - 16;) {
		if (strncmp(p, "%PORT%", 6) == 0) {
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%u", free_port);
			p += 6;
		} else if (strncmp(p, "%TAKEN%", 7) == 0) {
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%u", taken_port);
			p += 7;
		} else {
			text[n++] = *p++;
		}
	}
	text[n] = '\0';
	run_write(&run, "p.cfg", "%s", text);
}

#define TIMEOUTS                                                                                   \
	"defaults\n\tmode http\n\ttimeout connect 1s\n\ttimeout client 1s\n\ttimeout server 1s\n"
#define GOOD                                                                                       \
	TIMEOUTS "frontend fe\n\tbind 127.0.0.1:%PORT%\n\tdefault_backend be\nbackend "            \
		 "be\n\tserver s 127.0.0.1:1\n"

/* Each problem: what must be said, and that nothing was started. */
static const struct {
	const char *name, *body;
	const char *said[3];
} bad[] = {
	{ "unknown keyword",
	  TIMEOUTS "frontend fe\n\tbind 127.0.0.1:%PORT%\n\tmaxcon 10\n",
	  { "p.cfg:8:2: ", "'maxcon'", "maxconn" } },
	{ "missing backend",
	  TIMEOUTS "frontend fe\n\tbind 127.0.0.1:%PORT%\n\tdefault_backend nowhere\n",
	  { "p.cfg:8:", "nowhere" } },
	{ "duplicate name", TIMEOUTS "backend a\nbackend a\n", { "p.cfg:7:9: ", "'a'" } },
	{ "wrong time", "defaults\n\ttimeout connect fast\n", { "p.cfg:2:18: ", "'fast'" } },
	{ "port in use",
	  TIMEOUTS "frontend fe\n\tbind 127.0.0.1:%PORT%\n\tbind 127.0.0.1:%TAKEN%\n",
	  { "p.cfg:8:", "in use" } },
	{ "two ports in use: both are named",
	  TIMEOUTS "frontend fe\n\tbind 127.0.0.1:%TAKEN%\nfrontend fe2\n\tbind *:%TAKEN%\n",
	  { "p.cfg:7:", "p.cfg:9:" } },
	{ "no such address",
	  TIMEOUTS "frontend fe\n\tbind 300.1.1.1:%PORT%\n",
	  { "p.cfg:7:", "300.1.1.1" } },
	{ "stats socket in no directory",
	  "global\n\tstats socket /nonexistent/sock\n" GOOD,
	  { "p.cfg:2:", "/nonexistent/sock", "create the directory" } },
	{ "liveness socket in no directory",
	  "global\n\tliveness-socket /nonexistent/live\n" GOOD,
	  { "/nonexistent/live", "No such file" } },
	{ "pid file in no directory",
	  "global\n\tpidfile /nonexistent/pid\n" GOOD,
	  { "/nonexistent/pid", "No such file" } },
	{ "chroot to no directory", "global\n\tchroot /nonexistent\n" GOOD, { "/nonexistent" } },
	{ "no such user",
	  "global\n\tuser nobody-of-that-name\n" GOOD,
	  { "p.cfg:2:", "nobody-of-that-name" } },
	{ "nothing to listen on", TIMEOUTS "backend be\n", { "no 'bind'" } },
	{ "stats socket on a closed descriptor",
	  "global\n\tstats socket fd@57\n" GOOD,
	  { "p.cfg:2:", "fd@57" } },
};

START_TEST(test_a_problem_is_named_and_nothing_is_started)
{
	static const char *const args[] = { "-db", "-f", "p.cfg", NULL };

	write_cfg(bad[_i].body);
	run_start(&run, 0, args);
	ck_assert_msg(run_wait(&run) == 1, "%s: %s", bad[_i].name, run_tail(&run));
	for (size_t i = 0; i < ARRAY_LEN(bad[_i].said) && bad[_i].said[i] != NULL; i++)
		ck_assert_msg(strstr(run.text, bad[_i].said[i]) != NULL, "%s: no '%s' in:\n%s",
			      bad[_i].name, bad[_i].said[i], run_tail(&run));
	ck_assert_int_eq(run_connect(free_port), -1);
}
END_TEST

START_TEST(test_the_shell_sees_the_failure_of_a_daemon)
{
	static const char *const args[] = { "-D", "-f", "p.cfg", NULL };

	write_cfg(TIMEOUTS "frontend fe\n\tbind 127.0.0.1:%TAKEN%\n");
	run_start(&run, 0, args);
	ck_assert_int_eq(run_wait(&run), 1);
	ck_assert_ptr_nonnull(strstr(run.text, "in use"));
}
END_TEST

START_TEST(test_the_shell_sees_the_failure_of_a_worker)
{
	static const char *const args[] = { "-W", "-db", "-f", "p.cfg", NULL };

	write_cfg(TIMEOUTS "frontend fe\n\tbind 127.0.0.1:%TAKEN%\n");
	run_start(&run, 0, args);
	ck_assert_int_eq(run_wait(&run), 1);
	ck_assert_ptr_nonnull(strstr(run.text, "in use"));
}
END_TEST

START_TEST(test_missing_file)
{
	static const char *const args[] = { "-f", "nowhere.cfg", NULL };

	run_start(&run, 0, args);
	ck_assert_int_eq(run_wait(&run), 1);
	ck_assert_ptr_nonnull(strstr(run.text, "nowhere.cfg"));
	ck_assert_ptr_nonnull(strstr(run.text, "No such file"));
}
END_TEST

START_TEST(test_unreadable_file)
{
	static const char *const args[] = { "-c", "-f", "p.cfg", NULL };

	if (geteuid() != 0)
		return; /* needs another user */
	write_cfg(GOOD);
	ck_assert_int_eq(chmod(run_path(&run, "p.cfg"), 0600), 0);
	run_start(&run, 65534, args);
	ck_assert_int_eq(run_wait(&run), 1);
	ck_assert_ptr_nonnull(strstr(run.text, "p.cfg"));
	ck_assert_ptr_nonnull(strstr(run.text, "Permission denied"));
}
END_TEST

static int unprivileged_port_start(void)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "r");
	int n = 1024;

	if (f == NULL)
		return n;
	if (fscanf(f, "%d", &n) != 1)
		n = 1024;
	fclose(f);
	return n;
}

START_TEST(test_no_privileges_for_a_low_port)
{
	static const char *const args[] = { "-db", "-f", "p.cfg", NULL };

	if (geteuid() != 0 || unprivileged_port_start() < 81)
		return;
	write_cfg(TIMEOUTS "frontend fe\n\tbind 127.0.0.1:80\n");
	run_start(&run, 65534, args);
	ck_assert_int_eq(run_wait(&run), 1);
	ck_assert_ptr_nonnull(strstr(run.text, "p.cfg:7:"));
	ck_assert_ptr_nonnull(strstr(run.text, "Permission denied"));
}
END_TEST

START_TEST(test_other_user_without_root)
{
	static const char *const args[] = { "-db", "-f", "p.cfg", NULL };

	if (geteuid() != 0)
		return;
	write_cfg("global\n\tuser root\n" GOOD);
	run_start(&run, 65534, args);
	ck_assert_int_eq(run_wait(&run), 1);
	ck_assert_ptr_nonnull(strstr(run.text, "start as root"));
}
END_TEST

static const struct {
	const char *args[8];
	const char *body;
	int status;
	const char *said; /* "": nothing at all */
} checks[] = {
	{ { "-c", "-f", "p.cfg" }, GOOD, 0, "Configuration file is valid\n" },
	{ { "-c", "-V", "-f", "p.cfg" }, GOOD, 0, "Configuration file is valid\n" },
	{ { "-c", "-q", "-f", "p.cfg" }, GOOD, 0, "" },
	{ { "-c", "-f", "." }, GOOD, 0, "Configuration file is valid\n" },
	{ { "-c", "--", "p.cfg" }, GOOD, 0, "Configuration file is valid\n" },
	{ { "-c", "-f", "p.cfg" }, "frontend\n", 1, "p.cfg:1:" },
	{ { "-c", "-q", "-f", "p.cfg" }, "frontend\n", 1, "" },
	{ { "-c", "-f", "p.cfg" }, TIMEOUTS "backend be\n", 2, "no 'bind'" },
	{ { "-c", "-f", "p.cfg" },
	  "global\n\tstats socket unix@sock\n" TIMEOUTS "backend be\n",
	  0,
	  "Configuration file is valid\n" },
	{ { "-v" }, GOOD, 0, "Tandem proxyd version " TANDEM_VERSION },
	{ { "-vv" }, GOOD, 0, "default_backend" },
	{ { "-z" }, GOOD, 1, "unknown option '-z'" },
	{ { NULL }, GOOD, 1, "Usage: proxyd" },
	{ { "-C", "/nonexistent", "-f", "p.cfg" }, GOOD, 1, "/nonexistent" },
	{ { "-C", "/", "-c", "-f", "p.cfg" }, GOOD, 1, "No such file" },
};

START_TEST(test_check)
{
	write_cfg(checks[_i].body);
	run_start(&run, 0, checks[_i].args);
	ck_assert_msg(run_wait(&run) == checks[_i].status, "row %d: %s", _i, run_tail(&run));
	if (checks[_i].said[0] == '\0')
		ck_assert_str_eq(run.text, "");
	else
		ck_assert_msg(strstr(run.text, checks[_i].said) != NULL, "row %d: %s", _i,
			      run_tail(&run));
}
END_TEST

static const int stop_signals[] = { SIGINT, SIGTERM, SIGUSR1 };

START_TEST(test_a_signal_ends_it_with_status_0)
{
	static const char *const args[] = { "-d", "-f", "p.cfg", "-p", "pid", NULL };

	write_cfg("global\n\tstats socket unix@sock level admin\n" GOOD);
	run_start(&run, 0, args);
	run_expect(&run, "started");
	ck_assert_int_eq(access(run_path(&run, "pid"), R_OK), 0);
	ck_assert_int_eq(kill(run.pid, stop_signals[_i]), 0);
	ck_assert_msg(run_wait(&run) == 0, "%s", run_tail(&run));
	ck_assert_int_eq(access(run_path(&run, "pid"), F_OK), -1);
	ck_assert_int_eq(access(run_path(&run, "sock"), F_OK), -1);
	ck_assert_int_eq(run_connect(free_port), -1);
}
END_TEST

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define IS_CONFINED 1
#else
#define IS_CONFINED 0 /* not under sanitizers */
#endif

/* Is the line in /proc/PID/status? */
static bool has_status(pid_t pid, const char *line)
{
	char path[64], text[256];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	while (f != NULL && !found && fgets(text, sizeof(text), f) != NULL)
		found = strcmp(text, line) == 0;
	if (f != NULL)
		(void)fclose(f);
	return found;
}

START_TEST(test_it_gives_up_what_it_never_needs)
{
	static const char *const args[] = { "-db", "-f", "p.cfg", NULL };

	write_cfg("global\n\tstats socket unix@sock level admin\n" GOOD);
	run_start(&run, 0, args);
	run_expect(&run, "started");
	ck_assert(!IS_CONFINED || has_status(run.pid, "NoNewPrivs:\t1\n"));
	ck_assert(!IS_CONFINED || has_status(run.pid, "Seccomp:\t2\n"));
	/* programs can be started after a restart only */
	write_cfg("global\n\tstats socket unix@sock level admin\n\texternal-check\n"
		  "\tinsecure-fork-wanted\n" GOOD);
	ck_assert_int_eq(kill(run.pid, SIGHUP), 0);
	run_expect(&run, "'external-check' was not there at the start");
	run_expect(&run, "reload_failed");
	ck_assert_int_eq(kill(run.pid, SIGINT), 0);
	ck_assert_int_eq(run_wait(&run), 0);
}
END_TEST

START_TEST(test_a_daemon_is_ready_when_its_parent_ends)
{
	static const char *const args[] = { "-D", "-f", "p.cfg", "-p", "pid", NULL };
	int fd, pid = 0;
	FILE *f;

	write_cfg(GOOD);
	run_start(&run, 0, args);
	ck_assert_msg(run_wait(&run) == 0, "%s", run_tail(&run));
	f = fopen(run_path(&run, "pid"), "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%d", &pid), 1);
	fclose(f);
	fd = run_connect(free_port);
	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	ck_assert_int_ge(fd, 0);
	close(fd);
	for (int ms = 0; ms < WAIT_MS && access(run_path(&run, "pid"), F_OK) == 0; ms += 5)
		run_nap();
	ck_assert_int_eq(access(run_path(&run, "pid"), F_OK), -1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("start");
	TCase *tc = tcase_create("start");

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, test_a_problem_is_named_and_nothing_is_started, 0, ARRAY_LEN(bad));
	tcase_add_loop_test(tc, test_check, 0, ARRAY_LEN(checks));
	tcase_add_loop_test(tc, test_a_signal_ends_it_with_status_0, 0, ARRAY_LEN(stop_signals));
	tcase_add_test(tc, test_the_shell_sees_the_failure_of_a_daemon);
	tcase_add_test(tc, test_the_shell_sees_the_failure_of_a_worker);
	tcase_add_test(tc, test_missing_file);
	tcase_add_test(tc, test_unreadable_file);
	tcase_add_test(tc, test_no_privileges_for_a_low_port);
	tcase_add_test(tc, test_other_user_without_root);
	tcase_add_test(tc, test_it_gives_up_what_it_never_needs);
	tcase_add_test(tc, test_a_daemon_is_ready_when_its_parent_ends);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
