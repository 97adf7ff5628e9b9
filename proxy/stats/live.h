/* live.h - answers of the dashboard that do not end with the request: the stream of events (server-
 * sent events, WHATWG HTML section 9.2), and actions that wait for the control thread.
 *
 * The control thread renders an event once a second, if anybody looks, and posts it to the data
 * threads; each appends it to the answers of its own viewers. Who has not taken the last event yet
 * is left out this time, so a viewer holds one event at most; there are LIVE_MAX_VIEWERS at most.
 */
#ifndef PROXY_STATS_LIVE_H
#define PROXY_STATS_LIVE_H

#include <stdbool.h>
#include <tandem/str.h>

struct engine;
struct loop;
struct stream;

#define LIVE_MAX_VIEWERS 64

/* Control thread. live_stop after the data threads have ended. */
void live_start(struct loop *loop, struct engine *e);
void live_stop(void);

/* Data thread. Room for one more viewer? Then it is counted, until live_leave. */
bool live_admit(void);
/* The head of the stream's answer is in st->local: events follow it. */
void live_join(struct stream *st);
/* Have the control thread do what the form (copied) says, and answer then with a redirection to
 * uri;st=OUTCOME. false: out of memory. */
bool live_act(struct stream *st, struct str uri, struct str form);
/* The stream ends, whatever it was waiting for. */
void live_leave(struct stream *st);

#endif
