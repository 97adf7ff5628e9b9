/* h1_request.c - the client's half of an HTTP/1 stream. */
#include <errno.h>

#include "config/cfg_model.h"
#include "config/log_program.h"
#include "http/capture.h"
#include "http/error_page.h"
#include "http/forwarded.h"
#include "http/h1_conn.h"
#include "http/h1_strict.h"
#include "http/http_rules.h"
#include "http/lb_key.h"
#include "http/route.h"
#include "net/client.h"
#include "net/frontend.h"
#include "net/splice.h"
#include "net/stream.h"
#include "process/worker_priv.h"
#include "stats/captured.h"
#include "stats/dashboard.h"
#include "stats/live.h"

static struct worker_private *priv_of(const struct stream *st)
{
	return st->c->w->priv;
}

/* ---- the head ---- */

static void refuse(struct stream *st, int status)
{
	counter_add(&st->c->fe->counters[st->c->w->tid].ereq, 1);
	st->keep_alive = false;
	stream_fail(st, status, 'P', 'R');
}

static void bad_request(struct stream *st)
{
	char source[ADDR_TEXT_LEN];
	const struct frontend *fe = st->c->fe;
	const struct buf *b = &st->req.buf;

	if (b->mem != NULL)
		captured_note(&(struct captured_event){
			.proxy = fe->name,
			.proxy_id = fe->id,
			.source = addr_format(client_addr(st->c), true, source),
			.bytes = { buf_data(b), buf_len(b) } });
	refuse(st, 400);
}

/* The request line as received, for logs: the buffer will be used for other things. */
static void save_line(struct stream *st, const struct h1_head *h)
{
	size_t len = (size_t)h->target + h->target_len + strlen(" HTTP/1.1");

	st->line_len = (uint16_t)MIN(len, sizeof(st->line));
	memcpy(st->line, h->base, st->line_len);
	st->method_len = h->method_len;
	st->target_off = (uint16_t)MIN(h->target, st->line_len);
	st->target_len = (uint16_t)MIN(h->target_len, (uint32_t)(st->line_len - st->target_off));
}

#define ADDED_MAX 1536 /* bytes of the lines that we add */

static char *add_forwarded(struct stream *st, const struct h1_head *h,
			   const struct cfg_proxy *fe_cfg, const struct cfg_proxy *be_cfg,
			   char *out, char *end)
{
	struct addr local;
	struct forwarded f = { .head = h };

	if (!fe_cfg->forwardfor && !be_cfg->forwardfor && !be_cfg->forwarded &&
	    !forwarded_needs_local(fe_cfg, be_cfg))
		return out;
	f.client = client_addr(st->c);
	if (forwarded_needs_local(fe_cfg, be_cfg) && client_local_addr(st->c, &local))
		f.local = &local;
	return forwarded_add(&f, fe_cfg, be_cfg, out, end);
}

struct search {
	struct stream *st;
	const struct backend_view *view;
	bool persist; /* option persist, force-persist */
};

static enum cookie_match find_by_cookie(void *arg, struct str value)
{
	struct search *s = arg;
	enum cookie_match match = COOKIE_NO_SERVER;

	for (uint32_t i = 0; i < s->view->n_servers; i++) {
		const struct view_server *vs = &s->view->servers[i];

		if (vs->cookie.len == 0 || !str_eq(vs->cookie, value))
			continue;
		match = COOKIE_SERVER_DOWN;
		if (!vs->accepts && !s->persist)
			continue; /* another one may share the value */
		s->st->direct = s->st->want = vs->srv;
		return vs->accepts ? COOKIE_SERVER_UP : COOKIE_SERVER_DOWN_USED;
	}
	return match;
}

static void read_cookie(struct stream *st, const struct h1_head *h, const struct backend *be,
			const struct cfg_proxy *be_cfg, struct headers *e)
{
	struct search s = { st, backend_view(be), be_cfg->persist || st->is_forced };

	cookie_read_request(&be_cfg->cookie, h, st->start_real_us / 1000000,
			    st->want || st->ck.is_ignored ? NULL : find_by_cookie, &s, &st->ck, e);
	headers_sort(e);
}

/* Collect the edits of the head and apply them in the buffer. false: it does not fit. */
static bool edit_head(struct stream *st, const struct h1_head *h, const struct cfg_proxy *fe_cfg,
		      const struct backend *be, const struct cfg_proxy *be_cfg)
{
	struct headers *e = &priv_of(st)->edits;
	char lines[ADDED_MAX], *p, *start;

	headers_init(e);
	headers_remove_hop_by_hop(e, h, st->is_upgrade, forwarded_for_name(fe_cfg, be_cfg));
	if (UNLIKELY(be && be_cfg->cookie.name.len))
		read_cookie(st, h, be, be_cfg, e);
	if (UNLIKELY(st->capture && st->capture->id_line.len > 0))
		headers_append(e, h,
			       (struct str){ st->capture->id_line.p, st->capture->id_line.len });
	p = add_forwarded(st, h, fe_cfg, be_cfg, lines, lines + sizeof(lines) - 32);
	if (st->is_upgrade)
		p = stpcpy(p, "Connection: Upgrade\r\n");
	else if (!st->server_keep_alive && !be_cfg->http_pretend_keepalive)
		p = h->minor == 1 ? stpcpy(p, "Connection: close\r\n")
				  : p; /* else it does anyhow */
	else if (h->minor == 0)
		p = stpcpy(p, "Connection: keep-alive\r\n");
	if (p != lines)
		headers_append(e, h, (struct str){ lines, (size_t)(p - lines) });
	if (e->is_full || (e->growth > 0 && (size_t)e->growth > st->req.buf.head))
		return false;
	start = headers_apply(e, buf_data(&st->req.buf), h->len);
	st->req.buf.head = (size_t)(start - st->req.buf.mem);
	return true;
}

static bool answer_monitor(struct stream *st, const struct h1_head *h, const struct cfg_proxy *cfg)
{
	unsigned status;

	if (cfg->monitor_uri.len == 0 ||
	    !str_eq((struct str){ st->line + st->target_off, st->target_len }, cfg->monitor_uri))
		return false;
	status = route_first(st->c, cfg->monitor_fails, h) ? 503 : 200;
	counter_add(&st->c->fe->counters[st->c->w->tid].intercepted, 1);
	st->is_silent = true;
	st->status = (uint16_t)status;
	error_page_compose(status == 200 ? NULL : cfg, status, st->minor, &st->keep_alive,
			   st->method == H1_HEAD, &st->local);
	stream_answer_local(st);
	return true;
}

static struct str value_of(const struct h1_head *h, enum h1_field_id id)
{
	const struct h1_field *f = h1_find_field(h, id);

	return f ? h1_field_value(h, f) : (struct str){ 0 };
}

static struct str value_of_named(const struct h1_head *h, const char *name)
{
	for (unsigned i = 0; i < h->n_fields; i++)
		if (str_eq_nocase(h1_field_name(h, &h->fields[i]), str_from(name)))
			return h1_field_value(h, &h->fields[i]);
	return (struct str){ 0 };
}

static struct stats_request stats_request_of(struct stream *st, const struct h1_head *h,
					     const struct cfg_proxy *cfg)
{
	const struct buf *b = &st->req.buf;
	struct stats_request rq = {
		.method = h1_method_text(h),
		.uri = h1_target(h),
		.authorization = value_of(h, H1F_AUTHORIZATION),
		.host = value_of(h, H1F_HOST),
		.origin = value_of_named(h, "Origin"),
		.site = value_of_named(h, "Sec-Fetch-Site"),
		.is_admin =
			cfg->stats.admin && route_first(st->c, cfg->stats.admin_rules, h) != NULL,
		.is_body_whole = st->req.is_done && !h->is_chunked,
	};

	if (st->req.is_done)
		rq.body = (struct str){ buf_data(b) + h->len, (size_t)st->req.n_total - h->len };
	return rq;
}

static bool answer_stats(struct stream *st, const struct h1_head *h, const struct cfg_proxy *cfg)
{
	enum stats_kind kind;
	struct stats_request rq;

	if (LIKELY(!cfg->stats.enabled) || !stats_matches(&cfg->stats, h1_target(h)))
		return false;
	rq = stats_request_of(st, h, cfg);
	if (!st->req.is_done || st->minor == 0)
		st->keep_alive = false;
	rq.keep_alive = st->keep_alive;
	if (cfg->is_frontend)
		counter_add(&st->c->fe->counters[st->c->w->tid].intercepted, 1);
	st->is_stats = true;
	st->term[0] = 'L';
	st->term[1] = 'R';
	st->status = (uint16_t)stats_respond(&cfg->stats, &rq, &st->local, &kind);
	if (kind == STATS_ACTION) {
		st->state = STREAM_LOCAL;
		st->keep_alive = false;
		if (live_act(st, cfg->stats.uri, rq.body))
			stream_update(st);
		else
			stream_abort(st, 'R', 'R');
		return true;
	}
	if (kind == STATS_EVENTS) {
		st->keep_alive = false;
		live_join(st);
	}
	stream_answer_local(st);
	return true;
}

static struct backend *backend_of(struct stream *st, const struct cfg_proxy *fe_cfg,
				  const struct h1_head *h)
{
	if (LIKELY(fe_cfg->use_backends == NULL))
		return rcu_dereference(st->c->fe->default_backend);
	/* rules of mode tcp see no request */
	return route_by_rules(st->c, fe_cfg, fe_cfg->mode == CFG_MODE_HTTP ? h : NULL);
}

/* What of the body is behind the head: all of it, or what has come of the first chunk. */
static struct str first_of_body(const struct stream *st, const struct h1_head *h)
{
	struct str s = { buf_data(&st->req.buf) + h->len, buf_len(&st->req.buf) - h->len };
	const char *line_end;

	if (!h->is_chunked) {
		s.len = h->has_length ? (size_t)MIN(h->content_length, s.len) : 0;
		return s;
	}
	line_end = s.len ? memchr(s.p, '\n', s.len) : NULL;
	if (!line_end) /* the size was checked when the body was framed */
		return STR("");
	s.len -= (size_t)(line_end + 1 - s.p);
	s.len = MIN(s.len, (size_t)strtoull(s.p, NULL, 16));
	s.p = line_end + 1;
	return s;
}

/* Before the head is moved. */
static void find_lb_key(struct stream *st, const struct cfg_proxy *be_cfg, const struct h1_head *h)
{
	struct str body = STR("");

	if (be_cfg->balance == CFG_LB_URL_PARAM && h->method == H1_POST)
		body = first_of_body(st, h);
	st->has_lb_hash = lb_key_of_request(be_cfg->balance, &be_cfg->lb, h, body, &st->lb_hash);
}

static bool answer_metrics(struct stream *st, const struct h1_head *h)
{
	const struct stats_request rq = { .method = h1_method_text(h),
					  .uri = h1_target(h),
					  .keep_alive = st->keep_alive && st->req.is_done };

	if (LIKELY(!st->wants_metrics))
		return false;
	st->keep_alive = rq.keep_alive;
	st->is_stats = true;
	st->term[0] = 'L';
	st->term[1] = 'R';
	counter_add(&st->c->fe->counters[st->c->w->tid].intercepted, 1);
	st->status = (uint16_t)stats_respond_metrics(&rq, &st->local);
	stream_answer_local(st);
	return true;
}

/* Where the idle connection leads that served this client last, unless the request decides. As in
 * HAProxy 2.6 only one that no other client may take (http-reuse never) counts. */
static struct server *last_server(const struct client *c, const struct backend *be)
{
	const struct backend_view *v = backend_view(be);

	for (uint32_t i = 0;
	     c->last && c->last->is_private && !v->algo->is_bound && i < v->n_servers; i++)
		if (v->servers[i].srv == c->last->srv) /* by name: it may be gone */
			return v->servers[i].usable ? v->servers[i].srv : NULL;
	return NULL;
}

/* The complete head is at the head of the buffer, and described in the thread's scratch. */
static void begin_request(struct stream *st)
{
	struct worker_private *priv = priv_of(st);
	struct client *c = st->c;
	struct h1_head *h = &priv->head;
	const struct cfg_proxy *fe_cfg = rcu_dereference(c->fe->cfg), *be_cfg;
	struct backend *be;
	struct counters *n = &c->fe->counters[c->w->tid];
	struct buf *b = &st->req.buf;
	size_t len = h->len, used;
	enum h1_fault fault;

	st->head_us = worker_now(c->w);
	counter_add(&n->req_tot, 1);
	rate_add(&n->req_rate, st->head_us, 1);
	fault = h1_check_request(h);
	if (UNLIKELY(fault != H1_OK)) {
		refuse(st, fault == H1_FAULT_BODY_IN_1_0 ? 413 : 400);
		return;
	}
	if (UNLIKELY(fe_cfg->http_requests != NULL))
		http_request_rules(st, fe_cfg->http_requests, h);
	be = backend_of(st, fe_cfg, h);
	be_cfg = be ? rcu_dereference(be->cfg) : fe_cfg;
	save_line(st, h);
	st->method = h->method;
	st->minor = h->minor;
	if (UNLIKELY(capture_is_wanted(fe_cfg)) && (st->capture = capture_new()) != NULL)
		capture_request(st->capture, fe_cfg, h);
	/* a body and a tunnel behind one head would need an order that nobody defines */
	st->is_upgrade = h->conn_upgrade && h->has_upgrade && h->minor == 1 && !h->is_chunked &&
			 !(h->has_length && h->content_length > 0);
	st->keep_alive = !h->conn_close && (h->minor == 1 || h->conn_keep_alive) &&
			 !fe_cfg->httpclose && !client_should_close(c);
	st->server_keep_alive = !be_cfg->http_server_close && !be_cfg->httpclose &&
				!fe_cfg->http_server_close && !fe_cfg->httpclose;
	h1_body_init_request(&st->req.body, h);
	st->req.n_total = len;
	if (st->method == H1_CONNECT) /* what follows belongs to the tunnel */
		st->req.is_done = true;
	else if (h1_body_feed(&st->req.body, buf_data(b) + len, buf_len(b) - len, &used) ==
		 H1_BAD) {
		bad_request(st);
		return;
	} else {
		st->req.is_done = st->req.body.is_done;
		st->req.n_total += used;
	}
	st->req.ready = (size_t)st->req.n_total;
	if (UNLIKELY(be_cfg->http_requests && be_cfg != fe_cfg))
		http_request_rules(st, be_cfg->http_requests, h);
	if (UNLIKELY(be_cfg->use_servers || be_cfg->persist_rules) && be)
		route_to_server(st, be_cfg, h);
	if (answer_monitor(st, h, fe_cfg) || answer_metrics(st, h) || answer_stats(st, h, fe_cfg) ||
	    (be_cfg != fe_cfg && answer_stats(st, h, be_cfg)))
		return;
	if (UNLIKELY(be_cfg->balance >= CFG_LB_URI))
		find_lb_key(st, be_cfg, h);
	if (UNLIKELY(fe_cfg->unique_id_format &&
		     (fe_cfg->unique_id_header.len > 0 || fe_cfg->unique_id_format->needs_request)))
		stream_make_id(st, h);
	if (!edit_head(st, h, fe_cfg, be, be_cfg)) {
		bad_request(st);
		return;
	}
	st->req.ready += (size_t)(ptrdiff_t)priv->edits.growth;
	st->retry_on = st->no_l7_retry ? 0 : be_cfg->retry_on & CFG_RETRY_RESPONSES;
	st->replay_from = b->head;
	st->is_replayable = st->req.is_done || st->req.body.framing == H1_BODY_CHUNKED ||
			    st->req.body.remaining <= buf_room(b);
	if (UNLIKELY(be_cfg->prefer_last_server) && be && !st->want)
		st->want = last_server(c, be);
	stream_route(st, be);
}

static bool wants_body(const struct cfg_proxy *cfg, const struct h1_head *h)
{
	return cfg->http_buffer_request ||
	       (cfg->balance == CFG_LB_URL_PARAM && h->method == H1_POST) ||
	       stats_wants_body(&cfg->stats, h1_method_text(h), h1_target(h));
}

/* `option http-buffer-request`, `balance url_param` with a POST, and forms for the statistics: is
 * there more of the body to come,
 * and room for it? Who waits for "100 Continue" would wait for ever. */
static bool waits_for_body(struct stream *st)
{
	const struct cfg_proxy *fe_cfg = rcu_dereference(st->c->fe->cfg);
	const struct backend *be;
	struct h1_head h;
	struct buf *b = &st->req.buf;
	struct h1_body body;
	size_t used;

	if (LIKELY(!fe_cfg->may_want_bodies))
		return false;
	h = priv_of(st)->head; /* a copy: a head is checked once */
	if (h1_check_request(&h) != H1_OK)
		return false;
	be = backend_of(st, fe_cfg, &h);
	if (!wants_body(fe_cfg, &h) && !(be && wants_body(rcu_dereference(be->cfg), &h)))
		return false;
	if (h.has_expect || buf_room(b) == 0 || st->c->has_eof)
		return false;
	h1_body_init_request(&body, &h);
	if (h1_body_feed(&body, buf_data(b) + h.len, buf_len(b) - h.len, &used) == H1_BAD ||
	    body.is_done)
		return false;
	save_line(st, &h);
	st->minor = h.minor;
	return true;
}

/* Parse the head that is (perhaps) in the buffer. The first try is nearly always the last; then the
 * scan goes on where it was, so that a head that comes byte by byte costs no more than its bytes.
 */
static enum h1_result find_head(struct stream *st)
{
	struct buf *b = &st->req.buf;
	struct h1_head *h = &priv_of(st)->head;
	enum h1_result r;

	if (st->req.scan.pos == 0) {
		while (UNLIKELY(buf_len(b) >= 2 && memcmp(buf_data(b), "\r\n", 2) == 0))
			b->head += 2; /* RFC 9112 section 2.2 */
		r = h1_parse_request(h, buf_data(b), buf_len(b));
		if (r != H1_NEED_MORE)
			return r;
	}
	r = h1_scan(&st->req.scan, buf_data(b), buf_len(b), true);
	if (r != H1_DONE)
		return r;
	b->head += st->req.scan.start;
	return h1_parse_request(h, buf_data(b), buf_len(b));
}

void h1_on_client_bytes(struct stream *st)
{
	struct buf *b = &st->req.buf;
	size_t headroom = st->c->w->engine->maxrewrite;

	st->is_http = true;
	switch (find_head(st)) {
	case H1_BAD:
		counter_add(&st->c->fe->counters[st->c->w->tid].req_tot, 1);
		bad_request(st);
		return;
	case H1_DONE:
		if (UNLIKELY(waits_for_body(st))) {
			stream_update(st);
			return;
		}
		begin_request(st);
		return;
	case H1_NEED_MORE:
		break;
	}
	if (buf_room(b) == 0 && b->head > headroom) {
		size_t len = buf_len(b);

		memmove(b->mem + headroom, buf_data(b), len);
		b->head = headroom;
		b->tail = headroom + len;
	}
	if (st->c->has_eof) { /* the rest of it will not come */
		counter_add(&st->c->fe->counters[st->c->w->tid].ereq, 1);
		stream_fail(st, 400, 'C', 'R');
	} else if (buf_room(b) == 0) {
		bad_request(st);
	} else {
		stream_update(st);
	}
}

/* ---- the body, and what comes behind it ---- */

/* Answered already: whatever still comes is dropped. */
static void discard(struct stream *st)
{
	char sink[4096];
	ssize_t n = recv(st->c->fd, sink, sizeof(sink), 0);

	if (n == 0 && st->is_live) { /* the viewer left */
		stream_finish(st);
		return;
	}
	if (n == 0) {
		st->c->has_eof = true;
	} else if (n == -1 && errno != EAGAIN && errno != EINTR) {
		stream_abort(st, 'C', 'D');
		return;
	}
	stream_update(st);
}

static char phase_letter(const struct stream *st)
{
	switch ((enum stream_state)st->state) {
	case STREAM_HEAD:
		return 'R';
	case STREAM_QUEUED:
		return 'Q';
	case STREAM_PAUSED:
	case STREAM_CONNECTING:
		return 'C';
	case STREAM_OPEN:
		return st->has_response_head || !st->req.is_done ? 'D' : 'H';
	case STREAM_LOCAL:
	case STREAM_OVER:
		return 'D';
	}
	UNREACHABLE();
}

static void on_client_end(struct stream *st)
{
	st->c->has_eof = true;
	if (!st->req.is_done) { /* it will not finish what it began */
		if (st->state == STREAM_HEAD)
			counter_add(&st->c->fe->counters[st->c->w->tid].ereq, 1);
		stream_fail(st, 400, 'C', phase_letter(st));
		return;
	}
	/* Half-closed clients that wait for their answer are legitimate; the option says otherwise.
	 */
	if (st->be && rcu_dereference(st->be->cfg)->abortonclose && !st->has_response_head) {
		st->keep_alive = false;
		if (st->state == STREAM_OPEN) /* half-closed, it can still read why */
			stream_fail(st, 400, 'C', 'H');
		else
			stream_abort(st, 'C', phase_letter(st));
		return;
	}
	stream_update(st);
}

/* No room: a request that must stay for a replay gives way to its own rest. */
static void make_room(struct stream *st)
{
	st->is_replayable = false;
	if (st->req.buf.head == st->req.buf.tail)
		channel_release(st, &st->req);
}

static void on_body_bytes(struct stream *st, size_t from, size_t len)
{
	size_t used = 0;
	enum h1_result r = h1_body_feed(&st->req.body, st->req.buf.mem + from, len, &used);

	st->client_active_us = worker_now(st->c->w);
	st->req.ready += used;
	st->req.n_total += used;
	st->req.is_done = st->req.body.is_done;
	if (r == H1_BAD) {
		counter_add(&st->c->fe->counters[st->c->w->tid].ereq, 1);
		st->keep_alive = false;
		stream_fail(st, 400, 'P', 'D');
		return;
	}
	if (st->server_refuses) {
		st->req.ready = 0;
		st->req.buf.head = st->req.buf.tail;
		channel_release(st, &st->req);
	} else if (st->state == STREAM_OPEN && !stream_send_to_server(st)) {
		return;
	}
	if (h1_go_on(st))
		stream_update(st);
}

/* A long body whose end we need not look for. */
static bool is_bulk(const struct stream *st)
{
	return st->state == STREAM_OPEN && !st->server_refuses && !st->req.buf.mem &&
	       channel_is_empty(&st->req) && h1_body_unseen(&st->req.body) >= SPLICE_MIN;
}

static void pass_bulk(struct stream *st)
{
	struct h1_body *b = &st->req.body;
	ssize_t n = channel_splice_in(&st->req, st->c->fd, h1_body_unseen(b));

	if (n > 0) {
		st->client_active_us = worker_now(st->c->w);
		st->req.n_total += (uint64_t)n;
		h1_body_pass(b, (uint64_t)n);
		st->req.is_done = b->is_done;
		if (!stream_send_to_server(st))
			return;
	}
	channel_release(st, &st->req);
	if (n == 0 || (n < 0 && n != -EAGAIN))
		on_client_end(st);
	else if (h1_go_on(st))
		stream_update(st);
}

void h1_on_client_readable(struct stream *st)
{
	size_t headroom = st->c->w->engine->maxrewrite;
	size_t from;
	ssize_t n;

	if (st->state == STREAM_LOCAL) {
		discard(st);
		return;
	}
	if (is_bulk(st) && splice_prepare(st->c->w, &st->req) == 0) {
		pass_bulk(st);
		return;
	}
	if (st->req.buf.mem && buf_room(&st->req.buf) == 0 && st->state != STREAM_HEAD)
		make_room(st);
	from = st->req.buf.mem ? st->req.buf.tail : headroom;
	n = channel_recv(st, &st->req, st->c->fd, headroom);
	if (n > 0) {
		if (st->state == STREAM_HEAD)
			h1_on_client_bytes(st);
		else if (!st->req.is_done)
			on_body_bytes(st, from, (size_t)n);
		else
			stream_update(st); /* the next request waits its turn */
	} else if (n == 0) {
		on_client_end(st);
	} else if (n == -EAGAIN || n == -ENOBUFS) {
		stream_update(st);
	} else {
		st->c->has_eof = true;
		stream_abort(st, 'C', phase_letter(st));
	}
}

bool h1_on_server_writable(struct stream *st)
{
	return stream_send_to_server(st) && h1_go_on(st);
}

enum conn_reuse h1_may_reuse(const struct stream *st)
{
	const bool is_first = st->c->n_requests == 0;

	if (st->is_upgrade || st->method == H1_CONNECT)
		return CONN_REUSE_NONE;
	switch (rcu_dereference(st->be->cfg)->http_reuse) {
	case CFG_REUSE_NEVER:
		return CONN_REUSE_OWN;
	case CFG_REUSE_SAFE:
		return is_first ? CONN_REUSE_OWN : CONN_REUSE_ANY;
	case CFG_REUSE_AGGRESSIVE:
		return is_first ? CONN_REUSE_PROVEN : CONN_REUSE_ANY;
	case CFG_REUSE_ALWAYS:
		return CONN_REUSE_ANY;
	case CFG_REUSE_DEFAULT:
		break;
	}
	/* A reused connection may close in the moment we send. What can be sent again without harm
	 * may take the risk; else only behind an earlier request of the same client. */
	switch ((enum h1_method)st->method) {
	case H1_GET:
	case H1_HEAD:
	case H1_PUT:
	case H1_DELETE:
	case H1_OPTIONS:
	case H1_TRACE:
		return CONN_REUSE_ANY;
	case H1_POST:
	case H1_PATCH:
	case H1_OTHER:
		return is_first ? CONN_REUSE_NONE : CONN_REUSE_ANY;
	case H1_CONNECT:
		return CONN_REUSE_NONE;
	}
	UNREACHABLE();
}

void h1_on_client_timeout(struct stream *st)
{
	if (st->state == STREAM_HEAD)
		counter_add(&st->c->fe->counters[st->c->w->tid].ereq, 1);
	stream_fail(st, 408, 'c', phase_letter(st));
}

void h1_on_silent_client(struct client *c)
{
	struct stream *st = stream_new(c);

	if (!st) {
		client_close(c);
		return;
	}
	st->is_http = true;
	st->start_us = c->accept_us;
	st->is_silent = rcu_dereference(c->fe->cfg)->dontlognull;
	stream_fail(st, 408, 'c', 'R');
}

void h1_on_unused_client(struct client *c)
{
	struct stream *st = rcu_dereference(c->fe->cfg)->dontlognull ? NULL : stream_new(c);

	if (!st) {
		client_close(c);
		return;
	}
	st->is_http = true;
	st->start_us = c->accept_us;
	st->status = 400;
	stream_abort(st, 'C', 'R');
}
