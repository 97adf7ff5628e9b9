/* cfg_keywords.c - finds the row of a keyword, and says what is wrong when there is none. */
#include "config/cfg_internal.h"

const struct keyword *const cfg_tables[CFG_N_TABLES] = {
	cfg_global_keywords, cfg_proxy_keywords,     cfg_frontend_keywords,  cfg_backend_keywords,
	cfg_check_keywords,  cfg_script_keywords,    cfg_option_keywords,    cfg_stats_keywords,
	cfg_state_keywords,  cfg_log_keywords,       cfg_errors_keywords,    cfg_cookie_keywords,
	cfg_http_keywords,   cfg_http_rule_keywords, cfg_resolvers_keywords,
};

static const struct {
	enum cfg_section section;
	const char *name;
} sections[] = {
	{ SEC_GLOBAL, "global" },       { SEC_DEFAULTS, "defaults" },
	{ SEC_FRONTEND, "frontend" },   { SEC_LISTEN, "listen" },
	{ SEC_BACKEND, "backend" },     { SEC_HTTP_ERRORS, "http-errors" },
	{ SEC_RESOLVERS, "resolvers" },
};

const char *cfg_section_name(enum cfg_section s)
{
	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		if (sections[i].section == s)
			return sections[i].name;
	return "no section";
}

/* "frontend, listen" */
static const char *sections_text(struct cfg_parser *p, unsigned mask)
{
	struct strbuf b = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		if (mask & sections[i].section)
			strbuf_addf(&b, "%s'%s'", b.len ? ", " : "", sections[i].name);
	const char *text = arena_strdup(p->arena, strbuf_str(&b));

	strbuf_fini(&b);
	return text;
}

/* How many words of the line are the name: 1, 2, or 0 if it is another. A known name that ends in
 * "." or "(" stands for all that begin so. */
static unsigned name_matches(const struct cfg_parser *p, const char *name)
{
	const char *space = strchr(name, ' ');
	const struct str first = { name, space ? (size_t)(space - name) : strlen(name) };
	const struct str w0 = cfg_arg(p, 0);

	if (!space)
		return str_eq(w0, first) || (first.p[first.len - 1] == '.' && w0.len > first.len &&
					     str_starts_with(w0, first))
			       ? 1
			       : 0;
	const struct str second = str_from(space + 1), w1 = cfg_arg(p, 1);

	if (!str_eq(w0, first))
		return 0;
	const bool is_prefix = str_ends_with(second, STR("(")) || str_ends_with(second, STR("."));

	return str_eq(w1, second) || (is_prefix && str_starts_with(w1, second)) ? 2 : 0;
}

/* How well a row fits: legal here before elsewhere, in proxies before global, two words before one.
 * 0: not at all. */
static unsigned rank_of(const struct cfg_parser *p, unsigned where, unsigned n)
{
	if (n == 0)
		return 0;
	return n + ((where & p->section) ? 8 : 0) +
	       ((where & SEC_DEF_ALL) && (p->section & SEC_DEF_ALL) ? 4 : 0);
}

static const struct keyword *find_row(const struct cfg_parser *p, unsigned *n_words)
{
	const struct keyword *found = NULL;
	unsigned best = 0;

	for (size_t t = 0; t < CFG_N_TABLES; t++) {
		for (const struct keyword *kw = cfg_tables[t]; kw->name; kw++) {
			const unsigned n = name_matches(p, kw->name);
			const unsigned rank = rank_of(p, kw->sections, n);

			if (rank <= best)
				continue;
			best = rank;
			found = kw;
			*n_words = n;
		}
	}
	return found;
}

static const struct known *find_known(const struct cfg_parser *p, unsigned *n_words)
{
	const struct known *found = NULL;
	unsigned best = 0;

	for (const struct known *k = cfg_known; k->name; k++) {
		const unsigned n = name_matches(p, k->name);
		const unsigned rank = rank_of(p, k->sections, n);

		if (rank <= best)
			continue;
		best = rank;
		found = k;
		*n_words = n;
	}
	return found;
}

/* Candidates for "did you mean": every name legal in the section, or the second words of those
 * that begin with the first word of the line. */
struct candidates {
	const char **names;
	size_t n;
};

static const char *candidate(const void *arg, size_t i)
{
	return ((const struct candidates *)arg)->names[i];
}

static void add_candidate(struct cfg_parser *p, struct candidates *c, const char *name,
			  bool second_words)
{
	const char *space = strchr(name, ' ');
	const struct str first = { name, space ? (size_t)(space - name) : strlen(name) };

	if (second_words && (!space || !str_eq(first, cfg_arg(p, 0))))
		return;
	const char *word = second_words ? space + 1 : arena_str(p->arena, first).p;

	if (c->n && strcmp(c->names[c->n - 1], word) == 0)
		return;
	c->names[c->n++] = word;
}

static const char *nearest(struct cfg_parser *p, bool second_words)
{
	static const char *const starts[] = { "global", "defaults", "frontend", "backend",
					      "listen" };
	size_t n = ARRAY_LEN(starts);
	struct candidates c = { 0 };

	if (p->diag->n_errors >= DIAG_MAX_ERRORS)
		return NULL; /* nobody will read it */
	for (size_t t = 0; t < CFG_N_TABLES; t++)
		for (const struct keyword *kw = cfg_tables[t]; kw->name; kw++)
			n++;
	for (const struct known *k = cfg_known; k->name; k++)
		n++;
	c.names = arena_array(p->arena, const char *, n);
	for (size_t t = 0; t < CFG_N_TABLES; t++)
		for (const struct keyword *kw = cfg_tables[t]; kw->name; kw++)
			if (kw->sections & p->section)
				add_candidate(p, &c, kw->name, second_words);
	for (size_t i = 0; !second_words && i < ARRAY_LEN(starts); i++)
		c.names[c.n++] = starts[i];
	const struct str word = cfg_arg(p, second_words ? 1 : 0);
	const char *best = diag_nearest(word, candidate, &c, c.n);

	if (best)
		return best;
	c.n = 0; /* then what HAProxy would know */
	for (const struct known *k = cfg_known; k->name; k++)
		if ((k->sections & p->section) && k->kind != KNOWN_REMOVED)
			add_candidate(p, &c, k->name, second_words);
	return diag_nearest(word, candidate, &c, c.n);
}

static void report_known(struct cfg_parser *p, const struct known *k, unsigned n_words)
{
	const char *a = cfg_argz(p, 0), *space = n_words == 2 ? " " : "",
		   *b = n_words == 2 ? cfg_argz(p, 1) : "";
	const unsigned at = n_words - 1;

	if (!(k->sections & p->section)) {
		cfg_error(p, at, "'%s%s%s' is not permitted in '%s': HAProxy knows it in %s", a,
			  space, b, cfg_section_name(p->section), sections_text(p, k->sections));
		return;
	}
	switch (k->kind) {
	case KNOWN_UNSUPPORTED:
		if (k->why)
			cfg_error(p, at, "'%s%s%s' is known to HAProxy, but not supported yet: %s",
				  a, space, b, k->why);
		else
			cfg_error(p, at, "'%s%s%s' is known to HAProxy, but not supported yet", a,
				  space, b);
		return;
	case KNOWN_NO_EFFECT:
		cfg_notice(p, at, "'%s%s%s' has no effect here: %s", a, space, b, k->why);
		return;
	case KNOWN_REMOVED:
		cfg_error(p, at, "'%s%s%s' was removed from HAProxy: %s", a, space, b, k->why);
		return;
	}
}

static bool begins_with_first(const struct cfg_parser *p, const char *name)
{
	const char *space = strchr(name, ' ');

	return space && str_eq(cfg_arg(p, 0), (struct str){ name, (size_t)(space - name) });
}

/* The first word is that of keywords of two words. */
static bool is_first_word(const struct cfg_parser *p)
{
	for (size_t t = 0; t < CFG_N_TABLES; t++)
		for (const struct keyword *kw = cfg_tables[t]; kw->name; kw++)
			if ((kw->sections & p->section) && begins_with_first(p, kw->name))
				return true;
	for (const struct known *k = cfg_known; k->name; k++)
		if ((k->sections & p->section) && begins_with_first(p, k->name))
			return true;
	return false;
}

static void report_unknown(struct cfg_parser *p)
{
	if (is_first_word(p)) {
		if (p->line->n < 2) {
			cfg_error(p, 1, "'%s' expects a second word", cfg_argz(p, 0));
			return;
		}
		const char *best = nearest(p, true);

		if (best)
			cfg_error(p, 1, "unknown keyword '%s %s'; did you mean '%s %s'?",
				  cfg_argz(p, 0), cfg_argz(p, 1), cfg_argz(p, 0), best);
		else
			cfg_error(p, 1, "unknown keyword '%s %s'", cfg_argz(p, 0), cfg_argz(p, 1));
		return;
	}
	const char *best = nearest(p, false);

	if (best)
		cfg_error(p, 0, "unknown keyword '%s' in '%s'; did you mean '%s'?", cfg_argz(p, 0),
			  cfg_section_name(p->section), best);
	else
		cfg_error(p, 0, "unknown keyword '%s' in '%s'", cfg_argz(p, 0),
			  cfg_section_name(p->section));
}

static bool prefix_is_ok(struct cfg_parser *p, const struct keyword *kw)
{
	switch (p->prefix) {
	case PREFIX_NONE:
		return true;
	case PREFIX_NO:
		if (kw->flags & KW_NO)
			return true;
		break;
	case PREFIX_DEFAULT:
		if (kw->flags & KW_DEFAULT)
			return true;
		break;
	}
	cfg_error(p, 0, "'%s' cannot be preceded by '%s'", kw->name,
		  p->prefix == PREFIX_NO ? "no" : "default");
	return false;
}

static bool section_is_ok(struct cfg_parser *p, const struct keyword *kw, unsigned n_words)
{
	if (kw->sections & p->section)
		return true;
	const bool in_proxy = (p->section & SEC_PROXY) != 0;

	if ((kw->flags & KW_SIDE) && in_proxy)
		cfg_warning(p, n_words - 1,
			    "'%s' has no effect in '%s' and is ignored: it belongs in %s", kw->name,
			    cfg_section_name(p->section), sections_text(p, kw->sections));
	else
		cfg_error(p, n_words - 1, "'%s' is not permitted in '%s': it belongs in %s",
			  kw->name, cfg_section_name(p->section), sections_text(p, kw->sections));
	return false;
}

void cfg_keyword_dispatch(struct cfg_parser *p)
{
	unsigned n = 0, n_known = 0;
	const struct keyword *kw = find_row(p, &n);
	const struct known *k = find_known(p, &n_known);

	if (k && (!kw || rank_of(p, k->sections, n_known) > rank_of(p, kw->sections, n))) {
		report_known(p, k, n_known);
		return;
	}
	if (!kw) {
		report_unknown(p);
		return;
	}
	if (!prefix_is_ok(p, kw) || !section_is_ok(p, kw, n))
		return;
	const unsigned given = p->line->n - n;

	if (p->prefix == PREFIX_NONE && given < kw->min) {
		cfg_error(p, p->line->n, "'%s' needs %s: %s %s", kw->name,
			  kw->min == 1 ? "an argument" : "more arguments", kw->name, kw->usage);
		return;
	}
	if (kw->max != ARGS_ANY && given > kw->max) {
		cfg_error(p, n + kw->max, "unexpected argument '%s' after '%s'%s%s %s",
			  cfg_argz(p, n + kw->max), kw->name, kw->max ? ": " : ":",
			  kw->max ? kw->name : " it takes none,",
			  kw->max ? kw->usage : "remove it");
		return;
	}
	kw->parse(p, kw, n);
}

static const char *param_candidate(const void *arg, size_t i)
{
	return ((const struct param *)arg)[i].name;
}

static const char *known_candidate(const void *arg, size_t i)
{
	return ((const struct known *)arg)[i].name;
}

/* Returns the index behind the parameter. */
static unsigned report_param(struct cfg_parser *p, const char *what, const struct param *params,
			     const struct known *known, unsigned at)
{
	size_t n = 0;

	for (const struct known *k = known; k && k->name; k++, n++) {
		if (!cfg_arg_is(p, at, k->name))
			continue;
		if (k->kind == KNOWN_NO_EFFECT)
			cfg_notice(p, at, "'%s %s' has no effect here: %s", what, k->name, k->why);
		else if (k->kind == KNOWN_REMOVED)
			cfg_error(p, at, "'%s %s' was removed from HAProxy: %s", what, k->name,
				  k->why);
		else
			cfg_error(p, at, "'%s %s' is known to HAProxy, but not supported yet%s%s",
				  what, k->name, k->why ? ": " : "", k->why ? k->why : "");
		return at + 1 + k->n_args;
	}
	size_t n_params = 0;

	while (params[n_params].name)
		n_params++;
	const char *best = diag_nearest(cfg_arg(p, at), param_candidate, params, n_params);
	unsigned n_args = 0; /* of the word that was meant: its values are no parameters */

	for (const struct param *pm = params; best && pm->name; pm++)
		if (pm->name == best)
			n_args = pm->n_args;
	if (!best && known)
		best = diag_nearest(cfg_arg(p, at), known_candidate, known, n);
	if (best)
		cfg_error(p, at, "unknown parameter '%s' of '%s'; did you mean '%s'?",
			  cfg_argz(p, at), what, best);
	else
		cfg_error(p, at, "unknown parameter '%s' of '%s'", cfg_argz(p, at), what);
	return at + 1 + n_args;
}

void cfg_params_parse(struct cfg_parser *p, const char *what, const struct param *params,
		      const struct known *known, void *target, unsigned at)
{
	while (at < p->line->n) {
		const struct param *pm = params;

		while (pm->name && !cfg_arg_is(p, at, pm->name))
			pm++;
		if (!pm->name) {
			at = report_param(p, what, params, known, at);
			continue;
		}
		if (p->line->n - at - 1 < pm->n_args) {
			cfg_error(p, p->line->n, "'%s' needs a value: %s %s", pm->name, pm->name,
				  pm->usage);
			return;
		}
		pm->parse(p, pm, target, at);
		at += 1 + pm->n_args;
	}
}
