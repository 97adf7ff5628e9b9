/* dup_packet.h - asks the wire who answers for an address, and reads the answers. Pure.
 *
 * IPv4: an ARP probe (RFC 5227), sender address 0: it teaches nobody anything. IPv6: a neighbour
 * solicitation from the unspecified address (RFC 4862), answered to all nodes. */
#ifndef VRRPD_DUP_PACKET_H
#define VRRPD_DUP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tandem/addr.h>
#include <tandem/util.h>

#define DUP_ARP_LEN 42 /* Ethernet header and ARP */
#define DUP_NS_LEN  78 /* Ethernet and IPv6 header, neighbour solicitation */

void dup_build_arp(uint8_t frame[DUP_ARP_LEN], const uint8_t mac[6], const void *ip4);
void dup_build_ns(uint8_t frame[DUP_NS_LEN], const uint8_t mac[6], const void *ip6);
/* An ARP packet (without Ethernet header) in which somebody claims an address for a MAC: a reply,
 * or an announcement. False: something else. */
NODISCARD bool dup_read_arp(const uint8_t *p, size_t len, struct addr *ip, uint8_t mac[6]);
/* The same of a neighbour advertisement (from the ICMPv6 header on). */
NODISCARD bool dup_read_na(const uint8_t *p, size_t len, struct addr *ip, uint8_t mac[6]);

#endif
