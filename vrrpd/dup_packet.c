/* dup_packet.c - asks the wire who answers for an address. */
#include "dup_packet.h"

#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <string.h>

#define ARP_LEN 28
#define NS_LEN  24
#define NA_LEN  24

void dup_build_arp(uint8_t frame[DUP_ARP_LEN], const uint8_t mac[6], const void *ip4)
{
	static const uint8_t fixed[8] = { 0, ARPHRD_ETHER, 8, 0, 6, 4, 0, ARPOP_REQUEST };
	uint8_t *arp = frame + 14;

	memset(frame, 0, DUP_ARP_LEN);
	memset(frame, 0xff, 6);
	memcpy(frame + 6, mac, 6);
	frame[12] = ETHERTYPE_ARP >> 8;
	frame[13] = ETHERTYPE_ARP & 0xff;
	memcpy(arp, fixed, sizeof(fixed));
	memcpy(arp + 8, mac, 6);
	memcpy(arp + 24, ip4, 4);
}

static uint32_t add(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t k = 0; k < len; k += 2)
		sum += (uint32_t)(p[k] << 8 | p[k + 1]);
	return sum;
}

void dup_build_ns(uint8_t frame[DUP_NS_LEN], const uint8_t mac[6], const void *ip6)
{
	const uint8_t *target = ip6;
	uint8_t *h = frame + 14, *m = h + 40;
	uint32_t sum;

	memset(frame, 0, DUP_NS_LEN);
	/* the solicited-node group of the address, and its MAC */
	memcpy(frame, (const uint8_t[]){ 0x33, 0x33, 0xff, target[13], target[14], target[15] }, 6);
	memcpy(frame + 6, mac, 6);
	frame[12] = ETHERTYPE_IPV6 >> 8;
	frame[13] = ETHERTYPE_IPV6 & 0xff;
	h[0] = 0x60;
	h[5] = NS_LEN;
	h[6] = IPPROTO_ICMPV6;
	h[7] = 255;
	h[24] = 0xff;
	h[25] = 0x02;
	h[35] = 1;
	h[36] = 0xff;
	memcpy(h + 37, target + 13, 3);
	m[0] = ND_NEIGHBOR_SOLICIT;
	memcpy(m + 8, target, 16);
	sum = add(add(NS_LEN + IPPROTO_ICMPV6, h + 8, 32), m, NS_LEN);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	m[2] = (uint8_t)(~sum >> 8);
	m[3] = (uint8_t)~sum;
}

bool dup_read_arp(const uint8_t *p, size_t len, struct addr *ip, uint8_t mac[6])
{
	static const uint8_t ethernet[6] = { 0, ARPHRD_ETHER, 8, 0, 6, 4 };
	struct addr a = { .len = sizeof(a.in) };

	if (len < ARP_LEN || memcmp(p, ethernet, sizeof(ethernet)) != 0 || p[6] != 0)
		return false;
	if (p[7] != ARPOP_REPLY && (p[7] != ARPOP_REQUEST || memcmp(p + 14, p + 24, 4) != 0))
		return false;
	a.in.sin_family = AF_INET;
	memcpy(&a.in.sin_addr, p + 14, 4);
	if (a.in.sin_addr.s_addr == 0)
		return false;
	*ip = a;
	memcpy(mac, p + 8, 6);
	return true;
}

bool dup_read_na(const uint8_t *p, size_t len, struct addr *ip, uint8_t mac[6])
{
	struct addr a = { .len = sizeof(a.in6) };

	if (len < NA_LEN || p[0] != ND_NEIGHBOR_ADVERT || p[1] != 0)
		return false;
	for (size_t at = NA_LEN; at + 8 <= len && p[at + 1] > 0; at += (size_t)p[at + 1] * 8) {
		if (p[at] != ND_OPT_TARGET_LINKADDR || p[at + 1] != 1)
			continue;
		a.in6.sin6_family = AF_INET6;
		memcpy(&a.in6.sin6_addr, p + 8, 16);
		*ip = a;
		memcpy(mac, p + at + 2, 6);
		return true;
	}
	return false;
}
