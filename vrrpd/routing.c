/* routing.c - routes and rules in the kernel. */
#include "routing.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "config/cfg_model.h"
#include "link_watch.h"
#include "vip.h"

#define MSG_ROOM 4096 /* 64 nexthops fit */

static const void *bytes_of(const struct addr *a, int *len)
{
	*len = a->sa.sa_family == AF_INET6 ? 16 : 4;
	return a->sa.sa_family == AF_INET6 ? (const void *)&a->in6.sin6_addr : &a->in.sin_addr;
}

static int put_addr(struct nl_msg *msg, int attr, const struct addr *a)
{
	int len;
	const void *bytes;

	if (!a->len)
		return 0;
	bytes = bytes_of(a, &len);
	return nla_put(msg, attr, len, bytes);
}

/* 0: none was asked for. False: it is absent. */
static bool find_dev(const struct link_watch *links, const char *name, unsigned *ifindex)
{
	const struct link *l = name ? link_find(links, name) : NULL;

	*ifindex = l ? l->ifindex : 0;
	return !name || l;
}

static int put_metrics(struct nl_msg *msg, const struct cfg_route *r)
{
	struct nlattr *nest;
	int err = 0;

	if (!r->has_metric && !r->congctl)
		return 0;
	nest = nla_nest_start(msg, RTA_METRICS);
	if (!nest)
		return -NLE_NOMEM;
	if (r->locked)
		err |= nla_put_u32(msg, RTAX_LOCK, r->locked);
	for (unsigned k = 0; k < CFG_N_METRICS; k++)
		if (r->has_metric & 1U << k)
			err |= nla_put_u32(msg, (int)k, r->metrics[k]);
	if (r->congctl)
		err |= nla_put_string(msg, RTAX_CC_ALGO, r->congctl);
	nla_nest_end(msg, nest);
	return err;
}

static int put_hop(struct nl_msg *msg, const struct cfg_hop *h, unsigned ifindex)
{
	int err = put_addr(msg, RTA_GATEWAY, &h->via);

	if (ifindex)
		err |= nla_put_u32(msg, RTA_OIF, ifindex);
	if (h->realms)
		err |= nla_put_u32(msg, RTA_FLOW, h->realms);
	return err;
}

/* struct rtnexthop and its attributes for each. */
static int put_hops(struct nl_msg *msg, const struct cfg_route *r, const struct link_watch *links)
{
	struct nlattr *nest = nla_nest_start(msg, RTA_MULTIPATH);

	if (!nest)
		return -ENOMEM;
	for (const struct cfg_hop *h = r->hops; h; h = h->next) {
		struct rtnexthop *nh = nlmsg_reserve(msg, sizeof(*nh), NLMSG_ALIGNTO);
		unsigned ifindex;
		size_t at;

		if (!nh)
			return -EMSGSIZE;
		at = (size_t)((char *)nh - (char *)nlmsg_hdr(msg));
		if (!find_dev(links, h->dev, &ifindex))
			return -ENODEV;
		*nh = (struct rtnexthop){ .rtnh_flags = h->onlink ? RTNH_F_ONLINK : 0,
					  .rtnh_hops = (uint8_t)(h->weight - 1),
					  .rtnh_ifindex = (int)ifindex };
		if (put_hop(msg, h, 0))
			return -EMSGSIZE;
		nh = (void *)((char *)nlmsg_hdr(msg) + at);
		nh->rtnh_len = (unsigned short)(nlmsg_hdr(msg)->nlmsg_len - at);
	}
	nla_nest_end(msg, nest);
	return 0;
}

static int build_route(struct nl_msg *msg, const struct cfg_route *r,
		       const struct link_watch *links)
{
	struct rtmsg rt = { .rtm_family = (uint8_t)r->family,
			    .rtm_dst_len = r->dst_len,
			    .rtm_tos = r->tos,
			    .rtm_table = r->table < 256 ? (uint8_t)r->table : RT_TABLE_COMPAT,
			    .rtm_protocol = r->protocol,
			    .rtm_scope = r->scope,
			    .rtm_type = (uint8_t)r->type,
			    .rtm_flags = r->hops->onlink && !r->is_multipath ? RTNH_F_ONLINK : 0 };
	unsigned ifindex;
	int err = nlmsg_append(msg, &rt, sizeof(rt), NLMSG_ALIGNTO);

	err |= put_addr(msg, RTA_DST, &r->dst);
	err |= put_addr(msg, RTA_PREFSRC, &r->src);
	err |= nla_put_u32(msg, RTA_TABLE, r->table);
	if (r->metric >= 0)
		err |= nla_put_u32(msg, RTA_PRIORITY, (uint32_t)r->metric);
	if (r->pref >= 0)
		err |= nla_put_u8(msg, RTA_PREF, (uint8_t)r->pref);
	err |= put_metrics(msg, r);
	if (err)
		return -EMSGSIZE;
	if (r->is_multipath)
		return put_hops(msg, r, links);
	if (!find_dev(links, r->hops->dev, &ifindex))
		return -ENODEV;
	return put_hop(msg, r->hops, ifindex) ? -EMSGSIZE : 0;
}

static int put_range(struct nl_msg *msg, int attr, const struct cfg_range *r)
{
	struct fib_rule_port_range port = { .start = (uint16_t)r->lo, .end = (uint16_t)r->hi };

	return r->is_set ? nla_put(msg, attr, sizeof(port), &port) : 0;
}

static int put_rule_more(struct nl_msg *msg, const struct cfg_rule *r)
{
	int err = 0;

	if (r->suppress_prefix_len >= 0)
		err |= nla_put_u32(msg, FRA_SUPPRESS_PREFIXLEN, (uint32_t)r->suppress_prefix_len);
	if (r->suppress_group >= 0)
		err |= nla_put_u32(msg, FRA_SUPPRESS_IFGROUP, (uint32_t)r->suppress_group);
	if (r->has_tunnel)
		err |= nla_put_u64(msg, FRA_TUN_ID, __builtin_bswap64(r->tunnel));
	if (r->uid.is_set) {
		struct fib_rule_uid_range range = { r->uid.lo, r->uid.hi };

		err |= nla_put(msg, FRA_UID_RANGE, sizeof(range), &range);
	}
	if (r->ipproto)
		err |= nla_put_u8(msg, FRA_IP_PROTO, r->ipproto);
	if (r->l3mdev)
		err |= nla_put_u8(msg, FRA_L3MDEV, 1);
	if (!r->no_track) /* as keepalived */
		err |= nla_put_u8(msg, FRA_PROTOCOL, r->protocol);
	err |= put_range(msg, FRA_SPORT_RANGE, &r->sport);
	err |= put_range(msg, FRA_DPORT_RANGE, &r->dport);
	return err;
}

static int build_rule(struct nl_msg *msg, const struct cfg_rule *r)
{
	struct fib_rule_hdr hdr = { .family = (uint8_t)r->family,
				    .dst_len = r->to_len,
				    .src_len = r->from_len,
				    .tos = r->tos,
				    .table = r->table < 256 ? (uint8_t)r->table : RT_TABLE_COMPAT,
				    .action = (uint8_t)r->action,
				    .flags = r->invert ? FIB_RULE_INVERT : 0 };
	int err = nlmsg_append(msg, &hdr, sizeof(hdr), NLMSG_ALIGNTO);

	err |= nla_put_u32(msg, FRA_PRIORITY, r->preference);
	if (r->table)
		err |= nla_put_u32(msg, FRA_TABLE, r->table);
	if (r->action == FR_ACT_GOTO)
		err |= nla_put_u32(msg, FRA_GOTO, r->target);
	err |= put_addr(msg, FRA_SRC, &r->from);
	err |= put_addr(msg, FRA_DST, &r->to);
	if (r->iif)
		err |= nla_put_string(msg, FRA_IIFNAME, r->iif);
	if (r->oif)
		err |= nla_put_string(msg, FRA_OIFNAME, r->oif);
	if (r->has_mark) {
		err |= nla_put_u32(msg, FRA_FWMARK, r->mark);
		err |= nla_put_u32(msg, FRA_FWMASK, r->mark_mask);
	}
	if (r->realms)
		err |= nla_put_u32(msg, FRA_FLOW, r->realms);
	return err | put_rule_more(msg, r) ? -EMSGSIZE : 0;
}

static size_t append(uint8_t **bytes, size_t *len, const struct nlmsghdr *h)
{
	size_t at = *len;

	*bytes = xrealloc(*bytes, at + NLMSG_ALIGN(h->nlmsg_len));
	memset(*bytes + at, 0, NLMSG_ALIGN(h->nlmsg_len));
	memcpy(*bytes + at, h, h->nlmsg_len);
	*len += NLMSG_ALIGN(h->nlmsg_len);
	return at;
}

static void add_item(struct routing_set *s, struct nl_msg *msg, int add_type, int add_flags,
		     bool may_go)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct routing_item *item;

	s->items = xrealloc(s->items, (s->n + 1) * sizeof(*s->items));
	item = &s->items[s->n++];
	*item = (struct routing_item){ .may_go = may_go };
	h->nlmsg_type = (uint16_t)add_type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | add_flags);
	item->add_at = append(&s->add, &s->add_len, h);
	h->nlmsg_type = (uint16_t)(add_type + 1); /* RTM_DELROUTE, RTM_DELRULE */
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	item->del_at = append(&s->del, &s->del_len, h);
}

static struct nl_msg *new_message(void)
{
	struct nl_msg *msg = nlmsg_alloc_size(MSG_ROOM);

	ASSERT(msg); /* at start or reload: as xcalloc */
	nlmsg_put(msg, 0, 0, 0, 0, 0);
	return msg;
}

static const struct nlmsghdr *at(const uint8_t *bytes, size_t offset)
{
	return (const void *)(bytes + offset);
}

static void keep_gone(struct routing_set *s, const struct routing_set *old)
{
	for (unsigned k = 0; k < s->n; k++) {
		const struct nlmsghdr *h = at(s->add, s->items[k].add_at);

		for (unsigned m = 0; s->items[k].may_go && m < old->n; m++) {
			const struct nlmsghdr *o = at(old->add, old->items[m].add_at);

			if (old->items[m].is_gone && o->nlmsg_len == h->nlmsg_len &&
			    memcmp(o, h, h->nlmsg_len) == 0)
				s->items[k].is_gone = true;
		}
	}
}

void routing_build(struct routing_set *s, const struct cfg_route *routes,
		   const struct cfg_rule *rules, const struct link_watch *links)
{
	struct routing_set old = *s;
	struct nl_msg *msg;

	*s = (struct routing_set){ 0 };
	for (const struct cfg_route *r = routes; r; r = r->next) {
		msg = new_message();
		if (!build_route(msg, r, links))
			add_item(s, msg, RTM_NEWROUTE, r->append ? NLM_F_APPEND : 0, r->no_track);
		nlmsg_free(msg);
	}
	for (const struct cfg_rule *r = rules; r; r = r->next) {
		msg = new_message();
		if (!build_rule(msg, r))
			add_item(s, msg, RTM_NEWRULE, NLM_F_EXCL, r->no_track);
		nlmsg_free(msg);
	}
	keep_gone(s, &old);
	routing_fini(&old);
}

void routing_fini(struct routing_set *s)
{
	free(s->add);
	free(s->del);
	free(s->items);
	*s = (struct routing_set){ 0 };
}

int routing_add(const struct routing_set *s, struct vip_nl *n)
{
	int ret = 0;

	for (unsigned k = 0; k < s->n; k++) {
		int err = s->items[k].is_gone ? 0 : vip_nl_talk(n, at(s->add, s->items[k].add_at));

		if (err && err != -EEXIST && !ret)
			ret = err;
	}
	return ret;
}

/* What these mean is that it is not there: no such route, no such table or interface, no rule. */
static bool is_absent(int err)
{
	return err == -ESRCH || err == -ENOENT || err == -ENODEV || err == -EAFNOSUPPORT;
}

int routing_del(struct vip_nl *n, const uint8_t *del, size_t len)
{
	size_t last = len;
	int ret = 0;

	while (last > 0) { /* walk to the message that ends at `last` */
		size_t offset = 0, next = 0;
		int err;

		while (next < last) {
			const struct nlmsghdr *h = at(del, offset = next);

			if (last - next < sizeof(*h) || h->nlmsg_len < sizeof(*h) ||
			    NLMSG_ALIGN(h->nlmsg_len) > last - next)
				return -EBADMSG;
			next += NLMSG_ALIGN(h->nlmsg_len);
		}
		err = vip_nl_talk(n, at(del, offset));
		if (err && !is_absent(err) && !ret)
			ret = err;
		last = offset;
	}
	return ret;
}

static bool has_message(const struct routing_set *s, const struct nlmsghdr *h)
{
	for (unsigned k = 0; k < s->n; k++) {
		const struct nlmsghdr *o = at(s->del, s->items[k].del_at);

		if (o->nlmsg_len == h->nlmsg_len && memcmp(o, h, h->nlmsg_len) == 0)
			return true;
	}
	return false;
}

void routing_del_missing(struct vip_nl *n, const struct routing_set *old,
			 const struct routing_set *now)
{
	for (unsigned k = old->n; k-- > 0;) {
		const struct nlmsghdr *h = at(old->del, old->items[k].del_at);

		if (!has_message(now, h))
			(void)!vip_nl_talk(n, h);
	}
}

static bool is_same_attr(const struct nlmsghdr *a, const struct nlmsghdr *b, size_t header,
			 int type)
{
	struct nlattr *x = nlmsg_find_attr((struct nlmsghdr *)a, (int)header, type);
	struct nlattr *y = nlmsg_find_attr((struct nlmsghdr *)b, (int)header, type);

	if (!x || !y)
		return !x && !y;
	return nla_len(x) == nla_len(y) && memcmp(nla_data(x), nla_data(y), nla_len(x)) == 0;
}

/* Destination, table and gateway of a route, preference of a rule: what ours are known by. */
static bool is_same_object(const struct nlmsghdr *ours, const struct nlmsghdr *gone)
{
	if (ours->nlmsg_type == RTM_NEWROUTE && gone->nlmsg_type == RTM_DELROUTE) {
		const struct rtmsg *a = nlmsg_data(ours), *b = nlmsg_data(gone);

		return a->rtm_family == b->rtm_family && a->rtm_dst_len == b->rtm_dst_len &&
		       is_same_attr(ours, gone, sizeof(*a), RTA_DST) &&
		       is_same_attr(ours, gone, sizeof(*a), RTA_TABLE) &&
		       is_same_attr(ours, gone, sizeof(*a), RTA_GATEWAY);
	}
	if (ours->nlmsg_type == RTM_NEWRULE && gone->nlmsg_type == RTM_DELRULE) {
		const struct fib_rule_hdr *a = nlmsg_data(ours), *b = nlmsg_data(gone);

		return a->family == b->family && is_same_attr(ours, gone, sizeof(*a), FRA_PRIORITY);
	}
	return false;
}

bool routing_on_gone(struct routing_set *s, const struct nlmsghdr *h)
{
	bool is_ours = false;

	for (unsigned k = 0; k < s->n; k++) {
		if (!is_same_object(at(s->add, s->items[k].add_at), h))
			continue;
		if (s->items[k].may_go)
			s->items[k].is_gone = true;
		else
			is_ours = true;
	}
	return is_ours;
}
