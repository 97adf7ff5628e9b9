/* master_cli.h - the command socket of the master (-S): what concerns the master itself, and
 * commands for the worker, which are relayed.
 *
 * "@1 COMMAND" and "@!PID COMMAND" go to the worker, "@1" alone sends all that follows there,
 * "@master" takes that back. */
#ifndef PROXY_MASTER_CLI_H
#define PROXY_MASTER_CLI_H

#include <stdint.h>
#include <sys/types.h>
#include <tandem/ctl.h>

struct master_link;

/* What the commands show and use; the master keeps it up to date. */
struct master_status {
	pid_t worker;             /* 0: none */
	pid_t old_worker;         /* of the program before, draining; 0: none */
	struct master_link *link; /* borrowed; to the worker */
	unsigned n_reloads, n_failed_reloads;
	int64_t started_us, worker_started_us; /* monotonic */
	const char *address;                   /* of the socket, as given */
	void (*reload)(void *arg);
	void *arg;
};

struct master_cli {
	struct ctl_server ctl;
};

/* Listen at spec: ADDR[,parameter]..., the parameters of `stats socket`. status is borrowed. Every
 * problem goes to stderr. 0 or -errno; then there is nothing to undo. */
NODISCARD int master_cli_open(struct master_cli *mc, struct loop *loop, const char *spec,
			      struct master_status *status);

#endif
