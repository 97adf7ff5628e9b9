/* worker_groups.c - sync groups: made, kept and ended as the configuration says. */
#include "worker.h"

#include <stdlib.h>
#include <string.h>

#include "config/cfg_model.h"

static struct vrrp_instance *find(struct worker *w, const struct cfg_instance *c)
{
	struct vrrp_instance *i;

	list_for_each (i, &w->instances, node) {
		if (i->cfg == c)
			return i;
	}
	return NULL;
}

static struct vrrp_group *take(struct worker *w, const struct cfg_group *c)
{
	struct vrrp_group *g;

	list_for_each (g, &w->groups, node) {
		if (strcmp(g->cfg->name, c->name) == 0) {
			list_del(&g->node);
			return g;
		}
	}
	return vrrp_group_new(&w->env, c);
}

void worker_sync_groups(struct worker *w, const struct cfg *cfg)
{
	struct vrrp_group *g, *tmp;
	struct list wanted;

	list_init(&wanted);
	for (const struct cfg_group *c = cfg->groups; c; c = c->next) {
		struct vrrp_instance **members =
			xcalloc(c->n_members ? c->n_members : 1, sizeof(struct vrrp_instance *));
		unsigned n = 0;

		for (const struct cfg_member *m = c->members; m; m = m->next) {
			struct vrrp_instance *i = find(w, m->instance);

			if (i)
				members[n++] = i;
		}
		g = take(w, c);
		vrrp_group_set(g, c, members, n);
		list_add_tail(&wanted, &g->node);
	}
	worker_free_groups(w);
	list_for_each_safe (g, tmp, &wanted, node) {
		list_del(&g->node);
		list_add_tail(&w->groups, &g->node);
	}
}

void worker_free_groups(struct worker *w)
{
	struct vrrp_group *g, *tmp;

	list_for_each_safe (g, tmp, &w->groups, node)
		vrrp_group_free(g);
}
