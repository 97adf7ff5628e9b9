/* test_loop.c - turns, messages from other threads, the graveyard. */
#include <tandem/loop.h>

#include <stdatomic.h>
#include <string.h>
#include <tandem/clock.h>

#include "../../lib/unit.h"

#define N_THREADS  4UL
#define N_MESSAGES 2000UL

struct fixture {
	struct loop loop;
	ev_timer guard; /* a test that hangs fails instead */
};

static void on_guard(struct ev_loop *ev, ev_timer *w, int revents)
{
	(void)ev, (void)w, (void)revents;
	ck_abort_msg("the loop did not stop");
}

static void setup(struct fixture *x, unsigned flags)
{
	ck_assert_int_eq(loop_init(&x->loop, flags), 0);
	x->loop.owner = x;
	ev_timer_init(&x->guard, on_guard, 20., 0.);
	ev_timer_start(x->loop.ev, &x->guard);
}

static void teardown(struct fixture *x)
{
	ev_timer_stop(x->loop.ev, &x->guard);
	loop_fini(&x->loop);
	loop_fini(&x->loop); /* twice is legal */
}

struct parcel {
	struct loop_msg msg;
	struct fixture *x;
	unsigned from, number;
};

static struct {
	unsigned n, next[N_THREADS];
	bool in_order;
} received;

static void on_parcel(struct loop_msg *m)
{
	struct parcel *p = container_of(m, struct parcel, msg);

	if (p->number != received.next[p->from]++)
		received.in_order = false;
	if (++received.n == N_THREADS * N_MESSAGES)
		loop_stop(&p->x->loop);
	free(p);
}

struct sender {
	struct fixture *x;
	unsigned id;
};

static void *send_many(void *arg)
{
	struct sender *s = arg;

	for (unsigned i = 0; i < N_MESSAGES; i++) {
		struct parcel *p = calloc(1, sizeof(*p));

		if (!p)
			abort();
		*p = (struct parcel){ { .fn = on_parcel }, s->x, s->id, i };
		loop_post(&s->x->loop, &p->msg);
	}
	return NULL;
}

START_TEST(messages_of_many_threads_all_arrive_in_order)
{
	struct fixture x;
	struct sender senders[N_THREADS];
	pthread_t threads[N_THREADS];

	setup(&x, EVFLAG_AUTO);
	received.in_order = true;
	for (unsigned i = 0; i < N_THREADS; i++) {
		senders[i] = (struct sender){ &x, i };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, send_many, &senders[i]), 0);
	}
	loop_run(&x.loop);
	for (unsigned i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(received.n, N_THREADS * N_MESSAGES);
	ck_assert(received.in_order);
	teardown(&x);
}
END_TEST

struct repeat {
	struct loop_msg msg;
	struct fixture *x;
	unsigned n;
};

static void on_repeat(struct loop_msg *m)
{
	struct repeat *r = container_of(m, struct repeat, msg);

	if (++r->n < 100)
		loop_post(&r->x->loop, &r->msg);
	else
		loop_stop(&r->x->loop);
}

START_TEST(a_message_may_be_sent_again_from_its_handler)
{
	struct fixture x;
	struct repeat r = { { .fn = on_repeat }, &x, 0 };

	setup(&x, EVFLAG_AUTO);
	loop_post(&x.loop, &r.msg);
	loop_run(&x.loop);
	ck_assert_uint_eq(r.n, 100);
	teardown(&x);
}
END_TEST

struct corpse {
	struct loop_grave grave;
	struct loop *loop;
	unsigned *n_buried;
	bool buries_another;
};

static void on_burial(struct loop_grave *g)
{
	struct corpse *c = container_of(g, struct corpse, grave);

	(*c->n_buried)++;
	if (c->buries_another) {
		struct corpse *next = calloc(1, sizeof(*next));

		*next = (struct corpse){ { .fn = on_burial }, c->loop, c->n_buried, false };
		loop_bury(c->loop, &next->grave);
	}
	free(c);
}

static void bury(struct loop *l, unsigned *n, bool buries_another)
{
	struct corpse *c = calloc(1, sizeof(*c));

	*c = (struct corpse){ { .fn = on_burial }, l, n, buries_another };
	loop_bury(l, &c->grave);
}

struct burial {
	struct loop_msg msg;
	struct fixture *x;
	unsigned n, n_in_handler;
};

static void on_bury(struct loop_msg *m)
{
	struct burial *b = container_of(m, struct burial, msg);

	bury(&b->x->loop, &b->n, true);
	b->n_in_handler = b->n;
	loop_stop(&b->x->loop);
}

START_TEST(the_graveyard_is_emptied_after_the_turn_not_in_it)
{
	struct fixture x;
	struct burial b = { { .fn = on_bury }, &x, 0, 99 };

	setup(&x, EVFLAG_AUTO);
	loop_post(&x.loop, &b.msg);
	loop_run(&x.loop);
	ck_assert_uint_eq(b.n_in_handler, 0);
	ck_assert_uint_eq(b.n, 2);
	bury(&x.loop, &b.n, false);
	teardown(&x);
	ck_assert_uint_eq(b.n, 3);
}
END_TEST

static unsigned n_sleeps, n_wakes;

static void count_idle(struct loop *l, bool sleeping)
{
	if (sleeping)
		n_sleeps++;
	else
		n_wakes++;
	ck_assert_uint_eq(n_sleeps, n_wakes + sleeping);
	ck_assert_ptr_nonnull(l->owner);
}

static void on_stop_timer(struct ev_loop *ev, ev_timer *w, int revents)
{
	(void)w, (void)revents;
	ev_break(ev, EVBREAK_ALL);
}

START_TEST(a_turn_has_a_stamp_and_tells_when_it_sleeps)
{
	struct fixture x;
	ev_timer stop;
	int64_t start_us = clock_mono_us();

	setup(&x, EVFLAG_AUTO);
	x.loop.on_idle = count_idle;
	ev_timer_init(&stop, on_stop_timer, 0.02, 0.);
	ev_timer_start(x.loop.ev, &stop);
	loop_run(&x.loop);
	ck_assert_uint_ge(n_wakes, 1);
	ck_assert_int_ge(x.loop.now_us, start_us + 19 * US_PER_MS);
	ck_assert_int_le(x.loop.now_us, clock_mono_us());
	ck_assert_int_eq(atomic_load(&x.loop.last_turn_us), x.loop.now_us);
	start_us = x.loop.now_us;
	while (clock_mono_us() == start_us)
		;
	loop_update_now(&x.loop);
	ck_assert_int_gt(x.loop.now_us, start_us);
	teardown(&x);
}
END_TEST

START_TEST(the_default_loop_is_made_when_asked_for)
{
	struct fixture x;

	setup(&x, LOOP_DEFAULT);
	ck_assert(ev_is_default_loop(x.loop.ev));
	teardown(&x);
	setup(&x, EVBACKEND_EPOLL | EVFLAG_NOENV);
	ck_assert(!ev_is_default_loop(x.loop.ev));
	ck_assert_uint_eq(ev_backend(x.loop.ev), EVBACKEND_EPOLL);
	teardown(&x);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("loop");
	TCase *tc = tcase_create("loop");

	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, messages_of_many_threads_all_arrive_in_order);
	tcase_add_test(tc, a_message_may_be_sent_again_from_its_handler);
	tcase_add_test(tc, the_graveyard_is_emptied_after_the_turn_not_in_it);
	tcase_add_test(tc, a_turn_has_a_stamp_and_tells_when_it_sleeps);
	tcase_add_test(tc, the_default_loop_is_made_when_asked_for);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
