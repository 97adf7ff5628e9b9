#!/bin/sh
# azure.sh - claim hook for Azure: the route of VIP leads to this node (IP forwarding on).
# azure.sh [-n] VIP GROUP TABLE ROUTE OWN-ADDRESS
# See lib.sh for the contract.
. "$(dirname "$0")/lib.sh"
[ $# -eq 5 ] || usage "VIP GROUP TABLE ROUTE OWN-ADDRESS"
claim "$1" az network route-table route update --resource-group "$2" --route-table-name "$3" \
	--name "$4" --next-hop-type VirtualAppliance --next-hop-ip-address "$5"
