#!/bin/bash
# No address outlives vrrpd: whatever subset of its processes is killed (SIGKILL) or frozen (SIGSTOP),
# two seconds later the address is on exactly one node, and never on the dead one.
set -u
. tests/netns/lib.sh
lab_require
lab_begin a b


up() {
	router_conf a 150 3 unicast
	router_conf b 100 3 unicast
	[ -n "${PID[router-b]:-}" ] || router_start b vrrpd
	router_start a vrrpd
	wait_until 4 owns_vip a || lab_fail "$what: a did not become master"
}
live_processes() {
	ip netns pids "$LAB-a"
}

what=start
up
mapfile -t all < <(pid_tree "${PID[router-a]}")
n=${#all[@]}
echo "vrrpd runs as $n processes"
for signal in KILL STOP; do
	for ((mask = 1; mask < 1 << n; mask++)); do
		mapfile -t all < <(pid_tree "${PID[router-a]}")
		victims=()
		for ((i = 0; i < n; i++)); do
			((mask >> i & 1)) && victims+=("${all[i]}")
		done
		what="SIG$signal to subset $mask of $((2 ** n - 1)) (${#victims[@]} of $n)"
		kill -$signal "${victims[@]}"
		sleep 2 # the bound that is promised
		for i in {1..20}; do # and it stays so
			if [ ${#victims[@]} -eq "$n" ]; then owns_vip b; else owns_vip a || owns_vip b; fi ||
				lab_fail "$what: 2 s later the address is on: $(vip_owner)"
			sleep 0.02
		done
		echo "ok: $what -> $(vip_owner)"
		# shellcheck disable=SC2046 # a list
		kill -KILL $(live_processes) 2>/dev/null
		wait_until 2.5 owns_vip b || lab_fail "$what: all killed, the address is on: $(vip_owner)"
		what="return after $what"
		up
	done
done

# Both killed: nobody has it.
what="everything killed"
router_kill KILL a
router_kill KILL b
wait_until 2.5 no_vip || lab_fail "$what: the address is on: $(vip_owner)"
echo "ok: $what -> $(vip_owner)"
