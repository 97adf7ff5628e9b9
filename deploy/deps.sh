#!/bin/bash
# deps.sh [GROUP...] - install the Debian packages of packages.txt that are missing; without groups:
# all of them. Prints nothing and does nothing when all are there. Without root it prints the
# command and fails.
set -u
here=$(dirname "$0")

command -v dpkg-query >/dev/null || {
	echo "deps: not a Debian system: install the equivalents of $here/packages.txt by hand" >&2
	exit 0
}

wanted=$(awk -v groups=" $* " '!/^#/ && NF == 2 && (groups ~ /^ *$/ || index(groups, " " $1 " ")) { print $2 }' \
	"$here/packages.txt" | sort -u)
present=$(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' 2>/dev/null | awk '$1 == "ii" { print $2 }' | sort -u)
missing=$(comm -23 <(echo "$wanted") <(echo "$present") | tr '\n' ' ')
missing=${missing% }
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "deps: packages are missing; install them with:" >&2
	echo "  sudo apt-get update && sudo apt-get install --no-install-recommends $missing" >&2
	exit 1
fi

# Some of them (frr, haproxy, keepalived, nginx, varnish) are services that we only compare with: they
# must neither start now nor at the next boot.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	trap 'exit 130' INT TERM
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi

echo "deps: installing $missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# shellcheck disable=SC2086 # a list of words
if ! { apt-get -q update && apt-get -q -y install --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "deps: apt-get failed, its output is in $log" >&2
	exit 1
fi
rm -f "$log"
for service in frr haproxy keepalived nginx-light:nginx varnish varnish:varnishncsa; do
	case " $missing " in
	*" ${service%%:*} "*) systemctl disable "${service##*:}" >/dev/null 2>&1 ;;
	esac
done
exit 0
