/* ctl_drill.h - what the daemon knows of drills (`vrrpd drill`): one that runs, and the last one.
 *
 * The drill itself is another process; it tells by the control socket when it begins and ends. */
#ifndef VRRPD_CTL_DRILL_H
#define VRRPD_CTL_DRILL_H

#include <stdbool.h>
#include <stdint.h>
#include <tandem/ctl.h>

/* A drill that never said its end; longer than any may last. */
#define DRILL_FORGET_US INT64_C(3700000000)

struct drill_log {
	char kind[24];                      /* of the one that runs, or ran */
	char last_id[40], last_verdict[16]; /* empty: none since the start */
	int64_t last_outage_us, last_real_us;
	uint64_t n_drills, n_missed; /* missed: not as the target wanted, or failed */
};

struct worker;

/* Is one running now? */
bool ctl_drill_runs(const struct worker *w);
/* The command: drill begin KIND | drill end ID VERDICT OUTAGE_US. */
void ctl_drill(struct ctl_request *rq, uint64_t *cursor, bool *more);

#endif
