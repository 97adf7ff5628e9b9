/* cli_global.c - commands about the whole process: limits, counters, reload. */
#include "cli/cli.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "config/cfg_model.h"
#include "net/frontend.h"
#include "pool/backend.h"
#include "process/process.h"
#include "process/registry.h"
#include "stats/counters.h"

/* ---- limits ---- */

/* As HAProxy reads numbers here: what is none is 0. */
static long number_of(struct str word)
{
	return word.len > 0 ? strtol(word.p, NULL, 10) : 0;
}

void cli_set_maxconn_global(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct process *p = process_self;
	long n = number_of(cli_arg(rq, 3));

	(void)cursor, (void)more;
	if (rq->argc < 4) {
		strbuf_adds(rq->out, "Expects an integer value.\n");
		return;
	}
	if (n > (long)p->hard_maxconn) {
		strbuf_adds(rq->out, "Value out of range.\n");
		return;
	}
	atomic_store(&p->engine.maxconn, n <= 0 ? p->hard_maxconn : (unsigned)n);
}

static void rate_limit_usage(struct strbuf *out)
{
	strbuf_adds(
		out,
		"'set rate-limit' only supports :\n"
		"   - 'connections global' to set the per-process maximum connection rate\n"
		"   - 'sessions global' to set the per-process maximum session rate\n"
		"   - 'ssl-sessions global' to set the per-process maximum SSL session rate\n"
		"   - 'http-compression global' to set the per-process maximum compression speed "
		"in kB/s\n");
}

void cli_set_rate_limit(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct engine *e = &process_self->engine;
	struct str what = cli_arg(rq, 2);
	_Atomic uint32_t *limit = NULL;
	long n = number_of(cli_arg(rq, 4));

	(void)cursor, (void)more;
	if (str_eq(what, STR("connections")))
		limit = &e->conn_rate_limit;
	else if (str_eq(what, STR("sessions")))
		limit = &e->sess_rate_limit;
	else if (!str_eq(what, STR("ssl-sessions")) && !str_eq(what, STR("http-compression")))
		what.len = 0;
	if (what.len == 0 || !str_eq(cli_arg(rq, 3), STR("global")))
		rate_limit_usage(rq->out);
	else if (rq->argc < 5)
		strbuf_adds(rq->out, "Expects an integer value.\n");
	else if (n < 0 || n > INT32_MAX)
		strbuf_adds(rq->out, "Value out of range.\n");
	else if (limit != NULL)
		atomic_store(limit, (uint32_t)n);
	else if (n > 0)
		strbuf_adds(rq->out, "There is nothing of this kind to limit.\n");
}

/* ---- counters ---- */

static void reset_max(struct gauge *g)
{
	atomic_store(&g->max, atomic_load(&g->cur));
}

static void clear(struct counters *c, unsigned n_threads, bool all)
{
	if (all)
		counters_clear(c, n_threads);
	else
		counters_clear_maxima(c, n_threads);
}

static void clear_backend(struct backend *be, bool all)
{
	reset_max(&be->sess);
	reset_max(&be->queue);
	clear(be->counters, be->n_threads, all);
	for (unsigned i = 0; i < be->n_servers; i++) {
		struct server *s = be->servers[i];

		reset_max(&s->sess);
		reset_max(&s->queue);
		clear(s->counters, be->n_threads, all);
		if (!all)
			continue;
		s->n_check_fail = s->n_check_down = 0;
		s->down_time_us = 0;
	}
	if (all) {
		be->n_down = 0;
		be->down_time_us = 0;
	}
}

void cli_clear_counters(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	const struct registry *r = registry_get();
	bool all = str_eq(cli_arg(rq, 2), STR("all"));

	(void)cursor, (void)more;
	if (all && rq->level < CTL_ADMIN) {
		strbuf_adds(rq->out, "Permission denied\n");
		return;
	}
	for (unsigned i = 0; r != NULL && i < r->n; i++) {
		struct frontend *fe = r->entries[i].fe;

		if (fe != NULL) {
			reset_max(&fe->sess);
			clear(fe->counters, fe->n_threads, all);
		}
		if (r->entries[i].be != NULL)
			clear_backend(r->entries[i].be, all);
	}
}

/* ---- reload ---- */

/* Not from inside the command: the reload may remove the very socket that asked. So the request is
 * posted, and the answer waits for a reload to have ended. */
void cli_reload(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct process *p = process_self;

	if (*cursor == 0) {
		*cursor = 1 + p->n_reload_ends;
		process_request_reload(p);
		*more = true;
	} else if (*cursor == 1 + p->n_reload_ends) {
		*more = true;
	} else {
		strbuf_addf(rq->out, "Success=%d\n--\n%s", p->n_reload_errors == 0,
			    strbuf_str(&p->reload_text));
	}
}
