/* access_log.c - collecting log lines for each target and sending them at the end of a turn. */
#include "log/access_log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include <tandem/clock.h>

#include "config/cfg_model.h"
#include "log/access_log_priv.h"
#include "log/log_format.h"
#include "net/frontend.h"

#define BATCH_LINES  64
#define BATCH_BYTES  32768
#define LINE_MAX_LEN 16384 /* whatever `len` says */
#define CHUNK_BYTES  4096  /* a pipe that polls writable takes so much without blocking */
#define RETRY_US     US_PER_S

/* One place that lines go to, from one thread. Outlives the configuration that named it: a place
 * that is not named any more just gets no lines. */
struct sink {
	struct sink *next;
	enum cfg_log_target target;
	struct addr addr;
	int cfg_fd;
	int fd; /* socket, or cfg_fd; -1: not open */
	int64_t retry_us;
	unsigned n_lines;
	size_t len;
	size_t ends[BATCH_LINES]; /* of each line in bytes[] */
	char bytes[BATCH_BYTES];
};

struct access_log {
	struct loop *loop;
	char *tag, *hostname; /* owned */
	int pid;
	struct sink *sinks;
	struct log_dates dates;
};

static _Atomic uint64_t n_dropped;

struct access_log *access_log_new(struct loop *loop, const char *tag, const char *hostname)
{
	struct access_log *a = xcalloc(1, sizeof(*a));
	char own[HOST_NAME_MAX + 1] = "";

	a->loop = loop;
	a->tag = xstrdup(tag != NULL ? tag : "haproxy");
	if (hostname != NULL && hostname[0] == '\0')
		hostname = gethostname(own, sizeof(own) - 1) == 0 ? own : "localhost";
	a->hostname = hostname != NULL ? xstrdup(hostname) : NULL;
	a->pid = (int)getpid();
	return a;
}

void access_log_free(struct access_log *a)
{
	if (a == NULL)
		return;
	for (struct sink *s = a->sinks, *next; s != NULL; s = next) {
		next = s->next;
		if (s->target != CFG_LOG_FD && s->fd != -1)
			close(s->fd);
		free(s);
	}
	free(a->tag);
	free(a->hostname);
	free(a);
}

uint64_t access_log_dropped(void)
{
	return atomic_load_explicit(&n_dropped, memory_order_relaxed);
}

static void drop(uint64_t n)
{
	atomic_fetch_add_explicit(&n_dropped, n, memory_order_relaxed);
}

static bool is_same_place(const struct sink *s, const struct cfg_log *t)
{
	if (s->target != t->target)
		return false;
	return t->target == CFG_LOG_FD ? s->cfg_fd == t->fd : addr_eq(&s->addr, &t->addr);
}

static struct sink *find_sink(struct access_log *a, const struct cfg_log *t)
{
	struct sink *s;

	for (s = a->sinks; s != NULL; s = s->next)
		if (is_same_place(s, t))
			return s;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->target = t->target;
	s->addr = t->addr;
	s->cfg_fd = t->fd;
	s->fd = t->target == CFG_LOG_FD ? t->fd : -1;
	s->next = a->sinks;
	a->sinks = s;
	return s;
}

/* A syslog server that is not there is tried again once a second. */
static bool open_sink(struct sink *s)
{
	int64_t now_us;

	if (s->fd != -1)
		return true;
	now_us = clock_mono_us();
	if (now_us < s->retry_us)
		return false;
	s->retry_us = now_us + RETRY_US;
	s->fd = socket(s->addr.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd == -1)
		return false;
	/* connected: the kernel looks up the route once, and refusals are seen */
	if (connect(s->fd, &s->addr.sa, s->addr.len) == 0)
		return true;
	close(s->fd);
	s->fd = -1;
	return false;
}

static size_t line_start(const struct sink *s, unsigned i)
{
	return i == 0 ? 0 : s->ends[i - 1];
}

static void send_datagrams(struct sink *s)
{
	struct mmsghdr msgs[BATCH_LINES];
	struct iovec iov[BATCH_LINES];
	unsigned sent = 0, refusals = 0;

	if (!open_sink(s)) {
		drop(s->n_lines);
		return;
	}
	for (unsigned i = 0; i < s->n_lines; i++) {
		iov[i].iov_base = s->bytes + line_start(s, i);
		iov[i].iov_len = s->ends[i] - line_start(s, i);
		msgs[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &iov[i], .msg_iovlen = 1 } };
	}
	while (sent < s->n_lines) {
		int n = sendmmsg(s->fd, msgs + sent, s->n_lines - sent, MSG_NOSIGNAL);

		if (n > 0) {
			sent += (unsigned)n;
		} else if (n < 0 &&
			   (errno == EINTR || (errno == ECONNREFUSED && s->target == CFG_LOG_UDP &&
					       refusals++ == 0))) {
			continue; /* refused: the error of an earlier datagram; this one was not
				     sent yet */
		} else {
			break;
		}
	}
	if (sent == s->n_lines)
		return;
	drop(s->n_lines - sent);
	/* a Unix socket whose server went away must be connected anew */
	if (s->target == CFG_LOG_UNIX && errno != EAGAIN && errno != EWOULDBLOCK) {
		close(s->fd);
		s->fd = -1;
	}
}

/* stdout may be a pipe that nobody reads, and is shared with others, so its flags are not ours to
 * change: ask poll before each small write instead. */
static bool can_write_now(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0;
}

static void write_lines(struct sink *s)
{
	unsigned at = 0;

	while (at < s->n_lines) {
		unsigned end = at + 1;
		size_t from = line_start(s, at), len;
		ssize_t n;

		while (end < s->n_lines && s->ends[end] - from <= CHUNK_BYTES)
			end++;
		len = s->ends[end - 1] - from;
		if (!can_write_now(s->fd)) {
			drop(s->n_lines - at);
			return;
		}
		do
			n = write(s->fd, s->bytes + from, len);
		while (n < 0 && errno == EINTR);
		if (n < 0 || (size_t)n < len)
			drop(end - at);
		at = end;
	}
}

static void flush_sink(struct sink *s)
{
	if (s->n_lines == 0)
		return;
	if (s->target == CFG_LOG_FD)
		write_lines(s);
	else
		send_datagrams(s);
	s->n_lines = 0;
	s->len = 0;
}

void access_log_flush(struct access_log *a)
{
	for (struct sink *s = a->sinks; s != NULL; s = s->next)
		flush_sink(s);
}

/* One of those lines that go to this target. All threads count together, as in HAProxy. */
static bool is_sampled(const struct cfg_log_sample *s)
{
	unsigned at = atomic_fetch_add_explicit(s->n_lines, 1, memory_order_relaxed) % s->size + 1;

	for (unsigned i = 0; i < s->n; i++)
		if (at >= s->ranges[i].lo && at <= s->ranges[i].hi)
			return true;
	return false;
}

struct line {
	const char *tag;
	int level;
	struct str text, sd;
	int64_t now_us;
};

/* Queue header + text + newline for one target. `len` bounds header and text. */
static void queue_line(struct access_log *a, const struct cfg_log *t, const struct line *l)
{
	struct log_header h = { .facility = t->facility,
				.level = MAX(l->level, t->min_level),
				.tag = l->tag,
				.hostname = a->hostname,
				.pid = a->pid,
				.sd = l->sd,
				.now_us = l->now_us };
	size_t max = MIN(t->max_len > 0 ? t->max_len : 1024u, (unsigned)LINE_MAX_LEN), n, text_len;
	struct sink *s;

	if (l->level > t->max_level || (t->sample != NULL && !is_sampled(t->sample)))
		return;
	s = find_sink(a, t);
	if (s == NULL) {
		drop(1);
		return;
	}
	if (s->n_lines == BATCH_LINES || sizeof(s->bytes) - s->len < max + 1)
		flush_sink(s);
	n = log_format_header(t->format, &h, &a->dates, s->bytes + s->len, max);
	text_len = MIN(l->text.len, max - n);
	memcpy(s->bytes + s->len + n, l->text.p, text_len);
	n += text_len;
	s->bytes[s->len + n] = '\n';
	s->len += n + 1;
	s->ends[s->n_lines++] = s->len;
}

static const char *tag_of(const struct access_log *a, const struct cfg_proxy *px)
{
	return px->log_tag.len > 0 ? px->log_tag.p : a->tag;
}

void access_log_text(struct access_log *a, const struct cfg_proxy *px, int level, const char *text,
		     size_t len)
{
	struct line l = { tag_of(a, px), level, { text, len }, { 0 }, clock_real_us() };

	for (const struct cfg_log *t = px->logs; t != NULL; t = t->next)
		queue_line(a, t, &l);
}

/* An error, a timeout, a retry or a redispatch, or a status of 5xx: what dontlog-normal lets pass
 * and log-separate-errors raises. Our own answers (L) are none. */
static bool is_error(const struct access_record *r)
{
	if (r->redispatched || r->is_bad_request || (r->is_http && r->status >= 500))
		return true;
	return r->term[0] == '-' ? r->retries > 0 : r->term[0] != 'L';
}

void access_log_write(struct access_log *a, const struct access_record *r)
{
	const struct cfg_proxy *px = rcu_dereference(r->fe->cfg);
	const bool error = is_error(r);
	char text[LINE_MAX_LEN], sd[LINE_MAX_LEN / 4];
	struct line l = { .tag = tag_of(a, px),
			  .level = error && px->log_separate_errors ? LOG_ERR : LOG_INFO };

	if (px->logs == NULL || (px->dontlog_normal && !error))
		return;
	l.text.p = text;
	l.text.len = log_format_run(r->is_bad_request && px->error_log_format != NULL
					    ? px->error_log_format
					    : px->log_format,
				    r, &a->dates, text, sizeof(text));
	if (px->log_format_sd != NULL)
		l.sd = (struct str){ sd, log_format_run(px->log_format_sd, r, &a->dates, sd,
							sizeof(sd)) };
	l.now_us = clock_real_us();
	for (const struct cfg_log *t = px->logs; t != NULL; t = t->next)
		queue_line(a, t, &l);
}
