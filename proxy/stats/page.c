/* page.c - the dashboard as HTML. */
#include "stats/page.h"

#include <stdatomic.h>
#include <unistd.h>

#include <tandem/clock.h>

#include "config/cfg_model.h"
#include "pool/backend.h"
#include "process/process.h"
#include "process/registry.h"
#include "process/worker.h"
#include "stats/csv.h"
#include "stats/pair.h"
#include "stats/table.h"
#include <tandem/html.h>

/* ---- summary ---- */

struct sums {
	unsigned n_servers, n_up, n_down, n_maint, n_drain, n_idle; /* idle: not checked, used */
	uint64_t rate, sessions, queued, errors, requests;
	uint32_t slowest_ms;
};

static void add_to_sums(const struct stats_row *row, void *arg)
{
	struct sums *s = arg;

	if (row->type == STATS_FRONTEND) {
		s->rate += row->is_http ? row->req_rate : row->rate;
		s->sessions += row->scur;
		s->requests += row->is_http ? row->req_tot : row->stot;
		return;
	}
	if (row->type == STATS_BACKEND) {
		s->queued += row->qcur;
		s->errors += row->econ + row->eresp + row->hrsp[5];
		s->slowest_ms = MAX(s->slowest_ms, row->ttime_ms);
		return;
	}
	const char *class = table_state_class(row);

	s->n_servers++;
	s->n_up += strcmp(class, "up") == 0 || strncmp(row->status, "UP ", 3) == 0;
	s->n_idle += strcmp(class, "idle") == 0;
	s->n_maint += strcmp(class, "maint") == 0;
	s->n_down += strncmp(row->status, "DOWN", 4) == 0;
	s->n_drain += strncmp(row->status, "DRAIN", 5) == 0 || strncmp(row->status, "NOLB", 4) == 0;
}

static void add_tile(struct strbuf *out, const char *class, const char *name, uint64_t n,
		     const char *note)
{
	strbuf_addf(out, "<div class=\"tile %s\"><b>%llu</b><span>%s</span><small>%s</small></div>",
		    class, (unsigned long long)n, name, note);
}

static void add_tiles(struct strbuf *out)
{
	struct sums s = { 0 };
	char note[96];

	stats_each_row(-1, ~0u, -1, add_to_sums, &s);
	strbuf_adds(out, "<div class=tiles>");
	snprintf(note, sizeof(note), "of %u%s", s.n_servers,
		 s.n_idle > 0 ? ", some without checks" : "");
	add_tile(out, s.n_up + s.n_idle < s.n_servers ? "warn" : "good", "servers in use",
		 s.n_up + s.n_idle, note);
	snprintf(note, sizeof(note), "%u in maintenance, %u draining", s.n_maint, s.n_drain);
	add_tile(out, s.n_down > 0 ? "alarm" : "good", "servers down", s.n_down, note);
	snprintf(note, sizeof(note), "%llu since the start", (unsigned long long)s.requests);
	add_tile(out, "", "requests a second", s.rate, note);
	add_tile(out, "", "client connections", s.sessions, "now");
	add_tile(out, s.queued > 0 ? "warn" : "", "requests in queues", s.queued, "now");
	add_tile(out, "", "ms a request", s.slowest_ms, "average of the slowest backend");
	strbuf_adds(out, "</div>");
}

void page_add_summary(struct strbuf *out)
{
	const struct engine *e = registry_get()->engine;
	int64_t up_s = (clock_mono_us() - e->start_mono_us) / US_PER_S;

	strbuf_addf(out, "<p>pid %d, %u threads, up ", (int)getpid(), e->n_threads);
	html_add_duration(out, up_s);
	strbuf_addf(out, ", %u of %u connections, %u reloads%s</p>", atomic_load(&e->conns->cur),
		    atomic_load(&e->maxconn), process_self ? process_self->n_reloads : 0,
		    atomic_load(&e->is_stopping) ? ", <b class=bad>draining</b>" : "");
	add_tiles(out);
}

/* ---- tables ---- */

struct page {
	struct strbuf *out;
	const struct cfg_stats *st;
	const struct page_options *o;
	bool is_open;   /* a table */
	bool has_boxes; /* of the table that is open */
	unsigned iid;
};

static void add_buttons(struct strbuf *out)
{
	strbuf_adds(out,
		    "<div class=act><span class=dim>Chosen servers:</span>"
		    "<button name=action value=ready>Ready</button>"
		    "<button name=action value=drain>Drain</button>"
		    "<button name=action value=maint>Maintenance</button>"
		    "<label>Weight <input name=weight inputmode=numeric size=4 maxlength=5></label>"
		    "<button name=action value=weight>Set</button>"
		    "<details><summary>More</summary>"
		    "<button name=action value=hrunn>Health: force up</button>"
		    "<button name=action value=hnolb>Health: force nolb</button>"
		    "<button name=action value=hdown>Health: force down</button>"
		    "<button name=action value=dhlth>Checks off</button>"
		    "<button name=action value=ehlth>Checks on</button>"
		    "<button name=action value=arunn>Agent: force up</button>"
		    "<button name=action value=adown>Agent: force down</button>"
		    "<button name=action value=dagent>Agent off</button>"
		    "<button name=action value=eagent>Agent on</button>"
		    "<button name=action value=shutdown>Kill sessions</button>"
		    "</details></div>");
}

static void close_table(struct page *pg)
{
	if (!pg->is_open)
		return;
	strbuf_adds(pg->out, "</tbody></table></div>");
	if (pg->has_boxes) {
		strbuf_addf(pg->out, "<input type=hidden name=b value=\"#%u\">", pg->iid);
		add_buttons(pg->out);
		strbuf_adds(pg->out, "</form>");
	}
	strbuf_adds(pg->out, "</section>\n");
	pg->is_open = false;
}

static void open_table(struct page *pg, const struct stats_row *row)
{
	struct strbuf *out = pg->out;

	pg->is_open = true;
	pg->iid = row->iid;
	pg->has_boxes = pg->o->is_admin && row->type == STATS_SERVER;
	strbuf_addf(out, "<section class=px data-iid=%u><div class=bar><h2 id=\"", row->iid);
	html_addz(out, row->proxy);
	strbuf_addf(out, "\">");
	html_addz(out, row->proxy);
	strbuf_addf(out, "<small>%s%s%s</small></h2><div class=charts></div></div>",
		    row->is_http ? "http" : "tcp", row->algo != NULL ? ", " : "",
		    row->algo != NULL ? row->algo : "");
	if (pg->has_boxes) {
		strbuf_adds(out, "<form method=post action=\"");
		html_add(out, pg->st->uri);
		strbuf_adds(out, "\">");
	}
	strbuf_adds(out, "<div class=wrap tabindex=0><table>");
	table_add_head(out, pg->has_boxes);
	strbuf_adds(out, "<tbody>\n");
}

static void add_row(struct page *pg, const struct stats_row *row)
{
	struct strbuf *out = pg->out;
	char id[24];

	strbuf_addf(out, "<tr id=\"r%s\"%s><th class=n scope=row>", table_row_id(row, id),
		    row->type == STATS_SERVER ? "" : " class=sum");
	if (row->type == STATS_FRONTEND) {
		strbuf_adds(out, "Frontend");
	} else if (row->type == STATS_BACKEND) {
		strbuf_adds(out, "Backend");
	} else if (pg->has_boxes) {
		strbuf_adds(out, "<label><input type=checkbox name=s value=\"");
		html_addz(out, row->service);
		strbuf_adds(out, "\">");
		html_addz(out, row->service);
		strbuf_adds(out, "</label>");
	} else {
		html_addz(out, row->service);
	}
	if (row->type == STATS_SERVER && pg->st->show_legends) {
		strbuf_adds(out, "<small>");
		html_addz(out, row->addr);
		strbuf_adds(out, "</small>");
	}
	strbuf_adds(out, "</th>");
	table_add_cells(out, row);
	strbuf_adds(out, "</tr>\n");
}

static void add_page_row(const struct stats_row *row, void *arg)
{
	struct page *pg = arg;

	if (pg->o->hides_down && row->type == STATS_SERVER && strcmp(row->status, "DOWN") == 0)
		return;
	/* the servers of a listen section stand in a table of their own when they have buttons */
	if (pg->is_open && (pg->iid != row->iid ||
			    (pg->o->is_admin && !pg->has_boxes && row->type == STATS_SERVER)))
		close_table(pg);
	if (!pg->is_open)
		open_table(pg, row);
	add_row(pg, row);
}

/* ---- the document ---- */

static void add_title(struct strbuf *out, const struct cfg_stats *st)
{
	strbuf_adds(out, "Tandem");
	if (!st->hide_version)
		strbuf_adds(out, " " TANDEM_VERSION);
	if (st->node.len > 0) {
		strbuf_adds(out, " on ");
		html_add(out, st->node);
	}
}

static const struct {
	const char *code, *class, *text;
} outcomes[] = {
	{ "DONE", "good", "The action was carried out." },
	{ "NONE", "warn", "Nothing changed: choose servers and an action." },
	{ "PART", "warn", "The action was carried out on some of the servers only." },
	{ "ERRP", "alarm", "The request cannot be understood, or the action does not exist." },
	{ "EXCD", "alarm", "The request is too long: choose fewer servers." },
	{ "DENY", "alarm", "Denied: `stats admin` does not permit it here." },
	{ "UNKN", "alarm", "The action failed; the log tells why." },
};

static void add_outcome(struct strbuf *out, const struct page_options *o)
{
	strbuf_adds(out, "<p id=say role=status");
	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++)
		if (str_eq(o->outcome, str_from(outcomes[i].code))) {
			strbuf_addf(out, " class=%s>%s", outcomes[i].class, outcomes[i].text);
			break;
		} else if (i + 1 == ARRAY_LEN(outcomes)) {
			strbuf_adds(out, ">");
		}
	strbuf_adds(out, "</p>");
}

static void add_link(struct strbuf *out, const struct cfg_stats *st, const char *suffix,
		     const char *text)
{
	strbuf_adds(out, "<a href=\"");
	html_add(out, st->uri);
	strbuf_addf(out, "%s\">%s</a> ", suffix, text);
}

static void add_document_head(struct strbuf *out, const struct cfg_stats *st)
{
	strbuf_adds(out, "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
			 "<meta name=viewport content=\"width=device-width, initial-scale=1\">");
	if (st->refresh_s > 0) /* with scripts the page is live: it need not be loaded again */
		strbuf_addf(out, "<noscript><meta http-equiv=refresh content=%u></noscript>",
			    st->refresh_s);
	strbuf_adds(out, "<title>");
	add_title(out, st);
	strbuf_adds(out, "</title><link rel=icon href=\"data:,\"><link rel=stylesheet href=\"");
	html_add(out, st->uri);
	strbuf_adds(out, ";dashboard.css\"><script defer src=\"");
	html_add(out, st->uri);
	strbuf_adds(out, ";dashboard.js\"></script></head>\n<body data-uri=\"");
	html_add(out, st->uri);
	strbuf_adds(out, "\" data-rev=\"");
	page_add_revision(out);
	strbuf_adds(out, "\">");
}

void page_add(struct strbuf *out, const struct cfg_stats *st, const struct page_options *o)
{
	struct page pg = { .out = out, .st = st, .o = o };

	add_document_head(out, st);
	strbuf_adds(out, "<input type=checkbox id=all class=vh><header><h1>");
	add_title(out, st);
	strbuf_adds(out, "</h1>");
	if (st->show_desc && st->desc.len > 0) {
		strbuf_adds(out, "<p>");
		html_add(out, st->desc);
		strbuf_adds(out, "</p>");
	}
	strbuf_adds(out, "<p id=live role=status class=dim></p><nav>"
			 "<label class=btn for=all>All columns</label> ");
	add_link(out, st, ";csv", "CSV");
	add_link(out, st, ";json", "JSON");
	add_link(out, st, ";metrics", "Metrics");
	if (o->hides_down)
		add_link(out, st, "", "Show all servers");
	else
		add_link(out, st, ";up", "Hide servers that are down");
	strbuf_adds(out, "</nav></header>\n<main>");
	add_outcome(out, o);
	strbuf_adds(out, "<div id=sum>");
	page_add_summary(out);
	strbuf_adds(out, "</div>\n<div id=pair>");
	pair_add_html(out);
	strbuf_adds(out, "</div>\n<div id=tables>");
	stats_each_row(-1, ~0u, -1, add_page_row, &pg);
	close_table(&pg);
	strbuf_adds(out, "</div></main></body></html>\n");
}

/* ---- live ---- */

void page_add_revision(struct strbuf *out)
{
	const struct registry *r = registry_get();
	unsigned n = 0;

	for (unsigned i = 0; r != NULL && i < r->n; i++)
		n += r->entries[i].be != NULL ? r->entries[i].be->n_servers : 1;
	strbuf_addf(out, "%d.%u.%u", (int)getpid(), process_self ? process_self->n_reloads : 0, n);
}

struct event {
	struct strbuf *out, *cells;
	uint64_t *hashes;
	unsigned n, at;
	bool is_full, has_rows;
};

static uint64_t hash_of(const struct strbuf *b)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a: it only has to notice changes */

	for (size_t i = 0; i < b->len; i++)
		h = (h ^ (unsigned char)b->p[i]) * 1099511628211u;
	return h;
}

static void add_event_row(const struct stats_row *row, void *arg)
{
	struct event *e = arg;
	uint64_t hash;
	char id[24];

	strbuf_clear(e->cells);
	table_add_cells(e->cells, row);
	hash = hash_of(e->cells);
	if (e->at < e->n && !e->is_full && e->hashes[e->at] == hash) {
		e->at++;
		return;
	}
	if (e->at < e->n)
		e->hashes[e->at] = hash;
	e->at++;
	strbuf_addf(e->out, "%s\"%s\":", e->has_rows ? "," : "", table_row_id(row, id));
	e->has_rows = true;
	json_add(e->out, str_from(strbuf_str(e->cells)));
}

unsigned page_add_event(struct strbuf *out, uint64_t *hashes, unsigned n, bool is_full)
{
	struct strbuf part = { 0 };
	struct event e = {
		.out = out, .cells = &part, .hashes = hashes, .n = n, .is_full = is_full
	};

	strbuf_adds(out, "{\"rev\":\"");
	page_add_revision(out);
	strbuf_adds(out, "\",\"sum\":");
	page_add_summary(&part);
	json_add(out, str_from(strbuf_str(&part)));
	strbuf_adds(out, ",\"pair\":");
	strbuf_clear(&part);
	pair_add_html(&part);
	json_add(out, str_from(strbuf_str(&part)));
	strbuf_adds(out, ",\"rows\":{");
	stats_each_row(-1, ~0u, -1, add_event_row, &e);
	strbuf_adds(out, "}}");
	out->failed |= part.failed;
	strbuf_fini(&part);
	return e.at;
}
