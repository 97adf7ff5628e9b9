/* stream_wait.c - what a stream waits for, and until when: derived here from its state, in one
 * place. */
#include "config/cfg_model.h"
#include "net/client.h"
#include "net/frontend.h"
#include "net/relay.h"
#include "net/stream.h"
#include "process/worker_priv.h"

static int64_t after(int64_t from_us, int64_t timeout_us)
{
	return timeout_us ? from_us + timeout_us : INT64_MAX;
}

int64_t stream_client_deadline(const struct stream *st)
{
	const struct cfg_timeouts *t = &rcu_dereference(st->c->fe->cfg)->timeout;

	if (st->is_raw)
		return relay_client_deadline(st);
	if (st->state == STREAM_HEAD)
		return after(st->start_us, t->http_request_us ? t->http_request_us : t->client_us);
	if (!st->req.is_done && channel_is_empty(&st->req) && st->state == STREAM_OPEN &&
	    !st->server_refuses)
		return after(st->client_active_us, t->client_us);
	if (st->res.is_blocked)
		return after(st->client_active_us, t->client_us);
	return INT64_MAX;
}

int64_t stream_server_deadline(const struct stream *st)
{
	const struct cfg_timeouts *t;

	if (st->state == STREAM_HEAD || st->state == STREAM_LOCAL)
		return INT64_MAX;
	t = st->be ? &rcu_dereference(st->be->cfg)->timeout
		   : &rcu_dereference(st->c->fe->cfg)->timeout;
	switch ((enum stream_state)st->state) {
	case STREAM_HEAD:
	case STREAM_LOCAL:
	case STREAM_OVER:
		return INT64_MAX;
	case STREAM_QUEUED:
		return after(st->server_active_us, t->queue_us ? t->queue_us : t->connect_us);
	case STREAM_PAUSED:
		return st->resume_us;
	case STREAM_CONNECTING:
		return after(st->attempt_us, t->connect_us);
	case STREAM_OPEN:
		if (st->is_raw)
			return relay_server_deadline(st);
		/* while the client does not take, it is not the server's turn */
		if (!st->res.is_blocked)
			return after(st->server_active_us, t->server_us);
		return INT64_MAX;
	}
	UNREACHABLE();
}

static bool channel_has_room(const struct channel *ch)
{
	return !ch->buf.mem || buf_room(&ch->buf) > 0;
}

void stream_update(struct stream *st)
{
	struct client *c = st->c;
	const struct channel *req = &st->req, *res = &st->res;
	bool may_read = !c->has_eof &&
			((req->n_piped == 0 && channel_has_room(req)) || st->state == STREAM_LOCAL);
	int64_t client_us = stream_client_deadline(st), server_us = stream_server_deadline(st);

	if (UNLIKELY(st->is_contstats))
		stream_count_bytes(st);
	client_watch(c, (may_read ? EV_READ : 0) | (res->is_blocked ? EV_WRITE : 0));
	if (st->s) {
		bool is_open = st->state == STREAM_OPEN;

		may_read = is_open && !res->is_done && res->n_piped == 0 && channel_has_room(res);
		sconn_watch(st->s, (may_read ? EV_READ : 0) |
					   (req->is_blocked || !is_open ? EV_WRITE : 0));
	}
	client_set_deadline(c, MIN(client_us, server_us));
}
