/* cfg_expr.h - the expressions of `.if` and of the flag -cc: is a feature there, is a variable set,
 * which language version is spoken. Pure but for the environment, which comes in as a function. */
#ifndef PROXY_CFG_EXPR_H
#define PROXY_CFG_EXPR_H

#include <stdbool.h>
#include <tandem/str.h>

/* The HAProxy whose configuration language this is: what version_atleast() compares with. */
#define CFG_LANGUAGE_VERSION "2.6.12"

struct cfg_feature {
	const char *name; /* in HAProxy's words where it has one */
	bool is_there;
};
/* Ended by a row without name. */
extern const struct cfg_feature cfg_features[];

/* 1: true, 0: false, -EINVAL: not an expression, and err says why. getenv: NULL means the
 * process's environment. */
NODISCARD int cfg_expr_eval(struct str text, const char *(*getenv)(const char *),
			    struct strbuf *err);

#endif
