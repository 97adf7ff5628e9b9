#!/bin/bash
# The alert rules: accepted by promtool, their unit tests hold, and every metric they name is one that running
# daemons print.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
command -v promtool >/dev/null || { echo "needs promtool"; exit 77; }
VRRPD=$PWD/${BUILD:-build}/vrrpd
PROXYD=$PWD/${BUILD:-build}/proxyd
RULES=deploy/monitoring/tandem.rules.yml
lab_require curl
lab_begin a

promtool check rules $RULES >"$LAB_DIR/out" 2>&1 || lab_fail "the rules: $(cat "$LAB_DIR/out")"
promtool test rules ${RULES%.yml}.test.yml >"$LAB_DIR/out" 2>&1 || lab_fail "their tests: $(cat "$LAB_DIR/out")"
echo "ok: promtool"

cat >"$LAB_DIR/a/run/haproxy.cfg" <<EOF
global
	vrrpd-socket /run/tandem/vrrpd.sock
defaults
	mode http
	timeout connect 1s
	timeout client 5s
	timeout server 5s
frontend web
	bind :8080
	stats uri /stats
	default_backend servers
backend servers
	server one 127.0.0.1:8000
EOF
router_conf a 150 3 multicast
spawn proxy a "$PROXYD" -db -f /run/haproxy.cfg
spawn router a "$VRRPD" -n -l -f /run/router.conf
metrics() {
	in_ns a curl -sf "http://127.0.0.1:8080/stats;metrics" >"$LAB_DIR/metrics" &&
		in_ns a "$VRRPD" ctl -f /run/router.conf metrics >>"$LAB_DIR/metrics" && grep -q '^vrrpd_state' "$LAB_DIR/metrics"
}
wait_until 5 metrics || lab_fail "no metrics of vrrpd: $(grep -c . "$LAB_DIR/metrics") lines; $(grep vrrp "$LAB_DIR/metrics" | head -n 3)"
n=0
for name in $(sed -n 's/^ *expr: //p' $RULES | grep -oE '(vrrpd|haproxy)_[a-z_]+' | sort -u); do
	grep -q "^# TYPE $name " "$LAB_DIR/metrics" || lab_fail "no daemon prints $name"
	n=$((n + 1))
done
[ $n -gt 8 ] || lab_fail "only $n names were found in the rules"
echo "ok: $n metrics that the rules name"
