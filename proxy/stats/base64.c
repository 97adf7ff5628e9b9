/* base64.c - RFC 4648 decoding. */
#include "stats/base64.h"

#include <errno.h>

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

ssize_t base64_decode(struct str in, unsigned char *out, size_t size)
{
	unsigned bits = 0, n_bits = 0;
	size_t n = 0;

	while (in.len > 0 && in.p[in.len - 1] == '=')
		in.len--;
	if (in.len % 4 == 1)
		return -EINVAL;
	for (size_t i = 0; i < in.len; i++) {
		int d = digit(in.p[i]);

		if (d < 0)
			return -EINVAL;
		bits = (bits << 6 | (unsigned)d) & 0xffffff;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		if (n == size)
			return -ENOSPC;
		out[n++] = (unsigned char)(bits >> n_bits);
	}
	return (ssize_t)n;
}
