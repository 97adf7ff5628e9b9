/* watchdog.h - tells systemd (WatchdogSec=) that every loop still turns: the control thread asks
 * each data thread, and speaks only when all have answered. A hung thread lets the time run out,
 * and systemd ends the process. */
#ifndef PROXY_WATCHDOG_H
#define PROXY_WATCHDOG_H

struct engine;
struct loop;

/* e: NULL for a master, which has no data threads; its worker is watched by itself. Nothing happens
 * outside of systemd. */
void watchdog_start(struct loop *loop, struct engine *e);
/* After the data threads have ended. */
void watchdog_stop(void);

#endif
