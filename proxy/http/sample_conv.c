/* sample_conv.c - the converters. */
#include "http/sample.h"

#include <limits.h>

enum { CASE_LOWER, CASE_UPPER };
enum { TRIM_LEFT, TRIM_RIGHT };
enum { OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_MOD, OP_NEG, OP_NOT, OP_BOOL, OP_AND, OP_OR, OP_ODD };

static bool conv_case(struct sample_ctx *x, const struct sample_arg *args, int variant,
		      struct sample *s)
{
	char *p = sample_room(x, s->s.len);
	const char from = variant == CASE_LOWER ? 'A' : 'a', to = variant == CASE_LOWER ? 'a' : 'A';

	(void)args;
	if (!p)
		return false;
	for (size_t i = 0; i < s->s.len; i++) {
		const char c = s->s.p[i];

		p[i] = c >= from && c <= from + 25 ? (char)(c - from + to) : c;
	}
	s->s.p = p;
	return true;
}

static bool conv_length(struct sample_ctx *x, const struct sample_arg *args, int variant,
			struct sample *s)
{
	(void)x, (void)args, (void)variant;
	*s = (struct sample){ .type = SAMPLE_INT, .i = (int64_t)s->s.len };
	return true;
}

static bool conv_trim(struct sample_ctx *x, const struct sample_arg *args, int variant,
		      struct sample *s)
{
	const struct str chars = args[0].text;

	(void)x;
	while (s->s.len > 0 && chars.len > 0) {
		const char c = variant == TRIM_LEFT ? s->s.p[0] : s->s.p[s->s.len - 1];

		if (!memchr(chars.p, c, chars.len))
			break;
		s->s.p += variant == TRIM_LEFT;
		s->s.len--;
	}
	return true;
}

/* field(N,DELIMITERS): counted from 1, or from the end if negative. */
static bool conv_field(struct sample_ctx *x, const struct sample_arg *args, int variant,
		       struct sample *s)
{
	const struct str t = s->s, delims = args[1].text;
	int64_t want = args[0].i, n = 1;
	size_t from = 0;

	(void)x, (void)variant;
	if (want < 0) {
		for (size_t i = 0; i < t.len; i++)
			n += memchr(delims.p, t.p[i], delims.len) != NULL;
		want = n + 1 + want;
	}
	n = 1;
	for (size_t i = 0; i <= t.len; i++) {
		if (i < t.len && !memchr(delims.p, t.p[i], delims.len))
			continue;
		if (n == want) {
			s->s = (struct str){ t.p + from, i - from };
			return s->s.len > 0;
		}
		n++;
		from = i + 1;
	}
	return false;
}

static bool conv_hex(struct sample_ctx *x, const struct sample_arg *args, int variant,
		     struct sample *s)
{
	static const char digits[] = "0123456789ABCDEF";
	char *p = sample_room(x, 2 * s->s.len);

	(void)args, (void)variant;
	if (!p)
		return false;
	for (size_t i = 0; i < s->s.len; i++) {
		p[2 * i] = digits[(uint8_t)s->s.p[i] >> 4];
		p[2 * i + 1] = digits[(uint8_t)s->s.p[i] & 15];
	}
	*s = (struct sample){ .type = SAMPLE_STR, .s = { p, 2 * s->s.len } };
	return true;
}

/* ipmask(BITS): of an IPv4 address; of an IPv6 one with the second number. */
static bool conv_ipmask(struct sample_ctx *x, const struct sample_arg *args, int variant,
			struct sample *s)
{
	uint8_t *b = (uint8_t *)&s->ip6;
	const bool is_v6 = s->type == SAMPLE_IPV6;
	const struct sample_arg *arg = &args[is_v6 ? 1 : 0];
	const unsigned size = is_v6 ? 16 : 4;

	(void)x, (void)variant;
	if (arg->type == ARG_NONE)
		return false;
	for (unsigned i = 0; i < size; i++) {
		const int64_t kept = arg->i - 8 * (int64_t)i;

		if (kept < 8)
			b[i] &= (uint8_t)(kept <= 0 ? 0 : 0xff << (8 - kept));
	}
	return true;
}

/* HAProxy's arithmetic saturates. */
static int64_t saturate(int64_t a, int64_t b, int op)
{
	int64_t r;
	bool over = op == OP_ADD   ? __builtin_add_overflow(a, b, &r)
		    : op == OP_SUB ? __builtin_sub_overflow(a, b, &r)
				   : __builtin_mul_overflow(a, b, &r);

	if (!over)
		return r;
	if (op == OP_MUL)
		return (a < 0) != (b < 0) ? INT64_MIN : INT64_MAX;
	return a < 0 ? INT64_MIN : INT64_MAX;
}

static bool conv_math(struct sample_ctx *x, const struct sample_arg *args, int op, struct sample *s)
{
	const int64_t b = args[0].i;

	(void)x;
	switch (op) {
	case OP_ADD:
	case OP_SUB:
	case OP_MUL:
		s->i = saturate(s->i, b, op);
		break;
	case OP_DIV:
		s->i = b == 0 ? 0 : b == -1 ? saturate(0, s->i, OP_SUB) : s->i / b;
		break;
	case OP_MOD:
		s->i = b == 0 || b == -1 ? 0 : s->i % b;
		break;
	case OP_NEG:
		s->i = saturate(0, s->i, OP_SUB);
		break;
	case OP_AND:
		s->i &= b;
		break;
	case OP_OR:
		s->i |= b;
		break;
	case OP_NOT:
		*s = (struct sample){ .type = SAMPLE_BOOL, .i = s->i == 0 };
		break;
	case OP_BOOL:
		*s = (struct sample){ .type = SAMPLE_BOOL, .i = s->i != 0 };
		break;
	case OP_ODD:
		*s = (struct sample){ .type = SAMPLE_BOOL, .i = s->i & 1 };
		break;
	}
	return true;
}

/* The host of a Host field: without port, brackets kept. */
static bool conv_host_only(struct sample_ctx *x, const struct sample_arg *args, int wants_port,
			   struct sample *s)
{
	const struct str t = s->s;
	const char *end = t.len && t.p[0] == '[' ? memchr(t.p, ']', t.len) : t.p;
	const char *colon = NULL;

	(void)x, (void)args;
	if (end)
		colon = t.len ? memchr(end, ':', t.len - (size_t)(end - t.p)) : NULL;
	if (wants_port) {
		int64_t port = 0;

		if (colon &&
		    str_parse_int((struct str){ colon + 1, t.len - (size_t)(colon + 1 - t.p) }, 0,
				  65535, &port) < 0)
			port = 0;
		*s = (struct sample){ .type = SAMPLE_INT, .i = port };
	} else if (colon) {
		s->s.len = (size_t)(colon - t.p);
	}
	return true;
}

#define TEXT(n, fn, v, h)                                                                          \
	{                                                                                          \
		n, SAMPLE_STR, SAMPLE_STR, 0, { 0 }, fn, v, "", h                                  \
	}
#define MATH(n, to, v, h)                                                                          \
	{                                                                                          \
		n, SAMPLE_INT, to, 1, { ARG_INT }, conv_math, v, "(NUMBER)", h                     \
	}
#define UNARY(n, to, v, h)                                                                         \
	{                                                                                          \
		n, SAMPLE_INT, to, 0, { 0 }, conv_math, v, "", h                                   \
	}

const struct sample_conv sample_convs[] = {
	TEXT("lower", conv_case, CASE_LOWER, "to lower case"),
	TEXT("upper", conv_case, CASE_UPPER, "to upper case"),
	{ "length", SAMPLE_STR, SAMPLE_INT, 0, { 0 }, conv_length, 0, "", "number of bytes" },
	{ "ltrim",
	  SAMPLE_STR,
	  SAMPLE_STR,
	  1,
	  { ARG_STR },
	  conv_trim,
	  TRIM_LEFT,
	  "(CHARS)",
	  "without these characters at the beginning" },
	{ "rtrim",
	  SAMPLE_STR,
	  SAMPLE_STR,
	  1,
	  { ARG_STR },
	  conv_trim,
	  TRIM_RIGHT,
	  "(CHARS)",
	  "without these characters at the end" },
	{ "field",
	  SAMPLE_STR,
	  SAMPLE_STR,
	  2,
	  { ARG_INT, ARG_STR },
	  conv_field,
	  0,
	  "(N,DELIMITERS)",
	  "the N-th part between delimiters" },
	{ "hex", SAMPLE_BIN, SAMPLE_STR, 0, { 0 }, conv_hex, 0, "", "hexadecimal digits" },
	{ "ipmask",
	  SAMPLE_IPV4,
	  SAMPLE_IPV4,
	  1,
	  { ARG_INT, ARG_INT },
	  conv_ipmask,
	  0,
	  "(BITS[,BITS6])",
	  "the network of an address" },
	{ "host_only",
	  SAMPLE_STR,
	  SAMPLE_STR,
	  0,
	  { 0 },
	  conv_host_only,
	  0,
	  "",
	  "a Host value without its port" },
	{ "port_only",
	  SAMPLE_STR,
	  SAMPLE_INT,
	  0,
	  { 0 },
	  conv_host_only,
	  1,
	  "",
	  "the port of a Host value, or 0" },
	MATH("add", SAMPLE_INT, OP_ADD, "sum"),
	MATH("sub", SAMPLE_INT, OP_SUB, "difference"),
	MATH("mul", SAMPLE_INT, OP_MUL, "product"),
	MATH("div", SAMPLE_INT, OP_DIV, "quotient"),
	MATH("mod", SAMPLE_INT, OP_MOD, "rest of a division"),
	MATH("and", SAMPLE_INT, OP_AND, "bitwise and"),
	MATH("or", SAMPLE_INT, OP_OR, "bitwise or"),
	UNARY("neg", SAMPLE_INT, OP_NEG, "with the other sign"),
	UNARY("not", SAMPLE_BOOL, OP_NOT, "is it 0?"),
	UNARY("bool", SAMPLE_BOOL, OP_BOOL, "is it other than 0?"),
	UNARY("odd", SAMPLE_BOOL, OP_ODD, "is it odd?"),
	{ 0 },
};
