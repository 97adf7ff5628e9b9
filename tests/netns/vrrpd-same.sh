#!/bin/bash
# vrrpd and keepalived do the same with the same file: addresses, routes and rules of the kernel while
# master, and nothing of them afterwards.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
VRRPD=$PWD/${BUILD:-build}/vrrpd
lab_require keepalived
lab_begin a b
# The addresses do not differ between the two nodes. keepalived 2.2 leaves addresses with a peer.
fresh() { # NODE
	ip -n "$LAB-$1" addr flush dev eth0 scope global
	ip -n "$LAB-$1" addr add 10.77.0.1/24 dev eth0
	ip -n "$LAB-$1" addr add 2001:db8:77::1/64 dev eth0 nodad
}
for n in a b; do
	# A second interface.
	ip -n "$LAB-$n" link add eth1 type veth peer name eth2
	ip -n "$LAB-$n" link set eth1 up
	ip -n "$LAB-$n" link set eth2 up
	fresh "$n"
done
ip -n "$LAB-lan" link set to-b nomaster # each is alone

# What the kernel holds, without what time or chance decides (lifetimes, hardware addresses), and
# without the order in which it tells.
snapshot() { # NODE
	ip -n "$LAB-$1" -o addr show | grep -v 'fe80::.*proto kernel' |
		sed -E 's/^[0-9]+: //; s/\\.*//; s/ dynamic//; s/ +$//; s/fe80::[0-9a-f:]*ff:fe[0-9a-f:]*/LL/' |
		sort
	ip -n "$LAB-$1" route show table all type unicast | grep -vE 'expires -' |
		sed -E 's/ expires [0-9]+sec//; s/ *$//; s/fe80::[0-9a-f:]*ff:fe[0-9a-f:]*/LL/' |
		grep -v '^ff00' | sort
	for t in blackhole unreachable prohibit throw; do
		ip -n "$LAB-$1" route show table all type $t | sed 's/ *$//' | sort
	done
	ip -n "$LAB-$1" rule show | sed 's/ *$//'
	ip -n "$LAB-$1" -6 rule show | sed 's/ *$//'
}

is_master() { # NODE
	grep -q 'Entering MASTER STATE' "$LAB_DIR/$1.log" && has_vip "$1"
}

is_clean() {
	snapshot a >"$LAB_DIR/after.a"
	cmp -s "$LAB_DIR/before.a" "$LAB_DIR/after.a"
}

# same NAME: the configuration is in $LAB_DIR/conf
same() {
	local n
	for n in a b; do
		cp "$LAB_DIR/conf" "$LAB_DIR/$n/run/vrrp.conf"
		: >"$LAB_DIR/$n.log"
	done
	snapshot a >"$LAB_DIR/before.a"
	snapshot b >"$LAB_DIR/before.b"
	diff "$LAB_DIR/before.a" "$LAB_DIR/before.b" || lab_fail "$1: the nodes differ before"
	spawn a a "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid
	spawn b b keepalived -n -l -P -D -f /run/vrrp.conf -p /run/ka.pid -r /run/kav.pid
	wait_until 8 is_master a || lab_fail "$1: vrrpd did not become master"
	wait_until 8 is_master b || lab_fail "$1: keepalived did not become master"
	sleep 0.3 # keepalived adds routes and rules after the addresses
	snapshot a >"$LAB_DIR/now.a"
	snapshot b >"$LAB_DIR/now.b"
	diff "$LAB_DIR/now.a" "$LAB_DIR/now.b" || lab_fail "$1: they differ while master (< vrrpd, > keepalived)"
	cmp -s "$LAB_DIR/before.a" "$LAB_DIR/now.a" && lab_fail "$1: nothing changed"
	for n in a b; do
		kill -TERM "${PID[$n]}"
		wait_until 5 eval "! kill -0 ${PID[$n]} 2>/dev/null" || lab_fail "$1: $n did not stop"
	done
	# The kernel lets the route of an IPv6 prefix expire, which takes as long as the address
	# had left (and collects it later).
	wait_until 3 is_clean || diff "$LAB_DIR/before.a" "$LAB_DIR/after.a" || lab_fail "$1: vrrpd left something behind"
	fresh a
	fresh b
	echo "ok: $1"
}

conf() { # MORE, for the instance
	cat >"$LAB_DIR/conf" <<EOF
vrrp_instance VI_1 {
	state BACKUP
	interface eth0
	virtual_router_id 51
	priority 100
	version 3
	advert_int 0.1
	virtual_ipaddress {
		$VIP/24
	}
	$1
}
EOF
}

conf 'virtual_ipaddress_excluded {
	2001:db8::77
	2001:db8::78/128 preferred_lft forever
	2001:db8::79/64 home noprefixroute
	2001:db8::7a/64 noprefixroute no_track
	10.77.0.104 peer 10.88.0.1
	10.77.0.105/24 dev eth1 noprefixroute brd +
	10.77.0.106/24 brd 10.77.0.200 label eth0:6
	10.78.0.107/24 scope link
	169.254.9.9/16
	fe80::55/64 dev eth1
}'
same addresses

conf 'virtual_routes {
	src 10.77.0.100 to 192.168.109.0/24 via 10.77.0.254 dev eth0
	192.168.110.0/24 via 10.77.0.254
	192.168.111.0/24 dev eth1 no_track
	192.168.112.0/24 gw 10.77.0.254 dev eth0 metric 20
	blackhole 192.168.114.0/24
	unreachable 192.168.115.0/24 table 77 metric 5
	prohibit 192.168.120.0/24
	default via 10.77.0.254 table 100
	0.0.0.0/0 gw 10.77.0.253 table 102
	192.168.116.0/24 table 101 nexthop via 10.77.0.253 dev eth0 onlink weight 1 nexthop via 10.77.0.252 dev eth0 weight 3
	192.168.117.0/24 via 10.77.0.251 dev eth0 mtu lock 1400 advmss 1200 protocol static no_track tos 0x04
	192.168.121.0/24 via 10.77.0.251 dev eth0 protocol bird
	192.168.118.0/24 via 172.20.0.1 dev eth0 onlink
	192.168.119.0/24 dev eth1 scope link initcwnd 20 initrwnd 20 window 10000 rto_min 200 quickack 1
	2001:db8:5::/64 via fe80::1 dev eth0 metric 7
	2001:db8:6::/64 via 2001:db8:77::2
	2001:db8:7::1 dev eth1 table 7000
}'
same routes

conf 'virtual_rules {
	from 192.168.2.0/24 table 1
	to 192.168.2.0/24 table 1 no_track
	from 192.168.28.0/24 to 192.168.29.0/26 table 7 iif eth1 oif eth0 tos 16 fwmark 24/12 preference 39
	fwmark 0x10 lookup main priority 500
	blackhole from 10.9.9.9
	unreachable from 10.9.9.8 preference 41
	prohibit to 10.9.9.7 preference 42
	to 2001:db8:9::/64 table 56 ipproto udp dport 10-20
	from 2001:db8:a::/64 table 57
	from 10.9.9.6 table 58 uidrange 1000-2000 preference 43
	not from 10.9.9.5 table 59 preference 44
	from 10.9.9.4 table 60 suppress_prefixlength 0 preference 45
	from 1.2.3.4 goto 500 preference 46
}'
same rules

conf ''
cat >>"$LAB_DIR/conf" <<'EOF'
global_defs {
	default_interface eth1
}
static_ipaddress {
	10.55.0.1/24
	10.55.0.2/24 dev eth0 scope link
}
static_routes {
	172.30.0.0/16 dev eth0
	172.31.0.0/16 via 10.55.0.9 table 9
}
static_rules {
	from 172.30.0.1 table 9 preference 77
}
EOF
same statics
