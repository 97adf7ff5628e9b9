#!/bin/bash
# IPv6: vrrpd and Debian's keepalived elect properly with each other, each in both seats, and two
# vrrpd; multicast and unicast. A third host learns at once where the address lives; a dead vrrpd
# leaves no address behind.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
VRRPD=$PWD/${BUILD:-build}/vrrpd
lab_require keepalived ping
lab_begin a b client
VIP6=fd77::100
declare -A NODE6=([a]=fd77::1 [b]=fd77::2 [client]=fd77::50)
for n in a b client; do
	ip -n "$LAB-$n" addr add "${NODE6[$n]}/64" dev eth0 nodad
done

has_vip6() {
	ip -n "$LAB-$1" -o -6 addr show dev eth0 | grep -q " $VIP6/"
}
owns_vip6() {
	local other=b
	[ "$1" = a ] || other=a
	has_vip6 "$1" && ! has_vip6 "$other"
}
no_vip6() {
	! has_vip6 a && ! has_vip6 b
}

conf() { # NODE PRIORITY CAST PROGRAM
	local other=b uni='' ours=''
	[ "$1" = a ] || other=a
	[ "$3" = unicast ] && uni="unicast_src_ip ${NODE6[$1]}
	unicast_peer { ${NODE6[$other]} }"
	[ "$4" = vrrpd ] && ours='state_file /run/tandem/vrrpd.state'
	cat >"$LAB_DIR/$1/run/vrrp.conf" <<END
global_defs {
	vrrp_version 3
	$ours
}
vrrp_instance VI_6 {
	interface eth0
	virtual_router_id 66
	priority $2
	advert_int 0.2
	$uni
	virtual_ipaddress {
		$VIP6/64
	}
}
END
	if [ "$4" = vrrpd ]; then
		spawn "$1" "$1" "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid
	else
		spawn "$1" "$1" keepalived -n -l -P -f /run/vrrp.conf -p /run/ka.pid -r /run/kav.pid
	fi
}

stop() {
	kill "-$2" "${PID[$1]}" 2>/dev/null
	wait_until 5 eval "! kill -0 ${PID[$1]} 2>/dev/null" || lab_fail "$1 did not stop on $2"
}

mac_of() {
	ip -n "$LAB-$1" -br link show dev eth0 | awk '{ print $3 }'
}
client_knows() {
	ip -n "$LAB-client" neigh show "$VIP6" dev eth0 | grep -q "$(mac_of "$1")"
}

pair() { # what runs on a (150) and on b (100), and how
	conf a 150 "$3" "$1"
	conf b 100 "$3" "$2"
	wait_until 5 owns_vip6 a || lab_fail "$*: a did not become master"
	ip netns exec "$LAB-client" ping -6 -c 1 -W 2 $VIP6 >/dev/null || lab_fail "$*: no answer"
	client_knows a || lab_fail "$*: the client does not know a"
	stop a TERM
	wait_until 2 owns_vip6 b || lab_fail "$*: b did not follow a stop"
	wait_until 1 client_knows b || lab_fail "$*: the client was not told about b"
	conf a 150 "$3" "$1"
	wait_until 5 owns_vip6 a || lab_fail "$*: a did not preempt"
	wait_until 1 client_knows a || lab_fail "$*: the client was not told about a"
	if [ "$1" = vrrpd ]; then
		# shellcheck disable=SC2046 # a list
		kill -KILL $(pid_tree "${PID[a]}")
		wait_until 4 owns_vip6 b || lab_fail "$*: b did not follow a crash"
	else
		stop a TERM
	fi
	stop b TERM
	wait_until 2 no_vip6 || lab_fail "$*: an address was left behind"
	echo "ok: $1 (150) with $2 (100), $3"
}

pair vrrpd vrrpd multicast
pair vrrpd keepalived multicast
pair keepalived vrrpd multicast
pair vrrpd keepalived unicast
pair keepalived vrrpd unicast
