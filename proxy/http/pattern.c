/* pattern.c - sets of patterns and the ways to match a sample against them. */
#include "http/pattern.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include <tandem/regex.h>

const char *const pattern_method_names[PATTERN_N_METHODS + 1] = {
	[PATTERN_FOUND] = "found", [PATTERN_BOOL] = "bool", [PATTERN_INT] = "int",
	[PATTERN_IP] = "ip",       [PATTERN_BIN] = "bin",   [PATTERN_LEN] = "len",
	[PATTERN_STR] = "str",     [PATTERN_BEG] = "beg",   [PATTERN_SUB] = "sub",
	[PATTERN_DIR] = "dir",     [PATTERN_DOM] = "dom",   [PATTERN_END] = "end",
	[PATTERN_REG] = "reg",
};

/* What a value is converted to before it is looked up. */
static const enum sample_type wanted[PATTERN_N_METHODS] = {
	[PATTERN_FOUND] = SAMPLE_ANY, [PATTERN_BOOL] = SAMPLE_BOOL, [PATTERN_INT] = SAMPLE_INT,
	[PATTERN_IP] = SAMPLE_IPV6,   [PATTERN_BIN] = SAMPLE_BIN,   [PATTERN_LEN] = SAMPLE_STR,
	[PATTERN_STR] = SAMPLE_STR,   [PATTERN_BEG] = SAMPLE_STR,   [PATTERN_SUB] = SAMPLE_STR,
	[PATTERN_DIR] = SAMPLE_STR,   [PATTERN_DOM] = SAMPLE_STR,   [PATTERN_END] = SAMPLE_STR,
	[PATTERN_REG] = SAMPLE_STR,
};

bool pattern_parse_op(struct str word, enum pattern_op *out)
{
	static const char *const ops[] = { "eq", "ge", "gt", "le", "lt" };

	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		if (!str_eq(word, str_from(ops[i])))
			continue;
		*out = (enum pattern_op)i;
		return true;
	}
	return false;
}

bool pattern_default(enum sample_type type, enum pattern_method *out)
{
	switch (type) {
	case SAMPLE_BOOL:
		*out = PATTERN_BOOL;
		return true;
	case SAMPLE_INT:
		*out = PATTERN_INT;
		return true;
	case SAMPLE_IPV4:
	case SAMPLE_IPV6:
		*out = PATTERN_IP;
		return true;
	case SAMPLE_STR:
	case SAMPLE_METHOD:
		*out = PATTERN_STR;
		return true;
	case SAMPLE_BIN:
	case SAMPLE_ANY:
		return false;
	}
	UNREACHABLE();
}

bool pattern_fits(enum pattern_method m, enum sample_type type)
{
	return sample_can_cast(type, wanted[m]);
}

/* ---- building ---- */

/* Room for one more of `size` bytes each; the old array is left to the arena. */
static void *grow(struct arena *a, void *p, unsigned n, unsigned *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap ? 2 * *cap : 4;
	void *bigger = arena_alloc(a, *cap * size);

	if (n)
		memcpy(bigger, p, n * size);
	return bigger;
}

static void add_range(struct pattern_set *p, struct arena *a, int64_t lo, int64_t hi)
{
	p->ranges = grow(a, p->ranges, p->n_ranges, &p->cap_ranges, sizeof(*p->ranges));
	p->ranges[p->n_ranges++] = (struct pattern_range){ lo, hi };
}

static int add_number(struct pattern_set *p, struct arena *a, struct str word, enum pattern_op op,
		      struct strbuf *err)
{
	const char *colon = memchr(word.p, ':', word.len);
	const struct str first = { word.p, colon ? (size_t)(colon - word.p) : word.len };
	const struct str last = colon ? (struct str){ colon + 1, word.len - first.len - 1 } : first;
	int64_t lo = INT64_MIN, hi = INT64_MAX;

	if ((first.len || !colon) && str_parse_int(first, INT64_MIN, INT64_MAX, &lo) < 0)
		goto bad;
	if ((last.len || !colon) && str_parse_int(last, INT64_MIN, INT64_MAX, &hi) < 0)
		goto bad;
	if (lo > hi) {
		strbuf_addf(err, "the range '" STR_FMT "' runs backwards", STR_ARG(word));
		return -EINVAL;
	}
	switch (op) {
	case PATTERN_EQ:
		break;
	case PATTERN_GE:
		hi = INT64_MAX;
		break;
	case PATTERN_GT:
		if (hi == INT64_MAX)
			return 0;
		lo = hi + 1;
		hi = INT64_MAX;
		break;
	case PATTERN_LE:
		lo = INT64_MIN;
		break;
	case PATTERN_LT:
		if (lo == INT64_MIN)
			return 0;
		hi = lo - 1;
		lo = INT64_MIN;
		break;
	}
	add_range(p, a, lo, hi);
	return 0;
bad:
	strbuf_addf(err, "'" STR_FMT "' is no number and no range such as 0:1023", STR_ARG(word));
	return -EINVAL;
}

void pattern_add_net(struct pattern_set *p, struct arena *a, const struct addr *ip, unsigned bits)
{
	struct pattern_net n = { .lo = { [10] = 0xff, [11] = 0xff } };

	if (ip->sa.sa_family == AF_INET) {
		memcpy(n.lo + 12, &ip->in.sin_addr, 4);
		bits += 96;
	} else {
		memcpy(n.lo, &ip->in6.sin6_addr, 16);
	}
	memcpy(n.hi, n.lo, 16);
	for (unsigned i = 0; i < 16; i++) {
		const unsigned kept = bits <= 8 * i ? 0 : MIN(bits - 8 * i, 8u);
		const uint8_t host = (uint8_t)(0xff >> kept);

		n.lo[i] &= (uint8_t)~host;
		n.hi[i] |= host;
	}
	p->nets = grow(a, p->nets, p->n_nets, &p->cap_nets, sizeof(*p->nets));
	p->nets[p->n_nets++] = n;
}

/* "10/8" and "192.168.1/24": the missing octets are 0. */
static bool parse_short_ip4(struct str s, struct addr *out)
{
	char text[INET_ADDRSTRLEN + 8];
	unsigned dots = 0;

	if (s.len == 0 || s.len > INET_ADDRSTRLEN - 1)
		return false;
	memcpy(text, s.p, s.len);
	for (size_t i = 0; i < s.len; i++)
		dots += s.p[i] == '.';
	for (size_t len = s.len; dots < 3; dots++, len += 2)
		memcpy(text + len, ".0", 3);
	if (dots > 3 || addr_parse_ip(str_from(text), out) < 0)
		return false;
	return out->sa.sa_family == AF_INET;
}

static bool parse_mask(struct str s, struct addr *ip, unsigned *bits)
{
	const bool is_v6 = ip->sa.sa_family == AF_INET6;
	struct addr mask;
	int64_t n;

	if (str_parse_int(s, 0, is_v6 ? 128 : 32, &n) == 0) {
		*bits = (unsigned)n;
		return true;
	}
	if (is_v6 || addr_parse_ip(s, &mask) < 0 || mask.sa.sa_family != AF_INET)
		return false;
	const uint32_t v = ntohl(mask.in.sin_addr.s_addr);

	*bits = (unsigned)__builtin_popcount(v);
	return *bits == 32 || v == ~(UINT32_MAX >> *bits); /* contiguous */
}

static int add_network(struct pattern_set *p, struct arena *a, struct str word, struct strbuf *err)
{
	const char *slash = word.len ? memchr(word.p, '/', word.len) : NULL;
	const struct str host = { word.p, slash ? (size_t)(slash - word.p) : word.len };
	const struct str mask = { slash ? slash + 1 : NULL, slash ? word.len - host.len - 1 : 0 };
	struct addr ip;
	unsigned bits;

	/* a number alone is no address, but 10/8 is a network */
	if (addr_parse_ip(host, &ip) < 0 && !(slash && parse_short_ip4(host, &ip)))
		goto bad;
	bits = ip.sa.sa_family == AF_INET6 ? 128 : 32;
	if (slash && !parse_mask(mask, &ip, &bits))
		goto bad;
	pattern_add_net(p, a, &ip, bits);
	return 0;
bad:
	strbuf_addf(err, "'" STR_FMT "' is no address and no network such as 10.0.0.0/8",
		    STR_ARG(word));
	return -EINVAL;
}

static void add_string(struct pattern_set *p, struct arena *a, struct str word, bool nocase)
{
	struct pattern_strings *t = nocase ? &p->nocase : &p->exact;
	struct str s = arena_str(a, word);

	for (size_t i = 0; nocase && i < s.len; i++)
		((char *)s.p)[i] = (char)tolower((unsigned char)s.p[i]);
	t->s = grow(a, t->s, t->n, &t->cap, sizeof(*t->s));
	t->s[t->n++] = s;
}

static int add_binary(struct pattern_set *p, struct arena *a, struct str word, struct strbuf *err)
{
	char *bytes = arena_alloc(a, word.len / 2 + 1);

	for (size_t i = 0; i < word.len; i++) {
		if (!isxdigit((unsigned char)word.p[i]) || word.len % 2) {
			strbuf_addf(err, "'" STR_FMT "' is no even number of hexadecimal digits",
				    STR_ARG(word));
			return -EINVAL;
		}
		const int c = tolower((unsigned char)word.p[i]);
		const int v = c <= '9' ? c - '0' : c - 'a' + 10;

		bytes[i / 2] = (char)(i % 2 ? bytes[i / 2] | v : v << 4);
	}
	add_string(p, a, (struct str){ bytes, word.len / 2 }, false);
	return 0;
}

static bool is_dom_delimiter(char c)
{
	return c == '/' || c == '?' || c == '.' || c == ':';
}

/* Delimiters at both ends of a pattern say nothing. */
static struct str trim_delimiters(struct str s, enum pattern_method m)
{
	while (s.len && (m == PATTERN_DIR ? s.p[0] == '/' : is_dom_delimiter(s.p[0]))) {
		s.p++;
		s.len--;
	}
	while (s.len &&
	       (m == PATTERN_DIR ? s.p[s.len - 1] == '/' : is_dom_delimiter(s.p[s.len - 1])))
		s.len--;
	return s;
}

int pattern_add(struct pattern_set *p, struct arena *a, struct str word, bool nocase,
		enum pattern_op op, struct strbuf *err)
{
	switch (p->method) {
	case PATTERN_FOUND:
	case PATTERN_BOOL:
		return 0; /* values are ignored, as in HAProxy */
	case PATTERN_INT:
	case PATTERN_LEN:
		return add_number(p, a, word, op, err);
	case PATTERN_IP:
		return add_network(p, a, word, err);
	case PATTERN_BIN:
		return add_binary(p, a, word, err);
	case PATTERN_DIR:
	case PATTERN_DOM:
		word = trim_delimiters(word, p->method);
		add_string(p, a, word, nocase);
		return 0;
	case PATTERN_STR:
	case PATTERN_BEG:
	case PATTERN_SUB:
	case PATTERN_END:
		add_string(p, a, word, nocase);
		return 0;
	case PATTERN_REG:
	case PATTERN_N_METHODS:
		break;
	}
	UNREACHABLE();
}

void pattern_add_regex(struct pattern_set *p, struct arena *a, const struct regex *re)
{
	p->regexes =
		grow(a, p->regexes, p->n_regexes, &p->cap_regexes, sizeof(const struct regex *));
	p->regexes[p->n_regexes++] = re;
}

static int by_length(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return x->len ? memcmp(x->p, y->p, x->len) : 0;
}

static void seal_strings(struct pattern_strings *t, struct arena *a)
{
	unsigned n = 0;

	if (t->n == 0)
		return;
	qsort(t->s, t->n, sizeof(*t->s), by_length);
	t->lens = arena_array(a, uint32_t, t->n);
	for (unsigned i = 0; i < t->n; i++) {
		if (n && str_eq(t->s[n - 1], t->s[i]))
			continue; /* twice */
		t->s[n++] = t->s[i];
		if (t->n_lens == 0 || t->lens[t->n_lens - 1] != t->s[i].len)
			t->lens[t->n_lens++] = (uint32_t)t->s[i].len;
	}
	t->n = n;
}

static int by_address(const void *a, const void *b)
{
	return memcmp(((const struct pattern_net *)a)->lo, ((const struct pattern_net *)b)->lo, 16);
}

/* Networks that contain each other become one range. */
static void seal_nets(struct pattern_set *p)
{
	unsigned n = 0;

	if (p->n_nets == 0)
		return;
	qsort(p->nets, p->n_nets, sizeof(*p->nets), by_address);
	for (unsigned i = 0; i < p->n_nets; i++) {
		struct pattern_net *last = n ? &p->nets[n - 1] : NULL;

		if (last && memcmp(p->nets[i].lo, last->hi, 16) <= 0) {
			if (memcmp(p->nets[i].hi, last->hi, 16) > 0)
				memcpy(last->hi, p->nets[i].hi, 16);
			continue;
		}
		p->nets[n++] = p->nets[i];
	}
	p->n_nets = n;
}

void pattern_seal(struct pattern_set *p, struct arena *a)
{
	seal_strings(&p->exact, a);
	seal_strings(&p->nocase, a);
	seal_nets(p);
}

/* ---- matching ---- */

static bool contains(const struct pattern_strings *t, struct str s)
{
	return t->n && bsearch(&s, t->s, t->n, sizeof(*t->s), by_length) != NULL;
}

/* Is one of the patterns the beginning (or the end) of s? */
static bool has_affix(const struct pattern_strings *t, struct str s, bool at_end)
{
	for (unsigned i = 0; i < t->n_lens && t->lens[i] <= s.len; i++) {
		const size_t len = t->lens[i];

		if (contains(t, (struct str){ at_end ? s.p + s.len - len : s.p, len }))
			return true;
	}
	return false;
}

static bool has_substring(const struct pattern_strings *t, struct str s)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->s[i].len == 0 ||
		    (s.len && memmem(s.p, s.len, t->s[i].p, t->s[i].len) != NULL))
			return true;
	return false;
}

static bool is_delimiter(enum pattern_method m, char c)
{
	return m == PATTERN_DIR ? c == '/' || c == '?' : is_dom_delimiter(c);
}

/* Is one of the patterns a whole part of s between delimiters? */
static bool has_part(const struct pattern_strings *t, struct str s, enum pattern_method m)
{
	for (unsigned i = 0; i < t->n; i++) {
		const struct str w = t->s[i];

		if (w.len == 0 || w.len > s.len)
			continue;
		for (size_t at = 0; at + w.len <= s.len; at++) {
			if (at > 0 && !is_delimiter(m, s.p[at - 1]))
				continue;
			if (memcmp(s.p + at, w.p, w.len) == 0 &&
			    (at + w.len == s.len || is_delimiter(m, s.p[at + w.len])))
				return true;
		}
	}
	return false;
}

static bool match_strings(enum pattern_method m, const struct pattern_strings *t, struct str s)
{
	if (t->n == 0)
		return false;
	switch (m) {
	case PATTERN_STR:
	case PATTERN_BIN:
		return contains(t, s);
	case PATTERN_BEG:
		return has_affix(t, s, false);
	case PATTERN_END:
		return has_affix(t, s, true);
	case PATTERN_SUB:
		return has_substring(t, s);
	case PATTERN_DIR:
	case PATTERN_DOM:
		return has_part(t, s, m);
	case PATTERN_FOUND:
	case PATTERN_BOOL:
	case PATTERN_INT:
	case PATTERN_IP:
	case PATTERN_LEN:
	case PATTERN_REG:
	case PATTERN_N_METHODS:
		break;
	}
	UNREACHABLE();
}

/* First the patterns that mind the case, then the others against a copy in lower case. */
static bool match_text(const struct pattern_set *p, struct sample_ctx *x, struct str s)
{
	char *lower;

	if (match_strings(p->method, &p->exact, s))
		return true;
	if (p->nocase.n == 0 || !(lower = sample_room(x, s.len)))
		return false;
	for (size_t i = 0; i < s.len; i++)
		lower[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 32 : s.p[i]);
	return match_strings(p->method, &p->nocase, (struct str){ lower, s.len });
}

static bool match_number(const struct pattern_set *p, int64_t v)
{
	for (unsigned i = 0; i < p->n_ranges; i++)
		if (v >= p->ranges[i].lo && v <= p->ranges[i].hi)
			return true;
	return false;
}

static int where(const void *key, const void *range)
{
	const struct pattern_net *n = range;

	return memcmp(key, n->lo, 16) < 0 ? -1 : memcmp(key, n->hi, 16) > 0;
}

bool pattern_matches(const struct pattern_set *p, struct sample_ctx *x, struct sample *s)
{
	if (!sample_cast(x, s, wanted[p->method]))
		return false;
	switch (p->method) {
	case PATTERN_FOUND:
		return true;
	case PATTERN_BOOL:
		return s->i != 0;
	case PATTERN_INT:
		return match_number(p, s->i);
	case PATTERN_LEN:
		return match_number(p, (int64_t)s->s.len);
	case PATTERN_IP:
		return p->n_nets &&
		       bsearch(&s->ip6, p->nets, p->n_nets, sizeof(*p->nets), where) != NULL;
	case PATTERN_STR:
	case PATTERN_BEG:
	case PATTERN_SUB:
	case PATTERN_DIR:
	case PATTERN_DOM:
	case PATTERN_END:
	case PATTERN_BIN:
		return match_text(p, x, s->s);
	case PATTERN_REG:
		for (unsigned i = 0; i < p->n_regexes; i++)
			if (regex_matches(p->regexes[i], s->s))
				return true;
		return false;
	case PATTERN_N_METHODS:
		break;
	}
	UNREACHABLE();
}
