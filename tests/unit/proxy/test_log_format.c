/* test_log_format.c - access log lines against lines that HAProxy 2.6 wrote. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "config/cfg_model.h"
#include "log/access_log.h"
#include "log/log_format.h"
#include "net/frontend.h"
#include "pool/backend.h"

#define DATE_US INT64_C(1795558828260000) /* 2026-11-24 22:20:28.260 UTC */

static struct cfg_proxy px;
static struct frontend fe;
static struct backend be;
static struct server srv;
static struct addr client, local;

static struct addr ip_port(const char *ip, uint16_t port)
{
	struct addr a;

	ck_assert_int_eq(addr_parse_ip(str_from(ip), &a), 0);
	addr_set_port(&a, port);
	return a;
}

static void setup(void)
{
	setenv("TZ", "UTC", 1);
	px = (struct cfg_proxy){ .name = "fe", .mode = CFG_MODE_HTTP };
	fe = (struct frontend){ .name = "fe", .cfg = &px };
	be = (struct backend){ .name = "be" };
	srv = (struct server){ .name = "s1" };
	client = ip_port("127.0.0.1", 57340);
	local = ip_port("127.0.0.1", 18080);
}

static struct access_record good_record(void)
{
	return (struct access_record){ .fe = &fe,
				       .be = &be,
				       .srv = &srv,
				       .client = &client,
				       .local = &local,
				       .accept_real_us = DATE_US,
				       .request_real_us = DATE_US,
				       .req_us = 999,
				       .queue_us = 0,
				       .connect_us = 0,
				       .response_us = 1999,
				       .active_us = 1000,
				       .total_us = 1000,
				       .status = 404,
				       .bytes_out = 500,
				       .term = "----",
				       .actconn = 1,
				       .feconn = 1,
				       .method = STR("GET"),
				       .uri = STR("/"),
				       .version = STR("HTTP/1.1") };
}

enum change {
	PLAIN,
	ENCODED,
	BAD_REQUEST,
	STATS_PAGE,
	REDISPATCHED,
	NO_BACKEND,
	LOGASAP,
	UNIX_CLIENT,
	IPV6,
	COUNTS,
	LONG_URI
};

static char long_uri[2000];

static void apply(enum change c, struct access_record *r)
{
	switch (c) {
	case PLAIN:
		break;
	case ENCODED:
		r->uri = STR("/\"x#y\x01\xff z");
		break;
	case BAD_REQUEST:
		r->is_bad_request = true;
		r->be = NULL;
		r->srv = NULL;
		r->req_us = r->queue_us = r->connect_us = r->response_us = -1;
		r->active_us = 0;
		r->status = 400;
		r->bytes_out = 0;
		memcpy(r->term, "CR--", 5);
		break;
	case STATS_PAGE:
		r->is_stats = true;
		r->srv = NULL;
		memcpy(r->term, "LR--", 5);
		break;
	case REDISPATCHED:
		r->retries = 3;
		r->redispatched = true;
		break;
	case NO_BACKEND:
		r->be = NULL;
		r->srv = NULL;
		break;
	case LOGASAP:
		px.logasap = true;
		break;
	case UNIX_CLIENT:
		client.sa.sa_family = AF_UNIX;
		break;
	case IPV6:
		client = ip_port("2001:db8::1", 4000);
		break;
	case COUNTS:
		r->actconn = 9;
		r->feconn = 8;
		r->beconn = 7;
		r->srv_conn = 6;
		r->srv_queue = 5;
		r->backend_queue = 4;
		break;
	case LONG_URI:
		memset(long_uri, 'a', sizeof(long_uri));
		r->uri = (struct str){ long_uri, sizeof(long_uri) };
		break;
	}
}

#define HTTP_HEAD "127.0.0.1:57340 [24/Nov/2026:22:20:28.260] fe be/s1 0/0/0/1/1 404 500 - - "

static const struct {
	const char *name;
	enum change change;
	enum log_line kind;
	const char *line;
} lines[] = {
	{ "http", PLAIN, LOG_LINE_HTTP, HTTP_HEAD "---- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"" },
	{ "http, encoded", ENCODED, LOG_LINE_HTTP,
	  HTTP_HEAD "---- 1/1/0/0/0 0/0 \"GET /#22x#23y#01#FF z HTTP/1.1\"" },
	{ "http, bad request", BAD_REQUEST, LOG_LINE_HTTP,
	  "127.0.0.1:57340 [24/Nov/2026:22:20:28.260] fe fe/<NOSRV> -1/-1/-1/-1/0 400 0 - - CR-- "
	  "1/1/0/0/0 0/0 \"<BADREQ>\"" },
	{ "http, stats", STATS_PAGE, LOG_LINE_HTTP,
	  "127.0.0.1:57340 [24/Nov/2026:22:20:28.260] fe be/<STATS> 0/0/0/1/1 404 500 - - LR-- "
	  "1/1/0/0/0 0/0 \"GET / HTTP/1.1\"" },
	{ "http, redispatched", REDISPATCHED, LOG_LINE_HTTP,
	  HTTP_HEAD "---- 1/1/0/0/+3 0/0 \"GET / HTTP/1.1\"" },
	{ "http, no backend", NO_BACKEND, LOG_LINE_HTTP,
	  "127.0.0.1:57340 [24/Nov/2026:22:20:28.260] fe fe/<NOSRV> 0/0/0/1/1 404 500 - - ---- "
	  "1/1/0/0/0 0/0 \"GET / HTTP/1.1\"" },
	{ "http, logasap", LOGASAP, LOG_LINE_HTTP,
	  "127.0.0.1:57340 [24/Nov/2026:22:20:28.260] fe be/s1 0/0/0/1/+1 404 +500 - - ---- "
	  "1/1/0/0/0 0/0 \"GET / HTTP/1.1\"" },
	{ "http, counts", COUNTS, LOG_LINE_HTTP,
	  HTTP_HEAD "---- 9/8/7/6/0 5/4 \"GET / HTTP/1.1\"" },
	{ "http, IPv6", IPV6, LOG_LINE_HTTP,
	  "2001:db8::1:4000 [24/Nov/2026:22:20:28.260] fe be/s1 0/0/0/1/1 404 500 - - ---- "
	  "1/1/0/0/0 0/0 \"GET / HTTP/1.1\"" },
	{ "tcp", PLAIN, LOG_LINE_TCP,
	  "127.0.0.1:57340 [24/Nov/2026:22:20:28.260] fe be/s1 0/0/1 500 -- 1/1/0/0/0 0/0" },
	{ "tcp, redispatched", REDISPATCHED, LOG_LINE_TCP,
	  "127.0.0.1:57340 [24/Nov/2026:22:20:28.260] fe be/s1 0/0/1 500 -- 1/1/0/0/+3 0/0" },
	{ "tcp, unix", UNIX_CLIENT, LOG_LINE_TCP,
	  "unix:1 [24/Nov/2026:22:20:28.260] fe be/s1 0/0/1 500 -- 1/1/0/0/0 0/0" },
	{ "default", PLAIN, LOG_LINE_DEFAULT,
	  "Connect from 127.0.0.1:57340 to 127.0.0.1:18080 (fe/HTTP)" },
	{ "default, unix", UNIX_CLIENT, LOG_LINE_DEFAULT, "Connect from unix:1 (fe/HTTP)" },
};

START_TEST(test_line)
{
	struct access_record r = good_record();
	struct log_dates d = { 0 };
	char out[4096];
	size_t n;

	apply(lines[_i].change, &r);
	n = log_format_record(lines[_i].kind, &r, &d, out, sizeof(out));
	out[n] = '\0';
	ck_assert_msg(strcmp(out, lines[_i].line) == 0, "%s:\n%s\n%s", lines[_i].name, out,
		      lines[_i].line);
}
END_TEST

START_TEST(test_request_line_is_cut_where_haproxy_cuts_it)
{
	struct access_record r = good_record();
	struct log_dates d = { 0 };
	char out[4096];
	size_t n;
	char *quote;

	apply(LONG_URI, &r);
	n = log_format_record(LOG_LINE_HTTP, &r, &d, out, sizeof(out));
	out[n] = '\0';
	quote = strchr(out, '"');
	ck_assert_ptr_nonnull(quote);
	ck_assert_uint_eq(strlen(quote), 1023 + 2);
	ck_assert_int_eq(out[n - 1], '"');
}
END_TEST

START_TEST(test_small_room_cuts_and_never_overruns)
{
	struct access_record r = good_record();
	struct log_dates d = { 0 };
	char out[200];

	for (size_t size = 0; size < 150; size++) {
		memset(out, '!', sizeof(out));
		ck_assert_uint_le(log_format_record(LOG_LINE_HTTP, &r, &d, out, size), size);
		ck_assert_int_eq(out[size], '!');
	}
}
END_TEST

static const struct {
	const char *name;
	enum cfg_log_format format;
	const char *hostname;
	const char *text;
} headers[] = {
	{ "rfc3164", CFG_LOG_RFC3164, NULL, "<134>Nov 24 22:20:28 localhost haproxy[16002]: " },
	{ "rfc3164, hostname", CFG_LOG_RFC3164, "lb1",
	  "<134>Nov 24 22:20:28 lb1 haproxy[16002]: " },
	{ "local", CFG_LOG_LOCAL, NULL, "<134>Nov 24 22:20:28 haproxy[16002]: " },
	{ "rfc5424", CFG_LOG_RFC5424, NULL,
	  "<134>1 2026-11-24T22:20:28.260000+00:00 - haproxy 16002 - - " },
	{ "rfc5424, hostname", CFG_LOG_RFC5424, "lb1",
	  "<134>1 2026-11-24T22:20:28.260000+00:00 lb1 haproxy 16002 - - " },
	{ "raw", CFG_LOG_RAW, NULL, "" },
	{ "short", CFG_LOG_SHORT, NULL, "<6>" },
	{ "iso", CFG_LOG_ISO, NULL, "2026-11-24T22:20:28.260000+00:00 " },
	{ "timed", CFG_LOG_TIMED, NULL, "<6>2026-11-24T22:20:28.260000+00:00 " },
};

START_TEST(test_header)
{
	struct log_header h = { .facility = 16,
				.level = 6,
				.tag = "haproxy",
				.hostname = headers[_i].hostname,
				.pid = 16002,
				.now_us = DATE_US };
	struct log_dates d = { 0 };
	char out[256];
	size_t n = log_format_header(headers[_i].format, &h, &d, out, sizeof(out));

	out[n] = '\0';
	ck_assert_msg(strcmp(out, headers[_i].text) == 0, "%s: '%s'", headers[_i].name, out);
}
END_TEST

START_TEST(test_line_follows_options)
{
	ck_assert_int_eq(log_line_of(&px), LOG_LINE_DEFAULT);
	px.tcplog = true;
	ck_assert_int_eq(log_line_of(&px), LOG_LINE_TCP);
	px.httplog = true;
	ck_assert_int_eq(log_line_of(&px), LOG_LINE_HTTP);
	px.mode = CFG_MODE_TCP;
	ck_assert_int_eq(log_line_of(&px), LOG_LINE_TCP);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("log_format");
	TCase *tc = tcase_create("lines");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, test_line, 0, ARRAY_LEN(lines));
	tcase_add_loop_test(tc, test_header, 0, ARRAY_LEN(headers));
	tcase_add_test(tc, test_request_line_is_cut_where_haproxy_cuts_it);
	tcase_add_test(tc, test_small_room_cuts_and_never_overruns);
	tcase_add_test(tc, test_line_follows_options);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
