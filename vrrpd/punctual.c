/* punctual.c - what keeps a process from being late. */
#include "punctual.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <tandem/log.h>

void punctual_be(int rank)
{
	struct sched_param p = { .sched_priority = sched_get_priority_min(SCHED_RR) + rank };
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
	/* Locked when touched: what worker and guardian share is large and mostly empty. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		log_notice("vrrp", "memory_not_locked", "error=%s",
			   log_quoted(str_from(strerror(errno))));
	if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &p))
		log_notice("vrrp", "no_realtime_class", "error=%s",
			   log_quoted(str_from(strerror(errno))));
}
