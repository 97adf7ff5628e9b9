/* log.h - what the daemons say about themselves (access logs are proxy/log's).
 *
 * A line is "area event key=value..."; the sink puts time, daemon and level before it as it needs:
 * a terminal gets all, journald gets "<N>" priorities (when JOURNAL_STREAM names our stderr),
 * syslog gets RFC 3164. Event names are stable. Values from the network are passed with LOG_QUOTED.
 * Never blocks: what a full sink refuses is counted and reported with the next line. Callable from
 * any thread. */
#ifndef TANDEM_LOG_H
#define TANDEM_LOG_H

#include <stdbool.h>
#include <tandem/str.h>

enum log_level { LOGL_ERR, LOGL_WARN, LOGL_NOTICE, LOGL_INFO, LOGL_DEBUG };

/* Until log_open_*: stderr, level info. name: the daemon's, borrowed for ever. */
void log_init(const char *name);
void log_set_level(enum log_level level);
void log_to_stderr(bool on);
/* As openlog/syslog with this facility (LOG_LOCAL0 ...); -1 turns it off. */
void log_to_syslog(int facility);

#define log_err(area, event, ...)    log_write(LOGL_ERR, area, event, " " __VA_ARGS__)
#define log_warn(area, event, ...)   log_write(LOGL_WARN, area, event, " " __VA_ARGS__)
#define log_notice(area, event, ...) log_write(LOGL_NOTICE, area, event, " " __VA_ARGS__)
#define log_info(area, event, ...)   log_write(LOGL_INFO, area, event, " " __VA_ARGS__)
#define log_debug(area, event, ...)  log_write(LOGL_DEBUG, area, event, " " __VA_ARGS__)
/* fmt: the key=value pairs; blanks at both ends are dropped. A line is cut at LOG_MAX_LINE bytes
 * and control bytes in it become '?'. */
#define LOG_MAX_LINE 2048
PRINTF_LIKE(4, 5)
void log_write(enum log_level level, const char *area, const char *event, const char *fmt, ...);
/* A line of free text, e.g. HAProxy's sentence about a health check; same sinks. */
PRINTF_LIKE(2, 3) void log_text(enum log_level level, const char *fmt, ...);
/* The value in double quotes, control bytes and quotes escaped, cut at 200 bytes; a static buffer
 * per thread, eight of them in turn. */
const char *log_quoted(struct str s);

/* Lets `burst` events through in each period and counts the rest; one for each place. */
struct log_limit {
	int64_t since_us;
	unsigned n, suppressed;
};
/* true: log it (*suppressed tells how many were held back before). */
bool log_limit_ok(struct log_limit *l, int64_t now_us, unsigned burst, int64_t period_us,
		  unsigned *suppressed);

/* The last 64 KiB of lines, with their time and level, are kept in memory. */
/* Whole lines from *pos on (0: the oldest), which moves behind them. Returns their bytes. */
size_t log_ring_read(uint64_t *pos, char *out, size_t size);
uint64_t log_ring_end(void);
/* A descriptor that can be read when there is a new line; give it back. -EMFILE, or -errno. */
NODISCARD int log_ring_follow(void);
void log_ring_unfollow(int fd);

#endif
