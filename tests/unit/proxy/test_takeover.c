/* test_takeover.c - a new process takes over from an old one (-sf, -st, -x), and the master's side:
 * its command socket (-S) and what it tells systemd (-Ws). */
#include "../../lib/proxyd_traffic.h"
#include "../../lib/unit.h"

#include <tandem/util.h>

static struct run next; /* the successor, in the same directory */

static void setup_both(void)
{
	setup();
	next = run;
}

static void teardown_both(void)
{
	if (next.pid > 0) {
		kill(next.pid, SIGKILL);
		waitpid(next.pid, NULL, 0);
	}
	if (next.out_fd != -1)
		close(next.out_fd);
	teardown();
}

/* Start a successor that ends `run`, and wait until that has ended. */
static void succeed(const char *flag, bool with_sockets)
{
	char pid[16];
	const char *args[] = { "-db", "-f", "p.cfg", flag, pid, "-x", "sock", NULL };

	if (!with_sockets)
		args[5] = NULL;
	snprintf(pid, sizeof(pid), "%d", (int)run.pid);
	run_start(&next, 0, args);
	run_expect(&next, "started");
	ck_assert_msg(run_wait(&run) == 0, "%s", run_tail(&run));
}

/* What was changed at run time goes over to the successor. */
static void set_weight(void)
{
	ck_assert_str_eq(run_command(&run, "set weight be/s 7"), "\n");
}

static void expect_weight(void)
{
	ck_assert_str_eq(run_command(&run, "get weight be/s"), "7 (initial 1)\n\n");
}

START_TEST(test_takeover_of_sockets_under_load_loses_nothing)
{
	struct load loads[4] = { { .keep_alive = true, .may_be_closed = true } };

	run_write(&run, "p.cfg",
		  "global\n\tstats socket unix@sock level admin expose-fd listeners\n"
		  "\tnbthread 2\ndefaults\n\tmode http\n\ttimeout connect 5s\n\ttimeout client 8s\n"
		  "\ttimeout server 8s\nfrontend fe\n\tbind 127.0.0.1:%u\n\tbind unix@fe.sock\n"
		  "\tdefault_backend be\nbackend be\n\tserver s 127.0.0.1:%u\n",
		  port, server_port);
	start(false);
	set_weight();
	start_load(loads, ARRAY_LEN(loads));
	for (unsigned i = 0; i < 5; i++) {
		for (unsigned k = 0; k < 10; k++)
			run_nap();
		succeed("-sf", true);
		run_expect(&run, "sockets_given");
		close(run.out_fd);
		run = next;
		next.pid = 0;
		next.out_fd = -1;
	}
	end_load(loads, ARRAY_LEN(loads));
	expect_weight();
	ck_assert_int_eq(access(run_path(&run, "fe.sock"), F_OK), 0);
	ck_assert_int_eq(access(run_path(&run, "sock"), F_OK), 0);
	end(SIGTERM);
	ck_assert_int_ne(access(run_path(&run, "fe.sock"), F_OK), 0);
}
END_TEST

static void write_sharing_cfg(unsigned n_threads)
{
	run_write(
		&run, "p.cfg",
		"global\n\tstats socket unix@sock level admin expose-fd listeners\n"
		"\tnbthread %u\ndefaults\n\tmode http\n\ttimeout connect 5s\n\ttimeout client 8s\n"
		"\ttimeout server 8s\nfrontend fe\n\tbind 127.0.0.1:%u\n"
		"\tdefault_backend be\nbackend be\n\tserver s 127.0.0.1:%u\n",
		n_threads, port, server_port);
}

static const unsigned thread_counts[][2] = { { 5, 2 }, { 1, 4 } };

/* A socket that no thread watched would swallow every fifth client. */
START_TEST(test_all_sockets_are_watched_by_other_numbers_of_threads)
{
	write_sharing_cfg(thread_counts[_i][0]);
	start(false);
	write_sharing_cfg(thread_counts[_i][1]);
	succeed("-sf", true);
	for (unsigned i = 0; i < 40; i++)
		ck_assert_int_eq(get(port), 200);
	ck_assert_int_eq(kill(next.pid, SIGTERM), 0);
	ck_assert_int_eq(run_wait(&next), 0);
}
END_TEST

static const char *const end_flags[] = { "-sf", "-st" };

START_TEST(test_the_old_process_ends)
{
	start(false);
	ck_assert_int_eq(get(port), 200);
	succeed(end_flags[_i], false);
	ck_assert_int_eq(get(port), 200);
	ck_assert_msg(strstr(run.text, _i == 0 ? "drained" : "stopping") != NULL, "%s",
		      run_tail(&run));
	kill(next.pid, SIGTERM);
	ck_assert_int_eq(run_wait(&next), 0);
}
END_TEST

/* -sf: the old one finishes its requests, however long the new one is there. */
START_TEST(test_the_old_process_finishes_its_requests)
{
	char pid[16];
	const char *args[] = { "-db", "-f", "p.cfg", "-sf", pid, NULL };
	bool closes;
	int fd;

	start(false);
	atomic_store(&is_slow, true);
	fd = run_connect(port);
	ask(fd);
	while (strstr(run_command(&run, "show info"), "CurrConns: 1") == NULL)
		run_nap();
	snprintf(pid, sizeof(pid), "%d", (int)run.pid);
	run_start(&next, 0, args);
	run_expect(&next, "started");
	run_expect(&run, "draining");
	atomic_store(&is_slow, false);
	ck_assert_int_eq(read_answer(fd, &closes), 200);
	close(fd);
	ck_assert_int_eq(run_wait(&run), 0);
	kill(next.pid, SIGTERM);
	ck_assert_int_eq(run_wait(&next), 0);
}
END_TEST

START_TEST(test_sockets_are_not_given_without_expose_fd)
{
	const char *args[] = { "-db", "-f", "p.cfg", "-x", "sock", NULL };

	start(false);
	run_start(&next, 0, args);
	ck_assert_int_eq(run_wait(&next), 1);
	ck_assert_msg(strstr(next.text, "expose-fd listeners") != NULL, "%s", next.text);
	ck_assert_int_eq(get(port), 200);
	end(SIGTERM);
}
END_TEST

START_TEST(test_nobody_to_take_sockets_from)
{
	const char *args[] = { "-db", "-f", "p.cfg", "-x", "nowhere", NULL };

	run_start(&run, 0, args);
	ck_assert_int_eq(run_wait(&run), 1);
	ck_assert_msg(strstr(run.text, "cannot take the listening sockets") != NULL, "%s",
		      run.text);
}
END_TEST

/* ---- the master ---- */

static const char *ask_master(const char *command)
{
	struct run at = run;

	strcat(at.dir, "/m");
	return run_command(&at, command);
}

static void start_master(void)
{
	static const char *const args[] = { "-W",    "-S", "unix@m/sock,level,admin", "-db", "-f",
					    "p.cfg", NULL };

	ck_assert_int_eq(mkdir(run_path(&run, "m"), 0755), 0);
	run_start(&run, 0, args);
	run_expect(&run, "started");
}

START_TEST(test_master_socket_relays)
{
	const char *answer;
	pid_t worker;
	char line[64];

	start_master();
	answer = strstr(ask_master("show proc"), "# workers\n");
	ck_assert_ptr_nonnull(answer);
	worker = (pid_t)atoi(answer + strlen("# workers\n"));
	snprintf(line, sizeof(line), "@!%d show info", (int)worker);
	ck_assert_ptr_nonnull(strstr(ask_master(line), "\nPid: "));
	/* words with escapes, several commands, and an end of the target */
	answer = ask_master("@1 show stat be\\ x;@1;show version;@master;show proc");
	ck_assert_msg(strstr(answer, "# workers") != NULL, "%s", answer);
	answer = ask_master("user; reload");
	ck_assert_msg(strstr(answer, "Permission denied") != NULL, "%s", answer);
	answer = ask_master("prompt;@1;show version");
	ck_assert_msg(strncmp(answer, "\nmaster> ", 9) == 0, "%s", answer);
	end(SIGTERM);
	ck_assert_int_ne(access(run_path(&run, "m/sock"), F_OK), 0);
}
END_TEST

START_TEST(test_master_socket_outlives_the_worker)
{
	const char *answer;

	start_master();
	ck_assert_int_eq(
		kill((pid_t)atoi(strstr(ask_master("@1 show info"), "\nPid: ") + 6), SIGKILL), 0);
	run_expect(&run, "worker_died");
	do { /* no worker, a new one that is not ready, or a good answer */
		answer = ask_master("@1 show info");
		run_nap();
	} while (strstr(answer, "\nPid: ") == NULL);
	ck_assert_int_eq(get(port), 200);
	end(SIGTERM);
}
END_TEST

START_TEST(test_master_socket_that_cannot_be)
{
	static const char *const args[] = { "-W",    "-S", "unix@nowhere/sock", "-db", "-f",
					    "p.cfg", NULL };

	run_start(&run, 0, args);
	ck_assert_int_eq(run_wait(&run), 1);
	ck_assert_msg(strstr(run.text, "the master cannot listen on 'unix@nowhere/sock'") != NULL,
		      "%s", run.text);
}
END_TEST

/* The next datagram that systemd would get. */
static const char *next_notice(int fd)
{
	static char text[256];
	struct pollfd pf = { .fd = fd, .events = POLLIN };
	ssize_t n;

	ck_assert_int_eq(poll(&pf, 1, WAIT_MS), 1);
	n = recv(fd, text, sizeof(text) - 1, 0);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	return text;
}

START_TEST(test_systemd_is_told)
{
	static const char *const args[] = { "-Ws", "-f", "p.cfg", NULL };
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", run_path(&run, "notify"));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	run.notify_socket = a.sun_path;
	run_start(&run, 0, args);
	ck_assert_str_eq(next_notice(fd), "READY=1");
	ck_assert_int_eq(get(port), 200); /* ready means ready */
	ck_assert_int_eq(kill(run.pid, SIGUSR2), 0);
	ck_assert_ptr_nonnull(strstr(next_notice(fd), "RELOADING=1"));
	ck_assert_str_eq(next_notice(fd), "READY=1");
	run_write(&run, "p.cfg", "nonsense\n");
	ck_assert_int_eq(kill(run.pid, SIGHUP), 0);
	ck_assert_ptr_nonnull(strstr(next_notice(fd), "RELOADING=1"));
	ck_assert_ptr_nonnull(strstr(next_notice(fd), "STATUS=the last reload failed"));
	ck_assert_str_eq(next_notice(fd), "READY=1");
	end(SIGTERM);
	ck_assert_str_eq(next_notice(fd), "STOPPING=1");
	close(fd);
}
END_TEST

/* Another file with the same program, at the path where it was started. */
static void replace_program(void)
{
	char command[4400];

	snprintf(command, sizeof(command), "cp %s %s/new && mv %s/new %s/proxyd", run_program(),
		 run.dir, run.dir, run.dir);
	ck_assert_int_eq(system(command), 0);
}

static void start_own_program(void)
{
	static const char *const args[] = { "-W", "-S", "unix@m/sock", "-db", "-f", "p.cfg", NULL };

	ck_assert_int_eq(mkdir(run_path(&run, "m"), 0755), 0);
	replace_program();
	run.program = strdup(run_path(&run, "proxyd"));
	run_start(&run, 0, args);
	run_expect(&run, "started");
}

static pid_t worker_of_master(void)
{
	const char *answer = strstr(ask_master("show proc"), "# workers\n");

	ck_assert_ptr_nonnull(answer);
	return (pid_t)atoi(answer + strlen("# workers\n"));
}

START_TEST(test_a_new_program_under_load_loses_nothing)
{
	struct load loads[4] = { { .keep_alive = true, .may_be_closed = true } };
	pid_t worker;

	start_own_program();
	set_weight();
	start_load(loads, ARRAY_LEN(loads));
	for (unsigned i = 0; i < 3; i++) {
		worker = worker_of_master();
		for (unsigned k = 0; k < 10; k++)
			run_nap(); /* so that there is load */
		replace_program();
		ck_assert_int_eq(kill(run.pid, SIGUSR2), 0);
		run_expect(&run, " old_worker_ended");
		ck_assert_int_ne(worker_of_master(), worker);
		ck_assert_int_ne(kill(worker, 0), 0);
		run.len = 0;
	}
	end_load(loads, ARRAY_LEN(loads));
	expect_weight();
	end(SIGTERM);
	ck_assert_int_eq(get(port), -1);
}
END_TEST

START_TEST(test_a_new_program_that_refuses_the_files_changes_nothing)
{
	pid_t worker;

	start_own_program();
	worker = worker_of_master();
	replace_program();
	run_write(&run, "p.cfg", "nonsense\n");
	ck_assert_int_eq(kill(run.pid, SIGUSR2), 0);
	run_expect(&run, " upgrade_failed ");
	ck_assert_int_eq(worker_of_master(), worker);
	ck_assert_int_eq(get(port), 200);
	end(SIGTERM);
}
END_TEST

/* The files are good, but a port that they ask for is taken. */
START_TEST(test_a_new_worker_that_fails_leaves_the_old_one)
{
	uint16_t taken;
	int fd = run_listen(&taken);
	pid_t worker;

	start_own_program();
	worker = worker_of_master();
	replace_program();
	write_cfg(taken, "", "");
	ck_assert_int_eq(kill(run.pid, SIGUSR2), 0);
	run_expect(&run, " upgrade_failed ");
	ck_assert_int_eq(worker_of_master(), worker);
	ck_assert_int_eq(get(port), 200);
	close(fd);
	ck_assert_int_eq(kill(run.pid, SIGHUP), 0); /* it still does what it is told */
	run_expect(&run, " reloaded ");
	ck_assert_int_eq(get(taken), 200);
	end(SIGTERM);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("takeover");
	TCase *tc = tcase_create("takeover");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup_both, teardown_both);
	tcase_add_test(tc, test_takeover_of_sockets_under_load_loses_nothing);
	tcase_add_loop_test(tc, test_all_sockets_are_watched_by_other_numbers_of_threads, 0,
			    (int)ARRAY_LEN(thread_counts));
	tcase_add_loop_test(tc, test_the_old_process_ends, 0, (int)ARRAY_LEN(end_flags));
	tcase_add_test(tc, test_the_old_process_finishes_its_requests);
	tcase_add_test(tc, test_sockets_are_not_given_without_expose_fd);
	tcase_add_test(tc, test_nobody_to_take_sockets_from);
	tcase_add_test(tc, test_master_socket_relays);
	tcase_add_test(tc, test_master_socket_outlives_the_worker);
	tcase_add_test(tc, test_master_socket_that_cannot_be);
	tcase_add_test(tc, test_systemd_is_told);
	tcase_add_test(tc, test_a_new_program_under_load_loses_nothing);
	tcase_add_test(tc, test_a_new_program_that_refuses_the_files_changes_nothing);
	tcase_add_test(tc, test_a_new_worker_that_fails_leaves_the_old_one);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
