/* latency.h - how long requests took, as a histogram: eight buckets to a factor of two, so that a
 * percentile is known to 9 %. One writer a thread, summed by who reads. Pure. */
#ifndef PROXY_STATS_LATENCY_H
#define PROXY_STATS_LATENCY_H

#include <stdatomic.h>
#include <stdint.h>
#include <tandem/util.h>

#define LATENCY_FIRST_US 64 /* all that is faster is one bucket */
#define LATENCY_PER_TWO  8
#define LATENCY_N        (20 * LATENCY_PER_TWO) /* to 64 s; all that is slower is the last one */

struct latency {
	_Atomic uint32_t n[LATENCY_N];
} CACHE_ALIGNED;

static inline unsigned latency_bucket(int64_t us)
{
	uint64_t v = us < LATENCY_FIRST_US ? LATENCY_FIRST_US : (uint64_t)us;
	unsigned log2 = 63 - (unsigned)__builtin_clzll(v); /* 6 or more */
	unsigned i = (log2 - 6) * LATENCY_PER_TWO + (unsigned)((v >> (log2 - 3)) & 7);

	return i < LATENCY_N ? i : LATENCY_N - 1;
}

/* The upper end of a bucket, µs. */
static inline uint32_t latency_bound_us(unsigned bucket)
{
	return (uint32_t)(((uint64_t)(LATENCY_PER_TWO + bucket % LATENCY_PER_TWO + 1)
			   << (bucket / LATENCY_PER_TWO)) *
			  (LATENCY_FIRST_US / LATENCY_PER_TWO));
}

static inline void latency_add(struct latency *l, int64_t us)
{
	_Atomic uint32_t *n = &l->n[latency_bucket(us)];

	atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

/* Zeroed and aligned, one for each of n_threads; free() it. Dies when out of memory. */
struct latency *latency_new(unsigned n_threads);
/* The time within which `percent` of the requests of a histogram were answered, µs; 0: there were
 * none. */
uint32_t latency_percentile(const uint32_t n[LATENCY_N], unsigned percent);

#endif
