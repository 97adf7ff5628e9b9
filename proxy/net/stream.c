/* stream.c - the life of a stream: channels, server assignment, connection, retries, end. */
#include "net/stream.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/cfg_model.h"
#include "http/capture.h"
#include "http/error_page.h"
#include "http/h1_conn.h"
#include "net/client.h"
#include "net/frontend.h"
#include "net/relay.h"
#include "net/splice.h"
#include "process/worker_priv.h"
#include "stats/live.h"

#define MAX_RETRY_PAUSE_US (1 * 1000 * 1000)

static void on_granted(struct pending *p);
static void connect_to(struct stream *st, const struct view_server *vs, bool fresh);

static const struct cfg_proxy *frontend_cfg(const struct stream *st)
{
	return rcu_dereference(st->c->fe->cfg);
}
static const struct cfg_proxy *backend_cfg(const struct stream *st)
{
	return st->be ? rcu_dereference(st->be->cfg) : frontend_cfg(st);
}

/* ---- birth and end ---- */

struct stream *stream_new(struct client *c)
{
	struct stream *st = freelist_get(&c->w->priv->streams);

	if (UNLIKELY(!st))
		return NULL;
	memset(st, 0, offsetof(struct stream, method_len));
	st->method_len = st->target_off = st->target_len = st->line_len = 0;
	st->c = c;
	st->req.pipe[0] = st->req.pipe[1] = st->res.pipe[0] = st->res.pipe[1] = -1;
	st->start_us = st->client_active_us = st->server_active_us = worker_now(c->w);
	st->start_real_us = (int64_t)(ev_now(c->w->priv->ev) * 1e6);
	st->head_us = st->assigned_us = st->connected_us = st->response_us = -1;
	st->queue_from_us = -1;
	counter_add(&c->fe->counters[c->w->tid].n_streams, 1);
	c->st = st;
	return st;
}

static void release_server(struct stream *st)
{
	if (st->srv)
		backend_release(st->be, st->srv);
	st->srv = NULL;
}

static void close_server(struct stream *st)
{
	if (st->s) {
		st->s->st = NULL;
		sconn_close(st->s);
	}
	st->s = NULL;
	st->req.is_blocked = false;
}

static void free_stream(struct worker *w, struct stream *st)
{
	strbuf_fini(&st->local);
	capture_free(st->capture);
	freelist_put(&w->priv->streams, st);
}

/* Everything of the stream but the client. The object may outlive this call for a late grant. */
static void end_stream(struct stream *st)
{
	struct client *c = st->c;

	counter_sub(&c->fe->counters[c->w->tid].n_streams, 1);
	if (UNLIKELY(st->is_stats))
		live_leave(st);
	if (st->state == STREAM_QUEUED && !backend_cancel(&st->pending)) {
		/* The slot is ours already, its message is on the way: on_granted() gives it back
		 * and then lets the backend go. */
		channel_drop(st, &st->req);
		channel_drop(st, &st->res);
		st->state = STREAM_OVER;
		st->c = NULL;
		c->st = NULL;
		return;
	}
	splice_release(c->w, &st->req);
	splice_release(c->w, &st->res);
	release_server(st);
	if (st->be)
		gauge_dec(&st->be->sess);
	channel_drop(st, &st->req);
	channel_drop(st, &st->res);
	c->st = NULL;
	free_stream(c->w, st);
}

void stream_abort(struct stream *st, char cause, char where)
{
	struct client *c = st->c;

	if (!st->term[0]) {
		st->term[0] = cause;
		st->term[1] = where;
	}
	stream_account(st);
	close_server(st);
	end_stream(st);
	client_close(c);
}

/* Is the server connection good for another request? */
static bool is_parkable(const struct stream *st)
{
	return st->s && st->state == STREAM_OPEN && st->server_keep_alive && st->req.is_done &&
	       channel_is_empty(&st->req) && st->res.is_done && backend_accepts(st->be, st->srv);
}

void stream_finish(struct stream *st)
{
	struct client *c = st->c;
	struct buf rest = { 0 };
	bool go_on = st->keep_alive && st->req.is_done && channel_is_empty(&st->req) &&
		     !st->is_raw &&
		     /* who sent all it wants to ask at once may close its side then */
		     (!c->has_eof || buf_len(&st->req.buf) > 0);
	bool has_unread = !st->req.is_done;

	c->n_requests++;
	stream_account(st);
	if (is_parkable(st)) {
		st->s->is_private = backend_cfg(st)->http_reuse == CFG_REUSE_NEVER;
		conn_pool_park(&c->w->priv->pool, st->s, c);
		st->s = NULL;
	}
	close_server(st);
	if (go_on && buf_len(&st->req.buf) > 0) { /* the next request is here already */
		rest = st->req.buf;
		st->req.buf = (struct buf){ 0 };
	}
	end_stream(st);
	if (!go_on) {
		if (has_unread)
			client_linger(c);
		else
			client_close(c);
		return;
	}
	if (!rest.mem) {
		client_become_idle(c);
		return;
	}
	if (client_should_close(c) || !(st = stream_new(c))) {
		freelist_put(&c->w->priv->buffers, rest.mem);
		client_close(c);
		return;
	}
	st->req.buf = rest;
	h1_on_client_bytes(st);
}

/* ---- local answers ---- */

/* It was answered; what comes behind it is the next one. */
static void drop_request(struct stream *st)
{
	if (!st->req.buf.mem)
		return;
	st->req.buf.head += st->req.ready;
	st->req.ready = 0;
	st->is_replayable = false;
	channel_release(st, &st->req);
}

void stream_answer_local(struct stream *st)
{
	st->state = STREAM_LOCAL;
	close_server(st);
	drop_request(st);
	st->res.is_blocked = false;
	while (st->local_sent < st->local.len) {
		ssize_t n = send(st->c->fd, st->local.p + st->local_sent,
				 st->local.len - st->local_sent, MSG_NOSIGNAL);

		if (n == -1 && errno == EAGAIN) {
			st->res.is_blocked = true;
			release_server(st); /* a slow reader need not hold a slot */
			stream_update(st);
			return;
		}
		if (n == -1 && errno != EINTR) {
			stream_abort(st, 'C', 'D');
			return;
		}
		if (n > 0) {
			st->local_sent += (size_t)n;
			st->bytes_out += (uint64_t)n;
			st->client_active_us = worker_now(st->c->w);
		}
	}
	if (UNLIKELY(st->is_live))
		stream_update(st); /* until the next event */
	else
		stream_finish(st);
}

void stream_fail(struct stream *st, unsigned status, char cause, char where)
{
	if (!st->term[0]) {
		st->term[0] = cause;
		st->term[1] = where;
	}
	if (st->has_response_head || st->has_response_bytes || !st->is_http || status == 0) {
		stream_abort(st, cause, where);
		return;
	}
	if (st->state == STREAM_QUEUED && !backend_cancel(&st->pending)) {
		/* a slot came in the last moment, too late */
		stream_abort(st, cause, where);
		return;
	}
	st->state = STREAM_LOCAL;
	st->status = (uint16_t)status;
	if (!st->req.is_done || client_should_close(st->c))
		st->keep_alive = false;
	error_page_compose(backend_cfg(st), status, st->minor, &st->keep_alive,
			   st->method == H1_HEAD, &st->local);
	stream_answer_local(st);
}

/* ---- to the server ---- */

/* It goes to another server than its cookie says. */
static void leave_direct(struct stream *st)
{
	if (!st->ck.is_direct)
		return;
	st->ck.is_direct = false;
	if (st->ck.client == 'V')
		st->ck.client = 'D';
}

static bool may_redispatch(const struct stream *st)
{
	return backend_cfg(st)->redispatch && !st->is_forced;
}

static void assign(struct stream *st)
{
	const struct view_server *vs = NULL;
	struct counters *n_srv, *n_be = &st->be->counters[st->c->w->tid];
	struct lb_key key = { .client = client_addr(st->c),
			      .hash = st->lb_hash,
			      .has_hash = st->has_lb_hash,
			      .avoid = st->avoid,
			      .want = st->want,
			      .want_even_down = st->ck.is_direct };

	st->want = NULL; /* for the first attempt; and no turn but this one may look at it */

	st->state = STREAM_QUEUED;
	st->server_active_us = worker_now(st->c->w);
	st->pending.loop = &st->c->w->loop;
	st->pending.be = st->be;
	st->pending.granted = on_granted;
	switch (backend_assign(st->be, &key, &st->pending, &vs)) {
	case ASSIGN_OK:
		connect_to(st, vs, false);
		return;
	case ASSIGN_QUEUED:
		if (st->pending.want)
			st->srv_queue = atomic_load(&st->pending.want->queue.cur);
		else
			st->be_queue = atomic_load(&st->be->queue.cur);
		stream_update(st);
		return;
	case ASSIGN_NONE:
		st->state = STREAM_LOCAL;
		stream_fail(st, 503, 'S', 'C');
		return;
	case ASSIGN_FULL:
		n_srv = &vs->srv->counters[st->c->w->tid];
		if (st->ck.is_direct && may_redispatch(st)) {
			counter_add(&n_srv->wredis, 1);
			counter_add(&n_be->wredis, 1);
			leave_direct(st);
			assign(st);
			return;
		}
		counter_add(&n_srv->econ, 1);
		counter_add(&n_be->econ, 1);
		st->state = STREAM_LOCAL;
		stream_fail(st, 503, 'S', 'Q');
		return;
	}
}

static void on_granted(struct pending *p)
{
	struct stream *st = container_of(p, struct stream, pending);
	const struct view_server *vs;

	if (st->state == STREAM_OVER) {
		struct backend *be = p->be;
		struct worker *w = container_of(p->loop, struct worker, loop);

		backend_release(be, p->srv);
		gauge_dec(&be->sess);
		free_stream(w, st);
		return;
	}
	st->srv = p->srv;
	vs = backend_view_of(st->be, st->srv);
	if (vs) {
		connect_to(st, vs, false);
	} else { /* it left the configuration in this moment */
		release_server(st);
		assign(st);
	}
}

void stream_route(struct stream *st, struct backend *be)
{
	struct counters *n;
	int64_t now_us = worker_now(st->c->w);

	if (!be) {
		st->state = STREAM_LOCAL;
		stream_fail(st, 503, 'S', 'C');
		return;
	}
	st->be = be;
	st->is_contstats = frontend_cfg(st)->contstats;
	gauge_inc(&be->sess);
	n = &be->counters[st->c->w->tid];
	counter_add(&n->stot, 1);
	rate_add(&n->sess_rate, now_us, 1);
	if (st->is_http)
		counter_add(&n->req_tot, 1);
	st->retries_left = (uint8_t)MIN(backend_cfg(st)->retries, 255u);
	st->queue_from_us = now_us;
	assign(st);
}

/* Is retry n (from 1) one that `option redispatch [INTERVAL]` sends elsewhere? */
static bool is_redispatch_due(const struct stream *st, unsigned n)
{
	const struct cfg_proxy *cfg = backend_cfg(st);
	int64_t every = cfg->redispatch_interval;

	if (!may_redispatch(st))
		return false;
	if (every < 0) /* counted from the last retry */
		every += (int64_t)cfg->retries + 1;
	return every > 0 && n % every == 0;
}

/* Is there a server to balance over beside the one that failed? */
static bool has_another(const struct stream *st)
{
	const struct backend_view *v = backend_view(st->be);

	return v->n_usable > 1 || (v->n_usable == 1 && v->usable[0]->srv != st->srv);
}

/* The attempt was given up: to another server or to the same, after a pause. */
static void try_again(struct stream *st, bool may_leave, int64_t pause_us)
{
	struct worker *w = st->c->w;
	struct counters *n_srv = &st->srv->counters[w->tid], *n_be = &st->be->counters[w->tid];

	close_server(st);
	st->retries_left--;
	st->n_retries++;
	if (has_another(st) && (may_leave || is_redispatch_due(st, st->n_retries))) {
		counter_add(&n_srv->wredis, 1);
		counter_add(&n_be->wredis, 1);
		st->is_redispatched = true;
		leave_direct(st);
		st->avoid = st->srv;
		release_server(st);
		assign(st);
		return;
	}
	counter_add(&n_srv->wretr, 1);
	counter_add(&n_be->wretr, 1);
	st->state = STREAM_PAUSED;
	st->resume_us = worker_now(w) + pause_us;
	stream_update(st);
}

/* The failed attempt to connect is over; decide about the next one. */
static void retry(struct stream *st, bool is_refused)
{
	const struct cfg_proxy *cfg = backend_cfg(st);
	unsigned tid = st->c->w->tid;
	int64_t pause_us = 0;

	stream_observe(st, OBSERVE_L4_ERR);
	close_server(st);
	st->req.buf.head += st->n_prefix;
	st->req.ready -= st->n_prefix;
	st->n_prefix = 0;
	if (st->retries_left == 0 || (cfg->retry_on != 0 && !(cfg->retry_on & CFG_RETRY_CONN))) {
		counter_add(&st->srv->counters[tid].econ, 1);
		counter_add(&st->be->counters[tid].econ, 1);
		stream_fail(st, 503, is_refused ? 'S' : 's', 'C');
		return;
	}
	if (is_refused)
		pause_us =
			MIN(cfg->timeout.connect_us ? cfg->timeout.connect_us : MAX_RETRY_PAUSE_US,
			    MAX_RETRY_PAUSE_US);
	/* A refusal costs nothing: try another at once, unless a cookie binds the client. Otherwise
	 * stay, as `option redispatch` says when not to. */
	try_again(st, is_refused && !st->ck.is_direct, pause_us);
}

static void rewind_request(struct stream *st)
{
	st->req.ready += st->req.buf.head - st->replay_from;
	st->req.buf.head = st->replay_from;
	st->bytes_in = 0;
	channel_drop(st, &st->res);
	st->res.ready = 0;
	st->res.scan = (struct h1_scan){ 0 };
}

bool stream_retry_response(struct stream *st, unsigned why)
{
	if (LIKELY(!(st->retry_on & why)))
		return false;
	if (!st->is_replayable || !st->req.is_done || st->has_response_bytes ||
	    st->retries_left == 0)
		return false;
	rewind_request(st);
	st->server_refuses = false;
	try_again(st, may_redispatch(st) && !st->ck.is_direct, 0);
	return true;
}

/* Can the next attempt go to the server of the last one? */
static bool may_stay(const struct stream *st, const struct view_server *vs)
{
	return vs &&
	       (vs->accepts || st->is_forced || (st->ck.is_direct && backend_cfg(st)->persist));
}

static void resume(struct stream *st)
{
	const struct view_server *vs = backend_view_of(st->be, st->srv);

	if (may_stay(st, vs)) {
		connect_to(st, vs, true);
	} else {
		release_server(st);
		assign(st);
	}
}

static void go_on_connected(struct stream *st)
{
	if (st->is_raw && st->state == STREAM_OPEN)
		relay_on_connected(st);
	else
		stream_update(st);
}

static void open_connection(struct stream *st, const struct view_server *vs, const struct addr *to)
{
	int r = sconn_open(st->c->w, st->srv, to, &vs->source, client_addr(st->c), &st->s);
	static const int one = 1;
	static const struct linger no_linger = { 1, 0 };

	if (r != 0) {
		st->state = STREAM_PAUSED;
		if (r == -ECONNREFUSED || r == -ENOENT || r == -ENETUNREACH || r == -EHOSTUNREACH ||
		    r == -EAGAIN) {
			retry(st, true);
			return;
		}
		/* our own limits: files, ports, memory */
		counter_add(&st->srv->counters[st->c->w->tid].econ, 1);
		counter_add(&st->be->counters[st->c->w->tid].econ, 1);
		stream_fail(st, 503, 'S', 'C');
		return;
	}
	counter_add(&st->srv->counters[st->c->w->tid].conn_new, 1);
	counter_add(&st->be->counters[st->c->w->tid].conn_new, 1);
	st->s->st = st;
	st->s->limits = vs->idle;
	st->is_reused = false;
	st->state = STREAM_CONNECTING;
	if (backend_cfg(st)->tcpka_server)
		(void)setsockopt(st->s->fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	if (backend_cfg(st)->nolinger)
		(void)setsockopt(st->s->fd, SOL_SOCKET, SO_LINGER, &no_linger, sizeof(no_linger));
	if (vs->source.usesrc == CFG_USESRC_CLIENT || vs->source.usesrc == CFG_USESRC_CLIENTIP)
		st->server_keep_alive = false; /* it is this client's */
	if (vs->send_proxy) {
		st->server_keep_alive = false; /* it tells of this client only */
		if (!stream_add_proxy_header(st, vs->send_proxy)) {
			stream_fail(st, 500, 'R', 'C');
			return;
		}
	}
	/* Often it is connected now (loopback, Unix), or the kernel tells that it is not yet. */
	if (stream_send_to_server(st))
		go_on_connected(st);
}

static void connect_to(struct stream *st, const struct view_server *vs, bool fresh)
{
	struct worker *w = st->c->w;
	struct counters *n = &vs->srv->counters[w->tid];
	struct addr patched;
	const struct addr *to = &vs->addr;

	st->srv = vs->srv;
	if (UNLIKELY(st->ck.is_direct && st->direct != vs->srv))
		leave_direct(st); /* it waited in the queue, and another one took it */
	st->attempt_us = st->server_active_us = worker_now(w);
	if (st->assigned_us < 0)
		st->assigned_us = st->attempt_us;
	if (st->n_retries == 0 || st->is_redispatched) {
		counter_add(&n->stot, 1);
		counter_add(&n->lbtot, 1);
		counter_add(&st->be->counters[w->tid].lbtot, 1);
		if (st->is_http)
			counter_add(&n->req_tot, 1);
		atomic_store_explicit(&st->srv->last_sess_us, st->attempt_us, memory_order_relaxed);
		atomic_store_explicit(&st->be->last_sess_us, st->attempt_us, memory_order_relaxed);
		rate_add(&n->sess_rate, st->attempt_us, 1);
	}
	if (UNLIKELY(vs->follows_client)) {
		patched = vs->addr;
		stream_complete_addr(st, vs, &patched);
		to = &patched;
	}
	if (st->is_http && !fresh && !vs->send_proxy)
		st->s = conn_pool_take(&w->priv->pool, st->c, st->srv, sconn_addr_key(to),
				       h1_may_reuse(st));
	/* Ask the kernel when this request could not be sent again, and when the connection was
	 * parked in this turn, so that the loop had no time to look at it: it may have closed, or
	 * have said more than its answer. */
	if (st->s && (!h1_is_idempotent(st) || st->s->idle_since_us == worker_now(w)) &&
	    !sconn_is_quiet(st->s)) {
		sconn_close(st->s);
		st->s = NULL;
	}
	if (!st->s) {
		open_connection(st, vs, to);
		return;
	}
	counter_add(&n->conn_reused, 1);
	counter_add(&st->be->counters[w->tid].conn_reused, 1);
	st->s->st = st;
	st->is_reused = true;
	st->s->n_requests++;
	st->state = STREAM_OPEN;
	st->connected_us = st->attempt_us;
	if (stream_send_to_server(st))
		stream_update(st);
}

void stream_replay(struct stream *st)
{
	const struct view_server *vs = backend_view_of(st->be, st->srv);

	close_server(st);
	rewind_request(st);
	if (may_stay(st, vs)) {
		connect_to(st, vs, true);
	} else {
		release_server(st);
		assign(st);
	}
}

static void on_connected(struct stream *st)
{
	st->n_prefix = 0;
	st->state = STREAM_OPEN;
	stream_observe(st, OBSERVE_L4_OK);
	st->connected_us = st->server_active_us = worker_now(st->c->w);
	st->s->n_requests = 0;
}

/* A connection attempt is decided: sending tells how, or, with nothing to send, the socket. */
static bool check_connect(struct stream *st)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(st->s->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error) {
		retry(st, true);
		return false;
	}
	on_connected(st);
	return true;
}

bool stream_send_to_server(struct stream *st)
{
	uint64_t before = st->bytes_in;
	int r;

	if (st->state == STREAM_CONNECTING && st->req.ready == 0) {
		st->req.is_blocked = true; /* wait until it is connected */
		return true;
	}
	r = channel_send(&st->req, st->s->fd, &st->bytes_in);
	if (st->bytes_in != before) {
		st->server_active_us = worker_now(st->c->w);
		if (st->state == STREAM_CONNECTING)
			on_connected(st);
	}
	if (r != 0) {
		if (st->state == STREAM_CONNECTING) {
			retry(st, true);
			return false;
		}
		return st->is_http ? h1_on_server_write_error(st) : relay_on_server_write_error(st);
	}
	if (st->req.buf.head == st->req.buf.tail) {
		/* A request that must stay for a replay gives way to its own rest. */
		if (!st->req.is_done && buf_room(&st->req.buf) == 0)
			st->is_replayable = false;
		if (!st->is_replayable)
			channel_release(st, &st->req);
	}
	return true;
}

/* ---- to the client ---- */

bool stream_send_to_client(struct stream *st)
{
	uint64_t before = st->bytes_out;
	int r;

	if (channel_is_empty(&st->res))
		return true;
	r = channel_send(&st->res, st->c->fd, &st->bytes_out);
	if (st->bytes_out != before) {
		st->client_active_us = worker_now(st->c->w);
		st->has_response_bytes = true;
	}
	if (r != 0) {
		stream_abort(st, 'C', 'D');
		return false;
	}
	if (st->res.buf.head == st->res.buf.tail)
		channel_release(st, &st->res);
	return true;
}

/* ---- events ---- */

void stream_on_client_io(struct stream *st, int revents)
{
	if (st->state == STREAM_LOCAL) {
		if (revents & EV_WRITE)
			stream_answer_local(st);
		else
			h1_on_client_readable(st);
		return;
	}
	if (revents & EV_WRITE && st->res.is_blocked) {
		bool alive = st->is_raw ? relay_on_client_writable(st) : h1_on_client_writable(st);

		if (!alive)
			return;
	}
	if (revents & EV_READ) {
		if (st->is_raw)
			relay_on_client_readable(st);
		else
			h1_on_client_readable(st);
		return;
	}
	stream_update(st);
}

void stream_on_server_io(struct stream *st, int revents)
{
	if (st->state == STREAM_CONNECTING) {
		if (st->req.ready == 0) {
			if (!check_connect(st))
				return;
			st->req.is_blocked = false;
		} else if (!stream_send_to_server(st)) {
			return;
		}
		go_on_connected(st);
		return;
	}
	if (revents & EV_WRITE && st->req.is_blocked) {
		bool alive = st->is_raw ? relay_on_server_writable(st) : h1_on_server_writable(st);

		if (!alive)
			return;
	}
	if (revents & EV_READ) {
		if (st->is_raw)
			relay_on_server_readable(st);
		else
			h1_on_server_readable(st);
		return;
	}
	stream_update(st);
}

/* ---- time ---- */

void stream_on_timer(struct stream *st)
{
	int64_t now_us = worker_now(st->c->w);

	if (now_us >= stream_server_deadline(st)) {
		switch ((enum stream_state)st->state) {
		case STREAM_HEAD:
		case STREAM_LOCAL:
		case STREAM_OVER:
			break;
		case STREAM_QUEUED:
			st->assigned_us = now_us; /* the end of its wait, for the log */
			stream_fail(st, 503, 's', 'Q');
			return;
		case STREAM_PAUSED:
			resume(st);
			return;
		case STREAM_CONNECTING:
			retry(st, false);
			return;
		case STREAM_OPEN:
			if (st->is_raw)
				stream_abort(st, 's', 'D');
			else
				h1_on_server_timeout(st);
			return;
		}
	}
	if (now_us >= stream_client_deadline(st)) {
		if (st->is_raw)
			stream_abort(st, 'c', 'D');
		else
			h1_on_client_timeout(st);
		return;
	}
	stream_update(st);
}
