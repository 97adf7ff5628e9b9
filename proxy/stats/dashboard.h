/* dashboard.h - the stats page of `stats enable`: HTML for people, ";csv" for programs, basic
 * authentication. */
#ifndef PROXY_DASHBOARD_H
#define PROXY_DASHBOARD_H

#include <stdbool.h>
#include <tandem/str.h>

struct cfg_proxy;
struct cfg_stats;

struct stats_request {
	struct str method, uri;
	struct str authorization;      /* value of the field; empty: none */
	const struct cfg_proxy *proxy; /* who serves it */
	bool keep_alive;               /* announce it in the response */
};

/* Is the request for the stats page? (uri begins with the configured prefix) */
bool stats_matches(const struct cfg_stats *st, struct str uri);
/* Append the whole response, status line to body (Content-Length framing; HEAD: without body). Data
 * thread, inside a turn. Returns the HTTP status. */
int stats_respond(const struct cfg_stats *st, const struct stats_request *rq, struct strbuf *out);

#endif
