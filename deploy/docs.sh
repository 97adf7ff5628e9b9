#!/bin/bash
# docs.sh write|check [BUILD] - the keyword reference: what `proxyd -vv` and `vrrpd -k` print from the tables of
# the parsers, as manual pages (deploy/man/proxyd-keywords.5, vrrpd-keywords.5) and as the folded lists
# of README.md between the lines <!-- keywords of NAME --> and <!-- end -->. check: exit 1 when the tree is stale.
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${2:-${BUILD:-build}}
export LC_ALL=C

# "NAME ARGUMENTS" and its help, one tab between: the rows of section $1 of proxyd's list ("" : keywords;
# the rest by its title).
proxyd_rows() {
	"$BUILD/proxyd" -vv | awk -v want="$1" '
		/^Supported keywords/ { on = want == ""; next }
		/^[^ ].*:$/ { on = want != "" && index($0, want) == 1; next }
		!on || /^$/ { next }
		want == "" ? /^[^ ]/ : /^    [^ ]/ { row = $0; sub(/^ +/, "", row); next }
		{ help = $0; sub(/^ +/, "", help); print row "\t" help }' | sort -f
}
# The words of a section that is a bare list.
proxyd_words() {
	"$BUILD/proxyd" -vv | awk -v want="$1" '
		/^[^ ].*:$/ { on = index($0, want) == 1; next }
		on { print }' | tr -s ' \n' ' '
}

# Rows to roff: the name bold, what follows it italic; "; in: SECTIONS" as a line of its own.
roff_rows() {
	awk -F '\t' '
		function safe(s) { gsub(/\\/, "\\e", s); gsub(/-/, "\\-", s); gsub(/^[.\x27]/, "\\\\\\&&", s); return s }
		{
			name = $1; args = ""
			n = match(name, / (\[no\] )?[^a-z0-9.-]| [a-z]+\|/)
			if (n > 1) { args = substr(name, n); name = substr(name, 1, n - 1) }
			help = $2; in_ = ""
			if (match(help, /; in: .*/)) { in_ = substr(help, RSTART + 6); help = substr(help, 1, RSTART - 1) }
			printf ".TP\n\\fB%s\\fP%s\n%s.\n", safe(name), args == "" ? "" : "\\fI" safe(args) "\\fP", safe(help)
			if (in_ != "") printf ".RI ( %s )\n", safe("\"" in_ "\"")
		}'
}

page_head() { # NAME what
	cat <<-EOF
		.\" Made by make docs from the tables of the parser; do not edit.
		.TH ${1^^} 5 "" "Tandem" "File formats"
		.SH NAME
		$1 \\- $2
	EOF
}

proxyd_page() {
	page_head proxyd-keywords "keywords of haproxy.cfg that proxyd supports"
	cat <<-'EOF'
		.SH DESCRIPTION
		.BR proxyd (8)
		gives each keyword the meaning, the default and the unit that HAProxy's manual gives it; the
		exceptions are in
		.BR proxyd (8).
		What is not listed here is an error that says so. In parentheses: the sections where a keyword may stand.
		.SH KEYWORDS
	EOF
	proxyd_rows "" | roff_rows
	local title
	for title in "Parameters of 'bind'" "Parameters of 'server'" "Parameters of 'stats socket'" \
		"Criteria of 'acl'" "Converters"; do
		echo ".SH \"${title^^}\""
		proxyd_rows "$title" | roff_rows
	done
	for title in "Criteria that imply" "Matching methods" "Predefined acls"; do
		printf '.SH "%s"\n' "$("$BUILD/proxyd" -vv | grep "^$title" | tr -d ':' | tr '[:lower:]' '[:upper:]')"
		proxyd_words "$title" | sed 's/-/\\-/g; s/^ //'
		echo
	done
	printf '.SH SEE ALSO\n.BR proxyd (8)\n'
}

vrrpd_page() {
	page_head vrrpd-keywords "keywords of keepalived.conf that vrrpd supports"
	cat <<-'EOF'
		.SH DESCRIPTION
		.BR vrrpd (8)
		gives each keyword the meaning, the default and the unit that keepalived.conf(5) gives it. What is
		not listed here is an error that says so.
	EOF
	"$BUILD/vrrpd" -k | awk '
		function safe(s) { gsub(/\\/, "\\e", s); gsub(/-/, "\\-", s); return s }
		/^[^\t]/ { printf ".SH \"%s\"\n", toupper(safe($0)); next }
		/^\t[^\t]/ {
			row = substr($0, 2); name = row; sub(/ .*/, "", name); args = substr(row, length(name) + 1)
			sub(/ +$/, "", args); sub(/^ +/, " ", args)
			printf ".TP\n\\fB%s\\fP%s\n", safe(name), args == "" ? "" : "\\fI" safe(args) "\\fP"
			next
		}
		{ sub(/^\t+/, ""); print safe($0) "." }'
	printf '.SH SEE ALSO\n.BR vrrpd (8)\n'
}

# The title and the words, comma between, in lines of at most 140 columns.
fold_words() { # title
	{ printf '%s: ' "$1" && sort -u | tr '\n' ' ' | sed 's/ $//; s/ /, /g' | tr '~' ' '; } |
		fold -s -w 139 | sed 's/ $//'
	echo
}
names_of() { cut -f 1 | sed -E 's/^\[no\] //; s/[[( ].*//'; }
keyword_names() { # the words before the first argument
	cut -f 1 | sed -E 's/^\[no\] //; s/ ([^a-z]|[^ ]*\||parameters$).*//; s/ +$//' | tr ' ' '~'
}

proxyd_list() {
	local title
	printf '<details><summary>Keywords of haproxy.cfg (<code>man proxyd-keywords</code> explains them)</summary>\n\n'
	proxyd_rows "" | keyword_names | fold_words Lines
	for title in "Parameters of 'bind'" "Parameters of 'server'" "Parameters of 'stats socket'" \
		"Criteria of 'acl'" "Converters"; do
		echo
		proxyd_rows "$title" | names_of | fold_words "$title"
	done
	printf '\n</details>\n'
}

vrrpd_list() {
	printf '<details><summary>Keywords of keepalived.conf (<code>man vrrpd-keywords</code> explains them)</summary>\n\n'
	"$BUILD/vrrpd" -k | awk '
		/^[^\t]/ { title = $0; next }
		/^\t[^\t]/ { list[title] = list[title] (list[title] == "" ? "" : ", ") $1; if (!seen[title]++) order[++n] = title }
		END { for (i = 1; i <= n; i++) printf "%s%s: %s\n", (i > 1 ? "\n" : ""), order[i], list[order[i]] }' |
		fold -s -w 139 | sed 's/ $//'
	printf '\n</details>\n'
}

# README.md with the lists of today.
readme() {
	local proxyd_text vrrpd_text
	proxyd_text=$(proxyd_list) vrrpd_text=$(vrrpd_list)
	proxyd_text=$proxyd_text vrrpd_text=$vrrpd_text awk '
		/^<!-- keywords of / { print; print ENVIRON[$4 "_text"]; skip = 1; next }
		/^<!-- end -->/ { skip = 0 }
		!skip { print }' README.md
}

out=$(mktemp -d "${TMPDIR:-/tmp}/tandem-docs.XXXXXX")
trap 'rm -rf "$out"' EXIT
proxyd_page >"$out/proxyd-keywords.5"
vrrpd_page >"$out/vrrpd-keywords.5"
readme >"$out/README.md"
for f in "$out"/*; do
	[ -s "$f" ] || { echo "docs.sh: nothing in ${f##*/}" && exit 1; }
done
case ${1:-} in
write)
	cp "$out"/*.5 deploy/man/ && cp "$out/README.md" README.md
	;;
check)
	rc=0
	for f in "$out"/*.5; do cmp "$f" "deploy/man/${f##*/}" || rc=1; done
	cmp "$out/README.md" README.md || rc=1
	[ $rc -eq 0 ] || echo "the keyword reference is stale: make docs"
	exit $rc
	;;
*) echo "usage: docs.sh write|check [BUILD]" && exit 2 ;;
esac
