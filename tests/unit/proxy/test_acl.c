/* test_acl.c - conditions on requests: one row a rule. Whole agreement with HAProxy is the business
 * of tests/diff/conditions.sh. */
#include "../../lib/cfg_load.h"
#include "../../lib/fake_names.h"
#include "../../lib/unit.h"

#include "http/acl.h"
#include "http/h1_parse.h"
#include "http/h1_strict.h"

#define GET(target)    "GET " target " HTTP/1.1\r\nHost: www.example.com\r\n\r\n"
#define HEADER(fields) "GET /x HTTP/1.1\r\nHost: a\r\n" fields "\r\n\r\n"

/* acls; a condition; a request (NULL: a TCP connection); does it hold? */
static const struct {
	const char *acls, *cond, *request;
	bool holds;
} rows[] = {
	{ "", "if TRUE", NULL, true },
	{ "", "unless TRUE", NULL, false },
	{ "", "if !TRUE", NULL, false },
	{ "", "if ! FALSE", NULL, true },
	{ "", "if FALSE or TRUE", NULL, true },
	{ "", "if TRUE FALSE || TRUE FALSE", NULL, false },
	{ "", "if", NULL, false },
	{ "", "if or TRUE", NULL, true },
	{ "acl a path /x", "if a", NULL, false }, /* no request: no value */
	{ "acl a path /x", "if !a", NULL, true },
	{ "acl a path /x", "if a", GET("/x"), true },
	{ "acl a path /x\n acl a path /y", "if a", GET("/y"), true },
	{ "acl a path_beg /x\n acl b path_end y", "if a b", GET("/xy"), true },
	{ "acl a path_beg /x\n acl b path_end y", "if a !b", GET("/xy"), false },
	{ "", "if { path_beg /a /b }", GET("/bc"), true },
	{ "", "if { path_beg -i /A }", GET("/abc"), true },
	{ "", "if { path_beg /A }", GET("/abc"), false },
	{ "", "if { path_end .png }", GET("/x.png?y"), true },
	{ "", "if { path_sub b }", GET("/abc"), true },
	{ "", "if { path_dir b }", GET("/a/b/c"), true },
	{ "", "if { path_dir b }", GET("/a/bc"), false },
	{ "", "if { path_dir /a/b/ }", GET("/a/b/c"), true },
	{ "", "if { path_reg ^/v[0-9]+$ }", GET("/v12"), true },
	{ "", "if { path_reg -i ^/V }", GET("/v12"), true },
	{ "", "if { path_len 2 }", GET("/a?b"), true },
	{ "", "if { path_len gt 2 }", GET("/a?b"), false },
	{ "", "if { path -m found }", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", false },
	{ "", "if { path / }", GET("http://www.example.com?x"), true },
	{ "", "if { path /a }", GET("http://www.example.com/a?x"), true },
	{ "", "if { url_beg http:// }", GET("http://www.example.com/a"), true },
	{ "", "if { url_dom example }", GET("http://www.example.com/a"), true },
	{ "", "if { query a=1 }", GET("/?a=1"), true },
	{ "", "if { query -m found }", GET("/"), false },
	{ "", "if { query -m found }", GET("/?"), true },
	{ "", "if { urlp(b) 2 }", GET("/?a=1&b=2"), true },
	{ "", "if { urlp(b) 3 }", GET("/?b=1;b=3"), true },
	{ "", "if { urlp(b) -m found }", GET("/?bb=1&b"), false },
	{ "", "if { base www.example.com/a }", GET("/a?b"), true },
	{ "", "if { base_beg /a }", "GET /a HTTP/1.0\r\n\r\n", true },
	{ "", "if { pathq /a?b }", GET("/a?b"), true },
	{ "", "if { hdr(host) www.example.com }", GET("/"), true },
	{ "", "if { hdr_beg(host) www. }", GET("/"), true },
	{ "", "if { hdr_dom(host) example.com }", GET("/"), true },
	{ "", "if { hdr_dom(host) xample }", GET("/"), false },
	{ "", "if { hdr(x) b }", HEADER("X: a, b"), true },
	{ "", "if { hdr(x) b }", HEADER("X: a\r\nX: b"), true },
	{ "", "if { hdr(x,1) b }", HEADER("X: a, b"), false },
	{ "", "if { hdr(x,2) b }", HEADER("X: a, b"), true },
	{ "", "if { hdr(x,-1) b }", HEADER("X: a, b"), true },
	{ "", "if { hdr(x,-3) -m found }", HEADER("X: a, b"), false },
	{ "", "if { req.fhdr(x) 'a, b' }", HEADER("X: a, b"), true },
	{ "", "if { hdr_cnt(x) 3 }", HEADER("X: a, \"b,c\"\r\nX: d"), true },
	{ "", "if { hdr_cnt(x) 2 }", HEADER("X: a,"), true },
	{ "", "if { hdr_cnt(x) 1 }", HEADER("X:"), true },
	{ "", "if { hdr_cnt(x) 0 }", HEADER("Y: 1"), true },
	{ "", "if { hdr_val(x) ge 5 }", HEADER("X: 5"), true },
	{ "", "if { hdr_val(x) lt 0 }", HEADER("X: -1"), true },
	{ "", "if { hdr_val(x) 0 }", HEADER("X: abc"), true },
	{ "", "if { hdr_ip(x) 10.0.0.0/8 }", HEADER("X: unknown, 10.1.2.3:99"), true },
	{ "", "if { hdr_ip(x) 2001:db8::/32 }", HEADER("X: 2001:db8::7"), true },
	{ "", "if { cook(sid) b }", HEADER("Cookie: x=1; sid=b"), true },
	{ "", "if { cook(sid) b }", HEADER("Cookie: xsid=b"), false },
	{ "", "if METH_GET", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", true },
	{ "", "if METH_HEAD", GET("/"), false },
	{ "", "if { method PURGE }", "PURGE / HTTP/1.1\r\nHost: a\r\n\r\n", true },
	{ "", "if HTTP_1.0", "GET / HTTP/1.0\r\n\r\n", true },
	{ "", "if HTTP_1.1", GET("/"), true },
	{ "", "if HTTP_URL_STAR", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", true },
	{ "", "if LOCALHOST", NULL, false },
	{ "", "if { src 192.0.2.0/24 }", NULL, true },
	{ "", "if { src 192.0.2/24 }", NULL, true },
	{ "", "if { src 10.0.0.0/8 192.0.0.0/16 192.0.2.7 }", NULL, true },
	{ "", "if { src 192.0.2.8/31 }", NULL, false },
	{ "", "if { src ::ffff:192.0.2.7 }", NULL, true },
	{ "", "if { src -m beg 192. }", NULL, true },
	{ "", "if { src,ipmask(24) 192.0.2.0 }", NULL, true },
	{ "", "if { src_port 1024: }", NULL, true },
	{ "", "if { dst_port 443 }", NULL, true },
	{ "", "if { dst 198.51.100.1 }", NULL, true },
	{ "", "if { ssl_fc }", NULL, false },
	{ "", "if { nbsrv(b) 2 }", NULL, true },
	{ "", "if { be_conn(b) gt 6 }", NULL, true },
	{ "", "if { fe_conn 5 }", NULL, true },
	{ "", "if { connslots(b) lt 0 }", NULL, true },
	{ "", "if { srv_is_up(b/s) }", NULL, true },
	{ "", "if { path,lower /abc }", GET("/ABC"), true },
	{ "", "if { path,upper -m beg /A }", GET("/abc"), true },
	{ "", "if { path,length,add(-1) 3 }", GET("/abc"), true },
	{ "", "if { path,field(2,/) a }", GET("/a/b"), true },
	{ "", "if { path,field(-1,/) b }", GET("/a/b"), true },
	{ "", "if { path,hex 2F }", GET("/"), true },
	{ "", "if { path,ltrim(/),rtrim(c) ab }", GET("//abcc"), true },
	{ "", "if { hdr(host),host_only a }", "GET / HTTP/1.1\r\nHost: a:81\r\n\r\n", true },
	{ "", "if { hdr(host),port_only 81 }", "GET / HTTP/1.1\r\nHost: a:81\r\n\r\n", true },
	{ "", "if { int(5),mul(2),sub(1),div(3),mod(2),not }", NULL, false },
	{ "", "if { int(5),and(4),or(1),odd }", NULL, true },
	{ "", "if { int(-3),neg 3 }", NULL, true },
	{ "", "if { int(3),bool }", NULL, true },
	{ "", "if { int(2147483647),mul(2147483647),mul(2147483647) gt 0 }", NULL, true },
	{ "", "if { str(x) x }", NULL, true },
	{ "", "if { path -m bin 2f }", GET("/"), true },
	{ "", "if { method PUT }", NULL, true },
	{ "", "if { capture.req.method PUT }", GET("/"), true },
	{ "", "if { capture.req.uri /b?c }", NULL, true },
	{ "", "if { capture.req.ver HTTP/1.0 }", NULL, true },
	{ "", "if { capture.res.ver HTTP/1.1 }", NULL, true },
	{ "", "if { capture.req.hdr(1) two }", NULL, true },
	{ "", "if { capture.req.hdr(2) -m found }", NULL, false },
	{ "", "if { capture.req.hdr(-1) -m found }", NULL, false },
	{ "", "if { capture.res.hdr(0) two }", NULL, true },
	{ "", "if { status ge 400 }", NULL, true },
	{ "", "if { unique-id id-1 }", NULL, true },
	{ "", "if { date 1000 }", NULL, true },
	{ "", "if { date(-10) 990 }", NULL, true },
	{ "", "if { rand(100) lt 100 }", NULL, true },
	{ "", "if { rand 2309737967 }", NULL, true },
	{ "", "if { uuid 01234567-89ab-4def-8123-456789abcdef }", NULL, true },
	{ "", "if { hostname host } { fe_name fe } { be_name be }", NULL, true },
	{ "", "if { srv_name -m found }", NULL, false },
};

static struct addr client, local;

static const struct addr *ask_client(void *arg)
{
	(void)arg;
	return &client;
}
static bool ask_local(void *arg, struct addr *out)
{
	(void)arg;
	*out = local;
	return true;
}
static bool ask_connections(void *arg, const struct cfg_proxy *px, bool of_frontend, int64_t *out)
{
	(void)arg, (void)px;
	*out = of_frontend ? 5 : 7;
	return true;
}
static bool ask_free_slots(void *arg, const struct cfg_proxy *px, int64_t *out)
{
	(void)arg, (void)px;
	*out = -1;
	return true;
}
static bool ask_usable(void *arg, const struct cfg_proxy *px, int64_t *out)
{
	(void)arg, (void)px;
	*out = 2;
	return true;
}
static bool ask_server_is_up(void *arg, const struct cfg_server *srv, bool *out)
{
	(void)arg;
	*out = strcmp(srv->name, "s") == 0;
	return true;
}
static bool ask_kept(void *arg, struct sample_kept *out)
{
	static const struct str captures[] = { { "one", 3 }, { "two", 3 } };

	(void)arg;
	*out = (struct sample_kept){ .method = STR("PUT"),
				     .uri = STR("http://a/b?c"),
				     .unique_id = STR("id-1"),
				     .minor = 0,
				     .response_minor = 1,
				     .status = 404,
				     .request_captures = captures,
				     .n_request_captures = 2,
				     .response_captures = captures + 1,
				     .n_response_captures = 1 };
	return true;
}
static const char *ask_name(void *arg, enum sample_name which)
{
	static const char *const names[] = { "host", "fe", "be", NULL };

	(void)arg;
	return names[which];
}
static int64_t ask_now(void *arg)
{
	(void)arg;
	return 1000;
}
static uint64_t ask_chance(void *arg)
{
	(void)arg;
	return UINT64_C(0x0123456789abcdef);
}
static const struct sample_source source = {
	.client = ask_client,
	.local = ask_local,
	.connections = ask_connections,
	.free_slots = ask_free_slots,
	.usable_servers = ask_usable,
	.server_is_up = ask_server_is_up,
	.kept = ask_kept,
	.name = ask_name,
	.now_s = ask_now,
	.chance = ask_chance,
};

static bool evaluate(const struct acl_cond *cond, const char *request, char *scratch, size_t size)
{
	struct h1_field fields[16];
	struct h1_head head = { .fields = fields, .max_fields = ARRAY_LEN(fields) };
	struct sample_ctx x = { .source = &source, .scratch = { .p = scratch, .size = size } };

	if (request) {
		ck_assert_int_eq(h1_parse_request(&head, request, strlen(request)), H1_DONE);
		ck_assert_int_eq(h1_check_request(&head), H1_OK);
		x.head = &head;
	}
	return acl_cond_holds(cond, &x);
}

static struct cfg *load_cond(const char *acls, const char *cond, struct diag *d)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "defaults\n mode http\nfrontend f\n bind :8000\n %s\n use_backend b %s\n"
		 "backend b\n server s 127.0.0.1:1\n",
		 acls, cond);
	return cfg_load_text("cfg", str_from(text), d);
}

static void setup(void)
{
	ck_assert_int_eq(addr_parse_ip(STR("192.0.2.7"), &client), 0);
	addr_set_port(&client, 50000);
	ck_assert_int_eq(addr_parse_ip(STR("198.51.100.1"), &local), 0);
	addr_set_port(&local, 443);
}

START_TEST(a_condition_holds)
{
	char scratch[256];
	struct diag d;

	setup();
	diag_init(&d);
	struct cfg *c = load_cond(rows[_i].acls, rows[_i].cond, &d);

	if (!c)
		diag_print(&d, stderr, DIAG_ERROR);
	ck_assert_msg(c != NULL, "%s: refused", rows[_i].cond);
	const bool holds = evaluate(c->proxies->use_backends->cond, rows[_i].request, scratch,
				    sizeof(scratch));

	ck_assert_msg(holds == rows[_i].holds, "%s %s on %s: %d", rows[_i].acls, rows[_i].cond,
		      rows[_i].request ? rows[_i].request : "a connection", holds);
	cfg_free(c);
	diag_fini(&d);
}
END_TEST

/* Without room for what a converter makes there is no value, and no crash. */
START_TEST(scratch_may_be_short)
{
	static const char *const conds[] = { "if { path,lower /abc }", "if { path -i /ABC }",
					     "if { base www.example.com/abc }",
					     "if { path,hex 2F616263 }", "if { src -m beg 192 }" };
	char scratch[4];
	struct diag d;

	setup();
	for (size_t i = 0; i < ARRAY_LEN(conds); i++) {
		diag_init(&d);
		struct cfg *c = load_cond("", conds[i], &d);

		ck_assert_ptr_nonnull(c);
		ck_assert_msg(!evaluate(c->proxies->use_backends->cond, GET("/abc"), scratch, 3),
			      "%s", conds[i]);
		cfg_free(c);
		diag_fini(&d);
	}
}
END_TEST

/* Large lists are found as small ones are: every network and every word of 20,000. */
START_TEST(large_sets)
{
	struct arena a = { 0 };
	struct pattern_set words = { .method = PATTERN_STR }, nets = { .method = PATTERN_IP };
	struct strbuf err = { 0 };
	struct sample_ctx x = { 0 };
	char text[32];

	for (unsigned i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "word%u", i * 3);
		ck_assert_int_eq(pattern_add(&words, &a, str_from(text), false, PATTERN_EQ, &err),
				 0);
		snprintf(text, sizeof(text), "10.%u.%u.0/25", i / 250, i % 250);
		ck_assert_int_eq(pattern_add(&nets, &a, str_from(text), false, PATTERN_EQ, &err),
				 0);
	}
	pattern_seal(&words, &a);
	pattern_seal(&nets, &a);
	for (unsigned i = 0; i < 60000; i++) {
		snprintf(text, sizeof(text), "word%u", i);
		struct sample s = { .type = SAMPLE_STR, .s = str_from(text) };

		ck_assert_int_eq(pattern_matches(&words, &x, &s), i % 3 == 0);
	}
	for (unsigned i = 0; i < 20000; i++) {
		struct sample s = { .type = SAMPLE_IPV4 };

		s.ip4.s_addr = htonl(10u << 24 | (i / 250) << 16 | (i % 250) << 8 | 77);
		ck_assert(pattern_matches(&nets, &x, &s));
		s = (struct sample){ .type = SAMPLE_IPV4 };
		s.ip4.s_addr = htonl(10u << 24 | (i / 250) << 16 | (i % 250) << 8 | 177);
		ck_assert(!pattern_matches(&nets, &x, &s));
	}
	arena_fini(&a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("acl");
	TCase *tc = tcase_create("conditions");

	tcase_add_loop_test(tc, a_condition_holds, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, scratch_may_be_short);
	tcase_add_test(tc, large_sets);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
