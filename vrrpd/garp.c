/* garp.c - gratuitous ARP. */
#include "garp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/socket.h>

#include "vip.h"

#define BATCH 64 /* frames in one sendmmsg */
/* A thousand frames wait here while a slow card sends them; with the default, 250 do, and the
 * others of a large claim would be dropped. */
#define SNDBUF_BYTES (4 * 1024 * 1024)

void garp_build(uint8_t frame[GARP_LEN], const uint8_t mac[6], const void *ip)
{
	static const uint8_t fixed[8] = { 0, ARPHRD_ETHER, 8, 0, 6, 4, 0, ARPOP_REQUEST };
	uint8_t *arp = frame + 14;

	memset(frame, 0xff, 6); /* to everybody */
	memcpy(frame + 6, mac, 6);
	frame[12] = ETHERTYPE_ARP >> 8;
	frame[13] = ETHERTYPE_ARP & 0xff;
	memcpy(arp, fixed, sizeof(fixed));
	memcpy(arp + 8, mac, 6);
	memcpy(arp + 14, ip, 4);
	memset(arp + 18, 0xff, 6);
	memcpy(arp + 24, ip, 4);
}

int garp_open(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int bytes = SNDBUF_BYTES;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
	return fd;
}

/* Send all n; a full queue drops the rest of a batch: the repeats come anyway. */
static size_t flush(int fd, struct mmsghdr *m, unsigned n)
{
	size_t sent = 0;

	while (sent < n) {
		int done = sendmmsg(fd, m + sent, n - (unsigned)sent, 0);

		if (done > 0)
			sent += (size_t)done;
		else if (errno != EINTR)
			break;
	}
	return sent;
}

size_t garp_send(int fd, const struct vip *vips, size_t n_vips, unsigned repeat,
		 bool (*lookup)(void *arg, unsigned ifindex, uint8_t mac[6]), void *arg)
{
	uint8_t frames[BATCH][GARP_LEN];
	struct sockaddr_ll to[BATCH];
	struct iovec iov[BATCH];
	struct mmsghdr m[BATCH];
	unsigned n = 0;
	size_t sent = 0;

	/* All addresses once, then all again: the first announcement of each is the urgent one. */
	for (unsigned round = 0; round < repeat; round++) {
		for (size_t i = 0; i < n_vips; i++) {
			uint8_t mac[6];

			if (vips[i].addr.sa.sa_family != AF_INET ||
			    !lookup(arg, vips[i].ifindex, mac))
				continue;
			garp_build(frames[n], mac, &vips[i].addr.in.sin_addr);
			to[n] = (struct sockaddr_ll){ .sll_family = AF_PACKET,
						      .sll_protocol = htons(ETH_P_ARP),
						      .sll_ifindex = (int)vips[i].ifindex,
						      .sll_halen = 6 };
			memset(to[n].sll_addr, 0xff, 6);
			iov[n] = (struct iovec){ frames[n], GARP_LEN };
			m[n].msg_hdr = (struct msghdr){ .msg_name = &to[n],
							.msg_namelen = sizeof(to[n]),
							.msg_iov = &iov[n],
							.msg_iovlen = 1 };
			if (++n == BATCH) {
				sent += flush(fd, m, n);
				n = 0;
			}
		}
	}
	return sent + flush(fd, m, n);
}
