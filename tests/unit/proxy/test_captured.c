/* test_captured.c - messages that were not understood, as `show errors` tells them. */
#include "stats/captured.h"

#include <stdio.h>

#include "../../lib/unit.h"

static const struct {
	const char *bytes;
	size_t fault;
} rows[] = {
	{ "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 0 },
	{ "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 20 },
	{ "GET / HTTP/1.1\nHost: x\r\n\r\n", 14 },
	{ "GE\tT / HTTP/1.1\r\n", 2 },
	{ "GET / HTTP/1.1\r\nA: b\001\r\n\r\n", 20 },
	{ "GET / HTTP/1.1\r\nA: b\tc\r\n\r\n", 0 },
	{ "GET / HTTP/1.1\r\n A: b\r\n\r\n", 16 },
	{ "GET / HTTP/1.1\r\n\r\n\001\002", 0 },
	{ "", 0 },
};

START_TEST(test_fault)
{
	ck_assert_msg(captured_find_fault(str_from(rows[_i].bytes)) == rows[_i].fault, "row %d",
		      _i);
}
END_TEST

static void note(unsigned id, bool is_response, const char *bytes)
{
	captured_note(&(struct captured_event){ .is_response = is_response,
						.proxy = "fe",
						.proxy_id = id,
						.source = "127.0.0.1:1",
						.bytes = str_from(bytes) });
}

static unsigned count(int64_t id, bool requests, bool responses, struct strbuf *out)
{
	uint64_t cursor = 0;
	unsigned n = 0;

	while (captured_next(&cursor, id, requests, responses, out))
		n++;
	return n;
}

START_TEST(the_last_of_each_proxy_is_kept)
{
	struct strbuf out = { 0 };

	note(1, false, "first\r\n");
	note(1, false, "second \x01\\\r\n");
	note(1, true, "third\r\n");
	note(2, false, "fourth\r\n");
	ck_assert_uint_eq(count(-1, true, true, &out), 3);
	ck_assert_ptr_null(strstr(out.p, "first"));
	ck_assert_ptr_nonnull(strstr(out.p, "\n  00000  second \\x01\\\\\\r\\n\n"));
	ck_assert_ptr_nonnull(strstr(out.p, "] frontend fe (#1): invalid request\n  backend <NONE> "
					    "(#-1), server <NONE> (#-1), event #1, src "
					    "127.0.0.1:1\n"));
	ck_assert_uint_eq(count(1, true, true, &out), 2);
	ck_assert_uint_eq(count(1, false, true, &out), 1);
	ck_assert_uint_eq(count(2, false, true, &out), 0);
	strbuf_clear(&out);
	captured_add_total(&out);
	ck_assert_ptr_nonnull(strstr(out.p, "] : 4\n"));
	strbuf_fini(&out);
}
END_TEST

START_TEST(long_lines_are_broken_and_no_line_is_empty)
{
	char bytes[1000];
	struct strbuf out = { 0 };

	memset(bytes, 'x', sizeof(bytes));
	bytes[500] = '\n';
	bytes[999] = '\0';
	note(9, false, bytes);
	ck_assert_uint_eq(count(9, true, false, &out), 1);
	ck_assert_ptr_nonnull(strstr(out.p, "\n  00069+ xxx"));
	ck_assert_ptr_nonnull(strstr(out.p, "\n  00501  xxx"));
	ck_assert_ptr_null(strstr(out.p, "\n\n"));
	for (const char *at = out.p; *at != '\0'; at = strchr(at, '\n') + 1)
		ck_assert_int_le(strchr(at, '\n') - at, 90);
	strbuf_fini(&out);
}
END_TEST

START_TEST(what_is_kept_is_bounded)
{
	struct strbuf out = { 0 };

	for (unsigned i = 0; i < 3 * CAPTURED_MAX; i++)
		note(i, false, "x");
	ck_assert_uint_eq(count(-1, true, true, &out), CAPTURED_MAX);
	strbuf_clear(&out);
	ck_assert_uint_eq(count(3 * CAPTURED_MAX - 1, true, true, &out), 1);
	strbuf_fini(&out);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("captured");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_fault, 0, (int)ARRAY_LEN(rows));
	tcase_add_test(tc, the_last_of_each_proxy_is_kept);
	tcase_add_test(tc, long_lines_are_broken_and_no_line_is_empty);
	tcase_add_test(tc, what_is_kept_is_bounded);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
