/* explain.h - what would happen if a tracker failed: the arithmetic of weights and priorities, for
 * the check at load, for `explain` and for people. Pure.
 *
 * A tracker is judged with all others in their good state, which is when an operator expects it to
 * matter. Priority 0 stands for fault. */
#ifndef VRRPD_EXPLAIN_H
#define VRRPD_EXPLAIN_H

#include <stddef.h>
#include <stdint.h>

struct cfg_instance;
struct cfg_track;

enum explain_verdict {
	EXPLAIN_FAULT,     /* it fails: fault, a peer takes over whatever its priority */
	EXPLAIN_MOVES,     /* it fails: the peer is better */
	EXPLAIN_TIE,       /* it fails: equal, the greater address decides */
	EXPLAIN_STAYS,     /* it fails, and we still beat the peer: it cannot move the address */
	EXPLAIN_LOSES,     /* the peer is better even while it is fine */
	EXPLAIN_NO_EFFECT, /* the priority is the same either way */
	EXPLAIN_NO_PEER,   /* the peer's priority is not known */
	EXPLAIN_NUMBER,    /* a tracked file: depends on its number */
};

struct explain_row {
	uint8_t up, down;         /* effective priority while it is fine, and when it failed */
	int delta_up, delta_down; /* what it adds */
	enum explain_verdict verdict;
};

/* One tracker of c. peer: the other router's priority, 0: not known. */
struct explain_row explain_track(const struct cfg_instance *c, const struct cfg_track *t,
				 uint8_t peer);
/* With all in their good, and all in their bad state. */
uint8_t explain_best(const struct cfg_instance *c);
uint8_t explain_least(const struct cfg_instance *c);
/* "101 - 2 = 99 still beats 98". Returns out. */
char *explain_text(const struct cfg_instance *c, const struct explain_row *r, uint8_t peer,
		   char *out, size_t room);
/* Is it a mistake in the configuration? */
int explain_is_useless(enum explain_verdict v);
const char *explain_verdict_text(enum explain_verdict v);

#endif
