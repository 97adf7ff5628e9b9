/* saved_states.c - where the states of servers come from at a start. */
#include "process/saved_states.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tandem/ctl_client.h>
#include <tandem/log.h>

#include "config/cfg_model.h"
#include "pool/backend.h"
#include "pool/server_state.h"
#include "process/process.h"
#include "process/registry.h"

#define ASK_MS   2000
#define MAX_FILE (64u << 20)

struct saved_sources {
	struct saved_states running; /* of the process that we replace */
	struct saved_states global;
	struct saved_states *local; /* owned; of each proxy, by its place in the configuration */
	unsigned n_local;
};

static struct saved_sources *sources_of(struct process *p)
{
	if (p->saved == NULL)
		p->saved = xcalloc(1, sizeof(*p->saved));
	return p->saved;
}

/* ---- the process that we replace ---- */

void saved_states_ask(struct process *p, int fd)
{
	struct strbuf text = { 0 };
	struct saved_states all;
	int rc = ctl_client_ask(fd, STR("show servers state"), &text);

	if (rc == 0)
		rc = server_state_parse(&all, (struct str){ strbuf_str(&text), text.len });
	strbuf_fini(&text);
	if (rc != 0) {
		log_warn("process", "states_not_taken", "error=\"%s\"", strerror(-rc));
		return;
	}
	server_state_fini(&sources_of(p)->running);
	sources_of(p)->running = all;
}

void saved_states_ask_path(struct process *p, const char *path)
{
	struct addr a;
	int fd, rc = addr_from_path(str_from(path), &a);

	fd = rc == 0 ? ctl_client_connect(&a, ASK_MS) : rc;
	if (fd >= 0)
		saved_states_ask(p, fd);
	else
		log_warn("process", "states_not_taken", "error=\"%s\"", strerror(-fd));
}

/* ---- files ---- */

static int read_file(const char *path, struct strbuf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
	char chunk[65536];
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, chunk, sizeof(chunk))) > 0 && out->len <= MAX_FILE)
		strbuf_add(out, chunk, (size_t)n);
	if (n < 0)
		rc = -errno;
	else if (n > 0 || out->failed)
		rc = -EFBIG;
	close(fd);
	return rc;
}

static void load(struct saved_states *out, const char *path, const char *whose)
{
	struct strbuf text = { 0 };
	int rc = read_file(path, &text);

	if (rc != 0)
		log_warn("process", "state_file", "%s file=\"%s\" error=\"%s\"", whose, path,
			 strerror(-rc));
	else if (server_state_parse(out, (struct str){ strbuf_str(&text), text.len }) != 0)
		log_warn("process", "state_file",
			 "%s file=\"%s\" error=\"no version 1 in its first line\"", whose, path);
	else if (out->n_bad > 0)
		log_warn("process", "state_file", "%s file=\"%s\" lines_not_understood=%u", whose,
			 path, out->n_bad);
	strbuf_fini(&text);
}

/* base/name, or name if it begins with a slash or there is no base. */
static void load_below(struct saved_states *out, const char *base, const char *name,
		       const char *whose)
{
	struct strbuf path = { 0 };

	if (base != NULL && name[0] != '/')
		strbuf_addf(&path, "%s/%s", base, name);
	else
		strbuf_adds(&path, name);
	load(out, strbuf_str(&path), whose);
	strbuf_fini(&path);
}

void saved_states_read(struct process *p, const struct cfg *cfg)
{
	const struct cfg_global *g = &cfg->global;
	bool wants_global = false;
	unsigned i = 0;

	for (const struct cfg_proxy *px = cfg->proxies; px != NULL; px = px->next, i++) {
		if (!px->is_backend || px->disabled)
			continue;
		wants_global |= px->load_state == CFG_STATE_GLOBAL;
		if (px->load_state != CFG_STATE_LOCAL)
			continue;
		if (sources_of(p)->local == NULL) {
			p->saved->n_local = cfg->n_proxies;
			p->saved->local = xcalloc(cfg->n_proxies + 1, sizeof(*p->saved->local));
		}
		load_below(&p->saved->local[i], g->state_base,
			   px->state_file != NULL ? px->state_file : px->name, px->name);
	}
	if (wants_global && g->state_file != NULL)
		load_below(&sources_of(p)->global, g->state_base, g->state_file, "global");
}

/* ---- use ---- */

static const struct saved_states *source_for(const struct saved_sources *s,
					     const struct cfg_proxy *px, unsigned i)
{
	switch (px->load_state) {
	case CFG_STATE_GLOBAL:
		return &s->global;
	case CFG_STATE_LOCAL:
		return i < s->n_local ? &s->local[i] : NULL;
	case CFG_STATE_NONE:
		return NULL;
	}
	UNREACHABLE();
}

static void forget(struct process *p)
{
	for (unsigned i = 0; i < p->saved->n_local; i++)
		server_state_fini(&p->saved->local[i]);
	server_state_fini(&p->saved->running);
	server_state_fini(&p->saved->global);
	free(p->saved->local);
	free(p->saved);
	p->saved = NULL;
}

void saved_states_apply(struct process *p)
{
	const struct saved_states *from;
	unsigned i = 0, n = 0;

	if (p->saved == NULL)
		return;
	for (const struct cfg_proxy *px = p->cfg->proxies; px != NULL; px = px->next, i++) {
		struct backend *be = px->live->be;

		if (be == NULL || px->disabled)
			continue;
		from = p->saved->running.n > 0 ? &p->saved->running : source_for(p->saved, px, i);
		if (from != NULL)
			n += server_state_apply(from, be);
	}
	if (n > 0)
		log_notice("process", "states_taken", "servers=%u from=\"%s\"", n,
			   p->saved->running.n > 0 ? "the process before" : "file");
	forget(p);
}
