/* report.c - verdict, JSON and text of a drill's report. */
#include "report.h"

#include <stdio.h>
#include <string.h>
#include <tandem/clock.h>
#include <tandem/util.h>

static double ms(int64_t us)
{
	return (double)us / 1000.0;
}

enum drill_verdict report_verdict(const struct drill_report *d)
{
	int64_t worst_us;

	if (d->outcome[0] || outage_worst(&d->record, &worst_us) != 0)
		return DRILL_FAILED;
	if (d->target_us == 0)
		return DRILL_NO_TARGET;
	return worst_us <= d->target_us ? DRILL_PASSED : DRILL_MISSED;
}

static const char *verdict_text(enum drill_verdict v)
{
	switch (v) {
	case DRILL_PASSED:
		return "passed";
	case DRILL_MISSED:
		return "missed";
	case DRILL_FAILED:
		return "failed";
	case DRILL_NO_TARGET:
		return "measured";
	}
	UNREACHABLE();
}

static json_t *json_probers(const struct record *r)
{
	json_t *all = json_array();

	for (unsigned i = 0; i < r->n_probers; i++) {
		json_t *results = json_object(), *o;
		struct outage m;

		if (outage_measure(r, i, &m) != 0)
			continue;
		for (int k = 1; k < PROBE_N_RESULTS; k++)
			json_object_set_new(results, probe_result_text((enum probe_result)k),
					    json_integer((json_int_t)m.n_by_result[k]));
		o = json_pack("{s:s, s:s, s:s, s:i, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:o}",
			      "node", r->prober[i].node, "kind", probe_kind_text(r->prober[i].kind),
			      "target", r->prober[i].target, "rate", (int)r->prober[i].rate, "sent",
			      (json_int_t)m.n_sent, "lost", (json_int_t)m.n_lost, "outage_ms",
			      ms(m.outage_us), "resolution_ms", ms(m.resolution_us), "p50_ms",
			      ms(m.p50_us), "p99_ms", ms(m.p99_us), "max_ms", ms(m.max_us),
			      "losses", results);
		json_array_append_new(all, o);
	}
	return all;
}

json_t *report_json(const struct drill_report *d)
{
	const struct record *r = &d->record;
	json_t *facts = json_array(), *notes = json_array(), *o;
	int64_t worst_us;

	for (unsigned i = 0; i < r->n_facts; i++)
		json_array_append_new(facts, json_pack("{s:s, s:s}", "name", r->fact[i].name,
						       "text", r->fact[i].text));
	for (size_t i = 0; i < r->n_notes; i++)
		if (r->note[i].what != NOTE_ADVERT)
			json_array_append_new(notes,
					      json_pack("{s:f, s:s, s:s, s:s}", "after_event_ms",
							ms(r->note[i].at_us - d->event_us), "what",
							note_what_text(r->note[i].what), "node",
							r->note[i].node, "text", r->note[i].text));
	o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:s, s:s, s:o, s:o, s:o}", "id", d->id,
		      "kind", d->kind, "what", d->what, "instance", d->instance, "node", r->node,
		      "started_unix", (double)r->wall_us / 1e6, "verdict",
		      verdict_text(report_verdict(d)), "outcome", d->outcome, "probers",
		      json_probers(r), "notes", notes, "facts", facts);
	if (o && outage_worst(r, &worst_us) == 0)
		json_object_set_new(o, "outage_ms", json_real(ms(worst_us)));
	if (o && d->target_us)
		json_object_set_new(o, "target_ms", json_real(ms(d->target_us)));
	return o;
}

void report_text(const struct drill_report *d, struct strbuf *out)
{
	const struct record *r = &d->record;
	int64_t worst_us;

	strbuf_addf(out, "%-12s %-6s %7s %6s %10s %9s %9s\n", "PROBER", "KIND", "SENT", "LOST",
		    "OUTAGE ms", "P99 ms", "MAX ms");
	for (unsigned i = 0; i < r->n_probers; i++) {
		struct outage m;

		if (outage_measure(r, i, &m) == 0)
			strbuf_addf(out, "%-12.12s %-6s %7zu %6zu %10.1f %9.1f %9.1f\n",
				    r->prober[i].node, probe_kind_text(r->prober[i].kind), m.n_sent,
				    m.n_lost, ms(m.outage_us), ms(m.p99_us), ms(m.max_us));
	}
	if (d->outcome[0])
		strbuf_addf(out, "failed: %s\n", d->outcome);
	else if (outage_worst(r, &worst_us) != 0)
		strbuf_adds(out, "failed: nothing was measured\n");
	else if (d->target_us)
		strbuf_addf(out, "%s: %.1f ms of %.1f ms\n", verdict_text(report_verdict(d)),
			    ms(worst_us), ms(d->target_us));
}
