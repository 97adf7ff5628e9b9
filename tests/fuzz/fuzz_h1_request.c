/* fuzz_h1_request.c - request heads: the parser, the rules, the edits; and that what is forwarded
 * is read again as what was received. The first byte chooses where the input is cut in two. */
#include <stdint.h>
#include <stdlib.h>

#include "http/h1_body.h"
#include "http/h1_strict.h"
#include "http/headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEADROOM   512
#define MAX_FIELDS 101

static struct h1_field fields[MAX_FIELDS], fields2[MAX_FIELDS];

static void check_head(const struct h1_head *h, size_t len)
{
	ASSERT(h->len <= len && h->len >= 4);
	ASSERT(memcmp(h->base + h->len - 4, "\r\n\r\n", 4) == 0);
	ASSERT(h->target + h->target_len < h->len);
	for (unsigned i = 0; i < h->n_fields; i++) {
		const struct h1_field *f = &h->fields[i];

		ASSERT(f->name_len > 0 && f->name + f->name_len < h->len);
		ASSERT(f->value + f->value_len < h->len && f->value > f->name);
		ASSERT(!f->value_len || !memchr(h->base + f->value, '\r', f->value_len));
		ASSERT(!f->value_len || !memchr(h->base + f->value, '\n', f->value_len));
		ASSERT(!f->value_len || !memchr(h->base + f->value, '\0', f->value_len));
	}
}

/* The scan may only be more patient or more strict than the parser in one go, never disagree. */
static void check_scan(const char *p, size_t len, size_t cut, enum h1_result parsed,
		       const struct h1_head *h)
{
	struct h1_scan s = { 0 };
	enum h1_result r = h1_scan(&s, p, cut, true);

	if (r == H1_NEED_MORE)
		r = h1_scan(&s, p, len, true);
	if (parsed == H1_DONE && s.start == 0)
		ASSERT(r == H1_DONE && s.end == h->len);
	if (parsed == H1_NEED_MORE && s.start == 0)
		ASSERT(r != H1_DONE); /* it would wait for ever */
}

static void check_edits(const struct h1_head *h)
{
	static struct headers e;
	struct h1_head again = { .fields = fields2, .max_fields = MAX_FIELDS };
	char *mem = malloc(HEADROOM + h->len), *start;
	struct h1_body a, b;

	headers_init(&e);
	headers_remove_hop_by_hop(&e, h, false, STR("X-Forwarded-For"));
	headers_append(&e, h, STR("X-Forwarded-For: 192.0.2.1\r\n"));
	if (!e.is_full && h->n_fields < MAX_FIELDS) {
		memcpy(mem + HEADROOM, h->base, h->len);
		start = headers_apply(&e, mem + HEADROOM, h->len);
		size_t len = (size_t)(mem + HEADROOM + h->len - start);
		ASSERT((int64_t)len == (int64_t)h->len + e.growth);
		ASSERT(h1_parse_request(&again, start, len) == H1_DONE && again.len == len);
		ASSERT(h1_check_request(&again) == H1_OK);
		ASSERT(again.method == h->method && str_eq(h1_target(&again), h1_target(h)));
		ASSERT(!h1_find_field(&again, H1F_CONNECTION));
		h1_body_init_request(&a, h);
		h1_body_init_request(&b, &again);
		ASSERT(a.framing == b.framing && a.remaining == b.remaining);
	}
	free(mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct h1_head h = { .fields = fields, .max_fields = MAX_FIELDS };
	enum h1_result r;
	char *copy;

	if (size < 1)
		return 0;
	size--;
	copy = malloc(size ? size : 1); /* exact, so that ASan sees one byte too far */
	memcpy(copy, data + 1, size);
	r = h1_parse_request(&h, copy, size);
	if (r == H1_DONE) {
		check_head(&h, size);
		if (h1_check_request(&h) != H1_OK)
			r = H1_BAD;
	}
	check_scan(copy, size, size * data[0] / 256, r, &h);
	if (r == H1_DONE)
		check_edits(&h);
	free(copy);
	return 0;
}
