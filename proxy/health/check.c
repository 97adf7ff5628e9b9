/* check.c - health checks of servers: when to probe, what a result means, what is said about it. */
#include "health/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <tandem/clock.h>
#include <tandem/list.h>
#include <tandem/log.h>

#include "config/cfg_model.h"
#include "health/check_text.h"
#include "health/health_priv.h"
#include "health/observe.h"
#include "pool/backend.h"
#include "pool/server.h"

/* health_probe_now() is deaf for this long after a probe began: a thousand failing requests are one
 * reason to look, not a thousand. */
#define PROBE_NOW_PAUSE_US (100 * US_PER_MS)

static bool is_paused(const struct check *c)
{
	return (c->srv->admin & SERVER_MAINT_MASK) != 0 || c->srv->checks.is_check_off;
}

/* --- when --- */

/* xorshift: any noise will do */
static uint32_t next_random(struct health *h)
{
	h->random ^= h->random << 13;
	h->random ^= h->random >> 17;
	h->random ^= h->random << 5;
	return h->random;
}

void health_arm(struct health *h, ev_timer *w, int64_t delay_us)
{
	struct ev_loop *ev = h->loop->ev;

	ev_timer_stop(ev, w);
	ev_now_update(ev);
	ev_timer_set(w, delay_us > 0 ? (double)delay_us / 1e6 : 0., 0.);
	ev_timer_start(ev, w);
}

static void probe_in(struct check *c, int64_t delay_us)
{
	health_arm(c->health, &c->next, delay_us);
}

int64_t health_spread(struct health *h, int64_t interval_us)
{
	int64_t spread_us = interval_us * h->spread_percent / 100;

	if (h->max_spread_us > 0)
		spread_us = MIN(spread_us, h->max_spread_us);
	if (spread_us > 0)
		interval_us +=
			(int64_t)(next_random(h) % (uint64_t)(2 * spread_us + 1)) - spread_us;
	return MAX(interval_us, US_PER_MS);
}

static bool is_running(const struct check *c)
{
	return probe_is_running(&c->probe) || external_is_running(&c->external);
}

static void cancel(struct check *c)
{
	probe_cancel(&c->probe);
	external_cancel(&c->external);
}

/* Intervals count from start to start, so that slow answers do not stretch them. */
static void schedule_next(struct check *c)
{
	const struct cfg_server *cfg = c->srv->cfg;
	const struct rise_fall_times times = { cfg->inter_us, cfg->fastinter_us,
					       cfg->downinter_us };
	int64_t interval_us = health_spread(c->health, rise_fall_interval_us(&c->rf, &times));

	probe_in(c, c->started_us + interval_us - clock_mono_us());
}

/* Whatever the number of servers, the multiples of the golden ratio, cut to their fractions, lie
 * evenly in an interval: so we need not know how many will come. The first comes at once. */
int64_t health_first_delay_us(struct health *h, int64_t inter_us)
{
	double at = (double)h->n_started++ * 0.61803398874989485;

	return (int64_t)((at - (double)(int64_t)at) * (double)inter_us);
}

static void probe_address(const struct check *c, struct addr *out)
{
	const struct addr *to = check_addr(c->srv);
	uint16_t port = check_port(c->srv);

	*out = c->srv->addr;
	if (to->len > 0) {
		*out = *to;
		if (addr_port(out) == 0 && out->sa.sa_family != AF_UNIX)
			addr_set_port(out, addr_port(&c->srv->addr));
	}
	if (port != 0 && out->sa.sa_family != AF_UNIX)
		addr_set_port(out, port);
}

/* Checks of the very port of the traffic speak its PROXY protocol. */
static bool checks_traffic_port(const struct server *s)
{
	return check_port(s) == 0 && check_addr(s)->len == 0;
}

/* With `timeout check`, connecting may take min(timeout connect, inter), and the rest that long;
 * without it, the whole may take inter. */
static void probe_times(const struct check *c, struct probe_spec *spec)
{
	const struct cfg_timeouts *t = &c->srv->be->cfg->timeout;

	spec->connect_timeout_us = c->srv->cfg->inter_us;
	spec->response_timeout_us = t->check_us;
	if (t->check_us > 0 && t->connect_us > 0)
		spec->connect_timeout_us = MIN(t->connect_us, c->srv->cfg->inter_us);
}

/* HAProxy: the check speaks the server's version of the protocol, or 1. */
static unsigned proxy_version(const struct server *s)
{
	const struct cfg_server *cfg = s->cfg;

	if (!cfg->check_send_proxy && (cfg->send_proxy == 0 || !checks_traffic_port(s)))
		return 0;
	return cfg->send_proxy == 2 ? 2 : 1;
}

/* A 404 asks for no new sessions; a server that is down stays so. */
static bool stops_on_404(const struct server *s)
{
	return s->be->cfg->check->stops_on_404 && s->op != SERVER_STOPPED;
}

static void record_result(struct check *c, const struct probe_outcome *o, int64_t duration_us);

static void begin_external(struct check *c, const struct addr *to)
{
	const struct cfg_timeouts *t = &c->srv->be->cfg->timeout;
	struct probe_outcome o = { .status = CHECK_SOCKERR, .desc = strerror(EAGAIN) };
	int rc;

	if (c->health->may_fork) {
		rc = external_start(&c->external, c->srv, to,
				    t->check_us > 0 ? t->check_us : c->srv->cfg->inter_us);
		if (rc == 0)
			return;
		o = (struct probe_outcome){ .status = CHECK_PROCERR,
					    .code = 255,
					    .desc = strerror(-rc) };
	}
	record_result(c, &o, 0);
	schedule_next(c);
}

static void begin_probe(struct check *c)
{
	struct addr to;
	char state[512];
	struct probe_spec spec = { .addr = &to,
				   .source = &c->srv->cfg->source,
				   .interface = c->srv->cfg->source_interface,
				   .what = c->srv->be->cfg->check,
				   .send_proxy = proxy_version(c->srv),
				   .stops_on_404 = stops_on_404(c->srv) };
	int64_t now_us = clock_mono_us();
	unsigned suppressed;
	int rc;

	probe_address(c, &to);
	probe_times(c, &spec);
	if (spec.what->sends_state)
		spec.state_header = str_from(check_state_header(c->srv, state, sizeof(state)));
	c->started_us = now_us;
	c->generation = c->health->generation;
	if (spec.what->kind == CFG_CHECK_EXTERNAL) {
		begin_external(c, &to);
		return;
	}
	rc = probe_start(&c->probe, &spec);
	if (rc == 0)
		return;
	/* We cannot look, which is no reason to call the server down: it keeps its state. */
	if (log_limit_ok(&c->health->shortage, now_us, 1, 10 * US_PER_S, &suppressed))
		log_err("health", "probe_impossible",
			"backend=%s server=%s error=\"%s\" suppressed=%u", c->srv->be->name,
			c->srv->name, strerror(-rc), suppressed);
	schedule_next(c);
}

static void on_next(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct check *c = container_of(w, struct check, next);

	(void)ev, (void)revents;
	if (!is_paused(c) && !is_running(c))
		begin_probe(c);
}

/* --- what it means --- */

void health_try_up(struct server *s, const char *cause)
{
	if (agent_is_up(s) && (s->check == NULL || rise_fall_is_up(&s->check->rf)))
		server_set_up(s, cause);
}

static void note(struct check *c, const struct probe_outcome *o, int64_t duration_us)
{
	c->has_result = true;
	c->last.status = o->status;
	c->last.code = check_status_has_code(o->status) ? o->code : 0;
	c->last.duration_us = duration_us;
	check_copy_printable(c->last.desc, sizeof(c->last.desc), o->desc, "");
}

static void record_result(struct check *c, const struct probe_outcome *o, int64_t duration_us)
{
	struct server *s = c->srv;
	enum check_status status = o->status, before = c->last.status;
	unsigned health_before = c->rf.health;
	bool has_log = s->be->cfg->log_health_checks, has_passed = check_status_has_passed(status);
	enum rise_fall_event event = rise_fall_step(&c->rf, has_passed);
	char reason[512];

	if (!has_passed && health_before > 0)
		s->n_check_fail++;
	note(c, o, duration_us);
	check_format_reason(&c->last, reason, sizeof(reason));
	if (has_log)
		check_log(s, "Health", &c->last, &c->rf,
			  status != before || c->rf.health != health_before, reason);
	/* HAProxy does not repeat the reason that the line before gave */
	if (status == CHECK_L7OKC && rise_fall_is_up(&c->rf))
		server_set_stopping(s, has_log ? NULL : reason);
	else if (has_passed)
		health_try_up(s, has_log ? NULL : reason);
	else if (event == RISE_FALL_DOWN)
		server_set_down(s, has_log ? NULL : reason);
}

void check_note_traffic(struct check *c, const char *words)
{
	const struct cfg_server *cfg = c->srv->cfg;
	const struct probe_outcome o = { .status = CHECK_HANA, .desc = words };
	int64_t soon_us;

	if (is_paused(c))
		return;
	c->srv->n_failed_hana++;
	switch (cfg->on_error) {
	case CFG_ON_ERROR_FASTINTER:
		break;
	case CFG_ON_ERROR_SUDDEN_DEATH: /* one more failure will take it down */
		if (c->rf.health > c->rf.rise)
			c->rf.health = c->rf.rise + 1;
		record_result(c, &o, -1);
		break;
	case CFG_ON_ERROR_FAIL_CHECK:
		record_result(c, &o, -1);
		break;
	case CFG_ON_ERROR_MARK_DOWN:
		if (rise_fall_is_up(&c->rf))
			c->rf.health = c->rf.rise;
		record_result(c, &o, -1);
		break;
	}
	soon_us = cfg->fastinter_us;
	if (soon_us > 0 && !is_running(c) &&
	    (double)soon_us / 1e6 < ev_timer_remaining(c->health->loop->ev, &c->next))
		probe_in(c, soon_us);
}

static void on_probe_done(struct probe *p, const struct probe_outcome *o)
{
	struct check *c = container_of(p, struct check, probe);

	record_result(c, o, clock_mono_us() - c->started_us);
	schedule_next(c);
}

static void on_external_done(struct external *x, const struct probe_outcome *o)
{
	struct check *c = container_of(x, struct check, external);

	record_result(c, o, clock_mono_us() - c->started_us);
	schedule_next(c);
}

/* --- life --- */

bool check_begins_down(const struct server *s)
{
	return s->check != NULL &&
	       (s->cfg->init_state == CFG_INIT_DOWN || s->cfg->init_state == CFG_INIT_FULLY_DOWN);
}

/* As init-state says about a server that is new here, or comes back. */
static void begin_counting(struct check *c)
{
	const struct cfg_server *cfg = c->srv->cfg;

	rise_fall_init(&c->rf, cfg->rise, cfg->fall, c->srv->op != SERVER_STOPPED);
	if (cfg->init_state == CFG_INIT_FULLY_UP)
		(void)rise_fall_step(&c->rf, true); /* to the top */
	else if (cfg->init_state == CFG_INIT_DOWN)
		c->rf.health = c->rf.rise - 1; /* the first success takes it up */
}

/* init-state of a new server; what came here by a take-over or an operator stays. */
static void init_state(struct check *c)
{
	struct server *s = c->srv;
	const struct cfg_server *cfg = s->cfg;

	s->check = c;
	if (s->is_new && !is_paused(c) && check_begins_down(s))
		server_init_down(s);
	if (s->is_new)
		begin_counting(c);
	else
		rise_fall_init(&c->rf, cfg->rise, cfg->fall, s->op != SERVER_STOPPED);
	s->is_new = false;
}

static void start_check(struct health *h, struct server *s)
{
	struct check *c = xcalloc(1, sizeof(*c));

	c->health = h;
	c->srv = s;
	c->last.status = CHECK_INI;
	probe_init(&c->probe, h->loop->ev, on_probe_done);
	external_init(&c->external, h->loop, on_external_done);
	ev_init(&c->next, on_next);
	init_state(c);
	list_add_tail(&h->checks, &c->node);
	s->check = c;
	if (!is_paused(c))
		probe_in(c, health_first_delay_us(h, s->cfg->inter_us));
}

static void follow_parameters(struct check *c)
{
	const struct cfg_server *cfg = c->srv->cfg;

	if (cfg->rise != c->rf.rise || cfg->fall != c->rf.fall)
		rise_fall_set_limits(&c->rf, cfg->rise, cfg->fall);
	/* a probe under way goes on as it began; a wait follows the new interval */
	if (!is_paused(c) && !is_running(c) && c->started_us != 0)
		schedule_next(c);
}

static void stop_check(struct health *h, struct server *s)
{
	struct check *c = s->check;

	if (c == NULL)
		return;
	atomic_store_explicit(&s->watch, 0, memory_order_relaxed);
	ev_timer_stop(h->loop->ev, &c->next);
	external_cancel(&c->external);
	probe_fini(&c->probe);
	list_del(&c->node);
	s->check = NULL;
	free(c);
}

void health_forget(struct health *h, struct server *s)
{
	agent_forget(h, s);
	stop_check(h, s);
}

void health_sync(struct health *h, struct backend *be)
{
	struct server *s;

	for (unsigned i = 0; i < be->n_servers; i++) {
		s = be->servers[i];
		if (!s->cfg->check)
			stop_check(h, s);
		else if (s->check == NULL)
			start_check(h, s);
		else
			follow_parameters(s->check);
		agent_sync(h, s);
		observe_sync(s);
	}
	for (struct list *l = be->retired.next; l != &be->retired; l = l->next) {
		s = list_entry(l, struct server, node);
		server_untrack(s);
		health_forget(h, s);
	}
}

uint64_t health_begin_generation(struct health *h)
{
	return ++h->generation;
}

uint64_t health_oldest_generation(const struct health *h)
{
	uint64_t oldest = UINT64_MAX;
	const struct check *c;
	const struct agent *a;

	list_for_each (c, &h->checks, node)
		if (is_running(c))
			oldest = MIN(oldest, c->generation);
	list_for_each (a, &h->agents, node)
		if (probe_is_running(&a->probe))
			oldest = MIN(oldest, a->generation);
	return oldest;
}

void check_on_admin(struct server *s)
{
	struct check *c = s->check;

	if (c == NULL)
		return;
	if (is_paused(c)) {
		ev_timer_stop(c->health->loop->ev, &c->next);
		cancel(c);
		return;
	}
	begin_counting(c);
	if (!is_running(c))
		probe_in(c, 0);
}

void check_on_addr(struct server *s)
{
	struct check *c = s->check;

	if (c == NULL || is_paused(c))
		return;
	cancel(c);
	probe_in(c, 0);
}

void check_on_op(struct server *s)
{
	struct check *c = s->check;
	bool is_up = s->op != SERVER_STOPPED;

	if (c == NULL || rise_fall_is_up(&c->rf) == is_up || agent_is_speaking(s))
		return;
	rise_fall_init(&c->rf, c->rf.rise, c->rf.fall, is_up);
	if (is_up)
		(void)rise_fall_step(&c->rf, true); /* to the top */
}

void health_probe_now(struct health *h, struct server *s)
{
	struct check *c = s->check;

	(void)h;
	if (c == NULL || s->is_retired || is_paused(c) || is_running(c) ||
	    clock_mono_us() - c->started_us < PROBE_NOW_PAUSE_US)
		return;
	probe_in(c, 0);
}

bool check_get_result(const struct server *s, struct check_result *out)
{
	return !s->checks.is_check_off && check_get_last(s, out);
}

const struct addr *check_addr(const struct server *s)
{
	return s->checks.check_addr.len > 0 ? &s->checks.check_addr : &s->cfg->check_addr;
}

uint16_t check_port(const struct server *s)
{
	return s->checks.check_port != 0 ? s->checks.check_port : s->cfg->check_port;
}

void check_set_on(struct server *s, bool on)
{
	struct check *c = s->check;

	if (s->checks.is_check_off == !on)
		return;
	s->checks.is_check_off = !on;
	if (c == NULL)
		return;
	ev_timer_stop(c->health->loop->ev, &c->next);
	cancel(c);
	if (!is_paused(c))
		probe_in(c, 0);
}

bool check_get_last(const struct server *s, struct check_result *out)
{
	const struct check *c = s->check;

	if (c == NULL)
		return false;
	*out = c->last;
	out->health = c->rf.health;
	out->rise = c->rf.rise;
	out->fall = c->rf.fall;
	out->is_running = is_running(c);
	return true;
}

bool health_is_settled(const struct backend *be)
{
	for (unsigned i = 0; i < be->n_servers; i++) {
		const struct check *c = be->servers[i]->check;

		if (c != NULL && !c->has_result && !is_paused(c))
			return false;
	}
	return true;
}

void health_set_global(struct health *h, const struct cfg_global *g)
{
	h->spread_percent = MIN((unsigned)g->spread_checks, 50u);
	h->max_spread_us = g->max_spread_checks_us;
	h->may_fork = g->insecure_fork;
}

struct health *health_new(struct loop *control)
{
	struct health *h = xcalloc(1, sizeof(*h));

	h->loop = control;
	h->random = 2463534242u ^ (uint32_t)clock_mono_us();
	if (h->random == 0)
		h->random = 1;
	list_init(&h->checks);
	list_init(&h->agents);
	return h;
}

void health_free(struct health *h)
{
	struct check *c, *tmp;
	struct agent *a, *tmp_a;

	if (h == NULL)
		return;
	list_for_each_safe (c, tmp, &h->checks, node)
		health_forget(h, c->srv);
	list_for_each_safe (a, tmp_a, &h->agents, node)
		agent_forget(h, a->srv);
	free(h);
}
