/* frontend.h - a frontend: where clients arrive. Lives across reloads by name. */
#ifndef PROXY_FRONTEND_H
#define PROXY_FRONTEND_H

#include <stdint.h>
#include <urcu/urcu-qsbr.h>

#include "stats/counters.h"

struct backend;
struct cfg_proxy;
struct history;

/* What operators did to it; control thread. */
enum frontend_state {
	FRONTEND_OPEN,
	FRONTEND_PAUSED, /* its sockets do not listen */
	FRONTEND_SHUT    /* it has none until the next reload */
};

struct frontend {
	const char *name; /* owned */
	unsigned id, n_threads;
	const struct cfg_proxy *cfg;     /* RCU */
	struct backend *default_backend; /* RCU; NULL: 503 */
	enum frontend_state state;
	_Atomic uint32_t maxconn; /* as configured, or as set at run time; 0: none of its own */
	_Atomic int is_stopping;  /* no keep-alive any more: drain */
	struct gauge sess CACHE_ALIGNED; /* client connections */
	_Atomic uint32_t n_admitted;     /* the same, and those that acceptors have made room for */
	struct counters *counters;
	struct history *history;  /* owned, of the control thread; NULL: not sampled yet */
	_Atomic uint32_t n_lines; /* %lc: counted when a format asks for it */
};

struct frontend *frontend_new(const struct cfg_proxy *cfg, unsigned n_threads);
/* The next configuration of the same name is about to replace fe->cfg: a limit that was set at run
 * time stays as long as the file says what it said before. Control thread. */
void frontend_follow_limits(struct frontend *fe, const struct cfg_proxy *cfg);
void frontend_free(struct frontend *fe);

#endif
