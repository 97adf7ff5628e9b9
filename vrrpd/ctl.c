/* ctl.c - the commands of the control socket: text for people, JSON for programs. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <tandem/clock.h>
#include <tandem/ctl.h>
#include <time.h>

#include "config/cfg_model.h"
#include "worker.h"

#define PAGE 32 /* instances in one piece of output */

static double seconds(int64_t us)
{
	return (double)us / US_PER_S;
}

static const char *clock_text(int64_t real_us, char out[32])
{
	time_t t = (time_t)(real_us / US_PER_S);
	struct tm tm;
	char date[24];

	localtime_r(&t, &tm);
	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(out, 32, "%s.%03d", date, (int)(real_us % US_PER_S / US_PER_MS));
	return out;
}

static const char *cause_text(const struct vrrp_instance *i, char out[128])
{
	bool more = i->fsm.cause == VRRP_CAUSE_FAULT && i->fault_cause;

	snprintf(out, 128, "%s%s%s", vrrp_cause_text(i->fsm.cause), more ? ": " : "",
		 more ? i->fault_cause : "");
	return out;
}

static const char *track_kind_text(enum cfg_track_kind k)
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
static const char *track_state_text(const struct vrrp_instance *i, const struct vrrp_track *t)
{
	if (t->cfg->kind == TRACK_PROXY)
		return track_proxy_text(t->proxy->health);
	return vrrp_track_is_up(i, t) ? "up" : "down";
}

static bool is_fresh(const struct vrrp_instance *i, const struct hello_peer *p)
{
	return p->seen_us && i->env->loop->now_us - p->seen_us <= HANDOVER_FRESH_US;
}

/* --- text ----------------------------------------------------------------------------------- */

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
		    seconds(i->env->loop->now_us - i->master_seen_us));
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

		strbuf_addf(out, "  track %s %s: %s", track_kind_text(t->cfg->kind), t->cfg->name,
			    track_state_text(i, t));
		if (t->cfg->weight)
			strbuf_addf(out, ", weight %d%s\n", t->cfg->weight,
				    t->cfg->reverse ? " reverse" : "");
		else
			strbuf_addf(out, ", fault when %s\n", t->cfg->reverse ? "up" : "down");
	}
}

static void text_peers(const struct vrrp_instance *i, struct strbuf *out)
{
	char ip[INET6_ADDRSTRLEN];

	for (unsigned k = 0; k < VRRP_MAX_HELLO_PEERS; k++) {
		const struct hello_peer *p = &i->peers[k];

		if (!is_fresh(i, p))
			continue;
		addr_format_ip(&p->addr, ip);
		strbuf_addf(out, "  vrrpd peer: %s %s priority %u\n", ip, vrrp_state_text(p->state),
			    p->priority);
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

static void text_instance(const struct vrrp_instance *i, struct strbuf *out)
{
	char when[32], cause[128];

	strbuf_addf(out, "instance %s: %s\n", i->cfg->name, vrrp_state_text(i->fsm.state));
	if (i->n.transitions)
		strbuf_addf(out, "  since: %s (%.3f s), cause: %s, before: %s\n",
			    clock_text(i->since_real_us, when),
			    seconds(i->env->loop->now_us - i->fsm.since_us), cause_text(i, cause),
			    vrrp_state_text(i->previous));
	strbuf_addf(
		out,
		"  interface %s, virtual router id %u, version %u, advert interval %.2f s, %s\n",
		i->cfg->interface, i->cfg->vrid, i->params.version, seconds(i->params.adver_us),
		i->cfg->is_unicast ? "unicast" : "multicast");
	strbuf_addf(out, "  priority: %u (configured %u)%s\n", i->fsm.priority, i->cfg->priority,
		    i->params.preempt ? "" : ", nopreempt");
	text_master(i, out);
	text_vips(i, out);
	text_tracks(i, out);
	text_peers(i, out);
	text_counters(i, out);
}

/* --- JSON ----------------------------------------------------------------------------------- */

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

		json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:b, s:i, s:b}", "kind",
						     track_kind_text(t->cfg->kind), "name",
						     t->cfg->name, "state", track_state_text(i, t),
						     "up", vrrp_track_is_up(i, t), "weight",
						     t->cfg->weight, "reverse", t->cfg->reverse));
	}
	return all;
}

static json_t *json_peers(const struct vrrp_instance *i)
{
	json_t *all = json_array();

	for (unsigned k = 0; k < VRRP_MAX_HELLO_PEERS; k++) {
		const struct hello_peer *p = &i->peers[k];

		if (is_fresh(i, p))
			json_array_append_new(
				all, json_pack("{s:o, s:s, s:i, s:f}", "address", json_ip(&p->addr),
					       "state", vrrp_state_text(p->state), "priority",
					       p->priority, "heard_s_ago",
					       seconds(i->env->loop->now_us - p->seen_us)));
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

static json_t *json_instance(const struct vrrp_instance *i)
{
	bool is_master = i->fsm.state == VRRP_ACTIVE;
	int64_t now_us = i->env->loop->now_us;
	char cause[128];
	json_t *o = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:f, s:s, s:b}", "name", i->cfg->name, "state",
		vrrp_state_text(i->fsm.state), "previous", vrrp_state_text(i->previous), "cause",
		cause_text(i, cause), "interface", i->cfg->interface, "vrid", i->cfg->vrid,
		"version", i->params.version, "advert_interval_s", seconds(i->params.adver_us),
		"mode", i->cfg->is_unicast ? "unicast" : "multicast", "preempt", i->params.preempt);

	json_object_set_new(o, "since_unix", json_real(seconds(i->since_real_us)));
	json_object_set_new(o, "since_s", json_real(seconds(now_us - i->fsm.since_us)));
	json_object_set_new(o, "priority", json_integer(i->fsm.priority));
	json_object_set_new(o, "priority_base", json_integer(i->cfg->priority));
	json_object_set_new(o, "source", json_ip(&i->src));
	json_object_set_new(o, "master", json_ip(is_master ? &i->src : &i->master));
	json_object_set_new(o, "master_priority",
			    json_integer(is_master ? i->fsm.priority : i->master_priority));
	json_object_set_new(o, "master_heard_s_ago",
			    is_master || !i->master.len
				    ? json_null()
				    : json_real(seconds(now_us - i->master_seen_us)));
	json_object_set_new(o, "fault", i->fault_cause ? json_string(i->fault_cause) : json_null());
	json_object_set_new(o, "addresses", json_vips(i));
	json_object_set_new(o, "tracks", json_tracks(i));
	json_object_set_new(o, "peers", json_peers(i));
	json_object_set_new(o, "counters", json_counters(i));
	return o;
}

static json_t *json_history(const struct worker *w)
{
	json_t *all = json_array();
	uint64_t first = w->n_history > WORKER_HISTORY ? w->n_history - WORKER_HISTORY : 0;

	for (uint64_t k = first; k < w->n_history; k++) {
		const struct worker_history *h = &w->history[k % WORKER_HISTORY];

		json_array_append_new(all, json_pack("{s:f, s:s, s:s, s:s, s:s, s:s, s:f}", "unix",
						     seconds(h->real_us), "instance", h->instance,
						     "from", vrrp_state_text(h->from), "to",
						     vrrp_state_text(h->to), "cause",
						     vrrp_cause_text(h->cause), "detail", h->detail,
						     "before_lasted_s", seconds(h->lasted_us)));
	}
	return all;
}

static void print_json(struct strbuf *out, json_t *o)
{
	char *text = json_dumps(o, JSON_INDENT(2) | JSON_REAL_PRECISION(12));

	strbuf_adds(out, text ? text : "{}");
	strbuf_addc(out, '\n');
	free(text);
	json_decref(o);
}

/* --- commands ------------------------------------------------------------------------------- */

static bool wants_json(const struct ctl_request *rq)
{
	return rq->argc > 2 && str_eq(rq->argv[2], STR("json"));
}

static void show_vrrp_json(struct worker *w, struct strbuf *out)
{
	const struct vrrp_instance *i;
	json_t *all = json_array();

	list_for_each (i, &w->instances, node)
		json_array_append_new(all, json_instance(i));
	print_json(out, json_pack("{s:s, s:i, s:f, s:I, s:I, s:s?, s:I, s:o}", "version",
				  TANDEM_VERSION, "pid", (int)getpid(), "uptime_s",
				  seconds(w->loop.now_us - w->started_us), "stalls",
				  (json_int_t)w->n_stalls, "reloads", (json_int_t)w->n_reloads,
				  "reload_error", w->reload_error, "foreign_adverts",
				  (json_int_t)w->n_foreign, "instances", all));
}

static void show_vrrp(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct worker *w = rq->arg;
	const struct vrrp_instance *i;
	uint64_t at = 0;

	if (wants_json(rq)) {
		show_vrrp_json(w, rq->out);
		return;
	}
	if (*cursor == 0)
		strbuf_addf(rq->out,
			    "vrrpd " TANDEM_VERSION " pid %d, up %.0f s, reloads %" PRIu64
			    ", stalls %" PRIu64 ", foreign adverts %" PRIu64 "%s%s\n",
			    (int)getpid(), seconds(w->loop.now_us - w->started_us), w->n_reloads,
			    w->n_stalls, w->n_foreign, w->reload_error ? "\nlast reload: " : "",
			    w->reload_error ? w->reload_error : "");
	list_for_each (i, &w->instances, node) {
		if (at >= *cursor + PAGE) {
			*cursor += PAGE;
			*more = true;
			return;
		}
		if (at++ >= *cursor)
			text_instance(i, rq->out);
	}
}

static void show_history(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	const struct worker *w = rq->arg;
	uint64_t first = w->n_history > WORKER_HISTORY ? w->n_history - WORKER_HISTORY : 0;
	char when[32];

	(void)cursor, (void)more;
	if (wants_json(rq)) {
		print_json(rq->out, json_history(w));
		return;
	}
	for (uint64_t k = first; k < w->n_history; k++) {
		const struct worker_history *h = &w->history[k % WORKER_HISTORY];

		strbuf_addf(rq->out, "%s %s %s -> %s cause=\"%s%s%s\" before_lasted_s=%.3f\n",
			    clock_text(h->real_us, when), h->instance, vrrp_state_text(h->from),
			    vrrp_state_text(h->to), vrrp_cause_text(h->cause),
			    h->detail[0] ? ": " : "", h->detail, seconds(h->lasted_us));
	}
}

static void show_version(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	strbuf_adds(rq->out, "vrrpd " TANDEM_VERSION "\n");
}

static void reload(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct worker *w = rq->arg;

	(void)cursor, (void)more;
	if (w->is_stopping || worker_reload(w))
		strbuf_adds(rq->out, "Reload refused: the configuration has errors, see the log; "
				     "nothing was changed.\n");
	else
		strbuf_adds(rq->out, "Reloaded.\n");
}

const struct ctl_command vrrpd_ctl_commands[] = {
	{ "show vrrp", "[json]", "state, priority, trackers, peers and counters of each instance",
	  CTL_USER, show_vrrp },
	{ "show history", "[json]", "the last transitions with their causes", CTL_USER,
	  show_history },
	{ "show version", "", "the version", CTL_USER, show_version },
	{ "reload", "", "read the configuration again", CTL_ADMIN, reload },
	{ .words = NULL },
};
