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
#include <tandem/loop.h>
#include <urcu/urcu-qsbr.h>

#include "stats/counters.h"

struct backend;
struct cfg;
struct cfg_proxy;
struct cfg_server;
struct dns_member;
struct agent;
struct idle_count;
struct check;
struct health;
struct server;

/* What the control thread wants to hear from data threads (health/observe.h): a mask. */
enum server_watch { SERVER_WATCH_REFUSAL = 1, SERVER_WATCH_LAYER4 = 2, SERVER_WATCH_LAYER7 = 4 };
/* The message for it: one for each thread, embedded in the server. */
struct server_report {
	struct loop_msg msg;
	_Atomic bool is_posted;
	struct server *srv;
	struct health *health;
	unsigned n_errors; /* 0: a refused connection alone */
	unsigned last;     /* enum observation */
};

/* Operational state; numbers as in `show servers state`. */
enum server_op { SERVER_STOPPED = 0, SERVER_STARTING = 1, SERVER_RUNNING = 2, SERVER_STOPPING = 3 };
/* Administrative state, a mask; numbers as in `show servers state`. */
enum server_admin {
	SERVER_FMAINT = 0x01, /* maintenance by the operator */
	SERVER_IMAINT = 0x02, /* inherited from a tracked server */
	SERVER_CMAINT = 0x04, /* remark: FMAINT came from `disabled` in the configuration */
	SERVER_FDRAIN = 0x08, /* drain by the operator */
	SERVER_IDRAIN = 0x10,
	SERVER_RMAINT = 0x20, /* its name does not resolve */
	SERVER_HMAINT = 0x40, /* remark: its name is not the configuration's */
};
#define SERVER_MAINT_MASK (SERVER_FMAINT | SERVER_IMAINT | SERVER_RMAINT)
#define SERVER_DRAIN_MASK (SERVER_FDRAIN | SERVER_IDRAIN)

/* What an operator changed about the checks; stays over a reload as long as the file says about it
 * what it said before. */
struct server_checks {
	struct addr check_addr, agent_addr; /* len 0: as configured */
	uint16_t check_port, agent_port;    /* 0: as configured */
	char *agent_send;                   /* owned; NULL: as configured */
	bool is_check_off, is_agent_off;    /* `disable health`, `disable agent` */
};

struct server {
	struct backend *be; /* borrowed: owns us */
	const char *name;   /* owned */
	unsigned id, index; /* index: in be->servers */
	struct list node;   /* in the backend's retired list */
	struct rcu_head rcu;
	_Atomic bool is_hidden; /* retired, and no reader can find it any more */
	bool is_retired;        /* control thread */

	/* control thread */
	const struct cfg_server *cfg; /* of the running configuration */
	struct addr addr;             /* now; starts as cfg->addr; len 0: it has none */
	uint16_t port;                /* of addr, and of the next address that DNS finds */
	char *fqdn;                   /* owned; the name of addr; NULL: none */
	struct dns_member *dns;       /* owned by dns/; NULL: nobody looks for its name */
	enum server_op op;
	unsigned admin;  /* mask of enum server_admin */
	unsigned weight; /* user's weight now, 0..256 */
	unsigned maxconn;
	struct check *check; /* owned by health/; NULL: not checked */
	struct agent *agent; /* the same; NULL: none */
	struct cfg *own_cfg; /* owned: what a server that was added at run time was made of */
	bool is_new;         /* no check has begun yet: init-state counts */
	struct server_checks checks;
	unsigned n_failed_hana;
	struct server *tracked; /* borrowed: its state is ours; NULL: none */
	struct list trackers;   /* servers that track us, by track_node */
	struct list track_node;
	int64_t last_change_us;
	int64_t down_time_us;                /* total, up to last_change_us when up */
	unsigned n_check_fail, n_check_down; /* chkfail, chkdown */
	char *states; /* owned: the last hour, see stats/history.h; NULL: not sampled yet */

	/* data threads: once a session */
	struct gauge sess CACHE_ALIGNED; /* streams assigned to us (scur, smax) */
	_Atomic unsigned watch; /* mask of enum server_watch; the control thread writes it */
	_Atomic unsigned n_errors_in_row, error_limit;
	_Atomic unsigned n_reports;    /* messages under way: we must not be freed */
	struct server_report *reports; /* owned; one each thread */
	struct gauge queue; /* streams waiting for us or counted in our name (qcur, qmax) */
	_Atomic int64_t last_sess_us;
	struct counters *counters; /* owned; one each thread */
	struct idle_count *idle;   /* a reference */
	uint32_t view_index; /* where the published view has us; atomic, written with queue_lock */
	/* under be->queue_lock */
	struct list waiting; /* struct pending that want us alone, oldest first */
};

/* Where HAProxy's sentences about servers go besides log_text(): the proxy's own log targets. level
 * is syslog's, 0 emerg .. 7 debug. Control thread. NULL: nowhere else. Set it before the first
 * backend is made. */
typedef void server_log_fn(const struct cfg_proxy *px, int level, const char *text);
extern server_log_fn *server_log_hook;
/* Say it to both. */
PRINTF_LIKE(3, 4) void server_log(const struct server *s, int level, const char *fmt, ...);

/* Is it used by balancing now? (up, not maint, not drain, weight > 0) */
bool server_is_usable(const struct server *s);
/* HAProxy's word for the status column: "UP", "DOWN", "UP 1/3", "DOWN 1/2", "NOLB", "MAINT",
 * "DRAIN", "no check". buf holds it if it must be composed. */
const char *server_status_text(const struct server *s, char *buf, size_t size);

/* Its weight now, in parts of LB_WEIGHT_UNIT: less than the user's during a slow start (of
 * algorithms with dynamic weights). Control thread, as all of these. */
unsigned server_effective_weight(const struct server *s);
/* The part of its maxconn that a slow start grants, in percent. */
unsigned server_percent_of_maxconn(const struct server *s);
/* Percent of the full weight during a slow start; 0: there is none. */
unsigned server_throttle(const struct server *s);
/* Is it in a slow start (or has just ended it)? Then publish. */
bool server_tick(struct server *s);

/* Control thread. Each changes the state, logs it in HAProxy's words where it has them, and
 * publishes a new view of the backend at once; what changes nothing does nothing. cause: borrowed,
 * may be NULL; appended to the sentence after a comma: "reason: Layer4 timeout, check duration:
 * 2001ms", "changed from CLI". */
void server_set_up(struct server *s, const char *cause);
void server_set_down(struct server *s, const char *cause);
/* Alive but asks for no new sessions (http-check disable-on-404, `set server health stopping`). */
void server_set_stopping(struct server *s, const char *cause);
void server_set_admin(struct server *s, unsigned add, unsigned remove, const char *cause);
/* 0..256; more is taken as 256. */
void server_set_weight(struct server *s, unsigned weight);
void server_set_addr(struct server *s, const struct addr *a);
/* The name of its address. NULL: none. */
void server_set_fqdn(struct server *s, const char *fqdn);
/* Without a word, and nothing is published: what DNS changes is told there. len 0: none. */
void server_take_addr(struct server *s, const struct addr *a);
void server_set_maxconn(struct server *s, unsigned maxconn);

/* End sessions: on-marked-down ('D') those of s, on-marked-up ('U') those of the backup servers of
 * its backend. NULL: nobody can. Control thread. */
typedef void server_shutdown_fn(struct server *s, char cause);
extern server_shutdown_fn *server_shutdown_hook;
/* init-state: it begins DOWN, without a word. Publishes. */
void server_init_down(struct server *s);
/* From now on its state follows that of target (NULL: no longer). */
void server_track(struct server *s, struct server *target);
/* Nobody tracks it, it tracks nobody: before it goes. */
void server_untrack(struct server *s);

/* For backend.c. */
struct server *server_new(struct backend *be, const struct cfg_server *cfg, unsigned n_threads);
/* Adopt the (new) configuration of the same name: what was changed at run time stays as long as the
 * file says about it what it said before. cfg of before must still be there. Publishes nothing. */
void server_reconfigure(struct server *s, const struct cfg_server *cfg);
void server_free(struct server *s);

#endif
