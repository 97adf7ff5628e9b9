#!/bin/bash
# run.sh - proxyd beside Debian's haproxy, nginx and bare relays, in alternation.
#
# usage: tests/bench/run.sh [-r ROUNDS] [-s SECONDS] [SCENARIO...]     (5 rounds of 3 seconds; small close 1m)
#        tests/bench/run.sh -l                                         list the scenarios; `all` runs them all
#
# All on loopback, with one file for proxyd and haproxy. The proxies under test have core 0, client and origin share core 1.
# CPU is the kernel's count of the proxy's on-CPU time (/proc/PID/task/*/schedstat), divided by the requests that the
# client completed; medians over the rounds. Other work on the machine blurs the figures: the load average is printed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
rounds=5 seconds=3
BUILD=${BUILD:-build}
[[ $BUILD = /* ]] || BUILD=$top/$BUILD
proxyd=${PROXYD:-$BUILD/proxyd} haproxy=${HAPROXY:-/usr/sbin/haproxy}
floor=$BUILD/tests/bench/floor client=$BUILD/tests/bench/client sink=$BUILD/tests/bench/sink
export BENCH_DIR=$here
. "$here/lib.sh"
. "$here/scenarios.sh"
all=$(declare -F | sed -n 's/^declare -f bench_//p' | tr '\n' ' ')

while getopts r:s:l option; do
	case $option in
	r) rounds=$OPTARG ;;
	s) seconds=$OPTARG ;;
	l) sed -n 's/^bench_\([a-z0-9]*\)() { # \(.*\)/  \1\t\2/p' "$here/scenarios.sh" | expand -t 16 && exit 0 ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- small close 1m
[ "$*" != all ] || eval "set -- $all"
for scenario; do
	declare -F "bench_$scenario" >/dev/null || { echo "bench: no scenario '$scenario'; there are: $all" >&2; exit 2; }
done
for tool in wrk nginx taskset awk curl "$haproxy"; do
	command -v "$tool" >/dev/null || { echo "bench: '$tool' is missing: run 'sudo make deps'" >&2; exit 1; }
done
for program in "$proxyd" "$floor" "$client" "$sink"; do
	[ -x "$program" ] || { echo "bench: $program is missing: run 'make all tools' first" >&2; exit 1; }
done
[ "$(nproc)" -ge 2 ] || { echo "bench: needs two cores" >&2; exit 1; }

work=$(mktemp -d /tmp/tandem-bench.XXXXXX)
trap 'stop_all; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
for scenario; do
	echo "== $scenario:$(sed -n "s/^bench_$scenario() { #//p" "$here/scenarios.sh") ($rounds x $seconds s; load average $(cut -d' ' -f1 /proc/loadavg))"
	start_origin
	"bench_$scenario"
	stop_all
done
