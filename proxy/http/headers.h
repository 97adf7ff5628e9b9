/* headers.h - edits of a received head: which lines go, which come. Pure.
 *
 * The bytes of a head are forwarded as they came, with the case of names and the order of fields
 * kept. Edits are collected in the order of their offsets and applied in one pass that moves the
 * bytes before an edit, never the body behind the head: a buffer keeps headroom for this. */
#ifndef PROXY_HEADERS_H
#define PROXY_HEADERS_H

#include "http/h1_parse.h"

#define HEADERS_MAX_EDITS 32

struct headers_edit {
	uint32_t off, n_removed; /* offsets in the head as received */
	const char *insert;      /* borrowed until applied */
	uint32_t n_inserted;
};

struct headers {
	unsigned n;
	bool is_full; /* more edits than fit: the message cannot be forwarded */
	int32_t growth;
	struct headers_edit edits[HEADERS_MAX_EDITS];
};

static inline void headers_init(struct headers *e)
{
	e->n = 0;
	e->growth = 0;
	e->is_full = false;
}

/* Offsets must not decrease. */
void headers_edit(struct headers *e, uint32_t off, uint32_t n_removed, struct str insert);
/* Remove the line of field f. */
void headers_remove(struct headers *e, const struct h1_head *h, const struct h1_field *f);
/* Insert complete lines (with CR LF) before the empty line; after all other edits. */
void headers_append(struct headers *e, const struct h1_head *h, struct str lines);

/* Collect the removal of Connection, Keep-Alive, Proxy-Connection, Upgrade and of the fields that
 * Connection lists. keep_upgrade: an Upgrade is under way, its field stays and the caller
 * appends a Connection field for it. Fields that frame or route the message and the one named by
 * `added` (which the proxy itself adds) cannot be removed by being listed. */
void headers_remove_hop_by_hop(struct headers *e, const struct h1_head *h, bool keep_upgrade,
			       struct str added);

/* Collect the removal of Content-Length and Transfer-Encoding, where a message can have no body
 * (RFC 9110 section 8.6, RFC 9112 section 6.1); headers_sort() after it. */
void headers_remove_framing(struct headers *e, const struct h1_head *h);

/* Put edits that were collected in several passes in order; of two that overlap the first stays. */
void headers_sort(struct headers *e);

/* Apply to the head of head_len bytes at p; there is headroom of at least e->growth bytes before p
 * if that is positive. Returns where the head begins now: its end stays where it was. */
char *headers_apply(const struct headers *e, char *p, size_t head_len);

#endif
