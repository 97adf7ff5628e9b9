/* nft.c - our table in the kernel's packet filter. */
#include "nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/icmp6.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <tandem/log.h>

#ifndef NFT_TABLE_F_OWNER
#define NFT_TABLE_F_OWNER 2
#endif

#define PRIORITY    (-1) /* as keepalived's: before the filter of the administrator */
#define MSG_ROOM    2048
#define BUF_BYTES   (256 * 1024)
#define CHUNK       64 /* elements in one transaction: each is answered */
#define SET_VMACS   "vmacs"
#define SET_V4      "vips"
#define SET_V6      "vips6"
#define MLD2_REPORT 143
/* What the program nft calls the types of our sets' keys. */
#define KEY_IPV4    7
#define KEY_IPV6    8
#define KEY_IFINDEX 20

struct batch {
	struct nft *t;
	uint8_t *buf; /* owned, BUF_BYTES */
	size_t len;
	uint32_t first, last;
	unsigned n;
	int err;
};

static int put_be32(struct nl_msg *m, int attr, uint32_t v)
{
	return nla_put_u32(m, attr, htonl(v));
}

static void batch_begin(struct batch *b, struct nft *t)
{
	*b = (struct batch){ .t = t, .buf = xcalloc(1, BUF_BYTES) };
}

/* A new message; its family is inet, which has both. */
static struct nl_msg *message(uint16_t type, uint16_t flags, uint16_t subsystem)
{
	struct nl_msg *m = nlmsg_alloc_size(MSG_ROOM);
	struct nfgenmsg g = { .nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0 };

	ASSERT(m);
	nlmsg_put(m, 0, 0, type, 0, flags | NLM_F_REQUEST);
	if (subsystem) {
		g.nfgen_family = AF_UNSPEC;
		g.res_id = htons(subsystem);
	}
	(void)nlmsg_append(m, &g, sizeof(g), NLMSG_ALIGNTO);
	return m;
}

static struct nl_msg *nft_message(int type, uint16_t flags)
{
	return message((uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags | NLM_F_ACK, 0);
}

/* Takes m. */
static void batch_add(struct batch *b, struct nl_msg *m)
{
	struct nlmsghdr *h = nlmsg_hdr(m);

	if (b->len + NLMSG_ALIGN(h->nlmsg_len) > BUF_BYTES) {
		b->err = -EMSGSIZE;
	} else {
		h->nlmsg_seq = nl_socket_use_seq(b->t->nl.sk);
		if (b->n++ == 0)
			b->first = h->nlmsg_seq;
		if (h->nlmsg_flags & NLM_F_ACK)
			b->last = h->nlmsg_seq;
		memcpy(b->buf + b->len, h, h->nlmsg_len);
		b->len += NLMSG_ALIGN(h->nlmsg_len);
	}
	nlmsg_free(m);
}

/* Send all as one transaction: it happens as a whole or not at all. */
static int batch_commit(struct batch *b)
{
	int *errs = xcalloc(b->n + 1, sizeof(*errs));
	int err = b->err;

	if (!err && nl_sendto(b->t->nl.sk, b->buf, b->len) < 0)
		err = errno ? -errno : -EIO;
	if (!err)
		err = vip_nl_collect(&b->t->nl, b->first, b->last, errs);
	for (unsigned i = 0; i < b->n && !err; i++)
		err = errs[i];
	free(errs);
	free(b->buf);
	return err;
}

static void begin(struct batch *b, struct nft *t)
{
	batch_begin(b, t);
	batch_add(b, message(NFNL_MSG_BATCH_BEGIN, 0, NFNL_SUBSYS_NFTABLES));
}

static int commit(struct batch *b)
{
	batch_add(b, message(NFNL_MSG_BATCH_END, 0, NFNL_SUBSYS_NFTABLES));
	return batch_commit(b);
}

static void add_table(struct batch *b, int type, uint32_t flags)
{
	struct nl_msg *m = nft_message(type, NLM_F_CREATE);

	b->err |= nla_put_string(m, NFTA_TABLE_NAME, b->t->table);
	if (flags)
		b->err |= put_be32(m, NFTA_TABLE_FLAGS, flags);
	batch_add(b, m);
}

static void add_chain(struct batch *b, const char *name, unsigned hook)
{
	struct nl_msg *m = nft_message(NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	struct nlattr *nest;

	b->err |= nla_put_string(m, NFTA_CHAIN_TABLE, b->t->table);
	b->err |= nla_put_string(m, NFTA_CHAIN_NAME, name);
	nest = nla_nest_start(m, NFTA_CHAIN_HOOK);
	b->err |= put_be32(m, NFTA_HOOK_HOOKNUM, hook);
	b->err |= put_be32(m, NFTA_HOOK_PRIORITY, (uint32_t)PRIORITY);
	nla_nest_end(m, nest);
	b->err |= put_be32(m, NFTA_CHAIN_POLICY, NF_ACCEPT);
	b->err |= nla_put_string(m, NFTA_CHAIN_TYPE, "filter");
	batch_add(b, m);
}

static void add_set(struct batch *b, const char *name, uint32_t type, uint32_t len, uint32_t id)
{
	static const uint8_t host_order[] = { 0, 4, 1, 0, 0, 0 };
	struct nl_msg *m = nft_message(NFT_MSG_NEWSET, NLM_F_CREATE);

	b->err |= nla_put_string(m, NFTA_SET_TABLE, b->t->table);
	b->err |= nla_put_string(m, NFTA_SET_NAME, name);
	b->err |= put_be32(m, NFTA_SET_KEY_TYPE, type);
	b->err |= put_be32(m, NFTA_SET_KEY_LEN, len);
	b->err |= put_be32(m, NFTA_SET_ID, id);
	if (type == KEY_IFINDEX) /* for the program nft: such keys are in the host's byte order */
		b->err |= nla_put(m, NFTA_SET_USERDATA, sizeof(host_order), host_order);
	batch_add(b, m);
}

/* A rule is a list of expressions that load a register, compare it, and end in a verdict. */
struct rule {
	struct batch *b;
	struct nl_msg *m;
	struct nlattr *list, *elem, *data;
};

static void rule_begin(struct rule *r, struct batch *b, const char *chain)
{
	*r = (struct rule){ .b = b,
			    .m = nft_message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND) };
	b->err |= nla_put_string(r->m, NFTA_RULE_TABLE, b->t->table);
	b->err |= nla_put_string(r->m, NFTA_RULE_CHAIN, chain);
	r->list = nla_nest_start(r->m, NFTA_RULE_EXPRESSIONS);
}

static void rule_end(struct rule *r)
{
	nla_nest_end(r->m, r->list);
	batch_add(r->b, r->m);
}

static void expr_begin(struct rule *r, const char *name)
{
	r->elem = nla_nest_start(r->m, NFTA_LIST_ELEM);
	r->b->err |= nla_put_string(r->m, NFTA_EXPR_NAME, name);
	r->data = nla_nest_start(r->m, NFTA_EXPR_DATA);
}

static void expr_end(struct rule *r)
{
	nla_nest_end(r->m, r->data);
	nla_nest_end(r->m, r->elem);
}

static void load_meta(struct rule *r, unsigned key)
{
	expr_begin(r, "meta");
	r->b->err |= put_be32(r->m, NFTA_META_KEY, key);
	r->b->err |= put_be32(r->m, NFTA_META_DREG, NFT_REG_1);
	expr_end(r);
}

static void load_payload(struct rule *r, unsigned base, unsigned offset, unsigned len)
{
	expr_begin(r, "payload");
	r->b->err |= put_be32(r->m, NFTA_PAYLOAD_DREG, NFT_REG_1);
	r->b->err |= put_be32(r->m, NFTA_PAYLOAD_BASE, base);
	r->b->err |= put_be32(r->m, NFTA_PAYLOAD_OFFSET, offset);
	r->b->err |= put_be32(r->m, NFTA_PAYLOAD_LEN, len);
	expr_end(r);
}

static void must_be(struct rule *r, uint8_t value)
{
	struct nlattr *nest;

	expr_begin(r, "cmp");
	r->b->err |= put_be32(r->m, NFTA_CMP_SREG, NFT_REG_1);
	r->b->err |= put_be32(r->m, NFTA_CMP_OP, NFT_CMP_EQ);
	nest = nla_nest_start(r->m, NFTA_CMP_DATA);
	r->b->err |= nla_put(r->m, NFTA_DATA_VALUE, 1, &value);
	nla_nest_end(r->m, nest);
	expr_end(r);
}

static void must_be_in(struct rule *r, const char *set, uint32_t id)
{
	expr_begin(r, "lookup");
	r->b->err |= nla_put_string(r->m, NFTA_LOOKUP_SET, set);
	r->b->err |= put_be32(r->m, NFTA_LOOKUP_SREG, NFT_REG_1);
	r->b->err |= put_be32(r->m, NFTA_LOOKUP_SET_ID, id);
	expr_end(r);
}

static void verdict(struct rule *r, uint32_t code)
{
	struct nlattr *data, *v;

	expr_begin(r, "immediate");
	r->b->err |= put_be32(r->m, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = nla_nest_start(r->m, NFTA_IMMEDIATE_DATA);
	v = nla_nest_start(r->m, NFTA_DATA_VERDICT);
	r->b->err |= put_be32(r->m, NFTA_VERDICT_CODE, code);
	nla_nest_end(r->m, v);
	nla_nest_end(r->m, data);
	expr_end(r);
}

/* [from a virtual MAC,] ICMPv6 of that type: the verdict. */
static void icmp6_rule(struct batch *b, const char *chain, bool from_vmac, uint8_t type,
		       uint32_t code)
{
	struct rule r;

	rule_begin(&r, b, chain);
	if (from_vmac) {
		load_meta(&r, NFT_META_OIF);
		must_be_in(&r, SET_VMACS, 1);
	}
	load_meta(&r, NFT_META_NFPROTO);
	must_be(&r, NFPROTO_IPV6);
	load_meta(&r, NFT_META_L4PROTO);
	must_be(&r, IPPROTO_ICMPV6);
	load_payload(&r, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1);
	must_be(&r, type);
	verdict(&r, code);
	rule_end(&r);
}

static void igmp_rule(struct batch *b)
{
	struct rule r;

	rule_begin(&r, b, "out");
	load_meta(&r, NFT_META_OIF);
	must_be_in(&r, SET_VMACS, 1);
	load_meta(&r, NFT_META_L4PROTO);
	must_be(&r, IPPROTO_IGMP);
	verdict(&r, NF_DROP);
	rule_end(&r);
}

/* An address at that place of the IP header is one of a set: drop. */
static void address_rule(struct batch *b, const char *chain, bool is_v6, unsigned offset)
{
	struct rule r;

	rule_begin(&r, b, chain);
	load_meta(&r, NFT_META_NFPROTO);
	must_be(&r, is_v6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
	load_payload(&r, NFT_PAYLOAD_NETWORK_HEADER, offset, is_v6 ? 16 : 4);
	must_be_in(&r, is_v6 ? SET_V6 : SET_V4, is_v6 ? 3 : 2);
	verdict(&r, NF_DROP);
	rule_end(&r);
}

static void neighbour_rules(struct batch *b, const char *chain)
{
	icmp6_rule(b, chain, false, ND_NEIGHBOR_SOLICIT, NF_ACCEPT);
	icmp6_rule(b, chain, false, ND_NEIGHBOR_ADVERT, NF_ACCEPT);
}

static int make_table(struct nft *t, uint32_t flags)
{
	struct batch b;

	begin(&b, t);
	add_table(&b, NFT_MSG_NEWTABLE, flags);
	if (!flags) { /* without owner: perhaps a table of a dead run; made anew */
		add_table(&b, NFT_MSG_DELTABLE, 0);
		add_table(&b, NFT_MSG_NEWTABLE, 0);
	}
	add_set(&b, SET_VMACS, KEY_IFINDEX, 4, 1);
	add_set(&b, SET_V4, KEY_IPV4, 4, 2);
	add_set(&b, SET_V6, KEY_IPV6, 16, 3);
	add_chain(&b, "out", NF_INET_LOCAL_OUT);
	add_chain(&b, "in", NF_INET_LOCAL_IN);
	igmp_rule(&b);
	icmp6_rule(&b, "out", true, MLD_LISTENER_REPORT, NF_DROP);
	icmp6_rule(&b, "out", true, MLD_LISTENER_REDUCTION, NF_DROP);
	icmp6_rule(&b, "out", true, MLD2_REPORT, NF_DROP);
	icmp6_rule(&b, "out", true, ND_ROUTER_SOLICIT, NF_DROP);
	neighbour_rules(&b, "out");
	address_rule(&b, "out", false, 12);
	address_rule(&b, "out", true, 8);
	neighbour_rules(&b, "in");
	address_rule(&b, "in", false, 16);
	address_rule(&b, "in", true, 24);
	return commit(&b);
}

int nft_open(struct nft *t, const char *table)
{
	int err;

	if (t->nl.sk)
		return 0;
	snprintf(t->table, sizeof(t->table), "%s", table);
	err = vip_nl_open_protocol(&t->nl, NETLINK_NETFILTER);
	if (!err)
		err = make_table(t, NFT_TABLE_F_OWNER);
	if (err == -EOPNOTSUPP || err == -EINVAL)
		err = make_table(t, 0);
	if (err)
		vip_nl_close(&t->nl);
	if (err && !t->has_failed)
		log_err("firewall", "unavailable",
			"table=%s error=%s effect=\"no_accept is not enforced, virtual MACs speak "
			"IGMP "
			"and MLD\"%s",
			table, log_quoted(str_from(strerror(-err))),
			err == -EPERM || err == -EEXIST
				? " hint=\"another vrrpd has this table: name one with nftables\""
				: "");
	t->has_failed = err != 0;
	return err;
}

void nft_close(struct nft *t)
{
	struct batch b;

	if (!t->nl.sk)
		return;
	begin(&b, t);
	add_table(&b, NFT_MSG_DELTABLE, 0);
	(void)!commit(&b);
	vip_nl_close(&t->nl);
}

static struct nl_msg *elements_begin(struct batch *b, int type, const char *set,
				     struct nlattr **list)
{
	struct nl_msg *m = nft_message(type, NLM_F_CREATE);

	b->err |= nla_put_string(m, NFTA_SET_ELEM_LIST_TABLE, b->t->table);
	b->err |= nla_put_string(m, NFTA_SET_ELEM_LIST_SET, set);
	*list = nla_nest_start(m, NFTA_SET_ELEM_LIST_ELEMENTS);
	return m;
}

static void add_element(struct batch *b, int type, const char *set, const void *key, int len)
{
	struct nlattr *list, *elem, *k;
	struct nl_msg *m = elements_begin(b, type, set, &list);

	elem = nla_nest_start(m, NFTA_LIST_ELEM);
	k = nla_nest_start(m, NFTA_SET_ELEM_KEY);
	b->err |= nla_put(m, NFTA_DATA_VALUE, len, key);
	nla_nest_end(m, k);
	nla_nest_end(m, elem);
	nla_nest_end(m, list);
	batch_add(b, m);
}

int nft_add_vmac(struct nft *t, unsigned ifindex)
{
	struct batch b;
	uint32_t key = ifindex;

	begin(&b, t);
	add_element(&b, NFT_MSG_NEWSETELEM, SET_VMACS, &key, sizeof(key));
	return commit(&b);
}

static int change_chunk(struct nft *t, const struct vip *vips, size_t n, int type)
{
	struct batch b;

	begin(&b, t);
	for (size_t i = 0; i < n; i++) {
		const struct addr *a = &vips[i].addr;

		if (a->sa.sa_family == AF_INET6)
			add_element(&b, type, SET_V6, &a->in6.sin6_addr, 16);
		else
			add_element(&b, type, SET_V4, &a->in.sin_addr, 4);
	}
	return commit(&b);
}

static int change(struct nft *t, const struct vip *vips, size_t n, int type)
{
	int ret = 0;

	for (size_t at = 0; at < n; at += CHUNK) {
		int err = change_chunk(t, vips + at, MIN(n - at, (size_t)CHUNK), type);

		ret = ret ? ret : err;
	}
	return ret;
}

int nft_block(struct nft *t, const struct vip *vips, size_t n)
{
	return change(t, vips, n, NFT_MSG_NEWSETELEM);
}

int nft_unblock(struct nft *t, const struct vip *vips, size_t n)
{
	return change(t, vips, n, NFT_MSG_DELSETELEM);
}
