/* acceptor.h - a thread's watchers on listening sockets, and when they pause. */
#ifndef PROXY_ACCEPTOR_H
#define PROXY_ACCEPTOR_H

#include <ev.h>
#include <tandem/list.h>

struct listener;
struct worker;

struct acceptor {
	ev_io io;
	struct list node;
	struct worker *w;
	struct listener *l; /* borrowed until acceptor_remove */
	int fd;             /* borrowed from the listener */
	/* What the loop watches: an epoll set of our own around fd; owned; -1: fd itself. The open
	 * file behind fd may live on in another process (-x, -W), and libev takes a descriptor out
	 * of its set only lazily: it would go on hearing of connections on a number that is closed
	 * or used anew. This set ends with its close. */
	int set;
};

void acceptor_add(struct worker *w, struct listener *l);
/* Accept what the kernel has queued, then stop watching. */
void acceptor_remove(struct worker *w, struct listener *l);
void acceptors_remove_all(struct worker *w);
/* A connection ended: there may be room again. */
void acceptors_resume(struct worker *w);
/* Callback of the retry timer: room may have come from other threads, or files from anywhere. */
void acceptors_on_retry(struct ev_loop *ev, ev_timer *t, int revents);

#endif
