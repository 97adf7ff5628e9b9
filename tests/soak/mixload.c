/* mixload.c - a mixed load through a proxy, and the servers behind it, which fail and return.
 *
 *   mixload -s SECONDS -h PORT -t PORT -p PORT -q PORT [-n SERVERS] [-r SEED] [-a ACTORS]
 *
 * -h, -t: where the proxy listens for HTTP and TCP; -p, -q: the first port of the HTTP and of the
 * TCP servers. ACTORS clients, of seven kinds, ask one thing after the other and compare every byte
 * of the answer. A request that a proxy could have served and did not is a failure: all but those
 * whose server died when the response had begun, or with a body too large to be sent again. A kept
 * connection may be closed while nothing is asked; the request is then sent again on a new one, as
 * clients do. Exit 1 after a failure. */
#include "mixload.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <http_parser.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tandem/clock.h>
#include <unistd.h>

#define LIMIT_US    (20 * US_PER_S)
#define MAX_REPORTS 20

enum kind { KEPT, NEW, POSTS, BIG_GET, BIG_POST, TCP, ABORTS, N_KINDS };
static const char *const kind_names[] = { "kept",     "new", "post",   "big get",
					  "big post", "tcp", "aborted" };

struct load {
	struct ev_loop *loop;
	struct sockaddr_in http, tcp;
	struct upstreams *upstreams;
	ev_timer end;
	bool is_ending;
	unsigned n_busy, n_failed, n_excused, n_reopened;
	unsigned long n_done[N_KINDS];
	uint64_t n_bytes;
	int64_t started_us, slowest_us;
};

struct actor {
	struct load *load;
	int id;
	enum kind kind;
	ev_io io; /* fd -1: no connection */
	ev_timer timer;
	bool is_busy, is_kept; /* kept: the connection has been used before */
	bool has_answer;       /* a byte of it came */
	int64_t began_us;
	/* what is to be sent: text, then a part of the pattern; and what is to come */
	char head[256];
	size_t head_len, head_at, body_size, body_at, size, got;
	http_parser parser;
	bool is_done, is_last, is_wrong;
};

static void begin(struct actor *a);

static void disconnect(struct actor *a)
{
	if (a->io.fd == -1)
		return;
	ev_io_stop(a->load->loop, &a->io);
	close(a->io.fd);
	a->io.fd = -1;
	a->is_kept = false;
}

static void arm(struct actor *a, double seconds)
{
	ev_timer_stop(a->load->loop, &a->timer);
	ev_timer_set(&a->timer, seconds, 0);
	ev_timer_start(a->load->loop, &a->timer);
}

static void rest(struct actor *a)
{
	a->is_busy = false;
	a->load->n_busy--;
	if (a->load->is_ending) {
		disconnect(a);
		ev_timer_stop(a->load->loop, &a->timer);
		if (a->load->n_busy == 0)
			ev_break(a->load->loop, EVBREAK_ALL);
		return;
	}
	arm(a, (5 + rand() % 80) / 1000.0);
}

static void succeed(struct actor *a)
{
	struct load *l = a->load;

	l->n_done[a->kind]++;
	l->n_bytes += a->got + a->body_at;
	l->slowest_us = MAX(l->slowest_us, clock_mono_us() - a->began_us);
	if (a->is_last || a->kind != KEPT)
		disconnect(a);
	else
		a->is_kept = true;
	rest(a);
}

static void fail(struct actor *a, const char *why)
{
	struct load *l = a->load;

	/* its server died before it had seen a byte of it, and a proxy cannot send it again */
	if ((a->kind == TCP || a->kind == BIG_POST) && !is_excused[a->id] &&
	    n_anonymous_deaths > 0) {
		n_anonymous_deaths--;
		is_excused[a->id] = true;
	}
	if (is_excused[a->id]) {
		l->n_excused++;
	} else if (l->n_failed++ < MAX_REPORTS) {
		double now = (double)(clock_mono_us() - l->started_us) / 1e6;

		printf("FAILED at %.3f s: %s of %zu and %zu bytes: %s; status %u, %zu bytes came, "
		       "%zu were sent, after %lld ms\n",
		       now, kind_names[a->kind], a->body_size, a->size, why,
		       a->has_answer ? a->parser.status_code : 0, a->got, a->body_at,
		       (long long)(clock_mono_us() - a->began_us) / 1000);
	}
	disconnect(a);
	rest(a);
}

/* ---- one request ---- */

static int on_body(http_parser *p, const char *at, size_t len)
{
	struct actor *a = container_of(p, struct actor, parser);

	if (!is_pattern(at, len, a->got))
		a->is_wrong = true;
	a->got += len;
	return 0;
}

static int on_complete(http_parser *p)
{
	struct actor *a = container_of(p, struct actor, parser);

	a->is_done = true;
	a->is_last = http_should_keep_alive(p) == 0;
	return 0;
}

static const http_parser_settings settings = { .on_body = on_body,
					       .on_message_complete = on_complete };

static void http_read(struct actor *a, const char *in, ssize_t n)
{
	(void)http_parser_execute(&a->parser, &settings, in, (size_t)n);
	if (!a->is_done && HTTP_PARSER_ERRNO(&a->parser) != HPE_OK)
		fail(a, http_errno_description(HTTP_PARSER_ERRNO(&a->parser)));
	else if (!a->is_done && n == 0)
		fail(a, a->has_answer ? "closed in the response" : "closed without a response");
	else if (!a->is_done)
		return;
	else if (a->parser.status_code != 200)
		fail(a, "not 200");
	else if (a->is_wrong || a->got != a->size)
		fail(a, "another body");
	else
		succeed(a);
}

static void tcp_read(struct actor *a, const char *in, ssize_t n)
{
	size_t skip = a->got < TCP_HEAD ? MIN((size_t)n, TCP_HEAD - a->got) : 0;

	if (n == 0 && a->got == a->size + TCP_HEAD) {
		succeed(a);
		return;
	}
	if (n == 0) {
		fail(a, "closed early");
		return;
	}
	if (!is_pattern(in + skip, (size_t)n - skip, a->got + skip - TCP_HEAD))
		a->is_wrong = true;
	a->got += (size_t)n;
	if (a->is_wrong || a->got > a->size + TCP_HEAD)
		fail(a, "other bytes");
}

static void read_some(struct actor *a)
{
	static char in[PATTERN_ROOM];
	ssize_t n = recv(a->io.fd, in, sizeof(in), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 && !a->is_busy) { /* a kept connection ends */
		disconnect(a);
		return;
	}
	if (n <= 0 && a->is_kept && !a->has_answer) {
		a->load->n_reopened++;
		disconnect(a);
		a->load->n_busy--;
		a->is_busy = false;
		begin(a);
		return;
	}
	if (n < 0) {
		fail(a, strerror(errno));
		return;
	}
	a->has_answer = a->has_answer || n > 0;
	if (a->kind == TCP)
		tcp_read(a, in, n);
	else
		http_read(a, in, n);
}

/* Send what can be sent; a failure shows when we read. */
static void send_some(struct actor *a)
{
	ssize_t n = 1;

	while (n > 0 && a->head_at < a->head_len) {
		n = send(a->io.fd, a->head + a->head_at, a->head_len - a->head_at, MSG_NOSIGNAL);
		a->head_at += n > 0 ? (size_t)n : 0;
	}
	for (unsigned i = 0; n > 0 && i < 4 && a->body_at < a->body_size; i++) {
		n = send_pattern(a->io.fd, a->body_at, a->body_size - a->body_at);
		a->body_at += n > 0 ? (size_t)n : 0;
	}
	if (a->head_at == a->head_len && a->body_at == a->body_size) {
		if (a->kind == TCP)
			(void)shutdown(a->io.fd, SHUT_WR);
		watch(a->load->loop, &a->io, EV_READ);
	} else if (n < 0 && errno != EAGAIN) {
		watch(a->load->loop, &a->io, EV_READ);
	}
}

static void on_io(struct ev_loop *loop, ev_io *w, int revents)
{
	struct actor *a = container_of(w, struct actor, io);

	(void)loop;
	if (revents & EV_WRITE)
		send_some(a);
	if ((revents & EV_READ) && a->io.fd != -1)
		read_some(a);
}

static size_t some(size_t small, size_t large)
{
	return (size_t)rand() % (rand() % 4 == 0 ? large : small);
}

/* What this kind of client asks. */
static void choose(struct actor *a)
{
	const bool is_big = a->kind == BIG_GET || a->kind == BIG_POST || a->kind == ABORTS;

	a->size = is_big && a->kind != BIG_POST ? some(200000, 1500000) : some(2000, 20000);
	a->body_size = 0;
	if (a->kind == POSTS)
		a->body_size = some(500, RETRYABLE_LEN);
	else if (a->kind == BIG_POST)
		a->body_size = RETRYABLE_LEN + 1 + some(200000, 1500000);
	if (a->kind == TCP) {
		a->body_size = a->size = some(10000, 300000);
		a->head_len = (size_t)snprintf(a->head, sizeof(a->head), "T%04d\n", a->id);
		return;
	}
	a->head_len = (size_t)snprintf(
		a->head, sizeof(a->head), "%s /%d/%zu HTTP/1.1\r\nHost: soak\r\n%s",
		a->kind == POSTS || a->kind == BIG_POST ? "POST" : "GET", a->id, a->size,
		a->kind == KEPT || a->kind == ABORTS ? "" : "Connection: close\r\n");
	if (a->kind == POSTS || a->kind == BIG_POST)
		a->head_len +=
			(size_t)snprintf(a->head + a->head_len, sizeof(a->head) - a->head_len,
					 "Content-Length: %zu\r\n", a->body_size);
	a->head_len +=
		(size_t)snprintf(a->head + a->head_len, sizeof(a->head) - a->head_len, "\r\n");
}

static void begin(struct actor *a)
{
	struct load *l = a->load;
	const struct sockaddr_in *to = a->kind == TCP ? &l->tcp : &l->http;
	int one = 1, fd;

	choose(a);
	a->head_at = a->body_at = a->got = 0;
	a->is_done = a->is_last = a->is_wrong = a->has_answer = false;
	is_excused[a->id] = false;
	http_parser_init(&a->parser, HTTP_RESPONSE);
	a->began_us = clock_mono_us();
	a->is_busy = true;
	l->n_busy++;
	arm(a, a->kind == ABORTS ? rand() % 30 / 1000.0 : (double)LIMIT_US / 1e6);
	if (a->io.fd != -1) {
		watch(l->loop, &a->io, EV_READ | EV_WRITE);
		return;
	}
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(1, "socket");
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	ev_io_init(&a->io, on_io, fd, EV_READ | EV_WRITE);
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) != 0 && errno != EINPROGRESS)
		fail(a, "connect");
	else
		ev_io_start(l->loop, &a->io);
}

static void on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct actor *a = container_of(w, struct actor, timer);

	(void)revents;
	if (!a->is_busy && a->load->is_ending) {
		disconnect(a);
		if (a->load->n_busy == 0)
			ev_break(loop, EVBREAK_ALL);
	} else if (!a->is_busy) {
		begin(a);
	} else if (a->kind == ABORTS) {
		a->is_last = true;
		succeed(a);
	} else {
		fail(a, "too long");
	}
}

/* ---- the whole ---- */

static void on_end(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct load *l = container_of(w, struct load, end);

	(void)loop, (void)revents;
	l->is_ending = true;
	upstreams_calm(l->upstreams);
}

static struct sockaddr_in loopback(const char *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	in.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return in;
}

/* Failures. */
static unsigned report(const struct load *l)
{
	double s = (double)(clock_mono_us() - l->started_us) / 1e6;
	unsigned long n = 0;

	upstreams_report(l->upstreams);
	printf("requests:");
	for (int k = 0; k < N_KINDS; k++) {
		printf(" %s %lu,", kind_names[k], l->n_done[k]);
		n += l->n_done[k];
	}
	printf(" in all %lu (%.0f/s, %.1f MB/s), the slowest %lld ms\n", n, (double)n / s,
	       (double)l->n_bytes / s / 1e6, (long long)l->slowest_us / 1000);
	printf("failed %u, lost with a server %u, sent again on a new connection %u\n", l->n_failed,
	       l->n_excused, l->n_reopened);
	return l->n_failed;
}

int main(int argc, char **argv)
{
	/* of 20 actors */
	static const enum kind mix[] = { KEPT, KEPT, KEPT, KEPT,     KEPT,     NEW,   NEW,
					 NEW,  NEW,  NEW,  POSTS,    POSTS,    POSTS, BIG_GET,
					 TCP,  TCP,  TCP,  BIG_POST, BIG_POST, ABORTS };
	static struct actor actors[MAX_ACTORS];
	static struct load l;
	int http_port = 0, tcp_port = 0, opt;
	unsigned n_servers = 4, n_actors = 60;
	double seconds = 10;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((opt = getopt(argc, argv, "s:h:t:p:q:n:r:a:")) != -1) {
		switch (opt) {
		case 's':
			seconds = strtod(optarg, NULL);
			break;
		case 'h':
			l.http = loopback(optarg);
			break;
		case 't':
			l.tcp = loopback(optarg);
			break;
		case 'p':
			http_port = atoi(optarg);
			break;
		case 'q':
			tcp_port = atoi(optarg);
			break;
		case 'n':
			n_servers = (unsigned)atoi(optarg);
			break;
		case 'r':
			srand((unsigned)atoi(optarg));
			break;
		case 'a':
			n_actors = MIN((unsigned)atoi(optarg), (unsigned)MAX_ACTORS);
			break;
		default:
			errx(2, "usage: see the head of mixload.c");
		}
	}
	l.loop = ev_default_loop(0);
	l.upstreams = upstreams_new(l.loop, n_servers, http_port, tcp_port);
	l.started_us = clock_mono_us();
	for (unsigned i = 0; i < n_actors; i++) {
		struct actor *a = &actors[i];

		*a = (struct actor){ .load = &l, .id = (int)i, .kind = mix[i % ARRAY_LEN(mix)] };
		ev_init(&a->io, on_io);
		a->io.fd = -1;
		ev_init(&a->timer, on_timer);
		/* spread; also over the time that the proxy needs to see its servers */
		arm(a, 0.5 + (double)i / n_actors);
	}
	ev_timer_init(&l.end, on_end, seconds, 0);
	ev_timer_start(l.loop, &l.end);
	upstreams_trouble(l.upstreams);
	ev_run(l.loop, 0);
	return report(&l) > 0;
}
