/* probe_http.c - the status line of a health check's response. */
#include "health/probe_http.h"

#include <ctype.h>
#include <string.h>

#include "config/cfg_model.h"

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
	return PROBE_HTTP_MORE;
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
			return PROBE_HTTP_DONE;
		ph->at_start = true;
	} else if (c != '\r') {
		ph->at_start = false;
	}
	return PROBE_HTTP_MORE;
}

enum probe_http_result probe_http_feed(struct probe_http *ph, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum probe_http_result r = feed_byte(ph, bytes[i]);

		if (r != PROBE_HTTP_MORE)
			return r;
		if (++ph->n_bytes >= PROBE_HTTP_MAX_HEADER)
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

bool probe_http_expected(const struct cfg_check *cfg, int code)
{
	bool matches = false;

	if (cfg->expect == CFG_EXPECT_DEFAULT)
		return code >= 200 && code < 400;
	for (unsigned i = 0; i < cfg->n_statuses; i++)
		if (code >= cfg->statuses[i].lo && code <= cfg->statuses[i].hi)
			matches = true;
	return matches != cfg->expect_negated;
}
