/* test_headers.c - edits of a head in its buffer. */
#include "http/headers.h"

#include <check.h>
#include <stdlib.h>

#include "http/h1_strict.h"

#define L "GET / HTTP/1.1\r\n"

static const struct {
	const char *name, *in;
	bool keep_upgrade;
	const char *append, *out;
} rows[] = {
	{ "nothing", L "Host: a\r\n\r\n", false, "", L "Host: a\r\n\r\n" },
	{ "append", L "Host: a\r\n\r\n", false, "X: y\r\n", L "Host: a\r\nX: y\r\n\r\n" },
	{ "append a long one", L "Host: a\r\n\r\n", false,
	  "X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
	  L "Host: a\r\nX-Long: "
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n" },
	{ "Connection goes", L "Host: a\r\nConnection: close\r\nB: c\r\n\r\n", false, "",
	  L "Host: a\r\nB: c\r\n\r\n" },
	{ "case of names is kept", L "hOST: a\r\nconnection: close\r\nb: c\r\n\r\n", false, "",
	  L "hOST: a\r\nb: c\r\n\r\n" },
	{ "at the end", L "Host: a\r\nB: c\r\nConnection: close\r\n\r\n", false, "",
	  L "Host: a\r\nB: c\r\n\r\n" },
	{ "at the start", L "Connection: close\r\nHost: a\r\n\r\n", false, "",
	  L "Host: a\r\n\r\n" },
	{ "several",
	  L "Connection: close\r\nHost: a\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\n\r\n", false,
	  "", L "Host: a\r\n\r\n" },
	{ "remove and append", L "Host: a\r\nConnection: close\r\nB: c\r\n\r\n", false, "X: y\r\n",
	  L "Host: a\r\nB: c\r\nX: y\r\n\r\n" },
	{ "remove and append more", L "Connection: close\r\nHost: a\r\nB: c\r\n\r\n", false,
	  "X-Forwarded-For: 192.0.2.1\r\nConnection: close\r\n",
	  L "Host: a\r\nB: c\r\nX-Forwarded-For: 192.0.2.1\r\nConnection: close\r\n\r\n" },
	{ "remove last and append", L "Host: a\r\nConnection: keep-alive\r\n\r\n", false,
	  "Connection: close\r\n", L "Host: a\r\nConnection: close\r\n\r\n" },
	{ "listed fields go", L "Host: a\r\nFoo: 1\r\nConnection: foo\r\nBar: 2\r\n\r\n", false, "",
	  L "Host: a\r\nBar: 2\r\n\r\n" },
	{ "all fields of a listed name",
	  L "Host: a\r\nFoo: 1\r\nConnection: x, foo\r\nFoo: 2\r\nBar: 2\r\n\r\n", false, "",
	  L "Host: a\r\nBar: 2\r\n\r\n" },
	{ "Host cannot be listed", L "Host: a\r\nConnection: host\r\n\r\n", false, "",
	  L "Host: a\r\n\r\n" },
	{ "framing cannot be listed",
	  L "Host: a\r\nContent-Length: 0\r\nConnection: content-length\r\n\r\n", false, "",
	  L "Host: a\r\nContent-Length: 0\r\n\r\n" },
	{ "what the proxy adds cannot be listed",
	  L "Host: a\r\nX-Forwarded-For: 1\r\nConnection: x-forwarded-for\r\n\r\n", false, "",
	  L "Host: a\r\nX-Forwarded-For: 1\r\n\r\n" },
	{ "TE stays unless listed", L "Host: a\r\nTE: trailers\r\nConnection: close\r\n\r\n", false,
	  "", L "Host: a\r\nTE: trailers\r\n\r\n" },
	{ "listed TE goes", L "Host: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n", false, "",
	  L "Host: a\r\n\r\n" },
	{ "Upgrade goes", L "Host: a\r\nUpgrade: h2c\r\n\r\n", false, "", L "Host: a\r\n\r\n" },
	{ "Upgrade stays in an upgrade",
	  L "Host: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", true,
	  "Connection: Upgrade\r\n",
	  L "Host: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" },
};

static struct h1_field fields[64];

static void parse(struct h1_head *h, const char *bytes)
{
	*h = (struct h1_head){ .fields = fields, .max_fields = ARRAY_LEN(fields) };
	ck_assert_int_eq(h1_parse_request(h, bytes, strlen(bytes)), H1_DONE);
	ck_assert_int_eq(h1_check_request(h), H1_OK);
}

START_TEST(test_rows)
{
	char buf[2048];
	char *head = buf + 512;
	struct h1_head h;
	struct headers e;

	memset(buf, '#', sizeof(buf));
	strcpy(head, rows[_i].in);
	strcat(head, "BODY");
	parse(&h, rows[_i].in);
	headers_init(&e);
	headers_remove_hop_by_hop(&e, &h, rows[_i].keep_upgrade, STR("X-Forwarded-For"));
	if (*rows[_i].append)
		headers_append(&e, &h, str_from(rows[_i].append));
	ck_assert(!e.is_full);
	char *start = headers_apply(&e, head, h.len);
	size_t len = (size_t)(head + h.len - start);
	ck_assert_msg(str_eq((struct str){ start, len }, str_from(rows[_i].out)), "%s: '%.*s'",
		      rows[_i].name, (int)len, start);
	ck_assert_int_eq(e.growth, (int)len - (int)h.len);
	ck_assert(memcmp(head + h.len, "BODY", 4) == 0);
}
END_TEST

/* In order with what another pass removed between them. */
START_TEST(test_framing_is_removed)
{
	char buf[512] = L "Host: a\r\nContent-Length: 0\r\nConnection: x\r\nX: 1\r\nY: 2\r\n\r\n";
	struct h1_head h;
	struct headers e;

	parse(&h, buf);
	headers_init(&e);
	headers_remove_hop_by_hop(&e, &h, false, STR(""));
	headers_remove_framing(&e, &h);
	headers_sort(&e);
	char *start = headers_apply(&e, buf, h.len);

	ck_assert_str_eq(start, L "Host: a\r\nY: 2\r\n\r\n");
	ck_assert_int_eq(e.growth, (int)(buf - start));
}
END_TEST

START_TEST(test_too_many_edits_are_reported)
{
	char bytes[2000] = L "Host: a\r\nConnection: close\r\n";
	struct h1_head h;
	struct headers e;

	for (int i = 0; i < HEADERS_MAX_EDITS; i++)
		strcat(bytes, "Keep-Alive: 1\r\n");
	strcat(bytes, "\r\n");
	parse(&h, bytes);
	headers_init(&e);
	headers_remove_hop_by_hop(&e, &h, false, STR(""));
	ck_assert(e.is_full);
}
END_TEST

START_TEST(test_first_line_edit)
{
	char buf[200] = "HTTP/1.0 200 OK\r\nA: b\r\n\r\n";
	struct h1_head h = { .fields = fields, .max_fields = 64 };
	struct headers e;

	ck_assert_int_eq(h1_parse_response(&h, buf, strlen(buf)), H1_DONE);
	headers_init(&e);
	headers_edit(&e, 7, 1, STR("1"));
	headers_append(&e, &h, STR(""));
	ck_assert_ptr_eq(headers_apply(&e, buf, h.len), buf);
	ck_assert_str_eq(buf, "HTTP/1.1 200 OK\r\nA: b\r\n\r\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("headers");
	TCase *tc = tcase_create("rows");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tc, test_rows, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, test_framing_is_removed);
	tcase_add_test(tc, test_too_many_edits_are_reported);
	tcase_add_test(tc, test_first_line_edit);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
