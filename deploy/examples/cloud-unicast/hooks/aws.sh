#!/bin/sh
# aws.sh - claim hook for AWS: VIP becomes a secondary address of the interface ENI.
# aws.sh [-n] VIP ENI
# See lib.sh for the contract.
. "$(dirname "$0")/lib.sh"
[ $# -eq 2 ] || usage "VIP ENI"
claim "$1" aws ec2 assign-private-ip-addresses --network-interface-id "$2" \
	--private-ip-addresses "$1" --allow-reassignment
