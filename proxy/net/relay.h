/* relay.h - bytes in both directions without looking at them: TCP mode, and tunnels after an
 * upgrade or a CONNECT. Each direction ends on its own (half-close). */
#ifndef PROXY_RELAY_H
#define PROXY_RELAY_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/util.h>

struct client;
struct stream;

/* A connection of a TCP frontend begins. May end it. false: nothing was done, as it goes to a
 * backend of mode http and is an HTTP connection from now on. */
NODISCARD bool relay_start_tcp(struct client *c);
/* The stream becomes a tunnel: the head of the response, and what is buffered, goes out first. May
 * end the stream. */
void relay_start_tunnel(struct stream *st);

/* Events; may end the stream. */
void relay_on_client_readable(struct stream *st);
void relay_on_server_readable(struct stream *st);
void relay_on_connected(struct stream *st);
/* false: the stream has ended. */
bool relay_on_client_writable(struct stream *st);
bool relay_on_server_writable(struct stream *st);
bool relay_on_server_write_error(struct stream *st);

int64_t relay_client_deadline(const struct stream *st);
int64_t relay_server_deadline(const struct stream *st);

#endif
