/* conn_pool.h - connections to servers, and those that wait idle for their next request.
 *
 * Each data thread has its own pool; a connection never moves between threads. An idle one keeps a
 * read watcher, so a server's close is noticed at once and the connection is never used again. */
#ifndef PROXY_CONN_POOL_H
#define PROXY_CONN_POOL_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <tandem/addr.h>
#include <tandem/list.h>

#include "pool/idle.h"

struct client;
struct conn_source;
struct server;
struct stream;
struct worker;

#define CONN_POOL_MAX_PER_SERVER 1024

/* Connections that a request may take; OWN: the one that served this client last; PROVEN: those
 * that were reused before. */
enum conn_reuse { CONN_REUSE_NONE, CONN_REUSE_OWN, CONN_REUSE_PROVEN, CONN_REUSE_ANY };

#define CONN_POOL_PURGE_DELAY_US (5 * 1000 * 1000) /* pool-purge-delay's default */

/* One connection to a server: in use by a stream, or idle in the pool. */
struct sconn {
	ev_io io;
	struct worker *w;
	struct server *srv;     /* a name to compare when idle: not dereferenced, it may be gone */
	uint64_t addr_key;      /* where it leads */
	struct stream *st;      /* NULL: idle */
	struct client *owner;   /* whose last connection it was; its `last` points back at us */
	struct pool_slot *slot; /* idle: the server's */
	struct list by_server;  /* idle: newest first; private ones are not in it */
	struct list by_age;     /* idle: oldest first */
	int64_t idle_since_us;
	int fd;
	unsigned n_requests; /* served before the current one */
	bool is_private;     /* only its owner may take it (http-reuse never) */
	struct idle_limits limits;
};

struct pool_slot { /* idle connections of one server */
	struct server *srv;
	struct list idle;
	struct idle_count *count; /* a reference; srv's own */
	unsigned n;
};

struct conn_pool {
	struct worker *w;
	struct pool_slot **slots; /* open addressing; n_slots is a power of two */
	unsigned n_slots, n_used;
	struct list by_age;
	unsigned n_idle;
	ev_timer purge;
	bool has_delays; /* some are not the default: the list by age is not in their order */
};

void conn_pool_init(struct conn_pool *p, struct worker *w);
void conn_pool_fini(struct conn_pool *p);

/* Identifies an address: a server whose address changed does not get connections to the old one. */
uint64_t sconn_addr_key(const struct addr *a);
/* Begin to connect. 0: the attempt is under way (*out is owned by the caller, without watchers), or
 * -errno. client: whose request it is, for `usesrc`. */
int sconn_open(struct worker *w, struct server *srv, const struct addr *to,
	       const struct conn_source *source, const struct addr *client, struct sconn **out);
/* Take an idle connection to srv at this address of those that `which` allows, owner's last one if
 * it is idle; NULL: there is none. Its watcher is still armed for reading. */
struct sconn *conn_pool_take(struct conn_pool *p, struct client *owner, struct server *srv,
			     uint64_t addr_key, enum conn_reuse which);
/* Make s idle; owner (may be NULL) will prefer it. Taken. */
void conn_pool_park(struct conn_pool *p, struct sconn *s, struct client *owner);
/* Close and free, in use or idle; NULL is legal. */
void sconn_close(struct sconn *s);
/* Asks the kernel: open, and nothing unread. */
bool sconn_is_quiet(const struct sconn *s);
/* The client goes: forget it, or close what is its own. */
void sconn_owner_left(struct sconn *s);
/* Which events are wanted. Cheap when nothing changes. */
void sconn_watch(struct sconn *s, int events);
/* Close idle connections to srv; NULL: all. */
void conn_pool_purge(struct conn_pool *p, const struct server *srv);

#endif
