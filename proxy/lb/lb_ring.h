/* lb_ring.h - hash-type consistent: servers have many places on a ring of hashes. */
#ifndef PROXY_LB_RING_H
#define PROXY_LB_RING_H

#include "lb/lb.h"

/* Fills v->ring. */
void lb_ring_prepare(struct backend_view *v);
/* The server whose place is nearest to the hash; n_usable > 0. Behind it on the ring comes who
 * takes over if it is to be avoided, or has too much of the load (hash-balance-factor). */
const struct view_server *lb_ring_at(const struct backend_view *v, uint32_t hash,
				     const struct server *avoid);
/* Around the ring; full servers are passed over if another has room. n_usable > 0. */
const struct view_server *lb_ring_next(const struct backend_view *v, struct lb_state *st,
				       const struct server *avoid);

#endif
