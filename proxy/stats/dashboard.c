/* dashboard.c - the stats page: authentication, framing, HTML. */
#include "stats/dashboard.h"

#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include <tandem/clock.h>

#include "config/cfg_model.h"
#include "process/registry.h"
#include "process/worker.h"
#include "stats/base64.h"
#include "stats/control_lock.h"
#include "stats/counters.h"
#include "stats/csv.h"

bool stats_matches(const struct cfg_stats *st, struct str uri)
{
	return st->enabled && str_starts_with(uri, st->uri);
}

/* ---- authentication ---- */

/* Compares all bytes whatever differs, so that the time tells nothing. */
static bool is_same_secret(struct str a, struct str b)
{
	volatile unsigned char diff = a.len != b.len;

	for (size_t i = 0; i < a.len; i++)
		diff |= (unsigned char)a.p[i] ^ (unsigned char)(b.len ? b.p[i % b.len] : 0);
	return diff == 0;
}

static bool is_authorized(const struct cfg_stats *st, struct str field)
{
	unsigned char plain[512];
	ssize_t n;
	bool ok = false;

	if (st->auth == NULL)
		return true;
	if (field.len < 6 || !str_eq_nocase((struct str){ field.p, 6 }, STR("Basic ")))
		return false;
	n = base64_decode(str_trim((struct str){ field.p + 6, field.len - 6 }), plain,
			  sizeof(plain));
	for (const struct cfg_stats_auth *a = st->auth; n >= 0 && a != NULL; a = a->next)
		ok |= is_same_secret((struct str){ (const char *)plain, (size_t)n }, a->userpass);
	explicit_bzero(plain, sizeof(plain));
	return ok;
}

/* ---- HTML ---- */

static void add_escaped(struct strbuf *out, const char *z)
{
	for (; *z != '\0'; z++) {
		switch (*z) {
		case '<':
			strbuf_adds(out, "&lt;");
			break;
		case '>':
			strbuf_adds(out, "&gt;");
			break;
		case '&':
			strbuf_adds(out, "&amp;");
			break;
		case '"':
			strbuf_adds(out, "&quot;");
			break;
		case '\'':
			strbuf_adds(out, "&#39;");
			break;
		default:
			strbuf_addc(out, *z);
		}
	}
}

static void add_escaped_str(struct strbuf *out, struct str s)
{
	char one[2] = { 0 };

	for (size_t i = 0; i < s.len; i++) {
		one[0] = s.p[i];
		add_escaped(out, one);
	}
}

static const char page_style[] =
	":root{color-scheme:light dark;--bg:#fff;--fg:#1c2430;--dim:#667085;--line:#e3e7ee;"
	"--head:#f4f6fa;--up:#d7f5df;--upf:#0b5d27;--down:#fde0de;--downf:#9b1c13;--wait:#fdf0cc;"
	"--waitf:#7a5300;--maint:#e6e3f8;--maintf:#43349b;--idle:#eceff3;--idlef:#4b5565}"
	"@media(prefers-color-scheme:dark){:root{--bg:#12161c;--fg:#e4e8ee;--dim:#98a2b3;"
	"--line:#2a313c;--head:#1b212a;--up:#123d20;--upf:#8fe3a8;--down:#4d1815;--downf:#ffb0a8;"
	"--wait:#463404;--waitf:#f7d774;--maint:#2c2558;--maintf:#c3b8ff;--idle:#262c35;"
	"--idlef:#b4bdc9}}"
	"*{box-sizing:border-box}body{margin:0;padding:1.2rem;background:var(--bg);color:var(--fg);"
	"font:14px/1.4 system-ui,sans-serif}h1{font-size:1.25rem;margin:0 0 .2rem}"
	"h2{font-size:1.02rem;margin:1.5rem 0 .35rem}h2 small{color:var(--dim);font-weight:400;"
	"margin-left:.5rem}p{margin:.15rem 0;color:var(--dim)}a{color:inherit}"
	".wrap{overflow-x:auto;border:1px solid var(--line);border-radius:6px}"
	"table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
	"th,td{padding:.26rem .5rem;text-align:right;white-space:nowrap;"
	"border-bottom:1px solid var(--line)}thead th{background:var(--head);color:var(--dim);"
	"font-weight:500;font-size:.8rem}thead tr:first-child th{text-align:center}"
	"tbody tr:last-child td,tbody tr:last-child th{border-bottom:0}th.n,td.l{text-align:left}"
	"tr.sum td,tr.sum th{background:var(--head);font-weight:600}"
	".s{display:inline-block;padding:0 .45rem;border-radius:.7rem;font-weight:600;"
	"font-size:.85rem}.up{background:var(--up);color:var(--upf)}.down{background:var(--down);"
	"color:var(--downf)}.wait{background:var(--wait);color:var(--waitf)}.maint{"
	"background:var(--maint);color:var(--maintf)}.idle{background:var(--idle);"
	"color:var(--idlef)}.bad{color:var(--downf);font-weight:600}";

static const char table_head[] =
	"<div class=wrap><table><thead><tr><th rowspan=2><th colspan=2>Queue<th colspan=2>Rate"
	"<th colspan=4>Sessions<th colspan=2>Bytes<th colspan=2>Denied<th colspan=3>Errors"
	"<th colspan=2>Warnings<th colspan=9>Server</tr><tr><th>Cur<th>Max<th>Cur<th>Max<th>Cur"
	"<th>Max<th>Limit<th>Total<th>In<th>Out<th>Req<th>Resp<th>Req<th>Conn<th>Resp<th>Retr"
	"<th>Redis<th>Status<th>Since<th>Last check<th>Weight<th>Act<th>Bck<th>Chk<th>Dwn"
	"<th>Downtime</tr></thead><tbody>\n";

static const char *status_class(const struct stats_row *row)
{
	const char *s = row->status;

	if (strncmp(s, "MAINT", 5) == 0)
		return "maint";
	if (strncmp(s, "DRAIN", 5) == 0 || strncmp(s, "NOLB", 4) == 0)
		return "wait";
	if (strcmp(s, "no check") == 0 || strcmp(s, "STOP") == 0)
		return "idle";
	if (strcmp(s, "DOWN") == 0)
		return "down";
	/* "UP 1/3" goes down, "DOWN 1/2" comes up */
	if (strncmp(s, "UP ", 3) == 0 || strncmp(s, "DOWN ", 5) == 0)
		return "wait";
	return "up";
}

static void add_duration(struct strbuf *out, int64_t s)
{
	if (s < 60)
		strbuf_addf(out, "%llds", (long long)s);
	else if (s < 3600)
		strbuf_addf(out, "%lldm%llds", (long long)(s / 60), (long long)(s % 60));
	else if (s < 86400)
		strbuf_addf(out, "%lldh%lldm", (long long)(s / 3600), (long long)(s / 60 % 60));
	else
		strbuf_addf(out, "%lldd%lldh", (long long)(s / 86400), (long long)(s / 3600 % 24));
}

static void cell(struct strbuf *out, bool is_filled, uint64_t n, bool is_bad)
{
	if (!is_filled)
		strbuf_adds(out, "<td>");
	else if (is_bad && n > 0)
		strbuf_addf(out, "<td class=bad>%llu", (unsigned long long)n);
	else
		strbuf_addf(out, "<td>%llu", (unsigned long long)n);
}

static void add_check_cell(struct strbuf *out, const struct stats_row *row)
{
	strbuf_adds(out, "<td class=l");
	if (row->type == STATS_SERVER && row->has_check) {
		strbuf_adds(out, " title=\"");
		add_escaped(out, row->check_desc);
		if (row->last_check[0] != '\0') {
			strbuf_adds(out, ": ");
			add_escaped(out, row->last_check);
		}
		strbuf_adds(out, "\">");
		add_escaped(out, row->check_status);
		if (row->check_code > 0)
			strbuf_addf(out, "/%d", row->check_code);
		if (row->check_ms >= 0)
			strbuf_addf(out, " in %lldms", (long long)row->check_ms);
		return;
	}
	strbuf_adds(out, ">");
}

static void add_server_cells(struct strbuf *out, const struct stats_row *row)
{
	bool is_server = row->type == STATS_SERVER, is_backend = row->type == STATS_BACKEND;
	bool is_checked = is_server && row->is_checked;

	strbuf_addf(out, "<td class=l><span class=\"s %s\">", status_class(row));
	add_escaped(out, row->status);
	strbuf_adds(out, "</span><td>");
	if (is_server || is_backend)
		add_duration(out, row->lastchg_s);
	add_check_cell(out, row);
	cell(out, is_server || is_backend, row->weight, false);
	if (is_server) {
		strbuf_addf(out, "<td>%s<td>%s", row->act ? "Y" : "-", row->bck ? "Y" : "-");
	} else {
		cell(out, is_backend, row->act, false);
		cell(out, is_backend, row->bck, false);
	}
	cell(out, is_checked, row->chkfail, false);
	cell(out, is_checked || is_backend, row->chkdown, false);
	strbuf_adds(out, "<td>");
	if (row->has_downtime)
		add_duration(out, row->downtime_s);
}

static void add_table_row(struct strbuf *out, const struct stats_row *row)
{
	bool is_front = row->type == STATS_FRONTEND, is_back = row->type == STATS_BACKEND;

	strbuf_addf(out, "<tr%s><th class=n>", row->type == STATS_SERVER ? "" : " class=sum");
	if (is_front)
		strbuf_adds(out, "Frontend");
	else if (is_back)
		strbuf_adds(out, "Backend");
	else
		add_escaped(out, row->service);
	cell(out, !is_front, row->qcur, true);
	cell(out, !is_front, row->qmax, false);
	cell(out, true, row->rate, false);
	cell(out, true, row->rate_max, false);
	cell(out, true, row->scur, false);
	cell(out, true, row->smax, false);
	cell(out, row->slim > 0, row->slim, false);
	cell(out, true, row->stot, false);
	cell(out, true, row->bin, false);
	cell(out, true, row->bout, false);
	cell(out, row->type != STATS_SERVER, row->dreq, true);
	cell(out, true, row->dresp, true);
	cell(out, is_front, row->ereq, true);
	cell(out, !is_front, row->econ, true);
	cell(out, !is_front, row->eresp, true);
	cell(out, !is_front, row->wretr, true);
	cell(out, !is_front, row->wredis, true);
	add_server_cells(out, row);
	strbuf_adds(out, "</tr>\n");
}

struct page {
	struct strbuf *out;
	const char *proxy; /* whose table is open */
	unsigned iid;
};

static void close_table(struct page *pg)
{
	if (pg->proxy != NULL)
		strbuf_adds(pg->out, "</tbody></table></div>\n");
	pg->proxy = NULL;
}

static void add_page_row(const struct stats_row *row, void *arg)
{
	struct page *pg = arg;

	if (pg->proxy == NULL || pg->iid != row->iid) {
		close_table(pg);
		strbuf_adds(pg->out, "<h2>");
		add_escaped(pg->out, row->proxy);
		strbuf_addf(pg->out, "<small>%s%s%s</small></h2>", row->is_http ? "http" : "tcp",
			    row->algo != NULL ? ", " : "", row->algo != NULL ? row->algo : "");
		strbuf_adds(pg->out, table_head);
		pg->proxy = row->proxy;
		pg->iid = row->iid;
	}
	add_table_row(pg->out, row);
}

static void add_title(struct strbuf *out, const struct cfg_stats *st)
{
	strbuf_adds(out, "Tandem");
	if (!st->hide_version)
		strbuf_adds(out, " " TANDEM_VERSION);
	if (st->node.len > 0) {
		strbuf_adds(out, " on ");
		add_escaped_str(out, st->node);
	}
}

static void add_process_lines(struct strbuf *out, const struct cfg_stats *st)
{
	const struct engine *e = registry_get()->engine;
	int64_t up_s = (clock_mono_us() - e->start_mono_us) / US_PER_S;

	if (st->show_desc && st->desc.len > 0) {
		strbuf_adds(out, "<p>");
		add_escaped_str(out, st->desc);
		strbuf_adds(out, "</p>");
	}
	strbuf_addf(out, "<p>pid %d, %u threads, up ", (int)getpid(), e->n_threads);
	add_duration(out, up_s);
	strbuf_addf(out, ", %u of %u connections%s</p>", atomic_load(&e->conns->cur),
		    atomic_load(&e->maxconn),
		    atomic_load(&e->is_stopping) ? ", <b class=bad>draining</b>" : "");
	strbuf_adds(out, "<p><a href=\"");
	add_escaped_str(out, st->uri);
	strbuf_adds(out, ";csv\">CSV</a></p>\n");
}

static void add_html(struct strbuf *out, const struct cfg_stats *st)
{
	struct page pg = { .out = out };

	strbuf_adds(out, "<!doctype html><html lang=en><head><meta charset=utf-8>"
			 "<meta name=viewport content=\"width=device-width\">");
	if (st->refresh_s > 0)
		strbuf_addf(out, "<meta http-equiv=refresh content=%u>", st->refresh_s);
	strbuf_adds(out, "<title>");
	add_title(out, st);
	strbuf_adds(out, "</title><style>");
	strbuf_adds(out, page_style);
	strbuf_adds(out, "</style></head><body><h1>");
	add_title(out, st);
	strbuf_adds(out, "</h1>");
	add_process_lines(out, st);
	stats_each_row(-1, ~0u, -1, add_page_row, &pg);
	close_table(&pg);
	strbuf_adds(out, "</body></html>\n");
}

/* ---- response ---- */

static const char *reason_of(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 401:
		return "Unauthorized";
	case 405:
		return "Method Not Allowed";
	default:
		return "Service Unavailable";
	}
}

static void add_realm(struct strbuf *out, const struct cfg_stats *st)
{
	struct str realm = st->realm.len > 0 ? st->realm : STR("HAProxy Statistics");

	strbuf_adds(out, "WWW-Authenticate: Basic realm=\"");
	for (size_t i = 0; i < realm.len; i++) {
		if (realm.p[i] == '"' || realm.p[i] == '\\')
			strbuf_addc(out, '\\');
		if ((unsigned char)realm.p[i] >= ' ')
			strbuf_addc(out, realm.p[i]);
	}
	strbuf_adds(out, "\"\r\n");
}

static void add_response(const struct cfg_stats *st, const struct stats_request *rq, int status,
			 const char *type, const struct strbuf *body, struct strbuf *out)
{
	strbuf_addf(out, "HTTP/1.1 %d %s\r\ncontent-type: %s\r\ncontent-length: %zu\r\n", status,
		    reason_of(status), type, body->len);
	strbuf_adds(out, "cache-control: no-cache\r\nx-content-type-options: nosniff\r\n"
			 "content-security-policy: default-src 'none'; style-src 'unsafe-inline'; "
			 "base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n");
	if (status == 401)
		add_realm(out, st);
	if (status == 405)
		strbuf_adds(out, "allow: GET, HEAD\r\n");
	if (status == 503)
		strbuf_adds(out, "retry-after: 1\r\n");
	if (st->refresh_s > 0 && status == 200)
		strbuf_addf(out, "refresh: %u\r\n", st->refresh_s);
	strbuf_adds(out, rq->keep_alive ? "\r\n" : "connection: close\r\n\r\n");
	if (!str_eq(rq->method, STR("HEAD")))
		strbuf_add(out, body->p, body->len);
}

static int fill_body(const struct cfg_stats *st, const struct stats_request *rq,
		     struct strbuf *body, const char **type)
{
	struct str rest = { rq->uri.p + st->uri.len, rq->uri.len - st->uri.len };

	*type = "text/plain; charset=utf-8";
	if (!str_eq(rq->method, STR("GET")) && !str_eq(rq->method, STR("HEAD"))) {
		strbuf_adds(body, "The statistics can only be read.\n");
		return 405;
	}
	if (!is_authorized(st, rq->authorization)) {
		strbuf_adds(body, "You need a valid user and password to see this.\n");
		return 401;
	}
	if (!control_lock_try()) {
		strbuf_adds(body, "Busy with a reload; try again.\n");
		return 503;
	}
	if (rest.len > 0 && memmem(rest.p, rest.len, ";csv", 4) != NULL) {
		stats_csv(body, -1, ~0u, -1);
	} else {
		*type = "text/html; charset=utf-8";
		add_html(body, st);
	}
	control_lock_done();
	return 200;
}

int stats_respond(const struct cfg_stats *st, const struct stats_request *rq, struct strbuf *out)
{
	struct strbuf body = { 0 };
	const char *type;
	int status = fill_body(st, rq, &body, &type);

	if (body.failed) {
		strbuf_clear(&body);
		body.failed = false;
		type = "text/plain; charset=utf-8";
		strbuf_adds(&body, "Out of memory.\n");
		status = 503;
	}
	add_response(st, rq, status, type, &body, out);
	strbuf_fini(&body);
	return status;
}
