/* lb_map.c - a map of places: for balance static-rr, and for hashes (hash-type map-based).
 *
 * Gives the server that HAProxy gives for the same hash, servers and weights, so that a client
 * keeps its server while the set is unchanged and when one proxy replaces the other. The map has as
 * many places as the weights sum up to, dealt out one by one to the server whose claim is largest.
 */
#include "lb/lb_map.h"

#include <stdlib.h>

#include "pool/server.h"
#include "pool/view.h"

/* Places tried in order of the rotation before the cursor is left alone. */
#define N_TRIES 8

/* Dealing costs servers * places; above this we deal in another way, in linear time. */
#define MAX_DEALING UINT64_C(16000000)

/* Each place raises every server's claim by its weight, and who gets the place pays the total. The
 * claims are compared in whole shares of the total only: so servers that are nearly level take
 * their turns in the order of the file, and the first server of the file gets the first place
 * whenever the weights allow. */
static void deal(const uint32_t *weights, uint32_t n, uint32_t total, uint16_t *map)
{
	int64_t *claims = xcalloc(n, sizeof(*claims));

	for (uint32_t place = 0; place < total; place++) {
		int64_t best_shares = INT64_MIN;
		uint32_t best = 0;

		for (uint32_t i = 0; i < n; i++) {
			int64_t shares;

			claims[i] += weights[i];
			shares = (claims[i] + total) / total;
			if (shares > best_shares) {
				best_shares = shares;
				best = i;
			}
		}
		map[place] = (uint16_t)best;
		claims[best] -= total;
	}
	free(claims);
}

/* For thousands of servers with odd weights: blocks. Not HAProxy's map, as stable as it. */
static void deal_blocks(const uint32_t *weights, uint32_t n, uint16_t *map)
{
	for (uint32_t i = 0, place = 0; i < n; i++)
		for (uint32_t k = 0; k < weights[i]; k++)
			map[place++] = (uint16_t)i;
}

void lb_map_prepare(struct backend_view *v, const struct backend_view *old,
		    const struct lb_state *st)
{
	uint32_t *weights, total;

	(void)old, (void)st;
	if (v->n_usable == 0)
		return;
	weights = xcalloc(v->n_usable, sizeof(*weights));
	total = lb_reduced_weights(v, weights);
	v->schedule = xcalloc(total, sizeof(*v->schedule));
	v->n_schedule = total;
	/* equal weights need no dealing: each server has its one place */
	if (total == v->n_usable || (uint64_t)total * v->n_usable > MAX_DEALING)
		deal_blocks(weights, v->n_usable, v->schedule);
	else
		deal(weights, v->n_usable, total, v->schedule);
	free(weights);
}

/* A server that just refused us: the next one in the map takes over. */
const struct view_server *lb_map_at(const struct backend_view *v, uint32_t hash,
				    const struct server *avoid)
{
	uint32_t at = hash % v->n_schedule;

	for (uint32_t i = 0; i < v->n_schedule; i++) {
		const struct view_server *vs = v->usable[v->schedule[at]];

		if (vs->srv != avoid)
			return vs;
		at = at + 1 == v->n_schedule ? 0 : at + 1;
	}
	return v->usable[v->schedule[at]];
}

const struct view_server *lb_map_next(const struct backend_view *v, struct lb_state *st,
				      const struct server *avoid)
{
	const struct view_server *first = NULL;

	for (uint32_t i = 0, at = 0; i < N_TRIES + v->n_schedule; i++) {
		const struct view_server *vs;

		at = i < N_TRIES ? atomic_fetch_add_explicit(&st->cursor, 1, memory_order_relaxed)
				 : at + 1;
		at %= v->n_schedule;
		vs = v->usable[v->schedule[at]];
		if (vs->srv != avoid && lb_has_room(vs))
			return vs;
		if (first == NULL || first->srv == avoid)
			first = vs;
	}
	return first; /* all are full, or there is only the one to be avoided */
}
