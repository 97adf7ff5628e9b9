/* prober.c - sends probes on schedule and records what became of them. */
#include "prober.h"

#include <errno.h>
#include <http_parser.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tandem/clock.h>
#include <unistd.h>

/* One connection with at most one request. */
struct shot {
	struct prober *prober;
	struct shot *next, **at; /* in the prober's list of those in flight */
	int64_t due_us;
	int fd;
	bool is_connected, is_reusable, is_complete;
	unsigned status;
	ev_io io;
	ev_timer limit;
	http_parser parser;
};

static void free_shot(struct shot *s)
{
	struct prober *p = s->prober;

	if (s->at) {
		*s->at = s->next;
		if (s->next)
			s->next->at = s->at;
		p->n_flying--;
	}
	ev_io_stop(p->ev, &s->io);
	ev_timer_stop(p->ev, &s->limit);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

static void take_off(struct shot *s)
{
	struct prober *p = s->prober;

	s->next = p->flying;
	s->at = &p->flying;
	if (s->next)
		s->next->at = &s->next;
	p->flying = s;
	p->n_flying++;
}

static void land(struct shot *s)
{
	*s->at = s->next;
	if (s->next)
		s->next->at = s->at;
	s->at = NULL;
	s->prober->n_flying--;
}

static void store(struct prober *p, int64_t due_us, enum probe_result result)
{
	int64_t took_us = clock_mono_us() - due_us;
	struct probe one = { .at_us = due_us, .prober = (uint8_t)p->id, .result = (uint8_t)result };

	one.took_us = took_us < 0 ? 0 : took_us > UINT32_MAX ? UINT32_MAX : (uint32_t)took_us;
	if (record_add_probe(p->record, &one) != 0)
		p->is_stopping = true; /* no memory, or a recording that is longer than agreed */
}

static void finish(struct shot *s, enum probe_result result)
{
	struct prober *p = s->prober;

	store(p, s->due_us, result);
	if (p->kind == PROBE_HELD && result == PROBE_OK && s->is_reusable && !p->is_stopping) {
		land(s);
		ev_timer_stop(p->ev, &s->limit);
		p->held =
			s; /* still watched: its end between two requests is a broken connection */
		return;
	}
	free_shot(s);
}

static enum probe_result result_of(int err)
{
	switch (err) {
	case ECONNREFUSED:
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EADDRNOTAVAIL:
	case EACCES:
	case EPERM:
		return PROBE_REFUSED;
	case ETIMEDOUT:
		return PROBE_TIMEOUT;
	default:
		return PROBE_RESET;
	}
}

/* --- HTTP ----------------------------------------------------------------------------------- */

static int on_complete(http_parser *h)
{
	struct shot *s = h->data;

	s->is_complete = true;
	s->status = h->status_code;
	s->is_reusable = http_should_keep_alive(h);
	return 0;
}

static const http_parser_settings settings = { .on_message_complete = on_complete };

static void send_request(struct shot *s)
{
	struct prober *p = s->prober;
	size_t len = strlen(p->request);

	http_parser_init(&s->parser, HTTP_RESPONSE);
	s->parser.data = s;
	s->is_complete = false;
	ev_io_stop(p->ev, &s->io);
	ev_io_set(&s->io, s->fd, EV_READ);
	ev_io_start(p->ev, &s->io);
	/* Far less than any socket buffer: all or an error. */
	if (send(s->fd, p->request, len, MSG_NOSIGNAL) != (ssize_t)len)
		finish(s, PROBE_RESET);
}

static void on_answer(struct shot *s)
{
	char bytes[16384];
	ssize_t n = recv(s->fd, bytes, sizeof(bytes), 0);
	size_t used;

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			finish(s, result_of(errno));
		return;
	}
	used = http_parser_execute(&s->parser, &settings, bytes, (size_t)n);
	if (s->is_complete)
		finish(s, s->status >= 500 ? PROBE_STATUS : PROBE_OK);
	else if (n == 0)
		finish(s, PROBE_CLOSED);
	else if (used != (size_t)n)
		finish(s, PROBE_BAD);
}

/* --- connections ---------------------------------------------------------------------------- */

static void on_connected(struct shot *s)
{
	socklen_t len = sizeof(int);
	int err = 0;

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		err = errno;
	if (err) {
		finish(s, result_of(err));
		return;
	}
	s->is_connected = true;
	if (s->prober->kind == PROBE_TCP)
		finish(s, PROBE_OK);
	else
		send_request(s);
}

/* The held connection, between two requests: nothing is expected but its end. */
static void on_held_event(struct shot *s)
{
	struct prober *p = s->prober;

	p->held = NULL;
	store(p, clock_mono_us(), PROBE_CLOSED);
	free_shot(s);
}

static void on_io(struct ev_loop *ev, ev_io *w, int revents)
{
	struct shot *s = container_of(w, struct shot, io);

	(void)ev, (void)revents;
	if (s == s->prober->held)
		on_held_event(s);
	else if (!s->is_connected)
		on_connected(s);
	else
		on_answer(s);
}

static void on_limit(struct ev_loop *ev, ev_timer *w, int revents)
{
	(void)ev, (void)revents;
	finish(container_of(w, struct shot, limit), PROBE_TIMEOUT);
}

static void set_limit(struct shot *s)
{
	double rest_s = (double)(s->due_us + s->prober->timeout_us - clock_mono_us()) / 1e6;

	ev_timer_set(&s->limit, rest_s > 0 ? rest_s : 0, 0);
	ev_timer_start(s->prober->ev, &s->limit);
}

static void open_shot(struct prober *p, int64_t due_us)
{
	const struct linger at_once = { .l_onoff = 1 };
	struct shot *s = calloc(1, sizeof(*s));
	int one = 1;

	if (!s) {
		store(p, due_us, PROBE_TIMEOUT);
		return;
	}
	s->prober = p;
	s->due_us = due_us;
	take_off(s);
	s->fd = socket(p->target.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ev_init(&s->limit, on_limit);
	ev_io_init(&s->io, on_io, s->fd, EV_WRITE);
	if (s->fd < 0) {
		finish(s, PROBE_REFUSED);
		return;
	}
	/* A thousand connections a second leave no thousands of TIME_WAIT behind. */
	(void)setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	(void)setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	set_limit(s);
	if (connect(s->fd, &p->target.sa, p->target.len) == 0 || errno == EINPROGRESS)
		ev_io_start(p->ev, &s->io);
	else
		finish(s, result_of(errno));
}

static void fire(struct prober *p, int64_t due_us)
{
	struct shot *s = p->held;

	if (p->n_flying >= PROBER_MAX_FLYING) {
		store(p, due_us, PROBE_TIMEOUT);
		return;
	}
	if (p->kind != PROBE_HELD) {
		open_shot(p, due_us);
		return;
	}
	if (p->n_flying > 0)
		return;
	if (!s) {
		open_shot(p, due_us);
		return;
	}
	p->held = NULL;
	s->due_us = due_us;
	take_off(s);
	set_limit(s);
	send_request(s);
}

static int64_t due_us(const struct prober *p, uint64_t k)
{
	return p->start_us + (int64_t)(k * 1000000 / p->rate);
}

static void on_tick(struct ev_loop *ev, ev_timer *t, int revents)
{
	struct prober *p = container_of(t, struct prober, tick);
	double wait_s;

	(void)revents;
	while (!p->is_stopping && due_us(p, p->n_due) <= clock_mono_us()) {
		int64_t now_due_us = due_us(p, p->n_due++);

		fire(p, now_due_us);
	}
	if (p->is_stopping)
		return;
	ev_now_update(ev);
	wait_s = (double)(due_us(p, p->n_due) - clock_mono_us()) / 1e6;
	ev_timer_set(t, wait_s > 0 ? wait_s : 0, 0);
	ev_timer_start(ev, t);
}

int prober_init(struct prober *p, struct ev_loop *ev, struct record *record, enum probe_kind kind,
		const struct addr *target, const char *path, unsigned rate, int64_t timeout_us,
		const char *node)
{
	char text[ADDR_TEXT_LEN];
	int n;

	*p = (struct prober){ .ev = ev,
			      .record = record,
			      .kind = kind,
			      .target = *target,
			      .rate = rate,
			      .timeout_us = timeout_us };
	addr_format(target, true, text);
	n = snprintf(p->request, sizeof(p->request),
		     "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: tandem-drill\r\n%s\r\n", path,
		     text, kind == PROBE_HELD ? "" : "Connection: close\r\n");
	if (n >= (int)sizeof(p->request))
		return -ENAMETOOLONG;
	p->id = record_add_prober(record, kind, node, text, rate);
	ev_init(&p->tick, on_tick);
	return p->id < 0 ? p->id : 0;
}

void prober_start(struct prober *p)
{
	p->start_us = clock_mono_us();
	ev_now_update(p->ev);
	ev_timer_set(&p->tick, 0, 0);
	ev_timer_start(p->ev, &p->tick);
}

void prober_stop(struct prober *p)
{
	p->is_stopping = true;
	ev_timer_stop(p->ev, &p->tick);
	if (p->held)
		free_shot(p->held);
	p->held = NULL;
}

bool prober_is_idle(const struct prober *p)
{
	return p->n_flying == 0;
}

void prober_fini(struct prober *p)
{
	prober_stop(p);
	for (struct shot *s = p->flying, *next; s; s = next) {
		next = s->next;
		free_shot(s);
	}
}
