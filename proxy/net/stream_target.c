/* stream_target.c - where a server connection leads, and what it begins with. */
#include "net/stream.h"

#include <sys/socket.h>

#include "net/client.h"
#include "net/proxy_protocol.h"
#include "process/worker_priv.h"

void stream_complete_addr(struct stream *st, const struct view_server *vs, struct addr *to)
{
	const uint16_t port = addr_port(to);
	struct addr local;

	if (!client_local_addr(st->c, &local) || local.sa.sa_family == AF_UNIX)
		return;
	if (addr_is_any(to))
		*to = local;
	addr_set_port(to, port != 0 && vs->port_offset == 0
				  ? port
				  : (uint16_t)(addr_port(&local) + vs->port_offset));
}

bool stream_add_proxy_header(struct stream *st, int version)
{
	struct addr local;
	char head[PROXY_PROTOCOL_MAX];
	struct buf *b = &st->req.buf;
	size_t n;

	if (!client_local_addr(st->c, &local))
		local.sa.sa_family = AF_UNSPEC;
	n = proxy_protocol_write(version, client_addr(st->c), &local, head);
	if (!b->mem && channel_room(st, &st->req, st->c->w->engine->maxrewrite) == 0)
		return false;
	if (b->head < n) {
		size_t shift = MIN(n - b->head, buf_room(b)), len = buf_len(b);

		memmove(b->mem + b->head + shift, buf_data(b), len);
		b->head += shift;
		b->tail += shift;
	}
	if (b->head < n)
		return false;
	b->head -= n;
	memcpy(buf_data(b), head, n);
	st->req.ready += n;
	st->n_prefix = (uint16_t)n;
	return true;
}
