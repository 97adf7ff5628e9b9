/* lb_static_rr.c - balance static-rr: in turn through a map of places. */
#include "lb/lb.h"

#include "lb/lb_map.h"
#include "pool/view.h"

static const struct view_server *pick(const struct backend_view *v, struct lb_state *st,
				      const struct lb_key *key)
{
	return v->n_usable > 0 ? lb_map_next(v, st, key->avoid) : NULL;
}

const struct lb_algo lb_static_rr = { .name = "static-rr",
				      .prepare = lb_map_prepare,
				      .pick = pick };
