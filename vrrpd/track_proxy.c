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

static void disconnect(struct track_proxy *t)
{
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
static bool drain(struct track_proxy *t, bool *is_new)
{
	_Alignas(struct liveness_msg) uint8_t buf[MESSAGE_MAX_LEN];

	*is_new = false;
	for (int i = 0; i < MAX_PER_TURN; i++) {
		ssize_t n = recv(t->fd, buf, sizeof(buf), MSG_DONTWAIT);
		const struct liveness_msg *m = (const void *)buf;

		if (n == 0)
			return false;
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if ((size_t)n < sizeof(*m) || m->magic != LIVENESS_MAGIC ||
		    m->version != LIVENESS_VERSION)
			continue;
		t->last = *m;
		t->n_messages++;
		*is_new = true;
	}
	return true;
}

static void arm_silence(struct track_proxy *t)
{
	ev_timer_stop(t->loop->ev, &t->silence);
	ev_timer_set(&t->silence, (double)t->cfg->timeout_us / US_PER_S, 0.);
	ev_timer_start(t->loop->ev, &t->silence);
}

static void on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct track_proxy *t = container_of(w, struct track_proxy, io);
	bool is_new;

	(void)loop, (void)revents;
	if (!drain(t, &is_new)) {
		lost(t);
		return;
	}
	if (!is_new)
		return;
	arm_silence(t);
	set_health(t, track_proxy_judge(t->cfg, &t->last));
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
				   .fd = -1 };
	ev_init(&t->io, on_readable);
	ev_set_priority(&t->io, 1); /* before the timers, or an old silence would count */
	ev_init(&t->silence, on_silence);
	ev_init(&t->retry, on_retry);
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

void track_proxy_start(struct track_proxy *t)
{
	int fd;

	disconnect(t);
	fd = open_connection(t->cfg->socket);
	if (fd < 0) {
		lost(t);
		return;
	}
	t->fd = fd;
	t->n_connects++;
	ev_io_set(&t->io, fd, EV_READ);
	ev_io_start(t->loop->ev, &t->io);
	arm_silence(t); /* one that accepts and says nothing is hung */
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
