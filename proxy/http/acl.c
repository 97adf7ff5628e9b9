/* acl.c - evaluation of conditions, and the tables of criteria and predefined lists. */
#include "http/acl.h"

#define METHODS(name, fetch)                                                                       \
	{ name "_beg", fetch, PATTERN_BEG }, { name "_dir", fetch, PATTERN_DIR },                  \
		{ name "_dom", fetch, PATTERN_DOM }, { name "_end", fetch, PATTERN_END },          \
		{ name "_len", fetch, PATTERN_LEN }, { name "_reg", fetch, PATTERN_REG },          \
	{                                                                                          \
		name "_sub", fetch, PATTERN_SUB                                                    \
	}

const struct acl_keyword acl_keywords[] = {
	METHODS("path", "path"),
	METHODS("hdr", "req.hdr"),
	METHODS("url", "url"),
	METHODS("urlp", "urlp"),
	METHODS("base", "base"),
	METHODS("cook", "req.cook"),
	{ 0 },
};

const struct acl_predefined acl_predefined[] = {
	{ "TRUE", { "always_true" } },
	{ "FALSE", { "always_false" } },
	{ "LOCALHOST", { "src", "127.0.0.1/8", "::1" } },
	{ "HTTP", { "req.proto_http" } },
	{ "HTTP_1.0", { "req.ver", "1.0" } },
	{ "HTTP_1.1", { "req.ver", "1.1" } },
	{ "HTTP_2.0", { "req.ver", "2.0" } },
	{ "HTTP_CONTENT", { "req.hdr_val(content-length)", "gt", "0" } },
	{ "HTTP_URL_ABS", { "url_reg", "^[^/:]*://" } },
	{ "HTTP_URL_SLASH", { "url_beg", "/" } },
	{ "HTTP_URL_STAR", { "url", "*" } },
	{ "METH_CONNECT", { "method", "CONNECT" } },
	{ "METH_DELETE", { "method", "DELETE" } },
	{ "METH_GET", { "method", "GET", "HEAD" } },
	{ "METH_HEAD", { "method", "HEAD" } },
	{ "METH_OPTIONS", { "method", "OPTIONS" } },
	{ "METH_POST", { "method", "POST" } },
	{ "METH_PUT", { "method", "PUT" } },
	{ "METH_TRACE", { "method", "TRACE" } },
	{ 0 },
};

const struct acl_keyword *acl_find_keyword(struct str name)
{
	for (const struct acl_keyword *k = acl_keywords; k->name; k++)
		if (str_eq(str_from(k->name), name))
			return k;
	return NULL;
}

bool acl_test_matches(const struct acl_test *t, struct sample_ctx *x)
{
	struct sample_iter it = { 0 };
	struct sample s;
	bool hit = false;
	const size_t used = x->scratch.used;

	while (!hit && sample_next(x, &t->expr, &it, &s)) {
		hit = pattern_matches(&t->set, x, &s);
		x->scratch.used = used;
	}
	x->scratch.used = used;
	return hit;
}

bool acl_matches(const struct acl *acl, struct sample_ctx *x)
{
	for (const struct acl_test *t = acl->tests; t; t = t->next)
		if (acl_test_matches(t, x))
			return true;
	return false;
}

bool acl_cond_holds(const struct acl_cond *cond, struct sample_ctx *x)
{
	bool group = true, has_term = false;

	if (!cond)
		return true;
	for (unsigned i = 0; i < cond->n_terms; i++) {
		const struct acl_term *t = &cond->terms[i];

		if (t->acl) { /* an empty group is a conjunction of nothing: it does not hold */
			has_term = true;
			group = group && acl_matches(t->acl, x) != t->is_negated;
		}
		if (!t->ends_group)
			continue;
		if (group && has_term)
			return !cond->is_unless;
		group = true;
		has_term = false;
	}
	return cond->is_unless;
}
