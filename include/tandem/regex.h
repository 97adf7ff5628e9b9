/* regex.h - regular expressions of the configuration: PCRE2, compiled once, matched by any thread.
 *
 * A match never runs away: PCRE2's own limits of steps and depth end it, which counts as no match.
 */
#ifndef TANDEM_REGEX_H
#define TANDEM_REGEX_H

#include <stdbool.h>
#include <tandem/str.h>

enum regex_flags { REGEX_NOCASE = 1 };

#define REGEX_MAX_GROUPS 10 /* group 0 is the whole match: what \0 to \9 can name */

/* Bytes [start, end) of the subject; start == -1: the group took no part in the match. */
struct regex_group {
	int start, end;
};

struct regex_error {
	size_t offset;  /* bytes into the pattern */
	char text[128]; /* PCRE2's words */
};

struct regex;
/* NULL: the pattern is wrong, and *e says where and why. The caller owns the result, which is
 * immutable: threads may share it. */
NODISCARD struct regex *regex_new(struct str pattern, unsigned flags, struct regex_error *e);
void regex_free(struct regex *r); /* NULL is fine */
/* Does it match anywhere in subject? Any thread; no allocation after a thread's first call. */
bool regex_matches(const struct regex *r, struct str subject);
/* The same, and where: fills n groups (at most REGEX_MAX_GROUPS). */
bool regex_find(const struct regex *r, struct str subject, struct regex_group *groups, unsigned n);

#endif
