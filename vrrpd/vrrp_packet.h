/* vrrp_packet.h - VRRP adverts: bytes to struct and back. RFC 9568 section 5, RFC 3768 section 5.
 * Pure. */
#ifndef VRRPD_VRRP_PACKET_H
#define VRRPD_VRRP_PACKET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <tandem/addr.h>
#include <tandem/util.h>

#define VRRP_PROTO    112
#define VRRP_MAX_VIPS 255 /* the count field has 8 bits */
#define VRRP_MAX_LEN  (8 + 16 * VRRP_MAX_VIPS + 8)

struct vrrp_advert {
	unsigned version;
	uint8_t vrid, priority;
	int64_t adver_us;   /* v2: whole seconds; v3: centiseconds, at most 40.95 s */
	unsigned auth_type; /* v2 */
	uint8_t auth_data[8];
	unsigned n_vips;
	size_t pdu_len;      /* parse: what follows is padding or a trailer */
	int family;          /* AF_INET or AF_INET6; parse takes it from src */
	bool is_plain_sum;   /* v3 over IPv4: checksum without the pseudo header, as old keepaliveds
				and some routers send it; parse tells, build obeys */
	const uint8_t *vips; /* network order, 4 or 16 bytes each; borrowed from the packet or the
				caller */
};

/* Why a packet was refused; counters and rate-limited log lines are kept for each. Texts by
 * vrrp_parse_error_text. */
enum vrrp_parse_error {
	VRRP_PKT_OK,
	VRRP_PKT_SHORT,
	VRRP_PKT_VERSION,
	VRRP_PKT_TYPE,
	VRRP_PKT_VRID,
	VRRP_PKT_CHECKSUM,
	VRRP_PKT_LENGTH,
	VRRP_PKT_TTL,
	VRRP_PKT_INTERVAL,
	VRRP_PKT_AUTH_TYPE,
	VRRP_PKT_AUTH_DATA,
	VRRP_PKT_ADDRS,
	VRRP_PKT_UNKNOWN_PEER,
	VRRP_PKT_UNSIGNED,
	VRRP_PKT_AUTH_FORMAT,
	VRRP_PKT_AUTH_TIME,
	VRRP_PKT_AUTH_KEY,
	VRRP_PKT_AUTH_HMAC,
	VRRP_PKT_REPLAY,
	VRRP_PKT_N_ERRORS
};

/* Read a VRRP PDU (behind the IP header). src and dst (len 0: unknown, then the family is IPv4 and
 * the checksum must match without a pseudo header) are needed for version 3's checksum. Bytes
 * behind the PDU (padding, a trailer) are tolerated. On failure *out may be partly filled, as far
 * as a log line can use it. *out borrows from pdu. */
enum vrrp_parse_error vrrp_packet_parse(const uint8_t *pdu, size_t len, const struct addr *src,
					const struct addr *dst, struct vrrp_advert *out);
/* Write a PDU with its checksum. Returns its length, or -EMSGSIZE. */
NODISCARD ssize_t vrrp_packet_build(const struct vrrp_advert *a, const struct addr *src,
				    const struct addr *dst, uint8_t *buf, size_t cap);
/* What an instance expects of the adverts that it obeys. */
struct vrrp_expect {
	unsigned version;
	uint8_t vrid;
	int64_t adver_us;     /* v2: must be equal; v3: each router learns, so any */
	unsigned auth_type;   /* v2: 0 none, 1 PASS */
	uint8_t auth_data[8]; /* padded with 0; compared in constant time */
	bool check_addrs;     /* the list must hold the same addresses; in any order */
	unsigned n_vips;      /* ours */
	const uint8_t *vips;  /* ours, network order, 4 or 16 bytes each */
};

/* Does a parsed advert belong to the instance and agree with it? VRRP_PKT_OK, VERSION, VRID,
 * INTERVAL, AUTH_TYPE, AUTH_DATA or ADDRS. A priority 0 advert is not asked for its interval or
 * addresses: a router that leaves must be heard. */
enum vrrp_parse_error vrrp_packet_check(const struct vrrp_advert *a, const struct vrrp_expect *e);
const char *vrrp_parse_error_text(enum vrrp_parse_error e);

#endif
