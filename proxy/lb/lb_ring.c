/* lb_ring.c - hash-type consistent: servers have many places on a ring of hashes.
 *
 * A server has LB_WEIGHT_UNIT places for each unit of weight; where they are follows from its id
 * alone. So when a server leaves only its own keys move, and a weight moves keys in proportion. The
 * places are HAProxy's (verified against 2.6). */
#include "lb/lb_ring.h"

#include <stdlib.h>

#include "lb/lb_hash.h"
#include "pool/backend.h"
#include "pool/server.h"
#include "pool/view.h"

/* Places that a server may have: ids are spread by this. */
#define MAX_PLACES (256u * LB_WEIGHT_UNIT)

/* One pass of a radix sort: by 16 bits of the key, stable. */
static void sort_by(struct lb_ring_node *to, const struct lb_ring_node *from, uint32_t n,
		    unsigned shift, uint32_t *counts)
{
	uint32_t sum = 0;

	memset(counts, 0, 65536 * sizeof(*counts));
	for (uint32_t i = 0; i < n; i++)
		counts[from[i].key >> shift & 0xffff]++;
	for (uint32_t i = 0; i < 65536; i++) {
		uint32_t here = counts[i];

		counts[i] = sum;
		sum += here;
	}
	for (uint32_t i = 0; i < n; i++)
		to[counts[from[i].key >> shift & 0xffff]++] = from[i];
}

void lb_ring_prepare(struct backend_view *v)
{
	struct lb_ring_node *other;
	uint32_t *counts, n = 0;

	if (v->n_usable == 0)
		return;
	v->ring = xcalloc(v->total_weight, sizeof(*v->ring));
	for (uint32_t i = 0; i < v->n_usable; i++)
		for (uint32_t k = 0; k < v->usable[i]->weight; k++)
			v->ring[n++] = (struct lb_ring_node){
				lb_hash_avalanche(v->usable[i]->srv->id * MAX_PLACES + k), i
			};
	v->n_ring = n;
	other = xcalloc(n, sizeof(*other));
	counts = xcalloc(65536, sizeof(*counts));
	sort_by(other, v->ring, n, 0, counts);
	sort_by(v->ring, other, n, 16, counts);
	free(counts);
	free(other);
}

/* The share of all sessions, this one included, that the server may have: so many percent of its
 * part by weight. Rounded so that the shares of all servers add up, and never 0. */
static bool has_share(const struct backend_view *v, uint32_t slot)
{
	const struct view_server *vs = v->usable[slot];
	uint64_t n_all =
		MAX(atomic_load_explicit(&vs->srv->be->sess.cur, memory_order_relaxed), 1u);
	uint64_t slots = (n_all * v->balance_factor + 99) / 100, before = 0;

	for (uint32_t i = 0; i < slot; i++)
		before += v->usable[i]->weight;
	slots = (before + vs->weight) * slots / v->total_weight - before * slots / v->total_weight;
	return atomic_load_explicit(&vs->srv->sess.cur, memory_order_relaxed) < MAX(slots, 1u);
}

const struct view_server *lb_ring_at(const struct backend_view *v, uint32_t hash,
				     const struct server *avoid)
{
	uint32_t lo = 0, hi = v->n_ring, before, at;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (v->ring[mid].key < hash)
			lo = mid + 1;
		else
			hi = mid;
	}
	at = lo == v->n_ring ? 0 : lo;
	before = at == 0 ? v->n_ring - 1 : at - 1;
	if (hash - v->ring[before].key <= v->ring[at].key - hash)
		at = before;
	for (uint32_t i = 0; i < v->n_ring; i++) {
		const struct lb_ring_node *node = &v->ring[at];

		if (v->usable[node->slot]->srv != avoid &&
		    (v->balance_factor == 0 || has_share(v, node->slot)))
			break;
		at = at + 1 == v->n_ring ? 0 : at + 1;
	}
	return v->usable[v->ring[at].slot];
}

const struct view_server *lb_ring_next(const struct backend_view *v, struct lb_state *st,
				       const struct server *avoid)
{
	uint32_t at = atomic_fetch_add_explicit(&st->cursor, 1, memory_order_relaxed) % v->n_ring;
	const struct view_server *first = NULL;

	for (uint32_t i = 0; i < v->n_ring; i++) {
		const struct view_server *vs = v->usable[v->ring[at].slot];

		if (vs->srv != avoid && lb_has_room(vs))
			return vs;
		if (first == NULL || first->srv == avoid)
			first = vs;
		at = at + 1 == v->n_ring ? 0 : at + 1;
	}
	return first;
}
