/* foreign.h - routers that use our virtual router id and that we do not believe: who they are and
 * what they said. Pure. A bounded table: who was silent for longest is forgotten. */
#ifndef VRRPD_FOREIGN_H
#define VRRPD_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tandem/addr.h>

#include "vrrp_packet.h"

#define FOREIGN_MAX      8
#define FOREIGN_FRESH_US INT64_C(10000000) /* silent for longer: it left */

struct foreign_router {
	struct addr addr;            /* port 0 */
	enum vrrp_parse_error cause; /* of the last refusal */
	uint8_t version, priority;   /* as they stand in its packet; 0: too short to tell */
	uint64_t n;                  /* packets */
	int64_t first_us, seen_us;   /* seen_us 0: the slot is free */
};

/* Note one refused packet. True: this router was not known, or had left. */
bool foreign_note(struct foreign_router table[FOREIGN_MAX], const struct addr *from,
		  const uint8_t *pdu, size_t len, enum vrrp_parse_error cause, int64_t now_us);
/* NULL: not heard lately. */
const struct foreign_router *foreign_find(const struct foreign_router table[FOREIGN_MAX],
					  const struct addr *from, int64_t now_us);
bool foreign_is_fresh(const struct foreign_router *f, int64_t now_us);
unsigned foreign_count(const struct foreign_router table[FOREIGN_MAX], int64_t now_us);

#endif
