/* handover.c - datagrams between two vrrpd. */
#include "handover.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vrrp_report.h"

#define MAX_PER_TURN 64
#define US_PER_CS    10000
#define FLAGS_AT     28

static const uint8_t magic[4] = { 'T', 'V', 'H', 'O' };

void handover_build(const struct handover_msg *m, uint8_t out[HANDOVER_LEN])
{
	int64_t cs = MIN(m->adver_us / US_PER_CS, (int64_t)UINT16_MAX);

	memset(out, 0, HANDOVER_LEN);
	memcpy(out, magic, sizeof(magic));
	out[4] = HANDOVER_VERSION;
	out[5] = (uint8_t)m->kind;
	out[6] = m->vrid;
	out[7] = m->priority;
	out[8] = (uint8_t)m->state;
	out[9] = m->kind == HANDOVER_REPORT
			 ? m->n_heard
			 : (uint8_t)MIN(m->lease_us / US_PER_CS, (int64_t)UINT8_MAX);
	if (m->kind == HANDOVER_HELLO)
		out[FLAGS_AT] = m->flags;
	out[10] = (uint8_t)(cs >> 8);
	out[11] = (uint8_t)cs;
	if (m->target.len && m->target.sa.sa_family == AF_INET)
		memcpy(out + 12, &m->target.in.sin_addr, 4);
	if (m->target.len && m->target.sa.sa_family == AF_INET6)
		memcpy(out + 12, &m->target.in6.sin6_addr, 16);
}

/* The length that the head promises; 0: of a kind that we do not know. */
static size_t promised_len(const uint8_t *bytes)
{
	switch (bytes[5]) {
	case HANDOVER_HELLO:
	case HANDOVER_CLAIM:
		return HANDOVER_LEN;
	case HANDOVER_REPORT:
		if (bytes[9] > VRRP_REPORT_MAX_HEARD)
			return 0;
		return HANDOVER_LEN + (size_t)bytes[9] * VRRP_REPORT_HEARD_LEN;
	default:
		return 0;
	}
}

bool handover_parse(const uint8_t *bytes, size_t len, struct handover_msg *out)
{
	struct handover_msg m = { 0 };

	if (len < HANDOVER_LEN || memcmp(bytes, magic, sizeof(magic)) != 0 ||
	    bytes[4] != HANDOVER_VERSION || bytes[6] == 0 || bytes[8] > VRRP_FAULT)
		return false;
	m.pdu_len = promised_len(bytes);
	if (m.pdu_len == 0 || len < m.pdu_len)
		return false;
	m.kind = (enum handover_kind)bytes[5];
	m.vrid = bytes[6];
	m.priority = bytes[7];
	m.state = (enum vrrp_state)bytes[8];
	m.flags = m.kind == HANDOVER_HELLO ? bytes[FLAGS_AT] : 0;
	m.n_heard = m.kind == HANDOVER_REPORT ? bytes[9] : 0;
	m.adver_us = (int64_t)(bytes[10] << 8 | bytes[11]) * US_PER_CS;
	m.lease_us = m.kind == HANDOVER_REPORT ? 0 : (int64_t)bytes[9] * US_PER_CS;
	m.target.len = sizeof(m.target.in);
	m.target.in.sin_family = AF_INET;
	memcpy(&m.target.in.sin_addr, bytes + 12, 4);
	*out = m;
	return true;
}

/* The target of a datagram over IPv6. */
static struct addr target6(const uint8_t *bytes)
{
	struct addr a = { .len = sizeof(a.in6) };

	a.in6.sin6_family = AF_INET6;
	memcpy(&a.in6.sin6_addr, bytes + 12, 16);
	return a;
}

static void receive(struct handover_sock *s, int fd, bool *more)
{
	uint8_t buf[1024];
	_Alignas(struct cmsghdr) char control[128];
	struct addr from = { .len = sizeof(from.in6) };
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr h = { .msg_name = &from.in6,
			    .msg_namelen = sizeof(from.in6),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(fd, &h, MSG_DONTWAIT);
	struct handover_msg m;
	unsigned ifindex = 0;
	int ttl = 0;

	*more = got >= 0 || errno == EINTR || errno == ECONNREFUSED;
	if (got < 0)
		return;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
		bool is_v4 = c->cmsg_level == IPPROTO_IP, is_v6 = c->cmsg_level == IPPROTO_IPV6;

		if (is_v4 && c->cmsg_type == IP_PKTINFO)
			ifindex = (unsigned)((struct in_pktinfo *)CMSG_DATA(c))->ipi_ifindex;
		if (is_v6 && c->cmsg_type == IPV6_PKTINFO)
			ifindex = ((struct in6_pktinfo *)CMSG_DATA(c))->ipi6_ifindex;
		if ((is_v4 && c->cmsg_type == IP_TTL) || (is_v6 && c->cmsg_type == IPV6_HOPLIMIT))
			memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
	}
	if (ttl != 255 || !handover_parse(buf, (size_t)got, &m)) {
		s->n_refused++;
		return;
	}
	from.len = h.msg_namelen;
	addr_set_port(&from, 0);
	if (from.sa.sa_family == AF_INET6) {
		from.in6.sin6_scope_id = 0;
		from.in6.sin6_flowinfo = 0;
		m.target = target6(buf);
	}
	m.bytes = buf;
	m.len = (size_t)got;
	s->fn(s->arg, ifindex, &from, &m);
}

static void on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct handover_sock *s = container_of(w, struct handover_sock, io);
	bool more = true;

	(void)loop, (void)revents;
	for (int i = 0; i < MAX_PER_TURN && more && s->fd != -1; i++)
		receive(s, s->fd, &more);
}

static void on_readable6(struct ev_loop *loop, ev_io *w, int revents)
{
	struct handover_sock *s = container_of(w, struct handover_sock, io6);
	bool more = true;

	(void)loop, (void)revents;
	for (int i = 0; i < MAX_PER_TURN && more && s->fd6 != -1; i++)
		receive(s, s->fd6, &more);
}

static int set_all(int fd, const int options[][3], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (setsockopt(fd, options[i][0], options[i][1], &options[i][2], sizeof(int)))
			return -errno;
	return 0;
}

int handover_sender_open(int family)
{
	static const int v4[][3] = { { IPPROTO_IP, IP_MULTICAST_TTL, 255 },
				     { IPPROTO_IP, IP_TTL, 255 },
				     { IPPROTO_IP, IP_MULTICAST_LOOP, 0 },
				     { IPPROTO_IP, IP_TOS, 0xC0 } };
	static const int v6[][3] = { { IPPROTO_IPV6, IPV6_V6ONLY, 1 },
				     { IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 255 },
				     { IPPROTO_IPV6, IPV6_UNICAST_HOPS, 255 },
				     { IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0 },
				     { IPPROTO_IPV6, IPV6_TCLASS, 0xC0 } };
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;

	if (fd < 0)
		return -errno;
	err = family == AF_INET6 ? set_all(fd, v6, ARRAY_LEN(v6)) : set_all(fd, v4, ARRAY_LEN(v4));
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/* A socket that also receives. fd or -errno. */
static int open_receiver(int family)
{
	static const int v4[][3] = { { IPPROTO_IP, IP_PKTINFO, 1 },
				     { IPPROTO_IP, IP_RECVTTL, 1 },
				     { IPPROTO_IP, IP_MULTICAST_ALL, 0 },
				     { SOL_SOCKET, SO_REUSEADDR, 1 } };
	static const int v6[][3] = { { IPPROTO_IPV6, IPV6_RECVPKTINFO, 1 },
				     { IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1 },
				     { IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0 },
				     { SOL_SOCKET, SO_REUSEADDR, 1 } };
	struct addr any = { .len = family == AF_INET6 ? sizeof(any.in6) : sizeof(any.in) };
	int fd = handover_sender_open(family), err;

	if (fd < 0)
		return fd;
	any.sa.sa_family = (sa_family_t)family;
	addr_set_port(&any, HANDOVER_PORT);
	err = family == AF_INET6 ? set_all(fd, v6, ARRAY_LEN(v6)) : set_all(fd, v4, ARRAY_LEN(v4));
	if (!err && bind(fd, &any.sa, any.len))
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

int handover_open(struct handover_sock *s, struct loop *loop, handover_fn *fn, void *arg)
{
	int fd = open_receiver(AF_INET);

	*s = (struct handover_sock){ .fd = -1, .fd6 = -1 };
	if (fd < 0)
		return fd;
	*s = (struct handover_sock){
		.loop = loop, .fd = fd, .fd6 = open_receiver(AF_INET6), .fn = fn, .arg = arg
	};
	ev_init(&s->io6, on_readable6);
	ev_io_init(&s->io, on_readable, fd, EV_READ);
	ev_set_priority(&s->io, 1); /* as the adverts: before the timers */
	ev_io_start(loop->ev, &s->io);
	if (s->fd6 < 0) { /* there is no IPv6 here */
		s->fd6 = -1;
		return 0;
	}
	ev_io_set(&s->io6, s->fd6, EV_READ);
	ev_set_priority(&s->io6, 1);
	ev_io_start(loop->ev, &s->io6);
	return 0;
}

int handover_join(struct handover_sock *s, unsigned ifindex, const struct addr *group)
{
	struct ip_mreqn mreq = { .imr_multiaddr = group->in.sin_addr, .imr_ifindex = (int)ifindex };
	struct ipv6_mreq mreq6 = { .ipv6mr_multiaddr = group->in6.sin6_addr,
				   .ipv6mr_interface = ifindex };
	int rc = group->sa.sa_family == AF_INET6
			 ? setsockopt(s->fd6, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &mreq6,
				      sizeof(mreq6))
			 : setsockopt(s->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq));

	return rc && errno != EADDRINUSE ? -errno : 0;
}

void handover_close(struct handover_sock *s)
{
	if (!s->loop)
		return;
	ev_io_stop(s->loop->ev, &s->io);
	ev_io_stop(s->loop->ev, &s->io6);
	if (s->fd != -1)
		close(s->fd);
	if (s->fd6 != -1)
		close(s->fd6);
	s->fd = s->fd6 = -1;
}
