#!/bin/bash
# Routes and rules of an instance are there while it is master, come back when somebody deletes them,
# and go with it: with a stop, a reload, the worker's death, and the next start after both died.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
VRRPD=$PWD/${BUILD:-build}/vrrpd
lab_require
lab_begin a

conf() { # ROUTES RULES
	cat >"$LAB_DIR/a/run/vrrp.conf" <<EOF
vrrp_instance VI_1 {
	interface eth0
	virtual_router_id 51
	priority 100
	version 3
	advert_int 0.1
	virtual_ipaddress {
		$VIP/24
	}
	virtual_routes {
		$1
	}
	virtual_rules {
		$2
	}
}
EOF
}
start() {
	spawn a a "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid
	wait_until 5 has_vip a || lab_fail "no address"
}
has_route() { ip -n "$LAB-a" route show table all | grep -q "$1"; }
has_rule() { ip -n "$LAB-a" rule show | grep -q "$1"; }
has_all() {
	has_route '192.168.110.0/24 via 10.77.0.254' && has_route '192.168.111.0/24 dev eth0 table 77' &&
		has_route 'blackhole 192.168.112.0/24' && has_rule '^500:.*lookup 77' && has_rule '^501:'
}
has_none() { ! has_route '192.168.11[0-9]' && ! has_rule '^50[0-9]:'; }
guardian() { cat "$LAB_DIR/a/run/vrrpd.pid"; }
worker() { pid_tree "$(guardian)" | sed -n 2p; }

all_routes='192.168.110.0/24 via 10.77.0.254
	192.168.111.0/24 dev eth0 table 77
	blackhole 192.168.112.0/24
	192.168.113.0/24 dev eth0 no_track'
all_rules='fwmark 7 table 77 preference 500
	from 192.168.111.0/24 blackhole preference 501
	from 192.168.111.0/24 table 78 preference 502 no_track'
conf "$all_routes" "$all_rules"
start
wait_until 2 has_all || lab_fail "routes or rules are missing"
echo "ok: there while master"

ip -n "$LAB-a" route del 192.168.110.0/24
ip -n "$LAB-a" route del blackhole 192.168.112.0/24
ip -n "$LAB-a" rule del preference 500
wait_until 0.1 has_all || lab_fail "what was deleted did not come back within 100 ms"
ip -n "$LAB-a" route del 192.168.113.0/24
ip -n "$LAB-a" rule del preference 502
ip -n "$LAB-a" route del 192.168.111.0/24 table 77
wait_until 1 has_all || lab_fail "what was deleted did not come back a second time"
sleep 0.4
has_route 192.168.113.0 && lab_fail "no_track: the route came back"
has_rule '^502:' && lab_fail "no_track: the rule came back"
echo "ok: restored, but for no_track"

ip -n "$LAB-lan" link set to-a down
wait_until 3 has_none || lab_fail "left behind in FAULT"
ip -n "$LAB-lan" link set to-a up
wait_until 5 has_all || lab_fail "not back after the fault"
has_route 192.168.113.0 || lab_fail "no_track: not there after a new takeover"
echo "ok: gone in FAULT, back afterwards"

conf '192.168.110.0/24 via 10.77.0.253' 'fwmark 7 table 77 preference 500'
kill -HUP "$(guardian)"
wait_until 2 has_route '192.168.110.0/24 via 10.77.0.253' || lab_fail "reload: the new route is missing"
wait_until 2 eval "! has_route 192.168.111.0 && ! has_route '10.77.0.254' && ! has_rule ^501:" ||
	lab_fail "reload: old ones stay"
has_rule '^500:' || lab_fail "reload: the rule that stays is gone"
echo "ok: a reload exchanges them"

conf "$all_routes" "$all_rules"
kill -HUP "$(guardian)"
wait_until 2 has_all || lab_fail "reload: not all"
old=$(worker)
kill -STOP "$(guardian)"
kill -KILL "$old"
kill -CONT "$(guardian)"
wait_until 1 has_none || lab_fail "worker killed: left behind"
wait_until 5 has_all || lab_fail "worker killed: not back"
echo "ok: the guardian removes them"

both="$(guardian) $(worker)"
# shellcheck disable=SC2086 # a list
kill -STOP $both
# shellcheck disable=SC2086 # a list
kill -KILL $both
conf '' ''
sed -i '/virtual_routes/,/}/d; /virtual_rules/,/}/d' "$LAB_DIR/a/run/vrrp.conf"
wait_until 4 eval '! has_vip a' || lab_fail "the address outlives its daemon"
start
has_none || lab_fail "the next start, which does not know them, left them"
kill -TERM "$(guardian)"
wait_until 5 eval '! has_vip a' || lab_fail "did not stop"
echo "ok: the next start removes what two dead left"

conf "$all_routes" "$all_rules"
start
wait_until 2 has_all || lab_fail "not back"
kill -TERM "${PID[a]}"
wait_until 5 has_none || lab_fail "left behind after a stop"
echo "ok: gone after a stop"
