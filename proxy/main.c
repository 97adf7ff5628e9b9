/* main.c - proxyd: arguments, order of start-up, exit codes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <tandem/log.h>
#include <tandem/str.h>

#include "cli/proxyctl.h"
#include "config/cfg_expr.h"
#include "config/cfg_model.h"
#include "config/cfg_parse.h"
#include "config/cfg_source.h"
#include "process/master.h"
#include "process/options.h"
#include "process/process.h"
#include "process/upgrade.h"
#include "process/version.h"

/* A command socket counts too, as for HAProxy. */
static bool has_listener(const struct cfg *cfg)
{
	if (cfg->global.sockets != NULL)
		return true;
	for (const struct cfg_proxy *px = cfg->proxies; px != NULL; px = px->next)
		if (px->binds != NULL && !px->disabled)
			return true;
	return false;
}

/* Exit codes as HAProxy's. */
static int check_only(const struct options *o)
{
	struct cfg *cfg = process_load_cfg(o);
	bool can_start;

	if (cfg == NULL)
		return 1;
	can_start = has_listener(cfg);
	cfg_free(cfg);
	if (!o->quiet)
		puts(can_start ? "Configuration file is valid"
			       : "Configuration file has no error, but it will not start: there is "
				 "no 'bind' (exit 2)");
	return can_start ? 0 : 2;
}

static int evaluate(const struct options *o)
{
	struct strbuf err = { 0 };
	int v = cfg_expr_eval(str_from(o->condition), NULL, &err);

	if (v < 0)
		fprintf(stderr, "proxyd: -cc: %s\n", strbuf_str(&err));
	strbuf_fini(&err);
	return v < 0 ? 2 : !v;
}

static int run(const struct options *o)
{
	static struct process p;
	struct cfg *cfg = process_load_cfg(o);
	int status;

	if (upgrade_is_under_way()) /* our old worker serves, whatever the files say */
		return master_run(o, cfg);
	if (cfg == NULL)
		return 1;
	if (!has_listener(cfg)) {
		fputs("proxyd: nothing to listen on: the configuration has no 'bind'\n", stderr);
		cfg_free(cfg);
		return 1;
	}
	if (o->master || cfg->global.master_worker)
		return master_run(o, cfg);
	status = process_start(&p, o, cfg, NULL);
	return status != 0 ? status : process_run(&p);
}

int main(int argc, char **argv)
{
	struct strbuf errors = { 0 };
	struct options o;
	int rc;

	log_init("proxyd");
	if (argc > 1 && strcmp(argv[1], "ctl") == 0)
		return proxyctl_main(argc - 2, argv + 2);
	rc = options_parse(argc, argv, &o, &errors);
	if (rc != 0) {
		fprintf(stderr, "%s%s", strbuf_str(&errors), argc < 2 ? options_usage : "");
		strbuf_fini(&errors);
		return 1;
	}
	strbuf_fini(&errors);
	if (o.names_may_fail)
		cfg_source_let_names_fail();
	if (o.directory != NULL && !upgrade_is_under_way() && chdir(o.directory) != 0) {
		fprintf(stderr, "proxyd: cannot change to directory %s: %s\n", o.directory,
			strerror(errno));
		return 1;
	}
	switch (o.mode) {
	case OPTIONS_HELP:
		fputs(options_usage, stdout);
		return 0;
	case OPTIONS_VERSION:
		version_print(stdout);
		return 0;
	case OPTIONS_VERSION_FULL:
		version_print_full(stdout);
		return 0;
	case OPTIONS_CONDITION:
		return evaluate(&o);
	case OPTIONS_CHECK:
		return check_only(&o);
	case OPTIONS_RUN:
		return run(&o);
	}
	UNREACHABLE();
}
