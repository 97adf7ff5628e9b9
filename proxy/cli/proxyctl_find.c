/* proxyctl_find.c - where the command sockets are. The files are only looked through for `stats
 * socket`: what else they say may be wrong, and asking for a reload tells what. */
#include "cli/proxyctl.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <tandem/diag.h>

#include "config/cfg_model.h"
#include "config/cfg_parse.h"

/* The line without its indentation, if it is about a socket; else NULL. */
static const char *socket_line(const char *line)
{
	line += strspn(line, " \t");
	if (strncmp(line, "stats", 5) != 0 || strspn(line + 5, " \t") == 0)
		return NULL;
	line += 5 + strspn(line + 5, " \t");
	return strncmp(line, "socket", 6) == 0 && strspn(line + 6, " \t") > 0 ? line + 6 : NULL;
}

/* Let the parser read each line by itself, so that one bad line hides no other. */
static void take_line(const char *rest, struct addr *admins, unsigned *n_admins,
		      struct addr *others, unsigned *n_others)
{
	struct strbuf text = { 0 };
	struct diag d;
	struct cfg *cfg;

	strbuf_addf(&text, "global\n stats socket %s\n", rest);
	diag_init(&d);
	cfg = cfg_load_text("socket", (struct str){ text.p, text.len }, &d);
	diag_fini(&d);
	strbuf_fini(&text);
	if (cfg == NULL)
		return;
	for (const struct cfg_socket *s = cfg->global.sockets; s != NULL; s = s->next) {
		if (s->addr.len == 0 || *n_admins + *n_others >= PROXYCTL_MAX_PLACES)
			continue;
		if (s->level == CTL_ADMIN)
			admins[(*n_admins)++] = s->addr;
		else
			others[(*n_others)++] = s->addr;
	}
	cfg_free(cfg);
}

struct search {
	struct addr admins[PROXYCTL_MAX_PLACES], others[PROXYCTL_MAX_PLACES];
	unsigned n_admins, n_others;
};

static void search_file(const char *path, struct search *s)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;

	if (f == NULL) {
		fprintf(stderr, "proxyd ctl: %s: %m\n", path);
		return;
	}
	while (getline(&line, &cap, f) >= 0) {
		const char *rest = socket_line(line);

		if (rest != NULL)
			take_line(rest, s->admins, &s->n_admins, s->others, &s->n_others);
	}
	free(line);
	(void)fclose(f);
}

static int is_cfg(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && len > 4 && strcmp(e->d_name + len - 4, ".cfg") == 0;
}

static void search_path(const char *path, struct search *s)
{
	struct dirent **entries = NULL;
	struct stat st;
	int n;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		search_file(path, s);
		return;
	}
	n = scandir(path, &entries, is_cfg, alphasort);
	for (int i = 0; i < n; i++) {
		struct strbuf name = { 0 };

		strbuf_addf(&name, "%s/%s", path, entries[i]->d_name);
		search_file(strbuf_str(&name), s);
		strbuf_fini(&name);
		free(entries[i]);
	}
	free(entries);
}

unsigned proxyctl_find_places(const char *const *files, unsigned n_files,
			      struct addr places[PROXYCTL_MAX_PLACES])
{
	struct search s = { .n_admins = 0 };

	for (unsigned i = 0; i < n_files; i++)
		search_path(files[i], &s);
	memcpy(places, s.admins, s.n_admins * sizeof(*places));
	memcpy(places + s.n_admins, s.others, s.n_others * sizeof(*places));
	return s.n_admins + s.n_others;
}
