/* cfg_log_format.c - compiles log formats, and the keywords that hold them. */
#include "config/cfg_internal.h"

#include <ctype.h>
#include <stddef.h>

#include "config/log_program.h"

#define P(field) offsetof(struct cfg_proxy, field)
#define D(field) offsetof(struct draft, field)

static const char http_format[] = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc "
				  "%ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r";
static const char tcp_format[] =
	"%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq";
static const char clf_format[] =
	"%{+Q}o %{-Q}ci - - [%trg] %r %ST %B \"\" \"\" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta "
	"%tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl";

/* The variables. http: only mode http has it. */
static const struct variable {
	const char *name;
	uint8_t op;
	bool http, may_be_empty;
	uint16_t needs;
} variables[] = {
	{ "B", LOG_OP_B, false, false, LOG_NEED_END },
	{ "CC", LOG_OP_CC, true, false, 0 },
	{ "CS", LOG_OP_CS, true, false, 0 },
	{ "H", LOG_OP_H, false, false, LOG_NEED_PROCESS },
	{ "HM", LOG_OP_HM, true, false, 0 },
	{ "HP", LOG_OP_HP, true, false, 0 },
	{ "HPO", LOG_OP_HPO, true, false, 0 },
	{ "HQ", LOG_OP_HQ, true, false, 0 },
	{ "HU", LOG_OP_HU, true, false, 0 },
	{ "HV", LOG_OP_HV, true, false, 0 },
	{ "ID", LOG_OP_ID, false, false, LOG_NEED_ID | LOG_NEED_END },
	{ "ST", LOG_OP_ST, false, false, 0 },
	{ "T", LOG_OP_T, false, false, 0 },
	{ "Ta", LOG_OP_Ta, true, false, LOG_NEED_END },
	{ "Tc", LOG_OP_Tc, false, false, LOG_NEED_END },
	{ "Td", LOG_OP_Td, false, false, LOG_NEED_END },
	{ "Th", LOG_OP_Th, false, false, LOG_NEED_END },
	{ "Ti", LOG_OP_Ti, true, false, LOG_NEED_END },
	{ "Tl", LOG_OP_Tl, false, false, 0 },
	{ "Tq", LOG_OP_Tq, true, false, LOG_NEED_END },
	{ "TR", LOG_OP_TR, true, false, LOG_NEED_END },
	{ "Tr", LOG_OP_Tr, false, false, LOG_NEED_END },
	{ "Ts", LOG_OP_Ts, false, false, 0 },
	{ "Tt", LOG_OP_Tt, false, false, LOG_NEED_END },
	{ "Tu", LOG_OP_Tu, false, false, LOG_NEED_END },
	{ "Tw", LOG_OP_Tw, false, false, LOG_NEED_END },
	{ "U", LOG_OP_U, false, false, LOG_NEED_END },
	{ "ac", LOG_OP_ac, false, false, 0 },
	{ "b", LOG_OP_b, false, false, 0 },
	{ "bc", LOG_OP_bc, false, false, 0 },
	{ "bi", LOG_OP_bi, false, false, LOG_NEED_SOURCE },
	{ "bp", LOG_OP_bp, false, false, LOG_NEED_SOURCE },
	{ "bq", LOG_OP_bq, false, false, 0 },
	{ "ci", LOG_OP_ci, false, false, 0 },
	{ "cp", LOG_OP_cp, false, false, 0 },
	{ "f", LOG_OP_f, false, false, 0 },
	{ "fc", LOG_OP_fc, false, false, 0 },
	{ "fi", LOG_OP_fi, false, false, LOG_NEED_LOCAL },
	{ "fp", LOG_OP_fp, false, false, LOG_NEED_LOCAL },
	{ "ft", LOG_OP_f, false, false, 0 },
	{ "hr", LOG_OP_hr, false, true, 0 },
	{ "hrl", LOG_OP_hrl, false, true, 0 },
	{ "hs", LOG_OP_hs, false, true, 0 },
	{ "hsl", LOG_OP_hsl, false, true, 0 },
	{ "lc", LOG_OP_lc, false, false, LOG_NEED_LINE_NUMBER },
	{ "ms", LOG_OP_ms, false, false, 0 },
	{ "pid", LOG_OP_pid, false, false, LOG_NEED_PROCESS },
	{ "r", LOG_OP_r, true, false, 0 },
	{ "rc", LOG_OP_rc, false, false, LOG_NEED_END },
	{ "rt", LOG_OP_rt, false, false, LOG_NEED_NUMBER },
	{ "s", LOG_OP_s, false, false, 0 },
	{ "sc", LOG_OP_sc, false, false, LOG_NEED_END },
	{ "si", LOG_OP_si, false, false, LOG_NEED_TARGET },
	{ "sp", LOG_OP_sp, false, false, LOG_NEED_TARGET },
	{ "sq", LOG_OP_sq, false, false, 0 },
	{ "sslc", LOG_OP_ssl, false, false, 0 },
	{ "sslv", LOG_OP_ssl, false, false, 0 },
	{ "t", LOG_OP_t, false, false, 0 },
	{ "tr", LOG_OP_tr, true, false, 0 },
	{ "trg", LOG_OP_trg, true, false, 0 },
	{ "trl", LOG_OP_trl, true, false, 0 },
	{ "ts", LOG_OP_ts, false, false, LOG_NEED_END },
	{ "tsc", LOG_OP_tsc, true, false, 0 },
};

static const char *nth_variable(const void *unused, size_t i)
{
	(void)unused;
	return variables[i].name;
}

/* A program while it is made: at most one instruction a byte of its source, and one more. */
struct compiler {
	struct cfg_parser *p;
	struct draft *d;
	const struct draft_text *from;
	const char *keyword;
	struct log_program *out;
	struct strbuf text; /* collected, not yet an instruction */
	uint8_t defaults;   /* flags that %o set */
	bool after_space;   /* the last thing was a space */
	bool after_doubt;   /* ... or may have been nothing */
	bool at_request;    /* it runs while the request is there, not at the end */
};

static bool fail(const struct compiler *c, const char *why)
{
	diag_error(c->p->diag, c->from->pos, "'%s': %s", c->keyword, why);
	return false;
}

static void end_text(struct compiler *c)
{
	struct log_instr *i = &c->out->instr[c->out->n];

	if (c->text.len == 0)
		return;
	i->op = LOG_OP_TEXT;
	i->flags = c->after_space ? LOG_ENDS_SPACED : 0;
	i->text = arena_str(c->p->arena, (struct str){ c->text.p, c->text.len });
	c->out->n++;
	strbuf_clear(&c->text);
}

/* A new instruction; a short text goes in front of it, a longer one becomes its own. */
static struct log_instr *start_instr(struct compiler *c)
{
	struct log_instr *i;

	if (c->text.len > LOG_LEAD_MAX)
		end_text(c);
	i = &c->out->instr[c->out->n++];
	if (c->text.len > 0) {
		memcpy(i->lead, c->text.p, c->text.len);
		i->n_lead = (uint8_t)c->text.len;
		i->flags = c->after_space ? LOG_ENDS_SPACED : 0;
		strbuf_clear(&c->text);
	}
	return i;
}

static void add_space(struct compiler *c)
{
	if (c->after_space)
		return;
	if (c->after_doubt) {
		end_text(c);
		c->out->instr[c->out->n++].op = LOG_OP_SPACE;
		c->after_doubt = false;
	} else {
		strbuf_addc(&c->text, ' ');
	}
	c->after_space = true;
}

static void add_char(struct compiler *c, char ch)
{
	strbuf_addc(&c->text, ch);
	c->after_space = c->after_doubt = false;
}

/* "+Q,-X": HAProxy ignores what it does not know there. */
static uint8_t apply_flags(uint8_t flags, struct str words)
{
	for (size_t i = 0; i < words.len; i++) {
		const bool on = words.p[i] == '+';
		uint8_t bit;

		if ((!on && words.p[i] != '-') || i + 1 == words.len)
			continue;
		switch (words.p[++i]) {
		case 'Q':
			bit = LOG_QUOTED;
			break;
		case 'X':
			bit = LOG_HEX;
			break;
		case 'E':
			bit = LOG_ESCAPED;
			break;
		case 'M':
			bit = LOG_MANDATORY;
			break;
		default:
			continue;
		}
		flags = on ? flags | bit : flags & (uint8_t)~bit;
	}
	return flags;
}

static bool add_variable(struct compiler *c, struct str name, struct str flag_words)
{
	const uint8_t flags = apply_flags(c->defaults, flag_words);
	const struct variable *v = NULL;
	struct log_instr *i;

	if (str_eq(name, STR("o"))) {
		c->defaults = flags;
		return true;
	}
	for (size_t k = 0; k < ARRAY_LEN(variables) && !v; k++)
		if (str_eq(name, str_from(variables[k].name)))
			v = &variables[k];
	if (!v) {
		const char *best = diag_nearest(name, nth_variable, NULL, ARRAY_LEN(variables));

		diag_error(c->p->diag, c->from->pos,
			   best ? "'%s': there is no variable '%%%.*s'; did you mean '%%%s'? A "
				  "percent sign is written '%%%%'"
				: "'%s': there is no variable '%%%.*s'. A percent sign is written "
				  "'%%%%'",
			   c->keyword, (int)name.len, name.p, best);
		return false;
	}
	if (v->http && c->d->px->mode != CFG_MODE_HTTP) {
		diag_error(c->p->diag, c->from->pos, "'%s': the variable '%%%s' needs 'mode http'",
			   c->keyword, v->name);
		return false;
	}
	i = start_instr(c);
	i->op = v->op;
	i->flags |= flags;
	c->out->needs |= v->needs;
	/* what may be empty leaves a space before it the last thing, perhaps */
	c->after_doubt = v->may_be_empty && (c->after_doubt || c->after_space);
	c->after_space = false;
	return true;
}

/* What a fetch looks at must be there when the line is written, or the identification made. */
static bool is_there(const struct compiler *c, const struct sample_fetch *f)
{
	const char *missing = f->need == SAMPLE_NEED_REQUEST && !c->at_request   ? "the request"
			      : f->need == SAMPLE_NEED_RESPONSE && c->at_request ? "the response"
										 : NULL;

	if (missing)
		diag_error(c->p->diag, c->from->pos,
			   "'%s': '%s' looks at %s, which is not there at that time%s", c->keyword,
			   f->name, missing,
			   c->at_request ? "" : ": capture what the line shall tell");
	return !missing;
}

/* "expression]" at p. Returns what is behind it, or NULL after a message. */
static const char *add_sample(struct compiler *c, const char *p, const char *end, struct str flags)
{
	struct sample_expr *e = arena_new(c->p->arena, struct sample_expr);
	struct str text = { p, (size_t)(end - p) };
	struct strbuf err = { 0 };
	struct log_instr *i;

	if (sample_take(c->p->arena, &text, e, &err) == 0 && (text.len == 0 || text.p[0] != ']'))
		strbuf_addf(&err, "']' is missing behind '%%[%.*s'", (int)(text.p - p), p);
	if (err.len > 0) {
		diag_error(c->p->diag, c->from->pos, "'%s': %s", c->keyword, strbuf_str(&err));
		strbuf_fini(&err);
		return NULL;
	}
	if (!is_there(c, e->fetch))
		return NULL;
	cfg_note_refs(c->p, e, c->d, c->from->pos);
	i = start_instr(c);
	i->op = LOG_OP_SAMPLE;
	i->flags |= apply_flags(c->defaults, flags);
	i->expr = e;
	c->out->needs |= LOG_NEED_SAMPLES | LOG_NEED_END;
	if (strcmp(e->fetch->name, "unique-id") == 0)
		c->out->needs |= LOG_NEED_ID;
	c->out->needs_request |= e->fetch->need == SAMPLE_NEED_REQUEST;
	c->after_space = c->after_doubt = false;
	return text.p + 1;
}

/* Behind a '%' at p, which is not the last byte. Returns what follows, or NULL after a message. */
static const char *add_percent(struct compiler *c, const char *p, const char *end)
{
	struct str flags = { 0 }, name;
	const char *close;

	if (*p == '%') {
		add_char(c, '%');
		return p + 1;
	}
	if (*p == '{') {
		close = memchr(p, '}', (size_t)(end - p));
		if (!close || close + 1 == end) {
			fail(c,
			     close ? "a variable is missing behind '%{...}'" : "'%{' has no '}'");
			return NULL;
		}
		flags = (struct str){ p + 1, (size_t)(close - p - 1) };
		p = close + 1;
	}
	if (*p == '[')
		return add_sample(c, p + 1, end, flags);
	if (flags.p ? !isalnum((unsigned char)*p) : !isalpha((unsigned char)*p)) {
		if (!flags.p && *p != ' ' && !isdigit((unsigned char)*p))
			return p; /* HAProxy drops the '%' */
		fail(c, flags.p ? "a variable is missing behind '%{...}'"
				: "a variable is missing behind '%': a percent sign is written "
				  "'%%'");
		return NULL;
	}
	name.p = p;
	while (p < end && isalnum((unsigned char)*p))
		p++;
	name.len = (size_t)(p - name.p);
	return add_variable(c, name, flags) ? p : NULL;
}

static const struct log_program *compile(struct cfg_parser *p, struct draft *d, const char *keyword,
					 const struct draft_text *from, bool is_log)
{
	const char *at = from->text.p, *end = at + from->text.len;
	struct compiler c = { .p = p,
			      .d = d,
			      .from = from,
			      .keyword = keyword,
			      .after_space = true,
			      .at_request = !is_log,
			      .defaults = is_log ? LOG_MANDATORY : 0 };
	bool ok = true;

	c.out = arena_alloc(p->arena,
			    sizeof *c.out + (from->text.len + 1) * sizeof(struct log_instr));
	c.out->source = from->text;
	while (ok && at < end) {
		if (*at == ' ' || *at == '\t') {
			add_space(&c);
			at++;
		} else if (*at != '%') {
			add_char(&c, *at++);
		} else if (at + 1 == end) {
			ok = fail(&c, "it ends behind '%': a percent sign is written '%%'");
		} else {
			at = add_percent(&c, at + 1, end);
			ok = at != NULL;
		}
	}
	end_text(&c);
	strbuf_fini(&c.text);
	return ok ? c.out : NULL;
}

static const struct log_program *built_in(struct cfg_parser *p, struct draft *d, const char *text)
{
	const struct draft_text from = { str_from(text), d->name.pos };

	return compile(p, d, "log-format", &from, true);
}

static const struct log_program *default_program(struct cfg_parser *p)
{
	struct log_program *out = arena_alloc(p->arena, sizeof *out + sizeof(struct log_instr));

	out->n = 1;
	out->instr[0].op = LOG_OP_DEFAULT;
	out->needs = LOG_NEED_LOCAL | LOG_NEED_END;
	return out;
}

void cfg_compile_logs(struct cfg_parser *p, struct draft *d)
{
	struct cfg_proxy *x = d->px;

	switch (x->log_line) {
	case CFG_LINE_DEFAULT:
		x->log_format = default_program(p);
		break;
	case CFG_LINE_TCP:
		x->log_format = built_in(p, d, tcp_format);
		break;
	case CFG_LINE_HTTP:
		x->log_format = built_in(p, d, http_format);
		break;
	case CFG_LINE_CLF:
		x->log_format = built_in(p, d, clf_format);
		break;
	case CFG_LINE_OWN:
		x->log_format = compile(p, d, "log-format", &d->log_format, true);
		break;
	}
	if (d->error_log_format.text.len)
		x->error_log_format = compile(p, d, "error-log-format", &d->error_log_format, true);
	if (d->log_format_sd.text.len)
		x->log_format_sd = compile(p, d, "log-format-sd", &d->log_format_sd, true);
	if (d->unique_id_format.text.len)
		x->unique_id_format =
			compile(p, d, "unique-id-format", &d->unique_id_format, false);
}

/* ---- keywords ---- */

static bool needs_one(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	if (at >= p->line->n || cfg_arg(p, at).len == 0) {
		cfg_error(p, at, "'%s' expects a format such as \"%%ci %%s\"", kw->name);
		return false;
	}
	if (at + 1 < p->line->n) {
		cfg_error(p, at + 1,
			  "'%s' expects one argument: put the format in quotes, or a backslash "
			  "before each space",
			  kw->name);
		return false;
	}
	return true;
}

static void set_format(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	if (!needs_one(p, kw, at))
		return;
	*(struct draft_text *)(void *)((char *)p->cur + kw->offset) =
		(struct draft_text){ cfg_arg(p, at), lex_pos(p->line, at) };
	if (kw->offset == D(log_format))
		p->cur->px->log_line = CFG_LINE_OWN;
}

static void set_line(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	const bool is_http = strcmp(kw->name, "option httplog") == 0;

	if (at < p->line->n && !(is_http && cfg_arg_is(p, at, "clf"))) {
		cfg_error(p, at, "unexpected argument '%s' after '%s'%s", cfg_argz(p, at), kw->name,
			  is_http ? ": only 'clf' may follow" : "");
		return;
	}
	p->cur->px->log_line = !is_http          ? CFG_LINE_TCP
			       : at < p->line->n ? CFG_LINE_CLF
						 : CFG_LINE_HTTP;
}

static void set_word(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	if (cfg_arg(p, at).len == 0)
		cfg_error(p, at, "'%s' expects a word", kw->name);
	else
		*(struct str *)(void *)((char *)p->cur->px + kw->offset) = cfg_arg(p, at);
}

/* NAME len N */
static bool read_capture(struct cfg_parser *p, const struct keyword *kw, unsigned at, unsigned *max)
{
	if (at + 3 != p->line->n || !cfg_arg_is(p, at + 1, "len") || cfg_arg(p, at).len == 0) {
		cfg_error(p, MIN(at, p->line->n), "'%s' expects: NAME len NUMBER", kw->name);
		return false;
	}
	return cfg_read_uint(p, at + 2, kw->name, 1, 8192, max);
}

static void add_capture(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_captures *all = (struct cfg_captures *)(void *)((char *)p->cur->px + kw->offset);
	struct cfg_capture *c, *old = (struct cfg_capture *)all->items;
	unsigned max;

	if (strcmp(cfg_argz(p, at), "header") != 0) {
		cfg_error(p, at, "'%s' expects: header NAME len NUMBER", kw->name);
		return;
	}
	if (!read_capture(p, kw, at + 1, &max))
		return;
	c = arena_array(p->arena, struct cfg_capture, all->n + 1);
	if (all->n)
		memcpy(c, old, all->n * sizeof *c);
	c[all->n] = (struct cfg_capture){ cfg_arg(p, at + 1), max };
	all->items = c;
	all->n++;
}

static void set_cookie_capture(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	unsigned max;

	if (!read_capture(p, kw, at, &max))
		return;
	if (max > 63) {
		cfg_warning(p, at + 2, "'%s' keeps at most 63 bytes", kw->name);
		max = 63;
	}
	p->cur->px->cookie_capture = (struct cfg_capture){ cfg_arg(p, at), max };
}

const struct keyword cfg_log_keywords[] = {
	{ "option httplog", SEC_DEF_FE, 0, 1, KW_SIDE, set_line, 0, "[clf]", "log HTTP requests" },
	{ "option tcplog", SEC_DEF_ALL, 0, 1, KW_SIDE, set_line, 0, "",
	  "log TCP connections with times" },
	{ "log-format", SEC_DEF_FE, 0, ARGS_ANY, KW_SIDE, set_format, D(log_format), "FORMAT",
	  "log lines in this format" },
	{ "error-log-format", SEC_DEF_FE, 0, ARGS_ANY, KW_SIDE, set_format, D(error_log_format),
	  "FORMAT", "the format for connections that never became a request" },
	{ "log-format-sd", SEC_DEF_FE, 0, ARGS_ANY, KW_SIDE, set_format, D(log_format_sd), "FORMAT",
	  "the structured data of log lines in rfc5424" },
	{ "log-tag", SEC_DEF_ALL, 1, 1, 0, set_word, P(log_tag), "TAG",
	  "the program's name in this proxy's log lines" },
	{ "unique-id-format", SEC_DEF_FE, 0, ARGS_ANY, KW_SIDE, set_format, D(unique_id_format),
	  "FORMAT", "an identification for each request" },
	{ "unique-id-header", SEC_DEF_FE, 1, 1, KW_SIDE, set_word, P(unique_id_header), "NAME",
	  "send it to the server in this header" },
	{ "capture request", SEC_FE, 0, ARGS_ANY, KW_SIDE, add_capture, P(req_captures),
	  "header NAME len NUMBER", "log the last such header of the request" },
	{ "capture response", SEC_FE, 0, ARGS_ANY, KW_SIDE, add_capture, P(res_captures),
	  "header NAME len NUMBER", "log the last such header of the response" },
	{ "capture cookie", SEC_FE, 0, ARGS_ANY, KW_SIDE, set_cookie_capture, 0, "NAME len NUMBER",
	  "log the first cookie whose name begins so" },
	{ 0 },
};
