/* h1_chars.h - classes of bytes in HTTP/1 messages (RFC 9110 section 5, RFC 9112, RFC 3986). */
#ifndef PROXY_H1_CHARS_H
#define PROXY_H1_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

#endif
