#!/bin/bash
# diff.sh [PROXYD [HAPROXY]] - the same requests through proxyd and through Debian's haproxy, with the
# same file, to a server that records: prints where status, framing, or what the server received differ.
#
# Each line of the table: name | why a difference is accepted (or nothing) | request [| response].
# How it is compared: tests/lib/rawdiff.c. A is haproxy, B is proxyd; VERBOSE=1 shows accepted differences too.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
proxyd=${1:-$BUILD/proxyd} haproxy=${2:-/usr/sbin/haproxy}
[ -x "$haproxy" ] || { echo "diff.sh: no $haproxy here" && exit 77; }
config=$(mktemp "${TMPDIR:-/tmp}/tandem-diff.XXXXXX")
trap 'rm -f "$config"' EXIT
cat >"$config" <<'EOF'
defaults
	mode http
	option forwardfor if-none header X-Client
	timeout connect 1s
	timeout client 400ms
	timeout server 400ms
listen a
	bind "fd@${FE}"
	server s "127.0.0.1:${SERVER_PORT}"
EOF

# What we do differently on purpose, each with its reason; ${name} in the table.
version="strict: only HTTP/1.0 and HTTP/1.1 are served"
blanks="strict: one blank between the parts of the start line (RFC 9112 section 3)"
bytes="strict: control bytes in a value are refused (RFC 9110 section 5.5)"
host="strict: Host must be one valid name, and be there in HTTP/1.1 (RFC 9112 section 3.2)"
twice="strict: a framing field may come once, with one value"
both="strict: Transfer-Encoding beside Content-Length is refused, not repaired (RFC 9112 section 6.1)"
old="strict: 400 for Transfer-Encoding in HTTP/1.0; HAProxy forwards it"
fold="strict: folded lines are refused (RFC 9112 section 5.2)"
lf="strict: a line ends with CR LF"
chunk="strict: a chunk size is one to fifteen hex digits, CR LF or an extension behind it"
hop="hop-by-hop fields are removed, those that Connection lists too (RFC 9110 section 7.6.1)"
port="the target is forwarded as it came; HAProxy removes the default port"
connect="Host of a CONNECT names the port too (RFC 9110 section 9.3.6)"
h2="no HTTP/2 yet: its preface gets a 400"
star="strict: only OPTIONS has the target *"
user="strict: no user names in targets (RFC 9110 section 4.2.4)"
query="a query may follow the host at once (RFC 3986 section 3)"
coding="strict: 400 for codings that we do not know; HAProxy says 422"
cut="chunks are forwarded as they came, HAProxy makes them anew"
status="strict: a status has three digits, 100 to 599"

"$BUILD/tests/lib/rawdiff" "$config" "$haproxy" "$proxyd" <<EOF
# ---- methods, targets, versions ----
get |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n
head |  | HEAD / HTTP/1.1\r\nHost: a\r\n\r\n
post |  | POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello
put |  | PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello
delete |  | DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n
delete with a body |  | DELETE /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello
patch |  | PATCH /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi
options |  | OPTIONS /x HTTP/1.1\r\nHost: a\r\n\r\n
options star |  | OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n
get star | $star | GET * HTTP/1.1\r\nHost: a\r\n\r\n
trace |  | TRACE /x HTTP/1.1\r\nHost: a\r\n\r\n
connect | $port | CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n
connect, host without port | $connect | CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n
connect to a path |  | CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n
extension method |  | PURGE /x HTTP/1.1\r\nHost: a\r\n\r\n
webdav method |  | PROPFIND /x HTTP/1.1\r\nHost: a\r\nDepth: 1\r\n\r\n
long method |  | ABCDEFGHIJKLMNOPQRSTUVWXYZ /x HTTP/1.1\r\nHost: a\r\n\r\n
lower-case method |  | get / HTTP/1.1\r\nHost: a\r\n\r\n
method with underscore |  | M_SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n
m-search |  | M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n
method no token |  | G(T / HTTP/1.1\r\nHost: a\r\n\r\n
no method |  |  / HTTP/1.1\r\nHost: a\r\n\r\n
query |  | GET /a?b=c&d=%20e HTTP/1.1\r\nHost: a\r\n\r\n
fragment |  | GET /#x HTTP/1.1\r\nHost: a\r\n\r\n
8-bit target |  | GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n
control in target |  | GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n
DEL in target |  | GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n
tab in target |  | GET /\tx HTTP/1.1\r\nHost: a\r\n\r\n
quotes in target |  | GET /"<>\\^{}\` HTTP/1.1\r\nHost: a\r\n\r\n
blank in target |  | GET /a b HTTP/1.1\r\nHost: a\r\n\r\n
relative target |  | GET x HTTP/1.1\r\nHost: a\r\n\r\n
double slash |  | GET //x HTTP/1.1\r\nHost: a\r\n\r\n
dots |  | GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n
long target |  | GET /\*4000;x HTTP/1.1\r\nHost: a\r\n\r\n
absolute |  | GET http://a/x HTTP/1.1\r\nHost: a\r\n\r\n
absolute, default port | $port | GET http://a:80/x HTTP/1.1\r\nHost: a\r\n\r\n
absolute, other port |  | GET http://a:81/x HTTP/1.1\r\nHost: a:81\r\n\r\n
absolute, ports differ |  | GET http://a:81/x HTTP/1.1\r\nHost: a\r\n\r\n
absolute, another host |  | GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n
absolute without Host | $host | GET http://a/x HTTP/1.1\r\n\r\n
absolute https |  | GET https://a/x HTTP/1.1\r\nHost: a\r\n\r\n
absolute, no path |  | GET http://a HTTP/1.1\r\nHost: a\r\n\r\n
absolute, query only | $query | GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n
absolute, user | $user | GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n
1.0 |  | GET / HTTP/1.0\r\n\r\n
1.0 with Host |  | GET / HTTP/1.0\r\nHost: a\r\n\r\n
1.0 keep-alive |  | GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n
1.0 keep-alive twice |  | GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n
1.0 post |  | POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello
0.9 |  | GET /\r\n\r\n
0.9 in name | $version | GET / HTTP/0.9\r\nHost: a\r\n\r\n
1.2 | $version | GET / HTTP/1.2\r\nHost: a\r\n\r\n
2.0 | $version | GET / HTTP/2.0\r\nHost: a\r\n\r\n
3.1 | $version | GET / HTTP/3.1\r\nHost: a\r\n\r\n
1.10 |  | GET / HTTP/1.10\r\nHost: a\r\n\r\n
version in lower case |  | GET / http/1.1\r\nHost: a\r\n\r\n
version of another |  | GET / ICAP/1.0\r\nHost: a\r\n\r\n
word behind the version |  | GET / HTTP/1.1 x\r\nHost: a\r\n\r\n
blank behind the version |  | GET / HTTP/1.1 \r\nHost: a\r\n\r\n
two blanks before the target | $blanks | GET  / HTTP/1.1\r\nHost: a\r\n\r\n
two blanks before the version | $blanks | GET /  HTTP/1.1\r\nHost: a\r\n\r\n
tab as blank | $blanks | GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n
empty lines before |  | \r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n
h2 preface | $h2 | PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n
tls greeting |  | \x16\x03\x01\x00\x05\x01\x00\x00\x01\x03\r\n\r\n
# ---- fields ----
no fields in 1.1 | $host | GET / HTTP/1.1\r\n\r\n
empty Host |  | GET / HTTP/1.1\r\nHost:\r\n\r\n
equal Hosts | $host | GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n
different Hosts |  | GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n
Host with blank | $host | GET / HTTP/1.1\r\nHost: a b\r\n\r\n
Host with path | $host | GET / HTTP/1.1\r\nHost: a/b\r\n\r\n
Host with user | $host | GET / HTTP/1.1\r\nHost: u@a\r\n\r\n
Host with a port |  | GET / HTTP/1.1\r\nHost: a:8080\r\n\r\n
Host with no port |  | GET / HTTP/1.1\r\nHost: a:\r\n\r\n
Host with a bad port | $host | GET / HTTP/1.1\r\nHost: a:b\r\n\r\n
Host IPv6 |  | GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n
Host in capitals |  | GET / HTTP/1.1\r\nHOST: A.Example\r\n\r\n
empty value |  | GET / HTTP/1.1\r\nHost: a\r\nX:\r\n\r\n
blanks around a value |  | GET / HTTP/1.1\r\nHost: a\r\nX: \t b \t \r\n\r\n
no blank before a value |  | GET / HTTP/1.1\r\nHost:a\r\nX:b\r\n\r\n
tab inside |  | GET / HTTP/1.1\r\nHost: a\r\nX: b\tc\r\n\r\n
8-bit value |  | GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa9\r\n\r\n
NUL in a value | $bytes | GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n
control in a value | $bytes | GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n
DEL in a value | $bytes | GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n
bare CR in a value |  | GET / HTTP/1.1\r\nHost: a\r\nX: 1\rY: 2\r\n\r\n
blank before the colon |  | GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n
blank in a name |  | GET / HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n
blank before a name |  | GET / HTTP/1.1\r\n Host: a\r\n\r\n
8-bit name |  | GET / HTTP/1.1\r\nHost: a\r\nX\xc3: 1\r\n\r\n
all characters of a token |  | GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_~09azAZ: 1\r\n\r\n
bracket in a name |  | GET / HTTP/1.1\r\nHost: a\r\nX[1]: 1\r\n\r\n
empty name |  | GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n
no colon |  | GET / HTTP/1.1\r\nHost: a\r\nword\r\n\r\n
folded | $fold | GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n
folded, tab | $fold | GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\t2\r\n\r\n
same name twice |  | GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nX: 2\r\n\r\n
cookies |  | GET / HTTP/1.1\r\nHost: a\r\nCookie: a=b; c=d\r\nCookie: e=f\r\n\r\n
long value |  | GET / HTTP/1.1\r\nHost: a\r\nX: \*8000;v\r\n\r\n
head too long |  | GET / HTTP/1.1\r\nHost: a\r\nX: \*20000;v\r\n\r\n
bare LF | $lf | GET / HTTP/1.1\nHost: a\n\n
bare LF in the middle | $lf | GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n
CR CR LF |  | GET / HTTP/1.1\r\r\nHost: a\r\n\r\n
LF only at the end | $lf | GET / HTTP/1.1\r\nHost: a\r\n\n
underscore name |  | GET / HTTP/1.1\r\nHost: a\r\nX_Y: 1\r\n\r\n
# ---- connection ----
close |  | GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n
Close in capitals |  | GET / HTTP/1.1\r\nHost: a\r\nConnection: CLOSE\r\n\r\n
keep-alive in 1.1 |  | GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n
close and keep-alive |  | GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n
connection lists a field | $hop | GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Foo\r\nX-Foo: 1\r\n\r\n
connection lists Host | $hop | GET / HTTP/1.1\r\nHost: a\r\nConnection: Host\r\n\r\n
connection lists the client's address | $hop | GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Client\r\nX-Client: 1\r\n\r\n
keep-alive field | $hop | GET / HTTP/1.1\r\nHost: a\r\nKeep-Alive: 5\r\n\r\n
proxy-connection | $hop | GET / HTTP/1.1\r\nHost: a\r\nProxy-Connection: close\r\n\r\n
te trailers | $hop | GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n
upgrade without connection | $hop | GET / HTTP/1.1\r\nHost: a\r\nUpgrade: foo\r\n\r\n
upgrade refused |  | GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n
upgrade with a body | $hop | POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: foo\r\nContent-Length: 2\r\n\r\nhi
upgrade in 1.0 | $hop | GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n
two requests |  | GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n
two, the first closes |  | GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n
three with bodies |  | POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcPOST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ndef\r\n0\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n
second is bad |  | GET /1 HTTP/1.1\r\nHost: a\r\n\r\nBAD\r\n\r\n
empty line between |  | GET /1 HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n
nothing behind the first line |  | GET / HTTP/1.1\r\n
expect |  | POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi
# ---- framing of requests ----
length 0 |  | POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n
no length |  | POST / HTTP/1.1\r\nHost: a\r\n\r\n
leading zeros |  | POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0005\r\n\r\nhello
same length twice | $twice | POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello
same length in a list | $twice | POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello
two lengths |  | POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello
two lengths in a list |  | POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\nhello
plus |  | POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello
minus |  | POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello
hex |  | POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello
blank inside |  | POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 5\r\n\r\nhello
fraction |  | POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5.0\r\n\r\nhello
empty length |  | POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n
overflow |  | POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551621\r\n\r\nhello
too short a body |  | POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhello
length with GET |  | GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc
chunked |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n
chunked with GET |  | GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n
chunked in capitals |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n
chunked with blanks around |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:  chunked \r\n\r\n0\r\n\r\n
chunked behind a tab |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n
chunked behind VT |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n
chunked and length | $both | POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
length and chunked | $both | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n
get with a body in 1.0 |  | GET / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello
delete with a body in 1.0 |  | DELETE / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello
get with no body in 1.0 |  | GET / HTTP/1.0\r\nContent-Length: 0\r\n\r\n
post in 1.0 |  | POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello
keep-alive and close in 1.0 |  | GET /1 HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\nGET /2 HTTP/1.0\r\n\r\n
chunked in 1.0 | $old | POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
identity |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n
xchunked |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n
gzip |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n
gzip, chunked | $coding | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n
chunked, gzip |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n
chunked, chunked |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n
chunked in quotes |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n
chunked twice |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
empty coding |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n
Transfer_Encoding |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello
chunk extension |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n
blank behind a size | $chunk | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n
blank before a size |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n 5\r\nhello\r\n0\r\n\r\n
LF in chunks | $chunk | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n
zeros before a size |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0005\r\nhello\r\n0\r\n\r\n
very many zeros | $chunk | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\*30;05\r\nhello\r\n0\r\n\r\n
size with 0x |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n
negative size |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n
huge size |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n
size missing |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n
no CR LF behind data |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloxx0\r\n\r\n
trailer |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n
bad trailer |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX T\r\n\r\n
length in the trailer |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n
large body |  | POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n\*100000;b
large chunk |  | POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n\*100000;b\r\n0\r\n\r\n
body behind a large head |  | POST / HTTP/1.1\r\nHost: a\r\nX: \*12000;v\r\nContent-Length: 8000\r\n\r\n\*8000;b
# ---- responses ----
200 without body |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n
no reason |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n
no reason, no blank |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n
204 |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 204 No Content\r\n\r\n
304 with length |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n
chunked response |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n
chunked response to HEAD |  | HEAD / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n
chunked to 1.0 |  | GET / HTTP/1.0\r\n\r\n | HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n
until close |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 OK\r\n\r\nhello <close>
until close, 1.0 |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.0 200 OK\r\n\r\nhello <close>
1.0 with length |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello <close>
server closes |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello <close>
truncated |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello <close>
truncated chunk | $cut | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello <close>
too much |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello
nothing |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n |  <close>
half a head |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 OK\r\nContent- <close>
half a head, silence |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 OK\r\nContent-
no HTTP |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | SSH-2.0-x\r\n\r\n
bad chunk |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n
100, then 200 |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok
103, then 200 |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok
101 nobody asked for |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 101 Switching Protocols\r\n\r\n
101 asked for |  | GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n | HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\nraw
two lengths in a response |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok
same length twice in a response | $twice | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok
both framings in a response | $both | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n
status 999 | $status | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 999 x\r\nContent-Length: 2\r\n\r\nok
status 20 | $status | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 20 x\r\nContent-Length: 2\r\n\r\nok
status 099 | $status | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 099 x\r\nContent-Length: 2\r\n\r\nok
bad name in a response |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 OK\r\nX Y: 1\r\nContent-Length: 2\r\n\r\nok
blank before the colon in a response |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 OK\r\nX : 1\r\nContent-Length: 2\r\n\r\nok
large response |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n\*100000;r
large chunked response |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n\*100000;r\r\n0\r\n\r\n
head of a response too long |  | GET / HTTP/1.1\r\nHost: a\r\n\r\n | HTTP/1.1 200 OK\r\nX: \*20000;v\r\nContent-Length: 2\r\n\r\nok
keep-alive to 1.0 |  | GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n | HTTP/1.1 200 OK\r\n\r\nhello <close>
EOF
