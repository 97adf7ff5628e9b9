/* vmac.c - interfaces of our making. */
#include "vmac.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <tandem/log.h>

#include "config/cfg_model.h"
#include "link_watch.h"

#define MSG_ROOM 1024

/* Private: two virtual routers of one node do not talk to each other over their virtual MACs. */
static int put_kind(struct nl_msg *m)
{
	struct nlattr *info = nla_nest_start(m, IFLA_LINKINFO), *data;
	int err;

	if (!info)
		return -NLE_NOMEM;
	err = nla_put_string(m, IFLA_INFO_KIND, "macvlan");
	data = nla_nest_start(m, IFLA_INFO_DATA);
	if (!data)
		return -NLE_NOMEM;
	err |= nla_put_u32(m, IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE);
	nla_nest_end(m, data);
	nla_nest_end(m, info);
	return err;
}

int vmac_create(struct vip_nl *n, const struct cfg_vmac *v, unsigned base_ifindex)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct nl_msg *m = nlmsg_alloc_size(MSG_ROOM);
	int err;

	if (!m)
		return -ENOMEM;
	nlmsg_put(m, 0, 0, RTM_NEWLINK, 0, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
	err = nlmsg_append(m, &info, sizeof(info), NLMSG_ALIGNTO);
	err |= nla_put_string(m, IFLA_IFNAME, v->name);
	err |= nla_put_u32(m, IFLA_LINK, base_ifindex);
	err |= nla_put(m, IFLA_ADDRESS, sizeof(v->mac), v->mac);
	err |= put_kind(m);
	err = err ? -EMSGSIZE : vip_nl_talk(n, nlmsg_hdr(m));
	nlmsg_free(m);
	return err;
}

int vmac_up(struct vip_nl *n, const struct cfg_vmac *v)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC,
				  .ifi_flags = IFF_UP,
				  .ifi_change = IFF_UP };
	struct nl_msg *m = nlmsg_alloc_size(MSG_ROOM);
	int err;

	if (!m)
		return -ENOMEM;
	nlmsg_put(m, 0, 0, RTM_NEWLINK, 0, NLM_F_REQUEST | NLM_F_ACK);
	err = nlmsg_append(m, &info, sizeof(info), NLMSG_ALIGNTO);
	err |= nla_put_string(m, IFLA_IFNAME, v->name);
	err = err ? -EMSGSIZE : vip_nl_talk(n, nlmsg_hdr(m));
	nlmsg_free(m);
	return err;
}

static void save(struct sysctl_saved *s, int family, const char *ifname, const char *name,
		 int value)
{
	int err = sysctl_save_conf(s, family, ifname, name, value);

	if (err && err != -ENOENT)
		log_warn("vmac", "sysctl_failed", "interface=%s name=%s value=%d error=%s", ifname,
			 name, value, log_quoted(str_from(strerror(-err))));
}

/* A filter for all interfaces would drop what comes in on a virtual MAC without addresses: let each
 * of the others have it by itself. */
static void spread_rp_filter(struct sysctl_saved *s)
{
	int all = sysctl_get_conf(AF_INET, "all", "rp_filter");
	struct if_nameindex *names = all > 0 ? if_nameindex() : NULL;

	if (all <= 0)
		return;
	for (struct if_nameindex *i = names; i && i->if_index; i++)
		if (sysctl_get_conf(AF_INET, i->if_name, "rp_filter") < all)
			save(s, AF_INET, i->if_name, "rp_filter", all);
	if_freenameindex(names);
	if (sysctl_get_conf(AF_INET, "default", "rp_filter") < all)
		save(s, AF_INET, "default", "rp_filter", all);
	save(s, AF_INET, "all", "rp_filter", 0);
}

static void set(int family, const char *ifname, const char *name, int value)
{
	int err = sysctl_set_conf(family, ifname, name, value);

	if (err && err != -ENOENT)
		log_warn("vmac", "sysctl_failed", "interface=%s name=%s value=%d error=%s", ifname,
			 name, value, log_quoted(str_from(strerror(-err))));
}

void vmac_configure(const struct cfg_vmac *v, struct sysctl_saved *saved)
{
	if (v->has_v4) {
		spread_rp_filter(saved);
		/* Each answers only for its own addresses: the virtual ones have the virtual MAC.
		 */
		save(saved, AF_INET, v->base, "arp_ignore", 1);
		save(saved, AF_INET, v->base, "arp_filter", 1);
		/* Nor does it ask in the name of a virtual one, which would teach its own MAC. */
		save(saved, AF_INET, v->base, "arp_announce", 2);
		set(AF_INET, v->name, "arp_ignore", 1);
		set(AF_INET, v->name, "accept_local", 1); /* adverts have the address of the base */
		set(AF_INET, v->name, "rp_filter", 0);
		set(AF_INET, v->name, "promote_secondaries", 1);
	}
	/* No link-local address by itself: it would be the same on both nodes. */
	set(AF_INET6, v->name, "addr_gen_mode", IN6_ADDR_GEN_MODE_NONE);
	set(AF_INET6, v->name, "disable_ipv6", v->has_v6 ? 0 : 1);
	if (v->has_v6) {
		set(AF_INET6, v->name, "accept_ra", 0);
		set(AF_INET6, v->name, "dad_transmits", 0);
	}
}

bool vmac_is(const struct link *l, const struct cfg_vmac *v, unsigned base_ifindex)
{
	return l->is_macvlan && l->lower == base_ifindex && l->mac_len == sizeof(v->mac) &&
	       memcmp(l->mac, v->mac, sizeof(v->mac)) == 0;
}

size_t vmac_build_del(unsigned ifindex, uint8_t buf[VMAC_DEL_LEN])
{
	struct nlmsghdr h = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			      .nlmsg_type = RTM_DELLINK,
			      .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK };
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex };

	_Static_assert(NLMSG_LENGTH(sizeof(struct ifinfomsg)) <= VMAC_DEL_LEN, "room");
	memset(buf, 0, VMAC_DEL_LEN);
	memcpy(buf, &h, sizeof(h));
	memcpy(buf + NLMSG_HDRLEN, &info, sizeof(info));
	return NLMSG_ALIGN(h.nlmsg_len);
}

int vmac_del(struct vip_nl *n, unsigned ifindex)
{
	_Alignas(struct nlmsghdr) uint8_t buf[VMAC_DEL_LEN];

	(void)vmac_build_del(ifindex, buf);
	return vip_nl_talk(n, (const struct nlmsghdr *)buf);
}
