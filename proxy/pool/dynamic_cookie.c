/* dynamic_cookie.c - the cookie of a server that has none of its own: `cookie ... dynamic`. */
#include "pool/dynamic_cookie.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define XX1 UINT64_C(0x9e3779b185ebca87)
#define XX2 UINT64_C(0xc2b2ae3d27d4eb4f)
#define XX3 UINT64_C(0x165667b19e3779f9)
#define XX4 UINT64_C(0x85ebca77c2b2ae63)
#define XX5 UINT64_C(0x27d4eb2f165667c5)

static uint64_t rotate(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

static uint64_t word_at(const unsigned char *p, unsigned n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

static uint64_t xx_round(uint64_t acc, uint64_t in)
{
	return rotate(acc + in * XX2, 31) * XX1;
}

/* XXH64 with seed 0, by its specification. */
static uint64_t xxh64(const unsigned char *p, size_t len)
{
	const unsigned char *end = p + len;
	uint64_t h = XX5;

	if (len >= 32) {
		uint64_t acc[4] = { XX1 + XX2, XX2, 0, -XX1 };

		for (; end - p >= 32; p += 32)
			for (unsigned i = 0; i < 4; i++)
				acc[i] = xx_round(acc[i], word_at(p + 8 * (size_t)i, 8));
		h = rotate(acc[0], 1) + rotate(acc[1], 7) + rotate(acc[2], 12) + rotate(acc[3], 18);
		for (unsigned i = 0; i < 4; i++)
			h = (h ^ xx_round(0, acc[i])) * XX1 + XX4;
	}
	h += len;
	for (; end - p >= 8; p += 8)
		h = rotate(h ^ xx_round(0, word_at(p, 8)), 27) * XX1 + XX4;
	for (; end - p >= 4; p += 4)
		h = rotate(h ^ word_at(p, 4) * XX1, 23) * XX2 + XX3;
	for (; p < end; p++)
		h = rotate(h ^ *p * XX5, 11) * XX1;
	h = (h ^ h >> 33) * XX2;
	h = (h ^ h >> 29) * XX3;
	return h ^ h >> 32;
}

void cookie_make_dynamic(struct str key, const struct addr *a, char *out)
{
	struct strbuf b = { 0 };
	const uint32_t port = htonl(addr_port(a)); /* the same on all machines */

	strbuf_add(&b, key.p, key.len);
	if (a->sa.sa_family == AF_INET6)
		strbuf_add(&b, &a->in6.sin6_addr, sizeof(a->in6.sin6_addr));
	else
		strbuf_add(&b, &a->in.sin_addr, sizeof(a->in.sin_addr));
	strbuf_add(&b, &port, sizeof(port));
	snprintf(out, 17, "%016llx",
		 (unsigned long long)xxh64((const unsigned char *)strbuf_str(&b), b.len));
	strbuf_fini(&b);
}
