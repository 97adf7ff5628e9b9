/* cfg_expect.c - the steps of health checks: connect and expect, of http-check and of tcp-check. */
#include "config/cfg_internal.h"

#include <ctype.h>
#include <stdio.h>

/* ---- lists of steps ---- */

/* Copies of a list at *end; returns where the next one goes. */
static struct cfg_step **copy_steps(struct cfg_parser *p, const struct cfg_step *from,
				    bool with_expects, struct cfg_step **end)
{
	for (; from; from = from->next) {
		if (from->kind == CFG_STEP_EXPECT && !with_expects)
			continue;
		struct cfg_step *s = arena_new(p->arena, struct cfg_step);

		*s = *from;
		s->next = NULL;
		*end = s;
		end = &s->next;
	}
	return end;
}

struct cfg_step *cfg_step_add(struct cfg_parser *p, struct step_list *list,
			      const struct cfg_step *step)
{
	struct cfg_step *s = arena_new(p->arena, struct cfg_step);

	*s = *step;
	s->number = ++list->n_own;
	if (s->comment.len == 0)
		s->comment = list->comment;
	list->comment = STR("");
	list->pos = lex_pos(p->line, 0);
	list->has_request = list->has_request || s->kind != CFG_STEP_EXPECT;
	if (list->own_last)
		list->own_last->next = s;
	else
		list->own = s;
	list->own_last = s;
	return s;
}

void cfg_step_comment(struct cfg_parser *p, struct step_list *list, struct str text)
{
	list->n_own++;
	list->comment = text;
	list->pos = lex_pos(p->line, 0);
}

/* The inherited steps that still hold, and the section's own. keep_request: own expectations leave
 * the inherited request (DECISIONS.md 7). */
static struct cfg_step *all_steps(struct cfg_parser *p, const struct step_list *list,
				  bool keep_request)
{
	struct cfg_step *first = NULL, **end = &first;
	const bool drops_all = list->own && (list->has_request || !keep_request);

	if (!drops_all)
		end = copy_steps(p, list->inherited, !list->own, end);
	copy_steps(p, list->own, true, end);
	return first;
}

static void inherit(struct cfg_parser *p, struct step_list *list, bool keep_request)
{
	*list = (struct step_list){ .inherited = all_steps(p, list, keep_request) };
}

void cfg_check_inherit(struct cfg_parser *p, struct check_draft *c)
{
	if (c->http.has_request && c->option_is_inherited)
		c->option = (struct cfg_check_send){ 0 };
	inherit(p, &c->http, true);
	inherit(p, &c->tcp, false);
	c->option_is_inherited = true;
}

struct cfg_step *cfg_http_steps(struct cfg_parser *p, const struct check_draft *c)
{
	return all_steps(p, &c->http, true);
}

struct cfg_step *cfg_tcp_steps(struct cfg_parser *p, const struct check_draft *c)
{
	return all_steps(p, &c->tcp, false);
}

/* ---- connect ---- */

static bool read_comment(struct cfg_parser *p, const struct keyword *kw, unsigned at,
			 struct str *out)
{
	*out = cfg_arg(p, at + 1);
	if (out->len > 0)
		return true;
	cfg_error(p, at + 1, "'%s comment' expects a text", kw->name);
	return false;
}

static bool connect_address(struct cfg_parser *p, unsigned at, struct cfg_step *out)
{
	struct cfg_addr a;

	if (!cfg_addr_parse(p, at + 1, cfg_arg(p, at + 1), ADDR_RESOLVE | ADDR_UNIX_OK, "addr", &a))
		return false;
	out->addr = a.addr;
	return true;
}

static bool connect_port(struct cfg_parser *p, unsigned at, struct cfg_step *out)
{
	unsigned port;

	if (!cfg_read_uint(p, at + 1, "port", 1, 65535, &port))
		return false;
	out->port = (uint16_t)port;
	return true;
}

bool cfg_connect_parse(struct cfg_parser *p, const struct keyword *kw, unsigned at,
		       struct cfg_step *out)
{
	static const char *const later[] = { "ssl", "sni", "alpn", "proto", "via-socks4" };

	*out = (struct cfg_step){ .kind = CFG_STEP_CONNECT };
	for (; at < p->line->n; at++) {
		bool ok = true;

		for (size_t i = 0; i < ARRAY_LEN(later); i++)
			if (cfg_arg_is(p, at, later[i])) {
				cfg_error(p, at,
					  "'%s %s' is known to HAProxy, but not supported yet",
					  kw->name, later[i]);
				return false;
			}
		if (cfg_arg_is(p, at, "default"))
			out->is_default = true;
		else if (cfg_arg_is(p, at, "send-proxy"))
			out->send_proxy = true;
		else if (cfg_arg_is(p, at, "linger"))
			out->linger = true;
		else if (cfg_arg_is(p, at, "port"))
			ok = connect_port(p, at++, out);
		else if (cfg_arg_is(p, at, "addr"))
			ok = connect_address(p, at++, out);
		else if (cfg_arg_is(p, at, "comment"))
			ok = read_comment(p, kw, at++, &out->comment);
		else
			cfg_error(p, at,
				  "'%s' expects default, port, addr, send-proxy, linger or "
				  "comment, got '%s'",
				  kw->name, cfg_argz(p, at)),
				ok = false;
		if (!ok)
			return false;
	}
	return true;
}

/* ---- expect ---- */

static size_t find(struct str s, char c)
{
	const char *at = s.len ? memchr(s.p, c, s.len) : NULL;

	return at ? (size_t)(at - s.p) : s.len;
}

static struct str skip(struct str s, size_t n)
{
	return n >= s.len ? STR("") : (struct str){ s.p + n, s.len - n };
}

/* 200,300-399 */
static bool parse_statuses(struct cfg_parser *p, unsigned i, struct cfg_step *out)
{
	struct str rest = cfg_arg(p, i);
	size_t n = 0;

	for (size_t k = 0; k < rest.len; k++)
		n += rest.p[k] == ',';
	struct cfg_status_range *r = arena_array(p->arena, struct cfg_status_range, n + 1);

	for (n = 0;; n++) {
		const struct str one = { rest.p, find(rest, ',') };
		const size_t dash = find(one, '-');
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
	out->statuses = r;
	out->n_statuses = (unsigned)n + 1;
	return true;
bad:
	cfg_error(p, i, "'status' expects codes such as 200 or 200,300-399 (100 to 999), got '%s'",
		  cfg_argz(p, i));
	return false;
}

bool cfg_read_hex(struct cfg_parser *p, unsigned i, const char *what, struct str *out)
{
	const struct str s = cfg_arg(p, i);
	char *bytes = arena_alloc(p->arena, s.len / 2 + 1);

	for (size_t k = 0; k < s.len; k++) {
		const char c = (char)tolower((unsigned char)s.p[k]);

		if (!isxdigit((unsigned char)c) || s.len % 2 != 0) {
			cfg_error(p, i,
				  "'%s' expects two hexadecimal digits for each byte, got '%s'",
				  what, cfg_argz(p, i));
			return false;
		}
		bytes[k / 2] = (char)(bytes[k / 2] * 16 + (c <= '9' ? c - '0' : c - 'a' + 10));
	}
	if (s.len == 0) {
		cfg_error(p, i, "'%s' expects hexadecimal digits", what);
		return false;
	}
	*out = (struct str){ bytes, s.len / 2 };
	return true;
}

static const struct {
	const char *option, *name;
	enum check_status status;
} status_names[] = {
	{ "ok-status", "L7OK", CHECK_L7OK },       { "ok-status", "L7OKC", CHECK_L7OKC },
	{ "ok-status", "L6OK", CHECK_L6OK },       { "ok-status", "L4OK", CHECK_L4OK },
	{ "error-status", "L7OKC", CHECK_L7OKC },  { "error-status", "L7RSP", CHECK_L7RSP },
	{ "error-status", "L7STS", CHECK_L7STS },  { "error-status", "L6RSP", CHECK_L6RSP },
	{ "error-status", "L4CON", CHECK_L4CON },  { "tout-status", "L7TOUT", CHECK_L7TOUT },
	{ "tout-status", "L6TOUT", CHECK_L6TOUT }, { "tout-status", "L4TOUT", CHECK_L4TOUT },
};

/* at: the option's word. */
static bool parse_status_option(struct cfg_parser *p, unsigned at, enum check_status *out)
{
	char names[64] = "";

	for (size_t i = 0; i < ARRAY_LEN(status_names); i++) {
		if (!cfg_arg_is(p, at, status_names[i].option))
			continue;
		if (cfg_arg_is(p, at + 1, status_names[i].name)) {
			*out = status_names[i].status;
			return true;
		}
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			 names[0] ? ", " : "", status_names[i].name);
	}
	cfg_error(p, at + 1, "'%s' expects one of %s, got '%s'", cfg_argz(p, at), names,
		  cfg_argz(p, at + 1));
	return false;
}

/* on-success, on-error: a log-format string, of which we have the plain text. */
static bool parse_info(struct cfg_parser *p, unsigned at, struct cfg_check_info *out)
{
	const struct str s = cfg_arg(p, at + 1);
	char *text = arena_alloc(p->arena, s.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '%' && (i + 1 == s.len || s.p[++i] != '%')) {
			cfg_error(p, at + 1,
				  "variables of a log-format in '%s' are known to HAProxy, but not "
				  "supported yet: write plain text",
				  cfg_argz(p, at));
			return false;
		}
		text[n++] = s.p[i];
	}
	*out = (struct cfg_check_info){ .kind = CFG_INFO_TEXT, .text = { text, n } };
	return true;
}

/* status-code int(N) | res.payload(FROM,LEN) */
static bool parse_code(struct cfg_parser *p, unsigned at, struct cfg_check_code *out)
{
	const struct str s = cfg_arg(p, at + 1);
	const size_t open = find(s, '(');
	const struct str name = { s.p, open };
	struct str args = skip(s, open + 1);
	const struct str first = { args.p, MIN(find(args, ','), find(args, ')')) };
	const struct str rest = skip(args, first.len + 1);
	int64_t a, b = 0;

	if (str_ends_with(s, STR(")")) && str_parse_int(first, 0, INT32_MAX, &a) == 0) {
		if (str_eq(name, STR("int")) && rest.len == 0) {
			*out = (struct cfg_check_code){ .kind = CFG_CODE_INT, .value = (int)a };
			return true;
		}
		if (str_eq(name, STR("res.payload")) && rest.len > 1 &&
		    str_parse_int((struct str){ rest.p, rest.len - 1 }, 0, INT32_MAX, &b) == 0) {
			*out = (struct cfg_check_code){ .kind = CFG_CODE_PAYLOAD,
							.from = (unsigned)a,
							.len = (unsigned)b };
			return true;
		}
	}
	cfg_error(p, at + 1,
		  "'status-code' with '%s' is known to HAProxy, but not supported yet: write "
		  "int(N) or res.payload(FROM,LENGTH)",
		  cfg_argz(p, at + 1));
	return false;
}

static bool parse_min_recv(struct cfg_parser *p, unsigned at, struct cfg_step *out)
{
	int64_t n;

	if (str_parse_int(cfg_arg(p, at + 1), -1, INT32_MAX, &n) < 0) {
		cfg_error(p, at + 1, "'min-recv' expects a number of bytes or -1, got '%s'",
			  cfg_argz(p, at + 1));
		return false;
	}
	out->min_recv = (int)n;
	return true;
}

/* Options around the match. Returns whether all is well; *at is behind them. */
static bool parse_options(struct cfg_parser *p, const struct keyword *kw, unsigned *at,
			  struct cfg_step *out)
{
	for (;; *at += 2) {
		bool ok;

		if (cfg_arg_is(p, *at, "min-recv"))
			ok = parse_min_recv(p, *at, out);
		else if (cfg_arg_is(p, *at, "comment"))
			ok = read_comment(p, kw, *at, &out->comment);
		else if (cfg_arg_is(p, *at, "ok-status"))
			ok = parse_status_option(p, *at, &out->ok_status);
		else if (cfg_arg_is(p, *at, "error-status"))
			ok = parse_status_option(p, *at, &out->error_status);
		else if (cfg_arg_is(p, *at, "tout-status"))
			ok = parse_status_option(p, *at, &out->tout_status);
		else if (cfg_arg_is(p, *at, "on-success"))
			ok = parse_info(p, *at, &out->on_success);
		else if (cfg_arg_is(p, *at, "on-error"))
			ok = parse_info(p, *at, &out->on_error);
		else if (cfg_arg_is(p, *at, "status-code"))
			ok = parse_code(p, *at, &out->code);
		else
			return true;
		if (!ok)
			return false;
	}
}

static const char *const match_names[] = { "str", "beg", "end", "sub", "reg" };

/* WHAT [-m HOW] TEXT from word *at, which is behind WHAT. */
static bool parse_match(struct cfg_parser *p, unsigned *at, const char *what, bool nocase,
			struct cfg_match *m)
{
	if (cfg_arg_is(p, *at, "-m")) {
		size_t i = 0;

		while (i < ARRAY_LEN(match_names) && !cfg_arg_is(p, *at + 1, match_names[i]))
			i++;
		if (i == ARRAY_LEN(match_names)) {
			cfg_error(p, *at + 1, "'-m' expects str, beg, end, sub or reg, got '%s'",
				  cfg_argz(p, *at + 1));
			return false;
		}
		m->how = (enum cfg_match_how)i;
		*at += 2;
	}
	m->text = cfg_arg(p, *at);
	if (m->text.len == 0) {
		cfg_error(p, *at, "'%s' expects a text", what);
		return false;
	}
	if (m->how == CFG_MATCH_REG) {
		m->re = cfg_read_regex(p, *at, what, m->text, nocase ? REGEX_NOCASE : 0);
		if (!m->re)
			return false;
	}
	++*at;
	return true;
}

/* name [-m HOW] NAME [value [-m HOW] VALUE] */
static bool parse_header(struct cfg_parser *p, unsigned *behind, struct cfg_step *out)
{
	unsigned at = *behind;

	if (cfg_arg_is(p, at, "name-lf")) {
		cfg_error(p, at, "'name-lf' is known to HAProxy, but not supported yet");
		return false;
	}
	if (!cfg_arg_is(p, at, "name")) {
		cfg_error(p, at, "expected 'name' and the name of a header, got '%s'",
			  cfg_argz(p, at));
		return false;
	}
	at++;
	if (!parse_match(p, &at, "name", true, &out->name))
		return false;
	*behind = at;
	if (cfg_arg_is(p, at, "value-lf")) {
		cfg_error(p, at, "'value-lf' is known to HAProxy, but not supported yet");
		return false;
	}
	if (!cfg_arg_is(p, at, "value"))
		return true;
	at++;
	out->has_value = true;
	if (!parse_match(p, &at, "value", false, &out->value))
		return false;
	*behind = at;
	return true;
}

static const struct match_word {
	const char *word;
	bool is_http, is_tcp;
	enum cfg_expect what;     /* in http-check */
	enum cfg_expect what_tcp; /* in tcp-check */
} match_words[] = {
	{ "status", true, false, CFG_EXPECT_STATUS, 0 },
	{ "rstatus", true, false, CFG_EXPECT_RSTATUS, 0 },
	{ "hdr", true, false, CFG_EXPECT_HDR, 0 },
	{ "fhdr", true, false, CFG_EXPECT_FHDR, 0 },
	{ "string", true, true, CFG_EXPECT_BODY, CFG_EXPECT_STRING },
	{ "rstring", true, true, CFG_EXPECT_RBODY, CFG_EXPECT_RSTRING },
	{ "binary", false, true, 0, CFG_EXPECT_BINARY },
	{ "rbinary", false, true, 0, CFG_EXPECT_RBINARY },
};

/* *behind: the pattern's first word, then the word behind it. */
static bool parse_pattern(struct cfg_parser *p, const struct keyword *kw, unsigned *behind,
			  const char *word, struct cfg_step *out)
{
	const bool is_status = out->what == CFG_EXPECT_STATUS;
	const unsigned at = *behind;

	if (out->what == CFG_EXPECT_HDR || out->what == CFG_EXPECT_FHDR)
		return parse_header(p, behind, out);
	*behind += 1;
	out->text = cfg_arg(p, at);
	if (out->text.len == 0) {
		cfg_error(p, at, "'%s %s' expects %s", kw->name, word,
			  is_status ? "codes such as 200 or 200,300-399" : "a pattern");
		return false;
	}
	switch (out->what) {
	case CFG_EXPECT_STATUS:
		return parse_statuses(p, at, out);
	case CFG_EXPECT_BINARY:
		return cfg_read_hex(p, at, word, &out->text);
	case CFG_EXPECT_RSTATUS:
	case CFG_EXPECT_RSTRING:
	case CFG_EXPECT_RBINARY:
	case CFG_EXPECT_RBODY:
		out->re = cfg_read_regex(p, at, word, out->text, 0);
		return out->re != NULL;
	case CFG_EXPECT_STRING:
	case CFG_EXPECT_BODY:
	case CFG_EXPECT_HDR:
	case CFG_EXPECT_FHDR:
	case CFG_EXPECT_MYSQL_HELLO:
	case CFG_EXPECT_MYSQL_OK:
	case CFG_EXPECT_LDAP_BIND:
	case CFG_EXPECT_LINE:
		return true;
	}
	UNREACHABLE();
}

bool cfg_expect_parse(struct cfg_parser *p, const struct keyword *kw, unsigned at, bool is_http,
		      struct cfg_step *out)
{
	static const char *const later[] = { "string-lf", "binary-lf" };

	*out = (struct cfg_step){ .kind = CFG_STEP_EXPECT, .min_recv = -1 };
	if (!parse_options(p, kw, &at, out))
		return false;
	struct str word = cfg_arg(p, at);

	for (; word.len > 0 && word.p[0] == '!';
	     word = word.len > 1 ? skip(word, 1) : cfg_arg(p, ++at))
		out->is_negated = !out->is_negated;
	for (size_t i = 0; i < ARRAY_LEN(match_words); i++) {
		const struct match_word *m = &match_words[i];

		if (!str_eq(word, str_from(m->word)) || !(is_http ? m->is_http : m->is_tcp))
			continue;
		out->what = is_http ? m->what : m->what_tcp;
		at++;
		/* options may stand behind the pattern too */
		return parse_pattern(p, kw, &at, m->word, out) && parse_options(p, kw, &at, out) &&
		       cfg_no_more_args(p, at);
	}
	for (size_t i = 0; i < ARRAY_LEN(later); i++) {
		if (!str_eq(word, str_from(later[i])))
			continue;
		cfg_error(p, at, "'%s %s' is known to HAProxy, but not supported yet", kw->name,
			  later[i]);
		return false;
	}
	cfg_error(p, at, "'%s' expects %s and a pattern, got '" STR_FMT "'", kw->name,
		  is_http ? "status, rstatus, hdr, fhdr, string or rstring"
			  : "string, rstring, binary or rbinary",
		  STR_ARG(word));
	return false;
}
