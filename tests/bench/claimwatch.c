/* claimwatch.c - how long a claim takes: claimwatch INTERFACE N
 *
 * Runs in the namespace of a router, before it becomes master, and watches its kernel and its wire:
 * from the first sign of the decision (an address appears, or a VRRP advert leaves) to the first
 * gratuitous ARP for the N-th address. Prints "claim_ms=... addresses_ms=...", or gives up after 20
 * seconds. */
#include <err.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tandem/clock.h>
#include <tandem/util.h>

#define MAX_SEEN  65536
#define LIMIT_US  (20 * US_PER_S)
#define RCV_BYTES (16 * 1024 * 1024)

struct watch {
	int nl, wire;
	unsigned n_wanted, n_addresses, n_announced;
	bool seen[MAX_SEEN]; /* by the last two bytes of the address */
	int64_t first_us, addresses_us, last_us;
};

static int open_socket(int family, int type, int protocol, const void *addr, socklen_t len)
{
	int fd = socket(family, type, protocol), bytes = RCV_BYTES;

	if (fd < 0 || bind(fd, addr, len) != 0)
		err(1, "socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	return fd;
}

static void begin(struct watch *w, int64_t now_us)
{
	if (!w->first_us)
		w->first_us = now_us;
}

static void on_netlink(struct watch *w)
{
	_Alignas(struct nlmsghdr) char buf[65536];
	ssize_t got = recv(w->nl, buf, sizeof(buf), MSG_DONTWAIT);
	int64_t now_us = clock_mono_us();
	unsigned left = got > 0 ? (unsigned)got : 0;

	for (struct nlmsghdr *h = (void *)buf; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
		if (h->nlmsg_type != RTM_NEWADDR)
			continue;
		begin(w, now_us);
		if (++w->n_addresses == w->n_wanted)
			w->addresses_us = now_us;
	}
}

static void on_frame(struct watch *w)
{
	uint8_t f[2048];
	ssize_t got = recv(w->wire, f, sizeof(f), MSG_DONTWAIT);
	int64_t now_us = clock_mono_us();
	unsigned type = (unsigned)(f[12] << 8 | f[13]), at;

	if (got >= 34 && type == ETHERTYPE_IP && f[23] == 112)
		begin(w, now_us);
	if (got < 42 || type != ETHERTYPE_ARP || memcmp(f + 28, f + 38, 4) != 0)
		return;
	at = (unsigned)(f[40] << 8 | f[41]);
	if (w->seen[at])
		return;
	w->seen[at] = true;
	if (++w->n_announced == w->n_wanted)
		w->last_us = now_us;
}

int main(int argc, char **argv)
{
	static struct watch w;
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR };
	struct sockaddr_ll ll = { .sll_family = AF_PACKET,
				  .sll_protocol = __builtin_bswap16(ETH_P_ALL) };
	int64_t end_us = clock_mono_us() + LIMIT_US;

	if (argc != 3)
		errx(2, "usage: claimwatch INTERFACE N");
	ll.sll_ifindex = (int)if_nametoindex(argv[1]);
	w.n_wanted = (unsigned)strtoul(argv[2], NULL, 10);
	w.nl = open_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, &nl, sizeof(nl));
	w.wire = open_socket(AF_PACKET, SOCK_RAW, 0, &ll, sizeof(ll));
	printf("ready\n");
	fflush(stdout);
	while (!w.last_us && clock_mono_us() < end_us) {
		struct pollfd p[2] = { { .fd = w.wire, .events = POLLIN },
				       { .fd = w.nl, .events = POLLIN } };

		(void)poll(p, 2, 100);
		if (p[0].revents)
			on_frame(&w);
		if (p[1].revents)
			on_netlink(&w);
	}
	if (!w.last_us)
		errx(1, "%u of %u addresses were announced", w.n_announced, w.n_wanted);
	printf("claim_ms=%.1f addresses_ms=%.1f\n", (double)(w.last_us - w.first_us) / US_PER_MS,
	       (double)(w.addresses_us - w.first_us) / US_PER_MS);
	return 0;
}
