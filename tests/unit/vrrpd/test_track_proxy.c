/* test_track_proxy.c - the reader of the liveness socket against a server that we play. */
#include "track_proxy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <tandem/addr.h>
#include <tandem/clock.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/unit.h"
#include "config/cfg_model.h"

static const struct liveness_msg good = { .magic = LIVENESS_MAGIC,
					  .version = LIVENESS_VERSION,
					  .state = LIVENESS_READY,
					  .n_frontends = 2,
					  .n_frontends_ok = 2,
					  .n_usable = 3 };

static const struct {
	const char *name;
	uint16_t state;
	uint32_t n_frontends, n_ok, age_ms;
	bool require_usable;
	enum proxy_health health;
} rows[] = {
	{ "all well", LIVENESS_READY, 2, 2, 0, true, PROXY_UP },
	{ "one frontend has no server", LIVENESS_READY, 2, 1, 0, true, PROXY_UNUSABLE },
	{ "which does not matter when so configured", LIVENESS_READY, 2, 1, 0, false, PROXY_UP },
	{ "no frontend needs a server", LIVENESS_READY, 0, 0, 0, true, PROXY_UP },
	{ "starting", LIVENESS_STARTING, 2, 2, 0, true, PROXY_STARTING },
	{ "draining", LIVENESS_DRAINING, 2, 2, 0, true, PROXY_DRAINING },
	{ "stopping", LIVENESS_STOPPING, 2, 2, 0, true, PROXY_STOPPING },
	{ "a state of the future", 77, 2, 2, 0, true, PROXY_STARTING },
	{ "a thread at the limit", LIVENESS_READY, 2, 2, 300, true, PROXY_UP },
	{ "a thread that hangs", LIVENESS_READY, 2, 2, 301, true, PROXY_HUNG },
	{ "hung goes before draining", LIVENESS_DRAINING, 2, 2, 900, true, PROXY_HUNG },
};

START_TEST(judges_a_message)
{
	struct cfg_proxy_track cfg = { .timeout_us = 300000,
				       .require_usable = rows[_i].require_usable };
	struct liveness_msg m = good;

	m.state = rows[_i].state;
	m.n_frontends = rows[_i].n_frontends;
	m.n_frontends_ok = rows[_i].n_ok;
	m.loop_age_ms = rows[_i].age_ms;
	ck_assert_msg(track_proxy_judge(&cfg, &m) == rows[_i].health, "%s", rows[_i].name);
}
END_TEST

static struct loop l;
static char path[64];
static unsigned n_changes;

static void on_changed(void *arg, struct track_proxy *t)
{
	(void)arg, (void)t;
	n_changes++;
}

static int listen_here(void)
{
	struct addr a;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

	snprintf(path, sizeof(path), "/tmp/test_track_proxy.%d", (int)getpid());
	(void)unlink(path);
	ck_assert_int_eq(addr_from_path(str_from(path), &a), 0);
	ck_assert_int_eq(bind(fd, &a.sa, a.len), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	return fd;
}

/* Turn the loop until the health is h; returns how long it took, or fails at the limit. */
static int64_t turn_until(struct track_proxy *t, enum proxy_health h, int64_t limit_us)
{
	int64_t start = clock_mono_us();
	struct timespec nap = { 0, 200000 };

	while (t->health != h) {
		ck_assert_msg(clock_mono_us() - start < limit_us, "still %s",
			      track_proxy_text(t->health));
		ev_run(l.ev, EVRUN_NOWAIT);
		nanosleep(&nap, NULL);
	}
	return clock_mono_us() - start;
}

static int accept_one(int listener)
{
	int64_t end = clock_mono_us() + US_PER_S;
	int fd;

	while ((fd = accept(listener, NULL, NULL)) < 0) {
		ck_assert(clock_mono_us() < end);
		ev_run(l.ev, EVRUN_NOWAIT);
	}
	return fd;
}

START_TEST(follows_a_proxy_through_its_life)
{
	struct cfg_proxy_track cfg = { .name = "p", .timeout_us = 100000, .require_usable = true };
	struct liveness_msg m = good;
	struct track_proxy t;
	int listener = listen_here(), fd;

	cfg.socket = path;
	ck_assert_int_eq(loop_init(&l, 0), 0);
	track_proxy_init(&t, &l, &cfg, on_changed, NULL);
	ck_assert_int_eq(t.health, PROXY_DEAD);
	track_proxy_start(&t);
	fd = accept_one(listener);
	ck_assert_int_eq(send(fd, &m, sizeof(m), 0), sizeof(m));
	turn_until(&t, PROXY_UP, US_PER_S);
	ck_assert_uint_eq(n_changes, 1);

	m.n_frontends_ok = 1;
	ck_assert_int_eq(send(fd, &m, sizeof(m), 0), sizeof(m));
	turn_until(&t, PROXY_UNUSABLE, US_PER_S);

	m.n_frontends_ok = 2;
	ck_assert_int_eq(send(fd, &m, sizeof(m), 0), sizeof(m));
	turn_until(&t, PROXY_UP, US_PER_S);
	ck_assert_int_ge(turn_until(&t, PROXY_HUNG, US_PER_S), 80000); /* silence */
	ck_assert_int_eq(send(fd, &m, sizeof(m), 0), sizeof(m));
	turn_until(&t, PROXY_UP, US_PER_S); /* the same connection goes on */
	ck_assert_uint_eq(t.n_connects, 1);

	close(fd); /* kill -9 */
	ck_assert_int_lt(turn_until(&t, PROXY_DEAD, US_PER_S), 50000);
	fd = accept_one(listener); /* it comes again by itself */
	ck_assert_int_eq(send(fd, &m, sizeof(m), 0), sizeof(m));
	turn_until(&t, PROXY_UP, US_PER_S);
	track_proxy_stop(&t);
	close(fd);
	close(listener);
	unlink(path);
	loop_fini(&l);
}
END_TEST

/* An upgrade: the successor has the path, then the old one drains and ends. */
static void upgrade(uint16_t first_word, bool old_says_drain)
{
	struct cfg_proxy_track cfg = { .name = "p", .timeout_us = 300000, .require_usable = true };
	struct liveness_msg m = good;
	struct track_proxy t;
	int old_listener = listen_here(), old, listener, fd;

	cfg.socket = path;
	n_changes = 0;
	ck_assert_int_eq(loop_init(&l, 0), 0);
	track_proxy_init(&t, &l, &cfg, on_changed, NULL);
	track_proxy_start(&t);
	old = accept_one(old_listener);
	m.pid = 1;
	ck_assert_int_eq(send(old, &m, sizeof(m), 0), sizeof(m));
	turn_until(&t, PROXY_UP, US_PER_S);
	listener = listen_here();
	m.state = LIVENESS_DRAINING;
	if (old_says_drain)
		ck_assert_int_eq(send(old, &m, sizeof(m), 0), sizeof(m));
	else
		close(old);
	fd = accept_one(listener);
	m.pid = 2;
	m.state = first_word;
	ck_assert_int_eq(send(fd, &m, sizeof(m), 0), sizeof(m));
	while (t.last.pid != 2)
		ev_run(l.ev, EVRUN_NOWAIT);
	m.state = LIVENESS_READY;
	ck_assert_int_eq(send(fd, &m, sizeof(m), 0), sizeof(m));
	while (t.n_messages < 2 + (unsigned)old_says_drain)
		ev_run(l.ev, EVRUN_NOWAIT);
	ck_assert_int_eq(t.health, PROXY_UP);
	ck_assert_uint_eq(n_changes, 1); /* never anything but up */
	if (old_says_drain)
		close(old); /* of no interest */
	close(fd);
	close(listener);
	close(old_listener);
	turn_until(&t, PROXY_DEAD, US_PER_S);
	track_proxy_stop(&t);
	unlink(path);
	loop_fini(&l);
}

START_TEST(a_drain_with_a_successor_is_no_fault)
{
	upgrade(LIVENESS_READY, true);
}
END_TEST

START_TEST(an_end_with_a_successor_is_no_fault)
{
	upgrade(LIVENESS_READY, false);
}
END_TEST

START_TEST(a_successor_inherits_until_its_checks_have_decided)
{
	upgrade(LIVENESS_STARTING, true);
}
END_TEST

START_TEST(a_drain_without_a_successor_is_a_fault)
{
	struct cfg_proxy_track cfg = { .name = "p", .timeout_us = 300000 };
	struct liveness_msg m = good;
	struct track_proxy t;
	int listener = listen_here(), fd, again;

	cfg.socket = path;
	ck_assert_int_eq(loop_init(&l, 0), 0);
	track_proxy_init(&t, &l, &cfg, on_changed, NULL);
	track_proxy_start(&t);
	fd = accept_one(listener);
	m.pid = 1;
	ck_assert_int_eq(send(fd, &m, sizeof(m), 0), sizeof(m));
	turn_until(&t, PROXY_UP, US_PER_S);
	m.state = LIVENESS_DRAINING;
	ck_assert_int_eq(send(fd, &m, sizeof(m), 0), sizeof(m));
	again = accept_one(listener); /* the same process answers */
	ck_assert_int_eq(send(again, &m, sizeof(m), 0), sizeof(m));
	ck_assert_int_lt(turn_until(&t, PROXY_DRAINING, US_PER_S), 25000);
	m.state = LIVENESS_READY; /* it thinks again */
	ck_assert_int_eq(send(fd, &m, sizeof(m), 0), sizeof(m));
	turn_until(&t, PROXY_UP, US_PER_S);
	m.state = LIVENESS_DRAINING; /* nobody says anything at the path */
	ck_assert_int_eq(send(fd, &m, sizeof(m), 0), sizeof(m));
	ck_assert_int_lt(turn_until(&t, PROXY_DRAINING, US_PER_S), 100000);
	track_proxy_stop(&t);
	close(again);
	close(fd);
	close(listener);
	unlink(path);
	loop_fini(&l);
}
END_TEST

START_TEST(ignores_messages_that_it_does_not_know)
{
	struct cfg_proxy_track cfg = { .name = "p", .timeout_us = 100000 };
	struct liveness_msg m = good;
	struct track_proxy t;
	char longer[200] = { 0 };
	int listener = listen_here(), fd;

	cfg.socket = path;
	ck_assert_int_eq(loop_init(&l, 0), 0);
	track_proxy_init(&t, &l, &cfg, on_changed, NULL);
	track_proxy_start(&t);
	fd = accept_one(listener);
	ck_assert_int_eq(send(fd, &m, 20, 0), 20); /* short */
	m.magic++;
	ck_assert_int_eq(send(fd, &m, sizeof(m), 0), sizeof(m));
	m = good;
	m.version++;
	ck_assert_int_eq(send(fd, &m, sizeof(m), 0), sizeof(m));
	turn_until(&t, PROXY_HUNG, US_PER_S); /* it talks, but says nothing */
	ck_assert_uint_eq(t.n_messages, 0);
	memcpy(longer, &good, sizeof(good)); /* a later release appended fields */
	ck_assert_int_eq(send(fd, longer, sizeof(longer), 0), sizeof(longer));
	turn_until(&t, PROXY_UP, US_PER_S);
	track_proxy_stop(&t);
	close(fd);
	close(listener);
	unlink(path);
	loop_fini(&l);
}
END_TEST

START_TEST(waits_for_a_proxy_that_is_not_there_yet)
{
	struct cfg_proxy_track cfg = { .name = "p", .timeout_us = 300000 };
	struct track_proxy t;
	int listener = listen_here(), fd;

	close(listener);
	cfg.socket = path; /* the file exists, nobody listens */
	ck_assert_int_eq(loop_init(&l, 0), 0);
	track_proxy_init(&t, &l, &cfg, on_changed, NULL);
	track_proxy_start(&t);
	ck_assert_int_eq(t.health, PROXY_DEAD);
	listener = listen_here();
	fd = accept_one(listener);
	ck_assert_int_eq(send(fd, &good, sizeof(good), 0), sizeof(good));
	turn_until(&t, PROXY_UP, US_PER_S);
	track_proxy_stop(&t);
	track_proxy_stop(&t); /* twice is legal */
	close(fd);
	close(listener);
	unlink(path);
	loop_fini(&l);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("track_proxy");
	TCase *tc = tcase_create("judge");

	tcase_add_loop_test(tc, judges_a_message, 0, ARRAY_LEN(rows));
	suite_add_tcase(s, tc);
	tc = tcase_create("socket");
	tcase_add_test(tc, follows_a_proxy_through_its_life);
	tcase_add_test(tc, a_drain_with_a_successor_is_no_fault);
	tcase_add_test(tc, an_end_with_a_successor_is_no_fault);
	tcase_add_test(tc, a_successor_inherits_until_its_checks_have_decided);
	tcase_add_test(tc, a_drain_without_a_successor_is_a_fault);
	tcase_add_test(tc, ignores_messages_that_it_does_not_know);
	tcase_add_test(tc, waits_for_a_proxy_that_is_not_there_yet);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
