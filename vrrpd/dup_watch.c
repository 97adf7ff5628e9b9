/* dup_watch.c - who else answers for our addresses? */
#include "dup_watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <string.h>
#include <sys/socket.h>
#include <tandem/clock.h>
#include <unistd.h>

#include "dup_packet.h"
#include "vrrp_instance.h"

#define MAX_PER_TURN 32
#define MAX_PROBES   8 /* addresses in one round; the next round goes on behind them */
#define SETTLE_US    (500 * US_PER_MS) /* a former master may need a moment to let go */
#define SOON_US      (500 * US_PER_MS) /* the first rounds, and while there is a conflict */
#define SOON_FOR_US  (3 * US_PER_S)
#define RARELY_US    (10 * US_PER_S)

/* Replies and announcements (sender and target are the same): the requests of a busy network stay
 * outside. */
static struct sock_filter arp_filter[] = {
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPOP_REPLY, 4, 0),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 24),
	BPF_STMT(BPF_MISC | BPF_TAX, 0),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 14),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, 64),
	BPF_STMT(BPF_RET | BPF_K, 0),
};

static int open_arp(void)
{
	struct sock_fprog filter = { ARRAY_LEN(arp_filter), arp_filter };
	/* Deaf until it has its filter. */
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;
	struct sockaddr_ll all = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP) };

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) == 0 &&
	    bind(fd, (const struct sockaddr *)&all, sizeof(all)) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int open_na(void)
{
	struct icmp6_filter only;
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6), on = 1;

	if (fd < 0)
		return -errno;
	ICMP6_FILTER_SETBLOCKALL(&only);
	ICMP6_FILTER_SETPASS(ND_NEIGHBOR_ADVERT, &only);
	if (setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &only, sizeof(only)) == 0 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) == 0)
		return fd;
	close(fd);
	return -EPROTO;
}

static void on_arp(struct ev_loop *loop, ev_io *io, int revents)
{
	struct dup_watch *d = container_of(io, struct dup_watch, arp_io);

	(void)loop, (void)revents;
	for (int k = 0; k < MAX_PER_TURN && d->arp_fd != -1; k++) {
		struct sockaddr_ll from = { 0 };
		socklen_t from_len = sizeof(from);
		uint8_t buf[64], mac[6];
		struct addr ip;
		ssize_t n = recvfrom(d->arp_fd, buf, sizeof(buf), MSG_DONTWAIT,
				     (struct sockaddr *)&from, &from_len);

		if (n < 0)
			return;
		if (dup_read_arp(buf, (size_t)n, &ip, mac))
			d->fn(d->arg, (unsigned)from.sll_ifindex, &ip, mac);
	}
}

static void on_na(struct ev_loop *loop, ev_io *io, int revents)
{
	struct dup_watch *d = container_of(io, struct dup_watch, na_io);

	(void)loop, (void)revents;
	for (int k = 0; k < MAX_PER_TURN && d->na_fd != -1; k++) {
		_Alignas(struct cmsghdr) char control[128];
		uint8_t buf[256], mac[6];
		struct iovec iov = { buf, sizeof(buf) };
		struct msghdr h = { .msg_iov = &iov,
				    .msg_iovlen = 1,
				    .msg_control = control,
				    .msg_controllen = sizeof(control) };
		ssize_t n = recvmsg(d->na_fd, &h, MSG_DONTWAIT);
		unsigned ifindex = 0;
		struct addr ip;

		if (n < 0)
			return;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
			if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO)
				ifindex = ((struct in6_pktinfo *)CMSG_DATA(c))->ipi6_ifindex;
		}
		if (dup_read_na(buf, (size_t)n, &ip, mac))
			d->fn(d->arg, ifindex, &ip, mac);
	}
}

int dup_watch_open(struct dup_watch *d, struct loop *loop, dup_fn *fn, void *arg)
{
	*d = (struct dup_watch){
		.loop = loop, .arp_fd = open_arp(), .na_fd = -1, .fn = fn, .arg = arg
	};
	ev_init(&d->arp_io, on_arp);
	ev_init(&d->na_io, on_na);
	if (d->arp_fd < 0) {
		int err = d->arp_fd;

		d->arp_fd = -1;
		return err;
	}
	ev_io_set(&d->arp_io, d->arp_fd, EV_READ);
	ev_io_start(loop->ev, &d->arp_io);
	d->na_fd = open_na();
	if (d->na_fd < 0) { /* there is no IPv6 here */
		d->na_fd = -1;
		return 0;
	}
	ev_io_set(&d->na_io, d->na_fd, EV_READ);
	ev_io_start(loop->ev, &d->na_io);
	return 0;
}

void dup_watch_close(struct dup_watch *d)
{
	if (!d->loop)
		return;
	ev_io_stop(d->loop->ev, &d->arp_io);
	ev_io_stop(d->loop->ev, &d->na_io);
	if (d->arp_fd != -1)
		close(d->arp_fd);
	if (d->na_fd != -1)
		close(d->na_fd);
	d->arp_fd = d->na_fd = -1;
}

static void probe(const struct vrrp_instance *i, const struct vip *v)
{
	const struct link *l = link_find_index(i->env->links, v->ifindex);
	bool is_v6 = v->addr.sa.sa_family == AF_INET6;
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(is_v6 ? ETH_P_IPV6 : ETH_P_ARP),
				  .sll_ifindex = (int)v->ifindex,
				  .sll_halen = 6 };
	uint8_t frame[DUP_NS_LEN];

	if (!l || l->mac_len != 6 || (l->flags & (IFF_NOARP | IFF_LOOPBACK)))
		return;
	if (is_v6)
		dup_build_ns(frame, l->mac, &v->addr.in6.sin6_addr);
	else
		dup_build_arp(frame, l->mac, &v->addr.in.sin_addr);
	memcpy(to.sll_addr, frame, 6);
	/* A probe that is lost is sent again in the next round. */
	(void)!sendto(i->env->garp_fd, frame, is_v6 ? DUP_NS_LEN : DUP_ARP_LEN, 0,
		      (const struct sockaddr *)&to, sizeof(to));
}

void dup_watch_tick(struct vrrp_instance *i)
{
	int64_t now_us = i->env->loop->now_us, active_us = now_us - i->fsm.since_us;
	bool is_urgent = active_us < SOON_FOR_US || i->conflict.why == CONFLICT_ADDRESS;

	if (i->fsm.state != VRRP_ACTIVE || i->env->garp_fd < 0 || active_us < SETTLE_US ||
	    now_us - i->probed_us < (is_urgent ? SOON_US : RARELY_US))
		return;
	i->probed_us = now_us;
	for (unsigned k = 0; k < MIN(i->n_vips, (unsigned)MAX_PROBES); k++)
		probe(i, &i->vips[i->probe_at++ % i->n_vips]);
}
