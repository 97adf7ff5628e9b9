#!/bin/bash
# A hostile host on the LAN sends 50,000 packets a second for five seconds: truncated, oversized, random, with wrong TTL, checksum,
# version and foreign VRIDs; replayed and forged trailers and hand-over messages to a pair with auth_hmac; good adverts of a
# stranger to a unicast pair. Nothing moves, nobody crashes, and CPU, memory and log stay bounded; figures are printed.
# RATE and SECONDS_EACH change the load.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
FLOOD=$PWD/${BUILD:-build}/tests/lib/flood
[ -x "$FLOOD" ] || make -s tools >/dev/null || exit 1
RATE=${RATE:-50000}
SECONDS_EACH=${SECONDS_EACH:-5}
lab_require socat
lab_begin a b

KEY='auth_hmac {
		key 1 "a-key-that-is-at-least-32-bytes-long"
	}'
ask() { # NODE COMMAND
	echo "$2" | in_ns "$1" socat -t 2 - UNIX-CONNECT:/run/tandem/vrrpd.sock
}
transitions() { # NODE
	ask "$1" 'show vrrp json' | sed -n 's/.*"transitions": \([0-9]*\).*/\1/p' | head -n 1
}
worker() { # NODE
	pid_tree "${PID[router-$1]}" | tail -n 1
}
cpu_ms() { # PID
	local tick
	tick=$(getconf CLK_TCK)
	awk -v t="$tick" '{ sub(/.*\) /, ""); printf "%d\n", ($12 + $13) * 1000 / t }' "/proc/$1/stat"
}
rss_kb() { # PID
	awk '/^VmRSS/ { print $2 }' "/proc/$1/status"
}
lines() { # NODE
	wc -l <"$LAB_DIR/router-$1.log"
}

# hostile NAME CAST LINES-OF-THE-INSTANCE FLOOD-ARGUMENTS...
hostile() {
	local name=$1 cast=$2 extra=$3 n flood answer_ms start
	local -A cpu log rss before pid
	shift 3
	router_conf a 150 3 "$cast" "$extra"
	router_conf b 100 3 "$cast" "$extra"
	router_start a vrrpd
	router_start b vrrpd
	wait_until 6 owns_vip a || lab_fail "$name: a did not become master"
	sleep 1.2 # hellos: both know each other
	for n in a b; do
		pid[$n]=$(worker $n)
		cpu[$n]=$(cpu_ms "${pid[$n]}")
		log[$n]=$(lines $n)
		rss[$n]=$(rss_kb "${pid[$n]}")
		before[$n]=$(transitions $n)
	done
	ip netns exec "$LAB-lan" "$FLOOD" -r "$RATE" -s "$SECONDS_EACH" -v 77 "$@" $VIP to-a to-b >"$LAB_DIR/flood.out" 2>&1 &
	flood=$!
	answer_ms=0
	while kill -0 $flood 2>/dev/null; do
		owns_vip a || lab_fail "$name: in the flood the address is on '$(vip_owner)'"
		start=${EPOCHREALTIME/./}
		[ -n "$(transitions a)" ] || lab_fail "$name: the control socket does not answer"
		start=$(((${EPOCHREALTIME/./} - start) / 1000))
		[ $start -le $answer_ms ] || answer_ms=$start
		sleep 0.1
	done
	wait $flood || lab_fail "$name: $(cat "$LAB_DIR/flood.out")"
	sleep 0.5
	owns_vip a || lab_fail "$name: afterwards the address is on '$(vip_owner)'"
	for n in a b; do
		[ "$(worker $n)" = "${pid[$n]}" ] || lab_fail "$name: the worker of $n died"
		[ "$(transitions $n)" = "${before[$n]}" ] || lab_fail "$name: a transition on $n"
		cpu[$n]=$((($(cpu_ms "${pid[$n]}") - cpu[$n]) / 10 / SECONDS_EACH))
		log[$n]=$(($(lines $n) - log[$n]))
		rss[$n]=$(($(rss_kb "${pid[$n]}") - rss[$n]))
		[ ${log[$n]} -le 60 ] || lab_fail "$name: $n wrote ${log[$n]} lines of log"
		[ ${rss[$n]} -le 4096 ] || lab_fail "$name: $n grew by ${rss[$n]} KiB"
	done
	echo "ok: $name: $(cat "$LAB_DIR/flood.out"); CPU of one core: a ${cpu[a]} %, b ${cpu[b]} %;" \
		"log lines: ${log[a]}, ${log[b]}; memory: ${rss[a]}, ${rss[b]} KiB more;" \
		"control socket within $answer_ms ms"
	router_kill TERM a
	router_kill TERM b
	wait_until 5 router_gone a && wait_until 5 router_gone b || lab_fail "$name: no end"
	! grep -E 'Sanitizer|runtime error|assert' "$LAB_DIR"/*.log || lab_fail "$name: a daemon complains"
}

hostile "multicast, what no router obeys" multicast ''
hostile "multicast, in the master's name" multicast '' -S "${LAB_ADDRESS[a]}"
hostile "auth_hmac: replays, forgeries, hand-overs" multicast "$KEY" -k \
	truncated,oversized,random,ttl,checksum,vrid,version,replay,forged,handover,good
hostile "unicast: a stranger's good adverts to the backup" unicast '' -k good,handover,random -d "${LAB_ADDRESS[b]}" -S "${LAB_ADDRESS[gw1]}"
hostile "unicast: a stranger's good adverts to the group" unicast '' -k good,handover,random -S "${LAB_ADDRESS[gw1]}"

# Without authentication whoever speaks in the master's name can ask for a hand-over, as he could send priority 0. Then
# the address moves to and fro, but once a second at most.
router_conf a 150 3 unicast
router_conf b 100 3 unicast
router_start a vrrpd
router_start b vrrpd
wait_until 6 owns_vip a || lab_fail "false hand-overs: a did not become master"
sleep 1.2
moves=$(transitions b)
ip netns exec "$LAB-lan" "$FLOOD" -r 2000 -s 3 -v 77 -k handover -S "${LAB_ADDRESS[a]}" -d "${LAB_ADDRESS[b]}" $VIP to-b ||
	lab_fail "false hand-overs: flood"
wait_until 2 owns_vip a || lab_fail "false hand-overs: the address is on '$(vip_owner)'"
moves=$(($(transitions b) - moves))
[ $moves -le 8 ] || lab_fail "false hand-overs: $moves transitions in 3 s"
echo "ok: false hand-overs without authentication: $moves transitions in 3 s"
