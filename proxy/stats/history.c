/* history.c - the last hour of each proxy and server. */
#include "stats/history.h"

#include <stdlib.h>
#include <string.h>

#include <tandem/clock.h>

#include "net/frontend.h"
#include "pool/backend.h"
#include "process/registry.h"
#include "stats/csv.h"
#include "stats/table.h"
#include <tandem/html.h>

static uint64_t n_samples; /* taken so far */
static int64_t next_us;    /* when the next one is due */

/* What happened since the last sample; a counter that was cleared begins anew. */
static uint32_t since(uint64_t *last, uint64_t now)
{
	uint64_t n = now >= *last ? now - *last : now;

	*last = now;
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static struct history_sample *begin(struct history **h, uint64_t requests, uint64_t errors)
{
	struct history_sample *s;

	if (*h == NULL) {
		*h = calloc(1, sizeof(**h));
		if (*h == NULL)
			return NULL;
		(*h)->first = n_samples;
	}
	s = &(*h)->samples[n_samples % HISTORY_N];
	*s = (struct history_sample){ .requests = since(&(*h)->requests, requests),
				      .errors = since(&(*h)->errors, errors) };
	return s;
}

static void sample_frontend(struct frontend *fe)
{
	struct stats_row row;

	stats_row_frontend(fe, &row);
	(void)begin(&fe->history, row.is_http ? row.req_tot : row.stot, row.ereq + row.hrsp[5]);
}

static void sample_latency(struct backend *be, struct history_sample *s)
{
	uint32_t n[LATENCY_N];

	for (unsigned i = 0; i < LATENCY_N; i++) {
		uint32_t sum = 0;

		for (unsigned t = 0; t < be->n_threads; t++)
			sum += atomic_load_explicit(&be->latency[t].n[i], memory_order_relaxed);
		n[i] = sum - be->history->latency[i];
		be->history->latency[i] = sum;
	}
	s->p50_us = latency_percentile(n, 50);
	s->p99_us = latency_percentile(n, 99);
}

static void sample_server(struct server *s)
{
	struct stats_row row;

	if (s->states == NULL) {
		s->states = calloc(1, HISTORY_N);
		if (s->states == NULL)
			return;
	}
	stats_row_server(s, &row);
	s->states[n_samples % HISTORY_N] = table_state_class(&row)[0];
}

static void sample_backend(struct backend *be)
{
	struct history_sample *s;
	struct stats_row row;

	stats_row_backend(be, &row);
	s = begin(&be->history, row.is_http ? row.req_tot : row.stot,
		  row.econ + row.eresp + row.hrsp[5]);
	if (s != NULL)
		sample_latency(be, s);
	for (unsigned i = 0; i < be->n_servers; i++)
		sample_server(be->servers[i]);
}

void history_tick(int64_t now_us)
{
	const struct registry *r = registry_get();

	if (now_us < next_us || r == NULL)
		return;
	/* in step with the clock; steps that a stall skipped are not made up for */
	next_us = (now_us / (HISTORY_STEP_S * US_PER_S) + 1) * HISTORY_STEP_S * US_PER_S;
	for (unsigned i = 0; i < r->n; i++) {
		if (r->entries[i].fe != NULL)
			sample_frontend(r->entries[i].fe);
		if (r->entries[i].be != NULL)
			sample_backend(r->entries[i].be);
	}
	n_samples++;
}

/* ---- JSON ---- */

static void add_series(struct strbuf *out, const struct history *h, const char *name, size_t offset,
		       double scale)
{
	uint64_t first = n_samples > HISTORY_N ? n_samples - HISTORY_N : 0;

	strbuf_addf(out, "%s\"%s\":[", offset ? "," : "", name);
	for (uint64_t k = MAX(first, h->first); k < n_samples; k++) {
		const struct history_sample *s = &h->samples[k % HISTORY_N];
		uint32_t v;

		memcpy(&v, (const char *)s + offset, sizeof(v));
		strbuf_addf(out, "%s%.4g", k > MAX(first, h->first) ? "," : "", v * scale);
	}
	strbuf_addc(out, ']');
}

static void add_history(struct strbuf *out, const struct history *h, bool has_latency)
{
	add_series(out, h, "requests", offsetof(struct history_sample, requests),
		   1. / HISTORY_STEP_S);
	add_series(out, h, "errors", offsetof(struct history_sample, errors), 1. / HISTORY_STEP_S);
	if (!has_latency)
		return;
	add_series(out, h, "p50_ms", offsetof(struct history_sample, p50_us), 1e-3);
	add_series(out, h, "p99_ms", offsetof(struct history_sample, p99_us), 1e-3);
}

/* One letter a sample: u(p) d(own) w(ait) m(aint) i(dle), '-' before it was there. */
static void add_states(struct strbuf *out, const struct server *s)
{
	uint64_t first = n_samples > HISTORY_N ? n_samples - HISTORY_N : 0;

	strbuf_addc(out, '"');
	for (uint64_t k = first; s->states != NULL && k < n_samples; k++)
		strbuf_addc(out, s->states[k % HISTORY_N] ? s->states[k % HISTORY_N] : '-');
	strbuf_addc(out, '"');
}

void history_json(struct strbuf *out)
{
	const struct registry *r = registry_get();
	bool has_proxy = false, has_server = false;

	strbuf_addf(out, "{\"step_s\":%d,\"proxies\":{", HISTORY_STEP_S);
	for (unsigned i = 0; r != NULL && i < r->n; i++) {
		const struct frontend *fe = r->entries[i].fe;
		const struct backend *be = r->entries[i].be;
		const struct history *h = be ? be->history : fe ? fe->history : NULL;

		if (h == NULL)
			continue;
		strbuf_addf(out, "%s\"%u\":{", has_proxy ? "," : "", be ? be->id : fe->id);
		add_history(out, h, be != NULL);
		strbuf_addc(out, '}');
		has_proxy = true;
	}
	strbuf_adds(out, "},\"servers\":{");
	for (unsigned i = 0; r != NULL && i < r->n; i++) {
		const struct backend *be = r->entries[i].be;

		for (unsigned k = 0; be != NULL && k < be->n_servers; k++) {
			strbuf_addf(out, "%s\"%u.%u\":", has_server ? "," : "", be->id,
				    be->servers[k]->id);
			add_states(out, be->servers[k]);
			has_server = true;
		}
	}
	strbuf_adds(out, "}}");
}
