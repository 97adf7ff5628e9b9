/* cfg_dump_resolvers.c - name resolution as canonical text. */
#include "config/cfg_internal.h"

static void put_time(struct strbuf *b, const char *name, int64_t us, int64_t unless)
{
	if (us == unless)
		return;
	strbuf_addf(b, "\t%s ", name);
	cfg_put_time(b, us);
	strbuf_addc(b, '\n');
}

static void dump_section(struct strbuf *b, const struct cfg_resolvers *r)
{
	char text[ADDR_TEXT_LEN];

	strbuf_addf(b, "\nresolvers %s\n", r->name);
	for (const struct cfg_nameserver *ns = r->nameservers; ns; ns = ns->next) {
		strbuf_adds(b, "\tnameserver ");
		cfg_put_word(b, str_from(ns->name));
		strbuf_addf(b, " %s%s\n", ns->is_tcp ? "tcp@" : "",
			    addr_format(&ns->addr, true, text));
	}
	put_time(b, "hold valid", r->hold_us[CFG_HOLD_VALID], 10000000);
	put_time(b, "hold nx", r->hold_us[CFG_HOLD_NX], 30000000);
	put_time(b, "hold refused", r->hold_us[CFG_HOLD_REFUSED], 30000000);
	put_time(b, "hold timeout", r->hold_us[CFG_HOLD_TIMEOUT], 30000000);
	put_time(b, "hold other", r->hold_us[CFG_HOLD_OTHER], 30000000);
	put_time(b, "hold obsolete", r->hold_us[CFG_HOLD_OBSOLETE], 0);
	put_time(b, "timeout resolve", r->resolve_us, 1000000);
	put_time(b, "timeout retry", r->retry_us, 1000000);
	if (r->retries != 3)
		strbuf_addf(b, "\tresolve_retries %u\n", r->retries);
	if (r->payload_size != 512)
		strbuf_addf(b, "\taccepted_payload_size %u\n", r->payload_size);
}

void cfg_dump_resolvers(struct strbuf *b, const struct cfg *c)
{
	for (const struct cfg_resolvers *r = c->resolvers; r; r = r->next)
		if (!r->is_implicit)
			dump_section(b, r);
}

static void put_init_addr(struct strbuf *b, const struct cfg_resolve *r)
{
	static const char *const names[] = { "last", "libc", "none" };
	char text[ADDR_TEXT_LEN];

	for (unsigned i = 0; i < r->n_init; i++)
		strbuf_addf(b, "%s%s", i ? "," : " init-addr ",
			    r->init[i] == CFG_ADDR_IP ? addr_format(&r->init_ip, false, text)
						      : names[r->init[i]]);
}

void cfg_dump_server_resolve(struct strbuf *b, const struct cfg_server *s)
{
	const struct cfg_resolve *r = &s->resolve;
	char text[ADDR_TEXT_LEN];

	if (!s->fqdn)
		return;
	if (r->resolvers)
		strbuf_addf(b, " resolvers %s", r->resolvers->name);
	put_init_addr(b, r);
	if (r->family != AF_UNSPEC)
		strbuf_addf(b, " resolve-prefer %s", r->family == AF_INET ? "ipv4" : "ipv6");
	for (unsigned i = 0; i < r->n_nets; i++)
		strbuf_addf(b, "%s%s/%u", i ? "," : " resolve-net ",
			    addr_format(&r->nets[i].addr, false, text), r->nets[i].bits);
	if (r->allows_dup_ip || r->ignores_weight)
		strbuf_addf(b, " resolve-opts %s%s%s", r->allows_dup_ip ? "allow-dup-ip" : "",
			    r->allows_dup_ip && r->ignores_weight ? "," : "",
			    r->ignores_weight ? "ignore-weight" : "");
}
