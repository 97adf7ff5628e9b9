/* client.c - clients that the benchmark needs besides wrk; all talk to 127.0.0.1.
 *
 * client get PORT N PATH           N requests, one after the other, on one kept connection
 * client idle PORT N PATH          N connections with one answered request each; then says how many
 *                                  there are and holds them until its standard input ends
 * client rate PORT RPS SECONDS PATH  requests at that rate whatever becomes of them, on kept
 *                                  connections; says "requests p50 p99 errors" in microseconds,
 *                                  measured from when each was due
 * client churn PORT CONNS SECONDS PATH  CONNS at a time, each with one request, without a word that
 *                                  it is the only one; says a line as report.lua's */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tandem/clock.h>
#include <unistd.h>

#define MAX_CONNS 64

static char request[1024];
static size_t request_len;

static struct sockaddr_in loopback(const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	a.sin_port = htons((unsigned short)strtoul(port, NULL, 10));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

static int dial(const char *port)
{
	struct sockaddr_in a = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		err(1, "connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void make_request(const char *path)
{
	request_len = (size_t)snprintf(request, sizeof(request),
				       "GET %s HTTP/1.1\r\nHost: bench\r\n\r\n", path);
}

/* How far an answer has come; it must fit. */
struct answer {
	char bytes[65536];
	size_t len;
};

/* 1: whole; 0: more to come; -1: it is none. */
static int is_whole(struct answer *a)
{
	const char *end, *length;

	a->bytes[a->len] = '\0';
	end = strstr(a->bytes, "\r\n\r\n");
	if (end == NULL)
		return 0;
	length = strcasestr(a->bytes, "content-length:");
	if (strncmp(a->bytes, "HTTP/1.1 200", 12) != 0 || length == NULL || length > end)
		return -1;
	return a->len >= (size_t)(end + 4 - a->bytes) + strtoul(length + 15, NULL, 10);
}

static int read_more(int fd, struct answer *a)
{
	ssize_t n = read(fd, a->bytes + a->len, sizeof(a->bytes) - 1 - a->len);

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0)
		return -1;
	a->len += (size_t)n;
	return is_whole(a);
}

static void get(int fd)
{
	static struct answer a;
	int r;

	a.len = 0;
	if (write(fd, request, request_len) != (ssize_t)request_len)
		err(1, "write");
	while ((r = read_more(fd, &a)) == 0)
		;
	if (r < 0)
		errx(1, "no good answer: %.40s", a.bytes);
}

static int run_get(char **arg)
{
	int fd = dial(arg[0]);

	for (long n = strtol(arg[1], NULL, 10); n > 0; n--)
		get(fd);
	return 0;
}

static int run_idle(char **arg)
{
	long n = strtol(arg[1], NULL, 10);
	char byte;

	for (long i = 0; i < n; i++)
		get(dial(arg[0]));
	printf("%ld\n", n);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

/* ---- rate ---- */

static struct {
	int fd;
	int64_t due_us; /* of the request under way; 0: idle */
	struct answer answer;
} conns[MAX_CONNS];

static unsigned *latencies;
static size_t n_latencies, n_errors;

static void collect(const char *port, int64_t until_us)
{
	struct pollfd fds[MAX_CONNS];
	int64_t now_us = clock_mono_us();

	for (int i = 0; i < MAX_CONNS; i++)
		fds[i] = (struct pollfd){ .fd = conns[i].due_us ? conns[i].fd : -1,
					  .events = POLLIN };
	struct timespec wait = { .tv_nsec = until_us > now_us ? (until_us - now_us) % 1000000 * 1000
							      : 0 };
	if (ppoll(fds, MAX_CONNS, &wait, NULL) <= 0)
		return;
	now_us = clock_mono_us();
	for (int i = 0; i < MAX_CONNS; i++) {
		int r = fds[i].revents ? read_more(conns[i].fd, &conns[i].answer) : 0;

		if (r == 0)
			continue;
		if (r > 0)
			latencies[n_latencies++] = (unsigned)(now_us - conns[i].due_us);
		conns[i].due_us = 0;
		if (r < 0) {
			n_errors++;
			close(conns[i].fd);
			conns[i].fd = dial(port);
			fcntl(conns[i].fd, F_SETFL, O_NONBLOCK);
		}
	}
}

static bool send_one(int64_t due_us)
{
	for (int i = 0; i < MAX_CONNS; i++) {
		if (conns[i].due_us)
			continue;
		conns[i].due_us = due_us;
		conns[i].answer.len = 0;
		if (write(conns[i].fd, request, request_len) != (ssize_t)request_len)
			err(1, "write");
		return true;
	}
	return false;
}

static int by_value(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return x < y ? -1 : x > y;
}

static int run_rate(char **arg)
{
	double rps = strtod(arg[1], NULL), seconds = strtod(arg[2], NULL);
	int64_t start_us;
	size_t n = (size_t)(rps * seconds);

	latencies = calloc(n + 1, sizeof(*latencies));
	if (latencies == NULL)
		err(1, "calloc");
	for (int i = 0; i < MAX_CONNS; i++) {
		conns[i].fd = dial(arg[0]);
		fcntl(conns[i].fd, F_SETFL, O_NONBLOCK);
	}
	start_us = clock_mono_us();
	for (size_t i = 0; i < n;) {
		int64_t due_us = start_us + (int64_t)((double)i * 1e6 / rps);

		if (clock_mono_us() >= due_us && send_one(due_us))
			i++; /* when all are busy it waits, and the wait counts */
		else
			collect(arg[0], due_us);
	}
	for (int64_t end_us = clock_mono_us() + 1000000;
	     n_latencies + n_errors < n && clock_mono_us() < end_us;)
		collect(arg[0], end_us);
	qsort(latencies, n_latencies, sizeof(*latencies), by_value);
	printf("%zu %u %u %zu\n", n_latencies, latencies[n_latencies / 2],
	       latencies[n_latencies * 99 / 100], n - n_latencies);
	return 0;
}

/* ---- churn ---- */

static void churn_start(int i, const char *port)
{
	conns[i].fd = dial(port);
	conns[i].due_us = clock_mono_us();
	conns[i].answer.len = 0;
	if (write(conns[i].fd, request, request_len) != (ssize_t)request_len)
		err(1, "write");
	fcntl(conns[i].fd, F_SETFL, O_NONBLOCK);
}

static void churn_end(int i, int r, size_t room)
{
	if (r > 0 && n_latencies < room)
		latencies[n_latencies++] = (unsigned)(clock_mono_us() - conns[i].due_us);
	n_errors += r < 0;
	close(conns[i].fd);
}

static int run_churn(char **arg)
{
	int n = (int)strtol(arg[1], NULL, 10);
	double seconds = strtod(arg[2], NULL);
	size_t room = (size_t)(seconds * 200000);
	int64_t start_us = clock_mono_us(), end_us = start_us + (int64_t)(seconds * 1e6);
	struct pollfd fds[MAX_CONNS];

	latencies = calloc(room, sizeof(*latencies));
	if (latencies == NULL || n < 1 || n > MAX_CONNS)
		errx(1, "1 to %d connections", MAX_CONNS);
	for (int i = 0; i < n; i++)
		churn_start(i, arg[0]);
	while (clock_mono_us() < end_us) {
		for (int i = 0; i < n; i++)
			fds[i] = (struct pollfd){ .fd = conns[i].fd, .events = POLLIN };
		if (poll(fds, (nfds_t)n, 1000) <= 0)
			continue;
		for (int i = 0; i < n; i++) {
			int r = fds[i].revents ? read_more(conns[i].fd, &conns[i].answer) : 0;

			if (r == 0)
				continue;
			churn_end(i, r, room);
			churn_start(i, arg[0]);
		}
	}
	qsort(latencies, n_latencies, sizeof(*latencies), by_value);
	printf("BENCH %zu %u %u %.0f %zu\n", n_latencies, latencies[n_latencies / 2],
	       latencies[n_latencies * 99 / 100], (double)n_latencies / seconds, n_errors);
	return 0;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc < 5)
		errx(2, "usage: client get|idle PORT N PATH | rate PORT RPS SECONDS PATH"
			" | churn PORT CONNS SECONDS PATH");
	make_request(argv[argc - 1]);
	if (strcmp(argv[1], "get") == 0)
		return run_get(argv + 2);
	if (strcmp(argv[1], "idle") == 0)
		return run_idle(argv + 2);
	if (strcmp(argv[1], "rate") == 0 && argc == 6)
		return run_rate(argv + 2);
	if (strcmp(argv[1], "churn") == 0 && argc == 6)
		return run_churn(argv + 2);
	errx(2, "what is '%s'?", argv[1]);
}
