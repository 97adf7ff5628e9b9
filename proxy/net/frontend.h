/* frontend.h - a frontend: where clients arrive. Lives across reloads by name. */
#ifndef PROXY_FRONTEND_H
#define PROXY_FRONTEND_H

#include <stdint.h>
#include <urcu/urcu-qsbr.h>

#include "stats/counters.h"

struct backend;
struct cfg_proxy;
struct history;

struct frontend {
	const char *name; /* owned */
	unsigned id, n_threads;
	const struct cfg_proxy *cfg;     /* RCU */
	struct backend *default_backend; /* RCU; NULL: 503 */
	_Atomic int is_stopping;         /* no keep-alive any more: drain */
	struct gauge sess CACHE_ALIGNED; /* client connections */
	_Atomic uint32_t n_admitted;     /* the same, and those that acceptors have made room for */
	struct counters *counters;
	struct history *history;  /* owned, of the control thread; NULL: not sampled yet */
	_Atomic uint32_t n_lines; /* %lc: counted when a format asks for it */
};

struct frontend *frontend_new(const struct cfg_proxy *cfg, unsigned n_threads);
void frontend_free(struct frontend *fe);

#endif
