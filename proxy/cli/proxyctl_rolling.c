/* proxyctl_rolling.c - `proxyd ctl rolling`: a new version, server by server, with nobody noticing.
 */
#include "cli/proxyctl.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <tandem/clock.h>
#include <tandem/str.h>

#define POLL_NS     (50 * 1000 * 1000)
#define DRAIN_S     60 /* defaults */
#define HEALTHY_S   60
#define MAX_SERVERS 4096

struct rolling {
	struct proxyctl *c;
	const char *backend, *cmd;
	const char *only; /* --servers A,B; NULL: all */
	int64_t drain_s, healthy_s;
};

static volatile sig_atomic_t is_interrupted;

static void on_interrupt(int sig)
{
	(void)sig;
	is_interrupted = 1;
}

static void nap(void)
{
	const struct timespec t = { .tv_nsec = POLL_NS };

	(void)nanosleep(&t, NULL);
}

/* ---- what the daemon says ---- */

/* 0, -EIO (it did not answer), -EINVAL. */
static int read_stat(const struct rolling *r, struct csv *out)
{
	struct strbuf answer = { 0 };
	int rc = proxyctl_ask(r->c, "show stat", &answer) == 0 ? csv_parse(strbuf_str(&answer), out)
							       : -EIO;

	strbuf_fini(&answer);
	return rc;
}

static bool is_server(const struct csv *c, unsigned row, const char *backend)
{
	const char *name = csv_get(c, row, "svname");

	return strcmp(csv_get(c, row, "pxname"), backend) == 0 && strcmp(name, "FRONTEND") != 0 &&
	       strcmp(name, "BACKEND") != 0;
}

static int find_row(const struct csv *c, const char *backend, const char *server)
{
	for (unsigned i = 0; i < c->n_rows; i++)
		if (is_server(c, i, backend) && strcmp(csv_get(c, i, "svname"), server) == 0)
			return (int)i;
	return -1;
}

static bool is_up(const char *status)
{
	return strncmp(status, "UP", 2) == 0 || strcmp(status, "no check") == 0;
}

/* One command whose success is silence. */
static bool command(const struct rolling *r, const char *server, const char *fmt)
{
	struct strbuf line = { 0 }, answer = { 0 };
	bool ok;

	strbuf_addf(&line, "set server %s/%s %s", r->backend, server, fmt);
	ok = proxyctl_ask(r->c, strbuf_str(&line), &answer) == 0 &&
	     strspn(strbuf_str(&answer), "\n") == answer.len;
	if (!ok)
		fprintf(stderr, "proxyd ctl: '%s' was answered: %s", strbuf_str(&line),
			strbuf_str(&answer));
	strbuf_fini(&line);
	strbuf_fini(&answer);
	return ok;
}

/* ---- one server ---- */

enum waited { WAIT_DONE, WAIT_TIMEOUT, WAIT_INTERRUPTED, WAIT_LOST };

typedef bool wanted_fn(const struct csv *c, unsigned row);

static bool has_no_sessions(const struct csv *c, unsigned row)
{
	return strcmp(csv_get(c, row, "scur"), "0") == 0 &&
	       strcmp(csv_get(c, row, "qcur"), "0") == 0;
}

static bool is_healthy(const struct csv *c, unsigned row)
{
	return is_up(csv_get(c, row, "status"));
}

static enum waited wait_for(const struct rolling *r, const char *server, wanted_fn *is_wanted,
			    int64_t seconds)
{
	const int64_t until_us = clock_mono_us() + seconds * US_PER_S;
	enum waited w = WAIT_TIMEOUT;
	struct csv c;
	int row;

	do {
		if (read_stat(r, &c) != 0)
			return WAIT_LOST;
		row = find_row(&c, r->backend, server);
		if (row < 0)
			w = WAIT_LOST;
		else if (is_wanted(&c, (unsigned)row))
			w = WAIT_DONE;
		else if (is_interrupted)
			w = WAIT_INTERRUPTED;
		csv_fini(&c);
		if (w == WAIT_TIMEOUT)
			nap();
	} while (w == WAIT_TIMEOUT && clock_mono_us() < until_us);
	return w;
}

/* {server}, {backend} and {address} in the command are replaced; the same is in the environment.
 * The words come from the configuration and hold no blanks. */
static void expand(struct strbuf *out, const char *cmd, const char *const names[],
		   const char *const values[], size_t n)
{
	while (*cmd != '\0') {
		size_t i = 0;

		while (i < n && strncmp(cmd, names[i], strlen(names[i])) != 0)
			i++;
		if (i < n) {
			strbuf_adds(out, values[i]);
			cmd += strlen(names[i]);
		} else {
			strbuf_addc(out, *cmd++);
		}
	}
}

static int run(const struct rolling *r, const char *server, const char *address)
{
	static const char *const names[] = { "{server}", "{backend}", "{address}" };
	const char *const values[] = { server, r->backend, address };
	struct strbuf line = { 0 };
	int status = -1;
	pid_t pid;

	expand(&line, r->cmd, names, values, ARRAY_LEN(names));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		setenv("TANDEM_SERVER", server, 1);
		setenv("TANDEM_BACKEND", r->backend, 1);
		setenv("TANDEM_ADDRESS", address, 1);
		execl("/bin/sh", "sh", "-c", strbuf_str(&line), (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	strbuf_fini(&line);
	if (pid < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Others must serve in the meantime. */
static unsigned count_others(const struct csv *c, const char *backend, const char *server)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->n_rows; i++)
		n += is_server(c, i, backend) && strcmp(csv_get(c, i, "svname"), server) != 0 &&
		     is_up(csv_get(c, i, "status"));
	return n;
}

static bool say(const char *server, const char *what)
{
	printf("%s: %s\n", server, what);
	fflush(stdout);
	return false;
}

static bool drain(const struct rolling *r, const char *server)
{
	if (!command(r, server, "state drain"))
		return false;
	switch (wait_for(r, server, has_no_sessions, r->drain_s)) {
	case WAIT_DONE:
		return true;
	case WAIT_TIMEOUT:
		(void)command(r, server, "state ready");
		return say(server, "still has connections after the time for draining; it serves "
				   "again, nothing was deployed");
	case WAIT_INTERRUPTED:
		(void)command(r, server, "state ready");
		return say(server, "interrupted; it serves again, nothing was deployed");
	case WAIT_LOST:
		return say(server, "is not there any more, or proxyd does not answer");
	}
	UNREACHABLE();
}

static bool bring_back(const struct rolling *r, const char *server, bool is_checked)
{
	/* down first: it serves when checks have seen the new version, not before */
	if ((is_checked && !command(r, server, "health down")) ||
	    !command(r, server, "state ready"))
		return false;
	switch (wait_for(r, server, is_healthy, r->healthy_s)) {
	case WAIT_DONE:
		return true;
	case WAIT_TIMEOUT:
		return say(server,
			   "does not become healthy; it gets no requests, the others serve");
	case WAIT_INTERRUPTED:
		return say(server, "interrupted; it serves when its checks succeed");
	case WAIT_LOST:
		return say(server, "is not there any more, or proxyd does not answer");
	}
	UNREACHABLE();
}

static bool deploy(const struct rolling *r, const char *server)
{
	char address[128], text[160];
	bool is_checked, has_others;
	int64_t start_us = clock_mono_us();
	struct csv c;
	int row, rc;

	if (read_stat(r, &c) != 0)
		return say(server, "proxyd does not answer");
	row = find_row(&c, r->backend, server);
	snprintf(address, sizeof(address), "%s",
		 row >= 0 ? csv_get(&c, (unsigned)row, "addr") : "");
	is_checked = row >= 0 && csv_get(&c, (unsigned)row, "check_status")[0] != '\0';
	has_others = count_others(&c, r->backend, server) > 0;
	csv_fini(&c);
	if (row < 0)
		return say(server, "is not there any more");
	if (!has_others)
		return say(server,
			   "no other server of the backend could serve meanwhile: not drained");
	if (!drain(r, server))
		return false;
	rc = run(r, server, address);
	if (rc != 0) {
		snprintf(text, sizeof(text),
			 "the command failed (status %d); it stays drained, the others serve", rc);
		return say(server, text);
	}
	if (!bring_back(r, server, is_checked))
		return false;
	snprintf(text, sizeof(text), "done in %.1f s",
		 (double)(clock_mono_us() - start_us) / US_PER_S);
	(void)say(server, text);
	return true;
}

/* ---- all of them ---- */

static bool is_named(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; at != NULL; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, name, len) == 0 && (at[len] == ',' || at[len] == '\0'))
			return true;
	}
	return false;
}

/* Names, to free with all; servers in maintenance are left alone. */
static char **collect(const struct rolling *r, unsigned *n)
{
	char **names = calloc(MAX_SERVERS, sizeof(*names));
	struct csv c;

	*n = 0;
	if (names == NULL || read_stat(r, &c) != 0)
		return names;
	for (unsigned i = 0; i < c.n_rows && *n < MAX_SERVERS; i++) {
		const char *name = csv_get(&c, i, "svname");

		if (!is_server(&c, i, r->backend) || (r->only && !is_named(r->only, name)))
			continue;
		if (strncmp(csv_get(&c, i, "status"), "MAINT", 5) == 0)
			(void)say(name, "in maintenance: left alone");
		else if ((names[*n] = strdup(name)) != NULL)
			(*n)++;
	}
	csv_fini(&c);
	return names;
}

static bool parse(struct rolling *r, const struct proxyctl *c)
{
	if (c->argc < 2)
		return false;
	r->backend = c->argv[1];
	for (int i = 2; i < c->argc; i++) {
		const char *word = c->argv[i], *value = i + 1 < c->argc ? c->argv[i + 1] : NULL;

		if (value == NULL)
			return false;
		i++;
		if (strcmp(word, "--cmd") == 0)
			r->cmd = value;
		else if (strcmp(word, "--servers") == 0)
			r->only = value;
		else if (strcmp(word, "--drain-seconds") == 0) {
			if (str_parse_int(str_from(value), 1, 86400, &r->drain_s) != 0)
				return false;
		} else if (strcmp(word, "--healthy-seconds") != 0 ||
			   str_parse_int(str_from(value), 1, 86400, &r->healthy_s) != 0)
			return false;
	}
	return r->cmd != NULL;
}

int proxyctl_rolling(struct proxyctl *c)
{
	struct rolling r = { .c = c, .drain_s = DRAIN_S, .healthy_s = HEALTHY_S };
	const struct sigaction sa = { .sa_handler = on_interrupt };
	unsigned n, n_done = 0;
	char **names;

	if (!parse(&r, c)) {
		fputs("Usage: proxyd ctl rolling BACKEND --cmd COMMAND [--servers A,B] "
		      "[--drain-seconds N]\n"
		      "       [--healthy-seconds N]\n"
		      "COMMAND runs in a shell; {server}, {backend} and {address} are replaced.\n",
		      stderr);
		return CTL_DOWN;
	}
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	names = collect(&r, &n);
	if (n == 0)
		fprintf(stderr, "proxyd ctl: backend '%s' has no server to deploy to\n", r.backend);
	while (n_done < n && !is_interrupted && deploy(&r, names[n_done]))
		n_done++;
	if (n > 0)
		printf("%u of %u servers of %s deployed%s\n", n_done, n, r.backend,
		       n_done < n ? "; stopped" : "");
	for (unsigned i = 0; i < n; i++)
		free(names[i]);
	free(names);
	return n == 0 ? CTL_DOWN : n_done == n ? CTL_GOOD : CTL_DEGRADED;
}
