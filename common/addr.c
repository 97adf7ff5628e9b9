/* addr.c - socket addresses of any family we use. */
#include <tandem/addr.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

int addr_parse_ip(struct str s, struct addr *out)
{
	char text[INET6_ADDRSTRLEN];
	struct addr a = { 0 };

	if (s.len == 0 || s.len >= sizeof(text) || memchr(s.p, '\0', s.len))
		return -EINVAL;
	memcpy(text, s.p, s.len);
	text[s.len] = '\0';
	if (inet_pton(AF_INET, text, &a.in.sin_addr) == 1) {
		a.in.sin_family = AF_INET;
		a.len = sizeof(a.in);
	} else if (inet_pton(AF_INET6, text, &a.in6.sin6_addr) == 1) {
		a.in6.sin6_family = AF_INET6;
		a.len = sizeof(a.in6);
	} else {
		return -EINVAL;
	}
	*out = a;
	return 0;
}

int addr_from_path(struct str path, struct addr *out)
{
	struct addr a = { 0 };

	if (path.len == 0 || path.len >= sizeof(a.un.sun_path))
		return -ENAMETOOLONG;
	a.un.sun_family = AF_UNIX;
	memcpy(a.un.sun_path, path.p, path.len);
	a.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len + 1);
	*out = a;
	return 0;
}

uint16_t addr_port(const struct addr *a)
{
	if (a->len && a->sa.sa_family == AF_INET)
		return ntohs(a->in.sin_port);
	if (a->len && a->sa.sa_family == AF_INET6)
		return ntohs(a->in6.sin6_port);
	return 0;
}

void addr_set_port(struct addr *a, uint16_t port)
{
	if (a->len && a->sa.sa_family == AF_INET)
		a->in.sin_port = htons(port);
	else if (a->len && a->sa.sa_family == AF_INET6)
		a->in6.sin6_port = htons(port);
}

/* The path's length in a Unix address; 0: unnamed. An abstract name begins with NUL. */
static size_t path_len(const struct addr *a)
{
	size_t n = a->len;

	if (n <= offsetof(struct sockaddr_un, sun_path))
		return 0;
	n -= offsetof(struct sockaddr_un, sun_path);
	return a->un.sun_path[0] ? strnlen(a->un.sun_path, n) : n;
}

bool addr_eq(const struct addr *a, const struct addr *b)
{
	if (a->len == 0 || b->len == 0)
		return a->len == b->len;
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_port == b->in.sin_port &&
		       a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	if (a->sa.sa_family == AF_INET6)
		return a->in6.sin6_port == b->in6.sin6_port &&
		       a->in6.sin6_scope_id == b->in6.sin6_scope_id &&
		       IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr, &b->in6.sin6_addr);
	return path_len(a) == path_len(b) &&
	       memcmp(a->un.sun_path, b->un.sun_path, path_len(a)) == 0;
}

bool addr_is_any(const struct addr *a)
{
	if (a->len && a->sa.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == htonl(INADDR_ANY);
	if (a->len && a->sa.sa_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
	return false;
}

bool addr_is_loopback(const struct addr *a)
{
	const struct in6_addr *v6 = &a->in6.sin6_addr;

	if (a->len && a->sa.sa_family == AF_INET)
		return ntohl(a->in.sin_addr.s_addr) >> 24 == 127;
	if (a->len && a->sa.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(v6) ||
		       (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127);
	return false;
}

/* Decimal, without printf. Returns the end. */
static char *put_decimal(char *p, unsigned v)
{
	char digits[10];
	unsigned n = 0;

	do
		digits[n++] = (char)('0' + v % 10);
	while ((v /= 10) > 0);
	while (n > 0)
		*p++ = digits[--n];
	return p;
}

size_t addr_format_ip(const struct addr *a, char out[INET6_ADDRSTRLEN])
{
	char *p = out;

	out[0] = '\0';
	if (a->len == 0)
		return 0;
	if (a->sa.sa_family == AF_INET) {
		const uint8_t *b = (const uint8_t *)&a->in.sin_addr;

		for (unsigned i = 0; i < 4; i++) {
			if (i > 0)
				*p++ = '.';
			p = put_decimal(p, b[i]);
		}
		*p = '\0';
		return (size_t)(p - out);
	}
	if (a->sa.sa_family == AF_INET6) {
		if (!inet_ntop(AF_INET6, &a->in6.sin6_addr, out, INET6_ADDRSTRLEN))
			return 0;
		return strlen(out);
	}
	memcpy(out, "unix", sizeof("unix"));
	return sizeof("unix") - 1;
}

const char *addr_format(const struct addr *a, bool with_port, char out[ADDR_TEXT_LEN])
{
	bool is_v6 = a->len && a->sa.sa_family == AF_INET6;
	char *p = out;

	if (a->len && a->sa.sa_family == AF_UNIX) {
		size_t n = path_len(a);

		p = mempcpy(p, "unix:", 5);
		p = mempcpy(p, a->un.sun_path, n);
		*p = '\0';
		if (n > 0 && out[5] == '\0')
			out[5] = '@'; /* abstract */
		return out;
	}
	if (is_v6 && with_port)
		*p++ = '[';
	p += addr_format_ip(a, p);
	if (a->len && with_port) {
		if (is_v6)
			*p++ = ']';
		*p++ = ':';
		p = put_decimal(p, addr_port(a));
	}
	*p = '\0';
	return out;
}
