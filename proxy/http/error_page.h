/* error_page.h - the answers that a proxy gives in its own name. Pure. */
#ifndef PROXY_ERROR_PAGE_H
#define PROXY_ERROR_PAGE_H

#include <stdbool.h>
#include <tandem/str.h>

struct cfg_proxy;

/* Append the whole response: the errorfile of cfg (may be NULL), or the built-in page, whose status
 * line, fields and text are those that users of HAProxy know. *keep_alive: may the connection go
 * on? Cleared where the page ends it. minor: the client's HTTP/1.minor. */
void error_page_compose(const struct cfg_proxy *cfg, unsigned status, unsigned minor,
			bool *keep_alive, bool is_head, struct strbuf *out);

#endif
