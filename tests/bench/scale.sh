#!/bin/bash
# scale.sh [ROUNDS] - many addresses, many instances: vrrpd beside Debian's keepalived, with the same files (3 rounds, medians).
#
# 1,000 addresses in one instance: from the first sign of the decision to the first announcement of the last address, as the node's
# own kernel and wire show it (claimwatch). 255 instances at 100 ms on one interface: CPU of one core and memory (all processes),
# as master and as backup, over five seconds.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
export TOP=$PWD
rounds=${1:-3}
# shellcheck source=tests/netns/lib.sh
. tests/netns/lib.sh
lab_require keepalived
lab_begin a b

vips() { # FROM TO
	local i
	for ((i = $1; i < $2; i++)); do echo "		10.77.$((100 + i / 250)).$((1 + i % 250))/16"; done
}
conf_addresses() {
	printf 'global_defs {\n\tvrrp_version 3\n}\nvrrp_instance big {\n\tinterface eth0\n\tvirtual_router_id 9\n\tpriority 100\n'
	printf '\tadvert_int 1\n\tvirtual_ipaddress {\n%s\n\t}\n' "$(vips 0 20)"
	printf '\tvirtual_ipaddress_excluded {\n%s\n\t}\n}\n' "$(vips 20 1000)"
}
conf_instances() { # PRIORITY
	local i
	printf 'global_defs {\n\tvrrp_version 3\n}\n'
	for ((i = 1; i <= 255; i++)); do
		printf 'vrrp_instance i%s {\n\tinterface eth0\n\tvirtual_router_id %s\n\tpriority %s\n\tadvert_int 0.1\n' $i $i "$1"
		printf '\tvirtual_ipaddress {\n\t\t10.77.200.%s/16\n\t}\n}\n' $((i % 255 + 1))
	done
}
start() { # NODE PROGRAM
	if [ "$2" = vrrpd ]; then
		spawn "$1" "$1" "$TOP/$BUILD/vrrpd" -n -l -f /run/vrrp.conf -p /run/vrrp.pid
	else
		rm -f "$LAB_DIR/$1"/run/ka*.pid
		spawn "$1" "$1" keepalived -n -l -P -f /run/vrrp.conf -p /run/ka.pid -r /run/kav.pid
	fi
}
ended() {
	! [ -d "/proc/${PID[$1]}" ]
}
stop() {
	kill -TERM "${PID[$1]}"
	wait_until 10 ended "$1" || lab_fail "$1 does not end"
}
n_addresses() { # NODE AT-LEAST
	[ "$(ip -n "$LAB-$1" -o -4 addr show dev eth0 | wc -l)" -ge "$2" ]
}
cpu_us() { # NODE - as the scheduler counts it, not by sampling
	local pid
	for pid in $(pid_tree "${PID[$1]}"); do awk '{ print int($1 / 1000) }' "/proc/$pid/schedstat"; done |
		awk '{ s += $1 } END { printf "%.0f\n", s }'
}
memory_mb() { # NODE - what its processes have for themselves, and their shares of the rest
	local pid
	for pid in $(pid_tree "${PID[$1]}"); do awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup"; done |
		awk '{ s += $1 } END { printf "%.1f\n", s / 1024 }'
}
median() {
	sort -n | awk '{ v[NR] = $1 } END { printf "%s (%s)\n", v[int((NR + 1) / 2)], v[NR] }'
}

claim() { # PROGRAM
	local round
	conf_addresses >"$LAB_DIR/a/run/vrrp.conf"
	for ((round = 0; round < rounds; round++)); do
		ip netns exec "$LAB-a" "$TOP/$BUILD/tests/bench/claimwatch" eth0 1000 >"$LAB_DIR/watch" 2>&1 &
		wait_until 5 grep -q ready "$LAB_DIR/watch" || lab_fail "claimwatch"
		start a "$1"
		wait_until 25 grep -q claim_ms "$LAB_DIR/watch" || lab_fail "$1: $(cat "$LAB_DIR/watch")"
		sed -n 's/^claim_ms=\([0-9.]*\).*/\1/p' "$LAB_DIR/watch" >>"$LAB_DIR/claim-$1"
		stop a
	done
	median <"$LAB_DIR/claim-$1"
}
instances() { # PROGRAM: "cpu-master cpu-backup mb-master mb-backup"
	local n before
	local -A cpu
	conf_instances 150 >"$LAB_DIR/a/run/vrrp.conf"
	conf_instances 100 >"$LAB_DIR/b/run/vrrp.conf"
	start a "$1"
	wait_until 20 n_addresses a 256 || lab_fail "$1: not all instances are master"
	start b "$1"
	sleep 3
	n_addresses b 2 && lab_fail "$1: the backup has addresses"
	for n in a b; do cpu[$n]=$(cpu_us $n); done
	sleep 5
	for n in a b; do
		before=${cpu[$n]}
		cpu[$n]=$(awk -v d=$(($(cpu_us $n) - before)) 'BEGIN { printf "%.1f", d / 50000 }')
	done
	n_addresses b 2 && lab_fail "$1: the backup claimed"
	echo "${cpu[a]} ${cpu[b]} $(memory_mb a) $(memory_mb b)"
	stop b
	stop a
}

ours=$(claim vrrpd) || exit 1
theirs=$(claim keepalived) || exit 1
read -r cm cb mm mb < <(instances vrrpd)
read -r kcm kcb kmm kmb < <(instances keepalived)
echo "| scale | vrrpd | keepalived 2.2 |"
echo "|---|---|---|"
echo "| claim of 1,000 addresses, ms, median (worst) | $ours | $theirs |"
echo "| 255 instances at 100 ms, master: CPU %, memory MB | $cm, $mm | $kcm, $kmm |"
echo "| 255 instances at 100 ms, backup: CPU %, memory MB | $cb, $mb | $kcb, $kmb |"
