#!/bin/sh
# hetzner.sh - claim hook for Hetzner Cloud: the floating address belongs to SERVER.
# hetzner.sh [-n] VIP FLOATING-IP SERVER
# See lib.sh for the contract.
. "$(dirname "$0")/lib.sh"
[ $# -eq 3 ] || usage "VIP FLOATING-IP SERVER"
claim "$1" hcloud floating-ip assign "$2" "$3"
