/* ctl_priv.h - between ctl.c and ctl_listen.c. */
#ifndef COMMON_CTL_PRIV_H
#define COMMON_CTL_PRIV_H

struct ctl_server;

void ctl_close_listeners(struct ctl_server *s);
void ctl_abandon_listeners(struct ctl_server *s);

#endif
