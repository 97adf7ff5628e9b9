/* control_lock.c - the lock between the control thread and statistics pages. */
#include "stats/control_lock.h"

#include <pthread.h>
#include <time.h>

#include <tandem/clock.h>

#define WAIT_MAX_US (20 * US_PER_MS) /* a reload's commit may take longer; then it is 503 */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void control_lock_hold(void)
{
	pthread_mutex_lock(&lock);
}

void control_lock_release(void)
{
	pthread_mutex_unlock(&lock);
}

bool control_lock_try(void)
{
	int64_t until_us = clock_mono_us() + WAIT_MAX_US;
	const struct timespec pause = { .tv_nsec = 100 * 1000 };

	while (pthread_mutex_trylock(&lock) != 0) {
		if (clock_mono_us() >= until_us)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

void control_lock_done(void)
{
	pthread_mutex_unlock(&lock);
}
