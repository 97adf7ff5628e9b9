/* lb_hash.c - the hash functions of `hash-type`: well-known ones, with HAProxy's parameters, so
 * that the same key goes to the same server (verified against 2.6, see test_lb_key.c). */
#include "lb/lb_hash.h"

#include <arpa/inet.h>

static uint32_t sdbm(struct str s)
{
	uint32_t h = 0;

	for (size_t i = 0; i < s.len; i++)
		h = h * 65599 + (unsigned char)s.p[i];
	return h;
}

static uint32_t djb2(struct str s)
{
	uint32_t h = 5381;

	for (size_t i = 0; i < s.len; i++)
		h = h * 33 + (unsigned char)s.p[i];
	return h;
}

static uint32_t rotate(uint32_t v, unsigned n)
{
	return n == 0 ? v : v << n | v >> (32 - n);
}

/* Two halves that are crossed at each byte, rotated by what they are themselves. */
static uint32_t wt6(struct str s)
{
	uint32_t a = 0xa53c965a, b = 0x5ca6953a;
	unsigned turn_a = 6, turn_b = 18;

	for (size_t i = 0; i < s.len; i++) {
		const unsigned char c = (unsigned char)s.p[i];
		const uint32_t x = ~(a ^ c), y = ~(b + c);

		a = rotate(y, turn_a);
		b = rotate(x, turn_b);
		turn_a = (a >> 16 ^ b) & 31;
		turn_b = ((a >> 16 ^ b) & 0xffff) >> 11;
	}
	return a ^ b;
}

/* IEEE 802.3, a nibble at a time. */
static uint32_t crc32(struct str s)
{
	static const uint32_t nibbles[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	uint32_t h = ~UINT32_C(0);

	for (size_t i = 0; i < s.len; i++) {
		h ^= (unsigned char)s.p[i];
		h = h >> 4 ^ nibbles[h & 15];
		h = h >> 4 ^ nibbles[h & 15];
	}
	return ~h;
}

/* Bob Jenkins' integer mix with 6 shifts (public domain), and a large odd factor behind it. */
uint32_t lb_hash_avalanche(uint32_t h)
{
	h = h + 0x7ed55d16 + (h << 12);
	h = h ^ 0xc761c23c ^ (h >> 19);
	h = h + 0x165667b1 + (h << 5);
	h = (h + 0xd3a2646c) ^ (h << 9);
	h = h + 0xfd7046c5 + (h << 3);
	h = h ^ 0xb55a4f09 ^ (h >> 16);
	return h * UINT32_C(3221225473);
}

uint32_t lb_hash_bytes(const struct cfg_lb *lb, struct str s)
{
	uint32_t h = 0;

	switch (lb->hash_fn) {
	case CFG_HASH_SDBM:
		h = sdbm(s);
		break;
	case CFG_HASH_DJB2:
		h = djb2(s);
		break;
	case CFG_HASH_WT6:
		h = wt6(s);
		break;
	case CFG_HASH_CRC32:
		h = crc32(s);
		break;
	}
	return lb->avalanche ? lb_hash_avalanche(h) : h;
}

bool lb_hash_addr(const struct addr *a, uint32_t *out)
{
	uint32_t words[4];

	if (a == NULL || a->len == 0)
		return false;
	if (a->sa.sa_family == AF_INET) {
		*out = ntohl(a->in.sin_addr.s_addr);
		return true;
	}
	if (a->sa.sa_family != AF_INET6)
		return false;
	memcpy(words, &a->in6.sin6_addr, sizeof(words));
	*out = ntohl(words[0] ^ words[1] ^ words[2] ^ words[3]);
	return true;
}
