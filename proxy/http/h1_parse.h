/* h1_parse.h - finds the head of an HTTP/1 message in a buffer and describes it as offsets. Pure.
 *
 * Two ways: h1_parse_*() takes the head apart in one go, which succeeds nearly always at the first
 * read; h1_scan() follows a head that arrives in pieces, can be continued, and refuses at once what
 * no head may contain. What both tolerate and an attacker exploits is refused by h1_strict.h.
 * Nothing is copied: offsets count from the first byte of the start line, so the buffer may move.
 */
#ifndef PROXY_H1_PARSE_H
#define PROXY_H1_PARSE_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/str.h>

enum h1_result { H1_DONE, H1_NEED_MORE, H1_BAD };

enum h1_method {
	H1_GET,
	H1_HEAD,
	H1_POST,
	H1_PUT,
	H1_DELETE,
	H1_CONNECT,
	H1_OPTIONS,
	H1_TRACE,
	H1_PATCH,
	H1_OTHER
};

/* Field names that the proxy itself looks at. */
enum h1_field_id {
	H1F_OTHER,
	H1F_AUTHORIZATION,
	H1F_CONNECTION,
	H1F_CONTENT_LENGTH,
	H1F_EXPECT,
	H1F_HOST,
	H1F_KEEP_ALIVE,
	H1F_PROXY_CONNECTION,
	H1F_TE,
	H1F_TRANSFER_ENCODING,
	H1F_UPGRADE,
	H1F_X_FORWARDED_FOR,
};

struct h1_field {
	uint32_t name, value; /* offsets; the value is without blanks at both ends */
	uint32_t value_len;
	uint16_t name_len;
	uint8_t id; /* enum h1_field_id */
};

struct h1_head {
	const char *base; /* borrowed; first byte of the start line */
	uint32_t len;     /* up to and with the empty line */
	bool is_request;
	uint8_t minor;  /* HTTP/1.minor */
	uint8_t method; /* enum h1_method */
	uint16_t status;
	uint32_t target, target_len; /* of a request */
	uint16_t method_len;
	uint16_t n_fields, max_fields;
	struct h1_field *fields; /* storage borrowed from the caller: max_fields of them */

	/* filled by h1_strict */
	bool has_length, is_chunked;
	bool conn_close, conn_keep_alive, conn_upgrade; /* options listed in Connection */
	bool conn_others;     /* it lists other names: hop-by-hop fields to remove */
	bool has_upgrade;     /* there is an Upgrade field */
	bool has_expect;      /* Expect: 100-continue */
	bool has_hop;         /* there is a hop-by-hop field to think about at all */
	bool has_forward_for; /* there is an X-Forwarded-For field */
	uint64_t content_length;
};

/* Where the search for the end of a head stands; {0} at the start of a message. Offsets count from
 * the byte where the message was expected. */
struct h1_scan {
	uint32_t start; /* empty lines before the start line, to skip (requests only) */
	uint32_t line;  /* start of the current line */
	uint32_t pos;   /* searched up to here */
	uint32_t end;   /* when done: just after the empty line */
};

/* Continue the search in all the bytes of the message that are there. H1_BAD: bare LF, a line that
 * begins with a blank (obs-fold), a control byte, or a start that no message has. */
enum h1_result h1_scan(struct h1_scan *s, const char *p, size_t len, bool is_request);

/* Describe the head that begins at p, of which len bytes are there, with or without something
 * behind it. h->fields and h->max_fields are set by the caller, everything else here; h->len when
 * done. The start line is http-parser's business, the field lines are taken apart and their bytes
 * judged here: one pass, every byte looked at once. H1_BAD also when there are too many fields. It
 * starts anew each time: while a head trickles in, h1_scan() tells when the next try is worth it.
 */
enum h1_result h1_parse_request(struct h1_head *h, const char *p, size_t len);
enum h1_result h1_parse_response(struct h1_head *h, const char *p, size_t len);

static inline struct str h1_field_name(const struct h1_head *h, const struct h1_field *f)
{
	return (struct str){ h->base + f->name, f->name_len };
}
static inline struct str h1_field_value(const struct h1_head *h, const struct h1_field *f)
{
	return (struct str){ h->base + f->value, f->value_len };
}
static inline struct str h1_target(const struct h1_head *h)
{
	return (struct str){ h->base + h->target, h->target_len };
}
static inline struct str h1_method_text(const struct h1_head *h)
{
	return (struct str){ h->base, h->method_len };
}
/* The first field with this id, or NULL. */
const struct h1_field *h1_find_field(const struct h1_head *h, enum h1_field_id id);

#endif
