/* lexer.h - configuration text to lines of words with positions; haproxy.cfg and keepalived.conf.
 *
 * Pure: the text comes in as memory, the environment as a function. Both dialects know # comments,
 * single and double quotes, and backslash escapes. The haproxy dialect has escapes outside of
 * single quotes and expands $VAR, ${VAR}, ${VAR-default} and ${VAR[*]} inside double quotes; a
 * backslash at the end of a line does not join lines, as in HAProxy 2.6. The keepalived dialect has
 * escapes inside quotes of both kinds, also ! comments, and makes { and } words of their own.
 * Errors (open quote, bad escape, undefined brace) go to diag and the line is still returned with
 * what could be read.
 */
#ifndef TANDEM_LEXER_H
#define TANDEM_LEXER_H

#include <stdbool.h>
#include <tandem/arena.h>
#include <tandem/diag.h>
#include <tandem/str.h>

enum lex_dialect { LEX_HAPROXY, LEX_KEEPALIVED };

#define LEX_MAX_WORDS 256  /* in one line; more is an error */
#define LEX_MAX_LINE  8192 /* bytes */

struct token {
	struct str text; /* after quotes, escapes and variables; terminated by NUL; in the arena */
	unsigned line, col;
	bool quoted; /* some part of it was in quotes: "{" in quotes is no brace */
};

struct lex_line {
	struct token *tok; /* n words and after them one empty word that marks the end */
	unsigned n;
	struct diag_pos pos; /* of the line (col 0) */
	struct str source;   /* private: all the lines that were joined, for lex_pos */
};

struct lexer {
	enum lex_dialect dialect;
	const char *file; /* in the arena */
	struct str text;  /* borrowed while lexing */
	size_t at;
	unsigned line;
	struct arena *arena; /* borrowed: words are allocated here */
	struct diag *diag;   /* borrowed */
	const char *(*getenv)(const char *name);
};

/* getenv: NULL means the process's environment. file is copied. */
void lexer_init(struct lexer *lx, enum lex_dialect dialect, const char *file, struct str text,
		struct arena *arena, struct diag *diag, const char *(*getenv)(const char *));
/* The next line that has words. false at the end. The line lives in the arena. */
bool lexer_next(struct lexer *lx, struct lex_line *out);
/* Where word i of a line stands (i == n: after the last). */
struct diag_pos lex_pos(const struct lex_line *l, unsigned i);

/* Read a whole file (at most 16 MiB, regular file, no NUL bytes) into the arena.
 * 0 or -errno (-EFBIG, -EISDIR, -EILSEQ for a NUL byte). */
NODISCARD int lexer_read_file(const char *path, struct arena *arena, struct str *out);

#endif
