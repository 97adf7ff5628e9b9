#!/bin/bash
# The proxy decides: killed, hung, drained or without servers, it costs its node the address, within
# the promised time; a hand-over between two vrrpd, priority 0 towards a keepalived.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
VRRPD=$PWD/${BUILD:-build}/vrrpd
PROXYD=$PWD/${BUILD:-build}/proxyd
GATEWAY=$PWD/${BUILD:-build}/tests/lib/gateway
[ -x "$GATEWAY" ] || make -s tools >/dev/null || exit 1
lab_require keepalived
lab_begin a b
SLACK=${SANITIZE:+100}

for n in a b; do
	cat >"$LAB_DIR/$n/run/haproxy.cfg" <<EOF
global
	liveness-socket /run/tandem/proxyd.live
	stats socket /run/tandem/proxyd.sock level admin
defaults
	mode http
	timeout connect 1s
	timeout client 5s
	timeout server 5s
frontend web
	bind :8080
	default_backend gateways
backend gateways
	default-server check inter 100ms rise 1 fall 1
	server one 127.0.0.1:8000
EOF
	spawn "gw-$n" "$n" "$GATEWAY" "$n" 127.0.0.1 8000
done
conf() { # NODE PRIORITY [TRACK]
	cat >"$LAB_DIR/$1/run/vrrp.conf" <<EOF
vrrp_track_proxy proxyd {
	socket /run/tandem/proxyd.live
}
vrrp_instance VI_1 {
	interface eth0
	virtual_router_id 51
	priority $2
	advert_int 1
	virtual_ipaddress {
		$VIP/24
	}
	track_proxy {
		proxyd
	}
}
EOF
}
start_proxy() {
	spawn "proxyd-$1" "$1" "$PROXYD" -db -f /run/haproxy.cfg
}
# The wall clock of the newest "to=MASTER" in a node's log, in ms; what polling would blur.
became_master_ms() {
	local when
	when=$(grep 'to=MASTER' "$LAB_DIR/vrrpd-$1.log" | tail -n 1 | cut -d' ' -f1)
	[ -n "$when" ] && date -d "$when" +%s%3N
}
# moves LIMIT_MS NAME COMMAND...: b owns the address within LIMIT_MS of the start of the command
moves() {
	local limit=$1 name=$2 start took
	shift 2
	start=$((${EPOCHREALTIME/./} / 1000))
	"$@" || lab_fail "$name: $*"
	wait_until 4 owns_vip b || lab_fail "$name: b did not take over ($(vip_owner))"
	if [ -e "$LAB_DIR/vrrpd-b.log" ]; then
		took=$(($(became_master_ms b) - start))
	else
		took=$((${EPOCHREALTIME/./} / 1000 - start))
	fi
	echo "ok: $name: $took ms"
	[ $took -le $((limit + ${SLACK:-0})) ] || lab_fail "$name: $took ms, the limit is $limit"
}
back() {
	wait_until 9 owns_vip a || lab_fail "$1: a did not come back ($(vip_owner))"
	wait_until 3 grep -q 'peer_known' "$LAB_DIR/vrrpd-a.log"
	sleep 1.1 # one hello after the last transition: a knows that b is BACKUP
}

conf a 150
conf b 100
start_proxy a
start_proxy b
spawn vrrpd-a a "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid
spawn vrrpd-b b "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid
back "at first"

moves 50 "proxyd killed" kill -KILL "${PID[proxyd-a]}"
start_proxy a
back "after the kill"

moves 350 "proxyd hangs" kill -STOP "${PID[proxyd-a]}"
kill -CONT "${PID[proxyd-a]}"
back "after the hang"

moves 400 "the only server dies" kill -KILL "${PID[gw-a]}"
spawn gw-a a "$GATEWAY" a 127.0.0.1 8000
back "after the server's return"

moves 50 "proxyd stops" kill -TERM "${PID[proxyd-a]}"
start_proxy a
back "after the stop"

# Towards a keepalived: priority 0, then its Skew_Time, (256 - 100) / 256 s.
kill -TERM "${PID[vrrpd-b]}"
wait_until 3 eval '! kill -0 ${PID[vrrpd-b]} 2>/dev/null' || lab_fail "vrrpd of b does not stop"
rm "$LAB_DIR/vrrpd-b.log"
sed -i '/^vrrp_track_proxy/,/^}/d; /track_proxy {/,/}/d' "$LAB_DIR/b/run/vrrp.conf"
spawn keepalived-b b keepalived -n -l -P -f /run/vrrp.conf -p /run/ka.pid -r /run/kav.pid
wait_until 3 grep -q 'Entering BACKUP' "$LAB_DIR/keepalived-b.log" || lab_fail "keepalived"
sleep 1.1 # an advert of a
moves 750 "proxyd killed, keepalived takes over" kill -KILL "${PID[proxyd-a]}"
