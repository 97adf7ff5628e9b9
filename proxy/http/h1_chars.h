/* h1_chars.h - classes of bytes in HTTP/1 messages (RFC 9110 section 5, RFC 9112, RFC 3986). */
#ifndef PROXY_H1_CHARS_H
#define PROXY_H1_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	H1C_TOKEN = 1,  /* tchar: methods, field names */
	H1C_TARGET = 2, /* visible ASCII without '#': request targets */
	H1C_TEXT = 4,   /* field values: no control byte but tab; obs-text is let through */
	H1C_HEX = 8,
	H1C_HOST = 16, /* uri-host that is a name or IPv4: no brackets, no colon */
};

extern const uint8_t h1_chars[256];

static inline bool h1_all(const char *p, size_t len, uint8_t class)
{
	uint8_t all = class;

	for (size_t i = 0; i < len; i++)
		all &= h1_chars[(uint8_t)p[i]];
	return all != 0;
}

static inline uint64_t h1_load64(const char *p)
{
	uint64_t x;

	memcpy(&x, p, 8);
	return x;
}

/* Is it this word but for its case? word: bytes of H1C_TEXT; lower: letters and '-', 24 at most;
 * both of len bytes. Setting bit 5 of a byte of text makes no other byte out of it than its lower
 * case ('-' has the bit set). */
static inline bool h1_is_word(const char *word, const char *lower, size_t len)
{
	const uint64_t bits = UINT64_C(0x2020202020202020);

	if (len >= 8)
		return ((h1_load64(word) | bits) == h1_load64(lower)) &&
		       ((h1_load64(word + len - 8) | bits) == h1_load64(lower + len - 8)) &&
		       (len <= 16 || (h1_load64(word + 8) | bits) == h1_load64(lower + 8));
	for (size_t i = 0; i < len; i++) {
		if ((word[i] | 0x20) != lower[i])
			return false;
	}
	return true;
}

#endif
