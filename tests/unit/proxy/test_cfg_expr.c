/* test_cfg_expr.c - expressions of .if and -cc, and the blocks that they open. */
#include "../../lib/cfg_load.h"
#include "../../lib/fake_names.h"
#include "../../lib/unit.h"

#include <errno.h>

#include "config/cfg_expr.h"

static const char *fake_env(const char *name)
{
	return strcmp(name, "SET") == 0 ? "" : NULL;
}

static const struct {
	const char *text;
	int value; /* -EINVAL: an error */
	const char *error;
} exprs[] = {
	{ "", 0, NULL },
	{ "  ", 0, NULL },
	{ "0", 0, NULL },
	{ "1", 1, NULL },
	{ "-1", 1, NULL },
	{ "!0", 1, NULL },
	{ "! 1", 0, NULL },
	{ "!!1", 1, NULL },
	{ "defined(SET)", 1, NULL },
	{ "defined(UNSET)", 0, NULL },
	{ "feature(THREAD)", 1, NULL },
	{ "feature(OPENSSL)", 0, NULL },
	{ "feature(NONE)", 0, NULL },
	{ "streq(a,a)", 1, NULL },
	{ "streq(a,b)", 0, NULL },
	{ "streq(,)", 1, NULL },
	{ "streq('a,)',a\\,\\))", 1, NULL },
	{ "strneq(a,b)", 1, NULL },
	{ "strstr(abc,b)", 1, NULL },
	{ "version_atleast(2.6)", 1, NULL },
	{ "version_atleast(2.6.12)", 1, NULL },
	{ "version_atleast(2.6-dev3)", 1, NULL },
	{ "version_atleast(2.6.13)", 0, NULL },
	{ "version_atleast(2.7)", 0, NULL },
	{ "version_atleast(2.7-dev1)", 0, NULL },
	{ "version_atleast(1.9.99)", 1, NULL },
	{ "version_before(2.7-dev0)", 1, NULL },
	{ "version_before(2.6)", 0, NULL },
	{ "version_before(3)", 1, NULL },
	{ "enabled(EPOLL)", 1, NULL },
	{ "enabled(KQUEUE)", 0, NULL },
	{ "openssl_version_atleast(1.1.1)", 0, NULL },
	{ "openssl_version_before(3)", 0, NULL },
	{ "ssllib_name_startswith(OpenSSL)", 0, NULL },
	{ "1 && 0", 0, NULL },
	{ "1&&1", 1, NULL },
	{ "0 || 1", 1, NULL },
	{ "1 || 0 && 0", 1, NULL },
	{ "0 && 0 || 1", 1, NULL },
	{ "(1 || 0) && 0", 0, NULL },
	{ "!(1 && 0) && defined(SET)", 1, NULL },
	{ "((1))", 1, NULL },
	{ "1 &&", -EINVAL, "a predicate is missing at the end" },
	{ "&& 1", -EINVAL, "a predicate is expected before '&& 1'" },
	{ "1 2", -EINVAL, "'&&', '||' or the end is expected before '2'" },
	{ "(1", -EINVAL, "')' is missing before ''" },
	{ "1)", -EINVAL, "'&&', '||' or the end is expected before ')'" },
	{ "foo(1)", -EINVAL, "unknown predicate 'foo'" },
	{ "featrue(X)", -EINVAL, "unknown predicate 'featrue'; did you mean 'feature'?" },
	{ "feature", -EINVAL, "'feature' needs arguments in parentheses" },
	{ "feature(X", -EINVAL, "')' is missing behind the arguments of 'feature'" },
	{ "streq(a)", -EINVAL, "'streq' needs 2 arguments, got 1" },
	{ "streq(a,b,c)", -EINVAL, "'streq' takes 2 arguments" },
	{ "defined(A)||x", -EINVAL, "unknown predicate 'x'" },
};

START_TEST(an_expression_is)
{
	struct strbuf err = { 0 };
	const int v = cfg_expr_eval(str_from(exprs[_i].text), fake_env, &err);

	ck_assert_msg(v == exprs[_i].value, "%s: %d %s", exprs[_i].text, v, strbuf_str(&err));
	if (exprs[_i].error)
		ck_assert_str_eq(strbuf_str(&err), exprs[_i].error);
	strbuf_fini(&err);
}
END_TEST

START_TEST(depth_is_limited)
{
	struct strbuf err = { 0 };
	char text[20000];

	memset(text, '(', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(cfg_expr_eval(str_from(text), fake_env, &err), -EINVAL);
	strbuf_fini(&err);
}
END_TEST

/* files: the first message (NULL: none), and a text that the dump has (or "!text": has not) */
static const struct {
	const char *text, *message, *dump;
} files[] = {
	{ ".if 1\nglobal\n maxconn 7\n.endif\n", NULL, "maxconn 7" },
	{ ".if 0\nglobal\n maxconn 7\n.endif\n", NULL, "!maxconn" },
	{ "global\n.if 0\n nonsense line\n.else\n maxconn 7\n.endif\n", NULL, "maxconn 7" },
	{ "global\n.if 0\n.elif 1\n maxconn 7\n.elif 1\n maxconn 8\n.else\n maxconn 9\n.endif\n",
	  NULL, "maxconn 7" },
	{ "global\n.if 0\n.if 1\n x\n.else\n x\n.endif\n.alert x\n.elif nonsense(\n.endif\n",
	  "cfg:9:7: error: '.elif': unknown predicate 'nonsense'", NULL },
	{ "global\n.if 0\n.if nonsense(\n.elif nonsense(\n.endif\n.endif\n", NULL, "global" },
	{ "global\n.if 1\n.elif nonsense(\n.endif\n", NULL, "global" },
	{ ".if streq(\"a\",a) && !0 # comment\nglobal\n maxconn 7\n.endif\n", NULL, "maxconn 7" },
	{ ".if\n x\n.endif\n", NULL, "global" },
	{ ".notice \"hello world\"\n", "cfg:1:1: notice: hello world", "global" },
	{ ".notice 100%s\n", "cfg:1:1: notice: 100%s", "global" },
	{ ".warning a b\n", "cfg:1:1: warning: a b", "global" },
	{ ".alert no\n", "cfg:1:1: error: no", NULL },
	{ ".diag psst\n", NULL, "global" },
	{ ".alert\n", "cfg:1:7: error: '.alert' expects a message", NULL },
	{ ".fi\n", "cfg:1:1: error: unknown directive '.fi'; did you mean '.if'?", NULL },
	{ ".if 1\n", "cfg:1:1: error: this '.if' has no '.endif'", NULL },
	{ ".endif\n", "cfg:1:1: error: '.endif' stands outside of an '.if' block", NULL },
	{ ".else\n", "cfg:1:1: error: '.else' stands outside of an '.if' block", NULL },
	{ ".if 1\n.else\n.elif 1\n.endif\n", "cfg:3:1: error: '.elif' stands behind '.else'",
	  NULL },
	{ ".if 1\n.else\n.else\n.endif\n", "cfg:3:1: error: '.else' stands behind '.else'", NULL },
	{ ".if 1\n.else x\n.endif\n", "cfg:2:7: error: unexpected argument 'x': remove it", NULL },
	{ ".if foo(1)\n.endif\n", "cfg:1:5: error: '.if': unknown predicate 'foo'", NULL },
};

START_TEST(a_file_with_blocks)
{
	struct loaded l = load_text(files[_i].text);
	const char *want = files[_i].message ? files[_i].message : "", *dump = files[_i].dump;
	char *end = strchr(l.messages, '\n');

	if (end)
		*end = '\0';
	ck_assert_msg(strcmp(l.messages, want) == 0, "%s\nwanted: %s\n   got: %s", files[_i].text,
		      want, l.messages);
	ck_assert_msg(l.ok == (dump != NULL), "%s", files[_i].text);
	if (dump && dump[0] == '!')
		ck_assert_msg(!strstr(l.dump, dump + 1), "%s\n%s", files[_i].text, l.dump);
	else if (dump)
		ck_assert_msg(strstr(l.dump, dump), "%s\n%s", files[_i].text, l.dump);
	loaded_fini(&l);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cfg_expr");
	TCase *tc = tcase_create("expressions");

	tcase_add_loop_test(tc, an_expression_is, 0, ARRAY_LEN(exprs));
	tcase_add_test(tc, depth_is_limited);
	suite_add_tcase(s, tc);
	tc = tcase_create("blocks");
	tcase_add_loop_test(tc, a_file_with_blocks, 0, ARRAY_LEN(files));
	suite_add_tcase(s, tc);
	return unit_run(s);
}
