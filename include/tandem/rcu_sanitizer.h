/* rcu_sanitizer.h - tells ThreadSanitizer what a grace period orders. liburcu is not built with it,
 * so without this each reader seems to race with the thread that frees what it read. Nothing in
 * other builds. */
#ifndef TANDEM_RCU_SANITIZER_H
#define TANDEM_RCU_SANITIZER_H

#ifdef __SANITIZE_THREAD__
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
extern char rcu_sanitizer_order;
/* A reader is done with all it read: before a quiescent point. */
#define RCU_READER_DONE() __tsan_release(&rcu_sanitizer_order)
/* A grace period is over: first statement of a callback, or after synchronize_rcu. */
#define RCU_GRACE_OVER() __tsan_acquire(&rcu_sanitizer_order)
#else
#define RCU_READER_DONE() ((void)0)
#define RCU_GRACE_OVER()  ((void)0)
#endif

#endif
