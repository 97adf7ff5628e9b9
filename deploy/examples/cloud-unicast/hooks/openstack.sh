#!/bin/sh
# openstack.sh - claim hook for OpenStack: the port PORT may use VIP. Done once for both ports, ARP does the rest.
# openstack.sh [-n] VIP PORT
# See lib.sh for the contract.
. "$(dirname "$0")/lib.sh"
[ $# -eq 2 ] || usage "VIP PORT"
claim "$1" openstack port set --allowed-address "ip-address=$1" "$2"
