/* probe.c - one attempt to find out whether a server works. */
#include "health/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <tandem/util.h>
#include <unistd.h>

#include "config/cfg_model.h"
#include "health/expect.h"

#define READS_PER_TURN 4
#define MAX_INPUT      16384 /* of a response; more is not looked at */

static const struct cfg_step just_connect = { .kind = CFG_STEP_CONNECT, .is_implicit = true };
static const struct cfg_check tcp_check = { .kind = CFG_CHECK_TCP, .steps = &just_connect };

static void run(struct probe *p);

/* A connection that only proved that it can be made ends with a reset: the server gets rid of it at
 * once, often before accept(), and no TIME_WAIT stays behind on our side for each check. After an
 * exchange we close in order, since a reset may overtake what the server still logs or sends; but
 * `option tcp-check` resets unless it is told to linger, as in HAProxy. */
static void close_connection(struct probe *p)
{
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };

	ev_io_stop(p->loop, &p->io);
	if (p->fd == -1)
		return;
	if (p->state != PROBE_CONNECTING &&
	    (p->what->kind == CFG_CHECK_SCRIPT ? !p->lingers : !p->has_sent))
		(void)setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(p->fd);
	p->fd = -1;
}

static void stop(struct probe *p)
{
	ev_timer_stop(p->loop, &p->timeout);
	close_connection(p);
	p->state = PROBE_IDLE;
}

static void finish(struct probe *p, enum check_status status, int code, const char *desc)
{
	const struct probe_outcome o = { .status = status, .code = code, .desc = desc };

	stop(p);
	p->done(p, &o); /* last: the owner may free or restart p from here */
}

/* The end by an error or a timeout; a scripted check says at which of its steps. */
static void finish_early(struct probe *p, enum check_status status, const char *why)
{
	struct strbuf text = { 0 };

	strbuf_adds(&text, why);
	if (p->what->kind == CFG_CHECK_SCRIPT && p->step != NULL)
		expect_describe_place(p->step, &text);
	finish(p, status, 0, strbuf_str(&text));
	strbuf_fini(&text);
}

static void want(struct probe *p, int events)
{
	if ((p->io.events & (EV_READ | EV_WRITE)) == events && ev_is_active(&p->io))
		return;
	ev_io_stop(p->loop, &p->io);
	ev_io_set(&p->io, p->fd, events);
	ev_io_start(p->loop, &p->io);
}

static void arm_timeout(struct probe *p, int64_t timeout_us)
{
	ev_timer_stop(p->loop, &p->timeout);
	ev_timer_set(&p->timeout, (double)timeout_us / 1e6, 0.);
	ev_timer_start(p->loop, &p->timeout);
}

/* ---- expect ---- */

static bool is_http(const struct probe *p)
{
	return p->what->kind == CFG_CHECK_HTTP;
}

/* Everything that was asked was met. */
static void finish_passed(struct probe *p, enum check_status status, int code, const char *desc)
{
	if (is_http(p) && code < 0)
		code = p->http.code;
	finish(p, status, MAX(code, 0), desc);
}

/* The body as far as it came, decoded into *decoded where it is chunked. true: it is complete. */
static bool find_body(const struct probe *p, struct expect_input *in, struct strbuf *decoded)
{
	const struct str raw = { p->in.p + p->http.n_bytes, p->in.len - p->http.n_bytes };

	in->body = raw;
	if (p->http.is_chunked) {
		bool is_complete = expect_dechunk(raw, decoded);

		in->body = (struct str){ decoded->p, decoded->len };
		return is_complete;
	}
	if (p->http.body_len < 0)
		return false;
	in->body.len = MIN(raw.len, (size_t)p->http.body_len);
	return raw.len >= (size_t)p->http.body_len;
}

static enum expect_verdict evaluate(struct probe *p, struct expect_result *r)
{
	struct expect_input in = { .bytes = { p->in.p, p->in.len },
				   .is_last = p->has_eof || p->in.len >= MAX_INPUT };
	struct strbuf decoded = { 0 };
	enum expect_verdict v;

	if (is_http(p)) {
		in.code = p->http.code;
		in.reason = str_from(probe_http_reason(&p->http));
		in.fields = (struct str){ p->in.p + p->http.fields_at,
					  p->http.n_bytes - p->http.fields_at };
		if (find_body(p, &in, &decoded))
			in.is_last = true;
	}
	v = expect_eval(p->what, p->step, &in, r);
	strbuf_fini(&decoded);
	return v;
}

/* Where a run of expects begins: when one must wait, all of them look again at the longer input. */
static const struct cfg_step *head_of(const struct probe *p)
{
	const struct cfg_step *head = NULL;

	for (const struct cfg_step *s = p->what->steps; s != NULL; s = s->next) {
		if (s->kind != CFG_STEP_EXPECT)
			head = NULL;
		else if (head == NULL)
			head = s;
		if (s == p->step)
			return head;
	}
	UNREACHABLE();
}

static void wait_for_more(struct probe *p)
{
	p->step = head_of(p);
	p->state = PROBE_READING;
	want(p, EV_READ);
}

/* false: p is over, or waits. */
static bool do_expect(struct probe *p)
{
	struct expect_result r = { 0 };
	bool goes_on = false;

	if (is_http(p) && p->stops_on_404 && p->http.code == 404) {
		finish(p, CHECK_L7OKC, 404, "");
		return false;
	}
	switch (evaluate(p, &r)) {
	case EXPECT_WAIT:
		wait_for_more(p);
		break;
	case EXPECT_FAILED:
		finish(p, r.status, r.code >= 0 ? r.code : p->http.code, strbuf_str(&r.text));
		break;
	case EXPECT_MET:
		p->step = p->step->next;
		goes_on = p->step != NULL;
		if (!goes_on)
			finish_passed(p, r.status, r.code, strbuf_str(&r.text));
		break;
	}
	strbuf_fini(&r.text);
	return goes_on;
}

/* ---- reading ---- */

/* HTTP: false while the header is not complete, or when it never will be and p is over. */
static bool has_header(struct probe *p, const char *bytes, size_t n)
{
	if (p->http.is_complete)
		return true;
	switch (probe_http_feed(&p->http, bytes, n)) {
	case PROBE_HTTP_MORE:
		if (p->has_eof || p->in.len >= MAX_INPUT)
			finish(p, CHECK_L7RSP, 0, "");
		return false;
	case PROBE_HTTP_DONE:
		return true;
	case PROBE_HTTP_BAD:
		finish(p, CHECK_L7RSP, 0, "");
		return false;
	}
	UNREACHABLE();
}

static void on_bytes(struct probe *p, const char *bytes, size_t n)
{
	n = MIN(n, MAX_INPUT - p->in.len);
	strbuf_add(&p->in, bytes, n);
	if (p->in.failed)
		finish(p, CHECK_SOCKERR, 0, strerror(ENOMEM));
	else if (!is_http(p) || has_header(p, bytes, n))
		run(p);
}

static void on_eof(struct probe *p)
{
	p->has_eof = true;
	ev_io_stop(p->loop, &p->io);
	if (!is_http(p) || has_header(p, "", 0))
		run(p);
}

static void do_read(struct probe *p)
{
	const struct cfg_step *step = p->step;
	char bytes[4096];

	for (unsigned i = 0; i < READS_PER_TURN && p->state == PROBE_READING && p->step == step;
	     i++) {
		ssize_t n = read(p->fd, bytes, sizeof(bytes));

		if (n > 0) {
			on_bytes(p, bytes, (size_t)n); /* may end it: the state tells */
			if ((size_t)n < sizeof(bytes))
				return;
		} else if (n == 0) {
			on_eof(p);
			return;
		} else {
			if (errno == EAGAIN || errno == EINTR)
				return;
			/* a reset often follows the last bytes: what came decides */
			if (p->in.len > 0)
				on_eof(p);
			else
				finish_early(p, CHECK_SOCKERR, strerror(errno));
			return;
		}
	}
}

/* ---- sending ---- */

/* false: it waits, or p is over. */
static bool flush(struct probe *p)
{
	while (p->sent < p->out.len) {
		ssize_t n = send(p->fd, p->out.p + p->sent, p->out.len - p->sent, MSG_NOSIGNAL);

		if (n >= 0) {
			p->sent += (size_t)n;
			p->has_sent = true;
		} else if (errno == EAGAIN || errno == EINTR) {
			want(p, EV_WRITE);
			return false;
		} else {
			finish_early(p, CHECK_SOCKERR, strerror(errno));
			return false;
		}
	}
	strbuf_clear(&p->out);
	p->sent = 0;
	return true;
}

static void begin_send(struct probe *p)
{
	const struct cfg_step *st = p->step;

	p->state = PROBE_SENDING;
	strbuf_clear(&p->in);
	p->http = (struct probe_http){ 0 };
	strbuf_add(&p->out, st->data.p, st->data.len);
	if (!is_http(p))
		return;
	strbuf_adds(&p->out, p->state_text);
	strbuf_adds(&p->out, "\r\n");
	strbuf_add(&p->out, st->send.body.p, st->send.body.len);
}

/* The PROXY protocol's header: our own connection in version 1, LOCAL in version 2. */
static void add_proxy_header(struct probe *p, unsigned version)
{
	static const char local[16] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0";
	struct addr from = { .len = sizeof(from.un) };
	char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];

	if (version == 2) {
		strbuf_add(&p->out, local, sizeof(local));
		return;
	}
	if (p->addr.sa.sa_family == AF_UNIX || getsockname(p->fd, &from.sa, &from.len) < 0) {
		strbuf_adds(&p->out, "PROXY UNKNOWN\r\n");
		return;
	}
	addr_format_ip(&from, a);
	addr_format_ip(&p->addr, b);
	strbuf_addf(&p->out, "PROXY %s %s %s %u %u\r\n",
		    p->addr.sa.sa_family == AF_INET6 ? "TCP6" : "TCP4", a, b, addr_port(&from),
		    p->to_port);
}

/* ---- connecting ---- */

/* Is it us who cannot, whatever the server is? */
static bool is_our_fault(int error)
{
	return error == EADDRNOTAVAIL || error == EADDRINUSE || error == EAGAIN ||
	       error == ENOBUFS || error == ENOMEM;
}

/* A server that only has to take the connection need not hear that we saw it do so: its answer is
 * not acknowledged, the reset comes first, and its program sleeps on. */
static void tune(struct probe *p)
{
	const struct cfg_step *st = p->step;
	const bool just_connects =
		st->is_implicit && st->next == NULL && !st->send_proxy && p->send_proxy == 0;
	const int off = 0, on = 1;

	if (just_connects)
		(void)setsockopt(p->fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof(off));
	else
		(void)setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static int open_socket(struct probe *p)
{
	const struct cfg_step *st = p->step;
	struct addr to = st->addr.len > 0 ? st->addr : p->addr;
	int on = 1, error;

	if (to.sa.sa_family != AF_UNIX) {
		if (st->port != 0 || addr_port(&to) == 0)
			addr_set_port(&to, st->port != 0 ? st->port : addr_port(&p->addr));
		p->to_port = addr_port(&to);
	}
	p->fd = socket(to.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->fd == -1)
		return -errno;
	if (to.sa.sa_family != AF_UNIX)
		tune(p);
	if (p->interface[0] != '\0' && setsockopt(p->fd, SOL_SOCKET, SO_BINDTODEVICE, p->interface,
						  (socklen_t)strlen(p->interface) + 1) < 0)
		return -errno;
	if (p->source.len > 0) {
		(void)setsockopt(p->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
		if (bind(p->fd, &p->source.sa, p->source.len) < 0)
			return -errno;
	}
	if (connect(p->fd, &to.sa, to.len) == 0)
		return 0;
	error = errno;
	/* a Unix socket whose queue is full says EAGAIN: that server does not keep up */
	if (to.sa.sa_family == AF_UNIX || !is_our_fault(error))
		p->connect_error = error == EINPROGRESS || error == EINTR ? 0 : error;
	else
		return -error;
	return 0;
}

/* 0 or -errno as probe_start(); p is then as it was, but without a connection. */
static int begin_connect(struct probe *p)
{
	int rc;

	close_connection(p);
	p->connect_error = 0;
	p->has_sent = p->has_eof = false;
	p->lingers = p->step->linger;
	strbuf_clear(&p->in);
	strbuf_clear(&p->out);
	p->sent = 0;
	p->http = (struct probe_http){ 0 };
	p->state = PROBE_CONNECTING;
	rc = open_socket(p);
	if (rc < 0) {
		close_connection(p);
		return rc;
	}
	ev_now_update(p->loop); /* timeouts count from now, however long this turn has been */
	if (p->connect_error != 0) {
		arm_timeout(p, 0);
		return 0;
	}
	arm_timeout(p, p->connect_timeout_us);
	want(p, EV_WRITE);
	return 0;
}

static void on_connected(struct probe *p)
{
	const struct cfg_step *st = p->step;
	const bool follows_server = st->is_implicit || st->is_default;
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error != 0) {
		finish_early(p, CHECK_L4CON, strerror(error));
		return;
	}
	if (p->response_timeout_us > 0)
		arm_timeout(p, p->response_timeout_us);
	if (st->send_proxy || (follows_server && p->send_proxy != 0))
		add_proxy_header(p, p->send_proxy == 2 ? 2 : 1);
	p->state = PROBE_SENDING;
	p->step = st->next;
	if (p->step == NULL && p->out.len == 0)
		finish(p, CHECK_L4OK, 0,
		       p->what->kind == CFG_CHECK_SCRIPT && !st->is_implicit ? "(tcp-check)" : "");
	else
		run(p);
}

/* ---- the machine ---- */

/* From the step that is due to the next one that must wait. */
static void run(struct probe *p)
{
	for (;;) {
		int rc;

		if (p->state == PROBE_SENDING && !flush(p))
			return;
		if (p->step == NULL) { /* after a send, or after a header of the PROXY protocol */
			finish_passed(p, CHECK_L7OK, -1,
				      p->what->kind == CFG_CHECK_SCRIPT ? "(tcp-check)" : "");
			return;
		}
		switch (p->step->kind) {
		case CFG_STEP_CONNECT:
			rc = begin_connect(p);
			if (rc < 0)
				finish_early(p, CHECK_SOCKERR, strerror(-rc));
			return;
		case CFG_STEP_SEND:
			begin_send(p);
			if (!flush(p))
				return;
			p->step = p->step->next;
			break;
		case CFG_STEP_EXPECT:
			if (p->in.len == 0 && !p->has_eof) {
				wait_for_more(p);
				return;
			}
			if (!do_expect(p))
				return;
			break;
		}
	}
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
		run(p);
		return;
	case PROBE_READING:
		do_read(p);
		return;
	}
	UNREACHABLE();
}

static enum check_status timeout_status(const struct probe *p)
{
	if (p->state == PROBE_CONNECTING)
		return CHECK_L4TOUT;
	if (p->step != NULL && p->step->kind == CFG_STEP_EXPECT &&
	    p->step->tout_status != CHECK_UNKNOWN)
		return p->step->tout_status;
	return CHECK_L7TOUT;
}

static void on_timeout(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct probe *p = container_of(w, struct probe, timeout);

	(void)loop, (void)revents;
	if (p->connect_error != 0) {
		char text[128];

		snprintf(text, sizeof(text), "General socket error (%s)",
			 strerror(p->connect_error));
		finish_early(p, CHECK_L4CON,
			     p->connect_error == ECONNREFUSED ? strerror(ECONNREFUSED) : text);
		return;
	}
	finish_early(p, timeout_status(p), "");
}

void probe_init(struct probe *p, struct ev_loop *loop, probe_done_fn *done)
{
	*p = (struct probe){ .loop = loop, .done = done, .fd = -1, .what = &tcp_check };
	ev_init(&p->io, on_io);
	ev_init(&p->timeout, on_timeout);
}

int probe_start(struct probe *p, const struct probe_spec *spec)
{
	int rc;

	ASSERT(p->state == PROBE_IDLE);
	p->what = spec->what != NULL ? spec->what : &tcp_check;
	p->addr = *spec->addr;
	(void)snprintf(p->interface, sizeof(p->interface), "%s",
		       spec->interface != NULL ? spec->interface : "");
	p->source = spec->source != NULL ? *spec->source : (struct addr){ 0 };
	snprintf(p->state_text, sizeof(p->state_text), STR_FMT, STR_ARG(spec->state_header));
	p->send_proxy = spec->send_proxy;
	p->stops_on_404 = spec->stops_on_404;
	p->connect_timeout_us = spec->connect_timeout_us;
	p->response_timeout_us = spec->response_timeout_us;
	p->step = p->what->steps;
	ASSERT(p->step != NULL && p->step->kind == CFG_STEP_CONNECT);
	rc = begin_connect(p);
	if (rc < 0)
		stop(p);
	return rc;
}

bool probe_is_running(const struct probe *p)
{
	return p->state != PROBE_IDLE;
}

void probe_cancel(struct probe *p)
{
	stop(p);
}

void probe_fini(struct probe *p)
{
	stop(p);
	strbuf_fini(&p->out);
	strbuf_fini(&p->in);
}
