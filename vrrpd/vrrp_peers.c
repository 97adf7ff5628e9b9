/* vrrp_peers.c - what one virtual router and other vrrpd tell each other: hellos, hand-overs,
 * reports. */
#include "vrrp_io_priv.h"

#include <arpa/inet.h>
#include <string.h>
#include <tandem/clock.h>
#include <tandem/log.h>

#include "vrrp_lease.h"

#define PEER_BURST       20
#define PEER_PERIOD      (10 * US_PER_S)
#define CLAIM_PERIOD_US  US_PER_S
#define READER_MEMORY_US (600 * US_PER_S)

static int handover_fd(const struct vrrp_instance *i)
{
	return i->cfg->family == AF_INET6 ? i->env->handover->fd6 : i->env->handover->fd;
}

bool vrrp_io_is_fresh(const struct vrrp_instance *i, const struct hello_peer *p)
{
	return p->seen_us && i->env->loop->now_us - p->seen_us <= HANDOVER_FRESH_US;
}

static struct hello_peer *find_hello(struct vrrp_instance *i, const struct addr *a)
{
	for (unsigned k = 0; k < VRRP_MAX_HELLO_PEERS; k++) {
		if (vrrp_io_is_fresh(i, &i->peers[k]) && vrrp_io_is_same_ip(&i->peers[k].addr, a))
			return &i->peers[k];
	}
	return NULL;
}

const struct hello_peer *vrrp_io_find_hello(const struct vrrp_instance *i, const struct addr *a)
{
	return find_hello((struct vrrp_instance *)i, a);
}

const struct hello_peer *vrrp_io_best_peer(const struct vrrp_instance *i)
{
	const struct hello_peer *best = NULL;

	for (unsigned k = 0; k < VRRP_MAX_HELLO_PEERS; k++) {
		const struct hello_peer *p = &i->peers[k];

		if (!vrrp_io_is_fresh(i, p) || p->state != VRRP_BACKUP)
			continue;
		if (!best || p->priority > best->priority ||
		    (p->priority == best->priority &&
		     vrrp_io_compare_ip(&p->addr, &best->addr) > 0))
			best = p;
	}
	return best;
}

/* The hand-over message for the best peer: its length, 0: there is none. */
size_t vrrp_peers_make_claim(const struct vrrp_instance *i, struct net_dest *to,
			     uint8_t bytes[HANDOVER_MAX_LEN])
{
	const struct hello_peer *peer = vrrp_io_best_peer(i);
	struct handover_msg m = { .kind = HANDOVER_CLAIM,
				  .vrid = i->cfg->vrid,
				  .priority = i->fsm.priority,
				  .state = i->fsm.state,
				  .adver_us = i->params.adver_us };

	if (!peer || !i->ifindex || !i->src.len)
		return 0;
	m.target = peer->addr;
	/* To the group where there is one: no ARP stands between us and the peer. */
	*to = (struct net_dest){ .ifindex = i->ifindex,
				 .src = i->src,
				 .dst = i->cfg->is_unicast ? peer->addr : vrrp_io_group(i) };
	addr_set_port(&to->dst, HANDOVER_PORT);
	handover_build(&m, bytes);
	return vrrp_io_append_trailer(i, &i->src, true, vrrp_io_next_sequence(i, i->hand_sequence),
				      bytes, HANDOVER_LEN);
}

void vrrp_io_send_claim(struct vrrp_instance *i)
{
	uint8_t bytes[HANDOVER_MAX_LEN];
	struct net_dest to;
	size_t len = handover_fd(i) == -1 ? 0 : vrrp_peers_make_claim(i, &to, bytes);
	int err;

	if (!len)
		return;
	i->hand_sequence = vrrp_io_next_sequence(i, i->hand_sequence);
	err = vrrp_send(handover_fd(i), &to, bytes, len);
	if (err)
		i->n.send_errors++;
	else
		i->n.claims_sent++;
}

static void send_hello(struct vrrp_instance *i, const struct net_dest *to, void *arg)
{
	uint8_t bytes[HANDOVER_MAX_LEN];
	size_t len;

	memcpy(bytes, arg, HANDOVER_LEN);
	len = vrrp_io_append_trailer(i, &to->src, true, i->hand_sequence, bytes, HANDOVER_LEN);
	/* Lost hellos cost speed, not correctness: no log line. */
	(void)!vrrp_send(handover_fd(i), to, bytes, len);
}

void vrrp_io_send_hello(struct vrrp_instance *i)
{
	struct handover_msg m = {
		.kind = HANDOVER_HELLO,
		.vrid = i->cfg->vrid,
		.priority = i->is_in_fault ? 0 : i->fsm.priority,
		.state = i->fsm.state,
		.flags = HANDOVER_READS_REPORTS |
			 (i->env->loop->now_us < i->env->drill_until_us ? HANDOVER_DRILLS : 0),
		.adver_us = i->params.adver_us,
		.lease_us = vrrp_lease_own_us(i)
	};
	uint8_t bytes[HANDOVER_LEN];

	if (handover_fd(i) == -1)
		return;
	handover_build(&m, bytes);
	i->hand_sequence = vrrp_io_next_sequence(i, i->hand_sequence);
	vrrp_io_each_dest(i, HANDOVER_PORT, send_hello, bytes);
}

/* --- reports -------------------------------------------------------------------------------- */

/* Who announced once that it reads them gets reports for a while, also while it is not heard: they
 * tell it just that. */
static bool is_reader(const struct vrrp_instance *i, const struct hello_peer *p)
{
	return p->reads_reports && p->seen_us &&
	       i->env->loop->now_us - p->seen_us <= READER_MEMORY_US;
}

static bool has_reader(const struct vrrp_instance *i, const struct addr *only)
{
	for (unsigned k = 0; k < VRRP_MAX_HELLO_PEERS; k++) {
		if (is_reader(i, &i->peers[k]) &&
		    (!only || vrrp_io_is_same_ip(&i->peers[k].addr, only)))
			return true;
	}
	return false;
}

static void list_heard(const struct vrrp_instance *i, struct vrrp_report *r)
{
	int64_t now_us = i->env->loop->now_us;
	int64_t master_age_us = now_us - i->master_seen_us;
	bool hears_master = i->master.len && master_age_us <= 3 * i->fsm.active_adver_us;

	for (unsigned k = 0; k < VRRP_MAX_HELLO_PEERS; k++) {
		const struct hello_peer *p = &i->peers[k];
		bool is_master = hears_master && vrrp_io_is_same_ip(&p->addr, &i->master);

		if (!vrrp_io_is_fresh(i, p) || r->n_heard == VRRP_REPORT_MAX_HEARD)
			continue;
		r->heard[r->n_heard++] = (struct vrrp_heard){
			.addr = p->addr,
			.priority = p->priority,
			.what = (uint8_t)(HEARD_HELLO | (is_master ? HEARD_ADVERT : 0)),
			.age_us = now_us - p->seen_us,
		};
	}
	if (hears_master && !vrrp_report_hears(r, &i->master) && r->n_heard < VRRP_REPORT_MAX_HEARD)
		r->heard[r->n_heard++] = (struct vrrp_heard){ .addr = i->master,
							      .priority = i->master_priority,
							      .what = HEARD_ADVERT,
							      .age_us = master_age_us };
}

struct report_bytes {
	size_t len;
	uint8_t bytes[VRRP_IO_MAX_DATAGRAM];
};

static void send_report(struct vrrp_instance *i, const struct net_dest *to, void *arg)
{
	struct report_bytes b = *(struct report_bytes *)arg;
	struct addr host = to->dst;
	size_t len;

	addr_set_port(&host, 0);
	if (i->cfg->is_unicast && !has_reader(i, &host))
		return; /* it does not know them */
	len = vrrp_io_append_trailer(i, &to->src, true, i->hand_sequence, b.bytes, b.len);
	(void)!vrrp_send(handover_fd(i), to, b.bytes, len);
}

void vrrp_io_send_report(struct vrrp_instance *i)
{
	struct vrrp_report r = {
		.head = { .kind = HANDOVER_REPORT,
			  .vrid = i->cfg->vrid,
			  .priority = i->is_in_fault ? 0 : i->fsm.priority,
			  .state = i->fsm.state,
			  .adver_us = i->params.adver_us },
		.digest = i->digest,
	};
	struct report_bytes b;

	if (handover_fd(i) == -1 || !has_reader(i, NULL))
		return;
	list_heard(i, &r);
	b.len = vrrp_report_build(&r, b.bytes);
	i->hand_sequence = vrrp_io_next_sequence(i, i->hand_sequence);
	vrrp_io_each_dest(i, HANDOVER_PORT, send_report, &b);
}

static void tell_differences(struct vrrp_instance *i, const struct hello_peer *p)
{
	char ip[INET6_ADDRSTRLEN], text[256];
	unsigned held;

	if (!log_limit_ok(&i->peer_limit, i->env->loop->now_us, PEER_BURST, PEER_PERIOD, &held))
		return;
	addr_format_ip(&p->addr, ip);
	vrrp_difference_explain(p->differs, &i->digest, &p->digest, text, sizeof(text));
	if (p->differs)
		log_warn("vrrp", "peer_config_differs", "instance=%s peer=%s differs=\"%s\"",
			 i->cfg->name, ip, text);
	else
		log_notice("vrrp", "peer_config_agrees", "instance=%s peer=%s", i->cfg->name, ip);
}

static void on_report(struct vrrp_instance *i, const struct addr *src, const struct handover_msg *m)
{
	struct hello_peer *p = find_hello(i, src);
	int64_t now_us = i->env->loop->now_us;
	struct vrrp_report r;
	unsigned differs;

	if (!p || !vrrp_report_parse(m->bytes, m->pdu_len, i->cfg->family, &r))
		return;
	i->n.reports_received++;
	if (vrrp_report_hears(&r, &i->src))
		p->unheard_since_us = 0;
	else if (!p->unheard_since_us)
		p->unheard_since_us = now_us;
	p->report_us = now_us;
	p->digest = r.digest;
	differs = vrrp_digest_compare(&i->digest, &p->digest);
	if (differs != p->differs) {
		p->differs = differs;
		tell_differences(i, p);
	}
}

/* --- what comes in -------------------------------------------------------------------------- */

static void note_drill(struct vrrp_instance *i, struct hello_peer *p, bool drills)
{
	char ip[INET6_ADDRSTRLEN];
	unsigned held;

	if (p->drills == drills ||
	    !log_limit_ok(&i->peer_limit, i->env->loop->now_us, PEER_BURST, PEER_PERIOD, &held))
		return;
	p->drills = drills;
	addr_format_ip(&p->addr, ip);
	log_notice("drill", drills ? "peer_drill_begins" : "peer_drill_ends", "instance=%s peer=%s",
		   i->cfg->name, ip);
}

static void remember_peer(struct vrrp_instance *i, const struct addr *src,
			  const struct handover_msg *m)
{
	struct hello_peer *slot = &i->peers[0];
	char text[INET6_ADDRSTRLEN];
	unsigned held;
	bool is_news;

	for (unsigned k = 0; k < VRRP_MAX_HELLO_PEERS; k++) {
		struct hello_peer *p = &i->peers[k];

		if (p->seen_us && addr_eq(&p->addr, src)) {
			slot = p;
			break;
		}
		if (p->seen_us < slot->seen_us)
			slot = p; /* free, or the one silent for longest */
	}
	is_news = !slot->seen_us || !addr_eq(&slot->addr, src) ||
		  i->env->loop->now_us - slot->seen_us > HANDOVER_FRESH_US;
	if (is_news)
		*slot = (struct hello_peer){ .addr = *src };
	/* The old master let go just now: a switch that did not hear us before does now. */
	if (!is_news && slot->state == VRRP_ACTIVE && m->state != VRRP_ACTIVE && i->holds_addrs)
		vrrp_addrs_announce(i, 1);
	slot->seen_us = i->env->loop->now_us;
	slot->priority = m->priority;
	slot->state = m->state;
	slot->reads_reports = m->flags & HANDOVER_READS_REPORTS;
	note_drill(i, slot, m->flags & HANDOVER_DRILLS);
	/* Limited as the log is: a flood of strangers must not make us talk. */
	if (!is_news ||
	    !log_limit_ok(&i->peer_limit, i->env->loop->now_us, PEER_BURST, PEER_PERIOD, &held))
		return;
	addr_format_ip(src, text);
	log_info("vrrp", "peer_known", "instance=%s peer=%s state=%s priority=%u suppressed=%u",
		 i->cfg->name, text, vrrp_state_text(m->state), m->priority, held);
	vrrp_io_send_hello(i); /* it may be new: do not let it wait for a second */
}

static void on_claim(struct vrrp_instance *i, const struct addr *src, const struct handover_msg *m)
{
	struct vrrp_event ev = { .kind = VRRP_EV_HANDOVER };

	if (!vrrp_io_is_same_ip(&m->target, &i->src))
		return; /* for another one */
	i->n.claims_received++;
	/* A master that asks again so soon did not let go: a forger, or a fool. Plain VRRP decides.
	 */
	if (i->fsm.state != VRRP_BACKUP || !i->master.len || !addr_eq(&i->master, src) ||
	    (i->claimed_us && i->env->loop->now_us - i->claimed_us < CLAIM_PERIOD_US)) {
		i->n.claims_refused++;
		return;
	}
	i->claimed_us = i->env->loop->now_us;
	vrrp_instance_feed(i, &ev);
}

void vrrp_io_on_handover(struct vrrp_instance *i, const struct addr *src,
			 const struct handover_msg *m)
{
	if (vrrp_io_is_same_ip(src, &i->src))
		return;
	if ((i->cfg->is_unicast && !vrrp_io_find_peer(i, src)) ||
	    (i->cfg->hmac &&
	     vrrp_io_check_signature(i, src, true, m->bytes, m->pdu_len, m->len) != VRRP_PKT_OK)) {
		i->n.claims_refused += m->kind == HANDOVER_CLAIM;
		return;
	}
	switch (m->kind) {
	case HANDOVER_HELLO:
		i->n.hellos_received++;
		remember_peer(i, src, m);
		vrrp_lease_on_hello(i, src, m);
		vrrp_conflict_on_hello(i, src, m);
		vrrp_io_update_board(i);
		return;
	case HANDOVER_CLAIM:
		on_claim(i, src, m);
		return;
	case HANDOVER_REPORT:
		on_report(i, src, m);
		return;
	}
}
