/* h1_strict.h - refuses heads that somebody behind the proxy could read differently. Pure.
 *
 * http-parser tolerates a good deal; here every rule of RFC 9110 and RFC 9112 that request
 * smuggling lives from is enforced: one framing, spelt in the one obvious way; one good
 * Host; a target of a known form. (Bytes of names and values were judged by h1_parse.) Also fills
 * the facts of struct h1_head. */
#ifndef PROXY_H1_STRICT_H
#define PROXY_H1_STRICT_H

#include "http/h1_parse.h"

enum h1_fault {
	H1_OK,
	H1_FAULT_TARGET,
	H1_FAULT_START_LINE,
	H1_FAULT_LENGTH,        /* malformed or overflowing Content-Length */
	H1_FAULT_LENGTH_TWICE,  /* repeated, even with the same value */
	H1_FAULT_CODING,        /* Transfer-Encoding that is not exactly `chunked` */
	H1_FAULT_TWO_FRAMINGS,  /* Content-Length and Transfer-Encoding */
	H1_FAULT_CODING_IN_1_0, /* Transfer-Encoding in HTTP/1.0 */
	H1_FAULT_BODY_IN_1_0,   /* of GET, HEAD or DELETE: not everybody looks for one there */
	H1_FAULT_HOST,          /* malformed */
	H1_FAULT_HOST_MISSING,  /* in HTTP/1.1 */
	H1_FAULT_HOST_TWICE,
	H1_FAULT_HOST_MISMATCH, /* absolute-form target names another host */
	H1_FAULT_STATUS,        /* not 100..599 (599: as far as anybody sends) */
};

/* "repeated Content-Length": for logs. */
const char *h1_fault_text(enum h1_fault f);

/* h was filled by h1_parse_request() or h1_parse_response(). */
enum h1_fault h1_check_request(struct h1_head *h);
enum h1_fault h1_check_response(struct h1_head *h);

#endif
