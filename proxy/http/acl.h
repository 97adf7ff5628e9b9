/* acl.h - access lists and conditions: compiled, immutable, evaluated in one turn. Pure.
 *
 * A condition is a disjunction of conjunctions: groups of terms; the groups are or-ed, the terms of
 * a group and-ed; a term is an access list, perhaps negated. An access list is a list of tests,
 * which are or-ed. A test takes the values of an expression until one matches its patterns; where
 * there is no value, it does not match. */
#ifndef PROXY_ACL_H
#define PROXY_ACL_H

#include "http/pattern.h"
#include "http/sample.h"

/* A criterion that is not the name of a fetch: hdr_beg stands for hdr with -m beg. */
struct acl_keyword {
	const char *name;
	const char *fetch;
	enum pattern_method method;
};
/* NULL: none; ended by a row without name. */
const struct acl_keyword *acl_find_keyword(struct str name);
extern const struct acl_keyword acl_keywords[];

struct acl_test {
	struct acl_test *next;
	struct sample_expr expr;
	struct pattern_set set;
	const struct str *words; /* of the line, behind the name: for the dump */
	unsigned n_words;
};

struct acl {
	struct acl *next;
	const char *name; /* NULL: written in braces in a condition */
	struct acl_test *tests, **tests_end;
	unsigned need; /* enum sample_need: the most that a test needs */
};

struct acl_term {
	const struct acl *acl;
	bool is_negated, ends_group;
};

struct acl_cond {
	bool is_unless;
	const struct acl_term *terms;
	unsigned n_terms;
	const struct str *words; /* with `if`, for the dump */
	unsigned n_words;
};

/* Predefined lists (TRUE, METH_GET, ...): a name and the words of its one line. */
struct acl_predefined {
	const char *name;
	const char *words[6];
};
extern const struct acl_predefined acl_predefined[];

bool acl_test_matches(const struct acl_test *t, struct sample_ctx *x);
bool acl_matches(const struct acl *acl, struct sample_ctx *x);
/* cond NULL: always. */
bool acl_cond_holds(const struct acl_cond *cond, struct sample_ctx *x);

#endif
