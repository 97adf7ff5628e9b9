/* ctl_client.h - the other end of a control socket: ask a command, read its answer, show it. For
 * the built-in clients of the daemons; blocking, so never in a daemon itself. */
#ifndef TANDEM_CTL_CLIENT_H
#define TANDEM_CTL_CLIENT_H

#include <stdbool.h>
#include <stdio.h>
#include <tandem/addr.h>
#include <tandem/str.h>

/* What a client's process ends with. */
enum ctl_client_exit { CTL_GOOD = 0, CTL_DEGRADED = 1, CTL_DOWN = 2 };

#define CTL_CLIENT_MAX_ANSWER (256u << 20) /* bytes that ctl_client_ask keeps */

/* A place of a socket as people write it: a path, unix@PATH, ADDRESS:PORT or [ADDRESS]:PORT. 0 or
 * -EINVAL, -ENAMETOOLONG. */
NODISCARD int ctl_client_parse_addr(struct str text, struct addr *out);
/* Connected, or -errno. timeout_ms: for this and for each read of the descriptor. */
NODISCARD int ctl_client_connect(const struct addr *a, int timeout_ms);
/* Send one line (without its end) and pass on what comes until the end of file. fd is closed. 0,
 * -errno, or what fn returned when that is not 0. */
typedef int ctl_client_fn(const char *bytes, size_t len, void *arg);
NODISCARD int ctl_client_stream(int fd, struct str line, ctl_client_fn *fn, void *arg);
/* The same into out; -EFBIG when it is too much. */
NODISCARD int ctl_client_ask(int fd, struct str line, struct strbuf *out);
/* All three for one place, as ctl_client_parse_addr reads it. 0 or -errno. */
NODISCARD int ctl_client_ask_at(struct str place, int timeout_ms, struct str line,
				struct strbuf *out);

/* Rows of text in columns; starts as {0} but for n_columns. */
struct ctl_table {
	unsigned n_columns;
	struct strbuf cells; /* each ends with NUL */
	unsigned n_cells;
};
/* The next cell; control bytes become '?'. */
void ctl_table_add(struct ctl_table *t, struct str cell);
PRINTF_LIKE(2, 3) void ctl_table_addf(struct ctl_table *t, const char *fmt, ...);
/* As wide as it must be; columns in which all rows but the first are numbers are right-aligned. */
void ctl_table_print(const struct ctl_table *t, FILE *f);
void ctl_table_fini(struct ctl_table *t);

#endif
