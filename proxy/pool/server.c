/* server.c - a server of a backend: operational state, administrative state, weight. */
#include "pool/server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <tandem/clock.h>
#include <tandem/log.h>
#include <tandem/str.h>

#include "config/cfg_model.h"
#include "config/cfg_parse.h"
#include "health/check.h"
#include "pool/queue.h"

server_log_fn *server_log_hook;
server_shutdown_fn *server_shutdown_hook;

static bool in_maint(unsigned admin)
{
	return (admin & SERVER_MAINT_MASK) != 0;
}

static bool in_drain(unsigned admin)
{
	return (admin & SERVER_DRAIN_MASK) != 0;
}

bool server_is_usable(const struct server *s)
{
	return (s->op == SERVER_RUNNING || s->op == SERVER_STARTING) &&
	       (s->admin & (SERVER_MAINT_MASK | SERVER_DRAIN_MASK)) == 0 && s->weight > 0;
}

/* Whose checks decide about it: its own, or those at the end of a chain of tracking. */
static const struct server *reference(const struct server *s)
{
	while (s->tracked != NULL)
		s = s->tracked;
	return s;
}

const char *server_status_text(const struct server *s, char *buf, size_t size)
{
	struct check_result r = { .status = CHECK_UNKNOWN }, agent;
	const struct server *ref = reference(s);
	bool is_checked = check_get_result(ref, &r);
	bool has_agent = agent_get_result(ref, &agent);
	bool is_falling = is_checked && r.health < r.rise + r.fall - 1;
	const char *word = "UP";

	if ((s->admin & SERVER_IMAINT) != 0 && s->tracked != NULL) {
		snprintf(buf, size, "MAINT (via %s/%s)", s->tracked->be->name, s->tracked->name);
		return buf;
	}
	if (in_maint(s->admin))
		return (s->admin & SERVER_RMAINT) != 0 ? "MAINT (resolution)" : "MAINT";
	if (s->op == SERVER_STOPPED) {
		if (has_agent && agent.health == 0)
			return "DOWN (agent)";
		if (!is_checked || r.health == 0)
			return "DOWN";
		snprintf(buf, size, "DOWN %u/%u", r.health, r.rise);
		return buf;
	}
	if (s->op == SERVER_STOPPING)
		word = "NOLB";
	else if (in_drain(s->admin))
		word = has_agent ? "DRAIN (agent)" : "DRAIN";
	else if (!is_checked)
		return "no check";
	if (!is_falling)
		return word;
	snprintf(buf, size, "%s %u/%u", word, r.health - r.rise + 1, r.fall);
	return buf;
}

/* --- the sentences --- */

static enum log_level own_level(int syslog_level)
{
	if (syslog_level <= LOG_EMERG)
		return LOGL_ERR;
	if (syslog_level <= LOG_WARNING)
		return LOGL_WARN;
	if (syslog_level == LOG_NOTICE)
		return LOGL_NOTICE;
	return syslog_level == LOG_INFO ? LOGL_INFO : LOGL_DEBUG;
}

static void emit(const struct backend *be, int level, const char *text)
{
	/* routine goes to our own log only where the proxy has no place for it */
	if (level < LOG_INFO || be->cfg->logs == NULL)
		log_text(own_level(level), "%s", text);
	if (server_log_hook != NULL)
		server_log_hook(be->cfg, level, text);
}

void server_log(const struct server *s, int level, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	emit(s->be, level, text);
}

/* "Backup Server web/b1 is DOWN, reason: ..." and what else follows. A cause that begins with a
 * blank ("via a/s1") needs no comma. */
PRINTF_LIKE(5, 6)
static void say(const struct server *s, int level, const char *what, const char *cause,
		const char *fmt, ...)
{
	char tail[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(tail, sizeof(tail), fmt, ap);
	va_end(ap);
	server_log(s, level, "%sServer %s/%s %s%s%s.%s", s->cfg->backup ? "Backup " : "",
		   s->be->name, s->name, what, cause != NULL && cause[0] != ' ' ? ", " : "",
		   cause != NULL ? cause : "", tail);
}

static unsigned n_sess(const struct server *s)
{
	return atomic_load_explicit(&s->sess.cur, memory_order_relaxed);
}

static unsigned n_queued(const struct server *s)
{
	return atomic_load_explicit(&s->queue.cur, memory_order_relaxed);
}

static const char *on_backup(const struct backend_view *v)
{
	return v->n_active == 0 && v->n_backup > 0 ? " Running on backup." : "";
}

static void say_with_servers_left(const struct server *s, int level, const char *what,
				  const char *cause, unsigned requeued)
{
	const struct backend_view *v = s->be->view;

	say(s, level, what, cause,
	    " %u active and %u backup servers left.%s %u sessions active, %u requeued, "
	    "%u remaining in queue.",
	    v->n_active, v->n_backup, on_backup(v), n_sess(s), requeued, n_queued(s));
}

static void say_with_servers_online(const struct server *s, int level, const char *what,
				    const char *cause, unsigned requeued)
{
	const struct backend_view *v = s->be->view;

	say(s, level, what, cause,
	    " %u active and %u backup servers online.%s %u sessions requeued, "
	    "%u total in queue.",
	    v->n_active, v->n_backup, on_backup(v), requeued, n_queued(s));
}

static void say_if_backend_died(const struct backend *be, bool had_servers)
{
	char text[256];

	if (!had_servers || be->view->n_active + be->view->n_backup > 0)
		return;
	snprintf(text, sizeof(text), "%s %s has no server available!",
		 be->cfg->is_frontend ? "proxy" : "backend", be->name);
	emit(be, LOG_EMERG, text);
}

static bool has_servers(const struct backend *be)
{
	return be->view->n_active + be->view->n_backup > 0;
}

/* --- weight --- */

/* Seconds since it started, as HAProxy counts: whole ones. */
static int64_t slowstart_s(const struct server *s)
{
	return (s->cfg->slowstart_us + 999999) / 1000000;
}

static int64_t started_s(const struct server *s)
{
	return (clock_mono_us() - s->last_change_us) / 1000000;
}

static bool is_starting(const struct server *s)
{
	return s->op == SERVER_STARTING && started_s(s) < slowstart_s(s);
}

unsigned server_effective_weight(const struct server *s)
{
	unsigned steps = LB_WEIGHT_UNIT;

	if (is_starting(s) && backend_algo(s->be->cfg)->is_dynamic)
		steps = (unsigned)((LB_WEIGHT_UNIT * started_s(s) + slowstart_s(s)) /
				   slowstart_s(s));
	return s->weight * MIN(steps, LB_WEIGHT_UNIT);
}

unsigned server_percent_of_maxconn(const struct server *s)
{
	return is_starting(s) ? (unsigned)(100 * started_s(s) / slowstart_s(s)) : 100;
}

unsigned server_throttle(const struct server *s)
{
	if (s->op != SERVER_STARTING || in_drain(s->admin))
		return 0;
	if (s->weight == 0)
		return 100;
	return (100 * server_effective_weight(s) + LB_WEIGHT_UNIT * s->weight - 1) /
	       (LB_WEIGHT_UNIT * s->weight);
}

/* --- tracking --- */

/* Those who track s take over its state; each change is told and goes on to their own. */
static void tell_trackers(struct server *s);

/* --- operational state --- */

static void shut_down(struct server *s, char cause)
{
	if (server_shutdown_hook != NULL)
		server_shutdown_hook(s, cause);
}

static void set_op(struct server *s, enum server_op op)
{
	int64_t now_us = clock_mono_us();

	if (s->op == SERVER_STOPPED && op != SERVER_STOPPED)
		s->down_time_us += now_us - s->last_change_us;
	s->op = op;
	s->last_change_us = now_us;
}

/* Into service: at once, or step by step. */
static void set_started(struct server *s)
{
	set_op(s, s->cfg->slowstart_us > 0 ? SERVER_STARTING : SERVER_RUNNING);
}

bool server_tick(struct server *s)
{
	if (LIKELY(s->op != SERVER_STARTING))
		return false;
	if (!is_starting(s))
		s->op = SERVER_RUNNING; /* last_change_us stays: it is up since then */
	return true;
}

void server_set_up(struct server *s, const char *cause)
{
	unsigned n_granted;

	if (s->op == SERVER_RUNNING || s->op == SERVER_STARTING || in_maint(s->admin))
		return;
	set_started(s);
	check_on_op(s);
	n_granted = backend_publish(s->be);
	say_with_servers_online(s, LOG_NOTICE, "is UP", cause, n_granted);
	if (s->cfg->shuts_backup_sessions_down && !s->cfg->backup && s->weight > 0)
		shut_down(s, 'U');
	tell_trackers(s);
}

void server_set_down(struct server *s, const char *cause)
{
	bool had_servers = has_servers(s->be), was_stopping = s->op == SERVER_STOPPING;
	unsigned n_requeued;

	if (s->op == SERVER_STOPPED || in_maint(s->admin))
		return;
	set_op(s, SERVER_STOPPED);
	check_on_op(s);
	s->n_check_down++;
	n_requeued = queue_requeue(s->be, s);
	backend_publish(s->be);
	say_with_servers_left(s, was_stopping ? LOG_NOTICE : LOG_ALERT, "is DOWN", cause,
			      n_requeued);
	say_if_backend_died(s->be, had_servers);
	if (s->cfg->shuts_sessions_down)
		shut_down(s, 'D');
	tell_trackers(s);
}

void server_set_stopping(struct server *s, const char *cause)
{
	bool had_servers = has_servers(s->be);
	unsigned n_requeued;

	if (s->op == SERVER_STOPPED || s->op == SERVER_STOPPING || in_maint(s->admin))
		return;
	set_op(s, SERVER_STOPPING);
	n_requeued = queue_requeue(s->be, s);
	backend_publish(s->be);
	say_with_servers_online(s, LOG_NOTICE, "is stopping", cause, n_requeued);
	say_if_backend_died(s->be, had_servers);
	tell_trackers(s);
}

/* --- administrative state --- */

static void enter_maint(struct server *s, unsigned admin, const char *cause)
{
	bool was_down = s->op == SERVER_STOPPED, was_stopping = s->op == SERVER_STOPPING;
	bool had_servers = has_servers(s->be);
	unsigned n_requeued;

	s->admin = admin;
	check_on_admin(s);
	if (was_down) {
		say(s, LOG_NOTICE, "was DOWN and now enters maintenance", cause, "%s", "");
		return;
	}
	set_op(s, SERVER_STOPPED);
	s->n_check_down++; /* HAProxy counts it among the falls */
	n_requeued = queue_requeue(s->be, s);
	backend_publish(s->be);
	say_with_servers_left(s, was_stopping ? LOG_NOTICE : LOG_ALERT,
			      "is going DOWN for maintenance", cause, n_requeued);
	say_if_backend_died(s->be, had_servers);
	if (s->cfg->shuts_sessions_down)
		shut_down(s, 'D');
}

static const char *maint_left(unsigned admin)
{
	if ((admin & SERVER_FMAINT) != 0)
		return "forced maintenance";
	return (admin & SERVER_RMAINT) != 0 ? "resolution maintenance" : "maintenance";
}

/* HAProxy lets a server that leaves maintenance work at once, unless init-state says otherwise; the
 * first failed check takes it away. */
static void leave_maint(struct server *s, unsigned admin, const char *cause)
{
	char what[320];

	const char *state = check_begins_down(s) ? "DOWN" : "UP";

	if ((s->admin & SERVER_MAINT_MASK) == SERVER_RMAINT)
		snprintf(what, sizeof(what), "('%s') is %s/%s (resolves again)",
			 s->fqdn != NULL ? s->fqdn : "", state,
			 in_drain(admin) ? "DRAIN" : "READY");
	else
		snprintf(what, sizeof(what), "is %s/%s (leaving %s)", state,
			 in_drain(admin) ? "DRAIN" : "READY", maint_left(s->admin));
	s->admin = admin;
	if (check_begins_down(s))
		set_op(s, SERVER_STOPPED);
	else
		set_started(s);
	check_on_admin(s);
	backend_publish(s->be);
	say(s, LOG_NOTICE, what, cause, "%s", "");
	if (in_drain(admin))
		say(s, LOG_NOTICE, "remains in forced drain mode", NULL, "%s", "");
}

static void enter_drain(struct server *s, unsigned admin, const char *cause)
{
	bool had_servers = has_servers(s->be);
	unsigned n_requeued;

	s->admin = admin;
	s->last_change_us = s->op == SERVER_STOPPED ? s->last_change_us : clock_mono_us();
	n_requeued = queue_requeue(s->be, s);
	backend_publish(s->be);
	if (s->op == SERVER_STOPPED)
		say_with_servers_left(s, LOG_NOTICE, "enters drain state", cause, n_requeued);
	else
		say_with_servers_online(s, LOG_NOTICE, "enters drain state", cause, n_requeued);
	say_if_backend_died(s->be, had_servers);
}

static void leave_drain(struct server *s, unsigned admin, const char *cause)
{
	s->admin = admin;
	s->last_change_us = s->op == SERVER_STOPPED ? s->last_change_us : clock_mono_us();
	backend_publish(s->be);
	say(s, LOG_NOTICE,
	    s->op == SERVER_STOPPED ? "is DOWN (leaving forced drain)"
				    : "is UP (leaving forced drain)",
	    cause, "%s", "");
}

/* Maintenance hides drain: what changes there behind its back is not told. */
static void admin_step(struct server *s, unsigned admin, const char *cause)
{
	if (admin == s->admin)
		return;
	if (in_maint(admin) != in_maint(s->admin)) {
		if (in_maint(admin))
			enter_maint(s, admin, cause);
		else
			leave_maint(s, admin, cause);
	} else if (!in_maint(admin) && in_drain(admin) != in_drain(s->admin)) {
		if (in_drain(admin))
			enter_drain(s, admin, cause);
		else
			leave_drain(s, admin, cause);
	} else {
		s->admin = admin;
	}
}

void server_set_admin(struct server *s, unsigned add, unsigned remove, const char *cause)
{
	/* from maintenance to drain and back without a moment of new sessions: what is set comes
	 * first */
	admin_step(s, s->admin | add, cause);
	tell_trackers(s);
	if ((s->admin & remove) == 0)
		return;
	admin_step(s, s->admin & ~remove, cause);
	tell_trackers(s);
}

static void follow(struct server *t, const struct server *s)
{
	unsigned inherited =
		(in_maint(s->admin) ? SERVER_IMAINT : 0) | (in_drain(s->admin) ? SERVER_IDRAIN : 0);
	unsigned mine = t->admin & (SERVER_IMAINT | SERVER_IDRAIN);
	char via[300];

	snprintf(via, sizeof(via), " via %s/%s", s->be->name, s->name);
	if ((inherited & ~mine) != 0)
		server_set_admin(t, inherited & ~mine, 0, via);
	if ((mine & ~inherited) != 0)
		server_set_admin(t, 0, mine & ~inherited, NULL);
	if (in_maint(t->admin) || in_maint(s->admin))
		return;
	switch (s->op) {
	case SERVER_STOPPED:
		server_set_down(t, via);
		return;
	case SERVER_STARTING:
	case SERVER_RUNNING:
		server_set_up(t, via);
		return;
	case SERVER_STOPPING:
		server_set_stopping(t, via);
		return;
	}
}

static void tell_trackers(struct server *s)
{
	struct server *t;

	for (struct list *l = s->trackers.next, *next; l != &s->trackers; l = next) {
		next = l->next;
		t = list_entry(l, struct server, track_node);
		follow(t, s);
	}
}

void server_track(struct server *s, struct server *target)
{
	if (s->tracked == target)
		return;
	if (s->tracked != NULL)
		list_del(&s->track_node);
	s->tracked = target;
	if (target != NULL) {
		list_add_tail(&target->trackers, &s->track_node);
		follow(s, target);
	} else if ((s->admin & (SERVER_IMAINT | SERVER_IDRAIN)) != 0) {
		server_set_admin(s, 0, SERVER_IMAINT | SERVER_IDRAIN, NULL);
	}
}

void server_untrack(struct server *s)
{
	server_track(s, NULL);
	while (!list_is_empty(&s->trackers))
		server_track(list_entry(s->trackers.next, struct server, track_node), NULL);
}

void server_init_down(struct server *s)
{
	set_op(s, SERVER_STOPPED);
	backend_publish(s->be);
}

/* --- parameters --- */

void server_set_weight(struct server *s, unsigned weight)
{
	weight = MIN(weight, 256u);
	if (weight == s->weight)
		return;
	s->weight = weight;
	backend_publish(s->be);
}

void server_set_fqdn(struct server *s, const char *fqdn)
{
	char *old = s->fqdn;

	s->fqdn = fqdn != NULL ? xstrdup(fqdn) : NULL;
	free(old);
}

void server_take_addr(struct server *s, const struct addr *a)
{
	if (addr_eq(a, &s->addr))
		return;
	s->addr = *a;
	if (a->len > 0)
		s->port = addr_port(a);
	check_on_addr(s);
}

void server_set_addr(struct server *s, const struct addr *a)
{
	if (addr_eq(a, &s->addr))
		return;
	server_take_addr(s, a);
	backend_publish(s->be);
}

void server_set_maxconn(struct server *s, unsigned maxconn)
{
	if (maxconn == s->maxconn)
		return;
	s->maxconn = maxconn;
	backend_publish(s->be);
}

/* --- life --- */

/* As its administrative state says. */
static void restart(struct server *s)
{
	set_op(s, in_maint(s->admin) || check_begins_down(s) ? SERVER_STOPPED : SERVER_RUNNING);
	check_on_admin(s);
}

static void set_disabled(struct server *s, bool disabled)
{
	if (disabled)
		s->admin |= SERVER_FMAINT | SERVER_CMAINT;
	else
		s->admin &= ~(unsigned)(SERVER_FMAINT | SERVER_CMAINT);
	restart(s);
}

struct server *server_new(struct backend *be, const struct cfg_server *cfg, unsigned n_threads)
{
	struct server *s = aligned_alloc(CACHE_LINE, sizeof(*s));

	ASSERT(s != NULL); /* out of memory */
	memset(s, 0, sizeof(*s));
	s->be = be;
	s->name = xstrdup(cfg->name);
	s->id = cfg->id;
	list_init(&s->node);
	list_init(&s->waiting);
	list_init(&s->trackers);
	s->is_new = true;
	s->reports = xcalloc(n_threads, sizeof(*s->reports));
	s->cfg = cfg;
	s->addr = cfg->addr;
	s->port = cfg->port;
	if (cfg->fqdn != NULL && !cfg->is_srv)
		s->fqdn = xstrdup(cfg->fqdn);
	s->weight = cfg->weight;
	s->maxconn = cfg->maxconn;
	s->counters = counters_new(n_threads);
	s->idle = idle_count_new(n_threads);
	s->op = SERVER_RUNNING;
	s->last_change_us = clock_mono_us();
	if (cfg->is_unresolved)
		s->admin |= SERVER_RMAINT;
	if (cfg->disabled)
		s->admin |= SERVER_FMAINT | SERVER_CMAINT;
	if (in_maint(s->admin))
		s->op = SERVER_STOPPED;
	return s;
}

/* What its resolvers found stays as long as the name does; else the file says where it is. */
static void reconfigure_address(struct server *s, const struct cfg_server *cfg,
				const struct cfg_server *old)
{
	const bool is_same_name =
		cfg->fqdn != NULL && old->fqdn != NULL && strcmp(cfg->fqdn, old->fqdn) == 0;
	const bool was_resolving = (s->admin & SERVER_RMAINT) != 0;
	struct addr a = cfg->addr;

	if (is_same_name && cfg->is_srv)
		return;
	if (!is_same_name)
		server_set_fqdn(s, cfg->is_srv ? NULL : cfg->fqdn);
	/* what an operator chose stays while the file says what it said */
	if (cfg->resolve.resolvers == NULL && cfg->addr.len > 0 &&
	    addr_eq(&cfg->addr, &old->addr) && !was_resolving)
		return;
	if (is_same_name &&
	    (cfg->resolve.resolvers != NULL || cfg->is_unresolved || cfg->is_unasked)) {
		if (was_resolving && cfg->is_unresolved)
			return;
		if (!was_resolving)
			a = s->addr;
		addr_set_port(&a, cfg->port);
	}
	s->port = cfg->port;
	if (addr_eq(&a, &s->addr) && was_resolving == (a.len == 0 && cfg->fqdn != NULL))
		return;
	server_take_addr(s, &a);
	s->admin &= ~(unsigned)SERVER_RMAINT;
	if (a.len == 0 && cfg->fqdn != NULL)
		s->admin |= SERVER_RMAINT;
	if (was_resolving != ((s->admin & SERVER_RMAINT) != 0))
		restart(s);
}

static void reconfigure_checks(struct server *s, const struct cfg_server *cfg,
			       const struct cfg_server *old)
{
	struct server_checks *c = &s->checks;

	if (!addr_eq(&cfg->check_addr, &old->check_addr))
		c->check_addr.len = 0;
	if (cfg->check_port != old->check_port)
		c->check_port = 0;
	if (!addr_eq(&cfg->agent_addr, &old->agent_addr))
		c->agent_addr.len = 0;
	if (cfg->agent_port != old->agent_port)
		c->agent_port = 0;
	if (!str_eq(cfg->agent_send, old->agent_send)) {
		free(c->agent_send);
		c->agent_send = NULL;
	}
	c->is_check_off &= cfg->check == old->check;
	c->is_agent_off &= cfg->agent == old->agent;
}

void server_reconfigure(struct server *s, const struct cfg_server *cfg)
{
	const struct cfg_server *old = s->cfg;

	s->cfg = cfg;
	s->id = cfg->id;
	reconfigure_address(s, cfg, old);
	reconfigure_checks(s, cfg, old);
	if (cfg->weight != old->weight)
		s->weight = cfg->weight;
	if (cfg->maxconn != old->maxconn)
		s->maxconn = cfg->maxconn;
	if (cfg->disabled != old->disabled)
		set_disabled(s, cfg->disabled);
	/* nobody would ever bring it up again */
	if (!cfg->check && !cfg->agent && cfg->track == NULL && s->op != SERVER_RUNNING &&
	    s->op != SERVER_STARTING && !in_maint(s->admin))
		set_op(s, SERVER_RUNNING);
}

void server_free(struct server *s)
{
	if (s == NULL)
		return;
	cfg_free(s->own_cfg);
	free(s->checks.agent_send);
	free(s->reports);
	free(s->counters);
	free(s->states);
	idle_count_unref(s->idle);
	ASSERT(s->dns == NULL);
	free(s->fqdn);
	free((char *)s->name);
	free(s);
}
