/* history.h - the last transitions, with their causes and what they cost. Pure: a ring. */
#ifndef VRRPD_HISTORY_H
#define VRRPD_HISTORY_H

#include <stdint.h>

#include "vrrp_fsm.h"

#define HISTORY_MAX     1000
#define HISTORY_UNKNOWN INT64_C(-1)

struct history_entry {
	int64_t real_us, mono_us;
	int64_t lasted_us; /* how long the state before lasted */
	/* For how long nobody answered for the addresses, at most; HISTORY_UNKNOWN: nobody was
	 * heard before (or since). Becoming MASTER: since the last sign of the former one. Leaving:
	 * until the first advert of the next one. */
	int64_t outage_us;
	char instance[32];
	enum vrrp_state from, to;
	enum vrrp_cause cause;
	char detail[64];
};

struct history {
	struct history_entry ring[HISTORY_MAX];
	uint64_t n; /* ever */
};

/* Takes over a copy; lasted_us is filled in, with start_us for the first entry of an instance. */
void history_add(struct history *h, const struct history_entry *e, int64_t start_us);
/* The k-th of what is kept, 0: the oldest; NULL: there are not so many. */
const struct history_entry *history_at(const struct history *h, unsigned k);
unsigned history_count(const struct history *h);
/* The last entry of an instance; NULL: none is kept. */
struct history_entry *history_last(struct history *h, const char *instance);
/* Another router is master since now: the outage of our leaving is known. */
void history_settle(struct history *h, const char *instance, int64_t outage_us);

/* Pure: the outage of a takeover. since_sign_us: since the former master was heard last, or
 * HISTORY_UNKNOWN. */
int64_t history_takeover_outage_us(enum vrrp_cause cause, int64_t since_sign_us);

#endif
