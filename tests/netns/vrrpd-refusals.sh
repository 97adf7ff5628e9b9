#!/bin/bash
# What vrrpd refuses at its start: exit status 1, a message that says what and why, nothing started.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
VRRPD=$PWD/${BUILD:-build}/vrrpd
lab_require setpriv
lab_begin a

good() { # LINES OF THE INSTANCE...
	printf 'vrrp_instance VI_1 {\n\tinterface eth0\n\tvirtual_router_id 51\n\tpriority 100\n'
	printf '\t%s\n' "$@"
	printf '\tvirtual_ipaddress {\n\t\t10.77.0.100\n\t}\n}\n'
}

# refuses NAME PATTERN COMMAND...: status 1, a message, no address, no pid file
refuses() {
	local name=$1 pattern=$2 rc
	shift 2
	in_ns a timeout 5 "$@" >"$LAB_DIR/out" 2>&1 </dev/null
	rc=$?
	[ $rc -eq 1 ] || { cat "$LAB_DIR/out"; lab_fail "$name: exit status $rc"; }
	grep -qE -- "$pattern" "$LAB_DIR/out" || { cat "$LAB_DIR/out"; lab_fail "$name: message"; }
	[ ! -e "$LAB_DIR/a/run/vrrpd.pid" ] || lab_fail "$name: a pid file"
	has_vip a && lab_fail "$name: an address"
	echo "ok: $name"
}
C=$LAB_DIR/a/run/c.conf
run=("$VRRPD" -n -l -f /run/c.conf -p /run/vrrpd.pid)

rm -f "$C"
refuses "absent file" '/run/c.conf.*No such file' "${run[@]}"
refuses "absent file, in the background" 'No such file' "$VRRPD" -f /run/c.conf -p /run/vrrpd.pid
mkdir "$C"
refuses "a directory" '/run/c.conf' "${run[@]}"
rmdir "$C"
good 'priorty 5' >"$C"
refuses "misspelt keyword" 'c.conf:5:2:.*priorty.*priority' "${run[@]}"
good 'priority 256' >"$C"
refuses "priority 256" 'c.conf:5:.*256' "${run[@]}"
good 'advert_int fast' >"$C"
refuses "an interval that is none" 'c.conf:5:.*fast' "${run[@]}"
good | sed 's/eth0/eth9/' >"$C"
refuses "absent interface" 'c.conf:.*eth9' "${run[@]}"
good | sed 's/10.77.0.100/10.77.0.1000/' >"$C"
refuses "VIP that is no address" 'c.conf:.*10.77.0.1000' "${run[@]}"
good >"$C"
refuses "no privileges" 'CAP_NET_ADMIN.*start as root' setpriv --bounding-set=-net_admin,-net_raw \
	--inh-caps=-net_admin,-net_raw "${run[@]}"
refuses "one privilege is missing" 'missing privilege CAP_NET_RAW' setpriv --bounding-set=-net_raw \
	--inh-caps=-net_raw "${run[@]}"
refuses "unknown option" 'Usage' "$VRRPD" --frobnicate
refuses "a word too many" 'unexpected argument' "$VRRPD" -n -l c.conf
refuses "pid file that cannot be written" '/nowhere/pid' "$VRRPD" -n -l -f /run/c.conf -p /nowhere/pid

# The other side: -t on a good file is one line and 0, also where the interface is absent.
in_ns a "$VRRPD" -t -f /run/c.conf >"$LAB_DIR/out" 2>&1 || lab_fail "-t: exit status"
[ "$(wc -l <"$LAB_DIR/out")" -eq 1 ] && grep -q 'configuration file is valid' "$LAB_DIR/out" ||
	lab_fail "-t: $(cat "$LAB_DIR/out")"
good | sed 's/eth0/eth9/' >"$C"
in_ns a "$VRRPD" --config-test --use-file=/run/c.conf >"$LAB_DIR/out" 2>"$LAB_DIR/err" ||
	lab_fail "-t with an absent interface: exit status"
grep -q eth9 "$LAB_DIR/err" || lab_fail "-t does not mention the absent interface"
good 'priorty 5' 'advert_int fast' >"$C"
in_ns a "$VRRPD" -t -f /run/c.conf >"$LAB_DIR/out" 2>&1
[ $? -eq 1 ] && grep -q priorty "$LAB_DIR/out" && grep -q fast "$LAB_DIR/out" ||
	lab_fail "-t does not report both errors"
echo "ok: -t"

# In the background: the command returns when the daemon is ready, and a second one is refused.
good >"$C"
in_ns a "$VRRPD" -f /run/c.conf -p /run/vrrpd.pid || lab_fail "background: exit status"
pid=$(cat "$LAB_DIR/a/run/vrrpd.pid")
kill -0 "$pid" || lab_fail "background: not running"
in_ns a timeout 5 "${run[@]}" >"$LAB_DIR/out" 2>&1
[ $? -eq 1 ] && grep -q 'another vrrpd runs' "$LAB_DIR/out" || lab_fail "a second daemon started"
kill -TERM "$pid"
wait_until 3 eval "! kill -0 $pid 2>/dev/null" || lab_fail "background: does not stop"
[ ! -e "$LAB_DIR/a/run/vrrpd.pid" ] || lab_fail "background: the pid file stayed"
echo "ok: background"
