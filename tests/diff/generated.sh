#!/bin/bash
# generated.sh [PROXYD [HAPROXY]] - thousands of generated exchanges (tests/lib/rawgen.c) through proxyd and
# Debian's haproxy with the same file: compared as diff.sh compares. A line that differs is printed with its
# seed: `rawgen SEED N` makes it again. What we refuse on purpose: the reasons in rawgen.c.
#
# Environment: BUILD, SEEDS (8: so many runs of EACH cases, with other options in turn), FIRST (1), EACH (400).
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build} SEEDS=${SEEDS:-8} FIRST=${FIRST:-1} EACH=${EACH:-400}
proxyd=${1:-$BUILD/proxyd} haproxy=${2:-/usr/sbin/haproxy}
[ -x "$haproxy" ] || { echo "generated.sh: no $haproxy here" && exit 77; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/tandem-generated.XXXXXX")
trap 'rm -rf "$dir"' EXIT

options=("" "option http-server-close" "option httpclose" "option http-buffer-request" "http-reuse always"
	"option http-pretend-keepalive" "http-reuse never" "retry-on conn-failure empty-response")
export BUILD EACH dir proxyd haproxy
run() { # seed option
	local config=$dir/$1.cfg
	cat >"$config" <<-EOF
		defaults
		    mode http
		    option forwardfor if-none header X-Client
		    timeout connect 1s
		    timeout client 400ms
		    timeout server 700ms
		    $2
		listen a
		    bind "fd@\${FE}"
		    server s "127.0.0.1:\${SERVER_PORT}"
	EOF
	"$BUILD/tests/lib/rawgen" "$1" "$EACH" |
		"$BUILD/tests/lib/rawdiff" "$config" "$haproxy" "$proxyd" >"$dir/$1.out" 2>"$dir/$1.err"
	local rc=$?
	[ $rc -lt 2 ] || tail -n 5 "$dir/$1.err" >>"$dir/$1.out"
	[ $rc -eq 0 ] || { echo "seed $1, $2:"; cat "$dir/$1.out"; }
	tail -n 1 "$dir/$1.out" >"$dir/$1.sum"
	return $rc
}
export -f run
# Eight at a time: they wait more than they work.
for ((seed = FIRST; seed < FIRST + SEEDS; seed++)); do
	printf '%s\n%s\n' "$seed" "${options[seed % ${#options[@]}]}"
done | xargs -P 8 -d '\n' -n 2 bash -c 'run "$1" "$2"' run
rc=$?
awk '{ n += $1; bad += $3 } END { printf "%d generated exchanges, %d of them differ unexpectedly\n", n, bad; exit n == 0 }' \
	"$dir"/*.sum && exit $rc
