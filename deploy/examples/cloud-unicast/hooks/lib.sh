# shellcheck shell=sh
# lib.sh - what the claim hooks share; sourced. A hook: NAME.sh [-n] VIP ARGUMENT...
#
# It is called as notify_master, by vrrpd: one program of an instance at a time, in order, killed after
# 30 s. It tries three times, 8 s each, and stops as soon as this node does not hold VIP any more:
# the last state wins. Exit 0: claimed, or not ours any more; 1: given up; 2: wrong arguments.
# -n prints the commands and runs none. Every call may be repeated.
set -eu
TRY_S=${TRY_S:-8} PAUSE_S=${PAUSE_S:-1}
DRY=
if [ "${1:-}" = -n ]; then
	DRY=1
	shift
fi

usage() {
	echo "usage: $0 [-n] $1" >&2
	exit 2
}
tell() { # PRIORITY TEXT
	logger -t tandem-claim -p "daemon.$1" -- "$2" 2>/dev/null || :
	echo "$2" >&2
}
holds() { # ADDRESS
	[ -n "$DRY" ] || ip -o addr show to "$1" | grep -q .
}
call() {
	if [ -n "$DRY" ]; then
		echo "$*"
	else
		timeout -k 1 "$TRY_S" "$@" </dev/null
	fi
}
# claim ADDRESS COMMAND... - until it succeeds, or the address is not ours any more.
claim() {
	vip=$1 n=1 pause=$PAUSE_S
	shift
	while holds "$vip"; do
		if call "$@"; then
			[ -n "$DRY" ] || tell notice "claimed $vip, attempt $n"
			return 0
		fi
		if [ "$n" -ge 3 ]; then
			tell err "cannot claim $vip: given up after $n attempts: $*"
			exit 1
		fi
		sleep "$pause"
		n=$((n + 1)) pause=$((pause * 2))
	done
	tell notice "$vip is not ours any more: no claim"
}
