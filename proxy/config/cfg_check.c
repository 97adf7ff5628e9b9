/* cfg_check.c - completes the drafts when all is read: references, numbers, defaults that depend on
 * other sections; and checks sections against each other. */
#include "config/cfg_internal.h"

#include <stdlib.h>

#include "config/cfg_names.h"

/* A line that could not be read often makes its section look odd too: then no warnings here. */
#define check_warning(p, ...)                                                                      \
	do {                                                                                       \
		if (!(p)->has_errors)                                                              \
			diag_warning((p)->diag, __VA_ARGS__);                                      \
	} while (0)

const void *cfg_side(bool is_frontend)
{
	static const char sides[2];

	return &sides[is_frontend];
}

struct draft *cfg_find_backend(struct cfg_parser *p, const char *name)
{
	return cfg_index_find(&p->index, cfg_side(false), str_from(name));
}

struct names {
	const char **p;
	size_t n;
};

static const char *nth_name(const void *arg, size_t i)
{
	return ((const struct names *)arg)->p[i];
}

static const char *nearest_backend(struct cfg_parser *p, const char *word)
{
	struct names names = { 0 };
	size_t n = 0;

	for (const struct draft *d = p->drafts; d; d = d->next)
		n++;
	names.p = arena_array(p->arena, const char *, n);
	for (const struct draft *d = p->drafts; d; d = d->next)
		if (d->section & SEC_BE)
			names.p[names.n++] = d->name.name;
	return diag_nearest(str_from(word), nth_name, &names, names.n);
}

static const char *mode_name(enum cfg_mode m)
{
	return m == CFG_MODE_HTTP ? "http" : "tcp";
}

/* ---- frontends ---- */

void cfg_no_backend(struct cfg_parser *p, const struct cfg_ref *ref)
{
	const char *best = nearest_backend(p, ref->name);

	diag_error(p->diag, ref->pos,
		   best ? "there is no backend '%s'; did you mean '%s'?"
			: "there is no backend '%s': declare it, or name another",
		   ref->name, best);
}

bool cfg_modes_fit(struct cfg_parser *p, const struct draft *d, const struct draft *be,
		   const char *what, struct diag_pos pos)
{
	/* a connection of mode tcp may become one of mode http, as in HAProxy */
	if (d->px->mode == be->px->mode || d->px->mode == CFG_MODE_TCP)
		return true;
	diag_error(p->diag, pos,
		   "%s '%s' is in mode %s, but its %s '%s' is in mode %s: make them equal",
		   cfg_section_name(d->section), d->name.name, mode_name(d->px->mode), what,
		   be->name.name, mode_name(be->px->mode));
	return false;
}

static void link_default_backend(struct cfg_parser *p, struct draft *d)
{
	const struct cfg_ref *ref = &d->default_backend;

	if (!ref->name || !(d->section & SEC_FE))
		return;
	struct draft *be = cfg_find_backend(p, ref->name);

	if (!be) {
		cfg_no_backend(p, ref);
		return;
	}
	if (be == d) {
		diag_error(p->diag, ref->pos,
			   "listen '%s' names itself as its default_backend: remove the line",
			   ref->name);
		return;
	}
	d->px->default_backend = be->px;
	if (!cfg_modes_fit(p, d, be, "default_backend", ref->pos))
		return;
}

struct bind_ref {
	const struct cfg_bind *b;
	const struct draft *d;
};

static int by_address(const void *a, const void *b)
{
	const struct cfg_bind *x = ((const struct bind_ref *)a)->b;
	const struct cfg_bind *y = ((const struct bind_ref *)b)->b;
	int c;

	if (x->fd != y->fd)
		return x->fd < y->fd ? -1 : 1;
	if (x->addr.len != y->addr.len)
		return x->addr.len < y->addr.len ? -1 : 1;
	c = memcmp(&x->addr.sa, &y->addr.sa, x->addr.len);
	if (c != 0)
		return c;
	if (x->pos.line != y->pos.line)
		return x->pos.line < y->pos.line ? -1 : 1;
	return x->pos.col < y->pos.col ? -1 : x->pos.col > y->pos.col;
}

static bool same_interface(const struct cfg_bind *a, const struct cfg_bind *b)
{
	return !a->interface || !b->interface || strcmp(a->interface, b->interface) == 0;
}

/* Two sockets on one address would share its connections at random. */
static void check_addresses(struct cfg_parser *p)
{
	size_t n = 0;

	for (const struct draft *d = p->drafts; d; d = d->next)
		for (const struct cfg_bind *b = d->px->binds; b; b = b->next)
			n++;
	if (n < 2)
		return;
	struct bind_ref *refs = arena_array(p->arena, struct bind_ref, n);

	n = 0;
	for (const struct draft *d = p->drafts; d; d = d->next)
		for (const struct cfg_bind *b = d->px->binds; b && !d->px->disabled; b = b->next)
			refs[n++] = (struct bind_ref){ b, d };
	if (n < 2)
		return;
	qsort(refs, n, sizeof *refs, by_address);
	for (size_t i = 1; i < n; i++) {
		const struct cfg_bind *a = refs[i - 1].b, *b = refs[i].b;

		if (a->fd == b->fd && addr_eq(&a->addr, &b->addr) && same_interface(a, b))
			diag_error(p->diag, b->pos,
				   "'%s' is used already by %s '%s' at %s:%u: choose another port "
				   "or remove one",
				   b->spec, cfg_section_name(refs[i - 1].d->section),
				   refs[i - 1].d->name.name, a->pos.file, a->pos.line);
	}
}

static bool is_public(const struct addr *a)
{
	if (a->sa.sa_family == AF_INET)
		return (ntohl(a->in.sin_addr.s_addr) >> 24) != 127;
	return a->sa.sa_family == AF_INET6 && !IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr);
}

static void warn_needs_http(struct cfg_parser *p, const struct draft *d, const char *what)
{
	check_warning(p, d->name.pos, "%s '%s' is in mode tcp: %s needs mode http and is ignored",
		      cfg_section_name(d->section), d->name.name, what);
}

/* What only mode http has is ignored in mode tcp, with a warning, as HAProxy does. */
static void check_tcp(struct cfg_parser *p, struct draft *d)
{
	struct cfg_proxy *x = d->px;

	if (x->mode != CFG_MODE_TCP)
		return;
	if (x->is_backend && x->balance >= CFG_LB_URI) {
		check_warning(p, d->name.pos,
			      "%s '%s' is in mode tcp: 'balance %s' needs mode http, roundrobin is "
			      "used",
			      cfg_section_name(d->section), d->name.name, cfg_balances[x->balance]);
		x->balance = CFG_LB_ROUNDROBIN;
	}
	if (x->is_backend && x->cookie.name.len) {
		warn_needs_http(p, d, "'cookie'");
		x->cookie.name.len = 0;
	}
	if (x->is_frontend && x->monitor_uri.len)
		warn_needs_http(p, d, "'monitor-uri'");
	if (x->stats.enabled)
		warn_needs_http(p, d, "the statistics page");
	if (x->forwardfor)
		warn_needs_http(p, d, "'option forwardfor'");
	if (x->log_line == CFG_LINE_HTTP || x->log_line == CFG_LINE_CLF) {
		if (x->is_frontend)
			check_warning(p, d->name.pos,
				      "%s '%s' is in mode tcp: 'option httplog' is taken as "
				      "'option tcplog'",
				      cfg_section_name(d->section), d->name.name);
		x->log_line = CFG_LINE_TCP;
	}
	if (x->originalto.enabled)
		warn_needs_http(p, d, "'option originalto'");
	if (x->http_buffer_request)
		warn_needs_http(p, d, "'option http-buffer-request'");
	x->originalto.enabled = x->http_buffer_request = false;
	x->forwarded = 0;
	x->stats.enabled = x->forwardfor = false;
	x->monitor_uri.len = 0;
}

static void check_stats(struct cfg_parser *p, struct draft *d)
{
	if (!d->px->stats.enabled)
		return;
	if (d->px->stats.auth || !d->own_stats)
		return;
	for (const struct cfg_bind *b = d->px->binds; b; b = b->next) {
		if (!b->addr.len || !is_public(&b->addr))
			continue;
		check_warning(p, b->pos,
			      "the statistics page at '%s' is open to everybody: add 'stats auth "
			      "USER:PASSWORD' or listen on 127.0.0.1",
			      b->spec);
		return;
	}
}

static void check_frontend(struct cfg_parser *p, struct draft *d)
{
	struct cfg_proxy *x = d->px;

	if (!x->binds)
		check_warning(p, d->name.pos,
			      "%s '%s' has no 'bind': it will serve nobody; if that is meant, make "
			      "it a backend",
			      cfg_section_name(d->section), d->name.name);
	link_default_backend(p, d);
}

/* ---- backends ---- */

static bool id_is_taken(const struct cfg_proxy *x, unsigned id)
{
	for (const struct cfg_server *s = x->servers; s; s = s->next)
		if (s->id == id)
			return true;
	return false;
}

static void check_server(struct cfg_parser *p, struct draft *d, struct cfg_server *s)
{
	for (const struct cfg_server *o = s->id ? d->px->servers : s; o != s; o = o->next)
		if (o->id == s->id)
			diag_error(p->diag, s->pos, "server '%s' has the id %u of server '%s'",
				   s->name, s->id, o->name);
	if (s->check && (s->addr.len || s->is_unresolved) && !s->is_srv &&
	    s->addr.sa.sa_family != AF_UNIX && s->port_is_from_client && !s->check_port &&
	    !(d->px->check->steps && d->px->check->steps->port))
		diag_error(
			p->diag, s->pos,
			"server '%s' has a check but no port: write '%s:PORT', or 'port PORT' for "
			"the check",
			s->name, s->host);
	if (s->minconn > s->maxconn)
		s->maxconn = s->minconn; /* only minconn was given, as HAProxy takes it */
}

static void number_servers(struct cfg_proxy *x)
{
	unsigned next = 1;
	bool has_ids = false;

	for (const struct cfg_server *s = x->servers; s; s = s->next)
		has_ids = has_ids || s->id;
	for (struct cfg_server *s = (struct cfg_server *)x->servers; s; s = s->next) {
		s->has_id = s->id != 0;
		if (s->has_id)
			continue;
		while (has_ids && id_is_taken(x, next))
			next++;
		s->id = next++;
	}
}

/* minconn needs a measure of full load: a tenth of the connections its frontends may have. */
static void complete_fullconn(struct cfg_parser *p, struct draft *d)
{
	bool has_minconn = false;
	uint64_t sum = 0;

	for (const struct cfg_server *s = d->px->servers; s; s = s->next)
		has_minconn = has_minconn || s->minconn;
	if (d->px->fullconn || !has_minconn)
		return;
	for (const struct draft *f = p->drafts; f; f = f->next)
		if ((f->section & SEC_FE) && (f == d || cfg_proxy_leads_to(f->px, d->px)))
			sum += f->px->maxconn ? f->px->maxconn : p->cfg->global.maxconn;
	d->px->fullconn = (unsigned)MIN(sum / 10, UINT32_MAX);
	if (d->px->fullconn == 0)
		d->px->fullconn = 1;
}

static void check_backend(struct cfg_parser *p, struct draft *d)
{
	d->px->check = cfg_probe_build(p, d);
	d->px->node = p->cfg->global.node;
	for (struct cfg_server *s = (struct cfg_server *)d->px->servers; s; s = s->next) {
		s->live = arena_new(p->arena, struct cfg_live);
		cfg_inherit_source(s, &d->source);
		check_server(p, d, s);
	}
	number_servers(d->px);
	complete_fullconn(p, d);
	if (d->check.kind != CFG_CHECK_HTTP && d->check.http.pos.line)
		check_warning(p, d->check.http.pos,
			      "'http-check' has no effect in %s '%s' without 'option httpchk'",
			      cfg_section_name(d->section), d->name.name);
	if (d->check.kind != CFG_CHECK_SCRIPT && d->check.tcp.pos.line)
		check_warning(p, d->check.tcp.pos,
			      "'tcp-check' has no effect in %s '%s' without 'option tcp-check'",
			      cfg_section_name(d->section), d->name.name);
}

/* ---- both ---- */

static void check_timeouts(struct cfg_parser *p, const struct draft *d)
{
	const struct cfg_timeouts *t = &d->px->timeout;
	const bool fe = d->px->is_frontend, be = d->px->is_backend && d->px->servers;
	struct strbuf missing = { 0 };

	if (fe && d->px->binds && !t->client_us)
		strbuf_adds(&missing, "'timeout client'");
	if (be && !t->connect_us)
		strbuf_addf(&missing, "%s'timeout connect'", missing.len ? ", " : "");
	if (be && !t->server_us)
		strbuf_addf(&missing, "%s'timeout server'", missing.len ? ", " : "");
	if (missing.len)
		check_warning(p, d->name.pos,
			      "%s '%s' has no %s: dead peers will hold connections for ever; set a "
			      "time, also in 'defaults'",
			      cfg_section_name(d->section), d->name.name, strbuf_str(&missing));
	strbuf_fini(&missing);
}

static bool may_want_body(const struct cfg_proxy *x)
{
	return x->http_buffer_request || x->stats.enabled ||
	       (x->is_backend && x->balance == CFG_LB_URL_PARAM);
}

static void find_body_readers(struct cfg_proxy *fe)
{
	fe->may_want_bodies =
		may_want_body(fe) || (fe->default_backend && may_want_body(fe->default_backend));
	for (const struct cfg_rule *r = fe->use_backends; r; r = r->next)
		if (r->backend && may_want_body(r->backend))
			fe->may_want_bodies = true;
}

static void number_proxies(struct cfg_parser *p)
{
	/* HAProxy's stats sockets are a proxy, the first; its numbers are in scripts and state
	 * files */
	unsigned next = p->cfg->global.sockets ? 2 : 1;
	bool has_ids = false;

	for (const struct draft *d = p->drafts; d; d = d->next)
		has_ids = has_ids || d->explicit_id;
	for (struct draft *d = p->drafts; d; d = d->next)
		for (struct draft *o = p->drafts; d->explicit_id && o != d; o = o->next)
			if (o->explicit_id && o->px->id == d->px->id)
				diag_error(p->diag, d->name.pos, "%s '%s' has the id %u of %s '%s'",
					   cfg_section_name(d->section), d->name.name, d->px->id,
					   cfg_section_name(o->section), o->name.name);
	for (struct draft *d = p->drafts; d; d = d->next) {
		d->px->has_id = d->explicit_id;
		if (d->explicit_id)
			continue;
		for (bool taken = true; taken; next += taken) {
			taken = false;
			for (const struct draft *o = has_ids ? p->drafts : NULL; o && !taken;
			     o = o->next)
				taken = o->explicit_id && o->px->id == next;
		}
		d->px->id = next++;
	}
}

static void check_global(struct cfg_parser *p)
{
	struct cfg_global *g = &p->cfg->global;

	if (g->maxrewrite >= g->bufsize / 2)
		g->maxrewrite = g->bufsize / 2; /* as HAProxy does, silently */
}

void cfg_check_all(struct cfg_parser *p)
{
	struct cfg_proxy **end = &p->cfg->proxies;

	check_global(p);
	number_proxies(p);
	for (struct draft *d = p->drafts; d; d = d->next) {
		if (d->section & SEC_FE)
			check_frontend(p, d);
		d->px->live = arena_new(p->arena, struct cfg_live);
		cfg_check_errors(p, d);
		*end = d->px;
		end = &d->px->next;
		p->cfg->n_proxies++;
	}
	*end = NULL;
	cfg_check_rules(p);
	cfg_check_resolvers(p);
	for (struct draft *d = p->drafts; d; d = d->next) {
		if (d->section & SEC_BE)
			check_backend(p, d);
		check_tcp(p, d);
		if (d->section & SEC_FE)
			cfg_compile_logs(p, d);
		check_stats(p, d);
		check_timeouts(p, d);
	}
	cfg_resolve_refs(p); /* of formats */
	for (struct draft *d = p->drafts; d; d = d->next)
		if (d->section & SEC_FE)
			find_body_readers(d->px);
	cfg_check_tracks(p);
	check_addresses(p);
}
