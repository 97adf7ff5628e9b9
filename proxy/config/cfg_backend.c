/* cfg_backend.c - keywords of backends: balance, server. The checks are in cfg_probe.c. */
#include "config/cfg_internal.h"
#include "config/cfg_names.h"

/* in the order of enum cfg_balance */
const char *const cfg_balances[] = { "roundrobin", "leastconn", "source", NULL };

static const char *nth(const void *arg, size_t i)
{
	return ((const char *const *)arg)[i];
}

static void set_balance(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	size_t n = 0;

	for (; cfg_balances[n]; n++) {
		if (at < p->line->n && !cfg_arg_is(p, at, cfg_balances[n]))
			continue;
		/* without argument: round robin, as in HAProxy */
		p->cur->px->balance = (enum cfg_balance)n;
		if (at + 1 < p->line->n)
			cfg_warning(p, at + 1, "'%s %s' has no arguments: '%s' is ignored",
				    kw->name, cfg_balances[n], cfg_argz(p, at + 1));
		return;
	}
	const char *best = diag_nearest(cfg_arg(p, at), nth, cfg_balances, n);

	if (best)
		cfg_error(p, at, "unknown algorithm '%s' of '%s'; did you mean '%s'?",
			  cfg_argz(p, at), kw->name, best);
	else
		cfg_error(p, at, "'%s' expects roundrobin, leastconn or source, got '%s'", kw->name,
			  cfg_argz(p, at));
}

const struct keyword cfg_backend_keywords[] = {
	{ "balance", SEC_DEF_BE, 0, ARGS_ANY, KW_SIDE, set_balance, 0,
	  "roundrobin|leastconn|source", "how a server is chosen; default roundrobin" },
	{ "server", SEC_BE, 2, ARGS_ANY, 0, cfg_parse_server, 0, "NAME ADDRESS[:PORT] [parameters]",
	  "a server" },
	{ "default-server", SEC_DEF_BE, 1, ARGS_ANY, 0, cfg_parse_default_server, 0, "parameters",
	  "parameters of the servers that follow" },
	{ 0 },
};
