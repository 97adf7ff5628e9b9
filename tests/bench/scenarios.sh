# shellcheck shell=bash disable=SC2154
# scenarios.sh - one function a scenario: bench_NAME. Sourced by run.sh.

connections=${BENCH_CONNECTIONS:-64}

load_wrk() { # NAME CONNECTIONS SCRIPT URL
	load "$1" wrk -t1 -d"${seconds}s" -c"$2" -s "$here/$3" "$4"
}
load_small() { load_wrk "$1" "$connections" report.lua "$2/1k"; }
load_16k() { load_wrk "$1" "$connections" report.lua "$2/16k"; }
load_1m() { load_wrk "$1" 16 report.lua "$2/1m"; }
load_upload() { load_wrk "$1" 16 upload.lua "$2/up"; }
load_close() { load "$1" "$client" churn "${2##*:}" "$connections" "$seconds" /1k; }

bench_small() { # small requests on kept connections: 1 KiB answers
	start_peers http 3 no 1 0 proxyd haproxy nginx floor
	compare 0 "proxyd haproxy nginx floor" load_small
}
bench_close() { # a connection for each request; the floor keeps its own to the origin
	start_peers http 3 no 1 0 proxyd haproxy nginx kept
	compare 0 "proxyd haproxy nginx kept" load_close
}
bench_16k() { # 16 KiB answers on kept connections
	start_peers http 3 no 1 0 proxyd haproxy nginx floor
	compare 0 "proxyd haproxy nginx floor" load_16k
}
bench_1m() { # 1 MiB answers
	start_peers http 3 no 1 0 proxyd haproxy nginx splice
	compare 1048576 "proxyd haproxy nginx splice" load_1m
}
bench_upload() { # POST of 1 MiB
	start_body_origin
	start_peers http 3 no 1 0 proxyd haproxy nginx splice
	compare 1048576 "proxyd haproxy nginx splice" load_upload
}
bench_tcp() { # mode tcp, small requests
	start_peers tcp 3 no 1 0 proxyd haproxy floor
	compare 0 "proxyd haproxy floor" load_small
}
bench_tcp1m() { # mode tcp, 1 MiB answers
	start_peers tcp 3 no 1 0 proxyd haproxy splice
	compare 1048576 "proxyd haproxy splice" load_1m
}
bench_log() { # small requests with httplog to a UDP syslog, and without
	local with_p with_h
	taskset -c 1 "$sink" udp $SYSLOG >"$work/sink.out" &
	pids+=("$!")
	start_peers http 3 yes 1 0 proxyd haproxy floor
	compare 0 "proxyd haproxy floor" load_small
	with_p=${CPU[proxyd]} with_h=${CPU[haproxy]}
	stop_all
	echo "lines of log: $(cat "$work/sink.out")"
	start_origin
	start_peers http 3 no 1 0 proxyd haproxy floor
	compare 0 "proxyd haproxy floor" load_small
	awk -v p="$with_p" -v q="${CPU[proxyd]}" -v h="$with_h" -v i="${CPU[haproxy]}" \
		'BEGIN { printf "logs cost proxyd %.2f x its own figure without, haproxy %.2f x\n", p / q, h / i }'
}
bench_servers1000() { # small requests over 1,000 servers, round robin
	start_peers http 1000 no 1 0 proxyd haproxy floor
	compare 0 "proxyd haproxy floor" load_small
}
bench_checks1000() { # 1,000 servers checked every 2 s, no traffic: CPU of ten seconds
	local name before after
	write_haproxy http 1000 no 1 "check inter 2s"
	for name in proxyd haproxy; do
		BENCH_PORT=${PORT[$name]} start "$name" "${PORT[$name]}" 0 "${!name}" -db -f "$work/bench.cfg"
		sleep 2
		before=$(cpu_ns "${STARTED[$name]}")
		sleep 10
		after=$(cpu_ns "${STARTED[$name]}")
		awk -v n="$name" -v ns=$((after - before)) 'BEGIN { printf "%-9s %8.1f CPU us/check\n", n, ns / 1000 / 5000 }'
		kill "${STARTED[$name]}"
	done
}
bench_threads() { # small requests with 1 and 2 threads; all share both cores
	local n name
	declare -A one=()
	for n in 1 2; do
		start_peers http 3 no $n 0,1 proxyd haproxy nginx floor
		echo "$n thread(s):"
		compare 0 "proxyd haproxy nginx floor" load_small
		for name in proxyd haproxy nginx; do
			if [ $n -eq 1 ]; then
				one[$name]=$(column $name '$5')
			else
				awk -v n=$name -v a="${one[$name]}" -v b="$(column $name '$5')" \
					'BEGIN { printf "%s: 2 threads serve %.2f x the requests of 1\n", n, b / a }'
			fi
		done
		stop_all
		[ $n -eq 2 ] || start_origin
	done
}
bench_idle() { # memory of an idle connection, kept open after one request
	local name before after fd held n=${BENCH_IDLE:-0}
	ulimit -Sn "$(ulimit -Hn)"
	[ "$n" -gt 0 ] || n=$(max_connections 3)
	[ "$n" -le 9500 ] || n=9500
	start_peers http 3 no 1 0 proxyd haproxy nginx floor
	for name in proxyd haproxy nginx floor; do
		before=$(memory_kb "${STARTED[$name]}")
		coproc IDLE { exec "$client" idle "${PORT[$name]}" "$n" /1k; }
		read -r -t 60 held <&"${IDLE[0]}" || held=0
		after=$(memory_kb "${STARTED[$name]}")
		fd=${IDLE[1]}
		exec {fd}>&-
		wait "$IDLE_PID" 2>/dev/null
		awk -v n="$name" -v a="$before" -v b="$after" -v held="$held" \
			'BEGIN { if (!held) print n " could not hold them"; else printf "%-9s %8.0f bytes each of %d idle connections\n", n, (b - a) * 1024 / held, held }'
	done
}
bench_latency() { # latency at a fixed rate: half of what the slowest of them can do
	local name rps=${BENCH_RATE:-0} i
	start_peers http 3 no 1 0 proxyd haproxy nginx
	if [ "$rps" -eq 0 ]; then
		rm -f "$work"/*.dat
		for name in proxyd haproxy nginx; do load_small $name "http://127.0.0.1:${PORT[$name]}"; done
		rps=$(for name in proxyd haproxy nginx; do column $name '$5'; done | sort -n | awk 'NR == 1 { printf "%d", $1 / 2 }')
	fi
	echo "at $rps requests/s:"
	rm -f "$work"/*.rate
	for ((i = 0; i < rounds; i++)); do
		for name in proxyd haproxy nginx; do
			taskset -c 1 "$client" rate "${PORT[$name]}" "$rps" "$seconds" /1k >>"$work/$name.rate" || exit 1
		done
	done
	for name in proxyd haproxy nginx; do
		printf '%-9s p50 %6.0f us   p99 %6.0f us   errors %d\n' $name "$(awk '{ print $2 }' "$work/$name.rate" | median)" \
			"$(awk '{ print $3 }' "$work/$name.rate" | median)" "$(awk '{ n += $4 } END { print n }' "$work/$name.rate")"
	done
}
bench_syscalls() { # system calls of a request, by strace
	local name n=2000 p
	command -v strace >/dev/null || { echo "needs strace"; return; }
	start_peers http 3 no 1 0 proxyd haproxy nginx floor
	for name in proxyd haproxy nginx floor; do
		"$client" get "${PORT[$name]}" 100 /1k
		local args=()
		for p in $(family "${STARTED[$name]}"); do args+=(-p "$p"); done
		strace -q -c -f -o "$work/strace.out" "${args[@]}" &
		p=$!
		sleep 0.5
		"$client" get "${PORT[$name]}" $n /1k
		kill -INT $p
		wait $p
		awk -v n=$n -v name="$name" '$NF == "total" { total = $(NF - 1) + 0; if (NF == 6) total = $4 }
			NR > 2 && $NF != "total" && $4 + 0 >= n / 10 { list = list sprintf(" %s %.2f", $NF, $4 / n) }
			END { printf "%-9s %6.2f system calls a request:%s\n", name, total / n, list }' "$work/strace.out"
	done
}
bench_instructions() { # user-space instructions of a request, by callgrind; repeatable
	local name a b
	command -v valgrind >/dev/null || { echo "needs valgrind"; return; }
	write_haproxy http 3 no 1
	for name in proxyd haproxy; do
		a=$(count_instructions $name "${!name}" 200)
		b=$(count_instructions $name "${!name}" 1200)
		printf '%-9s %8d instructions a request\n' $name $(((b - a) / 1000))
	done
}
count_instructions() { # NAME PROGRAM REQUESTS
	local p
	rm -f "$work"/callgrind.*
	BENCH_PORT=${PORT[$1]} valgrind --tool=callgrind --callgrind-out-file="$work/callgrind.out" "$2" -db -f "$work/bench.cfg" \
		>"$work/$1.log" 2>&1 &
	p=$!
	until curl -sf -o /dev/null "http://127.0.0.1:${PORT[$1]}/1k"; do kill -0 $p || { cat "$work/$1.log" >&2; exit 1; }; sleep 0.1; done
	"$client" get "${PORT[$1]}" "$3" /1k
	kill -TERM $p
	wait $p
	awk '/^(totals|summary):/ { n = $2 } END { print n }' "$work"/callgrind.out*
}
