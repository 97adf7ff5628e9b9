/* test_conn_pool.c - idle server connections: who gets which, and which are closed instead. The
 * servers are sockets of this test; the worker is made by hand and runs in the test's thread. */
#include "pool/conn_pool.h"

#include "../../lib/pool_fixture.h"
#include "../../lib/unit.h"
#include "net/client.h"
#include "pool/conn_source.h"
#include "process/worker_priv.h"

#include <sys/socket.h>
#include <unistd.h>

static struct worker worker;
static struct worker_private priv;
static struct conn_pool *const pool = &priv.pool;
static struct fix_cfg cfg;
static struct backend *be;
static struct server *s1, *s2;
static int listener;
static struct addr at;
static uint64_t key;
static const struct conn_source anywhere;

static void setup(void)
{
	urcu_qsbr_register_thread();
	fix_init(&cfg, 2);
	be = backend_new(&cfg.px, 1);
	s1 = be->servers[0];
	s2 = be->servers[1];
	ck_assert_int_eq(loop_init(&worker.loop, EVFLAG_NOENV), 0);
	worker.priv = &priv;
	priv = (struct worker_private){ .w = &worker, .ev = worker.loop.ev };
	priv.sconns = (struct freelist){ .size = sizeof(struct sconn), .max = 0 };
	conn_pool_init(pool, &worker);
	at = fix_addr("127.0.0.1", 0);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, &at.sa, at.len), 0);
	ck_assert_int_eq(listen(listener, 64), 0);
	ck_assert_int_eq(getsockname(listener, &at.sa, &at.len), 0);
	key = sconn_addr_key(&at);
}

static void teardown(void)
{
	conn_pool_fini(pool);
	loop_fini(&worker.loop);
	fix_free_backend(be);
	close(listener);
	urcu_qsbr_unregister_thread();
}

/* A connection to srv as a stream has it; *peer: the server's end. */
static struct sconn *open_to(struct server *srv, int *peer)
{
	struct sconn *s = NULL;

	ck_assert_int_eq(sconn_open(&worker, srv, &at, &anywhere, NULL, &s), 0);
	*peer = accept(listener, NULL, NULL);
	ck_assert_int_ge(*peer, 0);
	s->limits = (struct idle_limits){ -1, -1, CONN_POOL_PURGE_DELAY_US };
	return s;
}

static bool is_closed(int peer)
{
	char c;

	return recv(peer, &c, 1, MSG_DONTWAIT) == 0;
}

static void turn(void)
{
	ev_run(worker.loop.ev, EVRUN_NOWAIT);
}

/* An event of this turn that comes before the connections' own: the request that wants one. */
struct early {
	ev_io io;
	struct sconn *got;
	bool has_run;
};

static void on_early(struct ev_loop *ev, ev_io *io, int revents)
{
	struct early *e = container_of(io, struct early, io);

	(void)revents;
	ev_io_stop(ev, io);
	e->has_run = true;
	e->got = conn_pool_take(pool, NULL, s1, key, CONN_REUSE_ANY);
}

/* ---- tests ---- */

START_TEST(test_the_newest_is_taken_first)
{
	int a_peer, b_peer;
	struct sconn *a = open_to(s1, &a_peer), *b = open_to(s1, &b_peer);

	conn_pool_park(pool, a, NULL);
	conn_pool_park(pool, b, NULL);
	ck_assert_uint_eq(pool->n_idle, 2);
	ck_assert_ptr_null(conn_pool_take(pool, NULL, s2, key, CONN_REUSE_ANY));
	ck_assert_ptr_null(conn_pool_take(pool, NULL, s1, key, CONN_REUSE_NONE));
	ck_assert_ptr_null(conn_pool_take(pool, NULL, s1, key, CONN_REUSE_OWN));
	ck_assert_ptr_eq(conn_pool_take(pool, NULL, s1, key, CONN_REUSE_ANY), b);
	ck_assert_ptr_eq(conn_pool_take(pool, NULL, s1, key, CONN_REUSE_ANY), a);
	ck_assert_ptr_null(conn_pool_take(pool, NULL, s1, key, CONN_REUSE_ANY));
	sconn_close(a);
	sconn_close(b);
	ck_assert(is_closed(a_peer) && is_closed(b_peer));
	close(a_peer);
	close(b_peer);
}
END_TEST

START_TEST(test_a_client_gets_its_last_one_again)
{
	int a_peer, b_peer;
	struct sconn *a = open_to(s1, &a_peer), *b = open_to(s1, &b_peer);
	struct client c = { .w = &worker };

	conn_pool_park(pool, a, &c);
	conn_pool_park(pool, b, NULL);
	ck_assert_ptr_eq(conn_pool_take(pool, &c, s1, key, CONN_REUSE_OWN), a);
	ck_assert_ptr_null(c.last);
	conn_pool_park(pool, a, &c);
	sconn_owner_left(a); /* stays for others */
	ck_assert_ptr_null(c.last);
	ck_assert_uint_eq(pool->n_idle, 2);
	conn_pool_purge(pool, NULL);
	ck_assert(is_closed(a_peer) && is_closed(b_peer));
	close(a_peer);
	close(b_peer);
}
END_TEST

START_TEST(test_what_an_idle_server_says_closes_it)
{
	int peer;

	conn_pool_park(pool, open_to(s1, &peer), NULL);
	turn();
	ck_assert_uint_eq(pool->n_idle, 1);
	ck_assert_int_eq(send(peer, "HTTP/1.1 200 OK\r\n", 17, MSG_NOSIGNAL), 17);
	turn();
	ck_assert_uint_eq(pool->n_idle, 0);
	close(peer);
}
END_TEST

/* The loop has found the bytes, but another handler comes first and wants a connection. */
START_TEST(test_an_event_that_waits_forbids_reuse)
{
	int peer, ready[2];
	struct early e = { 0 };

	ck_assert_int_eq(pipe(ready), 0);
	conn_pool_park(pool, open_to(s1, &peer), NULL);
	turn();
	ev_io_init(&e.io, on_early, ready[0], EV_READ);
	ev_set_priority(&e.io, EV_MAXPRI);
	ev_io_start(worker.loop.ev, &e.io);
	ck_assert_int_eq(write(ready[1], "x", 1), 1);
	ck_assert_int_eq(send(peer, "late", 4, MSG_NOSIGNAL), 4);
	turn();
	ck_assert(e.has_run);
	ck_assert_ptr_null(e.got);
	ck_assert_uint_eq(pool->n_idle, 0);
	close(peer);
	close(ready[0]);
	close(ready[1]);
}
END_TEST

START_TEST(test_quiet_is_what_the_kernel_says)
{
	int peer;
	struct sconn *s = open_to(s1, &peer);

	ck_assert(sconn_is_quiet(s));
	ck_assert_int_eq(send(peer, "x", 1, MSG_NOSIGNAL), 1);
	ck_assert(!sconn_is_quiet(s));
	sconn_close(s);
	close(peer);
	s = open_to(s1, &peer);
	close(peer);
	ck_assert(!sconn_is_quiet(s));
	sconn_close(s);
}
END_TEST

START_TEST(test_an_address_that_changed)
{
	int peer;

	conn_pool_park(pool, open_to(s1, &peer), NULL);
	ck_assert_ptr_null(conn_pool_take(pool, NULL, s1, key + 1, CONN_REUSE_ANY));
	ck_assert_uint_eq(pool->n_idle, 0);
	ck_assert(is_closed(peer));
	close(peer);
}
END_TEST

START_TEST(test_purge_of_one_server)
{
	int a_peer, b_peer;

	conn_pool_park(pool, open_to(s1, &a_peer), NULL);
	conn_pool_park(pool, open_to(s2, &b_peer), NULL);
	conn_pool_purge(pool, s1);
	ck_assert(is_closed(a_peer) && !is_closed(b_peer));
	ck_assert_uint_eq(pool->n_idle, 1);
	close(a_peer);
	close(b_peer);
}
END_TEST

START_TEST(test_limits_of_the_server)
{
	int a_peer, b_peer;
	struct sconn *a = open_to(s1, &a_peer), *b = open_to(s1, &b_peer);

	a->limits.max_idle = b->limits.max_idle = 1;
	conn_pool_park(pool, a, NULL);
	conn_pool_park(pool, b, NULL);
	ck_assert_uint_eq(pool->n_idle, 1);
	ck_assert(is_closed(b_peer));
	a = conn_pool_take(pool, NULL, s1, key, CONN_REUSE_ANY);
	a->limits.max_reuse = 3;
	a->n_requests = 3;
	conn_pool_park(pool, a, NULL);
	ck_assert(is_closed(a_peer));
	close(a_peer);
	close(b_peer);
}
END_TEST

START_TEST(test_a_thousand_connections_a_server)
{
	int *peers = xcalloc(CONN_POOL_MAX_PER_SERVER + 1, sizeof(int));

	for (int i = 0; i < CONN_POOL_MAX_PER_SERVER + 1; i++)
		conn_pool_park(pool, open_to(s1, &peers[i]), NULL);
	ck_assert_uint_eq(pool->n_idle, CONN_POOL_MAX_PER_SERVER);
	ck_assert(is_closed(peers[0])); /* the oldest made room */
	for (int i = 0; i < CONN_POOL_MAX_PER_SERVER + 1; i++)
		close(peers[i]);
	free(peers);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("conn_pool");
	TCase *tc = tcase_create("conn_pool");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_the_newest_is_taken_first);
	tcase_add_test(tc, test_a_client_gets_its_last_one_again);
	tcase_add_test(tc, test_what_an_idle_server_says_closes_it);
	tcase_add_test(tc, test_an_event_that_waits_forbids_reuse);
	tcase_add_test(tc, test_quiet_is_what_the_kernel_says);
	tcase_add_test(tc, test_an_address_that_changed);
	tcase_add_test(tc, test_purge_of_one_server);
	tcase_add_test(tc, test_limits_of_the_server);
	tcase_add_test(tc, test_a_thousand_connections_a_server);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
