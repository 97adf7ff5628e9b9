/* board.h - the memory that worker and guardian share: what the worker holds now, and ready-made
 * packets to say goodbye with in its place.
 *
 * The worker writes, the guardian reads when it must act; the worker may die in the middle of any
 * write. So a new plan is written into the half that is not in use and published by one store, and
 * what changes often is atomic or under a sequence number. All positions are offsets that the
 * reader checks. */
#ifndef VRRPD_BOARD_H
#define VRRPD_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tandem/util.h>

#include "handover.h"
#include "vip.h"
#include "vrrp_sock.h"

#define BOARD_HALF_BYTES ((size_t)16 * 1024 * 1024) /* of address space; memory only where used */
#define BOARD_NAME_LEN   64

struct board_packet { /* its bytes follow, padded to 8 */
	struct net_dest to;
	uint32_t len;
};

struct board_instance {
	char name[BOARD_NAME_LEN];
	int64_t frozen_after_us; /* a worker silent for this long has lost the addresses */
	uint32_t n_vips, vips_at;
	uint32_t n_packets, packets_at;   /* adverts with priority 0 */
	uint32_t routing_len, routing_at; /* netlink messages that remove routes and rules */
	_Atomic uint32_t is_active;    /* set before addresses are added, cleared after removal */
	_Atomic uint32_t is_revoked;   /* set by the guardian: it let go in the worker's place */
	_Atomic uint32_t handover_seq; /* odd: being written; 0: none */
	struct net_dest handover_to;
	uint32_t handover_len;
	uint8_t handover[HANDOVER_MAX_LEN];
};

struct board_half {
	uint32_t n_instances;
	uint32_t used;                /* bytes, this header included */
	uint32_t links_len, links_at; /* netlink messages that remove interfaces of ours */
	struct board_instance instances[];
};

struct board {
	_Atomic int64_t heartbeat_us; /* CLOCK_MONOTONIC of the worker's last turn */
	_Atomic uint32_t is_started;  /* the worker reached its loop */
	_Atomic uint32_t current;     /* 0 or 1: the half in force; 2: none */
	_Alignas(CACHE_LINE) uint8_t half[2][BOARD_HALF_BYTES];
};

/* Anonymous shared memory, to be made before the fork. NULL: out of memory. */
NODISCARD struct board *board_new(void);

/* Writer. begin clears the other half; then add everything; commit puts it in force. */
struct board_plan {
	struct board *board;
	struct board_half *half;
	unsigned cap;     /* instances */
	bool is_overfull; /* something did not fit: commit refuses */
};
void board_plan_begin(struct board_plan *p, struct board *b, unsigned n_instances);
struct board_instance *board_plan_add(struct board_plan *p, const char *name);
void board_plan_vips(struct board_plan *p, struct board_instance *bi, const struct vip *vips,
		     size_t n);
void board_plan_routing(struct board_plan *p, struct board_instance *bi, const void *messages,
			size_t len);
/* After all instances. */
void board_plan_link(struct board_plan *p, const void *message, size_t len);
void board_plan_packet(struct board_plan *p, struct board_instance *bi, const struct net_dest *to,
		       const void *bytes, size_t len);
/* 0 or -ENOSPC: the old plan stays in force. */
NODISCARD int board_plan_commit(struct board_plan *p);
/* NULL clears it. */
void board_set_handover(struct board_instance *bi, const struct net_dest *to, const uint8_t *bytes,
			size_t len);

/* Reader. NULL when there is no plan, or one that makes no sense. */
struct board_half *board_current(struct board *b);
/* NULL and *n = 0 when out of bounds. */
const struct vip *board_vips(const struct board_half *h, const struct board_instance *bi,
			     size_t *n);
/* The messages that remove routes and rules; NULL and *len = 0: none, or out of bounds. */
const uint8_t *board_routing(const struct board_half *h, const struct board_instance *bi,
			     size_t *len);
const uint8_t *board_links(const struct board_half *h, size_t *len);
/* Walk the packets: start with *cursor = 0; NULL at the end. */
const struct board_packet *board_next_packet(const struct board_half *h,
					     const struct board_instance *bi, uint32_t *cursor);
const uint8_t *board_packet_bytes(const struct board_packet *k);
/* A consistent copy; its length, or 0: none, or torn by the worker's death. */
size_t board_get_handover(const struct board_instance *bi, struct net_dest *to,
			  uint8_t bytes[HANDOVER_MAX_LEN]);

#endif
