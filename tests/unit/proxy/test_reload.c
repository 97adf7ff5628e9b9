/* test_reload.c - reloads, drains and dead workers, as clients see them. Runs the real program
 * between a client and an HTTP server that live in this test. */
#include "../../lib/proxyd_traffic.h"
#include "../../lib/unit.h"

#include <dirent.h>
#include <sys/ptrace.h>
#include <tandem/liveness.h>
#include <tandem/util.h>

/* ---- tests ---- */

START_TEST(test_reload_under_load_loses_nothing)
{
	struct load loads[4] = { { .keep_alive = true }, { .keep_alive = true } };

	start(false);
	start_load(loads, ARRAY_LEN(loads));
	for (unsigned i = 1; i <= 20; i++) {
		/* every other file has one backend and one port more */
		if (i % 2 == 0)
			write_cfg(port, "", "");
		else
			write_cfg(port, "",
				  "\tserver s2 127.0.0.1:1 disabled\nbackend be2\n"
				  "\tserver x 127.0.0.1:1\n");
		reload(" reloaded ", i);
		run_nap();
	}
	end_load(loads, ARRAY_LEN(loads));
	end(SIGTERM);
}
END_TEST

START_TEST(test_a_bind_line_changes_its_interface_and_address)
{
	static const char *const changes[] = { "127.0.0.1:%u interface lo", "127.0.0.1:%u", "*:%u",
					       "127.0.0.1:%u" };
	char bind[64];

	start(false);
	for (unsigned i = 0; i < ARRAY_LEN(changes); i++) {
		snprintf(bind, sizeof(bind), changes[i], port);
		run_write(&run, "p.cfg",
			  "defaults\n\tmode http\n\ttimeout connect 5s\n\ttimeout client 8s\n"
			  "\ttimeout server 8s\nfrontend fe\n\tbind %s\n\tdefault_backend be\n"
			  "backend be\n\tserver s 127.0.0.1:%u\n",
			  bind, server_port);
		reload(" reloaded ", i + 1);
		ck_assert_int_eq(get(port), 200);
	}
	end(SIGTERM);
}
END_TEST

/* Rules lead to objects of the configuration they stand in: backends and servers come and go with
 * every reload, and conditions ask about both. */
START_TEST(test_rules_change_under_load)
{
	struct load loads[4] = { { .keep_alive = true }, { .keep_alive = true } };

	start(false);
	start_load(loads, ARRAY_LEN(loads));
	for (unsigned i = 1; i <= 20; i++) {
		run_write(&run, "p.cfg",
			  "global\n\tstats socket unix@sock level admin\n\tnbthread 2\n"
			  "defaults\n\tmode http\n\ttimeout connect 5s\n\ttimeout client 8s\n"
			  "\ttimeout server 8s\n"
			  "frontend fe\n\tbind 127.0.0.1:%u\n"
			  "\tuse_backend none unless { nbsrv(be%u) 2 } { srv_is_up(be%u/t) }\n"
			  "\tuse_backend be%u if { path -i -m beg / } METH_GET\n"
			  "backend none\n"
			  "backend be%u\n\tserver s 127.0.0.1:%u\n\tserver t 127.0.0.1:%u\n"
			  "\tuse-server t if { be_conn gt 0 } { src 127.0.0.0/8 }\n",
			  port, i % 3, i % 3, i % 3, i % 3, server_port, server_port);
		reload(" reloaded ", i);
		run_nap();
	}
	end_load(loads, ARRAY_LEN(loads));
	end(SIGTERM);
}
END_TEST

START_TEST(test_a_bad_file_changes_nothing)
{
	start(false);
	ck_assert_int_eq(get(port), 200);
	run_command(&run, "set server be/s weight 7");
	run_write(&run, "p.cfg", "frontend fe\n\tbind 127.0.0.1:%u\n\tdefault_bakend x\n",
		  other_port);
	reload("reload_failed", 1);
	ck_assert_ptr_nonnull(strstr(run.text, "p.cfg:3:2:"));
	ck_assert_int_eq(get(port), 200);
	ck_assert_int_eq(get(other_port), -1);
	ck_assert_str_eq(run_command(&run, "get weight be/s"), "7 (initial 1)\n\n");
	end(SIGTERM);
}
END_TEST

START_TEST(test_a_port_in_use_changes_nothing)
{
	uint16_t taken;
	int fd = run_listen(&taken);

	start(false);
	write_cfg(taken, "", "");
	reload("reload_failed", 1);
	ck_assert_ptr_nonnull(strstr(run.text, "in use"));
	ck_assert_int_eq(get(port), 200);
	close(fd);
	end(SIGTERM);
}
END_TEST

START_TEST(test_reload_keeps_counters_and_states)
{
	const char *row;
	int stot;

	start(false);
	ck_assert_int_eq(get(port), 200);
	ck_assert_int_eq(get(port), 200);
	run_command(&run, "set server be/s state drain");
	reload(" reloaded ", 1);
	row = strstr(run_command(&run, "show stat"), "\nfe,FRONTEND,,,");
	ck_assert_ptr_nonnull(row);
	ck_assert_int_eq(sscanf(row, "\nfe,FRONTEND,,,%*d,%*d,%*d,%d", &stot), 1);
	ck_assert_int_eq(stot, 2);
	ck_assert_ptr_nonnull(strstr(run_command(&run, "show stat"), ",DRAIN,"));
	ck_assert_ptr_nonnull(strstr(run_command(&run, "show info"), "CumReq: 2\n"));
	end(SIGTERM);
}
END_TEST

START_TEST(test_a_changed_port_is_opened_before_the_old_one_is_closed)
{
	start(false);
	write_cfg(other_port, "", "");
	reload(" reloaded ", 1);
	ck_assert_int_eq(get(other_port), 200);
	ck_assert_int_eq(get(port), -1);
	end(SIGTERM);
}
END_TEST

START_TEST(test_a_request_outlives_the_removal_of_its_backend)
{
	bool closes;
	int fd;

	start(false);
	atomic_store(&is_slow, true);
	fd = run_connect(port);
	ask(fd);
	for (int ms = 0; ms < WAIT_MS; ms += 5) {
		if (strstr(run_command(&run, "show stat"), "\nbe,s,0,0,1,") != NULL)
			break;
		run_nap();
	}
	run_write(&run, "p.cfg",
		  "global\n\tstats socket unix@sock level admin\n\tnbthread 2\n"
		  "defaults\n\tmode http\n\ttimeout connect 1s\n\ttimeout client 1s\n"
		  "\ttimeout server 1s\nfrontend fe2\n\tbind 127.0.0.1:%u\n",
		  other_port);
	reload(" reloaded ", 1);
	ck_assert_ptr_null(strstr(run_command(&run, "show stat"), "\nbe,s,"));
	atomic_store(&is_slow, false);
	ck_assert_int_eq(read_answer(fd, &closes), 200);
	close(fd);
	end(SIGTERM);
}
END_TEST

/* Until nobody accepts any more; the connections on the way are closed again. */
static void wait_until_refused(void)
{
	for (int ms = 0; ms < WAIT_MS; ms += 5) {
		int fd = run_connect(port);

		if (fd == -1)
			return;
		close(fd);
		run_nap();
	}
	ck_abort_msg("it still accepts: %s", run_tail(&run));
}

/* As HAProxy: who connected before the drain and asks only then is answered; who was between two
 * requests is not. */
START_TEST(test_drain_serves_who_has_not_asked_yet)
{
	bool closes;
	int fresh, kept;
	char byte;

	start(false);
	kept = run_connect(port);
	ask(kept);
	ck_assert_int_eq(read_answer(kept, &closes), 200);
	ck_assert(!closes);
	fresh = run_connect(port);
	ck_assert_int_eq(kill(run.pid, SIGUSR1), 0);
	wait_until_refused();
	ck_assert_int_eq(read(kept, &byte, 1), 0);
	ask(fresh);
	ck_assert_int_eq(read_answer(fresh, &closes), 200);
	ck_assert(closes);
	close(fresh);
	close(kept);
	ck_assert_msg(run_wait(&run) == 0, "%s", run_tail(&run));
}
END_TEST

START_TEST(test_drain_finishes_requests)
{
	bool closes;
	int fd;

	start(false);
	atomic_store(&is_slow, true);
	fd = run_connect(port);
	ask(fd);
	for (int ms = 0; ms < WAIT_MS; ms += 5) {
		if (strstr(run_command(&run, "show stat"), "\nbe,s,0,0,1,") != NULL)
			break;
		run_nap();
	}
	ck_assert_int_eq(kill(run.pid, SIGUSR1), 0);
	run_expect(&run, "draining");
	wait_until_refused();
	atomic_store(&is_slow, false);
	ck_assert_int_eq(read_answer(fd, &closes), 200);
	close(fd);
	ck_assert_msg(run_wait(&run) == 0, "%s", run_tail(&run));
}
END_TEST

START_TEST(test_hard_stop_after_bounds_a_drain)
{
	int fd;

	write_cfg(port, "\thard-stop-after 100ms\n", "");
	start(false);
	atomic_store(&is_slow, true);
	fd = run_connect(port);
	ask(fd);
	for (int ms = 0; ms < WAIT_MS; ms += 5) {
		if (strstr(run_command(&run, "show stat"), "\nbe,s,0,0,1,") != NULL)
			break;
		run_nap();
	}
	end(SIGUSR1);
	ck_assert_ptr_nonnull(strstr(run.text, "hard_stop"));
	close(fd);
}
END_TEST

static pid_t worker_pid(void)
{
	const char *p = strstr(run_command(&run, "show info"), "\nPid: ");

	ck_assert_ptr_nonnull(p);
	return (pid_t)atoi(p + 6);
}

START_TEST(test_a_dead_worker_is_replaced_and_clients_meanwhile_are_served)
{
	pid_t first;
	bool closes;
	int fds[20];

	start(true);
	first = worker_pid();
	ck_assert_int_ne(first, run.pid);
	ck_assert_int_eq(get(port), 200);
	ck_assert_int_eq(kill(run.pid, SIGSTOP), 0); /* no new worker until clients wait */
	ck_assert_int_eq(kill(first, SIGKILL), 0);
	while (kill(first, 0) == 0) { /* a zombie of the stopped master counts as gone */
		char path[64], state = 0;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/stat", (int)first);
		f = fopen(path, "r");
		if (f == NULL || fscanf(f, "%*d %*s %c", &state) != 1 || state == 'Z') {
			if (f != NULL)
				fclose(f);
			break;
		}
		fclose(f);
		run_nap();
	}
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = run_connect(port);
		ck_assert_int_ge(fds[i], 0);
		ask(fds[i]);
	}
	ck_assert_int_eq(kill(run.pid, SIGCONT), 0);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		ck_assert_int_eq(read_answer(fds[i], &closes), 200);
		close(fds[i]);
	}
	ck_assert_int_ne(worker_pid(), first);
	run_expect(&run, "worker_died");
	end(SIGTERM);
	ck_assert_int_eq(get(port), -1);
}
END_TEST

START_TEST(test_master_passes_a_reload_on)
{
	start(true);
	write_cfg(other_port, "", "");
	reload(" reloaded ", 1);
	ck_assert_int_eq(get(other_port), 200);
	ck_assert_int_eq(get(port), -1);
	end(SIGUSR1);
}
END_TEST

START_TEST(test_a_worker_without_a_master_ends)
{
	pid_t worker;

	start(true);
	worker = worker_pid();
	ck_assert_int_eq(kill(run.pid, SIGKILL), 0);
	ck_assert_int_eq(run_wait(&run), 128 + SIGKILL);
	run_expect(&run, "master_gone");
	for (int ms = 0; ms < WAIT_MS && kill(worker, 0) == 0; ms += 5)
		run_nap();
	ck_assert_int_eq(get(port), -1);
}
END_TEST

START_TEST(test_reload_inside_a_chroot)
{
	if (geteuid() != 0)
		return;
	/* in there LeakSanitizer has no /proc to look at */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	ck_assert_int_eq(mkdir(run_path(&run, "jail"), 0755), 0);
	run_write(&run, "p.cfg",
		  "global\n\tchroot %s/jail\n\tuser nobody\n\tgroup nogroup\n"
		  "defaults\n\tmode http\n\ttimeout connect 1s\n\ttimeout client 1s\n"
		  "\ttimeout server 1s\nfrontend fe\n\tbind 127.0.0.1:%u\n",
		  run.dir, port);
	start(false);
	run_write(&run, "p.cfg",
		  "global\n\tchroot %s/jail\n\tuser nobody\n\tgroup nogroup\n"
		  "defaults\n\tmode http\n\ttimeout connect 1s\n\ttimeout client 1s\n"
		  "\ttimeout server 1s\nfrontend fe\n\tbind 127.0.0.1:%u\n",
		  run.dir, other_port);
	ck_assert_int_eq(chmod(run_path(&run, "p.cfg"), 0600), 0);
	reload(" reloaded ", 1);
	ck_assert_int_eq(get(other_port), 503);
	ck_assert_int_eq(get(port), -1);
	end(SIGTERM);
}
END_TEST

/* ---- liveness ---- */

static int connect_liveness(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct timeval limit = { .tv_sec = WAIT_MS / 1000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	snprintf(a.sun_path, sizeof(a.sun_path), "%s/live", run.dir);
	ck_assert_msg(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0, "%s", strerror(errno));
	return fd;
}

static void expect_liveness(int fd, enum liveness_state state, unsigned n_usable)
{
	struct liveness_msg m;

	do {
		ck_assert_int_eq(recv(fd, &m, sizeof(m), 0), (int)sizeof(m));
		ck_assert_uint_eq(m.magic, LIVENESS_MAGIC);
		ck_assert_uint_eq(m.version, LIVENESS_VERSION);
	} while (m.state != state || m.n_usable != n_usable);
	ck_assert_uint_eq(m.n_frontends, 1);
	ck_assert_uint_eq(m.n_frontends_ok, n_usable > 0);
}

static void start_with_liveness(void)
{
	char line[128];

	snprintf(line, sizeof(line), "\tliveness-socket %s/live\n", run.dir);
	write_cfg(port, line, "");
	start(false);
}

START_TEST(test_liveness_tells_states_and_usable_servers)
{
	char byte;
	int fd;

	start_with_liveness();
	fd = connect_liveness();
	expect_liveness(fd, LIVENESS_READY, 1);
	run_command(&run, "disable server be/s");
	expect_liveness(fd, LIVENESS_READY, 0);
	run_command(&run, "enable server be/s");
	reload(" reloaded ", 1); /* the connection survives it */
	expect_liveness(fd, LIVENESS_READY, 1);
	end(SIGTERM);
	expect_liveness(fd, LIVENESS_STOPPING, 1);
	ck_assert_int_eq(recv(fd, &byte, 1, 0), 0);
	close(fd);
}
END_TEST

static bool is_first_data_thread(const char *tid)
{
	char path[64], name[16] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/comm", (int)run.pid, tid);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	ck_assert_ptr_nonnull(fgets(name, sizeof(name), f));
	fclose(f);
	return strcmp(name, "proxyd/1\n") == 0;
}

static pid_t first_data_thread(void)
{
	char path[64];
	pid_t tid = 0;
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)run.pid);
	dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	while ((e = readdir(dir)) != NULL) {
		if (is_first_data_thread(e->d_name))
			tid = (pid_t)atoi(e->d_name);
	}
	closedir(dir);
	ck_assert_int_ne(tid, 0);
	return tid;
}

START_TEST(test_liveness_tells_a_hung_thread)
{
	struct liveness_msg m;
	pid_t tid;
	int fd;

	start_with_liveness();
	fd = connect_liveness();
	expect_liveness(fd, LIVENESS_READY, 1);
	tid = first_data_thread();
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0)
		return; /* not permitted here */
	ck_assert_int_eq(ptrace(PTRACE_INTERRUPT, tid, NULL, NULL), 0);
	do
		ck_assert_int_eq(recv(fd, &m, sizeof(m), 0), (int)sizeof(m));
	while (m.loop_age_ms < 300);
	ck_assert_int_eq(waitpid(tid, NULL, __WALL), tid);
	ck_assert_int_eq(ptrace(PTRACE_DETACH, tid, NULL, NULL), 0);
	do
		ck_assert_int_eq(recv(fd, &m, sizeof(m), 0), (int)sizeof(m));
	while (m.loop_age_ms > 100);
	close(fd);
	end(SIGTERM);
}
END_TEST

START_TEST(test_liveness_ends_with_the_process)
{
	struct liveness_msg m;
	ssize_t n;
	int fd;

	start_with_liveness();
	fd = connect_liveness();
	expect_liveness(fd, LIVENESS_READY, 1);
	ck_assert_int_eq(kill(run.pid, SIGKILL), 0);
	while ((n = recv(fd, &m, sizeof(m), 0)) > 0)
		;
	ck_assert_int_eq(n, 0);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("reload");
	TCase *tc = tcase_create("reload");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_reload_under_load_loses_nothing);
	tcase_add_test(tc, test_a_bind_line_changes_its_interface_and_address);
	tcase_add_test(tc, test_rules_change_under_load);
	tcase_add_test(tc, test_a_bad_file_changes_nothing);
	tcase_add_test(tc, test_a_port_in_use_changes_nothing);
	tcase_add_test(tc, test_reload_keeps_counters_and_states);
	tcase_add_test(tc, test_a_changed_port_is_opened_before_the_old_one_is_closed);
	tcase_add_test(tc, test_a_request_outlives_the_removal_of_its_backend);
	tcase_add_test(tc, test_drain_serves_who_has_not_asked_yet);
	tcase_add_test(tc, test_drain_finishes_requests);
	tcase_add_test(tc, test_hard_stop_after_bounds_a_drain);
	tcase_add_test(tc, test_a_dead_worker_is_replaced_and_clients_meanwhile_are_served);
	tcase_add_test(tc, test_master_passes_a_reload_on);
	tcase_add_test(tc, test_a_worker_without_a_master_ends);
	tcase_add_test(tc, test_reload_inside_a_chroot);
	tcase_add_test(tc, test_liveness_tells_states_and_usable_servers);
	tcase_add_test(tc, test_liveness_tells_a_hung_thread);
	tcase_add_test(tc, test_liveness_ends_with_the_process);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
