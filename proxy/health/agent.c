/* agent.c - agents of servers: a line of text about state, weight and connections. */
#include "health/agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <tandem/clock.h>

#include "config/cfg_model.h"
#include "health/check_text.h"
#include "health/health_priv.h"
#include "pool/backend.h"
#include "pool/server.h"

/* ---- the line ---- */

static bool is_separator(char c)
{
	return c == ' ' || c == '\t' || c == ',';
}

static struct str next_word(struct str *rest)
{
	struct str word;

	while (rest->len > 0 && is_separator(rest->p[0]))
		*rest = (struct str){ rest->p + 1, rest->len - 1 };
	word = (struct str){ rest->p, 0 };
	while (word.len < rest->len && !is_separator(rest->p[word.len]))
		word.len++;
	*rest = (struct str){ rest->p + word.len, rest->len - word.len };
	return word;
}

static void set_state(struct agent_reply *out, enum agent_state state, struct str word,
		      struct str *rest)
{
	out->state = state;
	out->state_word = word;
	if (state == AGENT_UP)
		return;
	/* the rest may be a description: "down # no database" */
	while (rest->len > 0 && is_separator(rest->p[0]))
		*rest = (struct str){ rest->p + 1, rest->len - 1 };
	if (rest->len > 0 && rest->p[0] == '#') {
		out->about = str_trim((struct str){ rest->p + 1, rest->len - 1 });
		rest->len = 0;
	}
}

static void parse_word(struct str word, struct agent_reply *out, struct str *rest)
{
	static const struct str maxconn = STR("maxconn:");
	int64_t n;

	if (str_eq_nocase(word, STR("up")))
		set_state(out, AGENT_UP, word, rest);
	else if (str_eq_nocase(word, STR("down")) || str_eq_nocase(word, STR("stopped")) ||
		 str_eq_nocase(word, STR("fail")))
		set_state(out, AGENT_DOWN, word, rest);
	else if (str_eq_nocase(word, STR("ready")))
		out->admin = AGENT_READY;
	else if (str_eq_nocase(word, STR("drain")))
		out->admin = AGENT_DRAIN;
	else if (str_eq_nocase(word, STR("maint")))
		out->admin = AGENT_MAINT;
	else if (word.p[word.len - 1] == '%') {
		if (str_parse_int((struct str){ word.p, word.len - 1 }, 0, 25600, &n) == 0)
			out->weight_percent = (int)n;
	} else if (str_starts_with(word, maxconn) &&
		   str_parse_int((struct str){ word.p + maxconn.len, word.len - maxconn.len }, 0,
				 INT32_MAX, &n) == 0)
		out->maxconn = n;
}

void agent_parse(struct str line, struct agent_reply *out)
{
	*out = (struct agent_reply){ .weight_percent = -1, .maxconn = -1 };
	for (;;) {
		struct str word = next_word(&line), described;

		if (word.len == 0)
			return;
		/* "down#why" is one word to the eye, two to us */
		described = word;
		for (size_t i = 1; i < word.len; i++) {
			if (word.p[i] != '#')
				continue;
			line = (struct str){ word.p + i, line.len + word.len - i };
			described.len = i;
			break;
		}
		parse_word(described, out, &line);
	}
}

/* ---- what follows ---- */

static void apply_admin(struct server *s, enum agent_admin admin)
{
	switch (admin) {
	case AGENT_ADMIN_NONE:
		return;
	case AGENT_READY:
		server_set_admin(s, 0, SERVER_FMAINT | SERVER_FDRAIN | SERVER_CMAINT, NULL);
		return;
	case AGENT_DRAIN:
		server_set_admin(s, SERVER_FDRAIN, SERVER_FMAINT | SERVER_CMAINT, NULL);
		return;
	case AGENT_MAINT:
		server_set_admin(s, SERVER_FMAINT, 0, NULL);
		return;
	}
}

static void apply_numbers(struct server *s, const struct agent_reply *r)
{
	if (r->weight_percent >= 0)
		server_set_weight(
			s, (unsigned)MIN(s->cfg->weight * (unsigned)r->weight_percent / 100, 256u));
	if (r->maxconn >= 0)
		server_set_maxconn(s, (unsigned)r->maxconn);
}

static void note(struct agent *a, enum check_status status, int code, const char *desc)
{
	a->last.status = status;
	a->last.code = code;
	a->last.duration_us = clock_mono_us() - a->started_us;
	check_copy_printable(a->last.desc, sizeof(a->last.desc), desc, "");
}

/* up, down and their like: the sentences and the state. */
static void apply_state(struct agent *a, const struct agent_reply *r)
{
	struct server *s = a->srv;
	enum check_status before = a->last.status;
	bool was_up = rise_fall_is_up(&a->rf), is_up = r->state == AGENT_UP;
	char desc[128], reason[512];

	snprintf(desc, sizeof(desc), "via agent : " STR_FMT "%s" STR_FMT "%s",
		 STR_ARG(r->state_word), r->about.len > 0 ? " (" : "", STR_ARG(r->about),
		 r->about.len > 0 ? ")" : "");
	note(a, is_up ? CHECK_L7OK : CHECK_L7STS, 0, desc);
	rise_fall_init(&a->rf, 1, 1, is_up);
	check_format_reason(&a->last, reason, sizeof(reason));
	if (s->be->cfg->log_health_checks && (before != a->last.status || was_up != is_up))
		check_log(s, "Agent", &a->last, &a->rf, true, reason);
	a->is_speaking = true;
	if (is_up)
		health_try_up(s, s->be->cfg->log_health_checks ? NULL : reason);
	else
		server_set_down(s, s->be->cfg->log_health_checks ? NULL : reason);
	a->is_speaking = false;
}

static void apply_line(struct agent *a, const char *line)
{
	struct agent_reply r;

	agent_parse(str_from(line), &r);
	apply_admin(a->srv, r.admin);
	apply_numbers(a->srv, &r);
	if (r.state != AGENT_STATE_NONE) {
		apply_state(a, &r);
	} else {
		note(a, CHECK_CHECKED, 0, "");
		a->last.duration_us = 0;
	}
}

/* An agent that cannot be asked changes nothing: the check looks after the server. */
static void note_failure(struct agent *a, const struct probe_outcome *o)
{
	enum check_status before = a->last.status;
	char reason[512];

	note(a, o->status, 0, o->desc);
	if (!a->srv->be->cfg->log_health_checks || before == o->status)
		return;
	check_format_reason(&a->last, reason, sizeof(reason));
	check_log(a->srv, "Agent", &a->last, &a->rf, true, reason);
}

/* ---- when ---- */

static int64_t inter_us(const struct agent *a)
{
	const struct cfg_server *cfg = a->srv->cfg;

	return cfg->agent_inter_us > 0 ? cfg->agent_inter_us : cfg->inter_us;
}

static void schedule_next(struct agent *a)
{
	health_arm(a->health, &a->next,
		   a->started_us + health_spread(a->health, inter_us(a)) - clock_mono_us());
}

static void on_done(struct probe *p, const struct probe_outcome *o)
{
	struct agent *a = container_of(p, struct agent, probe);

	if (o->status == CHECK_L7OK)
		apply_line(a, o->desc);
	else
		note_failure(a, o);
	schedule_next(a);
}

/* The steps of a conversation whose first words an operator chose. */
struct agent_words {
	struct cfg_check check;
	struct cfg_step connect, send, expect;
	char text[];
};

static const struct cfg_step *find_step(const struct cfg_check *check, enum cfg_step_kind kind)
{
	const struct cfg_step *st = check->steps;

	while (st != NULL && st->kind != kind)
		st = st->next;
	return st;
}

/* Anew, because they borrow from the configuration. */
static void make_words(struct agent *a)
{
	const struct cfg_check *check = a->srv->cfg->agent_check;
	const char *text = a->srv->checks.agent_send;
	const struct cfg_step *connect, *expect;
	struct agent_words *w;

	free(a->words);
	a->words = NULL;
	if (text == NULL || check == NULL)
		return;
	connect = find_step(check, CFG_STEP_CONNECT);
	expect = find_step(check, CFG_STEP_EXPECT);
	ASSERT(connect != NULL && expect != NULL);
	w = xcalloc(1, sizeof(*w) + strlen(text) + 1);
	memcpy(w->text, text, strlen(text));
	w->check = *check;
	w->check.steps = &w->connect;
	w->connect = *connect;
	w->connect.next = *text != '\0' ? &w->send : &w->expect;
	w->send = (struct cfg_step){ .next = &w->expect,
				     .kind = CFG_STEP_SEND,
				     .number = connect->number,
				     .data = str_from(w->text) };
	w->expect = *expect;
	w->expect.next = NULL;
	a->words = w;
}

static void begin(struct agent *a)
{
	const struct cfg_server *cfg = a->srv->cfg;
	const struct cfg_timeouts *t = &a->srv->be->cfg->timeout;
	struct addr to = agent_addr(a->srv)->len > 0 ? *agent_addr(a->srv) : a->srv->addr;
	const struct probe_spec spec = { .addr = &to,
					 .source = &cfg->source,
					 .what = a->words != NULL ? &a->words->check
								  : cfg->agent_check,
					 .connect_timeout_us = inter_us(a),
					 .response_timeout_us = t->check_us };

	if (to.sa.sa_family != AF_UNIX)
		addr_set_port(&to, agent_port(a->srv));
	a->started_us = clock_mono_us();
	a->generation = a->health->generation;
	/* without an address there is nobody to ask */
	if (to.len == 0 || probe_start(&a->probe, &spec) < 0)
		schedule_next(a);
}

static void on_next(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct agent *a = container_of(w, struct agent, next);

	(void)ev, (void)revents;
	if (!probe_is_running(&a->probe) && !a->srv->checks.is_agent_off)
		begin(a);
}

/* ---- life ---- */

static void start(struct health *h, struct server *s)
{
	struct agent *a = xcalloc(1, sizeof(*a));

	a->health = h;
	a->srv = s;
	a->last.status = CHECK_INI;
	probe_init(&a->probe, h->loop->ev, on_done);
	ev_init(&a->next, on_next);
	rise_fall_init(&a->rf, 1, 1, true);
	list_add_tail(&h->agents, &a->node);
	s->agent = a;
	make_words(a);
	if (!s->checks.is_agent_off)
		health_arm(h, &a->next, health_first_delay_us(h, inter_us(a)));
}

void agent_sync(struct health *h, struct server *s)
{
	if (!s->cfg->agent)
		agent_forget(h, s);
	else if (s->agent == NULL)
		start(h, s);
	else if (s->agent->words != NULL || s->checks.agent_send != NULL)
		agent_on_change(s);
	else if (!probe_is_running(&s->agent->probe) && s->agent->started_us != 0 &&
		 !s->checks.is_agent_off)
		schedule_next(s->agent);
}

const struct addr *agent_addr(const struct server *s)
{
	return s->checks.agent_addr.len > 0 ? &s->checks.agent_addr : &s->cfg->agent_addr;
}

uint16_t agent_port(const struct server *s)
{
	return s->checks.agent_port != 0 ? s->checks.agent_port : s->cfg->agent_port;
}

void agent_on_change(struct server *s)
{
	struct agent *a = s->agent;

	if (a == NULL)
		return;
	ev_timer_stop(a->health->loop->ev, &a->next);
	probe_cancel(&a->probe);
	make_words(a);
	if (!s->checks.is_agent_off)
		health_arm(a->health, &a->next, 0);
}

void agent_set_on(struct server *s, bool on)
{
	if (s->checks.is_agent_off == !on)
		return;
	s->checks.is_agent_off = !on;
	agent_on_change(s);
}

void agent_set_state(struct server *s, bool is_up, const char *cause)
{
	struct agent *a = s->agent;

	rise_fall_init(&a->rf, 1, 1, is_up);
	a->is_speaking = true;
	if (is_up)
		health_try_up(s, cause);
	else
		server_set_down(s, cause);
	a->is_speaking = false;
}

void agent_forget(struct health *h, struct server *s)
{
	struct agent *a = s->agent;

	if (a == NULL)
		return;
	ev_timer_stop(h->loop->ev, &a->next);
	probe_fini(&a->probe);
	list_del(&a->node);
	s->agent = NULL;
	free(a->words);
	free(a);
}

bool agent_is_up(const struct server *s)
{
	return s->agent == NULL || s->checks.is_agent_off || rise_fall_is_up(&s->agent->rf);
}

bool agent_is_speaking(const struct server *s)
{
	return s->agent != NULL && s->agent->is_speaking;
}

bool agent_get_result(const struct server *s, struct check_result *out)
{
	return !s->checks.is_agent_off && agent_get_last(s, out);
}

bool agent_get_last(const struct server *s, struct check_result *out)
{
	const struct agent *a = s->agent;

	if (a == NULL)
		return false;
	*out = a->last;
	out->health = a->rf.health;
	out->rise = a->rf.rise;
	out->fall = a->rf.fall;
	out->is_running = probe_is_running(&a->probe);
	return true;
}
