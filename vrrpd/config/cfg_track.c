/* cfg_track.c - vrrp_script, vrrp_track_proxy, track_file, vrrp_track_process, and the track_*
 * blocks of instances and groups. */
#include "config/cfg_track.h"

#include <limits.h>
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

void cfg_parse_file(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	struct cfg_file_track *f = arena_new(&p->cfg->arena, struct cfg_file_track);
	const struct cfg_file_track **link = &p->cfg->files;

	*f = (struct cfg_file_track){
		.pos = cfg_word_pos(s, 1),
		.name = s->word[1].text.p,
		.weight = 1,
	};
	for (; *link; link = (const struct cfg_file_track **)&(*link)->next)
		if (strcmp((*link)->name, f->name) == 0)
			cfg_error(p, s, 1, "%s '%s' exists already, in line %u; rename one",
				  kw->name, f->name, (*link)->pos.line);
	*link = f;
	p->file = f;
	cfg_read_block(p, s, IN_FILE);
	p->file = NULL;
	if (!f->path)
		diag_error(p->diag, f->pos, "%s '%s' has no 'file': add the path", kw->name,
			   f->name);
}

/* [VALUE] [overwrite] */
static void parse_init_file(struct cfg_parser *p, const struct cfg_stmt *s,
			    const struct cfg_keyword *kw)
{
	int64_t v;

	(void)kw;
	p->file->has_init = true;
	for (unsigned i = 1; i < s->n; i++) {
		if (cfg_is(s, i, "overwrite"))
			p->file->overwrite = true;
		else if (cfg_get_int(p, s, i, INT_MIN, INT_MAX, &v))
			p->file->init_value = (int)v;
	}
}

static void parse_file_weight(struct cfg_parser *p, const struct cfg_stmt *s,
			      const struct cfg_keyword *kw)
{
	(void)kw;
	(void)cfg_get_weight_upto(p, s, 1, INT_MAX, &p->file->weight, &p->file->weight_reverse);
}

void cfg_parse_process(struct cfg_parser *p, const struct cfg_stmt *s, const struct cfg_keyword *kw)
{
	struct cfg_process_track *x = arena_new(&p->cfg->arena, struct cfg_process_track);
	const struct cfg_process_track **link = &p->cfg->processes;

	*x = (struct cfg_process_track){
		.pos = cfg_word_pos(s, 1),
		.name = s->word[1].text.p,
		.weight = 1,
		.quorum = 1,
		.quorum_max = UINT_MAX,
	};
	for (; *link; link = (const struct cfg_process_track **)&(*link)->next)
		if (strcmp((*link)->name, x->name) == 0)
			cfg_error(p, s, 1, "%s '%s' exists already, in line %u; rename one",
				  kw->name, x->name, (*link)->pos.line);
	*link = x;
	p->process = x;
	cfg_read_block(p, s, IN_PROCESS);
	p->process = NULL;
	if (!x->argv)
		diag_error(p->diag, x->pos, "%s '%s' has no 'process': add its name", kw->name,
			   x->name);
	else if (x->argv[1] && x->match == MATCH_NAME)
		x->match = MATCH_EXACT;
	if (x->quorum_max < x->quorum && x->quorum_max > 0)
		diag_error(p->diag, x->pos, "quorum_max is below quorum: it could never be up");
}

static void parse_process(struct cfg_parser *p, const struct cfg_stmt *s,
			  const struct cfg_keyword *kw)
{
	char **argv = arena_array(&p->cfg->arena, char *, s->n);

	(void)kw;
	for (unsigned i = 1; i < s->n; i++)
		argv[i - 1] = arena_strdup(&p->cfg->arena, s->word[i].text.p);
	if (argv[0][0])
		p->process->argv = argv;
	else
		cfg_error(p, s, 1, "'process' is empty: give the name of a process");
}

static void parse_param_match(struct cfg_parser *p, const struct cfg_stmt *s,
			      const struct cfg_keyword *kw)
{
	(void)kw;
	if (cfg_is(s, 1, "initial"))
		p->process->match = MATCH_INITIAL;
	else if (cfg_is(s, 1, "partial"))
		p->process->match = MATCH_PARTIAL;
	else
		cfg_error(p, s, 1, "'param_match' expects initial or partial, got '" STR_FMT "'",
			  STR_ARG(s->word[1].text));
}

static void parse_process_weight(struct cfg_parser *p, const struct cfg_stmt *s,
				 const struct cfg_keyword *kw)
{
	(void)kw;
	(void)cfg_get_weight_upto(p, s, 1, 254, &p->process->weight, &p->process->weight_reverse);
}

static void parse_process_delay(struct cfg_parser *p, const struct cfg_stmt *s,
				const struct cfg_keyword *kw)
{
	if (cfg_get_time(p, s, 1, kw->lo, kw->hi, &p->process->fork_delay_us))
		p->process->terminate_delay_us = p->process->fork_delay_us;
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
	const struct cfg_track **link = p->group ? &p->group->tracks : &p->instance->tracks;
	int max = kind == TRACK_FILE || kind == TRACK_PROCESS ? 254 : 253;

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
	if (s->n > 1 && !cfg_get_weight_upto(p, s, 2, max, &t->weight, &t->reverse))
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

static void file_entry(struct cfg_parser *p, const struct cfg_stmt *s)
{
	parse_entry(p, s, TRACK_FILE);
}

static void process_entry(struct cfg_parser *p, const struct cfg_stmt *s)
{
	parse_entry(p, s, TRACK_PROCESS);
}

static void parse_track_file(struct cfg_parser *p, const struct cfg_stmt *s,
			     const struct cfg_keyword *kw)
{
	(void)kw;
	cfg_read_entries(p, s, file_entry);
}

static void parse_track_process(struct cfg_parser *p, const struct cfg_stmt *s,
				const struct cfg_keyword *kw)
{
	(void)kw;
	cfg_read_entries(p, s, process_entry);
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

static const char *file_name(const void *arg, size_t i)
{
	const struct cfg_file_track *f = arg;

	while (i--)
		f = f->next;
	return f->name;
}

static const char *process_name(const void *arg, size_t i)
{
	const struct cfg_process_track *x = arg;

	while (i--)
		x = x->next;
	return x->name;
}

static void resolve_file(struct cfg_parser *p, struct cfg_track *t)
{
	const struct cfg_file_track *f;
	const char *near;
	size_t n = 0;

	for (f = p->cfg->files; f && strcmp(f->name, t->name) != 0; f = f->next)
		n++;
	t->file = f;
	if (!f) {
		near = diag_nearest(str_from(t->name), file_name, p->cfg->files, n);
		diag_error(p->diag, t->pos, "there is no track_file '%s'%s%s%s", t->name,
			   near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
	} else if (t->weight == CFG_WEIGHT_UNSET) {
		t->weight = MAX(-254, MIN(254, f->weight));
		t->reverse = f->weight_reverse;
	}
}

static void resolve_process(struct cfg_parser *p, struct cfg_track *t)
{
	const struct cfg_process_track *x;
	const char *near;
	size_t n = 0;

	for (x = p->cfg->processes; x && strcmp(x->name, t->name) != 0; x = x->next)
		n++;
	t->process = x;
	if (!x) {
		near = diag_nearest(str_from(t->name), process_name, p->cfg->processes, n);
		diag_error(p->diag, t->pos, "there is no vrrp_track_process '%s'%s%s%s", t->name,
			   near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
	} else if (t->weight == CFG_WEIGHT_UNSET) {
		t->weight = x->weight;
		t->reverse = x->weight_reverse;
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
	case TRACK_FILE:
		resolve_file(p, t);
		return;
	case TRACK_PROCESS:
		resolve_process(p, t);
		return;
	}
	UNREACHABLE();
}

/* clang-format off: one line for one keyword */
#define TRACKERS      (IN_INSTANCE | IN_GROUP)
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

	{ "file", IN_FILE, 1, 1, false, cfg_set_string, offsetof(struct cfg_file_track, path), 0, 0,
	  "a path", "the file; it holds a whole number", CFG_SUPPORTED },
	{ "weight", IN_FILE, 1, 2, false, parse_file_weight, 0, 0, 0,
	  "a number and perhaps 'reverse'",
	  "the number in the file is multiplied with it and added to the priority; 0: a number but "
	  "0 is a fault; default 1",
	  CFG_SUPPORTED },
	{ "init_file", IN_FILE, 0, 2, false, parse_init_file, 0, 0, 0,
	  "perhaps a number and perhaps 'overwrite'", "make the file if it is absent",
	  CFG_SUPPORTED },

	{ "process", IN_PROCESS, 1, CFG_ANY, false, parse_process, 0, 0, 0,
	  "the name of a process and perhaps its parameters", "what must run", CFG_SUPPORTED },
	{ "param_match", IN_PROCESS, 1, 1, false, parse_param_match, 0, 0, 0, "initial or partial",
	  "how the parameters are compared; without: exactly", CFG_SUPPORTED },
	{ "full_command", IN_PROCESS, 0, 0, false, cfg_set_flag,
	  offsetof(struct cfg_process_track, full_command), 0, 0, "",
	  "compare with the command line, not with the process's name", CFG_SUPPORTED },
	{ "quorum", IN_PROCESS, 1, 1, false, cfg_set_unsigned,
	  offsetof(struct cfg_process_track, quorum), 1, 65535, "a number",
	  "so many must run; default 1", CFG_SUPPORTED },
	{ "quorum_max", IN_PROCESS, 1, 1, false, cfg_set_unsigned,
	  offsetof(struct cfg_process_track, quorum_max), 0, 65535, "a number",
	  "no more than so many may run; default no limit", CFG_SUPPORTED },
	{ "weight", IN_PROCESS, 1, 2, false, parse_process_weight, 0, 0, 0,
	  "a number from -254 to 254 and perhaps 'reverse'", "as in vrrp_script; default 1",
	  CFG_SUPPORTED },
	{ "fork_delay", IN_PROCESS, 1, 1, false, cfg_set_time,
	  offsetof(struct cfg_process_track, fork_delay_us), 0, 3600 * US_PER_S, "seconds",
	  "it counts as up so long after it is", CFG_SUPPORTED },
	{ "terminate_delay", IN_PROCESS, 1, 1, false, cfg_set_time,
	  offsetof(struct cfg_process_track, terminate_delay_us), 0, 3600 * US_PER_S, "seconds",
	  "it counts as down so long after it is", CFG_SUPPORTED },
	{ "delay", IN_PROCESS, 1, 1, false, parse_process_delay, 0, 0, 3600 * US_PER_S, "seconds",
	  "fork_delay and terminate_delay", CFG_SUPPORTED },

	{ "track_file", TRACKERS, 0, 0, true, parse_track_file, 0, 0, 0, "",
	  "lines 'NAME [weight N [reverse]]': each a track_file", CFG_SUPPORTED },
	{ "track_process", TRACKERS, 0, 0, true, parse_track_process, 0, 0, 0, "",
	  "lines 'NAME [weight N [reverse]]': each a vrrp_track_process", CFG_SUPPORTED },
	{ "track_interface", TRACKERS, 0, 0, true, parse_track_interface, 0, 0, 0, "",
	  "lines 'NAME [weight N [reverse]]': interfaces that must be up", CFG_SUPPORTED },
	{ "track_script", TRACKERS, 0, 0, true, parse_track_script, 0, 0, 0, "",
	  "lines 'NAME [weight N [reverse]]': each a vrrp_script", CFG_SUPPORTED },
	{ "track_proxy", TRACKERS, 0, 0, true, parse_track_proxy, 0, 0, 0, "",
	  "lines 'NAME [weight N [reverse]]': each a vrrp_track_proxy (not in keepalived)",
	  CFG_SUPPORTED },
	{ 0 },
};
/* clang-format on */
