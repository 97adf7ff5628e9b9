/* vrrp_sock.h - raw sockets for VRRP over IPv4 and IPv6: one receiver for each interface and
 * family, shared by all instances on it, and one sender for each family that chooses interface and
 * source for each datagram. Over IPv6 the kernel writes and checks the checksum. */
#ifndef VRRPD_VRRP_SOCK_H
#define VRRPD_VRRP_SOCK_H

#include <ev.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <tandem/addr.h>
#include <tandem/loop.h>

/* Where a datagram goes and where it comes from. Plain data: shared with the guardian. */
struct net_dest {
	unsigned ifindex;     /* it leaves here */
	uint8_t ttl;          /* 0: the socket's, 255 */
	struct addr src, dst; /* one family; a port in dst makes it UDP's business, not ours */
};

/* What was received; everything borrowed for the call. */
struct vrrp_rx {
	struct addr src, dst;
	uint8_t ttl;
	const uint8_t *pdu; /* behind the IP header */
	size_t len;
};
typedef void vrrp_rx_fn(void *arg, const struct vrrp_rx *rx);

struct vrrp_sock {
	struct loop *loop; /* borrowed */
	int fd;            /* owned; -1: closed */
	unsigned ifindex;
	int family;
	ev_io io;
	vrrp_rx_fn *fn;
	void *arg;
};

/* Receive VRRP on the interface; group (len 0: none) is joined. 0 or -errno. */
NODISCARD int vrrp_sock_open(struct vrrp_sock *s, struct loop *loop, int family, unsigned ifindex,
			     const char *ifname, const struct addr *group, vrrp_rx_fn *fn,
			     void *arg);
/* Join one more group. 0 (also when it is joined already) or -errno. */
NODISCARD int vrrp_sock_join(struct vrrp_sock *s, const struct addr *group);
void vrrp_sock_close(struct vrrp_sock *s);

/* A socket that only sends: TTL 255, TOS 0xC0, no loop back. fd or -errno. */
NODISCARD int vrrp_sender_open(int family);
/* Send one PDU; never blocks. 0 or -errno. Works for UDP sockets too (dst has a port then). */
NODISCARD int vrrp_send(int fd, const struct net_dest *d, const void *pdu, size_t len);

#endif
