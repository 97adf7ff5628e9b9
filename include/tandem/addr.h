/* addr.h - one socket address of any family we use: IPv4, IPv6, Unix. */
#ifndef TANDEM_ADDR_H
#define TANDEM_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <tandem/str.h>

struct addr {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	};
	socklen_t len; /* 0: no address */
};

#define ADDR_TEXT_LEN (sizeof(((struct sockaddr_un *)0)->sun_path) + 8)

/* A literal IPv4 or IPv6 address, without port or brackets. 0 or -EINVAL. */
NODISCARD int addr_parse_ip(struct str s, struct addr *out);
/* Make a Unix address. 0 or -ENAMETOOLONG. */
NODISCARD int addr_from_path(struct str path, struct addr *out);
/* Host order; 0 for a Unix address. */
uint16_t addr_port(const struct addr *a);
void addr_set_port(struct addr *a, uint16_t port);
bool addr_eq(const struct addr *a, const struct addr *b);
bool addr_is_any(const struct addr *a);
/* 127.0.0.0/8, ::1, or the former in an IPv6 address. */
bool addr_is_loopback(const struct addr *a);
/* "192.0.2.1:80", "[2001:db8::1]:80" (when with_port), "unix:/path". Returns out. */
const char *addr_format(const struct addr *a, bool with_port, char out[ADDR_TEXT_LEN]);
/* Just the address as text, as in logs and X-Forwarded-For: no port, no brackets; "unix". Returns
 * its length. Hot path: no printf. */
size_t addr_format_ip(const struct addr *a, char out[INET6_ADDRSTRLEN]);

#endif
