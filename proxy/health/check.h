/* check.h - health checks of servers: schedule, probe, rise and fall; runs on the control loop only
 * and changes servers through pool/server.h. The decision (rise_fall.h) is pure. */
#ifndef PROXY_CHECK_H
#define PROXY_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/loop.h>

#include "health/check_status.h"

struct backend;
struct cfg_global;
struct server;

/* What the last check of a server found; for statistics. */
struct check_result {
	enum check_status status;
	int code;                    /* HTTP status, or 0 */
	int64_t duration_us;         /* -1: it did not come from a probe */
	unsigned health, rise, fall; /* 0..rise+fall-1; up when >= rise */
	bool is_running;             /* the next one is under way: HAProxy's "* L7OK" */
	char desc[128];              /* server's words or errno text, printable */
};
/* false: the server is not checked. Control thread. */
bool check_get_result(const struct server *s, struct check_result *out);
/* The same of its agent. */
bool agent_get_result(const struct server *s, struct check_result *out);
/* Also while `disable health` or `disable agent` is in force. */
bool check_get_last(const struct server *s, struct check_result *out);
bool agent_get_last(const struct server *s, struct check_result *out);

/* What an operator does. on: `enable health`; a server whose checks are off keeps its state. */
void check_set_on(struct server *s, bool on);
void agent_set_on(struct server *s, bool on);
/* As if the agent had said so; it must have one. */
void agent_set_state(struct server *s, bool is_up, const char *cause);
/* s->checks.agent_... was changed: what is under way is given up. */
void agent_on_change(struct server *s);
/* Where they go now: as configured or as set. len 0, 0: where the traffic goes. */
const struct addr *check_addr(const struct server *s);
uint16_t check_port(const struct server *s);
const struct addr *agent_addr(const struct server *s);
uint16_t agent_port(const struct server *s);

struct health;
struct health *health_new(struct loop *control);
/* Follow what `global` says about checks: spread-checks and max-spread-checks (each interval varies
 * so much, both ways), insecure-fork-wanted. */
void health_set_global(struct health *h, const struct cfg_global *g);
/* Start checks of the servers of be that have none, stop those that should have none (retired ones
 * among them), follow changed parameters; call it after backend_new and backend_reconfigure. First
 * probes are spread over the interval. */
void health_sync(struct health *h, struct backend *be);
/* A new configuration is in force: probes that begin from now on belong to it. Returns its number.
 */
uint64_t health_begin_generation(struct health *h);
/* The configuration of the oldest probe under way, which still reads it; UINT64_MAX: none is. */
uint64_t health_oldest_generation(const struct health *h);
/* Before a server or backend is freed. */
void health_forget(struct health *h, struct server *s);
/* For server.c: the server entered or left maintenance. In maintenance it is not probed; when it
 * leaves, it counts as just risen: up, and the first failure takes it down. */
void check_on_admin(struct server *s);
/* Does init-state want a success before it works? For a new server, and for one that leaves
 * maintenance. */
bool check_begins_down(const struct server *s);
/* For server.c: it has another address: what a probe under way says is about the old one. */
void check_on_addr(struct server *s);
/* For server.c: it was set up or down, maybe by the operator: the count of results follows, so that
 * a server that was declared down needs `rise` successes, and one declared up `fall` failures. */
void check_on_op(struct server *s);
/* A data thread saw the server refuse or fail (observe, fastinter): posted as a message by the
 * caller. Probe it now, unless it is being probed or was a moment ago. Retired servers and those
 * without checks are ignored. */
void health_probe_now(struct health *h, struct server *s);
/* All checks are forgotten. NULL is fine. */
void health_free(struct health *h);
/* Every checked server of be that is not in maintenance had a result. Control thread. */
bool health_is_settled(const struct backend *be);

#endif
