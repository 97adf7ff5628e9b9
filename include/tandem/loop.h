/* loop.h - one event loop of one thread: a libev loop, a time stamp for each turn, messages from
 * other threads, and a graveyard that frees what handlers closed when the turn is over. */
#ifndef TANDEM_LOOP_H
#define TANDEM_LOOP_H

#include <ev.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <tandem/list.h>

struct loop_msg;
typedef void loop_msg_fn(struct loop_msg *m);

/* Embed it in what shall travel. After fn ran in the receiving loop the owner may free or send it
 * again. */
struct loop_msg {
	struct list node;
	loop_msg_fn *fn;
};

/* Embed as the first thing to free; fn runs at the end of the turn. */
struct loop_grave {
	struct list node;
	void (*fn)(struct loop_grave *g);
};

struct loop {
	struct ev_loop *ev;
	int64_t now_us; /* CLOCK_MONOTONIC at the start of this turn */
	_Atomic int64_t
		last_turn_us; /* the same, for other threads: a hung loop shows as its age */
	_Atomic uint64_t n_turns;
	void (*on_idle)(struct loop *l,
			bool sleeping); /* before (true) and after (false) waiting; may be NULL */
	void *owner;
	/* private */
	bool is_awake, is_stopping;
	ev_async wakeup;
	pthread_mutex_t lock; /* guards inbox */
	struct list inbox;
	struct list graveyard;
};

/* Add to the flags of loop_init for the one loop of the process that watches children (struct proc)
 * and signals: libev's default loop. It belongs to the control thread. */
#define LOOP_DEFAULT 0x40000000u

/* flags: libev's, e.g. EVBACKEND_EPOLL | EVFLAG_NOENV, and LOOP_DEFAULT. 0 or -ENOMEM. */
NODISCARD int loop_init(struct loop *l, unsigned flags);
/* Empties the graveyard; messages that wait in the inbox are forgotten, their owners free them. */
void loop_fini(struct loop *l);
/* Run until loop_stop. */
void loop_run(struct loop *l);
/* From inside the loop only. */
void loop_stop(struct loop *l);
/* Run m->fn in the thread of l, soon. Callable from any thread. m is owned by the loop until then;
 * sending what is already under way is a bug. */
void loop_post(struct loop *l, struct loop_msg *m);
void loop_bury(struct loop *l, struct loop_grave *g);
/* Take a fresh time stamp, for long handlers. */
void loop_update_now(struct loop *l);

#endif
