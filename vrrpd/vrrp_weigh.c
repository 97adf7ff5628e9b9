/* vrrp_weigh.c - may one virtual router serve, and how much is it worth? Trackers, interface,
 * source address. */
#include "vrrp_instance.h"

#include <stdio.h>
#include <string.h>
#include <tandem/log.h>

#include "explain.h"
#include "track.h"
#include "track_file.h"
#include "track_process.h"
#include "track_proxy.h"
#include "track_script.h"

#define OWNER    255
#define YIELDING 1 /* alone, it still serves */

bool vrrp_track_is_up(const struct vrrp_instance *i, const struct vrrp_track *t)
{
	switch (t->cfg->kind) {
	case TRACK_INTERFACE:
		return link_is_running(link_find(i->env->links, t->cfg->name));
	case TRACK_SCRIPT:
		return track_script_is_up(t->script);
	case TRACK_PROXY:
		return t->proxy->health == PROXY_UP;
	case TRACK_FILE: /* for those that only ask whether it is fine */
		return t->file->value == 0;
	case TRACK_PROCESS:
		return t->process->is_up;
	}
	UNREACHABLE();
}

/* The interface, the source address. NULL: fine. */
static bool is_lame(const struct vrrp_instance *i, const char *dev)
{
	return dev && strcmp(dev, i->cfg->interface) != 0 &&
	       !link_is_running(link_find(i->env->links, dev));
}

/* An interface of an address or route that does not run: where it is, nobody is served. no_track
 * says that it does not matter. */
static bool find_lame(struct vrrp_instance *i)
{
	const struct cfg_vip *lists[] = { i->cfg->vips, i->cfg->vips_excluded };
	const char *lame = NULL;

	for (size_t k = 0; k < ARRAY_LEN(lists); k++)
		for (const struct cfg_vip *v = lists[k]; v && !lame; v = v->next)
			if (!v->no_track && is_lame(i, v->dev))
				lame = v->dev;
	for (const struct cfg_route *r = i->cfg->routes; r && !lame; r = r->next)
		if (!r->no_track && !r->is_multipath && is_lame(i, r->hops->dev))
			lame = r->hops->dev;
	if (lame)
		snprintf(i->fault_text, sizeof(i->fault_text), "interface %s down", lame);
	return lame != NULL;
}

static const char *check_basis(struct vrrp_instance *i)
{
	const struct link *l = link_find(i->env->links, i->cfg->interface);

	if (!l)
		return "interface absent";
	if (!i->cfg->dont_track_primary && !link_is_running(l))
		return "interface down";
	if (!i->wire_ifindex)
		return "virtual MAC absent";
	if (find_lame(i))
		return i->fault_text;
	if (!i->src.len)
		return i->cfg->family == AF_INET6 ? "no IPv6 link-local address to send from"
						  : "no IPv4 address on the interface to send from";
	return NULL;
}

/* Effective priority, and the first reason to be in fault (NULL: none). */
static uint8_t weigh(struct vrrp_instance *i, const char **fault)
{
	struct track_sum sum;

	track_begin(&sum, i->cfg->priority);
	for (unsigned k = 0; k < i->n_tracks; k++) {
		const struct vrrp_track *t = &i->tracks[k];

		if (t->cfg->kind == TRACK_FILE)
			(void)track_add_value(&sum, t->cfg, t->file->value);
		else
			(void)track_add(&sum, t->cfg, vrrp_track_is_up(i, t));
	}
	*fault = check_basis(i);
	if (!*fault && sum.fault) {
		snprintf(i->fault_text, sizeof(i->fault_text), "track %s", sum.fault->name);
		*fault = i->fault_text;
	}
	return i->is_yielding && track_priority(&sum) != OWNER ? YIELDING : track_priority(&sum);
}

static void tell_priority(const struct vrrp_instance *i)
{
	if (i->env->tell && i->cfg->notify.priority_changes)
		i->env->tell(i->env->arg, "INSTANCE", i->cfg->name,
			     i->fsm.state == VRRP_ACTIVE ? "MASTER_PRIORITY" : "BACKUP_PRIORITY",
			     i->fsm.priority);
}

void vrrp_instance_reconsider(struct vrrp_instance *i)
{
	const struct hello_peer *peer = vrrp_io_best_peer(i);
	struct vrrp_event ev = { .kind = VRRP_EV_PRIORITY };
	const struct vrrp_instance *other;
	const char *fault;
	bool had_own;

	if (!i->is_started)
		return;
	had_own = i->has_own_fault;
	ev.priority = weigh(i, &fault);
	i->has_own_fault = fault != NULL;
	other = fault ? NULL : vrrp_group_fault_of(i);
	if (other) {
		snprintf(i->fault_text, sizeof(i->fault_text), "sync group member %.60s",
			 other->cfg->name);
		fault = i->fault_text;
	}
	ev.peer_priority = peer ? peer->priority : 0;
	i->fault_cause = fault;
	if (ev.priority != i->fsm.priority) {
		log_notice("vrrp", "priority", "instance=%s from=%u to=%u base=%u", i->cfg->name,
			   i->fsm.priority, ev.priority, i->cfg->priority);
		vrrp_instance_feed(i, &ev);
		tell_priority(i);
		vrrp_io_send_hello(i);
		i->env->on_plan_changed(i->env->arg);
	}
	if ((fault != NULL) != i->is_in_fault) {
		i->is_in_fault = fault != NULL;
		ev = (struct vrrp_event){ .kind = fault ? VRRP_EV_FAULT : VRRP_EV_RECOVER };
		vrrp_instance_feed(i, &ev);
	}
	if (had_own != i->has_own_fault)
		vrrp_group_on_fault(i);
}

static bool is_own_vip(const struct vrrp_instance *i, const struct addr *a)
{
	for (unsigned k = 0; k < i->n_vips; k++) {
		if (addr_eq(&i->vips[k].addr, a))
			return true;
	}
	return false;
}

/* The address that our adverts come from: the configured one while some interface has it, else the
 * first IPv4 address of the interface that is not virtual, or its link-local one. */
static struct addr find_source(const struct vrrp_instance *i)
{
	const struct link *l;

	if (i->cfg->src.len) {
		list_for_each (l, &i->env->links->links, node) {
			if (link_has_addr(l, &i->cfg->src))
				return i->cfg->src;
		}
		return (struct addr){ 0 };
	}
	l = link_find(i->env->links, i->cfg->interface);
	for (unsigned k = 0; l && k < l->n_addrs; k++) {
		const struct addr *a = &l->addrs[k].addr;

		if (a->sa.sa_family != i->cfg->family || is_own_vip(i, a))
			continue;
		if (a->sa.sa_family == AF_INET || IN6_IS_ADDR_LINKLOCAL(&a->in6.sin6_addr))
			return *a;
	}
	return (struct addr){ 0 };
}

void vrrp_instance_on_links(struct vrrp_instance *i)
{
	const struct link *l = link_find(i->env->links, i->cfg->interface);
	const struct link *wire = link_find(i->env->links, i->cfg->wire);
	unsigned ifindex = l ? l->ifindex : 0;
	struct addr src;

	i->ifindex = ifindex;
	i->wire_ifindex = wire ? wire->ifindex : 0;
	vrrp_addrs_resolve(i);            /* a `dev` of theirs may have changed too */
	vrrp_instance_restore_routing(i); /* the kernel drops routes over a link that goes down */
	src = find_source(i);
	/* A source that is still there stays: a new address is no reason to look like another. */
	if (!i->src.len || !link_has_addr(l, &i->src) || i->cfg->src.len)
		i->src = src;
	i->env->on_plan_changed(i->env->arg);
	vrrp_instance_reconsider(i);
}

/* --- what the weights are good for ---------------------------------------------------------- */

struct vrrp_peer_known vrrp_instance_peer(const struct vrrp_instance *i)
{
	const struct hello_peer *best = NULL;

	for (unsigned k = 0; k < VRRP_MAX_HELLO_PEERS; k++) {
		const struct hello_peer *p = &i->peers[k];

		if (p->report_us && vrrp_io_is_fresh(i, p) &&
		    (!best || p->digest.priority > best->digest.priority))
			best = p;
	}
	if (best)
		return (struct vrrp_peer_known){ best->digest.priority, best->addr, "its report" };
	if (i->master.len && i->master_priority)
		return (struct vrrp_peer_known){ i->master_priority, i->master, "its adverts" };
	return (struct vrrp_peer_known){
		.priority = i->cfg->peer_priority,
		.source = i->cfg->peer_priority ? "the configuration" : "nothing",
	};
}

void vrrp_instance_judge_weights(struct vrrp_instance *i)
{
	struct vrrp_peer_known peer = vrrp_instance_peer(i);
	char ip[INET6_ADDRSTRLEN] = "unknown", sum[96];

	if (!peer.priority || peer.priority == i->explained_peer)
		return;
	i->explained_peer = peer.priority;
	if (peer.addr.len)
		addr_format_ip(&peer.addr, ip);
	for (unsigned k = 0; k < i->n_tracks; k++) {
		const struct cfg_track *t = i->tracks[k].cfg;
		struct explain_row r = explain_track(i->cfg, t, peer.priority);

		if (r.verdict == EXPLAIN_STAYS)
			log_warn("vrrp", "check_cannot_move",
				 "instance=%s track=%s peer=%s arithmetic=\"%s\"", i->cfg->name,
				 t->name, ip,
				 explain_text(i->cfg, &r, peer.priority, sum, sizeof(sum)));
	}
}

/* --- health, and an operator's wish --------------------------------------------------------- */

static bool hears_master(const struct vrrp_instance *i)
{
	int64_t age_us = i->env->loop->now_us - i->master_seen_us;

	return i->master.len && i->master_priority > 0 && age_us <= vrrp_fsm_down_us(&i->fsm);
}

static bool has_lost_peer(const struct vrrp_instance *i)
{
	bool had_one = false;

	for (unsigned k = 0; k < VRRP_MAX_HELLO_PEERS; k++) {
		if (vrrp_io_is_fresh(i, &i->peers[k]))
			return false;
		had_one |= i->peers[k].seen_us != 0;
	}
	return had_one;
}

enum health vrrp_instance_health(const struct vrrp_instance *i, unsigned *reasons)
{
	struct health_facts f = {
		.state = i->fsm.state,
		.hears_master = hears_master(i),
		.has_conflict = i->conflict.why != CONFLICT_NONE,
		.has_lost_peer = has_lost_peer(i),
		.is_yielding = i->is_yielding,
		.n_foreign = foreign_count(i->foreign, i->env->loop->now_us),
	};

	for (unsigned k = 0; k < VRRP_MAX_HELLO_PEERS; k++) {
		const struct hello_peer *p = &i->peers[k];

		f.n_one_way += vrrp_io_is_fresh(i, p) && p->is_one_way;
		f.n_differing += vrrp_io_is_fresh(i, p) && p->differs;
	}
	return health_judge(&f, reasons);
}

const char *vrrp_instance_yield(struct vrrp_instance *i, bool wanted)
{
	if (wanted && i->cfg->priority == OWNER)
		return "it owns the addresses (priority 255)";
	if (wanted && i->fsm.state == VRRP_ACTIVE && !vrrp_instance_peer(i).priority &&
	    !vrrp_io_best_peer(i))
		return "no peer was ever heard";
	if (wanted == i->is_yielding)
		return NULL;
	i->is_yielding = wanted;
	log_notice("vrrp", wanted ? "handover_asked" : "handover_resumed", "instance=%s",
		   i->cfg->name);
	vrrp_instance_reconsider(i);
	return NULL;
}
