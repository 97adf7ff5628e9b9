/* access_log.h - one line for each request or connection in HAProxy's formats (manual, chapter 8),
 * to the log targets of the frontend. Lines are collected for each thread and sent at the end of
 * the loop's turn; never blocks; drops are counted. */
#ifndef PROXY_ACCESS_LOG_H
#define PROXY_ACCESS_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/addr.h>
#include <tandem/loop.h>
#include <tandem/str.h>

struct backend;
struct frontend;
struct sample_ctx;
struct server;

/* Everything a line may show; filled by the data path, all borrowed for the call. Durations in µs;
 * -1: not reached. */
struct access_record {
	const struct frontend *fe;
	const struct backend *be; /* NULL: "<NOSRV>" with the frontend's name */
	const struct server *srv; /* NULL: "<NOSRV>" */
	bool is_stats;            /* answered by ourselves: "<STATS>" */
	const struct addr *client, *local;
	int64_t accept_real_us; /* %t: accept date; %tr: request date */
	int64_t request_real_us;
	int64_t handshake_us, idle_us; /* %Th, %Ti */
	int64_t req_us;                /* %TR: time to get the full request from its first byte */
	int64_t queue_us;              /* %Tw */
	int64_t connect_us;            /* %Tc */
	int64_t response_us;           /* %Tr: to the response headers */
	int64_t active_us;             /* %Ta */
	int64_t total_us;              /* %Tt */
	int status;                    /* %ST; -1: none */
	uint64_t bytes_out;            /* %B: to the client, headers included */
	uint64_t bytes_in;             /* %U */
	char term[5]; /* %tsc: "----", "SC--", ... (4 letters; tcp uses the first 2) */
	unsigned actconn, feconn, beconn, srv_conn; /* counted as HAProxy does */
	unsigned retries;
	bool redispatched; /* %rc is then "+N" */
	unsigned srv_queue, backend_queue;
	struct str method, uri,
		version; /* %{+Q}r is built of these; uri as received. Empty method: "<BADREQ>" */
	bool is_bad_request; /* it never became a request */
	bool is_http;
	bool is_early; /* totals are not final: they get a plus sign */
	/* what a format must have asked for: enum log_need */
	const struct addr *source, *target; /* ours to the server, the server's; NULL: none */
	struct sample_ctx *samples;         /* NULL: no format of it has one */
	struct str unique_id;
	const char *hostname;
	int pid;
	uint32_t request_number, line_number;
	/* captured header fields, in the order of the configuration; len 0: it had none */
	const struct str *request_captures, *response_captures;
	unsigned n_request_captures, n_response_captures;
	struct str request_cookie, response_cookie;
};

struct access_log; /* one for each thread */
/* Sockets are opened on first use. hostname (NULL: none is configured) and tag are copied. */
struct access_log *access_log_new(struct loop *loop, const char *tag, const char *hostname);
void access_log_free(struct access_log *a);
/* Formats and queues the line for each target of the frontend; nothing if it has none, or if the
 * frontend's options leave it out. */
void access_log_write(struct access_log *a, const struct access_record *r);
/* Send what was collected: at the end of every turn. */
void access_log_flush(struct access_log *a);
/* Dropped lines of all threads. */
uint64_t access_log_dropped(void);

#endif
