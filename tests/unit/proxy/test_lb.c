/* test_lb.c - the order in which algorithms choose. */
#include "lb/lb.h"

#include <pthread.h>

#include "../../lib/pool_fixture.h"
#include "../../lib/unit.h"

static struct fix_cfg f;

/* What HAProxy 2.6 chose for 36 requests from 127.0.0.1, 127.0.1.2 ... 127.0.35.36. */
static const struct {
	enum cfg_balance balance;
	unsigned weights[5];
	const char *chosen;
} reference[] = {
	{ CFG_LB_ROUNDROBIN, { 1, 3 }, "222122212221222122212221222122212221" },
	{ CFG_LB_ROUNDROBIN, { 3, 1 }, "111211121112111211121112111211121112" },
	{ CFG_LB_ROUNDROBIN, { 5, 1, 1 }, "111211311121131112113111211311121131" },
	{ CFG_LB_ROUNDROBIN, { 1, 2, 3 }, "323132323132323132323132323132323132" },
	{ CFG_LB_ROUNDROBIN, { 2, 4, 6 }, "323132323132323132323132323132323132" },
	{ CFG_LB_ROUNDROBIN, { 10, 10, 10 }, "123123123123123123123123123123123123" },
	{ CFG_LB_ROUNDROBIN, { 1, 2, 4 }, "332313233231323323132332313233231323" },
	{ CFG_LB_ROUNDROBIN, { 7, 3, 2, 9 }, "414214341412414143241414214341412414" },
	{ CFG_LB_ROUNDROBIN, { 256, 1, 128, 64 }, "113141311314131131413113141311314131" },
	{ CFG_LB_ROUNDROBIN, { 3, 3, 2, 2, 1 }, "123124513241231245132412312451324123" },
	{ CFG_LB_ROUNDROBIN, { 1, 1, 1, 1, 5 }, "551525354551525354551525354551525354" },
	{ CFG_LB_SOURCE, { 1, 3 }, "222122212221222122212221222122212221" },
	{ CFG_LB_SOURCE, { 3, 1 }, "112111211121112111211121112111211121" },
	{ CFG_LB_SOURCE, { 5, 1, 1 }, "111213111121311112131111213111121311" },
	{ CFG_LB_SOURCE, { 1, 2, 3 }, "323231323231323231323231323231323231" },
	{ CFG_LB_SOURCE, { 2, 4, 6 }, "323231323231323231323231323231323231" },
	{ CFG_LB_SOURCE, { 10, 10, 10 }, "321321321321321321321321321321321321" },
	{ CFG_LB_SOURCE, { 1, 2, 4 }, "213333221333322133332213333221333322" },
	{ CFG_LB_SOURCE, { 7, 3, 2, 9 }, "421124441132444131144421124441132444" },
	{ CFG_LB_SOURCE, { 256, 1, 128, 64 }, "113431311131114113111343141133113411" },
	{ CFG_LB_SOURCE, { 3, 3, 2, 2, 1 }, "433511122244335111222443351112224433" },
	{ CFG_LB_SOURCE, { 1, 1, 1, 1, 5 }, "255531554255531554255531554255531554" },
};

static struct backend *make(enum cfg_balance balance, const unsigned *weights, unsigned n)
{
	fix_init(&f, n);
	f.px.balance = balance;
	for (unsigned i = 0; i < n; i++)
		f.servers[i].weight = weights[i];
	return backend_new(&f.px, 1);
}

/* The number of the server that is picked, 1..; 0: none. */
static unsigned pick_avoiding(struct backend *be, const struct addr *client,
			      const struct server *avoid)
{
	const struct lb_key key = { .client = client, .avoid = avoid };
	const struct backend_view *v = backend_view(be);
	const struct view_server *vs = v->algo->pick(v, &be->lb, &key);

	return vs != NULL ? vs->srv->index + 1 : 0;
}

static unsigned pick(struct backend *be)
{
	const struct addr client = fix_addr("192.0.2.1", 1);

	return pick_avoiding(be, &client, NULL);
}

START_TEST(same_order_as_haproxy)
{
	unsigned n = 0;
	struct backend *be;
	char chosen[37] = "";

	while (n < 5 && reference[_i].weights[n] != 0)
		n++;
	be = make(reference[_i].balance, reference[_i].weights, n);
	for (unsigned i = 0; i < 36; i++) {
		char ip[INET_ADDRSTRLEN];
		struct addr client;

		snprintf(ip, sizeof(ip), "127.0.%u.%u", i, i + 1);
		client = fix_addr(ip, 1);
		chosen[i] = (char)('0' + pick_avoiding(be, &client, NULL));
	}
	ck_assert_str_eq(chosen, reference[_i].chosen);
	fix_free_backend(be);
}
END_TEST

/* A round gives each server as many turns as its weight, never far apart. */
START_TEST(rounds_are_exact_for_any_weights)
{
	unsigned weights[FIX_MAX] = { 0 }, counts[FIX_MAX] = { 0 }, total = 0,
		 n = 2 + (unsigned)_i % 14;
	struct backend *be;

	srand((unsigned)_i + 1);
	for (unsigned i = 0; i < n; i++)
		total += weights[i] = 1 + (unsigned)rand() % 256;
	weights[0] = 1; /* so that nothing is reduced */
	be = make(CFG_LB_ROUNDROBIN, weights, n);
	total = be->view->total_weight;
	total /= LB_WEIGHT_UNIT;
	ck_assert_uint_eq(be->view->n_schedule, total);
	for (unsigned i = 0; i < 2 * total; i++)
		counts[pick(be) - 1]++;
	for (unsigned i = 0; i < n; i++)
		ck_assert_uint_eq(counts[i] / 2, weights[i]);
	fix_free_backend(be);
}
END_TEST

START_TEST(no_server_no_pick)
{
	struct backend *be = make((enum cfg_balance)_i, (const unsigned[]){ 0, 0 }, 2);

	ck_assert_uint_eq(pick(be), 0);
	fix_free_backend(be);
	be = make((enum cfg_balance)_i, NULL, 0);
	ck_assert_uint_eq(pick(be), 0);
	fix_free_backend(be);
}
END_TEST

START_TEST(weight_0_is_left_out)
{
	struct backend *be = make(CFG_LB_ROUNDROBIN, (const unsigned[]){ 1, 0, 1 }, 3);

	for (unsigned i = 0; i < 10; i++)
		ck_assert_uint_ne(pick(be), 2);
	fix_free_backend(be);
}
END_TEST

START_TEST(avoided_server_is_passed_over)
{
	struct backend *be = make((enum cfg_balance)_i, (const unsigned[]){ 8, 1, 1 }, 3);

	for (unsigned i = 0; i < 50; i++) {
		const struct addr client = fix_addr("192.0.2.1", 1);

		ck_assert_uint_ne(pick_avoiding(be, &client, be->servers[0]), 1);
	}
	fix_free_backend(be);
	be = make((enum cfg_balance)_i, (const unsigned[]){ 1 }, 1);
	for (unsigned i = 0; i < 5; i++) /* nobody else is there */
		ck_assert_uint_eq(pick_avoiding(be, NULL, be->servers[0]), 1);
	fix_free_backend(be);
}
END_TEST

START_TEST(full_servers_are_passed_over)
{
	static const enum cfg_balance all[] = { CFG_LB_ROUNDROBIN, CFG_LB_LEASTCONN,
						CFG_LB_STATIC_RR, CFG_LB_FIRST };
	struct backend *be;

	fix_init(&f, 8);
	f.px.balance = all[_i];
	for (unsigned i = 0; i < 8; i++)
		f.servers[i].maxconn = 1;
	f.servers[0].weight = 200;
	be = backend_new(&f.px, 1);
	for (unsigned i = 0; i < 8; i++) {
		unsigned p = pick(be);

		ck_assert(lb_has_room(&be->view->servers[p - 1]));
		backend_take(be, be->servers[p - 1]);
	}
	ck_assert_uint_ne(pick(be), 0); /* all are full: one to wait for */
	fix_forget_lines();
	for (unsigned i = 0; i < 8; i++)
		gauge_dec(&be->servers[i]->sess);
	fix_free_backend(be);
}
END_TEST

START_TEST(source_keeps_the_client_at_a_full_server)
{
	struct backend *be;
	unsigned first;

	fix_init(&f, 4);
	f.px.balance = CFG_LB_SOURCE;
	for (unsigned i = 0; i < 4; i++)
		f.servers[i].maxconn = 1;
	be = backend_new(&f.px, 1);
	first = pick(be);
	gauge_inc(&be->servers[first - 1]->sess);
	ck_assert_uint_eq(pick(be), first);
	gauge_dec(&be->servers[first - 1]->sess);
	fix_free_backend(be);
}
END_TEST

START_TEST(source_knows_ipv6_and_unix)
{
	struct backend *be = make(CFG_LB_SOURCE, (const unsigned[]){ 1, 1, 1 }, 3);
	struct addr a = { .len = sizeof(struct sockaddr_in6) }, u = { .len = 2 };
	unsigned p, seen = 0;

	a.in6.sin6_family = AF_INET6;
	inet_pton(AF_INET6, "2001:db8::7", &a.in6.sin6_addr);
	p = pick_avoiding(be, &a, NULL);
	/* the words' xor: 0x20010db8 ^ 7 = 536939967, and that modulo 3 is 0 */
	ck_assert_uint_eq(p, (0x20010db8u ^ 7u) % 3 + 1);
	ck_assert_uint_eq(pick_avoiding(be, &a, NULL), p);
	u.sa.sa_family = AF_UNIX;
	for (unsigned i = 0; i < 3; i++)
		seen |= 1u << pick_avoiding(be, &u, NULL);
	ck_assert_uint_eq(seen, 0xe); /* they take turns */
	fix_free_backend(be);
}
END_TEST

START_TEST(leastconn_follows_load_and_weight)
{
	struct backend *be = make(CFG_LB_LEASTCONN, (const unsigned[]){ 1, 3 }, 2);
	unsigned counts[2] = { 0 };

	for (unsigned i = 0; i < 40; i++) {
		unsigned p = pick(be);

		counts[p - 1]++;
		backend_take(be, be->servers[p - 1]);
	}
	ck_assert_uint_ge(counts[1], 29);
	ck_assert_uint_le(counts[1], 31);
	for (unsigned i = 0; i < 2; i++)
		atomic_store(&be->servers[i]->sess.cur, 0);
	fix_free_backend(be);
}
END_TEST

START_TEST(leastconn_ties_rotate)
{
	struct backend *be = make(CFG_LB_LEASTCONN, (const unsigned[]){ 1, 1, 1 }, 3);
	unsigned counts[3] = { 0 };

	for (unsigned i = 0; i < 30; i++) {
		unsigned p = pick(be);

		counts[p - 1]++;
		backend_take(be, be->servers[p - 1]);
		backend_release(be, be->servers[p - 1]);
		if (i == 15)
			backend_publish(be); /* the order stays */
	}
	for (unsigned i = 0; i < 3; i++)
		ck_assert_uint_eq(counts[i], 10);
	fix_free_backend(be);
}
END_TEST

/* What HAProxy's tree would answer: the least rank, whatever came and went before. */
START_TEST(leastconn_is_exact_for_any_history)
{
	unsigned n = 1 + (unsigned)_i % FIX_MAX, weights[FIX_MAX];
	struct backend *be;

	ck_assert_uint_gt(n, 0);
	srand((unsigned)_i);
	for (unsigned i = 0; i < n; i++)
		weights[i] = 1 + (unsigned)rand() % 9;
	be = make(CFG_LB_LEASTCONN, weights, n);
	for (unsigned step = 0; step < 300; step++) {
		struct server *s = be->servers[(unsigned)rand() % n];
		uint64_t least = UINT64_MAX, got;

		if (rand() % 2 && atomic_load(&s->sess.cur) > 0)
			backend_release(be, s);
		else
			backend_take(be, s);
		for (unsigned i = 0; i < n; i++) {
			uint64_t c = atomic_load(&be->servers[i]->sess.cur);

			least = MIN(least, c ? (c + 1) * 256 / weights[i] : 0);
		}
		s = be->servers[pick(be) - 1];
		got = atomic_load(&s->sess.cur);
		got = got ? (got + 1) * 256 / weights[s->index] : 0;
		ck_assert_uint_eq(got, least);
	}
	for (unsigned i = 0; i < n; i++)
		atomic_store(&be->servers[i]->sess.cur, 0);
	fix_free_backend(be);
}
END_TEST

/* A change that went to another view's tree is found by those who pick. */
START_TEST(leastconn_heals_what_it_was_not_told)
{
	struct backend *be = make(CFG_LB_LEASTCONN, (const unsigned[]){ 1, 1, 1, 1 }, 4);
	unsigned n = 0;

	for (unsigned i = 0; i < 4; i++)
		backend_take(be, be->servers[i]);
	atomic_store(&be->servers[2]->sess.cur, 0); /* behind its back */
	for (; n < 50 && pick(be) != 3; n++) {
		backend_take(be, be->servers[0]);
		backend_release(be, be->servers[0]);
	}
	ck_assert_uint_lt(n, 10);
	for (unsigned i = 0; i < 4; i++)
		atomic_store(&be->servers[i]->sess.cur, 0);
	fix_free_backend(be);
}
END_TEST

static void *take_and_give(void *arg)
{
	struct backend *be = arg;
	const struct view_server *held[8] = { NULL };
	struct server *srv[8] = { NULL };

	urcu_qsbr_register_thread();
	for (unsigned i = 0; i < 5000; i++) {
		const struct lb_key key = { .hash = i, .has_hash = true };
		unsigned at = i % 8;

		if (srv[at] != NULL)
			backend_release(be, srv[at]);
		ck_assert_int_eq(backend_assign(be, &key, NULL, &held[at]), ASSIGN_OK);
		srv[at] = held[at]->srv;
		urcu_qsbr_quiescent_state();
	}
	for (unsigned at = 0; at < 8; at++)
		backend_release(be, srv[at]);
	urcu_qsbr_unregister_thread();
	return NULL;
}

/* Threads that balance while views come and go: no count is lost, and the tournament knows at the
 * end that all are idle. */
START_TEST(threads_and_publications)
{
	struct backend *be =
		make((enum cfg_balance)_i, (const unsigned[]){ 1, 2, 3, 1, 1, 1, 9 }, 7);
	pthread_t threads[3];

	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, take_and_give, be), 0);
	for (unsigned i = 0; i < 200; i++)
		server_set_weight(be->servers[i % 6], i % 3);
	for (unsigned i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < 7; i++)
		ck_assert_uint_eq(atomic_load(&be->servers[i]->sess.cur), 0);
	for (unsigned i = 0; i < 200 && be->view->tree != NULL; i++) { /* what was missed heals */
		struct server *s = be->servers[pick(be) - 1];

		backend_take(be, s);
		backend_release(be, s);
	}
	if (be->view->tree != NULL)
		for (uint32_t i = 0; i < be->view->n_usable; i++)
			ck_assert_uint_eq(be->view->tree[be->view->n_leaves + i] >> 40, 0);
	fix_free_backend(be);
}
END_TEST

START_TEST(first_goes_by_id)
{
	struct backend *be;

	fix_init(&f, 3);
	f.px.balance = CFG_LB_FIRST;
	for (unsigned i = 0; i < 3; i++) {
		f.servers[i].id = 10 - i;
		f.servers[i].maxconn = 1;
	}
	be = backend_new(&f.px, 1);
	ck_assert_uint_eq(pick(be), 3);
	ck_assert_uint_eq(pick(be), 3);
	backend_take(be, be->servers[2]);
	ck_assert_uint_eq(pick(be), 2);
	backend_release(be, be->servers[2]);
	ck_assert_uint_eq(pick(be), 3);
	fix_free_backend(be);
}
END_TEST

START_TEST(random_follows_weights)
{
	unsigned counts[2] = { 0 };
	struct backend *be;

	fix_init(&f, 2);
	f.px.balance = CFG_LB_RANDOM;
	f.px.lb.draws = 1;
	f.servers[1].weight = 3;
	be = backend_new(&f.px, 1);
	for (unsigned i = 0; i < 4000; i++)
		counts[pick(be) - 1]++;
	ck_assert_uint_gt(counts[1], 2800);
	ck_assert_uint_lt(counts[1], 3200);
	fix_free_backend(be);
}
END_TEST

/* Two draws: a busy server is chosen only if both fall on it. */
START_TEST(random_prefers_the_idle)
{
	struct backend *be = make(CFG_LB_RANDOM, (const unsigned[]){ 1, 1, 1, 1 }, 4);
	unsigned n = 0;

	backend_take(be, be->servers[_i]);
	for (unsigned i = 0; i < 4000; i++)
		n += pick(be) == (unsigned)_i + 1;
	ck_assert_uint_gt(n, 150); /* 1 of 16 */
	ck_assert_uint_lt(n, 350);
	backend_release(be, be->servers[_i]);
	fix_free_backend(be);
}
END_TEST

static const struct {
	enum cfg_balance balance;
	unsigned weight, slowstart_s, after_s;
	unsigned effective, throttle, limit; /* of maxconn 10 */
} ramps[] = {
	{ CFG_LB_ROUNDROBIN, 10, 10, 0, 10, 7, 1 },
	{ CFG_LB_ROUNDROBIN, 10, 10, 5, 90, 57, 5 },
	{ CFG_LB_ROUNDROBIN, 10, 10, 9, 150, 94, 9 },
	{ CFG_LB_ROUNDROBIN, 10, 10, 10, 160, 0, 10 },
	{ CFG_LB_LEASTCONN, 256, 60, 30, 2304, 57, 5 },
	{ CFG_LB_STATIC_RR, 10, 10, 5, 160, 100, 5 },
	{ CFG_LB_SOURCE, 10, 10, 5, 160, 100, 5 },
};

START_TEST(slow_start_ramps)
{
	struct backend *be;
	struct server *s;

	fix_init(&f, 2);
	f.px.balance = ramps[_i].balance;
	f.servers[0].weight = ramps[_i].weight;
	f.servers[0].maxconn = 10;
	f.servers[0].slowstart_us = ramps[_i].slowstart_s * INT64_C(1000000);
	be = backend_new(&f.px, 1);
	s = be->servers[0];
	ck_assert_uint_eq(s->op, SERVER_RUNNING); /* not when the proxy starts */
	server_set_down(s, NULL);
	server_set_up(s, NULL);
	ck_assert_uint_eq(s->op, SERVER_STARTING);
	s->last_change_us -= ramps[_i].after_s * INT64_C(1000000);
	backend_tick(be);
	ck_assert_uint_eq(be->view->servers[0].weight, ramps[_i].effective);
	ck_assert_uint_eq(server_throttle(s), ramps[_i].throttle);
	ck_assert_uint_eq(lb_limit(&be->view->servers[0]), ramps[_i].limit);
	ck_assert_uint_eq(s->op, ramps[_i].after_s < ramps[_i].slowstart_s ? SERVER_STARTING
									   : SERVER_RUNNING);
	fix_free_backend(be);
}
END_TEST

START_TEST(balance_factor_bounds_the_load)
{
	struct lb_key key = { .hash = 12345, .has_hash = true };
	unsigned counts[4] = { 0 };
	struct backend *be;

	fix_init(&f, 4);
	f.px.balance = CFG_LB_URI;
	f.px.lb.is_consistent = true;
	f.px.lb.balance_factor = 150;
	be = backend_new(&f.px, 1);
	for (unsigned i = 0; i < 40; i++) {
		const struct view_server *vs;

		gauge_inc(&be->sess);
		vs = be->view->algo->pick(be->view, &be->lb, &key);
		backend_take(be, vs->srv);
		counts[vs->srv->index]++;
	}
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_uint_le(counts[i], 15); /* 150 % of 10 */
		atomic_store(&be->servers[i]->sess.cur, 0);
	}
	atomic_store(&be->sess.cur, 0);
	fix_free_backend(be);
}
END_TEST

/* A server that comes and goes does not send the rotation back to its start. */
START_TEST(rotation_goes_on_after_a_publication)
{
	struct backend *be = make(CFG_LB_ROUNDROBIN, (const unsigned[]){ 1, 1, 1, 1 }, 4);

	ck_assert_uint_eq(pick(be), 1);
	ck_assert_uint_eq(pick(be), 2);
	backend_publish(be);
	ck_assert_uint_eq(pick(be), 3);
	server_set_weight(be->servers[3], 0); /* the next one leaves: the first after it */
	ck_assert_uint_eq(pick(be), 1);
	server_set_weight(be->servers[3], 1);
	ck_assert_uint_eq(pick(be), 2);
	fix_free_backend(be);
}
END_TEST

static const struct {
	unsigned n, weight_first, weight_rest;
	unsigned reduced_first, reduced_rest;
} reductions[] = {
	{ 3, 100, 100, 1, 1 }, { 3, 256, 128, 2, 1 }, { 2, 9, 6, 3, 2 },
	{ 2, 7, 3, 7, 3 },     { 1, 200, 0, 1, 0 },
};

START_TEST(weights_are_reduced)
{
	unsigned weights[3] = { 0 };
	uint32_t out[3] = { 0 };
	struct backend *be;

	for (unsigned i = 0; i < 3; i++)
		weights[i] = i == 0 ? reductions[_i].weight_first : reductions[_i].weight_rest;
	be = make(CFG_LB_ROUNDROBIN, weights, reductions[_i].n);
	lb_reduced_weights(be->view, out);
	ck_assert_uint_eq(out[0], reductions[_i].reduced_first);
	if (reductions[_i].n > 1)
		ck_assert_uint_eq(out[1], reductions[_i].reduced_rest);
	fix_free_backend(be);
}
END_TEST

/* However many servers, the schedule stays within bounds and nobody starves. */
START_TEST(schedule_is_bounded)
{
	unsigned n = 2000;
	struct cfg_server *servers = calloc(n, sizeof(*servers));
	char(*names)[8] = calloc(n, sizeof(*names));
	uint32_t least = UINT32_MAX, *counts = calloc(n, sizeof(*counts));
	struct backend *be;

	fix_init(&f, 0);
	f.px.balance = _i ? CFG_LB_SOURCE : CFG_LB_ROUNDROBIN;
	for (unsigned i = 0; i < n; i++) {
		snprintf(names[i], sizeof(names[i]), "s%u", i);
		servers[i] = (struct cfg_server){ .name = names[i],
						  .id = i + 1,
						  .weight = 1 + i % 256,
						  .next = i + 1 < n ? &servers[i + 1] : NULL };
	}
	f.px.servers = servers;
	f.px.n_servers = n;
	be = backend_new(&f.px, 1);
	ck_assert_uint_le(be->view->n_schedule, LB_MAX_SCHEDULE);
	for (uint32_t i = 0; i < be->view->n_schedule; i++)
		counts[be->view->schedule[i]]++;
	for (unsigned i = 0; i < n; i++)
		least = MIN(least, counts[i]);
	ck_assert_uint_ge(least, 1);
	ck_assert_uint_gt(counts[255], 40); /* weight 256 gets its share, still */
	fix_free_backend(be);
	free(counts);
	free(names);
	free(servers);
}
END_TEST

static const struct {
	const char *name;
	unsigned maxconn, minconn, fullconn, streams;
	uint32_t limit;
} limits[] = {
	{ "no limit", 0, 0, 0, 500, UINT32_MAX },
	{ "maxconn alone", 10, 0, 100, 0, 10 },
	{ "minconn at no load", 100, 10, 1000, 0, 10 },
	{ "on the ramp", 100, 10, 1000, 500, 50 },
	{ "near the foot of the ramp", 100, 10, 1000, 50, 10 },
	{ "at fullconn", 100, 10, 1000, 1000, 100 },
	{ "above fullconn", 100, 10, 1000, 5000, 100 },
	{ "minconn alone is a maxconn", 0, 10, 1000, 5000, 10 },
	{ "minconn above maxconn", 5, 10, 1000, 0, 10 },
	{ "no fullconn known", 100, 10, 0, 0, 100 },
};

START_TEST(limit_follows_load)
{
	struct backend *be;

	fix_init(&f, 1);
	f.servers[0].maxconn = limits[_i].maxconn;
	f.servers[0].minconn = limits[_i].minconn;
	f.px.fullconn = limits[_i].fullconn;
	be = backend_new(&f.px, 1);
	atomic_store(&be->sess.cur, limits[_i].streams);
	ck_assert_msg(lb_limit(&be->view->servers[0]) == limits[_i].limit, "%s: %u",
		      limits[_i].name, lb_limit(&be->view->servers[0]));
	atomic_store(&be->sess.cur, 0);
	fix_free_backend(be);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lb");
	TCase *tc = tcase_create("lb");
	int rc;

	urcu_qsbr_register_thread();
	urcu_qsbr_thread_offline();
	tcase_add_loop_test(tc, same_order_as_haproxy, 0, ARRAY_LEN(reference));
	tcase_add_loop_test(tc, rounds_are_exact_for_any_weights, 0, 30);
	tcase_add_loop_test(tc, no_server_no_pick, 0, 7);
	tcase_add_test(tc, weight_0_is_left_out);
	tcase_add_loop_test(tc, avoided_server_is_passed_over, 0, 6);
	tcase_add_loop_test(tc, full_servers_are_passed_over, 0, 4);
	tcase_add_loop_test(tc, leastconn_is_exact_for_any_history, 0, 40);
	tcase_add_test(tc, leastconn_heals_what_it_was_not_told);
	tcase_add_loop_test(tc, threads_and_publications, 0, 9);
	tcase_add_test(tc, first_goes_by_id);
	tcase_add_test(tc, random_follows_weights);
	tcase_add_loop_test(tc, random_prefers_the_idle, 0, 2);
	tcase_add_loop_test(tc, slow_start_ramps, 0, ARRAY_LEN(ramps));
	tcase_add_test(tc, balance_factor_bounds_the_load);
	tcase_add_test(tc, source_keeps_the_client_at_a_full_server);
	tcase_add_test(tc, source_knows_ipv6_and_unix);
	tcase_add_test(tc, leastconn_follows_load_and_weight);
	tcase_add_test(tc, leastconn_ties_rotate);
	tcase_add_test(tc, rotation_goes_on_after_a_publication);
	tcase_add_loop_test(tc, weights_are_reduced, 0, ARRAY_LEN(reductions));
	tcase_add_loop_test(tc, schedule_is_bounded, 0, 2);
	tcase_add_loop_test(tc, limit_follows_load, 0, ARRAY_LEN(limits));
	suite_add_tcase(s, tc);
	rc = unit_run(s);
	urcu_qsbr_unregister_thread();
	return rc;
}
