/* proc.h - run a program on behalf of a loop: own process group, other user, time limit, never
 * blocking. */
#ifndef TANDEM_PROC_H
#define TANDEM_PROC_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <tandem/loop.h>

struct proc;
/* status: as from waitpid, or -errno when it could not be started. timed_out: we killed it.
 * Last statement of the caller: the owner may free or start p again from here. */
typedef void proc_done_fn(struct proc *p, int status, bool timed_out);

struct proc {
	struct loop *
		loop; /* borrowed; its ev loop must be the default one: child watchers live there */
	pid_t pid;    /* 0: not running */
	proc_done_fn *done;
	/* private */
	ev_child child;
	ev_timer timeout;
	bool is_timed_out;
};

struct proc_spec {
	char *const *argv; /* argv[0] is a path */
	char *const *env;  /* NULL: a minimal environment (PATH) */
	uid_t uid;         /* (uid_t)-1: stay */
	gid_t gid;
	int64_t timeout_us; /* 0: none. At the limit SIGTERM goes to the group, SIGKILL one second
			       later */
	int stdin_fd;       /* -1: /dev/null; output goes to /dev/null */
};

void proc_init(struct proc *p, struct loop *loop, proc_done_fn *done);
/* 0 or -errno (-EBUSY: it still runs); on failure done is not called. */
NODISCARD int proc_start(struct proc *p, const struct proc_spec *spec);
/* Kill the group and forget it; done is not called. Legal when nothing runs. */
void proc_cancel(struct proc *p);

#endif
