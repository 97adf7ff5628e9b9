/* arena.c - allocation that is freed as a whole. */
#include <tandem/arena.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)16384)
#define ALIGNMENT  (_Alignof(max_align_t))

struct arena_block {
	struct arena_block *next; /* older */
	_Alignas(max_align_t) char mem[];
};

void arena_fini(struct arena *a)
{
	struct arena_block *b = a->blocks;

	while (b) {
		struct arena_block *next = b->next;

		free(b);
		b = next;
	}
	*a = (struct arena){ 0 };
}

static struct arena_block *new_block(size_t size)
{
	return xcalloc(1, sizeof(struct arena_block) + size);
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b;
	void *p;

	ASSERT(size <= SIZE_MAX / 2);
	size = (MAX(size, 1) + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (size > a->cap - a->used) {
		if (size > BLOCK_SIZE / 4 && a->blocks) {
			/* a block of its own, behind the newest: that one still has room */
			b = new_block(size);
			b->next = a->blocks->next;
			a->blocks->next = b;
			return b->mem;
		}
		b = new_block(MAX(size, BLOCK_SIZE));
		b->next = a->blocks;
		a->blocks = b;
		a->used = 0;
		a->cap = MAX(size, BLOCK_SIZE);
	}
	p = a->blocks->mem + a->used;
	a->used += size;
	return p;
}

char *arena_strdup(struct arena *a, const char *z)
{
	return (char *)arena_str(a, str_from(z)).p;
}

struct str arena_str(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.len + 1);

	if (s.len)
		memcpy(p, s.p, s.len);
	return (struct str){ p, s.len };
}

static void format_failed(void)
{
	fprintf(stderr, "arena_printf: bad format\n");
	exit(1);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		format_failed();
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}
