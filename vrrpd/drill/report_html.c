/* report_html.c - the page of a drill. */
#include <stdio.h>
#include <string.h>
#include <tandem/clock.h>
#include <tandem/html.h>
#include <tandem/util.h>
#include <time.h>

#include "report.h"

#define WIDTH     1000 /* of a picture, in its own units */
#define LEFT      130  /* names of the rows */
#define ROW       30
#define N_BINS    290
#define MAX_MARKS 400 /* of a kind in a picture */

static const char style[] =
	":root{color-scheme:light "
	"dark;--fg:#1b2430;--bg:#fff;--dim:#5d6b7c;--line:#d9e0e8;--ok:#3f9a6b;"
	"--bad:#c8372d;--mark:#2b62b8;--card:#f5f7fa;--none:#e6ebf0}"
	"@media(prefers-color-scheme:dark){:root{--fg:#e3e8ee;--bg:#12171d;--dim:#93a1b1;--line:#"
	"2b3540;"
	"--ok:#4fb882;--bad:#ef6a5f;--mark:#7aa7ee;--card:#1a2129;--none:#222b34}}"
	"*{box-sizing:border-box}body{margin:0 auto;max-width:66rem;padding:1.5rem 1rem "
	"3rem;color:var(--fg);"
	"background:var(--bg);font:16px/1.5 system-ui,sans-serif}"
	"h1{font-size:1.1rem;font-weight:600;margin:0;color:var(--dim)}h2{font-size:1.1rem;margin:"
	"2rem 0 .5rem}"
	".verdict{font-size:2.2rem;font-weight:700;line-height:1.2;margin:.3rem 0 .6rem}"
	".verdict.good{color:var(--ok)}.verdict.bad{color:var(--bad)}"
	"p{max-width:46rem;margin:.4rem 0}.dim{color:var(--dim)}"
	".wrap{overflow-x:auto}table{border-collapse:collapse;font-size:.92rem;font-variant-"
	"numeric:tabular-nums}"
	"th,td{text-align:right;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line);"
	"vertical-align:top}th{color:var(--dim);font-weight:500}th.l,td.l{text-align:left}"
	"td.l:last-child{overflow-wrap:anywhere}"
	"svg{width:100%;height:auto;display:block;background:var(--card);border-radius:6px;margin:."
	"4rem 0}"
	"svg text{fill:var(--fg);font:12px system-ui,sans-serif}svg .dim{fill:var(--dim)}"
	".ok{fill:var(--ok)}.lost{fill:var(--bad)}.none{fill:var(--none)}.grid{stroke:var(--line)}"
	".mark{stroke:var(--mark);stroke-width:1.5}.ad{stroke:var(--dim);stroke-width:1.2}"
	".tr{fill:var(--mark)}.ev{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:4 3}"
	"@media(max-width:600px){.verdict{font-size:1.6rem}.pic{overflow-x:auto}.pic "
	"svg{min-width:640px}}"
	"@media print{@page{size:A4;margin:14mm}body{padding:0;font-size:11pt;max-width:none}"
	":root{--fg:#000;--bg:#fff;--card:#fff;--line:#bbb;--dim:#444}svg,tr{break-inside:avoid}"
	"svg{border:1px solid var(--line)}}";

static double ms(int64_t us)
{
	return (double)us / 1000.0;
}

/* Milliseconds for people: as many digits as say something. */
static void add_ms(struct strbuf *out, int64_t us)
{
	strbuf_addf(out, us < 100000 ? "%.1f&nbsp;ms" : "%.0f&nbsp;ms", ms(us));
}

/* --- time line ------------------------------------------------------------------------------ */

struct picture {
	const struct drill_report *d;
	int64_t from_us, to_us;
	struct strbuf *out;
	int y;
};

static double x_of(const struct picture *p, int64_t at_us)
{
	return LEFT +
	       (double)(at_us - p->from_us) * (WIDTH - LEFT - 10) / (double)(p->to_us - p->from_us);
}

static bool is_inside(const struct picture *p, int64_t at_us)
{
	return at_us >= p->from_us && at_us <= p->to_us;
}

static void add_label(struct picture *p, const char *a, const char *b)
{
	char text[24];

	snprintf(text, sizeof(text), "%.12s%s%.9s", a, b[0] ? " " : "", b);
	strbuf_addf(p->out, "<text x=6 y=%d>", p->y + 19);
	html_addz(p->out, text);
	strbuf_adds(p->out, "</text>");
}

/* What a prober saw: each bin has the colour of the worst in it. Losses are drawn from when the
 * probe was due until it failed. */
static void add_probes(struct picture *p, unsigned prober)
{
	const struct record *r = &p->d->record;
	unsigned char bin[N_BINS] = { 0 }; /* 1: a good answer, 2: a loss */
	const double width = (double)(WIDTH - LEFT - 10) / N_BINS;

	for (size_t i = 0; i < r->n_probes; i++) {
		const struct probe *q = &r->probe[i];
		int k;

		if (q->prober != prober || !is_inside(p, q->at_us))
			continue;
		k = (int)((x_of(p, q->at_us) - LEFT) / width);
		k = k < 0 ? 0 : k >= N_BINS ? N_BINS - 1 : k;
		if (q->result != PROBE_OK)
			bin[k] = 2;
		else if (bin[k] == 0)
			bin[k] = 1;
	}
	add_label(p, r->prober[prober].node, probe_kind_text(r->prober[prober].kind));
	for (int k = 0, n; k < N_BINS; k += n) {
		static const char *const class[] = { "none", "ok", "lost" };

		for (n = 1; k + n < N_BINS && bin[k + n] == bin[k]; n++)
			;
		strbuf_addf(p->out, "<rect class=%s x=%.1f y=%d width=%.1f height=%d />",
			    class[bin[k]], LEFT + k * width, p->y + 6, n * width + 0.3, ROW - 12);
	}
	p->y += ROW;
}

/* Have notes of that kind about that node been drawn already? */
static bool is_first_of_node(const struct record *r, size_t k)
{
	for (size_t i = 0; i < k; i++) {
		if (r->note[i].what == r->note[k].what &&
		    strcmp(r->note[i].node, r->note[k].node) == 0)
			return false;
	}
	return true;
}

static void add_notes(struct picture *p, size_t first)
{
	const struct record *r = &p->d->record;
	const enum note_what what = r->note[first].what;
	double free_x = LEFT;
	int n = 0;

	add_label(p, r->note[first].node,
		  what == NOTE_ADVERT  ? "adverts"
		  : what == NOTE_PROXY ? "proxy"
				       : "VRRP");
	for (size_t i = first; i < r->n_notes && n < MAX_MARKS; i++) {
		const struct note *q = &r->note[i];
		double x;

		if (q->what != what || strcmp(q->node, r->note[first].node) != 0 ||
		    !is_inside(p, q->at_us))
			continue;
		n++;
		x = x_of(p, q->at_us);
		if (what == NOTE_ADVERT) {
			strbuf_addf(p->out, "<path class=ad d='M%.1f %dv%d'/>", x, p->y + 8,
				    ROW - 16);
			continue;
		}
		strbuf_addf(p->out, "<circle class=tr cx=%.1f cy=%d r=4 />", x, p->y + ROW / 2);
		if (x < free_x || x > WIDTH - 60)
			continue;
		strbuf_addf(p->out, "<text x=%.1f y=%d>", x + 7, p->y + 19);
		html_add(p->out, (struct str){ q->text, strnlen(q->text, 40) });
		strbuf_adds(p->out, "</text>");
		free_x = x + 14 + 6.4 * (double)strnlen(q->text, 40);
	}
	p->y += ROW;
}

static void add_axis(struct picture *p, int height)
{
	static const int64_t steps[] = { 1000,     2000,     5000,     10000,    20000,   50000,
					 100000,   200000,   500000,   1000000,  2000000, 5000000,
					 10000000, 30000000, 60000000, 300000000 };
	const int64_t zero_us = p->d->event_us ? p->d->event_us : p->from_us;
	int64_t step = steps[ARRAY_LEN(steps) - 1], t;

	for (size_t i = ARRAY_LEN(steps); i > 0; i--) {
		if ((p->to_us - p->from_us) / steps[i - 1] <= 10)
			step = steps[i - 1];
	}
	if ((p->to_us - p->from_us) / step > 20)
		step = (p->to_us - p->from_us) / 10;
	t = zero_us - (zero_us - p->from_us) / step * step;
	for (; t <= p->to_us; t += step) {
		double x = x_of(p, t);

		strbuf_addf(p->out, "<path class=grid d='M%.1f 22V%d'/>", x, height);
		strbuf_addf(p->out, "<text class=dim x=%.1f y=15 text-anchor=middle>%g %s</text>",
			    x, step < 1000000 ? ms(t - zero_us) : (double)(t - zero_us) / 1e6,
			    step < 1000000 ? "ms" : "s");
	}
	if (p->d->event_us && is_inside(p, p->d->event_us))
		strbuf_addf(p->out, "<path class=ev d='M%.1f 20V%d'/>", x_of(p, p->d->event_us),
			    height);
}

static void add_picture(const struct drill_report *d, struct strbuf *out, int64_t from_us,
			int64_t to_us, const char *title)
{
	static const enum note_what order[] = { NOTE_TRANSITION, NOTE_PROXY, NOTE_ADVERT };
	const struct record *r = &d->record;
	struct strbuf body = { 0 };
	struct picture p = { .d = d, .from_us = from_us, .to_us = to_us, .out = &body, .y = 24 };
	int height;

	if (to_us <= from_us)
		return;
	for (unsigned i = 0; i < r->n_probers; i++)
		add_probes(&p, i);
	for (size_t k = 0; k < ARRAY_LEN(order); k++) {
		for (size_t i = 0; i < r->n_notes; i++) {
			if (r->note[i].what == order[k] && is_first_of_node(r, i) &&
			    p.y < 24 + 30 * ROW)
				add_notes(&p, i);
		}
	}
	height = p.y + 6;
	strbuf_addf(out,
		    "<div class=pic tabindex=0><svg viewBox='0 0 %d %d' role=img aria-label='%s'>",
		    WIDTH, height, title);
	p.out = out;
	add_axis(&p, height);
	strbuf_add(out, body.p, body.len);
	strbuf_adds(out, "</svg></div>");
	strbuf_fini(&body);
}

static void add_time_line(const struct drill_report *d, struct strbuf *out)
{
	const struct record *r = &d->record;
	int64_t from_us, to_us, worst_at_us = d->event_us, worst_us = 0, near_us;

	if (r->n_probes < 2)
		return;
	from_us = r->probe[0].at_us;
	to_us = r->probe[r->n_probes - 1].at_us + 1;
	for (unsigned i = 0; i < r->n_probers; i++) {
		struct outage m;

		if (outage_measure(r, i, &m) == 0 && m.outage_us > worst_us) {
			worst_us = m.outage_us;
			worst_at_us = m.outage_at_us;
		}
	}
	if (d->event_us)
		worst_at_us = d->event_us;
	near_us = worst_us * 2 < 100000 ? 100000 : worst_us * 2;
	strbuf_adds(out,
		    "<h2>Time line</h2><p class=dim>Each band is one prober: green where it was "
		    "answered, red where a request was lost. Times count from the event (dashed)."
		    "</p>");
	add_picture(
		d, out, worst_at_us - near_us / 4 < from_us ? from_us : worst_at_us - near_us / 4,
		worst_at_us + near_us > to_us ? to_us : worst_at_us + near_us, "The event, near");
	add_picture(d, out, from_us, to_us, "The whole drill");
}

/* --- words and tables ----------------------------------------------------------------------- */

static void add_verdict(const struct drill_report *d, struct strbuf *out)
{
	enum drill_verdict v = report_verdict(d);
	int64_t worst_us = 0;

	(void)!outage_worst(&d->record, &worst_us);
	strbuf_addf(out, "<p class='verdict %s'>",
		    v == DRILL_PASSED                        ? "good"
		    : v == DRILL_MISSED || v == DRILL_FAILED ? "bad"
							     : "");
	switch (v) {
	case DRILL_PASSED:
		strbuf_adds(out, "Passed: ");
		break;
	case DRILL_MISSED:
		strbuf_adds(out, "Target missed: ");
		break;
	case DRILL_FAILED:
		strbuf_adds(out, "Failed: ");
		html_addz(out, d->outcome[0] ? d->outcome : "nothing was measured");
		strbuf_adds(out, "</p>");
		return;
	case DRILL_NO_TARGET:
		strbuf_adds(out, "Measured: ");
		break;
	}
	add_ms(out, worst_us);
	if (d->target_us) {
		strbuf_adds(out, " of ");
		add_ms(out, d->target_us);
	}
	strbuf_adds(out, "</p>");
}

static void add_summary(const struct drill_report *d, struct strbuf *out)
{
	size_t n_sent = 0, n_lost = 0, n_broken = 0;
	bool has_held = false;

	for (unsigned i = 0; i < d->record.n_probers; i++) {
		struct outage m;

		if (outage_measure(&d->record, i, &m) != 0)
			continue;
		if (d->record.prober[i].kind == PROBE_HELD) {
			has_held = true;
			n_broken += m.n_lost;
		} else {
			n_sent += m.n_sent;
			n_lost += m.n_lost;
		}
	}
	strbuf_adds(out, "<p>");
	html_addz(out, d->what);
	strbuf_addf(out, "</p><p>Of %zu requests on new connections %zu %s lost.", n_sent, n_lost,
		    n_lost == 1 ? "was" : "were");
	if (has_held)
		strbuf_addf(out, " Connections that were kept open broke %zu %s.", n_broken,
			    n_broken == 1 ? "time" : "times");
	strbuf_adds(out, "</p>");
}

static void add_probers(const struct record *r, struct strbuf *out)
{
	strbuf_adds(out,
		    "<h2>What each prober saw</h2><div class=wrap tabindex=0><table><tr><th "
		    "class=l>Prober"
		    "<th class=l>Target<th class=l>Kind<th>Rate<th>Sent<th>Lost<th>Outage<th>p50"
		    "<th>p99<th>Longest<th class=l>Losses</tr>");
	for (unsigned i = 0; i < r->n_probers; i++) {
		struct outage m;

		if (outage_measure(r, i, &m) != 0)
			continue;
		strbuf_adds(out, "<tr><td class=l>");
		html_addz(out, r->prober[i].node);
		strbuf_adds(out, "<td class=l>");
		html_addz(out, r->prober[i].target);
		strbuf_addf(out, "<td class=l>%s<td>%u/s<td>%zu<td>%zu<td>",
			    probe_kind_text(r->prober[i].kind), r->prober[i].rate, m.n_sent,
			    m.n_lost);
		add_ms(out, m.outage_us);
		strbuf_adds(out, "<td>");
		add_ms(out, m.p50_us);
		strbuf_adds(out, "<td>");
		add_ms(out, m.p99_us);
		strbuf_adds(out, "<td>");
		add_ms(out, m.max_us);
		strbuf_adds(out, "<td class=l>");
		for (int k = 1; k < PROBE_N_RESULTS; k++) {
			if (m.n_by_result[k])
				strbuf_addf(out, "%s&nbsp;%zu ",
					    probe_result_text((enum probe_result)k),
					    m.n_by_result[k]);
		}
		strbuf_adds(out, "</tr>");
	}
	strbuf_adds(out, "</table></div>");
}

static void add_events(const struct drill_report *d, struct strbuf *out)
{
	const struct record *r = &d->record;
	int n = 0;

	strbuf_adds(
		out,
		"<h2>What happened</h2><div class=wrap tabindex=0><table><tr><th>After the event"
		"<th class=l>Where<th class=l>What</tr>");
	for (size_t i = 0; i < r->n_notes && n < MAX_MARKS; i++) {
		const struct note *q = &r->note[i];

		if (q->what == NOTE_ADVERT)
			continue;
		n++;
		strbuf_addf(out, "<tr><td>%.1f&nbsp;ms<td class=l>", ms(q->at_us - d->event_us));
		html_addz(out, q->node);
		strbuf_addf(out, "<td class=l>%s: ", note_what_text(q->what));
		html_addz(out, q->text);
		strbuf_adds(out, "</tr>");
	}
	strbuf_adds(out, "</table></div>");
}

static void add_conditions(const struct drill_report *d, struct strbuf *out)
{
	const struct record *r = &d->record;

	strbuf_adds(out, "<h2>Conditions</h2><div class=wrap tabindex=0><table>");
	for (unsigned i = 0; i < r->n_facts; i++) {
		strbuf_adds(out, "<tr><th class=l>");
		html_addz(out, r->fact[i].name);
		strbuf_adds(out, "<td class=l>");
		html_addz(out, r->fact[i].text);
		strbuf_adds(out, "</tr>");
	}
	strbuf_adds(
		out,
		"</table></div><p class=dim>An outage is the longest time between two successive "
		"good answers, and cannot be told finer than the interval of the probes. "
		"Times of other machines were mapped by the wall clocks: they are as exact as "
		"those agree. Transitions have the time at which vrrpd logged them.</p>");
}

void report_html(const struct drill_report *d, struct strbuf *out)
{
	time_t started = (time_t)(d->record.wall_us / 1000000);
	char when[48] = "";
	struct tm tm;

	if (localtime_r(&started, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S %Z", &tm);
	strbuf_adds(out,
		    "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport "
		    "content='width=device-width,initial-scale=1'><meta http-equiv="
		    "Content-Security-Policy content=\"default-src 'none';style-src "
		    "'unsafe-inline'\"><title>Drill ");
	html_addz(out, d->id);
	strbuf_addf(out, "</title><style>%s</style></head><body><h1>Failover drill: ", style);
	html_addz(out, d->kind);
	strbuf_adds(out, ", instance ");
	html_addz(out, d->instance);
	strbuf_addf(out, ", %s</h1>", when);
	add_verdict(d, out);
	add_summary(d, out);
	add_time_line(d, out);
	add_probers(&d->record, out);
	add_events(d, out);
	add_conditions(d, out);
	strbuf_adds(out, "</body></html>\n");
}
