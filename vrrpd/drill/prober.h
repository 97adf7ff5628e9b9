/* prober.h - real requests at a steady rate, each lost one recorded.
 *
 * The schedule is fixed: probe k is due at start + k / rate, whatever became of those before it, so
 * that a slow answer delays no other probe and hides nothing. What could not be sent in time (this
 * process slept) is sent at once, and its time counts from when it was due.
 *   tcp   a connection is made and closed
 *   http  GET on a new connection; an answer below 500 is good
 *   held  GET after GET on one connection; when it breaks, that is one failure, and a new one is
 * made. A probe that is due while the one before has no answer yet is left out. */
#ifndef VRRPD_DRILL_PROBER_H
#define VRRPD_DRILL_PROBER_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <tandem/addr.h>

#include "record.h"

#define PROBER_MAX_RATE 1000 /* a second */
#define PROBER_MAX_FLYING                                                                          \
	4096 /* probes without an answer; above, the next ones are lost: timeout */

struct prober {
	struct ev_loop *ev;    /* borrowed */
	struct record *record; /* borrowed: results go there */
	int id;                /* in the record */
	enum probe_kind kind;
	struct addr target;
	unsigned rate;
	int64_t timeout_us;
	char request[512]; /* of http and held */
	/* private */
	int64_t start_us;
	uint64_t n_due;
	unsigned n_flying;
	struct shot *held; /* between requests */
	struct shot *flying;
	bool is_stopping;
	ev_timer tick;
};

/* path: of the GET. 0 or -errno. */
NODISCARD int prober_init(struct prober *p, struct ev_loop *ev, struct record *record,
			  enum probe_kind kind, const struct addr *target, const char *path,
			  unsigned rate, int64_t timeout_us, const char *node);
void prober_start(struct prober *p);
/* Send no more; what flies is waited for (it ends by its time limit). */
void prober_stop(struct prober *p);
bool prober_is_idle(const struct prober *p);
/* Forgets what flies. */
void prober_fini(struct prober *p);

#endif
