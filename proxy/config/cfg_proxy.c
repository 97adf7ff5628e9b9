/* cfg_proxy.c - keywords of frontends and backends alike: mode, times, log, options. */
#include "config/cfg_internal.h"

#include <errno.h>
#include <stddef.h>

#define P(field) offsetof(struct cfg_proxy, field)
#define T(field) offsetof(struct cfg_timeouts, field)

static struct cfg_proxy *px(struct cfg_parser *p)
{
	return p->cur->px;
}

static void set_mode(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	if (cfg_arg_is(p, at, "http"))
		px(p)->mode = CFG_MODE_HTTP;
	else if (cfg_arg_is(p, at, "tcp"))
		px(p)->mode = CFG_MODE_TCP;
	else
		cfg_error(p, at, "'%s' expects 'http' or 'tcp', got '%s'", kw->name,
			  cfg_argz(p, at));
}

static void set_timeout(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	const uint64_t bit = UINT64_C(1) << (kw->offset / sizeof(int64_t));

	if (!cfg_read_time(p, at, kw->name,
			   (int64_t *)(void *)((char *)&px(p)->timeout + kw->offset)))
		return;
	if (p->cur->timeouts_seen & bit)
		cfg_warning(p, 1, "'%s' was given before in this section: this one counts",
			    kw->name);
	p->cur->timeouts_seen |= bit;
}

static void set_uint(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	if (!cfg_read_uint(p, at, kw->name, 0, 1 << 30,
			   (unsigned *)(void *)((char *)px(p) + kw->offset)))
		return;
}

static void set_disabled(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)at;
	px(p)->disabled = kw->name[0] == 'd';
}

static void set_id(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	if (cfg_read_uint(p, at, kw->name, 1, 0x7fffffff, &px(p)->id))
		p->cur->explicit_id = true;
}

/* ---- options ---- */

static void option_flag(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)at;
	*(bool *)((char *)px(p) + kw->offset) = p->prefix == PREFIX_NONE;
}

/* httpclose, http-server-close, http-keep-alive: one at a time. */
static void option_http_mode(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	bool *flag = kw->offset ? (bool *)((char *)px(p) + kw->offset) : NULL;

	(void)at;
	if (p->prefix == PREFIX_NO) {
		if (flag)
			*flag = false;
		return;
	}
	px(p)->httpclose = px(p)->http_server_close = false;
	if (p->prefix == PREFIX_NONE && flag)
		*flag = true;
}

static void option_tcpka(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)kw, (void)at;
	px(p)->tcpka_client = px(p)->tcpka_server = true;
}

static void option_redispatch(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	int64_t n = -1;

	if (at < p->line->n && p->prefix == PREFIX_NONE &&
	    str_parse_int(cfg_arg(p, at), -1000, 1000, &n) < 0) {
		cfg_error(p, at, "'%s' expects a number from -1000 to 1000, got '%s'", kw->name,
			  cfg_argz(p, at));
		return;
	}
	px(p)->redispatch = p->prefix == PREFIX_NONE && n != 0;
	px(p)->redispatch_interval = n != 0 ? (int)n : -1;
}

/* ADDRESS[/BITS or /MASK] */
bool cfg_parse_network(struct str s, struct addr *addr, unsigned *bits)
{
	const char *slash = s.len ? memchr(s.p, '/', s.len) : NULL;
	const struct str ip = { s.p, slash ? (size_t)(slash - s.p) : s.len };
	struct addr mask;
	struct addr a;
	int64_t n;

	if (addr_parse_ip(ip, &a) < 0)
		return false;
	n = a.sa.sa_family == AF_INET6 ? 128 : 32;
	if (slash) {
		const struct str m = { slash + 1, s.len - ip.len - 1 };

		if (a.sa.sa_family == AF_INET && addr_parse_ip(m, &mask) == 0 &&
		    mask.sa.sa_family == AF_INET) {
			const uint32_t v = ntohl(mask.in.sin_addr.s_addr);

			n = __builtin_popcount(v);
			if (n < 32 && v != ~(UINT32_MAX >> n))
				return false;
		} else if (str_parse_int(m, 0, n, &n) < 0) {
			return false;
		}
	}
	*addr = a;
	*bits = (unsigned)n;
	return true;
}

bool cfg_read_network(struct cfg_parser *p, unsigned i, struct addr *addr, unsigned *bits)
{
	if (cfg_parse_network(cfg_arg(p, i), addr, bits))
		return true;
	cfg_error(p, i, "'except' expects an address or network such as 127.0.0.0/8, got '%s'",
		  cfg_argz(p, i));
	return false;
}

static void option_forwardfor(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_proxy *x = px(p);

	x->forwardfor = true;
	x->forwardfor_ifnone = false;
	x->forwardfor_header = STR("X-Forwarded-For");
	x->forwardfor_except = (struct addr){ .len = 0 };
	x->forwardfor_except_bits = 0;
	for (; at < p->line->n; at++) {
		if (cfg_arg_is(p, at, "if-none")) {
			x->forwardfor_ifnone = true;
		} else if (cfg_arg_is(p, at, "except")) {
			if (!cfg_read_network(p, ++at, &x->forwardfor_except,
					      &x->forwardfor_except_bits))
				return;
		} else if (cfg_arg_is(p, at, "header")) {
			if (cfg_arg(p, ++at).len == 0) {
				cfg_error(p, at, "'header' expects the name of a header");
				return;
			}
			x->forwardfor_header = cfg_arg(p, at);
		} else {
			cfg_error(p, at,
				  "unknown parameter '%s' of '%s': it has 'except', 'header' and "
				  "'if-none'",
				  cfg_argz(p, at), kw->name);
			return;
		}
	}
}

#define TIMEOUT(n, s, f, h)                                                                        \
	{                                                                                          \
		"timeout " n, s, 1, 1, KW_SIDE, set_timeout, T(f), "TIME", h                       \
	}

const struct keyword cfg_proxy_keywords[] = {
	{ "mode", SEC_DEF_ALL, 1, 1, 0, set_mode, 0, "http|tcp", "what is balanced; default tcp" },
	{ "log", SEC_ANYWHERE, 0, ARGS_ANY, KW_NO, cfg_parse_log, 0,
	  "global | TARGET [len N] [format F] [sample RANGES:SIZE] FACILITY [MAX [MIN]]",
	  "where log lines go" },
	{ "acl", SEC_PROXY, 1, ARGS_ANY, 0, cfg_parse_acl, 0,
	  "NAME CRITERION[(ARGS)][,CONVERTER...] [FLAGS] [OPERATOR] [VALUES]",
	  "a test for conditions; lines of one name are or-ed" },
	{ "disabled", SEC_DEF_ALL, 0, 0, 0, set_disabled, 0, "", "do not start this proxy" },
	{ "enabled", SEC_DEF_ALL, 0, 0, 0, set_disabled, 0, "", "start this proxy" },
	{ "id", SEC_PROXY, 1, 1, 0, set_id, 0, "NUMBER", "number in the statistics" },
	TIMEOUT("client", SEC_DEF_FE, client_us, "idle time of a client"),
	TIMEOUT("connect", SEC_DEF_BE, connect_us, "time to connect to a server"),
	TIMEOUT("server", SEC_DEF_BE, server_us, "idle time of a server"),
	TIMEOUT("check", SEC_DEF_BE, check_us, "time of a health check after its connect"),
	TIMEOUT("http-request", SEC_DEF_ALL, http_request_us, "time to send a whole request head"),
	TIMEOUT("http-keep-alive", SEC_DEF_ALL, http_keep_alive_us, "wait for the next request"),
	TIMEOUT("queue", SEC_DEF_BE, queue_us, "wait for a free server"),
	TIMEOUT("tunnel", SEC_DEF_BE, tunnel_us, "idle time of a tunnel"),
	TIMEOUT("client-fin", SEC_DEF_FE, client_fin_us, "idle time of a half-closed client"),
	TIMEOUT("server-fin", SEC_DEF_BE, server_fin_us, "idle time of a half-closed server"),
	TIMEOUT("tarpit", SEC_DEF_ALL, tarpit_us, "how long a tarpitted request is held"),
	{ "maxconn", SEC_DEF_FE, 1, 1, KW_SIDE, set_uint, P(maxconn), "NUMBER",
	  "connections of this frontend at a time" },
	{ "backlog", SEC_DEF_FE, 1, 1, KW_SIDE, set_uint, P(backlog), "NUMBER",
	  "connections that wait to be accepted" },
	{ "rate-limit sessions", SEC_DEF_FE, 1, 1, KW_SIDE, set_uint, P(rate_limit), "NUMBER",
	  "new connections of this frontend a second; the others wait in the backlog" },
	{ "fullconn", SEC_DEF_BE, 1, 1, KW_SIDE, set_uint, P(fullconn), "NUMBER",
	  "load at which servers reach their maxconn (see minconn)" },
	{ "retries", SEC_DEF_BE, 1, 1, KW_SIDE, set_uint, P(retries), "NUMBER",
	  "further attempts to connect; default 3" },
	{ 0 },
};

#define FLAG(n, s, f, h)                                                                           \
	{                                                                                          \
		"option " n, s, 0, 0, KW_OPTION, option_flag, P(f), "", h                          \
	}

const struct keyword cfg_option_keywords[] = {
	FLAG("dontlognull", SEC_DEF_FE, dontlognull, "do not log connections without data"),
	FLAG("dontlog-normal", SEC_DEF_FE, dontlog_normal, "log only what went wrong"),
	FLAG("logasap", SEC_DEF_FE, logasap, "log before the transfer ends"),
	FLAG("log-separate-errors", SEC_DEF_FE, log_separate_errors,
	     "log what went wrong with level err"),
	FLAG("contstats", SEC_DEF_FE, contstats, "count bytes while they pass"),
	FLAG("idle-close-on-response", SEC_DEF_FE, idle_close_on_response,
	     "a drain leaves idle connections to their next request"),
	FLAG("log-health-checks", SEC_DEF_BE, log_health_checks, "log every health check"),
	{ "option http-keep-alive", SEC_DEF_ALL, 0, 0, KW_OPTION, option_http_mode, 0, "",
	  "keep connections of both sides; the default" },
	{ "option http-server-close", SEC_DEF_ALL, 0, 0, KW_OPTION, option_http_mode,
	  P(http_server_close), "", "close to servers, keep to clients" },
	{ "option httpclose", SEC_DEF_ALL, 0, 0, KW_OPTION, option_http_mode, P(httpclose), "",
	  "close both sides after each response" },
	{ "option forwardfor", SEC_DEF_ALL, 0, ARGS_ANY, KW_SIDE, option_forwardfor, 0,
	  "[except NETWORK] [header NAME] [if-none]", "add X-Forwarded-For" },
	{ "option redispatch", SEC_DEF_BE, 0, 1, KW_OPTION, option_redispatch, 0, "[INTERVAL]",
	  "retry on another server" },
	FLAG("abortonclose", SEC_DEF_BE, abortonclose,
	     "drop waiting requests of clients that left"),
	FLAG("allbackups", SEC_DEF_BE, allbackups, "use all backup servers, not the first only"),
	FLAG("prefer-last-server", SEC_DEF_BE, prefer_last_server,
	     "with 'http-reuse never': a client's further requests go where its connection is"),
	FLAG("persist", SEC_DEF_BE, persist,
	     "follow a persistence cookie even to a server that is down"),
	FLAG("clitcpka", SEC_DEF_FE, tcpka_client, "TCP keep-alive to clients"),
	FLAG("srvtcpka", SEC_DEF_BE, tcpka_server, "TCP keep-alive to servers"),
	{ "option tcpka", SEC_DEF_ALL, 0, 0, KW_SIDE, option_tcpka, 0, "",
	  "TCP keep-alive on both sides" },
	FLAG("nolinger", SEC_DEF_ALL, nolinger, "close with a reset"),
	{ 0 },
};
