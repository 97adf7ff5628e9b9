/* proxyctl_print.c - answers for people and for programs. */
#include "cli/proxyctl.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <tandem/str.h>

#include <tandem/html.h>

/* ---- CSV ---- */

/* Cut the cell that *at begins with, in place; *at is then behind it. true: the line goes on. */
static bool take_cell(char **at, char **cell)
{
	char *r = *at, *w = r;
	bool is_quoted = *r == '"', goes_on;

	*cell = w;
	if (is_quoted)
		r++;
	while (*r != '\0' && (is_quoted || (*r != ',' && *r != '\n'))) {
		if (is_quoted && *r == '"') {
			if (r[1] != '"') {
				is_quoted = false;
				r++;
				continue;
			}
			r++;
		}
		*w++ = *r++;
	}
	goes_on = *r == ',';
	*at = *r != '\0' ? r + 1 : r;
	*w = '\0';
	return goes_on;
}

/* A line of cells; the last comma ends it, as HAProxy writes. */
static unsigned take_line(char **at, char **cells, unsigned max)
{
	unsigned n = 0;
	char *cell;

	while (take_cell(at, &cell))
		if (n < max)
			cells[n++] = cell;
	if (*cell != '\0' && n < max)
		cells[n++] = cell;
	return n;
}

static unsigned count_char(const char *text, char c, bool in_first_line)
{
	unsigned n = 0;

	for (; *text != '\0' && !(in_first_line && *text == '\n'); text++)
		n += *text == c;
	return n;
}

int csv_parse(const char *text, struct csv *out)
{
	unsigned max_rows = count_char(text, '\n', false) + 1;
	unsigned max_columns = count_char(text, ',', true) + 1;
	char *at;

	if (strncmp(text, "# ", 2) != 0)
		return -EINVAL;
	*out = (struct csv){ .text = xstrdup(text) };
	out->names = xcalloc(max_columns, sizeof(char *));
	out->cells = xcalloc((size_t)max_rows * max_columns, sizeof(char *));
	at = out->text + 2;
	out->n_columns = take_line(&at, out->names, max_columns);
	while (*at != '\0' && *at != '\n') {
		char **row = out->cells + (size_t)out->n_rows * out->n_columns;
		unsigned n = take_line(&at, row, out->n_columns);

		for (; n < out->n_columns; n++)
			row[n] = "";
		out->n_rows++;
	}
	return 0;
}

const char *csv_get(const struct csv *c, unsigned row, const char *name)
{
	for (unsigned i = 0; i < c->n_columns; i++)
		if (strcmp(c->names[i], name) == 0)
			return c->cells[(size_t)row * c->n_columns + i];
	return "";
}

void csv_fini(struct csv *c)
{
	free(c->text);
	free(c->names);
	free(c->cells);
	*c = (struct csv){ 0 };
}

/* ---- JSON ---- */

static bool is_integer(const char *text)
{
	size_t len;

	if (*text == '-')
		text++;
	len = strlen(text);
	if (len == 0 || len > 18 || (len > 1 && *text == '0'))
		return false;
	return strspn(text, "0123456789") == len;
}

static void add_member(struct strbuf *out, const char *name, const char *value)
{
	if (out->len > 0 && out->p[out->len - 1] != '{')
		strbuf_addc(out, ',');
	json_add(out, str_from(name));
	strbuf_addc(out, ':');
	if (is_integer(value))
		strbuf_adds(out, value);
	else
		json_add(out, str_from(value));
}

static void print_csv_json(const struct csv *c, FILE *f)
{
	struct strbuf row = { 0 };

	fputs("[", f);
	for (unsigned i = 0; i < c->n_rows; i++) {
		strbuf_clear(&row);
		strbuf_addc(&row, '{');
		for (unsigned j = 0; j < c->n_columns; j++) {
			const char *value = c->cells[(size_t)i * c->n_columns + j];

			if (*value != '\0' && strcmp(c->names[j], "-") != 0)
				add_member(&row, c->names[j], value);
		}
		fprintf(f, "%s\n%s}", i > 0 ? "," : "", strbuf_str(&row));
	}
	fputs("\n]\n", f);
	strbuf_fini(&row);
}

/* ---- tables ---- */

static const struct {
	const char *title, *column;
} stat_columns[] = {
	{ "proxy", "pxname" },  { "name", "svname" },        { "status", "status" },
	{ "weight", "weight" }, { "check", "check_status" }, { "since", "lastchg" },
	{ "sessions", "scur" }, { "max", "smax" },           { "limit", "slim" },
	{ "queue", "qcur" },    { "rate", "rate" },          { "total", "stot" },
	{ "in", "bin" },        { "out", "bout" },           { "retries", "wretr" },
	{ "5xx", "hrsp_5xx" },
};

static void print_stat(const struct csv *c, FILE *f)
{
	struct ctl_table t = { .n_columns = ARRAY_LEN(stat_columns) };

	for (size_t i = 0; i < ARRAY_LEN(stat_columns); i++)
		ctl_table_add(&t, str_from(stat_columns[i].title));
	for (unsigned row = 0; row < c->n_rows; row++)
		for (size_t i = 0; i < ARRAY_LEN(stat_columns); i++)
			ctl_table_add(&t, str_from(csv_get(c, row, stat_columns[i].column)));
	ctl_table_print(&t, f);
	ctl_table_fini(&t);
}

/* The next line, cut off in place; NULL: none. */
static char *next_line(char **at)
{
	char *line = strsep(at, "\n");

	return line != NULL && (*line != '\0' || (*at != NULL && **at != '\0')) ? line : NULL;
}

/* "# NAME NAME ..." and lines of as many words. */
static void print_words(char *text, bool is_json, FILE *f)
{
	struct ctl_table t = { 0 };
	struct strbuf row = { 0 };
	char *names[64] = { 0 }, *line, *word, *at = text;
	unsigned n_rows = 0;

	line = next_line(&at) + 2;
	while ((word = strsep(&line, " ")) != NULL && t.n_columns < ARRAY_LEN(names))
		if (*word != '\0')
			names[t.n_columns++] = word;
	for (unsigned i = 0; i < t.n_columns; i++)
		ctl_table_add(&t, str_from(names[i]));
	if (is_json)
		fputc('[', f);
	while ((line = next_line(&at)) != NULL) {
		strbuf_clear(&row);
		strbuf_addc(&row, '{');
		for (unsigned i = 0; i < t.n_columns; i++) {
			/* the last name stands for all that is left */
			word = i + 1 < t.n_columns ? strsep(&line, " ") : line;
			ctl_table_add(&t, str_from(word != NULL ? word : ""));
			add_member(&row, names[i], word != NULL ? word : "");
		}
		if (is_json)
			fprintf(f, "%s\n%s}", n_rows > 0 ? "," : "", strbuf_str(&row));
		n_rows++;
	}
	if (is_json)
		fputs("\n]\n", f);
	else
		ctl_table_print(&t, f);
	ctl_table_fini(&t);
	strbuf_fini(&row);
}

/* "NAME: value" lines. */
static void print_pairs(char *text, bool is_json, FILE *f)
{
	struct ctl_table t = { .n_columns = 2 };
	struct strbuf object = { 0 };
	char *line, *at = text;

	strbuf_addc(&object, '{');
	while ((line = next_line(&at)) != NULL) {
		char *value = strstr(line, ": ");

		if (value == NULL)
			continue;
		*value = '\0';
		ctl_table_add(&t, str_from(line));
		ctl_table_add(&t, str_from(value + 2));
		add_member(&object, line, value + 2);
	}
	if (is_json)
		fprintf(f, "%s}\n", strbuf_str(&object));
	else
		ctl_table_print(&t, f);
	ctl_table_fini(&t);
	strbuf_fini(&object);
}

static void print_lines(char *text, bool is_json, FILE *f)
{
	struct strbuf out = { 0 };
	char *line, *at = text;
	bool is_first = true;

	if (!is_json || *text == '[' || *text == '{') {
		size_t len = strlen(text);

		while (len > 1 && text[len - 1] == '\n' && text[len - 2] == '\n')
			len--; /* the end of the answer */
		if (strcmp(text, "\n") != 0)
			fwrite(text, 1, len, f);
		return;
	}
	strbuf_adds(&out, "{\"answer\":[");
	while ((line = next_line(&at)) != NULL) {
		if (!is_first)
			strbuf_addc(&out, ',');
		is_first = false;
		json_add(&out, str_from(line));
	}
	fprintf(f, "%s]}\n", strbuf_str(&out));
	strbuf_fini(&out);
}

static bool is_pairs(const char *command)
{
	return strcmp(command, "show info") == 0;
}

void proxyctl_print(const struct proxyctl *c, const char *command, const char *answer, FILE *f)
{
	char *text = xstrdup(answer), *body = text;
	struct csv csv;

	if (strncmp(body, "1\n# ", 4) == 0)
		body += 2; /* the version of `show servers state` */
	if (strncmp(body, "# pxname,", 9) == 0 && csv_parse(body, &csv) == 0) {
		if (c->is_json)
			print_csv_json(&csv, f);
		else
			print_stat(&csv, f);
		csv_fini(&csv);
	} else if (strncmp(body, "# ", 2) == 0 && strchr(command, ';') == NULL) {
		print_words(body, c->is_json, f);
	} else if (is_pairs(command)) {
		print_pairs(body, c->is_json, f);
	} else {
		print_lines(body, c->is_json, f);
	}
	free(text);
}
