/* route.c - which backend and which server a request goes to. */
#include "http/route.h"

#include "config/cfg_model.h"
#include "http/acl.h"
#include "http/sample_live.h"
#include "net/client.h"
#include "net/stream.h"
#include "pool/backend.h"
#include "pool/server.h"

struct backend *route_by_rules(struct client *c, const struct cfg_proxy *cfg,
			       const struct h1_head *head)
{
	char scratch[SAMPLE_SCRATCH_SIZE];
	struct sample_ctx x = sample_live_context(c, head, scratch);

	for (const struct cfg_rule *r = cfg->use_backends; r; r = r->next)
		if (acl_cond_holds(r->cond, &x))
			return r->backend->live->be;
	if (cfg->default_backend)
		return cfg->default_backend->live->be;
	return cfg->live->be; /* of a listen section */
}

const struct cfg_rule *route_first(struct client *c, const struct cfg_rule *rules,
				   const struct h1_head *head)
{
	char scratch[SAMPLE_SCRATCH_SIZE];
	struct sample_ctx x = sample_live_context(c, head, scratch);

	while (rules && !acl_cond_holds(rules->cond, &x))
		rules = rules->next;
	return rules;
}

/* The first use-server rule that holds and whose server is up; even_down: whatever it is. */
static struct server *choose_server(struct client *c, const struct cfg_proxy *be_cfg,
				    const struct h1_head *head, bool even_down)
{
	char scratch[SAMPLE_SCRATCH_SIZE];
	struct sample_ctx x = sample_live_context(c, head, scratch);
	struct server *srv;

	for (const struct cfg_rule *r = be_cfg->use_servers; r; r = r->next) {
		if (!acl_cond_holds(r->cond, &x))
			continue;
		srv = sample_live_server(r->server);
		if (srv && (even_down || backend_accepts(srv->be, srv)))
			return srv;
	}
	return NULL;
}

void route_to_server(struct stream *st, const struct cfg_proxy *be_cfg, const struct h1_head *head)
{
	const struct cfg_rule *r;

	if (be_cfg->persist_rules && (r = route_first(st->c, be_cfg->persist_rules, head))) {
		st->is_forced = r->action == CFG_ACTION_FORCE_PERSIST;
		st->ck.is_ignored = r->action == CFG_ACTION_IGNORE_PERSIST;
	}
	if (be_cfg->use_servers)
		st->want = choose_server(st->c, be_cfg, head, st->is_forced || be_cfg->persist);
	if (st->want) {
		st->direct = st->want;
		st->ck.is_direct = true;
	}
}
