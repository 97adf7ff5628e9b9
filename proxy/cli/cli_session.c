/* cli_session.c - commands about the connection of the operator and what the process was given. */
#include "cli/cli.h"

#include <stdlib.h>
#include <unistd.h>

#include <tandem/clock.h>
#include <tandem/log.h>

#include "process/process.h"
#include "process/stats_socket.h"

static const char *const level_names[] = { "user", "operator", "admin" };

void cli_show_level(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	strbuf_addf(rq->out, "%s\n", level_names[rq->level]);
}

/* operator and user: a level only falls. */
void cli_lower_level(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	rq->level = str_eq(rq->argv[0], STR("user")) ? CTL_USER : CTL_OPERATOR;
}

void cli_set_timeout(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct str word = cli_arg(rq, 3);
	int64_t us;

	(void)cursor, (void)more;
	if (!str_eq(cli_arg(rq, 2), STR("cli")))
		strbuf_adds(rq->out, "'set timeout' only supports 'cli'.\n");
	else if (word.len == 0)
		strbuf_adds(rq->out, "Expects an integer value.\n");
	else if (str_parse_time_us(word, US_PER_S, &us) != 0 || us < US_PER_S)
		strbuf_adds(rq->out, "Invalid timeout value.\n");
	else
		rq->idle_timeout_us = us;
}

static void add_socket(const struct stats_socket *s, struct strbuf *out)
{
	char text[ADDR_TEXT_LEN];

	if (s->addr.len == 0)
		strbuf_addf(out, "fd@%d", s->cfg_fd);
	else if (s->addr.sa.sa_family == AF_UNIX)
		strbuf_addf(out, "unix@%s", addr_format(&s->addr, true, text) + strlen("unix:"));
	else
		strbuf_addf(out, "%s@%s", s->addr.sa.sa_family == AF_INET6 ? "ipv6" : "ipv4",
			    addr_format(&s->addr, true, text));
	strbuf_addf(out, " %s all\n", level_names[s->level]);
}

void cli_show_sockets(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	const struct stats_socket *s;

	(void)cursor, (void)more;
	strbuf_adds(rq->out, "# socket lvl processes\n");
	list_for_each (s, &process_self->sockets, node)
		add_socket(s, rq->out);
}

void cli_show_env(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct str name = cli_arg(rq, 2);
	bool found = false;

	(void)cursor, (void)more;
	for (char *const *e = environ; e != NULL && *e != NULL; e++) {
		const char *eq = strchr(*e, '=');

		if (name.len > 0 &&
		    (eq == NULL || !str_eq(name, (struct str){ *e, (size_t)(eq - *e) })))
			continue;
		found = true;
		strbuf_addf(rq->out, "%s\n", *e);
	}
	if (!found && name.len > 0)
		strbuf_adds(rq->out, "Variable not found\n");
}

void cli_show_version(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	strbuf_adds(rq->out, TANDEM_VERSION "\n");
}

void cli_show_startup_logs(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	if (process_startup_logs != NULL && process_startup_logs[0] != '\0')
		strbuf_adds(rq->out, process_startup_logs);
	else
		strbuf_adds(rq->out, "\n");
}

/* expert-mode and experimental-mode: there is nothing that they would allow. */
void cli_mode(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	if (rq->argc < 2)
		strbuf_addf(rq->out, STR_FMT " is OFF\n", STR_ARG(rq->argv[0]));
}

/* Stick tables do not exist yet: no name is one. */
void cli_no_table(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	bool is_show = str_eq(rq->argv[0], STR("show"));

	(void)cursor, (void)more;
	if (rq->argc > 2)
		strbuf_adds(rq->out, "No such table\n");
	else if (!is_show)
		strbuf_adds(rq->out, "Required arguments: <table> \"data.<store_data_type>\" "
				     "<operator> <value> or <table> key <key>\n");
}

/* ---- show events ---- */

struct follow {
	uint64_t pos; /* in the log */
	int fd;       /* -1: it only reads what is there */
};

static void end_follow(struct follow *f)
{
	if (f->fd != -1)
		log_ring_unfollow(f->fd);
	free(f);
}

static void cancel_follow(struct ctl_request *rq, uint64_t cursor)
{
	(void)rq;
	end_follow((struct follow *)(uintptr_t)cursor);
}

static struct follow *begin_follow(const struct ctl_request *rq)
{
	struct follow *f = xcalloc(1, sizeof(*f));
	bool waits = false, is_new = false;

	for (unsigned i = 3; i < rq->argc; i++) {
		struct str word = rq->argv[i];

		if (word.len < 2 || word.p[0] != '-')
			continue;
		waits |= memchr(word.p, 'w', word.len) != NULL;
		is_new |= memchr(word.p, 'n', word.len) != NULL;
	}
	f->fd = waits ? log_ring_follow() : -1;
	f->fd = MAX(f->fd, -1);
	f->pos = is_new ? log_ring_end() : 0;
	return f;
}

static const char *refusal(const struct ctl_request *rq)
{
	if (rq->argc < 3)
		return "Supported events sinks are listed below. Add -w(wait), -n(new). Any key to "
		       "stop\n    buf0       : type=buffer, 0 dropped, in-memory ring buffer\n";
	if (!str_eq(rq->argv[2], STR("buf0")))
		return "No such event sink";
	return rq->level < CTL_OPERATOR ? "Permission denied\n" : NULL;
}

/* The log of the process itself is the one sink that can be read. */
void cli_show_events(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct follow *f = (struct follow *)(uintptr_t)*cursor;
	char piece[8192];
	uint64_t count;
	size_t n;

	if (refusal(rq) != NULL) {
		strbuf_adds(rq->out, refusal(rq));
		return;
	}
	if (f == NULL) {
		f = begin_follow(rq);
		*cursor = (uintptr_t)f;
		rq->cancel = cancel_follow;
	}
	/* before looking: what comes meanwhile wakes us again */
	if (f->fd != -1)
		(void)!read(f->fd, &count, sizeof(count));
	n = rq->is_interrupted ? 0 : log_ring_read(&f->pos, piece, sizeof(piece));
	strbuf_add(rq->out, piece, n);
	*more = !rq->is_interrupted && (n > 0 || f->fd != -1);
	if (!*more) {
		end_follow(f);
	} else if (n == 0) {
		rq->is_following = true;
		rq->wait_fd = f->fd;
	}
}
