/* worker_instances.c - the instances of a configuration: made, kept, ended; their history; the plan
 * of the guardian. */
#include "worker.h"

#include <stdlib.h>
#include <string.h>
#include <tandem/clock.h>
#include <tandem/log.h>

#include "board.h"
#include "config/cfg_model.h"

/* Of addresses and the hellos that follow. */
#define RENEW_FEW_S      0.1
#define RENEW_MANY_S     0.25
#define COST_OF_INSTANCE 10 /* in addresses */
#define COST_OF_FEW      200

/* --- the guardian's board ------------------------------------------------------------------- */

void worker_on_plan_changed(void *arg)
{
	((struct worker *)arg)->plan_dirty = true;
}

void worker_publish_plan(struct worker *w)
{
	struct board_plan plan;
	struct vrrp_instance *i;
	unsigned n = 0;

	list_for_each (i, &w->instances, node)
		n++;
	board_plan_begin(&plan, w->board, n);
	list_for_each (i, &w->instances, node)
		vrrp_io_plan(i, &plan);
	worker_plan_vmacs(w, &plan);
	if (board_plan_commit(&plan))
		log_err("guardian", "plan_too_large", "instances=%u", n);
	w->plan_dirty = false;
}

/* --- instances ------------------------------------------------------------------------------ */

void worker_on_transition(void *arg, struct vrrp_instance *i, enum vrrp_state from)
{
	struct worker *w = arg;
	struct history_entry e = { .real_us = i->since_real_us,
				   .mono_us = i->fsm.since_us,
				   .outage_us = HISTORY_UNKNOWN,
				   .from = from,
				   .to = i->fsm.state,
				   .cause = i->fsm.cause };

	strncpy(e.instance, i->cfg->name, sizeof(e.instance) - 1);
	if (vrrp_instance_cause_detail(i))
		strncpy(e.detail, vrrp_instance_cause_detail(i), sizeof(e.detail) - 1);
	if (i->fsm.state == VRRP_ACTIVE)
		e.outage_us = history_takeover_outage_us(
			e.cause,
			i->master.len ? w->loop.now_us - i->master_seen_us : HISTORY_UNKNOWN);
	history_add(&w->history, &e, w->started_us);
}

void worker_on_successor(void *arg, struct vrrp_instance *i, int64_t outage_us)
{
	struct worker *w = arg;

	history_settle(&w->history, i->cfg->name, outage_us);
}

void worker_on_tell(void *arg, const char *kind, const char *name, const char *state,
		    unsigned priority)
{
	struct worker *w = arg;

	for (size_t k = 0; k < ARRAY_LEN(w->fifos); k++)
		fifo_tell(&w->fifos[k], kind, name, state, priority);
}

static struct vrrp_instance *find_instance(struct worker *w, const struct cfg_instance *c)
{
	struct vrrp_instance *i;

	list_for_each (i, &w->instances, node) {
		if (strcmp(i->cfg->name, c->name) == 0 &&
		    strcmp(i->cfg->interface, c->interface) == 0 && i->cfg->vrid == c->vrid)
			return i;
	}
	return NULL;
}

static void start_instances(struct worker *w)
{
	struct vrrp_instance *i;

	list_for_each (i, &w->instances, node) {
		if (!i->is_started)
			vrrp_instance_start(i);
	}
}

void worker_on_delay(struct ev_loop *loop, ev_timer *t, int revents)
{
	struct worker *w = container_of(t, struct worker, delay);

	(void)loop, (void)revents;
	if (w->is_stopping)
		return;
	w->is_delayed = false;
	log_notice("vrrp", "startup_delay_over", "");
	start_instances(w);
	worker_publish_plan(w);
}

/* vrrp_startup_delay: nothing claims, and nothing is heard, before it is over. */
void worker_delay_start(struct worker *w, int64_t delay_us)
{
	if (delay_us <= 0)
		return;
	w->is_delayed = true;
	log_notice("vrrp", "startup_delayed", "ms=%lld", (long long)(delay_us / US_PER_MS));
	ev_timer_set(&w->delay, (double)delay_us / US_PER_S, 0.);
	ev_timer_start(w->loop.ev, &w->delay);
}

/* The more often addresses are renewed, the longer a stall is tolerated; and the more it costs. */
static void pace_renewal(struct worker *w)
{
	const struct vrrp_instance *i;
	unsigned cost = 0;

	list_for_each (i, &w->instances, node)
		cost += i->n_vips + COST_OF_INSTANCE;
	w->renew.repeat = cost <= COST_OF_FEW ? RENEW_FEW_S : RENEW_MANY_S;
	ev_timer_again(w->loop.ev, &w->renew);
}

/* Instances of cfg: those that keep name, interface and VRID keep their state. */
void worker_sync_instances(struct worker *w, const struct cfg *cfg)
{
	struct vrrp_instance *i, *tmp;
	struct list kept, fresh;

	list_init(&kept);
	list_init(&fresh);
	for (const struct cfg_instance *c = cfg->instances; c; c = c->next) {
		i = find_instance(w, c);
		if (i) {
			list_del(&i->node);
			list_add_tail(&kept, &i->node);
			vrrp_instance_set_tracks(i, NULL, 0); /* of the old configuration */
			i->cfg = c;
		} else {
			i = vrrp_instance_new(&w->env, c);
			list_add_tail(&fresh, &i->node);
		}
	}
	list_for_each_safe (i, tmp, &w->instances, node) { /* no longer wanted */
		i->is_deleted = true;
		vrrp_instance_stop(i);
		i->board = NULL; /* of a plan that will not be kept for it */
		list_del(&i->node);
		list_add_tail(&w->dying, &i->node);
	}
	list_for_each_safe (i, tmp, &kept, node) {
		list_del(&i->node);
		list_add_tail(&w->instances, &i->node);
		worker_bind_tracks(w, i);
		vrrp_instance_set_cfg(i, i->cfg);
	}
	list_for_each_safe (i, tmp, &fresh, node) {
		list_del(&i->node);
		list_add_tail(&w->instances, &i->node);
		worker_bind_tracks(w, i);
	}
	worker_sync_groups(w, cfg);
	worker_sync_ifaces(w);
	if (!w->is_delayed)
		start_instances(w);
	worker_publish_plan(w);
	pace_renewal(w);
}
