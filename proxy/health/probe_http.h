/* probe_http.h - what a health check must understand of an HTTP response: the status line, where
 * the header ends, and how long the body is. Pure; bounded memory whatever the server sends. */
#ifndef PROXY_PROBE_HTTP_H
#define PROXY_PROBE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBE_HTTP_MAX_LINE   128   /* of the status line that is kept; the rest is skipped */
#define PROBE_HTTP_MAX_HEADER 65536 /* bytes of a header; more is an invalid response */

enum probe_http_result { PROBE_HTTP_MORE, PROBE_HTTP_DONE, PROBE_HTTP_BAD };

/* Starts as {0}. */
struct probe_http {
	char line[PROBE_HTTP_MAX_LINE]; /* the status line as far as it is kept */
	unsigned line_len;
	unsigned n_bytes;   /* of the header so far, its last line feed included */
	unsigned fields_at; /* where the field lines begin */
	bool is_complete;
	/* of the field line that is being read */
	char field[48];
	unsigned field_len;
	/* how the body is framed: -1: until the end of the connection */
	int64_t body_len;
	bool is_chunked;
	bool in_fields; /* the status line is complete */
	bool at_start;  /* of a field line: an empty one ends the header */
	int code;
};

/* The next bytes of the response, whatever follows its header included. BAD as soon as it cannot be
 * one. Interim responses (1xx) are skipped. */
enum probe_http_result probe_http_feed(struct probe_http *ph, const char *bytes, size_t n);
/* The words after the code, terminated; maybe "". Valid once code is set. */
const char *probe_http_reason(struct probe_http *ph);
#endif
