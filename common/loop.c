/* loop.c - one event loop of one thread. */
#include <tandem/loop.h>

#include <errno.h>
#include <stdatomic.h>
#include <tandem/clock.h>

static void stamp(struct loop *l)
{
	l->now_us = clock_mono_us();
	atomic_store_explicit(&l->last_turn_us, l->now_us, memory_order_relaxed);
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

static void on_prepare(struct ev_loop *ev, ev_prepare *w, int revents)
{
	struct loop *l = container_of(w, struct loop, prepare);

	(void)ev, (void)revents;
	empty_graveyard(l);
	if (l->on_idle)
		l->on_idle(l, true);
}

static void on_check(struct ev_loop *ev, ev_check *w, int revents)
{
	struct loop *l = container_of(w, struct loop, check);

	(void)ev, (void)revents;
	stamp(l);
	if (l->on_idle)
		l->on_idle(l, false);
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
	ev_prepare_init(&l->prepare, on_prepare);
	ev_set_priority(&l->prepare, EV_MINPRI); /* after what others do before waiting */
	ev_prepare_start(l->ev, &l->prepare);
	ev_check_init(&l->check, on_check);
	ev_set_priority(&l->check, EV_MAXPRI); /* the time stamp comes before all handlers */
	ev_check_start(l->ev, &l->check);
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
	ev_check_stop(l->ev, &l->check);
	ev_prepare_stop(l->ev, &l->prepare);
	ev_loop_destroy(l->ev);
	l->ev = NULL;
	pthread_mutex_destroy(&l->lock);
}

void loop_run(struct loop *l)
{
	stamp(l);
	ev_run(l->ev, 0);
	empty_graveyard(l); /* the last turn has no wait after it */
}

void loop_stop(struct loop *l)
{
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
