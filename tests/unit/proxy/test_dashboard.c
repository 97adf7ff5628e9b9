/* test_dashboard.c - what the statistics answer without a running proxy: escaping, vrrpd's answers
 * as HTML, the query of the metrics, where forms may come from. */
#include "stats/dashboard.h"

#include <errno.h>

#include "../../lib/unit.h"
#include "config/cfg_model.h"
#include "stats/auth.h"
#include "stats/pair.h"
#include "stats/prometheus.h"
#include <tandem/html.h>

START_TEST(what_would_end_the_text_is_escaped)
{
	struct strbuf b = { 0 };

	html_addz(&b, "<a href=\"x\" b='&'>");
	ck_assert_str_eq(strbuf_str(&b), "&lt;a href=&quot;x&quot; b=&#39;&amp;&#39;&gt;");
	strbuf_clear(&b);
	json_add(&b, STR("a\"b\\c\n</script>\x7f\xc3\xa4"));
	ck_assert_str_eq(strbuf_str(&b), "\"a\\\"b\\\\c\\u000a\\u003c/script>\\u007f\xc3\xa4\"");
	strbuf_fini(&b);
}
END_TEST

static const char status[] =
	"{\"pid\":7,\"uptime_s\":61.5,\"reloads\":1,\"stalls\":0,\"drill\":{\"running\":true,"
	"\"kind\":\"<freeze>\",\"last\":{"
	"\"id\":\"20261125-1\",\"verdict\":\"passed\",\"outage_s\":0.014,\"unix\":1700000000.5}},"
	"\"instances\":[{\"name\":\"VI<1>"
	"\","
	"\"state\":\"MASTER\",\"interface\":\"eth0\",\"vrid\":51,\"priority\":101,\"since_unix\":"
	"1700000000.5,\"cause\":\"no "
	"master\",\"addresses\":[{\"address\":\"10.0.0.1\",\"prefix\":32,"
	"\"dev\":\"eth0\",\"held\":true}],\"tracks\":[{\"kind\":\"script\",\"name\":\"chk\","
	"\"state\":"
	"\"down\",\"up\":false,\"weight\":-2}],\"peers\":[{\"address\":\"10.0.0.3\",\"state\":"
	"\"BACKUP\","
	"\"priority\":100}],\"conflict\":[\"10.0.0.9\"]}]}";
static const char history[] = "[{\"unix\":1700000000.5,\"instance\":\"VI_1\",\"from\":\"BACKUP\","
			      "\"to\":\"MASTER\",\"cause\":\"no master\",\"detail\":\"\","
			      "\"outage_ms\":12,\"before_lasted_s\":3.25}]";

static const char *const shown[] = {
	"vrrpd pid 7, up 1m1s",
	"A drill runs: &lt;freeze&gt;",
	"Last drill 20261125-1: passed, outage 14.0 ms",
	"VI&lt;1&gt;",
	"<span class=\"s up\">MASTER</span>",
	"10.0.0.1/32 <small>eth0, here",
	"<span class=bad>script chk: down</span>",
	"<span class=\"s idle\">BACKUP</span> 10.0.0.3",
	"conflict: 10.0.0.9",
	"BACKUP &rarr; MASTER",
	"outage about 12 ms",
};

START_TEST(pair_is_shown)
{
	struct strbuf b = { 0 };

	pair_render(&b, str_from(status), str_from(history));
	ck_assert_msg(strstr(strbuf_str(&b), shown[_i]), "'%s' is not in %s", shown[_i],
		      strbuf_str(&b));
	strbuf_fini(&b);
}
END_TEST

START_TEST(absurd_numbers_are_bounded)
{
	const struct str answer =
		STR("{\"pid\":7333333333333333333,\"uptime_s\":1e300,\"reloads\":-1e300,"
		    "\"stalls\":\"x\",\"instances\":[{\"since_unix\":1e300}]}");
	struct strbuf b = { 0 };

	pair_render(&b, answer, STR("[]"));
	ck_assert_ptr_nonnull(strstr(strbuf_str(&b), "vrrpd pid 1000000000000, up 11574074d1h"));
	ck_assert_ptr_nonnull(strstr(strbuf_str(&b), ", -1000000000000 reloads, 0 stalls"));
	strbuf_fini(&b);
}
END_TEST

static const char *const wrong[] = { "", "{", "[]", "{\"instances\":1}", "Unknown command" };

START_TEST(wrong_answer_is_said)
{
	struct strbuf b = { 0 };

	pair_render(&b, str_from(wrong[_i]), str_from(wrong[_i]));
	ck_assert_str_eq(strbuf_str(&b), "<p class=bad>vrrpd's answer cannot be understood.</p>");
	strbuf_fini(&b);
}
END_TEST

static const struct {
	const char *query;
	int result;
	unsigned scopes;
	bool no_maint;
} queries[] = {
	{ "", 0, PROMETHEUS_ALL, false },
	{ "scope=global", 0, PROMETHEUS_PROCESS, false },
	{ "scope=frontend&scope=server", 0, PROMETHEUS_FRONTEND | PROMETHEUS_SERVER, false },
	{ "no-maint&scope=server", 0, PROMETHEUS_SERVER, true },
	{ "scope=*", 0, PROMETHEUS_ALL, false },
	{ "scope=server&scope=", 0, 0, false },
	{ "scope=sticktable", 0, 0, false },
	{ "other=1", 0, PROMETHEUS_ALL, false },
	{ "scope=bad", -EINVAL, PROMETHEUS_ALL, false },
};

START_TEST(metrics_are_chosen)
{
	unsigned scopes = PROMETHEUS_ALL;
	bool no_maint = false;

	ck_assert_int_eq(prometheus_parse_query(str_from(queries[_i].query), &scopes, &no_maint),
			 queries[_i].result);
	ck_assert_uint_eq(scopes, queries[_i].scopes);
	ck_assert_int_eq(no_maint, queries[_i].no_maint);
}
END_TEST

/* Who may act, and who is sent away. */
static const struct {
	const char *name, *site, *origin;
	bool is_admin, is_whole;
	int status;
	const char *location; /* NULL: none */
	enum stats_kind kind;
} posts[] = {
	{ "our page", "same-origin", "http://lb:8404", true, true, 303, NULL, STATS_ACTION },
	{ "typed by the user", "none", "", true, true, 303, NULL, STATS_ACTION },
	{ "a program", "", "", true, true, 303, NULL, STATS_ACTION },
	{ "an old browser", "", "http://lb:8404", true, true, 303, NULL, STATS_ACTION },
	{ "another site", "cross-site", "http://evil", true, true, 403, NULL, STATS_ANSWER },
	{ "a sister site", "same-site", "http://lb", true, true, 403, NULL, STATS_ANSWER },
	{ "another port", "", "http://lb:80", true, true, 403, NULL, STATS_ANSWER },
	{ "a sandbox", "", "null", true, true, 403, NULL, STATS_ANSWER },
	{ "no admin", "same-origin", "", false, true, 303, "/stats;st=DENY", STATS_ANSWER },
	{ "too long", "same-origin", "", true, false, 303, "/stats;st=EXCD", STATS_ANSWER },
};

START_TEST(forms_of_strangers_are_refused)
{
	const struct cfg_stats st = { .enabled = true, .uri = STR("/stats") };
	const struct stats_request rq = { .method = STR("POST"),
					  .uri = STR("/stats"),
					  .host = STR("lb:8404"),
					  .origin = str_from(posts[_i].origin),
					  .site = str_from(posts[_i].site),
					  .body = STR("s=a&action=drain&b=x"),
					  .is_body_whole = posts[_i].is_whole,
					  .is_admin = posts[_i].is_admin };
	struct strbuf out = { 0 };
	enum stats_kind kind;

	ck_assert_msg(stats_respond(&st, &rq, &out, &kind) == posts[_i].status, "%s",
		      posts[_i].name);
	ck_assert_int_eq(kind, posts[_i].kind);
	if (posts[_i].location)
		ck_assert_ptr_nonnull(strstr(strbuf_str(&out), posts[_i].location));
	strbuf_fini(&out);
}
END_TEST

static const struct {
	const char *ip;
	bool has_auth, is_enabled;
	unsigned n;
} pages[] = {
	{ "0.0.0.0", false, true, 1 },  { "192.0.2.1", false, true, 1 },
	{ "::", false, true, 1 },       { "127.0.0.5", false, true, 0 },
	{ "::1", false, true, 0 },      { "0.0.0.0", true, true, 0 },
	{ "0.0.0.0", false, false, 0 },
};

START_TEST(open_pages_are_warned_about)
{
	const struct cfg_stats_auth auth = { .userpass = STR("a:b") };
	struct cfg_bind bind = { 0 };
	struct cfg_proxy px = { .name = "stats",
				.binds = &bind,
				.stats = { .enabled = pages[_i].is_enabled,
					   .uri = STR("/"),
					   .auth = pages[_i].has_auth ? &auth : NULL } };
	const struct cfg cfg = { .proxies = &px };

	ck_assert_int_eq(addr_parse_ip(str_from(pages[_i].ip), &bind.addr), 0);
	ck_assert_uint_eq(stats_warn_of_open_pages(&cfg), pages[_i].n);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dashboard");
	TCase *tc = tcase_create("dashboard");

	tcase_add_test(tc, what_would_end_the_text_is_escaped);
	tcase_add_loop_test(tc, pair_is_shown, 0, ARRAY_LEN(shown));
	tcase_add_test(tc, absurd_numbers_are_bounded);
	tcase_add_loop_test(tc, wrong_answer_is_said, 0, ARRAY_LEN(wrong));
	tcase_add_loop_test(tc, metrics_are_chosen, 0, ARRAY_LEN(queries));
	tcase_add_loop_test(tc, forms_of_strangers_are_refused, 0, ARRAY_LEN(posts));
	tcase_add_loop_test(tc, open_pages_are_warned_about, 0, ARRAY_LEN(pages));
	suite_add_tcase(s, tc);
	return unit_run(s);
}
