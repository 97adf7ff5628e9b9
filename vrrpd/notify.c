/* notify.c - runs the notify programs of one instance. */
#include "notify.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <tandem/arena.h>
#include <tandem/clock.h>
#include <tandem/log.h>

#include "config/cfg_parse.h"

#define TIMEOUT_US (30 * US_PER_S)

struct notify_job {
	struct arena arena; /* owns the words */
	char **argv;
	uid_t uid;
	gid_t gid;
};

static void job_free(struct notify_job *j)
{
	arena_fini(&j->arena);
	free(j);
}

static void drop_first(struct notify *n)
{
	struct notify_job *j = n->jobs[n->first];

	n->jobs[n->first] = NULL;
	n->first = (n->first + 1) % NOTIFY_MAX_QUEUED;
	n->n_queued--;
	job_free(j);
}

/* Start the first job; jobs that cannot be started are dropped. */
static void start_first(struct notify *n)
{
	while (n->n_queued > 0) {
		const struct notify_job *j = n->jobs[n->first];
		struct proc_spec spec = { .argv = j->argv,
					  .uid = j->uid,
					  .gid = j->gid,
					  .timeout_us = TIMEOUT_US,
					  .stdin_fd = -1 };
		int err = proc_start(&n->proc, &spec);

		n->n_run++;
		if (!err)
			return;
		n->n_failed++;
		log_warn("notify", "start_failed", "program=%s error=%s",
			 log_quoted(str_from(j->argv[0])), log_quoted(str_from(strerror(-err))));
		drop_first(n);
	}
}

static void on_done(struct proc *p, int status, bool timed_out)
{
	struct notify *n = container_of(p, struct notify, proc);
	const struct notify_job *j = n->jobs[n->first];

	ASSERT(j);
	if (status != 0 || timed_out) {
		n->n_failed++;
		log_warn("notify", "failed", "program=%s cause=%s status=%d",
			 log_quoted(str_from(j->argv[0])), timed_out ? "timeout" : "exit",
			 WIFEXITED(status) ? WEXITSTATUS(status) : status);
	} else {
		log_debug("notify", "done", "program=%s", log_quoted(str_from(j->argv[0])));
	}
	drop_first(n);
	start_first(n);
}

void notify_init(struct notify *n, struct loop *loop)
{
	*n = (struct notify){ .loop = loop };
	proc_init(&n->proc, loop, on_done);
}

void notify_fini(struct notify *n)
{
	proc_cancel(&n->proc);
	while (n->n_queued > 0)
		drop_first(n);
}

static char **join(struct arena *arena, char **words, const char *const *extra)
{
	size_t n = 0, n_extra = 0;
	char **all;

	while (words[n])
		n++;
	while (extra && extra[n_extra])
		n_extra++;
	all = arena_array(arena, char *, n + n_extra + 1);
	memcpy(all, words, n * sizeof(*words));
	for (size_t k = 0; k < n_extra; k++)
		all[n + k] = arena_strdup(arena, extra[k]);
	return all;
}

void notify_run(struct notify *n, const char *line, const char *const *extra, uid_t uid, gid_t gid)
{
	struct notify_job *j;
	char **words;

	if (n->n_queued >= NOTIFY_MAX_QUEUED) {
		n->n_dropped++;
		log_err("notify", "queue_full", "program=%s", log_quoted(str_from(line)));
		return;
	}
	j = xcalloc(1, sizeof(*j));
	words = cfg_split_command(&j->arena, line);
	if (!words) {
		job_free(j);
		return;
	}
	j->argv = join(&j->arena, words, extra);
	j->uid = uid;
	j->gid = gid;
	n->jobs[(n->first + n->n_queued) % NOTIFY_MAX_QUEUED] = j;
	if (n->n_queued++ == 0)
		start_first(n);
}
