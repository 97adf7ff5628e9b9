/* lb_map.h - a map of places, used by several algorithms. */
#ifndef PROXY_LB_MAP_H
#define PROXY_LB_MAP_H

#include "lb/lb.h"

/* Fills v->schedule. */
void lb_map_prepare(struct backend_view *v, const struct backend_view *old,
		    const struct lb_state *st);
/* The server of a hash, or the next one if that is to be avoided. n_usable > 0. */
const struct view_server *lb_map_at(const struct backend_view *v, uint32_t hash,
				    const struct server *avoid);
/* In turn; full servers are passed over if another has room. n_usable > 0. */
const struct view_server *lb_map_next(const struct backend_view *v, struct lb_state *st,
				      const struct server *avoid);

#endif
