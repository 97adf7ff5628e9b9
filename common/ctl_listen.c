/* ctl_listen.c - the listening side of control sockets. */
#include <tandem/ctl.h>

#include "ctl_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG          64
#define ACCEPTS_PER_TURN 16
#define PAUSE_S          0.1 /* without descriptors: look again after this */

struct listener {
	struct ctl_server *server; /* borrowed */
	struct list node;          /* in server->listeners */
	int fd;                    /* owned */
	enum ctl_level level;
	ev_io io;
	ev_timer pause;
	struct addr path; /* a Unix path that we made; len 0: none */
	dev_t dev;        /* and what it was: another process may have put its own there */
	ino_t ino;
};

static void on_connect(struct ev_loop *ev, ev_io *w, int revents)
{
	struct listener *l = container_of(w, struct listener, io);

	(void)revents;
	for (unsigned i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			(void)!ctl_server_serve(l->server, fd,
						l->level); /* closes it if it fails */
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			ev_io_stop(ev, &l->io); /* it would fire again at once */
			ev_timer_set(&l->pause, PAUSE_S, 0.);
			ev_timer_start(ev, &l->pause);
		}
		return;
	}
}

static void on_pause_end(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct listener *l = container_of(w, struct listener, pause);

	(void)revents;
	ev_io_start(ev, &l->io);
}

static struct listener *listener_new(struct ctl_server *s, int fd, enum ctl_level level)
{
	struct listener *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->server = s;
	l->fd = fd;
	l->level = level;
	ev_io_init(&l->io, on_connect, fd, EV_READ);
	ev_io_start(s->loop->ev, &l->io);
	ev_init(&l->pause, on_pause_end);
	list_add_tail(&s->listeners, &l->node);
	return l;
}

int ctl_server_adopt(struct ctl_server *s, int fd, enum ctl_level level)
{
	int flags = fcntl(fd, F_GETFL), rc = 0;

	if (flags < 0)
		return -errno;
	if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		rc = -errno;
	else if (!listener_new(s, fd, level))
		rc = -ENOMEM;
	if (rc < 0)
		close(fd);
	return rc;
}

/* Make the socket at *tmp what it shall be and move it to *a. */
static int publish_path(const struct addr *tmp, const struct addr *a, mode_t mode, uid_t uid,
			gid_t gid)
{
	const char *from = tmp->un.sun_path, *to = a->un.sun_path;
	struct stat st;

	if (chmod(from, mode) < 0)
		return -errno;
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) && lchown(from, uid, gid) < 0)
		return -errno;
	if (lstat(to, &st) == 0 && !S_ISSOCK(st.st_mode))
		return -EEXIST; /* never replace a file that is no socket */
	return rename(from, to) < 0 ? -errno : 0;
}

static int listen_unix(struct ctl_server *s, const struct addr *a, mode_t mode, uid_t uid,
		       gid_t gid, enum ctl_level level)
{
	char name[sizeof(a->un.sun_path) + 32];
	struct addr tmp;
	struct listener *l;
	struct stat st;
	int fd, rc;
	int n = snprintf(name, sizeof(name), "%s.%d.tmp", a->un.sun_path, (int)getpid());

	rc = addr_from_path((struct str){ name, (size_t)n }, &tmp);
	if (rc < 0)
		return rc;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	(void)unlink(name); /* of an earlier process with our pid */
	if (bind(fd, &tmp.sa, tmp.len) < 0) {
		rc = -errno;
		goto fail_close;
	}
	if (listen(fd, BACKLOG) < 0)
		rc = -errno;
	else
		rc = publish_path(&tmp, a, mode, uid, gid);
	if (rc < 0)
		goto fail_unlink;
	l = listener_new(s, fd, level);
	if (!l) {
		rc = -ENOMEM;
		goto fail_close;
	}
	if (lstat(a->un.sun_path, &st) == 0) {
		l->path = *a;
		l->dev = st.st_dev;
		l->ino = st.st_ino;
	}
	return 0;

fail_unlink:
	(void)unlink(name);
fail_close:
	close(fd);
	return rc;
}

int ctl_server_listen(struct ctl_server *s, const struct addr *a, mode_t mode, uid_t uid, gid_t gid,
		      enum ctl_level level)
{
	const int on = 1;
	int fd, rc;

	if (a->len == 0)
		return -EINVAL;
	if (a->sa.sa_family == AF_UNIX)
		return listen_unix(s, a, mode, uid, gid, level);
	fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, &a->sa, a->len) < 0 || listen(fd, BACKLOG) < 0)
		rc = -errno;
	else
		rc = listener_new(s, fd, level) ? 0 : -ENOMEM;
	if (rc < 0)
		close(fd);
	return rc;
}

void ctl_abandon_listeners(struct ctl_server *s)
{
	struct listener *l, *tmp;

	/* Not stopped: that would change the epoll set, which is the parent's too. Nothing looks at
	 * a watcher of a loop that does not run any more. */
	list_for_each_safe (l, tmp, &s->listeners, node) {
		close(l->fd);
		list_del(&l->node);
		free(l);
	}
}

void ctl_close_listeners(struct ctl_server *s)
{
	struct listener *l, *tmp;
	struct stat st;

	list_for_each_safe (l, tmp, &s->listeners, node) {
		ev_io_stop(s->loop->ev, &l->io);
		ev_timer_stop(s->loop->ev, &l->pause);
		if (l->path.len && lstat(l->path.un.sun_path, &st) == 0 && st.st_dev == l->dev &&
		    st.st_ino == l->ino)
			(void)unlink(l->path.un.sun_path);
		close(l->fd);
		list_del(&l->node);
		free(l);
	}
}
