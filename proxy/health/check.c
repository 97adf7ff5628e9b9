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
#include "health/probe.h"
#include "health/rise_fall.h"
#include "pool/backend.h"
#include "pool/server.h"

/* health_probe_now() is deaf for this long after a probe began: a thousand failing requests are one
 * reason to look, not a thousand. */
#define PROBE_NOW_PAUSE_US (100 * US_PER_MS)

struct check {
	struct health *health; /* borrowed */
	struct server *srv;    /* borrowed: holds us as srv->check */
	struct list node;      /* in health->checks */
	struct probe probe;
	ev_timer next;
	struct rise_fall rf;
	int64_t started_us;  /* the latest probe; 0: none yet */
	uint64_t generation; /* of the configuration that it reads */
	struct check_result last;
	bool has_result;
};

struct health {
	struct loop *loop; /* borrowed */
	struct list checks;
	unsigned spread_percent;
	unsigned n_started; /* checks ever begun, for spreading */
	uint32_t random;
	struct log_limit shortage;
	uint64_t generation;
};

static bool is_paused(const struct check *c)
{
	return (c->srv->admin & SERVER_MAINT_MASK) != 0;
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

static void probe_in(struct check *c, int64_t delay_us)
{
	struct ev_loop *ev = c->health->loop->ev;

	ev_timer_stop(ev, &c->next);
	ev_now_update(ev);
	ev_timer_set(&c->next, delay_us > 0 ? (double)delay_us / 1e6 : 0., 0.);
	ev_timer_start(ev, &c->next);
}

/* Intervals count from start to start, so that slow answers do not stretch them. */
static void schedule_next(struct check *c)
{
	const struct cfg_server *cfg = c->srv->cfg;
	const struct rise_fall_times times = { cfg->inter_us, cfg->fastinter_us,
					       cfg->downinter_us };
	int64_t interval_us = rise_fall_interval_us(&c->rf, &times);
	int64_t spread_us = interval_us * c->health->spread_percent / 100;

	if (spread_us > 0)
		interval_us += (int64_t)(next_random(c->health) % (uint64_t)(2 * spread_us + 1)) -
			       spread_us;
	probe_in(c, c->started_us + MAX(interval_us, US_PER_MS) - clock_mono_us());
}

/* Whatever the number of servers, the multiples of the golden ratio, cut to their fractions, lie
 * evenly in an interval: so we need not know how many will come. The first comes at once. */
static int64_t first_delay_us(struct health *h, int64_t inter_us)
{
	double at = (double)h->n_started++ * 0.61803398874989485;

	return (int64_t)((at - (double)(int64_t)at) * (double)inter_us);
}

static void probe_address(const struct check *c, struct addr *out)
{
	const struct cfg_server *cfg = c->srv->cfg;

	*out = c->srv->addr;
	if (cfg->check_addr.len > 0) {
		*out = cfg->check_addr;
		if (addr_port(out) == 0 && out->sa.sa_family != AF_UNIX)
			addr_set_port(out, addr_port(&c->srv->addr));
	}
	if (cfg->check_port != 0 && out->sa.sa_family != AF_UNIX)
		addr_set_port(out, cfg->check_port);
}

/* Checks of the very port of the traffic speak its PROXY protocol. */
static bool checks_traffic_port(const struct cfg_server *cfg)
{
	return cfg->check_port == 0 && cfg->check_addr.len == 0;
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
static unsigned proxy_version(const struct cfg_server *cfg)
{
	if (!cfg->check_send_proxy && (cfg->send_proxy == 0 || !checks_traffic_port(cfg)))
		return 0;
	return cfg->send_proxy == 2 ? 2 : 1;
}

/* A 404 asks for no new sessions; a server that is down stays so. */
static bool stops_on_404(const struct server *s)
{
	return s->be->cfg->check->stops_on_404 && s->op != SERVER_STOPPED;
}

static void begin_probe(struct check *c)
{
	struct addr to;
	char state[512];
	struct probe_spec spec = { .addr = &to,
				   .source = &c->srv->cfg->source,
				   .interface = c->srv->cfg->source_interface,
				   .what = c->srv->be->cfg->check,
				   .send_proxy = proxy_version(c->srv->cfg),
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
	if (!is_paused(c) && !probe_is_running(&c->probe))
		begin_probe(c);
}

/* --- what it means --- */

static void record_result(struct check *c, const struct probe_outcome *o)
{
	struct server *s = c->srv;
	enum check_status status = o->status, before = c->last.status;
	unsigned health_before = c->rf.health;
	bool has_log = s->be->cfg->log_health_checks;
	enum rise_fall_event event;
	char reason[512];

	event = rise_fall_step(&c->rf, check_status_has_passed(status));
	if (!check_status_has_passed(status) && health_before > 0)
		s->n_check_fail++;
	c->has_result = true;
	c->last.status = status;
	c->last.code = check_status_has_code(status) ? o->code : 0;
	c->last.duration_us = clock_mono_us() - c->started_us;
	check_copy_printable(c->last.desc, sizeof(c->last.desc), o->desc, "");
	check_format_reason(&c->last, reason, sizeof(reason));
	if (has_log)
		check_log(s, "Health", &c->last, &c->rf,
			  status != before || c->rf.health != health_before, reason);
	/* HAProxy does not repeat the reason that the line before gave */
	if (status == CHECK_L7OKC && rise_fall_is_up(&c->rf))
		server_set_stopping(s, has_log ? NULL : reason);
	else if (event == RISE_FALL_UP ||
		 (check_status_has_passed(status) && rise_fall_is_up(&c->rf)))
		server_set_up(s, has_log ? NULL : reason);
	else if (event == RISE_FALL_DOWN)
		server_set_down(s, has_log ? NULL : reason);
}

static void on_probe_done(struct probe *p, const struct probe_outcome *o)
{
	struct check *c = container_of(p, struct check, probe);

	record_result(c, o);
	schedule_next(c);
}

/* --- life --- */

static void start_check(struct health *h, struct server *s)
{
	struct check *c = xcalloc(1, sizeof(*c));

	c->health = h;
	c->srv = s;
	c->last.status = CHECK_INI;
	probe_init(&c->probe, h->loop->ev, on_probe_done);
	ev_init(&c->next, on_next);
	rise_fall_init(&c->rf, s->cfg->rise, s->cfg->fall, s->op != SERVER_STOPPED);
	list_add_tail(&h->checks, &c->node);
	s->check = c;
	if (!is_paused(c))
		probe_in(c, first_delay_us(h, s->cfg->inter_us));
}

static void follow_parameters(struct check *c)
{
	const struct cfg_server *cfg = c->srv->cfg;

	if (cfg->rise != c->rf.rise || cfg->fall != c->rf.fall)
		rise_fall_set_limits(&c->rf, cfg->rise, cfg->fall);
	/* a probe under way goes on as it began; a wait follows the new interval */
	if (!is_paused(c) && !probe_is_running(&c->probe) && c->started_us != 0)
		schedule_next(c);
}

void health_forget(struct health *h, struct server *s)
{
	struct check *c = s->check;

	if (c == NULL)
		return;
	ev_timer_stop(h->loop->ev, &c->next);
	probe_fini(&c->probe);
	list_del(&c->node);
	s->check = NULL;
	free(c);
}

void health_sync(struct health *h, struct backend *be)
{
	struct server *s;

	for (unsigned i = 0; i < be->n_servers; i++) {
		s = be->servers[i];
		if (!s->cfg->check)
			health_forget(h, s);
		else if (s->check == NULL)
			start_check(h, s);
		else
			follow_parameters(s->check);
	}
	for (struct list *l = be->retired.next; l != &be->retired; l = l->next)
		health_forget(h, list_entry(l, struct server, node));
}

uint64_t health_begin_generation(struct health *h)
{
	return ++h->generation;
}

uint64_t health_oldest_generation(const struct health *h)
{
	uint64_t oldest = UINT64_MAX;
	const struct check *c;

	list_for_each (c, &h->checks, node)
		if (probe_is_running(&c->probe))
			oldest = MIN(oldest, c->generation);
	return oldest;
}

void check_on_admin(struct server *s)
{
	struct check *c = s->check;

	if (c == NULL)
		return;
	if (is_paused(c)) {
		ev_timer_stop(c->health->loop->ev, &c->next);
		probe_cancel(&c->probe);
		return;
	}
	rise_fall_init(&c->rf, c->rf.rise, c->rf.fall, true);
	if (!probe_is_running(&c->probe))
		probe_in(c, 0);
}

void check_on_op(struct server *s)
{
	struct check *c = s->check;
	bool is_up = s->op != SERVER_STOPPED;

	if (c == NULL || rise_fall_is_up(&c->rf) == is_up)
		return;
	rise_fall_init(&c->rf, c->rf.rise, c->rf.fall, is_up);
	if (is_up)
		(void)rise_fall_step(&c->rf, true); /* to the top */
}

void health_probe_now(struct health *h, struct server *s)
{
	struct check *c = s->check;

	(void)h;
	if (c == NULL || s->is_retired || is_paused(c) || probe_is_running(&c->probe) ||
	    clock_mono_us() - c->started_us < PROBE_NOW_PAUSE_US)
		return;
	probe_in(c, 0);
}

bool check_get_result(const struct server *s, struct check_result *out)
{
	const struct check *c = s->check;

	if (c == NULL)
		return false;
	*out = c->last;
	out->health = c->rf.health;
	out->rise = c->rf.rise;
	out->fall = c->rf.fall;
	out->is_running = probe_is_running(&c->probe);
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

void health_set_spread(struct health *h, unsigned percent)
{
	h->spread_percent = MIN(percent, 50u);
}

struct health *health_new(struct loop *control)
{
	struct health *h = xcalloc(1, sizeof(*h));

	h->loop = control;
	h->random = 2463534242u ^ (uint32_t)clock_mono_us();
	if (h->random == 0)
		h->random = 1;
	list_init(&h->checks);
	return h;
}

void health_free(struct health *h)
{
	struct check *c, *tmp;

	if (h == NULL)
		return;
	list_for_each_safe (c, tmp, &h->checks, node)
		health_forget(h, c->srv);
	free(h);
}
