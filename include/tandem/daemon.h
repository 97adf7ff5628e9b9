/* daemon.h - becoming a daemon: background, pid files, privileges, limits, systemd. */
#ifndef TANDEM_DAEMON_H
#define TANDEM_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <tandem/util.h>

/* Fork into the background with a session of its own and standard streams on /dev/null. The parent
 * does not exit until daemon_ready() or the end of the child, and exits with 0 or the child's
 * status (1 at least), so that errors of start-up are seen by the shell. 0 in the child or -errno.
 */
NODISCARD int daemon_background(void);
/* Start-up is done: lets the waiting parent exit 0 and closes stderr. No effect without
 * daemon_background. */
void daemon_ready(void);

/* Write the pid (of `pid`) atomically. 0 or -errno; -EEXIST when the file names another living
 * process with our program's name and exclusive is set. */
NODISCARD int daemon_pidfile_write(const char *path, pid_t pid, bool exclusive);
void daemon_pidfile_remove(const char *path);

/* Resolve names with getpwnam/getgrnam; either may be NULL. 0 or -ENOENT. */
NODISCARD int daemon_lookup_user(const char *user, uid_t *uid, gid_t *gid);
NODISCARD int daemon_lookup_group(const char *group, gid_t *gid);
/* chroot (NULL: none), then setgroups/setgid/setuid ((uid_t)-1: keep), keeping just the
 * capabilities in the list (CAP_... numbers, ends with -1; NULL: none kept when the uid changes),
 * through libcap-ng; supplementary groups are dropped. 0 or -errno; -EPERM when not root. To be
 * called before threads start: capabilities belong to a thread. */
NODISCARD int daemon_drop_privileges(const char *chroot_dir, uid_t uid, gid_t gid, const int *caps);
/* Raise RLIMIT_NOFILE to at least n if permitted. Returns the limit now in force. */
unsigned long daemon_raise_nofile(unsigned long n);

/* Give up for good, for all programs that are started from here too: new privileges by setuid
 * programs, and the system calls that a proxy never needs (libseccomp; they fail with EPERM).
 * may_exec: programs may be started. Before threads start; threads that run already are not
 * confined. 0 or -errno (an old kernel, or a sandbox that forbids it). Nothing under a sanitizer.
 */
NODISCARD int daemon_confine(bool may_exec);

/* What systemd's WatchdogSec= asks for: say "WATCHDOG=1" at least so often, µs; 0: it does not ask
 * us. */
uint64_t daemon_watchdog_us(void);

/* sd_notify; does nothing outside systemd. state: "READY=1", "RELOADING=1", "STOPPING=1",
 * "STATUS=...". */
void daemon_notify(const char *state);

#endif
