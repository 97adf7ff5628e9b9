/* test_str.c - strings, numbers, durations, the text buffer. */
#include <tandem/str.h>

#include <errno.h>
#include <stdint.h>

#include "../../lib/unit.h"

static const struct {
	const char *text;
	int64_t min, max;
	int rc;
	int64_t value;
} ints[] = {
	{ "0", 0, 10, 0, 0 },
	{ "007", 0, 10, 0, 7 },
	{ "-5", -5, 5, 0, -5 },
	{ "+5", -5, 5, 0, 5 },
	{ "6", -5, 5, -ERANGE, 0 },
	{ "-6", -5, 5, -ERANGE, 0 },
	{ "9223372036854775807", INT64_MIN, INT64_MAX, 0, INT64_MAX },
	{ "-9223372036854775808", INT64_MIN, INT64_MAX, 0, INT64_MIN },
	{ "9223372036854775808", INT64_MIN, INT64_MAX, -ERANGE, 0 },
	{ "99999999999999999999999", INT64_MIN, INT64_MAX, -ERANGE, 0 },
	{ "99999999999999999999999x", INT64_MIN, INT64_MAX, -EINVAL, 0 },
	{ "", 0, 10, -EINVAL, 0 },
	{ "-", -10, 10, -EINVAL, 0 },
	{ "5s", 0, 10, -EINVAL, 0 },
	{ " 5", 0, 10, -EINVAL, 0 },
	{ "0x5", 0, 10, -EINVAL, 0 },
};

START_TEST(test_parse_int)
{
	int64_t v = 4711;

	ck_assert_int_eq(str_parse_int(str_from(ints[_i].text), ints[_i].min, ints[_i].max, &v),
			 ints[_i].rc);
	ck_assert_int_eq(v, ints[_i].rc ? 4711 : ints[_i].value);
}
END_TEST

static const struct {
	const char *text;
	int64_t unit_us;
	int rc;
	int64_t us;
} times[] = {
	{ "5", 1000, 0, 5000 },
	{ "5", 1000000, 0, 5000000 },
	{ "5us", 1000, 0, 5 },
	{ "5ms", 1000000, 0, 5000 },
	{ "5s", 1000, 0, 5000000 },
	{ "2m", 1000, 0, 120000000 },
	{ "1h", 1000, 0, INT64_C(3600000000) },
	{ "1d", 1000, 0, INT64_C(86400000000) },
	{ "0", 1000, 0, 0 },
	{ "", 1000, -EINVAL, 0 },
	{ "s", 1000, -EINVAL, 0 },
	{ "-1s", 1000, -EINVAL, 0 },
	{ "1.5s", 1000, -EINVAL, 0 },
	{ "5 s", 1000, -EINVAL, 0 },
	{ "5sec", 1000, -EINVAL, 0 },
	{ "5S", 1000, -EINVAL, 0 },
	{ "99999999999999999999", 1, -ERANGE, 0 },
	{ "53375996d", 1000, -ERANGE, 0 },
	{ "4611686018427387904us", 1, -ERANGE, 0 },
	{ "4611686018427387903us", 1, 0, INT64_MAX / 2 },
};

START_TEST(test_parse_time)
{
	int64_t v = 4711;

	ck_assert_int_eq(str_parse_time_us(str_from(times[_i].text), times[_i].unit_us, &v),
			 times[_i].rc);
	ck_assert_int_eq(v, times[_i].rc ? 4711 : times[_i].us);
}
END_TEST

static const struct {
	const char *a, *b;
	unsigned limit, distance;
} distances[] = {
	{ "server", "server", 3, 0 },   { "sever", "server", 3, 1 },  { "serverr", "server", 3, 1 },
	{ "servre", "server", 3, 1 },   { "sirver", "server", 3, 1 }, { "abc", "xyz", 2, 3 },
	{ "abc", "abcdefgh", 2, 3 },    { "", "abc", 3, 3 },          { "", "", 0, 0 },
	{ "timeuot", "timeout", 2, 1 }, { "ca", "abc", 5, 3 },
};

START_TEST(test_distance)
{
	struct str a = str_from(distances[_i].a), b = str_from(distances[_i].b);

	ck_assert_uint_eq(str_distance(a, b, distances[_i].limit), distances[_i].distance);
	ck_assert_uint_eq(str_distance(b, a, distances[_i].limit), distances[_i].distance);
}
END_TEST

START_TEST(distance_of_long_words_is_over_the_limit)
{
	char a[300], b[300];

	memset(a, 'a', sizeof(a));
	memset(b, 'a', sizeof(b));
	b[0] = 'b';
	ck_assert_uint_eq(str_distance((struct str){ a, 300 }, (struct str){ b, 300 }, 3), 4);
	ck_assert_uint_eq(str_distance((struct str){ a, 300 }, (struct str){ a, 300 }, 3), 0);
}
END_TEST

START_TEST(test_compare)
{
	ck_assert(str_eq(STR("abc"), STR("abc")));
	ck_assert(!str_eq(STR("abc"), STR("abd")));
	ck_assert(!str_eq(STR("abc"), STR("ab")));
	ck_assert(str_eq((struct str){ NULL, 0 }, STR("")));
	ck_assert(str_eq_nocase(STR("Content-Length"), STR("content-LENGTH")));
	ck_assert(!str_eq_nocase(STR("@"), STR("`"))); /* differ by 32 but are no letters */
	ck_assert(str_starts_with(STR("abc"), STR("ab")));
	ck_assert(str_starts_with(STR("abc"), STR("")));
	ck_assert(!str_starts_with(STR("ab"), STR("abc")));
	ck_assert(str_ends_with(STR("abc"), STR("bc")));
	ck_assert(str_ends_with(STR("abc"), STR("")));
	ck_assert(!str_ends_with(STR("bc"), STR("abc")));
	ck_assert(str_eq(str_trim(STR(" \t a b\t ")), STR("a b")));
	ck_assert_uint_eq(str_trim(STR(" \t ")).len, 0);
	ck_assert_uint_eq(str_trim((struct str){ NULL, 0 }).len, 0);
}
END_TEST

START_TEST(strbuf_grows_and_stays_terminated)
{
	struct strbuf b = { 0 };

	ck_assert_str_eq(strbuf_str(&b), "");
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&b, "%03d,", i);
	ck_assert_uint_eq(b.len, 4000);
	ck_assert_uint_eq(strlen(strbuf_str(&b)), 4000);
	ck_assert(memcmp(b.p + 3996, "999,", 5) == 0);
	strbuf_clear(&b);
	ck_assert_str_eq(strbuf_str(&b), "");
	strbuf_adds(&b, "ab");
	strbuf_addc(&b, 'c');
	strbuf_add(&b, "", 0);
	strbuf_add(&b, "\0d", 2);
	ck_assert_uint_eq(b.len, 5);
	ck_assert(!b.failed);
	strbuf_fini(&b);
	ck_assert_str_eq(strbuf_str(&b), "");
}
END_TEST

START_TEST(strbuf_format_longer_than_the_room)
{
	struct strbuf b = { 0 };

	strbuf_addf(&b, "%200s", "x");
	strbuf_addf(&b, "%1000s|", "y");
	ck_assert_uint_eq(b.len, 1201);
	ck_assert_int_eq(b.p[1200], '|');
	strbuf_fini(&b);
}
END_TEST

START_TEST(strbuf_failure_keeps_what_was_there)
{
	struct strbuf b = { 0 };

	strbuf_adds(&b, "kept");
	strbuf_add(&b, "x", SIZE_MAX / 2); /* refused before it is read */
	ck_assert(b.failed);
	strbuf_adds(&b, "dropped");
	strbuf_addf(&b, "%100d", 1);
	ck_assert_str_eq(strbuf_str(&b), "kept");
	strbuf_clear(&b);
	ck_assert(!b.failed);
	strbuf_fini(&b);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("str");
	TCase *tc = tcase_create("str");

	tcase_add_loop_test(tc, test_parse_int, 0, ARRAY_LEN(ints));
	tcase_add_loop_test(tc, test_parse_time, 0, ARRAY_LEN(times));
	tcase_add_loop_test(tc, test_distance, 0, ARRAY_LEN(distances));
	tcase_add_test(tc, distance_of_long_words_is_over_the_limit);
	tcase_add_test(tc, test_compare);
	tcase_add_test(tc, strbuf_grows_and_stays_terminated);
	tcase_add_test(tc, strbuf_format_longer_than_the_room);
	tcase_add_test(tc, strbuf_failure_keeps_what_was_there);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
