/* channel.c - the two directions of a stream: their buffers, reading and writing. */
#include <errno.h>

#include "net/client.h"
#include "net/sock_io.h"
#include "net/splice.h"
#include "net/stream.h"
#include "process/worker_priv.h"

size_t channel_room(struct stream *st, struct channel *ch, size_t headroom)
{
	struct worker_private *priv = st->c->w->priv;

	if (!ch->buf.mem) {
		char *mem = freelist_get(&priv->buffers);

		if (!mem)
			return 0;
		ch->buf = (struct buf){ mem,
					ch == &st->res ? priv->buffers.size
						       : st->c->w->engine->bufsize,
					headroom, headroom };
	}
	return buf_room(&ch->buf);
}

ssize_t channel_recv(struct stream *st, struct channel *ch, int fd, size_t headroom)
{
	size_t room = channel_room(st, ch, headroom);
	ssize_t n;

	if (room == 0)
		return -ENOBUFS;
	n = sock_recv(fd, ch->buf.mem + ch->buf.tail, room);
	if (n == -1)
		return errno == EINTR ? -EAGAIN : -errno;
	buf_produce(&ch->buf, (size_t)n);
	return n;
}

void channel_release(struct stream *st, struct channel *ch)
{
	if (UNLIKELY(ch->pipe[0] != -1) && ch->n_piped == 0)
		splice_release(st->c->w, ch);
	if (!ch->buf.mem || buf_len(&ch->buf) > 0)
		return;
	if (ch == &st->req && st->is_replayable)
		return;
	freelist_put(&st->c->w->priv->buffers, ch->buf.mem);
	ch->buf = (struct buf){ 0 };
}

void channel_drop(struct stream *st, struct channel *ch)
{
	if (ch->buf.mem)
		freelist_put(&st->c->w->priv->buffers, ch->buf.mem);
	ch->buf = (struct buf){ 0 };
}

/* 0: all that is ready was sent or the socket is full (ch->is_blocked); -errno: broken. */
int channel_send(struct channel *ch, int fd, uint64_t *n_bytes)
{
	ch->is_blocked = false;
	while (ch->ready > 0) {
		ssize_t n = sock_send(fd, buf_data(&ch->buf), ch->ready);

		if (n == -1) {
			if (errno == EINTR)
				continue;
			ch->is_blocked = errno == EAGAIN;
			return ch->is_blocked ? 0 : -errno;
		}
		*n_bytes += (uint64_t)n;
		ch->ready -= (size_t)n;
		ch->buf.head += (size_t)n;
	}
	return ch->n_piped > 0 ? channel_splice_out(ch, fd, n_bytes) : 0;
}
