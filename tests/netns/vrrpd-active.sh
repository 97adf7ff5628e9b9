#!/bin/bash
# Active-active, as deploy/examples/active-active: each node holds one address, takes the
# other's when its node cannot serve, and gives it back.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
VRRPD=$PWD/${BUILD:-build}/vrrpd
PROXYD=$PWD/${BUILD:-build}/proxyd
lab_require
lab_begin a b gw1
OTHER=10.77.0.101

for n in a b; do
	"$VRRPD" -t -f deploy/examples/active-active/$n/keepalived.conf 2>/dev/null >&2 || lab_fail "the example of $n is not accepted"
	cp deploy/examples/active-active/$n/keepalived.conf "$LAB_DIR/$n/run/vrrp.conf"
	cat >"$LAB_DIR/$n/run/proxy.cfg" <<EOF
global
	liveness-socket /run/tandem/proxyd.live
defaults
	mode tcp
	timeout connect 1s
	timeout client 10s
	timeout server 10s
listen web
	bind :8080
	server one 10.77.0.11:22
EOF
	spawn "proxy-$n" "$n" "$PROXYD" -db -f /run/proxy.cfg
	spawn "$n" "$n" "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid
done
each_one() { owns_vip a "$VIP" && owns_vip b "$OTHER"; }
both_on() { owns_vip "$1" "$VIP" && owns_vip "$1" "$OTHER"; }
stop() { # NODE
	kill -TERM "${PID[$1]}"
	wait_until 5 eval "! kill -0 ${PID[$1]} 2>/dev/null" || lab_fail "$1 did not stop"
}
start() {
	spawn "$1" "$1" "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid
}

wait_until 8 each_one || lab_fail "not one each: $(vip_owner), other: $(has_vip b $OTHER && echo b)"
sleep 1
each_one || lab_fail "not stable"
echo "ok: one address each"

stop a
wait_until 2 both_on b || lab_fail "b did not take the address of a"
start a
wait_until 6 each_one || lab_fail "a did not get its address back"
echo "ok: a stops and returns"

kill -KILL "${PID[proxy-b]}"
wait_until 2 both_on a || lab_fail "a did not take the address of b, whose proxy died"
spawn proxy-b b "$PROXYD" -db -f /run/proxy.cfg
wait_until 6 each_one || lab_fail "b did not get its address back"
echo "ok: the proxy of b dies and returns"

# shellcheck disable=SC2046 # a list
kill -KILL $(pid_tree "${PID[b]}")
wait_until 4 both_on a || lab_fail "a did not take the address of b, which crashed"
start b
wait_until 6 each_one || lab_fail "b did not get its address back after the crash"
echo "ok: b crashes and returns"
