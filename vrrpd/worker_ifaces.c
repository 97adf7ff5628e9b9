/* worker_ifaces.c - interfaces: their sockets, and to whom belongs what arrives there. */
#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tandem/log.h>

#include "config/cfg_model.h"

/* Who deletes a route deletes more, and may do so again at once: not at the speed of light. */
#define REROUTE_S 0.02

static void on_packet(void *arg, const struct vrrp_rx *rx)
{
	struct worker_iface *f = arg;
	/* The VRID is the second byte in all versions; the rest is for the instance to judge. */
	struct vrrp_instance *i = rx->len >= 2 ? f->by_vrid[rx->pdu[1]] : NULL;

	if (i && i->is_started)
		vrrp_io_on_packet(i, rx);
	else if (strcmp(f->name, f->base) ==
		 0) /* a virtual MAC hears what is for the others on it */
		f->worker->n_foreign++;
}

void worker_on_handover(void *arg, unsigned ifindex, const struct addr *src,
			const struct handover_msg *m)
{
	struct worker *w = arg;
	struct worker_iface *f;

	list_for_each (f, &w->ifaces, node) {
		struct vrrp_instance *i = f->by_vrid[m->vrid];

		if (f->family == src->sa.sa_family && i && i->ifindex == ifindex &&
		    f->sock.fd != -1 && i->is_started)
			vrrp_io_on_handover(i, src, m);
	}
}

static struct worker_iface *get_iface(struct worker *w, const char *name, int family,
				      const char *base)
{
	struct worker_iface *f;

	list_for_each (f, &w->ifaces, node) {
		if (f->family == family && strcmp(f->name, name) == 0)
			return f;
	}
	f = xcalloc(1, sizeof(*f));
	f->worker = w;
	f->family = family;
	f->sock.fd = -1;
	strncpy(f->name, name, sizeof(f->name) - 1);
	strncpy(f->base, base, sizeof(f->base) - 1);
	list_add_tail(&w->ifaces, &f->node);
	return f;
}

static void open_iface(struct worker *w, struct worker_iface *f, const struct link *l)
{
	const struct cfg_global *g = &w->cfg->global;
	struct addr group = f->family == AF_INET6 ? g->mcast_group6 : g->mcast_group4;
	const struct link *base = link_find(&w->links, f->base);
	struct addr none = { 0 };
	int err;

	vrrp_sock_close(&f->sock);
	err = vrrp_sock_open(&f->sock, &w->loop, f->family, l->ifindex, f->name,
			     f->wants_group ? &group : &none, on_packet, f);
	if (err) {
		log_err("vrrp", "socket_failed", "interface=%s error=%s", f->name,
			log_quoted(str_from(strerror(-err))));
		return;
	}
	f->has_group = f->wants_group;
	if (f->wants_group && (f->family == AF_INET6 ? w->handover.fd6 : w->handover.fd) != -1 &&
	    handover_join(&w->handover, base ? base->ifindex : l->ifindex, &group))
		log_warn("vrrp", "handover_join_failed", "interface=%s", f->name);
}

/* mcast_dst_ip: a group of its own, on the socket that it shares. */
static void join_own_group(struct worker *w, const struct vrrp_instance *i)
{
	const struct addr *group = &i->cfg->mcast_dst;
	const struct link *base = link_find(&w->links, i->cfg->interface);
	struct worker_iface *f;
	int err;

	if (!group->len || i->cfg->is_unicast || !base)
		return;
	f = get_iface(w, i->cfg->wire, i->cfg->family, i->cfg->interface);
	err = f->sock.fd == -1 ? 0 : vrrp_sock_join(&f->sock, group);
	if (!err && (f->family == AF_INET6 ? w->handover.fd6 : w->handover.fd) != -1)
		err = handover_join(&w->handover, base->ifindex, group);
	if (err)
		log_err("vrrp", "join_failed", "instance=%s error=%s", i->cfg->name,
			log_quoted(str_from(strerror(-err))));
}

/* Sockets and tables for the instances and interfaces that there are now. */
void worker_sync_ifaces(struct worker *w)
{
	struct worker_iface *f, *tmp;
	struct vrrp_instance *i;

	list_for_each (f, &w->ifaces, node) {
		memset(f->by_vrid, 0, sizeof(f->by_vrid));
		f->wants_group = f->is_used = false;
	}
	list_for_each (i, &w->instances, node) {
		f = get_iface(w, i->cfg->wire, i->cfg->family, i->cfg->interface);
		f->by_vrid[i->cfg->vrid] = i;
		f->wants_group |= !i->cfg->is_unicast;
		f->is_used = true;
	}
	list_for_each_safe (f, tmp, &w->ifaces, node) {
		const struct link *l = link_find(&w->links, f->name);

		if (!f->is_used || !l)
			vrrp_sock_close(&f->sock);
		if (!f->is_used) {
			list_del(&f->node);
			free(f);
		} else if (l && (f->sock.fd == -1 || f->sock.ifindex != l->ifindex ||
				 f->has_group != f->wants_group)) {
			open_iface(w, f, l);
		}
	}
	list_for_each (i, &w->instances, node)
		join_own_group(w, i);
}

static bool is_own_mac(const struct worker *w, const uint8_t mac[6])
{
	const struct link *l;

	list_for_each (l, &w->links.links, node) {
		if (l->mac_len == 6 && memcmp(l->mac, mac, 6) == 0)
			return true;
	}
	return false;
}

void worker_on_claim(void *arg, unsigned ifindex, const struct addr *ip, const uint8_t mac[6])
{
	struct worker *w = arg;
	struct vrrp_instance *i;

	if (is_own_mac(w, mac))
		return;
	list_for_each (i, &w->instances, node) {
		for (unsigned k = 0; i->holds_addrs && k < i->n_vips; k++) {
			if (i->vips[k].ifindex == ifindex && addr_eq(&i->vips[k].addr, ip))
				vrrp_conflict_on_answer(i, ip, mac);
		}
	}
}

void worker_on_link(void *arg, const struct link *l, bool is_gone)
{
	struct worker *w = arg;

	log_info("link", is_gone ? "gone" : "changed", "interface=%s index=%u up=%d running=%d",
		 l->name, l->ifindex, !!(l->flags & IFF_UP), !!(l->flags & IFF_RUNNING));
	w->links_dirty = true;
}

static void on_routing(void *arg, const struct nlmsghdr *h)
{
	struct worker *w = arg;
	struct vrrp_instance *i;

	list_for_each (i, &w->instances, node) {
		vrrp_instance_on_routing_gone(i, h);
		if (i->routing_dirty && !ev_is_active(&w->reroute)) {
			ev_timer_set(&w->reroute, REROUTE_S, 0.);
			ev_timer_start(w->loop.ev, &w->reroute);
		}
	}
}

static void on_reroute(struct ev_loop *loop, ev_timer *t, int revents)
{
	struct worker *w = container_of(t, struct worker, reroute);
	struct vrrp_instance *i;

	(void)loop, (void)revents;
	list_for_each (i, &w->instances, node) {
		if (i->routing_dirty)
			vrrp_instance_restore_routing(i);
	}
}

void worker_init_routing(struct worker *w)
{
	ev_init(&w->reroute, on_reroute);
}

/* Only who has routes or rules of ours needs to hear about those of others. */
void worker_watch_routing(struct worker *w, const struct cfg *cfg)
{
	const struct cfg_instance *c = cfg->instances;

	while (c && !c->routes && !c->rules)
		c = c->next;
	link_watch_routing(&w->links, c ? on_routing : NULL);
}

void worker_on_addr(void *arg, const struct link *l, const struct link_addr *a, bool is_gone)
{
	struct worker *w = arg;
	struct vrrp_instance *i;

	w->links_dirty = true;
	if (!is_gone)
		return;
	list_for_each (i, &w->instances, node)
		vrrp_instance_on_addr_gone(i, l->ifindex, &a->addr);
}
