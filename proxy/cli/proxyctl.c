/* proxyctl.c - `proxyd ctl`: arguments, subcommands, the connection. */
#include "cli/proxyctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <tandem/str.h>

static const struct proxyctl_command subcommands[] = {
	{ "status", "", "the backends, what is wrong with them, and an exit status that tells it",
	  proxyctl_status },
	{ "reload", "",
	  "read the configuration again; prints every problem, exit status 1 if refused",
	  proxyctl_reload },
	{ "diff", "FILE...",
	  "what a reload with these files would change; exit status 1 if anything", proxyctl_diff },
	{ "rolling", "BACKEND --cmd COMMAND",
	  "drain each server in turn, run the command, wait until it is healthy",
	  proxyctl_rolling },
	{ NULL, NULL, NULL, NULL },
};

static void usage(FILE *f)
{
	fprintf(f,
		"Usage: proxyd ctl [-f FILE]... [-s SOCKET] [--json|--raw] [-t SECONDS] COMMAND\n"
		"  -f FILE    configuration in which the command socket is found (default:\n"
		"             %s); repeatable\n"
		"  -s SOCKET  ask this one: a path or ADDRESS:PORT\n"
		"  --json     print JSON; --raw: print the answer as it comes\n"
		"  -t SECONDS longest wait for an answer (default: 10)\n"
		"Commands:\n",
		PROXYCTL_FILE);
	for (const struct proxyctl_command *s = subcommands; s->name != NULL; s++)
		fprintf(f, "  %-8s %-10s %s\n", s->name, s->usage, s->help);
	fputs("  and each command of the socket, as in: proxyd ctl show stat (ask it: help)\n"
	      "Exit status: 0 good, 1 degraded or refused, 2 down\n",
	      f);
}

int proxyctl_connect(const struct proxyctl *c)
{
	const char *default_file = PROXYCTL_FILE;
	struct addr places[PROXYCTL_MAX_PLACES];
	char text[ADDR_TEXT_LEN];
	unsigned n;
	int fd = -ENOENT;

	if (c->socket != NULL) {
		n = ctl_client_parse_addr(str_from(c->socket), &places[0]) == 0;
		if (n == 0)
			fprintf(stderr, "proxyd ctl: '%s' is no path and no ADDRESS:PORT\n",
				c->socket);
	} else {
		n = proxyctl_find_places(c->n_files > 0 ? c->files : &default_file,
					 MAX(c->n_files, 1), places);
		if (n == 0)
			fprintf(stderr,
				"proxyd ctl: no 'stats socket' in %s%s; name the file with -f or "
				"the "
				"socket with -s\n",
				c->n_files > 0 ? c->files[0] : default_file,
				c->n_files > 1 ? " and the other files" : "");
	}
	for (unsigned i = 0; i < n && fd < 0; i++)
		fd = ctl_client_connect(&places[i], c->timeout_ms);
	if (fd < 0 && n > 0)
		fprintf(stderr, "proxyd ctl: nobody answers at %s%s: %s\n",
			addr_format(&places[n - 1], true, text),
			n > 1 ? " and the other sockets" : "", strerror(-fd));
	return fd < 0 ? -1 : fd;
}

int proxyctl_ask(const struct proxyctl *c, const char *line, struct strbuf *out)
{
	int fd = proxyctl_connect(c), rc;

	if (fd < 0)
		return -1;
	rc = ctl_client_ask(fd, str_from(line), out);
	if (rc == 0)
		return 0;
	fprintf(stderr, "proxyd ctl: the answer to '%s' did not come: %s\n", line, strerror(-rc));
	return -1;
}

int proxyctl_reload(struct proxyctl *c)
{
	struct strbuf answer = { 0 };
	const char *text;
	bool is_good;

	if (proxyctl_ask(c, "reload", &answer) != 0) {
		strbuf_fini(&answer);
		return CTL_DOWN;
	}
	text = strbuf_str(&answer);
	is_good = strncmp(text, "Success=1\n", 10) == 0;
	if (strncmp(text, "Success=", 8) == 0 && strstr(text, "--\n") != NULL)
		text = strstr(text, "--\n") + 3;
	if (answer.len == 0)
		text = "the connection ended before the outcome was told; see the log\n";
	if (c->is_json) {
		fprintf(stdout, "{\"reloaded\":%s}\n", is_good ? "true" : "false");
	} else {
		if (*text != '\0' && strcmp(text, "\n") != 0)
			fputs(text, is_good ? stdout : stderr);
		puts(is_good ? "Reloaded." : "Not reloaded: the running configuration stays.");
	}
	strbuf_fini(&answer);
	return is_good ? CTL_GOOD : CTL_DEGRADED;
}

static int copy_out(const char *bytes, size_t len, void *arg)
{
	return fwrite(bytes, 1, len, arg) == len ? 0 : -EPIPE;
}

/* Whether the daemon refused: it has no status for it but words. */
static bool is_refusal(const char *answer)
{
	static const char *const words[] = { "Unknown command", "Permission denied", "No such ",
					     "Can't find ", "Require " };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strncmp(answer, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/* The words are one command of the socket, or several with ';'. */
static int pass_on(struct proxyctl *c)
{
	struct strbuf line = { 0 }, answer = { 0 };
	int rc = CTL_DOWN, fd;

	for (int i = 0; i < c->argc; i++)
		strbuf_addf(&line, "%s%s", i > 0 ? " " : "", c->argv[i]);
	if (strchr(strbuf_str(&line), '\n') != NULL) {
		fputs("proxyd ctl: a command is one line\n", stderr);
	} else if (c->is_raw || strstr(strbuf_str(&line), "-w") != NULL) {
		fd = proxyctl_connect(c);
		if (fd >= 0 &&
		    ctl_client_stream(fd, (struct str){ line.p, line.len }, copy_out, stdout) == 0)
			rc = CTL_GOOD;
	} else if (proxyctl_ask(c, strbuf_str(&line), &answer) == 0) {
		bool is_bad = is_refusal(strbuf_str(&answer));

		if (is_bad && !c->is_json)
			fputs(strbuf_str(&answer), stderr);
		else
			proxyctl_print(c, strbuf_str(&line), strbuf_str(&answer), stdout);
		rc = is_bad ? CTL_DEGRADED : CTL_GOOD;
	}
	strbuf_fini(&line);
	strbuf_fini(&answer);
	return rc;
}

static bool parse_options(struct proxyctl *c, int argc, char *const *argv)
{
	int i = 0;

	for (; i < argc && argv[i][0] == '-'; i++) {
		const char *word = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
		int64_t seconds;

		if (strcmp(word, "--json") == 0) {
			c->is_json = true;
		} else if (strcmp(word, "--raw") == 0) {
			c->is_raw = true;
		} else if (strcmp(word, "-f") == 0 && value && c->n_files < PROXYCTL_MAX_FILES) {
			c->files[c->n_files++] = argv[++i];
		} else if (strcmp(word, "-s") == 0 && value) {
			c->socket = argv[++i];
		} else if (strcmp(word, "-t") == 0 && value &&
			   str_parse_int(str_from(value), 1, 86400, &seconds) == 0) {
			c->timeout_ms = (int)seconds * 1000;
			i++;
		} else {
			fprintf(stderr, "proxyd ctl: '%s' is no option, or lacks its value\n",
				word);
			return false;
		}
	}
	/* behind the command they are options, too: no command has such words */
	c->argc = argc - i;
	c->argv = argv + i;
	while (c->argc > 0 && (strcmp(c->argv[c->argc - 1], "--json") == 0 ||
			       strcmp(c->argv[c->argc - 1], "--raw") == 0)) {
		c->is_json |= strcmp(c->argv[c->argc - 1], "--json") == 0;
		c->is_raw |= strcmp(c->argv[c->argc - 1], "--raw") == 0;
		c->argc--;
	}
	return true;
}

int proxyctl_main(int argc, char *const *argv)
{
	struct proxyctl c = { .timeout_ms = 10000 };

	if (argc > 0 && (strcmp(argv[0], "-h") == 0 || strcmp(argv[0], "--help") == 0)) {
		usage(stdout);
		return CTL_GOOD;
	}
	if (!parse_options(&c, argc, argv) || c.argc == 0) {
		usage(stderr);
		return CTL_DOWN;
	}
	for (const struct proxyctl_command *s = subcommands; s->name != NULL; s++)
		if (strcmp(c.argv[0], s->name) == 0)
			return s->fn(&c);
	return pass_on(&c);
}
