/* backend.h - a backend: its servers, the published view, and the assignment of a stream to a
 * server, with limits and a queue.
 *
 * assign → [wait in the queue] → connect (retry elsewhere: assign again) → use → release. Lives
 * across reloads by name. */
#ifndef PROXY_BACKEND_H
#define PROXY_BACKEND_H

#include <pthread.h>
#include <stdint.h>
#include <tandem/list.h>
#include <tandem/loop.h>
#include <tandem/str.h>
#include <urcu/urcu-qsbr.h>

#include "lb/lb.h"
#include "pool/server.h"
#include "pool/view.h"
#include "stats/counters.h"

struct cfg_proxy;
struct history;
struct latency;

struct backend {
	struct rcu_head rcu;
	const char *name; /* owned */
	unsigned id, n_threads;
	const struct cfg_proxy *cfg; /* RCU: read with rcu_dereference, inside a turn */
	struct backend_view *view;   /* RCU */
	struct lb_state lb;

	/* control thread */
	struct server **servers;
	unsigned n_servers;
	struct list retired; /* servers that a reload removed and streams still use */
	int64_t last_change_us, down_time_us;
	unsigned n_down;         /* times it became DOWN */
	struct history *history; /* owned; NULL: not sampled yet */

	/* data threads */
	struct gauge sess CACHE_ALIGNED;
	struct gauge queue; /* waiting in the backend's own queue */
	_Atomic int64_t last_sess_us;
	struct counters *counters;
	struct latency *latency; /* owned; one each thread */
	/* Streams that wait here or at one of our servers; see queue.c for the protocol. */
	_Atomic uint32_t n_waiting;
	pthread_mutex_t queue_lock;
	uint64_t next_ticket; /* under queue_lock */
	struct list waiting;  /* struct pending, oldest first; under queue_lock */
};

/* A stream that waits for a server, embedded in it. While waiting it belongs to the queue. The
 * owner sets loop and granted before backend_assign, which fills in the rest. */
struct pending {
	struct loop *loop; /* of the owner; borrowed */
	/* in the owner's thread: p->srv is assigned (counted) */
	void (*granted)(struct pending *p);
	struct server *srv; /* the slot it was given */
	/* private to queue.c */
	struct loop_msg msg; /* how the owner's thread is woken */
	struct list node;
	struct backend *be;
	struct server *want; /* waits for this one alone; NULL: for any */
	uint64_t ticket;     /* order of arrival */
	bool is_waiting;
};

enum assign_result {
	ASSIGN_OK,     /* *out is the server, counted in srv->sess until backend_release */
	ASSIGN_QUEUED, /* p waits; granted() will be called, unless cancelled */
	ASSIGN_NONE,   /* no usable server */
	ASSIGN_FULL,   /* the queue of *out, which alone would do, is full */
};

/* The current view; valid to the end of this turn. Never NULL. */
static inline const struct backend_view *backend_view(const struct backend *be)
{
	/* acquire, not rcu_dereference: the same instruction here, and the race detector knows it
	 */
	return __atomic_load_n(&be->view, __ATOMIC_ACQUIRE);
}

/* Choose a server for a stream; any data thread, inside a turn. The stream must hold a count in
 * be->sess. Counts srv->sess and the queues, nothing else: lbtot, stot and last_sess_us are the
 * caller's. With a server at hand p is not touched and may be NULL only if no server has a maxconn.
 */
enum assign_result backend_assign(struct backend *be, const struct lb_key *key, struct pending *p,
				  const struct view_server **out);
/* Give the server's slot back, and grant it to who waits. Any thread, inside a turn. */
void backend_release(struct backend *be, struct server *s);
/* Stop waiting. true: p is free again and was not granted; false: the grant is under way (its
 * message will still arrive, and the owner must then backend_release p->srv). */
bool backend_cancel(struct pending *p);

/* What the view knows of a server; NULL: it left the configuration. Any thread, inside a turn. */
const struct view_server *backend_view_of(const struct backend *be, const struct server *s);

/* Take a slot of a server outside balancing (a persistent session: view_server.accepts), even above
 * its maxconn; give it back with backend_release. Any thread, inside a turn. */
void backend_take(struct backend *be, struct server *s);

/* Control thread. It is registered with liburcu (qsbr) and passes quiescent points, or is offline
 * while it waits: what we retire is freed through call_rcu. */
struct backend *backend_new(const struct cfg_proxy *cfg, unsigned n_threads);
/* Take a new configuration: servers that keep name keep states, others
 * are added or retired; publishes. */
void backend_reconfigure(struct backend *be, const struct cfg_proxy *cfg);
/* One server more, at the end, in maintenance unless is_enabled, with its checks switched off; cs
 * is of cfg, which is taken. Publishes. NULL: there are as many as can be, and cfg is not taken. */
struct server *backend_add_server(struct backend *be, const struct cfg_server *cs, struct cfg *cfg,
				  bool is_enabled);
/* It leaves as if a reload had removed it. Checks, idle connections and tracking must be gone.
 * Publishes. */
void backend_remove_server(struct backend *be, struct server *s);
const struct lb_algo *backend_algo(const struct cfg_proxy *cfg);
/* Once a second: servers in slow start get their next weight. */
void backend_tick(struct backend *be);
/* Told after each publication, if not NULL: what depends on usable servers changed. Control
 * thread. */
extern void (*backend_published_hook)(struct backend *be);
/* Rebuild and publish the view after a change of servers; grants waiting streams if room appeared.
 * Returns how many. */
unsigned backend_publish(struct backend *be);
/* No stream uses it any more (its gauges are 0, retired servers too). */
bool backend_is_unused(const struct backend *be);
/* Free servers that are retired and unused: no stream counts itself there, and a grace period has
 * passed since they left the view. Health checks (health_forget, or health_sync after the
 * reconfiguration) and idle connections that point at them must be gone before. Returns how many
 * retired servers are left. */
unsigned backend_reap(struct backend *be);
/* It is unused and out of every reader's sight from the next grace period on; memory is freed
 * after that. Health checks must be gone. NULL is fine. */
void backend_free(struct backend *be);
struct server *backend_find_server(const struct backend *be, struct str name_or_id);
/* Is it neither down nor in maintenance, nor gone? Any thread, inside a turn. */
bool backend_accepts(const struct backend *be, const struct server *s);
/* Servers that are balanced over now. Any thread, inside a turn. */
unsigned backend_n_usable(const struct backend *be);

#endif
