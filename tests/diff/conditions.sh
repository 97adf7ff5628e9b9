#!/bin/bash
# conditions.sh - every case of conditions.txt with every request of requests.txt through Debian's
# haproxy and through proxyd: the same file, the same ports, one program after the other. Prints
# what differs; exit 1 if anything does, 77 when haproxy is missing.
# Environment: BUILD, PORT (the first of as many ports as there are cases).
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$(realpath "${BUILD:-build}")
base=${PORT:-21000}
command -v haproxy >/dev/null || { echo "haproxy is not installed" && exit 77; }
command -v socat >/dev/null || { echo "socat is not installed" && exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/tandem-diff.XXXXXX")
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; rm -rf "$work"' EXIT

mkdir "$work/files"
printf '# paths\n/api\n\n  /img/Logo.PNG\n/a/b\r\n' >"$work/files/paths"
printf '10.0.0.0/8\n127.0.0.0/8\n127.1.0.0/16\n::1\n' >"$work/files/nets"
printf '^/api/v[0-9]\n\\.PNG$\n' >"$work/files/regexes"

grep -v '^#' "$here/requests.txt" | sed '/^$/d' >"$work/requests"
n_requests=$(wc -l <"$work/requests")
while IFS= read -r line; do printf '%b' "$line"; done <"$work/requests" >"$work/in"
printf 'GET /last HTTP/1.1\r\nHost: last\r\nConnection: close\r\n\r\n' >>"$work/in"

head_of() { # PORT-FREE part of every file
	cat <<-EOF
		defaults
		    mode http
		    timeout client 10s
		    timeout server 10s
		    timeout connect 5s
		frontend empty_front
		    bind 127.0.0.1:$((base - 3))
		backend hit
		    server s 127.0.0.1:$((base - 1))
		backend miss
		    server s 127.0.0.1:$((base - 2))
		backend empty
		backend off
		    server s 127.0.0.1:$((base - 1)) disabled
		backend pool
		    server a 127.0.0.1:$((base - 1)) maxconn 10 maxqueue 10
		    server b 127.0.0.1:$((base - 1)) maxconn 10 maxqueue 10
	EOF
}

front() { # NUMBER CASE
	local port=$((base + $1)) text=${2//FILES/$work/files}
	text=${text//PORT/$port}
	echo "frontend f$1"
	echo "    bind 127.0.0.1:$port"
	while [[ $text == *" ; "* ]]; do
		echo "    ${text%% ; *}"
		text=${text#* ; }
	done
	echo "    use_backend hit $text"
	echo "    default_backend miss"
}

verdict() { # PROGRAM FILE
	"$@" >/dev/null 2>&1 && echo accepted || echo refused
}

# The verdicts, one by one; what both accept goes into the file for the requests.
head_of >"$work/all.cfg"
n=0 n_bad=0 n_refused=0
: >"$work/cases"
while IFS= read -r case; do
	expected=accepted
	[[ $case != *" | ours" ]] || continue
	[[ $case != *" | refused" ]] || { expected=refused && case=${case% | refused}; }
	{ head_of && front 0 "$case"; } >"$work/one.cfg"
	theirs=$(verdict haproxy -c -f "$work/one.cfg")
	ours=$(verdict "$build/proxyd" -c -f "$work/one.cfg")
	if [ "$theirs" != "$ours" ] || [ "$theirs" != $expected ]; then
		echo "VERDICT haproxy: $theirs, proxyd: $ours, expected: $expected: $case"
		n_bad=$((n_bad + 1))
	fi
	[ "$theirs$ours" = acceptedaccepted ] || { n_refused=$((n_refused + 1)) && continue; }
	front $n "$case" >>"$work/all.cfg"
	echo "$case" >>"$work/cases"
	n=$((n + 1))
done < <(grep -v '^#' "$here/conditions.txt" | sed '/^$/d')

"$build/tests/lib/gateway" hit 127.0.0.1 $((base - 1)) 2>/dev/null & pids+=($!)
"$build/tests/lib/gateway" miss 127.0.0.1 $((base - 2)) 2>/dev/null & pids+=($!)

wait_for() { # PORT
	for _ in $(seq 500); do
		(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
		sleep 0.02
	done
	echo "nobody listens on port $1"
	exit 1
}
wait_for $((base - 1))
wait_for $((base - 2))

run() { # NAME COMMAND...
	local name=$1 pid i
	shift
	"$@" >"$work/$name.log" 2>&1 & pid=$!
	pids+=("$pid")
	wait_for $((base + n - 1))
	for ((i = 0; i < n; i++)); do
		socat -t 0.1 -,ignoreeof "TCP:127.0.0.1:$((base + i))" <"$work/in" 2>/dev/null |
			grep -aoE '^(hit|miss)|^HTTP/1.1 [0-9]+' | tr '\n' ' ' |
			sed 's/HTTP.1.1 200 //g'
		echo
	done >"$work/$name.out"
	kill $pid
	wait $pid 2>/dev/null
}
run haproxy haproxy -db -f "$work/all.cfg"
run proxyd "$build/proxyd" -db -f "$work/all.cfg"

i=0
while IFS= read -r case <&3 && IFS= read -r theirs <&4 && IFS= read -r ours <&5; do
	i=$((i + 1))
	[ "$theirs" != "$ours" ] || continue
	n_bad=$((n_bad + 1))
	echo "DIFFERS: $case"
	paste <(tr ' ' '\n' <<<"$theirs") <(tr ' ' '\n' <<<"$ours") "$work/requests" |
		awk -F '\t' '$1 != $2 && k++ < 5 { print "    haproxy: " $1 ", proxyd: " $2 ", " $3 }'
done 3<"$work/cases" 4<"$work/haproxy.out" 5<"$work/proxyd.out"
echo "$n conditions with $n_requests requests and $n_refused refused ones: $n_bad differ"
[ $n_bad -eq 0 ]
