/* cfg_log.c - the keyword `log`: targets, formats, facilities, levels. */
#include "config/cfg_internal.h"
#include "config/cfg_names.h"

#include <unistd.h>

const char *const cfg_log_facilities[] = { "kern",   "user",   "mail",   "daemon", "auth",
					   "syslog", "lpr",    "news",   "uucp",   "cron",
					   "auth2",  "ftp",    "ntp",    "audit",  "alert",
					   "cron2",  "local0", "local1", "local2", "local3",
					   "local4", "local5", "local6", "local7", NULL };
const char *const cfg_log_levels[] = { "emerg",  "alert", "crit",  "err", "warning",
				       "notice", "info",  "debug", NULL };
/* in the order of enum cfg_log_format */
const char *const cfg_log_formats[] = { "rfc3164", "rfc5424", "priority", "raw", "short",
					"iso",     "timed",   "local",    NULL };

#define SYSLOG_PORT 514

void cfg_log_add(struct cfg_parser *p, const struct cfg_log **head, struct cfg_log **last,
		 const struct cfg_log *log, const struct cfg_log *origin)
{
	struct log_node *node = arena_new(p->arena, struct log_node);

	node->log = *log;
	node->log.next = NULL;
	node->origin = origin;
	if (*last)
		(*last)->next = &node->log;
	else
		*head = &node->log;
	*last = &node->log;
}

static const char *nth(const void *arg, size_t i)
{
	return ((const char *const *)arg)[i];
}

/* Index of word i in names, or -1 after a message. */
static int read_word(struct cfg_parser *p, unsigned i, const char *what, const char *const *names)
{
	size_t n = 0;

	for (; names[n]; n++)
		if (cfg_arg_is(p, i, names[n]))
			return (int)n;
	if (i >= p->line->n) {
		cfg_error(p, i, "'log' expects a %s such as %s", what, names[n > 16 ? 16 : n / 2]);
		return -1;
	}
	const char *best = diag_nearest(cfg_arg(p, i), nth, names, n);

	if (best)
		cfg_error(p, i, "'log' expects a %s, got '%s'; did you mean '%s'?", what,
			  cfg_argz(p, i), best);
	else
		cfg_error(p, i, "'log' expects a %s such as %s, got '%s'", what,
			  names[n > 16 ? 16 : n / 2], cfg_argz(p, i));
	return -1;
}

static bool parse_target(struct cfg_parser *p, unsigned at, struct cfg_log *log)
{
	static const char *const streams[] = { "ring@", "tcp@", "tcp4@", "tcp6@", "uxst@" };
	struct cfg_addr a;

	log->fd = -1;
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		if (!str_starts_with(cfg_arg(p, at), str_from(streams[i])))
			continue;
		cfg_error(p, at, "the log target '%s' is known to HAProxy, but not supported yet",
			  cfg_argz(p, at));
		return false;
	}
	if (cfg_arg_is(p, at, "stdout") || cfg_arg_is(p, at, "stderr")) {
		log->target = CFG_LOG_FD;
		log->fd = cfg_arg_is(p, at, "stdout") ? STDOUT_FILENO : STDERR_FILENO;
		return true;
	}
	if (!cfg_addr_parse(p, at, cfg_arg(p, at),
			    ADDR_PORT_OK | ADDR_UNIX_OK | ADDR_FD_OK | ADDR_RESOLVE | ADDR_UDP |
				    ADDR_EMPTY_OK,
			    "log", &a))
		return false;
	if (a.fd >= 0) {
		log->target = CFG_LOG_FD;
		log->fd = a.fd;
		return true;
	}
	log->addr = a.addr;
	log->target = a.addr.sa.sa_family == AF_UNIX ? CFG_LOG_UNIX : CFG_LOG_UDP;
	if (log->target == CFG_LOG_UDP && !a.has_port)
		addr_set_port(&log->addr, SYSLOG_PORT);
	return true;
}

/* N or LO-HI */
static bool read_range(struct str s, struct cfg_log_range *out)
{
	const char *dash = s.len ? memchr(s.p, '-', s.len) : NULL;
	const struct str first = { s.p, dash ? (size_t)(dash - s.p) : s.len };
	int64_t lo, hi;

	if (str_parse_int(first, 1, UINT16_MAX, &lo) < 0)
		return false;
	hi = lo;
	if (dash &&
	    str_parse_int((struct str){ dash + 1, s.len - first.len - 1 }, lo, UINT16_MAX, &hi) < 0)
		return false;
	*out = (struct cfg_log_range){ (unsigned)lo, (unsigned)hi };
	return true;
}

/* RANGES:SIZE; NULL after a message. */
static const struct cfg_log_sample *read_sample(struct cfg_parser *p, unsigned at)
{
	struct cfg_log_sample *out = arena_new(p->arena, struct cfg_log_sample);
	const struct str s = cfg_arg(p, at);
	const char *colon = s.len ? memchr(s.p, ':', s.len) : NULL;
	struct cfg_log_range *r = arena_array(p->arena, struct cfg_log_range, s.len + 1);
	int64_t size;

	if (!colon || str_parse_int((struct str){ colon + 1, (size_t)(s.p + s.len - colon - 1) }, 1,
				    UINT16_MAX, &size) < 0)
		goto bad;
	for (struct str left = { s.p, (size_t)(colon - s.p) };;) {
		const char *comma = left.len ? memchr(left.p, ',', left.len) : NULL;
		const size_t len = comma ? (size_t)(comma - left.p) : left.len;

		if (!read_range((struct str){ left.p, len }, &r[out->n]) || r[out->n].hi > size)
			goto bad;
		for (unsigned i = 0; i < out->n; i++) {
			if (r[out->n].lo > r[i].hi || r[out->n].hi < r[i].lo)
				continue;
			cfg_error(p, at, "'sample %s': the ranges overlap", s.p);
			return NULL;
		}
		out->n++;
		if (!comma)
			break;
		left = (struct str){ comma + 1, left.len - len - 1 };
	}
	out->ranges = r;
	out->size = (unsigned)size;
	out->n_lines = arena_alloc(p->arena, sizeof *out->n_lines);
	return out;
bad:
	cfg_error(p, at,
		  "'sample' expects ranges from 1 and a size not below them, such as 1-2,4:5, got "
		  "'%s'",
		  cfg_argz(p, at));
	return NULL;
}

/* [len N] [format F] [sample RANGES:SIZE]; returns the index behind them, 0 after a message. */
static unsigned parse_options(struct cfg_parser *p, unsigned at, struct cfg_log *log)
{
	for (;;) {
		if (cfg_arg_is(p, at, "len")) {
			if (!cfg_read_uint(p, at + 1, "log len", 80, 65535, &log->max_len))
				return 0;
		} else if (cfg_arg_is(p, at, "format")) {
			const int f = read_word(p, at + 1, "format", cfg_log_formats);

			if (f < 0)
				return 0;
			log->format = (enum cfg_log_format)f;
		} else if (cfg_arg_is(p, at, "sample")) {
			log->sample = read_sample(p, at + 1);
			if (!log->sample)
				return 0;
		} else {
			return at;
		}
		at += 2;
	}
}

static bool parse_spec(struct cfg_parser *p, unsigned at, struct cfg_log *log)
{
	int v;

	*log = (struct cfg_log){ .format = CFG_LOG_LOCAL, .max_len = 1024, .max_level = 7 };
	if (!parse_target(p, at, log))
		return false;
	at = parse_options(p, at + 1, log);
	if (at == 0)
		return false;
	v = read_word(p, at, "facility", cfg_log_facilities);
	if (v < 0)
		return false;
	log->facility = v;
	for (int i = 0; i < 2 && ++at < p->line->n; i++) {
		v = read_word(p, at, "level", cfg_log_levels);
		if (v < 0)
			return false;
		*(i == 0 ? &log->max_level : &log->min_level) = v;
	}
	return cfg_no_more_args(p, at + 1);
}

static void add_global_logs(struct cfg_parser *p, struct draft *d)
{
	for (const struct cfg_log *g = p->cfg->global.logs; g; g = g->next) {
		const struct cfg_log *l = d->px->logs;

		while (l && container_of(l, struct log_node, log)->origin != g)
			l = l->next;
		if (!l)
			cfg_log_add(p, &d->px->logs, &d->last_log, g, g);
	}
}

void cfg_parse_log(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_log log;
	const struct cfg_log **head = p->cur ? &p->cur->px->logs : &p->cfg->global.logs;
	struct cfg_log **last = p->cur ? &p->cur->last_log : &p->last_global_log;

	(void)kw;
	if (p->prefix == PREFIX_NO) {
		if (cfg_no_more_args(p, at)) {
			*head = NULL;
			*last = NULL;
		}
	} else if (at >= p->line->n) {
		cfg_error(p, at,
			  "'log' expects a target and a facility, as in: log /dev/log local0");
	} else if (cfg_arg_is(p, at, "global")) {
		if (!p->cur)
			cfg_error(p, at, "'log global' belongs in a proxy or in 'defaults'");
		else if (cfg_no_more_args(p, at + 1))
			add_global_logs(p, p->cur);
	} else if (parse_spec(p, at, &log)) {
		cfg_log_add(p, head, last, &log, NULL);
	}
}
