/* worker_priv.h - what a data thread owns: free lists, clients, idle server connections, scratch
 * space. For net/, http/ and worker.c only; touched by its thread alone. */
#ifndef PROXY_WORKER_PRIV_H
#define PROXY_WORKER_PRIV_H

#include <ev.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "http/h1_parse.h"
#include "http/headers.h"
#include "pool/conn_pool.h"
#include "process/worker.h"

struct access_log;

/* Memory blocks of one size, kept for the next user: no malloc in a request. */
struct freelist {
	void *first; /* each block begins with the pointer to the next */
	size_t size;
	/* more than max free blocks go back to the heap; others read n and n_allocated */
	_Atomic unsigned n, n_allocated;
	unsigned max;
};

struct worker_private {
	struct worker *w;
	struct ev_loop *ev;
	struct freelist buffers, streams, clients, sconns;
	struct list clients_list; /* struct client */
	struct list walks;        /* struct session_walk: who reads clients_list in pieces */
	uint32_t n_accepted;
	unsigned n_clients;
	_Atomic unsigned n_clients_shared; /* for other threads */
	struct list viewers;               /* struct stream, of the dashboard's events */
	struct list acceptors;             /* struct acceptor */
	unsigned n_paused;                 /* acceptors that wait for room */
	ev_timer accept_retry;
	struct conn_pool pool;
	int pipes[16][2]; /* for splice, empty; the one used last on top */
	unsigned n_pipes, n_open_pipes;
	int64_t no_pipe_until_us;   /* there are no more */
	struct access_log *alog;    /* made at the first line */
	char *alog_tag, *alog_host; /* owned */
	bool has_log_lines;         /* to be sent at the end of the turn, or soon */
	int64_t log_sent_us;
	ev_timer log_timer;
	bool is_draining;
	struct loop_msg servers_left; /* posted when servers went down */
	_Atomic bool has_servers_left;
	/* scratch of the handler that runs */
	struct h1_head head;
	struct h1_field *fields;
	struct headers edits;
	struct addr client_addr;
};

/* One thread writes: a plain load and store. */
static inline unsigned freelist_n(const struct freelist *f)
{
	return atomic_load_explicit(&f->n, memory_order_relaxed);
}

static inline void *freelist_get(struct freelist *f)
{
	void *p = f->first;

	if (LIKELY(p != NULL)) {
		f->first = *(void **)p;
		atomic_store_explicit(&f->n, freelist_n(f) - 1, memory_order_relaxed);
		return p;
	}
	atomic_fetch_add_explicit(&f->n_allocated, 1, memory_order_relaxed);
	return malloc(f->size);
}
static inline void freelist_put(struct freelist *f, void *p)
{
	if (freelist_n(f) >= f->max) {
		atomic_fetch_sub_explicit(&f->n_allocated, 1, memory_order_relaxed);
		free(p);
		return;
	}
	*(void **)p = f->first;
	f->first = p;
	atomic_store_explicit(&f->n, freelist_n(f) + 1, memory_order_relaxed);
}

static inline int64_t worker_now(const struct worker *w)
{
	return w->loop.now_us;
}

#endif
