/* splice.c - bulk bytes from socket to socket through a pipe. */
#include "net/splice.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "net/client.h"
#include "net/stream.h"
#include "process/worker_priv.h"

#define PIPE_SIZE (256 * 1024)

int splice_prepare(struct worker *w, struct channel *ch)
{
	struct worker_private *priv = w->priv;

	if (ch->pipe[0] != -1)
		return 0;
	if (priv->n_pipes > 0) {
		memcpy(ch->pipe, priv->pipes[--priv->n_pipes], sizeof(ch->pipe));
		return 0;
	}
	if (pipe2(ch->pipe, O_NONBLOCK | O_CLOEXEC) == -1) {
		ch->pipe[0] = ch->pipe[1] = -1;
		return -errno;
	}
	(void)fcntl(ch->pipe[1], F_SETPIPE_SZ, PIPE_SIZE); /* more bytes a call; not a must */
	return 0;
}

ssize_t channel_splice_in(struct channel *ch, int fd, uint64_t max)
{
	ssize_t n;

	n = splice(fd, NULL, ch->pipe[1], NULL, (size_t)MIN(max, SPLICE_MAX),
		   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n == -1)
		return errno == EINTR ? -EAGAIN : -errno;
	ch->n_piped += (size_t)n;
	return n;
}

int channel_splice_out(struct channel *ch, int fd, uint64_t *n_bytes)
{
	ch->is_blocked = false;
	while (ch->n_piped > 0) {
		ssize_t n = splice(ch->pipe[0], NULL, fd, NULL, ch->n_piped,
				   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

		if (n == -1) {
			if (errno == EINTR)
				continue;
			ch->is_blocked = errno == EAGAIN;
			return ch->is_blocked ? 0 : -errno;
		}
		if (n == 0)
			return -EPIPE;
		ch->n_piped -= (size_t)n;
		*n_bytes += (uint64_t)n;
	}
	return 0;
}

void splice_release(struct worker *w, struct channel *ch)
{
	struct worker_private *priv = w->priv;

	if (ch->pipe[0] == -1)
		return;
	if (ch->n_piped == 0 && priv->n_pipes < ARRAY_LEN(priv->pipes)) {
		memcpy(priv->pipes[priv->n_pipes++], ch->pipe, sizeof(ch->pipe));
	} else {
		close(ch->pipe[0]);
		close(ch->pipe[1]);
	}
	ch->pipe[0] = ch->pipe[1] = -1;
	ch->n_piped = 0;
}

void splice_fini(struct worker *w)
{
	struct worker_private *priv = w->priv;

	while (priv->n_pipes > 0) {
		priv->n_pipes--;
		close(priv->pipes[priv->n_pipes][0]);
		close(priv->pipes[priv->n_pipes][1]);
	}
}
