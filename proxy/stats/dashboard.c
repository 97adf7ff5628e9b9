/* dashboard.c - which statistics a request is for, and the heads of the answers. */
#include "stats/dashboard.h"

#include <string.h>

#include "config/cfg_model.h"
#include "stats/assets.h"
#include "stats/auth.h"
#include "stats/control_lock.h"
#include "stats/csv.h"
#include "stats/history.h"
#include "stats/live.h"
#include "stats/page.h"
#include "stats/prometheus.h"

bool stats_matches(const struct cfg_stats *st, struct str uri)
{
	return st->enabled && str_starts_with(uri, st->uri);
}

static bool is_post(struct str method)
{
	return str_eq(method, STR("POST"));
}

bool stats_wants_body(const struct cfg_stats *st, struct str method, struct str uri)
{
	return is_post(method) && stats_matches(st, uri);
}

struct answer {
	int status;
	enum stats_kind kind;
	const char *type;
	const char *location; /* what follows the prefix, of a redirection */
	bool is_cacheable, is_page;
	struct strbuf body;
};

static int text(struct answer *a, int status, const char *z)
{
	strbuf_clear(&a->body);
	strbuf_adds(&a->body, z);
	a->type = "text/plain; charset=utf-8";
	return status;
}

/* ---- parts ---- */

/* ";csv" and such may stand anywhere behind the prefix, as in HAProxy. */
static bool has_option(struct str rest, const char *name)
{
	return rest.len > 0 && memmem(rest.p, rest.len, name, strlen(name)) != NULL;
}

static struct str outcome_of(struct str rest)
{
	const char *at = rest.len > 0 ? memmem(rest.p, rest.len, ";st=", 4) : NULL;

	if (at == NULL || rest.p + rest.len - at < 8)
		return (struct str){ 0 };
	return (struct str){ at + 4, 4 };
}

static void add_asset(struct answer *a, struct str bytes, const char *type)
{
	a->type = type;
	a->is_cacheable = true;
	strbuf_add(&a->body, bytes.p, bytes.len);
}

static void add_json_row(const struct stats_row *row, void *arg)
{
	struct strbuf *out = arg;

	if (out->len > 1)
		strbuf_addc(out, ',');
	stats_json_row(row, out);
}

static void add_json(struct strbuf *out)
{
	strbuf_addc(out, '[');
	stats_each_row(-1, ~0u, -1, add_json_row, out);
	strbuf_adds(out, "]\n");
}

static int locked_part(const struct cfg_stats *st, const struct stats_request *rq, struct str rest,
		       struct answer *a)
{
	const struct page_options o = { .is_admin = rq->is_admin,
					.hides_down = has_option(rest, ";up"),
					.outcome = outcome_of(rest) };

	a->type = "text/plain; charset=utf-8";
	if (has_option(rest, ";csv")) {
		stats_csv(&a->body, -1, ~0u, -1);
	} else if (has_option(rest, ";history")) {
		a->type = "application/json";
		history_json(&a->body);
	} else if (has_option(rest, ";json")) {
		a->type = "application/json";
		add_json(&a->body);
	} else if (has_option(rest, ";metrics") || str_starts_with(rest, STR("/metrics"))) {
		a->type = PROMETHEUS_TYPE;
		prometheus_add(&a->body, PROMETHEUS_ALL, false);
	} else {
		a->type = "text/html; charset=utf-8";
		a->is_page = true;
		page_add(&a->body, st, &o);
	}
	return 200;
}

/* A browser tells where a form was: only our own page may act. Programs (curl) tell nothing, and no
 * web page can make a browser keep silent about it (Fetch, section 3.1, and Fetch Metadata). */
static bool is_same_origin(const struct stats_request *rq)
{
	const char *at;

	if (rq->site.len > 0)
		return str_eq(rq->site, STR("same-origin")) || str_eq(rq->site, STR("none"));
	if (rq->origin.len == 0)
		return true;
	at = memmem(rq->origin.p, rq->origin.len, "://", 3);
	if (at == NULL)
		return false;
	at += 3;
	return str_eq_nocase((struct str){ at, (size_t)(rq->origin.p + rq->origin.len - at) },
			     rq->host);
}

static int redirect(struct answer *a, const char *location)
{
	a->location = location;
	a->type = "text/plain";
	return 303;
}

static int post(const struct stats_request *rq, struct answer *a)
{
	if (!is_same_origin(rq))
		return text(a, 403, "This form did not come from the statistics page.\n");
	if (!rq->is_admin)
		return redirect(a, ";st=DENY");
	if (!rq->is_body_whole)
		return redirect(a, ";st=EXCD");
	a->kind = STATS_ACTION;
	return 303;
}

static int events(struct answer *a)
{
	if (!live_admit())
		return text(a, 503, "Too many viewers.\n");
	a->kind = STATS_EVENTS;
	a->type = "text/event-stream";
	strbuf_adds(&a->body, "retry: 2000\n\n");
	return 200;
}

static int fill(const struct cfg_stats *st, const struct stats_request *rq, struct answer *a)
{
	struct str rest = { rq->uri.p + st->uri.len, rq->uri.len - st->uri.len };
	int status;

	if (!is_post(rq->method) && !str_eq(rq->method, STR("GET")) &&
	    !str_eq(rq->method, STR("HEAD")))
		return text(a, 405, "The statistics are read by GET and changed by POST.\n");
	if (!stats_is_authorized(st, rq->authorization))
		return text(a, 401, "You need a valid user and password to see this.\n");
	if (is_post(rq->method))
		return post(rq, a);
	if (has_option(rest, ";dashboard.css")) {
		add_asset(a, asset_css(), "text/css; charset=utf-8");
		return 200;
	}
	if (has_option(rest, ";dashboard.js")) {
		add_asset(a, asset_js(), "text/javascript; charset=utf-8");
		return 200;
	}
	if (has_option(rest, ";live") && !str_eq(rq->method, STR("HEAD")))
		return events(a);
	if (!control_lock_try())
		return text(a, 503, "Busy with a reload; try again.\n");
	status = locked_part(st, rq, rest, a);
	control_lock_done();
	return status;
}

/* ---- the head ---- */

static const char *reason_of(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 303:
		return "See Other";
	case 400:
		return "Bad request";
	case 401:
		return "Unauthorized";
	case 403:
		return "Forbidden";
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

static void add_head(const struct cfg_stats *st, const struct stats_request *rq,
		     const struct answer *a, struct strbuf *out)
{
	strbuf_addf(out, "HTTP/1.1 %d %s\r\ncontent-type: %s\r\n", a->status, reason_of(a->status),
		    a->type);
	if (a->kind == STATS_ANSWER)
		strbuf_addf(out, "content-length: %zu\r\n", a->body.len);
	strbuf_addf(out, "cache-control: %s\r\n", a->is_cacheable ? "max-age=300" : "no-cache");
	strbuf_adds(out, "x-content-type-options: nosniff\r\nreferrer-policy: same-origin\r\n"
			 "content-security-policy: default-src 'none'; style-src 'self'; "
			 "script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
			 "form-action 'self'; frame-ancestors 'none'\r\n");
	if (st && a->location)
		strbuf_addf(out, "location: " STR_FMT "%s\r\n", STR_ARG(st->uri), a->location);
	if (st && a->status == 401)
		add_realm(out, st);
	if (a->status == 405)
		strbuf_adds(out, "allow: GET, HEAD, POST\r\n");
	if (a->status == 503)
		strbuf_adds(out, "retry-after: 1\r\n");
	/* the page refreshes itself */
	if (st && st->refresh_s > 0 && a->status == 200 && !a->is_page && !a->is_cacheable &&
	    a->kind == STATS_ANSWER)
		strbuf_addf(out, "refresh: %u\r\n", st->refresh_s);
	strbuf_adds(out, rq->keep_alive && a->kind == STATS_ANSWER ? "\r\n"
								   : "connection: close\r\n\r\n");
}

static void compose(const struct cfg_stats *st, const struct stats_request *rq, struct answer *a,
		    struct strbuf *out)
{
	if (a->body.failed) {
		a->body.failed = false;
		a->status = text(a, 503, "Out of memory.\n");
	}
	if (a->kind != STATS_ACTION) {
		add_head(st, rq, a, out);
		if (!str_eq(rq->method, STR("HEAD")))
			strbuf_add(out, a->body.p, a->body.len);
	}
	strbuf_fini(&a->body);
}

int stats_respond(const struct cfg_stats *st, const struct stats_request *rq, struct strbuf *out,
		  enum stats_kind *kind)
{
	struct answer a = { .kind = STATS_ANSWER };

	a.status = fill(st, rq, &a);
	compose(st, rq, &a, out);
	*kind = a.kind;
	return a.status;
}

/* ---- prometheus-exporter ---- */

static int fill_metrics(const struct stats_request *rq, struct answer *a)
{
	const char *query = rq->uri.len > 0 ? memchr(rq->uri.p, '?', rq->uri.len) : NULL;
	unsigned scopes = PROMETHEUS_ALL;
	bool no_maint = false;

	if (!str_eq(rq->method, STR("GET")) && !str_eq(rq->method, STR("HEAD")))
		return text(a, 405, "Metrics are read by GET.\n");
	if (query != NULL &&
	    prometheus_parse_query(
		    (struct str){ query + 1, (size_t)(rq->uri.p + rq->uri.len - query - 1) },
		    &scopes, &no_maint) != 0)
		return text(a, 400, "The query is not understood: scope=..., no-maint.\n");
	if (!control_lock_try())
		return text(a, 503, "Busy with a reload; try again.\n");
	a->type = PROMETHEUS_TYPE;
	prometheus_add(&a->body, scopes, no_maint);
	control_lock_done();
	return 200;
}

int stats_respond_metrics(const struct stats_request *rq, struct strbuf *out)
{
	struct answer a = { .kind = STATS_ANSWER };

	a.status = fill_metrics(rq, &a);
	compose(NULL, rq, &a, out);
	return a.status;
}
