#!/bin/bash
# Stalls: frozen for half of the time after which the peer claims, nothing changes; frozen for twice
# as long, the peer serves, and who wakes up steps down before it says a word. Memory is locked and
# the real-time class taken, or the log says that it was not permitted; a log that nobody reads stops
# nothing.
# Intervals are 0.2 s: a peer claims after 0.72 s. (At 1 s two vrrpd claim after 1.65 s of silence,
# because the addresses end after 2 s: stalls of up to 1.5 s are tolerated there.)
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
VRRPD=$PWD/${BUILD:-build}/vrrpd
lab_require
lab_begin a b

for n in a b; do
	cat >"$LAB_DIR/$n/run/vrrp.conf" <<EOF
vrrp_instance VI_1 {
	interface eth0
	virtual_router_id 51
	priority $([ $n = a ] && echo 150 || echo 100)
	version 3
	advert_int 0.2
	virtual_ipaddress {
		$VIP/24
	}
}
EOF
	spawn "$n" "$n" "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid
done
claims_heard() { # by b: adverts that are no goodbyes
	in_ns b "$VRRPD" ctl -f /run/vrrp.conf show vrrp |
		sed -n 's/.* received \([0-9]*\), priority 0 .*received \([0-9]*\), send.*/\1 - \2/p' |
		xargs expr
}
transitions() {
	grep -c ' transition ' "$LAB_DIR/$1.log"
}
tree() {
	pid_tree "$(cat "$LAB_DIR/a/run/vrrpd.pid")"
}
stopped_for() { # SECONDS PID...
	local s=$1
	shift
	kill -STOP "$@"
	sleep "$s" # the stall itself
	kill -CONT "$@"
}
wait_until 5 owns_vip a || lab_fail "a is not the master at first ($(vip_owner))"
sleep 1.2 # they know each other

# ---- locked memory, real-time class -----------------------------------------------------------------
for p in $(tree); do
	grep -q '^VmLck:[[:space:]]*[1-9]' "/proc/$p/status" || grep -q memory_not_locked "$LAB_DIR/a.log" ||
		lab_fail "memory is not locked, and the log does not say so"
	# the 41st field is the class; 2 is SCHED_RR
	[ "$(sed 's/.*) //' "/proc/$p/stat" | cut -d' ' -f39)" = 2 ] || grep -q no_realtime_class "$LAB_DIR/a.log" ||
		lab_fail "no real-time class, and the log does not say so"
done
echo "ok: memory locked, real-time class"

# ---- half of the dead time: five stalls of all, five of the worker ----------------------------------
before_a=$(transitions a) before_b=$(transitions b)
worker=$(tree | sed -n 2p)
for _ in 1 2 3 4 5; do
	# shellcheck disable=SC2046 # a list
	stopped_for 0.36 $(tree)
	owns_vip a || lab_fail "0.36 s: the owner is $(vip_owner)"
	sleep 0.7 # of quiet
	stopped_for 0.36 "$worker"
	sleep 0.7
done
[ "$(transitions a)" = "$before_a" ] || lab_fail "0.36 s: a changed its state"
[ "$(transitions b)" = "$before_b" ] || lab_fail "0.36 s: b changed its state"
echo "ok: ten stalls of half the dead time: no transition"

# ---- twice the dead time -----------------------------------------------------------------------------
for who in all worker; do
	worker=$(tree | sed -n 2p)
	[ $who = all ] && pids=$(tree) || pids=$worker
	# shellcheck disable=SC2086 # a list
	kill -STOP $pids
	wait_until 2 has_vip b || lab_fail "1.5 s, $who: b did not take over ($(vip_owner))"
	sleep 0.7
	heard=$(claims_heard)
	# shellcheck disable=SC2086
	kill -CONT $pids
	sleep 0.2 # less than a's Active_Down_Interval: it has to be silent
	owns_vip b || lab_fail "1.5 s, $who: the owner is $(vip_owner)"
	[ "$(claims_heard)" = "$heard" ] || lab_fail "1.5 s, $who: a spoke before it stepped down"
	grep ' to=BACKUP ' "$LAB_DIR/a.log" | tail -n 1 | grep -q 'stalled longer than the dead time' ||
		lab_fail "1.5 s, $who: the cause is not named"
	wait_until 5 owns_vip a || lab_fail "1.5 s, $who: a did not come back ($(vip_owner))"
	echo "ok: twice the dead time, $who: b serves, a steps down before it speaks"
	sleep 1.2
done

# ---- at the default interval: one second ------------------------------------------------------------
for n in a b; do
	sed -i 's/advert_int 0.2/advert_int 1/' "$LAB_DIR/$n/run/vrrp.conf"
	kill -HUP "$(cat "$LAB_DIR/$n/run/vrrpd.pid")"
done
wait_until 9 owns_vip a || lab_fail "reload: the owner is $(vip_owner)"
sleep 2.5 # adverts and hellos of the new interval
before_a=$(transitions a) before_b=$(transitions b)
for _ in 1 2 3; do
	# shellcheck disable=SC2046 # a list
	stopped_for 1.2 $(tree)
	owns_vip a || lab_fail "1.2 s: the owner is $(vip_owner)"
	sleep 1.1
done
[ "$(transitions a)-$(transitions b)" = "$before_a-$before_b" ] || lab_fail "1.2 s: a transition"
echo "ok: at 1 s: three stalls of 1.2 s: no transition"

# ---- a log that nobody reads -------------------------------------------------------------------------
kill -TERM "${PID[a]}"
wait_until 3 owns_vip b || lab_fail "stop: $(vip_owner)"
mkfifo "$LAB_DIR/pipe"
exec 9<>"$LAB_DIR/pipe" # read by nobody
setsid ip netns exec "$LAB-a" sh -c 'mount --bind "$1" /run; exec "$2" -n -l -D -f /run/vrrp.conf -p /run/vrrpd.pid' \
	- "$LAB_DIR/a/run" "$VRRPD" >/dev/null 2>"$LAB_DIR/pipe" </dev/null 9>&- &
dd if=/dev/zero of="$LAB_DIR/pipe" bs=4096 count=64 oflag=nonblock 2>/dev/null # full
wait_until 5 owns_vip a || lab_fail "a full log: a does not become master ($(vip_owner))"
before_b=$(transitions b)
for _ in 1 2 3; do
	kill -HUP "$(cat "$LAB_DIR/a/run/vrrpd.pid")"
	sleep 0.3
done
owns_vip a && [ "$(transitions b)" = "$before_b" ] || lab_fail "a full log: it moved to $(vip_owner)"
echo "ok: a full log stops nothing"
! grep -E 'Sanitizer|runtime error|assert' "$LAB_DIR"/*.log || lab_fail "a daemon complains"
