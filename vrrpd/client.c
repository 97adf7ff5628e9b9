/* client.c - `vrrpd ctl`. */
#include "client.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tandem/clock.h>
#include <tandem/ctl_client.h>
#include <tandem/diag.h>
#include <time.h>
#include <unistd.h>

#include "config/cfg_model.h"
#include "config/cfg_parse.h"

#define TIMEOUT_MS 3000
#define WAIT_US    (10 * US_PER_S) /* for a hand-over */
#define POLL_NS    (20 * 1000 * 1000)

struct client {
	const char *conf, *socket, *id;
	bool as_json;
	char **word; /* the command */
	int n_words;
	char socket_path[CLIENT_SOCKET_LEN];
};

typedef int command_fn(struct client *c);

struct command {
	const char *name, *args, *help;
	command_fn *run;
};

/* --- talking to the daemon ------------------------------------------------------------------ */

void client_find_socket(const char *conf, const char *id, const char *socket,
			char out[CLIENT_SOCKET_LEN])
{
	struct cfg_options o = { .id = id, .without_lvs = true };
	struct diag d;
	struct cfg *cfg;

	diag_init(&d);
	cfg = socket ? NULL : cfg_load(conf, &o, &d);
	if (!socket)
		socket = cfg && cfg->global.control_socket ? cfg->global.control_socket
							   : CLIENT_DEFAULT_SOCKET;
	snprintf(out, CLIENT_SOCKET_LEN, "%s", socket);
	cfg_free(cfg);
	diag_fini(&d);
}

/* The answer to one line; false after a message. */
static bool ask(struct client *c, const char *line, struct strbuf *out)
{
	int rc = ctl_client_ask_at(str_from(c->socket_path), TIMEOUT_MS, str_from(line), out);

	if (rc == 0)
		return true;
	fprintf(stderr, "vrrpd ctl: no answer at %s: %s%s\n", c->socket_path, strerror(-rc),
		rc == -ENOENT || rc == -ECONNREFUSED ? " (is vrrpd running?)" : "");
	return false;
}

static json_t *ask_json(struct client *c, const char *line)
{
	struct strbuf answer = { 0 };
	json_error_t error;
	json_t *o = NULL;

	if (ask(c, line, &answer)) {
		o = json_loadb(answer.p, answer.len, 0, &error);
		if (!o)
			fprintf(stderr, "vrrpd ctl: %.*s", (int)answer.len, answer.p);
	}
	strbuf_fini(&answer);
	return o;
}

static void print_json(json_t *o)
{
	json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
	putchar('\n');
}

/* Pass the answer on, without its last empty line. */
static int show(struct client *c, const char *line)
{
	struct strbuf answer = { 0 };
	bool ok = ask(c, line, &answer);

	while (ok && answer.len > 1 && answer.p[answer.len - 1] == '\n' &&
	       answer.p[answer.len - 2] == '\n')
		answer.len--;
	if (ok && answer.len > 1)
		fwrite(answer.p, 1, answer.len, stdout);
	strbuf_fini(&answer);
	return ok ? CTL_GOOD : CTL_DOWN;
}

/* The command's words from k on, after a prefix, as one line. */
static char *make_line(const struct client *c, const char *prefix, int k)
{
	struct strbuf line = { 0 };
	char *text;

	strbuf_adds(&line, prefix);
	for (; k < c->n_words; k++)
		strbuf_addf(&line, "%s%s", line.len ? " " : "", c->word[k]);
	text = xstrdup(strbuf_str(&line));
	strbuf_fini(&line);
	return text;
}

static int show_line(struct client *c, const char *prefix, int k)
{
	char *line = make_line(c, prefix, k);
	int rc = show(c, line);

	free(line);
	return rc;
}

static const char *get(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "-";
}

/* --- status --------------------------------------------------------------------------------- */

static enum ctl_client_exit exit_of(const char *health)
{
	if (strcmp(health, "good") == 0)
		return CTL_GOOD;
	return strcmp(health, "degraded") == 0 ? CTL_DEGRADED : CTL_DOWN;
}

static const char *duration_text(double s, char out[32])
{
	if (s < 120)
		snprintf(out, 32, "%.1fs", s);
	else if (s < 7200)
		snprintf(out, 32, "%.0fm", s / 60);
	else if (s < 172800)
		snprintf(out, 32, "%.0fh", s / 3600);
	else
		snprintf(out, 32, "%.0fd", s / 86400);
	return out;
}

static void status_row(struct ctl_table *t, const json_t *i)
{
	bool has_conflict = json_is_object(json_object_get(i, "conflict"));
	char since[32];

	ctl_table_add(t, str_from(get(i, "name")));
	ctl_table_addf(t, "%s%s", get(i, "state"), has_conflict ? "+CONFLICT" : "");
	ctl_table_addf(t, "%lld", (long long)json_integer_value(json_object_get(i, "priority")));
	ctl_table_add(t, str_from(get(i, "master")));
	ctl_table_add(
		t, str_from(duration_text(json_real_value(json_object_get(i, "since_s")), since)));
	ctl_table_add(t, str_from(get(i, "health")));
	ctl_table_add(t, str_from(get(i, "cause")));
}

/* Why it is not well, below the table. */
static void print_reasons(const json_t *i)
{
	const json_t *conflict = json_object_get(i, "conflict"), *p, *r;
	size_t k;

	json_array_foreach(json_object_get(i, "reasons"), k, r)
		printf("%s: %s\n", get(i, "name"), json_string_value(r));
	if (json_is_string(json_object_get(i, "fault")))
		printf("%s: fault: %s\n", get(i, "name"), get(i, "fault"));
	if (json_is_object(conflict) && json_object_get(conflict, "mac"))
		printf("%s: CONFLICT for %.1f s: %s: %s at %s\n", get(i, "name"),
		       json_real_value(json_object_get(conflict, "lasted_s")), get(conflict, "why"),
		       get(conflict, "address"), get(conflict, "mac"));
	else if (json_is_object(conflict))
		printf("%s: CONFLICT with %s for %.1f s: %s\n", get(i, "name"),
		       get(conflict, "peer"),
		       json_real_value(json_object_get(conflict, "lasted_s")),
		       get(conflict, "why"));
	json_array_foreach(json_object_get(i, "peers"), k, p)
	{
		size_t m;
		const json_t *d;

		json_array_foreach(json_object_get(p, "differs"), m, d)
			printf("%s: %s differs at peer %s\n", get(i, "name"), json_string_value(d),
			       get(p, "address"));
	}
	json_array_foreach(json_object_get(i, "foreign"), k, p) printf(
		"%s: %s (priority %lld, version %lld) is refused: %s\n", get(i, "name"),
		get(p, "address"), (long long)json_integer_value(json_object_get(p, "priority")),
		(long long)json_integer_value(json_object_get(p, "version")), get(p, "cause"));
}

static void print_status(const json_t *instances)
{
	static const char *const head[] = { "INSTANCE", "STATE",  "PRIORITY", "MASTER",
					    "SINCE",    "HEALTH", "CAUSE" };
	struct ctl_table t = { .n_columns = ARRAY_LEN(head) };
	const json_t *i;
	size_t k;

	for (k = 0; k < ARRAY_LEN(head); k++)
		ctl_table_add(&t, str_from(head[k]));
	json_array_foreach(instances, k, i) status_row(&t, i);
	ctl_table_print(&t, stdout);
	ctl_table_fini(&t);
	json_array_foreach(instances, k, i) print_reasons(i);
}

/* Keep only the instance of that name. False: there is none. */
static bool select_instance(json_t *all, const char *name)
{
	bool has = false;

	for (size_t k = json_array_size(all); k > 0; k--) {
		if (strcmp(get(json_array_get(all, k - 1), "name"), name) == 0)
			has = true;
		else
			json_array_remove(all, k - 1);
	}
	return has;
}

static int run_status(struct client *c)
{
	json_t *o = ask_json(c, "show vrrp json"), *all = json_object_get(o, "instances");
	enum ctl_client_exit rc;

	if (!o)
		return CTL_DOWN;
	if (c->n_words > 1 && !select_instance(all, c->word[1])) {
		fprintf(stderr, "vrrpd ctl: there is no instance '%s'\n", c->word[1]);
		json_decref(o);
		return CTL_DOWN;
	}
	rc = exit_of(c->n_words > 1 ? get(json_array_get(all, 0), "health") : get(o, "health"));
	if (c->as_json)
		print_json(o);
	else
		print_status(all);
	if (!c->as_json && json_is_string(json_object_get(o, "reload_error")))
		printf("last reload: %s\n", get(o, "reload_error"));
	json_decref(o);
	return rc;
}

/* --- explain -------------------------------------------------------------------------------- */

static const char *priority_text(const json_t *o, const char *key, char out[16])
{
	long long n = json_integer_value(json_object_get(o, key));

	if (n == 0)
		return "fault";
	snprintf(out, 16, "%lld", n);
	return out;
}

/* Returns whether a check cannot move the address. */
static bool print_explanation(const json_t *i)
{
	static const char *const head[] = { "TRACKER", "STATE",  "WELL", "MASTER",
					    "FAILED",  "MASTER", "WHY" };
	struct ctl_table t = { .n_columns = ARRAY_LEN(head) };
	bool is_useless = false;
	const json_t *r;
	char text[16];
	size_t k;

	printf("%s: %s, priority %lld; all well: %lld, master: %s; peer %s priority %s (from %s)\n",
	       get(i, "name"), get(i, "state"),
	       (long long)json_integer_value(json_object_get(i, "priority")),
	       (long long)json_integer_value(json_object_get(i, "priority_well")),
	       get(i, "master_well"), get(i, "peer"),
	       json_is_integer(json_object_get(i, "peer_priority"))
		       ? priority_text(i, "peer_priority", text)
		       : "unknown",
	       get(i, "peer_source"));
	for (k = 0; k < ARRAY_LEN(head); k++)
		ctl_table_add(&t, str_from(head[k]));
	json_array_foreach(json_object_get(i, "trackers"), k, r)
	{
		ctl_table_addf(&t, "%s %s", get(r, "kind"), get(r, "name"));
		ctl_table_add(&t, str_from(get(r, "state")));
		ctl_table_add(&t, str_from(priority_text(r, "priority_well", text)));
		ctl_table_add(&t, str_from(get(r, "master_well")));
		ctl_table_add(&t, str_from(priority_text(r, "priority_failed", text)));
		ctl_table_add(&t, str_from(get(r, "master_failed")));
		ctl_table_addf(&t, "%s%s", get(r, "arithmetic"),
			       json_is_true(json_object_get(r, "useless"))
				       ? ": cannot move the address"
				       : "");
		is_useless |= json_is_true(json_object_get(r, "useless"));
	}
	if (k > 0)
		ctl_table_print(&t, stdout);
	ctl_table_fini(&t);
	return is_useless;
}

static int run_explain(struct client *c)
{
	char *line = make_line(c, "show explain json", 1);
	json_t *all = ask_json(c, line);
	bool is_useless = false;
	const json_t *i;
	size_t k;

	free(line);
	if (!all)
		return CTL_DOWN;
	if (c->as_json)
		print_json(all);
	json_array_foreach(all, k, i)
	{
		size_t m;
		const json_t *r;

		if (!c->as_json) {
			is_useless |= print_explanation(i);
			continue;
		}
		json_array_foreach(json_object_get(i, "trackers"), m, r) is_useless |=
			json_is_true(json_object_get(r, "useless"));
	}
	json_decref(all);
	return is_useless ? CTL_DEGRADED : CTL_GOOD;
}

/* --- the others ----------------------------------------------------------------------------- */

static int run_history(struct client *c)
{
	return show_line(c, c->as_json ? "show history json" : "show history", 1);
}

static int run_metrics(struct client *c)
{
	return show(c, "show metrics");
}

static int run_show(struct client *c)
{
	char *line = make_line(c, "show", 1), *full = NULL;
	int rc;

	if (c->as_json && asprintf(&full, "%s json", line) < 0)
		full = NULL;
	rc = show(c, full ? full : line);
	free(full);
	free(line);
	return rc;
}

static int run_reload(struct client *c)
{
	struct strbuf answer = { 0 };
	int rc = CTL_DOWN;

	if (ask(c, "reload", &answer)) {
		fputs(strbuf_str(&answer), stdout);
		rc = strstr(strbuf_str(&answer), "refused") ? CTL_DEGRADED : CTL_GOOD;
	}
	strbuf_fini(&answer);
	return rc;
}

/* Is an instance that we mean still MASTER here? */
static bool is_still_master(struct client *c, const char *name)
{
	json_t *o = ask_json(c, "show vrrp json"), *i;
	bool is_master = false;
	size_t k;

	json_array_foreach(json_object_get(o, "instances"), k, i)
	{
		if ((!name || strcmp(get(i, "name"), name) == 0) &&
		    json_is_true(json_object_get(i, "handed_over")))
			is_master |= strcmp(get(i, "state"), "MASTER") == 0;
	}
	json_decref(o);
	return is_master;
}

static int run_handover(struct client *c)
{
	const char *name = c->n_words > 1 && strcmp(c->word[1], "all") != 0 ? c->word[1] : NULL;
	char *line = make_line(c, "handover", 1);
	struct timespec nap = { 0, POLL_NS };
	struct strbuf answer = { 0 };
	int64_t start_us = clock_mono_us();
	bool ok = ask(c, line, &answer), is_refused;

	free(line);
	fputs(ok ? strbuf_str(&answer) : "", stdout);
	is_refused = ok && (strstr(strbuf_str(&answer), "refused") ||
			    strstr(strbuf_str(&answer), "There is no instance"));
	strbuf_fini(&answer);
	if (!ok || is_refused)
		return ok ? CTL_DEGRADED : CTL_DOWN;
	while (is_still_master(c, name)) {
		if (clock_mono_us() - start_us > WAIT_US) {
			puts("still MASTER here: no peer took over");
			return CTL_DEGRADED;
		}
		nanosleep(&nap, NULL);
	}
	printf("handed over within %lld ms; 'resume' takes part again\n",
	       (long long)((clock_mono_us() - start_us) / US_PER_MS));
	return CTL_GOOD;
}

static int run_resume(struct client *c)
{
	struct strbuf answer = { 0 };
	char *line = make_line(c, "resume", 1);
	bool ok = ask(c, line, &answer);
	int rc = ok ? CTL_GOOD : CTL_DOWN;

	free(line);
	if (ok) {
		fputs(strbuf_str(&answer), stdout);
		if (strstr(strbuf_str(&answer), "There is no instance"))
			rc = CTL_DEGRADED;
	}
	strbuf_fini(&answer);
	return rc;
}

static const struct command commands[] = {
	{ "status", "[INSTANCE]", "state and health; exit status 0 good, 1 degraded, 2 down",
	  run_status },
	{ "explain", "[INSTANCE]", "what each tracker's failure does, and who would be master",
	  run_explain },
	{ "history", "[N]", "the last transitions: cause, duration, outage", run_history },
	{ "metrics", "", "state and counters for Prometheus", run_metrics },
	{ "handover", "[INSTANCE|all]", "let a peer take over now, and wait until it did",
	  run_handover },
	{ "resume", "[INSTANCE|all]", "take part again after a handover", run_resume },
	{ "reload", "", "read the configuration again", run_reload },
	{ "show", "WHAT", "any show command of the control socket", run_show },
};

static void print_usage(FILE *f)
{
	fputs("Usage: vrrpd ctl [options] COMMAND\n"
	      "  -f, --use-file FILE  the daemon's configuration, which names the socket "
	      "(default " CLIENT_DEFAULT_CONF ")\n"
	      "  -s, --socket PATH    the socket itself\n"
	      "  -i, --config-id ID   for lines of the configuration that begin with @ID\n"
	      "  -j, --json           for programs\n"
	      "Commands:\n",
	      f);
	for (size_t k = 0; k < ARRAY_LEN(commands); k++)
		fprintf(f, "  %-8s %-14s %s\n", commands[k].name, commands[k].args,
			commands[k].help);
}

static const struct option long_options[] = {
	{ "use-file", required_argument, NULL, 'f' },
	{ "socket", required_argument, NULL, 's' },
	{ "config-id", required_argument, NULL, 'i' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

/* Options may stand behind the command. Returns -1 to go on, or the exit status. */
static int read_options(int argc, char **argv, struct client *c)
{
	int o;

	while ((o = getopt_long(argc, argv, "f:s:i:jh", long_options, NULL)) != -1) {
		switch (o) {
		case 'f':
			c->conf = optarg;
			break;
		case 's':
			c->socket = optarg;
			break;
		case 'i':
			c->id = optarg;
			break;
		case 'j':
			c->as_json = true;
			break;
		case 'h':
			print_usage(stdout);
			return 0;
		default:
			print_usage(stderr);
			return CTL_DOWN;
		}
	}
	c->word = argv + optind;
	c->n_words = argc - optind;
	if (c->n_words > 0)
		return -1;
	print_usage(stderr);
	return CTL_DOWN;
}

int client_main(int argc, char **argv)
{
	struct client c = { .conf = CLIENT_DEFAULT_CONF };
	int rc = read_options(argc, argv, &c);

	if (rc >= 0)
		return rc;
	for (size_t k = 0; k < ARRAY_LEN(commands); k++) {
		if (strcmp(c.word[0], commands[k].name) == 0) {
			client_find_socket(c.conf, c.id, c.socket, c.socket_path);
			return commands[k].run(&c);
		}
	}
	if (strcmp(c.word[0], "help") == 0) {
		print_usage(stdout);
		return 0;
	}
	fprintf(stderr, "vrrpd ctl: unknown command '%s'; 'vrrpd ctl help' lists them\n",
		c.word[0]);
	return CTL_DOWN;
}
