/* h1_body.c - how much of a byte stream belongs to a message body. */
#include "http/h1_body.h"

#include "http/h1_chars.h"

/* size [;extensions] CR LF  data CR LF  ...  0 CR LF  (trailer CR LF)*  CR LF */
enum chunk_state {
	SIZE,
	EXTENSION,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER_START,
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	END_LF
};

#define MAX_SIZE_DIGITS 15 /* 60 bits: cannot overflow */

static void begin(struct h1_body *b, enum h1_framing framing, uint64_t length)
{
	*b = (struct h1_body){ .framing = framing, .remaining = length };
	b->is_done = framing == H1_BODY_NONE || (framing == H1_BODY_LENGTH && length == 0);
}

void h1_body_init_request(struct h1_body *b, const struct h1_head *h)
{
	if (h->is_chunked)
		begin(b, H1_BODY_CHUNKED, 0);
	else if (h->has_length)
		begin(b, H1_BODY_LENGTH, h->content_length);
	else
		begin(b, H1_BODY_NONE, 0);
}

/* RFC 9112 section 6.3 */
void h1_body_init_response(struct h1_body *b, const struct h1_head *h, enum h1_method request)
{
	if (h->status == 101 || (request == H1_CONNECT && h->status / 100 == 2))
		begin(b, H1_BODY_TUNNEL, 0);
	else if (request == H1_HEAD || h->status / 100 == 1 || h->status == 204 || h->status == 304)
		begin(b, H1_BODY_NONE, 0);
	else if (h->is_chunked)
		begin(b, H1_BODY_CHUNKED, 0);
	else if (h->has_length)
		begin(b, H1_BODY_LENGTH, h->content_length);
	else
		begin(b, H1_BODY_CLOSE, 0);
}

static int hex_value(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* One byte outside of chunk data. false: malformed. */
static bool chunk_step(struct h1_body *b, char c)
{
	bool is_text = h1_chars[(uint8_t)c] & H1C_TEXT;
	bool is_token = h1_chars[(uint8_t)c] & H1C_TOKEN;

	switch ((enum chunk_state)b->state) {
	case SIZE:
		if (h1_chars[(uint8_t)c] & H1C_HEX) {
			b->remaining = b->remaining << 4 | (unsigned)hex_value(c);
			return ++b->n_digits <= MAX_SIZE_DIGITS;
		}
		b->n_line = 0;
		b->state = c == ';' ? EXTENSION : SIZE_LF;
		return b->n_digits > 0 && (c == ';' || c == '\r');
	case EXTENSION:
		if (c == '\r')
			b->state = SIZE_LF;
		else if (!is_text)
			return false;
		return ++b->n_line <= H1_MAX_CHUNK_LINE;
	case SIZE_LF:
		b->state = b->remaining ? DATA : TRAILER_START;
		b->n_line = 0;
		return c == '\n';
	case DATA:
		UNREACHABLE(); /* skipped in bulk by the caller */
	case DATA_CR:
		b->state = DATA_LF;
		return c == '\r';
	case DATA_LF:
		b->state = SIZE;
		b->n_digits = 0;
		return c == '\n';
	case TRAILER_START:
		b->state = c == '\r' ? END_LF : TRAILER_NAME;
		return (c == '\r' || is_token) && ++b->n_line <= H1_MAX_TRAILERS;
	case TRAILER_NAME:
		if (c == ':')
			b->state = TRAILER_VALUE;
		return (c == ':' || is_token) && ++b->n_line <= H1_MAX_TRAILERS;
	case TRAILER_VALUE:
		if (c == '\r')
			b->state = TRAILER_LF;
		return (c == '\r' || is_text) && ++b->n_line <= H1_MAX_TRAILERS;
	case TRAILER_LF:
		b->state = TRAILER_START;
		return c == '\n';
	case END_LF:
		b->is_done = true;
		return c == '\n';
	}
	UNREACHABLE();
}

static enum h1_result feed_chunked(struct h1_body *b, const char *p, size_t len, size_t *used)
{
	size_t i = 0;

	while (i < len && !b->is_done) {
		if (b->state == DATA) {
			size_t n = len - i < b->remaining ? len - i : (size_t)b->remaining;

			i += n;
			b->remaining -= n;
			if (b->remaining == 0)
				b->state = DATA_CR;
		} else if (!chunk_step(b, p[i++])) {
			*used = i - 1;
			return H1_BAD;
		}
	}
	*used = i;
	return b->is_done ? H1_DONE : H1_NEED_MORE;
}

enum h1_result h1_body_feed(struct h1_body *b, const char *p, size_t len, size_t *used)
{
	*used = 0;
	if (b->is_done)
		return H1_DONE;
	switch ((enum h1_framing)b->framing) {
	case H1_BODY_NONE:
		return H1_DONE;
	case H1_BODY_LENGTH:
		*used = len < b->remaining ? len : (size_t)b->remaining;
		b->remaining -= *used;
		b->is_done = b->remaining == 0;
		return b->is_done ? H1_DONE : H1_NEED_MORE;
	case H1_BODY_CHUNKED:
		return feed_chunked(b, p, len, used);
	case H1_BODY_CLOSE:
	case H1_BODY_TUNNEL:
		*used = len;
		return H1_NEED_MORE;
	}
	UNREACHABLE();
}

uint64_t h1_body_unseen(const struct h1_body *b)
{
	switch ((enum h1_framing)b->framing) {
	case H1_BODY_NONE:
		return 0;
	case H1_BODY_LENGTH:
		return b->remaining;
	case H1_BODY_CHUNKED:
		return b->state == DATA ? b->remaining : 0;
	case H1_BODY_CLOSE:
	case H1_BODY_TUNNEL:
		return UINT64_MAX;
	}
	UNREACHABLE();
}

void h1_body_pass(struct h1_body *b, uint64_t n)
{
	if (b->framing != H1_BODY_LENGTH && b->framing != H1_BODY_CHUNKED)
		return;
	ASSERT(n <= h1_body_unseen(b));
	b->remaining -= n;
	if (b->remaining > 0)
		return;
	if (b->framing == H1_BODY_LENGTH)
		b->is_done = true;
	else
		b->state = DATA_CR;
}

bool h1_body_end(struct h1_body *b)
{
	if (b->framing == H1_BODY_CLOSE || b->framing == H1_BODY_TUNNEL)
		b->is_done = true;
	return b->is_done;
}
