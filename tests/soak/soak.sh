#!/bin/bash
# soak.sh [MINUTES] - proxyd under a mixed load (tests/soak/mixload.c) while servers fail and return,
# weights and states change through the stats socket, and a reload comes every two seconds. Passes
# when no request failed that a proxy could have served, memory is flat and no descriptor is left.
#
# Environment: BUILD, SANITIZE (its build; memory is not judged then), PROXY=/usr/sbin/haproxy (the
# same for haproxy, as master and worker: memory and descriptors are not judged), KEEP=1 (keep the files).
set -u
cd "$(dirname "$0")/../.." || exit 1
minutes=${1:-10} BUILD=${BUILD:-build} SANITIZE=${SANITIZE:-}
[ -z "$SANITIZE" ] || BUILD=build-${SANITIZE%%,*}
proxy=${PROXY:-$BUILD/proxyd} load=$BUILD/tests/soak/mixload

# A network of its own: ports are free, and nothing that happens here is seen elsewhere.
if [ -z "${SOAK_INSIDE:-}" ]; then
	[ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null || { echo "needs root" && exit 77; }
	command -v socat >/dev/null || { echo "needs socat" && exit 77; }
	SOAK_INSIDE=1 exec unshare -n "$0" "$@"
fi
ip link set lo up
dir=$(mktemp -d "${TMPDIR:-/tmp}/tandem-soak.XXXXXX")
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; [ -n "${KEEP:-}" ] || rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP

# Two configurations that take turns: servers leave and come, the algorithm, a limit and a listener change.
config() { # balance "numbers of servers" maxconn [more]
	local i
	cat <<-EOF
		global
		    nbthread 2
		    maxconn 4000
		    stats socket $dir/sock mode 600 level admin expose-fd listeners
		    log stdout format raw local0
		defaults
		    log global
		    timeout connect 2s
		    timeout client 12s
		    timeout server 12s
		    timeout queue 8s
		    timeout http-keep-alive 5s
		    retries 3
		    option redispatch 1
		    retry-on conn-failure empty-response
		    default-server check inter 200ms rise 1 fall 2
		frontend web
		    mode http
		    option httplog
		    bind 127.0.0.1:8000
		    default_backend web
		backend web
		    mode http
		    balance $1
	EOF
	for i in $2; do echo "    server s$i 127.0.0.1:$((8100 + i)) weight 100 maxconn $3"; done
	cat <<-EOF
		listen raw
		    mode tcp
		    option tcplog
		    bind 127.0.0.1:8001
		    balance leastconn
	EOF
	for i in $2; do echo "    server t$i 127.0.0.1:$((8200 + i))"; done
	printf '%s\n' "${@:4}"
}
config roundrobin "1 2 3 4" 40 >"$dir/a.cfg"
config leastconn "5 3 2 1" 60 "listen more" "    mode http" "    bind 127.0.0.1:8002" \
	"    server s1 127.0.0.1:8101" >"$dir/b.cfg"
cp "$dir/a.cfg" "$dir/run.cfg"

is_haproxy=
case $proxy in *haproxy) is_haproxy=1 ;; esac
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:atexit_sleep_ms=0:suppressions=$PWD/tests/tsan.supp}
prefix=
[ "$SANITIZE" != thread ] || prefix="setarch -R"
# shellcheck disable=SC2086 # prefix is words
$prefix "$proxy" ${is_haproxy:+-W} -db -f "$dir/run.cfg" >/dev/null 2>"$dir/messages" &
pid=$!
pids+=("$pid")

say() { # command: to the stats socket
	echo "$1" | socat -t 2 - "UNIX-CONNECT:$dir/sock" 2>/dev/null
}
for ((i = 0; i < 100; i++)); do
	say "show info" | grep -q '^Pid:' && break
	sleep 0.1
done

reload() { # a or b
	cp "$dir/$1.cfg" "$dir/run.cfg"
	kill "-$([ -n "$is_haproxy" ] && echo USR2 || echo HUP)" "$pid"
}
rss_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$pid/status" 2>/dev/null; }
# Without the pipes, which a thread keeps for large bodies: at most sixteen each.
n_fds() { find "/proc/$pid/fd" -mindepth 1 ! -lname 'pipe:*' 2>/dev/null | wc -l; }
n_pipes() { find "/proc/$pid/fd" -mindepth 1 -lname 'pipe:*' 2>/dev/null | wc -l; }
fds_before=$(n_fds)

seconds=$(awk "BEGIN { print int($minutes * 60) }")
"$load" -s "$seconds" -h 8000 -t 8001 -p 8101 -q 8201 -n 5 -r "${SEED:-1}" -a "${ACTORS:-60}" >"$dir/load" &
load_pid=$!
pids+=("$load_pid")

# s1 and t1 never fail by themselves, so what is done to them here leaves servers that work.
RANDOM=${SEED:-1}
turn=0 reloads=0 commands=0
while kill -0 "$load_pid" 2>/dev/null; do
	sleep 0.5
	kill -0 "$pid" 2>/dev/null || break
	case $((RANDOM % 4)) in
	0) command="set weight web/s1 $((RANDOM % 257))" ;;
	1) command="set weight raw/t2 $((1 + RANDOM % 200))%" ;;
	2) command="set server web/s1 state $([ $((RANDOM % 2)) = 0 ] && echo drain || echo ready)" ;;
	3) command="set server raw/t1 state $([ $((RANDOM % 2)) = 0 ] && echo maint || echo ready)" ;;
	esac
	say "$command; show stat" >/dev/null && commands=$((commands + 1))
	turn=$((turn + 1))
	[ $((turn % 2)) != 0 ] || rss_kb >>"$dir/rss"
	if [ $((turn % 4)) = 0 ]; then
		reload "$([ $((turn % 8)) = 0 ] && echo a || echo b)"
		reloads=$((reloads + 1))
	fi
done

rc=0
wait "$load_pid" || rc=1
cat "$dir/load"
echo "$reloads reloads, $commands commands"
if ! kill -0 "$pid" 2>/dev/null; then
	echo "the proxy died:"
	tail -n 40 "$dir/messages"
	exit 1
fi
if [ -z "$is_haproxy" ]; then
	reload a # what it began with
	for ((i = 0; i < 150; i++)); do # idle connections to servers end after a while
		fds_after=$(n_fds)
		[ "$fds_after" -gt "$((fds_before + 3))" ] || break
		sleep 0.2
	done
	echo "descriptors: $fds_before before, $fds_after after, and $(n_pipes) of pipes"
	[ "$fds_after" -le "$((fds_before + 3))" ] && [ "$(n_pipes)" -le 66 ] || { echo "descriptors are left:" && rc=1 && ls -l "/proc/$pid/fd"; }
	# Memory: the first quarter is warm-up; of the rest the last third is compared with the first.
	awk -v judge="$([ -n "$SANITIZE" ] || echo 1)" '
		{ rss[n++] = $1; if ($1 > max) max = $1 }
		END {
			from = int(n / 4); third = int((n - from) / 3)
			for (i = 0; i < third; i++) { a += rss[from + i] / third; b += rss[n - 1 - i] / third }
			printf "memory: %d KB at first, after warm-up %d, at the end %d, most %d\n", rss[0], a, b, max
			limit = a * 0.02 > 512 ? a * 0.02 : 512
			if (judge && (third == 0 || b > a + limit)) { print "memory grows"; exit 1 }
		}' "$dir/rss" || rc=1
fi
kill "$pid" && wait "$pid" 2>/dev/null
grep -E -A 30 'Sanitizer|assert' "$dir/messages" && rc=1
exit $rc
