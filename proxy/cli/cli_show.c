/* cli_show.c - commands that show. */
#include "cli/cli.h"

#include <stdatomic.h>
#include <time.h>

#include <tandem/clock.h>

#include "config/cfg_model.h"
#include "dns/resolver.h"
#include "health/check.h"
#include "net/frontend.h"
#include "pool/backend.h"
#include "pool/idle.h"
#include "process/process.h"
#include "process/registry.h"
#include "stats/captured.h"

#define SERVERS_A_PIECE 32

/* HAProxy's numbers of its check states, of which ours are a part. */
static int check_status_number(enum check_status s)
{
	switch (s) {
	case CHECK_UNKNOWN:
		return 0;
	case CHECK_INI:
		return 1;
	case CHECK_START:
		return 2;
	case CHECK_HANA:
		return 4;
	case CHECK_CHECKED:
		return 3;
	case CHECK_SOCKERR:
		return 5;
	case CHECK_L4OK:
		return 6;
	case CHECK_L4TOUT:
		return 7;
	case CHECK_L4CON:
		return 8;
	case CHECK_L6OK:
		return 9;
	case CHECK_L6TOUT:
		return 10;
	case CHECK_L6RSP:
		return 11;
	case CHECK_L7TOUT:
		return 12;
	case CHECK_L7RSP:
		return 13;
	case CHECK_L7OK:
		return 15;
	case CHECK_L7OKC:
		return 16;
	case CHECK_L7STS:
		return 17;
	case CHECK_PROCERR:
		return 18;
	case CHECK_PROCTOUT:
		return 19;
	case CHECK_PROCOK:
		return 20;
	}
	UNREACHABLE();
}

/* 0 unknown, 2 failed, 3 passed, 4 passed with reserve. */
static int check_result_number(enum check_status s)
{
	if (s == CHECK_UNKNOWN || s == CHECK_INI || s == CHECK_START || s == CHECK_CHECKED)
		return 0;
	if (s == CHECK_L7OKC)
		return 4;
	return check_status_has_passed(s) ? 3 : 2;
}

/* bits: configured 2, enabled 4, paused 8 (in maintenance), agent 16 */
static int check_state_bits(const struct server *s)
{
	bool is_maint = (s->admin & SERVER_MAINT_MASK) != 0;

	if (s->check == NULL)
		return is_maint && (s->admin & SERVER_CMAINT) != 0 ? 8 : 0;
	if (s->checks.is_check_off)
		return 2;
	return is_maint ? 14 : 6;
}

static int agent_state_bits(const struct server *s)
{
	if (s->agent == NULL)
		return 0;
	return 16 + 2 + (s->checks.is_agent_off ? 0 : 4);
}

/* "-": none */
static const char *ip_text(const struct addr *a, char buf[INET6_ADDRSTRLEN + 1])
{
	size_t n = a->len > 0 ? addr_format_ip(a, buf) : 0;

	buf[n] = '\0';
	return n > 0 ? buf : "-";
}

static void add_server_state(const struct server *s, int64_t now_us, struct strbuf *out)
{
	struct check_result r = { .status = CHECK_INI };
	bool is_checked = check_get_last(s, &r);
	char ip[3][INET6_ADDRSTRLEN + 1];

	if (!is_checked)
		r = (struct check_result){ .status = CHECK_INI, .health = s->cfg->rise };
	if (s->op == SERVER_STOPPED && (!is_checked || (s->admin & SERVER_MAINT_MASK) != 0))
		r.health = 0;
	strbuf_addf(out,
		    "%u %s %u %s %s %d %u %u %u %lld %d %d %u %d %d %d %d %s %u %s 0 %u %s %s %u\n",
		    s->be->id, s->be->name, s->id, s->name, ip_text(&s->addr, ip[0]), (int)s->op,
		    s->admin, s->weight, s->cfg->weight,
		    (long long)((now_us - s->last_change_us) / US_PER_S),
		    check_status_number(r.status), is_checked ? check_result_number(r.status) : 0,
		    r.health, check_state_bits(s), agent_state_bits(s), s->be->cfg->has_id,
		    s->cfg->has_id, s->fqdn != NULL ? s->fqdn : "-", s->port,
		    s->cfg->is_srv ? s->cfg->fqdn : "-", check_port(s),
		    ip_text(check_addr(s), ip[1]), ip_text(agent_addr(s), ip[2]), agent_port(s));
}

static void add_server_conns(const struct server *s, int64_t now_us, struct strbuf *out)
{
	char ip[INET6_ADDRSTRLEN + 1];
	uint64_t idle = idle_count_sum(s->idle);

	(void)now_us;
	strbuf_addf(out, "%s/%s %u/%u %s %u - %lld %u %u 0 0 %llu %d %llu", s->be->name, s->name,
		    s->be->id, s->id, ip_text(&s->addr, ip), s->port,
		    (long long)(s->cfg->pool_purge_delay_us / US_PER_MS), atomic_load(&s->sess.cur),
		    atomic_load(&s->sess.max), (unsigned long long)idle, s->cfg->pool_max_conn,
		    (unsigned long long)idle);
	for (unsigned i = 0; i < s->be->n_threads; i++)
		strbuf_addf(out, " %llu", (unsigned long long)idle_count_of(s->idle, i));
	strbuf_addc(out, '\n');
}

/* One line a server, of all backends or of the one that is named, in pieces. cursor: the backend's
 * place, and above it the server's. */
static void each_server(struct ctl_request *rq, uint64_t *cursor, bool *more, const char *title,
			void (*fn)(const struct server *s, int64_t now_us, struct strbuf *out))
{
	const struct registry *r = registry_get();
	const struct backend *only = NULL;
	uint32_t entry = (uint32_t)*cursor, at = (uint32_t)(*cursor >> 32);
	int64_t now_us = clock_mono_us();

	if (rq->argc > 3) {
		only = cli_find_backend(rq, rq->argv[3]);
		if (only == NULL)
			return;
	}
	if (*cursor == 0)
		strbuf_adds(rq->out, title);
	for (unsigned n = 0; r != NULL && entry < r->n;) {
		const struct backend *be = r->entries[entry].be;

		if (be == NULL || (only != NULL && be != only) || at >= be->n_servers) {
			entry++;
			at = 0;
			continue;
		}
		if (n++ == SERVERS_A_PIECE) {
			*cursor = entry | (uint64_t)at << 32;
			*more = true;
			return;
		}
		fn(be->servers[at++], now_us, rq->out);
	}
}

void cli_show_servers_state(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	each_server(rq, cursor, more,
		    "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state "
		    "srv_uweight srv_iweight srv_time_since_last_change srv_check_status "
		    "srv_check_result srv_check_health srv_check_state srv_agent_state "
		    "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl "
		    "srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n",
		    add_server_state);
}

void cli_show_servers_conn(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	char title[256];

	snprintf(title, sizeof(title),
		 "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est "
		 "unsafe_nb safe_nb idle_lim idle_cur idle_per_thr[%u]\n",
		 registry_get() != NULL && registry_get()->engine != NULL
			 ? registry_get()->engine->n_threads
			 : 0);
	each_server(rq, cursor, more, title, add_server_conns);
}

void cli_show_resolvers(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	if (!dns_show(process_self->dns, rq->argc > 2 ? rq->argv[2] : STR(""), rq->out))
		strbuf_adds(rq->out, "Can't find that resolvers section\n");
}

void cli_show_backend(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	const struct registry *r = registry_get();

	(void)cursor, (void)more;
	strbuf_adds(rq->out, "# name\n");
	for (unsigned i = 0; r != NULL && i < r->n; i++)
		if (r->entries[i].be != NULL)
			strbuf_addf(rq->out, "%s\n", r->entries[i].be->name);
}

/* show errors [ID|NAME] [request|response] */
void cli_show_errors(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	struct str proxy = cli_arg(rq, 2), kind = cli_arg(rq, 3);
	int64_t id = -1;

	if (proxy.len > 0 && str_parse_int(proxy, -1, UINT32_MAX, &id) != 0) {
		const struct frontend *fe = registry_find_frontend(registry_get(), proxy);
		const struct backend *be = registry_find_backend(registry_get(), proxy);

		if (fe == NULL && be == NULL) {
			strbuf_adds(rq->out, "No such proxy.\n");
			return;
		}
		id = fe != NULL ? fe->id : be->id;
	}
	if (*cursor == 0)
		captured_add_total(rq->out);
	*more = captured_next(cursor, id, !str_eq(kind, STR("response")),
			      !str_eq(kind, STR("request")), rq->out);
}
