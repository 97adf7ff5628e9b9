/* forwarded.c - the lines that tell the server about the client. */
#include "http/forwarded.h"

#include <stdio.h>

#include "config/cfg_model.h"
#include "http/h1_parse.h"

static bool is_same_net(const struct addr *a, const struct addr *net, unsigned bits)
{
	const uint8_t *x, *y;

	if (net->len == 0 || a->sa.sa_family != net->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET) {
		x = (const uint8_t *)&a->in.sin_addr;
		y = (const uint8_t *)&net->in.sin_addr;
	} else if (a->sa.sa_family == AF_INET6) {
		x = (const uint8_t *)&a->in6.sin6_addr;
		y = (const uint8_t *)&net->in6.sin6_addr;
	} else {
		return false;
	}
	return memcmp(x, y, bits / 8) == 0 &&
	       (bits % 8 == 0 || (x[bits / 8] ^ y[bits / 8]) >> (8 - bits % 8) == 0);
}

static bool has_field(const struct h1_head *h, struct str name)
{
	for (unsigned i = 0; i < h->n_fields; i++) {
		if (str_eq_nocase(h1_field_name(h, &h->fields[i]), name))
			return true;
	}
	return false;
}

static bool is_ip(const struct addr *a)
{
	return a && (a->sa.sa_family == AF_INET || a->sa.sa_family == AF_INET6);
}

static const struct cfg_proxy *who_forwards_for(const struct cfg_proxy *fe,
						const struct cfg_proxy *be)
{
	return fe->forwardfor ? fe : be->forwardfor ? be : NULL;
}

struct str forwarded_for_name(const struct cfg_proxy *fe, const struct cfg_proxy *be)
{
	const struct cfg_proxy *px = who_forwards_for(fe, be);

	return px ? px->forwardfor_header : (struct str){ 0 };
}

bool forwarded_needs_local(const struct cfg_proxy *fe, const struct cfg_proxy *be)
{
	return fe->originalto.enabled || be->originalto.enabled ||
	       (be->forwarded & CFG_FWD_BY) != 0;
}

/* "Name: 192.0.2.1\r\n" */
static char *add_ip(struct str name, const struct addr *a, char *out, const char *end)
{
	if ((size_t)(end - out) < name.len + INET6_ADDRSTRLEN + 4)
		return out;
	memcpy(out, name.p, name.len);
	out += name.len;
	memcpy(out, ": ", 2);
	out += 2;
	out += addr_format_ip(a, out);
	memcpy(out, "\r\n", 2);
	return out + 2;
}

/* A node of RFC 7239 section 6: quoted unless it is a plain IPv4 address. */
static void add_node(struct strbuf *b, const char *name, const struct addr *a, bool with_port)
{
	char ip[INET6_ADDRSTRLEN];
	const bool is_v6 = is_ip(a) && a->sa.sa_family == AF_INET6;

	strbuf_addf(b, "%s%s=", b->len ? ";" : "", name);
	if (!is_ip(a)) {
		strbuf_adds(b, "unknown");
		return;
	}
	addr_format_ip(a, ip);
	if (is_v6)
		strbuf_addf(b, "\"[%s]", ip);
	else
		strbuf_addf(b, "%s%s", with_port ? "\"" : "", ip);
	if (with_port)
		strbuf_addf(b, ":%u", addr_port(a));
	if (is_v6 || with_port)
		strbuf_addc(b, '"');
}

static char *add_forwarded(const struct forwarded *f, unsigned fields, char *out, const char *end)
{
	const struct h1_field *host =
		fields & CFG_FWD_HOST ? h1_find_field(f->head, H1F_HOST) : NULL;
	struct strbuf b = { 0 };
	int n = 0;

	if (fields & CFG_FWD_PROTO)
		strbuf_adds(&b, "proto=http");
	if (host) {
		const struct str name = h1_field_value(f->head, host);

		strbuf_addf(&b, "%shost=\"%.*s\"", b.len ? ";" : "", (int)name.len, name.p);
	}
	if (fields & CFG_FWD_BY)
		add_node(&b, "by", f->local, (fields & CFG_FWD_BY_PORT) != 0);
	if (fields & CFG_FWD_FOR)
		add_node(&b, "for", f->client, (fields & CFG_FWD_FOR_PORT) != 0);
	if (b.len > 0 && !b.failed)
		n = snprintf(out, (size_t)(end - out), "Forwarded: %s\r\n", strbuf_str(&b));
	strbuf_fini(&b);
	return n > 0 && n < end - out ? out + n : out;
}

char *forwarded_add(const struct forwarded *f, const struct cfg_proxy *fe,
		    const struct cfg_proxy *be, char *out, char *end)
{
	const struct cfg_proxy *fwd = who_forwards_for(fe, be);
	const struct cfg_originalto *to =
		fe->originalto.enabled ? &fe->originalto : &be->originalto;

	if (fwd && is_ip(f->client) &&
	    !(fwd->forwardfor_ifnone && has_field(f->head, fwd->forwardfor_header)) &&
	    !is_same_net(f->client, &fwd->forwardfor_except, fwd->forwardfor_except_bits))
		out = add_ip(fwd->forwardfor_header, f->client, out, end);
	if (to->enabled && is_ip(f->local) && !is_same_net(f->local, &to->except, to->except_bits))
		out = add_ip(to->header, f->local, out, end);
	if (UNLIKELY(be->forwarded != 0))
		out = add_forwarded(f, be->forwarded, out, end);
	return out;
}
