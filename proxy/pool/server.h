/* server.h - a server of a backend: its states, weight, counters, and the count of its sessions.
 *
 * Lives across reloads as long as its backend and its name stay. Three kinds of fields: written by
 * the control thread only (state, checks, weight); shared and atomic (sessions); immutable. Data
 * threads never read the control thread's fields: they see a server through the backend's view
 * (view.h). */
#ifndef PROXY_SERVER_H
#define PROXY_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/addr.h>
#include <tandem/list.h>

#include "stats/counters.h"

struct backend;
struct cfg_server;
struct check;

/* Operational state; numbers as in `show servers state`. */
enum server_op { SERVER_STOPPED = 0, SERVER_STARTING = 1, SERVER_RUNNING = 2, SERVER_STOPPING = 3 };
/* Administrative state, a mask; numbers as in `show servers state`. */
enum server_admin {
	SERVER_FMAINT = 0x01, /* maintenance by the operator */
	SERVER_IMAINT = 0x02, /* inherited from a tracked server */
	SERVER_CMAINT = 0x04, /* `disabled` in the configuration */
	SERVER_FDRAIN = 0x08, /* drain by the operator */
	SERVER_IDRAIN = 0x10,
	SERVER_RMAINT = 0x20, /* its name does not resolve */
};
#define SERVER_MAINT_MASK (SERVER_FMAINT | SERVER_IMAINT | SERVER_CMAINT | SERVER_RMAINT)
#define SERVER_DRAIN_MASK (SERVER_FDRAIN | SERVER_IDRAIN)

struct server {
	struct backend *be; /* borrowed: owns us */
	const char *name;   /* owned */
	unsigned id, index; /* index: in be->servers */
	struct list node;   /* in the backend's retired list */

	/* control thread */
	const struct cfg_server *cfg; /* of the running configuration */
	struct addr addr;             /* now; starts as cfg->addr */
	enum server_op op;
	unsigned admin;  /* mask of enum server_admin */
	unsigned weight; /* user's weight now, 0..256 */
	unsigned maxconn;
	struct check *check; /* owned by health/; NULL: not checked */
	int64_t last_change_us;
	int64_t down_time_us;                /* total, up to last_change_us when up */
	unsigned n_check_fail, n_check_down; /* chkfail, chkdown */

	/* data threads: once a session */
	struct gauge sess CACHE_ALIGNED; /* streams assigned to us (scur, smax) */
	struct gauge queue; /* streams waiting for us or counted in our name (qcur, qmax) */
	_Atomic int64_t last_sess_us;
	struct counters *counters; /* owned; one each thread */
};

/* Is it used by balancing now? (up, not maint, not drain, weight > 0) */
bool server_is_usable(const struct server *s);
/* HAProxy's word for the status column: "UP", "DOWN", "UP 1/3", "DOWN 1/2", "NOLB", "MAINT",
 * "DRAIN", "no check". buf holds it if it must be composed. */
const char *server_status_text(const struct server *s, char *buf, size_t size);

/* Control thread. Each changes the state, logs it in HAProxy's words where it has them, and
 * publishes a new view of the backend at once. cause: borrowed, for the log. */
void server_set_up(struct server *s, const char *cause);
void server_set_down(struct server *s, const char *cause);
void server_set_admin(struct server *s, unsigned add, unsigned remove, const char *cause);
/* 0..256 */
void server_set_weight(struct server *s, unsigned weight);
void server_set_addr(struct server *s, const struct addr *a);
void server_set_maxconn(struct server *s, unsigned maxconn);

#endif
