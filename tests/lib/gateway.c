/* gateway.c - the application behind the demo and the labs: a small HTTP/1.1 server that says who
 * it is.
 *
 *   gateway NAME ADDRESS PORT [-d DELAY_MS]
 *
 * GET /health answers "ok", any other path the name. Keep-alive and pipelining; bodies of requests
 * are read and ignored. SIGTERM: stop listening, close idle connections, answer what was asked with
 * Connection: close, end when the last connection is gone; a second one ends it at once. With a
 * delay, pipelined requests behind the first are lost: proxies do not pipeline to servers. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <http_parser.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tandem/list.h>
#include <tandem/util.h>
#include <unistd.h>

#define OUT_SIZE 8192
#define PATH_LEN 64

struct server {
	struct ev_loop *loop;
	ev_io listener;
	ev_signal on_term, on_int;
	const char *name;
	double delay_s;
	bool is_stopping;
	struct list conns;
};

struct conn {
	struct list node;      /* of server->conns */
	struct server *server; /* borrowed */
	ev_io io;
	ev_timer delay;
	http_parser parser;
	char path[PATH_LEN];
	size_t path_len;
	size_t out_len;
	bool want_close, is_paused;
	char out[OUT_SIZE];
};

static void conn_free(struct conn *c)
{
	struct server *s = c->server;

	ev_io_stop(s->loop, &c->io);
	ev_timer_stop(s->loop, &c->delay);
	close(c->io.fd);
	list_del(&c->node);
	free(c);
	if (s->is_stopping && list_is_empty(&s->conns))
		ev_break(s->loop, EVBREAK_ALL);
}

/* Write what is there. false: the connection is gone. */
static bool conn_flush(struct conn *c)
{
	while (c->out_len > 0) {
		ssize_t n = send(c->io.fd, c->out, c->out_len, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			conn_free(c);
			return false;
		}
		c->out_len -= (size_t)n;
		memmove(c->out, c->out + n, c->out_len);
	}
	if (c->out_len == 0 && c->want_close) {
		conn_free(c);
		return false;
	}
	ev_io_stop(c->server->loop, &c->io);
	ev_io_set(&c->io, c->io.fd, (c->is_paused ? 0 : EV_READ) | (c->out_len > 0 ? EV_WRITE : 0));
	if (c->io.events != 0)
		ev_io_start(c->server->loop, &c->io);
	return true;
}

static void conn_answer(struct conn *c)
{
	struct server *s = c->server;
	bool is_health = c->path_len == 7 && memcmp(c->path, "/health", 7) == 0;
	const char *body = is_health ? "ok" : s->name;
	bool keep = http_should_keep_alive(&c->parser) != 0 && !s->is_stopping;
	int n;

	n = snprintf(c->out + c->out_len, OUT_SIZE - c->out_len,
		     "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n"
		     "X-Gateway: %s\r\nConnection: %s\r\n\r\n%s%s",
		     strlen(body) + 1, s->name, keep ? "keep-alive" : "close",
		     c->parser.method == HTTP_HEAD ? "" : body,
		     c->parser.method == HTTP_HEAD ? "" : "\n");
	if (n > 0 && (size_t)n < OUT_SIZE - c->out_len)
		c->out_len += (size_t)n;
	else
		keep = false; /* a client that pipelines without reading */
	c->want_close = c->want_close || !keep;
}

static int on_begin(http_parser *p)
{
	container_of(p, struct conn, parser)->path_len = 0;
	return 0;
}

static int on_url(http_parser *p, const char *at, size_t len)
{
	struct conn *c = container_of(p, struct conn, parser);
	size_t n = MIN(len, PATH_LEN - c->path_len);

	memcpy(c->path + c->path_len, at, n);
	c->path_len += n;
	return 0;
}

static int on_complete(http_parser *p)
{
	struct conn *c = container_of(p, struct conn, parser);

	if (c->want_close)
		return 0;
	if (c->server->delay_s > 0) {
		c->is_paused = true;
		http_parser_pause(p, 1);
		return 0;
	}
	conn_answer(c);
	return 0;
}

static const http_parser_settings settings = {
	.on_message_begin = on_begin,
	.on_url = on_url,
	.on_message_complete = on_complete,
};

static void conn_on_delay(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct conn *c = container_of(w, struct conn, delay);

	(void)loop, (void)revents;
	http_parser_pause(&c->parser, 0);
	c->is_paused = false;
	conn_answer(c);
	(void)conn_flush(c);
}

static void conn_on_io(struct ev_loop *loop, ev_io *w, int revents)
{
	struct conn *c = container_of(w, struct conn, io);
	char in[4096];
	ssize_t n;

	if ((revents & EV_READ) != 0) {
		n = recv(w->fd, in, sizeof(in), 0);
		if (n == 0 || (n < 0 && errno != EAGAIN)) {
			conn_free(c);
			return;
		}
		if (n > 0) {
			(void)http_parser_execute(&c->parser, &settings, in, (size_t)n);
			if (c->is_paused) {
				ev_timer_set(&c->delay, c->server->delay_s, 0);
				ev_timer_start(loop, &c->delay);
			} else if (HTTP_PARSER_ERRNO(&c->parser) != HPE_OK || c->parser.upgrade) {
				c->want_close = true;
			}
		}
	}
	(void)conn_flush(c);
}

static void server_on_accept(struct ev_loop *loop, ev_io *w, int revents)
{
	struct server *s = container_of(w, struct server, listener);
	int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct conn *c;
	int one = 1;

	(void)revents;
	if (fd < 0)
		return;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c = xcalloc(1, sizeof(*c));
	c->server = s;
	http_parser_init(&c->parser, HTTP_REQUEST);
	ev_timer_init(&c->delay, conn_on_delay, 0, 0);
	ev_io_init(&c->io, conn_on_io, fd, EV_READ);
	ev_io_start(loop, &c->io);
	list_add_tail(&s->conns, &c->node);
}

static void server_on_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct server *s = w->signum == SIGTERM ? container_of(w, struct server, on_term)
						: container_of(w, struct server, on_int);
	struct conn *c, *tmp;

	(void)revents;
	if (s->is_stopping || list_is_empty(&s->conns)) {
		ev_break(loop, EVBREAK_ALL);
		return;
	}
	s->is_stopping = true;
	ev_io_stop(loop, &s->listener);
	close(s->listener.fd);
	list_for_each_safe (c, tmp, &s->conns, node)
		if (c->out_len == 0 && !c->is_paused)
			conn_free(c);
}

static int listen_at(const char *address, const char *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1;

	in.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	if (inet_pton(AF_INET, address, &in.sin_addr) != 1)
		errx(1, "'%s' is not an IPv4 address", address);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (const struct sockaddr *)&in, sizeof(in)) != 0 ||
	    listen(fd, 1024) != 0)
		err(1, "%s:%s", address, port);
	return fd;
}

int main(int argc, char **argv)
{
	static struct server s;

	if (argc != 4 && !(argc == 6 && strcmp(argv[4], "-d") == 0))
		errx(1, "usage: gateway NAME ADDRESS PORT [-d DELAY_MS]");
	s.name = argv[1];
	s.delay_s = argc == 6 ? strtod(argv[5], NULL) / 1000 : 0;
	s.loop = ev_default_loop(0);
	list_init(&s.conns);
	ev_io_init(&s.listener, server_on_accept, listen_at(argv[2], argv[3]), EV_READ);
	ev_io_start(s.loop, &s.listener);
	ev_signal_init(&s.on_term, server_on_signal, SIGTERM);
	ev_signal_start(s.loop, &s.on_term);
	ev_signal_init(&s.on_int, server_on_signal, SIGINT);
	ev_signal_start(s.loop, &s.on_int);
	ev_run(s.loop, 0);
	return 0;
}
