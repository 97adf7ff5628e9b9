/* vrrp_group.h - a sync group in action: connects its instances by the rules of vrrp_sync.h. */
#ifndef VRRPD_VRRP_GROUP_H
#define VRRPD_VRRP_GROUP_H

#include <tandem/list.h>

#include "notify.h"
#include "vrrp_sync.h"

struct cfg_group;
struct vrrp_env;
struct vrrp_instance;

struct vrrp_group {
	struct list node;
	const struct vrrp_env *env;     /* borrowed */
	const struct cfg_group *cfg;    /* borrowed; a reload swaps it */
	struct vrrp_instance **members; /* owned list of borrowed instances */
	struct vrrp_sync_member *view;  /* owned: what the rules read */
	unsigned n_members;
	enum vrrp_state state;
	bool is_following; /* its own doing: no rule applies */
	struct notify notify;
};

NODISCARD struct vrrp_group *vrrp_group_new(const struct vrrp_env *env,
					    const struct cfg_group *cfg);
/* Its instances forget it. NULL is legal. */
void vrrp_group_free(struct vrrp_group *g);
/* members: taken. */
void vrrp_group_set(struct vrrp_group *g, const struct cfg_group *cfg,
		    struct vrrp_instance **members, unsigned n);
/* The instance's Active_Down_Timer ran out: may it claim now? Yes without a group. */
bool vrrp_group_may_claim(struct vrrp_instance *i);
/* The instance changed its state: the others follow. Nothing without a group. */
void vrrp_group_on_transition(struct vrrp_instance *i);
/* The instance got or lost a fault of its own. */
void vrrp_group_on_fault(struct vrrp_instance *i);
/* Another member that has a fault; NULL: none. */
const struct vrrp_instance *vrrp_group_fault_of(struct vrrp_instance *i);

#endif
