/* cfg_track.c - vrrp_script, vrrp_track_proxy, and the track_* blocks of an instance. */
#include "config/cfg_track.h"

#include <tandem/clock.h>

#include "config/cfg_parse.h"

#define MAX_SECONDS (4294 * US_PER_S) /* keepalived's limit of a script's interval */

void cfg_parse_script(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	struct cfg_script *sc = arena_new(&p->cfg->arena, struct cfg_script);
	const struct cfg_script **link = &p->cfg->scripts;

	(void)kw;
	*sc = (struct cfg_script){
		.pos = cfg_word_pos(s, 1),
		.name = s->word[1].text.p,
		.interval_us = US_PER_S,
		.rise = 1,
		.fall = 1,
	};
	while (*link) {
		if (strcmp((*link)->name, sc->name) == 0)
			cfg_error(p, s, 1,
				  "vrrp_script '%s' exists already, in line %u; rename one",
				  sc->name, (*link)->pos.line);
		link = (const struct cfg_script **)&(*link)->next;
	}
	*link = sc;
	p->script = sc;
	cfg_read_block(p, s, IN_SCRIPT);
	p->script = NULL;
	if (!sc->argv)
		diag_error(p->diag, sc->pos,
			   "vrrp_script '%s' has no 'script': add the program "
			   "to run",
			   sc->name);
}

void cfg_parse_proxy(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	struct cfg_proxy_track *px = arena_new(&p->cfg->arena, struct cfg_proxy_track);
	const struct cfg_proxy_track **link = &p->cfg->proxies;

	(void)kw;
	*px = (struct cfg_proxy_track){
		.pos = cfg_word_pos(s, 1),
		.name = s->word[1].text.p,
		.timeout_us = 300 * US_PER_MS,
		.require_usable = true,
	};
	while (*link) {
		if (strcmp((*link)->name, px->name) == 0)
			cfg_error(p, s, 1,
				  "vrrp_track_proxy '%s' exists already, in line %u; rename one",
				  px->name, (*link)->pos.line);
		link = (const struct cfg_proxy_track **)&(*link)->next;
	}
	*link = px;
	p->proxy = px;
	cfg_read_block(p, s, IN_PROXY);
	p->proxy = NULL;
	if (!px->socket)
		diag_error(p->diag, px->pos,
			   "vrrp_track_proxy '%s' has no 'socket': add the path of the liveness "
			   "socket",
			   px->name);
}

static void parse_command(struct cfg_parser *p, const struct cfg_stmt *s,
			  const struct cfg_keyword *kw)
{
	struct arena *a = &p->cfg->arena;
	char **argv;

	(void)kw;
	if (s->n == 2) {
		argv = cfg_split_command(a, s->word[1].text.p);
	} else { /* unquoted: each word is an argument */
		argv = arena_array(a, char *, s->n);
		for (unsigned i = 1; i < s->n; i++)
			argv[i - 1] = arena_strdup(a, s->word[i].text.p);
	}
	if (argv && argv[0][0])
		p->script->argv = argv;
	else
		cfg_error(p, s, 1, "'script' is empty: name the program to run");
}

static void parse_script_weight(struct cfg_parser *p, const struct cfg_stmt *s,
				const struct cfg_keyword *kw)
{
	(void)kw;
	(void)cfg_get_weight(p, s, 1, &p->script->weight, &p->script->weight_reverse);
}

static void parse_proxy_weight(struct cfg_parser *p, const struct cfg_stmt *s,
			       const struct cfg_keyword *kw)
{
	(void)kw;
	(void)cfg_get_weight(p, s, 1, &p->proxy->weight, &p->proxy->weight_reverse);
}

static void parse_user(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	struct cfg_script *sc = p->script;

	(void)kw;
	cfg_get_user(p, s, 1, &sc->user, &sc->group, &sc->uid, &sc->gid);
}

/* "NAME [weight N [reverse]]" */
static void parse_entry(struct cfg_parser *p, const struct cfg_stmt *s, enum cfg_track_kind kind)
{
	struct cfg_track *t = arena_new(&p->cfg->arena, struct cfg_track);
	const struct cfg_track **link = &p->instance->tracks;

	*t = (struct cfg_track){
		.pos = cfg_word_pos(s, 0),
		.kind = kind,
		.name = s->word[0].text.p,
		.weight = CFG_WEIGHT_UNSET,
	};
	if (s->n > 1 && !cfg_is(s, 1, "weight")) {
		cfg_error(p, s, 1, "unexpected '" STR_FMT "'; only 'weight N [reverse]' may follow",
			  STR_ARG(s->word[1].text));
		return;
	}
	if (s->n > 1 && !cfg_get_weight(p, s, 2, &t->weight, &t->reverse))
		return;
	if (kind == TRACK_INTERFACE && !cfg_get_interface(p, s, 0, &t->name))
		return;
	for (; *link; link = (const struct cfg_track **)&(*link)->next) {
		if ((*link)->kind == kind && strcmp((*link)->name, t->name) == 0) {
			cfg_error(p, s, 0, "'%s' is tracked already; remove one of the lines",
				  t->name);
			return;
		}
	}
	*link = t;
}

static void interface_entry(struct cfg_parser *p, const struct cfg_stmt *s)
{
	parse_entry(p, s, TRACK_INTERFACE);
}

static void script_entry(struct cfg_parser *p, const struct cfg_stmt *s)
{
	parse_entry(p, s, TRACK_SCRIPT);
}

static void proxy_entry(struct cfg_parser *p, const struct cfg_stmt *s)
{
	parse_entry(p, s, TRACK_PROXY);
}

static void parse_track_interface(struct cfg_parser *p, const struct cfg_stmt *s,
				  const struct cfg_keyword *kw)
{
	(void)kw;
	cfg_read_entries(p, s, interface_entry);
}

static void parse_track_script(struct cfg_parser *p, const struct cfg_stmt *s,
			       const struct cfg_keyword *kw)
{
	(void)kw;
	cfg_read_entries(p, s, script_entry);
}

static void parse_track_proxy(struct cfg_parser *p, const struct cfg_stmt *s,
			      const struct cfg_keyword *kw)
{
	(void)kw;
	cfg_read_entries(p, s, proxy_entry);
}

static const char *script_name(const void *arg, size_t i)
{
	const struct cfg_script *sc = arg;

	while (i--)
		sc = sc->next;
	return sc->name;
}

static const char *proxy_name(const void *arg, size_t i)
{
	const struct cfg_proxy_track *px = arg;

	while (i--)
		px = px->next;
	return px->name;
}

static void resolve_script(struct cfg_parser *p, struct cfg_track *t)
{
	const struct cfg_script *sc;
	const char *near;
	size_t n = 0;

	for (sc = p->cfg->scripts; sc && strcmp(sc->name, t->name) != 0; sc = sc->next)
		n++;
	t->script = sc;
	if (!sc) {
		near = diag_nearest(str_from(t->name), script_name, p->cfg->scripts, n);
		diag_error(p->diag, t->pos, "there is no vrrp_script '%s'%s%s%s", t->name,
			   near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
	} else if (t->weight == CFG_WEIGHT_UNSET) {
		t->weight = sc->weight;
		t->reverse = sc->weight_reverse;
	}
}

static void resolve_proxy(struct cfg_parser *p, struct cfg_track *t)
{
	const struct cfg_proxy_track *px;
	const char *near;
	size_t n = 0;

	for (px = p->cfg->proxies; px && strcmp(px->name, t->name) != 0; px = px->next)
		n++;
	t->proxy = px;
	if (!px) {
		near = diag_nearest(str_from(t->name), proxy_name, p->cfg->proxies, n);
		diag_error(p->diag, t->pos, "there is no vrrp_track_proxy '%s'%s%s%s", t->name,
			   near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
	} else if (t->weight == CFG_WEIGHT_UNSET) {
		t->weight = px->weight;
		t->reverse = px->weight_reverse;
	}
}

void cfg_resolve_track(struct cfg_parser *p, struct cfg_track *t)
{
	switch (t->kind) {
	case TRACK_INTERFACE:
		if (t->weight == CFG_WEIGHT_UNSET)
			t->weight = 0;
		return;
	case TRACK_SCRIPT:
		resolve_script(p, t);
		return;
	case TRACK_PROXY:
		resolve_proxy(p, t);
		return;
	}
	UNREACHABLE();
}

/* clang-format off: one line for one keyword */
#define SCRIPT(field) offsetof(struct cfg_script, field)
#define PROXY(field)  offsetof(struct cfg_proxy_track, field)
const struct cfg_keyword cfg_keywords_track[] = {
	{ "script", IN_SCRIPT, 1, CFG_ANY, false, parse_command, 0, 0, 0,
	  "a program and its arguments", "what to run; exit status 0 is good", CFG_SUPPORTED },
	{ "interval", IN_SCRIPT, 1, 1, false, cfg_set_time, SCRIPT(interval_us), 10 * US_PER_MS,
	  MAX_SECONDS, "seconds", "from start to start; default 1", CFG_SUPPORTED },
	{ "timeout", IN_SCRIPT, 1, 1, false, cfg_set_time, SCRIPT(timeout_us), 0, MAX_SECONDS,
	  "seconds", "a run that lasts longer is killed and has failed; default the interval",
	  CFG_SUPPORTED },
	{ "weight", IN_SCRIPT, 1, 2, false, parse_script_weight, 0, 0, 0,
	  "a number from -253 to 253 and perhaps 'reverse'",
	  "added to the priority: a positive one while good, a negative one while bad; 0: fault "
	  "while bad",
	  CFG_SUPPORTED },
	{ "rise", IN_SCRIPT, 1, 1, false, cfg_set_unsigned, SCRIPT(rise), 1, INT32_MAX, "a number",
	  "good results in a row that make it good; default 1", CFG_SUPPORTED },
	{ "fall", IN_SCRIPT, 1, 1, false, cfg_set_unsigned, SCRIPT(fall), 1, INT32_MAX, "a number",
	  "bad results in a row that make it bad; default 1", CFG_SUPPORTED },
	{ "user", IN_SCRIPT, 1, 2, false, parse_user, 0, 0, 0, "a user and perhaps a group",
	  "who runs it; default script_user", CFG_SUPPORTED },
	{ "init_fail", IN_SCRIPT, 0, 0, false, cfg_set_flag, SCRIPT(init_fail), 0, 0, "",
	  "counts as bad until it was good", CFG_SUPPORTED },

	{ "socket", IN_PROXY, 1, 1, false, cfg_set_string, PROXY(socket), 0, 0, "a path",
	  "the liveness socket of proxyd", CFG_SUPPORTED },
	{ "timeout", IN_PROXY, 1, 1, false, cfg_set_time, PROXY(timeout_us), 100 * US_PER_MS,
	  MAX_SECONDS, "seconds", "silence after which it counts as hung; default 0.3",
	  CFG_SUPPORTED },
	{ "weight", IN_PROXY, 1, 2, false, parse_proxy_weight, 0, 0, 0,
	  "a number from -253 to 253 and perhaps 'reverse'",
	  "as in vrrp_script; default 0: fault while bad", CFG_SUPPORTED },
	{ "require_usable", IN_PROXY, 1, 1, false, cfg_set_flag, PROXY(require_usable), 0, 0,
	  "yes or no", "each frontend must have a usable server; default yes", CFG_SUPPORTED },

	{ "track_interface", IN_INSTANCE, 0, 0, true, parse_track_interface, 0, 0, 0, "",
	  "lines 'NAME [weight N [reverse]]': interfaces that must be up", CFG_SUPPORTED },
	{ "track_script", IN_INSTANCE, 0, 0, true, parse_track_script, 0, 0, 0, "",
	  "lines 'NAME [weight N [reverse]]': each a vrrp_script", CFG_SUPPORTED },
	{ "track_proxy", IN_INSTANCE, 0, 0, true, parse_track_proxy, 0, 0, 0, "",
	  "lines 'NAME [weight N [reverse]]': each a vrrp_track_proxy (not in keepalived)",
	  CFG_SUPPORTED },
	{ 0 },
};
/* clang-format on */
