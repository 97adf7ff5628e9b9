/* garp.h - gratuitous ARP: tells the network at which interface an IPv4 address lives now.
 * The request form, sender = target = the address, as keepalived sends it. */
#ifndef VRRPD_GARP_H
#define VRRPD_GARP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tandem/util.h>

#define GARP_LEN 42 /* Ethernet header and ARP */

struct vip;

/* The frame, ready to send. ip: 4 bytes in network order. */
void garp_build(uint8_t frame[GARP_LEN], const uint8_t mac[6], const void *ip);
/* A packet socket that sends and never receives. fd or -errno. */
NODISCARD int garp_open(void);
/* Announce the IPv4 addresses of vips `repeat` times, in as few system calls as possible. lookup
 * gives the hardware address of an interface, or false (such addresses are skipped). Returns how
 * many frames were sent. */
size_t garp_send(int fd, const struct vip *vips, size_t n_vips, unsigned repeat,
		 bool (*lookup)(void *arg, unsigned ifindex, uint8_t mac[6]), void *arg);

#endif
