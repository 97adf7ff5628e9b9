/* process.c - start, signals, end of proxyd. */
#include "process/process.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <syslog.h>
#include <unistd.h>
#include <urcu/urcu-qsbr.h>

#include <tandem/clock.h>
#include <tandem/daemon.h>
#include <tandem/log.h>
#include <tandem/rcu_sanitizer.h>

#include "cli/cli.h"
#include "config/cfg_model.h"
#include "config/cfg_parse.h"
#include "config/cfg_source.h"
#include "dns/resolver.h"
#include "health/check.h"
#include "log/access_log.h"
#include "log/server_log.h"
#include "net/listener.h"
#include "pool/backend.h"
#include "process/ending.h"
#include "process/getsocks.h"
#include "process/liveness_server.h"
#include "process/options.h"
#include "process/outside.h"
#include "process/registry.h"
#include "process/reload.h"
#include "process/saved_states.h"
#include "process/takeover.h"
#include "process/watchdog.h"
#include "stats/control_lock.h"
#include "stats/history.h"
#include "stats/live.h"
#include "stats/pair.h"

#define MAX_THREADS      64
#define FD_RESERVE       64      /* logs, epoll, command sockets, checks: besides connections */
#define MAX_AUTO_MAXCONN 500000u /* limits of a billion files exist */

struct process *process_self;

/* ---- configuration ---- */

char *process_startup_logs;

static void print_diag(const struct options *o, const struct diag *d)
{
	size_t len = 0;
	FILE *f;

	if (!o->quiet)
		diag_print(d, stderr, DIAG_WARNING);
	free(process_startup_logs);
	process_startup_logs = NULL;
	f = open_memstream(&process_startup_logs, &len);
	if (f == NULL)
		return;
	diag_print(d, f, DIAG_WARNING);
	(void)fclose(f);
}

struct cfg *process_load_cfg(const struct options *o)
{
	struct diag d;
	struct cfg *cfg;

	diag_init(&d);
	cfg = cfg_load(o->files, o->n_files, &d);
	print_diag(o, &d);
	if (cfg != NULL && o->zero_warning && d.n_warnings > 0) {
		if (!o->quiet)
			fprintf(stderr, "proxyd: %u warnings are errors because of -dW\n",
				d.n_warnings);
		cfg_free(cfg);
		cfg = NULL;
	}
	diag_fini(&d);
	return cfg;
}

/* ---- limits ---- */

static unsigned choose_threads(const struct cfg_global *g)
{
	long n = g->nbthread > 0 ? (long)g->nbthread : sysconf(_SC_NPROCESSORS_ONLN);

	return (unsigned)MAX(1, MIN(n, MAX_THREADS));
}

static unsigned long count_fixed_fds(const struct cfg *cfg, unsigned n_threads)
{
	unsigned long n = FD_RESERVE + 4UL * n_threads;

	for (const struct cfg_proxy *px = cfg->proxies; px != NULL; px = px->next) {
		for (const struct cfg_bind *b = px->binds; b != NULL; b = b->next)
			n += n_threads;
		n += px->n_servers; /* a check of each at once */
	}
	return n;
}

/* Each client connection may need one to a server. A maxconn that the limit of open files cannot
 * carry is cut, and said so: at run time it would be EMFILE in the middle of requests. */
static unsigned choose_maxconn(const struct process *p, const struct cfg *cfg)
{
	unsigned wanted = p->options->maxconn > 0 ? p->options->maxconn : cfg->global.maxconn;
	unsigned long fixed = count_fixed_fds(cfg, p->engine.n_threads), limit;
	unsigned possible;

	if (wanted > 0) {
		limit = daemon_raise_nofile(fixed + 2UL * wanted);
	} else {
		struct rlimit r = { 0, 0 };

		(void)getrlimit(RLIMIT_NOFILE, &r);
		limit = daemon_raise_nofile(
			MIN((unsigned long)r.rlim_max, fixed + 2UL * MAX_AUTO_MAXCONN));
	}
	possible = limit > fixed + 2
			   ? (unsigned)MIN((limit - fixed) / 2, (unsigned long)MAX_AUTO_MAXCONN)
			   : 1;
	if (wanted == 0)
		return possible;
	if (limit < fixed + 2UL * wanted) {
		log_warn(
			"process", "maxconn_cut",
			"wanted=%u possible=%u files=%lu advice=\"raise LimitNOFILE or ulimit -n\"",
			wanted, possible, limit);
		return possible;
	}
	return wanted;
}

/* What was set at run time stays while the file says what it said before. old: NULL at the start.
 */
static void set_limits(struct process *p, const struct cfg *cfg, const struct cfg_global *old)
{
	unsigned maxconn = choose_maxconn(p, cfg);

	if (maxconn != p->hard_maxconn)
		atomic_store(&p->engine.maxconn, maxconn);
	p->hard_maxconn = maxconn;
	if (old == NULL || old->maxconnrate != cfg->global.maxconnrate)
		atomic_store(&p->engine.conn_rate_limit, cfg->global.maxconnrate);
	if (old == NULL || old->maxsessrate != cfg->global.maxsessrate)
		atomic_store(&p->engine.sess_rate_limit, cfg->global.maxsessrate);
}

/* ---- start ---- */

static void init_engine(struct process *p, const struct cfg *cfg)
{
	const struct cfg_global *g = &cfg->global;

	p->engine = (struct engine){
		.n_threads = choose_threads(g),
		.control = &p->loop,
		.start_mono_us = clock_mono_us(),
		.start_real_us = clock_real_us(),
		.conns = &p->conns,
		.bufsize = g->bufsize,
		.maxrewrite = g->maxrewrite,
		.max_headers = g->max_headers,
	};
	set_limits(p, cfg, NULL);
}

static int write_pidfile(struct process *p, const struct cfg *cfg)
{
	const char *path = p->options->pidfile != NULL ? p->options->pidfile : cfg->global.pidfile;
	int rc;

	if (path == NULL || p->master != NULL) /* the master writes its own number */
		return 0;
	rc = daemon_pidfile_write(path, getpid(), false);
	if (rc != 0) {
		fprintf(stderr, "proxyd: cannot write the pid file %s: %s\n", path, strerror(-rc));
		return rc;
	}
	p->pidfile = xstrdup(path);
	return 0;
}

/* Addresses of others, and interfaces, need more than a port below 1024 does. */
static bool uses_foreign_addresses(const struct cfg *cfg)
{
	for (const struct cfg_proxy *px = cfg->proxies; px != NULL; px = px->next) {
		for (const struct cfg_bind *b = px->binds; b != NULL; b = b->next)
			if (b->transparent || b->interface != NULL)
				return true;
		for (const struct cfg_server *s = px->servers; s != NULL; s = s->next)
			if (s->usesrc != CFG_USESRC_NONE || s->source_interface != NULL)
				return true;
	}
	return false;
}

static int drop_privileges(struct process *p, const struct cfg *cfg)
{
	const struct cfg_global *g = &cfg->global;
	static const int kept[] = { CAP_NET_BIND_SERVICE, -1 };
	static const int kept_foreign[] = { CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW, -1 };
	int rc;

	if (g->chroot_dir == NULL && g->uid == (uid_t)-1 && g->gid == (gid_t)-1)
		return 0;
	if (geteuid() != 0 && g->chroot_dir == NULL &&
	    (g->uid == (uid_t)-1 || g->uid == geteuid()) &&
	    (g->gid == (gid_t)-1 || g->gid == getegid()))
		return 0; /* we are who we shall be */
	p->outside_fd = outside_start(p->options);
	if (p->outside_fd < 0) {
		fprintf(stderr, "proxyd: cannot fork: %s\n", strerror(-p->outside_fd));
		return p->outside_fd;
	}
	rc = daemon_drop_privileges(g->chroot_dir, g->uid, g->gid,
				    uses_foreign_addresses(cfg) ? kept_foreign : kept);
	if (rc != 0)
		fprintf(stderr, "proxyd: cannot become user '%s' group '%s'%s%s: %s%s\n",
			g->user != NULL ? g->user : "-", g->group != NULL ? g->group : "-",
			g->chroot_dir != NULL ? " in chroot " : "",
			g->chroot_dir != NULL ? g->chroot_dir : "", strerror(-rc),
			geteuid() != 0 ? "; start as root or remove 'user', 'group' and 'chroot'"
				       : "");
	return rc;
}

static void signal_old_processes(const struct options *o)
{
	int sig = o->old_terminate ? SIGINT : SIGUSR1; /* SIGTERM would drain */

	for (unsigned i = 0; i < o->n_old_pids; i++)
		if (kill(o->old_pids[i], sig) != 0)
			log_warn("process", "old_process", "pid=%d error=%s", (int)o->old_pids[i],
				 strerror(errno));
}

/* Signals are for the control thread alone. */
static void start_threads(struct process *p)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	workers_start(&p->engine);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void on_idle(struct loop *l, bool sleeping)
{
	(void)l;
	if (sleeping) {
		control_lock_release();
		RCU_READER_DONE();
		urcu_qsbr_thread_offline();
	} else {
		urcu_qsbr_thread_online();
		control_lock_hold();
	}
}

static int init_loop(struct process *p)
{
	int rc;

	signal(SIGPIPE, SIG_IGN);
	rc = loop_init(&p->loop, LOOP_DEFAULT | EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (rc != 0) {
		fprintf(stderr, "proxyd: cannot make an event loop: %s\n", strerror(-rc));
		return rc;
	}
	p->loop.owner = p;
	urcu_qsbr_register_thread();
	control_lock_hold(); /* whenever awake; see on_idle */
	p->loop.on_idle = on_idle;
	return 0;
}

static void fini_loop(struct process *p)
{
	if (p->outside_fd >= 0)
		close(p->outside_fd);
#ifndef __SANITIZE_THREAD__  /* it does not see the atomics inside of liburcu */
	urcu_qsbr_barrier(); /* views on their way to be freed */
#endif
	urcu_qsbr_unregister_thread();
	control_lock_release();
	loop_fini(&p->loop);
}

/* A worker goes on without them, as HAProxy's: its master must not lose it. */
static int take_old_sockets(struct process *p)
{
	const char *path = p->options->old_socket;
	int rc;

	if (path == NULL || strcmp(path, "/dev/null") == 0)
		return 0;
	rc = getsocks_take(path, &p->inherited);
	if (rc == 0) {
		saved_states_ask_path(p, path);
		return 0;
	}
	fprintf(stderr, "proxyd: cannot take the listening sockets of the process at %s: %s%s\n",
		path, strerror(-rc),
		rc == -EPROTO ? "; its 'stats socket' needs 'level admin' and 'expose-fd listeners'"
			      : "");
	return p->master != NULL ? 0 : rc;
}

static int open_everything(struct process *p, struct cfg *cfg, struct plan **out)
{
	struct diag d;

	diag_init(&d);
	*out = plan_new(p, cfg,
			p->options->n_old_pids > 0 || p->options->old_socket != NULL ||
				(p->master != NULL && p->master->has_predecessor),
			&d);
	if (*out == NULL || d.n_warnings > 0)
		print_diag(p->options, &d);
	diag_fini(&d);
	return *out != NULL ? 0 : -EADDRNOTAVAIL;
}

/* For good: a reload that wants to start programs afterwards is told to restart. */
static void confine(struct process *p, const struct cfg *cfg)
{
	int rc;

	p->may_exec = cfg->global.external_check || cfg->global.insecure_fork;
	rc = daemon_confine(p->may_exec);
	if (rc != 0)
		log_warn("process", "not_confined", "error=\"%s\"", strerror(-rc));
}

static void start_signals(struct process *p);

bool process_is_background(const struct options *o, const struct cfg *cfg)
{
	return o->daemon || (cfg->global.daemon && !o->foreground);
}

int process_go_background(void)
{
	int rc = daemon_background();

	if (rc != 0) {
		fprintf(stderr, "proxyd: cannot go into the background: %s\n", strerror(-rc));
		return rc;
	}
	log_to_syslog(LOG_DAEMON); /* stderr ends with the start-up */
	return 0;
}

static void limit_memory(const struct options *o)
{
	struct rlimit r = { .rlim_cur = (rlim_t)o->memory_mb << 20,
			    .rlim_max = (rlim_t)o->memory_mb << 20 };

	if (o->memory_mb > 0 && setrlimit(RLIMIT_DATA, &r) != 0)
		log_warn("process", "memory_limit", "mb=%u error=%s", o->memory_mb,
			 strerror(errno));
}

int process_start(struct process *p, const struct options *o, struct cfg *cfg,
		  struct master_link *master)
{
	struct plan *plan;

	*p = (struct process){
		.options = o, .state = PROCESS_STARTING, .master = master, .outside_fd = -1
	};
	process_self = p;
	master_link_init(&p->inherited);
	list_init(&p->listeners);
	list_init(&p->sockets);
	list_init(&p->generations);
	/* the parent waits for daemon_ready and shows the errors that follow */
	if (master == NULL && process_is_background(o, cfg) && process_go_background() != 0) {
		cfg_free(cfg);
		return 1;
	}
	if (init_loop(p) != 0) {
		cfg_free(cfg);
		return 1;
	}
	limit_memory(o);
	init_engine(p, cfg);
	if (take_old_sockets(p) != 0) {
		cfg_free(cfg);
		goto no_plan;
	}
	if (master != NULL && master->states_fd != -1) {
		saved_states_ask(p, master->states_fd);
		master->states_fd = -1;
	}
	saved_states_read(p, cfg);
	if (open_everything(p, cfg, &plan) != 0)
		goto no_plan;
	if (write_pidfile(p, cfg) != 0 || drop_privileges(p, cfg) != 0) {
		plan_drop(plan);
		goto no_plan;
	}
	p->log = access_log_new(&p->loop, cfg->global.log_tag, cfg->global.log_send_hostname);
	server_log_install(p->log);
	p->engine.health = health_new(&p->loop);
	health_set_global(p->engine.health, &cfg->global);
	p->dns = dns_new(&p->loop);
	confine(p, cfg);
	start_signals(p); /* before anybody is served: from then on a signal must not kill us */
	start_threads(p);
	live_start(&p->loop, &p->engine);
	watchdog_start(&p->loop, &p->engine, p->master);
	plan_commit(plan);
	if (master != NULL)
		master_link_drop_inherited(master);
	master_link_fini(&p->inherited);
	signal_old_processes(o);
	p->state = PROCESS_RUNNING;
	return 0;

no_plan:
	master_link_fini(&p->inherited);
	if (p->pidfile != NULL)
		daemon_pidfile_remove(p->pidfile);
	free(p->pidfile);
	fini_loop(p);
	return 1;
}

/* ---- running ---- */

void process_tell(struct process *p, enum master_event ev, const char *notify)
{
	if (p->master != NULL)
		master_link_notify(p->master, ev);
	else
		daemon_notify(notify);
}

/* And keep it for who asked for the reload. */
static void log_diag(struct process *p, const struct diag *d)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		return;
	diag_print(d, f, DIAG_WARNING);
	(void)fclose(f);
	strbuf_clear(&p->reload_text);
	strbuf_add(&p->reload_text, text, len);
	p->n_reload_errors = d->n_errors;
	for (char *tab = text; (tab = strchr(tab, '\t')) != NULL;)
		*tab = ' '; /* one column as before: the caret still points */
	for (char *at = text, *line; (line = strsep(&at, "\n")) != NULL;)
		if (*line != '\0')
			log_text(LOGL_WARN, "%s", line);
	free(text);
}

/* From the helper outside, if privileges were dropped, else directly. */
static struct cfg *load_again(struct process *p, struct diag *d)
{
	struct strbuf record = { 0 };
	struct cfg *cfg = NULL;
	int rc = 0;

	if (p->outside_fd != -1)
		rc = outside_read(p->outside_fd, &record);
	if (rc != 0) {
		diag_error(d, (struct diag_pos){ 0 },
			   "the configuration cannot be read by the helper process: %s",
			   strerror(-rc));
	} else {
		cfg_source_set_reload(true);
		cfg_source_replay((struct str){ record.p, record.len });
		cfg = cfg_load(p->options->files, p->options->n_files, d);
		cfg_source_replay((struct str){ 0 });
		cfg_source_set_reload(false);
	}
	strbuf_fini(&record);
	return cfg;
}

static int reload_plan(struct process *p, struct diag *d, struct plan **out)
{
	struct cfg *cfg = load_again(p, d);

	if (cfg == NULL)
		return -EINVAL;
	if (choose_threads(&cfg->global) != p->engine.n_threads)
		log_warn("process", "nbthread_kept",
			 "running=%u advice=\"restart to change the number of threads\"",
			 p->engine.n_threads);
	*out = plan_new(p, cfg, false, d);
	return *out != NULL ? 0 : -EINVAL;
}

int process_reload(struct process *p)
{
	int64_t start_us = clock_mono_us();
	const struct cfg_global before = p->cfg->global; /* its numbers */
	struct plan *plan = NULL;
	struct diag d;
	int rc;

	if (p->state != PROCESS_RUNNING)
		return -EBUSY;
	process_tell(p, MASTER_RELOADING, "RELOADING=1");
	diag_init(&d);
	rc = reload_plan(p, &d, &plan);
	if (rc == 0) {
		plan_commit(plan);
		set_limits(p, p->cfg, &before);
		p->n_reloads++;
		log_diag(p, &d);
		log_notice("process", "reloaded", "proxies=%u took_ms=%lld", p->cfg->n_proxies,
			   (long long)((clock_mono_us() - start_us) / US_PER_MS));
	} else {
		p->n_failed_reloads++;
		log_diag(p, &d);
		p->n_reload_errors += d.n_errors == 0;
		log_err("process", "reload_failed",
			"errors=%u advice=\"nothing changed; the "
			"previous configuration is still in force\"",
			d.n_errors);
	}
	p->n_reload_ends++;
	diag_fini(&d);
	process_tell(p, rc == 0 ? MASTER_READY : MASTER_RELOAD_FAILED, "READY=1");
	return rc;
}

static void on_reload_request(struct loop_msg *m)
{
	struct process *p = container_of(m, struct process, reload_request);

	p->is_reload_requested = false;
	if (process_reload(p) == 0 || p->state == PROCESS_RUNNING)
		return;
	/* it drains already */
	strbuf_clear(&p->reload_text);
	strbuf_adds(&p->reload_text, "The process is stopping.\n");
	p->n_reload_errors = 1;
	p->n_reload_ends++;
}

void process_request_reload(struct process *p)
{
	if (p->is_reload_requested)
		return;
	p->is_reload_requested = true;
	p->reload_request.fn = on_reload_request;
	loop_post(&p->loop, &p->reload_request);
}

static void on_reload_signal(struct ev_loop *ev, ev_signal *w, int revents)
{
	(void)ev, (void)w, (void)revents;
	(void)process_reload(process_self); /* logged there */
}

/* Without a master we end: a new one would find our ports taken. */
static void on_master_link(struct ev_loop *ev, ev_io *w, int revents)
{
	struct process *p = process_self;
	enum ctl_level level;
	int fd, rc = master_link_take_connection(p->master, &fd, &level);

	(void)ev, (void)w, (void)revents;
	if (rc == 0) {
		(void)!ctl_server_serve(&p->master_ctl, fd, level); /* closes it if it fails */
	} else if (rc == -EPIPE) {
		log_err("process", "master_gone", "");
		ending_now(p);
	}
}

/* Usable servers changed: vrrpd shall know at once, and who keeps connections to those that left.
 */
static void on_published(struct backend *be)
{
	const struct backend_view *v = backend_view(be);
	uint32_t i = 0;

	while (i < v->n_servers && v->servers[i].accepts)
		i++;
	if (i < v->n_servers)
		workers_servers_left(&process_self->engine);
	if (process_self->liveness != NULL)
		liveness_server_changed(process_self->liveness);
}

/* on-marked-down, on-marked-up. */
static void on_shutdown(struct server *s, char cause)
{
	struct engine *e = &process_self->engine;

	if (cause != 'U') {
		workers_shut_sessions(e, s, cause);
		return;
	}
	for (unsigned i = 0; i < s->be->n_servers; i++)
		if (s->be->servers[i]->cfg->backup)
			workers_shut_sessions(e, s->be->servers[i], cause);
}

static void tick_backends(void)
{
	const struct registry *r = registry_get();

	for (unsigned i = 0; r != NULL && i < r->n; i++)
		if (r->entries[i].be != NULL)
			backend_tick(r->entries[i].be);
}

static void on_housekeeping(struct ev_loop *ev, ev_timer *w, int revents)
{
	(void)ev, (void)w, (void)revents;
	reload_reap(process_self);
	tick_backends();
	history_tick(process_self->loop.now_us);
}

static void start_signal(struct process *p, ev_signal *w, int sig,
			 void (*fn)(struct ev_loop *, ev_signal *, int))
{
	ev_signal_init(w, fn, sig);
	ev_signal_start(p->loop.ev, w);
}

static void start_signals(struct process *p)
{
	start_signal(p, &p->on_term, SIGTERM, ending_on_signal);
	start_signal(p, &p->on_int, SIGINT, ending_on_signal);
	start_signal(p, &p->on_usr1, SIGUSR1, ending_on_signal);
	start_signal(p, &p->on_hup, SIGHUP, on_reload_signal);
	/* HAProxy's reload, which its tools send to a process that they take for a master */
	start_signal(p, &p->on_usr2, SIGUSR2, on_reload_signal);
	ev_timer_init(&p->housekeeping, on_housekeeping, 1., 1.);
	ev_timer_start(p->loop.ev, &p->housekeeping);
	ending_init(p);
	ctl_server_init(&p->master_ctl, &p->loop, cli_commands, NULL, NULL);
	ev_init(&p->master_link, on_master_link);
	if (p->master != NULL) {
		ev_io_set(&p->master_link, p->master->fd, EV_READ);
		ev_io_start(p->loop.ev, &p->master_link);
	}
	backend_published_hook = on_published;
	server_shutdown_hook = on_shutdown;
}

int process_run(struct process *p)
{
	log_notice("process", "started", "version=%s threads=%u maxconn=%u proxies=%u",
		   TANDEM_VERSION, p->engine.n_threads, atomic_load(&p->engine.maxconn),
		   p->cfg->n_proxies);
	if (p->liveness != NULL)
		liveness_server_set_state(p->liveness, LIVENESS_READY);
	process_tell(p, MASTER_READY, "READY=1");
	daemon_ready();
	loop_run(&p->loop);

	ev_timer_stop(p->loop.ev, &p->housekeeping);
	ev_timer_stop(p->loop.ev, &p->drain_poll);
	ev_io_stop(p->loop.ev, &p->master_link);
	ctl_server_fini(&p->master_ctl);
	backend_published_hook = NULL;
	server_shutdown_hook = NULL;
	pair_stop();
	workers_stop(&p->engine);
	live_stop();
	watchdog_stop();
	liveness_server_free(p->liveness);
	p->liveness = NULL;
	reload_free_all(p);
	dns_free(p->dns);
	health_free(p->engine.health);
	server_log_install(NULL);
	access_log_flush(p->log);
	access_log_free(p->log);
	if (p->pidfile != NULL)
		daemon_pidfile_remove(p->pidfile);
	free(p->pidfile);
	strbuf_fini(&p->reload_text);
	fini_loop(p);
	return 0;
}
