/* pacing.h - connections inside of this host are not paced.
 *
 * BBR spaces what it sends by timers. Between two sockets of one host there is no path whose
 * capacity it could find, and the timers are nearly half of what a bulk transfer costs. Once it
 * has begun to pace a connection nothing ends that: it must never have had it. */
#ifndef PROXY_PACING_H
#define PROXY_PACING_H

#include <tandem/addr.h>

/* fd: a TCP socket that is not connected yet and will be to peer, or one that listens there (its
 * connections inherit). Where the system's congestion control is BBR and peer is a loopback
 * address, it gets reno. Any thread. */
void pacing_avoid(int fd, const struct addr *peer);

#endif
