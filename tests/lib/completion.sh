#!/bin/bash
# completion.sh - does the completion of bash offer what the programs know?
set -u
cd "$(dirname "$0")/../.." || exit 1
. deploy/completion/tandem.bash
PATH=$PWD/${BUILD:-build}:$PATH
failed=0

# offers LINE WORD...: completing the last word of LINE offers each WORD
offers() {
	local word before
	read -ra COMP_WORDS <<<"$1"
	[ "${1: -1}" != ' ' ] || COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	before=${COMP_WORDS[COMP_CWORD - 1]}
	_tandem "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "$before"
	shift
	for word in "$@"; do
		[[ " ${COMPREPLY[*]} " == *" $word "* ]] || {
			echo "${COMP_WORDS[*]}: '$word' is not offered, but: ${COMPREPLY[*]}"
			failed=1
		}
	done
}
offers "proxyd " ctl -f -c -W -Ws -S -sf -vv
offers "proxyd -d" -d -db -dW -dr
offers "vrrpd " ctl drill -f --use-file --config-test --peer --without-lvs
offers "vrrpd ctl " status explain history metrics handover resume reload show --json
offers "vrrpd ctl hi" history
offers "vrrpd drill " handover proxy-kill probe report restore --rate --yes --return-after
offers "proxyd ctl " status reload diff rolling --json
offers "vrrpd -t -f LIC" LICENSE
exit $failed
