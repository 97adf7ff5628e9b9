/* h1_conn.h - HTTP/1 on both sides of a stream: what to do with the bytes and events that
 * net/stream delivers. h1_request.c: the client's half; h1_response.c: the server's. */
#ifndef PROXY_H1_CONN_H
#define PROXY_H1_CONN_H

#include <stdbool.h>

#include "pool/conn_pool.h"

struct client;
struct stream;

/* Bytes of a request head are in st->req.buf. May end the stream. */
void h1_on_client_bytes(struct stream *st);
/* May end the stream. */
void h1_on_client_readable(struct stream *st);
void h1_on_server_readable(struct stream *st);
void h1_on_server_timeout(struct stream *st);
void h1_on_client_timeout(struct stream *st);
/* A connection that never sent a byte ran into its timeout. Ends it. */
void h1_on_silent_client(struct client *c);
/* A connection ended before it sent a byte: a line in the log, unless dontlognull. Ends it. */
void h1_on_unused_client(struct client *c);
/* false: the stream has ended. */
bool h1_on_client_writable(struct stream *st);
bool h1_on_server_writable(struct stream *st);
bool h1_on_server_write_error(struct stream *st);
/* On which connections that have served already may the request go out? */
enum conn_reuse h1_may_reuse(const struct stream *st);
bool h1_is_idempotent(const struct stream *st);
/* The server connection ended or broke. May end the stream. */
void h1_on_server_closed(struct stream *st);
/* Both messages complete and sent: finishes the stream and returns false. */
bool h1_go_on(struct stream *st);

#endif
