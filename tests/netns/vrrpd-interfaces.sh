#!/bin/bash
# Interfaces that come late, go and return, and those of single addresses and routes: vrrpd and
# keepalived pass through the same states. And the rest of what an instance does with its wire.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
VRRPD=$PWD/${BUILD:-build}/vrrpd
lab_require keepalived tcpdump
lab_begin a b
ip -n "$LAB-lan" link set to-b nomaster # each is alone
for n in a b; do
	ip -n "$LAB-$n" link add eth1 type veth peer name p1
	ip -n "$LAB-$n" link set eth1 up
	ip -n "$LAB-$n" link set p1 up
	cat >"$LAB_DIR/$n/run/vrrp.conf" <<EOF
global_defs {
	vrrp_version 3
	dynamic_interfaces
}
vrrp_instance V {
	interface eth0
	virtual_router_id 5
	advert_int 0.1
	virtual_ipaddress {
		$VIP/24
		10.99.0.1/24 dev eth1
	}
}
vrrp_instance R {
	interface eth0
	virtual_router_id 6
	advert_int 0.1
	virtual_ipaddress {
		10.77.0.101/24
	}
	virtual_routes {
		192.168.7.0/24 dev eth1
	}
}
vrrp_instance N {
	interface eth0
	virtual_router_id 7
	advert_int 0.1
	virtual_ipaddress {
		10.77.0.102/24
		10.99.0.2/24 dev eth1 no_track
	}
	virtual_routes {
		192.168.8.0/24 dev eth1 no_track
	}
}
vrrp_instance W {
	interface eth5
	virtual_router_id 8
	advert_int 0.1
	virtual_ipaddress {
		10.77.5.9/24
	}
}
EOF
done
spawn a a "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid
spawn b b keepalived -n -l -P -f /run/vrrp.conf -p /run/ka.pid -r /run/kav.pid

# The states of an instance so far, without the one it began with.
states() { # NODE INSTANCE
	sed -n "s/.*($2) Entering \([A-Z]*\) STATE.*/\1/p" "$LAB_DIR/$1.log" | tr '\n' ' '
}
# Both have gone through exactly these.
both() { # INSTANCE STATES
	local n
	for n in a b; do
		wait_until 6 eval "[ \"\$(states $n $1)\" = '$2 ' ]" ||
			lab_fail "$1 on $n: $(states $n "$1"), not $2"
	done
}
add_eth5() {
	local n
	for n in a b; do
		ip -n "$LAB-$n" link add eth5 type veth peer name p5
		ip -n "$LAB-$n" link set p5 up
		ip -n "$LAB-$n" link set eth5 up
		ip -n "$LAB-$n" addr add 10.77.5.1/24 dev eth5
	done
}
w_states() { # keepalived does not log the state that W begins with
	local n
	for n in a b; do
		wait_until 6 eval "[ \"\$(states $n W | sed 's/^FAULT //')\" = '$1 ' ]" ||
			lab_fail "W on $n: $(states $n W), not $1"
	done
}

for i in V R N; do
	both $i "BACKUP MASTER"
done
for n in a b; do
	ip -n "$LAB-$n" link set p1 down
done
both V "BACKUP MASTER FAULT"
both R "BACKUP MASTER FAULT"
for n in a b; do
	ip -n "$LAB-$n" link set p1 up
done
both V "BACKUP MASTER FAULT BACKUP MASTER"
both R "BACKUP MASTER FAULT BACKUP MASTER"
both N "BACKUP MASTER"
echo "ok: an interface of an address or a route is tracked, unless no_track says otherwise"

add_eth5
w_states "BACKUP MASTER"
for n in a b; do
	ip -n "$LAB-$n" link del eth5
done
w_states "BACKUP MASTER FAULT"
add_eth5
w_states "BACKUP MASTER FAULT BACKUP MASTER"
ip -n "$LAB-a" -o addr show dev eth5 | grep -q 10.77.5.9 || lab_fail "no address on the new interface"
echo "ok: dynamic_interfaces: late, gone, back"
for n in a b; do
	kill -TERM "${PID[$n]}"
	wait_until 5 eval "! kill -0 ${PID[$n]} 2>/dev/null" || lab_fail "$n did not stop"
done

# mcast_dst_ip, lower_prio_no_advert and garp_extra_if, each with keepalived beside.
ip -n "$LAB-lan" link set to-b master br0
pair() { # NAME PRIORITY_A MORE
	local n priority=$2
	for n in a b; do
		cat >"$LAB_DIR/$n/run/vrrp.conf" <<EOF
vrrp_instance V {
	interface eth0
	virtual_router_id 5
	version 3
	priority $priority
	advert_int 0.2
	$3
	virtual_ipaddress {
		$VIP/24
	}
}
EOF
		priority=100
		: >"$LAB_DIR/$n.log"
	done
	spawn a a "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid
	spawn b b keepalived -n -l -P -f /run/vrrp.conf -p /run/ka.pid -r /run/kav.pid
	if [ "$2" -gt 100 ]; then
		wait_until 5 owns_vip a || lab_fail "$1: a is not the master ($(vip_owner))"
	else
		wait_until 5 owns_vip b || lab_fail "$1: b is not the master ($(vip_owner))"
	fi
	sleep 0.5
	[ "$(vip_owner)" = "$([ "$2" -gt 100 ] && echo a || echo b)" ] || lab_fail "$1: not stable"
	kill -TERM "${PID[a]}" "${PID[b]}"
	wait_until 5 eval "! kill -0 ${PID[a]} 2>/dev/null && ! kill -0 ${PID[b]} 2>/dev/null" ||
		lab_fail "$1: no stop"
	echo "ok: $1, priority $2"
}
pair mcast_dst_ip 150 'mcast_dst_ip 224.0.0.99'
pair mcast_dst_ip 50 'mcast_dst_ip 224.0.0.99'
pair lower_prio_no_advert 150 'lower_prio_no_advert'
pair 'strict_mode' 150 'strict_mode'
pair 'strict_mode' 50 'strict_mode'
