/* conn_pool.c - connections to servers, and those that wait idle for their next request. */
#include "pool/conn_pool.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "net/client.h"
#include "net/stream.h"
#include "pool/conn_source.h"
#include "pool/pacing.h"
#include "pool/server.h"
#include "process/worker_priv.h"

#define PURGE_INTERVAL_S 1.0

uint64_t sconn_addr_key(const struct addr *a)
{
	const uint64_t prime = UINT64_C(0x9E3779B97F4A7C15);
	const unsigned char *bytes = (const unsigned char *)a;
	uint64_t key = a->len;

	if (a->sa.sa_family == AF_INET) {
		uint32_t ip = a->in.sin_addr.s_addr;

		return ((uint64_t)ip << 32 | a->in.sin_port) * prime;
	}
	for (socklen_t i = 0; i < a->len; i++)
		key = (key ^ bytes[i]) * prime;
	return key;
}

static size_t slot_hash(const struct server *srv)
{
	return (size_t)(((uintptr_t)srv >> 6) * UINT64_C(0x9E3779B97F4A7C15) >> 20);
}

static struct pool_slot *slot_find(const struct conn_pool *p, const struct server *srv)
{
	for (size_t i = slot_hash(srv);; i++) {
		struct pool_slot *slot = p->slots[i & (p->n_slots - 1)];

		if (!slot || slot->srv == srv)
			return slot;
	}
}

static void slot_insert(struct conn_pool *p, struct pool_slot *slot)
{
	size_t i = slot_hash(slot->srv);

	while (p->slots[i & (p->n_slots - 1)])
		i++;
	p->slots[i & (p->n_slots - 1)] = slot;
	p->n_used++;
}

static struct server gone; /* never looked for */

static void slot_free(struct pool_slot *slot)
{
	idle_count_unref(slot->count);
	free(slot);
}

/* Rebuild at a larger size, without the slots that nobody uses any more. NULL: no memory. */
static struct pool_slot *slot_make(struct conn_pool *p, struct server *srv)
{
	struct pool_slot *slot = slot_find(p, srv);

	if (slot && LIKELY(slot->count == srv->idle))
		return slot;
	if (slot)
		slot->srv = &gone; /* another server had this address in memory */
	if (2 * (p->n_used + 1) > p->n_slots) {
		struct pool_slot **old = p->slots;
		unsigned n_old = p->n_slots, n_live = 1;

		for (unsigned i = 0; i < n_old; i++)
			n_live += old[i] && old[i]->n > 0;
		unsigned n_new = n_old;
		while (n_new < 4 * n_live)
			n_new *= 2;
		struct pool_slot **slots = calloc(n_new, sizeof(struct pool_slot *));
		if (!slots)
			return NULL;
		p->slots = slots;
		p->n_slots = n_new;
		p->n_used = 0;
		for (unsigned i = 0; i < n_old; i++) {
			if (!old[i])
				continue;
			if (old[i]->n > 0)
				slot_insert(p, old[i]);
			else
				slot_free(old[i]);
		}
		free(old);
	}
	slot = calloc(1, sizeof(*slot));
	if (!slot)
		return NULL;
	slot->srv = srv;
	slot->count = srv->idle;
	idle_count_ref(slot->count);
	list_init(&slot->idle);
	slot_insert(p, slot);
	return slot;
}

static void unpark(struct sconn *s)
{
	struct conn_pool *p = &s->w->priv->pool;

	list_del(&s->by_server);
	list_del(&s->by_age);
	s->slot->n--;
	counter_sub(&s->slot->count->per_thread[s->w->tid].n, 1);
	p->n_idle--;
}

static void forget_owner(struct sconn *s)
{
	if (s->owner)
		s->owner->last = NULL;
	s->owner = NULL;
}

void sconn_owner_left(struct sconn *s)
{
	forget_owner(s);
	if (UNLIKELY(s->is_private))
		sconn_close(s);
}

void sconn_close(struct sconn *s)
{
	if (!s)
		return;
	if (!list_is_empty(&s->by_age))
		unpark(s);
	forget_owner(s);
	ev_io_stop(s->w->priv->ev, &s->io);
	close(s->fd);
	freelist_put(&s->w->priv->sconns, s);
}

/* An idle server has nothing to say: what comes is its close, or bytes that nobody asked for. */
static void on_io(struct ev_loop *ev, ev_io *io, int revents)
{
	struct sconn *s = container_of(io, struct sconn, io);

	(void)ev;
	if (s->st)
		stream_on_server_io(s->st, revents);
	else
		sconn_close(s);
}

int sconn_open(struct worker *w, struct server *srv, const struct addr *to,
	       const struct conn_source *source, const struct addr *client, struct sconn **out)
{
	static const int one = 1;
	int fd = socket(to->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sconn *s;
	int error;

	if (fd == -1)
		return -errno;
	if (to->sa.sa_family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	pacing_avoid(fd, to);
	error = conn_source_apply(fd, to->sa.sa_family, source, client);
	if (error != 0) {
		errno = -error;
		goto fail;
	}
	if (connect(fd, &to->sa, to->len) == -1 && errno != EINPROGRESS)
		goto fail;
	s = freelist_get(&w->priv->sconns);
	if (!s) {
		errno = ENOMEM;
		goto fail;
	}
	*s = (struct sconn){ .w = w, .srv = srv, .addr_key = sconn_addr_key(to), .fd = fd };
	list_init(&s->by_server);
	list_init(&s->by_age);
	ev_io_init(&s->io, on_io, fd, 0);
	*out = s;
	return 0;
fail:
	error = -errno;
	close(fd);
	return error;
}

void sconn_watch(struct sconn *s, int events)
{
	struct ev_loop *ev = s->w->priv->ev;

	if (LIKELY((s->io.events & (EV_READ | EV_WRITE)) == events))
		return;
	ev_io_stop(ev, &s->io);
	ev_io_set(&s->io, s->fd, events);
	if (events)
		ev_io_start(ev, &s->io);
}

/* Not when it leads to where the server was before; nor when the loop has an event of this turn for
 * it that nobody has handled yet: its end, or bytes that would pass for the next answer. */
static bool is_usable(const struct sconn *s, uint64_t addr_key)
{
	return s->addr_key == addr_key && !ev_is_pending(&s->io);
}

static struct sconn *find_proven(const struct pool_slot *slot, uint64_t addr_key)
{
	struct sconn *s, *tmp;

	list_for_each_safe (s, tmp, &slot->idle, by_server) {
		if (s->n_requests > 0 && is_usable(s, addr_key))
			return s;
	}
	return NULL;
}

/* The newest, which is the warmest; but of one that was parked in this turn the caller must ask the
 * kernel whether it is quiet, so the oldest comes before it. */
static struct sconn *find_newest(const struct conn_pool *p, const struct pool_slot *slot,
				 uint64_t addr_key)
{
	struct sconn *s, *oldest;

	while ((s = list_first(&slot->idle, struct sconn, by_server)) && !is_usable(s, addr_key))
		sconn_close(s);
	if (!s || LIKELY(s->idle_since_us != worker_now(p->w)))
		return s;
	oldest = list_entry(slot->idle.prev, struct sconn, by_server);
	return oldest->idle_since_us != s->idle_since_us && is_usable(oldest, addr_key) ? oldest
											: s;
}

struct sconn *conn_pool_take(struct conn_pool *p, struct client *owner, struct server *srv,
			     uint64_t addr_key, enum conn_reuse which)
{
	struct sconn *s = owner ? owner->last : NULL;

	if (which == CONN_REUSE_NONE)
		return NULL;
	if (!s || s->st || s->srv != srv || !is_usable(s, addr_key)) {
		struct pool_slot *slot =
			p->n_idle && which != CONN_REUSE_OWN ? slot_find(p, srv) : NULL;

		if (!slot)
			return NULL;
		s = find_newest(p, slot, addr_key);
		if (s && which == CONN_REUSE_PROVEN && s->n_requests == 0)
			s = find_proven(slot, addr_key);
		if (!s)
			return NULL;
	}
	unpark(s);
	forget_owner(s);
	return s;
}

bool sconn_is_quiet(const struct sconn *s)
{
	char c;

	return recv(s->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == -1 && errno == EAGAIN;
}

static void on_purge(struct ev_loop *ev, ev_timer *t, int revents)
{
	struct conn_pool *p = container_of(t, struct conn_pool, purge);
	int64_t now_us = worker_now(p->w);
	struct sconn *s, *tmp;

	(void)revents;
	list_for_each_safe (s, tmp, &p->by_age, by_age) {
		if (s->idle_since_us + s->limits.purge_delay_us <= now_us)
			sconn_close(s);
		else if (!p->has_delays)
			break; /* the others are younger */
	}
	if (p->n_idle == 0) {
		ev_timer_stop(ev, t);
		p->has_delays = false;
	}
}

/* May it stay, as its server's parameters have it? */
static bool is_welcome(const struct sconn *s, const struct idle_count *count)
{
	const struct idle_limits *l = &s->limits;

	if (l->max_reuse >= 0 && s->n_requests >= (unsigned)l->max_reuse)
		return false;
	return l->purge_delay_us > 0 &&
	       (l->max_idle < 0 || idle_count_sum(count) < (unsigned)l->max_idle);
}

void conn_pool_park(struct conn_pool *p, struct sconn *s, struct client *owner)
{
	struct pool_slot *slot = slot_make(p, s->srv);

	s->st = NULL;
	if (!slot || UNLIKELY(!is_welcome(s, slot->count))) {
		sconn_close(s);
		return;
	}
	s->slot = slot;
	counter_add(&slot->count->per_thread[p->w->tid].n, 1);
	p->has_delays = p->has_delays || s->limits.purge_delay_us != CONN_POOL_PURGE_DELAY_US;
	sconn_watch(s, EV_READ);
	s->idle_since_us = worker_now(p->w);
	if (LIKELY(!s->is_private))
		list_add_head(&slot->idle, &s->by_server);
	list_add_tail(&p->by_age, &s->by_age);
	slot->n++;
	p->n_idle++;
	if (owner) {
		if (owner->last)
			owner->last->owner = NULL;
		owner->last = s;
		s->owner = owner;
	}
	if (slot->n > CONN_POOL_MAX_PER_SERVER && !list_is_empty(&slot->idle))
		sconn_close(list_entry(slot->idle.prev, struct sconn, by_server));
	if (UNLIKELY(!ev_is_active(&p->purge))) {
		ev_timer_set(&p->purge, PURGE_INTERVAL_S, PURGE_INTERVAL_S);
		ev_timer_start(p->w->priv->ev, &p->purge);
	}
}

void conn_pool_purge(struct conn_pool *p, const struct server *srv)
{
	const struct pool_slot *slot = srv ? slot_find(p, srv) : NULL;
	struct sconn *s, *tmp;

	if (srv && (!slot || slot->n == 0))
		return;
	list_for_each_safe (s, tmp, &p->by_age, by_age) {
		if (!srv || s->srv == srv)
			sconn_close(s);
	}
}

void conn_pool_init(struct conn_pool *p, struct worker *w)
{
	*p = (struct conn_pool){ .w = w, .n_slots = 64 };
	p->slots = xcalloc(p->n_slots, sizeof(struct pool_slot *));
	list_init(&p->by_age);
	ev_timer_init(&p->purge, on_purge, 0., PURGE_INTERVAL_S);
}

void conn_pool_fini(struct conn_pool *p)
{
	conn_pool_purge(p, NULL);
	ev_timer_stop(p->w->priv->ev, &p->purge);
	for (unsigned i = 0; i < p->n_slots; i++)
		if (p->slots[i])
			slot_free(p->slots[i]);
	free(p->slots);
}
