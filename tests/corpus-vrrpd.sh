#!/bin/bash
# corpus-vrrpd.sh DIR - how many configuration files of DIR that keepalived accepts vrrpd accepts, too.
#
# Both only read the files (-t). keepalived runs in a network namespace that holds the interfaces
# which the file names, so that it complains about the file and not about this machine; without
# root or keepalived only vrrpd's verdicts are counted. Exit 1 when a file that keepalived accepts is
# refused for a reason that is not documented.
set -u
dir=${1:?usage: corpus-vrrpd.sh DIR}
vrrpd=${VRRPD:-${BUILD:-build}/vrrpd}
[ -x "$vrrpd" ] || { echo "corpus-vrrpd.sh: $vrrpd is missing; run make" >&2 && exit 2; }
ns=vrrpd-corpus-$$
work=$(mktemp -d)
trap 'ip netns del "$ns" 2>/dev/null; rm -rf "$work"' EXIT
has_keepalived=false
if command -v keepalived >/dev/null && ip netns add "$ns" 2>/dev/null; then
	has_keepalived=true
fi

# The interfaces that a file names, one end of a veth each.
make_interfaces() {
	local name n=0
	ip netns del "$ns"
	ip netns add "$ns"
	grep -hoE '^[[:space:]]*(interface|lvs_sync_daemon_interface)[[:space:]]+[^[:space:]#!]+|dev[[:space:]]+[^[:space:]#!]+' "$1" |
		awk '{ print $NF }' | sort -u | while read -r name; do
		n=$((n + 1))
		ip -n "$ns" link add "$name" type veth peer name "peer$n" 2>/dev/null &&
			ip -n "$ns" link set "$name" up
	done
}

# 0: accepted, perhaps without scripts that are absent here; 1: complaints; 2: refused.
ask_keepalived() {
	local rc
	make_interfaces "$1"
	ip netns exec "$ns" keepalived -t -f "$1" >"$work/k" 2>&1
	rc=$?
	case $rc in
	0 | 4 | 6) return 0 ;;
	esac
	grep -vE '^$|SECURITY VIOLATION|not found/accessible|find script|Truncating|script user|cannot be accessed|Unable to|No such file' \
		"$work/k" >"$work/rest"
	[ $rc -eq 5 ] && [ ! -s "$work/rest" ] && return 0
	[ $rc -eq 5 ] && return 1
	return 2
}

# Why a file that keepalived accepts may be refused: vrrpd(8), "What is refused of keepalived's language".
documented="belongs to keepalived's load balancer|there is no SNMP|there is no D-Bus|auth_type AH"
documented+="|'(bfd_instance|track_bfd|use_ipvlan|vrf|track_group|garp_group|interface_up_down_delays|net_namespace"
documented+="|instance|startup_script|shutdown_script|startup_script_timeout|shutdown_script_timeout"
documented+="|reload_time_file|old_unicast_checksum)' is known to keepalived"
undocumented=
declare -A n=([ok_ok]=0 [ok_no]=0 [warn_ok]=0 [warn_no]=0 [bad_ok]=0 [bad_no]=0)
for f in "$dir"/*.conf; do
	ours=ok theirs=ok
	"$vrrpd" -t -f "$f" >"$work/v" 2>&1 || ours=no
	if $has_keepalived; then
		ask_keepalived "$f"
		case $? in
		1) theirs=warn ;;
		2) theirs=bad ;;
		esac
	fi
	n[${theirs}_$ours]=$((n[${theirs}_$ours] + 1))
	if [ $ours = no ]; then
		if [ $theirs = ok ]; then
			echo "${f##*/}: $(grep -m1 'error: ' "$work/v" | sed 's/.*error: //')"
			grep 'error: ' "$work/v" | grep -vqE "$documented" && undocumented+=" ${f##*/}"
		fi
		grep 'error: ' "$work/v" | sed 's/.*error: //' >>"$work/why"
	fi
done
$has_keepalived || echo "(keepalived was not asked)"
printf '%-34s %8s %8s\n' keepalived 'vrrpd ok' refused
printf '%-34s %8d %8d\n' 'accepts' "${n[ok_ok]}" "${n[ok_no]}" \
	'complains, would run' "${n[warn_ok]}" "${n[warn_no]}" 'refuses' "${n[bad_ok]}" "${n[bad_no]}"
echo "reasons of vrrpd:"
sort "$work/why" 2>/dev/null | uniq -c | sort -rn | head -n 40
[ -z "$undocumented" ] || {
	echo "refused without a documented reason:$undocumented"
	exit 1
}
