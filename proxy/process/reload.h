/* reload.h - bring the running process to another configuration in two steps.
 *
 * plan: open everything new; whatever can fail fails here and leaves no trace. commit: cannot fail.
 * Objects are matched by name: frontends, backends and servers that keep their names keep their
 * sockets, counters, states and connections. What left is retired: its connections finish, then
 * it is freed, and after the last of it the configuration that it was made from. */
#ifndef PROXY_RELOAD_H
#define PROXY_RELOAD_H

#include <tandem/diag.h>

struct cfg;
struct plan;
struct process;

/* cfg is taken, also on failure. is_takeover: other processes may hold our ports (-sf). NULL when
 * something cannot be opened; every reason is in d. */
NODISCARD struct plan *plan_new(struct process *p, struct cfg *cfg, bool is_takeover,
				struct diag *d);
/* Make it the running configuration; frees the plan. Threads run already. */
void plan_commit(struct plan *plan);
/* Close what was opened and free the plan, instead of a commit. */
void plan_drop(struct plan *plan);

/* Free retired objects that nothing uses any more. Called once a second. */
void reload_reap(struct process *p);
/* At the end of the process, when the threads are gone: free everything. */
void reload_free_all(struct process *p);

#endif
