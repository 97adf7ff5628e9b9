/* lan_trouble.h - what happens to nodes and links. */
#ifndef TESTS_SIM_LAN_TROUBLE_H
#define TESTS_SIM_LAN_TROUBLE_H

#include "lan_router.h"

static inline void lan_touch_link(struct lan *l, unsigned a, unsigned b)
{
	l->clear_since_us[a][b] = l->clear_since_us[b][a] =
		l->loss[a][b] || l->loss[b][a] ? INT64_MAX : l->now_us;
}

/* Nobody renews its addresses any more: when the kernel removes them, a quarter of a second early
 * or late. */
static inline void lan_abandon(struct lan *l, unsigned node)
{
	struct lan_node *n = &l->node[node];
	int64_t renewed_us = l->has_leases ? n->renewed_us : l->now_us - lan_below(l, LAN_RENEW_US);

	for (unsigned m = 0; m < l->n_members; m++) {
		struct lan_router *r = &n->r[m];
		int64_t until_us;

		if (!lan_kernel_has(l, node, m))
			continue;
		until_us = renewed_us + lan_lifetime_us(&r->params) - LAN_RENEW_US +
			   lan_below(l, US_PER_S / 2);
		r->kernel_until_us = MAX(l->now_us, until_us);
		lan_push(l, (struct lan_event){ .at_us = r->kernel_until_us,
						.kind = LAN_EXPIRE,
						.node = node,
						.member = m });
	}
}

/* The guardian lets go in the place of its worker. */
static inline void lan_revoke(struct lan *l, unsigned node, unsigned member)
{
	struct lan_router *r = &l->node[node].r[member];
	int peer = lan_best_peer(l, node, member);

	if (!lan_kernel_has(l, node, member))
		return;
	lan_say(l, "router %u.%u: the guardian lets go", node, member);
	r->kernel_until_us = 0;
	if (peer >= 0)
		lan_send(l, node, (unsigned)peer,
			 (struct lan_event){ .kind = LAN_CLAIM, .member = member });
	lan_advertise(l, node, member, 0);
}

static inline void lan_down(struct lan *l, unsigned node)
{
	struct lan_node *n = &l->node[node];

	n->is_up = n->is_frozen = false;
	n->life++;
	for (unsigned m = 0; m < l->n_members; m++) {
		n->r[m].holds_addrs = false;
		n->r[m].epoch++;
		n->r[m].lease_epoch++;
		vrrp_fsm_init(&n->r[m].fsm, &n->r[m].params);
	}
}

static inline void lan_die(struct lan *l, unsigned node, bool is_guarded)
{
	lan_say(l, "node %u: %s", node, is_guarded ? "the worker dies" : "all of it dies");
	for (unsigned m = 0; m < l->n_members && is_guarded; m++)
		lan_revoke(l, node, m);
	lan_abandon(l, node);
	lan_down(l, node);
}

static inline void lan_stop(struct lan *l, unsigned node)
{
	lan_say(l, "node %u: stops", node);
	for (unsigned m = 0; m < l->n_members; m++)
		lan_feed(l, node, m, (struct vrrp_event){ .kind = VRRP_EV_SHUTDOWN });
	lan_down(l, node);
}

static inline void lan_freeze(struct lan *l, unsigned node, bool is_guarded)
{
	struct lan_node *n = &l->node[node];

	n->is_frozen = true;
	n->is_guarded = is_guarded;
	lan_say(l, "node %u: %s freezes", node, is_guarded ? "the worker" : "all of it");
	if (!is_guarded)
		lan_abandon(l, node);
	for (unsigned m = 0; m < l->n_members && is_guarded; m++) {
		if (!n->r[m].holds_addrs)
			continue;
		lan_abandon(l, node);
		lan_push(l, (struct lan_event){ .at_us = l->now_us +
							 lan_frozen_after_us(&n->r[m].params),
						.kind = LAN_REVOKE,
						.node = node,
						.member = m,
						.epoch = n->life });
	}
}

/* What the daemon does first: did it sleep too long? See vrrpd/worker.c. */
static inline void lan_after_pause(struct lan *l, unsigned node, unsigned member, int64_t slept_us)
{
	struct lan_router *r = &l->node[node].r[member];
	int64_t lease_us = r->holds_addrs && l->has_leases ? lan_lease_us(&r->params) : 0;
	bool is_revoked = r->holds_addrs && l->node[node].is_guarded && r->kernel_until_us == 0;
	bool is_lost = is_revoked || (lease_us && slept_us > lease_us) ||
		       (slept_us > vrrp_fsm_down_us(&r->fsm) && lan_below(l, 2)); /* suspended */

	if (slept_us > 750 * US_PER_MS) { /* a stall; hellos may have come and gone */
		lan_cancel_lease(r);
	}
	if (is_lost || r->fsm.state == VRRP_ACTIVE)
		lan_feed(l, node, member,
			 (struct vrrp_event){ .kind = is_lost ? VRRP_EV_STALL : VRRP_EV_TIMER });
	if (r->holds_addrs)
		r->kernel_until_us = INT64_MAX;
}

/* As the daemon wakes: the stall first, then what was queued, then the timer. */
static inline void lan_thaw(struct lan *l, unsigned node)
{
	struct lan_node *n = &l->node[node];
	int64_t slept_us = l->now_us - n->ran_us;
	bool is_late[LAN_MAX_MEMBERS] = { false };

	if (!n->is_up || !n->is_frozen)
		return;
	for (unsigned m = 0; m < l->n_members; m++)
		is_late[m] =
			n->r[m].fsm.state == VRRP_ACTIVE &&
			l->now_us - n->r[m].fsm.sent_us > 4 * n->r[m].params.adver_us + US_PER_S;
	n->is_frozen = false;
	lan_say(l, "node %u: thaws after %" PRId64 " ms", node, slept_us / US_PER_MS);
	for (unsigned m = 0; m < l->n_members; m++)
		lan_after_pause(l, node, m, slept_us);
	lan_reconsider(l, node);
	for (unsigned i = 0; i < n->n_inbox; i++)
		lan_receive(l, &n->inbox[i]);
	n->n_inbox = 0;
	for (unsigned m = 0; m < l->n_members; m++) {
		struct lan_router *r = &n->r[m];

		if (r->fsm.state != VRRP_BACKUP || lan_may_claim(l, node, m))
			lan_feed(l, node, m, (struct vrrp_event){ .kind = VRRP_EV_TIMER });
		if (is_late[m] && r->fsm.state == VRRP_ACTIVE && r->fsm.since_us != l->now_us)
			lan_fail(l, "router %u slept too long and did not step down", node);
	}
	n->life++; /* one timer of renewals only */
	lan_renew_later(l, node);
}

static inline void lan_set_fault(struct lan *l, unsigned node, unsigned member, bool has_fault)
{
	struct lan_node *n = &l->node[node];

	if (n->r[member].has_fault == has_fault)
		return;
	lan_say(l, "router %u.%u: tracker %s", node, member, has_fault ? "fails" : "recovers");
	n->r[member].has_fault = has_fault;
	if (n->is_up && !n->is_frozen)
		lan_reconsider(l, node);
}

static inline void lan_set_priority(struct lan *l, unsigned node, uint8_t priority)
{
	struct lan_node *n = &l->node[node];

	if (n->r[0].params.priority == 255 || !n->is_up || n->is_frozen)
		return;
	lan_say(l, "node %u: priority %u", node, priority);
	for (unsigned m = 0; m < l->n_members; m++) {
		int peer = lan_best_peer(l, node, m);
		uint8_t theirs = peer < 0 ? 0 : l->node[peer].r[m].fsm.priority;

		lan_feed(l, node, m,
			 (struct vrrp_event){ .kind = VRRP_EV_PRIORITY,
					      .priority = priority,
					      .peer_priority = theirs });
	}
}

/* Another configuration, as vrrp_instance_set_cfg() takes it. */
static inline void lan_reload(struct lan *l, unsigned node, uint64_t *dice)
{
	struct lan_node *n = &l->node[node];
	struct vrrp_params p = n->r[0].params;

	if (!n->is_up || n->is_frozen)
		return;
	if (p.priority != 255 && lan_draw(dice, 2))
		p.priority = (uint8_t)(1 + lan_draw(dice, 254));
	if (l->version == 3 && lan_draw(dice, 2))
		p.adver_us = lan_draw(dice, 2) ? MIN(2 * p.adver_us, 3 * US_PER_S)
					       : MAX(p.adver_us / 2, 10 * US_PER_MS);
	if (lan_draw(dice, 4) == 0)
		p.preempt = !p.preempt;
	p.preempt_delay_us = lan_draw(dice, 4) ? 0 : lan_draw(dice, 3 * p.adver_us);
	lan_say(l, "node %u: reload: priority %u, interval %" PRId64 " ms%s", node, p.priority,
		p.adver_us / US_PER_MS, p.preempt ? "" : ", nopreempt");
	for (unsigned m = 0; m < l->n_members; m++) {
		n->r[m].params = p;
		if (l->version == 2 || n->r[m].fsm.state == VRRP_ACTIVE)
			n->r[m].fsm.active_adver_us = p.adver_us;
	}
	lan_set_priority(l, node, p.priority);
}

static inline void lan_cut(struct lan *l, unsigned from, unsigned to, unsigned loss)
{
	if (from == to)
		return;
	l->loss[from][to] = loss;
	lan_say(l, "link %u -> %u: loss %u/256", from, to, loss);
	lan_touch_link(l, from, to);
}

static inline void lan_partition(struct lan *l, unsigned node)
{
	unsigned cut = l->loss[node][(node + 1) % l->n] ? 0 : 256;

	for (unsigned i = 0; i < l->n; i++) {
		lan_cut(l, node, i, cut);
		lan_cut(l, i, node, cut);
	}
}

/* Down or frozen for a while. */
static inline void lan_back_later(struct lan *l, unsigned node, enum lan_kind kind,
				  int64_t after_us)
{
	lan_push(l,
		 (struct lan_event){ .at_us = l->now_us + after_us, .kind = kind, .node = node });
}

static inline void lan_trouble_process(struct lan *l, unsigned node, uint64_t *dice, int64_t unit)
{
	struct lan_node *n = &l->node[node];
	int64_t away_us = lan_draw(dice, 8 * unit);

	if (!n->is_up || n->is_frozen)
		return;
	switch (lan_draw(dice, 5)) {
	case 0:
	case 1:
		lan_freeze(l, node, lan_draw(dice, 2));
		lan_back_later(l, node, LAN_THAW, away_us);
		return;
	case 2:
	case 3:
		lan_die(l, node, lan_draw(dice, 2));
		break;
	default:
		lan_stop(l, node);
		break;
	}
	lan_back_later(l, node, LAN_START, away_us);
}

static inline void lan_trouble(struct lan *l, const struct lan_trouble *t)
{
	uint64_t dice = t->dice;
	unsigned node = (unsigned)lan_draw(&dice, l->n), other = (unsigned)lan_draw(&dice, l->n);
	struct lan_node *n = &l->node[node];
	int64_t unit = n->r[0].params.adver_us;
	unsigned member = (unsigned)lan_draw(&dice, l->n_members);

	switch (lan_draw(&dice, 12)) {
	case 0:
	case 1:
	case 2:
		lan_trouble_process(l, node, &dice, unit);
		return;
	case 3:
		lan_set_fault(l, node, member, !n->r[member].has_fault);
		return;
	case 4:
		lan_set_priority(l, node, (uint8_t)(1 + lan_draw(&dice, 254)));
		return;
	case 5:
	case 6: /* one-way cut, or the end of it */
		lan_cut(l, node, other, l->loss[node][other] ? 0 : 256);
		return;
	case 7:
		lan_partition(l, node);
		return;
	case 8:
		lan_cut(l, node, other, (unsigned)lan_draw(&dice, 200));
		return;
	case 9: /* a hand-over message that is late, or a lie */
		if (n->r[member].master >= 0)
			lan_push(l, (struct lan_event){ .at_us = l->now_us + lan_draw(&dice, unit),
							.kind = LAN_CLAIM,
							.node = node,
							.member = member,
							.from = (unsigned)n->r[member].master });
		return;
	case 10:
		lan_reload(l, node, &dice);
		return;
	default:
		l->delay_us = 1 + lan_draw(&dice, unit / 2);
		if (l->has_auth) {
			n->clock_us = lan_draw(&dice, 2 * LAN_CLOCK_US) - LAN_CLOCK_US;
			lan_say(l, "node %u: its clock is wrong by %" PRId64 " ms", node,
				n->clock_us / US_PER_MS);
		}
		return;
	}
}

#endif
