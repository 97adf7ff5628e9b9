/* counters.c - allocate, sum and clear the per-thread counters of an object. */
#include "stats/counters.h"

#include <stdlib.h>
#include <string.h>

/* The plain counters are the head of the struct, the smoothed times follow, the rates end it. */
#define N_PLAIN (offsetof(struct counters, qtime) / sizeof(counter))
#define N_TIMES                                                                                    \
	((offsetof(struct counters, qtime_max) - offsetof(struct counters, qtime)) /               \
	 sizeof(counter))
_Static_assert(offsetof(struct counters, qtime) % sizeof(counter) == 0, "counters are an array");
_Static_assert(N_TIMES == 4, "qtime, ctime, rtime, ttime");
#define N_MAXIMA N_TIMES
_Static_assert(offsetof(struct counters, sess_rate) - offsetof(struct counters, qtime_max) ==
		       N_MAXIMA * sizeof(counter),
	       "one for each");

static counter *plain(struct counters *c)
{
	return (counter *)(void *)c;
}

static counter *times(struct counters *c)
{
	return &c->qtime;
}

static counter *maxima(struct counters *c)
{
	return &c->qtime_max;
}

static void clear_rate(struct rate *r)
{
	atomic_store_explicit(&r->curr, 0, memory_order_relaxed);
	atomic_store_explicit(&r->prev, 0, memory_order_relaxed);
	atomic_store_explicit(&r->max, 0, memory_order_relaxed);
}

struct counters *counters_new(unsigned n_threads)
{
	struct counters *c = aligned_alloc(CACHE_LINE, n_threads * sizeof(*c));

	ASSERT(c != NULL); /* out of memory */
	memset(c, 0, n_threads * sizeof(*c));
	return c;
}

void counters_sum(const struct counters *per_thread, unsigned n_threads, int64_t now_us,
		  struct counters *out, uint32_t *sess_rate, uint32_t *req_rate)
{
	uint64_t weighed[N_TIMES] = { 0 }, sum[N_PLAIN] = { 0 }, total = 0;
	uint64_t max[N_MAXIMA] = { 0 }, streams = 0;
	uint32_t sess = 0, req = 0, sess_max = 0, req_max = 0;

	for (unsigned t = 0; t < n_threads; t++) {
		struct counters *c = (struct counters *)&per_thread[t]; /* only read */
		uint64_t n = counter_get(&c->stot);

		for (size_t i = 0; i < N_PLAIN; i++)
			sum[i] += counter_get(&plain(c)[i]);
		/* a smoothed time is a mean: threads count by what they served */
		for (size_t i = 0; i < N_TIMES; i++)
			weighed[i] += counter_get(&times(c)[i]) * n;
		for (size_t i = 0; i < N_MAXIMA; i++)
			max[i] = MAX(max[i], counter_get(&maxima(c)[i]));
		streams += counter_get(&c->n_streams);
		sess_max += atomic_load_explicit(&c->sess_rate.max, memory_order_relaxed);
		req_max += atomic_load_explicit(&c->req_rate.max, memory_order_relaxed);
		total += n;
		sess += rate_get(&c->sess_rate, now_us);
		req += rate_get(&c->req_rate, now_us);
	}
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < N_PLAIN; i++)
		counter_add(&plain(out)[i], sum[i]);
	for (size_t i = 0; total > 0 && i < N_TIMES; i++)
		counter_add(&times(out)[i], weighed[i] / total);
	for (size_t i = 0; i < N_MAXIMA; i++)
		counter_add(&maxima(out)[i], max[i]);
	counter_add(&out->n_streams, streams);
	atomic_store_explicit(&out->sess_rate.max, MAX(sess_max, sess), memory_order_relaxed);
	atomic_store_explicit(&out->req_rate.max, MAX(req_max, req), memory_order_relaxed);
	*sess_rate = sess;
	*req_rate = req;
}

/* A thread that adds at the same instant may bring its old value back: a counter is a plain load
 * and store, so that counting costs nothing. */
void counters_clear(struct counters *per_thread, unsigned n_threads)
{
	for (unsigned t = 0; t < n_threads; t++) {
		struct counters *c = &per_thread[t];

		for (size_t i = 0; i < N_PLAIN + N_TIMES; i++)
			atomic_store_explicit(&plain(c)[i], 0, memory_order_relaxed);
		for (size_t i = 0; i < N_MAXIMA; i++)
			atomic_store_explicit(&maxima(c)[i], 0, memory_order_relaxed);
		clear_rate(&c->sess_rate);
		clear_rate(&c->req_rate);
	}
}

void counters_clear_maxima(struct counters *per_thread, unsigned n_threads)
{
	for (unsigned t = 0; t < n_threads; t++) {
		struct counters *c = &per_thread[t];

		for (size_t i = 0; i < N_MAXIMA; i++)
			atomic_store_explicit(&maxima(c)[i], 0, memory_order_relaxed);
		atomic_store_explicit(&c->sess_rate.max, 0, memory_order_relaxed);
		atomic_store_explicit(&c->req_rate.max, 0, memory_order_relaxed);
	}
}
