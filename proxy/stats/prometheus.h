/* prometheus.h - metrics in Prometheus' text format 0.0.4, with the names and labels of HAProxy's
 * exporter, so that dashboards made for it work; vrrpd's metrics stand on the same page. */
#ifndef PROXY_STATS_PROMETHEUS_H
#define PROXY_STATS_PROMETHEUS_H

#include <stdbool.h>
#include <tandem/str.h>

#define PROMETHEUS_TYPE "text/plain; version=0.0.4"

enum prometheus_scope {
	PROMETHEUS_PROCESS = 1, /* "global" in a query */
	PROMETHEUS_FRONTEND = 2,
	PROMETHEUS_BACKEND = 4,
	PROMETHEUS_SERVER = 8,
	PROMETHEUS_PAIR = 16, /* ours: "pair" */
	PROMETHEUS_ALL = 31,
};

/* no_maint: without servers in maintenance. Control thread, or with the control lock held. */
void prometheus_add(struct strbuf *out, unsigned scopes, bool no_maint);
/* "scope=server&no-maint": the sum of all scopes that are named, "scope=" or "*" meaning none or
 * all before. 0 or -EINVAL; on failure the outputs are untouched. Pure. */
NODISCARD int prometheus_parse_query(struct str query, unsigned *scopes, bool *no_maint);

#endif
