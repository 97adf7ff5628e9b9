/* vrrp_fsm.h - VRRP state machine: RFC 9568 section 6.4, RFC 3768 section 6.4, and what
 * keepalived's users expect on top (FAULT, preempt_delay, hand-over). Pure: no I/O, clock, log or
 * heap.
 *
 * The caller feeds one event at a time with the current time and performs the returned actions in
 * the order of the enum, so the daemon and a simulation of a hundred routers run the same code.
 * After a wait it feeds the adverts that arrived before VRRP_EV_TIMER: a queued advert is no
 * silence.
 *
 *            startup (owner)
 *   INIT ──────────────────────► ACTIVE ◄───── timer, hand-over ───── BACKUP ◄──── startup ────
 * INIT └──── better advert, yield ────────►│ any ── fault ──► FAULT ── recover ──► BACKUP any ──
 * shutdown ──► INIT
 */
#ifndef VRRPD_VRRP_FSM_H
#define VRRPD_VRRP_FSM_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/util.h>

enum vrrp_state { VRRP_INIT, VRRP_BACKUP, VRRP_ACTIVE, VRRP_FAULT };

enum vrrp_event_kind {
	VRRP_EV_STARTUP,
	VRRP_EV_SHUTDOWN,
	VRRP_EV_TIMER,        /* the deadline may have passed; early calls are ignored */
	VRRP_EV_ADVERT,       /* a valid advert of another router for our VRID */
	VRRP_EV_PRIORITY,     /* our effective priority changed (trackers) */
	VRRP_EV_FAULT,        /* a tracker without weight failed, the interface went down */
	VRRP_EV_RECOVER,      /* nothing is in fault any more */
	VRRP_EV_HANDOVER,     /* the active router, a vrrpd, asks us to take over now */
	VRRP_EV_GROUP_ACTIVE, /* another member of our sync group became ACTIVE */
	VRRP_EV_GROUP_BACKUP, /* another member of our sync group became BACKUP */
	VRRP_EV_LEASE,        /* the silent master's addresses are about to end (vrrp_lease.h) */
	VRRP_EV_STALL,        /* we did not run for longer than the dead time (frozen, suspended) */
};

struct vrrp_event {
	enum vrrp_event_kind kind;
	uint8_t priority;      /* ADVERT: of the advert; PRIORITY: ours now */
	uint8_t peer_priority; /* PRIORITY: of the best vrrpd peer that is not in fault; 0: none */
	int64_t adver_us;      /* ADVERT: its Max Advertise Interval */
	bool is_addr_greater;  /* ADVERT: the sender's primary address is greater than ours */
};

/* A mask; the caller performs set bits from the lowest to the highest, which is the right order on
 * the wire. */
enum vrrp_action {
	VRRP_ADD_ADDRS = 1 << 0,
	VRRP_SEND_ADVERT = 1 << 1,
	VRRP_ANNOUNCE = 1 << 2,  /* gratuitous ARP / unsolicited NA, and schedule the repeats */
	VRRP_DEL_ADDRS = 1 << 3, /* before SEND_ZERO: the new master must not find us answering */
	VRRP_SEND_HANDOVER =
		1
		<< 4, /* ask the best known vrrpd peer to claim at once (if any announced itself) */
	VRRP_SEND_ZERO = 1 << 5,  /* advert with priority 0 */
	VRRP_REANNOUNCE = 1 << 6, /* a lower-priority master was heard: tell the network again
				     (garp_lower_prio_*) */
	VRRP_NOTIFY = 1 << 7,     /* the state changed */
};

struct vrrp_params {
	uint8_t priority; /* configured base; 255: owner of the addresses */
	unsigned version; /* 2 or 3: decides Skew_Time and whether intervals are learned */
	bool preempt;
	int64_t preempt_delay_us;
	int64_t adver_us;      /* Advertisement_Interval */
	unsigned down_adverts; /* adverts in Active_Down_Interval; 0: 3, as the RFC says */
	bool start_as_master;  /* `state MASTER`: without influence; measured on keepalived 2.2.7:
				  it, too, listens for a whole Active_Down_Interval first */
	bool lower_prio_no_advert;    /* a worse router that speaks gets no advert as an answer */
	bool higher_prio_send_advert; /* when we yield to a better router, one last advert */
};

/* Why the state changed last; texts by vrrp_cause_text(). */
enum vrrp_cause {
	VRRP_CAUSE_NONE,
	VRRP_CAUSE_STARTUP,
	VRRP_CAUSE_MASTER_DOWN /* no advert in time */,
	VRRP_CAUSE_MASTER_LEFT /* priority 0 */,
	VRRP_CAUSE_PREEMPT,
	VRRP_CAUSE_HANDOVER,
	VRRP_CAUSE_HIGHER_PRIORITY /* a better advert was heard */,
	VRRP_CAUSE_FAULT,
	VRRP_CAUSE_RECOVER,
	VRRP_CAUSE_STALL,
	VRRP_CAUSE_LEASE, /* no sign of life for as long as its addresses last */
	VRRP_CAUSE_PRIORITY,
	VRRP_CAUSE_GROUP, /* the sync group moved */
	VRRP_CAUSE_SHUTDOWN,
};

struct vrrp_fsm {
	const struct vrrp_params *params; /* borrowed; outlives the fsm; a reload may swap it */
	enum vrrp_state state;
	enum vrrp_cause cause;
	uint8_t priority;        /* effective: 1..254, or 255 */
	int64_t deadline_us;     /* when to feed VRRP_EV_TIMER; INT64_MAX: never */
	int64_t active_adver_us; /* Active_Adver_Interval, learned from adverts */
	int64_t since_us;        /* last transition */
	int64_t sent_us;         /* ACTIVE: the last advert that peers count from */
	int64_t preempt_at_us;   /* not before this may we preempt; 0: no delay is running */
	bool master_left;        /* the deadline runs because of a priority 0 advert */
	bool lease_over;         /* the deadline runs because the master's addresses end */
	bool is_preempting;      /* the deadline runs on although a worse router is heard */
};

void vrrp_fsm_init(struct vrrp_fsm *f, const struct vrrp_params *params);
/* Apply ev (borrowed) at monotonic time now_us. Returns the mask of enum vrrp_action to perform.
 * Cannot fail: an event without meaning in the current state changes nothing and returns 0. */
unsigned vrrp_fsm_step(struct vrrp_fsm *f, const struct vrrp_event *ev, int64_t now_us);
/* Skew_Time and Active_Down_Interval for the current priority and learned interval. */
int64_t vrrp_fsm_skew_us(const struct vrrp_fsm *f);
int64_t vrrp_fsm_down_us(const struct vrrp_fsm *f);
const char *vrrp_state_text(enum vrrp_state s); /* what users see: INIT BACKUP MASTER FAULT */
const char *vrrp_cause_text(enum vrrp_cause c);

#endif
