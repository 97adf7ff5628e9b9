/* getsocks.h - handing listening sockets from a running proxyd to a new one (-x).
 *
 * On a stats socket with `level admin` and `expose-fd listeners` the new process sends the line
 * "_getsocks". The answer is one byte 'S' with one descriptor (SCM_RIGHTS): a SOCK_SEQPACKET socket
 * on which the messages of process/takeover.h follow: MASTER_SOCKETS_BEGIN, a MASTER_SOCKETS for
 * each bind line with its words, its frontend's name and its sockets, MASTER_SOCKETS_END. It is a
 * format between proxyd of the same version; HAProxy's is another one. Both processes then accept
 * from the same queues, so no connection is lost when the old one stops. */
#ifndef PROXY_GETSOCKS_H
#define PROXY_GETSOCKS_H

#include <stdint.h>
#include <tandem/ctl.h>

struct master_link;

/* The command. */
void getsocks_command(struct ctl_request *rq, uint64_t *cursor, bool *more);
/* Ask the process at this path; blocks for some seconds at most. The sockets are in link->kept. 0
 * or -errno; -EPROTO: it does not give them. */
NODISCARD int getsocks_take(const char *path, struct master_link *link);

#endif
