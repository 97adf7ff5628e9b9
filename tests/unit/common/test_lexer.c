/* test_lexer.c - configuration text to words, in both dialects. */
#include <tandem/lexer.h>

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../lib/unit.h"

static const char *fake_env(const char *name)
{
	if (strcmp(name, "A") == 0)
		return "va lue";
	if (strcmp(name, "EMPTY") == 0)
		return "";
	if (strcmp(name, "LIST") == 0)
		return " a  b c ";
	if (strcmp(name, "TRICKY") == 0)
		return "\"$A\\n#'";
	return NULL;
}

/* Lex text; words of a line are put in brackets, lines end with '\n'. */
static void lex(enum lex_dialect dialect, struct str text, struct arena *arena, struct diag *d,
		struct strbuf *out)
{
	struct lex_line l;
	struct lexer lx;

	lexer_init(&lx, dialect, "f", text, arena, d, fake_env);
	while (lexer_next(&lx, &l)) {
		ck_assert_uint_gt(l.n, 0);
		ck_assert_uint_eq(l.tok[l.n].text.len, 0);
		for (unsigned i = 0; i < l.n; i++) {
			ck_assert_uint_eq(strlen(l.tok[i].text.p), l.tok[i].text.len);
			strbuf_addf(out, "[%s]", l.tok[i].text.p);
		}
		strbuf_addc(out, '\n');
	}
}

struct row {
	const char *text, *out;
	const char *problem; /* "line:col: level" of the first; NULL: none */
};

static const struct row haproxy[] = {
	{ "", "", NULL },
	{ "\n \n\t\n# x\n", "", NULL },
	{ "a b\tc\n", "[a][b][c]\n", NULL },
	{ "  a  b  \n", "[a][b]\n", NULL },
	{ "a\r\nb\r\n", "[a]\n[b]\n", NULL },
	{ "a", "[a]\n", "1:2: warning" },
	{ "a # b\n", "[a]\n", NULL },
	{ "a#b\n", "[a]\n", NULL },
	{ "a \\# b\n", "[a][#][b]\n", NULL },
	{ "a \"# b\"\n", "[a][# b]\n", NULL },
	{ "a '# \\n $A \"' b\n", "[a][# \\n $A \"][b]\n", NULL },
	{ "a x\"y z\"'w w'v\n", "[a][xy zw wv]\n", NULL },
	{ "a \"\" b\n", "[a][][b]\n", NULL },
	{ "a '' b\n", "[a][][b]\n", NULL },
	{ "a b\\ c\n", "[a][b c]\n", NULL },
	{ "a \\\\ \\\" \\'\n", "[a][\\][\"][']\n", NULL },
	{ "a \\$b\\$ \"\\$b\"\n", "[a][\\$b\\$][$b]\n", NULL },
	{ "a b\\\tc \"\\\t\"\n", "[a][b\\][c][\\\t]\n", NULL },
	{ "a \\n \\r \\t \\x41\\x7a\n", "[a][\n][\r][\t][Az]\n", NULL },
	{ "a \"\\n\\r\\t\\x41\\\"\\\\\\$\\#\\ \\'\"\n", "[a][\n\r\tA\"\\$# ']\n", NULL },
	{ "a \\q \"\\q\"\n", "[a][\\q][\\q]\n", NULL },
	{ "a \"$A\" \"${A}\" \"x${A}y\"\n", "[a][va lue][va lue][xva luey]\n", NULL },
	{ "a $A ${A}\n", "[a][$A][${A}]\n", NULL },
	{ "a \"$NONE\" \"${NONE}\" b\n", "[a][][][b]\n", NULL },
	{ "a \"${NONE-d e}\" \"${A-d}\" \"${EMPTY-d}\"\n", "[a][d e][va lue][]\n", NULL },
	{ "a \"${NONE-}\"\n", "[a][]\n", NULL },
	{ "a \"$TRICKY\"\n", "[a][\"$A\\n#']\n", NULL },
	{ "a \"$A.b\" \"$A-x\"\n", "[a][va lue.b][va lue-x]\n", NULL },
	{ "a \"${A[*]}\"\n", "[a][va][lue]\n", NULL },
	{ "a x\"${LIST[*]}\"y\n", "[a][x][a][b][c][y]\n", NULL },
	{ "a { b } {c}\n", "[a][{][b][}][{c}]\n", NULL },
	{ "a ! b\n", "[a][!][b]\n", NULL },
	{ "a b\\\n c\nd\n", "[a][b\\]\n[c]\n[d]\n", "1:4: warning" },
	{ "a b\\\r\n c\r\nd\r\n", "[a][b\\]\n[c]\n[d]\n", "1:4: warning" },
	{ "a b # c \\\nd\n", "[a][b]\n[d]\n", NULL },
	{ "a '\\\nb\n", "[a][\\]\n[b]\n", "1:3: error" },
	{ "a \\\n", "[a][\\]\n", "1:3: warning" },
	{ "a \\", "[a][\\]\n", "1:3: warning" },
	{ "a \"b c\nd\n", "[a][b c]\n[d]\n", "1:3: error" },
	{ "a 'b c\nd\n", "[a][b c]\n[d]\n", "1:3: error" },
	{ "a b\\x4g\n", "[a][b4g]\n", "1:4: error" },
	{ "a \\x\n", "[a][]\n", "1:3: error" },
	{ "a b\\x00c\n", "[a][bc]\n", "1:4: error" },
	{ "a \"${A\"\n", "[a][]\n", "1:5: error" },
	{ "a \"${9}\"\n", "[a][9}]\n", "1:6: error" },
	{ "a \"$\"\n", "[a][]\n", "1:5: error" },
	{ "a \"${NONE-x\"\n", "[a][]\n", "1:5: error" },
	{ "a\rb\n", "[ab]\n", "1:2: error" },
};

static const struct row keepalived[] = {
	{ "", "", NULL },
	{ "a b\n", "[a][b]\n", NULL },
	{ "a b", "[a][b]\n", NULL },
	{ "a ! b\n", "[a]\n", NULL },
	{ "! b\n# c\na\n", "[a]\n", NULL },
	{ "a b!c\n", "[a][b]\n", NULL },
	{ "a \"b!c\" 'd#e'\n", "[a][b!c][d#e]\n", NULL },
	{ "vrrp_instance VI_1 {\n}\n", "[vrrp_instance][VI_1][{]\n[}]\n", NULL },
	{ "a{b}c\n", "[a][{][b][}][c]\n", NULL },
	{ "a \"{b}\" '{'\n", "[a][{b}][{]\n", NULL },
	{ "abcd\" efg h jkl \"mnop\n", "[abcd efg h jkl mnop]\n", NULL },
	{ "abcd \"efg h jkl\" mnop\n", "[abcd][efg h jkl][mnop]\n", NULL },
	{ "a \"\\a\\b\\E\\f\\n\\r\\t\\v\"\n", "[a][\a\b\033\f\n\r\t\v]\n", NULL },
	{ "a \"\\101\\x41\\cA\\\\\\\"\"\n", "[a][AA\001\\\"]\n", NULL },
	{ "a \"\\60z\" \"\\1011\"\n", "[a][0z][A1]\n", NULL },
	{ "auth_pass a\\n\\x41\\\nb\n", "[auth_pass][a\\n\\x41\\]\n[b]\n", NULL },
	{ "a \"b\\\nc\n", "[a][b\\]\n[c]\n", "1:3: error" },
	{ "a \"$X\" $Y\n", "[a][$X][$Y]\n", NULL },
	{ "a \"\\400\"\n", "[a][]\n", "1:4: error" },
	{ "a \"\\0\"\n", "[a][]\n", "1:4: error" },
	{ "a \"\\xfff\"\n", "[a][]\n", "1:4: error" },
	{ "a \"\\xg\"\n", "[a][g]\n", "1:4: error" },
	{ "a \"b\nc\n", "[a][b]\n[c]\n", "1:3: error" },
	{ "a\r\nb {\r\n", "[a]\n[b][{]\n", NULL },
};

static void check_row(enum lex_dialect dialect, const struct row *r)
{
	struct strbuf out = { 0 };
	struct arena arena = { 0 };
	struct diag d;
	char text[4096] = "", want[64] = "";
	FILE *f;

	diag_init(&d);
	lex(dialect, str_from(r->text), &arena, &d, &out);
	ck_assert_msg(strcmp(strbuf_str(&out), r->out) == 0, "%s\ngives %s", r->text,
		      strbuf_str(&out));
	f = fmemopen(text, sizeof(text), "w");
	diag_print(&d, f, DIAG_NOTICE);
	fclose(f);
	if (r->problem)
		snprintf(want, sizeof(want), "f:%s: ", r->problem);
	ck_assert_msg(r->problem ? strncmp(text, want, strlen(want)) == 0 : text[0] == '\0',
		      "%s\nreports %s", r->text, text);
	strbuf_fini(&out);
	arena_fini(&arena);
	diag_fini(&d);
}

START_TEST(test_haproxy)
{
	check_row(LEX_HAPROXY, &haproxy[_i]);
}
END_TEST

START_TEST(test_keepalived)
{
	check_row(LEX_KEEPALIVED, &keepalived[_i]);
}
END_TEST

struct fixture {
	struct arena arena;
	struct diag d;
	struct lexer lx;
	struct lex_line l;
};

static void setup(struct fixture *x, enum lex_dialect dialect, struct str text)
{
	*x = (struct fixture){ 0 };
	diag_init(&x->d);
	lexer_init(&x->lx, dialect, "name", text, &x->arena, &x->d, fake_env);
}

static void teardown(struct fixture *x)
{
	arena_fini(&x->arena);
	diag_fini(&x->d);
}

START_TEST(positions_are_lines_and_columns_of_bytes)
{
	static const unsigned lines[] = { 2, 2, 2, 2 };
	struct fixture x;
	struct diag_pos pos;

	setup(&x, LEX_HAPROXY, STR("# one\r\n\t a  \"b\\x41 c\" d e\r\nf\n"));
	/* "\t a": a is the third byte */
	ck_assert(lexer_next(&x.lx, &x.l));
	ck_assert_uint_eq(x.l.n, 4);
	ck_assert_uint_eq(x.l.pos.line, 2);
	ck_assert_uint_eq(x.l.pos.col, 0);
	ck_assert_str_eq(x.l.pos.file, "name");
	for (unsigned i = 0; i < 4; i++)
		ck_assert_uint_eq(x.l.tok[i].line, lines[i]);
	ck_assert_uint_eq(x.l.tok[0].col, 3);
	ck_assert_uint_eq(x.l.tok[1].col, 6);
	ck_assert_uint_eq(x.l.tok[2].col, 16);
	ck_assert_uint_eq(x.l.tok[3].col, 18);
	ck_assert(x.l.tok[1].quoted && !x.l.tok[0].quoted && !x.l.tok[2].quoted);
	pos = lex_pos(&x.l, 1);
	ck_assert_uint_eq(pos.line, 2);
	ck_assert_uint_eq(pos.col, 6);
	ck_assert(str_eq(pos.text, STR("\t a  \"b\\x41 c\" d e")));
	pos = lex_pos(&x.l, 4); /* after the last word */
	ck_assert_uint_eq(pos.line, 2);
	ck_assert_uint_eq(pos.col, 19);
	pos = lex_pos(&x.l, 99);
	ck_assert_uint_eq(pos.col, 19);
	ck_assert(lexer_next(&x.lx, &x.l));
	ck_assert_uint_eq(x.l.pos.line, 3);
	ck_assert(!lexer_next(&x.lx, &x.l));
	teardown(&x);
}
END_TEST

START_TEST(too_many_words_are_one_error)
{
	struct strbuf text = { 0 };
	struct fixture x;

	for (int i = 0; i < LEX_MAX_WORDS + 20; i++)
		strbuf_adds(&text, "w ");
	strbuf_adds(&text, "\nnext\n");
	setup(&x, LEX_HAPROXY, (struct str){ text.p, text.len });
	ck_assert(lexer_next(&x.lx, &x.l));
	ck_assert_uint_eq(x.l.n, LEX_MAX_WORDS);
	ck_assert_uint_eq(x.d.n_errors, 1);
	ck_assert(lexer_next(&x.lx, &x.l));
	ck_assert(str_eq(x.l.tok[0].text, STR("next")));
	teardown(&x);
	strbuf_fini(&text);
}
END_TEST

START_TEST(a_line_of_the_greatest_length_passes_and_a_longer_one_is_an_error)
{
	static const int lengths[] = { LEX_MAX_LINE, LEX_MAX_LINE + 1, LEX_MAX_LINE * 10 };
	struct strbuf text = { 0 };
	struct fixture x;

	for (int i = 0; i < lengths[_i]; i++)
		strbuf_addc(&text, 'x');
	strbuf_adds(&text, "\nnext\n");
	setup(&x, LEX_KEEPALIVED, (struct str){ text.p, text.len });
	ck_assert(lexer_next(&x.lx, &x.l));
	if (_i == 0)
		ck_assert(lexer_next(&x.lx, &x.l));
	ck_assert_uint_eq(x.d.n_errors, _i > 0);
	ck_assert(str_eq(x.l.tok[0].text, STR("next")));
	teardown(&x);
	strbuf_fini(&text);
}
END_TEST

START_TEST(the_process_environment_is_the_default)
{
	struct fixture x;

	setenv("TANDEM_TEST_LEXER", "here", 1);
	setup(&x, LEX_HAPROXY, STR("a \"$TANDEM_TEST_LEXER\"\n"));
	x.lx.getenv = NULL;
	ck_assert(lexer_next(&x.lx, &x.l));
	ck_assert(str_eq(x.l.tok[1].text, STR("here")));
	teardown(&x);
}
END_TEST

START_TEST(nul_bytes_are_reported)
{
	struct fixture x;

	setup(&x, LEX_HAPROXY, STR("a\0b\n"));
	ck_assert(lexer_next(&x.lx, &x.l));
	ck_assert(str_eq(x.l.tok[0].text, STR("ab")));
	ck_assert_uint_eq(x.d.n_errors, 1);
	teardown(&x);
}
END_TEST

START_TEST(nul_bytes_in_quotes_are_reported)
{
	static const struct {
		enum lex_dialect dialect;
		struct str text;
	} texts[] = {
		{ LEX_HAPROXY, { "a \"b\0c\"\n", 8 } },
		{ LEX_KEEPALIVED, { "a 'b\0c'\n", 8 } },
		{ LEX_KEEPALIVED, { "a 'b\\\0c'\n", 9 } },
	};
	struct fixture x;

	setup(&x, texts[_i].dialect, texts[_i].text);
	ck_assert(lexer_next(&x.lx, &x.l));
	ck_assert_str_eq(x.l.tok[1].text.p, _i == 2 ? "b\\c" : "bc");
	ck_assert_uint_eq(strlen(x.l.tok[1].text.p), x.l.tok[1].text.len);
	ck_assert_uint_eq(x.d.n_errors, 1);
	teardown(&x);
}
END_TEST

static void put_file(const char *path, const char *bytes, size_t len)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

START_TEST(test_read_file)
{
	char dir[] = "/tmp/test_lexer.XXXXXX", path[64];
	struct arena arena = { 0 };
	struct str text = STR("untouched");

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/f", dir);
	ck_assert_int_eq(lexer_read_file(path, &arena, &text), -ENOENT);
	ck_assert_int_eq(lexer_read_file(dir, &arena, &text), -EISDIR);
	put_file(path, "a\0b", 3);
	ck_assert_int_eq(lexer_read_file(path, &arena, &text), -EILSEQ);
	ck_assert_int_eq(truncate(path, 16 * 1024 * 1024 + 1), 0);
	ck_assert_int_eq(lexer_read_file(path, &arena, &text), -EFBIG);
	ck_assert(str_eq(text, STR("untouched")));
	put_file(path, "a b\n", 4);
	ck_assert_int_eq(lexer_read_file(path, &arena, &text), 0);
	ck_assert(str_eq(text, STR("a b\n")));
	put_file(path, "", 0);
	ck_assert_int_eq(lexer_read_file(path, &arena, &text), 0);
	ck_assert_uint_eq(text.len, 0);
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(lexer_read_file(path, &arena, &text), -EINVAL);
	unlink(path);
	rmdir(dir);
	arena_fini(&arena);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lexer");
	TCase *tc = tcase_create("lexer");

	tcase_add_loop_test(tc, test_haproxy, 0, ARRAY_LEN(haproxy));
	tcase_add_loop_test(tc, test_keepalived, 0, ARRAY_LEN(keepalived));
	tcase_add_test(tc, positions_are_lines_and_columns_of_bytes);
	tcase_add_test(tc, too_many_words_are_one_error);
	tcase_add_loop_test(tc, a_line_of_the_greatest_length_passes_and_a_longer_one_is_an_error,
			    0, 3);
	tcase_add_test(tc, the_process_environment_is_the_default);
	tcase_add_test(tc, nul_bytes_are_reported);
	tcase_add_loop_test(tc, nul_bytes_in_quotes_are_reported, 0, 3);
	tcase_add_test(tc, test_read_file);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
