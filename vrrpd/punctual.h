/* punctual.h - what keeps a process from being late: memory that is never paged out, and a place
 * before ordinary processes. Where that is not permitted it says so and goes on. */
#ifndef VRRPD_PUNCTUAL_H
#define VRRPD_PUNCTUAL_H

/* rank 0 or 1: above the lowest priority of SCHED_RR. Children start as ordinary processes. */
void punctual_be(int rank);

#endif
