#!/bin/bash
# reloads.sh [REQUESTS [RATE]] - REQUESTS (1,000,000) at RATE a second (8,000), 70 % on kept connections, while
# proxyd is reloaded 100 times, its program replaced 10 times (SIGUSR2) and its servers deployed one by one
# (proxyd ctl rolling). Passes when no request failed, and the memory of the worker is what it was.
#
# Environment: BUILD, RELOADS (100), UPGRADES (10), KEEP=1 (keep the files).
set -u
cd "$(dirname "$0")/../.." || exit 1
requests=${1:-1000000} rate=${2:-8000} BUILD=${BUILD:-build}
reloads=${RELOADS:-100} upgrades=${UPGRADES:-10}

if [ -z "${RELOADS_INSIDE:-}" ]; then # a network of its own: all ports are free
	[ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null || { echo "needs root" && exit 77; }
	RELOADS_INSIDE=1 exec unshare -n "$0" "$@"
fi
ip link set lo up
dir=$(mktemp -d "${TMPDIR:-/tmp}/tandem-reloads.XXXXXX")
trap 'kill $(cat "$dir"/*.pid 2>/dev/null) 2>/dev/null; wait 2>/dev/null; [ -n "${KEEP:-}" ] || rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP

config() { # maxconn of servers
	cat <<-EOF
		global
		    nbthread 2
		    maxconn 4000
		    stats socket $dir/sock mode 600 level admin expose-fd listeners
		    hard-stop-after 30s
		defaults
		    mode http
		    timeout connect 2s
		    timeout client 10s
		    timeout server 10s
		    timeout queue 5s
		    retries 3
		    option idle-close-on-response
		    option redispatch 1
		    default-server check inter 200ms rise 1 fall 2 maxconn $1
		listen web
		    bind 127.0.0.1:8000
		    option httpchk
		    server s1 127.0.0.1:8101
		    server s2 127.0.0.1:8102
		    server s3 127.0.0.1:8103
	EOF
}

# deploy N: end the instance and start the next version of it
cat >"$dir/deploy" <<-EOF
	#!/bin/bash
	[ ! -f $dir/gw\$1.pid ] || kill "\$(cat $dir/gw\$1.pid)" 2>/dev/null
	while (exec 3<>/dev/tcp/127.0.0.1/810\$1) 2>/dev/null; do sleep 0.02; done
	$PWD/$BUILD/tests/lib/gateway "gw\$1" 127.0.0.1 810\$1 >/dev/null 2>&1 &
	echo \$! >$dir/gw\$1.pid
EOF
chmod +x "$dir/deploy"

until_true() { # what command...
	local what=$1
	shift
	for _ in $(seq 600); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	echo "FAIL: $what"
	return 1
}
ctl() { "$dir/proxyd" ctl -s "$dir/sock" "$@"; }
worker() { pgrep -P "$(cat "$dir/proxyd.pid")" | tail -n 1; }
rss_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$(worker)/status"; }
is_up() { ctl show info | grep -q Uptime_sec; }

failed=0
config 400 >"$dir/haproxy.cfg"
for i in 1 2 3; do "$dir/deploy" $i; done
cp "$BUILD/proxyd" "$dir/proxyd"
"$dir/proxyd" -W -db -p "$dir/proxyd.pid" -f "$dir/haproxy.cfg" >"$dir/log" 2>&1 &
until_true "proxyd does not start" is_up || { cat "$dir/log" && exit 1; }
seconds=$(((requests + rate - 1) / rate))
"$BUILD/tests/lib/loadgen" -r "$rate" -k 70 -t 10000 -s "$seconds" 127.0.0.1 8000 / >"$dir/load" 2>&1 &
load=$!
echo $load >"$dir/load.pid"
sleep 2
before=$(rss_kb)
pause=$(awk "BEGIN { print ($seconds - 14) * 0.6 / ($reloads + 1) }")

for i in $(seq "$reloads"); do
	config $((400 + i % 2)) >"$dir/haproxy.cfg"
	ctl reload >"$dir/reload" 2>&1 || { cat "$dir/reload" && failed=1; }
	sleep "$pause"
	if [ $((i % (reloads / upgrades > 0 ? reloads / upgrades : 1))) -eq 0 ]; then
		old=$(worker)
		cp "$BUILD/proxyd" "$dir/new" && mv "$dir/new" "$dir/proxyd"
		kill -USR2 "$(cat "$dir/proxyd.pid")"
		until_true "upgrade: the old worker stays" sh -c "! kill -0 $old" || failed=1
	fi
done
during=$(rss_kb)
ctl rolling web --cmd "$dir/deploy \$(echo {server} | tr -d s)" || failed=1
# a deployment that fails stops there; the others serve
ctl rolling web --cmd 'test {server} = s1' >"$dir/rolling" 2>&1 && echo "FAIL: a failure was not told" && failed=1
grep -q "^s2: the command failed" "$dir/rolling" && ctl show stat --raw | grep -q "^web,s2,.*,DRAIN," || {
	cat "$dir/rolling"
	failed=1
}
ctl set server web/s2 state ready
wait $load
rm -f "$dir/load.pid"
after=$(rss_kb)
summary=$(grep -a 'sent=' "$dir/load" | tail -n 1)
echo "$summary"
echo "memory of the worker: $before KB with load, $during KB after $reloads reloads and $upgrades upgrades, $after KB at the end"
sent=$(sed -n 's/.* sent=\([0-9]*\).*/\1/p' <<<" $summary")
good=$(sed -n 's/.* ok=\([0-9]*\).*/\1/p' <<<" $summary")
[ -n "$sent" ] && [ "$sent" = "$good" ] && [ "$sent" -ge $((requests * 9 / 10)) ] || {
	echo "FAIL: ${sent:-0} sent, ${good:-0} answered"
	failed=1
}
[ "$after" -le $((before * 3 / 2 + 4096)) ] || { echo "FAIL: memory grew" && failed=1; }
[ $failed -eq 0 ] && echo "ok: $sent requests, none failed"
exit $failed
