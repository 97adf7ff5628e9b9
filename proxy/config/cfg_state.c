/* cfg_state.c - where the states of servers are found at a start: server-state-file and its kin. */
#include "config/cfg_internal.h"
#include "config/cfg_names.h"

/* in the order of enum cfg_state_source */
const char *const cfg_state_sources[] = { "none", "global", "local", NULL };

static void set_path(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	const char **path = (const char **)((char *)&p->cfg->global + kw->offset);

	if (cfg_arg(p, at).len == 0)
		cfg_error(p, at, "'%s' expects a path", kw->name);
	else if (*path)
		cfg_error(p, at, "'%s' was given before", kw->name);
	else
		*path = cfg_argz(p, at);
}

static void set_source(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	for (unsigned i = 0; cfg_state_sources[i]; i++)
		if (cfg_arg_is(p, at, cfg_state_sources[i])) {
			p->cur->px->load_state = (enum cfg_state_source)i;
			return;
		}
	cfg_error(p, at, "'%s' expects 'global', 'local' or 'none', got '%s'", kw->name,
		  cfg_argz(p, at));
}

static void set_name(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)kw;
	/* the default: a file with the name of the backend */
	p->cur->px->state_file =
		at >= p->line->n || cfg_arg_is(p, at, "use-backend-name") ? NULL : cfg_argz(p, at);
}

#define G(field) offsetof(struct cfg_global, field)

const struct keyword cfg_state_keywords[] = {
	{ "server-state-base", SEC_GLOBAL, 1, 1, 0, set_path, G(state_base), "DIRECTORY",
	  "where files of server states are" },
	{ "server-state-file", SEC_GLOBAL, 1, 1, 0, set_path, G(state_file), "FILE",
	  "states of all servers, as 'show servers state' prints them" },
	{ "load-server-state-from-file", SEC_DEF_BE, 1, 1, KW_SIDE, set_source, 0,
	  "global|local|none", "take the states of the servers from a file at the start" },
	{ "server-state-file-name", SEC_DEF_BE, 0, 1, KW_SIDE, set_name, 0,
	  "[use-backend-name|FILE]", "the file of 'local'; default: the name of the backend" },
	{ 0 },
};
