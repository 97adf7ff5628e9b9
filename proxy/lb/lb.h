/* lb.h - a balancing algorithm: prepares a view once, then picks a server from it for each request.
 * Knows no sockets, takes no lock; what an algorithm counts while running (a cursor) is in struct
 * lb_state, shared by all threads. */
#ifndef PROXY_LB_H
#define PROXY_LB_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/addr.h>
#include <tandem/util.h>

#define LB_MAX_SERVERS  65535u /* of one backend: a schedule's entry is 16 bits wide */
#define LB_MAX_SCHEDULE 65536u /* entries; see lb_reduced_weights() */
#define LB_WEIGHT_UNIT  16u    /* a weight of 1 in a view: a slow start goes in such steps */

struct backend_view;
struct server;
struct view_server;

/* What a pick may depend on; borrowed. */
struct lb_key {
	const struct addr *client;
	uint32_t hash; /* of the part of the request that counts, if has_hash */
	bool has_hash;
	/* Do not pick this server if another is there (it just refused us); may be NULL. */
	const struct server *avoid;
	/* A rule chose this one: it, or a place in its queue, as long as it is alive. NULL: none.
	 */
	const struct server *want;
	bool want_even_down;
};

struct lb_state {
	_Atomic uint32_t cursor
		CACHE_ALIGNED; /* one fetch_add a request keeps the rotation exact over threads */
};

struct lb_algo {
	const char *name; /* as in the configuration */
	/* The pick follows from the key: a client waits for its own server when that is full,
	 * instead of taking the first slot that any server frees. */
	bool is_bound;
	/* A full server is picked as long as its queue has room (maxqueue): who picks it waits for
	 * it alone. */
	bool fills_queues;
	/* Weights change while a server is up; else only to 0 and back. */
	bool is_dynamic;
	/* Fill v->schedule (heap, freed with the view) and what else the algorithm keeps in a view;
	 * old: the view that v replaces, or NULL. May be NULL. Control thread; dies when out of
	 * memory. */
	void (*prepare)(struct backend_view *v, const struct backend_view *old,
			const struct lb_state *st);
	/* NULL only if v->n_usable is 0. A server at its maxconn is passed over if another has
	 * room, unless is_bound; if all are full, one of them is returned and the caller queues.
	 * Any thread. */
	const struct view_server *(*pick)(const struct backend_view *v, struct lb_state *st,
					  const struct lb_key *key);
	/* The number of sessions of vs changed. May be NULL. Any thread. */
	void (*changed)(const struct backend_view *v, struct lb_state *st,
			const struct view_server *vs);
};

/* lb_hashed: uri, url_param and hdr. */
extern const struct lb_algo lb_roundrobin, lb_leastconn, lb_source, lb_static_rr, lb_first,
	lb_random, lb_hashed;

/* How many streams the server takes at once now: its maxconn, or less while the backend has less
 * than fullconn streams and minconn is set (a ramp, as HAProxy's), or while a slow start lasts;
 * UINT32_MAX: no limit. */
uint32_t lb_limit(const struct view_server *vs);
/* Has the server a free slot under its limit? */
bool lb_has_room(const struct view_server *vs);
/* The weights of v->usable, divided by their greatest common divisor, and scaled down (never below
 * 1) if their sum would exceed LB_MAX_SCHEDULE. out: n_usable numbers. Returns the sum. */
uint32_t lb_reduced_weights(const struct backend_view *v, uint32_t *out);

#endif
