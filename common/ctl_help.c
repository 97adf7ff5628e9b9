/* ctl_help.c - control sockets: which command is meant, and the lists of those that there are. */
#include <tandem/ctl.h>

#include "ctl_priv.h"

#include <string.h>

#define HELP_COLUMN 40

static const struct ctl_command builtins[] = {
	{ .words = "help", .usage = "[<command>]", .help = "list matching or all commands" },
	{ .words = "prompt", .usage = "", .help = "toggle interactive mode with prompt" },
	{ .words = "quit", .usage = "", .help = "disconnect" },
	{ .words = NULL },
};

static void help_line(struct strbuf *out, const struct ctl_command *cmd)
{
	bool has_usage = cmd->usage && cmd->usage[0];
	int width = (int)(strlen(cmd->words) + (has_usage ? strlen(cmd->usage) + 1 : 0));

	strbuf_addf(out, "  %s%s%s%*s: %s\n", cmd->words, has_usage ? " " : "",
		    has_usage ? cmd->usage : "", MAX(HELP_COLUMN - width, 0), "", cmd->help);
}

/* The first word of *words, taken off. */
static struct str take_word(const char **words)
{
	struct str w;

	while (**words == ' ')
		(*words)++;
	w.p = *words;
	while (**words && **words != ' ')
		(*words)++;
	w.len = (size_t)(*words - w.p);
	return w;
}

unsigned ctl_match(const char *words, const struct str *argv, unsigned argc, bool partial)
{
	unsigned n = 0;

	for (;;) {
		struct str w = take_word(&words);

		if (w.len == 0)
			return n;
		if (n == argc)
			return partial ? n : 0;
		if (!str_eq(w, argv[n]))
			return 0;
		n++;
	}
}

static bool is_listed(const struct ctl_command *cmd, enum ctl_level level)
{
	return cmd->help && cmd->level <= level;
}

/* Whether somebody who typed argv may have meant cmd. */
static bool is_near(const struct ctl_command *cmd, const struct str *argv, unsigned argc)
{
	const char *words = cmd->words;
	struct str first = take_word(&words), second = take_word(&words);

	if (argc > 1 && second.len && str_distance(argv[1], second, 2) <= 1 &&
	    str_distance(argv[0], first, 2) <= 2)
		return true;
	return str_distance(argv[0], first, 2) <= MIN(argv[0].len / 3, 2);
}

static void list_commands(const struct ctl_server *s, const struct ctl_request *rq,
			  const char *title, const struct str *argv, unsigned argc,
			  bool (*is_wanted)(const struct ctl_command *, const struct str *,
					    unsigned))
{
	strbuf_addf(rq->out, "%s\n", title);
	for (const struct ctl_command *cmd = s->commands; cmd->words; cmd++)
		if (is_listed(cmd, rq->level) && (!is_wanted || is_wanted(cmd, argv, argc)))
			help_line(rq->out, cmd);
	for (const struct ctl_command *cmd = builtins; cmd->words; cmd++)
		help_line(rq->out, cmd);
}

static bool matches_partly(const struct ctl_command *cmd, const struct str *argv, unsigned argc)
{
	return ctl_match(cmd->words, argv, argc, true) > 0;
}

static unsigned count_wanted(const struct ctl_server *s, const struct ctl_request *rq,
			     const struct str *argv, unsigned argc,
			     bool (*is_wanted)(const struct ctl_command *, const struct str *,
					       unsigned))
{
	unsigned n = 0;

	for (const struct ctl_command *cmd = s->commands; cmd->words; cmd++)
		n += is_listed(cmd, rq->level) && is_wanted(cmd, argv, argc);
	return n;
}

void ctl_answer_help(const struct ctl_server *s, const struct ctl_request *rq)
{
	const struct str *argv = rq->argv + 1;
	unsigned argc = rq->argc - 1;

	if (argc > 0 && count_wanted(s, rq, argv, argc, matches_partly) > 0)
		list_commands(s, rq, s->title, argv, argc, matches_partly);
	else if (argc > 0 && count_wanted(s, rq, argv, argc, is_near) > 0)
		list_commands(s, rq, s->title, argv, argc, is_near);
	else
		list_commands(s, rq, s->title, NULL, 0, NULL);
}

void ctl_answer_unknown(const struct ctl_server *s, const struct ctl_request *rq)
{
	const struct str *argv = rq->argv;
	unsigned argc = rq->argc;

	if (argc > 0 && count_wanted(s, rq, argv, argc, is_near) > 0)
		list_commands(s, rq,
			      "Unknown command, but maybe one of the following ones is a better "
			      "match:",
			      argv, argc, is_near);
	else
		list_commands(s, rq,
			      "Unknown command. Please enter one of the following commands only:",
			      NULL, 0, NULL);
}
