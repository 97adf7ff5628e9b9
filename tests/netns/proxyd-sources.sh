#!/bin/bash
# proxyd-sources.sh - addresses of others: a bind on an address that is not ours yet, `interface`, `transparent`; `source`,
# `usesrc` and `interface` of servers, as the server sees them. Debian's haproxy, if it is here, must show the same.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
BUILD=${BUILD:-$here/../../build}
lab_require socat curl
lab_begin a gw1 client

# The server says whom it sees.
cat >"$LAB_DIR/answer.sh" <<'EOF'
while read -r line && [ "$line" != "$(printf '\r')" ]; do :; done
printf 'HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n%s' "$SOCAT_PEERADDR"
EOF
spawn server gw1 socat TCP-LISTEN:8000,fork,reuseaddr "SYSTEM:sh $LAB_DIR/answer.sh"
ip -n "$LAB-a" addr add 10.77.0.77/24 dev eth0
# What the server answers to foreign addresses comes back to the proxy.
for foreign in 10.77.0.50 10.77.0.60; do
	ip -n "$LAB-gw1" route add $foreign/32 via 10.77.0.1
	ip -n "$LAB-a" rule add from 10.77.0.11 to $foreign lookup 100
done
ip -n "$LAB-a" rule add to 10.99.0.1 lookup 100
ip -n "$LAB-a" route add local 0.0.0.0/0 dev lo table 100
ip -n "$LAB-client" route add 10.99.0.1/32 via 10.77.0.1

write_config() { # lines of global, further sections
	cat >"$LAB_DIR/p.cfg" <<EOF
global
$1
defaults
	mode http
	timeout connect 2s
	timeout client 5s
	timeout server 5s
	retries 0
frontend loopback
	bind 0.0.0.0:81 interface lo
	default_backend plain
frontend foreign
	bind 10.99.0.1:82 transparent tcp-ut 20s mss 1200 tfo
	default_backend plain
$2
backend plain
	server s 10.77.0.11:8000
listen own
	bind :8001
	server s 10.77.0.11:8000 source 10.77.0.77
listen clientip
	bind :8002
	server s 10.77.0.11:8000 source 0.0.0.0 usesrc clientip
listen client
	bind :8003
	server s 10.77.0.11:8000 source 0.0.0.0 usesrc client
listen other
	bind :8004
	server s 10.77.0.11:8000 source 0.0.0.0 usesrc 10.77.0.60
listen there
	bind :8005
	server s 10.77.0.11:8000 source 0.0.0.0 interface eth0
listen nowhere
	bind :8006
	server s 10.77.0.11:8000 source 0.0.0.0 interface lo
EOF
}

get() { in_ns "$1" curl -s -m 4 "http://$2/" || true; }

expect() { # who where what
	local got
	got=$(get "$1" "$2")
	# shellcheck disable=SC2254 # a pattern is meant
	case "$got" in
	$3) ;;
	*) lab_fail "$program: $1 asked $2: got '$got', wanted '$3'" ;;
	esac
}

try() { # program
	program=$1
	spawn "$program" a "$2" -db -f "$LAB_DIR/p.cfg"
	for ((i = 0; i < 200; i++)); do
		[ "$(get client 10.77.0.1:8001)" = 10.77.0.77 ] && break
		sleep 0.02
	done
	expect client 10.77.0.1:8001 10.77.0.77
	expect a 127.0.0.1:81 10.77.0.1
	expect client 10.77.0.1:81 ''
	expect client 10.99.0.1:82 10.77.0.1
	expect client 10.77.0.1:8002 10.77.0.50
	expect client 10.77.0.1:8003 10.77.0.50
	expect client 10.77.0.1:8004 10.77.0.60
	expect client 10.77.0.1:8005 10.77.0.1
	expect client 10.77.0.1:8006 '*503 Service Unavailable*'
	echo "$program: sources and interfaces as told"
}

if [ -x /usr/sbin/haproxy ]; then
	write_config "" "" # which wants to stay root for usesrc
	try haproxy /usr/sbin/haproxy
	kill "${PID[haproxy]}"
	while kill -0 "${PID[haproxy]}" 2>/dev/null; do sleep 0.02; done
fi
write_config "	user nobody
	group nogroup" "frontend later
	bind $VIP:83
	bind [fd77::100]:83
	default_backend plain"
try proxyd "$BUILD/proxyd"

# Addresses that the node gets later: it listens there already.
ip -n "$LAB-a" addr add $VIP/24 dev eth0
ip -n "$LAB-a" addr add fd77::100/64 dev eth0 nodad
ip -n "$LAB-client" addr add fd77::50/64 dev eth0 nodad
expect client $VIP:83 10.77.0.1
expect client '[fd77::100]:83' 10.77.0.1
echo "proxyd: addresses that came later are served at once"
