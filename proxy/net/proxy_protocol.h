/* proxy_protocol.h - the PROXY protocol, versions 1 and 2: a connection's first bytes say who the
 * client is. Pure. */
#ifndef PROXY_PROXY_PROTOCOL_H
#define PROXY_PROXY_PROTOCOL_H

#include <stddef.h>
#include <sys/types.h>
#include <tandem/addr.h>

#define PROXY_PROTOCOL_MAX 536 /* of what we accept and write */

/* Write a header for a connection from src to dst. version: 1 or 2. Returns its length, at most
 * PROXY_PROTOCOL_MAX. Families that differ, or are not IP, become UNKNOWN. */
size_t proxy_protocol_write(int version, const struct addr *src, const struct addr *dst,
			    char out[PROXY_PROTOCOL_MAX]);
/* Read one from the len bytes at p. > 0: its length, and *src is set, and *dst with it (len 0 when
 * the header leaves the connection's own addresses: LOCAL, UNKNOWN); 0: more bytes are needed;
 * -EINVAL: there is none. */
ssize_t proxy_protocol_read(const char *p, size_t len, struct addr *src, struct addr *dst);

#endif
