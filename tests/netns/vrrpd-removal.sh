#!/bin/bash
# Addresses and those who take them away: deleted by others they are back within 100 ms; a container
# that is removed, or all processes killed at once, leave no address behind. (The kernel's
# out-of-memory killer takes one process: vrrpd-deaths.sh kills each subset.)
# Intervals are 0.1 s: a peer claims after 0.36 s; where nobody is left to remove the address, the
# kernel does it within 1.3 s, and until then its answers must not win over the new owner's.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
VRRPD=$PWD/${BUILD:-build}/vrrpd
lab_require unshare awk
lab_begin a b client
for n in a b; do
	cat >"$LAB_DIR/$n/run/vrrp.conf" <<EOF
vrrp_instance VI_1 {
	interface eth0
	virtual_router_id 51
	priority $([ $n = a ] && echo 150 || echo 100)
	version 3
	advert_int 0.1
	virtual_ipaddress {
		$VIP/24
		10.77.0.101/24
		2001:db8:77::100/64
	}
	virtual_ipaddress_excluded {
	}
}
EOF
	sed -i '/2001:db8/d; /^	virtual_ipaddress_excluded {$/a\		2001:db8:77::100/64' "$LAB_DIR/$n/run/vrrp.conf"
done
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }
start() { # NODE [PREFIX...]
	local n=$1
	shift
	rm -f "$LAB_DIR/$n/run/vrrpd.pid"
	spawn "$n" "$n" "$@" "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid
}
a_owns() {
	wait_until 6 owns_vip a || lab_fail "$1: a is not the only master ($(vip_owner))"
	sleep 1.2 # a hello and a report of each
}
has_vip6() {
	ip -n "$LAB-$1" -o -6 addr show dev eth0 | grep -q '2001:db8:77::100/'
}
knows_b() { # the third host's neighbour table
	in_ns client ip neigh show $VIP | grep -q "$mac_b"
}
# gone NAME LIMIT_MS START: b serves within 700 ms, a keeps the address for LIMIT_MS at most, and a
# third host that asks all the time ends up at b
gone() {
	local name=$1 limit=$2 start=$3 took served
	wait_until 2 has_vip b || lab_fail "$name: b did not take over ($(vip_owner))"
	served=$(($(now_ms) - start))
	while has_vip a || has_vip6 a; do
		in_ns client ip neigh flush dev eth0 2>/dev/null
		in_ns client ping -c 1 -W 0.05 -i 0.01 $VIP >/dev/null 2>&1
		[ $(($(now_ms) - start)) -le "$limit" ] || lab_fail "$name: a keeps an address for more than $limit ms"
	done
	took=$(($(now_ms) - start))
	[ $served -le 700 ] || lab_fail "$name: b served after $served ms"
	in_ns client ping -c 1 -W 1 $VIP >/dev/null
	wait_until 1 knows_b || lab_fail "$name: the third host knows another owner"
	echo "ok: $name: b serves after $served ms, the address of a is gone after $took ms"
}

start a
start b
a_owns "at first"
mac_b=$(in_ns b cat /sys/class/net/eth0/address)

# ---- deleted by others -----------------------------------------------------------------------------
spawn monitor a ip -ts monitor address
wait_until 1 test -e "$LAB_DIR/monitor.log"
sleep 0.1
for k in 1 2 3 4 5 6 7 8 9 10; do
	ip -n "$LAB-a" addr del $VIP/24 dev eth0
	[ $k -gt 5 ] && ip -n "$LAB-a" addr del 10.77.0.101/24 dev eth0
	ip -n "$LAB-a" addr del 2001:db8:77::100/64 dev eth0
	wait_until 1 eval 'has_vip a && has_vip a 10.77.0.101 && has_vip6 a' || lab_fail "deleted: not restored"
done
kill "${PID[monitor]}"
# From "Deleted" to the next appearance of the same address, by the kernel's own clock.
worst=$(sed -n 's/^\[[^T]*T\([0-9:.]*\)\] \(Deleted \)\?.* inet6\? \([^ /]*\)\/.*/\1 \3 \2/p' "$LAB_DIR/monitor.log" |
	awk '{ split($1, t, ":"); ms = (t[1] * 3600 + t[2] * 60 + t[3]) * 1000
		if ($3 == "Deleted") at[$2] = ms
		else if ($2 in at) { d = ms - at[$2]; if (d > worst) worst = d; n++; delete at[$2] } }
		END { printf "%d %.1f\n", n, worst }')
read -r n_restored worst_ms <<<"$worst"
[ "$n_restored" -ge 25 ] || lab_fail "deleted: only $n_restored restorations seen"
awk -v w="$worst_ms" 'BEGIN { exit !(w <= 100) }' || lab_fail "deleted: back after $worst_ms ms"
owns_vip a || lab_fail "deleted: the owner is $(vip_owner)"
echo "ok: deleted by others: $n_restored times, back after $worst_ms ms at most"

# ---- all processes at once, as a container with the host's network is removed ----------------------
kill -TERM "${PID[a]}"
wait_until 3 owns_vip b || lab_fail "stop of a: $(vip_owner)"
start a unshare --pid --fork --kill-child=KILL
a_owns "in a container"
start=$(now_ms)
kill -KILL "${PID[a]}"
gone "container removed" 1500 "$start"

# ---- the same with kill -9 of every process --------------------------------------------------------
start a
a_owns "after the container"
start=$(now_ms)
# shellcheck disable=SC2046 # a list
kill -KILL $(pid_tree "${PID[a]}")
gone "all killed" 1500 "$start"

# ---- a container with a network of its own: the network goes, too ----------------------------------
start a
a_owns "once more"
start=$(now_ms)
# shellcheck disable=SC2046 # a list
kill -KILL $(pid_tree "${PID[a]}")
ip netns del "$LAB-a"
wait_until 2 has_vip b || lab_fail "network removed: b did not take over"
echo "ok: container and its network removed: b serves after $(($(now_ms) - start)) ms"
! grep -E 'Sanitizer|runtime error|assert' "$LAB_DIR"/*.log || lab_fail "a daemon complains"
