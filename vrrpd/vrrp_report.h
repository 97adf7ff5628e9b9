/* vrrp_report.h - what one vrrpd tells another about itself beyond its hello: whom it hears, and a
 * digest of its configuration. Pure.
 *
 * A datagram of handover.h's, kind 3, sent each second to those whose hello said that they read it:
 *
 *   0  as HELLO; byte 9: n, the number of routers that it hears (0 to 16)
 *  12  VRRP version, priority while all is well, least priority (0: can be in fault), flags,
 *      auth type, down_timer_adverts, number of auth_hmac keys, 0
 *  20  number of virtual addresses (16 bits), of excluded ones (16 bits)
 *  24  hash of the virtual addresses, of the excluded ones, of the key ids; 4 bytes of 0
 *  40  n times: address (16 bytes, IPv4 in the first four), priority, what was heard, age in
 *      centiseconds (16 bits)
 *
 * Hashes compare sets: order does not matter, devices and labels do not take part, and no secret
 * does. */
#ifndef VRRPD_VRRP_REPORT_H
#define VRRPD_VRRP_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tandem/addr.h>
#include <tandem/util.h>

#include "handover.h"

#define VRRP_REPORT_MAX_HEARD 16
#define VRRP_REPORT_HEARD_LEN 20
#define VRRP_REPORT_MAX_LEN   (HANDOVER_LEN + VRRP_REPORT_MAX_HEARD * VRRP_REPORT_HEARD_LEN)

struct cfg_instance;

enum vrrp_digest_flag { DIGEST_PREEMPT = 1, DIGEST_UNICAST = 2, DIGEST_SIGNS = 4 };

struct vrrp_digest {
	uint8_t version, priority, least_priority, flags, auth_type, down_adverts, n_keys, unused;
	uint16_t n_vips, n_excluded, adver_cs,
		unused2; /* no holes: digests are compared as bytes */
	uint32_t vips, excluded, keys;
};

enum vrrp_heard_what { HEARD_ADVERT = 1, HEARD_HELLO = 2 };

struct vrrp_heard {
	struct addr addr; /* port 0 */
	uint8_t priority, what;
	int64_t age_us;
};

struct vrrp_report {
	struct handover_msg head;
	struct vrrp_digest digest;
	unsigned n_heard;
	struct vrrp_heard heard[VRRP_REPORT_MAX_HEARD];
};

/* Returns the length. */
size_t vrrp_report_build(const struct vrrp_report *r, uint8_t out[VRRP_REPORT_MAX_LEN]);
/* family: of the datagram. False: no report, or one that contradicts itself. */
NODISCARD bool vrrp_report_parse(const uint8_t *bytes, size_t len, int family,
				 struct vrrp_report *out);
/* Does its sender hear that address? */
bool vrrp_report_hears(const struct vrrp_report *r, const struct addr *a);

/* Of a checked configuration. best, least: between these its trackers move it. */
void vrrp_digest_make(const struct cfg_instance *c, uint8_t best, uint8_t least,
		      struct vrrp_digest *out);
/* What two digests of one virtual router should agree on and do not: a mask. */
enum vrrp_difference {
	DIFFERS_VERSION = 1 << 0,
	DIFFERS_INTERVAL = 1 << 1,
	DIFFERS_ADDRESSES = 1 << 2,
	DIFFERS_EXCLUDED = 1 << 3,
	DIFFERS_AUTH = 1 << 4,
	DIFFERS_KEYS = 1 << 5,
	DIFFERS_DOWN = 1 << 6,
	DIFFERS_CAST = 1 << 7,
};
#define VRRP_N_DIFFERENCES 8
unsigned vrrp_digest_compare(const struct vrrp_digest *ours, const struct vrrp_digest *theirs);
/* The keyword that one bit is about. */
const char *vrrp_difference_text(unsigned bit);
/* "advert_int: 100 here, 200 there", all of the mask, separated by "; ". */
void vrrp_difference_explain(unsigned mask, const struct vrrp_digest *ours,
			     const struct vrrp_digest *theirs, char *out, size_t room);

#endif
