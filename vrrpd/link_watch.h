/* link_watch.h - what the kernel tells about interfaces and their addresses: a table that follows
 * rtnetlink events. When events are lost (full socket), the table is read anew and the differences
 * are reported as if they had been events. */
#ifndef VRRPD_LINK_WATCH_H
#define VRRPD_LINK_WATCH_H

#include <ev.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <tandem/addr.h>
#include <tandem/list.h>
#include <tandem/loop.h>

struct link_addr {
	struct addr addr;
	uint8_t prefix_len;
	bool is_stale; /* private: not seen yet in a re-read */
};

struct link {
	struct list node;
	unsigned ifindex;
	char name[IFNAMSIZ];
	unsigned flags; /* IFF_* */
	uint8_t mac[32];
	unsigned mac_len;
	unsigned lower; /* ifindex of the interface below; 0: none */
	bool is_macvlan;
	struct link_addr *addrs; /* owned; in the kernel's order */
	unsigned n_addrs, cap_addrs;
	bool is_stale;
};

/* A link appeared, changed its flags or name (l is in the table), or disappeared (is_gone; l is
 * freed after the call). */
typedef void link_changed_fn(void *arg, const struct link *l, bool is_gone);
/* An address appeared on l, or disappeared from it (is_gone). */
typedef void link_addr_fn(void *arg, const struct link *l, const struct link_addr *a, bool is_gone);

/* A route or rule was deleted. */
struct nlmsghdr;
typedef void link_routing_fn(void *arg, const struct nlmsghdr *h);

struct nl_sock;
struct link_watch {
	struct loop *loop; /* borrowed */
	link_changed_fn *on_link;
	link_addr_fn *on_addr;
	link_routing_fn *on_routing; /* NULL: not watched */
	void *arg;
	struct list links;
	/* private */
	struct nl_sock *events, *query; /* owned */
	ev_io io;
	bool is_silent; /* the first reading reports nothing */
};

/* Open the sockets, read the table and start watching. 0 or -errno. */
NODISCARD int link_watch_init(struct link_watch *w, struct loop *loop, link_changed_fn *on_link,
			      link_addr_fn *on_addr, void *arg);
/* Report deleted routes and rules to fn, with the arg of init, from now on. NULL: no more. */
void link_watch_routing(struct link_watch *w, link_routing_fn *fn);
/* Read the table anew now, and report what differs: after changes of our own. 0 or -errno. */
NODISCARD int link_watch_reread(struct link_watch *w);
void link_watch_fini(struct link_watch *w);

/* NULL when there is no such interface. */
const struct link *link_find(const struct link_watch *w, const char *name);
const struct link *link_find_index(const struct link_watch *w, unsigned ifindex);
/* Administratively up and with carrier. NULL is not running. */
bool link_is_running(const struct link *l);
bool link_has_addr(const struct link *l, const struct addr *a);

#endif
