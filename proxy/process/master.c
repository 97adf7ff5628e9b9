/* master.c - the master of -W. */
#include "process/master.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <tandem/clock.h>
#include <tandem/daemon.h>
#include <tandem/log.h>

#include "config/cfg_model.h"
#include "config/cfg_parse.h"
#include "config/cfg_source.h"
#include "process/master_cli.h"
#include "process/options.h"
#include "process/outside.h"
#include "process/process.h"
#include "process/takeover.h"
#include "process/upgrade.h"
#include "process/watchdog.h"

#define BACKOFF_FIRST_MS 10
#define BACKOFF_MAX_MS   5000
#define STABLE_US        (10 * US_PER_S) /* a worker that lived so long starts the back-off anew */

struct master {
	const struct options *options;
	struct options worker_options; /* without -sf: only the first worker ends old processes */
	struct master_link link;
	int signal_fd;
	sigset_t mask_before;
	struct loop loop;
	ev_io on_signal, on_link;
	ev_timer on_restart;
	ev_timer on_look;      /* at the worker, with systemd's watchdog */
	int64_t silence_us;    /* of a worker that hangs; 0: nobody asks */
	int64_t alive_us;      /* what it said last; 0: it has not spoken */
	int64_t look_us;       /* the last look */
	struct master_cli cli; /* with -S */
	struct master_status status;
	pid_t worker;       /* 0: none */
	int64_t started_us; /* of the worker */
	unsigned backoff_ms;
	int code;            /* exit status, -1: go on */
	int ending_status;   /* of an end that was asked for */
	bool must_fork;      /* outside of the loop */
	struct strbuf good;  /* record of the files that run: a restart must not fail by an edit */
	bool has_been_ready; /* some worker was */
	bool is_restarting;  /* the worker that starts replaces one that died */
	bool is_ending;      /* the next death of the worker is ours */
	pid_t checker;       /* the new program, checking the files; 0: none */
	pid_t predecessor;  /* the last program's worker: serves until ours is ready, then drains */
	int predecessor_fd; /* the link to it */
	bool is_replaced;   /* it drains */
};

/* The files may be half edited just when a worker dies: then what ran before runs again. */
static struct cfg *load_for_restart(struct master *m)
{
	struct cfg *cfg = process_load_cfg(m->options);

	if (cfg != NULL || m->good.len == 0)
		return cfg;
	log_warn("master", "previous_configuration", "reason=\"the files have errors now\"");
	cfg_source_replay((struct str){ m->good.p, m->good.len });
	cfg = process_load_cfg(m->options);
	cfg_source_replay((struct str){ 0 });
	return cfg;
}

static void keep_good(struct master *m)
{
	strbuf_fini(&m->good);
	m->good = (struct strbuf){ 0 };
	outside_make_record(m->options, &m->good);
}

/* A command connection to the worker that we replace: it knows the states of the servers. -1: it
 * takes none. */
static int ask_predecessor(const struct master *m)
{
	struct master_link old = { .fd = m->predecessor_fd };
	const struct timeval wait = { .tv_sec = 2 };
	int pair[2], rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	rc = master_link_give_connection(&old, pair[0], CTL_USER);
	close(pair[0]);
	if (rc == 0) {
		(void)setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
		return pair[1];
	}
	close(pair[1]);
	return -1;
}

static int run_worker(struct master *m, struct cfg *cfg, int link_fd)
{
	static struct process p;
	const struct options *o = m->has_been_ready ? &m->worker_options : m->options;
	int status;

	/* the master's loop and command connections are not ours: only its descriptors are closed
	 */
	if (o->master_socket != NULL)
		ctl_server_abandon(&m->cli.ctl);
	if (m->predecessor_fd != -1) {
		m->link.states_fd = ask_predecessor(m);
		close(m->predecessor_fd); /* it notices the end of the master by it */
	}
	watchdog_inherit();
	watchdog_stop();
	loop_fini(&m->loop);
	close(m->signal_fd);
	m->link.fd = link_fd;
	sigprocmask(SIG_SETMASK, &m->mask_before, NULL);
	if (cfg == NULL)
		cfg = load_for_restart(m);
	if (cfg == NULL)
		return 1;
	status = process_start(&p, o, cfg, &m->link);
	if (status == 0)
		status = process_run(&p);
	master_link_fini(&m->link);
	return status;
}

static void restart_after(struct master *m, unsigned ms)
{
	ev_timer_stop(m->loop.ev, &m->on_restart);
	ev_timer_set(&m->on_restart, ms / 1000., 0.);
	ev_timer_start(m->loop.ev, &m->on_restart);
}

/* Fork a worker. Returns -1 in the master, the exit status in the worker. cfg is taken. */
static int fork_worker(struct master *m, struct cfg *cfg)
{
	int pair[2];
	pid_t pid = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0) {
		pid = fork();
		if (pid == 0) {
			close(pair[0]);
			return run_worker(m, cfg, pair[1]);
		}
		close(pair[1]);
		if (pid < 0)
			close(pair[0]);
	}
	cfg_free(cfg);
	if (pid < 0) {
		log_err("master", "fork_failed", "error=%s", strerror(errno));
		restart_after(m, BACKOFF_MAX_MS);
		return -1;
	}
	m->worker = m->status.worker = pid;
	m->link.fd = pair[0];
	m->started_us = m->status.worker_started_us = clock_mono_us();
	m->alive_us = 0;
	ev_io_set(&m->on_link, m->link.fd, EV_READ);
	ev_io_start(m->loop.ev, &m->on_link);
	return -1;
}

/* The new worker serves: the old one may go. */
static void replace_predecessor(struct master *m)
{
	if (m->predecessor == 0 || m->is_replaced)
		return;
	m->is_replaced = true;
	m->link.has_predecessor = false;
	m->status.old_worker = m->predecessor;
	log_notice("master", "upgraded", "version=%s old_worker=%d", TANDEM_VERSION,
		   (int)m->predecessor);
	(void)kill(m->predecessor, SIGUSR1);
}

/* The new worker did not come up: the old one stays. */
static void return_to_predecessor(struct master *m)
{
	log_err("master", "upgrade_failed", "advice=\"the previous worker still serves\"");
	m->status.n_failed_reloads++;
	m->link.fd = m->predecessor_fd;
	m->link.has_predecessor = false;
	m->worker = m->status.worker = m->predecessor;
	m->alive_us = 0;
	m->predecessor = 0;
	m->predecessor_fd = -1;
	m->has_been_ready = true;
	m->started_us = m->status.worker_started_us = clock_mono_us();
	ev_io_set(&m->on_link, m->link.fd, EV_READ);
	ev_io_start(m->loop.ev, &m->on_link);
	daemon_notify("READY=1");
}

static void on_event(struct master *m, int event)
{
	switch ((enum master_event)event) {
	case MASTER_READY:
		if (!m->is_restarting)
			keep_good(m);
		if (m->has_been_ready && !m->is_restarting)
			m->status.n_reloads++;
		m->is_restarting = false;
		m->has_been_ready = true;
		replace_predecessor(m);
		daemon_notify("READY=1");
		daemon_ready();
		break;
	case MASTER_RELOADING:
		daemon_notify("RELOADING=1");
		break;
	case MASTER_RELOAD_FAILED:
		m->status.n_failed_reloads++;
		daemon_notify("STATUS=the last reload failed; the previous configuration runs");
		daemon_notify("READY=1");
		break;
	case MASTER_DRAINING:
		daemon_notify("STOPPING=1");
		m->is_ending = true;
		break;
	case MASTER_ALIVE:
		m->alive_us = clock_mono_us();
		break;
	case MASTER_SOCKETS_BEGIN:
	case MASTER_SOCKETS:
	case MASTER_SOCKETS_END:
	case MASTER_CONNECTION:
		break;
	}
}

static void close_link(struct master *m)
{
	ev_io_stop(m->loop.ev, &m->on_link);
	if (m->link.fd != -1)
		close(m->link.fd);
	m->link.fd = -1;
}

static void read_link(struct master *m)
{
	int rc;

	if (m->link.fd == -1)
		return;
	while ((rc = master_link_receive(&m->link)) >= 0)
		on_event(m, rc);
	if (rc != -EAGAIN && rc != -EINTR)
		close_link(m); /* SIGCHLD tells the rest */
}

/* We run already; only the program changes. Never returns if that works. */
static void become_new_program(struct master *m)
{
	int rc;

	read_link(m); /* what the worker said last */
	daemon_notify("RELOADING=1");
	rc = upgrade_exec(m->options->argv, m->worker, &m->link);
	log_err("master", "upgrade_failed", "error=%s", strerror(-rc));
	daemon_notify("READY=1");
}

static void start_upgrade(struct master *m)
{
	if (m->checker != 0 || m->predecessor != 0 || m->worker == 0 || !m->has_been_ready) {
		log_warn("master", "upgrade_busy", "advice=\"another change is under way\"");
		return;
	}
	m->checker = upgrade_check(m->options->argv);
	if (m->checker > 0)
		return;
	log_err("master", "upgrade_failed", "error=%s", strerror(-m->checker));
	m->checker = 0;
}

/* Returns the master's exit status, or -1 to go on. */
static int on_worker_end(struct master *m, int status)
{
	int64_t now_us = clock_mono_us();
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);

	m->worker = m->status.worker = 0;
	read_link(m); /* what it said last */
	close_link(m);
	if (m->is_ending)
		return code == 0 ? m->ending_status : code;
	if (!m->has_been_ready && m->predecessor != 0) {
		return_to_predecessor(m);
		return -1;
	}
	if (!m->has_been_ready)
		return code != 0 ? code : 1; /* it said why */
	if (now_us - m->started_us > STABLE_US)
		m->backoff_ms = 0;
	log_err("master", "worker_died", "%s=%d restart_in_ms=%u",
		WIFEXITED(status) ? "status" : "signal",
		WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), m->backoff_ms);
	m->is_restarting = true;
	restart_after(m, m->backoff_ms);
	m->backoff_ms = m->backoff_ms == 0 ? BACKOFF_FIRST_MS
					   : MIN(2 * m->backoff_ms, (unsigned)BACKOFF_MAX_MS);
	return -1;
}

static void on_predecessor_end(struct master *m)
{
	close(m->predecessor_fd);
	m->predecessor = m->status.old_worker = 0;
	m->predecessor_fd = -1;
	m->is_replaced = m->link.has_predecessor = false;
	log_notice("master", "old_worker_ended", "");
}

static void on_check_end(struct master *m, int status)
{
	m->checker = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		become_new_program(m);
		return;
	}
	m->status.n_failed_reloads++;
	log_err("master", "upgrade_failed",
		"advice=\"the new program does not accept the configuration; see proxyd -c\"");
}

static int reap(struct master *m)
{
	int status, code = -1;
	pid_t pid;

	while (code == -1 && (pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == m->worker)
			code = on_worker_end(m, status);
		else if (pid == m->predecessor)
			on_predecessor_end(m);
		else if (pid == m->checker)
			on_check_end(m, status);
	return code;
}

static int on_signal(struct master *m, int sig)
{
	if (sig == SIGCHLD)
		return reap(m);
	if (sig == SIGTERM || sig == SIGINT || sig == SIGUSR1) {
		m->is_ending = true;
		m->ending_status = sig == SIGINT ? 128 + SIGINT : 0; /* as HAProxy's master */
		daemon_notify("STOPPING=1");
		if (m->worker == 0)
			return m->ending_status;
	}
	if (sig == SIGUSR2 && upgrade_is_wanted())
		start_upgrade(m);
	else if (m->worker != 0)
		(void)kill(m->worker, sig == SIGUSR2 ? SIGHUP : sig);
	return -1;
}

static void on_signal_fd(struct ev_loop *ev, ev_io *w, int revents)
{
	struct master *m = container_of(w, struct master, on_signal);
	struct signalfd_siginfo si;

	(void)ev, (void)revents;
	while (m->code == -1 && read(m->signal_fd, &si, sizeof(si)) == sizeof(si))
		m->code = on_signal(m, (int)si.ssi_signo);
	if (m->code != -1)
		loop_stop(&m->loop);
}

static void on_link(struct ev_loop *ev, ev_io *w, int revents)
{
	(void)ev, (void)revents;
	read_link(container_of(w, struct master, on_link));
}

/* Not from inside the loop: the child leaves it for good. */
static void on_restart(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct master *m = container_of(w, struct master, on_restart);

	(void)ev, (void)revents;
	m->must_fork = true;
	loop_stop(&m->loop);
}

static int master_loop(struct master *m, bool *is_worker)
{
	int code;

	*is_worker = false;
	for (;;) {
		loop_run(&m->loop);
		if (m->code != -1)
			return m->code;
		if (!m->must_fork)
			continue;
		m->must_fork = false;
		code = fork_worker(m, NULL);
		if (code != -1) {
			*is_worker = true;
			return code;
		}
	}
}

static void reload_worker(void *arg)
{
	struct master *m = arg;

	if (m->worker != 0)
		(void)kill(m->worker, SIGHUP);
}

/* 0 or -errno, which was told. */
static int open_cli(struct master *m)
{
	if (m->options->master_socket == NULL)
		return 0;
	m->status = (struct master_status){
		.link = &m->link, .started_us = clock_mono_us(), .reload = reload_worker, .arg = m
	};
	return master_cli_open(&m->cli, &m->loop, m->options->master_socket, &m->status);
}

/* A worker that hangs is ended; the next one has its listening sockets. Who slept himself does not
 * judge yet. */
static void on_look(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct master *m = container_of(w, struct master, on_look);
	int64_t now_us, last_us = m->look_us;

	(void)ev, (void)revents;
	read_link(m);
	now_us = m->look_us = clock_mono_us();
	if (m->worker == 0 || m->alive_us == 0 || m->is_ending)
		return;
	if (now_us - last_us > m->silence_us / 2)
		m->alive_us = now_us;
	if (now_us - m->alive_us <= m->silence_us)
		return;
	log_err("master", "worker_hangs", "pid=%d silent_ms=%lld", (int)m->worker,
		(long long)((now_us - m->alive_us) / US_PER_MS));
	m->alive_us = 0;
	(void)kill(m->worker, SIGKILL);
}

static void start_look(struct master *m)
{
	m->silence_us = (int64_t)daemon_watchdog_us();
	m->look_us = clock_mono_us();
	ev_init(&m->on_look, on_look);
	if (m->silence_us == 0)
		return;
	ev_timer_set(&m->on_look, (double)m->silence_us / US_PER_S / 4,
		     (double)m->silence_us / US_PER_S / 4);
	ev_timer_start(m->loop.ev, &m->on_look);
}

static int setup(struct master *m)
{
	static const int handled[] = { SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGHUP, SIGCHLD };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(handled); i++)
		sigaddset(&set, handled[i]);
	sigprocmask(SIG_BLOCK, &set, &m->mask_before);
	if (m->predecessor != 0)
		sigemptyset(&m->mask_before); /* the old program had blocked them for us */
	m->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (m->signal_fd < 0)
		return -errno;
	if (loop_init(&m->loop, EVBACKEND_EPOLL | EVFLAG_NOENV) != 0)
		return -ENOMEM;
	ev_io_init(&m->on_signal, on_signal_fd, m->signal_fd, EV_READ);
	ev_io_start(m->loop.ev, &m->on_signal);
	watchdog_start(&m->loop, NULL, NULL);
	ev_init(&m->on_link, on_link);
	ev_init(&m->on_restart, on_restart);
	start_look(m);
	return 0;
}

/* We are the new program: the worker of the old one serves. */
static int take_predecessor(struct master *m, const struct cfg *cfg)
{
	int rc = upgrade_take(&m->predecessor, &m->link);

	if (rc != 0)
		return rc;
	m->predecessor_fd = m->link.fd;
	m->link.fd = -1;
	m->link.has_predecessor = true;
	if (m->options->daemon || (cfg != NULL && process_is_background(m->options, cfg)))
		log_to_syslog(LOG_DAEMON);
	return 0;
}

int master_run(const struct options *o, struct cfg *cfg)
{
	struct master m = { .options = o, .worker_options = *o, .signal_fd = -1, .code = -1 };
	const char *path = o->pidfile != NULL ? o->pidfile : cfg ? cfg->global.pidfile : NULL;
	char *pidfile = path != NULL ? xstrdup(path) : NULL;
	bool is_worker = false, is_upgrade = upgrade_is_under_way();
	int code, rc = 0;

	m.worker_options.n_old_pids = 0;
	m.worker_options.old_socket = NULL;
	master_link_init(&m.link);
	m.predecessor_fd = -1;
	upgrade_init();
	if (is_upgrade)
		rc = take_predecessor(&m, cfg);
	else if (process_is_background(o, cfg))
		rc = process_go_background();
	if (rc == 0)
		rc = setup(&m);
	if (rc == 0 && pidfile != NULL)
		rc = daemon_pidfile_write(pidfile, getpid(), false);
	if (rc != 0) {
		fprintf(stderr, "proxyd: cannot start the master%s%s: %s\n",
			pidfile != NULL ? " with pid file " : "", pidfile != NULL ? pidfile : "",
			strerror(-rc));
		cfg_free(cfg);
		free(pidfile);
		return 1;
	}
	if (open_cli(&m) != 0) {
		cfg_free(cfg);
		loop_fini(&m.loop);
		if (pidfile != NULL)
			daemon_pidfile_remove(pidfile);
		free(pidfile);
		return 1;
	}
	if (is_upgrade && cfg == NULL)
		return_to_predecessor(&m);
	code = is_upgrade && cfg == NULL ? -1 : fork_worker(&m, cfg);
	if (code != -1) {
		free(pidfile);
		return code; /* the worker ends */
	}
	code = master_loop(&m, &is_worker);
	if (!is_worker) {
		if (o->master_socket != NULL)
			ctl_server_fini(&m.cli.ctl);
		close_link(&m);
		loop_fini(&m.loop);
		master_link_fini(&m.link);
		if (pidfile != NULL)
			daemon_pidfile_remove(pidfile);
	}
	strbuf_fini(&m.good);
	free(pidfile);
	return code;
}
