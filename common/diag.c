/* diag.c - collects what is wrong with a configuration. */
#include <tandem/diag.h>

#include <stdarg.h>
#include <stdlib.h>

#define CARET_MAX_LINE 400 /* longer source lines are shown in part */

struct entry {
	struct list node;
	enum diag_level level;
	struct diag_pos pos; /* text and file copied to the arena */
	const char *text;
};

void diag_init(struct diag *d)
{
	*d = (struct diag){ 0 };
	list_init(&d->entries);
}

void diag_fini(struct diag *d)
{
	arena_fini(&d->arena);
	diag_init(d);
}

static unsigned *counter_of(struct diag *d, enum diag_level level)
{
	switch (level) {
	case DIAG_NOTICE:
		return &d->n_notices;
	case DIAG_WARNING:
		return &d->n_warnings;
	case DIAG_ERROR:
		return &d->n_errors;
	}
	UNREACHABLE();
}

void diag_add(struct diag *d, enum diag_level level, struct diag_pos pos, const char *fmt, ...)
{
	unsigned *n = counter_of(d, level);
	struct entry *e;
	struct strbuf text = { 0 };
	va_list ap;

	if ((*n)++ >= DIAG_MAX_ERRORS)
		return;
	e = arena_new(&d->arena, struct entry);
	e->level = level;
	e->pos = pos;
	e->pos.file = pos.file ? arena_strdup(&d->arena, pos.file) : NULL;
	e->pos.text = arena_str(&d->arena, pos.text);
	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	e->text = arena_strdup(&d->arena, strbuf_str(&text));
	strbuf_fini(&text);
	list_add_tail(&d->entries, &e->node);
}

const char *diag_nearest(struct str word, const char *(*next)(const void *arg, size_t i),
			 const void *arg, size_t n)
{
	/* a third of the word may be wrong; of short words nothing but a swap or one letter */
	unsigned best = (unsigned)(word.len < 3 ? 1 : MIN(word.len / 3, 3)) + 1;
	const char *nearest = NULL;

	if (word.len < 2)
		return NULL;
	for (size_t i = 0; i < n && best > 0; i++) {
		const char *candidate = next(arg, i);
		unsigned d;

		if (!candidate)
			continue;
		d = str_distance(word, str_from(candidate), best - 1);
		if (d < best) {
			best = d;
			nearest = candidate;
		}
	}
	return nearest;
}

static const char *level_name(enum diag_level level)
{
	switch (level) {
	case DIAG_NOTICE:
		return "notice";
	case DIAG_WARNING:
		return "warning";
	case DIAG_ERROR:
		return "error";
	}
	UNREACHABLE();
}

/* The source line and the caret below column pos->col. What stands before the caret is replaced by
 * blanks of the same width: tabs stay tabs, and bytes that continue a UTF-8 character take no room.
 * Control bytes are shown as '?': a configuration must not steer the terminal. */
static void print_source(const struct diag_pos *pos, FILE *f)
{
	size_t caret = pos->col > 0 ? pos->col - 1 : 0;
	size_t from = 0, len = pos->text.len;

	if (len > CARET_MAX_LINE) {
		from = caret > CARET_MAX_LINE / 2 ? MIN(caret, len) - CARET_MAX_LINE / 2 : 0;
		len = MIN(len - from, CARET_MAX_LINE);
	}
	fputs("    ", f);
	for (size_t i = from; i < from + len; i++) {
		unsigned char c = (unsigned char)pos->text.p[i];

		fputc((c < 0x20 && c != '\t') || c == 0x7f ? '?' : c, f);
	}
	fputc('\n', f);
	if (pos->col == 0)
		return;
	fputs("    ", f);
	for (size_t i = from; i < caret; i++) {
		unsigned char c = i < pos->text.len ? (unsigned char)pos->text.p[i] : ' ';

		if ((c & 0xc0) != 0x80)
			fputc(c == '\t' ? '\t' : ' ', f);
	}
	fputs("^\n", f);
}

static void print_entry(const struct entry *e, FILE *f)
{
	if (e->pos.file)
		fprintf(f, "%s:", e->pos.file);
	if (e->pos.file && e->pos.line > 0)
		fprintf(f, "%u:", e->pos.line);
	if (e->pos.file && e->pos.line > 0 && e->pos.col > 0)
		fprintf(f, "%u:", e->pos.col);
	fprintf(f, "%s%s: %s\n", e->pos.file ? " " : "", level_name(e->level), e->text);
	if (e->pos.line > 0 && e->pos.text.len > 0)
		print_source(&e->pos, f);
}

static void print_rest(const struct diag *d, FILE *f)
{
	if (d->n_errors > DIAG_MAX_ERRORS)
		fprintf(f, "%u further errors are not shown\n", d->n_errors - DIAG_MAX_ERRORS);
}

void diag_print(const struct diag *d, FILE *f, enum diag_level min)
{
	const struct entry *e;

	list_for_each (e, &d->entries, node) {
		if (e->level >= min)
			print_entry(e, f);
	}
	print_rest(d, f);
}

void diag_print_level(const struct diag *d, FILE *f, enum diag_level level)
{
	const struct entry *e;

	list_for_each (e, &d->entries, node) {
		if (e->level == level)
			print_entry(e, f);
	}
	if (level == DIAG_ERROR)
		print_rest(d, f);
}

void diag_demote(struct diag *d)
{
	struct entry *e;

	list_for_each (e, &d->entries, node) {
		if (e->level == DIAG_ERROR)
			e->level = DIAG_WARNING;
	}
	d->n_warnings += d->n_errors;
	d->n_errors = 0;
}
