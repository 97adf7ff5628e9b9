#!/bin/bash
# commands.sh - each command of the stats socket, on proxyd and on Debian's haproxy with the same
# configuration; answers must have the same shape. commands.txt has one a line:
#   LEVEL HOW COMMAND     LEVEL: a admin, o operator, u user; HOW: = the same text,
#                         ~ the same when numbers are N, s states of servers, p pairs, k the same first words of the lines that
#                         haproxy has in common (documented to be of no fixed form)
# Environment: BUILD. Exit 77 when haproxy or socat are missing.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
command -v haproxy >/dev/null && command -v socat >/dev/null || exit 77
work=$(mktemp -d "${TMPDIR:-/tmp}/tandem-commands.XXXXXX")
pids=
cleanup() {
	# shellcheck disable=SC2086 # words
	[ -z "$pids" ] || kill $pids 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# Below the ports that the kernel hands out; the same in both files where numbers are compared.
base=$((20000 + $$ % 9000))

config() { # name port
	cat <<EOF
global
	stats socket $work/$1.a level admin expose-fd listeners
	stats socket $work/$1.o level operator
	stats socket $work/$1.u level user
	maxconn 1000
	nbthread 2
	node n1
defaults
	mode http
	timeout connect 1s
	timeout client 10s
	timeout server 10s
	timeout check 1s
frontend fe
	bind 127.0.0.1:$2
	monitor-uri /up
	maxconn 200
	default_backend be
backend be
	balance roundrobin
	option httpchk GET /up
	server s1 127.0.0.1:$2 check inter 100s weight 10
	server s2 127.0.0.1:$2 weight 20 maxconn 5 cookie xx
	server s3 127.0.0.1:$2 check inter 100s disabled backup agent-check agent-inter 100s agent-port 1
	server s4 127.0.0.1:$2 track be/s1
backend st
	balance source
	server t1 127.0.0.1:$2
	server t2 127.0.0.1:$2 weight 3
listen tcp
	mode tcp
	bind 127.0.0.1:$(($2 + 1))
	server x 127.0.0.1:$2
EOF
}

start() { # name port program
	config "$1" "$2" >"$work/$1.cfg"
	env - PATH="$PATH" COMMANDS_TEST=here "$3" -db -f "$work/$1.cfg" >"$work/$1.log" 2>&1 &
	pids="$pids $!"
	for _ in $(seq 100); do
		[ -S "$work/$1.u" ] && return
		sleep 0.05
	done
	cat "$work/$1.log"
	exit 1
}
start haproxy $base haproxy
start proxyd $((base + 10)) "$BUILD/proxyd"

ask() { # name level command
	printf '%s\n' "$3" | timeout 10 socat -t5 stdio "unix-connect:$work/$1.$2"
}

# Wait until the first checks of both have ended.
for name in haproxy proxyd; do
	for _ in $(seq 100); do
		ask $name a 'show stat' | grep -q '^be,s1,.*,L7OK' && break
		sleep 0.05
	done
done

# What must differ: names and places, versions, pointers, dates, ports of the test.
same_words() {
	sed -E "s,$work/(haproxy|proxyd),SOCKET,g; s/0x[0-9a-f]+/0xP/g; s/\b$base\b|\b$((base + 10))\b/PORT/g
		s/\b$((base + 1))\b|\b$((base + 11))\b/PORT1/g; s/HAProxy|Tandem/NAME/g
		s/2\.6\.[0-9]+-[0-9a-z+]+/VERSION/g; s/(^|[ :\"])0\.[0-9]+\.[0-9]+($|\")/\1VERSION\2/g
		s,[0-9]+/[A-Z][a-z]+/[0-9]{4}:[0-9:.]+,DATE,g; s/^Release_date.*/Release_date/"
}
shape() {
	case $1 in
	=) same_words ;;
	'~') same_words | sed -E 's/-?[0-9]+/N/g' ;;
	s) # ages, and the health of servers that nobody checks, are not compared
		same_words | awk '/^[0-9]+ [a-z]/ { $10 = "AGE"; $13 = "HEALTH" } { print }' ;;
	p) same_words | sed -E 's/=[^] ,[]*/=V/g; s/=V\[[^]]*\]/=V/g' ;; # pairs
	k) same_words | sed -nE 's/^( *[A-Za-z_#-]+).*/\1/p' | sort -u ;;
	esac
}

n=0 bad=0
while read -r level how command; do
	case $level in '' | '#'*) continue ;; esac
	ask haproxy "$level" "$command" | shape "$how" >"$work/expected"
	ask proxyd "$level" "$command" | shape "$how" >"$work/got"
	n=$((n + 1))
	if [ "$how" = k ]; then
		# what haproxy has and we have is enough: at least one word in common, or none at all
		[ ! -s "$work/expected" ] || comm -12 "$work/expected" "$work/got" | grep -q . && continue
	elif cmp -s "$work/expected" "$work/got"; then
		continue
	fi
	bad=$((bad + 1))
	echo "different: $level $command"
	diff "$work/expected" "$work/got" | head -n 10 | cut -c1-300
done <tests/diff/commands.txt
echo "commands: $n compared, $bad different"
[ "$bad" -eq 0 ]
