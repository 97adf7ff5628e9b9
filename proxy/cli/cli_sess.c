/* cli_sess.c - `show sess`, `shutdown session`. */
#include "cli/cli.h"

#include <stdlib.h>

#include <tandem/clock.h>

#include "net/sessions.h"
#include "process/process.h"

/* "0x..." as shown; 0: no number. */
static uint64_t parse_id(struct str word)
{
	return word.len > 0 ? strtoull(word.p, NULL, 0) : 0;
}

static struct session_filter parse_filter(const struct ctl_request *rq)
{
	struct session_filter f = { .id = 0 };
	struct str word = cli_arg(rq, 2);
	int64_t us;

	if (str_eq(word, STR("all"))) {
		f.has_details = true;
	} else if (str_eq(word, STR("older"))) {
		if (str_parse_time_us(cli_arg(rq, 3), US_PER_S, &us) == 0)
			f.min_age_us = us;
	} else {
		f.id = parse_id(word);
		f.has_details = f.id != 0;
	}
	return f;
}

static void cancel(struct ctl_request *rq, uint64_t cursor)
{
	(void)rq;
	session_walk_free((struct session_walk *)(uintptr_t)cursor, &process_self->engine);
}

/* Our own connection is the last line, as in HAProxy's lists. */
static void add_own(struct ctl_request *rq)
{
	strbuf_addf(
		rq->out,
		"0x%x: proto=unix_stream src=unix:1 fe=GLOBAL be=<NONE> srv=<none> ts=00 "
		"epoch=0 age=0s calls=1 rate=0 cpu=0 lat=0 rq[f=c08000h,i=0,an=00h,rx=,wx=,ax=] "
		"rp[f=80008000h,i=0,an=00h,rx=,wx=,ax=] scf=[8,0h,fd=%d] scb=[8,1h,fd=-1] exp= "
		"rc=0 c_exp=\n",
		(unsigned)rq->fd, rq->fd);
}

void cli_show_sess(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct session_walk *w = (struct session_walk *)(uintptr_t)*cursor;

	if (w == NULL) {
		struct session_filter f = parse_filter(rq);

		w = session_walk_new(&f);
		*cursor = (uintptr_t)w;
		rq->cancel = cancel;
	}
	*more = session_walk_next(w, &process_self->engine, rq->out);
	if (*more)
		return;
	if (w->filter.id != 0 && w->n_found == 0)
		strbuf_adds(rq->out, "Session not found.\n");
	else if (w->filter.id == 0 && !w->filter.has_details && w->filter.min_age_us == 0)
		add_own(rq);
	session_walk_free(w, &process_self->engine);
}

void cli_shutdown_session(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	uint64_t id = parse_id(cli_arg(rq, 2));

	(void)cursor, (void)more;
	if (rq->argc < 3)
		strbuf_adds(rq->out, "Session pointer expected (use 'show sess').\n");
	else if (!session_shut(&process_self->engine, id))
		strbuf_adds(rq->out, "No such session (use 'show sess').\n");
}
