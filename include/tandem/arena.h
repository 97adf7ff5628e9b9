/* arena.h - allocation that is freed as a whole: configurations live in one.
 * Running out of memory ends the process: arenas are for start-up and for plans. */
#ifndef TANDEM_ARENA_H
#define TANDEM_ARENA_H

#include <stddef.h>
#include <tandem/str.h>

struct arena_block;
struct arena {
	struct arena_block *blocks; /* newest first; owned */
	size_t used, cap;           /* in the newest block */
};

/* An arena starts as {0}. */
void arena_fini(struct arena *a);
/* Zeroed, aligned for any type. */
NODISCARD void *arena_alloc(struct arena *a, size_t size);
#define arena_new(a, type)      ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc((a), (n) * sizeof(type)))
/* Copies, terminated by NUL. */
NODISCARD char *arena_strdup(struct arena *a, const char *z);
NODISCARD struct str arena_str(struct arena *a, struct str s);
PRINTF_LIKE(2, 3) char *arena_printf(struct arena *a, const char *fmt, ...);

#endif
