/* ctl_priv.h - between ctl.c, ctl_help.c and ctl_listen.c. */
#ifndef COMMON_CTL_PRIV_H
#define COMMON_CTL_PRIV_H

#include <stdbool.h>
#include <tandem/str.h>

struct ctl_request;
struct ctl_server;

void ctl_close_listeners(struct ctl_server *s);
/* Into rq->out. */
void ctl_answer_help(const struct ctl_server *s, const struct ctl_request *rq);
void ctl_answer_unknown(const struct ctl_server *s, const struct ctl_request *rq);
void ctl_abandon_listeners(struct ctl_server *s);

#endif
