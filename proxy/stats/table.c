/* table.c - the rows of the dashboard's tables. */
#include "stats/table.h"

#include <stdio.h>
#include <string.h>

#include "stats/csv.h"
#include <tandem/html.h>

/* Which kinds of rows fill a column: a mask of enum stats_type. */
#define F STATS_FRONTEND
#define B STATS_BACKEND
#define S STATS_SERVER

typedef void cell_fn(struct strbuf *out, const struct stats_row *row);

struct column {
	const char *group, *name;
	unsigned rows;
	bool is_extra;                              /* shown with "all columns" */
	uint64_t (*n)(const struct stats_row *row); /* a number, or */
	cell_fn *fn;                                /* what follows "<td class=..." */
	bool is_bad;                                /* more than 0 is trouble */
	bool hides_zero;                            /* 0 means "no limit" */
};

#define NUMBER(field)                                                                              \
	static uint64_t n_##field(const struct stats_row *row)                                     \
	{                                                                                          \
		return row->field;                                                                 \
	}
/* clang-format off */
NUMBER(qcur)
NUMBER(qmax)
NUMBER(qlimit)
NUMBER(rate)
NUMBER(rate_max)
NUMBER(rate_lim)
NUMBER(scur)
NUMBER(smax)
NUMBER(slim)
NUMBER(lbtot)
NUMBER(dreq)
NUMBER(dresp)
NUMBER(ereq)
NUMBER(econ)
NUMBER(eresp)
NUMBER(wretr)
NUMBER(wredis)
NUMBER(qtime_ms)
NUMBER(ctime_ms)
NUMBER(rtime_ms)
NUMBER(ttime_ms)
NUMBER(chkfail)
NUMBER(chkdown)
NUMBER(throttle)
/* clang-format on */
#undef NUMBER

const char *table_state_class(const struct stats_row *row)
{
	const char *s = row->status;

	if (strncmp(s, "MAINT", 5) == 0)
		return "maint";
	if (strncmp(s, "DRAIN", 5) == 0 || strncmp(s, "NOLB", 4) == 0)
		return "wait";
	if (strcmp(s, "no check") == 0 || strcmp(s, "STOP") == 0)
		return "idle";
	if (strcmp(s, "DOWN") == 0)
		return "down";
	/* "UP 1/3" goes down, "DOWN 1/2" comes up */
	if (strncmp(s, "UP ", 3) == 0 || strncmp(s, "DOWN ", 5) == 0)
		return "wait";
	return "up";
}

const char *table_row_id(const struct stats_row *row, char buf[24])
{
	snprintf(buf, 24, "%u.%s%u", row->iid, row->type == STATS_FRONTEND ? "f" : "", row->sid);
	return buf;
}

static void cell_status(struct strbuf *out, const struct stats_row *row)
{
	strbuf_addf(out, "><span class=\"s %s\">", table_state_class(row));
	html_addz(out, row->status);
	strbuf_adds(out, "</span>");
}

static void cell_since(struct strbuf *out, const struct stats_row *row)
{
	strbuf_adds(out, ">");
	html_add_duration(out, row->lastchg_s);
}

static void cell_check(struct strbuf *out, const struct stats_row *row)
{
	if (!row->has_check) {
		strbuf_adds(out, ">");
		return;
	}
	strbuf_adds(out, " title=\"");
	html_addz(out, row->check_desc);
	if (row->last_check[0] != '\0') {
		strbuf_adds(out, ": ");
		html_addz(out, row->last_check);
	}
	strbuf_adds(out, "\">");
	html_addz(out, row->check_status);
	if (row->has_check_code)
		strbuf_addf(out, "/%d", row->check_code);
	if (row->check_ms >= 0)
		strbuf_addf(out, " in %lldms", (long long)row->check_ms);
}

static void cell_weight(struct strbuf *out, const struct stats_row *row)
{
	if (row->weight == row->user_weight)
		strbuf_addf(out, ">%u", row->weight);
	else
		strbuf_addf(out, ">%u/%u", row->weight, row->user_weight);
}

static void cell_total(struct strbuf *out, const struct stats_row *row)
{
	if (row->is_http)
		strbuf_addf(out,
			    " title=\"HTTP requests %llu: 1xx %llu, 2xx %llu, 3xx %llu, "
			    "4xx %llu, 5xx %llu, other %llu\">%llu",
			    (unsigned long long)row->req_tot, (unsigned long long)row->hrsp[1],
			    (unsigned long long)row->hrsp[2], (unsigned long long)row->hrsp[3],
			    (unsigned long long)row->hrsp[4], (unsigned long long)row->hrsp[5],
			    (unsigned long long)row->hrsp[0], (unsigned long long)row->stot);
	else
		strbuf_addf(out, ">%llu", (unsigned long long)row->stot);
}

static void cell_last(struct strbuf *out, const struct stats_row *row)
{
	strbuf_adds(out, ">");
	if (row->lastsess_s < 0)
		strbuf_adds(out, "?");
	else
		html_add_duration(out, row->lastsess_s);
}

/* 999, 1.2k, 34M: three digits are what one reads; the exact number is the title. */
static void cell_bytes(struct strbuf *out, uint64_t n)
{
	static const char units[] = " kMGTPE";
	double v = (double)n;
	unsigned u = 0;

	for (; v >= 999.5 && u + 1 < sizeof(units) - 1; u++)
		v /= 1000;
	if (u == 0)
		strbuf_addf(out, ">%llu", (unsigned long long)n);
	else
		strbuf_addf(out, " title=\"%llu bytes\">%.*f%c", (unsigned long long)n,
			    v < 9.95 ? 1 : 0, v, units[u]);
}

static void cell_bin(struct strbuf *out, const struct stats_row *row)
{
	cell_bytes(out, row->bin);
}

static void cell_bout(struct strbuf *out, const struct stats_row *row)
{
	cell_bytes(out, row->bout);
}

static void cell_act(struct strbuf *out, const struct stats_row *row)
{
	if (row->type == STATS_SERVER)
		strbuf_addf(out, ">%s", row->act ? "Y" : "-");
	else
		strbuf_addf(out, ">%u", row->act);
}

static void cell_bck(struct strbuf *out, const struct stats_row *row)
{
	if (row->type == STATS_SERVER)
		strbuf_addf(out, ">%s", row->bck ? "Y" : "-");
	else
		strbuf_addf(out, ">%u", row->bck);
}

static void cell_downtime(struct strbuf *out, const struct stats_row *row)
{
	strbuf_adds(out, ">");
	if (row->has_downtime)
		html_add_duration(out, row->downtime_s);
}

static const struct column columns[] = {
	{ "State", "Status", F | B | S, false, NULL, cell_status, false, false },
	{ "State", "Since", B | S, false, NULL, cell_since, false, false },
	{ "State", "Last check", S, false, NULL, cell_check, false, false },
	{ "State", "Weight", B | S, false, NULL, cell_weight, false, false },
	{ "Rate /s", "Cur", F | B | S, false, n_rate, NULL, false, false },
	{ "Rate /s", "Max", F | B | S, false, n_rate_max, NULL, false, false },
	{ "Rate /s", "Limit", F, true, n_rate_lim, NULL, false, true },
	{ "Sessions", "Cur", F | B | S, false, n_scur, NULL, false, false },
	{ "Sessions", "Max", F | B | S, false, n_smax, NULL, false, false },
	{ "Sessions", "Limit", F | B | S, true, n_slim, NULL, false, true },
	{ "Sessions", "Total", F | B | S, false, NULL, cell_total, false, false },
	{ "Sessions", "LbTot", B | S, true, n_lbtot, NULL, false, false },
	{ "Sessions", "Last", B | S, true, NULL, cell_last, false, false },
	{ "Bytes", "In", F | B | S, false, NULL, cell_bin, false, false },
	{ "Bytes", "Out", F | B | S, false, NULL, cell_bout, false, false },
	{ "Errors", "Req", F, false, n_ereq, NULL, true, false },
	{ "Errors", "Conn", B | S, false, n_econ, NULL, true, false },
	{ "Errors", "Resp", B | S, false, n_eresp, NULL, true, false },
	{ "Warnings", "Retr", B | S, false, n_wretr, NULL, true, false },
	{ "Warnings", "Redis", B | S, false, n_wredis, NULL, true, false },
	{ "Queue", "Cur", B | S, false, n_qcur, NULL, true, false },
	{ "Queue", "Max", B | S, false, n_qmax, NULL, false, false },
	{ "Queue", "Limit", S, true, n_qlimit, NULL, false, true },
	{ "Time, ms", "Queue", B | S, true, n_qtime_ms, NULL, false, false },
	{ "Time, ms", "Conn", B | S, true, n_ctime_ms, NULL, false, false },
	{ "Time, ms", "Resp", B | S, false, n_rtime_ms, NULL, false, false },
	{ "Time, ms", "Total", B | S, false, n_ttime_ms, NULL, false, false },
	{ "Denied", "Req", F | B, true, n_dreq, NULL, true, false },
	{ "Denied", "Resp", F | B | S, true, n_dresp, NULL, true, false },
	{ "Server", "Act", B | S, true, NULL, cell_act, false, false },
	{ "Server", "Bck", B | S, true, NULL, cell_bck, false, false },
	{ "Server", "Chk", S, true, n_chkfail, NULL, true, false },
	{ "Server", "Dwn", B | S, true, n_chkdown, NULL, true, false },
	{ "Server", "Downtime", B | S, true, NULL, cell_downtime, false, false },
	{ "Server", "Throttle %", S, true, n_throttle, NULL, false, true },
};

static bool is_text(const struct column *c)
{
	return c->fn == cell_status || c->fn == cell_check;
}

/* Two cells, for narrow and for wide: a group of which some columns are hidden has another width.
 */
static void add_group(struct strbuf *out, unsigned first, unsigned n)
{
	unsigned n_shown = 0;

	for (unsigned i = first; i < first + n; i++)
		n_shown += !columns[i].is_extra;
	if (n_shown > 0)
		strbuf_addf(out, "<th class=%s colspan=%u scope=colgroup>%s",
			    n_shown < n ? "y" : "\"\"", n_shown, columns[first].group);
	if (n_shown < n)
		strbuf_addf(out, "<th class=x colspan=%u scope=colgroup>%s", n,
			    columns[first].group);
}

void table_add_head(struct strbuf *out, bool has_boxes)
{
	strbuf_addf(out, "<thead><tr><th class=n rowspan=2 scope=col>%s",
		    has_boxes ? "<span class=dim>Choose servers</span>" : "");
	for (unsigned i = 0, n; i < ARRAY_LEN(columns); i += n) {
		for (n = 1; i + n < ARRAY_LEN(columns) &&
			    strcmp(columns[i].group, columns[i + n].group) == 0;)
			n++;
		add_group(out, i, n);
	}
	strbuf_adds(out, "</tr><tr>");
	for (unsigned i = 0; i < ARRAY_LEN(columns); i++)
		strbuf_addf(out, "<th%s scope=col>%s",
			    columns[i].is_extra    ? " class=x"
			    : is_text(&columns[i]) ? " class=l"
						   : "",
			    columns[i].name);
	strbuf_adds(out, "</tr></thead>\n");
}

static void add_number(struct strbuf *out, const struct column *c, uint64_t n)
{
	if (n == 0 && c->hides_zero)
		strbuf_addc(out, '>');
	else
		strbuf_addf(out, ">%llu", (unsigned long long)n);
}

static const char *class_of(const struct column *c, const struct stats_row *row)
{
	if (c->is_bad && (c->rows & row->type) && c->n(row) > 0)
		return c->is_extra ? "x bad" : "bad";
	return c->is_extra ? "x" : is_text(c) ? "l" : "";
}

void table_add_cells(struct strbuf *out, const struct stats_row *row)
{
	for (unsigned i = 0; i < ARRAY_LEN(columns); i++) {
		const struct column *c = &columns[i];
		const char *class = class_of(c, row);

		if (class[0] == '\0')
			strbuf_adds(out, "<td");
		else
			strbuf_addf(out, "<td class=\"%s\"", class);
		if (!(c->rows & row->type))
			strbuf_addc(out, '>');
		else if (c->fn)
			c->fn(out, row);
		else
			add_number(out, c, c->n(row));
	}
}
