/* pair.c - asks vrrpd how the pair is. */
#include "stats/pair.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tandem/addr.h>
#include <tandem/clock.h>

#include <tandem/html.h>

#define ASK_S       1.
#define ASK_RARELY  10 /* seconds */
#define WANTED_US   (30 * US_PER_S)
#define PATIENCE_US (3 * US_PER_S) /* for one answer */
#define N_QUESTIONS ARRAY_LEN(questions)

/* One connection for all of them: answers come in order, each ends with an empty line. */
static const char *const questions[] = { "show vrrp json", "show history json", "show metrics" };

/* Control thread only, and readers with its lock. */
static struct {
	struct loop *loop;
	const char *path;
	ev_timer tick;
	ev_io io;
	int fd; /* -1: no question under way */
	int64_t asked_us, answered_us, wanted_us;
	int error; /* of the last attempt; 0: it was answered */
	unsigned n_ticks;
	struct strbuf in;
	struct strbuf answer[N_QUESTIONS];
} pair = { .fd = -1 };

static void hang_up(int error)
{
	ev_io_stop(pair.loop->ev, &pair.io);
	if (pair.fd != -1)
		close(pair.fd);
	pair.fd = -1;
	pair.error = error;
}

/* Cut the text at empty lines: one answer to each question. */
static void take_answers(void)
{
	const char *at = strbuf_str(&pair.in), *end = at + pair.in.len;

	for (size_t i = 0; i < N_QUESTIONS; i++) {
		const char *stop = memmem(at, (size_t)(end - at), "\n\n", 2);

		if (stop == NULL)
			stop = end;
		strbuf_clear(&pair.answer[i]);
		strbuf_add(&pair.answer[i], at, (size_t)(stop - at));
		at = MIN(stop + 2, end);
	}
	pair.answered_us = pair.loop->now_us;
}

static void on_readable(struct ev_loop *ev, ev_io *w, int revents)
{
	char chunk[16384];
	ssize_t n = recv(pair.fd, chunk, sizeof(chunk), 0);

	(void)ev, (void)w, (void)revents;
	if (n > 0 && pair.in.len + (size_t)n <= PAIR_ANSWER_MAX) {
		strbuf_add(&pair.in, chunk, (size_t)n);
	} else if (n == 0) {
		if (pair.in.failed)
			hang_up(ENOMEM);
		else if (pair.in.len == 0)
			hang_up(ECONNRESET);
		else {
			take_answers();
			hang_up(0);
		}
	} else if (n > 0) {
		hang_up(EMSGSIZE);
	} else if (errno != EAGAIN && errno != EINTR) {
		hang_up(errno);
	}
}

static void ask(void)
{
	struct addr a;
	char line[128];
	size_t len = 0;

	for (size_t i = 0; i < N_QUESTIONS; i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s", questions[i],
					i + 1 < N_QUESTIONS ? ";" : "\n");
	strbuf_clear(&pair.in);
	pair.in.failed = false;
	pair.asked_us = pair.loop->now_us;
	if (addr_from_path(str_from(pair.path), &a) < 0) {
		hang_up(ENAMETOOLONG);
		return;
	}
	pair.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* a Unix socket is connected at once or not at all */
	if (pair.fd == -1 || connect(pair.fd, &a.sa, a.len) != 0 ||
	    send(pair.fd, line, len, MSG_NOSIGNAL) != (ssize_t)len) {
		hang_up(errno);
		return;
	}
	ev_io_set(&pair.io, pair.fd, EV_READ);
	ev_io_start(pair.loop->ev, &pair.io);
}

static void on_tick(struct ev_loop *ev, ev_timer *w, int revents)
{
	int64_t now_us = pair.loop->now_us;
	bool is_wanted = now_us - pair.wanted_us < WANTED_US;

	(void)ev, (void)w, (void)revents;
	if (pair.fd != -1) {
		if (now_us - pair.asked_us > PATIENCE_US)
			hang_up(ETIMEDOUT);
		return;
	}
	if (is_wanted || pair.n_ticks % ASK_RARELY == 0)
		ask();
	pair.n_ticks++;
}

void pair_watch(struct loop *loop, const char *path)
{
	if (pair.path != NULL && path != NULL && strcmp(pair.path, path) == 0) {
		pair.path = path; /* of the new configuration */
		return;
	}
	pair_stop();
	if (path == NULL)
		return;
	pair.loop = loop;
	pair.path = path;
	pair.wanted_us = -WANTED_US;
	ev_init(&pair.io, on_readable);
	ev_timer_init(&pair.tick, on_tick, 0., ASK_S);
	ev_timer_start(loop->ev, &pair.tick);
}

void pair_stop(void)
{
	if (pair.loop == NULL)
		return;
	hang_up(0);
	ev_timer_stop(pair.loop->ev, &pair.tick);
	for (size_t i = 0; i < N_QUESTIONS; i++)
		strbuf_fini(&pair.answer[i]);
	strbuf_fini(&pair.in);
	memset(&pair, 0, sizeof(pair));
	pair.fd = -1;
}

void pair_wanted(void)
{
	if (pair.loop != NULL)
		pair.wanted_us = clock_mono_us();
}

static struct str answer(size_t i)
{
	return (struct str){ strbuf_str(&pair.answer[i]), pair.answer[i].len };
}

void pair_add_html(struct strbuf *out)
{
	if (pair.path == NULL)
		return;
	strbuf_adds(out, "<section><h2>The pair</h2>");
	if (pair.error != 0) {
		strbuf_adds(out, "<p class=bad>vrrpd does not answer at ");
		html_addz(out, pair.path);
		strbuf_addf(out, ": %s", strerror(pair.error));
		if (pair.answered_us > 0) {
			strbuf_adds(out, ". What follows is ");
			html_add_duration(out, (clock_mono_us() - pair.answered_us) / US_PER_S);
			strbuf_adds(out, " old.");
		}
		strbuf_adds(out, "</p>");
	}
	if (pair.answered_us > 0)
		pair_render(out, answer(0), answer(1));
	else if (pair.error == 0)
		strbuf_adds(out, "<p>vrrpd was not asked yet.</p>");
	strbuf_adds(out, "</section>");
}

void pair_add_metrics(struct strbuf *out)
{
	struct str text = answer(2);

	if (pair.path == NULL)
		return;
	strbuf_addf(out,
		    "# HELP tandem_vrrpd_up Whether vrrpd answers on its control socket\n"
		    "# TYPE tandem_vrrpd_up gauge\ntandem_vrrpd_up %d\n",
		    pair.error == 0 && pair.answered_us > 0);
	/* an old vrrpd answers with a list of its commands */
	if (pair.error == 0 && text.len > 2 && memcmp(text.p, "# ", 2) == 0) {
		strbuf_add(out, text.p, text.len);
		strbuf_addc(out, '\n');
	}
}
