/* cfg_global.c - keywords of the top level and of global_defs. */
#include <tandem/clock.h>

#include "config/cfg_keyword.h"

static void parse_global_defs(struct cfg_parser *p, const struct cfg_stmt *s,
			      const struct cfg_keyword *kw)
{
	(void)kw;
	cfg_read_block(p, s, IN_GLOBAL);
}

static void parse_version(struct cfg_parser *p, const struct cfg_stmt *s,
			  const struct cfg_keyword *kw)
{
	cfg_set_unsigned(p, s, kw);
}

static void parse_mcast_group4(struct cfg_parser *p, const struct cfg_stmt *s,
			       const struct cfg_keyword *kw)
{
	struct addr a;

	(void)kw;
	if (!cfg_get_ipv4(p, s, 1, &a))
		return;
	if (!IN_MULTICAST(ntohl(a.in.sin_addr.s_addr)))
		cfg_error(p, s, 1,
			  "'" STR_FMT "' is not a multicast address (224.0.0.0 to "
			  "239.255.255.255)",
			  STR_ARG(s->word[1].text));
	else
		p->global->mcast_group4 = a;
}

static void parse_mcast_group6(struct cfg_parser *p, const struct cfg_stmt *s,
			       const struct cfg_keyword *kw)
{
	struct addr a;

	(void)kw;
	if (!cfg_get_ip(p, s, 1, &a))
		return;
	if (a.sa.sa_family != AF_INET6 || !IN6_IS_ADDR_MULTICAST(&a.in6.sin6_addr))
		cfg_error(p, s, 1, "'" STR_FMT "' is not an IPv6 multicast address (ff00::/8)",
			  STR_ARG(s->word[1].text));
	else
		p->global->mcast_group6 = a;
}

static void parse_dynamic(struct cfg_parser *p, const struct cfg_stmt *s,
			  const struct cfg_keyword *kw)
{
	(void)kw;
	if (s->n > 1 && !cfg_is(s, 1, "allow_if_changes"))
		cfg_error(p, s, 1, "'dynamic_interfaces' expects nothing or allow_if_changes");
	p->global->dynamic_interfaces = true;
}

static void parse_default_interface(struct cfg_parser *p, const struct cfg_stmt *s,
				    const struct cfg_keyword *kw)
{
	(void)kw;
	(void)cfg_get_interface(p, s, 1, &p->global->default_interface);
}

static void parse_script_user(struct cfg_parser *p, const struct cfg_stmt *s,
			      const struct cfg_keyword *kw)
{
	struct cfg_global *g = p->global;

	(void)kw;
	cfg_get_user(p, s, 1, &g->script_user, &g->script_group, &g->script_uid, &g->script_gid);
}

static struct cfg_fifo *fifo_of(struct cfg_parser *p, const struct cfg_stmt *s)
{
	return &p->global->fifos[str_starts_with(s->word[0].text, STR("vrrp_")) ? 1 : 0];
}

static void parse_fifo(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	struct cfg_fifo *f = fifo_of(p, s);

	(void)kw;
	f->path = s->word[1].text.p;
	if (f->path[0] != '/')
		cfg_error(p, s, 1, "the name of a FIFO must begin with '/'");
	if (s->n > 2)
		cfg_get_user(p, s, 2, &f->user, &f->group, &f->uid, &f->gid);
}

static void parse_fifo_script(struct cfg_parser *p, const struct cfg_stmt *s,
			      const struct cfg_keyword *kw)
{
	struct cfg_notify_line *l = &fifo_of(p, s)->script;

	(void)kw;
	*l = (struct cfg_notify_line){ .line = s->word[1].text.p };
	if (s->n > 2)
		cfg_get_user(p, s, 2, &l->user, &l->group, &l->uid, &l->gid);
}

const struct cfg_keyword cfg_keywords_top[] = {
	{ .name = "global_defs",
	  .blocks = IN_TOP,
	  .opens_block = true,
	  .parse = parse_global_defs,
	  .args = "",
	  .help = "what holds for the whole daemon" },
	{ .name = "vrrp_instance",
	  .blocks = IN_TOP,
	  .min_args = 1,
	  .max_args = 1,
	  .opens_block = true,
	  .parse = cfg_parse_instance,
	  .args = "a name",
	  .help = "one virtual router: its addresses and how it is elected" },
	{ .name = "vrrp_script",
	  .blocks = IN_TOP,
	  .min_args = 1,
	  .max_args = 1,
	  .opens_block = true,
	  .parse = cfg_parse_script,
	  .args = "a name",
	  .help = "a program that is run again and again to check something" },
	{ .name = "vrrp_track_proxy",
	  .blocks = IN_TOP,
	  .min_args = 1,
	  .max_args = 1,
	  .opens_block = true,
	  .parse = cfg_parse_proxy,
	  .args = "a name",
	  .help = "a proxyd to watch through its liveness socket (not in keepalived)" },
	{ .name = "vrrp_sync_group",
	  .blocks = IN_TOP,
	  .min_args = 1,
	  .max_args = 1,
	  .opens_block = true,
	  .parse = cfg_parse_group,
	  .args = "a name",
	  .help = "instances that are master, backup or in fault together" },
	{ .name = "track_file",
	  .blocks = IN_TOP,
	  .min_args = 1,
	  .max_args = 1,
	  .opens_block = true,
	  .parse = cfg_parse_file,
	  .args = "a name",
	  .help = "a file whose number counts" },
	{ .name = "vrrp_track_file",
	  .blocks = IN_TOP,
	  .min_args = 1,
	  .max_args = 1,
	  .opens_block = true,
	  .parse = cfg_parse_file,
	  .args = "a name",
	  .help = "the same as track_file" },
	{ .name = "vrrp_track_process",
	  .blocks = IN_TOP,
	  .min_args = 1,
	  .max_args = 1,
	  .opens_block = true,
	  .parse = cfg_parse_process,
	  .args = "a name",
	  .help = "processes that must run" },
	{ .name = "track_process",
	  .blocks = IN_TOP,
	  .min_args = 1,
	  .max_args = 1,
	  .opens_block = true,
	  .parse = cfg_parse_process,
	  .args = "a name",
	  .help = "the same as vrrp_track_process" },
	{ 0 },
};

/* clang-format off: one line for one keyword */
#define GLOBAL(field) offsetof(struct cfg_global, field)
#define DAY           (86400 * US_PER_S)
const struct cfg_keyword cfg_keywords_global[] = {
	{ "router_id", IN_GLOBAL, 1, 1, false, cfg_set_string, GLOBAL(router_id), 0, 0, "a name",
	  "how this node is called in logs", CFG_SUPPORTED },
	{ "vrrp_version", IN_GLOBAL, 1, 1, false, parse_version, GLOBAL(version), 2, 3, "2 or 3",
	  "version of VRRP where an instance says nothing; default 2", CFG_SUPPORTED },
	{ "vrrp_mcast_group4", IN_GLOBAL, 1, 1, false, parse_mcast_group4, 0, 0, 0,
	  "a multicast address", "where IPv4 adverts are sent; default 224.0.0.18", CFG_SUPPORTED },
	{ "vrrp_mcast_group6", IN_GLOBAL, 1, 1, false, parse_mcast_group6, 0, 0, 0,
	  "an IPv6 multicast address", "where IPv6 adverts are sent; default ff02::12",
	  CFG_SUPPORTED },
	{ "vrrp_garp_master_delay", IN_GLOBAL, 1, 1, false, cfg_set_time, GLOBAL(garp_delay_us), 0,
	  DAY, "seconds", "default of garp_master_delay", CFG_SUPPORTED },
	{ "vrrp_garp_master_repeat", IN_GLOBAL, 1, 1, false, cfg_set_count, GLOBAL(garp_repeat), 1,
	  1000, "a number", "default of garp_master_repeat", CFG_SUPPORTED },
	{ "vrrp_garp_lower_prio_delay", IN_GLOBAL, 1, 1, false, cfg_set_time,
	  GLOBAL(garp_lower_prio_delay_us), 0, DAY, "seconds", "default of garp_lower_prio_delay",
	  CFG_SUPPORTED },
	{ "vrrp_garp_lower_prio_repeat", IN_GLOBAL, 1, 1, false, cfg_set_count,
	  GLOBAL(garp_lower_prio_repeat), 0, 1000, "a number", "default of garp_lower_prio_repeat",
	  CFG_SUPPORTED },
	{ "vrrp_garp_master_refresh", IN_GLOBAL, 1, 1, false, cfg_set_time, GLOBAL(garp_refresh_us),
	  0, DAY, "seconds", "default of garp_master_refresh", CFG_SUPPORTED },
	{ "vrrp_garp_master_refresh_repeat", IN_GLOBAL, 1, 1, false, cfg_set_count,
	  GLOBAL(garp_refresh_repeat), 1, 1000, "a number", "default of garp_master_refresh_repeat",
	  CFG_SUPPORTED },
	{ "vrrp_garp_interval", IN_GLOBAL, 1, 1, false, cfg_set_time, GLOBAL(garp_interval_us), 0,
	  DAY, "seconds", "pause between two gratuitous ARPs; default none", CFG_SUPPORTED },
	{ "vrrp_higher_prio_send_advert", IN_GLOBAL, 0, 1, false, cfg_set_flag,
	  GLOBAL(higher_prio_send_advert), 0, 0, "nothing, yes or no",
	  "answer a better router with one last advert", CFG_SUPPORTED },
	{ "default_interface", IN_GLOBAL, 1, 1, false, parse_default_interface, 0, 0, 0,
	  "the name of an interface", "where static addresses without dev are; default eth0",
	  CFG_SUPPORTED },
	{ "vrrp_lower_prio_no_advert", IN_GLOBAL, 0, 1, false, cfg_set_flag,
	  GLOBAL(lower_prio_no_advert), 0, 0, "nothing, yes or no",
	  "default of lower_prio_no_advert", CFG_SUPPORTED },
	{ "vrrp_min_garp", IN_GLOBAL, 0, 1, false, cfg_set_flag, GLOBAL(min_garp), 0, 0,
	  "nothing, yes or no", "announce once, without a second round, where nothing else is said",
	  CFG_SUPPORTED },
	{ "vrrp_garp_extra_if", IN_GLOBAL, 1, 2, false, cfg_parse_garp_extra, 0, 0, 0,
	  "perhaps 'all', and seconds", "default of garp_extra_if", CFG_SUPPORTED },
	{ "dynamic_interfaces", IN_GLOBAL, 0, 1, false, parse_dynamic, 0, 0, 0,
	  "nothing or allow_if_changes",
	  "an interface that is absent is no error but a fault until it appears", CFG_SUPPORTED },
	{ "fifo_write_vrrp_states_on_reload", IN_GLOBAL, 0, 1, false, cfg_set_flag,
	  GLOBAL(tells_states_on_reload), 0, 0, "nothing, yes or no",
	  "a reload writes each state to the FIFOs", CFG_SUPPORTED },
	{ "vrrp_skip_check_adv_addr", IN_GLOBAL, 0, 1, false, cfg_set_flag,
	  GLOBAL(skip_check_adv_addr), 0, 0, "nothing, yes or no",
	  "do not compare the addresses in adverts with ours", CFG_SUPPORTED },
	{ "vrrp_strict", IN_GLOBAL, 0, 1, false, cfg_set_flag, GLOBAL(strict), 0, 0,
	  "nothing, yes or no", "refuse what the RFC does not know: unicast, passwords",
	  CFG_SUPPORTED },
	{ "vrrp_down_timer_adverts", IN_GLOBAL, 1, 1, false, cfg_set_unsigned, GLOBAL(down_adverts),
	  1, 100, "a number from 1 to 100", "default of down_timer_adverts", CFG_SUPPORTED },
	{ "vrrp_startup_delay", IN_GLOBAL, 1, 1, false, cfg_set_time, GLOBAL(startup_delay_us), 0,
	  DAY, "seconds", "wait so long before the instances start", CFG_SUPPORTED },
	{ "enable_script_security", IN_GLOBAL, 0, 1, false, cfg_set_flag, GLOBAL(script_security),
	  0, 0, "nothing, yes or no", "run no script as root that others could have written",
	  CFG_SUPPORTED },
	{ "script_user", IN_GLOBAL, 1, 2, false, parse_script_user, 0, 0, 0,
	  "a user and perhaps a group", "who runs scripts that name no user", CFG_SUPPORTED },
	{ "notify_fifo", IN_GLOBAL, 1, 3, false, parse_fifo, 0, 0, 0,
	  "a path and perhaps a user and a group",
	  "write a line into it for each change: INSTANCE or GROUP, \"name\", state, priority",
	  CFG_SUPPORTED },
	{ "notify_fifo_script", IN_GLOBAL, 1, 3, false, parse_fifo_script, 0, 0, 0,
	  "a program line and perhaps a user and a group",
	  "run with the FIFO's name behind it, to read it", CFG_SUPPORTED },
	{ "vrrp_notify_fifo", IN_GLOBAL, 1, 3, false, parse_fifo, 0, 0, 0,
	  "a path and perhaps a user and a group", "as notify_fifo, another one", CFG_SUPPORTED },
	{ "vrrp_notify_fifo_script", IN_GLOBAL, 1, 3, false, parse_fifo_script, 0, 0, 0,
	  "a program line and perhaps a user and a group", "reads the other one", CFG_SUPPORTED },
	{ "vrrp_notify_priority_changes", IN_GLOBAL, 0, 1, false, cfg_set_flag,
	  GLOBAL(notify_priority_changes), 0, 0, "nothing, yes or no",
	  "tell the FIFOs when a priority changes", CFG_SUPPORTED },
	{ "control_socket", IN_GLOBAL, 1, 1, false, cfg_set_string, GLOBAL(control_socket), 0, 0,
	  "a path", "control socket; default /run/tandem/vrrpd.sock (not in keepalived)",
	  CFG_SUPPORTED },
	{ "state_file", IN_GLOBAL, 1, 1, false, cfg_set_string, GLOBAL(state_file), 0, 0, "a path",
	  "what a run leaves for the next one; default /run/tandem/vrrpd.state (not in keepalived)",
	  CFG_SUPPORTED },
	{ 0 },
};
/* clang-format on */
