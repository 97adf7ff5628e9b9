/* fuzz_vrrp_dup.c - any bytes as an ARP packet and as a neighbour advertisement. */
#include "dup_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr ip = { 0 };
	uint8_t mac[6];

	if (dup_read_arp(data, size, &ip, mac))
		ASSERT(ip.sa.sa_family == AF_INET);
	if (dup_read_na(data, size, &ip, mac))
		ASSERT(ip.sa.sa_family == AF_INET6);
	return 0;
}
