/* probe_http.c - the status line of a health check's response. */
#include "health/probe_http.h"

#include <ctype.h>
#include <string.h>
#include <tandem/str.h>

#define CODE_AT   9  /* "HTTP/1.1 200": where the code stands */
#define REASON_AT 13 /* and the words after it */

/* Can the line kept so far begin a status line? */
static bool line_fits(const struct probe_http *ph)
{
	static const char shape[] = "HTTP/d.d ddd"; /* d: a digit */

	for (unsigned i = 0; i < ph->line_len && i < sizeof(shape) - 1; i++) {
		if (shape[i] == 'd' ? !isdigit((unsigned char)ph->line[i])
				    : ph->line[i] != shape[i])
			return false;
	}
	return ph->line_len <= REASON_AT - 1 || ph->line[REASON_AT - 1] == ' ';
}

static enum probe_http_result end_of_line(struct probe_http *ph)
{
	unsigned len = ph->line_len;
	int code;

	while (len > 0 && (ph->line[len - 1] == '\r' || ph->line[len - 1] == ' '))
		len--;
	ph->line_len = len;
	if (len < REASON_AT - 1 || !line_fits(ph))
		return PROBE_HTTP_BAD;
	code = (ph->line[CODE_AT] - '0') * 100 + (ph->line[CODE_AT + 1] - '0') * 10 +
	       (ph->line[CODE_AT + 2] - '0');
	if (code < 100)
		return PROBE_HTTP_BAD;
	ph->code = code;
	ph->in_fields = ph->at_start = true;
	ph->fields_at = ph->n_bytes;
	ph->body_len = -1;
	return PROBE_HTTP_MORE;
}

/* A field line is complete: does it say how long the body is? */
static void end_of_field(struct probe_http *ph)
{
	struct str line = { ph->field, ph->field_len };
	const char *colon = memchr(line.p, ':', line.len);
	int64_t len;

	ph->field_len = 0;
	if (colon == NULL)
		return;
	const struct str name = { line.p, (size_t)(colon - line.p) };
	const struct str value =
		str_trim((struct str){ colon + 1, line.len - (size_t)(colon + 1 - line.p) });

	if (str_eq_nocase(name, STR("transfer-encoding")) && value.len >= 7 &&
	    str_eq_nocase((struct str){ value.p + value.len - 7, 7 }, STR("chunked")))
		ph->is_chunked = true;
	else if (str_eq_nocase(name, STR("content-length")) &&
		 str_parse_int(value, 0, INT64_MAX, &len) == 0)
		ph->body_len = len;
}

static enum probe_http_result end_of_header(struct probe_http *ph)
{
	if (ph->code < 200 && ph->code != 101) { /* the answer itself is still to come */
		*ph = (struct probe_http){ .n_bytes = ph->n_bytes };
		return PROBE_HTTP_MORE;
	}
	if (ph->code == 204 || ph->code == 304)
		ph->body_len = 0;
	ph->is_complete = true;
	return PROBE_HTTP_DONE;
}

static enum probe_http_result feed_byte(struct probe_http *ph, char c)
{
	if (!ph->in_fields) {
		if (c == '\n')
			return end_of_line(ph);
		if (ph->line_len < sizeof(ph->line) - 1)
			ph->line[ph->line_len++] = c;
		/* a bare "HTTP/1.0 404" may end in a CR where the blank would be */
		if (c == '\r' && ph->line_len == REASON_AT)
			return PROBE_HTTP_MORE;
		return line_fits(ph) ? PROBE_HTTP_MORE : PROBE_HTTP_BAD;
	}
	if (c == '\n') {
		if (ph->at_start)
			return end_of_header(ph);
		end_of_field(ph);
		ph->at_start = true;
	} else if (c != '\r') {
		ph->at_start = false;
		if (ph->field_len < sizeof(ph->field))
			ph->field[ph->field_len++] = c;
	}
	return PROBE_HTTP_MORE;
}

enum probe_http_result probe_http_feed(struct probe_http *ph, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum probe_http_result r;

		ph->n_bytes++;
		r = feed_byte(ph, bytes[i]);
		if (r != PROBE_HTTP_MORE)
			return r;
		if (ph->n_bytes >= PROBE_HTTP_MAX_HEADER)
			return PROBE_HTTP_BAD;
	}
	return PROBE_HTTP_MORE;
}

const char *probe_http_reason(struct probe_http *ph)
{
	if (ph->line_len <= REASON_AT)
		return "";
	ph->line[ph->line_len] = '\0';
	return ph->line + REASON_AT;
}
