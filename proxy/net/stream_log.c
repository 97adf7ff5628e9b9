/* stream_log.c - what a stream leaves behind: counters and a line in the access log. */
#include <stdatomic.h>
#include <stdlib.h>

#include "config/cfg_model.h"
#include "log/access_log.h"
#include "log/log_format.h"
#include "net/client.h"
#include "net/frontend.h"
#include "net/stream.h"
#include "process/registry.h"
#include "process/worker_priv.h"

/* HAProxy's sliding average over about the last 1024 events, kept as its sum. */
static void average_add(counter *sum, int64_t us)
{
	uint64_t old = counter_get(sum);

	atomic_store_explicit(sum, old - (old + 1023) / 1024 + (uint64_t)(us / 1000),
			      memory_order_relaxed);
}

static void count_in(struct counters *n, const struct stream *st, bool with_requests)
{
	counter_add(&n->bin, st->bytes_in);
	counter_add(&n->bout, st->bytes_out);
	if (with_requests && st->is_http)
		counter_add(&n->hrsp[st->status >= 100 && st->status < 600 ? st->status / 100 : 0],
			    1);
	if (st->term[0] == 'C' || st->term[0] == 'c')
		counter_add(&n->cli_abrt, 1);
	else if ((st->term[0] == 'S' || st->term[0] == 's') && st->term[1] == 'D')
		counter_add(&n->srv_abrt, 1);
}

static void count_times(struct counters *n, const struct stream *st, int64_t now_us)
{
	if (st->queue_from_us >= 0 && st->assigned_us >= 0)
		average_add(&n->qtime, st->assigned_us - st->queue_from_us);
	if (st->connected_us >= 0)
		average_add(&n->ctime, st->connected_us - st->assigned_us);
	if (st->response_us >= 0)
		average_add(&n->rtime, st->response_us - st->connected_us);
	average_add(&n->ttime, now_us - st->start_us);
}

static struct access_log *log_of_thread(struct worker *w)
{
	struct worker_private *priv = w->priv;

	if (!priv->alog) {
		const struct cfg_global *g = &registry_get()->cfg->global;

		/* borrowed for ever: the thread keeps them to the end of the process */
		priv->alog_tag = xstrdup(g->log_tag ? g->log_tag : "haproxy");
		priv->alog_host = g->log_send_hostname ? xstrdup(g->log_send_hostname) : NULL;
		priv->alog = access_log_new(&w->loop, priv->alog_tag, priv->alog_host);
	}
	return priv->alog;
}

static int64_t span(int64_t from_us, int64_t to_us)
{
	return from_us < 0 || to_us < 0 ? -1 : to_us - from_us;
}

static void write_line(const struct stream *st, int64_t now_us)
{
	struct client *c = st->c;
	struct worker *w = c->w;
	struct access_record r = {
		.fe = c->fe,
		.be = st->be,
		.srv = st->srv,
		.is_stats = st->is_stats,
		.client = client_addr(c),
		.accept_real_us = c->accept_real_us,
		.request_real_us = st->start_real_us,
		.idle_us = st->start_us - (c->n_requests ? c->idle_since_us : c->accept_us),
		.req_us = st->is_http ? span(st->start_us, st->head_us) : 0,
		.queue_us = span(st->queue_from_us, st->assigned_us),
		.connect_us = span(st->assigned_us, st->connected_us),
		.response_us = span(st->connected_us, st->response_us),
		.active_us = now_us - st->start_us,
		.total_us = now_us - st->start_us,
		.status = st->status ? st->status : -1,
		.bytes_out = st->bytes_out,
		.bytes_in = st->bytes_in,
		.term = { st->term[0] ? st->term[0] : '-', st->term[1] ? st->term[1] : '-', '-',
			  '-' },
		.actconn = w->engine->conns ? atomic_load(&w->engine->conns->cur) : 0,
		.feconn = atomic_load(&c->fe->sess.cur),
		.srv_queue = st->srv_queue,
		.backend_queue = st->be_queue,
		.retries = st->n_retries,
		.redispatched = st->is_redispatched,
		.method = { st->line, st->method_len },
		.uri = { st->line + st->target_off, st->target_len },
		.is_bad_request = st->is_http && st->method_len == 0,
	};
	static const struct addr none;
	struct addr local;

	r.local = &none;
	if (log_line_of(rcu_dereference(c->fe->cfg)) == LOG_LINE_DEFAULT) {
		local.len = sizeof(local.un);
		if (c->fd != -1 && getsockname(c->fd, &local.sa, &local.len) == 0)
			r.local = &local; /* the one format that shows it */
	}
	if (st->method_len) {
		size_t off = (size_t)st->target_off + st->target_len;

		r.version = st->minor ? STR("HTTP/1.1") : STR("HTTP/1.0");
		if (off >= st->line_len)
			r.version = (struct str){ 0 };
	}
	/* as if it had left already */
	if (st->be)
		r.beconn = atomic_load(&st->be->sess.cur) - 1;
	if (r.srv)
		r.srv_conn = atomic_load(&r.srv->sess.cur) - 1;
	if (r.is_bad_request)
		r.bytes_out = 0; /* HAProxy does not count what its parser answers */
	access_log_write(log_of_thread(w), &r);
	w->priv->has_log_lines = true;
}

void stream_account(struct stream *st)
{
	struct worker *w = st->c->w;
	const struct cfg_proxy *cfg = rcu_dereference(st->c->fe->cfg);
	int64_t now_us = worker_now(w);

	count_in(&st->c->fe->counters[w->tid], st, true);
	if (st->be) {
		struct counters *n = &st->be->counters[w->tid];

		count_in(n, st, true);
		count_times(n, st, now_us);
	}
	if (st->srv) {
		struct counters *n = &st->srv->counters[w->tid];

		count_in(n, st, st->response_us >= 0);
		if (st->response_us >= 0 || !st->is_http)
			count_times(n, st, now_us);
	}
	if (cfg->logs && !st->is_silent && !(cfg->dontlog_normal && !st->term[0]))
		write_line(st, now_us);
}
