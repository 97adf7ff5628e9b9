/* cfg_dump.c - a configuration as canonical text, which parses to itself. */
#include <inttypes.h>
#include <limits.h>
#include <linux/if_addr.h>
#include <tandem/clock.h>

#include "config/cfg_keyword.h"
#include "config/cfg_parse.h"

/* Quoted where the lexer or the preprocessor would see more in it than a word. */
static void dump_word(struct strbuf *out, const char *w)
{
	if (*w && !strpbrk(w, " \t\r\n\"'\\{}#!$@~") && strncmp(w, "include", 7) != 0) {
		strbuf_adds(out, w);
		return;
	}
	strbuf_addc(out, '"');
	for (; *w; w++) {
		if (*w == '"' || *w == '\\')
			strbuf_addc(out, '\\');
		if (*w == '\n' || *w == '\r')
			strbuf_adds(out, *w == '\n' ? "\\n" : "\\r");
		else
			strbuf_addc(out, *w);
	}
	strbuf_addc(out, '"');
}

static const char *ip_text(const struct addr *a, char out[ADDR_TEXT_LEN])
{
	_Static_assert(ADDR_TEXT_LEN >= INET6_ADDRSTRLEN, "room for an address");
	addr_format_ip(a, out);
	return out;
}

static void dump_string(struct strbuf *out, const char *key, const char *v)
{
	if (!v)
		return;
	strbuf_addf(out, "\t%s ", key);
	dump_word(out, v);
	strbuf_addc(out, '\n');
}

static void dump_seconds(struct strbuf *out, const char *key, int64_t us)
{
	char frac[8];
	size_t n = 6;

	strbuf_addf(out, "\t%s %" PRId64, key, us / US_PER_S);
	snprintf(frac, sizeof(frac), "%06d", (int)(us % US_PER_S));
	while (n > 0 && frac[n - 1] == '0')
		n--;
	if (n)
		strbuf_addf(out, ".%.*s", (int)n, frac);
	strbuf_addc(out, '\n');
}

static void dump_flag(struct strbuf *out, const char *key, bool v)
{
	if (v)
		strbuf_addf(out, "\t%s\n", key);
}

static void dump_user(struct strbuf *out, const char *key, const char *user, const char *group)
{
	if (user)
		strbuf_addf(out, "\t%s %s%s%s\n", key, user, group ? " " : "", group ? group : "");
}

static void dump_fifo(struct strbuf *out, const char *prefix, const struct cfg_fifo *f)
{
	if (!f->path)
		return;
	strbuf_addf(out, "\t%snotify_fifo ", prefix);
	dump_word(out, f->path);
	strbuf_addf(out, "%s%s%s%s\n", f->user ? " " : "", f->user ? f->user : "",
		    f->group ? " " : "", f->group ? f->group : "");
	if (!f->script.line)
		return;
	strbuf_addf(out, "\t%snotify_fifo_script ", prefix);
	dump_word(out, f->script.line);
	strbuf_addf(out, "%s%s%s%s\n", f->script.user ? " " : "",
		    f->script.user ? f->script.user : "", f->script.group ? " " : "",
		    f->script.group ? f->script.group : "");
}

static bool is_default_group6(const struct addr *a)
{
	struct addr d;

	return addr_parse_ip(STR("ff02::12"), &d) == 0 && addr_eq(a, &d);
}

static void dump_global(const struct cfg_global *g, struct strbuf *out)
{
	char text[ADDR_TEXT_LEN];

	strbuf_adds(out, "global_defs {\n");
	dump_string(out, "router_id", g->router_id);
	strbuf_addf(out, "\tvrrp_version %u\n", g->version);
	strbuf_addf(out, "\tvrrp_mcast_group4 %s\n", addr_format(&g->mcast_group4, false, text));
	if (!is_default_group6(&g->mcast_group6))
		strbuf_addf(out, "\tvrrp_mcast_group6 %s\n", ip_text(&g->mcast_group6, text));
	dump_string(out, "default_interface", g->default_interface);
	dump_string(out, "vmac_prefix", g->vmac_prefix);
	dump_string(out, "vmac_addr_prefix", g->vmac_addr_prefix);
	dump_string(out, "nftables", g->nft_table);
	dump_flag(out, "dynamic_interfaces", g->dynamic_interfaces);
	dump_flag(out, "fifo_write_vrrp_states_on_reload", g->tells_states_on_reload);
	dump_flag(out, "vrrp_strict", g->strict);
	if (g->startup_delay_us)
		dump_seconds(out, "vrrp_startup_delay", g->startup_delay_us);
	dump_flag(out, "enable_script_security", g->script_security);
	dump_user(out, "script_user", g->script_user, g->script_group);
	dump_fifo(out, "", &g->fifos[0]);
	dump_fifo(out, "vrrp_", &g->fifos[1]);
	dump_string(out, "control_socket", g->control_socket);
	dump_string(out, "state_file", g->state_file);
	strbuf_adds(out, "}\n");
}

static void dump_weight(struct strbuf *out, const char *before, int weight, bool reverse)
{
	strbuf_addf(out, "%sweight %d%s\n", before, weight, reverse ? " reverse" : "");
}

/* An argument with blanks or quotes needs quotes of its own inside the quoted line. */
static void dump_argv(struct strbuf *out, char *const *argv)
{
	strbuf_adds(out, "\tscript");
	if (!argv[1] && strpbrk(argv[0], " \t\"'")) { /* one word: it would be split again */
		struct strbuf quoted = { 0 };

		strbuf_addf(&quoted, strchr(argv[0], '\'') ? "\"%s\"" : "'%s'", argv[0]);
		strbuf_addc(out, ' ');
		dump_word(out, strbuf_str(&quoted));
		strbuf_fini(&quoted);
	} else {
		for (; *argv; argv++) {
			strbuf_addc(out, ' ');
			dump_word(out, *argv);
		}
	}
	strbuf_addc(out, '\n');
}

static void dump_script(const struct cfg_script *sc, struct strbuf *out)
{
	strbuf_adds(out, "vrrp_script ");
	dump_word(out, sc->name);
	strbuf_adds(out, " {\n");
	dump_argv(out, sc->argv);
	dump_seconds(out, "interval", sc->interval_us);
	if (sc->timeout_us)
		dump_seconds(out, "timeout", sc->timeout_us);
	dump_weight(out, "\t", sc->weight, sc->weight_reverse);
	strbuf_addf(out, "\trise %u\n\tfall %u\n", sc->rise, sc->fall);
	dump_user(out, "user", sc->user, sc->group);
	dump_flag(out, "init_fail", sc->init_fail);
	strbuf_adds(out, "}\n");
}

static void dump_proxy(const struct cfg_proxy_track *px, struct strbuf *out)
{
	strbuf_adds(out, "vrrp_track_proxy ");
	dump_word(out, px->name);
	strbuf_adds(out, " {\n");
	dump_string(out, "socket", px->socket);
	dump_seconds(out, "timeout", px->timeout_us);
	dump_weight(out, "\t", px->weight, px->weight_reverse);
	strbuf_addf(out, "\trequire_usable %s\n}\n", px->require_usable ? "yes" : "no");
}

static bool is_deprecated(const struct cfg_vip *v)
{
	return v->addr.sa.sa_family == AF_INET6 && v->prefix_len == 128;
}

static void dump_vip_rest(struct strbuf *out, const struct cfg_vip *v)
{
	static const struct {
		unsigned flag;
		const char *name;
	} flags[] = {
		{ IFA_F_HOMEADDRESS, "home" },
		{ IFA_F_MANAGETEMPADDR, "mngtmpaddr" },
		{ IFA_F_NOPREFIXROUTE, "noprefixroute" },
		{ IFA_F_MCAUTOJOIN, "autojoin" },
	};
	char text[ADDR_TEXT_LEN];

	if (v->peer.len)
		strbuf_addf(out, " peer %s", ip_text(&v->peer, text));
	if (v->preferred_s == CFG_FOREVER && is_deprecated(v))
		strbuf_adds(out, " preferred_lft forever");
	else if (v->preferred_s != CFG_FOREVER && (v->preferred_s || !is_deprecated(v)))
		strbuf_addf(out, " preferred_lft %" PRId64, v->preferred_s);
	for (size_t k = 0; k < ARRAY_LEN(flags); k++)
		if (v->flags & flags[k].flag)
			strbuf_addf(out, " %s", flags[k].name);
	if (v->no_track)
		strbuf_adds(out, " no_track");
	if (v->use_vmac)
		strbuf_adds(out, " use_vmac");
}

static void dump_vips(struct strbuf *out, const char *block, const struct cfg_vip *v)
{
	char text[ADDR_TEXT_LEN];

	if (!v)
		return;
	strbuf_addf(out, "\t%s {\n", block);
	for (; v; v = v->next) {
		strbuf_addf(out, "\t\t%s/%u", ip_text(&v->addr, text), v->prefix_len);
		if (v->dev)
			strbuf_addf(out, " dev %s", v->dev);
		if (v->label)
			strbuf_addf(out, " label %s", v->label);
		if (v->brd_auto)
			strbuf_adds(out, " brd +");
		else if (v->brd.len)
			strbuf_addf(out, " brd %s", addr_format(&v->brd, false, text));
		if (v->scope >= 0)
			strbuf_addf(out, " scope %d", v->scope);
		dump_vip_rest(out, v);
		strbuf_addc(out, '\n');
	}
	strbuf_adds(out, "\t}\n");
}

/* kind is virtual, in an instance, or static. */
static void dump_routing(struct strbuf *out, const char *kind, const char *indent,
			 const struct cfg_route *routes, const struct cfg_rule *rules)
{
	if (routes)
		strbuf_addf(out, "%s%s_routes {\n", indent, kind);
	for (const struct cfg_route *r = routes; r; r = r->next)
		strbuf_addf(out, "%s\t%s\n", indent, r->text);
	if (routes)
		strbuf_addf(out, "%s}\n", indent);
	if (rules)
		strbuf_addf(out, "%s%s_rules {\n", indent, kind);
	for (const struct cfg_rule *r = rules; r; r = r->next)
		strbuf_addf(out, "%s\t%s\n", indent, r->text);
	if (rules)
		strbuf_addf(out, "%s}\n", indent);
}

static void dump_peers(struct strbuf *out, const struct cfg_instance *in)
{
	char text[ADDR_TEXT_LEN];

	if (!in->is_unicast)
		return;
	strbuf_adds(out, "\tunicast_peer {\n");
	for (const struct cfg_peer *peer = in->peers; peer; peer = peer->next) {
		strbuf_addf(out, "\t\t%s", ip_text(&peer->addr, text));
		if (peer->min_ttl)
			strbuf_addf(out, " min_ttl %u", peer->min_ttl);
		if (peer->max_ttl != 255)
			strbuf_addf(out, " max_ttl %u", peer->max_ttl);
		strbuf_addc(out, '\n');
	}
	strbuf_adds(out, "\t}\n");
}

static void dump_tracks(struct strbuf *out, const char *block, enum cfg_track_kind kind,
			const struct cfg_track *tracks)
{
	bool is_open = false;

	for (const struct cfg_track *t = tracks; t; t = t->next) {
		if (t->kind != kind)
			continue;
		if (!is_open)
			strbuf_addf(out, "\t%s {\n", block);
		is_open = true;
		strbuf_adds(out, "\t\t");
		dump_word(out, t->name);
		dump_weight(out, " ", t->weight, t->reverse);
	}
	if (is_open)
		strbuf_adds(out, "\t}\n");
}

static void dump_auth(struct strbuf *out, const struct cfg_instance *in)
{
	char pass[sizeof(in->auth_pass) + 1] = { 0 };

	if (in->auth_type != 1)
		return;
	memcpy(pass, in->auth_pass, sizeof(in->auth_pass));
	strbuf_adds(out, "\tauthentication {\n\t\tauth_type PASS\n");
	strbuf_adds(out, "\t\tauth_pass ");
	dump_word(out, pass);
	strbuf_adds(out, "\n\t}\n");
	explicit_bzero(pass, sizeof(pass));
}

static void dump_hmac(struct strbuf *out, const struct vrrp_auth *a)
{
	static const char *const modes[] = {
		[AUTH_ENFORCE] = "enforce",
		[AUTH_PERMISSIVE] = "permissive",
		[AUTH_RECEIVE_ONLY] = "receive-only",
	};

	if (!a)
		return;
	strbuf_adds(out, "\tauth_hmac {\n");
	for (unsigned k = 0; k < a->n_keys; k++) {
		strbuf_addf(out, "\t\tkey %u hex:", a->keys[k].id);
		for (unsigned b = 0; b < a->keys[k].len; b++)
			strbuf_addf(out, "%02x", a->keys[k].bytes[b]);
		strbuf_addc(out, '\n');
	}
	if (a->active_key)
		strbuf_addf(out, "\t\tactive_key %u\n", a->active_key);
	strbuf_addf(out, "\t\tanti_replay %s\n\t\ttime_window %u\n\t\tmode %s\n\t}\n",
		    a->is_monotonic ? "monotonic" : "time", a->window_s, modes[a->mode]);
}

static void dump_garp(struct strbuf *out, const struct cfg_instance *in)
{
	dump_seconds(out, "garp_master_delay", in->garp_delay_us);
	strbuf_addf(out, "\tgarp_master_repeat %u\n", in->garp_repeat);
	dump_seconds(out, "garp_lower_prio_delay", in->garp_lower_prio_delay_us);
	strbuf_addf(out, "\tgarp_lower_prio_repeat %u\n", in->garp_lower_prio_repeat);
	dump_seconds(out, "garp_master_refresh", in->garp_refresh_us);
	strbuf_addf(out, "\tgarp_master_refresh_repeat %u\n", in->garp_refresh_repeat);
	dump_seconds(out, "garp_interval", in->garp_interval_us);
}

static void dump_line(struct strbuf *out, const char *key, const struct cfg_notify_line *l)
{
	if (!l->line)
		return;
	strbuf_addf(out, "\t%s ", key);
	dump_word(out, l->line);
	if (l->user)
		strbuf_addf(out, " %s", l->user);
	if (l->group)
		strbuf_addf(out, " %s", l->group);
	strbuf_addc(out, '\n');
}

static void dump_notify(struct strbuf *out, const struct cfg_notify *n)
{
	dump_line(out, "notify", &n->any);
	dump_line(out, "notify_master", &n->master);
	dump_line(out, "notify_backup", &n->backup);
	dump_line(out, "notify_fault", &n->fault);
	dump_line(out, "notify_stop", &n->stop);
	dump_line(out, "notify_deleted", &n->deleted);
	dump_line(out, "notify_master_rx_lower_pri", &n->lower_prio);
	dump_flag(out, "notify_priority_changes", n->priority_changes);
}

static void dump_vmac(struct strbuf *out, const struct cfg_instance *in)
{
	if (in->use_vmac) {
		strbuf_addf(out, "\tuse_vmac %s", in->vmac_name);
		for (unsigned k = 0; in->vmac_mac_len && k < sizeof(in->vmac_mac); k++)
			strbuf_addf(out, "%c%02x", k ? ':' : ' ', in->vmac_mac[k]);
		strbuf_addc(out, '\n');
	}
	dump_flag(out, "vmac_xmit_base", in->vmac_xmit_base);
	dump_flag(out, "use_vmac_addr", in->use_vmac_addr);
}

static void dump_instance(const struct cfg_instance *in, struct strbuf *out)
{
	char text[ADDR_TEXT_LEN];

	strbuf_adds(out, "vrrp_instance ");
	dump_word(out, in->name);
	strbuf_adds(out, " {\n");
	if (in->state != WANT_UNSET)
		strbuf_addf(out, "\tstate %s\n", in->state == WANT_MASTER ? "MASTER" : "BACKUP");
	dump_string(out, "interface", in->interface);
	strbuf_addf(out, "\tvirtual_router_id %u\n\tpriority %u\n\tversion %u\n", in->vrid,
		    in->priority, in->version);
	if (in->peer_priority)
		strbuf_addf(out, "\tpeer_priority %u\n", in->peer_priority);
	dump_seconds(out, "advert_int", in->advert_us);
	dump_flag(out, "native_ipv6", in->native_ipv6);
	if (in->down_adverts != 3)
		strbuf_addf(out, "\tdown_timer_adverts %u\n", in->down_adverts);
	if (in->unicast_ttl)
		strbuf_addf(out, "\tunicast_ttl %u\n", in->unicast_ttl);
	if (in->has_strict)
		strbuf_addf(out, "\tstrict_mode %s\n", in->is_strict ? "yes" : "no");
	dump_flag(out, "promote_secondaries", in->promote_secondaries);
	dump_vmac(out, in);
	dump_flag(out, "nopreempt", !in->preempt);
	if (in->preempt_delay_us)
		dump_seconds(out, "preempt_delay", in->preempt_delay_us);
	dump_flag(out, "dont_track_primary", in->dont_track_primary);
	dump_flag(out, "skip_check_adv_addr", in->skip_check_adv_addr);
	if (in->src.len)
		strbuf_addf(out, "\t%s %s\n", in->is_unicast ? "unicast_src_ip" : "mcast_src_ip",
			    ip_text(&in->src, text));
	dump_peers(out, in);
	dump_auth(out, in);
	dump_hmac(out, in->hmac);
	dump_garp(out, in);
	dump_flag(out, "higher_prio_send_advert", in->higher_prio_send_advert);
	dump_flag(out, "lower_prio_no_advert", in->lower_prio_no_advert);
	if (in->mcast_dst.len)
		strbuf_addf(out, "\tmcast_dst_ip %s\n", ip_text(&in->mcast_dst, text));
	if (in->garp_extra_us)
		dump_seconds(out, in->garp_extra_all ? "garp_extra_if all" : "garp_extra_if",
			     in->garp_extra_us);
	if (in->has_accept)
		strbuf_addf(out, "\t%s\n", in->accept ? "accept" : "no_accept");
	dump_notify(out, &in->notify);
	dump_tracks(out, "track_interface", TRACK_INTERFACE, in->tracks);
	dump_tracks(out, "track_script", TRACK_SCRIPT, in->tracks);
	dump_tracks(out, "track_proxy", TRACK_PROXY, in->tracks);
	dump_tracks(out, "track_file", TRACK_FILE, in->tracks);
	dump_tracks(out, "track_process", TRACK_PROCESS, in->tracks);
	dump_vips(out, "virtual_ipaddress", in->vips);
	dump_vips(out, "virtual_ipaddress_excluded", in->vips_excluded);
	dump_routing(out, "virtual", "\t", in->routes, in->rules);
	strbuf_adds(out, "}\n");
}

/* What it tracks is in its instances. */
static void dump_group(const struct cfg_group *g, struct strbuf *out)
{
	strbuf_adds(out, "vrrp_sync_group ");
	dump_word(out, g->name);
	strbuf_adds(out, " {\n\tgroup {\n");
	for (const struct cfg_member *m = g->members; m; m = m->next) {
		strbuf_adds(out, "\t\t");
		dump_word(out, m->name);
		strbuf_addc(out, '\n');
	}
	strbuf_adds(out, "\t}\n");
	dump_flag(out, "sync_group_tracking_weight", g->keeps_weights);
	dump_notify(out, &g->notify);
	strbuf_adds(out, "}\n");
}

static void dump_file(const struct cfg_file_track *f, struct strbuf *out)
{
	strbuf_adds(out, "track_file ");
	dump_word(out, f->name);
	strbuf_adds(out, " {\n");
	dump_string(out, "file", f->path);
	dump_weight(out, "\t", f->weight, f->weight_reverse);
	if (f->has_init)
		strbuf_addf(out, "\tinit_file %d%s\n", f->init_value,
			    f->overwrite ? " overwrite" : "");
	strbuf_adds(out, "}\n");
}

static void dump_process(const struct cfg_process_track *x, struct strbuf *out)
{
	strbuf_adds(out, "vrrp_track_process ");
	dump_word(out, x->name);
	strbuf_adds(out, " {\n\tprocess");
	for (size_t i = 0; x->argv[i]; i++) {
		strbuf_addc(out, ' ');
		dump_word(out, x->argv[i]);
	}
	strbuf_addc(out, '\n');
	if (x->match == MATCH_INITIAL || x->match == MATCH_PARTIAL)
		strbuf_addf(out, "\tparam_match %s\n",
			    x->match == MATCH_INITIAL ? "initial" : "partial");
	dump_flag(out, "full_command", x->full_command);
	strbuf_addf(out, "\tquorum %u\n", x->quorum);
	if (x->quorum_max != UINT_MAX)
		strbuf_addf(out, "\tquorum_max %u\n", x->quorum_max);
	dump_weight(out, "\t", x->weight, x->weight_reverse);
	dump_seconds(out, "fork_delay", x->fork_delay_us);
	dump_seconds(out, "terminate_delay", x->terminate_delay_us);
	strbuf_adds(out, "}\n");
}

void cfg_dump(const struct cfg *c, struct strbuf *out)
{
	dump_global(&c->global, out);
	dump_vips(out, "static_ipaddress", c->statics.addrs);
	dump_routing(out, "static", "", c->statics.routes, c->statics.rules);
	for (const struct cfg_script *sc = c->scripts; sc; sc = sc->next)
		dump_script(sc, out);
	for (const struct cfg_proxy_track *px = c->proxies; px; px = px->next)
		dump_proxy(px, out);
	for (const struct cfg_file_track *f = c->files; f; f = f->next)
		dump_file(f, out);
	for (const struct cfg_process_track *x = c->processes; x; x = x->next)
		dump_process(x, out);
	for (const struct cfg_group *g = c->groups; g; g = g->next)
		dump_group(g, out);
	for (const struct cfg_instance *in = c->instances; in; in = in->next)
		dump_instance(in, out);
}
