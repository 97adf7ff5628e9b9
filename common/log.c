/* log.c - what the daemons say about themselves. */
#include <tandem/log.h>

#include "log_priv.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <tandem/clock.h>
#include <tandem/util.h>
#include <time.h>
#include <unistd.h>

#define QUOTED_MAX     ((size_t)200) /* bytes of the value */
#define RECONNECT_US   US_PER_S
#define HEADER_MAX     128
#define SYSLOG_DEFAULT "/dev/log"

/* The log belongs to the process: the only global state of this library. lock guards all but level.
 */
static struct {
	pthread_mutex_t lock;
	const char *name;
	_Atomic int level;
	bool to_stderr, is_journal, is_socket; /* what stderr is */
	int facility;                          /* -1: no syslog */
	const char *syslog_path;
	int syslog_fd;
	int64_t syslog_failed_us; /* when connecting failed last; 0: it did not */
	unsigned n_lost_stderr, n_lost_syslog;
} g = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.name = "tandem",
	.level = LOGL_INFO,
	.to_stderr = true,
	.facility = -1,
	.syslog_fd = -1,
};

static const struct {
	const char *name;
	int priority;
} levels[] = {
	[LOGL_ERR] = { "err", LOG_ERR },          [LOGL_WARN] = { "warn", LOG_WARNING },
	[LOGL_NOTICE] = { "notice", LOG_NOTICE }, [LOGL_INFO] = { "info", LOG_INFO },
	[LOGL_DEBUG] = { "debug", LOG_DEBUG },
};

/* journald gives us a stream as stderr and its device and inode in the environment; both must
 * match, since a child may have got another stderr together with our environment. */
static bool stderr_is_journal(const struct stat *st)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char *end;
	unsigned long long dev, ino;

	if (!stream)
		return false;
	dev = strtoull(stream, &end, 10);
	if (end == stream || *end != ':')
		return false;
	stream = end + 1;
	ino = strtoull(stream, &end, 10);
	return end != stream && *end == '\0' && dev == st->st_dev && ino == st->st_ino;
}

void log_init(const char *name)
{
	struct stat st;
	bool is_known = fstat(STDERR_FILENO, &st) == 0;

	tzset(); /* before a chroot hides the time zone */
	pthread_mutex_lock(&g.lock);
	g.name = name;
	g.is_socket = is_known && S_ISSOCK(st.st_mode);
	g.is_journal = is_known && stderr_is_journal(&st);
	pthread_mutex_unlock(&g.lock);
}

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&g.level, (int)level, memory_order_relaxed);
}

void log_to_stderr(bool on)
{
	pthread_mutex_lock(&g.lock);
	g.to_stderr = on;
	pthread_mutex_unlock(&g.lock);
}

void log_set_syslog_path(const char *path)
{
	pthread_mutex_lock(&g.lock);
	g.syslog_path = path;
	pthread_mutex_unlock(&g.lock);
}

/* ---- the sinks; g.lock is held ---- */

/* One line in one piece, or nothing. */
static bool stderr_put(const char *line, size_t len)
{
	struct pollfd pfd = { .fd = STDERR_FILENO, .events = POLLOUT };
	ssize_t n;

	if (g.is_socket) {
		n = send(STDERR_FILENO, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		return n == (ssize_t)len;
	}
	/* The descriptor may be shared with a shell, so O_NONBLOCK is not ours to set; a pipe that
	 * polls writable takes PIPE_BUF bytes, which is more than a line. */
	if (poll(&pfd, 1, 0) <= 0 || !(pfd.revents & POLLOUT) || (pfd.revents & POLLERR))
		return false;
	n = write(STDERR_FILENO, line, len);
	return n == (ssize_t)len;
}

static void syslog_close(void)
{
	if (g.syslog_fd != -1)
		close(g.syslog_fd);
	g.syslog_fd = -1;
}

static bool syslog_connect(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const char *path = g.syslog_path ? g.syslog_path : SYSLOG_DEFAULT;
	int64_t now_us = clock_mono_us();

	if (g.syslog_failed_us && now_us - g.syslog_failed_us < RECONNECT_US)
		return false;
	if (strlen(path) >= sizeof(un.sun_path))
		return false;
	memcpy(un.sun_path, path, strlen(path) + 1);
	g.syslog_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (g.syslog_fd != -1 && connect(g.syslog_fd, (struct sockaddr *)&un, sizeof(un)) == 0) {
		g.syslog_failed_us = 0;
		return true;
	}
	syslog_close();
	g.syslog_failed_us = now_us;
	return false;
}

static bool syslog_put(const char *line, size_t len)
{
	/* twice: a restarted syslogd is noticed by the first failure */
	for (unsigned attempt = 0; attempt < 2; attempt++) {
		if (g.syslog_fd == -1 && !syslog_connect())
			return false;
		if (send(g.syslog_fd, line, len, MSG_NOSIGNAL) >= 0)
			return true;
		if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
			return false; /* it is there, but full */
		syslog_close();
	}
	return false;
}

void log_to_syslog(int facility)
{
	pthread_mutex_lock(&g.lock);
	g.facility = facility;
	g.syslog_failed_us = 0;
	syslog_close();
	if (facility >= 0)
		(void)syslog_connect(); /* now: a chroot may hide the path later */
	pthread_mutex_unlock(&g.lock);
}

/* ---- lines ---- */

static size_t clamp(int n, size_t room)
{
	return n < 0 ? 0 : MIN((size_t)n, room - 1);
}

static size_t stderr_header(char *out, size_t room, enum log_level level)
{
	int64_t us = clock_real_us();
	time_t s = (time_t)(us / US_PER_S);
	struct tm tm;
	char when[32];

	if (g.is_journal)
		return clamp(snprintf(out, room, "<%d>", levels[level].priority), room);
	gmtime_r(&s, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	return clamp(snprintf(out, room, "%s.%03dZ %s[%d] %s ", when, (int)(us % US_PER_S / 1000),
			      g.name, (int)getpid(), levels[level].name),
		     room);
}

/* RFC 3164, as syslog(3) sends it. Its month names are English whatever the locale. */
static size_t syslog_header(char *out, size_t room, enum log_level level)
{
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t s = time(NULL);
	struct tm tm;

	localtime_r(&s, &tm);
	return clamp(snprintf(out, room, "<%d>%s %2d %02d:%02d:%02d %s[%d]: ",
			      g.facility | levels[level].priority, months[tm.tm_mon], tm.tm_mday,
			      tm.tm_hour, tm.tm_min, tm.tm_sec, g.name, (int)getpid()),
		     room);
}

static bool stderr_line(enum log_level level, const char *text, size_t len)
{
	char line[HEADER_MAX + LOG_MAX_LINE + 1];
	size_t n = stderr_header(line, HEADER_MAX, level);

	memcpy(line + n, text, len);
	n += len;
	line[n++] = '\n';
	return stderr_put(line, n);
}

static bool syslog_line(enum log_level level, const char *text, size_t len)
{
	char line[HEADER_MAX + LOG_MAX_LINE];
	size_t n = syslog_header(line, HEADER_MAX, level);

	memcpy(line + n, text, len);
	return syslog_put(line, n + len);
}

typedef bool sink_fn(enum log_level level, const char *text, size_t len);

/* A line, and before it how many lines the sink has refused since the last that it took. */
static void put_line(sink_fn *sink, unsigned *n_lost, enum log_level level, const char *text,
		     size_t len)
{
	if (*n_lost > 0) {
		char lost[64];
		int n = snprintf(lost, sizeof(lost), "log lines_lost count=%u", *n_lost);

		if (!sink(LOGL_WARN, lost, clamp(n, sizeof(lost)))) {
			(*n_lost)++;
			return;
		}
		*n_lost = 0;
	}
	if (!sink(level, text, len))
		(*n_lost)++;
}

static void remember(enum log_level level, const char *text, size_t len)
{
	int64_t us = clock_real_us();
	time_t s = (time_t)(us / US_PER_S);
	char header[64];
	struct tm tm;
	size_t n;

	gmtime_r(&s, &tm);
	n = strftime(header, sizeof(header), "%Y-%m-%dT%H:%M:%S", &tm);
	n += clamp(snprintf(header + n, sizeof(header) - n, ".%06dZ %s ", (int)(us % US_PER_S),
			    levels[level].name),
		   sizeof(header) - n);
	log_ring_add(header, n, text, len);
}

static void emit(enum log_level level, char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			text[i] = '?'; /* one event is one line, and no terminal is steered */
	while (len > 0 && text[len - 1] == ' ')
		len--;
	remember(level, text, len);
	pthread_mutex_lock(&g.lock);
	if (g.to_stderr)
		put_line(stderr_line, &g.n_lost_stderr, level, text, len);
	if (g.facility >= 0)
		put_line(syslog_line, &g.n_lost_syslog, level, text, len);
	pthread_mutex_unlock(&g.lock);
}

static bool is_wanted(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&g.level, memory_order_relaxed);
}

void log_write(enum log_level level, const char *area, const char *event, const char *fmt, ...)
{
	char text[LOG_MAX_LINE];
	int saved_errno = errno;
	va_list ap;
	size_t n;

	if (!is_wanted(level))
		return;
	while (*fmt == ' ')
		fmt++;
	n = clamp(snprintf(text, sizeof(text), "%s %s ", area, event), sizeof(text));
	va_start(ap, fmt);
	n += clamp(vsnprintf(text + n, sizeof(text) - n, fmt, ap), sizeof(text) - n);
	va_end(ap);
	emit(level, text, n);
	errno = saved_errno;
}

void log_text(enum log_level level, const char *fmt, ...)
{
	char text[LOG_MAX_LINE];
	int saved_errno = errno;
	va_list ap;
	size_t n;

	if (!is_wanted(level))
		return;
	va_start(ap, fmt);
	n = clamp(vsnprintf(text, sizeof(text), fmt, ap), sizeof(text));
	va_end(ap);
	emit(level, text, n);
	errno = saved_errno;
}

const char *log_quoted(struct str s)
{
	static _Thread_local char buffers[8][QUOTED_MAX * 4 + sizeof("\"...\"")];
	static _Thread_local unsigned turn;
	static const char hex[] = "0123456789abcdef";
	char *out = buffers[turn++ % ARRAY_LEN(buffers)], *p = out;

	*p++ = '"';
	for (size_t i = 0; i < MIN(s.len, QUOTED_MAX); i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\') {
			*p++ = '\\';
			*p++ = (char)c;
		} else if (c < 0x20 || c >= 0x7f) {
			*p++ = '\\';
			*p++ = 'x';
			*p++ = hex[c >> 4];
			*p++ = hex[c & 15];
		} else {
			*p++ = (char)c;
		}
	}
	if (s.len > QUOTED_MAX)
		p = mempcpy(p, "...", 3);
	*p++ = '"';
	*p = '\0';
	return out;
}

bool log_limit_ok(struct log_limit *l, int64_t now_us, unsigned burst, int64_t period_us,
		  unsigned *suppressed)
{
	if (l->n == 0 || now_us - l->since_us >= period_us) {
		l->since_us = now_us;
		l->n = 0;
	}
	if (l->n >= burst) {
		l->suppressed++;
		return false;
	}
	l->n++;
	*suppressed = l->suppressed;
	l->suppressed = 0;
	return true;
}
