/* cli_dynamic.c - `add server`, `del server`. */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>

#include <tandem/diag.h>
#include <tandem/log.h>

#include "config/cfg_model.h"
#include "config/cfg_parse.h"
#include "dns/server_template.h"
#include "health/check.h"
#include "pool/backend.h"
#include "pool/idle.h"
#include "process/process.h"
#include "process/registry.h"

/* What makes no sense for a server that no file has, or what other parts of a file refer to. */
static const char *const refused[] = { "init-addr",    "init-state",     "resolvers", "resolve-net",
				       "resolve-opts", "resolve-prefer", "redir",     "disabled" };

/* "BACKEND/SERVER" of a server that does not exist; NULL after an answer. */
static struct backend *find_place(struct ctl_request *rq, struct str *name)
{
	struct str place = cli_arg(rq, 2);
	const char *slash = place.len > 0 ? memchr(place.p, '/', place.len) : NULL;
	struct backend *be;

	if (slash == NULL) {
		strbuf_adds(rq->out, "Require 'backend/server'.");
		return NULL;
	}
	*name = (struct str){ slash + 1, (size_t)(place.p + place.len - slash - 1) };
	be = registry_find_backend(registry_get(),
				   (struct str){ place.p, (size_t)(slash - place.p) });
	if (be == NULL)
		strbuf_adds(rq->out, "No such backend.");
	else if (!backend_algo(be->cfg)->is_dynamic)
		strbuf_adds(rq->out, "Backend must use a dynamic load balancing to support dynamic "
				     "servers.");
	else if (backend_find_server(be, *name) != NULL)
		strbuf_adds(rq->out, "Already exists a server with the same name in backend.\n");
	else if (rq->argc < 4)
		strbuf_adds(rq->out, "'server' expects <name> and <addr>[:<port>] as arguments.\n");
	else
		return be;
	return NULL;
}

/* As one word of a configuration, whatever is in it. */
static void add_quoted(struct strbuf *text, struct str word)
{
	strbuf_addc(text, '"');
	for (size_t i = 0; i < word.len; i++) {
		if (strchr("\\\"$", word.p[i]) != NULL)
			strbuf_addc(text, '\\');
		strbuf_addc(text, word.p[i]);
	}
	strbuf_adds(text, "\" ");
}

struct wish {
	bool is_enabled;
	struct server *track;
};

static struct server *find_tracked(struct ctl_request *rq, struct backend *be, struct str word)
{
	const char *slash = word.len > 0 ? memchr(word.p, '/', word.len) : NULL;
	struct str name = word;
	struct server *s = NULL;

	if (slash != NULL) {
		be = registry_find_backend(registry_get(),
					   (struct str){ word.p, (size_t)(slash - word.p) });
		name = (struct str){ slash + 1, (size_t)(word.p + word.len - slash - 1) };
	}
	if (be != NULL)
		s = backend_find_server(be, name);
	if (s == NULL)
		strbuf_addf(rq->out, "unable to find required server '" STR_FMT "' for tracking.\n",
			    STR_ARG(word));
	else if (s->own_cfg != NULL)
		strbuf_addf(rq->out,
			    "unable to use %s/%s for tracking as it is a dynamic server.\n",
			    s->be->name, s->name);
	else if (s->check == NULL && s->agent == NULL && s->tracked == NULL)
		strbuf_addf(rq->out,
			    "unable to use %s/%s for tracking as it does not have health checks "
			    "enabled.\n",
			    s->be->name, s->name);
	else
		return s;
	return NULL;
}

/* The server as a section of its own, that our parser can read. False after an answer. */
static bool write_section(struct ctl_request *rq, struct backend *be, struct str name,
			  struct strbuf *text, struct wish *wish)
{
	strbuf_addf(text, "backend b\n mode %s\n server ",
		    be->cfg->mode == CFG_MODE_HTTP ? "http" : "tcp");
	add_quoted(text, name);
	for (unsigned i = 3; i < rq->argc; i++) {
		struct str word = rq->argv[i];

		for (size_t k = 0; i > 3 && k < ARRAY_LEN(refused); k++) {
			if (!str_eq(word, str_from(refused[k])))
				continue;
			strbuf_addf(rq->out, "'%s' option is not accepted for dynamic server\n",
				    refused[k]);
			return false;
		}
		if (i > 3 && str_eq(word, STR("enabled"))) {
			wish->is_enabled = true;
		} else if (i > 3 && str_eq(word, STR("track"))) {
			wish->track = find_tracked(rq, be, cli_arg(rq, ++i));
			if (wish->track == NULL)
				return false;
		} else {
			add_quoted(text, word);
		}
		/* a name is never looked up here: it could take long */
		if (i == 3)
			strbuf_adds(text, "init-addr none ");
	}
	strbuf_addc(text, '\n');
	return true;
}

/* "SECTION:3:5: error: what" and the line with a caret: what, of the first. */
static void answer_error(struct strbuf *out, const struct diag *d)
{
	char *text = NULL, *what, *end;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		return;
	diag_print(d, f, DIAG_ERROR);
	(void)fclose(f);
	what = strstr(text, "error: ");
	what = what != NULL ? what + strlen("error: ") : text;
	end = strchr(what, '\n');
	strbuf_addf(out, "%.*s\n", (int)(end != NULL ? end - what : (long)strlen(what)), what);
	free(text);
}

static bool id_is_taken(const struct backend *be, unsigned id)
{
	for (unsigned i = 0; i < be->n_servers; i++)
		if (be->servers[i]->id == id)
			return true;
	return false;
}

/* Returns whether it could be added. cfg is taken. */
static bool add(struct ctl_request *rq, struct backend *be, struct cfg *cfg,
		const struct wish *wish)
{
	struct cfg_server *cs = (struct cfg_server *)cfg->proxies->servers; /* nobody else has it */
	struct process *p = process_self;
	struct server *s;

	if (cs->has_id && id_is_taken(be, cs->id)) {
		strbuf_addf(rq->out, "The id %u is another server's.\n", cs->id);
		cfg_free(cfg);
		return false;
	}
	for (unsigned id = 1; !cs->has_id; id++) {
		cs->id = id;
		if (!id_is_taken(be, id))
			break;
	}
	s = backend_add_server(be, cs, cfg, wish->is_enabled);
	if (s == NULL) {
		strbuf_adds(rq->out, "The backend has as many servers as there can be.\n");
		cfg_free(cfg);
		return false;
	}
	if (p != NULL)
		health_sync(p->engine.health, be);
	if (wish->track != NULL)
		server_track(s, wish->track);
	log_notice("cli", "server_added", "backend=%s server=%s", be->name, s->name);
	return true;
}

void cli_add_server(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct strbuf text = { 0 };
	struct wish wish = { 0 };
	struct str name;
	struct backend *be = find_place(rq, &name);
	struct cfg *cfg;
	struct diag d;

	(void)cursor, (void)more;
	if (be == NULL)
		return;
	diag_init(&d);
	if (write_section(rq, be, name, &text, &wish)) {
		cfg = cfg_load_text("command", (struct str){ text.p, text.len }, &d);
		if (cfg == NULL)
			answer_error(rq->out, &d);
		else if (add(rq, be, cfg, &wish))
			strbuf_adds(rq->out, "New server registered.\n");
	}
	diag_fini(&d);
	strbuf_fini(&text);
}

/* Does the file refer to it, or another server? */
static bool is_referred(const struct server *s)
{
	for (const struct cfg_rule *r = s->be->cfg->use_servers; r != NULL; r = r->next)
		if (r->server == s->cfg)
			return true;
	return !list_is_empty(&s->trackers);
}

void cli_del_server(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct str place = cli_arg(rq, 2);
	struct process *p = process_self;
	struct server *s;

	(void)cursor, (void)more;
	if (place.len == 0 || memchr(place.p, '/', place.len) == NULL) {
		strbuf_adds(rq->out, "Require 'backend/server'.");
		return;
	}
	s = cli_find_server(rq, place);
	if (s == NULL) {
		rq->out->p[--rq->out->len] = '\0'; /* here it has no line of its own */
		return;
	}
	if (is_referred(s)) {
		strbuf_adds(rq->out, "This server cannot be removed at runtime due to other "
				     "configuration elements pointing to it.");
		return;
	}
	if ((s->admin & SERVER_MAINT_MASK) == 0) {
		strbuf_adds(rq->out, "Only servers in maintenance mode can be deleted.");
		return;
	}
	if (p != NULL)
		workers_purge_idle(&p->engine, s);
	if (atomic_load(&s->sess.cur) > 0 || atomic_load(&s->queue.cur) > 0 ||
	    idle_count_sum(s->idle) > 0) {
		strbuf_adds(rq->out,
			    "Server still has connections attached to it, cannot remove it.");
		return;
	}
	log_notice("cli", "server_deleted", "backend=%s server=%s", s->be->name, s->name);
	server_untrack(s);
	if (p != NULL) {
		health_forget(p->engine.health, s);
		dns_forget(s);
	}
	backend_remove_server(s->be, s);
	strbuf_adds(rq->out, "Server deleted.");
}
