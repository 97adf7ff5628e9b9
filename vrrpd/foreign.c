/* foreign.c - routers that use our virtual router id and that we do not believe. */
#include "foreign.h"

bool foreign_is_fresh(const struct foreign_router *f, int64_t now_us)
{
	return f->seen_us && now_us - f->seen_us <= FOREIGN_FRESH_US;
}

bool foreign_note(struct foreign_router table[FOREIGN_MAX], const struct addr *from,
		  const uint8_t *pdu, size_t len, enum vrrp_parse_error cause, int64_t now_us)
{
	struct foreign_router *slot = &table[0];
	struct addr addr = *from;
	bool is_news;

	addr_set_port(&addr, 0);
	for (unsigned k = 0; k < FOREIGN_MAX; k++) {
		if (table[k].seen_us && addr_eq(&table[k].addr, &addr)) {
			slot = &table[k];
			break;
		}
		if (table[k].seen_us < slot->seen_us)
			slot = &table[k];
	}
	is_news = !foreign_is_fresh(slot, now_us) || !addr_eq(&slot->addr, &addr);
	if (is_news)
		*slot = (struct foreign_router){ .addr = addr, .first_us = now_us };
	slot->cause = cause;
	slot->version = len > 0 ? pdu[0] >> 4 : 0;
	slot->priority = len > 2 ? pdu[2] : 0;
	slot->seen_us = now_us;
	slot->n++;
	return is_news;
}

const struct foreign_router *foreign_find(const struct foreign_router table[FOREIGN_MAX],
					  const struct addr *from, int64_t now_us)
{
	for (unsigned k = 0; k < FOREIGN_MAX; k++) {
		if (foreign_is_fresh(&table[k], now_us) && addr_eq(&table[k].addr, from))
			return &table[k];
	}
	return NULL;
}

unsigned foreign_count(const struct foreign_router table[FOREIGN_MAX], int64_t now_us)
{
	unsigned n = 0;

	for (unsigned k = 0; k < FOREIGN_MAX; k++)
		n += foreign_is_fresh(&table[k], now_us);
	return n;
}
