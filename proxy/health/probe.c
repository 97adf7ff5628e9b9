/* probe.c - one attempt to find out whether a server works. */
#include "health/probe.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <tandem/util.h>
#include <unistd.h>

#include "config/cfg_model.h"

#define READS_PER_TURN 4

static void close_socket(struct probe *p)
{
	ev_io_stop(p->loop, &p->io);
	ev_timer_stop(p->loop, &p->timeout);
	if (p->fd != -1)
		close(p->fd);
	p->fd = -1;
	p->state = PROBE_IDLE;
}

static void finish(struct probe *p, enum check_status status, int code, const char *desc)
{
	const struct probe_outcome o = { .status = status, .code = code, .desc = desc };

	close_socket(p);
	p->done(p, &o); /* last: the owner may free or restart p from here */
}

static void finish_errno(struct probe *p, enum check_status status, int error)
{
	finish(p, status, 0, strerror(error));
}

/* A connection that only proved that it can be made ends with a reset: the server gets rid of it at
 * once, often before accept(), and no TIME_WAIT stays behind on our side for each check. After an
 * HTTP exchange we close in order, since a reset may overtake what the server still logs or sends.
 */
static void finish_tcp(struct probe *p)
{
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	finish(p, CHECK_L4OK, 0, "");
}

static void want(struct probe *p, int events)
{
	if ((p->io.events & (EV_READ | EV_WRITE)) == events && ev_is_active(&p->io))
		return;
	ev_io_stop(p->loop, &p->io);
	ev_io_set(&p->io, p->fd, events);
	ev_io_start(p->loop, &p->io);
}

static void on_response(struct probe *p, const char *bytes, size_t n)
{
	switch (probe_http_feed(&p->http, bytes, n)) {
	case PROBE_HTTP_MORE:
		return;
	case PROBE_HTTP_DONE:
		/* the owner knows what is expected */
		finish(p, CHECK_L7OK, p->http.code, probe_http_reason(&p->http));
		return;
	case PROBE_HTTP_BAD:
		finish(p, CHECK_L7RSP, 0, "");
		return;
	}
	UNREACHABLE();
}

static void do_read(struct probe *p)
{
	char bytes[4096];

	for (unsigned i = 0; i < READS_PER_TURN && p->state == PROBE_READING; i++) {
		ssize_t n = read(p->fd, bytes, sizeof(bytes));

		if (n > 0) {
			on_response(p, bytes, (size_t)n); /* may end it: the state tells */
			if (p->state != PROBE_READING || (size_t)n < sizeof(bytes))
				return;
		} else if (n == 0) {
			finish(p, CHECK_L7RSP, 0, ""); /* a header that did not end */
			return;
		} else {
			if (errno != EAGAIN && errno != EINTR)
				finish_errno(p, CHECK_SOCKERR, errno);
			return;
		}
	}
}

static void do_send(struct probe *p)
{
	while (p->sent < p->request.len) {
		ssize_t n =
			send(p->fd, p->request.p + p->sent, p->request.len - p->sent, MSG_NOSIGNAL);

		if (n >= 0) {
			p->sent += (size_t)n;
		} else if (errno == EAGAIN || errno == EINTR) {
			want(p, EV_WRITE);
			return;
		} else {
			finish_errno(p, CHECK_SOCKERR, errno);
			return;
		}
	}
	p->state = PROBE_READING;
	want(p, EV_READ);
}

static void arm_timeout(struct probe *p, int64_t timeout_us)
{
	ev_timer_stop(p->loop, &p->timeout);
	ev_timer_set(&p->timeout, (double)timeout_us / 1e6, 0.);
	ev_timer_start(p->loop, &p->timeout);
}

static void on_connected(struct probe *p)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error != 0) {
		finish_errno(p, CHECK_L4CON, error);
		return;
	}
	if (!p->is_http) {
		finish_tcp(p);
		return;
	}
	if (p->response_timeout_us > 0)
		arm_timeout(p, p->response_timeout_us);
	p->state = PROBE_SENDING;
	do_send(p);
}

static void on_io(struct ev_loop *loop, ev_io *w, int revents)
{
	struct probe *p = container_of(w, struct probe, io);

	(void)loop, (void)revents;
	switch (p->state) {
	case PROBE_IDLE:
		return;
	case PROBE_CONNECTING:
		on_connected(p);
		return;
	case PROBE_SENDING:
		do_send(p);
		return;
	case PROBE_READING:
		do_read(p);
		return;
	}
	UNREACHABLE();
}

static void on_timeout(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct probe *p = container_of(w, struct probe, timeout);

	(void)loop, (void)revents;
	if (p->connect_error != 0) {
		char text[128];

		snprintf(text, sizeof(text), "General socket error (%s)",
			 strerror(p->connect_error));
		finish(p, CHECK_L4CON, 0,
		       p->connect_error == ECONNREFUSED ? strerror(ECONNREFUSED) : text);
		return;
	}
	finish(p, p->state == PROBE_CONNECTING ? CHECK_L4TOUT : CHECK_L7TOUT, 0, "");
}

void probe_init(struct probe *p, struct ev_loop *loop, probe_done_fn *done)
{
	*p = (struct probe){ .loop = loop, .done = done, .fd = -1 };
	ev_init(&p->io, on_io);
	ev_init(&p->timeout, on_timeout);
}

/* Is it us who cannot, whatever the server is? */
static bool is_our_fault(int error)
{
	return error == EADDRNOTAVAIL || error == EADDRINUSE || error == EAGAIN ||
	       error == ENOBUFS || error == ENOMEM;
}

static int open_socket(struct probe *p, const struct probe_spec *spec)
{
	const struct addr *src = spec->source;
	int on = 1, error;

	p->fd = socket(spec->addr->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->fd == -1)
		return -errno;
	if (spec->addr->sa.sa_family != AF_UNIX)
		(void)setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (src != NULL && src->len > 0) {
		(void)setsockopt(p->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
		if (bind(p->fd, &src->sa, src->len) < 0)
			return -errno;
	}
	if (connect(p->fd, &spec->addr->sa, spec->addr->len) == 0)
		return 0;
	error = errno;
	/* a Unix socket whose queue is full says EAGAIN: that server does not keep up */
	if (spec->addr->sa.sa_family == AF_UNIX || !is_our_fault(error))
		p->connect_error = error == EINPROGRESS || error == EINTR ? 0 : error;
	else
		return -error;
	return 0;
}

int probe_start(struct probe *p, const struct probe_spec *spec)
{
	const struct cfg_check *http = spec->what;
	int rc;

	ASSERT(p->state == PROBE_IDLE);
	if (http != NULL && http->kind != CFG_CHECK_HTTP)
		http = NULL;
	p->is_http = http != NULL;
	p->connect_error = 0;
	p->response_timeout_us = spec->response_timeout_us;
	p->sent = 0;
	p->http = (struct probe_http){ 0 };
	strbuf_clear(&p->request);
	if (http != NULL)
		strbuf_add(&p->request, http->request.p, http->request.len);
	if (p->request.failed)
		return -ENOMEM;
	rc = open_socket(p, spec);
	if (rc < 0) {
		close_socket(p);
		return rc;
	}
	p->state = PROBE_CONNECTING;
	ev_now_update(p->loop); /* timeouts count from now, however long this turn has been */
	if (p->connect_error != 0) {
		arm_timeout(p, 0);
		return 0;
	}
	arm_timeout(p, spec->connect_timeout_us);
	want(p, EV_WRITE);
	return 0;
}

bool probe_is_running(const struct probe *p)
{
	return p->state != PROBE_IDLE;
}

void probe_cancel(struct probe *p)
{
	close_socket(p);
}

void probe_fini(struct probe *p)
{
	close_socket(p);
	strbuf_fini(&p->request);
}
