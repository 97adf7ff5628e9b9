/* proxyctl.h - `proxyd ctl`: the built-in client of the command socket. Another process than the
 * daemon; nothing here is called by it. */
#ifndef PROXY_PROXYCTL_H
#define PROXY_PROXYCTL_H

#include <stdbool.h>
#include <stdio.h>

#include <tandem/ctl_client.h>

#define PROXYCTL_MAX_FILES  64
#define PROXYCTL_MAX_PLACES 16
#define PROXYCTL_FILE       "/etc/tandem/haproxy.cfg" /* without -f */

struct proxyctl {
	const char *files[PROXYCTL_MAX_FILES]; /* borrowed from argv */
	unsigned n_files;
	const char *socket; /* -s; NULL: as the files say */
	bool is_json, is_raw;
	int timeout_ms;
	int argc; /* what follows the options */
	char *const *argv;
};

/* A row of the table of subcommands. Returns the exit status. */
struct proxyctl_command {
	const char *name, *usage, *help;
	int (*fn)(struct proxyctl *c);
};

/* argv behind `ctl`. Returns the exit status: 0 good, 1 degraded or refused, 2 down or unusable. */
int proxyctl_main(int argc, char *const *argv);

/* A connection to the daemon: the first that answers of the places where the files say that its
 * sockets are, those of administrators first. -1 after having said why to stderr. */
int proxyctl_connect(const struct proxyctl *c);
/* One command, its answer whole. 0, or -1 after having said why. */
NODISCARD int proxyctl_ask(const struct proxyctl *c, const char *line, struct strbuf *out);
/* Places of `stats socket` in these files, in the order in which they should be tried. */
unsigned proxyctl_find_places(const char *const *files, unsigned n_files,
			      struct addr places[PROXYCTL_MAX_PLACES]);

/* Show an answer: tables where it has columns, JSON when asked for. */
void proxyctl_print(const struct proxyctl *c, const char *command, const char *answer, FILE *f);

/* `show stat` as rows of named cells. */
struct csv {
	char *text; /* owned; cells end with NUL */
	char **names;
	unsigned n_columns, n_rows;
	char **cells; /* n_rows * n_columns */
};
/* 0 or -EINVAL. */
NODISCARD int csv_parse(const char *text, struct csv *out);
/* "": none */
const char *csv_get(const struct csv *c, unsigned row, const char *name);
void csv_fini(struct csv *c);

int proxyctl_status(struct proxyctl *c);
int proxyctl_reload(struct proxyctl *c);
int proxyctl_rolling(struct proxyctl *c);
int proxyctl_diff(struct proxyctl *c);
/* Print how two canonical configurations differ, section by section. Returns how many sections do,
 * or -1 (no memory, or no configuration). Passwords and keys count but are not shown. */
int proxyctl_diff_texts(const char *now, const char *then, FILE *f);

#endif
