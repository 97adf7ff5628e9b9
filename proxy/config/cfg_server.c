/* cfg_server.c - `server` and `default-server` lines. */
#include "config/cfg_internal.h"

#include <net/if.h>
#include <stddef.h>

void cfg_server_init(struct cfg_server *s)
{
	*s = (struct cfg_server){ .weight = 1,
				  .inter_us = 2000000,
				  .rise = 2,
				  .fall = 3,
				  .error_limit = 10,
				  .pool_max_conn = -1,
				  .max_reuse = -1,
				  .pool_purge_delay_us = 5000000 };
}

/* ---- parameters ---- */

static void set_bool(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	(void)p, (void)at;
	*(bool *)((char *)target + pm->offset) = pm->max != 0;
}

/* A time above min. */
static void set_time(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	int64_t us;

	if (!cfg_read_time(p, at + 1, pm->name, &us))
		return;
	if (us < pm->min)
		cfg_error(p, at + 1, "'%s' expects a time above 0, got '%s'", pm->name,
			  cfg_argz(p, at + 1));
	else
		*(int64_t *)(void *)((char *)target + pm->offset) = us;
}

/* -1: no limit */
static void set_limit(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	int64_t n;

	if (str_parse_int(cfg_arg(p, at + 1), -1, INT32_MAX, &n) < 0)
		cfg_error(p, at + 1, "'%s' expects a number, or -1 for no limit, got '%s'",
			  pm->name, cfg_argz(p, at + 1));
	else
		*(int *)(void *)((char *)target + pm->offset) = (int)n;
}

static void set_proxy_protocol(struct cfg_parser *p, const struct param *pm, void *target,
			       unsigned at)
{
	(void)p, (void)at;
	((struct cfg_server *)target)->send_proxy = (unsigned)pm->max;
}

static void set_port(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	unsigned port;

	if (cfg_read_uint(p, at + 1, pm->name, 1, 65535, &port))
		((struct cfg_server *)target)->check_port = (uint16_t)port;
}

static void set_cookie(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	(void)pm;
	((struct cfg_server *)target)->cookie = cfg_arg(p, at + 1);
}

static void set_check_addr(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	struct cfg_server *s = target;
	struct cfg_addr a;

	if (!cfg_addr_parse(p, at + 1, cfg_arg(p, at + 1),
			    ADDR_PORT_OK | ADDR_RESOLVE | ADDR_UNIX_OK, pm->name, &a))
		return;
	s->check_addr = a.addr;
	if (a.has_port)
		s->check_port = a.port_lo;
}

static void set_source(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	struct cfg_addr a;

	if (cfg_addr_parse(p, at + 1, cfg_arg(p, at + 1),
			   ADDR_PORT_OK | ADDR_RESOLVE | ADDR_EMPTY_OK, pm->name, &a))
		((struct cfg_server *)target)->source = a.addr;
}

/* usesrc client|clientip|ADDR; HAProxy wants it right behind `source`. */
static void set_usesrc(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	struct cfg_server *s = target;
	struct cfg_addr a;

	if (s->source.len == 0) {
		cfg_error(p, at, "'%s' is given together with 'source': source 0.0.0.0 usesrc ...",
			  pm->name);
	} else if (cfg_arg_is(p, at + 1, "client")) {
		s->usesrc = CFG_USESRC_CLIENT;
	} else if (cfg_arg_is(p, at + 1, "clientip")) {
		s->usesrc = CFG_USESRC_CLIENTIP;
	} else if (strncmp(cfg_argz(p, at + 1), "hdr_ip", 6) == 0) {
		cfg_error(p, at + 1,
			  "'usesrc hdr_ip()' is known to HAProxy, but not supported yet");
	} else if (cfg_addr_parse(p, at + 1, cfg_arg(p, at + 1), ADDR_PORT_OK | ADDR_RESOLVE,
				  pm->name, &a)) {
		s->usesrc = CFG_USESRC_ADDR;
		s->usesrc_addr = a.addr;
	}
}

static void set_interface(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	const char *name = cfg_argz(p, at + 1);

	if (name[0] == '\0' || strlen(name) >= IFNAMSIZ)
		cfg_error(p, at + 1, "'%s' expects the name of an interface, got '%s'", pm->name,
			  name);
	else
		((struct cfg_server *)target)->source_interface = name;
}

#define F(field) offsetof(struct cfg_server, field)
const struct param cfg_server_params[] = {
	{ "check", 0, set_bool, F(check), 0, 1, "", "check the health of the server" },
	{ "no-check", 0, set_bool, F(check), 0, 0, "", "do not check it" },
	{ "inter", 1, set_time, F(inter_us), 1, 0, "TIME", "time between checks; default 2s" },
	{ "fastinter", 1, set_time, F(fastinter_us), 1, 0, "TIME",
	  "... while it goes up or down; default as inter" },
	{ "downinter", 1, set_time, F(downinter_us), 1, 0, "TIME",
	  "... while it is down; default as inter" },
	{ "rise", 1, cfg_param_uint, F(rise), 1, 0x7fffffff, "NUMBER",
	  "successful checks that make it UP; default 2" },
	{ "fall", 1, cfg_param_uint, F(fall), 1, 0x7fffffff, "NUMBER",
	  "failed checks that make it DOWN; default 3" },
	{ "port", 1, set_port, 0, 0, 0, "PORT", "port of the checks" },
	{ "addr", 1, set_check_addr, 0, 0, 0, "ADDRESS", "address of the checks" },
	{ "check-send-proxy", 0, set_bool, F(check_send_proxy), 0, 1, "",
	  "checks send a PROXY protocol header too" },
	{ "no-check-send-proxy", 0, set_bool, F(check_send_proxy), 0, 0, "", "they do not" },
	{ "init-state", 1, cfg_set_init_state, 0, 0, 0, "up|fully-up|down|fully-down",
	  "how a checked server begins; default up" },
	{ "track", 1, cfg_set_track, 0, 0, 0, "[PROXY/]SERVER", "its state follows that server's" },
	{ "agent-check", 0, set_bool, F(agent), 0, 1, "", "ask an agent about state and weight" },
	{ "no-agent-check", 0, set_bool, F(agent), 0, 0, "", "ask none" },
	{ "agent-port", 1, cfg_set_agent_port, 0, 0, 0, "PORT", "port of the agent" },
	{ "agent-addr", 1, cfg_set_agent_addr, 0, 0, 0, "ADDRESS",
	  "address of the agent; default the server's" },
	{ "agent-inter", 1, set_time, F(agent_inter_us), 1, 0, "TIME",
	  "time between its questions; default as inter" },
	{ "agent-send", 1, cfg_set_agent_send, 0, 0, 0, "TEXT", "what is sent to the agent" },
	{ "observe", 1, cfg_set_observe, 0, 0, 0, "none|layer4|layer7",
	  "errors of the traffic count too" },
	{ "error-limit", 1, cfg_param_uint, F(error_limit), 1, 0x7fffffff, "NUMBER",
	  "so many in a row are one event; default 10" },
	{ "on-error", 1, cfg_set_on_error, 0, 0, 0, "fastinter|fail-check|sudden-death|mark-down",
	  "what follows then; default fail-check" },
	{ "on-marked-down", 1, cfg_set_on_marked, 0, 0, 0, "shutdown-sessions",
	  "when it goes DOWN, its sessions end" },
	{ "on-marked-up", 1, cfg_set_on_marked, 0, 0, 1, "shutdown-backup-sessions",
	  "when it comes UP, the sessions on backup servers end" },
	{ "weight", 1, cfg_param_uint, F(weight), 0, 256, "NUMBER",
	  "share of the load, 0 to 256; default 1" },
	{ "backup", 0, set_bool, F(backup), 0, 1, "", "used when all others are down" },
	{ "no-backup", 0, set_bool, F(backup), 0, 0, "", "a server as any other" },
	{ "disabled", 0, set_bool, F(disabled), 0, 1, "", "starts in maintenance" },
	{ "enabled", 0, set_bool, F(disabled), 0, 0, "", "starts in service" },
	{ "maxconn", 1, cfg_param_uint, F(maxconn), 0, 1 << 30, "NUMBER", "connections at a time" },
	{ "minconn", 1, cfg_param_uint, F(minconn), 0, 1 << 30, "NUMBER",
	  "maxconn while the backend's load is low" },
	{ "maxqueue", 1, cfg_param_uint, F(maxqueue), 0, 1 << 30, "NUMBER",
	  "waiting requests at a time" },
	{ "cookie", 1, set_cookie, 0, 0, 0, "VALUE", "its name in the persistence cookie" },
	{ "slowstart", 1, set_time, F(slowstart_us), 0, 0, "TIME",
	  "time to full weight after it came up" },
	{ "pool-max-conn", 1, set_limit, F(pool_max_conn), 0, 0, "NUMBER",
	  "idle connections to keep; -1: all" },
	{ "pool-purge-delay", 1, set_time, F(pool_purge_delay_us), 0, 0, "TIME",
	  "how long a connection may be idle; default 5s" },
	{ "max-reuse", 1, set_limit, F(max_reuse), 0, 0, "NUMBER",
	  "further requests on a connection; -1: any number" },
	{ "send-proxy", 0, set_proxy_protocol, 0, 0, 1, "", "send a PROXY protocol header" },
	{ "send-proxy-v2", 0, set_proxy_protocol, 0, 0, 2, "", "... in version 2" },
	{ "no-send-proxy", 0, set_proxy_protocol, 0, 0, 0, "", "send none" },
	{ "no-send-proxy-v2", 0, set_proxy_protocol, 0, 0, 0, "", "send none" },
	{ "source", 1, set_source, 0, 0, 0, "ADDRESS", "local address of connections to it" },
	{ "usesrc", 1, set_usesrc, 0, 0, 0, "ADDRESS|client|clientip",
	  "address that the server sees, foreign ones too (needs CAP_NET_ADMIN)" },
	{ "interface", 1, set_interface, 0, 0, 0, "NAME", "connect through this interface" },
	{ "tcp-ut", 1, set_time, F(tcp_ut_us), 0, 0, "TIME",
	  "close connections whose data nobody acknowledges for so long" },
	{ "init-addr", 1, cfg_set_init_addr, 0, 0, 0, "LIST",
	  "how its name is resolved at the start" },
	{ "resolvers", 1, cfg_set_resolvers, 0, 0, 0, "NAME", "... and all the time after it" },
	{ "resolve-prefer", 1, cfg_set_resolve_prefer, 0, 0, 0, "ipv4|ipv6",
	  "preferred family; default ipv6" },
	{ "resolve-net", 1, cfg_set_resolve_net, 0, 0, 0, "NETWORK[,NETWORK...]",
	  "preferred networks" },
	{ "resolve-opts", 1, cfg_set_resolve_opts, 0, 0, 0,
	  "allow-dup-ip|prevent-dup-ip|ignore-weight[,...]", "how addresses are dealt out" },
	{ "id", 1, cfg_param_uint, F(id), 1, 0x7fffffff, "NUMBER", "number in the statistics" },
	{ 0 },
};
#undef F

/* ---- lines ---- */

static bool parse_address(struct cfg_parser *p, unsigned at, struct cfg_server *s,
			  struct cfg_addr *a)
{
	if (!cfg_addr_parse(p, at, cfg_arg(p, at),
			    ADDR_PORT_OK | ADDR_OFFSET_OK | ADDR_UNIX_OK | ADDR_RESOLVE |
				    ADDR_LATER | ADDR_EMPTY_OK,
			    "server", a))
		return false;
	s->addr = a->addr;
	s->host = a->host;
	s->fqdn = a->is_name ? a->name : NULL;
	s->is_srv = a->is_name && a->name[0] == '_';
	s->port = a->has_port ? a->port_lo : 0;
	s->port_offset = a->port_offset;
	s->port_is_from_client = a->addr.sa.sa_family != AF_UNIX && !a->has_port;
	return true;
}

static void refuse_duplicate(struct cfg_parser *p, unsigned at)
{
	for (const struct cfg_server *s = p->cur->px->servers; s; s = s->next) {
		if (!cfg_arg_is(p, at, s->name))
			continue;
		cfg_error(p, at, "%s '%s' has a server '%s' already, at line %u: rename one",
			  cfg_section_name(p->section), p->cur->name.name, s->name, s->pos.line);
		return;
	}
}

/* Address and parameters, from word `at` on. */
static void parse_rest(struct cfg_parser *p, unsigned at, struct cfg_server *s)
{
	struct cfg_addr a;
	const bool has_address = parse_address(p, at, s, &a);

	cfg_params_parse(p, "server", cfg_server_params, cfg_known_server_params, s, at + 1);
	if (has_address && s->fqdn)
		cfg_server_find_address(p, at, s, &a);
}

static void add_server(struct draft *d, struct cfg_server *s)
{
	if (d->last_server)
		d->last_server->next = s;
	else
		d->px->servers = s;
	d->last_server = s;
	d->px->n_servers++;
}

void cfg_parse_server(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_server *s = arena_new(p->arena, struct cfg_server);

	(void)kw;
	*s = p->cur->server_defaults;
	s->id = 0;
	s->name = cfg_argz(p, at);
	s->pos = lex_pos(p->line, at);
	if (s->name[0] == '\0')
		cfg_error(p, at, "the name of the server is empty");
	else if (cfg_check_name(p, at, "server"))
		refuse_duplicate(p, at);
	parse_rest(p, at + 1, s);
	add_server(p->cur, s);
}

/* "N" or "LOW-HIGH" */
static bool read_range(struct cfg_parser *p, unsigned at, unsigned *lo, unsigned *hi)
{
	const struct str s = cfg_arg(p, at);
	const char *dash = memchr(s.p, '-', s.len);
	const struct str first = { s.p, dash ? (size_t)(dash - s.p) : s.len };
	const struct str last = { dash ? dash + 1 : s.p, dash ? s.len - first.len - 1 : s.len };
	int64_t from = 1, to;

	if (str_parse_int(last, 1, INT32_MAX, &to) < 0 ||
	    (dash && str_parse_int(first, 0, to, &from) < 0)) {
		cfg_error(p, at,
			  "'server-template' expects a number of servers, or LOW-HIGH, got '%s'",
			  cfg_argz(p, at));
		return false;
	}
	*lo = (unsigned)from;
	*hi = (unsigned)to;
	p->n_template_servers += MIN(*hi - *lo, CFG_MAX_TEMPLATE_SERVERS) + 1;
	if (p->n_template_servers <= CFG_MAX_TEMPLATE_SERVERS)
		return true;
	cfg_error(p, at, "more than %u servers come from 'server-template' lines: lower '%s'",
		  CFG_MAX_TEMPLATE_SERVERS, cfg_argz(p, at));
	p->n_template_servers = CFG_MAX_TEMPLATE_SERVERS;
	return false;
}

static void refuse_duplicates(struct cfg_parser *p, unsigned at, unsigned lo, unsigned hi)
{
	const struct str prefix = cfg_arg(p, at);
	int64_t n;

	for (const struct cfg_server *s = p->cur->px->servers; s; s = s->next) {
		const struct str name = str_from(s->name);

		if (str_starts_with(name, prefix) && name.len > prefix.len &&
		    name.p[prefix.len] != '+' &&
		    (name.p[prefix.len] != '0' || name.len == prefix.len + 1) &&
		    str_parse_int(str_from(s->name + prefix.len), lo, hi, &n) == 0)
			cfg_error(p, at,
				  "%s '%s' has a server '%s' already, at line %u: choose another "
				  "prefix",
				  cfg_section_name(p->section), p->cur->name.name, s->name,
				  s->pos.line);
	}
}

void cfg_parse_server_template(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_server base = p->cur->server_defaults;
	unsigned lo, hi;

	(void)kw;
	base.id = 0;
	base.name = cfg_argz(p, at);
	base.pos = lex_pos(p->line, at);
	if (!read_range(p, at + 1, &lo, &hi))
		return;
	if (cfg_check_name(p, at, "server"))
		refuse_duplicates(p, at, lo, hi);
	parse_rest(p, at + 2, &base);
	for (unsigned i = lo; i <= hi; i++) {
		struct cfg_server *s = arena_new(p->arena, struct cfg_server);

		*s = base;
		s->name = arena_printf(p->arena, "%s%u", base.name, i);
		add_server(p->cur, s);
	}
}

void cfg_parse_default_server(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	for (unsigned i = at; i < p->line->n; i++) {
		if (cfg_arg_is(p, i, "id")) {
			cfg_error(p, i,
				  "'id' is not permitted in '%s': it must differ for each server",
				  kw->name);
			return;
		}
	}
	cfg_params_parse(p, kw->name, cfg_server_params, cfg_known_server_params,
			 &p->cur->server_defaults, at);
}

static const struct param source_params[] = {
	{ "usesrc", 1, set_usesrc, 0, 0, 0, "ADDRESS|client|clientip", NULL },
	{ "interface", 1, set_interface, 0, 0, 0, "NAME", NULL },
	{ 0 },
};

void cfg_parse_source(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	static const struct param source = { .name = "source" };
	static const struct known none[] = { { 0 } };
	struct cfg_server *s = &p->cur->source;

	s->source.len = 0;
	s->usesrc = CFG_USESRC_NONE;
	s->source_interface = NULL;
	set_source(p, &source, s, at - 1);
	if (s->source.len)
		cfg_params_parse(p, kw->name, source_params, none, s, at + 1);
}

void cfg_inherit_source(struct cfg_server *s, const struct cfg_server *source)
{
	if (s->source.len || s->source_interface || s->addr.sa.sa_family == AF_UNIX)
		return;
	s->source = source->source;
	s->usesrc = source->usesrc;
	s->usesrc_addr = source->usesrc_addr;
	s->source_interface = source->source_interface;
}
