/* auth.h - who may see the statistics: basic authentication (RFC 7617). */
#ifndef PROXY_STATS_AUTH_H
#define PROXY_STATS_AUTH_H

#include <stdbool.h>
#include <tandem/str.h>

struct cfg;
struct cfg_stats;

/* Does the value of an Authorization field (empty: none) name a user of `stats auth`? Without such
 * lines everybody may. Takes the same time for a wrong name as for a wrong password. */
bool stats_is_authorized(const struct cfg_stats *st, struct str field);

/* Say in the log which statistics everybody can see who reaches the host: pages without `stats
 * auth` on an address that is not of loopback. Returns how many. */
unsigned stats_warn_of_open_pages(const struct cfg *cfg);

#endif
