/* ctl_text.c - the answers of the control socket for people. */
#include "ctl_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <tandem/clock.h>
#include <time.h>

#include "config/cfg_model.h"

double ctl_seconds(int64_t us)
{
	return (double)us / US_PER_S;
}

const char *ctl_clock_text(int64_t real_us, char out[32])
{
	time_t t = (time_t)(real_us / US_PER_S);
	struct tm tm;
	char date[24];

	localtime_r(&t, &tm);
	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(out, 32, "%s.%03d", date, (int)(real_us % US_PER_S / US_PER_MS));
	return out;
}

const char *ctl_cause_text(const struct vrrp_instance *i, char out[128])
{
	const char *detail = vrrp_instance_cause_detail(i);

	snprintf(out, 128, "%s%s%s", vrrp_cause_text(i->fsm.cause), detail ? ": " : "",
		 detail ? detail : "");
	return out;
}

const char *ctl_track_kind_text(enum cfg_track_kind k)
{
	switch (k) {
	case TRACK_INTERFACE:
		return "interface";
	case TRACK_SCRIPT:
		return "script";
	case TRACK_PROXY:
		return "proxy";
	case TRACK_FILE:
		return "file";
	case TRACK_PROCESS:
		return "process";
	}
	UNREACHABLE();
}

/* What a tracker says in its own words. */
const char *ctl_track_state_text(const struct vrrp_instance *i, const struct vrrp_track *t)
{
	if (t->cfg->kind == TRACK_PROXY)
		return track_proxy_text(t->proxy->health);
	return vrrp_track_is_up(i, t) ? "up" : "down";
}

enum health ctl_health(const struct worker *w)
{
	enum health worst = w->reload_error ? HEALTH_DEGRADED : HEALTH_GOOD;
	const struct vrrp_instance *i;
	unsigned reasons;

	list_for_each (i, &w->instances, node) {
		enum health h = vrrp_instance_health(i, &reasons);

		worst = MAX(worst, h);
	}
	return worst;
}

static void text_master(const struct vrrp_instance *i, struct strbuf *out)
{
	char ip[INET6_ADDRSTRLEN] = "unknown";

	if (i->fsm.state == VRRP_ACTIVE) {
		if (i->src.len)
			addr_format_ip(&i->src, ip);
		strbuf_addf(out, "  master: %s (this node) priority %u\n", ip, i->fsm.priority);
		return;
	}
	if (!i->master.len) {
		strbuf_adds(out, "  master: none heard\n");
		return;
	}
	addr_format_ip(&i->master, ip);
	strbuf_addf(out, "  master: %s priority %u, heard %.3f s ago\n", ip, i->master_priority,
		    ctl_seconds(i->env->loop->now_us - i->master_seen_us));
}

static void text_vips(const struct vrrp_instance *i, struct strbuf *out)
{
	char ip[INET6_ADDRSTRLEN];

	strbuf_addf(out, "  addresses (%s):", i->holds_addrs ? "held" : "not held");
	for (unsigned k = 0; k < i->n_vips; k++) {
		const struct link *l = link_find_index(i->env->links, i->vips[k].ifindex);

		addr_format_ip(&i->vips[k].addr, ip);
		strbuf_addf(out, " %s/%u dev %s", ip, i->vips[k].prefix_len, l ? l->name : "?");
	}
	strbuf_addc(out, '\n');
}

static void text_tracks(const struct vrrp_instance *i, struct strbuf *out)
{
	for (unsigned k = 0; k < i->n_tracks; k++) {
		const struct vrrp_track *t = &i->tracks[k];

		strbuf_addf(out, "  track %s %s: %s", ctl_track_kind_text(t->cfg->kind),
			    t->cfg->name, ctl_track_state_text(i, t));
		if (t->cfg->weight)
			strbuf_addf(out, ", weight %d%s\n", t->cfg->weight,
				    t->cfg->reverse ? " reverse" : "");
		else
			strbuf_addf(out, ", fault when %s\n", t->cfg->reverse ? "up" : "down");
	}
}

static void text_peers(const struct vrrp_instance *i, struct strbuf *out)
{
	char ip[INET6_ADDRSTRLEN], text[256];

	for (unsigned k = 0; k < VRRP_MAX_HELLO_PEERS; k++) {
		const struct hello_peer *p = &i->peers[k];

		if (!vrrp_io_is_fresh(i, p))
			continue;
		addr_format_ip(&p->addr, ip);
		strbuf_addf(out, "  vrrpd peer: %s %s priority %u%s\n", ip,
			    vrrp_state_text(p->state), p->priority,
			    p->is_one_way ? ", it does not hear us" : "");
		vrrp_difference_explain(p->differs, &i->digest, &p->digest, text, sizeof(text));
		if (p->differs)
			strbuf_addf(out, "    differs: %s\n", text);
	}
}

static void text_health(const struct vrrp_instance *i, struct strbuf *out)
{
	unsigned reasons;
	enum health h = vrrp_instance_health(i, &reasons);

	strbuf_addf(out, "  health: %s", health_text(h));
	for (unsigned k = 0, n = 0; k < HEALTH_N_REASONS; k++) {
		if (reasons & 1u << k)
			strbuf_addf(out, "%s%s", n++ ? ", " : ": ", health_reason_text(1u << k));
	}
	strbuf_addc(out, '\n');
}

static void text_conflict(const struct vrrp_instance *i, struct strbuf *out)
{
	const struct conflict *c = &i->conflict;
	char ip[INET6_ADDRSTRLEN], when[32];

	if (c->why == CONFLICT_NONE)
		return;
	addr_format_ip(&c->peer, ip);
	strbuf_addf(out, "  CONFLICT since %s (%.3f s): %s; ",
		    ctl_clock_text(i->conflict_real_us, when),
		    ctl_seconds(i->env->loop->now_us - c->since_us), conflict_text(c->why));
	if (c->why == CONFLICT_ADDRESS)
		strbuf_addf(out, "%s at %02x:%02x:%02x:%02x:%02x:%02x\n", ip, c->mac[0], c->mac[1],
			    c->mac[2], c->mac[3], c->mac[4], c->mac[5]);
	else
		strbuf_addf(out, "peer %s priority %u\n", ip, c->priority);
}

static void text_foreign(const struct vrrp_instance *i, struct strbuf *out)
{
	char ip[INET6_ADDRSTRLEN];

	for (unsigned k = 0; k < FOREIGN_MAX; k++) {
		const struct foreign_router *f = &i->foreign[k];

		if (!foreign_is_fresh(f, i->env->loop->now_us))
			continue;
		addr_format_ip(&f->addr, ip);
		strbuf_addf(out,
			    "  foreign router: %s priority %u version %u, refused (%s) %" PRIu64
			    " times\n",
			    ip, f->priority, f->version, vrrp_parse_error_text(f->cause), f->n);
	}
}

static void text_counters(const struct vrrp_instance *i, struct strbuf *out)
{
	const struct vrrp_counters *n = &i->n;

	strbuf_addf(out,
		    "  adverts: sent %" PRIu64 ", received %" PRIu64 ", priority 0 sent %" PRIu64
		    ", received %" PRIu64 ", send errors %" PRIu64 "\n",
		    n->adverts_sent, n->adverts_received, n->zero_sent, n->zero_received,
		    n->send_errors);
	strbuf_addf(out,
		    "  transitions: %" PRIu64 ", became master %" PRIu64
		    ", hand-overs asked %" PRIu64 ", received %" PRIu64 ", refused %" PRIu64 "\n",
		    n->transitions, n->became_master, n->claims_sent, n->claims_received,
		    n->claims_refused);
	strbuf_addf(out, "  gratuitous ARP: %" PRIu64 ", addresses restored: %" PRIu64 "\n",
		    n->garps_sent, n->restored);
	for (int e = VRRP_PKT_OK + 1; e < VRRP_PKT_N_ERRORS; e++) {
		if (n->refused[e])
			strbuf_addf(out, "  refused (%s): %" PRIu64 "\n",
				    vrrp_parse_error_text((enum vrrp_parse_error)e), n->refused[e]);
	}
}

void ctl_text_instance(const struct vrrp_instance *i, struct strbuf *out)
{
	char when[32], cause[128];

	strbuf_addf(out, "instance %s: %s\n", i->cfg->name, vrrp_state_text(i->fsm.state));
	if (i->n.transitions)
		strbuf_addf(out, "  since: %s (%.3f s), cause: %s, before: %s\n",
			    ctl_clock_text(i->since_real_us, when),
			    ctl_seconds(i->env->loop->now_us - i->fsm.since_us),
			    ctl_cause_text(i, cause), vrrp_state_text(i->previous));
	strbuf_addf(
		out,
		"  interface %s, virtual router id %u, version %u, advert interval %.2f s, %s\n",
		i->cfg->interface, i->cfg->vrid, i->params.version, ctl_seconds(i->params.adver_us),
		i->cfg->is_unicast ? "unicast" : "multicast");
	strbuf_addf(out, "  priority: %u (configured %u)%s\n", i->fsm.priority, i->cfg->priority,
		    i->params.preempt ? "" : ", nopreempt");
	text_health(i, out);
	text_conflict(i, out);
	if (i->group)
		strbuf_addf(out, "  sync group %s: %s\n", i->group->cfg->name,
			    vrrp_state_text(i->group->state));
	text_master(i, out);
	text_vips(i, out);
	text_tracks(i, out);
	text_peers(i, out);
	text_foreign(i, out);
	text_counters(i, out);
}
