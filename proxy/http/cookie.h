/* cookie.h - persistence by cookies: reads ours in requests, writes it into responses. Pure: the
 * caller looks servers up and brings the time.
 *
 * The values are HAProxy's: SERVER, SERVER|LAST or SERVER|LAST|FIRST (dates, with maxidle and
 * maxlife), and SERVER~VALUE with `cookie NAME prefix`. So clients keep their server when one proxy
 * replaces the other. */
#ifndef PROXY_COOKIE_H
#define PROXY_COOKIE_H

#include "config/cfg_model.h"
#include "http/h1_parse.h"
#include "http/headers.h"

/* What was found out about the cookie of a stream; {0} at its start. */
struct cookie_state {
	char client;     /* as in logs: N I D V E O U; 0: not looked for */
	char server;     /* N P D I R U; 0: no response yet */
	bool is_direct;  /* the client's cookie, or a rule, chose the server that is used */
	bool is_ignored; /* ignore-persist: none is set */
	int64_t last_s;  /* dates of the client's cookie; 0: none */
	int64_t first_s;
};

enum cookie_match {
	COOKIE_NO_SERVER,
	COOKIE_SERVER_UP,
	COOKIE_SERVER_DOWN,
	COOKIE_SERVER_DOWN_USED, /* option persist */
};
/* Which server has this value? UP, DOWN_USED: it takes the stream (the caller remembers it). */
typedef enum cookie_match cookie_lookup_fn(void *arg, struct str value);

/* Look for our cookie in a request (lookup NULL: only to take it out, the server was chosen), at
 * wall-clock time now_s. Fills *st, and collects in `edits` what must go from the Cookie fields. */
void cookie_read_request(const struct cfg_cookie *ck, const struct h1_head *h, int64_t now_s,
			 cookie_lookup_fn *lookup, void *arg, struct cookie_state *st,
			 struct headers *edits);

#define COOKIE_MAX_LINES (2 * CFG_COOKIE_MAX)
/* The response of a server whose cookie is `value` (empty: it has none). Collects the edits of its
 * Set-Cookie fields; what is to be added is written into `lines` (COOKIE_MAX_LINES bytes, borrowed
 * by the edits) and its length returned: complete lines for headers_append(). */
size_t cookie_edit_response(const struct cfg_cookie *ck, const struct h1_head *h,
			    enum h1_method method, int64_t now_s, struct str value,
			    struct cookie_state *st, struct headers *edits, char *lines);

#endif
