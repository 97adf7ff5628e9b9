/* watch.h - what a recorder notes beside its probes: adverts on the wire, and the proxy of this
 * node. */
#ifndef VRRPD_DRILL_WATCH_H
#define VRRPD_DRILL_WATCH_H

#include <ev.h>
#include <stdint.h>
#include <tandem/liveness.h>

#include "record.h"

struct watch {
	struct ev_loop *ev;    /* borrowed */
	struct record *record; /* borrowed */
	const char *node;      /* borrowed: the name of this machine */
	uint8_t vrid;
	const char *proxy_path; /* borrowed; NULL: none */
	/* private */
	int wire_fd, proxy_fd;
	uint16_t state;
	uint32_t n_usable;
	ev_io wire_io, proxy_io;
	ev_timer retry;
};

/* interface: where adverts are heard, sent ones too. 0 or -errno of the wire (-EPERM: no root); the
 * proxy is asked again and again. */
NODISCARD int watch_start(struct watch *w, struct ev_loop *ev, struct record *record,
			  const char *node, const char *interface, uint8_t vrid,
			  const char *proxy_path);
void watch_stop(struct watch *w);

/* Pure: an IP packet with an advert of that virtual router. False: something else. */
NODISCARD bool watch_read_advert(const uint8_t *bytes, size_t len, uint8_t vrid, char src[48],
				 unsigned *priority);

#endif
