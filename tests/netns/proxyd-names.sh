#!/bin/bash
# proxyd-names.sh - servers with names and no 'resolvers': they start without DNS and join when it answers; a reload
# neither waits for silent name servers nor forgets what was known, and follows DNS and /etc/hosts when they speak.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
top=$(cd "$here/../.." && pwd)
BUILD=${BUILD:-$top/build}
case $BUILD in /*) ;; *) BUILD=$top/$BUILD ;; esac
lab_require socat dnsmasq
lab_begin a gw1

# `ip netns exec` puts these over /etc/resolv.conf and /etc/hosts.
etc=/etc/netns/$LAB-a
lab_end_more() { rm -rf "$etc"; }
mkdir -p "$etc"
printf 'search lab.test\nnameserver 10.77.0.11\n' >"$etc/resolv.conf"
printf '127.0.0.1 localhost\n10.77.0.11 fixed\n' >"$etc/hosts"

for i in 1 2; do
	ip -n "$LAB-gw1" addr add "10.77.0.10$i/24" dev eth0
	spawn "gateway-$i" gw1 "$BUILD/tests/lib/gateway" "gateway-$i" "10.77.0.10$i" 8000
done
spawn fixed gw1 "$BUILD/tests/lib/gateway" fixed 10.77.0.11 8000

dns_says() { # ADDRESS
	echo "$1 gateway.lab.test" >"$LAB_DIR/hosts"
	[ -z "${PID[dnsmasq]:-}" ] || kill -HUP "${PID[dnsmasq]}"
}
write_config() {
	cat >"$LAB_DIR/p.cfg" <<CFG
global
	stats socket /run/p.sock level admin
defaults
	mode http
	timeout connect 1s
	timeout client 5s
	timeout server 5s
listen web
	bind 127.0.0.1:8080
	server one gateway:8000
	server two fixed:8000 disabled
	$1
CFG
}
ask() { echo "$1" | socat -t 5 - "UNIX-CONNECT:$LAB_DIR/a/run/p.sock"; }
state() { ask "show servers state web" | awk -v n="$1" '$4 == n { print $5, $7 }'; }
state_is() { [ "$(state "$1")" = "$2" ]; }
answers() { [ "$(in_ns a curl -s -m 2 http://127.0.0.1:8080/)" = "$1" ]; }
reload() { # no longer than a moment
	local n
	n=$(grep -c 'process reloaded' "$LAB_DIR/proxyd.log")
	kill -HUP "${PID[proxyd]}"
	wait_until 3 sh -c "[ \$(grep -c 'process reloaded' '$LAB_DIR/proxyd.log') -gt $n ]" || lab_fail "no reload within 3 s"
	took=$(sed -n 's/.*process reloaded .*took_ms=//p' "$LAB_DIR/proxyd.log" | tail -n 1)
	[ "$took" -lt 500 ] || lab_fail "the reload took $took ms"
}

# ---- no DNS at the start ----
write_config "server three other:8000 disabled"
spawn proxyd a "$BUILD/proxyd" -db -f "$LAB_DIR/p.cfg"
wait_until 20 ask "show info" || lab_fail "proxyd does not start without DNS"
state_is one "- 32" || lab_fail "'one' should wait: $(state one)"
state_is two "10.77.0.11 5" || lab_fail "'two' is in /etc/hosts: $(state two)"
ask "show stat" | grep -q '^web,one,.*MAINT (resolution)' || lab_fail "no MAINT (resolution)"

# ---- DNS comes ----
dns_says 10.77.0.101
spawn dnsmasq gw1 dnsmasq -k --conf-file=/dev/null --no-resolv --no-hosts --addn-hosts="$LAB_DIR/hosts" --local-ttl=0 \
	--listen-address=10.77.0.11 --bind-interfaces --user=root --pid-file="$LAB_DIR/dnsmasq.pid"
wait_until 4 state_is one "10.77.0.101 0" || lab_fail "'one' does not join: $(state one)"
wait_until 2 answers gateway-1 || lab_fail "'one' does not serve"

# ---- DNS is silent ----
kill -STOP "${PID[dnsmasq]}"
write_config "server three other:8000 disabled
	server four new:8000"
reload
state_is one "10.77.0.101 0" || lab_fail "the reload forgot 'one': $(state one)"
state_is four "- 32" || lab_fail "'four' should wait: $(state four)"
answers gateway-1 || lab_fail "'one' does not serve after the reload"
echo "reload with silent name servers: $took ms, nothing forgotten"

# ---- another address, at the next reload ----
kill -CONT "${PID[dnsmasq]}"
dns_says 10.77.0.102
reload
wait_until 4 state_is one "10.77.0.102 0" || lab_fail "'one' does not follow DNS: $(state one)"
wait_until 2 answers gateway-2 || lab_fail "'one' does not lead to the new address"
# a rename over the file would leave the old one mounted
printf '127.0.0.1 localhost\n10.77.0.12 fixed\n' | in_ns a tee /etc/hosts >/dev/null
reload
wait_until 4 state_is two "10.77.0.12 5" || lab_fail "'two' does not follow /etc/hosts: $(state two)"
grep -q "web/one changed its IP from 10.77.0.101 to 10.77.0.102 by default/10.77.0.11" "$LAB_DIR/proxyd.log" ||
	lab_fail "no line about the move"
echo "names without resolvers: joined late, kept, followed"
