/* stream.h - one HTTP transaction, or one TCP connection, between a client and a server.
 *
 *   HEAD ──head complete──► QUEUED ──slot──► CONNECTING ──sent──► OPEN ──both done──► next, or
 * close │                       ▲  │              │   ▲               │ │                       │
 * └─no server─►  │   └──PAUSED◄─refused (retry) └────bad, stats────► LOCAL
 * ◄──────────────┴───────────────────┘ before a response
 *
 * Bytes go through two channels, request and response. A channel's buffer is attached when bytes
 * come and given back when they are gone. In HTTP, `ready` tells how many of the bytes may be sent:
 * the head after its edits, and what the framing says is body. In raw mode (TCP, tunnels) all are.
 *
 * What both sides wait for is derived in one place, stream_update(). Functions that may end the
 * stream say so; after them it must not be touched. */
#ifndef PROXY_STREAM_H
#define PROXY_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <tandem/buf.h>
#include <tandem/list.h>
#include <tandem/str.h>

#include "health/observe.h"
#include "http/cookie.h"
#include "http/h1_body.h"
#include "pool/backend.h"

struct capture;
struct client;
struct h1_head;
struct sconn;
struct stats_job;

enum stream_state {
	STREAM_HEAD,   /* the request head is not complete */
	STREAM_QUEUED, /* waits for a slot of a server */
	STREAM_PAUSED, /* waits before it connects again */
	STREAM_CONNECTING,
	STREAM_OPEN,
	STREAM_LOCAL, /* we answer ourselves */
	STREAM_OVER,  /* ended, kept only because a grant is under way */
};

struct channel {
	struct buf buf;   /* mem NULL: none attached */
	size_t ready;     /* of the bytes at the head of buf: may be sent */
	uint64_t n_total; /* bytes received for it, from the start of the message */
	bool is_done;     /* the message, or the stream, was received to its end */
	bool is_blocked;  /* the last write was refused: wait until it is writable */
	bool is_shut;     /* raw: the end was passed on */
	struct h1_body body;
	struct h1_scan scan;
	/* bulk bytes pass through a pipe, never through our memory (splice.h) */
	int pipe[2]; /* owned; -1: none, nothing is in it */
	size_t n_piped;
	bool is_bulk; /* raw: use one from now on */
};

#define STREAM_LINE_LEN 1024 /* of the request line, for logs */

struct stream {
	struct client *c;
	struct sconn *s;    /* owned; NULL: none */
	struct backend *be; /* counted in its sess */
	struct server *srv; /* counted in its sess: a slot to release */
	struct server
		*logged_srv; /* the last one it was given to; lives as long as be->sess counts us */
	const struct server *direct; /* ck.is_direct: which was chosen; to compare only */
	const struct server *avoid;  /* it refused us: a name to compare only */
	const struct server *want;   /* use-server or a cookie chose it, in this turn */
	struct pending pending;
	struct channel req, res;

	uint8_t state; /* enum stream_state */
	uint8_t method;
	uint8_t minor; /* client's HTTP/1.minor */
	uint8_t response_minor;
	bool is_http, is_raw;
	bool is_tunnel;         /* HTTP that became raw */
	bool keep_alive;        /* the client connection may go on */
	bool server_keep_alive; /* the server connection may */
	bool is_upgrade;        /* asks for one */
	bool is_replayable;     /* the request is still in req.buf, sent bytes included */
	bool is_reused;         /* on a server connection that had served before */
	bool has_response_head;
	bool has_response_bytes; /* something went out to the client */
	bool server_refuses;     /* it takes no more of the request: drop the rest */
	bool is_redispatched, is_stats;
	bool has_lb_hash;
	struct cookie_state ck;
	bool is_forced;     /* force-persist: to that server, whatever its state */
	bool no_l7_retry;   /* http-request disable-l7-retry */
	bool wants_metrics; /* a rule chose the service */
	bool is_silent;     /* no log line (monitor-uri, dontlognull) */
	uint8_t retries_left, n_retries;
	uint16_t retry_on; /* CFG_RETRY_RESPONSES that the backend tries again */
	char term[2];      /* cause and state as in HAProxy's logs; 0: normal */
	uint16_t status;
	uint16_t n_prefix;  /* bytes of a PROXY header in front of what is to be sent */
	uint32_t lb_hash;   /* of what balance uri, hdr.. look at */
	size_t replay_from; /* offset in req.buf of the first byte of the request */

	int64_t start_us, start_real_us; /* first byte of the request, or accept */
	int64_t head_us, queue_from_us, assigned_us, connected_us,
		response_us;                        /* -1: not reached */
	int64_t client_active_us, server_active_us; /* last progress */
	int64_t attempt_us;                         /* begin of this connection attempt */
	unsigned srv_queue, be_queue;               /* place in the queue when it entered */
	int64_t resume_us;                          /* PAUSED: until then */
	uint64_t bytes_in, bytes_out;
	uint64_t counted_in, counted_out; /* of them, already (option contstats) */
	bool is_contstats;

	struct capture *capture; /* owned; NULL: the frontend asks for nothing */
	uint32_t number;         /* %rt, when asked for */
	bool has_number, is_logged;

	bool is_live;          /* LOCAL: the answer has no end, events are added */
	struct stats_job *job; /* LOCAL: the control thread works on the answer; NULL: no */
	struct list live_node; /* is_live: in the thread's viewers */
	struct strbuf local;   /* LOCAL: the answer */
	size_t local_sent;

	/* from here on not cleared */
	uint16_t method_len, target_off, target_len, line_len;
	char line[STREAM_LINE_LEN];
};

/* NULL: out of memory. */
struct stream *stream_new(struct client *c);

/* Events. May end the stream and the client. */
void stream_on_client_io(struct stream *st, int revents);
void stream_on_server_io(struct stream *st, int revents);
void stream_on_timer(struct stream *st);

/* Route to backend be (NULL: 503) and get going: assign, connect, send. May end the stream. */
void stream_route(struct stream *st, struct backend *be);
/* Send what is ready. Each returns false when the stream has ended. */
bool stream_send_to_server(struct stream *st);
bool stream_send_to_client(struct stream *st);
/* Answer with an error page of this status, if nothing was answered yet, else break the connection.
 * cause, where: for the log. May end the stream. */
void stream_fail(struct stream *st, unsigned status, char cause, char where);
/* Send st->local and end. May end the stream. */
void stream_answer_local(struct stream *st);
/* The transaction is over: log, count, park the server connection; then the client's next request,
 * or idle, or close. Ends the stream. */
void stream_finish(struct stream *st);
/* Break everything. cause, where: for the log, unless there is a cause already. Ends the stream. */
void stream_abort(struct stream *st, char cause, char where);
/* Try again on a new connection what a reused one failed to carry. May end the stream. */
void stream_replay(struct stream *st);
/* The server did not answer well (why: of enum cfg_retry): try again if retry-on says so and the
 * request is still there. true: so it was, and the stream may have ended. */
bool stream_retry_response(struct stream *st, unsigned why);
/* What to wait for, and until when. The last thing that an event handler does. */
void stream_update(struct stream *st);
/* Until when the client, the server (or a pause) must have gone on; INT64_MAX: for ever. */
int64_t stream_client_deadline(const struct stream *st);
int64_t stream_server_deadline(const struct stream *st);

/* channel.c */
/* Room for reading into ch; attaches a buffer. headroom: to leave in front when it is empty. 0:
 * none. */
size_t channel_room(struct stream *st, struct channel *ch, size_t headroom);
/* One recv() into ch. Bytes, 0 for the end, -errno (-ENOBUFS: no room). */
ssize_t channel_recv(struct stream *st, struct channel *ch, int fd, size_t headroom);
/* Send what is ready, and what is in the pipe. 0: all is gone, or the socket is full (is_blocked);
 * -errno: broken. *n_bytes grows by what was sent. */
int channel_send(struct channel *ch, int fd, uint64_t *n_bytes);
/* Bytes that could not be sent yet. */
static inline bool channel_is_empty(const struct channel *ch)
{
	return ch->ready == 0 && ch->n_piped == 0;
}
/* Give buffer and pipe back if nothing is in them (and nothing must be kept). */
void channel_release(struct stream *st, struct channel *ch);
/* Give it back whatever is in it. */
void channel_drop(struct stream *st, struct channel *ch);

/* stream_target.c */
/* What the configuration leaves open is taken from what the client connected to: the port, and for
 * "*" as the address (0.0.0.0) the address. */
void stream_complete_addr(struct stream *st, const struct view_server *vs, struct addr *to);
/* Put the header in front of the request; it goes out with it. false: there is no room. */
bool stream_add_proxy_header(struct stream *st, int version);

/* Log and counters, at the end (stream_log.c). */
void stream_account(struct stream *st);
/* Count the bytes so far, for those who cannot wait for the end. */
void stream_count_bytes(struct stream *st);
/* The server is connected (raw) or has sent its head: formats that need no more are written now. */
void stream_log_early(struct stream *st);
/* The request's identification, into st->capture; once. head: NULL when it is gone. */
void stream_make_id(struct stream *st, const struct h1_head *head);
const char *stream_host_name(void);

/* What this stream saw of its server, for health checks. */
void stream_observe(const struct stream *st, enum observation o);

#endif
