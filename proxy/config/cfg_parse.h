/* cfg_parse.h - haproxy.cfg text to struct cfg. Pure but for reading the named files; starts
 * nothing. */
#ifndef PROXY_CFG_PARSE_H
#define PROXY_CFG_PARSE_H

#include <stdio.h>
#include <tandem/diag.h>
#include <tandem/util.h>

struct cfg;

/* Read the files (a directory stands for its *.cfg files in the C locale's order), parse, apply
 * defaults, cross-check. NULL when anything is wrong; every error is in d. Free with cfg_free. */
NODISCARD struct cfg *cfg_load(const char *const *paths, unsigned n_paths, struct diag *d);
/* The same from memory, for tests and fuzzing. name: what messages call it. */
NODISCARD struct cfg *cfg_load_text(const char *name, struct str text, struct diag *d);
void cfg_free(struct cfg *c); /* accepts NULL */
/* Canonical text: parses to the same configuration. */
void cfg_dump(const struct cfg *c, struct strbuf *out);
/* Every supported keyword with sections, arguments and one line of help, generated from the tables.
 */
void cfg_print_keywords(FILE *f);

#endif
