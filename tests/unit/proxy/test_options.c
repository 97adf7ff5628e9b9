/* test_options.c - the command line: what is taken, what is refused and how. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "process/options.h"

#define MAX_ARGS 16

static int parse(const char *const *args, struct options *o, struct strbuf *err)
{
	char *argv[MAX_ARGS + 2] = { (char *)"proxyd" };
	int argc = 1;

	for (; args[argc - 1] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)args[argc - 1];
	return options_parse(argc, argv, o, err);
}

static const struct {
	const char *args[MAX_ARGS];
	const char *message; /* what the error must contain; NULL: accepted */
} rows[] = {
	{ { "-f", "a" }, NULL },
	{ { "-f", "a", "-f", "b", "--", "c", "-d" }, NULL },
	{ { "-d", "-f", "a" }, NULL },
	{ { "-db", "-q", "-V", "-f", "a", "-n", "10", "-N", "5", "-m", "100", "-L", "me" }, NULL },
	{ { "-Ws", "-f", "a", "-p", "x", "-C", "/tmp" }, NULL },
	{ { "-f", "a", "-dr", "-dM0x55", "-de", "-dS", "-dV" }, NULL },
	{ { "-f", "a", "-sf", "12", "13" }, NULL },
	{ { "-f", "a", "-sf" }, NULL },
	{ { "-W", "-S", "/s,level,user", "-f", "a" }, NULL },
	{ { "-f", "a", "-S" }, "option '-S' needs a value" },
	{ { "-f", "a", "-st", "12", "-q" }, NULL },
	{ { "-v" }, NULL },
	{ { "-c", "-f", "a" }, NULL },
	{ { NULL }, "no configuration file" },
	{ { "-c" }, "no configuration file" },
	{ { "-f" }, "option '-f' needs a value" },
	{ { "-f", "a", "-n", "many" }, "option '-n' needs a number, got 'many'" },
	{ { "-f", "a", "-z" }, "unknown option '-z'" },
	{ { "-f", "a", "b" }, "unexpected argument (files are given with -f) 'b'" },
	{ { "-f", "a", "-sf", "x" }, "'x' is not a process number" },
	{ { "-f", "a", "-x", "/s", "-sf", "12" }, NULL },
	{ { "-f", "a", "-dKall" }, "option '-dK': keywords are listed by -vv" },
};

START_TEST(test_parse)
{
	struct strbuf err = { 0 };
	struct options o;
	int rc = parse(rows[_i].args, &o, &err);

	if (rows[_i].message == NULL) {
		ck_assert_msg(rc == 0, "row %d: %s", _i, strbuf_str(&err));
		ck_assert_uint_eq(err.len, 0);
	} else {
		ck_assert_int_eq(rc, -EINVAL);
		ck_assert_msg(strstr(strbuf_str(&err), rows[_i].message) != NULL, "row %d: %s", _i,
			      strbuf_str(&err));
	}
	strbuf_fini(&err);
}
END_TEST

START_TEST(test_values_arrive)
{
	static const char *const args[] = { "-f", "a",   "-D", "-W", "-p", "pid", "-sf",
					    "7",  "008", "-n", "99", "--", "b",   NULL };
	struct strbuf err = { 0 };
	struct options o;

	ck_assert_int_eq(parse(args, &o, &err), 0);
	ck_assert_uint_eq(o.n_files, 2);
	ck_assert_str_eq(o.files[1], "b");
	ck_assert(o.daemon && o.master && !o.foreground);
	ck_assert_str_eq(o.pidfile, "pid");
	ck_assert_uint_eq(o.n_old_pids, 2);
	ck_assert_int_eq(o.old_pids[1], 8);
	ck_assert(!o.old_terminate);
	ck_assert_uint_eq(o.maxconn, 99);
	strbuf_fini(&err);
}
END_TEST

START_TEST(test_foreground_beats_daemon)
{
	static const char *const args[] = { "-D", "-db", "-f", "a", NULL };
	struct strbuf err = { 0 };
	struct options o;

	ck_assert_int_eq(parse(args, &o, &err), 0);
	ck_assert(o.foreground && !o.daemon);
	strbuf_fini(&err);
}
END_TEST

START_TEST(test_every_problem_is_named)
{
	static const char *const args[] = { "-z", "-y", "-f", NULL };
	struct strbuf err = { 0 };
	struct options o;

	ck_assert_int_eq(parse(args, &o, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(strbuf_str(&err), "'-z'"));
	ck_assert_ptr_nonnull(strstr(strbuf_str(&err), "'-y'"));
	ck_assert_ptr_nonnull(strstr(strbuf_str(&err), "'-f' needs"));
	strbuf_fini(&err);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("options");
	TCase *tc = tcase_create("options");
	SRunner *sr;
	int failed;

	tcase_add_loop_test(tc, test_parse, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, test_values_arrive);
	tcase_add_test(tc, test_foreground_beats_daemon);
	tcase_add_test(tc, test_every_problem_is_named);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
