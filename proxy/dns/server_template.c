/* server_template.c - what the records of a name mean for the servers that have it. */
#include "dns/server_template.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>

#include "config/cfg_model.h"
#include "dns/resolver.h"
#include "pool/backend.h"
#include "pool/server.h"

/* A server with a name. */
struct dns_member {
	struct server *srv;            /* borrowed: owns us */
	struct dns_lookup *lookup;     /* of addresses; NULL: its SRV record is not known */
	struct list node;              /* in lookup->users */
	struct dns_lookup *srv_lookup; /* of SRV records; NULL: it has a name of its own */
	struct list srv_node;
	struct dns_target target; /* its SRV record, if there is one: then lookup is not NULL */
	unsigned round;           /* looked at in this one */
	bool is_once;             /* the first address will do */
	bool is_renamed;          /* by the operator */
};

static struct dns_member *by_node(struct list *l)
{
	return list_entry(l, struct dns_member, node);
}

static struct dns_member *by_srv_node(struct list *l)
{
	return list_entry(l, struct dns_member, srv_node);
}

/* --- membership --- */

/* HAProxy's resolvers prefer IPv6. A name that libc would have looked up keeps the family that libc
 * found; IPv4 is reachable where there is none. */
static bool prefers_v6(const struct server *s)
{
	const struct cfg_resolve *r = &s->cfg->resolve;

	if (r->family != AF_UNSPEC)
		return r->family == AF_INET6;
	if (r->resolvers != NULL || s->cfg->is_srv)
		return true;
	return (s->addr.len > 0 ? s->addr.sa.sa_family : s->cfg->name_family) == AF_INET6;
}

static enum dns_type preferred_type(const struct server *s)
{
	return prefers_v6(s) ? DNS_AAAA : DNS_A;
}

static void use_lookup(struct dns_member *m, struct dns_section *s, const char *name)
{
	m->lookup = dns_lookup_get(s, name, preferred_type(m->srv));
	list_add_tail(&m->lookup->users, &m->node);
}

/* Not from the result of this very lookup. */
static void leave_lookup(struct dns_member *m)
{
	struct dns_lookup *l = m->lookup;

	if (l == NULL)
		return;
	m->lookup = NULL;
	list_del(&m->node);
	dns_lookup_put(l);
}

static void leave_srv_lookup(struct dns_member *m)
{
	struct dns_lookup *l = m->srv_lookup;

	if (l == NULL)
		return;
	m->srv_lookup = NULL;
	list_del(&m->srv_node);
	dns_lookup_put(l);
}

void dns_forget(struct server *s)
{
	if (s->dns == NULL)
		return;
	leave_lookup(s->dns);
	leave_srv_lookup(s->dns);
	free(s->dns);
	s->dns = NULL;
}

/* The members of one backend, in the order of the lookup. */
struct group {
	struct dns_member **members;
	unsigned n;
};

static struct group gather(const struct backend *be, struct list *users,
			   struct dns_member *(*of)(struct list *), unsigned round)
{
	struct group g = { xcalloc(be->n_servers + 1, sizeof(struct dns_member *)), 0 };

	for (struct list *l = users->next; l != users; l = l->next) {
		struct dns_member *m = of(l);

		if (m->srv->be != be || g.n == be->n_servers)
			continue;
		m->round = round;
		g.members[g.n++] = m;
	}
	return g;
}

/* Call fn for the members of each backend. fn may take members off the list. */
static void each_group(struct dns_lookup *l, struct dns_member *(*of)(struct list *),
		       void (*fn)(struct dns_lookup *l, const struct group *g))
{
	static unsigned round;

	round++;
	for (struct list *at = l->users.next; at != &l->users;) {
		struct dns_member *m = of(at);
		struct group g;

		at = at->next;
		if (m->round == round)
			continue;
		g = gather(m->srv->be, &l->users, of, round);
		while (at != &l->users && of(at)->round == round)
			at = at->next; /* what fn may remove */
		fn(l, &g);
		free(g.members);
	}
}

/* --- addresses --- */

static void say_moved(const struct server *s, const struct addr *to, const char *by)
{
	char from[ADDR_TEXT_LEN] = "(none)", text[ADDR_TEXT_LEN];

	if (s->addr.len > 0)
		addr_format(&s->addr, false, from);
	server_log(s, LOG_NOTICE, "%s/%s changed its IP from %s to %s by %s.", s->be->name, s->name,
		   from, addr_format(to, false, text), by);
}

/* true: its address is another one now. */
static bool move(struct server *s, const struct dns_ip *ip, const char *by)
{
	struct addr a;

	dns_ip_to_addr(ip, s->port, &a);
	if (addr_eq(&a, &s->addr))
		return false;
	say_moved(s, &a, by);
	server_take_addr(s, &a);
	if ((s->admin & SERVER_RMAINT) == 0)
		backend_publish(s->be);
	return true;
}

static void set_ready(struct server *s)
{
	if ((s->admin & SERVER_RMAINT) == 0)
		return;
	server_set_admin(s, 0, SERVER_RMAINT, NULL);
	server_log(s, LOG_NOTICE, "Server %s/%s administratively READY thanks to valid DNS answer.",
		   s->be->name, s->name);
}

static void lose_address(struct server *s, const char *cause)
{
	static const struct addr none = { .len = 0 };

	if ((s->admin & SERVER_RMAINT) == 0)
		server_set_admin(s, SERVER_RMAINT, 0, cause);
	if (s->addr.len == 0)
		return;
	server_take_addr(s, &none);
	backend_publish(s->be);
}

static struct dns_slot slot_of(const struct dns_member *m)
{
	const struct cfg_resolve *r = &m->srv->cfg->resolve;
	struct dns_slot slot = { .prefers_v6 = prefers_v6(m->srv),
				 .allows_dup = r->allows_dup_ip || m->is_once,
				 .nets = r->nets,
				 .n_nets = r->n_nets };

	slot.has_ip = dns_ip_from_addr(&m->srv->addr, &slot.ip);
	return slot;
}

/* It needed one address, and has it. */
static void finish_once(struct dns_member *m)
{
	struct server *s = m->srv;

	list_del(&m->node); /* the lookup ends by itself if it was the last */
	free(m);
	s->dns = NULL;
}

static void apply_address(struct dns_lookup *l, struct server *s, const struct dns_ip *ip)
{
	char by[600] = "DNS cache";

	if (l->by != NULL)
		snprintf(by, sizeof(by), "%s/%s", l->section->name, l->by->name);
	if (move(s, ip, by) && l->by != NULL)
		l->by->n.update++;
	l->by = NULL; /* for the others it is what we know */
	set_ready(s);
}

static void apply_addresses(struct dns_lookup *l, const struct group *g)
{
	struct dns_slot *slots = xcalloc(g->n, sizeof(*slots));

	for (unsigned i = 0; i < g->n; i++)
		slots[i] = slot_of(g->members[i]);
	dns_assign(&l->records, slots, g->n);
	for (unsigned i = 0; i < g->n; i++) {
		struct dns_member *m = g->members[i];

		if (slots[i].has_ip)
			apply_address(l, m->srv, &slots[i].ip);
		else
			lose_address(m->srv, " (No IP for server )");
		if (slots[i].has_ip && m->is_once)
			finish_once(m);
	}
	free(slots);
}

static const char *cause_of(enum dns_status status)
{
	switch (status) {
	case DNS_NX:
		return " (DNS NX status)";
	case DNS_REFUSED:
		return " (DNS refused status)";
	case DNS_TIMEOUT:
	case DNS_UNREACHABLE:
		return " (DNS timeout status)";
	case DNS_VALID:
	case DNS_EMPTY:
	case DNS_SERVER_ERROR:
	case DNS_TRUNCATED:
	case DNS_OTHER:
	case DNS_INVALID:
		return " (unspecified DNS error)";
	}
	UNREACHABLE();
}

static void fail_addresses(struct dns_lookup *l)
{
	for (struct list *at = l->users.next; at != &l->users; at = at->next) {
		struct dns_member *m = by_node(at);

		/* without resolvers of its own it keeps what it had */
		if (!m->is_once)
			lose_address(m->srv, cause_of(l->status));
	}
	dns_records_clear(&l->records);
}

/* --- SRV records --- */

static void lose_target(struct dns_member *m)
{
	leave_lookup(m);
	lose_address(m->srv, " (entry removed from SRV record)");
	m->srv->port = 0;
	server_set_fqdn(m->srv, NULL);
}

static void take_target(struct dns_lookup *l, struct dns_member *m, const struct dns_target *t)
{
	struct server *s = m->srv;
	bool is_new = m->lookup == NULL || !dns_target_eq(&m->target, t);

	if (is_new) {
		server_log(s, LOG_NOTICE, "%s/%s changed its FQDN from %s to %s by 'SRV record'",
			   s->be->name, s->name, m->lookup != NULL ? m->target.name : "(null)",
			   t->name);
		leave_lookup(m);
		use_lookup(m, l->section, t->name);
		server_set_fqdn(s, t->name);
		s->admin |= SERVER_HMAINT;
		s->port = t->port;
	}
	m->target = *t;
	if (!s->cfg->resolve.ignores_weight)
		server_set_weight(s, dns_weight(t->weight));
}

static void apply_targets(struct dns_lookup *l, const struct group *g)
{
	struct dns_target_slot *slots = xcalloc(g->n, sizeof(*slots));

	for (unsigned i = 0; i < g->n; i++) {
		slots[i].has_target = g->members[i]->lookup != NULL;
		slots[i].target = g->members[i]->target;
	}
	dns_assign_targets(&l->records, slots, g->n);
	for (unsigned i = 0; i < g->n; i++) {
		struct dns_member *m = g->members[i];

		if (slots[i].has_target)
			take_target(l, m, &slots[i].target);
		else if (m->lookup != NULL)
			lose_target(m);
	}
	free(slots);
}

static void fail_targets(struct dns_lookup *l)
{
	for (struct list *at = l->users.next; at != &l->users; at = at->next) {
		struct dns_member *m = by_srv_node(at);

		if (m->lookup != NULL)
			lose_target(m);
	}
	dns_records_clear(&l->records);
}

/* --- results --- */

static void on_result(struct dns_lookup *l)
{
	bool is_srv = l->preferred == DNS_SRV;

	if (l->status == DNS_VALID)
		each_group(l, is_srv ? by_srv_node : by_node,
			   is_srv ? apply_targets : apply_addresses);
	else if (!dns_lookup_has_failed(l))
		return;
	else if (is_srv)
		fail_targets(l);
	else
		fail_addresses(l);
}

/* --- configurations --- */

void dns_servers_begin(struct dns *d, const struct cfg *cfg)
{
	d->on_result = on_result;
	dns_follow(d, cfg);
}

/* The section and name that it is found by; NULL: nobody has to look. */
static struct dns_section *section_for(const struct dns *d, const struct server *s)
{
	const struct cfg_server *cfg = s->cfg;

	if (cfg->fqdn == NULL)
		return NULL;
	if (cfg->resolve.resolvers != NULL)
		return dns_find_section(d, cfg->resolve.resolvers->name);
	return s->addr.len == 0 || cfg->is_unresolved || cfg->is_unasked || cfg->is_srv
		       ? dns_find_section(d, "default")
		       : NULL;
}

static bool is_member_of(const struct dns_member *m, const struct dns_section *s)
{
	const struct cfg_server *cfg = m->srv->cfg;
	const struct dns_lookup *l = cfg->is_srv ? m->srv_lookup : m->lookup;

	if (l == NULL || l->section != s || (cfg->is_srv != (m->srv_lookup != NULL)))
		return false;
	if (m->lookup != NULL && m->lookup->preferred != preferred_type(m->srv))
		return false;
	return m->is_renamed || strcasecmp(l->name, cfg->fqdn) == 0;
}

static void join(struct server *s, struct dns_section *section)
{
	const struct cfg_server *cfg = s->cfg;
	struct dns_member *m = xcalloc(1, sizeof(*m));

	m->srv = s;
	m->is_once = cfg->resolve.resolvers == NULL && !cfg->is_srv;
	s->dns = m;
	server_set_fqdn(s, cfg->is_srv ? NULL : cfg->fqdn);
	s->admin &= ~(unsigned)SERVER_HMAINT;
	if (!cfg->is_srv) {
		use_lookup(m, section, cfg->fqdn);
		return;
	}
	m->srv_lookup = dns_lookup_get(section, cfg->fqdn, DNS_SRV);
	list_add_tail(&m->srv_lookup->users, &m->srv_node);
}

static void follow_server(struct dns *d, struct server *s)
{
	struct dns_section *section = section_for(d, s);

	if (s->dns != NULL && (section == NULL || !is_member_of(s->dns, section)))
		dns_forget(s);
	if (s->dns == NULL && section != NULL)
		join(s, section);
}

void dns_servers_follow(struct dns *d, struct backend *be)
{
	for (struct list *l = be->retired.next; l != &be->retired; l = l->next)
		dns_forget(list_entry(l, struct server, node));
	for (unsigned i = 0; i < be->n_servers; i++)
		follow_server(d, be->servers[i]);
}

void dns_servers_end(struct dns *d)
{
	dns_reap(d);
}

/* --- commands --- */

int dns_set_fqdn(struct dns *d, struct server *s, const char *fqdn, const char *by)
{
	struct dns_member *m = s->dns;
	struct dns_section *section;

	(void)d;
	if (m != NULL && m->srv_lookup != NULL)
		return -EBUSY;
	if (m == NULL || m->is_once)
		return -ENOTSUP;
	if (fqdn[0] == '\0' || fqdn[0] == '_' || strlen(fqdn) >= DNS_NAME_LEN)
		return -EINVAL;
	server_log(s, LOG_NOTICE, "%s/%s changed its FQDN from %s to %s by %s", s->be->name,
		   s->name, m->lookup->name, fqdn, by);
	section = m->lookup->section;
	if (strcasecmp(m->lookup->name, fqdn) == 0)
		return 0;
	leave_lookup(m);
	use_lookup(m, section, fqdn);
	server_set_fqdn(s, fqdn);
	s->admin |= SERVER_HMAINT;
	m->is_renamed = true;
	return 0;
}
