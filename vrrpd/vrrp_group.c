/* vrrp_group.c - a sync group in action. */
#include "vrrp_group.h"

#include <stdlib.h>
#include <tandem/log.h>

#include "vrrp_instance.h"

struct vrrp_group *vrrp_group_new(const struct vrrp_env *env, const struct cfg_group *cfg)
{
	struct vrrp_group *g = xcalloc(1, sizeof(*g));

	g->env = env;
	g->cfg = cfg;
	list_init(&g->node);
	notify_init(&g->notify, env->loop);
	return g;
}

static void forget(struct vrrp_group *g)
{
	for (unsigned k = 0; k < g->n_members; k++)
		g->members[k]->group = NULL;
	free(g->members);
	free(g->view);
	g->members = NULL;
	g->view = NULL;
	g->n_members = 0;
}

void vrrp_group_free(struct vrrp_group *g)
{
	if (!g)
		return;
	forget(g);
	notify_fini(&g->notify);
	list_del(&g->node);
	free(g);
}

void vrrp_group_set(struct vrrp_group *g, const struct cfg_group *cfg,
		    struct vrrp_instance **members, unsigned n)
{
	forget(g);
	g->cfg = cfg;
	g->members = members;
	g->view = xcalloc(n ? n : 1, sizeof(*g->view));
	g->n_members = n;
	for (unsigned k = 0; k < n; k++)
		members[k]->group = g;
}

/* Bring the view up to date. */
static void look(struct vrrp_group *g)
{
	for (unsigned k = 0; k < g->n_members; k++)
		g->view[k] = (struct vrrp_sync_member){ .fsm = &g->members[k]->fsm,
							.is_running = g->members[k]->is_started,
							.is_faulty = g->members[k]->has_own_fault };
}

static unsigned place_of(const struct vrrp_group *g, const struct vrrp_instance *i)
{
	unsigned k = 0;

	while (g->members[k] != i) {
		k++;
		ASSERT(k < g->n_members);
	}
	return k;
}

bool vrrp_group_may_claim(struct vrrp_instance *i)
{
	struct vrrp_group *g = i->group;
	unsigned who;

	if (!g)
		return true;
	look(g);
	who = place_of(g, i);
	return vrrp_sync_may_claim(g->view, g->n_members, who, i->env->loop->now_us);
}

static void run_notify(struct vrrp_group *g)
{
	const struct cfg_notify *c = &g->cfg->notify;
	const struct cfg_notify_line *line = NULL;
	const char *state = g->state == VRRP_INIT ? "STOP" : vrrp_state_text(g->state);
	const char *extra[] = { "GROUP", g->cfg->name, state, "0", NULL };

	switch (g->state) {
	case VRRP_ACTIVE:
		line = &c->master;
		break;
	case VRRP_BACKUP:
		line = &c->backup;
		break;
	case VRRP_FAULT:
		line = &c->fault;
		break;
	case VRRP_INIT:
		line = &c->stop;
		break;
	}
	if (line->line)
		notify_run(&g->notify, line->line, NULL, line->uid, line->gid);
	if (c->any.line)
		notify_run(&g->notify, c->any.line, extra, c->any.uid, c->any.gid);
	if (g->env->tell)
		g->env->tell(g->env->arg, "GROUP", g->cfg->name, state, 0);
}

/* The state of the group as a whole may have changed. */
static void settle(struct vrrp_group *g)
{
	enum vrrp_state before = g->state;

	look(g);
	g->state = vrrp_sync_state(g->view, g->n_members);
	if (g->state == before)
		return;
	log_notice("vrrp", "group_transition", "group=%s from=%s to=%s", g->cfg->name,
		   vrrp_state_text(before), vrrp_state_text(g->state));
	run_notify(g);
}

void vrrp_group_on_transition(struct vrrp_instance *i)
{
	struct vrrp_group *g = i->group;
	struct vrrp_event ev = { .kind = VRRP_EV_GROUP_BACKUP };
	unsigned who;

	if (!g || g->is_following)
		return;
	g->is_following = true;
	look(g);
	who = place_of(g, i);
	for (unsigned k = 0; k < g->n_members; k++)
		if (vrrp_sync_follow(g->view, who, k, &ev.kind))
			vrrp_instance_feed(g->members[k], &ev);
	g->is_following = false;
	settle(g);
}

void vrrp_group_on_fault(struct vrrp_instance *i)
{
	struct vrrp_group *g = i->group;

	for (unsigned k = 0; g && k < g->n_members; k++)
		if (g->members[k] != i)
			vrrp_instance_reconsider(g->members[k]);
}

const struct vrrp_instance *vrrp_group_fault_of(struct vrrp_instance *i)
{
	struct vrrp_group *g = i->group;
	int k;

	if (!g)
		return NULL;
	look(g);
	k = vrrp_sync_fault_of(g->view, g->n_members, place_of(g, i));
	return k < 0 ? NULL : g->members[k];
}
