/* server_log.c - lines about servers to the log targets of their proxy. */
#include "log/server_log.h"

#include <string.h>

#include "config/cfg_model.h"
#include "log/access_log.h"
#include "log/access_log_priv.h"
#include "pool/server.h"

static struct access_log *sink;

/* Rare, and from the control thread whose turns do not flush: send at once. */
static void to_targets(const struct cfg_proxy *px, int level, const char *text)
{
	if (sink == NULL || px == NULL)
		return;
	access_log_text(sink, px, level, text, strlen(text));
	access_log_flush(sink);
}

void server_log_install(struct access_log *a)
{
	sink = a;
	server_log_hook = a != NULL ? to_targets : NULL;
}
