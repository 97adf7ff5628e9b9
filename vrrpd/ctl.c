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
	return rq->argc > 2 && str_eq(rq->argv[2], STR("json"));
}

static void show_vrrp_json(struct worker *w, struct strbuf *out)
{
	const struct vrrp_instance *i;
	json_t *all = json_array();

	list_for_each (i, &w->instances, node)
		json_array_append_new(all, ctl_json_instance(i));
	ctl_print_json(out, json_pack("{s:s, s:i, s:f, s:I, s:I, s:s?, s:I, s:o}", "version",
				      TANDEM_VERSION, "pid", (int)getpid(), "uptime_s",
				      ctl_seconds(w->loop.now_us - w->started_us), "stalls",
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
			    (int)getpid(), ctl_seconds(w->loop.now_us - w->started_us),
			    w->n_reloads, w->n_stalls, w->n_foreign,
			    w->reload_error ? "\nlast reload: " : "",
			    w->reload_error ? w->reload_error : "");
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
	{ "show version", "", "the version", CTL_USER, show_version },
	{ "reload", "", "read the configuration again", CTL_ADMIN, reload },
	{ .words = NULL },
};
