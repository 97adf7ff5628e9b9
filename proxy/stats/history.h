/* history.h - the last hour of each proxy and server, for the charts: a sample every ten seconds in
 * fixed memory (10 KiB a proxy, 360 bytes a server). Control thread, or with its lock. */
#ifndef PROXY_STATS_HISTORY_H
#define PROXY_STATS_HISTORY_H

#include <stdint.h>
#include <tandem/str.h>

#include "stats/latency.h"

#define HISTORY_STEP_S 10
#define HISTORY_N      360

struct history_sample {
	uint32_t requests, errors; /* in this step */
	uint32_t p50_us, p99_us;   /* 0: no request */
};

/* Of a frontend or a backend. */
struct history {
	uint64_t requests, errors;                /* counters at the last sample */
	uint32_t latency[LATENCY_N];              /* the same */
	uint64_t first;                           /* number of the first sample */
	struct history_sample samples[HISTORY_N]; /* number n is at n % HISTORY_N */
};

/* Once a second. */
void history_tick(int64_t now_us);
/* All of it as JSON, the newest sample last. */
void history_json(struct strbuf *out);

#endif
