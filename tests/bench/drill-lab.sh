#!/bin/bash
# drill-lab.sh - the kinds of drills, ROUNDS times each (20), on this pair and on haproxy + keepalived, in alternation:
# `make drill-lab`.
#
# The same haproxy.cfg and keepalived.conf, but for what watches the proxy: track_proxy here, there a vrrp_script that
# asks every second whether the process lives. A client sends 500 requests a second, each on a new connection, with
# `vrrpd drill probe`: one prober for both. On this pair the events are `vrrpd drill KIND`; on the other one the same is done to
# its processes, and SIGTERM stands for the planned hand-over, as its users do it.
# Prints a table (median and worst outage in ms, requests lost) and writes it, each run and a plot to $BUILD/drill-lab.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
ROUNDS=${ROUNDS:-20}
KINDS=${KINDS:-handover proxy-kill daemon-kill freeze link-down}
VRRPD=$PWD/${BUILD:-build}/vrrpd
PROXYD=$PWD/${BUILD:-build}/proxyd
GATEWAY=$PWD/${BUILD:-build}/tests/lib/gateway
OUT=${BUILD:-build}/drill-lab
lab_require haproxy keepalived
LAB_QUIET=1
lab_begin a b client
rm -rf "$OUT"
mkdir -p "$OUT"

vrrp_conf() { # NODE tandem|keepalived
	cat >"$LAB_DIR/$1/run/vrrp.conf" <<-EOF
		$(if [ "$2" = keepalived ]; then
			printf 'global_defs {\n\tscript_user root\n\tenable_script_security\n}\n'
			printf 'vrrp_script proxy {\n\tscript "/bin/kill -0 %s"\n\tinterval 1\n}\n' "${PID[proxy-$1]}"
		else
			printf 'vrrp_track_proxy proxy {\n\tsocket /run/tandem/proxyd.live\n}\n'
		fi)
		vrrp_instance web {
			state BACKUP
			interface eth0
			virtual_router_id 51
			priority $([ "$1" = a ] && echo 150 || echo 100)
			advert_int 1
			virtual_ipaddress {
				$VIP/24
			}
			$([ "$2" = keepalived ] && echo track_script || echo track_proxy) {
				proxy
			}
		}
	EOF
}
start_proxy() { # NODE PAIR
	if [ "$2" = tandem ]; then
		proxy_conf "$1" "liveness-socket /run/tandem/proxyd.live"
		spawn "proxy-$1" "$1" "$PROXYD" -db -f /run/haproxy.cfg
	else
		proxy_conf "$1"
		spawn "proxy-$1" "$1" haproxy -db -f /run/haproxy.cfg
	fi
}
start_vrrp() { # NODE PAIR
	local program=$VRRPD
	[ "$2" = tandem ] || program=keepalived
	spawn "vrrp-$1" "$1" "$program" -n -l -f /run/vrrp.conf -p /run/vrrp.pid
}
pair_up() { # PAIR
	local n
	for n in a b; do
		start_proxy "$n" "$1"
		vrrp_conf "$n" "$1"
		start_vrrp "$n" "$1"
	done
}
settled() { # PAIR
	owns_vip a && in_ns client curl -sf -m 1 -o /dev/null "http://$VIP:8080/" || return 1
	[ "$1" = keepalived ] || in_ns a "$VRRPD" ctl -f /run/vrrp.conf --json status | grep -qE '"since_s": ([5-9]|[0-9]{2,})\.'
}
pair_down() {
	local n p
	for n in a b; do
		ip -n "$LAB-$n" link set eth0 up
		for p in vrrp proxy; do
			# shellcheck disable=SC2046 # a list
			kill -KILL $(pid_tree "${PID[$p-$n]}") 2>/dev/null
		done
		for p in $(ip netns pids "$LAB-$n"); do
			[ "$p" = "${PID[gw-$n]}" ] || kill -KILL "$p" 2>/dev/null
		done
		ip -n "$LAB-$n" addr del "$VIP/24" dev eth0 2>/dev/null
	done
}
# shellcheck disable=SC2046 # lists of pids
event() { # PAIR KIND
	if [ "$1" = tandem ]; then
		in_ns a "$VRRPD" drill -f /run/vrrp.conf -o /run/drills --probe 8080 --rate 1 --for 6s --timeout 500ms --yes \
			--restart-proxy true --restart-vrrpd true "$2" >>"$LAB_DIR/drill.log" 2>&1 &
		return
	fi
	sleep 1 # as a drill does before its event
	case $2 in
	handover) kill -TERM "${PID[vrrp-a]}" ;;
	proxy-kill) kill -KILL "${PID[proxy-a]}" ;;
	daemon-kill) kill -KILL $(pid_tree "${PID[vrrp-a]}") ;;
	freeze) kill -STOP $(pid_tree "${PID[vrrp-a]}") ;;
	link-down) ip -n "$LAB-a" link set eth0 down ;;
	esac
}
round() { # PAIR KIND N
	local out="$OUT/$1-$2-$3"
	pair_up "$1"
	if ! wait_until 20 settled "$1"; then
		echo "drill-lab: $1 does not settle" >&2
		pair_down
		return
	fi
	in_ns client "$VRRPD" drill --rate 500 --timeout 500ms --for 6s -o /run/probe.jsonl probe "$VIP:8080" >"$out.txt" &
	local prober=$!
	event "$1" "$2"
	wait $prober
	mv "$LAB_DIR/client/run/probe.jsonl" "$out.jsonl"
	awk -v pair="$1" -v kind="$2" '$2 == "http" { print pair, kind, $5, $4 }' "$out.txt" >>"$OUT/runs"
	pair_down
	wait 2>/dev/null
}

for n in a b; do spawn "gw-$n" "$n" "$GATEWAY" "$n" 127.0.0.1 8000; done
echo "load average $(cut -d' ' -f1-3 /proc/loadavg); $ROUNDS rounds"
for ((i = 1; i <= ROUNDS; i++)); do
	for kind in $KINDS; do
		for pair in tandem keepalived; do round $pair "$kind" "$i"; done
	done
done
[ -s "$OUT/runs" ] || lab_fail "nothing was measured"

# Columns: pair, kind, outage in ms, requests lost.
sort -k1,1 -k2,2 -k3,3n "$OUT/runs" | awk '
	function flush() { if (n) { printf "%s %s %.1f %.1f %.1f %d\n", pair, kind, v[1], v[int((n + 1) / 2)], v[n], lost } n = lost = 0 }
	$1 != pair || $2 != kind { flush(); pair = $1; kind = $2 }
	{ v[++n] = $3; lost += $4 }
	END { flush() }' >"$OUT/summary"
{
	echo "| outage in ms, median (worst) of $ROUNDS | tandem | haproxy + keepalived | requests lost: tandem | the others |"
	echo "|---|---|---|---|---|"
	for kind in $KINDS; do
		awk -v kind="$kind" '$2 == kind { m[$1] = $4; w[$1] = $5; l[$1] = $6 }
			END { printf "| %s | %.0f (%.0f) | %.0f (%.0f) | %d | %d |\n", kind, m["tandem"], w["tandem"], m["keepalived"], w["keepalived"], l["tandem"], l["keepalived"] }' "$OUT/summary"
	done
} | tee "$OUT/table.md"

# Each run a dot, logarithmic from 1 ms to 10 s.
awk -v kinds="$KINDS" '
	function x(v) { v = v < 1 ? 1 : v > 10000 ? 10000 : v; return 140 + 150 * log(v) / log(10) }
	BEGIN {
		n = split(kinds, k, " ")
		printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 %d\" font-family=\"sans-serif\" font-size=\"13\">", 60 + 56 * n
		print "<style>text{fill:#555}.t{fill:#3f9a6b}.k{fill:#c8372d}path{stroke:#9994;}@media(prefers-color-scheme:dark){text{fill:#bbb}}</style>"
		for (d = 0; d <= 4; d++) printf "<path d=\"M%d 24V%d\"/><text x=\"%d\" y=\"16\" text-anchor=\"middle\">%g ms</text>\n", x(10 ^ d), 30 + 56 * n, x(10 ^ d), 10 ^ d
		for (i = 1; i <= n; i++) { y[k[i]] = 56 * i - 12; printf "<text x=\"8\" y=\"%d\">%s</text>\n", y[k[i]] + 12, k[i] }
		printf "<circle class=\"t\" cx=\"150\" cy=\"%d\" r=\"5\"/><text x=\"160\" y=\"%d\">tandem</text><circle class=\"k\" cx=\"250\" cy=\"%d\" r=\"5\"/><text x=\"260\" y=\"%d\">haproxy + keepalived</text>\n", 46 + 56 * n, 50 + 56 * n, 46 + 56 * n, 50 + 56 * n
	}
	{ printf "<circle class=\"%s\" opacity=\".6\" cx=\"%.1f\" cy=\"%d\" r=\"4\"/>\n", $1 == "tandem" ? "t" : "k", x($3), y[$2] + ($1 == "tandem" ? 0 : 16) }
	END { print "</svg>" }' "$OUT/runs" >"$OUT/plot.svg"
echo "each run: $OUT/*.jsonl; table: $OUT/table.md; plot: $OUT/plot.svg"
