#!/bin/bash
# failover.sh - two pairs through the same events: vrrpd + proxyd beside keepalived + haproxy.
#
# usage: tests/bench/failover.sh [-n RUNS] [-i "INTERVALS"] [-p "PAIRS"] [-e "EVENTS"] [-o FILE] [-t FILE] [-r]
#   -n RUNS       times each event is tried (3)
#   -i INTERVALS  values of advert_int, in seconds (1 0.1 0.01)
#   -p PAIRS      tandem keepalived
#   -e EVENTS     of: proxy_killed proxy_hangs vrrpd_killed sigterm freeze cable planned (all; each is followed by the return)
#   -o FILE       append the raw figures to FILE, one line an event: pair interval event outage_ms both_ms
#   -t FILE       only print the table of the figures in FILE
#   -c            exit 1 when a median of ours is worse than keepalived's by more than 10 ms
#
# Each run is a lab of its own: two nodes, a gateway, a client that sends 400 requests a second, each on a new connection, to the
# virtual address. The outage is the longest time between two successive answers, so 3 to 8 ms are none. Both pairs have the
# same haproxy.cfg and the same keepalived.conf, but for what watches the proxy: vrrpd's track_proxy (the liveness socket) on one
# side, on the other what keepalived's users write, a vrrp_script that asks every second whether the process is there (`killall -0
# haproxy`; here by its pid, because the namespaces share their processes). Planned: a track_file lowers the priority.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
export TOP=$PWD
runs=3 intervals='1 0.1 0.01' pairs='tandem keepalived' results='' table='' check=''
events='proxy_killed proxy_hangs vrrpd_killed sigterm freeze cable planned'
while getopts n:i:p:e:o:t:c option; do
	case $option in
	n) runs=$OPTARG ;;
	i) intervals=$OPTARG ;;
	p) pairs=$OPTARG ;;
	e) events=$OPTARG ;;
	o) results=$OPTARG ;;
	t) table=$OPTARG ;;
	c) check=1 ;;
	*) exit 2 ;;
	esac
done
# shellcheck source=tests/netns/lib.sh
. tests/netns/lib.sh

# ---- the table -------------------------------------------------------------------------------------

print_table() { # FILE
	awk -v check="$check" '
	function sort(a, n,   i, j, t) {
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && a[j] + 0 < a[j - 1] + 0; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
	}
	function cell(key,   v, n) {
		n = split(all[key], v, " ")
		if (!n) return "-"
		sort(v, n)
		median[key] = v[int((n + 1) / 2)]
		return sprintf("%.0f (%.0f)", median[key], v[n])
	}
	NF == 5 {
		all[$1, $2, $3] = all[$1, $2, $3] " " $4
		if (!(($2) in seen_i)) { seen_i[$2]; interval[++n_i] = $2 }
		if (!($3 in seen_e)) { seen_e[$3]; event[++n_e] = $3 }
		if ($5 > both[$1, $3]) both[$1, $3] = $5
	}
	END {
		text["proxy_killed"] = "proxy killed (`kill -9`)"
		text["proxy_killed-return"] = "return of the proxy"
		text["proxy_hangs"] = "proxy hangs (SIGSTOP)"
		text["proxy_hangs-return"] = "proxy goes on"
		text["vrrpd_killed"] = "vrrpd killed (`kill -9`, all of it)"
		text["vrrpd_killed-return"] = "return of vrrpd"
		text["sigterm"] = "SIGTERM"
		text["sigterm-return"] = "return after SIGTERM"
		text["freeze"] = "vrrpd frozen (SIGSTOP, all of it)"
		text["freeze-return"] = "vrrpd thaws"
		text["cable"] = "cable cut"
		text["cable-return"] = "cable mended"
		text["planned"] = "planned hand-over"
		text["planned-return"] = "planned return"
		for (i = n_i; i > 0; i--) # the longest first
			for (j = 1; j < i; j++)
				if (interval[j] + 0 < interval[j + 1] + 0) { t = interval[j]; interval[j] = interval[j + 1]; interval[j + 1] = t }
		printf "| outage in ms, median (worst) |"
		for (i = 1; i <= n_i; i++) printf " %s s: tandem | keepalived |", interval[i]
		printf " two owners, ms: tandem | keepalived |\n|---|"
		for (i = 0; i <= n_i; i++) printf "---|---|"
		printf "\n"
		for (e = 1; e <= n_e; e++) {
			printf "| %s |", event[e] in text ? text[event[e]] : event[e]
			for (i = 1; i <= n_i; i++) {
				ours = "tandem" SUBSEP interval[i] SUBSEP event[e]
				theirs = "keepalived" SUBSEP interval[i] SUBSEP event[e]
				printf " %s |", cell(ours)
				printf " %s |", cell(theirs)
				if (all[ours] && all[theirs] && median[ours] > median[theirs] + 10) {
					bad++
					worse = worse sprintf("worse: %s at %s s: %.1f, keepalived %.1f\n", event[e], interval[i], median[ours], median[theirs])
				}
			}
			printf " %.0f | %.0f |\n", both["tandem", event[e]], both["keepalived", event[e]]
		}
		if (check) printf "%s", worse
		exit check && bad
	}' "$1"
}

if [ -n "$table" ]; then
	print_table "$table"
	exit
fi

# ---- one pair --------------------------------------------------------------------------------------

lab_require keepalived haproxy
out=${results:-$(mktemp)}

write_conf() { # NODE PRIORITY - keepalived.conf, haproxy.cfg
	local watch='track_script {
		proxy
	}' define='vrrp_script proxy {
	script "/bin/sh /run/check.sh"
	interval 1
}'
	if [ "$pair" = tandem ]; then
		watch='track_proxy {
		proxy
	}' define='vrrp_track_proxy proxy {
	socket /run/tandem/proxyd.live
}'
	fi
	# shellcheck disable=SC2016 # for the node's shell
	echo 'kill -0 "$(cat /run/proxy.pid)"' >"$LAB_DIR/$1/run/check.sh"
	echo 0 >"$LAB_DIR/$1/run/weight"
	cat >"$LAB_DIR/$1/run/keepalived.conf" <<-END
		global_defs {
			router_id $1
			vrrp_version 3
			script_user root
		}
		$define
		track_file planned {
			file /run/weight
			weight 1
		}
		vrrp_instance web {
			interface eth0
			state BACKUP
			virtual_router_id 77
			priority $2
			advert_int $interval
			virtual_ipaddress {
				$VIP/24
			}
			$watch
			track_file {
				planned
			}
		}
	END
	cat >"$LAB_DIR/$1/run/haproxy.cfg" <<-END
		global
			stats socket /run/proxy.sock
			$([ "$pair" != tandem ] || echo liveness-socket /run/tandem/proxyd.live)
		defaults
			mode http
			timeout connect 1s
			timeout client 5s
			timeout server 5s
		frontend web
			bind :8080
			default_backend gateways
		backend gateways
			server one ${LAB_ADDRESS[gw1]}:8000 check inter 500ms
	END
}
start_proxy() { # NODE
	local program=/usr/sbin/haproxy
	[ "$pair" != tandem ] || program=$TOP/$BUILD/proxyd
	spawn "proxy-$1" "$1" "$program" -db -f /run/haproxy.cfg
	echo "${PID[proxy-$1]}" >"$LAB_DIR/$1/run/proxy.pid"
}
start_vrrp() { # NODE
	rm -f "$LAB_DIR/$1"/run/vrrp*.pid # their numbers may belong to others by now
	if [ "$pair" = tandem ]; then
		spawn "vrrp-$1" "$1" "$TOP/$BUILD/vrrpd" -n -l -f /run/keepalived.conf -p /run/vrrp.pid
	else
		spawn "vrrp-$1" "$1" keepalived -n -l -P -f /run/keepalived.conf -p /run/vrrp.pid -r /run/vrrp2.pid
	fi
}
# All of it at one moment: none of its processes may answer the death of another.
murder() { # NAME
	local pids
	pids=$(pid_tree "${PID[$1]}")
	# shellcheck disable=SC2086 # a list
	kill -STOP $pids && kill -KILL $pids
}
kill_all() { # SIGNAL NAME
	# shellcheck disable=SC2046 # a list
	kill "-$1" $(pid_tree "${PID[$2]}") 2>/dev/null
}

start_load() {
	mkfifo "$LAB_DIR/load.in"
	: >"$LAB_DIR/load.out"
	exec 3<>"$LAB_DIR/load.in"
	setsid ip netns exec "$LAB-client" "$TOP/$BUILD/tests/lib/loadgen" -r 400 -t 1000 $VIP 8080 \
		<"$LAB_DIR/load.in" >"$LAB_DIR/load.out" 2>&1 3>&- &
	disown
	local n
	for n in a b; do # who had the address, with time stamps
		setsid ip netns exec "$LAB-$n" ip -ts -o -4 monitor address dev eth0 >"$LAB_DIR/addr-$n.out" 2>/dev/null &
		disown
	done
}
n_reports() {
	grep -c '^end of report' "$LAB_DIR/load.out"
}
more_reports() {
	[ "$(n_reports)" -gt "$1" ]
}
outage_of() { # MARK
	local n
	n=$(n_reports)
	echo report >&3
	wait_until 5 more_reports "$n" || lab_fail "the load generator does not answer"
	tac "$LAB_DIR/load.out" | awk -v m="$1" '/^end of report/ && n++ { exit }
		$1 == "mark" && $2 == m { for (i = 3; i <= NF; i++) if (sub(/^outage_ms=/, "", $i)) print $i; exit }'
}
# For how long both nodes had the address since a moment (microseconds): from the kernels' own messages.
both_ms() { # FROM_US
	{
		sed 's/^/a /' "$LAB_DIR/addr-a.out"
		sed 's/^/b /' "$LAB_DIR/addr-b.out"
	} | awk -v vip=" $VIP/" '
		index($0, vip) { # a [2026-11-25T02:09:52.123456] Deleted 2: eth0 ...
			t = $2
			gsub(/[^0-9.]/, " ", t)
			split(t, part, " ")
			whole = mktime(part[1] " " part[2] " " part[3] " " part[4] " " part[5] " " int(part[6]))
			printf "%d%06d %s %d\n", whole, (part[6] - int(part[6])) * 1000000, $1, $3 != "Deleted"
		}' | sort -n | awk -v from="$1" -v now="${EPOCHREALTIME/./}" '
		function add(t) {
			if (have["a"] && have["b"] && t > from) sum += t - (last > from ? last : from)
			last = t
		}
		{ add($1); have[$2] = $3 }
		END { add(now); printf "%.0f\n", sum / 1000 }'
}

# event NAME OWNER COMMAND...: let it happen, follow the address to OWNER, note what the client saw.
event() {
	local name=$1 owner=$2 from_us outage
	shift 2
	echo "mark $name" >&3
	from_us=${EPOCHREALTIME/./}
	"$@"
	if wait_until 5 has_vip "$owner"; then
		sleep 0.7
	fi
	outage=$(outage_of "$name")
	echo "$pair $interval $name $outage $(both_ms "$from_us")" | tee -a "$out"
}
settle() { # all is as in the beginning
	wait_until 10 owns_vip a || lab_fail "$pair $interval $1: a is not the only owner ($(vip_owner))"
	sleep 1.1 # a hello of the backup; everybody has calmed down
}

set_weight() { # NODE VALUE
	echo "$2" >"$LAB_DIR/$1/run/weight"
}
start_both() {
	start_proxy a
	sleep 0.2
}

do_proxy_killed() {
	event proxy_killed b kill -KILL "${PID[proxy-a]}"
	event proxy_killed-return a start_proxy a
}
do_proxy_hangs() {
	event proxy_hangs b kill -STOP "${PID[proxy-a]}"
	event proxy_hangs-return a kill -CONT "${PID[proxy-a]}"
}
do_vrrpd_killed() {
	event vrrpd_killed b murder vrrp-a
	wait_until 2 router_has_ended
	event vrrpd_killed-return a start_vrrp a
}
do_sigterm() {
	event sigterm b kill_all TERM vrrp-a
	wait_until 4 router_has_ended || lab_fail "$pair: no end"
	event sigterm-return a start_vrrp a
}
router_has_ended() {
	! [ -d "/proc/${PID[vrrp-a]}" ]
}
do_freeze() {
	event freeze b kill_all STOP vrrp-a
	event freeze-return a kill_all CONT vrrp-a
}
do_cable() {
	event cable b ip -n "$LAB-lan" link set to-a down
	event cable-return a ip -n "$LAB-lan" link set to-a up
}
do_planned() {
	event planned b set_weight a -100
	event planned-return a set_weight a 0
}

# A packet that was sent while the cable was cut leaves an unanswered ARP request, and the kernel asks again a second later:
# that would be measured, not the pair. So the nodes know client and gateway.
know_neighbours() {
	local n other
	for n in a b; do
		for other in client gw1; do
			ip -n "$LAB-$n" neigh replace "${LAB_ADDRESS[$other]}" dev eth0 nud permanent \
				lladdr "$(ip netns exec "$LAB-$other" cat /sys/class/net/eth0/address)"
		done
	done
}

run_pair() {
	local n e
	lab_begin a b gw1 client
	know_neighbours
	spawn gw gw1 "$TOP/$BUILD/tests/lib/gateway" gw1 0.0.0.0 8000
	for n in a b; do
		write_conf $n "$([ $n = a ] && echo 150 || echo 100)"
		start_proxy $n
	done
	sleep 0.3
	start_vrrp a
	start_vrrp b
	settle begin
	start_load
	sleep 0.5
	for e in $events; do
		"do_$e"
		settle "$e"
	done
	echo quit >&3
	exec 3>&-
}

# All pairs and the longer intervals at the same time; 10 ms leave no room for neighbours but the other pair.
try() { # INTERVAL...
	local pids=() pid bad=0
	for interval; do
		for pair in $pairs; do
			(LAB=$LAB-$pair-${interval/./} && run_pair) &
			pids+=($!)
		done
	done
	for pid in "${pids[@]}"; do wait "$pid" || bad=1; done
	return $bad
}
long='' short=''
for interval in $intervals; do
	case $interval in
	0.0*) short="$short $interval" ;;
	*) long="$long $interval" ;;
	esac
done
for ((run = 0; run < runs; run++)); do
	# shellcheck disable=SC2086 # lists
	[ -z "$long" ] || try $long || exit 1
	for interval in $short; do try "$interval" || exit 1; done
done
echo
print_table "$out"
rc=$?
[ -n "$results" ] || rm -f "$out"
exit $rc
