#!/bin/sh
# aws-elastic.sh - claim hook for AWS: the elastic address ALLOCATION leads to VIP on ENI.
# aws-elastic.sh [-n] VIP ALLOCATION ENI
# See lib.sh for the contract.
. "$(dirname "$0")/lib.sh"
[ $# -eq 3 ] || usage "VIP ALLOCATION ENI"
claim "$1" aws ec2 associate-address --allocation-id "$2" --network-interface-id "$3" \
	--private-ip-address "$1" --allow-reassociation
