/* track_process.c - do enough processes of a name run? */
#include "track_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tandem/clock.h>
#include <tandem/log.h>
#include <tandem/str.h>
#include <unistd.h>

#include "config/cfg_model.h"

#define POLL_S       0.2
#define COMM_LEN     15 /* the kernel cuts names */
#define RCVBUF_BYTES (1024 * 1024)
#define MAX_PER_TURN 512

/* --- does it match? -------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The parameters of a process, from the second word on. */
static bool match_params(const struct cfg_process_track *c, const char *p, const char *end)
{
	char *const *want = c->argv + 1;

	for (; *want; want++) {
		size_t n = strlen(*want);

		if (p >= end)
			return false;
		if (c->match == MATCH_INITIAL && !want[1])
			return strncmp(p, *want, n) == 0;
		if (strcmp(p, *want) != 0)
			return false;
		p += n + 1;
	}
	return c->match == MATCH_PARTIAL || p >= end;
}

bool track_process_matches(const struct cfg_process_track *c, const char *comm, const char *cmdline,
			   size_t len)
{
	const char *want = c->argv[0];

	if (c->match == MATCH_NAME && !c->full_command)
		return strncmp(comm, base_name(want), COMM_LEN) == 0;
	if (!len)
		return false;
	if (strcmp(strchr(want, '/') ? cmdline : base_name(cmdline), want) != 0)
		return false;
	if (c->match == MATCH_NAME)
		return true;
	return match_params(c, cmdline + strlen(cmdline) + 1, cmdline + len);
}

static ssize_t read_proc(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n;
}

static bool is_match(const struct cfg_process_track *c, pid_t pid)
{
	char stat[512], cmdline[4096], comm[COMM_LEN + 1] = "";
	ssize_t n = read_proc(pid, "stat", stat, sizeof(stat));
	const char *open = strchr(stat, '('), *close = strrchr(stat, ')');

	/* "pid (comm) state ..."; a zombie does not run */
	if (n <= 0 || !open || !close || close < open || close[1] != ' ' || close[2] == 'Z' ||
	    close[2] == 'X')
		return false;
	memcpy(comm, open + 1, MIN((size_t)(close - open - 1), (size_t)COMM_LEN));
	n = 0;
	if (c->match != MATCH_NAME || c->full_command)
		n = read_proc(pid, "cmdline", cmdline, sizeof(cmdline));
	return track_process_matches(c, comm, cmdline, n > 0 ? (size_t)n : 0);
}

/* --- the set of those that match ------------------------------------------------------------- */

static void drop(struct track_process *t, pid_t pid)
{
	for (unsigned i = 0; i < t->n_pids; i++)
		if (t->pids[i] == pid)
			t->pids[i--] = t->pids[--t->n_pids];
}

static void check_pid(struct track_process *t, pid_t pid)
{
	drop(t, pid);
	if (!is_match(t->cfg, pid))
		return;
	if (t->n_pids == t->cap_pids) {
		t->cap_pids = t->cap_pids ? 2 * t->cap_pids : 8;
		t->pids = xrealloc(t->pids, t->cap_pids * sizeof(*t->pids));
	}
	t->pids[t->n_pids++] = pid;
}

static bool is_enough(const struct track_process *t)
{
	if (t->cfg->quorum_max == 0)
		return t->n_pids == 0;
	return t->n_pids >= t->cfg->quorum && t->n_pids <= t->cfg->quorum_max;
}

static void turn(struct track_process *t)
{
	t->is_up = is_enough(t);
	log_write(t->is_up ? LOGL_NOTICE : LOGL_WARN, "track", "process",
		  "name=%s to=%s running=%u", t->cfg->name, t->is_up ? "up" : "down", t->n_pids);
	t->changed(t->arg, t);
}

static void on_delay(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct track_process *t = container_of(w, struct track_process, delay);

	(void)loop, (void)revents;
	if (t->is_up != is_enough(t))
		turn(t);
}

static void settle(struct track_process *t)
{
	bool up = is_enough(t);
	int64_t delay_us = up ? t->cfg->fork_delay_us : t->cfg->terminate_delay_us;

	if (up == t->is_up) {
		ev_timer_stop(t->watch->loop->ev, &t->delay);
		return;
	}
	if (delay_us <= 0) {
		turn(t);
	} else if (!ev_is_active(&t->delay)) {
		ev_timer_set(&t->delay, (double)delay_us / US_PER_S, 0.);
		ev_timer_start(t->watch->loop->ev, &t->delay);
	}
}

static void scan(struct process_watch *w)
{
	DIR *d = opendir("/proc");
	const struct dirent *e;
	struct track_process *t;

	list_for_each (t, &w->trackers, node)
		t->n_pids = 0;
	while (d && (e = readdir(d)) != NULL) {
		int64_t pid;

		if (str_parse_int(str_from(e->d_name), 1, INT32_MAX, &pid) != 0)
			continue;
		list_for_each (t, &w->trackers, node)
			check_pid(t, (pid_t)pid);
	}
	if (d)
		closedir(d);
}

static void settle_all(struct process_watch *w)
{
	struct track_process *t, *tmp;

	list_for_each_safe (t, tmp, &w->trackers, node)
		settle(t);
}

/* --- the kernel's events --------------------------------------------------------------------- */

static void on_process_event(struct process_watch *w, const struct proc_event *e)
{
	struct track_process *t;
	pid_t pid = 0;
	bool is_end = false;

	switch ((unsigned)e->what) {
	case PROC_EVENT_NONE: /* the answer to our request: from now on we are told */
		if (e->event_data.ack.err || !w->is_silent)
			return;
		w->is_silent = false;
		ev_timer_stop(w->loop->ev, &w->poll);
		scan(w); /* what happened in between */
		return;
	case PROC_EVENT_FORK:
		if (e->event_data.fork.child_pid != e->event_data.fork.child_tgid)
			return; /* a thread */
		pid = e->event_data.fork.child_tgid;
		break;
	case PROC_EVENT_EXEC:
		pid = e->event_data.exec.process_tgid;
		break;
	case PROC_EVENT_COMM:
		if (e->event_data.comm.process_pid != e->event_data.comm.process_tgid)
			return;
		pid = e->event_data.comm.process_tgid;
		break;
	case PROC_EVENT_EXIT:
		if (e->event_data.exit.process_pid != e->event_data.exit.process_tgid)
			return;
		pid = e->event_data.exit.process_tgid;
		is_end = true;
		break;
	default:
		return;
	}
	list_for_each (t, &w->trackers, node) {
		if (is_end)
			drop(t, pid);
		else
			check_pid(t, pid);
	}
}

static void on_readable(struct ev_loop *loop, ev_io *io, int revents)
{
	struct process_watch *w = container_of(io, struct process_watch, io);
	_Alignas(struct nlmsghdr) char buf[4096];

	(void)loop, (void)revents;
	for (int i = 0; i < MAX_PER_TURN; i++) {
		ssize_t n = recv(w->fd, buf, sizeof(buf), MSG_DONTWAIT);
		const struct nlmsghdr *h = (const void *)buf;
		const struct cn_msg *m;

		if (n < 0 && errno == ENOBUFS) { /* events were lost */
			scan(w);
			continue;
		}
		if (n < (ssize_t)NLMSG_LENGTH(sizeof(*m) + sizeof(struct proc_event)))
			break;
		m = NLMSG_DATA(h);
		if (m->id.idx == CN_IDX_PROC && m->id.val == CN_VAL_PROC)
			on_process_event(w, (const void *)m->data);
	}
	settle_all(w);
}

static void on_poll(struct ev_loop *loop, ev_timer *timer, int revents)
{
	struct process_watch *w = container_of(timer, struct process_watch, poll);

	(void)loop, (void)revents;
	scan(w);
	settle_all(w);
}

static int ask_kernel(struct process_watch *w)
{
	static const enum proc_cn_mcast_op op = PROC_CN_MCAST_LISTEN;
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC };
	_Alignas(struct nlmsghdr)
		uint8_t rq[NLMSG_LENGTH(sizeof(struct cn_msg) + sizeof(op))] = { 0 };
	struct nlmsghdr *h = (void *)rq;
	struct cn_msg *m = NLMSG_DATA(h);
	int fd = socket(PF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);
	int bytes = RCVBUF_BYTES;

	if (fd < 0)
		return -errno;
	h->nlmsg_len = sizeof(rq);
	h->nlmsg_type = NLMSG_DONE;
	m->id.idx = CN_IDX_PROC;
	m->id.val = CN_VAL_PROC;
	m->len = sizeof(op);
	memcpy(m->data, &op, sizeof(op));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) ||
	    send(fd, rq, sizeof(rq), 0) != (ssize_t)sizeof(rq)) {
		int err = -errno;

		close(fd);
		return err;
	}
	w->fd = fd;
	ev_io_set(&w->io, fd, EV_READ);
	ev_io_start(w->loop->ev, &w->io);
	return 0;
}

/* --- life ------------------------------------------------------------------------------------ */

void process_watch_init(struct process_watch *w, struct loop *loop)
{
	*w = (struct process_watch){ .loop = loop, .fd = -1 };
	list_init(&w->trackers);
	ev_init(&w->io, on_readable);
	ev_timer_init(&w->poll, on_poll, POLL_S, POLL_S);
}

static void open_watch(struct process_watch *w)
{
	int err = ask_kernel(w);

	w->is_silent = true;
	ev_timer_start(w->loop->ev, &w->poll); /* until the kernel has answered */
	if (err)
		log_notice("track", "process_polling", "every_ms=%d error=%s", (int)(POLL_S * 1000),
			   log_quoted(str_from(strerror(-err))));
}

void process_watch_close(struct process_watch *w)
{
	if (!w->loop)
		return;
	ev_io_stop(w->loop->ev, &w->io);
	ev_timer_stop(w->loop->ev, &w->poll);
	if (w->fd != -1)
		close(w->fd);
	w->fd = -1;
}

void track_process_start(struct track_process *t, struct process_watch *w,
			 const struct cfg_process_track *cfg, track_process_fn *changed, void *arg)
{
	*t = (struct track_process){ .watch = w, .cfg = cfg, .changed = changed, .arg = arg };
	ev_init(&t->delay, on_delay);
	if (list_is_empty(&w->trackers))
		open_watch(w);
	list_add_tail(&w->trackers, &t->node);
	scan(w);
	t->is_up = is_enough(t);
}

void track_process_stop(struct track_process *t)
{
	ev_timer_stop(t->watch->loop->ev, &t->delay);
	list_del(&t->node);
	free(t->pids);
	t->pids = NULL;
	if (list_is_empty(&t->watch->trackers))
		process_watch_close(t->watch);
}
