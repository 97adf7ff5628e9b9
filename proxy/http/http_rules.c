/* http_rules.c - evaluation of http-request rules: one case for each action. */
#include "http/http_rules.h"

#include "config/cfg_model.h"
#include "http/acl.h"
#include "http/sample_live.h"
#include "net/stream.h"

static void perform(struct stream *st, const struct cfg_rule *r)
{
	switch (r->action) {
	case CFG_ACTION_DISABLE_L7_RETRY:
		st->no_l7_retry = true;
		return;
	case CFG_ACTION_METRICS:
		st->wants_metrics = true;
		return;
	case CFG_ACTION_FORCE_PERSIST:
	case CFG_ACTION_IGNORE_PERSIST:
		break; /* of other lists */
	}
	UNREACHABLE();
}

void http_request_rules(struct stream *st, const struct cfg_rule *rules, const struct h1_head *h)
{
	char scratch[SAMPLE_SCRATCH_SIZE];
	struct sample_ctx x = sample_live_context(st->c, h, scratch);

	/* a service ends the list */
	for (const struct cfg_rule *r = rules; r && !st->wants_metrics; r = r->next)
		if (acl_cond_holds(r->cond, &x))
			perform(st, r);
}
