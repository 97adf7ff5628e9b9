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
#include <urcu/urcu-qsbr.h>

#include "lb/lb.h"
#include "pool/server.h"
#include "pool/view.h"
#include "stats/counters.h"

struct cfg_proxy;

struct backend {
	const char *name; /* owned */
	unsigned id, n_threads;
	const struct cfg_proxy *cfg; /* RCU: read with rcu_dereference, inside a turn */
	struct backend_view *view;   /* RCU */
	const struct lb_algo *algo;  /* RCU */
	struct lb_state lb;

	/* control thread */
	struct server **servers;
	unsigned n_servers;
	struct list retired; /* servers that a reload removed and streams still use */
	int64_t last_change_us, down_time_us;
	unsigned n_down; /* times it became DOWN */

	/* data threads */
	struct gauge sess CACHE_ALIGNED;
	struct gauge queue; /* waiting in the backend's own queue */
	_Atomic int64_t last_sess_us;
	struct counters *counters;
	pthread_mutex_t queue_lock;
	struct list waiting; /* struct pending, oldest first; under queue_lock */
};

/* A stream that waits for a server, embedded in it. While waiting it belongs to the queue. */
struct pending {
	struct loop_msg msg; /* how the owner's thread is woken */
	struct list node;
	struct loop *loop;
	struct backend *be;
	struct server *srv; /* the slot it was given */
	int64_t since_us;
	bool is_waiting;
	void (*granted)(
		struct pending *p); /* in the owner's thread: p->srv is assigned (counted) */
};

enum assign_result {
	ASSIGN_OK,     /* *out is the server, counted in srv->sess until backend_release */
	ASSIGN_QUEUED, /* p waits; granted() will be called, unless cancelled */
	ASSIGN_NONE,   /* no usable server */
	ASSIGN_FULL,   /* queues are full */
};

/* The current view; valid to the end of this turn. Never NULL. */
static inline const struct backend_view *backend_view(const struct backend *be)
{
	return rcu_dereference(be->view);
}

/* Choose a server for a stream; any data thread. The stream must hold a count in be->sess. */
enum assign_result backend_assign(struct backend *be, const struct lb_key *key, struct pending *p,
				  const struct view_server **out);
/* Give the server's slot back, and grant it to who waits. */
void backend_release(struct backend *be, struct server *s);
/* Stop waiting. true: p is free again and was not granted; false: the grant is under way (its
 * message will still arrive, and the owner must then backend_release p->srv). */
bool backend_cancel(struct pending *p);

/* Control thread */
struct backend *backend_new(const struct cfg_proxy *cfg, unsigned n_threads);
/* Take a new configuration: servers that keep name keep states, addresses follow the file, others
 * are added or retired; publishes. */
void backend_reconfigure(struct backend *be, const struct cfg_proxy *cfg);
/* Rebuild and publish the view after a change of servers; grants waiting streams if room appeared.
 */
void backend_publish(struct backend *be);
/* No stream uses it any more (its gauges are 0, retired servers too). */
bool backend_is_unused(const struct backend *be);
/* Free servers that are retired and unused. */
void backend_reap(struct backend *be);
void backend_free(struct backend *be);
struct server *backend_find_server(const struct backend *be, struct str name_or_id);
/* Usable servers now (act + bck as balancing sees them). Any thread, inside a turn. */
unsigned backend_n_usable(const struct backend *be);

#endif
