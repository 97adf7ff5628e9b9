/* worker.c - the data threads: start, messages from the control thread, stop. */
#include "process/worker.h"

#include <errno.h>
#include <http_parser.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <tandem/rcu_sanitizer.h>
#include <urcu/urcu-qsbr.h>

#include "log/access_log.h"
#include "net/acceptor.h"
#include "net/client.h"
#include "net/splice.h"
#include "net/stream.h"
#include "pool/backend.h"
#include "process/registry.h"
#include "process/worker_priv.h"

#define KEEP_BUFFERS 256 /* free blocks kept by each thread */
#define KEEP_OBJECTS 1024

/* A response whose body is as long as tune.bufsize says comes in one read: blocks have room for its
 * head, and for what is added, on top. Only responses use it: tune.bufsize limits requests. */
#define RESPONSE_HEAD 1024

/* ---- the thread ---- */

/* A datagram wakes its receiver, which costs more than composing the line: at high rates lines go
 * out together, not later than this. */
#define LOG_PAUSE_US 1000

static void on_log_timer(struct ev_loop *ev, ev_timer *t, int revents)
{
	(void)ev, (void)t, (void)revents; /* that it woke us is enough: on_idle() looks */
}

static void send_log_lines(struct worker *w)
{
	struct worker_private *priv = w->priv;

	if (worker_now(w) < priv->log_sent_us + LOG_PAUSE_US) {
		if (!ev_is_active(&priv->log_timer)) {
			ev_timer_set(&priv->log_timer, LOG_PAUSE_US * 1e-6, 0.);
			ev_timer_start(priv->ev, &priv->log_timer);
		}
		return;
	}
	priv->has_log_lines = false;
	priv->log_sent_us = worker_now(w);
	access_log_flush(priv->alog);
}

/* Before waiting: send the log lines of this turn, and tell liburcu that we hold no view. */
static void on_idle(struct loop *l, bool sleeping)
{
	struct worker *w = container_of(l, struct worker, loop);

	if (sleeping) {
		if (w->priv->has_log_lines)
			send_log_lines(w);
		RCU_READER_DONE();
		urcu_qsbr_thread_offline();
	} else {
		urcu_qsbr_thread_online();
	}
}

static void freelist_fini(struct freelist *f)
{
	while (f->first) {
		void *next = *(void **)f->first;

		free(f->first);
		f->first = next;
	}
}

/* Drop idle connections to servers that take nothing any more. */
static void on_servers_left(struct loop_msg *m)
{
	struct worker_private *priv = container_of(m, struct worker_private, servers_left);
	const struct registry *r = registry_get();

	atomic_store(&priv->has_servers_left, false); /* before we look: later ones tell again */
	for (unsigned i = 0; r && i < r->n; i++) {
		const struct backend *be = r->entries[i].be;
		const struct backend_view *v = be ? backend_view(be) : NULL;

		for (uint32_t s = 0; v && s < v->n_servers; s++) {
			if (!v->servers[s].accepts)
				conn_pool_purge(&priv->pool, v->servers[s].srv);
		}
	}
}

static void priv_init(struct worker *w)
{
	struct engine *e = w->engine;
	struct worker_private *priv = xcalloc(1, sizeof(*priv));

	w->priv = priv;
	priv->w = w;
	priv->ev = w->loop.ev;
	priv->buffers = (struct freelist){ .size = e->bufsize + e->maxrewrite + RESPONSE_HEAD,
					   .max = KEEP_BUFFERS };
	priv->streams = (struct freelist){ .size = sizeof(struct stream), .max = KEEP_OBJECTS };
	priv->clients = (struct freelist){ .size = sizeof(struct client), .max = KEEP_OBJECTS };
	priv->sconns = (struct freelist){ .size = sizeof(struct sconn), .max = KEEP_OBJECTS };
	list_init(&priv->clients_list);
	list_init(&priv->walks);
	list_init(&priv->viewers);
	list_init(&priv->acceptors);
	ev_timer_init(&priv->accept_retry, acceptors_on_retry, 0., 0.);
	ev_timer_init(&priv->log_timer, on_log_timer, 0., 0.);
	/* tune.http.maxhdr counts the first line too */
	priv->head.max_fields = (uint16_t)(e->max_headers - 1);
	priv->fields = xcalloc(e->max_headers, sizeof(struct h1_field));
	priv->head.fields = priv->fields;
	priv->servers_left.fn = on_servers_left;
	conn_pool_init(&priv->pool, w);
}

static void close_clients(struct worker *w)
{
	struct client *c, *tmp;

	list_for_each_safe (c, tmp, &w->priv->clients_list, node) {
		if (c->st)
			stream_abort(c->st, 'K', 'D'); /* killed by us */
		else
			client_close(c);
	}
}

static void priv_fini(struct worker *w)
{
	struct worker_private *priv = w->priv;

	acceptors_remove_all(w);
	ev_timer_stop(priv->ev, &priv->accept_retry);
	ev_timer_stop(priv->ev, &priv->log_timer);
	close_clients(w);
	conn_pool_fini(&priv->pool);
	splice_fini(w);
	if (priv->alog) {
		access_log_flush(priv->alog);
		access_log_free(priv->alog);
	}
	free(priv->alog_tag);
	free(priv->alog_host);
	freelist_fini(&priv->buffers);
	freelist_fini(&priv->streams);
	freelist_fini(&priv->clients);
	freelist_fini(&priv->sconns);
	free(priv->fields);
}

static void *run(void *arg)
{
	struct worker *w = arg;

	urcu_qsbr_register_thread();
	loop_run(&w->loop);
	urcu_qsbr_thread_online();
	priv_fini(w);
	urcu_qsbr_unregister_thread();
	return NULL;
}

/* ---- orders of the control thread ---- */

/* One order to all threads; the control thread waits until each has done it. */
struct order {
	void (*fn)(struct worker *w, const struct order *o);
	struct listener *const *add, *const *remove;
	unsigned n_add, n_remove;
	const struct server *srv;
	char cause;
	bool is_for_one; /* thread, tid */
	unsigned tid;
	void (*call)(struct worker *w, void *arg);
	void *arg;
	pthread_mutex_t lock;
	pthread_cond_t done;
	unsigned n_left;
};
struct order_msg {
	struct loop_msg msg;
	struct worker *w;
	struct order *order;
};

static void on_order(struct loop_msg *m)
{
	struct order_msg *om = container_of(m, struct order_msg, msg);
	struct order *o = om->order;

	o->fn(om->w, o);
	pthread_mutex_lock(&o->lock);
	if (--o->n_left == 0)
		pthread_cond_signal(&o->done);
	pthread_mutex_unlock(&o->lock); /* the last touch: o and om are the waiter's */
}

static void give_order(struct engine *e, struct order *o)
{
	struct order_msg *msgs;

	if (!e->workers)
		return;
	msgs = xcalloc(e->n_threads, sizeof(*msgs));
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->done, NULL);
	o->n_left = o->is_for_one ? 1 : e->n_threads;
	for (unsigned i = 0; i < e->n_threads; i++) {
		if (o->is_for_one && i != o->tid)
			continue;
		msgs[i] = (struct order_msg){ .msg.fn = on_order, .w = &e->workers[i], .order = o };
		loop_post(&e->workers[i].loop, &msgs[i].msg);
	}
	pthread_mutex_lock(&o->lock);
	while (o->n_left > 0)
		pthread_cond_wait(&o->done, &o->lock);
	pthread_mutex_unlock(&o->lock);
	pthread_cond_destroy(&o->done);
	pthread_mutex_destroy(&o->lock);
	free(msgs);
}

static void do_set_listeners(struct worker *w, const struct order *o)
{
	for (unsigned i = 0; i < o->n_add; i++)
		acceptor_add(w, o->add[i]);
	for (unsigned i = 0; i < o->n_remove; i++)
		acceptor_remove(w, o->remove[i]);
}

void workers_set_listeners(struct engine *e, struct listener *const *add, unsigned n_add,
			   struct listener *const *remove, unsigned n_remove)
{
	struct order o = { .fn = do_set_listeners,
			   .add = add,
			   .n_add = n_add,
			   .remove = remove,
			   .n_remove = n_remove };

	give_order(e, &o);
}

static void do_drain(struct worker *w, const struct order *o)
{
	struct client *c, *tmp;

	(void)o;
	list_for_each_safe (c, tmp, &w->priv->clients_list, node)
		client_drain(c);
	conn_pool_purge(&w->priv->pool, NULL);
}

void workers_drain(struct engine *e)
{
	struct order o = { .fn = do_drain };

	give_order(e, &o);
}

static void do_purge(struct worker *w, const struct order *o)
{
	conn_pool_purge(&w->priv->pool, o->srv);
}

void workers_purge_idle(struct engine *e, const struct server *s)
{
	struct order o = { .fn = do_purge, .srv = s };

	give_order(e, &o);
}

static void do_shut(struct worker *w, const struct order *o)
{
	struct client *c, *tmp;

	list_for_each_safe (c, tmp, &w->priv->clients_list, node)
		if (c->st && c->st->srv == o->srv)
			stream_abort(c->st, o->cause,
				     c->st->has_response_head || c->st->is_raw ? 'D' : 'H');
}

void workers_shut_sessions(struct engine *e, const struct server *s, char cause)
{
	struct order o = { .fn = do_shut, .srv = s, .cause = cause };

	give_order(e, &o);
}

void workers_servers_left(struct engine *e)
{
	for (unsigned i = 0; e->workers && i < e->n_threads; i++) {
		struct worker_private *priv = e->workers[i].priv;

		if (!atomic_exchange(&priv->has_servers_left, true))
			loop_post(&e->workers[i].loop, &priv->servers_left);
	}
}

unsigned workers_n_conns_of(const struct engine *e, unsigned tid)
{
	return atomic_load_explicit(&e->workers[tid].priv->n_clients_shared, memory_order_relaxed);
}

unsigned workers_n_conns(const struct engine *e)
{
	unsigned n = 0;

	for (unsigned i = 0; e->workers && i < e->n_threads; i++)
		n += workers_n_conns_of(e, i);
	return n;
}

uint32_t workers_conn_rate(const struct engine *e, int64_t now_us)
{
	uint32_t n = 0;

	for (unsigned i = 0; e->workers && i < e->n_threads; i++)
		n += rate_get(&e->workers[i].conn_rate, now_us);
	return n;
}

struct worker_pool workers_pool(const struct engine *e, unsigned i)
{
	static const struct {
		const char *name;
		size_t offset;
	} pools[N_WORKER_POOLS] = {
		{ "buffer", offsetof(struct worker_private, buffers) },
		{ "stream", offsetof(struct worker_private, streams) },
		{ "client", offsetof(struct worker_private, clients) },
		{ "server_conn", offsetof(struct worker_private, sconns) },
	};
	struct worker_pool p = { .name = pools[i].name };

	for (unsigned t = 0; e->workers && t < e->n_threads; t++) {
		const struct freelist *f =
			(const void *)((const char *)e->workers[t].priv + pools[i].offset);
		unsigned n = atomic_load_explicit(&f->n_allocated, memory_order_relaxed);

		p.size = f->size;
		p.n_allocated += n;
		p.n_used += n - MIN(freelist_n(f), n);
	}
	return p;
}

void workers_start(struct engine *e)
{
	http_parser_set_max_header_size(e->bufsize);
	e->workers = xcalloc(e->n_threads, sizeof(struct worker));
	for (unsigned i = 0; i < e->n_threads; i++) {
		struct worker *w = &e->workers[i];
		int r;

		r = loop_init(&w->loop, EVBACKEND_EPOLL | EVFLAG_NOENV);
		w->engine = e;
		w->tid = i;
		if (r == 0) {
			w->loop.on_idle = on_idle;
			w->loop.owner = w;
			priv_init(w);
			r = -pthread_create(&w->thread, NULL, run, w);
		}
		if (r == 0) { /* for top -H, debuggers and tests */
			char name[16];

			snprintf(name, sizeof(name), "proxyd/%hu", (unsigned short)(i + 1));
			(void)pthread_setname_np(w->thread, name);
		} else {
			fprintf(stderr, "proxyd: cannot start thread %u: %s\n", i + 1,
				strerror(-r));
			exit(EXIT_FAILURE);
		}
	}
}

static void do_call(struct worker *w, const struct order *o)
{
	if (w->tid == o->tid)
		o->call(w, o->arg);
}

void workers_call(struct engine *e, unsigned tid, void (*fn)(struct worker *w, void *arg),
		  void *arg)
{
	struct order o = { .fn = do_call, .is_for_one = true, .tid = tid, .call = fn, .arg = arg };

	give_order(e, &o);
}

static void do_stop(struct worker *w, const struct order *o)
{
	(void)o;
	loop_stop(&w->loop);
}

void workers_stop(struct engine *e)
{
	struct order o = { .fn = do_stop };

	if (!e->workers)
		return;
	give_order(e, &o);
	/* joining is waiting for threads that may wait for a grace period */
	urcu_qsbr_thread_offline();
	for (unsigned i = 0; i < e->n_threads; i++) {
		pthread_join(e->workers[i].thread, NULL);
		loop_fini(&e->workers[i].loop);
		free(e->workers[i].priv);
	}
	urcu_qsbr_thread_online();
	free(e->workers);
	e->workers = NULL;
}
