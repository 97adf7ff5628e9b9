#!/bin/bash
# demo.sh [down] - the pair in network namespaces: `make demo`, `make demo-down`.
#
# Two nodes run proxyd and vrrpd with the files of deploy/examples/gateway, byte for byte, in front of three
# gateways; a client asks without pause while things break. Each event is told, measured and judged.
# Ends with a table; exit status 1 when a promise was broken. KEEP=1 leaves the pair up and reachable
# on localhost (PORT 8080, STATS_PORT 8404). Logs are copied to $BUILD/demo-logs.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
KEEP=${KEEP:-}
PORT=${PORT:-8080}
STATS_PORT=${STATS_PORT:-8404}
RATE=250
LAB=${DEMO_LAB:-tandem-demo} # another name: a second demo beside the first
LAB_DIR=/run/$LAB
LAB_QUIET=1
PROXYD=${PROXYD:-$PWD/$BUILD/proxyd}
VRRPD=${VRRPD:-$PWD/$BUILD/vrrpd}
EXAMPLES=${EXAMPLES:-$PWD/deploy/examples/gateway}
# shellcheck source=tests/netns/lib.sh
. tests/netns/lib.sh

n_broken=0
table=()
bold='' red='' green='' plain=''
if [ -t 1 ] && [ -n "${TERM:-}" ] && [ "$TERM" != dumb ]; then
	bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
fi

exec 4>&2 # for the messages of what wait_until runs in silence
die() {
	echo "demo: $*" >&4
	exit 1
}
tell() {
	fold -s -w 76 <<<"$*" | sed 's/^/  /; s/ *$//'
}
heading() {
	echo
	echo "$bold$*$plain"
}
broken() {
	n_broken=$((n_broken + 1))
	fold -s -w 70 <<<"BROKEN PROMISE: $*" | sed "s/^/  $red/; s/\$/$plain/"
}

# ---- set-up and removal ---------------------------------------------------------------------------

# What lab_end does not know: the host's end of the bridge and the forwarder on the host.
lab_end_more() {
	local pid
	if [ -r "$LAB_DIR/host.pid" ]; then
		pid=$(cat "$LAB_DIR/host.pid")
		if grep -qs "$LAB_DIR/host.cfg" "/proc/$pid/cmdline"; then
			# shellcheck disable=SC2046 # a list
			kill -KILL $(pid_tree "$pid") 2>/dev/null
		fi
	fi
	[ -z "${PID[loadgen]:-}" ] || exec 3>&-
	ip link del "$LAB" 2>/dev/null
	if [ -d "$LAB_DIR" ] && [ -d "$BUILD" ]; then
		mkdir -p "$BUILD/demo-logs"
		cp "$LAB_DIR"/*.log "$LAB_DIR"/load.out "$BUILD/demo-logs/" 2>/dev/null
		[ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$BUILD" 2>/dev/null
	fi
	return 0
}

there_is_a_demo() {
	[ -d "$LAB_DIR" ] || ip netns list 2>/dev/null | grep -q "^$LAB-"
}

demo_down() {
	there_is_a_demo || {
		echo "demo-down: nothing is left to remove."
		return
	}
	local pid
	pid=$(cat "$LAB_DIR/demo.pid" 2>/dev/null)
	if [ -n "$pid" ] && grep -qs demo.sh "/proc/$pid/cmdline"; then
		die "a demo is running at this moment (pid $pid): end it with Ctrl-C"
	fi
	lab_end
	echo "demo-down: the pair, its network and its files are gone."
}

check_machine() {
	local p pid
	[ "$(id -u)" -eq 0 ] || die "network namespaces need root: run  sudo make demo"
	for p in "$PROXYD" "$VRRPD"; do
		[ -x "$p" ] || die "$p is missing: run  make"
	done
	if there_is_a_demo; then
		pid=$(cat "$LAB_DIR/demo.pid" 2>/dev/null)
		if [ -n "$pid" ] && grep -qs demo.sh "/proc/$pid/cmdline"; then
			die "a demo is running already (pid $pid)"
		fi
		[ ! -e "$LAB_DIR/kept" ] ||
			die "a pair of an earlier demo is still up: remove it with  sudo make demo-down"
		lab_end # of a demo that was killed
		LAB_DIR=/run/$LAB
	fi
	[ -n "$KEEP" ] || return 0
	for p in "$PORT" "$STATS_PORT"; do
		[ -z "$(ss -Hltn "sport = :$p")" ] ||
			die "port $p of this host is taken ($(ss -Hltnp "sport = :$p" |
				grep -o '"[^"]*",pid=[0-9]*' | head -n 1 | tr -d '"')): free it, or choose" \
				"others:  sudo make demo KEEP=1 PORT=18080 STATS_PORT=18404"
	done
	[ -z "$(ip -4 route show 10.77.0.0/24)" ] ||
		die "this host has a network 10.77.0.0/24 already, which the demo uses"
}

start_gateway() { # N
	spawn "gateway-$1" "gw$1" "$PWD/$BUILD/tests/lib/gateway" "gateway-$1" 0.0.0.0 8000
}
start_proxyd() { # NODE
	spawn "proxyd-$1" "$1" "$PROXYD" -f "$EXAMPLES/haproxy.cfg"
}
# vrrpd gets a copy in the /run of its node, so that an event can change it; it begins as the shipped file.
start_vrrpd() { # NODE
	spawn "vrrpd-$1" "$1" "$VRRPD" -n -l -f /run/keepalived.conf
}
kill_all() { # SIGNAL NAME - the process that spawn started, and all that it has started
	# shellcheck disable=SC2046 # a list
	kill "-$1" $(pid_tree "${PID[$2]}") 2>/dev/null
}

# One field of a server's line in `show stat` of a node's proxyd.
server_stat() { # NODE SERVER FIELD
	echo "show stat" | socat -t 2 stdio "unix:$LAB_DIR/$1/run/tandem/proxyd.sock" 2>/dev/null |
		awk -F, -v srv="$2" -v field="$3" '
			/^# / { sub(/^# /, ""); for (i = 1; i <= NF; i++) col[$i] = i }
			$2 == srv { print $col[field] }'
}
server_is() { # NODE SERVER PATTERN
	# shellcheck disable=SC2053 # a pattern
	[[ "$(server_stat "$1" "$2" status)" == $3 ]]
}
server_is_quiet() { # SERVER - no request on it, on either node
	[ "$(server_stat a "$1" scur)" = 0 ] && [ "$(server_stat b "$1" scur)" = 0 ]
}
checks_say() { # SERVER STATUS - on both nodes
	[[ "$(server_stat a "$1" check_status)" == "$2"* && "$(server_stat b "$1" check_status)" == "$2"* ]]
}
set_server() { # SERVER STATE
	local n
	for n in a b; do
		echo "set server gateways/$1 state $2" |
			socat -t 2 stdio "unix:$LAB_DIR/$n/run/tandem/proxyd.sock" >>"$LAB_DIR/cli.log" 2>&1
	done
}
all_up() { # NODE
	local i
	for i in 1 2 3; do
		server_is "$1" "gateway-$i" 'UP*' || return 1
	done
}

# ---- the load and its account ---------------------------------------------------------------------

start_load() {
	mkfifo "$LAB_DIR/load.in"
	: >"$LAB_DIR/load.out"
	exec 3<>"$LAB_DIR/load.in"
	setsid ip netns exec "$LAB-client" "$PWD/$BUILD/tests/lib/loadgen" -r $RATE -k 50 $VIP 8080 \
		<"$LAB_DIR/load.in" >"$LAB_DIR/load.out" 2>&1 3>&- &
	PID[loadgen]=$!
	disown
}
n_reports() {
	grep -c '^end of report' "$LAB_DIR/load.out"
}
more_reports() {
	[ "$(n_reports)" -gt "$1" ]
}
report() { # fills $account with the last report's lines
	local n
	n=$(n_reports)
	echo report >&3
	wait_until 5 more_reports "$n" || die "the load generator does not answer"
	account=$(tac "$LAB_DIR/load.out" | awk '/^end of report/ && n++ { exit } { print }')
}
value() { # LINE KEY
	grep -o " $2=[^ ]*" <<<"$1" | head -n 1 | cut -d= -f2
}
# True when no request that began before the moment $1 (ms) is still open.
all_decided() {
	report
	local oldest
	oldest=$(value "$(grep '^pending' <<<"$account")" oldest_ms)
	[ $(($(now_ms) - ${oldest%.*})) -gt "$1" ]
}
now_ms() {
	local t=$EPOCHREALTIME
	echo $((${t/./} / 1000))
}

# ---- an event -------------------------------------------------------------------------------------

event_begin() { # ID TITLE
	event=$1
	title=$2
	before=$(vip_owner)
	heading "$title"
	echo "mark $event" >&3
	began_ms=$(now_ms)
}

# Follow the address to NODE: when the new owner had it, when the old one let go.
follow_vip() { # NODE SECONDS
	local other=b t0 limit got='' gone=''
	[ "$1" = a ] || other=a
	t0=$(now_ms)
	limit=$((t0 + $2 * 1000))
	while [ -z "$got" ] || [ -z "$gone" ]; do
		if [ -z "$got" ] && has_vip "$1"; then got=$(now_ms); fi
		if ! has_vip "$other"; then gone=${gone:-$(now_ms)}; else gone=''; fi
		[ "$(now_ms)" -lt $limit ] || break
	done
	both_ms=0
	[ -z "$got" ] || both_ms=$((${gone:-$(now_ms)} - got))
	[ "$both_ms" -gt 0 ] || both_ms=0
	[ -n "$got" ] && [ -n "$gone" ]
}

# Look on for a moment, wait for the fate of every request of the event, account for it.
event_end() { # OWNER - who must hold the address now, alone
	local owner failed reasons sent outage
	while [ $(($(now_ms) - began_ms)) -lt 1500 ]; do sleep 0.1; done
	wait_until 4 all_decided "$(now_ms)" || broken "requests hang for more than 4 seconds"
	line=$(grep "^mark $event " <<<"$account")
	owner=$(vip_owner)
	sent=$(value "$line" sent)
	failed=$(value "$line" failed)
	outage=$(value "$line" outage_ms)
	reasons=$(for r in refused reset closed timeout status bad; do
		n=$(value "$line" $r)
		[ "$n" = 0 ] || printf '%s %s, ' "$n" "$r"
	done)
	local way=$owner
	[ "$before" = "$owner" ] || way="$before -> $owner"
	table+=("$(printf '%-40s %-7s %9s %8s %7s' "$title" "$way" "$outage" "$sent" "$failed")")
	tell "Outage seen by the client: $outage ms. $sent requests sent, $failed failed${reasons:+ (${reasons%, })}."
	[ "$owner" = "$1" ] || broken "the address is on '$owner', expected on '$1' alone"
	event_failed=$failed
	event_outage=$outage
}
no_request_failed() {
	[ "$event_failed" = 0 ] || broken "$event_failed requests failed; none may"
}
says_both() {
	[ "$both_ms" -eq 0 ] || tell "For $both_ms ms both nodes had the address."
}

# ---- the story ------------------------------------------------------------------------------------

story_start() {
	local i n
	heading "Tandem: a pair of load balancers in seven network namespaces"
	cat <<-END

		    client 10.77.0.50 ---+--- node a 10.77.0.1   proxyd + vrrpd, priority 150
		                         |
		    gateways 1, 2, 3 ----+--- node b 10.77.0.2   proxyd + vrrpd, priority 100
		    10.77.0.11 to .13
		                         virtual address $VIP, on one of the nodes

	END
	for i in 1 2 3; do start_gateway $i; done
	for n in a b; do
		cp "$EXAMPLES/$n/keepalived.conf" "$LAB_DIR/$n/run/keepalived.conf"
		start_proxyd $n
	done
	for n in a b; do
		wait_until 5 all_up $n || {
			tail -n 20 "$LAB_DIR/proxyd-$n.log"
			die "proxyd on node $n does not see three healthy gateways"
		}
	done
	start_vrrpd a
	start_vrrpd b
	wait_until 8 owns_vip a || {
		tail -n 20 "$LAB_DIR"/vrrpd-*.log
		die "node a did not become master; the address is on: $(vip_owner)"
	}
	tell "Both proxies see three healthy gateways; node a is master and holds $VIP. A client now sends" \
		"$RATE requests a second to it, half on new connections, half on kept ones."
	start_load
	wait_until 3 all_decided "$(now_ms)" || die "no answer through $VIP"
	event_begin quiet "nothing happens"
	event_end a
	no_request_failed
}

story_gateways() {
	local i
	event_begin crash "gateway-2 crashes (kill -9)"
	kill_all KILL gateway-2
	wait_until 4 server_is a gateway-2 'DOWN*' || broken "gateway-2 is not seen DOWN within 4 s"
	tell "Its connections are refused; proxyd asks another gateway at once and takes it out after two" \
		"failed checks ($(($(now_ms) - began_ms)) ms)."
	event_end a
	no_request_failed

	event_begin returns "gateway-2 returns"
	start_gateway 2
	wait_until 4 server_is a gateway-2 'UP*' || broken "gateway-2 is not seen UP within 4 s"
	tell "Two good checks and it is in use again ($(($(now_ms) - began_ms)) ms)."
	event_end a
	no_request_failed

	event_begin rolling "all gateways restart, one by one"
	for i in 1 2 3; do
		set_server gateway-$i drain
		wait_until 3 server_is_quiet gateway-$i || broken "gateway-$i does not drain within 3 s"
		kill -TERM "${PID[gateway-$i]}"
		wait_until 5 test ! -d "/proc/${PID[gateway-$i]}" || broken "gateway-$i did not end"
		wait_until 3 checks_say gateway-$i L4CON || broken "gateway-$i is gone, checks do not say so"
		start_gateway $i
		wait_until 4 checks_say gateway-$i L7OK || broken "gateway-$i is back, checks do not say so"
		set_server gateway-$i ready
		wait_until 4 server_is a gateway-$i 'UP*' || broken "gateway-$i is not UP within 4 s"
		wait_until 4 server_is b gateway-$i 'UP*' || broken "gateway-$i is not UP on b within 4 s"
	done
	tell "For each: drain, let its requests end, stop, wait until it is seen dead, start, wait until" \
		"it is seen alive, ready ($(($(now_ms) - began_ms)) ms for the three)."
	event_end a
	no_request_failed
}

story_proxyd() {
	event_begin proxyd "proxyd of the master: kill -9"
	kill_all KILL proxyd-a
	follow_vip b 6
	tell "vrrpd on a sees the end of its proxy on the liveness socket and hands the address to b." \
		"Requests that were inside the killed process die with it."
	says_both
	event_end b
	awk "BEGIN { exit !($event_outage <= 50) }" || broken "$event_outage ms of outage; 50 are promised"

	event_begin proxyback "proxyd of a returns"
	start_proxyd a
	follow_vip a 10 || broken "node a did not take the address back within 10 s"
	tell "As soon as its checks are good, node a (priority 150) takes the address back. Connections that" \
		"clients had kept open to b are reset and made anew."
	says_both
	event_end a
}

story_vrrpd() {
	event_begin vrrpd "vrrpd of the master: kill -9, all of it"
	kill_all KILL vrrpd-a
	follow_vip b 2 || broken "2 s after the kill the address is on: $(vip_owner)"
	tell "Nobody is left on a to remove the address: its lifetime ends in the kernel."
	says_both
	event_end b

	event_begin preempt "old master returns, preempting"
	start_vrrpd a
	follow_vip a 8 || broken "node a did not take the address back within 8 s"
	tell "Node a has the higher priority and takes over."
	says_both
	event_end a

	event_begin cable "cable of the master is cut"
	ip -n "$LAB-lan" link set to-a down
	follow_vip b 6 || broken "6 s after the cut the address is on: $(vip_owner)"
	tell "a sees its dead link and lets go; b misses a's adverts and takes over."
	says_both
	event_end b

	event_begin mended "cable is mended"
	ip -n "$LAB-lan" link set to-a up
	follow_vip a 8 || broken "node a did not take the address back within 8 s"
	says_both
	event_end a

	event_begin freeze "vrrpd of the master freezes (SIGSTOP)"
	kill_all STOP vrrpd-a
	follow_vip b 6 || broken "6 s after the freeze the address is on: $(vip_owner)"
	tell "A frozen process cannot let go: b takes over, and the kernel of a drops the address when its" \
		"lifetime is not renewed."
	says_both
	event_end b

	event_begin thaw "vrrpd of a runs again (SIGCONT)"
	kill_all CONT vrrpd-a
	follow_vip a 8 || broken "node a did not take the address back within 8 s"
	says_both
	event_end a
}

story_nopreempt() {
	event_begin nopreempt "nopreempt: reload, then kill vrrpd of a"
	sed -i 's/^\tstate BACKUP/&\n\tnopreempt/' "$LAB_DIR/a/run/keepalived.conf"
	kill -HUP "${PID[vrrpd-a]}"
	wait_until 2 grep -q reload "$LAB_DIR/vrrpd-a.log"
	owns_vip a || broken "a reload moved the address"
	kill_all KILL vrrpd-a
	follow_vip b 2 || broken "2 s after the kill the address is on: $(vip_owner)"
	event_end b

	event_begin stays "old master returns, not preempting"
	start_vrrpd a
	while [ $(($(now_ms) - began_ms)) -lt 2500 ] && owns_vip b; do sleep 0.05; done
	tell "Node a stands by although its priority is higher: one interruption less."
	event_end b
	no_request_failed
}

story_end() {
	local row
	heading "What happened, as the client saw it"
	echo
	printf '  %-40s %-7s %9s %8s %7s\n' event master "outage ms" requests failed \
		---------------------------------------- ------- --------- -------- -------
	for row in "${table[@]}"; do echo "  $row"; done
	echo
	tell "Outage: the longest time between two successive answers ($RATE requests a second: a few ms" \
		"are none). advert_int 0.25 s, health checks every 500 ms."
	echo
	if [ $n_broken -eq 0 ]; then
		echo "  ${green}All promises were kept.$plain ($SECONDS s; logs: $BUILD/demo-logs)"
	else
		echo "  $red$n_broken promises were broken.$plain ($SECONDS s; logs: $BUILD/demo-logs)"
	fi
}

# ---- KEEP=1 -----------------------------------------------------------------------------------------

# The host joins the bridge as 10.77.0.254; a proxyd of its own forwards localhost to the address.
keep_up() {
	local b4='' b6=''
	exec 3>&-
	kill -TERM "${PID[loadgen]}" 2>/dev/null
	unset 'PID[loadgen]'
	ip link add "$LAB" type veth peer name to-host netns "$LAB-lan"
	ip -n "$LAB-lan" link set to-host master br0 up
	ip addr add 10.77.0.254/24 dev "$LAB"
	ip link set "$LAB" up
	[ ! -e /proc/net/if_inet6 ] || { b4="bind [::1]:$PORT"; b6="bind [::1]:$STATS_PORT"; }
	cat >"$LAB_DIR/host.cfg" <<-END
		defaults
		    mode tcp
		    timeout connect 5s
		    timeout client 1m
		    timeout server 1m
		listen web
		    bind 127.0.0.1:$PORT
		    $b4
		    server vip $VIP:8080
		listen stats
		    bind 127.0.0.1:$STATS_PORT
		    $b6
		    server vip $VIP:8404
	END
	setsid "$PROXYD" -f "$LAB_DIR/host.cfg" >>"$LAB_DIR/host.log" 2>&1 </dev/null &
	echo $! >"$LAB_DIR/host.pid"
	disown
	wait_until 5 curl -sf -o /dev/null "http://localhost:$PORT/" || {
		cat "$LAB_DIR/host.log"
		die "http://localhost:$PORT/ does not answer"
	}
	touch "$LAB_DIR/kept"
	rm -f "$LAB_DIR/demo.pid"
	heading "The pair stays up"
	tell "curl http://localhost:$PORT/"
	tell "http://localhost:$STATS_PORT/stats"
	tell "ip netns exec $LAB-a ip addr show eth0"
	tell "echo 'show stat' | socat stdio unix:$LAB_DIR/a/run/tandem/proxyd.sock"
	tell "echo 'show vrrp' | socat stdio unix:$LAB_DIR/a/run/tandem/vrrpd.sock"
	tell "Remove it with: sudo make demo-down"
	mkdir -p "$BUILD/demo-logs"
	cp "$LAB_DIR"/*.log "$LAB_DIR"/load.out "$BUILD/demo-logs/" 2>/dev/null
}

case ${1:-} in
down)
	[ "$(id -u)" -eq 0 ] || die "removing network namespaces needs root: run  sudo make demo-down"
	demo_down
	exit
	;;
'') ;;
*) die "usage: demo.sh [down]" ;;
esac

check_machine
mkdir -p "$LAB_DIR"
echo $$ >"$LAB_DIR/demo.pid"
lab_begin
story_start
story_gateways
story_proxyd
story_vrrpd
story_nopreempt
story_end
if [ -n "$KEEP" ]; then
	keep_up
	trap - EXIT # nothing is removed
fi
[ $n_broken -eq 0 ]
