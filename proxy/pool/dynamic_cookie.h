/* dynamic_cookie.h - the cookie of a server that has none of its own: `cookie ... dynamic`. Pure.
 */
#ifndef PROXY_DYNAMIC_COOKIE_H
#define PROXY_DYNAMIC_COOKIE_H

#include <tandem/addr.h>
#include <tandem/str.h>

/* Made of a secret, the server's IP address and its port, as HAProxy makes it. out: 17 bytes. */
void cookie_make_dynamic(struct str key, const struct addr *a, char *out);

#endif
