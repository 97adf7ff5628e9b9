/* lan.h - a virtual LAN of routers that run the real state machine, in virtual time.
 *
 * One seed is one schedule: two to four routers, then a time of trouble (loss, delay, reordering,
 * duplicates, one-way cuts, freezes, crashes, stops, faults, changed priorities), then the LAN
 * heals. Checked all along: addresses are held exactly while ACTIVE, nobody in FAULT is ACTIVE, two
 * ACTIVE routers that hear each other do not stay so, who overslept does not speak before it
 * stepped down. Checked after healing: within the bound exactly one router is ACTIVE and it stays
 * so; it is the best one where all may preempt. */
#ifndef TESTS_SIM_LAN_H
#define TESTS_SIM_LAN_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tandem/clock.h>
#include <tandem/util.h>

#include "vrrp_fsm.h"

#define LAN_MAX_ROUTERS 4
#define LAN_MAX_EVENTS  4096
#define LAN_MAX_STEPS   1000000
#define LAN_MAX_INBOX   256
#define LAN_FAST_US     (2 * US_PER_MS) /* the longest delay of a healthy LAN */

enum lan_kind {
	LAN_TIMER,  /* look at the deadlines of a router */
	LAN_PACKET, /* advert arrives */
	LAN_CLAIM,  /* hand-over message arrives */
	LAN_THAW,
	LAN_START,
	LAN_TROUBLE, /* something happens to a router or a link */
	LAN_HEAL,
	LAN_CHECK,
	LAN_STOP, /* the ACTIVE router is stopped, on a healthy LAN */
};

struct lan_event {
	int64_t at_us;
	uint64_t serial; /* events of one moment keep their order */
	enum lan_kind kind;
	unsigned to, from, epoch; /* epoch: of `to`, for timers and start */
	uint8_t priority;
	int64_t adver_us;
};

struct lan_router {
	struct vrrp_params params;
	struct vrrp_fsm fsm;
	bool is_up, is_frozen, is_faulty, holds_addrs;
	unsigned epoch;                        /* counts lives and re-armed timers */
	int64_t ran_us;                        /* when it last did anything */
	int64_t listen_us;                     /* not before this may its timer make it ACTIVE */
	int master;                            /* whom it heard last; -1: nobody */
	struct lan_event inbox[LAN_MAX_INBOX]; /* what arrived while it was frozen */
	unsigned n_inbox;
};

struct lan {
	uint64_t seed, rng, serial;
	FILE *trace; /* NULL: silent */
	int64_t now_us, heal_us, end_us;
	bool is_healed, is_stopped, is_last_phase;
	unsigned n, version;
	struct lan_router r[LAN_MAX_ROUTERS];
	/* of the link from a to b */
	unsigned loss[LAN_MAX_ROUTERS][LAN_MAX_ROUTERS]; /* in 1/256; 256: cut */
	int64_t delay_us;                                /* the longest, while there is trouble */
	int64_t clear_since_us[LAN_MAX_ROUTERS][LAN_MAX_ROUTERS]; /* both hear each other */
	int64_t both_since_us[LAN_MAX_ROUTERS][LAN_MAX_ROUTERS];  /* both ACTIVE; 0: not */
	int64_t odd_since_us; /* after healing: not exactly one ACTIVE; 0: one */
	unsigned n_late_changes;
	struct lan_event heap[LAN_MAX_EVENTS];
	unsigned n_heap;
	char why[200]; /* the promise that was broken; empty: none */
};

/* --- chance ------------------------------------------------------------------------------------
 */

static inline uint64_t lan_random(struct lan *l)
{
	uint64_t z = (l->rng += UINT64_C(0x9e3779b97f4a7c15)); /* splitmix64 */

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline int64_t lan_below(struct lan *l, int64_t n)
{
	return n <= 0 ? 0 : (int64_t)(lan_random(l) % (uint64_t)n);
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

/* --- the queue of events: a binary heap --------------------------------------------------------
 */

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

/* --- the daemon around the machine -------------------------------------------------------------
 */

static inline void lan_arm(struct lan *l, unsigned k)
{
	struct lan_router *r = &l->r[k];

	r->epoch++;
	if (r->fsm.deadline_us != INT64_MAX)
		lan_push(l, (struct lan_event){ .at_us = MAX(r->fsm.deadline_us, l->now_us),
						.kind = LAN_TIMER,
						.to = k,
						.epoch = r->epoch });
}

static inline void lan_send(struct lan *l, unsigned from, unsigned to, struct lan_event e)
{
	int64_t delay = l->is_healed ? LAN_FAST_US : l->delay_us;
	unsigned copies = !l->is_healed && lan_below(l, 50) == 0 ? 2 : 1;

	if (lan_below(l, 256) < l->loss[from][to])
		return;
	e.from = from;
	e.to = to;
	while (copies--) {
		e.at_us = l->now_us + 1 + lan_below(l, delay);
		lan_push(l, e);
	}
}

static inline void lan_send_all(struct lan *l, unsigned from, uint8_t priority)
{
	for (unsigned to = 0; to < l->n; to++)
		if (to != from)
			lan_send(l, from, to,
				 (struct lan_event){ .kind = LAN_PACKET,
						     .priority = priority,
						     .adver_us = l->r[from].params.adver_us });
}

static inline int lan_best_peer(const struct lan *l, unsigned k)
{
	int best = -1;

	for (unsigned i = 0; i < l->n; i++) {
		const struct lan_router *p = &l->r[i];

		if (i == k || !p->is_up || p->fsm.state != VRRP_BACKUP)
			continue;
		if (best < 0 || p->fsm.priority >= l->r[best].fsm.priority)
			best = (int)i;
	}
	return best;
}

static inline void lan_perform(struct lan *l, unsigned k, unsigned actions)
{
	struct lan_router *r = &l->r[k];

	if (actions & VRRP_ADD_ADDRS) {
		if (r->holds_addrs)
			lan_fail(l, "router %u adds addresses that it has", k);
		r->holds_addrs = true;
	}
	if (actions & VRRP_SEND_ADVERT)
		lan_send_all(l, k, r->fsm.priority);
	if (actions & VRRP_DEL_ADDRS) {
		if (!r->holds_addrs)
			lan_fail(l, "router %u removes addresses that it has not", k);
		r->holds_addrs = false;
	}
	if (actions & VRRP_SEND_HANDOVER) {
		int peer = lan_best_peer(l, k);

		if (peer >= 0)
			lan_send(l, k, (unsigned)peer, (struct lan_event){ .kind = LAN_CLAIM });
	}
	if (actions & VRRP_SEND_ZERO)
		lan_send_all(l, k, 0);
	if (r->holds_addrs != (r->fsm.state == VRRP_ACTIVE))
		lan_fail(l, "router %u is %s and %s addresses", k, vrrp_state_text(r->fsm.state),
			 r->holds_addrs ? "holds" : "lacks");
}

/* The routers of a healthy LAN whose ACTIVE one was stopped: the shortest Skew_Time is the first.
 */
static inline void lan_check_successor(struct lan *l, unsigned k)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->r[i].is_up && vrrp_fsm_skew_us(&l->r[i].fsm) + 2 * LAN_FAST_US <
					     vrrp_fsm_skew_us(&l->r[k].fsm))
			lan_fail(l, "router %u follows, router %u should", k, i);
}

static inline void lan_check_takeover(struct lan *l, unsigned k, const struct vrrp_event *ev)
{
	const struct lan_router *r = &l->r[k];
	bool is_first = l->is_last_phase;

	/* with three routers a late priority 0 may overtake the successor's advert: only the first
	 * takeover is told from it */
	l->is_last_phase = false;
	if (ev->kind == VRRP_EV_HANDOVER)
		return;
	if (r->params.priority != 255 && l->now_us < r->listen_us)
		lan_fail(l, "router %u takes over %" PRId64 " us too early", k,
			 r->listen_us - l->now_us);
	if (is_first)
		lan_check_successor(l, k);
}

/* What an event means for the time until which a router must stay BACKUP. */
static inline void lan_note(struct lan *l, unsigned k, const struct vrrp_event *ev)
{
	struct lan_router *r = &l->r[k];
	int64_t adver = l->version == 3 ? ev->adver_us : r->params.adver_us;

	switch (ev->kind) {
	case VRRP_EV_STARTUP:
	case VRRP_EV_RECOVER:
	case VRRP_EV_STALL:
		r->listen_us = l->now_us + 3 * r->fsm.active_adver_us;
		return;
	case VRRP_EV_ADVERT:
		if (ev->priority == 0)
			r->listen_us = 0;
		else if (!r->params.preempt || ev->priority >= r->fsm.priority)
			r->listen_us = l->now_us + 3 * adver;
		else if (r->params.preempt_delay_us) /* followed until the delay is over */
			r->listen_us = MIN(r->listen_us, l->now_us + 3 * adver);
		return;
	case VRRP_EV_TIMER:
	case VRRP_EV_SHUTDOWN:
	case VRRP_EV_PRIORITY:
	case VRRP_EV_FAULT:
	case VRRP_EV_HANDOVER:
	case VRRP_EV_LEASE:
	case VRRP_EV_GROUP_ACTIVE:
	case VRRP_EV_GROUP_BACKUP:
		return;
	}
}

static inline void lan_check_change(struct lan *l, unsigned k, enum vrrp_state before,
				    const struct vrrp_event *ev)
{
	const struct lan_router *r = &l->r[k];

	if (r->fsm.state == VRRP_ACTIVE)
		lan_check_takeover(l, k, ev);
	if (before == VRRP_ACTIVE && ev->kind == VRRP_EV_ADVERT &&
	    r->fsm.cause != VRRP_CAUSE_STALL &&
	    (ev->priority < r->fsm.priority ||
	     (ev->priority == r->fsm.priority && !ev->is_addr_greater)))
		lan_fail(l, "router %u yields to a worse one", k);
}

static inline void lan_feed(struct lan *l, unsigned k, struct vrrp_event ev)
{
	struct lan_router *r = &l->r[k];
	enum vrrp_state before = r->fsm.state;
	unsigned actions = vrrp_fsm_step(&r->fsm, &ev, l->now_us);

	r->ran_us = l->now_us;
	if (r->fsm.state != before) {
		lan_say(l, "router %u: %s -> %s (%s)", k, vrrp_state_text(before),
			vrrp_state_text(r->fsm.state), vrrp_cause_text(r->fsm.cause));
		if (!(actions & VRRP_NOTIFY))
			lan_fail(l, "router %u changes silently", k);
		l->n_late_changes++;
		lan_check_change(l, k, before, &ev);
	}
	lan_note(l, k, &ev);
	if (r->is_faulty && r->fsm.state != VRRP_FAULT && r->fsm.state != VRRP_INIT)
		lan_fail(l, "router %u is in fault and %s", k, vrrp_state_text(r->fsm.state));
	lan_perform(l, k, actions);
	lan_arm(l, k);
}

static inline void lan_start(struct lan *l, unsigned k)
{
	struct lan_router *r = &l->r[k];

	r->is_up = true;
	r->is_frozen = false;
	r->holds_addrs = false;
	r->n_inbox = 0;
	r->master = -1;
	r->ran_us = l->now_us;
	vrrp_fsm_init(&r->fsm, &r->params);
	lan_feed(l, k,
		 (struct vrrp_event){ .kind = r->is_faulty ? VRRP_EV_FAULT : VRRP_EV_STARTUP });
}

static inline void lan_receive(struct lan *l, const struct lan_event *e)
{
	struct lan_router *r = &l->r[e->to];

	if (!r->is_up)
		return;
	if (r->is_frozen) {
		if (r->n_inbox < LAN_MAX_INBOX)
			r->inbox[r->n_inbox++] = *e;
		return;
	}
	if (e->kind == LAN_CLAIM) {
		if (r->master == (int)e->from)
			lan_feed(l, e->to, (struct vrrp_event){ .kind = VRRP_EV_HANDOVER });
		return;
	}
	r->master = (int)e->from;
	lan_feed(l, e->to,
		 (struct vrrp_event){ .kind = VRRP_EV_ADVERT,
				      .priority = e->priority,
				      .adver_us = e->adver_us,
				      .is_addr_greater = e->from > e->to });
}

/* As the daemon wakes: the stall first, then what was queued, then the timer. */
static inline void lan_thaw(struct lan *l, unsigned k)
{
	struct lan_router *r = &l->r[k];
	int64_t slept_us = l->now_us - r->ran_us;
	bool was_active = r->fsm.state == VRRP_ACTIVE;
	bool is_late = was_active && l->now_us - r->fsm.sent_us > 4 * r->params.adver_us + US_PER_S;

	if (!r->is_up || !r->is_frozen)
		return;
	r->is_frozen = false;
	lan_say(l, "router %u: thaws after %" PRId64 " ms", k, slept_us / US_PER_MS);
	if (r->is_faulty != (r->fsm.state == VRRP_FAULT))
		lan_feed(l, k,
			 (struct vrrp_event){ .kind = r->is_faulty ? VRRP_EV_FAULT
								   : VRRP_EV_RECOVER });
	if (slept_us > vrrp_fsm_down_us(&r->fsm) && lan_below(l, 2))
		lan_feed(l, k, (struct vrrp_event){ .kind = VRRP_EV_STALL });
	for (unsigned i = 0; i < r->n_inbox; i++)
		lan_receive(l, &r->inbox[i]);
	r->n_inbox = 0;
	lan_feed(l, k, (struct vrrp_event){ .kind = VRRP_EV_TIMER });
	if (is_late && r->fsm.state == VRRP_ACTIVE && r->fsm.since_us != l->now_us)
		lan_fail(l, "router %u slept too long and did not step down", k);
}

/* --- trouble -----------------------------------------------------------------------------------
 */

static inline void lan_touch_link(struct lan *l, unsigned a, unsigned b)
{
	l->clear_since_us[a][b] = l->clear_since_us[b][a] =
		l->loss[a][b] || l->loss[b][a] ? INT64_MAX : l->now_us;
}

static inline void lan_kill(struct lan *l, unsigned k)
{
	struct lan_router *r = &l->r[k];

	r->is_up = r->is_frozen = false;
	r->holds_addrs = false; /* the guardian, or the kernel */
	r->epoch++;
	vrrp_fsm_init(&r->fsm, &r->params);
}

static inline void lan_set_fault(struct lan *l, unsigned k, bool is_faulty)
{
	struct lan_router *r = &l->r[k];

	if (r->is_faulty == is_faulty)
		return;
	lan_say(l, "router %u: tracker %s", k, is_faulty ? "fails" : "recovers");
	r->is_faulty = is_faulty;
	if (r->is_up && !r->is_frozen)
		lan_feed(
			l, k,
			(struct vrrp_event){ .kind = is_faulty ? VRRP_EV_FAULT : VRRP_EV_RECOVER });
}

static inline void lan_set_priority(struct lan *l, unsigned k, uint8_t priority)
{
	int peer = lan_best_peer(l, k);

	if (l->r[k].params.priority == 255 || !l->r[k].is_up || l->r[k].is_frozen)
		return;
	lan_say(l, "router %u: priority %u", k, priority);
	lan_feed(l, k,
		 (struct vrrp_event){ .kind = VRRP_EV_PRIORITY,
				      .priority = priority,
				      .peer_priority = peer < 0 ? 0 : l->r[peer].fsm.priority });
}

static inline void lan_trouble(struct lan *l)
{
	unsigned k = (unsigned)lan_below(l, l->n), other = (unsigned)lan_below(l, l->n);
	struct lan_router *r = &l->r[k];
	int64_t unit = r->params.adver_us;

	switch (lan_below(l, 11)) {
	case 9: /* a hand-over message that is late, or a lie */
		if (r->master >= 0)
			lan_push(l, (struct lan_event){ .at_us = l->now_us + lan_below(l, unit),
							.kind = LAN_CLAIM,
							.to = k,
							.from = (unsigned)r->master });
		break;
	case 0: /* freeze */
		if (r->is_up && !r->is_frozen) {
			r->is_frozen = true;
			lan_say(l, "router %u: freezes", k);
			lan_push(l, (struct lan_event){ .at_us = l->now_us + lan_below(l, 8 * unit),
							.kind = LAN_THAW,
							.to = k });
		}
		break;
	case 1: /* crash */
		if (r->is_up) {
			lan_say(l, "router %u: dies", k);
			lan_kill(l, k);
			lan_push(l, (struct lan_event){ .at_us = l->now_us + lan_below(l, 6 * unit),
							.kind = LAN_START,
							.to = k });
		}
		break;
	case 2: /* stop */
		if (r->is_up && !r->is_frozen) {
			lan_feed(l, k, (struct vrrp_event){ .kind = VRRP_EV_SHUTDOWN });
			lan_kill(l, k);
			lan_push(l, (struct lan_event){ .at_us = l->now_us + lan_below(l, 6 * unit),
							.kind = LAN_START,
							.to = k });
		}
		break;
	case 3:
		lan_set_fault(l, k, !r->is_faulty);
		break;
	case 4:
		lan_set_priority(l, k, (uint8_t)(1 + lan_below(l, 254)));
		break;
	case 5:
	case 6: /* one-way cut, or the end of it */
		if (k != other) {
			l->loss[k][other] = l->loss[k][other] ? 0 : 256;
			lan_say(l, "link %u -> %u: %s", k, other, l->loss[k][other] ? "cut" : "ok");
			lan_touch_link(l, k, other);
		}
		break;
	case 7: /* partition: one router alone, or back */
		for (unsigned i = 0, cut = l->loss[k][(k + 1) % l->n] ? 0 : 256; i < l->n; i++) {
			if (i == k)
				continue;
			l->loss[k][i] = l->loss[i][k] = cut;
			lan_touch_link(l, k, i);
		}
		lan_say(l, "router %u: %s", k, l->loss[k][(k + 1) % l->n] ? "alone" : "joined");
		break;
	case 8: /* loss */
		if (k != other) {
			l->loss[k][other] = (unsigned)lan_below(l, 200);
			lan_touch_link(l, k, other);
		}
		break;
	default:
		l->delay_us = 1 + lan_below(l, unit / 2);
		break;
	}
	if (l->now_us < l->heal_us)
		lan_push(l, (struct lan_event){ .at_us = l->now_us + lan_below(l, 3 * unit),
						.kind = LAN_TROUBLE });
}

static inline void lan_heal(struct lan *l)
{
	l->is_healed = true;
	memset(l->loss, 0, sizeof(l->loss));
	lan_say(l, "the LAN heals");
	for (unsigned k = 0; k < l->n; k++) {
		lan_thaw(l, k);
		if (!l->r[k].is_up)
			lan_start(l, k);
		lan_set_fault(l, k, false);
		lan_set_priority(l, k, l->r[k].params.priority);
		for (unsigned i = 0; i < l->n; i++)
			lan_touch_link(l, k, i);
	}
}

/* --- promises ----------------------------------------------------------------------------------
 */

static inline int64_t lan_slowest_us(const struct lan *l)
{
	int64_t slowest = 0;

	for (unsigned k = 0; k < l->n; k++)
		slowest = MAX(slowest, l->r[k].params.adver_us);
	return slowest;
}

/* The longest wait before one router speaks up: a dead time, version 2's skew in whole seconds. */
static inline int64_t lan_bound_us(const struct lan *l)
{
	return 3 * lan_slowest_us(l) + MAX(lan_slowest_us(l), US_PER_S) + 10 * LAN_FAST_US;
}

static inline bool lan_is_active(const struct lan *l, unsigned k)
{
	return l->r[k].is_up && !l->r[k].is_frozen && l->r[k].fsm.state == VRRP_ACTIVE;
}

/* Two ACTIVE routers that hear each other without loss: the next advert ends it. */
static inline void lan_check_pairs(struct lan *l)
{
	int64_t limit =
		2 * lan_slowest_us(l) + 2 * LAN_FAST_US; /* a packet travels for half of it */

	for (unsigned a = 0; a < l->n; a++) {
		for (unsigned b = a + 1; b < l->n; b++) {
			int64_t *since = &l->both_since_us[a][b];

			if (!lan_is_active(l, a) || !lan_is_active(l, b) ||
			    l->clear_since_us[a][b] == INT64_MAX) {
				*since = 0;
				continue;
			}
			if (*since == 0)
				*since = MAX(l->now_us, 1);
			if (l->now_us - MAX(*since, l->clear_since_us[a][b]) > limit)
				lan_fail(l, "routers %u and %u both ACTIVE for %" PRId64 " ms", a,
					 b, (l->now_us - *since) / US_PER_MS);
		}
	}
}

static inline void lan_check_one(struct lan *l)
{
	unsigned n_active = 0, n_holding = 0;

	for (unsigned k = 0; k < l->n; k++) {
		n_active += lan_is_active(l, k);
		n_holding += l->r[k].holds_addrs;
	}
	if (n_active == 1 && n_holding == 1) {
		l->odd_since_us = 0;
		return;
	}
	if (l->odd_since_us == 0)
		l->odd_since_us = l->now_us;
	/* preemption overlaps for as long as a packet travels */
	if (l->now_us - l->odd_since_us > 2 * LAN_FAST_US)
		lan_fail(l, "after healing %u routers are ACTIVE, %u hold the address", n_active,
			 n_holding);
}

/* In the end: all may preempt, so the best one serves. */
static inline void lan_check_end(struct lan *l)
{
	unsigned best = 0, active = 0;
	bool is_preempting = true;

	for (unsigned k = 0; k < l->n; k++) {
		if (l->r[k].fsm.priority >= l->r[best].fsm.priority)
			best = k;
		if (lan_is_active(l, k))
			active = k;
		is_preempting &= l->r[k].params.preempt;
	}
	if (is_preempting && l->r[best].fsm.priority != l->r[active].fsm.priority)
		lan_fail(l, "router %u serves, router %u is better", active, best);
	if (l->n_late_changes)
		lan_fail(l, "%u changes of state on a quiet LAN", l->n_late_changes);
}

static inline void lan_stop_active(struct lan *l)
{
	l->is_stopped = l->is_last_phase = true;
	for (unsigned k = 0; k < l->n; k++) {
		if (!lan_is_active(l, k))
			continue;
		lan_feed(l, k, (struct vrrp_event){ .kind = VRRP_EV_SHUTDOWN });
		lan_kill(l, k);
		return;
	}
}

static inline void lan_handle(struct lan *l, const struct lan_event *e)
{
	struct lan_router *r = &l->r[e->to];

	switch (e->kind) {
	case LAN_TIMER:
		if (r->is_up && !r->is_frozen && r->epoch == e->epoch)
			lan_feed(l, e->to, (struct vrrp_event){ .kind = VRRP_EV_TIMER });
		return;
	case LAN_PACKET:
	case LAN_CLAIM:
		lan_receive(l, e);
		return;
	case LAN_THAW:
		lan_thaw(l, e->to);
		return;
	case LAN_START:
		if (!r->is_up) {
			lan_say(l, "router %u: starts", e->to);
			lan_start(l, e->to);
		}
		return;
	case LAN_TROUBLE:
		if (!l->is_healed)
			lan_trouble(l);
		return;
	case LAN_HEAL:
		lan_heal(l);
		return;
	case LAN_CHECK: /* from here on the LAN must be quiet */
		l->n_late_changes = 0;
		return;
	case LAN_STOP:
		lan_check_end(l);
		lan_stop_active(l);
		return;
	}
}

static inline void lan_set_up(struct lan *l)
{
	static const int64_t intervals[] = { 10 * US_PER_MS, 100 * US_PER_MS, US_PER_S,
					     3 * US_PER_S };
	bool is_preempting = lan_below(l, 4) != 0, is_mixed = lan_below(l, 4) == 0;
	int64_t adver = intervals[lan_below(l, ARRAY_LEN(intervals))];

	l->n = 2 + (unsigned)lan_below(l, LAN_MAX_ROUTERS - 1);
	l->version = lan_below(l, 2) ? 3 : 2;
	if (l->version == 2)
		adver = MAX(adver, US_PER_S);
	for (unsigned k = 0; k < l->n; k++) {
		struct vrrp_params *p = &l->r[k].params;

		*p = (struct vrrp_params){ .priority = (uint8_t)(1 + lan_below(l, 254)),
					   .version = l->version,
					   .preempt = is_preempting,
					   .adver_us = adver };
		if (k && lan_below(l, 4) == 0)
			p->priority = l->r[k - 1].params.priority; /* the address decides */
		if (is_mixed && l->version == 3 && lan_below(l, 2))
			p->adver_us = adver * (1 + lan_below(l, 3));
		if (is_preempting && lan_below(l, 4) == 0)
			p->preempt_delay_us = lan_below(l, 3 * adver);
		p->higher_prio_send_advert = lan_below(l, 8) == 0;
	}
	if (lan_below(l, 8) == 0)
		l->r[lan_below(l, l->n)].params.priority = 255;
	l->delay_us = 1 + lan_below(l, adver / 4);
}

/* Run one schedule. Empty: all promises were kept; else what was broken. */
static inline const char *lan_run(struct lan *l, uint64_t seed, FILE *trace)
{
	int64_t bound, last = 0;
	unsigned n_events = 0;

	memset(l, 0, sizeof(*l));
	l->seed = l->rng = seed;
	l->trace = trace;
	lan_set_up(l);
	bound = lan_bound_us(l);
	l->now_us = US_PER_S; /* 0 means "never" in places */
	l->heal_us = l->now_us + 5 * bound + lan_below(l, 5 * bound);
	l->end_us = l->heal_us + 10 * bound;
	for (unsigned k = 0; k < l->n; k++) {
		lan_say(l, "router %u: priority %u, version %u, interval %" PRId64 " ms%s", k,
			l->r[k].params.priority, l->version, l->r[k].params.adver_us / US_PER_MS,
			l->r[k].params.preempt ? "" : ", nopreempt");
		lan_push(l, (struct lan_event){ .at_us = l->now_us + lan_below(l, bound),
						.kind = LAN_START,
						.to = k });
	}
	lan_push(l, (struct lan_event){ .at_us = l->now_us + bound, .kind = LAN_TROUBLE });
	lan_push(l, (struct lan_event){ .at_us = l->heal_us, .kind = LAN_HEAL });
	lan_push(l, (struct lan_event){ .at_us = l->heal_us + 5 * bound, .kind = LAN_CHECK });
	lan_push(l, (struct lan_event){ .at_us = l->heal_us + 8 * bound, .kind = LAN_STOP });
	while (l->n_heap && !l->why[0]) {
		struct lan_event e = lan_pop(l);

		if (e.at_us > l->end_us)
			break;
		if (++n_events > LAN_MAX_STEPS)
			lan_fail(l, "no end of events");
		l->now_us = e.at_us;
		lan_handle(l, &e);
		lan_check_pairs(l);
		if (l->now_us > l->heal_us + bound && !l->is_stopped)
			lan_check_one(l);
		ASSERT(l->now_us >= last);
		last = l->now_us;
	}
	if (!l->why[0]) {
		l->odd_since_us = 1; /* no more patience */
		lan_check_one(l);
	}
	return l->why;
}

#endif
