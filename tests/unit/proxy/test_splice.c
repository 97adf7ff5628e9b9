/* test_splice.c - bytes from socket to socket through a pipe, and what becomes of the pipe. */
#include "net/splice.h"

#include "../../lib/unit.h"
#include "net/stream.h"
#include "process/worker_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct worker_private priv;
static struct worker worker = { .priv = &priv };
static struct channel ch;
static int from[2], to[2]; /* [0]: the channel's end */

static void setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	priv = (struct worker_private){ .w = &worker };
	ch = (struct channel){ .pipe = { -1, -1 } };
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, from), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, to), 0);
	ck_assert_int_eq(splice_prepare(&worker, &ch), 0);
}

static void teardown(void)
{
	splice_release(&worker, &ch);
	splice_fini(&worker);
	for (int i = 0; i < 2; i++) {
		close(from[i]);
		close(to[i]);
	}
}

static void say(const char *text)
{
	ck_assert_int_eq(write(from[1], text, strlen(text)), (ssize_t)strlen(text));
}

START_TEST(test_bytes_pass)
{
	uint64_t n_bytes = 5;
	char in[16];

	say("hello");
	ck_assert_int_eq(channel_splice_in(&ch, from[0], SPLICE_MAX), 5);
	ck_assert_uint_eq(ch.n_piped, 5);
	ck_assert_int_eq(channel_splice_out(&ch, to[0], &n_bytes), 0);
	ck_assert_uint_eq(n_bytes, 10);
	ck_assert_uint_eq(ch.n_piped, 0);
	ck_assert(!ch.is_blocked);
	ck_assert_int_eq(read(to[1], in, sizeof(in)), 5);
	ck_assert_mem_eq(in, "hello", 5);
}
END_TEST

/* What lies behind the message stays in the socket. */
START_TEST(test_no_more_than_asked)
{
	char in[16];

	say("bodynext");
	ck_assert_int_eq(channel_splice_in(&ch, from[0], 4), 4);
	ck_assert_int_eq(recv(from[0], in, sizeof(in), 0), 4);
	ck_assert_mem_eq(in, "next", 4);
}
END_TEST

START_TEST(test_nothing_there_and_the_end)
{
	ck_assert_int_eq(channel_splice_in(&ch, from[0], SPLICE_MAX), -EAGAIN);
	shutdown(from[1], SHUT_WR);
	ck_assert_int_eq(channel_splice_in(&ch, from[0], SPLICE_MAX), 0);
}
END_TEST

START_TEST(test_a_full_socket_blocks)
{
	static char bytes[65536];
	uint64_t n_bytes = 0;
	size_t n_left;

	while (write(to[0], bytes, sizeof(bytes)) > 0)
		;
	say("hello");
	ck_assert_int_eq(channel_splice_in(&ch, from[0], SPLICE_MAX), 5);
	ck_assert_int_eq(channel_splice_out(&ch, to[0], &n_bytes), 0);
	ck_assert(ch.is_blocked);
	n_left = ch.n_piped;
	ck_assert_uint_eq(n_left + n_bytes, 5);
	while (read(to[1], bytes, sizeof(bytes)) > 0)
		;
	ck_assert_int_eq(channel_splice_out(&ch, to[0], &n_bytes), 0);
	ck_assert(!ch.is_blocked);
	ck_assert_uint_eq(n_bytes, 5);
}
END_TEST

START_TEST(test_a_broken_socket)
{
	uint64_t n_bytes = 0;

	say("hello");
	ck_assert_int_eq(channel_splice_in(&ch, from[0], SPLICE_MAX), 5);
	shutdown(to[1], SHUT_RD);
	ck_assert_int_eq(channel_splice_out(&ch, to[0], &n_bytes), -EPIPE);
	ck_assert(!ch.is_blocked);
}
END_TEST

/* An empty pipe is kept for the next; one with bytes in it must not be. */
START_TEST(test_pipes_are_kept_when_empty)
{
	int first = ch.pipe[0];

	splice_release(&worker, &ch);
	ck_assert_int_eq(ch.pipe[0], -1);
	ck_assert_uint_eq(priv.n_pipes, 1);
	splice_release(&worker, &ch); /* there is none: legal */
	ck_assert_int_eq(splice_prepare(&worker, &ch), 0);
	ck_assert_int_eq(ch.pipe[0], first);
	ck_assert_int_eq(splice_prepare(&worker, &ch), 0); /* has one: keeps it */
	ck_assert_int_eq(ch.pipe[0], first);
	ck_assert_uint_eq(priv.n_pipes, 0);
	say("hello");
	ck_assert_int_eq(channel_splice_in(&ch, from[0], SPLICE_MAX), 5);
	splice_release(&worker, &ch);
	ck_assert_uint_eq(ch.n_piped, 0);
	ck_assert_uint_eq(priv.n_pipes, 0);
}
END_TEST

START_TEST(test_few_pipes_are_kept)
{
	struct channel many[ARRAY_LEN(priv.pipes) + 4];

	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		many[i] = (struct channel){ .pipe = { -1, -1 } };
		ck_assert_int_eq(splice_prepare(&worker, &many[i]), 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		splice_release(&worker, &many[i]);
	ck_assert_uint_eq(priv.n_pipes, ARRAY_LEN(priv.pipes));
	ck_assert_uint_eq(priv.n_open_pipes, ARRAY_LEN(priv.pipes) + 1); /* and setup's */
	splice_fini(&worker);
	ck_assert_uint_eq(priv.n_pipes, 0);
	ck_assert_uint_eq(priv.n_open_pipes, 1);
}
END_TEST

/* Slow readers that hold pipes shall not take all that a user may have. */
START_TEST(test_few_pipes_are_large)
{
	struct channel many[20];

	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		many[i] = (struct channel){ .pipe = { -1, -1 } };
		ck_assert_int_eq(splice_prepare(&worker, &many[i]), 0);
	}
	ck_assert_int_le(fcntl(many[19].pipe[1], F_GETPIPE_SZ), 256 * 1024);
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		splice_release(&worker, &many[i]);
}
END_TEST

START_TEST(test_without_a_pipe_it_says_so_and_tries_later)
{
	struct rlimit before, none;
	struct channel other = { .pipe = { -1, -1 } };

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 3;
	worker.loop.now_us = 1;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(splice_prepare(&worker, &other), -EMFILE);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_int_eq(splice_prepare(&worker, &other), -EAGAIN);
	ck_assert_int_eq(other.pipe[0], -1);
	worker.loop.now_us += 1000 * 1000;
	ck_assert_int_eq(splice_prepare(&worker, &other), 0);
	splice_release(&worker, &other);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("splice");
	TCase *tc = tcase_create("splice");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_bytes_pass);
	tcase_add_test(tc, test_no_more_than_asked);
	tcase_add_test(tc, test_nothing_there_and_the_end);
	tcase_add_test(tc, test_a_full_socket_blocks);
	tcase_add_test(tc, test_a_broken_socket);
	tcase_add_test(tc, test_pipes_are_kept_when_empty);
	tcase_add_test(tc, test_few_pipes_are_kept);
	tcase_add_test(tc, test_few_pipes_are_large);
	tcase_add_test(tc, test_without_a_pipe_it_says_so_and_tries_later);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
