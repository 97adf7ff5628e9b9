/* server_state.c - states of servers from another process. */
#include "pool/server_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <tandem/clock.h>

#include "config/cfg_model.h"
#include "pool/backend.h"

#define N_COLUMNS 19 /* to the port; more may follow */

enum column {
	COL_BE_NAME = 1,
	COL_SRV_NAME = 3,
	COL_ADDR,
	COL_OP = 5,
	COL_ADMIN,
	COL_WEIGHT,
	COL_FIRST_WEIGHT,
	COL_AGE,
	COL_FQDN = 17,
	COL_PORT,
};

static int compare_str(struct str a, struct str b)
{
	int r = memcmp(a.p, b.p, MIN(a.len, b.len));

	return r != 0 ? r : (a.len > b.len) - (a.len < b.len);
}

static int compare(const void *a, const void *b)
{
	const struct saved_state *x = a, *y = b;
	int r = compare_str(x->be, y->be);

	return r != 0 ? r : compare_str(x->srv, y->srv);
}

static bool read_number(const char *z, int64_t max, int64_t *out)
{
	return str_parse_int(str_from(z), 0, max, out) == 0;
}

/* One line of columns with blanks between them. */
static bool parse_row(char *line, struct saved_state *out)
{
	const char *col[N_COLUMNS];
	int64_t op, admin, weight, first, age, port = 0;
	unsigned n = 0;

	for (char *at = line, *word; n < N_COLUMNS && (word = strsep(&at, " \t\r")) != NULL;)
		if (*word != '\0')
			col[n++] = word;
	if (n < N_COLUMNS || !read_number(col[COL_OP], SERVER_STOPPING, &op) ||
	    !read_number(col[COL_ADMIN], 0xff, &admin) ||
	    !read_number(col[COL_WEIGHT], 256, &weight) ||
	    !read_number(col[COL_FIRST_WEIGHT], 256, &first) ||
	    !read_number(col[COL_AGE], INT32_MAX, &age) ||
	    (strcmp(col[COL_PORT], "-") != 0 && !read_number(col[COL_PORT], 65535, &port)))
		return false;
	*out = (struct saved_state){ .be = str_from(col[COL_BE_NAME]),
				     .srv = str_from(col[COL_SRV_NAME]),
				     .addr = str_from(col[COL_ADDR]),
				     .fqdn = str_from(col[COL_FQDN]),
				     .op = (unsigned)op,
				     .admin = (unsigned)admin,
				     .weight = (unsigned)weight,
				     .first_weight = (unsigned)first,
				     .age_s = age,
				     .port = (uint16_t)port };
	return true;
}

static bool has_version(char **at)
{
	char *line;

	while ((line = strsep(at, "\n")) != NULL)
		if (line[strspn(line, " \t\r")] != '\0')
			return strncmp(line, "1", 1) == 0 &&
			       line[1 + strspn(line + 1, " \t\r")] == '\0';
	return false;
}

int server_state_parse(struct saved_states *all, struct str text)
{
	unsigned n_lines = 1;
	char *at, *line;

	*all = (struct saved_states){ 0 };
	for (size_t i = 0; i < text.len; i++)
		n_lines += text.p[i] == '\n';
	all->text = malloc(text.len + 1);
	all->rows = calloc(n_lines, sizeof(*all->rows));
	if (all->text == NULL || all->rows == NULL) {
		server_state_fini(all);
		return -ENOMEM;
	}
	if (text.len > 0)
		memcpy(all->text, text.p, text.len);
	all->text[text.len] = '\0';
	at = all->text;
	if (!has_version(&at)) {
		server_state_fini(all);
		return -EPROTO;
	}
	while ((line = strsep(&at, "\n")) != NULL) {
		line += strspn(line, " \t\r");
		if (*line == '\0' || *line == '#')
			continue;
		if (parse_row(line, &all->rows[all->n]))
			all->n++;
		else
			all->n_bad++;
	}
	qsort(all->rows, all->n, sizeof(*all->rows), compare);
	return 0;
}

void server_state_fini(struct saved_states *all)
{
	free(all->text);
	free(all->rows);
	*all = (struct saved_states){ 0 };
}

const struct saved_state *server_state_find(const struct saved_states *all, struct str be,
					    struct str srv)
{
	const struct saved_state key = { .be = be, .srv = srv };

	return all->n == 0 ? NULL : bsearch(&key, all->rows, all->n, sizeof(*all->rows), compare);
}

static void apply_admin(struct server *s, const struct saved_state *v)
{
	/* what the file said then does not count, what it says now does */
	if ((v->admin & SERVER_FMAINT) && !(v->admin & SERVER_CMAINT)) {
		s->admin |= SERVER_FMAINT;
		s->op = SERVER_STOPPED;
	}
	if (v->admin & SERVER_FDRAIN)
		s->admin |= SERVER_FDRAIN;
}

static void apply_op(struct server *s, const struct saved_state *v)
{
	const bool is_checked = s->cfg->check || s->cfg->agent;

	if (!is_checked || (s->admin & SERVER_MAINT_MASK))
		return;
	if (v->op == SERVER_STOPPED || v->op == SERVER_STOPPING)
		s->op = (enum server_op)v->op;
	s->is_new = false; /* no init-state: it is known */
}

/* `init-addr last`, which is the first of the default: the same name had this address. */
static void apply_last_addr(struct server *s, const struct saved_state *v)
{
	const struct cfg_resolve *r = &s->cfg->resolve;
	struct addr a;

	if (s->cfg->fqdn == NULL || s->cfg->is_srv || !str_eq(v->fqdn, str_from(s->cfg->fqdn)) ||
	    (r->n_init > 0 && r->init[0] != CFG_ADDR_LAST) || addr_parse_ip(v->addr, &a) != 0)
		return;
	addr_set_port(&a, s->port);
	s->addr = a;
	s->admin &= ~(unsigned)SERVER_RMAINT;
}

static void apply(struct server *s, const struct saved_state *v)
{
	if (v->first_weight == s->cfg->weight)
		s->weight = v->weight;
	apply_admin(s, v);
	apply_op(s, v);
	s->last_change_us = clock_mono_us() - v->age_s * US_PER_S;
	if (v->port != 0 && s->port != 0 && !s->cfg->is_srv) {
		s->port = v->port;
		if (s->addr.len > 0)
			addr_set_port(&s->addr, v->port);
	}
	apply_last_addr(s, v);
}

unsigned server_state_apply(const struct saved_states *all, struct backend *be)
{
	unsigned n = 0;

	for (unsigned i = 0; i < be->n_servers; i++) {
		const struct saved_state *v =
			server_state_find(all, str_from(be->name), str_from(be->servers[i]->name));

		if (v == NULL)
			continue;
		apply(be->servers[i], v);
		n++;
	}
	if (n > 0)
		backend_publish(be);
	return n;
}
