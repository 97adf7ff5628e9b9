/* vip.c - virtual addresses in the kernel. */
#include "vip.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <poll.h>
#include <string.h>
#include <tandem/addr.h>

/* Messages in one sendmsg. Each failing one costs about 800 bytes of our receive buffer. */
#define CHUNK     128
#define MSG_ROOM  256
#define BUF_BYTES (256 * 1024)
#define ANSWER_MS 500 /* the answers are there already; a limit against surprises */

int vip_nl_open_protocol(struct vip_nl *n, int protocol)
{
	struct nl_sock *sk = nl_socket_alloc();
	int on = 1, err;

	if (!sk)
		return -ENOMEM;
	err = nl_connect(sk, protocol);
	if (err) {
		err = errno ? -errno : -EPROTO;
		nl_socket_free(sk);
		return err;
	}
	(void)nl_socket_set_buffer_size(sk, BUF_BYTES, BUF_BYTES);
	/* An error need not repeat our message. Kernels without the option only answer at length.
	 */
	(void)setsockopt(nl_socket_get_fd(sk), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	n->sk = sk;
	return 0;
}

int vip_nl_open(struct vip_nl *n)
{
	return vip_nl_open_protocol(n, NETLINK_ROUTE);
}

void vip_nl_close(struct vip_nl *n)
{
	if (n->sk)
		nl_socket_free(n->sk);
	n->sk = NULL;
}

static const void *addr_bytes(const struct addr *a, int *len)
{
	*len = a->sa.sa_family == AF_INET6 ? 16 : 4;
	return a->sa.sa_family == AF_INET6 ? (const void *)&a->in6.sin6_addr : &a->in.sin_addr;
}

/* Fill msg (emptied first) with the request for v. lifetime_s 0: delete. */
static int build(struct nl_msg *msg, const struct vip *v, uint32_t lifetime_s, uint32_t seq,
		 bool want_ack)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct ifaddrmsg ifa = { .ifa_family = v->addr.sa.sa_family,
				 .ifa_prefixlen = v->prefix_len,
				 .ifa_scope = v->scope,
				 .ifa_index = v->ifindex };
	struct ifa_cacheinfo life = { .ifa_prefered = v->has_preferred
							      ? MIN(lifetime_s, v->preferred_s)
							      : lifetime_s,
				      .ifa_valid = lifetime_s };
	unsigned flags = v->flags;
	bool is_v6 = v->addr.sa.sa_family == AF_INET6;
	int len, err;
	const void *bytes = addr_bytes(&v->addr, &len);
	const void *far = v->peer.len ? addr_bytes(&v->peer, &len) : bytes;

	h->nlmsg_len = NLMSG_HDRLEN;
	h->nlmsg_type = lifetime_s ? RTM_NEWADDR : RTM_DELADDR;
	h->nlmsg_flags = NLM_F_REQUEST | (want_ack ? NLM_F_ACK : 0);
	if (lifetime_s)
		h->nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
	h->nlmsg_seq = seq;
	h->nlmsg_pid = 0;
	if (lifetime_s && is_v6) /* detection of duplicates would leave us deaf for a second */
		flags |= IFA_F_NODAD;
	ifa.ifa_flags = (uint8_t)flags;
	err = nlmsg_append(msg, &ifa, sizeof(ifa), NLMSG_ALIGNTO);
	err |= nla_put(msg, IFA_LOCAL, len, bytes);
	err |= nla_put(msg, IFA_ADDRESS, len, far);
	if (lifetime_s) {
		if (v->label[0] && !is_v6)
			err |= nla_put_string(msg, IFA_LABEL, v->label);
		if (v->brd.len && !is_v6)
			err |= nla_put(msg, IFA_BROADCAST, 4, &v->brd.in.sin_addr);
		if (flags & ~0xffU)
			err |= nla_put_u32(msg, IFA_FLAGS, flags);
		if (lifetime_s != VIP_FOREVER || v->has_preferred)
			err |= nla_put(msg, IFA_CACHEINFO, sizeof(life), &life);
	}
	return err ? -EMSGSIZE : 0;
}

/* Read answers until the one to `last` came. Only errors are answered before it. */
static int collect(struct nl_sock *sk, uint32_t first, uint32_t last, int *errs)
{
	_Alignas(struct nlmsghdr) uint8_t buf[32768];
	int fd = nl_socket_get_fd(sk);

	for (;;) {
		ssize_t got = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		int left;

		if (got < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = fd, .events = POLLIN };
			if (poll(&p, 1, ANSWER_MS) <= 0)
				return -ETIMEDOUT;
			continue;
		}
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		left = (int)got;
		for (struct nlmsghdr *h = (void *)buf; nlmsg_ok(h, left);
		     h = nlmsg_next(h, &left)) {
			const struct nlmsgerr *e = nlmsg_data(h);

			if (h->nlmsg_type != NLMSG_ERROR || h->nlmsg_seq - first > last - first)
				continue; /* left over from a call that timed out */
			errs[h->nlmsg_seq - first] = e->error;
			if (h->nlmsg_seq == last)
				return 0;
		}
	}
}

/* One sendmsg of at most CHUNK requests. */
static int send_chunk(struct vip_nl *n, struct nl_msg *msg, const struct vip *vips, size_t n_vips,
		      uint32_t lifetime_s, int *errs)
{
	uint8_t buf[CHUNK * MSG_ROOM];
	size_t len = 0;
	uint32_t first = 0, seq = 0;

	for (size_t i = 0; i < n_vips; i++) {
		int err;

		seq = nl_socket_use_seq(n->sk);
		if (i == 0)
			first = seq;
		err = build(msg, &vips[i], lifetime_s, seq, i == n_vips - 1);
		if (err)
			return err;
		memcpy(buf + len, nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len);
		len += NLMSG_ALIGN(nlmsg_hdr(msg)->nlmsg_len);
		errs[i] = 0;
	}
	if (nl_sendto(n->sk, buf, len) < 0)
		return errno ? -errno : -EIO;
	return collect(n->sk, first, seq, errs);
}

static int batch(struct vip_nl *n, const struct vip *vips, size_t n_vips, uint32_t lifetime_s,
		 int *errs)
{
	struct nl_msg *msg = nlmsg_alloc_size(MSG_ROOM);
	int ret = 0;

	if (!msg)
		return -ENOMEM;
	for (size_t at = 0; at < n_vips; at += CHUNK) {
		size_t count = MIN(n_vips - at, (size_t)CHUNK);
		int own[CHUNK] = { 0 };
		int err = send_chunk(n, msg, vips + at, count, lifetime_s, own);

		for (size_t i = 0; i < count; i++) {
			int e = err ? err : own[i];

			if (lifetime_s == 0 && (e == -EADDRNOTAVAIL || e == -ENODEV))
				e = 0;
			if (e && !ret)
				ret = e;
			if (errs)
				errs[at + i] = e;
		}
	}
	nlmsg_free(msg);
	return ret;
}

int vip_set(struct vip_nl *n, const struct vip *vips, size_t n_vips, uint32_t lifetime_s, int *errs)
{
	ASSERT(lifetime_s > 0);
	return batch(n, vips, n_vips, lifetime_s, errs);
}

int vip_del(struct vip_nl *n, const struct vip *vips, size_t n_vips, int *errs)
{
	return batch(n, vips, n_vips, 0, errs);
}

int vip_nl_talk(struct vip_nl *n, const struct nlmsghdr *h)
{
	_Alignas(struct nlmsghdr) uint8_t buf[4096];
	struct nlmsghdr *copy = (void *)buf;
	int answer = 0, err;

	if (h->nlmsg_len > sizeof(buf))
		return -EMSGSIZE;
	memcpy(buf, h, h->nlmsg_len);
	copy->nlmsg_seq = nl_socket_use_seq(n->sk);
	copy->nlmsg_pid = 0;
	if (nl_sendto(n->sk, buf, copy->nlmsg_len) < 0)
		return errno ? -errno : -EIO;
	err = collect(n->sk, copy->nlmsg_seq, copy->nlmsg_seq, &answer);
	return err ? err : answer;
}

int vip_nl_collect(struct vip_nl *n, uint32_t first, uint32_t last, int *errs)
{
	return collect(n->sk, first, last, errs);
}

bool vip_eq(const struct vip *a, const struct vip *b)
{
	int len_a, len_b;
	const void *bytes_a = addr_bytes(&a->addr, &len_a), *bytes_b = addr_bytes(&b->addr, &len_b);

	return a->ifindex == b->ifindex && a->prefix_len == b->prefix_len && len_a == len_b &&
	       memcmp(bytes_a, bytes_b, (size_t)len_a) == 0;
}
