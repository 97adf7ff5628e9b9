/* test_h1_parse.c - one row per rule of finding and taking apart a head, fed whole and byte by
 * byte.
 */
#include "http/h1_parse.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *name;
	const char *bytes;
	bool is_request;
	enum h1_result result;
	uint32_t start, end; /* when done */
} scans[] = {
	{ "simple", "GET / HTTP/1.1\r\n\r\n", true, H1_DONE, 0, 18 },
	{ "with a field", "GET / HTTP/1.1\r\nA: b\r\n\r\n", true, H1_DONE, 0, 24 },
	{ "more behind it", "GET / HTTP/1.1\r\n\r\nGET ", true, H1_DONE, 0, 18 },
	{ "empty line before", "\r\nGET / HTTP/1.1\r\n\r\n", true, H1_DONE, 2, 20 },
	{ "empty lines before", "\r\n\r\nGET / HTTP/1.1\r\n\r\n", true, H1_DONE, 4, 22 },
	{ "empty line before a response", "\r\nHTTP/1.1 200 OK\r\n\r\n", false, H1_BAD, 0, 0 },
	{ "nothing", "", true, H1_NEED_MORE, 0, 0 },
	{ "half a line", "GET / HT", true, H1_NEED_MORE, 0, 0 },
	{ "half of the end", "GET / HTTP/1.1\r\n\r", true, H1_NEED_MORE, 0, 0 },
	{ "only a CR", "\r", true, H1_NEED_MORE, 0, 0 },
	{ "bare LF after the start line", "GET / HTTP/1.1\n\r\n", true, H1_BAD, 0, 0 },
	{ "bare LF after a field", "GET / HTTP/1.1\r\nA: b\n\r\n", true, H1_BAD, 0, 0 },
	{ "bare LF as empty line", "GET / HTTP/1.1\r\nA: b\r\n\n", true, H1_BAD, 0, 0 },
	{ "LF first", "\nGET / HTTP/1.1\r\n\r\n", true, H1_BAD, 0, 0 },
	{ "obs-fold with a blank", "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", true, H1_BAD, 0, 0 },
	{ "obs-fold with a tab", "GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n", true, H1_BAD, 0, 0 },
	{ "blank line of blanks", "GET / HTTP/1.1\r\n \r\n\r\n", true, H1_BAD, 0, 0 },
	{ "blank before the method", " GET / HTTP/1.1\r\n\r\n", true, H1_BAD, 0, 0 },
	{ "TLS hello", "\x16\x03\x01\x02", true, H1_BAD, 0, 0 },
	{ "bytes that are no text", "GET /\x01", true, H1_BAD, 0, 0 },
	{ "not a token first", "{\"a\":1}", true, H1_BAD, 0, 0 },
	{ "response", "HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody", false, H1_DONE, 0, 25 },
	{ "response with bare LF", "HTTP/1.1 200 OK\nA: b\n\n", false, H1_BAD, 0, 0 },
};

START_TEST(test_scan_whole)
{
	struct h1_scan s = { 0 };
	enum h1_result r =
		h1_scan(&s, scans[_i].bytes, strlen(scans[_i].bytes), scans[_i].is_request);

	ck_assert_msg(r == scans[_i].result, "%s: result %d", scans[_i].name, r);
	if (r == H1_DONE)
		ck_assert_msg(s.start == scans[_i].start && s.end == scans[_i].end, "%s: %u..%u",
			      scans[_i].name, s.start, s.end);
}
END_TEST

START_TEST(test_scan_bytewise)
{
	struct h1_scan s = { 0 };
	enum h1_result r = H1_NEED_MORE;

	for (size_t n = 1; n <= strlen(scans[_i].bytes) && r == H1_NEED_MORE; n++)
		r = h1_scan(&s, scans[_i].bytes, n, scans[_i].is_request);
	ck_assert_msg(r == scans[_i].result, "%s: result %d", scans[_i].name, r);
	if (r == H1_DONE)
		ck_assert_msg(s.start == scans[_i].start && s.end == scans[_i].end, "%s: %u..%u",
			      scans[_i].name, s.start, s.end);
}
END_TEST

static struct h1_field fields[4];

static bool parse(struct h1_head *h, const char *bytes, bool is_request)
{
	*h = (struct h1_head){ .fields = fields, .max_fields = ARRAY_LEN(fields) };
	enum h1_result r = is_request ? h1_parse_request(h, bytes, strlen(bytes))
				      : h1_parse_response(h, bytes, strlen(bytes));

	return r == H1_DONE;
}

static const struct {
	const char *name;
	const char *bytes;
	bool ok;
	enum h1_method method;
	const char *method_text, *target;
	int minor;
	unsigned n_fields;
} requests[] = {
	{ "get", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true, H1_GET, "GET", "/", 1, 1 },
	{ "head", "HEAD /a?b HTTP/1.0\r\n\r\n", true, H1_HEAD, "HEAD", "/a?b", 0, 0 },
	{ "post", "POST /x HTTP/1.1\r\n\r\n", true, H1_POST, "POST", "/x", 1, 0 },
	{ "options star", "OPTIONS * HTTP/1.1\r\n\r\n", true, H1_OPTIONS, "OPTIONS", "*", 1, 0 },
	{ "connect", "CONNECT a:1 HTTP/1.1\r\n\r\n", true, H1_CONNECT, "CONNECT", "a:1", 1, 0 },
	{ "a method nobody knows", "FROB /x HTTP/1.1\r\nA: b\r\n\r\n", true, H1_OTHER, "FROB", "/x",
	  1, 1 },
	{ "methods are case-sensitive", "get /x HTTP/1.1\r\n\r\n", true, H1_OTHER, "get", "/x", 1,
	  0 },
	{ "absolute form", "GET http://a/b HTTP/1.1\r\n\r\n", true, H1_GET, "GET", "http://a/b", 1,
	  0 },
	{ "HTTP/0.9", "GET /\r\n\r\n", false, 0, NULL, NULL, 0, 0 },
	{ "HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\n", false, 0, NULL, NULL, 0, 0 },
	{ "HTTP/1.2", "GET / HTTP/1.2\r\n\r\n", false, 0, NULL, NULL, 0, 0 },
	{ "HTTP/11", "GET / HTTP/11\r\n\r\n", false, 0, NULL, NULL, 0, 0 },
	{ "no version", "GET /x y\r\n\r\n", false, 0, NULL, NULL, 0, 0 },
	{ "bare LF after the start line", "GET / HTTP/1.1\n\r\n", false, 0, NULL, NULL, 0, 0 },
	{ "only a method", "GET\r\n\r\n", false, 0, NULL, NULL, 0, 0 },
	{ "no colon", "GET / HTTP/1.1\r\nHost\r\n\r\n", false, 0, NULL, NULL, 0, 0 },
	{ "as many fields as fit", "GET / HTTP/1.1\r\na:1\r\na:1\r\na:1\r\na:1\r\n\r\n", true,
	  H1_GET, "GET", "/", 1, 4 },
	{ "one field too many", "GET / HTTP/1.1\r\na:1\r\na:1\r\na:1\r\na:1\r\na:1\r\n\r\n", false,
	  0, NULL, NULL, 0, 0 },
};

START_TEST(test_request)
{
	struct h1_head h;
	bool ok = parse(&h, requests[_i].bytes, true);

	ck_assert_msg(ok == requests[_i].ok, "%s", requests[_i].name);
	if (!ok)
		return;
	ck_assert_msg(h.method == requests[_i].method, "%s: method %d", requests[_i].name,
		      h.method);
	ck_assert(str_eq(h1_method_text(&h), str_from(requests[_i].method_text)));
	ck_assert(str_eq(h1_target(&h), str_from(requests[_i].target)));
	ck_assert_int_eq(h.minor, requests[_i].minor);
	ck_assert_uint_eq(h.n_fields, requests[_i].n_fields);
}
END_TEST

static const struct {
	const char *line, *name, *value;
	enum h1_field_id id;
} field_rows[] = {
	{ "Host: a", "Host", "a", H1F_HOST },
	{ "hOST:a", "hOST", "a", H1F_HOST },
	{ "Host: \t a \t", "Host", "a", H1F_HOST },
	{ "X-Empty:", "X-Empty", "", H1F_OTHER },
	{ "X-Blank:  ", "X-Blank", "", H1F_OTHER },
	{ "Connection: close", "Connection", "close", H1F_CONNECTION },
	{ "content-length: 1", "content-length", "1", H1F_CONTENT_LENGTH },
	{ "Transfer-Encoding: chunked", "Transfer-Encoding", "chunked", H1F_TRANSFER_ENCODING },
	{ "Keep-Alive: 5", "Keep-Alive", "5", H1F_KEEP_ALIVE },
	{ "Proxy-Connection: x", "Proxy-Connection", "x", H1F_PROXY_CONNECTION },
	{ "Upgrade: websocket", "Upgrade", "websocket", H1F_UPGRADE },
	{ "X-Forwarded-For: 1", "X-Forwarded-For", "1", H1F_X_FORWARDED_FOR },
	{ "Expect: 100-continue", "Expect", "100-continue", H1F_EXPECT },
	{ "Authorization: Basic eA==", "Authorization", "Basic eA==", H1F_AUTHORIZATION },
	{ "TE: trailers", "TE", "trailers", H1F_TE },
	{ "A: b: c", "A", "b: c", H1F_OTHER },
};

START_TEST(test_field)
{
	char bytes[200];
	struct h1_head h;

	snprintf(bytes, sizeof(bytes), "GET / HTTP/1.1\r\nA: b\r\n%s\r\n\r\n", field_rows[_i].line);
	ck_assert_msg(parse(&h, bytes, true), "%s", field_rows[_i].line);
	ck_assert_uint_eq(h.n_fields, 2);
	ck_assert(str_eq(h1_field_name(&h, &fields[1]), str_from(field_rows[_i].name)));
	ck_assert_msg(str_eq(h1_field_value(&h, &fields[1]), str_from(field_rows[_i].value)),
		      "%s: value '" STR_FMT "'", field_rows[_i].line,
		      STR_ARG(h1_field_value(&h, &fields[1])));
	ck_assert_int_eq(fields[1].id, field_rows[_i].id);
}
END_TEST

static const struct {
	const char *bytes;
	bool ok;
	unsigned status;
	int minor;
} responses[] = {
	{ "HTTP/1.1 200 OK\r\n\r\n", true, 200, 1 },
	{ "HTTP/1.0 404 Not Found\r\nA: b\r\n\r\n", true, 404, 0 },
	{ "HTTP/1.1 204\r\n\r\n", true, 204, 1 },
	{ "HTTP/1.1 200 \r\n\r\n", true, 200, 1 },
	{ "HTTP/2.0 200 OK\r\n\r\n", false, 0, 0 },
	{ "HELLO\r\n\r\n", false, 0, 0 },
	{ "HTTP/1.1 200 OK\n\r\n", false, 0, 0 },
	{ "HTTP/1.1 2x0 OK\r\n\r\n", false, 0, 0 },
	{ "SSH-2.0-x\r\n\r\n", false, 0, 0 },
};

START_TEST(test_response)
{
	struct h1_head h;
	bool ok = parse(&h, responses[_i].bytes, false);

	ck_assert_msg(ok == responses[_i].ok, "%s", responses[_i].bytes);
	if (ok) {
		ck_assert_uint_eq(h.status, responses[_i].status);
		ck_assert_int_eq(h.minor, responses[_i].minor);
	}
}
END_TEST

/* However much of a head is there: it is never wrong to ask for more, and never right too early. */
START_TEST(test_prefixes_need_more)
{
	static const char request[] =
		"POST /a?b HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nC: d e\t\r\n\r\n";
	static const char response[] = "HTTP/1.1 200 OK\r\nServer: x\r\nX-Empty: \r\n\r\n";
	struct h1_head h = { .fields = fields, .max_fields = ARRAY_LEN(fields) };

	for (size_t n = 0; n < sizeof(request) - 1; n++)
		ck_assert_msg(h1_parse_request(&h, request, n) == H1_NEED_MORE, "%zu", n);
	ck_assert_int_eq(h1_parse_request(&h, request, sizeof(request) - 1), H1_DONE);
	ck_assert_uint_eq(h.len, sizeof(request) - 1);
	for (size_t n = 0; n < sizeof(response) - 1; n++)
		ck_assert_msg(h1_parse_response(&h, response, n) == H1_NEED_MORE, "%zu", n);
	ck_assert_int_eq(h1_parse_response(&h, response, sizeof(response) - 1), H1_DONE);
	ck_assert_uint_eq(h.len, sizeof(response) - 1);
}
END_TEST

/* A control byte at any place of a value of any length, on either side of the eight-byte steps. */
START_TEST(test_control_bytes_are_found_anywhere)
{
	char bytes[100];
	struct h1_head h = { .fields = fields, .max_fields = ARRAY_LEN(fields) };

	for (int len = 1; len < 40; len++) {
		for (int at = 0; at < len; at++) {
			for (int c = 0; c < 256; c++) {
				int off = snprintf(bytes, sizeof(bytes), "GET / HTTP/1.1\r\nA: ");
				bool ok = c == '\t' || (c >= 0x20 && c != 0x7f);

				memset(bytes + off, 'v', (size_t)len);
				bytes[off + at] = (char)c;
				memcpy(bytes + off + len, "\r\n\r\n", 4);
				enum h1_result r =
					h1_parse_request(&h, bytes, (size_t)(off + len + 4));
				ck_assert_msg(r == (ok ? H1_DONE : H1_BAD), "%d of %d: %02x", at,
					      len, c);
			}
		}
	}
}
END_TEST

/* The same for names. */
START_TEST(test_names_are_tokens_at_any_length)
{
	static const char others[] = "!#$%&'*+-.^_`|~";
	char bytes[100];
	struct h1_head h = { .fields = fields, .max_fields = ARRAY_LEN(fields) };

	for (int len = 1; len < 20; len++) {
		for (int at = 0; at < len; at++) {
			for (int c = 1; c < 256; c++) {
				int off = snprintf(bytes, sizeof(bytes), "GET / HTTP/1.1\r\n");
				bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
					  (c >= '0' && c <= '9') || strchr(others, c);

				if (c == ':')
					continue; /* ends the name */
				memset(bytes + off, 'n', (size_t)len);
				bytes[off + at] = (char)c;
				memcpy(bytes + off + len, ": v\r\n\r\n", 8);
				enum h1_result r =
					h1_parse_request(&h, bytes, (size_t)(off + len + 7));
				ck_assert_msg(r == (ok ? H1_DONE : H1_BAD), "%d of %d: %02x", at,
					      len, c);
				if (ok)
					ck_assert_uint_eq(fields[0].name_len, len);
			}
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("h1_parse");
	TCase *tc = tcase_create("rows");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tc, test_scan_whole, 0, ARRAY_LEN(scans));
	tcase_add_loop_test(tc, test_scan_bytewise, 0, ARRAY_LEN(scans));
	tcase_add_loop_test(tc, test_request, 0, ARRAY_LEN(requests));
	tcase_add_loop_test(tc, test_field, 0, ARRAY_LEN(field_rows));
	tcase_add_test(tc, test_prefixes_need_more);
	tcase_add_test(tc, test_names_are_tokens_at_any_length);
	tcase_add_test(tc, test_control_bytes_are_found_anywhere);
	tcase_add_loop_test(tc, test_response, 0, ARRAY_LEN(responses));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
