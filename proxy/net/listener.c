/* listener.c - opening the sockets of a bind line. */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <tandem/diag.h>
#include <unistd.h>

#include "config/cfg_model.h"
#include "net/frontend.h"
#include "pool/pacing.h"

#define DEFAULT_BACKLOG 4096 /* the kernel cuts it to net.core.somaxconn */
#define DEFER_ACCEPT_S  2
#define TFO_QUEUE       256 /* requests that wait for their handshake's end */

static int set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == -1 ? -errno : 0;
}

static int backlog_of(const struct cfg_bind *b, const struct frontend *fe)
{
	unsigned n = b->backlog;

	if (!n)
		n = fe->cfg->backlog ? fe->cfg->backlog : fe->cfg->maxconn;
	return n ? (int)MIN(n, (unsigned)INT_MAX) : DEFAULT_BACKLOG;
}

/* What must be set before bind. */
static int prepare(int fd, const struct cfg_bind *b, bool share)
{
	int r = set(fd, SOL_SOCKET, SO_REUSEADDR, 1);

	if (r == 0 && share)
		r = set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (b->addr.sa.sa_family == AF_INET6) {
		(void)set(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
		if (r == 0 && b->transparent)
			r = set(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1);
		/* without a word of the user the kernel's default counts, as in HAProxy */
		if (r == 0 && (b->v6only || b->v4v6))
			r = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, b->v6only);
	} else {
		(void)set(fd, IPPROTO_IP, IP_FREEBIND, 1);
		if (r == 0 && b->transparent)
			r = set(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
	}
	if (r == 0 && b->interface &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, b->interface,
		       (socklen_t)strlen(b->interface) + 1) == -1)
		r = -errno;
	/* accepted connections inherit them */
	if (r == 0 && b->mss)
		r = set(fd, IPPROTO_TCP, TCP_MAXSEG, (int)b->mss);
	if (r == 0 && b->tcp_ut_us)
		r = set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)(b->tcp_ut_us / 1000));
	if (b->tfo)
		(void)set(fd, IPPROTO_TCP, TCP_FASTOPEN, TFO_QUEUE);
	if (b->defer_accept)
		(void)set(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_ACCEPT_S);
	return r;
}

/* A socket that others may share the port with must say so before bind; but then a foreign process
 * that shares it too would not be noticed. So the first one is bound alone, and becomes willing to
 * share afterwards. */
static int open_tcp(const struct cfg_bind *b, const struct frontend *fe, bool share, int *out)
{
	int fd = socket(b->addr.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int r;

	if (fd == -1)
		return -errno;
	r = prepare(fd, b, share);
	if (r == 0 && bind(fd, &b->addr.sa, b->addr.len) == -1)
		r = -errno;
	if (r == 0 && !share)
		(void)set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (r == 0 && listen(fd, backlog_of(b, fe)) == -1)
		r = -errno;
	if (r != 0)
		close(fd);
	else
		*out = fd;
	return r;
}

/* Is somebody listening at this path? */
static bool is_served(const struct addr *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool served = fd != -1 && (connect(fd, &a->sa, a->len) == 0 || errno == EAGAIN);

	if (fd != -1)
		close(fd);
	return served;
}

/* Bound under another name and renamed, so that the path always leads to a server. */
static int open_unix(const struct cfg_bind *b, const struct frontend *fe, bool is_takeover,
		     int *out)
{
	const char *path = b->addr.un.sun_path;
	bool is_abstract = path[0] == '\0';
	struct addr tmp = b->addr;
	int fd, r = 0;

	if (!is_abstract) {
		if (!is_takeover && is_served(&b->addr))
			return -EADDRINUSE;
		size_t n = strlen(path);
		if (n + 5 > sizeof(tmp.un.sun_path))
			return -ENAMETOOLONG;
		memcpy(tmp.un.sun_path + n, ".tmp", 5);
		tmp.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 5);
		(void)unlink(tmp.un.sun_path);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -errno;
	if (bind(fd, &tmp.sa, tmp.len) == -1) {
		r = -errno;
		close(fd);
		return r;
	}
	if (!is_abstract) {
		const char *name = tmp.un.sun_path;

		if ((b->unix_mode && chmod(name, b->unix_mode) == -1) ||
		    ((b->unix_uid != (uid_t)-1 || b->unix_gid != (gid_t)-1) &&
		     chown(name, b->unix_uid, b->unix_gid) == -1))
			r = -errno;
	}
	if (r == 0 && listen(fd, backlog_of(b, fe)) == -1)
		r = -errno;
	if (r == 0 && !is_abstract && rename(tmp.un.sun_path, path) == -1)
		r = -errno;
	if (r != 0) {
		if (!is_abstract)
			(void)unlink(tmp.un.sun_path);
		close(fd);
		return r;
	}
	*out = fd;
	return 0;
}

/* fd@N: a copy, so that N stays for a reload. */
static int open_inherited(const struct cfg_bind *b, struct listener *l)
{
	int is_listening = 0, fd;
	socklen_t len = sizeof(is_listening);

	if (getsockopt(b->fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &len) == -1)
		return -errno;
	fd = fcntl(b->fd, F_DUPFD_CLOEXEC, 3);
	if (fd == -1)
		return -errno;
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (!is_listening && listen(fd, DEFAULT_BACKLOG) == -1) {
		int r = -errno;

		close(fd);
		return r;
	}
	l->addr.len = sizeof(l->addr.un);
	if (getsockname(fd, &l->addr.sa, &l->addr.len) == -1)
		l->addr.len = 0;
	pacing_avoid(fd, &l->addr);
	l->fds[l->n_fds++] = fd;
	return 0;
}

static int open_sockets(const struct cfg_bind *b, struct listener *l, unsigned n_threads,
			bool is_takeover)
{
	unsigned n = b->addr.sa.sa_family == AF_UNIX ? 1 : n_threads;
	int r = 0;

	if (b->fd != -1)
		return open_inherited(b, l);
	l->addr = b->addr;
	if (b->addr.sa.sa_family == AF_UNIX) {
		r = open_unix(b, l->fe, is_takeover, &l->fds[0]);
		if (r == 0) {
			l->n_fds = 1;
			l->unlink_on_close = b->addr.un.sun_path[0] != '\0';
		}
		return r;
	}
	while (r == 0 && l->n_fds < n) {
		r = open_tcp(b, l->fe, is_takeover || l->n_fds > 0, &l->fds[l->n_fds]);
		if (r == 0)
			l->n_fds++;
	}
	for (unsigned i = 0; i < l->n_fds; i++)
		pacing_avoid(l->fds[i], &l->addr);
	return r;
}

static const char *advice(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "; another process listens there, stop it or choose another port";
	case EACCES:
	case EPERM:
		return "; start as root, or choose a port above 1023";
	case ENODEV:
		return "; there is no such interface";
	case EBADF:
	case ENOTSOCK:
		return "; no such socket was inherited";
	default:
		return "";
	}
}

struct listener *listener_open(const struct cfg_bind *b, struct frontend *fe, unsigned n_threads,
			       const int *inherited, unsigned n_inherited, bool is_takeover,
			       struct diag *d)
{
	struct listener *l = xcalloc(1, sizeof(*l));
	struct stat st;
	int r = 0;

	l->key = xstrdup(b->key);
	l->fe = fe;
	l->accept_proxy = b->accept_proxy;
	l->backlog = backlog_of(b, fe);
	if (b->maxconn) {
		l->maxconn = b->maxconn;
		l->count = xcalloc(1, sizeof(*l->count));
		l->count->refs = 1;
	}
	l->fds = xcalloc(MAX(n_threads, MAX(n_inherited, 1u)), sizeof(int));
	list_init(&l->node);
	if (inherited && n_inherited) {
		l->addr = b->addr;
		memcpy(l->fds, inherited, n_inherited * sizeof(int));
		l->n_fds = n_inherited;
		l->unlink_on_close = b->fd == -1 && b->addr.sa.sa_family == AF_UNIX &&
				     b->addr.un.sun_path[0] != '\0';
	} else {
		r = open_sockets(b, l, n_threads, is_takeover);
	}
	if (l->unlink_on_close && lstat(l->addr.un.sun_path, &st) == 0) {
		l->dev = st.st_dev;
		l->ino = st.st_ino;
	}
	if (r != 0) {
		diag_error(d, b->pos, "cannot bind '%s' of frontend '%s': %s%s", b->spec, fe->name,
			   strerror(-r), advice(-r));
		l->unlink_on_close = false;
		listener_free(l);
		return NULL;
	}
	return l;
}

void bind_count_unref(struct bind_count *c)
{
	if (c && atomic_fetch_sub(&c->refs, 1) == 1)
		free(c);
}

void listener_free(struct listener *l)
{
	struct stat st;

	if (!l)
		return;
	for (unsigned i = 0; i < l->n_fds; i++)
		close(l->fds[i]);
	/* a successor may have put its own there */
	if (l->unlink_on_close && lstat(l->addr.un.sun_path, &st) == 0 && st.st_dev == l->dev &&
	    st.st_ino == l->ino)
		(void)unlink(l->addr.un.sun_path);
	bind_count_unref(l->count);
	free(l->fds);
	free((char *)(uintptr_t)l->key);
	free(l);
}
