/* cli.c - the table of commands, and what they have in common. */
#include "cli/cli.h"

#include "pool/backend.h"
#include "process/getsocks.h"
#include "process/registry.h"

/* HAProxy's words and levels: reading is for everybody, changing for administrators. */
const struct ctl_command cli_commands[] = {
	{ "_getsocks", "", NULL, CTL_ADMIN, getsocks_command },
	{ "add server", "<bk>/<srv> <address> [param]*", "create a new server", CTL_ADMIN,
	  cli_add_server },
	{ "clear counters", "[all]", "clear max statistics counters (or all counters)",
	  CTL_OPERATOR, cli_clear_counters },
	{ "clear table", "<table>", "stick tables: not there yet", CTL_USER, cli_no_table },
	{ "del server", "<bk>/<srv>", "remove a server that is in maintenance", CTL_ADMIN,
	  cli_del_server },
	{ "disable agent", "<bk>/<srv>", "stop asking the agent", CTL_ADMIN, cli_switch_agent },
	{ "disable frontend", "<frontend>", "stop listening, until it is enabled again", CTL_ADMIN,
	  cli_switch_frontend },
	{ "disable health", "<bk>/<srv>", "stop health checks; the state stays", CTL_ADMIN,
	  cli_switch_health },
	{ "disable server", "(DEPRECATED)",
	  "disable a server for maintenance (use 'set server' instead)", CTL_ADMIN,
	  cli_switch_server },
	{ "enable agent", "<bk>/<srv>", "ask the agent again", CTL_ADMIN, cli_switch_agent },
	{ "enable frontend", "<frontend>", "listen again", CTL_ADMIN, cli_switch_frontend },
	{ "enable health", "<bk>/<srv>", "start health checks again", CTL_ADMIN,
	  cli_switch_health },
	{ "enable server", "(DEPRECATED)", "enable a disabled server (use 'set server' instead)",
	  CTL_ADMIN, cli_switch_server },
	{ "experimental-mode", "[on|off]", NULL, CTL_ADMIN, cli_mode },
	{ "expert-mode", "[on|off]", NULL, CTL_ADMIN, cli_mode },
	{ "get weight", "<bk>/<srv>", "report a server's current weight", CTL_USER,
	  cli_get_weight },
	{ "operator", "", "lower the level of this session to operator", CTL_OPERATOR,
	  cli_lower_level },
	{ "reload", "", "read the configuration files again, and tell the outcome", CTL_ADMIN,
	  cli_reload },
	{ "set maxconn frontend", "<frontend> <value>", "change a frontend's maxconn setting",
	  CTL_ADMIN, cli_set_maxconn_frontend },
	{ "set maxconn global", "<value>", "change the limit of client connections", CTL_ADMIN,
	  cli_set_maxconn_global },
	{ "set maxconn server", "<bk>/<srv> <value>", "change a server's maxconn setting",
	  CTL_ADMIN, cli_set_maxconn_server },
	{ "set rate-limit", "<setting> <value>", "change a limit of new connections a second",
	  CTL_ADMIN, cli_set_rate_limit },
	{ "set server", "<bk>/<srv> [opts]",
	  "change a server's state, weight, address, checks or agent", CTL_ADMIN, cli_set_server },
	{ "set table", "<table>", "stick tables: not there yet", CTL_USER, cli_no_table },
	{ "set timeout", "cli <delay>", "change how long this session may be idle", CTL_USER,
	  cli_set_timeout },
	{ "set weight", "<bk>/<srv>", "change a server's weight (use 'set server' instead)",
	  CTL_ADMIN, cli_set_weight },
	{ "show activity", "", "what each data thread has done", CTL_USER, cli_show_activity },
	{ "show backend", "", "list backends in the current running config", CTL_USER,
	  cli_show_backend },
	{ "show cli level", "", "display the level of this session", CTL_USER, cli_show_level },
	{ "show cli sockets", "", "list the command sockets", CTL_USER, cli_show_sockets },
	{ "show env", "[<name>]", "environment variables of the process", CTL_OPERATOR,
	  cli_show_env },
	{ "show config", "", "print the running configuration in canonical form, secrets included",
	  CTL_ADMIN, cli_show_config },
	{ "show errors", "", "report last request and response errors", CTL_OPERATOR,
	  cli_show_errors },
	{ "show events", "[<sink>] [-w] [-n]", "the last lines of the log; -w: go on with it",
	  CTL_USER, cli_show_events },
	{ "show fd", "[<num>]", "open file descriptors", CTL_OPERATOR, cli_show_fd },
	{ "show info", "[desc|json|typed]*", "report information about the running process",
	  CTL_USER, cli_show_info },
	{ "show pools", "", "memory of buffers and connections", CTL_USER, cli_show_pools },
	{ "show resolvers", "[id]",
	  "dumps counters from all resolvers section and associated name servers", CTL_USER,
	  cli_show_resolvers },
	{ "show servers conn", "[<backend>]", "connections to servers, in use and idle", CTL_USER,
	  cli_show_servers_conn },
	{ "show servers state", "[<backend>]",
	  "dump volatile server information (all or for a single backend)", CTL_USER,
	  cli_show_servers_state },
	{ "show sess", "[<id>|all|older <age>]", "the sessions, or all about one or each",
	  CTL_OPERATOR, cli_show_sess },
	{ "show startup-logs", "", "what was said about the configuration at the start",
	  CTL_OPERATOR, cli_show_startup_logs },
	{ "show stat", "[<id> <type> <sid>] [desc|json|no-maint|typed|up]*",
	  "report counters for each proxy and server", CTL_USER, cli_show_stat },
	{ "show table", "[<table>]", "stick tables: not there yet", CTL_USER, cli_no_table },
	{ "show threads", "", "show the data threads and their connections", CTL_USER,
	  cli_show_threads },
	{ "show version", "", "show version of the current process", CTL_USER, cli_show_version },
	{ "shutdown frontend", "<frontend>", "stop a frontend until the next reload", CTL_ADMIN,
	  cli_shutdown_frontend },
	{ "shutdown session", "<id>", "end a session", CTL_ADMIN, cli_shutdown_session },
	{ "shutdown sessions server", "<bk>/<srv>", "end the sessions of a server", CTL_ADMIN,
	  cli_shutdown_server },
	{ "user", "", "lower the level of this session to user", CTL_USER, cli_lower_level },
	{ NULL, NULL, NULL, CTL_USER, NULL },
};

/* "#12" is an id. */
static bool parse_id(struct str word, unsigned *id)
{
	int64_t n;

	if (word.len < 2 || word.p[0] != '#' ||
	    str_parse_int((struct str){ word.p + 1, word.len - 1 }, 1, UINT32_MAX, &n) != 0)
		return false;
	*id = (unsigned)n;
	return true;
}

static struct backend *find_backend(struct str name)
{
	const struct registry *r = registry_get();
	unsigned id;

	if (!parse_id(name, &id))
		return registry_find_backend(r, name);
	for (unsigned i = 0; r != NULL && i < r->n; i++)
		if (r->entries[i].be != NULL && r->entries[i].be->id == id)
			return r->entries[i].be;
	return NULL;
}

struct backend *cli_find_backend(struct ctl_request *rq, struct str name)
{
	struct backend *be = find_backend(name);

	if (be == NULL)
		strbuf_adds(rq->out, "Can't find backend.\n");
	return be;
}

static struct server *find_in(struct backend *be, struct str name)
{
	unsigned id;

	if (!parse_id(name, &id))
		return backend_find_server(be, name);
	for (unsigned i = 0; i < be->n_servers; i++)
		if (be->servers[i]->id == id)
			return be->servers[i];
	return NULL;
}

struct server *cli_find_server(struct ctl_request *rq, struct str name)
{
	const char *slash = name.len > 0 ? memchr(name.p, '/', name.len) : NULL;
	struct backend *be;
	struct server *s;

	if (slash == NULL) {
		strbuf_adds(rq->out, "Require 'backend/server'.\n");
		return NULL;
	}
	be = find_backend((struct str){ name.p, (size_t)(slash - name.p) });
	if (be == NULL) {
		strbuf_adds(rq->out, "No such backend.\n");
		return NULL;
	}
	s = find_in(be, (struct str){ slash + 1, (size_t)(name.p + name.len - slash - 1) });
	if (s == NULL)
		strbuf_adds(rq->out, "No such server.\n");
	return s;
}
