/* notify.c - runs the notify programs of one instance. */
#include "notify.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <tandem/clock.h>
#include <tandem/log.h>

#define MAX_WORDS  64
#define TIMEOUT_US (30 * US_PER_S)

struct job {
	struct list node;
	char *line;            /* owned; argv points into it */
	char *argv[MAX_WORDS]; /* the extra words are owned from n_words on */
	unsigned n_words, n_all;
	uid_t uid;
	gid_t gid;
};

unsigned notify_split(char *line, char **argv, unsigned max)
{
	unsigned n = 0;
	char *p = line;

	while (n + 1 < max) {
		char *out, quote = 0;

		p += strspn(p, " \t");
		if (!*p)
			break;
		argv[n++] = out = p;
		for (; *p && (quote || (*p != ' ' && *p != '\t')); p++) {
			if (quote ? *p == quote : (*p == '"' || *p == '\''))
				quote = quote ? 0 : *p;
			else if (*p == '\\' && quote != '\'' && p[1])
				*out++ = *++p;
			else
				*out++ = *p;
		}
		if (*p)
			p++;
		*out = '\0';
	}
	argv[n] = NULL;
	return n;
}

static void job_free(struct job *j)
{
	for (unsigned i = j->n_words; i < j->n_all; i++)
		free(j->argv[i]);
	free(j->line);
	free(j);
}

static void drop_first(struct notify *n)
{
	struct job *j = list_first(&n->queue, struct job, node);

	list_del(&j->node);
	n->n_queued--;
	job_free(j);
}

/* Start the first job; jobs that cannot be started are dropped. */
static void start_first(struct notify *n)
{
	struct job *j;

	while ((j = list_first(&n->queue, struct job, node))) {
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
	struct job *j = list_first(&n->queue, struct job, node);

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
	list_init(&n->queue);
	proc_init(&n->proc, loop, on_done);
}

void notify_fini(struct notify *n)
{
	proc_cancel(&n->proc);
	while (!list_is_empty(&n->queue))
		drop_first(n);
}

void notify_run(struct notify *n, const char *line, const char *const *extra, uid_t uid, gid_t gid)
{
	struct job *j;

	if (n->n_queued >= NOTIFY_MAX_QUEUED) {
		n->n_dropped++;
		log_err("notify", "queue_full", "program=%s", log_quoted(str_from(line)));
		return;
	}
	j = xcalloc(1, sizeof(*j));
	j->line = xstrdup(line);
	j->n_words = j->n_all = notify_split(j->line, j->argv, MAX_WORDS - 8);
	if (j->n_words == 0) {
		job_free(j);
		return;
	}
	for (; extra && *extra && j->n_all < MAX_WORDS - 1; extra++)
		j->argv[j->n_all++] = xstrdup(*extra);
	j->argv[j->n_all] = NULL;
	j->uid = uid;
	j->gid = gid;
	list_add_tail(&n->queue, &j->node);
	if (n->n_queued++ == 0)
		start_first(n);
}
