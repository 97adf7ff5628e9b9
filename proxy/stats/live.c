/* live.c - answers of the dashboard that do not end with the request. */
#include "stats/live.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <tandem/clock.h>

#include "cli/admin.h"
#include "net/client.h"
#include "net/stream.h"
#include "process/worker_priv.h"
#include "stats/page.h"
#include "stats/pair.h"

#define FULL_EVERY    10   /* events: who joined in between has the page, and misses little */
#define ROWS_A_SECOND 2000 /* more rows are sent less often */

/* ---- events ---- */

struct event {
	_Atomic unsigned refs;
	size_t len;
	char text[];
};

/* The way of events to one thread: one at a time. */
struct slot {
	struct loop_msg msg;
	struct worker *w;
	struct event *ev;
	_Atomic bool is_busy;
};

static _Atomic unsigned n_viewers;
static _Atomic bool has_joined; /* somebody new: send everything */

static struct {
	struct loop *loop;
	struct engine *engine;
	ev_timer tick;
	struct slot *slots; /* owned; one a thread */
	uint64_t *hashes;   /* owned; of each row as it was sent last */
	unsigned n_rows, n_ticks, skip;
} hub;

static void event_unref(struct event *ev)
{
	if (atomic_fetch_sub(&ev->refs, 1) == 1)
		free(ev);
}

static void send_event(struct stream *st, const struct event *ev)
{
	if (client_should_close(st->c)) { /* it would hold up the drain */
		st->keep_alive = false;
		stream_finish(st);
		return;
	}
	if (st->local_sent < st->local.len)
		return; /* a slow reader gets the next one */
	strbuf_clear(&st->local);
	st->local_sent = 0;
	strbuf_add(&st->local, ev->text, ev->len);
	if (st->local.failed)
		stream_abort(st, 'R', 'D');
	else
		stream_answer_local(st);
}

static void on_event(struct loop_msg *m)
{
	struct slot *slot = container_of(m, struct slot, msg);
	struct event *ev = slot->ev;
	struct list *at, *next;

	atomic_store(&slot->is_busy, false);
	for (at = slot->w->priv->viewers.next; at != &slot->w->priv->viewers; at = next) {
		next = at->next;
		send_event(list_entry(at, struct stream, live_node), ev);
	}
	event_unref(ev);
}

static void publish(const struct strbuf *text)
{
	struct event *ev = malloc(sizeof(*ev) + text->len);

	if (ev == NULL)
		return; /* the next one may find memory */
	atomic_init(&ev->refs, 1);
	ev->len = text->len;
	memcpy(ev->text, text->p, text->len);
	for (unsigned i = 0; i < hub.engine->n_threads; i++) {
		struct slot *slot = &hub.slots[i];

		if (atomic_exchange(&slot->is_busy, true))
			continue;
		atomic_fetch_add(&ev->refs, 1);
		slot->ev = ev;
		slot->w = &hub.engine->workers[i];
		loop_post(&slot->w->loop, &slot->msg);
	}
	event_unref(ev);
}

/* Room for the hashes of n rows; what is new there matches nothing. */
static void resize_hashes(unsigned n)
{
	uint64_t *p = n > hub.n_rows ? realloc(hub.hashes, n * sizeof(*p)) : NULL;

	if (p == NULL)
		return;
	memset(p + hub.n_rows, 0, (n - hub.n_rows) * sizeof(*p));
	hub.hashes = p;
	hub.n_rows = n;
}

static void on_tick(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct strbuf text = { 0 };
	bool is_full;
	unsigned n;

	(void)ev, (void)w, (void)revents;
	if (atomic_load(&n_viewers) == 0)
		return;
	pair_wanted();
	if (hub.skip > 0) {
		hub.skip--;
		return;
	}
	is_full = atomic_exchange(&has_joined, false) || hub.n_ticks % FULL_EVERY == 0;
	hub.n_ticks++;
	strbuf_adds(&text, "data: ");
	n = page_add_event(&text, hub.hashes, hub.n_rows, is_full);
	strbuf_adds(&text, "\n\n");
	if (!text.failed)
		publish(&text);
	strbuf_fini(&text);
	resize_hashes(n);
	hub.skip = n / ROWS_A_SECOND;
}

void live_start(struct loop *loop, struct engine *e)
{
	hub.loop = loop;
	hub.engine = e;
	hub.slots = xcalloc(e->n_threads, sizeof(*hub.slots));
	for (unsigned i = 0; i < e->n_threads; i++)
		hub.slots[i].msg.fn = on_event;
	ev_timer_init(&hub.tick, on_tick, 1., 1.);
	ev_timer_start(loop->ev, &hub.tick);
}

void live_stop(void)
{
	if (hub.loop == NULL)
		return;
	ev_timer_stop(hub.loop->ev, &hub.tick);
	for (unsigned i = 0; i < hub.engine->n_threads; i++)
		if (atomic_load(&hub.slots[i].is_busy)) /* its thread ended first */
			event_unref(hub.slots[i].ev);
	free(hub.slots);
	free(hub.hashes);
	memset(&hub, 0, sizeof(hub));
}

bool live_admit(void)
{
	if (atomic_fetch_add(&n_viewers, 1) < LIVE_MAX_VIEWERS)
		return true;
	atomic_fetch_sub(&n_viewers, 1);
	return false;
}

void live_join(struct stream *st)
{
	st->is_live = true;
	list_add_tail(&st->c->w->priv->viewers, &st->live_node);
	atomic_store(&has_joined, true);
}

/* ---- actions ---- */

struct stats_job {
	struct loop_msg msg;
	struct stream *st; /* NULL: it ended in the meantime */
	struct worker *w;
	const char *outcome;
	size_t uri_len, form_len;
	char text[]; /* both */
};

static void on_done(struct loop_msg *m)
{
	struct stats_job *job = container_of(m, struct stats_job, msg);
	struct stream *st = job->st;

	if (st != NULL) {
		st->job = NULL;
		st->status = 303;
		strbuf_addf(&st->local,
			    "HTTP/1.1 303 See Other\r\ncache-control: no-cache\r\n"
			    "content-type: text/plain\r\ncontent-length: 0\r\n"
			    "location: %.*s;st=%s\r\nconnection: close\r\n\r\n",
			    (int)job->uri_len, job->text, job->outcome);
		stream_answer_local(st);
	}
	free(job);
}

static void on_job(struct loop_msg *m)
{
	struct stats_job *job = container_of(m, struct stats_job, msg);

	job->outcome = admin_apply((struct str){ job->text + job->uri_len, job->form_len });
	job->msg.fn = on_done;
	loop_post(&job->w->loop, &job->msg);
}

bool live_act(struct stream *st, struct str uri, struct str form)
{
	struct stats_job *job = malloc(sizeof(*job) + uri.len + form.len);

	if (job == NULL)
		return false;
	*job = (struct stats_job){
		.msg.fn = on_job, .st = st, .w = st->c->w, .uri_len = uri.len, .form_len = form.len
	};
	memcpy(job->text, uri.p, uri.len);
	if (form.len > 0)
		memcpy(job->text + uri.len, form.p, form.len);
	st->job = job;
	loop_post(st->c->w->engine->control, &job->msg);
	return true;
}

void live_leave(struct stream *st)
{
	if (st->is_live) {
		list_del(&st->live_node);
		atomic_fetch_sub(&n_viewers, 1);
		st->is_live = false;
	}
	if (st->job != NULL)
		st->job->st = NULL;
	st->job = NULL;
}
