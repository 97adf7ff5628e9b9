/* conflict.h - is there another owner of our addresses? Pure: what is heard and the time come in.
 *
 *   NONE ── another master, an answer for our address ──► CONFLICT ── silence, it steps down ──►
 * NONE
 *
 * Only the ACTIVE router keeps a conflict: whoever yields has ended it. A single advert that
 * crossed our claim is none: it counts once we have been ACTIVE for an interval, or when it comes
 * again. */
#ifndef VRRPD_CONFLICT_H
#define VRRPD_CONFLICT_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/addr.h>

enum conflict_why {
	CONFLICT_NONE,
	CONFLICT_MASTERS, /* another router sends adverts as master */
	CONFLICT_DEAF,    /* and it does not hear us: one-way loss */
	CONFLICT_REFUSED, /* a vrrpd says that it is master, and its adverts are refused */
	CONFLICT_ADDRESS, /* somebody answers for a virtual address */
};

enum conflict_change { CONFLICT_SAME, CONFLICT_BEGAN, CONFLICT_CHANGED, CONFLICT_ENDED };

struct conflict {
	enum conflict_why why;
	struct addr peer;    /* the other router; CONFLICT_ADDRESS: the virtual address */
	uint8_t priority;    /* of the other; 0: not known */
	uint8_t mac[6];      /* CONFLICT_ADDRESS: who answers */
	int64_t since_us;    /* first sign */
	int64_t last_us;     /* latest sign */
	int64_t until_us;    /* over when nothing is heard until then */
	struct addr suspect; /* one advert of it was heard, which may have crossed our claim */
	int64_t suspect_us;
};

/* A sign of another master, heard while we are ACTIVE and do not yield to it. */
struct conflict_sign {
	struct addr peer;
	uint8_t priority;
	int64_t interval_us;   /* between two such signs */
	int64_t active_for_us; /* how long we have been ACTIVE */
	bool is_peer_deaf;     /* it reports that it does not hear us */
	bool is_refused; /* not an advert: its hello says MASTER, and its adverts are refused */
};
enum conflict_change conflict_hear(struct conflict *c, const struct conflict_sign *s,
				   int64_t now_us);
/* Somebody with another MAC answers for our address, probed each interval_us. */
enum conflict_change conflict_answer(struct conflict *c, const struct addr *vip,
				     const uint8_t mac[6], int64_t interval_us, int64_t now_us);
/* That router stepped down. */
enum conflict_change conflict_peer_left(struct conflict *c, const struct addr *peer);
/* We are not ACTIVE any more. */
enum conflict_change conflict_leave(struct conflict *c);
/* Time went by. */
enum conflict_change conflict_tick(struct conflict *c, int64_t now_us);

const char *conflict_text(enum conflict_why w);

#endif
