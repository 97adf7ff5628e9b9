#!/bin/bash
# run.sh SUITE... - the test runner behind `make check`. Suites: unit, golden, docs, vtc, netns, browser.
#
# Quiet: one line a test program, with its time; output only of what failed. The last line is
# "N passed, N failed, N skipped", summed over single tests. Exit 0 when none failed.
# Environment: BUILD, SANITIZE, JOBS (2), ONLY (a pattern: run only programs whose name matches),
# TIMEOUT (seconds a program may take).
set -u
cd "$(dirname "$0")/../.." || exit 1
export BUILD=${BUILD:-build} SANITIZE=${SANITIZE:-} ONLY=${ONLY:-}
export TOP=$PWD
JOBS=${JOBS:-2}
results=$(mktemp -d "${TMPDIR:-/tmp}/tandem-check.XXXXXX")
export results
trap 'rm -rf "$results"' EXIT
trap 'exit 130' INT TERM HUP

prefix=
if [ -n "$SANITIZE" ]; then
	export ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=0}
	export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
	export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:atexit_sleep_ms=0:second_deadlock_stack=1:suppressions=$TOP/tests/tsan.supp}
	export CK_TIMEOUT_MULTIPLIER=${CK_TIMEOUT_MULTIPLIER:-5}
	# ThreadSanitizer wants its shadow where address randomisation may not have left room.
	[ "$SANITIZE" = thread ] && prefix="setarch -R"
fi
export prefix TIMEOUT=${TIMEOUT:-120}
unset MAKEFLAGS MFLAGS MAKELEVEL CK_NOFORK CK_FORK

# Record a result and say it: verdict name passed failed skipped ms log
say() {
	local ms=$6
	echo "$3 $4 $5" >"$results/$(echo "$2" | tr / _).sum"
	if [ "$1" = FAIL ]; then # one write, so that parallel outputs stay apart
		printf '  FAIL  %s (%d.%03d s)\n%s\n' "$2" $((ms / 1000)) $((ms % 1000)) \
			"$(tail -n 100 "$7" | sed 's/^/        | /')"
	else
		printf '  %-5s %-52s %5s %4d.%03d s\n' "$1" "$2" "${8:-}" $((ms / 1000)) $((ms % 1000))
	fi
}

now_ms() {
	local t=$EPOCHREALTIME
	echo $((${t/./} / 1000))
}

run_unit() {
	local log=$results/$(basename "$1").log start rc sums n_checks bad
	start=$(now_ms)
	# shellcheck disable=SC2086 # prefix is words
	CK_VERBOSITY=normal timeout -k 5 "$TIMEOUT" $prefix "$1" >"$log" 2>&1
	rc=$?
	# "100%: Checks: 12, Failures: 0, Errors: 0", one line a suite runner
	sums=$(sed -n 's/^[0-9]*%: Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p' "$log" |
		awk '{ c += $1; b += $2 + $3 } END { if (NR) print c, b }')
	read -r n_checks bad <<<"${sums:-0 0}"
	[ -n "$sums" ] || [ $rc -eq 77 ] || echo "(no summary by Check; exit status $rc)" >>"$log"
	if [ $rc -eq 77 ] && [ -z "$sums" ]; then
		say SKIP "${1#"$BUILD"/tests/}" 0 0 1 $(($(now_ms) - start)) "$log"
	elif [ $rc -ne 0 ] || [ "$bad" -gt 0 ] || [ "$n_checks" -eq 0 ]; then
		[ "$bad" -gt 0 ] || bad=1
		[ "$n_checks" -ge "$bad" ] || n_checks=$bad
		say FAIL "${1#"$BUILD"/tests/}" $((n_checks - bad)) "$bad" 0 $(($(now_ms) - start)) "$log"
	else
		say ok "${1#"$BUILD"/tests/}" "$n_checks" 0 0 $(($(now_ms) - start)) "$log" "$n_checks"
	fi
}

# A scenario or a lab is one test: its exit status decides, 77 is a skip.
run_single() { # name timeout command...
	local name=$1 limit=$2 log start rc
	shift 2
	log=$results/$(echo "$name" | tr / _).log
	start=$(now_ms)
	timeout -k 20 "$limit" "$@" >"$log" 2>&1 </dev/null
	rc=$?
	[ $rc -ne 124 ] || echo "(killed after $limit s)" >>"$log"
	case $rc in
	0) say ok "$name" 1 0 0 $(($(now_ms) - start)) "$log" ;;
	77) say SKIP "$name" 0 0 1 $(($(now_ms) - start)) "$log" "$(tail -n 1 "$log")" ;;
	*) say FAIL "$name" 0 1 0 $(($(now_ms) - start)) "$log" ;;
	esac
}

# A scenario (tests/vtc, run by Debian's varnishtest) is a promise to clients, servers or operators, told by
# its name. Its reference is Debian's haproxy: VTC_PROGRAM=/usr/sbin/haproxy tests/lib/run.sh vtc proves the
# expectations themselves. ours_*.vtc is what we do differently on purpose, each says why, and proxyd alone passes
# it. Nothing in a scenario waits for a fixed time: barriers, syslog lines and polling loops do.
run_vtc() {
	case ${VTC_PROGRAM:+$1} in
	*/ours_*) return 0 ;;
	esac
	# shellcheck disable=SC2086
	HAPROXY_PROGRAM=${VTC_PROGRAM:-$TOP/$BUILD/proxyd} run_single "vtc/$(basename "$1")" "$TIMEOUT" \
		$prefix varnishtest -t $((TIMEOUT / 2)) "$1"
}

run_golden() {
	run_single "golden/$(basename "$(dirname "$1")")/$(basename "$1")" "$TIMEOUT" \
		tests/lib/golden.sh "$1"
}
run_docs() { # is the keyword reference in the tree that of the tables?
	run_single docs/keywords 60 "$1" check "$BUILD"
}
run_completion() {
	run_single docs/completion 60 bash "$1"
}
run_netns() {
	run_single "netns/$(basename "$1")" 300 bash "$1"
}
run_browser() {
	run_single "browser/$(basename "$1")" 120 bash "$1"
}
export -f run_browser say now_ms run_unit run_single run_vtc run_golden run_docs run_completion run_netns

each() { # jobs function files...
	local jobs=$1 fn=$2
	shift 2
	[ $# -gt 0 ] || return 0
	printf '%s\n' "$@" | { [ -n "$ONLY" ] && grep -E -- "$ONLY" || [ -z "$ONLY" ] && cat; } |
		xargs -r -P "$jobs" -I{} bash -c "$fn {}"
}

shopt -s nullglob
for suite in "$@"; do
	case $suite in
	unit)
		units=(tests/unit/*/test_*.c)
		units=("${units[@]%.c}")
		each "$JOBS" run_unit "${units[@]/#tests/$BUILD/tests}"
		;;
	docs)
		each 1 run_docs deploy/docs.sh
		each 1 run_completion tests/lib/completion.sh
		;;
	golden) each "$JOBS" run_golden tests/golden/*/*.cfg tests/golden/*/*.conf ;;
	browser) each 1 run_browser tests/browser/*.sh ;;
	vtc) each "$JOBS" run_vtc tests/vtc/*.vtc ;;
	netns)
		for lab in tests/netns/*.sh; do # one at a time: they measure milliseconds
			[ "$lab" = tests/netns/lib.sh ] || each 1 run_netns "$lab"
		done
		;;
	*) echo "run.sh: unknown suite '$suite'" >&2 && exit 1 ;;
	esac
done

# What root built in a user's clone stays the user's.
[ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$BUILD" 2>/dev/null

cat "$results"/*.sum 2>/dev/null | awk '
	{ p += $1; f += $2; s += $3 }
	END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 || p == 0 }'
