/* test_proc.c - programs run on behalf of a loop. */
#include <tandem/proc.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <tandem/clock.h>
#include <tandem/util.h>
#include <unistd.h>

#include "../../lib/unit.h"

static struct loop loop;
static ev_timer guard;
static unsigned n_done;
static int last_status;
static bool last_timed_out;

static void on_guard(struct ev_loop *ev, ev_timer *w, int revents)
{
	(void)ev, (void)w, (void)revents;
	ck_abort_msg("the program did not end");
}

static void on_done(struct proc *p, int status, bool timed_out)
{
	ck_assert_int_eq(p->pid, 0);
	n_done++;
	last_status = status;
	last_timed_out = timed_out;
	loop_stop(p->loop);
}

static void setup(struct proc *p)
{
	ck_assert_int_eq(loop_init(&loop, LOOP_DEFAULT), 0);
	ev_timer_init(&guard, on_guard, 20., 0.);
	ev_timer_start(loop.ev, &guard);
	proc_init(p, &loop, on_done);
	n_done = 0;
}

static void teardown(struct proc *p)
{
	proc_cancel(p);
	proc_cancel(p); /* twice is legal */
	ev_timer_stop(loop.ev, &guard);
	loop_fini(&loop);
}

static int start(struct proc *p, const char *script, int64_t timeout_us, uid_t uid, gid_t gid)
{
	char *argv[] = { (char *)"/bin/sh", (char *)"-c", (char *)script, NULL };

	return proc_start(p, &(struct proc_spec){ .argv = argv,
						  .uid = uid,
						  .gid = gid,
						  .timeout_us = timeout_us,
						  .stdin_fd = -1 });
}

static const struct {
	const char *script;
	int exit_status;
} rows[] = {
	{ "exit 0", 0 },
	{ "exit 7", 7 },
	{ "test -z \"$(cat)\"", 0 },                            /* stdin is /dev/null */
	{ "test -c /proc/self/fd/1 -a -c /proc/self/fd/2", 0 }, /* and so is the output */
	{ "test \"$PATH\" -a -z \"$SECRET\"", 0 },              /* a minimal environment */
	{ "set -- /proc/$$/fd/*; test $# -le 4", 0 },           /* sh keeps one of its own */
	{ "read -r _ _ _ _ pgrp _ </proc/$$/stat; test $pgrp = $$", 0 },
	{ "grep -q '^SigBlk:.0*$' /proc/self/status", 0 },
	/* but for libc's own 32 and 33: its posix_spawn (make) leaves them ignored */
	{ "grep -qE '^SigIgn:.0{7}[01][08]0{7}$' /proc/self/status", 0 },
};

START_TEST(test_child)
{
	struct proc p;
	sigset_t blocked;
	int leak;

	setup(&p);
	setenv("SECRET", "x", 1);
	leak = open("/dev/null", O_RDONLY); /* without close-on-exec */
	ck_assert_int_ge(dup2(leak, 100), 0);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	ck_assert_int_eq(start(&p, rows[_i].script, 0, (uid_t)-1, (gid_t)-1), 0);
	ck_assert_int_gt(p.pid, 0);
	ck_assert_int_eq(start(&p, "true", 0, (uid_t)-1, (gid_t)-1), -EBUSY);
	loop_run(&loop);
	ck_assert_uint_eq(n_done, 1);
	ck_assert_msg(WIFEXITED(last_status) && WEXITSTATUS(last_status) == rows[_i].exit_status,
		      "%s: status %#x", rows[_i].script, last_status);
	ck_assert(!last_timed_out);
	close(leak);
	close(100);
	teardown(&p);
}
END_TEST

START_TEST(a_program_that_cannot_start_is_an_error_of_start)
{
	char *absent[] = { (char *)"/no/such/program", NULL };
	char *no_program[] = { (char *)"/", NULL };
	struct proc p;

	setup(&p);
	ck_assert_int_eq(
		proc_start(&p, &(struct proc_spec){ absent, NULL, (uid_t)-1, (gid_t)-1, 0, -1 }),
		-ENOENT);
	ck_assert_int_eq(proc_start(&p, &(struct proc_spec){ no_program, NULL, (uid_t)-1, (gid_t)-1,
							     0, -1 }),
			 -EACCES);
	ck_assert_int_eq(p.pid, 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no zombie */
	ck_assert_int_eq(start(&p, "exit 3", 0, (uid_t)-1, (gid_t)-1), 0);
	loop_run(&loop);
	ck_assert_uint_eq(n_done, 1);
	ck_assert_int_eq(WEXITSTATUS(last_status), 3);
	teardown(&p);
}
END_TEST

START_TEST(the_time_limit_ends_it)
{
	struct proc p;
	int64_t start_us = clock_mono_us();

	setup(&p);
	ck_assert_int_eq(start(&p, "sleep 60", 50 * US_PER_MS, (uid_t)-1, (gid_t)-1), 0);
	loop_run(&loop);
	ck_assert(last_timed_out);
	ck_assert(WIFSIGNALED(last_status) && WTERMSIG(last_status) == SIGTERM);
	ck_assert_int_ge(clock_mono_us() - start_us, 45 * US_PER_MS);
	teardown(&p);
}
END_TEST

START_TEST(who_ignores_sigterm_is_killed_a_second_later)
{
	struct proc p;

	setup(&p);
	ck_assert_int_eq(start(&p, "trap '' TERM; while :; do sleep 60; done", 50 * US_PER_MS,
			       (uid_t)-1, (gid_t)-1),
			 0);
	loop_run(&loop);
	ck_assert(last_timed_out);
	ck_assert(WIFSIGNALED(last_status) && WTERMSIG(last_status) == SIGKILL);
	teardown(&p);
}
END_TEST

START_TEST(cancel_kills_the_group_and_stays_silent)
{
	int64_t end_us = clock_mono_us() + 10 * US_PER_S;
	struct proc p;
	pid_t pid;

	setup(&p);
	ck_assert_int_eq(start(&p, "sleep 60 & wait", 0, (uid_t)-1, (gid_t)-1), 0);
	pid = p.pid;
	proc_cancel(&p);
	ck_assert_int_eq(p.pid, 0);
	while (kill(pid, 0) == 0 && clock_mono_us() < end_us)
		ev_run(loop.ev, EVRUN_NOWAIT); /* libev reaps it */
	ck_assert_int_eq(kill(pid, 0), -1);
	ck_assert_uint_eq(n_done, 0);
	teardown(&p);
}
END_TEST

static void on_done_restart(struct proc *p, int status, bool timed_out)
{
	(void)timed_out;
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	if (++n_done < 3)
		ck_assert_int_eq(start(p, "exit 0", US_PER_S, (uid_t)-1, (gid_t)-1), 0);
	else
		loop_stop(p->loop);
}

START_TEST(it_may_be_started_again_when_done)
{
	struct proc p;

	setup(&p);
	p.done = on_done_restart;
	ck_assert_int_eq(start(&p, "exit 0", US_PER_S, (uid_t)-1, (gid_t)-1), 0);
	loop_run(&loop);
	ck_assert_uint_eq(n_done, 3);
	teardown(&p);
}
END_TEST

START_TEST(input_comes_from_the_given_descriptor)
{
	struct proc p;
	int fds[2];

	char *argv[] = { (char *)"/bin/sh", (char *)"-c", (char *)"test \"$(cat)$X\" = hello!",
			 NULL };
	char *env[] = { (char *)"PATH=/usr/bin:/bin", (char *)"X=!", NULL };

	setup(&p);
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(write(fds[1], "hello", 5), 5);
	close(fds[1]);
	ck_assert_int_eq(
		proc_start(&p, &(struct proc_spec){ argv, env, (uid_t)-1, (gid_t)-1, 0, fds[0] }),
		0);
	close(fds[0]);
	loop_run(&loop);
	ck_assert_int_eq(last_status, 0);
	teardown(&p);
}
END_TEST

START_TEST(another_user_needs_root)
{
	const struct passwd *nobody = getpwnam("nobody");
	struct proc p;
	int rc;

	ck_assert_ptr_nonnull(nobody);
	setup(&p);
	rc = start(&p, "set -- $(id -u) $(id -G); test \"$*\" = '65534 65534'", 0, nobody->pw_uid,
		   nobody->pw_gid);
	if (geteuid() != 0) {
		ck_assert_int_eq(rc, -EPERM);
	} else {
		ck_assert_int_eq(rc, 0);
		loop_run(&loop);
		ck_assert_int_eq(last_status, 0);
	}
	teardown(&p);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("proc");
	TCase *tc = tcase_create("proc");

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, test_child, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tc, a_program_that_cannot_start_is_an_error_of_start);
	tcase_add_test(tc, the_time_limit_ends_it);
	tcase_add_test(tc, who_ignores_sigterm_is_killed_a_second_later);
	tcase_add_test(tc, cancel_kills_the_group_and_stays_silent);
	tcase_add_test(tc, it_may_be_started_again_when_done);
	tcase_add_test(tc, input_comes_from_the_given_descriptor);
	tcase_add_test(tc, another_user_needs_root);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
