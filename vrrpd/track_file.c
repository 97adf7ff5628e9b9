/* track_file.c - follows the number in a file. */
#include "track_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <tandem/log.h>
#include <unistd.h>

#include "config/cfg_model.h"

#define AGAIN_S 1.0
#define EVENTS                                                                                     \
	(IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF |   \
	 IN_MOVE_SELF)

int64_t track_file_parse(struct str text)
{
	char buf[32];
	struct str s = str_trim(text);
	size_t n = MIN(s.len, sizeof(buf) - 1);
	long long v;

	if (!n)
		return 0;
	memcpy(buf, s.p, n);
	buf[n] = '\0';
	v = strtoll(buf, NULL, 10);
	return MAX((long long)INT_MIN, MIN((long long)INT_MAX, v));
}

static int64_t read_value(const struct track_file *t)
{
	int fd = open(t->cfg->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char buf[64];
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, buf, sizeof(buf));
	close(fd);
	return n > 0 ? track_file_parse((struct str){ buf, (size_t)n }) : 0;
}

static void write_initial(const struct cfg_file_track *c)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (c->overwrite ? O_TRUNC : O_EXCL);
	int fd = c->has_init ? open(c->path, flags, 0644) : -1;

	if (fd >= 0) {
		dprintf(fd, "%d\n", c->init_value);
		close(fd);
	} else if (c->has_init && errno != EEXIST) {
		log_err("track", "file_not_made", "name=%s path=%s error=%s", c->name,
			log_quoted(str_from(c->path)), log_quoted(str_from(strerror(errno))));
	}
}

static void look(struct track_file *t)
{
	int64_t before = t->value;

	t->value = read_value(t);
	if (t->value == before)
		return;
	log_notice("track", "file", "name=%s from=%lld to=%lld", t->cfg->name, (long long)before,
		   (long long)t->value);
	t->changed(t->arg, t);
}

static void watch(struct track_file *t);

static void on_event(struct ev_loop *loop, ev_io *w, int revents)
{
	struct track_file *t = container_of(w, struct track_file, io);
	_Alignas(struct inotify_event) char buf[4096];
	bool is_lost = false;
	ssize_t n;

	(void)loop, (void)revents;
	while ((n = read(t->fd, buf, sizeof(buf))) > 0) {
		for (const char *p = buf; p < buf + n;) {
			const struct inotify_event *e = (const void *)p;

			is_lost |= (e->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0;
			p += sizeof(*e) + e->len;
		}
	}
	if (is_lost)
		watch(t);
	look(t);
}

static void on_again(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct track_file *t = container_of(w, struct track_file, again);

	(void)loop, (void)revents;
	watch(t);
	look(t);
}

/* Watch the directory: files are replaced by renaming. */
static void watch(struct track_file *t)
{
	char dir[PATH_MAX];
	char *slash;

	ev_io_stop(t->loop->ev, &t->io);
	ev_timer_stop(t->loop->ev, &t->again);
	if (t->fd != -1)
		close(t->fd);
	snprintf(dir, sizeof(dir), "%s", t->cfg->path);
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = '\0';
	t->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (t->fd != -1 && inotify_add_watch(t->fd, slash ? dir : ".", EVENTS) >= 0) {
		ev_io_set(&t->io, t->fd, EV_READ);
		ev_io_start(t->loop->ev, &t->io);
		return;
	}
	if (t->fd != -1)
		close(t->fd);
	t->fd = -1;
	ev_timer_set(&t->again, AGAIN_S, AGAIN_S);
	ev_timer_start(t->loop->ev, &t->again);
}

void track_file_start(struct track_file *t, struct loop *loop, const struct cfg_file_track *cfg,
		      track_file_fn *changed, void *arg)
{
	*t = (struct track_file){
		.loop = loop, .cfg = cfg, .changed = changed, .arg = arg, .fd = -1
	};
	ev_init(&t->io, on_event);
	ev_init(&t->again, on_again);
	write_initial(cfg);
	watch(t);
	t->value = read_value(t);
}

void track_file_stop(struct track_file *t)
{
	ev_io_stop(t->loop->ev, &t->io);
	ev_timer_stop(t->loop->ev, &t->again);
	if (t->fd != -1)
		close(t->fd);
	t->fd = -1;
}
