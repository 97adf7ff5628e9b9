/* means.h - how a drill breaks things: whom to kill or freeze, which interface, and who puts it
 * right. */
#ifndef VRRPD_DRILL_MEANS_H
#define VRRPD_DRILL_MEANS_H

#include <stddef.h>
#include <sys/types.h>
#include <tandem/util.h>

#include "drill.h"
#include "undo.h"

struct means {
	enum drill_kind kind;
	pid_t pid[2]; /* proxyd's worker; or guardian and worker of vrrpd */
	unsigned long long started[2];
	char interface[16];
	char restart[UNDO_MAX_LINE]; /* empty: somebody else does it */
};

/* Processes are found by their sockets' credentials, never by name. 0, or -1 with the reason. */
NODISCARD int means_find(struct means *m, const struct drill_options *o, const struct cfg *cfg,
			 const char *control_socket, const char *interface, char *why, size_t room);
/* Tell the keeper. 0 or -errno. */
NODISCARD int means_prepare(struct means *m, struct undo *u);
void means_execute(const struct means *m);
/* SHA-256 of a file in hexadecimal; empty: it cannot be read. */
void means_digest(const char *path, char out[65]);

#endif
