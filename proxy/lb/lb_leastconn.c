/* lb_leastconn.c - balance leastconn: the fewest sessions, relative to the weight; among equals who
 * waits longest.
 *
 * A tournament: the leaves are the servers, each inner node holds the better of its two children,
 * so the root is the answer and a pick reads one word. When the sessions of a server change, its
 * path is played again: log2(n) nodes at most, mostly fewer, as it ends where the winner stays the
 * same. No lock: a node is replaced by compare-and-swap with what its children say, tried twice. If
 * both attempts fail, another thread's second look at the children began after our leaf was
 * written, so its result includes it (as in Jayanti's f-arrays).
 *
 *	value of a node = rank << 40 | ticket << 16 | slot in usable[]
 *
 * rank is the load as HAProxy computes it; tickets are dealt at each change of a rank and order
 * equals. They also tell two states of a leaf apart. What can still go wrong heals by itself: a
 * swap that fits by chance, or a change that a thread with an older view made in the older tree,
 * leaves one path out of date until that server changes or until its turn comes: each pick also
 * looks after one server's leaf. */
#include "lb/lb.h"

#include <stdlib.h>

#include "pool/server.h"
#include "pool/view.h"

#define RANK_SHIFT   40
#define TICKET_SHIFT 16
#define TICKET_MASK  UINT64_C(0xffffff)
#define RANK_NOBODY  UINT64_C(0xffffff)
#define RANK_FULL    (RANK_NOBODY - 1)
#define RANK_MAX     (RANK_NOBODY - 2)

static uint64_t rank_of(uint64_t value)
{
	return value >> RANK_SHIFT;
}

static uint64_t ticket_of(uint64_t value)
{
	return value >> TICKET_SHIFT & TICKET_MASK;
}

/* As HAProxy: an idle server is always best, whatever its weight; a busy one is judged by what it
 * would have with the new session. */
static uint64_t current_rank(const struct view_server *vs)
{
	uint64_t n = atomic_load(&vs->srv->sess.cur), rank;

	if (vs->maxconn > 0 && vs->maxqueue == 0 && n >= vs->maxconn)
		return RANK_FULL;
	n += atomic_load_explicit(&vs->srv->queue.cur, memory_order_relaxed);
	if (vs->maxconn > 0 && vs->maxqueue > 0 && n >= (uint64_t)vs->maxconn + vs->maxqueue)
		return RANK_FULL;
	rank = n == 0 ? 0 : (n + 1) * (256u * LB_WEIGHT_UNIT) / vs->weight;
	return MIN(rank, RANK_MAX);
}

/* Tickets go round: the older of two is the one that the other is ahead of by less than half. */
static uint64_t better(uint64_t a, uint64_t b)
{
	if (rank_of(a) != rank_of(b))
		return a < b ? a : b;
	return ((ticket_of(b) - ticket_of(a)) & TICKET_MASK) <= TICKET_MASK / 2 ? a : b;
}

/* false: the node says already what its children say. */
static bool play(const struct backend_view *v, uint32_t node)
{
	for (int i = 0; i < 2; i++) {
		uint64_t before = atomic_load(&v->tree[node]);
		uint64_t now = better(atomic_load(&v->tree[2 * node]),
				      atomic_load(&v->tree[2 * node + 1]));

		if (now == before)
			return false;
		if (atomic_compare_exchange_strong(&v->tree[node], &before, now))
			return true;
	}
	return true;
}

/* Bring the leaf of a slot up to date. */
static void look_after(const struct backend_view *v, struct lb_state *st, uint32_t slot)
{
	_Atomic uint64_t *leaf = &v->tree[v->n_leaves + slot];
	uint64_t before = atomic_load(leaf), rank, ticket;

	do {
		rank = current_rank(v->usable[slot]);
		if (rank == rank_of(before))
			return;
		ticket = atomic_fetch_add_explicit(&st->cursor, 1, memory_order_relaxed) &
			 TICKET_MASK;
	} while (!atomic_compare_exchange_strong(
		leaf, &before, rank << RANK_SHIFT | ticket << TICKET_SHIFT | slot));
	for (uint32_t node = (v->n_leaves + slot) / 2; node > 0 && play(v, node); node /= 2)
		;
}

/* Where the server stood in the order of the old view; a new one stands last. */
static uint64_t ticket_in(const struct backend_view *old, const struct server *s,
			  const struct lb_state *st)
{
	const struct view_server *vs = NULL;

	if (old != NULL && old->tree != NULL && s->view_index < old->n_servers)
		vs = &old->servers[s->view_index];
	if (vs != NULL && vs->srv == s && vs->in_use)
		return ticket_of(atomic_load(&old->tree[old->n_leaves + vs->slot]));
	return atomic_load_explicit(&st->cursor, memory_order_relaxed) & TICKET_MASK;
}

static void prepare(struct backend_view *v, const struct backend_view *old,
		    const struct lb_state *st)
{
	v->n_leaves = 1;
	while (v->n_leaves < v->n_usable)
		v->n_leaves *= 2;
	v->tree = xcalloc(2 * (size_t)v->n_leaves, sizeof(*v->tree));
	for (uint32_t i = 0; i < v->n_leaves; i++)
		atomic_init(&v->tree[v->n_leaves + i], UINT64_MAX);
	for (uint32_t i = 0; i < v->n_usable; i++)
		atomic_init(&v->tree[v->n_leaves + i],
			    current_rank(v->usable[i]) << RANK_SHIFT |
				    ticket_in(old, v->usable[i]->srv, st) << TICKET_SHIFT | i);
	for (uint32_t node = v->n_leaves; --node > 0;)
		atomic_init(&v->tree[node], better(v->tree[2 * node], v->tree[2 * node + 1]));
}

static void changed(const struct backend_view *v, struct lb_state *st, const struct view_server *vs)
{
	if (vs->in_use)
		look_after(v, st, vs->slot);
}

/* Whose leaf is looked after now: the cursor goes in steps, multiplied it visits all. */
static uint32_t slot_to_tend(const struct backend_view *v, const struct lb_state *st)
{
	uint32_t n = atomic_load_explicit(&st->cursor, memory_order_relaxed);

	return (n * UINT32_C(2654435769) >> 8) % v->n_usable;
}

/* A free slot, or a place in its queue. */
static bool has_place(const struct view_server *vs)
{
	return lb_has_room(vs) ||
	       (vs->maxqueue > 0 &&
		atomic_load_explicit(&vs->srv->queue.cur, memory_order_relaxed) < vs->maxqueue);
}

/* The winner cannot be taken (refused us, or its maxconn moves with the load of the backend). */
static const struct view_server *pick_another(const struct backend_view *v,
					      const struct lb_key *key)
{
	const struct view_server *best = NULL, *full = NULL;
	uint64_t best_value = UINT64_MAX;

	for (uint32_t i = 0; i < v->n_usable; i++) {
		const struct view_server *vs = v->usable[i];
		uint64_t value = atomic_load(&v->tree[v->n_leaves + i]);

		if (vs->srv == key->avoid)
			continue;
		if (!has_place(vs)) {
			full = full != NULL ? full : vs;
		} else if (best == NULL || better(value, best_value) == value) {
			best = vs;
			best_value = value;
		}
	}
	if (best == NULL)
		best = full;
	return best != NULL ? best : v->usable[0]; /* only the avoided one is left */
}

static const struct view_server *pick(const struct backend_view *v, struct lb_state *st,
				      const struct lb_key *key)
{
	const struct view_server *vs;
	uint64_t winner;

	if (v->n_usable == 0)
		return NULL;
	look_after(v, st, slot_to_tend(v, st));
	winner = atomic_load(&v->tree[1]);
	vs = v->usable[winner & 0xffff];
	if (vs->srv != key->avoid && (rank_of(winner) == RANK_FULL || has_place(vs)))
		return vs; /* if the best is full, all are */
	return pick_another(v, key);
}

const struct lb_algo lb_leastconn = { .name = "leastconn",
				      .fills_queues = true,
				      .is_dynamic = true,
				      .prepare = prepare,
				      .pick = pick,
				      .changed = changed };
