#!/bin/bash
# Two owners are a state with a name: partition and heal, one-way loss, adverts that are refused, an
# address that somebody else answers for; configurations that differ; and what `vrrpd ctl` says of it.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
VRRPD=$PWD/${BUILD:-build}/vrrpd
lab_require bridge
lab_begin a b client

conf() { # NODE PRIORITY [LINE]... - of the instance
	local n=$1 priority=$2 line
	shift 2
	{
		printf 'vrrp_script chk {\n\tscript /bin/true\n\tweight -2\n}\n'
		printf 'vrrp_instance VI_1 {\n\tinterface eth0\n\tvirtual_router_id 51\n'
		printf '\tpriority %s\n\tversion 3\n\tadvert_int 0.2\n' "$priority"
		printf '\tvirtual_ipaddress {\n\t\t%s/24\n\t}\n' $VIP
		for line in "$@"; do printf '\t%s\n' "$line"; done
		printf '}\n'
	} >"$LAB_DIR/$n/run/vrrp.conf"
}
start() {
	spawn "$1" "$1" "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid
}
ctl() { # NODE WORD...
	local n=$1
	shift
	in_ns "$n" "$VRRPD" ctl -f /run/vrrp.conf "$@"
}
reload() {
	kill -HUP "$(cat "$LAB_DIR/$1/run/vrrpd.pid")"
}
says() { # NODE PATTERN WORD... - what ctl prints has the pattern
	local n=$1 pattern=$2
	shift 2
	ctl "$n" "$@" 2>&1 | grep -qE -- "$pattern"
}
exits() { # NODE STATUS WORD...
	local n=$1 want=$2
	shift 2
	ctl "$n" "$@" >/dev/null 2>&1
	[ $? -eq "$want" ]
}
must() { # SECONDS WHAT COMMAND... - true within the time
	local limit=$1 what=$2
	shift 2
	wait_until "$limit" "$@" || {
		ctl a status
		ctl b status
		lab_fail "$what"
	}
	echo "ok: $what"
}
logged() { # NODE PATTERN
	grep -qE -- "$2" "$LAB_DIR/$1.log"
}
# The bridge no longer passes adverts and hellos on to a node; frames for its own address it does.
deaf() {
	bridge -n "$LAB-lan" link set dev "to-$1" mcast_flood off || lab_fail "no bridge options here"
}
mend() {
	bridge -n "$LAB-lan" link set dev "to-$1" mcast_flood on
}

# ---- a good pair -----------------------------------------------------------------------------------
conf a 101 'track_script {' chk '}'
conf b 98
start a
start b
wait_until 5 owns_vip a || lab_fail "a is not the master at first ($(vip_owner))"
must 5 "a good pair: status 0 on both" eval 'exits a 0 status && exits b 0 status'
says a 'VI_1 .*MASTER .*101 .*good' status || lab_fail "the table of status: $(ctl a status)"
ctl a status --json | grep -q '"health": "good"' || lab_fail "status --json"
must 3 "a check that cannot move the address is warned about" \
	logged a 'check_cannot_move.*101 - 2 = 99 still beats 98'
says a '101 - 2 = 99 still beats 98: cannot move the address' explain || lab_fail "$(ctl a explain)"
exits a 1 explain || lab_fail "explain does not exit with 1"
exits b 0 explain || lab_fail "explain of b: $(ctl b explain)"
says a '^vrrpd_state\{instance="VI_1",interface="eth0",vrid="51"\} 2$' metrics || lab_fail "metrics"
says a 'BACKUP -> MASTER' history 5 || lab_fail "history: $(ctl a history)"
exits a 2 status nobody || lab_fail "an unknown instance is not an error"
in_ns client "$VRRPD" ctl -s /run/none status 2>/dev/null
[ $? -eq 2 ] || lab_fail "no daemon does not exit with 2"

# ---- a planned move --------------------------------------------------------------------------------
ctl a handover || lab_fail "handover"
wait_until 1 owns_vip b || lab_fail "handover: $(vip_owner)"
says a 'handed over by an operator' status || lab_fail "status after handover"
exits a 0 status || lab_fail "a hand-over is no defect: $(ctl a status)"
says b 'hand-over asked by the master.*outage_s=0.000' history 1 || lab_fail "$(ctl b history)"
sleep 1 # it stays there
owns_vip b || lab_fail "after the handover: $(vip_owner)"
ctl a resume >/dev/null
must 3 "resume takes part again" owns_vip a

# ---- configurations that differ --------------------------------------------------------------------
conf b 98 'down_timer_adverts 4'
reload b
must 3 "a difference is reported" says a 'down_timer_adverts differs at peer 10.77.0.2' status
exits a 1 status || lab_fail "a difference does not exit with 1"
logged a 'peer_config_differs.*down_timer_adverts: 3 here, 4 there' || lab_fail "its log line"
conf b 98
reload b
must 3 "and its end" exits a 0 status

# ---- partition and heal ----------------------------------------------------------------------------
deaf a
deaf b
must 4 "partitioned: both own the address" eval 'has_vip a && has_vip b'
must 5 "alone, status is degraded" exits a 1 status
mend a
must 2 "half healed: a hears b, and says so" says a 'MASTER\+CONFLICT' status
# not only that somebody answers for the address: ARP passed the partition
must 2 "the winner logged a conflict" logged a 'conflict instance=VI_1 cause="two masters.*peer=10.77.0.2'
mend b
must 2 "healed: one owner" owns_vip a
must 2 "and its end" logged a 'conflict_over'
mac=$(in_ns a cat /sys/class/net/eth0/address)
in_ns client ip neigh flush dev eth0
in_ns client ping -c 1 -W 1 $VIP >/dev/null || lab_fail "the address does not answer"
in_ns client ip neigh show $VIP | grep -q "$mac" || lab_fail "a third host knows another owner"
must 5 "after it: status 0" eval 'exits a 0 status && exits b 0 status'

# ---- one-way loss: b hears nothing of a, a hears b -------------------------------------------------
deaf b
must 4 "one-way loss: both own the address" eval 'has_vip a && has_vip b'
must 2 "a is in CONFLICT with b" says a 'MASTER\+CONFLICT' status
exits a 1 status || lab_fail "a conflict does not exit with 1"
must 8 "the cause is named" says a 'the peer does not hear us' status
says a '^vrrpd_conflict\{[^}]*\} 1$' metrics || lab_fail "the conflict is not in the metrics"
ctl a status --json | grep -A6 '"conflict": {' | grep -q '"peer": "10.77.0.2"' || lab_fail "its JSON"
mend b
must 2 "healed: a is the owner" owns_vip a
must 6 "and all is well" eval 'exits a 0 status && exits b 0 status'

# ---- somebody else answers for the address ---------------------------------------------------------
ip -n "$LAB-client" addr add "$VIP/24" dev eth0
other=$(in_ns client cat /sys/class/net/eth0/address)
must 12 "a duplicate address is found, with the MAC of who answers" says a "duplicate address.*$VIP at $other" status
logged a "conflict .*duplicate address.* mac=$other" || lab_fail "its log line"
ip -n "$LAB-client" addr del "$VIP/24" dev eth0
must 5 "and its end" exits a 0 status

# ---- adverts that are refused: another version -----------------------------------------------------
conf b 98 'version 2' 'advert_int 1'
reload b
must 6 "versions differ: a says who is refused" says a 'VI_1: 10.77.0.2 \(priority 98, version 2\)' status
must 6 "two masters who refuse each other: conflict" says a "the peer's adverts are refused" status
conf b 98
reload b
must 16 "and all is well again" eval 'exits a 0 status && exits b 0 status'

kill -TERM "${PID[b]}"
must 6 "without its peer: degraded" says a 'no peer is heard any more' status
exits a 1 status || lab_fail "alone does not exit with 1"
! grep -E 'Sanitizer|runtime error|assert' "$LAB_DIR"/*.log || lab_fail "a daemon complains"
