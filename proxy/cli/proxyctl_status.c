/* proxyctl_status.c - `proxyd ctl status`: how the backends are, in a word and in an exit status.
 */
#include "cli/proxyctl.h"

#include <stdlib.h>
#include <string.h>

#include <tandem/html.h>

struct backend_summary {
	const char *name, *status;
	unsigned n_up, n_maint, n_drain, n_down, n_backup_up;
	bool is_on_backup;
};

static const char *const state_names[] = { "good", "degraded", "down" };

static bool begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Servers that nobody took away on purpose, and yet do not work. */
static bool is_ill(const char *status)
{
	return begins(status, "DOWN") || begins(status, "NOLB") ||
	       begins(status, "MAINT (resolution)");
}

/* 0: none */
static long number(const struct csv *c, unsigned row, const char *name)
{
	return strtol(csv_get(c, row, name), NULL, 10);
}

static void add_server(struct backend_summary *b, const struct csv *c, unsigned row)
{
	const char *status = csv_get(c, row, "status");
	bool is_backup = number(c, row, "bck") > 0;

	if (is_ill(status))
		b->n_down++;
	else if (begins(status, "MAINT"))
		b->n_maint++;
	else if (begins(status, "DRAIN"))
		b->n_drain++;
	else if (is_backup)
		b->n_backup_up++;
	else
		b->n_up++;
}

/* Rows of a backend end with its own. */
static enum ctl_client_exit judge(const struct backend_summary *b)
{
	unsigned n = b->n_up + b->n_maint + b->n_drain + b->n_down + b->n_backup_up;

	if (n > 0 && begins(b->status, "DOWN"))
		return CTL_DOWN;
	return b->n_down > 0 || b->is_on_backup ? CTL_DEGRADED : CTL_GOOD;
}

static void say_backend(const struct backend_summary *b, enum ctl_client_exit state,
			struct ctl_table *t)
{
	unsigned n = b->n_up + b->n_maint + b->n_drain + b->n_down + b->n_backup_up;

	ctl_table_add(t, str_from(b->name));
	ctl_table_add(t, str_from(state_names[state]));
	ctl_table_addf(t, "%u of %u servers up%s", b->n_up + b->n_backup_up, n,
		       b->is_on_backup ? ", on backup" : "");
	ctl_table_addf(t, "%u", b->n_down);
	ctl_table_addf(t, "%u", b->n_maint);
	ctl_table_addf(t, "%u", b->n_drain);
}

static void say_json(const struct backend_summary *b, enum ctl_client_exit state,
		     struct strbuf *out)
{
	strbuf_adds(out, out->len > 0 ? ",{\"name\":" : "{\"name\":");
	json_add(out, str_from(b->name));
	strbuf_addf(out,
		    ",\"state\":\"%s\",\"up\":%u,\"backup_up\":%u,\"down\":%u,\"maint\":%u,"
		    "\"drain\":%u,\"on_backup\":%s}",
		    state_names[state], b->n_up, b->n_backup_up, b->n_down, b->n_maint, b->n_drain,
		    b->is_on_backup ? "true" : "false");
}

static void say_ill_server(const struct csv *c, unsigned row)
{
	printf("%s/%s is %s since %s s", csv_get(c, row, "pxname"), csv_get(c, row, "svname"),
	       csv_get(c, row, "status"), csv_get(c, row, "lastchg"));
	if (*csv_get(c, row, "check_status") != '\0')
		printf(": %s", csv_get(c, row, "check_desc"));
	if (*csv_get(c, row, "last_chk") != '\0')
		printf(" (%s)", csv_get(c, row, "last_chk"));
	putchar('\n');
}

static enum ctl_client_exit summarize(const struct csv *c, struct ctl_table *t, struct strbuf *json)
{
	enum ctl_client_exit worst = CTL_GOOD, state;
	struct backend_summary b = { 0 };

	for (unsigned row = 0; row < c->n_rows; row++) {
		long type = number(c, row, "type");

		if (type == 2) {
			add_server(&b, c, row);
		} else if (type == 1) {
			b.name = csv_get(c, row, "pxname");
			b.status = csv_get(c, row, "status");
			b.is_on_backup = number(c, row, "act") == 0 && number(c, row, "bck") > 0;
			state = judge(&b);
			worst = MAX(worst, state);
			say_backend(&b, state, t);
			say_json(&b, state, json);
			b = (struct backend_summary){ 0 };
		} else if (!begins(csv_get(c, row, "status"), "OPEN")) {
			worst = MAX(worst, CTL_DEGRADED);
		}
	}
	return worst;
}

int proxyctl_status(struct proxyctl *c)
{
	static const char *const titles[] = { "backend", "state", "servers",
					      "down",    "maint", "drain" };
	struct ctl_table t = { .n_columns = ARRAY_LEN(titles) };
	struct strbuf answer = { 0 }, json = { 0 };
	enum ctl_client_exit state = CTL_DOWN;
	struct csv csv;

	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		ctl_table_add(&t, str_from(titles[i]));
	if (proxyctl_ask(c, "show stat", &answer) == 0 &&
	    csv_parse(strbuf_str(&answer), &csv) == 0) {
		state = summarize(&csv, &t, &json);
		if (!c->is_json) {
			ctl_table_print(&t, stdout);
			for (unsigned row = 0; row < csv.n_rows; row++)
				if (number(&csv, row, "type") == 2 &&
				    is_ill(csv_get(&csv, row, "status")))
					say_ill_server(&csv, row);
				else if (number(&csv, row, "type") == 0 &&
					 !begins(csv_get(&csv, row, "status"), "OPEN"))
					printf("frontend %s is %s\n", csv_get(&csv, row, "pxname"),
					       csv_get(&csv, row, "status"));
		}
		csv_fini(&csv);
	}
	if (c->is_json)
		printf("{\"state\":\"%s\",\"backends\":[%s]}\n", state_names[state],
		       strbuf_str(&json));
	ctl_table_fini(&t);
	strbuf_fini(&answer);
	strbuf_fini(&json);
	return state;
}
