/* cli_stat.c - `show stat` and `show info` in their forms. */
#include "cli/cli.h"

#include "net/frontend.h"
#include "pool/backend.h"
#include "process/process.h"
#include "process/registry.h"
#include "stats/csv.h"
#include "stats/info.h"

#define ROWS_A_PIECE 16 /* some kilobytes, a fraction of a millisecond */

void cli_show_info(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	unsigned format = 0;

	(void)cursor, (void)more;
	for (unsigned i = 2; i < rq->argc; i++) {
		if (str_eq(rq->argv[i], STR("typed")))
			format |= INFO_TYPED;
		else if (str_eq(rq->argv[i], STR("json")))
			format |= INFO_AS_JSON;
		else if (str_eq(rq->argv[i], STR("desc")))
			format |= INFO_WITH_DESC;
	}
	info_add(process_self, format, rq->out);
}

struct stat_request {
	int64_t iid, sid;
	unsigned types;
	bool up_only, no_maint, typed, json, desc;
};

/* A proxy by number or name; -1: all. */
static bool parse_proxy(struct str word, int64_t *iid)
{
	const struct registry *r = registry_get();
	const struct frontend *fe;
	const struct backend *be;

	if (str_parse_int(word, -1, UINT32_MAX, iid) == 0)
		return true;
	fe = registry_find_frontend(r, word);
	be = registry_find_backend(r, word);
	if (fe == NULL && be == NULL)
		return false;
	*iid = fe != NULL ? fe->id : be->id;
	return true;
}

static bool is_form(struct str word)
{
	return str_eq(word, STR("up")) || str_eq(word, STR("no-maint")) ||
	       str_eq(word, STR("typed")) || str_eq(word, STR("json")) || str_eq(word, STR("desc"));
}

/* A number at its start, 0 without: as HAProxy reads them. */
static int64_t leading_number(struct str word)
{
	struct str digits = word;
	int64_t n = 0;

	while (digits.len > 0 && str_parse_int(digits, -1, UINT32_MAX, &n) != 0)
		digits.len--;
	return digits.len > 0 ? n : 0;
}

/* [ID TYPE SID] comes first; words that mean nothing are ignored. */
static bool parse_stat(const struct ctl_request *rq, struct stat_request *q)
{
	unsigned i = 2;

	*q = (struct stat_request){ .iid = -1, .sid = -1, .types = ~0u };
	if (rq->argc > 4 && !is_form(rq->argv[2])) {
		int64_t types = leading_number(rq->argv[3]);

		if (!parse_proxy(rq->argv[2], &q->iid))
			return false;
		q->types = types < 0 ? ~0u : (unsigned)types;
		q->sid = leading_number(rq->argv[4]);
		i = 5;
	}
	for (; i < rq->argc; i++) {
		q->up_only |= str_eq(rq->argv[i], STR("up"));
		q->no_maint |= str_eq(rq->argv[i], STR("no-maint"));
		q->typed |= str_eq(rq->argv[i], STR("typed"));
		q->json |= str_eq(rq->argv[i], STR("json"));
		q->desc |= str_eq(rq->argv[i], STR("desc"));
	}
	return true;
}

static bool is_hidden(const struct stat_request *q, const struct stats_row *row)
{
	bool is_maint = strncmp(row->status, "MAINT", 5) == 0;
	bool is_down = strncmp(row->status, "DOWN", 4) == 0;

	if (row->type != STATS_SERVER)
		return false;
	return (is_maint && (q->no_maint || q->up_only)) || (is_down && q->up_only);
}

static void add_row(struct ctl_request *rq, const struct stat_request *q, struct stats_row *row,
		    bool is_first)
{
	size_t len = strlen(row->status);

	if (row->type == STATS_BACKEND && (q->up_only || q->no_maint))
		snprintf(row->status + len, sizeof(row->status) - len, " (%u/%u)",
			 row->n_servers_up, row->n_servers);
	if (rq->level == CTL_USER) { /* how servers are reached is not for everybody */
		row->addr[0] = '\0';
		row->cookie = row->algo = NULL;
	}
	if (q->json && !is_first)
		strbuf_addc(rq->out, ',');
	if (q->json)
		stats_json_row(row, rq->out);
	else if (q->typed)
		stats_typed_row(row, q->desc, rq->out);
	else
		stats_csv_row(row, rq->out);
}

/* Of a cursor: entry in the lower half, place in it above; the highest bit: a row went out. */
#define HAS_ROWS (UINT64_C(1) << 63)

void cli_show_stat(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct stats_cursor c = { .entry = (uint32_t)*cursor,
				  .at = (uint32_t)((*cursor & ~HAS_ROWS) >> 32) };
	bool has_rows = (*cursor & HAS_ROWS) != 0, is_start = *cursor == 0;
	struct stat_request q;
	struct stats_row row;

	if (!parse_stat(rq, &q)) {
		if (is_start)
			strbuf_adds(rq->out, "No such proxy.\n");
		return;
	}
	if (is_start && q.json)
		strbuf_addc(rq->out, '[');
	else if (is_start && !q.typed)
		stats_csv_header(rq->out);
	for (unsigned i = 0; i < ROWS_A_PIECE; i++) {
		if (!stats_next_row(&c, q.iid, q.types, q.sid, &row)) {
			if (q.json)
				strbuf_adds(rq->out, "]\n");
			return;
		}
		if (is_hidden(&q, &row))
			continue;
		add_row(rq, &q, &row, !has_rows);
		has_rows = true;
	}
	*cursor = c.entry | (uint64_t)c.at << 32 | (has_rows ? HAS_ROWS : 0);
	*more = true;
}
