/* observe.h - what data threads tell the control thread about servers: refused connections, and the
 * errors that `observe` counts.
 *
 * A data thread counts; at the limit, or at a refusal, it posts a message that is embedded in the
 * server: at most one is under way for each server and thread. */
#ifndef PROXY_OBSERVE_H
#define PROXY_OBSERVE_H

#include <stdatomic.h>
#include <tandem/util.h>

#include "pool/server.h"

struct health;

enum observation {
	OBSERVE_L4_OK,
	OBSERVE_L4_ERR,
	OBSERVE_HTTP_OK,
	OBSERVE_HTTP_STS,    /* a status that means an error */
	OBSERVE_HTTP_HDRRSP, /* a header that cannot be read */
	OBSERVE_HTTP_RSP,    /* ... that may not pass */
	OBSERVE_HTTP_READ_ERROR,
	OBSERVE_HTTP_READ_TIMEOUT,
	OBSERVE_HTTP_BROKEN_PIPE, /* closed before an answer */
};

void observe_slow(struct health *h, struct server *s, unsigned tid, enum observation o);

/* Any data thread that holds a slot of s. */
static inline void observe(struct health *h, struct server *s, unsigned tid, enum observation o)
{
	if (UNLIKELY(atomic_load_explicit(&s->watch, memory_order_relaxed) != 0))
		observe_slow(h, s, tid, o);
}
/* HTTP status codes that count as good: 100-499, 501 and 505. */
static inline enum observation observe_status(unsigned code)
{
	return (code >= 100 && code < 500) || code == 501 || code == 505 ? OBSERVE_HTTP_OK
									 : OBSERVE_HTTP_STS;
}

/* For check.c: what of the traffic is of interest, from the server's configuration. */
void observe_sync(struct server *s);

#endif
