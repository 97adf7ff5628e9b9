/* fifo.c - notify_fifo. */
#include "fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tandem/arena.h>
#include <tandem/log.h>
#include <unistd.h>

#include "config/cfg_model.h"
#include "config/cfg_parse.h"

static void on_script_end(struct proc *p, int status, bool timed_out)
{
	const struct fifo *f = container_of(p, struct fifo, script);

	(void)timed_out;
	log_warn("notify", "fifo_script_ended", "fifo=%s status=%d", f->path ? f->path : "-",
		 status);
}

void fifo_init(struct fifo *f, struct loop *loop)
{
	*f = (struct fifo){ .loop = loop, .fd = -1 };
	proc_init(&f->script, loop, on_script_end);
}

static int open_pipe(const struct cfg_fifo *c)
{
	struct stat st;
	int fd, err;

	if (mkfifo(c->path, 0600) && errno != EEXIST)
		return -errno;
	/* For reading, too: then it never blocks, and what was written waits for a reader. */
	fd = open(c->path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISFIFO(st.st_mode)) {
		close(fd);
		return -EEXIST;
	}
	if (c->uid != st.st_uid && fchown(fd, c->uid, c->gid)) {
		err = -errno;
		log_notice("notify", "fifo_owner", "fifo=%s error=%s", c->path,
			   log_quoted(str_from(strerror(-err))));
	}
	return fd;
}

static void start_script(struct fifo *f, const struct cfg_fifo *c)
{
	struct arena a = { 0 };
	char **words = c->script.line ? cfg_split_command(&a, c->script.line) : NULL;
	struct proc_spec spec = { .uid = c->script.uid, .gid = c->script.gid, .stdin_fd = -1 };
	size_t n = 0;
	char **argv;
	int err;

	if (!words) {
		arena_fini(&a);
		return;
	}
	while (words[n])
		n++;
	argv = arena_array(&a, char *, n + 2);
	memcpy(argv, words, n * sizeof(*argv));
	argv[n] = f->path;
	spec.argv = argv;
	err = proc_start(&f->script, &spec);
	if (err)
		log_err("notify", "fifo_script_failed", "program=%s error=%s",
			log_quoted(str_from(argv[0])), log_quoted(str_from(strerror(-err))));
	arena_fini(&a);
}

void fifo_open(struct fifo *f, const struct cfg_fifo *cfg)
{
	if (f->path && cfg->path && strcmp(f->path, cfg->path) == 0)
		return;
	fifo_close(f);
	if (!cfg->path)
		return;
	f->fd = open_pipe(cfg);
	if (f->fd < 0) {
		log_err("notify", "fifo_failed", "fifo=%s error=%s",
			log_quoted(str_from(cfg->path)), log_quoted(str_from(strerror(-f->fd))));
		f->fd = -1;
		return;
	}
	f->path = xstrdup(cfg->path);
	start_script(f, cfg);
}

void fifo_close(struct fifo *f)
{
	if (f->script.loop)
		proc_cancel(&f->script);
	if (f->fd != -1)
		close(f->fd);
	f->fd = -1;
	if (f->path)
		(void)unlink(f->path);
	free(f->path);
	f->path = NULL;
}

void fifo_tell(struct fifo *f, const char *kind, const char *name, const char *state,
	       unsigned priority)
{
	char line[512];
	int n = snprintf(line, sizeof(line), "%s \"%s\" %s %u\n", kind, name, state, priority);

	if (f->fd == -1 || n < 0 || (size_t)n >= sizeof(line))
		return;
	if (write(f->fd, line, (size_t)n) == n)
		f->n_lines++;
	else
		f->n_dropped++;
}
