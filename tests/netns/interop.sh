#!/bin/bash
# One keepalived and one vrrpd elect properly, each in both seats, VRRP 2 (with and without
# authentication) and 3: the higher priority is master alone, a clean stop hands over at once, a
# crash after the silence, the return preempts.
set -u
. tests/netns/lib.sh
lab_require keepalived
[ $# -eq 4 ] || lab_cases {'vrrpd keepalived','keepalived vrrpd'}' '{'3 multicast','3 unicast','2 multicast','2 auth'}
lab_begin a b

stays() {
	local i
	for i in {1..20}; do
		owns_vip "$1" || lab_fail "$what: the address is on '$(vip_owner)' instead of $1 alone"
		sleep 0.05
	done
}

seat() { # PROGRAM_A PROGRAM_B VERSION CAST [LINE...] - a has the higher priority
	local one=$1 two=$2 version=$3 cast=$4 dead=3
	what="a=$one b=$two version $version $cast ${5:+with authentication}"
	shift 4
	[ "$version" = 3 ] || dead=6
	router_conf a 150 "$version" "$cast" "$@"
	router_conf b 100 "$version" "$cast" "$@"
	router_start b "$two"
	wait_until $dead owns_vip b || lab_fail "$what: b alone did not become master"
	router_start a "$one"
	wait_until $dead owns_vip a || lab_fail "$what: a did not take over"
	stays a
	router_kill TERM a # the children too, as a service manager does
	wait_until 2 owns_vip b || lab_fail "$what: b did not answer priority 0 within 2 s"
	stays b
	wait_until 3 router_gone a || lab_fail "$what: a did not end"
	router_start a "$one"
	wait_until $dead owns_vip a || lab_fail "$what: a did not return"
	ip -n "$LAB-lan" link set to-a down
	wait_until $dead has_vip b || lab_fail "$what: b did not notice the silence of a"
	ip -n "$LAB-lan" link set to-a up
	wait_until $dead owns_vip a || lab_fail "$what: a did not win after the cable was mended"
	stays a
	router_kill TERM a
	router_kill TERM b
	wait_until 5 router_gone a && wait_until 5 router_gone b || lab_fail "$what: no end"
	echo "ok: $what"
}

auth='authentication {
		auth_type PASS
		auth_pass 1234abcd
	}'
case $4 in
auth) seat "$1" "$2" "$3" unicast "$auth" ;;
*) seat "$1" "$2" "$3" "$4" ;;
esac
