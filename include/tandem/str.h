/* str.h - borrowed strings (pointer and length) and a growing text buffer. */
#ifndef TANDEM_STR_H
#define TANDEM_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <tandem/util.h>

/* A borrowed run of bytes; not terminated, may be empty; p may be NULL only if len is 0. */
struct str {
	const char *p;
	size_t len;
};

#define STR(lit)   ((struct str){ "" lit, sizeof(lit) - 1 })
#define STR_FMT    "%.*s"
#define STR_ARG(s) (int)(s).len, (s).p ? (s).p : ""

static inline struct str str_from(const char *z)
{
	return (struct str){ z, z ? strlen(z) : 0 };
}
static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}
/* ASCII case is ignored. */
bool str_eq_nocase(struct str a, struct str b);
bool str_starts_with(struct str s, struct str prefix);
bool str_ends_with(struct str s, struct str suffix);
/* Without blanks (space and tab) at both ends. */
struct str str_trim(struct str s);
/* Parse the whole of s as a decimal number in [min, max].
 * 0, -EINVAL (not a number), -ERANGE; *out is untouched on failure. */
NODISCARD int str_parse_int(struct str s, int64_t min, int64_t max, int64_t *out);
/* A duration in HAProxy's form: digits and an optional unit us, ms, s, m, h, d (default_unit_us:
 * what a bare number means). 0, -EINVAL, -ERANGE (above INT64_MAX/2); the result is in
 * microseconds. */
NODISCARD int str_parse_time_us(struct str s, int64_t default_unit_us, int64_t *out);
/* Levenshtein distance with a swap of neighbours as one step, at most `limit` + 1. For "did you
 * mean". */
unsigned str_distance(struct str a, struct str b, unsigned limit);

/* A growing text buffer. It is owned by who declares it, starts as {0} and ends with strbuf_fini.
 * Running out of memory sets `failed` and drops what does not fit; check once at the end. */
struct strbuf {
	char *p; /* terminated by NUL whenever not NULL */
	size_t len, cap;
	bool failed;
};

void strbuf_fini(struct strbuf *b);
void strbuf_clear(struct strbuf *b);
void strbuf_add(struct strbuf *b, const void *bytes, size_t len);
void strbuf_adds(struct strbuf *b, const char *z);
void strbuf_addc(struct strbuf *b, char c);
PRINTF_LIKE(2, 3) void strbuf_addf(struct strbuf *b, const char *fmt, ...);
PRINTF_LIKE(2, 0) void strbuf_vaddf(struct strbuf *b, const char *fmt, va_list ap);
/* Never NULL. */
const char *strbuf_str(const struct strbuf *b);

#endif
