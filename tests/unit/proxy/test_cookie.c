/* test_cookie.c - what is read from Cookie and written to Set-Cookie; a comparison of 7,880
 * exchanges with HAProxy 2.6 gave the same, these are the telling ones. */
#include "http/cookie.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/unit.h"
#include "pool/dynamic_cookie.h"

#define NOW 1700000000 /* ZVPxA in base64 of quarters */

enum { RW = CFG_COOKIE_REWRITE, INS = CFG_COOKIE_INSERT, PFX = CFG_COOKIE_PREFIX };
enum { IND = 1, NOC = 2, POST = 4, PSV = 8, IDLE = 16, LIFE = 32, TAIL = 64 };

static struct cfg_cookie cookie(int mode, unsigned opts)
{
	return (struct cfg_cookie){ .name = STR("SRV"),
				    .mode = (enum cfg_cookie_mode)mode,
				    .indirect = opts & IND,
				    .nocache = opts & NOC,
				    .postonly = opts & POST,
				    .preserve = opts & PSV,
				    .maxidle_s = opts & IDLE ? 30 : 0,
				    .maxlife_s = opts & LIFE ? 60 : 0,
				    .tail = opts & TAIL ? STR("; domain=.a.b; Secure") : STR("") };
}

/* c1, c2: up; c3: down; c4: down, but `option persist`. */
static enum cookie_match lookup(void *arg, struct str value)
{
	(void)arg;
	if (value.len != 2 || value.p[0] != 'c')
		return COOKIE_NO_SERVER;
	switch (value.p[1]) {
	case '1':
	case '2':
		return COOKIE_SERVER_UP;
	case '3':
		return COOKIE_SERVER_DOWN;
	case '4':
		return COOKIE_SERVER_DOWN_USED;
	default:
		return COOKIE_NO_SERVER;
	}
}

/* Apply the edits to the head in `text`; out: what is left between the start line and the end. */
static void apply(struct headers *e, const struct h1_head *h, const char *text, char *out)
{
	char buf[8192];
	char *start = buf + 4096, *end = start + h->len;

	memcpy(start, text, h->len);
	headers_sort(e);
	ck_assert(!e->is_full);
	start = headers_apply(e, start, h->len);
	start = (char *)memmem(start, (size_t)(end - start), "\r\n", 2) + 2;
	memcpy(out, start, (size_t)(end - start) - 2);
	out[end - start - 2] = '\0';
}

static const struct {
	int mode;
	unsigned opts;
	const char *fields, *left;
	char client;
	bool is_direct;
} requests[] = {
	{ INS, 0, "A: b\r\n", "A: b\r\n", 'N', false },
	{ INS, 0, "Cookie: SRV=c1\r\n", "Cookie: SRV=c1\r\n", 'V', true },
	{ INS, IND, "Cookie: SRV=c1\r\n", "", 'V', true },
	{ INS, IND, "cookie: a=b; SRV=c1; d=e\r\n", "cookie: a=b; d=e\r\n", 'V', true },
	{ INS, IND, "Cookie: SRV=c1; d=e\r\n", "Cookie: d=e\r\n", 'V', true },
	{ INS, IND, "Cookie: a=b; SRV=c1\r\n", "Cookie: a=b\r\n", 'V', true },
	{ INS, IND, "Cookie: a=b;SRV=c1 ;  d=e\r\n", "Cookie: a=b; d=e\r\n", 'V', true },
	{ INS, IND, "Cookie: a=b , SRV=c1, d=e\r\n", "Cookie: a=b, d=e\r\n", 'V', true },
	{ INS, IND, "Cookie: SRV=c1; SRV=c2; x=y\r\n", "Cookie: x=y\r\n", 'V', true },
	{ INS, IND, "Cookie: SRV=c1\r\nCookie: a=b\r\n", "Cookie: a=b\r\n", 'V', true },
	{ INS, IND, "Cookie: a=\"x;SRV=c1\"; SRV=c3\r\n", "Cookie: a=\"x;SRV=c1\"\r\n", 'D',
	  false },
	{ INS, IND, "Cookie: ; SRV=c1\r\n", "", 'V', true },
	{ INS, IND, "Cookie: SRV=c1 ;\r\n", "", 'V', true },
	{ INS, IND, "Cookie: SRV = c1; x=y\r\n", "Cookie: x=y\r\n", 'V', true },
	{ INS, 0, "Cookie: SRV = c1; x=y\r\n", "Cookie: SRV=c1; x=y\r\n", 'V', true },
	{ INS, IND, "Cookie: $Version=1; SRV=c1; $Path=/; z=1\r\n", "Cookie: $Version=1; z=1\r\n",
	  'V', true },
	{ INS, IND, "Cookie: SRV\r\n", "Cookie: SRV\r\n", 'N', false },
	{ INS, IND, "Cookie: srv=c1\r\n", "Cookie: srv=c1\r\n", 'N', false },
	{ INS, IND, "Cookie: SRV=\r\n", "", 'I', false },
	{ INS, 0, "Cookie: SRV=zz\r\n", "Cookie: SRV=zz\r\n", 'I', false },
	{ INS, 0, "Cookie: SRV=c3\r\n", "Cookie: SRV=c3\r\n", 'D', false },
	{ INS, 0, "Cookie: SRV=c4\r\n", "Cookie: SRV=c4\r\n", 'D', true },
	{ INS, 0, "Cookie: SRV=zz; SRV=c1\r\n", "Cookie: SRV=zz; SRV=c1\r\n", 'V', true },
	{ PFX, 0, "Cookie: x=1; SRV=c1~app; y=2\r\n", "Cookie: x=1; SRV=app; y=2\r\n", 'V', true },
	{ PFX, 0, "Cookie: SRV=zz~app\r\n", "Cookie: SRV=app\r\n", 'I', false },
	{ PFX, 0, "Cookie: SRV=app\r\n", "Cookie: SRV=app\r\n", 'I', false },
	{ INS, 0, "Cookie: SRV=c1~app\r\n", "Cookie: SRV=c1~app\r\n", 'I', false },
	/* dates: now, 40 s ago, 100 s ago, in 2 days, garbage */
	{ INS, IND | IDLE, "Cookie: SRV=c1|ZVPxA\r\n", "", 'V', true },
	{ INS, IND | IDLE, "Cookie: SRV=c1|ZVPw2\r\n", "", 'E', false },
	{ INS, IND | LIFE, "Cookie: SRV=c1|ZVPxA|ZVPwn\r\n", "", 'O', false },
	{ INS, IND | LIFE, "Cookie: SRV=c1|ZVPw2|ZVPw2\r\n", "", 'V', true },
	{ INS, IND | IDLE, "Cookie: SRV=c1|ZVaUA\r\n", "", 'E', false },
	{ INS, IND | IDLE, "Cookie: SRV=c1|a!\r\n", "", 'V', true },
	{ INS, IND, "Cookie: SRV=c1|ZVPwn\r\n", "", 'V', true },
};

START_TEST(request_is_read)
{
	struct cfg_cookie ck = cookie(requests[_i].mode, requests[_i].opts);
	struct h1_field fields[16];
	struct h1_head h = { .fields = fields, .max_fields = 16 };
	struct cookie_state st = { 0 };
	struct headers e;
	char text[1024], left[8192];

	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n%s\r\n", requests[_i].fields);
	ck_assert_int_eq(h1_parse_request(&h, text, strlen(text)), H1_DONE);
	headers_init(&e);
	cookie_read_request(&ck, &h, NOW, lookup, NULL, &st, &e);
	apply(&e, &h, text, left);
	ck_assert_msg(strcmp(left, requests[_i].left) == 0, "%s: %s", requests[_i].fields, left);
	ck_assert_msg(st.client == requests[_i].client, "%s: %c", requests[_i].fields, st.client);
	ck_assert(st.is_direct == requests[_i].is_direct);
}
END_TEST

/* A rule chose the server: the cookie is taken out all the same. */
START_TEST(unused_cookie_is_taken_out)
{
	struct cfg_cookie ck = cookie(INS, IND);
	struct h1_field fields[16];
	struct h1_head h = { .fields = fields, .max_fields = 16 };
	struct cookie_state st = { 0 };
	struct headers e;
	const char *text = "GET / HTTP/1.1\r\nCookie: a=b; SRV=c1\r\n\r\n";
	char left[8192];

	ck_assert_int_eq(h1_parse_request(&h, text, strlen(text)), H1_DONE);
	headers_init(&e);
	cookie_read_request(&ck, &h, NOW, NULL, NULL, &st, &e);
	apply(&e, &h, text, left);
	ck_assert_str_eq(left, "Cookie: a=b\r\n");
	ck_assert_int_eq(st.client, 'U');
	ck_assert(!st.is_direct);
}
END_TEST

static const struct {
	int mode;
	unsigned opts;
	bool is_direct;
	int64_t last_s, first_s;
	const char *value, *fields, *left; /* left: with what was added */
	char server;
	enum h1_method method;
} responses[] = {
	{ INS, 0, false, 0, 0, "c1", "", "set-cookie: SRV=c1; path=/\r\n", 'I', H1_GET },
	{ INS, TAIL, false, 0, 0, "c1", "", "set-cookie: SRV=c1; path=/; domain=.a.b; Secure\r\n",
	  'I', H1_GET },
	{ INS, 0, true, 0, 0, "c1", "", "", 'N', H1_GET },
	{ INS, 0, false, 0, 0, "", "",
	  "set-cookie: SRV=; Expires=Thu, 01-Jan-1970 00:00:01 GMT; path=/\r\n", 'I', H1_GET },
	{ INS, POST, false, 0, 0, "c1", "", "", 'N', H1_GET },
	{ INS, POST, false, 0, 0, "c1", "", "set-cookie: SRV=c1; path=/\r\n", 'I', H1_POST },
	{ INS, 0, false, 0, 0, "c1", "Set-Cookie: SRV=x; a\r\n", "set-cookie: SRV=c1; path=/\r\n",
	  'I', H1_GET },
	{ INS, 0, true, 0, 0, "c1", "Set-Cookie: SRV=x\r\nSet-Cookie: o=1\r\n",
	  "Set-Cookie: o=1\r\n", 'D', H1_GET },
	{ INS, PSV, false, 0, 0, "c1", "Set-Cookie: SRV=x\r\n", "Set-Cookie: SRV=x\r\n", 'P',
	  H1_GET },
	{ INS, NOC, false, 0, 0, "c1", "ETag: a\r\n",
	  "ETag: a\r\nset-cookie: SRV=c1; path=/\r\ncache-control: private\r\n", 'I', H1_GET },
	{ INS, NOC, false, 0, 0, "c1", "", "set-cookie: SRV=c1; path=/\r\n", 'I', H1_GET },
	{ INS, NOC, false, 0, 0, "c1", "ETag: a\r\n", "ETag: a\r\nset-cookie: SRV=c1; path=/\r\n",
	  'I', H1_POST },
	{ INS, NOC, false, 0, 0, "c1", "ETag: a\r\nCache-Control: x, no-store\r\n",
	  "ETag: a\r\nCache-Control: x, no-store\r\nset-cookie: SRV=c1; path=/\r\n", 'I', H1_GET },
	{ INS, IDLE, false, 0, 0, "c1", "", "set-cookie: SRV=c1|ZVPxA; path=/\r\n", 'I', H1_GET },
	{ INS, IDLE, true, NOW - 8, 0, "c1", "", "set-cookie: SRV=c1|ZVPxA; path=/\r\n", 'U',
	  H1_GET },
	{ INS, IDLE, true, NOW, 0, "c1", "", "", 'N', H1_GET },
	{ INS, LIFE, true, 0, 0, "c1", "", "set-cookie: SRV=c1|ZVPxA|ZVPxA; path=/\r\n", 'U',
	  H1_GET },
	{ INS, IDLE | LIFE, true, NOW - 8, NOW - 40, "c1", "",
	  "set-cookie: SRV=c1|ZVPxA|ZVPw2; path=/\r\n", 'U', H1_GET },
	{ RW, 0, false, 0, 0, "c1", "Set-Cookie: SRV=app; path=/\r\n",
	  "Set-Cookie: SRV=c1; path=/\r\n", 'R', H1_GET },
	{ RW, 0, false, 0, 0, "c1", "Set-Cookie: x=1; SRV=app\r\n", "Set-Cookie: x=1; SRV=app\r\n",
	  'N', H1_GET },
	{ RW, 0, false, 0, 0, "", "Set-Cookie: SRV=app\r\n", "Set-Cookie: SRV=app\r\n", 'P',
	  H1_GET },
	{ PFX, 0, false, 0, 0, "c1", "Set-Cookie: SRV=app\r\n", "Set-Cookie: SRV=c1~app\r\n", 'R',
	  H1_GET },
	{ CFG_COOKIE_PASSIVE, 0, true, 0, 0, "c1", "Set-Cookie: SRV=app\r\n",
	  "Set-Cookie: SRV=app\r\n", 'P', H1_GET },
	{ CFG_COOKIE_PASSIVE, IND, true, 0, 0, "c1", "Set-Cookie: SRV=app\r\n", "", 'D', H1_GET },
};

START_TEST(response_is_edited)
{
	struct cfg_cookie ck = cookie(responses[_i].mode, responses[_i].opts);
	struct h1_field fields[16];
	struct h1_head h = { .fields = fields, .max_fields = 16 };
	struct cookie_state st = { .client = 'V',
				   .is_direct = responses[_i].is_direct,
				   .last_s = responses[_i].last_s,
				   .first_s = responses[_i].first_s };
	struct headers e;
	char text[1024], lines[COOKIE_MAX_LINES], left[8192];
	size_t n;

	snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\n%s\r\n", responses[_i].fields);
	ck_assert_int_eq(h1_parse_response(&h, text, strlen(text)), H1_DONE);
	headers_init(&e);
	n = cookie_edit_response(&ck, &h, responses[_i].method, NOW, str_from(responses[_i].value),
				 &st, &e, lines);
	headers_append(&e, &h, (struct str){ lines, n });
	apply(&e, &h, text, left);
	ck_assert_msg(strcmp(left, responses[_i].left) == 0, "%d: %s", _i, left);
	ck_assert_msg(st.server == responses[_i].server, "%d: %c", _i, st.server);
}
END_TEST

START_TEST(dynamic_value_is_haproxys)
{
	struct addr a = { .len = sizeof(struct sockaddr_in) };
	char out[17];

	a.in.sin_family = AF_INET;
	a.in.sin_port = htons(28901);
	a.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cookie_make_dynamic(STR("sEcret"), &a, out);
	ck_assert_str_eq(out, "d2e9e75bd72f6fed");
	cookie_make_dynamic(STR("a-secret-that-is-longer-than-32-bytes"), &a, out);
	ck_assert_str_eq(out, "c1060d4842d07628");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cookie");
	TCase *tc = tcase_create("cookie");

	tcase_add_loop_test(tc, request_is_read, 0, ARRAY_LEN(requests));
	tcase_add_test(tc, unused_cookie_is_taken_out);
	tcase_add_loop_test(tc, response_is_edited, 0, ARRAY_LEN(responses));
	tcase_add_test(tc, dynamic_value_is_haproxys);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
