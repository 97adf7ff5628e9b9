/* vrrp_sync.h - the rules of a vrrp_sync_group: its instances are master, backup or in fault
 * together. Pure.
 *
 * As keepalived does it: nobody claims before all want to (their Active_Down_Timer ran out, or they
 * are ACTIVE); whoever becomes ACTIVE or BACKUP takes the others along; the fault of one is the
 * fault of all, and it is over when none has one. */
#ifndef VRRPD_VRRP_SYNC_H
#define VRRPD_VRRP_SYNC_H

#include "vrrp_fsm.h"

struct vrrp_sync_member {
	const struct vrrp_fsm *fsm; /* borrowed */
	bool is_running;
	bool is_faulty; /* has a fault of its own */
};

/* Member `who` is BACKUP and its deadline has passed: may it claim? */
bool vrrp_sync_may_claim(const struct vrrp_sync_member *m, unsigned n, unsigned who,
			 int64_t now_us);
/* Member `who` came into its present state: what must member k be told? False: nothing. */
bool vrrp_sync_follow(const struct vrrp_sync_member *m, unsigned who, unsigned k,
		      enum vrrp_event_kind *out);
/* The first member but `who` that has a fault of its own; -1: none. */
int vrrp_sync_fault_of(const struct vrrp_sync_member *m, unsigned n, unsigned who);
/* FAULT if one is, ACTIVE if all are, INIT if none runs, else BACKUP. */
enum vrrp_state vrrp_sync_state(const struct vrrp_sync_member *m, unsigned n);

#endif
