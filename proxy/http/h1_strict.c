/* h1_strict.c - refuses heads that somebody behind the proxy could read differently. */
#include "http/h1_strict.h"

#include <strings.h>

#include "http/h1_chars.h"

const char *h1_fault_text(enum h1_fault f)
{
	static const char *const texts[] = {
		[H1_OK] = "none",
		[H1_FAULT_TARGET] = "invalid request target",
		[H1_FAULT_START_LINE] = "malformed start line",
		[H1_FAULT_LENGTH] = "malformed Content-Length",
		[H1_FAULT_LENGTH_TWICE] = "repeated Content-Length",
		[H1_FAULT_CODING] = "unsupported Transfer-Encoding",
		[H1_FAULT_TWO_FRAMINGS] = "both Content-Length and Transfer-Encoding",
		[H1_FAULT_CODING_IN_1_0] = "Transfer-Encoding in HTTP/1.0",
		[H1_FAULT_BODY_IN_1_0] = "body of a GET, HEAD or DELETE in HTTP/1.0",
		[H1_FAULT_HOST] = "malformed Host",
		[H1_FAULT_HOST_MISSING] = "missing Host",
		[H1_FAULT_HOST_TWICE] = "repeated Host",
		[H1_FAULT_HOST_MISMATCH] = "Host differs from the request target",
		[H1_FAULT_STATUS] = "invalid status code",
	};

	return texts[f];
}

static bool parse_length(struct str v, uint64_t *out)
{
	uint64_t n = 0;

	/* 18 digits cannot overflow; nobody has longer bodies */
	if (v.len == 0 || v.len > 18)
		return false;
	for (size_t i = 0; i < v.len; i++) {
		unsigned d = (unsigned)(uint8_t)v.p[i] - '0';

		if (d > 9)
			return false;
		n = n * 10 + d;
	}
	*out = n;
	return true;
}

/* "[" address "]" [":" port]. The first byte behind the bracket, or NULL. */
static const char *skip_ip_literal(struct str v)
{
	const char *close = memchr(v.p, ']', v.len);

	if (!close || close == v.p + 1)
		return NULL;
	for (const char *q = v.p + 1; q < close; q++) {
		if (!(h1_chars[(uint8_t)*q] & H1C_HEX) && *q != ':' && *q != '.')
			return NULL;
	}
	return close + 1;
}

/* host [":" port]; user names, paths and lists have no place here. */
static bool host_is_valid(struct str v)
{
	const char *p = v.p, *end = v.p + v.len, *port;

	if (v.len && *p == '[') {
		p = skip_ip_literal(v);
		if (!p)
			return false;
	} else {
		while (p < end && h1_chars[(uint8_t)*p] & H1C_HOST)
			p++;
		if (p == v.p)
			return p == end; /* an empty one is legal, but for a port */
	}
	if (p == end)
		return true;
	port = p + 1;
	if (*p != ':' || end - port > 5)
		return false;
	for (p = port; p < end; p++) {
		if (*p < '0' || *p > '9')
			return false;
	}
	return true;
}

/* The options of Connection are a list of tokens. */
static void note_connection(struct h1_head *h, struct str v)
{
	while (v.len) {
		const char *comma = memchr(v.p, ',', v.len);
		size_t n = comma ? (size_t)(comma - v.p) : v.len;
		struct str word = comma ? str_trim((struct str){ v.p, n }) : v;

		if (word.len == 5 && h1_is_word(word.p, "close", 5))
			h->conn_close = true;
		else if (word.len == 10 && h1_is_word(word.p, "keep-alive", 10))
			h->conn_keep_alive = true;
		else if (word.len == 7 && h1_is_word(word.p, "upgrade", 7))
			h->conn_upgrade = true;
		else if (word.len)
			h->conn_others = true;
		n += comma ? 1 : 0;
		v = (struct str){ v.p + n, v.len - n };
		if (v.len)
			v = str_trim(v);
	}
}

/* A response may carry further codings as long as chunked is the last one, once. */
static bool codings_end_in_chunked(struct str v)
{
	const char *comma = v.len ? memrchr(v.p, ',', v.len) : NULL;

	if (!comma)
		return str_eq_nocase(v, STR("chunked"));
	struct str rest = { v.p, (size_t)(comma - v.p) };
	struct str last = str_trim((struct str){ comma + 1, v.len - rest.len - 1 });

	if (!str_eq_nocase(last, STR("chunked")))
		return false;
	for (size_t i = 0; i + 7 <= rest.len; i++) {
		if (strncasecmp(rest.p + i, "chunked", 7) == 0)
			return false;
	}
	return true;
}

static enum h1_fault check_field(struct h1_head *h, const struct h1_field *f, bool *has_host)
{
	struct str v = h1_field_value(h, f);

	switch ((enum h1_field_id)f->id) {
	case H1F_OTHER:
	case H1F_AUTHORIZATION:
		break;
	case H1F_CONNECTION:
		h->has_hop = true;
		note_connection(h, v);
		break;
	case H1F_KEEP_ALIVE:
	case H1F_PROXY_CONNECTION:
	case H1F_TE:
		h->has_hop = true;
		break;
	case H1F_UPGRADE:
		h->has_hop = h->has_upgrade = true;
		break;
	case H1F_EXPECT:
		h->has_expect = true;
		break;
	case H1F_X_FORWARDED_FOR:
		h->has_forward_for = true;
		break;
	case H1F_CONTENT_LENGTH:
		if (h->has_length)
			return H1_FAULT_LENGTH_TWICE;
		if (!parse_length(v, &h->content_length))
			return H1_FAULT_LENGTH;
		h->has_length = true;
		break;
	case H1F_TRANSFER_ENCODING:
		if (h->is_chunked) /* one field, or one could count and the other not */
			return H1_FAULT_CODING;
		if (h->is_request ? !str_eq_nocase(v, STR("chunked")) : !codings_end_in_chunked(v))
			return H1_FAULT_CODING;
		if (h->minor == 0)
			return H1_FAULT_CODING_IN_1_0;
		h->is_chunked = true;
		break;
	case H1F_HOST:
		if (!h->is_request)
			break;
		if (*has_host)
			return H1_FAULT_HOST_TWICE;
		*has_host = true;
		if (!host_is_valid(v))
			return H1_FAULT_HOST;
		break;
	}
	return H1_OK;
}

static enum h1_fault check_fields(struct h1_head *h, bool *has_host)
{
	for (unsigned i = 0; i < h->n_fields; i++) {
		const struct h1_field *f = &h->fields[i];
		if (f->id != H1F_OTHER) {
			enum h1_fault fault = check_field(h, f, has_host);

			if (fault != H1_OK)
				return fault;
		}
	}
	return h->has_length && h->is_chunked ? H1_FAULT_TWO_FRAMINGS : H1_OK;
}

/* "host:80" and "host" name the same place when the scheme's port is meant. */
static struct str without_default_port(struct str authority, bool is_https)
{
	struct str port = is_https ? STR(":443") : STR(":80");

	if (str_ends_with(authority, port))
		authority.len -= port.len;
	else if (authority.len && authority.p[authority.len - 1] == ':')
		authority.len--;
	return authority;
}

static enum h1_fault check_target(const struct h1_head *h)
{
	struct str t = h1_target(h);
	const struct h1_field *host;

	if (t.len == 0)
		return H1_FAULT_TARGET;
	if (h->method == H1_CONNECT) {
		if (!host_is_valid(t) || !memchr(t.p, ':', t.len))
			return H1_FAULT_TARGET;
		host = h1_find_field(h, H1F_HOST);
		return host && !str_eq_nocase(without_default_port(t, true),
					      without_default_port(h1_field_value(h, host), true))
			       ? H1_FAULT_HOST_MISMATCH
			       : H1_OK;
	}
	if (t.p[0] == '/')
		return H1_OK;
	if (t.p[0] == '*')
		return t.len == 1 && h->method == H1_OPTIONS ? H1_OK : H1_FAULT_TARGET;

	/* absolute-form */
	const char *sep = memmem(t.p, t.len, "://", 3);
	if (!sep || sep == t.p)
		return H1_FAULT_TARGET;
	struct str scheme = { t.p, (size_t)(sep - t.p) };
	struct str authority = { sep + 3, t.len - scheme.len - 3 };
	for (size_t i = 0; i < authority.len; i++) {
		if (authority.p[i] == '/' || authority.p[i] == '?') {
			authority.len = i;
			break;
		}
	}
	if (authority.len == 0 || !host_is_valid(authority))
		return H1_FAULT_TARGET;
	bool is_https = str_eq_nocase(scheme, STR("https"));
	host = h1_find_field(h, H1F_HOST);
	return host && !str_eq_nocase(without_default_port(authority, is_https),
				      without_default_port(h1_field_value(h, host), is_https))
		       ? H1_FAULT_HOST_MISMATCH
		       : H1_OK;
}

enum h1_fault h1_check_request(struct h1_head *h)
{
	bool has_host = false;
	uint32_t line_end = h->method_len + 1 + h->target_len + (uint32_t)strlen(" HTTP/1.1");
	enum h1_fault fault;

	/* exactly one blank before and after the target, nothing after the version */
	if (h->target != h->method_len + 1u || line_end + 2 > h->len ||
	    memcmp(h->base + line_end - 9, h->minor ? " HTTP/1.1\r" : " HTTP/1.0\r", 10) != 0)
		return H1_FAULT_START_LINE;
	fault = check_fields(h, &has_host);
	if (fault != H1_OK)
		return fault;
	if (!has_host && h->minor == 1)
		return H1_FAULT_HOST_MISSING;
	if (h->minor == 0 && h->has_length && h->content_length > 0 &&
	    (h->method == H1_GET || h->method == H1_HEAD || h->method == H1_DELETE))
		return H1_FAULT_BODY_IN_1_0;
	return check_target(h);
}

enum h1_fault h1_check_response(struct h1_head *h)
{
	bool has_host = false;
	const char *cr = memchr(h->base, '\r', h->len);

	/* "HTTP/1.1 200 OK": the reason may be empty, and many leave its blank out */
	if (!cr || cr - h->base < 12 ||
	    memcmp(h->base, h->minor ? "HTTP/1.1 " : "HTTP/1.0 ", 9) != 0 ||
	    (cr - h->base > 12 && h->base[12] != ' ') ||
	    !h1_all(h->base + 12, (size_t)(cr - h->base) - 12, H1C_TEXT))
		return H1_FAULT_START_LINE;
	for (int i = 9; i < 12; i++) {
		if (h->base[i] < '0' || h->base[i] > '9')
			return H1_FAULT_START_LINE;
	}
	if (h->status < 100 || h->status > 599)
		return H1_FAULT_STATUS;
	return check_fields(h, &has_host);
}
