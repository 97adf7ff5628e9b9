/* log_format.c - the text of access log lines. */
#include "log/log_format.h"

#include <stdio.h>

#include <tandem/clock.h>

#include "log/access_log.h"
#include "net/frontend.h"
#include "pool/backend.h"

#define URI_MAX 1023 /* bytes of the request line that HAProxy keeps */

static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* Appends without ever overrunning: what does not fit is cut. */
struct cursor {
	char *at, *end;
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

static void put_char(struct cursor *c, char ch)
{
	if (c->at < c->end)
		*c->at++ = ch;
}

static void put_number(struct cursor *c, int64_t n)
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

/* Control bytes, bytes above ASCII, '"' and '#' become #XX. */
static void put_encoded(struct cursor *c, struct str s)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t plain = 0;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char b = (unsigned char)s.p[i];

		if (b >= 32 && b < 127 && b != '"' && b != '#')
			continue;
		put_bytes(c, s.p + plain, i - plain);
		plain = i + 1;
		put_char(c, '#');
		put_char(c, hex[b >> 4]);
		put_char(c, hex[b & 15]);
	}
	if (s.len > 0)
		put_bytes(c, s.p + plain, s.len - plain);
}

static void put_request_line(struct cursor *c, const struct access_record *r)
{
	size_t left = URI_MAX;
	struct str parts[3] = { r->method, r->uri, r->version };

	put_char(c, '"');
	if (r->method.len == 0 || r->is_bad_request) {
		put(c, "<BADREQ>\"");
		return;
	}
	for (unsigned i = 0; i < 3 && left > 0 && parts[i].len > 0; i++) {
		if (i > 0) {
			put_char(c, ' ');
			left--;
		}
		parts[i].len = MIN(parts[i].len, left);
		put_encoded(c, parts[i]);
		left -= parts[i].len;
	}
	put_char(c, '"');
}

static void put_addr(struct cursor *c, const struct addr *a)
{
	char text[INET6_ADDRSTRLEN];

	if (a == NULL || a->len == 0 || a->sa.sa_family == AF_UNIX) {
		put(c, "unix:1");
		return;
	}
	put_bytes(c, text, addr_format_ip(a, text));
	put_char(c, ':');
	put_number(c, addr_port(a));
}

static void put_access_date(struct cursor *c, struct log_dates *d, int64_t real_us)
{
	time_t s = (time_t)(real_us / US_PER_S);

	if (s != d->access_s) {
		struct tm tm;

		localtime_r(&s, &tm);
		snprintf(d->access, sizeof(d->access), "%02u/%s/%04u:%02u:%02u:%02u",
			 (unsigned)tm.tm_mday % 100, months[tm.tm_mon % 12],
			 (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
			 (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
		d->access_s = s;
	}
	put_char(c, '[');
	put(c, d->access);
	put_char(c, '.');
	put_padded(c, (unsigned)(real_us / US_PER_MS % 1000), 3);
	put(c, "] ");
}

/* frontend backend/server */
static void put_names(struct cursor *c, const struct access_record *r)
{
	put(c, r->fe->name);
	put_char(c, ' ');
	put(c, r->be != NULL ? r->be->name : r->fe->name);
	put_char(c, '/');
	put(c, r->is_stats ? "<STATS>" : r->srv != NULL ? r->srv->name : "<NOSRV>");
	put_char(c, ' ');
}

static void put_counts(struct cursor *c, const struct access_record *r)
{
	put_char(c, ' ');
	put_number(c, r->actconn);
	put_char(c, '/');
	put_number(c, r->feconn);
	put_char(c, '/');
	put_number(c, r->beconn);
	put_char(c, '/');
	put_number(c, r->srv_conn);
	put_char(c, '/');
	if (r->redispatched)
		put_char(c, '+');
	put_number(c, r->retries);
	put_char(c, ' ');
	put_number(c, r->srv_queue);
	put_char(c, '/');
	put_number(c, r->backend_queue);
}

/* With option logasap the totals are not final: HAProxy marks them with a plus sign. */
static void put_plus(struct cursor *c, const struct access_record *r)
{
	if (r->fe->cfg->logasap)
		put_char(c, '+');
}

static void put_http(struct cursor *c, const struct access_record *r, struct log_dates *d)
{
	put_addr(c, r->client);
	put_char(c, ' ');
	put_access_date(c, d, r->request_real_us);
	put_names(c, r);
	put_ms(c, r->req_us);
	put_char(c, '/');
	put_ms(c, reached(r, r->queue_us));
	put_char(c, '/');
	put_ms(c, reached(r, r->connect_us));
	put_char(c, '/');
	put_ms(c, reached(r, r->response_us));
	put_char(c, '/');
	put_plus(c, r);
	put_ms(c, r->active_us);
	put_char(c, ' ');
	put_number(c, r->status);
	put_char(c, ' ');
	put_plus(c, r);
	put_number(c, (int64_t)r->bytes_out);
	put(c, " - - "); /* captured cookies */
	put(c, r->term);
	put_counts(c, r);
	put_char(c, ' ');
	put_request_line(c, r);
}

static void put_tcp(struct cursor *c, const struct access_record *r, struct log_dates *d)
{
	put_addr(c, r->client);
	put_char(c, ' ');
	put_access_date(c, d, r->accept_real_us);
	put_names(c, r);
	put_ms(c, r->queue_us);
	put_char(c, '/');
	put_ms(c, r->connect_us);
	put_char(c, '/');
	put_plus(c, r);
	put_ms(c, r->total_us);
	put_char(c, ' ');
	put_plus(c, r);
	put_number(c, (int64_t)r->bytes_out);
	put_char(c, ' ');
	put_bytes(c, r->term, MIN(strlen(r->term), (size_t)2));
	put_counts(c, r);
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
	put(c, r->fe->cfg->mode == CFG_MODE_HTTP ? "/HTTP)" : "/TCP)");
}

enum log_line log_line_of(const struct cfg_proxy *fe)
{
	if (fe->httplog && fe->mode == CFG_MODE_HTTP)
		return LOG_LINE_HTTP;
	return fe->tcplog || fe->httplog ? LOG_LINE_TCP : LOG_LINE_DEFAULT;
}

size_t log_format_record(enum log_line kind, const struct access_record *r, struct log_dates *d,
			 char *out, size_t size)
{
	struct cursor c = { out, out + size };

	switch (kind) {
	case LOG_LINE_DEFAULT:
		put_default(&c, r);
		break;
	case LOG_LINE_TCP:
		put_tcp(&c, r, d);
		break;
	case LOG_LINE_HTTP:
		put_http(&c, r, d);
		break;
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
	struct cursor c = { out, out + size };
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
		put(&c, " - - ");
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
