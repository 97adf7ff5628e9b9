/* takeover.c - passing listening sockets from a worker to its master. */
#include "process/takeover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tandem/log.h>

#include "net/frontend.h"
#include "net/listener.h"

#define TEXT_MAX 1024

struct message {
	uint32_t event;
	uint32_t frontend_len; /* text: the frontend's name, then the bind's words */
	char text[2 * TEXT_MAX];
};

void master_link_init(struct master_link *ml)
{
	ml->fd = -1;
	ml->states_fd = -1;
	ml->has_predecessor = false;
	list_init(&ml->kept);
	list_init(&ml->incoming);
}

static void kept_free(struct kept_socket *k)
{
	list_del(&k->node);
	for (unsigned i = 0; i < k->n_fds; i++)
		close(k->fds[i]);
	free(k->frontend);
	free(k->spec);
	free(k);
}

static void drop_list(struct list *l)
{
	struct kept_socket *k, *tmp;

	list_for_each_safe (k, tmp, l, node)
		kept_free(k);
}

void master_link_fini(struct master_link *ml)
{
	drop_list(&ml->kept);
	drop_list(&ml->incoming);
	if (ml->fd != -1)
		close(ml->fd);
	ml->fd = -1;
}

/* 0 or -errno. */
static int transmit(struct master_link *ml, const struct message *m, size_t text_len,
		    const int *fds, unsigned n_fds, int flags)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * TAKEOVER_MAX_FDS)];
	} control;
	struct iovec iov = { .iov_base = (void *)m,
			     .iov_len = offsetof(struct message, text) + text_len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (n_fds > 0) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof(control));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
	}
	do
		n = sendmsg(ml->fd, &msg, MSG_NOSIGNAL | flags);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* The master reads all the time and is never far behind: the blocking send is short. */
static void send_message(struct master_link *ml, const struct message *m, size_t text_len,
			 const int *fds, unsigned n_fds)
{
	int rc = transmit(ml, m, text_len, fds, n_fds, 0);

	if (rc != 0)
		log_warn("process", "master_unreachable", "error=%s", strerror(-rc));
}

void master_link_notify(struct master_link *ml, enum master_event ev)
{
	struct message m = { .event = (uint32_t)ev };

	send_message(ml, &m, 0, NULL, 0);
}

void master_link_notify_alive(struct master_link *ml)
{
	struct message m = { .event = MASTER_ALIVE };

	(void)!transmit(ml, &m, 0, NULL, 0, MSG_DONTWAIT);
}

static void send_listener(struct master_link *ml, const struct listener *l)
{
	struct message m = { .event = MASTER_SOCKETS };
	size_t name_len = strlen(l->fe->name), spec_len = strlen(l->key);

	if (l->n_fds == 0 || l->n_fds > TAKEOVER_MAX_FDS || name_len > TEXT_MAX ||
	    spec_len > TEXT_MAX)
		return; /* a new worker binds it anew */
	m.frontend_len = (uint32_t)name_len;
	memcpy(m.text, l->fe->name, name_len);
	memcpy(m.text + name_len, l->key, spec_len);
	send_message(ml, &m, name_len + spec_len, l->fds, l->n_fds);
}

void master_link_send_listeners(struct master_link *ml, const struct list *listeners)
{
	const struct listener *l;

	master_link_notify(ml, MASTER_SOCKETS_BEGIN);
	list_for_each (l, listeners, node)
		send_listener(ml, l);
	master_link_notify(ml, MASTER_SOCKETS_END);
}

unsigned master_link_inherited(struct master_link *ml, const char *frontend, const char *spec,
			       int **out)
{
	struct kept_socket *k;

	*out = NULL;
	list_for_each (k, &ml->kept, node) {
		unsigned n = k->n_fds;

		if (strcmp(k->frontend, frontend) != 0 || strcmp(k->spec, spec) != 0)
			continue;
		*out = xcalloc(n, sizeof(**out));
		memcpy(*out, k->fds, n * sizeof(**out));
		k->n_fds = 0;
		kept_free(k);
		return n;
	}
	return 0;
}

void master_link_drop_inherited(struct master_link *ml)
{
	drop_list(&ml->kept);
}

static void keep(struct master_link *ml, const struct message *m, size_t text_len, const int *fds,
		 unsigned n_fds)
{
	struct kept_socket *k;

	if (m->frontend_len > text_len || n_fds == 0) {
		for (unsigned i = 0; i < n_fds; i++)
			close(fds[i]);
		return;
	}
	k = xcalloc(1, sizeof(*k));
	k->frontend = strndup(m->text, m->frontend_len);
	k->spec = strndup(m->text + m->frontend_len, text_len - m->frontend_len);
	ASSERT(k->frontend != NULL && k->spec != NULL);
	k->n_fds = n_fds;
	memcpy(k->fds, fds, n_fds * sizeof(*fds));
	list_add_tail(&ml->incoming, &k->node);
}

static unsigned take_fds(struct msghdr *msg, int fds[TAKEOVER_MAX_FDS])
{
	unsigned n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		n = MIN(n, (unsigned)TAKEOVER_MAX_FDS);
		memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	}
	return n;
}

int master_link_give_connection(struct master_link *ml, int fd, enum ctl_level level)
{
	struct message m = { .event = MASTER_CONNECTION, .frontend_len = (uint32_t)level };

	if (ml->fd == -1)
		return -EPIPE;
	return transmit(ml, &m, 0, &fd, 1, MSG_DONTWAIT);
}

/* Bytes of the message, 0 at the end, or -errno. */
static ssize_t receive(struct master_link *ml, struct message *m, int fds[TAKEOVER_MAX_FDS],
		       unsigned *n_fds)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * TAKEOVER_MAX_FDS)];
	} control;
	struct iovec iov = { .iov_base = m, .iov_len = sizeof(*m) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(ml->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	if (n == 0)
		return -EPIPE;
	*n_fds = take_fds(&msg, fds);
	return n;
}

int master_link_take_connection(struct master_link *ml, int *fd, enum ctl_level *level)
{
	struct message m;
	int fds[TAKEOVER_MAX_FDS];
	unsigned n_fds = 0;
	ssize_t n = receive(ml, &m, fds, &n_fds);

	if (n < 0)
		return (int)n;
	if ((size_t)n >= offsetof(struct message, text) && m.event == MASTER_CONNECTION &&
	    n_fds == 1) {
		*fd = fds[0];
		*level = (enum ctl_level)MIN(m.frontend_len, (uint32_t)CTL_ADMIN);
		return 0;
	}
	for (unsigned i = 0; i < n_fds; i++)
		close(fds[i]);
	return -EAGAIN;
}

int master_link_receive(struct master_link *ml)
{
	struct message m;
	int fds[TAKEOVER_MAX_FDS];
	unsigned n_fds = 0;
	ssize_t n = receive(ml, &m, fds, &n_fds);

	if (n < 0)
		return (int)n;
	if ((size_t)n < offsetof(struct message, text)) {
		for (unsigned i = 0; i < n_fds; i++)
			close(fds[i]);
		return 0;
	}
	if (m.event == MASTER_SOCKETS) {
		keep(ml, &m, (size_t)n - offsetof(struct message, text), fds, n_fds);
		return 0;
	}
	for (unsigned i = 0; i < n_fds; i++)
		close(fds[i]);
	if (m.event == MASTER_SOCKETS_BEGIN) {
		drop_list(&ml->incoming);
	} else if (m.event == MASTER_SOCKETS_END) {
		struct kept_socket *k, *tmp;

		drop_list(&ml->kept);
		list_for_each_safe (k, tmp, &ml->incoming, node) {
			list_del(&k->node);
			list_add_tail(&ml->kept, &k->node);
		}
	} else if (m.event <= MASTER_DRAINING || m.event == MASTER_ALIVE) {
		return (int)m.event;
	}
	return 0;
}
