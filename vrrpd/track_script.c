/* track_script.c - runs a vrrp_script and keeps its verdict. */
#include "track_script.h"

#include <string.h>
#include <sys/wait.h>
#include <tandem/clock.h>
#include <tandem/log.h>

#include "config/cfg_model.h"

unsigned track_script_score(unsigned score, bool is_success, unsigned rise, unsigned fall)
{
	if (is_success)
		return score + 1 < rise ? score + 1 : rise + fall - 1;
	return score > rise ? score - 1 : 0;
}

bool track_script_is_up(const struct track_script *t)
{
	return t->score >= t->cfg->rise;
}

static void on_result(struct proc *p, int status, bool timed_out)
{
	struct track_script *t = container_of(p, struct track_script, proc);
	bool was_up = track_script_is_up(t), is_success = status == 0 && !timed_out, is_up;

	t->last_status = status;
	t->last_took_us = clock_mono_us() - t->started_us;
	t->n_runs++;
	t->n_failures += !is_success;
	t->n_timeouts += timed_out;
	t->score = track_script_score(t->score, is_success, t->cfg->rise, t->cfg->fall);
	t->is_first = false;
	is_up = track_script_is_up(t);
	if (was_up == is_up)
		return;
	log_write(is_up ? LOGL_NOTICE : LOGL_WARN, "track", "script",
		  "name=%s to=%s cause=%s status=%d took_ms=%lld", t->cfg->name,
		  is_up ? "up" : "down", timed_out ? "timeout" : "exit",
		  WIFEXITED(status) ? WEXITSTATUS(status) : status,
		  (long long)(t->last_took_us / US_PER_MS));
	t->changed(t->arg, t);
}

static void run(struct track_script *t)
{
	const struct cfg_script *c = t->cfg;
	struct proc_spec spec = {
		.argv = c->argv,
		.uid = c->uid,
		.gid = c->gid,
		.timeout_us = c->timeout_us ? c->timeout_us : c->interval_us,
		.stdin_fd = -1,
	};
	int err;

	if (t->proc.pid) {
		t->n_skipped++;
		return;
	}
	t->started_us = clock_mono_us();
	err = proc_start(&t->proc, &spec);
	if (err) /* cannot be executed: a failure like any other */
		on_result(&t->proc, err, false);
}

static void on_interval(struct ev_loop *loop, ev_timer *w, int revents)
{
	(void)loop, (void)revents;
	run(container_of(w, struct track_script, interval));
}

void track_script_init(struct track_script *t, struct loop *loop, const struct cfg_script *cfg,
		       track_script_fn *changed, void *arg)
{
	double every = (double)cfg->interval_us / US_PER_S;

	*t = (struct track_script){
		.loop = loop, .cfg = cfg, .changed = changed, .arg = arg, .is_first = true
	};
	/* Before the first result the script counts as successful, but one failure is enough. */
	t->score = cfg->init_fail ? 0 : cfg->rise;
	proc_init(&t->proc, loop, on_result);
	ev_timer_init(&t->interval, on_interval, 0., every);
}

void track_script_start(struct track_script *t)
{
	ev_timer_start(t->loop->ev, &t->interval);
}

void track_script_stop(struct track_script *t)
{
	ev_timer_stop(t->loop->ev, &t->interval);
	proc_cancel(&t->proc);
}
