/* link_watch.c - interfaces and their addresses, as the kernel tells. */
#include "link_watch.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <tandem/log.h>

#define EVENT_BUF_BYTES (1024 * 1024)

static struct link *find_index(const struct link_watch *w, unsigned ifindex)
{
	struct link *l;

	list_for_each (l, &w->links, node) {
		if (l->ifindex == ifindex)
			return l;
	}
	return NULL;
}

const struct link *link_find_index(const struct link_watch *w, unsigned ifindex)
{
	return find_index(w, ifindex);
}

const struct link *link_find(const struct link_watch *w, const char *name)
{
	const struct link *l;

	list_for_each (l, &w->links, node) {
		if (strcmp(l->name, name) == 0)
			return l;
	}
	return NULL;
}

bool link_is_running(const struct link *l)
{
	return l && (l->flags & IFF_UP) && (l->flags & IFF_RUNNING);
}

static struct link_addr *find_addr(const struct link *l, const struct addr *a)
{
	for (unsigned i = 0; i < l->n_addrs; i++) {
		if (addr_eq(&l->addrs[i].addr, a))
			return &l->addrs[i];
	}
	return NULL;
}

bool link_has_addr(const struct link *l, const struct addr *a)
{
	return l && find_addr(l, a);
}

static void tell_link(struct link_watch *w, const struct link *l, bool is_gone)
{
	if (!w->is_silent)
		w->on_link(w->arg, l, is_gone);
}

static void tell_addr(struct link_watch *w, const struct link *l, const struct link_addr *a,
		      bool is_gone)
{
	if (!w->is_silent)
		w->on_addr(w->arg, l, a, is_gone);
}

static void remove_addr(struct link_watch *w, struct link *l, unsigned at)
{
	struct link_addr gone = l->addrs[at];

	l->n_addrs--;
	memmove(&l->addrs[at], &l->addrs[at + 1], (l->n_addrs - at) * sizeof(*l->addrs));
	tell_addr(w, l, &gone, true);
}

static void remove_link(struct link_watch *w, struct link *l)
{
	while (l->n_addrs > 0)
		remove_addr(w, l, l->n_addrs - 1);
	list_del(&l->node);
	l->flags = 0;
	tell_link(w, l, true);
	free(l->addrs);
	free(l);
}

static bool is_kind(struct nlattr *info, const char *kind)
{
	struct nlattr *tb[IFLA_INFO_MAX + 1];

	if (!info || nla_parse_nested(tb, IFLA_INFO_MAX, info, NULL) < 0 || !tb[IFLA_INFO_KIND])
		return false;
	return nla_strcmp(tb[IFLA_INFO_KIND], kind) == 0;
}

static void on_newlink(struct link_watch *w, struct nlmsghdr *h)
{
	const struct ifinfomsg *info = nlmsg_data(h);
	struct nlattr *tb[IFLA_MAX + 1];
	struct link *l = find_index(w, (unsigned)info->ifi_index);
	bool is_new = !l, is_changed;
	const char *name;

	/* Bridges repeat their ports with another family: not about the link itself. */
	if (info->ifi_family != AF_UNSPEC ||
	    nlmsg_parse(h, sizeof(*info), tb, IFLA_MAX, NULL) < 0 || !tb[IFLA_IFNAME])
		return;
	if (is_new) {
		l = xcalloc(1, sizeof(*l));
		l->ifindex = (unsigned)info->ifi_index;
		list_add_tail(&w->links, &l->node);
	}
	name = nla_get_string(tb[IFLA_IFNAME]);
	is_changed = is_new || l->flags != info->ifi_flags || strcmp(l->name, name) != 0;
	strncpy(l->name, name, sizeof(l->name) - 1);
	l->flags = info->ifi_flags;
	if (tb[IFLA_ADDRESS] && (size_t)nla_len(tb[IFLA_ADDRESS]) <= sizeof(l->mac)) {
		l->mac_len = (unsigned)nla_len(tb[IFLA_ADDRESS]);
		memcpy(l->mac, nla_data(tb[IFLA_ADDRESS]), l->mac_len);
	}
	l->lower = tb[IFLA_LINK] ? nla_get_u32(tb[IFLA_LINK]) : 0;
	l->is_macvlan = is_kind(tb[IFLA_LINKINFO], "macvlan");
	l->is_stale = false;
	if (is_changed)
		tell_link(w, l, false);
}

static bool read_addr(struct nlmsghdr *h, struct link_addr *out)
{
	const struct ifaddrmsg *ifa = nlmsg_data(h);
	struct nlattr *tb[IFA_MAX + 1], *a;

	if (nlmsg_parse(h, sizeof(*ifa), tb, IFA_MAX, NULL) < 0)
		return false;
	a = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	*out = (struct link_addr){ .prefix_len = ifa->ifa_prefixlen };
	if (!a)
		return false;
	if (ifa->ifa_family == AF_INET && nla_len(a) == 4) {
		out->addr.in.sin_family = AF_INET;
		out->addr.len = sizeof(out->addr.in);
		memcpy(&out->addr.in.sin_addr, nla_data(a), 4);
		return true;
	}
	if (ifa->ifa_family == AF_INET6 && nla_len(a) == 16) {
		out->addr.in6.sin6_family = AF_INET6;
		out->addr.len = sizeof(out->addr.in6);
		memcpy(&out->addr.in6.sin6_addr, nla_data(a), 16);
		return true;
	}
	return false;
}

static void on_newaddr(struct link_watch *w, struct nlmsghdr *h)
{
	const struct ifaddrmsg *ifa = nlmsg_data(h);
	struct link *l = find_index(w, ifa->ifa_index);
	struct link_addr a, *known;

	if (!l || !read_addr(h, &a))
		return;
	known = find_addr(l, &a.addr);
	if (known) { /* our own renewals come back here, several times a second */
		known->is_stale = false;
		return;
	}
	if (!l->addrs || l->n_addrs == l->cap_addrs) {
		l->cap_addrs = l->cap_addrs ? 2 * l->cap_addrs : 4;
		l->addrs = xrealloc(l->addrs, l->cap_addrs * sizeof(*l->addrs));
	}
	ASSERT(l->addrs); /* n_addrs < cap_addrs now */
	l->addrs[l->n_addrs++] = a;
	tell_addr(w, l, &a, false);
}

static void on_deladdr(struct link_watch *w, struct nlmsghdr *h)
{
	const struct ifaddrmsg *ifa = nlmsg_data(h);
	struct link *l = find_index(w, ifa->ifa_index);
	struct link_addr a, *known;

	if (!l || !read_addr(h, &a))
		return;
	known = find_addr(l, &a.addr);
	if (known)
		remove_addr(w, l, (unsigned)(known - l->addrs));
}

static int on_message(struct nl_msg *msg, void *arg)
{
	struct link_watch *w = arg;
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct link *l;

	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
		on_newlink(w, h);
		break;
	case RTM_DELLINK:
		l = find_index(w, (unsigned)((struct ifinfomsg *)nlmsg_data(h))->ifi_index);
		if (l && ((struct ifinfomsg *)nlmsg_data(h))->ifi_family == AF_UNSPEC)
			remove_link(w, l);
		break;
	case RTM_NEWADDR:
		on_newaddr(w, h);
		break;
	case RTM_DELADDR:
		on_deladdr(w, h);
		break;
	case RTM_DELROUTE:
	case RTM_DELRULE:
		if (w->on_routing)
			w->on_routing(w->arg, h);
		break;
	default: /* the kernel has many more */
		break;
	}
	return NL_OK;
}

static int dump(struct link_watch *w, int type)
{
	struct ifinfomsg any = { .ifi_family = AF_UNSPEC };
	int err = nl_send_simple(w->query, type, NLM_F_DUMP, &any, sizeof(any));

	if (err < 0)
		return -EIO;
	err = nl_recvmsgs_default(w->query);
	return err < 0 ? -EIO : 0;
}

/* Read the whole table and report what differs from what we knew. */
static int resync(struct link_watch *w)
{
	struct link *l, *tmp;
	int err;

	list_for_each (l, &w->links, node) {
		l->is_stale = true;
		for (unsigned i = 0; i < l->n_addrs; i++)
			l->addrs[i].is_stale = true;
	}
	err = dump(w, RTM_GETLINK);
	if (!err)
		err = dump(w, RTM_GETADDR);
	if (err)
		return err;
	list_for_each_safe (l, tmp, &w->links, node) {
		if (l->is_stale) {
			remove_link(w, l);
			continue;
		}
		for (unsigned i = l->n_addrs; i-- > 0;) {
			if (l->addrs[i].is_stale)
				remove_addr(w, l, i);
		}
	}
	return 0;
}

static void on_readable(struct ev_loop *loop, ev_io *io, int revents)
{
	struct link_watch *w = container_of(io, struct link_watch, io);
	int err;

	(void)loop, (void)revents;
	do
		err = nl_recvmsgs_default(w->events);
	while (err >= 0);
	if (err == -NLE_AGAIN)
		return;
	log_warn("vrrp", "netlink_events_lost", "error=%s", log_quoted(str_from(nl_geterror(err))));
	err = resync(w);
	if (err)
		log_err("vrrp", "netlink_reread_failed", "error=%s",
			log_quoted(str_from(strerror(-err))));
}

static struct nl_sock *open_socket(struct link_watch *w)
{
	struct nl_sock *sk = nl_socket_alloc();

	if (!sk)
		return NULL;
	if (nl_connect(sk, NETLINK_ROUTE) < 0) {
		nl_socket_free(sk);
		return NULL;
	}
	nl_socket_disable_seq_check(sk);
	nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, on_message, w);
	return sk;
}

int link_watch_init(struct link_watch *w, struct loop *loop, link_changed_fn *on_link,
		    link_addr_fn *on_addr, void *arg)
{
	int err, bytes = EVENT_BUF_BYTES;

	*w = (struct link_watch){
		.loop = loop, .on_link = on_link, .on_addr = on_addr, .arg = arg
	};
	list_init(&w->links);
	ev_init(&w->io, on_readable);
	/* Events first, then the table: nothing falls between the two. */
	w->events = open_socket(w);
	w->query = open_socket(w);
	if (!w->events || !w->query) {
		link_watch_fini(w);
		return -EIO;
	}
	if (nl_socket_add_memberships(w->events, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
				      RTNLGRP_IPV6_IFADDR, 0) < 0 ||
	    nl_socket_set_nonblocking(w->events) < 0) {
		link_watch_fini(w);
		return -EIO;
	}
	(void)setsockopt(nl_socket_get_fd(w->events), SOL_SOCKET, SO_RCVBUFFORCE, &bytes,
			 sizeof(bytes));
	w->is_silent = true;
	err = resync(w);
	w->is_silent = false;
	if (err) {
		link_watch_fini(w);
		return err;
	}
	ev_io_set(&w->io, nl_socket_get_fd(w->events), EV_READ);
	/* Before the timers: a lost interface or address is seen before anything is decided. */
	ev_set_priority(&w->io, 1);
	ev_io_start(loop->ev, &w->io);
	return 0;
}

void link_watch_routing(struct link_watch *w, link_routing_fn *fn)
{
	static const int groups[] = { RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,
				      RTNLGRP_IPV6_RULE };

	if (!w->on_routing == !fn)
		return;
	w->on_routing = fn;
	for (size_t k = 0; k < ARRAY_LEN(groups); k++)
		(void)(fn ? nl_socket_add_membership(w->events, groups[k])
			  : nl_socket_drop_membership(w->events, groups[k]));
}

int link_watch_reread(struct link_watch *w)
{
	return resync(w);
}

void link_watch_fini(struct link_watch *w)
{
	struct link *l, *tmp;

	if (w->loop)
		ev_io_stop(w->loop->ev, &w->io);
	if (w->events)
		nl_socket_free(w->events);
	if (w->query)
		nl_socket_free(w->query);
	w->events = w->query = NULL;
	list_for_each_safe (l, tmp, &w->links, node) {
		list_del(&l->node);
		free(l->addrs);
		free(l);
	}
}
