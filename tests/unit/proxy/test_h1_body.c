/* test_h1_body.c - where a body ends, whole and byte by byte, and framing that is refused. */
#include "http/h1_body.h"

#include <check.h>
#include <stdlib.h>

#define CHUNKED UINT64_MAX

static const struct {
	const char *name;
	uint64_t length; /* or CHUNKED */
	const char *bytes;
	enum h1_result result;
	size_t used; /* when done */
} rows[] = {
	{ "nothing to come", 0, "GET /", H1_DONE, 0 },
	{ "exactly", 3, "abc", H1_DONE, 3 },
	{ "next message behind", 3, "abcGET", H1_DONE, 3 },
	{ "not yet", 3, "ab", H1_NEED_MORE, 2 },
	{ "one chunk", CHUNKED, "3\r\nabc\r\n0\r\n\r\n", H1_DONE, 13 },
	{ "two chunks", CHUNKED, "1\r\na\r\n2\r\nbc\r\n0\r\n\r\nGET", H1_DONE, 18 },
	{ "empty", CHUNKED, "0\r\n\r\n", H1_DONE, 5 },
	{ "several zeros", CHUNKED, "000\r\n\r\n", H1_DONE, 7 },
	{ "leading zeros", CHUNKED, "003\r\nabc\r\n0\r\n\r\n", H1_DONE, 15 },
	{ "hex, both cases", CHUNKED, "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", H1_DONE,
	  35 },
	{ "extension", CHUNKED, "1;a=b\r\nx\r\n0\r\n\r\n", H1_DONE, 15 },
	{ "quoted extension", CHUNKED, "1;a=\"b c\"\r\nx\r\n0\r\n\r\n", H1_DONE, 19 },
	{ "extension of the last chunk", CHUNKED, "0;x\r\n\r\n", H1_DONE, 7 },
	{ "trailer", CHUNKED, "0\r\nA: b\r\n\r\n", H1_DONE, 11 },
	{ "two trailers", CHUNKED, "0\r\nA: b\r\nC:\r\n\r\nX", H1_DONE, 15 },
	{ "incomplete size", CHUNKED, "1", H1_NEED_MORE, 0 },
	{ "incomplete data", CHUNKED, "4\r\nab", H1_NEED_MORE, 0 },
	{ "incomplete end", CHUNKED, "0\r\n", H1_NEED_MORE, 0 },
	{ "incomplete trailer", CHUNKED, "0\r\nA: b\r\n", H1_NEED_MORE, 0 },
	{ "no size", CHUNKED, "\r\nabc", H1_BAD, 0 },
	{ "extension without size", CHUNKED, ";a\r\n", H1_BAD, 0 },
	{ "sign", CHUNKED, "+3\r\nabc\r\n0\r\n\r\n", H1_BAD, 0 },
	{ "minus", CHUNKED, "-3\r\n", H1_BAD, 0 },
	{ "0x", CHUNKED, "0x3\r\nabc\r\n", H1_BAD, 0 },
	{ "blank before", CHUNKED, " 3\r\nabc\r\n", H1_BAD, 0 },
	{ "blank behind", CHUNKED, "3 \r\nabc\r\n", H1_BAD, 0 },
	{ "tab behind", CHUNKED, "3\t\r\nabc\r\n", H1_BAD, 0 },
	{ "blank before the extension", CHUNKED, "3 ;a\r\nabc\r\n", H1_BAD, 0 },
	{ "not hex", CHUNKED, "g\r\n", H1_BAD, 0 },
	{ "underscore", CHUNKED, "1_0\r\n", H1_BAD, 0 },
	{ "bare LF after the size", CHUNKED, "3\nabc\r\n0\r\n\r\n", H1_BAD, 0 },
	{ "bare LF after data", CHUNKED, "3\r\nabc\n0\r\n\r\n", H1_BAD, 0 },
	{ "bare CR after the size", CHUNKED, "3\rabc\r\n", H1_BAD, 0 },
	{ "bare CR after data", CHUNKED, "3\r\nabc\r0\r\n\r\n", H1_BAD, 0 },
	{ "data longer than the size", CHUNKED, "3\r\nabcd\r\n0\r\n\r\n", H1_BAD, 0 },
	{ "bare LF in the extension", CHUNKED, "3;a\nabc", H1_BAD, 0 },
	{ "bare CR in the extension", CHUNKED, "3;a\rb\r\nabc", H1_BAD, 0 },
	{ "control byte in the extension", CHUNKED, "3;a\x01\r\n", H1_BAD, 0 },
	{ "largest size", CHUNKED, "fffffffffffffff\r\n", H1_NEED_MORE, 0 },
	{ "too large", CHUNKED, "ffffffffffffffff\r\n", H1_BAD, 0 },
	{ "overflow", CHUNKED, "10000000000000003\r\nabc\r\n", H1_BAD, 0 },
	{ "bare LF at the end", CHUNKED, "0\r\n\n", H1_BAD, 0 },
	{ "bare LF after the trailer", CHUNKED, "0\r\nA: b\n\r\n", H1_BAD, 0 },
	{ "trailer without colon", CHUNKED, "0\r\nA\r\n\r\n", H1_BAD, 0 },
	{ "trailer with blank before colon", CHUNKED, "0\r\nA : b\r\n\r\n", H1_BAD, 0 },
	{ "folded trailer", CHUNKED, "0\r\nA: b\r\n c\r\n\r\n", H1_BAD, 0 },
	{ "trailer without name", CHUNKED, "0\r\n: b\r\n\r\n", H1_BAD, 0 },
	{ "control byte in a trailer", CHUNKED, "0\r\nA: \x01\r\n\r\n", H1_BAD, 0 },
	{ "garbage instead of the end", CHUNKED, "0\r\n\r\r\n", H1_BAD, 0 },
};

static void begin(struct h1_body *b, uint64_t length)
{
	struct h1_head h = { .is_chunked = length == CHUNKED,
			     .has_length = length != CHUNKED,
			     .content_length = length };

	h1_body_init_request(b, &h);
}

static void expect(int i, enum h1_result r, size_t used)
{
	ck_assert_msg(r == rows[i].result, "%s: result %d", rows[i].name, r);
	if (r == H1_DONE)
		ck_assert_msg(used == rows[i].used, "%s: used %zu", rows[i].name, used);
}

START_TEST(test_whole)
{
	struct h1_body b;
	size_t used;

	begin(&b, rows[_i].length);
	enum h1_result r = h1_body_feed(&b, rows[_i].bytes, strlen(rows[_i].bytes), &used);
	expect(_i, r, used);
	if (r == H1_DONE) /* and stays so */
		ck_assert(h1_body_feed(&b, "x", 1, &used) == H1_DONE && used == 0);
}
END_TEST

START_TEST(test_bytewise)
{
	struct h1_body b;
	size_t used = 0, total = 0;

	begin(&b, rows[_i].length);
	enum h1_result r = h1_body_feed(&b, "", 0, &used);
	for (size_t i = 0; i < strlen(rows[_i].bytes) && r == H1_NEED_MORE; i++) {
		r = h1_body_feed(&b, rows[_i].bytes + i, 1, &used);
		total += used;
	}
	expect(_i, r, total);
}
END_TEST

static const struct {
	const char *name;
	enum h1_method request;
	unsigned status;
	bool chunked, has_length;
	uint64_t length;
	enum h1_framing framing;
	bool done;
} framings[] = {
	{ "length", H1_GET, 200, false, true, 5, H1_BODY_LENGTH, false },
	{ "length 0", H1_GET, 200, false, true, 0, H1_BODY_LENGTH, true },
	{ "chunked", H1_GET, 200, true, false, 0, H1_BODY_CHUNKED, false },
	{ "until close", H1_GET, 200, false, false, 0, H1_BODY_CLOSE, false },
	{ "HEAD with length", H1_HEAD, 200, false, true, 5, H1_BODY_NONE, true },
	{ "HEAD chunked", H1_HEAD, 200, true, false, 0, H1_BODY_NONE, true },
	{ "HEAD without", H1_HEAD, 200, false, false, 0, H1_BODY_NONE, true },
	{ "204", H1_GET, 204, false, true, 5, H1_BODY_NONE, true },
	{ "304 with length", H1_GET, 304, false, true, 5, H1_BODY_NONE, true },
	{ "100", H1_POST, 100, false, false, 0, H1_BODY_NONE, true },
	{ "101", H1_GET, 101, false, false, 0, H1_BODY_TUNNEL, false },
	{ "CONNECT 200", H1_CONNECT, 200, false, false, 0, H1_BODY_TUNNEL, false },
	{ "CONNECT 200 with length", H1_CONNECT, 200, false, true, 5, H1_BODY_TUNNEL, false },
	{ "CONNECT 407", H1_CONNECT, 407, false, true, 5, H1_BODY_LENGTH, false },
};

START_TEST(test_framing)
{
	struct h1_head h = { .status = (uint16_t)framings[_i].status,
			     .is_chunked = framings[_i].chunked,
			     .has_length = framings[_i].has_length,
			     .content_length = framings[_i].length };
	struct h1_body b;

	h1_body_init_response(&b, &h, framings[_i].request);
	ck_assert_msg(b.framing == framings[_i].framing, "%s: %d", framings[_i].name, b.framing);
	ck_assert_msg(b.is_done == framings[_i].done, "%s: done", framings[_i].name);
}
END_TEST

START_TEST(test_endless_extension_and_trailers_are_refused)
{
	struct h1_body b;
	enum h1_result r;
	size_t used, n = 0;

	begin(&b, CHUNKED);
	r = h1_body_feed(&b, "1;", 2, &used);
	for (; r == H1_NEED_MORE && n < 100000; n++)
		r = h1_body_feed(&b, "x", 1, &used);
	ck_assert_int_eq(r, H1_BAD);
	ck_assert_uint_le(n, H1_MAX_CHUNK_LINE + 1);

	begin(&b, CHUNKED);
	r = h1_body_feed(&b, "0\r\n", 3, &used);
	for (n = 0; r == H1_NEED_MORE && n < 100000; n += 6)
		r = h1_body_feed(&b, "A: b\r\n", 6, &used);
	ck_assert_int_eq(r, H1_BAD);
	ck_assert_uint_le(n, 2 * H1_MAX_TRAILERS);
}
END_TEST

START_TEST(test_end_of_stream)
{
	struct h1_head h = { .status = 200 };
	struct h1_body b;
	size_t used;

	h1_body_init_response(&b, &h, H1_GET);
	ck_assert_int_eq(h1_body_feed(&b, "abc", 3, &used), H1_NEED_MORE);
	ck_assert_uint_eq(used, 3);
	ck_assert(h1_body_end(&b));
	begin(&b, 5);
	ck_assert(!h1_body_end(&b));
	begin(&b, CHUNKED);
	ck_assert(!h1_body_end(&b));
	begin(&b, 0);
	ck_assert(h1_body_end(&b));
}
END_TEST

START_TEST(test_data_may_pass_unseen)
{
	struct h1_head h = { .status = 200 };
	struct h1_body b;
	size_t used;

	begin(&b, 5);
	ck_assert_uint_eq(h1_body_unseen(&b), 5);
	h1_body_pass(&b, 2);
	ck_assert_uint_eq(h1_body_unseen(&b), 3);
	ck_assert(!b.is_done);
	h1_body_pass(&b, 3);
	ck_assert(b.is_done);
	ck_assert_uint_eq(h1_body_unseen(&b), 0);

	begin(&b, CHUNKED);
	ck_assert_uint_eq(h1_body_unseen(&b), 0); /* a size comes first */
	ck_assert_int_eq(h1_body_feed(&b, "8\r\nab", 5, &used), H1_NEED_MORE);
	ck_assert_uint_eq(h1_body_unseen(&b), 6);
	h1_body_pass(&b, 1);
	ck_assert_uint_eq(h1_body_unseen(&b), 5);
	h1_body_pass(&b, 5);
	ck_assert_uint_eq(h1_body_unseen(&b), 0);
	ck_assert_int_eq(h1_body_feed(&b, "x", 1, &used), H1_BAD); /* not the chunk's end */

	begin(&b, CHUNKED);
	ck_assert_int_eq(h1_body_feed(&b, "2\r\n", 3, &used), H1_NEED_MORE);
	h1_body_pass(&b, 2);
	ck_assert_int_eq(h1_body_feed(&b, "\r\n0\r\n\r\n", 7, &used), H1_DONE);
	ck_assert_uint_eq(h1_body_unseen(&b), 0);

	h1_body_init_response(&b, &h, H1_GET);
	ck_assert_uint_eq(h1_body_unseen(&b), UINT64_MAX);
	h1_body_pass(&b, 1000);
	ck_assert_uint_eq(h1_body_unseen(&b), UINT64_MAX);
	begin(&b, 0);
	ck_assert_uint_eq(h1_body_unseen(&b), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("h1_body");
	TCase *tc = tcase_create("rows");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tc, test_whole, 0, ARRAY_LEN(rows));
	tcase_add_loop_test(tc, test_bytewise, 0, ARRAY_LEN(rows));
	tcase_add_loop_test(tc, test_framing, 0, ARRAY_LEN(framings));
	tcase_add_test(tc, test_endless_extension_and_trailers_are_refused);
	tcase_add_test(tc, test_end_of_stream);
	tcase_add_test(tc, test_data_may_pass_unseen);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
