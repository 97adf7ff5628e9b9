/* sample_fetch_http.c - fetches of an HTTP request head. */
#include "http/h1_parse.h"
#include "http/sample.h"

static bool set_text(struct sample *out, struct str s)
{
	*out = (struct sample){ .type = SAMPLE_STR, .s = s };
	return true;
}

static bool set_int(struct sample *out, int64_t v)
{
	*out = (struct sample){ .type = SAMPLE_INT, .i = v };
	return true;
}

/* ---- the start line ---- */

static bool get_method(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		       struct sample *out)
{
	(void)e;
	it->is_over = true;
	*out = (struct sample){ .type = SAMPLE_METHOD };
	if (!x->head)
		return sample_kept_method(x, &out->s);
	out->s = h1_method_text(x->head);
	return true;
}

static bool get_version(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
			struct sample *out)
{
	(void)e;
	it->is_over = true;
	return set_text(out, x->head->minor ? STR("1.1") : STR("1.0"));
}

static bool get_proto_http(struct sample_ctx *x, const struct sample_expr *e,
			   struct sample_iter *it, struct sample *out)
{
	(void)x, (void)e;
	it->is_over = true;
	*out = (struct sample){ .type = SAMPLE_BOOL, .i = 1 };
	return true;
}

static bool get_url(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		    struct sample *out)
{
	(void)e;
	it->is_over = true;
	return set_text(out, h1_target(x->head));
}

/* The authority of an absolute-form target, or all of an authority-form one. */
static struct str authority(struct str target)
{
	const char *sep = target.len ? memmem(target.p, target.len, "://", 3) : NULL;
	const char *slash = target.len ? memchr(target.p, '/', target.len) : NULL;

	if (!sep || sep + 1 != slash)
		return (struct str){ 0 };
	struct str a = { sep + 3, target.len - (size_t)(sep + 3 - target.p) };

	for (size_t i = 0; i < a.len; i++)
		if (a.p[i] == '/' || a.p[i] == '?')
			a.len = i;
	return a;
}

static struct str path_and_query(struct str target)
{
	if (target.len && target.p[0] == '/')
		return target;
	const struct str a = authority(target);

	if (!a.p)
		return (struct str){ 0 };
	const struct str rest = { a.p + a.len, (size_t)(target.p + target.len - a.p - a.len) };

	/* http://host?query has the path "/" */
	return rest.len && rest.p[0] == '/' ? rest : STR("/");
}

struct str sample_path(struct str target)
{
	struct str p = path_and_query(target);
	const char *q = p.len ? memchr(p.p, '?', p.len) : NULL;

	if (q)
		p.len = (size_t)(q - p.p);
	return p;
}

static bool get_path(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		     struct sample *out)
{
	const struct str target = h1_target(x->head);
	const struct str p = e->fetch->variant ? path_and_query(target) : sample_path(target);

	it->is_over = true;
	return p.p && set_text(out, p);
}

static bool get_query(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		      struct sample *out)
{
	const struct str t = h1_target(x->head);
	const char *q = memchr(t.p, '?', t.len);

	(void)e;
	it->is_over = true;
	return q && set_text(out, (struct str){ q + 1, (size_t)(t.p + t.len - q - 1) });
}

/* Host and path, without a path where it has none. variant 1: with the query. */
static bool get_base(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		     struct sample *out)
{
	const struct h1_field *f = h1_find_field(x->head, H1F_HOST);
	const struct str host = f ? h1_field_value(x->head, f) : STR("");
	const struct str t = h1_target(x->head);
	const struct str p = e->fetch->variant ? path_and_query(t) : sample_path(t);
	char *room;

	it->is_over = true;
	if (host.len == 0)
		return p.p && set_text(out, p);
	room = sample_room(x, host.len + p.len);
	if (!room)
		return false;
	memcpy(room, host.p, host.len);
	if (p.len)
		memcpy(room + host.len, p.p, p.len);
	return set_text(out, (struct str){ room, host.len + p.len });
}

enum { URL_IP, URL_PORT };

/* Address and port of an absolute-form target with a literal address. */
static bool get_url_addr(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
			 struct sample *out)
{
	const struct str t = h1_target(x->head);
	const struct str a = authority(t);
	const char *colon = a.len ? memchr(a.p, ':', a.len) : NULL;
	const struct str host = { a.p, colon ? (size_t)(colon - a.p) : a.len };
	int64_t port = str_starts_with(t, STR("https:")) ? 443 : 80;
	struct addr ip;

	it->is_over = true;
	if (!a.p || addr_parse_ip(host, &ip) < 0 || ip.sa.sa_family != AF_INET)
		return false;
	if (e->fetch->variant == URL_IP) {
		*out = (struct sample){ .type = SAMPLE_IPV4, .ip4 = ip.in.sin_addr };
		return true;
	}
	if (colon &&
	    str_parse_int((struct str){ colon + 1, a.len - host.len - 1 }, 0, 65535, &port) < 0)
		return false;
	return set_int(out, port);
}

/* ---- parameters of the query ---- */

/* urlp(NAME[,DELIMITER]) */
static bool get_urlp(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		     struct sample *out)
{
	const struct str t = h1_target(x->head), name = e->args[0].text;
	const char mark = e->args[1].text.len ? e->args[1].text.p[0] : '?';
	const char *q = memchr(t.p, mark, t.len);

	if (!q)
		return false;
	const char *p = it->at ? t.p + it->at : q + 1, *end = t.p + t.len;

	while (p < end) {
		const char *stop = p, *next, *eq;

		while (stop < end && *stop != '&' && *stop != ';' && *stop != mark)
			stop++;
		next = stop < end ? stop + 1 : end;
		eq = memchr(p, '=', (size_t)(stop - p));
		if (eq && (name.len == 0 || str_eq(name, (struct str){ p, (size_t)(eq - p) }))) {
			it->at = (uint32_t)(next - t.p);
			it->is_over = next == end;
			return set_text(out, (struct str){ eq + 1, (size_t)(stop - eq - 1) });
		}
		p = next;
	}
	return false;
}

/* ---- field lines ---- */

/* Where the value that begins at s ends in a list: at a comma outside of quotes. */
static size_t list_item_len(struct str s)
{
	bool in_quotes = false;

	for (size_t i = 0; i < s.len; i++) {
		if (in_quotes && s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			in_quotes = !in_quotes;
		else if (!in_quotes && s.p[i] == ',')
			return i;
	}
	return s.len;
}

/* The next value of the fields called `name` (all if it is empty); split: their parts between
 * commas. it->field counts the fields looked at, it->at is where the next part begins, plus 1. */
static bool next_value(const struct h1_head *h, struct str name, bool split, struct sample_iter *it,
		       struct str *out)
{
	for (; it->field < h->n_fields; it->field++) {
		const struct h1_field *f = &h->fields[it->field];
		struct str v = h1_field_value(h, f);

		if (name.len && !str_eq_nocase(h1_field_name(h, f), name))
			continue;
		if (!split) {
			it->field++;
			*out = v;
			return true;
		}
		if (it->at) {
			v.p += it->at - 1;
			v.len -= it->at - 1;
		}
		const size_t len = list_item_len(v);

		*out = str_trim((struct str){ v.p, len });
		if (len < v.len) { /* "a," has an empty last part */
			it->at += (uint32_t)len + 1 + (it->at == 0);
		} else {
			it->at = 0;
			it->field++;
		}
		return true;
	}
	return false;
}

/* The n-th value, from the end if n is negative. */
static bool nth_value(const struct h1_head *h, struct str name, bool split, int64_t n,
		      struct str *out)
{
	struct sample_iter it = { 0 };

	if (n < 0) {
		while (next_value(h, name, split, &it, out))
			n++;
		if (n < 0)
			return false;
		it = (struct sample_iter){ 0 };
		n++;
	}
	while (next_value(h, name, split, &it, out))
		if (--n == 0)
			return true;
	return false;
}

enum { HDR_SPLIT = 1 };

static bool get_hdr_text(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
			 bool split, struct str *out)
{
	const struct str name = e->args[0].text;

	if (e->args[1].type == ARG_NONE || e->args[1].i == 0)
		return next_value(x->head, name, split, it, out);
	it->is_over = true;
	return nth_value(x->head, name, split, e->args[1].i, out);
}

/* hdr(NAME[,OCCURRENCE]); variant: HDR_SPLIT or 0 */
static bool get_hdr(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		    struct sample *out)
{
	struct str v;

	return get_hdr_text(x, e, it, e->fetch->variant == HDR_SPLIT, &v) && set_text(out, v);
}

static bool get_hdr_val(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
			struct sample *out)
{
	struct str v;

	if (!get_hdr_text(x, e, it, true, &v))
		return false;
	set_text(out, v);
	return sample_cast(x, out, SAMPLE_INT);
}

static bool get_hdr_ip(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		       struct sample *out)
{
	struct str v;

	while (get_hdr_text(x, e, it, true, &v)) {
		struct addr a;
		const char *colon = v.len ? memchr(v.p, ':', v.len) : NULL;

		/* an IPv4 address may carry a port */
		if (colon && memchr(v.p, '.', v.len) && memrchr(v.p, ':', v.len) == colon)
			v.len = (size_t)(colon - v.p);
		if (addr_parse_ip(v, &a) == 0) {
			set_text(out, v);
			return sample_cast(x, out,
					   a.sa.sa_family == AF_INET ? SAMPLE_IPV4 : SAMPLE_IPV6);
		}
		if (it->is_over)
			return false;
	}
	return false;
}

static bool get_hdr_cnt(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
			struct sample *out)
{
	struct sample_iter all = { 0 };
	struct str v;
	int64_t n = 0;

	it->is_over = true;
	while (next_value(x->head, e->args[0].text, e->fetch->variant == HDR_SPLIT, &all, &v))
		n++;
	return set_int(out, n);
}

/* ---- cookies ---- */

/* The value of the first cookie `name` at or after *at in v; moves *at behind it. */
static bool next_cookie(struct str v, size_t *at, struct str name, struct str *out)
{
	while (*at < v.len) {
		size_t end = *at;

		while (end < v.len && v.p[end] != ';' && v.p[end] != ',')
			end++;
		const struct str pair = str_trim((struct str){ v.p + *at, end - *at });
		const char *eq = pair.len ? memchr(pair.p, '=', pair.len) : NULL;

		*at = end + 1;
		if (!eq)
			continue;
		if (name.len &&
		    !str_eq(name, str_trim((struct str){ pair.p, (size_t)(eq - pair.p) })))
			continue;
		*out = str_trim((struct str){ eq + 1, pair.len - (size_t)(eq + 1 - pair.p) });
		return true;
	}
	return false;
}

/* req.cook(NAME): all of that name. it as in next_value(). */
static bool next_cookie_value(struct sample_ctx *x, struct str name, struct sample_iter *it,
			      struct str *out)
{
	for (; it->field < x->head->n_fields; it->field++, it->at = 0) {
		const struct h1_field *f = &x->head->fields[it->field];
		size_t at = it->at;

		if (!str_eq_nocase(h1_field_name(x->head, f), STR("cookie")))
			continue;
		if (next_cookie(h1_field_value(x->head, f), &at, name, out)) {
			it->at = (uint32_t)at;
			return true;
		}
	}
	return false;
}

static bool get_cookie(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		       struct sample *out)
{
	struct str v;

	return next_cookie_value(x, e->args[0].text, it, &v) && set_text(out, v);
}

static bool get_cookie_cnt(struct sample_ctx *x, const struct sample_expr *e,
			   struct sample_iter *it, struct sample *out)
{
	struct sample_iter all = { 0 };
	struct str v;
	int64_t n = 0;

	it->is_over = true;
	while (next_cookie_value(x, e->args[0].text, &all, &v))
		n++;
	return set_int(out, n);
}

static bool get_cookie_val(struct sample_ctx *x, const struct sample_expr *e,
			   struct sample_iter *it, struct sample *out)
{
	return get_cookie(x, e, it, out) && sample_cast(x, out, SAMPLE_INT);
}

#define REQ SAMPLE_NEED_REQUEST
#define HEAD(n, t, fn, v, h)                                                                       \
	{                                                                                          \
		n, t, REQ, 0, { 0 }, fn, v, "", h, false                                           \
	}
#define NAMED(n, t, fn, v, h)                                                                      \
	{                                                                                          \
		n, t, REQ, 0, { ARG_STR, ARG_INT }, fn, v, "[(NAME[,OCCURRENCE])]", h, false       \
	}
#define COUNT(n, fn, v, h)                                                                         \
	{                                                                                          \
		n, SAMPLE_INT, REQ, 0, { ARG_STR }, fn, v, "[(NAME)]", h, false                    \
	}
#define COOKIE(n, t, fn, h)                                                                        \
	{                                                                                          \
		n, t, REQ, 0, { ARG_STR }, fn, 0, "[(NAME)]", h, false                             \
	}
#define PARAM(n, t, fn, h)                                                                         \
	{                                                                                          \
		n, t, REQ, 0, { ARG_STR, ARG_STR }, fn, 0, "[(NAME[,DELIMITER])]", h, true         \
	}

const struct sample_fetch sample_http_fetches[] = {
	{ "method",
	  SAMPLE_METHOD,
	  SAMPLE_NEED_KEPT,
	  0,
	  { 0 },
	  get_method,
	  0,
	  "",
	  "the method",
	  false },
	HEAD("req.ver", SAMPLE_STR, get_version, 0, "1.0 or 1.1"),
	HEAD("req_ver", SAMPLE_STR, get_version, 0, "1.0 or 1.1"),
	HEAD("req.proto_http", SAMPLE_BOOL, get_proto_http, 0, "is it HTTP?"),
	HEAD("req_proto_http", SAMPLE_BOOL, get_proto_http, 0, "is it HTTP?"),
	HEAD("url", SAMPLE_STR, get_url, 0, "the request target as sent"),
	HEAD("path", SAMPLE_STR, get_path, 0, "from the first slash to the question mark"),
	HEAD("pathq", SAMPLE_STR, get_path, 1, "the path with the query"),
	HEAD("query", SAMPLE_STR, get_query, 0, "behind the question mark"),
	HEAD("base", SAMPLE_STR, get_base, 0, "Host and path"),
	HEAD("baseq", SAMPLE_STR, get_base, 1, "Host, path and query"),
	HEAD("url_ip", SAMPLE_IPV4, get_url_addr, URL_IP, "the address in an absolute target"),
	HEAD("url_port", SAMPLE_INT, get_url_addr, URL_PORT, "the port in an absolute target"),
	PARAM("urlp", SAMPLE_STR, get_urlp, "a parameter of the query"),
	PARAM("url_param", SAMPLE_STR, get_urlp, "a parameter of the query"),
	NAMED("req.hdr", SAMPLE_STR, get_hdr, HDR_SPLIT, "values of a field, split at commas"),
	NAMED("hdr", SAMPLE_STR, get_hdr, HDR_SPLIT, "as req.hdr"),
	NAMED("req.fhdr", SAMPLE_STR, get_hdr, 0, "values of a field, whole"),
	NAMED("req.hdr_val", SAMPLE_INT, get_hdr_val, 0, "values of a field as numbers"),
	NAMED("hdr_val", SAMPLE_INT, get_hdr_val, 0, "as req.hdr_val"),
	NAMED("req.hdr_ip", SAMPLE_IPV4, get_hdr_ip, 0, "values of a field as addresses"),
	NAMED("hdr_ip", SAMPLE_IPV4, get_hdr_ip, 0, "as req.hdr_ip"),
	COUNT("req.hdr_cnt", get_hdr_cnt, HDR_SPLIT, "number of values of a field"),
	COUNT("hdr_cnt", get_hdr_cnt, HDR_SPLIT, "as req.hdr_cnt"),
	COUNT("req.fhdr_cnt", get_hdr_cnt, 0, "number of fields of that name"),
	COOKIE("req.cook", SAMPLE_STR, get_cookie, "values of a cookie"),
	COOKIE("cook", SAMPLE_STR, get_cookie, "as req.cook"),
	COOKIE("req.cook_val", SAMPLE_INT, get_cookie_val, "values of a cookie as numbers"),
	COOKIE("cook_val", SAMPLE_INT, get_cookie_val, "as req.cook_val"),
	COUNT("req.cook_cnt", get_cookie_cnt, 0, "number of cookies of that name"),
	COUNT("cook_cnt", get_cookie_cnt, 0, "as req.cook_cnt"),
	{ 0 },
};
