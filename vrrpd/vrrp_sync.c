/* vrrp_sync.c - the rules of a vrrp_sync_group. */
#include "vrrp_sync.h"

bool vrrp_sync_may_claim(const struct vrrp_sync_member *m, unsigned n, unsigned who, int64_t now_us)
{
	for (unsigned k = 0; k < n; k++) {
		bool wants = m[k].fsm->state == VRRP_ACTIVE ||
			     (m[k].fsm->state == VRRP_BACKUP && m[k].fsm->deadline_us <= now_us);

		if (k != who && m[k].is_running && !wants)
			return false;
	}
	return true;
}

bool vrrp_sync_follow(const struct vrrp_sync_member *m, unsigned who, unsigned k,
		      enum vrrp_event_kind *out)
{
	enum vrrp_state leader = m[who].fsm->state, state = m[k].fsm->state;

	if (k == who || !m[k].is_running)
		return false;
	if (leader == VRRP_ACTIVE && state == VRRP_BACKUP)
		*out = VRRP_EV_GROUP_ACTIVE;
	else if (leader == VRRP_BACKUP && state == VRRP_ACTIVE)
		*out = VRRP_EV_GROUP_BACKUP;
	else
		return false;
	return true;
}

int vrrp_sync_fault_of(const struct vrrp_sync_member *m, unsigned n, unsigned who)
{
	for (unsigned k = 0; k < n; k++)
		if (k != who && m[k].is_running && m[k].is_faulty)
			return (int)k;
	return -1;
}

enum vrrp_state vrrp_sync_state(const struct vrrp_sync_member *m, unsigned n)
{
	unsigned n_running = 0, n_active = 0;

	for (unsigned k = 0; k < n; k++) {
		if (!m[k].is_running || m[k].fsm->state == VRRP_INIT)
			continue;
		if (m[k].fsm->state == VRRP_FAULT)
			return VRRP_FAULT;
		n_running++;
		n_active += m[k].fsm->state == VRRP_ACTIVE;
	}
	if (n_running == 0)
		return VRRP_INIT;
	return n_active == n_running ? VRRP_ACTIVE : VRRP_BACKUP;
}
