#!/bin/bash
# Whatever subset of the master's vrrpd dies or freezes: the other node takes the address, nobody
# else keeps it, and it comes back afterwards.
# Intervals are 0.4 s: a peer claims after 1.2 to 1.4 s of silence, an address lives for 1 s.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
VRRPD=$PWD/${BUILD:-build}/vrrpd
lab_require socat
lab_begin a b

conf() { # NODE PRIORITY
	cat >"$LAB_DIR/$1/run/vrrp.conf" <<EOF
vrrp_instance VI_1 {
	interface eth0
	virtual_router_id 51
	priority $2
	version 3
	advert_int 0.4
	virtual_ipaddress {
		$VIP/24
		10.77.0.101/24
	}
}
EOF
}
start() {
	spawn "$1" "$1" "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid
}
ctl() { # NODE COMMAND
	echo "$2" | in_ns "$1" socat -t 2 - unix-connect:/run/tandem/vrrpd.sock
}
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# Processes of node a.
guardian() { cat "$LAB_DIR/a/run/vrrpd.pid"; }
worker() { pid_tree "$(guardian)" | sed -n 2p; }

knows_peer() { # NODE: a vrrpd there announced itself to it
	ctl "$1" 'show vrrp' | grep -q 'vrrpd peer: .* BACKUP'
}
a_is_master() {
	wait_until 8 owns_vip a || lab_fail "$1: a is not the only master ($(vip_owner))"
	wait_until 3 knows_peer a || lab_fail "$1: a does not know its peer"
}

# moves LIMIT_MS WHAT: b owns the address within the limit, and keeps it.
moves() {
	local start
	start=$(now_ms)
	wait_until $(($1 / 1000 + 2)) owns_vip b || lab_fail "$2: b did not take over ($(vip_owner))"
	local took=$(($(now_ms) - start))
	[ $took -le "$1" ] || lab_fail "$2: took $took ms, the limit is $1"
	has_vip a 10.77.0.101 && lab_fail "$2: a kept the second address"
	echo "ok: $2: $took ms"
}

conf a 150
conf b 100
start a
start b
a_is_master "at first"

# The scripts' own polling costs some 10 to 60 ms of these limits.
kill -KILL "$(worker)"
moves 300 "worker killed"
a_is_master "after the worker's restart"

kill -KILL "$(guardian)"
moves 300 "guardian killed"
wait_until 3 eval '! kill -0 ${PID[a]} 2>/dev/null' || lab_fail "the guardian lives"
start a
a_is_master "after a new start"

g=$(guardian) w=$(worker)
kill -KILL "$g" "$w"
moves 2500 "both killed" # nobody is left to say goodbye: Active_Down_Interval
start a
a_is_master "after a second start"

w=$(worker)
kill -STOP "$w"
moves 1200 "worker frozen" # the guardian waits for 0.7 s
kill -CONT "$w"
sleep 0.2
has_vip a && lab_fail "thawed worker: a took the address back at once"
a_is_master "after the worker's thaw"

g=$(guardian)
kill -STOP "$g"
sleep 2 # a property over time: nothing happens
owns_vip a || lab_fail "guardian frozen: the address moved ($(vip_owner))"
kill -CONT "$g"
echo "ok: guardian frozen: nothing moves"

g=$(guardian) w=$(worker)
kill -STOP "$g"
kill -KILL "$w"
moves 2500 "guardian frozen, worker killed" # the kernel removes the address
kill -CONT "$g"
a_is_master "after that"

g=$(guardian) w=$(worker)
kill -STOP "$g" "$w"
moves 2500 "both frozen"
kill -CONT "$g" "$w"
sleep 0.2
has_vip a && lab_fail "thawed: a took the address back at once"
a_is_master "after the thaw"

ip -n "$LAB-a" addr del "$VIP/24" dev eth0
start=$(now_ms)
wait_until 1 has_vip a || lab_fail "a deleted address did not come back"
echo "ok: deleted by hand: back after $(($(now_ms) - start)) ms"

# Two in a row, so that the second death meets a worker that just began.
first=$(worker)
kill -KILL "$first"
wait_until 2 eval 'w=$(worker); [ -n "$w" ] && [ "$w" != "$first" ]' || lab_fail "no new worker"
kill -KILL "$w"
wait_until 2 owns_vip b || lab_fail "two deaths: $(vip_owner)"
a_is_master "after two deaths"

kill -TERM "$(guardian)"
moves 300 "SIGTERM"
wait_until 3 eval '! kill -0 ${PID[a]} 2>/dev/null' || lab_fail "a does not end"
[ ! -e "$LAB_DIR/a/run/vrrpd.pid" ] || lab_fail "the pid file stayed"
kill -TERM "${PID[b]}"
wait_until 2 no_vip || lab_fail "an address was left behind ($(vip_owner))"
! grep -E 'Sanitizer|runtime error|assert' "$LAB_DIR"/*.log || lab_fail "a daemon complains"
echo "ok: SIGTERM of both leaves nothing"
