/* ending.c - how proxyd ends. */
#include "process/ending.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <tandem/clock.h>
#include <tandem/daemon.h>
#include <tandem/log.h>
#include <tandem/util.h>

#include "config/cfg_model.h"
#include "net/listener.h"
#include "process/liveness_server.h"
#include "process/process.h"

#define DRAIN_POLL_S 0.02
/* A service manager tells all processes, and the master passes on what it was told: one order. */
#define SAME_ORDER_US (100 * US_PER_MS)

void ending_now(struct process *p)
{
	p->state = PROCESS_STOPPING;
	if (p->liveness != NULL)
		liveness_server_set_state(p->liveness, LIVENESS_STOPPING);
	loop_stop(&p->loop);
}

static void stop(struct process *p, int signum)
{
	log_notice("process", "stopping", "signal=%d connections=%u", signum,
		   workers_n_conns(&p->engine));
	if (p->master == NULL)
		daemon_notify("STOPPING=1");
	ending_now(p);
}

static void close_listeners(struct process *p)
{
	struct listener *l, *tmp, **gone;
	unsigned n = 0;

	list_for_each (l, &p->listeners, node)
		n++;
	gone = xcalloc(n + 1, sizeof(struct listener *));
	n = 0;
	list_for_each (l, &p->listeners, node)
		gone[n++] = l;
	workers_set_listeners(&p->engine, NULL, 0, gone, n);
	list_for_each_safe (l, tmp, &p->listeners, node) {
		list_del(&l->node);
		listener_free(l);
	}
	free(gone);
}

static void on_drain_poll(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct process *p = process_self;
	unsigned n = workers_n_conns(&p->engine);

	(void)ev, (void)w, (void)revents;
	if (n == 0) {
		log_notice("process", "drained", "");
		ending_now(p);
	} else if (p->drain_deadline_us > 0 && p->loop.now_us >= p->drain_deadline_us) {
		log_warn("process", "hard_stop", "connections=%u", n);
		ending_now(p);
	}
}

static void drain(struct process *p, int64_t bound_us)
{
	p->state = PROCESS_DRAINING;
	log_notice("process", "draining", "connections=%u", workers_n_conns(&p->engine));
	process_tell(p, MASTER_DRAINING, "STOPPING=1");
	if (p->liveness != NULL)
		liveness_server_set_state(p->liveness, LIVENESS_DRAINING);
	atomic_store(&p->engine.is_stopping, 1);
	close_listeners(p);
	workers_drain(&p->engine);
	p->drain_deadline_us = bound_us > 0 ? clock_mono_us() + bound_us : 0;
	ev_timer_start(p->loop.ev, &p->drain_poll);
}

static void on_term(struct process *p)
{
	int64_t bound_us = p->cfg->global.hard_stop_after_us;

	if (p->term_us != 0 && p->loop.now_us - p->term_us < SAME_ORDER_US)
		return;
	if (p->state != PROCESS_RUNNING) { /* the second one, or the drain takes too long */
		stop(p, SIGTERM);
		return;
	}
	p->term_us = p->loop.now_us;
	drain(p, bound_us > 0 ? bound_us : ENDING_TERM_S * US_PER_S);
}

void ending_on_signal(struct ev_loop *ev, ev_signal *w, int revents)
{
	struct process *p = process_self;

	(void)ev, (void)revents;
	if (w->signum == SIGTERM)
		on_term(p);
	else if (w->signum == SIGINT)
		stop(p, SIGINT);
	else if (p->state == PROCESS_RUNNING)
		drain(p, p->cfg->global.hard_stop_after_us);
}

void ending_init(struct process *p)
{
	ev_timer_init(&p->drain_poll, on_drain_poll, 0., DRAIN_POLL_S);
}
