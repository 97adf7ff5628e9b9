/* idle.c - how many idle connections a server has. */
#include "pool/idle.h"

#include <stdlib.h>
#include <string.h>

struct idle_count *idle_count_new(unsigned n_threads)
{
	const size_t size = sizeof(struct idle_count) +
			    n_threads * sizeof(((struct idle_count *)NULL)->per_thread[0]);
	struct idle_count *c =
		aligned_alloc(CACHE_LINE, (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);

	ASSERT(c != NULL); /* out of memory */
	memset(c, 0, size);
	c->n_threads = n_threads;
	atomic_store(&c->refs, 1);
	return c;
}

void idle_count_ref(struct idle_count *c)
{
	atomic_fetch_add(&c->refs, 1);
}

void idle_count_unref(struct idle_count *c)
{
	if (c && atomic_fetch_sub(&c->refs, 1) == 1)
		free(c);
}

uint64_t idle_count_sum(const struct idle_count *c)
{
	uint64_t sum = 0;

	for (unsigned t = 0; t < c->n_threads; t++)
		sum += counter_get(&c->per_thread[t].n);
	return sum;
}

uint64_t idle_count_of(const struct idle_count *c, unsigned thread)
{
	return counter_get(&((struct idle_count *)c)->per_thread[thread].n); /* only read */
}
