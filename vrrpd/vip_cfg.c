/* vip_cfg.c - an address of the configuration, as the kernel is told about it. */
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "config/cfg_model.h"
#include "link_watch.h"
#include "vip.h"

static struct addr broadcast_of(const struct addr *a, unsigned prefix_len)
{
	struct addr b = *a;

	if (a->sa.sa_family != AF_INET || prefix_len >= 31)
		return (struct addr){ 0 };
	b.in.sin_addr.s_addr |= htonl(prefix_len ? UINT32_MAX >> prefix_len : UINT32_MAX);
	return b;
}

bool vip_from_cfg(const struct cfg_vip *c, const struct link_watch *links, struct vip *out)
{
	const struct link *l = link_find(links, c->on);

	if (!l)
		return false;
	*out = (struct vip){
		.addr = c->addr,
		.brd = c->brd_auto ? broadcast_of(&c->addr, c->prefix_len) : c->brd,
		.ifindex = l->ifindex,
		.prefix_len = c->prefix_len,
		.scope = c->scope >= 0 ? (uint8_t)c->scope : RT_SCOPE_UNIVERSE,
		.peer = c->peer,
		.flags = c->flags,
		.has_preferred = c->preferred_s != CFG_FOREVER,
		.preferred_s = (uint32_t)c->preferred_s,
		.preferred_limit_s = (uint32_t)c->preferred_s,
		.may_go = c->no_track,
	};
	if (c->label)
		strncpy(out->label, c->label, sizeof(out->label) - 1);
	return true;
}
