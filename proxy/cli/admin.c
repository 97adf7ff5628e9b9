/* admin.c - actions of the dashboard, carried out as the runtime commands that they are. */
#include "cli/admin.h"

#include <tandem/log.h>

#include "cli/cli.h"
#include "pool/backend.h"
#include "stats/form.h"

#define WORDS_MAX 4

/* HAProxy's names of actions, and ours (weight). "=" is the server, "#" the weight. */
static const struct {
	const char *action;
	const char *words[WORDS_MAX + 2];
} actions[] = {
	{ "ready", { "set", "server", "=", "state", "ready" } },
	{ "drain", { "set", "server", "=", "state", "drain" } },
	{ "maint", { "set", "server", "=", "state", "maint" } },
	{ "stop", { "disable", "server", "=" } },
	{ "start", { "enable", "server", "=" } },
	{ "hrunn", { "set", "server", "=", "health", "up" } },
	{ "hnolb", { "set", "server", "=", "health", "stopping" } },
	{ "hdown", { "set", "server", "=", "health", "down" } },
	{ "dhlth", { "disable", "health", "=" } },
	{ "ehlth", { "enable", "health", "=" } },
	{ "arunn", { "set", "server", "=", "agent", "up" } },
	{ "adown", { "set", "server", "=", "agent", "down" } },
	{ "dagent", { "disable", "agent", "=" } },
	{ "eagent", { "enable", "agent", "=" } },
	{ "shutdown", { "shutdown", "sessions", "server", "=" } },
	{ "weight", { "set", "server", "=", "weight", "#" } },
};

/* Run the command; true: it had nothing to complain of. */
static bool run(struct ctl_request *rq)
{
	uint64_t cursor = 0;
	bool more = false;

	for (const struct ctl_command *cmd = cli_commands; cmd->words != NULL; cmd++) {
		if (ctl_match(cmd->words, rq->argv, rq->argc, false) == 0)
			continue;
		cmd->fn(rq, &cursor, &more);
		if (rq->out->len > 0)
			log_warn("stats", "action_refused",
				 "server=\"" STR_FMT "\" answer=\"%.*s\"", STR_ARG(rq->argv[2]),
				 (int)strcspn(strbuf_str(rq->out), "\n"), strbuf_str(rq->out));
		return rq->out->len == 0;
	}
	return false;
}

static bool act(unsigned i, const struct form *f, const char *server)
{
	struct ctl_request rq = { .level = CTL_ADMIN, .fd = -1 };
	struct strbuf target = { 0 }, out = { 0 };
	bool ok;

	rq.out = &out;
	strbuf_addf(&target, "%s/%s", f->backend, server);
	for (const char *const *w = actions[i].words; *w != NULL; w++) {
		const char *word = **w == '=' ? strbuf_str(&target) : **w == '#' ? f->weight : *w;

		rq.argv[rq.argc++] = str_from(word);
	}
	ok = !target.failed && run(&rq);
	strbuf_fini(&target);
	strbuf_fini(&out);
	return ok;
}

static const char *apply(const struct form *f)
{
	unsigned n_done = 0, i = 0;

	if (f->action[0] == '\0' || f->n_servers == 0)
		return "NONE";
	while (i < ARRAY_LEN(actions) && strcmp(actions[i].action, f->action) != 0)
		i++;
	if (i == ARRAY_LEN(actions))
		return "ERRP";
	for (unsigned k = 0; k < f->n_servers; k++)
		n_done += act(i, f, f->servers[k]);
	log_notice("stats", "action", "action=%s backend=\"%s\" servers=%u done=%u", f->action,
		   f->backend, f->n_servers, n_done);
	return n_done == f->n_servers ? "DONE" : n_done > 0 ? "PART" : "ERRP";
}

const char *admin_apply(struct str body)
{
	struct form f;
	const char *outcome;

	if (form_parse(&f, body) != 0)
		return "ERRP";
	outcome = apply(&f);
	form_fini(&f);
	return outcome;
}
