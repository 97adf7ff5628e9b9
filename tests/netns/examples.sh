#!/bin/bash
# Each example of deploy/examples: both nodes' own files are started and failed over. The files run
# byte for byte: the lab has the addresses that they name.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
VRRPD=$PWD/${BUILD:-build}/vrrpd
PROXYD=$PWD/${BUILD:-build}/proxyd
EXAMPLES=$PWD/deploy/examples
lab_require /usr/bin/python3
CASE=${1:-}
[ -n "$CASE" ] || lab_cases gateway active-active ipv6 postgresql cloud-unicast
LAB=tandem-ex-$CASE-$$
lab_begin
OTHER=10.77.0.101
VIP6=2001:db8:77::100

# A server of the scenario: HTTP answers on 8000 (and [::]), a PostgreSQL that tells its name on 5432,
# and its Patroni on 8008. The file /run/role says what it is: primary or replica.
cat >"$LAB_DIR/server.py" <<'EOF'
import socket, sys, threading
name = sys.argv[1]
def role():
    return open("/run/role").read().strip()
def http(request):
    path = request.split()[1].decode() if len(request.split()) > 1 else "/"
    good = path not in ("/primary", "/replica") or path[1:] == role()
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (
        b"200 OK" if good else b"503 No", len(name), name.encode())
def session(request):
    return ("%s %s\n" % (name, role())).encode()
def serve(port, answer):
    s = socket.socket(socket.AF_INET6)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("::", port))
    s.listen(64)
    while True:
        c, _ = s.accept()
        threading.Thread(target=one, args=(c, answer), daemon=True).start()
def one(c, answer):
    with c:
        c.settimeout(5)
        try:
            c.sendall(answer(c.recv(4096)))
        except OSError:
            pass
for port, answer in ((8000, http), (8008, http)):
    threading.Thread(target=serve, args=(port, answer), daemon=True).start()
serve(5432, session)
EOF
for n in 1 2 3; do
	echo replica >"$LAB_DIR/gw$n/run/role"
	[ $n -ne 1 ] || echo primary >"$LAB_DIR/gw$n/run/role"
	cp "$LAB_DIR/server.py" "$LAB_DIR/gw$n/run/"
	[ "$CASE" != ipv6 ] || ip -n "$LAB-gw$n" addr add "2001:db8:77::1$n/64" dev eth0 nodad
	spawn "gw$n" "gw$n" /usr/bin/python3 /run/server.py "gw$n"
done
if [ "$CASE" = ipv6 ]; then
	ip -n "$LAB-a" addr add 2001:db8:77::1/64 dev eth0 nodad
	ip -n "$LAB-b" addr add 2001:db8:77::2/64 dev eth0 nodad
	ip -n "$LAB-client" addr add 2001:db8:77::50/64 dev eth0 nodad
fi

# The hooks with commands that record their words, fail, or hang.
try_hooks() {
	local h bin=$LAB_DIR/bin c
	mkdir -p "$bin"
	for c in aws gcloud az hcloud openstack; do
		printf '#!/bin/sh\necho "${0##*/} $*" >>"%s/calls"\nn=$(wc -l <"%s/calls")\n' "$LAB_DIR" "$LAB_DIR" >"$bin/$c"
		printf '[ "$FAKE" != hang ] || sleep 20\n[ "$FAKE" != twice ] || [ "$n" -gt 2 ] || exit 1\n[ "$FAKE" != never ]\n' >>"$bin/$c"
	done
	chmod +x "$bin"/*
	hook() { # FAKE VIP NAME ARGUMENT...
		: >"$LAB_DIR/calls"
		ip netns exec "$LAB-client" env PATH="$bin:$PATH" FAKE="$1" PAUSE_S=0 TRY_S=0.2 \
			"$EXAMPLES/cloud-unicast/hooks/$3.sh" "$2" "${@:4}" 2>/dev/null
	}
	calls() { [ "$(wc -l <"$LAB_DIR/calls")" -eq "$1" ] || lab_fail "$2: $(cat "$LAB_DIR/calls")"; }
	for h in "aws eni" "aws-elastic alloc eni" "aws-route table eni" "gcloud node zone" \
		"azure group table route 10.77.0.1" "hetzner fip server" "openstack port"; do
		# shellcheck disable=SC2086 # words
		set -- $h
		hook good 10.77.0.50 "$@" || lab_fail "$1 failed"
		calls 1 "$1"
		hook twice 10.77.0.50 "$@" || lab_fail "$1 did not try again"
		calls 3 "$1, fails twice"
		hook never 10.77.0.50 "$@" && lab_fail "$1: success without success"
		calls 3 "$1, fails"
		hook hang 10.77.0.50 "$@" && lab_fail "$1: success by hanging"
		calls 3 "$1, hangs"
		hook good 10.77.0.99 "$@" || lab_fail "$1 for an address that is not ours"
		calls 0 "$1, not ours"
	done
	hook good 10.77.0.50 aws
	[ $? -eq 2 ] || lab_fail "no usage"
	echo "ok: $CASE: the hooks claim, try again, give up, and leave what is not theirs"
}
if [ "$CASE" = cloud-unicast ]; then
	for h in "$EXAMPLES"/cloud-unicast/hooks/*.sh; do
		! command -v shellcheck >/dev/null || (cd "${h%/*}" && shellcheck -x -s sh -S warning "$h") || lab_fail "$h"
	done
	try_hooks
	for n in a b; do # the path of the hook is edited, and its command is one that records
		cp -r "$EXAMPLES/cloud-unicast/hooks" "$LAB_DIR/$n/run/"
		printf '#!/bin/sh\necho "$*" >>/run/claims\n' >"$LAB_DIR/$n/run/hooks/aws"
		chmod +x "$LAB_DIR/$n/run/hooks/aws"
		# shellcheck disable=SC2016 # the hook's own
		sed -i 's|^set -eu|PATH=/run/hooks:$PATH\nset -eu|' "$LAB_DIR/$n/run/hooks/lib.sh"
		sed 's|/etc/tandem/hooks|/run/hooks|' "$EXAMPLES/$CASE/$n/keepalived.conf" >"$LAB_DIR/$n/run/keepalived.conf"
	done
fi

for cfg in "$EXAMPLES/$CASE"/*.cfg; do
	"$PROXYD" -c -f "$cfg" 2>&1 || lab_fail "proxyd refuses $cfg"
	! command -v haproxy >/dev/null || sed '/liveness-socket\|vrrpd-socket/d' "$cfg" >"$LAB_DIR/their.cfg"
	! command -v haproxy >/dev/null || haproxy -c -q -f "$LAB_DIR/their.cfg" || lab_fail "haproxy refuses $cfg"
done
start_proxy() { # NODE
	spawn "proxyd-$1" "$1" "$PROXYD" -f "$EXAMPLES/$CASE/haproxy.cfg"
}
for n in a b; do
	conf=$EXAMPLES/$CASE/$n/keepalived.conf
	[ "$CASE" != cloud-unicast ] || conf=/run/keepalived.conf
	in_ns $n "$VRRPD" -t -f "$conf" 2>&1 || lab_fail "vrrpd refuses $conf"
	if command -v keepalived >/dev/null; then
		sed '/^vrrp_track_proxy/,/^}/d; /track_proxy {/,/}/d' "${conf/#\/run/$LAB_DIR/$n/run}" >"$LAB_DIR/$n/run/their.conf"
		in_ns $n keepalived -t -f /run/their.conf 2>&1 || lab_fail "keepalived refuses $conf"
	fi
	start_proxy $n
	spawn "vrrpd-$n" $n "$VRRPD" -n -l -f "$conf" -p /run/vrrpd.pid
done

has_vip6() { ip -n "$LAB-$1" -o -6 addr show dev eth0 | grep -q " $VIP6/"; }
other_of() { [ "$1" = a ] && echo b || echo a; }
holds() { # NODE: it has what the scenario gives it, alone
	case $CASE in
	ipv6) has_vip6 "$1" && ! has_vip6 "$(other_of "$1")" ;;
	active-active) owns_vip "$1" "$VIP" && owns_vip "$1" "$OTHER" ;;
	*) owns_vip "$1" ;;
	esac
}
rests() { # all is well
	case $CASE in
	active-active) owns_vip a "$VIP" && owns_vip b "$OTHER" ;;
	*) holds a ;;
	esac
}
ask() { # print what answers
	case $CASE in
	ipv6) ip netns exec "$LAB-client" curl -sf -m 1 "http://[$VIP6]:8080/" ;;
	postgresql) ip netns exec "$LAB-client" curl -s -m 1 "telnet://$VIP:${1:-5432}" <<<hello ;;
	*) ip netns exec "$LAB-client" curl -sf -m 1 "http://${1:-$VIP}:8080/" ;;
	esac
}
answers() { ask "$@" | grep -q '^gw[123]'; }
primary_is() { [ "$(ask)" = "$1 primary" ]; }

wait_until 8 rests || lab_fail "no rest: $(vip_owner)"
wait_until 4 answers || lab_fail "nothing answers"
[ "$CASE" != active-active ] || answers $OTHER || lab_fail "the second address does not answer"
echo "ok: $CASE: both nodes run, the service answers"

if [ "$CASE" = postgresql ]; then
	wait_until 4 primary_is gw1 || lab_fail "not the primary: $(ask)"
	ask 5433 | grep -q ' replica$' || lab_fail "not a replica: $(ask 5433)"
	echo replica >"$LAB_DIR/gw1/run/role"
	echo primary >"$LAB_DIR/gw2/run/role"
	wait_until 4 primary_is gw2 || lab_fail "the new primary is not used: $(ask)"
	echo "ok: $CASE: sessions follow the primary"
fi

kill -KILL "${PID[proxyd-a]}"
wait_until 3 holds b || lab_fail "b did not take over: $(vip_owner)"
wait_until 2 answers || lab_fail "nothing answers on b"
echo "ok: $CASE: the proxy of a dies, b serves"
if [ "$CASE" = cloud-unicast ]; then
	for n in a b; do
		wait_until 3 grep -qs "assign-private-ip-addresses --network-interface-id eni-node-$n --private-ip-addresses $VIP" \
			"$LAB_DIR/$n/run/claims" || lab_fail "$n did not claim"
	done
	echo "ok: $CASE: the cloud was told, by a and then by b"
fi
start_proxy a
wait_until 8 rests || lab_fail "a did not get its address back: $(vip_owner)"
wait_until 2 answers || lab_fail "nothing answers on a"

kill -TERM "${PID[vrrpd-a]}"
wait_until 3 holds b || lab_fail "b did not take over from a that stopped"
wait_until 2 answers || lab_fail "nothing answers on b"
echo "ok: $CASE: vrrpd of a stops, b serves"
