/* proxy_protocol.c - the PROXY protocol, versions 1 and 2. */
#include "net/proxy_protocol.h"

#include <errno.h>
#include <stdio.h>

static const char signature[12] = "\r\n\r\n\0\r\nQUIT\n";

#define V1_MAX      107 /* as the specification counts, CR LF included */
#define V2_HEAD     16
#define V2_LOCAL    0x20
#define V2_PROXY    0x21
#define V2_TCP4     0x11
#define V2_TCP6     0x21
#define V2_LEN_TCP4 12
#define V2_LEN_TCP6 36

static size_t write_v1(const struct addr *src, const struct addr *dst, char *out)
{
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	size_t n_from, n_to;
	int n;

	if (src->sa.sa_family != dst->sa.sa_family ||
	    (src->sa.sa_family != AF_INET && src->sa.sa_family != AF_INET6))
		return (size_t)sprintf(out, "PROXY UNKNOWN\r\n");
	n_from = addr_format_ip(src, from);
	n_to = addr_format_ip(dst, to);
	n = snprintf(out, PROXY_PROTOCOL_MAX, "PROXY TCP%c %.*s %.*s %u %u\r\n",
		     src->sa.sa_family == AF_INET ? '4' : '6', (int)n_from, from, (int)n_to, to,
		     addr_port(src), addr_port(dst));
	return (size_t)n;
}

static size_t write_v2(const struct addr *src, const struct addr *dst, char *out)
{
	uint16_t len = 0;

	memcpy(out, signature, sizeof(signature));
	out[12] = V2_PROXY;
	out[13] = 0; /* UNSPEC */
	if (src->sa.sa_family == AF_INET && dst->sa.sa_family == AF_INET) {
		out[13] = V2_TCP4;
		len = V2_LEN_TCP4;
		memcpy(out + 16, &src->in.sin_addr, 4);
		memcpy(out + 20, &dst->in.sin_addr, 4);
		memcpy(out + 24, &src->in.sin_port, 2);
		memcpy(out + 26, &dst->in.sin_port, 2);
	} else if (src->sa.sa_family == AF_INET6 && dst->sa.sa_family == AF_INET6) {
		out[13] = V2_TCP6;
		len = V2_LEN_TCP6;
		memcpy(out + 16, &src->in6.sin6_addr, 16);
		memcpy(out + 32, &dst->in6.sin6_addr, 16);
		memcpy(out + 48, &src->in6.sin6_port, 2);
		memcpy(out + 50, &dst->in6.sin6_port, 2);
	}
	out[14] = (char)(len >> 8);
	out[15] = (char)len;
	return V2_HEAD + len;
}

size_t proxy_protocol_write(int version, const struct addr *src, const struct addr *dst,
			    char out[PROXY_PROTOCOL_MAX])
{
	return version == 1 ? write_v1(src, dst, out) : write_v2(src, dst, out);
}

static bool next_word(struct str *rest, struct str *word)
{
	const char *sp = rest->len ? memchr(rest->p, ' ', rest->len) : NULL;
	size_t n = sp ? (size_t)(sp - rest->p) : rest->len;

	*word = (struct str){ rest->p, n };
	n += sp ? 1 : 0;
	rest->p += n;
	rest->len -= n;
	return word->len > 0;
}

static ssize_t read_v1(const char *p, size_t len, struct addr *src, struct addr *dst)
{
	const char *lf = memchr(p, '\n', len < V1_MAX ? len : V1_MAX);
	struct str rest, protocol, from, to, sport, dport;
	struct addr a, b;
	int64_t port, port2;

	if (!lf)
		return len >= V1_MAX ? -EINVAL : 0;
	if (lf - p < 7 || lf[-1] != '\r')
		return -EINVAL;
	rest = (struct str){ p + 6, (size_t)(lf - 1 - (p + 6)) };
	if (!next_word(&rest, &protocol))
		return -EINVAL;
	if (str_eq(protocol, STR("UNKNOWN"))) {
		src->len = 0;
		return lf + 1 - p;
	}
	if (!next_word(&rest, &from) || !next_word(&rest, &to) || !next_word(&rest, &sport) ||
	    !next_word(&rest, &dport) || rest.len || addr_parse_ip(from, &a) != 0 ||
	    addr_parse_ip(to, &b) != 0 || str_parse_int(sport, 0, 65535, &port) != 0 ||
	    str_parse_int(dport, 0, 65535, &port2) != 0 || a.sa.sa_family != b.sa.sa_family ||
	    !str_eq(protocol, a.sa.sa_family == AF_INET ? STR("TCP4") : STR("TCP6")))
		return -EINVAL;
	addr_set_port(&a, (uint16_t)port);
	addr_set_port(&b, (uint16_t)port2);
	*src = a;
	*dst = b;
	return lf + 1 - p;
}

static ssize_t read_v2(const char *p, size_t len, struct addr *src, struct addr *dst)
{
	size_t n;

	if (len < V2_HEAD)
		return 0;
	n = (size_t)(uint8_t)p[14] << 8 | (uint8_t)p[15];
	if (n > PROXY_PROTOCOL_MAX - V2_HEAD)
		return -EINVAL;
	if (len < V2_HEAD + n)
		return 0;
	if (p[12] != V2_LOCAL && p[12] != V2_PROXY)
		return -EINVAL;
	if ((p[13] == V2_TCP4 && n < V2_LEN_TCP4) || (p[13] == V2_TCP6 && n < V2_LEN_TCP6))
		return -EINVAL;
	src->len = 0; /* LOCAL, datagrams, Unix, unspecified: nothing for us */
	if (p[12] == V2_PROXY && p[13] == V2_TCP4) {
		src->in = (struct sockaddr_in){ .sin_family = AF_INET };
		memcpy(&src->in.sin_addr, p + 16, 4);
		memcpy(&src->in.sin_port, p + 24, 2);
		src->len = dst->len = sizeof(src->in);
		dst->in = (struct sockaddr_in){ .sin_family = AF_INET };
		memcpy(&dst->in.sin_addr, p + 20, 4);
		memcpy(&dst->in.sin_port, p + 26, 2);
	} else if (p[12] == V2_PROXY && p[13] == V2_TCP6) {
		src->in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
		memcpy(&src->in6.sin6_addr, p + 16, 16);
		memcpy(&src->in6.sin6_port, p + 48, 2);
		src->len = dst->len = sizeof(src->in6);
		dst->in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
		memcpy(&dst->in6.sin6_addr, p + 32, 16);
		memcpy(&dst->in6.sin6_port, p + 50, 2);
	}
	return (ssize_t)(V2_HEAD + n);
}

ssize_t proxy_protocol_read(const char *p, size_t len, struct addr *src, struct addr *dst)
{
	size_t n = len < sizeof(signature) ? len : sizeof(signature);

	if (memcmp(p, signature, n) == 0)
		return n < sizeof(signature) ? 0 : read_v2(p, len, src, dst);
	n = len < 6 ? len : 6;
	if (memcmp(p, "PROXY ", n) == 0)
		return n < 6 ? 0 : read_v1(p, len, src, dst);
	return -EINVAL;
}
