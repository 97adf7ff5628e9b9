/* liveness_server.c - tells vrrpd how we are. */
#include "process/liveness_server.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tandem/addr.h>
#include <tandem/clock.h>
#include <tandem/list.h>
#include <tandem/log.h>
#include <tandem/loop.h>

#include "config/cfg_model.h"
#include "health/check.h"
#include "net/frontend.h"
#include "pool/backend.h"
#include "process/registry.h"
#include "process/worker.h"

#define MAX_CLIENTS 16
#define MAX_THREADS 64
#define BACKLOG     8
#define SETTLE_LIMIT                                                                               \
	(10 * US_PER_S) /* checks that have not decided by then do not hold us back                \
			 */

/* A message that goes round through a worker's loop: while it is unanswered, its age is how long
 * the thread has not turned. Static, so that none is freed while it is in a thread's inbox. */
struct ping {
	struct loop_msg msg;
	_Atomic bool is_under_way;
	int64_t sent_us;
};
static struct ping pings[MAX_THREADS];

struct client {
	struct list node;
	struct liveness_server *server;
	int fd;
	ev_io io; /* readable: it left */
};

struct liveness_server {
	struct loop *loop;     /* borrowed */
	struct engine *engine; /* borrowed; NULL: not watched yet */
	char *path;            /* owned */
	dev_t dev;             /* of our socket's file: only that one is removed */
	ino_t ino;
	int fd;
	enum liveness_state state;
	int64_t watched_us; /* since when */
	struct list clients;
	unsigned n_clients;
	ev_io accept;
	ev_timer heartbeat;
	ev_prepare flush; /* at the end of a turn in which something changed */
	struct liveness_msg last;
};

static void on_ping(struct loop_msg *m)
{
	struct ping *p = container_of(m, struct ping, msg);

	atomic_store_explicit(&p->is_under_way, false, memory_order_release);
}

static uint32_t ping_workers(struct liveness_server *ls, int64_t now_us)
{
	int64_t oldest_us = 0;

	for (unsigned i = 0; i < ls->engine->n_threads && i < MAX_THREADS; i++) {
		struct ping *p = &pings[i];

		if (atomic_load_explicit(&p->is_under_way, memory_order_acquire)) {
			oldest_us = MAX(oldest_us, now_us - p->sent_us);
			continue;
		}
		p->msg.fn = on_ping;
		p->sent_us = now_us;
		atomic_store_explicit(&p->is_under_way, true, memory_order_relaxed);
		loop_post(&ls->engine->workers[i].loop, &p->msg);
	}
	return (uint32_t)(oldest_us / US_PER_MS);
}

/* Where most of a frontend's clients go: its default backend, or else the healthiest that its rules
 * lead to. */
static const struct backend *main_backend(const struct frontend *fe)
{
	const struct backend *best = fe->default_backend;

	if (best != NULL)
		return best;
	for (const struct cfg_rule *r = fe->cfg->use_backends; r != NULL; r = r->next) {
		const struct backend *be = r->backend->live->be;

		if (be != NULL && (best == NULL || backend_n_usable(be) > backend_n_usable(best)))
			best = be;
	}
	return best;
}

static void count_frontends(struct liveness_msg *m, bool *is_settled)
{
	const struct registry *r = registry_current;
	uint32_t least = UINT32_MAX;

	*is_settled = true;
	for (unsigned i = 0; r != NULL && i < r->n; i++) {
		const struct frontend *fe = r->entries[i].fe;
		const struct backend *be = fe != NULL ? main_backend(fe) : NULL;
		uint32_t n;

		if (be == NULL || be->n_servers == 0 || fe->cfg->binds == NULL)
			continue;
		n = backend_n_usable(be);
		m->n_frontends++;
		m->n_frontends_ok += n > 0;
		least = MIN(least, n);
		*is_settled &= health_is_settled(be);
	}
	m->n_usable = least == UINT32_MAX ? 0 : least;
}

static void compose(struct liveness_server *ls, struct liveness_msg *m, uint32_t age_ms)
{
	int64_t now_us = clock_mono_us();
	bool is_settled;

	*m = (struct liveness_msg){ .magic = LIVENESS_MAGIC,
				    .version = LIVENESS_VERSION,
				    .state = (uint16_t)ls->state,
				    .pid = (uint32_t)getpid(),
				    .loop_age_ms = age_ms,
				    .sent_us = now_us };
	count_frontends(m, &is_settled);
	if (ls->state == LIVENESS_READY && !is_settled && now_us - ls->watched_us < SETTLE_LIMIT)
		m->state = LIVENESS_STARTING;
}

static void client_close(struct client *c)
{
	ev_io_stop(c->server->loop->ev, &c->io);
	close(c->fd);
	list_del(&c->node);
	c->server->n_clients--;
	free(c);
}

/* A reader that does not read loses messages, never stops us: the next heartbeat says it again. */
static void send_to(struct client *c, const struct liveness_msg *m)
{
	ssize_t n = send(c->fd, m, sizeof(*m), MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		client_close(c);
}

static void send_all(struct liveness_server *ls, const struct liveness_msg *m)
{
	struct client *c, *tmp;

	list_for_each_safe (c, tmp, &ls->clients, node)
		send_to(c, m);
	ls->last = *m;
}

static void on_heartbeat(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct liveness_server *ls = container_of(w, struct liveness_server, heartbeat);
	struct liveness_msg m;

	(void)ev, (void)revents;
	compose(ls, &m, ls->engine != NULL ? ping_workers(ls, clock_mono_us()) : 0);
	send_all(ls, &m);
}

static void on_flush(struct ev_loop *ev, ev_prepare *w, int revents)
{
	struct liveness_server *ls = container_of(w, struct liveness_server, flush);
	struct liveness_msg m;

	(void)revents;
	ev_prepare_stop(ev, w);
	compose(ls, &m, ls->last.loop_age_ms);
	send_all(ls, &m);
}

static void on_client(struct ev_loop *ev, ev_io *w, int revents)
{
	struct client *c = container_of(w, struct client, io);
	char scrap[64];
	ssize_t n = recv(c->fd, scrap, sizeof(scrap), MSG_DONTWAIT);

	(void)ev, (void)revents;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		client_close(c);
}

static void on_accept(struct ev_loop *ev, ev_io *w, int revents)
{
	struct liveness_server *ls = container_of(w, struct liveness_server, accept);
	int fd = accept4(ls->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct liveness_msg m;
	struct client *c;

	(void)ev, (void)revents;
	if (fd < 0)
		return;
	c = ls->n_clients < MAX_CLIENTS ? calloc(1, sizeof(*c)) : NULL;
	if (c == NULL) {
		close(fd);
		return;
	}
	c->server = ls;
	c->fd = fd;
	list_add_tail(&ls->clients, &c->node);
	ls->n_clients++;
	ev_io_init(&c->io, on_client, fd, EV_READ);
	ev_io_start(ls->loop->ev, &c->io);
	compose(ls, &m, ls->last.loop_age_ms);
	send_to(c, &m);
}

/* Made under another name and renamed into place: the path never vanishes, and a socket file that a
 * dead process left does not disturb. */
static int bind_path(struct liveness_server *ls, mode_t mode, uid_t uid, gid_t gid)
{
	char tmp[sizeof(((struct sockaddr_un *)0)->sun_path) + 16];
	struct addr a;
	struct stat st;
	int rc;

	snprintf(tmp, sizeof(tmp), "%s.%d", ls->path, (int)getpid());
	rc = addr_from_path(str_from(tmp), &a);
	if (rc != 0)
		return rc;
	(void)unlink(tmp);
	if (bind(ls->fd, &a.sa, a.len) != 0)
		return -errno;
	if (chmod(tmp, mode != 0 ? mode : 0600) != 0 ||
	    ((uid != (uid_t)-1 || gid != (gid_t)-1) && chown(tmp, uid, gid) != 0) ||
	    listen(ls->fd, BACKLOG) != 0 || lstat(tmp, &st) != 0 || rename(tmp, ls->path) != 0) {
		rc = -errno;
		(void)unlink(tmp);
		return rc;
	}
	ls->dev = st.st_dev;
	ls->ino = st.st_ino;
	return 0;
}

struct liveness_server *liveness_server_open(struct loop *loop, const char *path, mode_t mode,
					     uid_t uid, gid_t gid, int *error)
{
	struct liveness_server *ls = xcalloc(1, sizeof(*ls));

	ls->loop = loop;
	ls->state = LIVENESS_STARTING;
	ls->path = xstrdup(path);
	list_init(&ls->clients);
	ev_init(&ls->heartbeat, on_heartbeat);
	ev_init(&ls->accept, on_accept);
	ev_init(&ls->flush, on_flush);
	ls->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	*error = ls->fd == -1 ? -errno : bind_path(ls, mode, uid, gid);
	if (*error != 0) {
		liveness_server_free(ls);
		return NULL;
	}
	ev_io_set(&ls->accept, ls->fd, EV_READ);
	ev_io_start(loop->ev, &ls->accept);
	ls->heartbeat.repeat = LIVENESS_HEARTBEAT_MS / 1000.;
	ev_timer_again(loop->ev, &ls->heartbeat);
	return ls;
}

void liveness_server_watch(struct liveness_server *ls, struct engine *e)
{
	ls->engine = e;
	ls->watched_us = clock_mono_us();
}

void liveness_server_set_state(struct liveness_server *ls, enum liveness_state state)
{
	struct liveness_msg m;

	if (ls->state == state)
		return;
	ls->state = state;
	compose(ls, &m, ls->last.loop_age_ms);
	send_all(ls, &m); /* at once: the process may be about to end */
}

void liveness_server_changed(struct liveness_server *ls)
{
	ev_prepare_start(ls->loop->ev, &ls->flush);
}

const char *liveness_server_path(const struct liveness_server *ls)
{
	return ls->path;
}

void liveness_server_free(struct liveness_server *ls)
{
	struct client *c, *tmp;
	struct stat st;

	if (ls == NULL)
		return;
	list_for_each_safe (c, tmp, &ls->clients, node)
		client_close(c);
	ev_io_stop(ls->loop->ev, &ls->accept);
	ev_timer_stop(ls->loop->ev, &ls->heartbeat);
	ev_prepare_stop(ls->loop->ev, &ls->flush);
	if (ls->fd != -1)
		close(ls->fd);
	/* a successor may have taken the name */
	if (ls->ino != 0 && lstat(ls->path, &st) == 0 && st.st_dev == ls->dev &&
	    st.st_ino == ls->ino)
		(void)unlink(ls->path);
	free(ls->path);
	free(ls);
}
