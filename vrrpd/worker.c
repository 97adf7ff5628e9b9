/* worker.c - the VRRP process. */
#include "worker.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <tandem/clock.h>
#include <tandem/daemon.h>
#include <tandem/diag.h>
#include <tandem/log.h>
#include <time.h>
#include <unistd.h>

#include "board.h"
#include "config/cfg_model.h"
#include "config/cfg_parse.h"
#include "garp.h"
#include "punctual.h"
#include "state_file.h"

#define RENEW_US      (250 * US_PER_MS)
#define HELLO_S       1.0
#define STALL_US      (500 * US_PER_MS) /* worth a word */
#define STOP_LIMIT_US (2 * US_PER_S)    /* for the last notify programs */

/* --- interfaces ----------------------------------------------------------------------------- */

static void on_packet(void *arg, const struct vrrp_rx *rx)
{
	struct worker_iface *f = arg;
	/* The VRID is the second byte in all versions; the rest is for the instance to judge. */
	struct vrrp_instance *i = rx->len >= 2 ? f->by_vrid[rx->pdu[1]] : NULL;

	if (i && i->is_started)
		vrrp_io_on_packet(i, rx);
	else
		f->worker->n_foreign++;
}

static void on_handover(void *arg, unsigned ifindex, const struct addr *src,
			const struct handover_msg *m)
{
	struct worker *w = arg;
	struct worker_iface *f;

	list_for_each (f, &w->ifaces, node) {
		struct vrrp_instance *i = f->by_vrid[m->vrid];

		if (f->family == src->sa.sa_family && f->sock.ifindex == ifindex &&
		    f->sock.fd != -1 && i && i->is_started)
			vrrp_io_on_handover(i, src, m);
	}
}

static struct worker_iface *get_iface(struct worker *w, const char *name, int family)
{
	struct worker_iface *f;

	list_for_each (f, &w->ifaces, node) {
		if (f->family == family && strcmp(f->name, name) == 0)
			return f;
	}
	f = xcalloc(1, sizeof(*f));
	f->worker = w;
	f->family = family;
	f->sock.fd = -1;
	strncpy(f->name, name, sizeof(f->name) - 1);
	list_add_tail(&w->ifaces, &f->node);
	return f;
}

static void open_iface(struct worker *w, struct worker_iface *f, const struct link *l)
{
	const struct cfg_global *g = &w->cfg->global;
	struct addr group = f->family == AF_INET6 ? g->mcast_group6 : g->mcast_group4;
	struct addr none = { 0 };
	int err;

	vrrp_sock_close(&f->sock);
	err = vrrp_sock_open(&f->sock, &w->loop, f->family, l->ifindex, f->name,
			     f->wants_group ? &group : &none, on_packet, f);
	if (err) {
		log_err("vrrp", "socket_failed", "interface=%s error=%s", f->name,
			log_quoted(str_from(strerror(-err))));
		return;
	}
	f->has_group = f->wants_group;
	if (f->wants_group && (f->family == AF_INET6 ? w->handover.fd6 : w->handover.fd) != -1 &&
	    handover_join(&w->handover, l->ifindex, &group))
		log_warn("vrrp", "handover_join_failed", "interface=%s", f->name);
}

/* Sockets and tables for the instances and interfaces that there are now. */
static void sync_ifaces(struct worker *w)
{
	struct worker_iface *f, *tmp;
	struct vrrp_instance *i;

	list_for_each (f, &w->ifaces, node) {
		memset(f->by_vrid, 0, sizeof(f->by_vrid));
		f->wants_group = f->is_used = false;
	}
	list_for_each (i, &w->instances, node) {
		f = get_iface(w, i->cfg->interface, i->cfg->family);
		f->by_vrid[i->cfg->vrid] = i;
		f->wants_group |= !i->cfg->is_unicast;
		f->is_used = true;
	}
	list_for_each_safe (f, tmp, &w->ifaces, node) {
		const struct link *l = link_find(&w->links, f->name);

		if (!f->is_used || !l)
			vrrp_sock_close(&f->sock);
		if (!f->is_used) {
			list_del(&f->node);
			free(f);
		} else if (l && (f->sock.fd == -1 || f->sock.ifindex != l->ifindex ||
				 f->has_group != f->wants_group)) {
			open_iface(w, f, l);
		}
	}
}

static void on_link(void *arg, const struct link *l, bool is_gone)
{
	struct worker *w = arg;

	log_info("link", is_gone ? "gone" : "changed", "interface=%s index=%u up=%d running=%d",
		 l->name, l->ifindex, !!(l->flags & IFF_UP), !!(l->flags & IFF_RUNNING));
	w->links_dirty = true;
}

static void on_addr(void *arg, const struct link *l, const struct link_addr *a, bool is_gone)
{
	struct worker *w = arg;
	struct vrrp_instance *i;

	w->links_dirty = true;
	if (!is_gone)
		return;
	list_for_each (i, &w->instances, node)
		vrrp_instance_on_addr_gone(i, l->ifindex, &a->addr);
}

/* --- the guardian's board ------------------------------------------------------------------- */

static void on_plan_changed(void *arg)
{
	((struct worker *)arg)->plan_dirty = true;
}

static void publish_plan(struct worker *w)
{
	struct board_plan plan;
	struct vrrp_instance *i;
	unsigned n = 0;

	list_for_each (i, &w->instances, node)
		n++;
	board_plan_begin(&plan, w->board, n);
	list_for_each (i, &w->instances, node)
		vrrp_io_plan(i, &plan);
	if (board_plan_commit(&plan))
		log_err("guardian", "plan_too_large", "instances=%u", n);
	w->plan_dirty = false;
}

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
		bool is_lost = is_revoked || (is_suspended && pause_us > vrrp_fsm_down_us(&i->fsm));

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
	if (pause_us < RENEW_US + STALL_US && suspended_us < STALL_US && !is_any_revoked(w))
		return;
	w->n_stalls++;
	log_warn("vrrp", "stall", "paused_ms=%lld suspended_ms=%lld",
		 (long long)(pause_us / US_PER_MS), (long long)(suspended_us / US_PER_MS));
	after_pause(w, MAX(pause_us, suspended_us), suspended_us >= STALL_US);
}

static void before_waiting(struct worker *w)
{
	struct vrrp_instance *i;

	if (w->links_dirty) {
		w->links_dirty = false;
		sync_ifaces(w);
		list_for_each (i, &w->instances, node)
			vrrp_instance_on_links(i);
	}
	if (w->plan_dirty)
		publish_plan(w);
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
	list_for_each (i, &w->instances, node)
		vrrp_instance_renew(i);
}

static void on_hello(struct ev_loop *loop, ev_timer *t, int revents)
{
	struct worker *w = container_of(t, struct worker, hello);
	struct vrrp_instance *i, *tmp;

	(void)loop, (void)revents;
	list_for_each (i, &w->instances, node) {
		vrrp_io_send_hello(i);
		vrrp_io_update_board(i);
	}
	list_for_each_safe (i, tmp, &w->dying, node) {
		if (notify_is_idle(&i->notify))
			vrrp_instance_free(i);
	}
}

/* --- instances ------------------------------------------------------------------------------ */

static void on_transition(void *arg, struct vrrp_instance *i, enum vrrp_state from)
{
	struct worker *w = arg;
	struct worker_history *h = &w->history[w->n_history % WORKER_HISTORY];
	int64_t before_us = w->started_us;

	for (uint64_t k = w->n_history; k > 0 && w->n_history - k < WORKER_HISTORY - 1; k--) {
		const struct worker_history *o = &w->history[(k - 1) % WORKER_HISTORY];

		if (strcmp(o->instance, i->cfg->name) == 0) {
			before_us = o->mono_us;
			break;
		}
	}
	*h = (struct worker_history){ .real_us = i->since_real_us,
				      .mono_us = i->fsm.since_us,
				      .lasted_us = i->fsm.since_us - before_us,
				      .from = from,
				      .to = i->fsm.state,
				      .cause = i->fsm.cause };
	strncpy(h->instance, i->cfg->name, sizeof(h->instance) - 1);
	if (i->fsm.cause == VRRP_CAUSE_FAULT && i->fault_cause)
		strncpy(h->detail, i->fault_cause, sizeof(h->detail) - 1);
	w->n_history++;
}

static void on_tell(void *arg, const char *kind, const char *name, const char *state,
		    unsigned priority)
{
	struct worker *w = arg;

	for (size_t k = 0; k < ARRAY_LEN(w->fifos); k++)
		fifo_tell(&w->fifos[k], kind, name, state, priority);
}

static struct vrrp_instance *find_instance(struct worker *w, const struct cfg_instance *c)
{
	struct vrrp_instance *i;

	list_for_each (i, &w->instances, node) {
		if (strcmp(i->cfg->name, c->name) == 0 &&
		    strcmp(i->cfg->interface, c->interface) == 0 && i->cfg->vrid == c->vrid)
			return i;
	}
	return NULL;
}

static void start_instances(struct worker *w)
{
	struct vrrp_instance *i;

	list_for_each (i, &w->instances, node) {
		if (!i->is_started)
			vrrp_instance_start(i);
	}
}

static void on_delay(struct ev_loop *loop, ev_timer *t, int revents)
{
	struct worker *w = container_of(t, struct worker, delay);

	(void)loop, (void)revents;
	if (w->is_stopping)
		return;
	w->is_delayed = false;
	log_notice("vrrp", "startup_delay_over", "");
	start_instances(w);
	publish_plan(w);
}

/* vrrp_startup_delay: nothing claims, and nothing is heard, before it is over. */
static void delay_start(struct worker *w, int64_t delay_us)
{
	if (delay_us <= 0)
		return;
	w->is_delayed = true;
	log_notice("vrrp", "startup_delayed", "ms=%lld", (long long)(delay_us / US_PER_MS));
	ev_timer_set(&w->delay, (double)delay_us / US_PER_S, 0.);
	ev_timer_start(w->loop.ev, &w->delay);
}

/* Instances of cfg: those that keep name, interface and VRID keep their state. */
static void sync_instances(struct worker *w, const struct cfg *cfg)
{
	struct vrrp_instance *i, *tmp;
	struct list kept, fresh;

	list_init(&kept);
	list_init(&fresh);
	for (const struct cfg_instance *c = cfg->instances; c; c = c->next) {
		i = find_instance(w, c);
		if (i) {
			list_del(&i->node);
			list_add_tail(&kept, &i->node);
			vrrp_instance_set_tracks(i, NULL, 0); /* of the old configuration */
			i->cfg = c;
		} else {
			i = vrrp_instance_new(&w->env, c);
			list_add_tail(&fresh, &i->node);
		}
	}
	list_for_each_safe (i, tmp, &w->instances, node) { /* no longer wanted */
		i->is_deleted = true;
		vrrp_instance_stop(i);
		i->board = NULL; /* of a plan that will not be kept for it */
		list_del(&i->node);
		list_add_tail(&w->dying, &i->node);
	}
	list_for_each_safe (i, tmp, &kept, node) {
		list_del(&i->node);
		list_add_tail(&w->instances, &i->node);
		worker_bind_tracks(w, i);
		vrrp_instance_set_cfg(i, i->cfg);
	}
	list_for_each_safe (i, tmp, &fresh, node) {
		list_del(&i->node);
		list_add_tail(&w->instances, &i->node);
		worker_bind_tracks(w, i);
	}
	worker_sync_groups(w, cfg);
	sync_ifaces(w);
	if (!w->is_delayed)
		start_instances(w);
	publish_plan(w);
}

/* --- configuration -------------------------------------------------------------------------- */

static void log_diag(const struct diag *d)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	char *save = NULL;

	if (!f)
		return;
	diag_print(d, f, DIAG_NOTICE);
	fclose(f);
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		log_text(d->n_errors ? LOGL_ERR : LOGL_WARN, "%s", l);
	free(text);
}

struct cfg *worker_load_cfg(const char *path, const struct cfg_options *o)
{
	struct diag d;
	struct cfg *c;

	diag_init(&d);
	c = cfg_load(path, o, &d);
	if (c)
		cfg_check_machine(c, &d);
	log_diag(&d);
	if (d.n_errors) {
		cfg_free(c);
		c = NULL;
	}
	diag_fini(&d);
	return c;
}

static void listen_ctl(struct worker *w)
{
	const char *path = w->cfg->global.control_socket;
	char dir[128];
	struct addr a;
	char *slash;
	int err;

	if (!path || (w->ctl_path && strcmp(w->ctl_path, path) == 0))
		return;
	if (w->ctl_path)
		ctl_server_fini(&w->ctl);
	free(w->ctl_path);
	w->ctl_path = NULL;
	ctl_server_init(&w->ctl, &w->loop, vrrpd_ctl_commands, "vrrpd " TANDEM_VERSION, w);
	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash && slash != dir) {
		*slash = '\0';
		(void)mkdir(dir, 0755);
	}
	err = addr_from_path(str_from(path), &a);
	if (!err)
		err = ctl_server_listen(&w->ctl, &a, 0660, (uid_t)-1, (gid_t)-1, CTL_ADMIN);
	if (err) {
		log_warn("ctl", "listen_failed", "path=%s error=%s", log_quoted(str_from(path)),
			 log_quoted(str_from(strerror(-err))));
		return;
	}
	w->ctl_path = xstrdup(path);
}

static void apply_cfg(struct worker *w, struct cfg *cfg)
{
	struct cfg *old = w->cfg;

	w->cfg = cfg;
	w->env.global = &cfg->global;
	worker_sync_scripts(w, cfg);
	worker_sync_proxies(w, cfg);
	worker_sync_files(w, cfg);
	worker_sync_processes(w, cfg);
	for (size_t k = 0; k < ARRAY_LEN(w->fifos); k++)
		fifo_open(&w->fifos[k], &cfg->global.fifos[k]);
	sync_instances(w, cfg);
	state_file_write(cfg);
	listen_ctl(w);
	cfg_free(old);
}

int worker_reload(struct worker *w)
{
	struct cfg *c = worker_load_cfg(w->cfg_path, &w->cfg->options);

	if (!c) {
		w->n_reloads_failed++;
		w->reload_error = "the configuration has errors; the old one stays in force";
		log_err("vrrp", "reload_refused", "file=%s", log_quoted(str_from(w->cfg_path)));
		return -EINVAL;
	}
	w->n_reloads++;
	w->reload_error = NULL;
	apply_cfg(w, c);
	log_notice("vrrp", "reloaded", "file=%s instances=%u", log_quoted(str_from(w->cfg_path)),
		   c->n_instances);
	return 0;
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
	ev_timer_init(&w->renew, on_renew, (double)RENEW_US / US_PER_S,
		      (double)RENEW_US / US_PER_S);
	ev_timer_start(w->loop.ev, &w->renew);
	ev_timer_init(&w->hello, on_hello, 0.01, HELLO_S);
	ev_timer_start(w->loop.ev, &w->hello);
	ev_init(&w->stop_wait, on_stop_wait);
	ev_init(&w->delay, on_delay);
}

static int open_all(struct worker *w)
{
	int err = loop_init(&w->loop, LOOP_DEFAULT | EVFLAG_NOENV);

	if (err)
		return err;
	process_watch_init(&w->watch, &w->loop);
	for (size_t k = 0; k < ARRAY_LEN(w->fifos); k++)
		fifo_init(&w->fifos[k], &w->loop);
	err = link_watch_init(&w->links, &w->loop, on_link, on_addr, w);
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
	err = handover_open(&w->handover, &w->loop, on_handover, w);
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
				       .raw_fd = -1,
				       .raw6_fd = -1,
				       .garp_fd = -1,
				       .handover = &w->handover,
				       .on_transition = on_transition,
				       .on_plan_changed = on_plan_changed,
				       .tell = on_tell,
				       .arg = w } };
	list_init(&w->ifaces);
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
	delay_start(w, cfg->global.startup_delay_us);
	apply_cfg(w, cfg);
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
