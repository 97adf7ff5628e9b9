/* conn_source.c - where connections to a server come from. */
#include "pool/conn_source.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>

static int set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int bind_to(int fd, const struct addr *a)
{
	/* the port is chosen at connect(): one local port may serve many servers */
	if (addr_port(a) == 0)
		(void)set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	return bind(fd, &a->sa, a->len) < 0 ? -errno : 0;
}

static int bind_foreign(int fd, int family, const struct addr *a)
{
	int r = family == AF_INET6 ? set(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1)
				   : set(fd, IPPROTO_IP, IP_TRANSPARENT, 1);

	if (r == 0 && addr_port(a) != 0)
		r = set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	return r == 0 ? bind_to(fd, a) : r;
}

int conn_source_apply(int fd, int family, const struct conn_source *s, const struct addr *client)
{
	struct addr shown = { .len = 0 };
	int r = 0;

	if (family == AF_UNIX)
		return 0;
	if (s->interface && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, s->interface,
				       (socklen_t)strlen(s->interface) + 1) < 0)
		return -errno;
	if (s->tcp_ut_ms)
		r = set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)s->tcp_ut_ms);
	if (r != 0)
		return r;
	switch (s->usesrc) {
	case CFG_USESRC_NONE:
		break;
	case CFG_USESRC_CLIENT:
	case CFG_USESRC_CLIENTIP:
		shown = *client;
		if (s->usesrc == CFG_USESRC_CLIENTIP)
			addr_set_port(&shown, 0);
		break;
	case CFG_USESRC_ADDR:
		shown = s->foreign;
		break;
	}
	if (shown.len && shown.sa.sa_family == family)
		return bind_foreign(fd, family, &shown);
	if (s->addr.len && s->addr.sa.sa_family == family)
		return bind_to(fd, &s->addr);
	return 0;
}
