/* cfg_index.c - a hash table with open addressing, at most half full. */
#include "config/cfg_index.h"

#include <tandem/util.h>

#define FIRST_SIZE 64

static uint64_t hash_of(const void *space, struct str name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ (uintptr_t)space; /* FNV-1a */

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (uint8_t)name.p[i]) * UINT64_C(0x100000001b3);
	return h ^ h >> 32;
}

/* The entry, or the free one where it belongs. */
static struct cfg_index_entry *slot_of(const struct cfg_index *x, const void *space,
				       struct str name, uint64_t hash)
{
	for (size_t i = hash;; i++) {
		struct cfg_index_entry *e = &x->entries[i & (x->size - 1)];

		if (e->space == NULL ||
		    (e->hash == hash && e->space == space && str_eq(e->name, name)))
			return e;
	}
}

void *cfg_index_find(const struct cfg_index *x, const void *space, struct str name)
{
	return x->size ? slot_of(x, space, name, hash_of(space, name))->thing : NULL;
}

static void grow(struct cfg_index *x, struct arena *a)
{
	struct cfg_index bigger = { .n = x->n, .size = x->size ? 2 * x->size : FIRST_SIZE };

	bigger.entries = arena_array(a, struct cfg_index_entry, bigger.size);
	memset(bigger.entries, 0, bigger.size * sizeof(*bigger.entries));
	for (size_t i = 0; i < x->size; i++) {
		const struct cfg_index_entry *e = &x->entries[i];

		if (e->space != NULL)
			*slot_of(&bigger, e->space, e->name, e->hash) = *e;
	}
	*x = bigger;
}

void cfg_index_add(struct cfg_index *x, struct arena *a, const void *space, struct str name,
		   void *thing)
{
	const uint64_t hash = hash_of(space, name);
	struct cfg_index_entry *e;

	ASSERT(space != NULL && thing != NULL);
	if (2 * (x->n + 1) > x->size)
		grow(x, a);
	e = slot_of(x, space, name, hash);
	if (e->space != NULL)
		return;
	*e = (struct cfg_index_entry){ space, name, thing, hash };
	x->n++;
}
