/* cli_server.c - commands that change servers and counters. */
#include "cli/cli.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/cfg_model.h"
#include "net/frontend.h"
#include "pool/backend.h"
#include "process/registry.h"
#include "stats/counters.h"

static struct str arg_at(const struct ctl_request *rq, unsigned i)
{
	return i < rq->argc ? rq->argv[i] : (struct str){ 0 };
}

/* "N" or "N%" of the configured weight, HAProxy's texts. */
static const char *parse_weight(const struct server *s, struct str word, unsigned *out)
{
	char text[32], *end;
	long w;

	if (word.len == 0)
		return "Require <weight> or <weight%>.\n";
	if (word.len >= sizeof(text))
		return "Trailing garbage in weight string\n";
	memcpy(text, word.p, word.len);
	text[word.len] = '\0';
	w = strtol(text, &end, 10);
	if (end == text)
		return "Empty weight string empty or preceded by garbage\n";
	if (end[0] == '%' && end[1] == '\0') {
		if (w < 0)
			return "Relative weight must be positive.\n";
		w = MIN(w, 25600L);
		w = MIN((long)s->cfg->weight * w / 100, 256L);
	} else if (*end != '\0') {
		return "Trailing garbage in weight string\n";
	} else if (w < 0 || w > 256) {
		return "Absolute weight can only be between 0 and 256 inclusive.\n";
	}
	if (w != 0 && w != (long)s->cfg->weight && !backend_algo(s->be->cfg)->is_dynamic)
		return "Backend is using a static LB algorithm and only accepts weights '0%' and "
		       "'100%'.\n";
	*out = (unsigned)w;
	return NULL;
}

static void change_weight(struct ctl_request *rq, struct server *s, struct str word)
{
	unsigned weight;
	const char *error = parse_weight(s, word, &weight);

	if (error != NULL)
		strbuf_adds(rq->out, error);
	else
		server_set_weight(s, weight);
}

static void change_state(struct ctl_request *rq, struct server *s, struct str word)
{
	if (str_eq(word, STR("ready")))
		server_set_admin(s, 0, SERVER_FMAINT | SERVER_FDRAIN | SERVER_CMAINT, NULL);
	else if (str_eq(word, STR("drain")))
		server_set_admin(s, SERVER_FDRAIN, SERVER_FMAINT | SERVER_CMAINT, NULL);
	else if (str_eq(word, STR("maint")))
		server_set_admin(s, SERVER_FMAINT, SERVER_FDRAIN, NULL);
	else
		strbuf_adds(rq->out,
			    "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n");
}

static void change_health(struct ctl_request *rq, struct server *s, struct str word)
{
	if (str_eq(word, STR("up")))
		server_set_up(s, "changed from CLI");
	else if (str_eq(word, STR("stopping")))
		server_set_stopping(s, "changed from CLI");
	else if (str_eq(word, STR("down")))
		server_set_down(s, "changed from CLI");
	else
		strbuf_adds(rq->out,
			    "'set server <srv> health' expects 'up', 'stopping', or 'down'.\n");
}

/* addr IP [port N] */
static void change_addr(struct ctl_request *rq, struct server *s)
{
	char before[ADDR_TEXT_LEN], after[ADDR_TEXT_LEN];
	struct str ip = arg_at(rq, 4);
	struct addr a;
	const int64_t old_port = addr_port(&s->addr);
	int64_t port = old_port;

	if (ip.len == 0) {
		strbuf_adds(rq->out,
			    "set server <b>/<s> addr requires an address and optionally a port.\n");
		return;
	}
	if (addr_parse_ip(ip, &a) != 0) {
		strbuf_addf(rq->out, "Invalid addr '" STR_FMT "' by 'stats socket command'\n",
			    STR_ARG(ip));
		return;
	}
	if (rq->argc > 5 && (!str_eq(rq->argv[5], STR("port")) ||
			     str_parse_int(arg_at(rq, 6), 1, 65535, &port) != 0)) {
		strbuf_adds(rq->out, "provided port is not an integer by 'stats socket command'\n");
		return;
	}
	addr_set_port(&a, (uint16_t)port);
	addr_format(&s->addr, false, before);
	addr_format(&a, false, after);
	if (strcmp(before, after) == 0)
		strbuf_adds(rq->out, "no need to change the addr");
	else
		strbuf_addf(rq->out, "IP changed from '%s' to '%s'", before, after);
	if (rq->argc > 5 && port == old_port)
		strbuf_adds(rq->out, ", no need to change the port");
	else if (rq->argc > 5)
		strbuf_addf(rq->out, ", port changed from '%u' to '%u'", (unsigned)old_port,
			    (unsigned)port);
	strbuf_adds(rq->out, " by 'stats socket command'\n");
	if (!addr_eq(&a, &s->addr))
		server_set_addr(s, &a);
}

void cli_set_server(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct server *s = cli_find_server(rq, arg_at(rq, 2));
	struct str what = arg_at(rq, 3), value = arg_at(rq, 4);

	(void)cursor, (void)more;
	if (s == NULL)
		return;
	if (str_eq(what, STR("state")))
		change_state(rq, s, value);
	else if (str_eq(what, STR("weight")))
		change_weight(rq, s, value);
	else if (str_eq(what, STR("health")))
		change_health(rq, s, value);
	else if (str_eq(what, STR("addr")))
		change_addr(rq, s);
	else
		strbuf_adds(rq->out, "usage: set server <backend>/<server> addr | health | state | "
				     "weight\n");
}

void cli_set_weight(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct server *s = cli_find_server(rq, arg_at(rq, 2));

	(void)cursor, (void)more;
	if (s != NULL)
		change_weight(rq, s, arg_at(rq, 3));
}

void cli_get_weight(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct server *s = cli_find_server(rq, arg_at(rq, 2));

	(void)cursor, (void)more;
	if (s != NULL)
		strbuf_addf(rq->out, "%u (initial %u)\n", s->weight, s->cfg->weight);
}

void cli_enable_server(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct server *s = cli_find_server(rq, arg_at(rq, 2));

	(void)cursor, (void)more;
	if (s != NULL)
		server_set_admin(s, 0, SERVER_FMAINT | SERVER_FDRAIN | SERVER_CMAINT, NULL);
}

void cli_disable_server(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct server *s = cli_find_server(rq, arg_at(rq, 2));

	(void)cursor, (void)more;
	if (s != NULL)
		server_set_admin(s, SERVER_FMAINT, 0, NULL);
}

void cli_set_maxconn_server(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct server *s = cli_find_server(rq, arg_at(rq, 3));
	int64_t n;

	(void)cursor, (void)more;
	if (s == NULL)
		return;
	if (rq->argc < 5)
		strbuf_adds(rq->out, "Require <maxconn>.\n");
	else if (str_parse_int(rq->argv[4], 0, INT32_MAX, &n) != 0)
		strbuf_adds(rq->out, "maxconn string empty or preceded by garbage\n");
	else
		server_set_maxconn(s, (unsigned)n);
}

static void reset_max(struct gauge *g)
{
	atomic_store(&g->max, atomic_load(&g->cur));
}

static void clear_backend(struct backend *be, bool all)
{
	reset_max(&be->sess);
	reset_max(&be->queue);
	if (all)
		counters_clear(be->counters, be->n_threads);
	for (unsigned i = 0; i < be->n_servers; i++) {
		struct server *s = be->servers[i];

		reset_max(&s->sess);
		reset_max(&s->queue);
		if (!all)
			continue;
		counters_clear(s->counters, be->n_threads);
		s->n_check_fail = s->n_check_down = 0;
		s->down_time_us = 0;
	}
	if (all) {
		be->n_down = 0;
		be->down_time_us = 0;
	}
}

void cli_clear_counters(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	const struct registry *r = registry_get();
	bool all = str_eq(arg_at(rq, 2), STR("all"));

	(void)cursor, (void)more;
	if (all && rq->level < CTL_ADMIN) {
		strbuf_adds(rq->out, "Permission denied\n");
		return;
	}
	for (unsigned i = 0; r != NULL && i < r->n; i++) {
		struct frontend *fe = r->entries[i].fe;

		if (fe != NULL) {
			reset_max(&fe->sess);
			if (all)
				counters_clear(fe->counters, fe->n_threads);
		}
		if (r->entries[i].be != NULL)
			clear_backend(r->entries[i].be, all);
	}
}

/* Not from inside the command: the reload may remove the very socket that asked. */
void cli_reload(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	(void)kill(getpid(), SIGHUP);
	strbuf_adds(rq->out, "Reloading; the log has the outcome.\n");
}
