/* server_state.h - states of servers from another process: the text of `show servers state`
 * (version 1), from a file or from the process that we replace. */
#ifndef PROXY_SERVER_STATE_H
#define PROXY_SERVER_STATE_H

#include <stdint.h>
#include <tandem/str.h>

struct backend;

struct saved_state {
	struct str be, srv, addr, fqdn; /* in the text */
	unsigned op, admin;             /* enum server_op, mask of enum server_admin */
	unsigned weight, first_weight;
	int64_t age_s; /* since the last change */
	uint16_t port;
};

struct saved_states {
	char *text;               /* owned */
	struct saved_state *rows; /* owned; sorted by names */
	unsigned n, n_bad;        /* n_bad: lines that were not understood */
};

/* Parse (text is copied). 0; -EPROTO: it has no version 1 in its first line; -ENOMEM. On failure
 * nothing is left to free. Pure. */
NODISCARD int server_state_parse(struct saved_states *all, struct str text);
void server_state_fini(struct saved_states *all);
/* NULL: it is not there. */
const struct saved_state *server_state_find(const struct saved_states *all, struct str be,
					    struct str srv);

/* Give the servers of a new backend the states that it had: weight (if the file still has the first
 * one), maintenance and drain by the operator (not those that came from `disabled`), port, and down
 * or stopping where checks can end it. As HAProxy, but for a server without checks that was down:
 * it comes up, because nobody could ever bring it up again. Before the first health_sync.
 * Publishes. Control thread. Returns how many servers were found. */
unsigned server_state_apply(const struct saved_states *all, struct backend *be);

#endif
