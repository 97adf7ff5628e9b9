# shellcheck shell=bash
# lib.sh - a network in namespaces, for the labs and the demo; sourced.
#
#   lan       bridge br0, everything below hangs on it
#   a, b      the two nodes: eth0 10.77.0.1, 10.77.0.2; each with a /run of its own
#   gw1..gw3  10.77.0.11 .. 13
#   client    10.77.0.50
# The virtual address of the examples is 10.77.0.100.
#
# lab_begin [NAME...] makes the namespaces; whatever happens afterwards - the end, an error, Ctrl-C -
# lab_end removes them with everything that runs in them. Names begin with $LAB (tandem-PID), so that
# labs do not meet. Files of the lab are in $LAB_DIR. lab_end calls lab_end_more if it is defined.

LAB=${LAB:-tandem-$$}
LAB_DIR=${LAB_DIR:-}
LAB_NODES=
VIP=10.77.0.100
declare -A LAB_ADDRESS=([a]=10.77.0.1 [b]=10.77.0.2 [gw1]=10.77.0.11 [gw2]=10.77.0.12
	[gw3]=10.77.0.13 [client]=10.77.0.50)
declare -A PID=() # of what spawn started, by its name

lab_say() {
	echo "$*" >&2
}

# Exit 77 (a skip) where a lab cannot run.
lab_require() {
	[ "$(id -u)" -eq 0 ] || {
		echo "needs root"
		exit 77
	}
	local p
	for p in ip unshare "$@"; do
		command -v "$p" >/dev/null || {
			echo "needs $p"
			exit 77
		}
	done
	ip netns add "$LAB-probe" 2>/dev/null && ip netns del "$LAB-probe" || {
		echo "no network namespaces here"
		exit 77
	}
}

lab_begin() {
	trap lab_on_exit EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	trap 'exit 141' PIPE
	if [ -n "$LAB_DIR" ]; then
		mkdir -p "$LAB_DIR"
	else
		LAB_DIR=$(mktemp -d "${TMPDIR:-/tmp}/$LAB.XXXXXX")
	fi
	lab_net "$@"
}

lab_net() {
	local n
	LAB_NODES="${*:-a b gw1 gw2 gw3 client}"
	lab_add_ns lan
	ip -n "$LAB-lan" link add br0 type bridge forward_delay 0 stp_state 0
	ip -n "$LAB-lan" link set br0 up
	for n in $LAB_NODES; do
		lab_add_ns "$n"
		mkdir -p "$LAB_DIR/$n/run/tandem" "$LAB_DIR/$n/etc"
		ip -n "$LAB-$n" link add eth0 type veth peer name "to-$n" netns "$LAB-lan"
		ip -n "$LAB-lan" link set "to-$n" master br0 up
		ip -n "$LAB-$n" addr add "${LAB_ADDRESS[$n]}/24" dev eth0
		ip -n "$LAB-$n" link set eth0 up
	done
}

lab_add_ns() {
	ip netns add "$LAB-$1"
	ip -n "$LAB-$1" link set lo up
	# A cable that was cut and mended is in use at once; no address waits for a duplicate check.
	ip netns exec "$LAB-$1" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
		echo 1 >/proc/sys/net/ipv4/conf/all/promote_secondaries' 2>/dev/null || :
}

lab_namespaces() {
	local ns
	for ns in /run/netns/"$LAB"-*; do
		[ -e "$ns" ] && echo "${ns##*/}"
	done
}

# Every process in the lab's namespaces, by pid.
lab_pids() {
	local ns
	for ns in $(lab_namespaces); do
		ip netns pids "$ns" 2>/dev/null
	done
}

# Remove processes, namespaces and files. Legal at any moment, also twice.
lab_end() {
	local pids ns i
	for i in 1 2 3 4 5; do # a supervisor may start something between two looks
		pids=$(lab_pids | tr '\n' ' ')
		[ -n "$pids" ] || break
		# shellcheck disable=SC2086 # a list
		kill -KILL $pids 2>/dev/null
		[ "$i" -eq 1 ] || sleep 0.05
	done
	for ns in $(lab_namespaces); do
		ip netns del "$ns"
	done
	! declare -F lab_end_more >/dev/null || lab_end_more
	wait 2>/dev/null
	[ -z "$LAB_DIR" ] || rm -rf "$LAB_DIR"
	LAB_DIR=
}

lab_on_exit() {
	local rc=$?
	trap '' INT TERM HUP PIPE
	trap - EXIT
	# A lab that failed shows what its daemons said.
	if [ $rc -ne 0 ] && [ $rc -ne 77 ] && [ $rc -lt 128 ] && [ -z "${LAB_QUIET:-}" ]; then
		local log
		for log in "$LAB_DIR"/*.log; do
			[ -s "$log" ] && echo "--- ${log##*/}" && tail -n 40 "$log"
		done
	fi
	lab_end
	exit $rc
}

lab_fail() {
	echo "FAILED: $*"
	exit 1
}

# in_ns NODE COMMAND... - run in a node's network, with its own /run.
in_ns() {
	local n=$1
	shift
	ip netns exec "$LAB-$n" sh -c 'mount --bind "$1" /run || exit 1; shift; exec "$@"' - \
		"$LAB_DIR/$n/run" "$@"
}

# spawn NAME NODE COMMAND... - in the background; output in $LAB_DIR/NAME.log, pid in PID[NAME].
# `sh` and `ip` replace themselves, so that pid is the command's own.
spawn() {
	local name=$1 n=$2
	shift 2
	setsid ip netns exec "$LAB-$n" sh -c 'mount --bind "$1" /run || exit 1; shift; exec "$@"' - \
		"$LAB_DIR/$n/run" "$@" >>"$LAB_DIR/$name.log" 2>&1 </dev/null &
	# shellcheck disable=SC2034 # read by who sources this
	PID[$name]=$!
	disown
}

# The pid and all its descendants, one a line.
pid_tree() {
	local pid=$1 child
	echo "$pid"
	for child in $(cat "/proc/$pid/task/"*/children 2>/dev/null); do
		pid_tree "$child"
	done
}

# wait_until SECONDS COMMAND... - poll every 10 ms. 0 as soon as COMMAND succeeds, 1 at the deadline.
wait_until() {
	local ms=$1 deadline
	[[ $ms == *.* ]] && ms=${ms%.*}${ms#*.}00 || ms=${ms}000 # "2" or "2.5"
	deadline=$((${EPOCHREALTIME/./} + 10#$ms * 1000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ ${EPOCHREALTIME/./} -lt $deadline ] || return 1
		sleep 0.01
	done
}

has_vip() { # NODE [ADDRESS]
	ip -n "$LAB-$1" -o -4 addr show dev eth0 2>/dev/null | grep -q " ${2:-$VIP}/"
}
# Exactly one of the two nodes holds the address, and it is NODE.
owns_vip() { # NODE [ADDRESS]
	local other=b
	[ "$1" = a ] || other=a
	has_vip "$1" "${2:-$VIP}" && ! has_vip "$other" "${2:-$VIP}"
}
no_vip() {
	! has_vip a "$@" && ! has_vip b "$@"
}
# The owners, as words for people: "a", "b", "a+b" or "nobody".
vip_owner() {
	local o=
	has_vip a && o=a
	has_vip b && o=${o:+$o+}b
	echo "${o:-nobody}"
}

# ---- routers: vrrpd or keepalived on a node --------------------------------------------------------

BUILD=${BUILD:-build}
LAB_TOP=${TOP:-$PWD}

# router_conf NODE PRIORITY VERSION multicast|unicast [LINE...] - write the node's configuration:
# one instance, $VIP. Further lines go into the instance.
router_conf() {
	local n=$1 priority=$2 version=$3 cast=$4 peer=b line
	[ "$n" = a ] || peer=a
	shift 4
	{
		printf 'global_defs {\n\trouter_id %s\n\tvrrp_version %s\n}\n' "$n" "$version"
		printf 'vrrp_instance web {\n\tinterface eth0\n\tstate BACKUP\n\tvirtual_router_id 77\n'
		printf '\tpriority %s\n' "$priority"
		[ "$version" = 2 ] && printf '\tadvert_int 1\n' || printf '\tadvert_int 0.2\n'
		if [ "$cast" = unicast ]; then
			printf '\tunicast_src_ip %s\n\tunicast_peer {\n\t\t%s\n\t}\n' \
				"${LAB_ADDRESS[$n]}" "${LAB_ADDRESS[$peer]}"
		fi
		printf '\tvirtual_ipaddress {\n\t\t%s/24\n\t}\n' $VIP
		for line in "$@"; do printf '\t%s\n' "$line"; done
		printf '}\n'
	} >"$LAB_DIR/$n/run/router.conf"
}
# proxy_conf NODE [LINE...] - write /run/haproxy.cfg for proxyd or haproxy: port 8080, one server behind it on the node
# itself. The lines go into `global`.
proxy_conf() {
	local n=$1 line
	shift
	{
		[ $# -eq 0 ] || printf 'global\n'
		for line in "$@"; do printf '\t%s\n' "$line"; done
		printf 'defaults\n\tmode http\n\ttimeout connect 1s\n\ttimeout client 5s\n\ttimeout server 5s\n'
		printf 'listen web\n\tbind :8080\n\tserver one 127.0.0.1:8000\n'
	} >"$LAB_DIR/$n/run/haproxy.cfg"
}
# router_start NODE vrrpd|keepalived - as router-NODE
router_start() {
	local program=$LAB_TOP/$BUILD/vrrpd
	[ "$2" = vrrpd ] || program=keepalived
	spawn "router-$1" "$1" "$program" -n -l -f /run/router.conf
}
# shellcheck disable=SC2046 # lists of pids
router_kill() { # SIGNAL NODE - all its processes
	kill "-$1" $(pid_tree "${PID[router-$2]}") 2>/dev/null
}
router_gone() { # NODE
	! [ -d "/proc/${PID[router-$1]}" ]
}

# lab_cases CASE... - run this script once for each case (its words as arguments), four at a time,
# each in a lab of its own; exit. For labs that wait for timers more than they compute.
lab_cases() {
	printf '%s\n' "$@" | xargs -P "${LAB_CASES:-4}" -I{} bash -c 'bash "$0" {}' "$0"
	case $? in
	0) exit 0 ;;
	*) exit 1 ;;
	esac
}
