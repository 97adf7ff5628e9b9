/* lb_random.c - balance random(N): of N servers drawn by lot, weights being chances, the one with
 * the fewest sessions. Needs no memory of earlier picks, and two proxies that know nothing of each
 * other do not follow the same order. */
#include "lb/lb.h"

#include <stdlib.h>

#include "lb/lb_hash.h"
#include "pool/server.h"
#include "pool/view.h"

/* A ticket for each unit of weight. */
static void prepare(struct backend_view *v, const struct backend_view *old,
		    const struct lb_state *st)
{
	uint32_t *weights, n = 0;

	(void)old, (void)st;
	if (v->n_usable == 0)
		return;
	weights = xcalloc(v->n_usable, sizeof(*weights));
	v->schedule = xcalloc(lb_reduced_weights(v, weights), sizeof(*v->schedule));
	for (uint32_t i = 0; i < v->n_usable; i++)
		for (uint32_t k = 0; k < weights[i]; k++)
			v->schedule[n++] = (uint16_t)i;
	v->n_schedule = n;
	free(weights);
}

/* The numbers are a sequence over all threads; where it begins differs with each process (the
 * address is random) and backend. */
static uint32_t draw(struct lb_state *st)
{
	uint32_t n = atomic_fetch_add_explicit(&st->cursor, 1, memory_order_relaxed);

	return lb_hash_avalanche(n + lb_hash_avalanche((uint32_t)((uintptr_t)st >> 6)));
}

static uint64_t load_of(const struct view_server *vs)
{
	return atomic_load_explicit(&vs->srv->sess.cur, memory_order_relaxed);
}

static const struct view_server *pick(const struct backend_view *v, struct lb_state *st,
				      const struct lb_key *key)
{
	const struct view_server *best = NULL;

	for (uint32_t i = 0; i < v->n_draws && v->n_usable > 0; i++) {
		uint32_t at = (uint32_t)((uint64_t)draw(st) * v->n_schedule >> 32);
		const struct view_server *vs = v->usable[v->schedule[at]];

		/* the lot fell on the one to be avoided: its neighbour */
		if (vs->srv == key->avoid)
			vs = v->usable[(v->schedule[at] + 1u) % v->n_usable];
		if (best == NULL || load_of(vs) * best->weight < load_of(best) * vs->weight)
			best = vs;
	}
	return best; /* if it is full, who frees the first slot takes the stream */
}

const struct lb_algo lb_random = {
	.name = "random", .is_dynamic = true, .prepare = prepare, .pick = pick
};
