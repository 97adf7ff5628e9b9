/* cfg_server_check.c - parameters of servers about checks, agents, observation and tracking. */
#include "config/cfg_internal.h"

#include <stdio.h>

/* One of words, each ended by NULL: its index, or -1 when it was reported. */
static int one_of(struct cfg_parser *p, unsigned at, const char *what, const char *const *words)
{
	struct strbuf all = { 0 };
	int i = 0;

	for (; words[i]; i++) {
		if (cfg_arg_is(p, at, words[i])) {
			strbuf_fini(&all);
			return i;
		}
		strbuf_addf(&all, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
	}
	cfg_error(p, at, "'%s' expects %s, got '%s'", what, strbuf_str(&all), cfg_argz(p, at));
	strbuf_fini(&all);
	return -1;
}

void cfg_set_observe(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	static const char *const words[] = { "none", "layer4", "layer7", NULL };
	const int i = one_of(p, at + 1, pm->name, words);

	if (i >= 0)
		((struct cfg_server *)target)->observe = (enum cfg_observe)i;
}

void cfg_set_on_error(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	static const char *const words[] = { "fail-check", "fastinter", "sudden-death", "mark-down",
					     NULL };
	const int i = one_of(p, at + 1, pm->name, words);

	if (i >= 0)
		((struct cfg_server *)target)->on_error = (enum cfg_on_error)i;
}

void cfg_set_on_marked(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	static const char *const down[] = { "shutdown-sessions", NULL };
	static const char *const up[] = { "shutdown-backup-sessions", NULL };
	struct cfg_server *s = target;

	if (one_of(p, at + 1, pm->name, pm->max ? up : down) < 0)
		return;
	if (pm->max)
		s->shuts_backup_sessions_down = true;
	else
		s->shuts_sessions_down = true;
}

void cfg_set_init_state(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	static const char *const words[] = { "up", "fully-up", "down", "fully-down", NULL };
	const int i = one_of(p, at + 1, pm->name, words);

	if (i >= 0)
		((struct cfg_server *)target)->init_state = (enum cfg_init_state)i;
}

void cfg_set_track(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	(void)pm;
	if (cfg_arg(p, at + 1).len == 0)
		cfg_error(p, at + 1, "'track' expects [PROXY/]SERVER");
	else
		((struct cfg_server *)target)->track_name = cfg_argz(p, at + 1);
}

void cfg_set_agent_addr(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	struct cfg_addr a;

	if (cfg_addr_parse(p, at + 1, cfg_arg(p, at + 1), ADDR_RESOLVE, pm->name, &a))
		((struct cfg_server *)target)->agent_addr = a.addr;
}

void cfg_set_agent_port(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	unsigned port;

	if (cfg_read_uint(p, at + 1, pm->name, 1, 65535, &port))
		((struct cfg_server *)target)->agent_port = (uint16_t)port;
}

void cfg_set_agent_send(struct cfg_parser *p, const struct param *pm, void *target, unsigned at)
{
	(void)pm;
	((struct cfg_server *)target)->agent_send = cfg_arg(p, at + 1);
}

/* ---- when all is read ---- */

static const struct cfg_server *find_server(const struct cfg_proxy *x, struct str name)
{
	for (const struct cfg_server *s = x->servers; s; s = s->next)
		if (str_eq(str_from(s->name), name))
			return s;
	return NULL;
}

static void link_track(struct cfg_parser *p, struct draft *d, struct cfg_server *s)
{
	const char *slash = strchr(s->track_name, '/');
	const struct str name = str_from(slash ? slash + 1 : s->track_name);
	struct draft *o = d;

	if (slash) {
		const char *proxy =
			arena_printf(p->arena, "%.*s", (int)(slash - s->track_name), s->track_name);

		o = cfg_find_backend(p, proxy);
		if (!o) {
			diag_error(p->diag, s->pos,
				   "server '%s' tracks '%s', but there is no backend '%s'", s->name,
				   s->track_name, proxy);
			return;
		}
	}
	s->track_proxy = o->px;
	s->track = find_server(o->px, name);
	if (!s->track) {
		diag_error(p->diag, s->pos,
			   "server '%s' tracks '%s', but backend '%s' has no server of that name",
			   s->name, s->track_name, o->px->name);
		return;
	}
	if (s->check)
		diag_error(p->diag, s->pos,
			   "server '%s' has 'check' and 'track': remove one of them", s->name);
	if (d->px->check->stops_on_404 != o->px->check->stops_on_404)
		diag_error(p->diag, s->pos,
			   "server '%s' tracks '%s': 'http-check disable-on-404' must be in both "
			   "backends or in none",
			   s->name, s->track_name);
}

/* The end of each chain must have a check, and there must be an end. */
static void check_chain(struct cfg_parser *p, const struct cfg_server *s)
{
	const struct cfg_server *slow = s, *end = s;

	while (end->track) {
		end = end->track;
		if (!end->track)
			break;
		end = end->track;
		slow = slow->track;
		if (end == slow) {
			diag_error(p->diag, s->pos,
				   "server '%s' tracks '%s', which leads back to where it began",
				   s->name, s->track_name);
			return;
		}
	}
	if (!end->check && !end->agent)
		diag_error(p->diag, s->pos,
			   "server '%s' tracks '%s', but that has no 'check' and no 'agent-check'",
			   s->name, s->track_name);
}

static void check_server(struct cfg_parser *p, const struct draft *d, struct cfg_server *s)
{
	if (s->agent && !s->agent_port) {
		diag_error(p->diag, s->pos, "server '%s' has 'agent-check', but no 'agent-port'",
			   s->name);
		s->agent = false;
	}
	if (s->agent)
		s->agent_check = cfg_agent_build(p, s->agent_send);
	if (s->observe == CFG_OBSERVE_LAYER7 && d->px->mode != CFG_MODE_HTTP)
		diag_error(p->diag, s->pos,
			   "server '%s': 'observe layer7' needs mode http in backend '%s'", s->name,
			   d->px->name);
}

static void check_external(struct cfg_parser *p, const struct draft *d)
{
	const struct cfg_global *g = &p->cfg->global;

	if (d->px->check->kind != CFG_CHECK_EXTERNAL)
		return;
	if (!g->external_check)
		diag_error(p->diag, d->name.pos,
			   "'option external-check' in '%s' needs 'external-check' in 'global'",
			   d->px->name);
	if (!d->px->check->command)
		diag_error(p->diag, d->name.pos,
			   "'option external-check' in '%s' needs 'external-check command'",
			   d->px->name);
	if (!g->insecure_fork)
		diag_warning(p->diag, d->name.pos,
			     "'option external-check' in '%s' will fail: 'insecure-fork-wanted' is "
			     "not in 'global'",
			     d->px->name);
}

void cfg_check_tracks(struct cfg_parser *p)
{
	for (struct draft *d = p->drafts; d; d = d->next) {
		if (!(d->section & SEC_BE))
			continue;
		check_external(p, d);
		for (struct cfg_server *s = (struct cfg_server *)d->px->servers; s; s = s->next) {
			check_server(p, d, s);
			if (s->track_name)
				link_track(p, d, s);
		}
	}
	for (struct draft *d = p->drafts; d; d = d->next)
		for (const struct cfg_server *s = d->px->servers; s; s = s->next)
			if (s->track)
				check_chain(p, s);
}
