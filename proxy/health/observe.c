/* observe.c - what data threads tell the control thread about servers. */
#include "health/observe.h"

#include <stdio.h>

#include "config/cfg_model.h"
#include "health/health_priv.h"

enum verdict { IGNORE, BAD, GOOD };

static const struct {
	const char *text;
	enum verdict layer4, layer7;
} observations[] = {
	[OBSERVE_L4_OK] = { "L4 successful connection", GOOD, IGNORE },
	[OBSERVE_L4_ERR] = { "L4 unsuccessful connection", BAD, BAD },
	[OBSERVE_HTTP_OK] = { "Correct http response", IGNORE, GOOD },
	[OBSERVE_HTTP_STS] = { "Wrong http response", IGNORE, BAD },
	[OBSERVE_HTTP_HDRRSP] = { "Invalid http response (headers)", IGNORE, BAD },
	[OBSERVE_HTTP_RSP] = { "Invalid http response", IGNORE, BAD },
	[OBSERVE_HTTP_READ_ERROR] = { "Read error (http)", IGNORE, BAD },
	[OBSERVE_HTTP_READ_TIMEOUT] = { "Read timeout (http)", IGNORE, BAD },
	[OBSERVE_HTTP_BROKEN_PIPE] = { "Close from server (http)", IGNORE, BAD },
};

/* ---- control thread ---- */

static void on_report(struct loop_msg *m)
{
	struct server_report *r = container_of(m, struct server_report, msg);
	struct server *s = r->srv;
	struct health *h = r->health;
	unsigned n_errors = r->n_errors, last = r->last;
	char words[160];

	/* from here on the thread may send it again */
	atomic_store_explicit(&r->is_posted, false, memory_order_release);
	if (n_errors == 0) {
		health_probe_now(h, s);
	} else if (s->check != NULL && !s->is_retired) {
		snprintf(words, sizeof(words), "Detected %u consecutive errors, last one was: %s",
			 n_errors, observations[last].text);
		check_note_traffic(s->check, words);
	}
	/* last: the server may go */
	atomic_fetch_sub_explicit(&s->n_reports, 1, memory_order_release);
}

void observe_sync(struct server *s)
{
	const struct cfg_server *cfg = s->cfg;
	unsigned watch = 0;

	if (s->check != NULL)
		watch = SERVER_WATCH_REFUSAL;
	if (s->check != NULL && cfg->observe == CFG_OBSERVE_LAYER4)
		watch |= SERVER_WATCH_LAYER4;
	if (s->check != NULL && cfg->observe == CFG_OBSERVE_LAYER7)
		watch |= SERVER_WATCH_LAYER7;
	atomic_store_explicit(&s->error_limit, cfg->error_limit, memory_order_relaxed);
	atomic_store_explicit(&s->watch, watch, memory_order_relaxed);
}

/* ---- data threads ---- */

static void post(struct health *h, struct server *s, unsigned tid, unsigned n_errors,
		 enum observation last)
{
	struct server_report *r = &s->reports[tid];

	if (atomic_load_explicit(&r->is_posted, memory_order_acquire))
		return;
	atomic_store_explicit(&r->is_posted, true, memory_order_relaxed);
	atomic_fetch_add(&s->n_reports, 1); /* while our slot keeps the server alive */
	r->msg.fn = on_report;
	r->health = h;
	r->srv = s;
	r->n_errors = n_errors;
	r->last = last;
	loop_post(h->loop, &r->msg);
}

void observe_slow(struct health *h, struct server *s, unsigned tid, enum observation o)
{
	unsigned watch = atomic_load_explicit(&s->watch, memory_order_relaxed), n;
	enum verdict v = IGNORE;

	if ((watch & SERVER_WATCH_LAYER4) != 0)
		v = observations[o].layer4;
	else if ((watch & SERVER_WATCH_LAYER7) != 0)
		v = observations[o].layer7;
	if (v == GOOD && atomic_load_explicit(&s->n_errors_in_row, memory_order_relaxed) != 0)
		atomic_store_explicit(&s->n_errors_in_row, 0, memory_order_relaxed);
	if (v == BAD) {
		n = atomic_fetch_add_explicit(&s->n_errors_in_row, 1, memory_order_relaxed) + 1;
		if (n >= atomic_load_explicit(&s->error_limit, memory_order_relaxed)) {
			atomic_store_explicit(&s->n_errors_in_row, 0, memory_order_relaxed);
			post(h, s, tid, n, o);
			return;
		}
	}
	if (o == OBSERVE_L4_ERR)
		post(h, s, tid, 0, o);
}
