/* conflict.c - is there another owner of our addresses? */
#include "conflict.h"

#include <string.h>
#include <tandem/clock.h>
#include <tandem/util.h>

#define SIGNS_MISSING 3                 /* that many intervals of silence end a conflict */
#define MARGIN_US     (200 * US_PER_MS) /* for a peer that is late */

static enum conflict_change begin_or_go_on(struct conflict *c, enum conflict_why why,
					   const struct addr *peer, uint8_t priority,
					   int64_t interval_us, int64_t now_us)
{
	enum conflict_change change = CONFLICT_SAME;

	if (c->why == CONFLICT_NONE) {
		bool was_suspect = c->suspect.len && addr_eq(&c->suspect, peer);

		c->since_us = was_suspect ? c->suspect_us : now_us;
		change = CONFLICT_BEGAN;
	} else if (c->why != why || !addr_eq(&c->peer, peer)) {
		change = CONFLICT_CHANGED;
	}
	c->why = why;
	c->peer = *peer;
	c->priority = priority;
	c->last_us = now_us;
	c->until_us = now_us + SIGNS_MISSING * interval_us + MARGIN_US;
	c->suspect = (struct addr){ 0 };
	return change;
}

enum conflict_change conflict_hear(struct conflict *c, const struct conflict_sign *s,
				   int64_t now_us)
{
	enum conflict_why why = CONFLICT_MASTERS;
	bool is_again = c->suspect.len && addr_eq(&c->suspect, &s->peer);

	if (c->why == CONFLICT_NONE && s->active_for_us <= s->interval_us && !is_again) {
		c->suspect = s->peer;
		c->suspect_us = now_us;
		return CONFLICT_SAME;
	}
	if (s->is_refused)
		why = CONFLICT_REFUSED;
	else if (s->is_peer_deaf)
		why = CONFLICT_DEAF;
	/* What its adverts tell counts more than that it calls itself master. */
	if (s->is_refused && (c->why == CONFLICT_MASTERS || c->why == CONFLICT_DEAF))
		return CONFLICT_SAME;
	return begin_or_go_on(c, why, &s->peer, s->priority, s->interval_us, now_us);
}

enum conflict_change conflict_answer(struct conflict *c, const struct addr *vip,
				     const uint8_t mac[6], int64_t interval_us, int64_t now_us)
{
	/* Two masters answer for the same address: known already, and the better cause. */
	if (c->why != CONFLICT_NONE && c->why != CONFLICT_ADDRESS)
		return CONFLICT_SAME;
	memcpy(c->mac, mac, sizeof(c->mac));
	return begin_or_go_on(c, CONFLICT_ADDRESS, vip, 0, interval_us, now_us);
}

static enum conflict_change end(struct conflict *c)
{
	bool was_on = c->why != CONFLICT_NONE;

	c->why = CONFLICT_NONE;
	c->suspect = (struct addr){ 0 };
	return was_on ? CONFLICT_ENDED : CONFLICT_SAME;
}

enum conflict_change conflict_peer_left(struct conflict *c, const struct addr *peer)
{
	if (c->suspect.len && addr_eq(&c->suspect, peer))
		c->suspect = (struct addr){ 0 };
	if (c->why == CONFLICT_NONE || c->why == CONFLICT_ADDRESS || !addr_eq(&c->peer, peer))
		return CONFLICT_SAME;
	return end(c);
}

enum conflict_change conflict_leave(struct conflict *c)
{
	return end(c);
}

enum conflict_change conflict_tick(struct conflict *c, int64_t now_us)
{
	if (c->why == CONFLICT_NONE || now_us < c->until_us)
		return CONFLICT_SAME;
	return end(c);
}

const char *conflict_text(enum conflict_why w)
{
	switch (w) {
	case CONFLICT_NONE:
		return "none";
	case CONFLICT_MASTERS:
		return "two masters";
	case CONFLICT_DEAF:
		return "two masters: the peer does not hear us";
	case CONFLICT_REFUSED:
		return "two masters: the peer's adverts are refused";
	case CONFLICT_ADDRESS:
		return "duplicate address: somebody else answers for it";
	}
	UNREACHABLE();
}
