/* handover.c - datagrams between two vrrpd. */
#include "handover.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_PER_TURN 64
#define US_PER_CS    10000

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
	out[10] = (uint8_t)(cs >> 8);
	out[11] = (uint8_t)cs;
	if (m->target.len && m->target.sa.sa_family == AF_INET)
		memcpy(out + 12, &m->target.in.sin_addr, 4);
}

bool handover_parse(const uint8_t *bytes, size_t len, struct handover_msg *out)
{
	struct handover_msg m = { 0 };

	if (len < HANDOVER_LEN || memcmp(bytes, magic, sizeof(magic)) != 0 ||
	    bytes[4] != HANDOVER_VERSION ||
	    (bytes[5] != HANDOVER_HELLO && bytes[5] != HANDOVER_CLAIM) || bytes[6] == 0 ||
	    bytes[8] > VRRP_FAULT)
		return false;
	m.kind = bytes[5] == HANDOVER_HELLO ? HANDOVER_HELLO : HANDOVER_CLAIM;
	m.vrid = bytes[6];
	m.priority = bytes[7];
	m.state = (enum vrrp_state)bytes[8];
	m.adver_us = (int64_t)(bytes[10] << 8 | bytes[11]) * US_PER_CS;
	m.target.len = sizeof(m.target.in);
	m.target.in.sin_family = AF_INET;
	memcpy(&m.target.in.sin_addr, bytes + 12, 4);
	*out = m;
	return true;
}

static void receive(struct handover_sock *s, bool *more)
{
	uint8_t buf[256];
	_Alignas(struct cmsghdr) char control[128];
	struct addr from = { .len = sizeof(from.in) };
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr h = { .msg_name = &from.in,
			    .msg_namelen = sizeof(from.in),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(s->fd, &h, MSG_DONTWAIT);
	struct handover_msg m;
	unsigned ifindex = 0;
	int ttl = 0;

	*more = got >= 0 || errno == EINTR || errno == ECONNREFUSED;
	if (got < 0)
		return;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
			ifindex = (unsigned)((struct in_pktinfo *)CMSG_DATA(c))->ipi_ifindex;
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL)
			memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
	}
	if (ttl != 255 || !handover_parse(buf, (size_t)got, &m)) {
		s->n_refused++;
		return;
	}
	from.in.sin_port = 0;
	s->fn(s->arg, ifindex, &from, &m);
}

static void on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct handover_sock *s = container_of(w, struct handover_sock, io);
	bool more = true;

	(void)loop, (void)revents;
	for (int i = 0; i < MAX_PER_TURN && more && s->fd != -1; i++)
		receive(s, &more);
}

int handover_sender_open(void)
{
	static const struct {
		int name, value;
	} options[] = { { IP_MULTICAST_TTL, 255 },
			{ IP_TTL, 255 },
			{ IP_MULTICAST_LOOP, 0 },
			{ IP_TOS, 0xC0 } };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (setsockopt(fd, IPPROTO_IP, options[i].name, &options[i].value, sizeof(int))) {
			int err = -errno;

			close(fd);
			return err;
		}
	}
	return fd;
}

int handover_open(struct handover_sock *s, struct loop *loop, handover_fn *fn, void *arg)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(HANDOVER_PORT) };
	int fd = handover_sender_open();
	int on = 1, off = 0;

	*s = (struct handover_sock){ .fd = -1 };
	if (fd < 0)
		return fd;
	if (setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) ||
	    setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on)) ||
	    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof(off)) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any))) {
		int err = -errno;

		close(fd);
		return err;
	}
	*s = (struct handover_sock){ .loop = loop, .fd = fd, .fn = fn, .arg = arg };
	ev_io_init(&s->io, on_readable, fd, EV_READ);
	ev_set_priority(&s->io, 1); /* as the adverts: before the timers */
	ev_io_start(loop->ev, &s->io);
	return 0;
}

int handover_join(struct handover_sock *s, unsigned ifindex, const struct addr *group)
{
	struct ip_mreqn mreq = { .imr_multiaddr = group->in.sin_addr, .imr_ifindex = (int)ifindex };

	if (setsockopt(s->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq)) &&
	    errno != EADDRINUSE)
		return -errno;
	return 0;
}

void handover_close(struct handover_sock *s)
{
	if (!s->loop)
		return;
	ev_io_stop(s->loop->ev, &s->io);
	if (s->fd != -1)
		close(s->fd);
	s->fd = -1;
}
