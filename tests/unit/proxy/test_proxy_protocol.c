/* test_proxy_protocol.c - headers of both versions: read, refused, incomplete, and written. */
#include "net/proxy_protocol.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#define SIG    "\r\n\r\n\0\r\nQUIT\n"
#define B(lit) lit, sizeof(lit) - 1

static const struct {
	const char *name, *bytes;
	size_t len;
	ssize_t result;  /* > 0: used */
	const char *src; /* NULL: the connection's own */
} rows[] = {
	{ "v1 IPv4", B("PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\nGET"), 40, "192.0.2.1:1000" },
	{ "v1 IPv6", B("PROXY TCP6 2001:db8::1 ::1 1000 80\r\n"), 36, "[2001:db8::1]:1000" },
	{ "v1 unknown", B("PROXY UNKNOWN\r\n"), 15, NULL },
	{ "v1 unknown with words", B("PROXY UNKNOWN a b c d\r\n"), 23, NULL },
	{ "nothing yet", B(""), 0, NULL },
	{ "v1 begun", B("PRO"), 0, NULL },
	{ "v1 without its end", B("PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r"), 0, NULL },
	{ "no header", B("GET / HTTP/1.1\r\n"), -EINVAL, NULL },
	{ "v1 bare LF", B("PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\n"), -EINVAL, NULL },
	{ "v1 families differ", B("PROXY TCP4 192.0.2.1 ::1 1000 80\r\n"), -EINVAL, NULL },
	{ "v1 wrong family", B("PROXY TCP6 192.0.2.1 192.0.2.2 1000 80\r\n"), -EINVAL, NULL },
	{ "v1 port too large", B("PROXY TCP4 192.0.2.1 192.0.2.2 65536 80\r\n"), -EINVAL, NULL },
	{ "v1 word missing", B("PROXY TCP4 192.0.2.1 192.0.2.2 1000\r\n"), -EINVAL, NULL },
	{ "v1 word too many", B("PROXY TCP4 192.0.2.1 192.0.2.2 1000 80 x\r\n"), -EINVAL, NULL },
	{ "v1 no address", B("PROXY TCP4 example 192.0.2.2 1000 80\r\n"), -EINVAL, NULL },
	{ "v1 endless",
	  B("PROXY TCP4 "
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
	  -EINVAL, NULL },
	{ "v2 IPv4", B(SIG "\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\x03\xe8\0\x50GET"), 28,
	  "192.0.2.1:1000" },
	{ "v2 with TLVs", B(SIG "\x21\x11\0\x0f\xc0\0\2\1\xc0\0\2\2\x03\xe8\0\x50\x04\0\0"), 31,
	  "192.0.2.1:1000" },
	{ "v2 local", B(SIG "\x20\0\0\0"), 16, NULL },
	{ "v2 Unix", B(SIG "\x21\x31\0\0"), 16, NULL },
	{ "v2 begun", B("\r\n\r\n\0"), 0, NULL },
	{ "v2 without its end", B(SIG "\x21\x11\0\x0c\xc0\0\2\1"), 0, NULL },
	{ "v2 too short for IPv4", B(SIG "\x21\x11\0\x04\xc0\0\2\1"), -EINVAL, NULL },
	{ "v2 wrong version", B(SIG "\x31\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\x03\xe8\0\x50"), -EINVAL,
	  NULL },
	{ "v2 too long", B(SIG "\x21\x11\xff\xff"), -EINVAL, NULL },
};

START_TEST(test_read)
{
	struct addr src = { .len = 99 }, dst = { .len = 0 };
	char text[ADDR_TEXT_LEN];
	char *exact = malloc(rows[_i].len + 1);

	memcpy(exact, rows[_i].bytes, rows[_i].len);
	ssize_t r = proxy_protocol_read(exact, rows[_i].len, &src, &dst);
	free(exact);
	ck_assert_msg(r == rows[_i].result, "%s: %zd", rows[_i].name, r);
	if (r <= 0)
		return;
	ck_assert_msg((src.len > 0) == (rows[_i].src != NULL), "%s", rows[_i].name);
	if (rows[_i].src)
		ck_assert_str_eq(addr_format(&src, true, text), rows[_i].src);
}
END_TEST

START_TEST(test_written_headers_are_read_back)
{
	static const char *const pairs[][2] = { { "192.0.2.1", "192.0.2.2" },
						{ "2001:db8::1", "2001:db8::2" } };
	char head[PROXY_PROTOCOL_MAX], text[ADDR_TEXT_LEN];

	for (int version = 1; version <= 2; version++) {
		for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
			struct addr src, dst, got, to;

			ck_assert_int_eq(addr_parse_ip(str_from(pairs[i][0]), &src), 0);
			ck_assert_int_eq(addr_parse_ip(str_from(pairs[i][1]), &dst), 0);
			addr_set_port(&src, 1234);
			addr_set_port(&dst, 80);
			size_t n = proxy_protocol_write(version, &src, &dst, head);
			ck_assert_int_eq(proxy_protocol_read(head, n, &got, &to), (ssize_t)n);
			ck_assert_msg(addr_eq(&got, &src), "%s", addr_format(&got, true, text));
			ck_assert_msg(addr_eq(&to, &dst), "%s", addr_format(&to, true, text));
		}
	}
}
END_TEST

START_TEST(test_what_is_no_ip_connection_is_unknown)
{
	struct addr src = { .len = 0 }, dst, got, to;
	char head[PROXY_PROTOCOL_MAX];

	src.sa.sa_family = AF_UNIX;
	ck_assert_int_eq(addr_parse_ip(STR("192.0.2.2"), &dst), 0);
	for (int version = 1; version <= 2; version++) {
		size_t n = proxy_protocol_write(version, &src, &dst, head);

		ck_assert_int_eq(proxy_protocol_read(head, n, &got, &to), (ssize_t)n);
		ck_assert_int_eq(got.len, 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("proxy_protocol");
	TCase *tc = tcase_create("rows");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tc, test_read, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, test_written_headers_are_read_back);
	tcase_add_test(tc, test_what_is_no_ip_connection_is_unknown);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
