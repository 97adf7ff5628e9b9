/* worker.h - a data thread: its loop, its listeners, its connections, buffers and idle server
 * connections. Threads share nothing hot; the control thread talks to them by messages. */
#ifndef PROXY_WORKER_H
#define PROXY_WORKER_H

#include <pthread.h>
#include <stdint.h>
#include <tandem/list.h>
#include <tandem/loop.h>
#include <tandem/metrics.h>

struct listener;
struct engine;

/* Process-wide values that threads read; written at start-up and, through RCU or atomics, at a
 * reload. */
struct engine {
	unsigned n_threads;
	struct worker *workers; /* n_threads of them */
	struct loop *control;   /* the main thread's loop */
	struct health *health;
	int64_t start_mono_us, start_real_us;
	_Atomic uint32_t maxconn;    /* client connections of the process */
	struct gauge *conns;         /* client connections now */
	_Atomic uint32_t n_admitted; /* the same, and those that acceptors have made room for */
	_Atomic uint32_t conn_rate_limit, sess_rate_limit; /* new ones a second; 0: no limit */
	_Atomic int is_stopping; /* soft stop: finish requests, then close */
	unsigned bufsize, maxrewrite, max_headers;
	/* The control thread's callback when a connection attempt to a server fails, sent as a
	 * message: may trigger a fast check. */
};

struct worker {
	struct engine *engine;
	unsigned tid; /* 0 .. n_threads - 1; index of every per-thread counter */
	struct loop loop;
	pthread_t thread;
	struct rate conn_rate; /* what it accepted */
	/* the rest is private to worker.c, net/ and http/ */
	struct worker_private *priv;
};

/* Client connections that all threads accepted in the last second. Any thread. */
uint32_t workers_conn_rate(const struct engine *e, int64_t now_us);
/* Start the threads (registered with liburcu qsbr). Dies when a thread cannot be created. */
void workers_start(struct engine *e);
/* Tell all threads to watch (add) and stop watching (remove) listeners; returns when every thread
 * has done it. Elements are borrowed; removed listeners can be freed afterwards. The kernel's queue
 * of a removed one is accepted from first. */
void workers_set_listeners(struct engine *e, struct listener *const *add, unsigned n_add,
			   struct listener *const *remove, unsigned n_remove);
/* Pause and resume accepting everywhere is remove/add. */
/* Soft stop: idle keep-alive connections are closed, responses carry Connection: close. Returns at
 * once. */
void workers_drain(struct engine *e);
/* Client connections that are still there, over all threads. */
unsigned workers_n_conns(const struct engine *e);
unsigned workers_n_conns_of(const struct engine *e, unsigned tid);
/* The memory blocks of all threads: buffers, streams, clients, server connections. */
#define N_WORKER_POOLS 4
struct worker_pool {
	const char *name;
	size_t size;
	unsigned n_allocated, n_used;
};
struct worker_pool workers_pool(const struct engine *e, unsigned i);
/* Run fn in one thread; returns when it is done. */
void workers_call(struct engine *e, unsigned tid, void (*fn)(struct worker *w, void *arg),
		  void *arg);
/* Close every connection and end the threads; returns when they are joined. */
void workers_stop(struct engine *e);
/* End the sessions on s at once, with this termination code. Returns when it is done. */
struct server;
void workers_shut_sessions(struct engine *e, const struct server *s, char cause);
/* Drop idle connections to servers that left (after a reload) or went down. NULL: all. */
void workers_purge_idle(struct engine *e, const struct server *s);
/* Some server went down or into maintenance: have all threads drop idle connections to such
 * servers. Control thread; returns at once. */
void workers_servers_left(struct engine *e);

#endif
