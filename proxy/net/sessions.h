/* sessions.h - the sessions of all data threads: listing them in pieces, ending one. Control
 * thread.
 *
 * A session is a client connection with a stream; one that waits for its next request is none. Its
 * number stays the same as long as the connection. */
#ifndef PROXY_SESSIONS_H
#define PROXY_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/list.h>
#include <tandem/str.h>

struct engine;
struct worker;

struct session_filter {
	uint64_t id;        /* 0: all */
	int64_t min_age_us; /* 0: all */
	bool has_details;
};

/* A place in a thread's list of clients that stays valid while clients come and go. */
struct session_walk {
	struct list node; /* in the thread's list of walks */
	struct list *at;  /* the next client; NULL: not in a thread now */
	unsigned tid;
	unsigned n_found;
	struct session_filter filter;
};

struct session_walk *session_walk_new(const struct session_filter *f);
/* Append the next piece, some hundred sessions at most; the thread that has them is held for less
 * than a millisecond. false: that was the last one. */
bool session_walk_next(struct session_walk *w, struct engine *e, struct strbuf *out);
void session_walk_free(struct session_walk *w, struct engine *e);
/* false: there is none. */
bool session_shut(struct engine *e, uint64_t id);
/* In the data thread: a client that is about to leave the list is nobody's next one. */
void session_client_leaves(struct worker *w, struct list *node);

#endif
