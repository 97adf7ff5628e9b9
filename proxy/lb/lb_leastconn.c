/* lb_leastconn.c - balance leastconn: the fewest sessions, relative to the weight.
 *
 * A scan over the usable servers at every pick: O(n), and it reads one cache line of each server
 * that other threads write. Good up to some hundred servers; measured at 1,000 servers it is the
 * costliest part of a request, and then wants an ordered structure or a sample. The scan starts at
 * a cursor that moves on with each pick, so servers with the same load take turns. */
#include "lb/lb.h"

#include "pool/server.h"
#include "pool/view.h"

/* As HAProxy: an idle server is always best, whatever its weight; a busy one is judged by what it
 * would have with the new session. */
static uint64_t load_of(const struct view_server *vs)
{
	uint64_t n = atomic_load_explicit(&vs->srv->sess.cur, memory_order_relaxed);

	n += atomic_load_explicit(&vs->srv->queue.cur, memory_order_relaxed);
	return n == 0 ? 0 : n + 1;
}

static const struct view_server *pick(const struct backend_view *v, struct lb_state *st,
				      const struct lb_key *key)
{
	const struct view_server *best = NULL, *full = NULL;
	uint64_t best_load = 0;
	uint32_t at;

	if (v->n_usable == 0)
		return NULL;
	at = atomic_fetch_add_explicit(&st->cursor, 1, memory_order_relaxed) % v->n_usable;
	for (uint32_t i = 0; i < v->n_usable; i++) {
		const struct view_server *vs = v->usable[at];
		uint64_t load;

		at = at + 1 == v->n_usable ? 0 : at + 1;
		if (vs->srv == key->avoid)
			continue;
		if (!lb_has_room(vs)) {
			full = full != NULL ? full : vs;
			continue;
		}
		load = load_of(vs);
		/* load/weight < best/weight, without dividing */
		if (best == NULL || load * best->weight < best_load * vs->weight) {
			best = vs;
			best_load = load;
		}
	}
	if (best != NULL)
		return best;
	return full != NULL ? full : v->usable[at]; /* only the avoided one is left */
}

const struct lb_algo lb_leastconn = { .name = "leastconn", .pick = pick };
