/* test_daemon.c - background, pid files, privileges, limits, systemd. */
#include <tandem/daemon.h>

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../lib/unit.h"

#define SKIP 77

static char dir[32], path[64];

static void make_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/test_daemon.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/pid", dir);
}

/* Run fn in a child; its result is the exit status. */
static int in_child(int (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(fn());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static int report[2]; /* from a daemon to the test */

static int run_daemon(bool becomes_ready)
{
	struct stat st, null;
	char ok = 'n';

	if (daemon_background() < 0)
		_exit(99);
	if (stat("/dev/null", &null) == 0 && getsid(0) == getpid() && fstat(0, &st) == 0 &&
	    st.st_rdev == null.st_rdev && fstat(1, &st) == 0 && st.st_rdev == null.st_rdev)
		ok = 'y';
	if (!becomes_ready)
		return 5;
	daemon_ready();
	daemon_ready(); /* twice is legal */
	if (fstat(2, &st) != 0 || st.st_rdev != null.st_rdev)
		ok = 'e';
	if (write(report[1], &ok, 1) != 1)
		return 1;
	return 0;
}

static int run_good_daemon(void)
{
	return run_daemon(true);
}

static int run_bad_daemon(void)
{
	return run_daemon(false);
}

static int run_crashing_daemon(void)
{
	if (daemon_background() < 0)
		_exit(99);
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	raise(SIGKILL);
	return 0;
}

static int run_daemon_that_exits_0_early(void)
{
	if (daemon_background() < 0)
		_exit(99);
	return 0;
}

START_TEST(the_parent_waits_for_ready)
{
	char ok = 0;

	ck_assert_int_eq(pipe2(report, O_CLOEXEC), 0);
	ck_assert_int_eq(in_child(run_good_daemon), 0);
	ck_assert_int_eq(read(report[0], &ok, 1), 1);
	ck_assert_int_eq(ok, 'y');
}
END_TEST

START_TEST(the_parent_exits_with_the_status_of_a_failed_child)
{
	ck_assert_int_eq(in_child(run_bad_daemon), 5);
	ck_assert_int_eq(in_child(run_crashing_daemon), 1);
	ck_assert_int_eq(in_child(run_daemon_that_exits_0_early), 1);
}
END_TEST

START_TEST(ready_without_background_leaves_stderr)
{
	struct stat before, after;

	ck_assert_int_eq(fstat(2, &before), 0);
	daemon_ready();
	ck_assert_int_eq(fstat(2, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
}
END_TEST

static void read_file(char *text, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(text, 1, size - 1, f);
	text[n] = '\0';
	fclose(f);
}

START_TEST(test_pidfile)
{
	char text[32];
	pid_t twin;
	struct stat st;

	make_dir();
	ck_assert_int_eq(daemon_pidfile_write(path, 1, true), 0);
	read_file(text, sizeof(text));
	ck_assert_str_eq(text, "1\n");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777 & ~0644u, 0);
	/* process 1 lives, but is no program of our name: the number was used again */
	twin = fork();
	if (twin == 0) {
		pause();
		_exit(0);
	}
	ck_assert_int_eq(daemon_pidfile_write(path, twin, true), 0);
	ck_assert_int_eq(daemon_pidfile_write(path, 2, true), -EEXIST);
	kill(twin, SIGKILL);
	ck_assert_int_eq(waitpid(twin, NULL, 0), twin);
	ck_assert_int_eq(daemon_pidfile_write(path, 2, false), 0);
	read_file(text, sizeof(text));
	ck_assert_str_eq(text, "2\n");
	/* ours: not in the way */
	ck_assert_int_eq(daemon_pidfile_write(path, getpid(), false), 0);
	ck_assert_int_eq(daemon_pidfile_write(path, 4711, true), 0);
	daemon_pidfile_remove(path);
	daemon_pidfile_remove(path);
	ck_assert_int_eq(rmdir(dir), 0); /* no temporary file is left */
	ck_assert_int_eq(daemon_pidfile_write(path, 1, true), -ENOENT);
}
END_TEST

static const char *const stale[] = {
	"", "garbage\n", "-1\n", "0\n", "99999999999999999999\n", "4194304\n"
};

START_TEST(a_stale_pidfile_is_replaced)
{
	char text[32];
	FILE *f;

	make_dir();
	f = fopen(path, "w");
	fputs(stale[_i], f);
	fclose(f);
	ck_assert_int_eq(daemon_pidfile_write(path, 42, true), 0);
	read_file(text, sizeof(text));
	ck_assert_str_eq(text, "42\n");
	daemon_pidfile_remove(path);
	rmdir(dir);
}
END_TEST

START_TEST(test_lookup)
{
	uid_t uid = 1;
	gid_t gid = 1;

	ck_assert_int_eq(daemon_lookup_user("root", &uid, &gid), 0);
	ck_assert_uint_eq(uid, 0);
	ck_assert_uint_eq(gid, 0);
	ck_assert_int_eq(daemon_lookup_user("root", NULL, NULL), 0);
	ck_assert_int_eq(daemon_lookup_group("root", &gid), 0);
	uid = 77;
	ck_assert_int_eq(daemon_lookup_user("no-such-user-x", &uid, &gid), -ENOENT);
	ck_assert_int_eq(daemon_lookup_group("no-such-group-x", &gid), -ENOENT);
	ck_assert_uint_eq(uid, 77);
}
END_TEST

static bool has_cap(unsigned cap)
{
	return capng_get_caps_process() == 0 && capng_have_capability(CAPNG_EFFECTIVE, cap);
}

static int drop_all(void)
{
	if (geteuid() != 0)
		return SKIP;
	if (daemon_drop_privileges("/tmp", 65534, 65534, NULL) < 0)
		return 1;
	if (getuid() != 65534 || geteuid() != 65534 || getgid() != 65534)
		return 2;
	if (getgroups(0, NULL) > 1 || has_cap(CAP_NET_ADMIN) || has_cap(CAP_CHOWN))
		return 3;
	if (access("/tmp", F_OK) == 0 || setuid(0) == 0)
		return 4;
	if (daemon_drop_privileges(NULL, 65534, 65534, NULL) != 0)
		return 5; /* there already */
	return daemon_drop_privileges(NULL, 65533, 65533, NULL) == -EPERM ? 0 : 6;
}

static int drop_but_keep_one(void)
{
	static const int keep[] = { CAP_NET_ADMIN, -1 };

	if (geteuid() != 0 || !has_cap(CAP_NET_ADMIN))
		return SKIP;
	if (daemon_drop_privileges(NULL, 65534, (gid_t)-1, keep) < 0)
		return 1;
	return getuid() == 65534 && has_cap(CAP_NET_ADMIN) && !has_cap(CAP_CHOWN) &&
			       !has_cap(CAP_SETUID)
		       ? 0
		       : 2;
}

static int stay_root_with_one(void)
{
	static const int keep[] = { CAP_NET_ADMIN, -1 };

	if (geteuid() != 0 || !has_cap(CAP_NET_ADMIN))
		return SKIP;
	if (daemon_drop_privileges(NULL, (uid_t)-1, (gid_t)-1, keep) < 0)
		return 1;
	return getuid() == 0 && has_cap(CAP_NET_ADMIN) && !has_cap(CAP_CHOWN) ? 0 : 2;
}

static int change_the_group_only(void)
{
	if (geteuid() != 0)
		return SKIP;
	if (daemon_drop_privileges(NULL, (uid_t)-1, 65534, NULL) < 0)
		return 1;
	return getuid() == 0 && getgid() == 65534 && has_cap(CAP_CHOWN) ? 0 : 2;
}

static int chroot_to_nowhere(void)
{
	if (geteuid() != 0)
		return SKIP;
	return daemon_drop_privileges("/no/such/dir", 65534, 65534, NULL) == -ENOENT &&
			       getuid() == 0
		       ? 0
		       : 1;
}

static int (*const drops[])(void) = { drop_all, drop_but_keep_one, stay_root_with_one,
				      change_the_group_only, chroot_to_nowhere };

START_TEST(test_drop)
{
	int rc = in_child(drops[_i]);

	ck_assert_msg(rc == 0 || rc == SKIP, "step %d", rc);
}
END_TEST

static int raise_limit(void)
{
	struct rlimit r = { 100, 200 };

	if (setrlimit(RLIMIT_NOFILE, &r) < 0)
		return 1;
	if (daemon_raise_nofile(50) != 100 || daemon_raise_nofile(150) != 150)
		return 2;
	if (geteuid() == 0) {
		(void)daemon_raise_nofile(300); /* may be forbidden in a container */
		if (getrlimit(RLIMIT_NOFILE, &r) < 0 || (r.rlim_cur != 300 && r.rlim_cur != 200))
			return 3;
		if (daemon_drop_privileges(NULL, 65534, 65534, NULL) < 0)
			return 4;
	}
	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return 5;
	return daemon_raise_nofile(5000000) == r.rlim_max ? 0 : 6;
}

START_TEST(test_raise_nofile)
{
	ck_assert_int_eq(in_child(raise_limit), 0);
}
END_TEST

START_TEST(systemd_is_told_when_it_asked)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	char text[64] = "";
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	unsetenv("NOTIFY_SOCKET");
	daemon_notify("READY=1"); /* nobody there */
	make_dir();
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	ck_assert_int_eq(bind(s, (struct sockaddr *)&un, sizeof(un)), 0);
	setenv("NOTIFY_SOCKET", path, 1);
	daemon_notify("READY=1");
	ck_assert_int_gt(recv(s, text, sizeof(text) - 1, 0), 0);
	ck_assert_str_eq(text, "READY=1");
	unlink(path);
	daemon_notify("STOPPING=1"); /* gone */
	close(s);
	rmdir(dir);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("daemon");
	TCase *tc = tcase_create("daemon");

	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, the_parent_waits_for_ready);
	tcase_add_test(tc, the_parent_exits_with_the_status_of_a_failed_child);
	tcase_add_test(tc, ready_without_background_leaves_stderr);
	tcase_add_test(tc, test_pidfile);
	tcase_add_loop_test(tc, a_stale_pidfile_is_replaced, 0, sizeof(stale) / sizeof(stale[0]));
	tcase_add_test(tc, test_lookup);
	tcase_add_loop_test(tc, test_drop, 0, sizeof(drops) / sizeof(drops[0]));
	tcase_add_test(tc, test_raise_nofile);
	tcase_add_test(tc, systemd_is_told_when_it_asked);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
