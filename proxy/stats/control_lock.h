/* control_lock.h - lets a data thread look at what the control thread owns (servers' states, check
 * results) for a statistics page.
 *
 * The control thread holds the lock whenever it is awake. A data thread must not wait long, and
 * must not wait for ever at all: the control thread may be waiting for that very data thread
 * (a grace period, a change of listeners). So it gives up after a bounded time. */
#ifndef PROXY_CONTROL_LOCK_H
#define PROXY_CONTROL_LOCK_H

#include <stdbool.h>

/* Control thread: on waking up, before sleeping. */
void control_lock_hold(void);
void control_lock_release(void);
/* Data thread. false: the control thread is busy; answer 503. */
bool control_lock_try(void);
void control_lock_done(void);

#endif
