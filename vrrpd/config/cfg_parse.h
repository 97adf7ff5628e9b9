/* cfg_parse.h - keepalived.conf text to struct cfg. Pure but for reading the named files (and
 * passwd for users); starts nothing. */
#ifndef VRRPD_CFG_PARSE_H
#define VRRPD_CFG_PARSE_H

#include <stdio.h>
#include <tandem/diag.h>
#include <tandem/util.h>

struct arena;
struct cfg;
struct cfg_options;

/* NULL when anything is wrong; every error is in d. Free with cfg_free. `include` patterns are
 * followed. o: NULL for the defaults; it must outlive the configuration. */
NODISCARD struct cfg *cfg_load(const char *path, const struct cfg_options *o, struct diag *d);
NODISCARD struct cfg *cfg_load_text(const char *name, struct str text, const struct cfg_options *o,
				    struct diag *d);
void cfg_free(struct cfg *c);
/* Does c belong together with the configuration of its peer, which was read from path? Warnings go
 * to d. */
void cfg_compare(const struct cfg *c, const struct cfg *peer, const char *path, struct diag *d);
/* Canonical text: parses to the same configuration. */
void cfg_dump(const struct cfg *c, struct strbuf *out);
void cfg_print_keywords(FILE *f);
/* What only the machine can tell (is apart from parsing so that a file can be checked elsewhere):
 * interfaces exist, scripts are executable. Problems go to d. */
void cfg_check_machine(const struct cfg *c, struct diag *d);

/* A program line (notify, script) as argv: blanks separate, quotes join. NULL-terminated, in the
 * arena; NULL when the line is empty. */
char **cfg_split_command(struct arena *a, const char *line);

#endif
