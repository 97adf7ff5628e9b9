/* cfg_probe.c - health checks: option httpchk, option tcp-check, http-check. */
#include "config/cfg_internal.h"

#include <ctype.h>

static struct check_draft *own_expect(struct cfg_parser *p)
{
	struct check_draft *c = &p->cur->check;

	if (c->expect_is_inherited) {
		c->expect = CFG_EXPECT_DEFAULT;
		c->expect_negated = false;
		c->statuses = NULL;
		c->n_statuses = 0;
		c->expect_is_inherited = false;
	}
	return c;
}

static struct check_draft *own_request(struct cfg_parser *p)
{
	struct check_draft *c = own_expect(p);

	if (c->request_is_inherited) {
		c->option = c->send = (struct cfg_check_send){ 0 };
		c->has_send = false;
		c->request_is_inherited = false;
	}
	return c;
}

/* ---- the request ---- */

static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.p[i]) &&
		    (s.p[i] == '\0' || !strchr("!#$%&'*+-.^_`|~", s.p[i])))
			return false;
	return s.len > 0;
}

/* What may stand in a request line or a field value. */
static bool is_text(struct str s, bool blanks)
{
	for (size_t i = 0; i < s.len; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 && !(blanks && c == '\t'))
			return false;
		if (c == 0x7f || (c == ' ' && !blanks))
			return false;
	}
	return true;
}

static bool check_method(struct cfg_parser *p, unsigned i, struct str s)
{
	if (is_token(s))
		return true;
	cfg_error(p, i, "'" STR_FMT "' is no HTTP method: write one such as GET", STR_ARG(s));
	return false;
}

static bool check_uri(struct cfg_parser *p, unsigned i, struct str s)
{
	if (s.len == 0 || !is_text(s, false)) {
		cfg_error(p, i,
			  "the URI of the check is empty or contains blanks or control bytes");
		return false;
	}
	if (s.p[0] != '/' && !str_eq(s, STR("*")) && !str_starts_with(s, STR("http")))
		cfg_warning(p, i,
			    "the check will ask for the URI '" STR_FMT "': a path begins with '/'",
			    STR_ARG(s));
	return true;
}

static bool check_version(struct cfg_parser *p, unsigned i, struct str s)
{
	if (s.len == 8 && str_starts_with(s, STR("HTTP/")) && isdigit((unsigned char)s.p[5]) &&
	    s.p[6] == '.' && isdigit((unsigned char)s.p[7]))
		return true;
	cfg_error(p, i,
		  "'" STR_FMT "' is no version of HTTP: write HTTP/1.0 or HTTP/1.1; headers belong "
		  "in 'http-check send'",
		  STR_ARG(s));
	return false;
}

/* Add a field line to text, unless it is one that we make. */
static bool add_header(struct cfg_parser *p, unsigned i, struct strbuf *text, struct str name,
		       struct str value)
{
	value = str_trim(value);
	if (!is_token(name) || !is_text(value, true)) {
		cfg_error(p, i, "'" STR_FMT "' is no header: its form is NAME: VALUE on one line",
			  STR_ARG(name));
		return false;
	}
	if (str_eq_nocase(name, STR("content-length")) ||
	    str_eq_nocase(name, STR("transfer-encoding")))
		return true;
	strbuf_addf(text, STR_FMT ": " STR_FMT "\r\n", STR_ARG(name), STR_ARG(value));
	return true;
}

static size_t find(struct str s, const char *needle)
{
	const char *at = s.len ? memmem(s.p, s.len, needle, strlen(needle)) : NULL;

	return at ? (size_t)(at - s.p) : s.len;
}

static struct str skip(struct str s, size_t n)
{
	return n >= s.len ? (struct str){ NULL, 0 } : (struct str){ s.p + n, s.len - n };
}

/* The old trick: headers and a body behind the version, after \r\n. */
static bool parse_version_tail(struct cfg_parser *p, unsigned i, struct cfg_check_send *out)
{
	const struct str whole = cfg_arg(p, i);
	const size_t end = find(whole, "\r\n");
	const size_t body = find(whole, "\r\n\r\n");
	struct strbuf headers = { 0 };
	bool ok = true;

	out->version = str_trim((struct str){ whole.p, end });
	if (!check_version(p, i, out->version))
		return false;
	if (end == whole.len)
		return true;
	cfg_warning(p, i,
		    "headers behind the version are an old form: write 'http-check send hdr NAME "
		    "VALUE' instead");
	struct str rest = { whole.p, body };

	for (rest = skip(rest, end + 2); ok && rest.len > 0;) {
		const struct str line = { rest.p, find(rest, "\r\n") };
		const size_t colon = find(line, ":");

		if (line.len > 0)
			ok = add_header(p, i, &headers, (struct str){ line.p, colon },
					skip(line, colon + 1));
		rest = skip(rest, line.len + 2);
	}
	out->headers = arena_str(p->arena, str_from(strbuf_str(&headers)));
	out->body = skip(whole, body + 4);
	strbuf_fini(&headers);
	return ok;
}

/* option httpchk [URI | METHOD URI [VERSION]] */
static void option_httpchk(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	const unsigned n = p->line->n - at;
	struct cfg_check_send o = { 0 };

	(void)kw;
	if (n >= 2) {
		o.method = cfg_arg(p, at);
		o.uri = cfg_arg(p, at + 1);
		if (!check_method(p, at, o.method) || !check_uri(p, at + 1, o.uri))
			return;
	} else if (n == 1) {
		o.uri = cfg_arg(p, at);
		if (!check_uri(p, at, o.uri))
			return;
	}
	if (n == 3 && !parse_version_tail(p, at + 2, &o))
		return;
	struct check_draft *c = own_request(p);

	c->kind = CFG_CHECK_HTTP;
	c->option = o;
}

static void option_tcp_check(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)kw, (void)at;
	p->cur->check.kind = CFG_CHECK_TCP;
}

static bool send_part(struct cfg_parser *p, unsigned at, struct cfg_check_send *s)
{
	const struct str v = cfg_arg(p, at + 1);

	if (cfg_arg_is(p, at, "meth")) {
		s->method = v;
		return check_method(p, at + 1, v);
	}
	if (cfg_arg_is(p, at, "uri")) {
		s->uri = v;
		return check_uri(p, at + 1, v);
	}
	if (cfg_arg_is(p, at, "ver")) {
		s->version = v;
		return check_version(p, at + 1, v);
	}
	if (cfg_arg_is(p, at, "body")) {
		s->body = v;
		return true;
	}
	if (cfg_arg_is(p, at, "comment"))
		return true;
	if (cfg_arg_is(p, at, "uri-lf") || cfg_arg_is(p, at, "body-lf"))
		cfg_error(p, at, "'http-check send %s' is known to HAProxy, but not supported yet",
			  cfg_argz(p, at));
	else
		cfg_error(p, at, "'http-check send' expects meth, uri, ver, hdr or body, got '%s'",
			  cfg_argz(p, at));
	return false;
}

/* http-check send [meth M] [uri U] [ver V] [hdr NAME VALUE]... [body B] */
static void http_check_send(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_check_send s = { 0 };
	struct strbuf headers = { 0 };
	bool ok = true;

	while (ok && at < p->line->n) {
		const bool is_hdr = cfg_arg_is(p, at, "hdr");
		const unsigned n = is_hdr ? 2 : 1;

		if (p->line->n - at - 1 < n) {
			cfg_error(p, p->line->n, "'%s %s' expects %s", kw->name, cfg_argz(p, at),
				  is_hdr ? "a name and a value" : "a value");
			ok = false;
		} else if (is_hdr) {
			ok = add_header(p, at + 1, &headers, cfg_arg(p, at + 1),
					cfg_arg(p, at + 2));
			if (ok && find(cfg_arg(p, at + 2), "%[") < cfg_arg(p, at + 2).len) {
				cfg_error(p, at + 2,
					  "expressions ('%%[...]') are known to HAProxy, but not "
					  "supported yet");
				ok = false;
			}
		} else {
			ok = send_part(p, at, &s);
		}
		at += 1 + n;
	}
	s.headers = arena_str(p->arena, str_from(strbuf_str(&headers)));
	strbuf_fini(&headers);
	if (!ok)
		return;
	struct check_draft *c = own_request(p);

	c->rule_pos = lex_pos(p->line, 0);
	if (c->has_send)
		cfg_error(p, 1,
			  "'%s' was given before in this section: several requests in one "
			  "check are known to HAProxy, but not supported yet",
			  kw->name);
	c->has_send = true;
	c->send = s;
}

/* ---- what is expected ---- */

/* 200,300-399 */
static void parse_statuses(struct cfg_parser *p, unsigned i, bool negated)
{
	struct str rest = cfg_arg(p, i);
	size_t n = 0;

	for (size_t k = 0; k < rest.len; k++)
		n += rest.p[k] == ',';
	struct cfg_status_range *r = arena_array(p->arena, struct cfg_status_range, n + 1);

	for (n = 0;; n++) {
		const struct str one = { rest.p, find(rest, ",") };
		const size_t dash = find(one, "-");
		int64_t lo, hi;

		if (str_parse_int((struct str){ one.p, dash }, 100, 999, &lo) < 0)
			goto bad;
		hi = lo;
		if (dash < one.len && str_parse_int(skip(one, dash + 1), lo, 999, &hi) < 0)
			goto bad;
		r[n] = (struct cfg_status_range){ (uint16_t)lo, (uint16_t)hi };
		if (one.len == rest.len)
			break;
		rest = skip(rest, one.len + 1);
	}
	struct check_draft *c = own_expect(p);

	c->rule_pos = lex_pos(p->line, 0);
	if (c->expect != CFG_EXPECT_DEFAULT) {
		cfg_error(p, 1,
			  "'http-check expect' was given before in this section: more than one "
			  "is known to HAProxy, but not supported yet");
		return;
	}
	c->expect = CFG_EXPECT_STATUS;
	c->expect_negated = negated;
	c->statuses = r;
	c->n_statuses = (unsigned)n + 1;
	return;
bad:
	cfg_error(p, i, "'status' expects codes such as 200 or 200,300-399 (100 to 999), got '%s'",
		  cfg_argz(p, i));
}

static void http_check_expect(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	static const char *const later[] = { "min-recv",    "ok-status",  "error-status",
					     "tout-status", "on-success", "on-error",
					     "status-code", "string",     "rstring",
					     "string-lf",   "rstatus",    "hdr",
					     "fhdr" };
	bool negated = false;

	while (cfg_arg_is(p, at, "comment") && at + 1 < p->line->n)
		at += 2;
	struct str word = cfg_arg(p, at);

	if (str_eq(word, STR("!"))) {
		negated = true;
		word = cfg_arg(p, ++at);
	} else if (word.len > 1 && word.p[0] == '!') {
		negated = true;
		word = skip(word, 1);
	}
	if (str_eq(word, STR("status"))) {
		if (at + 1 >= p->line->n)
			cfg_error(p, at + 1, "'%s status' expects codes such as 200 or 200,300-399",
				  kw->name);
		else if (cfg_no_more_args(p, at + 2))
			parse_statuses(p, at + 1, negated);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(later); i++) {
		if (!str_eq(word, str_from(later[i])))
			continue;
		cfg_error(p, at, "'%s %s' is known to HAProxy, but not supported yet", kw->name,
			  later[i]);
		return;
	}
	cfg_error(p, at, "'%s' expects 'status' and codes, got '" STR_FMT "'", kw->name,
		  STR_ARG(word));
}

const struct keyword cfg_check_keywords[] = {
	{ "option httpchk", SEC_DEF_BE, 0, 3, KW_SIDE, option_httpchk, 0,
	  "[URI | METHOD URI [VERSION]]", "health checks are HTTP requests" },
	{ "option tcp-check", SEC_DEF_BE, 0, 0, KW_SIDE, option_tcp_check, 0, "",
	  "health checks are TCP connects" },
	{ "http-check send", SEC_DEF_BE, 0, ARGS_ANY, KW_SIDE, http_check_send, 0,
	  "[meth M] [uri U] [ver V] [hdr NAME VALUE]... [body B]", "the request of a check" },
	{ "http-check expect", SEC_DEF_BE, 1, ARGS_ANY, KW_SIDE, http_check_expect, 0,
	  "[!] status CODES", "the status of a healthy server; default 200-399" },
	{ 0 },
};

/* ---- the model ---- */

static bool has_header(struct str headers, struct str name)
{
	while (headers.len > name.len) {
		if (headers.p[name.len] == ':' &&
		    str_eq_nocase((struct str){ headers.p, name.len }, name))
			return true;
		headers = skip(headers, find(headers, "\r\n") + 2);
	}
	return false;
}

static struct str first_of(struct str a, struct str b, struct str otherwise)
{
	return a.len ? a : b.len ? b : otherwise;
}

const struct cfg_check *cfg_probe_build(struct cfg_parser *p, const struct draft *d)
{
	const struct check_draft *k = &d->check;
	struct cfg_check *c = arena_new(p->arena, struct cfg_check);

	c->kind = k->kind;
	if (k->kind == CFG_CHECK_TCP)
		return c;
	const struct str none = STR("");

	c->send = (struct cfg_check_send){
		.method = first_of(k->send.method, k->option.method, STR("OPTIONS")),
		.uri = first_of(k->send.uri, k->option.uri, STR("/")),
		.version = first_of(k->send.version, k->option.version, STR("HTTP/1.0")),
		.headers = first_of(k->send.headers, k->option.headers, none),
		.body = first_of(k->send.body, k->option.body, none),
	};
	struct strbuf b = { 0 };

	strbuf_addf(&b, STR_FMT " " STR_FMT " " STR_FMT "\r\n", STR_ARG(c->send.method),
		    STR_ARG(c->send.uri), STR_ARG(c->send.version));
	strbuf_add(&b, c->send.headers.p, c->send.headers.len);
	if (c->send.body.len > 0)
		strbuf_addf(&b, "Content-Length: %zu\r\n", c->send.body.len);
	if (!str_eq(c->send.version, STR("HTTP/1.0")) &&
	    !has_header(c->send.headers, STR("connection")))
		strbuf_adds(&b, "Connection: close\r\n");
	strbuf_adds(&b, "\r\n");
	strbuf_add(&b, c->send.body.p, c->send.body.len);
	c->request = arena_str(p->arena, (struct str){ strbuf_str(&b), b.len });
	strbuf_fini(&b);
	c->expect = k->expect;
	c->expect_negated = k->expect_negated;
	c->statuses = k->statuses;
	c->n_statuses = k->n_statuses;
	return c;
}
