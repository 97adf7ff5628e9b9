/* mixload.h - what the two halves of mixload share: the clients and the servers behind the proxy
 * run in one loop, so a server that dies knows whose request died with it. */
#ifndef TESTS_MIXLOAD_H
#define TESTS_MIXLOAD_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <tandem/util.h>

#define MAX_ACTORS 200
#define TCP_HEAD   6 /* "T0123\n": who it is */

/* Bytes of a body: byte i is pattern[i % PATTERN_LEN]. */
#define PATTERN_LEN   26
#define PATTERN_ROOM  65536
#define RETRYABLE_LEN 4096 /* a request that a proxy surely holds as a whole */

extern char pattern[PATTERN_LEN + PATTERN_ROOM];
/* Was the request in progress lost with its server, where no proxy can help? Index: actor. */
extern bool is_excused[MAX_ACTORS];
/* Connections that died before they had told whose they are. */
extern unsigned n_anonymous_deaths;

struct upstreams;
struct upstreams *upstreams_new(struct ev_loop *loop, unsigned n, int http_port, int tcp_port);
/* Now and then one of them stops, in order or at once, and comes back. */
void upstreams_trouble(struct upstreams *u);
void upstreams_calm(struct upstreams *u);
void upstreams_report(const struct upstreams *u);

static inline bool is_pattern(const char *p, size_t n, size_t offset)
{
	for (size_t i = 0; i < n; i += PATTERN_ROOM) {
		size_t part = MIN(n - i, (size_t)PATTERN_ROOM);

		if (__builtin_memcmp(p + i, pattern + (offset + i) % PATTERN_LEN, part) != 0)
			return false;
	}
	return true;
}

static inline ssize_t send_pattern(int fd, size_t offset, size_t n)
{
	return send(fd, pattern + offset % PATTERN_LEN, MIN(n, (size_t)PATTERN_ROOM), MSG_NOSIGNAL);
}

static inline void watch(struct ev_loop *loop, ev_io *w, int events)
{
	if (w->events == events && ev_is_active(w))
		return;
	ev_io_stop(loop, w);
	ev_io_set(w, w->fd, events);
	if (events != 0)
		ev_io_start(loop, w);
}

#endif
