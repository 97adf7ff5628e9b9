/* ndisc.c - unsolicited neighbour advertisements. */
#include "ndisc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/ip6.h>
#include <string.h>
#include <sys/socket.h>

#include "vip.h"

#define MESSAGE_LEN   32 /* 24 and the option with our hardware address */
#define FLAG_ROUTER   0x80
#define FLAG_OVERRIDE 0x20

static const uint8_t all_nodes_mac[6] = { 0x33, 0x33, 0, 0, 0, 1 };
static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 1 };

static uint32_t add(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	return sum;
}

/* Over the addresses, length and next header, and the message. */
static uint16_t checksum(const uint8_t *ip, const uint8_t *message)
{
	uint32_t sum = add(MESSAGE_LEN + IPPROTO_ICMPV6, ip + 8, 32);

	sum = add(sum, message, MESSAGE_LEN);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void ndisc_build(uint8_t frame[NDISC_LEN], const uint8_t mac[6], const void *ip, bool is_router)
{
	uint8_t *h = frame + 14, *m = h + 40;
	uint16_t sum;

	memset(frame, 0, NDISC_LEN);
	memcpy(frame, all_nodes_mac, 6);
	memcpy(frame + 6, mac, 6);
	frame[12] = ETHERTYPE_IPV6 >> 8;
	frame[13] = ETHERTYPE_IPV6 & 0xff;
	h[0] = 0x60;
	h[5] = MESSAGE_LEN;
	h[6] = IPPROTO_ICMPV6;
	h[7] = 255;
	memcpy(h + 8, ip, 16);
	memcpy(h + 24, all_nodes, 16);
	m[0] = ND_NEIGHBOR_ADVERT;
	m[4] = (uint8_t)(FLAG_OVERRIDE | (is_router ? FLAG_ROUTER : 0));
	memcpy(m + 8, ip, 16);
	m[24] = ND_OPT_TARGET_LINKADDR;
	m[25] = 1; /* times eight bytes */
	memcpy(m + 26, mac, 6);
	sum = checksum(h, m);
	m[2] = (uint8_t)(sum >> 8);
	m[3] = (uint8_t)sum;
}

static bool send_one(int fd, const struct vip *v, const uint8_t mac[6], bool is_router)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_IPV6),
				  .sll_ifindex = (int)v->ifindex,
				  .sll_halen = 6 };
	uint8_t frame[NDISC_LEN];
	ssize_t n;

	memcpy(to.sll_addr, all_nodes_mac, 6);
	ndisc_build(frame, mac, &v->addr.in6.sin6_addr, is_router);
	do
		n = sendto(fd, frame, sizeof(frame), 0, (const struct sockaddr *)&to, sizeof(to));
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(frame);
}

size_t ndisc_send(int fd, const struct vip *vips, size_t n_vips, unsigned repeat, bool is_router,
		  bool (*lookup)(void *arg, unsigned ifindex, uint8_t mac[6]), void *arg)
{
	size_t sent = 0;

	for (unsigned round = 0; round < repeat; round++) {
		for (size_t i = 0; i < n_vips; i++) {
			uint8_t mac[6];

			if (vips[i].addr.sa.sa_family == AF_INET6 &&
			    lookup(arg, vips[i].ifindex, mac))
				sent += send_one(fd, &vips[i], mac, is_router);
		}
	}
	return sent;
}
