/* metrics.c - event rates. */
#include <tandem/metrics.h>

#include <tandem/clock.h>

/* Both functions see periods of one second that begin at the first event. */
void rate_add(struct rate *r, int64_t now_us, uint32_t n)
{
	int64_t since_us = atomic_load_explicit(&r->since_us, memory_order_relaxed);
	int64_t age_us = now_us - since_us;
	uint32_t curr = atomic_load_explicit(&r->curr, memory_order_relaxed);

	if (since_us == 0 || age_us >= 2 * US_PER_S || age_us < 0) {
		atomic_store_explicit(&r->prev, 0, memory_order_relaxed);
		atomic_store_explicit(&r->since_us, now_us, memory_order_relaxed);
		curr = 0;
	} else if (age_us >= US_PER_S) {
		atomic_store_explicit(&r->prev, curr, memory_order_relaxed);
		atomic_store_explicit(&r->since_us, since_us + US_PER_S, memory_order_relaxed);
		curr = 0;
	}
	curr += n;
	atomic_store_explicit(&r->curr, curr, memory_order_relaxed);
	if (curr > atomic_load_explicit(&r->max, memory_order_relaxed))
		atomic_store_explicit(&r->max, curr, memory_order_relaxed);
}

uint32_t rate_get(const struct rate *r, int64_t now_us)
{
	int64_t age_us = now_us - atomic_load_explicit(&r->since_us, memory_order_relaxed);
	uint64_t curr = atomic_load_explicit(&r->curr, memory_order_relaxed);
	uint64_t prev = atomic_load_explicit(&r->prev, memory_order_relaxed);

	if (age_us < 0)
		age_us = 0; /* the writer's clock is read later than ours */
	if (age_us >= 2 * US_PER_S)
		return 0;
	if (age_us >= US_PER_S) {
		prev = curr;
		curr = 0;
		age_us -= US_PER_S;
	}
	/* of the previous period counts the part that is less than a second ago, rounded up */
	return (uint32_t)(curr + (prev * (uint64_t)(US_PER_S - age_us) + US_PER_S - 1) / US_PER_S);
}
