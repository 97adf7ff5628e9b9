/* cfg_backend.c - keywords of backends: balance, server. The checks are in cfg_probe.c. */
#include "config/cfg_internal.h"
#include "config/cfg_names.h"

/* in the order of enum cfg_balance */
const char *const cfg_balances[] = { "roundrobin", "leastconn", "source",    "static-rr", "first",
				     "random",     "uri",       "url_param", "hdr",       NULL };
/* in the order of enum cfg_hash_fn */
const char *const cfg_hash_fns[] = { "sdbm", "djb2", "wt6", "crc32", NULL };

static const char *nth(const void *arg, size_t i)
{
	return ((const char *const *)arg)[i];
}

/* uri [len N] [depth N] [whole] [path-only] */
static void read_uri_args(struct cfg_parser *p, unsigned at, struct cfg_lb *lb)
{
	unsigned n;

	for (; at < p->line->n; at++) {
		if (cfg_arg_is(p, at, "len")) {
			if (cfg_read_uint(p, ++at, "balance uri len", 1, INT32_MAX, &n))
				lb->len = n;
		} else if (cfg_arg_is(p, at, "depth")) {
			/* the first slash is before the first level */
			if (cfg_read_uint(p, ++at, "balance uri depth", 1, INT32_MAX, &n))
				lb->depth = n + 1;
		} else if (cfg_arg_is(p, at, "whole")) {
			lb->whole = true;
		} else if (cfg_arg_is(p, at, "path-only")) {
			lb->path_only = true;
		} else {
			cfg_error(p, at,
				  "unknown parameter '%s' of 'balance uri': it has 'len', 'depth', "
				  "'whole' and 'path-only'",
				  cfg_argz(p, at));
			return;
		}
	}
}

/* url_param NAME [check_post [IGNORED]]: HAProxy 2.6 searches the bodies of POST with and without.
 */
static void read_param_args(struct cfg_parser *p, unsigned at, struct cfg_lb *lb)
{
	lb->name = cfg_arg(p, at);
	if (lb->name.len == 0)
		cfg_error(p, at, "'balance url_param' expects the name of a parameter");
	else if (at + 1 < p->line->n && !cfg_arg_is(p, at + 1, "check_post"))
		cfg_error(p, at + 1,
			  "'balance url_param %s' takes nothing but 'check_post', got '%s'",
			  cfg_argz(p, at), cfg_argz(p, at + 1));
	lb->check_post = cfg_arg_is(p, at + 1, "check_post");
}

/* The word between parentheses of word i; empty if there is none. */
static struct str in_parens(const struct cfg_parser *p, unsigned i)
{
	const struct str s = cfg_arg(p, i);
	const char *open = s.len ? memchr(s.p, '(', s.len) : NULL;

	if (!open || s.p[s.len - 1] != ')')
		return STR("");
	return arena_str(p->arena, (struct str){ open + 1, (size_t)(s.p + s.len - open) - 2 });
}

/* hdr(NAME) [use_domain_only] */
static void read_hdr_args(struct cfg_parser *p, unsigned at, struct cfg_lb *lb)
{
	lb->name = in_parens(p, at - 1);
	if (lb->name.len == 0) {
		cfg_error(p, at - 1,
			  "'balance hdr' expects the name of a header in parentheses: hdr(NAME)");
		return;
	}
	lb->domain_only = cfg_arg_is(p, at, "use_domain_only");
	cfg_no_more_args(p, lb->domain_only ? at + 1 : at);
}

static void read_random_args(struct cfg_parser *p, unsigned at, struct cfg_lb *lb)
{
	const struct str s = cfg_arg(p, at - 1);
	int64_t n = 2;

	if (memchr(s.p, '(', s.len) && str_parse_int(in_parens(p, at - 1), 1, 1000, &n) < 0)
		cfg_error(p, at - 1,
			  "'balance random' expects a number of draws from 1 to 1000, got '%s'",
			  cfg_argz(p, at - 1));
	lb->draws = (unsigned)n;
}

static void read_balance_args(struct cfg_parser *p, unsigned at, enum cfg_balance b)
{
	struct cfg_lb *lb = &p->cur->px->lb;
	const struct cfg_lb old = *lb;

	*lb = (struct cfg_lb){ .is_consistent = old.is_consistent,
			       .avalanche = old.avalanche,
			       .hash_fn = old.hash_fn,
			       .balance_factor = old.balance_factor };
	switch (b) {
	case CFG_LB_URI:
		read_uri_args(p, at, lb);
		return;
	case CFG_LB_URL_PARAM:
		read_param_args(p, at, lb);
		return;
	case CFG_LB_HDR:
		read_hdr_args(p, at, lb);
		return;
	case CFG_LB_RANDOM:
		read_random_args(p, at, lb);
		break;
	case CFG_LB_ROUNDROBIN:
	case CFG_LB_LEASTCONN:
	case CFG_LB_SOURCE:
	case CFG_LB_STATIC_RR:
	case CFG_LB_FIRST:
		break;
	}
	if (at < p->line->n)
		cfg_warning(p, at, "'balance %s' has no arguments: '%s' is ignored",
			    cfg_balances[b], cfg_argz(p, at));
}

static void set_balance(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	const struct str word = cfg_arg(p, at);
	const char *open = word.len ? memchr(word.p, '(', word.len) : NULL;
	const struct str name = { word.p, open ? (size_t)(open - word.p) : word.len };
	size_t n = 0;

	for (; cfg_balances[n]; n++) {
		const enum cfg_balance b = (enum cfg_balance)n;

		if (open && b != CFG_LB_HDR && b != CFG_LB_RANDOM)
			continue;
		/* without argument: round robin, as in HAProxy */
		if (at < p->line->n && !str_eq(name, str_from(cfg_balances[n])))
			continue;
		p->cur->px->balance = b;
		read_balance_args(p, at + 1, b);
		return;
	}
	if (str_eq(name, STR("rdp-cookie"))) {
		cfg_error(p, at, "'%s rdp-cookie' is known to HAProxy, but not supported yet",
			  kw->name);
		return;
	}
	const char *best = diag_nearest(word, nth, cfg_balances, n);

	if (best)
		cfg_error(p, at, "unknown algorithm '%s' of '%s'; did you mean '%s'?",
			  cfg_argz(p, at), kw->name, best);
	else
		cfg_error(p, at,
			  "'%s' expects roundrobin, static-rr, leastconn, first, random, source, "
			  "uri, url_param or hdr(NAME), got '%s'",
			  kw->name, cfg_argz(p, at));
}

/* hash-type map-based|consistent [FUNCTION [avalanche]] */
static void set_hash_type(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_lb *lb = &p->cur->px->lb;
	size_t n = 0;

	if (!cfg_arg_is(p, at, "consistent") && !cfg_arg_is(p, at, "map-based")) {
		cfg_error(p, at, "'%s' expects 'map-based' or 'consistent', got '%s'", kw->name,
			  cfg_argz(p, at));
		return;
	}
	lb->is_consistent = cfg_arg_is(p, at, "consistent");
	lb->hash_fn = CFG_HASH_SDBM;
	lb->avalanche = lb->is_consistent;
	if (at + 1 >= p->line->n)
		return;
	while (cfg_hash_fns[n] && !cfg_arg_is(p, at + 1, cfg_hash_fns[n]))
		n++;
	if (!cfg_hash_fns[n]) {
		cfg_error(p, at + 1,
			  "'%s' expects the hash function sdbm, djb2, wt6 or crc32, got '%s'",
			  kw->name, cfg_argz(p, at + 1));
		return;
	}
	lb->hash_fn = (enum cfg_hash_fn)n;
	lb->avalanche = cfg_arg_is(p, at + 2, "avalanche");
	if (at + 2 < p->line->n && !lb->avalanche)
		cfg_error(p, at + 2, "'%s' expects nothing or 'avalanche' here, got '%s'", kw->name,
			  cfg_argz(p, at + 2));
}

static void set_balance_factor(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	unsigned n;

	if (!cfg_read_uint(p, at, kw->name, 0, INT32_MAX, &n))
		return;
	if (n != 0 && n <= 100)
		cfg_error(p, at, "'%s' expects 0 or a number above 100, got '%s'", kw->name,
			  cfg_argz(p, at));
	else
		p->cur->px->lb.balance_factor = n;
}

const struct cfg_retry_word cfg_retry_words[] = {
	{ "none", CFG_RETRY_NONE },
	{ "conn-failure", CFG_RETRY_CONN },
	{ "empty-response", CFG_RETRY_EMPTY },
	{ "junk-response", CFG_RETRY_JUNK },
	{ "response-timeout", CFG_RETRY_TIMEOUT },
	{ "0rtt-rejected", CFG_RETRY_0RTT },
	{ "401", CFG_RETRY_401 },
	{ "403", CFG_RETRY_403 },
	{ "404", CFG_RETRY_404 },
	{ "408", CFG_RETRY_408 },
	{ "425", CFG_RETRY_425 },
	{ "500", CFG_RETRY_500 },
	{ "501", CFG_RETRY_501 },
	{ "502", CFG_RETRY_502 },
	{ "503", CFG_RETRY_503 },
	{ "504", CFG_RETRY_504 },
	{ NULL, 0 },
};

#define ALL_RETRYABLE                                                                              \
	(CFG_RETRY_CONN | CFG_RETRY_EMPTY | CFG_RETRY_JUNK | CFG_RETRY_TIMEOUT | CFG_RETRY_0RTT |  \
	 CFG_RETRY_500 | CFG_RETRY_502 | CFG_RETRY_503 | CFG_RETRY_504)

static void set_retry_on(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	unsigned mask = 0;

	for (unsigned i = at; i < p->line->n; i++) {
		const struct cfg_retry_word *w = cfg_retry_words;

		if (cfg_arg_is(p, i, "all-retryable-errors")) {
			mask |= ALL_RETRYABLE;
			continue;
		}
		while (w->name && !cfg_arg_is(p, i, w->name))
			w++;
		if (!w->name) {
			cfg_error(p, i,
				  "'%s' expects 'none', 'conn-failure', 'empty-response', "
				  "'junk-response', 'response-timeout', '0rtt-rejected', "
				  "'all-retryable-errors' or a status among 401, 403, 404, 408, "
				  "425, 500 to 504; got '%s'",
				  kw->name, cfg_argz(p, i));
			return;
		}
		mask |= w->bit;
	}
	if ((mask & CFG_RETRY_NONE) && p->line->n > at + 1)
		cfg_error(p, at, "'none' stands alone in '%s'", kw->name);
	p->cur->px->retry_on = mask;
}

const struct keyword cfg_backend_keywords[] = {
	{ "balance", SEC_DEF_BE, 0, ARGS_ANY, KW_SIDE, set_balance, 0,
	  "roundrobin|static-rr|leastconn|first|random[(N)]|source|uri ...|url_param "
	  "NAME [check_post]|hdr(NAME)",
	  "how a server is chosen; default roundrobin" },
	{ "retry-on", SEC_DEF_BE, 1, ARGS_ANY, KW_SIDE, set_retry_on, 0, "CONDITION...",
	  "what is tried again; default conn-failure" },
	{ "hash-type", SEC_DEF_BE, 1, ARGS_ANY, KW_SIDE, set_hash_type, 0,
	  "map-based|consistent [sdbm|djb2|wt6|crc32 [avalanche]]",
	  "how a hash finds its server; default map-based sdbm" },
	{ "hash-balance-factor", SEC_DEF_BE, 1, 1, KW_SIDE, set_balance_factor, 0, "PERCENT",
	  "most load of a server with hash-type consistent, in percent of the average" },
	{ "server", SEC_BE, 2, ARGS_ANY, 0, cfg_parse_server, 0, "NAME ADDRESS[:PORT] [parameters]",
	  "a server" },
	{ "server-template", SEC_BE, 3, ARGS_ANY, 0, cfg_parse_server_template, 0,
	  "PREFIX NUMBER|LOW-HIGH ADDRESS[:PORT] [parameters]",
	  "so many servers, named PREFIX1 and so on, that share a name" },
	{ "use-server", SEC_BE, 1, ARGS_ANY, KW_SIDE, cfg_parse_use_server, 0,
	  "NAME if|unless CONDITION", "the server of the requests that meet the condition" },
	{ "source", SEC_DEF_BE, 1, ARGS_ANY, KW_SIDE, cfg_parse_source, 0,
	  "ADDRESS[:PORT] [usesrc ADDRESS|client|clientip] [interface NAME]",
	  "local address of connections to servers that have no 'source'" },
	{ "default-server", SEC_DEF_BE, 1, ARGS_ANY, 0, cfg_parse_default_server, 0, "parameters",
	  "parameters of the servers that follow" },
	{ 0 },
};
