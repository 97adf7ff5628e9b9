/* test_slow.c - the real program between slow or silent peers: what they cost, and how they end. */
#include "../../lib/proxyd_run.h"

#include <tandem/util.h>

#include "../../lib/unit.h"

#define N_PEERS 200
#define BODY    (1 << 20)
#define SLOW_MS "1500" /* timeout client: long enough for all peers to be there together */
/* KiB, see proxyd(8): two buffers of 18 KiB and what is around them. Sanitizers keep what was
 * freed. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PER_PEER 4000
#else
#define PER_PEER 40
#endif

static struct run run;
static int server_fd;
static uint16_t server_port, port;

static void setup(void)
{
	static const char *const args[] = { "-db", "-f", "p.cfg", NULL };

	run_init(&run);
	server_fd = run_listen(&server_port);
	ck_assert_int_eq(listen(server_fd, 2 * N_PEERS), 0); /* who is not accepted yet */
	port = run_free_port();
	run_write(&run, "p.cfg",
		  "global\n nbthread 1\n maxconn 1000\ndefaults\n mode http\n timeout connect 5s\n"
		  " timeout client " SLOW_MS "\n timeout server 10s\n timeout http-request " SLOW_MS
		  "\nlisten a\n bind 127.0.0.1:%u\n option nolinger\n server s 127.0.0.1:%u\n",
		  port, server_port);
	run_start(&run, 0, args);
	run_expect(&run, "started");
}

static void teardown(void)
{
	close(server_fd);
	run_fini(&run);
}

static long memory_kib(void)
{
	char path[64], line[256];
	long kib = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)run.pid);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	fclose(f);
	ck_assert_int_gt(kib, 0);
	return kib;
}

static void say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* What comes until the end; -1: it was reset. */
static ssize_t read_to_end(int fd, char *out, size_t size)
{
	size_t len = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		ck_assert_int_eq(poll(&p, 1, WAIT_MS), 1);
		n = recv(fd, out + len, size - len - 1, 0);
		if (n == -1 && errno == ECONNRESET)
			return -1;
		ck_assert_int_ge(n, 0);
		if (n == 0)
			break;
		len += (size_t)n;
		if (len == size - 1)
			len = 0; /* only the end matters */
	}
	out[len] = '\0';
	return (ssize_t)len;
}

/* Heads, bodies that never finish. Each kind ends with its answer and costs no more than promised.
 */
static void check_senders(const char *begin, const char *status)
{
	int fds[N_PEERS];
	char answer[1024];
	long before = memory_kib();

	for (int i = 0; i < N_PEERS; i++) {
		fds[i] = run_connect(port);
		ck_assert_int_ne(fds[i], -1);
		say(fds[i], begin);
	}
	for (int i = 0; i < N_PEERS; i++)
		say(fds[i], "x");
	ck_assert_int_lt(memory_kib() - before, N_PEERS * PER_PEER);
	for (int i = 0; i < N_PEERS; i++) {
		ck_assert_int_gt(read_to_end(fds[i], answer, sizeof(answer)), 0);
		ck_assert_msg(strstr(answer, status) != NULL, "%s", answer);
		close(fds[i]);
	}
}

START_TEST(slow_heads_end_with_408)
{
	check_senders("GET / HTTP/1.1\r\nHost: a\r\nX-", " 408 ");
}
END_TEST

START_TEST(slow_bodies_end_with_408)
{
	check_senders("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc", " 408 ");
}
END_TEST

/* One server connection each: the whole answer is offered at once, nobody reads it. */
START_TEST(slow_readers_are_cut_off)
{
	static char body[BODY];
	int clients[N_PEERS], servers[N_PEERS], small = 4096;
	char text[4096];
	long before = memory_kib();

	memset(body, 'b', sizeof(body));
	for (int i = 0; i < N_PEERS; i++) {
		clients[i] = run_connect(port);
		ck_assert_int_ne(clients[i], -1);
		setsockopt(clients[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
		say(clients[i], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
		servers[i] = accept(server_fd, NULL, NULL);
		ck_assert_int_ne(servers[i], -1);
		ck_assert_int_gt(recv(servers[i], text, sizeof(text), 0), 0);
		snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n",
			 64 * BODY);
		say(servers[i], text);
		while (send(servers[i], body, sizeof(body), MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
			;
	}
	ck_assert_int_lt(memory_kib() - before, N_PEERS * PER_PEER);
	for (int i = 0; i < N_PEERS; i++) {
		struct pollfd p = { .fd = servers[i], .events = POLLRDHUP | POLLHUP };

		ck_assert_int_eq(poll(&p, 1, WAIT_MS), 1); /* the proxy has closed it */
		close(servers[i]);
		close(clients[i]);
	}
}
END_TEST

/* option nolinger: the server of a client that left sees a reset; the client reads its answer. */
START_TEST(nolinger_resets_the_server_only)
{
	char text[1024];
	int client = run_connect(port), server;

	ck_assert_int_ne(client, -1);
	say(client, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
	server = accept(server_fd, NULL, NULL);
	ck_assert_int_ne(server, -1);
	ck_assert_int_gt(recv(server, text, sizeof(text), 0), 0);
	say(server, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
	ck_assert_int_gt(read_to_end(client, text, sizeof(text)), 0);
	ck_assert_ptr_nonnull(strstr(text, "\r\n\r\nok"));
	ck_assert_int_eq(read_to_end(server, text, sizeof(text)), -1);
	close(client);
	close(server);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("slow");
	TCase *tc = tcase_create("peers");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, slow_heads_end_with_408);
	tcase_add_test(tc, slow_bodies_end_with_408);
	tcase_add_test(tc, slow_readers_are_cut_off);
	tcase_add_test(tc, nolinger_resets_the_server_only);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
