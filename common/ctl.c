/* ctl.c - control sockets: connections and what runs on them. Listening is in ctl_listen.c. */
#include <tandem/ctl.h>

#include "ctl_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <tandem/clock.h>
#include <unistd.h>

#define OUT_HIGH        (64 * 1024) /* bytes waiting to be sent: stop reading and producing */
#define STEPS_PER_TURN  32          /* commands or pieces of answers */
#define TURN_US         2000        /* and then others shall have their turn */
#define IDLE_DEFAULT_US (10 * US_PER_S)

struct conn {
	struct ctl_server *server; /* borrowed */
	struct list node;          /* in server->conns */
	struct loop_grave grave;
	int fd; /* owned */
	ev_io io;
	ev_io wait; /* what the running command waits for */
	ev_timer idle;
	int64_t active_us; /* when bytes moved last */

	/* Bytes received; the current line is in[line .. line_end) and not moved while it runs. */
	char in[CTL_MAX_LINE + 1];
	size_t in_len, line, line_end;
	size_t next; /* of the current line: where its next command begins */
	bool has_line, is_line_empty;

	struct strbuf out;
	size_t out_sent;

	struct ctl_request rq;
	const struct ctl_command *running; /* more of its answer is to come; NULL: none */
	uint64_t cursor;

	bool has_prompt, has_timed_prompt, is_eof, is_ending, has_answered;
};

static void conn_free(struct loop_grave *g)
{
	struct conn *c = container_of(g, struct conn, grave);

	strbuf_fini(&c->out);
	free(c);
}

static void conn_close(struct conn *c)
{
	struct ctl_server *s = c->server;
	char scrap[4096];

	ev_io_stop(s->loop->ev, &c->io);
	ev_io_stop(s->loop->ev, &c->wait);
	if (c->running && c->rq.cancel)
		c->rq.cancel(&c->rq, c->cursor);
	ev_timer_stop(s->loop->ev, &c->idle);
	/* What was received and not read would make the kernel drop what we sent last. */
	for (unsigned i = 0; i < 8 && recv(c->fd, scrap, sizeof(scrap), MSG_DONTWAIT) > 0; i++)
		;
	close(c->fd);
	c->fd = -1;
	list_del(&c->node);
	s->n_conns--;
	loop_bury(s->loop, &c->grave);
}

/* ---- commands ---- */

/* Cut the next command out of the current line: up to ';' or the end, into words, in place.
 * Returns NULL, or why the rest of the line is refused. */
static const char *parse_command(struct conn *c)
{
	char *r = c->in + c->next, *end = c->in + c->line_end, *w = r;
	bool in_word = false;
	const char *refusal = NULL;
	struct ctl_request *rq = &c->rq;

	rq->argc = 0;
	for (; r < end && *r != ';' && !refusal; r++) {
		if (*r == ' ' || *r == '\t') {
			if (in_word)
				*w++ = '\0';
			in_word = false;
			continue;
		}
		if (!in_word && rq->argc == CTL_MAX_ARGS) {
			refusal = "Too many words in a command.\n";
			break;
		}
		if (!in_word)
			rq->argv[rq->argc++] = (struct str){ w, 0 };
		in_word = true;
		if (*r == '\\' && r + 1 < end)
			r++;
		if (*r == '\0')
			refusal = "A command contains a NUL byte.\n";
		*w++ = *r;
		rq->argv[rq->argc - 1].len++;
	}
	c->next = (size_t)((refusal ? end : r) - c->in) + 1;
	if (in_word)
		*w = '\0'; /* at most the place of the ';' or of the newline */
	return refusal;
}

static void begin_answer(struct conn *c)
{
	c->rq.out = &c->out;
	c->rq.arg = c->server->arg;
	c->rq.brings_own_end = false;
	c->rq.is_following = c->rq.is_interrupted = false;
	c->rq.wait_fd = -1;
	c->rq.cancel = NULL;
	c->cursor = 0;
}

static void add_prompt(struct conn *c)
{
	unsigned up_s = (unsigned)((clock_mono_us() - c->server->started_us) / US_PER_S);

	if (c->has_timed_prompt)
		strbuf_addf(&c->out, "[%u:%02u:%02u:%02u] ", up_s / 86400, up_s / 3600 % 24,
			    up_s / 60 % 60, up_s % 60);
	if (c->server->add_prompt)
		c->server->add_prompt(&c->rq);
	else
		strbuf_adds(&c->out, "> ");
}

/* One line feed ends an answer: an empty line, unless its last line lacks its own. */
static void end_answer(struct conn *c)
{
	if (!c->rq.brings_own_end)
		strbuf_addc(&c->out, '\n');
	if (c->has_prompt)
		add_prompt(c);
	c->has_answered = true;
}

static void answer_prompt(struct conn *c)
{
	bool is_timed = c->rq.argc > 1 && str_eq(c->rq.argv[1], STR("timed"));

	if (is_timed)
		c->has_timed_prompt = !c->has_timed_prompt;
	c->has_prompt = is_timed || !c->has_prompt;
}

/* One piece of the answer of the running command. */
static void run_piece(struct conn *c)
{
	bool more = false;

	c->rq.wait_fd = -1;
	c->running->fn(&c->rq, &c->cursor, &more);
	if (more)
		return;
	c->running = NULL;
	end_answer(c);
}

static const struct ctl_command *find_command(const struct conn *c)
{
	const struct ctl_command *best = NULL;
	unsigned best_n = 0;

	for (const struct ctl_command *cmd = c->server->commands; cmd->words; cmd++) {
		unsigned n = ctl_match(cmd->words, c->rq.argv, c->rq.argc, false);

		if (n > best_n) {
			best_n = n;
			best = cmd;
		}
	}
	return best;
}

static bool is_for_relay(struct conn *c)
{
	struct str *argv = c->rq.argv;

	if (!c->server->relay || c->rq.argc == 0)
		return false;
	if (c->rq.argc > 1 && (str_eq(argv[0], STR("@master")) || str_eq(argv[0], STR("@0")))) {
		/* for us, this once */
		memmove(argv, argv + 1, --c->rq.argc * sizeof(*argv));
		return false;
	}
	if (argv[0].len > 0 && argv[0].p[0] == '@')
		return true;
	return c->rq.session != 0 && !str_eq(argv[0], STR("prompt")) &&
	       !str_eq(argv[0], STR("quit"));
}

static void dispatch(struct conn *c)
{
	const struct ctl_command *cmd = is_for_relay(c) ? c->server->relay : find_command(c);

	begin_answer(c);
	if (cmd && cmd->level <= c->rq.level) {
		c->running = cmd;
		run_piece(c);
		return;
	}
	if (cmd)
		strbuf_adds(&c->out, "Permission denied\n");
	else if (c->rq.argc > 0 && str_eq(c->rq.argv[0], STR("help")))
		ctl_answer_help(c->server, &c->rq);
	else if (c->rq.argc > 0 && str_eq(c->rq.argv[0], STR("prompt")))
		answer_prompt(c);
	else if (c->rq.argc > 0 && str_eq(c->rq.argv[0], STR("quit")))
		c->is_ending = true;
	else
		ctl_answer_unknown(c->server, &c->rq);
	if (!c->is_ending)
		end_answer(c);
}

static void refuse(struct conn *c, const char *text)
{
	begin_answer(c);
	strbuf_adds(&c->out, text);
	end_answer(c);
}

/* The next command of the current line, if there is one. */
static void next_command(struct conn *c)
{
	const char *refusal;

	if (c->next >= c->line_end + c->is_line_empty) {
		c->has_line = false;
		return;
	}
	refusal = parse_command(c);
	if (refusal) {
		refuse(c, refusal);
		return;
	}
	if (c->rq.argc > 0 || c->is_line_empty)
		dispatch(c);
	c->is_line_empty = false;
}

/* ---- input and output ---- */

/* Find the next line among what was received. At the end of the input what is left is a line, too:
 * `printf 'show info' | socat ...` is answered. */
static bool find_line(struct conn *c)
{
	size_t from = c->line;
	char *lf = memchr(c->in + from, '\n', c->in_len - from);
	size_t end = lf ? (size_t)(lf - c->in) : c->in_len;

	if (!lf && (!c->is_eof || from == c->in_len))
		return false;
	c->next = from;
	c->line = MIN(end + 1, c->in_len); /* of the line after this */
	if (end > from && c->in[end - 1] == '\r')
		end--;
	c->line_end = end;
	c->has_line = true;
	c->is_line_empty = true;
	for (size_t i = from; i < end; i++)
		if (!strchr(" \t;", c->in[i]))
			c->is_line_empty = false;
	return true;
}

static void forget_lines(struct conn *c)
{
	memmove(c->in, c->in + c->line, c->in_len - c->line);
	c->in_len -= c->line;
	c->line = 0;
}

/* 0 or -errno; all that the socket takes now. */
static int flush(struct conn *c)
{
	while (c->out_sent < c->out.len) {
		ssize_t n = send(c->fd, c->out.p + c->out_sent, c->out.len - c->out_sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
		c->out_sent += (size_t)n;
		c->active_us = c->server->loop->now_us;
	}
	strbuf_clear(&c->out);
	c->out_sent = 0;
	return 0;
}

static void want(struct conn *c, int events)
{
	struct ev_loop *ev = c->server->loop->ev;

	if (ev_is_active(&c->io) && (c->io.events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(ev, &c->io);
	ev_io_set(&c->io, c->fd, events);
	ev_io_start(ev, &c->io);
}

/* The answer goes on when another process has said more; a client that leaves is noticed by the
 * idle timeout, or when we write. Who follows is read from: anything ends it. */
static void await(struct conn *c)
{
	struct ev_loop *ev = c->server->loop->ev;

	ev_io_stop(ev, &c->wait);
	ev_io_set(&c->wait, c->rq.wait_fd, EV_READ);
	ev_io_start(ev, &c->wait);
	if (c->out.len > c->out_sent || c->rq.is_following)
		want(c, (c->out.len > c->out_sent ? EV_WRITE : 0) |
				(c->rq.is_following ? EV_READ : 0));
	else
		ev_io_stop(ev, &c->io);
}

/* One thing: a piece of an answer, a command, or finding a line. False when input must come
 * first. */
static bool step(struct conn *c)
{
	if (c->running)
		run_piece(c);
	else if (c->has_line)
		next_command(c);
	else if (!find_line(c))
		return false;
	return true;
}

/* Go on as far as possible in this turn; may close c, so it is the caller's last statement. */
static void conn_go_on(struct conn *c)
{
	int64_t until_us = clock_mono_us() + TURN_US;

	for (unsigned steps = 0;; steps++) {
		if (c->out.failed || flush(c) < 0) {
			conn_close(c);
			return;
		}
		if (c->out.len - c->out_sent > (c->is_ending ? 0 : OUT_HIGH) ||
		    steps >= STEPS_PER_TURN || (c->running && clock_mono_us() >= until_us)) {
			want(c, EV_WRITE); /* the rest when the socket has room, in another turn */
			return;
		}
		if (c->is_ending) {
			conn_close(c);
			return;
		}
		if (c->running && c->rq.wait_fd != -1) {
			await(c);
			return;
		}
		if (step(c))
			continue;
		forget_lines(c);
		if (c->in_len == CTL_MAX_LINE) {
			refuse(c, "The line is too long.\n");
			c->is_ending = true;
		} else if (c->is_eof || (c->has_answered && !c->has_prompt)) {
			c->is_ending = true;
		} else {
			want(c, EV_READ | (c->out.len > c->out_sent ? EV_WRITE : 0));
			return;
		}
	}
}

/* Who follows is not listened to, but heard. */
static void interrupt(struct conn *c)
{
	ev_io_stop(c->server->loop->ev, &c->wait);
	c->rq.wait_fd = -1;
	c->rq.is_interrupted = true;
	c->in_len = c->line;
}

static void on_io(struct ev_loop *ev, ev_io *w, int revents)
{
	struct conn *c = container_of(w, struct conn, io);
	ssize_t n;

	(void)ev;
	if ((revents & EV_READ) && c->running && c->rq.is_following && c->in_len == CTL_MAX_LINE)
		c->in_len = c->line; /* what waits is discarded anyway */
	if (revents & EV_READ) {
		n = recv(c->fd, c->in + c->in_len, CTL_MAX_LINE - c->in_len, MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
			conn_close(c);
			return;
		}
		if (n == 0)
			c->is_eof = true;
		if (n > 0) {
			c->in_len += (size_t)n;
			c->active_us = c->server->loop->now_us;
		}
		if (n >= 0 && c->running && c->rq.is_following)
			interrupt(c);
	}
	conn_go_on(c);
}

static void on_awaited(struct ev_loop *ev, ev_io *w, int revents)
{
	struct conn *c = container_of(w, struct conn, wait);

	(void)revents;
	ev_io_stop(ev, w);
	c->rq.wait_fd = -1;
	conn_go_on(c);
}

static void on_idle(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct conn *c = container_of(w, struct conn, idle);
	int64_t limit_us =
		c->rq.idle_timeout_us > 0 ? c->rq.idle_timeout_us : c->server->idle_timeout_us;
	int64_t left_us = c->active_us + limit_us - c->server->loop->now_us;

	(void)revents;
	if (c->running && c->rq.is_following)
		left_us = limit_us;
	if (left_us <= 0) {
		conn_close(c);
		return;
	}
	ev_timer_set(w, (double)left_us / (double)US_PER_S, 0.);
	ev_timer_start(ev, w);
}

int ctl_server_serve(struct ctl_server *s, int fd, enum ctl_level level)
{
	int flags = fcntl(fd, F_GETFL);
	struct conn *c;

	if (s->n_conns >= CTL_MAX_CONNS) {
		close(fd);
		return -EMFILE;
	}
	c = calloc(1, sizeof(*c));
	if (!c || flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
		int rc = c ? -errno : -ENOMEM;

		free(c);
		close(fd);
		return rc;
	}
	c->server = s;
	c->fd = fd;
	c->grave.fn = conn_free;
	c->active_us = s->loop->now_us;
	c->rq.level = level;
	c->rq.fd = fd;
	list_add_tail(&s->conns, &c->node);
	s->n_conns++;
	c->rq.wait_fd = -1;
	ev_init(&c->io, on_io);
	ev_init(&c->wait, on_awaited);
	want(c, EV_READ);
	ev_init(&c->idle, on_idle);
	ev_timer_set(&c->idle, (double)s->idle_timeout_us / (double)US_PER_S, 0.);
	ev_timer_start(s->loop->ev, &c->idle);
	return 0;
}

void ctl_server_init(struct ctl_server *s, struct loop *loop, const struct ctl_command *commands,
		     const char *title, void *arg)
{
	*s = (struct ctl_server){
		.loop = loop,
		.commands = commands,
		.title = title ? title : "The following commands are valid at this level:",
		.arg = arg,
		.idle_timeout_us = IDLE_DEFAULT_US,
		.started_us = clock_mono_us(),
	};
	list_init(&s->listeners);
	list_init(&s->conns);
}

void ctl_server_abandon(struct ctl_server *s)
{
	struct conn *c;

	ctl_abandon_listeners(s);
	list_for_each (c, &s->conns, node)
		close(c->fd);
}

void ctl_server_fini(struct ctl_server *s)
{
	struct conn *c, *tmp;

	ctl_close_listeners(s);
	list_for_each_safe (c, tmp, &s->conns, node)
		conn_close(c);
}
