/* ending.h - how proxyd ends.
 *
 *   SIGUSR1  drain: take nothing new, finish what is there, within hard-stop-after if it is set
 *   SIGTERM  the same, within hard-stop-after or 10 s; a second one ends at once
 *   SIGINT   end at once
 *
 * As HAProxy, but for SIGTERM, which there ends at once: it is what service managers and container
 * engines send, and a stop shall lose nothing. */
#ifndef PROXY_ENDING_H
#define PROXY_ENDING_H

#include <ev.h>

struct process;

#define ENDING_TERM_S 10 /* default bound of a drain by SIGTERM */

void ending_init(struct process *p);
void ending_on_signal(struct ev_loop *ev, ev_signal *w, int revents);
/* Leave the loop; connections are broken. */
void ending_now(struct process *p);

#endif
