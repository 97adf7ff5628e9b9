/* util.h - the few macros and allocation helpers that every file may use. */
#ifndef TANDEM_UTIL_H
#define TANDEM_UTIL_H

#include <stddef.h>

#define TANDEM_VERSION "0.1.0"

#define ARRAY_LEN(a)      (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)         ((a) < (b) ? (a) : (b))
#define MAX(a, b)         ((a) > (b) ? (a) : (b))
#define CACHE_LINE        64
#define CACHE_ALIGNED     __attribute__((aligned(CACHE_LINE)))
#define NODISCARD         __attribute__((warn_unused_result))
#define NORETURN          __attribute__((noreturn))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define LIKELY(x)         __builtin_expect(!!(x), 1)
#define UNLIKELY(x)       __builtin_expect(!!(x), 0)
#define UNREACHABLE()     util_assert_failed("unreachable code", __FILE__, __LINE__)

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* ASSERT is for what only our own bug can cause: it stays on in release builds and aborts with the
 * place. Input from outside is validated, never asserted. */
#define ASSERT(cond)                                                                               \
	do {                                                                                       \
		if (UNLIKELY(!(cond)))                                                             \
			util_assert_failed(#cond, __FILE__, __LINE__);                             \
	} while (0)

NORETURN void util_assert_failed(const char *what, const char *file, int line);

/* Start-up allocation: zeroed memory or the end of the process with a message (exit 1). */
NODISCARD void *xcalloc(size_t n, size_t size);
NODISCARD void *xrealloc(void *p, size_t size);
NODISCARD char *xstrdup(const char *s);

#endif
