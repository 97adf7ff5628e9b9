#!/bin/bash
# check.sh DEB - `make deb-check`: the package in two fresh Debian systems, made by debootstrap from the mirror that this
# machine uses, in namespaces, each with the real systemd as process 1. Install (nothing starts), a pair from the example
# files, an upgrade of each node under load, removal (no address stays), purge (nothing stays).
#
# Not tested: a boot with udev, a login, D-Bus and the journal's syslog forwarding. The kernel is this machine's.
set -u
cd "$(dirname "$0")/../.." || exit 1
DEB=$(realpath "${1:?usage: check.sh FILE.deb}")
LAB=tandem-deb-$$
. tests/netns/lib.sh
BUILD=${BUILD:-build}
declare -A INIT=() # pid of each node's systemd, as seen from here

lab_require debootstrap dpkg-deb
site=$(apt-get indextargets --format '$(SITE) $(CODENAME) $(COMPONENT) $(CREATED_BY)' 2>/dev/null |
	awk '$2 == "bookworm" && $3 == "main" && $4 == "Packages" { print $1; exit }')
[ -n "$site" ] || {
	echo "this machine has no mirror of Debian 12"
	exit 77
}
lab_end_more() {
	local n
	for n in "${!INIT[@]}"; do kill -KILL "${INIT[$n]}" 2>/dev/null; done
	for n in a b base; do umount -l "$LAB_DIR/root-$n" 2>/dev/null; done
	rm -rf --one-file-system "$LAB_DIR/base" "$LAB_DIR/upper-a" "$LAB_DIR/upper-b"
}
lab_begin a b client

step() { echo "== $*"; }
quietly() {
	"$@" >"$LAB_DIR/command.out" 2>&1 || {
		tail -n 20 "$LAB_DIR/command.out"
		lab_fail "$*"
	}
}
# Upgrades are the same files under other numbers; dpkg writes new ones all the same.
again() { # VERSION
	rm -rf "$LAB_DIR/x"
	dpkg-deb -R "$DEB" "$LAB_DIR/x"
	sed -i "s/^Version: .*/Version: $1/" "$LAB_DIR/x/DEBIAN/control"
	dpkg-deb --root-owner-group -Zgzip -b "$LAB_DIR/x" "$LAB_DIR/base/root/tandem-$1.deb"
	rm -rf "$LAB_DIR/x"
}

step "debootstrap, and the package by apt-get"
quietly debootstrap --variant=minbase --include=systemd,systemd-sysv,iproute2,procps,man-db,ca-certificates \
	bookworm "$LAB_DIR/base" "$site"
cp "$DEB" "$LAB_DIR/base/root/tandem.deb"
quietly again 9.1
quietly again 9.2
rm -rf "$LAB_DIR/base/etc/tandem"
in_base() { # what a machine without a running systemd does
	chroot "$LAB_DIR/base" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"
}
dpkg-deb -f "$DEB" Depends | sed 's/([^)]*)//g; s/,/\n/g' | tr -d ' ' >"$LAB_DIR/depends"
# shellcheck disable=SC2046 # words
quietly in_base apt-get install -y --no-install-recommends curl $(cat "$LAB_DIR/depends")
(cd "$LAB_DIR/base" && find . -xdev | sed 's/^.//' | sort) >"$LAB_DIR/before"
cp "$BUILD/tests/lib/gateway" "$LAB_DIR/base/usr/local/bin/"

# ---- systemd as process 1 of a namespace ---------------------------------------------------------------
cat >"$LAB_DIR/boot.sh" <<'EOF'
set -e
R=$1
for d in proc sys run tmp dev; do mkdir -p "$R/$d"; done
mount -t proc proc "$R/proc"
mount -t sysfs sysfs "$R/sys"
mount -t tmpfs tmpfs "$R/run"
mount -t tmpfs tmpfs "$R/tmp"
mount -t tmpfs -o mode=755 tmpfs "$R/dev"
if mountpoint -q /sys/fs/cgroup && [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; then
	mount -t cgroup2 cgroup2 "$R/sys/fs/cgroup"
else
	mount -t tmpfs tmpfs "$R/sys/fs/cgroup"
	mkdir "$R/sys/fs/cgroup/systemd" "$R/sys/fs/cgroup/unified"
	mount -t cgroup -o none,name=systemd cgroup "$R/sys/fs/cgroup/systemd"
	mount -t cgroup2 cgroup2 "$R/sys/fs/cgroup/unified"
fi
for d in null zero full random urandom tty; do
	: >"$R/dev/$d"
	mount --bind "/dev/$d" "$R/dev/$d"
done
mknod -m 666 "$R/dev/ptmx" c 5 2
mkdir "$R/dev/pts" "$R/dev/shm" "$R/oldroot" 2>/dev/null || :
: >"$R/dev/console"
ln -sf /proc/self/fd "$R/dev/fd"
cd "$R"
pivot_root . oldroot
umount -l /oldroot
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/lib/systemd/systemd --system
EOF
boot() { # NODE
	local n=$1
	mkdir -p "$LAB_DIR/root-$n" "$LAB_DIR/upper-$n/"{up,work}
	mount -t overlay overlay "$LAB_DIR/root-$n" -o \
		"lowerdir=$LAB_DIR/base,upperdir=$LAB_DIR/upper-$n/up,workdir=$LAB_DIR/upper-$n/work" ||
		lab_fail "no overlay file systems here"
	setsid ip netns exec "$LAB-$n" unshare -p -f -m -u -C --propagation private \
		bash "$LAB_DIR/boot.sh" "$LAB_DIR/root-$n" >"$LAB_DIR/console-$n.log" 2>&1 </dev/null &
	PID[boot-$n]=$!
	disown
	wait_until 20 booted "$n" || lab_fail "$n: systemd does not come up"
}
booted() {
	INIT[$1]=$(tr -d ' ' <"/proc/${PID[boot-$1]}/task/${PID[boot-$1]}/children")
	[ -n "${INIT[$1]}" ] && in_node "$1" systemctl is-system-running | grep -qE 'running|degraded'
}
in_node() { # NODE COMMAND...
	local n=$1
	shift
	nsenter -t "${INIT[$n]}" -p -m -n -u -C -r \
		env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"
}
property() { # NODE UNIT NAME
	in_node "$1" systemctl show -p "$3" --value "$2"
}
is() { # WHAT GOT WANTED
	[ "$2" = "$3" ] || lab_fail "$1: '$2', expected '$3'"
}

step "boot two systems; install: nothing starts, nothing is enabled"
for n in a b; do
	boot $n
	quietly in_node $n dpkg -i /root/tandem.deb
	for unit in proxyd vrrpd tandem-drill.timer; do
		is "$n: $unit" "$(property $n $unit ActiveState)" inactive
		is "$n: $unit" "$(property $n $unit UnitFileState)" disabled
	done
	quietly in_node $n proxyd -v
	quietly in_node $n vrrpd -v
	quietly in_node $n test -s /usr/share/man/man8/proxyd.8.gz
	quietly in_node $n systemd-analyze verify proxyd.service vrrpd.service tandem-drill.service tandem-drill.timer
done
! in_node a systemctl start proxyd 2>/dev/null || lab_fail "proxyd starts without a configuration"
in_node a systemctl reset-failed proxyd

step "a pair from the example files"
for n in a b; do
	in_node $n mkdir -p /etc/tandem
	in_node $n sh -c 'sed "s/10\.77\.0\.1[123]:/127.0.0.1:/" /usr/share/doc/tandem/examples/gateway/haproxy.cfg \
		>/etc/tandem/haproxy.cfg'
	in_node $n cp "/usr/share/doc/tandem/examples/gateway/$n/keepalived.conf" /etc/tandem/
	in_node $n systemd-run -q --unit=gateway gateway "$n" 127.0.0.1 8000
	quietly in_node $n proxyd -c -f /etc/tandem/haproxy.cfg
	quietly in_node $n vrrpd -t -f /etc/tandem/keepalived.conf
	quietly in_node $n systemctl enable --now proxyd vrrpd
done
wait_until 10 owns_vip a || lab_fail "a is not the master ($(vip_owner))"
wait_until 5 in_ns client curl -sf -m 1 -o /dev/null "http://$VIP:8080/" || lab_fail "the pair does not answer"

load_start() { # NAME ADDRESS
	spawn "load-$1" client "$PWD/$BUILD/tests/lib/loadgen" -r 400 -s 60 "$2" 8080 /
	sleep 1
}
load_end() { # NAME; its failures in $failed
	sleep 1
	kill -INT "${PID[load-$1]}"
	wait_until 5 test ! -d "/proc/${PID[load-$1]}" || lab_fail "loadgen does not end"
	failed=$(sed -n 's/^total .*failed=\([0-9]*\).*/\1/p' "$LAB_DIR/load-$1.log")
	echo "   $1: $(sed -n 's/^total at_s=[^ ]* \(.*\) refused.* \(outage_ms=[^ ]*\).*/\1 \2/p' "$LAB_DIR/load-$1.log")"
}
upgraded() { # NODE OLD_MAIN_PID: the same master, a new program
	[ "$(property "$1" proxyd ActiveState)" = active ] && [ "$(property "$1" proxyd MainPID)" = "$2" ] &&
		! in_node "$1" readlink "/proc/$2/exe" | grep -q deleted
}
upgrade() { # NODE FILE
	local old
	old=$(property "$1" proxyd MainPID)
	quietly in_node "$1" dpkg -i "/root/$2"
	wait_until 10 upgraded "$1" "$old" || lab_fail "$1: proxyd did not become the new program"
	is "$1: vrrpd" "$(property "$1" vrrpd ActiveState)" active
}

step "upgrade of the backup, then of the master, under load"
load_start "backup's upgrade" $VIP
upgrade b tandem-9.1.deb
load_end "backup's upgrade"
is "requests lost by the backup's upgrade" "$failed" 0
owns_vip a || lab_fail "the backup's upgrade moved the address"

load_start "the proxy's upgrade, on the node's own address" "${LAB_ADDRESS[a]}"
upgrade a tandem-9.1.deb
load_end "the proxy's upgrade, on the node's own address"
is "requests lost by the proxy's upgrade" "$failed" 0
wait_until 5 owns_vip a || lab_fail "a did not come back ($(vip_owner))"
sleep 2 # both know each other again

load_start "the master's upgrade, on the virtual address" $VIP
upgrade a tandem-9.2.deb
wait_until 5 owns_vip a || lab_fail "a did not come back ($(vip_owner))"
load_end "the master's upgrade, on the virtual address"
[ "$failed" -le 16 ] || lab_fail "the master's upgrade lost $failed requests: two hand-overs lose less"

step "removal: the other node serves, no address stays; purge: nothing stays"
load_start removal $VIP
quietly in_node a dpkg -r tandem
owns_vip b || lab_fail "a was removed: $(vip_owner)"
load_end removal
[ "$failed" -le 8 ] || lab_fail "the removal lost $failed requests"
! in_node a pgrep 'proxyd|vrrpd' || lab_fail "a daemon runs on"
quietly in_node a dpkg -P tandem
in_node a rm -rf /etc/tandem # the administrator's
quietly in_node a systemctl daemon-reload
in_node a sh -c "cd / && find . -xdev" | sed "s/^.//" | sort >"$LAB_DIR/after"
left=$(comm -13 "$LAB_DIR/before" "$LAB_DIR/after" | grep -Ev '^/(root|var/(log|cache|tmp|lib/(dpkg|systemd|private))|usr/local/bin/gateway|oldroot|etc/(machine-id|\.updated|\.pwd.lock|mtab|resolv.conf|hostname))|^/var/\.updated')
[ -z "$left" ] || lab_fail "the purge left: $left"
in_node a ls /etc/systemd/system/multi-user.target.wants | grep -E 'proxyd|vrrpd' && lab_fail "still enabled"
echo "ok"
