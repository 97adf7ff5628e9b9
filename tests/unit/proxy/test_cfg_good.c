/* test_cfg_good.c - every supported keyword: what a line means, seen in the dump. */
#include "../../lib/cfg_load.h"
#include "../../lib/fake_names.h"
#include "../../lib/unit.h"

#define TIMES    " timeout connect 5s\n timeout client 5s\n timeout server 5s\n"
#define DEFAULTS "defaults\n mode http\n" TIMES

enum where { GLOBAL, FRONTEND, BACKEND };

static const struct {
	enum where where;
	const char *line; /* written in a section of this kind */
	const char *dump; /* lines that the dump must have; "!x": must not have x */
} rows[] = {
	{ GLOBAL, "daemon", "\tdaemon\n" },
	{ GLOBAL, "master-worker", "\tmaster-worker\n" },
	{ GLOBAL, "master-worker no-exit-on-failure", "\tmaster-worker\n" },
	{ GLOBAL, "quiet", "\tquiet\n" },
	{ GLOBAL, "pidfile /run/x.pid", "\tpidfile /run/x.pid\n" },
	{ GLOBAL, "chroot /var/lib/x", "\tchroot /var/lib/x\n" },
	{ GLOBAL, "user root", "\tuser root\n" },
	{ GLOBAL, "group root", "\tgroup root\n" },
	{ GLOBAL, "uid 12", "\tuid 12\n" },
	{ GLOBAL, "gid 13", "\tgid 13\n" },
	{ GLOBAL, "maxconn 100", "\tmaxconn 100\n" },
	{ GLOBAL, "maxconn 100\n maxconn 200", "\tmaxconn 100\n" },
	{ GLOBAL, "nbthread 4", "\tnbthread 4\n" },
	{ GLOBAL, "log /dev/log local0", "\tlog unix@/dev/log local0\n" },
	{ GLOBAL, "log 127.0.0.1 local0 notice", "\tlog 127.0.0.1:514 local0 notice\n" },
	{ GLOBAL, "log 127.0.0.1:99 len 4096 format rfc5424 daemon info err",
	  "\tlog 127.0.0.1:99 len 4096 format rfc5424 daemon info err\n" },
	{ GLOBAL, "log stdout format raw local7", "\tlog stdout format raw local7\n" },
	{ GLOBAL, "log stderr format short user", "\tlog stderr format short user\n" },
	{ GLOBAL, "log fd@7 format iso user", "\tlog fd@7 format iso user\n" },
	{ GLOBAL, "log [::1]:99 local0", "\tlog [::1]:99 local0\n" },
	{ GLOBAL, "log udp@127.0.0.1 local0", "\tlog 127.0.0.1:514 local0\n" },
	{ GLOBAL, "log 127.0.0.1 local0\n no log", "!log" },
	{ GLOBAL, "log-tag web", "\tlog-tag web\n" },
	{ GLOBAL, "log-send-hostname", "\tlog-send-hostname\n" },
	{ GLOBAL, "log-send-hostname a", "\tlog-send-hostname a\n" },
	{ GLOBAL, "node a", "\tnode a\n" },
	{ GLOBAL, "description the left one", "\tdescription the\\ left\\ one\n" },
	{ GLOBAL, "stats socket /run/x.sock",
	  "\tstats socket unix@/run/x.sock level operator mode 600\n" },
	{ GLOBAL, "stats socket /run/x.sock mode 660 level admin uid 1 gid 2 expose-fd listeners",
	  "\tstats socket unix@/run/x.sock level admin mode 660 uid 1 gid 2 expose-fd "
	  "listeners\n" },
	{ GLOBAL, "stats socket ipv4@127.0.0.1:9999 level user",
	  "\tstats socket 127.0.0.1:9999 level user mode 600\n" },
	{ GLOBAL, "stats socket fd@5", "\tstats socket fd@5 level operator mode 600\n" },
	{ GLOBAL, "stats timeout 30s", "\tstats timeout 30s\n" },
	{ GLOBAL, "stats timeout 2m", "\tstats timeout 120s\n" },
	{ GLOBAL, "tune.bufsize 32768", "\ttune.bufsize 32768\n" },
	{ GLOBAL, "tune.maxrewrite 2048", "\ttune.maxrewrite 2048\n" },
	{ GLOBAL, "tune.http.maxhdr 200", "\ttune.http.maxhdr 200\n" },
	{ GLOBAL, "spread-checks 5", "\tspread-checks 5\n" },
	{ GLOBAL, "hard-stop-after 1500ms", "\thard-stop-after 1500ms\n" },
	{ GLOBAL, "liveness-socket /run/l mode 660 group root",
	  "\tliveness-socket /run/l mode 660 gid 0\n" },
	{ GLOBAL, "tune.ssl.default-dh-param 2048", "!tune" }, /* a notice only */
	{ GLOBAL, "zero-warning", "!zero" },

	{ FRONTEND, "mode tcp", "\tmode tcp\n" },
	{ FRONTEND, "bind *:8080", "\tbind *:8080\n" },
	{ FRONTEND, "bind :8080,:8081", "\tbind :8080\n\tbind :8081\n" },
	{ FRONTEND, "bind :8080,", "\tbind :8080\n" },
	{ FRONTEND, "bind 127.0.0.1:8080-8082",
	  "\tbind 127.0.0.1:8080\n\tbind 127.0.0.1:8081\n\tbind 127.0.0.1:8082\n" },
	{ FRONTEND, "bind :::8080 v4v6", "\tbind :::8080 v4v6\n" },
	{ FRONTEND, "bind [::1]:8080 v6only", "\tbind [::1]:8080 v6only\n" },
	{ FRONTEND, "bind ipv6@:8080", "\tbind ipv6@:8080\n" },
	{ FRONTEND, "bind ipv4@127.0.0.1:8080", "\tbind ipv4@127.0.0.1:8080\n" },
	{ FRONTEND, "bind localhost:8080", "\tbind localhost:8080\n" },
	{ FRONTEND, "bind /run/x.sock mode 666 uid 3 gid 4",
	  "\tbind /run/x.sock mode 666 uid 3 gid 4\n" },
	{ FRONTEND, "bind unix@/run/x.sock", "\tbind unix@/run/x.sock\n" },
	{ FRONTEND, "bind fd@7", "\tbind fd@7\n" },
	{ FRONTEND, "bind \"fd@${TEST_FD}\"", "\tbind fd@12\n" },
	{ FRONTEND, "bind fd@${TEST_FD}", "\tbind fd@12\n" },
	{ FRONTEND, "bind 127.0.0.1:$TEST_PORT", "\tbind 127.0.0.1:8099\n" },
	{ FRONTEND, "bind \"127.0.0.1:${NOT_SET-8090}\"", "\tbind 127.0.0.1:8090\n" },
	{ FRONTEND, "bind :8080 name a interface lo backlog 5 maxconn 6 transparent defer-accept",
	  "\tbind :8080 name a interface lo backlog 5 maxconn 6 transparent defer-accept\n" },
	{ FRONTEND, "bind :8080 tfo tcp-ut 30s mss 1400",
	  "\tbind :8080 tfo tcp-ut 30s mss 1400\n" },
	{ FRONTEND, "bind abns@name", "\tbind abns@name\n" },
	{ FRONTEND, "bind :8080 accept-proxy", "\tbind :8080 accept-proxy\n" },
	{ FRONTEND, "bind :8080 nice 3 id 7 process 1", "\tbind :8080\n" },
	{ FRONTEND, "maxconn 10", "\tmaxconn 10\n" },
	{ FRONTEND, "backlog 11", "\tbacklog 11\n" },
	{ FRONTEND, "id 1000", "\tid 1000\n" },
	{ FRONTEND, "disabled", "\tdisabled\n" },
	{ FRONTEND, "disabled\n enabled", "!disabled" },
	{ FRONTEND, "default_backend b", "\tdefault_backend b\n" },
	{ FRONTEND, "monitor-uri /alive", "\tmonitor-uri /alive\n" },
	{ FRONTEND, "timeout client 1500", "\ttimeout client 1500ms\n" },
	{ FRONTEND, "timeout client 1m", "\ttimeout client 60s\n" },
	{ FRONTEND, "timeout client 1500us", "\ttimeout client 2ms\n" }, /* rounded up */
	{ FRONTEND, "timeout client 24d", "\ttimeout client 2073600s\n" },
	{ FRONTEND, "timeout http-request 3s", "\ttimeout http-request 3s\n" },
	{ FRONTEND, "timeout http-keep-alive 3s", "\ttimeout http-keep-alive 3s\n" },
	{ FRONTEND, "timeout client-fin 3s", "\ttimeout client-fin 3s\n" },
	{ FRONTEND, "timeout tarpit 3s", "\ttimeout tarpit 3s\n" },
	{ FRONTEND, "option httplog", "\toption httplog\n" },
	{ FRONTEND, "option httplog\n option tcplog", "\toption tcplog\n" },
	{ FRONTEND, "mode tcp\n option httplog", "\toption tcplog\n" },
	{ FRONTEND, "option httplog clf", "\toption httplog clf\n" },
	{ FRONTEND, "option httplog\n log-format \"%ci %{+Q}r\"", "\tlog-format %ci\\ %{+Q}r\n" },
	{ FRONTEND, "log-format %ci\n option httplog", "\toption httplog\n" },
	{ FRONTEND, "error-log-format %ci\\ %ST", "\terror-log-format %ci\\ %ST\n" },
	{ FRONTEND, "log-format-sd \"[a@1 b=%B]\"", "\tlog-format-sd [a@1\\ b=%B]\n" },
	{ FRONTEND, "log-tag web", "\tlog-tag web\n" },
	{ FRONTEND,
	  "unique-id-format %{+X}o\\ %ci:%cp_%fi:%fp_%Ts_%rt:%pid\n unique-id-header X-Id",
	  "\tunique-id-format %{+X}o\\ %ci:%cp_%fi:%fp_%Ts_%rt:%pid\n\tunique-id-header X-Id\n" },
	{ FRONTEND, "capture request header Host len 20\n capture request header A len 3",
	  "\tcapture request header Host len 20\n\tcapture request header A len 3\n" },
	{ FRONTEND, "capture response header Server len 20",
	  "\tcapture response header Server len 20\n" },
	{ FRONTEND, "capture cookie SESS len 12", "\tcapture cookie SESS len 12\n" },
	{ FRONTEND, "log 127.0.0.1 len 100 format raw sample 1-2,4:5 local0 info",
	  "\tlog 127.0.0.1:514 len 100 format raw sample 1-2,4:5 local0 info\n" },
	{ FRONTEND, "log stdout format priority local0", "\tlog stdout format priority local0\n" },
	{ FRONTEND, "option log-separate-errors", "\toption log-separate-errors\n" },
	{ FRONTEND, "option contstats", "\toption contstats\n" },
	{ FRONTEND, "option dontlognull", "\toption dontlognull\n" },
	{ FRONTEND, "option dontlognull\n no option dontlognull", "!dontlognull" },
	{ FRONTEND, "option dontlognull\n default option dontlognull", "!dontlognull" },
	{ FRONTEND, "option dontlog-normal", "\toption dontlog-normal\n" },
	{ FRONTEND, "option logasap", "\toption logasap\n" },
	{ FRONTEND, "option httpclose", "\toption httpclose\n" },
	{ FRONTEND, "option http-server-close", "\toption http-server-close\n" },
	{ FRONTEND, "option http-server-close\n option httpclose", "!http-server-close" },
	{ FRONTEND, "option httpclose\n option http-keep-alive", "!httpclose" },
	{ FRONTEND, "option httpclose\n no option httpclose", "!httpclose" },
	{ FRONTEND, "option httpclose\n no option http-server-close", "\toption httpclose\n" },
	{ FRONTEND, "option forwardfor", "\toption forwardfor\n" },
	{ FRONTEND, "option forwardfor except 127.0.0.0/8 header X-Real if-none",
	  "\toption forwardfor except 127.0.0.0/8 header X-Real if-none\n" },
	{ FRONTEND, "option forwardfor except 10.0.0.0/255.255.0.0",
	  "\toption forwardfor except 10.0.0.0/16\n" },
	{ FRONTEND, "option forwardfor except ::1", "\toption forwardfor except ::1/128\n" },
	{ FRONTEND, "mode tcp\n option forwardfor", "!forwardfor" },
	{ FRONTEND, "option originalto", "\toption originalto\n" },
	{ FRONTEND, "option originalto except 10.0.0.0/8 header X-Dest",
	  "\toption originalto except 10.0.0.0/8 header X-Dest\n" },
	{ FRONTEND, "mode tcp\n option originalto", "!originalto" },
	{ FRONTEND, "option http-buffer-request", "\toption http-buffer-request\n" },
	{ FRONTEND, "option http-use-htx", "!htx" },
	{ BACKEND, "option http-pretend-keepalive", "\toption http-pretend-keepalive\n" },
	{ BACKEND, "option forwarded", "\toption forwarded proto for\n" },
	{ BACKEND, "option forwarded for_port for host", "\toption forwarded host for for_port\n" },
	{ BACKEND, "option forwarded\n no option forwarded", "!forwarded" },
	{ BACKEND, "http-reuse always", "\thttp-reuse always\n" },
	{ BACKEND, "server s 127.0.0.1:1 pool-max-conn 5 pool-purge-delay 7s max-reuse 8",
	  "\tserver s 127.0.0.1:1 pool-max-conn 5 pool-purge-delay 7s max-reuse 8\n" },
	{ FRONTEND, "option clitcpka", "\toption clitcpka\n" },
	{ FRONTEND, "option tcpka", "\toption clitcpka\n" },
	{ FRONTEND, "option nolinger", "\toption nolinger\n" },
	{ FRONTEND, "stats enable", "\tstats enable\n\tstats uri /haproxy?stats\n" },
	{ FRONTEND, "stats uri /s", "\tstats enable\n\tstats uri /s\n" },
	{ FRONTEND, "stats refresh 90", "\tstats refresh 90\n" },
	{ FRONTEND, "stats refresh 2m", "\tstats refresh 120\n" },
	{ FRONTEND, "stats auth a:b\n stats auth c:d:e", "\tstats auth a:b\n\tstats auth c:d:e\n" },
	{ FRONTEND, "stats realm My\\ Own Page", "\tstats realm My\\ Own\\ Page\n" },
	{ FRONTEND, "stats hide-version", "\tstats hide-version\n" },
	{ FRONTEND, "stats show-legends", "\tstats show-legends\n" },
	{ FRONTEND, "stats show-node", "\tstats show-node\n" },
	{ FRONTEND, "stats show-node n1", "\tstats show-node n1\n" },
	{ FRONTEND, "stats show-desc a b", "\tstats show-desc a\\ b\n" },
	{ FRONTEND, "errorfile 503 /dev/null", "\terrorfile 503 /dev/null\n" },
	{ FRONTEND, "errorloc 503 /sorry", "\terrorloc302 503 /sorry\n" },
	{ FRONTEND, "errorloc303 502 http://192.0.2.1/", "\terrorloc303 502 http://192.0.2.1/\n" },
	{ FRONTEND, "errorloc 503 /a\n errorfile 503 /dev/null", "!errorloc" },
	{ FRONTEND,
	  "errorfiles e 503\nhttp-errors e\n errorfile 503 /dev/null\n errorfile 404 /dev/null",
	  "\terrorfile 503 /dev/null\n" },
	{ FRONTEND, "errorfiles e 503\nhttp-errors e\n errorfile 404 /dev/null", "!errorfile" },
	{ FRONTEND, "errorfiles e\n errorloc 503 /x\nhttp-errors e\n errorfile 503 /dev/null",
	  "\terrorloc302 503 /x\n" },
	{ FRONTEND, "errorloc 503 /x\n errorfiles e\nhttp-errors e\n errorfile 503 /dev/null",
	  "\terrorfile 503 /dev/null\n" },
	{ BACKEND, "server a *:80", "\tserver a *:80\n" },
	{ BACKEND, "server a 0.0.0.0", "\tserver a 0.0.0.0\n" },
	{ FRONTEND, "stats admin if TRUE", "\tstats admin if TRUE\n" },
	{ FRONTEND, "stats admin unless FALSE", "\tstats admin unless FALSE\n" },
	{ FRONTEND, "mode tcp\n stats enable", "!stats" },
	{ FRONTEND, "no log", "!log" },

	{ BACKEND, "balance", "!balance" },
	{ BACKEND, "balance roundrobin", "!balance" },
	{ BACKEND, "balance leastconn", "\tbalance leastconn\n" },
	{ BACKEND, "balance source", "\tbalance source\n" },
	{ BACKEND, "cookie SRV", "\tcookie SRV\n" },
	{ BACKEND, "cookie SRV nocache insert indirect", "\tcookie SRV insert indirect nocache\n" },
	{ BACKEND,
	  "cookie SRV insert maxidle 5 maxlife 1m postonly preserve httponly secure dynamic",
	  "\tcookie SRV insert postonly preserve httponly secure dynamic maxidle 5s maxlife "
	  "60s\n" },
	{ BACKEND, "cookie SRV insert domain .a.b domain c.d attr SameSite=None attr A",
	  "\tcookie SRV insert domain .a.b domain c.d attr SameSite=None attr A\n" },
	{ BACKEND, "cookie SRV prefix", "\tcookie SRV prefix\n" },
	{ BACKEND, "cookie SRV rewrite", "\tcookie SRV rewrite\n" },
	{ BACKEND, "dynamic-cookie-key secret", "\tdynamic-cookie-key secret\n" },
	{ BACKEND, "option persist", "\toption persist\n" },
	{ BACKEND, "server a 127.0.0.1:80 cookie x", "\tserver a 127.0.0.1:80 cookie x\n" },
	{ BACKEND, "balance static-rr", "\tbalance static-rr\n" },
	{ BACKEND, "balance first", "\tbalance first\n" },
	{ BACKEND, "balance random", "\tbalance random\n" },
	{ BACKEND, "balance random(5)", "\tbalance random(5)\n" },
	{ BACKEND, "balance uri", "\tbalance uri\n" },
	{ BACKEND, "balance uri path-only depth 2 whole len 9",
	  "\tbalance uri len 9 depth 2 whole path-only\n" },
	{ BACKEND, "balance url_param user", "\tbalance url_param user\n" },
	{ BACKEND, "balance hdr(Host) use_domain_only", "\tbalance hdr(Host) use_domain_only\n" },
	{ BACKEND, "hash-type map-based", "!hash-type" },
	{ BACKEND, "hash-type map-based crc32", "\thash-type map-based crc32\n" },
	{ BACKEND, "hash-type consistent", "\thash-type consistent\n" },
	{ BACKEND, "hash-type consistent sdbm", "\thash-type consistent sdbm\n" },
	{ BACKEND, "hash-type consistent djb2 avalanche",
	  "\thash-type consistent djb2 avalanche\n" },
	{ BACKEND, "hash-balance-factor 150", "\thash-balance-factor 150\n" },
	{ BACKEND, "retries 0", "\tretries 0\n" },
	{ BACKEND, "fullconn 7", "\tfullconn 7\n" },
	{ BACKEND, "timeout connect 100", "\ttimeout connect 100ms\n" },
	{ BACKEND, "timeout server 1h", "\ttimeout server 3600s\n" },
	{ BACKEND, "timeout check 1s", "\ttimeout check 1s\n" },
	{ BACKEND, "timeout queue 1s", "\ttimeout queue 1s\n" },
	{ BACKEND, "timeout tunnel 1h", "\ttimeout tunnel 3600s\n" },
	{ BACKEND, "timeout server-fin 1s", "\ttimeout server-fin 1s\n" },
	{ BACKEND, "option redispatch", "\toption redispatch\n" },
	{ BACKEND, "option redispatch 2", "\toption redispatch 2\n" },
	{ BACKEND, "option redispatch 0", "!redispatch" },
	{ BACKEND, "option redispatch\n no option redispatch", "!redispatch" },
	{ BACKEND, "option abortonclose", "\toption abortonclose\n" },
	{ BACKEND, "option allbackups", "\toption allbackups\n" },
	{ BACKEND, "option srvtcpka", "\toption srvtcpka\n" },
	{ BACKEND, "option log-health-checks", "\toption log-health-checks\n" },
	{ BACKEND, "option httpchk", "\toption httpchk OPTIONS / HTTP/1.0\n" },
	{ BACKEND, "option httpchk /h", "\toption httpchk OPTIONS /h HTTP/1.0\n" },
	{ BACKEND, "option httpchk GET /h", "\toption httpchk GET /h HTTP/1.0\n" },
	{ BACKEND, "option httpchk GET /h HTTP/1.1", "\toption httpchk GET /h HTTP/1.1\n" },
	{ BACKEND, "option httpchk GET /h HTTP/1.1\\r\\nHost:\\ a\\r\\nX-B:c",
	  "\toption httpchk GET /h HTTP/1.1\n\thttp-check send hdr Host a hdr X-B c\n" },
	{ BACKEND, "option httpchk GET /h HTTP/1.1\\r\\nHost:\\ a\\r\\n\\r\\nbody",
	  "\thttp-check send hdr Host a body body\n" },
	{ BACKEND,
	  "option httpchk\n http-check send meth POST uri /p ver HTTP/1.1 hdr Host a body \"x y\"",
	  "\toption httpchk POST /p HTTP/1.1\n\thttp-check send hdr Host a body x\\ y\n" },
	{ BACKEND, "http-check send hdr Host a\n option httpchk GET /h",
	  "\toption httpchk GET /h HTTP/1.0\n\thttp-check send hdr Host a\n" },
	/* headers of http-check send replace those of the option */
	{ BACKEND, "option httpchk GET /h HTTP/1.1\\r\\nHost:\\ a\n http-check send hdr X-B c",
	  "\thttp-check send hdr X-B c\n" },
	{ BACKEND, "option httpchk\n http-check send hdr Content-Length 9 body x",
	  "\thttp-check send body x\n" },
	{ BACKEND, "option httpchk\n http-check send-state\n http-check disable-on-404",
	  "\thttp-check send-state\n\thttp-check disable-on-404\n" },
	{ BACKEND,
	  "option httpchk\n http-check connect port 81 linger\n http-check send uri /a\n"
	  " http-check expect string ok\n http-check connect default\n http-check send uri /b",
	  "\toption httpchk OPTIONS /a HTTP/1.0\n\thttp-check connect port 81 linger\n"
	  "\thttp-check send meth OPTIONS uri /a ver HTTP/1.0\n"
	  "\thttp-check expect string ok\n\thttp-check connect default\n"
	  "\thttp-check send meth OPTIONS uri /b ver HTTP/1.0\n" },
	{ BACKEND, "option httpchk\n http-check comment why\n http-check expect rstatus ^2",
	  "\thttp-check expect comment why rstatus ^2\n" },
	{ BACKEND,
	  "option httpchk\n http-check expect min-recv 9 error-status L7STS tout-status L6TOUT "
	  "ok-status L7OKC on-success a on-error 100%% status-code int(3) ! hdr name -m beg x- "
	  "value -m reg ^y",
	  "\thttp-check expect min-recv 9 ok-status L7OKC error-status L7STS tout-status L6TOUT "
	  "on-success a on-error 100%% status-code int(3) ! hdr name -m beg x- value -m reg ^y\n" },
	{ BACKEND,
	  "option tcp-check\n tcp-check connect send-proxy addr 192.0.2.1\n tcp-check send "
	  "PING\\r\\n comment c\n tcp-check expect string +PONG\n tcp-check send-binary 00fF\n"
	  " tcp-check expect rbinary ^00",
	  "\toption tcp-check\n\ttcp-check connect addr 192.0.2.1 send-proxy\n"
	  "\ttcp-check send PING\\r\\n comment c\n\ttcp-check expect string +PONG\n"
	  "\ttcp-check send-binary 00ff\n\ttcp-check expect rbinary ^00\n" },
	{ BACKEND, "option smtpchk EHLO a.example", "\toption smtpchk EHLO a.example\n" },
	{ BACKEND, "option smtpchk", "\toption smtpchk HELO localhost\n" },
	{ BACKEND, "option redis-check", "\toption redis-check\n" },
	{ BACKEND, "option mysql-check user joe pre-41", "\toption mysql-check user joe pre-41\n" },
	{ BACKEND, "option mysql-check", "\toption mysql-check\n" },
	{ BACKEND, "option pgsql-check user joe", "\toption pgsql-check user joe\n" },
	{ BACKEND, "option ldap-check", "\toption ldap-check\n" },
	{ BACKEND, "option ssl-hello-chk", "\toption ssl-hello-chk\n" },
	{ BACKEND,
	  "server a 127.0.0.1:80 check check-send-proxy agent-check agent-port 9 agent-addr "
	  "127.0.0.2 agent-inter 5s agent-send x\\n init-state fully-down",
	  " check check-send-proxy init-state fully-down agent-check agent-port 9 agent-addr "
	  "127.0.0.2 agent-inter 5s agent-send x\\n\n" },
	{ BACKEND,
	  "server a 127.0.0.1:80 check observe layer4 error-limit 3 on-error mark-down "
	  "on-marked-down shutdown-sessions on-marked-up shutdown-backup-sessions",
	  " observe layer4 error-limit 3 on-error mark-down on-marked-down shutdown-sessions "
	  "on-marked-up shutdown-backup-sessions\n" },
	{ BACKEND, "server a 127.0.0.1:80 check\n server b 127.0.0.1:81 track a",
	  "\tserver b 127.0.0.1:81 track b/a\n" },
	{ BACKEND, "option httpchk\n option tcp-check", "!httpchk" },
	{ BACKEND, "option httpchk\n http-check expect status 200",
	  "\thttp-check expect status 200\n" },
	{ BACKEND, "option httpchk\n http-check expect status 200,300-399",
	  "\thttp-check expect status 200,300-399\n" },
	{ BACKEND, "option httpchk\n http-check expect ! status 500-599",
	  "\thttp-check expect ! status 500-599\n" },
	{ BACKEND, "option httpchk\n http-check expect !status 404",
	  "\thttp-check expect ! status 404\n" },
	{ BACKEND, "server a 127.0.0.1:80", "\tserver a 127.0.0.1:80\n" },
	{ BACKEND, "server a 127.0.0.1", "\tserver a 127.0.0.1\n" },
	{ BACKEND, "server a 127.0.0.1:+5", "\tserver a 127.0.0.1:+5\n" },
	{ BACKEND, "server a 127.0.0.1:-5", "\tserver a 127.0.0.1:-5\n" },
	{ BACKEND, "server a [::1]:80", "\tserver a [::1]:80\n" },
	{ BACKEND, "server a ::1:80", "\tserver a ::1:80\n" },
	{ BACKEND, "server a ipv6@[::1]:80", "\tserver a ipv6@[::1]:80\n" },
	{ BACKEND, "server a localhost:80", "\tserver a localhost:80\n" },
	{ BACKEND, "server a ipv4@localhost:80", "\tserver a ipv4@localhost:80\n" },
	{ BACKEND, "server a /run/s", "\tserver a /run/s\n" },
	{ BACKEND, "server a unix@/run/s check", "\tserver a unix@/run/s check\n" },
	{ BACKEND, "server a 127.0.0.1:$TEST_PORT", "\tserver a 127.0.0.1:8099\n" },
	{ BACKEND, "server a 127.0.0.1:80 check inter 1s fastinter 200 downinter 5s rise 1 fall 4",
	  "\tserver a 127.0.0.1:80 check inter 1s fastinter 200ms downinter 5s rise 1 fall 4\n" },
	{ BACKEND, "server a 127.0.0.1:80 check addr 127.0.0.2 port 81",
	  "\tserver a 127.0.0.1:80 check port 81 addr 127.0.0.2\n" },
	{ BACKEND, "server a 127.0.0.1 check port 81", "\tserver a 127.0.0.1 check port 81\n" },
	{ BACKEND, "server a 127.0.0.1:80 weight 256 backup disabled",
	  "\tserver a 127.0.0.1:80 weight 256 backup disabled\n" },
	{ BACKEND, "server a 127.0.0.1:80 maxconn 9 minconn 3 maxqueue 2 slowstart 10s",
	  "\tserver a 127.0.0.1:80 maxconn 9 minconn 3 maxqueue 2 slowstart 10s\n" },
	{ BACKEND, "server a 127.0.0.1:80 minconn 3", "maxconn 3 minconn 3\n" },
	{ BACKEND, "server a 127.0.0.1:80 send-proxy", "send-proxy\n" },
	{ BACKEND, "server a 127.0.0.1:80 send-proxy-v2", "send-proxy-v2\n" },
	{ BACKEND, "server a 127.0.0.1:80 source 127.0.0.9", "source 127.0.0.9\n" },
	{ BACKEND, "server a 127.0.0.1:80 source 0.0.0.0 usesrc clientip interface lo tcp-ut 9s",
	  "source 0.0.0.0 usesrc clientip interface lo tcp-ut 9s\n" },
	{ BACKEND, "server a 127.0.0.1:80 source 0.0.0.0 usesrc 127.0.0.9",
	  "source 0.0.0.0 usesrc 127.0.0.9\n" },
	{ BACKEND, "server a abns@name", "server a abns@name\n" },
	{ BACKEND, "server a 127.0.0.1:80 source 127.0.0.9:1000", "source 127.0.0.9:1000\n" },
	{ BACKEND, "server a localhost:80 init-addr last,libc,none", "\tserver a localhost:80\n" },
	{ BACKEND, "server a 127.0.0.1:80 init-addr none", "\tserver a 127.0.0.1:80\n" },
	{ BACKEND, "server a 127.0.0.1:80 id 9", "\tserver a 127.0.0.1:80 id 9\n" },
	{ BACKEND, "server a 127.0.0.1:80\n server b 127.0.0.1:81 id 1", "127.0.0.1:80 id 2\n" },
	{ BACKEND, "default-server check inter 1s\n server a 127.0.0.1:80",
	  "\tserver a 127.0.0.1:80 check inter 1s\n" },
	{ BACKEND, "default-server check\n server a 127.0.0.1:80 no-check", "127.0.0.1:80\n" },
	{ BACKEND, "server a 127.0.0.1:80\n default-server weight 5\n server b 127.0.0.1:81",
	  "\tserver a 127.0.0.1:80\n\tserver b 127.0.0.1:81 weight 5\n" },
};

static void compose(char *out, size_t size, enum where where, const char *line)
{
	snprintf(out, size,
		 "global\n%s%s%s" DEFAULTS "frontend f\n bind :9\n%s%s%sbackend b\n%s%s%s",
		 where == GLOBAL ? " " : "", where == GLOBAL ? line : "",
		 where == GLOBAL ? "\n" : "", where == FRONTEND ? " " : "",
		 where == FRONTEND ? line : "", where == FRONTEND ? "\n" : "",
		 where == BACKEND ? " " : "", where == BACKEND ? line : "",
		 where == BACKEND ? "\n" : "");
}

START_TEST(a_line_means_this)
{
	char text[2048];
	const char *want = rows[_i].dump;

	compose(text, sizeof text, rows[_i].where, rows[_i].line);
	struct loaded l = load_text(text);

	ck_assert_msg(l.ok, "%s\n%s", rows[_i].line, l.messages);
	if (want[0] == '!')
		ck_assert_msg(!strstr(l.dump, want + 1), "%s\n%s", rows[_i].line, l.dump);
	else
		ck_assert_msg(strstr(l.dump, want), "%s\n%s", rows[_i].line, l.dump);
	/* the dump parses to itself */
	struct loaded again = load_text(l.dump);

	ck_assert_msg(again.ok, "%s\n%s", l.dump, again.messages);
	ck_assert_str_eq(again.dump, l.dump);
	loaded_fini(&again);
	loaded_fini(&l);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cfg_good");
	TCase *tc = tcase_create("lines");

	setenv("TEST_FD", "12", 1);
	setenv("TEST_PORT", "8099", 1);
	unsetenv("NOT_SET");
	tcase_add_loop_test(tc, a_line_means_this, 0, ARRAY_LEN(rows));
	suite_add_tcase(s, tc);
	return unit_run(s);
}
