/* health.h - is one virtual router well? The rules behind `status`, its exit code and the metrics.
 * Pure. */
#ifndef VRRPD_HEALTH_H
#define VRRPD_HEALTH_H

#include <stdbool.h>
#include <stddef.h>

#include "vrrp_fsm.h"

enum health { HEALTH_GOOD = 0, HEALTH_DEGRADED = 1, HEALTH_DOWN = 2 };

struct health_facts {
	enum vrrp_state state;
	bool hears_master; /* somebody else's adverts, fresh */
	bool has_conflict;
	bool has_lost_peer; /* a vrrpd was heard before and none is now */
	bool is_yielding;   /* an operator asked for a hand-over */
	unsigned n_one_way, n_differing, n_foreign;
};

enum health_reason {
	HEALTH_NOT_RUNNING = 1 << 0,
	HEALTH_FAULT = 1 << 1,
	HEALTH_NO_MASTER = 1 << 2,
	HEALTH_CONFLICT = 1 << 3,
	HEALTH_ONE_WAY = 1 << 4,
	HEALTH_DIFFERS = 1 << 5,
	HEALTH_FOREIGN = 1 << 6,
	HEALTH_LOST_PEER = 1 << 7,
	HEALTH_YIELDING = 1 << 8,
};
#define HEALTH_N_REASONS 9

/* *reasons: a mask. Down: nobody serves, as far as we see; degraded: somebody does, but what is
 * configured is not all there. A hand-over that an operator wanted is no fault. */
enum health health_judge(const struct health_facts *f, unsigned *reasons);
const char *health_text(enum health h);
const char *health_reason_text(unsigned bit);

#endif
