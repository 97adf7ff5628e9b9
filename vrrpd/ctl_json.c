/* ctl_json.c - the answers of the control socket for programs. */
#include "ctl_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <tandem/clock.h>

#include "config/cfg_model.h"

static json_t *json_ip(const struct addr *a)
{
	char ip[INET6_ADDRSTRLEN];

	if (!a->len)
		return json_null();
	addr_format_ip(a, ip);
	return json_string(ip);
}

static json_t *json_vips(const struct vrrp_instance *i)
{
	json_t *all = json_array();

	for (unsigned k = 0; k < i->n_vips; k++) {
		const struct vip *v = &i->vips[k];
		const struct link *l = link_find_index(i->env->links, v->ifindex);

		json_array_append_new(all,
				      json_pack("{s:o, s:i, s:s, s:b}", "address",
						json_ip(&v->addr), "prefix", v->prefix_len, "dev",
						l ? l->name : "", "held", i->holds_addrs));
	}
	return all;
}

static json_t *json_tracks(const struct vrrp_instance *i)
{
	json_t *all = json_array();

	for (unsigned k = 0; k < i->n_tracks; k++) {
		const struct vrrp_track *t = &i->tracks[k];

		json_array_append_new(all,
				      json_pack("{s:s, s:s, s:s, s:b, s:i, s:b}", "kind",
						ctl_track_kind_text(t->cfg->kind), "name",
						t->cfg->name, "state", ctl_track_state_text(i, t),
						"up", vrrp_track_is_up(i, t), "weight",
						t->cfg->weight, "reverse", t->cfg->reverse));
	}
	return all;
}

static json_t *json_differences(unsigned mask)
{
	json_t *all = json_array();

	for (unsigned k = 0; k < VRRP_N_DIFFERENCES; k++) {
		if (mask & 1u << k)
			json_array_append_new(all, json_string(vrrp_difference_text(1u << k)));
	}
	return all;
}

static json_t *json_peers(const struct vrrp_instance *i)
{
	json_t *all = json_array();

	for (unsigned k = 0; k < VRRP_MAX_HELLO_PEERS; k++) {
		const struct hello_peer *p = &i->peers[k];
		json_t *o;

		if (!vrrp_io_is_fresh(i, p))
			continue;
		o = json_pack("{s:o, s:s, s:i, s:f, s:b, s:b, s:o}", "address", json_ip(&p->addr),
			      "state", vrrp_state_text(p->state), "priority", p->priority,
			      "heard_s_ago", ctl_seconds(i->env->loop->now_us - p->seen_us),
			      "reports", p->report_us != 0, "hears_us",
			      p->report_us && !p->unheard_since_us, "differs",
			      json_differences(p->differs));
		if (p->report_us)
			json_object_set_new(o, "priority_base", json_integer(p->digest.priority));
		json_array_append_new(all, o);
	}
	return all;
}

static json_t *json_conflict(const struct conflict *c, int64_t since_unix_us, int64_t now_us)
{
	bool is_over = c->why == CONFLICT_NONE || since_unix_us == 0;
	char mac[18];
	json_t *o;

	if (c->why == CONFLICT_NONE)
		return json_null();
	o = json_pack("{s:s, s:f}", "why", conflict_text(c->why), "lasted_s",
		      ctl_seconds((is_over ? c->last_us : now_us) - c->since_us));
	if (!is_over)
		json_object_set_new(o, "since_unix", json_real(ctl_seconds(since_unix_us)));
	if (c->why != CONFLICT_ADDRESS) {
		json_object_set_new(o, "peer", json_ip(&c->peer));
		json_object_set_new(o, "priority", json_integer(c->priority));
		return o;
	}
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", c->mac[0], c->mac[1], c->mac[2],
		 c->mac[3], c->mac[4], c->mac[5]);
	json_object_set_new(o, "address", json_ip(&c->peer));
	json_object_set_new(o, "mac", json_string(mac));
	return o;
}

static json_t *json_foreign(const struct vrrp_instance *i)
{
	int64_t now_us = i->env->loop->now_us;
	json_t *all = json_array();

	for (unsigned k = 0; k < FOREIGN_MAX; k++) {
		const struct foreign_router *f = &i->foreign[k];

		if (foreign_is_fresh(f, now_us))
			json_array_append_new(all,
					      json_pack("{s:o, s:i, s:i, s:s, s:I, s:f}", "address",
							json_ip(&f->addr), "priority", f->priority,
							"version", f->version, "cause",
							vrrp_parse_error_text(f->cause), "packets",
							(json_int_t)f->n, "heard_s_ago",
							ctl_seconds(now_us - f->seen_us)));
	}
	return all;
}

static json_t *json_health(const struct vrrp_instance *i, json_t *o)
{
	unsigned reasons;
	json_t *all = json_array();

	json_object_set_new(o, "health",
			    json_string(health_text(vrrp_instance_health(i, &reasons))));
	for (unsigned k = 0; k < HEALTH_N_REASONS; k++) {
		if (reasons & 1u << k)
			json_array_append_new(all, json_string(health_reason_text(1u << k)));
	}
	return all;
}

static json_t *json_counters(const struct vrrp_instance *i)
{
	const struct vrrp_counters *n = &i->n;
	const struct {
		const char *name;
		uint64_t value;
	} all[] = {
		{ "adverts_sent", n->adverts_sent },
		{ "adverts_received", n->adverts_received },
		{ "priority_zero_sent", n->zero_sent },
		{ "priority_zero_received", n->zero_received },
		{ "send_errors", n->send_errors },
		{ "transitions", n->transitions },
		{ "became_master", n->became_master },
		{ "handovers_sent", n->claims_sent },
		{ "handovers_received", n->claims_received },
		{ "handovers_refused", n->claims_refused },
		{ "hellos_received", n->hellos_received },
		{ "gratuitous_arps_sent", n->garps_sent },
		{ "addresses_restored", n->restored },
		{ "reports_received", n->reports_received },
		{ "conflicts", n->conflicts },
	};
	json_t *o = json_object(), *refused = json_object();

	for (size_t k = 0; k < ARRAY_LEN(all); k++)
		json_object_set_new(o, all[k].name, json_integer((json_int_t)all[k].value));
	for (int e = VRRP_PKT_OK + 1; e < VRRP_PKT_N_ERRORS; e++)
		json_object_set_new(refused, vrrp_parse_error_text((enum vrrp_parse_error)e),
				    json_integer((json_int_t)n->refused[e]));
	json_object_set_new(o, "refused", refused);
	return o;
}

json_t *ctl_json_instance(const struct vrrp_instance *i)
{
	bool is_master = i->fsm.state == VRRP_ACTIVE;
	int64_t now_us = i->env->loop->now_us;
	char cause[128];
	json_t *o = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:f, s:s, s:b}", "name", i->cfg->name, "state",
		vrrp_state_text(i->fsm.state), "previous", vrrp_state_text(i->previous), "cause",
		ctl_cause_text(i, cause), "interface", i->cfg->interface, "vrid", i->cfg->vrid,
		"version", i->params.version, "advert_interval_s", ctl_seconds(i->params.adver_us),
		"mode", i->cfg->is_unicast ? "unicast" : "multicast", "preempt", i->params.preempt);

	json_object_set_new(o, "since_unix", json_real(ctl_seconds(i->since_real_us)));
	json_object_set_new(o, "since_s", json_real(ctl_seconds(now_us - i->fsm.since_us)));
	json_object_set_new(o, "priority", json_integer(i->fsm.priority));
	json_object_set_new(o, "priority_base", json_integer(i->cfg->priority));
	json_object_set_new(o, "source", json_ip(&i->src));
	json_object_set_new(o, "master", json_ip(is_master ? &i->src : &i->master));
	json_object_set_new(o, "master_priority",
			    json_integer(is_master ? i->fsm.priority : i->master_priority));
	json_object_set_new(o, "master_heard_s_ago",
			    is_master || !i->master.len
				    ? json_null()
				    : json_real(ctl_seconds(now_us - i->master_seen_us)));
	json_object_set_new(o, "fault", i->fault_cause ? json_string(i->fault_cause) : json_null());
	json_object_set_new(o, "reasons", json_health(i, o));
	json_object_set_new(o, "conflict",
			    json_conflict(&i->conflict, i->conflict_real_us, now_us));
	json_object_set_new(o, "last_conflict", json_conflict(&i->last_conflict, 0, now_us));
	json_object_set_new(o, "group", i->group ? json_string(i->group->cfg->name) : json_null());
	json_object_set_new(o, "handed_over", json_boolean(i->is_yielding));
	json_object_set_new(o, "foreign", json_foreign(i));
	json_object_set_new(o, "addresses", json_vips(i));
	json_object_set_new(o, "tracks", json_tracks(i));
	json_object_set_new(o, "peers", json_peers(i));
	json_object_set_new(o, "counters", json_counters(i));
	return o;
}

json_t *ctl_json_groups(const struct worker *w)
{
	json_t *all = json_array();
	const struct vrrp_group *g;

	list_for_each (g, &w->groups, node) {
		json_t *members = json_array();

		for (unsigned k = 0; k < g->n_members; k++)
			json_array_append_new(members, json_string(g->members[k]->cfg->name));
		json_array_append_new(all,
				      json_pack("{s:s, s:s, s:o}", "name", g->cfg->name, "state",
						vrrp_state_text(g->state), "members", members));
	}
	return all;
}

json_t *ctl_json_history(const struct worker *w, unsigned max)
{
	json_t *all = json_array();
	unsigned n = history_count(&w->history);

	for (unsigned k = n > max ? n - max : 0; k < n; k++) {
		const struct history_entry *h = history_at(&w->history, k);
		json_t *o = json_pack("{s:f, s:s, s:s, s:s, s:s, s:s, s:f}", "unix",
				      ctl_seconds(h->real_us), "instance", h->instance, "from",
				      vrrp_state_text(h->from), "to", vrrp_state_text(h->to),
				      "cause", vrrp_cause_text(h->cause), "detail", h->detail,
				      "before_lasted_s", ctl_seconds(h->lasted_us));

		json_object_set_new(o, "outage_s",
				    h->outage_us == HISTORY_UNKNOWN
					    ? json_null()
					    : json_real(ctl_seconds(h->outage_us)));
		json_array_append_new(all, o);
	}
	return all;
}

void ctl_print_json(struct strbuf *out, json_t *o)
{
	char *text = json_dumps(o, JSON_INDENT(2) | JSON_REAL_PRECISION(12));

	strbuf_adds(out, text ? text : "{}");
	strbuf_addc(out, '\n');
	free(text);
	json_decref(o);
}

json_t *ctl_json_drill(const struct worker *w)
{
	const struct drill_log *d = &w->drill;
	const bool runs = ctl_drill_runs(w);
	json_t *o = json_pack("{s:b, s:s, s:I}", "running", runs, "kind", runs ? d->kind : "",
			      "drills", (json_int_t)d->n_drills);

	if (d->last_id[0])
		json_object_set_new(o, "last",
				    json_pack("{s:s, s:s, s:f, s:f}", "id", d->last_id, "verdict",
					      d->last_verdict, "outage_s",
					      ctl_seconds(d->last_outage_us), "unix",
					      ctl_seconds(d->last_real_us)));
	return o;
}
