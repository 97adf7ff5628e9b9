#!/bin/sh
# aws-route.sh - claim hook for AWS: the route of VIP leads to ENI (source check off; VIP outside of the VPC).
# aws-route.sh [-n] VIP TABLE ENI
# See lib.sh for the contract.
. "$(dirname "$0")/lib.sh"
[ $# -eq 3 ] || usage "VIP TABLE ENI"
claim "$1" aws ec2 replace-route --route-table-id "$2" --destination-cidr-block "$1/32" \
	--network-interface-id "$3"
