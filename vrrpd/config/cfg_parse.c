/* cfg_parse.c - keepalived.conf: files, statements, blocks; the keywords are rows elsewhere. */
#include "config/cfg_parse.h"

#include <errno.h>
#include <glob.h>
#include <libgen.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/cfg_keyword.h"

static const struct cfg_keyword *const tables[] = {
	cfg_keywords_top,      cfg_keywords_global, cfg_keywords_track,
	cfg_keywords_instance, cfg_keywords_vip,    cfg_keywords_vmac,
	cfg_keywords_group,    cfg_keywords_hmac,   cfg_keywords_known,
};

static const struct {
	enum cfg_block block;
	const char *name;
} block_names[] = {
	{ IN_TOP, "the top level" },          { IN_GLOBAL, "global_defs" },
	{ IN_SCRIPT, "vrrp_script" },         { IN_PROXY, "vrrp_track_proxy" },
	{ IN_INSTANCE, "vrrp_instance" },     { IN_AUTH, "authentication" },
	{ IN_GROUP, "vrrp_sync_group" },      { IN_FILE, "track_file" },
	{ IN_PROCESS, "vrrp_track_process" }, { IN_HMAC, "auth_hmac" },
};

static const char *block_name(enum cfg_block b)
{
	for (size_t i = 0; i < ARRAY_LEN(block_names); i++)
		if (block_names[i].block == b)
			return block_names[i].name;
	UNREACHABLE();
}

static bool is_brace(const struct lex_line *l, unsigned i, const char *brace)
{
	return i < l->n && !l->tok[i].quoted && str_eq(l->tok[i].text, str_from(brace));
}

/* Take the next line out of the raw text. */
static struct str take_raw(struct cfg_source *src)
{
	const char *lf = memchr(src->raw.p, '\n', src->raw.len);
	struct str l = { src->raw.p, lf ? (size_t)(lf - src->raw.p) : src->raw.len };
	size_t skip = l.len + (lf != NULL);

	src->raw.p += skip;
	src->raw.len -= skip;
	if (l.len && l.p[l.len - 1] == '\r')
		l.len--;
	return l;
}

/* Give the lexer one more line of a file with parameters or conditions. False at the end. */
static bool feed_lexer(struct cfg_parser *p, struct cfg_source *src)
{
	struct cfg_line *l;

	while (!src->pending) {
		struct str raw;

		if (!src->has_macros || !src->raw.len)
			return false;
		raw = take_raw(src);
		src->pending = cfg_macro_expand(&p->macros, src->name, raw, src->raw_line++);
	}
	l = src->pending;
	src->pending = l->next;
	src->lx.text = l->text;
	src->lx.at = 0;
	src->lx.line = l->line;
	return true;
}

/* Look at the next line of the same file without leaving this one. */
static bool peek_line(struct cfg_parser *p, struct cfg_source *src)
{
	while (!src->has_next) {
		src->has_next = lexer_next(&src->lx, &src->next);
		if (!src->has_next && !feed_lexer(p, src))
			return false;
	}
	return true;
}

/* Go on to the next line; at the end of a file, back to the one that includes it. False at the end
 * of all. */
static bool next_line(struct cfg_parser *p)
{
	for (;;) {
		struct cfg_source *src = p->source;

		if (peek_line(p, src)) {
			src->line = src->next;
			src->at = 0;
			src->has_next = false;
			return true;
		}
		if (!src->below)
			return false;
		p->source = src->below;
		if (p->source->at < p->source->line.n)
			return true;
	}
}

static bool is_include(const struct cfg_stmt *s)
{
	static const char *const words[] = { "include",  "includer", "includem",
					     "includew", "includeb", "includea" };

	for (size_t k = 0; k < ARRAY_LEN(words); k++)
		if (cfg_is(s, 0, words[k]))
			return true;
	return false;
}

enum stmt_kind { STMT_WORDS, STMT_CLOSE, STMT_END };

static enum stmt_kind next_stmt(struct cfg_parser *p, struct cfg_stmt *s)
{
	struct cfg_source *src = p->source;

	if (src->at >= src->line.n && !next_line(p))
		return STMT_END;
	src = p->source;
	*s = (struct cfg_stmt){ .line = &src->line, .first = src->at };
	s->word = &src->line.tok[src->at];
	if (is_brace(&src->line, src->at, "}")) {
		src->at++;
		return STMT_CLOSE;
	}
	while (src->at < src->line.n && !is_brace(&src->line, src->at, "{") &&
	       !is_brace(&src->line, src->at, "}"))
		src->at++;
	s->n = src->at - s->first;
	if (src->at < src->line.n)
		s->has_block = is_brace(&src->line, src->at, "{");
	else if (!is_include(s)) /* it may define what the next line uses */
		s->has_block = peek_line(p, src) && is_brace(&src->next, 0, "{");
	return STMT_WORDS;
}

/* Step over the opening brace that next_stmt saw. The statement moves into the arena's line, so it
 * stays readable. */
static void enter_block(struct cfg_parser *p, struct cfg_stmt *s, struct lex_line *keep)
{
	struct cfg_source *src = p->source;

	*keep = *s->line;
	s->line = keep;
	if (src->at >= src->line.n)
		(void)next_line(p);
	src->at++;
}

static void report_open(struct cfg_parser *p, const struct cfg_stmt *s)
{
	diag_error(p->diag, cfg_word_pos(s, 0),
		   "the block '" STR_FMT "' is not closed; a '}' is missing",
		   STR_ARG(s->word[0].text));
}

static void skip_block(struct cfg_parser *p, const struct cfg_stmt *opener)
{
	struct cfg_stmt outer = *opener, s;
	struct lex_line keep;
	unsigned depth = 1;

	enter_block(p, &outer, &keep);
	while (depth > 0) {
		switch (next_stmt(p, &s)) {
		case STMT_END:
			report_open(p, &outer);
			return;
		case STMT_CLOSE:
			depth--;
			break;
		case STMT_WORDS:
			if (s.has_block) {
				struct lex_line l;

				enter_block(p, &s, &l);
				depth++;
			}
			break;
		}
	}
}

static const struct cfg_keyword *find_keyword(enum cfg_block in, struct str word)
{
	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct cfg_keyword *kw = tables[t]; kw->name; kw++)
			if ((kw->blocks & in) && str_eq(word, str_from(kw->name)))
				return kw;
	return NULL;
}

struct candidates {
	const char *names[512];
	size_t n;
};

static const char *candidate(const void *arg, size_t i)
{
	return ((const struct candidates *)arg)->names[i];
}

static void unknown_keyword(struct cfg_parser *p, const struct cfg_stmt *s, enum cfg_block in)
{
	struct candidates c = { .n = 0 };
	struct str word = s->word[0].text;
	const char *near;

	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct cfg_keyword *kw = tables[t]; kw->name; kw++)
			if ((kw->blocks & in) && c.n < ARRAY_LEN(c.names))
				c.names[c.n++] = kw->name;
	near = diag_nearest(word, candidate, &c, c.n);
	if (near) {
		cfg_error(p, s, 0, "unknown keyword '" STR_FMT "' in %s (did you mean '%s'?)",
			  STR_ARG(word), block_name(in), near);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(block_names); i++) {
		if (find_keyword(block_names[i].block, word)) {
			cfg_error(p, s, 0,
				  "keyword '" STR_FMT "' does not belong into %s, but into %s",
				  STR_ARG(word), block_name(in), block_name(block_names[i].block));
			return;
		}
	}
	cfg_error(p, s, 0, "unknown keyword '" STR_FMT "' in %s; correct or remove it",
		  STR_ARG(word), block_name(in));
}

static void push_source(struct cfg_parser *p, const char *name, struct str text, unsigned level)
{
	struct cfg_source *src = arena_new(&p->cfg->arena, struct cfg_source);

	src->name = arena_strdup(&p->cfg->arena, name);
	src->level = level;
	src->below = p->source;
	/* Parameters that an outer file defined are used in an inner one. */
	src->has_macros = p->macros.params || cfg_macro_is_used(text);
	src->raw = text;
	src->raw_line = 1;
	if (src->has_macros)
		text = (struct str){ 0 };
	lexer_init(&src->lx, LEX_KEEPALIVED, name, text, &p->cfg->arena, p->diag, NULL);
	p->source = src;
	p->n_files++;
}

/* Open a file and put it on the stack; the text lives in the arena. 0 or -errno. */
static int push_file(struct cfg_parser *p, const char *path, unsigned level)
{
	struct str text;
	int err = lexer_read_file(path, &p->cfg->arena, &text);

	if (err == 0)
		push_source(p, path, text, level);
	return err;
}

static const char *why_unreadable(int err)
{
	return err == -EILSEQ ? "it contains a NUL byte" : strerror(-err);
}

/* The pattern as seen from the directory of the including file. */
static const char *include_pattern(struct cfg_parser *p, struct str word)
{
	char *dir = arena_strdup(&p->cfg->arena, p->source->name);

	if (word.len && word.p[0] == '/')
		return word.p;
	return arena_printf(&p->cfg->arena, "%s/" STR_FMT, dirname(dir), STR_ARG(word));
}

/* The stack is last in, first out: push the files in reverse, so that they are read in order. */
static void include_files(struct cfg_parser *p, const struct cfg_stmt *s, const glob_t *g)
{
	struct diag_pos pos = cfg_word_pos(s, 1);
	unsigned level = p->source->level + 1;

	if (level > CFG_MAX_NESTING || p->n_files + g->gl_pathc > CFG_MAX_FILES) {
		diag_error(p->diag, pos,
			   "'include' is nested deeper than %d or reads more than %d files; does a "
			   "file include itself?",
			   CFG_MAX_NESTING, CFG_MAX_FILES);
		return;
	}
	for (size_t i = g->gl_pathc; i-- > 0;) {
		int err = push_file(p, g->gl_pathv[i], level);

		if (err)
			diag_error(p->diag, pos, "cannot read '%s': %s", g->gl_pathv[i],
				   why_unreadable(err));
	}
}

/* keepalived's variants: whether it is an error when there is no such file. */
static bool must_match(const struct cfg_stmt *s, bool is_pattern)
{
	if (cfg_is(s, 0, "includea") || cfg_is(s, 0, "includew"))
		return true;
	return (cfg_is(s, 0, "includem") || cfg_is(s, 0, "includeb")) && !is_pattern;
}

static void include(struct cfg_parser *p, const struct cfg_stmt *s)
{
	const char *pattern;
	glob_t g;

	if (s->n != 2 || s->has_block) {
		cfg_error(p, s, s->n < 2 ? s->n : 2,
			  "'" STR_FMT "' expects one file name or pattern",
			  STR_ARG(s->word[0].text));
		if (s->has_block)
			skip_block(p, s);
		return;
	}
	pattern = include_pattern(p, s->word[1].text);
	if (glob(pattern, GLOB_BRACE, NULL, &g) == 0) {
		include_files(p, s, &g);
		globfree(&g);
	} else if (must_match(s, strpbrk(pattern, "*?[") != NULL)) {
		cfg_error(p, s, 1, "no file matches '%s'", pattern);
	} else {
		diag_warning(p->diag, cfg_word_pos(s, 1), "no file matches '%s'", pattern);
	}
}

/* What the preprocessor left: includes, and parameters that nobody defined. True when the statement
 * was one of them. */
static bool preprocess(struct cfg_parser *p, const struct cfg_stmt *s)
{
	struct str w = s->word[0].text;

	if (s->word[0].quoted || w.len == 0)
		return false;
	if (is_include(s)) {
		include(p, s);
		return true;
	}
	if (w.p[0] != '$')
		return false;
	cfg_error(p, s, 0, "'" STR_FMT "': no such parameter was defined before; write $NAME=value",
		  STR_ARG(w));
	if (s->has_block)
		skip_block(p, s);
	return true;
}

static bool has_right_shape(struct cfg_parser *p, const struct cfg_stmt *s,
			    const struct cfg_keyword *kw)
{
	unsigned n_args = s->n - 1;

	if (n_args < kw->min_args) {
		cfg_error(p, s, s->n, "'%s' expects %s", kw->name, kw->args);
		return false;
	}
	if (kw->max_args != CFG_ANY && n_args > kw->max_args) {
		cfg_error(p, s, 1 + kw->max_args, "unexpected '" STR_FMT "'; '%s' expects %s",
			  STR_ARG(s->word[1 + kw->max_args].text), kw->name,
			  kw->args[0] ? kw->args : "nothing behind it");
		return false;
	}
	if (kw->opens_block && !s->has_block) {
		cfg_error(p, s, s->n, "'%s' expects a block in { }", kw->name);
		return false;
	}
	if (!kw->opens_block && s->has_block) {
		cfg_error(p, s, s->n, "'%s' has no block", kw->name);
		return false;
	}
	return true;
}

static void dispatch(struct cfg_parser *p, const struct cfg_stmt *s, enum cfg_block in)
{
	const struct cfg_keyword *kw;

	if (s->n == 0) { /* only a brace */
		cfg_error(p, s, 0, "unexpected '{': a block needs a keyword before it");
		skip_block(p, s);
		return;
	}
	if (preprocess(p, s))
		return;
	kw = find_keyword(in, s->word[0].text);
	if (!kw) {
		unknown_keyword(p, s, in);
	} else if (kw->support == CFG_NO_EFFECT) {
		diag_notice(p->diag, cfg_word_pos(s, 0), "'%s' has no effect here: %s", kw->name,
			    kw->help);
	} else if (kw->support == CFG_LVS && p->options.without_lvs) {
		diag_notice(p->diag, cfg_word_pos(s, 0), "'%s' is skipped (--without-lvs)",
			    kw->name);
	} else if (kw->support == CFG_LVS) {
		cfg_error(
			p, s, 0,
			"'%s' belongs to keepalived's load balancer (LVS), which vrrpd is not: let "
			"proxyd (haproxy.cfg) or another program balance, and start vrrpd with "
			"--without-lvs to skip such lines",
			kw->name);
	} else if (kw->support == CFG_UNSUPPORTED) {
		cfg_error(p, s, 0, "'%s' is known to keepalived, not supported yet; %s", kw->name,
			  kw->help ? kw->help : "remove it or keep this node on keepalived");
	} else if (has_right_shape(p, s, kw)) {
		kw->parse(p, s, kw);
		return;
	}
	if (s->has_block)
		skip_block(p, s);
}

void cfg_read_block(struct cfg_parser *p, const struct cfg_stmt *opener, enum cfg_block in)
{
	struct cfg_stmt outer = *opener, s;
	struct lex_line keep;

	enter_block(p, &outer, &keep);
	for (;;) {
		switch (next_stmt(p, &s)) {
		case STMT_END:
			report_open(p, &outer);
			return;
		case STMT_CLOSE:
			return;
		case STMT_WORDS:
			dispatch(p, &s, in);
			break;
		}
	}
}

void cfg_read_entries(struct cfg_parser *p, const struct cfg_stmt *opener, cfg_entry_fn *entry)
{
	struct cfg_stmt outer = *opener, s;
	struct lex_line keep;

	enter_block(p, &outer, &keep);
	for (;;) {
		switch (next_stmt(p, &s)) {
		case STMT_END:
			report_open(p, &outer);
			return;
		case STMT_CLOSE:
			return;
		case STMT_WORDS:
			if (s.has_block) {
				cfg_error(p, &s, s.n, "unexpected '{' in '" STR_FMT "'",
					  STR_ARG(outer.word[0].text));
				skip_block(p, &s);
			} else if (!preprocess(p, &s)) {
				entry(p, &s);
			}
			break;
		}
	}
}

static void read_top(struct cfg_parser *p)
{
	struct cfg_stmt s;

	for (;;) {
		switch (next_stmt(p, &s)) {
		case STMT_END:
			return;
		case STMT_CLOSE:
			cfg_error(p, &s, 0, "unexpected '}': no block is open here");
			break;
		case STMT_WORDS:
			dispatch(p, &s, IN_TOP);
			break;
		}
	}
}

static struct cfg *new_cfg(void)
{
	struct cfg *c = xcalloc(1, sizeof(*c));

	c->global = (struct cfg_global){
		.version = 2,
		.down_adverts = 3,
		.control_socket = "/run/tandem/vrrpd.sock",
		.state_file = "/run/tandem/vrrpd.state",
		.garp_delay_us = -1,
		.garp_lower_prio_delay_us = -1,
		.garp_refresh_us = -1,
		.garp_interval_us = -1,
		.garp_repeat = -1,
		.garp_lower_prio_repeat = -1,
		.garp_refresh_repeat = -1,
	};
	ASSERT(addr_parse_ip(STR("224.0.0.18"), &c->global.mcast_group4) == 0);
	ASSERT(addr_parse_ip(STR("ff02::12"), &c->global.mcast_group6) == 0);
	return c;
}

/* The first source is on the stack. Takes the configuration of p; NULL when there are errors. */
static struct cfg *run(struct cfg_parser *p)
{
	unsigned before = p->diag->n_errors;

	read_top(p);
	p->has_parse_errors = p->diag->n_errors != before;
	cfg_finish(p);
	if (p->diag->n_errors == before)
		return p->cfg;
	cfg_free(p->cfg);
	return NULL;
}

/* The first part of the node's name, as keepalived's config-id. */
static const char *default_id(struct arena *a)
{
	char name[256] = "";

	if (gethostname(name, sizeof(name) - 1))
		name[0] = '\0';
	name[strcspn(name, ".")] = '\0';
	return arena_strdup(a, name);
}

static void init(struct cfg_parser *p, const struct cfg_options *o, struct diag *d)
{
	struct cfg *c = new_cfg();

	*p = (struct cfg_parser){ .cfg = c, .diag = d, .global = &c->global };
	if (o)
		p->options = *o;
	c->options = p->options;
	p->macros.arena = &c->arena;
	p->macros.diag = d;
	p->macros.id = p->options.id ? p->options.id : default_id(&c->arena);
}

struct cfg *cfg_load_text(const char *name, struct str text, const struct cfg_options *o,
			  struct diag *d)
{
	struct cfg_parser p;

	init(&p, o, d);
	push_source(&p, name, text, 0);
	return run(&p);
}

struct cfg *cfg_load(const char *path, const struct cfg_options *o, struct diag *d)
{
	struct cfg_parser p;
	int err;

	init(&p, o, d);
	err = push_file(&p, path, 0);
	if (err) {
		diag_error(d, (struct diag_pos){ .file = path }, "cannot read this file: %s",
			   why_unreadable(err));
		cfg_free(p.cfg);
		return NULL;
	}
	return run(&p);
}

void cfg_free(struct cfg *c)
{
	if (!c)
		return;
	for (struct cfg_instance *i = c->instances; i; i = i->next) {
		explicit_bzero(i->auth_pass, sizeof(i->auth_pass));
		if (i->hmac)
			explicit_bzero(i->hmac, sizeof(*i->hmac));
	}
	arena_fini(&c->arena);
	free(c);
}

void cfg_print_keywords(FILE *f)
{
	for (size_t b = 0; b < ARRAY_LEN(block_names); b++) {
		fprintf(f, "%s\n", block_names[b].name);
		for (size_t t = 0; t < ARRAY_LEN(tables); t++)
			for (const struct cfg_keyword *kw = tables[t]; kw->name; kw++)
				if ((kw->blocks & block_names[b].block) &&
				    kw->support == CFG_SUPPORTED)
					fprintf(f, "\t%s %s%s\n\t\t%s\n", kw->name, kw->args,
						kw->opens_block ? " { ... }" : "", kw->help);
	}
}
