/* auth.h - who may see the statistics: basic authentication (RFC 7617). */
#ifndef PROXY_STATS_AUTH_H
#define PROXY_STATS_AUTH_H

#include <stdbool.h>
#include <tandem/str.h>

struct cfg_stats;

/* Does the value of an Authorization field (empty: none) name a user of `stats auth`? Without such
 * lines everybody may. Takes the same time for a wrong name as for a wrong password. */
bool stats_is_authorized(const struct cfg_stats *st, struct str field);

#endif
