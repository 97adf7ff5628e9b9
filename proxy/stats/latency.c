/* latency.c - how long requests took, as a histogram. */
#include "stats/latency.h"

#include <stdlib.h>
#include <string.h>

struct latency *latency_new(unsigned n_threads)
{
	struct latency *l = aligned_alloc(CACHE_LINE, n_threads * sizeof(*l));

	ASSERT(l != NULL); /* out of memory */
	memset(l, 0, n_threads * sizeof(*l));
	return l;
}

uint32_t latency_percentile(const uint32_t n[LATENCY_N], unsigned percent)
{
	uint64_t total = 0, seen = 0, wanted;

	for (unsigned i = 0; i < LATENCY_N; i++)
		total += n[i];
	if (total == 0)
		return 0;
	wanted = (total * percent + 99) / 100;
	for (unsigned i = 0; i < LATENCY_N; i++) {
		seen += n[i];
		if (seen >= wanted)
			return latency_bound_us(i);
	}
	return latency_bound_us(LATENCY_N - 1);
}
