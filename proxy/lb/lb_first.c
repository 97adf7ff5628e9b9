/* lb_first.c - balance first: the server with the lowest id that has room. So the others can be
 * switched off while there is little to do. */
#include "lb/lb.h"

#include <stdlib.h>

#include "pool/server.h"
#include "pool/view.h"

static int by_id(const void *a, const void *b)
{
	const struct view_server *x = *(const struct view_server *const *)a,
				 *y = *(const struct view_server *const *)b;

	return x->srv->id < y->srv->id ? -1 : x->srv->id > y->srv->id;
}

/* The order of usable[] is ours to choose. */
static void prepare(struct backend_view *v, const struct backend_view *old,
		    const struct lb_state *st)
{
	(void)old, (void)st;
	qsort(v->usable, v->n_usable, sizeof(struct view_server *), by_id);
}

static const struct view_server *pick(const struct backend_view *v, struct lb_state *st,
				      const struct lb_key *key)
{
	const struct view_server *found = NULL;

	(void)st;
	for (uint32_t i = 0; i < v->n_usable; i++) {
		const struct view_server *vs = v->usable[i];

		if (vs->srv != key->avoid && lb_has_room(vs))
			return vs;
		if (found == NULL || found->srv == key->avoid)
			found = vs;
	}
	return found; /* all are full, or there is only the one to be avoided */
}

const struct lb_algo lb_first = {
	.name = "first", .is_dynamic = true, .prepare = prepare, .pick = pick
};
