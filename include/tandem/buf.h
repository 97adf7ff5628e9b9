/* buf.h - a linear byte buffer of fixed capacity: bytes enter at the tail and leave at the head. */
#ifndef TANDEM_BUF_H
#define TANDEM_BUF_H

#include <stddef.h>
#include <string.h>

struct buf {
	char *mem; /* owned by whoever made the buffer; NULL: none attached */
	size_t cap, head, tail;
};

static inline size_t buf_len(const struct buf *b)
{
	return b->tail - b->head;
}
static inline char *buf_data(const struct buf *b)
{
	return b->mem + b->head;
}
static inline size_t buf_room(const struct buf *b)
{
	return b->cap - b->tail;
}
static inline void buf_produce(struct buf *b, size_t n)
{
	b->tail += n;
}
/* An emptied buffer starts again at 0, so that room comes back for free. */
static inline void buf_consume(struct buf *b, size_t n)
{
	b->head += n;
	if (b->head == b->tail)
		b->head = b->tail = 0;
}
/* Move the content to the start; pointers into the buffer become invalid. */
static inline void buf_compact(struct buf *b)
{
	if (b->head == 0)
		return;
	memmove(b->mem, b->mem + b->head, b->tail - b->head);
	b->tail -= b->head;
	b->head = 0;
}

#endif
