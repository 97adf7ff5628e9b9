/* str.c - borrowed strings and a growing text buffer. */
#include <tandem/str.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define DISTANCE_MAX_LEN 64 /* longer words are not worth a suggestion */

static unsigned char lower(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 'A' && u <= 'Z' ? u + 32 : u;
}

bool str_eq_nocase(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (a.p[i] != b.p[i] && lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool str_starts_with(struct str s, struct str prefix)
{
	return s.len >= prefix.len && str_eq((struct str){ s.p, prefix.len }, prefix);
}

bool str_ends_with(struct str s, struct str suffix)
{
	if (s.len < suffix.len)
		return false;
	if (suffix.len == 0)
		return true;
	return str_eq((struct str){ s.p + (s.len - suffix.len), suffix.len }, suffix);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct str str_trim(struct str s)
{
	while (s.len && is_blank(s.p[0]))
		s.p++, s.len--;
	while (s.len && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

/* Digits at the start of s into *out. Returns how many there were, or -ERANGE. */
static ssize_t parse_digits(struct str s, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = 0;

	for (; i < s.len && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
		if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return -ERANGE;
	}
	*out = v;
	return (ssize_t)i;
}

static bool all_digits(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.len > 0;
}

int str_parse_int(struct str s, int64_t min, int64_t max, int64_t *out)
{
	bool is_negative = false;
	uint64_t v;
	int64_t value;

	if (s.len && (s.p[0] == '-' || s.p[0] == '+')) {
		is_negative = s.p[0] == '-';
		s.p++, s.len--;
	}
	if (!all_digits(s))
		return -EINVAL;
	if (parse_digits(s, &v) < 0 || v > (uint64_t)INT64_MAX + is_negative)
		return -ERANGE;
	if (is_negative)
		value = v == (uint64_t)INT64_MAX + 1 ? INT64_MIN : -(int64_t)v;
	else
		value = (int64_t)v;
	if (value < min || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

int str_parse_time_us(struct str s, int64_t default_unit_us, int64_t *out)
{
	static const struct {
		const char *name;
		int64_t us;
	} units[] = {
		{ "us", 1 },
		{ "ms", 1000 },
		{ "s", INT64_C(1000000) },
		{ "m", INT64_C(60000000) },
		{ "h", INT64_C(3600000000) },
		{ "d", INT64_C(86400000000) },
	};
	struct str unit = s;
	int64_t unit_us = 0, us;
	uint64_t v;
	ssize_t n;

	while (unit.len && unit.p[0] >= '0' && unit.p[0] <= '9')
		unit.p++, unit.len--;
	if (unit.len == s.len)
		return -EINVAL;
	if (unit.len == 0)
		unit_us = default_unit_us;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (str_eq(unit, str_from(units[i].name)))
			unit_us = units[i].us;
	if (unit_us == 0)
		return -EINVAL;
	n = parse_digits(s, &v);
	if (n < 0 || v > INT64_MAX / 2 || __builtin_mul_overflow((int64_t)v, unit_us, &us) ||
	    us > INT64_MAX / 2)
		return -ERANGE;
	*out = us;
	return 0;
}

unsigned str_distance(struct str a, struct str b, unsigned limit)
{
	/* three rows of the table: two back (for the swap), one back, current */
	unsigned rows[3][DISTANCE_MAX_LEN + 1];
	unsigned *back2 = rows[0], *back = rows[1], *cur = rows[2];
	size_t gap = a.len > b.len ? a.len - b.len : b.len - a.len;

	if (gap > limit || a.len > DISTANCE_MAX_LEN || b.len > DISTANCE_MAX_LEN)
		return str_eq(a, b) ? 0 : limit + 1;
	for (size_t j = 0; j <= b.len; j++)
		back[j] = back2[j] = (unsigned)j;
	for (size_t i = 1; i <= a.len; i++) {
		unsigned *spare = back2;

		cur[0] = (unsigned)i;
		for (size_t j = 1; j <= b.len; j++) {
			unsigned d = back[j - 1] + (a.p[i - 1] != b.p[j - 1]);

			d = MIN(d, back[j] + 1);
			d = MIN(d, cur[j - 1] + 1);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
				d = MIN(d, back2[j - 2] + 1);
			cur[j] = d;
		}
		back2 = back;
		back = cur;
		cur = spare;
	}
	return MIN(back[b.len], limit + 1);
}

void strbuf_fini(struct strbuf *b)
{
	free(b->p);
	*b = (struct strbuf){ 0 };
}

void strbuf_clear(struct strbuf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->p)
		b->p[0] = '\0';
}

/* Room for extra bytes and the NUL. */
static bool reserve(struct strbuf *b, size_t extra)
{
	size_t need, cap = b->cap ? b->cap : 64;
	char *p;

	if (b->failed)
		return false;
	if (__builtin_add_overflow(b->len, extra, &need) || need > SIZE_MAX / 4) {
		b->failed = true;
		return false;
	}
	if (need + 1 <= b->cap)
		return true;
	while (cap < need + 1)
		cap *= 2;
	p = realloc(b->p, cap);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

void strbuf_add(struct strbuf *b, const void *bytes, size_t len)
{
	if (len == 0 || !reserve(b, len))
		return;
	memcpy(b->p + b->len, bytes, len);
	b->len += len;
	b->p[b->len] = '\0';
}

void strbuf_adds(struct strbuf *b, const char *z)
{
	strbuf_add(b, z, strlen(z));
}

void strbuf_addc(struct strbuf *b, char c)
{
	strbuf_add(b, &c, 1);
}

void strbuf_vaddf(struct strbuf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(b->p ? b->p + b->len : NULL, b->cap - b->len, fmt, ap);
	if (n < 0) {
		b->failed = true;
	} else if ((size_t)n + 1 > b->cap - b->len) {
		if (reserve(b, (size_t)n))
			vsnprintf(b->p + b->len, b->cap - b->len, fmt, again);
		else
			n = 0;
	}
	va_end(again);
	if (n > 0 && !b->failed)
		b->len += (size_t)n;
	if (b->p)
		b->p[b->len] = '\0'; /* also when a piece did not fit */
}

void strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(b, fmt, ap);
	va_end(ap);
}

const char *strbuf_str(const struct strbuf *b)
{
	return b->p ? b->p : "";
}
