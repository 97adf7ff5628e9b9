/* cfg_resolvers.c - `resolvers` sections, and how the name of a server becomes an address. */
#include "config/cfg_internal.h"

#include <netdb.h>

#include "config/cfg_source.h"

#define RESOLV_CONF "/etc/resolv.conf"

/* ---- sections ---- */

static const struct cfg_resolvers defaults = {
	.hold_us = { [CFG_HOLD_VALID] = 10000000,
		     [CFG_HOLD_NX] = 30000000,
		     [CFG_HOLD_REFUSED] = 30000000,
		     [CFG_HOLD_TIMEOUT] = 30000000,
		     [CFG_HOLD_OTHER] = 30000000 },
	.resolve_us = 1000000,
	.retry_us = 1000000,
	.retries = 3,
	.payload_size = 512,
	.ndots = 1,
};

static struct cfg_resolvers *find(const struct cfg_parser *p, const char *name)
{
	for (struct cfg_resolvers *r = p->resolvers; r; r = r->next)
		if (strcmp(r->name, name) == 0)
			return r;
	return NULL;
}

static struct cfg_resolvers *add_section(struct cfg_parser *p, const char *name,
					 struct diag_pos pos)
{
	struct cfg_resolvers *r = arena_new(p->arena, struct cfg_resolvers);

	*r = defaults;
	r->name = name;
	r->pos = pos;
	if (p->last_resolvers)
		p->last_resolvers->next = r;
	else
		p->resolvers = r;
	p->last_resolvers = r;
	p->last_nameserver = NULL;
	return r;
}

void cfg_resolvers_start(struct cfg_parser *p)
{
	const struct cfg_resolvers *same;

	if (p->line->n < 2)
		cfg_error(p, 1, "'resolvers' expects a name: resolvers NAME");
	else if (cfg_check_name(p, 1, "resolvers") && cfg_no_more_args(p, 2) &&
		 (same = find(p, cfg_argz(p, 1))) != NULL)
		cfg_error(p, 1, "there is a section 'resolvers %s' already, at %s:%u: rename one",
			  same->name, same->pos.file, same->pos.line);
	add_section(p, cfg_argz(p, 1), lex_pos(p->line, 1));
}

static bool has_nameserver(const struct cfg_resolvers *r, const struct addr *a, bool is_tcp)
{
	for (const struct cfg_nameserver *ns = r->nameservers; ns; ns = ns->next)
		if (addr_eq(&ns->addr, a) && ns->is_tcp == is_tcp)
			return true;
	return false;
}

static void add_nameserver(struct cfg_parser *p, struct cfg_resolvers *r, const char *name,
			   const struct addr *a, bool is_tcp)
{
	struct cfg_nameserver *ns = arena_new(p->arena, struct cfg_nameserver);

	*ns = (struct cfg_nameserver){ .name = name, .addr = *a, .is_tcp = is_tcp };
	if (p->last_nameserver)
		p->last_nameserver->next = ns;
	else
		r->nameservers = ns;
	p->last_nameserver = ns;
	r->n_nameservers++;
}

static bool is_stream(struct str s)
{
	return str_starts_with(s, STR("tcp")) || str_starts_with(s, STR("stream+"));
}

/* What may stand behind the address of a TCP name server: parameters of servers. */
static const struct known nameserver_params[] = {
	{ "maxconn", 0, KNOWN_NO_EFFECT, "one connection carries all queries", 1 },
	{ "check", 0, KNOWN_NO_EFFECT, "its answers are the check", 0 },
	{ 0 },
};

static void parse_nameserver(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	static const struct param none[] = { { 0 } };
	struct cfg_resolvers *r = p->last_resolvers;
	const bool is_tcp = is_stream(cfg_arg(p, at + 1));
	struct cfg_addr a;

	for (const struct cfg_nameserver *ns = r->nameservers; ns; ns = ns->next) {
		if (!cfg_arg_is(p, at, ns->name))
			continue;
		cfg_error(p, at, "resolvers '%s' has a nameserver '%s' already: rename one",
			  r->name, ns->name);
		return;
	}
	if (is_tcp)
		cfg_params_parse(p, kw->name, none, nameserver_params, NULL, at + 2);
	else
		cfg_no_more_args(p, at + 2);
	if (!cfg_addr_parse(p, at + 1, cfg_arg(p, at + 1),
			    ADDR_PORT_OK | ADDR_PORT_NEEDED | ADDR_UDP | ADDR_RESOLVE, kw->name,
			    &a))
		return;
	if (r->n_nameservers >= CFG_MAX_NAMESERVERS)
		cfg_error(p, at, "resolvers '%s' has more than %u name servers", r->name,
			  CFG_MAX_NAMESERVERS);
	else
		add_nameserver(p, r, cfg_argz(p, at), &a.addr, is_tcp);
}

/* The words of a line, cut off its front one by one. */
static struct str next_word(struct str *line)
{
	struct str word;

	while (line->len && (line->p[0] == ' ' || line->p[0] == '\t' || line->p[0] == '\r'))
		line->p++, line->len--;
	word = *line;
	for (word.len = 0; word.len < line->len && !strchr(" \t\r", word.p[word.len]);)
		word.len++;
	line->p += word.len;
	line->len -= word.len;
	return word;
}

static void read_search(struct cfg_resolvers *r, struct str line)
{
	r->n_search = 0; /* the last line counts */
	for (struct str w; (w = next_word(&line)).len > 0 && r->n_search < CFG_MAX_SEARCH;)
		r->search[r->n_search++] = w;
}

static void read_options(struct cfg_resolvers *r, struct str line)
{
	int64_t n;

	for (struct str w; (w = next_word(&line)).len > 0;)
		if (str_starts_with(w, STR("ndots:")) &&
		    str_parse_int((struct str){ w.p + 6, w.len - 6 }, 0, 15, &n) == 0)
			r->ndots = (unsigned)n;
}

static void read_nameserver(struct cfg_parser *p, struct cfg_resolvers *r, struct str word)
{
	struct addr a;

	if (addr_parse_ip(word, &a) < 0) /* with a zone, or none at all: as libc, without a word */
		return;
	addr_set_port(&a, 53);
	if (!has_nameserver(r, &a, false) && r->n_nameservers < CFG_MAX_NAMESERVERS)
		add_nameserver(p, r, arena_str(p->arena, word).p, &a, false);
}

/* 0 or -errno */
static int read_resolv_conf(struct cfg_parser *p, struct cfg_resolvers *r)
{
	struct str text;
	const int rc = cfg_source_read(RESOLV_CONF, p->arena, &text);

	while (rc == 0 && text.len > 0) {
		const char *end = memchr(text.p, '\n', text.len);
		struct str line = { text.p, end ? (size_t)(end - text.p) : text.len };
		const size_t n = line.len + (end ? 1 : 0);
		const struct str word = next_word(&line);

		if (str_eq(word, STR("nameserver")))
			read_nameserver(p, r, next_word(&line));
		else if (str_eq(word, STR("search")) || str_eq(word, STR("domain")))
			read_search(r, line);
		else if (str_eq(word, STR("options")))
			read_options(r, line);
		text.p += n;
		text.len -= n;
	}
	return rc;
}

static void parse_resolv_conf(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_resolvers *r = p->last_resolvers;
	const unsigned n = r->n_nameservers;
	const int rc = read_resolv_conf(p, r);

	(void)at;
	if (rc != 0)
		cfg_error(p, 0, "'%s': %s cannot be read: %s", kw->name, RESOLV_CONF,
			  strerror(-rc));
	else if (r->n_nameservers == n)
		cfg_warning(p, 0, "'%s': %s names no further name server", kw->name, RESOLV_CONF);
}

static const char *const hold_names[] = {
	"valid", "nx", "refused", "timeout", "other", "obsolete"
};

static void set_hold(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)kw;
	for (unsigned i = 0; i < CFG_N_HOLDS; i++) {
		if (!cfg_arg_is(p, at, hold_names[i]))
			continue;
		(void)!cfg_read_time(p, at + 1, hold_names[i], &p->last_resolvers->hold_us[i]);
		return;
	}
	cfg_error(p, at,
		  "'hold' expects 'nx', 'refused', 'timeout', 'valid', 'obsolete' or 'other', got "
		  "'%s'",
		  cfg_argz(p, at));
}

static void set_time(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)!cfg_read_time(p, at, kw->name,
			     (int64_t *)(void *)((char *)p->last_resolvers + kw->offset));
}

static void set_retries(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)!cfg_read_uint(p, at, kw->name, 0, INT32_MAX, &p->last_resolvers->retries);
}

static void set_payload(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)!cfg_read_uint(p, at, kw->name, 12, 65535, &p->last_resolvers->payload_size);
}

#define F(field) offsetof(struct cfg_resolvers, field)
const struct keyword cfg_resolvers_keywords[] = {
	{ "nameserver", SEC_RESOLVERS, 2, ARGS_ANY, 0, parse_nameserver, 0,
	  "NAME [tcp@]ADDRESS:PORT", "a name server; all of a section are asked at once" },
	{ "parse-resolv-conf", SEC_RESOLVERS, 0, 0, 0, parse_resolv_conf, 0, "",
	  "the name servers of " RESOLV_CONF },
	{ "hold", SEC_RESOLVERS, 2, 2, 0, set_hold, 0,
	  "nx|refused|timeout|other|obsolete|valid TIME",
	  "how long the last good answer counts against such a one; default 30s, obsolete 0" },
	{ "timeout resolve", SEC_RESOLVERS, 1, 1, 0, set_time, F(resolve_us), "TIME",
	  "time between two questions for a name; default 1s" },
	{ "timeout retry", SEC_RESOLVERS, 1, 1, 0, set_time, F(retry_us), "TIME",
	  "time that an answer may take; default 1s" },
	{ "resolve_retries", SEC_RESOLVERS, 1, 1, 0, set_retries, 0, "NUMBER",
	  "questions before a name has failed; default 3" },
	{ "accepted_payload_size", SEC_RESOLVERS, 1, 1, 0, set_payload, 0, "BYTES",
	  "largest answer over UDP; default 512" },
	{ 0 },
};
#undef F

/* ---- parameters of servers ---- */

static struct cfg_resolve *of(void *target)
{
	return &((struct cfg_server *)target)->resolve;
}

void cfg_set_resolvers(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	(void)pm;
	of(target)->resolvers_name = cfg_argz(p, at + 1);
}

void cfg_set_resolve_prefer(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	if (cfg_arg_is(p, at + 1, "ipv4"))
		of(target)->family = AF_INET;
	else if (cfg_arg_is(p, at + 1, "ipv6"))
		of(target)->family = AF_INET6;
	else
		cfg_error(p, at + 1, "'%s' expects 'ipv4' or 'ipv6', got '%s'", pm->name,
			  cfg_argz(p, at + 1));
}

/* The items of "A,B,C", cut off its front one by one; false: there is none left. */
static bool next_item(struct str *list, struct str *item)
{
	const char *comma;

	if (list->len == 0)
		return false;
	comma = memchr(list->p, ',', list->len);
	*item = (struct str){ list->p, comma ? (size_t)(comma - list->p) : list->len };
	list->p += item->len + (comma ? 1 : 0);
	list->len -= item->len + (comma ? 1 : 0);
	return true;
}

void cfg_set_resolve_net(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	struct cfg_net *nets = arena_array(p->arena, struct cfg_net, CFG_MAX_NETS);
	struct str list = cfg_arg(p, at + 1), item;
	unsigned n = 0;

	while (next_item(&list, &item)) {
		if (n == CFG_MAX_NETS) {
			cfg_error(p, at + 1, "'%s' takes up to %d networks", pm->name,
				  CFG_MAX_NETS);
			return;
		}
		if (!cfg_parse_network(item, &nets[n].addr, &nets[n].bits)) {
			cfg_error(p, at + 1,
				  "'%s' expects networks such as 10.0.0.0/8, got '" STR_FMT "'",
				  pm->name, STR_ARG(item));
			return;
		}
		n++;
	}
	of(target)->nets = nets;
	of(target)->n_nets = n;
}

void cfg_set_resolve_opts(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	struct str list = cfg_arg(p, at + 1), item;
	struct cfg_resolve *r = of(target);

	while (next_item(&list, &item)) {
		if (str_eq(item, STR("allow-dup-ip"))) {
			r->allows_dup_ip = true;
		} else if (str_eq(item, STR("prevent-dup-ip"))) {
			r->allows_dup_ip = false;
		} else if (str_eq(item, STR("ignore-weight"))) {
			r->ignores_weight = true;
		} else {
			cfg_error(p, at + 1,
				  "'%s' expects a list of 'allow-dup-ip', 'prevent-dup-ip' and "
				  "'ignore-weight', got '" STR_FMT "'",
				  pm->name, STR_ARG(item));
			return;
		}
	}
}

/* A method of init-addr; false: it is none. */
static bool read_method(struct str word, struct cfg_resolve *r, enum cfg_init_addr *out)
{
	if (str_eq(word, STR("last")))
		*out = CFG_ADDR_LAST;
	else if (str_eq(word, STR("libc")))
		*out = CFG_ADDR_LIBC;
	else if (str_eq(word, STR("none")))
		*out = CFG_ADDR_NONE;
	else if (addr_parse_ip(word, &r->init_ip) == 0)
		*out = CFG_ADDR_IP;
	else
		return false;
	return true;
}

void cfg_set_init_addr(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	struct str list = cfg_arg(p, at + 1), item;
	struct cfg_resolve *r = of(target);
	enum cfg_init_addr method;
	bool has_ip = false;

	r->n_init = 0;
	while (next_item(&list, &item)) {
		if (!read_method(item, r, &method)) {
			cfg_error(p, at + 1,
				  "'%s' expects a list of 'last', 'libc', 'none' and IP "
				  "addresses, got '" STR_FMT "'",
				  pm->name, STR_ARG(item));
			return;
		}
		if (has_ip && method == CFG_ADDR_IP) {
			cfg_error(p, at + 1,
				  "'%s' takes one IP address, got '" STR_FMT "' as another",
				  pm->name, STR_ARG(item));
			return;
		}
		has_ip = has_ip || method == CFG_ADDR_IP;
		if (r->n_init == CFG_MAX_INIT_ADDRS) {
			cfg_error(p, at + 1, "'%s' takes up to %d methods", pm->name,
				  CFG_MAX_INIT_ADDRS);
			return;
		}
		r->init[r->n_init++] = (uint8_t)method;
	}
}

/* ---- the first address ---- */

static void set_address(struct cfg_server *s, const struct addr *a)
{
	s->addr = *a;
	addr_set_port(&s->addr, s->port);
	s->is_unresolved = false;
}

/* reason: NULL: nobody was asked. */
static void start_without(struct cfg_parser *p, unsigned at, struct cfg_server *s,
			  const char *reason)
{
	s->addr = (struct addr){ .len = 0 };
	s->is_unresolved = true;
	if (reason)
		cfg_warning(p, at,
			    "'server': the host name '%s' cannot be resolved yet (%s): '%s' waits "
			    "in maintenance until it can",
			    s->fqdn, reason, s->name);
}

static bool may_wait(const struct cfg_resolve *r, unsigned from)
{
	for (unsigned i = from; i < r->n_init; i++)
		if (r->init[i] == CFG_ADDR_NONE)
			return true;
	return cfg_source_names_may_fail();
}

void cfg_server_find_address(struct cfg_parser *p, unsigned at, struct cfg_server *s,
			     const struct cfg_addr *a)
{
	static const struct cfg_resolve usual = {
		.init = { CFG_ADDR_LAST, CFG_ADDR_LIBC, CFG_ADDR_NONE }, .n_init = 3
	};
	const struct cfg_resolve *r = s->resolve.n_init ? &s->resolve : &usual;
	const char *reason = NULL;
	struct addr found;
	bool is_asked = true;
	int rc;

	s->name_family = a->family;

	for (unsigned i = 0; i < r->n_init; i++) {
		switch ((enum cfg_init_addr)r->init[i]) {
		case CFG_ADDR_LAST: /* there is no state file */
			break;
		case CFG_ADDR_LIBC:
			if (s->is_srv)
				break;
			rc = may_wait(r, i) ? cfg_source_resolve_soon(s->fqdn, a->family, &found,
								      &is_asked)
					    : cfg_source_resolve(s->fqdn, a->family, &found);
			s->is_unasked = !is_asked;
			if (rc == 0) {
				set_address(s, &found);
				return;
			}
			reason = is_asked ? gai_strerror(rc) : NULL;
			break;
		case CFG_ADDR_NONE:
			start_without(p, at, s, reason);
			return;
		case CFG_ADDR_IP:
			set_address(s, &s->resolve.init_ip);
			return;
		}
	}
	if (cfg_source_names_may_fail())
		start_without(p, at, s,
			      reason || !is_asked ? reason : "init-addr has no method for it");
	else if (reason)
		cfg_error(p, at,
			  "'server': the host name '%s' cannot be resolved (%s): write an address, "
			  "make the name known to DNS or /etc/hosts, or permit 'init-addr "
			  "libc,none'",
			  s->fqdn, reason);
	else
		cfg_error(p, at,
			  "'server': no method of 'init-addr' finds an address for '%s': add "
			  "'none'",
			  s->fqdn);
}

/* ---- the check ---- */

struct names {
	const struct cfg_resolvers *first;
};

static const char *nth_name(const void *arg, size_t i)
{
	const struct cfg_resolvers *r = ((const struct names *)arg)->first;

	while (i-- > 0)
		r = r->next;
	return r->name;
}

static void link_server(struct cfg_parser *p, struct cfg_server *s)
{
	const struct names names = { p->resolvers };
	const char *best;
	size_t n = 0;

	if (!s->resolve.resolvers_name)
		return;
	s->resolve.resolvers = find(p, s->resolve.resolvers_name);
	if (s->resolve.resolvers)
		return;
	for (const struct cfg_resolvers *r = p->resolvers; r; r = r->next)
		n++;
	best = diag_nearest(str_from(s->resolve.resolvers_name), nth_name, &names, n);
	diag_error(p->diag, s->pos,
		   best ? "server '%s': there is no section 'resolvers %s'; did you mean '%s'?"
			: "server '%s': there is no section 'resolvers %s'",
		   s->name, s->resolve.resolvers_name, best);
}

/* "default" is there always, as in HAProxy, maybe without any name server. */
static void make_default(struct cfg_parser *p)
{
	struct cfg_resolvers *r;

	if (find(p, "default"))
		return;
	r = add_section(p, "default", (struct diag_pos){ 0 });
	r->is_implicit = true;
	(void)!read_resolv_conf(p, r);
}

void cfg_check_resolvers(struct cfg_parser *p)
{
	make_default(p);
	p->cfg->resolvers = p->resolvers;
	for (struct draft *d = p->drafts; d; d = d->next)
		for (struct cfg_server *s = (struct cfg_server *)d->px->servers; s; s = s->next)
			link_server(p, s);
}
