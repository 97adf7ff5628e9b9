/* saved_states.h - where the states of servers come from at a start: from the process that we
 * replace (-x, upgrade), else from the files of `load-server-state-from-file`. */
#ifndef PROXY_SAVED_STATES_H
#define PROXY_SAVED_STATES_H

#include <tandem/util.h>

struct cfg;
struct process;
struct saved_sources;

/* Ask a running process on a connected command socket (taken); blocks for some seconds at most.
 * What it does not tell is logged and not there. */
void saved_states_ask(struct process *p, int fd);
/* The same on the socket at this path. */
void saved_states_ask_path(struct process *p, const char *path);
/* Read the files that cfg names; those that cannot be read are warned about. Before privileges are
 * dropped. */
void saved_states_read(struct process *p, const struct cfg *cfg);
/* Give the new backends (of registry_current) what is known of them, and forget it. */
void saved_states_apply(struct process *p);

#endif
