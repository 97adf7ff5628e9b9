/* test_probe_http.c - what a health check understands of a response. */
#include "health/probe_http.h"

#include "../../lib/unit.h"
#include "config/cfg_model.h"
#include "health/check.h"

#define OK_RESPONSE "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

static const struct {
	const char *name, *bytes;
	enum probe_http_result result;
	int code;
	const char *reason;
} responses[] = {
	{ "plain", OK_RESPONSE, PROBE_HTTP_DONE, 200, "OK" },
	{ "no fields", "HTTP/1.0 204 No Content\r\n\r\n", PROBE_HTTP_DONE, 204, "No Content" },
	{ "bare line feeds", "HTTP/1.0 503 Busy\nA: b\n\n", PROBE_HTTP_DONE, 503, "Busy" },
	{ "no reason", "HTTP/1.0 404\r\n\r\n", PROBE_HTTP_DONE, 404, "" },
	{ "empty reason", "HTTP/1.0 404 \r\n\r\n", PROBE_HTTP_DONE, 404, "" },
	{ "no reason, bare line feed", "HTTP/1.0 404\n\n", PROBE_HTTP_DONE, 404, "" },
	{ "body follows", "HTTP/1.1 302 Found\r\n\r\nbody", PROBE_HTTP_DONE, 302, "Found" },
	{ "nothing", "", PROBE_HTTP_MORE, 0, "" },
	{ "half a status line", "HTTP/1.", PROBE_HTTP_MORE, 0, "" },
	{ "half a header", "HTTP/1.1 200 OK\r\nA: b\r\n", PROBE_HTTP_MORE, 200, "OK" },
	{ "another protocol", "SSH-2.0-x\r\n", PROBE_HTTP_BAD, 0, "" },
	{ "a page without a header", "<html>", PROBE_HTTP_BAD, 0, "" },
	{ "empty line", "\r\n", PROBE_HTTP_BAD, 0, "" },
	{ "code of two digits", "HTTP/1.1 20 OK\r\n", PROBE_HTTP_BAD, 0, "" },
	{ "code of four digits", "HTTP/1.1 2000 OK\r\n", PROBE_HTTP_BAD, 0, "" },
	{ "code below 100", "HTTP/1.1 099 OK\r\n", PROBE_HTTP_BAD, 0, "" },
	{ "letters for a code", "HTTP/1.1 abc OK\r\n", PROBE_HTTP_BAD, 0, "" },
	{ "cut after the version", "HTTP/1.1\r\n", PROBE_HTTP_BAD, 0, "" },
	{ "lower case", "http/1.1 200 OK\r\n", PROBE_HTTP_BAD, 0, "" },
};

START_TEST(test_response)
{
	const char *bytes = responses[_i].bytes;
	struct probe_http whole = { 0 }, pieces = { 0 };
	enum probe_http_result r = probe_http_feed(&whole, bytes, strlen(bytes));

	ck_assert_msg(r == responses[_i].result, "%s: result %d", responses[_i].name, r);
	ck_assert_int_eq(whole.code, responses[_i].code);
	if (whole.code != 0)
		ck_assert_str_eq(probe_http_reason(&whole), responses[_i].reason);
	r = PROBE_HTTP_MORE; /* the same byte by byte */
	for (const char *b = bytes; *b != '\0' && r == PROBE_HTTP_MORE; b++)
		r = probe_http_feed(&pieces, b, 1);
	ck_assert_msg(r == responses[_i].result, "%s: in pieces", responses[_i].name);
	ck_assert_int_eq(pieces.code, whole.code);
}
END_TEST

START_TEST(endless_header_is_bounded)
{
	struct probe_http ph = { 0 };
	static const char junk[] = "x-filler: 0123456789012345678901234567890123456789\r\n";
	enum probe_http_result r = probe_http_feed(&ph, "HTTP/1.1 200 OK\r\n", 17);
	unsigned n = 0;

	for (; r == PROBE_HTTP_MORE && n < 100000; n++)
		r = probe_http_feed(&ph, junk, sizeof(junk) - 1);
	ck_assert_int_eq(r, PROBE_HTTP_BAD);
	ck_assert_uint_lt(n, PROBE_HTTP_MAX_HEADER / (sizeof(junk) - 1) + 1);
}
END_TEST

START_TEST(endless_reason_is_cut)
{
	struct probe_http ph = { 0 };
	struct strbuf b = { 0 };

	strbuf_addf(&b, "HTTP/1.1 500 %04000d\r\n\r\n", 7);
	ck_assert_int_eq(probe_http_feed(&ph, b.p, b.len), PROBE_HTTP_DONE);
	ck_assert_int_eq(ph.code, 500);
	ck_assert_uint_lt(strlen(probe_http_reason(&ph)), PROBE_HTTP_MAX_LINE);
	strbuf_fini(&b);
}
END_TEST

START_TEST(codes_and_texts_are_complete)
{
	for (int s = CHECK_UNKNOWN; s <= CHECK_L7STS; s++) {
		ck_assert_ptr_nonnull(check_status_code((enum check_status)s));
		ck_assert_ptr_nonnull(check_status_text((enum check_status)s));
	}
	ck_assert_str_eq(check_status_code(CHECK_L4CON), "L4CON");
	ck_assert_str_eq(check_status_text(CHECK_L7STS), "Layer7 wrong status");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("probe_http");
	TCase *tc = tcase_create("probe_http");

	tcase_add_loop_test(tc, test_response, 0, ARRAY_LEN(responses));
	tcase_add_test(tc, endless_header_is_bounded);
	tcase_add_test(tc, endless_reason_is_cut);
	tcase_add_test(tc, codes_and_texts_are_complete);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
