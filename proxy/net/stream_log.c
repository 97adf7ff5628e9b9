/* stream_log.c - what a stream leaves behind: counters and a line in the access log. */
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/cfg_model.h"
#include "config/log_program.h"
#include "http/capture.h"
#include "http/sample_live.h"
#include "log/access_log.h"
#include "log/log_format.h"
#include "net/client.h"
#include "net/frontend.h"
#include "net/stream.h"
#include "process/registry.h"
#include "process/worker_priv.h"
#include "stats/latency.h"

static void count_in(struct counters *n, const struct stream *st, bool with_requests)
{
	counter_add(&n->bin, st->bytes_in > st->counted_in ? st->bytes_in - st->counted_in : 0);
	counter_add(&n->bout, st->bytes_out - st->counted_out);
	if (with_requests && st->is_http)
		counter_add(&n->hrsp[st->status >= 100 && st->status < 600 ? st->status / 100 : 0],
			    1);
	if (st->term[0] == 'C' || st->term[0] == 'c')
		counter_add(&n->cli_abrt, 1);
	else if ((st->term[0] == 'S' || st->term[0] == 's') && st->term[1] == 'D')
		counter_add(&n->srv_abrt, 1);
}

static int64_t span(int64_t from_us, int64_t to_us)
{
	return from_us < 0 || to_us < 0 ? -1 : to_us - from_us;
}

/* What the statistics say of a stream's times, in µs; -1: it did not come to that. */
struct spans {
	int64_t queue, connect, response, total;
};

static struct spans spans_of(const struct stream *st, int64_t now_us)
{
	return (struct spans){ .queue = span(st->queue_from_us, st->assigned_us),
			       .connect = span(st->assigned_us, st->connected_us),
			       .response = span(st->connected_us, st->response_us),
			       .total = now_us - st->start_us };
}

/* HAProxy's sliding average over about the last 1024 events, kept as its sum of milliseconds. */
static inline void count_time(counter *average, counter *longest, int64_t us)
{
	uint64_t old = counter_get(average);

	if (us < 0 || (us == 0 && old == 0))
		return;
	atomic_store_explicit(average, old - (old + 1023) / 1024 + (uint64_t)us / 1000,
			      memory_order_relaxed);
	counter_max(longest, (uint64_t)us);
}

static void count_times(struct counters *n, const struct spans *t)
{
	count_time(&n->qtime, &n->qtime_max, t->queue);
	count_time(&n->ctime, &n->ctime_max, t->connect);
	count_time(&n->rtime, &n->rtime_max, t->response);
	count_time(&n->ttime, &n->ttime_max, t->total);
}

void stream_count_bytes(struct stream *st)
{
	const unsigned tid = st->c->w->tid;
	const uint64_t in = st->bytes_in - st->counted_in, out = st->bytes_out - st->counted_out;
	struct counters *all[] = { &st->c->fe->counters[tid],
				   st->be ? &st->be->counters[tid] : NULL,
				   st->srv ? &st->srv->counters[tid] : NULL };

	if (st->bytes_in < st->counted_in)
		return; /* it is sent again */
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (!all[i])
			continue;
		counter_add(&all[i]->bin, in);
		counter_add(&all[i]->bout, out);
	}
	st->counted_in = st->bytes_in;
	st->counted_out = st->bytes_out;
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

/* '-' where no cookie is looked after. */
static char cookie_letter(const struct stream *st, char letter)
{
	const struct cfg_proxy *cfg = st->be ? rcu_dereference(st->be->cfg) : NULL;

	if (!cfg || cfg->cookie.name.len == 0 ||
	    (cfg->cookie.mode == CFG_COOKIE_PASSIVE && !cfg->cookie.indirect))
		return '-';
	return letter ? letter : 'N';
}

/* The time of the line: after the wait for it, in a kept connection. */
static int64_t idle_us(const struct stream *st)
{
	const struct client *c = st->c;

	return st->start_us - (c->n_requests ? c->idle_since_us : c->accept_us);
}

/* What only some formats show; the record points at it. */
struct line_room {
	struct addr local, source, target;
	struct sample_ctx samples;
	char scratch[SAMPLE_SCRATCH_SIZE];
};

static const struct addr *name_of(int fd, bool of_peer, struct addr *out)
{
	out->len = sizeof(out->un);
	if (fd == -1 || (of_peer ? getpeername(fd, &out->sa, &out->len)
				 : getsockname(fd, &out->sa, &out->len)) == -1)
		return NULL;
	return out;
}

/* Where the server connection leads, or led: a socket that the server closed does not tell. */
static const struct addr *target_of(const struct stream *st, struct addr *out)
{
	const struct backend_view *v;

	if (!st->srv || !st->be)
		return NULL;
	if (st->s && name_of(st->s->fd, true, out))
		return out;
	v = backend_view(st->be);
	for (uint32_t i = 0; i < v->n_servers; i++)
		if (v->servers[i].srv == st->srv)
			return &v->servers[i].addr;
	return NULL;
}

static char host[HOST_NAME_MAX + 1];

static void find_host(void)
{
	if (gethostname(host, sizeof(host) - 1) == -1)
		host[0] = '\0';
}

const char *stream_host_name(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, find_host);
	return host;
}

static _Atomic uint32_t n_numbered;

/* Requests are numbered when a format asks for it. */
static uint32_t request_number(struct stream *st)
{
	if (!st->has_number) {
		st->number = atomic_fetch_add_explicit(&n_numbered, 1, memory_order_relaxed);
		st->has_number = true;
	}
	return st->number;
}

static void look_up(struct stream *st, unsigned needs, const struct h1_head *head,
		    struct access_record *r, struct line_room *room)
{
	if (needs & LOG_NEED_LOCAL)
		r->local = client_local_addr(st->c, &room->local) ? &room->local : NULL;
	if ((needs & LOG_NEED_SOURCE) && st->s)
		r->source = name_of(st->s->fd, false, &room->source);
	if (needs & LOG_NEED_TARGET)
		r->target = target_of(st, &room->target);
	if (needs & LOG_NEED_PROCESS) {
		r->pid = (int)getpid();
		r->hostname = stream_host_name();
	}
	if ((needs & LOG_NEED_ID) && st->capture) {
		stream_make_id(st, head);
		r->unique_id = (struct str){ st->capture->unique_id.p, st->capture->unique_id.len };
	}
	if (needs & LOG_NEED_SAMPLES) {
		room->samples = sample_live_context(st->c, head, room->scratch);
		r->samples = &room->samples;
	}
	if (needs & LOG_NEED_NUMBER)
		r->request_number = request_number(st);
	if (needs & LOG_NEED_LINE_NUMBER)
		r->line_number =
			atomic_fetch_add_explicit(&st->c->fe->n_lines, 1, memory_order_relaxed);
}

static void add_captures(const struct stream *st, struct access_record *r)
{
	const struct cfg_proxy *cfg = rcu_dereference(st->c->fe->cfg);
	const struct capture *cap = st->capture;

	r->n_request_captures = cfg->req_captures.n;
	r->n_response_captures = cfg->res_captures.n;
	if (!cap)
		return;
	/* those of the message count, and of a response that did not come, empty ones */
	r->request_captures = cap->request.values;
	if (cap->request.values)
		r->n_request_captures = cap->request.n;
	r->response_captures = cap->response.values;
	if (cap->response.values)
		r->n_response_captures = cap->response.n;
	r->request_cookie = (struct str){ cap->request_cookie.p, cap->request_cookie.len };
	r->response_cookie = (struct str){ cap->response_cookie.p, cap->response_cookie.len };
	r->unique_id = (struct str){ cap->unique_id.p, cap->unique_id.len };
}

/* What a line shows of the stream, at now_us. */
static void fill_record(struct stream *st, int64_t now_us, struct access_record *r)
{
	struct client *c = st->c;
	struct worker *w = c->w;
	const int64_t idle = st->is_http ? idle_us(st) : 0;
	const size_t target_end = (size_t)st->target_off + st->target_len;

	*r = (struct access_record){
		.fe = c->fe,
		.be = st->be,
		.srv = st->srv,
		.is_stats = st->is_stats,
		.is_http = st->is_http,
		.client = client_addr(c),
		.accept_real_us = c->n_requests ? st->start_real_us - idle : c->accept_real_us,
		.request_real_us = st->start_real_us,
		.idle_us = idle,
		.req_us = st->is_http ? span(st->start_us, st->head_us) : 0,
		.queue_us = span(st->queue_from_us, st->assigned_us),
		.connect_us = span(st->assigned_us, st->connected_us),
		.response_us = span(st->connected_us, st->response_us),
		.active_us = now_us - st->start_us,
		.total_us = now_us - st->start_us + idle,
		.status = st->status || !st->is_http ? st->status : -1,
		.bytes_out = st->bytes_out,
		.bytes_in = st->bytes_in,
		.term = { st->term[0] ? st->term[0] : '-', st->term[1] ? st->term[1] : '-',
			  cookie_letter(st, st->ck.client), cookie_letter(st, st->ck.server) },
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
	if (st->method_len && target_end < st->line_len)
		r->version = st->minor ? STR("HTTP/1.1") : STR("HTTP/1.0");
	if (st->be)
		r->beconn = atomic_load(&st->be->sess.cur);
	if (r->srv)
		r->srv_conn = atomic_load(&r->srv->sess.cur);
	add_captures(st, r);
}

void stream_make_id(struct stream *st, const struct h1_head *head)
{
	const struct cfg_proxy *cfg = rcu_dereference(st->c->fe->cfg);
	const struct log_program *f = cfg->unique_id_format;
	struct access_record r;
	struct line_room room;
	struct log_dates dates = { 0 };
	char text[1024];
	size_t n;

	if (!f || !st->capture || st->capture->unique_id.len > 0)
		return;
	fill_record(st, worker_now(st->c->w), &r);
	look_up(st, f->needs & ~(unsigned)LOG_NEED_ID, head, &r, &room);
	n = log_format_run(f, &r, &dates, text, sizeof(text));
	strbuf_add(&st->capture->unique_id, text, n);
	if (cfg->unique_id_header.len > 0)
		strbuf_addf(&st->capture->id_line, "%s: %.*s\r\n", cfg->unique_id_header.p, (int)n,
			    text);
}

/* Is the line due before the end? */
static bool comes_early(const struct cfg_proxy *cfg)
{
	return cfg->logasap || !(cfg->log_format->needs & LOG_NEED_END);
}

void stream_log_early(struct stream *st)
{
	const struct cfg_proxy *cfg = rcu_dereference(st->c->fe->cfg);
	struct worker *w = st->c->w;
	struct access_record r;
	struct line_room room;

	if (LIKELY(!cfg->logs || !comes_early(cfg)) || st->is_logged || st->is_silent)
		return;
	st->is_logged = true;
	fill_record(st, worker_now(w), &r);
	r.is_early = cfg->logasap;
	r.bytes_out = st->bytes_out + st->res.ready;
	look_up(st, cfg->log_format->needs | (cfg->log_format_sd ? cfg->log_format_sd->needs : 0),
		NULL, &r, &room);
	access_log_write(log_of_thread(w), &r);
	w->priv->has_log_lines = true;
}

static void write_line(struct stream *st, const struct cfg_proxy *cfg, int64_t now_us)
{
	struct worker *w = st->c->w;
	unsigned needs = cfg->log_format->needs;
	struct access_record r;
	struct line_room room;

	if (cfg->log_format_sd)
		needs |= cfg->log_format_sd->needs;
	if (cfg->error_log_format)
		needs |= cfg->error_log_format->needs;
	fill_record(st, now_us, &r);
	r.is_early = cfg->logasap;
	/* as if it had left already */
	if (st->be)
		r.beconn--;
	if (r.srv)
		r.srv_conn--;
	if (r.is_bad_request)
		r.bytes_out = 0; /* HAProxy does not count what its parser answers */
	if (UNLIKELY((needs & ~(unsigned)LOG_NEED_END) != 0))
		look_up(st, needs, NULL, &r, &room);
	access_log_write(log_of_thread(w), &r);
	w->priv->has_log_lines = true;
}

void stream_account(struct stream *st)
{
	struct worker *w = st->c->w;
	const struct cfg_proxy *cfg = rcu_dereference(st->c->fe->cfg);
	int64_t now_us = worker_now(w);
	const struct spans times = spans_of(st, now_us);

	count_in(&st->c->fe->counters[w->tid], st, true);
	if (st->be) {
		struct counters *n = &st->be->counters[w->tid];

		count_in(n, st, true);
		count_times(n, &times);
		latency_add(&st->be->latency[w->tid], times.total);
	}
	if (st->srv) {
		struct counters *n = &st->srv->counters[w->tid];

		count_in(n, st, st->response_us >= 0);
		if (st->response_us >= 0 || !st->is_http)
			count_times(n, &times);
	}
	if (cfg->logs && !st->is_silent && !st->is_logged)
		write_line(st, cfg, now_us);
}

void stream_observe(const struct stream *st, enum observation o)
{
	if (st->srv)
		observe(st->c->w->engine->health, st->srv, st->c->w->tid, o);
}
