/* guardian.h - the parent process. It runs the worker (the VRRP process), and when the worker dies
 * or freezes, it lets go of the addresses in its place at once: removes them over its own netlink
 * socket, asks a vrrpd peer to take over, and sends priority 0. A dead worker is started again.
 *
 *   SIGTERM, SIGINT   the worker says goodbye and exits; then we exit with 0
 *   SIGHUP            check() and, if it agrees, SIGHUP for the worker
 *
 * When the guardian dies, the worker sees the end of its pipe and says goodbye by itself. */
#ifndef VRRPD_GUARDIAN_H
#define VRRPD_GUARDIAN_H

#include <stdbool.h>
#include <tandem/util.h>

struct board;

struct guardian_params {
	struct board *board; /* borrowed */
	/* Runs in the child until its end; returns its exit status. guardian_fd: end of file means
	 * that the guardian is gone; one byte written to it means that start-up is done. */
	int (*worker)(void *arg, int guardian_fd);
	/* SIGHUP: read the configuration; false: it is bad (and was logged), nothing changes. */
	bool (*check)(void *arg);
	/* The worker is ready for the first time: tell whoever waits for us. */
	void (*ready)(void *arg);
	void *arg;
};

/* Returns the exit status of the daemon: 0 after an orderly stop; 1 when the worker could not
 * start. */
NODISCARD int guardian_run(const struct guardian_params *p);

#endif
