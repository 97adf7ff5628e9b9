/* lb_roundrobin.c - balance roundrobin: a smooth weighted rotation.
 *
 * The order of one whole round is worked out when a view is published, and gives what HAProxy's
 * roundrobin gives (checked against 2.6 for several sets of weights): a server that had its turn is
 * due again total/weight places later; places where nobody is due go to the servers that had no
 * turn yet in this round, the heaviest first. So heavy servers are spaced evenly and light ones
 * fill the gaps. A pick is then one fetch_add on a cursor that all threads share: over any number
 * of threads the rotation is exact, O(1), and costs one shared cache line. */
#include "lb/lb.h"

#include <stdlib.h>

#include "pool/server.h"
#include "pool/view.h"

/* Places tried in order of the rotation before all servers are looked through for a free slot. */
#define N_TRIES 4

struct turn {
	uint32_t server; /* index into usable */
	uint32_t weight;
	uint32_t left;      /* turns in this round */
	uint32_t due;       /* place in the round where its next turn is */
	uint32_t remainder; /* of total/weight, carried along so that the turns add up */
	uint32_t order;     /* ties: who was queued first */
};

static int heavier_first(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return x->server < y->server ? -1 : 1;
}

static bool is_before(const struct turn *a, const struct turn *b)
{
	if (a->due != b->due)
		return a->due < b->due;
	/* due in the same place: by the fraction, and the heavier before the lighter */
	if (a->remainder + b->weight != b->remainder + a->weight)
		return a->remainder + b->weight < b->remainder + a->weight;
	return a->order < b->order;
}

/* A binary heap of pointers, the next due on top. */
static void heap_down(struct turn **heap, uint32_t n, uint32_t at)
{
	for (;;) {
		uint32_t least = at;

		for (uint32_t c = 2 * at + 1; c <= 2 * at + 2 && c < n; c++)
			if (is_before(heap[c], heap[least]))
				least = c;
		if (least == at)
			return;
		struct turn *t = heap[at];
		heap[at] = heap[least];
		heap[least] = t;
		at = least;
	}
}

static void heap_push(struct turn **heap, uint32_t n, struct turn *t)
{
	uint32_t at = n;

	while (at > 0 && is_before(t, heap[(at - 1) / 2])) {
		heap[at] = heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap[at] = t;
}

/* One round of `total` places into `schedule`. turns is sorted, the heaviest first. */
static void fill_round(struct turn *turns, uint32_t n, uint32_t total, struct turn **heap,
		       uint16_t *schedule)
{
	uint32_t fresh = 0, n_heap = 0;

	for (uint32_t place = 0; place < total; place++) {
		struct turn *t;
		bool is_due = n_heap > 0 && heap[0]->due <= place;

		if (!is_due && fresh < n) {
			t = &turns[fresh++];
			t->due = place;
		} else {
			ASSERT(n_heap > 0); /* the turns left add up to the places left */
			t = heap[0];
			heap[0] = heap[--n_heap];
			heap_down(heap, n_heap, 0);
		}
		schedule[place] = (uint16_t)t->server;
		t->due += total / t->weight;
		t->remainder += total % t->weight;
		if (t->remainder >= t->weight) {
			t->remainder -= t->weight;
			t->due++;
		}
		t->order = place;
		if (--t->left > 0)
			heap_push(heap, n_heap++, t);
	}
}

/* The place where the rotation of `old` would have gone on: the first turn of the server that was
 * next, or of the first after it that is still there. So a set of servers that changes often does
 * not favour those that begin the round. */
static uint32_t place_to_resume(const struct backend_view *v, const struct backend_view *old,
				const struct lb_state *st)
{
	uint32_t at;

	if (old == NULL || old->algo != &lb_roundrobin || old->n_schedule == 0)
		return 0;
	at = (atomic_load_explicit(&st->cursor, memory_order_relaxed) - old->cursor_base) %
	     old->n_schedule;
	for (uint32_t i = 0; i < old->n_usable; i++) {
		const struct server *s = old->usable[old->schedule[at]]->srv;

		at = at + 1 == old->n_schedule ? 0 : at + 1;
		if (s->is_retired || s->index >= v->n_servers || !v->servers[s->index].in_use)
			continue;
		for (uint32_t p = 0; p < v->n_schedule; p++)
			if (v->usable[v->schedule[p]]->srv == s)
				return p;
	}
	return 0;
}

static void prepare(struct backend_view *v, const struct backend_view *old,
		    const struct lb_state *st)
{
	uint32_t n = v->n_usable, *weights, total;
	struct turn *turns, **heap;

	if (n == 0)
		return;
	weights = xcalloc(n, sizeof(*weights));
	turns = xcalloc(n, sizeof(struct turn));
	heap = xcalloc(n, sizeof(struct turn *));
	total = lb_reduced_weights(v, weights);
	for (uint32_t i = 0; i < n; i++)
		turns[i] = (struct turn){ .server = i, .weight = weights[i], .left = weights[i] };
	qsort(turns, n, sizeof(*turns), heavier_first);
	v->schedule = xcalloc(total, sizeof(*v->schedule));
	v->n_schedule = total;
	fill_round(turns, n, total, heap, v->schedule);
	free(heap);
	free(turns);
	free(weights);
	v->cursor_base = atomic_load_explicit(&st->cursor, memory_order_relaxed) -
			 place_to_resume(v, old, st);
}

static const struct view_server *pick(const struct backend_view *v, struct lb_state *st,
				      const struct lb_key *key)
{
	const struct view_server *first = NULL;
	uint32_t index = 0;

	if (v->n_usable == 0)
		return NULL;
	for (unsigned i = 0; i < N_TRIES; i++) {
		uint32_t c = atomic_fetch_add_explicit(&st->cursor, 1, memory_order_relaxed);
		const struct view_server *vs;

		index = v->schedule[(c - v->cursor_base) % v->n_schedule];
		vs = v->usable[index];
		if (LIKELY(vs->srv != key->avoid && lb_has_room(vs)))
			return vs;
		if (first == NULL || first->srv == key->avoid)
			first = vs;
	}
	for (uint32_t i = 1; i < v->n_usable; i++) {
		const struct view_server *vs = v->usable[(index + i) % v->n_usable];

		if (vs->srv == key->avoid)
			continue;
		if (lb_has_room(vs))
			return vs;
		if (first->srv == key->avoid)
			first = vs;
	}
	return first; /* all are full, or there is only the one to be avoided */
}

const struct lb_algo lb_roundrobin = {
	.name = "roundrobin", .is_dynamic = true, .prepare = prepare, .pick = pick
};
