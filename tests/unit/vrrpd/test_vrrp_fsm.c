/* test_vrrp_fsm.c - the state machine, state by event by condition. */
#include <stdlib.h>
#include <tandem/clock.h>

#include "../../lib/unit.h"
#include "vrrp_fsm.h"

#define SEC   US_PER_S
#define NEVER INT64_MAX
#define NOW   (100 * SEC)
/* Of priority 100, at an interval of one second. */
#define SKEW       INT64_C(609375)
#define DOWN       (3 * SEC + SKEW)
#define LEASE_SKEW INT64_C(30468) /* 156 / 256 of 50 ms */

#define TAKE_OVER (VRRP_ADD_ADDRS | VRRP_SEND_ADVERT | VRRP_ANNOUNCE | VRRP_NOTIFY)
#define LET_GO    (VRRP_DEL_ADDRS | VRRP_SEND_HANDOVER | VRRP_SEND_ZERO | VRRP_NOTIFY)
#define YIELD     (VRRP_DEL_ADDRS | VRRP_NOTIFY)
#define ASSERT_IT (VRRP_SEND_ADVERT | VRRP_REANNOUNCE)

/* Variations of the instance: priority 100, version 3, preempting, interval one second. */
enum variant {
	PLAIN,
	V2,
	NOPREEMPT,
	DELAYED, /* preempt_delay 10 s */
	OWNER,
	OWNER_NOPREEMPT,
	LAST_WORD, /* higher_prio_send_advert */
	QUIET,     /* lower_prio_no_advert */
	MASTER,    /* state MASTER */
	LOWERED,   /* base 100, trackers took 20 */
	N_VARIANTS
};

static const struct vrrp_params params[N_VARIANTS] = {
	[PLAIN] = { .priority = 100, .version = 3, .preempt = true, .adver_us = SEC },
	[V2] = { .priority = 100, .version = 2, .preempt = true, .adver_us = SEC },
	[NOPREEMPT] = { .priority = 100, .version = 3, .adver_us = SEC },
	[DELAYED] = { .priority = 100,
		      .version = 3,
		      .preempt = true,
		      .adver_us = SEC,
		      .preempt_delay_us = 10 * SEC },
	[OWNER] = { .priority = 255, .version = 3, .preempt = true, .adver_us = SEC },
	[OWNER_NOPREEMPT] = { .priority = 255, .version = 3, .adver_us = SEC },
	[QUIET] = { .priority = 100,
		    .version = 3,
		    .preempt = true,
		    .adver_us = SEC,
		    .lower_prio_no_advert = true },
	[LAST_WORD] = { .priority = 100,
			.version = 3,
			.preempt = true,
			.adver_us = SEC,
			.higher_prio_send_advert = true },
	[MASTER] = { .priority = 100,
		     .version = 3,
		     .preempt = true,
		     .adver_us = SEC,
		     .start_as_master = true },
	[LOWERED] = { .priority = 100, .version = 3, .preempt = true, .adver_us = SEC },
};

/* Before each step: BACKUP's timer fires a second from NOW, ACTIVE sent 300 ms ago. */
#define IN_BACKUP (NOW + SEC)
#define IN_ACTIVE (NOW + 700 * US_PER_MS)

#define EV(k)                                                                                      \
	{                                                                                          \
		.kind = VRRP_EV_##k                                                                \
	}
#define ADVERT(p)                                                                                  \
	{                                                                                          \
		.kind = VRRP_EV_ADVERT, .priority = (p), .adver_us = SEC                           \
	}
#define ADVERT_AT(p, adver)                                                                        \
	{                                                                                          \
		.kind = VRRP_EV_ADVERT, .priority = (p), .adver_us = (adver)                       \
	}
#define ADVERT_UP(p)                                                                               \
	{                                                                                          \
		.kind = VRRP_EV_ADVERT, .priority = (p), .adver_us = SEC, .is_addr_greater = true  \
	}
#define PRIO(p)                                                                                    \
	{                                                                                          \
		.kind = VRRP_EV_PRIORITY, .priority = (p)                                          \
	}
#define PRIO_PEER(p, q)                                                                            \
	{                                                                                          \
		.kind = VRRP_EV_PRIORITY, .priority = (p), .peer_priority = (q)                    \
	}

static const struct {
	const char *name;
	enum variant variant;
	enum vrrp_state from;
	int64_t late_us; /* how long after NOW the event comes */
	struct vrrp_event ev;
	enum vrrp_state to;
	unsigned actions;
	int64_t deadline_us;   /* from the event on; NEVER; -1: as before */
	enum vrrp_cause cause; /* checked when VRRP_NOTIFY is asked for */
} rows[] = {
	/* INIT */
	{ "start", PLAIN, VRRP_INIT, 0, EV(STARTUP), VRRP_BACKUP, VRRP_NOTIFY, DOWN,
	  VRRP_CAUSE_STARTUP },
	{ "start, version 2", V2, VRRP_INIT, 0, EV(STARTUP), VRRP_BACKUP, VRRP_NOTIFY, DOWN,
	  VRRP_CAUSE_STARTUP },
	{ "start as MASTER listens as long", MASTER, VRRP_INIT, 0, EV(STARTUP), VRRP_BACKUP,
	  VRRP_NOTIFY, DOWN, VRRP_CAUSE_STARTUP },
	{ "start, nopreempt", NOPREEMPT, VRRP_INIT, 0, EV(STARTUP), VRRP_BACKUP, VRRP_NOTIFY, DOWN,
	  VRRP_CAUSE_STARTUP },
	{ "the owner starts as ACTIVE", OWNER, VRRP_INIT, 0, EV(STARTUP), VRRP_ACTIVE, TAKE_OVER,
	  SEC, VRRP_CAUSE_STARTUP },
	{ "in fault before the start", PLAIN, VRRP_INIT, 0, EV(FAULT), VRRP_FAULT, VRRP_NOTIFY,
	  NEVER, VRRP_CAUSE_FAULT },
	{ "the owner in fault before the start", OWNER, VRRP_INIT, 0, EV(FAULT), VRRP_FAULT,
	  VRRP_NOTIFY, NEVER, VRRP_CAUSE_FAULT },
	{ "INIT hears nothing", PLAIN, VRRP_INIT, 0, ADVERT(1), VRRP_INIT, 0, NEVER, 0 },
	{ "INIT has no timer", PLAIN, VRRP_INIT, SEC, EV(TIMER), VRRP_INIT, 0, NEVER, 0 },
	{ "INIT: shutdown", PLAIN, VRRP_INIT, 0, EV(SHUTDOWN), VRRP_INIT, 0, NEVER, 0 },
	{ "INIT: recover", PLAIN, VRRP_INIT, 0, EV(RECOVER), VRRP_INIT, 0, NEVER, 0 },
	{ "INIT: hand-over", PLAIN, VRRP_INIT, 0, EV(HANDOVER), VRRP_INIT, 0, NEVER, 0 },
	{ "INIT: stall", PLAIN, VRRP_INIT, 0, EV(STALL), VRRP_INIT, 0, NEVER, 0 },
	{ "INIT: priority", PLAIN, VRRP_INIT, 0, PRIO(50), VRRP_INIT, 0, NEVER, 0 },

	/* BACKUP: timer */
	{ "silence: take over", PLAIN, VRRP_BACKUP, SEC, EV(TIMER), VRRP_ACTIVE, TAKE_OVER, SEC,
	  VRRP_CAUSE_MASTER_DOWN },
	{ "silence, nopreempt: take over", NOPREEMPT, VRRP_BACKUP, SEC, EV(TIMER), VRRP_ACTIVE,
	  TAKE_OVER, SEC, VRRP_CAUSE_MASTER_DOWN },
	{ "a late timer still takes over", PLAIN, VRRP_BACKUP, 3 * SEC, EV(TIMER), VRRP_ACTIVE,
	  TAKE_OVER, SEC, VRRP_CAUSE_MASTER_DOWN },
	{ "an early timer is ignored", PLAIN, VRRP_BACKUP, SEC - 1, EV(TIMER), VRRP_BACKUP, 0, -1,
	  0 },
	/* BACKUP: adverts */
	{ "better: wait", PLAIN, VRRP_BACKUP, 0, ADVERT(101), VRRP_BACKUP, 0, DOWN, 0 },
	{ "equal: wait", PLAIN, VRRP_BACKUP, 0, ADVERT(100), VRRP_BACKUP, 0, DOWN, 0 },
	{ "equal, greater address: wait", PLAIN, VRRP_BACKUP, 0, ADVERT_UP(100), VRRP_BACKUP, 0,
	  DOWN, 0 },
	{ "the owner: wait", PLAIN, VRRP_BACKUP, 0, ADVERT(255), VRRP_BACKUP, 0, DOWN, 0 },
	{ "worse: the timer runs on", PLAIN, VRRP_BACKUP, 0, ADVERT(99), VRRP_BACKUP, 0, -1, 0 },
	{ "worse, version 2: the timer runs on", V2, VRRP_BACKUP, 0, ADVERT(99), VRRP_BACKUP, 0, -1,
	  0 },
	{ "worse, nopreempt: wait", NOPREEMPT, VRRP_BACKUP, 0, ADVERT(1), VRRP_BACKUP, 0, DOWN, 0 },
	{ "worse, preempt_delay begins: wait", DELAYED, VRRP_BACKUP, 0, ADVERT(99), VRRP_BACKUP, 0,
	  DOWN, 0 },
	{ "better, preempt_delay: wait", DELAYED, VRRP_BACKUP, 0, ADVERT(101), VRRP_BACKUP, 0, DOWN,
	  0 },
	{ "worse, an owner in BACKUP preempts always", OWNER_NOPREEMPT, VRRP_BACKUP, 0, ADVERT(254),
	  VRRP_BACKUP, 0, -1, 0 },
	{ "priority 0: Skew_Time", PLAIN, VRRP_BACKUP, 0, ADVERT(0), VRRP_BACKUP, 0, SKEW, 0 },
	{ "priority 0, nopreempt: Skew_Time", NOPREEMPT, VRRP_BACKUP, 0, ADVERT(0), VRRP_BACKUP, 0,
	  SKEW, 0 },
	{ "priority 0, preempt_delay: Skew_Time", DELAYED, VRRP_BACKUP, 0, ADVERT(0), VRRP_BACKUP,
	  0, SKEW, 0 },
	{ "version 3 learns the interval", PLAIN, VRRP_BACKUP, 0, ADVERT_AT(101, SEC / 10),
	  VRRP_BACKUP, 0, DOWN / 10, 0 },
	{ "version 3 learns a longer interval", PLAIN, VRRP_BACKUP, 0, ADVERT_AT(101, 2 * SEC),
	  VRRP_BACKUP, 0, 2 * DOWN, 0 },
	{ "version 2 does not learn", V2, VRRP_BACKUP, 0, ADVERT_AT(101, 2 * SEC), VRRP_BACKUP, 0,
	  DOWN, 0 },
	{ "a discarded advert teaches nothing", PLAIN, VRRP_BACKUP, 0, ADVERT_AT(99, SEC / 10),
	  VRRP_BACKUP, 0, -1, 0 },
	{ "an interval of 0 is not learned", PLAIN, VRRP_BACKUP, 0, ADVERT_AT(101, 0), VRRP_BACKUP,
	  0, DOWN, 0 },
	/* BACKUP: the rest */
	{ "BACKUP: shutdown is silent", PLAIN, VRRP_BACKUP, 0, EV(SHUTDOWN), VRRP_INIT, VRRP_NOTIFY,
	  NEVER, VRRP_CAUSE_SHUTDOWN },
	{ "BACKUP: fault is silent", PLAIN, VRRP_BACKUP, 0, EV(FAULT), VRRP_FAULT, VRRP_NOTIFY,
	  NEVER, VRRP_CAUSE_FAULT },
	{ "BACKUP: hand-over", PLAIN, VRRP_BACKUP, 0, EV(HANDOVER), VRRP_ACTIVE, TAKE_OVER, SEC,
	  VRRP_CAUSE_HANDOVER },
	{ "BACKUP: the master's lease ends", PLAIN, VRRP_BACKUP, 0, EV(LEASE), VRRP_BACKUP, 0,
	  LEASE_SKEW, 0 },
	{ "BACKUP: a lease ends, nopreempt", NOPREEMPT, VRRP_BACKUP, 0, EV(LEASE), VRRP_BACKUP, 0,
	  LEASE_SKEW, 0 },
	{ "BACKUP: hand-over, nopreempt", NOPREEMPT, VRRP_BACKUP, 0, EV(HANDOVER), VRRP_ACTIVE,
	  TAKE_OVER, SEC, VRRP_CAUSE_HANDOVER },
	{ "BACKUP: stall listens anew", PLAIN, VRRP_BACKUP, 0, EV(STALL), VRRP_BACKUP, 0, DOWN, 0 },
	{ "BACKUP: start again", PLAIN, VRRP_BACKUP, 0, EV(STARTUP), VRRP_BACKUP, 0, -1, 0 },
	{ "BACKUP: recover", PLAIN, VRRP_BACKUP, 0, EV(RECOVER), VRRP_BACKUP, 0, -1, 0 },
	{ "BACKUP: a higher priority shortens Skew_Time", PLAIN, VRRP_BACKUP, 0, PRIO(228),
	  VRRP_BACKUP, 0, SEC - 500 * US_PER_MS, 0 },
	{ "BACKUP: a lower priority lengthens it", PLAIN, VRRP_BACKUP, 0, PRIO(36), VRRP_BACKUP, 0,
	  SEC + 250 * US_PER_MS, 0 },
	{ "BACKUP: the same priority", PLAIN, VRRP_BACKUP, 0, PRIO(100), VRRP_BACKUP, 0, -1, 0 },

	/* ACTIVE: timer */
	{ "Adver_Timer", PLAIN, VRRP_ACTIVE, 700 * US_PER_MS, EV(TIMER), VRRP_ACTIVE,
	  VRRP_SEND_ADVERT, SEC, 0 },
	{ "ACTIVE: an early timer is ignored", PLAIN, VRRP_ACTIVE, 0, EV(TIMER), VRRP_ACTIVE, 0, -1,
	  0 },
	{ "ACTIVE: a timer late by less than the dead time", PLAIN, VRRP_ACTIVE, 3 * SEC, EV(TIMER),
	  VRRP_ACTIVE, VRRP_SEND_ADVERT, SEC, 0 },
	{ "ACTIVE: overslept, timer", PLAIN, VRRP_ACTIVE, 4 * SEC, EV(TIMER), VRRP_BACKUP, YIELD,
	  DOWN, VRRP_CAUSE_STALL },
	/* ACTIVE: adverts */
	{ "better: yield", PLAIN, VRRP_ACTIVE, 0, ADVERT(101), VRRP_BACKUP, YIELD, DOWN,
	  VRRP_CAUSE_HIGHER_PRIORITY },
	{ "better, nopreempt: yield", NOPREEMPT, VRRP_ACTIVE, 0, ADVERT(101), VRRP_BACKUP, YIELD,
	  DOWN, VRRP_CAUSE_HIGHER_PRIORITY },
	{ "equal, greater address: yield", PLAIN, VRRP_ACTIVE, 0, ADVERT_UP(100), VRRP_BACKUP,
	  YIELD, DOWN, VRRP_CAUSE_HIGHER_PRIORITY },
	{ "equal, smaller address: assert", PLAIN, VRRP_ACTIVE, 0, ADVERT(100), VRRP_ACTIVE,
	  ASSERT_IT, SEC, 0 },
	{ "worse, lower_prio_no_advert: announce only", QUIET, VRRP_ACTIVE, 0, ADVERT(99),
	  VRRP_ACTIVE, VRRP_REANNOUNCE, 700 * SEC / 1000, 0 },
	{ "worse: assert", PLAIN, VRRP_ACTIVE, 0, ADVERT(99), VRRP_ACTIVE, ASSERT_IT, SEC, 0 },
	{ "worse, greater address: assert", PLAIN, VRRP_ACTIVE, 0, ADVERT_UP(99), VRRP_ACTIVE,
	  ASSERT_IT, SEC, 0 },
	{ "worse, nopreempt: assert", NOPREEMPT, VRRP_ACTIVE, 0, ADVERT(99), VRRP_ACTIVE, ASSERT_IT,
	  SEC, 0 },
	{ "worse, version 2: assert", V2, VRRP_ACTIVE, 0, ADVERT(99), VRRP_ACTIVE, ASSERT_IT, SEC,
	  0 },
	{ "priority 0: advert", PLAIN, VRRP_ACTIVE, 0, ADVERT(0), VRRP_ACTIVE, VRRP_SEND_ADVERT,
	  SEC, 0 },
	{ "priority 0, greater address: advert", PLAIN, VRRP_ACTIVE, 0, ADVERT_UP(0), VRRP_ACTIVE,
	  VRRP_SEND_ADVERT, SEC, 0 },
	{ "the owner asserts against 254", OWNER, VRRP_ACTIVE, 0, ADVERT_UP(254), VRRP_ACTIVE,
	  ASSERT_IT, SEC, 0 },
	{ "two owners: the address decides", OWNER, VRRP_ACTIVE, 0, ADVERT_UP(255), VRRP_BACKUP,
	  YIELD, 3 * SEC + SEC / 256, VRRP_CAUSE_HIGHER_PRIORITY },
	{ "better, with a last word", LAST_WORD, VRRP_ACTIVE, 0, ADVERT(101), VRRP_BACKUP,
	  YIELD | VRRP_SEND_ADVERT, DOWN, VRRP_CAUSE_HIGHER_PRIORITY },
	{ "better, learn its interval", PLAIN, VRRP_ACTIVE, 0, ADVERT_AT(101, SEC / 10),
	  VRRP_BACKUP, YIELD, DOWN / 10, VRRP_CAUSE_HIGHER_PRIORITY },
	{ "better, version 2 does not learn", V2, VRRP_ACTIVE, 0, ADVERT_AT(101, 2 * SEC),
	  VRRP_BACKUP, YIELD, DOWN, VRRP_CAUSE_HIGHER_PRIORITY },
	{ "better only because trackers lowered us", LOWERED, VRRP_ACTIVE, 0, ADVERT(90),
	  VRRP_BACKUP, YIELD, 3 * SEC + 687500, VRRP_CAUSE_PRIORITY },
	{ "better even than our base", LOWERED, VRRP_ACTIVE, 0, ADVERT(101), VRRP_BACKUP, YIELD,
	  3 * SEC + 687500, VRRP_CAUSE_HIGHER_PRIORITY },
	{ "overslept, then a worse advert: step down", PLAIN, VRRP_ACTIVE, 4 * SEC, ADVERT(99),
	  VRRP_BACKUP, YIELD, DOWN, VRRP_CAUSE_STALL },
	{ "overslept, then a better advert: step down", PLAIN, VRRP_ACTIVE, 4 * SEC, ADVERT(101),
	  VRRP_BACKUP, YIELD, DOWN, VRRP_CAUSE_STALL },
	{ "overslept, then priority 0: step down, then Skew_Time", PLAIN, VRRP_ACTIVE, 4 * SEC,
	  ADVERT(0), VRRP_BACKUP, YIELD, SKEW, VRRP_CAUSE_STALL },
	/* ACTIVE: the rest */
	{ "ACTIVE: shutdown", PLAIN, VRRP_ACTIVE, 0, EV(SHUTDOWN), VRRP_INIT, LET_GO, NEVER,
	  VRRP_CAUSE_SHUTDOWN },
	{ "ACTIVE: fault", PLAIN, VRRP_ACTIVE, 0, EV(FAULT), VRRP_FAULT, LET_GO, NEVER,
	  VRRP_CAUSE_FAULT },
	{ "the owner: fault", OWNER, VRRP_ACTIVE, 0, EV(FAULT), VRRP_FAULT, LET_GO, NEVER,
	  VRRP_CAUSE_FAULT },
	{ "ACTIVE: stall is silent", PLAIN, VRRP_ACTIVE, 0, EV(STALL), VRRP_BACKUP, YIELD, DOWN,
	  VRRP_CAUSE_STALL },
	{ "ACTIVE: overslept, stall", PLAIN, VRRP_ACTIVE, 9 * SEC, EV(STALL), VRRP_BACKUP, YIELD,
	  DOWN, VRRP_CAUSE_STALL },
	{ "ACTIVE: overslept, hand-over", PLAIN, VRRP_ACTIVE, 9 * SEC, EV(HANDOVER), VRRP_BACKUP,
	  YIELD, DOWN, VRRP_CAUSE_STALL },
	{ "ACTIVE: overslept, shutdown", PLAIN, VRRP_ACTIVE, 9 * SEC, EV(SHUTDOWN), VRRP_INIT,
	  YIELD, NEVER, VRRP_CAUSE_SHUTDOWN },
	{ "ACTIVE: overslept, fault", PLAIN, VRRP_ACTIVE, 9 * SEC, EV(FAULT), VRRP_FAULT, YIELD,
	  NEVER, VRRP_CAUSE_FAULT },
	{ "ACTIVE: a lease ends", PLAIN, VRRP_ACTIVE, 0, EV(LEASE), VRRP_ACTIVE, 0, -1, 0 },
	{ "ACTIVE: hand-over", PLAIN, VRRP_ACTIVE, 0, EV(HANDOVER), VRRP_ACTIVE, 0, -1, 0 },
	{ "ACTIVE: start again", PLAIN, VRRP_ACTIVE, 0, EV(STARTUP), VRRP_ACTIVE, 0, -1, 0 },
	{ "ACTIVE: recover", PLAIN, VRRP_ACTIVE, 0, EV(RECOVER), VRRP_ACTIVE, 0, -1, 0 },
	{ "ACTIVE: the priority rose", PLAIN, VRRP_ACTIVE, 0, PRIO_PEER(120, 110), VRRP_ACTIVE,
	  VRRP_SEND_ADVERT, SEC, 0 },
	{ "ACTIVE: the priority fell, nobody is known", PLAIN, VRRP_ACTIVE, 0, PRIO(80),
	  VRRP_ACTIVE, VRRP_SEND_ADVERT, SEC, 0 },
	{ "ACTIVE: the priority fell below the peer's", PLAIN, VRRP_ACTIVE, 0, PRIO_PEER(80, 90),
	  VRRP_ACTIVE, VRRP_SEND_ADVERT | VRRP_SEND_HANDOVER, SEC, 0 },
	{ "ACTIVE: it fell, nopreempt: a weight means to move", NOPREEMPT, VRRP_ACTIVE, 0,
	  PRIO_PEER(80, 90), VRRP_ACTIVE, VRRP_SEND_ADVERT | VRRP_SEND_HANDOVER, SEC, 0 },
	{ "ACTIVE: the priority fell to the peer's", PLAIN, VRRP_ACTIVE, 0, PRIO_PEER(90, 90),
	  VRRP_ACTIVE, VRRP_SEND_ADVERT, SEC, 0 },
	{ "ACTIVE: the priority rose, still below the peer's", PLAIN, VRRP_ACTIVE, 0,
	  PRIO_PEER(110, 120), VRRP_ACTIVE, VRRP_SEND_ADVERT, SEC, 0 },
	{ "ACTIVE: the same priority", PLAIN, VRRP_ACTIVE, 0, PRIO_PEER(100, 120), VRRP_ACTIVE, 0,
	  -1, 0 },

	/* FAULT */
	{ "recover: listen", PLAIN, VRRP_FAULT, 0, EV(RECOVER), VRRP_BACKUP, VRRP_NOTIFY, DOWN,
	  VRRP_CAUSE_RECOVER },
	{ "recover, state MASTER: listen", MASTER, VRRP_FAULT, 0, EV(RECOVER), VRRP_BACKUP,
	  VRRP_NOTIFY, DOWN, VRRP_CAUSE_RECOVER },
	{ "the owner recovers to ACTIVE", OWNER, VRRP_FAULT, 0, EV(RECOVER), VRRP_ACTIVE, TAKE_OVER,
	  SEC, VRRP_CAUSE_RECOVER },
	{ "FAULT: shutdown", PLAIN, VRRP_FAULT, 0, EV(SHUTDOWN), VRRP_INIT, VRRP_NOTIFY, NEVER,
	  VRRP_CAUSE_SHUTDOWN },
	{ "FAULT: silence is no reason", PLAIN, VRRP_FAULT, 9 * SEC, EV(TIMER), VRRP_FAULT, 0,
	  NEVER, 0 },
	{ "FAULT hears nothing", PLAIN, VRRP_FAULT, 0, ADVERT(1), VRRP_FAULT, 0, NEVER, 0 },
	{ "FAULT: priority 0", PLAIN, VRRP_FAULT, 0, ADVERT(0), VRRP_FAULT, 0, NEVER, 0 },
	{ "FAULT: hand-over", PLAIN, VRRP_FAULT, 0, EV(HANDOVER), VRRP_FAULT, 0, NEVER, 0 },
	{ "FAULT: fault again", PLAIN, VRRP_FAULT, 0, EV(FAULT), VRRP_FAULT, 0, NEVER, 0 },
	{ "FAULT: start", PLAIN, VRRP_FAULT, 0, EV(STARTUP), VRRP_FAULT, 0, NEVER, 0 },
	{ "FAULT: stall", PLAIN, VRRP_FAULT, 0, EV(STALL), VRRP_FAULT, 0, NEVER, 0 },
	{ "FAULT: priority", PLAIN, VRRP_FAULT, 0, PRIO(50), VRRP_FAULT, 0, NEVER, 0 },
};

static struct vrrp_fsm make(enum variant v, enum vrrp_state state)
{
	struct vrrp_fsm f;

	vrrp_fsm_init(&f, &params[v]);
	f.state = state;
	if (v == LOWERED)
		f.priority = 80;
	if (state == VRRP_BACKUP)
		f.deadline_us = IN_BACKUP;
	if (state == VRRP_ACTIVE) {
		f.deadline_us = IN_ACTIVE;
		f.sent_us = f.deadline_us - SEC;
	}
	return f;
}

START_TEST(test_step)
{
	struct vrrp_fsm f = make(rows[_i].variant, rows[_i].from);
	int64_t now = NOW + rows[_i].late_us, want = rows[_i].deadline_us;
	unsigned actions;

	if (want == -1)
		want = f.deadline_us;
	else if (want != NEVER)
		want += now;
	actions = vrrp_fsm_step(&f, &rows[_i].ev, now);
	ck_assert_msg(f.state == rows[_i].to, "%s: state %s", rows[_i].name,
		      vrrp_state_text(f.state));
	ck_assert_msg(actions == rows[_i].actions, "%s: actions %#x, not %#x", rows[_i].name,
		      actions, rows[_i].actions);
	ck_assert_msg(f.deadline_us == want, "%s: deadline %lld, not %lld", rows[_i].name,
		      (long long)(f.deadline_us - now), (long long)(want - now));
	if (actions & VRRP_NOTIFY) {
		ck_assert_msg(f.cause == rows[_i].cause, "%s: cause %s", rows[_i].name,
			      vrrp_cause_text(f.cause));
		ck_assert_int_eq(f.since_us, now);
	}
	if (rows[_i].ev.kind == VRRP_EV_PRIORITY)
		ck_assert_uint_eq(f.priority, rows[_i].ev.priority);
}
END_TEST

/* Whatever the state and the event: addresses come and go exactly with ACTIVE. */
START_TEST(test_addresses_follow_the_state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct vrrp_fsm f = make(rows[i].variant, rows[i].from);
		bool was = f.state == VRRP_ACTIVE, is;
		unsigned actions = vrrp_fsm_step(&f, &rows[i].ev, NOW + rows[i].late_us);

		is = f.state == VRRP_ACTIVE;
		ck_assert_int_eq(!!(actions & VRRP_ADD_ADDRS), !was && is);
		ck_assert_int_eq(!!(actions & VRRP_DEL_ADDRS), was && !is);
		ck_assert_int_eq(!!(actions & VRRP_NOTIFY), f.state != rows[i].from);
	}
}
END_TEST

static const struct {
	const char *name;
	unsigned version;
	uint8_t priority;
	int64_t adver_us, skew_us;
} skews[] = {
	{ "v3, 100", 3, 100, SEC, 609375 },
	{ "v3, 1", 3, 1, SEC, 996093 },
	{ "v3, 254", 3, 254, SEC, 7812 },
	{ "v3, 255", 3, 255, SEC, 3906 },
	{ "v3, 10 ms", 3, 100, 10 * US_PER_MS, 6093 },
	{ "v3, 40.95 s", 3, 128, 40950 * US_PER_MS, 20475000 },
	{ "v2, 100", 2, 100, SEC, 609375 },
	{ "v2: not by the interval", 2, 100, 5 * SEC, 609375 },
	{ "v2, 1", 2, 1, SEC, 996093 },
};

START_TEST(test_skew)
{
	struct vrrp_params p = { .priority = skews[_i].priority,
				 .version = skews[_i].version,
				 .adver_us = skews[_i].adver_us };
	struct vrrp_fsm f;

	vrrp_fsm_init(&f, &p);
	ck_assert_msg(vrrp_fsm_skew_us(&f) == skews[_i].skew_us, "%s: %lld", skews[_i].name,
		      (long long)vrrp_fsm_skew_us(&f));
	ck_assert_int_eq(vrrp_fsm_down_us(&f), 3 * skews[_i].adver_us + skews[_i].skew_us);
}
END_TEST

static unsigned feed(struct vrrp_fsm *f, struct vrrp_event ev, int64_t now_us)
{
	return vrrp_fsm_step(f, &ev, now_us);
}

#define FEED(f, now, ...) feed((f), (struct vrrp_event)__VA_ARGS__, (now))

/* As measured on keepalived: from the first worse advert on the delay runs, adverts within it
 * restart the timer, the first one after it lets it run out. */
START_TEST(test_preempt_delay)
{
	struct vrrp_fsm f;
	int64_t t = NOW, last = 0;

	vrrp_fsm_init(&f, &params[DELAYED]);
	FEED(&f, t, EV(STARTUP));
	for (t = NOW + SEC; f.state == VRRP_BACKUP && t < NOW + 60 * SEC; t += SEC) {
		if (f.deadline_us <= t) {
			FEED(&f, f.deadline_us, EV(TIMER));
			break;
		}
		FEED(&f, t, ADVERT(50));
		if (t < NOW + 11 * SEC)
			last = t;
	}
	ck_assert_int_eq(f.state, VRRP_ACTIVE);
	ck_assert_int_eq(f.cause, VRRP_CAUSE_PREEMPT);
	ck_assert_int_eq(f.since_us, last + DOWN);
}
END_TEST

START_TEST(test_better_advert_ends_the_delay)
{
	struct vrrp_fsm f;

	vrrp_fsm_init(&f, &params[DELAYED]);
	FEED(&f, NOW, EV(STARTUP));
	FEED(&f, NOW + SEC, ADVERT(50));
	ck_assert_int_eq(f.preempt_at_us, NOW + 11 * SEC);
	FEED(&f, NOW + 2 * SEC, ADVERT(150));
	ck_assert_int_eq(f.preempt_at_us, 0);
	FEED(&f, NOW + 3 * SEC, ADVERT(50)); /* begins anew */
	ck_assert_int_eq(f.preempt_at_us, NOW + 13 * SEC);
}
END_TEST

START_TEST(test_causes_of_taking_over)
{
	struct vrrp_fsm f = make(PLAIN, VRRP_BACKUP);

	FEED(&f, NOW, ADVERT(0));
	FEED(&f, f.deadline_us, EV(TIMER));
	ck_assert_int_eq(f.cause, VRRP_CAUSE_MASTER_LEFT);

	f = make(PLAIN, VRRP_BACKUP);
	FEED(&f, NOW, ADVERT(99));
	FEED(&f, f.deadline_us, EV(TIMER));
	ck_assert_int_eq(f.cause, VRRP_CAUSE_PREEMPT);

	f = make(PLAIN, VRRP_BACKUP);
	FEED(&f, NOW, ADVERT(99));
	FEED(&f, NOW, ADVERT(150)); /* then that one dies */
	FEED(&f, f.deadline_us, EV(TIMER));
	ck_assert_int_eq(f.cause, VRRP_CAUSE_MASTER_DOWN);
}
END_TEST

/* Between ACTIVE and the next start the learned interval does not survive. */
START_TEST(test_learned_interval_ends_with_takeover)
{
	struct vrrp_fsm f = make(PLAIN, VRRP_BACKUP);

	FEED(&f, NOW, ADVERT_AT(150, SEC / 10));
	ck_assert_int_eq(f.active_adver_us, SEC / 10);
	FEED(&f, f.deadline_us, EV(TIMER));
	ck_assert_int_eq(f.state, VRRP_ACTIVE);
	ck_assert_int_eq(f.active_adver_us, SEC);
	ck_assert_int_eq(f.deadline_us, f.since_us + SEC);
}
END_TEST

START_TEST(test_texts)
{
	ck_assert_str_eq(vrrp_state_text(VRRP_INIT), "INIT");
	ck_assert_str_eq(vrrp_state_text(VRRP_BACKUP), "BACKUP");
	ck_assert_str_eq(vrrp_state_text(VRRP_ACTIVE), "MASTER");
	ck_assert_str_eq(vrrp_state_text(VRRP_FAULT), "FAULT");
	for (int c = VRRP_CAUSE_NONE; c <= VRRP_CAUSE_SHUTDOWN; c++)
		ck_assert(vrrp_cause_text((enum vrrp_cause)c)[0]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("vrrp_fsm");
	TCase *tc = tcase_create("fsm");

	tcase_add_loop_test(tc, test_step, 0, ARRAY_LEN(rows));
	tcase_add_test(tc, test_addresses_follow_the_state);
	tcase_add_loop_test(tc, test_skew, 0, ARRAY_LEN(skews));
	tcase_add_test(tc, test_preempt_delay);
	tcase_add_test(tc, test_better_advert_ends_the_delay);
	tcase_add_test(tc, test_causes_of_taking_over);
	tcase_add_test(tc, test_learned_interval_ends_with_takeover);
	tcase_add_test(tc, test_texts);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
