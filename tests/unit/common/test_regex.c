/* test_regex.c - patterns that match, that do not, that are wrong, and that would never end. */
#include <tandem/regex.h>

#include <pthread.h>
#include <stdio.h>

#include "../../lib/unit.h"

static const struct {
	const char *pattern;
	unsigned flags;
	const char *subject;
	bool matches;
} rows[] = {
	{ "b", 0, "abc", true },
	{ "^b", 0, "abc", false },
	{ "B", 0, "abc", false },
	{ "B", REGEX_NOCASE, "abc", true },
	{ "^/static/.*\\.(css|js)$", 0, "/static/a/b.js", true },
	{ "^/static/.*\\.(css|js)$", 0, "/static/a/b.html", false },
	{ "", 0, "", true },
	{ "^$", 0, "x", false },
	{ "\\d{3}", 0, "ab123", true },
	{ "(?i)Ready", 0, "all READY", true },
	{ "a.c", 0,
	  "a\xff"
	  "c",
	  true },
};

START_TEST(test_match)
{
	struct regex_error e;
	struct regex *r = regex_new(str_from(rows[_i].pattern), rows[_i].flags, &e);

	ck_assert_ptr_nonnull(r);
	ck_assert_msg(regex_matches(r, str_from(rows[_i].subject)) == rows[_i].matches, "%s on %s",
		      rows[_i].pattern, rows[_i].subject);
	regex_free(r);
}
END_TEST

START_TEST(wrong_patterns_say_where_and_why)
{
	static const struct {
		const char *pattern;
		size_t offset;
	} wrong[] = { { "a(b", 3 }, { "*", 0 }, { "[a", 2 }, { "a\\", 2 } };
	struct regex_error e = { 0 };

	ck_assert_ptr_null(regex_new(str_from(wrong[_i].pattern), 0, &e));
	ck_assert_uint_eq(e.offset, wrong[_i].offset);
	ck_assert_uint_gt(strlen(e.text), 5);
}
END_TEST

START_TEST(groups_are_found)
{
	struct regex_error e;
	struct regex *r = regex_new(STR("(a)|(b)(c)?"), 0, &e);
	struct regex_group g[4];

	ck_assert(regex_find(r, STR("xbc"), g, 4));
	ck_assert_int_eq(g[0].start, 1);
	ck_assert_int_eq(g[0].end, 3);
	ck_assert_int_eq(g[1].start, -1);
	ck_assert_int_eq(g[2].start, 1);
	ck_assert_int_eq(g[3].end, 3);
	ck_assert(!regex_find(r, STR("xyz"), g, 4));
	regex_free(r);
}
END_TEST

START_TEST(more_groups_than_room_is_no_fault)
{
	struct regex_error e;
	struct regex *r = regex_new(STR("(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)(l)"), 0, &e);
	struct regex_group g[REGEX_MAX_GROUPS];

	ck_assert(regex_find(r, STR("abcdefghijkl"), g, REGEX_MAX_GROUPS));
	ck_assert_int_eq(g[9].start, 8);
	ck_assert(regex_matches(r, STR("abcdefghijkl")));
	regex_free(r);
}
END_TEST

START_TEST(a_pattern_that_backtracks_for_ever_ends)
{
	char subject[4096];
	struct regex_error e;
	struct regex *r = regex_new(STR("^(a+)+$"), 0, &e);

	memset(subject, 'a', sizeof(subject));
	subject[sizeof(subject) - 1] = 'b';
	ck_assert(!regex_matches(r, (struct str){ subject, sizeof(subject) }));
	regex_free(r);
}
END_TEST

static void *match_often(void *arg)
{
	size_t n = 0;

	for (int i = 0; i < 1000; i++) {
		char text[32];

		snprintf(text, sizeof(text), "n%d", i);
		n += regex_matches(arg, str_from(text));
	}
	return (void *)n; // NOLINT(performance-no-int-to-ptr)
}

START_TEST(threads_share_a_pattern)
{
	struct regex_error e;
	struct regex *r = regex_new(STR("^n\\d\\d$"), 0, &e);
	pthread_t t[4];

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&t[i], NULL, match_often, r), 0);
	for (int i = 0; i < 4; i++) {
		void *n;

		pthread_join(t[i], &n);
		ck_assert_uint_eq((size_t)n, 90);
	}
	regex_free(r);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("regex");
	TCase *tc = tcase_create("regex");

	tcase_add_loop_test(tc, test_match, 0, ARRAY_LEN(rows));
	tcase_add_loop_test(tc, wrong_patterns_say_where_and_why, 0, 4);
	tcase_add_test(tc, groups_are_found);
	tcase_add_test(tc, more_groups_than_room_is_no_fault);
	tcase_add_test(tc, a_pattern_that_backtracks_for_ever_ends);
	tcase_add_test(tc, threads_share_a_pattern);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
