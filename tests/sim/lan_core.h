/* lan_core.h - what the simulated LAN is made of: nodes, routers, events in virtual time, chance.
 */
#ifndef TESTS_SIM_LAN_CORE_H
#define TESTS_SIM_LAN_CORE_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tandem/clock.h>
#include <tandem/util.h>

#include "vrrp_auth.h"
#include "vrrp_fsm.h"
#include "vrrp_sync.h"

#define LAN_MAX_NODES    5
#define LAN_MAX_MEMBERS  2 /* routers of a node, in a sync group */
#define LAN_MAX_EVENTS   4096
#define LAN_MAX_STEPS    1000000
#define LAN_MAX_INBOX    256
#define LAN_MAX_TROUBLES 256
#define LAN_FAST_US      (2 * US_PER_MS) /* the longest delay of a healthy LAN */
#define LAN_RENEW_US     (250 * US_PER_MS)
#define LAN_CLOCK_US     (3 * US_PER_S) /* clocks are wrong by this much at most */

enum lan_kind {
	LAN_TIMER,  /* look at the deadlines of a router */
	LAN_PACKET, /* advert arrives */
	LAN_CLAIM,  /* hand-over message arrives */
	LAN_HELLO,  /* hello with a lease arrives */
	LAN_RENEW,  /* a node renews and sends its hellos */
	LAN_LEASE,  /* a lease may be over */
	LAN_EXPIRE, /* the kernel removes an address */
	LAN_REVOKE, /* the guardian looks whether its worker turns */
	LAN_THAW,
	LAN_START,
	LAN_TROUBLE, /* something happens to a node or a link */
	LAN_HEAL,
	LAN_CHECK,
	LAN_LAST, /* the ACTIVE node is stopped, killed or frozen, on a healthy LAN */
};

struct lan_event {
	int64_t at_us;
	uint64_t serial; /* events of one moment keep their order */
	enum lan_kind kind;
	unsigned node, member, from, epoch; /* epoch: of the timer, the lease or the node's life */
	uint8_t priority;
	int64_t adver_us;
	uint64_t sequence; /* packets of a LAN with auth_hmac */
};

/* One entry of the schedule: all its choices come from `dice`. */
struct lan_trouble {
	int64_t at_us;
	uint64_t dice;
};

struct lan_router {
	struct vrrp_params params;
	struct vrrp_fsm fsm;
	bool has_fault;          /* of its own */
	bool is_faulty;          /* as the machine was told: its own or of its group */
	bool holds_addrs;        /* so it believes */
	int64_t kernel_until_us; /* the kernel has the address until then; INT64_MAX: renewed */
	unsigned epoch;          /* counts re-armed timers */
	int64_t listen_us;       /* not before this may its timer make it ACTIVE */
	int master;              /* whom it heard last; -1: nobody */
	/* the lease of that master: see vrrpd/vrrp_lease.c */
	unsigned lease_epoch;
	int64_t lease_us, hello_us, lease_end_us;
	uint64_t sequence,
		heard[LAN_MAX_NODES]; /* auth_hmac: sent last; accepted last, by sender */
};

struct lan_node {
	struct lan_router r[LAN_MAX_MEMBERS];
	bool is_up, is_frozen;
	bool is_guarded;   /* the guardian is not frozen with its worker */
	bool is_following; /* its sync group is on the move */
	unsigned life;
	int64_t ran_us;                        /* when it last did anything */
	int64_t renewed_us;                    /* when its addresses were renewed last */
	int64_t clock_us;                      /* what its clock is wrong by */
	struct lan_event inbox[LAN_MAX_INBOX]; /* what arrived while it was frozen */
	unsigned n_inbox;
};

struct lan {
	uint64_t seed, rng, serial;
	FILE *trace; /* NULL: silent */
	int64_t now_us, heal_us, end_us, bound_us;
	bool is_healed, is_stopped, is_last_phase;
	bool has_leases; /* hellos arrive: nobody filters UDP */
	bool has_auth;
	unsigned n, n_members, version;
	struct lan_node node[LAN_MAX_NODES];
	/* of the link from a to b */
	unsigned loss[LAN_MAX_NODES][LAN_MAX_NODES]; /* in 1/256; 256: cut */
	int64_t delay_us;                            /* the longest, while there is trouble */
	int64_t clear_since_us[LAN_MAX_NODES][LAN_MAX_NODES]; /* both hear each other */
	int64_t both_since_us[LAN_MAX_MEMBERS][LAN_MAX_NODES][LAN_MAX_NODES]; /* 0: not both */
	int64_t odd_since_us; /* after healing: not exactly one ACTIVE; 0: one */
	int64_t skew_us;      /* of the router that is fed, before the step */
	int64_t gone_us;      /* the last node was killed or frozen; 0: not */
	unsigned n_late_changes;
	struct lan_event heap[LAN_MAX_EVENTS];
	unsigned n_heap;
	struct lan_trouble troubles[LAN_MAX_TROUBLES]; /* the schedule */
	unsigned n_troubles;
	char why[200]; /* the promise that was broken; empty: none */
};

/* --- chance -------------------------------------------------------------------------------- */

static inline uint64_t lan_random(uint64_t *rng)
{
	uint64_t z = (*rng += UINT64_C(0x9e3779b97f4a7c15)); /* splitmix64 */

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline int64_t lan_draw(uint64_t *rng, int64_t n)
{
	return n <= 0 ? 0 : (int64_t)(lan_random(rng) % (uint64_t)n);
}

static inline int64_t lan_below(struct lan *l, int64_t n)
{
	return lan_draw(&l->rng, n);
}

PRINTF_LIKE(2, 3) static inline void lan_say(const struct lan *l, const char *fmt, ...)
{
	va_list ap;

	if (!l->trace)
		return;
	fprintf(l->trace, "%10.6f ", (double)l->now_us / US_PER_S);
	va_start(ap, fmt);
	vfprintf(l->trace, fmt, ap);
	va_end(ap);
	fputc('\n', l->trace);
}

PRINTF_LIKE(2, 3) static inline void lan_fail(struct lan *l, const char *fmt, ...)
{
	va_list ap;

	if (l->why[0])
		return;
	va_start(ap, fmt);
	vsnprintf(l->why, sizeof(l->why), fmt, ap);
	va_end(ap);
	lan_say(l, "BROKEN: %s", l->why);
}

/* --- the queue of events: a binary heap ---------------------------------------------------- */

static inline bool lan_before(const struct lan_event *a, const struct lan_event *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->serial < b->serial;
}

static inline void lan_push(struct lan *l, struct lan_event e)
{
	unsigned i = l->n_heap;

	if (l->n_heap == LAN_MAX_EVENTS) {
		lan_fail(l, "a storm of packets");
		return;
	}
	l->n_heap++;
	e.serial = l->serial++;
	for (; i > 0 && lan_before(&e, &l->heap[(i - 1) / 2]); i = (i - 1) / 2)
		l->heap[i] = l->heap[(i - 1) / 2];
	l->heap[i] = e;
}

static inline struct lan_event lan_pop(struct lan *l)
{
	struct lan_event top = l->heap[0], last = l->heap[--l->n_heap];
	unsigned i = 0;

	for (unsigned child = 1; child < l->n_heap; child = 2 * i + 1) {
		if (child + 1 < l->n_heap && lan_before(&l->heap[child + 1], &l->heap[child]))
			child++;
		if (!lan_before(&l->heap[child], &last))
			break;
		l->heap[i] = l->heap[child];
		i = child;
	}
	l->heap[i] = last;
	return top;
}

/* --- small questions ----------------------------------------------------------------------- */

static inline bool lan_is_active(const struct lan *l, unsigned node, unsigned member)
{
	const struct lan_node *n = &l->node[node];

	return n->is_up && !n->is_frozen && n->r[member].fsm.state == VRRP_ACTIVE;
}

static inline bool lan_kernel_has(const struct lan *l, unsigned node, unsigned member)
{
	return l->node[node].r[member].kernel_until_us > l->now_us;
}

/* As vrrp_addrs.c and vrrp_lease.c have them. */
static inline int64_t lan_lifetime_us(const struct vrrp_params *p)
{
	return 3 * p->adver_us > 2 * US_PER_S ? 2 * US_PER_S : US_PER_S;
}
static inline int64_t lan_lease_us(const struct vrrp_params *p)
{
	int64_t lease_us = lan_lifetime_us(p) - 350 * US_PER_MS;

	return 3 * p->adver_us > lease_us ? lease_us : 0;
}
static inline int64_t lan_frozen_after_us(const struct vrrp_params *p)
{
	return MIN(3 * p->adver_us, lan_lifetime_us(p) - 400 * US_PER_MS);
}

static inline int64_t lan_slowest_us(const struct lan *l)
{
	int64_t slowest = 0;

	for (unsigned k = 0; k < l->n; k++)
		for (unsigned m = 0; m < l->n_members; m++)
			slowest = MAX(slowest, l->node[k].r[m].params.adver_us);
	return slowest;
}

#endif
