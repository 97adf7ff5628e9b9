/* board.c - the memory that worker and guardian share. */
#include "board.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGN8(n) (((n) + 7u) & ~(size_t)7)
#define NO_PLAN   2

struct board *board_new(void)
{
	struct board *b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (b == MAP_FAILED)
		return NULL;
	atomic_store(&b->current, NO_PLAN);
	return b;
}

void board_plan_begin(struct board_plan *p, struct board *b, unsigned n_instances)
{
	unsigned free_half = atomic_load(&b->current) == 0 ? 1 : 0;
	size_t head = sizeof(struct board_half) + n_instances * sizeof(struct board_instance);

	*p = (struct board_plan){ .board = b,
				  .half = (void *)b->half[free_half],
				  .cap = n_instances };
	if (ALIGN8(head) > BOARD_HALF_BYTES) {
		p->is_overfull = true;
		p->cap = 0;
		head = sizeof(struct board_half);
	}
	memset(p->half, 0, head);
	p->half->used = (uint32_t)ALIGN8(head);
}

struct board_instance *board_plan_add(struct board_plan *p, const char *name)
{
	struct board_instance *bi;

	ASSERT(p->half->n_instances < p->cap || p->is_overfull);
	if (p->is_overfull)
		return NULL;
	bi = &p->half->instances[p->half->n_instances++];
	strncpy(bi->name, name, sizeof(bi->name) - 1);
	return bi;
}

/* Append bytes; returns their offset or 0 when full. */
static uint32_t append(struct board_plan *p, const void *bytes, size_t len)
{
	uint32_t at = p->half->used;

	if (len > BOARD_HALF_BYTES - at || ALIGN8(len) > BOARD_HALF_BYTES - at) {
		p->is_overfull = true;
		return 0;
	}
	memcpy((uint8_t *)p->half + at, bytes, len);
	p->half->used += (uint32_t)ALIGN8(len);
	return at;
}

void board_plan_vips(struct board_plan *p, struct board_instance *bi, const struct vip *vips,
		     size_t n)
{
	if (!bi || n == 0)
		return;
	bi->vips_at = append(p, vips, n * sizeof(*vips));
	bi->n_vips = bi->vips_at ? (uint32_t)n : 0;
}

void board_plan_routing(struct board_plan *p, struct board_instance *bi, const void *messages,
			size_t len)
{
	if (!bi || len == 0)
		return;
	bi->routing_at = append(p, messages, len);
	bi->routing_len = bi->routing_at ? (uint32_t)len : 0;
}

void board_plan_link(struct board_plan *p, const void *message, size_t len)
{
	uint32_t at = append(p, message, len);

	if (!at)
		return;
	if (p->half->links_len == 0)
		p->half->links_at = at;
	p->half->links_len = p->half->used - p->half->links_at;
}

void board_plan_packet(struct board_plan *p, struct board_instance *bi, const struct net_dest *to,
		       const void *bytes, size_t len)
{
	struct board_packet head = { .to = *to, .len = (uint32_t)len };
	uint32_t at;

	if (!bi)
		return;
	at = append(p, &head, sizeof(head));
	if (!at || !append(p, bytes, len))
		return;
	if (bi->n_packets++ == 0)
		bi->packets_at = at;
}

int board_plan_commit(struct board_plan *p)
{
	if (p->is_overfull)
		return -ENOSPC;
	atomic_store(&p->board->current, (uint8_t *)p->half == p->board->half[1] ? 1u : 0u);
	return 0;
}

void board_set_handover(struct board_instance *bi, const struct net_dest *to, const uint8_t *bytes,
			size_t len)
{
	uint32_t seq = atomic_load(&bi->handover_seq) | 1;

	atomic_store(&bi->handover_seq, seq);
	if (!to) {
		atomic_store(&bi->handover_seq, 0);
		return;
	}
	bi->handover_to = *to;
	ASSERT(len <= sizeof(bi->handover));
	bi->handover_len = (uint32_t)len;
	memcpy(bi->handover, bytes, len);
	atomic_store(&bi->handover_seq, seq + 1 ? seq + 1 : 2);
}

struct board_half *board_current(struct board *b)
{
	uint32_t current = atomic_load(&b->current);
	struct board_half *h;

	if (current > 1)
		return NULL;
	h = (void *)b->half[current];
	if (h->used > BOARD_HALF_BYTES ||
	    h->n_instances > BOARD_HALF_BYTES / sizeof(struct board_instance) ||
	    sizeof(*h) + h->n_instances * sizeof(struct board_instance) > h->used)
		return NULL;
	return h;
}

const struct vip *board_vips(const struct board_half *h, const struct board_instance *bi, size_t *n)
{
	*n = 0;
	if (bi->n_vips == 0 || bi->vips_at > h->used ||
	    bi->n_vips > (h->used - bi->vips_at) / sizeof(struct vip))
		return NULL;
	*n = bi->n_vips;
	return (const void *)((const uint8_t *)h + bi->vips_at);
}

const uint8_t *board_routing(const struct board_half *h, const struct board_instance *bi,
			     size_t *len)
{
	*len = 0;
	if (bi->routing_len == 0 || bi->routing_at > h->used ||
	    bi->routing_len > h->used - bi->routing_at)
		return NULL;
	*len = bi->routing_len;
	return (const uint8_t *)h + bi->routing_at;
}

const uint8_t *board_links(const struct board_half *h, size_t *len)
{
	*len = 0;
	if (h->links_len == 0 || h->links_at > h->used || h->links_len > h->used - h->links_at)
		return NULL;
	*len = h->links_len;
	return (const uint8_t *)h + h->links_at;
}

const struct board_packet *board_next_packet(const struct board_half *h,
					     const struct board_instance *bi, uint32_t *cursor)
{
	const struct board_packet *k;
	size_t at = bi->packets_at;

	for (uint32_t i = 0; i < bi->n_packets; i++) {
		if (at + sizeof(*k) > h->used)
			return NULL;
		k = (const void *)((const uint8_t *)h + at);
		if (k->len > h->used - at - sizeof(*k))
			return NULL;
		if (i == *cursor) {
			(*cursor)++;
			return k;
		}
		at += ALIGN8(sizeof(*k)) + ALIGN8(k->len);
	}
	return NULL;
}

const uint8_t *board_packet_bytes(const struct board_packet *k)
{
	return (const uint8_t *)k + ALIGN8(sizeof(*k));
}

size_t board_get_handover(const struct board_instance *bi, struct net_dest *to,
			  uint8_t bytes[HANDOVER_MAX_LEN])
{
	uint32_t seq = atomic_load(&bi->handover_seq);
	size_t len = bi->handover_len;

	if (seq == 0 || seq & 1 || len > sizeof(bi->handover))
		return 0;
	*to = bi->handover_to;
	memcpy(bytes, bi->handover, len);
	return atomic_load(&bi->handover_seq) == seq ? len : 0;
}
