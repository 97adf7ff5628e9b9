#!/bin/bash
# vrrpd and Debian's keepalived elect properly with each other, each in both seats: version 2 and 3,
# multicast and unicast, with PASS; after a stop, a crash and a return.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
VRRPD=$PWD/${BUILD:-build}/vrrpd
lab_require keepalived
lab_begin a b

# conf NODE PRIORITY MODE PROGRAM
conf() {
	local other=b version=2 interval=1 auth='' uni='' control=''
	[ "$1" = a ] || other=a
	case $3 in *v3*) version=3 interval=0.3 ;; esac
	case $3 in *pass*) auth='authentication { auth_type PASS
		auth_pass secret99
	}' ;; esac
	case $3 in *unicast*) uni="unicast_src_ip ${LAB_ADDRESS[$1]}
	unicast_peer { ${LAB_ADDRESS[$other]} }" ;; esac
	# What crossed a router has another TTL than what did not.
	case $3 in *ttl*) uni="unicast_src_ip ${LAB_ADDRESS[$1]}
	unicast_ttl 9
	unicast_peer { ${LAB_ADDRESS[$other]} min_ttl 9 max_ttl 9 }" ;; esac
	[ "$4" = vrrpd ] && control='state_file /run/tandem/vrrpd.state'
	cat >"$LAB_DIR/$1/run/vrrp.conf" <<EOF
global_defs {
	router_id $1
	vrrp_version $version
	$control
}
vrrp_instance VI_1 {
	state BACKUP
	interface eth0
	virtual_router_id 51
	priority $2
	advert_int $interval
	$auth
	$uni
	virtual_ipaddress {
		$VIP/24
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

stop() { # NODE SIGNAL
	kill "-$2" "${PID[$1]}" 2>/dev/null
	wait_until 5 eval "! kill -0 ${PID[$1]} 2>/dev/null" || lab_fail "$1 did not stop on $2"
}

crash() { # NODE: every process of it, as when the machine stops
	local pids
	pids=$(pid_tree "${PID[$1]}")
	# shellcheck disable=SC2086 # a list
	kill -KILL $pids
}

# pair MASTER BACKUP MODE: what runs on a (priority 150) and on b (100)
pair() {
	conf a 150 "$3" "$1"
	conf b 100 "$3" "$2"
	start a "$1"
	start b "$2"
	wait_until 6 owns_vip a || lab_fail "$*: a did not become master ($(vip_owner))"

	stop a TERM # priority 0: b waits for Skew_Time only, 0.61 s
	wait_until 2 owns_vip b || lab_fail "$*: b did not follow a stop ($(vip_owner))"
	start a "$1"
	wait_until 6 owns_vip a || lab_fail "$*: a did not preempt ($(vip_owner))"
	sleep 0.2
	owns_vip a || lab_fail "$*: not stable ($(vip_owner))"

	if [ "$1" = vrrpd ]; then # the VIP of a dead keepalived stays: nobody there removes it
		crash a
		wait_until 5 owns_vip b || lab_fail "$*: b did not follow a crash ($(vip_owner))"
	else
		stop a TERM
		wait_until 2 owns_vip b || lab_fail "$*: b did not follow a second stop"
	fi
	stop b TERM
	wait_until 2 no_vip || lab_fail "$*: an address was left behind ($(vip_owner))"
	echo "ok: $1 (150) with $2 (100), $3"
}

pair vrrpd keepalived v2-multicast
pair keepalived vrrpd v2-multicast
pair vrrpd keepalived v3-unicast
pair keepalived vrrpd v3-unicast
pair vrrpd keepalived v2-pass-unicast
pair keepalived vrrpd v3-multicast
pair vrrpd keepalived v3-ttl
pair keepalived vrrpd v3-ttl
