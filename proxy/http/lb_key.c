/* lb_key.c - what balance uri, url_param and hdr look at in a request: the same bytes as HAProxy
 * 2.6 (verified, see test_lb_key.c). */
#include "http/lb_key.h"

#include "http/h1_chars.h"
#include "lb/lb_hash.h"

/* Behind "scheme://authority", if the target begins so. Empty: "*", or an authority alone. */
static struct str path_of(struct str target)
{
	const char *slashes;

	if (target.len > 0 && target.p[0] == '/')
		return target;
	slashes = memmem(target.p, target.len, "://", 3);
	if (slashes != NULL) {
		size_t from = (size_t)(slashes + 3 - target.p);
		const char *path = memchr(target.p + from, '/', target.len - from);

		if (path != NULL)
			return (struct str){ path, target.len - (size_t)(path - target.p) };
	}
	return STR("");
}

/* From the start to `len` bytes, `depth` slashes or the question mark. */
static struct str uri_part(const struct cfg_lb *lb, struct str target)
{
	struct str s = lb->path_only ? path_of(target) : target;
	unsigned n_slashes = 0;
	size_t n = 0;

	if (lb->len > 0)
		s.len = MIN(s.len, (size_t)lb->len);
	for (; n < s.len; n++) {
		if (s.p[n] == '/' && ++n_slashes == lb->depth)
			break;
		if (s.p[n] == '?' && !lb->whole)
			break;
	}
	return (struct str){ s.p, n };
}

/* The value of NAME in "x=1&NAME=value&...", from p on. */
static bool find_pair(struct str name, const char *p, const char *end, struct str *out)
{
	while (p != NULL && p < end) {
		const char *next = memchr(p, '&', (size_t)(end - p));

		if ((size_t)(end - p) > name.len && p[name.len] == '=' &&
		    memcmp(p, name.p, name.len) == 0) {
			p += name.len + 1;
			*out = (struct str){ p, (size_t)((next != NULL ? next : end) - p) };
			return true;
		}
		p = next != NULL ? next + 1 : NULL;
	}
	return false;
}

static bool find_param(struct str name, struct str target, struct str *out)
{
	const char *p = target.len ? memchr(target.p, '?', target.len) : NULL;

	return p != NULL && find_pair(name, p + 1, target.p + target.len, out);
}

/* A value that does not begin like one of a form is none: the body is of another kind. */
static bool find_in_body(struct str name, struct str body, struct str *out)
{
	if (body.len == 0 || !find_pair(name, body.p, body.p + body.len, out))
		return false;
	if (out->len == 0 || h1_all(out->p, 1, H1C_TOKEN))
		return true;
	out->len = 0; /* HAProxy takes it for empty before a blank */
	return strchr(" \t\r\n", out->p[0]) != NULL;
}

/* The first of the comma-separated values of the first field of this name; quotes protect commas.
 */
static bool find_value(struct str name, const struct h1_head *h, struct str *out)
{
	for (unsigned i = 0; i < h->n_fields; i++) {
		struct str v = h1_field_value(h, &h->fields[i]);
		bool in_quotes = false;
		size_t n = 0;

		if (!str_eq_nocase(h1_field_name(h, &h->fields[i]), name))
			continue;
		for (; n < v.len && (in_quotes || v.p[n] != ','); n++) {
			if (v.p[n] == '"')
				in_quotes = !in_quotes;
			else if (v.p[n] == '\\' && in_quotes && n + 1 < v.len)
				n++;
		}
		*out = str_trim((struct str){ v.p, n });
		return out->len > 0;
	}
	return false;
}

/* Of "www.example.org" only "example": what is between the last dot and the one before. */
static struct str domain_of(struct str host)
{
	size_t end = host.len, from;

	while (end > 0 && host.p[end - 1] != '.')
		end--;
	if (end == 0)
		return host;
	from = --end;
	while (from > 0 && host.p[from - 1] != '.')
		from--;
	return (struct str){ host.p + from, end - from };
}

bool lb_key_of_request(enum cfg_balance balance, const struct cfg_lb *lb, const struct h1_head *h,
		       struct str body, uint32_t *hash)
{
	struct str part;

	switch (balance) {
	case CFG_LB_URI:
		part = uri_part(lb, h1_target(h));
		break;
	case CFG_LB_URL_PARAM:
		if (!find_param(lb->name, h1_target(h), &part) &&
		    !find_in_body(lb->name, body, &part))
			return false;
		break;
	case CFG_LB_HDR:
		if (!find_value(lb->name, h, &part))
			return false;
		if (lb->domain_only)
			part = domain_of(part);
		break;
	case CFG_LB_ROUNDROBIN:
	case CFG_LB_LEASTCONN:
	case CFG_LB_SOURCE:
	case CFG_LB_STATIC_RR:
	case CFG_LB_FIRST:
	case CFG_LB_RANDOM:
		return false;
	}
	*hash = lb_hash_bytes(lb, part);
	return true;
}
