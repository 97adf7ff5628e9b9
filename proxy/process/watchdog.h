/* watchdog.h - tells that every loop still turns, when systemd asks for it (WatchdogSec=): the
 * control thread asks each data thread, and speaks only when all have answered. A hung thread lets
 * the time run out; then systemd ends the process, or the master ends its worker. */
#ifndef PROXY_WATCHDOG_H
#define PROXY_WATCHDOG_H

struct engine;
struct loop;
struct master_link;

/* e: NULL for a master, which has no data threads. A worker tells its master (borrowed), who others
 * have (NULL) tells systemd. Nothing happens outside of systemd. */
void watchdog_start(struct loop *loop, struct engine *e, struct master_link *master);
/* In a worker just forked: systemd's question is put to it, too. */
void watchdog_inherit(void);
/* After the data threads have ended. */
void watchdog_stop(void);

#endif
