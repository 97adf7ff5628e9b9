/* dup_watch.h - who else answers for our addresses? While an instance is MASTER it probes some of
 * its addresses now and then, and hears what others answer or announce. */
#ifndef VRRPD_DUP_WATCH_H
#define VRRPD_DUP_WATCH_H

#include <ev.h>
#include <tandem/addr.h>
#include <tandem/loop.h>

struct vrrp_instance;

/* Somebody with that hardware address claims an address, on interface ifindex. */
typedef void dup_fn(void *arg, unsigned ifindex, const struct addr *ip, const uint8_t mac[6]);

struct dup_watch {
	struct loop *loop; /* borrowed */
	int arp_fd, na_fd; /* owned; -1: closed */
	ev_io arp_io, na_io;
	dup_fn *fn;
	void *arg;
};

/* 0 or -errno; without IPv6 only ARP is watched. */
NODISCARD int dup_watch_open(struct dup_watch *d, struct loop *loop, dup_fn *fn, void *arg);
void dup_watch_close(struct dup_watch *d);
/* Several times a second: probe if it is time. */
void dup_watch_tick(struct vrrp_instance *i);

#endif
