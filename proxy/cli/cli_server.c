/* cli_server.c - commands that change servers. */
#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>

#include "config/cfg_model.h"
#include "dns/server_template.h"
#include "health/check.h"
#include "pool/backend.h"
#include "process/process.h"
#include "process/registry.h"
#include "process/worker.h"

#define CAUSE "changed from CLI"

/* "N" or "N%" of the configured weight, HAProxy's texts. */
static const char *parse_weight(const struct server *s, struct str word, unsigned *out)
{
	char text[32], *end;
	long w;

	if (word.len == 0)
		return "Require <weight> or <weight%>.\n";
	if (word.len >= sizeof(text))
		return "Trailing garbage in weight string";
	memcpy(text, word.p, word.len);
	text[word.len] = '\0';
	w = strtol(text, &end, 10);
	if (end == text)
		return "Empty weight string empty or preceded by garbage";
	if (end[0] == '%' && end[1] == '\0') {
		if (w < 0)
			return "Relative weight must be positive.\n";
		w = MIN(w, 25600L);
		w = MIN((long)s->cfg->weight * w / 100, 256L);
	} else if (*end != '\0') {
		return "Trailing garbage in weight string";
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
	if (s->tracked != NULL)
		strbuf_adds(rq->out, "cannot change health on a tracking server.\n");
	else if (str_eq(word, STR("up")))
		server_set_up(s, CAUSE);
	else if (str_eq(word, STR("stopping")))
		server_set_stopping(s, CAUSE);
	else if (str_eq(word, STR("down")))
		server_set_down(s, CAUSE);
	else
		strbuf_adds(rq->out,
			    "'set server <srv> health' expects 'up', 'stopping', or 'down'.\n");
}

static void change_agent(struct ctl_request *rq, struct server *s, struct str word)
{
	if (s->agent == NULL)
		strbuf_adds(rq->out, "agent checks are not enabled on this server.\n");
	else if (str_eq(word, STR("up")))
		agent_set_state(s, true, CAUSE);
	else if (str_eq(word, STR("down")))
		agent_set_state(s, false, CAUSE);
	else
		strbuf_adds(rq->out, "'set server <srv> agent' expects 'up' or 'down'.\n");
}

/* What follows `addr IP`: [port PORT], for sentences that go on. */
static bool change_port(struct ctl_request *rq, struct addr *a, uint16_t before)
{
	struct str word = cli_arg(rq, 6);
	int64_t port;

	if (str_parse_int(word, 1, 65535, &port) != 0) {
		strbuf_addf(rq->out, ", problem converting port '" STR_FMT "' to an int",
			    STR_ARG(word));
		return false;
	}
	addr_set_port(a, (uint16_t)port);
	if (port == before)
		strbuf_adds(rq->out, ", no need to change the port");
	else
		strbuf_addf(rq->out, ", port changed from '%u' to '%u'", before, (unsigned)port);
	return true;
}

/* addr IP [port N] */
static void change_addr(struct ctl_request *rq, struct server *s)
{
	char before[ADDR_TEXT_LEN], after[ADDR_TEXT_LEN];
	struct str ip = cli_arg(rq, 4);
	bool is_good = true;
	struct addr a;

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
	addr_set_port(&a, s->port);
	addr_format(&s->addr, false, before);
	addr_format(&a, false, after);
	if (s->addr.len > 0 && strcmp(before, after) == 0)
		strbuf_adds(rq->out, "no need to change the addr");
	else
		strbuf_addf(rq->out, "IP changed from '%s' to '%s'",
			    s->addr.len > 0 ? before : "(none)", after);
	if (str_eq(cli_arg(rq, 5), STR("port")))
		is_good = change_port(rq, &a, s->port);
	strbuf_adds(rq->out, " by 'stats socket command'\n");
	if (!is_good || addr_eq(&a, &s->addr))
		return;
	server_set_addr(s, &a);
	if ((s->admin & SERVER_RMAINT) != 0)
		server_set_admin(s, 0, SERVER_RMAINT, NULL);
}

/* A port for checks: 0, or after an answer -1. */
static int parse_port(struct ctl_request *rq, struct str word, uint16_t *out)
{
	int64_t n;

	if (str_parse_int(word, INT32_MIN, INT32_MAX, &n) != 0) {
		strbuf_adds(rq->out, "provided port is not an integer");
		return -1;
	}
	if (n < 0 || n > 65535) {
		strbuf_adds(rq->out, "provided port is invalid");
		return -1;
	}
	*out = (uint16_t)n;
	return 0;
}

/* check-addr and agent-addr: ADDRESS [port PORT] into *addr and *port. what: their name. */
static bool parse_check_addr(struct ctl_request *rq, const char *what, struct addr *addr,
			     uint16_t *port)
{
	struct str word = cli_arg(rq, 4);
	struct addr a;

	if (word.len == 0) {
		strbuf_addf(rq->out,
			    "set server <b>/<s> %s requires an address and optionally a port.\n",
			    what);
		return false;
	}
	if (addr_parse_ip(word, &a) != 0) {
		strbuf_addf(rq->out, "invalid addr '" STR_FMT "'", STR_ARG(word));
		return false;
	}
	if (str_eq(cli_arg(rq, 5), STR("port")) && parse_port(rq, cli_arg(rq, 6), port) != 0)
		return false;
	*addr = a;
	return true;
}

static void change_check(struct ctl_request *rq, struct server *s, bool is_addr)
{
	struct server_checks *c = &s->checks;

	if (!is_addr && rq->argc < 5)
		strbuf_adds(rq->out, "set server <b>/<s> check-port requires a port.\n");
	else if (s->check == NULL)
		strbuf_adds(rq->out, "health checks are not enabled on this server");
	else if (is_addr ? parse_check_addr(rq, "check-addr", &c->check_addr, &c->check_port)
			 : parse_port(rq, rq->argv[4], &c->check_port) == 0)
		check_on_addr(s);
}

enum agent_part { AGENT_ADDR, AGENT_PORT, AGENT_SEND };

static void change_agent_part(struct ctl_request *rq, struct server *s, enum agent_part part)
{
	struct server_checks *c = &s->checks;
	bool is_changed = false;

	if (s->agent == NULL) {
		strbuf_adds(rq->out, part == AGENT_SEND
					     ? "agent checks are not enabled on this server.\n"
					     : "agent checks are not enabled on this server");
		return;
	}
	switch (part) {
	case AGENT_ADDR:
		is_changed = parse_check_addr(rq, "agent-addr", &c->agent_addr, &c->agent_port);
		break;
	case AGENT_PORT:
		if (rq->argc < 5)
			strbuf_adds(rq->out, "set server <b>/<s> agent-port requires a port.\n");
		else
			is_changed = parse_port(rq, rq->argv[4], &c->agent_port) == 0;
		break;
	case AGENT_SEND:
		free(c->agent_send);
		c->agent_send = xstrdup(rq->argc > 4 ? rq->argv[4].p : "");
		is_changed = true;
		break;
	}
	if (is_changed)
		agent_on_change(s);
}

static void change_fqdn(struct ctl_request *rq, struct server *s, struct str name)
{
	char before[256];

	snprintf(before, sizeof(before), "%s", s->fqdn != NULL ? s->fqdn : "(null)");
	if (name.len == 0) {
		strbuf_adds(rq->out, "set server <b>/<s> fqdn requires a FQDN.\n");
		return;
	}
	switch (dns_set_fqdn(process_self != NULL ? process_self->dns : NULL, s, name.p,
			     "'stats socket command'")) {
	case 0:
		strbuf_addf(rq->out,
			    "%s/%s changed its FQDN from %s to " STR_FMT
			    " by 'stats socket command'\n",
			    s->be->name, s->name, before, STR_ARG(name));
		return;
	case -EBUSY:
		strbuf_adds(rq->out, "set server <b>/<s> fqdn failed because SRV resolution is "
				     "configured.\n");
		return;
	case -ENOTSUP:
		strbuf_adds(rq->out, "set server <b>/<s> fqdn failed because no resolution is "
				     "configured.\n");
		return;
	default:
		strbuf_addf(rq->out, "could not update %s/%s FQDN\n", s->be->name, s->name);
	}
}

void cli_set_server(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct server *s = cli_find_server(rq, cli_arg(rq, 2));
	struct str what = cli_arg(rq, 3), value = cli_arg(rq, 4);

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
	else if (str_eq(what, STR("check-addr")) || str_eq(what, STR("check-port")))
		change_check(rq, s, str_eq(what, STR("check-addr")));
	else if (str_eq(what, STR("agent")))
		change_agent(rq, s, value);
	else if (str_eq(what, STR("agent-addr")))
		change_agent_part(rq, s, AGENT_ADDR);
	else if (str_eq(what, STR("agent-port")))
		change_agent_part(rq, s, AGENT_PORT);
	else if (str_eq(what, STR("agent-send")))
		change_agent_part(rq, s, AGENT_SEND);
	else if (str_eq(what, STR("fqdn")))
		change_fqdn(rq, s, value);
	else if (str_eq(what, STR("ssl")))
		strbuf_adds(rq->out, "'set server <srv> ssl' cannot be set.  default-server should "
				     "define ssl settings\n");
	else
		strbuf_adds(rq->out,
			    "usage: set server <backend>/<server> addr | agent | agent-addr "
			    "| agent-port | agent-send | check-addr | check-port | fqdn | "
			    "health | ssl | state | weight\n");
}

void cli_set_weight(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct server *s = cli_find_server(rq, cli_arg(rq, 2));

	(void)cursor, (void)more;
	if (s != NULL)
		change_weight(rq, s, cli_arg(rq, 3));
}

void cli_get_weight(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct server *s = cli_find_server(rq, cli_arg(rq, 2));

	(void)cursor, (void)more;
	if (s != NULL)
		strbuf_addf(rq->out, "%u (initial %u)\n", s->weight, s->cfg->weight);
}

/* enable|disable server|health|agent B/S */
static bool is_enable(const struct ctl_request *rq)
{
	return str_eq(rq->argv[0], STR("enable"));
}

void cli_switch_server(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct server *s = cli_find_server(rq, cli_arg(rq, 2));

	(void)cursor, (void)more;
	if (s == NULL)
		return;
	if (is_enable(rq))
		server_set_admin(s, 0, SERVER_FMAINT | SERVER_FDRAIN | SERVER_CMAINT, NULL);
	else
		server_set_admin(s, SERVER_FMAINT, 0, NULL);
}

void cli_switch_health(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct server *s = cli_find_server(rq, cli_arg(rq, 2));

	(void)cursor, (void)more;
	if (s == NULL)
		return;
	if (s->check != NULL)
		check_set_on(s, is_enable(rq));
	else if (is_enable(rq))
		strbuf_adds(rq->out,
			    "Health check was not configured on this server, cannot enable.\n");
}

void cli_switch_agent(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct server *s = cli_find_server(rq, cli_arg(rq, 2));

	(void)cursor, (void)more;
	if (s == NULL)
		return;
	if (s->agent != NULL)
		agent_set_on(s, is_enable(rq));
	else if (is_enable(rq))
		strbuf_adds(rq->out, "Agent was not configured on this server, cannot enable.\n");
}

void cli_shutdown_server(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct server *s = cli_find_server(rq, cli_arg(rq, 3));

	(void)cursor, (void)more;
	if (s != NULL)
		workers_shut_sessions(registry_get()->engine, s, 'K');
}

void cli_set_maxconn_server(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct server *s = cli_find_server(rq, cli_arg(rq, 3));
	struct str word = cli_arg(rq, 4);
	char *end;
	long n;

	(void)cursor, (void)more;
	if (s == NULL)
		return;
	if (word.len == 0) {
		strbuf_adds(rq->out, "Require <maxconn>.\n");
		return;
	}
	n = strtol(word.p, &end, 10);
	if (end == word.p)
		strbuf_adds(rq->out, "maxconn string empty or preceded by garbage");
	else if (*end != '\0')
		strbuf_adds(rq->out, "Trailing garbage in maxconn string");
	else if (n < 0 || n > INT32_MAX)
		strbuf_adds(rq->out, "Value out of range.\n");
	else
		server_set_maxconn(s, (unsigned)n);
}
