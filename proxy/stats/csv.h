/* csv.h - HAProxy 2.6's statistics: one row of values for each frontend, server and backend, and
 * their CSV form. */
#ifndef PROXY_CSV_H
#define PROXY_CSV_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/str.h>

struct backend;
struct frontend;
struct server;

enum stats_type {
	STATS_FRONTEND = 1, /* bits, as in `show stat ID TYPE SID` */
	STATS_BACKEND = 2,
	STATS_SERVER = 4,
	STATS_SOCKET = 8,
};

/* What is shown of one object, summed over threads; numbers as they stand in the columns. */
struct stats_row {
	enum stats_type type;
	bool is_http;
	const char *proxy, *service; /* borrowed: valid in this turn */
	unsigned iid, sid;
	uint32_t qcur, qmax, scur, smax, slim;
	uint64_t stot, bin, bout, dreq, dresp, ereq, econ, eresp, wretr, wredis;
	char status[40];
	uint32_t weight, user_weight, act, bck;
	uint32_t rate_lim;
	uint32_t throttle; /* percent; 0: no slow start */
	uint64_t chkfail, chkdown;
	int64_t lastchg_s, downtime_s;
	uint32_t qlimit; /* 0: empty */
	uint64_t lbtot;
	uint32_t rate, rate_max, req_rate, req_rate_max;
	uint64_t hrsp[6]; /* other, 1xx .. 5xx */
	uint64_t req_tot, cli_abrt, srv_abrt;
	int64_t lastsess_s; /* -1: never */
	uint32_t qtime_ms, ctime_ms, rtime_ms, ttime_ms;
	uint64_t conn_new, conn_reused, intercepted;
	uint32_t idle_conns;
	uint32_t qtime_max_ms, ctime_max_ms, rtime_max_ms, ttime_max_ms;
	/* HTTP/1 connections and streams, now and ever; bytes from and to that side */
	uint32_t h1_conns, h1_streams;
	uint64_t h1_conns_total, h1_streams_total, h1_bytes_in, h1_bytes_out;
	bool is_checked, has_downtime;
	bool has_check_code; /* the last check tells a number, maybe 0 */
	bool has_check;      /* the next ones are there: its own or those of whom it tracks, not in
				maintenance */
	char check_status[16]; /* "L7OK", "* L4TOUT" while the first runs */
	int check_code;        /* 0: none */
	int64_t check_ms;      /* -1: none */
	char last_check[128], check_desc[40];
	unsigned check_rise, check_fall, check_health;
	bool has_agent, has_agent_code; /* the same of the agent */
	char agent_status[16];
	uint32_t agent_code;
	int64_t agent_ms;
	char last_agent[128], agent_desc[40];
	uint32_t agent_rise, agent_fall, agent_health;
	char tracked[128]; /* "proxy/server", or "" */
	bool is_observed;
	uint32_t hanafail;
	char addr[64];
	const char *algo, *cookie;        /* NULL: empty */
	uint32_t n_servers, n_servers_up; /* of a backend */
};

void stats_row_frontend(const struct frontend *fe, struct stats_row *row);
void stats_row_server(const struct server *s, struct stats_row *row);
void stats_row_backend(const struct backend *be, struct stats_row *row);

/* The line of column names. */
void stats_csv_header(struct strbuf *out);
void stats_csv_row(const struct stats_row *row, struct strbuf *out);

/* The columns one by one. value: appended as it is, without CSV's quotes; false: empty. */
size_t stats_n_columns(void);
const char *stats_column_name(size_t i);
bool stats_column_value(const struct stats_row *row, size_t i, struct strbuf *out);

/* typed.c: HAProxy's other forms. Each value of a row is a line "S.iid.sid.pos.name.1:MGP:u32:5",
 * with desc followed by :"what it is"; in JSON a row is an array of such values, all rows are an
 * array: put '[' in front, ',' between and ']' behind. */
void stats_typed_row(const struct stats_row *row, bool has_desc, struct strbuf *out);
void stats_json_row(const struct stats_row *row, struct strbuf *out);

/* A walk that may pause between turns: the next row of those that iid, types and sid select.
 * Starts at {0}; false: no more. What a reload changes meanwhile is met as it is then. */
struct stats_cursor {
	uint32_t entry, at; /* at: 0 frontend, then servers, then backend */
};
bool stats_next_row(struct stats_cursor *c, int64_t iid, unsigned types, int64_t sid,
		    struct stats_row *row);

/* Call fn for the rows that iid (-1: all), types (mask of stats_type) and sid (-1: all) select, in
 * the order of the configuration. */
typedef void stats_row_fn(const struct stats_row *row, void *arg);
void stats_each_row(int64_t iid, unsigned types, int64_t sid, stats_row_fn *fn, void *arg);
/* Header and all rows. */
void stats_csv(struct strbuf *out, int64_t iid, unsigned types, int64_t sid);

#endif
