#!/bin/bash
# fuzz.sh BUILD SECONDS - run each fuzzer of BUILD for SECONDS on its corpus (tests/fuzz/corpus/NAME);
# what it finds stays in BUILD/findings. One line a fuzzer; exit 1 when one found something.
set -u
build=$1 seconds=$2 rc=0
for f in "$build"/tests/fuzz/fuzz_*; do
	[ -x "$f" ] && [ -f "$f" ] || continue
	case $f in *.o | *.d) continue ;; esac
	name=${f##*/fuzz_}
	mkdir -p "$build/corpus/$name" "$build/findings"
	seeds=tests/fuzz/corpus/$name
	[ -d "$seeds" ] || seeds=
	# New inputs go to the first directory; the seeds in the tree are only read.
	# shellcheck disable=SC2086 # may be nothing
	if "$f" -max_total_time="$seconds" -artifact_prefix="$build/findings/$name-" -timeout=10 \
		"$build/corpus/$name" $seeds >"$build/findings/$name.log" 2>&1; then
		echo "  ok    $name: $(grep -oE '^Done [0-9]+ runs' "$build/findings/$name.log" | tail -n 1)"
	else
		echo "  FAIL  $name"
		tail -n 40 "$build/findings/$name.log" | sed 's/^/        | /'
		rc=1
	fi
done
exit $rc
