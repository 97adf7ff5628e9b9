/* pattern.h - sets of patterns and the ways to match a sample against them. Pure.
 *
 * A method is a row: its name after -m, the type it wants, how a word becomes a pattern, how a
 * value is looked up. A set is built word by word, sealed, and then immutable; it lives in an
 * arena, its regular expressions belong to whoever made them. Exact, prefix and suffix sets are
 * found by binary search, networks are merged into disjoint ranges: large lists cost no more than
 * small. */
#ifndef PROXY_PATTERN_H
#define PROXY_PATTERN_H

#include "http/sample.h"

struct regex;

enum pattern_method {
	PATTERN_FOUND,
	PATTERN_BOOL,
	PATTERN_INT,
	PATTERN_IP,
	PATTERN_BIN,
	PATTERN_LEN,
	PATTERN_STR,
	PATTERN_BEG,
	PATTERN_SUB,
	PATTERN_DIR,
	PATTERN_DOM,
	PATTERN_END,
	PATTERN_REG,
	PATTERN_N_METHODS
};

extern const char *const pattern_method_names[PATTERN_N_METHODS + 1];

struct pattern_range { /* INT, LEN: signed; both ends belong to it */
	int64_t lo, hi;
};
struct pattern_net { /* IP: addresses as 16 bytes, IPv4 mapped into IPv6 */
	uint8_t lo[16], hi[16];
};
/* Strings of equal case rule: those with -i are kept in lower case. */
struct pattern_strings {
	struct str *s;
	unsigned n, cap;
	uint32_t *lens; /* the lengths that occur, once each */
	unsigned n_lens;
};

struct pattern_set {
	enum pattern_method method;
	struct pattern_range *ranges;
	unsigned n_ranges, cap_ranges;
	struct pattern_net *nets;
	unsigned n_nets, cap_nets;
	struct pattern_strings exact, nocase;
	const struct regex **regexes; /* borrowed */
	unsigned n_regexes, cap_regexes;
};

enum pattern_op { PATTERN_EQ, PATTERN_GE, PATTERN_GT, PATTERN_LE, PATTERN_LT };

/* Is it a comparison of numbers ("ge")? */
bool pattern_parse_op(struct str word, enum pattern_op *out);
/* The method of a type when none is named; false: there is none. */
bool pattern_default(enum sample_type type, enum pattern_method *out);
/* Can values of the type be matched this way? */
bool pattern_fits(enum pattern_method m, enum sample_type type);

/* Add a word to a set. nocase: -i. op: for INT and LEN. 0, or -EINVAL with the reason in err.
 * Regular expressions are not compiled here: pattern_add_regex(). */
NODISCARD int pattern_add(struct pattern_set *p, struct arena *a, struct str word, bool nocase,
			  enum pattern_op op, struct strbuf *err);
void pattern_add_regex(struct pattern_set *p, struct arena *a, const struct regex *re);
/* A network: IP only. */
void pattern_add_net(struct pattern_set *p, struct arena *a, const struct addr *ip, unsigned bits);
/* All words are in: sort. */
void pattern_seal(struct pattern_set *p, struct arena *a);

bool pattern_matches(const struct pattern_set *p, struct sample_ctx *x, struct sample *s);

#endif
