/* main.c - vrrpd: arguments, order of start-up, exit codes. */
#include <errno.h>
#include <getopt.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <tandem/daemon.h>
#include <tandem/diag.h>
#include <tandem/log.h>
#include <unistd.h>

#include "board.h"
#include "client.h"
#include "config/cfg_model.h"
#include "config/cfg_parse.h"
#include "config_test.h"
#include "drill/drill.h"
#include "guardian.h"
#include "worker.h"

#define PREDECESSOR_WAIT_MS 2000

#define DEFAULT_PID "/run/vrrpd.pid"

struct options {
	const char *conf, *pid_file, *peer_conf;
	struct cfg_options cfg;
	bool test_only, stay, to_console, in_detail;
};

struct daemon_state {
	struct options opt;
	struct cfg *cfg; /* the last good one; a new worker starts with it */
	struct board *board;
};

static void print_usage(FILE *f)
{
	fputs("Usage: vrrpd [options]\n"
	      "       vrrpd ctl COMMAND     ask the running vrrpd ('vrrpd ctl help')\n"
	      "       vrrpd drill COMMAND   rehearse a failover, with a report ('vrrpd drill -h')\n"
	      "  -f, --use-file FILE      configuration (default " CLIENT_DEFAULT_CONF ")\n"
	      "  -t, --config-test        check the configuration and exit\n"
	      "  -n, --dont-fork          stay in the foreground\n"
	      "  -l, --log-console        log to standard error, not to syslog\n"
	      "  -D, --log-detail         log more\n"
	      "  -p, --pid FILE           pid file (default " DEFAULT_PID ")\n"
	      "  -i, --config-id ID       of this node, for lines that begin with @ID\n"
	      "      --peer FILE          with -t: compare with the configuration of the peer\n"
	      "      --without-lvs        skip the blocks of keepalived's load balancer\n"
	      "  -k, --keywords           list the keywords of the configuration\n"
	      "  -v, --version            print the version\n"
	      "  -h, --help               this text\n"
	      "Signals: SIGHUP reloads, SIGTERM says goodbye and stops.\n",
	      f);
}

enum { OPT_WITHOUT_LVS = 256, OPT_PEER };

static const struct option long_options[] = {
	{ "use-file", required_argument, NULL, 'f' },
	{ "config-test", no_argument, NULL, 't' },
	{ "dont-fork", no_argument, NULL, 'n' },
	{ "log-console", no_argument, NULL, 'l' },
	{ "log-detail", no_argument, NULL, 'D' },
	{ "pid", required_argument, NULL, 'p' },
	{ "config-id", required_argument, NULL, 'i' },
	{ "without-lvs", no_argument, NULL, OPT_WITHOUT_LVS },
	{ "peer", required_argument, NULL, OPT_PEER },
	{ "keywords", no_argument, NULL, 'k' },
	{ "version", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

/* Returns -1 to go on, or the exit status. */
static int read_options(int argc, char **argv, struct options *o)
{
	int c;

	*o = (struct options){ .conf = CLIENT_DEFAULT_CONF, .pid_file = DEFAULT_PID };
	while ((c = getopt_long(argc, argv, "f:tnlDp:i:kvh", long_options, NULL)) != -1) {
		switch (c) {
		case 'f':
			o->conf = optarg;
			break;
		case 't':
			o->test_only = true;
			break;
		case 'n':
			o->stay = true;
			break;
		case 'l':
			o->to_console = true;
			break;
		case 'D':
			o->in_detail = true;
			break;
		case 'p':
			o->pid_file = optarg;
			break;
		case 'i':
			o->cfg.id = optarg;
			break;
		case OPT_WITHOUT_LVS:
			o->cfg.without_lvs = true;
			break;
		case OPT_PEER:
			o->peer_conf = optarg;
			break;
		case 'k':
			cfg_print_keywords(stdout);
			return 0;
		case 'v':
			puts("vrrpd " TANDEM_VERSION);
			return 0;
		case 'h':
			print_usage(stdout);
			return 0;
		default:
			print_usage(stderr);
			return 1;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "vrrpd: unexpected argument '%s'; the file is named with -f\n",
			argv[optind]);
		return 1;
	}
	return -1;
}

/* Problems of the configuration on standard error. NULL: it is bad. */
static struct cfg *load(const char *path, const struct cfg_options *o)
{
	struct diag d;
	struct cfg *c;

	diag_init(&d);
	c = cfg_load(path, o, &d);
	diag_print(&d, stderr, DIAG_NOTICE);
	if (d.n_errors) {
		fprintf(stderr, "vrrpd: %s: %u error%s; nothing was started\n", path, d.n_errors,
			d.n_errors == 1 ? "" : "s");
		cfg_free(c);
		c = NULL;
	}
	diag_fini(&d);
	return c;
}

/* Does this machine have what the file names? Problems go to standard error. */
static bool fits_machine(const struct cfg *c, const char *path)
{
	struct diag d;
	bool fits;

	diag_init(&d);
	cfg_check_machine(c, &d);
	diag_print(&d, stderr, DIAG_NOTICE);
	fits = d.n_errors == 0;
	if (!fits)
		fprintf(stderr, "vrrpd: %s: %u problem%s with this machine; nothing was started\n",
			path, d.n_errors, d.n_errors == 1 ? "" : "s");
	diag_fini(&d);
	return fits;
}

static bool has_capability(unsigned cap)
{
	unsigned long long bits = 0;
	char line[256];
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "CapEff:", 7) == 0)
			bits = strtoull(line + 7, NULL, 16);
	}
	if (f)
		fclose(f);
	return bits >> cap & 1;
}

static bool has_privileges(void)
{
	bool is_admin = has_capability(CAP_NET_ADMIN), is_raw = has_capability(CAP_NET_RAW);

	if (is_admin && is_raw)
		return true;
	fprintf(stderr,
		"vrrpd: missing privilege%s%s%s: adding addresses and sending VRRP needs "
		"CAP_NET_ADMIN and CAP_NET_RAW; start as root, or with these capabilities "
		"(systemd: AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW)\n",
		is_admin || is_raw ? "" : "s", is_admin ? "" : " CAP_NET_ADMIN",
		is_raw ? "" : " CAP_NET_RAW");
	return false;
}

static int run_worker(void *arg, int guardian_fd)
{
	struct daemon_state *s = arg;
	struct cfg *cfg = s->cfg;

	s->cfg = NULL; /* taken; this process is the worker's own */
	return worker_run(cfg, s->opt.conf, s->board, guardian_fd);
}

/* SIGHUP, in the guardian: keep the new configuration for a worker to come. */
static bool check_reload(void *arg)
{
	struct daemon_state *s = arg;
	struct cfg *c;

	daemon_notify("RELOADING=1");
	c = worker_load_cfg(s->opt.conf, &s->opt.cfg);
	daemon_notify("READY=1");
	if (!c) {
		log_err("vrrp", "reload_refused", "file=%s", log_quoted(str_from(s->opt.conf)));
		return false;
	}
	cfg_free(s->cfg);
	s->cfg = c;
	return true;
}

static void on_ready(void *arg)
{
	(void)arg;
	daemon_notify("READY=1");
	daemon_ready();
}

static int start_log(const struct options *o)
{
	log_init("vrrpd");
	log_set_level(o->in_detail ? LOGL_DEBUG : LOGL_INFO);
	if (!o->stay) {
		int err = daemon_background();

		if (err) {
			fprintf(stderr, "vrrpd: cannot run in the background: %s\n",
				strerror(-err));
			return err;
		}
	}
	if (!o->to_console && !getenv("JOURNAL_STREAM")) {
		log_to_syslog(LOG_DAEMON);
		log_to_stderr(false);
	}
	return 0;
}

/* A vrrpd that was told to stop says goodbye first: who starts the next one at once need not wait.
 */
static int write_pid_file(const char *path)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	int err = daemon_pidfile_write(path, getpid(), true);

	for (int i = 0; i < PREDECESSOR_WAIT_MS / 20 && err == -EEXIST; i++) {
		(void)nanosleep(&pause, NULL);
		err = daemon_pidfile_write(path, getpid(), true);
	}
	return err;
}

static int run_daemon(struct daemon_state *s)
{
	struct guardian_params p = {
		.worker = run_worker, .check = check_reload, .ready = on_ready, .arg = s
	};
	int err, status;

	/* A control connection, or the shell that waited for us, may be gone. */
	signal(SIGPIPE, SIG_IGN);
	s->board = board_new();
	if (!s->board) {
		fputs("vrrpd: out of memory\n", stderr);
		return 1;
	}
	p.board = s->board;
	if (start_log(&s->opt))
		return 1;
	err = write_pid_file(s->opt.pid_file);
	if (err) {
		fprintf(stderr, "vrrpd: pid file %s: %s\n", s->opt.pid_file,
			err == -EEXIST ? "another vrrpd runs (the file names a living process)"
				       : strerror(-err));
		return 1;
	}
	status = guardian_run(&p);
	daemon_pidfile_remove(s->opt.pid_file);
	daemon_notify("STOPPING=1");
	return status;
}

int main(int argc, char **argv)
{
	struct daemon_state s = { 0 };
	int status;

	if (argc > 1 && strcmp(argv[1], "drill") == 0)
		return drill_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "ctl") == 0)
		return client_main(argc - 1, argv + 1);
	status = read_options(argc, argv, &s.opt);
	if (status >= 0)
		return status;
	if (s.opt.test_only)
		return config_test(s.opt.conf, s.opt.peer_conf, &s.opt.cfg);
	s.cfg = load(s.opt.conf, &s.opt.cfg);
	if (!s.cfg)
		return 1;
	if (!has_privileges() || !fits_machine(s.cfg, s.opt.conf))
		status = 1;
	else
		status = run_daemon(&s);
	cfg_free(s.cfg);
	return status;
}
