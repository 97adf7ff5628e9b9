/* cfg_acl.c - `acl` lines and conditions: words to compiled lists and terms. */
#include "config/cfg_internal.h"

#include <errno.h>
#include <netdb.h>

#include <tandem/regex.h>

#include "config/cfg_source.h"

#define MAX_PATTERNS 1000000 /* of a file */

/* One test while its words are read. */
struct reader {
	struct cfg_parser *p;
	struct acl_test *t;
	unsigned at, end; /* words of the line */
	const char *name; /* of the acl, for messages */
	bool nocase, no_dns, has_values, has_file, has_end_of_flags;
	enum pattern_op op;
};

/* ---- values ---- */

/* Add one value. i: the word to point at. */
static bool add_value(struct reader *r, unsigned i, struct str value)
{
	struct cfg_parser *p = r->p;
	struct pattern_set *set = &r->t->set;
	struct strbuf err = { 0 };
	struct addr ip;

	r->has_values = true;
	if (set->method == PATTERN_REG) {
		const struct cfg_regex *re =
			cfg_read_regex(p, i, "acl", value, r->nocase ? REGEX_NOCASE : 0);

		if (re)
			pattern_add_regex(set, p->arena, re->re);
		return re != NULL;
	}
	if (pattern_add(set, p->arena, value, r->nocase, r->op, &err) == 0)
		return true;
	if (set->method == PATTERN_IP && !r->no_dns && value.len &&
	    !memchr(value.p, '/', value.len) &&
	    cfg_source_resolve(arena_str(p->arena, value).p, AF_UNSPEC, &ip) == 0) {
		pattern_add_net(set, p->arena, &ip, ip.sa.sa_family == AF_INET ? 32 : 128);
		strbuf_fini(&err);
		return true;
	}
	cfg_error(p, i, "acl '%s': %s", r->name, strbuf_str(&err));
	strbuf_fini(&err);
	return false;
}

/* -f PATH: a value a line; blanks before it, empty lines and those with # first are left out. */
static bool add_file(struct reader *r, unsigned i)
{
	struct cfg_parser *p = r->p;
	struct str text;
	unsigned n = 0;
	const int rc = cfg_source_read(cfg_argz(p, i), p->arena, &text);

	if (rc < 0) {
		cfg_error(p, i, "the pattern file '%s' cannot be read: %s", cfg_argz(p, i),
			  rc == -EILSEQ  ? "it contains a NUL byte"
			  : rc == -EFBIG ? "it is larger than 16 MiB"
					 : strerror(-rc));
		return false;
	}
	while (text.len) {
		const char *lf = memchr(text.p, '\n', text.len);
		struct str line = { text.p, lf ? (size_t)(lf - text.p) : text.len };
		const char *cr = line.len ? memchr(line.p, '\r', line.len) : NULL;

		text.p += line.len + (lf != NULL);
		text.len -= line.len + (lf != NULL);
		if (cr)
			line.len = (size_t)(cr - line.p);
		if (line.len == 0 || line.p[0] == '#')
			continue;
		while (line.len && (line.p[0] == ' ' || line.p[0] == '\t')) {
			line.p++;
			line.len--;
		}
		if (line.len == 0)
			continue;
		if (++n > MAX_PATTERNS) {
			cfg_error(p, i, "the pattern file '%s' has more than %d values",
				  cfg_argz(p, i), MAX_PATTERNS);
			return false;
		}
		if (!add_value(r, i, line))
			return false;
	}
	r->has_file = true;
	return true;
}

/* ---- flags ---- */

static const char *nth_method(const void *unused, size_t n)
{
	(void)unused;
	return pattern_method_names[n];
}

static bool set_method(struct reader *r, unsigned i)
{
	struct cfg_parser *p = r->p;
	unsigned m = 0;

	while (m < PATTERN_N_METHODS && !cfg_arg_is(p, i, pattern_method_names[m]))
		m++;
	if (m == PATTERN_N_METHODS) {
		const char *best = diag_nearest(cfg_arg(p, i), nth_method, NULL, PATTERN_N_METHODS);

		cfg_error(p, i,
			  best ? "unknown matching method '%s'; did you mean '%s'?"
			       : "unknown matching method '%s': there are found, bool, int, ip, "
				 "bin, len, str, beg, sub, dir, dom, end and reg",
			  cfg_argz(p, i), best);
		return false;
	}
	if (r->has_file) {
		cfg_error(p, i, "'-m' must stand before '-f'");
		return false;
	}
	if (!pattern_fits((enum pattern_method)m, r->t->expr.type)) {
		cfg_error(p, i, "the matching method '%s' cannot be used with what '%s' returns",
			  cfg_argz(p, i), r->t->expr.fetch->name);
		return false;
	}
	r->t->set.method = (enum pattern_method)m;
	return true;
}

/* One flag at r->at. false: an error. */
static bool read_flag(struct reader *r)
{
	struct cfg_parser *p = r->p;
	const unsigned i = r->at++;
	const bool needs_value = cfg_arg_is(p, i, "-m") || cfg_arg_is(p, i, "-f") ||
				 cfg_arg_is(p, i, "-u") || cfg_arg_is(p, i, "-M");

	if (cfg_arg_is(p, i, "-M")) {
		cfg_error(p, i, "'acl -M' is known to HAProxy, but not supported yet");
		return false;
	}
	if (needs_value && r->at >= r->end) {
		cfg_error(p, i, "the flag '%s' needs a value", cfg_argz(p, i));
		return false;
	}
	if (cfg_arg_is(p, i, "-i"))
		r->nocase = true;
	else if (cfg_arg_is(p, i, "-n"))
		r->no_dns = true;
	else if (cfg_arg_is(p, i, "-u"))
		r->at++; /* a number for run-time commands, which find lists by name here */
	else if (cfg_arg_is(p, i, "-m"))
		return set_method(r, r->at++);
	else if (cfg_arg_is(p, i, "-f"))
		return add_file(r, r->at++);
	else {
		cfg_error(p, i,
			  "unknown flag '%s': there are -i, -f, -m, -n and --; write '--' before "
			  "a value that begins with '-'",
			  cfg_argz(p, i));
		return false;
	}
	return true;
}

static bool read_flags(struct reader *r)
{
	while (r->at < r->end && str_starts_with(cfg_arg(r->p, r->at), STR("-"))) {
		if (cfg_arg_is(r->p, r->at, "--")) {
			r->at++;
			r->has_end_of_flags = true;
			return true;
		}
		if (!read_flag(r))
			return false;
	}
	return true;
}

static bool read_values(struct reader *r)
{
	const bool has_ops = r->t->set.method == PATTERN_INT || r->t->set.method == PATTERN_LEN;
	bool ok = true;

	for (; r->at < r->end; r->at++) {
		if (has_ops && pattern_parse_op(cfg_arg(r->p, r->at), &r->op))
			continue;
		ok = add_value(r, r->at, cfg_arg(r->p, r->at)) && ok;
	}
	return ok;
}

static void warn_never(struct reader *r, unsigned at)
{
	const enum pattern_method m = r->t->set.method;

	if (r->has_values || r->has_end_of_flags || m == PATTERN_FOUND || m == PATTERN_BOOL ||
	    r->has_file)
		return;
	cfg_warning(r->p, at,
		    "acl '%s' has no value to match and will never match: use '-m found' to ask "
		    "whether there is one, '-m bool' to take a number as true or false, or '--' "
		    "if that is meant",
		    r->name);
}

/* ---- criteria ---- */

struct criteria {
	size_t n_keywords, n;
};

static const char *nth_criterion(const void *arg, size_t n)
{
	const struct criteria *c = arg;

	return n < c->n_keywords ? acl_keywords[n].name : sample_nth_fetch(NULL, n - c->n_keywords);
}

static void unknown_criterion(struct cfg_parser *p, unsigned at, struct str word)
{
	struct criteria c = { 0 };

	while (acl_keywords[c.n_keywords].name)
		c.n_keywords++;
	c.n = c.n_keywords + sample_n_fetches();
	const char *best = diag_nearest(word, nth_criterion, &c, c.n);

	if (best)
		cfg_error(p, at, "unknown criterion '" STR_FMT "'; did you mean '%s'?",
			  STR_ARG(word), best);
	else
		cfg_error(p, at, "unknown criterion '" STR_FMT "'", STR_ARG(word));
}

/* The word up to its arguments or converters. */
static struct str criterion_name(struct str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (word.p[i] == '(' || word.p[i] == ',')
			word.len = i;
	return word;
}

void cfg_note_refs(struct cfg_parser *p, struct sample_expr *e, struct draft *d,
		   struct diag_pos pos)
{
	for (unsigned i = 0; i < SAMPLE_MAX_ARGS; i++) {
		const enum sample_arg_type type = e->fetch->args[i];

		if (type != ARG_FRONTEND && type != ARG_BACKEND && type != ARG_SERVER)
			continue;
		struct sample_ref *ref = arena_new(p->arena, struct sample_ref);

		*ref = (struct sample_ref){ .next = p->refs,
					    .arg = &e->args[i],
					    .type = type,
					    .fetch = e->fetch->name,
					    .d = d,
					    .pos = pos };
		p->refs = ref;
	}
}

/* "res.hdr_beg" stands for a fetch with a method. */
static bool is_known(struct str name)
{
	const char *under = name.len ? memrchr(name.p, '_', name.len) : NULL;

	if (sample_is_known_fetch(name))
		return true;
	for (unsigned m = 0; under && m < PATTERN_N_METHODS; m++)
		if (str_ends_with(name, str_from(pattern_method_names[m])) &&
		    sample_is_known_fetch((struct str){ name.p, (size_t)(under - name.p) }))
			return true;
	return false;
}

/* The expression and the method that the criterion implies. */
static bool read_criterion(struct reader *r)
{
	struct cfg_parser *p = r->p;
	const struct str word = cfg_arg(p, r->at), name = criterion_name(word);
	const struct acl_keyword *kw = acl_find_keyword(name);
	const struct sample_fetch *fetch = sample_find_fetch(kw ? str_from(kw->fetch) : name);
	struct strbuf err = { 0 };

	if (!fetch && is_known(name))
		cfg_error(p, r->at,
			  "the criterion '" STR_FMT "' is known to HAProxy, but not supported yet",
			  STR_ARG(name));
	else if (!fetch)
		unknown_criterion(p, r->at, name);
	if (!fetch)
		return false;
	const struct str rest = { word.p + name.len, word.len - name.len };

	if (sample_parse(p->arena, rest, fetch, &r->t->expr, &err) < 0) {
		cfg_error(p, r->at, "acl '%s': %s", r->name, strbuf_str(&err));
		strbuf_fini(&err);
		return false;
	}
	cfg_note_refs(p, &r->t->expr, p->cur, lex_pos(p->line, r->at));
	/* behind converters the type of the result decides, as in HAProxy */
	if (kw && r->t->expr.n_steps == 0)
		r->t->set.method = kw->method;
	else if (!pattern_default(r->t->expr.type, &r->t->set.method))
		r->t->set.method = PATTERN_FOUND;
	r->at++;
	return true;
}

/* Words [at, end) of the line as a test of the acl. */
static bool add_test(struct cfg_parser *p, struct acl *acl, unsigned at, unsigned end)
{
	struct acl_test *t = arena_new(p->arena, struct acl_test);
	struct reader r = { .p = p,
			    .t = t,
			    .at = at,
			    .end = end,
			    .name = acl->name ? acl->name : "{ }",
			    .op = PATTERN_EQ };

	if (!read_criterion(&r) || !read_flags(&r) || !read_values(&r))
		return false;
	warn_never(&r, at);
	pattern_seal(&t->set, p->arena);
	struct str *words = arena_array(p->arena, struct str, end - at);

	for (unsigned i = at; i < end; i++)
		words[i - at] = cfg_arg(p, i);
	t->words = words;
	t->n_words = end - at;
	if (!acl->tests_end)
		acl->tests_end = &acl->tests;
	*acl->tests_end = t;
	acl->tests_end = &t->next;
	acl->need = MAX(acl->need, (unsigned)t->expr.fetch->need);
	return true;
}

/* ---- names ---- */

static struct acl *find_in(struct acl *list, struct str name)
{
	for (struct acl *a = list; a; a = a->next)
		if (str_eq(str_from(a->name), name))
			return a;
	return NULL;
}

/* Compile a predefined list when it is first used. */
static struct acl *find_predefined(struct cfg_parser *p, struct str name)
{
	struct acl *acl = find_in(p->predefined, name);
	const struct acl_predefined *d = acl_predefined;
	const struct lex_line *line = p->line;
	struct token tok[ARRAY_LEN(d->words) + 1];
	struct lex_line words = { .tok = tok, .pos = line->pos, .source = line->source };

	while (!acl && d->name && !str_eq(str_from(d->name), name))
		d++;
	if (acl || !d->name)
		return acl;
	acl = arena_new(p->arena, struct acl);
	acl->name = d->name;
	for (; words.n < ARRAY_LEN(d->words) && d->words[words.n]; words.n++)
		tok[words.n] = (struct token){ .text = str_from(d->words[words.n]),
					       .line = line->pos.line };
	tok[words.n] = (struct token){ .text = STR(""), .line = line->pos.line };
	p->line = &words;
	const bool ok = add_test(p, acl, 0, words.n);

	p->line = line;
	ASSERT(ok);
	acl->next = p->predefined;
	p->predefined = acl;
	return acl;
}

void cfg_parse_acl(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct draft *d = p->cur;
	struct acl *acl;

	(void)kw;
	if (!cfg_check_name(p, at, "acl"))
		return;
	if (cfg_arg_is(p, at, "or")) {
		cfg_error(p, at,
			  "an acl cannot be named 'or': in a condition that is a word of "
			  "its own");
		return;
	}
	if (p->line->n < at + 2) {
		cfg_error(p, at + 1, "acl '%s' needs a criterion such as path_beg",
			  cfg_argz(p, at));
		return;
	}
	acl = cfg_index_find(&p->index, d, cfg_arg(p, at));
	if (!acl) {
		acl = arena_new(p->arena, struct acl);
		acl->name = cfg_argz(p, at);
		if (d->last_acl)
			d->last_acl->next = acl;
		else
			d->px->acls = d->acls = acl;
		d->last_acl = acl;
		cfg_index_add(&p->index, p->arena, d, cfg_arg(p, at), acl);
	}
	if (!add_test(p, acl, at + 1, p->line->n))
		return;
}

/* ---- conditions ---- */

struct acl_names {
	const struct draft *d;
};

static const char *nth_acl(const void *arg, size_t n)
{
	const struct acl_names *names = arg;

	for (const struct acl *a = names->d->acls; a; a = a->next)
		if (n-- == 0)
			return a->name;
	for (const struct acl_predefined *p = acl_predefined; p->name; p++)
		if (n-- == 0)
			return p->name;
	return NULL;
}

static void no_such_acl(struct cfg_parser *p, unsigned at, struct str name)
{
	const struct acl_names names = { p->cur };
	size_t n = 0;

	while (nth_acl(&names, n))
		n++;
	const char *best = diag_nearest(name, nth_acl, &names, n);

	if (str_starts_with(name, STR("{")))
		cfg_error(p, at, "a blank is missing behind '{' in '" STR_FMT "'", STR_ARG(name));
	else if (best)
		cfg_error(p, at, "there is no acl '" STR_FMT "' above; did you mean '%s'?",
			  STR_ARG(name), best);
	else
		cfg_error(p, at, "there is no acl '" STR_FMT "' above: declare it first",
			  STR_ARG(name));
}

/* "{ criterion ... }" from word *at, which is "{". */
static const struct acl *read_anonymous(struct cfg_parser *p, unsigned *at)
{
	const unsigned from = *at + 1;
	unsigned end = from;
	struct acl *acl = arena_new(p->arena, struct acl);

	while (end < p->line->n && !cfg_arg_is(p, end, "}"))
		end++;
	*at = end;
	if (end == p->line->n) {
		cfg_error(p, from - 1,
			  "this '{' has no '}': it must be a word of its own, with blanks around "
			  "it");
		return NULL;
	}
	if (end == from) {
		cfg_error(p, from - 1, "a criterion is missing between '{' and '}'");
		return NULL;
	}
	return add_test(p, acl, from, end) ? acl : NULL;
}

struct terms {
	struct acl_term *t;
	unsigned n;
	bool is_negated;
};

static bool read_term(struct cfg_parser *p, struct terms *ts, unsigned *at)
{
	struct str word = cfg_arg(p, *at);
	const struct acl *acl;

	while (word.len && word.p[0] == '!') {
		ts->is_negated = !ts->is_negated;
		word.p++;
		word.len--;
	}
	if (word.len == 0)
		return true; /* a "!" on its own: of the next word */
	if (str_eq(word, STR("{"))) {
		acl = read_anonymous(p, at);
		if (!acl)
			return false;
	} else {
		acl = cfg_index_find(&p->index, p->cur, word);
		if (!acl)
			acl = find_predefined(p, word);
		if (!acl) {
			no_such_acl(p, *at, word);
			return false;
		}
	}
	ts->t[ts->n++] = (struct acl_term){ .acl = acl, .is_negated = ts->is_negated };
	ts->is_negated = false;
	return true;
}

static void end_group(struct cfg_parser *p, struct terms *ts, unsigned at)
{
	if (ts->is_negated)
		cfg_warning(p, at, "this '!' stands before nothing and is ignored");
	ts->is_negated = false;
	if (ts->n == 0 || ts->t[ts->n - 1].ends_group)
		cfg_warning(p, at, "there is nothing to 'or' here: this part never holds");
	else
		ts->t[ts->n - 1].ends_group = true;
}

const struct acl_cond *cfg_parse_cond(struct cfg_parser *p, const char *what, unsigned at)
{
	struct acl_cond *c = arena_new(p->arena, struct acl_cond);
	struct terms ts = { .t = arena_array(p->arena, struct acl_term, p->line->n + 1) };
	struct str *words = arena_array(p->arena, struct str, p->line->n + 1);
	bool ok = true;

	if (!cfg_arg_is(p, at, "if") && !cfg_arg_is(p, at, "unless")) {
		if (at < p->line->n)
			cfg_error(p, at,
				  "unexpected '%s' in '%s': only 'if' or 'unless' and a condition "
				  "may follow",
				  cfg_argz(p, at), what);
		else
			cfg_error(p, at, "'%s' needs 'if' or 'unless' and a condition", what);
		return NULL;
	}
	c->is_unless = cfg_arg_is(p, at, "unless");
	for (unsigned i = at; i < p->line->n; i++)
		words[c->n_words++] = cfg_arg(p, i);
	c->words = words;
	if (at + 1 == p->line->n)
		cfg_warning(p, at, "'%s' has no condition behind '%s'", what, cfg_argz(p, at));
	for (unsigned i = at + 1; i < p->line->n; i++) {
		if (cfg_arg_is(p, i, "or") || cfg_arg_is(p, i, "||"))
			end_group(p, &ts, i);
		else
			ok = read_term(p, &ts, &i) && ok;
	}
	if (at + 1 < p->line->n && ok)
		end_group(p, &ts, p->line->n);
	c->terms = ts.t;
	c->n_terms = ts.n;
	return ok ? c : NULL;
}
