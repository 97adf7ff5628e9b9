/* client.h - a client connection. Between two requests it is only this: no buffer, no stream. */
#ifndef PROXY_CLIENT_H
#define PROXY_CLIENT_H

#include <ev.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <tandem/addr.h>
#include <tandem/list.h>

struct frontend;
struct bind_count;
struct listener;
struct sconn;
struct stream;
struct worker;

struct client {
	ev_io io;
	ev_timer timer; /* armed at `armed_us`, which may be earlier than the deadline */
	struct list node;
	struct worker *w;
	struct frontend *fe;           /* borrowed; counted in its sess */
	struct stream *st;             /* NULL: idle */
	struct sconn *last;            /* idle server connection that served us last, preferred */
	struct bind_count *bind_count; /* of a bind with a maxconn; counted, referenced */
	int64_t armed_us;
	int64_t deadline_us; /* of an idle or lingering client */
	int64_t accept_us;
	int64_t accept_real_us;
	int64_t idle_since_us; /* end of the last request */
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} peer;                  /* family AF_UNIX: nothing more is known */
	struct addr *header_dst; /* of a PROXY header: where it connected to; owned, mostly NULL */
	int fd;
	uint32_t n_requests;
	uint32_t number;   /* of the thread's connections */
	bool has_eof;      /* it sends nothing more */
	bool is_greeting;  /* its PROXY header is still to come */
	bool is_lingering; /* answered and shut down: reads until the client closes too */
};

/* Take over an accepted socket. The connection is counted already (fe->sess, engine->conns). */
void client_start(struct worker *w, const struct listener *l, int fd, const struct addr *peer);
/* Close and free. The stream is gone already. */
void client_close(struct client *c);
/* No stream any more: wait for the next request. */
void client_become_idle(struct client *c);
/* The last answer is sent, but the client may still be sending: a close now would reset the
 * connection and destroy the answer on its way. Shut down and read for a moment. */
void client_linger(struct client *c);
/* Which events are wanted. Cheap when nothing changes. */
void client_watch(struct client *c, int events);
/* Have the timer fire at deadline_us (INT64_MAX: never) or before. */
void client_set_deadline(struct client *c, int64_t deadline_us);
/* Into the thread's scratch: valid until the next call. */
const struct addr *client_addr(struct client *c);
/* Where the client connected to: of a PROXY header, or our end of the connection. False: unknown.
 */
bool client_local_addr(const struct client *c, struct addr *out);
/* Should the connection end after this request (soft stop)? */
bool client_should_close(const struct client *c);
/* A drain: close it if it is between two requests and none is on its way. */
void client_drain(struct client *c);

#endif
