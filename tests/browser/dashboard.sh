#!/bin/bash
# dashboard.sh - the dashboard in headless chromium: live updates, buttons, 200 servers, phone width, without
# scripts. SHOTS=DIRECTORY keeps pictures. Exit 77 where there is no browser.
set -u
cd "$(dirname "$0")/../.." || exit 1
for p in chromium chromedriver; do
	command -v $p >/dev/null || {
		echo "needs $p"
		exit 77
	}
done
/usr/bin/python3 -c 'import selenium' 2>/dev/null || {
	echo "needs python3-selenium"
	exit 77
}
proxyd=$PWD/${BUILD:-build}/proxyd
dir=$(mktemp -d "${TMPDIR:-/tmp}/tandem-browser.XXXXXX")
trap 'kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

free_port() { # one that nobody listens on, below the range of outgoing connections
	local p
	while :; do
		p=$((20000 + RANDOM % 10000))
		(exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || break
	done
	echo $p
}

start() {
	port=$(free_port)
	{
		cat <<-CFG
			global
				stats socket $dir/ctl level admin
				nbthread 2
			defaults
				mode http
				timeout connect 1s
				timeout client 20s
				timeout server 20s
			frontend web
				bind 127.0.0.1:$port
				stats enable
				stats uri /stats
				stats refresh 2s
				stats admin if TRUE
				stats show-node node-a
				default_backend app
			backend app
				server s1 127.0.0.1:$port weight 3
				server s2 127.0.0.1:$port
			backend many
		CFG
		for i in $(seq 1 200); do
			echo "	server many-$i 127.0.0.1:9 $([ $((i % 9)) -ne 0 ] || echo disabled)"
		done
	} >"$dir/haproxy.cfg"
	"$proxyd" -db -f "$dir/haproxy.cfg" >"$dir/log" 2>&1 &
	pid=$!
	for _ in $(seq 100); do
		[ ! -S "$dir/ctl" ] || return 0
		kill -0 $pid 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}

start || start || { # somebody may have taken the port
	cat "$dir/log"
	exit 1
}
HOME=$dir SHOTS=${SHOTS:-} /usr/bin/python3 tests/browser/dashboard.py "http://127.0.0.1:$port/stats" "$dir/ctl"
