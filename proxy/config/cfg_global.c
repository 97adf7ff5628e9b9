/* cfg_global.c - the section `global`. */
#include "config/cfg_internal.h"

#include <stddef.h>

#define G(field) offsetof(struct cfg_global, field)

void cfg_global_init(struct cfg_global *g)
{
	*g = (struct cfg_global){ .uid = (uid_t)-1,
				  .gid = (gid_t)-1,
				  .log_tag = "haproxy",
				  .stats_timeout_us = 10 * INT64_C(1000000),
				  .bufsize = 16384,
				  .maxrewrite = 1024,
				  .max_headers = 101,
				  .liveness_uid = (uid_t)-1,
				  .liveness_gid = (gid_t)-1 };
}

static void *field(struct cfg_parser *p, const struct keyword *kw)
{
	return (char *)&p->cfg->global + kw->offset;
}

static void set_flag(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)at;
	*(bool *)field(p, kw) = true;
}

static void set_master_worker(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	p->cfg->global.master_worker = true;
	if (at < p->line->n && !cfg_arg_is(p, at, "no-exit-on-failure"))
		cfg_error(p, at, "'%s' takes no other argument than 'no-exit-on-failure', got '%s'",
			  kw->name, cfg_argz(p, at));
}

static void set_text(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	if (cfg_arg(p, at).len == 0)
		cfg_error(p, at, "'%s' expects a value that is not empty", kw->name);
	else
		*(const char **)field(p, kw) = cfg_argz(p, at);
}

/* HAProxy keeps the first value and warns about later ones. */
static void set_text_once(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	if (*(const char **)field(p, kw))
		cfg_warning(p, at, "'%s' was given before: this one is ignored", kw->name);
	else
		set_text(p, kw, at);
}

/* All the words that follow, with one blank between them. */
static void set_words(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct strbuf b = { 0 };

	for (unsigned i = at; i < p->line->n; i++)
		strbuf_addf(&b, "%s%s", i > at ? " " : "", cfg_argz(p, i));
	*(const char **)field(p, kw) = arena_strdup(p->arena, strbuf_str(&b));
	strbuf_fini(&b);
}

static void set_maxconn(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	if (p->cfg->global.maxconn)
		cfg_warning(p, at, "'maxconn' was given before: this one is ignored");
	else if (!cfg_read_uint(p, at, kw->name, 0, 1 << 30, &p->cfg->global.maxconn))
		return;
}

static void set_rate(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	unsigned *rate = field(p, kw);

	if (*rate)
		cfg_warning(p, at, "'%s' was given before: this one is ignored", kw->name);
	else if (!cfg_read_uint(p, at, kw->name, 0, 1 << 30, rate))
		return;
}

static void set_nbthread(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	if (!cfg_read_uint(p, at, kw->name, 1, 64, &p->cfg->global.nbthread))
		return;
}

static void set_spread(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	unsigned v;

	if (cfg_read_uint(p, at, kw->name, 0, 50, &v))
		p->cfg->global.spread_checks = (int)v;
}

static void set_size(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	const bool is_headers = kw->offset == G(max_headers);

	if (!cfg_read_uint(p, at, kw->name, 1, is_headers ? 32767 : 64 << 20, field(p, kw)))
		return;
}

static void set_time(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	if (!cfg_read_time(p, at, kw->name, field(p, kw)))
		return;
}

static void set_user(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_global *g = &p->cfg->global;
	gid_t primary;

	if (g->uid != (uid_t)-1)
		cfg_warning(p, at, "the user was given before: '%s' is ignored", kw->name);
	else if (cfg_read_user(p, at, &g->uid, &primary))
		g->user = cfg_argz(p, at);
}

static void set_group(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_global *g = &p->cfg->global;

	if (g->gid != (gid_t)-1)
		cfg_warning(p, at, "the group was given before: '%s' is ignored", kw->name);
	else if (cfg_read_group(p, at, &g->gid))
		g->group = cfg_argz(p, at);
}

static void set_id(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	unsigned *id = field(p, kw), v;

	if (*id != (unsigned)-1)
		cfg_warning(p, at, "the %s was given before: '%s' is ignored",
			    kw->name[0] == 'u' ? "user" : "group", kw->name);
	else if (cfg_read_uint(p, at, kw->name, 0, 0x7fffffff, &v))
		*id = v;
}

static void set_send_hostname(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)kw;
	p->cfg->global.log_send_hostname = at < p->line->n ? cfg_argz(p, at) : "";
}

static void set_zero_warning(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	(void)kw, (void)at;
	p->zero_warning = true;
}

/* liveness-socket PATH [mode M] [user U] [group G] */
static void set_liveness(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct cfg_global *g = &p->cfg->global;
	struct addr addr;

	if (addr_from_path(cfg_arg(p, at), &addr) < 0 || cfg_argz(p, at)[0] != '/') {
		cfg_error(p, at,
			  "'%s' expects the path of a Unix socket (at most 107 bytes), got '%s'",
			  kw->name, cfg_argz(p, at));
		return;
	}
	g->liveness_path = cfg_argz(p, at);
	cfg_params_parse(p, kw->name, cfg_liveness_params, NULL, g, at + 1);
}

static void set_vrrpd_socket(struct cfg_parser *p, const struct keyword *kw, unsigned at)
{
	struct addr addr;

	if (addr_from_path(cfg_arg(p, at), &addr) < 0 || cfg_argz(p, at)[0] != '/')
		cfg_error(p, at,
			  "'%s' expects the path of a Unix socket (at most 107 bytes), got '%s'",
			  kw->name, cfg_argz(p, at));
	else
		p->cfg->global.vrrpd_socket = cfg_argz(p, at);
}

const struct keyword cfg_global_keywords[] = {
	{ "daemon", SEC_GLOBAL, 0, 0, 0, set_flag, G(daemon), "", "run in the background" },
	{ "master-worker", SEC_GLOBAL, 0, 1, 0, set_master_worker, 0, "[no-exit-on-failure]",
	  "run a master that restarts a dead worker" },
	{ "quiet", SEC_GLOBAL, 0, 0, 0, set_flag, G(quiet), "", "no messages at start-up" },
	{ "zero-warning", SEC_GLOBAL, 0, 0, 0, set_zero_warning, 0, "",
	  "refuse a configuration that has warnings" },
	{ "pidfile", SEC_GLOBAL, 1, 1, 0, set_text_once, G(pidfile), "PATH",
	  "write the process id to this file" },
	{ "chroot", SEC_GLOBAL, 1, 1, 0, set_text_once, G(chroot_dir), "DIRECTORY",
	  "confine the process to a directory" },
	{ "user", SEC_GLOBAL, 1, 1, 0, set_user, 0, "NAME", "run as this user" },
	{ "group", SEC_GLOBAL, 1, 1, 0, set_group, 0, "NAME", "run as this group" },
	{ "uid", SEC_GLOBAL, 1, 1, 0, set_id, G(uid), "NUMBER", "run as this user id" },
	{ "gid", SEC_GLOBAL, 1, 1, 0, set_id, G(gid), "NUMBER", "run as this group id" },
	{ "maxconn", SEC_GLOBAL, 1, 1, 0, set_maxconn, 0, "NUMBER",
	  "connections of the whole process at a time" },
	{ "maxconnrate", SEC_GLOBAL, 1, 1, 0, set_rate, G(maxconnrate), "NUMBER",
	  "new connections of the whole process a second; more wait in the backlog" },
	{ "maxsessrate", SEC_GLOBAL, 1, 1, 0, set_rate, G(maxsessrate), "NUMBER",
	  "new sessions of the whole process a second" },
	{ "nbthread", SEC_GLOBAL, 1, 1, 0, set_nbthread, 0, "NUMBER",
	  "worker threads; default: one for each core" },
	{ "log-tag", SEC_GLOBAL, 1, 1, 0, set_text, G(log_tag), "TAG",
	  "program name in log lines; default haproxy" },
	{ "log-send-hostname", SEC_GLOBAL, 0, 1, 0, set_send_hostname, 0, "[NAME]",
	  "put the host name into log lines" },
	{ "node", SEC_GLOBAL, 1, 1, 0, set_text, G(node), "NAME", "name of this node" },
	{ "description", SEC_GLOBAL, 1, ARGS_ANY, 0, set_words, G(description), "TEXT...",
	  "description of this node" },
	{ "stats socket", SEC_GLOBAL, 1, ARGS_ANY, 0, cfg_parse_stats_socket, 0,
	  "ADDRESS [mode M] [level L] [user U] [group G] ...", "a socket for run-time commands" },
	{ "stats timeout", SEC_GLOBAL, 1, 1, 0, set_time, G(stats_timeout_us), "TIME",
	  "idle time of a run-time connection; default 10s" },
	{ "spread-checks", SEC_GLOBAL, 1, 1, 0, set_spread, 0, "PERCENT",
	  "randomise the interval of health checks, 0 to 50" },
	{ "max-spread-checks", SEC_GLOBAL, 1, 1, 0, set_time, G(max_spread_checks_us), "TIME",
	  "... by so much at most" },
	{ "external-check", SEC_GLOBAL, 0, 0, 0, set_flag, G(external_check), "",
	  "health checks may run programs" },
	{ "insecure-fork-wanted", SEC_GLOBAL, 0, 0, 0, set_flag, G(insecure_fork), "",
	  "... and programs may be started at all" },
	{ "hard-stop-after", SEC_GLOBAL, 1, 1, 0, set_time, G(hard_stop_after_us), "TIME",
	  "end of a graceful stop at the latest" },
	{ "tune.bufsize", SEC_GLOBAL, 1, 1, 0, set_size, G(bufsize), "BYTES",
	  "buffer for each direction of a connection; default 16384" },
	{ "tune.maxrewrite", SEC_GLOBAL, 1, 1, 0, set_size, G(maxrewrite), "BYTES",
	  "room kept in a buffer for added headers; default 1024" },
	{ "tune.http.maxhdr", SEC_GLOBAL, 1, 1, 0, set_size, G(max_headers), "NUMBER",
	  "headers in a message at most; default 101" },
	{ "liveness-socket", SEC_GLOBAL, 1, 7, 0, set_liveness, 0,
	  "PATH [mode M] [user U] [group G]", "tells vrrpd about this process (our own keyword)" },
	{ "vrrpd-socket", SEC_GLOBAL, 1, 1, 0, set_vrrpd_socket, 0, "PATH",
	  "vrrpd's control socket, for the dashboard and the metrics (our own keyword)" },
	{ 0 },
};
