/* splice.h - bulk bytes from socket to socket through a pipe, without a copy through our memory. */
#ifndef PROXY_SPLICE_H
#define PROXY_SPLICE_H

#include <stdint.h>
#include <sys/types.h>

struct channel;
struct worker;

#define SPLICE_MIN ((uint64_t)65536) /* below this a copy is cheaper */
#define SPLICE_MAX ((uint64_t)1 << 20)

/* Get a pipe for ch, from the thread's cache if there is one; before each splice_in, since an empty
 * pipe goes back at once (channel_release). 0 or -errno: then copy. */
int splice_prepare(struct worker *w, struct channel *ch);
/* Move up to max bytes from the socket into the prepared pipe. Bytes, 0 for the end, -errno.
 * SIGPIPE is ignored by the process. */
ssize_t channel_splice_in(struct channel *ch, int fd, uint64_t max);
/* Move what is in the pipe to the socket. 0: done, or ch->is_blocked; -errno. */
int channel_splice_out(struct channel *ch, int fd, uint64_t *n_bytes);
/* Give the pipe back, or close it when bytes are left in it. */
void splice_release(struct worker *w, struct channel *ch);
/* Close the cached pipes of the thread. */
void splice_fini(struct worker *w);

#endif
