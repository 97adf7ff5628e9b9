/* getsocks.c - handing listening sockets from a running proxyd to a new one. */
#include "process/getsocks.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <tandem/clock.h>
#include <tandem/log.h>

#include "net/listener.h"
#include "process/process.h"
#include "process/stats_socket.h"
#include "process/takeover.h"

#define WAIT_S 3 /* for the other process */

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

/* ---- the old process ---- */

static int send_fd(int to, int fd)
{
	union control control = { 0 };
	char byte = 'S';
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(to, &msg, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

/* A path that two processes listen at is the successor's. */
static void leave_paths(struct list *listeners)
{
	struct listener *l;

	list_for_each (l, listeners, node)
		l->unlink_on_close = false;
}

void getsocks_command(struct ctl_request *rq, uint64_t *cursor, bool *more)
{
	const struct stats_socket *s = rq->arg;
	const struct timeval wait = { .tv_sec = WAIT_S };
	struct master_link link;
	int pair[2], rc;

	(void)cursor, (void)more;
	if (s == NULL || !s->expose_fd) {
		strbuf_adds(rq->out, "Permission denied\n");
		return;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		strbuf_addf(rq->out, "%s\n", strerror(errno));
		return;
	}
	rc = send_fd(rq->fd, pair[1]);
	close(pair[1]);
	if (rc == 0) {
		/* the receiver does nothing but read; if it hangs, we go on */
		(void)setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
		master_link_init(&link);
		link.fd = pair[0];
		master_link_send_listeners(&link, &process_self->listeners);
		leave_paths(&process_self->listeners);
		log_notice("process", "sockets_given", "");
	}
	close(pair[0]);
	rq->brings_own_end = true;
}

/* ---- the new process ---- */

static int receive_fd(int from)
{
	union control control = { 0 };
	char byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control.bytes) };
	ssize_t n = recvmsg(from, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c;
	int fd;

	if (n < 0)
		return -errno;
	c = CMSG_FIRSTHDR(&msg);
	if (n != 1 || byte != 'S' || c == NULL || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(int)))
		return -EPROTO;
	memcpy(&fd, CMSG_DATA(c), sizeof(int));
	return fd;
}

static int ask(const char *path)
{
	static const char line[] = "_getsocks\n";
	const struct timeval wait = { .tv_sec = WAIT_S };
	struct addr a;
	int fd, rc = addr_from_path(str_from(path), &a);

	if (rc != 0)
		return rc;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, &a.sa, a.len) != 0 ||
	    send(fd, line, sizeof(line) - 1, MSG_NOSIGNAL) != (ssize_t)sizeof(line) - 1)
		rc = -errno;
	else
		rc = receive_fd(fd);
	close(fd);
	return rc;
}

int getsocks_take(const char *path, struct master_link *link)
{
	int64_t until_us = clock_mono_us() + WAIT_S * US_PER_S;
	int rc = ask(path);

	if (rc < 0)
		return rc;
	link->fd = rc;
	/* the other side closes when it has sent all */
	while ((rc = master_link_receive(link)) != -EPIPE) {
		struct pollfd pf = { .fd = link->fd, .events = POLLIN };

		if (rc < 0 && rc != -EAGAIN && rc != -EINTR)
			break;
		if (clock_mono_us() > until_us) {
			rc = -ETIMEDOUT;
			break;
		}
		if (rc < 0)
			(void)poll(&pf, 1, WAIT_S * 1000);
	}
	close(link->fd);
	link->fd = -1;
	return rc == -EPIPE ? 0 : rc;
}
