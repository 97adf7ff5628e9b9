/* ctl_metrics.c - state and counters in Prometheus' text form. One series an instance, state as a
 * number: labels never change with the state. */
#include "ctl_priv.h"

#include <inttypes.h>
#include <string.h>
#include <tandem/clock.h>

#include "config/cfg_model.h"

typedef double metric_fn(const struct vrrp_instance *i);

static double get_state(const struct vrrp_instance *i)
{
	return (double)i->fsm.state;
}

static double get_health(const struct vrrp_instance *i)
{
	unsigned reasons;

	return (double)vrrp_instance_health(i, &reasons);
}

static double get_priority(const struct vrrp_instance *i)
{
	return i->fsm.priority;
}

static double get_base(const struct vrrp_instance *i)
{
	return i->cfg->priority;
}

static double get_conflict(const struct vrrp_instance *i)
{
	return i->conflict.why != CONFLICT_NONE;
}

static double get_conflict_seconds(const struct vrrp_instance *i)
{
	if (i->conflict.why == CONFLICT_NONE)
		return 0;
	return ctl_seconds(i->env->loop->now_us - i->conflict.since_us);
}

static double get_held(const struct vrrp_instance *i)
{
	return i->holds_addrs ? i->n_vips : 0;
}

static double get_peers(const struct vrrp_instance *i)
{
	double n = 0;

	for (unsigned k = 0; k < VRRP_MAX_HELLO_PEERS; k++)
		n += vrrp_io_is_fresh(i, &i->peers[k]);
	return n;
}

static double get_deaf(const struct vrrp_instance *i)
{
	double n = 0;

	for (unsigned k = 0; k < VRRP_MAX_HELLO_PEERS; k++)
		n += vrrp_io_is_fresh(i, &i->peers[k]) && i->peers[k].is_one_way;
	return n;
}

static double get_differing(const struct vrrp_instance *i)
{
	double n = 0;

	for (unsigned k = 0; k < VRRP_MAX_HELLO_PEERS; k++)
		n += vrrp_io_is_fresh(i, &i->peers[k]) && i->peers[k].differs;
	return n;
}

static double get_foreign(const struct vrrp_instance *i)
{
	return foreign_count(i->foreign, i->env->loop->now_us);
}

static double get_since(const struct vrrp_instance *i)
{
	return ctl_seconds(i->since_real_us);
}

#define COUNTER(field)                                                                             \
	static double get_##field(const struct vrrp_instance *i)                                   \
	{                                                                                          \
		return (double)i->n.field;                                                         \
	}
COUNTER(adverts_sent)
COUNTER(adverts_received)
COUNTER(zero_sent)
COUNTER(zero_received)
COUNTER(send_errors)
COUNTER(transitions)
COUNTER(became_master)
COUNTER(claims_sent)
COUNTER(claims_received)
COUNTER(claims_refused)
COUNTER(hellos_received)
COUNTER(reports_received)
COUNTER(garps_sent)
COUNTER(restored)
COUNTER(conflicts)

static const struct {
	const char *name, *type, *help;
	metric_fn *get;
} metrics[] = {
	{ "state", "gauge", "0 INIT, 1 BACKUP, 2 MASTER, 3 FAULT", get_state },
	{ "health", "gauge", "0 good, 1 degraded, 2 down", get_health },
	{ "priority", "gauge", "effective priority", get_priority },
	{ "priority_base", "gauge", "configured priority", get_base },
	{ "conflict", "gauge", "1: another owner of our addresses is seen", get_conflict },
	{ "conflict_seconds", "gauge", "age of the present conflict", get_conflict_seconds },
	{ "conflicts_total", "counter", "conflicts so far", get_conflicts },
	{ "addresses_held", "gauge", "virtual addresses on this node", get_held },
	{ "peers", "gauge", "other vrrpd that are heard", get_peers },
	{ "peers_deaf", "gauge", "of these, who do not hear us", get_deaf },
	{ "peers_differing", "gauge", "of these, with another configuration", get_differing },
	{ "foreign_routers", "gauge", "routers with our VRID whose adverts are refused",
	  get_foreign },
	{ "last_transition_timestamp_seconds", "gauge", "when the state changed last", get_since },
	{ "transitions_total", "counter", "changes of state", get_transitions },
	{ "became_master_total", "counter", "changes to MASTER", get_became_master },
	{ "adverts_sent_total", "counter", "adverts sent", get_adverts_sent },
	{ "adverts_received_total", "counter", "valid adverts received", get_adverts_received },
	{ "priority_zero_sent_total", "counter", "goodbyes sent", get_zero_sent },
	{ "priority_zero_received_total", "counter", "goodbyes received", get_zero_received },
	{ "send_errors_total", "counter", "packets that could not be sent", get_send_errors },
	{ "handovers_sent_total", "counter", "hand-overs asked", get_claims_sent },
	{ "handovers_received_total", "counter", "hand-overs received", get_claims_received },
	{ "handovers_refused_total", "counter", "hand-overs refused", get_claims_refused },
	{ "hellos_received_total", "counter", "hellos of other vrrpd", get_hellos_received },
	{ "reports_received_total", "counter", "reports of other vrrpd", get_reports_received },
	{ "gratuitous_arps_sent_total", "counter", "announcements sent", get_garps_sent },
	{ "addresses_restored_total", "counter", "addresses that others deleted", get_restored },
};

/* A label's value: backslash, quote and newline escaped. */
static void add_label(struct strbuf *out, const char *name, const char *value)
{
	strbuf_addf(out, "%s=\"", name);
	for (const char *p = value; *p; p++) {
		if (*p == '\n') {
			strbuf_adds(out, "\\n");
			continue;
		}
		if (*p == '"' || *p == '\\')
			strbuf_addc(out, '\\');
		strbuf_addc(out, *p);
	}
	strbuf_addc(out, '"');
}

static void add_head(struct strbuf *out, const char *name, const char *type, const char *help)
{
	strbuf_addf(out, "# HELP vrrpd_%s %s\n# TYPE vrrpd_%s %s\n", name, help, name, type);
}

static void add_labels(struct strbuf *out, const char *name, const struct vrrp_instance *i)
{
	strbuf_addf(out, "vrrpd_%s{", name);
	add_label(out, "instance", i->cfg->name);
	strbuf_addc(out, ',');
	add_label(out, "interface", i->cfg->interface);
	strbuf_addf(out, ",vrid=\"%u\"", i->cfg->vrid);
}

static void add_daemon(const struct worker *w, struct strbuf *out)
{
	const struct {
		const char *name, *type, *help;
		uint64_t value;
	} all[] = {
		{ "reloads_total", "counter", "reloads of the configuration", w->n_reloads },
		{ "reload_failures_total", "counter", "reloads that were refused",
		  w->n_reloads_failed },
		{ "config_reload_failed", "gauge", "1: the last reload was refused",
		  w->reload_error != NULL },
		{ "stalls_total", "counter", "pauses of the process", w->n_stalls },
		{ "drill_running", "gauge", "1: a drill runs here", ctl_drill_runs(w) },
		{ "drills_total", "counter", "drills that ended", w->drill.n_drills },
		{ "drills_missed_total", "counter", "drills that missed their target, or failed",
		  w->drill.n_missed },
		{ "foreign_adverts_total", "counter", "adverts for VRIDs that are not ours",
		  w->n_foreign },
	};

	add_head(out, "info", "gauge", "the version");
	strbuf_adds(out, "vrrpd_info{version=\"" TANDEM_VERSION "\"} 1\n");
	add_head(out, "uptime_seconds", "gauge", "since the start");
	strbuf_addf(out, "vrrpd_uptime_seconds %.3f\n",
		    ctl_seconds(w->loop.now_us - w->started_us));
	for (size_t k = 0; k < ARRAY_LEN(all); k++) {
		add_head(out, all[k].name, all[k].type, all[k].help);
		strbuf_addf(out, "vrrpd_%s %" PRIu64 "\n", all[k].name, all[k].value);
	}
}

static void add_refused(const struct worker *w, struct strbuf *out)
{
	const struct vrrp_instance *i;

	add_head(out, "adverts_refused_total", "counter", "adverts that were refused, by cause");
	list_for_each (i, &w->instances, node) {
		for (int e = VRRP_PKT_OK + 1; e < VRRP_PKT_N_ERRORS; e++) {
			if (!i->n.refused[e])
				continue;
			add_labels(out, "adverts_refused_total", i);
			strbuf_addc(out, ',');
			add_label(out, "cause", vrrp_parse_error_text((enum vrrp_parse_error)e));
			strbuf_addf(out, "} %" PRIu64 "\n", i->n.refused[e]);
		}
	}
}

static void add_trackers(const struct worker *w, struct strbuf *out)
{
	const struct vrrp_instance *i;

	add_head(out, "tracker_up", "gauge", "1: the tracked object is fine");
	list_for_each (i, &w->instances, node) {
		for (unsigned k = 0; k < i->n_tracks; k++) {
			const struct vrrp_track *t = &i->tracks[k];

			add_labels(out, "tracker_up", i);
			strbuf_addc(out, ',');
			add_label(out, "kind", ctl_track_kind_text(t->cfg->kind));
			strbuf_addc(out, ',');
			add_label(out, "name", t->cfg->name);
			strbuf_addf(out, "} %d\n", vrrp_track_is_up(i, t));
		}
	}
}

/* The outage of each instance's last transition, where it is known. */
static void add_outages(const struct worker *w, struct strbuf *out)
{
	const struct vrrp_instance *i;

	add_head(out, "last_outage_seconds", "gauge",
		 "estimated outage of the last transition, where it is known");
	list_for_each (i, &w->instances, node) {
		const struct history_entry *h =
			history_last((struct history *)&w->history, i->cfg->name);

		if (!h || h->outage_us == HISTORY_UNKNOWN)
			continue;
		add_labels(out, "last_outage_seconds", i);
		strbuf_addf(out, "} %.6f\n", ctl_seconds(h->outage_us));
	}
}

static void add_last_drill(const struct drill_log *d, struct strbuf *out)
{
	if (!d->last_id[0])
		return;
	add_head(out, "last_drill_timestamp_seconds", "gauge", "when the last drill ended");
	strbuf_addf(out, "vrrpd_last_drill_timestamp_seconds %.3f\n", ctl_seconds(d->last_real_us));
	add_head(out, "last_drill_outage_seconds", "gauge", "the outage that it measured");
	strbuf_addf(out, "vrrpd_last_drill_outage_seconds %.6f\n", ctl_seconds(d->last_outage_us));
}

void ctl_text_metrics(const struct worker *w, struct strbuf *out)
{
	const struct vrrp_instance *i;

	add_daemon(w, out);
	for (size_t k = 0; k < ARRAY_LEN(metrics); k++) {
		add_head(out, metrics[k].name, metrics[k].type, metrics[k].help);
		list_for_each (i, &w->instances, node) {
			add_labels(out, metrics[k].name, i);
			strbuf_addf(out, "} %.15g\n", metrics[k].get(i));
		}
	}
	add_refused(w, out);
	add_trackers(w, out);
	add_outages(w, out);
	add_last_drill(&w->drill, out);
}
