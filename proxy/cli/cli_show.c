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
#include "process/process.h"
#include "process/registry.h"

void cli_show_version(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	(void)cursor, (void)more;
	strbuf_adds(rq->out, TANDEM_VERSION "\n");
}

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

/* bits: configured 2, enabled 4, paused 8 */
static int check_state_bits(const struct server *s, bool is_checked)
{
	if (s->admin & SERVER_MAINT_MASK)
		return is_checked ? 14 : (s->admin & SERVER_CMAINT) ? 8 : 0;
	return is_checked ? 6 : 0;
}

static void add_server_state(const struct server *s, int64_t now_us, struct strbuf *out)
{
	struct check_result r = { .status = CHECK_INI };
	bool is_checked = check_get_result(s, &r);
	char ip[INET6_ADDRSTRLEN];
	size_t n = addr_format_ip(&s->addr, ip);

	if (!is_checked)
		r = (struct check_result){ .status = CHECK_INI, .health = s->cfg->rise };
	if (s->admin & SERVER_MAINT_MASK)
		r.health = 0;
	strbuf_addf(out,
		    "%u %s %u %s %.*s %d %u %u %u %lld %d %d %u %d 0 0 0 %s %u %s 0 %u %s - 0\n",
		    s->be->id, s->be->name, s->id, s->name, n > 0 ? (int)n : 1, n > 0 ? ip : "-",
		    (int)s->op, s->admin, s->weight, s->cfg->weight,
		    (long long)((now_us - s->last_change_us) / US_PER_S),
		    check_status_number(r.status), is_checked ? check_result_number(r.status) : 0,
		    r.health, check_state_bits(s, is_checked), s->fqdn != NULL ? s->fqdn : "-",
		    s->port, s->cfg->is_srv ? s->cfg->fqdn : "-", s->cfg->check_port, "-");
}

void cli_show_servers_state(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	const struct registry *r = registry_get();
	const struct backend *only = NULL;
	int64_t now_us = clock_mono_us();

	(void)cursor, (void)more;
	if (rq->argc > 3) {
		only = cli_find_backend(rq, rq->argv[3]);
		if (only == NULL)
			return;
	}
	strbuf_adds(rq->out,
		    "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state "
		    "srv_uweight srv_iweight srv_time_since_last_change srv_check_status "
		    "srv_check_result srv_check_health srv_check_state srv_agent_state "
		    "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl "
		    "srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n");
	for (unsigned i = 0; r != NULL && i < r->n; i++) {
		const struct backend *be = r->entries[i].be;

		if (be == NULL || (only != NULL && be != only))
			continue;
		for (unsigned j = 0; j < be->n_servers; j++)
			add_server_state(be->servers[j], now_us, rq->out);
	}
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

void cli_show_threads(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	const struct engine *e = &process_self->engine;
	int64_t now_us = clock_mono_us();

	(void)cursor, (void)more;
	for (unsigned i = 0; i < e->n_threads; i++)
		strbuf_addf(rq->out, "Thread %u : last_turn_ms=%lld\n", i + 1,
			    (long long)((now_us - atomic_load(&e->workers[i].loop.last_turn_us)) /
					US_PER_MS));
}

void cli_show_errors(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	int64_t now_us = clock_real_us();
	time_t s = (time_t)(now_us / US_PER_S);
	char date[32];
	struct tm tm;

	(void)cursor, (void)more;
	localtime_r(&s, &tm);
	strftime(date, sizeof(date), "%d/%b/%Y:%H:%M:%S", &tm);
	strbuf_addf(rq->out, "Total events captured on [%s.%03d] : 0\n", date,
		    (int)(now_us / US_PER_MS % 1000));
}
