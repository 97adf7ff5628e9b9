/* outside.c - the helper outside of the chroot. */
#include "process/outside.h"

#include <errno.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tandem/clock.h>
#include <tandem/diag.h>

#include "config/cfg_parse.h"
#include "config/cfg_source.h"
#include "process/options.h"

#define WAIT_MAX_US (5 * US_PER_S)
#define RECORD_MAX  (256u << 20)

static int send_all(int fd, const void *p, size_t len)
{
	const char *at = p;

	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Parse only to learn what parsing reads; the process judges it. */
void outside_make_record(const struct options *o, struct strbuf *record)
{
	struct diag d;

	diag_init(&d);
	cfg_source_set_reload(true);
	cfg_source_record(record);
	cfg_free(cfg_load(o->files, o->n_files, &d));
	cfg_source_record(NULL);
	cfg_source_set_reload(false);
	diag_fini(&d);
}

NORETURN static void serve(int fd, const struct options *o)
{
	char request;

	for (;;) {
		struct strbuf record = { 0 };
		ssize_t n = recv(fd, &request, 1, 0);
		uint64_t len;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(0); /* the process ended */
		outside_make_record(o, &record);
		len = record.failed ? 0 : record.len;
		if (send_all(fd, &len, sizeof(len)) != 0 || send_all(fd, record.p, len) != 0)
			_exit(1);
		strbuf_fini(&record);
	}
}

int outside_start(const struct options *o)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2 };
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return -errno;
	pid = fork();
	if (pid != 0) {
		int rc = pid < 0 ? -errno : pair[0];

		close(pair[1]);
		if (pid < 0)
			close(pair[0]);
		return rc;
	}
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		signal(ignored[i], SIG_IGN); /* the end of the process is the signal */
	(void)prctl(PR_SET_NAME, "proxyd-reader");
	/* no listening socket, no pipe of a waiting parent may stay open here */
	if (dup2(pair[1], STDERR_FILENO + 1) < 0)
		_exit(1);
	(void)close_range(STDERR_FILENO + 2, ~0u, 0);
	serve(STDERR_FILENO + 1, o);
}

static int read_some(int fd, void *p, size_t len, int64_t until_us)
{
	char *at = p;

	while (len > 0) {
		struct pollfd pf = { .fd = fd, .events = POLLIN };
		int64_t left_us = until_us - clock_mono_us();
		ssize_t n;

		if (left_us <= 0 || poll(&pf, 1, (int)(left_us / US_PER_MS) + 1) == 0)
			return -ETIMEDOUT;
		n = recv(fd, at, len, MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int outside_read(int fd, struct strbuf *record)
{
	int64_t until_us = clock_mono_us() + WAIT_MAX_US;
	char scrap[4096];
	uint64_t len;
	int rc;

	/* an answer that came too late last time */
	while (recv(fd, scrap, sizeof(scrap), MSG_DONTWAIT) > 0)
		;
	rc = send_all(fd, "r", 1);
	if (rc == 0)
		rc = read_some(fd, &len, sizeof(len), until_us);
	if (rc != 0)
		return rc;
	if (len == 0 || len > RECORD_MAX)
		return -EFBIG;
	while (rc == 0 && len > 0) {
		size_t n = MIN(len, sizeof(scrap));

		rc = read_some(fd, scrap, n, until_us);
		if (rc == 0)
			strbuf_add(record, scrap, n);
		len -= n;
	}
	return record->failed ? -ENOMEM : rc;
}
