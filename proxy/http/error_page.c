/* error_page.c - the answers that a proxy gives in its own name. */
#include "http/error_page.h"

#include <stdio.h>

#include "config/cfg_model.h"

static const struct page {
	uint16_t status;
	bool is_protocol_error; /* refused by the parser: always the end of the connection */
	const char *reason, *text;
} pages[] = {
	{ 200, false, "OK", "Service ready." },
	{ 400, true, "Bad request", "Your browser sent an invalid request." },
	{ 401, false, "Unauthorized",
	  "You need a valid user and password to access this content." },
	{ 403, false, "Forbidden", "Request forbidden by administrative rules." },
	{ 404, false, "Not Found", "The resource could not be found." },
	{ 405, false, "Method Not Allowed",
	  "A request was made of a resource using a request method not supported by that "
	  "resource" },
	{ 407, false, "Unauthorized",
	  "You need a valid user and password to access this content." },
	{ 408, true, "Request Time-out", "Your browser didn't send a complete request in time." },
	{ 410, false, "Gone",
	  "The resource is no longer available and will not be available again." },
	{ 413, false, "Payload Too Large", "The request entity exceeds the maximum allowed." },
	{ 425, false, "Too Early", "Your browser sent early data." },
	{ 429, false, "Too Many Requests",
	  "You have sent too many requests in a given amount of time." },
	{ 500, false, "Internal Server Error", "An internal server error occurred." },
	{ 501, false, "Not Implemented",
	  ".The server does not support the functionality required to fulfill the request." },
	{ 502, false, "Bad Gateway", "The server returned an invalid or incomplete response." },
	{ 503, false, "Service Unavailable", "No server is available to handle this request." },
	{ 504, false, "Gateway Time-out", "The server didn't respond in time." },
};

static const struct page *find_page(unsigned status)
{
	const struct page *fallback = NULL;

	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		if (pages[i].status == status)
			return &pages[i];
		if (pages[i].status == 500)
			fallback = &pages[i];
	}
	return fallback;
}

static const struct cfg_error_page *custom_page(const struct cfg_proxy *cfg, unsigned status)
{
	for (unsigned i = 0; cfg && i < CFG_N_ERROR_PAGES; i++) {
		if (cfg_error_codes[i] == status &&
		    (cfg->errors[i].head.len || cfg->errors[i].is_empty))
			return &cfg->errors[i];
	}
	return NULL;
}

static void compose_custom(const struct cfg_error_page *page, unsigned minor, bool *keep_alive,
			   bool is_head, struct strbuf *out)
{
	if (!page->is_framed)
		*keep_alive = false;
	if (page->is_empty)
		return;
	strbuf_add(out, page->head.p, page->head.len);
	if (str_starts_with(page->head, STR("HTTP/1.1")))
		strbuf_adds(out, !*keep_alive ? "connection: close\r\n"
				 : minor == 0 ? "connection: keep-alive\r\n"
					      : "");
	strbuf_adds(out, "\r\n");
	if (!is_head && page->body.len > 0)
		strbuf_add(out, page->body.p, page->body.len);
}

void error_page_compose(const struct cfg_proxy *cfg, unsigned status, unsigned minor,
			bool *keep_alive, bool is_head, struct strbuf *out)
{
	const struct page *p = find_page(status);
	const struct cfg_error_page *custom = custom_page(cfg, status);
	static const char body_fmt[] = "<html><body><h1>%u %s</h1>\n%s\n</body></html>\n";
	char body[256];
	int len;

	if (custom) {
		compose_custom(custom, minor, keep_alive, is_head, out);
		return;
	}
	len = snprintf(body, sizeof(body), body_fmt, p->status, p->reason, p->text);
	if (p->is_protocol_error) {
		*keep_alive = false;
		strbuf_addf(out,
			    "HTTP/1.1 %u %s\r\nContent-length: %d\r\nCache-Control: no-cache\r\n"
			    "Connection: close\r\nContent-Type: text/html\r\n\r\n",
			    p->status, p->reason, len);
	} else {
		strbuf_addf(out,
			    "HTTP/1.1 %u %s\r\ncontent-length: %d\r\ncache-control: no-cache\r\n"
			    "content-type: text/html\r\n%s\r\n",
			    p->status, p->reason, len,
			    !*keep_alive ? "connection: close\r\n"
			    : minor == 0 ? "connection: keep-alive\r\n"
					 : "");
	}
	if (!is_head)
		strbuf_add(out, body, (size_t)len);
}
