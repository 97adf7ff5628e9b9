/* cfg_rule.c - virtual_rules and static_rules: lines as `ip rule add` takes them. */
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netdb.h>
#include <netinet/in.h>

#include "config/cfg_routing.h"

#define PROTO_KEEPALIVED 18
/* Rules without a preference get one, each below the one before, as keepalived counts them. */
#define FIRST_PREFERENCE 16384

struct reader {
	struct cfg_parser *p;
	const struct cfg_stmt *s;
	struct cfg_rule *r;
	bool has_preference, has_action, has_selector;
};

static bool read_prefix(struct reader *rd, unsigned i, struct addr *a, uint8_t *len)
{
	if (cfg_is(rd->s, i, "all") || cfg_is(rd->s, i, "default") || cfg_is(rd->s, i, "any"))
		return true;
	if (!cfg_get_prefix(rd->p, rd->s, i, a, len))
		return false;
	if (rd->r->family && rd->r->family != a->sa.sa_family) {
		cfg_error(rd->p, rd->s, i, "the addresses of a rule are of one family");
		return false;
	}
	rd->r->family = a->sa.sa_family;
	return true;
}

static bool read_from(struct reader *rd, unsigned i)
{
	rd->has_selector = true;
	return read_prefix(rd, i, &rd->r->from, &rd->r->from_len);
}

static bool read_to(struct reader *rd, unsigned i)
{
	rd->has_selector = true;
	return read_prefix(rd, i, &rd->r->to, &rd->r->to_len);
}

static bool read_table(struct reader *rd, unsigned i)
{
	rd->has_action = true;
	return cfg_get_named(rd->p, rd->s, i, NAMES_TABLE, UINT32_MAX, &rd->r->table);
}

static bool read_preference(struct reader *rd, unsigned i)
{
	rd->has_preference = true;
	return cfg_get_number(rd->p, rd->s, i, UINT32_MAX, &rd->r->preference);
}

static bool read_goto(struct reader *rd, unsigned i)
{
	rd->has_action = true;
	rd->r->action = FR_ACT_GOTO;
	return cfg_get_number(rd->p, rd->s, i, UINT32_MAX, &rd->r->target);
}

static bool read_tos(struct reader *rd, unsigned i)
{
	uint32_t v;

	if (!cfg_get_named(rd->p, rd->s, i, NAMES_DSFIELD, 255, &v))
		return false;
	rd->r->tos = (uint8_t)v;
	rd->has_selector = true;
	return true;
}

/* VALUE or VALUE/MASK */
static bool read_mark(struct reader *rd, unsigned i)
{
	struct str w = rd->s->word[i].text;
	const char *slash = w.len ? memchr(w.p, '/', w.len) : NULL;
	struct cfg_stmt part = *rd->s;
	struct token words[2] = { rd->s->word[i - 1], rd->s->word[i] };

	rd->r->has_mark = rd->has_selector = true;
	rd->r->mark_mask = UINT32_MAX;
	part.word = words;
	part.first += i - 1;
	part.n = 2;
	if (slash) {
		words[1].text = (struct str){ slash + 1, w.len - (size_t)(slash - w.p) - 1 };
		if (!cfg_get_number(rd->p, &part, 1, UINT32_MAX, &rd->r->mark_mask))
			return false;
		words[1].text = (struct str){ w.p, (size_t)(slash - w.p) };
	}
	return cfg_get_number(rd->p, &part, 1, UINT32_MAX, &rd->r->mark);
}

static bool read_iif(struct reader *rd, unsigned i)
{
	rd->has_selector = true;
	return cfg_get_interface(rd->p, rd->s, i, &rd->r->iif);
}

static bool read_oif(struct reader *rd, unsigned i)
{
	rd->has_selector = true;
	return cfg_get_interface(rd->p, rd->s, i, &rd->r->oif);
}

static bool read_realms(struct reader *rd, unsigned i)
{
	return cfg_get_realms(rd->p, rd->s, i, &rd->r->realms);
}

static bool read_protocol(struct reader *rd, unsigned i)
{
	uint32_t v;

	if (!cfg_get_named(rd->p, rd->s, i, NAMES_PROTOCOL, 255, &v))
		return false;
	rd->r->protocol = (uint8_t)v;
	return true;
}

/* tcp, udp, icmp, icmpv6 or a number: without asking the system for more. */
static bool read_ipproto(struct reader *rd, unsigned i)
{
	static const struct {
		const char *name;
		uint8_t value;
	} names[] = { { "tcp", IPPROTO_TCP },          { "udp", IPPROTO_UDP },
		      { "icmp", IPPROTO_ICMP },        { "icmpv6", IPPROTO_ICMPV6 },
		      { "ipv6-icmp", IPPROTO_ICMPV6 }, { "sctp", IPPROTO_SCTP },
		      { "dccp", IPPROTO_DCCP },        { "TCP", IPPROTO_TCP },
		      { "UDP", IPPROTO_UDP } };
	uint32_t v;

	rd->has_selector = true;
	for (size_t k = 0; k < ARRAY_LEN(names); k++) {
		if (cfg_is(rd->s, i, names[k].name)) {
			rd->r->ipproto = names[k].value;
			return true;
		}
	}
	if (!cfg_get_number(rd->p, rd->s, i, 255, &v))
		return false;
	rd->r->ipproto = (uint8_t)v;
	return true;
}

/* N or N-M */
static bool read_range(struct reader *rd, unsigned i, int64_t max, struct cfg_range *out)
{
	struct str w = rd->s->word[i].text;
	const char *dash = w.len ? memchr(w.p, '-', w.len) : NULL;
	struct str first = { w.p, dash ? (size_t)(dash - w.p) : w.len };
	struct str last = dash ? (struct str){ dash + 1, w.len - first.len - 1 } : first;
	int64_t lo, hi;

	rd->has_selector = true;
	if (str_parse_int(first, 0, max, &lo) || str_parse_int(last, 0, max, &hi) || lo > hi) {
		cfg_error(rd->p, rd->s, i,
			  "'" STR_FMT "' expects N or N-M up to %lld, got '" STR_FMT "'",
			  STR_ARG(rd->s->word[i - 1].text), (long long)max, STR_ARG(w));
		return false;
	}
	*out = (struct cfg_range){ true, (uint32_t)lo, (uint32_t)hi };
	return true;
}

static bool read_sport(struct reader *rd, unsigned i)
{
	return read_range(rd, i, UINT16_MAX, &rd->r->sport);
}

static bool read_dport(struct reader *rd, unsigned i)
{
	return read_range(rd, i, UINT16_MAX, &rd->r->dport);
}

static bool read_uids(struct reader *rd, unsigned i)
{
	return read_range(rd, i, UINT32_MAX, &rd->r->uid);
}

static bool read_tunnel(struct reader *rd, unsigned i)
{
	int64_t v;

	if (!cfg_get_int(rd->p, rd->s, i, 0, INT64_MAX, &v))
		return false;
	rd->r->tunnel = (uint64_t)v;
	rd->r->has_tunnel = rd->has_selector = true;
	return true;
}

static bool read_suppress_prefix(struct reader *rd, unsigned i)
{
	return cfg_get_int(rd->p, rd->s, i, 0, 128, &rd->r->suppress_prefix_len);
}

static bool read_suppress_group(struct reader *rd, unsigned i)
{
	return cfg_get_int(rd->p, rd->s, i, 0, INT32_MAX, &rd->r->suppress_group);
}

static const struct {
	const char *name;
	bool (*read)(struct reader *rd, unsigned i);
} options[] = {
	{ "from", read_from },
	{ "to", read_to },
	{ "table", read_table },
	{ "lookup", read_table },
	{ "preference", read_preference },
	{ "priority", read_preference },
	{ "order", read_preference },
	{ "pref", read_preference },
	{ "goto", read_goto },
	{ "tos", read_tos },
	{ "dsfield", read_tos },
	{ "fwmark", read_mark },
	{ "iif", read_iif },
	{ "dev", read_iif },
	{ "oif", read_oif },
	{ "realms", read_realms },
	{ "realm", read_realms },
	{ "protocol", read_protocol },
	{ "ip_proto", read_ipproto },
	{ "ipproto", read_ipproto },
	{ "sport", read_sport },
	{ "dport", read_dport },
	{ "uidrange", read_uids },
	{ "tunnel_id", read_tunnel },
	{ "tun_id", read_tunnel },
	{ "suppress_prefixlength", read_suppress_prefix },
	{ "suppress_ifgroup", read_suppress_group },
};

static const struct {
	const char *name;
	unsigned action;
} actions[] = {
	{ "blackhole", FR_ACT_BLACKHOLE },
	{ "unreachable", FR_ACT_UNREACHABLE },
	{ "prohibit", FR_ACT_PROHIBIT },
	{ "nop", FR_ACT_NOP },
};

static bool read_flag(struct reader *rd, unsigned i)
{
	const struct cfg_stmt *s = rd->s;

	for (size_t k = 0; k < ARRAY_LEN(actions); k++) {
		if (cfg_is(s, i, actions[k].name)) {
			rd->r->action = actions[k].action;
			rd->has_action = true;
			return true;
		}
	}
	if (cfg_is(s, i, "inet"))
		rd->r->family = AF_INET;
	else if (cfg_is(s, i, "inet6"))
		rd->r->family = AF_INET6;
	else if (cfg_is(s, i, "not"))
		rd->r->invert = true;
	else if (cfg_is(s, i, "l3mdev"))
		rd->r->l3mdev = rd->has_selector = rd->has_action = true;
	else if (cfg_is(s, i, "no_track"))
		rd->r->no_track = true;
	else
		return false;
	return true;
}

/* How many words the option at word i has; 0 after an error. */
static unsigned read_option(struct reader *rd, unsigned i)
{
	const char *words[ARRAY_LEN(options) + 1];

	if (read_flag(rd, i))
		return 1;
	for (size_t k = 0; k < ARRAY_LEN(options); k++) {
		if (cfg_is(rd->s, i, options[k].name))
			return cfg_has_value(rd->p, rd->s, i) && options[k].read(rd, i + 1) ? 2 : 0;
		words[k] = options[k].name;
	}
	words[ARRAY_LEN(options)] = NULL;
	if (cfg_is(rd->s, i, "track_group"))
		cfg_error(rd->p, rd->s, i,
			  "'track_group' is known to keepalived, not supported; remove it");
	else
		cfg_error(rd->p, rd->s, i, "unexpected '" STR_FMT "' in a rule%s",
			  STR_ARG(rd->s->word[i].text),
			  cfg_suggest(rd->p, rd->s->word[i].text, words));
	return 0;
}

static void set_preference(struct reader *rd)
{
	struct cfg_rule *r = rd->r;
	uint32_t *next = &rd->p->next_preference[r->family == AF_INET6];

	if (rd->has_preference)
		return;
	if (!*next)
		*next = FIRST_PREFERENCE;
	r->preference = (*next)--;
	r->text = arena_printf(&rd->p->cfg->arena, "%s preference %u", r->text, r->preference);
	diag_warning(rd->p->diag, r->pos, "a rule without 'preference' gets %u; give it one",
		     r->preference);
}

static bool is_good(struct reader *rd)
{
	const struct cfg_rule *r = rd->r;

	if (!rd->has_action && r->action == FR_ACT_TO_TBL) {
		cfg_error(rd->p, rd->s, 0,
			  "a rule needs 'table TABLE', goto, blackhole, unreachable or prohibit");
		return false;
	}
	if (r->action == FR_ACT_GOTO && !rd->has_preference) {
		cfg_error(rd->p, rd->s, 0, "a rule with goto needs a preference");
		return false;
	}
	if (r->action == FR_ACT_GOTO && r->target <= r->preference) {
		cfg_error(rd->p, rd->s, 0,
			  "goto leads to a rule behind this one: its number is higher");
		return false;
	}
	return true;
}

static struct cfg_rule *read_rule(struct cfg_parser *p, const struct cfg_stmt *s)
{
	struct reader rd = { .p = p, .s = s, .r = arena_new(&p->cfg->arena, struct cfg_rule) };

	*rd.r = (struct cfg_rule){ .pos = cfg_word_pos(s, 0),
				   .text = cfg_words_text(p, s),
				   .action = FR_ACT_TO_TBL,
				   .protocol = PROTO_KEEPALIVED,
				   .suppress_prefix_len = -1,
				   .suppress_group = -1 };
	if (!rd.r->text)
		return NULL;
	for (unsigned i = 0, n; i < s->n; i += n) {
		n = read_option(&rd, i);
		if (!n)
			return NULL;
	}
	if (!rd.r->family)
		rd.r->family = AF_INET;
	if (!is_good(&rd))
		return NULL;
	set_preference(&rd);
	return rd.r;
}

void cfg_add_rule(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_rule **list)
{
	struct cfg_rule *r = read_rule(p, s);

	while (r && *list)
		list = (const struct cfg_rule **)&(*list)->next;
	if (r)
		*list = r;
}

static void entry(struct cfg_parser *p, const struct cfg_stmt *s)
{
	cfg_add_rule(p, s, p->instance ? &p->instance->rules : &p->cfg->statics.rules);
}

void cfg_parse_rules(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	(void)kw;
	cfg_read_entries(p, s, entry);
}
