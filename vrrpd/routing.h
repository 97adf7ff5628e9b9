/* routing.h - routes and rules in the kernel, as ready-made netlink messages.
 *
 * A message is built once, when its interfaces are known, and kept as bytes: adding is sending
 * them, and so is removing, also by the guardian, which knows nothing of configurations. */
#ifndef VRRPD_ROUTING_H
#define VRRPD_ROUTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tandem/buf.h>
#include <tandem/util.h>

struct cfg_route;
struct cfg_rule;
struct link_watch;
struct nlmsghdr;
struct vip_nl;

struct routing_item {
	size_t add_at, del_at; /* in the bytes of the set */
	bool may_go, is_gone;  /* no_track: not brought back once somebody deleted it */
};

struct routing_set {        /* zeroed: empty */
	uint8_t *add, *del; /* owned; messages one after the other, in the order to send them */
	size_t add_len, del_len;
	struct routing_item *items; /* owned; in the order of add */
	unsigned n;
};

/* Build the messages of those whose interfaces exist. What was there is freed; items that are in
 * both keep is_gone. */
void routing_build(struct routing_set *s, const struct cfg_route *routes,
		   const struct cfg_rule *rules, const struct link_watch *links);
void routing_fini(struct routing_set *s);
/* Add all (one that exists is fine), in the order of the configuration. 0 or the first error. */
NODISCARD int routing_add(const struct routing_set *s, struct vip_nl *n);
/* Send messages of removal, last first; what is not there counts as removed. */
NODISCARD int routing_del(struct vip_nl *n, const uint8_t *del, size_t len);
/* Remove what `old` has and `now` has not. */
void routing_del_missing(struct vip_nl *n, const struct routing_set *old,
			 const struct routing_set *now);
/* The kernel reported h, a route or rule that was deleted. Marks ours that may go; true: one of
 * ours must come back. */
bool routing_on_gone(struct routing_set *s, const struct nlmsghdr *h);

#endif
