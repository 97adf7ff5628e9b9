/* cfg_vmac.c - use_vmac and its relatives: which interfaces of our making hold what. */
#include <net/if.h>

#include "config/cfg_keyword.h"

/* aa:bb:cc:dd:ee or aa:bb:cc:dd:ee:ff: how many bytes, 0: it is none. */
static unsigned parse_mac(struct str w, uint8_t out[6])
{
	unsigned n = 0;

	for (size_t i = 0; i < w.len && n < 6; n++) {
		unsigned v = 0, digits = 0;

		for (; i < w.len && w.p[i] != ':'; i++, digits++) {
			char c = (char)(w.p[i] | 0x20);

			if (c >= '0' && c <= '9')
				v = v * 16 + (unsigned)(c - '0');
			else if (c >= 'a' && c <= 'f')
				v = v * 16 + (unsigned)(c - 'a' + 10);
			else
				return 0;
			if (digits == 2)
				return 0;
		}
		if (digits == 0 || (i < w.len && i + 1 == w.len))
			return 0;
		out[n] = (uint8_t)v;
		if (i < w.len && n == 5)
			return 0; /* a seventh */
		i++;
	}
	return n == 5 || n == 6 ? n : 0;
}

static void parse_use_vmac(struct cfg_parser *p, const struct cfg_stmt *s,
			   const struct cfg_keyword *kw)
{
	struct cfg_instance *in = p->instance;

	(void)kw;
	in->use_vmac = true;
	for (unsigned i = 1; i < s->n; i++) {
		uint8_t mac[6] = { 0 };
		unsigned n = parse_mac(s->word[i].text, mac);

		if (n && (mac[0] & 1)) {
			cfg_error(p, s, i,
				  "a group address (odd first byte) is no address of an interface");
		} else if (n) {
			memcpy(in->vmac_mac, mac, sizeof(mac));
			in->vmac_mac_len = n;
		} else if (i == 1) {
			(void)cfg_get_interface(p, s, i, &in->vmac_name);
		} else {
			cfg_error(p, s, i,
				  "'" STR_FMT "' is no hardware address such as 02:00:5e:00:01:33",
				  STR_ARG(s->word[i].text));
		}
	}
}

/* A prefix of names of interfaces: room must be left for ".255". */
static void parse_prefix(struct cfg_parser *p, const struct cfg_stmt *s,
			 const struct cfg_keyword *kw)
{
	const char **out = (const char **)((char *)p->global + kw->offset);

	if (cfg_get_interface(p, s, 1, out) && strlen(*out) > IFNAMSIZ - 1 - 6)
		cfg_error(p, s, 1, "'%s' has at most %d characters", kw->name, IFNAMSIZ - 1 - 6);
}

static void parse_table(struct cfg_parser *p, const struct cfg_stmt *s,
			const struct cfg_keyword *kw)
{
	(void)kw;
	if (s->n == 1)
		return; /* ours is always used when something needs it */
	if (s->word[1].text.len == 0 || s->word[1].text.len > 31)
		cfg_error(p, s, 1, "the name of a table has 1 to 31 characters");
	else
		p->global->nft_table = s->word[1].text.p;
}

/* --- after all was read --------------------------------------------------------------------- */

static struct cfg_vmac *find_by_name(struct cfg_parser *p, const char *name)
{
	for (struct cfg_instance *in = p->cfg->instances; in; in = in->next)
		for (const struct cfg_vmac *v = in->vmacs; v; v = v->next)
			if (strcmp(v->name, name) == 0)
				return (struct cfg_vmac *)v;
	return NULL;
}

static bool is_named_by_config(struct cfg_parser *p, const char *name)
{
	for (const struct cfg_instance *in = p->cfg->instances; in; in = in->next)
		if ((in->vmac_name && strcmp(in->vmac_name, name) == 0) ||
		    (in->interface && strcmp(in->interface, name) == 0))
			return true;
	return find_by_name(p, name) != NULL;
}

/* vrrp.51, vrrp6.51; when that is taken vrrp1.51, vrrp61.51, ... as keepalived counts. */
static const char *make_name(struct cfg_parser *p, const char *prefix, bool is_v6, unsigned vrid)
{
	const char *name = arena_printf(&p->cfg->arena, "%s%s.%u", prefix, is_v6 ? "6" : "", vrid);

	for (unsigned k = 1; is_named_by_config(p, name); k++)
		name = arena_printf(&p->cfg->arena, "%s%s%u.%u", prefix, is_v6 ? "6" : "", k, vrid);
	return name;
}

static void make_mac(uint8_t mac[6], bool is_v6, unsigned vrid)
{
	const uint8_t rfc[6] = { 0, 0, 0x5e, 0, is_v6 ? 2 : 1, (uint8_t)vrid };

	memcpy(mac, rfc, sizeof(rfc));
}

static struct cfg_vmac *add_vmac(struct cfg_parser *p, struct cfg_instance *in, const char *name,
				 const char *base, bool is_v6)
{
	struct cfg_vmac *v = arena_new(&p->cfg->arena, struct cfg_vmac);
	const struct cfg_vmac **end = &in->vmacs;

	v->name = name;
	v->base = base;
	make_mac(v->mac, is_v6, in->vrid);
	while (*end)
		end = (const struct cfg_vmac **)&(*end)->next;
	*end = v;
	return v;
}

static struct cfg_vmac *main_vmac(struct cfg_instance *in)
{
	return in->use_vmac ? (struct cfg_vmac *)in->vmacs : NULL;
}

/* The vmac on that interface for addresses of that family; made when it is the first. */
static struct cfg_vmac *vmac_on(struct cfg_parser *p, struct cfg_instance *in, const char *base,
				bool is_v6)
{
	const struct cfg_global *g = p->global;
	const char *prefix = g->vmac_addr_prefix ? g->vmac_addr_prefix
			     : g->vmac_prefix    ? g->vmac_prefix
						 : "vrrp";

	for (const struct cfg_vmac *v = in->vmacs; v; v = v->next) {
		bool is_main = v == main_vmac(in);

		if (strcmp(v->base, base) == 0 &&
		    (is_main ? is_v6 == (in->family == AF_INET6) : v->mac[4] == (is_v6 ? 2 : 1)))
			return (struct cfg_vmac *)v;
	}
	return add_vmac(p, in, make_name(p, prefix, is_v6, in->vrid), base, is_v6);
}

static void place(struct cfg_parser *p, struct cfg_instance *in, struct cfg_vip *v)
{
	bool is_v6 = v->addr.sa.sa_family == AF_INET6;
	const char *base = v->dev ? v->dev : in->interface;
	bool is_elsewhere = v->dev && in->interface && strcmp(v->dev, in->interface) != 0;
	bool is_other_family = is_v6 != (in->family == AF_INET6);
	struct cfg_vmac *on = NULL;

	if (!base)
		return;
	if (v->use_vmac || (in->use_vmac_addr && (is_elsewhere || is_other_family)))
		on = vmac_on(p, in, base, is_v6);
	else if (in->use_vmac && !v->dev)
		on = main_vmac(in);
	v->on = on ? on->name : base;
	if (on && is_v6)
		on->has_v6 = true;
	else if (on)
		on->has_v4 = true;
}

static void check(struct cfg_parser *p, struct cfg_instance *in)
{
	if (in->vmac_xmit_base && !in->use_vmac) {
		diag_warning(p->diag, in->pos,
			     "vrrp_instance '%s': vmac_xmit_base has no effect without use_vmac",
			     in->name);
		in->vmac_xmit_base = false;
	}
	if (in->use_vmac && in->is_unicast && !in->vmac_xmit_base) {
		diag_warning(p->diag, in->pos,
			     "vrrp_instance '%s': unicast with use_vmac sends from the interface "
			     "itself: vmac_xmit_base is set",
			     in->name);
		in->vmac_xmit_base = true;
	}
	if (in->is_strict && in->vmac_xmit_base && !in->is_unicast) {
		diag_warning(
			p->diag, in->pos,
			"vrrp_instance '%s': vrrp_strict knows no vmac_xmit_base; it is ignored",
			in->name);
		in->vmac_xmit_base = false;
	}
}

void cfg_resolve_vmacs(struct cfg_parser *p, struct cfg_instance *in)
{
	const struct cfg_global *g = p->global;
	bool is_v6 = in->family == AF_INET6;

	check(p, in);
	in->wire = in->interface;
	if (in->use_vmac && in->interface) {
		struct cfg_vmac *v;

		if (!in->vmac_name)
			in->vmac_name = make_name(p, g->vmac_prefix ? g->vmac_prefix : "vrrp",
						  is_v6, in->vrid);
		else if (find_by_name(p, in->vmac_name))
			diag_error(p->diag, in->pos,
				   "vrrp_instance '%s': another one has a vmac with the name '%s'",
				   in->name, in->vmac_name);
		v = add_vmac(p, in, in->vmac_name, in->interface, is_v6);
		if (in->vmac_mac_len == 5)
			in->vmac_mac[5] = in->vrid;
		if (in->vmac_mac_len)
			memcpy(v->mac, in->vmac_mac, sizeof(v->mac));
		if (is_v6)
			v->has_v6 = true;
		if (!in->vmac_xmit_base)
			in->wire = v->name;
	}
	for (const struct cfg_vip *v = in->vips; v; v = v->next)
		place(p, in, (struct cfg_vip *)v);
	for (const struct cfg_vip *v = in->vips_excluded; v; v = v->next)
		place(p, in, (struct cfg_vip *)v);
}

/* clang-format off: one line for one keyword */
#define INST(field)   offsetof(struct cfg_instance, field)
#define GLOBAL(field) offsetof(struct cfg_global, field)
const struct cfg_keyword cfg_keywords_vmac[] = {
	{ "use_vmac", IN_INSTANCE, 0, 2, false, parse_use_vmac, 0, 0, 0,
	  "perhaps a name and a hardware address",
	  "hold the addresses on a macvlan with the virtual router's own hardware address; default "
	  "vrrp.VRID (vrrp6.VRID) with 00:00:5e:00:01:VRID (02 for IPv6)",
	  CFG_SUPPORTED },
	{ "vmac_xmit_base", IN_INSTANCE, 0, 0, false, cfg_set_flag, INST(vmac_xmit_base), 0, 0, "",
	  "with use_vmac: adverts go over the interface itself", CFG_SUPPORTED },
	{ "use_vmac_addr", IN_INSTANCE, 0, 0, false, cfg_set_flag, INST(use_vmac_addr), 0, 0, "",
	  "hold addresses on other interfaces, or of the other family, on virtual MACs too",
	  CFG_SUPPORTED },
	{ "vmac_prefix", IN_GLOBAL, 1, 1, false, parse_prefix, GLOBAL(vmac_prefix), 0, 0,
	  "a short name", "how names of virtual MACs begin; default vrrp", CFG_SUPPORTED },
	{ "vmac_addr_prefix", IN_GLOBAL, 1, 1, false, parse_prefix, GLOBAL(vmac_addr_prefix), 0, 0,
	  "a short name", "the same for those of single addresses; default vmac_prefix",
	  CFG_SUPPORTED },
	{ "nftables", IN_GLOBAL, 0, 1, false, parse_table, 0, 0, 0, "perhaps a name",
	  "the table of the packet filter for no_accept and virtual MACs; default vrrpd",
	  CFG_SUPPORTED },
	{ 0 },
};
/* clang-format on */
