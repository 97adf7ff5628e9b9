/* fake_server.h - a server inside the test's own loop that answers, closes, resets or keeps silent
 * as told; for one test program at a time. */
#ifndef TESTS_FAKE_SERVER_H
#define TESTS_FAKE_SERVER_H

#include <check.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pool_fixture.h"

#define OK_RESPONSE "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

enum manner { ANSWER, CLOSE, RESET, SILENT };

struct fake {
	struct ev_loop *ev; /* borrowed */
	struct addr at;
	ev_io listener;
	struct fake_conn {
		ev_io io;
		struct fake *fake;
	} conns[64];
	unsigned n_conns; /* ever */
	enum manner manner;
	const char *answer;
	bool greets;       /* answers at once and closes, without a request */
	char request[512]; /* the latest */
};

static struct fake fake;

static inline void on_conn(struct ev_loop *ev, ev_io *w, int revents)
{
	struct fake_conn *c = container_of(w, struct fake_conn, io);
	struct fake *s = c->fake;
	ssize_t n = read(w->fd, s->request, sizeof(s->request) - 1);

	(void)revents;
	if (n == -1 && errno == EAGAIN)
		return;
	if (n > 0) {
		s->request[n] = '\0';
		if (s->manner == SILENT)
			return;
		if (s->manner == RESET) {
			const struct linger l = { 1, 0 };

			setsockopt(w->fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
		} else if (s->manner == ANSWER) {
			ck_assert_int_eq(write(w->fd, s->answer, strlen(s->answer)),
					 (ssize_t)strlen(s->answer));
		}
	}
	ev_io_stop(ev, w);
	close(w->fd);
}

static inline void on_accept(struct ev_loop *ev, ev_io *w, int revents)
{
	struct fake *s = container_of(w, struct fake, listener);
	int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct fake_conn *c;

	(void)revents;
	if (fd == -1)
		return;
	if (s->greets) {
		ck_assert_int_eq(write(fd, s->answer, strlen(s->answer)),
				 (ssize_t)strlen(s->answer));
		close(fd);
		s->n_conns++;
		return;
	}
	c = &s->conns[s->n_conns++ % ARRAY_LEN(s->conns)];
	if (ev_is_active(&c->io)) { /* an old silent one */
		ev_io_stop(ev, &c->io);
		close(c->io.fd);
	}
	c->fake = s;
	ev_io_init(&c->io, on_conn, fd, EV_READ);
	ev_io_start(ev, &c->io);
}

/* A listening socket on a port of the kernel's choice. */
static inline int listen_anywhere(int backlog, struct addr *out)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*out = fix_addr("127.0.0.1", 0);
	ck_assert_int_eq(bind(fd, &out->sa, out->len), 0);
	ck_assert_int_eq(listen(fd, backlog), 0);
	ck_assert_int_eq(getsockname(fd, &out->sa, &out->len), 0);
	return fd;
}

static inline void fake_listen(struct ev_loop *ev, struct addr *at, const char *answer)
{
	int fd = listen_anywhere(64, at);

	fake = (struct fake){ .ev = ev, .at = *at, .answer = answer };
	ev_io_init(&fake.listener, on_accept, fd, EV_READ);
	ev_io_start(ev, &fake.listener);
}

static inline void fake_stop_listening(void)
{
	if (!ev_is_active(&fake.listener))
		return;
	ev_io_stop(fake.ev, &fake.listener);
	close(fake.listener.fd);
}

static inline void fake_listen_again(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	ck_assert_int_eq(bind(fd, &fake.at.sa, fake.at.len), 0);
	ck_assert_int_eq(listen(fd, 64), 0);
	ev_io_set(&fake.listener, fd, EV_READ);
	ev_io_start(fake.ev, &fake.listener);
}

static inline void fake_fini(void)
{
	fake_stop_listening();
	for (size_t i = 0; i < ARRAY_LEN(fake.conns); i++) {
		if (!ev_is_active(&fake.conns[i].io))
			continue;
		ev_io_stop(fake.ev, &fake.conns[i].io);
		close(fake.conns[i].io.fd);
	}
}

#endif
