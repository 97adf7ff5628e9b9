/* history.c - the last transitions. */
#include "history.h"

#include <string.h>

unsigned history_count(const struct history *h)
{
	return h->n < HISTORY_MAX ? (unsigned)h->n : HISTORY_MAX;
}

const struct history_entry *history_at(const struct history *h, unsigned k)
{
	unsigned kept = history_count(h);

	return k < kept ? &h->ring[(h->n - kept + k) % HISTORY_MAX] : NULL;
}

struct history_entry *history_last(struct history *h, const char *instance)
{
	for (unsigned k = history_count(h); k > 0; k--) {
		struct history_entry *e = (struct history_entry *)history_at(h, k - 1);

		if (e && strncmp(e->instance, instance, sizeof(e->instance) - 1) == 0)
			return e;
	}
	return NULL;
}

void history_add(struct history *h, const struct history_entry *e, int64_t start_us)
{
	const struct history_entry *before = history_last(h, e->instance);
	int64_t lasted_us = e->mono_us - (before ? before->mono_us : start_us);
	struct history_entry *at = &h->ring[h->n % HISTORY_MAX];

	*at = *e; /* may be the place of `before` */
	at->lasted_us = lasted_us;
	h->n++;
}

void history_settle(struct history *h, const char *instance, int64_t outage_us)
{
	struct history_entry *e = history_last(h, instance);

	if (e && e->from == VRRP_ACTIVE && e->outage_us == HISTORY_UNKNOWN)
		e->outage_us = outage_us;
}

int64_t history_takeover_outage_us(enum vrrp_cause cause, int64_t since_sign_us)
{
	switch (cause) {
	case VRRP_CAUSE_MASTER_DOWN:
	case VRRP_CAUSE_MASTER_LEFT:
	case VRRP_CAUSE_LEASE:
		return since_sign_us;
	case VRRP_CAUSE_PREEMPT:  /* the worse master served until now */
	case VRRP_CAUSE_HANDOVER: /* it let go just now, or still serves */
		return 0;
	case VRRP_CAUSE_NONE:
	case VRRP_CAUSE_STARTUP:
	case VRRP_CAUSE_HIGHER_PRIORITY:
	case VRRP_CAUSE_FAULT:
	case VRRP_CAUSE_RECOVER:
	case VRRP_CAUSE_STALL:
	case VRRP_CAUSE_PRIORITY:
	case VRRP_CAUSE_GROUP:
	case VRRP_CAUSE_SHUTDOWN:
		return HISTORY_UNKNOWN;
	}
	UNREACHABLE();
}
