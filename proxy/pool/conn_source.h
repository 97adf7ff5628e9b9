/* conn_source.h - where connections to a server come from: `source`, `usesrc`, `interface`, and
 * `tcp-ut`. */
#ifndef PROXY_CONN_SOURCE_H
#define PROXY_CONN_SOURCE_H

#include <tandem/addr.h>

#include "config/cfg_model.h"

struct conn_source {
	struct addr addr;       /* len 0: none */
	struct addr foreign;    /* of CFG_USESRC_ADDR */
	enum cfg_usesrc usesrc; /* CFG_USESRC_NONE: addr */
	const char *interface;  /* NULL: any; of the configuration */
	unsigned tcp_ut_ms;     /* 0: none */
};

/* Prepare fd, a TCP socket of this family (or a Unix one: then nothing is done). client: whose
 * request it is; one of another family cannot be shown to the server, which then sees addr. 0 or
 * -errno. */
NODISCARD int conn_source_apply(int fd, int family, const struct conn_source *s,
				const struct addr *client);

#endif
