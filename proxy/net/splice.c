/* splice.c - bulk bytes from socket to socket through a pipe. */
#include "net/splice.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "net/client.h"
#include "net/stream.h"
#include "process/worker_priv.h"

/* A pipe is held only while bytes are in it, so few are in use at once. Those few are as large as
 * the kernel lets anybody have; more of them means slow readers, whose pipes are smaller. The
 * user's share of pipe memory ends (pipe-user-pages-soft) in pipes of two pages, in which splicing
 * costs more than copying. */
#define LARGE_PIPE  (1024 * 1024)
#define N_LARGE     16
#define MEDIUM_PIPE (256 * 1024)
#define LEAST_PIPE  (64 * 1024)
#define NO_PIPE_US  (1 * 1000 * 1000) /* then it is tried again */

static void close_pipe(struct worker_private *priv, const int pipe[2])
{
	close(pipe[0]);
	close(pipe[1]);
	priv->n_open_pipes--;
}

static bool is_large_enough(int fd, unsigned n_others)
{
	return (n_others < N_LARGE && fcntl(fd, F_SETPIPE_SZ, LARGE_PIPE) != -1) ||
	       fcntl(fd, F_SETPIPE_SZ, MEDIUM_PIPE) != -1 || fcntl(fd, F_GETPIPE_SZ) >= LEAST_PIPE;
}

static int open_pipe(struct worker *w, int out[2])
{
	struct worker_private *priv = w->priv;
	int pipe[2], error = EPERM;

	if (worker_now(w) < priv->no_pipe_until_us)
		return -EAGAIN;
	if (pipe2(pipe, O_NONBLOCK | O_CLOEXEC) == -1) {
		error = errno;
	} else {
		priv->n_open_pipes++;
		if (is_large_enough(pipe[1], priv->n_open_pipes - 1)) {
			memcpy(out, pipe, sizeof(pipe));
			return 0;
		}
		close_pipe(priv, pipe);
	}
	priv->no_pipe_until_us = worker_now(w) + NO_PIPE_US;
	return -error;
}

int splice_prepare(struct worker *w, struct channel *ch)
{
	struct worker_private *priv = w->priv;

	if (ch->pipe[0] != -1)
		return 0;
	if (LIKELY(priv->n_pipes > 0)) {
		memcpy(ch->pipe, priv->pipes[--priv->n_pipes], sizeof(ch->pipe));
		return 0;
	}
	return open_pipe(w, ch->pipe);
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
		close_pipe(priv, ch->pipe);
	}
	ch->pipe[0] = ch->pipe[1] = -1;
	ch->n_piped = 0;
}

void splice_fini(struct worker *w)
{
	struct worker_private *priv = w->priv;

	while (priv->n_pipes > 0)
		close_pipe(priv, priv->pipes[--priv->n_pipes]);
}
