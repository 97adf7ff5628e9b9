/* h1_parse.c - finds the head of an HTTP/1 message in a buffer and describes it as offsets. */
#include "http/h1_parse.h"

#include <http_parser.h>
#include <strings.h>

#include "http/h1_chars.h"

static const struct {
	const char *name;
	uint8_t len;
} methods[] = {
	[H1_GET] = { "GET", 3 },         [H1_HEAD] = { "HEAD", 4 },
	[H1_POST] = { "POST", 4 },       [H1_PUT] = { "PUT", 3 },
	[H1_DELETE] = { "DELETE", 6 },   [H1_CONNECT] = { "CONNECT", 7 },
	[H1_OPTIONS] = { "OPTIONS", 7 }, [H1_TRACE] = { "TRACE", 5 },
	[H1_PATCH] = { "PATCH", 5 },
};

static const struct {
	const char *name;
	uint8_t len, id;
} known_fields[] = {
	{ "Authorization", 13, H1F_AUTHORIZATION },
	{ "Connection", 10, H1F_CONNECTION },
	{ "Content-Length", 14, H1F_CONTENT_LENGTH },
	{ "Expect", 6, H1F_EXPECT },
	{ "Host", 4, H1F_HOST },
	{ "Keep-Alive", 10, H1F_KEEP_ALIVE },
	{ "Proxy-Connection", 16, H1F_PROXY_CONNECTION },
	{ "TE", 2, H1F_TE },
	{ "Transfer-Encoding", 17, H1F_TRANSFER_ENCODING },
	{ "Upgrade", 7, H1F_UPGRADE },
	{ "X-Forwarded-For", 15, H1F_X_FORWARDED_FOR },
};

/* Bit n: a known name has length n. Most names of other fields end here. */
#define KNOWN_LENGTHS                                                                              \
	(1u << 13 | 1u << 10 | 1u << 14 | 1u << 6 | 1u << 4 | 1u << 16 | 1u << 2 | 1u << 17 |      \
	 1u << 7 | 1u << 15)

static uint8_t field_id(const char *name, size_t len)
{
	if (len > 17 || !(KNOWN_LENGTHS >> len & 1))
		return H1F_OTHER;
	for (size_t i = 0; i < ARRAY_LEN(known_fields); i++) {
		if (known_fields[i].len == len &&
		    (known_fields[i].name[0] | 0x20) == (name[0] | 0x20) &&
		    strncasecmp(name, known_fields[i].name, len) == 0)
			return known_fields[i].id;
	}
	return H1F_OTHER;
}

/* What came since the last look and is not a complete line yet: garbage is refused before the line
 * is complete. A CR is not judged: its LF may still come. */
static bool partial_is_clean(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!(h1_chars[(uint8_t)p[i]] & H1C_TEXT) && p[i] != '\r')
			return false;
	}
	return true;
}

enum h1_result h1_scan(struct h1_scan *s, const char *p, size_t len, bool is_request)
{
	for (;;) {
		const char *lf = memchr(p + s->pos, '\n', len - s->pos);

		if (!lf) {
			bool clean = partial_is_clean(p + s->pos, len - s->pos);

			if (s->line == s->start && len > s->line && p[s->line] != '\r' &&
			    !(h1_chars[(uint8_t)p[s->line]] & H1C_TOKEN))
				return H1_BAD;
			s->pos = (uint32_t)len;
			return clean ? H1_NEED_MORE : H1_BAD;
		}
		uint32_t at = (uint32_t)(lf - p);

		if (at == s->line || lf[-1] != '\r')
			return H1_BAD;
		if (at - s->line == 1) {
			if (s->line != s->start) {
				s->end = at + 1;
				return H1_DONE;
			}
			if (!is_request)
				return H1_BAD;
			s->start = at + 1; /* RFC 9112 section 2.2: empty lines before a request */
		} else if (p[s->line] == ' ' || p[s->line] == '\t') {
			return H1_BAD;
		}
		s->line = s->pos = at + 1;
	}
}

static int on_target(http_parser *parser, const char *at, size_t len)
{
	struct h1_head *h = parser->data;

	h->target = (uint32_t)(at - h->base);
	h->target_len = (uint32_t)len;
	return 0;
}

static int on_field(http_parser *parser, const char *at, size_t len)
{
	struct h1_head *h = parser->data;

	if (h->n_fields == h->max_fields || len > UINT16_MAX)
		return 1;
	struct h1_field *f = &h->fields[h->n_fields++];
	f->name = (uint32_t)(at - h->base);
	f->name_len = (uint16_t)len;
	f->id = field_id(at, len);
	f->value = f->name + f->name_len + 1;
	f->value_len = 0;
	return 0;
}

static int on_value(http_parser *parser, const char *at, size_t len)
{
	struct h1_head *h = parser->data;
	struct h1_field *f = &h->fields[h->n_fields - 1];

	while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t'))
		len--;
	f->value = (uint32_t)(at - h->base);
	f->value_len = (uint32_t)len;
	return 0;
}

static int on_head_complete(http_parser *parser)
{
	http_parser_pause(parser, 1);
	return 0;
}

static const http_parser_settings settings = {
	.on_url = on_target,
	.on_header_field = on_field,
	.on_header_value = on_value,
	.on_headers_complete = on_head_complete,
};

static void head_reset(struct h1_head *h, const char *p, size_t len, bool is_request)
{
	struct h1_field *fields = h->fields;
	uint16_t max_fields = h->max_fields;

	*h = (struct h1_head){
		.base = p,
		.len = (uint32_t)len,
		.is_request = is_request,
		.fields = fields,
		.max_fields = max_fields,
	};
}

static enum h1_method method_of(const char *p, size_t len)
{
	for (unsigned i = 0; i < ARRAY_LEN(methods); i++) {
		if (methods[i].len == len && memcmp(methods[i].name, p, len) == 0)
			return (enum h1_method)i;
	}
	return H1_OTHER;
}

static bool run(struct h1_head *h, http_parser *parser, const char *p, size_t len)
{
	size_t n = http_parser_execute(parser, &settings, p, len);

	/* paused by on_head_complete at the LF of the empty line, and nowhere else */
	return HTTP_PARSER_ERRNO(parser) == HPE_PAUSED && n + 1 >= len && parser->http_major == 1 &&
	       parser->http_minor <= 1 && (h->minor = (uint8_t)parser->http_minor, true);
}

bool h1_parse_request(struct h1_head *h, const char *p, size_t len)
{
	http_parser parser;
	const char *sp = memchr(p, ' ', len);

	head_reset(h, p, len, true);
	if (!sp || sp == p || sp - p > 64)
		return false;
	h->method_len = (uint16_t)(sp - p);
	h->method = method_of(p, h->method_len);
	http_parser_init(&parser, HTTP_REQUEST);
	parser.data = h;
	/* http-parser knows a fixed list of methods; any other token is as good to a proxy. It
	 * judges the rest of the line as that of a GET. */
	if (h->method == H1_OTHER) {
		if (http_parser_execute(&parser, &settings, "GET", 3) != 3)
			return false;
		p = sp;
		len -= h->method_len;
	}
	return run(h, &parser, p, len);
}

bool h1_parse_response(struct h1_head *h, const char *p, size_t len)
{
	http_parser parser;

	head_reset(h, p, len, false);
	http_parser_init(&parser, HTTP_RESPONSE);
	parser.data = h;
	if (!run(h, &parser, p, len))
		return false;
	h->status = (uint16_t)parser.status_code;
	return true;
}

const struct h1_field *h1_find_field(const struct h1_head *h, enum h1_field_id id)
{
	for (unsigned i = 0; i < h->n_fields; i++) {
		if (h->fields[i].id == id)
			return &h->fields[i];
	}
	return NULL;
}
