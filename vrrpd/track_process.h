/* track_process.h - do enough processes of a name run? The kernel tells each start and end (proc
 * connector); where it does not, in a container for example, /proc is read again and again. */
#ifndef VRRPD_TRACK_PROCESS_H
#define VRRPD_TRACK_PROCESS_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <tandem/list.h>
#include <tandem/loop.h>

struct cfg_process_track;
struct track_process;
/* The verdict changed. Last statement of the caller. */
typedef void track_process_fn(void *arg, struct track_process *t);

struct process_watch {     /* one for all */
	struct loop *loop; /* borrowed */
	struct list trackers;
	int fd;         /* owned: netlink; -1: closed */
	bool is_silent; /* the kernel has not answered: poll */
	ev_io io;
	ev_timer poll;
};

struct track_process {
	struct list node;
	struct process_watch *watch;
	const struct cfg_process_track *cfg; /* borrowed */
	track_process_fn *changed;
	void *arg;
	bool is_up;
	pid_t *pids; /* owned: those that match */
	unsigned n_pids, cap_pids;
	ev_timer delay;
};

void process_watch_init(struct process_watch *w, struct loop *loop);
void process_watch_close(struct process_watch *w);
/* Starts the watch with the first one, and looks at once; changed is not called. */
void track_process_start(struct track_process *t, struct process_watch *w,
			 const struct cfg_process_track *cfg, track_process_fn *changed, void *arg);
void track_process_stop(struct track_process *t);
/* Pure: does a process with this name and command line (n words, each ended by NUL) match? */
bool track_process_matches(const struct cfg_process_track *cfg, const char *comm,
			   const char *cmdline, size_t len);

#endif
