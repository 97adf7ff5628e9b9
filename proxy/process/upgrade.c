/* upgrade.c - the master becomes a new program. */
#include "process/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tandem/str.h>

#include "process/takeover.h"

#define ENV      "PROXYD_UPGRADE"
#define MAX_ARGS 256

static char program[PATH_MAX]; /* empty: unknown */
static struct stat program_stat;

void upgrade_init(void)
{
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

	program[MAX(n, 0)] = '\0';
	if (n <= 0 || stat("/proc/self/exe", &program_stat) != 0)
		program[0] = '\0';
}

bool upgrade_is_wanted(void)
{
	struct stat now;

	return program[0] != '\0' && stat(program, &now) == 0 && S_ISREG(now.st_mode) &&
	       (now.st_dev != program_stat.st_dev || now.st_ino != program_stat.st_ino);
}

bool upgrade_is_under_way(void)
{
	return getenv(ENV) != NULL;
}

pid_t upgrade_check(char *const *argv)
{
	char *args[MAX_ARGS + 3] = { argv[0], (char *)(size_t) "-c", (char *)(size_t) "-q" };
	int n = 3;
	pid_t pid;
	sigset_t none;

	for (int i = 1; argv[i] != NULL; i++) {
		if (n == MAX_ARGS)
			return -E2BIG;
		args[n++] = argv[i];
	}
	pid = fork();
	if (pid != 0)
		return pid < 0 ? -errno : pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(program, args);
	_exit(127);
}

/* Descriptors that stay open in the new program, or not any more. */
static void set_kept(const struct master_link *ml, int flags)
{
	const struct kept_socket *k;

	(void)fcntl(ml->fd, F_SETFD, flags);
	list_for_each (k, &ml->kept, node)
		for (unsigned i = 0; i < k->n_fds; i++)
			(void)fcntl(k->fds[i], F_SETFD, flags);
}

/* One line: the worker and the link to it. Then one for each bind: descriptors, a tab, the
 * frontend's name, a tab, the words. */
static void write_record(struct strbuf *b, pid_t worker, const struct master_link *ml)
{
	const struct kept_socket *k;

	strbuf_addf(b, "%d %d\n", (int)worker, ml->fd);
	list_for_each (k, &ml->kept, node) {
		if (strpbrk(k->frontend, "\t\n") || strpbrk(k->spec, "\t\n"))
			continue; /* is bound anew */
		for (unsigned i = 0; i < k->n_fds; i++)
			strbuf_addf(b, "%d ", k->fds[i]);
		strbuf_addf(b, "\t%s\t%s\n", k->frontend, k->spec);
	}
}

int upgrade_exec(char *const *argv, pid_t worker, struct master_link *ml)
{
	struct strbuf record = { 0 };
	char number[16];
	int fd = memfd_create("proxyd-upgrade", 0), rc;

	if (fd < 0)
		return -errno;
	write_record(&record, worker, ml);
	if (record.failed || write(fd, record.p, record.len) != (ssize_t)record.len) {
		rc = -ENOMEM;
	} else {
		snprintf(number, sizeof(number), "%d", fd);
		setenv(ENV, number, 1);
		set_kept(ml, 0);
		execv(program, argv);
		rc = -errno;
		set_kept(ml, FD_CLOEXEC);
		unsetenv(ENV);
	}
	strbuf_fini(&record);
	close(fd);
	return rc;
}

/* "5 6 \tfrontend\twords" */
static void take_line(char *line, struct master_link *ml)
{
	char *name = strchr(line, '\t'), *spec = name ? strchr(name + 1, '\t') : NULL, *at = line;
	struct kept_socket *k;

	if (spec == NULL)
		return;
	*name++ = *spec++ = '\0';
	k = xcalloc(1, sizeof(*k));
	k->frontend = xstrdup(name);
	k->spec = xstrdup(spec);
	for (char *end; k->n_fds < TAKEOVER_MAX_FDS; at = end) {
		long fd = strtol(at, &end, 10);

		if (end == at)
			break;
		if (fcntl((int)fd, F_SETFD, FD_CLOEXEC) == 0)
			k->fds[k->n_fds++] = (int)fd;
	}
	list_add_tail(&ml->kept, &k->node);
}

static char *read_record(int fd)
{
	struct stat st;
	char *text;

	if (fstat(fd, &st) != 0 || st.st_size <= 0 || st.st_size > INT_MAX)
		return NULL;
	text = xcalloc(1, (size_t)st.st_size + 1);
	if (pread(fd, text, (size_t)st.st_size, 0) == st.st_size)
		return text;
	free(text);
	return NULL;
}

int upgrade_take(pid_t *worker, struct master_link *ml)
{
	const char *number = getenv(ENV);
	char *text, *at, *line, *end = NULL;
	int64_t fd;
	long pid, link_fd;

	if (number == NULL || str_parse_int(str_from(number), 3, INT_MAX, &fd) != 0)
		return -ENOENT;
	text = read_record((int)fd);
	close((int)fd);
	unsetenv(ENV);
	at = text;
	line = at != NULL ? strsep(&at, "\n") : NULL;
	pid = line != NULL ? strtol(line, &end, 10) : 0;
	link_fd = pid > 0 ? strtol(end, &end, 10) : -1;
	if (pid <= 0 || *end != '\0' || fcntl((int)link_fd, F_SETFD, FD_CLOEXEC) != 0) {
		free(text);
		return -EINVAL;
	}
	*worker = (pid_t)pid;
	ml->fd = (int)link_fd;
	while (at != NULL && (line = strsep(&at, "\n")) != NULL)
		take_line(line, ml);
	free(text);
	return 0;
}
