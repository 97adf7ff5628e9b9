/* vrrp_instance.c - one virtual router: performs what the state machine asks. */
#include "vrrp_instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <tandem/clock.h>
#include <tandem/log.h>
#include <unistd.h>

#include "explain.h"
#include "vrrp_lease.h"

void vrrp_instance_arm(struct vrrp_instance *i, ev_timer *t, int64_t after_us)
{
	ev_timer_stop(i->env->loop->ev, t);
	if (after_us == INT64_MAX)
		return;
	ev_timer_set(t, after_us > 0 ? (double)after_us / US_PER_S : 0., 0.);
	ev_timer_start(i->env->loop->ev, t);
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

const char *vrrp_instance_cause_detail(const struct vrrp_instance *i)
{
	if (i->fsm.cause == VRRP_CAUSE_FAULT)
		return i->fault_cause;
	if (i->fsm.cause == VRRP_CAUSE_PRIORITY)
		return i->is_yielding ? "by an operator" : "by a tracker";
	return NULL;
}

static void tell_transition(struct vrrp_instance *i, enum vrrp_state from)
{
	char master[INET6_ADDRSTRLEN] = "none";
	const char *state = vrrp_state_text(i->fsm.state);
	const char *detail = vrrp_instance_cause_detail(i);

	if (i->master.len)
		addr_format_ip(&i->master, master);
	i->n.transitions++;
	i->n.became_master += i->fsm.state == VRRP_ACTIVE;
	i->since_real_us = clock_real_us();
	i->left_us = from == VRRP_ACTIVE ? i->env->loop->now_us : 0;
	i->previous = from;
	log_notice("vrrp", "transition",
		   "instance=%s from=%s to=%s cause=\"%s%s%s\" priority=%u last_master=%s",
		   i->cfg->name, vrrp_state_text(from), state, vrrp_cause_text(i->fsm.cause),
		   detail ? ": " : "", detail ? detail : "", i->fsm.priority, master);
	if (i->fsm.state != VRRP_INIT)
		log_text(LOGL_NOTICE, "(%s) Entering %s STATE%s", i->cfg->name, state,
			 from == VRRP_INIT ? " (init)" : "");
	if (i->fsm.state == VRRP_INIT)
		state = i->is_deleted && i->cfg->notify.deleted.line ? "DELETED" : "STOP";
	run_notify(i, state);
	vrrp_conflict_tick(i);
	vrrp_io_send_hello(i);
	vrrp_io_update_board(i);
	i->env->on_transition(i->env->arg, i, from);
	vrrp_group_on_transition(i);
}

/* In the order of the enum, which is the right one on the wire. */
static void perform(struct vrrp_instance *i, unsigned actions, enum vrrp_state from)
{
	if (actions & VRRP_ADD_ADDRS)
		vrrp_addrs_add(i);
	if (actions & VRRP_SEND_ADVERT)
		vrrp_io_send_advert(i, i->fsm.priority);
	if (actions & VRRP_ANNOUNCE)
		vrrp_addrs_announce_takeover(i);
	if (actions & VRRP_DEL_ADDRS)
		vrrp_addrs_del(i);
	if (actions & VRRP_SEND_HANDOVER)
		vrrp_io_send_claim(i);
	if (actions & VRRP_SEND_ZERO)
		vrrp_io_send_advert(i, 0);
	if (actions & VRRP_REANNOUNCE) {
		vrrp_addrs_reannounce(i);
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
		vrrp_instance_arm(i, &i->timer, INT64_MAX);
	else
		vrrp_instance_arm(i, &i->timer, i->fsm.deadline_us - now_us);
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
	vrrp_lease_cancel(i); /* hellos may have come and gone */
	if (is_lost || i->fsm.state == VRRP_ACTIVE)
		vrrp_instance_feed(i, &ev); /* it steps down if it overslept */
	vrrp_instance_renew(i);
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
		.lower_prio_no_advert = c->lower_prio_no_advert,
	};
	i->explained_peer = 0; /* other weights, perhaps */
	vrrp_digest_make(c, explain_best(c), explain_least(c), &i->digest);
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
	vrrp_lease_init(i);
	vrrp_addrs_init(i);
	return i;
}

void vrrp_instance_free(struct vrrp_instance *i)
{
	if (!i)
		return;
	vrrp_instance_arm(i, &i->timer, INT64_MAX);
	vrrp_lease_cancel(i);
	vrrp_addrs_stop_announcing(i);
	notify_fini(&i->notify);
	list_del(&i->node);
	routing_fini(&i->routing);
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
	(void)!routing_del(i->env->nl, i->routing.del, i->routing.del_len);
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

void vrrp_instance_set_cfg(struct vrrp_instance *i, const struct cfg_instance *cfg)
{
	struct vip *old = i->vips;
	unsigned n_old = i->n_vips;
	struct routing_set old_routing = i->routing;

	i->cfg = cfg;
	read_params(i);
	if (i->params.version == 2 || i->fsm.state == VRRP_ACTIVE)
		i->fsm.active_adver_us = i->params.adver_us;
	i->vips = NULL; /* resolve_vips must not free what we compare with */
	i->routing = (struct routing_set){ 0 };
	vrrp_addrs_resolve(i);
	if (i->holds_addrs) {
		routing_del_missing(i->env->nl, &old_routing, &i->routing);
		vrrp_addrs_remove_missing(i, old, n_old);
		vrrp_instance_renew(i); /* adds the new ones */
		vrrp_instance_restore_routing(i);
		vrrp_addrs_announce(i, 1);
	}
	routing_fini(&old_routing);
	free(old);
	vrrp_instance_on_links(i);
}
