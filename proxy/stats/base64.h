/* base64.h - RFC 4648 decoding, for basic authentication. Pure. */
#ifndef PROXY_BASE64_H
#define PROXY_BASE64_H

#include <sys/types.h>
#include <tandem/str.h>

/* Decode all of in (padding optional). Bytes written, or -EINVAL, or -ENOSPC. */
NODISCARD ssize_t base64_decode(struct str in, unsigned char *out, size_t size);

#endif
