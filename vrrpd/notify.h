/* notify.h - runs the notify programs of one instance: in order, one at a time, with a time limit,
 * never blocking. */
#ifndef VRRPD_NOTIFY_H
#define VRRPD_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <tandem/loop.h>
#include <tandem/proc.h>

#define NOTIFY_MAX_QUEUED 32 /* further ones are dropped, with a log line */

struct notify_job;
struct notify {
	struct loop *loop; /* borrowed */
	struct proc proc;
	struct notify_job *jobs[NOTIFY_MAX_QUEUED]; /* a ring; owned; the first one runs */
	unsigned first, n_queued;
	uint64_t n_run, n_failed, n_dropped;
};

void notify_init(struct notify *n, struct loop *loop);
/* Kill what runs and forget the rest. */
void notify_fini(struct notify *n);
/* Queue a program: a line as written in the configuration (words, quotes), then extra words (ends
 * with NULL; may be NULL). All is copied. */
void notify_run(struct notify *n, const char *line, const char *const *extra, uid_t uid, gid_t gid);
static inline bool notify_is_idle(const struct notify *n)
{
	return n->n_queued == 0;
}

#endif
