/* cfg_probe.c - health checks: option httpchk, option tcp-check, http-check. */
#include "config/cfg_internal.h"

#include <ctype.h>

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
	struct check_draft *c = &p->cur->check;

	c->kind = CFG_CHECK_HTTP;
	c->option = o;
	c->option_is_inherited = false;
	c->http.inherited = NULL;
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
	struct cfg_step step = { .kind = CFG_STEP_SEND };
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
		} else if (cfg_arg_is(p, at, "comment")) {
			step.comment = cfg_arg(p, at + 1);
		} else {
			ok = send_part(p, at, &s);
		}
		at += 1 + n;
	}
	s.headers = arena_str(p->arena, str_from(strbuf_str(&headers)));
	strbuf_fini(&headers);
	if (!ok)
		return;
	step.send = s;
	cfg_step_add(p, &p->cur->check.http, &step);
}

static void http_check_connect(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_step step;

	if (cfg_connect_parse(p, kw, at, &step))
		cfg_step_add(p, &p->cur->check.http, &step);
}

static void http_check_expect(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_step step;

	if (cfg_expect_parse(p, kw, at, true, &step))
		cfg_step_add(p, &p->cur->check.http, &step);
}

static void http_check_comment(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)kw;
	cfg_step_comment(p, &p->cur->check.http, cfg_arg(p, at));
}

static void http_check_disable_on_404(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)kw, (void)at;
	p->cur->check.stops_on_404 = true;
}

static void http_check_send_state(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)kw, (void)at;
	p->cur->check.sends_state = true;
}

const struct keyword cfg_check_keywords[] = {
	{ "option httpchk", SEC_DEF_BE, 0, 3, KW_SIDE, option_httpchk, 0,
	  "[URI | METHOD URI [VERSION]]", "health checks are HTTP requests" },
	{ "http-check connect", SEC_DEF_BE, 0, ARGS_ANY, KW_SIDE, http_check_connect, 0,
	  "[default] [port N] [addr A] [send-proxy] [linger] [comment TEXT]",
	  "open a connection, the first or another one" },
	{ "http-check send", SEC_DEF_BE, 0, ARGS_ANY, KW_SIDE, http_check_send, 0,
	  "[meth M] [uri U] [ver V] [hdr NAME VALUE]... [body B] [comment TEXT]",
	  "the request of a check" },
	{ "http-check expect", SEC_DEF_BE, 1, ARGS_ANY, KW_SIDE, http_check_expect, 0,
	  "[OPTIONS] [!] status|rstatus|hdr|fhdr|string|rstring PATTERN",
	  "the response of a healthy server; default: status 200-399" },
	{ "http-check comment", SEC_DEF_BE, 1, 1, KW_SIDE, http_check_comment, 0, "TEXT",
	  "told when the next step fails" },
	{ "http-check disable-on-404", SEC_DEF_BE, 0, 0, KW_SIDE, http_check_disable_on_404, 0, "",
	  "a server that answers 404 gets no new sessions" },
	{ "http-check send-state", SEC_DEF_BE, 0, 0, KW_SIDE, http_check_send_state, 0, "",
	  "checks tell the server how it is seen" },
	{ 0 },
};
