# shellcheck shell=bash disable=SC2154
# lib.sh - what the scenarios of the benchmark share: peers, their configurations, measuring, tables. Sourced by run.sh,
# which sets top, here, work, rounds, seconds.

ORIGIN=18180 SYSLOG=18181
declare -A PORT=([floor]=18101 [haproxy]=18102 [proxyd]=18103 [nginx]=18104 [splice]=18105 [kept]=18106)
declare -A STARTED=() # pid of each peer that runs
pids=()

stop_all() {
	local p
	for p in "${pids[@]:-}"; do [ -z "$p" ] || kill "$p" 2>/dev/null; done
	for p in "${pids[@]:-}"; do [ -z "$p" ] || wait "$p" 2>/dev/null; done
	pids=()
	STARTED=()
}

# start NAME PORT CORES COMMAND...: run it on those cores and wait until it answers.
start() {
	local name=$1 port=$2 cores=$3 deadline=$((SECONDS + 20))
	shift 3
	taskset -c "$cores" "$@" >"$work/$name.log" 2>&1 &
	STARTED[$name]=$!
	pids+=("$!")
	until curl -sf -o /dev/null "http://127.0.0.1:$port/1k"; do
		if ! kill -0 "${STARTED[$name]}" 2>/dev/null || [ $SECONDS -ge $deadline ]; then
			echo "bench: $name does not answer on port $port:" >&2
			cat "$work/$name.log" >&2
			exit 1
		fi
		sleep 0.02
	done
}

# max_connections SERVERS: as many as the limit of open files permits, two descriptors each; 20000 at most.
max_connections() {
	local limit
	limit=$(ulimit -Hn)
	[ "$limit" != unlimited ] && [ "$limit" -lt 41000 ] || limit=41000
	echo $(((limit - 1000 - $1) / 2))
}

nginx_head() { # WORKERS NAME
	cat <<-EOF
		worker_processes $1; daemon off; pid $work/$2.pid; error_log /dev/null crit;
		events { worker_connections 20000; }
		http {
			access_log off; keepalive_requests 1000000000; keepalive_timeout 120s; client_max_body_size 0;
			client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3;
			uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
	EOF
}

# An origin that reads whole bodies, in place of the other.
start_body_origin() {
	stop_all
	start origin $ORIGIN 1 "$sink" http $ORIGIN
}

start_origin() {
	mkdir -p "$work/www"
	head -c 1024 /dev/zero | tr '\0' 'x' >"$work/www/1k"
	head -c 16384 /dev/zero | tr '\0' 'x' >"$work/www/16k"
	head -c 1048576 /dev/zero | tr '\0' 'x' >"$work/www/1m"
	chmod -R a+rX "$work"
	{
		nginx_head 1 origin
		echo "server { listen $ORIGIN reuseport; root $work/www; sendfile on; } }"
	} >"$work/origin.conf"
	start origin $ORIGIN 1 nginx -c "$work/origin.conf" -p "$work"
}

# write_haproxy MODE SERVERS LOG THREADS CHECKS: one file for proxyd and haproxy.
write_haproxy() {
	local mode=$1 servers=$2 log=$3 threads=$4 checks=${5:-} i
	{
		echo "global"
		echo "	maxconn $(max_connections "$servers")"
		echo "	nbthread $threads"
		echo "defaults"
		echo "	mode $mode"
		printf '\ttimeout %s\n' "connect 5s" "client 60s" "server 60s"
		[ "$mode" = tcp ] || echo "	timeout http-keep-alive 60s"
		[ "$log" = no ] || printf '\tlog 127.0.0.1:%s local0 info\n\toption httplog\n' $SYSLOG
		echo "frontend bench"
		echo "	bind \"127.0.0.1:\${BENCH_PORT}\""
		echo "	default_backend origins"
		echo "backend origins"
		echo "	balance roundrobin"
		for ((i = 1; i <= servers; i++)); do
			echo "	server o$i 127.0.$((i / 250)).$((i % 250 + 1)):$ORIGIN $checks"
		done
	} >"$work/bench.cfg"
}

start_nginx() { # THREADS CORES SERVERS
	local i
	{
		nginx_head "$1" nginx
		echo "upstream origins { keepalive 64;"
		for ((i = 1; i <= $3; i++)); do
			echo "server 127.0.$((i / 250)).$((i % 250 + 1)):$ORIGIN;"
		done
		echo "} server { listen ${PORT[nginx]} reuseport; location / { proxy_pass http://origins; proxy_http_version 1.1;"
		echo "proxy_set_header Connection ''; proxy_request_buffering off; proxy_max_temp_file_size 0; } } }"
	} >"$work/nginx.conf"
	start nginx "${PORT[nginx]}" "$2" nginx -c "$work/nginx.conf" -p "$work"
}

# start_peers MODE SERVERS LOG THREADS CORES NAME...
start_peers() {
	local mode=$1 servers=$2 log=$3 threads=$4 cores=$5 name
	shift 5
	write_haproxy "$mode" "$servers" "$log" "$threads"
	for name in "$@"; do
		case $name in
		proxyd) BENCH_PORT=${PORT[proxyd]} start proxyd "${PORT[proxyd]}" "$cores" "$proxyd" -db -f "$work/bench.cfg" ;;
		haproxy) BENCH_PORT=${PORT[haproxy]} start haproxy "${PORT[haproxy]}" "$cores" "$haproxy" -db -f "$work/bench.cfg" ;;
		nginx) start_nginx "$threads" "$cores" "$servers" ;;
		floor) start floor "${PORT[floor]}" "$cores" "$floor" "${PORT[floor]}" $ORIGIN ;;
		kept) start kept "${PORT[kept]}" "$cores" "$floor" -k "${PORT[kept]}" $ORIGIN ;;
		splice) start splice "${PORT[splice]}" "$cores" "$floor" -s "${PORT[splice]}" $ORIGIN ;;
		esac
	done
}

# The process and its children.
family() {
	echo "$1"
	cat /proc/"$1"/task/*/children 2>/dev/null | tr ' ' '\n'
}
cpu_ns() { # PID: on-CPU time by the kernel's account, of all threads and children
	local p
	for p in $(family "$1"); do cat /proc/"$p"/task/*/schedstat 2>/dev/null; done | awk '{ n += $1 } END { printf "%.0f", n }'
}
memory_kb() { # PID: proportional set size
	local p
	for p in $(family "$1"); do grep '^Pss:' /proc/"$p"/smaps_rollup 2>/dev/null; done | awk '{ n += $2 } END { print n }'
}

# load NAME COMMAND...: one turn of a client; appends "requests cpu_ns p50_us p99_us rps errors" to NAME.dat
load() {
	local name=$1 before after
	shift
	before=$(cpu_ns "${STARTED[$name]}")
	taskset -c 1 "$@" >"$work/wrk.out" 2>&1 || { cat "$work/wrk.out" >&2; exit 1; }
	after=$(cpu_ns "${STARTED[$name]}")
	awk -v ns=$((after - before)) '/^BENCH/ { print $2, ns, $3, $4, $5, $6 }' "$work/wrk.out" >>"$work/$name.dat"
}

median() { sort -n | awk '{ v[NR] = $1 } END { print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
column() { awk "{ print $2 }" "$work/$1.dat" | median; }

# table BYTES NAME...: medians over the rounds. BYTES of each request's body; 0: small ones, CPU per request. The last
# name is the floor. Leaves CPU[NAME].
declare -A CPU=()
table() {
	local bytes=$1 name unit="CPU us/req" expr='$2 / $1 / 1000' floor_name=${*: -1}
	shift
	[ "$bytes" -eq 0 ] || { unit="CPU ms/GB" expr="\$2 / 1e6 / (\$1 * $bytes / 1e9)"; }
	printf '%-9s %11s %11s %9s %9s %7s %9s %9s\n' peer "$unit" requests/s "p50 us" "p99 us" errors "x floor" "x haproxy"
	for name in "$@"; do CPU[$name]=$(column "$name" "$expr"); done
	for name in "$@"; do
		printf '%-9s %11.2f %11.0f %9.0f %9.0f %7d %9.2f %9s\n' "$name" "${CPU[$name]}" "$(column "$name" '$5')" \
			"$(column "$name" '$3')" "$(column "$name" '$4')" "$(awk '{ n += $6 } END { print n }' "$work/$name.dat")" \
			"$(awk -v a="${CPU[$name]}" -v b="${CPU[$floor_name]}" 'BEGIN { print a / b }')" \
			"$([ -n "${CPU[haproxy]:-}" ] && awk -v a="${CPU[$name]}" -v b="${CPU[haproxy]}" 'BEGIN { printf "%.2f", a / b }')"
	done
}

# compare BYTES "PEER..." FUNCTION: the peers in turn, round by round, and the table. FUNCTION NAME URL loads one.
compare() {
	local bytes=$1 peers=$2 fn=$3 i name
	rm -f "$work"/*.dat
	for ((i = 0; i < rounds; i++)); do
		for name in $peers; do "$fn" "$name" "http://127.0.0.1:${PORT[$name]}"; done
	done
	# shellcheck disable=SC2086 # words
	table "$bytes" $peers
}
