#!/bin/bash
# A reload of vrrpd causes no transition: addresses come and go as the file says, a bad file changes
# nothing. An interface that disappears and returns is found again. Scripts move the priority.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
VRRPD=$PWD/${BUILD:-build}/vrrpd
lab_require socat
lab_begin a b
CONF=$LAB_DIR/a/run/vrrp.conf

conf() { # NODE PRIORITY ADDRESS...
	local n=$1 priority=$2
	shift 2
	cat >"$LAB_DIR/$n/run/vrrp.conf" <<EOF
global_defs {
	script_user root
}
vrrp_script flag {
	script "/usr/bin/test ! -e /run/flag"
	interval 0.1
	weight -80
}
vrrp_instance VI_1 {
	interface eth0
	virtual_router_id 51
	priority $priority
	version 3
	advert_int 0.2
	notify /run/notify.sh
	virtual_ipaddress {
		$(printf '%s\n' "$@")
	}
	track_script {
		flag
	}
}
EOF
}
ctl() {
	echo "$2" | in_ns "$1" socat -t 2 - unix-connect:/run/tandem/vrrpd.sock
}
transitions() { ctl a 'show history' | grep -c ' -> '; }
shows() { ctl a 'show vrrp' | grep -q "$1"; }

for n in a b; do
	printf '#!/bin/sh\necho "$*" >>/run/notified\n' >"$LAB_DIR/$n/run/notify.sh"
	chmod +x "$LAB_DIR/$n/run/notify.sh"
done
conf a 150 10.77.0.100/24 10.77.0.101/24
conf b 100 10.77.0.100/24 10.77.0.101/24
spawn a a "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid
spawn b b "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid
wait_until 5 owns_vip a || lab_fail "a is not master ($(vip_owner))"
before=$(transitions)

# Addresses are compared: one goes, one comes, one stays. b must agree on the list.
for n in b a; do
	conf $n "$([ $n = a ] && echo 150 || echo 100)" 10.77.0.100/24 10.77.0.102/24
	kill -HUP "${PID[$n]}"
done
wait_until 2 has_vip a 10.77.0.102 || lab_fail "the new address did not come"
wait_until 2 eval '! has_vip a 10.77.0.101' || lab_fail "the old address did not go"
owns_vip a || lab_fail "the address that stays moved ($(vip_owner))"
[ "$(transitions)" -eq "$before" ] || lab_fail "a reload caused a transition"
echo "ok: reload compares addresses, no transition"

# A bad file: every error is logged, nothing changes.
printf '\nvrrp_instance VI_2 {\n\tpriorty 300\n\tvirtual_router_id 0\n}\n' >>"$CONF"
kill -HUP "${PID[a]}"
wait_until 2 grep -q reload_refused "$LAB_DIR/a.log" || lab_fail "a bad file was not refused"
grep -q priorty "$LAB_DIR/a.log" || lab_fail "the log does not name the bad word"
owns_vip a || lab_fail "a bad file moved the address"
ctl a reload | grep -q '^Reload refused' || lab_fail "the control socket accepts a bad file"
[ "$(transitions)" -eq "$before" ] || lab_fail "a bad file caused a transition"
echo "ok: a bad file is refused and changes nothing"

# The priority follows a reload: b becomes the better one, and a makes before it breaks.
conf a 50 10.77.0.100/24 10.77.0.102/24
kill -HUP "${PID[a]}"
wait_until 3 owns_vip b || lab_fail "b did not take over from a lower priority ($(vip_owner))"
conf a 150 10.77.0.100/24 10.77.0.102/24
kill -HUP "${PID[a]}"
wait_until 3 owns_vip a || lab_fail "a did not come back ($(vip_owner))"
echo "ok: a reload of the priority moves the address"

# A script without weight of fault: 150 - 80 < 100.
: >"$LAB_DIR/a/run/flag"
wait_until 3 owns_vip b || lab_fail "a failing script did not move the address"
shows 'track script flag: down' || lab_fail "show vrrp does not tell about the script"
shows 'priority: 70 ' || lab_fail "show vrrp does not show the effective priority"
rm "$LAB_DIR/a/run/flag"
wait_until 3 owns_vip a || lab_fail "a recovered script did not bring it back"
echo "ok: a script moves the address"

# The interface goes and comes back as another one.
ip -n "$LAB-a" link del eth0
wait_until 3 eval 'has_vip b' || lab_fail "b did not follow a lost interface"
wait_until 2 shows 'instance VI_1: FAULT' || lab_fail "a is not in FAULT"
ip -n "$LAB-a" link add eth0 type veth peer name to-a netns "$LAB-lan"
ip -n "$LAB-lan" link set to-a master br0 up
ip -n "$LAB-a" addr add 10.77.0.1/24 dev eth0
ip -n "$LAB-a" link set eth0 up
wait_until 4 owns_vip a || lab_fail "a did not find its interface again ($(vip_owner))"
echo "ok: an interface that was made anew"

# Cable out and in, as the kernel tells it.
ip -n "$LAB-a" link set eth0 down
wait_until 3 owns_vip b || lab_fail "interface down: $(vip_owner)"
ip -n "$LAB-a" link set eth0 up
wait_until 4 owns_vip a || lab_fail "interface up: $(vip_owner)"
echo "ok: interface down and up"

# The notify programs ran in order, one at a time, with keepalived's words.
ctl a 'show history' | sed -n 's/.* -> \([A-Z]*\) .*/\1/p' >"$LAB_DIR/states"
wait_until 2 eval '[ "$(wc -l <"$LAB_DIR/a/run/notified")" -ge "$(wc -l <"$LAB_DIR/states")" ]' ||
	lab_fail "a notify program is missing"
sed 's/INSTANCE VI_1 \([A-Z]*\) [0-9]*$/\1/' "$LAB_DIR/a/run/notified" | diff - "$LAB_DIR/states" ||
	lab_fail "notify programs and history differ"
head -n 1 "$LAB_DIR/a/run/notified" | grep -qx 'INSTANCE VI_1 BACKUP 150' ||
	lab_fail "notify: $(head -n 1 "$LAB_DIR/a/run/notified")"
echo "ok: notify programs"
ctl a 'show vrrp json' | tr -d ' \n' | grep -q '"state":"MASTER"' || lab_fail "no JSON"
ctl a 'show history json' | tr -d ' \n' | grep -q '"cause":"fault","detail":"interface' ||
	lab_fail "the history does not tell the fault's cause"

kill -TERM "${PID[a]}" "${PID[b]}"
wait_until 3 no_vip || lab_fail "an address was left behind"
wait_until 2 grep -q 'STOP 150' "$LAB_DIR/a/run/notified" || lab_fail "no notify at the stop"
! grep -E 'Sanitizer|runtime error|assert' "$LAB_DIR"/*.log || lab_fail "a daemon complains"
