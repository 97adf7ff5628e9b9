/* metrics.h - counters that many threads add to and one reader sums: each thread has its own cache
 * lines. */
#ifndef TANDEM_METRICS_H
#define TANDEM_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

/* Written by one thread only, read by any: a plain add, made visible without a locked instruction.
 */
typedef _Atomic uint64_t counter;

static inline void counter_add(counter *c, uint64_t n)
{
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
			      memory_order_relaxed);
}
static inline void counter_sub(counter *c, uint64_t n)
{
	counter_add(c, (uint64_t)0 - n);
}
static inline uint64_t counter_get(const counter *c)
{
	return atomic_load_explicit((counter *)c, memory_order_relaxed);
}

/* Events in the last second, smoothed over two one-second periods as HAProxy's session rates. One
 * writer. */
struct rate {
	_Atomic int64_t since_us;
	_Atomic uint32_t curr, prev, max; /* max: the most in any period */
};
void rate_add(struct rate *r, int64_t now_us, uint32_t n);
uint32_t rate_get(const struct rate *r, int64_t now_us);

#endif
