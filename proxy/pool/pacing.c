/* pacing.c - connections inside of this host are not paced. */
#include "pool/pacing.h"

#include <netinet/tcp.h>
#include <stdatomic.h>
#include <string.h>
#include <tandem/util.h>

enum { UNKNOWN, PACED, NOT_PACED };

static bool is_paced(int fd)
{
	char name[16] = "";
	socklen_t len = sizeof(name) - 1;

	return getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len) == 0 &&
	       strncmp(name, "bbr", 3) == 0;
}

void pacing_avoid(int fd, const struct addr *peer)
{
	static _Atomic int system_default = UNKNOWN; /* what new sockets get */
	int now = atomic_load_explicit(&system_default, memory_order_relaxed);

	if (now == NOT_PACED || !addr_is_loopback(peer))
		return;
	if (now == UNKNOWN) {
		now = is_paced(fd) ? PACED : NOT_PACED;
		atomic_store_explicit(&system_default, now, memory_order_relaxed);
	}
	if (now == PACED)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", strlen("reno"));
}
