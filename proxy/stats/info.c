/* info.c - the values of `show info`. */
#include "stats/info.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <tandem/clock.h>

#include "config/cfg_model.h"
#include "log/access_log.h"
#include "process/process.h"
#include "process/registry.h"
#include "stats/csv.h"

struct totals {
	uint64_t conns, requests, bytes_out;
	uint32_t conn_rate, sess_rate, rate_max;
};

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

static void add_process(const struct process *p, struct strbuf *out)
{
	long long up_s = (clock_mono_us() - p->engine.start_mono_us) / US_PER_S;

	strbuf_addf(out,
		    "Name: Tandem\nVersion: %s\nRelease_date: %s\nNbthread: %u\nNbproc: 1\n"
		    "Process_num: 1\nPid: %d\nUptime: %lldd %lldh%02lldm%02llds\nUptime_sec: %lld\n"
		    "Memmax_MB: 0\nPoolAlloc_MB: 0\nPoolUsed_MB: 0\nPoolFailed: 0\n",
		    TANDEM_VERSION, "2026/11/24", p->engine.n_threads, (int)getpid(), up_s / 86400,
		    up_s / 3600 % 24, up_s / 60 % 60, up_s % 60, up_s);
}

static void add_limits(const struct process *p, const struct totals *t, struct strbuf *out)
{
	unsigned maxconn = atomic_load(&p->engine.maxconn);
	struct rlimit r = { 0, 0 };

	(void)getrlimit(RLIMIT_NOFILE, &r);
	strbuf_addf(out,
		    "Ulimit-n: %llu\nMaxsock: %llu\nMaxconn: %u\nHard_maxconn: %u\n"
		    "CurrConns: %u\nCumConns: %llu\nCumReq: %llu\n",
		    (unsigned long long)r.rlim_cur, (unsigned long long)r.rlim_cur, maxconn,
		    maxconn, atomic_load(&p->conns.cur), (unsigned long long)t->conns,
		    (unsigned long long)t->requests);
	strbuf_adds(out, "MaxSslConns: 0\nCurrSslConns: 0\nCumSslConns: 0\nMaxpipes: 0\n"
			 "PipesUsed: 0\nPipesFree: 0\n");
	strbuf_addf(out,
		    "ConnRate: %u\nConnRateLimit: %u\nMaxConnRate: %u\nSessRate: %u\n"
		    "SessRateLimit: %u\nMaxSessRate: %u\n",
		    t->conn_rate, atomic_load(&p->engine.conn_rate_limit), t->rate_max,
		    t->sess_rate, atomic_load(&p->engine.sess_rate_limit), t->rate_max);
	strbuf_adds(out, "SslRate: 0\nSslRateLimit: 0\nMaxSslRate: 0\nSslFrontendKeyRate: 0\n"
			 "SslFrontendMaxKeyRate: 0\nSslFrontendSessionReuse_pct: 0\n"
			 "SslBackendKeyRate: 0\nSslBackendMaxKeyRate: 0\nSslCacheLookups: 0\n"
			 "SslCacheMisses: 0\nCompressBpsIn: 0\nCompressBpsOut: 0\n"
			 "CompressBpsRateLim: 0\nTasks: 0\nRun_queue: 0\nIdle_pct: 100\n");
}

void info_lines(const struct process *p, struct strbuf *out)
{
	const struct cfg_global *g = &p->cfg->global;
	struct totals t = { 0 };
	struct utsname host;

	stats_each_row(-1, STATS_FRONTEND, -1, add_frontend, &t);
	add_process(p, out);
	add_limits(p, &t, out);
	strbuf_addf(out, "node: %s\n",
		    g->node != NULL     ? g->node
		    : uname(&host) == 0 ? host.nodename
					: "");
	if (g->description != NULL)
		strbuf_addf(out, "description: %s\n", g->description);
	strbuf_addf(out,
		    "Stopping: %d\nJobs: %u\nUnstoppable Jobs: 0\nListeners: %u\nActivePeers: 0\n"
		    "ConnectedPeers: 0\nDroppedLogs: %llu\nBusyPolling: 0\nFailedResolutions: 0\n"
		    "TotalBytesOut: %llu\nTotalSplicdedBytesOut: 0\nBytesOutRate: 0\n"
		    "DebugCommandsIssued: 0\nCumRecvLogs: 0\nBuild info: %s\nMemmax_bytes: 0\n"
		    "PoolAlloc_bytes: 0\nPoolUsed_bytes: 0\nStart_time_sec: %lld\nTainted: 0\n",
		    p->state == PROCESS_DRAINING,
		    atomic_load(&p->conns.cur) + count_list(&p->listeners),
		    count_list(&p->listeners) + count_list(&p->sockets),
		    (unsigned long long)access_log_dropped(), (unsigned long long)t.bytes_out,
		    TANDEM_VERSION, (long long)(p->engine.start_real_us / US_PER_S));
}
