/* sample.c - expressions: parsing, evaluation, and conversion between types. */
#include "http/sample.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <tandem/diag.h>

static const struct sample_fetch *const tables[] = { sample_fetches, sample_http_fetches,
						     sample_log_fetches };

/* ---- the tables ---- */

const struct sample_fetch *sample_find_fetch(struct str name)
{
	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct sample_fetch *f = tables[t]; f->name; f++)
			if (str_eq(str_from(f->name), name))
				return f;
	return NULL;
}

const char *sample_nth_fetch(const void *unused, size_t n)
{
	(void)unused;
	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (const struct sample_fetch *f = tables[t]; f->name; f++)
			if (n-- == 0)
				return f->name;
	return NULL;
}

size_t sample_n_fetches(void)
{
	size_t n = 0;

	while (sample_nth_fetch(NULL, n))
		n++;
	return n;
}

static const char *nth_conv(const void *unused, size_t n)
{
	(void)unused;
	return sample_convs[n].name;
}

/* ---- parsing ---- */

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '-' || c == '+';
}

/* Cut the name at the beginning of *text. */
static struct str take_name(struct str *text)
{
	struct str name = { text->p, 0 };

	while (name.len < text->len && is_word(text->p[name.len]))
		name.len++;
	text->p += name.len;
	text->len -= name.len;
	return name;
}

static int read_arg(struct arena *a, struct str text, enum sample_arg_type type,
		    struct sample_arg *out, unsigned n, const char *what, struct strbuf *err)
{
	struct sample_arg arg = { .type = type, .text = arena_str(a, text) };

	if (type == ARG_INT && str_parse_int(text, INT32_MIN, INT32_MAX, &arg.i) < 0) {
		strbuf_addf(err, "argument %u of '%s' must be a number, got '" STR_FMT "'", n + 1,
			    what, STR_ARG(text));
		return -EINVAL;
	}
	*out = arg;
	return 0;
}

/* One argument up to `,` or `)`; quotes and backslashes protect both. */
static struct str take_arg(struct arena *a, struct str *text)
{
	struct strbuf b = { 0 };
	char quote = 0;
	size_t i = 0;

	for (; i < text->len; i++) {
		const char c = text->p[i];

		if (quote ? c == quote : (c == '\'' || c == '"'))
			quote = quote ? 0 : c;
		else if (!quote && (c == ',' || c == ')'))
			break;
		else if (quote != '\'' && c == '\\' && i + 1 < text->len)
			strbuf_addc(&b, text->p[++i]);
		else
			strbuf_addc(&b, c);
	}
	text->p += i;
	text->len -= i;
	const struct str s = arena_str(a, (struct str){ b.p, b.len });

	strbuf_fini(&b);
	return s;
}

/* "(a,b)" at the beginning of *text, or nothing. */
static int take_args(struct arena *a, struct str *text, const enum sample_arg_type *types,
		     unsigned min, struct sample_arg *out, const char *what, struct strbuf *err)
{
	unsigned n = 0;

	if (text->len && text->p[0] == '(') {
		do {
			text->p++;
			text->len--;
			const struct str arg = take_arg(a, text);
			const bool is_last = text->len == 0 || text->p[0] == ')';

			if (n == 0 && is_last && arg.len == 0)
				break; /* "()" */
			if (n == SAMPLE_MAX_ARGS || types[n] == ARG_NONE) {
				strbuf_addf(err, "'%s' takes %s, got '" STR_FMT "'", what,
					    n ? "no further argument" : "no argument",
					    STR_ARG(arg));
				return -EINVAL;
			}
			if (read_arg(a, arg, types[n], &out[n], n, what, err) < 0)
				return -EINVAL;
			n++;
		} while (text->len && text->p[0] == ',');
		if (text->len == 0) {
			strbuf_addf(err, "')' is missing behind the arguments of '%s'", what);
			return -EINVAL;
		}
		text->p++;
		text->len--;
	}
	if (n < min) {
		strbuf_addf(err, "'%s' needs %s in parentheses", what,
			    min == 1 ? "an argument" : "more arguments");
		return -EINVAL;
	}
	return 0;
}

static int take_conv(struct arena *a, struct str *text, struct sample_step *out,
		     enum sample_type *type, struct strbuf *err)
{
	const struct str name = take_name(text);
	const struct sample_conv *c = sample_convs;
	size_t n = 0;

	while (c->name && !str_eq(str_from(c->name), name))
		c++, n++;
	if (!c->name && sample_is_known_conv(name)) {
		strbuf_addf(err,
			    "the converter '" STR_FMT
			    "' is known to HAProxy, but not supported yet",
			    STR_ARG(name));
		return -EINVAL;
	}
	if (!c->name) {
		const char *best = diag_nearest(name, nth_conv, NULL, n);

		strbuf_addf(err,
			    best ? "unknown converter '" STR_FMT "'; did you mean '%s'?"
				 : "unknown converter '" STR_FMT "'",
			    STR_ARG(name), best);
		return -EINVAL;
	}
	if (!sample_can_cast(*type, c->in)) {
		strbuf_addf(err, "the converter '%s' cannot be applied to what comes before it",
			    c->name);
		return -EINVAL;
	}
	*out = (struct sample_step){ .conv = c };
	if (take_args(a, text, c->args, c->min_args, out->args, c->name, err) < 0)
		return -EINVAL;
	if (c->out != SAMPLE_ANY)
		*type = c->out;
	return 0;
}

static const struct sample_fetch *take_fetch(struct str *text, struct strbuf *err)
{
	const struct str name = take_name(text);
	const struct sample_fetch *f = sample_find_fetch(name);
	const char *best;

	if (f)
		return f;
	if (sample_is_known_fetch(name)) {
		strbuf_addf(err,
			    "the fetch '" STR_FMT "' is known to HAProxy, but not supported yet",
			    STR_ARG(name));
		return NULL;
	}
	best = diag_nearest(name, sample_nth_fetch, NULL, sample_n_fetches());
	strbuf_addf(err,
		    best ? "unknown fetch '" STR_FMT "'; did you mean '%s'?"
			 : "unknown fetch '" STR_FMT "'",
		    STR_ARG(name), best);
	return NULL;
}

static int take_expr(struct arena *a, struct str *text_p, const struct sample_fetch *fetch,
		     struct sample_expr *out, struct strbuf *err)
{
	struct sample_step steps[SAMPLE_MAX_CONVS];
	struct sample_expr e = { .fetch = fetch };
	struct str text = *text_p;

	if (!fetch && !(e.fetch = take_fetch(&text, err)))
		return -EINVAL;
	e.type = e.fetch->type;
	if (take_args(a, &text, e.fetch->args, e.fetch->min_args, e.args, e.fetch->name, err) < 0)
		return -EINVAL;
	while (text.len && text.p[0] == ',') {
		text.p++;
		text.len--;
		if (e.n_steps == SAMPLE_MAX_CONVS) {
			strbuf_addf(err, "more than %d converters", SAMPLE_MAX_CONVS);
			return -EINVAL;
		}
		if (take_conv(a, &text, &steps[e.n_steps], &e.type, err) < 0)
			return -EINVAL;
		e.n_steps++;
	}
	e.steps = arena_array(a, struct sample_step, e.n_steps + 1);
	memcpy(e.steps, steps, e.n_steps * sizeof(steps[0]));
	*out = e;
	*text_p = text;
	return 0;
}

int sample_parse(struct arena *a, struct str text, const struct sample_fetch *fetch,
		 struct sample_expr *out, struct strbuf *err)
{
	struct sample_expr e;

	if (take_expr(a, &text, fetch, &e, err) < 0)
		return -EINVAL;
	if (text.len) {
		strbuf_addf(err, "unexpected '" STR_FMT "' behind '%s'", STR_ARG(text),
			    e.n_steps ? e.steps[e.n_steps - 1].conv->name : e.fetch->name);
		return -EINVAL;
	}
	*out = e;
	return 0;
}

int sample_take(struct arena *a, struct str *text, struct sample_expr *out, struct strbuf *err)
{
	return take_expr(a, text, NULL, out, err);
}

/* ---- evaluation ---- */

char *sample_room(struct sample_ctx *x, size_t n)
{
	struct sample_scratch *s = &x->scratch;
	char *p;

	if (n > s->size - s->used)
		return NULL;
	p = s->p + s->used;
	s->used += n;
	return p;
}

bool sample_next(struct sample_ctx *x, const struct sample_expr *e, struct sample_iter *it,
		 struct sample *out)
{
	if (it->is_over || (e->fetch->need == SAMPLE_NEED_REQUEST && !x->head))
		return false;
	for (;;) {
		bool ok = e->fetch->get(x, e, it, out);

		if (!ok)
			return false;
		it->is_started = true;
		for (unsigned i = 0; ok && i < e->n_steps; i++) {
			const struct sample_step *step = &e->steps[i];

			ok = sample_cast(x, out, step->conv->in) &&
			     step->conv->convert(x, step->args, step->conv->variant, out);
		}
		if (ok || it->is_over)
			return ok;
	}
}

bool sample_text(struct sample_ctx *x, const struct sample_expr *e, struct str *out)
{
	struct sample_iter it = { 0 };
	struct sample s, last;
	bool found = false;

	while (sample_next(x, e, &it, &s)) {
		last = s;
		found = true;
		if (e->fetch->is_first_final)
			break;
	}
	if (!found || !sample_cast(x, &last, SAMPLE_STR))
		return false;
	*out = last.s;
	return true;
}

/* ---- types ---- */

static bool is_text(enum sample_type t)
{
	return t == SAMPLE_STR || t == SAMPLE_BIN || t == SAMPLE_METHOD;
}

bool sample_can_cast(enum sample_type from, enum sample_type to)
{
	if (from == to || to == SAMPLE_ANY || to == SAMPLE_STR)
		return true;
	switch (to) {
	case SAMPLE_BOOL:
	case SAMPLE_INT:
		return from == SAMPLE_BOOL || from == SAMPLE_INT || from == SAMPLE_STR ||
		       from == SAMPLE_IPV4;
	case SAMPLE_IPV4:
	case SAMPLE_IPV6:
		return from == SAMPLE_IPV4 || from == SAMPLE_IPV6 || from == SAMPLE_STR;
	case SAMPLE_BIN:
		return true;
	case SAMPLE_METHOD:
	case SAMPLE_STR:
	case SAMPLE_ANY:
		return is_text(from);
	}
	UNREACHABLE();
}

/* The number that a text begins with; 0 if none, as HAProxy does. */
static int64_t leading_int(struct str s)
{
	int64_t n = 0;
	const bool is_negative = s.len && s.p[0] == '-';

	for (size_t i = is_negative ? 1 : 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			break;
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, s.p[i] - '0', &n))
			return is_negative ? INT64_MIN : INT64_MAX;
	}
	return is_negative ? -n : n;
}

static bool to_text(struct sample_ctx *x, struct sample *s)
{
	char *p = sample_room(x, INET6_ADDRSTRLEN);

	if (!p)
		return false;
	switch (s->type) {
	case SAMPLE_BOOL:
	case SAMPLE_INT:
		s->s = (struct str){ p, (size_t)snprintf(p, INET6_ADDRSTRLEN, "%" PRId64, s->i) };
		break;
	case SAMPLE_IPV4:
	case SAMPLE_IPV6:
		inet_ntop(s->type == SAMPLE_IPV4 ? AF_INET : AF_INET6, &s->ip6, p,
			  INET6_ADDRSTRLEN);
		s->s = str_from(p);
		break;
	case SAMPLE_STR:
	case SAMPLE_BIN:
	case SAMPLE_METHOD:
	case SAMPLE_ANY:
		UNREACHABLE();
	}
	return true;
}

static bool text_to_ip(struct sample *s)
{
	struct addr a;

	if (addr_parse_ip(s->s, &a) < 0)
		return false;
	if (a.sa.sa_family == AF_INET) {
		s->type = SAMPLE_IPV4;
		s->ip4 = a.in.sin_addr;
	} else {
		s->type = SAMPLE_IPV6;
		s->ip6 = a.in6.sin6_addr;
	}
	return true;
}

static bool to_ip(struct sample *s, enum sample_type to)
{
	uint8_t b[16] = { [10] = 0xff, [11] = 0xff };

	if (is_text(s->type) && !text_to_ip(s))
		return false;
	if (s->type == to)
		return true;
	if (s->type == SAMPLE_IPV4 && to == SAMPLE_IPV6) {
		memcpy(b + 12, &s->ip4, 4);
		memcpy(&s->ip6, b, 16);
	} else if (s->type == SAMPLE_IPV6 && to == SAMPLE_IPV4 && IN6_IS_ADDR_V4MAPPED(&s->ip6)) {
		memcpy(b, &s->ip6, 16);
		memcpy(&s->ip4, b + 12, 4);
	} else {
		return false;
	}
	s->type = to;
	return true;
}

bool sample_cast(struct sample_ctx *x, struct sample *s, enum sample_type to)
{
	if (s->type == to || to == SAMPLE_ANY)
		return true;
	if (!sample_can_cast(s->type, to))
		return false;
	switch (to) {
	case SAMPLE_STR:
	case SAMPLE_BIN:
	case SAMPLE_METHOD:
		if (!is_text(s->type) && !to_text(x, s))
			return false;
		break;
	case SAMPLE_BOOL:
	case SAMPLE_INT:
		if (is_text(s->type))
			s->i = leading_int(s->s);
		else if (s->type == SAMPLE_IPV4)
			s->i = ntohl(s->ip4.s_addr);
		if (to == SAMPLE_BOOL)
			s->i = s->i != 0;
		break;
	case SAMPLE_IPV4:
	case SAMPLE_IPV6:
		return to_ip(s, to);
	case SAMPLE_ANY:
		break;
	}
	s->type = to;
	return true;
}
