/* captured.h - the last messages that were not understood, for `show errors`: one request of each
 * frontend, one response of each backend. Any thread. */
#ifndef PROXY_CAPTURED_H
#define PROXY_CAPTURED_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/str.h>

#define CAPTURED_MAX   64    /* proxies that are remembered; the oldest goes */
#define CAPTURED_BYTES 16384 /* of a message */

struct captured_event {
	bool is_response;
	const char *proxy, *other, *server; /* borrowed; frontend and backend or the other way */
	unsigned proxy_id, other_id, server_id;
	const char *source;
	struct str bytes;
};

/* Copied. When another thread is noting something in this moment, only counted. */
void captured_note(const struct captured_event *e);
/* The line with the number of events. */
void captured_add_total(struct strbuf *out);
/* The next of a proxy (its number; -1: of all) and kind; *cursor begins with 0. false: no more. */
bool captured_next(uint64_t *cursor, int64_t proxy_id, bool requests, bool responses,
		   struct strbuf *out);
/* Where the first byte is that no message may have there; 0: the fault is elsewhere. Pure. */
size_t captured_find_fault(struct str bytes);

#endif
