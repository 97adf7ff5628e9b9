/* rcu_sanitizer.c - what ThreadSanitizer must know about liburcu. */
#include <tandem/rcu_sanitizer.h>

#ifdef __SANITIZE_THREAD__
char rcu_sanitizer_order; /* its address stands for all grace periods */

/* Called by the sanitizer's runtime. The futex word is read and written without ordering on
 * purpose: a wake-up too many does no harm. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "race:urcu_qsbr_wake_up_gp\n";
}
#else
typedef int rcu_sanitizer_is_empty; /* ISO C wants a declaration */
#endif
