/* test_accept.c - accepting at the limits: no descriptors left, and what the counters say. Runs the
 * real program. */
#include "../../lib/proxyd_traffic.h"
#include "../../lib/unit.h"

#include <dirent.h>
#include <sys/resource.h>
#include <tandem/util.h>

static unsigned n_files(pid_t pid)
{
	char path[64];
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2; /* "." and ".." */
}

/* Out of descriptors, it stops accepting instead of spinning; as soon as clients leave, those that
 * waited in the kernel's queue are served. */
START_TEST(test_no_descriptors_left)
{
	struct rlimit old, low;
	struct rusage cost;
	int clients[24];
	bool closes;

	start(false);
	ck_assert_int_eq(get(port), 200);
	ck_assert_int_eq(prlimit(run.pid, RLIMIT_NOFILE, NULL, &old), 0);
	low = (struct rlimit){ n_files(run.pid) + 8, old.rlim_max };
	ck_assert_int_eq(prlimit(run.pid, RLIMIT_NOFILE, &low, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
		clients[i] = run_connect(port);
		ck_assert_int_ge(clients[i], 0);
	}
	run_expect(&run, "accept_failed");
	for (size_t i = 0; i < ARRAY_LEN(clients) - 2; i++)
		close(clients[i]);
	/* it notices that they left; then there is room for connections to the server, too */
	for (unsigned i = 0; i < 500 && n_files(run.pid) + 4 > low.rlim_cur; i++)
		run_nap();
	for (size_t i = ARRAY_LEN(clients) - 2; i < ARRAY_LEN(clients); i++) {
		ask(clients[i]);
		ck_assert_int_eq(read_answer(clients[i], &closes), 200);
		close(clients[i]);
	}
	ck_assert_int_eq(get(port), 200);
	end(SIGTERM);
	/* the whole test costs little: nothing was busy while it could not accept */
	ck_assert_int_eq(getrusage(RUSAGE_CHILDREN, &cost), 0);
	ck_assert_int_lt(cost.ru_utime.tv_sec, 3);
}
END_TEST

static long column(const char *line, int n)
{
	while (n-- > 0 && line != NULL) {
		line = strchr(line, ',');
		if (line != NULL)
			line++;
	}
	return line != NULL ? strtol(line, NULL, 10) : -1;
}

/* A socket that four threads watch: all wake for one connection, and three find nothing. The peak
 * of sessions counts the one that was there. */
START_TEST(test_the_peak_counts_what_was_accepted)
{
	run_write(&run, "p.cfg",
		  "global\n\tstats socket unix@sock level admin\n\tnbthread 4\n"
		  "defaults\n\tmode http\n\ttimeout connect 5s\n\ttimeout client 8s\n"
		  "\ttimeout server 8s\n"
		  "frontend fe\n\tbind unix@fe.sock\n\tdefault_backend be\n"
		  "backend be\n\tserver s 127.0.0.1:%u\n",
		  server_port);
	start(false);
	for (int i = 0; i < 100; i++) {
		struct sockaddr_un at = { .sun_family = AF_UNIX };
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		bool closes;

		snprintf(at.sun_path, sizeof(at.sun_path), "%s", run_path(&run, "fe.sock"));
		ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
		ask(fd);
		ck_assert_int_eq(read_answer(fd, &closes), 200);
		close(fd);
		for (int ms = 0;; ms += 5) { /* until it is gone */
			const char *line = run_command(&run, "show stat fe 1 -1");

			line = strstr(line, "\nfe,FRONTEND,");
			ck_assert_ptr_nonnull(line);
			if (column(line, 4) == 0)
				break;
			ck_assert_int_lt(ms, WAIT_MS);
			run_nap();
		}
	}
	const char *line = strstr(run_command(&run, "show stat fe 1 -1"), "\nfe,FRONTEND,");
	ck_assert_int_eq(column(line, 5), 1);
	ck_assert_int_eq(column(line, 7), 100);
	end(SIGTERM);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("accept");
	TCase *tc = tcase_create("accept");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_no_descriptors_left);
	tcase_add_test(tc, test_the_peak_counts_what_was_accepted);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
