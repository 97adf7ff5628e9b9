/* daemon.c - becoming a daemon. */
#include <tandem/daemon.h>

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <tandem/util.h>
#include <unistd.h>

#define PASSWD_BUFFER 16384

static int ready_fd = -1; /* where the parent waits; -1: nobody does */

/* In the parent: wait for the byte of daemon_ready or for the end of the child. */
NORETURN static void wait_for_child(int fd, pid_t pid)
{
	char byte;
	ssize_t n;
	int status;

	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n == 1)
		_exit(0);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			_exit(1);
	_exit(WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : 1);
}

static int open_null_streams(bool with_stderr)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int rc = 0;

	if (fd < 0)
		return -errno;
	for (int i = STDIN_FILENO; i <= (with_stderr ? STDERR_FILENO : STDOUT_FILENO); i++)
		if (fd != i && dup2(fd, i) < 0)
			rc = -errno;
	if (fd > STDERR_FILENO)
		close(fd);
	return rc;
}

int daemon_background(void)
{
	int fds[2], rc;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	fflush(NULL); /* else both would print what is buffered */
	pid = fork();
	if (pid < 0) {
		rc = -errno;
		close(fds[0]);
		close(fds[1]);
		return rc;
	}
	if (pid > 0) {
		close(fds[1]);
		wait_for_child(fds[0], pid);
	}
	close(fds[0]);
	ready_fd = fds[1];
	if (setsid() < 0)
		return -errno;
	return open_null_streams(false); /* stderr stays for the errors of start-up */
}

void daemon_ready(void)
{
	ssize_t n;

	if (ready_fd == -1)
		return;
	(void)open_null_streams(true);
	do
		n = write(ready_fd, "", 1);
	while (n < 0 && errno == EINTR);
	close(ready_fd);
	ready_fd = -1;
}

/* Does the process run a program of our name? A number may have gone to another process since. When
 * it cannot be known: yes. */
static bool has_our_name(pid_t pid)
{
	char path[64], theirs[32] = "", ours[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	f = fopen(path, "re");
	if (!f || !fgets(theirs, sizeof(theirs), f))
		theirs[0] = '\0';
	if (f)
		fclose(f);
	f = fopen("/proc/self/comm", "re");
	if (!f || !fgets(ours, sizeof(ours), f))
		ours[0] = '\0';
	if (f)
		fclose(f);
	return theirs[0] == '\0' || ours[0] == '\0' || strcmp(theirs, ours) == 0;
}

/* The process that `path` names, when it lives, is another one and runs our program; else 0. */
static pid_t living_holder(const char *path)
{
	FILE *f = fopen(path, "re");
	long pid = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%ld", &pid) != 1) // NOLINT(cert-err34-c): out of range fails the test below
		pid = 0;
	fclose(f);
	if (pid <= 0 || pid > INT32_MAX || pid == getpid())
		return 0;
	if (kill((pid_t)pid, 0) != 0 && errno != EPERM)
		return 0;
	return has_our_name((pid_t)pid) ? (pid_t)pid : 0;
}

int daemon_pidfile_write(const char *path, pid_t pid, bool exclusive)
{
	char tmp[4096], text[32];
	int n, fd, rc = 0;

	if (exclusive && living_holder(path))
		return -EEXIST;
	n = snprintf(tmp, sizeof(tmp), "%s.%d.tmp", path, (int)getpid());
	if (n < 0 || (size_t)n >= sizeof(tmp))
		return -ENAMETOOLONG;
	/* O_EXCL: whoever can write to the directory must not lead us to another file by a link */
	(void)unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	n = snprintf(text, sizeof(text), "%d\n", (int)pid);
	if (write(fd, text, (size_t)n) != n)
		rc = errno ? -errno : -EIO;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(tmp, path) < 0)
		rc = -errno;
	if (rc < 0)
		(void)unlink(tmp);
	return rc;
}

void daemon_pidfile_remove(const char *path)
{
	(void)unlink(path);
}

int daemon_lookup_user(const char *user, uid_t *uid, gid_t *gid)
{
	char buffer[PASSWD_BUFFER];
	struct passwd pw, *found;
	int rc = getpwnam_r(user, &pw, buffer, sizeof(buffer), &found);

	if (rc != 0 || !found)
		return -ENOENT;
	if (uid)
		*uid = pw.pw_uid;
	if (gid)
		*gid = pw.pw_gid;
	return 0;
}

int daemon_lookup_group(const char *group, gid_t *gid)
{
	char buffer[PASSWD_BUFFER];
	struct group gr, *found;
	int rc = getgrnam_r(group, &gr, buffer, sizeof(buffer), &found);

	if (rc != 0 || !found)
		return -ENOENT;
	if (gid)
		*gid = gr.gr_gid;
	return 0;
}

static bool must_change(uid_t uid, gid_t gid)
{
	return (uid != (uid_t)-1 && (uid != getuid() || uid != geteuid())) ||
	       (gid != (gid_t)-1 && (gid != getgid() || gid != getegid()));
}

int daemon_drop_privileges(const char *chroot_dir, uid_t uid, gid_t gid, const int *caps)
{
	if (chroot_dir && (chroot(chroot_dir) < 0 || chdir("/") < 0))
		return -errno;
	if (!must_change(uid, gid) && !caps)
		return 0;
	/* The bounding set stays as it is: a script that vrrpd runs as root is meant to be root. */
	capng_clear(CAPNG_SELECT_CAPS);
	for (const int *c = caps; c && *c >= 0; c++)
		if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, (unsigned)*c) < 0)
			return -EINVAL;
	if (!must_change(uid, gid))
		return capng_apply(CAPNG_SELECT_CAPS) < 0 ? -EPERM : 0;
	if (geteuid() != 0)
		return -EPERM;
	if (uid == (uid_t)-1 || uid == 0) {
		/* stays root: libcap-ng would keep nothing without a list, root keeps all */
		if (setgroups(0, NULL) < 0 || (gid != (gid_t)-1 && setgid(gid) < 0))
			return -errno;
		return caps && capng_apply(CAPNG_SELECT_CAPS) < 0 ? -EPERM : 0;
	}
	errno = 0;
	if (capng_change_id((int)uid, gid == (gid_t)-1 ? -1 : (int)gid, CAPNG_DROP_SUPP_GRP) < 0)
		return errno ? -errno : -EPERM;
	return 0;
}

unsigned long daemon_raise_nofile(unsigned long n)
{
	struct rlimit r, old;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return 0;
	if (r.rlim_cur >= n)
		return r.rlim_cur;
	old = r;
	r.rlim_cur = n;
	r.rlim_max = MAX(r.rlim_max, (rlim_t)n);
	if (setrlimit(RLIMIT_NOFILE, &r) == 0)
		return n;
	r = old; /* not permitted to raise the hard limit: go as far as it allows */
	r.rlim_cur = MIN((rlim_t)n, old.rlim_max);
	return setrlimit(RLIMIT_NOFILE, &r) == 0 ? r.rlim_cur : old.rlim_cur;
}

void daemon_notify(const char *state)
{
	(void)sd_notify(0, state);
}

uint64_t daemon_watchdog_us(void)
{
	uint64_t us = 0;

	return sd_watchdog_enabled(0, &us) > 0 ? us : 0;
}
