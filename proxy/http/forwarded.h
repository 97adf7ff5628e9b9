/* forwarded.h - the lines that tell the server about the client: X-Forwarded-For, X-Original-To,
 * Forwarded. Pure. */
#ifndef PROXY_FORWARDED_H
#define PROXY_FORWARDED_H

#include <tandem/addr.h>
#include <tandem/str.h>

struct cfg_proxy;
struct h1_head;

struct forwarded {
	const struct h1_head *head;
	const struct addr *client; /* AF_UNIX: not known */
	const struct addr *local;  /* where it connected to; NULL: nobody asked, or not known */
};

/* Do the options of either side ask for the local address? */
bool forwarded_needs_local(const struct cfg_proxy *fe, const struct cfg_proxy *be);
/* Append the lines that the options of both sides ask for. A line that does not fit is left out. */
char *forwarded_add(const struct forwarded *f, const struct cfg_proxy *fe,
		    const struct cfg_proxy *be, char *out, char *end);
/* The name of the field that `option forwardfor` adds; len 0: none. */
struct str forwarded_for_name(const struct cfg_proxy *fe, const struct cfg_proxy *be);

#endif
