#!/bin/bash
# Virtual MACs: vrrpd and keepalived with use_vmac elect with each other, the hardware address stays the
# same over a failover, nothing speaks from it in BACKUP, and no interface of ours outlives us.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
VRRPD=$PWD/${BUILD:-build}/vrrpd
lab_require keepalived ping tcpdump
lab_begin a b client
ip netns exec "$LAB-a" ip link add probe link eth0 type macvlan mode private 2>/dev/null || {
	echo "no macvlan here"
	exit 77
}
ip -n "$LAB-a" link del probe
VIP6=2001:db8:77::100

conf() { # NODE PRIORITY WORDS FAMILY
	local vips="$VIP/24"
	[ "$4" = 6 ] && vips="fe80::100/64
	$VIP6/64"
	cat >"$LAB_DIR/$1/run/vrrp.conf" <<EOF
vrrp_instance VI_1 {
	interface eth0
	virtual_router_id 51
	priority $2
	version 3
	advert_int 0.2
	$3
	virtual_ipaddress {
		$vips
	}
}
EOF
}
start() { # NODE PROGRAM
	if [ "$2" = vrrpd ]; then
		spawn "$1" "$1" "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid
	else
		spawn "$1" "$1" keepalived -n -l -P -f /run/vrrp.conf -p /run/ka.pid -r /run/kav.pid
	fi
}
stop() { # NODE
	kill -TERM "${PID[$1]}"
	wait_until 5 eval "! kill -0 ${PID[$1]} 2>/dev/null" || lab_fail "$1 did not stop"
}
holds() { # NODE ADDRESS
	ip -n "$LAB-$1" -o addr show | grep -q " $2/"
}
only() { # NODE ADDRESS
	local other=b
	[ "$1" = a ] || other=a
	holds "$1" "$2" && ! holds "$other" "$2"
}
vmacs() { ip -n "$LAB-$1" -o link show type macvlan | sed 's/^[0-9]*: //; s/@.*//'; }
client_mac() { ip -n "$LAB-client" neigh show "$1" | sed -n 's/.*lladdr \([^ ]*\).*/\1/p'; }
guardian() { cat "$LAB_DIR/a/run/vrrpd.pid"; }
worker() { pid_tree "$(guardian)" | sed -n 2p; }
answers() { ip netns exec "$LAB-client" ping -c 1 -W 1 -q "$1" >/dev/null; }

ip -n "$LAB-client" addr add 2001:db8:77::50/64 dev eth0 nodad

# keepalived 2.2 lets the base ask for the client in the address'''s name, which teaches the wrong MAC.
sees() { # PROGRAM ADDRESS MAC
	[ "$1" = keepalived ] || [ "$(client_mac "$2")" = "$3" ]
}

# pair A B WORDS FAMILY: A is master on a, B takes over and gives back.
pair() {
	local vip=$VIP mac=00:00:5e:00:01:33
	[ "$4" = 6 ] && vip=$VIP6 mac=00:00:5e:00:02:33
	conf a 150 "$3" "$4"
	conf b 100 "$3" "$4"
	ip -n "$LAB-client" neigh flush dev eth0
	start a "$1"
	start b "$2"
	wait_until 5 only a "$vip" || lab_fail "$*: a did not become the only master"
	wait_until 3 answers "$vip" || lab_fail "$*: a does not answer"
	sees "$1" "$vip" $mac || lab_fail "$*: the client sees $(client_mac "$vip")"
	sleep 0.5
	only a "$vip" || lab_fail "$*: not stable"
	stop a
	wait_until 2 only b "$vip" || lab_fail "$*: b did not take over"
	[ -z "$(vmacs a)" ] || lab_fail "$*: a left $(vmacs a)"
	wait_until 3 answers "$vip" || lab_fail "$*: b does not answer"
	sees "$2" "$vip" $mac || lab_fail "$*: then the client sees $(client_mac "$vip")"
	start a "$1"
	wait_until 5 only a "$vip" || lab_fail "$*: a did not come back"
	wait_until 3 answers "$vip" || lab_fail "$*: a does not answer again"
	stop b
	stop a
	[ -z "$(vmacs a)$(vmacs b)" ] || lab_fail "$*: left behind: $(vmacs a) $(vmacs b)"
	echo "ok: $1 with $2, ${3//$'\n'/, }, IPv$4"
}
pair vrrpd keepalived use_vmac 4
pair keepalived vrrpd use_vmac 4
pair vrrpd vrrpd use_vmac 4
pair vrrpd keepalived $'use_vmac\nvmac_xmit_base' 4
pair keepalived vrrpd $'use_vmac\nvmac_xmit_base' 4
pair vrrpd keepalived 'use_vmac vmac6' 6
pair keepalived vrrpd 'use_vmac vmac6' 6

# What both make of one file: interfaces, addresses, settings of the kernel. (keepalived leaves IPv6 on
# where only IPv4 is, when another of its virtual MACs has it.)
snapshot() { # NODE
	ip -n "$LAB-$1" -d -o link show type macvlan |
		grep -oE '^[0-9]+: [^@]*@eth[0-9]+|link/ether [0-9a-f:]+|macvlan mode [a-z]+|addrgenmode [a-z0-9]+' |
		sed 's/^[0-9]*: //'
	ip -n "$LAB-$1" -o addr show | grep -vE 'fe80|10.77.0.[12]/|::1/|127.0' |
		sed -E 's/^[0-9]+: //; s/\\.*//; s/ dynamic//; s/ +$//' | sort
	ip netns exec "$LAB-$1" sh -c 'cd /proc/sys/net/ipv4/conf && grep -H . */arp_ignore */arp_filter */rp_filter \
		*/accept_local */promote_secondaries; cd ../../ipv6/conf && grep -H . */disable_ipv6 */addr_gen_mode' | grep -v '^vrrp.51/disable'
}
for n in a b; do
	ip -n "$LAB-$n" link add eth1 type veth peer name eth2
	ip -n "$LAB-$n" link set eth1 up
	ip -n "$LAB-$n" link set eth2 up
done
ip -n "$LAB-lan" link set to-b nomaster
for n in a b; do
	conf $n 100 'use_vmac
	use_vmac_addr
	virtual_ipaddress_excluded {
		2001:db8::5/64
		10.88.0.101/24 dev eth1
		10.89.0.101/24 dev eth2 use_vmac
	}' 4
done
start a vrrpd
start b keepalived
wait_until 5 holds a 10.89.0.101 || lab_fail "no address on the second virtual MAC"
wait_until 5 holds b 10.89.0.101 || lab_fail "keepalived: no address"
sleep 0.3
snapshot a >"$LAB_DIR/a.snap"
snapshot b >"$LAB_DIR/b.snap"
diff "$LAB_DIR/a.snap" "$LAB_DIR/b.snap" || lab_fail "they differ (< vrrpd, > keepalived)"
stop b
echo "ok: the same interfaces, addresses and settings as keepalived"

# Somebody removes an interface of ours.
ip -n "$LAB-a" link del vrrp1.51
wait_until 0.2 holds a 10.88.0.101 || lab_fail "a deleted virtual MAC did not come back"
echo "ok: a deleted virtual MAC comes back"

ip netns exec "$LAB-a" sh -c 'echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter'
kill -STOP "$(guardian)"
kill -KILL "$(worker)"
[ -n "$(vmacs a)" ] || lab_fail "nothing to remove"
kill -CONT "$(guardian)"
wait_until 1 eval '[ -z "$(vmacs a)" ]' || lab_fail "the guardian left $(vmacs a)"
wait_until 5 holds a "$VIP" || lab_fail "not back after the worker's death"
[ "$(ip netns exec "$LAB-a" cat /proc/sys/net/ipv4/conf/all/rp_filter)" = 0 ] ||
	lab_fail "rp_filter of all interfaces is on"
[ "$(ip netns exec "$LAB-a" cat /proc/sys/net/ipv4/conf/eth0/rp_filter)" = 1 ] ||
	lab_fail "rp_filter did not move to the interfaces"
echo "ok: the guardian removes them"

both="$(guardian) $(worker)"
# shellcheck disable=SC2086 # a list
kill -STOP $both
# shellcheck disable=SC2086 # a list
kill -KILL $both
wait_until 3 eval '! holds a "$VIP"' || lab_fail "an address outlives everybody"
conf a 100 '' 4
start a vrrpd
wait_until 5 has_vip a || lab_fail "no master without use_vmac"
[ -z "$(vmacs a)" ] || lab_fail "the next start left $(vmacs a)"
stop a
echo "ok: the next start removes what two dead left"

# A backup is not seen on the wire from its virtual MAC; no_accept drops what a master gets.
ip -n "$LAB-lan" link set to-b master br0
conf a 150 'use_vmac
	no_accept' 4
conf b 100 use_vmac 4
start a vrrpd
wait_until 5 holds a "$VIP" || lab_fail "no_accept: no master"
ip netns exec "$LAB-lan" timeout 3 tcpdump -Z root -i to-b -nn -c 1 -Q in ether src 00:00:5e:00:01:33 \
	>"$LAB_DIR/backup.cap" 2>/dev/null &
capture=$!
start b vrrpd
ip -n "$LAB-client" neigh flush dev eth0
answers "$VIP" && lab_fail "no_accept: it answers"
[ "$(client_mac "$VIP")" = 00:00:5e:00:01:33 ] || lab_fail "no_accept: ARP must be answered"
wait $capture 2>/dev/null
grep -q . "$LAB_DIR/backup.cap" && lab_fail "the backup spoke: $(cat "$LAB_DIR/backup.cap")"
echo "ok: no_accept drops, ARP is answered, and the backup is silent"
stop a
ip netns exec "$LAB-a" nft list tables 2>/dev/null | grep vrrpd && lab_fail "the table stays"
wait_until 3 answers "$VIP" || lab_fail "b does not answer"
kill -KILL "${PID[b]}" "$(pid_tree "${PID[b]}" | sed -n 2p)"
wait_until 2 eval '! ip netns exec "$LAB-b" nft list tables | grep -q vrrpd' || lab_fail "the table outlives us"
echo "ok: the table of the packet filter ends with us"
