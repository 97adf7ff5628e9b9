#!/bin/bash
# What proxyd refuses at its start: exit status 1, a message that says where, what and why, and
# nothing is started: no port, no socket, no pid file.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/netns/lib.sh
PROXYD=$PWD/${BUILD:-build}/proxyd
lab_require setpriv curl
lab_begin a

C=$LAB_DIR/a/run/c.cfg
good() { # LINES OF THE FRONTEND...
	printf 'global\n\tliveness-socket /run/live\ndefaults\n\tmode http\n\ttimeout connect 1s\n'
	printf '\ttimeout client 5s\n\ttimeout server 5s\nfrontend web\n\tbind 127.0.0.1:8080\n'
	printf '\tdefault_backend app\n'
	[ $# -eq 0 ] || printf '\t%s\n' "$@"
	printf 'backend app\n\tserver s1 127.0.0.1:9\n'
}
refuses() { # NAME PATTERN COMMAND...
	local name=$1 pattern=$2 rc
	shift 2
	in_ns a timeout 5 "$@" >"$LAB_DIR/out" 2>&1 </dev/null
	rc=$?
	[ $rc -eq 1 ] || { cat "$LAB_DIR/out"; lab_fail "$name: exit status $rc"; }
	tr '\n' ' ' <"$LAB_DIR/out" | grep -qE -- "$pattern" ||
		{ cat "$LAB_DIR/out"; lab_fail "$name: the message does not say $pattern"; }
	[ ! -e "$LAB_DIR/a/run/pid" ] || lab_fail "$name: a pid file"
	[ ! -e "$LAB_DIR/a/run/live" ] || lab_fail "$name: a liveness socket"
	[ -z "$(ip netns pids "$LAB-a")" ] || lab_fail "$name: a process was left"
	echo "ok: $name"
}
run=("$PROXYD" -db -f /run/c.cfg -p /run/pid)

rm -f "$C"
refuses "no -f" 'name one with -f' "$PROXYD"
refuses "unknown option" "unknown option '--frobnicate'" "$PROXYD" --frobnicate
refuses "absent file" '/run/c.cfg.*No such file' "${run[@]}"
refuses "absent file, in the background" '/run/c.cfg.*No such file' "$PROXYD" -D -f /run/c.cfg
good 'default_backnd app' >"$C"
refuses "misspelt keyword" "c.cfg:11:2.*default_backnd.*did you mean 'default_backend'" "${run[@]}"
good 'http-request deny' >"$C"
refuses "keyword of HAProxy that is not supported" 'c.cfg:11:[0-9]*.*http-request deny.*not supported' "${run[@]}"
good 'maxconn many' >"$C"
refuses "wrong argument" 'c.cfg:11:10.*many' "${run[@]}"
good 'bind 127.0.0.1:99999' >"$C"
refuses "port that is none" 'c.cfg:11:7.*99999' "${run[@]}"
good | sed 's/backend app$/backend app2/' | sed 's/default_backend app2/default_backend app/' >"$C"
refuses "missing backend" "c.cfg:10:.*app" "${run[@]}"
good >"$C"
echo '	server s1 127.0.0.1:10' >>"$C"
refuses "duplicate server" 'c.cfg:13:.*s1.*12' "${run[@]}"
{ good; printf 'backend app\n\tserver s2 127.0.0.1:9\n'; } >"$C"
refuses "duplicate backend" 'c.cfg:13:.*app.*11' "${run[@]}"
good 'defualt x' 'optoin y' >"$C"
refuses "two errors, both told" 'c.cfg:11:.*c.cfg:12:' "${run[@]}"

# Port in use: the other one goes on, and the message names place and address.
spawn other a "$PWD/${BUILD:-build}/tests/lib/gateway" other 127.0.0.1 8080
wait_until 3 in_ns a curl -sf http://127.0.0.1:8080/health || lab_fail "the gateway does not run"
good >"$C"
in_ns a timeout 5 "${run[@]}" >"$LAB_DIR/out" 2>&1
[ $? -eq 1 ] || lab_fail "port in use: exit status"
grep -qE 'c.cfg:9:.*127.0.0.1:8080.*(in use|use)' "$LAB_DIR/out" ||
	{ cat "$LAB_DIR/out"; lab_fail "port in use: message"; }
[ ! -e "$LAB_DIR/a/run/pid" ] && [ ! -e "$LAB_DIR/a/run/live" ] || lab_fail "port in use: something is left"
kill -KILL "${PID[other]}"
wait_until 2 test ! -d "/proc/${PID[other]}"
echo "ok: port in use"

good | sed 's/127.0.0.1:8080/127.0.0.1:80/' >"$C"
in_ns a sh -c 'echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start' 2>/dev/null
chmod 777 "$LAB_DIR/a/run"
refuses "no privilege for port 80" 'c.cfg:9:.*127.0.0.1:80.*[Pp]ermission' \
	setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --inh-caps=-all "${run[@]}"
good >"$C"
chmod 600 "$C"
refuses "unreadable file" 'c.cfg.*Permission denied' \
	setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --inh-caps=-all "${run[@]}"
good | sed 's/^global/global\n\tuser nobody-of-that-name/' >"$C"
refuses "user that does not exist" "c.cfg:2:.*nobody-of-that-name" "${run[@]}"

# -c of a good file: one line and 0; of a bad one: all errors and 1.
good >"$C"
in_ns a "$PROXYD" -c -f /run/c.cfg >"$LAB_DIR/out" 2>&1 || lab_fail "-c: exit status"
[ "$(cat "$LAB_DIR/out")" = "Configuration file is valid" ] || lab_fail "-c: $(cat "$LAB_DIR/out")"
good 'maxconn many' >"$C"
refuses "-c of a bad file" 'c.cfg:11:10' "$PROXYD" -c -f /run/c.cfg
