/* run.c - one drill, from the checks to the report.
 *
 *   start --1 s--> the event --for, or return-after--> undone --2 s--> report
 *
 * Probes run all the time. Everything that must be undone is known to the keeper (undo.h) before it
 * is done. */
#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <tandem/clock.h>
#include <tandem/ctl_client.h>
#include <tandem/diag.h>
#include <tandem/util.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "config/cfg_model.h"
#include "config/cfg_parse.h"
#include "drill.h"
#include "means.h"
#include "prober.h"
#include "report.h"
#include "undo.h"
#include "watch.h"

#define ASK_MS    3000
#define BEFORE_S  1.0
#define AFTER_S   2.0
#define DRAIN_S   0.01 /* between two looks for probes that still fly */
#define HELD_RATE 20   /* requests a second on the held connection */

struct run {
	const struct drill_options *o;
	struct cfg *cfg;    /* owned */
	json_t *status;     /* owned; facts borrow from it */
	const char *socket; /* of vrrpd */
	char instance[48], node[48];
	struct drill_facts facts;
	struct means means;
	struct drill_report report;
	struct ev_loop *ev;
	struct prober prober[2];
	unsigned n_probers;
	struct watch watch;
	struct undo undo;
	bool is_undone;
	ev_timer event, restore, end;
	ev_signal on_int, on_term;
};

static bool stays_away(const struct drill_options *o)
{
	return o->kind == DRILL_HANDOVER && o->return_us < 0;
}

/* From the event until it is undone. */
static int64_t broken_us(const struct drill_options *o)
{
	return o->kind == DRILL_HANDOVER && !stays_away(o) ? o->return_us : o->for_us;
}

static int refuse(const char *why)
{
	fprintf(stderr, "vrrpd drill: refused: %s\n", why);
	return DRILL_EXIT_REFUSED;
}

/* --- what is known before -------------------------------------------------------------------- */

static int ask(const struct run *r, const char *line, struct strbuf *out)
{
	return ctl_client_ask_at(str_from(r->socket), ASK_MS, str_from(line), out);
}

static json_t *ask_json(const struct run *r, const char *line)
{
	struct strbuf answer = { 0 };
	json_t *o = NULL;

	if (ask(r, line, &answer) == 0)
		o = json_loadb(answer.p, answer.len, 0, NULL);
	strbuf_fini(&answer);
	return o;
}

static int load_cfg(struct run *r)
{
	struct cfg_options options = { .without_lvs = true };
	struct diag d;

	diag_init(&d);
	r->cfg = cfg_load(r->o->conf, &options, &d);
	diag_fini(&d);
	if (!r->cfg) {
		fprintf(stderr, "vrrpd drill: '%s' cannot be used; 'vrrpd -t -f %s' says why\n",
			r->o->conf, r->o->conf);
		return DRILL_EXIT_REFUSED;
	}
	r->socket = r->o->socket                    ? r->o->socket
		    : r->cfg->global.control_socket ? r->cfg->global.control_socket
						    : CLIENT_DEFAULT_SOCKET;
	return 0;
}

/* The instance that is meant: the named one, else the first that is MASTER here, else the first. */
static const json_t *choose_instance(const struct run *r)
{
	const json_t *all = json_object_get(r->status, "instances"), *i, *chosen = NULL;
	size_t k;

	json_array_foreach(all, k, i)
	{
		const char *name = json_string_value(json_object_get(i, "name"));
		const char *state = json_string_value(json_object_get(i, "state"));

		if (r->o->instance && name && strcmp(name, r->o->instance) == 0)
			return i;
		if (!r->o->instance && !chosen && state && strcmp(state, "MASTER") == 0)
			chosen = i;
	}
	return chosen || r->o->instance ? chosen : json_array_get(all, 0);
}

static int look(struct run *r)
{
	const json_t *i;
	const char *why;
	char text[256];

	r->status = ask_json(r, "show vrrp json");
	if (!r->status) {
		snprintf(text, sizeof(text), "vrrpd does not answer at %s", r->socket);
		return refuse(text);
	}
	i = choose_instance(r);
	if (!i)
		return refuse("there is no such instance");
	snprintf(r->instance, sizeof(r->instance), "%s",
		 json_string_value(json_object_get(i, "name")));
	drill_read_facts(i, &r->facts);
	why = drill_refusal(&r->facts);
	if (why && strcmp(r->facts.state, "BACKUP") == 0 && r->facts.master) {
		snprintf(text, sizeof(text), "%s is BACKUP here: run the drill on the MASTER, %s",
			 r->instance, r->facts.master);
		return refuse(text);
	}
	return why ? refuse(why) : 0;
}

/* [ADDRESS:]PORT; the address is the first virtual one. */
static int find_target(const struct run *r, struct addr *out)
{
	const char *text = r->o->probe ? r->o->probe : "80";
	int64_t port;

	if (str_parse_int(str_from(text), 1, 65535, &port) == 0) {
		if (addr_parse_ip(str_from(r->facts.vip), out) != 0)
			return -EINVAL;
		addr_set_port(out, (uint16_t)port);
		return 0;
	}
	if (ctl_client_parse_addr(str_from(text), out) != 0 || out->sa.sa_family == AF_UNIX)
		return -EINVAL;
	return 0;
}

/* A drill where nothing answers before it begins would measure nothing. */
static int try_target(const struct addr *target)
{
	struct timeval limit = { .tv_sec = 2 };
	char text[ADDR_TEXT_LEN], why[256];
	int fd = socket(target->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), rc = -1;

	if (fd >= 0) {
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		rc = connect(fd, &target->sa, target->len);
	}
	snprintf(why, sizeof(why), "nothing answers at %s (%s): name what to ask with --probe PORT",
		 addr_format(target, true, text), strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc == 0 ? 0 : refuse(why);
}

/* --- the drill ------------------------------------------------------------------------------ */

static void event_note(struct run *r, const char *text)
{
	(void)!record_add_note(&r->report.record, clock_mono_us(), NOTE_EVENT, r->node, text);
}

static void fail(struct run *r, const char *why)
{
	if (!r->report.outcome[0])
		snprintf(r->report.outcome, sizeof(r->report.outcome), "%s", why);
}

static void on_event(struct ev_loop *ev, ev_timer *t, int revents)
{
	struct run *r = container_of(t, struct run, event);
	char line[96];
	struct strbuf answer = { 0 };

	(void)ev, (void)revents;
	r->report.event_us = clock_mono_us();
	if (r->o->kind != DRILL_HANDOVER) {
		means_execute(&r->means);
		event_note(r, drill_kind_text(r->o->kind));
		return;
	}
	snprintf(line, sizeof(line), "handover %s", r->instance);
	if (ask(r, line, &answer) != 0 || strstr(strbuf_str(&answer), "refused"))
		fail(r, "vrrpd refused the hand-over");
	strbuf_fini(&answer);
	event_note(r, "hand-over asked");
}

static void put_right(struct run *r)
{
	if (r->is_undone)
		return;
	r->is_undone = true;
	if (stays_away(r->o) && r->report.outcome[0] == '\0') {
		undo_drop(&r->undo);
		return;
	}
	event_note(r, r->o->kind == DRILL_HANDOVER ? "takes part again" : "undone");
	undo_finish(&r->undo);
}

static void on_restore(struct ev_loop *ev, ev_timer *t, int revents)
{
	(void)ev, (void)revents;
	put_right(container_of(t, struct run, restore));
}

static void on_drained(struct ev_loop *ev, ev_timer *t, int revents)
{
	struct run *r = container_of(t, struct run, end);

	(void)revents;
	for (unsigned i = 0; i < r->n_probers; i++) {
		if (!prober_is_idle(&r->prober[i]))
			return;
	}
	ev_break(ev, EVBREAK_ALL);
}

/* No more probes; those that fly have their time limit. */
static void on_end(struct ev_loop *ev, ev_timer *t, int revents)
{
	struct run *r = container_of(t, struct run, end);

	(void)revents;
	for (unsigned i = 0; i < r->n_probers; i++)
		prober_stop(&r->prober[i]);
	watch_stop(&r->watch);
	ev_timer_init(t, on_drained, 0, DRAIN_S);
	ev_timer_again(ev, t);
}

static void on_interrupt(struct ev_loop *ev, ev_signal *s, int revents)
{
	struct run *r = s->data;

	(void)revents;
	fail(r, "interrupted");
	ev_timer_stop(ev, &r->event);
	ev_timer_stop(ev, &r->restore);
	put_right(r);
	ev_break(ev, EVBREAK_ALL);
}

static void start_timers(struct run *r)
{
	const double restore_s = BEFORE_S + (double)broken_us(r->o) / 1e6;

	ev_timer_init(&r->event, on_event, BEFORE_S, 0);
	ev_timer_init(&r->restore, on_restore, restore_s, 0);
	ev_timer_init(&r->end, on_end, restore_s + (stays_away(r->o) ? 0 : AFTER_S), 0);
	ev_timer_start(r->ev, &r->event);
	ev_timer_start(r->ev, &r->restore);
	ev_timer_start(r->ev, &r->end);
	ev_signal_init(&r->on_int, on_interrupt, SIGINT);
	ev_signal_init(&r->on_term, on_interrupt, SIGTERM);
	r->on_int.data = r->on_term.data = r;
	ev_signal_start(r->ev, &r->on_int);
	ev_signal_start(r->ev, &r->on_term);
	signal(SIGHUP, SIG_IGN); /* a lost terminal ends no drill: it would lose its report */
}

static int start_probers(struct run *r, const struct addr *target)
{
	const struct drill_options *o = r->o;
	int err = prober_init(&r->prober[0], r->ev, &r->report.record,
			      o->is_tcp ? PROBE_TCP : PROBE_HTTP, target, o->path, o->rate,
			      o->timeout_us, r->node);

	r->n_probers = 1;
	if (!err && !o->is_tcp) {
		err = prober_init(&r->prober[1], r->ev, &r->report.record, PROBE_HELD, target,
				  o->path, HELD_RATE, o->timeout_us, r->node);
		r->n_probers = 2;
	}
	for (unsigned i = 0; !err && i < r->n_probers; i++)
		prober_start(&r->prober[i]);
	return err;
}

/* Tell the running vrrpd, for its log, its metrics, the FIFO and the peer. */
static void announce(const struct run *r, const char *what)
{
	struct strbuf answer = { 0 };
	char line[256];

	snprintf(line, sizeof(line), "drill %s", what);
	(void)!ask(r, line, &answer);
	strbuf_fini(&answer);
}

static int measure(struct run *r, const struct addr *target)
{
	int err;

	r->ev = ev_loop_new(EVFLAG_AUTO);
	if (!r->ev)
		return -ENOMEM;
	r->report.record.mono_us = clock_mono_us();
	r->report.record.wall_us = clock_real_us();
	err = watch_start(&r->watch, r->ev, &r->report.record, r->node, r->facts.interface,
			  (uint8_t)r->facts.vrid, r->cfg->proxies ? r->cfg->proxies->socket : NULL);
	if (!err)
		err = start_probers(r, target);
	if (!err) {
		start_timers(r);
		event_note(r, "begun");
		ev_run(r->ev, 0);
	}
	put_right(r);
	for (unsigned i = 0; i < r->n_probers; i++)
		prober_fini(&r->prober[i]);
	watch_stop(&r->watch);
	ev_signal_stop(r->ev, &r->on_int);
	ev_signal_stop(r->ev, &r->on_term);
	ev_loop_destroy(r->ev);
	return err;
}

/* --- afterwards ----------------------------------------------------------------------------- */

static void add_history(struct run *r)
{
	struct record *rec = &r->report.record;
	json_t *all = ask_json(r, "show history json 100"), *h;
	size_t k;

	json_array_foreach(all, k, h)
	{
		int64_t wall_us = (int64_t)(json_number_value(json_object_get(h, "unix")) * 1e6);
		const char *from = json_string_value(json_object_get(h, "from"));
		const char *to = json_string_value(json_object_get(h, "to"));
		const char *cause = json_string_value(json_object_get(h, "cause"));
		const char *name = json_string_value(json_object_get(h, "instance"));
		char text[RECORD_TEXT];

		if (wall_us < rec->wall_us || !from || !to || !cause || !name ||
		    strcmp(name, r->instance) != 0)
			continue;
		snprintf(text, sizeof(text), "%s > %s: %s", from, to, cause);
		(void)!record_add_note(rec, rec->mono_us + wall_us - rec->wall_us, NOTE_TRANSITION,
				       r->node, text);
	}
	json_decref(all);
}

/* Who began to send adverts: what other routers did, seen from here. */
static void add_owners(struct record *rec)
{
	const size_t n = rec->n_notes;
	char last[48] = "";

	for (size_t i = 0; i < n; i++) {
		const struct note q = rec->note[i]; /* a copy: adding moves them */
		char text[RECORD_TEXT];

		if (q.what != NOTE_ADVERT)
			continue;
		if (last[0] && strcmp(last, q.node) != 0) {
			snprintf(text, sizeof(text), "begins to send adverts, %.100s", q.text);
			(void)!record_add_note(rec, q.at_us, NOTE_TRANSITION, q.node, text);
		}
		snprintf(last, sizeof(last), "%s", q.node);
	}
}

static void add_facts(struct run *r)
{
	struct record *rec = &r->report.record;
	char text[RECORD_TEXT], digest[65] = "";
	struct utsname u;
	FILE *f = fopen("/proc/loadavg", "re");

	(void)!record_add_fact(rec, "virtual address", r->facts.vip);
	snprintf(text, sizeof(text), "%s; peer %s was %s", r->node, r->facts.peer,
		 r->facts.peer_state);
	(void)!record_add_fact(rec, "MASTER before", text);
	snprintf(text, sizeof(text), "vrrpd " TANDEM_VERSION " on %s", r->node);
	(void)!record_add_fact(rec, "version", text);
	means_digest(r->o->conf, digest);
	snprintf(text, sizeof(text), "%.100s, SHA-256 %.16s", r->o->conf, digest);
	(void)!record_add_fact(rec, "configuration", text);
	if (r->o->kind == DRILL_LINK_DOWN)
		(void)!record_add_fact(rec, "mind",
				       "the probes of this node were cut off with its "
				       "interface; clients saw less");
	(void)!record_add_fact(rec, "peer's configuration",
			       r->facts.has_report ? "agrees, by the digests that vrrpd compare"
						   : "not known: it sent no digest");
	if (uname(&u) == 0) {
		snprintf(text, sizeof(text), "%.60s %.60s", u.sysname, u.release);
		(void)!record_add_fact(rec, "kernel", text);
	}
	if (f && fgets(text, sizeof(text), f)) {
		text[strcspn(text, "\n")] = '\0';
		(void)!record_add_fact(rec, "load average", text);
	}
	if (f)
		fclose(f);
}

/* Did the address move, and is the node whole again? */
static void judge(struct run *r)
{
	bool has_peer_advert = false;
	const struct record *rec = &r->report.record;

	for (size_t i = 0; i < rec->n_notes; i++)
		has_peer_advert |= rec->note[i].what == NOTE_ADVERT && r->report.event_us &&
				   rec->note[i].at_us > r->report.event_us &&
				   strcmp(rec->note[i].node, r->facts.peer) == 0;
	if (!has_peer_advert && r->o->kind != DRILL_LINK_DOWN)
		fail(r, "the peer did not take over");
}

static int conclude(struct run *r)
{
	struct strbuf text = { 0 };
	enum drill_verdict v;
	char what[160];
	int64_t worst_us = 0;
	int err;

	add_history(r);
	record_sort(&r->report.record);
	judge(r);
	add_owners(&r->report.record);
	record_sort(&r->report.record);
	add_facts(r);
	v = report_verdict(&r->report);
	(void)!outage_worst(&r->report.record, &worst_us);
	snprintf(what, sizeof(what), "end %s %s %lld", r->report.id,
		 v == DRILL_PASSED   ? "passed"
		 : v == DRILL_MISSED ? "missed"
		 : v == DRILL_FAILED ? "failed"
				     : "measured",
		 (long long)worst_us);
	announce(r, what);
	err = store_report(r->o->output, &r->report);
	if (r->o->as_json) {
		json_t *o = report_json(&r->report);

		json_dumpf(o, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
		putchar('\n');
		json_decref(o);
	} else {
		report_text(&r->report, &text);
		fputs(strbuf_str(&text), stdout);
		if (!err)
			printf("report: %s/%s.html\n", r->o->output, r->report.id);
		if (stays_away(r->o))
			puts("this node stays behind the peer until 'vrrpd ctl resume'");
	}
	strbuf_fini(&text);
	if (err)
		fprintf(stderr, "vrrpd drill: %s: %s\n", r->o->output, strerror(-err));
	if (err || v == DRILL_FAILED)
		return DRILL_EXIT_FAILED;
	return v == DRILL_MISSED ? DRILL_EXIT_MISSED : DRILL_EXIT_GOOD;
}

/* --- from the checks to the report ----------------------------------------------------------- */

/* The keeper, and all it must know. */
static int prepare(struct run *r)
{
	const int64_t limit_us = broken_us(r->o) + 10 * US_PER_S;
	int err = undo_start(&r->undo, UNDO_PATH, r->socket, limit_us);

	if (err == -EEXIST)
		return refuse(
			"another drill runs, or one left things undone: 'vrrpd drill restore'");
	if (!err && r->o->kind == DRILL_HANDOVER) {
		struct undo_step s = { .kind = UNDO_RESUME };

		snprintf(s.text, sizeof(s.text), "%s", r->instance);
		err = undo_add(&r->undo, &s);
	}
	if (!err)
		err = means_prepare(&r->means, &r->undo);
	if (err) {
		fprintf(stderr, "vrrpd drill: %s: %s\n", UNDO_PATH, strerror(-err));
		return DRILL_EXIT_REFUSED;
	}
	return 0;
}

static void name_drill(struct run *r)
{
	time_t now = time(NULL);
	struct tm tm;
	char when[20] = "";

	if (gethostname(r->node, sizeof(r->node) - 1) != 0)
		snprintf(r->node, sizeof(r->node), "this node");
	if (localtime_r(&now, &tm))
		strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &tm);
	snprintf(r->report.id, sizeof(r->report.id), "%s-%s", when, drill_kind_text(r->o->kind));
	snprintf(r->report.kind, sizeof(r->report.kind), "%s", drill_kind_text(r->o->kind));
	snprintf(r->report.instance, sizeof(r->report.instance), "%s", r->instance);
	snprintf(r->report.record.node, sizeof(r->report.record.node), "%s", r->node);
	snprintf(r->report.record.version, sizeof(r->report.record.version), TANDEM_VERSION);
	r->report.target_us = r->o->target_us;
	drill_describe(r->o, &r->facts, r->report.what, sizeof(r->report.what));
}

static int run(struct run *r)
{
	struct addr target;
	char why[256], what[64];
	int rc = load_cfg(r);

	if (!rc)
		rc = look(r);
	if (rc)
		return rc;
	if (find_target(r, &target) != 0)
		return refuse("--probe must be PORT, ADDRESS:PORT or [ADDRESS]:PORT");
	if (r->o->kind == DRILL_LINK_DOWN && r->o->target_us)
		return refuse(
			"this node's own probes are cut off with the interface, so they judge "
			"nothing: run 'vrrpd drill probe --target' on a client");
	if (broken_us(r->o) > record_limit_us(r->o->rate + HELD_RATE) - 10 * US_PER_S)
		return refuse(
			"so many probes do not fit into a recording: lower --rate, or make it "
			"shorter");
	rc = try_target(&target);
	if (rc)
		return rc;
	if (means_find(&r->means, r->o, r->cfg, r->socket, r->facts.interface, why, sizeof(why)) !=
	    0)
		return refuse(why);
	name_drill(r);
	if (!r->o->as_json)
		printf("%s\n", r->report.what);
	if (r->o->kind != DRILL_HANDOVER && !r->o->is_sure)
		return refuse("this breaks something on purpose: say --yes");
	rc = prepare(r);
	if (rc)
		return rc;
	fflush(stdout);
	snprintf(what, sizeof(what), "begin %s", drill_kind_text(r->o->kind));
	announce(r, what);
	rc = measure(r, &target);
	if (rc) {
		announce(r, "end - failed 0");
		fprintf(stderr, "vrrpd drill: %s\n", strerror(-rc));
		return DRILL_EXIT_FAILED;
	}
	return conclude(r);
}

int drill_run(const struct drill_options *o)
{
	struct run *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return DRILL_EXIT_FAILED;
	r->o = o;
	rc = run(r);
	record_fini(&r->report.record);
	json_decref(r->status);
	cfg_free(r->cfg);
	free(r);
	return rc;
}
