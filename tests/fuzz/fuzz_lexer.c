/* fuzz_lexer.c - the lexer on arbitrary bytes. The first byte chooses the dialect. */
#include <tandem/lexer.h>

#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *fuzz_env(const char *name)
{
	return name[0] == 'A' ? "a  b\tc" : name[0] == 'E' ? "" : NULL;
}

/* What every line promises, whatever the text was. */
static void check_line(const struct lex_line *l, struct str text)
{
	unsigned line = l->pos.line;

	ASSERT(l->n > 0 && l->n <= LEX_MAX_WORDS);
	for (unsigned i = 0; i <= l->n; i++) {
		const struct token *t = &l->tok[i];
		struct diag_pos pos = lex_pos(l, i);

		ASSERT(strlen(t->text.p) == t->text.len);
		ASSERT(t->line >= line && t->col >= 1);
		ASSERT(pos.line == t->line && pos.col == t->col);
		ASSERT(pos.col <= pos.text.len + 2); /* CR may stand before the end */
		ASSERT(pos.text.len <= text.len);
		line = t->line;
	}
	ASSERT(l->tok[l->n].text.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct lex_line l;
	struct lexer lx;
	struct diag d;
	struct str text;
	FILE *f;

	if (size == 0)
		return 0;
	text = (struct str){ (const char *)data + 1, size - 1 };
	diag_init(&d);
	lexer_init(&lx, data[0] & 1 ? LEX_HAPROXY : LEX_KEEPALIVED, "fuzz", text, &arena, &d,
		   fuzz_env);
	while (lexer_next(&lx, &l)) {
		check_line(&l, text);
		diag_notice(&d, lex_pos(&l, l.n), "end");
	}
	ASSERT(lx.at == text.len);
	f = fopen("/dev/null", "w");
	if (f) {
		diag_print(&d, f, DIAG_NOTICE);
		fclose(f);
	}
	diag_fini(&d);
	arena_fini(&arena);
	return 0;
}
