/* lb.h - a balancing algorithm: prepares a view once, then picks a server from it for each request.
 * Knows no sockets, takes no lock; what an algorithm counts while running (a cursor) is in struct
 * lb_state, shared by all threads. */
#ifndef PROXY_LB_H
#define PROXY_LB_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/addr.h>
#include <tandem/util.h>

struct backend_view;
struct view_server;

/* What a pick may depend on; borrowed. */
struct lb_key {
	const struct addr *client;
	/* Do not pick this server if another is there (it just refused us); may be NULL. */
	const struct server *avoid;
};

struct lb_state {
	_Atomic uint32_t cursor
		CACHE_ALIGNED; /* one fetch_add a request keeps the rotation exact over threads */
};

struct lb_algo {
	const char *name; /* as in the configuration */
	/* Fill v->schedule (heap, freed with the view). 0 or -ENOMEM. May be NULL. Control thread.
	 */
	int (*prepare)(struct backend_view *v);
	/* NULL only if v->n_usable is 0. A server at its maxconn is passed over if another has
	 * room; if all are full, one of them is returned and the caller queues. Any thread. */
	const struct view_server *(*pick)(const struct backend_view *v, struct lb_state *st,
					  const struct lb_key *key);
};

extern const struct lb_algo lb_roundrobin, lb_leastconn, lb_source;

/* Has the server a free slot under its maxconn? */
bool lb_has_room(const struct view_server *vs);

#endif
