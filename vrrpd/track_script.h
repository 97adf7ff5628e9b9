/* track_script.h - runs a vrrp_script at its interval and keeps its verdict, with rise and fall as
 * keepalived counts them. One run at a time; a run that exceeds its time limit is a failure. */
#ifndef VRRPD_TRACK_SCRIPT_H
#define VRRPD_TRACK_SCRIPT_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <tandem/loop.h>
#include <tandem/proc.h>

struct cfg_script;
struct track_script;
/* The verdict changed. Last statement of the caller. */
typedef void track_script_fn(void *arg, struct track_script *t);

struct track_script {
	struct loop *loop;            /* borrowed */
	const struct cfg_script *cfg; /* borrowed */
	track_script_fn *changed;
	void *arg;
	/* Up while score >= rise; the range is 0 .. rise + fall - 1. */
	unsigned score;
	bool is_first; /* no result yet: the first failure counts in full, as keepalived does */
	uint64_t n_runs, n_failures, n_timeouts, n_skipped; /* skipped: the last run went on */
	int last_status;                                    /* as from waitpid, or -errno */
	int64_t started_us, last_took_us;
	/* private */
	struct proc proc;
	ev_timer interval;
};

void track_script_init(struct track_script *t, struct loop *loop, const struct cfg_script *cfg,
		       track_script_fn *changed, void *arg);
void track_script_start(struct track_script *t);
/* Kills a run that goes on. */
void track_script_stop(struct track_script *t);
bool track_script_is_up(const struct track_script *t);
/* Pure: the score after one more result. */
unsigned track_script_score(unsigned score, bool is_success, unsigned rise, unsigned fall);

#endif
