/* idle.h - what a server says about its idle connections, and how many there are. */
#ifndef PROXY_IDLE_H
#define PROXY_IDLE_H

#include <stdint.h>
#include <tandem/metrics.h>
#include <tandem/util.h>

struct idle_limits {
	int max_idle;  /* pool-max-conn, over all threads; -1: as many as come */
	int max_reuse; /* further requests that a connection serves; -1: any number */
	int64_t purge_delay_us;
};

/* Idle connections of one server. They may outlive it for a moment, so the pools of the threads and
 * the server share this by references. */
struct idle_count {
	_Atomic unsigned refs;
	unsigned n_threads;
	struct {
		counter n;
	} CACHE_ALIGNED per_thread[]; /* each written by its thread alone */
};

/* With one reference. */
struct idle_count *idle_count_new(unsigned n_threads);
void idle_count_ref(struct idle_count *c);
/* NULL is legal. */
void idle_count_unref(struct idle_count *c);
uint64_t idle_count_sum(const struct idle_count *c);
uint64_t idle_count_of(const struct idle_count *c, unsigned thread);

#endif
