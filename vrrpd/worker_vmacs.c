/* worker_vmacs.c - virtual MACs that the instances need: made before they start, made again when
 * somebody removes them, removed after they stopped. */
#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tandem/clock.h>
#include <tandem/log.h>

#include "board.h"
#include "config/cfg_model.h"
#include "vmac.h"

#define LOG_BURST  5
#define LOG_PERIOD (60 * US_PER_S)

static const struct cfg_vmac *find(const struct cfg *cfg, const char *name)
{
	for (const struct cfg_instance *in = cfg->instances; in; in = in->next)
		for (const struct cfg_vmac *v = in->vmacs; v; v = v->next)
			if (strcmp(v->name, name) == 0)
				return v;
	return NULL;
}

static void report(struct worker *w, const struct cfg_vmac *v, int err)
{
	unsigned held;

	if (!log_limit_ok(&w->vmac_limit, w->loop.now_us, LOG_BURST, LOG_PERIOD, &held))
		return;
	if (err)
		log_err("vmac", "create_failed", "interface=%s on=%s error=%s suppressed=%u",
			v->name, v->base, log_quoted(str_from(strerror(-err))), held);
	else
		log_notice("vmac", "created", "interface=%s on=%s suppressed=%u", v->name, v->base,
			   held);
}

/* True: the table of links is behind what we did. */
static bool ensure(struct worker *w, const struct cfg_vmac *v)
{
	const struct link *base = link_find(&w->links, v->base), *l = link_find(&w->links, v->name);
	int err;

	if (!base)
		return false;
	if (l && vmac_is(l, v, base->ifindex) && (l->flags & IFF_UP))
		return false;
	if (l && !l->is_macvlan) {
		report(w, v, -EEXIST); /* somebody's interface: not ours to remove */
		return false;
	}
	if (l)
		(void)!vmac_del(&w->nl, l->ifindex);
	err = vmac_create(&w->nl, v, base->ifindex);
	if (!err) {
		vmac_configure(v, &w->sysctls);
		err = vmac_up(&w->nl, v);
	}
	report(w, v, err);
	return true;
}

/* What is to be kept quiet and what drops packets: only where something needs it. */
static void open_firewall(struct worker *w, const struct cfg *cfg)
{
	bool needs = false;

	for (const struct cfg_instance *in = cfg->instances; in; in = in->next)
		needs |= in->vmacs || in->drops_packets;
	if (!needs || nft_open(&w->nft, cfg->global.nft_table ? cfg->global.nft_table : "vrrpd"))
		return;
	for (const struct cfg_instance *in = cfg->instances; in; in = in->next) {
		for (const struct cfg_vmac *v = in->vmacs; v; v = v->next) {
			const struct link *l = link_find(&w->links, v->name);

			if (l)
				(void)!nft_add_vmac(&w->nft, l->ifindex);
		}
	}
}

void worker_ensure_vmacs(struct worker *w, const struct cfg *cfg, bool is_new_cfg)
{
	bool is_behind = false;

	for (const struct cfg_instance *in = cfg->instances; in; in = in->next)
		for (const struct cfg_vmac *v = in->vmacs; v; v = v->next)
			is_behind |= ensure(w, v);
	if (is_behind && link_watch_reread(&w->links))
		log_err("vrrp", "netlink_reread_failed", "");
	if (is_behind || is_new_cfg)
		open_firewall(w, cfg);
}

void worker_drop_vmacs(struct worker *w, const struct cfg *old, const struct cfg *now)
{
	for (const struct cfg_instance *in = old ? old->instances : NULL; in; in = in->next) {
		for (const struct cfg_vmac *v = in->vmacs; v; v = v->next) {
			const struct link *l = link_find(&w->links, v->name);

			if (l && l->is_macvlan && !(now && find(now, v->name)))
				(void)!vmac_del(&w->nl, l->ifindex);
		}
	}
	if (!now)
		sysctl_restore(&w->sysctls);
}

void worker_plan_vmacs(struct worker *w, struct board_plan *plan)
{
	for (const struct cfg_instance *in = w->cfg->instances; in; in = in->next) {
		for (const struct cfg_vmac *v = in->vmacs; v; v = v->next) {
			const struct link *l = link_find(&w->links, v->name);
			uint8_t buf[VMAC_DEL_LEN];

			if (l && l->is_macvlan)
				board_plan_link(plan, buf, vmac_build_del(l->ifindex, buf));
		}
	}
}
