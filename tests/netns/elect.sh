#!/bin/bash
# Two vrrpd elect one master: VRRP 2 and 3, multicast and unicast. The higher priority wins, a clean
# stop hands over at once, the return preempts, and nothing is left at the end.
set -u
. tests/netns/lib.sh
lab_require
[ $# -eq 2 ] || lab_cases '3 multicast' '3 unicast' '2 multicast' '2 unicast'
version=$1
cast=$2
what="version $version, $cast"
dead=3
[ "$version" = 3 ] || dead=6
lab_begin a b

stays() { # NODE - for one second nobody else appears
	local i
	for i in {1..20}; do
		owns_vip "$1" || lab_fail "$what: the address is on '$(vip_owner)' instead of $1 alone"
		sleep 0.05
	done
}

router_conf a 150 "$version" "$cast"
router_conf b 100 "$version" "$cast"
router_start b vrrpd
wait_until $dead owns_vip b || lab_fail "$what: a lone router did not become master"
router_start a vrrpd
wait_until $dead owns_vip a || lab_fail "$what: the higher priority did not take over"
stays a
router_kill TERM a
wait_until 2 owns_vip b || lab_fail "$what: priority 0 was not answered within 2 s"
wait_until 3 router_gone a || lab_fail "$what: SIGTERM did not end vrrpd within 3 s"
router_start a vrrpd
wait_until $dead owns_vip a || lab_fail "$what: the old master did not return"
router_kill TERM a
router_kill TERM b
wait_until 3 router_gone a && wait_until 3 router_gone b && wait_until 1 no_vip ||
	lab_fail "$what: after SIGTERM to both the address is on: $(vip_owner)"
echo "ok: $what"
