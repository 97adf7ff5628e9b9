/* cfg_frontend.c - keywords of frontends. */
#include "config/cfg_internal.h"

static void set_default_backend(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)kw;
	p->cur->default_backend = (struct cfg_ref){ cfg_argz(p, at), lex_pos(p->line, at) };
}

static void set_monitor_uri(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	if (cfg_arg(p, at).len == 0)
		cfg_error(p, at, "'%s' expects a URI", kw->name);
	else
		p->cur->px->monitor_uri = cfg_arg(p, at);
}

const struct keyword cfg_frontend_keywords[] = {
	{ "bind", SEC_FE, 1, ARGS_ANY, KW_SIDE, cfg_parse_bind, 0,
	  "ADDRESS:PORT[-PORT][,...] | PATH | fd@N [parameters]", "where to listen" },
	{ "default_backend", SEC_DEF_FE, 1, 1, KW_SIDE, set_default_backend, 0, "NAME",
	  "the backend that serves this frontend" },
	{ "use_backend", SEC_FE, 1, ARGS_ANY, KW_SIDE, cfg_parse_use_backend, 0,
	  "NAME [if|unless CONDITION]", "the backend of the requests that meet the condition" },
	{ "monitor fail", SEC_FE, 1, ARGS_ANY, KW_SIDE, cfg_parse_monitor_fail, 0,
	  "if|unless CONDITION", "answer 503 to monitor-uri" },
	{ "monitor-uri", SEC_DEF_FE, 1, 1, KW_SIDE, set_monitor_uri, 0, "URI",
	  "answer 200 to this request without a backend" },
	{ 0 },
};
