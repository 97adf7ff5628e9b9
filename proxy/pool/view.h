/* view.h - the immutable picture of a backend that data threads read without a lock.
 *
 * Built and published by the control thread (pool/backend.c) at every change; read with
 * backend_view() inside one turn of a thread's loop; freed by liburcu when every thread has passed
 * a quiescent point. Do not keep a pointer to it, or into it, across turns; struct server pointers
 * found in it live as long as the stream counts itself in server->sess. */
#ifndef PROXY_VIEW_H
#define PROXY_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/addr.h>
#include <tandem/str.h>
#include <urcu/urcu-qsbr.h> /* struct rcu_head; call it as urcu_qsbr_call_rcu */

#include "pool/conn_source.h"
#include "pool/idle.h"

struct lb_algo;
struct lb_state;
struct server;

struct view_server {
	struct server *srv;
	struct addr addr; /* where to connect (port 0: the client's destination port plus
			     port_offset) */
	struct conn_source source;
	struct str cookie; /* empty: none */
	char dynamic_cookie[17];
	int port_offset;
	bool follows_client; /* its address or port is what the client connected to */
	uint16_t weight;     /* now, in parts of LB_WEIGHT_UNIT */
	uint16_t slot;       /* in usable[], if in_use */
	bool usable;         /* up, not drained, weight > 0 */
	bool in_use;         /* balanced over now: usable, and the other backups rest */
	bool is_backup;
	bool accepts; /* alive: takes connections that are bound to it (persistence) even when
			 drained */
	struct idle_limits idle;
	uint8_t send_proxy;
	uint8_t percent;                     /* of its limit that a slow start grants */
	uint32_t maxconn, minconn, maxqueue; /* 0: unlimited; minconn is 0 or below maxconn */
	uint32_t fullconn;                   /* of the backend: where minconn's ramp ends */
};

/* A place of a server on the ring of hashes. */
struct lb_ring_node {
	uint32_t key;
	uint32_t slot;
};

struct backend_view {
	struct rcu_head rcu;
	uint32_t n_servers;
	struct view_server *servers; /* all of them, in the order of the configuration */
	/* who is balanced over now: the usable servers, or the backups if none is (one backup, or
	 * all with allbackups) */
	uint32_t n_usable;
	uint32_t total_weight;       /* of usable[] */
	uint32_t n_active, n_backup; /* usable ones of each kind, in use or not: HAProxy's act, bck
				      */
	const struct view_server **usable;
	/* what the algorithm prepared at publication (lb.h: prepare) */
	const struct lb_algo *algo; /* which made the schedule and can read it */
	void (*changed)(const struct backend_view *v, struct lb_state *st,
			const struct view_server *vs); /* algo's */
	bool is_consistent, avalanche;
	uint32_t balance_factor; /* hash-balance-factor */
	uint32_t n_draws;        /* random */
	uint16_t *schedule;      /* roundrobin: indexes into usable, in smooth order; source: the
				    hash map */
	uint32_t n_schedule;
	struct lb_ring_node *ring; /* hash-type consistent: sorted by key */
	uint32_t n_ring;
	_Atomic uint64_t *tree; /* leastconn; the only thing that changes in a view */
	uint32_t n_leaves;
	uint32_t cursor_base; /* roundrobin: the cursor's value that means schedule[0] */
};

#endif
