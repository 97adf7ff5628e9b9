/* test_expect.c - what servers say against what steps of health checks expect; the lines of
 * haproxy.cfg make the steps. */
#include "health/expect.h"

#include <stdio.h>
#include <tandem/diag.h>

#include "../../lib/unit.h"
#include "config/cfg_model.h"
#include "config/cfg_parse.h"

struct said {
	const char *name, *lines; /* of the backend */
	const char *bytes;        /* HTTP: the body */
	size_t n;                 /* 0: strlen */
	bool is_last;
	int code;
	const char *fields;
	enum expect_verdict verdict;
	enum check_status status;
	int want_code;
	const char *text;
};

#define TCP  "option tcp-check\n tcp-check expect "
#define HTTP "option httpchk\n http-check expect "

static const struct said rows[] = {
	{ "there", TCP "string PONG", "+PONG\r\n", 0, false, 0, "", EXPECT_MET, CHECK_L7OK, -1,
	  "(tcp-check)" },
	{ "too short yet", TCP "string PONG", "+PO", 0, false, 0, "", EXPECT_WAIT, 0, 0, "" },
	{ "perhaps later", TCP "string PONG", "-ERR x\r\n", 0, false, 0, "", EXPECT_WAIT, 0, 0,
	  "" },
	{ "never", TCP "string PONG", "-ERR x\r\n", 0, true, 0, "", EXPECT_FAILED, CHECK_L7RSP, -1,
	  "TCPCHK did not match content 'PONG' at step 1" },
	{ "conclusive at once", TCP "min-recv 0 string PONG", "-ERR x\r\n", 0, false, 0, "",
	  EXPECT_FAILED, CHECK_L7RSP, -1, "TCPCHK did not match content 'PONG' at step 1" },
	{ "a minimum not reached", TCP "min-recv 20 string PONG", "-ERR x\r\n", 0, false, 0, "",
	  EXPECT_WAIT, 0, 0, "" },
	{ "nothing at all", TCP "string PONG", "", 0, true, 0, "", EXPECT_FAILED, CHECK_L7RSP, -1,
	  "TCPCHK got an empty response at step 1" },
	{ "unwanted", TCP "! string ERR", "-ERR x\r\n", 0, false, 0, "", EXPECT_FAILED, CHECK_L7RSP,
	  -1, "TCPCHK matched unwanted content 'ERR' at step 1" },
	{ "unwanted is absent", TCP "! string ERR", "+OK", 0, true, 0, "", EXPECT_MET, CHECK_L7OK,
	  -1, "(tcp-check)" },
	{ "twice negated", TCP "! ! string OK", "+OK", 0, false, 0, "", EXPECT_MET, CHECK_L7OK, -1,
	  "(tcp-check)" },
	{ "regex", TCP "rstring ^\\\\+[A-Z]+", "+OK", 0, false, 0, "", EXPECT_MET, CHECK_L7OK, -1,
	  "(tcp-check)" },
	{ "regex fails", TCP "rstring ^-", "+OK", 0, true, 0, "", EXPECT_FAILED, CHECK_L7RSP, -1,
	  "TCPCHK did not match content (regex) at step 1" },
	{ "binary", TCP "binary 00ff", "a\0\xff", 3, false, 0, "", EXPECT_MET, CHECK_L7OK, -1,
	  "(tcp-check)" },
	{ "binary regex", TCP "rbinary ^61(00)+FF$", "a\0\0\xff", 4, false, 0, "", EXPECT_MET,
	  CHECK_L7OK, -1, "(tcp-check)" },
	{ "binary regex fails", TCP "rbinary ^62", "a", 0, true, 0, "", EXPECT_FAILED, CHECK_L7RSP,
	  -1, "TCPCHK did not match content (binary regex) at step 1" },
	{ "own statuses and words",
	  TCP "ok-status L7OKC on-success fine on-error bad status-code int(7) string x", "x", 0,
	  false, 0, "", EXPECT_MET, CHECK_L7OKC, 7, "fine" },
	{ "own error", TCP "error-status L4CON on-error bad comment c string x", "y", 0, true, 0,
	  "", EXPECT_FAILED, CHECK_L4CON, -1, "bad comment: c" },
	{ "code of the payload", TCP "status-code res.payload(1,3) string x", "a250x", 0, false, 0,
	  "", EXPECT_MET, CHECK_L7OK, 250, "(tcp-check)" },
	{ "default statuses", "option httpchk", "", 0, true, 399, "", EXPECT_MET, CHECK_L7OK, -1,
	  "" },
	{ "default refuses 199", "option httpchk", "", 0, true, 199, "", EXPECT_FAILED, CHECK_L7STS,
	  -1, "Reason" },
	{ "default refuses 400", "option httpchk", "", 0, true, 400, "", EXPECT_FAILED, CHECK_L7STS,
	  -1, "Reason" },
	{ "in the list", HTTP "status 404,500-599", "", 0, true, 404, "", EXPECT_MET, CHECK_L7OK,
	  -1, "" },
	{ "in a range", HTTP "status 404,500-599", "", 0, true, 550, "", EXPECT_MET, CHECK_L7OK, -1,
	  "" },
	{ "not in it", HTTP "status 404,500-599", "", 0, true, 200, "", EXPECT_FAILED, CHECK_L7STS,
	  -1, "Reason" },
	{ "negated, in it", HTTP "! status 404,500-599", "", 0, true, 599, "", EXPECT_FAILED,
	  CHECK_L7STS, -1, "Reason" },
	{ "negated, not in it", HTTP "! status 404,500-599", "", 0, true, 200, "", EXPECT_MET,
	  CHECK_L7OK, -1, "" },
	{ "rstatus", HTTP "rstatus ^2[0-9]4$", "", 0, true, 204, "", EXPECT_MET, CHECK_L7OK, -1,
	  "" },
	{ "body", HTTP "string ok", "all ok", 0, false, 500, "", EXPECT_MET, CHECK_L7OK, -1, "" },
	{ "body perhaps later", HTTP "string ok", "all", 0, false, 200, "", EXPECT_WAIT, 0, 0, "" },
	{ "body fails", HTTP "string ok", "bad", 0, true, 200, "", EXPECT_FAILED, CHECK_L7RSP, -1,
	  "HTTP content check did not match" },
	{ "body unwanted", HTTP "! string bad", "bad", 0, true, 200, "", EXPECT_FAILED, CHECK_L7RSP,
	  -1, "HTTP check matched unwanted content" },
	{ "no body", HTTP "rstring .", "", 0, true, 200, "", EXPECT_FAILED, CHECK_L7RSP, -1,
	  "HTTP content check could not find a response body" },
	{ "header is there", HTTP "hdr name x-A", "", 0, true, 200, "A: b\r\nX-a: 1\r\n\r\n",
	  EXPECT_MET, CHECK_L7OK, -1, "" },
	{ "header is not there", HTTP "hdr name x-b", "", 0, true, 200, "X-a: 1\r\n\r\n",
	  EXPECT_FAILED, CHECK_L7STS, -1, "Reason" },
	{ "one of a list", HTTP "hdr name x value b", "", 0, true, 200, "X: a, b ,c\r\n\r\n",
	  EXPECT_MET, CHECK_L7OK, -1, "" },
	{ "a comma in quotes", HTTP "hdr name x value '\"a, b\"'", "", 0, true, 200,
	  "X: \"a, b\",c\r\n\r\n", EXPECT_MET, CHECK_L7OK, -1, "" },
	{ "the whole value", HTTP "fhdr name x value 'a, b'", "", 0, true, 200, "X: a, b\r\n\r\n",
	  EXPECT_MET, CHECK_L7OK, -1, "" },
	{ "values have a case", HTTP "fhdr name x value A", "", 0, true, 200, "X: a\r\n\r\n",
	  EXPECT_FAILED, CHECK_L7STS, -1, "Reason" },
	{ "begin", HTTP "hdr name -m beg x- value -m beg va", "", 0, true, 200,
	  "X-y: value\r\n\r\n", EXPECT_MET, CHECK_L7OK, -1, "" },
	{ "end", HTTP "hdr name -m end Y value -m end ue", "", 0, true, 200, "X-y: value\r\n\r\n",
	  EXPECT_MET, CHECK_L7OK, -1, "" },
	{ "substring", HTTP "hdr name -m sub -Y value -m sub alu", "", 0, true, 200,
	  "X-y-z: value\r\n\r\n", EXPECT_MET, CHECK_L7OK, -1, "" },
	{ "regex of a header", HTTP "hdr name -m reg ^x.y$ value -m reg ^v.*e$", "", 0, true, 200,
	  "X-y: value\r\n\r\n", EXPECT_MET, CHECK_L7OK, -1, "" },
	{ "redis", "option redis-check", "+PONG\r\n", 0, false, 0, "", EXPECT_MET, CHECK_L7OK, -1,
	  "Redis server is ok" },
	{ "redis refuses", "option redis-check", "-NOAUTH go away\r\nx", 0, true, 0, "",
	  EXPECT_FAILED, CHECK_L7STS, -1, "-NOAUTH go away" },
	{ "ssl", "option ssl-hello-chk", "\x16\3\0\0\4", 5, false, 0, "", EXPECT_MET, CHECK_L6OK,
	  -1, "" },
	{ "no ssl", "option ssl-hello-chk", "HTTP/1.0", 0, false, 0, "", EXPECT_FAILED, CHECK_L6RSP,
	  -1, "" },
	{ "perhaps ssl", "option ssl-hello-chk", "\x16\3", 2, false, 0, "", EXPECT_WAIT, 0, 0, "" },
	{ "no ssl at the end", "option ssl-hello-chk", "HTTP/1.0", 0, true, 0, "", EXPECT_FAILED,
	  CHECK_L6RSP, -1, "" },
	{ "mysql", "option mysql-check", "\x0b\0\0\0\n5.5.5-x\0zz", 15, false, 0, "", EXPECT_MET,
	  CHECK_L7OK, -1, "5.5.5-x" },
	{ "mysql in pieces", "option mysql-check", "\x0b\0\0\0\n5.5", 8, false, 0, "", EXPECT_WAIT,
	  0, 0, "" },
	{ "mysql cut", "option mysql-check", "\x0b\0\0\0\n5.5", 8, true, 0, "", EXPECT_FAILED,
	  CHECK_L7RSP, -1, "MySQL packet is incomplete" },
	{ "mysql refuses", "option mysql-check", "\6\0\0\0\xff\x10\4bad", 10, false, 0, "",
	  EXPECT_FAILED, CHECK_L7STS, 1040, "bad" },
	{ "mysql, nothing in it", "option mysql-check", "\0\0\0\0", 4, false, 0, "", EXPECT_FAILED,
	  CHECK_L7RSP, -1, "MySQL sent an empty packet" },
	{ "another language", "option ldap-check", "garbage garbage", 0, true, 0, "", EXPECT_FAILED,
	  CHECK_L7RSP, -1, "Not LDAPv3 protocol" },
};

static const struct cfg_step *first_expect(const struct cfg_check *k)
{
	const struct cfg_step *s = k->steps;

	while (s->kind != CFG_STEP_EXPECT)
		s = s->next;
	return s;
}

static struct cfg *load(const char *lines)
{
	char text[1024];
	struct diag d;
	struct cfg *c;

	diag_init(&d);
	snprintf(text, sizeof(text), "backend b\n mode http\n %s\n", lines);
	c = cfg_load_text("cfg", str_from(text), &d);
	if (c == NULL)
		diag_print(&d, stdout, DIAG_ERROR);
	ck_assert_ptr_nonnull(c);
	diag_fini(&d);
	return c;
}

START_TEST(test_expect)
{
	const struct said *w = &rows[_i];
	struct cfg *c = load(w->lines);
	const struct cfg_check *k = c->proxies->check;
	const struct str bytes = { w->bytes, w->n > 0 ? w->n : strlen(w->bytes) };
	const struct expect_input in = { .bytes = bytes,
					 .is_last = w->is_last,
					 .code = w->code,
					 .reason = STR("Reason"),
					 .fields = str_from(w->fields),
					 .body = bytes };
	struct expect_result r = { 0 };
	enum expect_verdict v = expect_eval(k, first_expect(k), &in, &r);

	ck_assert_msg(v == w->verdict, "%s: verdict %d", w->name, v);
	if (v != EXPECT_WAIT) {
		ck_assert_msg(r.status == w->status, "%s: %s", w->name,
			      check_status_code(r.status));
		ck_assert_msg(r.code == w->want_code, "%s: code %d", w->name, r.code);
		ck_assert_str_eq(strbuf_str(&r.text), w->text);
	}
	strbuf_fini(&r.text);
	cfg_free(c);
}
END_TEST

START_TEST(mysql_login_needs_both_packets)
{
	static const char hello[] = "\x08\0\0\0\n5.5.5-x", ok[] = "\3\0\0\2\0\0\0",
			  denied[] = "\5\0\0\2\xff\x15\4no";
	struct cfg *c = load("option mysql-check user joe");
	const struct cfg_check *k = c->proxies->check;
	const struct cfg_step *s = first_expect(k)->next;
	char bytes[64];
	struct expect_input in = { .bytes = { bytes, 12 } };
	struct expect_result r = { 0 };

	memcpy(bytes, hello, 12);
	ck_assert_int_eq(expect_eval(k, s, &in, &r), EXPECT_WAIT);
	memcpy(bytes + 12, ok, 7);
	in.bytes.len = 19;
	ck_assert_int_eq(expect_eval(k, s, &in, &r), EXPECT_MET);
	ck_assert_str_eq(strbuf_str(&r.text), "5.5.5-x");
	strbuf_clear(&r.text);
	memcpy(bytes + 12, denied, 9);
	in.bytes.len = 21;
	ck_assert_int_eq(expect_eval(k, s, &in, &r), EXPECT_FAILED);
	ck_assert_int_eq(r.code, 1045);
	ck_assert_str_eq(strbuf_str(&r.text), "no");
	strbuf_fini(&r.text);
	cfg_free(c);
}
END_TEST

START_TEST(ldap_tells_its_result)
{
	char bytes[] = "\x30\x0c\2\1\1\x61\7\x0a\1\0\4\0\4\0";
	struct cfg *c = load("option ldap-check");
	const struct cfg_check *k = c->proxies->check;
	const struct cfg_step *s = first_expect(k)->next;
	const struct expect_input in = { .bytes = { bytes, 14 } };
	struct expect_result r = { 0 };

	ck_assert_int_eq(expect_eval(k, s, &in, &r), EXPECT_MET);
	ck_assert_str_eq(strbuf_str(&r.text), "Success");
	strbuf_clear(&r.text);
	bytes[9] = 49;
	ck_assert_int_eq(expect_eval(k, s, &in, &r), EXPECT_FAILED);
	ck_assert_int_eq(r.code, 49);
	strbuf_fini(&r.text);
	cfg_free(c);
}
END_TEST

static const struct {
	const char *raw, *body;
	bool is_complete;
} chunks[] = {
	{ "3\r\nabc\r\n0\r\n\r\n", "abc", true },
	{ "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n", "abc0123456789", true },
	{ "3\r\nab", "ab", false },
	{ "3\r\nabc", "abc", false },
	{ "3", "", false },
	{ "", "", false },
	{ "ffffffffffffffffff\r\nabc", "abc", false },
	{ "x\r\nabc", "", true },
};

START_TEST(test_dechunk)
{
	struct strbuf b = { 0 };

	ck_assert_int_eq(expect_dechunk(str_from(chunks[_i].raw), &b), chunks[_i].is_complete);
	ck_assert_str_eq(strbuf_str(&b), chunks[_i].body);
	strbuf_fini(&b);
}
END_TEST

START_TEST(a_place_is_described)
{
	struct cfg *c = load("option tcp-check\n tcp-check connect port 8 comment first\n"
			     " tcp-check send x\n tcp-check expect binary 0aFF");
	const char *const want[] = { " at step 1 of tcp-check (connect port 8) comment: 'first'",
				     " at step 2 of tcp-check (send)",
				     " at step 3 of tcp-check (expect binary '0AFF')" };
	const struct cfg_step *s = c->proxies->check->steps;
	struct strbuf b = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(want); i++, s = s->next) {
		strbuf_clear(&b);
		expect_describe_place(s, &b);
		ck_assert_str_eq(strbuf_str(&b), want[i]);
	}
	strbuf_fini(&b);
	cfg_free(c);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("expect");
	TCase *tc = tcase_create("expect");

	tcase_add_loop_test(tc, test_expect, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, mysql_login_needs_both_packets);
	tcase_add_test(tc, ldap_tells_its_result);
	tcase_add_loop_test(tc, test_dechunk, 0, ARRAY_LEN(chunks));
	tcase_add_test(tc, a_place_is_described);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
