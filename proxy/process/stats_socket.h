/* stats_socket.h - the command sockets of `stats socket`. */
#ifndef PROXY_STATS_SOCKET_H
#define PROXY_STATS_SOCKET_H

#include <tandem/ctl.h>
#include <tandem/list.h>

struct cfg_socket;
struct diag;

struct stats_socket {
	struct list node;
	struct addr addr; /* len 0: fd */
	int cfg_fd;       /* fd@N as written, or -1 */
	enum ctl_level level;
	bool expose_fd; /* listening sockets may be taken from here */
	struct ctl_server ctl;
};

/* Open and serve. NULL and the reason in d. */
NODISCARD struct stats_socket *stats_socket_open(const struct cfg_socket *cs, struct loop *loop,
						 int64_t idle_timeout_us, struct diag *d);
void stats_socket_free(struct stats_socket *s);
/* Is it at the place that cs names? */
bool stats_socket_matches(const struct stats_socket *s, const struct cfg_socket *cs);

#endif
