/* acceptor.c - a thread's watchers on listening sockets, and when they pause. */
#include "net/acceptor.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <tandem/log.h>
#include <unistd.h>

#include "config/cfg_model.h"
#include "net/client.h"
#include "net/frontend.h"
#include "net/listener.h"
#include "process/worker_priv.h"

#define MAX_PER_TURN    8
#define RETRY_S         0.020 /* other threads may make room without telling us */
#define RETRY_NO_FILE_S 0.100

static void pause_acceptor(struct acceptor *a, double retry_s)
{
	struct worker_private *priv = a->w->priv;

	if (!ev_is_active(&a->io))
		return;
	ev_io_stop(priv->ev, &a->io);
	priv->n_paused++;
	if (!ev_is_active(&priv->accept_retry)) {
		ev_timer_set(&priv->accept_retry, retry_s, 0.);
		ev_timer_start(priv->ev, &priv->accept_retry);
	}
}

static void unreserve(struct engine *e, struct listener *l)
{
	if (l->count)
		atomic_fetch_sub(&l->count->cur, 1);
	atomic_fetch_sub(&l->fe->n_admitted, 1);
	atomic_fetch_sub(&e->n_admitted, 1);
}

/* maxconnrate, maxsessrate. No rule refuses connections, so each is a session: the lower limit
 * counts. */
static bool is_process_too_fast(const struct worker *w)
{
	const struct engine *e = w->engine;
	uint32_t conn = atomic_load_explicit(&e->conn_rate_limit, memory_order_relaxed);
	uint32_t sess = atomic_load_explicit(&e->sess_rate_limit, memory_order_relaxed);
	uint32_t limit = conn && sess ? MIN(conn, sess) : conn + sess;

	return UNLIKELY(limit > 0) && workers_conn_rate(e, worker_now(w)) >= limit;
}

/* rate-limit sessions: what all threads accepted in the last second. */
static bool is_too_fast(struct worker *w, const struct frontend *fe)
{
	uint32_t limit = rcu_dereference(fe->cfg)->rate_limit, rate = 0;
	int64_t now_us = worker_now(w);

	if (LIKELY(limit == 0))
		return false;
	for (unsigned i = 0; i < fe->n_threads; i++)
		rate += rate_get(&fe->counters[i].sess_rate, now_us);
	return rate >= limit;
}

/* Make room for a connection before accepting it, so that threads together stay below the limits.
 * The gauges that users see count only what was accepted. */
static bool reserve(struct engine *e, struct listener *l)
{
	struct frontend *fe = l->fe;
	uint32_t fe_max = atomic_load_explicit(&fe->maxconn, memory_order_relaxed);
	uint32_t max = atomic_load_explicit(&e->maxconn, memory_order_relaxed);

	if (l->count && atomic_fetch_add(&l->count->cur, 1) >= l->maxconn) {
		atomic_fetch_sub(&l->count->cur, 1);
		return false;
	}
	/* both first: what unreserve takes back must be there */
	uint32_t n_fe = atomic_fetch_add(&fe->n_admitted, 1);
	uint32_t n = atomic_fetch_add(&e->n_admitted, 1);

	if ((fe_max && n_fe >= fe_max) || (max && n >= max)) {
		unreserve(e, l);
		return false;
	}
	return true;
}

/* 1: accepted one; 0: none is there; -errno. */
static int accept_one(struct acceptor *a)
{
	struct frontend *fe = a->l->fe;
	struct engine *e = a->w->engine;
	struct addr peer;
	int fd;

	if (is_too_fast(a->w, fe) || is_process_too_fast(a->w))
		return -EBUSY;
	if (!reserve(e, a->l))
		return -EBUSY;
	peer.len = sizeof(peer.un);
	fd = accept4(a->fd, &peer.sa, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd == -1) {
		int error = errno;

		unreserve(e, a->l);
		switch (error) {
		case EAGAIN:
			return 0;
		case EMFILE:
		case ENFILE:
		case ENOBUFS:
		case ENOMEM:
			return -error;
		default:
			return 1; /* that connection is gone already: the next may be good */
		}
	}
	gauge_inc(&fe->sess);
	if (e->conns)
		gauge_inc(e->conns);
	rate_add(&a->w->conn_rate, worker_now(a->w), 1);
	if (peer.len < sizeof(sa_family_t))
		peer.sa.sa_family = AF_UNIX; /* an unnamed Unix client */
	client_start(a->w, a->l, fd, &peer);
	return 1;
}

static void on_acceptable(struct ev_loop *ev, ev_io *io, int revents)
{
	static _Thread_local struct log_limit limit;
	struct acceptor *a = container_of(io, struct acceptor, io);
	unsigned suppressed;

	(void)ev, (void)revents;
	for (int i = 0; i < MAX_PER_TURN; i++) {
		int r = accept_one(a);

		if (r > 0)
			continue;
		if (r == -EBUSY) {
			pause_acceptor(a, RETRY_S);
		} else if (r < 0) {
			if (log_limit_ok(&limit, worker_now(a->w), 1, 10 * 1000 * 1000,
					 &suppressed))
				log_warn("net", "accept_failed",
					 "frontend=%s error=\"%s\" suppressed=%u", a->l->fe->name,
					 strerror(-r), suppressed);
			pause_acceptor(a, RETRY_NO_FILE_S);
		}
		return;
	}
}

void acceptors_resume(struct worker *w)
{
	struct worker_private *priv = w->priv;
	struct acceptor *a;

	list_for_each (a, &priv->acceptors, node)
		ev_io_start(priv->ev, &a->io);
	priv->n_paused = 0;
	ev_timer_stop(priv->ev, &priv->accept_retry);
}

void acceptors_on_retry(struct ev_loop *ev, ev_timer *t, int revents)
{
	(void)ev, (void)revents;
	acceptors_resume(container_of(t, struct worker_private, accept_retry)->w);
}

/* An epoll set with nothing but fd in it; -1: no descriptor is left. */
static int make_set(int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int set = epoll_create1(EPOLL_CLOEXEC);

	if (set != -1 && epoll_ctl(set, EPOLL_CTL_ADD, fd, &ev) != 0) {
		close(set);
		return -1;
	}
	return set;
}

static void watch(struct worker *w, struct listener *l, int fd)
{
	struct acceptor *a = xcalloc(1, sizeof(*a));

	a->w = w;
	a->l = l;
	a->fd = fd;
	a->set = make_set(fd);
	ev_io_init(&a->io, on_acceptable, a->set != -1 ? a->set : fd, EV_READ);
	ev_io_start(w->priv->ev, &a->io);
	list_add_tail(&w->priv->acceptors, &a->node);
}

/* Of an earlier process with more threads there may be more sockets than threads. */
void acceptor_add(struct worker *w, struct listener *l)
{
	unsigned n_threads = w->engine->n_threads;

	if (w->tid >= l->n_fds)
		watch(w, l, l->fds[w->tid % l->n_fds]);
	for (unsigned i = w->tid; i < l->n_fds; i += n_threads)
		watch(w, l, l->fds[i]);
}

static void acceptor_free(struct acceptor *a)
{
	struct worker_private *priv = a->w->priv;

	if (!ev_is_active(&a->io) && priv->n_paused > 0)
		priv->n_paused--;
	ev_io_stop(priv->ev, &a->io);
	if (a->set != -1)
		close(a->set);
	list_del(&a->node);
	free(a);
}

void acceptor_remove(struct worker *w, struct listener *l)
{
	struct acceptor *a, *tmp;

	list_for_each_safe (a, tmp, &w->priv->acceptors, node) {
		if (a->l != l)
			continue;
		/* A connection that the kernel completed is a promise. */
		for (int i = 0; i < 65536 && accept_one(a) > 0; i++)
			;
		acceptor_free(a);
	}
}

void acceptors_remove_all(struct worker *w)
{
	struct acceptor *a, *tmp;

	list_for_each_safe (a, tmp, &w->priv->acceptors, node)
		acceptor_free(a);
}
