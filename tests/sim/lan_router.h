/* lan_router.h - the daemon around the state machine: timers, packets, addresses, leases, groups.
 */
#ifndef TESTS_SIM_LAN_ROUTER_H
#define TESTS_SIM_LAN_ROUTER_H

#include "lan_core.h"

static inline void lan_feed(struct lan *l, unsigned node, unsigned member, struct vrrp_event ev);

static inline void lan_arm(struct lan *l, unsigned node, unsigned member)
{
	struct lan_router *r = &l->node[node].r[member];

	r->epoch++;
	if (r->fsm.deadline_us != INT64_MAX)
		lan_push(l, (struct lan_event){ .at_us = MAX(r->fsm.deadline_us, l->now_us),
						.kind = LAN_TIMER,
						.node = node,
						.member = member,
						.epoch = r->epoch });
}

/* --- what is sent -------------------------------------------------------------------------- */

static inline void lan_send(struct lan *l, unsigned from, unsigned to, struct lan_event e)
{
	int64_t delay = l->is_healed ? LAN_FAST_US : l->delay_us;
	unsigned copies = !l->is_healed && lan_below(l, 50) == 0 ? 2 : 1;

	if (lan_below(l, 256) < l->loss[from][to])
		return;
	e.from = from;
	e.node = to;
	while (copies--) {
		e.at_us = l->now_us + 1 + lan_below(l, delay);
		lan_push(l, e);
	}
}

static inline int64_t lan_clock(const struct lan *l, unsigned node)
{
	return 1000 * US_PER_S + l->now_us + l->node[node].clock_us;
}

static const struct vrrp_auth lan_auth = { .window_s = 5 };

static inline void lan_advertise(struct lan *l, unsigned from, unsigned member, uint8_t priority)
{
	struct lan_router *r = &l->node[from].r[member];
	struct lan_event e = { .kind = LAN_PACKET,
			       .member = member,
			       .priority = priority,
			       .adver_us = r->params.adver_us };

	if (l->has_auth)
		e.sequence = r->sequence =
			vrrp_auth_next(&lan_auth, r->sequence, lan_clock(l, from));
	for (unsigned to = 0; to < l->n; to++)
		if (to != from)
			lan_send(l, from, to, e);
}

static inline void lan_hello(struct lan *l, unsigned from, unsigned member)
{
	for (unsigned to = 0; to < l->n; to++)
		if (to != from)
			lan_send(l, from, to,
				 (struct lan_event){ .kind = LAN_HELLO, .member = member });
}

static inline int lan_best_peer(const struct lan *l, unsigned node, unsigned member)
{
	int best = -1;

	for (unsigned i = 0; i < l->n; i++) {
		const struct lan_router *p = &l->node[i].r[member];

		if (i == node || !l->node[i].is_up || p->fsm.state != VRRP_BACKUP)
			continue;
		if (best < 0 || p->fsm.priority >= l->node[best].r[member].fsm.priority)
			best = (int)i;
	}
	return best;
}

/* --- what the machine asks ----------------------------------------------------------------- */

static inline void lan_perform(struct lan *l, unsigned node, unsigned member, unsigned actions)
{
	struct lan_router *r = &l->node[node].r[member];

	if (actions & VRRP_ADD_ADDRS) {
		l->node[node].renewed_us = l->now_us;
		if (r->holds_addrs)
			lan_fail(l, "router %u adds addresses that it has", node);
		r->holds_addrs = true;
		r->kernel_until_us = INT64_MAX;
	}
	if (actions & VRRP_SEND_ADVERT)
		lan_advertise(l, node, member, r->fsm.priority);
	if (actions & VRRP_DEL_ADDRS) {
		if (!r->holds_addrs)
			lan_fail(l, "router %u removes addresses that it has not", node);
		r->holds_addrs = false;
		r->kernel_until_us = 0;
	}
	if (actions & VRRP_SEND_HANDOVER) {
		int peer = lan_best_peer(l, node, member);

		if (peer >= 0)
			lan_send(l, node, (unsigned)peer,
				 (struct lan_event){ .kind = LAN_CLAIM, .member = member });
	}
	if (actions & VRRP_SEND_ZERO)
		lan_advertise(l, node, member, 0);
	if (r->holds_addrs != (r->fsm.state == VRRP_ACTIVE))
		lan_fail(l, "router %u is %s and %s addresses", node, vrrp_state_text(r->fsm.state),
			 r->holds_addrs ? "holds" : "lacks");
	if ((actions & VRRP_NOTIFY) && r->holds_addrs && l->has_leases && lan_lease_us(&r->params))
		lan_hello(l, node, member);
}

/* As the RFCs have it: the machine is not asked what it thinks. */
static inline int64_t lan_skew_us(const struct vrrp_fsm *f)
{
	return (256 - f->priority) * (f->params->version == 3 ? f->active_adver_us : US_PER_S) /
	       256;
}

/* The routers of a healthy LAN whose ACTIVE one was stopped: the shortest Skew_Time is the first.
 */
static inline void lan_check_successor(struct lan *l, unsigned node)
{
	for (unsigned i = 0; i < l->n; i++)
		if (i != node && l->node[i].is_up &&
		    lan_skew_us(&l->node[i].r[0].fsm) + 2 * LAN_FAST_US < l->skew_us)
			lan_fail(l, "router %u follows, router %u should", node, i);
}

static inline void lan_check_takeover(struct lan *l, unsigned node, unsigned member,
				      const struct vrrp_event *ev)
{
	const struct lan_router *r = &l->node[node].r[member];
	bool is_first = l->is_last_phase;

	/* with three routers a late priority 0 may overtake the successor's advert: only the first
	 * takeover is told from it */
	l->is_last_phase = false;
	if (ev->kind == VRRP_EV_HANDOVER || ev->kind == VRRP_EV_GROUP_ACTIVE)
		return;
	for (unsigned m = 0; m < l->n_members && ev->kind == VRRP_EV_TIMER; m++) {
		const struct vrrp_fsm *f = &l->node[node].r[m].fsm;

		if (m != member && f->state != VRRP_ACTIVE &&
		    (f->state != VRRP_BACKUP || f->deadline_us > l->now_us))
			lan_fail(l, "router %u.%u claims before its group", node, member);
	}
	if (r->params.priority != 255 && r->fsm.cause != VRRP_CAUSE_LEASE &&
	    l->now_us < r->listen_us)
		lan_fail(l, "router %u takes over %" PRId64 " us too early", node,
			 r->listen_us - l->now_us);
	if (is_first && l->n_members == 1 && !l->gone_us)
		lan_check_successor(l, node);
}

/* What an event means for the time until which a router must stay BACKUP. */
static inline void lan_note(struct lan *l, unsigned node, unsigned member,
			    const struct vrrp_event *ev)
{
	struct lan_router *r = &l->node[node].r[member];
	int64_t adver = l->version == 3 ? ev->adver_us : r->params.adver_us;

	switch (ev->kind) {
	case VRRP_EV_STARTUP:
	case VRRP_EV_RECOVER:
	case VRRP_EV_STALL:
	case VRRP_EV_GROUP_BACKUP:
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
		return;
	}
}

static inline void lan_check_change(struct lan *l, unsigned node, unsigned member,
				    enum vrrp_state before, const struct vrrp_event *ev)
{
	struct lan_router *r = &l->node[node].r[member];

	if (r->fsm.cause == VRRP_CAUSE_STALL)
		r->listen_us = l->now_us + 3 * r->fsm.active_adver_us;
	if (r->fsm.state == VRRP_ACTIVE)
		lan_check_takeover(l, node, member, ev);
	if (before == VRRP_ACTIVE && ev->kind == VRRP_EV_ADVERT &&
	    r->fsm.cause != VRRP_CAUSE_STALL &&
	    (ev->priority < r->fsm.priority ||
	     (ev->priority == r->fsm.priority && !ev->is_addr_greater)))
		lan_fail(l, "router %u yields to a worse one", node);
}

/* --- sync groups --------------------------------------------------------------------------- */

static inline void lan_view(const struct lan *l, unsigned node, struct vrrp_sync_member *view)
{
	for (unsigned m = 0; m < l->n_members; m++)
		view[m] = (struct vrrp_sync_member){ .fsm = &l->node[node].r[m].fsm,
						     .is_running = l->node[node].is_up,
						     .is_faulty = l->node[node].r[m].has_fault };
}

static inline bool lan_may_claim(const struct lan *l, unsigned node, unsigned member)
{
	struct vrrp_sync_member view[LAN_MAX_MEMBERS];

	lan_view(l, node, view);
	return l->n_members == 1 || vrrp_sync_may_claim(view, l->n_members, member, l->now_us);
}

static inline void lan_follow(struct lan *l, unsigned node, unsigned member)
{
	struct vrrp_sync_member view[LAN_MAX_MEMBERS];
	struct lan_node *n = &l->node[node];
	enum vrrp_event_kind kind;

	if (l->n_members == 1 || n->is_following)
		return;
	n->is_following = true;
	lan_view(l, node, view);
	for (unsigned m = 0; m < l->n_members; m++)
		if (vrrp_sync_follow(view, member, m, &kind))
			lan_feed(l, node, m, (struct vrrp_event){ .kind = kind });
	n->is_following = false;
}

/* Does a fault of its own, or of its group, begin or end? */
static inline void lan_reconsider(struct lan *l, unsigned node)
{
	struct vrrp_sync_member view[LAN_MAX_MEMBERS];

	for (unsigned m = 0; m < l->n_members; m++) {
		struct lan_router *r = &l->node[node].r[m];
		bool is_faulty;

		lan_view(l, node, view);
		is_faulty = r->has_fault || vrrp_sync_fault_of(view, l->n_members, m) >= 0;
		if (is_faulty == r->is_faulty)
			continue;
		r->is_faulty = is_faulty;
		lan_feed(
			l, node, m,
			(struct vrrp_event){ .kind = is_faulty ? VRRP_EV_FAULT : VRRP_EV_RECOVER });
	}
}

/* --- events for the machine ---------------------------------------------------------------- */

static inline void lan_feed(struct lan *l, unsigned node, unsigned member, struct vrrp_event ev)
{
	struct lan_router *r = &l->node[node].r[member];
	enum vrrp_state before = r->fsm.state;
	unsigned actions;

	l->skew_us = lan_skew_us(&r->fsm);
	actions = vrrp_fsm_step(&r->fsm, &ev, l->now_us);

	l->node[node].ran_us = l->now_us;
	if (r->fsm.state != before) {
		lan_say(l, "router %u.%u: %s -> %s (%s)", node, member, vrrp_state_text(before),
			vrrp_state_text(r->fsm.state), vrrp_cause_text(r->fsm.cause));
		if (!(actions & VRRP_NOTIFY))
			lan_fail(l, "router %u changes silently", node);
		l->n_late_changes++;
		lan_check_change(l, node, member, before, &ev);
	}
	lan_note(l, node, member, &ev);
	if (r->is_faulty && r->fsm.state != VRRP_FAULT && r->fsm.state != VRRP_INIT)
		lan_fail(l, "router %u is in fault and %s", node, vrrp_state_text(r->fsm.state));
	lan_perform(l, node, member, actions);
	lan_arm(l, node, member);
	if (r->fsm.state != before)
		lan_follow(l, node, member);
}

static inline void lan_renew_later(struct lan *l, unsigned node)
{
	if (l->has_leases)
		lan_push(l, (struct lan_event){ .at_us = l->now_us + LAN_RENEW_US,
						.kind = LAN_RENEW,
						.node = node,
						.epoch = l->node[node].life });
}

static inline void lan_renew(struct lan *l, unsigned node)
{
	l->node[node].renewed_us = l->now_us;
	for (unsigned m = 0; m < l->n_members; m++) {
		const struct lan_router *r = &l->node[node].r[m];

		if (r->holds_addrs && lan_lease_us(&r->params))
			lan_hello(l, node, m);
	}
	lan_renew_later(l, node);
}

static inline void lan_cancel_lease(struct lan_router *r)
{
	r->lease_us = r->lease_end_us = 0;
	r->lease_epoch++;
}

static inline void lan_start(struct lan *l, unsigned node)
{
	struct lan_node *n = &l->node[node];

	n->is_up = true;
	n->is_frozen = false;
	n->n_inbox = 0;
	n->ran_us = l->now_us;
	n->life++;
	for (unsigned m = 0; m < l->n_members; m++) {
		struct lan_router *r = &n->r[m];

		r->holds_addrs = false;
		r->kernel_until_us = 0; /* what an earlier run left is removed */
		r->master = -1;
		lan_cancel_lease(r);
		r->is_faulty = false;
		vrrp_fsm_init(&r->fsm, &r->params);
	}
	lan_reconsider(l, node);
	for (unsigned m = 0; m < l->n_members; m++)
		if (!n->r[m].is_faulty)
			lan_feed(l, node, m, (struct vrrp_event){ .kind = VRRP_EV_STARTUP });
	lan_renew_later(l, node);
}

/* --- what arrives -------------------------------------------------------------------------- */

static inline void lan_prolong(struct lan *l, unsigned node, unsigned member, int64_t end_us)
{
	struct lan_router *r = &l->node[node].r[member];

	if (end_us <= r->lease_end_us)
		return;
	r->lease_end_us = end_us;
	lan_push(l, (struct lan_event){ .at_us = end_us,
					.kind = LAN_LEASE,
					.node = node,
					.member = member,
					.epoch = ++r->lease_epoch });
}

/* As vrrp_auth_verify() judges: the window, then strictly newer. */
static inline bool lan_is_believed(struct lan *l, const struct lan_event *e)
{
	struct lan_router *r = &l->node[e->node].r[e->member];
	int64_t distance = (int64_t)(e->sequence >> 32) - lan_clock(l, e->node) / US_PER_S;

	if (!l->has_auth)
		return true;
	if (distance > lan_auth.window_s || -distance > (int64_t)lan_auth.window_s ||
	    (int64_t)(e->sequence - r->heard[e->from]) <= 0)
		return false;
	r->heard[e->from] = e->sequence;
	return true;
}

static inline void lan_advert(struct lan *l, const struct lan_event *e)
{
	struct lan_router *r = &l->node[e->node].r[e->member];

	if (!lan_is_believed(l, e))
		return;
	r->master = (int)e->from;
	if (r->lease_us) {
		if (l->now_us - r->hello_us > 600 * US_PER_MS)
			lan_cancel_lease(r);
		else
			lan_prolong(l, e->node, e->member, l->now_us + r->lease_us - LAN_RENEW_US);
	}
	lan_feed(l, e->node, e->member,
		 (struct vrrp_event){ .kind = VRRP_EV_ADVERT,
				      .priority = e->priority,
				      .adver_us = e->adver_us,
				      .is_addr_greater = e->from > e->node });
}

static inline void lan_receive(struct lan *l, const struct lan_event *e)
{
	struct lan_node *n = &l->node[e->node];
	struct lan_router *r = &n->r[e->member];

	if (!n->is_up)
		return;
	if (n->is_frozen) {
		if (n->n_inbox < LAN_MAX_INBOX)
			n->inbox[n->n_inbox++] = *e;
		return;
	}
	if (e->kind == LAN_PACKET) {
		lan_advert(l, e);
	} else if (r->master == (int)e->from && e->kind == LAN_CLAIM) {
		lan_feed(l, e->node, e->member, (struct vrrp_event){ .kind = VRRP_EV_HANDOVER });
	} else if (r->master == (int)e->from) {
		r->lease_us = lan_lease_us(&l->node[e->from].r[e->member].params);
		r->hello_us = l->now_us;
		r->lease_end_us = 0;
		lan_prolong(l, e->node, e->member, l->now_us + r->lease_us);
	}
}

static inline void lan_lease(struct lan *l, const struct lan_event *e)
{
	struct lan_node *n = &l->node[e->node];
	struct lan_router *r = &n->r[e->member];

	if (n->is_up && !n->is_frozen && r->lease_us && r->lease_epoch == e->epoch &&
	    r->fsm.state == VRRP_BACKUP)
		lan_feed(l, e->node, e->member, (struct vrrp_event){ .kind = VRRP_EV_LEASE });
}

static inline void lan_timer(struct lan *l, const struct lan_event *e)
{
	struct lan_node *n = &l->node[e->node];
	struct lan_router *r = &n->r[e->member];

	if (!n->is_up || n->is_frozen || r->epoch != e->epoch)
		return;
	if (r->fsm.state == VRRP_BACKUP && r->fsm.deadline_us <= l->now_us &&
	    !lan_may_claim(l, e->node, e->member))
		return; /* who is the last to want takes it along */
	lan_feed(l, e->node, e->member, (struct vrrp_event){ .kind = VRRP_EV_TIMER });
}

#endif
