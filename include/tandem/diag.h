/* diag.h - collects what is wrong with a configuration: many errors in one run, each with file,
 * line, column, reason, the line itself with a caret, and the nearest right word. Prints nothing by
 * itself. */
#ifndef TANDEM_DIAG_H
#define TANDEM_DIAG_H

#include <stdbool.h>
#include <stdio.h>
#include <tandem/arena.h>
#include <tandem/list.h>

enum diag_level { DIAG_NOTICE, DIAG_WARNING, DIAG_ERROR };

/* A place in a configuration file; all borrowed from the lexer's file, which must outlive the
 * diag's calls only (diag copies). line and col count from 1; col 0: the whole line; line 0: the
 * whole file. */
struct diag_pos {
	const char *file;
	unsigned line, col;
	struct str text; /* the source line, for the caret; may be empty */
};

struct diag {
	struct arena arena;
	struct list entries;
	unsigned n_errors, n_warnings, n_notices;
};

#define DIAG_MAX_ERRORS 100 /* further errors are counted, not kept */

void diag_init(struct diag *d);
void diag_fini(struct diag *d);
PRINTF_LIKE(4, 5)
void diag_add(struct diag *d, enum diag_level level, struct diag_pos pos, const char *fmt, ...);
#define diag_error(d, pos, ...)   diag_add((d), DIAG_ERROR, (pos), __VA_ARGS__)
#define diag_warning(d, pos, ...) diag_add((d), DIAG_WARNING, (pos), __VA_ARGS__)
#define diag_notice(d, pos, ...)  diag_add((d), DIAG_NOTICE, (pos), __VA_ARGS__)

/* The nearest of n words to `word`, or NULL when none is near enough to be worth suggesting.
 * next(arg, i) gives the i-th candidate. */
const char *diag_nearest(struct str word, const char *(*next)(const void *arg, size_t i),
			 const void *arg, size_t n);
/* Print all entries of at least `min` to f as "[ALERT]    (prog) : file:line:col: text" is the
 * business of the daemon; here: "file:line:col: error: text", the source line and the caret. Colour
 * never. */
void diag_print(const struct diag *d, FILE *f, enum diag_level min);
/* Only the entries of that level. */
void diag_print_level(const struct diag *d, FILE *f, enum diag_level level);
/* Errors become warnings: where they are advice, not a verdict. */
void diag_demote(struct diag *d);

#endif
