/* options.c - the command line of proxyd. */
#include "process/options.h"

#include <errno.h>

const char options_usage[] =
	"Usage: proxyd [-f FILE|DIR]... [OPTION]... [-- FILE...]\n"
	"       proxyd ctl COMMAND    ask the running proxyd ('proxyd ctl -h')\n"
	"  -f FILE|DIR  read this configuration file, or each *.cfg of a directory; repeatable\n"
	"  -cc EXPR     evaluate an expression as .if takes it; exit 0: true, 1: false\n"
	"  -c           check the configuration and exit; -V with it prints warnings too\n"
	"  -h           this text\n"
	"  -v, -vv      version; build options, features and supported keywords\n"
	"  -d, -db      stay in the foreground    -D  go into the background\n"
	"  -W, -Ws      master and worker: a master restarts a worker that died\n"
	"  -S ADDR[,parameter]...  command socket of the master\n"
	"  -p FILE      write the process number there\n"
	"  -C DIR       change to this directory first\n"
	"  -n N         most client connections of the process\n"
	"  -m MB        most memory of the process\n"
	"  -q, -V       print nothing; print more\n"
	"  -dW          take warnings for errors\n"
	"  -dr          servers whose names have no address wait in maintenance\n"
	"  -x SOCKET    take the listening sockets of the process behind this stats socket\n"
	"  -sf PID...   after binding, let these old processes finish (SIGUSR1)\n"
	"  -st PID...   after binding, stop these old processes (SIGTERM)\n";

/* What a flag does. Flags that change nothing here are accepted so that scripts keep working. */
enum flag_kind {
	FLAG_FILE,
	FLAG_CHECK,
	FLAG_CONDITION,
	FLAG_VERBOSE,
	FLAG_FOREGROUND,
	FLAG_DAEMON,
	FLAG_MASTER,
	FLAG_MASTER_SOCKET,
	FLAG_PIDFILE,
	FLAG_HELP,
	FLAG_VERSION,
	FLAG_VERSION_FULL,
	FLAG_MAXCONN,
	FLAG_MEMORY,
	FLAG_QUIET,
	FLAG_DIRECTORY,
	FLAG_OLD_SOCKET,
	FLAG_FINISH,
	FLAG_TERMINATE,
	FLAG_ZERO_WARNING,
	FLAG_NAMES_MAY_FAIL,
	FLAG_IGNORED,        /* harmless */
	FLAG_IGNORED_NUMBER, /* harmless, with a number */
	FLAG_IGNORED_WORD,
	FLAG_REFUSED,
};

static const struct flag {
	const char *name;
	enum flag_kind kind;
	const char *why; /* of a refused one */
} flags[] = {
	{ "-f", FLAG_FILE, NULL },
	{ "-c", FLAG_CHECK, NULL },
	{ "-V", FLAG_VERBOSE, NULL },
	{ "-d", FLAG_FOREGROUND, NULL },
	{ "-db", FLAG_FOREGROUND, NULL },
	{ "-D", FLAG_DAEMON, NULL },
	{ "-W", FLAG_MASTER, NULL },
	{ "-Ws", FLAG_MASTER, NULL },
	{ "-S", FLAG_MASTER_SOCKET, NULL },
	{ "-p", FLAG_PIDFILE, NULL },
	{ "-h", FLAG_HELP, NULL },
	{ "--help", FLAG_HELP, NULL },
	{ "-v", FLAG_VERSION, NULL },
	{ "-vv", FLAG_VERSION_FULL, NULL },
	{ "-n", FLAG_MAXCONN, NULL },
	{ "-q", FLAG_QUIET, NULL },
	{ "-C", FLAG_DIRECTORY, NULL },
	{ "-sf", FLAG_FINISH, NULL },
	{ "-st", FLAG_TERMINATE, NULL },
	{ "-dW", FLAG_ZERO_WARNING, NULL },
	{ "-N", FLAG_IGNORED_NUMBER, NULL },
	{ "-m", FLAG_MEMORY, NULL },
	{ "-L", FLAG_IGNORED_WORD, NULL },
	{ "-de", FLAG_IGNORED, NULL },
	{ "-dp", FLAG_IGNORED, NULL },
	{ "-ds", FLAG_IGNORED, NULL },
	{ "-dS", FLAG_IGNORED, NULL },
	{ "-dG", FLAG_IGNORED, NULL },
	{ "-dM", FLAG_IGNORED, NULL },
	{ "-dD", FLAG_IGNORED, NULL },
	{ "-dr", FLAG_NAMES_MAY_FAIL, NULL },
	{ "-dV", FLAG_IGNORED, NULL },
	{ "-x", FLAG_OLD_SOCKET, NULL },
	{ "-dR", FLAG_REFUSED, "listening without SO_REUSEPORT is not supported" },
	{ "-dL", FLAG_REFUSED, "listing the loaded libraries is not supported; use ldd" },
	{ "-dK", FLAG_REFUSED, "keywords are listed by -vv" },
	{ "-cc", FLAG_CONDITION, NULL },
};

static const struct flag *find_flag(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (strcmp(flags[i].name, word) == 0)
			return &flags[i];
	/* HAProxy takes a value glued to these */
	if (strncmp(word, "-dM", 3) == 0)
		return find_flag("-dM");
	if (strncmp(word, "-dK", 3) == 0 && word[3] != '\0')
		return find_flag("-dK");
	return NULL;
}

struct args {
	int argc;
	char *const *argv;
	int at;
	struct strbuf *err;
	bool failed;
};

static const char *take_value(struct args *a, const char *flag)
{
	if (a->at < a->argc)
		return a->argv[a->at++];
	strbuf_addf(a->err, "option '%s' needs a value\n", flag);
	a->failed = true;
	return NULL;
}

static int64_t take_number(struct args *a, const char *flag)
{
	const char *word = take_value(a, flag);
	int64_t n = 0;

	if (word != NULL && str_parse_int(str_from(word), 0, INT32_MAX, &n) != 0) {
		strbuf_addf(a->err, "option '%s' needs a number, got '%s'\n", flag, word);
		a->failed = true;
	}
	return n;
}

static void add_file(struct args *a, struct options *o, const char *path)
{
	if (path == NULL)
		return;
	if (o->n_files == OPTIONS_MAX_FILES) {
		strbuf_addf(a->err, "more than %d configuration files\n", OPTIONS_MAX_FILES);
		a->failed = true;
		return;
	}
	o->files[o->n_files++] = path;
}

/* -sf and -st take all the numbers that follow, possibly none, as `-sf $(cat pidfile)` gives. */
static void take_pids(struct args *a, struct options *o)
{
	int64_t pid;

	while (a->at < a->argc && a->argv[a->at][0] != '-') {
		const char *word = a->argv[a->at++];

		if (*word == '\0')
			continue;
		if (str_parse_int(str_from(word), 1, INT32_MAX, &pid) != 0 ||
		    o->n_old_pids == OPTIONS_MAX_OLD_PIDS) {
			strbuf_addf(a->err, "'%s' is not a process number\n", word);
			a->failed = true;
			return;
		}
		o->old_pids[o->n_old_pids++] = (pid_t)pid;
	}
}

static void apply_flag(struct args *a, struct options *o, const struct flag *f)
{
	switch (f->kind) {
	case FLAG_FILE:
		add_file(a, o, take_value(a, f->name));
		return;
	case FLAG_CHECK:
		o->mode = OPTIONS_CHECK;
		return;
	case FLAG_CONDITION:
		o->condition = take_value(a, f->name);
		o->mode = OPTIONS_CONDITION;
		return;
	case FLAG_VERBOSE:
		o->verbose = true;
		return;
	case FLAG_FOREGROUND:
		o->foreground = true;
		return;
	case FLAG_DAEMON:
		o->daemon = true;
		return;
	case FLAG_MASTER:
		o->master = true;
		return;
	case FLAG_MASTER_SOCKET:
		o->master_socket = take_value(a, f->name);
		return;
	case FLAG_PIDFILE:
		o->pidfile = take_value(a, f->name);
		return;
	case FLAG_HELP:
		o->mode = OPTIONS_HELP;
		return;
	case FLAG_VERSION:
		o->mode = OPTIONS_VERSION;
		return;
	case FLAG_VERSION_FULL:
		o->mode = OPTIONS_VERSION_FULL;
		return;
	case FLAG_MAXCONN:
		o->maxconn = (unsigned)take_number(a, f->name);
		return;
	case FLAG_MEMORY:
		o->memory_mb = (unsigned)take_number(a, f->name);
		return;
	case FLAG_QUIET:
		o->quiet = true;
		return;
	case FLAG_DIRECTORY:
		o->directory = take_value(a, f->name);
		return;
	case FLAG_OLD_SOCKET:
		o->old_socket = take_value(a, f->name);
		return;
	case FLAG_FINISH:
	case FLAG_TERMINATE:
		o->old_terminate = f->kind == FLAG_TERMINATE;
		take_pids(a, o);
		return;
	case FLAG_ZERO_WARNING:
		o->zero_warning = true;
		return;
	case FLAG_NAMES_MAY_FAIL:
		o->names_may_fail = true;
		return;
	case FLAG_IGNORED:
		return;
	case FLAG_IGNORED_NUMBER:
		(void)take_number(a, f->name);
		return;
	case FLAG_IGNORED_WORD:
		(void)take_value(a, f->name);
		return;
	case FLAG_REFUSED:
		strbuf_addf(a->err, "option '%s': %s\n", f->name, f->why);
		a->failed = true;
		return;
	}
	UNREACHABLE();
}

int options_parse(int argc, char *const *argv, struct options *o, struct strbuf *err)
{
	struct args a = { .argc = argc, .argv = argv, .at = 1, .err = err };

	*o = (struct options){ .mode = OPTIONS_RUN, .argv = argv };
	while (a.at < argc) {
		const char *word = argv[a.at++];
		const struct flag *f;

		if (strcmp(word, "--") == 0) {
			while (a.at < argc)
				add_file(&a, o, argv[a.at++]);
			break;
		}
		f = find_flag(word);
		if (f == NULL) {
			strbuf_addf(err, "%s '%s'\n",
				    *word == '-' ? "unknown option"
						 : "unexpected argument (files are given with -f)",
				    word);
			a.failed = true;
			continue;
		}
		apply_flag(&a, o, f);
	}
	if (!a.failed && o->n_files == 0 && (o->mode == OPTIONS_RUN || o->mode == OPTIONS_CHECK)) {
		strbuf_adds(err, "no configuration file; name one with -f FILE\n");
		a.failed = true;
	}
	if (o->foreground)
		o->daemon = false;
	return a.failed ? -EINVAL : 0;
}
