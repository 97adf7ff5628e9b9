/* cfg_instance.c - vrrp_instance and its blocks. */
#include <netinet/in.h>
#include <tandem/clock.h>

#include "config/cfg_keyword.h"

#define MAX_ADVERT_US  (255 * US_PER_S)
#define MAX_PREEMPT_US (1000 * US_PER_S)
#define DAY            (86400 * US_PER_S)

/* Numbers that the global section may give are UNSET until the end. */
#define UNSET (-1)

void cfg_parse_instance(struct cfg_parser *p, const struct cfg_stmt *s,
			const struct cfg_keyword *kw)
{
	struct cfg_instance *in = arena_new(&p->cfg->arena, struct cfg_instance);
	struct cfg_instance **link = &p->cfg->instances;

	(void)kw;
	*in = (struct cfg_instance){
		.pos = cfg_word_pos(s, 1),
		.name = s->word[1].text.p,
		.priority = 100,
		.advert_us = US_PER_S,
		.preempt = true,
		.accept = true,
		.garp_delay_us = UNSET,
		.garp_lower_prio_delay_us = UNSET,
		.garp_refresh_us = UNSET,
		.garp_interval_us = UNSET,
		.garp_extra_us = UNSET,
		.garp_repeat = (unsigned)UNSET,
		.garp_lower_prio_repeat = (unsigned)UNSET,
		.garp_refresh_repeat = (unsigned)UNSET,
	};
	for (; *link; link = &(*link)->next)
		if (strcmp((*link)->name, in->name) == 0)
			cfg_error(p, s, 1,
				  "vrrp_instance '%s' exists already, in line %u; rename one",
				  in->name, (*link)->pos.line);
	*link = in;
	p->cfg->n_instances++;
	p->instance = in;
	p->has_unicast_src = false;
	cfg_read_block(p, s, IN_INSTANCE);
	if (p->has_unicast_src && !in->is_unicast)
		diag_warning(p->diag, in->pos,
			     "vrrp_instance '%s': unicast_src_ip without unicast_peer: adverts are "
			     "sent by multicast",
			     in->name);
	p->instance = NULL;
}

static void parse_state(struct cfg_parser *p, const struct cfg_stmt *s,
			const struct cfg_keyword *kw)
{
	static const char *const words[] = { "MASTER", "BACKUP", NULL };
	struct str v = s->word[1].text;

	(void)kw;
	if (cfg_is(s, 1, "MASTER"))
		p->instance->state = WANT_MASTER;
	else if (cfg_is(s, 1, "BACKUP"))
		p->instance->state = WANT_BACKUP;
	else
		diag_warning(p->diag, cfg_word_pos(s, 1),
			     "'state' expects MASTER or BACKUP, got '" STR_FMT
			     "'; it is read as BACKUP, as keepalived does%s",
			     STR_ARG(v), cfg_suggest(p, v, words));
}

static void parse_interface(struct cfg_parser *p, const struct cfg_stmt *s,
			    const struct cfg_keyword *kw)
{
	(void)kw;
	(void)cfg_get_interface(p, s, 1, &p->instance->interface);
}

static void parse_accept(struct cfg_parser *p, const struct cfg_stmt *s,
			 const struct cfg_keyword *kw)
{
	(void)kw;
	p->instance->has_accept = true;
	p->instance->accept = cfg_is(s, 0, "accept");
}

static void parse_lower_no_advert(struct cfg_parser *p, const struct cfg_stmt *s,
				  const struct cfg_keyword *kw)
{
	(void)kw;
	p->instance->has_lower_no_advert = p->instance->lower_prio_no_advert = true;
	if (s->n > 1)
		(void)cfg_get_bool(p, s, 1, &p->instance->lower_prio_no_advert);
}

static void parse_mcast_dst(struct cfg_parser *p, const struct cfg_stmt *s,
			    const struct cfg_keyword *kw)
{
	struct addr a;

	(void)kw;
	if (!cfg_get_ip(p, s, 1, &a))
		return;
	if (a.sa.sa_family == AF_INET6 ? !IN6_IS_ADDR_MC_LINKLOCAL(&a.in6.sin6_addr)
				       : !IN_MULTICAST(ntohl(a.in.sin_addr.s_addr)))
		cfg_error(p, s, 1,
			  "'" STR_FMT "' is no multicast address (IPv6: a link-local one, ffX2::)",
			  STR_ARG(s->word[1].text));
	else
		p->instance->mcast_dst = a;
}

/* [all] SECONDS */
void cfg_parse_garp_extra(struct cfg_parser *p, const struct cfg_stmt *s,
			  const struct cfg_keyword *kw)
{
	struct cfg_instance *in = p->instance;
	bool is_all = cfg_is(s, 1, "all");
	int64_t us;

	(void)kw;
	if (s->n == 3 && !is_all) {
		cfg_error(p, s, 1, "'" STR_FMT "' expects 'all' or seconds",
			  STR_ARG(s->word[0].text));
		return;
	}
	if (s->n == 2 && is_all) {
		cfg_error(p, s, 2, "behind 'all' stand seconds");
		return;
	}
	if (!cfg_get_time(p, s, s->n - 1, 0, DAY, &us))
		return;
	*(in ? &in->garp_extra_us : &p->global->garp_extra_us) = us;
	*(in ? &in->garp_extra_all : &p->global->garp_extra_all) = is_all;
}

static void parse_strict(struct cfg_parser *p, const struct cfg_stmt *s,
			 const struct cfg_keyword *kw)
{
	(void)kw;
	p->instance->has_strict = p->instance->is_strict = true;
	if (s->n > 1)
		(void)cfg_get_bool(p, s, 1, &p->instance->is_strict);
}

static void parse_preempt(struct cfg_parser *p, const struct cfg_stmt *s,
			  const struct cfg_keyword *kw)
{
	(void)s, (void)kw;
	p->instance->preempt = true;
}

static void parse_src(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	struct cfg_instance *in = p->instance;

	(void)kw;
	if (in->src.len)
		cfg_error(p, s, 0,
			  "a source address was given already; remove one of "
			  "unicast_src_ip and mcast_src_ip");
	else
		(void)cfg_get_node_ip(p, s, 1, &in->src);
	p->has_unicast_src |= cfg_is(s, 0, "unicast_src_ip");
}

/* min_ttl N, max_ttl N behind a peer */
static bool read_ttls(struct cfg_parser *p, const struct cfg_stmt *s, struct cfg_peer *peer)
{
	for (unsigned i = 1; i < s->n; i += 2) {
		bool is_min = cfg_is(s, i, "min_ttl");
		int64_t v;

		if (!is_min && !cfg_is(s, i, "max_ttl")) {
			cfg_error(p, s, i,
				  "unexpected '" STR_FMT "'; behind a peer stand min_ttl N or "
				  "max_ttl N",
				  STR_ARG(s->word[i].text));
			return false;
		}
		if (i + 1 >= s->n || str_parse_int(s->word[i + 1].text, 0, 255, &v) != 0) {
			cfg_error(p, s, i + 1, "'" STR_FMT "' expects a number from 0 to 255",
				  STR_ARG(s->word[i].text));
			return false;
		}
		*(is_min ? &peer->min_ttl : &peer->max_ttl) = (unsigned)v;
	}
	if (peer->min_ttl <= peer->max_ttl)
		return true;
	cfg_error(p, s, 0, "min_ttl is above max_ttl: no advert could pass");
	return false;
}

static void peer_entry(struct cfg_parser *p, const struct cfg_stmt *s)
{
	struct cfg_peer *peer = arena_new(&p->cfg->arena, struct cfg_peer);
	const struct cfg_peer **link = &p->instance->peers;

	peer->max_ttl = 255;
	if (!cfg_get_node_ip(p, s, 0, &peer->addr) || !read_ttls(p, s, peer))
		return;
	for (; *link; link = (const struct cfg_peer **)&(*link)->next) {
		if (addr_eq(&(*link)->addr, &peer->addr)) {
			cfg_error(p, s, 0, "this peer is listed already; remove one of the lines");
			return;
		}
	}
	*link = peer;
	p->instance->n_peers++;
}

static void parse_unicast_peer(struct cfg_parser *p, const struct cfg_stmt *s,
			       const struct cfg_keyword *kw)
{
	struct diag_pos pos = cfg_word_pos(s, 0);
	unsigned errors_before = p->diag->n_errors;

	(void)kw;
	p->instance->is_unicast = true;
	cfg_read_entries(p, s, peer_entry);
	if (p->instance->n_peers == 0 && p->diag->n_errors == errors_before)
		diag_error(p->diag, pos,
			   "'unicast_peer' has no peer; add the address of the other "
			   "node or remove the block");
}

static void parse_authentication(struct cfg_parser *p, const struct cfg_stmt *s,
				 const struct cfg_keyword *kw)
{
	struct diag_pos pos = cfg_word_pos(s, 0);

	(void)kw;
	cfg_read_block(p, s, IN_AUTH);
	if (p->instance->auth_type == 1 && p->instance->auth_pass[0] == '\0') {
		diag_warning(
			p->diag, pos,
			"auth_type without auth_pass: authentication is ignored, as keepalived "
			"does");
		p->instance->auth_type = 0;
	}
}

static void parse_auth_type(struct cfg_parser *p, const struct cfg_stmt *s,
			    const struct cfg_keyword *kw)
{
	static const char *const words[] = { "PASS", NULL };
	struct str v = s->word[1].text;

	(void)kw;
	if (cfg_is(s, 1, "PASS"))
		p->instance->auth_type = 1;
	else if (cfg_is(s, 1, "AH"))
		cfg_error(p, s, 1, "auth_type AH is known to keepalived, not supported; use PASS");
	else
		diag_warning(p->diag, cfg_word_pos(s, 1),
			     "'auth_type' expects PASS, got '" STR_FMT
			     "'; adverts are sent without authentication, as keepalived does%s",
			     STR_ARG(v), cfg_suggest(p, v, words));
}

static void parse_auth_pass(struct cfg_parser *p, const struct cfg_stmt *s,
			    const struct cfg_keyword *kw)
{
	struct cfg_instance *in = p->instance;
	struct str v = s->word[1].text;

	(void)kw;
	if (v.len == 0) {
		cfg_error(p, s, 1, "auth_pass is empty");
		return;
	}
	if (v.len > sizeof(in->auth_pass))
		diag_warning(p->diag, cfg_word_pos(s, 1),
			     "auth_pass is cut to 8 characters, as VRRP version 2 has no room for "
			     "more");
	memset(in->auth_pass, 0, sizeof(in->auth_pass));
	memcpy(in->auth_pass, v.p, MIN(v.len, sizeof(in->auth_pass)));
}

/* clang-format off: one line for one keyword */
#define INST(field) offsetof(struct cfg_instance, field)
const struct cfg_keyword cfg_keywords_instance[] = {
	{ "state", IN_INSTANCE, 1, 1, false, parse_state, 0, 0, 0, "MASTER or BACKUP",
	  "what the node is meant to be; each start listens first, whatever stands here",
	  CFG_SUPPORTED },
	{ "interface", IN_INSTANCE, 1, 1, false, parse_interface, 0, 0, 0,
	  "the name of an interface", "where adverts are sent and addresses are added",
	  CFG_SUPPORTED },
	{ "virtual_router_id", IN_INSTANCE, 1, 1, false, cfg_set_u8, INST(vrid), 1, 255,
	  "a number from 1 to 255", "the same on all nodes, unique on the network", CFG_SUPPORTED },
	{ "priority", IN_INSTANCE, 1, 1, false, cfg_set_u8, INST(priority), 1, 255,
	  "a number from 1 to 255",
	  "the highest is elected; 255: owner of the addresses; default 100", CFG_SUPPORTED },
	{ "peer_priority", IN_INSTANCE, 1, 1, false, cfg_set_u8, INST(peer_priority), 1, 254,
	  "a number from 1 to 254",
	  "ours: the other router's priority; a check whose failure does not get below it is "
	  "warned about",
	  CFG_SUPPORTED },
	{ "version", IN_INSTANCE, 1, 1, false, cfg_set_unsigned, INST(version), 2, 3, "2 or 3",
	  "version of VRRP; default vrrp_version", CFG_SUPPORTED },
	{ "advert_int", IN_INSTANCE, 1, 1, false, cfg_set_time, INST(advert_us), 10 * US_PER_MS,
	  MAX_ADVERT_US, "seconds", "interval of adverts; fractions only with version 3; default 1",
	  CFG_SUPPORTED },
	{ "down_timer_adverts", IN_INSTANCE, 1, 1, false, cfg_set_unsigned, INST(down_adverts), 1,
	  100, "a number from 1 to 100",
	  "adverts that may be missing before a backup takes over; the same on all nodes; default "
	  "3",
	  CFG_SUPPORTED },
	{ "unicast_ttl", IN_INSTANCE, 1, 1, false, cfg_set_unsigned, INST(unicast_ttl), 1, 255,
	  "a number from 1 to 255", "TTL or hop limit of unicast adverts; default 255",
	  CFG_SUPPORTED },
	{ "strict_mode", IN_INSTANCE, 0, 1, false, parse_strict, 0, 0, 0, "nothing, yes or no",
	  "as vrrp_strict, for this instance", CFG_SUPPORTED },
	{ "promote_secondaries", IN_INSTANCE, 0, 0, false, cfg_set_flag, INST(promote_secondaries),
	  0, 0, "",
	  "set the interface's sysctl of that name: removing one address keeps the others",
	  CFG_SUPPORTED },
	{ "native_ipv6", IN_INSTANCE, 0, 0, false, cfg_set_flag, INST(native_ipv6), 0, 0, "",
	  "adverts go over IPv6; so they do when the addresses are IPv6", CFG_SUPPORTED },
	{ "nopreempt", IN_INSTANCE, 0, 0, false, cfg_clear_flag, INST(preempt), 0, 0, "",
	  "leave a worse master in place", CFG_SUPPORTED },
	{ "preempt", IN_INSTANCE, 0, 0, false, parse_preempt, 0, 0, 0, "",
	  "replace a worse master (the default)", CFG_SUPPORTED },
	{ "preempt_delay", IN_INSTANCE, 1, 1, false, cfg_set_time, INST(preempt_delay_us), 0,
	  MAX_PREEMPT_US, "seconds", "leave a worse master in place for so long", CFG_SUPPORTED },
	{ "dont_track_primary", IN_INSTANCE, 0, 0, false, cfg_set_flag, INST(dont_track_primary), 0,
	  0, "", "no fault when the interface is down", CFG_SUPPORTED },
	{ "skip_check_adv_addr", IN_INSTANCE, 0, 1, false, cfg_set_flag, INST(skip_check_adv_addr),
	  0, 0, "nothing, yes or no", "do not compare the addresses in adverts with ours",
	  CFG_SUPPORTED },
	{ "unicast_src_ip", IN_INSTANCE, 1, 1, false, parse_src, 0, 0, 0, "an address",
	  "source of adverts; default the interface's first address", CFG_SUPPORTED },
	{ "mcast_src_ip", IN_INSTANCE, 1, 1, false, parse_src, 0, 0, 0, "an address",
	  "source of adverts; default the interface's first address", CFG_SUPPORTED },
	{ "unicast_peer", IN_INSTANCE, 0, 0, true, parse_unicast_peer, 0, 0, 0, "",
	  "lines 'ADDRESS [min_ttl N] [max_ttl N]': send to these instead of multicast",
	  CFG_SUPPORTED },
	{ "authentication", IN_INSTANCE, 0, 0, true, parse_authentication, 0, 0, 0, "",
	  "password of version 2", CFG_SUPPORTED },
	{ "auth_type", IN_AUTH, 1, 1, false, parse_auth_type, 0, 0, 0, "PASS",
	  "the kind of authentication", CFG_SUPPORTED },
	{ "auth_pass", IN_AUTH, 1, 1, false, parse_auth_pass, 0, 0, 0,
	  "a password of at most 8 characters",
	  "sent in clear text: protects against mistakes only", CFG_SUPPORTED },
	{ "garp_master_delay", IN_INSTANCE, 1, 1, false, cfg_set_time, INST(garp_delay_us), 0, DAY,
	  "seconds", "the second round of gratuitous ARPs after taking over; 0: none; default 5",
	  CFG_SUPPORTED },
	{ "garp_master_repeat", IN_INSTANCE, 1, 1, false, cfg_set_unsigned, INST(garp_repeat), 1,
	  1000, "a number", "gratuitous ARPs in a round; default 5", CFG_SUPPORTED },
	{ "garp_lower_prio_delay", IN_INSTANCE, 1, 1, false, cfg_set_time,
	  INST(garp_lower_prio_delay_us), 0, DAY, "seconds",
	  "the second round after a worse master was heard; default garp_master_delay",
	  CFG_SUPPORTED },
	{ "garp_lower_prio_repeat", IN_INSTANCE, 1, 1, false, cfg_set_unsigned,
	  INST(garp_lower_prio_repeat), 0, 1000, "a number",
	  "gratuitous ARPs in a round then; default garp_master_repeat", CFG_SUPPORTED },
	{ "garp_master_refresh", IN_INSTANCE, 1, 1, false, cfg_set_time, INST(garp_refresh_us), 0,
	  DAY, "seconds", "interval of gratuitous ARPs while master; 0: none (the default)",
	  CFG_SUPPORTED },
	{ "garp_master_refresh_repeat", IN_INSTANCE, 1, 1, false, cfg_set_unsigned,
	  INST(garp_refresh_repeat), 1, 1000, "a number",
	  "gratuitous ARPs in such a round; default 1", CFG_SUPPORTED },
	{ "garp_interval", IN_INSTANCE, 1, 1, false, cfg_set_time, INST(garp_interval_us), 0, DAY,
	  "seconds", "pause between two gratuitous ARPs; default vrrp_garp_interval",
	  CFG_SUPPORTED },
	{ "higher_prio_send_advert", IN_INSTANCE, 0, 1, false, cfg_set_flag,
	  INST(higher_prio_send_advert), 0, 0, "nothing, yes or no",
	  "answer a better router with one last advert", CFG_SUPPORTED },
	{ "lower_prio_no_advert", IN_INSTANCE, 0, 1, false, parse_lower_no_advert, 0, 0, 0,
	  "nothing, yes or no", "a worse router that speaks gets no advert as an answer",
	  CFG_SUPPORTED },
	{ "mcast_dst_ip", IN_INSTANCE, 1, 1, false, parse_mcast_dst, 0, 0, 0, "a multicast address",
	  "where adverts of this instance are sent; default vrrp_mcast_group4 or 6",
	  CFG_SUPPORTED },
	{ "garp_extra_if", IN_INSTANCE, 1, 2, false, cfg_parse_garp_extra, 0, 0, 0,
	  "perhaps 'all', and seconds",
	  "announce addresses on other interfaces again and again: those on virtual MACs, or all; "
	  "0: never",
	  CFG_SUPPORTED },
	{ "accept", IN_INSTANCE, 0, 0, false, parse_accept, 0, 0, 0, "",
	  "the addresses answer (the default)", CFG_SUPPORTED },
	{ "no_accept", IN_INSTANCE, 0, 0, false, parse_accept, 0, 0, 0, "",
	  "drop packets to and from the addresses unless the priority is 255 (the owner); needs "
	  "nftables in the kernel",
	  CFG_SUPPORTED },
	{ 0 },
};
/* clang-format on */
