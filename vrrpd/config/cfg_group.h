/* cfg_group.h - inside the parser: sync groups after all files were read. */
#ifndef VRRPD_CFG_GROUP_H
#define VRRPD_CFG_GROUP_H

#include "config/cfg_keyword.h"

/* Find the members and give them what the group tracks; before the tracks are resolved. */
void cfg_bind_groups(struct cfg_parser *p);
/* Weights of a member are 0 unless the group keeps them; after the tracks were resolved. */
void cfg_check_group_weights(struct cfg_parser *p, struct cfg_instance *in);

#endif
