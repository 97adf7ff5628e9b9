/* test_csv.c - the statistics columns against rows that HAProxy 2.6 wrote. */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats/base64.h"
#include "stats/csv.h"
#include "stats/fields.h"

static const char haproxy_header[] =
	"# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,"
	"wredis,status,weight,act,bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,"
	"lbtot,tracked,type,rate,rate_lim,rate_max,check_status,check_code,check_duration,hrsp_1xx,"
	"hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,req_rate,req_rate_max,req_tot,"
	"cli_abrt,srv_abrt,comp_in,comp_out,comp_byp,comp_rsp,lastsess,last_chk,last_agt,qtime,"
	"ctime,rtime,ttime,agent_status,agent_code,agent_duration,check_desc,agent_desc,check_rise,"
	"check_fall,check_health,agent_rise,agent_fall,agent_health,addr,cookie,mode,algo,conn_"
	"rate,"
	"conn_rate_max,conn_tot,intercepted,dcon,dses,wrew,connect,reuse,cache_lookups,cache_hits,"
	"srv_icur,src_ilim,qtime_max,ctime_max,rtime_max,ttime_max,eint,idle_conn_cur,safe_conn_"
	"cur,"
	"used_conn_cur,need_conn_est,uweight,agg_server_status,agg_server_check_status,"
	"agg_check_status,-,ssl_sess,ssl_reused_sess,ssl_failed_handshake,h2_headers_rcvd,"
	"h2_data_rcvd,h2_settings_rcvd,h2_rst_stream_rcvd,h2_goaway_rcvd,"
	"h2_detected_conn_protocol_errors,h2_detected_strm_protocol_errors,h2_rst_stream_resp,"
	"h2_goaway_resp,h2_open_connections,h2_backend_open_streams,h2_total_connections,"
	"h2_backend_total_streams,h1_open_connections,h1_open_streams,h1_total_connections,"
	"h1_total_streams,h1_bytes_in,h1_bytes_out,h1_spliced_bytes_in,h1_spliced_bytes_out,\n";

START_TEST(test_header_is_haproxys)
{
	struct strbuf b = { 0 };

	stats_csv_header(&b);
	ck_assert_str_eq(strbuf_str(&b), haproxy_header);
	strbuf_fini(&b);
}
END_TEST

/* Rows as HAProxy printed them, but for what is documented as always 0 here (h1_*, peaks of times,
 * need_conn_est). */
static const struct {
	const char *name;
	struct stats_row row;
	const char *line;
} rows[] = {
	{ "http frontend",
	  { .type = STATS_FRONTEND,
	    .is_http = true,
	    .proxy = "fe",
	    .service = "FRONTEND",
	    .iid = 2,
	    .smax = 2,
	    .slim = 9984,
	    .stot = 1,
	    .bin = 82,
	    .bout = 217,
	    .status = "OPEN",
	    .rate_max = 1,
	    .hrsp = { 0, 0, 0, 0, 0, 1 },
	    .req_rate_max = 1,
	    .req_tot = 1 },
	  "fe,FRONTEND,,,0,2,9984,1,82,217,0,0,0,,,,,OPEN,,,,,,,,,1,2,0,,,,0,0,0,1,,,,0,0,0,0,1,0,,"
	  "0,1,1,,,0,0,0,0,,,,,,,,,,,,,,,,,,,,,http,,0,1,1,0,0,0,0,,,0,0,,,,,,,0,,,,,,,,,-,0,0,0,0,"
	  "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,\n" },
	{ "tcp frontend",
	  { .type = STATS_FRONTEND,
	    .proxy = "tcpf",
	    .service = "FRONTEND",
	    .iid = 4,
	    .smax = 1,
	    .slim = 9984,
	    .stot = 1,
	    .bin = 79,
	    .bout = 521,
	    .status = "OPEN",
	    .rate = 1,
	    .rate_max = 1 },
	  "tcpf,FRONTEND,,,0,1,9984,1,79,521,0,0,0,,,,,OPEN,,,,,,,,,1,4,0,,,,0,1,0,1,,,,,,,,,,,0,0,"
	  "0,,,0,0,0,0,,,,,,,,,,,,,,,,,,,,,tcp,,1,1,1,,0,0,0,,,,,,,,,,,0,,,,,,,,,-,0,0,0,0,0,0,0,0,"
	  "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,\n" },
	{ "checked server",
	  { .type = STATS_SERVER,
	    .is_http = true,
	    .proxy = "be",
	    .service = "s1",
	    .iid = 3,
	    .sid = 1,
	    .status = "DOWN 1/2",
	    .weight = 10,
	    .user_weight = 10,
	    .act = 1,
	    .chkfail = 1,
	    .chkdown = 1,
	    .lastchg_s = 4,
	    .downtime_s = 4,
	    .has_downtime = true,
	    .is_checked = true,
	    .check_status = "L7OK",
	    .check_code = 200,
	    .has_check = true,
	    .has_check_code = true,
	    .check_ms = 1,
	    .lastsess_s = -1,
	    .check_desc = "Layer7 check passed",
	    .check_rise = 2,
	    .check_fall = 3,
	    .check_health = 1,
	    .addr = "127.0.0.1:18081" },
	  "be,s1,0,0,0,0,,0,0,0,,0,,0,0,0,0,DOWN 1/2,10,1,0,1,1,4,4,,1,3,1,,0,,2,0,,0,L7OK,200,1,0,"
	  "0,0,0,0,0,,,,0,0,0,,,,,-1,,,0,0,0,0,,,,Layer7 check passed,,2,3,1,,,,127.0.0.1:18081,,"
	  "http,,,,,,,,0,0,0,,,0,,0,0,0,0,0,0,0,0,0,10,,,,-,0,0,0,,,,,,,,,,,,,,,,,,,,,,\n" },
	{ "unchecked tcp server with maxconn",
	  { .type = STATS_SERVER,
	    .proxy = "tb",
	    .service = "x",
	    .iid = 5,
	    .sid = 1,
	    .smax = 1,
	    .slim = 5,
	    .stot = 1,
	    .bin = 79,
	    .bout = 521,
	    .status = "no check",
	    .weight = 1,
	    .user_weight = 1,
	    .act = 1,
	    .lastchg_s = 4,
	    .check_ms = -1,
	    .lbtot = 1,
	    .rate = 1,
	    .rate_max = 1,
	    .ttime_ms = 2,
	    .conn_new = 1,
	    .addr = "127.0.0.1:18081" },
	  "tb,x,0,0,0,1,5,1,79,521,,0,,0,0,0,0,no "
	  "check,1,1,0,,,4,,,1,5,1,,1,,2,1,,1,,,,,,,,,,,,,,0,"
	  "0,,,,,0,,,0,0,0,2,,,,,,,,,,,,127.0.0.1:18081,,tcp,,,,,,,,0,1,0,,,0,,0,0,0,0,0,0,0,0,0,1,"
	  ",,,-,0,0,0,,,,,,,,,,,,,,,,,,,,,,\n" },
	{ "http backend",
	  { .type = STATS_BACKEND,
	    .is_http = true,
	    .proxy = "be",
	    .service = "BACKEND",
	    .iid = 3,
	    .smax = 1,
	    .slim = 999,
	    .stot = 1,
	    .bin = 82,
	    .bout = 217,
	    .econ = 1,
	    .status = "DOWN",
	    .chkdown = 1,
	    .lastchg_s = 3,
	    .downtime_s = 3,
	    .has_downtime = true,
	    .check_ms = -1,
	    .lbtot = 1,
	    .rate = 1,
	    .rate_max = 1,
	    .hrsp = { 0, 0, 0, 0, 0, 1 },
	    .req_tot = 1,
	    .lastsess_s = -1,
	    .algo = "roundrobin" },
	  "be,BACKEND,0,0,0,1,999,1,82,217,0,0,,1,0,0,0,DOWN,0,0,0,,1,3,3,,1,3,0,,1,,1,1,,1,,,,0,0,"
	  "0,"
	  "0,1,0,,,,1,0,0,0,0,0,0,-1,,,0,0,0,0,,,,,,,,,,,,,,http,roundrobin,,,,,,,0,0,0,0,0,,,0,0,"
	  "0,"
	  "0,0,,,,,0,0,0,0,-,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,\n" },
};

START_TEST(test_row)
{
	struct strbuf b = { 0 };

	stats_csv_row(&rows[_i].row, &b);
	ck_assert_msg(strcmp(strbuf_str(&b), rows[_i].line) == 0, "%s:\n%s\n%s", rows[_i].name,
		      strbuf_str(&b), rows[_i].line);
	strbuf_fini(&b);
}
END_TEST

START_TEST(test_text_is_quoted_where_csv_needs_it)
{
	struct stats_row row = rows[2].row;
	struct strbuf b = { 0 };

	snprintf(row.last_check, sizeof(row.last_check), "said \"no\", then left");
	stats_csv_row(&row, &b);
	ck_assert_ptr_nonnull(strstr(strbuf_str(&b), ",\"said \"\"no\"\", then left\","));
	strbuf_fini(&b);
}
END_TEST

static const struct {
	const char *in, *out; /* out NULL: refused */
} codes[] = {
	{ "", "" },
	{ "YTpi", "a:b" },
	{ "YWRtaW46c2VjcmV0", "admin:secret" },
	{ "YTpiYw==", "a:bc" },
	{ "YTpiYw", "a:bc" },
	{ "YTpiY2Q=", "a:bcd" },
	{ "YTp", "a:" },
	{ "Y", NULL },
	{ "YT pi", NULL },
	{ "YT=p", NULL },
};

START_TEST(test_base64)
{
	unsigned char out[64];
	ssize_t n = base64_decode(str_from(codes[_i].in), out, sizeof(out));

	if (codes[_i].out == NULL) {
		ck_assert_int_lt(n, 0);
		return;
	}
	ck_assert_int_eq(n, (ssize_t)strlen(codes[_i].out));
	ck_assert_mem_eq(out, codes[_i].out, (size_t)n);
}
END_TEST

static const struct stats_row small = { .type = STATS_SERVER,
					.proxy = "b",
					.service = "s\"1",
					.iid = 3,
					.sid = 7,
					.bin = UINT64_C(1) << 40,
					.lastsess_s = -1,
					.check_ms = -1,
					.status = "UP",
					.addr = "127.0.0.1:80" };

START_TEST(typed_lines_name_what_they_are)
{
	struct strbuf out = { 0 };

	stats_typed_row(&small, false, &out);
	ck_assert_int_eq(strncmp(out.p, "S.3.7.0.pxname.1:KNS:str:b\n", 27), 0);
	ck_assert_ptr_nonnull(strstr(out.p, "\nS.3.7.8.bin.1:MCP:u64:1099511627776\n"));
	ck_assert_ptr_nonnull(strstr(out.p, "\nS.3.7.19.act.1:SGP:u32:0\n"));
	ck_assert_ptr_nonnull(strstr(out.p, "\nS.3.7.55.lastsess.1:MAP:s32:-1\n"));
	ck_assert_ptr_nonnull(strstr(out.p, "\nS.3.7.103.ssl_sess.1:MCP:u64:0\n"));
	ck_assert_ptr_null(strstr(out.p, ".cookie."));
	ck_assert_ptr_null(strstr(out.p, ".check_status."));
	strbuf_clear(&out);
	stats_typed_row(&small, true, &out);
	ck_assert_int_eq(strncmp(out.p, "S.3.7.0.pxname.1:KNS:str:b:\"", 28), 0);
	strbuf_fini(&out);
}
END_TEST

START_TEST(json_is_json)
{
	struct strbuf out = { 0 };
	json_error_t error;
	json_t *row, *value;

	stats_json_row(&small, &out);
	row = json_loadb(out.p, out.len, 0, &error);
	ck_assert_msg(row != NULL, "%s", error.text);
	value = json_array_get(row, 1);
	ck_assert_str_eq(json_string_value(json_object_get(value, "objType")), "Server");
	ck_assert_int_eq(json_integer_value(json_object_get(value, "id")), 7);
	ck_assert_str_eq(
		json_string_value(json_object_get(json_object_get(value, "value"), "value")),
		"s\"1");
	ck_assert_str_eq(
		json_string_value(json_object_get(json_object_get(value, "tags"), "nature")),
		"Name");
	json_decref(row);
	strbuf_fini(&out);
}
END_TEST

START_TEST(each_column_is_described)
{
	for (size_t i = 0; i < stats_n_columns(); i++) {
		ck_assert_str_eq(stats_field(i, false)->name, stats_column_name(i));
		ck_assert_str_eq(stats_field(i, true)->name, stats_column_name(i));
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("csv");
	TCase *tc = tcase_create("csv");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, test_header_is_haproxys);
	tcase_add_loop_test(tc, test_row, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, test_text_is_quoted_where_csv_needs_it);
	tcase_add_loop_test(tc, test_base64, 0, ARRAY_LEN(codes));
	tcase_add_test(tc, typed_lines_name_what_they_are);
	tcase_add_test(tc, json_is_json);
	tcase_add_test(tc, each_column_is_described);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
