/* prometheus.c - metrics in Prometheus' text format, made from the columns of the CSV and the lines
 * of `show info`: a value that is there needs one row in a table here. */
#include "stats/prometheus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "process/process.h"
#include "stats/csv.h"
#include "stats/info.h"
#include "stats/pair.h"

#define COLUMNS_MAX 192

enum value {
	PLAIN, /* as it is; empty: NaN */
	HTTP,  /* as it is; empty: this proxy does not speak HTTP */
	CHECK, /* as it is; empty: there are no checks */
	MS,    /* milliseconds, shown in seconds */
	CHECK_MS,
	CODES,   /* hrsp_1xx .. hrsp_other, with a label */
	OPEN,    /* status of a frontend or a backend */
	STATE,   /* status of a server: one of five */
	CHECKED, /* check_status: one of many */
	STATES,  /* of a backend's servers: how many are in each state */
	CHECKEDS,
};

struct metric {
	const char *name, *column;
	char type; /* 'c'ounter, 'g'auge */
	enum value value;
	const char *help;
};

static const struct metric process_metrics[] = {
	{ "nbthread", "Nbthread", 'g', PLAIN, "Worker threads" },
	{ "nbproc", "Nbproc", 'g', PLAIN, "Worker processes, always 1" },
	{ "relative_process_id", "Process_num", 'g', PLAIN, "Number of this process, always 1" },
	{ "uptime_seconds", "Uptime_sec", 'g', PLAIN, "Age of this process" },
	{ "pool_failures_total", "PoolFailed", 'c', PLAIN, "Memory that was not granted" },
	{ "max_fds", "Ulimit-n", 'g', PLAIN, "Limit of open files" },
	{ "max_sockets", "Maxsock", 'g', PLAIN, "Limit of sockets" },
	{ "max_connections", "Maxconn", 'g', PLAIN, "Limit of client connections" },
	{ "hard_max_connections", "Hard_maxconn", 'g', PLAIN,
	  "Limit of client connections at the start" },
	{ "current_connections", "CurrConns", 'g', PLAIN, "Client connections now" },
	{ "connections_total", "CumConns", 'c', PLAIN, "Client connections since the start" },
	{ "requests_total", "CumReq", 'c', PLAIN, "Requests since the start" },
	{ "max_ssl_connections", "MaxSslConns", 'g', PLAIN, "Limit of TLS connections, 0: none" },
	{ "current_ssl_connections", "CurrSslConns", 'g', PLAIN, "TLS connections now" },
	{ "ssl_connections_total", "CumSslConns", 'c', PLAIN, "TLS connections since the start" },
	{ "max_pipes", "Maxpipes", 'g', PLAIN, "Limit of pipes for splicing, 0: none" },
	{ "pipes_used_total", "PipesUsed", 'c', PLAIN, "Pipes in use" },
	{ "pipes_free_total", "PipesFree", 'c', PLAIN, "Pipes that wait for use" },
	{ "current_connection_rate", "ConnRate", 'g', PLAIN, "Connections of the last second" },
	{ "limit_connection_rate", "ConnRateLimit", 'g', PLAIN, "Limit of connections a second" },
	{ "max_connection_rate", "MaxConnRate", 'g', PLAIN, "Most connections in a second" },
	{ "current_session_rate", "SessRate", 'g', PLAIN, "Sessions of the last second" },
	{ "limit_session_rate", "SessRateLimit", 'g', PLAIN, "Limit of sessions a second" },
	{ "max_session_rate", "MaxSessRate", 'g', PLAIN, "Most sessions in a second" },
	{ "current_ssl_rate", "SslRate", 'g', PLAIN, "TLS connections of the last second" },
	{ "limit_ssl_rate", "SslRateLimit", 'g', PLAIN, "Limit of TLS connections a second" },
	{ "max_ssl_rate", "MaxSslRate", 'g', PLAIN, "Most TLS connections in a second" },
	{ "current_frontend_ssl_key_rate", "SslFrontendKeyRate", 'g', PLAIN, "TLS keys, clients" },
	{ "max_frontend_ssl_key_rate", "SslFrontendMaxKeyRate", 'g', PLAIN, "Most TLS keys" },
	{ "frontend_ssl_reuse", "SslFrontendSessionReuse_pct", 'g', PLAIN, "TLS sessions reused" },
	{ "current_backend_ssl_key_rate", "SslBackendKeyRate", 'g', PLAIN, "TLS keys, servers" },
	{ "max_backend_ssl_key_rate", "SslBackendMaxKeyRate", 'g', PLAIN, "Most TLS keys" },
	{ "ssl_cache_lookups_total", "SslCacheLookups", 'c', PLAIN, "Lookups of TLS sessions" },
	{ "ssl_cache_misses_total", "SslCacheMisses", 'c', PLAIN, "... without a result" },
	{ "http_comp_bytes_in_total", "CompressBpsIn", 'c', PLAIN, "Bytes before compression" },
	{ "http_comp_bytes_out_total", "CompressBpsOut", 'c', PLAIN, "Bytes after compression" },
	{ "limit_http_comp", "CompressBpsRateLim", 'g', PLAIN, "Limit of compressed bytes" },
	{ "current_zlib_memory", "ZlibMemUsage", 'g', PLAIN, "Memory of compression" },
	{ "max_zlib_memory", "MaxZlibMemUsage", 'g', PLAIN, "Limit of it" },
	{ "current_tasks", "Tasks", 'g', PLAIN, "Tasks" },
	{ "current_run_queue", "Run_queue", 'g', PLAIN, "Tasks that wait to run" },
	{ "idle_time_percent", "Idle_pct", 'g', PLAIN, "Share of time in which nothing was to do" },
	{ "stopping", "Stopping", 'g', PLAIN, "1: the process drains" },
	{ "jobs", "Jobs", 'g', PLAIN, "Connections and listeners" },
	{ "unstoppable_jobs", "Unstoppable Jobs", 'g', PLAIN, "Those that a stop does not end" },
	{ "listeners", "Listeners", 'g', PLAIN, "Listening sockets" },
	{ "active_peers", "ActivePeers", 'g', PLAIN, "Peers of stick tables" },
	{ "connected_peers", "ConnectedPeers", 'g', PLAIN, "Peers that are connected" },
	{ "dropped_logs_total", "DroppedLogs", 'c', PLAIN, "Log lines that could not be sent" },
	{ "busy_polling_enabled", "BusyPolling", 'g', PLAIN, "1: the threads never sleep" },
	{ "failed_resolutions", "FailedResolutions", 'c', PLAIN, "Names that did not resolve" },
	{ "bytes_out_total", "TotalBytesOut", 'c', PLAIN, "Bytes sent to clients" },
	{ "spliced_bytes_out_total", "TotalSplicdedBytesOut", 'c', PLAIN, "... of them, spliced" },
	{ "bytes_out_rate", "BytesOutRate", 'g', PLAIN, "Bytes sent in the last second" },
	{ "recv_logs_total", "CumRecvLogs", 'c', PLAIN, "Log lines received for forwarding" },
	{ "max_memory_bytes", "Memmax_bytes", 'g', PLAIN, "Limit of memory, 0: none" },
	{ "pool_allocated_bytes", "PoolAlloc_bytes", 'g', PLAIN, "Memory of buffers and objects" },
	{ "pool_used_bytes", "PoolUsed_bytes", 'g', PLAIN, "... in use" },
	{ "start_time_seconds", "Start_time_sec", 'g', PLAIN, "When the process started" },
};

static const struct metric frontend_metrics[] = {
	{ "current_sessions", "scur", 'g', PLAIN, "Client connections now" },
	{ "max_sessions", "smax", 'g', PLAIN, "Most client connections at a time" },
	{ "limit_sessions", "slim", 'g', PLAIN, "Limit of client connections" },
	{ "sessions_total", "stot", 'c', PLAIN, "Client connections" },
	{ "bytes_in_total", "bin", 'c', PLAIN, "Bytes received from clients" },
	{ "bytes_out_total", "bout", 'c', PLAIN, "Bytes sent to clients" },
	{ "requests_denied_total", "dreq", 'c', PLAIN, "Requests that rules denied" },
	{ "responses_denied_total", "dresp", 'c', PLAIN, "Responses that rules denied" },
	{ "request_errors_total", "ereq", 'c', PLAIN, "Broken requests" },
	{ "status", "status", 'g', OPEN, "Whether it accepts connections" },
	{ "limit_session_rate", "rate_lim", 'g', PLAIN, "Limit of connections a second" },
	{ "max_session_rate", "rate_max", 'g', PLAIN, "Most connections in a second" },
	{ "http_responses_total", "hrsp_1xx", 'c', CODES, "Responses by class of status" },
	{ "http_requests_rate_max", "req_rate_max", 'g', HTTP, "Most requests in a second" },
	{ "http_requests_total", "req_tot", 'c', HTTP, "Requests" },
	{ "http_comp_bytes_in_total", "comp_in", 'c', HTTP, "Bytes before compression" },
	{ "http_comp_bytes_out_total", "comp_out", 'c', HTTP, "Bytes after compression" },
	{ "http_comp_bytes_bypassed_total", "comp_byp", 'c', HTTP, "Bytes not compressed" },
	{ "http_comp_responses_total", "comp_rsp", 'c', HTTP, "Responses compressed" },
	{ "connections_rate_max", "conn_rate_max", 'g', PLAIN, "Most connections in a second" },
	{ "connections_total", "conn_tot", 'c', PLAIN, "Client connections" },
	{ "intercepted_requests_total", "intercepted", 'c', HTTP, "Requests answered here" },
	{ "denied_connections_total", "dcon", 'c', PLAIN, "Connections that rules denied" },
	{ "denied_sessions_total", "dses", 'c', PLAIN, "Sessions that rules denied" },
	{ "failed_header_rewriting_total", "wrew", 'c', PLAIN,
	  "Headers that could not be changed" },
	{ "http_cache_lookups_total", "cache_lookups", 'c', HTTP, "Lookups in the cache" },
	{ "http_cache_hits_total", "cache_hits", 'c', HTTP, "Responses from the cache" },
	{ "internal_errors_total", "eint", 'c', PLAIN, "Errors of this program" },
};

#define COMMON_SIDE                                                                                \
	{ "current_queue", "qcur", 'g', PLAIN, "Requests that wait for a server" },                \
		{ "max_queue", "qmax", 'g', PLAIN, "Most requests that waited at a time" },        \
		{ "current_sessions", "scur", 'g', PLAIN, "Sessions now" },                        \
		{ "max_sessions", "smax", 'g', PLAIN, "Most sessions at a time" },                 \
		{ "limit_sessions", "slim", 'g', PLAIN, "Limit of sessions" },                     \
		{ "sessions_total", "stot", 'c', PLAIN, "Sessions" },                              \
		{ "bytes_in_total", "bin", 'c', PLAIN, "Bytes received from clients" },            \
	{                                                                                          \
		"bytes_out_total", "bout", 'c', PLAIN, "Bytes sent to clients"                     \
	}

#define COMMON_ERRORS                                                                              \
	{ "responses_denied_total", "dresp", 'c', PLAIN, "Responses that rules denied" },          \
		{ "connection_errors_total", "econ", 'c', PLAIN, "Failed connections" },           \
		{ "response_errors_total", "eresp", 'c', PLAIN, "Broken responses" },              \
		{ "retry_warnings_total", "wretr", 'c', PLAIN, "Connections tried again" },        \
	{                                                                                          \
		"redispatch_warnings_total", "wredis", 'c', PLAIN, "Requests sent elsewhere"       \
	}

#define COMMON_TIMES                                                                               \
	{ "last_session_seconds", "lastsess", 'g', PLAIN, "Since the last session; -1: none" },    \
		{ "queue_time_average_seconds", "qtime", 'g', MS,                                  \
		  "Wait in queues, of 1024 requests" },                                            \
		{ "connect_time_average_seconds", "ctime", 'g', MS,                                \
		  "Connecting, of 1024 requests" },                                                \
		{ "response_time_average_seconds", "rtime", 'g', MS,                               \
		  "Answering, of 1024 requests" },                                                 \
		{ "total_time_average_seconds", "ttime", 'g', MS, "All of it, of 1024 requests" }, \
		{ "failed_header_rewriting_total", "wrew", 'c', PLAIN,                             \
		  "Headers that could not be changed" },                                           \
		{ "connection_attempts_total", "connect", 'c', PLAIN, "Connections opened" },      \
	{                                                                                          \
		"connection_reuses_total", "reuse", 'c', PLAIN, "Connections used again"           \
	}

#define COMMON_MAXIMA                                                                              \
	{ "max_queue_time_seconds", "qtime_max", 'g', MS, "Longest wait in queues" },              \
		{ "max_connect_time_seconds", "ctime_max", 'g', MS, "Longest connecting" },        \
		{ "max_response_time_seconds", "rtime_max", 'g', MS, "Longest answering" },        \
		{ "max_total_time_seconds", "ttime_max", 'g', MS, "Longest session" },             \
	{                                                                                          \
		"internal_errors_total", "eint", 'c', PLAIN, "Errors of this program"              \
	}

static const struct metric backend_metrics[] = {
	COMMON_SIDE,
	{ "requests_denied_total", "dreq", 'c', PLAIN, "Requests that rules denied" },
	COMMON_ERRORS,
	{ "status", "status", 'g', OPEN, "Whether a server can be used" },
	{ "weight", "weight", 'g', PLAIN, "Sum of the weights in use" },
	{ "active_servers", "act", 'g', PLAIN, "Active servers in use" },
	{ "backup_servers", "bck", 'g', PLAIN, "Backup servers in use" },
	{ "check_up_down_total", "chkdown", 'c', PLAIN, "Times that it went down" },
	{ "check_last_change_seconds", "lastchg", 'g', PLAIN, "Since the last change of state" },
	{ "downtime_seconds_total", "downtime", 'c', PLAIN, "Time without a server" },
	{ "loadbalanced_total", "lbtot", 'c', PLAIN, "Times that balancing chose it" },
	{ "max_session_rate", "rate_max", 'g', PLAIN, "Most sessions in a second" },
	{ "http_responses_total", "hrsp_1xx", 'c', CODES, "Responses by class of status" },
	{ "http_requests_total", "req_tot", 'c', HTTP, "Requests" },
	{ "client_aborts_total", "cli_abrt", 'c', PLAIN, "Transfers that clients broke off" },
	{ "server_aborts_total", "srv_abrt", 'c', PLAIN, "Transfers that servers broke off" },
	{ "http_comp_bytes_in_total", "comp_in", 'c', HTTP, "Bytes before compression" },
	{ "http_comp_bytes_out_total", "comp_out", 'c', HTTP, "Bytes after compression" },
	{ "http_comp_bytes_bypassed_total", "comp_byp", 'c', HTTP, "Bytes not compressed" },
	{ "http_comp_responses_total", "comp_rsp", 'c', HTTP, "Responses compressed" },
	COMMON_TIMES,
	{ "http_cache_lookups_total", "cache_lookups", 'c', HTTP, "Lookups in the cache" },
	{ "http_cache_hits_total", "cache_hits", 'c', HTTP, "Responses from the cache" },
	COMMON_MAXIMA,
	{ "uweight", "uweight", 'g', PLAIN, "Sum of the configured weights in use" },
	{ "agg_server_status", "status", 'g', STATES, "Servers by state" },
	{ "agg_server_check_status", "status", 'g', STATES, "Servers by state (old name)" },
	{ "agg_check_status", "check_status", 'g', CHECKEDS,
	  "Servers by result of the last check" },
};

static const struct metric server_metrics[] = {
	COMMON_SIDE,
	COMMON_ERRORS,
	{ "status", "status", 'g', STATE, "Its state" },
	{ "weight", "weight", 'g', PLAIN, "Its weight now" },
	{ "check_failures_total", "chkfail", 'c', PLAIN, "Failed checks while it was up" },
	{ "check_up_down_total", "chkdown", 'c', PLAIN, "Times that it went down" },
	{ "check_last_change_seconds", "lastchg", 'g', PLAIN, "Since the last change of state" },
	{ "downtime_seconds_total", "downtime", 'c', PLAIN, "Time it was down" },
	{ "queue_limit", "qlimit", 'g', PLAIN, "Limit of its queue" },
	{ "current_throttle", "throttle", 'g', PLAIN, "Percent of its weight, in a slow start" },
	{ "loadbalanced_total", "lbtot", 'c', PLAIN, "Times that balancing chose it" },
	{ "max_session_rate", "rate_max", 'g', PLAIN, "Most sessions in a second" },
	{ "check_status", "check_status", 'g', CHECKED, "Result of the last check" },
	{ "check_code", "check_code", 'g', CHECK, "Code that the last check got" },
	{ "check_duration_seconds", "check_duration", 'g', CHECK_MS, "Time of the last check" },
	{ "http_responses_total", "hrsp_1xx", 'c', CODES, "Responses by class of status" },
	{ "client_aborts_total", "cli_abrt", 'c', PLAIN, "Transfers that clients broke off" },
	{ "server_aborts_total", "srv_abrt", 'c', PLAIN, "Transfers that it broke off" },
	COMMON_TIMES,
	{ "idle_connections_current", "srv_icur", 'g', PLAIN, "Idle connections kept" },
	{ "idle_connections_limit", "src_ilim", 'g', PLAIN, "Limit of idle connections" },
	COMMON_MAXIMA,
	{ "unsafe_idle_connections_current", "idle_conn_cur", 'g', PLAIN, "Idle, used once" },
	{ "safe_idle_connections_current", "safe_conn_cur", 'g', PLAIN, "Idle, used before" },
	{ "used_connections_current", "used_conn_cur", 'g', PLAIN, "Connections in use" },
	{ "need_connections_current", "need_conn_est", 'g', PLAIN, "Connections it may need" },
	{ "uweight", "uweight", 'g', PLAIN, "Its weight as configured or set" },
};

static const char *const server_states[] = { "DOWN", "UP", "MAINT", "DRAIN", "NOLB" };
static const char *const check_states[] = { "HANA",   "SOCKERR", "L4OK",     "L4TOUT",
					    "L4CON",  "L6OK",    "L6TOUT",   "L6RSP",
					    "L7TOUT", "L7RSP",   "L7OK",     "L7OKC",
					    "L7STS",  "PROCERR", "PROCTOUT", "PROCOK" };
static const char *const code_names[] = { "1xx", "2xx", "3xx", "4xx", "5xx", "other" };

/* ---- the rows, as CSV ---- */

struct line {
	enum stats_type type;
	unsigned iid;
	size_t at[COLUMNS_MAX]; /* of each field, in table.text; they end with NUL */
};
struct table {
	const char *names[COLUMNS_MAX]; /* in header */
	unsigned n_columns;
	struct strbuf header, text;
	struct line *lines; /* owned */
	size_t n_lines, max_lines;
	unsigned pxname, svname, mode, check_status; /* columns */
	bool no_maint, failed;
};

/* Replace commas by NUL, quotes excepted; at[i] is where field i begins, from base. */
static unsigned split(char *z, size_t base, size_t *at)
{
	unsigned n = 0;
	bool quoted = false;

	at[n++] = base;
	for (char *p = z; *p != '\0' && n < COLUMNS_MAX; p++) {
		if (*p == '"')
			quoted = !quoted;
		if (*p == ',' && !quoted) {
			*p = '\0';
			at[n++] = base + (size_t)(p + 1 - z);
		}
	}
	return n;
}

#define NO_COLUMN COLUMNS_MAX

static unsigned column_of(const struct table *t, const char *name)
{
	for (unsigned i = 0; i < t->n_columns; i++)
		if (strcmp(t->names[i], name) == 0)
			return i;
	return NO_COLUMN;
}

static const char *field(const struct table *t, const struct line *l, unsigned column)
{
	return column < t->n_columns ? t->text.p + l->at[column] : "";
}

static void read_header(struct table *t)
{
	size_t at[COLUMNS_MAX];

	stats_csv_header(&t->header);
	if (t->header.failed) {
		t->failed = true;
		return;
	}
	t->n_columns = split(t->header.p, 0, at);
	for (unsigned i = 0; i < t->n_columns; i++)
		t->names[i] = t->header.p + at[i] + (i == 0 ? strlen("# ") : 0);
	t->pxname = column_of(t, "pxname");
	t->svname = column_of(t, "svname");
	t->mode = column_of(t, "mode");
	t->check_status = column_of(t, "check_status");
}

static void read_row(const struct stats_row *row, void *arg)
{
	struct table *t = arg;
	size_t from = t->text.len;

	if (t->no_maint && row->type == STATS_SERVER && strncmp(row->status, "MAINT", 5) == 0)
		return;
	if (t->n_lines == t->max_lines) {
		size_t max = t->max_lines ? 2 * t->max_lines : 32;
		struct line *lines = realloc(t->lines, max * sizeof(*lines));

		if (lines == NULL) {
			t->failed = true;
			return;
		}
		t->lines = lines;
		t->max_lines = max;
	}
	stats_csv_row(row, &t->text);
	strbuf_addc(&t->text, '\0'); /* not seen by split() of the next one */
	if (t->text.failed) {
		t->failed = true;
		return;
	}
	t->lines[t->n_lines].type = row->type;
	t->lines[t->n_lines].iid = row->iid;
	if (split(t->text.p + from, from, t->lines[t->n_lines].at) >= t->n_columns)
		t->n_lines++;
}

/* ---- values ---- */

static void add_label(struct strbuf *out, const char *name, const char *value)
{
	strbuf_addf(out, "%s=\"", name);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			strbuf_addc(out, '\\');
		strbuf_addc(out, *value);
	}
	strbuf_addc(out, '"');
}

struct series {
	struct strbuf *out;
	const struct table *t;
	const struct line *l;
	const char *scope; /* "server" */
	const struct metric *m;
	unsigned column;
};

static void add_sample(const struct series *s, const char *label, const char *label_value,
		       const char *value)
{
	strbuf_addf(s->out, "haproxy_%s_%s{", s->scope, s->m->name);
	add_label(s->out, "proxy", field(s->t, s->l, s->t->pxname));
	if (s->l->type == STATS_SERVER) {
		strbuf_addc(s->out, ',');
		add_label(s->out, "server", field(s->t, s->l, s->t->svname));
	}
	if (label) {
		strbuf_addc(s->out, ',');
		add_label(s->out, label, label_value);
	}
	strbuf_addf(s->out, "} %s\n", value[0] != '\0' ? value : "NaN");
}

/* "UP 1/3" is UP, "MAINT (via b/s)" is MAINT, "no check" counts as UP. */
static bool is_state(const char *status, const char *state)
{
	size_t len = strlen(state);

	if (strcmp(status, "no check") == 0)
		status = "UP";
	return strncmp(status, state, len) == 0 && (status[len] == '\0' || status[len] == ' ');
}

/* "* L4OK" while the next check runs. */
static bool is_check(const char *status, const char *state)
{
	if (strncmp(status, "* ", 2) == 0)
		status += 2;
	return strcmp(status, state) == 0;
}

static void add_one_of(const struct series *s, const char *const *names, size_t n,
		       bool (*is)(const char *, const char *))
{
	const char *status = field(s->t, s->l, s->column);

	for (size_t i = 0; i < n; i++)
		add_sample(s, "state", names[i], is(status, names[i]) ? "1" : "0");
}

/* How many servers of this backend are in each. */
static void add_counts(const struct series *s, const char *const *names, size_t n,
		       bool (*is)(const char *, const char *))
{
	char text[16];

	for (size_t i = 0; i < n; i++) {
		unsigned count = 0;

		for (size_t k = 0; k < s->t->n_lines; k++) {
			const struct line *l = &s->t->lines[k];

			count += l->type == STATS_SERVER && l->iid == s->l->iid &&
				 is(field(s->t, l, s->column), names[i]);
		}
		snprintf(text, sizeof(text), "%u", count);
		add_sample(s, "state", names[i], text);
	}
}

static void add_codes(const struct series *s)
{
	/* hrsp_1xx and the columns behind it */
	for (unsigned i = 0; i < ARRAY_LEN(code_names); i++) {
		const char *v = field(s->t, s->l, s->column + i);

		if (v[0] != '\0')
			add_sample(s, "code", code_names[i], v);
	}
}

static void add_seconds(const struct series *s, const char *ms)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6f", strtod(ms, NULL) / 1000);
	add_sample(s, NULL, NULL, ms[0] != '\0' ? text : "");
}

static void add_value(const struct series *s)
{
	const char *v = field(s->t, s->l, s->column);
	bool is_open;

	switch (s->m->value) {
	case PLAIN:
		add_sample(s, NULL, NULL, v);
		return;
	case HTTP:
		/* columns of HTTP are empty in mode tcp, or 0 */
		if (v[0] != '\0' && strcmp(field(s->t, s->l, s->t->mode), "http") == 0)
			add_sample(s, NULL, NULL, v);
		return;
	case CHECK:
		if (v[0] != '\0')
			add_sample(s, NULL, NULL, v);
		else if (field(s->t, s->l, s->t->check_status)[0] != '\0')
			add_sample(s, NULL, NULL, "0");
		return;
	case MS:
		add_seconds(s, v);
		return;
	case CHECK_MS:
		if (v[0] != '\0')
			add_seconds(s, v);
		return;
	case CODES:
		add_codes(s);
		return;
	case OPEN:
		is_open = strcmp(v, "OPEN") == 0 || strcmp(v, "UP") == 0;
		add_sample(s, "state", "DOWN", is_open ? "0" : "1");
		add_sample(s, "state", "UP", is_open ? "1" : "0");
		return;
	case STATE:
		add_one_of(s, server_states, ARRAY_LEN(server_states), is_state);
		return;
	case CHECKED:
		if (v[0] != '\0')
			add_one_of(s, check_states, ARRAY_LEN(check_states), is_check);
		return;
	case STATES:
		add_counts(s, server_states, ARRAY_LEN(server_states), is_state);
		return;
	case CHECKEDS:
		add_counts(s, check_states, ARRAY_LEN(check_states), is_check);
		return;
	}
	UNREACHABLE();
}

static void add_head(struct strbuf *out, const char *scope, const struct metric *m)
{
	strbuf_addf(out, "# HELP haproxy_%s_%s %s\n# TYPE haproxy_%s_%s %s\n", scope, m->name,
		    m->help, scope, m->name, m->type == 'c' ? "counter" : "gauge");
}

static void add_scope(struct strbuf *out, const struct table *t, enum stats_type type,
		      const char *scope, const struct metric *metrics, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const unsigned column = column_of(t, metrics[i].column);

		add_head(out, scope, &metrics[i]);
		for (size_t k = 0; k < t->n_lines; k++) {
			const struct series s = {
				out, t, &t->lines[k], scope, &metrics[i], column
			};

			if (s.l->type == type)
				add_value(&s);
		}
	}
}

/* ---- the process ---- */

/* The value behind "Name: " in the lines of `show info`, to the end of its line. */
static struct str info_value(const struct strbuf *info, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = strbuf_str(info); *p != '\0';) {
		const char *end = strchrnul(p, '\n');

		if (strncmp(p, name, len) == 0 && strncmp(p + len, ": ", 2) == 0)
			return (struct str){ p + len + 2, (size_t)(end - p) - len - 2 };
		p = *end == '\n' ? end + 1 : end;
	}
	return (struct str){ 0 };
}

static void add_process(struct strbuf *out)
{
	struct strbuf info = { 0 };

	if (process_self == NULL)
		return;
	info_add(process_self, 0, &info);
	for (size_t i = 0; i < ARRAY_LEN(process_metrics); i++) {
		const struct metric *m = &process_metrics[i];
		struct str v = info_value(&info, m->column);

		add_head(out, "process", m);
		strbuf_addf(out, "haproxy_process_%s " STR_FMT "\n", m->name,
			    STR_ARG(v.len > 0 ? v : STR("NaN")));
	}
	strbuf_adds(out, "# HELP haproxy_process_build_info Version\n"
			 "# TYPE haproxy_process_build_info gauge\n"
			 "haproxy_process_build_info{version=\"" TANDEM_VERSION "\"} 1\n");
	out->failed |= info.failed;
	strbuf_fini(&info);
}

void prometheus_add(struct strbuf *out, unsigned scopes, bool no_maint)
{
	struct table t = { .no_maint = no_maint };

	if (scopes & PROMETHEUS_PROCESS)
		add_process(out);
	read_header(&t);
	if (!t.failed)
		stats_each_row(-1, ~0u, -1, read_row, &t);
	if (scopes & PROMETHEUS_FRONTEND)
		add_scope(out, &t, STATS_FRONTEND, "frontend", frontend_metrics,
			  ARRAY_LEN(frontend_metrics));
	if (scopes & PROMETHEUS_BACKEND)
		add_scope(out, &t, STATS_BACKEND, "backend", backend_metrics,
			  ARRAY_LEN(backend_metrics));
	if (scopes & PROMETHEUS_SERVER)
		add_scope(out, &t, STATS_SERVER, "server", server_metrics,
			  ARRAY_LEN(server_metrics));
	if (scopes & PROMETHEUS_PAIR)
		pair_add_metrics(out);
	out->failed |= t.failed;
	strbuf_fini(&t.header);
	strbuf_fini(&t.text);
	free(t.lines);
}

/* ---- the query ---- */

static int parse_scope(struct str v, unsigned *scopes)
{
	static const struct {
		const char *name;
		unsigned scope;
	} names[] = {
		{ "global", PROMETHEUS_PROCESS },  { "frontend", PROMETHEUS_FRONTEND },
		{ "backend", PROMETHEUS_BACKEND }, { "server", PROMETHEUS_SERVER },
		{ "pair", PROMETHEUS_PAIR },
	};

	if (v.len == 0) {
		*scopes = 0;
		return 0;
	}
	if (str_eq(v, STR("*"))) {
		*scopes = PROMETHEUS_ALL;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(v, str_from(names[i].name))) {
			*scopes |= names[i].scope;
			return 0;
		}
	/* stick tables and listeners are scopes of HAProxy without rows here */
	return str_eq(v, STR("listener")) || str_eq(v, STR("sticktable")) ? 0 : -EINVAL;
}

int prometheus_parse_query(struct str query, unsigned *scopes, bool *no_maint)
{
	unsigned named = 0;
	bool has_scope = false, maint = false;

	while (query.len > 0) {
		const char *amp = memchr(query.p, '&', query.len);
		size_t len = amp ? (size_t)(amp - query.p) : query.len;
		struct str one = { query.p, len };

		len += amp != NULL;
		query = (struct str){ query.p + len, query.len - len };
		if (str_starts_with(one, STR("scope="))) {
			has_scope = true;
			if (parse_scope((struct str){ one.p + 6, one.len - 6 }, &named) != 0)
				return -EINVAL;
		} else if (str_eq(one, STR("no-maint"))) {
			maint = true;
		}
	}
	if (has_scope)
		*scopes = named;
	*no_maint = maint;
	return 0;
}
