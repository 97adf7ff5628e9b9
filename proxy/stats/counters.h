/* counters.h - what a frontend, a backend and a server count. One struct a thread and object,
 * written by that thread alone and summed by whoever reads; names follow HAProxy's CSV columns
 * where there is one. */
#ifndef PROXY_COUNTERS_H
#define PROXY_COUNTERS_H

#include <tandem/metrics.h>
#include <tandem/util.h>

struct counters {
	counter stot;      /* sessions (TCP connections for a frontend, streams elsewhere) */
	counter req_tot;   /* HTTP requests */
	counter bin, bout; /* bytes from and to the client side */
	counter dreq, dresp, ereq, econ, eresp;
	counter wretr, wredis;
	counter hrsp[6]; /* other, 1xx .. 5xx */
	counter cli_abrt, srv_abrt;
	counter lbtot; /* times chosen by the balancing */
	counter conn_new, conn_reused;
	counter intercepted; /* requests that we answered ourselves: statistics, monitor-uri */
	/* sums over the last 1024 requests, exponentially: HAProxy's qtime, ctime, rtime, ttime (ms
	 * * 1024) */
	counter qtime, ctime, rtime, ttime;
	/* the longest of each, µs */
	counter qtime_max, ctime_max, rtime_max, ttime_max;
	struct rate sess_rate, req_rate;
	counter n_streams; /* now; not cleared */
} CACHE_ALIGNED;

/* Sessions now and their peak: exact over all threads, hence shared; touched once a session. */
struct gauge {
	_Atomic uint32_t cur, max;
};
static inline uint32_t gauge_inc(struct gauge *g)
{
	uint32_t n = atomic_fetch_add_explicit(&g->cur, 1, memory_order_relaxed) + 1;
	uint32_t m = atomic_load_explicit(&g->max, memory_order_relaxed);

	while (n > m && !atomic_compare_exchange_weak_explicit(&g->max, &m, n, memory_order_relaxed,
							       memory_order_relaxed))
		;
	return n;
}
static inline uint32_t gauge_dec(struct gauge *g)
{
	return atomic_fetch_sub_explicit(&g->cur, 1, memory_order_relaxed) - 1;
}

/* Zeroed and aligned, one for each of n_threads; free() it. Dies when out of memory. */
struct counters *counters_new(unsigned n_threads);
/* Raise a maximum. */
static inline void counter_max(counter *c, uint64_t n)
{
	if (n > counter_get(c))
		atomic_store_explicit(c, n, memory_order_relaxed);
}

/* Sum over threads into *out (out's atomics are plain storage here); rates are added up at now_us
 * into *sess_rate and *req_rate, their peaks into out->..._rate.max: what all threads had
 * together at most. */
void counters_sum(const struct counters *per_thread, unsigned n_threads, int64_t now_us,
		  struct counters *out, uint32_t *sess_rate, uint32_t *req_rate);
void counters_clear(struct counters *per_thread, unsigned n_threads);
/* The peaks alone. */
void counters_clear_maxima(struct counters *per_thread, unsigned n_threads);

#endif
