/* test_big_output.c - answers of megabytes to clients that do not read: memory stays bounded and
 * traffic goes on. */
#include <tandem/util.h>

#include "../../lib/proxyd_run.h"
#include "../../lib/unit.h"

#ifdef __SANITIZE_THREAD__ /* which makes the reading of the file twenty times as long */
#define N_SERVERS 1000
#else
#define N_SERVERS 10000
#endif
#define N_SESSIONS    1000
#define N_READERS     8
#define RSS_GROWTH_KB 8192 /* eight connections that hold 64 KiB and a piece each, and slack */

static struct run r;

static int command_socket(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval limit = { .tv_sec = WAIT_MS / 1000 };

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/sock", r.dir);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

static long rss_kb(void)
{
	char path[64], line[256];
	long kb = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)r.pid);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			break;
	ck_assert_int_eq(fclose(f), 0);
	return kb;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A request that the monitor answers; returns how long it took. */
static int64_t one_request(uint16_t port)
{
	static const char request[] = "GET /up HTTP/1.0\r\n\r\n";
	char answer[256];
	int64_t start_ms = now_ms();
	int fd = run_connect(port);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, request, sizeof(request) - 1), (int)sizeof(request) - 1);
	ck_assert_int_gt(read(fd, answer, sizeof(answer)), 0);
	ck_assert_int_eq(memcmp(answer, "HTTP/1.", 7), 0);
	close(fd);
	return now_ms() - start_ms;
}

/* Lines until the end; *n_bytes grows. */
static unsigned count_lines(int fd, size_t *n_bytes)
{
	char piece[65536];
	unsigned lines = 0;
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) > 0) {
		*n_bytes += (size_t)n;
		for (ssize_t i = 0; i < n; i++)
			lines += piece[i] == '\n';
	}
	ck_assert_int_eq(n, 0);
	return lines;
}

static void start(uint16_t port, uint16_t tcp_port)
{
	FILE *f;

	run_init(&r);
	f = fopen(run_path(&r, "cfg"), "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f,
		"global\n stats socket %s/sock level admin\n stats timeout 60s\n nbthread 2\n"
		"defaults\n mode http\n timeout connect 5s\n timeout client 60s\n"
		" timeout server 60s\nfrontend fe\n bind 127.0.0.1:%u\n monitor-uri /up\n"
		"frontend tcp\n mode tcp\n bind 127.0.0.1:%u\n default_backend hold\n"
		"backend hold\n mode tcp\n server h %s/hold\nbackend be\n",
		r.dir, port, tcp_port, r.dir);
	for (unsigned i = 0; i < N_SERVERS; i++)
		fprintf(f, " server s%u 127.0.0.1:%u\n", i, 1 + i % 60000);
	ck_assert_int_eq(fclose(f), 0);
	run_start(&r, 0, (const char *[]){ "-db", "-f", "cfg", NULL });
	run_expect(&r, "started");
}

START_TEST(ten_thousand_servers_stall_nobody)
{
	uint16_t port = run_free_port(), tcp_port = run_free_port();
	int readers[N_READERS];
	int64_t longest_ms = 0;
	size_t n_bytes = 0;
	long before, after;

	start(port, tcp_port);
	one_request(port);
	before = rss_kb();
	for (unsigned i = 0; i < N_READERS; i++) {
		readers[i] = command_socket();
		ck_assert_int_gt(dprintf(readers[i], "%s\n",
					 i % 2 ? "show stat json" : "show servers state;show stat"),
				 0);
	}
	for (unsigned i = 0; i < 100; i++)
		longest_ms = MAX(longest_ms, one_request(port));
	after = rss_kb();
	ck_assert_msg(after - before < RSS_GROWTH_KB || getenv("SANITIZE") != NULL,
		      "it grew by %ld KiB", after - before);
	/* a whole second would be a stall, on the slowest machine */
	ck_assert_msg(longest_ms < 1000, "a request took %lld ms", (long long)longest_ms);
	ck_assert_uint_eq(count_lines(readers[0], &n_bytes),
			  1 + 1 + N_SERVERS + 1 + 1 + 1 + N_SERVERS + 5 + 1);
	ck_assert_uint_eq(count_lines(readers[1], &n_bytes), 2);
	ck_assert_uint_gt(n_bytes, 10u << 20);
	for (unsigned i = 0; i < N_READERS; i++)
		close(readers[i]);
	one_request(port);
	kill(r.pid, SIGINT);
	ck_assert_int_eq(run_wait(&r), 0);
	run_fini(&r);
}
END_TEST

START_TEST(sessions_are_listed_while_they_come_and_go)
{
	uint16_t port = run_free_port(), tcp_port = run_free_port();
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int clients[N_SESSIONS], hold, fd;
	size_t n_bytes = 0;
	unsigned lines;

	start(port, tcp_port);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s/hold", r.dir);
	hold = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(hold, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(hold, 4096), 0);
	for (unsigned i = 0; i < N_SESSIONS; i++) {
		clients[i] = run_connect(tcp_port);
		ck_assert_int_ge(clients[i], 0);
		ck_assert_int_eq(write(clients[i], "x", 1), 1);
	}
	for (int ms = 0; ms < WAIT_MS; ms += 50) {
		n_bytes = 0;
		fd = command_socket();
		ck_assert_int_gt(dprintf(fd, "show sess\n"), 0);
		lines = count_lines(fd, &n_bytes);
		close(fd);
		if (lines == N_SESSIONS + 2)
			break;
		run_nap();
	}
	ck_assert_uint_eq(lines, N_SESSIONS + 2);
	/* half of them leave in the middle of a listing that nobody reads */
	fd = command_socket();
	ck_assert_int_gt(dprintf(fd, "show sess all\n"), 0);
	for (unsigned i = 0; i < N_SESSIONS; i += 2)
		close(clients[i]);
	one_request(port);
	ck_assert_uint_gt(count_lines(fd, &n_bytes), 7);
	close(fd);
	/* and one that leaves in the middle */
	fd = command_socket();
	ck_assert_int_gt(dprintf(fd, "show sess all\n"), 0);
	ck_assert_int_eq(read(fd, &lines, 1), 1);
	close(fd);
	for (unsigned i = 1; i < N_SESSIONS; i += 2)
		close(clients[i]);
	one_request(port);
	kill(r.pid, SIGINT);
	ck_assert_int_eq(run_wait(&r), 0);
	close(hold);
	run_fini(&r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("big_output");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 90);
	tcase_add_test(tc, ten_thousand_servers_stall_nobody);
	tcase_add_test(tc, sessions_are_listed_while_they_come_and_go);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
