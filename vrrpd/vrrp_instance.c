/* vrrp_instance.c - one virtual router: performs what the state machine asks. */
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
#include "track.h"
#include "track_file.h"
#include "track_process.h"
#include "track_proxy.h"
#include "track_script.h"

#define LIFETIME_SHORT_S 1
#define LIFETIME_LONG_S  2
#define LIFETIME_LONG_US (LIFETIME_LONG_S * US_PER_S)
/* The last renewal may be this much older than the last turn of the loop. */
#define RENEW_MARGIN_US (300 * US_PER_MS)
#define LOG_BURST       5
#define LOG_PERIOD      (60 * US_PER_S)

/* --- addresses ------------------------------------------------------------------------------ */

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

static struct addr broadcast_of(const struct addr *a, unsigned prefix_len)
{
	struct addr b = *a;

	if (a->sa.sa_family != AF_INET || prefix_len >= 31)
		return (struct addr){ 0 };
	b.in.sin_addr.s_addr |= htonl(prefix_len ? UINT32_MAX >> prefix_len : UINT32_MAX);
	return b;
}

/* False: its interface is absent. */
static bool make_vip(const struct vrrp_instance *i, const struct cfg_vip *c, struct vip *out)
{
	const struct link *l = link_find(i->env->links, c->dev ? c->dev : i->cfg->interface);

	if (!l)
		return false;
	*out = (struct vip){
		.addr = c->addr,
		.brd = c->brd_auto ? broadcast_of(&c->addr, c->prefix_len) : c->brd,
		.ifindex = l->ifindex,
		.prefix_len = c->prefix_len,
		.scope = c->scope >= 0 ? (uint8_t)c->scope : RT_SCOPE_UNIVERSE,
	};
	if (c->label)
		strncpy(out->label, c->label, sizeof(out->label) - 1);
	return true;
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

/* Work out i->vips and the address list of the adverts from the configuration. */
static void resolve_vips(struct vrrp_instance *i)
{
	const struct cfg_vip *lists[] = { i->cfg->vips, i->cfg->vips_excluded };
	unsigned max = count_vips(lists[0]) + count_vips(lists[1]);

	free(i->vips);
	free(i->advert_vips);
	i->vips = xcalloc(max ? max : 1, sizeof(*i->vips));
	i->advert_vips = xcalloc(max ? max : 1, 16);
	i->n_vips = i->n_advert_vips = 0;
	for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
		for (const struct cfg_vip *v = lists[k]; v; v = v->next) {
			if (make_vip(i, v, &i->vips[i->n_vips]))
				i->n_vips++;
			if (k == 0 && v->addr.sa.sa_family == i->cfg->family &&
			    i->n_advert_vips < VRRP_MAX_VIPS)
				add_advert_vip(i, &v->addr);
		}
	}
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
static void announce_all(struct vrrp_instance *i, unsigned repeat)
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

static void add_addrs(struct vrrp_instance *i)
{
	int err;

	i->holds_addrs = true;
	if (i->board) /* first the note for the guardian, then the deed */
		atomic_store(&i->board->is_active, 1);
	err = vip_set(i->env->nl, i->vips, i->n_vips, vrrp_instance_lifetime_s(i), NULL);
	if (err)
		report_vip_error(i, "add_addresses_failed", err);
}

static void arm(struct vrrp_instance *i, ev_timer *t, int64_t after_us)
{
	ev_timer_stop(i->env->loop->ev, t);
	if (after_us == INT64_MAX)
		return;
	ev_timer_set(t, after_us > 0 ? (double)after_us / US_PER_S : 0., 0.);
	ev_timer_start(i->env->loop->ev, t);
}

static void stop_announcing(struct vrrp_instance *i)
{
	arm(i, &i->garp_delay, INT64_MAX);
	arm(i, &i->garp_refresh, INT64_MAX);
	arm(i, &i->garp_lower, INT64_MAX);
	arm(i, &i->garp_pace, INT64_MAX);
}

static void del_addrs(struct vrrp_instance *i)
{
	int err = vip_del(i->env->nl, i->vips, i->n_vips, NULL);

	stop_announcing(i);
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
	err = vip_set(i->env->nl, i->vips, i->n_vips, vrrp_instance_lifetime_s(i), NULL);
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

/* --- announcements -------------------------------------------------------------------------- */

static void on_garp_delay(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct vrrp_instance *i = container_of(w, struct vrrp_instance, garp_delay);

	(void)loop, (void)revents;
	announce_all(i, i->cfg->garp_repeat);
}

static void on_garp_refresh(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct vrrp_instance *i = container_of(w, struct vrrp_instance, garp_refresh);

	(void)loop, (void)revents;
	announce_all(i, i->cfg->garp_refresh_repeat);
	if (i->cfg->garp_refresh_us > 0)
		arm(i, w, i->cfg->garp_refresh_us);
}

static void on_garp_lower(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct vrrp_instance *i = container_of(w, struct vrrp_instance, garp_lower);

	(void)loop, (void)revents;
	announce_all(i, i->cfg->garp_lower_prio_repeat);
}

static void announce_takeover(struct vrrp_instance *i)
{
	announce_all(i, i->cfg->garp_repeat);
	if (i->cfg->garp_delay_us > 0)
		arm(i, &i->garp_delay, i->cfg->garp_delay_us);
	if (i->cfg->garp_refresh_us > 0)
		arm(i, &i->garp_refresh, i->cfg->garp_refresh_us);
}

static void reannounce(struct vrrp_instance *i)
{
	announce_all(i, i->cfg->garp_lower_prio_repeat);
	if (i->cfg->garp_lower_prio_delay_us > 0 && !ev_is_active(&i->garp_lower))
		arm(i, &i->garp_lower, i->cfg->garp_lower_prio_delay_us);
}

/* --- transitions ---------------------------------------------------------------------------- */

static void run_line(struct vrrp_instance *i, const struct cfg_notify_line *l,
		     const char *const *extra)
{
	if (l->line)
		notify_run(&i->notify, l->line, extra, l->uid, l->gid);
}

static void run_notify(struct vrrp_instance *i, const char *state)
{
	const struct cfg_notify *c = &i->cfg->notify;
	char priority[8];
	const char *extra[] = { "INSTANCE", i->cfg->name, state, priority, NULL };

	snprintf(priority, sizeof(priority), "%u", i->fsm.priority);
	switch (i->fsm.state) {
	case VRRP_ACTIVE:
		run_line(i, &c->master, NULL);
		break;
	case VRRP_BACKUP:
		run_line(i, &c->backup, NULL);
		break;
	case VRRP_FAULT:
		run_line(i, &c->fault, NULL);
		break;
	case VRRP_INIT:
		run_line(i, i->is_deleted && c->deleted.line ? &c->deleted : &c->stop, NULL);
		break;
	}
	run_line(i, &c->any, extra);
	if (i->env->tell)
		i->env->tell(i->env->arg, "INSTANCE", i->cfg->name, state, i->fsm.priority);
}

/* A worse master was heard while we are master. Its adverts may be many. */
static void tell_lower(struct vrrp_instance *i)
{
	int64_t now_us = i->env->loop->now_us;

	if (i->lower_told_us && now_us - i->lower_told_us < US_PER_S)
		return;
	i->lower_told_us = now_us;
	run_line(i, &i->cfg->notify.lower_prio, NULL);
	if (i->env->tell)
		i->env->tell(i->env->arg, "INSTANCE", i->cfg->name, "MASTER_RX_LOWER_PRI",
			     i->fsm.priority);
}

static void tell_transition(struct vrrp_instance *i, enum vrrp_state from)
{
	char master[INET6_ADDRSTRLEN] = "none";
	const char *state = vrrp_state_text(i->fsm.state);
	bool is_fault = i->fsm.cause == VRRP_CAUSE_FAULT;

	if (i->master.len)
		addr_format_ip(&i->master, master);
	i->n.transitions++;
	i->n.became_master += i->fsm.state == VRRP_ACTIVE;
	i->since_real_us = clock_real_us();
	i->previous = from;
	log_notice("vrrp", "transition",
		   "instance=%s from=%s to=%s cause=\"%s%s%s\" priority=%u last_master=%s",
		   i->cfg->name, vrrp_state_text(from), state, vrrp_cause_text(i->fsm.cause),
		   is_fault ? ": " : "", is_fault && i->fault_cause ? i->fault_cause : "",
		   i->fsm.priority, master);
	if (i->fsm.state != VRRP_INIT)
		log_text(LOGL_NOTICE, "(%s) Entering %s STATE%s", i->cfg->name, state,
			 from == VRRP_INIT ? " (init)" : "");
	if (i->fsm.state == VRRP_INIT)
		state = i->is_deleted && i->cfg->notify.deleted.line ? "DELETED" : "STOP";
	run_notify(i, state);
	vrrp_io_send_hello(i);
	vrrp_io_update_board(i);
	i->env->on_transition(i->env->arg, i, from);
	vrrp_group_on_transition(i);
}

/* In the order of the enum, which is the right one on the wire. */
static void perform(struct vrrp_instance *i, unsigned actions, enum vrrp_state from)
{
	if (actions & VRRP_ADD_ADDRS)
		add_addrs(i);
	if (actions & VRRP_SEND_ADVERT)
		vrrp_io_send_advert(i, i->fsm.priority);
	if (actions & VRRP_ANNOUNCE)
		announce_takeover(i);
	if (actions & VRRP_DEL_ADDRS)
		del_addrs(i);
	if (actions & VRRP_SEND_HANDOVER)
		vrrp_io_send_claim(i);
	if (actions & VRRP_SEND_ZERO)
		vrrp_io_send_advert(i, 0);
	if (actions & VRRP_REANNOUNCE) {
		reannounce(i);
		tell_lower(i);
	}
	if (actions & VRRP_NOTIFY)
		tell_transition(i, from);
}

void vrrp_instance_feed(struct vrrp_instance *i, const struct vrrp_event *ev)
{
	enum vrrp_state from = i->fsm.state;
	int64_t now_us = i->env->loop->now_us;
	unsigned actions = vrrp_fsm_step(&i->fsm, ev, now_us);

	perform(i, actions, from);
	if (i->fsm.deadline_us == INT64_MAX)
		arm(i, &i->timer, INT64_MAX);
	else
		arm(i, &i->timer, i->fsm.deadline_us - now_us);
}

static void on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct vrrp_instance *i = container_of(w, struct vrrp_instance, timer);
	struct vrrp_event ev = { .kind = VRRP_EV_TIMER };

	(void)loop, (void)revents;
	/* Held back by its sync group: who is the last to want takes it along. */
	if (i->fsm.state == VRRP_BACKUP && i->fsm.deadline_us <= i->env->loop->now_us &&
	    !vrrp_group_may_claim(i))
		return;
	vrrp_instance_feed(i, &ev); /* a millisecond too early: armed anew */
}

void vrrp_instance_on_stall(struct vrrp_instance *i, bool is_lost)
{
	struct vrrp_event ev = { .kind = is_lost ? VRRP_EV_STALL : VRRP_EV_TIMER };

	if (!i->is_started)
		return;
	if (is_lost || i->fsm.state == VRRP_ACTIVE)
		vrrp_instance_feed(i, &ev); /* it steps down if it overslept */
	vrrp_instance_renew(i);
}

/* --- trackers ------------------------------------------------------------------------------- */

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
static const char *check_basis(struct vrrp_instance *i)
{
	const struct link *l = link_find(i->env->links, i->cfg->interface);

	if (!l)
		return "interface absent";
	if (!i->cfg->dont_track_primary && !link_is_running(l))
		return "interface down";
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
	return track_priority(&sum);
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
	unsigned ifindex = l ? l->ifindex : 0;
	struct addr src;

	i->ifindex = ifindex;
	resolve_vips(i); /* a `dev` of theirs may have changed too */
	src = find_source(i);
	/* A source that is still there stays: a new address is no reason to look like another. */
	if (!i->src.len || !link_has_addr(l, &i->src) || i->cfg->src.len)
		i->src = src;
	i->env->on_plan_changed(i->env->arg);
	vrrp_instance_reconsider(i);
}

/* --- life ----------------------------------------------------------------------------------- */

static void read_params(struct vrrp_instance *i)
{
	const struct cfg_instance *c = i->cfg;

	i->params = (struct vrrp_params){
		.priority = c->priority,
		.version = c->version,
		.preempt = c->preempt,
		.preempt_delay_us = c->preempt_delay_us,
		.adver_us = c->advert_us,
		.down_adverts = c->down_adverts,
		.start_as_master = c->state == WANT_MASTER,
		.higher_prio_send_advert = c->higher_prio_send_advert,
	};
}

struct vrrp_instance *vrrp_instance_new(const struct vrrp_env *env, const struct cfg_instance *cfg)
{
	struct vrrp_instance *i = xcalloc(1, sizeof(*i));

	i->env = env;
	i->cfg = cfg;
	list_init(&i->node);
	read_params(i);
	vrrp_fsm_init(&i->fsm, &i->params);
	notify_init(&i->notify, env->loop);
	ev_init(&i->timer, on_timer);
	ev_init(&i->garp_delay, on_garp_delay);
	ev_init(&i->garp_refresh, on_garp_refresh);
	ev_init(&i->garp_lower, on_garp_lower);
	ev_init(&i->garp_pace, on_garp_pace);
	return i;
}

void vrrp_instance_free(struct vrrp_instance *i)
{
	if (!i)
		return;
	arm(i, &i->timer, INT64_MAX);
	stop_announcing(i);
	notify_fini(&i->notify);
	list_del(&i->node);
	free(i->vips);
	free(i->advert_vips);
	free(i->tracks);
	free(i);
}

void vrrp_instance_set_tracks(struct vrrp_instance *i, struct vrrp_track *tracks, unsigned n)
{
	free(i->tracks);
	i->tracks = tracks;
	i->n_tracks = n;
}

/* So that removing the first address of a network keeps the others of it. */
static void promote_secondaries(const struct vrrp_instance *i)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/promote_secondaries",
		 i->cfg->interface);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "1", 1) != 1)
		log_warn("vrrp", "promote_secondaries_failed", "instance=%s error=%s", i->cfg->name,
			 log_quoted(str_from(strerror(errno))));
	if (fd >= 0)
		close(fd);
}

void vrrp_instance_start(struct vrrp_instance *i)
{
	struct vrrp_event ev = { .kind = VRRP_EV_STARTUP };

	if (i->cfg->promote_secondaries)
		promote_secondaries(i);
	vrrp_instance_on_links(i); /* is_started is false: only resolves */
	/* What an earlier run, or keepalived, left behind. We are not MASTER now. */
	(void)!vip_del(i->env->nl, i->vips, i->n_vips, NULL);
	i->is_started = true;
	vrrp_instance_reconsider(i); /* straight to FAULT if there is a reason */
	if (!i->is_in_fault)
		vrrp_instance_feed(i, &ev);
}

void vrrp_instance_stop(struct vrrp_instance *i)
{
	struct vrrp_event ev = { .kind = VRRP_EV_SHUTDOWN };

	vrrp_instance_feed(i, &ev);
	i->is_started = false;
}

/* Remove those of old that are not in the new list. */
static void remove_missing(struct vrrp_instance *i, const struct vip *old, unsigned n_old)
{
	for (unsigned k = 0; k < n_old; k++) {
		bool stays = false;

		for (unsigned m = 0; m < i->n_vips && !stays; m++)
			stays = vip_eq(&old[k], &i->vips[m]);
		if (!stays)
			(void)!vip_del(i->env->nl, &old[k], 1, NULL);
	}
}

void vrrp_instance_set_cfg(struct vrrp_instance *i, const struct cfg_instance *cfg)
{
	struct vip *old = i->vips;
	unsigned n_old = i->n_vips;

	i->cfg = cfg;
	read_params(i);
	if (i->params.version == 2 || i->fsm.state == VRRP_ACTIVE)
		i->fsm.active_adver_us = i->params.adver_us;
	i->vips = NULL; /* resolve_vips must not free what we compare with */
	resolve_vips(i);
	if (i->holds_addrs) {
		remove_missing(i, old, n_old);
		vrrp_instance_renew(i); /* adds the new ones */
		announce_all(i, 1);
	}
	free(old);
	vrrp_instance_on_links(i);
}
