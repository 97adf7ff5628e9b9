/* cfg_macro.c - the preprocessor of keepalived.conf. */
#include "config/cfg_macro.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

#define MAX_DEPTH  16     /* of expansions inside of expansions */
#define MAX_LINES  100000 /* in all */
#define MAX_LENGTH 8192   /* of one line, as the lexer's */

struct cfg_param {
	struct cfg_param *next;
	struct str name;
	struct cfg_line *lines; /* the value; one line in most cases */
	struct cfg_line **end;
	bool is_block; /* it was written over several lines */
};

struct out {
	struct cfg_line *first, **end;
	const char *file;
};

static void expand(struct cfg_macros *m, struct out *o, struct str text, unsigned line,
		   unsigned depth);

static void report(struct cfg_macros *m, const struct out *o, unsigned line, struct str text,
		   const char *what)
{
	struct diag_pos pos = { .file = o->file, .line = line, .text = text };

	diag_error(m->diag, pos, "%s", what);
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static struct str from(struct str s, size_t at)
{
	return (struct str){ s.p + at, s.len - at };
}

static size_t name_len(struct str s)
{
	size_t n = 0;

	while (n < s.len && is_name(s.p[n]))
		n++;
	return n;
}

bool cfg_macro_is_used(struct str text)
{
	bool at_start = true;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.p[i];

		if (at_start && (c == '$' || c == '@' || c == '~'))
			return true;
		if (c == '$' && i + 1 < text.len && text.p[i + 1] == '{')
			return true;
		at_start = c == '\n' || (at_start && (c == ' ' || c == '\t'));
	}
	return false;
}

static struct cfg_param *find_param(const struct cfg_macros *m, struct str name)
{
	for (struct cfg_param *p = m->params; p; p = p->next)
		if (str_eq(p->name, name))
			return p;
	return NULL;
}

static void append(struct cfg_macros *m, struct cfg_line ***end, struct str text, unsigned line)
{
	struct cfg_line *l = arena_new(m->arena, struct cfg_line);

	l->text = arena_str(m->arena, text);
	l->line = line;
	**end = l;
	*end = &l->next;
}

static struct cfg_param *define(struct cfg_macros *m, struct str name)
{
	struct cfg_param *p = find_param(m, name);

	if (!p) {
		p = arena_new(m->arena, struct cfg_param);
		p->name = arena_str(m->arena, name);
		p->next = m->params;
		m->params = p;
	}
	p->lines = NULL;
	p->end = &p->lines;
	p->is_block = false;
	return p;
}

static void define_value(struct cfg_macros *m, struct str name, struct str value, unsigned line)
{
	struct cfg_param *p = define(m, name);

	append(m, &p->end, value, line);
}

/* Cut a backslash at the end. True: there was one. */
static bool cut_continuation(struct str *s)
{
	while (s->len && isspace((unsigned char)s->p[s->len - 1]))
		s->len--;
	if (!s->len || s->p[s->len - 1] != '\\')
		return false;
	s->len--;
	return true;
}

/* "$NAME=value": true when the line was that. */
static bool read_definition(struct cfg_macros *m, struct str s, unsigned line)
{
	struct str name = from(s, 1), value;
	struct cfg_param *p;
	bool goes_on;

	name.len = name_len(name);
	if (name.len == 0 || 1 + name.len >= s.len || s.p[1 + name.len] != '=')
		return false;
	value = str_trim(from(s, name.len + 2));
	goes_on = cut_continuation(&value);
	p = define(m, name);
	p->is_block = goes_on;
	if (goes_on)
		m->open = p;
	if (!goes_on || str_trim(value).len)
		append(m, &p->end, value, line);
	return true;
}

/* --- predefined ------------------------------------------------------------------------------ */

static bool predefined(const struct cfg_macros *m, const struct out *o, struct str name,
		       struct strbuf *out)
{
	const char *slash = strrchr(o->file, '/');

	if (str_eq(name, STR("_PWD"))) {
		if (slash)
			strbuf_add(out, o->file, slash == o->file ? 1 : (size_t)(slash - o->file));
		else
			strbuf_addc(out, '.');
	} else if (str_eq(name, STR("_INSTANCE"))) {
		strbuf_adds(out, m->id);
	} else if (str_eq(name, STR("_HASH"))) {
		strbuf_adds(out, "\\x23");
	} else if (str_eq(name, STR("_BANG"))) {
		strbuf_adds(out, "\\x21");
	} else {
		return false;
	}
	return true;
}

/* --- substitution ---------------------------------------------------------------------------- */

/* A use of a parameter at s ("$..."): its name, and how many bytes it takes; 0: it is none. */
static size_t read_use(struct str s, struct str *name)
{
	bool has_brace = s.len > 1 && s.p[1] == '{';
	size_t skip = has_brace ? 2 : 1;

	*name = from(s, MIN(skip, s.len));
	name->len = name_len(*name);
	if (!name->len)
		return 0;
	if (!has_brace)
		return skip + name->len;
	return skip + name->len < s.len && s.p[skip + name->len] == '}' ? skip + name->len + 1 : 0;
}

/* The line with all parameters of one line put in. False: there was nothing to put in. */
static bool substitute(struct cfg_macros *m, const struct out *o, struct str s, struct strbuf *out)
{
	bool changed = false;

	for (size_t i = 0; i < s.len && out->len <= MAX_LENGTH;) {
		const struct cfg_param *p;
		struct str name;
		size_t n = s.p[i] == '$' ? read_use(from(s, i), &name) : 0;

		if (!n) {
			strbuf_addc(out, s.p[i++]);
			continue;
		}
		p = find_param(m, name);
		if (p && !p->is_block) {
			if (p->lines)
				strbuf_add(out, p->lines->text.p, p->lines->text.len);
			changed = true;
		} else if (!p && predefined(m, o, name, out)) {
			changed = true;
		} else {
			strbuf_add(out, s.p + i, n);
		}
		i += n;
	}
	return changed;
}

/* --- repetitions ----------------------------------------------------------------------------- */

/* The text in parentheses behind ~SEQ or ~LST. 0: they do not close. */
static size_t read_parens(struct str s, size_t at, struct str *inside)
{
	const char *close = at < s.len && s.p[at] == '(' ? memchr(s.p + at, ')', s.len - at) : NULL;

	if (!close)
		return 0;
	*inside = (struct str){ s.p + at + 1, (size_t)(close - s.p) - at - 1 };
	return (size_t)(close - s.p) + 1;
}

/* The next part up to a comma outside of braces; false at the end. */
static bool next_part(struct str *rest, struct str *part)
{
	size_t i = 0;
	int depth = 0;

	if (!rest->p)
		return false;
	for (; i < rest->len && (depth > 0 || rest->p[i] != ','); i++)
		depth += rest->p[i] == '{' ? 1 : rest->p[i] == '}' ? -1 : 0;
	*part = str_trim((struct str){ rest->p, i });
	if (i < rest->len)
		*rest = from(*rest, i + 1);
	else
		*rest = (struct str){ 0 };
	return true;
}

static bool parse_number(struct str s, int64_t *out)
{
	char text[32], *end;

	if (s.len == 0 || s.len >= sizeof(text))
		return false;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	*out = strtoll(text, &end, 0);
	return *end == '\0';
}

/* "var, [start,] [step,] end" */
static bool read_seq(struct str inside, struct str *var, int64_t n[3])
{
	int64_t v[3];
	struct str part;
	int k = 0;

	if (!next_part(&inside, var) || !var->len)
		return false;
	while (next_part(&inside, &part))
		if (k == 3 || !parse_number(part, &v[k++]))
			return false;
	if (k == 0)
		return false;
	n[0] = k > 1 ? v[0] : v[0] > 0 ? 1 : -1;
	n[2] = v[k - 1];
	n[1] = k == 3 ? v[1] : n[2] >= n[0] ? 1 : -1;
	return n[1] != 0;
}

static bool expand_seq(struct cfg_macros *m, struct out *o, struct str s, unsigned line,
		       unsigned depth)
{
	bool is_hex = str_starts_with(s, STR("~SEQx("));
	struct str inside, var, rest;
	size_t n = read_parens(s, is_hex ? 5 : 4, &inside);
	int64_t seq[3];

	if (!n || !read_seq(inside, &var, seq))
		return false;
	rest = str_trim(from(s, n));
	for (int64_t i = seq[0]; seq[1] > 0 ? i <= seq[2] : i >= seq[2]; i += seq[1]) {
		char text[32];

		snprintf(text, sizeof(text), is_hex ? "%" PRIx64 : "%" PRId64, i);
		define_value(m, var, str_from(text), line);
		expand(m, o, rest, line, depth + 1);
		if (m->n_lines > MAX_LINES)
			break;
	}
	return true;
}

static struct str without_braces(struct str s)
{
	if (s.len >= 2 && s.p[0] == '{' && s.p[s.len - 1] == '}')
		return (struct str){ s.p + 1, s.len - 2 };
	return s;
}

static bool expand_lst(struct cfg_macros *m, struct out *o, struct str s, unsigned line,
		       unsigned depth)
{
	struct str inside, vars, values, rest;
	size_t n = read_parens(s, 4, &inside);

	if (!n || !next_part(&inside, &vars) || !vars.len || !inside.p)
		return false;
	rest = str_trim(from(s, n));
	while (next_part(&inside, &values)) {
		bool is_tuple = vars.p[0] == '{';
		struct str names = is_tuple ? without_braces(vars) : vars;
		struct str all = is_tuple ? without_braces(values) : values, name, value;

		while (next_part(&names, &name)) {
			if (!is_tuple)
				value = all;
			else if (!next_part(&all, &value))
				return false;
			define_value(m, name, value, line);
		}
		expand(m, o, rest, line, depth + 1);
		if (m->n_lines > MAX_LINES)
			break;
	}
	return true;
}

/* --- lines ----------------------------------------------------------------------------------- */

/* "@id rest", "@^id rest": is the rest for this node? */
static bool is_for_us(const struct cfg_macros *m, struct str s, struct str *rest)
{
	bool is_negative = s.len > 1 && s.p[1] == '^';
	struct str id = from(s, is_negative ? 2 : 1);
	size_t n = 0;

	while (n < id.len && !isspace((unsigned char)id.p[n]))
		n++;
	*rest = str_trim(from(id, n));
	id.len = n;
	return str_eq(id, str_from(m->id)) != is_negative;
}

/* A line that is one parameter of several lines. */
static bool expand_block(struct cfg_macros *m, struct out *o, struct str s, unsigned depth)
{
	const struct cfg_param *p;
	struct str name;
	size_t n = read_use(s, &name);

	if (!n || str_trim(from(s, n)).len)
		return false;
	p = find_param(m, name);
	if (!p || !p->is_block)
		return false;
	for (const struct cfg_line *l = p->lines; l; l = l->next)
		expand(m, o, l->text, l->line, depth + 1);
	return true;
}

static void expand(struct cfg_macros *m, struct out *o, struct str text, unsigned line,
		   unsigned depth)
{
	struct str s = str_trim(text), rest;
	struct strbuf b = { 0 };

	if (depth > MAX_DEPTH || m->n_lines++ > MAX_LINES) {
		if (m->n_lines <= MAX_LINES + 1 || depth == MAX_DEPTH + 1)
			report(m, o, line, text,
			       "parameters expand to too much; does one use itself?");
		m->n_lines = MAX_LINES + 2;
		return;
	}
	if (s.len && s.p[0] == '@') {
		if (is_for_us(m, s, &rest))
			expand(m, o, rest, line, depth + 1);
		return;
	}
	if (s.len && s.p[0] == '$' && (read_definition(m, s, line) || expand_block(m, o, s, depth)))
		return;
	if (str_starts_with(s, STR("~SEQ")) || str_starts_with(s, STR("~LST"))) {
		if (!(s.p[1] == 'S' ? expand_seq : expand_lst)(m, o, s, line, depth))
			report(m, o, line, text,
			       "expected ~SEQ(NAME, FROM, STEP, TO) or ~LST(NAME, VALUE, ...) and "
			       "the line to repeat");
		return;
	}
	if (substitute(m, o, s, &b) && b.len <= MAX_LENGTH)
		expand(m, o, (struct str){ b.p, b.len }, line, depth + 1);
	else
		append(m, &o->end, text, line);
	strbuf_fini(&b);
}

struct cfg_line *cfg_macro_expand(struct cfg_macros *m, const char *file, struct str text,
				  unsigned line)
{
	struct out o = { .file = file };
	struct str s = text;

	o.end = &o.first;
	if (m->open) { /* inside of a definition */
		struct cfg_param *p = m->open;

		if (!cut_continuation(&s))
			m->open = NULL;
		append(m, &p->end, s, line);
		return NULL;
	}
	expand(m, &o, text, line, 0);
	return o.first;
}
