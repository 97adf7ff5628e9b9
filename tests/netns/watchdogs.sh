#!/bin/bash
# What systemd's WatchdogSec= is good for: a worker of proxyd or of vrrpd that hangs is replaced, the main
# process stays. systemd itself is not here: its variables are.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
lab_require
lab_begin a
SLACK=${SANITIZE:+4}

cat >"$LAB_DIR/a/run/haproxy.cfg" <<EOF
global
	nbthread 2
defaults
	mode http
	timeout connect 1s
	timeout client 5s
	timeout server 5s
frontend web
	bind :8080
	monitor-uri /alive
EOF
router_conf a 150 3 multicast
# The pid of the shell becomes that of the daemon, which systemd's variable names.
asked() { # NAME COMMAND...
	local name=$1
	shift
	# shellcheck disable=SC2016 # for the inner shell
	spawn "$name" a env WATCHDOG_USEC=$((${SLACK:-1} * 400000)) sh -c 'WATCHDOG_PID=$$ exec "$@"' - "$@"
}
worker_of() { # NAME
	cat "/proc/${PID[$1]}/task/${PID[$1]}/children" | tr -d ' '
}
answers() {
	in_ns a curl -sf -m 1 -o /dev/null http://127.0.0.1:8080/alive
}
is_replaced() { # NAME OLD
	local now
	now=$(worker_of "$1")
	[ -n "$now" ] && [ "$now" != "$2" ]
}
owned() {
	has_vip a
}

asked proxyd "$LAB_TOP/$BUILD/proxyd" -Ws -f /run/haproxy.cfg
asked vrrpd "$LAB_TOP/$BUILD/vrrpd" -n -l -f /run/router.conf -p /run/vrrpd.pid
wait_until 5 answers || lab_fail "proxyd does not start"
wait_until 5 owned || lab_fail "vrrpd does not claim"
proxyd_worker=$(worker_of proxyd) vrrpd_worker=$(worker_of vrrpd)

sleep 1 # more than twice the limit: who turns is left alone
[ "$(worker_of proxyd)" = "$proxyd_worker" ] || lab_fail "a worker of proxyd that turns was replaced"
[ "$(worker_of vrrpd)" = "$vrrpd_worker" ] || lab_fail "a worker of vrrpd that turns was replaced"
echo "ok: who turns is left alone"

kill -STOP "$proxyd_worker"
wait_until 10 is_replaced proxyd "$proxyd_worker" || lab_fail "proxyd's hanging worker stays"
wait_until 5 answers || lab_fail "the new worker does not answer"
grep -q 'worker_hangs' "$LAB_DIR/proxyd.log" || lab_fail "proxyd does not say it"
echo "ok: proxyd: another worker, the same master"

kill -STOP "$vrrpd_worker"
wait_until 10 is_replaced vrrpd "$vrrpd_worker" || lab_fail "vrrpd's hanging worker stays"
wait_until 5 owned || lab_fail "the new worker does not claim"
grep -q 'worker_hangs' "$LAB_DIR/vrrpd.log" || lab_fail "vrrpd does not say it"
echo "ok: vrrpd: another worker, the same guardian"
