/* relay.c - bytes in both directions without looking at them. */
#include "net/relay.h"

#include <errno.h>
#include <sys/socket.h>

#include "config/cfg_model.h"
#include "http/route.h"
#include "net/client.h"
#include "net/frontend.h"
#include "net/splice.h"
#include "net/stream.h"
#include "process/worker_priv.h"

#define BULK_LEAVE 8192 /* so few bytes at once: not bulk any more */

/* Pass the end of a direction on when its last byte is gone. false: both are over, and so is the
 * stream. */
static bool go_on(struct stream *st)
{
	if (st->state == STREAM_OPEN && st->req.is_done && channel_is_empty(&st->req) &&
	    !st->req.is_shut) {
		(void)shutdown(st->s->fd, SHUT_WR);
		st->req.is_shut = true;
	}
	if (st->res.is_done && channel_is_empty(&st->res) && !st->res.is_shut) {
		(void)shutdown(st->c->fd, SHUT_WR);
		st->res.is_shut = true;
	}
	if (!st->req.is_shut || !st->res.is_shut)
		return true;
	stream_finish(st);
	return false;
}

/* One event's worth of reading. Bytes, 0 for the end, -errno. */
static ssize_t take(struct stream *st, struct channel *ch, int fd)
{
	size_t room;
	ssize_t n;

	if (ch->is_bulk && !ch->buf.mem && splice_prepare(st->c->w, ch) == 0) {
		n = channel_splice_in(ch, fd, SPLICE_MAX);
		ch->is_bulk = n >= BULK_LEAVE;
		return n;
	}
	room = channel_room(st, ch, 0);
	n = channel_recv(st, ch, fd, 0);
	if (n > 0)
		ch->ready = buf_len(&ch->buf);
	/* a buffer was filled in one read: the next ones go through a pipe, until little comes */
	ch->is_bulk = n > 0 && (size_t)n == room;
	return n;
}

void relay_on_client_readable(struct stream *st)
{
	struct channel *ch = &st->req;
	ssize_t n = take(st, ch, st->c->fd);

	if (n > 0) {
		st->client_active_us = worker_now(st->c->w);
		ch->n_total += (uint64_t)n;
		if (st->state == STREAM_OPEN && !stream_send_to_server(st))
			return;
	} else if (n == 0) {
		st->c->has_eof = true;
		ch->is_done = true;
	} else if (n != -EAGAIN && n != -ENOBUFS) {
		st->c->has_eof = true;
		stream_abort(st, 'C', st->state == STREAM_OPEN ? 'D' : 'C');
		return;
	}
	channel_release(st, ch);
	if (ch->is_done && st->state != STREAM_OPEN && st->be &&
	    rcu_dereference(st->be->cfg)->abortonclose) {
		stream_abort(st, 'C', st->state == STREAM_QUEUED ? 'Q' : 'C');
		return;
	}
	if (go_on(st))
		stream_update(st);
}

void relay_on_server_readable(struct stream *st)
{
	struct channel *ch = &st->res;
	ssize_t n = take(st, ch, st->s->fd);

	if (n > 0) {
		st->server_active_us = worker_now(st->c->w);
		ch->n_total += (uint64_t)n;
		if (!stream_send_to_client(st))
			return;
	} else if (n == 0) {
		ch->is_done = true;
	} else if (n != -EAGAIN && n != -ENOBUFS) {
		stream_abort(st, 'S', 'D');
		return;
	}
	channel_release(st, ch);
	if (go_on(st))
		stream_update(st);
}

void relay_on_connected(struct stream *st)
{
	if (!st->is_http)
		stream_log_early(st);
	if (go_on(st))
		stream_update(st);
}

bool relay_on_client_writable(struct stream *st)
{
	return stream_send_to_client(st) && go_on(st);
}

bool relay_on_server_writable(struct stream *st)
{
	return stream_send_to_server(st) && go_on(st);
}

/* The server takes no more, but what it has sent still belongs to the client. */
bool relay_on_server_write_error(struct stream *st)
{
	stream_abort(st, 'S', 'D');
	return false;
}

bool relay_start_tcp(struct client *c)
{
	const struct cfg_proxy *cfg = rcu_dereference(c->fe->cfg);
	struct backend *be = UNLIKELY(cfg->use_backends != NULL)
				     ? route_by_rules(c, cfg, NULL)
				     : rcu_dereference(c->fe->default_backend);
	const struct cfg_proxy *be_cfg = be ? rcu_dereference(be->cfg) : NULL;
	struct stream *st;

	if (UNLIKELY(be_cfg && be_cfg->mode == CFG_MODE_HTTP))
		return false;
	st = stream_new(c);
	if (!st) {
		client_close(c);
		return true;
	}
	st->is_raw = true;
	if (UNLIKELY(be_cfg && (be_cfg->use_servers || be_cfg->persist_rules)))
		route_to_server(st, be_cfg, NULL);
	stream_route(st, be);
	return true;
}

void relay_start_tunnel(struct stream *st)
{
	st->is_raw = st->is_tunnel = true;
	st->keep_alive = st->server_keep_alive = false;
	st->is_replayable = false;
	st->req.is_done = st->c->has_eof;
	st->res.is_done = false;
	if (st->req.buf.mem) /* the client may have spoken already */
		st->req.ready = buf_len(&st->req.buf);
	st->res.ready = st->res.buf.mem ? buf_len(&st->res.buf) : 0;
	channel_release(st, &st->req);
	st->client_active_us = st->server_active_us = worker_now(st->c->w);
	if (stream_send_to_client(st) && stream_send_to_server(st) && go_on(st))
		stream_update(st);
}

/* HAProxy: timeout tunnel takes over from client and server once both sides have spoken; a side
 * that is shut down is waited for no longer than client-fin or server-fin. */
static int64_t tunnel_us(const struct stream *st)
{
	if (!st->is_tunnel && (st->req.n_total == 0 || st->res.n_total == 0))
		return 0;
	return rcu_dereference(st->be->cfg)->timeout.tunnel_us;
}

static int64_t last_active(const struct stream *st)
{
	return MAX(st->client_active_us, st->server_active_us);
}

int64_t relay_client_deadline(const struct stream *st)
{
	const struct cfg_timeouts *t = &rcu_dereference(st->c->fe->cfg)->timeout;
	int64_t timeout_us = t->client_us, tunnel;

	if (st->state != STREAM_OPEN)
		return INT64_MAX;
	if (st->res.is_shut && t->client_fin_us) {
		timeout_us = t->client_fin_us;
	} else if ((tunnel = tunnel_us(st)) != 0) {
		return last_active(st) + tunnel;
	}
	if (st->c->has_eof && !st->res.is_blocked)
		return INT64_MAX;
	/* traffic in either direction keeps a connection alive */
	return timeout_us ? last_active(st) + timeout_us : INT64_MAX;
}

int64_t relay_server_deadline(const struct stream *st)
{
	const struct cfg_timeouts *t = &rcu_dereference(st->be->cfg)->timeout;
	int64_t timeout_us = t->server_us;

	if (st->req.is_shut && t->server_fin_us)
		timeout_us = t->server_fin_us;
	else if (tunnel_us(st))
		return INT64_MAX; /* the client's deadline speaks for both */
	if (st->res.is_done && !st->req.is_blocked)
		return INT64_MAX;
	return timeout_us ? last_active(st) + timeout_us : INT64_MAX;
}
