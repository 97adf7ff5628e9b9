/* vip.h - virtual addresses in the kernel, through rtnetlink, a whole set as one batch.
 *
 * An address is added with a valid lifetime of a second or two and must be renewed (vip_set again)
 * while its owner lives: if every process of ours dies or freezes, the kernel itself takes the
 * address away. Renewal leaves no gap, and an address that vanished comes back with it.
 *
 * The kernel works while we are in sendmsg(), so the acknowledgements can be read at once: the
 * calls are synchronous and do not wait for anybody else. */
#ifndef VRRPD_VIP_H
#define VRRPD_VIP_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <tandem/addr.h>
#include <tandem/util.h>

#define VIP_FOREVER UINT32_MAX /* a lifetime: never expires */

/* Plain data: it lives in memory that worker and guardian share. */
struct vip {
	struct addr addr;
	struct addr brd;    /* len 0: none */
	struct addr peer;   /* len 0: none */
	unsigned flags;     /* IFA_F_*, of those that may be asked for */
	bool has_preferred; /* then the preferred lifetime is preferred_s, else as the valid one */
	uint32_t preferred_s, preferred_limit_s; /* what is left now, of what there was */
	unsigned ifindex;
	uint8_t prefix_len;
	uint8_t scope; /* RT_SCOPE_* */
	bool may_go;   /* no_track: not brought back once somebody deleted it, then is_gone */
	bool is_gone;
	char label[IFNAMSIZ];
};

struct nl_sock;
struct vip_nl {
	struct nl_sock *sk; /* owned; NULL: closed */
};

/* 0 or -errno. Each process has its own: answers belong to one reader. */
NODISCARD int vip_nl_open(struct vip_nl *n);
/* The same for another netlink protocol (NETLINK_*). */
NODISCARD int vip_nl_open_protocol(struct vip_nl *n, int protocol);
/* Wait until the request with sequence number `last` is answered; errs has an entry for each from
 * `first` on, which gets 0 or -errno. 0, or -errno when the answer does not come. */
NODISCARD int vip_nl_collect(struct vip_nl *n, uint32_t first, uint32_t last, int *errs);
void vip_nl_close(struct vip_nl *n);

/* Add the addresses or renew those that are there (also those that somebody else made).
 * errs (NULL, or n entries) gets 0 or -errno for each. Returns 0 or the first error. */
NODISCARD int vip_set(struct vip_nl *n, const struct vip *vips, size_t n_vips, uint32_t lifetime_s,
		      int *errs);
/* Remove them. One that is not there counts as removed. */
NODISCARD int vip_del(struct vip_nl *n, const struct vip *vips, size_t n_vips, int *errs);

/* Send one ready-made request (with NLM_F_ACK) and wait for its answer: 0 or -errno. */
struct nlmsghdr;
NODISCARD int vip_nl_talk(struct vip_nl *n, const struct nlmsghdr *h);

/* The address that c describes. False: its interface is absent. */
struct cfg_vip;
struct link_watch;
bool vip_from_cfg(const struct cfg_vip *c, const struct link_watch *links, struct vip *out);

bool vip_eq(const struct vip *a, const struct vip *b);

#endif
