/* health.c - is one virtual router well? */
#include "health.h"

#include <tandem/util.h>

static unsigned find_reasons(const struct health_facts *f)
{
	unsigned r = 0;

	if (f->state == VRRP_INIT)
		r |= HEALTH_NOT_RUNNING;
	if (f->state == VRRP_FAULT)
		r |= HEALTH_FAULT;
	if (f->state != VRRP_ACTIVE && f->state != VRRP_INIT && !f->hears_master)
		r |= HEALTH_NO_MASTER;
	if (f->has_conflict)
		r |= HEALTH_CONFLICT;
	if (f->n_one_way)
		r |= HEALTH_ONE_WAY;
	if (f->n_differing)
		r |= HEALTH_DIFFERS;
	if (f->n_foreign)
		r |= HEALTH_FOREIGN;
	if (f->has_lost_peer)
		r |= HEALTH_LOST_PEER;
	if (f->is_yielding)
		r |= HEALTH_YIELDING;
	return r;
}

enum health health_judge(const struct health_facts *f, unsigned *reasons)
{
	unsigned r = find_reasons(f);

	*reasons = r;
	if (r & HEALTH_NOT_RUNNING || (r & HEALTH_FAULT && r & HEALTH_NO_MASTER))
		return HEALTH_DOWN;
	return r & ~(unsigned)HEALTH_YIELDING ? HEALTH_DEGRADED : HEALTH_GOOD;
}

const char *health_text(enum health h)
{
	switch (h) {
	case HEALTH_GOOD:
		return "good";
	case HEALTH_DEGRADED:
		return "degraded";
	case HEALTH_DOWN:
		return "down";
	}
	UNREACHABLE();
}

const char *health_reason_text(unsigned bit)
{
	switch ((enum health_reason)bit) {
	case HEALTH_NOT_RUNNING:
		return "not started";
	case HEALTH_FAULT:
		return "fault";
	case HEALTH_NO_MASTER:
		return "no master is heard";
	case HEALTH_CONFLICT:
		return "conflict";
	case HEALTH_ONE_WAY:
		return "a peer does not hear us";
	case HEALTH_DIFFERS:
		return "a peer has another configuration";
	case HEALTH_FOREIGN:
		return "adverts of another router are refused";
	case HEALTH_LOST_PEER:
		return "no peer is heard any more";
	case HEALTH_YIELDING:
		return "handed over by an operator";
	}
	return "?";
}
