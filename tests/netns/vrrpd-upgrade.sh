#!/bin/bash
# The proxy is replaced while vrrpd watches it: by SIGUSR2 to a master, and by a new process with -sf.
# The old one drains under load: that is no fault, for its successor serves. No transition, no failed
# request; and when the proxy stops without a successor, the address moves.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
VRRPD=$PWD/${BUILD:-build}/vrrpd
PROXYD=$PWD/${BUILD:-build}/proxyd
GATEWAY=$PWD/${BUILD:-build}/tests/lib/gateway
LOADGEN=$PWD/${BUILD:-build}/tests/lib/loadgen
[ -x "$GATEWAY" ] && [ -x "$LOADGEN" ] || make -s tools >/dev/null || exit 1
lab_require
lab_begin a b client

for n in a b; do
	cat >"$LAB_DIR/$n/run/haproxy.cfg" <<EOF
global
	nbthread 1
	liveness-socket /run/tandem/proxyd.live
	stats socket /run/tandem/proxyd.sock level admin expose-fd listeners
defaults
	mode http
	timeout connect 1s
	timeout client 5s
	timeout server 5s
frontend web
	bind $VIP:8080 transparent
	default_backend gateways
backend gateways
	default-server check inter 500ms rise 2 fall 2
	server one 127.0.0.1:8000
EOF
	cat >"$LAB_DIR/$n/run/vrrp.conf" <<EOF
vrrp_track_proxy proxyd {
	socket /run/tandem/proxyd.live
}
vrrp_instance VI_1 {
	interface eth0
	virtual_router_id 51
	priority $([ $n = a ] && echo 150 || echo 100)
	version 3
	advert_int 0.2
	virtual_ipaddress {
		$VIP/24
	}
	track_proxy {
		proxyd
	}
}
EOF
	spawn "gw-$n" "$n" "$GATEWAY" "$n" 127.0.0.1 8000
done
cp "$PROXYD" "$LAB_DIR/a/run/proxyd"
spawn proxyd-a a /run/proxyd -W -db -f /run/haproxy.cfg -p /run/proxyd.pid
spawn proxyd-b b "$PROXYD" -db -f /run/haproxy.cfg
for n in a b; do spawn "vrrpd-$n" "$n" "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid; done
wait_until 5 owns_vip a || lab_fail "a is not the master at first ($(vip_owner))"

live_pid() { # of the proxy that vrrpd of a believes
	sed -n 's/.* proxy\(_successor\)\? name=proxyd .*\bpid=\([0-9]*\).*/\2/p' \
		"$LAB_DIR/vrrpd-a.log" | tail -n 1
}
transitions() {
	grep -c ' transition ' "$LAB_DIR/vrrpd-$1.log"
}
answers() {
	in_ns client curl -s -o /dev/null -m 1 "http://$VIP:8080/"
}
has_successor() { # OLD_PID
	[ "$(live_pid)" != "$1" ]
}
wait_until 3 answers || lab_fail "nothing is served"

# under_load NAME COMMAND...: replace the proxy of a, three times, while requests come
under_load() {
	local name=$1 before_a before_b old round
	shift
	before_a=$(transitions a) before_b=$(transitions b)
	spawn "load-$name" client "$LOADGEN" -r 300 -s 30 $VIP 8080 /
	for round in 1 2 3; do
		old=$(live_pid)
		# An unfinished request: its process drains for a while (a master does one at a time).
		[ "$name $round" != "master 1" ] && [ "$name $round" != "master 2" ] &&
			spawn "hold-$name-$round" client bash -c \
				"exec 3<>/dev/tcp/$VIP/8080; printf 'GET / HTTP/1.1\r\nHost:' >&3; sleep 1.5; echo ' x' >&3; sleep 9"
		"$@" || lab_fail "$name: $*"
		wait_until 5 has_successor "$old" || lab_fail "$name $round: no successor was seen"
		sleep 0.3 # of load on the new one
	done
	kill -INT "${PID[load-$name]}"
	wait_until 5 eval '! kill -0 ${PID[load-$name]}' || lab_fail "$name: loadgen does not end"
	grep '^total' "$LAB_DIR/load-$name.log"
	[ "$(transitions a)" = "$before_a" ] || lab_fail "$name: a moved"
	[ "$(transitions b)" = "$before_b" ] || lab_fail "$name: b moved"
	owns_vip a || lab_fail "$name: the owner is $(vip_owner)"
	grep -q '^total.* failed=0 ' "$LAB_DIR/load-$name.log" || lab_fail "$name: requests failed"
	echo "ok: $name: no transition, no failed request"
}
by_master() { # a master becomes the new program when its file is another one
	cp "$PROXYD" "$LAB_DIR/a/run/proxyd.new" && mv "$LAB_DIR/a/run/proxyd.new" "$LAB_DIR/a/run/proxyd"
	kill -USR2 "$(cat "$LAB_DIR/a/run/proxyd.pid")"
}
n_sf=0
by_sf() {
	n_sf=$((n_sf + 1))
	spawn "proxyd-a$n_sf" a "$PROXYD" -db -f /run/haproxy.cfg -x /run/tandem/proxyd.sock \
		-sf "$(live_pid)"
}
under_load master by_master
kill -TERM "${PID[proxyd-a]}"
wait_until 5 owns_vip b || lab_fail "the proxy stops without a successor: $(vip_owner)"
echo "ok: a stop without a successor moves the address"
wait_until 5 test ! -d "/proc/${PID[proxyd-a]}" || lab_fail "the stopped proxy does not end"
spawn proxyd-a0 a "$PROXYD" -db -f /run/haproxy.cfg
wait_until 9 owns_vip a || lab_fail "a did not come back ($(vip_owner))"
under_load sf by_sf
