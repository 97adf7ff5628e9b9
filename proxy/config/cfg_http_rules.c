/* cfg_http_rules.c - rules that act instead of naming a target: http-request, and the conditions of
 * persistence. An action is a row; what it does is in http/http_rules.c. */
#include "config/cfg_internal.h"

/* [if|unless CONDITION] from word `at` on, into a rule of the list. NULL: reported. */
static struct cfg_rule *add_rule(struct cfg_parser *p, const struct keyword *kw, unsigned at,
				 const struct cfg_rule **list, enum cfg_action action)
{
	const struct acl_cond *cond = NULL;
	struct cfg_rule *r;

	if (at < p->line->n && !(cond = cfg_parse_cond(p, kw->name, at)))
		return NULL;
	r = cfg_rule_add(p, list, kw->name, cond, (struct cfg_ref){ 0 });
	r->action = action;
	return r;
}

static void parse_persist(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	add_rule(p, kw, at, &p->cur->px->persist_rules, (enum cfg_action)kw->offset);
}

static void parse_http_request(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	add_rule(p, kw, at, &p->cur->px->http_requests, (enum cfg_action)kw->offset);
}

static void parse_service(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	if (str_eq(cfg_arg(p, at), STR("prometheus-exporter")))
		add_rule(p, kw, at + 1, &p->cur->px->http_requests, CFG_ACTION_METRICS);
	else
		cfg_error(p, at, "'%s' knows the service prometheus-exporter only, not '%s'",
			  kw->name, cfg_argz(p, at));
}

const struct keyword cfg_http_rule_keywords[] = {
	{ "force-persist", SEC_BE, 2, ARGS_ANY, KW_SIDE, parse_persist, CFG_ACTION_FORCE_PERSIST,
	  "if|unless CONDITION", "use the server of the cookie or rule even while it is down" },
	{ "ignore-persist", SEC_BE, 2, ARGS_ANY, KW_SIDE, parse_persist, CFG_ACTION_IGNORE_PERSIST,
	  "if|unless CONDITION", "neither read nor set the cookie" },
	{ "http-request disable-l7-retry", SEC_PROXY, 0, ARGS_ANY, 0, parse_http_request,
	  CFG_ACTION_DISABLE_L7_RETRY, "[if|unless CONDITION]",
	  "no 'retry-on' but for connections" },
	{ "http-request use-service", SEC_PROXY, 1, ARGS_ANY, 0, parse_service, 0,
	  "prometheus-exporter [if|unless CONDITION]", "answer with metrics for Prometheus" },
	{ 0 },
};
