/* cli_process.c - commands that show the inside of the process: threads, memory, descriptors. */
#include "cli/cli.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include <tandem/clock.h>

#include "net/frontend.h"
#include "net/listener.h"
#include "process/process.h"
#include "process/registry.h"
#include "process/stats_socket.h"
#include "stats/csv.h"

#define FDS_A_PIECE 256 /* looked at */

static int64_t thread_cpu_us(const struct worker *w)
{
	struct timespec t;
	clockid_t id;

	if (pthread_getcpuclockid(w->thread, &id) != 0 || clock_gettime(id, &t) != 0)
		return 0;
	return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

void cli_show_threads(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	const struct engine *e = &process_self->engine;
	int64_t now_us = clock_mono_us();

	(void)cursor, (void)more;
	for (unsigned i = 0; i < e->n_threads; i++) {
		const struct worker *w = &e->workers[i];
		int64_t age_us = now_us - atomic_load(&w->loop.last_turn_us);

		strbuf_addf(rq->out,
			    "  Thread %u : id=0x%lx act=%d glob=0 wq=0 rq=0 tl=0 tlsz=0 rqsz=0\n"
			    "      1/%-2u   stuck=%d prof=0 harmless=1 wantrdv=0\n"
			    "             cpu_ns: poll=0 now=%lld diff=0\n"
			    "             last_turn_ms=%lld connections=%u\n",
			    i + 1, (unsigned long)w->thread,
			    age_us<US_PER_S, i + 1, age_us> 60 * US_PER_S &&
				    workers_n_conns_of(e, i) > 0,
			    (long long)thread_cpu_us(w) * 1000, (long long)(age_us / US_PER_MS),
			    workers_n_conns_of(e, i));
	}
}

void cli_show_pools(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	unsigned long long allocated = 0, used = 0;

	(void)cursor, (void)more;
	strbuf_adds(rq->out, "Dumping pools usage. Use SIGQUIT to flush them.\n");
	for (unsigned i = 0; i < N_WORKER_POOLS; i++) {
		struct worker_pool p = workers_pool(&process_self->engine, i);

		strbuf_addf(rq->out,
			    "  - Pool %s (%zu bytes) : %u allocated (%llu bytes), %u used (~%u by "
			    "thread caches), needed_avg %u, 0 failures, 1 users\n",
			    p.name, p.size, p.n_allocated,
			    (unsigned long long)p.n_allocated * p.size, p.n_used,
			    p.n_allocated - p.n_used, p.n_used);
		allocated += (unsigned long long)p.n_allocated * p.size;
		used += (unsigned long long)p.n_used * p.size;
	}
	strbuf_addf(rq->out,
		    "Total: %u pools, %llu bytes allocated, %llu used (~%llu by thread caches).\n",
		    N_WORKER_POOLS, allocated, used, allocated - used);
}

/* ---- show activity ---- */

/* "name: total [ thread1 thread2 ]" of a value that each thread has. */
static void add_activity(struct strbuf *out, const char *name, const struct engine *e,
			 uint64_t (*value)(const struct engine *e, unsigned tid))
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < e->n_threads; i++)
		sum += value(e, i);
	strbuf_addf(out, "%s: %llu [ ", name, (unsigned long long)sum);
	for (unsigned i = 0; i < e->n_threads; i++)
		strbuf_addf(out, "%llu ", (unsigned long long)value(e, i));
	strbuf_adds(out, "]\n");
}

static uint64_t n_turns(const struct engine *e, unsigned tid)
{
	return atomic_load_explicit(&e->workers[tid].loop.n_turns, memory_order_relaxed);
}

static uint64_t cpu_ms(const struct engine *e, unsigned tid)
{
	return (uint64_t)thread_cpu_us(&e->workers[tid]) / US_PER_MS;
}

static uint64_t n_conns(const struct engine *e, unsigned tid)
{
	return workers_n_conns_of(e, tid);
}

/* Of all frontends. */
static uint64_t n_accepted(const struct engine *e, unsigned tid)
{
	const struct registry *r = registry_get();
	uint64_t sum = 0;

	(void)e;
	for (unsigned i = 0; r != NULL && i < r->n; i++)
		if (r->entries[i].fe != NULL)
			sum += counter_get(&r->entries[i].fe->counters[tid].stot);
	return sum;
}

static uint64_t n_requests(const struct engine *e, unsigned tid)
{
	const struct registry *r = registry_get();
	uint64_t sum = 0;

	(void)e;
	for (unsigned i = 0; r != NULL && i < r->n; i++)
		if (r->entries[i].fe != NULL)
			sum += counter_get(&r->entries[i].fe->counters[tid].req_tot);
	return sum;
}

void cli_show_activity(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	const struct engine *e = &process_self->engine;
	int64_t now_us = clock_real_us();

	(void)cursor, (void)more;
	strbuf_addf(rq->out, "thread_id: 1 (1..%u)\ndate_now: %lld.%06d\n", e->n_threads,
		    (long long)(now_us / US_PER_S), (int)(now_us % US_PER_S));
	add_activity(rq->out, "loops", e, n_turns);
	add_activity(rq->out, "accepted", e, n_accepted);
	add_activity(rq->out, "requests", e, n_requests);
	add_activity(rq->out, "connections", e, n_conns);
	add_activity(rq->out, "cpust_ms_tot", e, cpu_ms);
}

/* ---- show fd ---- */

static const char *owner_of(int fd)
{
	const struct process *p = process_self;
	const struct listener *l;

	list_for_each (l, &p->listeners, node)
		for (unsigned i = 0; i < l->n_fds; i++)
			if (l->fds[i] == fd)
				return l->fe->name;
	return NULL;
}

static void add_socket(struct strbuf *out, int fd)
{
	struct addr local = { .len = sizeof(local.un) }, peer = { .len = sizeof(peer.un) };
	int is_listening = 0;
	socklen_t len = sizeof(is_listening);
	const char *fe = owner_of(fd);

	(void)getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &len);
	if (getsockname(fd, &local.sa, &local.len) != 0)
		return;
	if (is_listening)
		strbuf_addf(out, " l.st=RDY fe=%s", fe != NULL ? fe : "GLOBAL");
	else
		strbuf_addf(out, " conn=%d", getpeername(fd, &peer.sa, &peer.len) == 0);
	if (local.sa.sa_family == AF_UNIX)
		strbuf_adds(out, " fam=unix");
	else
		strbuf_addf(out, " fam=%s lport=%u%s",
			    local.sa.sa_family == AF_INET6 ? "ipv6" : "ipv4", addr_port(&local),
			    "");
	if (!is_listening && (peer.sa.sa_family == AF_INET || peer.sa.sa_family == AF_INET6))
		strbuf_addf(out, " rport=%u", addr_port(&peer));
}

/* Open descriptors, found by asking for each number: /proc may be outside of our root. */
static void add_fd(struct strbuf *out, int fd)
{
	int flags = fcntl(fd, F_GETFL);
	struct stat st;

	if (flags < 0 || fstat(fd, &st) != 0)
		return;
	strbuf_addf(out, "%7d : st=0x%06x", fd, (unsigned)flags);
	if (S_ISSOCK(st.st_mode))
		add_socket(out, fd);
	else
		strbuf_addf(out, " type=%s",
			    S_ISFIFO(st.st_mode)   ? "pipe"
			    : S_ISREG(st.st_mode)  ? "file"
			    : S_ISCHR(st.st_mode)  ? "device"
			    : (st.st_mode == 0600) ? "anon"
						   : "other");
	strbuf_addc(out, '\n');
}

void cli_show_fd(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct rlimit r = { 0, 0 };
	int64_t only;

	if (rq->argc > 2) {
		if (str_parse_int(rq->argv[2], 0, INT32_MAX, &only) == 0)
			add_fd(rq->out, (int)only);
		return;
	}
	(void)getrlimit(RLIMIT_NOFILE, &r);
	for (unsigned i = 0; i < FDS_A_PIECE && *cursor < r.rlim_cur; i++)
		add_fd(rq->out, (int)(*cursor)++);
	*more = *cursor < r.rlim_cur;
}
