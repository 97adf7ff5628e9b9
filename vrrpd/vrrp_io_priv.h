/* vrrp_io_priv.h - what vrrp_io.c (adverts) and vrrp_peers.c (datagrams between two vrrpd) share.
 */
#ifndef VRRPD_VRRP_IO_PRIV_H
#define VRRPD_VRRP_IO_PRIV_H

#include "vrrp_instance.h"
#include "vrrp_report.h"

#define VRRP_IO_MAX_DATAGRAM (VRRP_REPORT_MAX_LEN + VRRP_AUTH_LEN)

struct addr vrrp_io_group(const struct vrrp_instance *i);
/* Numerically, as routers compare their primary addresses. */
int vrrp_io_compare_ip(const struct addr *a, const struct addr *b);
bool vrrp_io_is_same_ip(const struct addr *a, const struct addr *b);
/* Calls fn for each destination: the group, or each unicast peer. */
void vrrp_io_each_dest(struct vrrp_instance *i, uint16_t port,
		       void (*fn)(struct vrrp_instance *i, const struct net_dest *to, void *arg),
		       void *arg);
const struct cfg_peer *vrrp_io_find_peer(const struct vrrp_instance *i, const struct addr *src);
/* Append the trailer to a PDU or a datagram of len bytes, if the instance signs. Returns the new
 * length. */
size_t vrrp_io_append_trailer(const struct vrrp_instance *i, const struct addr *src,
			      bool is_handover, uint64_t sequence, uint8_t *buf, size_t len);
uint64_t vrrp_io_next_sequence(const struct vrrp_instance *i, uint64_t last);
/* Is what came from src, `len` bytes of which the first pdu_len are signed, what auth_hmac wants?
 */
enum vrrp_parse_error vrrp_io_check_signature(struct vrrp_instance *i, const struct addr *src,
					      bool is_handover, const uint8_t *bytes,
					      size_t pdu_len, size_t len);
/* The hand-over message for the best peer: its length, 0: there is none. */
size_t vrrp_peers_make_claim(const struct vrrp_instance *i, struct net_dest *to,
			     uint8_t bytes[HANDOVER_MAX_LEN]);

#endif
