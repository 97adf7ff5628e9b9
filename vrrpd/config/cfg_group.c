/* cfg_group.c - vrrp_sync_group, and the notify keywords of instances and groups. */
#include "config/cfg_group.h"

#include "config/cfg_track.h"

static void group_member(struct cfg_parser *p, const struct cfg_stmt *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		struct cfg_member *m = arena_new(&p->cfg->arena, struct cfg_member);
		const struct cfg_member **link = &p->group->members;

		m->pos = cfg_word_pos(s, i);
		m->name = s->word[i].text.p;
		while (*link)
			link = (const struct cfg_member **)&(*link)->next;
		*link = m;
		p->group->n_members++;
	}
}

static void parse_group_members(struct cfg_parser *p, const struct cfg_stmt *s,
				const struct cfg_keyword *kw)
{
	(void)kw;
	cfg_read_entries(p, s, group_member);
}

void cfg_parse_group(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	struct cfg_group *g = arena_new(&p->cfg->arena, struct cfg_group);
	struct cfg_group **link = &p->cfg->groups;

	(void)kw;
	g->pos = cfg_word_pos(s, 1);
	g->name = s->word[1].text.p;
	for (; *link; link = &(*link)->next)
		if (strcmp((*link)->name, g->name) == 0)
			cfg_error(p, s, 1,
				  "vrrp_sync_group '%s' exists already, in line %u; rename one",
				  g->name, (*link)->pos.line);
	*link = g;
	p->group = g;
	cfg_read_block(p, s, IN_GROUP);
	p->group = NULL;
}

static void parse_global_tracking(struct cfg_parser *p, const struct cfg_stmt *s,
				  const struct cfg_keyword *kw)
{
	(void)kw;
	diag_notice(p->diag, cfg_word_pos(s, 0),
		    "'global_tracking' is an old word for sync_group_tracking_weight");
	p->group->keeps_weights = true;
}

void cfg_parse_notify(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	struct cfg_notify *all = p->group ? &p->group->notify : &p->instance->notify;
	struct cfg_notify_line *l = (void *)((char *)all + kw->offset);

	if (s->word[1].text.len == 0) {
		cfg_error(p, s, 1, "'%s' is empty; it expects %s", kw->name, kw->args);
		return;
	}
	*l = (struct cfg_notify_line){ .line = s->word[1].text.p };
	if (s->n > 2)
		cfg_get_user(p, s, 2, &l->user, &l->group, &l->uid, &l->gid);
}

static void parse_priority_changes(struct cfg_parser *p, const struct cfg_stmt *s,
				   const struct cfg_keyword *kw)
{
	struct cfg_notify *all = p->group ? &p->group->notify : &p->instance->notify;

	(void)kw;
	all->priority_changes = true;
	if (s->n > 1)
		(void)cfg_get_bool(p, s, 1, &all->priority_changes);
}

/* --- after all files were read --------------------------------------------------------------- */

static const char *instance_name(const void *arg, size_t i)
{
	const struct cfg_instance *in = arg;

	while (i--)
		in = in->next;
	return in->name;
}

static struct cfg_instance *find_instance(struct cfg_parser *p, const struct cfg_member *m)
{
	const char *near;

	for (struct cfg_instance *in = p->cfg->instances; in; in = in->next)
		if (strcmp(in->name, m->name) == 0)
			return in;
	near = diag_nearest(str_from(m->name), instance_name, p->cfg->instances,
			    p->cfg->n_instances);
	diag_error(p->diag, m->pos, "there is no vrrp_instance '%s'%s%s%s", m->name,
		   near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
	return NULL;
}

static bool is_tracked(const struct cfg_instance *in, const struct cfg_track *t)
{
	for (const struct cfg_track *o = in->tracks; o; o = o->next)
		if (o->kind == t->kind && strcmp(o->name, t->name) == 0)
			return true;
	return false;
}

static void give_tracks(struct cfg_parser *p, const struct cfg_group *g, struct cfg_instance *in)
{
	for (const struct cfg_track *t = g->tracks; t; t = t->next) {
		struct cfg_track *own = arena_new(&p->cfg->arena, struct cfg_track);
		const struct cfg_track **link = &in->tracks;

		if (is_tracked(in, t))
			continue;
		*own = *t;
		own->next = NULL;
		while (*link)
			link = (const struct cfg_track **)&(*link)->next;
		*link = own;
	}
}

static void bind_member(struct cfg_parser *p, const struct cfg_group *g, struct cfg_member *m)
{
	struct cfg_instance *in = find_instance(p, m);

	if (!in)
		return;
	if (in->group) {
		diag_error(p->diag, m->pos,
			   "vrrp_instance '%s' is in the sync group '%s' already; it can be in one",
			   m->name, in->group->name);
		return;
	}
	in->group = g;
	m->instance = in;
	give_tracks(p, g, in);
}

void cfg_bind_groups(struct cfg_parser *p)
{
	for (const struct cfg_group *g = p->cfg->groups; g; g = g->next) {
		for (const struct cfg_member *m = g->members; m; m = m->next)
			bind_member(p, g, (struct cfg_member *)m);
		if (g->n_members == 0 && !p->has_parse_errors)
			diag_error(p->diag, g->pos,
				   "vrrp_sync_group '%s' has no instance: add group { ... }",
				   g->name);
		else if (g->n_members == 1)
			diag_notice(p->diag, g->pos,
				    "vrrp_sync_group '%s' has one instance only: there is nothing "
				    "to keep together",
				    g->name);
	}
}

void cfg_check_group_weights(struct cfg_parser *p, struct cfg_instance *in)
{
	if (!in->group || in->group->keeps_weights)
		return;
	for (const struct cfg_track *t = in->tracks; t; t = t->next) {
		if (t->weight == 0 || t->weight == CFG_WEIGHT_UNSET)
			continue;
		diag_warning(p->diag, t->pos,
			     "vrrp_instance '%s' is in the sync group '%s': the weight of '%s' "
			     "becomes 0 (fault), as keepalived does; sync_group_tracking_weight in "
			     "the group keeps it",
			     in->name, in->group->name, t->name);
		((struct cfg_track *)t)->weight = 0;
	}
}

/* clang-format off: one line for one keyword */
#define LINE(field) offsetof(struct cfg_notify, field)
#define BOTH        (IN_INSTANCE | IN_GROUP)
#define PROGRAM     "a program line and perhaps a user and a group"
const struct cfg_keyword cfg_keywords_group[] = {
	{ "group", IN_GROUP, 0, 0, true, parse_group_members, 0, 0, 0, "",
	  "the names of the instances", CFG_SUPPORTED },
	{ "sync_group_tracking_weight", IN_GROUP, 0, 0, false, cfg_set_flag,
	  offsetof(struct cfg_group, keeps_weights), 0, 0, "",
	  "keep the weights of what the members track", CFG_SUPPORTED },
	{ "global_tracking", IN_GROUP, 0, 0, false, parse_global_tracking, 0, 0, 0, "",
	  "the same, as it was called before", CFG_SUPPORTED },
	{ "notify", BOTH, 1, 3, false, cfg_parse_notify, LINE(any), 0, 0, PROGRAM,
	  "run at each change, with INSTANCE (or GROUP) NAME STATE PRIORITY behind it",
	  CFG_SUPPORTED },
	{ "notify_master", BOTH, 1, 3, false, cfg_parse_notify, LINE(master), 0, 0, PROGRAM,
	  "run on becoming master", CFG_SUPPORTED },
	{ "notify_backup", BOTH, 1, 3, false, cfg_parse_notify, LINE(backup), 0, 0, PROGRAM,
	  "run on becoming backup", CFG_SUPPORTED },
	{ "notify_fault", BOTH, 1, 3, false, cfg_parse_notify, LINE(fault), 0, 0, PROGRAM,
	  "run on a fault", CFG_SUPPORTED },
	{ "notify_stop", BOTH, 1, 3, false, cfg_parse_notify, LINE(stop), 0, 0, PROGRAM,
	  "run when vrrpd stops", CFG_SUPPORTED },
	{ "notify_deleted", IN_INSTANCE, 1, 3, false, cfg_parse_notify, LINE(deleted), 0, 0,
	  PROGRAM, "run when a reload removes the instance, instead of notify_stop",
	  CFG_SUPPORTED },
	{ "notify_master_rx_lower_pri", IN_INSTANCE, 1, 3, false, cfg_parse_notify,
	  LINE(lower_prio), 0, 0, PROGRAM, "run when a worse master is heard while we are master",
	  CFG_SUPPORTED },
	{ "notify_priority_changes", BOTH, 0, 1, false, parse_priority_changes, 0, 0, 0,
	  "nothing, yes or no", "tell the FIFOs when the priority changes", CFG_SUPPORTED },
	{ "smtp_alert", IN_GROUP, 0, CFG_ANY, false, NULL, 0, 0, 0, "",
	  "no mail is sent; use the notify keywords", CFG_NO_EFFECT },
	{ "track_bfd", IN_GROUP, 0, CFG_ANY, false, NULL, 0, 0, 0, "",
	  "use track_script or track_proxy instead", CFG_UNSUPPORTED },
	{ 0 },
};
/* clang-format on */
