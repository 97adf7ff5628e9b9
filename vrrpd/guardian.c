/* guardian.c - the parent process. */
#include "guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <tandem/clock.h>
#include <tandem/daemon.h>
#include <tandem/log.h>
#include <unistd.h>

#include "board.h"
#include "punctual.h"
#include "routing.h"

#define TICK_IDLE_MS     100
#define TICK_MIN_MS      5
#define BACKOFF_FIRST_US (50 * US_PER_MS)
#define BACKOFF_MAX_US   (5 * US_PER_S)
#define LIVED_LONG_US    (60 * US_PER_S) /* after that, a death is a new one */
#define STOP_PATIENCE_US (3 * US_PER_S)
#define FAILED_TO_START  1

struct guardian {
	const struct guardian_params *p;
	struct vip_nl nl;
	int raw_fd, raw6_fd, udp_fd, udp6_fd, signal_fd; /* owned */
	sigset_t old_mask;
	pid_t pid;   /* of the worker; 0: none */
	int pipe_fd; /* to the worker; -1: none */
	bool was_ready, is_stopping;
	int64_t started_us, backoff_us, restart_at_us, kill_at_us;
	int64_t watchdog_us, petted_us; /* systemd's WatchdogSec; 0: it does not ask */
	int exit_status;                /* -1: go on */
};

static int del_routing(struct guardian *g, const struct board_half *h,
		       const struct board_instance *bi)
{
	size_t len;
	const uint8_t *messages = board_routing(h, bi, &len);

	return messages ? routing_del(&g->nl, messages, len) : 0;
}

/* Let go of what one instance holds, in the worker's place: addresses first, so that the next
 * master finds nobody who still answers. */
static void let_go(struct guardian *g, struct board_half *h, struct board_instance *bi,
		   const char *why)
{
	int64_t start = clock_mono_us();
	const struct board_packet *k;
	uint8_t claim[HANDOVER_MAX_LEN];
	struct net_dest to;
	uint32_t cursor = 0;
	size_t n_vips;
	const struct vip *vips = board_vips(h, bi, &n_vips);
	size_t claim_len = board_get_handover(bi, &to, claim);
	int err = del_routing(g, h, bi);

	if (n_vips && vip_del(&g->nl, vips, n_vips, NULL) && !err)
		err = -EIO; /* the others are gone */
	if (claim_len && g->udp_fd >= 0)
		(void)!vrrp_send(to.dst.sa.sa_family == AF_INET6 ? g->udp6_fd : g->udp_fd, &to,
				 claim, claim_len);
	while ((k = board_next_packet(h, bi, &cursor)))
		(void)!vrrp_send(k->to.dst.sa.sa_family == AF_INET6 ? g->raw6_fd : g->raw_fd,
				 &k->to, board_packet_bytes(k), k->len);
	log_warn("guardian", "let_go",
		 "instance=%.*s cause=%s addresses=%zu error=%d hand_over=%s took_us=%lld",
		 BOARD_NAME_LEN, bi->name, why, n_vips, -err, (claim_len > 0) ? "asked" : "none",
		 (long long)(clock_mono_us() - start));
}

static void del_links(struct guardian *g, const struct board_half *h)
{
	size_t len;
	const uint8_t *messages = board_links(h, &len);
	int err = messages ? routing_del(&g->nl, messages, len) : 0;

	if (err)
		log_warn("guardian", "remove_links_failed", "error=%s",
			 log_quoted(str_from(strerror(-err))));
}

static void let_go_all(struct guardian *g, const char *why)
{
	struct board_half *h = board_current(g->p->board);

	for (uint32_t i = 0; h && i < h->n_instances; i++) {
		struct board_instance *bi = &h->instances[i];

		if (!atomic_load(&bi->is_active))
			continue;
		if (atomic_load(
			    &bi->is_revoked)) { /* said already; a last write of its may linger */
			size_t n;
			const struct vip *vips = board_vips(h, bi, &n);

			(void)!del_routing(g, h, bi);
			(void)!(n ? vip_del(&g->nl, vips, n, NULL) : 0);
		} else {
			let_go(g, h, bi, why);
		}
		atomic_store(&bi->is_active, 0);
		atomic_store(&bi->is_revoked, 0);
	}
	if (h) /* after the goodbyes, which may leave through them */
		del_links(g, h);
}

/* A worker that holds addresses and does not turn any more. Returns how long to wait until the
 * next look, in milliseconds. */
static int check_frozen(struct guardian *g)
{
	struct board_half *h = board_current(g->p->board);
	int64_t age = clock_mono_us() - atomic_load(&g->p->board->heartbeat_us);
	int64_t next_us = US_PER_MS * TICK_IDLE_MS;

	for (uint32_t i = 0; g->pid && h && i < h->n_instances; i++) {
		struct board_instance *bi = &h->instances[i];

		if (!atomic_load(&bi->is_active))
			continue;
		if (atomic_load(&bi->is_revoked))
			continue;
		if (age <= bi->frozen_after_us) {
			next_us = MIN(next_us, bi->frozen_after_us - age);
			continue;
		}
		/* First the mark: when the worker wakes up, it must not renew what we remove. */
		atomic_store(&bi->is_revoked, 1);
		let_go(g, h, bi, "worker_frozen");
	}
	return (int)MAX(next_us / US_PER_MS + 1, (int64_t)TICK_MIN_MS);
}

static int start_worker(struct guardian *g)
{
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds))
		return -errno;
	atomic_store(&g->p->board->heartbeat_us, clock_mono_us());
	pid = fork();
	if (pid < 0) {
		int err = -errno;

		close(fds[0]);
		close(fds[1]);
		return err;
	}
	if (pid == 0) {
		close(fds[0]);
		close(g->signal_fd);
		close(g->raw_fd);
		if (g->udp_fd >= 0)
			close(g->udp_fd);
		vip_nl_close(&g->nl);
		(void)sigprocmask(SIG_SETMASK, &g->old_mask, NULL);
		_exit(g->p->worker(g->p->arg, fds[1]));
	}
	close(fds[1]);
	g->pid = pid;
	g->pipe_fd = fds[0];
	g->started_us = clock_mono_us();
	g->restart_at_us = 0;
	return 0;
}

static void schedule_restart(struct guardian *g, int64_t now_us)
{
	if (now_us - g->started_us > LIVED_LONG_US || g->backoff_us == 0)
		g->backoff_us = BACKOFF_FIRST_US;
	else
		g->backoff_us = MIN(2 * g->backoff_us, BACKOFF_MAX_US);
	g->restart_at_us = now_us + g->backoff_us;
	log_notice("guardian", "restart", "in_ms=%lld", (long long)(g->backoff_us / US_PER_MS));
}

static void on_ready_byte(struct guardian *g)
{
	char byte;
	ssize_t n = read(g->pipe_fd, &byte, 1);

	if (n == 0) { /* the worker's end closed; SIGCHLD brings the rest */
		close(g->pipe_fd);
		g->pipe_fd = -1;
	} else if (n == 1 && !g->was_ready) {
		g->was_ready = true;
		g->p->ready(g->p->arg);
	}
}

static void on_worker_end(struct guardian *g, int status)
{
	bool is_clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	pid_t pid = g->pid;

	g->pid = 0;
	if (g->pipe_fd >= 0)
		on_ready_byte(g); /* it may have been ready and died at once */
	if (g->pipe_fd >= 0)
		close(g->pipe_fd);
	g->pipe_fd = -1;
	if (!is_clean)
		let_go_all(g, "worker_died"); /* before anything is written anywhere */
	if (g->is_stopping || (is_clean && g->was_ready)) {
		g->exit_status = 0;
		return;
	}
	if (!g->was_ready) { /* it told why */
		g->exit_status = FAILED_TO_START;
		return;
	}
	log_err("guardian", "worker_died", "pid=%d %s=%d", (int)pid,
		WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	schedule_restart(g, clock_mono_us());
}

static void reap(struct guardian *g)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == g->pid)
			on_worker_end(g, status);
	}
}

static void stop(struct guardian *g)
{
	if (!g->pid) {
		g->exit_status = 0;
		return;
	}
	if (g->is_stopping) { /* asked twice */
		(void)kill(g->pid, SIGKILL);
		return;
	}
	g->is_stopping = true;
	g->kill_at_us = clock_mono_us() + STOP_PATIENCE_US;
	(void)kill(g->pid, SIGTERM);
}

static void on_signals(struct guardian *g)
{
	struct signalfd_siginfo info;

	while (read(g->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			reap(g);
			break;
		case SIGTERM:
		case SIGINT:
			stop(g);
			break;
		case SIGHUP:
			if (g->p->check(g->p->arg) && g->pid)
				(void)kill(g->pid, SIGHUP);
			break;
		case SIGUSR1: /* keepalived: dump data; a log line instead of a file */
		case SIGUSR2:
			log_notice("guardian", "signal_ignored", "signal=%u use=\"show vrrp\"",
				   info.ssi_signo);
			break;
		}
	}
}

static int open_all(struct guardian *g)
{
	sigset_t mask;
	int err;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGUSR2);
	sigprocmask(SIG_BLOCK, &mask, &g->old_mask);
	err = vip_nl_open(&g->nl);
	if (err)
		return err;
	g->raw6_fd = vrrp_sender_open(AF_INET6); /* fails where there is no IPv6 */
	g->udp6_fd = handover_sender_open(AF_INET6);
	g->raw_fd = vrrp_sender_open(AF_INET);
	if (g->raw_fd < 0)
		return g->raw_fd;
	g->udp_fd = handover_sender_open(AF_INET); /* without it, priority 0 must do */
	g->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	return g->signal_fd < 0 ? -errno : 0;
}

static void close_all(struct guardian *g)
{
	vip_nl_close(&g->nl);
	if (g->raw_fd >= 0)
		close(g->raw_fd);
	if (g->raw6_fd >= 0)
		close(g->raw6_fd);
	if (g->udp6_fd >= 0)
		close(g->udp6_fd);
	if (g->udp_fd >= 0)
		close(g->udp_fd);
	if (g->signal_fd >= 0)
		close(g->signal_fd);
	if (g->pipe_fd >= 0)
		close(g->pipe_fd);
	(void)sigprocmask(SIG_SETMASK, &g->old_mask, NULL);
}

/* Tell systemd that we turn. A worker that hangs for as long is ended: its addresses are gone
 * already, and the next one may serve. */
static void pet_watchdog(struct guardian *g, int64_t now_us)
{
	int64_t age_us;

	if (!g->watchdog_us || now_us - g->petted_us < g->watchdog_us / 4)
		return;
	age_us = now_us - atomic_load(&g->p->board->heartbeat_us);
	/* who did not turn for so long himself lets the worker turn first */
	if (g->pid && g->was_ready && age_us > g->watchdog_us &&
	    now_us - g->petted_us < g->watchdog_us / 2) {
		log_err("guardian", "worker_hangs", "pid=%d silent_ms=%lld", (int)g->pid,
			(long long)(age_us / US_PER_MS));
		(void)kill(g->pid, SIGKILL);
	}
	g->petted_us = now_us;
	daemon_notify("WATCHDOG=1");
}

/* What is due by time. */
static void on_tick(struct guardian *g)
{
	int64_t now_us = clock_mono_us();

	pet_watchdog(g, now_us);
	if (g->restart_at_us && now_us >= g->restart_at_us && !g->is_stopping) {
		int err = start_worker(g);

		if (err) {
			log_err("guardian", "fork_failed", "error=%s", strerror(-err));
			schedule_restart(g, now_us);
		}
	}
	if (g->is_stopping && g->pid && now_us >= g->kill_at_us) {
		log_warn("guardian", "worker_does_not_stop", "pid=%d", (int)g->pid);
		(void)kill(g->pid, SIGKILL);
		g->kill_at_us = now_us + STOP_PATIENCE_US;
	}
}

int guardian_run(const struct guardian_params *p)
{
	struct guardian g = { .p = p,
			      .raw_fd = -1,
			      .raw6_fd = -1,
			      .udp6_fd = -1,
			      .udp_fd = -1,
			      .signal_fd = -1,
			      .pipe_fd = -1,
			      .watchdog_us = (int64_t)daemon_watchdog_us(),
			      .exit_status = -1 };
	int err = open_all(&g);

	if (!err)
		err = start_worker(&g);
	if (err) {
		log_err("guardian", "start_failed", "error=%s",
			log_quoted(str_from(strerror(-err))));
		g.exit_status = FAILED_TO_START;
	} else {
		punctual_be(1); /* before the worker: one that runs wild must not hold us up */
	}
	while (g.exit_status < 0) {
		struct pollfd fds[2] = { { .fd = g.signal_fd, .events = POLLIN },
					 { .fd = g.pipe_fd, .events = POLLIN } };
		int wait_ms = check_frozen(&g);

		if (g.restart_at_us)
			wait_ms = MIN(wait_ms, TICK_MIN_MS);
		(void)poll(fds, 2, wait_ms);
		if (fds[0].revents)
			on_signals(&g);
		if (g.pipe_fd >= 0 && fds[1].revents)
			on_ready_byte(&g);
		on_tick(&g);
	}
	close_all(&g);
	return g.exit_status;
}
