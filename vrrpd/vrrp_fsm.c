/* vrrp_fsm.c - VRRP state machine, one step at a time. */
#include "vrrp_fsm.h"

#include <tandem/clock.h>

#define OWNER 255
#define NEVER INT64_MAX
/* When a lease ends the better backup claims first; a master's adverts then stop the others. */
#define LEASE_SKEW_US (50 * US_PER_MS)

static bool is_owner(const struct vrrp_fsm *f)
{
	return f->params->priority == OWNER;
}

/* "the router that owns the addresses always preempts" (RFC 9568, Preempt_Mode) */
static bool may_preempt(const struct vrrp_fsm *f)
{
	return f->params->preempt || is_owner(f);
}

int64_t vrrp_fsm_skew_us(const struct vrrp_fsm *f)
{
	int64_t unit = f->params->version == 3 ? f->active_adver_us : US_PER_S;

	return (256 - f->priority) * unit / 256;
}

static int64_t n_down(const struct vrrp_fsm *f)
{
	return f->params->down_adverts ? f->params->down_adverts : 3;
}

int64_t vrrp_fsm_down_us(const struct vrrp_fsm *f)
{
	return n_down(f) * f->active_adver_us + vrrp_fsm_skew_us(f);
}

static unsigned enter(struct vrrp_fsm *f, enum vrrp_state state, enum vrrp_cause cause,
		      int64_t now_us)
{
	f->state = state;
	f->cause = cause;
	f->since_us = now_us;
	f->deadline_us = NEVER;
	f->preempt_at_us = 0;
	f->master_left = f->lease_over = f->is_preempting = false;
	return VRRP_NOTIFY;
}

/* An advert leaves now: the next one is due an interval later. */
static unsigned advertise(struct vrrp_fsm *f, int64_t now_us)
{
	f->sent_us = now_us;
	f->deadline_us = now_us + f->params->adver_us;
	return VRRP_SEND_ADVERT;
}

static unsigned take_over(struct vrrp_fsm *f, enum vrrp_cause cause, int64_t now_us)
{
	unsigned actions = enter(f, VRRP_ACTIVE, cause, now_us);

	f->active_adver_us = f->params->adver_us;
	return actions | VRRP_ADD_ADDRS | advertise(f, now_us) | VRRP_ANNOUNCE;
}

static unsigned become_backup(struct vrrp_fsm *f, enum vrrp_cause cause, int64_t now_us)
{
	unsigned actions = enter(f, VRRP_BACKUP, cause, now_us);

	f->active_adver_us = f->params->adver_us;
	f->deadline_us = now_us + vrrp_fsm_down_us(f);
	return actions;
}

static unsigned start(struct vrrp_fsm *f, int64_t now_us)
{
	if (is_owner(f))
		return take_over(f, VRRP_CAUSE_STARTUP, now_us);
	return become_backup(f, VRRP_CAUSE_STARTUP, now_us);
}

/* Leave ACTIVE for good: the addresses go first, then the peers are told. */
static unsigned let_go(void)
{
	return VRRP_DEL_ADDRS | VRRP_SEND_HANDOVER | VRRP_SEND_ZERO;
}

/* A router we obey was heard: its interval counts, the wait starts again. */
static void follow(struct vrrp_fsm *f, const struct vrrp_event *ev, int64_t now_us)
{
	if (f->params->version == 3 && ev->adver_us > 0)
		f->active_adver_us = ev->adver_us;
	f->deadline_us = now_us + vrrp_fsm_down_us(f);
	f->master_left = false;
	f->lease_over = false;
	f->is_preempting = false;
}

/* A better ACTIVE router was heard while we are ACTIVE. */
static unsigned yield(struct vrrp_fsm *f, const struct vrrp_event *ev, int64_t now_us)
{
	unsigned last_word = f->params->higher_prio_send_advert ? VRRP_SEND_ADVERT : 0;
	bool trackers_did_it =
		f->priority < f->params->priority && ev->priority <= f->params->priority;
	unsigned actions =
		enter(f, VRRP_BACKUP,
		      trackers_did_it ? VRRP_CAUSE_PRIORITY : VRRP_CAUSE_HIGHER_PRIORITY, now_us);

	follow(f, ev, now_us);
	return actions | last_word | VRRP_DEL_ADDRS;
}

static unsigned step_init(struct vrrp_fsm *f, const struct vrrp_event *ev, int64_t now_us)
{
	switch (ev->kind) {
	case VRRP_EV_STARTUP:
		return start(f, now_us);
	case VRRP_EV_FAULT:
		return enter(f, VRRP_FAULT, VRRP_CAUSE_FAULT, now_us);
	case VRRP_EV_PRIORITY:
		f->priority = ev->priority;
		return 0;
	case VRRP_EV_SHUTDOWN:
	case VRRP_EV_TIMER:
	case VRRP_EV_ADVERT:
	case VRRP_EV_RECOVER:
	case VRRP_EV_HANDOVER:
	case VRRP_EV_GROUP_ACTIVE:
	case VRRP_EV_GROUP_BACKUP:
	case VRRP_EV_LEASE:
	case VRRP_EV_STALL:
		return 0;
	}
	UNREACHABLE();
}

/* A worse router is ACTIVE. Without a delay we go on waiting for Active_Down_Timer, as the RFC
 * says; preempt_delay holds us back as if it were better. */
static void hear_worse(struct vrrp_fsm *f, const struct vrrp_event *ev, int64_t now_us)
{
	if (f->params->preempt_delay_us > 0 && !f->master_left) {
		if (f->preempt_at_us == 0)
			f->preempt_at_us = now_us + f->params->preempt_delay_us;
		if (now_us < f->preempt_at_us) {
			follow(f, ev, now_us);
			return;
		}
	}
	f->is_preempting = true;
}

static void backup_advert(struct vrrp_fsm *f, const struct vrrp_event *ev, int64_t now_us)
{
	if (ev->priority == 0) {
		f->deadline_us = now_us + vrrp_fsm_skew_us(f);
		f->master_left = true;
	} else if (!may_preempt(f) || ev->priority >= f->priority) {
		if (ev->priority >= f->priority)
			f->preempt_at_us = 0;
		follow(f, ev, now_us);
	} else {
		hear_worse(f, ev, now_us);
	}
}

/* Skew_Time follows our priority: move the deadline by the difference. */
static void backup_priority(struct vrrp_fsm *f, uint8_t priority)
{
	int64_t before = vrrp_fsm_skew_us(f);

	f->priority = priority;
	f->deadline_us += vrrp_fsm_skew_us(f) - before;
}

static unsigned backup_timer(struct vrrp_fsm *f, int64_t now_us)
{
	enum vrrp_cause cause = VRRP_CAUSE_MASTER_DOWN;

	if (now_us < f->deadline_us)
		return 0;
	if (f->master_left)
		cause = VRRP_CAUSE_MASTER_LEFT;
	else if (f->lease_over)
		cause = VRRP_CAUSE_LEASE;
	else if (f->is_preempting)
		cause = VRRP_CAUSE_PREEMPT;
	return take_over(f, cause, now_us);
}

/* The master may be dead, frozen or cut off: in each case nobody will hold the addresses. */
static void backup_lease(struct vrrp_fsm *f, int64_t now_us)
{
	int64_t at_us = now_us + (256 - f->priority) * LEASE_SKEW_US / 256;

	if (at_us >= f->deadline_us)
		return;
	f->deadline_us = at_us;
	f->lease_over = true;
}

static unsigned step_backup(struct vrrp_fsm *f, const struct vrrp_event *ev, int64_t now_us)
{
	switch (ev->kind) {
	case VRRP_EV_SHUTDOWN:
		return enter(f, VRRP_INIT, VRRP_CAUSE_SHUTDOWN, now_us);
	case VRRP_EV_TIMER:
		return backup_timer(f, now_us);
	case VRRP_EV_ADVERT:
		backup_advert(f, ev, now_us);
		return 0;
	case VRRP_EV_PRIORITY:
		backup_priority(f, ev->priority);
		return 0;
	case VRRP_EV_FAULT:
		return enter(f, VRRP_FAULT, VRRP_CAUSE_FAULT, now_us);
	case VRRP_EV_HANDOVER: /* the ACTIVE router asked: preemption is not the question */
		return take_over(f, VRRP_CAUSE_HANDOVER, now_us);
	case VRRP_EV_GROUP_ACTIVE:
		return take_over(f, VRRP_CAUSE_GROUP, now_us);
	case VRRP_EV_LEASE:
		backup_lease(f, now_us);
		return 0;
	case VRRP_EV_STALL: /* we may have slept through adverts: listen before we claim */
		f->deadline_us = now_us + vrrp_fsm_down_us(f);
		f->master_left = false;
		f->lease_over = false;
		f->is_preempting = false;
		return 0;
	case VRRP_EV_STARTUP:
	case VRRP_EV_RECOVER:
	case VRRP_EV_GROUP_BACKUP:
		return 0;
	}
	UNREACHABLE();
}

/* Higher priority wins, the greater address decides between equals. */
static bool is_better(const struct vrrp_fsm *f, const struct vrrp_event *ev)
{
	return ev->priority > f->priority || (ev->priority == f->priority && ev->is_addr_greater);
}

static unsigned active_advert(struct vrrp_fsm *f, const struct vrrp_event *ev, int64_t now_us)
{
	if (ev->priority == 0) /* somebody else left: tell those who wait that we are here */
		return advertise(f, now_us);
	if (is_better(f, ev))
		return yield(f, ev, now_us);
	return (f->params->lower_prio_no_advert ? 0 : advertise(f, now_us)) | VRRP_REANNOUNCE;
}

static unsigned active_priority(struct vrrp_fsm *f, const struct vrrp_event *ev, int64_t now_us)
{
	uint8_t before = f->priority;
	unsigned actions;

	if (ev->priority == before)
		return 0;
	f->priority = ev->priority;
	actions = advertise(f, now_us);
	/* make before break: we serve until the peer's first advert */
	if (f->priority < before && f->priority < ev->peer_priority)
		actions |= VRRP_SEND_HANDOVER;
	return actions;
}

/* Peers have seen no advert of ours for as long as they wait: one of them is ACTIVE by now. Step
 * down before we speak. */
static bool has_overslept(const struct vrrp_fsm *f, int64_t now_us)
{
	return now_us - f->sent_us > n_down(f) * f->params->adver_us + vrrp_fsm_skew_us(f);
}

static unsigned oversleep(struct vrrp_fsm *f, int64_t now_us)
{
	return become_backup(f, VRRP_CAUSE_STALL, now_us) | VRRP_DEL_ADDRS;
}

static unsigned step_active(struct vrrp_fsm *f, const struct vrrp_event *ev, int64_t now_us)
{
	switch (ev->kind) {
	case VRRP_EV_SHUTDOWN:
		return enter(f, VRRP_INIT, VRRP_CAUSE_SHUTDOWN, now_us) | let_go();
	case VRRP_EV_TIMER: /* Adver_Timer */
		return now_us < f->deadline_us ? 0 : advertise(f, now_us);
	case VRRP_EV_ADVERT:
		return active_advert(f, ev, now_us);
	case VRRP_EV_PRIORITY:
		return active_priority(f, ev, now_us);
	case VRRP_EV_FAULT:
		return enter(f, VRRP_FAULT, VRRP_CAUSE_FAULT, now_us) | let_go();
	case VRRP_EV_STALL:
		return oversleep(f, now_us);
	case VRRP_EV_GROUP_BACKUP: /* others need not wait for our silence */
		return become_backup(f, VRRP_CAUSE_GROUP, now_us) | let_go();
	case VRRP_EV_STARTUP:
	case VRRP_EV_RECOVER:
	case VRRP_EV_HANDOVER:
	case VRRP_EV_GROUP_ACTIVE:
	case VRRP_EV_LEASE:
		return 0;
	}
	UNREACHABLE();
}

static unsigned step_fault(struct vrrp_fsm *f, const struct vrrp_event *ev, int64_t now_us)
{
	switch (ev->kind) {
	case VRRP_EV_RECOVER:
		if (is_owner(f))
			return take_over(f, VRRP_CAUSE_RECOVER, now_us);
		return become_backup(f, VRRP_CAUSE_RECOVER, now_us);
	case VRRP_EV_SHUTDOWN:
		return enter(f, VRRP_INIT, VRRP_CAUSE_SHUTDOWN, now_us);
	case VRRP_EV_PRIORITY:
		f->priority = ev->priority;
		return 0;
	case VRRP_EV_STARTUP:
	case VRRP_EV_TIMER:
	case VRRP_EV_ADVERT:
	case VRRP_EV_FAULT:
	case VRRP_EV_HANDOVER:
	case VRRP_EV_GROUP_ACTIVE:
	case VRRP_EV_GROUP_BACKUP:
	case VRRP_EV_LEASE:
	case VRRP_EV_STALL:
		return 0;
	}
	UNREACHABLE();
}

void vrrp_fsm_init(struct vrrp_fsm *f, const struct vrrp_params *params)
{
	*f = (struct vrrp_fsm){
		.params = params,
		.state = VRRP_INIT,
		.priority = params->priority,
		.deadline_us = NEVER,
		.active_adver_us = params->adver_us,
	};
}

unsigned vrrp_fsm_step(struct vrrp_fsm *f, const struct vrrp_event *ev, int64_t now_us)
{
	unsigned actions = 0;

	if (f->state == VRRP_ACTIVE && has_overslept(f, now_us)) {
		actions = oversleep(f, now_us);
		/* a hand-over that we slept through is stale, and the timer is fresh */
		if (ev->kind == VRRP_EV_HANDOVER || ev->kind == VRRP_EV_GROUP_ACTIVE ||
		    ev->kind == VRRP_EV_LEASE || ev->kind == VRRP_EV_STALL)
			return actions;
	}
	switch (f->state) {
	case VRRP_INIT:
		return actions | step_init(f, ev, now_us);
	case VRRP_BACKUP:
		return actions | step_backup(f, ev, now_us);
	case VRRP_ACTIVE:
		return actions | step_active(f, ev, now_us);
	case VRRP_FAULT:
		return actions | step_fault(f, ev, now_us);
	}
	UNREACHABLE();
}

const char *vrrp_state_text(enum vrrp_state s)
{
	switch (s) {
	case VRRP_INIT:
		return "INIT";
	case VRRP_BACKUP:
		return "BACKUP";
	case VRRP_ACTIVE:
		return "MASTER";
	case VRRP_FAULT:
		return "FAULT";
	}
	UNREACHABLE();
}

const char *vrrp_cause_text(enum vrrp_cause c)
{
	static const char *const text[] = {
		[VRRP_CAUSE_NONE] = "none",
		[VRRP_CAUSE_STARTUP] = "startup",
		[VRRP_CAUSE_MASTER_DOWN] = "no advert in time",
		[VRRP_CAUSE_MASTER_LEFT] = "master left (priority 0)",
		[VRRP_CAUSE_PREEMPT] = "preempted a lower priority",
		[VRRP_CAUSE_HANDOVER] = "hand-over asked by the master",
		[VRRP_CAUSE_HIGHER_PRIORITY] = "better advert heard",
		[VRRP_CAUSE_FAULT] = "fault",
		[VRRP_CAUSE_RECOVER] = "fault is over",
		[VRRP_CAUSE_STALL] = "stalled longer than the dead time",
		[VRRP_CAUSE_LEASE] = "the silent master's addresses end",
		[VRRP_CAUSE_PRIORITY] = "own priority lowered",
		[VRRP_CAUSE_GROUP] = "the sync group moved",
		[VRRP_CAUSE_SHUTDOWN] = "shutdown",
	};

	ASSERT((size_t)c < ARRAY_LEN(text));
	return text[c];
}
