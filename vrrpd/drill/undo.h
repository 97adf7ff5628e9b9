/* undo.h - a drill's safety net: a process of its own that puts right what the drill broke.
 *
 * The drill tells it each step before it does the thing: how to undo it. The keeper writes the
 * steps to a file, and carries them out, last first, when it is told to, when the drill is gone
 * (end of file: killed, crashed, terminal lost), or when the time is over, whichever comes first.
 * It has its own session and ignores the signals of terminals. When the keeper is killed too, the
 * file is left: `vrrpd drill restore` does the rest.
 *
 * A step is one line:
 *   cont PID STARTED     SIGCONT, if that process still began then (clock ticks since the boot)
 *   link NAME            set the interface up
 *   run COMMAND          by /bin/sh, in the background, in a session of its own
 *   resume INSTANCE      take part in the election again (the control socket's command) */
#ifndef VRRPD_DRILL_UNDO_H
#define VRRPD_DRILL_UNDO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <tandem/str.h>

#define UNDO_PATH      "/run/tandem/drill.undo"
#define UNDO_MAX_STEPS 16
#define UNDO_MAX_LINE  1024

enum undo_kind { UNDO_CONT, UNDO_LINK, UNDO_RUN, UNDO_RESUME };

struct undo_step {
	enum undo_kind kind;
	pid_t pid;
	unsigned long long started;
	char text[UNDO_MAX_LINE]; /* interface, command, instance */
};

/* Pure. 0 or -EINVAL. */
NODISCARD int undo_parse(struct str line, struct undo_step *out);
void undo_format(const struct undo_step *s, char out[UNDO_MAX_LINE + 64]);

struct undo {
	pid_t keeper;
	int fd;                    /* owned; to the keeper */
	const char *path, *socket; /* borrowed */
};

/* path: of the file; socket: vrrpd's control socket, for resume; both are kept. 0 or -errno;
 * -EEXIST: the file of an earlier drill is there. */
NODISCARD int undo_start(struct undo *u, const char *path, const char *socket, int64_t limit_us);
/* Returns when the keeper has it on disk. 0 or -errno. */
NODISCARD int undo_add(struct undo *u, const struct undo_step *s);
/* Undo everything now; returns when it is done. A keeper that was killed is stood in for. */
void undo_finish(struct undo *u);
/* The steps are not needed any more. */
void undo_drop(struct undo *u);
/* Of a drill whose keeper died too. Returns the number of steps done, or -errno (-ENOENT: nothing
 * is left). */
NODISCARD int undo_restore(const char *path, const char *socket);
/* What a `link` step does, and its opposite. */
void undo_set_link(const char *name, bool up);
/* A number of /proc/PID/stat, by its place there (proc(5): 4 parent, 22 start); 0: there is none.
 */
unsigned long long undo_stat(pid_t pid, unsigned field);
/* When a process began; 0: there is none. */
unsigned long long undo_started(pid_t pid);

#endif
