/* cfg_addr.c - addresses as HAProxy writes them: "host:port", "[v6]:port", "*:80", ":::80",
 * "/path", "unix@", "ipv4@", "ipv6@", "fd@", port ranges and offsets. */
#include "config/cfg_internal.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>

#include "config/cfg_source.h"

/* "$NAME" and "${NAME}" in an address are expanded even without quotes. Unset: empty. */
static const char *expand_env(struct cfg_parser *p, struct str s)
{
	struct strbuf b = { 0 };
	char name[256];

	for (size_t i = 0; i < s.len;) {
		if (s.p[i] != '$') {
			strbuf_addc(&b, s.p[i++]);
			continue;
		}
		const bool braced = i + 1 < s.len && s.p[i + 1] == '{';
		size_t from = i + 1 + (braced ? 1 : 0), to = from;

		while (to < s.len && (isalnum((unsigned char)s.p[to]) || s.p[to] == '_'))
			to++;
		if (to == from || to - from >= sizeof name ||
		    (braced && (to == s.len || s.p[to] != '}'))) {
			strbuf_addc(&b, s.p[i++]);
			continue;
		}
		memcpy(name, s.p + from, to - from);
		name[to - from] = '\0';
		const char *value = p->getenv(name);

		if (value)
			strbuf_adds(&b, value);
		i = to + (braced ? 1 : 0);
	}
	const char *text = arena_strdup(p->arena, strbuf_str(&b));

	strbuf_fini(&b);
	return text;
}

static bool strip(const char **z, const char *prefix)
{
	const size_t n = strlen(prefix);

	if (strncmp(*z, prefix, n) != 0)
		return false;
	*z += n;
	return true;
}

static bool parse_fd(struct cfg_parser *p, unsigned i, const char *what, const char *digits,
		     struct cfg_addr *out)
{
	int64_t fd;

	if (str_parse_int(str_from(digits), 0, 1 << 20, &fd) < 0) {
		cfg_error(p, i, "'%s': 'fd@' expects the number of an open file, got '%s'", what,
			  digits);
		return false;
	}
	out->fd = (int)fd;
	return true;
}

/* The name fills the whole address up with NULs, as HAProxy's does: so both reach each other. */
static bool parse_abstract(struct cfg_parser *p, unsigned i, const char *what, const char *name,
			   struct cfg_addr *out)
{
	const size_t n = strlen(name);
	struct addr *a = &out->addr;

	if (n == 0 || n >= sizeof(a->un.sun_path)) {
		cfg_error(p, i, "'%s': 'abns@' expects a name of 1 to %zu bytes, got '%s'", what,
			  sizeof(a->un.sun_path) - 1, name);
		return false;
	}
	memset(a, 0, sizeof *a);
	a->un.sun_family = AF_UNIX;
	memcpy(a->un.sun_path + 1, name, n);
	a->len = sizeof(a->un);
	return true;
}

/* The text behind the last colon. */
static bool parse_port(struct cfg_parser *p, unsigned i, const char *what, unsigned flags,
		       const char *port, struct cfg_addr *out)
{
	int64_t lo, hi;
	const char *dash = strchr(port + (*port == '-' ? 1 : 0), '-');
	const bool is_offset = *port == '+' || *port == '-';

	if (is_offset && (flags & ADDR_OFFSET_OK) && !dash) {
		if (str_parse_int(str_from(port + 1), 0, 65535, &lo) < 0)
			goto bad;
		out->has_offset = true;
		out->port_offset = *port == '-' ? -(int)lo : (int)lo;
		return true;
	}
	if (is_offset) {
		cfg_error(p, i, "'%s': a port offset is not permitted here: '%s'", what, out->text);
		return false;
	}
	if (dash && !(flags & ADDR_RANGE_OK)) {
		cfg_error(p, i, "'%s': a port range is not permitted here: '%s'", what, out->text);
		return false;
	}
	const struct str first = { port, dash ? (size_t)(dash - port) : strlen(port) };

	if (str_parse_int(first, 1, 65535, &lo) < 0)
		goto bad;
	hi = lo;
	if (dash && str_parse_int(str_from(dash + 1), 1, 65535, &hi) < 0)
		goto bad;
	if (hi < lo) {
		cfg_error(p, i, "'%s': the port range '%s' runs backwards: write '%u-%u'", what,
			  port, (unsigned)hi, (unsigned)lo);
		return false;
	}
	out->has_port = true;
	out->port_lo = (uint16_t)lo;
	out->port_hi = (uint16_t)hi;
	return true;
bad:
	if (*port == '\0')
		cfg_error(p, i, "'%s': the port is missing after ':' in '%s'", what, out->text);
	else
		cfg_error(p, i, "'%s' expects a port from 1 to 65535, got '%s'", what, port);
	return false;
}

static void set_any(int family, struct addr *out)
{
	memset(out, 0, sizeof *out);
	if (family == AF_INET6) {
		out->in6.sin6_family = AF_INET6;
		out->len = sizeof out->in6;
	} else {
		out->in.sin_family = AF_INET;
		out->len = sizeof out->in;
	}
}

static bool parse_host(struct cfg_parser *p, unsigned i, const char *what, unsigned flags,
		       int family, struct str host, struct cfg_addr *out)
{
	if (host.len == 0 || str_eq(host, STR("*"))) {
		if (!(flags & ADDR_EMPTY_OK)) {
			cfg_error(p, i, "'%s' expects an address, got '%s'", what, out->text);
			return false;
		}
		set_any(family, &out->addr);
		return true;
	}
	if (host.len > 2 && host.p[0] == '[' && host.p[host.len - 1] == ']') {
		host = (struct str){ host.p + 1, host.len - 2 };
		if (family == AF_UNSPEC)
			family = AF_INET6;
	}
	const char *z = arena_str(p->arena, host).p;

	if (addr_parse_ip(host, &out->addr) == 0) {
		if (family == AF_UNSPEC || out->addr.sa.sa_family == family)
			return true;
		cfg_error(p, i, "'%s': '%s' is not an %s address", what, z,
			  family == AF_INET ? "IPv4" : "IPv6");
		return false;
	}
	if (!(flags & ADDR_RESOLVE)) {
		cfg_error(p, i, "'%s' expects an IP address, got '%s'", what, z);
		return false;
	}
	out->is_name = true;
	out->name = z;
	out->family = family;
	if (flags & ADDR_LATER)
		return true;
	const int rc = cfg_source_resolve(z, family, &out->addr);

	if (rc == 0)
		return true;
	cfg_error(p, i,
		  "'%s': the host name '%s' cannot be resolved (%s): write an address, or "
		  "make the name known to DNS or /etc/hosts",
		  what, z, gai_strerror(rc));
	return false;
}

bool cfg_addr_parse(struct cfg_parser *p, unsigned i, struct str text, unsigned flags,
		    const char *what, struct cfg_addr *out)
{
	int family = AF_UNSPEC;
	const char *z = expand_env(p, text);

	*out = (struct cfg_addr){ .fd = -1, .text = z, .host = z };
	if (strip(&z, "sockpair@") || strip(&z, "quic4@") || strip(&z, "quic6@") ||
	    strip(&z, "ring@")) {
		cfg_error(p, i, "'%.*s' addresses are known to HAProxy, but not supported yet",
			  (int)(strchr(out->text, '@') - out->text + 1), out->text);
		return false;
	}
	if (!(flags & ADDR_UDP) || !strip(&z, "udp@"))
		strip(&z, "stream+");
	if (strip(&z, "fd@")) {
		if (flags & ADDR_FD_OK)
			return parse_fd(p, i, what, z, out);
		cfg_error(p, i, "'%s': an inherited socket is not permitted here: '%s'", what,
			  out->text);
		return false;
	}
	if (strip(&z, "abns@")) {
		if (flags & ADDR_UNIX_OK)
			return parse_abstract(p, i, what, z, out);
		cfg_error(p, i, "'%s' expects an IP address, got '%s'", what, out->text);
		return false;
	}
	const bool is_unix = strip(&z, "unix@");

	if (is_unix || *z == '/') {
		if (!(flags & ADDR_UNIX_OK)) {
			cfg_error(p, i, "'%s' expects an IP address, got the path '%s'", what, z);
			return false;
		}
		if (*z != '\0' && addr_from_path(str_from(z), &out->addr) == 0)
			return true;
		cfg_error(p, i, "'%s': '%s' is no path for a Unix socket (1 to 107 bytes)", what,
			  z);
		return false;
	}
	if (strip(&z, "ipv4@") || strip(&z, "tcp4@") || ((flags & ADDR_UDP) && strip(&z, "udp4@")))
		family = AF_INET;
	else if (strip(&z, "ipv6@") || strip(&z, "tcp6@") ||
		 ((flags & ADDR_UDP) && strip(&z, "udp6@")))
		family = AF_INET6;
	else
		strip(&z, "tcp@");

	const char *colon = strrchr(z, ':'), *bracket = strrchr(z, ']');

	if (bracket && (!colon || colon < bracket))
		colon = NULL;
	const struct str host = { z, colon ? (size_t)(colon - z) : strlen(z) };

	if (!colon && (flags & ADDR_PORT_NEEDED)) {
		cfg_error(p, i, "'%s': the port is missing in '%s': write '%s:PORT'", what,
			  out->text, out->text);
		return false;
	}
	if (colon && !(flags & ADDR_PORT_OK)) {
		/* no port here: "::1" is an address as a whole */
		colon = NULL;
		if (!parse_host(p, i, what, flags, family, str_from(z), out))
			return false;
		return true;
	}
	out->host = arena_str(p->arena,
			      (struct str){ out->text, (size_t)(host.p + host.len - out->text) })
			    .p;
	if (!parse_host(p, i, what, flags, family, host, out))
		return false;
	if (colon && !parse_port(p, i, what, flags, colon + 1, out))
		return false;
	if (out->has_port)
		addr_set_port(&out->addr, out->port_lo);
	return true;
}
