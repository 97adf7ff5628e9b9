#!/bin/bash
# proxyd-scale.sh - what `docker compose up -d --scale gateway=N` does, in namespaces: the same haproxy.cfg with another
# name server, proxyd as process 1, dnsmasq instead of Docker's DNS, and a client that asks all the time. 1 -> 10 -> 3 -> 5
# -> 2 instances: new ones serve within one interval of resolution, those that leave end what they do, no request fails.
# SCALE_PROGRAM=/usr/sbin/haproxy shows the same with haproxy; then only the figures are printed.
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
top=$(cd "$here/../.." && pwd)
BUILD=${BUILD:-$top/build}
case $BUILD in /*) ;; *) BUILD=$top/$BUILD ;; esac
program=${SCALE_PROGRAM:-$BUILD/proxyd}
rate=${RATE:-300}
# From the change in DNS to the first answer: timeout resolve (1 s), and a check and a request of a busy machine.
limit_ms=${LIMIT_MS:-1900}
lab_require socat dnsmasq
lab_begin a gw1 client

lab_end_more() { exec 3>&- 2>/dev/null; }

# ---- DNS and instances ----
hosts=$LAB_DIR/hosts
: >"$hosts"
spawn dnsmasq gw1 dnsmasq -k --conf-file=/dev/null --no-resolv --no-hosts --addn-hosts="$hosts" --local-ttl=0 \
	--listen-address=10.77.0.11 --bind-interfaces --domain-needed --user=root --pid-file="$LAB_DIR/dnsmasq.pid"

ip_of() { echo "10.77.0.$((100 + $1))"; }

start_instance() { # N
	ip -n "$LAB-gw1" addr add "$(ip_of "$1")/24" dev eth0
	spawn "gateway-$1" gw1 "$BUILD/tests/lib/gateway" "gateway-$1" "$(ip_of "$1")" 8000 -d 5
	wait_until 5 in_ns gw1 socat -u OPEN:/dev/null "TCP:$(ip_of "$1"):8000" || lab_fail "gateway-$1 does not listen"
}
stop_instance() { # N
	kill -TERM "${PID[gateway-$1]}"
	wait_until 10 test ! -d "/proc/${PID[gateway-$1]}" || lab_fail "gateway-$1 did not end"
	ip -n "$LAB-gw1" addr del "$(ip_of "$1")/24" dev eth0
}
publish() { # N... - what DNS answers from now on
	local n
	for n in "$@"; do echo "$(ip_of "$n") gateway"; done >"$hosts.new"
	mv "$hosts.new" "$hosts"
	kill -HUP "${PID[dnsmasq]}"
}

# ---- the proxy ----
sed 's/127\.0\.0\.11:53/10.77.0.11:53/' "$top/deploy/docker/haproxy.cfg" >"$LAB_DIR/p.cfg"
[ "$program" = "$BUILD/proxyd" ] || sed -i 's/ init-state down//' "$LAB_DIR/p.cfg"
spawn proxy a unshare --pid --fork --kill-child=TERM --mount-proc "$program" -db -f "$LAB_DIR/p.cfg"
ask() { echo "$1" | socat -t 5 - "UNIX-CONNECT:$LAB_DIR/a/run/haproxy.sock"; }
wait_until 5 ask "show info" || lab_fail "the proxy does not run"

# "status address served" of each server
servers() {
	ask "show stat -1 4 -1" | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i } $2 ~ /^gateway[0-9]/ { print $c["status"], $c["addr"], $c["lbtot"] }'
}
# The instances, and no other, are UP.
up_are() { # N...
	local want
	want=$(for n in "$@"; do echo "$(ip_of "$n"):8000"; done | sort)
	[ "$(servers | awk '/^UP|^no check/ { print $2 }' | sort)" = "$want" ]
}
serves() { # N
	[ "$(in_ns client sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do curl -s -m 2 http://10.77.0.1:8080/ & done; wait' | grep -c "gateway-$1\b")" -gt 0 ]
}

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

scale_up() { # FROM TO
	local n all start
	all=$(seq 1 "$2")
	for n in $(seq $(($1 + 1)) "$2"); do start_instance "$n"; done
	mark "up-$2"
	start=$(now_ms)
	# shellcheck disable=SC2086 # a list
	publish $all
	# shellcheck disable=SC2086
	wait_until 10 up_are $all || lab_fail "$2 instances are not UP: $(servers)"
	wait_until 2 serves "$2" || lab_fail "gateway-$2 does not serve"
	took=$(($(now_ms) - start))
	echo "scale $1 -> $2: all serve after $took ms"
	[ $took -le "$limit_ms" ] || [ "$program" != "$BUILD/proxyd" ] || lab_fail "that is more than $limit_ms ms"
}
scale_down() { # FROM TO dns|term - what goes first
	local n all
	all=$(seq 1 "$2")
	mark "down-$2"
	# shellcheck disable=SC2086 # lists
	if [ "$3" = dns ]; then
		publish $all
		wait_until 10 up_are $all || lab_fail "$2 instances are not what is UP: $(servers)"
		for n in $(seq $(($2 + 1)) "$1"); do stop_instance "$n"; done
	else # as Docker does: a container is gone from DNS when it ended
		for n in $(seq $(($2 + 1)) "$1"); do stop_instance "$n"; done
		publish $all
		wait_until 10 up_are $all || lab_fail "$2 instances are not what is UP: $(servers)"
	fi
	echo "scale $1 -> $2 ($3 first): the others are $(servers | awk '!/^UP|^no check/' | cut -d ' ' -f 1,2 | sort | uniq -c | tr -s ' ' | tr '\n' ';')"
}

# ---- the story ----
[ "$program" != "$BUILD/proxyd" ] || [ "$(servers | grep -c '^MAINT (resolution)')" -eq 20 ] ||
	lab_fail "without DNS all places should be MAINT (resolution): $(servers)"
start_instance 1
publish 1
wait_until 10 up_are 1 || lab_fail "the first instance is not UP: $(servers)"
wait_until 5 serves 1 || lab_fail "the first instance does not serve"

mkfifo "$LAB_DIR/in"
setsid ip netns exec "$LAB-client" "$BUILD/tests/lib/loadgen" -r "$rate" -k 50 10.77.0.1 8080 <"$LAB_DIR/in" >"$LAB_DIR/load.out" 2>&1 &
load=$!
exec 3>"$LAB_DIR/in"
mark() { echo "mark $1" >&3; }

scale_up 1 10
scale_down 10 3 dns
scale_up 3 5
scale_down 5 2 term

# Every request has its end before the account is made: what hangs fails after 2 s.
all_ended() {
	echo report >&3
	sleep 0.1
	[ "$(sed -n 's/^pending .*oldest_ms=\([0-9]*\).*/\1/p' "$LAB_DIR/load.out" | tail -n 1)" -lt 100 ]
}
wait_until 5 all_ended || lab_fail "requests hang: $(grep '^pending' "$LAB_DIR/load.out" | tail -n 1)"
echo quit >&3
wait $load
total=$(grep '^total' "$LAB_DIR/load.out" | tail -n 1)
echo "$total"
if [ "$program" != "$BUILD/proxyd" ]; then exit 0; fi
case $total in
*" failed=0 "*) ;;
*)
	cat "$LAB_DIR/load.out"
	lab_fail "requests failed"
	;;
esac
ask "show resolvers docker" | grep -Eq '^  valid: +[1-9]' || lab_fail "show resolvers counts no valid answer"

# As process 1 it ends when it is told, at once when nothing is under way.
child=$(cat "/proc/${PID[proxy]}/task/${PID[proxy]}/children")
kill -TERM $child
wait_until 5 test ! -d "/proc/${PID[proxy]}" || lab_fail "process 1 did not end after SIGTERM"
echo "no request failed; process 1 ended when it was told"
