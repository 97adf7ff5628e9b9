/* outage.h - what a drill cost, from its probes. Pure. */
#ifndef VRRPD_DRILL_OUTAGE_H
#define VRRPD_DRILL_OUTAGE_H

#include "record.h"

/* Of one prober. The outage is the longest time between two successive good answers; it cannot be
 * told finer than the interval of the probes, which is the resolution. Before the first good answer
 * it counts from the first probe, after the last one until the last probe was due. For a held
 * connection each failure is one broken connection. */
struct outage {
	size_t n_sent, n_lost;
	size_t n_by_result[PROBE_N_RESULTS];
	int64_t outage_us, outage_at_us; /* when it began */
	int64_t resolution_us;
	int64_t p50_us, p99_us, max_us; /* of good answers */
};

/* r is sorted (record_sort). 0 or -ENOMEM. */
NODISCARD int outage_measure(const struct record *r, unsigned prober, struct outage *out);
/* The worst outage of those probers that make new connections; all are asked if there are none.
 * 0; -ENODATA: no probe was sent; -ENOMEM. */
NODISCARD int outage_worst(const struct record *r, int64_t *out_us);

#endif
