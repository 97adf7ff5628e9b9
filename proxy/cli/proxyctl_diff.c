/* proxyctl_diff.c - `proxyd ctl diff`: what a reload would change, section by section. */
#include "cli/proxyctl.h"

#include <stdlib.h>
#include <string.h>

#include <tandem/diag.h>
#include <tandem/str.h>

#include "config/cfg_parse.h"

#define MAX_LINES                                                                                  \
	4096 /* of a section that is compared line by line; a longer one is shown whole            \
	      */

/* A canonical configuration, cut into sections: a line that does not begin with a tab, and those
 * below it that do. */
struct section {
	const char *head; /* borrowed; lines end with NUL */
	const char **lines;
	unsigned n_lines;
};
struct sections {
	char *text;          /* owned */
	const char **lines;  /* owned: room for all lines of all sections */
	struct section *all; /* owned */
	unsigned n;
};

static int cut(const char *text, struct sections *out)
{
	unsigned n_lines = 1, at = 0;
	char *rest, *line;

	for (const char *p = text; *p != '\0'; p++)
		n_lines += *p == '\n';
	*out = (struct sections){ .text = strdup(text),
				  .lines = calloc(n_lines, sizeof(*out->lines)),
				  .all = calloc(n_lines, sizeof(*out->all)) };
	if (out->text == NULL || out->lines == NULL || out->all == NULL)
		return -1;
	for (rest = out->text; (line = strsep(&rest, "\n")) != NULL;) {
		if (*line == '\0')
			continue;
		if (*line != '\t') {
			out->all[out->n++] =
				(struct section){ .head = line, .lines = &out->lines[at] };
			continue;
		}
		if (out->n == 0)
			return -1;
		out->lines[at++] = line + 1;
		out->all[out->n - 1].n_lines++;
	}
	return 0;
}

static void sections_fini(struct sections *s)
{
	free(s->text);
	free(s->lines);
	free(s->all);
}

static const struct section *find(const struct sections *s, const char *head)
{
	for (unsigned i = 0; i < s->n; i++)
		if (strcmp(s->all[i].head, head) == 0)
			return &s->all[i];
	return NULL;
}

/* Bytes of the line before its secret; all of it where there is none. */
static size_t shown_len(const char *line)
{
	static const char auth[] = "stats auth ", key[] = "dynamic-cookie-key ",
			  field[] = "authorization";
	const char *at;

	if (strncmp(line, auth, sizeof(auth) - 1) == 0) {
		at = strchr(line, ':'); /* the user may be seen */
		return at != NULL ? (size_t)(at - line) + 1 : sizeof(auth) - 1;
	}
	if (strncmp(line, key, sizeof(key) - 1) == 0)
		return sizeof(key) - 1;
	at = strcasestr(line, field); /* what checks and rules send */
	if (at != NULL && at[sizeof(field) - 1] == ' ')
		return (size_t)(at - line) + sizeof(field);
	return strlen(line);
}

/* The lines are compared as they are and shown without passwords and keys: what a diff prints
 * ends in tickets and in the logs of deployments. */
static void show_line(char sign, const char *line, FILE *f)
{
	const size_t len = shown_len(line);

	fprintf(f, "%c \t%.*s%s\n", sign, (int)len, line, line[len] != '\0' ? "(hidden)" : "");
}

static void show(char sign, const struct section *s, FILE *f)
{
	fprintf(f, "%c %s\n", sign, s->head);
	for (unsigned i = 0; i < s->n_lines; i++)
		show_line(sign, s->lines[i], f);
}

static bool is_same(const struct section *a, const struct section *b)
{
	if (a->n_lines != b->n_lines)
		return false;
	for (unsigned i = 0; i < a->n_lines; i++)
		if (strcmp(a->lines[i], b->lines[i]) != 0)
			return false;
	return true;
}

/* The lines that are in one of them only, in their order: by the longest common subsequence. */
static void show_changes(const struct section *a, const struct section *b, FILE *f)
{
	const size_t width = b->n_lines + 1u;
	unsigned i = 0, k = 0;
	unsigned short *common;

	if (a->n_lines > MAX_LINES || b->n_lines > MAX_LINES ||
	    (common = calloc((a->n_lines + 1u) * width, sizeof(*common))) == NULL) {
		show('-', a, f);
		show('+', b, f);
		return;
	}
	for (unsigned x = a->n_lines; x-- > 0;)
		for (unsigned y = b->n_lines; y-- > 0;)
			common[x * width + y] =
				strcmp(a->lines[x], b->lines[y]) == 0
					? (unsigned short)(common[(x + 1) * width + y + 1] + 1)
					: MAX(common[(x + 1) * width + y],
					      common[x * width + y + 1]);
	fprintf(f, "  %s\n", a->head);
	while (i < a->n_lines || k < b->n_lines) {
		if (i < a->n_lines && k < b->n_lines && strcmp(a->lines[i], b->lines[k]) == 0) {
			i++;
			k++;
		} else if (k == b->n_lines ||
			   (i < a->n_lines &&
			    common[(i + 1) * width + k] >= common[i * width + k + 1])) {
			show_line('-', a->lines[i++], f);
		} else {
			show_line('+', b->lines[k++], f);
		}
	}
	free(common);
}

static unsigned compare(const struct sections *now, const struct sections *then, FILE *f)
{
	unsigned n = 0;

	for (unsigned i = 0; i < now->n; i++) {
		const struct section *other = find(then, now->all[i].head);

		if (other == NULL)
			show('-', &now->all[i], f);
		else if (!is_same(&now->all[i], other))
			show_changes(&now->all[i], other, f);
		else
			continue;
		n++;
	}
	for (unsigned i = 0; i < then->n; i++) {
		if (find(now, then->all[i].head) != NULL)
			continue;
		show('+', &then->all[i], f);
		n++;
	}
	return n;
}

int proxyctl_diff_texts(const char *now, const char *then, FILE *f)
{
	struct sections a = { 0 }, b = { 0 };
	int n = -1;

	if (cut(now, &a) == 0 && cut(then, &b) == 0)
		n = (int)compare(&a, &b, f);
	sections_fini(&a);
	sections_fini(&b);
	return n;
}

/* The files as they would be in force, or every problem on stderr. */
static int read_files(const char *const *files, unsigned n, struct strbuf *out)
{
	struct diag d;
	struct cfg *cfg;

	diag_init(&d);
	cfg = cfg_load(files, n, &d);
	diag_print(&d, stderr, DIAG_WARNING);
	diag_fini(&d);
	if (cfg == NULL)
		return -1;
	cfg_dump(cfg, out);
	cfg_free(cfg);
	return 0;
}

int proxyctl_diff(struct proxyctl *c)
{
	struct strbuf now = { 0 }, then = { 0 };
	int n = -1, rc = CTL_DOWN;

	if (c->argc < 2) {
		fputs("Usage: proxyd ctl diff FILE...\n", stderr);
		return CTL_DOWN;
	}
	if (read_files((const char *const *)&c->argv[1], (unsigned)c->argc - 1, &then) != 0)
		fputs("A reload would be refused: nothing would change.\n", stderr);
	else if (proxyctl_ask(c, "show config", &now) == 0)
		n = proxyctl_diff_texts(strbuf_str(&now), strbuf_str(&then), stdout);
	if (n > 0) {
		printf("A reload would change %d section%s.\n", n, n == 1 ? "" : "s");
		rc = CTL_DEGRADED;
	} else if (n == 0) {
		puts("A reload would change nothing.");
		rc = CTL_GOOD;
	}
	strbuf_fini(&now);
	strbuf_fini(&then);
	return rc;
}
