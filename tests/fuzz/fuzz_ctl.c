/* fuzz_ctl.c - what people and programs type at a stats socket: lines of commands on a connection,
 * cut in two, run against two backends. The connection ends, and the answers end with a line feed
 * or a prompt. The first byte chooses the level and the cut. Commands that speak about the process
 * as a whole, or to it, are left out. */
#include "../lib/cfg_load.h"

#include <stdint.h>
#include <sys/socket.h>
#include <tandem/log.h>
#include <tandem/loop.h>
#include <unistd.h>

#include "cli/cli.h"
#include "pool/backend.h"
#include "process/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_TURNS 5000 /* a connection that lives longer hangs */

static struct loop loop;
static struct ctl_server server;
static struct cfg *cfg;

static const char config[] = "backend b\n mode http\n server s 127.0.0.1:1 weight 10\n"
			     " server t 127.0.0.1:2 maxconn 5 backup\n"
			     "backend static\n balance source\n server s 127.0.0.1:1\n";

/* Says its arguments in pieces: output of unbounded size. */
static void echo(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	unsigned i = (unsigned)(*cursor)++;

	if (i < rq->argc)
		strbuf_addf(rq->out, "%u:" STR_FMT "\n", i, STR_ARG(rq->argv[i]));
	*more = i < rq->argc;
}

static const struct ctl_command *make_commands(void)
{
	static const char *const of_the_process[] = { "_getsocks",
						      "reload",
						      "show info",
						      "show threads",
						      "show cli sockets",
						      "set maxconn global",
						      "set rate-limit",
						      "disable frontend",
						      "enable frontend",
						      "shutdown frontend",
						      "shutdown sessions server",
						      "show activity",
						      "show pools",
						      "show sess",
						      "shutdown session",
						      "show fd",
						      "show events" };
	static struct ctl_command commands[128];
	unsigned n = 0;

	for (const struct ctl_command *c = cli_commands; c->words != NULL; c++) {
		bool is_wanted = true;

		for (size_t i = 0; i < sizeof(of_the_process) / sizeof(of_the_process[0]); i++)
			is_wanted = is_wanted && strcmp(c->words, of_the_process[i]) != 0;
		ASSERT(n < 126);
		if (is_wanted)
			commands[n++] = *c;
	}
	commands[n] = (struct ctl_command){ "echo", "<words>", "say them", CTL_OPERATOR, echo };
	return commands;
}

static void start(void)
{
	struct registry *r = xcalloc(1, sizeof(*r) + 2 * sizeof(r->entries[0]));
	struct diag d;

	log_to_stderr(false);
	log_set_level(LOGL_ERR);
	urcu_qsbr_register_thread();
	ASSERT(loop_init(&loop, EVFLAG_AUTO) == 0);
	ctl_server_init(&server, &loop, make_commands(), "The commands:", NULL);
	diag_init(&d);
	cfg = cfg_load_text("cfg", str_from(config), &d);
	ASSERT(cfg != NULL);
	diag_fini(&d);
	r->cfg = cfg;
	for (const struct cfg_proxy *px = cfg->proxies; px != NULL; px = px->next)
		r->entries[r->n++].be = backend_new(px, 1);
	registry_current = r;
}

/* The answers to these bytes, of which `cut` come first. */
static struct strbuf converse(const char *p, size_t size, size_t cut, enum ctl_level level)
{
	struct strbuf answer = { 0 };
	char buf[65536];
	int fds[2], turns = 0;
	ssize_t n;

	ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	ASSERT(ctl_server_serve(&server, fds[0], level) == 0);
	ASSERT(cut == 0 || write(fds[1], p, cut) == (ssize_t)cut);
	ev_run(loop.ev, EVRUN_NOWAIT);
	(void)send(fds[1], p + cut, size - cut, MSG_NOSIGNAL); /* it may have ended already */
	shutdown(fds[1], SHUT_WR);
	while (server.n_conns > 0) {
		ASSERT(turns++ < MAX_TURNS);
		ev_run(loop.ev, EVRUN_NOWAIT);
		while ((n = read(fds[1], buf, sizeof(buf))) > 0)
			strbuf_add(&answer, buf, (size_t)n);
		urcu_qsbr_quiescent_state();
	}
	while ((n = read(fds[1], buf, sizeof(buf))) > 0)
		strbuf_add(&answer, buf, (size_t)n);
	close(fds[1]);
	return answer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf answer;
	enum ctl_level level;
	size_t cut;

	if (cfg == NULL)
		start();
	if (size < 2)
		return 0;
	level = data[0] & 1 ? CTL_ADMIN : data[0] & 2 ? CTL_OPERATOR : CTL_USER;
	size--;
	cut = size * (data[0] >> 2) / 64;
	answer = converse((const char *)data + 1, size, cut, level);
	ASSERT(answer.len == 0 || answer.p[answer.len - 1] == '\n' ||
	       strcmp(answer.p + answer.len - 2, "> ") == 0);
	strbuf_fini(&answer);
	return 0;
}
