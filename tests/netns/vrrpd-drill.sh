#!/bin/bash
# vrrpd drill: each kind on a live pair, with its report; refusals; and a drill that is killed in the middle, whose
# keeper puts everything right. REPORTS=DIR keeps the reports.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
[ $# -gt 0 ] || lab_cases handover proxy-kill daemon-kill freeze link-down refusals killed-freeze killed-link-down
what=$1
VRRPD=$PWD/${BUILD:-build}/vrrpd
PROXYD=$PWD/${BUILD:-build}/proxyd
GATEWAY=$PWD/${BUILD:-build}/tests/lib/gateway
[ -x "$GATEWAY" ] || make -s tools >/dev/null || exit 1
lab_require curl
lab_begin a b

for n in a b; do
	proxy_conf "$n" "liveness-socket /run/tandem/proxyd.live"
	cat >"$LAB_DIR/$n/run/vrrp.conf" <<-EOF
		vrrp_track_proxy proxyd {
			socket /run/tandem/proxyd.live
		}
		vrrp_instance web {
			interface eth0
			virtual_router_id 51
			priority $([ $n = a ] && echo 150 || echo 100)
			version 3
			advert_int 0.2
			virtual_ipaddress {
				$VIP/24
			}
			track_proxy {
				proxyd
			}
		}
	EOF
	spawn "gw-$n" "$n" "$GATEWAY" "$n" 127.0.0.1 8000
	spawn "proxyd-$n" "$n" "$PROXYD" -db -f /run/haproxy.cfg
	spawn "vrrpd-$n" "$n" "$VRRPD" -n -l -f /run/vrrp.conf -p /run/vrrpd.pid
done
drill() { # [OPTION...] KIND - on node a
	in_ns a "$VRRPD" drill -f /run/vrrp.conf -o /run/drills --probe 8080 --rate 250 --timeout 500ms --for 1500ms \
		--restart-proxy "exec $PROXYD -db -f /run/haproxy.cfg" \
		--restart-vrrpd "exec $VRRPD -n -l -f /run/vrrp.conf -p /run/vrrpd.pid" "$@"
}
settled() {
	owns_vip a && in_ns a "$VRRPD" ctl -f /run/vrrp.conf --json status | grep -qE '"since_s": ([6-9]|[0-9]{2,})\.' &&
		in_ns a "$VRRPD" ctl -f /run/vrrp.conf --json status | grep -q '"state": "BACKUP"'
}
has_report() { # KIND
	local f
	f=$(ls "$LAB_DIR"/a/run/drills/*-"$1".json 2>/dev/null) || return 1
	grep -q '"outage_ms"' "$f" && grep -q '</html>' "${f%.json}.html" && grep -q '"t":"hello"' "${f%.json}.jsonl"
}

if [ "$what" = refusals ]; then
	wait_until 8 owns_vip a || lab_fail "a is not master"
	drill handover >"$LAB_DIR/out" 2>&1
	[ $? -eq 2 ] && grep -q "less than five seconds ago" "$LAB_DIR/out" || lab_fail "too early: $(cat "$LAB_DIR/out")"
	in_ns b "$VRRPD" drill -f /run/vrrp.conf --probe 8080 handover >"$LAB_DIR/out" 2>&1
	[ $? -eq 2 ] && grep -q "BACKUP here: run the drill on the MASTER, ${LAB_ADDRESS[a]}" "$LAB_DIR/out" ||
		lab_fail "on the backup: $(cat "$LAB_DIR/out")"
	wait_until 12 settled || lab_fail "does not settle"
	drill proxy-kill >"$LAB_DIR/out" 2>&1
	[ $? -eq 2 ] && grep -q "SIGKILL" "$LAB_DIR/out" && grep -q -- "--yes" "$LAB_DIR/out" ||
		lab_fail "without --yes: $(cat "$LAB_DIR/out")"
	drill --probe 9 handover >"$LAB_DIR/out" 2>&1
	[ $? -eq 2 ] && grep -q "nothing answers at $VIP:9" "$LAB_DIR/out" || lab_fail "no target: $(cat "$LAB_DIR/out")"
	kill -KILL "${PID[proxyd-b]}"
	peer_is_in_fault() { drill handover 2>&1 | grep -q "the peer is not BACKUP"; }
	wait_until 3 peer_is_in_fault || lab_fail "a peer without a proxy is accepted: $(drill handover 2>&1)"
	[ ! -e "$LAB_DIR/a/run/tandem/drill.undo" ] || lab_fail "a refused drill left its undo file"
	owns_vip a || lab_fail "a refused drill moved the address"
	echo "ok: refusals"
	exit 0
fi

wait_until 14 settled || lab_fail "the pair does not settle: $(vip_owner)"
case $what in
killed-*)
	kind=${what#killed-}
	spawn drill a "$VRRPD" drill -f /run/vrrp.conf -o /run/drills --probe 8080 --for 4s --yes "$kind"
	is_broken() { ! owns_vip a && [ -s "$LAB_DIR/a/run/tandem/drill.undo" ]; }
	wait_until 6 is_broken || lab_fail "the drill did not begin: $(cat "$LAB_DIR/drill.log")"
	kill -KILL "${PID[drill]}"
	wait_until 5 owns_vip a || lab_fail "$kind was not undone after the drill was killed: $(vip_owner)"
	[ ! -e "$LAB_DIR/a/run/tandem/drill.undo" ] || lab_fail "the undo file is left"
	is_known_as_ended() { in_ns a "$VRRPD" ctl -f /run/vrrp.conf --json status | grep -q '"id": "interrupted"'; }
	wait_until 3 is_known_as_ended || lab_fail "vrrpd still believes that the drill runs"
	echo "ok: $what"
	;;
*)
	back=
	[ "$what" != handover ] || back="--return-after 1s"
	[ "$what" = link-down ] || back="$back --target 5s"
	# shellcheck disable=SC2086 # words, or none
	drill --yes $back "$what" >"$LAB_DIR/out" 2>&1
	rc=$?
	[ $rc -eq 0 ] || lab_fail "$what ended with $rc: $(cat "$LAB_DIR/out")"
	[ -z "${REPORTS:-}" ] || cp "$LAB_DIR"/a/run/drills/* "$REPORTS"
	has_report "$what" || lab_fail "$what left no report: $(ls "$LAB_DIR/a/run/drills")"
	[ "$what" != handover ] || ! grep -q '"outage_ms": [0-9]\{4\}' "$LAB_DIR"/a/run/drills/*.json || lab_fail "a hand-over took a second"
	wait_until 5 owns_vip a || lab_fail "a did not come back after $what: $(vip_owner)"
	in_ns a "$VRRPD" drill -o /run/drills history | grep -q "$what" || lab_fail "the history does not know it"
	grep -q "event=peer_drill_begins\|peer_drill_begins" "$LAB_DIR/vrrpd-b.log" || lab_fail "the peer was not told"
	in_ns a "$VRRPD" drill -o /run/drills report "/run/drills/$(cd "$LAB_DIR/a/run/drills" && echo ./*.jsonl)" >"$LAB_DIR/out2" ||
		lab_fail "its recording cannot be read again: $(cat "$LAB_DIR/out2")"
	echo "ok: $what: $(tail -n 2 "$LAB_DIR/out" | head -n 1)"
	;;
esac
