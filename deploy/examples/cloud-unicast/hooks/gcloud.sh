#!/bin/sh
# gcloud.sh - claim hook for Google Cloud: VIP is an alias address of INSTANCE; the other node must not have it: see README.md.
# gcloud.sh [-n] VIP INSTANCE ZONE
# See lib.sh for the contract.
. "$(dirname "$0")/lib.sh"
[ $# -eq 3 ] || usage "VIP INSTANCE ZONE"
claim "$1" gcloud compute instances network-interfaces update "$2" --zone "$3" \
	--aliases "$1/32" --quiet
