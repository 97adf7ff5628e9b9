/* cfg_track.h - inside the parser: references from an instance to what it tracks. */
#ifndef VRRPD_CFG_TRACK_H
#define VRRPD_CFG_TRACK_H

#include "config/cfg_keyword.h"

#define CFG_WEIGHT_UNSET 1000 /* while parsing: take the weight of the script or proxy */

/* Find what a line names and the weight that counts. */
void cfg_resolve_track(struct cfg_parser *p, struct cfg_track *t);

#endif
