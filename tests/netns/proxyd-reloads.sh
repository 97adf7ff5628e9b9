#!/bin/bash
# proxyd-reloads.sh - a short form of `make reload-proof`: no request is lost across reloads, upgrades and a
# rolling deployment.
set -u
cd "$(dirname "$0")/../.." || exit 1
RELOADS=12 UPGRADES=3 exec tests/soak/reloads.sh 24000 1500
