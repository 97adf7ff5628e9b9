#!/bin/bash
# corpus.sh DIR - try every configuration file under DIR: *.cfg with proxyd -c, *.conf with vrrpd -t.
#
# Prints for each daemon how many files pass, how many would pass where their host names, users,
# error pages and environment variables exist, how many have words that HAProxy or keepalived do not know either,
# and the words that are known but not supported yet, by the number of files they keep out.
# Nothing in DIR is written.
# Environment: BUILD, LIST=1 (name each file and its verdict). Exit 1 when a daemon crashed.
set -u
dir=${1:?usage: corpus.sh DIR}
build=${BUILD:-build}
work=$(mktemp -d "${TMPDIR:-/tmp}/tandem-corpus.XXXXXX")
trap 'rm -rf "$work"' EXIT
rc=0

# What depends on the machine, not on the text.
environment="cannot be resolved|there is no (user|group) '|cannot be read: No such file|does not exist|port is missing after"
missing="not supported yet"

try() { # suffix command...
	local suffix=$1 file status n=0 pass=0 env=0 unsup=0 bad=0 crash=0 verdict
	shift
	: >"$work/missing"
	while IFS= read -r -d '' file; do
		n=$((n + 1))
		timeout 60 "$@" "$file" >"$work/out" 2>&1
		status=$?
		grep -E '^[^ ]*: error: |^error: ' "$work/out" >"$work/errors"
		if [ $status -eq 0 ]; then
			verdict=pass pass=$((pass + 1))
		elif [ $status -ge 124 ]; then
			verdict=CRASH crash=$((crash + 1)) rc=1
		elif ! [ -s "$work/errors" ]; then
			verdict=refused bad=$((bad + 1))
		elif ! grep -qvE "$environment" "$work/errors"; then
			verdict=environment env=$((env + 1))
		elif grep -E "$missing" "$work/errors" |
			sed -E "s/^[^ ]*: error: //; s/ (is|are) known to .*//" |
			sort -u >>"$work/missing" &&
			! grep -vE "$environment|$missing" "$work/errors" | grep -q .; then
			verdict=unsupported unsup=$((unsup + 1))
		else
			verdict=refused bad=$((bad + 1))
		fi
		[ -z "${LIST:-}" ] || printf '%-12s %s\n' "$verdict" "$file"
	done < <(find "$dir" -type f -name "*$suffix" -print0 | sort -z)
	[ $n -gt 0 ] || return 0
	printf '%s: %d files: %d pass, %d need names or files of their site, %d use what is not supported yet, %d refused otherwise, %d crashed\n' \
		"$1" $n $pass $env $unsup $bad $crash
	sort "$work/missing" | uniq -c | sort -k1,1nr -k2 | head -n "${TOP_WORDS:-40}"
}

try .cfg "$build/proxyd" -c -f
try .conf "$build/vrrpd" -t -f
exit $rc
