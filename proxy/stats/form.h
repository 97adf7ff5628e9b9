/* form.h - what the buttons of the dashboard send: an HTML form
 * (application/x-www-form-urlencoded), with HAProxy's names: s=SERVER (repeated), action=WORD,
 * b=BACKEND or #ID; ours: weight=N. Pure. */
#ifndef PROXY_STATS_FORM_H
#define PROXY_STATS_FORM_H

#include <stdbool.h>
#include <tandem/str.h>

#define FORM_MAX_SERVERS 4096

struct form {
	char *text;                            /* owned: the decoded words */
	const char *action, *backend, *weight; /* "" where missing */
	const char **servers;                  /* owned array, words in text */
	unsigned n_servers;
};

/* Decode. 0; -EINVAL: no form (a bad escape, a NUL, too many servers); -ENOMEM. On failure nothing
 * is left to free. Unknown names are ignored, as by HAProxy. */
NODISCARD int form_parse(struct form *f, struct str body);
void form_fini(struct form *f);

#endif
