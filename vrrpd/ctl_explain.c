/* ctl_explain.c - what each tracker is worth, as a table. */
#include "ctl_priv.h"

#include <stdio.h>
#include <string.h>

#include "config/cfg_model.h"
#include "explain.h"

/* Who is master when we have priority ours: "this node", the peer, or it depends. */
static const char *master_text(uint8_t ours, const struct vrrp_peer_known *peer,
			       char out[INET6_ADDRSTRLEN + 8])
{
	char ip[INET6_ADDRSTRLEN] = "the peer";

	if (ours != 0 && (!peer->priority || ours > peer->priority))
		return "this node";
	if (ours != 0 && ours == peer->priority)
		return "the greater address";
	if (peer->addr.len)
		addr_format_ip(&peer->addr, ip);
	snprintf(out, INET6_ADDRSTRLEN + 8, "%s", ip);
	return out;
}

static const char *priority_text(uint8_t priority, char out[8])
{
	if (priority == 0)
		return "fault";
	snprintf(out, 8, "%u", priority);
	return out;
}

void ctl_text_explain(const struct vrrp_instance *i, struct strbuf *out)
{
	struct vrrp_peer_known peer = vrrp_instance_peer(i);
	char ip[INET6_ADDRSTRLEN] = "not known", who[INET6_ADDRSTRLEN + 8];

	if (peer.addr.len)
		addr_format_ip(&peer.addr, ip);
	strbuf_addf(out, "instance %s: %s, priority %u (%u while all is well, configured %u)\n",
		    i->cfg->name, vrrp_state_text(i->fsm.state), i->fsm.priority,
		    explain_best(i->cfg), i->cfg->priority);
	if (peer.priority)
		strbuf_addf(out, "  peer: %s, priority %u (from %s)\n", ip, peer.priority,
			    peer.source);
	else
		strbuf_adds(out, "  peer: its priority is not known\n");
	strbuf_addf(out, "  all well: %u, master: %s\n", explain_best(i->cfg),
		    master_text(explain_best(i->cfg), &peer, who));
	for (unsigned k = 0; k < i->n_tracks; k++) {
		const struct vrrp_track *t = &i->tracks[k];
		struct explain_row r = explain_track(i->cfg, t->cfg, peer.priority);
		char sum[96], up[8], down[8];

		strbuf_addf(out, "  %s %s: %s now; well: %s; failed: %s, master: %s; %s%s\n",
			    ctl_track_kind_text(t->cfg->kind), t->cfg->name,
			    ctl_track_state_text(i, t), priority_text(r.up, up),
			    priority_text(r.down, down), master_text(r.down, &peer, who),
			    explain_text(i->cfg, &r, peer.priority, sum, sizeof(sum)),
			    explain_is_useless(r.verdict) ? " (cannot move the address)" : "");
	}
}

static json_t *json_row(const struct vrrp_instance *i, const struct vrrp_track *t,
			const struct vrrp_peer_known *peer)
{
	struct explain_row r = explain_track(i->cfg, t->cfg, peer->priority);
	char sum[96], who[INET6_ADDRSTRLEN + 8], who_down[INET6_ADDRSTRLEN + 8];
	json_t *o = json_pack("{s:s, s:s, s:s, s:i, s:b, s:i, s:i}", "kind",
			      ctl_track_kind_text(t->cfg->kind), "name", t->cfg->name, "state",
			      ctl_track_state_text(i, t), "weight", t->cfg->weight, "reverse",
			      t->cfg->reverse, "priority_well", r.up, "priority_failed", r.down);

	json_object_set_new(o, "master_well", json_string(master_text(r.up, peer, who)));
	json_object_set_new(o, "master_failed", json_string(master_text(r.down, peer, who_down)));
	json_object_set_new(o, "verdict", json_string(explain_verdict_text(r.verdict)));
	json_object_set_new(o, "useless", json_boolean(explain_is_useless(r.verdict)));
	json_object_set_new(
		o, "arithmetic",
		json_string(explain_text(i->cfg, &r, peer->priority, sum, sizeof(sum))));
	return o;
}

json_t *ctl_json_explain(const struct vrrp_instance *i)
{
	struct vrrp_peer_known peer = vrrp_instance_peer(i);
	char ip[INET6_ADDRSTRLEN], who[INET6_ADDRSTRLEN + 8];
	json_t *rows = json_array(), *o;

	for (unsigned k = 0; k < i->n_tracks; k++)
		json_array_append_new(rows, json_row(i, &i->tracks[k], &peer));
	o = json_pack("{s:s, s:s, s:i, s:i, s:i, s:s}", "name", i->cfg->name, "state",
		      vrrp_state_text(i->fsm.state), "priority", i->fsm.priority, "priority_well",
		      explain_best(i->cfg), "priority_base", i->cfg->priority, "master_well",
		      master_text(explain_best(i->cfg), &peer, who));
	if (peer.addr.len)
		addr_format_ip(&peer.addr, ip);
	json_object_set_new(o, "peer", peer.addr.len ? json_string(ip) : json_null());
	json_object_set_new(o, "peer_priority",
			    peer.priority ? json_integer(peer.priority) : json_null());
	json_object_set_new(o, "peer_source", json_string(peer.source));
	json_object_set_new(o, "trackers", rows);
	return o;
}
