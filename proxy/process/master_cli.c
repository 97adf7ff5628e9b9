/* master_cli.c - the command socket of the master. */
#include "process/master_cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tandem/clock.h>
#include <tandem/diag.h>

#include "config/cfg_model.h"
#include "config/cfg_parse.h"
#include "process/takeover.h"

#define PIECE 16384 /* of a relayed answer */

static const char *const level_names[] = { "user", "operator", "admin" };

static void add_uptime(struct strbuf *out, int64_t since_us)
{
	int64_t s = (clock_mono_us() - since_us) / US_PER_S;
	char text[32];

	snprintf(text, sizeof(text), "%lldd%02dh%02dm%02ds", (long long)(s / 86400),
		 (int)(s / 3600 % 24), (int)(s / 60 % 60), (int)(s % 60));
	strbuf_addf(out, "%-15s %-15s\n", text, TANDEM_VERSION);
}

/* HAProxy's table. Our worker stays over reloads: old workers are of another program. */
static void show_proc(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	const struct master_status *st = rq->arg;
	char reloads[48];

	(void)cursor, (void)more;
	strbuf_addf(rq->out, "%-15s %-15s %-15s %-15s %-15s\n", "#<PID>", "<type>", "<reloads>",
		    "<uptime>", "<version>");
	snprintf(reloads, sizeof(reloads), "%u [failed: %u]", st->n_reloads, st->n_failed_reloads);
	strbuf_addf(rq->out, "%-15d %-15s %-15s ", (int)getpid(), "master", reloads);
	add_uptime(rq->out, st->started_us);
	strbuf_adds(rq->out, "# workers\n");
	if (st->worker != 0) {
		strbuf_addf(rq->out, "%-15d %-15s %-15d ", (int)st->worker, "worker", 0);
		add_uptime(rq->out, st->worker_started_us);
	}
	if (st->old_worker != 0) {
		strbuf_addf(rq->out, "# old workers\n%-15d %-15s %-15d ", (int)st->old_worker,
			    "worker", 1);
		add_uptime(rq->out, st->started_us);
	}
	strbuf_adds(rq->out, "# programs\n");
}

static void show_version(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	strbuf_adds(rq->out, TANDEM_VERSION "\n");
}

static void show_level(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	strbuf_addf(rq->out, "%s\n", level_names[rq->level]);
}

static void show_sockets(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	const struct master_status *st = rq->arg;

	(void)cursor, (void)more;
	strbuf_addf(rq->out, "# socket lvl processes\n%s %s all\n", st->address,
		    level_names[rq->level]);
}

static void lower_level(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	rq->level = str_eq(rq->argv[0], STR("user")) ? CTL_USER : MIN(rq->level, CTL_OPERATOR);
}

static void reload(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	const struct master_status *st = rq->arg;

	(void)cursor, (void)more;
	st->reload(st->arg);
}

static const struct ctl_command commands[] = {
	/* the relay takes what begins with '@'; these rows are for `help` */
	{ "@!<pid>", "", "send a command to the <pid> process", CTL_USER, show_version },
	{ "@<relative pid>", "", "send a command to the <relative pid> process", CTL_USER,
	  show_version },
	{ "@master", "", "send a command to the master process", CTL_USER, show_version },
	{ "operator", "", "lower the level of the current CLI session to operator", CTL_USER,
	  lower_level },
	{ "reload", "", "read the configuration files again", CTL_OPERATOR, reload },
	{ "show cli level", "", "display the level of the current CLI session", CTL_USER,
	  show_level },
	{ "show cli sockets", "", "dump list of cli sockets", CTL_USER, show_sockets },
	{ "show proc", "", "show processes status", CTL_USER, show_proc },
	{ "show version", "", "show version of the current process", CTL_USER, show_version },
	{ "user", "", "lower the level of the current CLI session to user", CTL_USER, lower_level },
	{ NULL, NULL, NULL, CTL_USER, NULL },
};

/* ---- relay ---- */

/* The words as one line again. */
static void join_words(const struct ctl_request *rq, unsigned from, struct strbuf *line)
{
	for (unsigned i = from; i < rq->argc; i++) {
		if (i > from)
			strbuf_addc(line, ' ');
		for (size_t k = 0; k < rq->argv[i].len; k++) {
			char c = rq->argv[i].p[k];

			if (c == ' ' || c == '\t' || c == ';' || c == '\\')
				strbuf_addc(line, '\\');
			strbuf_addc(line, c);
		}
	}
	strbuf_addc(line, '\n');
}

/* Returns a connection to the worker on which the line was sent, or -errno. */
static int ask_worker(const struct master_status *st, const struct ctl_request *rq, unsigned from)
{
	struct strbuf line = { 0 };
	int pair[2], rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
		return -errno;
	join_words(rq, from, &line);
	rc = master_link_give_connection(st->link, pair[1], rq->level);
	close(pair[1]);
	/* a line is shorter than any socket buffer */
	if (rc == 0 && send(pair[0], line.p, line.len, MSG_NOSIGNAL) != (ssize_t)line.len)
		rc = -EIO;
	strbuf_fini(&line);
	if (rc == 0) {
		(void)shutdown(pair[0], SHUT_WR);
		return pair[0];
	}
	close(pair[0]);
	return rc;
}

static bool is_worker(const struct master_status *st, struct str target)
{
	int64_t n;
	bool is_pid = target.len > 1 && target.p[1] == '!';
	const struct str digits = { target.p + (is_pid ? 2 : 1), target.len - (is_pid ? 2 : 1) };

	return st->worker != 0 && str_parse_int(digits, 1, INT32_MAX, &n) == 0 &&
	       n == (is_pid ? st->worker : 1);
}

/* Returns the connection to read the answer from, or -1: it is complete. */
static int relay_begin(struct ctl_request *rq)
{
	const struct master_status *st = rq->arg;
	bool has_target = rq->argv[0].p[0] == '@';
	int fd;

	if (has_target && (str_eq(rq->argv[0], STR("@master")) || str_eq(rq->argv[0], STR("@0")))) {
		rq->session = 0;
		rq->brings_own_end = true;
		return -1;
	}
	if (has_target ? !is_worker(st, rq->argv[0]) : (pid_t)rq->session != st->worker) {
		strbuf_addf(rq->out,
			    "Can't find the target PID matching the prefix '" STR_FMT "'\n",
			    STR_ARG(rq->argv[0]));
		return -1;
	}
	if (has_target && rq->argc == 1) {
		rq->session = (uint64_t)st->worker;
		rq->brings_own_end = true;
		return -1;
	}
	fd = ask_worker(st, rq, has_target ? 1 : 0);
	if (fd < 0) {
		strbuf_addf(rq->out, "The worker cannot be reached: %s\n", strerror(-fd));
		return -1;
	}
	rq->brings_own_end = true;
	return fd;
}

static void relay_cancel(struct ctl_request *rq, uint64_t cursor)
{
	(void)rq;
	if (cursor != 0)
		close((int)(cursor - 1));
}

static void relay(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	char piece[PIECE];
	ssize_t n = -1;
	int fd;

	if (*cursor == 0) {
		fd = relay_begin(rq);
		if (fd < 0)
			return;
		*cursor = (uint64_t)fd + 1;
		rq->cancel = relay_cancel;
		errno = EAGAIN;
	} else {
		fd = (int)(*cursor - 1);
		n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);
	}
	if (n > 0)
		strbuf_add(rq->out, piece, (size_t)n);
	*more = n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
	if (*more)
		rq->wait_fd = fd;
	else
		close(fd);
}

static const struct ctl_command relay_command = { "@", "", NULL, CTL_USER, relay };

static void add_prompt(struct ctl_request *rq)
{
	if (rq->session != 0)
		strbuf_addf(rq->out, "%d> ", (int)rq->session);
	else
		strbuf_adds(rq->out, "master> ");
}

/* ---- opening ---- */

/* The words between commas, as a line of a configuration that our parser can read. */
static struct cfg *parse_spec(const char *spec, struct diag *d)
{
	struct strbuf text = { 0 };
	struct cfg *cfg;

	strbuf_adds(&text, "global\n\tstats socket ");
	for (const char *p = spec, *word = spec;; p++) {
		if (*p != ',' && *p != '\0')
			continue;
		strbuf_addf(&text, "\"%.*s\"", (int)(p - word), word);
		if (word == spec)
			strbuf_adds(&text, " level admin"); /* unless they say otherwise */
		if (*p == '\0')
			break;
		strbuf_addc(&text, ' ');
		word = p + 1;
	}
	strbuf_addc(&text, '\n');
	cfg = cfg_load_text("-S", (struct str){ text.p, text.len }, d);
	strbuf_fini(&text);
	return cfg;
}

static int listen_at(struct master_cli *mc, const struct cfg_socket *s)
{
	int fd;

	if (s->fd == -1)
		return ctl_server_listen(&mc->ctl, &s->addr, s->mode, s->uid, s->gid, s->level);
	fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? -errno : ctl_server_adopt(&mc->ctl, fd, s->level);
}

int master_cli_open(struct master_cli *mc, struct loop *loop, const char *spec,
		    struct master_status *status)
{
	struct diag d;
	struct cfg *cfg;
	int rc = -EINVAL;

	diag_init(&d);
	cfg = parse_spec(spec, &d);
	if (cfg == NULL)
		diag_print(&d, stderr, DIAG_WARNING);
	diag_fini(&d);
	if (cfg == NULL)
		return rc;
	status->address = spec;
	ctl_server_init(&mc->ctl, loop, commands, NULL, status);
	mc->ctl.relay = &relay_command;
	mc->ctl.add_prompt = add_prompt;
	rc = listen_at(mc, cfg->global.sockets);
	if (rc != 0) {
		fprintf(stderr, "proxyd: the master cannot listen on '%s': %s\n", spec,
			strerror(-rc));
		ctl_server_fini(&mc->ctl);
	}
	cfg_free(cfg);
	return rc;
}
