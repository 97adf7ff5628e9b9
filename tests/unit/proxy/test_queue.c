/* test_queue.c - who waits, who is granted, and that nobody is forgotten, whatever the threads do.
 */
#include "pool/queue.h"

#include <pthread.h>
#include <tandem/clock.h>

#include "../../lib/pool_fixture.h"
#include "../../lib/unit.h"

static struct fix_cfg f;
static struct loop loop;

struct waiter {
	struct pending p;
	enum assign_result result;
	struct server *srv;  /* that we hold */
	unsigned granted_as; /* 1..: order of grants */
};
static unsigned n_grants;

static void on_granted(struct pending *p)
{
	struct waiter *w = container_of(p, struct waiter, p);

	w->srv = p->srv;
	w->granted_as = ++n_grants;
}

static struct backend *make(unsigned n, unsigned maxconn)
{
	n_grants = 0;
	fix_init(&f, n);
	for (unsigned i = 0; i < n; i++)
		f.servers[i].maxconn = maxconn;
	ck_assert_int_eq(loop_init(&loop, EVFLAG_AUTO), 0);
	return backend_new(&f.px, 1);
}

static void drop(struct backend *be)
{
	loop_fini(&loop);
	fix_free_backend(be);
}

static void assign_from(struct backend *be, struct waiter *w, const char *ip)
{
	const struct addr client = fix_addr(ip, 1);
	const struct lb_key key = { .client = &client };
	const struct view_server *vs = NULL;

	*w = (struct waiter){ .p = { .loop = &loop, .granted = on_granted } };
	w->result = backend_assign(be, &key, &w->p, &vs);
	if (w->result == ASSIGN_OK)
		w->srv = vs->srv;
}

static void assign(struct backend *be, struct waiter *w)
{
	assign_from(be, w, "192.0.2.1");
}

static void deliver(void)
{
	ev_run(loop.ev, EVRUN_NOWAIT);
}

static void release(struct backend *be, struct waiter *w)
{
	struct server *s = w->srv;

	ck_assert_ptr_nonnull(s);
	w->srv = NULL;
	backend_release(be, s);
	deliver();
}

START_TEST(waits_when_all_are_full)
{
	struct backend *be = make(2, 1);
	struct waiter w[4];

	for (unsigned i = 0; i < 4; i++)
		assign(be, &w[i]);
	ck_assert_int_eq(w[0].result, ASSIGN_OK);
	ck_assert_int_eq(w[1].result, ASSIGN_OK);
	ck_assert_ptr_ne(w[0].srv, w[1].srv);
	ck_assert_int_eq(w[2].result, ASSIGN_QUEUED);
	ck_assert_int_eq(w[3].result, ASSIGN_QUEUED);
	ck_assert_uint_eq(be->queue.cur, 2);
	release(be, &w[1]);
	ck_assert_ptr_eq(w[2].srv, be->servers[1]); /* the oldest has it */
	ck_assert_uint_eq(w[3].granted_as, 0);
	ck_assert_uint_eq(be->servers[1]->sess.cur, 1);
	release(be, &w[0]);
	ck_assert_ptr_eq(w[3].srv, be->servers[0]);
	ck_assert_uint_eq(be->queue.cur, 0);
	ck_assert_uint_eq(be->queue.max, 2);
	release(be, &w[2]);
	release(be, &w[3]);
	ck_assert(backend_is_unused(be));
	drop(be);
}
END_TEST

START_TEST(first_come_first_served)
{
	struct backend *be = make(1, 1);
	struct waiter w[10];

	for (unsigned i = 0; i < 10; i++)
		assign(be, &w[i]);
	for (unsigned i = 0; i < 10; i++) {
		ck_assert_uint_eq(w[i].granted_as, i);
		release(be, &w[i]);
	}
	drop(be);
}
END_TEST

START_TEST(who_leaves_is_skipped)
{
	struct backend *be = make(1, 1);
	struct waiter w[4];

	for (unsigned i = 0; i < 4; i++)
		assign(be, &w[i]);
	ck_assert(backend_cancel(&w[1].p));
	ck_assert(!backend_cancel(&w[1].p)); /* it does not wait any more */
	ck_assert_uint_eq(be->n_waiting, 2);
	release(be, &w[0]);
	ck_assert_uint_eq(w[1].granted_as, 0);
	ck_assert_uint_eq(w[2].granted_as, 1);
	ck_assert(backend_cancel(&w[3].p));
	release(be, &w[2]);
	ck_assert(backend_is_unused(be));
	drop(be);
}
END_TEST

START_TEST(cancel_comes_too_late)
{
	struct backend *be = make(1, 1);
	struct waiter w[2];

	assign(be, &w[0]);
	assign(be, &w[1]);
	backend_release(be, w[0].srv); /* granted, the message is under way */
	ck_assert(!backend_cancel(&w[1].p));
	deliver();
	ck_assert_uint_eq(w[1].granted_as, 1); /* it arrives, and must be given back */
	release(be, &w[1]);
	ck_assert(backend_is_unused(be));
	drop(be);
}
END_TEST

START_TEST(a_server_that_rises_takes_as_many_as_it_can)
{
	struct backend *be = make(2, 2);
	struct waiter w[6];

	server_set_down(be->servers[1], NULL);
	for (unsigned i = 0; i < 6; i++)
		assign(be, &w[i]);
	ck_assert_uint_eq(be->n_waiting, 4);
	fix_forget_lines();
	server_set_up(be->servers[1], NULL);
	deliver();
	ck_assert_ptr_eq(w[2].srv, be->servers[1]);
	ck_assert_ptr_eq(w[3].srv, be->servers[1]);
	ck_assert_uint_eq(be->n_waiting, 2);
	ck_assert(fix_said("Server web/s2 is UP. 2 active and 0 backup servers online. 2 sessions "
			   "requeued, 0 total in queue."));
	for (unsigned i = 0; i < 6; i++)
		release(be, &w[i]);
	ck_assert(backend_is_unused(be));
	drop(be);
}
END_TEST

START_TEST(a_higher_maxconn_lets_waiters_in)
{
	struct backend *be = make(1, 1);
	struct waiter w[4];

	for (unsigned i = 0; i < 4; i++)
		assign(be, &w[i]);
	server_set_maxconn(be->servers[0], 3);
	deliver();
	ck_assert_uint_eq(n_grants, 2);
	server_set_maxconn(be->servers[0], 0); /* no limit */
	deliver();
	ck_assert_uint_eq(n_grants, 3);
	for (unsigned i = 0; i < 4; i++)
		release(be, &w[i]);
	drop(be);
}
END_TEST

START_TEST(nobody_usable_is_an_answer_at_once)
{
	struct backend *be = make(1, 1);
	struct waiter w[3];

	assign(be, &w[0]);
	assign(be, &w[1]);
	server_set_down(be->servers[0], NULL);
	assign(be, &w[2]);
	ck_assert_int_eq(w[2].result, ASSIGN_NONE);
	ck_assert_uint_eq(be->n_waiting, 1); /* who waits already may hope until its timeout */
	release(be, &w[0]);
	ck_assert_uint_eq(n_grants, 0); /* a server that is down gets nobody */
	server_set_up(be->servers[0], NULL);
	deliver();
	ck_assert_uint_eq(w[1].granted_as, 1);
	release(be, &w[1]);
	drop(be);
}
END_TEST

START_TEST(drained_server_takes_nobody_from_the_queue)
{
	struct backend *be = make(2, 1);
	struct waiter w[3];

	for (unsigned i = 0; i < 3; i++)
		assign(be, &w[i]);
	server_set_admin(be->servers[0], SERVER_FDRAIN, 0, NULL);
	release(be, &w[0]);
	ck_assert_uint_eq(n_grants, 0);
	release(be, &w[1]);
	ck_assert_ptr_eq(w[2].srv, be->servers[1]);
	release(be, &w[2]);
	drop(be);
}
END_TEST

/* balance source: clients wait for their own server. 192.0.2.1 and .3 have s2, .2 and .4 have s1.
 */
static struct backend *make_source(unsigned maxqueue)
{
	struct backend *be = make(2, 1);

	f.px.balance = CFG_LB_SOURCE;
	f.servers[0].maxqueue = f.servers[1].maxqueue = maxqueue;
	backend_reconfigure(be, &f.px);
	return be;
}

START_TEST(bound_clients_wait_for_their_server)
{
	struct backend *be = make_source(0);
	struct waiter a[2], b[2];

	assign_from(be, &a[0], "192.0.2.1");
	assign_from(be, &a[1], "192.0.2.3");
	ck_assert_ptr_eq(a[0].srv, be->servers[1]);
	ck_assert_int_eq(a[1].result, ASSIGN_QUEUED);
	ck_assert_uint_eq(be->servers[1]->queue.cur, 1);
	ck_assert_uint_eq(be->queue.cur, 0);
	assign_from(be, &b[0], "192.0.2.2"); /* another's queue is no obstacle */
	ck_assert_int_eq(b[0].result, ASSIGN_OK);
	ck_assert_ptr_eq(b[0].srv, be->servers[0]);
	assign_from(be, &b[1], "192.0.2.4");
	release(be, &b[0]);
	ck_assert_ptr_eq(b[1].srv, be->servers[0]);
	ck_assert_uint_eq(a[1].granted_as, 0);
	release(be, &a[0]);
	ck_assert_ptr_eq(a[1].srv, be->servers[1]);
	release(be, &a[1]);
	release(be, &b[1]);
	ck_assert(backend_is_unused(be));
	drop(be);
}
END_TEST

START_TEST(maxqueue_bounds_the_wait_for_one_server)
{
	struct backend *be = make_source(1);
	struct waiter w[3];

	for (unsigned i = 0; i < 3; i++)
		assign_from(be, &w[i], "192.0.2.1");
	ck_assert_int_eq(w[1].result, ASSIGN_QUEUED);
	ck_assert_int_eq(w[2].result, ASSIGN_FULL);
	ck_assert_uint_eq(be->n_waiting, 1);
	release(be, &w[0]);
	release(be, &w[1]);
	drop(be);
}
END_TEST

/* As HAProxy: the queues of the servers first, then that of the backend. */
START_TEST(leastconn_fills_the_queues_of_its_servers)
{
	struct backend *be;
	struct waiter w[8];

	n_grants = 0;
	fix_init(&f, 2);
	f.px.balance = CFG_LB_LEASTCONN;
	for (unsigned i = 0; i < 2; i++) {
		f.servers[i].maxconn = 1;
		f.servers[i].maxqueue = 2;
	}
	ck_assert_int_eq(loop_init(&loop, EVFLAG_AUTO), 0);
	be = backend_new(&f.px, 1);
	for (unsigned i = 0; i < ARRAY_LEN(w); i++)
		assign(be, &w[i]);
	for (unsigned i = 2; i < ARRAY_LEN(w); i++)
		ck_assert_int_eq(w[i].result, ASSIGN_QUEUED);
	ck_assert_uint_eq(be->servers[0]->queue.cur, 2);
	ck_assert_uint_eq(be->servers[1]->queue.cur, 2);
	ck_assert_uint_eq(be->queue.cur, 2);
	/* who leaves a queue makes room in it */
	ck_assert(backend_cancel(&w[2].p));
	assign(be, &w[2]);
	ck_assert_uint_eq(be->queue.cur, 2);
	release(be, &w[0]);
	release(be, &w[1]);
	for (unsigned n = 0; n < 6;) {
		for (unsigned i = 2; i < ARRAY_LEN(w); i++) {
			if (w[i].srv == NULL)
				continue;
			release(be, &w[i]);
			n++;
		}
	}
	ck_assert(backend_is_unused(be));
	drop(be);
}
END_TEST

START_TEST(waiters_of_a_fallen_server_are_requeued_in_order)
{
	struct backend *be = make_source(0);
	struct waiter a[3], b[3];

	for (unsigned i = 0; i < 3; i++) {
		assign_from(be, &a[i], "192.0.2.1");
		assign_from(be, &b[i], "192.0.2.2");
	}
	fix_forget_lines();
	server_set_down(be->servers[1], NULL);
	ck_assert(fix_said("Server web/s2 is DOWN. 1 active and 0 backup servers left. 1 sessions "
			   "active, 2 requeued, 0 remaining in queue."));
	ck_assert_uint_eq(be->servers[1]->queue.cur, 0);
	ck_assert_uint_eq(be->queue.cur, 2);
	release(be, &b[0]);
	release(be, &a[1]); /* came before b[1] */
	release(be, &b[1]);
	ck_assert_uint_eq(a[1].granted_as, 1);
	ck_assert_uint_eq(b[1].granted_as, 2);
	ck_assert_uint_eq(a[2].granted_as, 3);
	release(be, &a[2]);
	ck_assert_uint_eq(b[2].granted_as, 4);
	release(be, &b[2]);
	release(be, &a[0]);
	ck_assert(backend_is_unused(be));
	drop(be);
}
END_TEST

START_TEST(waiters_of_a_removed_server_are_requeued)
{
	struct backend *be = make_source(0);
	static struct fix_cfg g;
	struct waiter w[2];

	assign_from(be, &w[0], "192.0.2.1");
	assign_from(be, &w[1], "192.0.2.1");
	fix_init(&g, 1); /* s2 is gone */
	g.px.balance = CFG_LB_SOURCE;
	g.servers[0].maxconn = 1;
	backend_reconfigure(be, &g.px);
	deliver();
	ck_assert_ptr_eq(w[1].srv, be->servers[0]);
	release(be, &w[0]);
	release(be, &w[1]);
	urcu_qsbr_barrier();
	ck_assert_uint_eq(backend_reap(be), 0);
	drop(be);
}
END_TEST

START_TEST(minconn_grows_with_the_backend)
{
	struct backend *be = make(1, 10);
	struct waiter w[3];

	f.servers[0].minconn = 1;
	f.px.fullconn = 10;
	backend_reconfigure(be, &f.px);
	for (unsigned i = 0; i < 3; i++) {
		gauge_inc(&be->sess);
		assign(be, &w[i]);
		/* with i+1 streams of 10 the limit is i+1 of 10 */
		ck_assert_int_eq(w[i].result, ASSIGN_OK);
	}
	gauge_dec(&be->sess);
	gauge_dec(&be->sess);
	{
		struct waiter x;

		assign(be, &x);
		ck_assert_int_eq(x.result, ASSIGN_QUEUED);
		ck_assert(backend_cancel(&x.p));
	}
	gauge_dec(&be->sess);
	for (unsigned i = 0; i < 3; i++)
		release(be, &w[i]);
	drop(be);
}
END_TEST

/* --- threads --- */

#define N_THREADS 3
#define N_STREAMS 12 /* a thread */
#ifdef __SANITIZE_THREAD__
#define N_ROUNDS 300 /* a stream */
#else
#define N_ROUNDS 3000
#endif
#define LIMIT 2 /* of each of the two servers */

struct stream {
	struct pending p;
	struct actor *actor;
	struct server *srv;
	enum { IDLE, WAITING, CANCELLED, HOLDING, DONE } state;
	unsigned rounds;
};

struct actor { /* a data thread */
	pthread_t thread;
	struct loop loop;
	struct backend *be;
	unsigned seed, n_done;
	bool timed_out;
	ev_timer deadline;
	struct stream streams[N_STREAMS];
};

static void stream_granted(struct pending *p)
{
	struct stream *s = container_of(p, struct stream, p);

	s->srv = p->srv;
	if (s->state == CANCELLED) { /* it was too late: give it back */
		backend_release(s->actor->be, s->srv);
		s->state = IDLE;
		return;
	}
	ck_assert_int_eq(s->state, WAITING);
	s->state = HOLDING;
}

static void stream_begin(struct stream *s)
{
	const struct lb_key key = { 0 };
	const struct view_server *vs = NULL;
	struct actor *a = s->actor;

	s->p = (struct pending){ .loop = &a->loop, .granted = stream_granted };
	switch (backend_assign(a->be, &key, &s->p, &vs)) {
	case ASSIGN_OK:
		s->srv = vs->srv;
		s->state = HOLDING;
		return;
	case ASSIGN_QUEUED:
		s->state = WAITING;
		return;
	case ASSIGN_NONE: /* later */
		return;
	case ASSIGN_FULL:
		ck_abort_msg("no maxqueue was set");
	}
}

static void stream_step(struct stream *s)
{
	struct actor *a = s->actor;

	switch (s->state) {
	case IDLE:
		stream_begin(s);
		return;
	case WAITING:
		if (rand_r(&a->seed) % 8 != 0)
			return;
		s->state = backend_cancel(&s->p) ? IDLE : CANCELLED;
		return;
	case HOLDING:
		if (rand_r(&a->seed) % 3 == 0)
			return;
		backend_release(a->be, s->srv);
		s->state = ++s->rounds == N_ROUNDS ? DONE : IDLE;
		a->n_done += s->state == DONE;
		return;
	case CANCELLED:
	case DONE:
		return;
	}
}

static void on_deadline(struct ev_loop *ev, ev_timer *w, int revents)
{
	(void)ev, (void)revents;
	container_of(w, struct actor, deadline)->timed_out = true;
}

/* Does it have something to do before a grant comes? */
static bool is_busy(const struct actor *a)
{
	for (unsigned i = 0; i < N_STREAMS; i++)
		if (a->streams[i].state == IDLE || a->streams[i].state == HOLDING)
			return true;
	return false;
}

static void *act(void *arg)
{
	struct actor *a = arg;

	urcu_qsbr_register_thread();
	ev_timer_init(&a->deadline, on_deadline, 50., 0.);
	ev_timer_start(a->loop.ev, &a->deadline);
	while (a->n_done < N_STREAMS && !a->timed_out) {
		bool busy = is_busy(a);

		if (!busy)
			urcu_qsbr_thread_offline();
		ev_run(a->loop.ev,
		       busy ? EVRUN_NOWAIT : EVRUN_ONCE); /* sleeps: needs the wake-up */
		if (!busy)
			urcu_qsbr_thread_online();
		for (unsigned i = 0; i < N_STREAMS; i++)
			stream_step(&a->streams[i]);
		urcu_qsbr_quiescent_state();
	}
	ev_timer_stop(a->loop.ev, &a->deadline);
	urcu_qsbr_unregister_thread();
	return NULL;
}

/* Streams of several threads fight for four or six slots, give up at random, while servers fall,
 * rise, are added and removed. A lost wake-up leaves a sleeping thread: the deadline. A slot given
 * twice: the peak. A server freed too early: the sanitizers. */
START_TEST(no_wakeup_is_lost_and_no_slot_given_twice)
{
	struct backend *be = make(2, LIMIT);
	static struct actor actors[N_THREADS];
	static struct fix_cfg more;
	bool has_more = false;
	unsigned n_running = N_THREADS, seed = 7;

	fix_init(&more, 3);
	for (unsigned i = 0; i < 3; i++)
		more.servers[i].maxconn = LIMIT;
	for (unsigned t = 0; t < N_THREADS; t++) {
		struct actor *a = &actors[t];

		*a = (struct actor){ .be = be, .seed = t + 1 };
		ck_assert_int_eq(loop_init(&a->loop, EVFLAG_AUTO), 0);
		for (unsigned i = 0; i < N_STREAMS; i++)
			a->streams[i] = (struct stream){ .actor = a };
		ck_assert_int_eq(pthread_create(&a->thread, NULL, act, a), 0);
	}
	for (unsigned t = 0; n_running > 0;) {
		struct server *s = be->servers[rand_r(&seed) % 2];

		switch (rand_r(&seed) % 5) {
		case 4:
			has_more = !has_more;
			backend_reconfigure(be, has_more ? &more.px : &f.px);
			backend_reap(be);
			break;
		case 0:
			server_set_down(s, NULL);
			break;
		case 1:
			server_set_weight(s, 1 + rand_r(&seed) % 3);
			break;
		default:
			server_set_up(be->servers[0], NULL);
			server_set_up(be->servers[1], NULL);
			break;
		}
		if (t < N_THREADS && pthread_tryjoin_np(actors[t].thread, NULL) == 0) {
			t++;
			n_running--;
		}
		nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
		/* at the end of a round of changes nobody may be left without a server */
		server_set_up(be->servers[0], NULL);
		server_set_up(be->servers[1], NULL);
	}
	for (unsigned t = 0; t < N_THREADS; t++) {
		ck_assert_msg(!actors[t].timed_out, "thread %u: a stream was forgotten", t);
		loop_fini(&actors[t].loop);
	}
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_uint_le(be->servers[i]->sess.max, LIMIT);
		ck_assert_uint_eq(be->servers[i]->sess.cur, 0);
	}
	ck_assert_uint_gt(be->queue.max, 0);
	ck_assert(backend_is_unused(be));
	backend_reconfigure(be, &f.px);
	urcu_qsbr_barrier();
	ck_assert_uint_eq(backend_reap(be), 0);
	drop(be);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("queue");
	TCase *tc = tcase_create("queue"), *threads = tcase_create("threads");
	int rc;

	urcu_qsbr_register_thread();
	urcu_qsbr_thread_offline();
	tcase_add_test(tc, waits_when_all_are_full);
	tcase_add_test(tc, first_come_first_served);
	tcase_add_test(tc, who_leaves_is_skipped);
	tcase_add_test(tc, cancel_comes_too_late);
	tcase_add_test(tc, a_server_that_rises_takes_as_many_as_it_can);
	tcase_add_test(tc, a_higher_maxconn_lets_waiters_in);
	tcase_add_test(tc, nobody_usable_is_an_answer_at_once);
	tcase_add_test(tc, drained_server_takes_nobody_from_the_queue);
	tcase_add_test(tc, bound_clients_wait_for_their_server);
	tcase_add_test(tc, maxqueue_bounds_the_wait_for_one_server);
	tcase_add_test(tc, leastconn_fills_the_queues_of_its_servers);
	tcase_add_test(tc, waiters_of_a_fallen_server_are_requeued_in_order);
	tcase_add_test(tc, waiters_of_a_removed_server_are_requeued);
	tcase_add_test(tc, minconn_grows_with_the_backend);
	suite_add_tcase(s, tc);
	tcase_add_test(threads, no_wakeup_is_lost_and_no_slot_given_twice);
	tcase_set_timeout(threads, 100);
	suite_add_tcase(s, threads);
	rc = unit_run(s);
	urcu_qsbr_unregister_thread();
	return rc;
}
