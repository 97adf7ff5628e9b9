/* cfg_bind.c - `bind` lines, the socket of `stats socket`, and the parameters of both. */
#include "config/cfg_internal.h"
#include "config/cfg_names.h"

#include <stddef.h>

#define MAX_BINDS 65536 /* port ranges included */

const char *const cfg_ctl_levels[] = { "user", "operator", "admin", NULL };

/* ---- parameters ---- */

static void param_flag(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	(void)p, (void)at;
	*(bool *)((char *)target + pm->offset) = true;
}

static void param_time(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	if (!cfg_read_time(p, at + 1, pm->name, (int64_t *)(void *)((char *)target + pm->offset)))
		return;
}

static void param_text(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	if (cfg_arg(p, at + 1).len == 0)
		cfg_error(p, at + 1, "'%s' expects a value that is not empty", pm->name);
	else
		*(const char **)(void *)((char *)target + pm->offset) = cfg_argz(p, at + 1);
}

static void param_mode(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	if (!cfg_read_mode(p, at + 1, pm->name, (mode_t *)(void *)((char *)target + pm->offset)))
		return;
}

static void param_user(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	gid_t primary;

	if (!cfg_read_user(p, at + 1, (uid_t *)(void *)((char *)target + pm->offset), &primary))
		return;
}

static void param_group(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	if (!cfg_read_group(p, at + 1, (gid_t *)(void *)((char *)target + pm->offset)))
		return;
}

static void param_level(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	(void)pm;
	for (int i = 0; cfg_ctl_levels[i]; i++) {
		if (cfg_arg_is(p, at + 1, cfg_ctl_levels[i])) {
			((struct cfg_socket *)target)->level = (enum ctl_level)i;
			return;
		}
	}
	cfg_error(p, at + 1, "'level' expects 'user', 'operator' or 'admin', got '%s'",
		  cfg_argz(p, at + 1));
}

static void param_expose_fd(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	(void)pm;
	if (cfg_arg_is(p, at + 1, "listeners"))
		((struct cfg_socket *)target)->expose_fd = true;
	else
		cfg_error(p, at + 1, "'expose-fd' expects 'listeners', got '%s'",
			  cfg_argz(p, at + 1));
}

#define B(field) offsetof(struct cfg_bind, field)
const struct param cfg_bind_params[] = {
	{ "name", 1, param_text, B(name), 0, 0, "NAME", "name of the socket in statistics" },
	{ "interface", 1, param_text, B(interface), 0, 0, "NAME", "accept on this interface only" },
	{ "backlog", 1, cfg_param_uint, B(backlog), 0, 1 << 30, "NUMBER",
	  "connections that wait to be accepted" },
	{ "maxconn", 1, cfg_param_uint, B(maxconn), 0, 1 << 30, "NUMBER",
	  "connections through this socket at a time" },
	{ "v6only", 0, param_flag, B(v6only), 0, 0, "", "an IPv6 socket takes no IPv4" },
	{ "v4v6", 0, param_flag, B(v4v6), 0, 0, "", "an IPv6 socket takes IPv4 too" },
	{ "transparent", 0, param_flag, B(transparent), 0, 0, "",
	  "accept for addresses that are not local" },
	{ "defer-accept", 0, param_flag, B(defer_accept), 0, 0, "",
	  "accept a connection when its first data is there" },
	{ "tfo", 0, param_flag, B(tfo), 0, 0, "",
	  "accept data with the first packet (TCP fast open)" },
	{ "tcp-ut", 1, param_time, B(tcp_ut_us), 0, 0, "TIME",
	  "close connections whose data nobody acknowledges for so long" },
	{ "mss", 1, cfg_param_uint, B(mss), 88, 32767, "BYTES",
	  "largest segment that is announced" },
	{ "accept-proxy", 0, param_flag, B(accept_proxy), 0, 0, "",
	  "expect a PROXY protocol header" },
	{ "mode", 1, param_mode, B(unix_mode), 0, 0, "OCTAL", "mode of a Unix socket" },
	{ "user", 1, param_user, B(unix_uid), 0, 0, "NAME", "owner of a Unix socket" },
	{ "uid", 1, cfg_param_uint, B(unix_uid), 0, 0x7fffffff, "NUMBER",
	  "owner of a Unix socket" },
	{ "group", 1, param_group, B(unix_gid), 0, 0, "NAME", "group of a Unix socket" },
	{ "gid", 1, cfg_param_uint, B(unix_gid), 0, 0x7fffffff, "NUMBER",
	  "group of a Unix socket" },
	{ 0 },
};
#undef B

#define S(field) offsetof(struct cfg_socket, field)
const struct param cfg_socket_params[] = {
	{ "mode", 1, param_mode, S(mode), 0, 0, "OCTAL", "mode of the socket; default 600" },
	{ "level", 1, param_level, 0, 0, 0, "user|operator|admin",
	  "what its users may do; default operator" },
	{ "user", 1, param_user, S(uid), 0, 0, "NAME", "owner of the socket" },
	{ "uid", 1, cfg_param_uint, S(uid), 0, 0x7fffffff, "NUMBER", "owner of the socket" },
	{ "group", 1, param_group, S(gid), 0, 0, "NAME", "group of the socket" },
	{ "gid", 1, cfg_param_uint, S(gid), 0, 0x7fffffff, "NUMBER", "group of the socket" },
	{ "expose-fd", 1, param_expose_fd, 0, 0, 0, "listeners",
	  "hand listening sockets to a new process" },
	{ 0 },
};
#undef S

#define L(field) offsetof(struct cfg_global, field)
const struct param cfg_liveness_params[] = {
	{ "mode", 1, param_mode, L(liveness_mode), 0, 0, "OCTAL", "mode of the socket" },
	{ "user", 1, param_user, L(liveness_uid), 0, 0, "NAME", "owner of the socket" },
	{ "uid", 1, cfg_param_uint, L(liveness_uid), 0, 0x7fffffff, "NUMBER",
	  "owner of the socket" },
	{ "group", 1, param_group, L(liveness_gid), 0, 0, "NAME", "group of the socket" },
	{ "gid", 1, cfg_param_uint, L(liveness_gid), 0, 0x7fffffff, "NUMBER",
	  "group of the socket" },
	{ 0 },
};
#undef L

/* ---- lines ---- */

static void add_bind(struct cfg_parser *p, const struct cfg_addr *a, unsigned port, unsigned at,
		     struct cfg_bind **first)
{
	struct draft *d = p->cur;
	struct cfg_bind *b = arena_new(p->arena, struct cfg_bind);

	*b = (struct cfg_bind){ .pos = lex_pos(p->line, at),
				.addr = a->addr,
				.fd = a->fd,
				.spec = a->text,
				.key = a->text,
				.unix_uid = (uid_t)-1,
				.unix_gid = (gid_t)-1 };
	if (a->port_hi > a->port_lo) {
		const char *colon = strrchr(a->text, ':');

		addr_set_port(&b->addr, (uint16_t)port);
		b->spec =
			arena_printf(p->arena, "%.*s%u", (int)(colon - a->text) + 1, a->text, port);
	}
	if (d->last_bind)
		d->last_bind->next = b;
	else
		d->px->binds = b;
	d->last_bind = b;
	if (!*first)
		*first = b;
}

void cfg_parse_bind(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_bind *first = NULL;
	struct cfg_bind params = { .unix_uid = (uid_t)-1, .unix_gid = (gid_t)-1 };
	struct str rest = cfg_arg(p, at);
	struct cfg_addr a;

	for (bool more = true; more;) {
		const char *comma = rest.len ? memchr(rest.p, ',', rest.len) : NULL;
		const struct str one = { rest.p, comma ? (size_t)(comma - rest.p) : rest.len };

		rest = comma ? (struct str){ comma + 1, rest.len - one.len - 1 } : STR("");
		more = rest.len > 0; /* a comma may also end the list */
		if (!cfg_addr_parse(p, at, one,
				    ADDR_PORT_OK | ADDR_PORT_NEEDED | ADDR_RANGE_OK | ADDR_UNIX_OK |
					    ADDR_FD_OK | ADDR_EMPTY_OK | ADDR_RESOLVE,
				    kw->name, &a))
			continue;
		p->n_binds += 1u + a.port_hi - a.port_lo;
		if (p->n_binds > MAX_BINDS) {
			cfg_error(p, at,
				  "more than %d addresses to listen on: shorten the port ranges",
				  MAX_BINDS);
			return;
		}
		for (unsigned port = a.port_lo; port <= a.port_hi; port++)
			add_bind(p, &a, port, at, &first);
	}
	cfg_params_parse(p, "bind", cfg_bind_params, cfg_known_bind_params, &params, at + 1);
	for (struct cfg_bind *b = first; b; b = b->next) {
		b->interface = params.interface;
		b->key = b->interface ? arena_printf(p->arena, "%s interface %s", b->spec,
						     b->interface)
				      : b->spec;
		b->name = params.name;
		b->backlog = params.backlog;
		b->maxconn = params.maxconn;
		b->v6only = params.v6only;
		b->v4v6 = params.v4v6;
		b->transparent = params.transparent;
		b->tfo = params.tfo;
		b->tcp_ut_us = params.tcp_ut_us;
		b->mss = params.mss;
		b->defer_accept = params.defer_accept;
		b->accept_proxy = params.accept_proxy;
		b->unix_mode = params.unix_mode;
		b->unix_uid = params.unix_uid;
		b->unix_gid = params.unix_gid;
	}
}

void cfg_parse_stats_socket(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_socket *s = arena_new(p->arena, struct cfg_socket);
	struct cfg_addr a;
	const bool ok = cfg_addr_parse(p, at, cfg_arg(p, at),
				       ADDR_PORT_OK | ADDR_PORT_NEEDED | ADDR_UNIX_OK | ADDR_FD_OK |
					       ADDR_EMPTY_OK | ADDR_RESOLVE,
				       kw->name, &a);

	*s = (struct cfg_socket){ .pos = lex_pos(p->line, at),
				  .fd = -1,
				  .mode = 0600,
				  .uid = (uid_t)-1,
				  .gid = (gid_t)-1,
				  .level = CTL_OPERATOR };
	cfg_params_parse(p, kw->name, cfg_socket_params, cfg_known_bind_params, s, at + 1);
	if (!ok)
		return;
	s->addr = a.addr;
	s->fd = a.fd;
	if (p->last_socket)
		p->last_socket->next = s;
	else
		p->cfg->global.sockets = s;
	p->last_socket = s;
}
