/* rise_fall.h - from results of checks to up and down, as HAProxy counts. Pure.
 *
 *   health  0 ........ rise-1 | rise ........ rise+fall-1
 *           DOWN, failing ... rising | falling ... UP, passing
 *
 * One success takes a server that is up to the top, one failure takes a server that is down to 0:
 * it takes `fall` failures in a row to fall and `rise` successes in a row to rise. A server starts
 * at `rise`: up, but the first failure takes it down. */
#ifndef PROXY_RISE_FALL_H
#define PROXY_RISE_FALL_H

#include <stdbool.h>
#include <stdint.h>

struct rise_fall {
	unsigned rise, fall; /* at least 1 */
	unsigned health;
};

enum rise_fall_event { RISE_FALL_NONE, RISE_FALL_UP, RISE_FALL_DOWN };

struct rise_fall_times {
	int64_t inter_us, fastinter_us, downinter_us; /* the last two: 0 means as inter_us */
};

void rise_fall_init(struct rise_fall *rf, unsigned rise, unsigned fall, bool is_up);
bool rise_fall_is_up(const struct rise_fall *rf);
/* Neither falling nor rising. */
bool rise_fall_is_steady(const struct rise_fall *rf);
/* One more result. */
enum rise_fall_event rise_fall_step(struct rise_fall *rf, bool passed);
/* Other limits, same side of the line. */
void rise_fall_set_limits(struct rise_fall *rf, unsigned rise, unsigned fall);
/* From the start of one check to the start of the next. */
int64_t rise_fall_interval_us(const struct rise_fall *rf, const struct rise_fall_times *t);

#endif
