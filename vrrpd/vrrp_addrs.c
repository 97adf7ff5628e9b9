/* vrrp_addrs.c - the addresses of one virtual router, and their announcement. */
#include "vrrp_instance.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <tandem/clock.h>
#include <tandem/log.h>
#include <unistd.h>

#include "garp.h"
#include "ndisc.h"

#define LIFETIME_SHORT_S 1
#define LIFETIME_LONG_S  2
#define LIFETIME_LONG_US (LIFETIME_LONG_S * US_PER_S)
/* The last renewal may be this much older than the last turn of the loop; and the guardian speaks
 * before peers act on the end of a lease (vrrp_lease.c). */
#define RENEW_MARGIN_US (400 * US_PER_MS)
#define AGAIN_US        (400 * US_PER_MS)
#define AGAIN_TIMES     5
#define LOG_BURST       5
#define LOG_PERIOD      (60 * US_PER_S)

uint32_t vrrp_instance_lifetime_s(const struct vrrp_instance *i)
{
	/* Gone, as the kernel counts, before a peer's Active_Down_Timer can fire. */
	return i->params.down_adverts * i->params.adver_us > LIFETIME_LONG_US ? LIFETIME_LONG_S
									      : LIFETIME_SHORT_S;
}

int64_t vrrp_instance_frozen_after_us(const struct vrrp_instance *i)
{
	int64_t lifetime_us = vrrp_instance_lifetime_s(i) * US_PER_S;

	return MIN(i->params.down_adverts * i->params.adver_us, lifetime_us - RENEW_MARGIN_US);
}

static unsigned count_vips(const struct cfg_vip *v)
{
	unsigned n = 0;

	for (; v; v = v->next)
		n++;
	return n;
}

static void add_advert_vip(struct vrrp_instance *i, const struct addr *a)
{
	size_t at = i->n_advert_vips++;

	if (a->sa.sa_family == AF_INET6)
		memcpy(i->advert_vips + 16 * at, &a->in6.sin6_addr, 16);
	else
		memcpy(i->advert_vips + 4 * at, &a->in.sin_addr, 4);
}

/* Was this one taken away, and may stay away? */
static bool was_gone(const struct vip *old, unsigned n_old, const struct vip *v)
{
	for (unsigned k = 0; v->may_go && k < n_old; k++)
		if (old[k].is_gone && vip_eq(&old[k], v))
			return true;
	return false;
}

/* Work out i->vips and the address list of the adverts from the configuration. */
void vrrp_addrs_resolve(struct vrrp_instance *i)
{
	const struct cfg_vip *lists[] = { i->cfg->vips, i->cfg->vips_excluded };
	unsigned max = count_vips(lists[0]) + count_vips(lists[1]), n_old = i->vips ? i->n_vips : 0;
	struct vip *old = i->vips;

	free(i->advert_vips);
	i->vips = xcalloc(max ? max : 1, sizeof(*i->vips));
	i->advert_vips = xcalloc(max ? max : 1, 16);
	i->n_vips = i->n_advert_vips = 0;
	for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
		for (const struct cfg_vip *v = lists[k]; v; v = v->next) {
			struct vip *new = &i->vips[i->n_vips];

			if (vip_from_cfg(v, i->env->links, new)) {
				new->is_gone = was_gone(old, n_old, new);
				i->n_vips++;
			}
			if (k == 0 && v->addr.sa.sa_family == i->cfg->family &&
			    i->n_advert_vips < VRRP_MAX_VIPS)
				add_advert_vip(i, &v->addr);
		}
	}
	free(old);
	routing_build(&i->routing, i->cfg->routes, i->cfg->rules, i->env->links);
}

static bool mac_of(void *arg, unsigned ifindex, uint8_t mac[6])
{
	const struct link *l = link_find_index(arg, ifindex);

	if (!l || l->mac_len != 6 || (l->flags & IFF_NOARP))
		return false;
	memcpy(mac, l->mac, 6);
	return true;
}

/* The router flag of a neighbour advertisement: does this node forward? */
static bool is_router(const struct vrrp_instance *i)
{
	char path[128], c = '0';
	int fd;

	if (i->cfg->family != AF_INET6)
		return false;
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/forwarding", i->cfg->interface);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, &c, 1) != 1)
		c = '0';
	if (fd >= 0)
		close(fd);
	return c != '0';
}

static void announce(struct vrrp_instance *i, const struct vip *vips, size_t n, unsigned repeat)
{
	if (i->env->garp_fd >= 0)
		i->n.garps_sent +=
			garp_send(i->env->garp_fd, vips, n, repeat, mac_of, i->env->links) +
			ndisc_send(i->env->garp_fd, vips, n, repeat, is_router(i), mac_of,
				   i->env->links);
}

/* Announce all: at once, or one by one when garp_interval asks for it. */
void vrrp_addrs_announce(struct vrrp_instance *i, unsigned repeat)
{
	if (i->cfg->garp_interval_us <= 0) {
		announce(i, i->vips, i->n_vips, repeat);
		return;
	}
	i->pace_at = 0;
	i->pace_end = (size_t)i->n_vips * repeat;
	ev_timer_stop(i->env->loop->ev, &i->garp_pace);
	ev_timer_set(&i->garp_pace, 0., (double)i->cfg->garp_interval_us / US_PER_S);
	ev_timer_start(i->env->loop->ev, &i->garp_pace);
}

static void on_garp_pace(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct vrrp_instance *i = container_of(w, struct vrrp_instance, garp_pace);

	(void)revents;
	if (i->pace_at >= i->pace_end || i->n_vips == 0) {
		ev_timer_stop(loop, w);
		return;
	}
	announce(i, &i->vips[i->pace_at++ % i->n_vips], 1, 1);
}

static void report_vip_error(struct vrrp_instance *i, const char *event, int err)
{
	unsigned held;

	if (log_limit_ok(&i->vip_limit, i->env->loop->now_us, LOG_BURST, LOG_PERIOD, &held))
		log_err("vrrp", event, "instance=%s error=%s suppressed=%u", i->cfg->name,
			log_quoted(str_from(strerror(-err))), held);
}

/* What is left of preferred lifetimes that end while we are master. */
static void count_down(struct vrrp_instance *i)
{
	int64_t held_s = (i->env->loop->now_us - i->held_since_us) / US_PER_S;

	for (unsigned k = 0; k < i->n_vips; k++) {
		struct vip *v = &i->vips[k];

		if (v->has_preferred)
			v->preferred_s = (uint32_t)MAX((int64_t)0, v->preferred_limit_s - held_s);
	}
}

/* Add or renew those that nobody was allowed to take away. */
static int set_addrs(struct vrrp_instance *i)
{
	unsigned at = 0;
	int ret = 0;

	count_down(i);
	while (at < i->n_vips) {
		unsigned end = at;
		int err;

		while (end < i->n_vips && !i->vips[end].is_gone)
			end++;
		err = end > at ? vip_set(i->env->nl, i->vips + at, end - at,
					 vrrp_instance_lifetime_s(i), NULL)
			       : 0;
		ret = ret ? ret : err;
		at = end + 1;
	}
	return ret;
}

void vrrp_instance_restore_routing(struct vrrp_instance *i)
{
	int err;

	i->routing_dirty = false;
	if (!i->holds_addrs || !i->routing.n || (i->board && atomic_load(&i->board->is_revoked)))
		return;
	err = routing_add(&i->routing, i->env->nl);
	if (err)
		report_vip_error(i, "add_routes_failed", err);
}

void vrrp_instance_on_routing_gone(struct vrrp_instance *i, const struct nlmsghdr *h)
{
	unsigned held;

	if (!i->holds_addrs || !routing_on_gone(&i->routing, h))
		return;
	i->routing_dirty = true; /* by a timer: many may have gone at once */
	i->n.restored++;
	if (log_limit_ok(&i->restore_limit, i->env->loop->now_us, LOG_BURST, LOG_PERIOD, &held))
		log_warn("vrrp", "route_restored",
			 "instance=%s kind=%s cause=deleted_by_others suppressed=%u", i->cfg->name,
			 h->nlmsg_type == RTM_DELRULE ? "rule" : "route", held);
}

void vrrp_addrs_add(struct vrrp_instance *i)
{
	int err;

	i->holds_addrs = true;
	i->held_since_us = i->env->loop->now_us;
	for (unsigned k = 0; k < i->n_vips; k++)
		i->vips[k].is_gone = false;
	if (i->board) /* first the note for the guardian, then the deed */
		atomic_store(&i->board->is_active, 1);
	if (i->cfg->drops_packets && i->env->nft && i->env->nft->nl.sk) {
		err = nft_block(i->env->nft, i->vips, i->n_vips); /* before they can be reached */
		if (err)
			report_vip_error(i, "no_accept_failed", err);
	}
	err = set_addrs(i);
	if (err)
		report_vip_error(i, "add_addresses_failed", err);
	for (unsigned k = 0; k < i->routing.n; k++)
		i->routing.items[k].is_gone = false;
	vrrp_instance_restore_routing(i); /* behind the addresses: they make gateways reachable */
}

void vrrp_addrs_stop_announcing(struct vrrp_instance *i)
{
	vrrp_instance_arm(i, &i->garp_delay, INT64_MAX);
	vrrp_instance_arm(i, &i->garp_refresh, INT64_MAX);
	vrrp_instance_arm(i, &i->garp_lower, INT64_MAX);
	vrrp_instance_arm(i, &i->garp_pace, INT64_MAX);
	vrrp_instance_arm(i, &i->garp_again, INT64_MAX);
	vrrp_instance_arm(i, &i->garp_extra, INT64_MAX);
}

void vrrp_addrs_del(struct vrrp_instance *i)
{
	int err = routing_del(i->env->nl, i->routing.del, i->routing.del_len);

	if (err)
		report_vip_error(i, "remove_routes_failed", err);
	err = vip_del(i->env->nl, i->vips, i->n_vips, NULL);
	if (i->cfg->drops_packets && i->holds_addrs && i->env->nft && i->env->nft->nl.sk)
		(void)!nft_unblock(i->env->nft, i->vips, i->n_vips);
	vrrp_addrs_stop_announcing(i);
	i->holds_addrs = false;
	if (i->board) {
		atomic_store(&i->board->is_active, 0);
		atomic_store(&i->board->is_revoked, 0);
	}
	if (err)
		report_vip_error(i, "remove_addresses_failed", err);
}

void vrrp_instance_renew(struct vrrp_instance *i)
{
	int err;

	if (!i->holds_addrs || (i->board && atomic_load(&i->board->is_revoked)))
		return;
	err = set_addrs(i);
	if (err)
		report_vip_error(i, "renew_addresses_failed", err);
}

void vrrp_instance_on_addr_gone(struct vrrp_instance *i, unsigned ifindex, const struct addr *a)
{
	char text[INET6_ADDRSTRLEN];
	unsigned held;
	int err;

	if (!i->holds_addrs || (i->board && atomic_load(&i->board->is_revoked)))
		return;
	for (unsigned k = 0; k < i->n_vips; k++) {
		struct vip *v = &i->vips[k];

		if (v->ifindex != ifindex || !addr_eq(&v->addr, a))
			continue;
		if (v->may_go) {
			v->is_gone = true;
			continue;
		}
		err = vip_set(i->env->nl, v, 1, vrrp_instance_lifetime_s(i), NULL);
		announce(i, v, 1, 1);
		i->n.restored++;
		addr_format_ip(a, text);
		if (log_limit_ok(&i->restore_limit, i->env->loop->now_us, LOG_BURST, LOG_PERIOD,
				 &held))
			log_warn("vrrp", "address_restored",
				 "instance=%s address=%s cause=deleted_by_others error=%d "
				 "suppressed=%u",
				 i->cfg->name, text, -err, held);
	}
}

static void on_garp_delay(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct vrrp_instance *i = container_of(w, struct vrrp_instance, garp_delay);

	(void)loop, (void)revents;
	vrrp_addrs_announce(i, i->cfg->garp_repeat);
}

/* No advert keeps the switches' knowledge of these fresh: they are on other interfaces. */
static void on_garp_extra(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct vrrp_instance *i = container_of(w, struct vrrp_instance, garp_extra);

	(void)loop, (void)revents;
	for (unsigned k = 0; k < i->n_vips; k++) {
		const struct vip *v = &i->vips[k];
		const struct link *l = link_find_index(i->env->links, v->ifindex);

		if (v->ifindex != i->wire_ifindex && l && (i->cfg->garp_extra_all || l->is_macvlan))
			announce(i, v, 1, 1);
	}
	if (i->cfg->garp_extra_us > 0)
		vrrp_instance_arm(i, w, i->cfg->garp_extra_us);
}

static void on_garp_refresh(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct vrrp_instance *i = container_of(w, struct vrrp_instance, garp_refresh);

	(void)loop, (void)revents;
	vrrp_addrs_announce(i, i->cfg->garp_refresh_repeat);
	if (i->cfg->garp_refresh_us > 0)
		vrrp_instance_arm(i, w, i->cfg->garp_refresh_us);
}

static void on_garp_lower(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct vrrp_instance *i = container_of(w, struct vrrp_instance, garp_lower);

	(void)loop, (void)revents;
	vrrp_addrs_announce(i, i->cfg->garp_lower_prio_repeat);
}

/* The master before us said no goodbye: its kernel may answer for the addresses until their
 * lifetime ends, and tell newcomers the wrong place. */
static bool may_still_answer(const struct vrrp_instance *i)
{
	/* A master that steps down answers our announcement from the same virtual MAC, and the
	 * switch believes it; unlike with adverts from that MAC nothing of ours would correct it.
	 */
	return i->fsm.cause == VRRP_CAUSE_MASTER_DOWN || i->fsm.cause == VRRP_CAUSE_LEASE ||
	       i->cfg->vmac_xmit_base;
}

static void on_garp_again(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct vrrp_instance *i = container_of(w, struct vrrp_instance, garp_again);

	(void)loop, (void)revents;
	vrrp_addrs_announce(i, 1);
	if (++i->n_again < AGAIN_TIMES)
		vrrp_instance_arm(i, w, AGAIN_US);
}

void vrrp_addrs_announce_takeover(struct vrrp_instance *i)
{
	vrrp_addrs_announce(i, i->cfg->garp_repeat);
	i->n_again = 0;
	if (may_still_answer(i))
		vrrp_instance_arm(i, &i->garp_again, AGAIN_US);
	if (i->cfg->garp_delay_us > 0)
		vrrp_instance_arm(i, &i->garp_delay, i->cfg->garp_delay_us);
	if (i->cfg->garp_refresh_us > 0)
		vrrp_instance_arm(i, &i->garp_refresh, i->cfg->garp_refresh_us);
	if (i->cfg->garp_extra_us > 0)
		vrrp_instance_arm(i, &i->garp_extra, i->cfg->garp_extra_us);
}

void vrrp_addrs_reannounce(struct vrrp_instance *i)
{
	vrrp_addrs_announce(i, i->cfg->garp_lower_prio_repeat);
	if (i->cfg->garp_lower_prio_delay_us > 0 && !ev_is_active(&i->garp_lower))
		vrrp_instance_arm(i, &i->garp_lower, i->cfg->garp_lower_prio_delay_us);
}

/* Remove those of old that are not in the new list. */
void vrrp_addrs_remove_missing(struct vrrp_instance *i, const struct vip *old, unsigned n_old)
{
	for (unsigned k = 0; k < n_old; k++) {
		bool stays = false;

		for (unsigned m = 0; m < i->n_vips && !stays; m++)
			stays = vip_eq(&old[k], &i->vips[m]);
		if (!stays)
			(void)!vip_del(i->env->nl, &old[k], 1, NULL);
	}
}

void vrrp_addrs_init(struct vrrp_instance *i)
{
	ev_init(&i->garp_delay, on_garp_delay);
	ev_init(&i->garp_refresh, on_garp_refresh);
	ev_init(&i->garp_lower, on_garp_lower);
	ev_init(&i->garp_pace, on_garp_pace);
	ev_init(&i->garp_again, on_garp_again);
	ev_init(&i->garp_extra, on_garp_extra);
}
