/* test_cfg_bad_global.c - what is refused or warned about in global, in section lines and across
 * sections: place, level and words. A message that ends in "(" is compared up to there. */
#include "../../lib/cfg_load.h"
#include "../../lib/fake_names.h"
#include "../../lib/unit.h"

#define TIMES "defaults\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n"
#define HTTP  "defaults\n mode http\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n"

static const struct {
	const char *text;
	const char *message; /* the first; NULL: none at all */
} rows[] = {
	{ "global\n maxconn many\n",
	  "cfg:2:10: error: 'maxconn' expects a number from 0 to 1073741824, got 'many'" },
	{ "global\n maxconn\n", "cfg:2:9: error: 'maxconn' needs an argument: maxconn NUMBER" },
	{ "global\n maxconn 5 6\n",
	  "cfg:2:12: error: unexpected argument '6' after 'maxconn': maxconn NUMBER" },
	{ "global\n nbthread 0\n",
	  "cfg:2:11: error: 'nbthread' expects a number from 1 to 64, got '0'" },
	{ "global\n nbthread 65\n",
	  "cfg:2:11: error: 'nbthread' expects a number from 1 to 64, got '65'" },
	{ "global\n user nosuchuser\n", "cfg:2:7: error: there is no user 'nosuchuser' on this "
					"system: create it, or name an existing one" },
	{ "global\n group nosuchgroup\n", "cfg:2:8: error: there is no group 'nosuchgroup' on this "
					  "system: create it, or name an existing one" },
	{ "global\n uid x\n",
	  "cfg:2:6: error: 'uid' expects a number from 0 to 2147483647, got 'x'" },
	{ "global\n spread-checks 51\n",
	  "cfg:2:16: error: 'spread-checks' expects a number from 0 to 50, got '51'" },
	{ "global\n hard-stop-after soon\n",
	  "cfg:2:18: error: 'hard-stop-after' expects a time such as 5s or 500ms, got 'soon'" },
	{ "global\n stats timeout x\n",
	  "cfg:2:16: error: 'stats timeout' expects a time such as 5s or 500ms, got 'x'" },
	{ "global\n stats socket\n", "cfg:2:14: error: 'stats socket' needs an argument: stats "
				     "socket ADDRESS [mode M] [level L] [user U] [group G] ..." },
	{ "global\n stats socket /run/x mode 999\n",
	  "cfg:2:27: error: 'mode' expects an octal mode such as 660, got '999'" },
	{ "global\n stats socket /run/x level root\n",
	  "cfg:2:28: error: 'level' expects 'user', 'operator' or 'admin', got 'root'" },
	{ "global\n stats socket /run/x foo\n",
	  "cfg:2:22: error: unknown parameter 'foo' of 'stats socket'" },
	{ "global\n stats socket /run/x lvel admin\n",
	  "cfg:2:22: error: unknown parameter 'lvel' of 'stats socket'; did you mean 'level'?" },
	{ "global\n stats socket nowhere\n", "cfg:2:15: error: 'stats socket': the port is missing "
					     "in 'nowhere': write 'nowhere:PORT'" },
	{ "global\n stats socket /run/x expose-fd x\n",
	  "cfg:2:32: error: 'expose-fd' expects 'listeners', got 'x'" },
	{ "global\n stats foo\n", "cfg:2:8: error: unknown keyword 'stats foo'" },
	{ "global\n stats\n", "cfg:2:7: error: 'stats' expects a second word" },
	{ "global\n tune.bufsize big\n",
	  "cfg:2:15: error: 'tune.bufsize' expects a number from 1 to 67108864, got 'big'" },
	{ "global\n tune.http.maxhdr 40000\n",
	  "cfg:2:19: error: 'tune.http.maxhdr' expects a number from 1 to 32767, got '40000'" },
	{ "global\n log\n",
	  "cfg:2:5: error: 'log' expects a target and a facility, as in: log /dev/log local0" },
	{ "global\n log 127.0.0.1\n", "cfg:2:15: error: 'log' expects a facility such as local0" },
	{ "global\n log 127.0.0.1 local9\n",
	  "cfg:2:16: error: 'log' expects a facility, got 'local9'; did you mean 'local0'?" },
	{ "global\n log 127.0.0.1 local0 inof\n",
	  "cfg:2:23: error: 'log' expects a level, got 'inof'; did you mean 'info'?" },
	{ "global\n log 127.0.0.1 len 10 local0\n",
	  "cfg:2:20: error: 'log len' expects a number from 80 to 65535, got '10'" },
	{ "global\n log 127.0.0.1 format xml local0\n",
	  "cfg:2:23: error: 'log' expects a format such as short, got 'xml'" },
	{ "global\n log stdout format raw local0 info err more\n",
	  "cfg:2:40: error: unexpected argument 'more': remove it" },
	{ "global\n log global\n",
	  "cfg:2:6: error: 'log global' belongs in a proxy or in 'defaults'" },
	{ "global\n log /dev/log local0 sample\n",
	  "cfg:2:22: error: 'log' expects a level such as warning, got 'sample'" },
	{ "global\n pidfile\n", "cfg:2:9: error: 'pidfile' needs an argument: pidfile PATH" },
	{ "global\n pidfile a b\n",
	  "cfg:2:12: error: unexpected argument 'b' after 'pidfile': pidfile PATH" },
	{ "global\n daemon x\n",
	  "cfg:2:9: error: unexpected argument 'x' after 'daemon': it takes none, remove it" },
	{ "global\n master-worker foo\n", "cfg:2:16: error: 'master-worker' takes no other "
					  "argument than 'no-exit-on-failure', got 'foo'" },
	{ "global\n nbproc 2\n", "cfg:2:2: error: 'nbproc' was removed from HAProxy: threads use "
				 "all cores: remove it, or set 'nbthread'" },
	{ "global\n lua-load x.lua\n",
	  "cfg:2:2: error: 'lua-load' is known to HAProxy, but not supported yet" },
	{ "global\n dameon\n",
	  "cfg:2:2: error: unknown keyword 'dameon' in 'global'; did you mean 'daemon'?" },
	{ "global\n bind :80\n", "cfg:2:2: error: 'bind' is not permitted in 'global': it belongs "
				 "in 'frontend', 'listen'" },
	{ "global\n timeout client 5s\n",
	  "cfg:2:10: error: 'timeout client' is not permitted in 'global': it belongs in "
	  "'defaults', 'frontend', 'listen'" },
	{ "global\n liveness-socket run/l\n", "cfg:2:18: error: 'liveness-socket' expects the path "
					      "of a Unix socket (at most 107 bytes), got 'run/l'" },
	{ "global\n liveness-socket /run/l mode 9\n",
	  "cfg:2:30: error: 'mode' expects an octal mode such as 660, got '9'" },
	{ "global\n liveness-socket /run/l foo 1\n",
	  "cfg:2:25: error: unknown parameter 'foo' of 'liveness-socket'" },
	{ "global\n tune.ssl.default-dh-param 2048\n",
	  "cfg:2:2: notice: 'tune.ssl.default-dh-param' has no effect here: there is no TLS here "
	  "yet" },
	{ "global\n maxconn 1\n maxconn 2\n",
	  "cfg:3:10: warning: 'maxconn' was given before: this one is ignored" },
	{ "global\n no daemon\n", "cfg:2:5: error: 'daemon' cannot be preceded by 'no'" },
	{ "global\n setenv A b\n",
	  "cfg:2:2: error: 'setenv' is known to HAProxy, but not supported yet" },
	{ "global\n description\n",
	  "cfg:2:13: error: 'description' needs an argument: description TEXT..." },
	{ "timeout client 5s\n", "cfg:1:1: error: 'timeout' stands before any section: begin with "
				 "'global', 'defaults', 'frontend', 'backend' or 'listen'" },
	{ "global x\n", "cfg:1:8: error: unexpected argument 'x': remove it" },
	{ "frontend\n", "cfg:1:9: error: 'frontend' expects a name: frontend NAME" },
	{ "frontend f g\n",
	  "cfg:1:12: error: unexpected argument 'g' after the name: only 'from NAME' may follow" },
	{ "frontend f :80\n", "cfg:1:12: error: an address is not permitted on the 'frontend' "
			      "line: write 'bind :80' on a line of its own" },
	{ "frontend a!b\n", "cfg:1:10: error: the frontend name 'a!b' contains '!': only letters, "
			    "digits, '-', '_', '.' and ':' are permitted" },
	{ "frontend f from\n", "cfg:1:16: error: 'from' expects the name of a 'defaults' section" },
	{ "frontend f from x\n", "cfg:1:17: error: there is no 'defaults' section named 'x' above "
				 "this frontend: declare it, or remove 'from'" },
	{ "defaults a b\n",
	  "cfg:1:12: error: unexpected argument 'b' after the name: only 'from NAME' may follow" },
	{ "frontend f\n timeout client 5s\n",
	  "cfg:1:10: warning: frontend 'f' has no 'bind': it will serve nobody; if that is meant, "
	  "make it a backend" },
	{ "listen l\n bind :80\n timeout client 5s\n", NULL },
	{ "frontend f\n bind :80\n",
	  "cfg:1:10: warning: frontend 'f' has no 'timeout client': dead peers will hold "
	  "connections for ever; set a time, also in 'defaults'" },
	{ "backend b\n server a 127.0.0.1:80\n",
	  "cfg:1:9: warning: backend 'b' has no 'timeout connect', 'timeout server': dead peers "
	  "will hold connections for ever; set a time, also in 'defaults'" },
	{ HTTP "backend b\nbackend b\n",
	  "cfg:7:9: error: backend 'b' has the same name as backend 'b' at cfg:6: rename one" },
	{ HTTP "listen b\n bind :80\nbackend b\n",
	  "cfg:8:9: error: backend 'b' has the same name as listen 'b' at cfg:6: rename one" },
	{ HTTP "frontend f\n bind :80\nbackend f\n", NULL },
	{ HTTP "frontend f\n bind :80\nlisten f\n bind :81\n",
	  "cfg:8:8: error: listen 'f' has the same name as frontend 'f' at cfg:6: rename one" },
	{ TIMES "frontend f\n mode http\n bind :80\n default_backend b\nbackend b\n",
	  "cfg:8:18: error: frontend 'f' is in mode http, but its default_backend 'b' is in mode "
	  "tcp: make them equal" },
	{ TIMES "frontend f\n bind :80\n option forwardfor\n",
	  "cfg:5:10: warning: frontend 'f' is in mode tcp: 'option forwardfor' needs mode http and "
	  "is ignored" },
	{ TIMES "frontend f\n bind :80\n option httplog\n",
	  "cfg:5:10: warning: frontend 'f' is in mode tcp: 'option httplog' is taken as 'option "
	  "tcplog'" },
	{ TIMES "frontend f\n bind :80\n stats enable\n",
	  "cfg:5:10: warning: frontend 'f' is in mode tcp: the statistics page needs mode http and "
	  "is ignored" },
	{ TIMES "frontend f\n bind :80\n monitor-uri /x\n",
	  "cfg:5:10: warning: frontend 'f' is in mode tcp: 'monitor-uri' needs mode http and is "
	  "ignored" },
	{ HTTP "listen f\n bind :80\n default_backend f\n",
	  "cfg:8:18: error: listen 'f' names itself as its default_backend: remove the line" },
	{ HTTP "frontend f\n bind :80\nfrontend g\n bind :80\n",
	  "cfg:9:7: error: ':80' is used already by frontend 'f' at cfg:7: choose another port or "
	  "remove one" },
	{ HTTP "frontend f\n bind :80\nfrontend g\n bind 127.0.0.1:80\n", NULL },
	{ HTTP "frontend f\n bind :80 interface a\nfrontend g\n bind :80 interface b\n", NULL },
	{ HTTP "frontend f\n bind :80\nfrontend g\n bind :80\n disabled\n", NULL },
	{ HTTP "frontend f\n bind :80\n stats enable\n",
	  "cfg:7:7: warning: the statistics page at ':80' is open to everybody: add 'stats auth "
	  "USER:PASSWORD' or listen on 127.0.0.1" },
	{ HTTP "frontend f\n bind 127.0.0.1:80\n stats enable\n", NULL },
	{ HTTP "frontend f\n bind [::1]:80\n stats enable\n", NULL },
	{ HTTP "frontend f\n bind [::]:80\n stats enable\n stats auth a:b\n", NULL },
	{ "resolvers r\n nameserver a 127.0.0.1:53\nfoo\n",
	  "cfg:3:1: error: unknown keyword 'foo' in 'resolvers'" },
	{ "peers r\n peer a 127.0.0.1:53\nfoo\n",
	  "cfg:1:1: error: the section 'peers' is known to HAProxy, but not supported yet; its "
	  "lines are skipped" },
	{ "resolvers\n", "cfg:1:10: error: 'resolvers' expects a name: resolvers NAME" },
	{ "resolvers r\nresolvers r\n",
	  "cfg:2:11: error: there is a section 'resolvers r' already, at cfg:1: rename one" },
	{ "resolvers r\n nameserver a 127.0.0.1\n",
	  "cfg:2:15: error: 'nameserver': the port is missing in '127.0.0.1': write "
	  "'127.0.0.1:PORT'" },
	{ "resolvers r\n nameserver a foo:53\n",
	  "cfg:2:15: error: 'nameserver': the host name 'foo' cannot be resolved (" },
	{ "resolvers r\n nameserver a localhost:53\n", NULL },
	{ "resolvers r\n nameserver a 127.0.0.1:53\n nameserver a 127.0.0.2:53\n",
	  "cfg:3:13: error: resolvers 'r' has a nameserver 'a' already: rename one" },
	{ "resolvers r\n nameserver a 127.0.0.1:53 maxconn 3\n",
	  "cfg:2:28: error: unexpected argument 'maxconn': remove it" },
	{ "resolvers r\n nameserver a tcp@127.0.0.1:53 ssl\n",
	  "cfg:2:32: error: unknown parameter 'ssl' of 'nameserver'" },
	{ "resolvers r\n hold foo 3s\n",
	  "cfg:2:7: error: 'hold' expects 'nx', 'refused', 'timeout', 'valid', 'obsolete' or "
	  "'other', got 'foo'" },
	{ "resolvers r\n hold nx x\n",
	  "cfg:2:10: error: 'nx' expects a time such as 5s or 500ms, got 'x'" },
	{ "resolvers r\n timeout foo 3s\n", "cfg:2:10: error: unknown keyword 'timeout foo'" },
	{ "resolvers r\n accepted_payload_size 1\n",
	  "cfg:2:24: error: 'accepted_payload_size' expects a number from 12 to 65535, got '1'" },
	{ "resolvers r\n resolve_retries x\n",
	  "cfg:2:18: error: 'resolve_retries' expects a number from 0 to 2147483647, got 'x'" },
	{ "foo bar\n", "cfg:1:1: error: 'foo' stands before any section: begin with 'global', "
		       "'defaults', 'frontend', 'backend' or 'listen'" },
	{ "fronted f\n", "cfg:1:1: error: 'fronted' stands before any section: begin with "
			 "'global', 'defaults', 'frontend', 'backend' or 'listen'" },
	{ HTTP "frontend f\n bind :80",
	  "cfg:7: warning: the last line does not end with a newline: the file may have been "
	  "truncated; if it is complete, add a newline" },
	{ "defaults a\n mode http\ndefaults a\n mode tcp\nfrontend f from a\n bind :80\n timeout "
	  "client 5s\n",
	  "cfg:5:17: error: there are two 'defaults' sections named 'a', at lines 1 and 3: rename "
	  "one" },
	{ "defaults a\n timeout client 5s\nfrontend f from a\n bind :80\nfrontend g\n bind :81\n",
	  "cfg:5:1: error: the 'defaults' section 'a' is named by 'from' in one place and just "
	  "followed in another: use 'from' everywhere, or end the named ones with a last "
	  "'defaults'" },
	{ "defaults a\n timeout client 5s\nfrontend g\n bind :81\nfrontend f from a\n bind :80\n",
	  "cfg:5:1: error: the 'defaults' section 'a' is named by 'from' in one place and just "
	  "followed in another: use 'from' everywhere, or end the named ones with a last "
	  "'defaults'" },
	{ "global\n zero-warning\nfrontend f\n timeout client 5s\n",
	  "cfg:3:10: warning: frontend 'f' has no 'bind': it will serve nobody; if that is meant, "
	  "make it a backend" },
	{ HTTP "frontend f\n bind :80\n id 3\nfrontend g\n bind :81\n id 3\n",
	  "cfg:9:10: error: frontend 'g' has the id 3 of frontend 'f'" },
	{ "no frontend f\n",
	  "cfg:1:4: error: 'frontend' begins a section: no word may stand before it" },
	{ "global\n maxconn \"5\n", "cfg:2:10: error: this quote is not closed" },
	{ HTTP "backend b\n http-check expect status 200\n",
	  "cfg:7:2: warning: 'http-check' has no effect in backend 'b' without 'option httpchk'" },
	{ "", NULL },
	{ "\n# nothing\n", NULL },
	{ "defaults\n bind :80\n", "cfg:2:2: error: 'bind' is not permitted in 'defaults': it "
				   "belongs in 'frontend', 'listen'" },
	{ "defaults\n server a 127.0.0.1:80\n", "cfg:2:2: error: 'server' is not permitted in "
						"'defaults': it belongs in 'listen', 'backend'" },
	{ HTTP "frontend f\n bind :80\n stats realm \"${X\"\n",
	  "cfg:8:16: error: the '{' of an environment variable is not closed by '}'" },
	{ "global\n log-tag ''\n", "cfg:2:10: error: 'log-tag' expects a value that is not empty" },
};

START_TEST(the_first_message_is)
{
	const char *want = rows[_i].message;
	struct loaded l = load_text(rows[_i].text);
	const size_t len = want ? strlen(want) : 0;

	if (!want) {
		ck_assert_msg(l.messages[0] == '\0', "%s\n%s", rows[_i].text, l.messages);
	} else {
		ck_assert_msg(strncmp(l.messages, want, len) == 0 &&
				      (l.messages[len] == '\n' || want[len - 1] == '('),
			      "%s\n%s\nwanted: %s", rows[_i].text, l.messages, want);
		ck_assert(l.ok == (l.n_errors == 0));
		ck_assert(l.ok == !strstr(l.messages, "error: "));
	}
	loaded_fini(&l);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cfg_bad_global");
	TCase *tc = tcase_create("messages");

	tcase_add_loop_test(tc, the_first_message_is, 0, ARRAY_LEN(rows));
	suite_add_tcase(s, tc);
	return unit_run(s);
}
