/* dashboard.h - what a proxy with `stats enable` answers under its `stats uri`: the page for
 * people, and behind the prefix ";csv", ";json", ";metrics" (also "/metrics"), ";history" for
 * programs,
 * ";live" for the page itself, ";dashboard.css" and ";dashboard.js". */
#ifndef PROXY_DASHBOARD_H
#define PROXY_DASHBOARD_H

#include <stdbool.h>
#include <tandem/str.h>

struct cfg_stats;

struct stats_request {
	struct str method, uri;
	struct str authorization;      /* value of the field; empty: none */
	struct str host, origin, site; /* Host, Origin, Sec-Fetch-Site; empty: none */
	struct str body;               /* of a POST */
	bool is_body_whole;            /* all of it is there, and it is framed by its length */
	bool is_admin;                 /* `stats admin` permits changes */
	bool keep_alive;               /* announce it in the response */
};

enum stats_kind {
	STATS_ANSWER, /* it is complete */
	STATS_EVENTS, /* only the head is there: live_join. A viewer was admitted */
	STATS_ACTION, /* nothing is there: live_act */
};

/* Is the request for the stats page? (uri begins with the configured prefix) */
bool stats_matches(const struct cfg_stats *st, struct str uri);
/* Does it bring a form, for which its body must be waited for? */
bool stats_wants_body(const struct cfg_stats *st, struct str method, struct str uri);
/* Append the whole response, status line to body (Content-Length framing; HEAD: without body), or
 * tell that more is to come. Data thread, inside a turn. Returns the HTTP status. */
int stats_respond(const struct cfg_stats *st, const struct stats_request *rq, struct strbuf *out,
		  enum stats_kind *kind);
/* The same for `http-request use-service prometheus-exporter`; uri: with its query. */
int stats_respond_metrics(const struct stats_request *rq, struct strbuf *out);

#endif
