/* test_diag.c - how problems are collected and printed. */
#include <tandem/diag.h>

#include "../../lib/unit.h"

static char *print(const struct diag *d, enum diag_level min)
{
	char *text = xcalloc(1, 65536);
	FILE *f = fmemopen(text, 65536, "w");

	ck_assert_ptr_nonnull(f);
	diag_print(d, f, min);
	fclose(f);
	return text;
}

static const struct {
	const char *name;
	struct diag_pos pos;
	const char *out;
} rows[] = {
	{ "caret under the column",
	  { "web.cfg", 3, 6, { "bind *:x", 8 } },
	  "web.cfg:3:6: error: bad x\n    bind *:x\n         ^\n" },
	{ "tabs stay tabs",
	  { "web.cfg", 3, 7, { "\tbind\tx", 7 } },
	  "web.cfg:3:7: error: bad x\n    \tbind\tx\n    \t    \t^\n" },
	{ "after the end",
	  { "web.cfg", 3, 6, { "bind", 4 } },
	  "web.cfg:3:6: error: bad x\n    bind\n         ^\n" },
	{ "the whole line has no caret",
	  { "web.cfg", 3, 0, { "bind", 4 } },
	  "web.cfg:3: error: bad x\n    bind\n" },
	{ "the whole file", { "web.cfg", 0, 0, { NULL, 0 } }, "web.cfg: error: bad x\n" },
	{ "no file", { NULL, 0, 0, { NULL, 0 } }, "error: bad x\n" },
	{ "no text", { "web.cfg", 3, 6, { NULL, 0 } }, "web.cfg:3:6: error: bad x\n" },
	{ "two bytes of UTF-8 are one column",
	  { "web.cfg", 1, 4, { "\xc3\xa9 x", 4 } },
	  "web.cfg:1:4: error: bad x\n    \xc3\xa9 x\n      ^\n" },
	{ "control bytes do not reach the terminal",
	  { "web.cfg", 1, 3, { "\033[x", 3 } },
	  "web.cfg:1:3: error: bad x\n    ?[x\n      ^\n" },
};

START_TEST(test_print)
{
	struct diag d;
	char *text;

	diag_init(&d);
	diag_error(&d, rows[_i].pos, "bad %s", "x");
	text = print(&d, DIAG_NOTICE);
	ck_assert_msg(strcmp(text, rows[_i].out) == 0, "%s:\n%s", rows[_i].name, text);
	free(text);
	diag_fini(&d);
}
END_TEST

START_TEST(long_lines_are_cut_around_the_caret)
{
	struct diag d;
	char line[5000], *text, *second, *third;

	memset(line, 'a', sizeof(line));
	line[3000] = 'X';
	diag_init(&d);
	diag_error(&d, ((struct diag_pos){ "f", 1, 3001, { line, sizeof(line) } }), "bad");
	text = print(&d, DIAG_ERROR);
	ck_assert_uint_lt(strlen(text), 1000);
	second = strchr(text, '\n') + 1;
	third = strchr(second, '\n') + 1;
	ck_assert_int_eq(strchr(second, 'X') - second, strchr(third, '^') - third);
	free(text);
	diag_fini(&d);
}
END_TEST

START_TEST(levels_are_counted_and_filtered)
{
	const struct diag_pos pos = { "f", 1, 0, { NULL, 0 } };
	struct diag d;
	char *text;

	diag_init(&d);
	diag_notice(&d, pos, "one");
	diag_warning(&d, pos, "two");
	diag_error(&d, pos, "three");
	diag_error(&d, pos, "four");
	ck_assert_uint_eq(d.n_notices, 1);
	ck_assert_uint_eq(d.n_warnings, 1);
	ck_assert_uint_eq(d.n_errors, 2);
	text = print(&d, DIAG_WARNING);
	ck_assert_str_eq(text, "f:1: warning: two\nf:1: error: three\nf:1: error: four\n");
	free(text);
	diag_fini(&d);
	ck_assert_uint_eq(d.n_errors, 0);
}
END_TEST

START_TEST(a_flood_is_counted_not_kept)
{
	struct diag d;
	char *text, *last;

	diag_init(&d);
	for (int i = 0; i < DIAG_MAX_ERRORS + 50; i++)
		diag_error(&d, ((struct diag_pos){ "f", 1, 0, { NULL, 0 } }), "e%d", i);
	ck_assert_uint_eq(d.n_errors, DIAG_MAX_ERRORS + 50);
	text = print(&d, DIAG_NOTICE);
	last = strstr(text, "e99\n");
	ck_assert_ptr_nonnull(last);
	ck_assert_str_eq(last, "e99\n50 further errors are not shown\n");
	free(text);
	diag_fini(&d);
}
END_TEST

START_TEST(texts_are_copied)
{
	char file[] = "name", line[] = "text";
	struct diag d;
	char *text;

	diag_init(&d);
	diag_error(&d, ((struct diag_pos){ file, 1, 1, { line, 4 } }), "bad");
	memset(file, 'x', 4);
	memset(line, 'x', 4);
	text = print(&d, DIAG_NOTICE);
	ck_assert_str_eq(text, "name:1:1: error: bad\n    text\n    ^\n");
	free(text);
	diag_fini(&d);
}
END_TEST

static const char *const words[] = {
	"server", "balance", "bind", "mode", "timeout", "option", "log"
};

static const char *word_at(const void *arg, size_t i)
{
	return ((const char *const *)arg)[i];
}

static const struct {
	const char *word, *nearest;
} near[] = {
	{ "sevrer", "server" },  { "balanse", "balance" },
	{ "timout", "timeout" }, { "bnid", "bind" },
	{ "lgo", "log" },        { "frobnicate", NULL },
	{ "x", NULL },           { "", NULL },
	{ "mdl", NULL },         { "options", "option" },
};

START_TEST(test_nearest)
{
	const char *got = diag_nearest(str_from(near[_i].word), word_at, words, ARRAY_LEN(words));

	if (near[_i].nearest)
		ck_assert_pstr_eq(got, near[_i].nearest);
	else
		ck_assert_ptr_null(got);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("diag");
	TCase *tc = tcase_create("diag");

	tcase_add_loop_test(tc, test_print, 0, ARRAY_LEN(rows));
	tcase_add_loop_test(tc, test_nearest, 0, ARRAY_LEN(near));
	tcase_add_test(tc, long_lines_are_cut_around_the_caret);
	tcase_add_test(tc, levels_are_counted_and_filtered);
	tcase_add_test(tc, a_flood_is_counted_not_kept);
	tcase_add_test(tc, texts_are_copied);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
