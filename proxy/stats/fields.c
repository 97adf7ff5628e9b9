/* fields.c - what a value of the statistics is. */
#include "stats/fields.h"

#include <tandem/html.h>

/* clang-format off */
static const struct field fields[] = {
	{ "pxname", "KNSstr", "name of the proxy" },
	{ "svname", "KNSstr", "FRONTEND, BACKEND or the name of the server" },
	{ "qcur", "MGPu32", "requests in the queue now" },
	{ "qmax", "MMPu32", "most requests in the queue at once" },
	{ "scur", "MGPu32", "sessions now" },
	{ "smax", "MMPu32", "most sessions at once" },
	{ "slim", "CLPu32", "limit of sessions: maxconn, or fullconn of a backend" },
	{ "stot", "MCPu64", "sessions since the start" },
	{ "bin", "MCPu64", "bytes from clients" },
	{ "bout", "MCPu64", "bytes to clients" },
	{ "dreq", "MCPu64", "requests that a rule denied" },
	{ "dresp", "MCPu64", "responses that a rule denied" },
	{ "ereq", "MCPu64", "requests that were not understood" },
	{ "econ", "MCPu64", "requests that found no connection to a server" },
	{ "eresp", "MCPu64", "responses that were broken or not understood" },
	{ "wretr", "MCPu64", "connections to a server that were tried again" },
	{ "wredis", "MCPu64", "requests that were given to another server" },
	{ "status", "SGPstr", "state of the frontend, the backend or the server" },
	{ "weight", "MaPu32", "weight in force; of a backend the sum of its servers" },
	{ "act", "SGPu32", "active servers" },
	{ "bck", "SGPu32", "backup servers" },
	{ "chkfail", "MCPu64", "checks that failed" },
	{ "chkdown", "MCPu64", "changes from UP to DOWN" },
	{ "lastchg", "MAPu32", "seconds since the state changed" },
	{ "downtime", "MCPu32", "seconds spent DOWN" },
	{ "qlimit", "CGSu32", "limit of the queue: maxqueue" },
	{ "pid", "KGPu32", "number of the process, always 1" },
	{ "iid", "KGSu32", "number of the proxy" },
	{ "sid", "KGSu32", "number of the server in its backend" },
	{ "throttle", "MaPu32", "percent of the weight that a slow start grants" },
	{ "lbtot", "MCPu64", "times chosen by balancing" },
	{ "tracked", "CNSstr", "backend and server whose checks count here" },
	{ "type", "CGSu32", "0 frontend, 1 backend, 2 server, 3 listener" },
	{ "rate", "MRPu32", "sessions in the last second" },
	{ "rate_lim", "CLPu32", "limit of new sessions a second" },
	{ "rate_max", "MMPu32", "most sessions in a second" },
	{ "check_status", "MOPstr", "outcome of the last check; * while the next one runs" },
	{ "check_code", "MOPu32", "code that the last check got" },
	{ "check_duration", "MDPu64", "milliseconds that the last check took" },
	{ "hrsp_1xx", "MCPu64", "responses 100 to 199" },
	{ "hrsp_2xx", "MCPu64", "responses 200 to 299" },
	{ "hrsp_3xx", "MCPu64", "responses 300 to 399" },
	{ "hrsp_4xx", "MCPu64", "responses 400 to 499" },
	{ "hrsp_5xx", "MCPu64", "responses 500 to 599" },
	{ "hrsp_other", "MCPu64", "responses with another status, or none" },
	{ "hanafail", "MCPu64", "failures that traffic has shown (observe)" },
	{ "req_rate", "MRPu32", "requests in the last second" },
	{ "req_rate_max", "MMPu32", "most requests in a second" },
	{ "req_tot", "MCPu64", "requests since the start" },
	{ "cli_abrt", "MCPu64", "transfers that the client broke off" },
	{ "srv_abrt", "MCPu64", "transfers that the server broke off" },
	{ "comp_in", "MCPu64", "bytes given to compression" },
	{ "comp_out", "MCPu64", "bytes made by compression" },
	{ "comp_byp", "MCPu64", "bytes that went past compression for lack of processor or rate" },
	{ "comp_rsp", "MCPu64", "responses that were compressed" },
	{ "lastsess", "MAPs32", "seconds since the last session; -1: none yet" },
	{ "last_chk", "MOPstr", "what the last check heard" },
	{ "last_agt", "MOPstr", "what the agent said last" },
	{ "qtime", "MaPu32", "milliseconds in the queue, mean of the last 1024 requests" },
	{ "ctime", "MaPu32", "milliseconds to connect, mean of the last 1024 requests" },
	{ "rtime", "MaPu32", "milliseconds until the response, mean of the last 1024 requests" },
	{ "ttime", "MaPu32", "milliseconds in all, mean of the last 1024 requests" },
	{ "agent_status", "MOPstr", "outcome of the last talk with the agent" },
	{ "agent_code", "MOPu32", "code of it" },
	{ "agent_duration", "MDPu64", "milliseconds that it took" },
	{ "check_desc", "MOPstr", "check_status in words" },
	{ "agent_desc", "MOPstr", "agent_status in words" },
	{ "check_rise", "CGSu32", "good checks that make it UP" },
	{ "check_fall", "CGSu32", "failed checks that make it DOWN" },
	{ "check_health", "CGSu32", "0 to rise+fall-1; UP from rise on" },
	{ "agent_rise", "CGSu32", "good talks that make it UP" },
	{ "agent_fall", "CGSu32", "failed talks that make it DOWN" },
	{ "agent_health", "CGSu32", "0 to rise+fall-1; UP from rise on" },
	{ "addr", "CGSstr", "where the server is; for operators and administrators" },
	{ "cookie", "CNSstr", "name of the backend's cookie, value of the server's; likewise" },
	{ "mode", "CGSstr", "tcp or http" },
	{ "algo", "CGSstr", "how balancing chooses" },
	{ "conn_rate", "MRPu32", "connections in the last second" },
	{ "conn_rate_max", "MMPu32", "most connections in a second" },
	{ "conn_tot", "MCPu64", "connections since the start" },
	{ "intercepted", "MCPu64", "requests that we answered ourselves" },
	{ "dcon", "MCPu64", "connections that a rule denied" },
	{ "dses", "MCPu64", "sessions that a rule denied" },
	{ "wrew", "MCPu64", "headers that could not be rewritten" },
	{ "connect", "MCPu64", "connections that were opened to servers" },
	{ "reuse", "MCPu64", "requests that took an idle connection" },
	{ "cache_lookups", "MCPu64", "questions to the cache" },
	{ "cache_hits", "MCPu64", "answers from the cache" },
	{ "srv_icur", "MGPu32", "idle connections to the server" },
	{ "src_ilim", "CLPu32", "limit of idle connections" },
	{ "qtime_max", "MMPu32", "most milliseconds in the queue" },
	{ "ctime_max", "MMPu32", "most milliseconds to connect" },
	{ "rtime_max", "MMPu32", "most milliseconds until the response" },
	{ "ttime_max", "MMPu32", "most milliseconds in all" },
	{ "eint", "MCPu64", "errors of our own" },
	{ "idle_conn_cur", "MGPu32", "idle connections that only requests that can be repeated use" },
	{ "safe_conn_cur", "MGPu32", "idle connections that any request uses" },
	{ "used_conn_cur", "MGPu32", "connections in use" },
	{ "need_conn_est", "MGPu32", "connections that are probably needed" },
	{ "uweight", "MaPu32", "weight as configured or set; of a backend the sum" },
	{ "agg_server_status", "MGPu32", "states of the backend's servers (Prometheus only)" },
	{ "agg_server_check_status", "MGPu32", "states of their checks (Prometheus only)" },
	{ "agg_check_status", "MGPu32", "states of their checks (Prometheus only)" },
	{ "-", "", "" },
	{ "ssl_sess", "MCPu64", "TLS sessions" },
	{ "ssl_reused_sess", "MCPu64", "TLS sessions that were resumed" },
	{ "ssl_failed_handshake", "MCPu64", "TLS handshakes that failed" },
	{ "h2_headers_rcvd", "MCPu64", "HTTP/2: HEADERS frames received" },
	{ "h2_data_rcvd", "MCPu64", "HTTP/2: DATA frames received" },
	{ "h2_settings_rcvd", "MCPu64", "HTTP/2: SETTINGS frames received" },
	{ "h2_rst_stream_rcvd", "MCPu64", "HTTP/2: RST_STREAM frames received" },
	{ "h2_goaway_rcvd", "MCPu64", "HTTP/2: GOAWAY frames received" },
	{ "h2_detected_conn_protocol_errors", "MCPu64", "HTTP/2: errors of connections" },
	{ "h2_detected_strm_protocol_errors", "MCPu64", "HTTP/2: errors of streams" },
	{ "h2_rst_stream_resp", "MCPu64", "HTTP/2: RST_STREAM frames sent" },
	{ "h2_goaway_resp", "MCPu64", "HTTP/2: GOAWAY frames sent" },
	{ "h2_open_connections", "MGPu64", "HTTP/2: connections now" },
	{ "h2_backend_open_streams", "MGPu64", "HTTP/2: streams now" },
	{ "h2_total_connections", "MCPu64", "HTTP/2: connections since the start" },
	{ "h2_backend_total_streams", "MCPu64", "HTTP/2: streams since the start" },
	{ "h1_open_connections", "MGPu64", "HTTP/1: connections now" },
	{ "h1_open_streams", "MGPu64", "HTTP/1: streams now" },
	{ "h1_total_connections", "MCPu64", "HTTP/1: connections since the start" },
	{ "h1_total_streams", "MCPu64", "HTTP/1: streams since the start" },
	{ "h1_bytes_in", "MCPu64", "HTTP/1: bytes received" },
	{ "h1_bytes_out", "MCPu64", "HTTP/1: bytes sent" },
	{ "h1_spliced_bytes_in", "MCPu64", "HTTP/1: bytes received through pipes" },
	{ "h1_spliced_bytes_out", "MCPu64", "HTTP/1: bytes sent through pipes" },
};
/* Of a backend these are gauges: HAProxy says so. */
static const struct field backend_fields[] = {
	{ "act", "MGPu32", "active servers that are usable" },
	{ "bck", "MGPu32", "backup servers that are usable" },
	{ "rate", "MGPu32", "sessions in the last second" },
	{ "rate_max", "MGPu32", "most sessions in a second" },
};
/* clang-format on */

struct word {
	char letter;
	const char *name;
};
static const struct word origins[] = {
	{ 'M', "Metric" }, { 'S', "Status" }, { 'K', "Key" }, { 'C', "Config" }, { 'P', "Product" }
};
static const struct word natures[] = { { 'G', "Gauge" },    { 'L', "Limit" },  { 'm', "Min" },
				       { 'M', "Max" },      { 'R', "Rate" },   { 'C', "Counter" },
				       { 'D', "Duration" }, { 'A', "Age" },    { 'T', "Time" },
				       { 'N', "Name" },     { 'O', "Output" }, { 'a', "Avg" } };
static const struct word scopes[] = {
	{ 'C', "Cluster" }, { 'P', "Process" }, { 'S', "Service" }, { 's', "System" }
};

static const char *word_of(const struct word *table, size_t n, char letter)
{
	for (size_t i = 0; i < n; i++)
		if (table[i].letter == letter)
			return table[i].name;
	return "Unknown";
}

const struct field *stats_field(size_t column, bool is_backend)
{
	const struct field *f = &fields[column];

	ASSERT(column < ARRAY_LEN(fields));
	for (size_t i = 0; is_backend && i < ARRAY_LEN(backend_fields); i++)
		if (strcmp(backend_fields[i].name, f->name) == 0)
			return &backend_fields[i];
	return f;
}

void field_add_tags(const struct field *f, struct strbuf *out)
{
	strbuf_addf(out, ":%.3s:%s:", f->tags, f->tags + 3);
}

void field_add_json(const struct field *f, unsigned pos, const char *value, struct strbuf *out)
{
	const char *type = f->tags + 3;

	strbuf_addf(out,
		    "\"field\":{\"pos\":%u,\"name\":\"%s\"},\"processNum\":1,"
		    "\"tags\":{\"origin\":\"%s\",\"nature\":\"%s\",\"scope\":\"%s\"},"
		    "\"value\":{\"type\":\"%s\",\"value\":",
		    pos, f->name, word_of(origins, ARRAY_LEN(origins), f->tags[0]),
		    word_of(natures, ARRAY_LEN(natures), f->tags[1]),
		    word_of(scopes, ARRAY_LEN(scopes), f->tags[2]), type);
	if (strcmp(type, "str") == 0)
		json_add(out, str_from(value));
	else
		strbuf_adds(out, value);
	strbuf_addc(out, '}');
}
