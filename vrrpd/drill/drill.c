/* drill.c - the command line of `vrrpd drill`. */
#include "drill.h"

#include <errno.h>
#include <ev.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tandem/clock.h>
#include <tandem/ctl_client.h>
#include <tandem/util.h>
#include <unistd.h>

#include "client.h"
#include "prober.h"
#include "report.h"
#include "undo.h"

#define DEFAULT_DIR "/var/lib/tandem/drills"
#define ID_STEM     27           /* of the first file's name in the report's */
#define MAX_FILE    (256u << 20) /* of a recording that is read */

struct command_line {
	struct drill_options o;
	enum probe_kind probe;
	const char *record; /* of `probe`: the file; NULL: none */
	char **word;
	int n_words;
};

/* --- probe ---------------------------------------------------------------------------------- */

static void on_break(struct ev_loop *ev, ev_signal *s, int revents)
{
	(void)s, (void)revents;
	ev_break(ev, EVBREAK_ALL);
}

static void on_time(struct ev_loop *ev, ev_timer *t, int revents)
{
	struct prober *p = t->data;

	(void)revents;
	prober_stop(p);
	ev_break(ev, EVBREAK_ALL);
}

static void on_drained(struct ev_loop *ev, ev_timer *t, int revents)
{
	struct prober *p = t->data;

	(void)revents;
	if (prober_is_idle(p))
		ev_break(ev, EVBREAK_ALL);
}

/* Probe until the time is over or Ctrl-C, then wait for what flies. */
static void probe_for(struct ev_loop *ev, struct prober *p, int64_t for_us)
{
	ev_signal on_int, on_term;
	ev_timer limit;

	ev_signal_init(&on_int, on_break, SIGINT);
	ev_signal_init(&on_term, on_break, SIGTERM);
	ev_signal_start(ev, &on_int);
	ev_signal_start(ev, &on_term);
	prober_start(p);
	ev_timer_init(&limit, on_time, (double)for_us / 1e6, 0);
	limit.data = p;
	ev_timer_start(ev, &limit);
	ev_run(ev, 0);
	prober_stop(p);
	ev_timer_stop(ev, &limit);
	ev_timer_init(&limit, on_drained, 0, 0.01);
	limit.data = p;
	ev_timer_again(ev, &limit);
	if (!prober_is_idle(p))
		ev_run(ev, 0);
	ev_timer_stop(ev, &limit);
	ev_signal_stop(ev, &on_int);
	ev_signal_stop(ev, &on_term);
}

static int save_record(const char *path, const struct record *r)
{
	struct strbuf text = { 0 };
	FILE *f = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
	int rc = f ? 0 : -errno;

	record_encode(r, &text);
	if (f && fwrite(text.p, 1, text.len, f) != text.len)
		rc = -EIO;
	if (f && f != stdout && fclose(f) != 0)
		rc = -errno;
	strbuf_fini(&text);
	if (rc)
		fprintf(stderr, "vrrpd drill: %s: %s\n", path, strerror(-rc));
	return rc;
}

static int run_probe(struct command_line *c)
{
	struct drill_report *d = calloc(1, sizeof(*d));
	struct ev_loop *ev = ev_loop_new(EVFLAG_AUTO);
	struct strbuf text = { 0 };
	struct prober p;
	struct addr target;
	int64_t worst_us = 0, limit_us;
	int rc = DRILL_EXIT_REFUSED, err;

	if (!d || !ev) {
		free(d);
		return DRILL_EXIT_FAILED;
	}
	if (c->n_words != 2 || ctl_client_parse_addr(str_from(c->word[1]), &target) != 0 ||
	    target.sa.sa_family == AF_UNIX) {
		fputs("vrrpd drill: probe what? 'vrrpd drill probe ADDRESS:PORT'\n", stderr);
		goto out;
	}
	d->target_us = c->o.target_us;
	(void)gethostname(d->record.node, sizeof(d->record.node) - 1);
	snprintf(d->record.version, sizeof(d->record.version), TANDEM_VERSION);
	d->record.mono_us = clock_mono_us();
	d->record.wall_us = clock_real_us();
	err = prober_init(&p, ev, &d->record, c->probe, &target, c->o.path, c->o.rate,
			  c->o.timeout_us, d->record.node);
	if (err) {
		fprintf(stderr, "vrrpd drill: %s\n", strerror(-err));
		goto out;
	}
	limit_us = record_limit_us(c->o.rate);
	if (c->o.for_us == 0 || c->o.for_us > limit_us)
		fprintf(stderr, "vrrpd drill: ends after %lld s, when the recording is full\n",
			(long long)(limit_us / US_PER_S));
	probe_for(ev, &p, c->o.for_us == 0 || c->o.for_us > limit_us ? limit_us : c->o.for_us);
	prober_fini(&p);
	record_sort(&d->record);
	if (c->record && save_record(c->record, &d->record) != 0)
		goto out;
	if (!c->record || strcmp(c->record, "-") != 0) {
		report_text(d, &text);
		fputs(strbuf_str(&text), stdout);
	}
	rc = outage_worst(&d->record, &worst_us) != 0      ? DRILL_EXIT_FAILED
	     : c->o.target_us && worst_us > c->o.target_us ? DRILL_EXIT_MISSED
							   : DRILL_EXIT_GOOD;
out:
	strbuf_fini(&text);
	record_fini(&d->record);
	free(d);
	ev_loop_destroy(ev);
	return rc;
}

/* --- report --------------------------------------------------------------------------------- */

static int read_file(const char *path, struct strbuf *out)
{
	char bytes[65536];
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return -errno;
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0 && out->len < MAX_FILE)
		strbuf_add(out, bytes, n);
	fclose(f);
	return out->len >= MAX_FILE ? -EFBIG : out->failed ? -ENOMEM : 0;
}

static int read_record(const char *path, struct record *r)
{
	struct strbuf text = { 0 };
	unsigned line = 0;
	int err = read_file(path, &text);

	if (!err)
		err = record_decode(r, (struct str){ text.p, text.len }, &line);
	strbuf_fini(&text);
	if (err == -EINVAL)
		fprintf(stderr, "vrrpd drill: %s:%u: this is no line of a recording\n", path, line);
	else if (err == -ENODATA)
		fprintf(stderr, "vrrpd drill: %s: no recording (its first line says hello)\n",
			path);
	else if (err)
		fprintf(stderr, "vrrpd drill: %s:%u: %s\n", path, line, strerror(-err));
	return err;
}

/* When the drill did it: the second event of its own notes ("begun" is the first). */
static void find_event(struct drill_report *d)
{
	int n = 0;

	for (size_t i = 0; i < d->record.n_notes && n < 2; i++) {
		if (d->record.note[i].what == NOTE_EVENT && ++n == 2)
			d->event_us = d->record.note[i].at_us;
	}
}

static int run_report(struct command_line *c)
{
	struct drill_report *d = calloc(1, sizeof(*d));
	struct record *more = calloc(1, sizeof(*more));
	int err = d && more ? 0 : -ENOMEM;

	if (c->n_words < 2) {
		fputs("vrrpd drill: report of what? 'vrrpd drill report FILE.jsonl...'\n", stderr);
		free(d), free(more);
		return DRILL_EXIT_REFUSED;
	}
	for (int i = 1; i < c->n_words && !err; i++) {
		if (i == 1) {
			err = read_record(c->word[i], &d->record);
			continue;
		}
		err = read_record(c->word[i], more);
		if (!err) {
			err = record_merge(&d->record, more);
			if (err)
				fprintf(stderr, "vrrpd drill: %s: %s\n", c->word[i],
					err == -ERANGE ? "its clock is too far from the first one's"
						       : strerror(-err));
		}
		record_fini(more);
	}
	if (!err) {
		const char *name = strrchr(c->word[1], '/');
		struct strbuf text = { 0 };

		record_sort(&d->record);
		find_event(d);
		d->target_us = c->o.target_us;
		name = name ? name + 1 : c->word[1];
		snprintf(d->id, sizeof(d->id), "%.*s-all", (int)MIN(strcspn(name, "."), ID_STEM),
			 name);
		snprintf(d->kind, sizeof(d->kind), "merged");
		snprintf(d->what, sizeof(d->what), "%d recordings, merged.", c->n_words - 1);
		err = store_report(c->o.output, d);
		report_text(d, &text);
		fputs(strbuf_str(&text), stdout);
		if (err)
			fprintf(stderr, "vrrpd drill: %s: %s\n", c->o.output, strerror(-err));
		else
			printf("report: %s/%s.html\n", c->o.output, d->id);
		strbuf_fini(&text);
	}
	record_fini(&d->record);
	free(d), free(more);
	return err ? DRILL_EXIT_REFUSED : DRILL_EXIT_GOOD;
}

/* --- the others ----------------------------------------------------------------------------- */

static int run_history(struct command_line *c)
{
	return store_history(c->o.output, c->o.as_json);
}

static int run_restore(struct command_line *c)
{
	char socket[CLIENT_SOCKET_LEN];
	int n;

	client_find_socket(c->o.conf, NULL, c->o.socket, socket);
	n = undo_restore(UNDO_PATH, socket);

	if (n == -ENOENT)
		puts("nothing is left to restore");
	else if (n < 0)
		fprintf(stderr, "vrrpd drill: %s: %s\n", UNDO_PATH, strerror(-n));
	else
		printf("%d steps undone\n", n);
	return n >= 0 || n == -ENOENT ? DRILL_EXIT_GOOD : DRILL_EXIT_FAILED;
}

static int run_kind(struct command_line *c)
{
	for (int k = 0; k < DRILL_N_KINDS; k++) {
		if (strcmp(c->word[0], drill_kind_text((enum drill_kind)k)) == 0)
			c->o.kind = (enum drill_kind)k;
	}
	if (c->n_words > 1) {
		fprintf(stderr, "vrrpd drill: '%s' is one word too many\n", c->word[1]);
		return DRILL_EXIT_REFUSED;
	}
	if (geteuid() != 0) {
		fputs("vrrpd drill: needs root\n", stderr);
		return DRILL_EXIT_REFUSED;
	}
	return drill_run(&c->o);
}

static const struct {
	const char *name, *args, *help;
	int (*run)(struct command_line *c);
} commands[] = {
	{ "handover", "", "hand the address over to the peer", run_kind },
	{ "proxy-kill", "", "kill proxyd here (--yes)", run_kind },
	{ "daemon-kill", "", "kill all of vrrpd here (--yes)", run_kind },
	{ "freeze", "", "freeze all of vrrpd here for a while (--yes)", run_kind },
	{ "link-down", "", "set the interface down for a while (--yes)", run_kind },
	{ "probe", "ADDRESS:PORT", "only measure, from any machine", run_probe },
	{ "report", "FILE...", "one report of the recordings of several probers", run_report },
	{ "history", "", "the drills of the past", run_history },
	{ "restore", "", "undo what a drill left that was killed with its keeper", run_restore },
};

static void print_usage(FILE *f)
{
	fputs("Usage: vrrpd drill [options] COMMAND\n", f);
	for (size_t k = 0; k < ARRAY_LEN(commands); k++)
		fprintf(f, "  %-12s%-14s%s\n", commands[k].name, commands[k].args,
			commands[k].help);
	fputs("Options:\n"
	      "  -f, --use-file FILE      vrrpd's configuration (default " CLIENT_DEFAULT_CONF ")\n"
	      "  -s, --socket PATH        vrrpd's control socket, if not as in the configuration\n"
	      "      --instance NAME      the first that is MASTER here, otherwise\n"
	      "      --target TIME        the outage that is allowed; above: exit status 1\n"
	      "      --return-after TIME  handover: take part again then (otherwise: stay behind)\n"
	      "      --for TIME           how long it lasts (default 5s); probe: default no end\n"
	      "      --probe [ADDRESS:]PORT  what to ask (default port 80 of the virtual address)\n"
	      "      --http PATH          GET it (default /)\n"
	      "      --tcp                only connect\n"
	      "      --held               probe: GET after GET on one connection\n"
	      "      --rate N             probes a second, 1 to 1000 (default 500)\n"
	      "      --timeout TIME       of one probe (default 2s)\n"
	      "      --restart-proxy CMD  proxy-kill: who starts it, without a master or systemd\n"
	      "      --restart-vrrpd CMD  daemon-kill: the same\n"
	      "      --yes                break things\n"
	      "  -o, --output PATH        directory of reports (default " DEFAULT_DIR ");\n"
	      "                           probe: file of the recording, - for the terminal\n"
	      "  -j, --json               for programs\n"
	      "Exit status: 0 target met or none set, 1 missed, 2 refused, 3 failed.\n",
	      f);
}

enum {
	OPT_INSTANCE = 256,
	OPT_TARGET,
	OPT_RETURN,
	OPT_FOR,
	OPT_PROBE,
	OPT_HTTP,
	OPT_TCP,
	OPT_HELD,
	OPT_RATE,
	OPT_TIMEOUT,
	OPT_RESTART_PROXY,
	OPT_RESTART_VRRPD,
	OPT_YES
};
static const struct option long_options[] = {
	{ "use-file", required_argument, NULL, 'f' },
	{ "socket", required_argument, NULL, 's' },
	{ "output", required_argument, NULL, 'o' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ "instance", required_argument, NULL, OPT_INSTANCE },
	{ "target", required_argument, NULL, OPT_TARGET },
	{ "return-after", required_argument, NULL, OPT_RETURN },
	{ "for", required_argument, NULL, OPT_FOR },
	{ "probe", required_argument, NULL, OPT_PROBE },
	{ "http", required_argument, NULL, OPT_HTTP },
	{ "tcp", no_argument, NULL, OPT_TCP },
	{ "held", no_argument, NULL, OPT_HELD },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "restart-proxy", required_argument, NULL, OPT_RESTART_PROXY },
	{ "restart-vrrpd", required_argument, NULL, OPT_RESTART_VRRPD },
	{ "yes", no_argument, NULL, OPT_YES },
	{ 0 },
};

/* A time of 1 ms to an hour; plain numbers are seconds. */
static bool read_time(const char *name, const char *text, int64_t *out)
{
	if (str_parse_time_us(str_from(text), US_PER_S, out) == 0 && *out >= US_PER_MS &&
	    *out <= 3600 * US_PER_S)
		return true;
	fprintf(stderr, "vrrpd drill: --%s '%s': a time from 1ms to 1h, e.g. 100ms or 5s\n", name,
		text);
	return false;
}

static bool read_rate(const char *text, unsigned *out)
{
	int64_t n;

	if (str_parse_int(str_from(text), 1, PROBER_MAX_RATE, &n) != 0) {
		fprintf(stderr, "vrrpd drill: --rate '%s': from 1 to %d a second\n", text,
			PROBER_MAX_RATE);
		return false;
	}
	*out = (unsigned)n;
	return true;
}

static bool read_path(const char *text, const char **out)
{
	*out = text;
	if (text[0] == '/' && strlen(text) < 256 && !strpbrk(text, " \r\n\t"))
		return true;
	fprintf(stderr, "vrrpd drill: --http '%s': a path that begins with /\n", text);
	return false;
}

static bool set_option(int o, struct command_line *c)
{
	switch (o) {
	case 'f':
		c->o.conf = optarg;
		return true;
	case 's':
		c->o.socket = optarg;
		return true;
	case 'o':
		c->o.output = c->record = optarg;
		return true;
	case 'j':
		return c->o.as_json = true;
	case OPT_INSTANCE:
		c->o.instance = optarg;
		return true;
	case OPT_TARGET:
		return read_time("target", optarg, &c->o.target_us);
	case OPT_RETURN:
		return read_time("return-after", optarg, &c->o.return_us);
	case OPT_FOR:
		return read_time("for", optarg, &c->o.for_us);
	case OPT_TIMEOUT:
		return read_time("timeout", optarg, &c->o.timeout_us);
	case OPT_PROBE:
		c->o.probe = optarg;
		return true;
	case OPT_HTTP:
		return read_path(optarg, &c->o.path);
	case OPT_TCP:
		c->probe = PROBE_TCP;
		return c->o.is_tcp = true;
	case OPT_HELD:
		c->probe = PROBE_HELD;
		return true;
	case OPT_RATE:
		return read_rate(optarg, &c->o.rate);
	case OPT_RESTART_PROXY:
		c->o.restart_proxy = optarg;
		return true;
	case OPT_RESTART_VRRPD:
		c->o.restart_vrrpd = optarg;
		return true;
	case OPT_YES:
		return c->o.is_sure = true;
	default:
		print_usage(stderr);
		return false;
	}
}

int drill_main(int argc, char **argv)
{
	struct command_line c = { .probe = PROBE_HTTP,
				  .o = { .conf = CLIENT_DEFAULT_CONF,
					 .path = "/",
					 .rate = 500,
					 .return_us = -1,
					 .timeout_us = 2 * US_PER_S } };
	int o;

	while ((o = getopt_long(argc, argv, "f:s:o:jh", long_options, NULL)) != -1) {
		if (o == 'h') {
			print_usage(stdout);
			return DRILL_EXIT_GOOD;
		}
		if (!set_option(o, &c))
			return DRILL_EXIT_REFUSED;
	}
	c.word = argv + optind;
	c.n_words = argc - optind;
	if (c.n_words == 0) {
		print_usage(stderr);
		return DRILL_EXIT_REFUSED;
	}
	if (!c.o.output)
		c.o.output = DEFAULT_DIR;
	if (c.o.for_us == 0 && strcmp(c.word[0], "probe") != 0)
		c.o.for_us = 5 * US_PER_S;
	signal(SIGPIPE, SIG_IGN);
	for (size_t k = 0; k < ARRAY_LEN(commands); k++) {
		if (strcmp(c.word[0], commands[k].name) == 0)
			return commands[k].run(&c);
	}
	fprintf(stderr, "vrrpd drill: unknown command '%s'; 'vrrpd drill --help' lists them\n",
		c.word[0]);
	return DRILL_EXIT_REFUSED;
}
