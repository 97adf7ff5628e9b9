/* loop.c - one event loop of one thread. */
#include <tandem/loop.h>

#include <errno.h>
#include <stdatomic.h>
#include <tandem/clock.h>

static void stamp(struct loop *l)
{
	l->now_us = clock_mono_us();
	atomic_store_explicit(&l->last_turn_us, l->now_us, memory_order_relaxed);
	/* one writer */
	atomic_store_explicit(&l->n_turns,
			      atomic_load_explicit(&l->n_turns, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

/* A grave may bury more, also while it is emptied. */
static void empty_graveyard(struct loop *l)
{
	while (!list_is_empty(&l->graveyard)) {
		struct loop_grave *g = list_entry(l->graveyard.next, struct loop_grave, node);

		list_del(&g->node);
		g->fn(g); /* frees g */
	}
}

static void wake(struct loop *l)
{
	stamp(l);
	if (l->is_awake)
		return;
	l->is_awake = true;
	if (l->on_idle)
		l->on_idle(l, false);
}

/* libev calls it when there may be events to handle: once a turn, right after waiting, and, when
 * somebody has a prepare watcher, once more before. */
static void on_pending(struct ev_loop *ev)
{
	struct loop *l = ev_userdata(ev);

	do {
		wake(l);
		ev_invoke_pending(ev);
		empty_graveyard(l);
		if (l->is_stopping)
			return;
		l->is_awake = false;
		if (l->on_idle)
			l->on_idle(l, true);
	} while (ev_pending_count(ev) > 0);
}

static void on_wakeup(struct ev_loop *ev, ev_async *w, int revents)
{
	struct loop *l = container_of(w, struct loop, wakeup);
	struct list batch;

	(void)ev, (void)revents;
	list_init(&batch);
	pthread_mutex_lock(&l->lock);
	if (!list_is_empty(&l->inbox)) {
		list_add_head(&l->inbox, &batch); /* batch becomes the head of the chain */
		list_del(&l->inbox);
	}
	pthread_mutex_unlock(&l->lock);
	while (!list_is_empty(&batch)) {
		struct loop_msg *m = list_entry(batch.next, struct loop_msg, node);

		list_del(&m->node);
		m->fn(m); /* may free m or post it again */
	}
}

int loop_init(struct loop *l, unsigned flags)
{
	unsigned ev_flags = flags & ~LOOP_DEFAULT;

	*l = (struct loop){ 0 };
	l->ev = flags & LOOP_DEFAULT ? ev_default_loop(ev_flags) : ev_loop_new(ev_flags);
	if (!l->ev)
		return -ENOMEM;
	list_init(&l->inbox);
	list_init(&l->graveyard);
	pthread_mutex_init(&l->lock, NULL);
	/* A prepare and a check watcher would do the same for 200 instructions a turn each. */
	ev_set_userdata(l->ev, l);
	ev_set_invoke_pending_cb(l->ev, on_pending);
	l->is_awake = true;
	ev_async_init(&l->wakeup, on_wakeup);
	ev_async_start(l->ev, &l->wakeup);
	stamp(l);
	return 0;
}

void loop_fini(struct loop *l)
{
	if (!l->ev)
		return;
	empty_graveyard(l);
	ev_async_stop(l->ev, &l->wakeup);
	ev_set_invoke_pending_cb(l->ev, ev_invoke_pending);
	ev_loop_destroy(l->ev);
	l->ev = NULL;
	pthread_mutex_destroy(&l->lock);
}

void loop_run(struct loop *l)
{
	l->is_stopping = false;
	ev_run(l->ev, 0);
	wake(l); /* if it was out of work, not stopped */
}

void loop_stop(struct loop *l)
{
	l->is_stopping = true;
	ev_break(l->ev, EVBREAK_ALL);
}

void loop_post(struct loop *l, struct loop_msg *m)
{
	bool was_empty;

	pthread_mutex_lock(&l->lock);
	was_empty = list_is_empty(&l->inbox);
	list_add_tail(&l->inbox, &m->node);
	pthread_mutex_unlock(&l->lock);
	if (was_empty)
		ev_async_send(l->ev, &l->wakeup);
}

void loop_bury(struct loop *l, struct loop_grave *g)
{
	list_add_tail(&l->graveyard, &g->node);
}

void loop_update_now(struct loop *l)
{
	ev_now_update(l->ev);
	stamp(l);
}
