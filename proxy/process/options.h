/* options.h - the command line of proxyd: HAProxy 2.6's flags. Pure. */
#ifndef PROXY_OPTIONS_H
#define PROXY_OPTIONS_H

#include <stdbool.h>
#include <sys/types.h>
#include <tandem/str.h>

enum options_mode {
	OPTIONS_RUN,
	OPTIONS_CHECK,
	OPTIONS_CONDITION, /* evaluate `condition` */
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_VERSION_FULL
};

#define OPTIONS_MAX_FILES    128
#define OPTIONS_MAX_OLD_PIDS 64

struct options {
	enum options_mode mode;
	const char *condition;                /* -cc; borrowed from argv */
	const char *files[OPTIONS_MAX_FILES]; /* borrowed from argv */
	unsigned n_files;
	char *const *argv;         /* all of it; borrowed */
	bool foreground;           /* -d, -db: stay in the foreground whatever the file says */
	bool daemon;               /* -D */
	bool master;               /* -W, -Ws */
	bool verbose, quiet;       /* -V, -q */
	bool zero_warning;         /* -dW */
	bool names_may_fail;       /* -dr */
	const char *master_socket; /* -S ADDR[,parameter]... */
	const char *pidfile;       /* -p */
	const char *directory;     /* -C */
	unsigned maxconn;          /* -n; 0: not given */
	unsigned memory_mb;        /* -m; 0: unlimited */
	const char *old_socket; /* -x: take listening sockets from the process that listens here */
	pid_t old_pids[OPTIONS_MAX_OLD_PIDS]; /* -sf, -st */
	unsigned n_old_pids;
	bool old_terminate; /* -st */
};

/* Parse argv. 0, or -EINVAL with one sentence per problem appended to err; then *o must not be used
 * to run. */
NODISCARD int options_parse(int argc, char *const *argv, struct options *o, struct strbuf *err);
/* The text of -h and of a command line that asks for nothing. */
extern const char options_usage[];

#endif
