/* info.c - the values of `show info`. */
#include "stats/info.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <tandem/clock.h>

#include "config/cfg_model.h"
#include "log/access_log.h"
#include "process/options.h"
#include "process/process.h"
#include "process/registry.h"
#include "stats/csv.h"
#include "stats/fields.h"

/* HAProxy's numbers, which typed output shows. */
enum info {
	INFO_NAME,
	INFO_VERSION,
	INFO_RELEASE_DATE,
	INFO_NBTHREAD,
	INFO_NBPROC,
	INFO_PROCESS_NUM,
	INFO_PID,
	INFO_UPTIME,
	INFO_UPTIME_SEC,
	INFO_MEMMAX_MB,
	INFO_POOL_ALLOC_MB,
	INFO_POOL_USED_MB,
	INFO_POOL_FAILED,
	INFO_ULIMIT_N,
	INFO_MAXSOCK,
	INFO_MAXCONN,
	INFO_HARD_MAXCONN,
	INFO_CURR_CONNS,
	INFO_CUM_CONNS,
	INFO_CUM_REQ,
	INFO_MAX_SSL_CONNS,
	INFO_CURR_SSL_CONNS,
	INFO_CUM_SSL_CONNS,
	INFO_MAXPIPES,
	INFO_PIPES_USED,
	INFO_PIPES_FREE,
	INFO_CONN_RATE,
	INFO_CONN_RATE_LIMIT,
	INFO_MAX_CONN_RATE,
	INFO_SESS_RATE,
	INFO_SESS_RATE_LIMIT,
	INFO_MAX_SESS_RATE,
	INFO_SSL_RATE,
	INFO_SSL_RATE_LIMIT,
	INFO_MAX_SSL_RATE,
	INFO_SSL_FRONTEND_KEY_RATE,
	INFO_SSL_FRONTEND_MAX_KEY_RATE,
	INFO_SSL_FRONTEND_SESSION_REUSE_PCT,
	INFO_SSL_BACKEND_KEY_RATE,
	INFO_SSL_BACKEND_MAX_KEY_RATE,
	INFO_SSL_CACHE_LOOKUPS,
	INFO_SSL_CACHE_MISSES,
	INFO_COMPRESS_BPS_IN,
	INFO_COMPRESS_BPS_OUT,
	INFO_COMPRESS_BPS_RATE_LIM,
	INFO_TASKS = 47, /* 45 and 46 are of a library that HAProxy may be built with */
	INFO_RUN_QUEUE,
	INFO_IDLE_PCT,
	INFO_NODE,
	INFO_DESCRIPTION,
	INFO_STOPPING,
	INFO_JOBS,
	INFO_UNSTOPPABLE_JOBS,
	INFO_LISTENERS,
	INFO_ACTIVE_PEERS,
	INFO_CONNECTED_PEERS,
	INFO_DROPPED_LOGS,
	INFO_BUSY_POLLING,
	INFO_FAILED_RESOLUTIONS,
	INFO_TOTAL_BYTES_OUT,
	INFO_TOTAL_SPLICDED_BYTES_OUT,
	INFO_BYTES_OUT_RATE,
	INFO_DEBUG_COMMANDS_ISSUED,
	INFO_CUM_RECV_LOGS,
	INFO_BUILD_INFO,
	INFO_MEMMAX_BYTES,
	INFO_POOL_ALLOC_BYTES,
	INFO_POOL_USED_BYTES,
	INFO_START_TIME_SEC,
	INFO_TAINTED,
	N_INFO
};

/* clang-format off */
static const struct field fields[N_INFO] = {
	[INFO_NAME] = { "Name", "POSstr", "name of the program" },
	[INFO_VERSION] = { "Version", "POSstr", "its version" },
	[INFO_RELEASE_DATE] = { "Release_date", "POSstr", "date of the version" },
	[INFO_NBTHREAD] = { "Nbthread", "CGSu32", "data threads" },
	[INFO_NBPROC] = { "Nbproc", "CGSu32", "processes that carry traffic, always 1" },
	[INFO_PROCESS_NUM] = { "Process_num", "KGPu32", "number of this process, always 1" },
	[INFO_PID] = { "Pid", "SGPu32", "process number" },
	[INFO_UPTIME] = { "Uptime", "MDPstr", "time since the start in words" },
	[INFO_UPTIME_SEC] = { "Uptime_sec", "MDPu32", "seconds since the start" },
	[INFO_MEMMAX_MB] = { "Memmax_MB", "CLPu32", "limit of memory in MB (-m); 0: none" },
	[INFO_POOL_ALLOC_MB] = { "PoolAlloc_MB", "MGPu32", "memory of buffers and connections in MB" },
	[INFO_POOL_USED_MB] = { "PoolUsed_MB", "MGPu32", "the part of it in use, in MB" },
	[INFO_POOL_FAILED] = { "PoolFailed", "MCPu32", "allocations that failed" },
	[INFO_ULIMIT_N] = { "Ulimit-n", "CLPu32", "limit of open files" },
	[INFO_MAXSOCK] = { "Maxsock", "CLPu32", "limit of sockets" },
	[INFO_MAXCONN] = { "Maxconn", "CLPu32", "limit of client connections" },
	[INFO_HARD_MAXCONN] = { "Hard_maxconn", "CLPu32", "what it can be raised to" },
	[INFO_CURR_CONNS] = { "CurrConns", "MGPu32", "client connections now" },
	[INFO_CUM_CONNS] = { "CumConns", "MCPu32", "client connections since the start" },
	[INFO_CUM_REQ] = { "CumReq", "MCPu32", "requests since the start" },
	[INFO_MAX_SSL_CONNS] = { "MaxSslConns", "MMPu32", "limit of TLS connections; 0: none" },
	[INFO_CURR_SSL_CONNS] = { "CurrSslConns", "MGPu32", "TLS connections now" },
	[INFO_CUM_SSL_CONNS] = { "CumSslConns", "MCPu32", "TLS connections since the start" },
	[INFO_MAXPIPES] = { "Maxpipes", "CLPu32", "limit of pipes for splicing; 0: none" },
	[INFO_PIPES_USED] = { "PipesUsed", "MGPu32", "pipes in use" },
	[INFO_PIPES_FREE] = { "PipesFree", "MGPu32", "pipes that wait for use" },
	[INFO_CONN_RATE] = { "ConnRate", "MRPu32", "connections in the last second" },
	[INFO_CONN_RATE_LIMIT] = { "ConnRateLimit", "CLPu32", "limit of new connections a second; 0: none" },
	[INFO_MAX_CONN_RATE] = { "MaxConnRate", "MMPu32", "most connections in a second" },
	[INFO_SESS_RATE] = { "SessRate", "MRPu32", "sessions in the last second" },
	[INFO_SESS_RATE_LIMIT] = { "SessRateLimit", "CLPu32", "limit of new sessions a second; 0: none" },
	[INFO_MAX_SESS_RATE] = { "MaxSessRate", "MRPu32", "most sessions in a second" },
	[INFO_SSL_RATE] = { "SslRate", "MRPu32", "TLS connections in the last second" },
	[INFO_SSL_RATE_LIMIT] = { "SslRateLimit", "CLPu32", "limit of them; 0: none" },
	[INFO_MAX_SSL_RATE] = { "MaxSslRate", "MMPu32", "most of them in a second" },
	[INFO_SSL_FRONTEND_KEY_RATE] = { "SslFrontendKeyRate", "MGPu32", "TLS keys computed in the last second for clients" },
	[INFO_SSL_FRONTEND_MAX_KEY_RATE] = { "SslFrontendMaxKeyRate", "MMPu32", "most of them in a second" },
	[INFO_SSL_FRONTEND_SESSION_REUSE_PCT] = { "SslFrontendSessionReuse_pct", "MGPu32", "percent of TLS sessions that were resumed" },
	[INFO_SSL_BACKEND_KEY_RATE] = { "SslBackendKeyRate", "MRPu32", "TLS keys computed in the last second for servers" },
	[INFO_SSL_BACKEND_MAX_KEY_RATE] = { "SslBackendMaxKeyRate", "MMPu32", "most of them in a second" },
	[INFO_SSL_CACHE_LOOKUPS] = { "SslCacheLookups", "MCPu32", "questions to the cache of TLS sessions" },
	[INFO_SSL_CACHE_MISSES] = { "SslCacheMisses", "MCPu32", "those that it could not answer" },
	[INFO_COMPRESS_BPS_IN] = { "CompressBpsIn", "MRPu32", "bytes a second given to compression" },
	[INFO_COMPRESS_BPS_OUT] = { "CompressBpsOut", "MRPu32", "bytes a second made by it" },
	[INFO_COMPRESS_BPS_RATE_LIM] = { "CompressBpsRateLim", "CLPu32", "limit of it; 0: none" },
	[INFO_TASKS] = { "Tasks", "MGPu32", "connections, checks and timers under way" },
	[INFO_RUN_QUEUE] = { "Run_queue", "MGPu32", "of them, those that wait for the processor" },
	[INFO_IDLE_PCT] = { "Idle_pct", "MaPu32", "percent of their time in which the data threads had nothing to do" },
	[INFO_NODE] = { "node", "COSstr", "name of this node" },
	[INFO_DESCRIPTION] = { "description", "COSstr", "description of this node" },
	[INFO_STOPPING] = { "Stopping", "MGPu32", "1: it ends when the last connection has ended" },
	[INFO_JOBS] = { "Jobs", "MGPu32", "connections and listening sockets" },
	[INFO_UNSTOPPABLE_JOBS] = { "Unstoppable Jobs", "MGPu32", "jobs that a soft stop does not wait for" },
	[INFO_LISTENERS] = { "Listeners", "MGPu32", "listening sockets" },
	[INFO_ACTIVE_PEERS] = { "ActivePeers", "MGPu32", "peers in use" },
	[INFO_CONNECTED_PEERS] = { "ConnectedPeers", "MGPu32", "peers that are connected" },
	[INFO_DROPPED_LOGS] = { "DroppedLogs", "MGPu32", "log lines that no target took" },
	[INFO_BUSY_POLLING] = { "BusyPolling", "MGPu32", "1: it polls without waiting" },
	[INFO_FAILED_RESOLUTIONS] = { "FailedResolutions", "MGPu32", "host names that could not be resolved" },
	[INFO_TOTAL_BYTES_OUT] = { "TotalBytesOut", "MGPu64", "bytes to clients since the start" },
	[INFO_TOTAL_SPLICDED_BYTES_OUT] = { "TotalSplicdedBytesOut", "MGPu64", "the part of them that went through pipes" },
	[INFO_BYTES_OUT_RATE] = { "BytesOutRate", "MRPu64", "bytes a second to clients" },
	[INFO_DEBUG_COMMANDS_ISSUED] = { "DebugCommandsIssued", "MGPu32", "commands that may break something" },
	[INFO_CUM_RECV_LOGS] = { "CumRecvLogs", "MCPu32", "log messages received" },
	[INFO_BUILD_INFO] = { "Build info", "POSstr", "how it was built" },
	[INFO_MEMMAX_BYTES] = { "Memmax_bytes", "CLPu32", "limit of memory in bytes; 0: none" },
	[INFO_POOL_ALLOC_BYTES] = { "PoolAlloc_bytes", "MGPu64", "memory of buffers and connections" },
	[INFO_POOL_USED_BYTES] = { "PoolUsed_bytes", "MGPu64", "the part of it in use" },
	[INFO_START_TIME_SEC] = { "Start_time_sec", "MDPu32", "when it was started, seconds since 1970" },
	[INFO_TAINTED] = { "Tainted", "SGPstr", "0: nothing was done that may break it" },
};
/* clang-format on */

struct value {
	char text[64];
	const char *borrowed; /* instead; NULL: text */
};

struct totals {
	uint64_t conns, requests, bytes_out;
	uint32_t conn_rate, sess_rate, rate_max;
};

/* What rates are computed from: a second ago or more. */
struct sample {
	int64_t at_us, cpu_us;
	uint64_t bytes_out;
};
static struct sample before, latest;

PRINTF_LIKE(3, 4) static void set(struct value *v, enum info i, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v[i].text, sizeof(v[i].text), fmt, ap);
	va_end(ap);
}

static void set_u(struct value *v, enum info i, uint64_t n)
{
	set(v, i, "%llu", (unsigned long long)n);
}

static void add_frontend(const struct stats_row *row, void *arg)
{
	struct totals *t = arg;

	t->conns += row->stot;
	t->requests += row->is_http ? row->req_tot : row->stot;
	t->bytes_out += row->bout;
	t->conn_rate += row->rate;
	t->sess_rate += row->rate;
	t->rate_max += row->rate_max;
}

static unsigned count_list(const struct list *l)
{
	unsigned n = 0;

	for (const struct list *at = l->next; at != l; at = at->next)
		n++;
	return n;
}

/* Of all data threads together. */
static int64_t worker_cpu_us(const struct engine *e)
{
	int64_t sum = 0;

	for (unsigned i = 0; e->workers != NULL && i < e->n_threads; i++) {
		struct timespec t;
		clockid_t id;

		if (pthread_getcpuclockid(e->workers[i].thread, &id) == 0 &&
		    clock_gettime(id, &t) == 0)
			sum += (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
	}
	return sum;
}

static void set_rates(const struct process *p, struct value *v, uint64_t bytes_out)
{
	struct sample now = { clock_mono_us(), worker_cpu_us(&p->engine), bytes_out };
	int64_t spent_us, busy;

	if (latest.at_us == 0)
		latest = before = (struct sample){ .at_us = p->engine.start_mono_us };
	if (now.at_us - latest.at_us >= US_PER_S) {
		before = latest;
		latest = now;
	}
	spent_us = MAX(now.at_us - before.at_us, 1);
	busy = 100 * (now.cpu_us - before.cpu_us) / (spent_us * p->engine.n_threads);
	set_u(v, INFO_IDLE_PCT, (uint64_t)(100 - MIN(MAX(busy, 0), 100)));
	/* counters may have been cleared */
	set_u(v, INFO_BYTES_OUT_RATE,
	      now.bytes_out > before.bytes_out
		      ? (now.bytes_out - before.bytes_out) * US_PER_S / (uint64_t)spent_us
		      : 0);
}

static void set_process(const struct process *p, struct value *v)
{
	long long up_s = (clock_mono_us() - p->engine.start_mono_us) / US_PER_S;
	uint64_t memmax_mb = p->options->memory_mb, alloc = 0, used = 0;

	for (unsigned i = 0; i < N_WORKER_POOLS; i++) {
		struct worker_pool pool = workers_pool(&p->engine, i);

		alloc += (uint64_t)pool.n_allocated * pool.size;
		used += (uint64_t)pool.n_used * pool.size;
	}
	set(v, INFO_NAME, "Tandem");
	set(v, INFO_VERSION, "%s", TANDEM_VERSION);
	set(v, INFO_RELEASE_DATE, "2026/11/25");
	set(v, INFO_BUILD_INFO, "%s", TANDEM_VERSION);
	set_u(v, INFO_NBTHREAD, p->engine.n_threads);
	set_u(v, INFO_NBPROC, 1);
	set_u(v, INFO_PROCESS_NUM, 1);
	set_u(v, INFO_PID, (uint64_t)getpid());
	set(v, INFO_UPTIME, "%lldd %lldh%02lldm%02llds", up_s / 86400, up_s / 3600 % 24,
	    up_s / 60 % 60, up_s % 60);
	set_u(v, INFO_UPTIME_SEC, (uint64_t)up_s);
	set_u(v, INFO_START_TIME_SEC, (uint64_t)(p->engine.start_real_us / US_PER_S));
	set_u(v, INFO_MEMMAX_MB, memmax_mb);
	set_u(v, INFO_MEMMAX_BYTES, memmax_mb << 20);
	set_u(v, INFO_POOL_ALLOC_MB, alloc >> 20);
	set_u(v, INFO_POOL_USED_MB, used >> 20);
	set_u(v, INFO_POOL_ALLOC_BYTES, alloc);
	set_u(v, INFO_POOL_USED_BYTES, used);
}

static void set_limits(const struct process *p, const struct totals *t, struct value *v)
{
	unsigned maxconn = atomic_load(&p->engine.maxconn), conns = atomic_load(&p->conns.cur);
	unsigned n_listeners = count_list(&p->listeners);
	struct rlimit r = { 0, 0 };

	(void)getrlimit(RLIMIT_NOFILE, &r);
	set_u(v, INFO_ULIMIT_N, r.rlim_cur);
	set_u(v, INFO_MAXSOCK, r.rlim_cur);
	set_u(v, INFO_MAXCONN, maxconn);
	set_u(v, INFO_HARD_MAXCONN, p->hard_maxconn);
	set_u(v, INFO_CURR_CONNS, conns);
	set_u(v, INFO_CUM_CONNS, t->conns);
	set_u(v, INFO_CUM_REQ, t->requests);
	set_u(v, INFO_CONN_RATE, t->conn_rate);
	set_u(v, INFO_MAX_CONN_RATE, t->rate_max);
	set_u(v, INFO_SESS_RATE, t->sess_rate);
	set_u(v, INFO_CONN_RATE_LIMIT, atomic_load(&p->engine.conn_rate_limit));
	set_u(v, INFO_SESS_RATE_LIMIT, atomic_load(&p->engine.sess_rate_limit));
	set_u(v, INFO_MAX_SESS_RATE, t->rate_max);
	set_u(v, INFO_TASKS, conns + n_listeners);
	set_u(v, INFO_JOBS, conns + n_listeners);
	set_u(v, INFO_LISTENERS, n_listeners + count_list(&p->sockets));
	set_u(v, INFO_STOPPING, p->state == PROCESS_DRAINING);
	set_u(v, INFO_DROPPED_LOGS, access_log_dropped());
	set_u(v, INFO_TOTAL_BYTES_OUT, t->bytes_out);
}

static const char *node_name(const struct cfg_global *g)
{
	static struct utsname host;

	if (g->node != NULL)
		return g->node;
	return uname(&host) == 0 ? host.nodename : "";
}

static void add_text(const struct field *f, const char *value, bool has_desc, struct strbuf *out)
{
	strbuf_addf(out, "%s: %s", f->name, value);
	if (has_desc)
		strbuf_addf(out, ":\"%s\"", f->help);
	strbuf_addc(out, '\n');
}

static void add_typed(const struct field *f, unsigned pos, const char *value, bool has_desc,
		      struct strbuf *out)
{
	strbuf_addf(out, "%u.%s.1", pos, f->name);
	field_add_tags(f, out);
	strbuf_adds(out, value);
	if (has_desc)
		strbuf_addf(out, ":\"%s\"", f->help);
	strbuf_addc(out, '\n');
}

void info_add(const struct process *p, unsigned format, struct strbuf *out)
{
	const struct cfg_global *g = &p->cfg->global;
	bool has_desc = (format & INFO_WITH_DESC) != 0, is_first = true;
	struct value v[N_INFO] = { 0 };
	struct totals t = { 0 };

	for (unsigned i = 0; i < N_INFO; i++)
		set(v, i, "0");
	stats_each_row(-1, STATS_FRONTEND, -1, add_frontend, &t);
	set_process(p, v);
	set_limits(p, &t, v);
	set_rates(p, v, t.bytes_out);
	v[INFO_NODE].borrowed = node_name(g);
	v[INFO_DESCRIPTION].borrowed = g->description;
	if (format & INFO_AS_JSON)
		strbuf_addc(out, '[');
	for (unsigned i = 0; i < N_INFO; i++) {
		const char *value = v[i].borrowed != NULL ? v[i].borrowed : v[i].text;

		if (fields[i].name == NULL || (i == INFO_DESCRIPTION && g->description == NULL))
			continue;
		if (format & INFO_AS_JSON) {
			strbuf_adds(out, is_first ? "{" : ",{");
			field_add_json(&fields[i], i, value, out);
			strbuf_addc(out, '}');
		} else if (format & INFO_TYPED) {
			add_typed(&fields[i], i, value, has_desc, out);
		} else {
			add_text(&fields[i], value, has_desc, out);
		}
		is_first = false;
	}
	if (format & INFO_AS_JSON)
		strbuf_adds(out, "]\n");
}
