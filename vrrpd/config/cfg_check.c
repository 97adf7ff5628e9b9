/* cfg_check.c - defaults, contradictions, and what only the machine can tell. */
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <tandem/clock.h>
#include <unistd.h>

#include "config/cfg_group.h"
#include "config/cfg_keyword.h"
#include "config/cfg_parse.h"
#include "config/cfg_track.h"

#define MAX_VIPS       255
#define OWNER          255
#define MAX_ADVERT3_US (40950 * US_PER_MS) /* 12 bits of centiseconds */
#define DEFAULT_PATH   "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The first value that was given: the instance's, the global one, the built-in one. */
static int64_t pick(int64_t own, int64_t global, int64_t built_in)
{
	if (own >= 0)
		return own;
	return global >= 0 ? global : built_in;
}

static void set_garp_defaults(const struct cfg_global *g, struct cfg_instance *in)
{
	in->garp_delay_us =
		pick(in->garp_delay_us, g->garp_delay_us, g->min_garp ? 0 : 5 * US_PER_S);
	in->garp_repeat = (unsigned)pick((int)in->garp_repeat, g->garp_repeat, g->min_garp ? 1 : 5);
	in->garp_refresh_us = pick(in->garp_refresh_us, g->garp_refresh_us, 0);
	in->garp_refresh_repeat =
		(unsigned)pick((int)in->garp_refresh_repeat, g->garp_refresh_repeat, 1);
	in->garp_lower_prio_delay_us =
		pick(in->garp_lower_prio_delay_us, g->garp_lower_prio_delay_us, in->garp_delay_us);
	in->garp_lower_prio_repeat = (unsigned)pick((int)in->garp_lower_prio_repeat,
						    g->garp_lower_prio_repeat, in->garp_repeat);
	in->garp_interval_us = pick(in->garp_interval_us, g->garp_interval_us, 0);
	if (in->garp_extra_us < 0) {
		in->garp_extra_us = g->garp_extra_us;
		in->garp_extra_all = g->garp_extra_all;
	}
}

/* What decides over the family of the adverts, in this order. */
static int family_of(const struct cfg_instance *in)
{
	if (in->native_ipv6)
		return AF_INET6;
	if (in->peers)
		return in->peers->addr.sa.sa_family;
	if (in->vips)
		return in->vips->addr.sa.sa_family;
	return in->src.len ? in->src.sa.sa_family : AF_INET;
}

static void set_defaults(const struct cfg_global *g, struct cfg_instance *in)
{
	in->family = family_of(in);
	if (in->version == 0)
		in->version = in->family == AF_INET6 ? 3 : g->version;
	in->skip_check_adv_addr |= g->skip_check_adv_addr;
	in->higher_prio_send_advert |= g->higher_prio_send_advert;
	if (!in->has_lower_no_advert)
		in->lower_prio_no_advert = g->lower_prio_no_advert;
	if (!in->has_strict)
		in->is_strict = g->strict;
	if (!in->down_adverts)
		in->down_adverts = g->down_adverts;
	in->notify.priority_changes |= g->notify_priority_changes;
	set_garp_defaults(g, in);
}

static void check_advert_int(struct cfg_parser *p, const struct cfg_instance *in)
{
	if (in->version == 2 && in->advert_us % US_PER_S)
		diag_error(p->diag, in->pos,
			   "vrrp_instance '%s': advert_int in fractions of a second needs 'version "
			   "3'; version 2 sends whole seconds",
			   in->name);
	if (in->version == 3 && in->advert_us > MAX_ADVERT3_US)
		diag_error(p->diag, in->pos,
			   "vrrp_instance '%s': advert_int is at most 40.95 with version 3",
			   in->name);
	if (in->version == 3 && in->advert_us % (10 * US_PER_MS))
		diag_error(p->diag, in->pos,
			   "vrrp_instance '%s': advert_int must be a multiple of 0.01 s", in->name);
}

/* What accept mode is when nobody says: the RFC's, which strict asks for, or keepalived's. */
static void resolve_accept(struct cfg_instance *in)
{
	if (!in->has_accept)
		in->accept = !in->is_strict || in->priority == OWNER;
	in->drops_packets = !in->accept && in->priority != OWNER;
}

static void check_auth(struct cfg_parser *p, struct cfg_instance *in)
{
	if (in->auth_type == 0)
		return;
	if (in->version == 3)
		diag_warning(p->diag, in->pos,
			     "vrrp_instance '%s': version 3 has no passwords; authentication is "
			     "ignored",
			     in->name);
	else if (in->is_strict)
		diag_warning(
			p->diag, in->pos,
			"vrrp_instance '%s': vrrp_strict knows no passwords; authentication is "
			"ignored",
			in->name);
	else
		return;
	in->auth_type = 0;
	explicit_bzero(in->auth_pass, sizeof(in->auth_pass));
}

static void check_hmac(struct cfg_parser *p, struct cfg_instance *in)
{
	if (!in->hmac)
		return;
	if (in->auth_type)
		diag_error(p->diag, in->pos,
			   "vrrp_instance '%s': auth_hmac and authentication exclude each other; "
			   "remove one",
			   in->name);
	if (!in->hmac->window_s)
		in->hmac->window_s = (unsigned)MIN(
			(int64_t)300,
			MAX((int64_t)5, (3 * in->advert_us + US_PER_S - 1) / US_PER_S));
}

static void check_unicast(struct cfg_parser *p, const struct cfg_instance *in)
{
	for (const struct cfg_peer *peer = in->peers; peer; peer = peer->next)
		if (in->src.len && addr_eq(&peer->addr, &in->src))
			diag_error(p->diag, in->pos,
				   "vrrp_instance '%s': its own source address is among the peers; "
				   "remove it there",
				   in->name);
}

static bool is_same_vip(const struct cfg_vip *a, const struct cfg_vip *b)
{
	return addr_eq(&a->addr, &b->addr);
}

/* Every pair out of two lists, or out of one when they are the same. */
static void check_vip_lists(struct cfg_parser *p, const struct cfg_vip *a, const struct cfg_vip *b)
{
	char text[ADDR_TEXT_LEN];

	for (const struct cfg_vip *v = a; v; v = v->next) {
		for (const struct cfg_vip *w = a == b ? v->next : b; w; w = w->next) {
			if (is_same_vip(v, w))
				diag_error(p->diag, w->pos,
					   "%s is listed already, in line %u; remove one",
					   addr_format(&w->addr, false, text), v->pos.line);
		}
	}
}

static void check_family(struct cfg_parser *p, struct cfg_instance *in)
{
	bool is_v6 = in->family == AF_INET6;

	if (is_v6 && in->version == 2) {
		diag_warning(p->diag, in->pos,
			     "vrrp_instance '%s': IPv6 needs version 3, which it gets", in->name);
		in->version = 3;
	}
	for (const struct cfg_vip *v = in->vips; v; v = v->next)
		if (v->addr.sa.sa_family != in->family)
			diag_error(
				p->diag, v->pos,
				"this is an %s address, and the adverts of '%s' are %s: move it to "
				"virtual_ipaddress_excluded",
				is_v6 ? "IPv4" : "IPv6", in->name, is_v6 ? "IPv6" : "IPv4");
	for (const struct cfg_peer *peer = in->peers; peer; peer = peer->next)
		if (peer->addr.sa.sa_family != in->family)
			diag_error(p->diag, in->pos,
				   "vrrp_instance '%s': its peers are of both families; keep one",
				   in->name);
	if (in->mcast_dst.len && in->mcast_dst.sa.sa_family != in->family)
		diag_error(p->diag, in->pos,
			   "vrrp_instance '%s': mcast_dst_ip is not %s as its adverts", in->name,
			   is_v6 ? "IPv6" : "IPv4");
	if (in->src.len && in->src.sa.sa_family != in->family)
		diag_error(p->diag, in->pos,
			   "vrrp_instance '%s': the source address is not %s as its adverts",
			   in->name, is_v6 ? "IPv6" : "IPv4");
}

static void check_vips(struct cfg_parser *p, const struct cfg_instance *in)
{
	if (!in->vips && !in->vips_excluded && !p->has_parse_errors)
		diag_error(p->diag, in->pos,
			   "vrrp_instance '%s' has no address: add virtual_ipaddress { ... }",
			   in->name);
	if (in->n_vips > MAX_VIPS)
		diag_error(p->diag, in->pos,
			   "vrrp_instance '%s' has %u addresses, an advert holds %d; move the rest "
			   "to virtual_ipaddress_excluded",
			   in->name, in->n_vips, MAX_VIPS);
	check_vip_lists(p, in->vips, in->vips);
	check_vip_lists(p, in->vips, in->vips_excluded);
	check_vip_lists(p, in->vips_excluded, in->vips_excluded);
}

static void check_preempt(struct cfg_parser *p, const struct cfg_instance *in)
{
	if (!in->preempt && in->state == WANT_MASTER)
		diag_notice(p->diag, in->pos,
			    "vrrp_instance '%s': nopreempt holds although the state is MASTER "
			    "(keepalived ignores it then)",
			    in->name);
	if (!in->preempt && in->preempt_delay_us)
		diag_notice(p->diag, in->pos,
			    "vrrp_instance '%s': preempt_delay has no effect with nopreempt",
			    in->name);
	if (!in->preempt && in->priority == OWNER)
		diag_warning(p->diag, in->pos,
			     "vrrp_instance '%s': the owner (priority 255) always preempts; "
			     "nopreempt has no effect",
			     in->name);
}

static void check_tracks(struct cfg_parser *p, struct cfg_instance *in)
{
	for (const struct cfg_track *t = in->tracks; t; t = t->next)
		cfg_resolve_track(p, (struct cfg_track *)t);
	cfg_check_group_weights(p, in);
	for (const struct cfg_track *t = in->tracks; t; t = t->next) {
		if (in->priority == OWNER && t->weight != 0 && t->weight != CFG_WEIGHT_UNSET)
			diag_warning(p->diag, t->pos,
				     "a weight cannot move the owner (priority 255); use weight 0 "
				     "or a lower priority");
	}
	cfg_check_weights(p, in);
}

static void check_instance(struct cfg_parser *p, struct cfg_instance *in)
{
	if (!in->interface && !p->has_parse_errors)
		diag_error(p->diag, in->pos, "vrrp_instance '%s' has no 'interface': add it",
			   in->name);
	if (in->vrid == 0 && !p->has_parse_errors)
		diag_error(p->diag, in->pos,
			   "vrrp_instance '%s' has no 'virtual_router_id': add a number from 1 to "
			   "255",
			   in->name);
	check_family(p, in);
	check_advert_int(p, in);
	check_auth(p, in);
	check_hmac(p, in);
	check_unicast(p, in);
	check_vips(p, in);
	check_preempt(p, in);
	check_tracks(p, in);
	cfg_check_strict(p, in);
	resolve_accept(in);
}

/* Two instances that would hear each other's adverts, or hold the same address. */
static void check_pair(struct cfg_parser *p, const struct cfg_instance *a,
		       const struct cfg_instance *b)
{
	if (a->interface && b->interface && strcmp(a->interface, b->interface) == 0 && a->vrid &&
	    a->vrid == b->vrid && a->family == b->family)
		diag_error(p->diag, b->pos,
			   "vrrp_instance '%s' has the virtual_router_id %u of '%s' on the same "
			   "interface; choose another",
			   b->name, b->vrid, a->name);
	check_vip_lists(p, a->vips, b->vips);
}

#define N_NOTIFY_LINES 7

static void notify_lines(struct cfg_notify *n, struct cfg_notify_line *out[N_NOTIFY_LINES])
{
	struct cfg_notify_line *all[] = { &n->any,  &n->master,  &n->backup,    &n->fault,
					  &n->stop, &n->deleted, &n->lower_prio };

	_Static_assert(ARRAY_LEN(all) == N_NOTIFY_LINES, "all of them");
	memcpy(out, all, sizeof(all));
}

static bool has_programs(const struct cfg_notify *n)
{
	struct cfg_notify_line *lines[N_NOTIFY_LINES];

	notify_lines((struct cfg_notify *)n, lines);
	for (size_t i = 0; i < N_NOTIFY_LINES; i++)
		if (lines[i]->line)
			return true;
	return false;
}

/* Looking up a user may ask a directory server: only where a program is run. */
static bool runs_programs(const struct cfg *c)
{
	if (c->scripts)
		return true;
	if (c->global.fifos[0].script.line || c->global.fifos[1].script.line)
		return true;
	for (const struct cfg_instance *in = c->instances; in; in = in->next)
		if (has_programs(&in->notify))
			return true;
	for (const struct cfg_group *g = c->groups; g; g = g->next)
		if (has_programs(&g->notify))
			return true;
	return false;
}

static void default_user(const struct cfg_global *g, struct cfg_notify_line *l)
{
	if (l->user)
		return;
	l->uid = g->script_uid;
	l->gid = g->script_gid;
}

static void default_users(const struct cfg_global *g, struct cfg_notify *n)
{
	struct cfg_notify_line *lines[N_NOTIFY_LINES];

	notify_lines(n, lines);
	for (size_t i = 0; i < N_NOTIFY_LINES; i++)
		default_user(g, lines[i]);
}

static void resolve_users(struct cfg_parser *p)
{
	struct cfg_global *g = p->global;

	if (!g->script_user && runs_programs(p->cfg) && getpwnam("keepalived_script"))
		cfg_resolve_user("keepalived_script", NULL, &g->script_uid, &g->script_gid);
	for (const struct cfg_script *sc = p->cfg->scripts; sc; sc = sc->next) {
		struct cfg_script *w = (struct cfg_script *)sc;

		if (w->user)
			continue;
		w->uid = g->script_uid;
		w->gid = g->script_gid;
	}
	for (struct cfg_instance *in = p->cfg->instances; in; in = in->next)
		default_users(g, &in->notify);
	for (struct cfg_group *gr = p->cfg->groups; gr; gr = gr->next)
		default_users(g, &gr->notify);
	for (size_t i = 0; i < ARRAY_LEN(g->fifos); i++) {
		default_user(g, &g->fifos[i].script);
		if (g->fifos[i].user)
			continue;
		g->fifos[i].uid = g->script_uid;
		g->fifos[i].gid = g->script_gid;
	}
}

void cfg_finish(struct cfg_parser *p)
{
	struct cfg *c = p->cfg;

	resolve_users(p);
	if (!c->instances && !p->has_parse_errors)
		diag_error(p->diag, (struct diag_pos){ .file = p->source->name },
			   "there is no vrrp_instance: nothing to do");
	for (const struct cfg_vip *v = c->statics.addrs; v; v = v->next)
		((struct cfg_vip *)v)->on = v->dev ? v->dev
					    : c->global.default_interface
						    ? c->global.default_interface
						    : "eth0";
	cfg_bind_groups(p);
	for (struct cfg_instance *in = c->instances; in; in = in->next) {
		set_defaults(&c->global, in);
		check_instance(p, in);
		cfg_resolve_vmacs(p, in);
		for (struct cfg_instance *before = c->instances; before != in;
		     before = before->next)
			check_pair(p, before, in);
	}
}

static void check_interface(const struct cfg *c, struct diag *d, struct diag_pos pos,
			    const char *name)
{
	if (!c->global.dynamic_interfaces && if_nametoindex(name) == 0)
		diag_error(d, pos,
			   "there is no interface '%s' on this machine; 'ip link' lists them (one "
			   "that comes later needs dynamic_interfaces)",
			   name);
}

/* Where execvp would find a program; its full path in out. */
static bool find_program(const char *name, char out[PATH_MAX])
{
	const char *dir = getenv("PATH");

	if (strchr(name, '/')) {
		snprintf(out, PATH_MAX, "%s", name);
		return access(out, X_OK) == 0;
	}
	for (dir = dir && *dir ? dir : DEFAULT_PATH; *dir;) {
		size_t len = strcspn(dir, ":");

		snprintf(out, PATH_MAX, "%.*s/%s", (int)len, dir, name);
		if (access(out, X_OK) == 0)
			return true;
		dir += len + (dir[len] == ':');
	}
	return false;
}

/* Could somebody but root have written this file or moved it? */
static bool is_writable_by_others(const char *path)
{
	char part[PATH_MAX];
	struct stat st;
	size_t len = strlen(path);

	if (len >= sizeof(part))
		return true;
	memcpy(part, path, len + 1);
	for (;;) {
		if (stat(part, &st) != 0 || st.st_uid != 0 || (st.st_mode & S_IWOTH) ||
		    ((st.st_mode & S_IWGRP) && st.st_gid != 0))
			return true;
		if (len <= 1)
			return false;
		while (len > 1 && part[len - 1] != '/')
			len--;
		part[len > 1 ? --len : len] = '\0';
	}
}

static void check_program(const struct cfg *c, struct diag *d, struct diag_pos pos,
			  const char *what, const char *name, uid_t uid)
{
	char path[PATH_MAX], real[PATH_MAX];
	struct stat st;

	if (!find_program(name, path) || stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
		diag_error(d, pos, "%s: '%s' is not a program that can be run: %s", what, name,
			   errno == EACCES ? "make it executable (chmod +x)"
					   : "no such file; correct the path");
		return;
	}
	if (c->global.script_security && uid == 0 && realpath(path, real) &&
	    is_writable_by_others(real))
		diag_error(d, pos,
			   "%s: '%s' would run as root, but others can write it or its directory "
			   "(enable_script_security); fix the owner or set a user",
			   what, real);
}

static void check_line(const struct cfg *c, struct diag *d, struct diag_pos pos, const char *name,
		       const struct cfg_notify_line *l)
{
	struct arena a = { 0 };
	char **argv = l->line ? cfg_split_command(&a, l->line) : NULL;

	if (argv)
		check_program(c, d, pos, name, argv[0], l->uid);
	arena_fini(&a);
	if (l->user && l->uid == (uid_t)-1)
		diag_error(d, pos, "%s: notify: there is no user '%s'%s%s%s", name, l->user,
			   l->group ? " or no group '" : "", l->group ? l->group : "",
			   l->group ? "'" : "");
}

static void check_notify(const struct cfg *c, struct diag *d, struct diag_pos pos, const char *name,
			 const struct cfg_notify *n)
{
	struct cfg_notify_line *lines[N_NOTIFY_LINES];

	notify_lines((struct cfg_notify *)n, lines);
	for (size_t i = 0; i < N_NOTIFY_LINES; i++)
		check_line(c, d, pos, name, lines[i]);
}

static void check_fifos(const struct cfg *c, struct diag *d)
{
	for (size_t i = 0; i < ARRAY_LEN(c->global.fifos); i++) {
		const struct cfg_fifo *f = &c->global.fifos[i];

		check_line(c, d, (struct diag_pos){ 0 }, "notify_fifo_script", &f->script);
		if (f->user && f->uid == (uid_t)-1)
			diag_error(d, (struct diag_pos){ 0 }, "notify_fifo: there is no user '%s'",
				   f->user);
	}
}

static void check_users(const struct cfg *c, struct diag *d)
{
	const struct cfg_global *g = &c->global;

	if (g->script_user && g->script_uid == (uid_t)-1)
		diag_error(d, (struct diag_pos){ 0 },
			   "script_user: there is no user '%s'%s%s%s; create it or name another",
			   g->script_user, g->script_group ? " or no group '" : "",
			   g->script_group ? g->script_group : "", g->script_group ? "'" : "");
	for (const struct cfg_script *sc = c->scripts; sc; sc = sc->next)
		if (sc->user && sc->uid == (uid_t)-1)
			diag_error(
				d, sc->pos,
				"vrrp_script '%s': there is no user '%s'%s%s%s; create it or name "
				"another",
				sc->name, sc->user, sc->group ? " or no group '" : "",
				sc->group ? sc->group : "", sc->group ? "'" : "");
}

void cfg_check_machine(const struct cfg *c, struct diag *d)
{
	check_users(c, d);
	for (const struct cfg_script *sc = c->scripts; sc; sc = sc->next)
		check_program(c, d, sc->pos, sc->name, sc->argv[0], sc->uid);
	for (const struct cfg_instance *in = c->instances; in; in = in->next) {
		check_interface(c, d, in->pos, in->interface);
		for (const struct cfg_track *t = in->tracks; t; t = t->next)
			if (t->kind == TRACK_INTERFACE)
				check_interface(c, d, t->pos, t->name);
		for (const struct cfg_vip *v = in->vips; v; v = v->next)
			if (v->dev)
				check_interface(c, d, v->pos, v->dev);
		for (const struct cfg_vip *v = in->vips_excluded; v; v = v->next)
			if (v->dev)
				check_interface(c, d, v->pos, v->dev);
		for (const struct cfg_route *r = in->routes; r; r = r->next)
			for (const struct cfg_hop *h = r->hops; h; h = h->next)
				if (h->dev)
					check_interface(c, d, r->pos, h->dev);
		check_notify(c, d, in->pos, in->name, &in->notify);
	}
	for (const struct cfg_vip *v = c->statics.addrs; v; v = v->next)
		check_interface(c, d, v->pos, v->on);
	for (const struct cfg_group *g = c->groups; g; g = g->next)
		check_notify(c, d, g->pos, g->name, &g->notify);
	check_fifos(c, d);
}
