/* worker.c - the VRRP process. */
#include "worker.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <tandem/clock.h>
#include <tandem/daemon.h>
#include <tandem/log.h>
#include <time.h>
#include <unistd.h>

#include "board.h"
#include "config/cfg_model.h"
#include "config/cfg_parse.h"
#include "garp.h"
#include "punctual.h"
#include "state_file.h"
#include "vrrp_lease.h"

#define HELLO_S       1.0
#define STALL_US      (500 * US_PER_MS) /* worth a word */
#define STOP_LIMIT_US (2 * US_PER_S)    /* for the last notify programs */

/* --- each turn of the loop ------------------------------------------------------------------ */

/* Time that CLOCK_MONOTONIC does not count: the machine was suspended. */
static int64_t asleep_us(int64_t mono_us)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * US_PER_S + t.tv_nsec / 1000 - mono_us;
}

static void after_pause(struct worker *w, int64_t pause_us, bool is_suspended)
{
	struct vrrp_instance *i;

	list_for_each (i, &w->instances, node) {
		bool is_revoked = i->board && atomic_load(&i->board->is_revoked);
		int64_t lease_us = vrrp_lease_own_us(i);
		bool is_lost = is_revoked || (lease_us && pause_us > lease_us) ||
			       (is_suspended && pause_us > vrrp_fsm_down_us(&i->fsm));

		vrrp_instance_on_stall(i, is_lost);
		if (i->board)
			atomic_store(&i->board->is_revoked, 0);
	}
}

static bool is_any_revoked(const struct worker *w)
{
	const struct vrrp_instance *i;

	list_for_each (i, &w->instances, node) {
		if (i->board && atomic_load(&i->board->is_revoked))
			return true;
	}
	return false;
}

/* The first thing after waiting: did we sleep longer than we meant to? Nothing may be sent or
 * renewed before this is answered. */
static void after_waiting(struct worker *w)
{
	int64_t now_us = w->loop.now_us, pause_us = now_us - w->last_turn_us;
	int64_t asleep = asleep_us(now_us), suspended_us = asleep - w->asleep_us;

	w->last_turn_us = now_us;
	w->asleep_us = asleep;
	atomic_store(&w->board->heartbeat_us, now_us);
	if (pause_us < VRRP_RENEW_US + STALL_US && suspended_us < STALL_US && !is_any_revoked(w))
		return;
	w->n_stalls++;
	log_warn("vrrp", "stall", "paused_ms=%lld suspended_ms=%lld",
		 (long long)(pause_us / US_PER_MS), (long long)(suspended_us / US_PER_MS));
	after_pause(w, MAX(pause_us, suspended_us), suspended_us >= STALL_US);
}

/* Interfaces changed: one of ours may be gone, or one that something waits for be there. */
static void ensure_again(struct worker *w)
{
	worker_ensure_vmacs(w, w->cfg, false);
	if (w->cfg->statics.routes || w->cfg->statics.addrs)
		worker_ensure_statics(w, w->cfg);
}

static void before_waiting(struct worker *w)
{
	struct vrrp_instance *i;

	if (w->links_dirty) {
		w->links_dirty = false;
		if (!w->is_stopping)
			ensure_again(w);
		worker_sync_ifaces(w);
		list_for_each (i, &w->instances, node)
			vrrp_instance_on_links(i);
	}
	if (w->plan_dirty)
		worker_publish_plan(w);
}

static void on_idle(struct loop *l, bool sleeping)
{
	struct worker *w = container_of(l, struct worker, loop);

	if (sleeping)
		before_waiting(w);
	else
		after_waiting(w);
}

static void on_renew(struct ev_loop *loop, ev_timer *t, int revents)
{
	struct worker *w = container_of(t, struct worker, renew);
	struct vrrp_instance *i;

	(void)loop, (void)revents;
	list_for_each (i, &w->instances, node) {
		vrrp_instance_renew(i);
		vrrp_conflict_tick(i);
		dup_watch_tick(i);
		if (vrrp_lease_own_us(i)) /* tells that it was renewed */
			vrrp_io_send_hello(i);
	}
}

static void on_hello(struct ev_loop *loop, ev_timer *t, int revents)
{
	struct worker *w = container_of(t, struct worker, hello);
	struct vrrp_instance *i, *tmp;

	(void)loop, (void)revents;
	list_for_each (i, &w->instances, node) {
		vrrp_io_send_hello(i);
		vrrp_io_send_report(i);
		vrrp_instance_judge_weights(i);
		vrrp_io_update_board(i);
	}
	list_for_each_safe (i, tmp, &w->dying, node) {
		if (notify_is_idle(&i->notify))
			vrrp_instance_free(i);
	}
}

/* --- start and end -------------------------------------------------------------------------- */

static void on_stop_wait(struct ev_loop *loop, ev_timer *t, int revents)
{
	struct worker *w = container_of(t, struct worker, stop_wait);
	struct vrrp_instance *i;
	struct vrrp_group *g;
	bool is_idle = true;

	(void)loop, (void)revents;
	list_for_each (i, &w->instances, node)
		is_idle &= notify_is_idle(&i->notify);
	list_for_each (g, &w->groups, node)
		is_idle &= notify_is_idle(&g->notify);
	if (is_idle || w->loop.now_us >= w->stop_by_us)
		loop_stop(&w->loop);
}

static void stop(struct worker *w, const char *cause)
{
	struct vrrp_instance *i;

	if (w->is_stopping)
		return;
	w->is_stopping = true;
	log_notice("vrrp", "stopping", "cause=%s", cause);
	list_for_each (i, &w->instances, node)
		vrrp_instance_stop(i);
	worker_drop_vmacs(w, w->cfg, NULL);
	worker_drop_statics(w, w->cfg, NULL);
	nft_close(&w->nft);
	w->stop_by_us = w->loop.now_us + STOP_LIMIT_US;
	ev_timer_set(&w->stop_wait, 0., 0.01);
	ev_timer_start(w->loop.ev, &w->stop_wait);
}

static void on_signal(struct ev_loop *loop, ev_signal *s, int revents)
{
	struct worker *w = ev_userdata(loop);

	(void)revents;
	if (s->signum == SIGHUP) {
		if (!w->is_stopping)
			(void)!worker_reload(w);
		return;
	}
	stop(w, s->signum == SIGTERM ? "SIGTERM" : "SIGINT");
}

/* Nothing ever comes but the end of file. */
static void on_guardian(struct ev_loop *loop, ev_io *io, int revents)
{
	struct worker *w = container_of(io, struct worker, guardian_io);
	char byte;
	ssize_t n = read(w->guardian_fd, &byte, 1);

	(void)revents;
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	ev_io_stop(loop, io);
	log_err("guardian", "guardian_died", "");
	stop(w, "guardian_died");
}

static void watch_signal(struct worker *w, ev_signal *s, int signum)
{
	ev_signal_init(s, on_signal, signum);
	ev_signal_start(w->loop.ev, s);
}

static void start_watchers(struct worker *w)
{
	ev_set_userdata(w->loop.ev, w);
	watch_signal(w, &w->on_term, SIGTERM);
	watch_signal(w, &w->on_int, SIGINT);
	watch_signal(w, &w->on_hup, SIGHUP);
	ev_io_init(&w->guardian_io, on_guardian, w->guardian_fd, EV_READ);
	ev_io_start(w->loop.ev, &w->guardian_io);
	ev_timer_init(&w->renew, on_renew, (double)VRRP_RENEW_US / US_PER_S,
		      (double)VRRP_RENEW_US / US_PER_S);
	ev_timer_start(w->loop.ev, &w->renew);
	ev_timer_init(&w->hello, on_hello, 0.01, HELLO_S);
	ev_timer_start(w->loop.ev, &w->hello);
	ev_init(&w->stop_wait, on_stop_wait);
	worker_init_routing(w);
	ev_init(&w->delay, worker_on_delay);
}

static int open_all(struct worker *w)
{
	int err = loop_init(&w->loop, LOOP_DEFAULT | EVFLAG_NOENV);

	if (err)
		return err;
	process_watch_init(&w->watch, &w->loop);
	for (size_t k = 0; k < ARRAY_LEN(w->fifos); k++)
		fifo_init(&w->fifos[k], &w->loop);
	err = link_watch_init(&w->links, &w->loop, worker_on_link, worker_on_addr, w);
	if (!err)
		err = vip_nl_open(&w->nl);
	if (err)
		return err;
	w->env.raw6_fd = vrrp_sender_open(AF_INET6); /* fails where there is no IPv6 */
	w->env.raw_fd = vrrp_sender_open(AF_INET);
	if (w->env.raw_fd < 0)
		return w->env.raw_fd;
	w->env.garp_fd = garp_open();
	if (w->env.garp_fd < 0)
		return w->env.garp_fd;
	err = dup_watch_open(&w->dup, &w->loop, worker_on_claim, w);
	if (err) /* only a duplicate address stays unseen */
		log_warn("vrrp", "dup_watch_unavailable", "error=%s",
			 log_quoted(str_from(strerror(-err))));
	err = handover_open(&w->handover, &w->loop, worker_on_handover, w);
	if (err) /* plain VRRP works without */
		log_warn("vrrp", "handover_unavailable", "port=%d error=%s", HANDOVER_PORT,
			 log_quoted(str_from(strerror(-err))));
	return 0;
}

static void drop_capabilities(void)
{
	/* Addresses and raw sockets; lock memory; run scripts as other users and end them. */
	static const int keep[] = { CAP_NET_ADMIN, CAP_NET_RAW, CAP_IPC_LOCK, CAP_SETUID,
				    CAP_SETGID,    CAP_KILL,    CAP_SYS_NICE, -1 };
	int err = daemon_drop_privileges(NULL, (uid_t)-1, (gid_t)-1, keep);

	if (err)
		log_notice("vrrp", "capabilities_kept", "error=%s",
			   log_quoted(str_from(strerror(-err))));
}

static void free_all(struct worker *w)
{
	struct list *lists[] = { &w->instances, &w->dying };
	struct vrrp_instance *i, *tmp;
	struct worker_iface *f, *f_tmp;

	worker_free_groups(w);
	for (size_t k = 0; k < ARRAY_LEN(w->fifos); k++)
		fifo_close(&w->fifos[k]);
	for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
		list_for_each_safe (i, tmp, lists[k], node)
			vrrp_instance_free(i);
	}
	worker_free_tracks(w);
	list_for_each_safe (f, f_tmp, &w->ifaces, node) {
		vrrp_sock_close(&f->sock);
		free(f);
	}
	if (w->ctl_path)
		ctl_server_fini(&w->ctl);
	free(w->ctl_path);
	handover_close(&w->handover);
	dup_watch_close(&w->dup);
	link_watch_fini(&w->links);
	vip_nl_close(&w->nl);
	if (w->env.raw_fd >= 0)
		close(w->env.raw_fd);
	if (w->env.raw6_fd >= 0)
		close(w->env.raw6_fd);
	if (w->env.garp_fd >= 0)
		close(w->env.garp_fd);
	cfg_free(w->cfg);
}

static void init(struct worker *w, const char *path, struct board *board, int guardian_fd)
{
	*w = (struct worker){ .cfg_path = path,
			      .board = board,
			      .guardian_fd = guardian_fd,
			      .handover = { .fd = -1, .fd6 = -1 },
			      .env = { .loop = &w->loop,
				       .board = board,
				       .links = &w->links,
				       .nl = &w->nl,
				       .nft = &w->nft,
				       .raw_fd = -1,
				       .raw6_fd = -1,
				       .garp_fd = -1,
				       .handover = &w->handover,
				       .on_transition = worker_on_transition,
				       .on_successor = worker_on_successor,
				       .on_plan_changed = worker_on_plan_changed,
				       .tell = worker_on_tell,
				       .arg = w } };
	list_init(&w->ifaces);
	list_init(&w->sysctls.list);
	list_init(&w->instances);
	list_init(&w->scripts);
	list_init(&w->proxies);
	list_init(&w->dying);
	list_init(&w->groups);
	list_init(&w->files);
	list_init(&w->processes);
	list_init(&w->links.links);
}

int worker_run(struct cfg *cfg, const char *path, struct board *board, int guardian_fd)
{
	struct worker *w = xcalloc(1, sizeof(*w));
	int err;

	prctl(PR_SET_NAME, "vrrpd-worker");
	init(w, path, board, guardian_fd);
	err = open_all(w);
	if (err) {
		log_err("vrrp", "start_failed", "error=%s", log_quoted(str_from(strerror(-err))));
		cfg_free(cfg);
		return 1;
	}
	w->started_us = w->last_turn_us = w->loop.now_us;
	w->started_real_us = clock_real_us();
	w->asleep_us = asleep_us(w->loop.now_us);
	state_file_clean(cfg, &w->links, &w->nl);
	start_watchers(w);
	worker_delay_start(w, cfg->global.startup_delay_us);
	worker_apply_cfg(w, cfg);
	punctual_be(0);
	drop_capabilities();
	w->loop.on_idle = on_idle;
	loop_update_now(&w->loop);
	w->last_turn_us = w->loop.now_us;
	daemon_ready(); /* here, too: closes our standard error */
	(void)!write(guardian_fd, "R", 1);
	log_notice("vrrp", "started", "version=" TANDEM_VERSION " instances=%u file=%s",
		   cfg->n_instances, log_quoted(str_from(path)));
	loop_run(&w->loop);
	log_notice("vrrp", "stopped", "");
	free_all(w);
	loop_fini(&w->loop);
	free(w);
	return 0;
}
