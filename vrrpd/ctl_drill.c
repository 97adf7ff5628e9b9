/* ctl_drill.c - drills are announced: log, FIFO, metrics, and the peer's log by our hellos. */
#include "ctl_drill.h"

#include <stdio.h>
#include <tandem/clock.h>
#include <tandem/log.h>

#include "worker.h"

bool ctl_drill_runs(const struct worker *w)
{
	return w->loop.now_us < w->env.drill_until_us;
}

/* A word of letters, digits, '-' and '.': it goes into logs and pipes. */
static bool is_plain(struct str s, size_t room)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.')
			return false;
	}
	return s.len > 0 && s.len < room;
}

static void tell(struct worker *w, const char *state, const char *kind)
{
	struct vrrp_instance *i;

	for (size_t k = 0; k < ARRAY_LEN(w->fifos); k++)
		fifo_tell(&w->fifos[k], "DRILL", kind, state, 0);
	list_for_each (i, &w->instances, node)
		vrrp_io_send_hello(i);
}

static bool begin(struct worker *w, struct ctl_request *rq)
{
	struct drill_log *d = &w->drill;

	if (rq->argc != 3 || !is_plain(rq->argv[2], sizeof(d->kind)))
		return false;
	if (ctl_drill_runs(w)) {
		strbuf_adds(rq->out, "A drill runs already.\n");
		return true;
	}
	snprintf(d->kind, sizeof(d->kind), STR_FMT, STR_ARG(rq->argv[2]));
	w->env.drill_until_us = w->loop.now_us + DRILL_FORGET_US;
	log_notice("drill", "drill_begins", "kind=%s", d->kind);
	tell(w, "BEGIN", d->kind);
	strbuf_adds(rq->out, "Noted.\n");
	return true;
}

static bool end(struct worker *w, struct ctl_request *rq)
{
	struct drill_log *d = &w->drill;
	int64_t outage_us;

	if (rq->argc != 5 || !is_plain(rq->argv[2], sizeof(d->last_id)) ||
	    !is_plain(rq->argv[3], sizeof(d->last_verdict)) ||
	    str_parse_int(rq->argv[4], 0, INT64_MAX / 2, &outage_us) != 0)
		return false;
	snprintf(d->last_id, sizeof(d->last_id), STR_FMT, STR_ARG(rq->argv[2]));
	snprintf(d->last_verdict, sizeof(d->last_verdict), STR_FMT, STR_ARG(rq->argv[3]));
	d->last_outage_us = outage_us;
	d->last_real_us = clock_real_us();
	d->n_drills++;
	if (str_eq(rq->argv[3], STR("missed")) || str_eq(rq->argv[3], STR("failed")))
		d->n_missed++;
	w->env.drill_until_us = 0;
	log_notice("drill", "drill_ends", "id=%s verdict=%s outage_ms=%.1f", d->last_id,
		   d->last_verdict, (double)outage_us / 1000);
	tell(w, "END", d->last_id);
	strbuf_adds(rq->out, "Noted.\n");
	return true;
}

void ctl_drill(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct worker *w = rq->arg;
	bool ok = false;

	(void)cursor, (void)more;
	if (rq->argc > 1 && str_eq(rq->argv[1], STR("begin")))
		ok = begin(w, rq);
	else if (rq->argc > 1 && str_eq(rq->argv[1], STR("end")))
		ok = end(w, rq);
	if (!ok)
		strbuf_adds(rq->out, "Usage: drill begin KIND, drill end ID VERDICT OUTAGE_US\n");
}
