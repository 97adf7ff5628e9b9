/* vrrp_conflict.c - another owner of our addresses: seen, said, answered. */
#include "vrrp_instance.h"

#include <string.h>
#include <tandem/clock.h>
#include <tandem/log.h>

#define LOG_BURST  20
#define LOG_PERIOD (60 * US_PER_S)
#define DEAF_US    INT64_C(2500000) /* as long as three reports */
/* Of answers to the probes of dup_watch. */
#define SETTLE_US       (300 * US_PER_MS)
#define ANSWER_PAUSE_US (200 * US_PER_MS)
#define PROBE_US        (500 * US_PER_MS)

static void describe(const struct conflict *c, char out[96])
{
	char ip[INET6_ADDRSTRLEN];

	addr_format_ip(&c->peer, ip);
	if (c->why == CONFLICT_ADDRESS)
		snprintf(out, 96, "address=%s mac=%02x:%02x:%02x:%02x:%02x:%02x", ip, c->mac[0],
			 c->mac[1], c->mac[2], c->mac[3], c->mac[4], c->mac[5]);
	else
		snprintf(out, 96, "peer=%s peer_priority=%u", ip, c->priority);
}

/* before: what it was until now, for the end. */
static void tell(struct vrrp_instance *i, enum conflict_change change,
		 const struct conflict *before)
{
	char who[96];
	unsigned held;

	switch (change) {
	case CONFLICT_SAME:
		return;
	case CONFLICT_BEGAN:
		i->n.conflicts++;
		i->conflict_real_us =
			clock_real_us() - (i->env->loop->now_us - i->conflict.since_us);
		/* fallthrough */
	case CONFLICT_CHANGED:
		describe(&i->conflict, who);
		if (log_limit_ok(&i->conflict_limit, i->env->loop->now_us, LOG_BURST, LOG_PERIOD,
				 &held))
			log_err("vrrp", "conflict",
				"instance=%s cause=\"%s\" %s priority=%u suppressed=%u",
				i->cfg->name, conflict_text(i->conflict.why), who, i->fsm.priority,
				held);
		break;
	case CONFLICT_ENDED:
		i->last_conflict = *before;
		describe(before, who);
		if (log_limit_ok(&i->conflict_limit, i->env->loop->now_us, LOG_BURST, LOG_PERIOD,
				 &held))
			log_notice("vrrp", "conflict_over",
				   "instance=%s cause=\"%s\" %s lasted_ms=%lld state=%s",
				   i->cfg->name, conflict_text(before->why), who,
				   (long long)((before->last_us - before->since_us) / US_PER_MS),
				   vrrp_state_text(i->fsm.state));
		break;
	}
	/* The network may have learned the other one: tell it again, now. */
	if (i->holds_addrs)
		vrrp_addrs_announce(i, 1);
}

static int64_t active_for_us(const struct vrrp_instance *i)
{
	return i->env->loop->now_us - i->fsm.since_us;
}

void vrrp_conflict_on_advert(struct vrrp_instance *i, const struct addr *src,
			     const struct vrrp_advert *a)
{
	const struct hello_peer *peer = vrrp_io_find_hello(i, src);
	struct conflict before = i->conflict;
	struct conflict_sign s = { .peer = *src,
				   .priority = a->priority,
				   .interval_us = MAX(a->adver_us, i->params.adver_us),
				   .active_for_us = active_for_us(i),
				   .is_peer_deaf = peer && peer->is_one_way };

	addr_set_port(&s.peer, 0);
	if (a->priority == 0)
		tell(i, conflict_peer_left(&i->conflict, &s.peer), &before);
	else
		tell(i, conflict_hear(&i->conflict, &s, i->env->loop->now_us), &before);
}

void vrrp_conflict_on_hello(struct vrrp_instance *i, const struct addr *src,
			    const struct handover_msg *m)
{
	struct conflict before = i->conflict;
	struct conflict_sign s = { .peer = *src,
				   .priority = m->priority,
				   .interval_us = HANDOVER_HELLO_US,
				   .active_for_us = active_for_us(i),
				   .is_refused = true };

	if (m->state != VRRP_ACTIVE)
		tell(i, conflict_peer_left(&i->conflict, src), &before);
	else if (i->fsm.state == VRRP_ACTIVE && foreign_find(i->foreign, src, i->env->loop->now_us))
		tell(i, conflict_hear(&i->conflict, &s, i->env->loop->now_us), &before);
}

void vrrp_conflict_on_answer(struct vrrp_instance *i, const struct addr *vip, const uint8_t mac[6])
{
	int64_t now_us = i->env->loop->now_us;
	struct conflict before = i->conflict;
	enum conflict_change change;

	/* What was in flight when we claimed; and a flood of claims is one. */
	if (i->fsm.state != VRRP_ACTIVE || active_for_us(i) < SETTLE_US ||
	    now_us - i->answered_us < ANSWER_PAUSE_US)
		return;
	i->answered_us = now_us;
	change = conflict_answer(&i->conflict, vip, mac, PROBE_US, now_us);
	if (change == CONFLICT_SAME)
		vrrp_addrs_announce(i, 1);
	tell(i, change, &before);
}

/* We hear a peer that does not hear us. */
static void judge_hearing(struct vrrp_instance *i, struct hello_peer *p)
{
	int64_t now_us = i->env->loop->now_us;
	bool is_one_way = vrrp_io_is_fresh(i, p) && p->unheard_since_us &&
			  now_us - p->unheard_since_us >= DEAF_US;
	char ip[INET6_ADDRSTRLEN];
	unsigned held;

	if (is_one_way == p->is_one_way)
		return;
	p->is_one_way = is_one_way;
	addr_format_ip(&p->addr, ip);
	if (!log_limit_ok(&i->conflict_limit, now_us, LOG_BURST, LOG_PERIOD, &held))
		return;
	if (is_one_way)
		log_warn("vrrp", "one_way_loss",
			 "instance=%s peer=%s detail=\"we hear the peer, it does not hear us\" "
			 "peer_state=%s suppressed=%u",
			 i->cfg->name, ip, vrrp_state_text(p->state), held);
	else
		log_notice("vrrp", "one_way_loss_over", "instance=%s peer=%s suppressed=%u",
			   i->cfg->name, ip, held);
}

void vrrp_conflict_tick(struct vrrp_instance *i)
{
	struct conflict before = i->conflict;

	for (unsigned k = 0; k < VRRP_MAX_HELLO_PEERS; k++) {
		if (i->peers[k].seen_us)
			judge_hearing(i, &i->peers[k]);
	}
	if (i->fsm.state != VRRP_ACTIVE)
		tell(i, conflict_leave(&i->conflict), &before);
	else
		tell(i, conflict_tick(&i->conflict, i->env->loop->now_us), &before);
}
