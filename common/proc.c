/* proc.c - run a program on behalf of a loop. */
#include <tandem/proc.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <tandem/clock.h>
#include <tandem/util.h>
#include <unistd.h>

#define KILL_AFTER_S 1.0
#define ERROR_FD     3 /* in the child: where it reports why exec failed */

static void on_exit_status(struct ev_loop *ev, ev_child *w, int revents);
static void on_timeout(struct ev_loop *ev, ev_timer *w, int revents);

void proc_init(struct proc *p, struct loop *loop, proc_done_fn *done)
{
	*p = (struct proc){ .loop = loop, .done = done };
	ev_init(&p->child, on_exit_status);
	ev_init(&p->timeout, on_timeout);
}

static void stop_watchers(struct proc *p)
{
	ev_child_stop(p->loop->ev, &p->child);
	ev_timer_stop(p->loop->ev, &p->timeout);
}

static void on_exit_status(struct ev_loop *ev, ev_child *w, int revents)
{
	struct proc *p = container_of(w, struct proc, child);
	pid_t group = p->pid;

	(void)ev, (void)revents;
	stop_watchers(p);
	p->pid = 0;
	if (p->is_timed_out)
		(void)kill(-group, SIGKILL);     /* what the program left behind */
	p->done(p, w->rstatus, p->is_timed_out); /* last: the owner may free p */
}

static void on_timeout(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct proc *p = container_of(w, struct proc, timeout);

	(void)revents;
	(void)kill(-p->pid, p->is_timed_out ? SIGKILL : SIGTERM);
	if (p->is_timed_out)
		return;
	p->is_timed_out = true;
	ev_timer_set(w, KILL_AFTER_S, 0.);
	ev_timer_start(ev, w);
}

/* What the child needs, made before the fork: between fork and exec only functions that are safe in
 * signal handlers may run, since other threads may have held any lock. */
struct plan {
	const struct proc_spec *spec;
	int null_fd, error_fd;
	bool is_root;
};

NORETURN static void child_fail(int fd, int error)
{
	(void)!write(fd, &error, sizeof(error));
	_exit(127);
}

/* The bare system calls: libc's functions look after the threads, of which the child has one. */
static int change_user(const struct proc_spec *spec, bool is_root)
{
	if ((spec->uid != (uid_t)-1 || spec->gid != (gid_t)-1) &&
	    syscall(SYS_setgroups, 0, NULL) < 0 && is_root)
		return -1;
	if (spec->gid != (gid_t)-1 && syscall(SYS_setresgid, spec->gid, spec->gid, spec->gid) < 0)
		return -1;
	if (spec->uid != (uid_t)-1 && syscall(SYS_setresuid, spec->uid, spec->uid, spec->uid) < 0)
		return -1;
	return 0;
}

NORETURN static void child_run(const struct plan *plan)
{
	static char *const minimal_env[] = {
		(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL
	};
	const struct proc_spec *spec = plan->spec;
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	int in_fd = spec->stdin_fd >= 0 ? spec->stdin_fd : plan->null_fd;
	int error_fd = plan->error_fd;
	sigset_t none;

	(void)setpgid(0, 0);
	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &dfl, NULL); /* fails for SIGKILL, SIGSTOP and libc's own */
	/* Sources above the targets first, so that no dup2 overwrites what the next one needs. */
	in_fd = fcntl(in_fd, F_DUPFD, ERROR_FD + 1);
	error_fd = fcntl(error_fd, F_DUPFD, ERROR_FD + 1);
	if (in_fd < 0 || error_fd < 0)
		child_fail(plan->error_fd, errno);
	if (dup2(plan->null_fd, STDOUT_FILENO) < 0 || dup2(plan->null_fd, STDERR_FILENO) < 0 ||
	    dup2(in_fd, STDIN_FILENO) < 0 || dup2(error_fd, ERROR_FD) < 0)
		child_fail(error_fd, errno);
	(void)fcntl(ERROR_FD, F_SETFD, FD_CLOEXEC);
	if (close_range(ERROR_FD + 1, ~0U, 0) < 0)
		for (int fd = ERROR_FD + 1; fd < 65536; fd++) /* a kernel or sandbox without it */
			(void)close(fd);
	if (change_user(spec, plan->is_root) < 0)
		child_fail(ERROR_FD, errno);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	execve(spec->argv[0], spec->argv, spec->env ? spec->env : minimal_env);
	child_fail(ERROR_FD, errno);
}

/* Fork and exec. Returns the pid or -errno, also when exec failed in the child. Waits for the exec,
 * which does not depend on the program. */
static pid_t spawn(struct plan *plan)
{
	int fds[2], error = 0;
	sigset_t all, old;
	ssize_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	plan->error_fd = fds[1];
	/* blocked: the child must not run a handler of ours before it has reset them */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0)
		child_run(plan);
	if (pid < 0)
		error = errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	close(fds[1]);
	if (pid > 0) {
		(void)setpgid(pid, pid); /* in both processes: whoever comes first */
		do
			n = read(fds[0], &error, sizeof(error));
		while (n < 0 && errno == EINTR);
		if (n != sizeof(error))
			error = 0;
	}
	close(fds[0]);
	if (error == 0)
		return pid;
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return -error;
}

int proc_start(struct proc *p, const struct proc_spec *spec)
{
	struct plan plan = { .spec = spec, .error_fd = -1 };
	pid_t pid;

	if (p->pid)
		return -EBUSY;
	plan.is_root = geteuid() == 0;
	plan.null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (plan.null_fd < 0)
		return -errno;
	pid = spawn(&plan);
	close(plan.null_fd);
	if (pid < 0)
		return pid;
	p->pid = pid;
	p->is_timed_out = false;
	ev_child_set(&p->child, pid, 0);
	ev_child_start(p->loop->ev, &p->child);
	if (spec->timeout_us > 0) {
		ev_timer_set(&p->timeout, (double)spec->timeout_us / (double)US_PER_S, 0.);
		ev_timer_start(p->loop->ev, &p->timeout);
	}
	return 0;
}

void proc_cancel(struct proc *p)
{
	if (!p->pid)
		return;
	stop_watchers(p);
	(void)kill(-p->pid, SIGKILL); /* libev reaps every child, also one without a watcher */
	p->pid = 0;
}
