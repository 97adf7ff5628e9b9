/* upgrade.h - SIGUSR2 when the program's file has been replaced: the master becomes the new program
 * without a moment in which nobody listens.
 *
 *   old master -- fork: new program -c --> exec: new master, same pid, sockets and old worker kept
 *   new master -- fork --> new worker, ready --> SIGUSR1 to the old worker, which drains
 *
 * A new program, configuration or worker that fails leaves the old worker in service. What is kept
 * goes in a memory file whose descriptor is named in the environment. */
#ifndef PROXY_UPGRADE_H
#define PROXY_UPGRADE_H

#include <stdbool.h>
#include <sys/types.h>
#include <tandem/util.h>

struct master_link;

/* Remember which file this program is. */
void upgrade_init(void);
/* Is another file in its place now? */
bool upgrade_is_wanted(void);
/* Are we the new program? */
bool upgrade_is_under_way(void);

/* Fork a check of the configuration by the new program. Returns its pid, or -errno. */
NODISCARD pid_t upgrade_check(char *const *argv);
/* Become the new program. worker and the link to it, with the sockets that it left, go along. To be
 * called with signals blocked: what is pending waits for the new program. Returns only if it fails:
 * -errno, and nothing has changed. */
NODISCARD int upgrade_exec(char *const *argv, pid_t worker, struct master_link *ml);
/* In the new program: take what the old one left. 0 or -errno; then there is no worker. */
NODISCARD int upgrade_take(pid_t *worker, struct master_link *ml);

#endif
