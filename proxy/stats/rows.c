/* rows.c - what the statistics show, gathered from frontends, servers and backends. In the control
 * thread, or with the control lock held. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <tandem/clock.h>

#include "config/cfg_model.h"
#include "config/cfg_names.h"
#include "health/check.h"
#include "net/frontend.h"
#include "pool/backend.h"
#include "pool/idle.h"
#include "process/registry.h"
#include "process/worker.h"
#include "stats/csv.h"

#define AVG_WINDOW 1024 /* times are sums over so many requests */

static int64_t seconds_since(int64_t then_us, int64_t now_us)
{
	return then_us > 0 && now_us > then_us ? (now_us - then_us) / US_PER_S : 0;
}

static uint32_t average_ms(const counter *sum)
{
	return (uint32_t)((counter_get(sum) + AVG_WINDOW - 1) / AVG_WINDOW);
}

static void fill_counters(struct stats_row *row, const struct counters *per_thread,
			  unsigned n_threads, int64_t now_us)
{
	struct counters c;

	memset(&c, 0, sizeof(c));
	counters_sum(per_thread, n_threads, now_us, &c, &row->rate, &row->req_rate);
	row->rate_max = atomic_load(&c.sess_rate.max);
	row->req_rate_max = atomic_load(&c.req_rate.max);
	row->intercepted = counter_get(&c.intercepted);
	row->h1_streams = (uint32_t)counter_get(&c.n_streams);
	row->qtime_max_ms = (uint32_t)(counter_get(&c.qtime_max) / US_PER_MS);
	row->ctime_max_ms = (uint32_t)(counter_get(&c.ctime_max) / US_PER_MS);
	row->rtime_max_ms = (uint32_t)(counter_get(&c.rtime_max) / US_PER_MS);
	row->ttime_max_ms = (uint32_t)(counter_get(&c.ttime_max) / US_PER_MS);
	row->stot = counter_get(&c.stot);
	row->req_tot = counter_get(&c.req_tot);
	row->bin = counter_get(&c.bin);
	row->bout = counter_get(&c.bout);
	row->dreq = counter_get(&c.dreq);
	row->dresp = counter_get(&c.dresp);
	row->ereq = counter_get(&c.ereq);
	row->econ = counter_get(&c.econ);
	row->eresp = counter_get(&c.eresp);
	row->wretr = counter_get(&c.wretr);
	row->wredis = counter_get(&c.wredis);
	for (unsigned i = 0; i < ARRAY_LEN(row->hrsp); i++)
		row->hrsp[i] = counter_get(&c.hrsp[i]);
	row->cli_abrt = counter_get(&c.cli_abrt);
	row->srv_abrt = counter_get(&c.srv_abrt);
	row->lbtot = counter_get(&c.lbtot);
	row->conn_new = counter_get(&c.conn_new);
	row->conn_reused = counter_get(&c.conn_reused);
	row->qtime_ms = average_ms(&c.qtime);
	row->ctime_ms = average_ms(&c.ctime);
	row->rtime_ms = average_ms(&c.rtime);
	row->ttime_ms = average_ms(&c.ttime);
}

static void fill_gauges(struct stats_row *row, const struct gauge *sess, const struct gauge *queue)
{
	row->scur = atomic_load(&sess->cur);
	row->smax = atomic_load(&sess->max);
	if (queue == NULL)
		return;
	row->qcur = atomic_load(&queue->cur);
	row->qmax = atomic_load(&queue->max);
}

static uint32_t process_maxconn(void)
{
	const struct registry *r = registry_get();

	return r != NULL ? atomic_load(&r->engine->maxconn) : 0;
}

static void fill_h1_frontend(struct stats_row *row)
{
	if (!row->is_http) {
		row->h1_streams = 0;
		return;
	}
	row->h1_conns = row->scur;
	row->h1_conns_total = row->stot;
	row->h1_streams_total = row->req_tot;
	row->h1_bytes_in = row->bin;
	row->h1_bytes_out = row->bout;
}

static void fill_h1_backend(const struct backend *be, struct stats_row *row)
{
	row->h1_streams = 0;
	for (unsigned i = 0; i < be->n_servers && row->is_http; i++) {
		const uint32_t used = atomic_load(&be->servers[i]->sess.cur);

		row->h1_streams += used;
		row->h1_conns += used + (uint32_t)idle_count_sum(be->servers[i]->idle);
	}
	if (!row->is_http)
		return;
	row->h1_conns_total = row->conn_new;
	row->h1_streams_total = row->conn_new + row->conn_reused;
	row->h1_bytes_in = row->bout; /* from the servers */
	row->h1_bytes_out = row->bin;
}

void stats_row_frontend(const struct frontend *fe, struct stats_row *row)
{
	const struct cfg_proxy *px = rcu_dereference(fe->cfg);

	*row = (struct stats_row){ .type = STATS_FRONTEND,
				   .is_http = px->mode == CFG_MODE_HTTP,
				   .proxy = fe->name,
				   .service = "FRONTEND",
				   .iid = fe->id,
				   .slim = atomic_load(&fe->maxconn) > 0 ? atomic_load(&fe->maxconn)
									 : process_maxconn(),
				   .rate_lim = px->rate_limit };
	fill_counters(row, fe->counters, fe->n_threads, clock_mono_us());
	fill_gauges(row, &fe->sess, NULL);
	fill_h1_frontend(row);
	snprintf(row->status, sizeof(row->status), "%s",
		 atomic_load(&fe->is_stopping) || fe->state == FRONTEND_SHUT ? "STOP"
		 : fe->state == FRONTEND_PAUSED                              ? "PAUSED"
									     : "OPEN");
}

/* Who tracks another one has no check of its own to show. */
static void fill_check(const struct server *s, struct stats_row *row)
{
	struct check_result r;

	row->check_ms = -1;
	if (s->check != NULL && !s->checks.is_check_off) {
		row->is_checked = row->has_downtime = true;
		row->chkfail = s->n_check_fail;
		row->chkdown = s->n_check_down;
	}
	row->has_check = check_get_result(s, &r) && (s->admin & SERVER_MAINT_MASK) == 0;
	if (!row->has_check)
		return;
	snprintf(row->check_status, sizeof(row->check_status), "%s%s", r.is_running ? "* " : "",
		 check_status_code(r.status));
	snprintf(row->check_desc, sizeof(row->check_desc), "%s", check_status_text(r.status));
	snprintf(row->last_check, sizeof(row->last_check), "%s", r.desc);
	row->check_code = r.code;
	row->has_check_code = check_status_has_code(r.status);
	if (r.status > CHECK_START && r.duration_us >= 0)
		row->check_ms = r.duration_us / US_PER_MS;
	row->check_rise = r.rise;
	row->check_fall = r.fall;
	row->check_health = r.health;
}

static void fill_agent(const struct server *s, struct stats_row *row)
{
	struct check_result r;

	row->agent_ms = -1;
	row->has_agent = agent_get_result(s, &r);
	if (!row->has_agent)
		return;
	snprintf(row->agent_status, sizeof(row->agent_status), "%s%s", r.is_running ? "* " : "",
		 check_status_code(r.status));
	snprintf(row->agent_desc, sizeof(row->agent_desc), "%s", check_status_text(r.status));
	snprintf(row->last_agent, sizeof(row->last_agent), "%s", r.desc);
	row->agent_code = (uint32_t)r.code;
	row->has_agent_code = check_status_has_code(r.status);
	/* unlike a check's, it is there before the first talk has ended */
	row->agent_ms = r.status > CHECK_START ? r.duration_us / US_PER_MS : 0;
	row->agent_rise = r.rise;
	row->agent_fall = r.fall;
	row->agent_health = r.health;
}

static void fill_checks(const struct server *s, struct stats_row *row)
{
	fill_check(s, row);
	fill_agent(s, row);
	if (s->tracked != NULL)
		snprintf(row->tracked, sizeof(row->tracked), "%s/%s", s->tracked->be->name,
			 s->tracked->name);
	row->is_observed = s->cfg->observe != CFG_OBSERVE_NONE;
	row->hanafail = s->n_failed_hana;
}

static uint32_t shown_weight(uint32_t w)
{
	return (w + LB_WEIGHT_UNIT - 1) / LB_WEIGHT_UNIT;
}

static const char *cookie_of(const struct server *s)
{
	const struct view_server *vs = backend_view_of(s->be, s);

	return vs != NULL ? vs->cookie.p : NULL;
}

void stats_row_server(const struct server *s, struct stats_row *row)
{
	const struct cfg_proxy *px = rcu_dereference(s->be->cfg);
	int64_t now_us = clock_mono_us(), last_us = atomic_load(&s->last_sess_us);
	char buf[40], addr[ADDR_TEXT_LEN];

	*row = (struct stats_row){ .type = STATS_SERVER,
				   .is_http = px->mode == CFG_MODE_HTTP,
				   .proxy = s->be->name,
				   .service = s->name,
				   .iid = s->be->id,
				   .sid = s->id,
				   .slim = s->maxconn,
				   .algo = cfg_balances[px->balance],
				   .qlimit = s->cfg->maxqueue,
				   .weight = shown_weight(server_effective_weight(s)),
				   .throttle = server_throttle(s),
				   .user_weight = s->weight,
				   .act = !s->cfg->backup,
				   .bck = s->cfg->backup,
				   .lastchg_s = seconds_since(s->last_change_us, now_us),
				   .lastsess_s =
					   last_us > 0 ? seconds_since(last_us, now_us) : -1 };
	fill_counters(row, s->counters, s->be->n_threads, now_us);
	fill_gauges(row, &s->sess, &s->queue);
	row->idle_conns = (uint32_t)idle_count_sum(s->idle);
	row->h1_streams = row->scur;
	row->cookie = cookie_of(s);
	snprintf(row->status, sizeof(row->status), "%s", server_status_text(s, buf, sizeof(buf)));
	fill_checks(s, row);
	row->downtime_s = s->down_time_us / US_PER_S;
	if (s->op == SERVER_STOPPED)
		row->downtime_s += row->lastchg_s;
	snprintf(row->addr, sizeof(row->addr), "%s", addr_format(&s->addr, true, addr));
}

/* Of what is usable, the active servers count; the backups only when no active one is there. */
static void fill_usable(const struct backend *be, struct stats_row *row)
{
	uint32_t active = 0, backup = 0, active_now = 0, backup_now = 0;

	for (unsigned i = 0; i < be->n_servers; i++) {
		const struct server *s = be->servers[i];

		if (!server_is_usable(s))
			continue;
		if (!s->cfg->backup) {
			row->act++;
			active += s->weight;
			active_now += server_effective_weight(s);
		} else {
			row->bck++;
			if (backup > 0 && !be->cfg->allbackups)
				continue;
			backup += s->weight;
			backup_now += server_effective_weight(s);
		}
	}
	row->weight = shown_weight(row->act > 0 ? active_now : backup_now);
	row->user_weight = row->act > 0 ? active : backup;
}

/* What HAProxy computes where `fullconn` is not set: a tenth of the connections that the frontends
 * of this backend take. */
static uint32_t default_fullconn(const struct backend *be)
{
	const struct registry *r = registry_get();
	uint64_t sum = 0;

	for (unsigned i = 0; r != NULL && i < r->n; i++) {
		const struct frontend *fe = r->entries[i].fe;

		if (fe != NULL && (rcu_dereference(fe->default_backend) == be ||
				   cfg_proxy_leads_to(fe->cfg, be->cfg)))
			sum += atomic_load(&fe->maxconn) > 0 ? atomic_load(&fe->maxconn)
							     : process_maxconn();
	}
	return sum > 0 ? (uint32_t)((sum + 9) / 10) : 1;
}

void stats_row_backend(const struct backend *be, struct stats_row *row)
{
	const struct cfg_proxy *px = rcu_dereference(be->cfg);
	int64_t now_us = clock_mono_us(), last_us = atomic_load(&be->last_sess_us);

	*row = (struct stats_row){
		.type = STATS_BACKEND,
		.is_http = px->mode == CFG_MODE_HTTP,
		.proxy = be->name,
		.service = "BACKEND",
		.iid = be->id,
		.slim = px->fullconn > 0 ? px->fullconn : default_fullconn(be),
		.chkdown = be->n_down,
		.lastchg_s = seconds_since(be->last_change_us, now_us),
		.lastsess_s = last_us > 0 ? seconds_since(last_us, now_us) : -1,
		.has_downtime = be->n_servers > 0,
		.check_ms = -1,
		.cookie = px->cookie.name.p,
		.algo = cfg_balances[px->balance],
	};
	fill_counters(row, be->counters, be->n_threads, now_us);
	fill_gauges(row, &be->sess, &be->queue);
	fill_h1_backend(be, row);
	fill_usable(be, row);
	row->downtime_s = be->down_time_us / US_PER_S;
	row->n_servers = be->n_servers;
	for (unsigned i = 0; i < be->n_servers; i++)
		row->n_servers_up += be->servers[i]->op != SERVER_STOPPED;
	if (be->n_servers > 0 && row->act + row->bck == 0) {
		snprintf(row->status, sizeof(row->status), "DOWN");
		row->downtime_s += row->lastchg_s;
	} else {
		snprintf(row->status, sizeof(row->status), "UP");
	}
}

/* One step of the walk: whether the place it is at is wanted, and filled into *row. */
static bool row_at(const struct registry_entry *e, uint32_t at, int64_t iid, unsigned types,
		   int64_t sid, struct stats_row *row)
{
	const struct backend *be = e->be;
	const unsigned id = e->fe != NULL ? e->fe->id : be != NULL ? be->id : 0;

	if (iid >= 0 && (int64_t)id != iid)
		return false;
	if (at == 0) {
		if (e->fe == NULL || (types & STATS_FRONTEND) == 0 || sid > 0)
			return false;
		stats_row_frontend(e->fe, row);
	} else if (at <= be->n_servers) {
		const struct server *s = be->servers[at - 1];

		if ((types & STATS_SERVER) == 0 || (sid >= 0 && (int64_t)s->id != sid))
			return false;
		stats_row_server(s, row);
	} else {
		if ((types & STATS_BACKEND) == 0 || sid > 0)
			return false;
		stats_row_backend(be, row);
	}
	return true;
}

bool stats_next_row(struct stats_cursor *c, int64_t iid, unsigned types, int64_t sid,
		    struct stats_row *row)
{
	const struct registry *r = registry_get();

	while (r != NULL && c->entry < r->n) {
		const struct registry_entry *e = &r->entries[c->entry];

		if (c->at > (e->be != NULL ? e->be->n_servers + 1 : 0)) {
			c->entry++;
			c->at = 0;
		} else if (row_at(e, c->at++, iid, types, sid, row)) {
			return true;
		}
	}
	return false;
}

void stats_each_row(int64_t iid, unsigned types, int64_t sid, stats_row_fn *fn, void *arg)
{
	struct stats_cursor c = { 0 };
	struct stats_row row;

	while (stats_next_row(&c, iid, types, sid, &row))
		fn(&row, arg);
}
