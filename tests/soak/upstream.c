/* upstream.c - the servers of mixload: HTTP (any path /ACTOR/SIZE answers SIZE bytes; bodies are
 * compared with the pattern) and TCP (all that comes is sent back). */
#include "mixload.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <http_parser.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <tandem/list.h>
#include <unistd.h>

#define MAX_SERVERS 8
#define ECHO_ROOM   65536

char pattern[PATTERN_LEN + PATTERN_ROOM];
bool is_excused[MAX_ACTORS];
unsigned n_anonymous_deaths;

struct endpoint {
	struct upstreams *all;
	int port;
	bool is_tcp, is_up, is_stopping;
	ev_io listener;
	struct list conns;
};

struct upstreams {
	struct ev_loop *loop;
	unsigned n;
	struct endpoint http[MAX_SERVERS], tcp[MAX_SERVERS];
	ev_timer trouble;
	int down; /* -1: all are up */
	unsigned n_stopped, n_killed, n_cut, n_excused, n_bad_bodies;
};

struct conn {
	struct list node;
	struct endpoint *at;
	ev_io io;
	ev_timer delay;
	int actor; /* -1: not known yet */
	/* HTTP */
	http_parser parser;
	char path[32];
	size_t path_len, body_len, size;
	bool is_asked; /* a request has begun, its response has not ended */
	bool is_big, is_bad, want_close, has_served;
	/* what is to be written: text, then a part of the pattern, then the end of a chunked body
	 */
	char head[256];
	size_t head_len, head_at, body_at, body_size;
	const char *tail;
	/* TCP */
	char *echo; /* owned */
	size_t echo_len, echo_at;
	bool is_eof;
};

static void conn_free(struct conn *c)
{
	ev_io_stop(c->at->all->loop, &c->io);
	ev_timer_stop(c->at->all->loop, &c->delay);
	close(c->io.fd);
	list_del(&c->node);
	free(c->echo);
	free(c);
}

/* ---- HTTP ---- */

static int on_begin(http_parser *p)
{
	struct conn *c = container_of(p, struct conn, parser);

	c->path_len = c->body_len = 0;
	c->is_asked = true;
	c->is_big = c->is_bad = false;
	c->actor = -1;
	return 0;
}

static int on_url(http_parser *p, const char *at, size_t len)
{
	struct conn *c = container_of(p, struct conn, parser);
	size_t n = MIN(len, sizeof(c->path) - 1 - c->path_len);

	memcpy(c->path + c->path_len, at, n);
	c->path_len += n;
	c->path[c->path_len] = '\0';
	return 0;
}

static int on_headers(http_parser *p)
{
	struct conn *c = container_of(p, struct conn, parser);

	if (sscanf(c->path, "/%d/%zu", &c->actor, &c->size) != 2 || c->actor < 0 ||
	    c->actor >= MAX_ACTORS) {
		c->actor = -1;
		c->size = 2;
	}
	c->is_big = p->content_length != UINT64_MAX && p->content_length > RETRYABLE_LEN;
	return 0;
}

static int on_body(http_parser *p, const char *at, size_t len)
{
	struct conn *c = container_of(p, struct conn, parser);

	if (!is_pattern(at, len, c->body_len))
		c->is_bad = true;
	c->body_len += len;
	c->is_big = c->is_big || c->body_len > RETRYABLE_LEN;
	return 0;
}

static int on_complete(http_parser *p)
{
	struct conn *c = container_of(p, struct conn, parser);
	bool keep = http_should_keep_alive(p) && !c->at->is_stopping && rand() % 40 != 0;
	bool is_chunked = c->size % 3 == 0 && p->http_minor > 0;
	int n;

	if (c->is_bad)
		c->at->all->n_bad_bodies++;
	n = snprintf(c->head, sizeof(c->head), "HTTP/1.1 %s\r\nX-Body: %zu\r\nConnection: %s\r\n",
		     c->is_bad ? "409 Conflict" : "200 OK", c->body_len,
		     keep ? "keep-alive" : "close");
	n += is_chunked ? snprintf(c->head + n, sizeof(c->head) - (size_t)n,
				   "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", c->size)
			: snprintf(c->head + n, sizeof(c->head) - (size_t)n,
				   "Content-Length: %zu\r\n\r\n", c->size);
	c->tail = !is_chunked ? "" : c->size == 0 ? "\r\n" : "\r\n0\r\n\r\n";
	c->head_len = (size_t)n;
	c->head_at = c->body_at = 0;
	c->body_size = c->size;
	c->want_close = !keep;
	http_parser_pause(p, 1); /* one at a time */
	return 0;
}

static const http_parser_settings settings = { .on_message_begin = on_begin,
					       .on_url = on_url,
					       .on_headers_complete = on_headers,
					       .on_body = on_body,
					       .on_message_complete = on_complete };

/* The next bytes of the response. <0: the connection is broken. */
static ssize_t send_piece(struct conn *c)
{
	ssize_t n;

	if (c->head_at < c->head_len) {
		n = send(c->io.fd, c->head + c->head_at, c->head_len - c->head_at,
			 MSG_NOSIGNAL | (c->body_size ? MSG_MORE : 0));
		c->head_at += n > 0 ? (size_t)n : 0;
	} else if (c->body_at < c->body_size) {
		n = send_pattern(c->io.fd, c->body_at, c->body_size - c->body_at);
		c->body_at += n > 0 ? (size_t)n : 0;
	} else {
		n = send(c->io.fd, c->tail, strlen(c->tail), MSG_NOSIGNAL);
		c->tail += n > 0 ? n : 0;
	}
	return n;
}

/* false: it is gone */
static bool answer(struct conn *c)
{
	while (c->head_at < c->head_len || c->body_at < c->body_size || *c->tail != '\0') {
		if (send_piece(c) > 0)
			continue;
		if (errno != EAGAIN) {
			conn_free(c);
			return false;
		}
		watch(c->at->all->loop, &c->io, EV_WRITE);
		return true;
	}
	c->is_asked = false;
	c->has_served = true;
	c->head_len = c->head_at = 0;
	if (c->want_close || c->at->is_stopping) {
		conn_free(c);
		return false;
	}
	http_parser_pause(&c->parser, 0);
	watch(c->at->all->loop, &c->io, EV_READ);
	return true;
}

static void on_delay(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop, (void)revents;
	(void)answer(container_of(w, struct conn, delay));
}

/* Some requests take a while: they are in progress when their server ends. */
static void answer_soon(struct conn *c)
{
	if (rand() % 4 != 0) {
		(void)answer(c);
		return;
	}
	ev_timer_set(&c->delay, rand() % 60 / 1000.0, 0);
	ev_timer_start(c->at->all->loop, &c->delay);
}

static void http_read(struct conn *c)
{
	static char in[65536];
	ssize_t n = recv(c->io.fd, in, sizeof(in), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		conn_free(c);
		return;
	}
	(void)http_parser_execute(&c->parser, &settings, in, (size_t)n);
	if (HTTP_PARSER_ERRNO(&c->parser) == HPE_PAUSED)
		answer_soon(c);
	else if (HTTP_PARSER_ERRNO(&c->parser) != HPE_OK)
		conn_free(c);
}

/* ---- TCP ---- */

static void tcp_go_on(struct conn *c)
{
	ssize_t n;

	if (c->echo_len == 0 && !c->is_eof) {
		n = recv(c->io.fd, c->echo, ECHO_ROOM, 0);
		if (n < 0 && errno != EAGAIN) {
			conn_free(c);
			return;
		}
		c->is_eof = n == 0;
		c->echo_len = n > 0 ? (size_t)n : 0;
		c->echo[c->echo_len] = '\0';
		if (c->actor == -1 && n >= TCP_HEAD)
			(void)sscanf(c->echo, "T%4d\n", &c->actor);
	}
	while (c->echo_at < c->echo_len) {
		n = send(c->io.fd, c->echo + c->echo_at, c->echo_len - c->echo_at, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN) {
			conn_free(c);
			return;
		}
		if (n < 0)
			break;
		c->echo_at += (size_t)n;
	}
	if (c->echo_at == c->echo_len)
		c->echo_at = c->echo_len = 0;
	if (c->echo_len == 0 && c->is_eof)
		conn_free(c);
	else
		watch(c->at->all->loop, &c->io, c->echo_len > 0 ? EV_WRITE : EV_READ);
}

/* ---- connections ---- */

static void conn_on_io(struct ev_loop *loop, ev_io *w, int revents)
{
	struct conn *c = container_of(w, struct conn, io);

	(void)loop;
	if (c->at->is_tcp)
		tcp_go_on(c);
	else if (revents & EV_WRITE)
		(void)answer(c);
	else
		http_read(c);
}

/* false: nobody waits */
static bool accept_one(struct endpoint *e)
{
	int fd = accept4(e->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), one = 1;
	struct conn *c;

	if (fd < 0)
		return false;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c = xcalloc(1, sizeof(*c));
	c->at = e;
	c->actor = -1;
	c->tail = "";
	http_parser_init(&c->parser, HTTP_REQUEST);
	if (e->is_tcp)
		c->echo = xcalloc(1, ECHO_ROOM + 1);
	ev_init(&c->delay, on_delay);
	ev_io_init(&c->io, conn_on_io, fd, EV_READ);
	ev_io_start(e->all->loop, &c->io);
	list_add_tail(&e->conns, &c->node);
	return true;
}

static void on_accept(struct ev_loop *loop, ev_io *w, int revents)
{
	(void)loop, (void)revents;
	while (accept_one(container_of(w, struct endpoint, listener)))
		;
}

static void endpoint_open(struct endpoint *e)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)e->port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) != 0 || listen(fd, 1024) != 0)
		err(1, "port %d", e->port);
	ev_io_init(&e->listener, on_accept, fd, EV_READ);
	ev_io_start(e->all->loop, &e->listener);
	e->is_up = true;
	e->is_stopping = false;
}

/* New connections are refused from now on; who has connected is served. */
static void endpoint_close(struct endpoint *e)
{
	while (accept_one(e))
		;
	ev_io_stop(e->all->loop, &e->listener);
	close(e->listener.fd);
	e->is_up = false;
}

static void endpoint_stop(struct endpoint *e)
{
	struct conn *c, *tmp;

	endpoint_close(e);
	e->is_stopping = true;
	list_for_each_safe (c, tmp, &e->conns, node)
		if (!e->is_tcp && !c->is_asked && c->has_served)
			conn_free(c);
}

/* Read what came to know whose it is, then reset. */
static void conn_kill(struct conn *c)
{
	const struct linger none = { .l_onoff = 1, .l_linger = 0 };
	static char in[65536];
	ssize_t n = 0;
	int unsent = 0;

	if (c->at->is_tcp && c->actor == -1) {
		n = recv(c->io.fd, in, sizeof(in) - 1, 0);
		in[MAX(n, 0)] = '\0';
		(void)sscanf(in, "T%4d\n", &c->actor);
	} else if (!c->at->is_tcp && !c->want_close && c->head_len == 0) {
		while ((n = recv(c->io.fd, in, sizeof(in), 0)) > 0)
			(void)http_parser_execute(&c->parser, &settings, in, (size_t)n);
	}
	c->at->all->n_cut += c->is_asked || c->at->is_tcp;
	(void)ioctl(c->io.fd, SIOCOUTQ, &unsent); /* of a response that we have sent */
	if (c->actor >= 0 && c->actor < MAX_ACTORS &&
	    (c->at->is_tcp || unsent > 0 || (c->is_asked && (c->is_big || c->head_at > 0)))) {
		is_excused[c->actor] = true;
		c->at->all->n_excused++;
	} else if (c->actor == -1) {
		n_anonymous_deaths++;
	}
	(void)setsockopt(c->io.fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	conn_free(c);
}

static void endpoint_kill(struct endpoint *e)
{
	struct conn *c, *tmp;

	endpoint_close(e);
	list_for_each_safe (c, tmp, &e->conns, node)
		conn_kill(c);
}

/* ---- trouble ---- */

static void on_trouble(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct upstreams *u = container_of(w, struct upstreams, trouble);
	void (*end)(struct endpoint * e) = rand() % 2 ? endpoint_stop : endpoint_kill;

	(void)revents;
	if (u->down >= 0) {
		endpoint_open(&u->http[u->down]);
		endpoint_open(&u->tcp[u->down]);
		u->down = -1;
	} else if (u->n > 1) { /* the first one always works */
		u->down = 1 + rand() % (int)(u->n - 1);
		end(&u->http[u->down]);
		end(&u->tcp[u->down]);
		*(end == endpoint_stop ? &u->n_stopped : &u->n_killed) += 1;
	}
	ev_timer_stop(loop, w);
	ev_timer_set(w, 0.2 + rand() % 1500 / 1000.0, 0);
	ev_timer_start(loop, w);
}

struct upstreams *upstreams_new(struct ev_loop *loop, unsigned n, int http_port, int tcp_port)
{
	struct upstreams *u = xcalloc(1, sizeof(*u));

	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (char)('a' + i % PATTERN_LEN);
	u->loop = loop;
	u->n = MIN(n, (unsigned)MAX_SERVERS);
	u->down = -1;
	for (unsigned i = 0; i < u->n; i++) {
		u->http[i] = (struct endpoint){ .all = u, .port = http_port + (int)i };
		u->tcp[i] =
			(struct endpoint){ .all = u, .port = tcp_port + (int)i, .is_tcp = true };
		list_init(&u->http[i].conns);
		list_init(&u->tcp[i].conns);
		endpoint_open(&u->http[i]);
		endpoint_open(&u->tcp[i]);
	}
	ev_timer_init(&u->trouble, on_trouble, 1, 0);
	return u;
}

void upstreams_trouble(struct upstreams *u)
{
	ev_timer_start(u->loop, &u->trouble);
}

void upstreams_calm(struct upstreams *u)
{
	ev_timer_stop(u->loop, &u->trouble);
}

void upstreams_report(const struct upstreams *u)
{
	printf("servers: stopped in order %u times, killed %u times with %u requests in progress, "
	       "%u of them beyond help; %u bodies arrived damaged\n",
	       u->n_stopped, u->n_killed, u->n_cut, u->n_excused, u->n_bad_bodies);
}
