/* cfg_load.h - for tests of haproxy.cfg: text in, messages and the dump out. */
#ifndef TESTS_CFG_LOAD_H
#define TESTS_CFG_LOAD_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tandem/diag.h>
#include <tandem/str.h>

#include "config/cfg_model.h"
#include "config/cfg_parse.h"

struct loaded {
	bool ok;
	unsigned n_errors, n_warnings, n_notices;
	char *messages; /* as diag_print gives them; owned */
	char *dump;     /* "" when not ok; owned */
};

static inline struct loaded loaded_from(struct cfg *c, struct diag *d)
{
	struct loaded l = { .ok = c != NULL,
			    .n_errors = d->n_errors,
			    .n_warnings = d->n_warnings,
			    .n_notices = d->n_notices };
	struct strbuf b = { 0 };
	size_t len = 0;
	FILE *f = open_memstream(&l.messages, &len);

	diag_print(d, f, DIAG_NOTICE);
	fclose(f);
	if (c)
		cfg_dump(c, &b);
	l.dump = xstrdup(strbuf_str(&b));
	strbuf_fini(&b);
	cfg_free(c);
	diag_fini(d);
	return l;
}

static inline struct loaded load_text(const char *text)
{
	struct diag d;

	diag_init(&d);
	return loaded_from(cfg_load_text("cfg", str_from(text), &d), &d);
}

static inline struct loaded load_files(const char *const *paths, unsigned n)
{
	struct diag d;

	diag_init(&d);
	return loaded_from(cfg_load(paths, n, &d), &d);
}

static inline void loaded_fini(struct loaded *l)
{
	free(l->messages);
	free(l->dump);
}

#endif
