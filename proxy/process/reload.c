/* reload.c - plan and commit of a configuration. */
#include "process/reload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <urcu/urcu-qsbr.h>

#include <tandem/rcu_sanitizer.h>

#include "config/cfg_model.h"
#include "config/cfg_parse.h"
#include "dns/server_template.h"
#include "health/check.h"
#include "net/frontend.h"
#include "net/listener.h"
#include "pool/backend.h"
#include "process/liveness_server.h"
#include "process/process.h"
#include "process/registry.h"
#include "process/saved_states.h"
#include "process/stats_socket.h"
#include "process/takeover.h"
#include "stats/auth.h"
#include "stats/pair.h"

struct plan_entry {
	const struct cfg_proxy *cfg;
	struct frontend *fe; /* of the running process, or ours */
	struct backend *be;  /* of the running process; NULL: new, made by the commit */
	bool is_new_frontend, is_new_backend;
};

struct plan {
	struct process *process;
	struct cfg *cfg; /* owned */
	struct plan_entry *entries;
	unsigned n_entries;
	struct list new_listeners, new_sockets;
	struct listener **kept; /* n_kept of the running ones */
	unsigned n_kept;
	struct stats_socket **kept_sockets;
	unsigned n_kept_sockets;
	struct liveness_server *new_liveness;
	bool keeps_liveness;
	bool is_takeover;
	struct diag *diag;
};

/* A configuration that was replaced, and what was made from it and left. */
struct generation {
	struct list node;
	struct cfg *cfg;
	uint64_t replaced_by; /* number of the next one, as health/ counts */
	struct frontend **frontends;
	unsigned n_frontends;
	struct backend **backends;
	unsigned n_backends;
};

static unsigned count_binds(const struct cfg *cfg)
{
	unsigned n = 0;

	for (const struct cfg_proxy *px = cfg->proxies; px != NULL; px = px->next)
		for (const struct cfg_bind *b = px->binds; b != NULL; b = b->next)
			n++;
	return n;
}

/* ---- plan ---- */

static void plan_proxies(struct plan *plan)
{
	const struct registry *now = registry_current;

	plan->entries = xcalloc(plan->cfg->n_proxies + 1, sizeof(*plan->entries));
	for (const struct cfg_proxy *px = plan->cfg->proxies; px != NULL; px = px->next) {
		struct plan_entry *e;

		if (px->disabled)
			continue;
		e = &plan->entries[plan->n_entries++];
		e->cfg = px;
		if (px->is_frontend) {
			e->fe = registry_find_frontend(now, str_from(px->name));
			if (e->fe == NULL) {
				e->fe = frontend_new(px, plan->process->engine.n_threads);
				e->is_new_frontend = true;
			}
		}
		if (px->is_backend)
			e->be = registry_find_backend(now, str_from(px->name));
	}
}

static struct listener *find_running(const struct plan *plan, const struct frontend *fe,
				     const char *key)
{
	struct listener *l;

	list_for_each (l, &plan->process->listeners, node)
		if ((fe == NULL || l->fe == fe) && strcmp(l->key, key) == 0)
			return l;
	return NULL;
}

/* The sockets of a bind that moves to another frontend, or that the last worker left: copies. */
static unsigned inherit_fds(const struct plan *plan, const struct plan_entry *e,
			    const struct cfg_bind *b, int **out)
{
	const struct listener *old = find_running(plan, NULL, b->key);
	unsigned n = 0;

	*out = NULL;
	if (old == NULL) {
		struct process *p = plan->process;

		if (p->master != NULL)
			n = master_link_inherited(p->master, e->cfg->name, b->key, out);
		return n > 0 ? n : master_link_inherited(&p->inherited, e->cfg->name, b->key, out);
	}
	if (b->fd != -1)
		return 0; /* fd@N is opened anew from N */
	*out = xcalloc(old->n_fds, sizeof(**out));
	for (unsigned i = 0; i < old->n_fds; i++) {
		int fd = fcntl(old->fds[i], F_DUPFD_CLOEXEC, 0);

		if (fd >= 0)
			(*out)[n++] = fd;
	}
	return n;
}

/* Another bind line of ours listens on this port: on another interface, or on an address that
 * contains this one or is part of it. It may leave with this very reload. */
static bool is_our_port(const struct plan *plan, const struct addr *a)
{
	const struct listener *l;

	if (a->len == 0 || a->sa.sa_family == AF_UNIX)
		return false;
	list_for_each (l, &plan->process->listeners, node)
		if (l->addr.len > 0 && l->addr.sa.sa_family != AF_UNIX &&
		    addr_port(&l->addr) == addr_port(a))
			return true;
	return false;
}

static void plan_bind(struct plan *plan, struct plan_entry *e, const struct cfg_bind *b)
{
	struct listener *l = e->is_new_frontend ? NULL : find_running(plan, e->fe, b->key);
	int *fds;
	unsigned n;

	if (l != NULL) {
		plan->kept[plan->n_kept++] = l;
		return;
	}
	n = inherit_fds(plan, e, b, &fds);
	l = listener_open(b, e->fe, plan->process->engine.n_threads, n > 0 ? fds : NULL, n,
			  plan->is_takeover || is_our_port(plan, &b->addr), plan->diag);
	free(fds);
	if (l != NULL)
		list_add_tail(&plan->new_listeners, &l->node);
}

static void plan_listeners(struct plan *plan)
{
	plan->kept = xcalloc(count_binds(plan->cfg) + 1, sizeof(struct listener *));
	for (unsigned i = 0; i < plan->n_entries; i++)
		for (const struct cfg_bind *b = plan->entries[i].cfg->binds; b != NULL; b = b->next)
			plan_bind(plan, &plan->entries[i], b);
}

/* Last, because a path that exists is taken over at once. */
static void plan_sockets(struct plan *plan)
{
	const struct cfg_global *g = &plan->cfg->global;
	unsigned n = 0;

	for (const struct cfg_socket *cs = g->sockets; cs != NULL; cs = cs->next)
		n++;
	plan->kept_sockets = xcalloc(n + 1, sizeof(struct stats_socket *));
	for (const struct cfg_socket *cs = g->sockets; cs != NULL; cs = cs->next) {
		struct stats_socket *s, *found = NULL;

		list_for_each (s, &plan->process->sockets, node)
			if (stats_socket_matches(s, cs))
				found = s;
		if (found != NULL) {
			plan->kept_sockets[plan->n_kept_sockets++] = found;
			if (found->level != cs->level)
				diag_warning(plan->diag, cs->pos,
					     "the level of a 'stats socket' changes only when "
					     "proxyd is started anew");
			continue;
		}
		s = stats_socket_open(cs, &plan->process->loop, g->stats_timeout_us, plan->diag);
		if (s != NULL)
			list_add_tail(&plan->new_sockets, &s->node);
	}
}

static void plan_liveness(struct plan *plan)
{
	const struct cfg_global *g = &plan->cfg->global;
	struct liveness_server *running = plan->process->liveness;
	int error = 0;

	if (g->liveness_path == NULL)
		return;
	if (running != NULL && strcmp(liveness_server_path(running), g->liveness_path) == 0) {
		plan->keeps_liveness = true;
		return;
	}
	plan->new_liveness =
		liveness_server_open(&plan->process->loop, g->liveness_path, g->liveness_mode,
				     g->liveness_uid, g->liveness_gid, &error);
	if (plan->new_liveness == NULL)
		diag_error(plan->diag, (struct diag_pos){ 0 },
			   "'liveness-socket' cannot listen on %s: %s", g->liveness_path,
			   strerror(-error));
}

struct plan *plan_new(struct process *p, struct cfg *cfg, bool is_takeover, struct diag *d)
{
	struct plan *plan = xcalloc(1, sizeof(*plan));

	plan->process = p;
	plan->cfg = cfg;
	plan->is_takeover = is_takeover;
	plan->diag = d;
	list_init(&plan->new_listeners);
	list_init(&plan->new_sockets);
	if (p->cfg != NULL && !p->may_exec && cfg->global.external_check)
		diag_error(d, (struct diag_pos){ 0 },
			   "'external-check' was not there at the start: programs may not be "
			   "started any more; restart proxyd");
	plan_proxies(plan);
	plan_listeners(plan);
	if (d->n_errors == 0)
		plan_liveness(plan);
	if (d->n_errors == 0)
		plan_sockets(plan);
	if (d->n_errors == 0)
		return plan;
	plan_drop(plan);
	return NULL;
}

static void free_plan_memory(struct plan *plan)
{
	free(plan->entries);
	free(plan->kept);
	free(plan->kept_sockets);
	free(plan);
}

void plan_drop(struct plan *plan)
{
	struct listener *l, *tmp;
	struct stats_socket *s, *tmp_s;

	list_for_each_safe (s, tmp_s, &plan->new_sockets, node)
		stats_socket_free(s);
	liveness_server_free(plan->new_liveness);
	list_for_each_safe (l, tmp, &plan->new_listeners, node) {
		list_del(&l->node);
		listener_free(l);
	}
	for (unsigned i = 0; i < plan->n_entries; i++)
		if (plan->entries[i].is_new_frontend)
			frontend_free(plan->entries[i].fe);
	cfg_free(plan->cfg);
	free_plan_memory(plan);
}

/* ---- commit ---- */

/* What the configuration names is found through its slots: they are filled before a reader can see
 * it. New backends are seen by nobody yet. */
static void commit_new_backends(struct plan *plan)
{
	for (unsigned i = 0; i < plan->n_entries; i++) {
		struct plan_entry *e = &plan->entries[i];

		e->is_new_backend = e->cfg->is_backend && e->be == NULL;
		if (e->is_new_backend)
			e->be = backend_new(e->cfg, plan->process->engine.n_threads);
		e->cfg->live->be = e->be;
		e->cfg->live->fe = e->fe;
	}
}

static void commit_backends(struct plan *plan)
{
	commit_new_backends(plan);
	for (unsigned i = 0; i < plan->n_entries; i++) {
		struct plan_entry *e = &plan->entries[i];

		if (!e->cfg->is_backend)
			continue;
		if (!e->is_new_backend)
			backend_reconfigure(e->be, e->cfg);
		e->be->id = e->cfg->id;
	}
}

static struct backend *planned_backend(const struct plan *plan, const struct cfg_proxy *px)
{
	for (unsigned i = 0; px != NULL && i < plan->n_entries; i++)
		if (plan->entries[i].cfg == px)
			return plan->entries[i].be;
	return NULL;
}

static void commit_frontends(struct plan *plan)
{
	for (unsigned i = 0; i < plan->n_entries; i++) {
		struct plan_entry *e = &plan->entries[i];
		struct backend *be;

		if (e->fe == NULL)
			continue;
		be = e->cfg->default_backend != NULL
			     ? planned_backend(plan, e->cfg->default_backend)
			     : e->be;
		e->fe->id = e->cfg->id;
		frontend_follow_limits(e->fe, e->cfg);
		if (e->fe->state == FRONTEND_SHUT)
			e->fe->state = FRONTEND_OPEN;
		__atomic_store_n(&e->fe->cfg, e->cfg, __ATOMIC_RELEASE);
		__atomic_store_n(&e->fe->default_backend, be, __ATOMIC_RELEASE);
	}
}

static void commit_registry(struct plan *plan)
{
	struct registry *r =
		xcalloc(1, sizeof(*r) + plan->n_entries * sizeof(struct registry_entry));

	r->cfg = plan->cfg;
	r->engine = &plan->process->engine;
	for (unsigned i = 0; i < plan->n_entries; i++)
		r->entries[r->n++] = (struct registry_entry){ .fe = plan->entries[i].fe,
							      .be = plan->entries[i].be };
	__atomic_store_n(&registry_current, r, __ATOMIC_RELEASE);
}

/* Servers whose state is that of another one, wherever it is. */
static void commit_tracks(const struct plan *plan)
{
	for (unsigned i = 0; i < plan->n_entries; i++) {
		struct backend *be = plan->entries[i].be;

		for (unsigned j = 0; be != NULL && j < be->n_servers; j++) {
			const struct cfg_server *target = be->servers[j]->cfg->track;

			server_track(be->servers[j], target != NULL ? target->live->srv : NULL);
		}
	}
}

static void commit_names(const struct plan *plan)
{
	struct dns *d = plan->process->dns;

	dns_servers_begin(d, plan->cfg);
	for (unsigned i = 0; i < plan->n_entries; i++)
		if (plan->entries[i].be != NULL)
			dns_servers_follow(d, plan->entries[i].be);
}

static bool is_kept(const struct plan *plan, const struct listener *l)
{
	for (unsigned i = 0; i < plan->n_kept; i++)
		if (plan->kept[i] == l)
			return true;
	return false;
}

/* New sockets accept before old ones stop. */
static void commit_listeners(struct plan *plan)
{
	struct process *p = plan->process;
	struct listener *l, *tmp, **add, **removed;
	unsigned n_add = 0, n_removed = 0, n = 0;

	list_for_each (l, &p->listeners, node)
		n++;
	list_for_each (l, &plan->new_listeners, node)
		n++;
	add = xcalloc(2 * (size_t)n + 1, sizeof(struct listener *));
	removed = add + n;
	list_for_each_safe (l, tmp, &p->listeners, node) {
		if (is_kept(plan, l))
			continue;
		list_del(&l->node);
		removed[n_removed++] = l;
	}
	list_for_each_safe (l, tmp, &plan->new_listeners, node) {
		list_del(&l->node);
		list_add_tail(&p->listeners, &l->node);
		if (l->fe->state != FRONTEND_PAUSED)
			add[n_add++] = l;
	}
	if (n_add + n_removed > 0)
		workers_set_listeners(&p->engine, add, n_add, removed, n_removed);
	for (unsigned i = 0; i < n_removed; i++) {
		/* the path of a Unix socket belongs to the new listener that took it over */
		for (unsigned j = 0; j < n_add; j++)
			if (addr_eq(&removed[i]->addr, &add[j]->addr))
				removed[i]->unlink_on_close = false;
		listener_free(removed[i]);
	}
	free(add);
}

static void commit_sockets(struct plan *plan)
{
	struct process *p = plan->process;
	struct stats_socket *s, *tmp;

	list_for_each_safe (s, tmp, &p->sockets, node) {
		bool keep = false;

		for (unsigned i = 0; i < plan->n_kept_sockets; i++)
			keep |= plan->kept_sockets[i] == s;
		if (!keep)
			stats_socket_free(s);
	}
	list_for_each_safe (s, tmp, &plan->new_sockets, node) {
		list_del(&s->node);
		list_add_tail(&p->sockets, &s->node);
	}
	if (!plan->keeps_liveness) {
		liveness_server_free(p->liveness);
		p->liveness = plan->new_liveness;
		if (p->liveness != NULL)
			liveness_server_watch(p->liveness, &p->engine);
	}
}

/* Collect what the old registry has and the new one has not. */
static void retire(struct process *p, const struct registry *old, struct cfg *old_cfg,
		   uint64_t generation)
{
	const struct registry *now = registry_current;
	struct generation *g = xcalloc(1, sizeof(*g));

	g->cfg = old_cfg;
	g->replaced_by = generation;
	g->frontends = xcalloc(old->n + 1, sizeof(struct frontend *));
	g->backends = xcalloc(old->n + 1, sizeof(struct backend *));
	for (unsigned i = 0; i < old->n; i++) {
		struct frontend *fe = old->entries[i].fe;
		struct backend *be = old->entries[i].be;

		if (fe != NULL && registry_find_frontend(now, str_from(fe->name)) != fe) {
			atomic_store(&fe->is_stopping, 1);
			g->frontends[g->n_frontends++] = fe;
		}
		if (be != NULL && registry_find_backend(now, str_from(be->name)) != be) {
			for (unsigned s = 0; s < be->n_servers; s++) {
				server_untrack(be->servers[s]);
				dns_forget(be->servers[s]);
				health_forget(p->engine.health, be->servers[s]);
				workers_purge_idle(&p->engine, be->servers[s]);
			}
			g->backends[g->n_backends++] = be;
		}
	}
	list_add_tail(&p->generations, &g->node);
}

void plan_commit(struct plan *plan)
{
	struct process *p = plan->process;
	struct registry *old = registry_current;
	struct cfg *old_cfg = p->cfg;
	uint64_t generation = health_begin_generation(p->engine.health);

	commit_backends(plan);
	commit_frontends(plan);
	commit_registry(plan);
	p->cfg = plan->cfg;
	saved_states_apply(p);
	commit_listeners(plan);
	for (unsigned i = 0; i < plan->n_entries; i++)
		if (plan->entries[i].be != NULL)
			health_sync(p->engine.health, plan->entries[i].be);
	commit_names(plan);
	commit_tracks(plan);
	commit_sockets(plan);
	health_set_global(p->engine.health, &plan->cfg->global);
	(void)stats_warn_of_open_pages(plan->cfg);
	pair_watch(&p->loop, plan->cfg->global.vrrpd_socket);
	if (old != NULL) {
		retire(p, old, old_cfg, generation);
		urcu_qsbr_synchronize_rcu();
		RCU_GRACE_OVER();
		free(old);
	}
	dns_servers_end(p->dns);
	if (p->master != NULL)
		master_link_send_listeners(p->master, &p->listeners);
	free_plan_memory(plan);
}

/* ---- after it ---- */

static bool frontend_is_unused(const struct frontend *fe)
{
	return atomic_load(&fe->sess.cur) == 0;
}

/* Frees what nobody uses; returns whether all of it is gone. */
static bool reap_generation(struct process *p, struct generation *g)
{
	unsigned n_fe = 0, n_be = 0;

	/* a probe goes on as it began, with the steps of its configuration */
	if (health_oldest_generation(p->engine.health) < g->replaced_by)
		return false;
	for (unsigned i = 0; i < g->n_frontends; i++)
		n_fe += !frontend_is_unused(g->frontends[i]);
	for (unsigned i = 0; i < g->n_backends; i++) {
		backend_reap(g->backends[i]);
		n_be += !backend_is_unused(g->backends[i]);
	}
	if (n_fe + n_be > 0)
		return false;
	/* a connection that just counted itself out may still look at its frontend this turn */
	urcu_qsbr_synchronize_rcu();
	RCU_GRACE_OVER();
	for (unsigned i = 0; i < g->n_frontends; i++)
		frontend_free(g->frontends[i]);
	for (unsigned i = 0; i < g->n_backends; i++)
		backend_free(g->backends[i]);
	return true;
}

static void generation_free(struct generation *g)
{
	list_del(&g->node);
	cfg_free(g->cfg);
	free(g->frontends);
	free(g->backends);
	free(g);
}

void reload_reap(struct process *p)
{
	const struct registry *r = registry_current;
	struct generation *g, *tmp;
	bool has_retired_servers = false;

	for (unsigned i = 0; r != NULL && i < r->n; i++) {
		struct backend *be = r->entries[i].be;

		if (be == NULL)
			continue;
		backend_reap(be);
		has_retired_servers |= !list_is_empty(&be->retired);
	}
	/* servers that left their backend point into the configuration they came from */
	if (has_retired_servers)
		return;
	/* in order: the configuration of an older one may lead to backends that left in a younger
	 */
	list_for_each_safe (g, tmp, &p->generations, node) {
		if (!reap_generation(p, g))
			break;
		generation_free(g);
	}
}

static void free_generation_now(struct generation *g)
{
	for (unsigned i = 0; i < g->n_frontends; i++)
		frontend_free(g->frontends[i]);
	for (unsigned i = 0; i < g->n_backends; i++)
		backend_free(g->backends[i]);
	generation_free(g);
}

void reload_free_all(struct process *p)
{
	struct registry *r = registry_current;
	struct generation *g, *tmp;
	struct listener *l, *tmp_l;
	struct stats_socket *s, *tmp_s;

	list_for_each_safe (s, tmp_s, &p->sockets, node)
		stats_socket_free(s);
	list_for_each_safe (l, tmp_l, &p->listeners, node) {
		list_del(&l->node);
		listener_free(l);
	}
	list_for_each_safe (g, tmp, &p->generations, node)
		free_generation_now(g);
	registry_current = NULL;
	for (unsigned i = 0; r != NULL && i < r->n; i++) {
		struct backend *be = r->entries[i].be;

		for (unsigned j = 0; be != NULL && j < be->n_servers; j++) {
			dns_forget(be->servers[j]);
			health_forget(p->engine.health, be->servers[j]);
		}
		frontend_free(r->entries[i].fe);
		backend_free(be);
	}
	free(r);
	cfg_free(p->cfg);
	p->cfg = NULL;
}
