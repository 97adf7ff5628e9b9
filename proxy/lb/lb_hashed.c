/* lb_hashed.c - balance source, uri, url_param and hdr: a hash chooses, in a map or on a ring. */
#include "lb/lb.h"

#include "lb/lb_hash.h"
#include "lb/lb_map.h"
#include "lb/lb_ring.h"
#include "pool/view.h"

static void prepare(struct backend_view *v, const struct backend_view *old,
		    const struct lb_state *st)
{
	if (v->is_consistent)
		lb_ring_prepare(v);
	else
		lb_map_prepare(v, old, st);
}

/* Without a hash (no such header, no such parameter, no address) servers take turns. */
static const struct view_server *pick(const struct backend_view *v, struct lb_state *st,
				      const struct lb_key *key)
{
	if (v->n_usable == 0)
		return NULL;
	if (v->is_consistent)
		return key->has_hash ? lb_ring_at(v, key->hash, key->avoid)
				     : lb_ring_next(v, st, key->avoid);
	return key->has_hash ? lb_map_at(v, key->hash, key->avoid) : lb_map_next(v, st, key->avoid);
}

static const struct view_server *pick_by_source(const struct backend_view *v, struct lb_state *st,
						const struct lb_key *key)
{
	struct lb_key k = *key;

	k.has_hash = lb_hash_addr(key->client, &k.hash);
	if (v->avalanche)
		k.hash = lb_hash_avalanche(k.hash);
	return pick(v, st, &k);
}

const struct lb_algo lb_source = {
	.name = "source", .is_bound = true, .prepare = prepare, .pick = pick_by_source
};
const struct lb_algo lb_hashed = {
	.name = "hash", .is_bound = true, .prepare = prepare, .pick = pick
};
