/* cfg_vip.c - virtual_ipaddress, virtual_ipaddress_excluded, static_ipaddress. */
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "config/cfg_keyword.h"

static const struct {
	const char *name;
	int value;
} scopes[] = {
	{ "global", RT_SCOPE_UNIVERSE }, { "site", RT_SCOPE_SITE },       { "link", RT_SCOPE_LINK },
	{ "host", RT_SCOPE_HOST },       { "nowhere", RT_SCOPE_NOWHERE },
};

bool cfg_get_prefix(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, struct addr *out,
		    uint8_t *prefix_len)
{
	struct str w = s->word[i].text;
	const char *slash = w.len ? memchr(w.p, '/', w.len) : NULL;
	struct str host = { w.p, slash ? (size_t)(slash - w.p) : w.len };
	struct cfg_stmt only_host = *s;
	struct token t = s->word[i];
	int64_t n, max;

	t.text = arena_str(&p->cfg->arena, host);
	only_host.word = &t;
	only_host.first += i;
	only_host.n = 1;
	if (!cfg_get_ip(p, &only_host, 0, out))
		return false;
	n = max = out->sa.sa_family == AF_INET6 ? 128 : 32;
	if (slash) {
		struct str len = { slash + 1, w.len - host.len - 1 };

		if (str_parse_int(len, 0, max, &n) != 0) {
			cfg_error(p, s, i,
				  "'" STR_FMT "': the prefix length is a number from 0 to %d",
				  STR_ARG(w), (int)max);
			return false;
		}
	}
	*prefix_len = (uint8_t)n;
	return true;
}

bool cfg_get_scope(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, int *out)
{
	int64_t n;

	for (size_t k = 0; k < ARRAY_LEN(scopes); k++) {
		if (cfg_is(s, i, scopes[k].name)) {
			*out = scopes[k].value;
			return true;
		}
	}
	if (str_parse_int(s->word[i].text, 0, 255, &n) == 0) {
		*out = (int)n;
		return true;
	}
	cfg_error(p, s, i, "'scope' expects global, site, link, host or nowhere, got '" STR_FMT "'",
		  STR_ARG(s->word[i].text));
	return false;
}

static bool read_dev(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, struct cfg_vip *v)
{
	return cfg_get_interface(p, s, i, &v->dev);
}

static bool read_scope(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i,
		       struct cfg_vip *v)
{
	return cfg_get_scope(p, s, i, &v->scope);
}

static bool read_label(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i,
		       struct cfg_vip *v)
{
	if (s->word[i].text.len == 0 || s->word[i].text.len >= IFNAMSIZ) {
		cfg_error(p, s, i, "a label has 1 to %d characters", IFNAMSIZ - 1);
		return false;
	}
	v->label = s->word[i].text.p;
	return true;
}

static bool read_brd(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, struct cfg_vip *v)
{
	if (cfg_is(s, i, "+")) {
		v->brd_auto = true;
		return true;
	}
	if (cfg_is(s, i, "-")) {
		v->brd_auto = false;
		return true;
	}
	return cfg_get_ipv4(p, s, i, &v->brd);
}

static bool read_peer(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, struct cfg_vip *v)
{
	if (!cfg_get_ip(p, s, i, &v->peer))
		return false;
	if (v->peer.sa.sa_family == v->addr.sa.sa_family)
		return true;
	cfg_error(p, s, i, "'peer' expects an address of the same family");
	return false;
}

static bool read_preferred(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i,
			   struct cfg_vip *v)
{
	if (cfg_is(s, i, "forever")) {
		v->preferred_s = CFG_FOREVER;
		return true;
	}
	if (str_parse_int(s->word[i].text, 0, CFG_FOREVER - 1, &v->preferred_s) == 0)
		return true;
	cfg_error(p, s, i, "'preferred_lft' expects seconds or forever, got '" STR_FMT "'",
		  STR_ARG(s->word[i].text));
	return false;
}

/* What may stand behind an address: a flag, or a word with a value. */
static const struct vip_option {
	const char *name;
	bool (*read)(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i, struct cfg_vip *v);
	unsigned flag; /* IFA_F_*, when there is no value */
	bool v6, v4;   /* the family it makes sense for */
} vip_options[] = {
	{ "dev", read_dev, 0, true, true },
	{ "label", read_label, 0, false, true },
	{ "brd", read_brd, 0, false, true },
	{ "broadcast", read_brd, 0, false, true },
	{ "scope", read_scope, 0, true, true },
	{ "peer", read_peer, 0, true, true },
	{ "preferred_lft", read_preferred, 0, true, true },
	{ "-nodad", NULL, 0, true, true }, /* it is always so */
	{ "home", NULL, IFA_F_HOMEADDRESS, true, false },
	{ "mngtmpaddr", NULL, IFA_F_MANAGETEMPADDR, true, false },
	{ "noprefixroute", NULL, IFA_F_NOPREFIXROUTE, true, true },
	{ "autojoin", NULL, IFA_F_MCAUTOJOIN, true, true },
};

static const struct vip_option *find_option(const struct cfg_stmt *s, unsigned i)
{
	for (size_t k = 0; k < ARRAY_LEN(vip_options); k++)
		if (cfg_is(s, i, vip_options[k].name))
			return &vip_options[k];
	return NULL;
}

static const char *suggest_option(struct cfg_parser *p, struct str word)
{
	const char *words[ARRAY_LEN(vip_options) + 3] = { "no_track", "use_vmac" };

	for (size_t k = 0; k < ARRAY_LEN(vip_options); k++)
		words[2 + k] = vip_options[k].name;
	return cfg_suggest(p, word, words);
}

/* The option at word i; how many words it takes, 0 after an error. */
static unsigned read_option(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i,
			    struct cfg_vip *v)
{
	const struct vip_option *o = find_option(s, i);
	bool is_v6 = v->addr.sa.sa_family == AF_INET6;

	if (!o) {
		cfg_error(p, s, i,
			  "unexpected '" STR_FMT "' behind an address; dev, label, brd, scope, "
			  "peer or a flag may stand here%s",
			  STR_ARG(s->word[i].text), suggest_option(p, s->word[i].text));
		return 0;
	}
	if (!(is_v6 ? o->v6 : o->v4)) {
		cfg_error(p, s, i, "'%s' is for IPv%d addresses; remove it", o->name,
			  is_v6 ? 4 : 6);
		return 0;
	}
	v->flags |= o->flag;
	if (!o->read)
		return 1;
	if (i + 1 >= s->n) {
		cfg_error(p, s, i + 1, "a value for '%s' is missing here", o->name);
		return 0;
	}
	return o->read(p, s, i + 1, v) ? 2 : 0;
}

/* Words that only one kind of list knows: virtual or static addresses. */
static bool read_special(struct cfg_parser *p, const struct cfg_stmt *s, unsigned i,
			 struct cfg_vip *v)
{
	if (p->instance && cfg_is(s, i, "no_track"))
		v->no_track = true;
	else if (p->instance && cfg_is(s, i, "use_vmac"))
		v->use_vmac = true;
	else
		return false;
	return true;
}

/* One line of a list of addresses, or NULL after an error. */
static struct cfg_vip *read_vip(struct cfg_parser *p, const struct cfg_stmt *s)
{
	struct cfg_vip *v = arena_new(&p->cfg->arena, struct cfg_vip);

	v->pos = cfg_word_pos(s, 0);
	v->scope = -1;
	v->preferred_s = CFG_FOREVER;
	if (!cfg_get_prefix(p, s, 0, &v->addr, &v->prefix_len))
		return NULL;
	/* keepalived, too: such an address is no source of new connections */
	if (v->addr.sa.sa_family == AF_INET6 && v->prefix_len == 128)
		v->preferred_s = 0;
	for (unsigned i = 1, n; i < s->n; i += n) {
		n = read_special(p, s, i, v) ? 1 : read_option(p, s, i, v);
		if (n == 0)
			return NULL;
	}
	return v;
}

static bool add_vip(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_vip **list)
{
	struct cfg_vip *v = read_vip(p, s);

	while (v && *list)
		list = (const struct cfg_vip **)&(*list)->next;
	if (v)
		*list = v;
	return v != NULL;
}

static void vip_entry(struct cfg_parser *p, const struct cfg_stmt *s)
{
	p->instance->n_vips += add_vip(p, s, &p->instance->vips);
}

static void excluded_entry(struct cfg_parser *p, const struct cfg_stmt *s)
{
	(void)add_vip(p, s, &p->instance->vips_excluded);
}

static void static_entry(struct cfg_parser *p, const struct cfg_stmt *s)
{
	(void)add_vip(p, s, &p->cfg->statics.addrs);
}

static void parse_statics(struct cfg_parser *p, const struct cfg_stmt *s,
			  const struct cfg_keyword *kw)
{
	(void)kw;
	cfg_read_entries(p, s, static_entry);
}

static void parse_vips(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	(void)kw;
	cfg_read_entries(p, s, vip_entry);
}

static void parse_excluded(struct cfg_parser *p, const struct cfg_stmt *s,
			   const struct cfg_keyword *kw)
{
	(void)kw;
	cfg_read_entries(p, s, excluded_entry);
}

/* clang-format off: one line for one keyword */
const struct cfg_keyword cfg_keywords_vip[] = {
	{ "virtual_ipaddress", IN_INSTANCE, 0, 0, true, parse_vips, 0, 0, 0, "",
	  "lines 'ADDRESS[/PREFIX] [dev IF] [label NAME] [brd ADDRESS|+|-] [scope SCOPE] "
	  "[peer ADDRESS] [preferred_lft SECONDS|forever] [home] [mngtmpaddr] [noprefixroute] "
	  "[autojoin] [-nodad] [no_track] [use_vmac]'",
	  CFG_SUPPORTED },
	{ "virtual_ipaddress_excluded", IN_INSTANCE, 0, 0, true, parse_excluded, 0, 0, 0, "",
	  "as virtual_ipaddress, but not listed in adverts", CFG_SUPPORTED },
	{ "static_ipaddress", IN_TOP, 0, 0, true, parse_statics, 0, 0, 0, "",
	  "lines as in virtual_ipaddress: addresses that are there while vrrpd runs",
	  CFG_SUPPORTED },
	{ "static_routes", IN_TOP, 0, 0, true, cfg_parse_routes, 0, 0, 0, "",
	  "lines as in virtual_routes: routes that are there while vrrpd runs", CFG_SUPPORTED },
	{ "static_rules", IN_TOP, 0, 0, true, cfg_parse_rules, 0, 0, 0, "",
	  "lines as in virtual_rules: rules that are there while vrrpd runs", CFG_SUPPORTED },
	{ "virtual_routes", IN_INSTANCE, 0, 0, true, cfg_parse_routes, 0, 0, 0, "",
	  "lines as 'ip route add' takes them, there while master: [TYPE] ADDRESS/PREFIX|default "
	  "[via ADDRESS] [dev IF] [src ADDRESS] [table T] [metric N] [scope S] [onlink] "
	  "[nexthop ...] [no_track] ...",
	  CFG_SUPPORTED },
	{ "virtual_rules", IN_INSTANCE, 0, 0, true, cfg_parse_rules, 0, 0, 0, "",
	  "lines as 'ip rule add' takes them, there while master: [from PREFIX] [to PREFIX] "
	  "[iif IF] [oif IF] [fwmark M[/MASK]] [tos T] [preference N] table T|goto N|blackhole|"
	  "unreachable|prohibit [no_track] ...",
	  CFG_SUPPORTED },
	{ 0 },
};
/* clang-format on */
