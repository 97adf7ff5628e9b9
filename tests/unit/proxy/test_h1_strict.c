/* test_h1_strict.c - one row per spelling that must be refused, and per neighbour that must not. */
#include "http/h1_strict.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static struct h1_field fields[32];

/* scan, parse, check: as the proxy does it. A head refused before the check counts as `early`. */
static enum h1_fault judge(struct h1_head *h, const char *p, size_t len, bool is_request,
			   bool *early)
{
	struct h1_scan s = { 0 };

	*early = true;
	*h = (struct h1_head){ .fields = fields, .max_fields = ARRAY_LEN(fields) };
	if (h1_scan(&s, p, len, is_request) != H1_DONE)
		return H1_FAULT_START_LINE;
	p += s.start;
	len = s.end - s.start;
	if ((is_request ? h1_parse_request(h, p, len) : h1_parse_response(h, p, len)) != H1_DONE)
		return H1_FAULT_START_LINE;
	*early = false;
	return is_request ? h1_check_request(h) : h1_check_response(h);
}

#define R "GET / HTTP/1.1\r\nHost: a\r\n"
#define P "POST / HTTP/1.1\r\nHost: a\r\n"
#define E "\r\n\r\n"
/* EARLY: refused by the scan or by http-parser already; which of them is not promised */
#define EARLY (-1)

static const struct {
	const char *bytes;
	int fault;
} requests[] = {
	{ R "\r\n", H1_OK },
	{ "GET / HTTP/1.0\r\n\r\n", H1_OK },
	{ P "Content-Length: 0" E, H1_OK },
	{ P "Content-Length: 5" E, H1_OK },
	{ P "Content-Length:5" E, H1_OK },
	{ P "Content-Length:   5  " E, H1_OK },
	{ P "Content-Length: 005" E, H1_OK },
	{ P "Content-Length: 999999999999999999" E, H1_OK },
	{ P "Transfer-Encoding: chunked" E, H1_OK },
	{ P "Transfer-Encoding: CHUNKED" E, H1_OK },
	{ P "transfer-encoding:chunked" E, H1_OK },
	/* Content-Length */
	{ P "Content-Length: +5" E, EARLY },
	{ P "Content-Length: -5" E, EARLY },
	{ P "Content-Length: 5 5" E, EARLY },
	{ P "Content-Length: 5,5" E, EARLY },
	{ P "Content-Length: 0x5" E, EARLY },
	{ P "Content-Length: 5a" E, EARLY },
	{ P "Content-Length: " E, EARLY },
	{ P "Content-Length:" E, EARLY },
	{ P "Content-Length: 1e3" E, EARLY },
	{ P "Content-Length: 9999999999999999999" E, EARLY },
	{ P "Content-Length: 18446744073709551616" E, EARLY },
	{ P "Content-Length: 99999999999999999999999999" E, EARLY },
	{ P "Content-Length: 5\r\nContent-Length: 6" E, EARLY },
	{ P "Content-Length: 5\r\nContent-Length: 5" E, EARLY },
	{ P "Content-Length: 5\r\ncontent-length: 5" E, EARLY },
	/* Transfer-Encoding */
	{ P "Content-Length: 5\r\nTransfer-Encoding: chunked" E, EARLY },
	{ P "Transfer-Encoding: chunked\r\nContent-Length: 5" E, EARLY },
	{ P "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked" E, EARLY },
	{ P "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity" E, EARLY },
	{ P "Transfer-Encoding: identity" E, EARLY },
	{ P "Transfer-Encoding: gzip" E, EARLY },
	{ P "Transfer-Encoding: gzip, chunked" E, EARLY },
	{ P "Transfer-Encoding: chunked, gzip" E, EARLY },
	{ P "Transfer-Encoding: chunked, chunked" E, EARLY },
	{ P "Transfer-Encoding: chunked," E, EARLY },
	{ P "Transfer-Encoding: ,chunked" E, EARLY },
	{ P "Transfer-Encoding: xchunked" E, EARLY },
	{ P "Transfer-Encoding: chunked;q=1" E, EARLY },
	{ P "Transfer-Encoding: \"chunked\"" E, EARLY },
	{ P "Transfer-Encoding: 'chunked'" E, EARLY },
	{ P "Transfer-Encoding: chunked\x0b" E, EARLY },
	{ P "Transfer-Encoding: \x0b"
	    "chunked" E,
	  EARLY },
	{ P "Transfer-Encoding: chunked\x0c" E, EARLY },
	{ P "Transfer-Encoding:" E, EARLY },
	{ P "Transfer-Encoding : chunked" E, EARLY },
	{ P "Transfer-Encoding\t: chunked" E, EARLY },
	{ P "Transfer_Encoding: chunked" E, H1_OK }, /* another field: no framing */
	{ P "Transfer-Encoding\x7f: chunked" E, EARLY },
	{ P " Transfer-Encoding: chunked" E, EARLY },
	{ "POST / HTTP/1.0\r\nTransfer-Encoding: chunked" E, H1_FAULT_CODING_IN_1_0 },
	{ "GET / HTTP/1.0\r\nContent-Length: 1" E, H1_FAULT_BODY_IN_1_0 },
	{ "HEAD / HTTP/1.0\r\nContent-Length: 1" E, H1_FAULT_BODY_IN_1_0 },
	{ "DELETE / HTTP/1.0\r\nContent-Length: 1" E, H1_FAULT_BODY_IN_1_0 },
	{ "DELETE / HTTP/1.0\r\nContent-Length: 0" E, H1_OK },
	{ "OPTIONS / HTTP/1.0\r\nContent-Length: 1" E, H1_OK },
	/* lines */
	{ R "A: b\rC: d" E, EARLY },
	{ R "A: b\nC: d" E, EARLY },
	{ R "A: b\r\r\n\r\n", EARLY },
	{ R "A: b\r\n c" E, EARLY },
	{ R "A : b" E, EARLY },
	{ R "A\t: b" E, EARLY },
	{ R ": b" E, EARLY },
	{ R "A" E, EARLY },
	{ R "A(: b" E, EARLY },
	{ R "A\xc3\xa4: b" E, EARLY },
	{ R "A: \xc3\xa4" E, H1_OK }, /* obs-text */
	{ R "A: b\x01" E, EARLY },
	{ R "A: bbbbbbbbbbbbbbbb\x01"
	    "bbbbbbb" E,
	  EARLY },
	{ R "A: bbbbbbb\tbbbbbbbbbbbbb" E, H1_OK },
	{ R "A: b\x7f" E, EARLY },
	{ R "A: \x08" E, EARLY },
	{ R "A:" E, H1_OK },
	{ R "A:b" E, H1_OK },
	/* Host */
	{ "GET / HTTP/1.1\r\n\r\n", H1_FAULT_HOST_MISSING },
	{ "GET / HTTP/1.1\r\nHost:\r\n\r\n", H1_OK },
	{ "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", H1_FAULT_HOST_TWICE },
	{ "GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", H1_FAULT_HOST_TWICE },
	{ "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", H1_FAULT_HOST },
	{ "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", H1_FAULT_HOST },
	{ "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", H1_FAULT_HOST },
	{ "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", H1_FAULT_HOST },
	{ "GET / HTTP/1.1\r\nHost: a?b\r\n\r\n", H1_FAULT_HOST },
	{ "GET / HTTP/1.1\r\nHost: a#b\r\n\r\n", H1_FAULT_HOST },
	{ "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", H1_FAULT_HOST },
	{ "GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n", H1_FAULT_HOST },
	{ "GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n", H1_FAULT_HOST },
	{ "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", H1_FAULT_HOST },
	{ "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", H1_FAULT_HOST },
	{ "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", H1_FAULT_HOST },
	{ "GET / HTTP/1.1\r\nHost: []\r\n\r\n", H1_FAULT_HOST },
	{ "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", H1_OK },
	{ "GET / HTTP/1.1\r\nHost: a_b.example:8080\r\n\r\n", H1_OK },
	{ "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", H1_OK },
	/* target */
	{ "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", H1_OK },
	{ "GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n", H1_OK },
	{ "GET http://A/ HTTP/1.1\r\nHost: a:80\r\n\r\n", H1_OK },
	{ "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", H1_FAULT_HOST_MISMATCH },
	{ "GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n", H1_FAULT_HOST_MISMATCH },
	{ "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", H1_FAULT_TARGET },
	{ "GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n", EARLY },
	{ "GET * HTTP/1.1\r\nHost: a\r\n\r\n", H1_FAULT_TARGET },
	{ "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", H1_OK },
	{ "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", H1_OK },
	{ "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", EARLY },
	{ "CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n", EARLY },
	{ "CONNECT b:443 HTTP/1.1\r\nHost: a\r\n\r\n", H1_FAULT_HOST_MISMATCH },
	{ "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", EARLY },
	{ "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", EARLY },
	{ "GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", EARLY },
	{ "GET x HTTP/1.1\r\nHost: a\r\n\r\n", EARLY },
	{ "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", H1_FAULT_START_LINE },
	{ "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", H1_FAULT_START_LINE },
	{ "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", EARLY },
	{ "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", EARLY },
	{ "GET / http/1.1\r\nHost: a\r\n\r\n", EARLY },
	{ "GET / H\x14TP/1.1\r\nHost: a\r\n\r\n", EARLY }, /* http-parser lets it pass */
	{ "GET / HTTP/01.1\r\nHost: a\r\n\r\n", EARLY },
	{ "GET / HTTP/1.10\r\nHost: a\r\n\r\n", EARLY },
	{ "G\xc3T / HTTP/1.1\r\nHost: a\r\n\r\n", EARLY },
	{ "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", EARLY },
	{ "M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n", H1_OK },
};

START_TEST(test_request)
{
	struct h1_head h;
	bool early;
	enum h1_fault f = judge(&h, requests[_i].bytes, strlen(requests[_i].bytes), true, &early);

	if (requests[_i].fault == EARLY)
		ck_assert_msg(f != H1_OK, "accepted: %s", requests[_i].bytes);
	else
		ck_assert_msg((int)f == requests[_i].fault && !(early && f != H1_OK),
			      "%s: %s (early %d)", requests[_i].bytes, h1_fault_text(f), early);
}
END_TEST

START_TEST(test_nul_is_refused_anywhere)
{
	static const char bytes[] = R "A: bcdefghijklmno\r\n\r\n";
	char copy[sizeof(bytes)];
	size_t len = sizeof(bytes) - 1;
	struct h1_head h;
	bool early;

	ck_assert_int_eq(judge(&h, bytes, len, true, &early), H1_OK);
	for (size_t i = 0; i < len; i++) {
		memcpy(copy, bytes, len);
		copy[i] = '\0';
		ck_assert_msg(judge(&h, copy, len, true, &early) != H1_OK, "NUL at %zu", i);
	}
}
END_TEST

static const struct {
	const char *bytes;
	int fault;
} responses[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5" E, H1_OK },
	{ "HTTP/1.1 200\r\nContent-Length: 5" E, H1_OK },
	{ "HTTP/1.1 200 \r\nContent-Length: 5" E, H1_OK },
	{ "HTTP/1.1 200 Nicht gut \xe4\r\nContent-Length: 5" E, H1_OK },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked" E, H1_OK },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked" E, H1_OK },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip" E, EARLY },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked" E, EARLY },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip" E, EARLY },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5" E, EARLY },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked" E, EARLY },
	{ "HTTP/1.1 200 OK\r\nContent-Length: -1" E, EARLY },
	{ "HTTP/1.1 200 OK\r\nA : b" E, EARLY },
	{ "HTTP/1.1 200 OK\r\nA: b\x01" E, EARLY },
	{ "HTTP/1.1 200 O\x01K" E, EARLY },
	{ "HTTP/1.1 099 OK" E, H1_FAULT_STATUS },
	{ "HTTP/1.1 600 OK" E, H1_FAULT_STATUS },
	{ "HTTP/1.1 1000 OK" E, EARLY },
	{ "HTTP/1.1 20 OK" E, EARLY },
	{ "HTTP/1.1  200 OK" E, EARLY },
};

START_TEST(test_response)
{
	struct h1_head h;
	bool early;
	enum h1_fault f =
		judge(&h, responses[_i].bytes, strlen(responses[_i].bytes), false, &early);

	if (responses[_i].fault == EARLY)
		ck_assert_msg(f != H1_OK, "accepted: %s", responses[_i].bytes);
	else
		ck_assert_msg((int)f == responses[_i].fault, "%s: %s", responses[_i].bytes,
			      h1_fault_text(f));
}
END_TEST

static const struct {
	const char *value;
	bool close, keep_alive, upgrade, others;
} connections[] = {
	{ "close", true, false, false, false },
	{ "Keep-Alive", false, true, false, false },
	{ "keep-alive, Upgrade", false, true, true, false },
	{ "upgrade,close", true, false, true, false },
	{ "X-Foo", false, false, false, true },
	{ "X-Foo , close", true, false, false, true },
	{ ", ,close", true, false, false, false },
	{ "closed", false, false, false, true },
	{ "", false, false, false, false },
};

START_TEST(test_connection)
{
	char bytes[200];
	struct h1_head h;
	bool early;

	snprintf(bytes, sizeof(bytes), R "Connection: %s\r\n\r\n", connections[_i].value);
	ck_assert_int_eq(judge(&h, bytes, strlen(bytes), true, &early), H1_OK);
	ck_assert_int_eq(h.conn_close, connections[_i].close);
	ck_assert_int_eq(h.conn_keep_alive, connections[_i].keep_alive);
	ck_assert_int_eq(h.conn_upgrade, connections[_i].upgrade);
	ck_assert_int_eq(h.conn_others, connections[_i].others);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("h1_strict");
	TCase *tc = tcase_create("rows");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tc, test_request, 0, ARRAY_LEN(requests));
	tcase_add_loop_test(tc, test_response, 0, ARRAY_LEN(responses));
	tcase_add_loop_test(tc, test_connection, 0, ARRAY_LEN(connections));
	tcase_add_test(tc, test_nul_is_refused_anywhere);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
