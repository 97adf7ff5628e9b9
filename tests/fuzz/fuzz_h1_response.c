/* fuzz_h1_response.c - response heads and what follows them. The first byte chooses the request. */
#include <stdint.h>
#include <stdlib.h>

#include "http/h1_body.h"
#include "http/h1_strict.h"
#include "http/headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEADROOM   512
#define MAX_FIELDS 101

static struct h1_field fields[MAX_FIELDS];
static struct headers edits;

static void forward(const struct h1_head *h, size_t size)
{
	char *mem = malloc(HEADROOM + h->len), *start;

	(void)size;
	headers_init(&edits);
	if (h->minor == 0)
		headers_edit(&edits, 7, 1, STR("1"));
	headers_remove_hop_by_hop(&edits, h, h->status == 101, STR(""));
	headers_append(&edits, h, STR("Connection: close\r\n"));
	if (!edits.is_full) {
		memcpy(mem + HEADROOM, h->base, h->len);
		start = headers_apply(&edits, mem + HEADROOM, h->len);
		ASSERT(start >= mem);
		ASSERT(memcmp(start, "HTTP/1.1 ", 9) == 0);
		ASSERT(memcmp(mem + HEADROOM + h->len - 4, "\r\n\r\n", 4) == 0);
	}
	free(mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct h1_head h = { .fields = fields, .max_fields = MAX_FIELDS };
	struct h1_body body;
	size_t used, rest;
	char *copy;

	if (size < 1)
		return 0;
	size--;
	copy = malloc(size ? size : 1);
	memcpy(copy, data + 1, size);
	if (h1_parse_response(&h, copy, size) == H1_DONE && h1_check_response(&h) == H1_OK) {
		ASSERT(h.status >= 100 && h.status <= 599 && h.len <= size);
		h1_body_init_response(&body, &h, data[0] % (H1_OTHER + 1));
		rest = size - h.len;
		h1_body_feed(&body, copy + h.len, rest, &used);
		ASSERT(used <= rest);
		if (data[0] % (H1_OTHER + 1) == H1_HEAD)
			ASSERT(used == 0 || h.status == 101);
		forward(&h, size);
	}
	free(copy);
	return 0;
}
