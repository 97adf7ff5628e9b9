/* undo.c - the keeper of a drill, and what it can put right. */
#include "undo.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <tandem/clock.h>
#include <tandem/ctl_client.h>
#include <time.h>
#include <unistd.h>

/* What vrrpd is told of a drill that was killed. */
#define UNDO_INTERRUPTED "drill end interrupted failed 0"
#define ASK_MS           3000
#define ASK_TRIES        50 /* of 100 ms: a vrrpd that was just started must answer first */
#define ASK_WAIT_NS      (100 * 1000 * 1000)

/* --- steps ---------------------------------------------------------------------------------- */

static const char *const names[] = { "cont", "link", "run", "resume" };

static int parse_pid(struct str s, struct undo_step *out)
{
	const char *blank = memchr(s.p, ' ', s.len);
	size_t n = blank ? (size_t)(blank - s.p) : 0;
	int64_t pid, started;

	if (!blank || str_parse_int((struct str){ s.p, n }, 2, INT32_MAX, &pid) != 0 ||
	    str_parse_int((struct str){ blank + 1, s.len - n - 1 }, 1, INT64_MAX, &started) != 0)
		return -EINVAL;
	out->pid = (pid_t)pid;
	out->started = (unsigned long long)started;
	return 0;
}

int undo_parse(struct str line, struct undo_step *out)
{
	const char *blank = line.len ? memchr(line.p, ' ', line.len) : NULL;
	struct str name, rest;

	if (!blank || line.len >= UNDO_MAX_LINE || memchr(line.p, '\0', line.len))
		return -EINVAL;
	name = (struct str){ line.p, (size_t)(blank - line.p) };
	rest = (struct str){ blank + 1, line.len - name.len - 1 };
	if (rest.len == 0)
		return -EINVAL;
	for (size_t k = 0; k < ARRAY_LEN(names); k++) {
		if (!str_eq(name, str_from(names[k])))
			continue;
		*out = (struct undo_step){ .kind = (enum undo_kind)k };
		memcpy(out->text, rest.p, rest.len);
		return k == UNDO_CONT ? parse_pid(rest, out) : 0;
	}
	return -EINVAL;
}

void undo_format(const struct undo_step *s, char out[UNDO_MAX_LINE + 64])
{
	if (s->kind == UNDO_CONT)
		snprintf(out, UNDO_MAX_LINE + 64, "cont %d %llu", (int)s->pid, s->started);
	else
		snprintf(out, UNDO_MAX_LINE + 64, "%s %s", names[s->kind], s->text);
}

unsigned long long undo_stat(pid_t pid, unsigned field)
{
	char path[32], text[1024], *p;
	unsigned long long value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	/* The name, in parentheses, may hold anything: fields count from behind it, its is 2. */
	p = fgets(text, sizeof(text), f) ? strrchr(text, ')') : NULL;
	for (unsigned k = 2; p && k < field; k++)
		p = strchr(p + 1, ' ');
	if (p)
		value = strtoull(p, NULL, 10);
	fclose(f);
	return value;
}

unsigned long long undo_started(pid_t pid)
{
	return undo_stat(pid, 22);
}

void undo_set_link(const char *name, bool up)
{
	struct ifreq r = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &r) == 0) {
		r.ifr_flags = (short)(up ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP);
		(void)ioctl(fd, SIOCSIFFLAGS, &r);
	}
	if (fd >= 0)
		close(fd);
}

/* In the background: what it starts may be a daemon that stays in front. */
static void run(const char *command)
{
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		(void)setsid();
		for (int fd = 0; fd < 3; fd++)
			(void)dup2(null, fd);
		for (int fd = 3; fd < 1024; fd++)
			close(fd);
		signal(SIGINT, SIG_DFL), signal(SIGTERM, SIG_DFL), signal(SIGHUP, SIG_DFL);
		signal(SIGPIPE, SIG_DFL);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
}

static bool tell(const char *socket_path, const char *line)
{
	struct strbuf answer = { 0 };
	int rc = ctl_client_ask_at(str_from(socket_path), ASK_MS, str_from(line), &answer);

	strbuf_fini(&answer);
	return rc == 0;
}

static void resume(const char *socket_path, const char *instance)
{
	char line[UNDO_MAX_LINE + 16];

	snprintf(line, sizeof(line), "resume %s", instance);
	for (int i = 0; i < ASK_TRIES; i++) {
		const struct timespec nap = { .tv_nsec = ASK_WAIT_NS };

		if (tell(socket_path, line))
			return;
		(void)nanosleep(&nap, NULL);
	}
}

static void perform(const struct undo_step *s, const char *socket_path)
{
	switch (s->kind) {
	case UNDO_CONT:
		if (undo_started(s->pid) == s->started)
			(void)kill(s->pid, SIGCONT);
		break;
	case UNDO_LINK:
		undo_set_link(s->text, true);
		break;
	case UNDO_RUN:
		run(s->text);
		break;
	case UNDO_RESUME:
		resume(socket_path, s->text);
		break;
	}
}

/* --- the file ------------------------------------------------------------------------------- */

static int read_steps(const char *path, struct undo_step *steps)
{
	char line[UNDO_MAX_LINE + 64];
	FILE *f = fopen(path, "re");
	int n = 0;

	if (!f)
		return -errno;
	while (n < UNDO_MAX_STEPS && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (undo_parse(str_from(line), &steps[n]) == 0)
			n++;
	}
	fclose(f);
	return n;
}

int undo_restore(const char *path, const char *socket_path)
{
	static struct undo_step steps[UNDO_MAX_STEPS];
	int n = read_steps(path, steps);

	for (int i = n; i > 0; i--)
		perform(&steps[i - 1], socket_path);
	if (n >= 0)
		(void)unlink(path);
	return n;
}

/* --- the keeper ----------------------------------------------------------------------------- */

/* Returns whether it went on. */
static bool keep_line(int fd, int file, const char *line)
{
	struct undo_step s;

	if (strcmp(line, "end") == 0 || undo_parse(str_from(line), &s) != 0)
		return false;
	(void)!dprintf(file, "%s\n", line);
	(void)fdatasync(file);
	return send(fd, "ok", 2, MSG_NOSIGNAL) == 2;
}

NORETURN static void keeper_main(int fd, int file, const char *path, const char *socket_path,
				 int64_t limit_us)
{
	const int64_t end_us = clock_mono_us() + limit_us;
	char line[UNDO_MAX_LINE + 64] = "";

	(void)setsid();
	signal(SIGHUP, SIG_IGN), signal(SIGINT, SIG_IGN), signal(SIGTERM, SIG_IGN);
	signal(SIGPIPE, SIG_IGN), signal(SIGCHLD, SIG_DFL);
	for (;;) {
		int64_t rest_us = end_us - clock_mono_us();
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (rest_us <= 0 || poll(&p, 1, (int)(rest_us / 1000) + 1) <= 0)
			break;
		n = recv(fd, line, sizeof(line) - 1, 0); /* SOCK_SEQPACKET: one line each */
		if (n <= 0)
			break;
		line[n] = '\0';
		if (strcmp(line, "drop") == 0) {
			(void)unlink(path);
			break;
		}
		if (!keep_line(fd, file, line))
			break;
	}
	if (undo_restore(path, socket_path) > 0 && strcmp(line, "end") != 0)
		(void)tell(socket_path, UNDO_INTERRUPTED); /* the drill itself cannot any more */
	(void)!send(fd, "ok", 2, MSG_NOSIGNAL);
	_exit(0);
}

int undo_start(struct undo *u, const char *path, const char *socket_path, int64_t limit_us)
{
	int pair[2], file, err;

	file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (file < 0)
		return -errno;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		err = -errno;
		close(file);
		(void)unlink(path);
		return err;
	}
	u->keeper = fork();
	if (u->keeper == 0) {
		close(pair[0]);
		keeper_main(pair[1], file, path, socket_path, limit_us);
	}
	err = u->keeper < 0 ? -errno : 0;
	close(pair[1]);
	close(file);
	u->fd = pair[0];
	u->path = path;
	u->socket = socket_path;
	if (err) {
		close(u->fd);
		(void)unlink(path);
	}
	return err;
}

static bool is_acknowledged(int fd)
{
	char ok[8];

	return recv(fd, ok, sizeof(ok), 0) == 2;
}

int undo_add(struct undo *u, const struct undo_step *s)
{
	char line[UNDO_MAX_LINE + 64];

	undo_format(s, line);
	if (send(u->fd, line, strlen(line), MSG_NOSIGNAL) < 0)
		return -errno;
	return is_acknowledged(u->fd) ? 0 : -EPIPE;
}

/* Returns whether the keeper did it. */
static bool finish(struct undo *u, const char *word)
{
	bool is_done = send(u->fd, word, strlen(word), MSG_NOSIGNAL) > 0 && is_acknowledged(u->fd);

	close(u->fd);
	(void)waitpid(u->keeper, NULL, 0);
	return is_done;
}

void undo_finish(struct undo *u)
{
	/* Killed, or its time was over: then there is no file, and nothing is done twice. */
	if (!finish(u, "end"))
		(void)!undo_restore(u->path, u->socket);
}

void undo_drop(struct undo *u)
{
	if (!finish(u, "drop"))
		(void)unlink(u->path);
}
