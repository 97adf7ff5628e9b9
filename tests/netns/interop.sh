#!/bin/bash
# vrrpd elects properly with Debian's keepalived and with FRR's vrrpd, each in both seats: versions 2 and 3, IPv4 and IPv6,
# multicast and unicast, PASS. The higher priority is master alone; a lowered priority gives way and a raised one takes
# back; a clean stop hands over, a crash and a cut cable are followed after the silence; the return preempts.
# A peer that is not installed: exit 77, when the others are done.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
FRR=/usr/lib/frr
MAC4=00:00:5e:00:01:4d # of VRID 77, for FRR's macvlan
MAC6=00:00:5e:00:02:4d
VIP6=fd77::100

cases=()
add_cases() { # PEER MODE...
	local peer=$1 mode
	shift
	for mode; do cases+=("$peer a $mode" "$peer b $mode"); done
}
if [ $# -eq 0 ]; then
	lab_require socat
	missing=
	if command -v keepalived >/dev/null; then
		add_cases keepalived '2 4 multicast' '2 4 unicast' '2 4 pass-unicast' '3 4 multicast' \
			'3 4 unicast' '3 4 ttl' '3 6 multicast' '3 6 unicast'
	else
		missing="$missing keepalived"
	fi
	if [ -x $FRR/vrrpd ] && command -v vtysh >/dev/null; then
		add_cases frr '2 4 multicast' '3 4 multicast' '3 6 multicast'
	else
		missing="$missing frr"
	fi
	[ ${#cases[@]} -eq 0 ] || (LAB_CASES=8 lab_cases "${cases[@]}") || exit 1
	[ -z "$missing" ] && exit 0
	echo "missing:$missing"
	exit 77
fi

peer=$1 seat=$2 version=$3 family=$4 mode=$5
what="$peer on $seat, version $version, IPv$family, $mode"
lab_require
lab_begin a b
declare -A NODE_IP=([a]=${LAB_ADDRESS[a]} [b]=${LAB_ADDRESS[b]}) PROGRAM=([a]=vrrpd [b]=vrrpd) SELF6=([a]=fe80::a [b]=fe80::b)
PROGRAM[$seat]=$peer
[ "$version" = 3 ] && interval=0.3 dead=4 || interval=1 dead=8
[ "$family" = 4 ] && vip=$VIP || vip=$VIP6
for n in a b; do # link-local addresses that configurations can name
	[ "$family" = 6 ] || continue
	ip -n "$LAB-$n" addr add "${SELF6[$n]}/64" dev eth0 nodad 2>/dev/null || :
	ip -n "$LAB-$n" addr add "fd77::${n}/64" dev eth0 nodad
	NODE_IP[$n]=${SELF6[$n]}
done

# ---- the daemons -----------------------------------------------------------------------------------

conf() { # NODE PRIORITY: vrrpd and keepalived
	local other=b lines=''
	[ "$1" = a ] || other=a
	case $mode in pass*) lines='authentication { auth_type PASS
		auth_pass secret99
	}' ;; esac
	case $mode in *unicast) lines="$lines
	unicast_src_ip ${NODE_IP[$1]}
	unicast_peer { ${NODE_IP[$other]} }" ;; esac
	# What crossed a router has another TTL than what did not.
	case $mode in ttl) lines="unicast_src_ip ${NODE_IP[$1]}
	unicast_ttl 9
	unicast_peer { ${NODE_IP[$other]} min_ttl 9 max_ttl 9 }" ;; esac
	echo 0 >"$LAB_DIR/$1/run/weight"
	cat >"$LAB_DIR/$1/run/vrrp.conf" <<-EOF
		global_defs {
			router_id $1
			vrrp_version $version
		}
		track_file lower {
			file /run/weight
			weight 1
		}
		vrrp_instance VI_1 {
			state BACKUP
			interface eth0
			virtual_router_id 77
			priority $2
			advert_int $interval
			$lines
			virtual_ipaddress {
				$([ "$family" = 4 ] || echo "fe80::77")
				$vip/$([ "$family" = 4 ] && echo 24 || echo 64)
			}
			track_file {
				lower
			}
		}
	EOF
}
frr_conf() { # NODE PRIORITY
	local ms=1000 run=$LAB_DIR/$1/run/frr
	[ "$version" = 2 ] || ms=300
	mkdir -p "$run"
	: >"$run/zebra.conf"
	cat >"$run/vrrpd.conf" <<-EOF
		interface eth0
		 vrrp 77 version $version
		 vrrp 77 priority $2
		 vrrp 77 advertisement-interval $ms
	EOF
	if [ "$family" = 4 ]; then
		echo " vrrp 77 ip $vip" >>"$run/vrrpd.conf"
		ip -n "$LAB-$1" link add virtual link eth0 type macvlan mode bridge
		ip -n "$LAB-$1" link set virtual address $MAC4 up
		ip -n "$LAB-$1" addr add "$vip/24" dev virtual
	else
		printf ' vrrp 77 ipv6 fe80::77\n vrrp 77 ipv6 %s\n' "$vip" >>"$run/vrrpd.conf"
		ip -n "$LAB-$1" link add virtual link eth0 type macvlan mode bridge
		ip -n "$LAB-$1" link set virtual address $MAC6 up
		ip -n "$LAB-$1" addr add "fe80::77/64" dev virtual nodad
		ip -n "$LAB-$1" addr add "$vip/64" dev virtual nodad
	fi
	chown -R frr:frr "$run"
	local where='-z /run/frr/zserv.api --vty_socket /run/frr -P 0 --log stdout'
	# shellcheck disable=SC2086 # words
	spawn "zebra-$1" "$1" $FRR/zebra -f /run/frr/zebra.conf -i /run/frr/zebra.pid $where
	wait_until 5 test -S "$run/zserv.api" || lab_fail "$what: zebra does not start"
}
start() { # NODE
	case ${PROGRAM[$1]} in
	vrrpd) spawn "$1" "$1" "$LAB_TOP/$BUILD/vrrpd" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid ;;
	keepalived)
		rm -f "$LAB_DIR/$1"/run/ka*.pid
		spawn "$1" "$1" keepalived -n -l -P -f /run/vrrp.conf -p /run/ka.pid -r /run/kav.pid
		;;
	frr)
		spawn "$1" "$1" $FRR/vrrpd -f /run/frr/vrrpd.conf -i /run/frr/vrrpd.pid -z /run/frr/zserv.api \
			--vty_socket /run/frr -P 0 --log stdout
		;;
	esac
}
set_priority() { # NODE DIFFERENCE - from 150
	if [ "${PROGRAM[$1]}" = frr ]; then
		in_ns "$1" vtysh --vty_socket /run/frr -c 'configure terminal' -c 'interface eth0' \
			-c "vrrp 77 priority $((150 + $2))" || lab_fail "$what: vtysh"
	else
		echo "$2" >"$LAB_DIR/$1/run/weight"
	fi
}
holds() { # NODE
	if [ "${PROGRAM[$1]}" = frr ]; then # its macvlan has the address always, and is up as master
		[ -d "/proc/${PID[$1]:-none}" ] && ip -n "$LAB-$1" -o link show virtual | grep -q LOWER_UP &&
			grep "IPv$family\\] .* -> " "$LAB_DIR/$1.log" | tail -n 1 | grep -q -- '-> Master'
	else
		ip -n "$LAB-$1" -o addr show dev eth0 | grep -q " $vip/"
	fi
}
owns() { # NODE: alone
	local other=b
	[ "$1" = a ] || other=a
	holds "$1" && ! holds "$other"
}
owner() {
	local o=
	holds a && o=a
	holds b && o=${o:+$o+}b
	echo "${o:-nobody}"
}
becomes() { # NODE SECONDS WHAT
	local i
	wait_until "$2" owns "$1" || lab_fail "$what: $3: the address is on '$(owner)', not on $1 alone"
	for i in {1..10}; do
		owns "$1" || lab_fail "$what: $3: the address is on '$(owner)' after it was on $1"
		sleep 0.05
	done
}
ended() { # NODE
	! [ -d "/proc/${PID[$1]:-none}" ]
}
crash() { # NODE: every process of it at once, as when the machine stops
	local pids
	pids=$(pid_tree "${PID[$1]}")
	# shellcheck disable=SC2086 # a list
	kill -STOP $pids && kill -KILL $pids
	wait_until 2 ended "$1" || lab_fail "$what: SIGKILL"
}

# ---- what must happen ------------------------------------------------------------------------------

conf a 150
conf b 100
if [ "$peer" = frr ]; then
	[ "$seat" = a ] && frr_conf a 150 || frr_conf b 100
fi
start b
becomes b $dead "alone"
start a
becomes a $dead "the better one starts"
set_priority a -100
becomes b $dead "the priority of a falls"
set_priority a 0
becomes a $dead "the priority of a rises"
kill -TERM "${PID[a]}"
becomes b 2 "a stops" # priority 0: Skew_Time only
wait_until 5 ended a || lab_fail "$what: a does not end"
start a
becomes a $dead "a returns"
crash a
wait_until $dead holds b || lab_fail "$what: a crashed: b did not follow ($(owner))"
if [ "${PROGRAM[a]}" = vrrpd ]; then # what others leave behind stays until they come back
	becomes b 3 "a crashed"
fi
start a
becomes a $dead "a returns from a crash"
crash b
start b
becomes a $dead "the backup crashes and returns"
ip -n "$LAB-lan" link set to-a down
wait_until $dead holds b || lab_fail "$what: a cut cable: b did not follow ($(owner))"
ip -n "$LAB-lan" link set to-a up
becomes a $((dead + 2)) "the cable is mended"
if [ "${PROGRAM[a]}" = vrrpd ]; then
	! grep -q advert_refused "$LAB_DIR/a.log" || lab_fail "$what: vrrpd refused adverts of its peer"
fi
kill -TERM "${PID[a]}" "${PID[b]}"
wait_until 5 ended a && wait_until 5 ended b || lab_fail "$what: no end"
! holds a && ! holds b || lab_fail "$what: the address was left on $(owner)"
echo "ok: $what"
