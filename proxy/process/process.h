/* process.h - the running proxyd: what the control thread owns.
 *
 * The main thread is the control thread: signals, command sockets, health checks, liveness, timers.
 * Starting is the first reload: plan (process/reload.h) everything that can fail, then commit. */
#ifndef PROXY_PROCESS_H
#define PROXY_PROCESS_H

#include <ev.h>
#include <stdbool.h>
#include <tandem/ctl.h>
#include <tandem/list.h>
#include <tandem/loop.h>

#include "process/takeover.h"
#include "process/worker.h"
#include "stats/counters.h"

struct access_log;
struct cfg;
struct dns;
struct liveness_server;
struct options;
struct saved_sources;

enum process_state { PROCESS_STARTING, PROCESS_RUNNING, PROCESS_DRAINING, PROCESS_STOPPING };

struct process {
	const struct options *options; /* borrowed */
	enum process_state state;
	struct loop loop;
	struct engine engine;
	struct gauge conns;
	unsigned hard_maxconn; /* the highest that `set maxconn global` may ask for */
	struct dns *dns;
	struct cfg *cfg;                  /* of the running configuration; owned */
	struct list listeners;            /* struct listener, running */
	struct list sockets;              /* struct stats_socket, running */
	struct list generations;          /* configurations that retired objects still use */
	struct liveness_server *liveness; /* NULL: none configured */
	struct access_log *log;           /* of the control thread: lines about servers */
	struct master_link *master;       /* NULL: there is no master */
	struct master_link inherited;     /* -x: while starting, what an old process gave */
	ev_io master_link;
	struct ctl_server master_ctl; /* command connections that the master hands on */
	int outside_fd; /* to the helper of process/outside.h; -1: we read files ourselves */
	bool may_exec;  /* programs may be started: decided at the start */
	struct saved_sources *saved; /* states of servers, until the first commit; NULL: none */
	char *pidfile;               /* owned; written by us */
	unsigned n_reloads, n_failed_reloads;
	struct loop_msg reload_request;
	bool is_reload_requested;
	/* of the last reload: its number, its errors and all that was said */
	unsigned n_reload_ends, n_reload_errors;
	struct strbuf reload_text;
	ev_signal on_term, on_int, on_usr1, on_usr2, on_hup;
	ev_timer housekeeping;     /* once a second */
	ev_timer drain_poll;       /* while draining */
	int64_t drain_deadline_us; /* 0: none */
	int64_t term_us;           /* when SIGTERM came first; 0: it did not */
};

/* The one process, for commands and hooks that get no argument. Set by process_start. */
extern struct process *process_self;

/* Load the configuration, check it, open what it listens on, become what it asks for (background,
 * user, chroot), start the threads. Returns 0, or the exit status after having printed why; then
 * nothing is left running. */
NODISCARD int process_start(struct process *p, const struct options *o, struct cfg *cfg,
			    struct master_link *master);
/* Run until a signal ends it. Returns the exit status. */
int process_run(struct process *p);
/* Read the files again; in the running process. 0, or -EINVAL with every problem logged and nothing
 * changed. */
int process_reload(struct process *p);
/* Tell the master, or systemd if there is none. */
void process_tell(struct process *p, enum master_event ev, const char *notify);
/* Reload in the next turn; p->n_reload_ends tells when it was done. */
void process_request_reload(struct process *p);
/* What was said about the configuration at the start; NULL: nothing. */
extern char *process_startup_logs;
/* Does the configuration, or the command line, ask for it? */
bool process_is_background(const struct options *o, const struct cfg *cfg);
/* Fork; what we log goes to syslog from now on. 0, or -errno after having said so. */
NODISCARD int process_go_background(void);
/* Names and problems of a configuration, as both `-c` and a start print them: to stderr, unless
 * quiet. Returns the configuration or NULL. */
struct cfg *process_load_cfg(const struct options *o);

#endif
