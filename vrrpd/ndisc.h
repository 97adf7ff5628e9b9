/* ndisc.h - unsolicited neighbour advertisements: what gratuitous ARP is to IPv6 (RFC 4861). */
#ifndef VRRPD_NDISC_H
#define VRRPD_NDISC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tandem/util.h>

#define NDISC_LEN 86 /* Ethernet header, IPv6 header, the message with one option */

struct vip;

/* The frame, ready to send to all nodes (ff02::1) with the override flag. ip: 16 bytes. */
void ndisc_build(uint8_t frame[NDISC_LEN], const uint8_t mac[6], const void *ip, bool is_router);
/* Announce the IPv6 addresses of vips `repeat` times through a packet socket (garp_open); lookup as
 * in garp_send. Returns how many frames were sent. */
size_t ndisc_send(int fd, const struct vip *vips, size_t n_vips, unsigned repeat, bool is_router,
		  bool (*lookup)(void *arg, unsigned ifindex, uint8_t mac[6]), void *arg);

#endif
