/* test_log_format.c - access log lines against lines that HAProxy 2.6 wrote. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/cfg_load.h"
#include "config/cfg_model.h"
#include "config/log_program.h"
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

/* The line of a frontend with this option. */
static size_t run(const char *option, const struct access_record *r, struct log_dates *d, char *out,
		  size_t size)
{
	char text[4096];
	struct diag diag;
	struct cfg *cfg;
	size_t n;

	snprintf(text, sizeof(text),
		 "defaults\n timeout client 1s\n timeout connect 1s\n timeout server 1s\n"
		 "frontend fe\n mode http\n bind 127.0.0.1:1\n %s\n",
		 option);
	diag_init(&diag);
	cfg = cfg_load_text("cfg", str_from(text), &diag);
	if (cfg == NULL)
		diag_print(&diag, stderr, DIAG_NOTICE);
	ck_assert_ptr_nonnull(cfg);
	n = log_format_run(cfg->proxies->log_format, r, d, out, size);
	cfg_free(cfg);
	diag_fini(&diag);
	return n;
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
				       .is_http = true,
				       .pid = 928,
				       .hostname = "lb1",
				       .request_number = 10,
				       .line_number = 2,
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
		r->is_early = true;
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
	const char *option; /* of the frontend */
	const char *line;
} lines[] = {
	{ "http", PLAIN, "option httplog", HTTP_HEAD "---- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"" },
	{ "http, encoded", ENCODED, "option httplog",
	  HTTP_HEAD "---- 1/1/0/0/0 0/0 \"GET /#22x#23y#01#FF z HTTP/1.1\"" },
	{ "http, bad request", BAD_REQUEST, "option httplog",
	  "127.0.0.1:57340 [24/Nov/2026:22:20:28.260] fe fe/<NOSRV> -1/-1/-1/-1/0 400 0 - - CR-- "
	  "1/1/0/0/0 0/0 \"<BADREQ>\"" },
	{ "http, stats", STATS_PAGE, "option httplog",
	  "127.0.0.1:57340 [24/Nov/2026:22:20:28.260] fe be/<STATS> 0/0/0/1/1 404 500 - - LR-- "
	  "1/1/0/0/0 0/0 \"GET / HTTP/1.1\"" },
	{ "http, redispatched", REDISPATCHED, "option httplog",
	  HTTP_HEAD "---- 1/1/0/0/+3 0/0 \"GET / HTTP/1.1\"" },
	{ "http, no backend", NO_BACKEND, "option httplog",
	  "127.0.0.1:57340 [24/Nov/2026:22:20:28.260] fe fe/<NOSRV> 0/0/0/1/1 404 500 - - ---- "
	  "1/1/0/0/0 0/0 \"GET / HTTP/1.1\"" },
	{ "http, logasap", LOGASAP, "option httplog",
	  "127.0.0.1:57340 [24/Nov/2026:22:20:28.260] fe be/s1 0/0/0/1/+1 404 +500 - - ---- "
	  "1/1/0/0/0 0/0 \"GET / HTTP/1.1\"" },
	{ "http, counts", COUNTS, "option httplog",
	  HTTP_HEAD "---- 9/8/7/6/0 5/4 \"GET / HTTP/1.1\"" },
	{ "http, IPv6", IPV6, "option httplog",
	  "2001:db8::1:4000 [24/Nov/2026:22:20:28.260] fe be/s1 0/0/0/1/1 404 500 - - ---- "
	  "1/1/0/0/0 0/0 \"GET / HTTP/1.1\"" },
	{ "tcp", PLAIN, "option tcplog",
	  "127.0.0.1:57340 [24/Nov/2026:22:20:28.260] fe be/s1 0/0/1 500 -- 1/1/0/0/0 0/0" },
	{ "tcp, redispatched", REDISPATCHED, "option tcplog",
	  "127.0.0.1:57340 [24/Nov/2026:22:20:28.260] fe be/s1 0/0/1 500 -- 1/1/0/0/+3 0/0" },
	{ "tcp, unix", UNIX_CLIENT, "option tcplog",
	  "unix:1 [24/Nov/2026:22:20:28.260] fe be/s1 0/0/1 500 -- 1/1/0/0/0 0/0" },
	{ "default", PLAIN, "", "Connect from 127.0.0.1:57340 to 127.0.0.1:18080 (fe/HTTP)" },
	{ "default, unix", UNIX_CLIENT, "", "Connect from unix:1 (fe/HTTP)" },
};

START_TEST(test_line)
{
	struct access_record r = good_record();
	struct log_dates d = { 0 };
	char out[4096];
	size_t n;

	apply(lines[_i].change, &r);
	n = run(lines[_i].option, &r, &d, out, sizeof(out));
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
	n = run("option httplog", &r, &d, out, sizeof(out));
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
		ck_assert_uint_le(run("option httplog", &r, &d, out, size), size);
		ck_assert_int_eq(out[size], '!');
	}
}
END_TEST

/* What HAProxy 2.6 writes for a request with everything. */
static const struct {
	const char *format, *line;
} formats[] = {
	{ "%ci:%cp|%fi:%fp|%bi:%bp|%si:%sp", "127.0.0.1:57340|127.0.0.1:18080|-:-|10.1.2.3:80" },
	{ "%{+X}ci:%{+X}cp %{+X}fi", "7F000001:DFFC 7F000001" },
	{ "%{+Q}ci %{+Q}cp %{+Q}bi %{+Q}bp", "\"127.0.0.1\" 57340 \"\" \"\"" },
	{ "%H %ID %pid %rt %lc", "lb1 - 928 10 2" },
	{ "%{+X}o %pid %rt %lc %Ts %ms", "03A0 000A 0002 6B060DAC 104" },
	{ "%ms %Ts", "260 1795558828" },
	{ "%t|%tr|%T|%Tl|%trg|%trl",
	  "24/Nov/2026:22:20:28.260|24/Nov/2026:22:20:28.260|24/Nov/2026:22:20:28 +0000|"
	  "24/Nov/2026:22:20:28 +0000|24/Nov/2026:22:20:28 +0000|24/Nov/2026:22:20:28 +0000" },
	{ "%HM|%HP|%HPO|%HQ|%HU|%HV", "GET|/a|/a|?b=c?d|/a?b=c?d|HTTP/1.1" },
	{ "%{+Q}o %HM %r %ts %tsc %ST %s %b %f %ft",
	  "\"GET\" \"GET /a?b=c?d HTTP/1.1\" -- ---- 404 \"s1\" \"be\" \"fe\" \"fe\"" },
	{ "%{+Q}o %{-Q}b %s", "be \"s1\"" },
	{ "%Th/%Ti/%Tq/%TR/%Tw/%Tc/%Tr/%Td/%Ta/%Tt/%Tu", "0/20/20/0/0/0/1/-1/1/21/1" },
	{ "%B %U %ac/%fc/%bc/%sc/%rc %sq/%bq", "500 77 1/1/0/0/0 0/0" },
	{ "%hr %hs %hrl %hsl", "{a#7Cb|} {x} a#7Cb - x" },
	{ "%{+Q}hr %{+Q}hrl", "\"{a#7Cb|}\" \"a#7Cb\" \"\"" },
	{ "%{+E}hs", "{x}" },
	{ "%CC %CS %{+Q}CS", "c=1 - \"\"" },
	{ "%sslv %sslc", "- -" },
	{ "  a   b  ", "a b " },
	{ "100%% %{+Q,-Q}s", "100% s1" },
	{ "%/x", "/x" },
	{ "a %b b", "a be b" },
	{ "%{+Y}s", "s1" },
};

static void fill(struct access_record *r)
{
	static const struct str req[] = { { "a|b", 3 }, { NULL, 0 } }, res[] = { { "x", 1 } };
	static struct addr target;

	target = ip_port("10.1.2.3", 80);
	r->uri = STR("/a?b=c?d");
	r->local = &local;
	r->target = &target;
	r->bytes_in = 77;
	r->idle_us = 20000;
	r->total_us = 21000;
	r->response_us = 1000;
	r->request_captures = req;
	r->n_request_captures = 2;
	r->response_captures = res;
	r->n_response_captures = 1;
	r->request_cookie = STR("c=1");
}

START_TEST(test_format)
{
	struct access_record r = good_record();
	struct log_dates d = { 0 };
	char option[1024], out[4096];
	size_t n;

	fill(&r);
	snprintf(option, sizeof(option), "log-format '%s'", formats[_i].format);
	n = run(option, &r, &d, out, sizeof(out));
	out[n] = '\0';
	ck_assert_msg(strcmp(out, formats[_i].line) == 0, "%s:\n%s\n%s", formats[_i].format, out,
		      formats[_i].line);
}
END_TEST

START_TEST(test_empty_captures_leave_one_space)
{
	struct access_record r = good_record();
	struct log_dates d = { 0 };
	char out[4096];
	size_t n = run("log-format 'a %hr %hs  %hrl b'", &r, &d, out, sizeof(out));

	ck_assert_uint_eq(n, 3);
	ck_assert_mem_eq(out, "a b", 3);
}
END_TEST

START_TEST(test_clf)
{
	struct access_record r = good_record();
	struct log_dates d = { 0 };
	char out[4096];
	size_t n;

	fill(&r);
	n = run("option httplog clf", &r, &d, out, sizeof(out));
	out[n] = '\0';
	ck_assert_str_eq(out,
			 "127.0.0.1 - - [24/Nov/2026:22:20:28 +0000] \"GET /a?b=c?d HTTP/1.1\" 404 "
			 "500 \"\" \"\" 57340 260 \"fe\" \"be\" \"s1\" 0 0 0 1 1 ---- 1 1 0 0 0 0 "
			 "0 \"c=1\" \"\" \"a#7Cb\" \"\" \"x\"");
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
	{ "priority", CFG_LOG_PRIORITY, NULL, "<134>" },
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

int main(void)
{
	Suite *s = suite_create("log_format");
	TCase *tc = tcase_create("lines");
	SRunner *sr;
	int failed;

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, test_line, 0, ARRAY_LEN(lines));
	tcase_add_loop_test(tc, test_format, 0, ARRAY_LEN(formats));
	tcase_add_test(tc, test_empty_captures_leave_one_space);
	tcase_add_test(tc, test_clf);
	tcase_add_loop_test(tc, test_header, 0, ARRAY_LEN(headers));
	tcase_add_test(tc, test_request_line_is_cut_where_haproxy_cuts_it);
	tcase_add_test(tc, test_small_room_cuts_and_never_overruns);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
