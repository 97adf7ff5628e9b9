/* cfg_expr.c - the expressions of `.if` and of the flag -cc. */
#include "config/cfg_expr.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include <tandem/diag.h>

#define MAX_ARGS  2
#define MAX_ARG   256 /* bytes */
#define MAX_DEPTH 64  /* of parentheses */

const struct cfg_feature cfg_features[] = {
	{ "EPOLL", true },        { "THREAD", true },       { "PCRE2", true },
	{ "LINUX_SPLICE", true }, { "TPROXY", true },       { "LINUX_TPROXY", true },
	{ "GETADDRINFO", true },  { "ACCEPT4", true },      { "SYSTEMD", true },
	{ "RCU", true },          { "LIVENESS", true },     { "OPENSSL", false },
	{ "QUIC", false },        { "LUA", false },         { "ZLIB", false },
	{ "SLZ", false },         { "NS", false },          { "TFO", false },
	{ "PROMEX", false },      { "DEVICEATLAS", false }, { "51DEGREES", false },
	{ "WURFL", false },       { NULL, false },
};

struct reader {
	const char *p, *end;
	const char *(*getenv)(const char *);
	struct strbuf *err;
	unsigned depth;
};

struct args {
	char text[MAX_ARGS][MAX_ARG];
	unsigned n;
};

/* ---- predicates ---- */

static bool is_defined(const struct reader *r, const struct args *a)
{
	return (r->getenv ? r->getenv(a->text[0]) : getenv(a->text[0])) != NULL;
}

static bool has_feature(const struct reader *r, const struct args *a)
{
	(void)r;
	for (const struct cfg_feature *f = cfg_features; f->name; f++)
		if (strcmp(f->name, a->text[0]) == 0)
			return f->is_there;
	return false;
}

static bool are_equal(const struct reader *r, const struct args *a)
{
	(void)r;
	return strcmp(a->text[0], a->text[1]) == 0;
}

static bool differ(const struct reader *r, const struct args *a)
{
	return !are_equal(r, a);
}

static bool contains(const struct reader *r, const struct args *a)
{
	(void)r;
	return strstr(a->text[0], a->text[1]) != NULL;
}

/* "2.6.12", "2.4-dev19": a development version is older than its release; what is missing is 0. */
static void parse_version(const char *z, uint64_t out[4])
{
	for (unsigned i = 0; i < 3; i++) {
		char *end = NULL;

		out[i] = *z >= '0' && *z <= '9' ? strtoull(z, &end, 10) : 0;
		if (end)
			z = end;
		if (*z == '.')
			z++;
	}
	out[3] = strncmp(z, "-dev", 4) == 0 ? strtoull(z + 4, NULL, 10) : UINT64_MAX;
}

static bool is_at_least(const struct reader *r, const struct args *a)
{
	uint64_t ours[4], asked[4];

	(void)r;
	parse_version(CFG_LANGUAGE_VERSION, ours);
	parse_version(a->text[0], asked);
	for (unsigned i = 0; i < 4; i++)
		if (ours[i] != asked[i])
			return ours[i] > asked[i];
	return true;
}

static bool is_before(const struct reader *r, const struct args *a)
{
	return !is_at_least(r, a);
}

/* What can be switched off on the command line, and is on. */
static bool is_enabled(const struct reader *r, const struct args *a)
{
	static const char *const on[] = { "EPOLL", "GETADDRINFO", "REUSEPORT", "SPLICE" };

	(void)r;
	for (size_t i = 0; i < ARRAY_LEN(on); i++)
		if (strcmp(on[i], a->text[0]) == 0)
			return true;
	return false;
}

static bool never(const struct reader *r, const struct args *a)
{
	(void)r, (void)a;
	return false; /* about TLS: there is no library */
}

static const struct predicate {
	const char *name;
	unsigned n_args;
	bool (*holds)(const struct reader *r, const struct args *a);
} predicates[] = {
	{ "defined", 1, is_defined },
	{ "feature", 1, has_feature },
	{ "streq", 2, are_equal },
	{ "strneq", 2, differ },
	{ "strstr", 2, contains },
	{ "version_atleast", 1, is_at_least },
	{ "version_before", 1, is_before },
	{ "enabled", 1, is_enabled },
	{ "openssl_version_atleast", 1, never },
	{ "openssl_version_before", 1, never },
	{ "ssllib_name_startswith", 1, never },
};

static const char *nth_predicate(const void *unused, size_t n)
{
	(void)unused;
	return predicates[n].name;
}

/* ---- parsing, and evaluation on the way ---- */

static int read_or(struct reader *r);

static void skip_blanks(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t'))
		r->p++;
}

static bool take(struct reader *r, const char *what)
{
	const size_t len = strlen(what);

	skip_blanks(r);
	if ((size_t)(r->end - r->p) < len || memcmp(r->p, what, len) != 0)
		return false;
	r->p += len;
	return true;
}

static int fail(struct reader *r, const char *what)
{
	strbuf_addf(r->err, "%s before '%.*s'", what, (int)(r->end - r->p), r->p);
	return -EINVAL;
}

/* One argument up to `,` or `)`; quotes and backslashes protect both. */
static int read_arg(struct reader *r, char out[MAX_ARG])
{
	size_t n = 0;
	char quote = 0;

	for (; r->p < r->end && (quote || (*r->p != ',' && *r->p != ')')); r->p++) {
		if (quote ? *r->p == quote : (*r->p == '\'' || *r->p == '"')) {
			quote = quote ? 0 : *r->p;
			continue;
		}
		if (quote != '\'' && *r->p == '\\' && r->p + 1 < r->end)
			r->p++;
		if (n + 1 == MAX_ARG) {
			strbuf_addf(r->err, "an argument is longer than %d bytes", MAX_ARG - 1);
			return -EINVAL;
		}
		out[n++] = *r->p;
	}
	out[n] = '\0';
	return 0;
}

static int read_predicate(struct reader *r, const struct predicate *p)
{
	struct args a = { .n = 0 };

	do {
		if (a.n == p->n_args) {
			strbuf_addf(r->err, "'%s' takes %u argument%s", p->name, p->n_args,
				    p->n_args == 1 ? "" : "s");
			return -EINVAL;
		}
		if (read_arg(r, a.text[a.n++]) < 0)
			return -EINVAL;
	} while (r->p < r->end && *r->p++ == ',');
	if (r->p[-1] != ')') {
		strbuf_addf(r->err, "')' is missing behind the arguments of '%s'", p->name);
		return -EINVAL;
	}
	if (a.n < p->n_args) {
		strbuf_addf(r->err, "'%s' needs %u arguments, got %u", p->name, p->n_args, a.n);
		return -EINVAL;
	}
	return p->holds(r, &a);
}

static int unknown(struct reader *r, struct str word)
{
	const char *best = diag_nearest(word, nth_predicate, NULL, ARRAY_LEN(predicates));

	if (word.len == 0)
		strbuf_adds(r->err, r->p == r->end ? "a predicate is missing at the end"
						   : "a predicate is expected");
	if (word.len == 0 && r->p < r->end)
		strbuf_addf(r->err, " before '%.*s'", (int)(r->end - r->p), r->p);
	else if (best)
		strbuf_addf(r->err, "unknown predicate '" STR_FMT "'; did you mean '%s'?",
			    STR_ARG(word), best);
	else if (word.len)
		strbuf_addf(r->err, "unknown predicate '" STR_FMT "'", STR_ARG(word));
	return -EINVAL;
}

/* A number, a predicate, or an expression in parentheses. */
static int read_atom(struct reader *r)
{
	struct str word;
	int64_t number;

	if (take(r, "(")) {
		int v;

		if (++r->depth > MAX_DEPTH)
			return fail(r, "too many parentheses");
		v = read_or(r);
		r->depth--;
		return v >= 0 && !take(r, ")") ? fail(r, "')' is missing") : v;
	}
	word = (struct str){ r->p, 0 };
	while (r->p < r->end && !strchr(" \t()!&|,", *r->p))
		r->p++;
	word.len = (size_t)(r->p - word.p);
	if (str_parse_int(word, INT64_MIN, INT64_MAX, &number) == 0)
		return number != 0;
	for (size_t i = 0; i < ARRAY_LEN(predicates); i++) {
		if (!str_eq(word, str_from(predicates[i].name)))
			continue;
		if (!take(r, "(")) {
			strbuf_addf(r->err, "'%s' needs arguments in parentheses",
				    predicates[i].name);
			return -EINVAL;
		}
		return read_predicate(r, &predicates[i]);
	}
	return unknown(r, word);
}

static int read_term(struct reader *r)
{
	bool is_negated = false;

	while (take(r, "!"))
		is_negated = !is_negated;
	const int v = read_atom(r);

	return v < 0 ? v : (v != 0) != is_negated;
}

static int read_and(struct reader *r)
{
	int all = read_term(r);

	while (all >= 0 && take(r, "&&")) {
		const int v = read_term(r);

		all = v < 0 ? v : all && v;
	}
	return all;
}

static int read_or(struct reader *r)
{
	int any = read_and(r);

	while (any >= 0 && take(r, "||")) {
		const int v = read_and(r);

		any = v < 0 ? v : any || v;
	}
	return any;
}

int cfg_expr_eval(struct str text, const char *(*getenv_fn)(const char *), struct strbuf *err)
{
	struct reader r = {
		.p = text.p, .end = text.p + text.len, .getenv = getenv_fn, .err = err
	};
	int v;

	skip_blanks(&r);
	if (r.p == r.end)
		return 0; /* nothing is false */
	v = read_or(&r);
	skip_blanks(&r);
	if (v >= 0 && r.p < r.end)
		return fail(&r, "'&&', '||' or the end is expected");
	return v;
}
