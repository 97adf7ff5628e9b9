/* h1_parse.c - finds the head of an HTTP/1 message in a buffer and describes it as offsets. */
#include "http/h1_parse.h"

#include <endian.h>
#include <http_parser.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

/* Most names differ from the known ones in length or first letter. */
static uint8_t field_id(const char *name, size_t len)
{
#define IS(lower, id)                                                                              \
	if ((name[0] | 0x20) == (lower)[0] && h1_is_word(name, lower, sizeof(lower) - 1))          \
		return id;
	switch (len) {
	case 2:
		IS("te", H1F_TE)
		break;
	case 4:
		IS("host", H1F_HOST)
		break;
	case 6:
		IS("expect", H1F_EXPECT)
		break;
	case 7:
		IS("upgrade", H1F_UPGRADE)
		break;
	case 10:
		IS("connection", H1F_CONNECTION)
		IS("keep-alive", H1F_KEEP_ALIVE)
		break;
	case 13:
		IS("authorization", H1F_AUTHORIZATION)
		break;
	case 14:
		IS("content-length", H1F_CONTENT_LENGTH)
		break;
	case 15:
		IS("x-forwarded-for", H1F_X_FORWARDED_FOR)
		break;
	case 16:
		IS("proxy-connection", H1F_PROXY_CONNECTION)
		break;
	case 17:
		IS("transfer-encoding", H1F_TRANSFER_ENCODING)
		break;
	default:
		break;
	}
#undef IS
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

static const http_parser_settings settings = { .on_url = on_target };

/* Have http-parser judge the start line, and nothing else. false: malformed. */
static bool parse_start_line(struct h1_head *h, http_parser *parser, const char *p, size_t len)
{
	size_t n = http_parser_execute(parser, &settings, p, len);

	if (HTTP_PARSER_ERRNO(parser) != HPE_OK || n != len || parser->http_major != 1 ||
	    parser->http_minor > 1)
		return false;
	h->minor = (uint8_t)parser->http_minor;
	return true;
}

/* http-parser knows a fixed list of methods; any other token is as good to a proxy. It judges the
 * rest of the line as that of a GET. */
static bool parse_request_line(struct h1_head *h, const char *line_end)
{
	http_parser parser;
	const char *p = h->base;

	http_parser_init(&parser, HTTP_REQUEST);
	parser.data = h;
	if (h->method == H1_OTHER) {
		if (!h1_all(p, h->method_len, H1C_TOKEN) ||
		    http_parser_execute(&parser, &settings, "GET", 3) != 3)
			return false;
		p += h->method_len;
	}
	return parse_start_line(h, &parser, p, (size_t)(line_end - p)) &&
	       h1_all(h->base + h->target, h->target_len, H1C_TARGET);
}

/* The first byte that no field value may hold, or end. Sixteen or eight bytes at a time. */
static const char *skip_text(const char *p, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;

#ifdef __SSE2__
	for (; end - p >= 16; p += 16) {
		const __m128i x = _mm_loadu_si128((const __m128i *)p);
		__m128i control = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x);
		int found;

		control = _mm_andnot_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('\t')), control);
		control = _mm_or_si128(control, _mm_cmpeq_epi8(x, _mm_set1_epi8(0x7f)));
		found = _mm_movemask_epi8(control);
		if (found)
			return p + __builtin_ctz((unsigned)found);
	}
#endif
	while (end - p >= 8) {
		uint64_t x, del, found;

		memcpy(&x, p, 8);
		x = le64toh(x);
		del = x ^ (ones * 0x7f);
		found = (((x - ones * 0x20) & ~x) | ((del - ones) & ~del)) & tops;
		if (!found) {
			p += 8;
			continue;
		}
		p += __builtin_ctzll(found) >> 3; /* exact: borrows go upwards only */
		if (*p != '\t')
			return p;
		p++;
	}
	while (p < end && h1_chars[(uint8_t)*p] & H1C_TEXT)
		p++;
	return p;
}

/* The first byte that is neither letter nor '-', or one before it. Sixteen or eight at a time. */
static const char *skip_letters(const char *p, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7, lows = ~tops;

#ifdef __SSE2__
	for (; end - p >= 16; p += 16) {
		const __m128i x = _mm_loadu_si128((const __m128i *)p);
		const __m128i y = _mm_or_si128(x, _mm_set1_epi8(0x20)); /* >= 0x80: negative */
		__m128i named = _mm_and_si128(_mm_cmpgt_epi8(y, _mm_set1_epi8('a' - 1)),
					      _mm_cmplt_epi8(y, _mm_set1_epi8('z' + 1)));
		unsigned others;

		named = _mm_or_si128(named, _mm_cmpeq_epi8(x, _mm_set1_epi8('-')));
		others = (unsigned)_mm_movemask_epi8(named) ^ 0xffff;
		if (others)
			return p + __builtin_ctz(others);
	}
#endif
	for (; end - p >= 8; p += 8) {
		uint64_t x = le64toh(h1_load64(p)), y = (x | ones * 0x20) & lows, letters, dashes,
			 others;

		letters = (y + ones * (0x80 - 'a')) & ~(y + ones * (0x7f - 'z'));
		dashes = ~((x ^ ones * '-') | (((x ^ ones * '-') & lows) + lows));
		others = ((~letters & ~dashes) | x) & tops;
		if (others)
			return p + (__builtin_ctzll(others) >> 3);
	}
	return p;
}

/* The first byte that is no part of a name, or end. Nearly all names consist of letters and '-'. */
static const char *skip_name(const char *p, const char *end)
{
	p = skip_letters(p, end);
	if (LIKELY(p < end && *p == ':'))
		return p;
	while (p < end && h1_chars[(uint8_t)*p] & H1C_TOKEN)
		p++;
	return p;
}

/* name ":" OWS value OWS CR LF, repeated, and an empty line. A line that begins with a blank, a
 * blank before the colon, a control byte, a CR or LF alone: none of them has a place in this. */
static enum h1_result parse_fields(struct h1_head *h, const char *p, const char *end)
{
	for (;;) {
		const char *name = p, *value, *value_end;

		if (end - p < 2)
			return H1_NEED_MORE;
		if (*p == '\r') {
			h->len = (uint32_t)(p + 2 - h->base);
			return p[1] == '\n' ? H1_DONE : H1_BAD;
		}
		p = skip_name(p, end);
		if (p == end)
			return H1_NEED_MORE;
		if (*p != ':' || p == name || p - name > UINT16_MAX || h->n_fields == h->max_fields)
			return H1_BAD;
		value = p + 1;
		if (LIKELY(end - value > 1 && value[0] == ' ' && (uint8_t)value[1] > ' '))
			value++;
		else
			while (value < end && (*value == ' ' || *value == '\t'))
				value++;
		value_end = skip_text(value, end);
		if (end - value_end < 2)
			return value_end == end || *value_end == '\r' ? H1_NEED_MORE : H1_BAD;
		if (value_end[0] != '\r' || value_end[1] != '\n')
			return H1_BAD;

		struct h1_field *f = &h->fields[h->n_fields++];
		f->name = (uint32_t)(name - h->base);
		f->name_len = (uint16_t)(p - name);
		f->id = field_id(name, f->name_len);
		p = value_end + 2;
		while (value_end > value && (value_end[-1] == ' ' || value_end[-1] == '\t'))
			value_end--;
		f->value = (uint32_t)(value - h->base);
		f->value_len = (uint32_t)(value_end - value);
	}
}

static void head_reset(struct h1_head *h, const char *p, bool is_request)
{
	struct h1_field *fields = h->fields;
	uint16_t max_fields = h->max_fields;

	*h = (struct h1_head){
		.base = p,
		.is_request = is_request,
		.fields = fields,
		.max_fields = max_fields,
	};
}

#define MAX_METHOD 64

static enum h1_method method_of(const char *p, size_t len)
{
	if (len == 3 && memcmp(p, "GET", 3) == 0)
		return H1_GET;
	for (unsigned i = 0; i < ARRAY_LEN(methods); i++) {
		if (methods[i].len == len && memcmp(methods[i].name, p, len) == 0)
			return (enum h1_method)i;
	}
	return H1_OTHER;
}

/* What nearly every line looks like: "METHOD /target HTTP/1.x". Anything else is left to
 * http-parser. */
static bool is_plain_request_line(struct h1_head *h, const char *line_end)
{
	const char *target = h->base + h->method_len + 1, *version = line_end - 11;

	if (version <= target || *target != '/' || h1_load64(version) != h1_load64(" HTTP/1.") ||
	    (version[8] != '1' && version[8] != '0') || h->method == H1_OTHER)
		return false;
	h->target = (uint32_t)(target - h->base);
	h->target_len = (uint32_t)(version - target);
	h->minor = (uint8_t)(version[8] - '0');
	return h1_all(target, h->target_len, H1C_TARGET);
}

enum h1_result h1_parse_request(struct h1_head *h, const char *p, size_t len)
{
	const char *end = p + len, *line_end = memchr(p, '\n', len), *sp;

	head_reset(h, p, true);
	if (!line_end)
		return H1_NEED_MORE;
	if (line_end == p || line_end[-1] != '\r')
		return H1_BAD;
	line_end++;
	sp = memchr(p, ' ', (size_t)(line_end - p));
	if (!sp || sp == p || sp - p > MAX_METHOD)
		return H1_BAD;
	h->method_len = (uint16_t)(sp - p);
	h->method = method_of(p, h->method_len);
	if (!is_plain_request_line(h, line_end) && !parse_request_line(h, line_end))
		return H1_BAD;
	return parse_fields(h, line_end, end);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool parse_status_line(struct h1_head *h, const char *line_end)
{
	const char *p = h->base;
	http_parser parser;

	if (line_end - p >= 15 && memcmp(p, "HTTP/1.", 7) == 0 && (p[7] == '1' || p[7] == '0') &&
	    p[8] == ' ' && is_digit(p[9]) && is_digit(p[10]) && is_digit(p[11]) &&
	    p[12] == ' ') { /* as nearly all look; the reason is judged by h1_strict */
		h->minor = (uint8_t)(p[7] - '0');
		h->status = (uint16_t)((p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0'));
		return true;
	}
	http_parser_init(&parser, HTTP_RESPONSE);
	parser.data = h;
	if (!parse_start_line(h, &parser, p, (size_t)(line_end - p)))
		return false;
	h->status = (uint16_t)parser.status_code;
	return true;
}

enum h1_result h1_parse_response(struct h1_head *h, const char *p, size_t len)
{
	const char *line_end = memchr(p, '\n', len);

	head_reset(h, p, false);
	if (!line_end)
		return H1_NEED_MORE;
	if (line_end == p || line_end[-1] != '\r')
		return H1_BAD;
	line_end++;
	if (!parse_status_line(h, line_end))
		return H1_BAD;
	return parse_fields(h, line_end, p + len);
}

const struct h1_field *h1_find_field(const struct h1_head *h, enum h1_field_id id)
{
	for (unsigned i = 0; i < h->n_fields; i++) {
		if (h->fields[i].id == id)
			return &h->fields[i];
	}
	return NULL;
}
