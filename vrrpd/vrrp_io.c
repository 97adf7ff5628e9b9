/* vrrp_io.c - the adverts that one virtual router sends and hears. */
#include "vrrp_io_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <tandem/clock.h>
#include <tandem/log.h>

#include "vrrp_lease.h"

#define LOG_BURST  5
#define LOG_PERIOD (60 * US_PER_S)

/* Group addresses are in the configuration; its defaults, too. */
struct addr vrrp_io_group(const struct vrrp_instance *i)
{
	if (i->cfg->mcast_dst.len)
		return i->cfg->mcast_dst;
	return i->cfg->family == AF_INET6 ? i->env->global->mcast_group6
					  : i->env->global->mcast_group4;
}

int vrrp_io_compare_ip(const struct addr *a, const struct addr *b)
{
	if (a->sa.sa_family == AF_INET6)
		return memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, 16);
	return memcmp(&a->in.sin_addr, &b->in.sin_addr, 4);
}

bool vrrp_io_is_same_ip(const struct addr *a, const struct addr *b)
{
	return a->len && b->len && a->sa.sa_family == b->sa.sa_family &&
	       vrrp_io_compare_ip(a, b) == 0;
}

void vrrp_io_each_dest(struct vrrp_instance *i, uint16_t port,
		       void (*fn)(struct vrrp_instance *i, const struct net_dest *to, void *arg),
		       void *arg)
{
	struct net_dest to = { .ifindex = port ? i->ifindex : i->wire_ifindex, .src = i->src };

	if (!to.ifindex || !i->src.len)
		return;
	if (!i->cfg->is_unicast) {
		to.dst = vrrp_io_group(i);
		addr_set_port(&to.dst, port);
		fn(i, &to, arg);
		return;
	}
	for (const struct cfg_peer *p = i->cfg->peers; p; p = p->next) {
		to.dst = p->addr;
		to.ttl = port ? 0 : (uint8_t)i->cfg->unicast_ttl;
		addr_set_port(&to.dst, port);
		fn(i, &to, arg);
	}
}

#define CHECKSUM_AT 6
#define PACKET_ROOM (VRRP_MAX_LEN + VRRP_AUTH_LEN)
#define GROUP_SLOTS 4 /* senders on a group whose sequence is remembered */

static bool signs(const struct vrrp_instance *i)
{
	return i->cfg->hmac && i->cfg->hmac->mode != AUTH_RECEIVE_ONLY;
}

/* Append the trailer to a PDU or a hand-over message of len bytes. Returns the new length. */
size_t vrrp_io_append_trailer(const struct vrrp_instance *i, const struct addr *src,
			      bool is_handover, uint64_t sequence, uint8_t *buf, size_t len)
{
	const struct vrrp_auth_message m = { .version = is_handover ? VRRP_AUTH_HANDOVER
								    : i->params.version,
					     .vrid = i->cfg->vrid,
					     .src = src,
					     .pdu = buf,
					     .len = len,
					     .n_masked_at = is_handover ? 0 : CHECKSUM_AT };

	if (!signs(i) || !vrrp_auth_sign(i->cfg->hmac, &m, sequence, buf + len))
		return len;
	return len + VRRP_AUTH_LEN;
}

uint64_t vrrp_io_next_sequence(const struct vrrp_instance *i, uint64_t last)
{
	return signs(i) ? vrrp_auth_next(i->cfg->hmac, last, clock_real_us()) : 0;
}

static ssize_t build_advert(const struct vrrp_instance *i, const struct net_dest *to,
			    uint8_t priority, uint64_t sequence, uint8_t buf[PACKET_ROOM])
{
	ssize_t len;
	struct vrrp_advert a = {
		.version = i->params.version,
		.vrid = i->cfg->vrid,
		.priority = priority,
		.adver_us = i->params.adver_us,
		.auth_type = i->cfg->auth_type,
		.n_vips = i->n_advert_vips,
		.family = i->cfg->family,
		.vips = i->advert_vips,
	};

	memcpy(a.auth_data, i->cfg->auth_pass, sizeof(a.auth_data));
	len = vrrp_packet_build(&a, &to->src, &to->dst, buf, VRRP_MAX_LEN);
	if (len < 0)
		return len;
	return (ssize_t)vrrp_io_append_trailer(i, &to->src, false, sequence, buf, (size_t)len);
}

struct outgoing {
	uint8_t priority;
	uint64_t sequence; /* one for all peers */
};

static void send_one(struct vrrp_instance *i, const struct net_dest *to, void *arg)
{
	uint8_t buf[PACKET_ROOM];
	const struct outgoing *o = arg;
	ssize_t len = build_advert(i, to, o->priority, o->sequence, buf);
	int err = len < 0 ? (int)len
			  : vrrp_send(i->cfg->family == AF_INET6 ? i->env->raw6_fd : i->env->raw_fd,
				      to, buf, (size_t)len);
	unsigned held;

	if (!err) {
		i->n.adverts_sent++;
		i->n.zero_sent += o->priority == 0;
		return;
	}
	i->n.send_errors++;
	if (log_limit_ok(&i->send_limit, i->env->loop->now_us, LOG_BURST, LOG_PERIOD, &held))
		log_warn("vrrp", "send_failed", "instance=%s error=%s suppressed=%u", i->cfg->name,
			 log_quoted(str_from(strerror(-err))), held);
}

/* The guardian's goodbye must be younger than our last advert, else it is an old one to the peers.
 * It is signed anew in place: if we die just now, the worst is a goodbye that is refused. */
static void refresh_farewell(struct vrrp_instance *i)
{
	struct board_half *h =
		signs(i) && i->board && i->env->board ? board_current(i->env->board) : NULL;
	uint64_t sequence = vrrp_io_next_sequence(i, i->sequence);
	const struct board_packet *k;
	uint32_t cursor = 0;

	while (h && (k = board_next_packet(h, i->board, &cursor))) {
		uint8_t *bytes = (uint8_t *)board_packet_bytes(k);

		if (k->len > VRRP_AUTH_LEN)
			(void)vrrp_io_append_trailer(i, &k->to.src, false, sequence, bytes,
						     k->len - VRRP_AUTH_LEN);
	}
}

void vrrp_io_send_advert(struct vrrp_instance *i, uint8_t priority)
{
	struct outgoing o = { priority, vrrp_io_next_sequence(i, i->sequence) };

	i->sequence = o.sequence;
	vrrp_io_each_dest(i, 0, send_one, &o);
	refresh_farewell(i);
}

const struct cfg_peer *vrrp_io_find_peer(const struct vrrp_instance *i, const struct addr *src)
{
	for (const struct cfg_peer *p = i->cfg->peers; p; p = p->next) {
		if (vrrp_io_is_same_ip(&p->addr, src))
			return p;
	}
	return NULL;
}

/* May a packet from there, with that TTL, speak to us? */
static enum vrrp_parse_error check_origin(const struct vrrp_instance *i, const struct vrrp_rx *rx)
{
	bool is_multicast = rx->dst.sa.sa_family == AF_INET6
				    ? IN6_IS_ADDR_MULTICAST(&rx->dst.in6.sin6_addr)
				    : IN_MULTICAST(ntohl(rx->dst.in.sin_addr.s_addr));
	const struct cfg_peer *p;

	if (is_multicast == i->cfg->is_unicast)
		return VRRP_PKT_UNKNOWN_PEER;
	if (!i->cfg->is_unicast)
		return rx->ttl == 255 ? VRRP_PKT_OK : VRRP_PKT_TTL;
	p = vrrp_io_find_peer(i, &rx->src);
	if (!p)
		return VRRP_PKT_UNKNOWN_PEER;
	return rx->ttl >= p->min_ttl && rx->ttl <= p->max_ttl ? VRRP_PKT_OK : VRRP_PKT_TTL;
}

static enum vrrp_parse_error auth_error(enum vrrp_auth_result r)
{
	static const enum vrrp_parse_error errors[] = {
		[AUTH_OK] = VRRP_PKT_OK,          [AUTH_FORMAT] = VRRP_PKT_AUTH_FORMAT,
		[AUTH_TIME] = VRRP_PKT_AUTH_TIME, [AUTH_KEY] = VRRP_PKT_AUTH_KEY,
		[AUTH_HMAC] = VRRP_PKT_AUTH_HMAC, [AUTH_REPLAY] = VRRP_PKT_REPLAY,
	};

	return errors[r];
}

/* Is what came from src, `len` bytes of which the first pdu_len are signed, what auth_hmac wants?
 */
enum vrrp_parse_error vrrp_io_check_signature(struct vrrp_instance *i, const struct addr *src,
					      bool is_handover, const uint8_t *bytes,
					      size_t pdu_len, size_t len)
{
	const struct vrrp_auth *a = i->cfg->hmac;
	const struct vrrp_auth_message m = { .version = is_handover ? VRRP_AUTH_HANDOVER
								    : i->params.version,
					     .vrid = i->cfg->vrid,
					     .src = src,
					     .pdu = bytes,
					     .len = pdu_len,
					     .n_masked_at = is_handover ? 0 : CHECKSUM_AT };

	if (!a)
		return VRRP_PKT_OK;
	if (len != pdu_len + VRRP_AUTH_LEN)
		return a->mode == AUTH_ENFORCE ? VRRP_PKT_UNSIGNED : VRRP_PKT_OK;
	return auth_error(vrrp_auth_verify(a, is_handover ? &i->hand_replay : &i->replay,
					   i->cfg->is_unicast ? VRRP_AUTH_SLOTS : GROUP_SLOTS, &m,
					   bytes + pdu_len, clock_real_us()));
}

static enum vrrp_parse_error check(struct vrrp_instance *i, const struct vrrp_rx *rx,
				   struct vrrp_advert *a)
{
	struct vrrp_expect e = {
		.version = i->params.version,
		.vrid = i->cfg->vrid,
		.adver_us = i->params.adver_us,
		.auth_type = i->cfg->auth_type,
		.check_addrs = !i->cfg->skip_check_adv_addr,
		.n_vips = i->n_advert_vips,
		.vips = i->advert_vips,
	};
	enum vrrp_parse_error err = check_origin(i, rx);

	memcpy(e.auth_data, i->cfg->auth_pass, sizeof(e.auth_data));
	if (err == VRRP_PKT_OK)
		err = vrrp_packet_parse(rx->pdu, rx->len, &rx->src, &rx->dst, a);
	if (err == VRRP_PKT_OK && (a->version != e.version || a->vrid != e.vrid))
		return vrrp_packet_check(a, &e);
	if (err == VRRP_PKT_OK)
		err = vrrp_io_check_signature(i, &rx->src, false, rx->pdu, a->pdu_len, rx->len);
	if (err == VRRP_PKT_OK)
		err = vrrp_packet_check(a, &e);
	return err;
}

static void refuse(struct vrrp_instance *i, const struct vrrp_rx *rx, enum vrrp_parse_error err)
{
	int64_t now_us = i->env->loop->now_us;
	char text[INET6_ADDRSTRLEN];
	unsigned held;

	i->n.refused[err]++;
	(void)foreign_note(i->foreign, &rx->src, rx->pdu, rx->len, err, now_us);
	if (!log_limit_ok(&i->refused_limit, now_us, LOG_BURST, LOG_PERIOD, &held))
		return;
	addr_format_ip(&rx->src, text);
	log_warn("vrrp", "advert_refused",
		 "instance=%s from=%s cause=\"%s\" vrid=%u priority=%u version=%u ttl=%u len=%zu "
		 "suppressed=%u",
		 i->cfg->name, text, vrrp_parse_error_text(err), i->cfg->vrid,
		 rx->len > 2 ? rx->pdu[2] : 0, rx->len > 0 ? rx->pdu[0] >> 4 : 0, rx->ttl, rx->len,
		 held);
}

void vrrp_io_on_packet(struct vrrp_instance *i, const struct vrrp_rx *rx)
{
	struct vrrp_event ev = { .kind = VRRP_EV_ADVERT };
	struct vrrp_advert a;
	enum vrrp_parse_error err;
	bool was_active;

	if (vrrp_io_is_same_ip(&rx->src, &i->src))
		return; /* our own, come back by some bridge */
	err = check(i, rx, &a);
	if (err != VRRP_PKT_OK) {
		refuse(i, rx, err);
		return;
	}
	i->n.adverts_received++;
	i->n.zero_received += a.priority == 0;
	/* Before the step: a log line about the transition can name the sender. */
	i->master = rx->src;
	addr_set_port(&i->master, 0);
	i->master_priority = a.priority;
	i->master_seen_us = i->env->loop->now_us;
	vrrp_lease_on_advert(i);
	ev.priority = a.priority;
	ev.adver_us = a.adver_us;
	ev.is_addr_greater = i->src.len && vrrp_io_compare_ip(&rx->src, &i->src) > 0;
	if (i->left_us && a.priority > 0) {
		if (i->env->on_successor)
			i->env->on_successor(i->env->arg, i, i->env->loop->now_us - i->left_us);
		i->left_us = 0;
	}
	was_active = i->fsm.state == VRRP_ACTIVE;
	vrrp_instance_feed(i, &ev);
	if (was_active && i->fsm.state != VRRP_ACTIVE && a.priority > 0) {
		i->left_us = 0; /* its advert made us yield: nobody was missing */
		if (i->env->on_successor)
			i->env->on_successor(i->env->arg, i, 0);
	}
	if (was_active && i->fsm.state == VRRP_ACTIVE)
		vrrp_conflict_on_advert(i, &rx->src, &a);
}

struct plan_arg {
	struct board_plan *plan;
	struct board_instance *bi;
};

static void plan_zero(struct vrrp_instance *i, const struct net_dest *to, void *arg)
{
	struct plan_arg *a = arg;
	uint8_t buf[PACKET_ROOM];
	ssize_t len = build_advert(i, to, 0, vrrp_io_next_sequence(i, i->sequence), buf);

	if (len > 0)
		board_plan_packet(a->plan, a->bi, to, buf, (size_t)len);
}

void vrrp_io_plan(struct vrrp_instance *i, struct board_plan *p)
{
	struct plan_arg a = { .plan = p, .bi = board_plan_add(p, i->cfg->name) };

	if (!a.bi)
		return;
	a.bi->frozen_after_us = vrrp_instance_frozen_after_us(i);
	atomic_store(&a.bi->is_active, i->holds_addrs);
	if (i->board)
		atomic_store(&a.bi->is_revoked, atomic_load(&i->board->is_revoked));
	board_plan_vips(p, a.bi, i->vips, i->n_vips);
	board_plan_routing(p, a.bi, i->routing.del, i->routing.del_len);
	vrrp_io_each_dest(i, 0, plan_zero, &a);
	i->board = a.bi;
	vrrp_io_update_board(i);
}

void vrrp_io_update_board(struct vrrp_instance *i)
{
	uint8_t bytes[HANDOVER_MAX_LEN];
	struct net_dest to;
	size_t len;

	if (!i->board)
		return;
	len = vrrp_peers_make_claim(i, &to, bytes);
	board_set_handover(i->board, len ? &to : NULL, bytes, len);
}
