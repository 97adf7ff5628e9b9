/* cli_frontend.c - commands that change frontends. */
#include "cli/cli.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <tandem/log.h>

#include "config/cfg_model.h"
#include "net/frontend.h"
#include "net/listener.h"
#include "process/process.h"
#include "process/registry.h"

static struct frontend *find_frontend(struct ctl_request *rq, struct str name)
{
	struct frontend *fe = NULL;

	if (name.len == 0) {
		strbuf_adds(rq->out, "A frontend name is expected.\n");
		return NULL;
	}
	fe = registry_find_frontend(registry_get(), name);
	if (fe == NULL)
		strbuf_adds(rq->out, "No such frontend.\n");
	return fe;
}

/* The kernel refuses connections to a TCP port that is shut down, and takes them again when it
 * listens anew; to a Unix socket they wait. */
static void set_listening(const struct listener *l, bool on)
{
	if (l->addr.len > 0 && l->addr.sa.sa_family == AF_UNIX)
		return;
	for (unsigned i = 0; i < l->n_fds; i++)
		if (on ? listen(l->fds[i], l->backlog) != 0 : shutdown(l->fds[i], SHUT_RD) != 0)
			log_warn("cli", "listen_failed", "frontend=%s", l->fe->name);
}

/* Have all threads watch the sockets of fe, or none. */
static void watch(const struct frontend *fe, bool on)
{
	struct process *p = process_self;
	struct listener *l, **mine;
	unsigned n = 0;

	list_for_each (l, &p->listeners, node)
		n += l->fe == fe;
	mine = xcalloc(n + 1, sizeof(struct listener *));
	n = 0;
	list_for_each (l, &p->listeners, node)
		if (l->fe == fe)
			mine[n++] = l;
	for (unsigned i = 0; on && i < n; i++)
		set_listening(mine[i], true);
	workers_set_listeners(&p->engine, mine, on ? n : 0, mine, on ? 0 : n);
	for (unsigned i = 0; !on && i < n; i++)
		set_listening(mine[i], false);
	free(mine);
}

void cli_switch_frontend(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	bool on = str_eq(rq->argv[0], STR("enable"));
	struct frontend *fe = find_frontend(rq, cli_arg(rq, 2));

	(void)cursor, (void)more;
	if (fe == NULL)
		return;
	if (fe->state == FRONTEND_SHUT) {
		strbuf_addf(rq->out, "Frontend was previously shut down, cannot %s.\n",
			    on ? "enable" : "disable");
	} else if ((fe->state == FRONTEND_OPEN) == on) {
		strbuf_addf(rq->out, "All sockets are already %s.\n", on ? "enabled" : "disabled");
	} else {
		fe->state = on ? FRONTEND_OPEN : FRONTEND_PAUSED;
		watch(fe, on);
		log_notice("cli", on ? "frontend_resumed" : "frontend_paused", "frontend=%s",
			   fe->name);
	}
}

/* For good; a reload opens it again. */
void cli_shutdown_frontend(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct frontend *fe = find_frontend(rq, cli_arg(rq, 2));
	struct listener *l, *tmp;

	(void)cursor, (void)more;
	if (fe == NULL)
		return;
	if (fe->state == FRONTEND_SHUT) {
		strbuf_adds(rq->out, "Frontend was already shut down.\n");
		return;
	}
	if (fe->state == FRONTEND_OPEN)
		watch(fe, false);
	fe->state = FRONTEND_SHUT;
	list_for_each_safe (l, tmp, &process_self->listeners, node) {
		if (l->fe != fe)
			continue;
		list_del(&l->node);
		listener_free(l);
	}
	log_notice("cli", "frontend_shut", "frontend=%s", fe->name);
}

void cli_set_maxconn_frontend(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct frontend *fe = find_frontend(rq, cli_arg(rq, 3));
	struct str word = cli_arg(rq, 4);
	long n = word.len > 0 ? strtol(word.p, NULL, 10) : 0; /* what is no number is 0, as there */

	(void)cursor, (void)more;
	if (fe == NULL)
		return;
	if (word.len == 0)
		strbuf_adds(rq->out, "Integer value expected.\n");
	else if (n < 0 || n > INT32_MAX)
		strbuf_adds(rq->out, "Value out of range.\n");
	else
		atomic_store(&fe->maxconn, (uint32_t)n);
}
