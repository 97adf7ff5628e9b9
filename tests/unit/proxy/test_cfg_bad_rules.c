/* test_cfg_bad_rules.c - what is refused or warned about in acls, conditions and the rules that use
 * them: place, level and words. */
#include "../../lib/cfg_load.h"
#include "../../lib/fake_names.h"
#include "../../lib/unit.h"

#define HTTP "defaults\n mode http\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n"
#define FRONT(line)                                                                                \
	HTTP "frontend f\n bind 127.0.0.1:8000\n " line "\nbackend b\n server s 127.0.0.1:1\n"
#define BACK(line) HTTP "backend b\n server s 127.0.0.1:1\n " line "\n"

static const struct {
	const char *text;
	const char *message; /* the first; NULL: none at all */
} rows[] = {
	{ FRONT("acl a path /x"), NULL },
	{ FRONT("acl a src ::1 10.0.0.0/8 192.168/16 10.0.0.0/255.0.0.0"), NULL },
	{ FRONT("acl a path -- -x"), NULL },
	{ FRONT("acl a path -m found"), NULL },
	{ FRONT("acl a hdr_cnt(host) gt 1 lt 5 7:9 :3"), NULL },
	{ FRONT("acl a"), "cfg:8:7: error: acl 'a' needs a criterion such as path_beg" },
	{ FRONT("acl a/b path /"), "cfg:8:6: error: the acl name 'a/b' contains '/': only letters, "
				   "digits, '-', '_', '.' and ':' are permitted" },
	{ FRONT("acl or path /"),
	  "cfg:8:6: error: an acl cannot be named 'or': in a condition that "
	  "is a word of its own" },
	{ FRONT("acl a path_bge /x"),
	  "cfg:8:8: error: unknown criterion 'path_bge'; did you mean 'path_beg'?" },
	{ FRONT("acl a xyzzy /x"), "cfg:8:8: error: unknown criterion 'xyzzy'" },
	{ FRONT("acl a sc0_conn_rate gt 1"),
	  "cfg:8:8: error: the criterion 'sc0_conn_rate' is known "
	  "to HAProxy, but not supported yet" },
	{ FRONT("acl a path"),
	  "cfg:8:8: warning: acl 'a' has no value to match and will never "
	  "match: use '-m found' to ask whether there is one, '-m bool' to take "
	  "a number as true or false, or '--' if that is meant" },
	{ FRONT("acl a path_reg ["), "cfg:8:17: error: 'acl' expects a regular expression; '[' is "
				     "none at its byte 2: missing terminating ] for character "
				     "class" },
	{ FRONT("acl a path -m foo /"), "cfg:8:16: error: unknown matching method 'foo': there are "
					"found, bool, int, ip, bin, len, str, beg, sub, dir, dom, "
					"end and reg" },
	{ FRONT("acl a path -m bge /"),
	  "cfg:8:16: error: unknown matching method 'bge'; did you mean 'beg'?" },
	{ FRONT("acl a path -m"), "cfg:8:13: error: the flag '-m' needs a value" },
	{ FRONT("acl a ssl_fc -m ip 1.2.3.4"),
	  "cfg:8:18: error: the matching method 'ip' cannot be "
	  "used with what 'ssl_fc' returns" },
	{ FRONT("acl a path -x /"), "cfg:8:13: error: unknown flag '-x': there are -i, -f, -m, -n "
				    "and --; write '--' before a value that begins with '-'" },
	{ FRONT("acl a path -M -f /x"),
	  "cfg:8:13: error: 'acl -M' is known to HAProxy, but not supported yet" },
	{ FRONT("acl a path -f /nosuch"), "cfg:8:16: error: the pattern file '/nosuch' cannot be "
					  "read: No such file or directory" },
	{ FRONT("acl a src -n 10.0.0.0/33"),
	  "cfg:8:15: error: acl 'a': '10.0.0.0/33' is no address "
	  "and no network such as 10.0.0.0/8" },
	{ FRONT("acl a src -n 10"), "cfg:8:15: error: acl 'a': '10' is no address and no network "
				    "such as 10.0.0.0/8" },
	{ FRONT("acl a src -n 10.0.0.0/255.0.255.0"),
	  "cfg:8:15: error: acl 'a': '10.0.0.0/255.0.255.0' is no address and no network such as "
	  "10.0.0.0/8" },
	{ FRONT("acl a dst_port http"),
	  "cfg:8:17: error: acl 'a': 'http' is no number and no range "
	  "such as 0:1023" },
	{ FRONT("acl a dst_port 9:1"), "cfg:8:17: error: acl 'a': the range '9:1' runs backwards" },
	{ FRONT("acl a path -m bin abc"), "cfg:8:20: error: acl 'a': 'abc' is no even number of "
					  "hexadecimal digits" },
	{ FRONT("acl a hdr(host x"), "cfg:8:8: error: acl 'a': ')' is missing behind the arguments "
				     "of 'hdr'" },
	{ FRONT("acl a hdr(host,x) y"),
	  "cfg:8:8: error: acl 'a': argument 2 of 'hdr' must be a number, got 'x'" },
	{ FRONT("acl a path(x) y"), "cfg:8:8: error: acl 'a': 'path' takes no argument, got 'x'" },
	{ FRONT("acl a hdr(a,1,2) y"),
	  "cfg:8:8: error: acl 'a': 'hdr' takes no further argument, got '2'" },
	{ FRONT("acl a srv_is_up"),
	  "cfg:8:8: error: acl 'a': 'srv_is_up' needs an argument in parentheses" },
	{ FRONT("acl a path,lowr x"),
	  "cfg:8:8: error: acl 'a': unknown converter 'lowr'; did you mean 'lower'?" },
	{ FRONT("acl a path,map(x) x"), "cfg:8:8: error: acl 'a': the converter 'map' is known to "
					"HAProxy, but not supported yet" },
	{ FRONT("acl a src,neg 1"), NULL },
	{ FRONT("acl a ssl_fc,ipmask(8) 1"),
	  "cfg:8:8: error: acl 'a': the converter 'ipmask' cannot "
	  "be applied to what comes before it" },
	{ FRONT("acl a path,lower)x y"),
	  "cfg:8:8: error: acl 'a': unexpected ')x' behind 'lower'" },
	{ FRONT("acl a nbsrv(x) 1"),
	  "cfg:8:8: error: there is no backend 'x': declare it, or name another" },
	{ FRONT("acl a nbsrv 1"),
	  "cfg:8:8: error: 'nbsrv' needs the name of a backend here: 'nbsrv(NAME)'" },
	{ FRONT("acl a fe_conn(x) 1"), "cfg:8:8: error: there is no frontend 'x'" },
	{ FRONT("acl a srv_is_up(b/x)"), "cfg:8:8: error: backend 'b' has no server 'x'" },
	{ FRONT("acl a srv_is_up(c/s)"),
	  "cfg:8:8: error: there is no backend 'c': declare it, or name another" },
	{ FRONT("use_backend b if nosuch"),
	  "cfg:8:19: error: there is no acl 'nosuch' above: declare it first" },
	{ FRONT("acl images path /\n use_backend b if image"),
	  "cfg:9:19: error: there is no acl 'image' above; did you mean 'images'?" },
	{ FRONT("use_backend b if METHGET"),
	  "cfg:8:19: error: there is no acl 'METHGET' above; did you mean 'METH_GET'?" },
	{ FRONT("use_backend b if { path /"), "cfg:8:19: error: this '{' has no '}': it must be a "
					      "word of its own, with blanks around it" },
	{ FRONT("use_backend b if { path /}"), "cfg:8:19: error: this '{' has no '}': it must be a "
					       "word of its own, with blanks around it" },
	{ FRONT("use_backend b if {path / }"),
	  "cfg:8:19: error: a blank is missing behind '{' in '{path'" },
	{ FRONT("use_backend b if { }"),
	  "cfg:8:19: error: a criterion is missing between '{' and '}'" },
	{ FRONT("use_backend b TRUE"), "cfg:8:16: error: unexpected 'TRUE' in 'use_backend': only "
				       "'if' or 'unless' and a condition may follow" },
	{ FRONT("use_backend b if"),
	  "cfg:8:16: warning: 'use_backend' has no condition behind 'if'" },
	{ FRONT("use_backend b if TRUE or"),
	  "cfg:8:26: warning: there is nothing to 'or' here: this part never holds" },
	{ FRONT("use_backend b if or TRUE"),
	  "cfg:8:19: warning: there is nothing to 'or' here: this part never holds" },
	{ FRONT("use_backend b if TRUE !"),
	  "cfg:8:25: warning: this '!' stands before nothing and is ignored" },
	{ FRONT("use_backend c if TRUE"),
	  "cfg:8:14: error: there is no backend 'c': declare it, or name another" },
	{ FRONT("use_backend %[hdr(host)]"),
	  "cfg:8:14: error: 'use_backend' with a computed name "
	  "(%[...]) is known to HAProxy, but not supported yet" },
	{ FRONT("use_backend"),
	  "cfg:8:13: error: 'use_backend' needs an argument: use_backend NAME "
	  "[if|unless CONDITION]" },
	{ FRONT("mode tcp\n use_backend b"), NULL },
	{ FRONT("use_backend t\nbackend t\n mode tcp\nbackend u"),
	  "cfg:8:14: error: frontend 'f' is in mode http, but its use_backend 't' is in mode tcp: "
	  "make them equal" },
	{ FRONT("errorfile 503 /dev/null"), NULL },
	{ FRONT("errorloc 503 http://192.0.2.1/sorry"), NULL },
	{ FRONT("errorloc302 503 'a b'"),
	  "cfg:8:18: error: the address in 'errorloc302' contains a "
	  "blank or a control byte" },
	{ FRONT("errorloc303 999 /x"),
	  "cfg:8:14: warning: there is no error page for status 999: 'errorloc303' is ignored" },
	{ FRONT("errorfiles pages"), "cfg:8:13: error: there is no section 'http-errors pages'" },
	{ FRONT("errorfiles pages\nhttp-errors page\n errorfile 503 /dev/null"),
	  "cfg:8:13: error: there is no section 'http-errors pages'; did you mean 'page'?" },
	{ FRONT("errorfiles pages 503 404\nhttp-errors pages\n errorfile 503 /dev/null"), NULL },
	{ "http-errors a\nhttp-errors a\n",
	  "cfg:2:13: error: there is a section 'http-errors a' already, at cfg:1: rename one" },
	{ "http-errors\n", "cfg:1:12: error: 'http-errors' expects a name: http-errors NAME" },
	{ "http-errors a\n mode http\n", "cfg:2:2: error: 'mode' is not permitted in "
					 "'http-errors': it belongs in 'defaults', 'frontend', "
					 "'listen', 'backend'" },
	{ FRONT("use-server s if TRUE"),
	  "cfg:8:2: warning: 'use-server' has no effect in 'frontend' "
	  "and is ignored: it belongs in 'listen', 'backend'" },
	{ FRONT("monitor fail"), "cfg:8:14: error: 'monitor fail' needs an argument: monitor fail "
				 "if|unless CONDITION" },
	{ BACK("use-server s"), "cfg:8:14: error: 'use-server' needs 'if' or 'unless' and a "
				"condition" },
	{ BACK("use-server t if TRUE"), "cfg:8:13: error: backend 'b' has no server 't'" },
	{ BACK("use-server s if TRUE"), NULL },
	{ BACK("use_backend b"),
	  "cfg:8:2: warning: 'use_backend' has no effect in 'backend' and is "
	  "ignored: it belongs in 'frontend', 'listen'" },
	{ BACK("mode tcp\n use-server s if { path / }"),
	  "cfg:9:2: warning: backend 'b' is in mode tcp: the acl '{ }' looks at an HTTP request "
	  "and "
	  "will never match" },
	{ "defaults x\n acl a path /\n",
	  "cfg:2:2: error: 'acl' is known to HAProxy, but not supported yet" },
};

START_TEST(the_first_message_is)
{
	struct loaded l = load_text(rows[_i].text);
	const char *want = rows[_i].message;
	char *end = strchr(l.messages, '\n');

	if (end)
		*end = '\0';
	ck_assert_msg(strcmp(l.messages, want ? want : "") == 0, "%s\nwanted: %s\n   got: %s",
		      rows[_i].text, want ? want : "nothing", l.messages);
	loaded_fini(&l);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cfg_bad_rules");
	TCase *tc = tcase_create("messages");

	tcase_add_loop_test(tc, the_first_message_is, 0, ARRAY_LEN(rows));
	suite_add_tcase(s, tc);
	return unit_run(s);
}
