# bash completion for proxyd and vrrpd; asks the programs themselves, so that it cannot grow old.
# shellcheck shell=bash disable=SC2207 # words, not lines

# The options that a text of help names: "  -f, --use-file FILE", "  -d, -db  stay", "-v, -vv".
_tandem_options() {
	grep -oE '(^ +|, | {2,})--?[a-zA-Z][a-zA-Z-]*' | grep -oE -- '--?[a-zA-Z][a-zA-Z-]*' | sort -u
}
# The commands that it lists: "  status   [INSTANCE]   state and health".
_tandem_commands() {
	sed -n 's/^  \([a-z][a-z-]*\)\( .*\)\?$/\1/p' | grep -vx and | sort -u
}
_tandem() {
	local program=$1 word=$2 before=$3 sub='' help words=''
	COMPREPLY=()
	case $before in
	-f | --use-file | --peer | -x | -p | --pid | -s | --socket | -C | --output)
		COMPREPLY=($(compgen -f -- "$word"))
		compopt -o filenames 2>/dev/null
		return
		;;
	esac
	[ "$COMP_CWORD" -lt 2 ] || case ${COMP_WORDS[1]} in
	ctl | drill) sub=${COMP_WORDS[1]} ;;
	esac
	if [ -n "$sub" ]; then
		help=$("$program" "$sub" --help 2>&1)
		words=$(_tandem_commands <<<"$help")
	else
		help=$("$program" -h 2>&1)
		[ "$COMP_CWORD" -ne 1 ] || words=$(sed -n 's/^ *\(Usage: \)\?[a-z]* \(ctl\|drill\) .*/\2/p' <<<"$help")
	fi
	COMPREPLY=($(compgen -W "$words $(_tandem_options <<<"$help")" -- "$word"))
}
complete -F _tandem proxyd vrrpd
