/* lan.h - a virtual LAN of nodes that run the real state machine, in virtual time.
 *
 * One seed is one schedule: two to five nodes, each one router or two in a sync group; then a time
 * of trouble (loss, delay, reordering, duplicates, one-way cuts, partitions, freezes and deaths
 * with and without a guardian, stops, faults, priorities, reloads, false hand-overs, wrong clocks);
 * then the LAN heals; at last the ACTIVE node is stopped, killed or frozen. Checked all along:
 * addresses are held exactly while ACTIVE, nobody in FAULT is ACTIVE, two ACTIVE routers that hear
 * each other do not stay so, who overslept does not speak before it stepped down. Checked after
 * healing: within the bound exactly one router is ACTIVE and only its kernel has the address, it
 * stays so, sync groups stand together; it is the best one where all may preempt; where leases are
 * known, the address passes on without a gap. */
#ifndef TESTS_SIM_LAN_H
#define TESTS_SIM_LAN_H

#include "lan_trouble.h"

/* --- promises ------------------------------------------------------------------------------ */

/* The longest wait before one router speaks up: a dead time, version 2's skew in whole seconds.
 * Wrong clocks: until the right ones have caught up with what was sent. */
static inline int64_t lan_bound_us(const struct lan *l)
{
	return 3 * lan_slowest_us(l) + MAX(lan_slowest_us(l), US_PER_S) + 10 * LAN_FAST_US +
	       (l->has_auth ? LAN_CLOCK_US + 2 * US_PER_S : 0);
}

/* Two ACTIVE routers that hear each other without loss: the next advert ends it. */
static inline void lan_check_pair(struct lan *l, unsigned m, unsigned a, unsigned b)
{
	/* a packet travels for half of it */
	int64_t limit = 2 * lan_slowest_us(l) + 2 * LAN_FAST_US;
	int64_t *since = &l->both_since_us[m][a][b];

	if (!lan_is_active(l, a, m) || !lan_is_active(l, b, m) ||
	    l->clear_since_us[a][b] == INT64_MAX || l->has_auth) {
		*since = 0;
		return;
	}
	if (*since == 0)
		*since = MAX(l->now_us, 1);
	if (l->now_us - MAX(*since, l->clear_since_us[a][b]) > limit)
		lan_fail(l, "routers %u and %u both ACTIVE for %" PRId64 " ms", a, b,
			 (l->now_us - *since) / US_PER_MS);
}

static inline void lan_check_pairs(struct lan *l)
{
	for (unsigned m = 0; m < l->n_members; m++)
		for (unsigned a = 0; a < l->n; a++)
			for (unsigned b = a + 1; b < l->n; b++)
				lan_check_pair(l, m, a, b);
}

static inline void lan_check_one(struct lan *l)
{
	unsigned n_active = 0, n_holding = 0;

	for (unsigned m = 0; m < l->n_members; m++) {
		for (unsigned k = 0; k < l->n; k++) {
			n_active += lan_is_active(l, k, m);
			n_holding += lan_kernel_has(l, k, m);
		}
	}
	if (n_active == l->n_members && n_holding == l->n_members) {
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

/* In the end: all may preempt, so the best one serves; groups stand together. */
static inline void lan_check_end(struct lan *l)
{
	unsigned best = 0, active = 0;
	bool is_preempting = true;

	for (unsigned k = 0; k < l->n; k++) {
		const struct lan_router *r = l->node[k].r;

		if (r->fsm.priority >= l->node[best].r->fsm.priority)
			best = k;
		if (lan_is_active(l, k, 0))
			active = k;
		is_preempting &= r->params.preempt;
		for (unsigned m = 1; m < l->n_members; m++)
			if (r[m].fsm.state != r->fsm.state)
				lan_fail(l, "node %u: the sync group is torn", k);
	}
	if (is_preempting && l->node[best].r->fsm.priority != l->node[active].r->fsm.priority)
		lan_fail(l, "router %u serves, router %u is better", active, best);
	if (l->n_late_changes)
		lan_fail(l, "%u changes of state on a quiet LAN", l->n_late_changes);
}

/* The kernel of a dead or frozen master removed the address: the next one must serve already. */
static inline void lan_check_gap(struct lan *l, const struct lan_event *e)
{
	bool is_served = false;

	if (!l->gone_us || !l->has_leases || l->has_auth ||
	    !lan_lease_us(&l->node[e->node].r[e->member].params))
		return;
	for (unsigned k = 0; k < l->n; k++)
		is_served |= k != e->node && lan_is_active(l, k, e->member);
	if (!is_served)
		lan_fail(l, "the address of router %u ended and nobody has it", e->node);
}

/* At rest no member is ACTIVE while another is BACKUP. */
static inline void lan_check_group(struct lan *l, unsigned node)
{
	const struct lan_node *n = &l->node[node];

	for (unsigned m = 1; m < l->n_members && n->is_up && !n->is_frozen; m++)
		if ((n->r[0].fsm.state == VRRP_ACTIVE && n->r[m].fsm.state == VRRP_BACKUP) ||
		    (n->r[m].fsm.state == VRRP_ACTIVE && n->r[0].fsm.state == VRRP_BACKUP))
			lan_fail(l, "node %u: the sync group is torn", node);
}

/* --- the run ------------------------------------------------------------------------------- */

/* The end of the only ACTIVE node, on a quiet LAN. */
static inline void lan_end_active(struct lan *l)
{
	unsigned way = (unsigned)lan_below(l, 5);

	l->is_stopped = l->is_last_phase = true;
	for (unsigned k = 0; k < l->n; k++) {
		if (!lan_is_active(l, k, 0))
			continue;
		if (way == 0)
			lan_stop(l, k);
		else if (way == 1)
			lan_die(l, k, true);
		else
			l->gone_us = l->now_us;
		if (way == 2)
			lan_die(l, k, false);
		else if (way > 2)
			lan_freeze(l, k, way == 3);
		return;
	}
}

static inline void lan_heal(struct lan *l)
{
	l->is_healed = true;
	memset(l->loss, 0, sizeof(l->loss));
	lan_say(l, "the LAN heals");
	for (unsigned k = 0; k < l->n; k++)
		l->node[k].clock_us = 0;
	for (unsigned k = 0; k < l->n; k++) {
		lan_thaw(l, k);
		if (!l->node[k].is_up)
			lan_start(l, k);
		for (unsigned m = 0; m < l->n_members; m++)
			lan_set_fault(l, k, m, false);
		lan_set_priority(l, k, l->node[k].r[0].params.priority);
		for (unsigned i = 0; i < l->n; i++)
			lan_touch_link(l, k, i);
	}
	l->bound_us = lan_bound_us(l);
	lan_push(l, (struct lan_event){ .at_us = l->heal_us + 5 * l->bound_us, .kind = LAN_CHECK });
	lan_push(l, (struct lan_event){ .at_us = l->heal_us + 8 * l->bound_us, .kind = LAN_LAST });
	l->end_us = l->heal_us + 10 * l->bound_us;
}

static inline void lan_handle(struct lan *l, const struct lan_event *e)
{
	struct lan_node *n = &l->node[e->node];

	switch (e->kind) {
	case LAN_TIMER:
		lan_timer(l, e);
		return;
	case LAN_PACKET:
	case LAN_CLAIM:
	case LAN_HELLO:
		lan_receive(l, e);
		return;
	case LAN_RENEW:
		if (n->is_up && !n->is_frozen && n->life == e->epoch)
			lan_renew(l, e->node);
		return;
	case LAN_LEASE:
		lan_lease(l, e);
		return;
	case LAN_EXPIRE:
		if (n->r[e->member].kernel_until_us == l->now_us)
			lan_check_gap(l, e);
		return;
	case LAN_REVOKE:
		if (n->is_frozen && n->life == e->epoch)
			lan_revoke(l, e->node, e->member);
		return;
	case LAN_THAW:
		lan_thaw(l, e->node);
		return;
	case LAN_START:
		if (!n->is_up && !l->is_stopped) {
			lan_say(l, "node %u: starts", e->node);
			lan_start(l, e->node);
		}
		return;
	case LAN_TROUBLE:
		lan_trouble(l, &l->troubles[e->epoch]);
		return;
	case LAN_HEAL:
		lan_heal(l);
		return;
	case LAN_CHECK: /* from here on the LAN must be quiet */
		l->n_late_changes = 0;
		return;
	case LAN_LAST:
		lan_check_end(l);
		lan_end_active(l);
		return;
	}
}

static inline void lan_make_params(struct lan *l, struct vrrp_params *p, bool is_preempting,
				   bool is_mixed, int64_t adver)
{
	*p = (struct vrrp_params){ .priority = (uint8_t)(1 + lan_below(l, 254)),
				   .version = l->version,
				   .preempt = is_preempting,
				   .adver_us = adver };
	if (is_mixed && l->version == 3 && lan_below(l, 2))
		p->adver_us = adver * (1 + lan_below(l, 3));
	if (is_preempting && lan_below(l, 4) == 0)
		p->preempt_delay_us = lan_below(l, 3 * adver);
	p->higher_prio_send_advert = lan_below(l, 8) == 0;
}

/* Who takes part. Returns the shortest interval. */
static inline int64_t lan_set_up(struct lan *l)
{
	static const int64_t intervals[] = { 10 * US_PER_MS, 100 * US_PER_MS, 400 * US_PER_MS,
					     US_PER_S, 3 * US_PER_S };
	bool is_preempting = lan_below(l, 4) != 0, is_mixed = lan_below(l, 4) == 0;
	int64_t adver = intervals[lan_below(l, ARRAY_LEN(intervals))];

	l->n = 2 + (unsigned)lan_below(l, LAN_MAX_NODES - 1);
	l->n_members = lan_below(l, 4) ? 1 : 2;
	l->version = lan_below(l, 2) ? 3 : 2;
	l->has_leases = adver <= US_PER_S && lan_below(l, 4) == 0;
	l->has_auth = lan_below(l, 8) == 0;
	if (l->version == 2)
		adver = MAX(adver, US_PER_S);
	for (unsigned k = 0; k < l->n; k++) {
		struct lan_router *r = l->node[k].r;

		lan_make_params(l, &r->params, is_preempting, is_mixed, adver);
		if (k && lan_below(l, 4) == 0) /* the address decides */
			r->params.priority = l->node[k - 1].r->params.priority;
		for (unsigned m = 1; m < l->n_members; m++)
			r[m].params = r->params;
	}
	if (l->n_members == 1 && lan_below(l, 8) == 0)
		l->node[lan_below(l, l->n)].r->params.priority = 255;
	l->delay_us = 1 + lan_below(l, adver / 4);
	return adver;
}

/* The schedule: when what happens. `skip`: entries to leave out; NULL: none. */
static inline void lan_plan(struct lan *l, int64_t adver, const bool *skip)
{
	int64_t bound = lan_bound_us(l), at = l->now_us + bound;
	int64_t end = at + 4 * bound + lan_below(l, 5 * bound);

	for (unsigned k = 0; k < l->n; k++)
		lan_push(l, (struct lan_event){ .at_us = l->now_us + lan_below(l, bound),
						.kind = LAN_START,
						.node = k });
	while (at < end && l->n_troubles < LAN_MAX_TROUBLES) {
		unsigned i = l->n_troubles++;

		l->troubles[i] = (struct lan_trouble){ .at_us = at, .dice = lan_random(&l->rng) };
		if (!skip || !skip[i])
			lan_push(l, (struct lan_event){
					    .at_us = at, .kind = LAN_TROUBLE, .epoch = i });
		at += lan_below(l, 3 * adver);
	}
	l->heal_us = at;
	l->end_us = INT64_MAX; /* known when it heals */
	lan_push(l, (struct lan_event){ .at_us = l->heal_us, .kind = LAN_HEAL });
}

static inline const char *lan_run_without(struct lan *l, uint64_t seed, FILE *trace,
					  const bool *skip)
{
	unsigned n_events = 0;
	int64_t adver;

	memset(l, 0, sizeof(*l));
	l->seed = l->rng = seed;
	l->trace = trace;
	adver = lan_set_up(l);
	l->now_us = 5 * US_PER_S; /* 0 means "never" in places */
	for (unsigned k = 0; k < l->n; k++)
		lan_say(l, "node %u: priority %u, version %u, interval %" PRId64 " ms%s%s%s%s", k,
			l->node[k].r[0].params.priority, l->version,
			l->node[k].r[0].params.adver_us / US_PER_MS,
			l->node[k].r[0].params.preempt ? "" : ", nopreempt",
			l->n_members > 1 ? ", two in a sync group" : "",
			l->has_leases ? ", leases" : "", l->has_auth ? ", auth_hmac" : "");
	lan_plan(l, adver, skip);
	while (l->n_heap && !l->why[0]) {
		struct lan_event e = lan_pop(l);

		if (e.at_us > l->end_us)
			break;
		if (++n_events > LAN_MAX_STEPS)
			lan_fail(l, "no end of events");
		ASSERT(e.at_us >= l->now_us);
		l->now_us = e.at_us;
		lan_handle(l, &e);
		lan_check_pairs(l);
		lan_check_group(l, e.node);
		if (l->is_healed && l->now_us > l->heal_us + l->bound_us && !l->is_stopped)
			lan_check_one(l);
	}
	if (!l->why[0]) {
		l->odd_since_us = 1; /* no more patience */
		lan_check_one(l);
	}
	return l->why;
}

/* Run one schedule. Empty: all promises were kept; else what was broken. */
static inline const char *lan_run(struct lan *l, uint64_t seed, FILE *trace)
{
	return lan_run_without(l, seed, trace, NULL);
}

/* Leave out as many entries of a broken schedule as one can: `skip` is for lan_run_without. Returns
 * how many are left. */
static inline unsigned lan_shrink(struct lan *l, uint64_t seed, bool skip[LAN_MAX_TROUBLES])
{
	unsigned n, left;

	memset(skip, 0, LAN_MAX_TROUBLES * sizeof(*skip));
	(void)lan_run(l, seed, NULL);
	n = left = l->n_troubles;
	for (unsigned chunk = (n + 1) / 2; chunk; chunk = chunk > 1 ? (chunk + 1) / 2 : 0) {
		for (unsigned at = 0; at < n; at += chunk) {
			bool before[LAN_MAX_TROUBLES];

			memcpy(before, skip, sizeof(before));
			for (unsigned i = at; i < MIN(at + chunk, n); i++)
				skip[i] = true;
			if (!*lan_run_without(l, seed, NULL, skip))
				memcpy(skip, before, sizeof(before));
		}
		if (chunk == 1)
			break;
	}
	for (unsigned i = 0; i < n; i++)
		left -= skip[i];
	return left;
}

#endif
