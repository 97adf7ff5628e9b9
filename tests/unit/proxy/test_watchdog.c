/* test_watchdog.c - systemd hears of us as long as every data thread answers. */
#include "process/watchdog.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <tandem/clock.h>

#include "../../lib/unit.h"
#include "process/worker.h"

static int sock;
static struct loop control;
static struct worker worker;
static struct engine engine = { .n_threads = 1, .workers = &worker };

static void setup(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	const struct timeval wait = { .tv_sec = 5 };
	char text[16];

	/* an abstract name needs no directory */
	snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "tandem-watchdog-%d", (int)getpid());
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(sock, (struct sockaddr *)&a,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
					  strlen(a.sun_path + 1))),
			 0);
	ck_assert_int_eq(setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
	a.sun_path[0] = '@';
	setenv("NOTIFY_SOCKET", a.sun_path, 1);
	snprintf(text, sizeof(text), "%d", (int)getpid());
	setenv("WATCHDOG_PID", text, 1);
	setenv("WATCHDOG_USEC", "80000", 1);
	ck_assert_int_eq(loop_init(&control, EVBACKEND_EPOLL | EVFLAG_NOENV), 0);
	ck_assert_int_eq(loop_init(&worker.loop, EVBACKEND_EPOLL | EVFLAG_NOENV), 0);
}

static void teardown(void)
{
	watchdog_stop();
	loop_fini(&worker.loop);
	loop_fini(&control);
	close(sock);
}

/* Let the loops turn for a while; how often did systemd hear of us? */
static unsigned turn(int64_t for_us, bool is_hanging)
{
	int64_t until_us = clock_mono_us() + for_us;
	char text[64];
	unsigned n = 0;

	while (clock_mono_us() < until_us) {
		ev_run(control.ev, EVRUN_ONCE);
		if (!is_hanging)
			ev_run(worker.loop.ev, EVRUN_NOWAIT);
		while (recv(sock, text, sizeof(text), MSG_DONTWAIT) > 0)
			n++;
	}
	return n;
}

START_TEST(threads_that_answer_keep_it_quiet)
{
	watchdog_start(&control, &engine, NULL);
	ck_assert_uint_ge(turn(200 * US_PER_MS, false), 3);
}
END_TEST

START_TEST(a_thread_that_hangs_lets_the_time_run)
{
	watchdog_start(&control, &engine, NULL);
	/* once: it was asked for the first time; the answer never comes */
	ck_assert_uint_eq(turn(200 * US_PER_MS, true), 1);
	ck_assert_uint_ge(turn(100 * US_PER_MS, false), 1);
}
END_TEST

START_TEST(outside_of_systemd_nothing_happens)
{
	unsetenv("WATCHDOG_USEC");
	watchdog_start(&control, &engine, NULL);
	ck_assert_int_eq(ev_pending_count(control.ev), 0);
	watchdog_stop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watchdog");
	TCase *tc = tcase_create("watchdog");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, threads_that_answer_keep_it_quiet);
	tcase_add_test(tc, a_thread_that_hangs_lets_the_time_run);
	tcase_add_test(tc, outside_of_systemd_nothing_happens);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
