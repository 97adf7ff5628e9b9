/* h1_body.h - how much of a byte stream belongs to a message body. Pure.
 *
 * The proxy forwards the bytes as they are; this only follows the framing, so it knows where the
 * message ends, and refuses chunked framing that could be read in two ways. */
#ifndef PROXY_H1_BODY_H
#define PROXY_H1_BODY_H

#include "http/h1_parse.h"

enum h1_framing {
	H1_BODY_NONE,
	H1_BODY_LENGTH,
	H1_BODY_CHUNKED,
	H1_BODY_CLOSE, /* until the end of the connection */
	H1_BODY_TUNNEL /* after 101 or a CONNECT: no HTTP any more */
};

#define H1_MAX_CHUNK_LINE 256  /* size and extensions */
#define H1_MAX_TRAILERS   8192 /* bytes of the trailer section */

struct h1_body {
	uint8_t framing; /* enum h1_framing */
	uint8_t state;   /* of the chunked machine */
	uint8_t n_digits;
	bool is_done;
	uint32_t n_line;    /* bytes of the current line, or of the trailers */
	uint64_t remaining; /* of a length, or of the current chunk */
};

/* Begin the body that follows head h. For a response: of a request with this method. */
void h1_body_init_request(struct h1_body *b, const struct h1_head *h);
void h1_body_init_response(struct h1_body *b, const struct h1_head *h, enum h1_method request);
/* Look at the next len bytes. *used: how many of them belong to the body (all, unless it ends).
 * H1_DONE: the body is complete (also for len 0 when it is empty); H1_NEED_MORE; H1_BAD. */
enum h1_result h1_body_feed(struct h1_body *b, const char *p, size_t len, size_t *used);
/* How many of the next bytes are data whatever they are, so that nobody need look at them
 * (UINT64_MAX: all); h1_body_pass() tells that n of them went by unseen. */
uint64_t h1_body_unseen(const struct h1_body *b);
void h1_body_pass(struct h1_body *b, uint64_t n);
/* The stream ended: was that the end of the message? */
bool h1_body_end(struct h1_body *b);

#endif
