/* client.c - a client connection: idle, with a stream, lingering. */
#include "net/client.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <unistd.h>

#include "config/cfg_model.h"
#include "http/h1_conn.h"
#include "net/acceptor.h"
#include "net/frontend.h"
#include "net/listener.h"
#include "net/proxy_protocol.h"
#include "net/relay.h"
#include "net/sessions.h"
#include "net/sock_io.h"
#include "net/stream.h"
#include "process/worker_priv.h"

#define LINGER_US (1 * 1000 * 1000) /* time for the client to take the last answer */

static void on_timer(struct ev_loop *ev, ev_timer *t, int revents);

void client_watch(struct client *c, int events)
{
	struct ev_loop *ev = c->w->priv->ev;

	if (LIKELY((c->io.events & (EV_READ | EV_WRITE)) == events))
		return;
	ev_io_stop(ev, &c->io);
	ev_io_set(&c->io, c->fd, events);
	if (events)
		ev_io_start(ev, &c->io);
}

void client_set_deadline(struct client *c, int64_t deadline_us)
{
	struct ev_loop *ev = c->w->priv->ev;
	int64_t in_us;

	if (LIKELY(deadline_us >= c->armed_us))
		return; /* the timer fires early, looks at the deadline and is armed again */
	c->armed_us = deadline_us;
	in_us = MAX(deadline_us - worker_now(c->w), 0);
	ev_timer_stop(ev, &c->timer);
	ev_timer_set(&c->timer, (double)in_us * 1e-6, 0.);
	ev_timer_start(ev, &c->timer);
}

bool client_local_addr(const struct client *c, struct addr *out)
{
	if (UNLIKELY(c->header_dst != NULL)) {
		*out = *c->header_dst;
		return true;
	}
	out->len = sizeof(out->un);
	return c->fd != -1 && getsockname(c->fd, &out->sa, &out->len) == 0;
}

const struct addr *client_addr(struct client *c)
{
	struct addr *a = &c->w->priv->client_addr;

	a->len = c->peer.sa.sa_family == AF_INET    ? sizeof(struct sockaddr_in)
		 : c->peer.sa.sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
						    : sizeof(sa_family_t);
	memcpy(&a->in6, &c->peer, sizeof(c->peer));
	return a;
}

bool client_should_close(const struct client *c)
{
	return atomic_load_explicit(&c->w->engine->is_stopping, memory_order_relaxed) ||
	       atomic_load_explicit(&c->fe->is_stopping, memory_order_relaxed);
}

static void uncount(struct engine *e, struct frontend *fe)
{
	if (e->conns)
		gauge_dec(e->conns);
	atomic_fetch_sub(&e->n_admitted, 1);
	atomic_fetch_sub(&fe->n_admitted, 1);
	gauge_dec(&fe->sess); /* the last touch: who is unused may go */
}

void client_close(struct client *c)
{
	struct worker_private *priv = c->w->priv;
	struct frontend *fe = c->fe;
	struct bind_count *c_count = c->bind_count;

	ASSERT(!c->st);
	if (c->last)
		sconn_owner_left(c->last);
	ev_io_stop(priv->ev, &c->io);
	ev_timer_stop(priv->ev, &c->timer);
	if (UNLIKELY(rcu_dereference(fe->cfg)->nolinger))
		(void)shutdown(c->fd, SHUT_WR); /* the end comes before the reset */
	close(c->fd);
	free(c->header_dst);
	if (UNLIKELY(!list_is_empty(&c->w->priv->walks)))
		session_client_leaves(c->w, &c->node);
	list_del(&c->node);
	freelist_put(&priv->clients, c);
	priv->n_clients--;
	atomic_store_explicit(&priv->n_clients_shared, priv->n_clients, memory_order_relaxed);
	if (c_count) {
		atomic_fetch_sub(&c_count->cur, 1);
		bind_count_unref(c_count);
	}
	uncount(priv->w->engine, fe);
	if (UNLIKELY(priv->n_paused > 0))
		acceptors_resume(priv->w);
}

void client_linger(struct client *c)
{
	if (shutdown(c->fd, SHUT_WR) == -1 || c->has_eof) {
		client_close(c);
		return;
	}
	c->is_lingering = true;
	c->deadline_us = worker_now(c->w) + LINGER_US;
	client_watch(c, EV_READ);
	client_set_deadline(c, c->deadline_us);
}

static void on_lingering(struct client *c)
{
	char sink[4096];
	ssize_t n = recv(c->fd, sink, sizeof(sink), 0);

	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
		client_close(c);
}

/* `option idle-close-on-response`: a drain leaves idle connections to their next request, because
 * it may be on its way. */
static bool closes_on_response(const struct client *c)
{
	return rcu_dereference(c->fe->cfg)->idle_close_on_response;
}

void client_become_idle(struct client *c)
{
	const struct cfg_timeouts *t;
	int64_t timeout_us;

	if (c->has_eof || (client_should_close(c) && !closes_on_response(c))) {
		client_close(c);
		return;
	}
	t = &rcu_dereference(c->fe->cfg)->timeout;
	timeout_us = t->http_keep_alive_us ? t->http_keep_alive_us
		     : t->http_request_us  ? t->http_request_us
					   : t->client_us;
	c->idle_since_us = worker_now(c->w);
	c->deadline_us = timeout_us ? c->idle_since_us + timeout_us : INT64_MAX;
	client_watch(c, EV_READ);
	client_set_deadline(c, c->deadline_us);
}

static void on_idle_readable(struct client *c)
{
	struct worker_private *priv = c->w->priv;
	char *mem = freelist_get(&priv->buffers);
	size_t headroom = c->w->engine->maxrewrite;
	struct stream *st;
	ssize_t n;

	if (UNLIKELY(!mem)) {
		client_close(c);
		return;
	}
	n = sock_recv(c->fd, mem + headroom, c->w->engine->bufsize - headroom);
	if (n <= 0) {
		int error = errno;

		freelist_put(&priv->buffers, mem);
		if (n == -1 && (error == EAGAIN || error == EINTR))
			return;
		if (c->n_requests == 0)
			h1_on_unused_client(c);
		else
			client_close(c); /* between requests nobody is at fault */
		return;
	}
	st = stream_new(c);
	if (UNLIKELY(!st)) {
		freelist_put(&priv->buffers, mem);
		client_close(c);
		return;
	}
	st->req.buf = (struct buf){ mem, c->w->engine->bufsize, headroom, headroom + (size_t)n };
	h1_on_client_bytes(st);
}

/* The PROXY header is looked at while it stays in the socket: when only a part is there, the socket
 * is not readable again before more has come. */
static void on_greeting(struct client *c)
{
	char head[PROXY_PROTOCOL_MAX];
	struct addr src = { .len = 0 }, dst = { .len = 0 };
	ssize_t n = recv(c->fd, head, sizeof(head), MSG_PEEK), used;
	int low_water;

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	used = n > 0 ? proxy_protocol_read(head, (size_t)n, &src, &dst) : -EINVAL;
	if (used < 0) {
		client_close(c);
		return;
	}
	low_water = used == 0 ? (int)n + 1 : 1;
	(void)setsockopt(c->fd, SOL_SOCKET, SO_RCVLOWAT, &low_water, sizeof(low_water));
	if (used == 0)
		return;
	if (recv(c->fd, head, (size_t)used, 0) != used) {
		client_close(c);
		return;
	}
	c->is_greeting = false;
	if (src.len) {
		memcpy(&c->peer, &src.in6, sizeof(c->peer));
		c->header_dst = malloc(sizeof(dst));
		if (c->header_dst)
			*c->header_dst = dst;
	}
	if (rcu_dereference(c->fe->cfg)->mode != CFG_MODE_TCP || !relay_start_tcp(c))
		on_idle_readable(c);
}

static void on_io(struct ev_loop *ev, ev_io *io, int revents)
{
	struct client *c = container_of(io, struct client, io);

	(void)ev;
	if (c->st)
		stream_on_client_io(c->st, revents);
	else if (c->is_lingering)
		on_lingering(c);
	else if (UNLIKELY(c->is_greeting))
		on_greeting(c);
	else
		on_idle_readable(c);
}

/* Nothing came at all. A fresh connection that is silent until timeout http-request gets a 408, as
 * HAProxy sends it; a silent keep-alive connection is closed. */
static void on_idle_timeout(struct client *c)
{
	if (c->n_requests == 0 && !c->is_lingering && !c->is_greeting)
		h1_on_silent_client(c);
	else
		client_close(c);
}

static void on_timer(struct ev_loop *ev, ev_timer *t, int revents)
{
	struct client *c = container_of(t, struct client, timer);

	(void)ev, (void)revents;
	c->armed_us = INT64_MAX;
	if (c->st)
		stream_on_timer(c->st);
	else if (worker_now(c->w) >= c->deadline_us)
		on_idle_timeout(c);
	else
		client_set_deadline(c, c->deadline_us);
}

/* A connection that has not asked yet, or whose next request is on its way through the kernel, is
 * served once more; the answer says that it closes. */
void client_drain(struct client *c)
{
	char byte;

	if (c->st || c->is_lingering || c->is_greeting)
		return;
	if (recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
		on_idle_readable(c);
	else if ((c->n_requests > 0 && !closes_on_response(c)) || c->has_eof)
		client_close(c);
}

void client_start(struct worker *w, const struct listener *l, int fd, const struct addr *peer)
{
	static const int one = 1;
	static const struct linger no_linger = { 1, 0 };
	struct frontend *fe = l->fe;
	const struct cfg_proxy *cfg = rcu_dereference(fe->cfg);
	struct worker_private *priv = w->priv;
	struct client *c = freelist_get(&priv->clients);
	int64_t wait_us;

	if (UNLIKELY(!c)) {
		close(fd);
		if (l->count)
			atomic_fetch_sub(&l->count->cur, 1);
		uncount(w->engine, fe);
		return;
	}
	*c = (struct client){ .w = w,
			      .fe = fe,
			      .fd = fd,
			      .number = ++priv->n_accepted,
			      .armed_us = INT64_MAX,
			      .accept_us = worker_now(w),
			      .accept_real_us = (int64_t)(ev_now(priv->ev) * 1e6) };
	c->idle_since_us = c->accept_us;
	if (l->count) {
		c->bind_count = l->count;
		atomic_fetch_add(&l->count->refs, 1);
	}
	memcpy(&c->peer, &peer->in6, MIN(sizeof(c->peer), sizeof(peer->in6)));
	ev_io_init(&c->io, on_io, fd, 0);
	ev_timer_init(&c->timer, on_timer, 0., 0.);
	list_add_tail(&priv->clients_list, &c->node);
	priv->n_clients++;
	atomic_store_explicit(&priv->n_clients_shared, priv->n_clients, memory_order_relaxed);
	counter_add(&fe->counters[w->tid].stot, 1);
	rate_add(&fe->counters[w->tid].sess_rate, c->accept_us, 1);
	if (c->peer.sa.sa_family != AF_UNIX) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (cfg->tcpka_client)
			(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
		if (cfg->nolinger)
			(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &no_linger, sizeof(no_linger));
	}
	if (cfg->mode == CFG_MODE_TCP && !l->accept_proxy && relay_start_tcp(c))
		return;
	c->is_greeting = l->accept_proxy;
	wait_us = cfg->timeout.http_request_us ? cfg->timeout.http_request_us
					       : cfg->timeout.client_us;
	c->deadline_us = wait_us ? c->accept_us + wait_us : INT64_MAX;
	client_watch(c, EV_READ);
	client_set_deadline(c, c->deadline_us);
	if (c->is_greeting)
		on_greeting(c);
	else
		on_idle_readable(c); /* the request often arrives with the connection */
}
