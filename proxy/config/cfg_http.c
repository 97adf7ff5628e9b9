/* cfg_http.c - options about HTTP connections and about the fields that we add to requests. */
#include "config/cfg_internal.h"

#include <stddef.h>

#include "config/cfg_names.h"

#define P(field) offsetof(struct cfg_proxy, field)

/* in the order of enum cfg_reuse */
const char *const cfg_reuses[] = { "", "never", "safe", "aggressive", "always", NULL };

static void option_flag(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)at;
	*(bool *)((char *)p->cur->px + kw->offset) = p->prefix == PREFIX_NONE;
}

static void option_originalto(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_originalto *o = &p->cur->px->originalto;

	*o = (struct cfg_originalto){ .enabled = true, .header = STR("X-Original-To") };
	for (; at < p->line->n; at++) {
		if (cfg_arg_is(p, at, "except")) {
			if (!cfg_read_network(p, ++at, &o->except, &o->except_bits))
				return;
		} else if (cfg_arg_is(p, at, "header")) {
			if (cfg_arg(p, ++at).len == 0) {
				cfg_error(p, at, "'header' expects the name of a header");
				return;
			}
			o->header = cfg_arg(p, at);
		} else {
			cfg_error(p, at,
				  "unknown parameter '%s' of '%s': it has 'except' and 'header'",
				  cfg_argz(p, at), kw->name);
			return;
		}
	}
}

/* HAProxy has it since 2.8. */
static void option_forwarded(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	unsigned fields = 0;

	if (p->prefix != PREFIX_NONE) {
		p->cur->px->forwarded = 0;
		return;
	}
	for (; at < p->line->n; at++) {
		size_t i = 0;

		while (cfg_forwarded_fields[i] && !cfg_arg_is(p, at, cfg_forwarded_fields[i]))
			i++;
		if (!cfg_forwarded_fields[i]) {
			cfg_error(p, at,
				  str_ends_with(cfg_arg(p, at), STR("-expr"))
					  ? "the parameter '%s' of '%s' is known to HAProxy, but "
					    "not supported yet"
					  : "unknown parameter '%s' of '%s': it has 'proto', "
					    "'host', 'by', 'by_port', 'for' and 'for_port'",
				  cfg_argz(p, at), kw->name);
			return;
		}
		fields |= 1u << i;
	}
	if ((fields & CFG_FWD_BY_PORT) && !(fields & CFG_FWD_BY))
		cfg_warning(p, at - 1, "'by_port' has no effect without 'by'");
	if ((fields & CFG_FWD_FOR_PORT) && !(fields & CFG_FWD_FOR))
		cfg_warning(p, at - 1, "'for_port' has no effect without 'for'");
	p->cur->px->forwarded = fields ? fields : CFG_FWD_PROTO | CFG_FWD_FOR;
}

const char *const cfg_forwarded_fields[] = { "proto", "host",     "by", "by_port",
					     "for",   "for_port", NULL };

static void set_reuse(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	for (unsigned i = 1; cfg_reuses[i]; i++) {
		if (!cfg_arg_is(p, at, cfg_reuses[i]))
			continue;
		p->cur->px->http_reuse = (enum cfg_reuse)i;
		return;
	}
	cfg_error(p, at, "'%s' expects 'never', 'safe', 'aggressive' or 'always', got '%s'",
		  kw->name, cfg_argz(p, at));
}

const struct keyword cfg_http_keywords[] = {
	{ "option http-pretend-keepalive", SEC_DEF_BE, 0, 0, KW_OPTION, option_flag,
	  P(http_pretend_keepalive), "",
	  "do not tell the server that its connection will be closed" },
	{ "option http-buffer-request", SEC_DEF_ALL, 0, 0, KW_OPTION, option_flag,
	  P(http_buffer_request), "", "wait for the whole body before a server is chosen" },
	{ "option originalto", SEC_DEF_ALL, 0, ARGS_ANY, KW_SIDE, option_originalto, 0,
	  "[except NETWORK] [header NAME]", "add X-Original-To" },
	{ "option forwarded", SEC_DEF_BE, 0, ARGS_ANY, KW_OPTION, option_forwarded, 0,
	  "[proto] [host] [by] [by_port] [for] [for_port]", "add Forwarded (RFC 7239)" },
	{ "http-reuse", SEC_DEF_BE, 1, 1, KW_SIDE, set_reuse, 0, "never|safe|aggressive|always",
	  "who may use idle server connections" },
	{ 0 },
};
