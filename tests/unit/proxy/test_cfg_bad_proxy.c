/* test_cfg_bad_proxy.c - what is refused or warned about in proxies: place, level and words.
 * A message that ends in "(" is compared up to there. */
#include "../../lib/cfg_load.h"
#include "../../lib/fake_names.h"
#include "../../lib/unit.h"

#define HTTP        "defaults\n mode http\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n"
#define FRONT(line) HTTP "frontend f\n bind 127.0.0.1:8000\n " line "\nbackend b\n"
#define BACK(line)  HTTP "backend b\n " line "\n"

static const struct {
	const char *text;
	const char *message; /* the first; NULL: none at all */
} rows[] = {
	{ FRONT("bind"), "cfg:8:6: error: 'bind' needs an argument: bind ADDRESS:PORT[-PORT][,...] "
			 "| PATH | fd@N [parameters]" },
	{ FRONT("bind :80x"), "cfg:8:7: error: 'bind' expects a port from 1 to 65535, got '80x'" },
	{ FRONT("bind :0"), "cfg:8:7: error: 'bind' expects a port from 1 to 65535, got '0'" },
	{ FRONT("bind :65536"),
	  "cfg:8:7: error: 'bind' expects a port from 1 to 65535, got '65536'" },
	{ FRONT("bind 127.0.0.1"),
	  "cfg:8:7: error: 'bind': the port is missing in '127.0.0.1': write '127.0.0.1:PORT'" },
	{ FRONT("bind :90-80"),
	  "cfg:8:7: error: 'bind': the port range '90-80' runs backwards: write '80-90'" },
	{ FRONT("bind 127.0.0.1:"),
	  "cfg:8:7: error: 'bind': the port is missing after ':' in '127.0.0.1:'" },
	{ FRONT("bind nosuch.invalid:80"),
	  "cfg:8:7: error: 'bind': the host name 'nosuch.invalid' cannot be resolved (" },
	{ FRONT("bind ipv4@[::1]:80"), "cfg:8:7: error: 'bind': '::1' is not an IPv4 address" },
	{ FRONT("bind fd@x"),
	  "cfg:8:7: error: 'bind': 'fd@' expects the number of an open file, got 'x'" },
	{ FRONT("bind abns@"),
	  "cfg:8:7: error: 'bind': 'abns@' expects a name of 1 to 107 bytes, got ''" },
	{ FRONT("bind :8001 mss 10"),
	  "cfg:8:17: error: 'mss' expects a number from 88 to 32767, got '10'" },
	{ FRONT("bind :8001 tcp-ut soon"),
	  "cfg:8:20: error: 'tcp-ut' expects a time such as 5s or 500ms, got 'soon'" },
	{ FRONT("bind :8001 namespace x"),
	  "cfg:8:13: error: 'bind namespace' is known to HAProxy, but not supported yet" },
	{ BACK("source 127.0.0.1 weight 3"),
	  "cfg:7:19: error: unknown parameter 'weight' of 'source'" },
	{ BACK("server s 127.0.0.1:80 usesrc client"),
	  "cfg:7:24: error: 'usesrc' is given together with 'source': source 0.0.0.0 usesrc ..." },
	{ BACK("server s 127.0.0.1:80 source 0.0.0.0 usesrc hdr_ip(x)"),
	  "cfg:7:46: error: 'usesrc hdr_ip()' is known to HAProxy, but not supported yet" },
	{ FRONT("bind :+80"),
	  "cfg:8:7: error: 'bind': a port offset is not permitted here: ':+80'" },
	{ FRONT("bind :8001 foo"), "cfg:8:13: error: unknown parameter 'foo' of 'bind'" },
	{ FRONT("bind :8001 nam x"),
	  "cfg:8:13: error: unknown parameter 'nam' of 'bind'; did you mean 'name'?" },
	{ FRONT("bind :8001 name"), "cfg:8:17: error: 'name' needs a value: name NAME" },
	{ FRONT("bind :8001 ssl crt x"),
	  "cfg:8:13: error: 'bind ssl' is known to HAProxy, but not supported yet" },
	{ FRONT("bind :8001 maxconn x"),
	  "cfg:8:21: error: 'maxconn' expects a number from 0 to 1073741824, got 'x'" },
	{ FRONT("bind :8001 nice 5"),
	  "cfg:8:13: notice: 'bind nice' has no effect here: it tunes HAProxy's engine" },
	{ FRONT("bind :8000"), NULL },
	{ FRONT("bind unix@"),
	  "cfg:8:7: error: 'bind': '' is no path for a Unix socket (1 to 107 bytes)" },
	{ FRONT("mode htp"), "cfg:8:7: error: 'mode' expects 'http' or 'tcp', got 'htp'" },
	{ FRONT("mode health"), "cfg:8:7: error: 'mode' expects 'http' or 'tcp', got 'health'" },
	{ FRONT("timeout client fast"),
	  "cfg:8:17: error: 'timeout client' expects a time such as 5s or 500ms, got 'fast'" },
	{ FRONT("timeout client"),
	  "cfg:8:16: error: 'timeout client' needs an argument: timeout client TIME" },
	{ FRONT("timeout client 5s 6s"),
	  "cfg:8:20: error: unexpected argument '6s' after 'timeout client': timeout client TIME" },
	{ FRONT("timeout client 25d"), "cfg:8:17: error: 'timeout client' expects a time of at "
				       "most 2147483647 ms (24.8 days), got '25d'" },
	{ FRONT("timeout client -1"),
	  "cfg:8:17: error: 'timeout client' expects a time such as 5s or 500ms, got '-1'" },
	{ FRONT("timeout client 5\n timeout client 6"),
	  "cfg:9:10: warning: 'timeout client' was given before in this section: this one counts" },
	{ FRONT("timeout clinet 5"),
	  "cfg:8:10: error: unknown keyword 'timeout clinet'; did you mean 'timeout client'?" },
	{ FRONT("timeout connect 5"),
	  "cfg:8:10: warning: 'timeout connect' has no effect in 'frontend' and is ignored: it "
	  "belongs in 'defaults', 'listen', 'backend'" },
	{ FRONT("timeout"), "cfg:8:9: error: 'timeout' expects a second word" },
	{ FRONT("default_backend nosuch"),
	  "cfg:8:18: error: there is no backend 'nosuch': declare it, or name another" },
	{ FRONT("default_backend bb"),
	  "cfg:8:18: error: there is no backend 'bb'; did you mean 'b'?" },
	{ FRONT("default_backend"),
	  "cfg:8:17: error: 'default_backend' needs an argument: default_backend NAME" },
	{ FRONT("maxconn x"),
	  "cfg:8:10: error: 'maxconn' expects a number from 0 to 1073741824, got 'x'" },
	{ FRONT("id 0"), "cfg:8:5: error: 'id' expects a number from 1 to 2147483647, got '0'" },
	{ FRONT("option"), "cfg:8:8: error: 'option' expects a second word" },
	{ FRONT("option htpplog"),
	  "cfg:8:9: error: unknown keyword 'option htpplog'; did you mean 'option httplog'?" },
	{ FRONT("option httplog foo"), "cfg:8:17: error: unexpected argument 'foo' after 'option "
				       "httplog': only 'clf' may follow" },
	{ FRONT("log-format a b"),
	  "cfg:8:15: error: 'log-format' expects one argument: put the format in quotes, or a "
	  "backslash before each space" },
	{ FRONT("log-format"),
	  "cfg:8:12: error: 'log-format' expects a format such as \"%ci %s\"" },
	{ FRONT("log-format %Zz"),
	  "cfg:8:13: error: 'log-format': there is no variable '%Zz'. A percent sign is written "
	  "'%%'" },
	{ FRONT("log-format a%"),
	  "cfg:8:13: error: 'log-format': it ends behind '%': a percent sign is written '%%'" },
	{ FRONT("log-format 5%\\ x"),
	  "cfg:8:13: error: 'log-format': a variable is missing behind '%': a percent sign is "
	  "written '%%'" },
	{ FRONT("log-format %{+Q"), "cfg:8:13: error: 'log-format': '%{' has no '}'" },
	{ FRONT("log-format %{+Q}"),
	  "cfg:8:13: error: 'log-format': a variable is missing behind '%{...}'" },
	{ FRONT("log-format %[src"),
	  "cfg:8:13: error: 'log-format': ']' is missing behind '%[src'" },
	{ FRONT("log-format %[srcc]"),
	  "cfg:8:13: error: 'log-format': unknown fetch 'srcc'; did you mean 'src'?" },
	{ FRONT("log-format %[src,lowr]"), "cfg:8:13: error: 'log-format': unknown converter "
					   "'lowr'; did you mean 'lower'?" },
	{ FRONT("log-format %[path]"),
	  "cfg:8:13: error: 'log-format': 'path' looks at the request, which is not there at that "
	  "time: capture what the line shall tell" },
	{ FRONT("unique-id-format %[status]"),
	  "cfg:8:19: error: 'unique-id-format': 'status' looks at the response, which is not there "
	  "at that time" },
	{ FRONT("log-format %[fe_id]"), "cfg:8:13: error: 'log-format': the fetch 'fe_id' is known "
					"to HAProxy, but not supported yet" },
	{ FRONT("log-format %[nbsrv(x)]"),
	  "cfg:8:13: error: there is no backend 'x': declare it, or name another" },
	{ FRONT("mode tcp\n log-format %r"),
	  "cfg:9:13: error: 'log-format': the variable '%r' needs 'mode http'" },
	{ FRONT("capture request header A"),
	  "cfg:8:25: error: 'capture request' expects: NAME len NUMBER" },
	{ FRONT("capture request foo A len 3"),
	  "cfg:8:18: error: 'capture request' expects: header NAME len NUMBER" },
	{ FRONT("capture cookie A len 0"),
	  "cfg:8:23: error: 'capture cookie' expects a number from 1 to 8192, got '0'" },
	{ FRONT("capture cookie A len 90"),
	  "cfg:8:23: warning: 'capture cookie' keeps at most 63 bytes" },
	{ FRONT("log 127.0.0.1 sample 3:2 local0"),
	  "cfg:8:23: error: 'sample' expects ranges from 1 and a size not below them, such as "
	  "1-2,4:5, got '3:2'" },
	{ FRONT("log 127.0.0.1 sample 1,1:2 local0"),
	  "cfg:8:23: error: 'sample 1,1:2': the ranges overlap" },
	{ FRONT("log ring@x local0"),
	  "cfg:8:6: error: the log target 'ring@x' is known to HAProxy, but not supported yet" },
	{ FRONT("option originalto foo"),
	  "cfg:8:20: error: unknown parameter 'foo' of 'option originalto': it has 'except' and "
	  "'header'" },
	{ BACK("http-reuse foo"),
	  "cfg:7:13: error: 'http-reuse' expects 'never', 'safe', 'aggressive' or 'always', got "
	  "'foo'" },
	{ BACK("option forwarded for-expr src"), "cfg:7:19: error: the parameter 'for-expr' of "
						 "'option forwarded' is known to HAProxy, but "
						 "not supported yet" },
	{ FRONT("option httpchk"),
	  "cfg:8:9: warning: 'option httpchk' has no effect in 'frontend' and is ignored: it "
	  "belongs in 'defaults', 'listen', 'backend'" },
	{ FRONT("option forwardfor except x"),
	  "cfg:8:27: error: 'except' expects an address or network such as 127.0.0.0/8, got 'x'" },
	{ FRONT("option forwardfor except 10.0.0.0/33"),
	  "cfg:8:27: error: 'except' expects an address or network such as 127.0.0.0/8, got "
	  "'10.0.0.0/33'" },
	{ FRONT("option forwardfor header"),
	  "cfg:8:26: error: 'header' expects the name of a header" },
	{ FRONT("option forwardfor foo"), "cfg:8:20: error: unknown parameter 'foo' of 'option "
					  "forwardfor': it has 'except', 'header' and 'if-none'" },
	{ FRONT("option forceclose"), "cfg:8:9: error: 'option forceclose' was removed from "
				      "HAProxy: write 'option httpclose'" },
	{ FRONT("no option httplog"),
	  "cfg:8:5: error: 'option httplog' cannot be preceded by 'no'" },
	{ FRONT("no timeout client 5s"),
	  "cfg:8:5: error: 'timeout client' cannot be preceded by 'no'" },
	{ FRONT("no foo"), "cfg:8:5: error: unknown keyword 'foo' in 'frontend'" },
	{ FRONT("server a 127.0.0.1:80"), "cfg:8:2: error: 'server' is not permitted in "
					  "'frontend': it belongs in 'listen', 'backend'" },
	{ FRONT("default-server check"),
	  "cfg:8:2: error: 'default-server' is not permitted in 'frontend': it belongs in "
	  "'defaults', 'listen', 'backend'" },
	{ FRONT("balance roundrobin"),
	  "cfg:8:2: warning: 'balance' has no effect in 'frontend' and is ignored: it belongs in "
	  "'defaults', 'listen', 'backend'" },
	{ FRONT("http-request set-header A b"),
	  "cfg:8:15: error: 'http-request set-header' is known to HAProxy, but not supported yet" },
	{ FRONT("http-request foo"), "cfg:8:15: error: unknown keyword 'http-request foo'" },
	{ FRONT("reqadd x"),
	  "cfg:8:2: error: 'reqadd' was removed from HAProxy: use 'http-request add-header'" },
	{ FRONT("clitimeout 5"),
	  "cfg:8:2: error: 'clitimeout' was removed from HAProxy: write 'timeout client'" },
	{ FRONT("errorfile 503 /nosuch/file"), "cfg:8:16: error: the error page '/nosuch/file' "
					       "cannot be read: No such file or directory" },
	{ FRONT("errorfile 999 /nosuch/file"),
	  "cfg:8:12: warning: there is no error page for status 999: 'errorfile' is ignored" },
	{ FRONT("errorfile x y"),
	  "cfg:8:12: error: 'errorfile' expects a number from 200 to 999, got 'x'" },
	{ FRONT("stats auth nopassword"), "cfg:8:13: error: 'stats auth' expects USER:PASSWORD" },
	{ FRONT("stats refresh x"),
	  "cfg:8:16: error: 'stats refresh' expects a time such as 5s or 500ms, got 'x'" },
	{ FRONT("stats foo"), "cfg:8:8: error: unknown keyword 'stats foo'" },
	{ FRONT("stats uri"), "cfg:8:11: error: 'stats uri' needs an argument: stats uri PREFIX" },
	{ FRONT("stats admin if LOCAL"),
	  "cfg:8:17: error: there is no acl 'LOCAL' above: declare it first" },
	{ FRONT("stats admin"),
	  "cfg:8:13: error: 'stats admin' needs an argument: stats admin if|unless CONDITION" },
	{ FRONT("stats uri /s"), NULL },
	{ FRONT("foo"), "cfg:8:2: error: unknown keyword 'foo' in 'frontend'" },
	{ FRONT("optoin httplog"),
	  "cfg:8:2: error: unknown keyword 'optoin' in 'frontend'; did you mean 'option'?" },
	{ FRONT("nbthread 3"),
	  "cfg:8:2: error: 'nbthread' is not permitted in 'frontend': it belongs in 'global'" },
	{ FRONT("monitor-uri"),
	  "cfg:8:13: error: 'monitor-uri' needs an argument: monitor-uri URI" },
	{ FRONT("description x"), "cfg:8:2: notice: 'description' has no effect here: it is shown "
				  "nowhere; 'stats show-desc TEXT' is" },
	{ FRONT("compression algo gzip"),
	  "cfg:8:2: error: 'compression' is known to HAProxy, but not supported yet" },
	{ FRONT("bind 127.0.0.1:8002 v6only\\"),
	  "cfg:8:28: warning: a backslash at the end of a line does not join it with the next: it "
	  "stands for itself, as in HAProxy" },
	{ BACK("balance foo"),
	  "cfg:7:10: error: 'balance' expects roundrobin, static-rr, leastconn, first, random, "
	  "source, uri, url_param or hdr(NAME), got 'foo'" },
	{ BACK("cookie"),
	  "cfg:7:8: error: 'cookie' needs an argument: cookie NAME [rewrite|insert|prefix] "
	  "[indirect] [nocache] [postonly] [preserve] [httponly] [secure] [domain D]* [maxidle T] "
	  "[maxlife T] [dynamic] [attr A]*" },
	{ BACK("cookie X insert prefix"),
	  "cfg:7:18: error: 'prefix' and 'insert' exclude each other in 'cookie'" },
	{ BACK("cookie X rewrite indirect"),
	  "cfg:7:9: error: 'rewrite' and 'indirect' exclude each other in 'cookie'" },
	{ BACK("cookie X preserve"),
	  "cfg:7:9: error: 'preserve' needs 'insert' or 'indirect' in 'cookie'" },
	{ BACK("cookie X insert attr"), "cfg:7:22: error: 'attr' expects a value" },
	{ BACK("cookie X insert attr a;b"),
	  "cfg:7:23: error: the character 0x3b is not permitted in the value of 'attr'" },
	{ BACK("cookie X insert domain foo"), "cfg:7:25: warning: the domain 'foo' has no dot "
					      "inside: browsers may refuse the cookie (RFC "
					      "6265 section 5.2.3)" },
	{ BACK("cookie X insert maxlife x"),
	  "cfg:7:26: error: 'maxlife' expects a time such as 5s or 500ms, got 'x'" },
	{ BACK("cookie X foo"), "cfg:7:11: error: unknown parameter 'foo' of 'cookie': it has "
				"'rewrite', 'insert', 'prefix', 'indirect', 'nocache', 'postonly', "
				"'preserve', 'httponly', 'secure', 'domain', 'maxidle', 'maxlife', "
				"'dynamic' and 'attr'" },
	{ BACK("appsession x len 3"),
	  "cfg:7:2: error: 'appsession' was removed from HAProxy: use 'stick on' or 'cookie'" },
	{ BACK("retry-on"),
	  "cfg:7:10: error: 'retry-on' needs an argument: retry-on CONDITION..." },
	{ BACK("retry-on 405"),
	  "cfg:7:11: error: 'retry-on' expects 'none', 'conn-failure', 'empty-response', "
	  "'junk-response', 'response-timeout', '0rtt-rejected', 'all-retryable-errors' or a "
	  "status "
	  "among 401, 403, 404, 408, 425, 500 to 504; got '405'" },
	{ BACK("retry-on 404 none"), "cfg:7:11: error: 'none' stands alone in 'retry-on'" },
	{ BACK("balance uri len"),
	  "cfg:7:17: error: 'balance uri len' expects a number from 1 to 2147483647" },
	{ BACK("balance uri len x"),
	  "cfg:7:18: error: 'balance uri len' expects a number from 1 to "
	  "2147483647, got 'x'" },
	{ BACK("balance uri foo"),
	  "cfg:7:14: error: unknown parameter 'foo' of 'balance uri': it has "
	  "'len', 'depth', 'whole' and 'path-only'" },
	{ BACK("balance url_param"),
	  "cfg:7:19: error: 'balance url_param' expects the name of a parameter" },
	{ BACK("balance url_param a check_posts"),
	  "cfg:7:22: error: 'balance url_param a' takes nothing but 'check_post', got "
	  "'check_posts'" },
	{ BACK("force-persist"),
	  "cfg:7:15: error: 'force-persist' needs more arguments: force-persist if|unless "
	  "CONDITION" },
	{ BACK("http-request disable-l7-retry when TRUE"),
	  "cfg:7:32: error: unexpected 'when' in 'http-request disable-l7-retry': only 'if' or "
	  "'unless' and a condition may follow" },
	{ BACK("balance hdr()"), "cfg:7:10: error: 'balance hdr' expects the name of a header in "
				 "parentheses: hdr(NAME)" },
	{ BACK("balance hdr"), "cfg:7:10: error: 'balance hdr' expects the name of a header in "
			       "parentheses: hdr(NAME)" },
	{ BACK("balance hdr(a) foo"), "cfg:7:17: error: unexpected argument 'foo': remove it" },
	{ BACK("balance random(0)"), "cfg:7:10: error: 'balance random' expects a number of draws "
				     "from 1 to 1000, got 'random(0)'" },
	{ BACK("balance rdp-cookie"),
	  "cfg:7:10: error: 'balance rdp-cookie' is known to HAProxy, but not supported yet" },
	{ BACK("hash-type foo"),
	  "cfg:7:12: error: 'hash-type' expects 'map-based' or 'consistent', got 'foo'" },
	{ BACK("hash-type consistent foo"),
	  "cfg:7:23: error: 'hash-type' expects the hash function "
	  "sdbm, djb2, wt6 or crc32, got 'foo'" },
	{ BACK("hash-type consistent sdbm foo"), "cfg:7:28: error: 'hash-type' expects nothing or "
						 "'avalanche' here, got 'foo'" },
	{ BACK("hash-balance-factor 50"), "cfg:7:22: error: 'hash-balance-factor' expects 0 or a "
					  "number above 100, got '50'" },
	{ BACK("mode tcp\n balance uri"),
	  "cfg:6:9: warning: backend 'b' is in mode tcp: 'balance uri' needs mode http, roundrobin "
	  "is used" },
	{ BACK("balance rundrobin"), "cfg:7:10: error: unknown algorithm 'rundrobin' of 'balance'; "
				     "did you mean 'roundrobin'?" },
	{ BACK("balance roundrobin x"),
	  "cfg:7:21: warning: 'balance roundrobin' has no arguments: 'x' is ignored" },
	{ BACK("retries x"),
	  "cfg:7:10: error: 'retries' expects a number from 0 to 1073741824, got 'x'" },
	{ BACK("retries"), "cfg:7:9: error: 'retries' needs an argument: retries NUMBER" },
	{ BACK("option redispatch x"),
	  "cfg:7:20: error: 'option redispatch' expects a number from -1000 to 1000, got 'x'" },
	{ BACK("fullconn x"),
	  "cfg:7:11: error: 'fullconn' expects a number from 0 to 1073741824, got 'x'" },
	{ BACK("option httpchk GET /h HTTP/1.1 x"),
	  "cfg:7:33: error: unexpected argument 'x' after 'option httpchk': option httpchk [URI | "
	  "METHOD URI [VERSION]]" },
	{ BACK("option httpchk GET /h http/1.1"),
	  "cfg:7:24: error: 'http/1.1' is no version of HTTP: write HTTP/1.0 or HTTP/1.1; headers "
	  "belong in 'http-check send'" },
	{ BACK("option httpchk G@T /h"),
	  "cfg:7:17: error: 'G@T' is no HTTP method: write one such as GET" },
	{ BACK("option httpchk GET"),
	  "cfg:7:17: warning: the check will ask for the URI 'GET': a path begins with '/'" },
	{ BACK("option httpchk GET /h HTTP/1.1\\r\\nnocolon"),
	  "cfg:7:24: warning: headers behind the version are an old form: write 'http-check send "
	  "hdr NAME VALUE' instead" },
	{ BACK("no option httpchk"),
	  "cfg:7:5: error: 'option httpchk' cannot be preceded by 'no'" },
	{ BACK("http-check expect"),
	  "cfg:7:19: error: 'http-check expect' needs an argument: "
	  "http-check expect [OPTIONS] [!] status|rstatus|hdr|fhdr|string|"
	  "rstring PATTERN" },
	{ BACK("http-check expect status"),
	  "cfg:7:26: error: 'http-check expect status' expects codes such as 200 or 200,300-399" },
	{ BACK("http-check expect status x"), "cfg:7:27: error: 'status' expects codes such as 200 "
					      "or 200,300-399 (100 to 999), got 'x'" },
	{ BACK("http-check expect status 400-300"),
	  "cfg:7:27: error: 'status' expects codes such as 200 or 200,300-399 (100 to 999), got "
	  "'400-300'" },
	{ BACK("http-check expect status 99"), "cfg:7:27: error: 'status' expects codes such as "
					       "200 or 200,300-399 (100 to 999), got '99'" },
	{ BACK("http-check expect foo"),
	  "cfg:7:20: error: 'http-check expect' expects status, rstatus, hdr, fhdr, string or "
	  "rstring and a pattern, got 'foo'" },
	{ BACK("http-check expect string-lf ok"),
	  "cfg:7:20: error: 'http-check expect string-lf' is "
	  "known to HAProxy, but not supported yet" },
	{ BACK("http-check expect binary 00"),
	  "cfg:7:20: error: 'http-check expect' expects status, rstatus, hdr, fhdr, string or "
	  "rstring and a pattern, got 'binary'" },
	{ BACK("http-check expect rstatus 2("),
	  "cfg:7:28: error: 'rstatus' expects a regular expression; '2(' is none at its byte 3: "
	  "missing closing parenthesis" },
	{ BACK("http-check expect string a b"),
	  "cfg:7:29: error: unexpected argument 'b': remove it" },
	{ BACK("http-check expect string"), "cfg:7:26: error: 'http-check expect string' expects a "
					    "pattern" },
	{ BACK("http-check expect hdr foo"),
	  "cfg:7:24: error: expected 'name' and the name of a header, got 'foo'" },
	{ BACK("http-check expect hdr name -m foo x"),
	  "cfg:7:32: error: '-m' expects str, beg, end, sub or reg, got 'foo'" },
	{ BACK("http-check expect hdr name"), "cfg:7:28: error: 'name' expects a text" },
	{ BACK("http-check expect ok-status L7RSP status 200"),
	  "cfg:7:30: error: 'ok-status' expects one of L7OK, L7OKC, L6OK, L4OK, got 'L7RSP'" },
	{ BACK("http-check expect min-recv x status 200"),
	  "cfg:7:29: error: 'min-recv' expects a number of bytes or -1, got 'x'" },
	{ BACK("http-check expect on-error %[x] status 200"),
	  "cfg:7:29: error: variables of a log-format in 'on-error' are known to HAProxy, but not "
	  "supported yet: write plain text" },
	{ BACK("http-check expect status-code foo status 200"),
	  "cfg:7:32: error: 'status-code' with 'foo' is known to HAProxy, but not supported yet: "
	  "write int(N) or res.payload(FROM,LENGTH)" },
	{ BACK("tcp-check expect status 200"),
	  "cfg:7:19: error: 'tcp-check expect' expects string, rstring, binary or rbinary and a "
	  "pattern, got 'status'" },
	{ BACK("tcp-check expect string x"),
	  "cfg:7:2: warning: 'tcp-check' has no effect in backend 'b' without 'option tcp-check'" },
	{ BACK("tcp-check send-binary 0"),
	  "cfg:7:24: error: 'tcp-check send-binary' expects two hexadecimal digits for each byte, "
	  "got '0'" },
	{ BACK("tcp-check send-binary 0g"),
	  "cfg:7:24: error: 'tcp-check send-binary' expects two hexadecimal digits for each byte, "
	  "got '0g'" },
	{ BACK("tcp-check send-lf x"),
	  "cfg:7:12: error: 'tcp-check send-lf' is known to HAProxy, but not supported yet" },
	{ BACK("tcp-check send a b"), "cfg:7:19: error: unexpected argument 'b': remove it" },
	{ BACK("tcp-check connect ssl"),
	  "cfg:7:20: error: 'tcp-check connect ssl' is known to HAProxy, but not supported yet" },
	{ BACK("tcp-check connect port x"),
	  "cfg:7:25: error: 'port' expects a number from 1 to 65535, got 'x'" },
	{ BACK("tcp-check connect foo"),
	  "cfg:7:20: error: 'tcp-check connect' expects default, port, addr, send-proxy, linger or "
	  "comment, got 'foo'" },
	{ BACK("option mysql-check foo"),
	  "cfg:7:21: error: 'option mysql-check' expects 'user' and a name" },
	{ BACK("option mysql-check user a b"), "cfg:7:28: error: 'option mysql-check' expects "
					       "post-41 or pre-41 behind the user, got 'b'" },
	{ BACK("option pgsql-check"),
	  "cfg:7:20: error: 'option pgsql-check' expects 'user' and a name" },
	{ BACK("http-check expect status 200"),
	  "cfg:7:2: warning: 'http-check' has no effect in backend 'b' without 'option httpchk'" },
	{ BACK("server a 127.0.0.1:80 track b/x"),
	  "cfg:7:9: error: server 'a' tracks 'b/x', but backend 'b' has no server of that name" },
	{ BACK("server a 127.0.0.1:80 track x/a"),
	  "cfg:7:9: error: server 'a' tracks 'x/a', but there is no backend 'x'" },
	{ BACK("server a 127.0.0.1:80 check track c\n server c 127.0.0.1:80 check"),
	  "cfg:7:9: error: server 'a' has 'check' and 'track': remove one of them" },
	{ BACK("server a 127.0.0.1:80 track a"),
	  "cfg:7:9: error: server 'a' tracks 'a', which leads back to where it began" },
	{ BACK("server a 127.0.0.1:80 track c\n server c 127.0.0.1:80 track a"),
	  "cfg:7:9: error: server 'a' tracks 'c', which leads back to where it began" },
	{ BACK("server a 127.0.0.1:80 track c\n server c 127.0.0.1:80"),
	  "cfg:7:9: error: server 'a' tracks 'c', but that has no 'check' and no 'agent-check'" },
	{ BACK("server a 127.0.0.1:80 agent-check"),
	  "cfg:7:9: error: server 'a' has 'agent-check', but no 'agent-port'" },
	{ BACK("server a 127.0.0.1:80 observe layer5"),
	  "cfg:7:32: error: 'observe' expects none, layer4 or layer7, got 'layer5'" },
	{ BACK("server a 127.0.0.1:80 error-limit 0"),
	  "cfg:7:36: error: 'error-limit' expects a number from 1 to 2147483647, got '0'" },
	{ BACK("server a 127.0.0.1:80 on-marked-down x"),
	  "cfg:7:39: error: 'on-marked-down' expects shutdown-sessions, got 'x'" },
	{ BACK("server a 127.0.0.1:80 check check-ssl"),
	  "cfg:7:30: error: 'server check-ssl' is known to HAProxy, but not supported yet" },
	{ BACK("mode tcp\n server a 127.0.0.1:80 check observe layer7"),
	  "cfg:8:9: error: server 'a': 'observe layer7' needs mode http in backend 'b'" },
	{ BACK("option external-check\n external-check command /bin/true"),
	  "cfg:6:9: error: 'option external-check' in 'b' needs 'external-check' in 'global'" },
	{ BACK("http-check send meth"), "cfg:7:22: error: 'http-check send meth' expects a value" },
	{ BACK("http-check send hdr Host"),
	  "cfg:7:26: error: 'http-check send hdr' expects a name and a value" },
	{ BACK("http-check send foo bar"),
	  "cfg:7:18: error: 'http-check send' expects meth, uri, ver, hdr or body, got 'foo'" },
	{ BACK("http-check send uri-lf /x"),
	  "cfg:7:18: error: 'http-check send uri-lf' is known to HAProxy, but not supported yet" },
	{ BACK("http-check foo"), "cfg:7:13: error: unknown keyword 'http-check foo'" },
	{ BACK("server"), "cfg:7:8: error: 'server' needs more arguments: server NAME "
			  "ADDRESS[:PORT] [parameters]" },
	{ BACK("server a"), "cfg:7:10: error: 'server' needs more arguments: server NAME "
			    "ADDRESS[:PORT] [parameters]" },
	{ BACK("server a! 127.0.0.1:80"), "cfg:7:9: error: the server name 'a!' contains '!': only "
					  "letters, digits, '-', '_', '.' and ':' are permitted" },
	{ BACK("server a 127.0.0.1:80-90"),
	  "cfg:7:11: error: 'server': a port range is not permitted here: '127.0.0.1:80-90'" },
	{ BACK("server a 127.0.0.1:99999"),
	  "cfg:7:11: error: 'server' expects a port from 1 to 65535, got '99999'" },
	{ BACK("server a nosuch.invalid:80"),
	  "cfg:7:11: warning: 'server': the host name 'nosuch.invalid' cannot be resolved yet (" },
	{ BACK("server a nosuch.invalid:80 init-addr libc"),
	  "cfg:7:11: error: 'server': the host name 'nosuch.invalid' cannot be resolved (" },
	{ BACK("server a nosuch.invalid:80 init-addr last"),
	  "cfg:7:11: error: 'server': no method of 'init-addr' finds an address for "
	  "'nosuch.invalid': add 'none'" },
	{ BACK("server a nosuch.invalid:80 init-addr none"), NULL },
	{ BACK("server a nosuch.invalid:80 init-addr libc,127.0.0.9"), NULL },
	{ BACK("server a _x._tcp.nosuch.invalid init-addr libc"),
	  "cfg:7:11: error: 'server': no method of 'init-addr' finds an address for "
	  "'_x._tcp.nosuch.invalid': add 'none'" },
	{ BACK("server a nosuch.invalid check init-addr none"),
	  "cfg:7:9: error: server 'a' has a check but no port: write 'nosuch.invalid:PORT', or "
	  "'port "
	  "PORT' for the check" },
	{ BACK("server a x.test:80 resolvers defualt init-addr none"),
	  "cfg:7:9: error: server 'a': there is no section 'resolvers defualt'; did you mean "
	  "'default'?" },
	{ BACK("server a x.test:80 init-addr none resolve-prefer ipv5"),
	  "cfg:7:51: error: 'resolve-prefer' expects 'ipv4' or 'ipv6', got 'ipv5'" },
	{ BACK("server a x.test:80 resolve-net 10.0.0.0/8,x"),
	  "cfg:7:33: error: 'resolve-net' expects networks such as 10.0.0.0/8, got 'x'" },
	{ BACK("server a x.test:80 resolve-net ::1,::2,::3,::4,::5,::6"),
	  "cfg:7:33: error: 'resolve-net' takes up to 5 networks" },
	{ BACK("server a x.test:80 resolve-opts foo"),
	  "cfg:7:34: error: 'resolve-opts' expects a list of 'allow-dup-ip', 'prevent-dup-ip' and "
	  "'ignore-weight', got 'foo'" },
	{ BACK("server a x.test:80 init-addr 1.1.1.1,1.1.1.2"),
	  "cfg:7:31: error: 'init-addr' takes one IP address, got '1.1.1.2' as another" },
	{ BACK("server a x.test:80 init-addr none,none,none,none,none"),
	  "cfg:7:31: error: 'init-addr' takes up to 4 methods" },
	{ BACK("server-template s 3"),
	  "cfg:7:21: error: 'server-template' needs more arguments: server-template PREFIX "
	  "NUMBER|LOW-HIGH ADDRESS[:PORT] [parameters]" },
	{ BACK("server-template s 0 127.0.0.1:80"),
	  "cfg:7:20: error: 'server-template' expects a number of servers, or LOW-HIGH, got '0'" },
	{ BACK("server-template s 3-1 127.0.0.1:80"),
	  "cfg:7:20: error: 'server-template' expects a number of servers, or LOW-HIGH, got "
	  "'3-1'" },
	{ BACK("server-template s 65536 127.0.0.1:80"),
	  "cfg:7:20: error: more than 65535 servers come from 'server-template' lines: lower "
	  "'65536'" },
	{ BACK("server s2 127.0.0.1:80\n server-template s 2-3 127.0.0.1:80"),
	  "cfg:8:18: error: backend 'b' has a server 's2' already, at line 7: choose another "
	  "prefix" },
	{ BACK("server a *:80"), NULL },
	{ BACK("server a 127.0.0.1 check"),
	  "cfg:7:9: error: server 'a' has a check but no port: write '127.0.0.1:PORT', or 'port "
	  "PORT' for the check" },
	{ BACK("server a 127.0.0.1:+5 check"),
	  "cfg:7:9: error: server 'a' has a check but no port: write '127.0.0.1:PORT', or 'port "
	  "PORT' for the check" },
	{ BACK("server a 127.0.0.1:80\n server a 127.0.0.1:81"),
	  "cfg:8:9: error: backend 'b' has a server 'a' already, at line 7: rename one" },
	{ BACK("server a 127.0.0.1:80 id 3\n server b 127.0.0.1:80 id 3"),
	  "cfg:8:9: error: server 'b' has the id 3 of server 'a'" },
	{ BACK("server a 127.0.0.1:80 weight 257"),
	  "cfg:7:31: error: 'weight' expects a number from 0 to 256, got '257'" },
	{ BACK("server a 127.0.0.1:80 weight"),
	  "cfg:7:30: error: 'weight' needs a value: weight NUMBER" },
	{ BACK("server a 127.0.0.1:80 wieght 5"),
	  "cfg:7:24: error: unknown parameter 'wieght' of 'server'; did you mean 'weight'?" },
	{ BACK("server a 127.0.0.1:80 inter 0"),
	  "cfg:7:30: error: 'inter' expects a time above 0, got '0'" },
	{ BACK("server a 127.0.0.1:80 inter x"),
	  "cfg:7:30: error: 'inter' expects a time such as 5s or 500ms, got 'x'" },
	{ BACK("server a 127.0.0.1:80 rise 0"),
	  "cfg:7:29: error: 'rise' expects a number from 1 to 2147483647, got '0'" },
	{ BACK("server a 127.0.0.1:80 fall x"),
	  "cfg:7:29: error: 'fall' expects a number from 1 to 2147483647, got 'x'" },
	{ BACK("server a 127.0.0.1:80 port 0"),
	  "cfg:7:29: error: 'port' expects a number from 1 to 65535, got '0'" },
	{ BACK("server a 127.0.0.1:80 ssl verify none"),
	  "cfg:7:24: error: 'server ssl' is known to HAProxy, but not supported yet" },
	{ BACK("server a 127.0.0.1:80 tfo"),
	  "cfg:7:24: notice: 'server tfo' has no effect here: it tunes HAProxy's engine" },
	{ BACK("server a localhost:80 init-addr none"), NULL },
	{ BACK("server a 127.0.0.1:80 init-addr foo"),
	  "cfg:7:34: error: 'init-addr' expects a list of 'last', 'libc', 'none' and IP addresses, "
	  "got 'foo'" },
	{ BACK("default-server"),
	  "cfg:7:16: error: 'default-server' needs an argument: default-server parameters" },
	{ BACK("default-server id 3"), "cfg:7:17: error: 'id' is not permitted in "
				       "'default-server': it must differ for each server" },
	{ BACK("default-server chek"),
	  "cfg:7:17: error: unknown parameter 'chek' of 'default-server'; did you mean 'check'?" },
	{ BACK("bind :80"), "cfg:7:2: warning: 'bind' has no effect in 'backend' and is ignored: "
			    "it belongs in 'frontend', 'listen'" },
	{ BACK("default_backend b"),
	  "cfg:7:2: warning: 'default_backend' has no effect in 'backend' and is ignored: it "
	  "belongs in 'defaults', 'frontend', 'listen'" },
	{ BACK("stick-table type ip size 1m"),
	  "cfg:7:2: error: 'stick-table' is known to HAProxy, but not supported yet" },
	{ BACK("option httplog"),
	  "cfg:7:9: warning: 'option httplog' has no effect in 'backend' and is ignored: it "
	  "belongs in 'defaults', 'frontend', 'listen'" },
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
	Suite *s = suite_create("cfg_bad_proxy");
	TCase *tc = tcase_create("messages");

	tcase_add_loop_test(tc, the_first_message_is, 0, ARRAY_LEN(rows));
	suite_add_tcase(s, tc);
	return unit_run(s);
}
