/* proxyd_run.h - runs build/proxyd from a test: a directory of its own, a configuration, what it
 * says, signals, its end. */
#ifndef TESTS_PROXYD_RUN_H
#define TESTS_PROXYD_RUN_H

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 8000 /* for anything to happen; generous, because sanitized builds are slow */

struct run {
	char dir[64]; /* a fresh directory under /tmp */
	pid_t pid;    /* 0: not running */
	int out_fd;   /* its stdout and stderr */
	char text[65536];
	size_t len;
	const char *program;       /* NULL: the one that was built */
	const char *notify_socket; /* what it shall find in NOTIFY_SOCKET; NULL: nothing */
};

static inline void run_nap(void)
{
	const struct timespec t = { .tv_nsec = 5 * 1000 * 1000 };

	nanosleep(&t, NULL);
}

/* build/tests/unit/proxy/test_x -> build/proxyd, whatever the build directory is called. */
static inline const char *run_program(void)
{
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 32);

	ck_assert_int_gt(n, 0);
	path[n] = '\0';
	for (int i = 0; i < 4; i++)
		*strrchr(path, '/') = '\0';
	strcat(path, "/proxyd");
	return path;
}

static inline void run_init(struct run *r)
{
	memset(r, 0, sizeof(*r));
	r->out_fd = -1;
	strcpy(r->dir, "/tmp/proxyd-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(r->dir));
	ck_assert_int_eq(chmod(r->dir, 0755), 0);
}

static inline const char *run_path(const struct run *r, const char *name)
{
	static char path[8][256];
	static unsigned at;
	char *p = path[at++ % 8];

	snprintf(p, sizeof(path[0]), "%s/%s", r->dir, name);
	return p;
}

__attribute__((format(printf, 3, 4))) static inline void
run_write(const struct run *r, const char *name, const char *fmt, ...)
{
	FILE *f = fopen(run_path(r, name), "w");
	va_list ap;

	ck_assert_ptr_nonnull(f);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	ck_assert_int_eq(fclose(f), 0);
}

/* argv without the program, NULL at the end. uid 0: as we are. */
static inline void run_start(struct run *r, uid_t uid, const char *const *args)
{
	char *argv[32] = { (char *)(size_t)(r->program ? r->program : run_program()) };
	int fds[2], argc = 1;

	for (; args[argc - 1] != NULL; argc++)
		argv[argc] = (char *)(size_t)args[argc - 1];
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	r->len = 0;
	r->text[0] = '\0';
	r->pid = fork();
	ck_assert_int_ge(r->pid, 0);
	if (r->pid == 0) {
		/* opened as who we are: another user may not reach into our directories */
		int program = open(argv[0], O_PATH | O_CLOEXEC);

		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		unsetenv("JOURNAL_STREAM");
		unsetenv("NOTIFY_SOCKET");
		if (r->notify_socket != NULL)
			setenv("NOTIFY_SOCKET", r->notify_socket, 1);
		if (chdir(r->dir) != 0 || (uid != 0 && (setgid(uid) != 0 || setuid(uid) != 0)))
			_exit(126);
		fexecve(program, argv, environ);
		_exit(127);
	}
	close(fds[1]);
	if (r->out_fd != -1)
		close(r->out_fd);
	r->out_fd = fds[0];
	fcntl(r->out_fd, F_SETFL, O_NONBLOCK);
}

static inline void run_read(struct run *r)
{
	ssize_t n;

	while (r->len < sizeof(r->text) - 1 &&
	       (n = read(r->out_fd, r->text + r->len, sizeof(r->text) - 1 - r->len)) > 0)
		r->len += (size_t)n;
	r->text[r->len] = '\0';
}

/* The end of what it said: a failed assertion has room for little. */
static inline const char *run_tail(const struct run *r)
{
	return r->len > 3000 ? r->text + r->len - 3000 : r->text;
}

/* Wait until it has said `what`. */
static inline void run_expect(struct run *r, const char *what)
{
	for (int ms = 0; ms < WAIT_MS; ms += 5) {
		run_read(r);
		if (strstr(r->text, what) != NULL)
			return;
		run_nap();
	}
	ck_abort_msg("'%s' was not said:\n%s", what, run_tail(r));
}

/* Its exit status, or 128 + signal. */
static inline int run_wait(struct run *r)
{
	int status;

	for (int ms = 0; ms < WAIT_MS; ms += 5) {
		pid_t pid = waitpid(r->pid, &status, WNOHANG);

		run_read(r);
		if (pid == r->pid) {
			r->pid = 0;
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		}
		run_nap();
	}
	ck_abort_msg("it does not end:\n%s", run_tail(r));
}

static inline void run_fini(struct run *r)
{
	char command[128];

	if (r->pid > 0) {
		kill(r->pid, SIGKILL);
		waitpid(r->pid, NULL, 0);
	}
	if (r->out_fd != -1)
		close(r->out_fd);
	snprintf(command, sizeof(command), "rm -rf %s", r->dir);
	ck_assert_int_eq(system(command), 0);
}

/* A listening TCP socket on a free port of 127.0.0.1. */
static inline int run_listen(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(fd, 128), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

/* A port that was free a moment ago, below those that the kernel hands out by itself: nobody who
 * asks for any port gets it meanwhile. */
static inline uint16_t run_free_port(void)
{
	static unsigned n;

	for (int tries = 0; tries < 1000; tries++) {
		uint16_t port = (uint16_t)(20000 + ((unsigned)getpid() * 7 + n++) % 10000);
		struct sockaddr_in a = { .sin_family = AF_INET,
					 .sin_port = htons(port),
					 .sin_addr = { htonl(INADDR_LOOPBACK) } };
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		int is_free = bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;

		close(fd);
		if (is_free)
			return port;
	}
	ck_abort_msg("no free port");
}

/* -1 when refused. */
static inline int run_connect(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval limit = { .tv_sec = WAIT_MS / 1000 };

	ck_assert_int_ge(fd, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Send a command to a stats socket; the answer is in a static buffer. */
static inline const char *run_command(const struct run *r, const char *command)
{
	static char answer[65536];
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = 0;
	ssize_t n;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/sock", r->dir);
	ck_assert_msg(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0, "%s: %s", a.sun_path,
		      strerror(errno));
	ck_assert_int_eq(dprintf(fd, "%s\n", command), (int)strlen(command) + 1);
	while (len < sizeof(answer) - 1 &&
	       (n = read(fd, answer + len, sizeof(answer) - 1 - len)) > 0)
		len += (size_t)n;
	answer[len] = '\0';
	close(fd);
	return answer;
}

#endif
