/* takeover.h - the link between a worker and its master: the worker sends copies of its listening
 * sockets and its state, so that a new worker takes over what the kernel queued meanwhile. */
#ifndef PROXY_TAKEOVER_H
#define PROXY_TAKEOVER_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/ctl.h>
#include <tandem/list.h>
#include <tandem/util.h>

enum master_event {
	MASTER_READY = 1, /* started, or reloaded: the new configuration runs */
	MASTER_RELOADING,
	MASTER_RELOAD_FAILED, /* the old configuration still runs */
	MASTER_DRAINING,
	/* internal to the link */
	MASTER_SOCKETS_BEGIN,
	MASTER_SOCKETS,
	MASTER_SOCKETS_END,
	MASTER_CONNECTION, /* from the master: serve this command connection */
	/* to the master, with systemd's watchdog: control thread and data threads turn */
	MASTER_ALIVE,
};

#define TAKEOVER_MAX_FDS 128 /* of one bind line; more threads send none */

/* The sockets of one bind line, as the master keeps them. */
struct kept_socket {
	struct list node;
	char *frontend, *spec; /* owned */
	unsigned n_fds;
	int fds[TAKEOVER_MAX_FDS]; /* owned */
};

/* One end of the link; the worker's and the master's differ in who reads. */
struct master_link {
	int fd;               /* SOCK_SEQPACKET */
	struct list kept;     /* struct kept_socket. Worker: inherited by the fork */
	struct list incoming; /* master: between BEGIN and END */
	int states_fd;        /* worker: answers commands of the predecessor; owned; -1: none */
	bool has_predecessor; /* another worker holds our addresses until we are ready */
};

void master_link_init(struct master_link *ml);
/* Close the kept sockets and the link. */
void master_link_fini(struct master_link *ml);

/* Worker */
void master_link_notify(struct master_link *ml, enum master_event ev);
/* Never waits: what finds no room is lost, and the next one comes soon. */
void master_link_notify_alive(struct master_link *ml);
void master_link_send_listeners(struct master_link *ml, const struct list *listeners);
/* The sockets that the last worker had for this bind line: *out is an array to free, its sockets
 * are the caller's. Returns how many. */
unsigned master_link_inherited(struct master_link *ml, const char *frontend, const char *spec,
			       int **out);
/* What nobody asked for is closed. */
void master_link_drop_inherited(struct master_link *ml);

/* Worker: a command connection that the master hands on, *fd is the caller's. 0, or -errno
 * (-EAGAIN: none, -EPIPE: the master is gone). */
NODISCARD int master_link_take_connection(struct master_link *ml, int *fd, enum ctl_level *level);

/* Master: let the worker serve fd (borrowed) at this level. 0 or -errno; never blocks. */
NODISCARD int master_link_give_connection(struct master_link *ml, int fd, enum ctl_level level);
/* Master: read one message. Returns the event (READY .. DRAINING, ALIVE) to act upon, 0 for
 * nothing, -errno (-EPIPE: the worker is gone, -EAGAIN). */
NODISCARD int master_link_receive(struct master_link *ml);

#endif
