/* nft.h - our table in the kernel's packet filter (nftables), spoken over netlink.
 *
 * The table belongs to the socket that made it (NFT_TABLE_F_OWNER): when the process ends, however
 * it ends, the kernel removes the table, and a reload of somebody else's firewall leaves it alone.
 * Kernels before 5.12 know no owner; there a table that outlived us is replaced by the next start.
 *
 *   chain out: what a virtual MAC must not send by itself (IGMP, MLD, router solicitations: a
 *              backup would teach the switches its place), and what no_accept forbids
 *   chain in:  packets to the addresses of no_accept, but for neighbour discovery */
#ifndef VRRPD_NFT_H
#define VRRPD_NFT_H

#include <stdbool.h>
#include <tandem/addr.h>
#include <tandem/util.h>

#include "vip.h"

struct nft {
	struct vip_nl nl; /* closed: there is no table */
	bool has_failed;  /* it was tried and logged */
	char table[32];
};

/* Make the table unless it is there. 0 or -errno; a failure is logged once. */
NODISCARD int nft_open(struct nft *t, const char *table);
/* Removes the table. */
void nft_close(struct nft *t);
/* Keep a virtual MAC quiet. */
NODISCARD int nft_add_vmac(struct nft *t, unsigned ifindex);
/* Drop (or no longer drop) what goes to and comes from these addresses. */
NODISCARD int nft_block(struct nft *t, const struct vip *vips, size_t n);
NODISCARD int nft_unblock(struct nft *t, const struct vip *vips, size_t n);

#endif
