/* csv.c - the table of HAProxy's statistics columns. */
#include "stats/csv.h"

#include <stddef.h>

#include "process/registry.h"

enum column_kind {
	COL_EMPTY, /* a feature that we do not have, and HAProxy leaves empty too */
	COL_ZERO,  /* counts something that never happens here */
	COL_ONE,
	COL_U32,
	COL_U64,
	COL_I64,
	COL_TEXT,  /* const char * */
	COL_CHARS, /* char[] */
	COL_DASH,
	COL_TYPE,
	COL_MODE,
};

#define F STATS_FRONTEND
#define B STATS_BACKEND
#define S STATS_SERVER

/* When a column is filled beyond the type of its row. */
enum column_cond {
	ALWAYS,
	IF_HTTP,
	IF_CHECKED,    /* servers with checks; other rows always */
	IF_CHECK_RUNS, /* ... that are not in maintenance */
	IF_CHECK_CODE,
	IF_AGENT,
	IF_AGENT_CODE,
	IF_AGENT_DONE,
	IF_OBSERVED,
	IF_NOT_ZERO,
	IF_DOWNTIME,
	IF_NOT_NEGATIVE,
};

struct column {
	const char *name;
	unsigned types;
	enum column_kind kind;
	size_t offset;
	enum column_cond cond;
};

#define AT(field) offsetof(struct stats_row, field)
#define NONE(name)                                                                                 \
	{                                                                                          \
		name, 0, COL_EMPTY, 0, ALWAYS                                                      \
	}
#define ZERO(name, types)                                                                          \
	{                                                                                          \
		name, types, COL_ZERO, 0, ALWAYS                                                   \
	}
#define ZERO_IF(name, types, cond)                                                                 \
	{                                                                                          \
		name, types, COL_ZERO, 0, cond                                                     \
	}
#define U32(name, types, f)                                                                        \
	{                                                                                          \
		name, types, COL_U32, AT(f), ALWAYS                                                \
	}
#define U64(name, types, f)                                                                        \
	{                                                                                          \
		name, types, COL_U64, AT(f), ALWAYS                                                \
	}
#define U32_IF(name, types, f, cond)                                                               \
	{                                                                                          \
		name, types, COL_U32, AT(f), cond                                                  \
	}
#define U64_IF(name, types, f, cond)                                                               \
	{                                                                                          \
		name, types, COL_U64, AT(f), cond                                                  \
	}
#define I64_IF(name, types, f, cond)                                                               \
	{                                                                                          \
		name, types, COL_I64, AT(f), cond                                                  \
	}
#define TEXT_IF(name, types, f, cond)                                                              \
	{                                                                                          \
		name, types, COL_CHARS, AT(f), cond                                                \
	}

/* clang-format off */
static const struct column columns[] = {
	{ "pxname", F | B | S, COL_TEXT, AT(proxy), ALWAYS },
	{ "svname", F | B | S, COL_TEXT, AT(service), ALWAYS },
	U32("qcur", B | S, qcur), U32("qmax", B | S, qmax),
	U32("scur", F | B | S, scur), U32("smax", F | B | S, smax),
	U32_IF("slim", F | B | S, slim, IF_NOT_ZERO), U64("stot", F | B | S, stot),
	U64("bin", F | B | S, bin), U64("bout", F | B | S, bout),
	U64("dreq", F | B, dreq), U64("dresp", F | B | S, dresp),
	U64("ereq", F, ereq), U64("econ", B | S, econ), U64("eresp", B | S, eresp),
	U64("wretr", B | S, wretr), U64("wredis", B | S, wredis),
	{ "status", F | B | S, COL_CHARS, AT(status), ALWAYS },
	U32("weight", B | S, weight), U32("act", B | S, act), U32("bck", B | S, bck),
	U64_IF("chkfail", S, chkfail, IF_CHECKED), U64_IF("chkdown", B | S, chkdown, IF_CHECKED),
	I64_IF("lastchg", B | S, lastchg_s, ALWAYS),
	I64_IF("downtime", B | S, downtime_s, IF_DOWNTIME),
	U32_IF("qlimit", S, qlimit, IF_NOT_ZERO),
	{ "pid", F | B | S, COL_ONE, 0, ALWAYS },
	U32("iid", F | B | S, iid), U32("sid", F | B | S, sid),
	U32_IF("throttle", S, throttle, IF_NOT_ZERO), U64("lbtot", B | S, lbtot), TEXT_IF("tracked", S, tracked, ALWAYS),
	{ "type", F | B | S, COL_TYPE, 0, ALWAYS },
	U32("rate", F | B | S, rate), U32("rate_lim", F, rate_lim), U32("rate_max", F | B | S, rate_max),
	TEXT_IF("check_status", S, check_status, IF_CHECK_RUNS),
	{ "check_code", S, COL_U32, AT(check_code), IF_CHECK_CODE },
	I64_IF("check_duration", S, check_ms, IF_NOT_NEGATIVE),
	U64_IF("hrsp_1xx", F | B | S, hrsp[1], IF_HTTP), U64_IF("hrsp_2xx", F | B | S, hrsp[2], IF_HTTP),
	U64_IF("hrsp_3xx", F | B | S, hrsp[3], IF_HTTP), U64_IF("hrsp_4xx", F | B | S, hrsp[4], IF_HTTP),
	U64_IF("hrsp_5xx", F | B | S, hrsp[5], IF_HTTP), U64_IF("hrsp_other", F | B | S, hrsp[0], IF_HTTP),
	U32_IF("hanafail", S, hanafail, IF_OBSERVED),
	U32("req_rate", F, req_rate), U32("req_rate_max", F, req_rate_max),
	{ "req_tot", F, COL_U64, AT(req_tot), ALWAYS },
	U64("cli_abrt", B | S, cli_abrt), U64("srv_abrt", B | S, srv_abrt),
	ZERO("comp_in", F | B), ZERO("comp_out", F | B), ZERO("comp_byp", F | B), ZERO("comp_rsp", F | B),
	I64_IF("lastsess", B | S, lastsess_s, ALWAYS),
	TEXT_IF("last_chk", S, last_check, IF_CHECK_RUNS), TEXT_IF("last_agt", S, last_agent, IF_AGENT),
	U32("qtime", B | S, qtime_ms), U32("ctime", B | S, ctime_ms),
	U32("rtime", B | S, rtime_ms), U32("ttime", B | S, ttime_ms),
	TEXT_IF("agent_status", S, agent_status, IF_AGENT), U32_IF("agent_code", S, agent_code, IF_AGENT_CODE),
	I64_IF("agent_duration", S, agent_ms, IF_AGENT_DONE),
	TEXT_IF("check_desc", S, check_desc, IF_CHECK_RUNS), TEXT_IF("agent_desc", S, agent_desc, IF_AGENT),
	U32_IF("check_rise", S, check_rise, IF_CHECK_RUNS), U32_IF("check_fall", S, check_fall, IF_CHECK_RUNS),
	U32_IF("check_health", S, check_health, IF_CHECK_RUNS),
	U32_IF("agent_rise", S, agent_rise, IF_AGENT), U32_IF("agent_fall", S, agent_fall, IF_AGENT),
	U32_IF("agent_health", S, agent_health, IF_AGENT),
	{ "addr", S, COL_CHARS, AT(addr), ALWAYS }, { "cookie", B | S, COL_TEXT, AT(cookie), ALWAYS },
	{ "mode", F | B | S, COL_MODE, 0, ALWAYS },
	{ "algo", B, COL_TEXT, AT(algo), ALWAYS },
	U32("conn_rate", F, rate), U32("conn_rate_max", F, rate_max), U64("conn_tot", F, stot),
	U64_IF("intercepted", F, intercepted, IF_HTTP), ZERO("dcon", F), ZERO("dses", F),
	ZERO("wrew", F | B | S), U64("connect", B | S, conn_new), U64("reuse", B | S, conn_reused),
	ZERO_IF("cache_lookups", F | B, IF_HTTP), ZERO_IF("cache_hits", F | B, IF_HTTP),
	U32("srv_icur", S, idle_conns), NONE("src_ilim"),
	U32("qtime_max", B | S, qtime_max_ms), U32("ctime_max", B | S, ctime_max_ms), U32("rtime_max", B | S, rtime_max_ms), U32("ttime_max", B | S, ttime_max_ms),
	ZERO("eint", F | B | S),
	U32("idle_conn_cur", S, idle_conns), ZERO("safe_conn_cur", S), U32("used_conn_cur", S, h1_streams), ZERO("need_conn_est", S),
	U32("uweight", B | S, user_weight),
	ZERO("agg_server_status", B), ZERO("agg_server_check_status", B), ZERO("agg_check_status", B),
	{ "-", F | B | S, COL_DASH, 0, ALWAYS },
	ZERO("ssl_sess", F | B | S), ZERO("ssl_reused_sess", F | B | S), ZERO("ssl_failed_handshake", F | B | S),
	ZERO("h2_headers_rcvd", F | B), ZERO("h2_data_rcvd", F | B), ZERO("h2_settings_rcvd", F | B),
	ZERO("h2_rst_stream_rcvd", F | B), ZERO("h2_goaway_rcvd", F | B),
	ZERO("h2_detected_conn_protocol_errors", F | B), ZERO("h2_detected_strm_protocol_errors", F | B),
	ZERO("h2_rst_stream_resp", F | B), ZERO("h2_goaway_resp", F | B),
	ZERO("h2_open_connections", F | B), ZERO("h2_backend_open_streams", F | B),
	ZERO("h2_total_connections", F | B), ZERO("h2_backend_total_streams", F | B),
	U32("h1_open_connections", F | B, h1_conns), U32("h1_open_streams", F | B, h1_streams),
	U64("h1_total_connections", F | B, h1_conns_total), U64("h1_total_streams", F | B, h1_streams_total),
	U64("h1_bytes_in", F | B, h1_bytes_in), U64("h1_bytes_out", F | B, h1_bytes_out),
	ZERO("h1_spliced_bytes_in", F | B), ZERO("h1_spliced_bytes_out", F | B),
};
/* clang-format on */

static const void *field(const struct stats_row *row, const struct column *c)
{
	return (const char *)row + c->offset;
}

static bool is_filled(const struct stats_row *row, const struct column *c)
{
	if ((c->types & row->type) == 0)
		return false;
	switch (c->cond) {
	case ALWAYS:
		return true;
	case IF_HTTP:
		return row->is_http;
	case IF_CHECKED:
		return row->type != STATS_SERVER || row->is_checked;
	case IF_CHECK_RUNS:
		return row->has_check;
	case IF_CHECK_CODE:
		return row->has_check_code;
	case IF_AGENT:
		return row->has_agent;
	case IF_AGENT_CODE:
		return row->has_agent_code;
	case IF_AGENT_DONE:
		return row->has_agent && row->agent_ms >= 0;
	case IF_OBSERVED:
		return row->is_observed;
	case IF_NOT_ZERO:
		return *(const uint32_t *)field(row, c) != 0;
	case IF_DOWNTIME:
		return row->has_downtime;
	case IF_NOT_NEGATIVE:
		return *(const int64_t *)field(row, c) >= 0;
	}
	UNREACHABLE();
}

/* RFC 4180's quoting, and only where it is needed, as HAProxy does. */
static void add_text(struct strbuf *out, const char *z)
{
	if (z == NULL)
		return;
	if (strpbrk(z, "\",\r\n") == NULL) {
		strbuf_adds(out, z);
		return;
	}
	strbuf_addc(out, '"');
	for (; *z != '\0'; z++) {
		if (*z == '"')
			strbuf_addc(out, '"');
		strbuf_addc(out, *z);
	}
	strbuf_addc(out, '"');
}

static unsigned type_number(enum stats_type t)
{
	return t == STATS_FRONTEND ? 0 : t == STATS_BACKEND ? 1 : 2;
}

static void add_value(struct strbuf *out, const struct stats_row *row, const struct column *c)
{
	const void *p = field(row, c);

	switch (c->kind) {
	case COL_EMPTY:
		return;
	case COL_ZERO:
		strbuf_addc(out, '0');
		return;
	case COL_ONE:
		strbuf_addc(out, '1');
		return;
	case COL_U32:
		strbuf_addf(out, "%u", *(const uint32_t *)p);
		return;
	case COL_U64:
		strbuf_addf(out, "%llu", (unsigned long long)*(const uint64_t *)p);
		return;
	case COL_I64:
		strbuf_addf(out, "%lld", (long long)*(const int64_t *)p);
		return;
	case COL_TEXT:
		add_text(out, *(const char *const *)p);
		return;
	case COL_CHARS:
		add_text(out, p);
		return;
	case COL_DASH:
		strbuf_addc(out, '-');
		return;
	case COL_TYPE:
		strbuf_addf(out, "%u", type_number(row->type));
		return;
	case COL_MODE:
		strbuf_adds(out, row->is_http ? "http" : "tcp");
		return;
	}
	UNREACHABLE();
}

void stats_csv_header(struct strbuf *out)
{
	strbuf_adds(out, "# ");
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		strbuf_adds(out, columns[i].name);
		strbuf_addc(out, ',');
	}
	strbuf_addc(out, '\n');
}

/* HAProxy counts requests of backends and servers in HTTP mode only. */
static bool is_request_total(const struct stats_row *row, const struct column *c)
{
	return c->offset == AT(req_tot) && c->kind == COL_U64 && row->type != STATS_FRONTEND &&
	       row->is_http;
}

size_t stats_n_columns(void)
{
	return ARRAY_LEN(columns);
}

const char *stats_column_name(size_t i)
{
	return columns[i].name;
}

/* An empty name, address or cookie is none; an empty sentence of a check is one. */
static bool is_empty(const struct stats_row *row, const struct column *c)
{
	if (c->kind == COL_TEXT)
		return *(const char *const *)field(row, c) == NULL;
	return c->kind == COL_DASH || c->kind == COL_EMPTY ||
	       (c->kind == COL_CHARS && c->cond == ALWAYS && *(const char *)field(row, c) == '\0');
}

bool stats_column_value(const struct stats_row *row, size_t i, struct strbuf *out)
{
	const struct column *c = &columns[i];

	if ((!is_filled(row, c) && !is_request_total(row, c)) || is_empty(row, c))
		return false;
	if (c->kind == COL_TEXT)
		strbuf_adds(out, *(const char *const *)field(row, c));
	else if (c->kind == COL_CHARS)
		strbuf_adds(out, field(row, c));
	else
		add_value(out, row, c);
	return true;
}

void stats_csv_row(const struct stats_row *row, struct strbuf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		const struct column *c = &columns[i];

		if (is_filled(row, c) || is_request_total(row, c))
			add_value(out, row, c);
		strbuf_addc(out, ',');
	}
	strbuf_addc(out, '\n');
}

static void add_row(const struct stats_row *row, void *arg)
{
	stats_csv_row(row, arg);
}

void stats_csv(struct strbuf *out, int64_t iid, unsigned types, int64_t sid)
{
	stats_csv_header(out);
	stats_each_row(iid, types, sid, add_row, out);
}
