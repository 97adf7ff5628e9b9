/* fuzz_log_format.c - log formats and what they make of requests. The input is a format, a line
 * feed, and what clients and servers sent: it fills every text that a line can show. */
#include "../lib/cfg_load.h"

#include <stdint.h>

#include "config/log_program.h"
#include "log/access_log.h"
#include "log/log_format.h"
#include "net/frontend.h"
#include "pool/backend.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CANARY 0x5a

static struct cfg *load_format(const char *p, size_t len)
{
	struct strbuf text = { 0 };
	struct diag d;
	struct cfg *c;

	strbuf_adds(&text, "frontend fe\n mode http\n bind 127.0.0.1:1\n log-format ");
	for (size_t i = 0; i < len; i++) {
		strbuf_addc(&text, '\\'); /* one word, whatever is in it */
		strbuf_addc(&text,
			    p[i] == 'n' || p[i] == 'r' || p[i] == 't' || p[i] == 'x' ? '.' : p[i]);
	}
	strbuf_addc(&text, '\n');
	diag_init(&d);
	c = cfg_load_text("cfg", str_from(strbuf_str(&text)), &d);
	ASSERT((c == NULL) == (d.n_errors > 0));
	diag_fini(&d);
	strbuf_fini(&text);
	return c;
}

/* The n-th part of four of what was sent. */
static struct str part(struct str sent, unsigned n)
{
	size_t quarter = sent.len / 4;

	return (struct str){ sent.p + n * quarter, quarter };
}

static void run(const struct log_program *f, struct str sent)
{
	static struct cfg_proxy px = { .name = "fe", .mode = CFG_MODE_HTTP };
	static struct frontend fe = { .name = "fe", .cfg = &px };
	static struct addr client = { .in = { .sin_family = AF_INET }, .len = sizeof(client.in) };
	const struct str captures[] = { part(sent, 1), { NULL, 0 }, part(sent, 2) };
	const struct access_record r = { .fe = &fe,
					 .client = &client,
					 .local = &client,
					 .accept_real_us = INT64_C(1795558828260000),
					 .request_real_us = INT64_C(1795558828260000),
					 .status = 200,
					 .term = "----",
					 .method = STR("GET"),
					 .uri = part(sent, 0),
					 .version = STR("HTTP/1.1"),
					 .is_http = true,
					 .hostname = "lb1",
					 .unique_id = part(sent, 3),
					 .request_captures = captures,
					 .n_request_captures = 3,
					 .response_captures = captures,
					 .n_response_captures = 1,
					 .request_cookie = part(sent, 3),
					 .response_cookie = part(sent, 2) };
	const size_t sizes[] = { 8192, 1024, 100, sent.len % 64 };
	struct log_dates dates = { 0 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char *out = malloc(sizes[i] + 1);
		size_t n;

		out[sizes[i]] = CANARY;
		n = log_format_run(f, &r, &dates, out, sizes[i]);
		ASSERT(n <= sizes[i] && out[sizes[i]] == CANARY);
		for (size_t k = 0; k < n; k++) /* no second line is made in a log */
			ASSERT(out[k] != '\n' && out[k] != '\r' && out[k] != '\0');
		free(out);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *lf = size > 0 ? memchr(p, '\n', size) : NULL;
	struct cfg *c;

	if (lf == NULL || lf == p || lf - p > 400)
		return 0;
	for (const char *q = p; q < lf; q++)
		if (*q < ' ' || *q > '~')
			return 0;
	c = load_format(p, (size_t)(lf - p));
	if (c != NULL)
		run(c->proxies->log_format, (struct str){ lf + 1, size - (size_t)(lf + 1 - p) });
	cfg_free(c);
	return 0;
}
