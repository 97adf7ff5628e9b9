/* access_log_priv.h - free lines to log targets; for proxy/log/ itself. */
#ifndef PROXY_ACCESS_LOG_PRIV_H
#define PROXY_ACCESS_LOG_PRIV_H

#include <stddef.h>

struct access_log;
struct cfg_proxy;

/* Queue a line for each target of the proxy whose level allows it. level: 0 emerg .. 7 debug. */
void access_log_text(struct access_log *a, const struct cfg_proxy *px, int level, const char *text,
		     size_t len);

#endif
