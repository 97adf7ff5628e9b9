/* watchdog.c - tells systemd or the master that every loop still turns. */
#include "process/watchdog.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <tandem/daemon.h>
#include <tandem/util.h>

#include "process/takeover.h"
#include "process/worker.h"

struct question {
	struct loop_msg msg;
	_Atomic bool is_asked; /* and not answered yet */
};

static struct {
	struct loop *loop; /* NULL: nobody asks us */
	struct engine *engine;
	struct master_link *master; /* borrowed; NULL: systemd hears us */
	struct question *questions; /* owned; one a thread */
	ev_timer tick;
} dog;

static void on_asked(struct loop_msg *m)
{
	atomic_store(&container_of(m, struct question, msg)->is_asked, false);
}

static void on_tick(struct ev_loop *ev, ev_timer *w, int revents)
{
	unsigned n = dog.engine != NULL ? dog.engine->n_threads : 0;

	(void)ev, (void)w, (void)revents;
	for (unsigned i = 0; i < n; i++)
		if (atomic_load(&dog.questions[i].is_asked))
			return; /* it hangs, or is late: the time runs */
	for (unsigned i = 0; i < n; i++) {
		atomic_store(&dog.questions[i].is_asked, true);
		loop_post(&dog.engine->workers[i].loop, &dog.questions[i].msg);
	}
	if (dog.master != NULL)
		master_link_notify_alive(dog.master);
	else
		daemon_notify("WATCHDOG=1");
}

void watchdog_inherit(void)
{
	char text[16];

	if (dog.loop == NULL) /* the master is not asked */
		return;
	snprintf(text, sizeof(text), "%d", (int)getpid());
	setenv("WATCHDOG_PID", text, 1);
}

void watchdog_start(struct loop *loop, struct engine *e, struct master_link *master)
{
	uint64_t us = daemon_watchdog_us();

	if (us == 0)
		return;
	dog.loop = loop;
	dog.engine = e;
	dog.master = master;
	if (e != NULL) {
		dog.questions = xcalloc(e->n_threads, sizeof(*dog.questions));
		for (unsigned i = 0; i < e->n_threads; i++)
			dog.questions[i].msg.fn = on_asked;
	}
	ev_timer_init(&dog.tick, on_tick, 0., (double)us / 1e6 / 4);
	ev_timer_start(loop->ev, &dog.tick);
}

void watchdog_stop(void)
{
	if (dog.loop == NULL)
		return;
	ev_timer_stop(dog.loop->ev, &dog.tick);
	free(dog.questions);
	dog.questions = NULL;
	dog.loop = NULL;
}
