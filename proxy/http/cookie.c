/* cookie.c - persistence by cookies: reads ours in requests, writes it into responses. */
#include "http/cookie.h"

#include <stdio.h>

#define DELIM      '~' /* between server and application's value: prefix mode */
#define DATE_DELIM '|'
#define DATE_LEN   5 /* base64 of 30 bits: seconds / 4 */
#define MAX_FUTURE 86400

static const char digits[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* ---- dates ---- */

static void write_date(char *out, int64_t s)
{
	uint32_t v = (uint32_t)(s >> 2);

	for (int i = DATE_LEN; i-- > 0; v >>= 6)
		out[i] = digits[v & 63];
}

/* Seconds, or 0: none. */
static int64_t read_date(const char *p, const char *end)
{
	int64_t v = 0;

	if (end - p < DATE_LEN)
		return 0;
	for (int i = 0; i < DATE_LEN; i++) {
		const char *d = p[i] ? strchr(digits, p[i]) : NULL;

		if (d == NULL)
			return 0;
		v = v << 6 | (d - digits);
	}
	return v << 2;
}

static bool is_out_of_bounds(int64_t date_s, int64_t max_age_s, int64_t now_s)
{
	return date_s != 0 && max_age_s != 0 &&
	       (now_s - date_s > max_age_s || date_s - now_s > MAX_FUTURE);
}

/* ---- the syntax: NAME=VALUE; NAME=VALUE ---- */

struct pair {
	const char *name, *name_end, *value, *value_end;
	const char *next; /* the delimiter behind it, or the end */
	bool has_value;
};

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p;
}

/* Quotes protect delimiters. */
static const char *find_value_end(const char *p, const char *end)
{
	bool in_quotes = false;

	for (; p < end; p++) {
		if (*p == '"')
			in_quotes = !in_quotes;
		else if (in_quotes && *p == '\\' && p + 1 < end)
			p++;
		else if (!in_quotes && (*p == ';' || *p == ','))
			break;
	}
	return p;
}

static struct pair read_pair(const char *p, const char *end, bool comma_ends_name)
{
	struct pair c = { .name = skip_blanks(p, end) };
	const char *q = c.name;

	c.name_end = q;
	while (q < end && *q != '=' && *q != ';' && !(comma_ends_name && *q == ',')) {
		if (!is_blank(*q))
			c.name_end = q + 1;
		q++;
	}
	c.value = c.value_end = c.next = q;
	if (q == end || *q != '=')
		return c;
	c.has_value = true;
	c.value = skip_blanks(q + 1, end);
	c.next = c.value_end = find_value_end(c.value, end);
	while (c.value_end > c.value && is_blank(c.value_end[-1]))
		c.value_end--;
	return c;
}

static bool is_named(const struct pair *c, struct str name)
{
	return str_eq((struct str){ c->name, (size_t)(c->name_end - c->name) }, name);
}

/* ---- requests ---- */

/* Dates behind the server's value. Returns where the value ends. */
static const char *read_dates(const struct pair *c, struct cookie_state *st)
{
	const char *bar = memchr(c->value, DATE_DELIM, (size_t)(c->value_end - c->value));
	const char *second;

	if (bar == NULL)
		return c->value_end;
	st->last_s = read_date(bar + 1, c->value_end);
	second = memchr(bar + 1, DATE_DELIM, (size_t)(c->value_end - bar - 1));
	if (second != NULL)
		st->first_s = read_date(second + 1, c->value_end);
	return bar;
}

static void forget_dates(struct cookie_state *st)
{
	st->last_s = st->first_s = 0;
}

/* What our cookie says. Returns the end of the server's value in it. */
static const char *judge(const struct cfg_cookie *ck, const struct pair *c, int64_t now_s,
			 cookie_lookup_fn *lookup, void *arg, struct cookie_state *st)
{
	const char *end;

	if (ck->mode == CFG_COOKIE_PREFIX) {
		end = memchr(c->value, DELIM, (size_t)(c->value_end - c->value));
		end = end != NULL ? end : c->value_end;
	} else {
		end = read_dates(c, st);
	}
	if (is_out_of_bounds(st->first_s, ck->maxlife_s, now_s)) {
		st->client = 'O';
		forget_dates(st);
		return end;
	}
	if (is_out_of_bounds(st->last_s, ck->maxidle_s, now_s)) {
		st->client = 'E';
		forget_dates(st);
		return end;
	}
	if (lookup == NULL)
		st->client = 'U';
	if (st->is_direct || lookup == NULL)
		return end; /* the server was chosen */
	switch (end == c->value ? COOKIE_NO_SERVER
				: lookup(arg, (struct str){ c->value, (size_t)(end - c->value) })) {
	case COOKIE_SERVER_UP:
		st->client = 'V';
		st->is_direct = true;
		break;
	case COOKIE_SERVER_DOWN_USED:
		st->is_direct = true;
		st->client = 'D';
		break;
	case COOKIE_SERVER_DOWN:
		st->client = 'D';
		break;
	case COOKIE_NO_SERVER:
		if (st->client != 'D' && st->client != 'E' && st->client != 'O')
			st->client = 'I';
		break;
	}
	return end;
}

/* Take out [from, to), which begins with a cookie (and the delimiter before it, unless it is the
 * first), and put the delimiter of what follows in order. */
static void remove_pairs(const struct h1_head *h, struct headers *edits, const char *start,
			 const char *end, const char *from, const char *to)
{
	const char *next = to < end ? to + 1 : to;

	next = skip_blanks(next, end);
	if (from == start) {
		headers_edit(edits, (uint32_t)(from - h->base), (uint32_t)(next - from), STR(""));
		return;
	}
	while (from > start && is_blank(from[-1]))
		from--;
	headers_edit(edits, (uint32_t)(from - h->base), (uint32_t)(next - from),
		     to == end    ? STR("")
		     : *to == ',' ? STR(", ")
				  : STR("; "));
}

/* Around the equal sign. */
static void remove_blanks(const struct h1_head *h, struct headers *edits, const struct pair *c)
{
	const char *equal = skip_blanks(c->name_end, c->value);

	if (equal != c->name_end)
		headers_edit(edits, (uint32_t)(c->name_end - h->base),
			     (uint32_t)(equal - c->name_end), STR(""));
	if (c->value != equal + 1)
		headers_edit(edits, (uint32_t)(equal + 1 - h->base),
			     (uint32_t)(c->value - equal - 1), STR(""));
}

static void read_field(const struct cfg_cookie *ck, const struct h1_head *h,
		       const struct h1_field *f, int64_t now_s, cookie_lookup_fn *lookup, void *arg,
		       struct cookie_state *st, struct headers *edits)
{
	struct str v = h1_field_value(h, f);
	const char *end = v.p + v.len, *del_from = NULL, *next;
	const struct headers before = { .n = edits->n, .growth = edits->growth };
	bool is_kept = false; /* something of the field stays */
	bool is_first = true;

	for (const char *prev = v.p; prev < end; prev = next) {
		const struct pair c = read_pair(is_first ? prev : prev + 1, end, true);
		const char *value_end;

		is_first = false;
		next = c.next;
		if (c.has_value)
			remove_blanks(h, edits, &c);
		if (c.name < end && *c.name == '$')
			continue; /* belongs to the cookie before it */
		if (!c.has_value || !is_named(&c, ck->name)) {
			is_kept = true;
			if (del_from != NULL)
				remove_pairs(h, edits, v.p, end, del_from, prev);
			del_from = NULL;
			continue;
		}
		value_end = judge(ck, &c, now_s, lookup, arg, st);
		if (ck->mode == CFG_COOKIE_PREFIX && value_end != c.value_end) {
			is_kept = true;
			headers_edit(edits, (uint32_t)(c.value - h->base),
				     (uint32_t)(value_end + 1 - c.value), STR(""));
		} else if (ck->mode == CFG_COOKIE_INSERT && ck->indirect && del_from == NULL) {
			del_from = prev;
		}
	}
	if (del_from != NULL)
		headers_edit(edits, (uint32_t)(del_from - h->base), (uint32_t)(end - del_from),
			     STR(""));
	if ((del_from == NULL || is_kept) && (size_t)(before.growth - edits->growth) < v.len)
		return;
	if (edits->n == before.n)
		return; /* it came empty */
	edits->n = before.n;
	edits->growth = before.growth;
	headers_remove(edits, h, f);
}

void cookie_read_request(const struct cfg_cookie *ck, const struct h1_head *h, int64_t now_s,
			 cookie_lookup_fn *lookup, void *arg, struct cookie_state *st,
			 struct headers *edits)
{
	st->client = 'N';
	for (unsigned i = 0; i < h->n_fields; i++)
		if (str_eq_nocase(h1_field_name(h, &h->fields[i]), STR("cookie")))
			read_field(ck, h, &h->fields[i], now_s, lookup, arg, st, edits);
}

/* ---- caches ---- */

enum cache_words {
	CACHE_FORBIDDEN = 1,
	CACHE_PUBLIC = 2,
	CACHE_FRESHNESS = 4, /* how long, or how to ask again */
};

static bool begins_with(struct str s, struct str word)
{
	return s.len >= word.len && str_eq_nocase((struct str){ s.p, word.len }, word);
}

static unsigned cache_control_word(struct str w)
{
	static const struct str forbidden[] = { { "private", 7 },
						{ "no-cache", 8 },
						{ "no-store", 8 },
						{ "max-age=0", 9 },
						{ "s-maxage=0", 10 } };
	unsigned found = 0;

	if (begins_with(w, STR("max-age")) || begins_with(w, STR("s-maxage")))
		found = CACHE_FRESHNESS;
	if (str_eq_nocase(w, STR("public")))
		found = CACHE_PUBLIC;
	for (size_t i = 0; i < ARRAY_LEN(forbidden); i++)
		if (str_eq_nocase(w, forbidden[i]))
			found |= CACHE_FORBIDDEN;
	return found;
}

/* What a field of a response says to caches. */
static unsigned cache_words(struct str name, struct str v)
{
	unsigned found = 0;

	if (str_eq_nocase(name, STR("etag")) || str_eq_nocase(name, STR("last-modified")) ||
	    str_eq_nocase(name, STR("expires")))
		return CACHE_FRESHNESS;
	if (str_eq_nocase(name, STR("pragma")))
		return str_eq_nocase(v, STR("no-cache")) ? CACHE_FORBIDDEN : 0;
	if (!str_eq_nocase(name, STR("cache-control")))
		return 0;
	while (v.len > 0) {
		const char *comma = memchr(v.p, ',', v.len);
		size_t n = comma != NULL ? (size_t)(comma - v.p) : v.len;

		found |= cache_control_word(str_trim((struct str){ v.p, n }));
		n += comma != NULL;
		v.p += n;
		v.len -= n;
	}
	return found;
}

static bool is_cacheable_status(unsigned status)
{
	static const uint16_t all[] = { 200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501 };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i] == status)
			return true;
	return false;
}

static bool changes_things(enum h1_method m)
{
	return m == H1_POST || m == H1_PUT || m == H1_DELETE || m == H1_PATCH || m == H1_CONNECT;
}

/* Would a cache between us and the client keep the response? Found out from HAProxy's answers. */
static bool is_cacheable(const struct h1_head *h, enum h1_method method)
{
	unsigned found = 0;

	for (unsigned i = 0; i < h->n_fields; i++)
		found |= cache_words(h1_field_name(h, &h->fields[i]),
				     h1_field_value(h, &h->fields[i]));
	if ((found & CACHE_FORBIDDEN) || !(found & CACHE_FRESHNESS))
		return false;
	return (found & CACHE_PUBLIC) ||
	       (is_cacheable_status(h->status) && !changes_things(method));
}

/* ---- responses ---- */

/* A Set-Cookie of the server with our name. */
static void edit_set_cookie(const struct cfg_cookie *ck, const struct h1_head *h,
			    const struct h1_field *f, struct str value, struct cookie_state *st,
			    struct headers *edits)
{
	struct str v = h1_field_value(h, f);
	const struct pair c = read_pair(v.p, v.p + v.len, false);

	if (!c.has_value || !is_named(&c, ck->name))
		return;
	st->server = 'P';
	if (ck->preserve)
		return;
	if (ck->mode == CFG_COOKIE_INSERT || (st->is_direct && ck->indirect)) {
		st->server = 'D';
		headers_remove(edits, h, f);
	} else if (value.len > 0 && ck->mode == CFG_COOKIE_REWRITE) {
		st->server = 'R';
		headers_edit(edits, (uint32_t)(c.value - h->base),
			     (uint32_t)(c.value_end - c.value), value);
	} else if (value.len > 0 && ck->mode == CFG_COOKIE_PREFIX) {
		st->server = 'R';
		headers_edit(edits, (uint32_t)(c.value - h->base), 0, value);
		headers_edit(edits, (uint32_t)(c.value - h->base), 0, STR("~"));
	}
}

/* Is the client's cookie missing, of another server, or are its dates to be renewed? */
static bool must_insert(const struct cfg_cookie *ck, bool is_post, int64_t now_s,
			const struct cookie_state *st)
{
	if (st->is_ignored || ck->mode != CFG_COOKIE_INSERT ||
	    (ck->preserve && st->server == 'P') || (ck->postonly && !is_post))
		return false;
	if (!st->is_direct)
		return true;
	if ((ck->maxidle_s != 0 || st->last_s != 0) && (st->last_s == 0 || st->last_s < now_s))
		return true;
	return (ck->maxlife_s != 0) != (st->first_s != 0);
}

static size_t write_set_cookie(const struct cfg_cookie *ck, int64_t now_s, struct str value,
			       const struct cookie_state *st, char *out)
{
	char dates[2 * (DATE_LEN + 1) + 1] = "", *d = dates;
	int n;

	if (value.len == 0) {
		n = snprintf(out, COOKIE_MAX_LINES,
			     "set-cookie: " STR_FMT "=; Expires=Thu, 01-Jan-1970 00:00:01 GMT; "
			     "path=/" STR_FMT "\r\n",
			     STR_ARG(ck->name), STR_ARG(ck->tail));
		return (size_t)n;
	}
	if (ck->maxidle_s != 0 || ck->maxlife_s != 0) {
		*d++ = DATE_DELIM;
		write_date(d, now_s + 3);
		d += DATE_LEN;
	}
	if (ck->maxlife_s != 0) {
		*d++ = DATE_DELIM;
		write_date(d, st->first_s != 0 ? st->first_s : now_s + 3);
	}
	n = snprintf(out, COOKIE_MAX_LINES,
		     "set-cookie: " STR_FMT "=" STR_FMT "%s; path=/" STR_FMT "\r\n",
		     STR_ARG(ck->name), STR_ARG(value), dates, STR_ARG(ck->tail));
	return (size_t)n;
}

size_t cookie_edit_response(const struct cfg_cookie *ck, const struct h1_head *h,
			    enum h1_method method, int64_t now_s, struct str value,
			    struct cookie_state *st, struct headers *edits, char *lines)
{
	static const char private[] = "cache-control: private\r\n";
	size_t n;

	st->server = 'N';
	for (unsigned i = 0; i < h->n_fields; i++)
		if (str_eq_nocase(h1_field_name(h, &h->fields[i]), STR("set-cookie")))
			edit_set_cookie(ck, h, &h->fields[i], value, st, edits);
	if (!must_insert(ck, method == H1_POST, now_s, st))
		return 0;
	n = write_set_cookie(ck, now_s, value, st, lines);
	if (n + sizeof(private) > COOKIE_MAX_LINES)
		return 0; /* the check of the configuration bounds it */
	st->server = value.len > 0 && st->is_direct ? 'U' : 'I';
	if (ck->nocache && is_cacheable(h, method)) {
		memcpy(lines + n, private, sizeof(private) - 1);
		n += sizeof(private) - 1;
	}
	return n;
}
