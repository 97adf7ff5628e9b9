/* test_log.c - lines on stderr, for the journal and for syslog. */
#include <tandem/log.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <tandem/clock.h>
#include <unistd.h>

#include "../../../common/log_priv.h"
#include "../../lib/unit.h"

/* NOLINTBEGIN(cert-err34-c): sscanf is how these tests take lines apart, and they check the count
 */

#define N_THREADS 4
#define N_LINES   200

static int fd; /* where our stderr can be read */

static void stderr_to_pipe(void)
{
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_ge(dup2(fds[1], STDERR_FILENO), 0);
	close(fds[1]);
	fd = fds[0];
	fcntl(fd, F_SETFL, O_NONBLOCK);
	unsetenv("JOURNAL_STREAM");
	log_init("testd");
}

static const char *read_log(void)
{
	static char text[65536];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

START_TEST(a_line_has_time_daemon_level_area_event_pairs)
{
	int y, mo, d, h, mi, s, ms, pid, n = 0;
	const char *text;

	stderr_to_pipe();
	log_warn("health", "server_down", "backend=%s took_ms=%d", "web", 2001);
	text = read_log();
	ck_assert_int_eq(sscanf(text, "%d-%d-%dT%d:%d:%d.%dZ testd[%d] %n", &y, &mo, &d, &h, &mi,
				&s, &ms, &pid, &n),
			 8);
	ck_assert_int_eq(pid, getpid());
	ck_assert_str_eq(text + n, "warn health server_down backend=web took_ms=2001\n");
	log_info("area", "no_pairs");
	ck_assert_ptr_nonnull(strstr(read_log(), " info area no_pairs\n"));
	log_text(LOGL_NOTICE, "free %s", "text");
	ck_assert_ptr_nonnull(strstr(read_log(), " notice free text\n"));
}
END_TEST

START_TEST(levels_are_filtered)
{
	stderr_to_pipe();
	log_debug("a", "hidden");
	log_set_level(LOGL_DEBUG);
	log_debug("a", "shown");
	log_set_level(LOGL_ERR);
	log_warn("a", "hidden");
	log_text(LOGL_WARN, "hidden");
	log_err("a", "error");
	log_to_stderr(false);
	log_err("a", "hidden");
	ck_assert_ptr_null(strstr(read_log(), "hidden"));
}
END_TEST

START_TEST(a_line_is_one_line_of_limited_length)
{
	static char big[5000];
	const char *text;

	stderr_to_pipe();
	log_info("a", "b", "x=%s", "1\n2\033[31m");
	ck_assert_ptr_nonnull(strstr(read_log(), " x=1?2?[31m\n"));
	memset(big, 'x', sizeof(big) - 1);
	errno = 77;
	log_info("a", "b", "%s", big);
	ck_assert_int_eq(errno, 77);
	text = read_log();
	ck_assert_uint_le(strlen(text), LOG_MAX_LINE + 128);
	ck_assert_ptr_eq(strchr(text, '\n') + 1, text + strlen(text));
}
END_TEST

START_TEST(a_full_pipe_does_not_block_and_the_loss_is_told)
{
	const char *lost;
	char scrap[4096];
	unsigned n = 0, count = 0;

	stderr_to_pipe();
	for (int i = 0; i < 3000; i++)
		log_info("a", "flood", "number=%d %s", i, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	for (ssize_t len; (len = read(fd, scrap, sizeof(scrap))) > 0;)
		for (ssize_t i = 0; i < len; i++)
			n += scrap[i] == '\n';
	ck_assert_uint_gt(n, 100);
	ck_assert_uint_lt(n, 3000);
	log_info("a", "after");
	lost = strstr(read_log(), "warn log lines_lost count=");
	ck_assert_ptr_nonnull(lost);
	ck_assert_int_eq(sscanf(lost, "warn log lines_lost count=%u", &count), 1);
	ck_assert_uint_eq(count, 3000 - n);
	ck_assert_ptr_nonnull(strstr(lost, " info a after\n"));
}
END_TEST

START_TEST(a_closed_reader_costs_only_the_line)
{
	stderr_to_pipe();
	close(fd);
	log_info("a", "b"); /* would raise SIGPIPE */
}
END_TEST

START_TEST(the_journal_gets_priorities)
{
	char value[64];
	struct stat st;
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_ge(dup2(fds[1], STDERR_FILENO), 0);
	fd = fds[0];
	fcntl(fd, F_SETFL, O_NONBLOCK);
	ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
	snprintf(value, sizeof(value), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", value, 1);
	log_init("testd");
	log_err("a", "b", "k=%d", 1);
	log_info("a", "c");
	ck_assert_str_eq(read_log(), "<3>a b k=1\n<6>a c\n");
	setenv("JOURNAL_STREAM", "1:2", 1); /* a parent's, not ours */
	log_init("testd");
	log_err("a", "b");
	ck_assert_ptr_nonnull(strstr(read_log(), "Z testd["));
	setenv("JOURNAL_STREAM", "nonsense", 1);
	log_init("testd");
	log_err("a", "b");
	ck_assert_ptr_nonnull(strstr(read_log(), "Z testd["));
}
END_TEST

static char dir[] = "/tmp/test_log.XXXXXX", path[64];

static int syslogd_start(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	ck_assert_int_eq(bind(s, (struct sockaddr *)&un, sizeof(un)), 0);
	return s;
}

static const char *receive(int s)
{
	static char text[4096];
	ssize_t n = recv(s, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static bool matches_syslog(const char *text, int priority, const char *rest)
{
	char month[4], name[32];
	int p, d, h, m, s, pid, n = 0;

	return sscanf(text, "<%d>%3s %d %d:%d:%d %31[a-z][%d]: %n", &p, month, &d, &h, &m, &s, name,
		      &pid, &n) == 8 &&
	       p == priority && pid == getpid() && strcmp(name, "testd") == 0 &&
	       strcmp(text + n, rest) == 0;
}

START_TEST(syslog_gets_rfc3164_and_survives_its_restart)
{
	int s;

	stderr_to_pipe();
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/log", dir);
	log_set_syslog_path(path);
	log_to_stderr(false);
	s = syslogd_start();
	log_to_syslog(LOG_LOCAL0);
	log_warn("a", "b", "k=1");
	ck_assert(matches_syslog(receive(s), LOG_LOCAL0 | LOG_WARNING, "a b k=1"));
	close(s);
	log_warn("a", "lost");
	unlink(path);
	s = syslogd_start();
	log_to_syslog(LOG_DAEMON); /* forgets that connecting failed a moment ago */
	log_err("a", "again");
	ck_assert(matches_syslog(receive(s), LOG_DAEMON | LOG_WARNING, "log lines_lost count=1"));
	ck_assert(matches_syslog(receive(s), LOG_DAEMON | LOG_ERR, "a again"));
	close(s);
	unlink(path);
	s = syslogd_start(); /* restarted between two lines: not one is lost */
	log_err("a", "third");
	ck_assert(matches_syslog(receive(s), LOG_DAEMON | LOG_ERR, "a third"));
	log_to_syslog(-1);
	log_err("a", "off");
	ck_assert_str_eq(receive(s), "");
	close(s);
	unlink(path);
	rmdir(dir);
}
END_TEST

static void *log_many(void *arg)
{
	for (int i = 0; i < N_LINES; i++)
		log_info("thread", "line", "who=%s value=%s", (const char *)arg,
			 log_quoted(str_from(arg)));
	return NULL;
}

START_TEST(threads_do_not_mix_their_lines)
{
	static const char *const names[N_THREADS] = { "aaaaaaaa", "bbbbbbbb", "cccccccc",
						      "dddddddd" };
	pthread_t threads[N_THREADS];
	struct strbuf all = { 0 };
	unsigned n = 0;

	stderr_to_pipe();
	/* all lines fit: what a full pipe refuses is dropped */
	fcntl(fd, F_SETPIPE_SZ, 1 << 20);
	for (int i = 0; i < N_THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, log_many, (void *)names[i]), 0);
	while (n < N_THREADS * N_LINES) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		const char *text;

		ck_assert_int_eq(poll(&pfd, 1, 10000), 1);
		text = read_log();
		strbuf_adds(&all, text);
		for (; *text; text++)
			n += *text == '\n';
	}
	for (int i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	for (char *line = all.p, *end; *line; line = end + 1) {
		char who[16], value[16];

		end = strchr(line, '\n');
		ck_assert_ptr_nonnull(strstr(line, "who="));
		ck_assert_int_eq(sscanf(strstr(line, "who="), "who=%15s value=\"%8s", who, value),
				 2);
		ck_assert_str_eq(who, value);
	}
	strbuf_fini(&all);
}
END_TEST

START_TEST(quoted_values_cannot_break_a_line)
{
	char big[500], *first;

	ck_assert_str_eq(log_quoted(STR("a b")), "\"a b\"");
	ck_assert_str_eq(log_quoted(STR("a\"b\\c\n\x7f\xc3")), "\"a\\\"b\\\\c\\x0a\\x7f\\xc3\"");
	ck_assert_str_eq(log_quoted((struct str){ NULL, 0 }), "\"\"");
	memset(big, '\1', sizeof(big));
	ck_assert_uint_eq(strlen(log_quoted((struct str){ big, 500 })), 200 * 4 + 5);
	first = (char *)log_quoted(STR("first"));
	for (int i = 0; i < 7; i++)
		(void)log_quoted(STR("other"));
	ck_assert_str_eq(first, "\"first\"");
}
END_TEST

START_TEST(a_limit_lets_a_burst_through_and_counts_the_rest)
{
	struct log_limit l = { 0 };
	unsigned held = 99;

	for (int i = 0; i < 3; i++) {
		ck_assert(log_limit_ok(&l, 1000, 3, 100, &held));
		ck_assert_uint_eq(held, 0);
	}
	for (int i = 0; i < 5; i++)
		ck_assert(!log_limit_ok(&l, 1099, 3, 100, &held));
	ck_assert(log_limit_ok(&l, 1100, 3, 100, &held));
	ck_assert_uint_eq(held, 5);
	ck_assert(log_limit_ok(&l, 1100, 3, 100, &held));
	ck_assert_uint_eq(held, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("log");
	TCase *tc = tcase_create("log");

	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_line_has_time_daemon_level_area_event_pairs);
	tcase_add_test(tc, levels_are_filtered);
	tcase_add_test(tc, a_line_is_one_line_of_limited_length);
	tcase_add_test(tc, a_full_pipe_does_not_block_and_the_loss_is_told);
	tcase_add_test(tc, a_closed_reader_costs_only_the_line);
	tcase_add_test(tc, the_journal_gets_priorities);
	tcase_add_test(tc, syslog_gets_rfc3164_and_survives_its_restart);
	tcase_add_test(tc, threads_do_not_mix_their_lines);
	tcase_add_test(tc, quoted_values_cannot_break_a_line);
	tcase_add_test(tc, a_limit_lets_a_burst_through_and_counts_the_rest);
	suite_add_tcase(s, tc);
	return unit_run(s);
}

/* NOLINTEND(cert-err34-c) */
