/* cfg_macro.h - the preprocessor of keepalived.conf: parameters ($NAME=value, $NAME, ${NAME}),
 * lines for one node (@id, @^id), repeated lines (~SEQ, ~SEQx, ~LST). Pure: lines come in, lines
 * come out.
 *
 * The values of parameters are kept as written and are substituted where they are used, so a value
 * may itself use parameters that are defined later. */
#ifndef VRRPD_CFG_MACRO_H
#define VRRPD_CFG_MACRO_H

#include <stdbool.h>
#include <tandem/arena.h>
#include <tandem/diag.h>

struct cfg_line {
	struct cfg_line *next;
	struct str text;
	unsigned line; /* where it stands in its file, for messages */
};

struct cfg_param;
struct cfg_macros {
	struct arena *arena; /* borrowed */
	struct diag *diag;   /* borrowed */
	const char *id;      /* for @id; borrowed */
	struct cfg_param *params;
	struct cfg_param *open; /* a definition of several lines that goes on */
	unsigned n_lines;       /* made so far: a limit against explosions */
};

/* Does this text need the preprocessor at all? */
bool cfg_macro_is_used(struct str text);
/* What a line stands for: no line, one, or several. dir: of the file, for ${_PWD}. */
struct cfg_line *cfg_macro_expand(struct cfg_macros *m, const char *file, struct str text,
				  unsigned line);

#endif
