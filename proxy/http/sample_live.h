/* sample_live.h - samples of a live connection: what the sample table asks beyond the request head.
 * Data threads, inside a turn. */
#ifndef PROXY_SAMPLE_LIVE_H
#define PROXY_SAMPLE_LIVE_H

#include "http/sample.h"

struct cfg_server;
struct client;
struct server;

/* head: NULL when there is no HTTP request. scratch: SAMPLE_SCRATCH_SIZE bytes that outlive the
 * evaluation. */
struct sample_ctx sample_live_context(struct client *c, const struct h1_head *head, char *scratch);
/* The running server. NULL only while a reload is under way. */
struct server *sample_live_server(const struct cfg_server *cfg);

#endif
