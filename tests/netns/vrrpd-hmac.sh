#!/bin/bash
# auth_hmac between two vrrpd: they elect; the guardian's goodbye is signed, too; keys are changed by
# reloads without a transition; a node with another key is not obeyed.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
VRRPD=$PWD/${BUILD:-build}/vrrpd
lab_require socat
lab_begin a b
OLD='key 1 "an-old-key-of-at-least-32-bytes-00"'
NEW='key 2 hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'

conf() { # NODE PRIORITY CAST LINE...
	local n=$1 priority=$2 other=b uni=''
	[ "$n" = a ] || other=a
	[ "$3" = unicast ] && uni="unicast_src_ip ${LAB_ADDRESS[$n]}
	unicast_peer { ${LAB_ADDRESS[$other]} }"
	shift 3
	{
		printf 'global_defs {\n\tvrrp_version 3\n}\nvrrp_instance VI_1 {\n\tinterface eth0\n'
		printf '\tvirtual_router_id 51\n\tpriority %s\n\tadvert_int 1\n\t%s\n' "$priority" "$uni"
		printf '\tvirtual_ipaddress {\n\t\t%s/24\n\t}\n\tauth_hmac {\n' $VIP
		printf '\t\t%s\n' "$@"
		printf '\t}\n}\n'
	} >"$LAB_DIR/$n/run/vrrp.conf"
}
start() {
	spawn "$1" "$1" "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid
}
ask() { # NODE COMMAND
	echo "$2" | in_ns "$1" socat -t 2 - UNIX-CONNECT:/run/tandem/vrrpd.sock
}
stop() {
	kill -TERM "${PID[$1]}"
	wait_until 5 eval "! kill -0 ${PID[$1]} 2>/dev/null" || lab_fail "$1 did not stop"
}
has_line() {
	ask "$1" "show vrrp" | grep -q "$2"
}

for cast in multicast unicast; do
	conf a 150 $cast "$OLD"
	conf b 100 $cast "$OLD"
	start a
	start b
	wait_until 6 owns_vip a || lab_fail "$cast: a did not become master"
	wait_until 3 has_line a 'vrrpd peer: 10.77.0.2' || lab_fail "$cast: a does not know b"
	wait_until 4 eval 'ask a "show vrrp json" | grep -q "\"hears_us\": true"' || lab_fail "$cast: a refuses the reports of b"
	sleep 1.2 # an advert, so that the goodbye is signed after it
	kill -KILL "$(pid_tree "${PID[a]}" | tail -n 1)" # the worker
	wait_until 1 has_vip b || lab_fail "$cast: b did not believe the guardian's goodbye"
	echo "ok: the guardian's goodbye is signed, $cast"
	wait_until 8 owns_vip a || lab_fail "$cast: a did not come back"

	# The new key is known to both before it signs.
	before=$(ask a 'show vrrp json' | sed -n 's/.*"transitions": \([0-9]*\).*/\1/p')
	for keys in "$OLD|$NEW|active_key 1" "$OLD|$NEW|active_key 2" "$NEW"; do
		IFS='|' read -r -a lines <<<"$keys"
		for n in a b; do
			[ $n = a ] && conf a 150 $cast "${lines[@]}" || conf b 100 $cast "${lines[@]}"
			ask $n reload | grep -q Reloaded || lab_fail "$cast: $n refused the reload"
		done
		sleep 1.2
	done
	[ "$(ask a 'show vrrp json' | sed -n 's/.*"transitions": \([0-9]*\).*/\1/p')" = "$before" ] ||
		lab_fail "$cast: changing keys caused a transition"
	owns_vip a || lab_fail "$cast: not stable after changing keys ($(vip_owner))"
	echo "ok: keys change without a transition, $cast"
	stop a

	conf a 200 $cast "$OLD" # the old key is worth nothing now
	start a
	wait_until 5 has_line b 'refused (signed with an unknown key)' || lab_fail "$cast: a was believed"
	has_vip b || lab_fail "$cast: a forger took the address away"
	echo "ok: another key is not obeyed, $cast"
	stop a
	stop b
done
