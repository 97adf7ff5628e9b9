/* ctl.c - the commands of the control socket: text for people, JSON for programs. */
#include <inttypes.h>
#include <tandem/clock.h>
#include <tandem/ctl.h>
#include <unistd.h>

#include "config/cfg_model.h"
#include "ctl_priv.h"

#define PAGE 32 /* instances in one piece of output */

static bool wants_json(const struct ctl_request *rq)
{
	for (unsigned k = 2; k < rq->argc; k++) {
		if (str_eq(rq->argv[k], STR("json")))
			return true;
	}
	return false;
}

/* The instance that argument k names. NULL: it says "all", or there is no such argument; *ok is
 * false, and the answer says so, when there is none of that name. */
static struct vrrp_instance *named_instance(const struct ctl_request *rq, unsigned k, bool *ok)
{
	struct worker *w = rq->arg;
	struct vrrp_instance *i;

	*ok = true;
	if (k >= rq->argc || str_eq(rq->argv[k], STR("all")) || str_eq(rq->argv[k], STR("json")))
		return NULL;
	list_for_each (i, &w->instances, node) {
		if (str_eq(rq->argv[k], str_from(i->cfg->name)))
			return i;
	}
	strbuf_addf(rq->out, "There is no instance '" STR_FMT "'.\n", STR_ARG(rq->argv[k]));
	*ok = false;
	return NULL;
}

static void show_vrrp_json(struct worker *w, struct strbuf *out)
{
	const struct vrrp_instance *i;
	json_t *all = json_array(), *o;

	list_for_each (i, &w->instances, node)
		json_array_append_new(all, ctl_json_instance(i));
	o = json_pack("{s:s, s:i, s:f, s:I, s:I, s:I, s:s?, s:I}", "version", TANDEM_VERSION, "pid",
		      (int)getpid(), "uptime_s", ctl_seconds(w->loop.now_us - w->started_us),
		      "stalls", (json_int_t)w->n_stalls, "reloads", (json_int_t)w->n_reloads,
		      "reloads_failed", (json_int_t)w->n_reloads_failed, "reload_error",
		      w->reload_error, "foreign_adverts", (json_int_t)w->n_foreign);
	json_object_set_new(o, "health", json_string(health_text(ctl_health(w))));
	json_object_set_new(o, "drill", ctl_json_drill(w));
	json_object_set_new(o, "groups", ctl_json_groups(w));
	json_object_set_new(o, "instances", all);
	ctl_print_json(out, o);
}

static void text_head(const struct worker *w, struct strbuf *out)
{
	const struct vrrp_group *g;

	strbuf_addf(out,
		    "vrrpd " TANDEM_VERSION " pid %d, up %.0f s, reloads %" PRIu64
		    ", stalls %" PRIu64 ", foreign adverts %" PRIu64 ", health %s%s%s\n",
		    (int)getpid(), ctl_seconds(w->loop.now_us - w->started_us), w->n_reloads,
		    w->n_stalls, w->n_foreign, health_text(ctl_health(w)),
		    w->reload_error ? "\nlast reload: " : "",
		    w->reload_error ? w->reload_error : "");
	list_for_each (g, &w->groups, node) {
		strbuf_addf(out, "sync group %s: %s (", g->cfg->name, vrrp_state_text(g->state));
		for (unsigned k = 0; k < g->n_members; k++)
			strbuf_addf(out, "%s%s", k ? " " : "", g->members[k]->cfg->name);
		strbuf_adds(out, ")\n");
	}
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
		text_head(w, rq->out);
	list_for_each (i, &w->instances, node) {
		if (at >= *cursor + PAGE) {
			*cursor += PAGE;
			*more = true;
			return;
		}
		if (at++ >= *cursor)
			ctl_text_instance(i, rq->out);
	}
}

/* A number among the arguments; HISTORY_MAX: none. */
static unsigned wanted_count(const struct ctl_request *rq)
{
	int64_t n = HISTORY_MAX;

	for (unsigned k = 2; k < rq->argc; k++) {
		if (str_parse_int(rq->argv[k], 1, HISTORY_MAX, &n) == 0)
			return (unsigned)n;
	}
	return HISTORY_MAX;
}

static void text_history(const struct history_entry *h, struct strbuf *out)
{
	char when[32], outage[32] = "unknown";

	if (h->outage_us != HISTORY_UNKNOWN)
		snprintf(outage, sizeof(outage), "%.3f", ctl_seconds(h->outage_us));
	strbuf_addf(out, "%s %s %s -> %s cause=\"%s%s%s\" before_lasted_s=%.3f outage_s=%s\n",
		    ctl_clock_text(h->real_us, when), h->instance, vrrp_state_text(h->from),
		    vrrp_state_text(h->to), vrrp_cause_text(h->cause), h->detail[0] ? ": " : "",
		    h->detail, ctl_seconds(h->lasted_us), outage);
}

static void show_history(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	const struct worker *w = rq->arg;
	unsigned n = history_count(&w->history), max = wanted_count(rq);

	(void)cursor, (void)more;
	if (wants_json(rq)) {
		ctl_print_json(rq->out, ctl_json_history(w, max));
		return;
	}
	for (unsigned k = n > max ? n - max : 0; k < n; k++)
		text_history(history_at(&w->history, k), rq->out);
}

static void show_explain(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct worker *w = rq->arg;
	const struct vrrp_instance *i, *only;
	json_t *all;
	bool ok;

	(void)cursor, (void)more;
	only = named_instance(rq, rq->argc > 2 && str_eq(rq->argv[2], STR("json")) ? 3 : 2, &ok);
	if (!ok)
		return;
	all = json_array();
	list_for_each (i, &w->instances, node) {
		if (only && i != only)
			continue;
		if (wants_json(rq))
			json_array_append_new(all, ctl_json_explain(i));
		else
			ctl_text_explain(i, rq->out);
	}
	if (wants_json(rq))
		ctl_print_json(rq->out, all);
	else
		json_decref(all);
}

static void show_metrics(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	ctl_text_metrics(rq->arg, rq->out);
}

static void yield(struct ctl_request *rq, bool wanted)
{
	struct worker *w = rq->arg;
	struct vrrp_instance *i, *only;
	bool ok;

	only = named_instance(rq, 1, &ok);
	if (!ok)
		return;
	list_for_each (i, &w->instances, node) {
		const char *refusal = only && i != only ? NULL : vrrp_instance_yield(i, wanted);

		if (only && i != only)
			continue;
		if (refusal)
			strbuf_addf(rq->out, "%s: refused: %s.\n", i->cfg->name, refusal);
		else
			strbuf_addf(rq->out, "%s: %s.\n", i->cfg->name,
				    wanted ? "hand-over asked" : "resumed");
	}
}

static void handover(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	yield(rq, true);
}

static void resume(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	yield(rq, false);
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
	{ "show history", "[json] [N]", "the last N of 1000 transitions: cause, duration, outage",
	  CTL_USER, show_history },
	{ "show explain", "[json] [INSTANCE]",
	  "each tracker: what its failure does to the priority, and who would be master", CTL_USER,
	  show_explain },
	{ "show metrics", "", "state and counters for Prometheus", CTL_USER, show_metrics },
	{ "handover", "[INSTANCE|all]", "let a peer take over now, and stay behind it", CTL_ADMIN,
	  handover },
	{ "resume", "[INSTANCE|all]", "take part again after a handover", CTL_ADMIN, resume },
	{ "show version", "", "the version", CTL_USER, show_version },
	{ "drill", "begin KIND | end ID VERDICT OUTAGE_US", "from `vrrpd drill`: tell it to all",
	  CTL_ADMIN, ctl_drill },
	{ "reload", "", "read the configuration again", CTL_ADMIN, reload },
	{ .words = NULL },
};
