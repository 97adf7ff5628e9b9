/* backend.c - a backend: its servers across reloads, the view that data threads read, and the way
 * from a request to a server. */
#include "pool/backend.h"

#include <stdlib.h>
#include <tandem/clock.h>
#include <tandem/rcu_sanitizer.h>

#include "config/cfg_model.h"
#include "pool/dynamic_cookie.h"
#include "pool/queue.h"
#include "stats/latency.h"

const struct lb_algo *backend_algo(const struct cfg_proxy *cfg)
{
	switch (cfg->balance) {
	case CFG_LB_ROUNDROBIN:
		return &lb_roundrobin;
	case CFG_LB_LEASTCONN:
		return &lb_leastconn;
	case CFG_LB_SOURCE:
		return &lb_source;
	case CFG_LB_STATIC_RR:
		return &lb_static_rr;
	case CFG_LB_FIRST:
		return &lb_first;
	case CFG_LB_RANDOM:
		return &lb_random;
	case CFG_LB_URI:
	case CFG_LB_URL_PARAM:
	case CFG_LB_HDR:
		return &lb_hashed;
	}
	UNREACHABLE();
}

/* --- the view --- */

static void view_free(struct backend_view *v)
{
	free(v->servers);
	free(v->usable);
	free(v->schedule);
	free(v->ring);
	free(v->tree);
	free(v);
}

static void view_free_rcu(struct rcu_head *head)
{
	RCU_GRACE_OVER();
	view_free(container_of(head, struct backend_view, rcu));
}

static struct view_server view_of_server(const struct backend *be, struct server *s)
{
	const struct cfg_server *cfg = s->cfg;
	struct view_server vs = {
		.srv = s,
		.addr = s->addr,
		.source = { .addr = cfg->source,
			    .foreign = cfg->usesrc_addr,
			    .usesrc = cfg->usesrc,
			    .interface = cfg->source_interface,
			    .tcp_ut_ms = (unsigned)(cfg->tcp_ut_us / 1000) },
		.port_offset = cfg->port_offset,
		.follows_client =
			s->addr.len > 0 && s->addr.sa.sa_family != AF_UNIX &&
			(cfg->port_offset || addr_port(&s->addr) == 0 || addr_is_any(&s->addr)),
		.idle = { .max_idle = cfg->pool_max_conn,
			  .max_reuse = cfg->max_reuse,
			  .purge_delay_us = cfg->pool_purge_delay_us },
		.weight = (uint16_t)server_effective_weight(s),
		.usable = server_is_usable(s),
		.is_backup = cfg->backup,
		.accepts = s->op != SERVER_STOPPED && (s->admin & SERVER_MAINT_MASK) == 0,
		.send_proxy = (uint8_t)cfg->send_proxy,
		.maxconn = s->maxconn,
		.maxqueue = cfg->maxqueue,
		.percent = (uint8_t)server_percent_of_maxconn(s),
		.fullconn = be->cfg->fullconn,
	};

	/* minconn without a maxconn above it is a fixed limit */
	if (cfg->minconn >= vs.maxconn)
		vs.maxconn = MAX(cfg->minconn, vs.maxconn);
	else
		vs.minconn = cfg->minconn;
	return vs;
}

/* Points into the view: the copy must be in place. */
static void set_cookie(const struct backend *be, struct view_server *vs)
{
	const struct cfg_proxy *px = be->cfg;

	vs->cookie = vs->srv->cfg->cookie;
	if (vs->cookie.len > 0 || !px->cookie.is_dynamic || px->dynamic_cookie_key.len == 0 ||
	    vs->addr.sa.sa_family == AF_UNIX)
		return;
	cookie_make_dynamic(px->dynamic_cookie_key, &vs->addr, vs->dynamic_cookie);
	vs->cookie = str_from(vs->dynamic_cookie);
}

static void use_server(struct backend_view *v, struct view_server *vs)
{
	vs->in_use = true;
	vs->slot = (uint16_t)v->n_usable;
	v->usable[v->n_usable++] = vs;
	v->total_weight += vs->weight;
}

/* The usable servers that are no backups; without any the first usable backup, or with allbackups
 * all of them. */
static void choose_usable(struct backend_view *v, bool allbackups)
{
	for (uint32_t i = 0; i < v->n_servers; i++) {
		struct view_server *vs = &v->servers[i];

		if (!vs->usable)
			continue;
		if (vs->is_backup) {
			v->n_backup++;
		} else {
			v->n_active++;
			use_server(v, vs);
		}
	}
	for (uint32_t i = 0; v->n_active == 0 && i < v->n_servers; i++) {
		if (!v->servers[i].usable)
			continue;
		use_server(v, &v->servers[i]);
		if (!allbackups)
			break;
	}
}

static struct backend_view *view_build(const struct backend *be)
{
	struct backend_view *v = xcalloc(1, sizeof(*v));

	v->n_servers = be->n_servers;
	v->servers = xcalloc(be->n_servers + 1, sizeof(*v->servers));
	v->usable = xcalloc(be->n_servers + 1, sizeof(struct view_server *));
	for (unsigned i = 0; i < be->n_servers; i++) {
		v->servers[i] = view_of_server(be, be->servers[i]);
		set_cookie(be, &v->servers[i]);
	}
	choose_usable(v, be->cfg->allbackups);
	v->algo = backend_algo(be->cfg);
	v->changed = v->algo->changed;
	v->is_consistent = be->cfg->lb.is_consistent && v->algo->is_bound;
	v->avalanche = be->cfg->lb.avalanche;
	v->balance_factor = be->cfg->lb.balance_factor;
	v->n_draws = be->cfg->lb.draws > 0 ? be->cfg->lb.draws : 2;
	if (v->algo->prepare != NULL)
		v->algo->prepare(v, be->view, &be->lb);
	return v;
}

static void account_change(struct backend *be, bool was_up, bool is_up)
{
	int64_t now_us = clock_mono_us();

	if (was_up == is_up)
		return;
	if (is_up)
		be->down_time_us += now_us - be->last_change_us;
	else
		be->n_down++;
	be->last_change_us = now_us;
}

void (*backend_published_hook)(struct backend *be);

unsigned backend_publish(struct backend *be)
{
	struct backend_view *v = view_build(be), *old;
	unsigned n_granted;

	if (be->view != NULL)
		account_change(be, be->view->n_usable > 0, v->n_usable > 0);
	old = queue_publish(be, v, &n_granted);
	if (old != NULL)
		urcu_qsbr_call_rcu(&old->rcu, view_free_rcu);
	if (backend_published_hook != NULL)
		backend_published_hook(be);
	return n_granted;
}

void backend_tick(struct backend *be)
{
	bool has_changed = false;

	for (unsigned i = 0; i < be->n_servers; i++)
		has_changed |= server_tick(be->servers[i]);
	if (has_changed)
		backend_publish(be);
}

unsigned backend_n_usable(const struct backend *be)
{
	return backend_view(be)->n_usable;
}

bool backend_accepts(const struct backend *be, const struct server *s)
{
	const struct backend_view *v = backend_view(be);
	uint32_t i = __atomic_load_n(&s->view_index, __ATOMIC_RELAXED);

	/* the index may be that of a newer view: then it is no for a moment */
	return i < v->n_servers && v->servers[i].srv == s && v->servers[i].accepts;
}

/* --- assignment --- */

const struct view_server *backend_view_of(const struct backend *be, const struct server *s)
{
	const struct backend_view *v = backend_view(be);
	/* the index may be that of a newer view */
	uint32_t i = __atomic_load_n(&s->view_index, __ATOMIC_RELAXED);

	if (LIKELY(i < v->n_servers && v->servers[i].srv == s))
		return &v->servers[i];
	for (i = 0; i < v->n_servers; i++)
		if (v->servers[i].srv == s)
			return &v->servers[i];
	return NULL;
}

/* The server that a rule or a cookie chose, if it is alive or was meant all the same. */
static const struct view_server *find_wanted(const struct backend *be, const struct lb_key *key)
{
	const struct view_server *vs = backend_view_of(be, key->want);

	/* a name without address leads nowhere */
	return vs != NULL && (vs->accepts || (key->want_even_down && vs->addr.len > 0)) ? vs : NULL;
}

enum assign_result backend_assign(struct backend *be, const struct lb_key *key, struct pending *p,
				  const struct view_server **out)
{
	const struct backend_view *v = backend_view(be);
	const struct view_server *wanted =
		UNLIKELY(key->want != NULL) ? find_wanted(be, key) : NULL;
	const struct view_server *vs = wanted ? wanted : v->algo->pick(v, &be->lb, key);

	if (vs == NULL)
		return ASSIGN_NONE;
	if (vs->maxconn == 0) {
		gauge_inc(&vs->srv->sess);
	} else if (atomic_load(&be->n_waiting) > 0 || !queue_take_slot(vs)) {
		return queue_enter(be, vs, wanted != NULL || v->algo->is_bound, p, out);
	}
	*out = vs;
	if (UNLIKELY(v->changed != NULL))
		v->changed(v, &be->lb, vs);
	return ASSIGN_OK;
}

/* For algorithms that keep count. Any thread. */
static void tell_algo(struct backend *be, const struct server *s)
{
	const struct backend_view *v = backend_view(be);
	const struct view_server *vs;

	if (LIKELY(v->changed == NULL))
		return;
	vs = backend_view_of(be, s);
	if (vs != NULL)
		v->changed(v, &be->lb, vs);
}

void backend_take(struct backend *be, struct server *s)
{
	gauge_inc(&s->sess);
	tell_algo(be, s);
}

void backend_release(struct backend *be, struct server *s)
{
	/* sequentially consistent, see queue.c */
	atomic_fetch_sub(&s->sess.cur, 1);
	tell_algo(be, s);
	if (UNLIKELY(atomic_load(&be->n_waiting) > 0))
		queue_on_release(be, s);
}

/* --- life ---
 *
 * The retired list is walked by its nodes: list_for_each would make a struct server pointer of the
 * list's head, which is not aligned as one. */

struct server *backend_find_server(const struct backend *be, struct str name_or_id)
{
	int64_t id;

	for (unsigned i = 0; i < be->n_servers; i++)
		if (str_eq(str_from(be->servers[i]->name), name_or_id))
			return be->servers[i];
	if (name_or_id.len < 2 || name_or_id.p[0] != '#')
		return NULL;
	name_or_id = (struct str){ name_or_id.p + 1, name_or_id.len - 1 };
	if (str_parse_int(name_or_id, 1, INT32_MAX, &id) < 0)
		return NULL;
	for (unsigned i = 0; i < be->n_servers; i++)
		if (be->servers[i]->id == id)
			return be->servers[i];
	return NULL;
}

static struct server *take_by_name(struct server **servers, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++) {
		struct server *s = servers[i];

		if (s != NULL && strcmp(s->name, name) == 0) {
			servers[i] = NULL;
			return s;
		}
	}
	return NULL;
}

static void on_hidden(struct rcu_head *head)
{
	RCU_GRACE_OVER();
	atomic_store(&container_of(head, struct server, rcu)->is_hidden, true);
}

void backend_reconfigure(struct backend *be, const struct cfg_proxy *cfg)
{
	struct server **old = be->servers;
	unsigned n_old = be->n_servers, i = 0;

	ASSERT(cfg->n_servers <= LB_MAX_SERVERS);
	be->servers = xcalloc(cfg->n_servers + 1, sizeof(struct server *));
	be->n_servers = cfg->n_servers;
	be->id = cfg->id;
	for (const struct cfg_server *cs = cfg->servers; cs != NULL; cs = cs->next, i++) {
		struct server *s;

		ASSERT(i < cfg->n_servers);
		/* a file that did not change has them in the same places */
		s = i < n_old ? take_by_name(&old[i], 1, cs->name) : NULL;
		if (s == NULL)
			s = take_by_name(old, n_old, cs->name);
		if (s == NULL)
			s = server_new(be, cs, be->n_threads);
		else
			server_reconfigure(s, cs);
		s->index = i;
		if (cs->live != NULL)
			__atomic_store_n(&cs->live->srv, s, __ATOMIC_RELEASE);
		be->servers[i] = s;
	}
	ASSERT(i == cfg->n_servers);
	for (i = 0; i < n_old; i++) {
		if (old[i] == NULL)
			continue;
		old[i]->is_retired = true;
		list_add_tail(&be->retired, &old[i]->node);
	}
	__atomic_store_n(&be->cfg, cfg, __ATOMIC_RELEASE);
	backend_publish(be);
	/* readers of the old view can still choose what was retired, until a grace period ends */
	for (i = 0; i < n_old; i++)
		if (old[i] != NULL)
			urcu_qsbr_call_rcu(&old[i]->rcu, on_hidden);
	free(old);
}

struct server *backend_add_server(struct backend *be, const struct cfg_server *cs, struct cfg *cfg,
				  bool is_enabled)
{
	struct server **servers, *s;

	if (be->n_servers >= LB_MAX_SERVERS)
		return NULL;
	servers = xcalloc(be->n_servers + 2, sizeof(struct server *));
	memcpy(servers, be->servers, be->n_servers * sizeof(struct server *));
	s = server_new(be, cs, be->n_threads);
	s->own_cfg = cfg;
	s->index = be->n_servers;
	s->checks.is_check_off = s->checks.is_agent_off = true;
	if (!is_enabled) {
		s->admin |= SERVER_FMAINT;
		s->op = SERVER_STOPPED;
	}
	__atomic_store_n(&cs->live->srv, s, __ATOMIC_RELEASE);
	servers[be->n_servers++] = s;
	free(be->servers);
	be->servers = servers;
	backend_publish(be);
	return s;
}

void backend_remove_server(struct backend *be, struct server *s)
{
	unsigned at = s->index;

	ASSERT(at < be->n_servers && be->servers[at] == s);
	be->n_servers--;
	for (unsigned i = at; i < be->n_servers; i++) {
		be->servers[i] = be->servers[i + 1];
		be->servers[i]->index = i;
	}
	__atomic_store_n(&s->cfg->live->srv, NULL, __ATOMIC_RELEASE);
	s->is_retired = true;
	list_add_tail(&be->retired, &s->node);
	backend_publish(be);
	urcu_qsbr_call_rcu(&s->rcu, on_hidden);
}

struct backend *backend_new(const struct cfg_proxy *cfg, unsigned n_threads)
{
	struct backend *be = aligned_alloc(CACHE_LINE, sizeof(*be));

	ASSERT(be != NULL); /* out of memory */
	memset(be, 0, sizeof(*be));
	be->name = xstrdup(cfg->name);
	be->n_threads = n_threads;
	be->counters = counters_new(n_threads);
	be->latency = latency_new(n_threads);
	be->last_change_us = clock_mono_us();
	list_init(&be->retired);
	list_init(&be->waiting);
	pthread_mutex_init(&be->queue_lock, NULL);
	backend_reconfigure(be, cfg);
	return be;
}

bool backend_is_unused(const struct backend *be)
{
	const struct server *s;

	if (atomic_load(&be->sess.cur) != 0 || atomic_load(&be->n_waiting) != 0)
		return false;
	for (unsigned i = 0; i < be->n_servers; i++)
		if (atomic_load(&be->servers[i]->sess.cur) != 0 ||
		    atomic_load(&be->servers[i]->n_reports) != 0)
			return false;
	for (const struct list *l = be->retired.next; l != &be->retired; l = l->next) {
		s = list_entry(l, struct server, node);
		if (atomic_load(&s->sess.cur) != 0 || atomic_load(&s->n_reports) != 0)
			return false;
	}
	return true;
}

static void server_free_rcu(struct rcu_head *head)
{
	RCU_GRACE_OVER();
	server_free(container_of(head, struct server, rcu));
}

unsigned backend_reap(struct backend *be)
{
	unsigned n_left = 0;

	for (struct list *l = be->retired.next, *next; l != &be->retired; l = next) {
		struct server *s = list_entry(l, struct server, node);

		next = l->next;
		if (!atomic_load(&s->is_hidden) || atomic_load(&s->sess.cur) != 0 ||
		    atomic_load(&s->n_reports) != 0) {
			n_left++;
			continue;
		}
		ASSERT(s->check == NULL);
		list_del(&s->node);
		/* who gave the last slot back may still look at it in this turn */
		urcu_qsbr_call_rcu(&s->rcu, server_free_rcu);
	}
	return n_left;
}

static void backend_free_rcu(struct rcu_head *head)
{
	struct backend *be = container_of(head, struct backend, rcu);

	RCU_GRACE_OVER();
	while (!list_is_empty(&be->retired)) {
		struct list *l = be->retired.next;

		list_del(l);
		server_free(list_entry(l, struct server, node));
	}
	for (unsigned i = 0; i < be->n_servers; i++)
		server_free(be->servers[i]);
	free(be->servers);
	view_free(be->view);
	pthread_mutex_destroy(&be->queue_lock);
	free(be->counters);
	free(be->latency);
	free(be->history);
	free((char *)be->name);
	free(be);
}

void backend_free(struct backend *be)
{
	if (be == NULL)
		return;
	ASSERT(backend_is_unused(be));
	for (unsigned i = 0; i < be->n_servers; i++)
		ASSERT(be->servers[i]->check == NULL);
	for (struct list *l = be->retired.next; l != &be->retired; l = l->next)
		ASSERT(list_entry(l, struct server, node)->check == NULL);
	urcu_qsbr_call_rcu(&be->rcu, backend_free_rcu);
}
