/* capture.h - what log lines keep of messages: header fields, cookies, the identification of the
 * request. Made only for frontends that ask for something. Pure but for the heap. */
#ifndef PROXY_CAPTURE_H
#define PROXY_CAPTURE_H

#include <tandem/str.h>

struct cfg_captures;
struct cfg_proxy;
struct h1_head;

struct capture_list {
	struct str *values; /* owned, one block with the bytes behind it; NULL: none */
	unsigned n;
};

/* Copies, as the fields were when the message passed: a reload changes nothing. */
struct capture {
	struct capture_list request, response;
	struct strbuf request_cookie, response_cookie;
	struct strbuf unique_id;
	struct strbuf id_line; /* the header line that tells it to the server */
};

/* Does the frontend need one? */
bool capture_is_wanted(const struct cfg_proxy *fe);
/* NULL: out of memory. */
struct capture *capture_new(void);
/* NULL is legal. */
void capture_free(struct capture *c);
/* Keep what the frontend asks for. Without memory it is as if the message had it not. */
void capture_request(struct capture *c, const struct cfg_proxy *fe, const struct h1_head *h);
void capture_response(struct capture *c, const struct cfg_proxy *fe, const struct h1_head *h);

#endif
