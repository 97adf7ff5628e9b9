/* cfg_cookie.c - `cookie` and `dynamic-cookie-key` of backends. */
#include "config/cfg_internal.h"

#include <stddef.h>

/* Append value to a list, joined by `by`. */
static void join(struct cfg_parser *p, struct str *list, struct str by, struct str value)
{
	struct strbuf b = { 0 };

	strbuf_add(&b, list->p, list->len);
	if (list->len)
		strbuf_add(&b, by.p, by.len);
	strbuf_add(&b, value.p, value.len);
	*list = arena_str(p->arena, (struct str){ strbuf_str(&b), b.len });
	strbuf_fini(&b);
}

/* What goes behind "; path=/". */
static struct str compose_tail(struct cfg_parser *p, const struct cfg_cookie *ck)
{
	struct strbuf b = { 0 };
	struct str s;

	if (ck->domain.len)
		strbuf_addf(&b, "; domain=" STR_FMT, STR_ARG(ck->domain));
	strbuf_adds(&b, ck->httponly ? "; HttpOnly" : "");
	strbuf_adds(&b, ck->secure ? "; Secure" : "");
	if (ck->attrs.len)
		strbuf_addf(&b, "; " STR_FMT, STR_ARG(ck->attrs));
	s = arena_str(p->arena, (struct str){ strbuf_str(&b), b.len });
	strbuf_fini(&b);
	return s;
}

static bool has_only(struct cfg_parser *p, unsigned i, const char *what)
{
	const struct str s = cfg_arg(p, i);

	if (s.len == 0) {
		cfg_error(p, i, "'%s' expects a value", what);
		return false;
	}
	for (size_t k = 0; k < s.len; k++) {
		const unsigned char c = (unsigned char)s.p[k];

		if (c >= 0x20 && c != 0x7f && c != ';')
			continue;
		cfg_error(p, i, "the character 0x%02x is not permitted in the value of '%s'", c,
			  what);
		return false;
	}
	return true;
}

static void add_domain(struct cfg_parser *p, unsigned i, struct cfg_cookie *ck)
{
	const struct str s = cfg_arg(p, i);

	if (!has_only(p, i, "domain"))
		return;
	if (s.len < 2 || !memchr(s.p + 1, '.', s.len - 1))
		cfg_warning(p, i,
			    "the domain '%s' has no dot inside: browsers may refuse the cookie "
			    "(RFC 6265 section 5.2.3)",
			    cfg_argz(p, i));
	join(p, &ck->domain, STR("; domain="), s);
}

static void set_age(struct cfg_parser *p, unsigned i, const char *what, int64_t *out_s)
{
	int64_t us;

	if (cfg_read_time_unit(p, i, what, 1000000, &us))
		*out_s = us / 1000000;
}

struct word {
	const char *name;
	size_t offset;
};
#define F(name)                                                                                    \
	{                                                                                          \
#name, offsetof(struct cfg_cookie, name)                                           \
	}
static const struct word flags[] = { F(indirect),
				     F(nocache),
				     F(postonly),
				     F(preserve),
				     F(httponly),
				     F(secure),
				     { "dynamic", offsetof(struct cfg_cookie, is_dynamic) } };
#undef F
static const char *const modes[] = { NULL, "rewrite", "insert", "prefix" };

static bool read_flag(struct cfg_parser *p, unsigned i, struct cfg_cookie *ck)
{
	for (size_t k = 0; k < ARRAY_LEN(flags); k++) {
		if (!cfg_arg_is(p, i, flags[k].name))
			continue;
		*(bool *)((char *)ck + flags[k].offset) = true;
		return true;
	}
	return false;
}

static bool read_mode(struct cfg_parser *p, unsigned i, struct cfg_cookie *ck)
{
	for (size_t k = 1; k < ARRAY_LEN(modes); k++) {
		if (!cfg_arg_is(p, i, modes[k]))
			continue;
		if (ck->mode != CFG_COOKIE_PASSIVE && ck->mode != (enum cfg_cookie_mode)k)
			cfg_error(p, i, "'%s' and '%s' exclude each other in 'cookie'", modes[k],
				  modes[ck->mode]);
		ck->mode = (enum cfg_cookie_mode)k;
		return true;
	}
	return false;
}

static void set_cookie(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_cookie ck = { .name = cfg_arg(p, at) };

	if (ck.name.len == 0) {
		cfg_error(p, at, "'%s' expects the name of a cookie", kw->name);
		return;
	}
	for (unsigned i = at + 1; i < p->line->n; i++) {
		if (read_mode(p, i, &ck) || read_flag(p, i, &ck))
			continue;
		if (cfg_arg_is(p, i, "maxidle")) {
			set_age(p, ++i, "maxidle", &ck.maxidle_s);
		} else if (cfg_arg_is(p, i, "maxlife")) {
			set_age(p, ++i, "maxlife", &ck.maxlife_s);
		} else if (cfg_arg_is(p, i, "domain")) {
			add_domain(p, ++i, &ck);
		} else if (cfg_arg_is(p, i, "attr")) {
			if (has_only(p, ++i, "attr"))
				join(p, &ck.attrs, STR("; "), cfg_arg(p, i));
		} else {
			cfg_error(p, i,
				  "unknown parameter '%s' of 'cookie': it has 'rewrite', 'insert', "
				  "'prefix', 'indirect', 'nocache', 'postonly', 'preserve', "
				  "'httponly', 'secure', 'domain', 'maxidle', 'maxlife', 'dynamic' "
				  "and 'attr'",
				  cfg_argz(p, i));
			return;
		}
	}
	if (ck.mode == CFG_COOKIE_REWRITE && ck.indirect)
		cfg_error(p, at, "'rewrite' and 'indirect' exclude each other in 'cookie'");
	if (ck.preserve && ck.mode != CFG_COOKIE_INSERT && !ck.indirect)
		cfg_error(p, at, "'preserve' needs 'insert' or 'indirect' in 'cookie'");
	ck.tail = compose_tail(p, &ck);
	if (ck.name.len + ck.tail.len > CFG_COOKIE_MAX)
		cfg_error(p, at, "the cookie's name and attributes have more than %d bytes",
			  CFG_COOKIE_MAX);
	p->cur->px->cookie = ck;
}

static void set_key(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)kw;
	p->cur->px->dynamic_cookie_key = cfg_arg(p, at);
}

const struct keyword cfg_cookie_keywords[] = {
	{ "cookie", SEC_DEF_BE, 1, ARGS_ANY, KW_SIDE, set_cookie, 0,
	  "NAME [rewrite|insert|prefix] [indirect] [nocache] [postonly] [preserve] [httponly] "
	  "[secure] [domain D]* [maxidle T] [maxlife T] [dynamic] [attr A]*",
	  "clients keep their server by a cookie" },
	{ "dynamic-cookie-key", SEC_DEF_BE, 1, 1, KW_SIDE, set_key, 0, "SECRET",
	  "of the values of 'cookie ... dynamic'" },
	{ 0 },
};
