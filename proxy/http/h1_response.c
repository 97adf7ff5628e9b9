/* h1_response.c - the server's half of an HTTP/1 stream. */
#include <errno.h>

#include "config/cfg_model.h"
#include "http/capture.h"
#include "http/h1_conn.h"
#include "http/h1_strict.h"
#include "net/client.h"
#include "net/frontend.h"
#include "net/relay.h"
#include "net/splice.h"
#include "net/stream.h"
#include "process/worker_priv.h"
#include "stats/captured.h"

static void count_bad_response(struct stream *st)
{
	counter_add(&st->srv->counters[st->c->w->tid].eresp, 1);
	counter_add(&st->be->counters[st->c->w->tid].eresp, 1);
}

/* For `show errors`. */
static void keep_bad_response(struct stream *st)
{
	const struct buf *b = &st->res.buf;
	char source[ADDR_TEXT_LEN];

	if (b->mem == NULL || st->srv == NULL)
		return;
	captured_note(
		&(struct captured_event){ .is_response = true,
					  .proxy = st->be->name,
					  .proxy_id = st->be->id,
					  .other = st->c->fe->name,
					  .other_id = st->c->fe->id,
					  .server = st->srv->name,
					  .server_id = st->srv->id,
					  .source = addr_format(client_addr(st->c), true, source),
					  .bytes = { buf_data(b), buf_len(b) } });
}

static void bad_response(struct stream *st)
{
	keep_bad_response(st);
	if (stream_retry_response(st, CFG_RETRY_JUNK))
		return;
	count_bad_response(st);
	stream_observe(st, OBSERVE_HTTP_HDRRSP);
	stream_fail(st, 502, 'P', 'H');
}

bool h1_go_on(struct stream *st)
{
	if (st->res.is_done && channel_is_empty(&st->res) && st->has_response_head &&
	    (st->server_refuses || (st->req.is_done && channel_is_empty(&st->req)))) {
		stream_finish(st);
		return false;
	}
	return true;
}

/* A 1xx or 204 that announces a body all the same. */
static bool announces_too_much(const struct h1_head *h)
{
	return (h->status < 200 || h->status == 204) && (h->has_length || h->is_chunked);
}

/* Only what shortens it: nothing else is to be said in an interim response. Its length then; 0: it
 * cannot be done. */
static size_t edit_interim(struct stream *st, const struct h1_head *h)
{
	struct headers *e = &st->c->w->priv->edits;
	char *start;

	headers_init(e);
	headers_remove_hop_by_hop(e, h, false, STR(""));
	headers_remove_framing(e, h);
	headers_sort(e);
	if (e->is_full)
		return 0;
	if (e->n == 0)
		return h->len;
	start = headers_apply(e, buf_data(&st->res.buf), h->len);
	st->res.buf.head = (size_t)(start - st->res.buf.mem);
	return (size_t)((ptrdiff_t)h->len + e->growth);
}

/* 100, 102, 103: passed on; a client of HTTP/1.0 does not know them. false: the stream has ended,
 * or the rest must wait until this one is gone. */
static bool pass_interim(struct stream *st, const struct h1_head *h)
{
	size_t len = edit_interim(st, h);

	if (len == 0) {
		bad_response(st);
		return false;
	}
	st->res.scan = (struct h1_scan){ 0 };
	counter_add(&st->srv->counters[st->c->w->tid].hrsp[1], 1);
	if (st->minor == 0) {
		st->res.buf.head += len;
		return true;
	}
	st->res.ready += len;
	if (!stream_send_to_client(st))
		return false;
	if (st->res.ready > 0) {
		stream_update(st);
		return false;
	}
	return true;
}

static size_t edit_cookie(struct stream *st, const struct h1_head *h, struct headers *e,
			  char *lines)
{
	const struct cfg_proxy *cfg = rcu_dereference(st->be->cfg);
	const struct view_server *vs = backend_view_of(st->be, st->srv);
	size_t len;

	if (cfg->cookie.name.len == 0)
		return 0; /* a reload took it away */
	len = cookie_edit_response(&cfg->cookie, h, (enum h1_method)st->method,
				   (int64_t)ev_now(st->c->w->priv->ev), vs ? vs->cookie : STR(""),
				   &st->ck, e, lines);
	headers_sort(e);
	return len;
}

/* Append what must be said about the connection. */
static bool edit_head(struct stream *st, const struct h1_head *h)
{
	struct headers *e = &st->c->w->priv->edits;
	bool keep_upgrade = h->has_upgrade && (h->status == 101 || h->status == 426);
	char *start, lines[COOKIE_MAX_LINES];
	size_t len = 0;

	headers_init(e);
	if (h->minor == 0) /* the version is ours, not that of who is behind us */
		headers_edit(e, 7, 1, STR("1"));
	headers_remove_hop_by_hop(e, h, keep_upgrade, STR(""));
	if (UNLIKELY(announces_too_much(h))) {
		headers_remove_framing(e, h);
		headers_sort(e);
	}
	if (UNLIKELY(st->ck.client))
		len = edit_cookie(st, h, e, lines);
	if (len)
		headers_append(e, h, (struct str){ lines, len });
	if (keep_upgrade)
		headers_append(e, h, STR("Connection: Upgrade\r\n"));
	else if (st->res.body.framing == H1_BODY_TUNNEL)
		;
	else if (!st->keep_alive)
		headers_append(e, h, STR("Connection: close\r\n"));
	else if (st->minor == 0)
		headers_append(e, h, STR("Connection: keep-alive\r\n"));
	if (e->is_full || (e->growth > 0 && (size_t)e->growth > st->res.buf.head))
		return false;
	start = headers_apply(e, buf_data(&st->res.buf), h->len);
	st->res.buf.head = (size_t)(start - st->res.buf.mem);
	return true;
}

/* Bytes of the body begin at offset from in the buffer. false: malformed. */
static bool take_body(struct stream *st, size_t from)
{
	struct buf *b = &st->res.buf;
	size_t used;

	if (h1_body_feed(&st->res.body, b->mem + from, b->tail - from, &used) == H1_BAD)
		return false;
	st->res.ready += used;
	st->res.n_total += used;
	st->res.is_done = st->res.body.is_done;
	if (from + used < b->tail) { /* more than it announced: do not trust it any further */
		st->server_keep_alive = false;
		b->tail = from + used;
	}
	return true;
}

/* The final head of len bytes is at the head of the buffer. false: the stream has ended. */
static bool begin_response(struct stream *st, struct h1_head *h, size_t len)
{
	struct buf *b = &st->res.buf;
	size_t body_from = b->head + len;

	h1_body_init_response(&st->res.body, h, st->method);
	if (h->status == 101 && !st->is_upgrade) {
		bad_response(st);
		return false;
	}
	st->server_keep_alive = st->server_keep_alive && st->res.body.framing != H1_BODY_CLOSE &&
				(h->minor == 1 ? !h->conn_close : h->conn_keep_alive);
	if (st->res.body.framing == H1_BODY_CLOSE || client_should_close(st->c) ||
	    (st->minor == 0 && h->is_chunked))
		st->keep_alive = false;
	if (UNLIKELY(st->capture != NULL))
		capture_response(st->capture, rcu_dereference(st->c->fe->cfg), h);
	if (!edit_head(st, h)) {
		bad_response(st);
		return false;
	}
	if (UNLIKELY(st->retry_on) && st->is_replayable) {
		st->is_replayable = false; /* it is good enough */
		channel_release(st, &st->req);
	}
	stream_observe(st, observe_status(h->status));
	st->status = h->status;
	st->response_us = worker_now(st->c->w);
	st->response_minor = h->minor;
	st->res.ready = body_from - b->head;
	st->res.n_total = len;
	st->has_response_head = true;
	if (!take_body(st, body_from)) {
		st->has_response_head = false;
		st->status = 0;
		bad_response(st);
		return false;
	}
	stream_log_early(st);
	return true;
}

static enum h1_result find_head(struct stream *st, struct h1_head *h)
{
	struct buf *b = &st->res.buf;
	enum h1_result r;

	if (st->res.scan.pos == 0) {
		r = h1_parse_response(h, buf_data(b), buf_len(b));
		if (r != H1_NEED_MORE)
			return r;
	}
	r = h1_scan(&st->res.scan, buf_data(b), buf_len(b), false);
	return r == H1_DONE ? h1_parse_response(h, buf_data(b), buf_len(b)) : r;
}

/* Interim responses went before: what is behind them moves to their place. */
static void make_room(struct stream *st)
{
	struct buf *b = &st->res.buf;
	size_t headroom = st->c->w->engine->maxrewrite, len = buf_len(b);

	if (buf_room(b) > 0 || b->head <= headroom)
		return;
	memmove(b->mem + headroom, buf_data(b), len);
	b->head = headroom;
	b->tail = headroom + len;
}

/* Of `retry-on STATUS`; 0: there is none. */
static unsigned retry_bit(unsigned status)
{
	static const struct {
		unsigned status, bit;
	} bits[] = { { 401, CFG_RETRY_401 }, { 403, CFG_RETRY_403 }, { 404, CFG_RETRY_404 },
		     { 408, CFG_RETRY_408 }, { 425, CFG_RETRY_425 }, { 500, CFG_RETRY_500 },
		     { 501, CFG_RETRY_501 }, { 502, CFG_RETRY_502 }, { 503, CFG_RETRY_503 },
		     { 504, CFG_RETRY_504 } };

	for (size_t i = 0; i < ARRAY_LEN(bits); i++)
		if (bits[i].status == status)
			return bits[i].bit;
	return 0;
}

/* Bytes of heads are in the buffer. false: the stream has ended, or waits. */
static bool on_head_bytes(struct stream *st)
{
	struct worker_private *priv = st->c->w->priv;
	struct buf *b = &st->res.buf;

	for (;;) {
		struct h1_head *h = &priv->head;

		switch (find_head(st, h)) {
		case H1_BAD:
			bad_response(st);
			return false;
		case H1_NEED_MORE:
			make_room(st);
			if (buf_room(b) == 0)
				bad_response(st);
			else
				stream_update(st);
			return false;
		case H1_DONE:
			break;
		}
		if (h1_check_response(h) != H1_OK) {
			bad_response(st);
			return false;
		}
		if (UNLIKELY(st->retry_on) && stream_retry_response(st, retry_bit(h->status)))
			return false;
		if (h->status >= 200 || h->status == 101)
			return begin_response(st, h, h->len);
		if (!pass_interim(st, h))
			return false;
		if (!b->mem || buf_len(b) == 0) {
			channel_release(st, &st->res);
			stream_update(st);
			return false;
		}
	}
}

static void on_response_bytes(struct stream *st, size_t from)
{
	if (!st->has_response_head) {
		if (!on_head_bytes(st))
			return;
	} else if (!take_body(st, from)) {
		count_bad_response(st);
		stream_abort(st, 'P', 'D');
		return;
	}
	if (st->res.body.framing == H1_BODY_TUNNEL) {
		relay_start_tunnel(st);
		return;
	}
	if (stream_send_to_client(st) && h1_go_on(st))
		stream_update(st);
}

/* A long body whose end we need not look for. */
static bool is_bulk(const struct stream *st)
{
	const struct h1_body *b = &st->res.body;

	if (!st->has_response_head || !channel_is_empty(&st->res) || st->res.buf.mem)
		return false;
	return h1_body_unseen(b) >= SPLICE_MIN &&
	       (b->framing != H1_BODY_CLOSE || st->res.n_total >= SPLICE_MIN);
}

static void pass_bulk(struct stream *st)
{
	struct h1_body *b = &st->res.body;
	ssize_t n = channel_splice_in(&st->res, st->s->fd, h1_body_unseen(b));

	if (n > 0) {
		st->server_active_us = worker_now(st->c->w);
		st->res.n_total += (uint64_t)n;
		h1_body_pass(b, (uint64_t)n);
		st->res.is_done = b->is_done;
		if (!stream_send_to_client(st))
			return;
	}
	channel_release(st, &st->res);
	if (n == 0 || (n < 0 && n != -EAGAIN))
		h1_on_server_closed(st);
	else if (h1_go_on(st))
		stream_update(st);
}

void h1_on_server_readable(struct stream *st)
{
	size_t headroom = st->has_response_head ? 0 : st->c->w->engine->maxrewrite;
	size_t from;
	ssize_t n;

	if (st->res.ready > 0 && !st->has_response_head) {
		stream_update(st); /* an interim response must go first */
		return;
	}
	if (is_bulk(st) && splice_prepare(st->c->w, &st->res) == 0) {
		pass_bulk(st);
		return;
	}
	from = st->res.buf.mem ? st->res.buf.tail : headroom;
	n = channel_recv(st, &st->res, st->s->fd, headroom);
	if (n > 0) {
		st->server_active_us = worker_now(st->c->w);
		if (st->is_replayable && LIKELY(!st->retry_on)) {
			st->is_replayable = false;
			channel_release(st, &st->req);
		}
		on_response_bytes(st, from);
	} else if (n == -EAGAIN || n == -ENOBUFS) {
		channel_release(st, &st->res);
		stream_update(st);
	} else {
		channel_release(st, &st->res);
		h1_on_server_closed(st);
	}
}

bool h1_is_idempotent(const struct stream *st)
{
	return st->method != H1_POST && st->method != H1_PATCH && st->method != H1_OTHER;
}

void h1_on_server_closed(struct stream *st)
{
	if (!st->has_response_head) {
		bool untouched = st->req.buf.head == st->replay_from;

		if (st->is_reused && st->is_replayable && (h1_is_idempotent(st) || untouched)) {
			stream_replay(st);
			return;
		}
		if (stream_retry_response(st, CFG_RETRY_EMPTY)) /* HAProxy: half a head too */
			return;
		count_bad_response(st);
		stream_observe(st, OBSERVE_HTTP_BROKEN_PIPE);
		if (st->c->n_requests > 0) {
			/* A client whose kept connection closes tries again, which we must not do
			 * in its name. */
			stream_abort(st, 'S', 'H');
			return;
		}
		stream_fail(st, 502, 'S', 'H');
		return;
	}
	st->server_keep_alive = false;
	st->keep_alive = st->keep_alive && h1_body_end(&st->res.body);
	if (!h1_body_end(&st->res.body) &&
	    !st->term[0]) { /* truncated: the close tells the client */
		st->term[0] = 'S';
		st->term[1] = 'D';
	}
	st->res.is_done = true;
	st->server_refuses = true;
	if (h1_go_on(st))
		stream_update(st);
}

/* It does not take the request any more; perhaps it has answered before it closed. */
bool h1_on_server_write_error(struct stream *st)
{
	st->server_refuses = true;
	st->server_keep_alive = false;
	if (!st->req.is_done || !channel_is_empty(&st->req))
		st->keep_alive = st->keep_alive && st->is_replayable;
	if (st->res.is_done)
		return h1_go_on(st);
	h1_on_server_readable(st);
	return false;
}

bool h1_on_client_writable(struct stream *st)
{
	if (!stream_send_to_client(st))
		return false;
	if (st->res.ready == 0 && !st->has_response_head && st->res.buf.mem &&
	    buf_len(&st->res.buf) > 0) { /* behind an interim response */
		on_response_bytes(st, st->res.buf.head);
		return false;
	}
	return h1_go_on(st);
}

void h1_on_server_timeout(struct stream *st)
{
	if (!st->has_response_head) {
		if (stream_retry_response(st, CFG_RETRY_TIMEOUT))
			return;
		count_bad_response(st);
		stream_observe(st, OBSERVE_HTTP_READ_TIMEOUT);
	}
	stream_fail(st, 504, 's', st->has_response_head ? 'D' : 'H');
}
