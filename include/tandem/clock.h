/* clock.h - the two clocks. Code that can take the time as an argument does so instead. */
#ifndef TANDEM_CLOCK_H
#define TANDEM_CLOCK_H

#include <stdint.h>

#define US_PER_MS INT64_C(1000)
#define US_PER_S  INT64_C(1000000)

/* CLOCK_MONOTONIC in microseconds. */
int64_t clock_mono_us(void);
/* CLOCK_REALTIME in microseconds since 1970, for what people read. */
int64_t clock_real_us(void);

#endif
