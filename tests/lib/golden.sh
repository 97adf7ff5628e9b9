#!/bin/bash
# golden.sh FILE - compare what a configuration file parses to with the files beside it. The work is
# done by the unit test program test_cfg_golden of the file's daemon; 77: it was not built.
set -u
area=$(basename "$(dirname "$1")")
program=${BUILD:-build}/tests/unit/$area/test_cfg_golden
[ -x "$program" ] || { echo "$program was not built" && exit 77; }
CK_VERBOSITY=normal exec "$program" "$1"
