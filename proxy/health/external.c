/* external.c - one run of the program of an external check: HAProxy's arguments and environment. */
#include "health/external.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>

#include "config/cfg_model.h"
#include "health/probe.h"
#include "pool/backend.h"
#include "pool/server.h"

#define MAX_ENV 16

static void on_done(struct proc *p, int status, bool timed_out)
{
	struct external *x = container_of(p, struct external, proc);
	struct probe_outcome o = { .status = CHECK_PROCERR, .desc = "" };

	if (timed_out) {
		o.status = CHECK_PROCTOUT;
	} else if (WIFEXITED(status)) {
		o.code = WEXITSTATUS(status);
		o.status = o.code == 0 ? CHECK_PROCOK : CHECK_PROCERR;
	} else if (WIFSIGNALED(status)) {
		o.code = WTERMSIG(status);
	}
	x->done(x, &o); /* last: the owner may free us or start again */
}

void external_init(struct external *x, struct loop *loop, external_done_fn *done)
{
	x->done = done;
	proc_init(&x->proc, loop, on_done);
}

/* Address and port as text: a path and "" for a Unix socket. */
struct place {
	char addr[ADDR_TEXT_LEN], port[8];
};

static void place_of(const struct addr *a, struct place *out)
{
	*out = (struct place){ 0 };
	if (a->sa.sa_family == AF_UNIX) {
		snprintf(out->addr, sizeof(out->addr), "%s", a->un.sun_path);
		return;
	}
	addr_format_ip(a, out->addr);
	snprintf(out->port, sizeof(out->port), "%u", addr_port(a));
}

struct environment {
	struct strbuf words[MAX_ENV];
	char *p[MAX_ENV + 1];
	unsigned n;
};

PRINTF_LIKE(2, 3) static void add(struct environment *e, const char *fmt, ...)
{
	va_list ap;

	ASSERT(e->n < MAX_ENV);
	va_start(ap, fmt);
	strbuf_vaddf(&e->words[e->n++], fmt, ap);
	va_end(ap);
}

static void fill(struct environment *e, const struct server *s, const struct place *proxy,
		 const struct place *server)
{
	const struct cfg_proxy *px = s->be->cfg;

	add(e, "HAPROXY_PROXY_NAME=%s", s->be->name);
	add(e, "HAPROXY_PROXY_ID=%u", s->be->id);
	add(e, "HAPROXY_PROXY_ADDR=%s", proxy->addr);
	add(e, "HAPROXY_PROXY_PORT=%s", proxy->port);
	add(e, "HAPROXY_SERVER_NAME=%s", s->name);
	add(e, "HAPROXY_SERVER_ID=%u", s->id);
	add(e, "HAPROXY_SERVER_ADDR=%s", server->addr);
	add(e, "HAPROXY_SERVER_PORT=%s", server->port);
	add(e, "HAPROXY_SERVER_MAXCONN=%u", s->maxconn);
	add(e, "HAPROXY_SERVER_CURCONN=%u",
	    atomic_load_explicit(&s->sess.cur, memory_order_relaxed));
	add(e, "HAPROXY_SERVER_SSL=0");
	add(e, "HAPROXY_SERVER_PROTO=%s", px->mode == CFG_MODE_HTTP ? "h1" : "tcp");
	add(e, "PATH=%s", px->check->path != NULL ? px->check->path : "");
	for (unsigned i = 0; i < e->n; i++)
		e->p[i] = e->words[i].p;
}

static const char *or_unused(const char *z)
{
	return z[0] != '\0' ? z : "NOT_USED";
}

int external_start(struct external *x, const struct server *s, const struct addr *to,
		   int64_t timeout_us)
{
	const struct cfg_proxy *px = s->be->cfg;
	struct place proxy = { 0 }, server;
	struct environment e = { 0 };
	int rc;

	if (px->binds != NULL && px->binds->addr.len > 0)
		place_of(&px->binds->addr, &proxy);
	place_of(to, &server);
	fill(&e, s, &proxy, &server);
	char *const argv[] = { (char *)px->check->command,     (char *)or_unused(proxy.addr),
			       (char *)or_unused(proxy.port),  server.addr,
			       (char *)or_unused(server.port), NULL };
	const struct proc_spec spec = { .argv = argv,
					.env = e.p,
					.uid = (uid_t)-1,
					.gid = (gid_t)-1,
					.timeout_us = timeout_us,
					.stdin_fd = -1 };

	rc = proc_start(&x->proc, &spec);
	for (unsigned i = 0; i < e.n; i++)
		strbuf_fini(&e.words[i]);
	return rc;
}

bool external_is_running(const struct external *x)
{
	return x->proc.pid != 0;
}

void external_cancel(struct external *x)
{
	proc_cancel(&x->proc);
}
