/* log_format.c - the text of access log lines. */
#include "log/log_format.h"

#include <stdio.h>

#include <tandem/clock.h>

#include "config/log_program.h"
#include "http/sample.h"
#include "log/access_log.h"
#include "net/frontend.h"
#include "pool/backend.h"

#define SECOND_LEN 20   /* 24/Nov/2026:22:20:28 */
#define URI_MAX    1023 /* bytes of the request line that HAProxy keeps */

static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* Appends without ever overrunning: what does not fit is cut. */
struct cursor {
	char *at, *end;
	const char *spaced; /* behind the last separating space; nothing came after it: == at */
};

static void put_bytes(struct cursor *c, const char *p, size_t len)
{
	len = MIN(len, (size_t)(c->end - c->at));
	memcpy(c->at, p, len);
	c->at += len;
}

static void put(struct cursor *c, const char *z)
{
	put_bytes(c, z, strlen(z));
}

static inline void put_char(struct cursor *c, char ch)
{
	if (c->at < c->end)
		*c->at++ = ch;
}

static void put_long_number(struct cursor *c, int64_t n)
{
	char digits[24], *p = digits + sizeof(digits);
	uint64_t u = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

	do
		*--p = (char)('0' + u % 10);
	while ((u /= 10) > 0);
	if (n < 0)
		*--p = '-';
	put_bytes(c, p, (size_t)(digits + sizeof(digits) - p));
}

static inline void put_number(struct cursor *c, int64_t n)
{
	if (LIKELY(n >= 0 && n < 10))
		put_char(c, (char)('0' + n));
	else
		put_long_number(c, n);
}

static void put_padded(struct cursor *c, unsigned n, unsigned width)
{
	char digits[10];

	for (unsigned i = width; i-- > 0; n /= 10)
		digits[i] = (char)('0' + n % 10);
	put_bytes(c, digits, width);
}

/* Our own pages need no server: HAProxy shows its internal one as reached at once. */
static int64_t reached(const struct access_record *r, int64_t us)
{
	return r->is_stats ? MAX(us, 0) : us;
}

/* Durations: milliseconds, -1 for what was not reached. */
static void put_ms(struct cursor *c, int64_t us)
{
	put_number(c, us < 0 ? -1 : us / US_PER_MS);
}

static bool must_escape(unsigned char b)
{
	return b == '"' || b == '\\' || b == ']';
}

/* Control bytes, bytes above ASCII, '"' and '#' become #XX; so do those of `more`, which are what
 * encloses captured fields. */
static void put_encoded(struct cursor *c, struct str s, uint8_t flags, const char *more)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t plain = 0;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char b = (unsigned char)s.p[i];

		if (b >= 32 && b < 127 && b != '"' && b != '#' && !(more && strchr(more, b))) {
			if (LIKELY(!(flags & LOG_ESCAPED)) || !must_escape(b))
				continue;
			put_bytes(c, s.p + plain, i - plain);
			plain = i;
			put_char(c, '\\');
			continue;
		}
		put_bytes(c, s.p + plain, i - plain);
		plain = i + 1;
		put_char(c, '#');
		put_char(c, hex[b >> 4]);
		put_char(c, hex[b & 15]);
	}
	if (s.len > 0)
		put_bytes(c, s.p + plain, s.len - plain);
}

static void put_quote(struct cursor *c, uint8_t flags)
{
	if (flags & LOG_QUOTED)
		put_char(c, '"');
}

/* A text of our own, or one that is missing. */
static void put_text(struct cursor *c, struct str s, uint8_t flags)
{
	if (LIKELY(s.len > 0 && (flags & (LOG_QUOTED | LOG_ESCAPED)) == 0)) {
		put_bytes(c, s.p, s.len);
		return;
	}
	if (s.len == 0) {
		put(c, flags & LOG_QUOTED ? "\"\"" : flags & LOG_MANDATORY ? "-" : "");
		return;
	}
	put_quote(c, flags);
	for (size_t i = 0; i < s.len; i++) {
		if ((flags & LOG_ESCAPED) && must_escape((unsigned char)s.p[i]))
			put_char(c, '\\');
		put_char(c, s.p[i]);
	}
	put_quote(c, flags);
}

static void put_hex(struct cursor *c, uint64_t n, unsigned min_width)
{
	char text[20];
	int len = snprintf(text, sizeof(text), "%0*llX", (int)min_width, (unsigned long long)n);

	put_bytes(c, text, (size_t)len);
}

static bool has_request(const struct access_record *r)
{
	return r->method.len > 0 && !r->is_bad_request;
}

static void put_request_line(struct cursor *c, const struct access_record *r, uint8_t flags)
{
	size_t left = URI_MAX;
	struct str parts[3] = { r->method, r->uri, r->version };

	put_quote(c, flags);
	for (unsigned i = 0; i < 3 && left > 0 && parts[i].len > 0; i++) {
		if (i > 0) {
			put_char(c, ' ');
			left--;
		}
		parts[i].len = MIN(parts[i].len, left);
		put_encoded(c, parts[i], flags, NULL);
		left -= parts[i].len;
	}
	put_quote(c, flags);
}

/* The URI from the path on: without scheme and authority. */
static struct str path_of(struct str uri)
{
	const char *p = memmem(uri.p, uri.len, "://", 3), *end = uri.p + uri.len;

	if (uri.len > 0 && uri.p[0] == '/')
		return uri;
	p = p ? memchr(p + 3, '/', (size_t)(end - p - 3)) : NULL;
	return p ? (struct str){ p, (size_t)(end - p) } : (struct str){ 0 };
}

/* %HM and its relatives. */
static void put_request_part(struct cursor *c, const struct access_record *r, enum log_op op,
			     uint8_t flags)
{
	struct str s = r->uri;
	const char *query = s.len ? memchr(s.p, '?', s.len) : NULL;

	if (!has_request(r)) {
		s = STR("<BADREQ>");
	} else if (op == LOG_OP_HM) {
		s = r->method;
	} else if (op == LOG_OP_HV) {
		s = r->version;
	} else if (op == LOG_OP_HQ) {
		s = query ? (struct str){ query, (size_t)(s.p + s.len - query) }
			  : (struct str){ 0 };
	} else if (op != LOG_OP_HU) {
		if (query)
			s.len = (size_t)(query - s.p);
		if (op == LOG_OP_HPO)
			s = path_of(s);
	}
	put_quote(c, flags);
	put_encoded(c, s, flags, NULL);
	put_quote(c, flags);
}

static void put_ip(struct cursor *c, const struct addr *a, uint8_t flags)
{
	char text[INET6_ADDRSTRLEN];

	if (a == NULL || a->len == 0) {
		put_text(c, (struct str){ 0 }, flags);
	} else if (a->sa.sa_family == AF_UNIX) {
		put_text(c, STR("unix"), flags);
	} else if (flags & LOG_HEX) {
		const uint8_t *bytes = a->sa.sa_family == AF_INET ? (const uint8_t *)&a->in.sin_addr
								  : a->in6.sin6_addr.s6_addr;
		const unsigned n = a->sa.sa_family == AF_INET ? 4 : 16;

		for (unsigned i = 0; i < n; i++)
			put_hex(c, bytes[i], 2);
	} else {
		put_text(c, (struct str){ text, addr_format_ip(a, text) }, flags);
	}
}

/* For a Unix socket HAProxy shows the number of the listener. */
static void put_port(struct cursor *c, const struct addr *a, uint8_t flags)
{
	if (a == NULL || a->len == 0)
		put_text(c, (struct str){ 0 }, flags);
	else if (a->sa.sa_family == AF_UNIX)
		put_char(c, '1');
	else if (flags & LOG_HEX)
		put_hex(c, addr_port(a), 4);
	else
		put_number(c, addr_port(a));
}

static void put_addr(struct cursor *c, const struct addr *a)
{
	put_ip(c, a, 0);
	put_char(c, ':');
	put_port(c, a, 0);
}

/* 24/Nov/2026:22:20:28 */
static void put_second(struct cursor *c, struct log_second *s, time_t t, bool is_local)
{
	struct tm tm;
	long zone;

	if (UNLIKELY(t != s->t)) {
		if (is_local)
			localtime_r(&t, &tm);
		else
			gmtime_r(&t, &tm);
		zone = tm.tm_gmtoff / 60;
		snprintf(s->text, sizeof(s->text), "%02u/%s/%04u:%02u:%02u:%02u",
			 (unsigned)tm.tm_mday % 100, months[tm.tm_mon % 12],
			 (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
			 (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
		snprintf(s->zone, sizeof(s->zone), " %c%02u%02u", zone < 0 ? '-' : '+',
			 (unsigned)(zone < 0 ? -zone : zone) / 60 % 100,
			 (unsigned)(zone < 0 ? -zone : zone) % 60);
		s->t = t;
	}
	put_bytes(c, s->text, SECOND_LEN);
}

static void put_date_ms(struct cursor *c, struct log_dates *d, int64_t real_us)
{
	put_second(c, &d->local, (time_t)(real_us / US_PER_S), true);
	put_char(c, '.');
	put_padded(c, (unsigned)(real_us / US_PER_MS % 1000), 3);
}

static void put_date_zone(struct cursor *c, struct log_dates *d, int64_t real_us, bool is_local)
{
	struct log_second *s = is_local ? &d->local : &d->gmt;

	put_second(c, s, (time_t)(real_us / US_PER_S), is_local);
	put(c, s->zone);
}

/* With option logasap the totals are not final: HAProxy marks them with a plus sign. */
static void put_plus(struct cursor *c, const struct access_record *r)
{
	if (r->is_early)
		put_char(c, '+');
}

/* {a|b} */
static void put_captures(struct cursor *c, const struct access_record *r, const struct str *values,
			 unsigned n, uint8_t flags)
{
	if (n == 0 || !has_request(r))
		return;
	put_quote(c, flags);
	put_char(c, '{');
	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			put_char(c, '|');
		if (values)
			put_encoded(c, values[i], flags, "{|}");
	}
	put_char(c, '}');
	put_quote(c, flags);
}

/* a b */
static void put_capture_list(struct cursor *c, const struct access_record *r,
			     const struct str *values, unsigned n, uint8_t flags)
{
	for (unsigned i = 0; i < n && has_request(r); i++) {
		if (i > 0)
			put_char(c, ' ');
		if (!values || values[i].len == 0) {
			put(c, flags & LOG_QUOTED ? "\"\"" : "-");
			continue;
		}
		put_quote(c, flags);
		put_encoded(c, values[i], flags, "{|}");
		put_quote(c, flags);
	}
}

static void put_sample(struct cursor *c, const struct access_record *r, const struct log_instr *i)
{
	struct str text = { 0 };

	if (r->samples && !sample_text(r->samples, i->expr, &text))
		text.len = 0;
	put_text(c, text, i->flags);
}

static struct str server_name(const struct access_record *r)
{
	return r->is_stats      ? STR("<STATS>")
	       : r->srv != NULL ? str_from(r->srv->name)
				: STR("<NOSRV>");
}

static int64_t td_us(const struct access_record *r)
{
	if (r->is_http ? r->response_us < 0 : r->connect_us < 0)
		return -1;
	return r->active_us - MAX(r->req_us, 0) - MAX(r->queue_us, 0) - MAX(r->connect_us, 0) -
	       (r->is_http ? r->response_us : 0);
}

static void put_default(struct cursor *c, const struct access_record *r)
{
	put(c, "Connect from ");
	put_addr(c, r->client);
	if (r->client != NULL && r->client->sa.sa_family != AF_UNIX && r->local != NULL &&
	    r->local->len > 0) {
		put(c, " to ");
		put_addr(c, r->local);
	}
	put(c, " (");
	put(c, r->fe->name);
	put(c, r->is_http ? "/HTTP)" : "/TCP)");
}

/* The short text before an instruction: copied whole where there is room. */
static inline void put_lead(struct cursor *c, const struct log_instr *i)
{
	if (LIKELY(c->end - c->at >= LOG_LEAD_MAX)) {
		memcpy(c->at, i->lead, LOG_LEAD_MAX);
		c->at += i->n_lead;
	} else {
		put_bytes(c, i->lead, i->n_lead);
	}
	if (i->flags & LOG_ENDS_SPACED)
		c->spaced = c->at;
}

/* An interpreter: one short case for each instruction, in the order of the enum.
 * NOLINTNEXTLINE(readability-function-size) */
static inline void run_one(struct cursor *c, const struct log_instr *i,
			   const struct access_record *r, struct log_dates *d)
{
	const uint8_t flags = i->flags;

	switch ((enum log_op)i->op) {
	case LOG_OP_TEXT:
		put_bytes(c, i->text.p, i->text.len);
		if (flags & LOG_ENDS_SPACED)
			c->spaced = c->at;
		return;
	case LOG_OP_SPACE:
		if (c->spaced == c->at)
			return;
		put_char(c, ' ');
		c->spaced = c->at;
		return;
	case LOG_OP_DEFAULT:
		put_default(c, r);
		return;
	case LOG_OP_B:
		put_plus(c, r);
		put_number(c, (int64_t)r->bytes_out);
		return;
	case LOG_OP_CC:
		put_text(c, r->request_cookie, flags);
		return;
	case LOG_OP_CS:
		put_text(c, r->response_cookie, flags);
		return;
	case LOG_OP_H:
		put_text(c, str_from(r->hostname), flags);
		return;
	case LOG_OP_HM:
	case LOG_OP_HP:
	case LOG_OP_HPO:
	case LOG_OP_HQ:
	case LOG_OP_HU:
	case LOG_OP_HV:
		put_request_part(c, r, (enum log_op)i->op, flags);
		return;
	case LOG_OP_ID:
		put_text(c, r->unique_id, flags);
		return;
	case LOG_OP_ST:
		put_number(c, r->status);
		return;
	case LOG_OP_T:
		put_date_zone(c, d, r->accept_real_us, false);
		return;
	case LOG_OP_Ta:
		put_plus(c, r);
		put_ms(c, r->active_us);
		return;
	case LOG_OP_Tc:
		put_ms(c, reached(r, r->connect_us));
		return;
	case LOG_OP_Td:
		put_ms(c, td_us(r));
		return;
	case LOG_OP_Th:
		put_ms(c, r->handshake_us);
		return;
	case LOG_OP_Ti:
		put_ms(c, r->idle_us);
		return;
	case LOG_OP_Tl:
		put_date_zone(c, d, r->accept_real_us, true);
		return;
	case LOG_OP_Tq:
		put_ms(c, r->req_us < 0 ? -1 : r->handshake_us + MAX(r->idle_us, 0) + r->req_us);
		return;
	case LOG_OP_TR:
		put_ms(c, r->req_us);
		return;
	case LOG_OP_Tr:
		put_ms(c, reached(r, r->response_us));
		return;
	case LOG_OP_Ts:
		if (flags & LOG_HEX)
			put_hex(c, (uint64_t)(r->accept_real_us / US_PER_S), 4);
		else
			put_number(c, r->accept_real_us / US_PER_S);
		return;
	case LOG_OP_Tt:
		put_plus(c, r);
		put_ms(c, r->total_us);
		return;
	case LOG_OP_Tu:
		put_plus(c, r);
		put_ms(c, r->total_us - MAX(r->idle_us, 0));
		return;
	case LOG_OP_Tw:
		put_ms(c, reached(r, r->queue_us));
		return;
	case LOG_OP_U:
		put_number(c, (int64_t)r->bytes_in);
		return;
	case LOG_OP_ac:
		put_number(c, r->actconn);
		return;
	case LOG_OP_b:
		put_text(c, str_from(r->be != NULL ? r->be->name : r->fe->name), flags);
		return;
	case LOG_OP_bc:
		put_number(c, r->beconn);
		return;
	case LOG_OP_bi:
		put_ip(c, r->source, flags);
		return;
	case LOG_OP_bp:
		put_port(c, r->source, flags);
		return;
	case LOG_OP_bq:
		put_number(c, r->backend_queue);
		return;
	case LOG_OP_ci:
		put_ip(c, r->client, flags);
		return;
	case LOG_OP_cp:
		put_port(c, r->client, flags);
		return;
	case LOG_OP_f:
		put_text(c, str_from(r->fe->name), flags);
		return;
	case LOG_OP_fc:
		put_number(c, r->feconn);
		return;
	case LOG_OP_fi:
		put_ip(c, r->local, flags);
		return;
	case LOG_OP_fp:
		put_port(c, r->local, flags);
		return;
	case LOG_OP_hr:
		put_captures(c, r, r->request_captures, r->n_request_captures, flags);
		return;
	case LOG_OP_hrl:
		put_capture_list(c, r, r->request_captures, r->n_request_captures, flags);
		return;
	case LOG_OP_hs:
		put_captures(c, r, r->response_captures, r->n_response_captures, flags);
		return;
	case LOG_OP_hsl:
		put_capture_list(c, r, r->response_captures, r->n_response_captures, flags);
		return;
	case LOG_OP_lc:
		if (flags & LOG_HEX)
			put_hex(c, r->line_number, 4);
		else
			put_number(c, r->line_number);
		return;
	case LOG_OP_ms:
		if (flags & LOG_HEX)
			put_hex(c, (uint64_t)(r->accept_real_us / US_PER_MS % 1000), 2);
		else
			put_padded(c, (unsigned)(r->accept_real_us / US_PER_MS % 1000), 3);
		return;
	case LOG_OP_pid:
		if (flags & LOG_HEX)
			put_hex(c, (uint64_t)r->pid, 4);
		else
			put_number(c, r->pid);
		return;
	case LOG_OP_r:
		if (has_request(r))
			put_request_line(c, r, flags);
		else
			put_text(c, STR("<BADREQ>"), flags);
		return;
	case LOG_OP_rc:
		if (r->redispatched)
			put_char(c, '+');
		put_number(c, r->retries);
		return;
	case LOG_OP_rt:
		if (flags & LOG_HEX)
			put_hex(c, r->request_number, 4);
		else
			put_number(c, r->request_number);
		return;
	case LOG_OP_s:
		put_text(c, server_name(r), flags);
		return;
	case LOG_OP_sc:
		put_number(c, r->srv_conn);
		return;
	case LOG_OP_si:
		put_ip(c, r->target, flags);
		return;
	case LOG_OP_sp:
		put_port(c, r->target, flags);
		return;
	case LOG_OP_sq:
		put_number(c, r->srv_queue);
		return;
	case LOG_OP_ssl:
		put_text(c, (struct str){ 0 }, flags);
		return;
	case LOG_OP_t:
		put_date_ms(c, d, r->accept_real_us);
		return;
	case LOG_OP_tr:
		put_date_ms(c, d, r->request_real_us);
		return;
	case LOG_OP_trg:
		put_date_zone(c, d, r->request_real_us, false);
		return;
	case LOG_OP_trl:
		put_date_zone(c, d, r->request_real_us, true);
		return;
	case LOG_OP_ts:
		put_bytes(c, r->term, 2);
		return;
	case LOG_OP_tsc:
		put_bytes(c, r->term, 4);
		return;
	case LOG_OP_SAMPLE:
		put_sample(c, r, i);
		return;
	}
	UNREACHABLE();
}

size_t log_format_run(const struct log_program *f, const struct access_record *r,
		      struct log_dates *d, char *out, size_t size)
{
	struct cursor c = { out, out + size, out };

	for (const struct log_instr *i = f->instr, *end = f->instr + f->n; i < end; i++) {
		if (i->n_lead > 0)
			put_lead(&c, i);
		run_one(&c, i, r, d);
	}
	return (size_t)(c.at - out);
}

static void refresh_header_dates(struct log_dates *d, int64_t now_us)
{
	time_t s = (time_t)(now_us / US_PER_S);
	struct tm tm;
	long zone;

	if (s == d->header_s)
		return;
	localtime_r(&s, &tm);
	zone = tm.tm_gmtoff / 60;
	snprintf(d->syslog, sizeof(d->syslog), "%s %2u %02u:%02u:%02u", months[tm.tm_mon % 12],
		 (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
		 (unsigned)tm.tm_sec % 100);
	snprintf(d->iso_date, sizeof(d->iso_date), "%04u-%02u-%02uT%02u:%02u:%02u",
		 (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)(tm.tm_mon + 1) % 100,
		 (unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
		 (unsigned)tm.tm_sec % 100);
	snprintf(d->iso_zone, sizeof(d->iso_zone), "%c%02u:%02u", zone < 0 ? '-' : '+',
		 (unsigned)(zone < 0 ? -zone : zone) / 60 % 100,
		 (unsigned)(zone < 0 ? -zone : zone) % 60);
	d->header_s = s;
}

static void put_priority(struct cursor *c, int value)
{
	put_char(c, '<');
	put_number(c, value);
	put_char(c, '>');
}

static void put_iso_date(struct cursor *c, const struct log_dates *d, int64_t now_us)
{
	put(c, d->iso_date);
	put_char(c, '.');
	put_padded(c, (unsigned)(now_us % US_PER_S), 6);
	put(c, d->iso_zone);
	put_char(c, ' ');
}

static void put_tag(struct cursor *c, const struct log_header *h)
{
	put(c, h->tag);
	put_char(c, '[');
	put_number(c, h->pid);
	put(c, "]: ");
}

size_t log_format_header(enum cfg_log_format format, const struct log_header *h,
			 struct log_dates *d, char *out, size_t size)
{
	struct cursor c = { out, out + size, out };
	int priority = h->facility * 8 + h->level;

	refresh_header_dates(d, h->now_us);
	switch (format) {
	case CFG_LOG_RFC3164:
	case CFG_LOG_LOCAL:
		put_priority(&c, priority);
		put(&c, d->syslog);
		put_char(&c, ' ');
		if (h->hostname != NULL || format == CFG_LOG_RFC3164) {
			put(&c, h->hostname != NULL ? h->hostname : "localhost");
			put_char(&c, ' ');
		}
		put_tag(&c, h);
		break;
	case CFG_LOG_RFC5424:
		put_priority(&c, priority);
		put(&c, "1 ");
		put_iso_date(&c, d, h->now_us);
		put(&c, h->hostname != NULL ? h->hostname : "-");
		put_char(&c, ' ');
		put(&c, h->tag);
		put_char(&c, ' ');
		put_number(&c, h->pid);
		put(&c, " - ");
		put_bytes(&c, h->sd.len > 0 ? h->sd.p : "-", MAX(h->sd.len, (size_t)1));
		put_char(&c, ' ');
		break;
	case CFG_LOG_PRIORITY:
		put_priority(&c, priority);
		break;
	case CFG_LOG_RAW:
		break;
	case CFG_LOG_SHORT:
		put_priority(&c, h->level);
		break;
	case CFG_LOG_ISO:
		put_iso_date(&c, d, h->now_us);
		break;
	case CFG_LOG_TIMED:
		put_priority(&c, h->level);
		put_iso_date(&c, d, h->now_us);
		break;
	}
	return (size_t)(c.at - out);
}
