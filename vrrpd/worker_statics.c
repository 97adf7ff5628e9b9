/* worker_statics.c - static_ipaddress, static_routes, static_rules: there while the daemon runs, as
 * with keepalived. No lifetime, no guardian: they serve this node, not the pair. */
#include "worker.h"

#include <stdlib.h>
#include <string.h>
#include <tandem/log.h>

#include "config/cfg_model.h"
#include "routing.h"

static void report(const char *what, int err)
{
	if (err)
		log_err("vrrp", what, "error=%s", log_quoted(str_from(strerror(-err))));
}

void worker_ensure_statics(struct worker *w, const struct cfg *cfg)
{
	const struct cfg_statics *s = &cfg->statics;
	struct routing_set before = w->static_routing;
	struct vip vip;

	for (const struct cfg_vip *v = s->addrs; v; v = v->next)
		if (vip_from_cfg(v, &w->links, &vip))
			report("static_address_failed",
			       vip_set(&w->nl, &vip, 1, VIP_FOREVER, NULL));
	w->static_routing = (struct routing_set){ 0 };
	routing_build(&w->static_routing, s->routes, s->rules, &w->links);
	routing_del_missing(&w->nl, &before, &w->static_routing);
	routing_fini(&before);
	report("static_routes_failed", routing_add(&w->static_routing, &w->nl));
}

static bool has(const struct cfg *cfg, const struct cfg_vip *v)
{
	for (const struct cfg_vip *o = cfg ? cfg->statics.addrs : NULL; o; o = o->next)
		if (addr_eq(&o->addr, &v->addr) && o->prefix_len == v->prefix_len &&
		    strcmp(o->on, v->on) == 0)
			return true;
	return false;
}

void worker_drop_statics(struct worker *w, const struct cfg *old, const struct cfg *now)
{
	struct vip vip;

	if (!now) {
		report("static_routes_stay",
		       routing_del(&w->nl, w->static_routing.del, w->static_routing.del_len));
		routing_fini(&w->static_routing);
	}
	for (const struct cfg_vip *v = old ? old->statics.addrs : NULL; v; v = v->next)
		if (!has(now, v) && vip_from_cfg(v, &w->links, &vip))
			report("static_address_stays", vip_del(&w->nl, &vip, 1, NULL));
}
