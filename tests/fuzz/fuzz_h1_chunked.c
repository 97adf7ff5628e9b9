/* fuzz_h1_chunked.c - chunked bodies: whole and cut in two must agree, and what is accepted must be
 * what a plain reading of RFC 9112 section 7.1 accepts. The first byte chooses the cut. */
#include <stdint.h>
#include <stdlib.h>

#include "http/h1_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A second reading, by hand: the length of the body if p begins with a complete one whose sizes are
 * plain, else 0. */
static size_t reference(const char *p, size_t len)
{
	size_t i = 0;

	for (;;) {
		size_t n = 0, digits = 0;

		for (; i < len && digits < 8; i++, digits++) {
			char c = p[i];

			if (c >= '0' && c <= '9')
				n = n * 16 + (size_t)(c - '0');
			else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
				n = n * 16 + (size_t)((c | 0x20) - 'a' + 10);
			else
				break;
		}
		if (!digits || i + 2 > len || p[i] != '\r' || p[i + 1] != '\n')
			return 0;
		i += 2;
		if (n == 0)
			return i + 2 <= len && p[i] == '\r' && p[i + 1] == '\n' ? i + 2 : 0;
		if (n > len || i + n + 2 > len || p[i + n] != '\r' || p[i + n + 1] != '\n')
			return 0;
		i += n + 2;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct h1_head h = { .is_chunked = true };
	struct h1_body whole, parts;
	size_t used, used1, used2 = 0, cut, expected;
	enum h1_result r, r2;
	const char *p = (const char *)data + 1;

	if (size < 1)
		return 0;
	size--;
	cut = size * data[0] / 256;
	h1_body_init_request(&whole, &h);
	r = h1_body_feed(&whole, p, size, &used);
	ASSERT(used <= size);
	h1_body_init_request(&parts, &h);
	r2 = h1_body_feed(&parts, p, cut, &used1);
	if (r2 == H1_NEED_MORE) {
		ASSERT(used1 == cut);
		r2 = h1_body_feed(&parts, p + cut, size - cut, &used2);
	}
	ASSERT(r == r2 && used == used1 + used2);
	expected = reference(p, size);
	if (expected)
		ASSERT(r == H1_DONE && used == expected);
	return 0;
}
