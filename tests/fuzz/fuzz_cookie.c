/* fuzz_cookie.c - Cookie and Set-Cookie fields: after the edits the head is a head still, with
 * nothing in it that the edits did not mean, and a client that was given a cookie is known by it.
 * The first two bytes choose mode, options and direction. */
#include "http/cookie.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/h1_strict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW        1700000000
#define HEADROOM   4096
#define MAX_FIELDS 101

static struct h1_field fields[MAX_FIELDS], fields2[MAX_FIELDS];

/* c1, c2: up; c3: down; c4: down, but `option persist`. */
static enum cookie_match lookup(void *arg, struct str value)
{
	static const enum cookie_match of[] = { COOKIE_SERVER_UP, COOKIE_SERVER_UP,
						COOKIE_SERVER_DOWN, COOKIE_SERVER_DOWN_USED };

	(void)arg;
	if (value.len != 2 || value.p[0] != 'c' || value.p[1] < '1' || value.p[1] > '4')
		return COOKIE_NO_SERVER;
	return of[value.p[1] - '1'];
}

static struct cfg_cookie cookie(uint8_t mode, uint8_t opts)
{
	static const enum cfg_cookie_mode modes[] = { CFG_COOKIE_INSERT, CFG_COOKIE_REWRITE,
						      CFG_COOKIE_PREFIX, CFG_COOKIE_PASSIVE };

	return (struct cfg_cookie){ .name = STR("SRV"),
				    .mode = modes[mode % 4],
				    .indirect = opts & 1,
				    .nocache = opts & 2,
				    .postonly = opts & 4,
				    .preserve = opts & 8,
				    .maxidle_s = opts & 16 ? 30 : 0,
				    .maxlife_s = opts & 32 ? 60 : 0,
				    .tail = opts & 64 ? STR("; domain=.a.b; Secure") : STR("") };
}

/* The edited head, in memory to be freed through *mem. */
static char *apply(struct headers *e, const struct h1_head *h, char **mem, size_t *len)
{
	char *start;

	*mem = malloc(HEADROOM + h->len);
	memcpy(*mem + HEADROOM, h->base, h->len);
	headers_sort(e);
	ASSERT(e->growth <= HEADROOM);
	start = headers_apply(e, *mem + HEADROOM, h->len);
	*len = (size_t)(*mem + HEADROOM + h->len - start);
	ASSERT((int64_t)*len == (int64_t)h->len + e->growth);
	return start;
}

static void try_request(const struct cfg_cookie *ck, const char *p, size_t size)
{
	struct h1_head h = { .fields = fields, .max_fields = MAX_FIELDS },
		       again = { .fields = fields2, .max_fields = MAX_FIELDS };
	struct cookie_state st = { 0 };
	struct headers e;
	char *mem, *start;
	size_t len;

	if (h1_parse_request(&h, p, size) != H1_DONE || h1_check_request(&h) != H1_OK)
		return;
	headers_init(&e);
	cookie_read_request(ck, &h, NOW, lookup, NULL, &st, &e);
	ASSERT(strchr("NIDVEOU", st.client) && st.client != '\0');
	if (e.is_full)
		return;
	start = apply(&e, &h, &mem, &len);
	ASSERT(h1_parse_request(&again, start, len) == H1_DONE && again.len == len);
	ASSERT(h1_check_request(&again) == H1_OK);
	ASSERT(again.n_fields <= h.n_fields);
	free(mem);
}

static void try_response(const struct cfg_cookie *ck, const char *p, size_t size, uint8_t choice)
{
	struct h1_head h = { .fields = fields, .max_fields = MAX_FIELDS },
		       again = { .fields = fields2, .max_fields = MAX_FIELDS };
	struct cookie_state st = { .client = 'V',
				   .is_direct = choice & 1,
				   .last_s = choice & 2 ? NOW - 8 : 0,
				   .first_s = choice & 4 ? NOW - 40 : 0 };
	char lines[COOKIE_MAX_LINES], *mem, *start;
	struct headers e;
	size_t len, n;

	if (h1_parse_response(&h, p, size) != H1_DONE || h1_check_response(&h) != H1_OK)
		return;
	headers_init(&e);
	n = cookie_edit_response(ck, &h, choice & 8 ? H1_POST : H1_GET, NOW,
				 choice & 16 ? STR("") : STR("c1"), &st, &e, lines);
	ASSERT(n <= sizeof(lines) && strchr("NPDIRU", st.server) && st.server != '\0');
	headers_append(&e, &h, (struct str){ lines, n });
	if (e.is_full)
		return;
	start = apply(&e, &h, &mem, &len);
	if (h.n_fields + 3 < MAX_FIELDS) {
		ASSERT(h1_parse_response(&again, start, len) == H1_DONE && again.len == len);
		ASSERT(h1_check_response(&again) == H1_OK);
		ASSERT(again.status == h.status && again.n_fields <= h.n_fields + 2);
	}
	free(mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfg_cookie ck;
	char *copy;

	if (size < 3)
		return 0;
	ck = cookie(data[0] >> 6, data[1]);
	size -= 2;
	copy = malloc(size);
	memcpy(copy, data + 2, size);
	if (data[0] & 32)
		try_response(&ck, copy, size, data[0]);
	else
		try_request(&ck, copy, size);
	free(copy);
	return 0;
}
