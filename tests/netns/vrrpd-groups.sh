#!/bin/bash
# A sync group moves as a whole: one interface goes down, and both addresses are on the other node;
# it comes back, and both return. A file and a process count; the FIFO and the notify programs tell.
# With a keepalived in the other seat, too.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
VRRPD=$PWD/${BUILD:-build}/vrrpd
lab_require keepalived
lab_begin a b
VIP2=10.78.0.100

# A second network between the two.
for n in a b; do
	ip -n "$LAB-$n" link add eth1 type veth peer name "2-$n" netns "$LAB-lan"
done
ip -n "$LAB-lan" link add br1 type bridge forward_delay 0 stp_state 0
ip -n "$LAB-lan" link set br1 up
k=0
for n in a b; do
	k=$((k + 1))
	ip -n "$LAB-lan" link set "2-$n" master br1 up
	ip -n "$LAB-$n" addr add 10.78.0.$k/24 dev eth1
	ip -n "$LAB-$n" link set eth1 up
done

has_vip2() {
	ip -n "$LAB-$1" -o -4 addr show dev eth1 | grep -q " $VIP2/"
}
both_on() { # NODE: both addresses, and none on the other
	local other=b
	[ "$1" = a ] || other=a
	owns_vip "$1" && has_vip2 "$1" && ! has_vip2 "$other"
}

conf() { # NODE PRIORITY PROGRAM
	local ours='' process='' # without the kernel's process events keepalived knows of no process
	if [ "$3" = vrrpd ]; then
		ours='state_file /run/tandem/vrrpd.state'
		process='track_process {
		helper
	}'
	fi
	cat >"$LAB_DIR/$1/run/vrrp.conf" <<END
global_defs {
	vrrp_version 3
	notify_fifo /run/fifo
	$ours
}
track_file stop {
	file /run/stop
	weight 0
	init_file 0 overwrite
}
vrrp_track_process helper {
	process lab-helper-$1
	weight 0
}
\$INSTANCE= \\
vrrp_instance VI_\${N} { \\
	interface eth\${N} \\
	virtual_router_id 5\${N} \\
	priority $2 \\
	advert_int 0.2 \\
	virtual_ipaddress { \\
		10.7\${M}.0.100/24 \\
	} \\
}
\$M=7
~SEQ(N, 0, 0) \$INSTANCE
\$M=8
~SEQ(N, 1, 1) \$INSTANCE
vrrp_sync_group G {
	group {
		VI_0
		VI_1
	}
	track_file {
		stop
	}
	$process
	notify "/run/note"
}
END
	printf '#!/bin/sh\necho "$*" >>/run/notes\n' >"$LAB_DIR/$1/run/note"
	chmod 755 "$LAB_DIR/$1/run/note"
	cp /bin/sleep "$LAB_DIR/$1/run/lab-helper-$1"
	spawn "helper-$1" "$1" "/run/lab-helper-$1" 1000
	if [ "$3" = vrrpd ]; then
		spawn "$1" "$1" "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid
	else
		spawn "$1" "$1" keepalived -n -l -P -f /run/vrrp.conf -p /run/ka.pid -r /run/kav.pid
	fi
}

case_of() { # PROGRAM on b
	conf a 150 vrrpd
	conf b 100 "$1"
	wait_until 5 both_on a || lab_fail "$1: a did not become master of both ($(vip_owner))"
	ip -n "$LAB-a" link set eth1 down
	wait_until 3 both_on b || lab_fail "$1: the group did not move as a whole ($(vip_owner))"
	ip -n "$LAB-a" link set eth1 up
	wait_until 5 both_on a || lab_fail "$1: the group did not return ($(vip_owner))"
	echo "ok: an interface moves the group, $1"

	echo 1 >"$LAB_DIR/a/run/stop"
	wait_until 3 both_on b || lab_fail "$1: the file did not move the group"
	echo 0 >"$LAB_DIR/a/run/stop"
	wait_until 5 both_on a || lab_fail "$1: the group did not return after the file"
	echo "ok: a tracked file moves the group, $1"

	kill "${PID[helper-a]}"
	wait_until 3 both_on b || lab_fail "$1: the process did not move the group"
	spawn helper-a a /run/lab-helper-a 1000
	wait_until 5 both_on a || lab_fail "$1: the group did not return after the process"
	echo "ok: a tracked process moves the group, $1"
	grep -q '^GROUP G FAULT 0$' "$LAB_DIR/a/run/notes" || lab_fail "$1: no notify of the group"
	grep -q '^GROUP G MASTER 0$' "$LAB_DIR/a/run/notes" || lab_fail "$1: no notify of the group"
	kill "${PID[a]}" "${PID[b]}" "${PID[helper-a]}" "${PID[helper-b]}"
	wait_until 5 eval "! kill -0 ${PID[a]} 2>/dev/null" || lab_fail "$1: a did not stop"
	wait_until 5 eval "! kill -0 ${PID[b]} 2>/dev/null" || lab_fail "$1: b did not stop"
	rm -f "$LAB_DIR"/?/run/notes
}

case_of vrrpd
case_of keepalived
