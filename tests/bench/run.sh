#!/bin/bash
# run.sh - CPU per request and latency of proxyd beside Debian's haproxy and the relay floor, in alternation.
#
# usage: tests/bench/run.sh [ROUNDS [SECONDS]]      (default: 5 rounds of 3 seconds each)
# One scenario for now: small keep-alive requests (1 KiB answers, 64 connections). All on loopback; the proxy under test
# has core 0 for itself, client and origin share core 1. CPU is the kernel's count of the proxy's on-CPU time
# (/proc/PID/task/*/schedstat), divided by the requests the client completed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
rounds=${1:-5} seconds=${2:-3} connections=${BENCH_CONNECTIONS:-64}
proxyd=${PROXYD:-$top/build/proxyd} haproxy=${HAPROXY:-/usr/sbin/haproxy}
work=$(mktemp -d /tmp/tandem-bench.XXXXXX)
pids=()
cleanup() {
	local p
	for p in "${pids[@]:-}"; do [ -n "$p" ] && kill "$p" 2>/dev/null; done
	wait 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

for tool in wrk nginx taskset gcc awk curl; do
	command -v "$tool" >/dev/null || { echo "bench: '$tool' is missing: run 'sudo make deps'" >&2; exit 1; }
done
[ -x "$proxyd" ] || { echo "bench: $proxyd is missing: run 'make' first" >&2; exit 1; }
if [ "$(nproc)" -lt 2 ]; then echo "bench: needs two cores" >&2; exit 1; fi

export BENCH_ORIGIN=18180 BENCH_THREADS=1
cat >"$work/nginx.conf" <<EOF
worker_processes 1; daemon off; pid $work/nginx.pid; error_log /dev/null crit;
events { worker_connections 4096; }
http {
	access_log off; keepalive_requests 1000000000; keepalive_timeout 120s;
	client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3; uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
	server { listen $BENCH_ORIGIN; location / { root $work/www; } }
}
EOF
mkdir -p "$work/www"
head -c 1024 /dev/zero | tr '\0' 'x' >"$work/www/1k"
chmod -R a+rX "$work"
gcc -O2 -o "$work/floor" "$here/floor.c" || exit 1

# start NAME PORT CORE COMMAND...: run it on that core, wait until it answers; its pid is in $started
start() {
	local name=$1 port=$2 core=$3 deadline=$((SECONDS + 10))
	shift 3
	BENCH_PORT=$port taskset -c "$core" "$@" >"$work/$name.log" 2>&1 &
	started=$!
	pids+=("$started")
	until curl -sf -o /dev/null "http://127.0.0.1:$port/1k"; do
		if ! kill -0 "$started" 2>/dev/null || [ $SECONDS -ge $deadline ]; then
			echo "bench: $name does not answer on port $port:" >&2
			cat "$work/$name.log" >&2
			exit 1
		fi
	done
}

cpu_ns() { cat /proc/"$1"/task/*/schedstat | awk '{ n += $1 } END { printf "%.0f", n }'; }

# measure NAME PORT PID: append "requests cpu_ns p50_us p99_us rps errors" to NAME.dat
measure() {
	local before after
	before=$(cpu_ns "$3")
	taskset -c 1 wrk -t1 -c"$connections" -d"${seconds}s" -s "$here/report.lua" "http://127.0.0.1:$2/1k" >"$work/wrk.out" || exit 1
	after=$(cpu_ns "$3")
	awk -v ns=$((after - before)) '/^BENCH/ { print $2, ns, $3, $4, $5, $6 }' "$work/wrk.out" >>"$work/$1.dat"
}

start origin $BENCH_ORIGIN 1 nginx -c "$work/nginx.conf" -p "$work"
start floor 18101 0 "$work/floor" 18101 "$BENCH_ORIGIN"; floor=$started
start haproxy 18102 0 "$haproxy" -db -f "$here/bench.cfg"; ha=$started
start proxyd 18103 0 "$proxyd" -db -f "$here/bench.cfg"; pd=$started

echo "small keep-alive requests: 1 KiB, $connections connections, one thread, $rounds rounds of $seconds s"
for ((i = 0; i < rounds; i++)); do
	measure proxyd 18103 "$pd"
	measure haproxy 18102 "$ha"
	measure floor 18101 "$floor"
done

median() { sort -n | awk '{ v[NR] = $1 } END { print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
printf '%-8s %14s %12s %9s %9s %8s\n' proxy "CPU us/request" requests/s "p50 us" "p99 us" errors
for name in proxyd haproxy floor; do
	cpu=$(awk '{ print $2 / $1 / 1000 }' "$work/$name.dat" | median)
	eval "cpu_$name=$cpu"
	printf '%-8s %14.2f %12.0f %9.0f %9.0f %8d\n' "$name" "$cpu" "$(awk '{ print $5 }' "$work/$name.dat" | median)" \
		"$(awk '{ print $3 }' "$work/$name.dat" | median)" "$(awk '{ print $4 }' "$work/$name.dat" | median)" \
		"$(awk '{ n += $6 } END { print n }' "$work/$name.dat")"
done
# shellcheck disable=SC2154 # eval sets them
awk -v p="$cpu_proxyd" -v h="$cpu_haproxy" -v f="$cpu_floor" \
	'BEGIN { printf "proxyd costs %.2f x haproxy and %.2f x the floor; haproxy costs %.2f x the floor\n", p / h, p / f, h / f }'
