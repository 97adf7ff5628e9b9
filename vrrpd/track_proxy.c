/* track_proxy.c - is the proxy of this node alive and useful? */
#include "track_proxy.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <tandem/addr.h>
#include <tandem/clock.h>
#include <tandem/log.h>
#include <unistd.h>

#include "config/cfg_model.h"

#define RETRY_S         0.1
#define SUCCESSOR_S     0.03              /* for its first word */
#define SEEK_PAUSE_US   (100 * US_PER_MS) /* a drain may be long */
#define INHERIT_US      (10 * US_PER_S)   /* proxyd's own limit for undecided checks */
#define MAX_PER_TURN    64
#define MESSAGE_MAX_LEN 256 /* later versions append fields */

const char *track_proxy_text(enum proxy_health h)
{
	switch (h) {
	case PROXY_DEAD:
		return "dead";
	case PROXY_HUNG:
		return "hung";
	case PROXY_STARTING:
		return "starting";
	case PROXY_DRAINING:
		return "draining";
	case PROXY_STOPPING:
		return "stopping";
	case PROXY_UNUSABLE:
		return "no_usable_server";
	case PROXY_UP:
		return "up";
	}
	UNREACHABLE();
}

enum proxy_health track_proxy_judge(const struct cfg_proxy_track *cfg, const struct liveness_msg *m)
{
	if ((int64_t)m->loop_age_ms * US_PER_MS > cfg->timeout_us)
		return PROXY_HUNG;
	switch (m->state) {
	case LIVENESS_READY:
		break;
	case LIVENESS_DRAINING:
		return PROXY_DRAINING;
	case LIVENESS_STOPPING:
		return PROXY_STOPPING;
	default: /* LIVENESS_STARTING, or a state of a later version: not known to serve */
		return PROXY_STARTING;
	}
	if (cfg->require_usable && m->n_frontends_ok < m->n_frontends)
		return PROXY_UNUSABLE;
	return PROXY_UP;
}

static void set_health(struct track_proxy *t, enum proxy_health h)
{
	enum proxy_health old = t->health;

	if (old == h)
		return;
	t->health = h;
	t->since_us = t->loop->now_us;
	log_write(h == PROXY_UP ? LOGL_NOTICE : LOGL_WARN, "track", "proxy",
		  "name=%s from=%s to=%s pid=%u frontends=%u/%u", t->cfg->name,
		  track_proxy_text(old), track_proxy_text(h), t->last.pid, t->last.n_frontends_ok,
		  t->last.n_frontends);
	t->changed(t->arg, t);
}

static void stop_seeking(struct track_proxy *t)
{
	ev_io_stop(t->loop->ev, &t->next_io);
	ev_timer_stop(t->loop->ev, &t->next_wait);
	if (t->next_fd != -1)
		close(t->next_fd);
	t->next_fd = -1;
}

static void disconnect(struct track_proxy *t)
{
	stop_seeking(t);
	ev_io_stop(t->loop->ev, &t->io);
	ev_timer_stop(t->loop->ev, &t->silence);
	ev_timer_stop(t->loop->ev, &t->retry);
	if (t->fd != -1)
		close(t->fd);
	t->fd = -1;
}

static void lost(struct track_proxy *t)
{
	disconnect(t);
	ev_timer_set(&t->retry, RETRY_S, 0.);
	ev_timer_start(t->loop->ev, &t->retry);
	set_health(t, PROXY_DEAD);
}

/* Read all that waits; only the last message counts. Returns false at the end of file. */
static bool drain(int fd, struct liveness_msg *last, unsigned *n_new)
{
	_Alignas(struct liveness_msg) uint8_t buf[MESSAGE_MAX_LEN];

	*n_new = 0;
	for (int i = 0; i < MAX_PER_TURN; i++) {
		ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		const struct liveness_msg *m = (const void *)buf;

		if (n == 0)
			return false;
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if ((size_t)n < sizeof(*m) || m->magic != LIVENESS_MAGIC ||
		    m->version != LIVENESS_VERSION)
			continue;
		*last = *m;
		(*n_new)++;
	}
	return true;
}

static int open_connection(const char *path)
{
	struct addr a;
	int err = addr_from_path(str_from(path), &a);
	int fd;

	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* Non-blocking: a listener with a full queue gives EAGAIN, and we come again. */
	if (connect(fd, &a.sa, a.len)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static void take_message(struct track_proxy *t, const struct liveness_msg *m, unsigned n);

static void arm_silence(struct track_proxy *t)
{
	ev_timer_stop(t->loop->ev, &t->silence);
	ev_timer_set(&t->silence, (double)t->cfg->timeout_us / US_PER_S, 0.);
	ev_timer_start(t->loop->ev, &t->silence);
}

static void use_connection(struct track_proxy *t, int fd)
{
	t->fd = fd;
	t->n_connects++;
	ev_io_set(&t->io, fd, EV_READ);
	ev_io_start(t->loop->ev, &t->io);
	arm_silence(t); /* one that accepts and says nothing is hung */
}

static void use_successor(struct track_proxy *t)
{
	int fd = t->next_fd;

	t->next_fd = -1;
	disconnect(t);
	use_connection(t, fd);
}

/* Nobody else is there: what was said of the one that leaves holds. */
static void on_no_successor(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct track_proxy *t = container_of(w, struct track_proxy, next_wait);

	(void)loop, (void)revents;
	if (t->fd == -1)
		use_successor(t); /* it may only be slow to accept */
	else
		stop_seeking(t);
	set_health(t, t->pending);
}

static void on_successor(struct ev_loop *loop, ev_io *w, int revents)
{
	struct track_proxy *t = container_of(w, struct track_proxy, next_io);
	struct liveness_msg m = { 0 };
	unsigned n_new;
	bool is_open = drain(t->next_fd, &m, &n_new);
	uint32_t old_pid = t->last.pid;

	if (is_open && n_new == 0)
		return;
	if (!is_open && t->fd == -1) {
		lost(t); /* nobody stays: try again later, not at once */
		return;
	}
	if (!is_open || (m.pid == old_pid && t->fd != -1)) {
		on_no_successor(loop, &t->next_wait, revents);
		return;
	}
	use_successor(t);
	if (t->health == PROXY_UP)
		t->inherits_until_us = t->loop->now_us + INHERIT_US;
	log_notice("track", "proxy_successor", "name=%s pid=%u old_pid=%u", t->cfg->name, m.pid,
		   old_pid);
	take_message(t, &m, n_new);
}

/* The proxy leaves (its end of file was seen: t->fd is -1): is there another one at the path? */
static void seek_successor(struct track_proxy *t, enum proxy_health verdict)
{
	int fd;

	t->pending = verdict;
	if (t->next_fd != -1)
		return;
	t->sought_us = t->loop->now_us;
	fd = open_connection(t->cfg->socket);
	if (fd < 0) {
		if (t->fd == -1)
			lost(t);
		else
			set_health(t, verdict);
		return;
	}
	t->next_fd = fd;
	ev_io_set(&t->next_io, fd, EV_READ);
	ev_io_start(t->loop->ev, &t->next_io);
	ev_timer_set(&t->next_wait, SUCCESSOR_S, 0.);
	ev_timer_start(t->loop->ev, &t->next_wait);
}

static void take_message(struct track_proxy *t, const struct liveness_msg *m, unsigned n)
{
	enum proxy_health h = track_proxy_judge(t->cfg, m);

	t->last = *m;
	t->n_messages += n;
	arm_silence(t);
	if (h != PROXY_DRAINING && h != PROXY_STOPPING)
		stop_seeking(t);
	if (h == PROXY_STARTING && t->loop->now_us < t->inherits_until_us)
		return;
	t->inherits_until_us = 0;
	if (h != PROXY_DRAINING && h != PROXY_STOPPING)
		set_health(t, h);
	else if (t->health != h || t->loop->now_us - t->sought_us >= SEEK_PAUSE_US)
		seek_successor(t, h);
}

static void on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct track_proxy *t = container_of(w, struct track_proxy, io);
	struct liveness_msg m = { 0 };
	unsigned n_new;
	bool is_open = drain(t->fd, &m, &n_new);

	(void)loop, (void)revents;
	if (!is_open) {
		if (n_new) /* its last words came with its end */
			t->last = m;
		ev_io_stop(t->loop->ev, &t->io);
		ev_timer_stop(t->loop->ev, &t->silence);
		close(t->fd);
		t->fd = -1;
		seek_successor(t, PROXY_DEAD);
	} else if (n_new) {
		take_message(t, &m, n_new);
	}
}

static void on_silence(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct track_proxy *t = container_of(w, struct track_proxy, silence);

	(void)loop, (void)revents;
	set_health(t, PROXY_HUNG); /* stay connected: it may come back */
}

static void on_retry(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct track_proxy *t = container_of(w, struct track_proxy, retry);

	(void)loop, (void)revents;
	track_proxy_start(t);
}

void track_proxy_init(struct track_proxy *t, struct loop *loop, const struct cfg_proxy_track *cfg,
		      track_proxy_fn *changed, void *arg)
{
	*t = (struct track_proxy){ .loop = loop,
				   .cfg = cfg,
				   .changed = changed,
				   .arg = arg,
				   .health = PROXY_DEAD,
				   .since_us = loop->now_us,
				   .fd = -1,
				   .next_fd = -1 };
	ev_init(&t->io, on_readable);
	ev_init(&t->next_io, on_successor);
	ev_set_priority(&t->io, 1); /* before the timers, or an old silence would count */
	ev_set_priority(&t->next_io, 1);
	ev_init(&t->next_wait, on_no_successor);
	ev_init(&t->silence, on_silence);
	ev_init(&t->retry, on_retry);
}

void track_proxy_start(struct track_proxy *t)
{
	int fd;

	disconnect(t);
	fd = open_connection(t->cfg->socket);
	if (fd < 0) {
		lost(t);
		return;
	}
	use_connection(t, fd);
}

void track_proxy_wait(struct track_proxy *t, int ms)
{
	struct pollfd p = { .fd = t->fd, .events = POLLIN };

	if (t->fd != -1 && poll(&p, 1, ms) > 0)
		on_readable(t->loop->ev, &t->io, EV_READ);
}

void track_proxy_stop(struct track_proxy *t)
{
	disconnect(t);
}

void track_proxy_set_cfg(struct track_proxy *t, const struct cfg_proxy_track *cfg)
{
	t->cfg = cfg;
	if (t->fd != -1 && t->health != PROXY_HUNG)
		set_health(t, t->last.magic ? track_proxy_judge(cfg, &t->last) : PROXY_DEAD);
}
