/* test_ctl.c - control sockets as their clients see them. */
#include <tandem/ctl.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <tandem/clock.h>
#include <unistd.h>

#include "../../lib/unit.h"

#define DEADLINE_US (10 * US_PER_S)
#define BIG_PIECES  2000
#define PIECE       1000

static struct loop loop;
static struct ctl_server server;
static char dir[32], path[64];
static unsigned n_pieces; /* that `big` has made */

static void cmd_echo(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	for (unsigned i = 0; i < rq->argc; i++) {
		ck_assert_uint_eq(strlen(rq->argv[i].p), rq->argv[i].len);
		strbuf_addf(rq->out, "[%s]", rq->argv[i].p);
	}
	strbuf_addc(rq->out, '\n');
	ck_assert_ptr_eq(rq->arg, &server);
}

static void cmd_silent(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)rq, (void)cursor, (void)more;
}

static void cmd_big(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	char piece[PIECE];

	ck_assert_uint_eq(rq->argc, 1);
	memset(piece, 'x', sizeof(piece));
	piece[PIECE - 1] = '\n';
	strbuf_add(rq->out, piece, sizeof(piece));
	n_pieces++;
	*more = ++*cursor < BIG_PIECES;
}

/* Says what comes through follow_pipe until it is interrupted. */
static int follow_pipe[2];
static unsigned n_cancelled;

static void cancel_follow(struct ctl_request *rq, uint64_t cursor)
{
	(void)rq;
	ck_assert_uint_eq(cursor, 7);
	n_cancelled++;
}

static void cmd_follow(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	char text[64];
	ssize_t n;

	if (rq->is_interrupted) {
		strbuf_adds(rq->out, "over\n");
		return;
	}
	while ((n = read(follow_pipe[0], text, sizeof(text))) > 0)
		strbuf_add(rq->out, text, (size_t)n);
	*cursor = 7;
	*more = rq->is_following = true;
	rq->wait_fd = follow_pipe[0];
	rq->cancel = cancel_follow;
}

static void cmd_unended(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	strbuf_adds(rq->out, "no line feed");
}

static void cmd_patient(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	rq->idle_timeout_us = 60 * US_PER_S;
}

static void cmd_lower(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	rq->level = CTL_USER;
}

static const struct ctl_command commands[] = {
	{ "echo", "[<word>]*", "repeat the words", CTL_USER, cmd_echo },
	{ "show stat", "[json]", "counters", CTL_USER, cmd_echo },
	{ "show stat deep", "", "the longest match wins", CTL_USER, cmd_silent },
	{ "set weight", "<b>/<s> <n>", "weight of a server", CTL_ADMIN, cmd_echo },
	{ "hidden", "", NULL, CTL_USER, cmd_echo },
	{ "silent", "", "no output", CTL_USER, cmd_silent },
	{ "big", "", "long output", CTL_USER, cmd_big },
	{ "user", "", "lower the level", CTL_USER, cmd_lower },
	{ "follow", "", NULL, CTL_USER, cmd_follow },
	{ "unended", "", NULL, CTL_USER, cmd_unended },
	{ "patient", "", NULL, CTL_USER, cmd_patient },
	{ .words = NULL },
};

#define LINE_ECHO   "  echo [<word>]*                          : repeat the words\n"
#define LINE_STAT   "  show stat [json]                        : counters\n"
#define LINE_DEEP   "  show stat deep                          : the longest match wins\n"
#define LINE_WEIGHT "  set weight <b>/<s> <n>                  : weight of a server\n"
#define LINE_SILENT "  silent                                  : no output\n"
#define LINE_BIG    "  big                                     : long output\n"
#define LINE_USER   "  user                                    : lower the level\n"
#define LINES_END                                                                                  \
	"  help [<command>]                        : list matching or all commands\n"              \
	"  prompt                                  : toggle interactive mode with prompt\n"        \
	"  quit                                    : disconnect\n"
#define LINES_ALL  LINE_ECHO LINE_STAT LINE_DEEP LINE_WEIGHT LINE_SILENT LINE_BIG LINE_USER LINES_END
#define LINES_USER LINE_ECHO LINE_STAT LINE_DEEP LINE_SILENT LINE_BIG LINE_USER LINES_END
#define TITLE      "The following commands are valid at this level:\n"
#define UNKNOWN    "Unknown command. Please enter one of the following commands only:\n"
#define MAYBE      "Unknown command, but maybe one of the following ones is a better match:\n"

static void setup(void)
{
	ck_assert_int_eq(loop_init(&loop, EVFLAG_AUTO), 0);
	ctl_server_init(&server, &loop, commands, NULL, &server);
}

static void teardown(void)
{
	ctl_server_fini(&server);
	loop_fini(&loop);
	ck_assert_uint_eq(server.n_conns, 0);
}

static int client(enum ctl_level level)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	ck_assert_int_eq(ctl_server_serve(&server, fds[1], level), 0);
	return fds[0];
}

static void say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Run the loop and collect what arrives until the end of file (true) or until `want` bytes are
 * there. */
static bool collect(int fd, struct strbuf *out, size_t want)
{
	int64_t end_us = clock_mono_us() + DEADLINE_US;
	char piece[65536];

	for (;;) {
		ssize_t n = recv(fd, piece, sizeof(piece), 0);

		if (n == 0 || (n < 0 && errno != EAGAIN))
			return true;
		if (n > 0) {
			strbuf_add(out, piece, (size_t)n);
			continue;
		}
		if (out->len >= want)
			return false;
		ck_assert_msg(clock_mono_us() < end_us, "nothing more came after: %s",
			      strbuf_str(out));
		ev_run(loop.ev, EVRUN_NOWAIT);
	}
}

static const struct {
	const char *name;
	enum ctl_level level;
	const char *in, *out;
} rows[] = {
	{ "one command", CTL_USER, "echo a b\n", "[echo][a][b]\n\n" },
	{ "blanks", CTL_USER, "  echo \t a  \n", "[echo][a]\n\n" },
	{ "CR LF", CTL_USER, "echo a\r\n", "[echo][a]\n\n" },
	{ "several", CTL_USER, "echo a;echo b ; echo c\n",
	  "[echo][a]\n\n[echo][b]\n\n[echo][c]\n\n" },
	{ "empty ones", CTL_USER, "echo a;; ;echo b;\n", "[echo][a]\n\n[echo][b]\n\n" },
	{ "escapes", CTL_USER, "echo a\\;b c\\ d \\\\ e\\\n", "[echo][a;b][c d][\\][e\\]\n\n" },
	{ "no output", CTL_USER, "silent\n", "\n" },
	{ "longest match", CTL_USER, "show stat deep;show stat x\n", "\n[show][stat][x]\n\n" },
	{ "lines sent together", CTL_USER, "echo a\necho b\n", "[echo][a]\n\n[echo][b]\n\n" },
	{ "level", CTL_OPERATOR, "set weight a/b 1\n", "Permission denied\n\n" },
	{ "level is enough", CTL_ADMIN, "set weight a/b 1\n", "[set][weight][a/b][1]\n\n" },
	{ "lowered", CTL_ADMIN, "user;set weight a/b 1\n", "\nPermission denied\n\n" },
	{ "not listed but there", CTL_USER, "hidden\n", "[hidden]\n\n" },
	{ "prompt", CTL_USER, "prompt\necho a;echo b\nquit\n",
	  "\n> [echo][a]\n\n> [echo][b]\n\n> " },
	{ "prompt off", CTL_USER, "prompt\nprompt\necho a\n", "\n> \n[echo][a]\n\n" },
	{ "timed prompt", CTL_USER, "prompt timed\necho a\nquit\n",
	  "\n[0:00:00:00] > [echo][a]\n\n[0:00:00:00] > " },
	{ "timed prompt on top", CTL_USER, "prompt;prompt timed;prompt timed\nquit\n",
	  "\n> \n[0:00:00:00] > \n> " },
	{ "one line feed ends it", CTL_USER, "unended;echo a\n", "no line feed\n[echo][a]\n\n" },
	{ "prompt in a line", CTL_USER, "prompt;echo a\nquit\n", "\n> [echo][a]\n\n> " },
	{ "quit drops the rest", CTL_USER, "echo a;quit;echo b\n", "[echo][a]\n\n" },
	{ "help", CTL_ADMIN, "help\n", TITLE LINES_ALL "\n" },
	{ "help for a level", CTL_USER, "help\n", TITLE LINES_USER "\n" },
	{ "help for a word", CTL_USER, "help show\n", TITLE LINE_STAT LINE_DEEP LINES_END "\n" },
	{ "help for two", CTL_USER, "help show stat deep\n",
	  TITLE LINE_STAT LINE_DEEP LINES_END "\n" },
	{ "help for a near word", CTL_USER, "help silnet\n", TITLE LINE_SILENT LINES_END "\n" },
	{ "help for nothing", CTL_USER, "help xyzzy\n", TITLE LINES_USER "\n" },
	{ "empty line", CTL_USER, "\n", UNKNOWN LINES_USER "\n" },
	{ "only ;", CTL_USER, " ; ;\n", UNKNOWN LINES_USER "\n" },
	{ "unknown", CTL_USER, "xyzzy 1 2\n", UNKNOWN LINES_USER "\n" },
	{ "near", CTL_USER, "show stats\n", MAYBE LINE_STAT LINE_DEEP LINES_END "\n" },
	{ "half a command", CTL_USER, "show\n", MAYBE LINE_STAT LINE_DEEP LINES_END "\n" },
};

START_TEST(test_answers)
{
	struct strbuf out = { 0 };
	int fd;

	setup();
	fd = client(rows[_i].level);
	say(fd, rows[_i].in);
	ck_assert_msg(collect(fd, &out, SIZE_MAX), "%s: still open", rows[_i].name);
	ck_assert_msg(strcmp(strbuf_str(&out), rows[_i].out) == 0, "%s:\n%s", rows[_i].name,
		      strbuf_str(&out));
	close(fd);
	strbuf_fini(&out);
	teardown();
}
END_TEST

START_TEST(a_line_may_come_byte_by_byte)
{
	const char *line = "echo a;echo \\;\n";
	struct strbuf out = { 0 };
	int fd;

	setup();
	fd = client(CTL_USER);
	for (; *line; line++) {
		ck_assert_int_eq(send(fd, line, 1, MSG_NOSIGNAL), 1);
		for (int i = 0; i < 3; i++)
			ev_run(loop.ev, EVRUN_NOWAIT);
	}
	ck_assert(collect(fd, &out, SIZE_MAX));
	ck_assert_str_eq(strbuf_str(&out), "[echo][a]\n\n[echo][;]\n\n");
	close(fd);
	strbuf_fini(&out);
	teardown();
}
END_TEST

START_TEST(a_line_without_newline_is_answered_when_the_client_ends_its_side)
{
	struct strbuf out = { 0 };
	int fd;

	setup();
	fd = client(CTL_USER);
	say(fd, "echo a");
	shutdown(fd, SHUT_WR);
	ck_assert(collect(fd, &out, SIZE_MAX));
	ck_assert_str_eq(strbuf_str(&out), "[echo][a]\n\n");
	close(fd);
	strbuf_fini(&out);
	teardown();
}
END_TEST

START_TEST(a_client_that_says_nothing_and_ends_gets_nothing)
{
	struct strbuf out = { 0 };
	int fd;

	setup();
	fd = client(CTL_USER);
	shutdown(fd, SHUT_WR);
	ck_assert(collect(fd, &out, SIZE_MAX));
	ck_assert_uint_eq(out.len, 0);
	close(fd);
	teardown();
}
END_TEST

static void follow_setup(void)
{
	setup();
	n_cancelled = 0;
	ck_assert_int_eq(pipe2(follow_pipe, O_NONBLOCK), 0);
}

static void follow_teardown(void)
{
	close(follow_pipe[0]);
	close(follow_pipe[1]);
	teardown();
}

START_TEST(who_follows_hears_until_he_speaks)
{
	struct strbuf out = { 0 };
	int fd;

	follow_setup();
	server.idle_timeout_us = US_PER_S / 50; /* does not count meanwhile */
	fd = client(CTL_USER);
	say(fd, "prompt;follow;echo a\n");
	ck_assert(!collect(fd, &out, 3));
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(write(follow_pipe[1], "x\n", 2), 2);
		ck_assert(!collect(fd, &out, 5 + i * 2));
		loop_update_now(&loop);
	}
	ck_assert_str_eq(strbuf_str(&out), "\n> x\nx\nx\n");
	say(fd, "echo b\n"); /* is not obeyed */
	ck_assert(!collect(fd, &out, strlen("\n> x\nx\nx\nover\n\n> [echo][a]\n\n> ")));
	ck_assert_str_eq(strbuf_str(&out), "\n> x\nx\nx\nover\n\n> [echo][a]\n\n> ");
	ck_assert_uint_eq(n_cancelled, 0);
	close(fd);
	strbuf_fini(&out);
	follow_teardown();
}
END_TEST

START_TEST(who_follows_may_end_his_side)
{
	struct strbuf out = { 0 };
	int fd;

	follow_setup();
	fd = client(CTL_USER);
	say(fd, "follow\n");
	shutdown(fd, SHUT_WR);
	ck_assert(collect(fd, &out, SIZE_MAX));
	ck_assert_str_eq(strbuf_str(&out), "over\n\n");
	close(fd);
	strbuf_fini(&out);
	follow_teardown();
}
END_TEST

START_TEST(an_answer_under_way_is_cancelled_at_the_end)
{
	int fd;

	follow_setup();
	fd = client(CTL_USER);
	say(fd, "follow\n");
	for (int i = 0; i < 3; i++)
		ev_run(loop.ev, EVRUN_NOWAIT);
	ck_assert_uint_eq(server.n_conns, 1);
	ctl_server_fini(&server);
	ck_assert_uint_eq(n_cancelled, 1);
	close(fd);
	follow_teardown();
}
END_TEST

START_TEST(a_command_may_ask_for_patience)
{
	struct strbuf out = { 0 };
	int64_t end_us = clock_mono_us() + US_PER_S / 10;
	int fd;

	setup();
	server.idle_timeout_us = US_PER_S / 50;
	fd = client(CTL_USER);
	say(fd, "prompt;patient\n");
	ck_assert(!collect(fd, &out, 6));
	while (clock_mono_us() < end_us)
		ev_run(loop.ev, EVRUN_NOWAIT);
	ck_assert_uint_eq(server.n_conns, 1);
	say(fd, "quit\n");
	ck_assert(collect(fd, &out, SIZE_MAX));
	close(fd);
	strbuf_fini(&out);
	teardown();
}
END_TEST

START_TEST(prompt_keeps_the_connection_between_lines)
{
	struct strbuf out = { 0 };
	int fd;

	setup();
	fd = client(CTL_USER);
	say(fd, "prompt\n");
	ck_assert(!collect(fd, &out, 3));
	ck_assert_str_eq(strbuf_str(&out), "\n> ");
	strbuf_clear(&out);
	say(fd, "echo a\n");
	ck_assert(!collect(fd, &out, 13));
	ck_assert_str_eq(strbuf_str(&out), "[echo][a]\n\n> ");
	strbuf_clear(&out);
	say(fd, "quit\n");
	ck_assert(collect(fd, &out, SIZE_MAX));
	ck_assert_uint_eq(out.len, 0);
	close(fd);
	strbuf_fini(&out);
	teardown();
}
END_TEST

START_TEST(a_long_answer_waits_for_a_slow_reader)
{
	struct strbuf out = { 0 };
	int fd, other;

	setup();
	n_pieces = 0;
	fd = client(CTL_USER);
	say(fd, "big;echo end\n");
	for (int i = 0; i < 1000; i++)
		ev_run(loop.ev, EVRUN_NOWAIT);
	/* what the kernel buffers, and 64 KiB, and no more */
	ck_assert_uint_ge(n_pieces, 30);
	ck_assert_uint_lt(n_pieces, 1000);
	other = client(CTL_USER); /* is served meanwhile */
	say(other, "echo a\n");
	ck_assert(collect(other, &out, SIZE_MAX));
	ck_assert_str_eq(strbuf_str(&out), "[echo][a]\n\n");
	strbuf_clear(&out);
	ck_assert(collect(fd, &out, SIZE_MAX));
	ck_assert_uint_eq(n_pieces, BIG_PIECES);
	ck_assert_uint_eq(out.len, (size_t)BIG_PIECES * PIECE + strlen("\n[echo][end]\n\n"));
	ck_assert_str_eq(out.p + (size_t)BIG_PIECES * PIECE, "\n[echo][end]\n\n");
	close(fd);
	close(other);
	strbuf_fini(&out);
	teardown();
}
END_TEST

START_TEST(a_reader_that_vanishes_ends_the_answer)
{
	int64_t end_us = clock_mono_us() + DEADLINE_US;
	int fd;

	setup();
	fd = client(CTL_USER);
	say(fd, "big\n");
	ev_run(loop.ev, EVRUN_NOWAIT);
	close(fd);
	while (server.n_conns > 0 && clock_mono_us() < end_us)
		ev_run(loop.ev, EVRUN_NOWAIT);
	ck_assert_uint_eq(server.n_conns, 0);
	teardown();
}
END_TEST

START_TEST(a_line_that_is_too_long_is_refused)
{
	static char big[CTL_MAX_LINE + 5000];
	struct strbuf out = { 0 };
	int fd;

	setup();
	fd = client(CTL_USER);
	memset(big, 'x', sizeof(big));
	ck_assert_int_gt(send(fd, big, sizeof(big), MSG_NOSIGNAL), CTL_MAX_LINE);
	ck_assert(collect(fd, &out, SIZE_MAX));
	ck_assert_str_eq(strbuf_str(&out), "The line is too long.\n\n");
	close(fd);
	strbuf_fini(&out);
	teardown();
}
END_TEST

START_TEST(too_many_words_are_refused_and_the_rest_of_the_line_dropped)
{
	struct strbuf in = { 0 }, out = { 0 };
	int fd;

	setup();
	fd = client(CTL_USER);
	strbuf_adds(&in, "echo");
	for (int i = 0; i < CTL_MAX_ARGS + 10; i++)
		strbuf_adds(&in, " x");
	strbuf_adds(&in, ";echo no\necho next\n");
	say(fd, in.p);
	ck_assert(collect(fd, &out, SIZE_MAX));
	ck_assert_str_eq(strbuf_str(&out), "Too many words in a command.\n\n[echo][next]\n\n");
	close(fd);
	strbuf_fini(&in);
	strbuf_fini(&out);
	teardown();
}
END_TEST

START_TEST(an_idle_connection_is_closed)
{
	struct strbuf out = { 0 };
	int fd;

	setup();
	server.idle_timeout_us = 50 * US_PER_MS;
	fd = client(CTL_USER);
	say(fd, "prompt\nec");
	ck_assert(collect(fd, &out, SIZE_MAX));
	ck_assert_str_eq(strbuf_str(&out), "\n> ");
	close(fd);
	strbuf_fini(&out);
	teardown();
}
END_TEST

START_TEST(connections_are_limited)
{
	int fds[CTL_MAX_CONNS], extra[2];

	setup();
	for (int i = 0; i < CTL_MAX_CONNS; i++)
		fds[i] = client(CTL_USER);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, extra), 0);
	ck_assert_int_eq(ctl_server_serve(&server, extra[1], CTL_USER), -EMFILE);
	ck_assert_int_eq(recv(extra[0], &(char){ 0 }, 1, 0), 0);
	close(extra[0]);
	for (int i = 0; i < CTL_MAX_CONNS; i++)
		close(fds[i]);
	teardown();
}
END_TEST

START_TEST(a_nul_byte_is_refused)
{
	struct strbuf out = { 0 };
	int fd;

	setup();
	fd = client(CTL_USER);
	ck_assert_int_eq(send(fd, "echo a\0b;echo c\necho \\\0\necho d\n", 31, MSG_NOSIGNAL), 31);
	ck_assert(collect(fd, &out, SIZE_MAX));
	ck_assert_str_eq(strbuf_str(&out), "A command contains a NUL byte.\n\n"
					   "A command contains a NUL byte.\n\n[echo][d]\n\n");
	close(fd);
	strbuf_fini(&out);
	teardown();
}
END_TEST

START_TEST(random_requests_are_all_answered_or_refused)
{
	static const char *const pieces[] = { "echo",   "help", "prompt", "show stat", " ",
					      ";",      "\\",   "\n",     "\r",        "x",
					      "silent", "\t",   "\n",     "user" };
	struct strbuf in = { 0 }, out = { 0 };
	unsigned seed = 4711 + (unsigned)_i;

	setup();
	for (int round = 0; round < 200; round++) {
		int fd = client(CTL_USER);

		strbuf_clear(&in);
		for (int n = rand_r(&seed) % 40; n >= 0; n--)
			strbuf_adds(&in, pieces[(size_t)rand_r(&seed) % ARRAY_LEN(pieces)]);
		if (rand_r(&seed) % 8 == 0)
			strbuf_add(&in, "echo \0\xff\n", 8);
		ck_assert_int_eq(send(fd, in.p, in.len, MSG_NOSIGNAL), (ssize_t)in.len);
		shutdown(fd, SHUT_WR);
		strbuf_clear(&out);
		ck_assert(collect(fd, &out, SIZE_MAX));
		close(fd);
	}
	strbuf_fini(&in);
	strbuf_fini(&out);
	teardown();
}
END_TEST

static void make_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/test_ctl.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sock", dir);
}

static int dial(const struct addr *a)
{
	int fd = socket(a->sa.sa_family, SOCK_STREAM, 0);

	if (connect(fd, &a->sa, a->len) < 0) {
		close(fd);
		return -1;
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void expect_answer(const struct addr *a)
{
	struct strbuf out = { 0 };
	int fd = dial(a);

	ck_assert_int_ge(fd, 0);
	say(fd, "echo a\n");
	ck_assert(collect(fd, &out, SIZE_MAX));
	ck_assert_str_eq(strbuf_str(&out), "[echo][a]\n\n");
	strbuf_fini(&out);
	close(fd);
}

START_TEST(a_unix_socket_has_its_mode_and_goes_with_the_server)
{
	struct addr a;
	struct stat st;

	make_dir();
	setup();
	ck_assert_int_eq(addr_from_path(str_from(path), &a), 0);
	ck_assert_int_eq(ctl_server_listen(&server, &a, 0640, getuid(), getgid(), CTL_USER), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
	expect_answer(&a);
	teardown();
	ck_assert_int_eq(stat(path, &st), -1);
	ck_assert_int_eq(rmdir(dir), 0); /* and no temporary name is left */
}
END_TEST

START_TEST(a_successor_replaces_the_path_and_the_predecessor_leaves_it)
{
	struct ctl_server old;
	struct addr a;

	make_dir();
	setup();
	ck_assert_int_eq(addr_from_path(str_from(path), &a), 0);
	ctl_server_init(&old, &loop, commands, "x", &server);
	ck_assert_int_eq(ctl_server_listen(&old, &a, 0600, (uid_t)-1, (gid_t)-1, CTL_USER), 0);
	ck_assert_int_eq(ctl_server_listen(&server, &a, 0600, (uid_t)-1, (gid_t)-1, CTL_USER), 0);
	ctl_server_fini(&old);
	expect_answer(&a);
	teardown();
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

START_TEST(a_file_that_is_no_socket_is_not_replaced)
{
	struct addr a;
	FILE *f;

	make_dir();
	setup();
	f = fopen(path, "w");
	fclose(f);
	ck_assert_int_eq(addr_from_path(str_from(path), &a), 0);
	ck_assert_int_eq(ctl_server_listen(&server, &a, 0600, (uid_t)-1, (gid_t)-1, CTL_USER),
			 -EEXIST);
	unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
	ck_assert_int_eq(ctl_server_listen(&server, &a, 0600, (uid_t)-1, (gid_t)-1, CTL_USER),
			 -ENOENT);
	memset(path, 'x', sizeof(path));
	ck_assert_int_eq(addr_from_path((struct str){ path, 60 }, &a), 0);
	teardown();
}
END_TEST

START_TEST(tcp_and_adopted_sockets_work)
{
	struct addr a, b;
	int fd;

	setup();
	ck_assert_int_eq(addr_parse_ip(STR("127.0.0.1"), &a), 0);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, &a.sa, a.len), 0);
	ck_assert_int_eq(listen(fd, 5), 0);
	b = a;
	ck_assert_int_eq(getsockname(fd, &b.sa, &b.len), 0);
	ck_assert_int_eq(ctl_server_adopt(&server, fd, CTL_USER), 0);
	expect_answer(&b);
	ck_assert_int_eq(ctl_server_listen(&server, &b, 0, (uid_t)-1, (gid_t)-1, CTL_USER),
			 -EADDRINUSE);
	ck_assert_int_eq(ctl_server_listen(&server, &a, 0, (uid_t)-1, (gid_t)-1, CTL_USER), 0);
	ck_assert_int_eq(ctl_server_adopt(&server, -1, CTL_USER), -EBADF);
	ck_assert_int_eq(ctl_server_listen(&server, &(struct addr){ 0 }, 0, 0, 0, CTL_USER),
			 -EINVAL);
	teardown();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ctl");
	TCase *tc = tcase_create("ctl");

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, test_answers, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, a_line_may_come_byte_by_byte);
	tcase_add_test(tc, a_line_without_newline_is_answered_when_the_client_ends_its_side);
	tcase_add_test(tc, a_client_that_says_nothing_and_ends_gets_nothing);
	tcase_add_test(tc, prompt_keeps_the_connection_between_lines);
	tcase_add_test(tc, who_follows_hears_until_he_speaks);
	tcase_add_test(tc, who_follows_may_end_his_side);
	tcase_add_test(tc, an_answer_under_way_is_cancelled_at_the_end);
	tcase_add_test(tc, a_command_may_ask_for_patience);
	tcase_add_test(tc, a_long_answer_waits_for_a_slow_reader);
	tcase_add_test(tc, a_reader_that_vanishes_ends_the_answer);
	tcase_add_test(tc, a_line_that_is_too_long_is_refused);
	tcase_add_test(tc, too_many_words_are_refused_and_the_rest_of_the_line_dropped);
	tcase_add_test(tc, an_idle_connection_is_closed);
	tcase_add_test(tc, connections_are_limited);
	tcase_add_test(tc, a_nul_byte_is_refused);
	tcase_add_loop_test(tc, random_requests_are_all_answered_or_refused, 0, 10);
	tcase_add_test(tc, a_unix_socket_has_its_mode_and_goes_with_the_server);
	tcase_add_test(tc, a_successor_replaces_the_path_and_the_predecessor_leaves_it);
	tcase_add_test(tc, a_file_that_is_no_socket_is_not_replaced);
	tcase_add_test(tc, tcp_and_adopted_sockets_work);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
