/* worker_tracks.c - the objects that instances track: made, kept and ended as the configuration
 * says; and who is told when one changes. */
#include "worker.h"

#include <stdlib.h>
#include <string.h>

#include "config/cfg_model.h"

#define FIRST_WORD_MS 50 /* a proxy answers a connection in its next loop turn */

static void on_script_changed(void *arg, struct track_script *t)
{
	struct worker *w = arg;
	struct vrrp_instance *i;

	list_for_each(i, &w->instances, node)
	{
		for (unsigned k = 0; k < i->n_tracks; k++) {
			if (i->tracks[k].script == t) {
				vrrp_instance_reconsider(i);
				break;
			}
		}
	}
}

static void on_proxy_changed(void *arg, struct track_proxy *t)
{
	struct worker *w = arg;
	struct vrrp_instance *i;

	list_for_each(i, &w->instances, node)
	{
		for (unsigned k = 0; k < i->n_tracks; k++) {
			if (i->tracks[k].proxy == t) {
				vrrp_instance_reconsider(i);
				break;
			}
		}
	}
}

static const struct track_script *find_script(const struct worker *w, const struct cfg_script *cfg)
{
	const struct worker_script *s;

	list_for_each(s, &w->scripts, node)
	{
		if (s->t.cfg == cfg)
			return &s->t;
	}
	return NULL;
}

static const struct track_proxy *find_proxy(const struct worker *w,
					    const struct cfg_proxy_track *cfg)
{
	const struct worker_proxy *p;

	list_for_each(p, &w->proxies, node)
	{
		if (p->t.cfg == cfg)
			return &p->t;
	}
	return NULL;
}

void worker_bind_tracks(struct worker *w, struct vrrp_instance *i)
{
	struct vrrp_track *tracks;
	unsigned n = 0;

	for (const struct cfg_track *c = i->cfg->tracks; c; c = c->next)
		n++;
	tracks = xcalloc(n ? n : 1, sizeof(*tracks));
	n = 0;
	for (const struct cfg_track *c = i->cfg->tracks; c; c = c->next) {
		tracks[n++] = (struct vrrp_track){
			.cfg = c,
			.script = c->script ? find_script(w, c->script) : NULL,
			.proxy = c->proxy ? find_proxy(w, c->proxy) : NULL,
		};
		ASSERT(c->kind != TRACK_SCRIPT || tracks[n - 1].script);
		ASSERT(c->kind != TRACK_PROXY || tracks[n - 1].proxy);
	}
	vrrp_instance_set_tracks(i, tracks, n);
}

static bool same_script(const struct cfg_script *a, const struct cfg_script *b)
{
	size_t n;

	if (strcmp(a->name, b->name) != 0 || a->interval_us != b->interval_us ||
	    a->rise != b->rise || a->fall != b->fall || a->uid != b->uid || a->gid != b->gid)
		return false;
	for (n = 0; a->argv[n] && b->argv[n]; n++) {
		if (strcmp(a->argv[n], b->argv[n]) != 0)
			return false;
	}
	return !a->argv[n] && !b->argv[n];
}

/* Scripts of cfg: what is unchanged keeps its verdict, the rest is made or ended. */
void worker_sync_scripts(struct worker *w, const struct cfg *cfg)
{
	struct list old = w->scripts;
	struct worker_script *s, *tmp;

	if (list_is_empty(&w->scripts)) {
		list_init(&old);
	} else { /* move the chain to a head of its own */
		old.next->prev = &old;
		old.prev->next = &old;
		list_init(&w->scripts);
	}
	for (const struct cfg_script *c = cfg->scripts; c; c = c->next) {
		struct worker_script *found = NULL;

		list_for_each(s, &old, node)
		{
			if (same_script(s->t.cfg, c)) {
				found = s;
				break;
			}
		}
		if (found) {
			list_del(&found->node);
			found->t.cfg = c;
		} else {
			found = xcalloc(1, sizeof(*found));
			track_script_init(&found->t, &w->loop, c, on_script_changed, w);
			track_script_start(&found->t);
		}
		list_add_tail(&w->scripts, &found->node);
	}
	list_for_each_safe(s, tmp, &old, node)
	{
		track_script_stop(&s->t);
		list_del(&s->node);
		free(s);
	}
}

static void free_proxy(struct worker_proxy *p)
{
	track_proxy_stop(&p->t);
	list_del(&p->node);
	free(p->socket);
	free(p);
}

void worker_sync_proxies(struct worker *w, const struct cfg *cfg)
{
	struct worker_proxy *p, *tmp;
	struct list fresh;

	list_init(&fresh);
	for (const struct cfg_proxy_track *c = cfg->proxies; c; c = c->next) {
		struct worker_proxy *found = NULL;

		list_for_each(p, &w->proxies, node)
		{
			if (strcmp(p->t.cfg->name, c->name) == 0 &&
			    strcmp(p->socket, c->socket) == 0) {
				found = p;
				break;
			}
		}
		if (found) {
			list_del(&found->node);
			track_proxy_set_cfg(&found->t, c);
		} else {
			found = xcalloc(1, sizeof(*found));
			found->socket = xstrdup(c->socket);
			track_proxy_init(&found->t, &w->loop, c, on_proxy_changed, w);
		}
		list_add_tail(&fresh, &found->node);
	}
	list_for_each_safe(p, tmp, &w->proxies, node) free_proxy(p);
	list_for_each_safe(p, tmp, &fresh, node)
	{
		list_del(&p->node);
		list_add_tail(&w->proxies, &p->node);
		if (p->t.n_connects || p->t.fd != -1)
			continue;
		track_proxy_start(&p->t);
		if (!w->loop.on_idle) /* start-up: a healthy proxy is no fault first */
			track_proxy_wait(&p->t, FIRST_WORD_MS);
	}
}

void worker_free_tracks(struct worker *w)
{
	struct worker_script *s, *s_tmp;
	struct worker_proxy *p, *p_tmp;

	list_for_each_safe(s, s_tmp, &w->scripts, node)
	{
		track_script_stop(&s->t);
		list_del(&s->node);
		free(s);
	}
	list_for_each_safe(p, p_tmp, &w->proxies, node) free_proxy(p);
}
