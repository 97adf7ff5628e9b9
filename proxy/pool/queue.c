/* queue.c - streams that wait for a slot of a server, and who gets a slot that becomes free.
 *
 * A backend has a list of streams that take any server, and each server a list of those that take
 * only it; tickets order them all. A slot of a server goes to the oldest of the two lists' heads.
 * While anybody waits whom a server could serve, a newcomer does not overtake: it queues too.
 *
 * Why no wake-up is lost. Slots (sess.cur) are taken and given back without the lock; n_waiting,
 * sess.cur of servers with a limit and their exchange are sequentially consistent:
 *
 *      who waits (queue_enter)                    who leaves (backend_release)
 *      W1  n_waiting++                            L1  sess.cur--
 *      W2  try to take a slot (reads sess.cur)    L2  read n_waiting; if > 0: lock, try to grant
 *
 * In the one order of these four steps either L1 comes before W2, and the waiter sees the free
 * slot; or W2 comes before L1, then so does W1 before L2, and the leaver sees the waiter. In that
 * case it takes queue_lock, which the waiter held from before W1 until it was in the list, so it
 * finds the waiter there. Both may see each other: the lock orders them and the slot goes to the
 * oldest. A publication swaps the view with the lock held and grants after it, and a waiter reads
 * the view under the lock: so a waiter either sees the new room or is in the list before the
 * publication grants. A waiter that cancels does so under the lock: either it is still in a list,
 * or its grant is decided and the slot is its own to give back. */
#include "pool/queue.h"

#include "lb/lb.h"

bool queue_take_slot(const struct view_server *vs)
{
	struct gauge *g = &vs->srv->sess;
	uint32_t limit = lb_limit(vs), n = atomic_load(&g->cur), max;

	do {
		if (n >= limit)
			return false;
	} while (!atomic_compare_exchange_weak(&g->cur, &n, n + 1));
	n++;
	max = atomic_load_explicit(&g->max, memory_order_relaxed);
	while (n > max && !atomic_compare_exchange_weak_explicit(
				  &g->max, &max, n, memory_order_relaxed, memory_order_relaxed))
		;
	return true;
}

static void on_grant_message(struct loop_msg *m)
{
	struct pending *p = container_of(m, struct pending, msg);

	p->granted(p);
}

/* The functions from here on want queue_lock held. */

static struct gauge *gauge_of(struct pending *p)
{
	return p->want != NULL ? &p->want->queue : &p->be->queue;
}

static const struct view_server *find_in_view(const struct backend_view *v, const struct server *s)
{
	const struct view_server *vs;

	if (v == NULL || s->view_index >= v->n_servers)
		return NULL;
	vs = &v->servers[s->view_index];
	return vs->srv == s ? vs : NULL;
}

/* For algorithms that count who waits, too. */
static void tell_algo(struct backend *be, const struct server *s)
{
	const struct view_server *vs =
		s != NULL && be->view->changed != NULL ? find_in_view(be->view, s) : NULL;

	if (vs != NULL)
		be->view->changed(be->view, &be->lb, vs);
}

static void enqueue(struct backend *be, struct pending *p, struct server *want)
{
	p->be = be;
	p->srv = NULL;
	p->want = want;
	p->ticket = be->next_ticket++;
	p->is_waiting = true;
	gauge_inc(gauge_of(p));
	list_add_tail(want != NULL ? &want->waiting : &be->waiting, &p->node);
	atomic_fetch_add(&be->n_waiting, 1);
	tell_algo(be, want);
}

static void dequeue(struct pending *p)
{
	list_del(&p->node);
	p->is_waiting = false;
	gauge_dec(gauge_of(p));
	atomic_fetch_sub(&p->be->n_waiting, 1);
	tell_algo(p->be, p->want);
}

static struct pending *oldest_for(struct backend *be, const struct view_server *vs)
{
	struct pending *any = list_first(&be->waiting, struct pending, node);
	struct pending *bound = list_first(&vs->srv->waiting, struct pending, node);

	if (!vs->in_use)
		any = NULL;
	if (any == NULL || (bound != NULL && bound->ticket < any->ticket))
		return bound;
	return any;
}

/* Grant one slot of vs. self: the caller's own wait, which needs no message. */
static bool grant_one(struct backend *be, const struct view_server *vs, const struct pending *self)
{
	struct pending *p = oldest_for(be, vs);

	if (p == NULL || !queue_take_slot(vs))
		return false;
	dequeue(p);
	p->srv = vs->srv;
	if (be->view->changed != NULL)
		be->view->changed(be->view, &be->lb, vs);
	if (p != self) {
		/* posted with the lock held: after a cancel that came too late the owner waits for
		 * this message */
		p->msg.fn = on_grant_message;
		loop_post(p->loop, &p->msg);
	}
	return true;
}

/* Grant all the room there is, one slot of each server in turn. */
static unsigned grant_all(struct backend *be, const struct pending *self)
{
	const struct backend_view *v = be->view;
	unsigned n = 0, n_before;

	do {
		n_before = n;
		for (uint32_t i = 0; i < v->n_servers && atomic_load(&be->n_waiting) > 0; i++)
			if (v->servers[i].accepts)
				n += grant_one(be, &v->servers[i], self);
	} while (n != n_before);
	return n;
}

/* Merge by ticket: both lists are sorted. */
static unsigned requeue_locked(struct backend *be, struct server *s)
{
	struct list *at = be->waiting.next;
	struct pending *p, *tmp;
	unsigned n = 0;

	list_for_each_safe (p, tmp, &s->waiting, node) {
		while (at != &be->waiting &&
		       list_entry(at, struct pending, node)->ticket < p->ticket)
			at = at->next;
		list_del(&p->node);
		gauge_dec(&s->queue);
		p->want = NULL;
		gauge_inc(&be->queue);
		list_add_tail(at, &p->node); /* before `at` */
		n++;
	}
	return n;
}

enum assign_result queue_enter(struct backend *be, const struct view_server *vs, bool is_bound,
			       struct pending *p, const struct view_server **out)
{
	enum assign_result result = ASSIGN_QUEUED;
	bool has_place;

	ASSERT(p != NULL && p->loop != NULL);
	pthread_mutex_lock(&be->queue_lock);
	vs = find_in_view(be->view, vs->srv); /* it may have changed since the pick */
	has_place = vs != NULL && vs->accepts && vs->maxqueue > 0 &&
		    atomic_load_explicit(&vs->srv->queue.cur, memory_order_relaxed) < vs->maxqueue;
	is_bound = is_bound && vs != NULL && vs->accepts;
	if (is_bound && vs->maxqueue > 0 && !has_place) {
		*out = vs;
		result = ASSIGN_FULL;
	} else {
		is_bound = is_bound || (has_place && be->view->algo->fills_queues);
		enqueue(be, p, is_bound ? vs->srv : NULL);
		grant_all(be, p);
		if (!p->is_waiting) {
			*out = find_in_view(be->view, p->srv);
			result = ASSIGN_OK;
		}
	}
	pthread_mutex_unlock(&be->queue_lock);
	return result;
}

void queue_on_release(struct backend *be, struct server *s)
{
	const struct view_server *vs;

	pthread_mutex_lock(&be->queue_lock);
	vs = find_in_view(be->view, s);
	while (vs != NULL && vs->accepts && grant_one(be, vs, NULL))
		;
	pthread_mutex_unlock(&be->queue_lock);
}

bool backend_cancel(struct pending *p)
{
	struct backend *be = p->be;
	bool was_waiting;

	pthread_mutex_lock(&be->queue_lock);
	was_waiting = p->is_waiting;
	if (was_waiting)
		dequeue(p);
	pthread_mutex_unlock(&be->queue_lock);
	return was_waiting;
}

struct backend_view *queue_publish(struct backend *be, struct backend_view *v, unsigned *n_granted)
{
	struct backend_view *old;

	pthread_mutex_lock(&be->queue_lock);
	old = be->view;
	for (uint32_t i = 0; i < v->n_servers; i++)
		__atomic_store_n(&v->servers[i].srv->view_index, i, __ATOMIC_RELAXED);
	__atomic_store_n(&be->view, v, __ATOMIC_RELEASE);
	for (uint32_t i = 0; old != NULL && i < old->n_servers; i++) {
		const struct view_server *vs = find_in_view(v, old->servers[i].srv);

		if (vs == NULL || !vs->usable)
			requeue_locked(be, old->servers[i].srv);
	}
	*n_granted = grant_all(be, NULL);
	pthread_mutex_unlock(&be->queue_lock);
	return old;
}

unsigned queue_requeue(struct backend *be, struct server *s)
{
	unsigned n;

	pthread_mutex_lock(&be->queue_lock);
	n = requeue_locked(be, s);
	pthread_mutex_unlock(&be->queue_lock);
	return n;
}
