/* listener.h - the listening sockets of a bind line. Plan: open and bind, which can fail; then the
 * worker threads accept from them.
 *
 * A TCP address gets one socket for each thread (SO_REUSEPORT): no accept lock and no herd. fd@N
 * and Unix sockets are one socket that all threads watch. Addresses are bound with IP_FREEBIND, so
 * a backup node listens on a VIP that it does not own yet. */
#ifndef PROXY_LISTENER_H
#define PROXY_LISTENER_H

#include <sys/types.h>
#include <tandem/addr.h>
#include <tandem/list.h>
#include <tandem/util.h>

struct cfg_bind;
struct diag;
struct frontend;

/* Shared by a listener and its connections, which may outlive it. */
struct bind_count {
	_Atomic unsigned refs, cur;
};
void bind_count_unref(struct bind_count *c);

struct listener {
	struct list node;
	const char *key;     /* owned; matches cfg_bind.key at a reload */
	struct frontend *fe; /* borrowed */
	struct addr addr;
	unsigned n_fds;
	int backlog;
	int *fds; /* owned; 1, one a thread, or as many as the process had that left them */
	bool unlink_on_close; /* while the path leads to what dev and ino name */
	dev_t dev;
	ino_t ino;
	struct bind_count *count; /* connections through it; NULL: without a maxconn of its own */
	unsigned maxconn;
	bool accept_proxy; /* connections begin with a PROXY header */
};

/* Open the sockets of b. inherited: fds (n of them, from a master or an old process) for the same
 * spec, taken; NULL: bind anew. is_takeover: an old process may hold the port (-sf, -x): bind with
 * SO_REUSEPORT from the start; otherwise a port in use by anybody is an error. On failure: NULL and
 * the reason, with the configuration's position, in d. */
NODISCARD struct listener *listener_open(const struct cfg_bind *b, struct frontend *fe,
					 unsigned n_threads, const int *inherited,
					 unsigned n_inherited, bool is_takeover, struct diag *d);
/* Close the sockets (no thread may watch them any more) and free. */
void listener_free(struct listener *l);

#endif
