/* vrrp_sock.c - raw sockets for VRRP. */
#include "vrrp_sock.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vrrp_packet.h"

#define RCVBUF_BYTES (1024 * 1024)
/* Packets in one turn. High, because all that waits must be read before a timer may decide that
 * nobody was heard (255 instances at 100 ms: 2,550 a second); finite, because a flood must not
 * starve our own adverts. */
#define MAX_PER_TURN 2048
#define CHECKSUM_AT  6    /* in the PDU */
#define TOS_CONTROL  0xC0 /* Internetwork Control, as the RFC asks */

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

/* Returns false when there is nothing (more) to read. */
static bool receive6(struct vrrp_sock *s)
{
	uint8_t buf[4096];
	_Alignas(struct cmsghdr) char control[128];
	struct addr from = { .len = sizeof(from.in6) };
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = { .msg_name = &from.in6,
			    .msg_namelen = sizeof(from.in6),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(s->fd, &m, MSG_DONTWAIT);
	struct vrrp_rx rx = { .pdu = buf };

	if (got < 0)
		return errno == EINTR || errno == ENETDOWN;
	if (m.msg_flags & MSG_TRUNC)
		return true;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		struct in6_pktinfo info;
		int limit;

		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			if (info.ipi6_ifindex != s->ifindex)
				return true;
			rx.dst.len = sizeof(rx.dst.in6);
			rx.dst.in6.sin6_family = AF_INET6;
			rx.dst.in6.sin6_addr = info.ipi6_addr;
		}
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT) {
			memcpy(&limit, CMSG_DATA(c), sizeof(limit));
			rx.ttl = (uint8_t)limit;
		}
	}
	from.in6.sin6_scope_id = 0; /* it came over our interface */
	from.in6.sin6_port = 0;
	from.in6.sin6_flowinfo = 0;
	rx.src = from;
	rx.len = (size_t)got;
	s->fn(s->arg, &rx);
	return true;
}

static bool receive(struct vrrp_sock *s)
{
	uint8_t buf[IP_MAXPACKET < 4096 ? IP_MAXPACKET : 4096];
	char control[128];
	struct addr from = { .len = sizeof(from.in) };
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = { .msg_name = &from.in,
			    .msg_namelen = sizeof(from.in),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(s->fd, &m, MSG_DONTWAIT);
	const struct iphdr *ip = (const void *)buf;
	struct vrrp_rx rx = { 0 };
	size_t header;

	if (got < 0)
		return errno == EINTR || errno == ENETDOWN;
	header = got >= (ssize_t)sizeof(*ip) ? (size_t)ip->ihl * 4 : 0;
	if (header < sizeof(*ip) || header > (size_t)got || (m.msg_flags & MSG_TRUNC))
		return true;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		const struct in_pktinfo *info = (const void *)CMSG_DATA(c);

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO &&
		    (unsigned)info->ipi_ifindex != s->ifindex)
			return true;
	}
	rx.src = from;
	rx.dst.len = sizeof(rx.dst.in);
	rx.dst.in.sin_family = AF_INET;
	rx.dst.in.sin_addr.s_addr = ip->daddr;
	rx.ttl = ip->ttl;
	rx.pdu = buf + header;
	rx.len = (size_t)got - header;
	s->fn(s->arg, &rx);
	return true;
}

static void on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct vrrp_sock *s = container_of(w, struct vrrp_sock, io);

	(void)loop, (void)revents;
	for (int i = 0;
	     i < MAX_PER_TURN && s->fd != -1 && (s->family == AF_INET6 ? receive6(s) : receive(s));
	     i++)
		;
}

static int join(int fd, unsigned ifindex, const struct addr *group)
{
	struct ip_mreqn mreq = { .imr_multiaddr = group->in.sin_addr, .imr_ifindex = (int)ifindex };
	struct ipv6_mreq mreq6 = { .ipv6mr_multiaddr = group->in6.sin6_addr,
				   .ipv6mr_interface = ifindex };
	int rc = group->sa.sa_family == AF_INET6
			 ? setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &mreq6, sizeof(mreq6))
			 : setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq));

	return rc && errno != EADDRINUSE ? -errno : 0;
}

static int listen4(int fd, unsigned ifindex, const struct addr *group)
{
	int err = set_int(fd, IPPROTO_IP, IP_PKTINFO, 1);

	if (!err)
		err = set_int(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
	return !err && group->len ? join(fd, ifindex, group) : err;
}

static int listen6(int fd, unsigned ifindex, const struct addr *group)
{
	int err = set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);

	if (!err)
		err = set_int(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	if (!err)
		err = set_int(fd, IPPROTO_IPV6, IPV6_CHECKSUM, CHECKSUM_AT);
	if (!err)
		err = set_int(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
	return !err && group->len ? join(fd, ifindex, group) : err;
}

int vrrp_sock_open(struct vrrp_sock *s, struct loop *loop, int family, unsigned ifindex,
		   const char *ifname, const struct addr *group, vrrp_rx_fn *fn, void *arg)
{
	int err = 0;
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, VRRP_PROTO);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname, (socklen_t)strlen(ifname) + 1))
		err = -errno;
	if (!err)
		err = family == AF_INET6 ? listen6(fd, ifindex, group)
					 : listen4(fd, ifindex, group);
	if (err) {
		close(fd);
		return err;
	}
	(void)set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, RCVBUF_BYTES);
	*s = (struct vrrp_sock){
		.loop = loop, .fd = fd, .ifindex = ifindex, .family = family, .fn = fn, .arg = arg
	};
	ev_io_init(&s->io, on_readable, fd, EV_READ);
	/* Before the timers: a queued advert counts before Active_Down_Timer does. */
	ev_set_priority(&s->io, 1);
	ev_io_start(loop->ev, &s->io);
	return 0;
}

int vrrp_sock_join(struct vrrp_sock *s, const struct addr *group)
{
	return join(s->fd, s->ifindex, group);
}

void vrrp_sock_close(struct vrrp_sock *s)
{
	if (!s->loop)
		return;
	ev_io_stop(s->loop->ev, &s->io);
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
}

static int prepare(int fd, const int options[][3], size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++)
		err = set_int(fd, options[i][0], options[i][1], options[i][2]);
	return err;
}

int vrrp_sender_open(int family)
{
	/* A raw socket would also receive a copy of every VRRP packet: filter them all. */
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog filter = { .len = 1, .filter = &nothing };
	static const int v4[][3] = { { IPPROTO_IP, IP_MULTICAST_TTL, 255 },
				     { IPPROTO_IP, IP_TTL, 255 },
				     { IPPROTO_IP, IP_MULTICAST_LOOP, 0 },
				     { IPPROTO_IP, IP_TOS, TOS_CONTROL } };
	static const int v6[][3] = { { IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255 },
				     { IPPROTO_IPV6, IPV6_UNICAST_HOPS, 255 },
				     { IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0 },
				     { IPPROTO_IPV6, IPV6_TCLASS, TOS_CONTROL },
				     { IPPROTO_IPV6, IPV6_CHECKSUM, CHECKSUM_AT },
				     /* over a virtual MAC, from the address of its base */
				     { IPPROTO_IPV6, IPV6_FREEBIND, 1 } };
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, VRRP_PROTO);
	int err;

	if (fd < 0)
		return -errno;
	err = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) ? -errno : 0;
	if (!err && family == AF_INET6)
		err = prepare(fd, v6, ARRAY_LEN(v6));
	else if (!err)
		err = prepare(fd, v4, ARRAY_LEN(v4));
	if (err) {
		close(fd);
		return err;
	}
	(void)set_int(fd, SOL_SOCKET, SO_PRIORITY, 6); /* "interactive", below "control" */
	return fd;
}

static int send_message(int fd, const struct msghdr *m)
{
	for (;;) {
		if (sendmsg(fd, m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

/* The last control message: the TTL, or nothing. */
static void put_ttl(struct msghdr *m, struct cmsghdr *last, uint8_t ttl, int level, int type)
{
	struct cmsghdr *c = CMSG_NXTHDR(m, last);
	int value = ttl;

	if (!ttl || !c) {
		m->msg_controllen -= CMSG_SPACE(sizeof(int));
		return;
	}
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(sizeof(value));
	memcpy(CMSG_DATA(c), &value, sizeof(value));
}

static int send6(int fd, const struct net_dest *d, const void *pdu, size_t len)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct sockaddr_in6 to = d->dst.in6;
	struct iovec iov = { (void *)pdu, len };
	struct msghdr m = { .msg_name = &to,
			    .msg_namelen = sizeof(to),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	struct in6_pktinfo info = { .ipi6_ifindex = d->ifindex, .ipi6_addr = d->src.in6.sin6_addr };

	if (IN6_IS_ADDR_LINKLOCAL(&to.sin6_addr) || IN6_IS_ADDR_MC_LINKLOCAL(&to.sin6_addr))
		to.sin6_scope_id = d->ifindex;
	c->cmsg_level = IPPROTO_IPV6;
	c->cmsg_type = IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	put_ttl(&m, c, d->ttl, IPPROTO_IPV6, IPV6_HOPLIMIT);
	return send_message(fd, &m);
}

int vrrp_send(int fd, const struct net_dest *d, const void *pdu, size_t len)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { (void *)pdu, len };
	struct msghdr m = { .msg_name = (void *)&d->dst.in,
			    .msg_namelen = sizeof(d->dst.in),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	struct in_pktinfo info = { .ipi_ifindex = (int)d->ifindex,
				   .ipi_spec_dst = d->src.in.sin_addr };

	if (d->dst.sa.sa_family == AF_INET6)
		return send6(fd, d, pdu, len);
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	put_ttl(&m, c, d->ttl, IPPROTO_IP, IP_TTL);
	return send_message(fd, &m);
}
