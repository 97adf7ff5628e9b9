/* fuzz_proxy_protocol.c - PROXY headers: cut anywhere, a header needs more bytes and never means
 * something else; what is accepted and written again means the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/proxy_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of just that length, so that a read behind it is seen. */
static ssize_t read_exact(const uint8_t *data, size_t size, struct addr *src, struct addr *dst)
{
	char *copy = malloc(size ? size : 1);
	ssize_t r;

	memcpy(copy, data, size);
	r = proxy_protocol_read(copy, size, src, dst);
	free(copy);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr src = { .len = 0 }, dst = { .len = 0 }, src2 = { .len = 0 },
		    dst2 = { .len = 0 };
	ssize_t n = read_exact(data, size, &src, &dst);
	char again[PROXY_PROTOCOL_MAX];

	if (n <= 0)
		return 0;
	if ((size_t)n > size || n > PROXY_PROTOCOL_MAX || src.len != dst.len)
		abort();
	for (size_t cut = 0; cut < (size_t)n; cut++)
		if (read_exact(data, cut, &src2, &dst2) != 0)
			abort();
	if (src.len == 0)
		return 0;
	for (int version = 1; version <= 2; version++) {
		size_t len = proxy_protocol_write(version, &src, &dst, again);

		if (proxy_protocol_read(again, len, &src2, &dst2) != (ssize_t)len ||
		    !addr_eq(&src, &src2) || !addr_eq(&dst, &dst2))
			abort();
	}
	return 0;
}
