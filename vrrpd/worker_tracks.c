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

	list_for_each (i, &w->instances, node) {
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

	list_for_each (i, &w->instances, node) {
		for (unsigned k = 0; k < i->n_tracks; k++) {
			if (i->tracks[k].proxy == t) {
				vrrp_instance_reconsider(i);
				break;
			}
		}
	}
}

static void on_file_changed(void *arg, struct track_file *t)
{
	struct worker *w = arg;
	struct vrrp_instance *i;

	list_for_each (i, &w->instances, node) {
		for (unsigned k = 0; k < i->n_tracks; k++) {
			if (i->tracks[k].file == t) {
				vrrp_instance_reconsider(i);
				break;
			}
		}
	}
}

static void on_process_changed(void *arg, struct track_process *t)
{
	struct worker *w = arg;
	struct vrrp_instance *i;

	list_for_each (i, &w->instances, node) {
		for (unsigned k = 0; k < i->n_tracks; k++) {
			if (i->tracks[k].process == t) {
				vrrp_instance_reconsider(i);
				break;
			}
		}
	}
}

static const struct track_file *find_file(const struct worker *w, const struct cfg_file_track *cfg)
{
	const struct worker_file *f;

	list_for_each (f, &w->files, node) {
		if (f->t.cfg == cfg)
			return &f->t;
	}
	return NULL;
}

static const struct track_process *find_process(const struct worker *w,
						const struct cfg_process_track *cfg)
{
	const struct worker_process *x;

	list_for_each (x, &w->processes, node) {
		if (x->t.cfg == cfg)
			return &x->t;
	}
	return NULL;
}

static const struct track_script *find_script(const struct worker *w, const struct cfg_script *cfg)
{
	const struct worker_script *s;

	list_for_each (s, &w->scripts, node) {
		if (s->t.cfg == cfg)
			return &s->t;
	}
	return NULL;
}

static const struct track_proxy *find_proxy(const struct worker *w,
					    const struct cfg_proxy_track *cfg)
{
	const struct worker_proxy *p;

	list_for_each (p, &w->proxies, node) {
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
			.file = c->file ? find_file(w, c->file) : NULL,
			.process = c->process ? find_process(w, c->process) : NULL,
		};
		ASSERT(c->kind != TRACK_SCRIPT || tracks[n - 1].script);
		ASSERT(c->kind != TRACK_PROXY || tracks[n - 1].proxy);
		ASSERT(c->kind != TRACK_FILE || tracks[n - 1].file);
		ASSERT(c->kind != TRACK_PROCESS || tracks[n - 1].process);
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

/* Take the unchanged script out of the worker's list; NULL: it is new. */
static struct worker_script *take_script(struct worker *w, const struct cfg_script *c)
{
	struct worker_script *s;

	list_for_each (s, &w->scripts, node) {
		/* NOLINTNEXTLINE(clang-analyzer-*): it does not follow intrusive lists */
		if (same_script(s->t.cfg, c)) {
			list_del(&s->node);
			return s;
		}
	}
	return NULL;
}

static void free_script(struct worker_script *s)
{
	track_script_stop(&s->t);
	list_del(&s->node);
	free(s); /* NOLINT(clang-analyzer-*): as above */
}

/* Move all of `from` to the end of `to`. */
static void move_all(struct list *from, struct list *to)
{
	while (!list_is_empty(from)) {
		struct list *node = from->next;

		list_del(node);
		list_add_tail(to, node);
	}
}

void worker_sync_scripts(struct worker *w, const struct cfg *cfg)
{
	struct worker_script *s, *tmp;
	struct list wanted;

	list_init(&wanted);
	for (const struct cfg_script *c = cfg->scripts; c; c = c->next) {
		s = take_script(w, c);
		if (s) {
			s->t.cfg = c;
		} else {
			s = xcalloc(1, sizeof(*s));
			track_script_init(&s->t, &w->loop, c, on_script_changed, w);
			track_script_start(&s->t);
		}
		list_add_tail(&wanted, &s->node);
	}
	list_for_each_safe (s, tmp, &w->scripts, node)
		free_script(s);
	move_all(&wanted, &w->scripts);
}

static void free_proxy(struct worker_proxy *p)
{
	track_proxy_stop(&p->t);
	list_del(&p->node);
	free(p->socket); /* NOLINT(clang-analyzer-*): as above */
	free(p);         /* NOLINT(clang-analyzer-*) */
}

static struct worker_proxy *take_proxy(struct worker *w, const struct cfg_proxy_track *c)
{
	struct worker_proxy *p;

	list_for_each (p, &w->proxies, node) {
		/* NOLINTNEXTLINE(clang-analyzer-*): as above */
		if (strcmp(p->t.cfg->name, c->name) == 0 && strcmp(p->socket, c->socket) == 0) {
			list_del(&p->node);
			return p;
		}
	}
	return NULL;
}

void worker_sync_proxies(struct worker *w, const struct cfg *cfg)
{
	struct worker_proxy *p, *tmp;
	struct list wanted;

	list_init(&wanted);
	for (const struct cfg_proxy_track *c = cfg->proxies; c; c = c->next) {
		p = take_proxy(w, c);
		if (p) {
			track_proxy_set_cfg(&p->t, c);
		} else {
			p = xcalloc(1, sizeof(*p));
			p->socket = xstrdup(c->socket);
			track_proxy_init(&p->t, &w->loop, c, on_proxy_changed, w);
			track_proxy_start(&p->t);
			/* At the start or when it is new: a healthy proxy is no fault first. */
			track_proxy_wait(&p->t, FIRST_WORD_MS);
		}
		list_add_tail(&wanted, &p->node);
	}
	list_for_each_safe (p, tmp, &w->proxies, node)
		free_proxy(p);
	move_all(&wanted, &w->proxies);
}

static void free_file(struct worker_file *f)
{
	track_file_stop(&f->t);
	list_del(&f->node);
	free(f->path); /* NOLINT(clang-analyzer-*): as above */
	free(f);       /* NOLINT(clang-analyzer-*) */
}

static struct worker_file *take_file(struct worker *w, const struct cfg_file_track *c)
{
	struct worker_file *f;

	list_for_each (f, &w->files, node) {
		/* NOLINTNEXTLINE(clang-analyzer-*): as above */
		if (strcmp(f->t.cfg->name, c->name) == 0 && strcmp(f->path, c->path) == 0) {
			list_del(&f->node);
			return f;
		}
	}
	return NULL;
}

void worker_sync_files(struct worker *w, const struct cfg *cfg)
{
	struct worker_file *f, *tmp;
	struct list wanted;

	list_init(&wanted);
	for (const struct cfg_file_track *c = cfg->files; c; c = c->next) {
		f = take_file(w, c);
		if (f) {
			f->t.cfg = c;
		} else {
			f = xcalloc(1, sizeof(*f));
			f->path = xstrdup(c->path);
			track_file_start(&f->t, &w->loop, c, on_file_changed, w);
		}
		list_add_tail(&wanted, &f->node);
	}
	list_for_each_safe (f, tmp, &w->files, node)
		free_file(f);
	move_all(&wanted, &w->files);
}

static void free_process(struct worker_process *x)
{
	track_process_stop(&x->t);
	list_del(&x->node);
	free(x); /* NOLINT(clang-analyzer-*): as above */
}

/* Looking at all processes again costs little: a reload begins anew, but keeps the verdict of what
 * is still fine. */
void worker_sync_processes(struct worker *w, const struct cfg *cfg)
{
	struct worker_process *x, *tmp;
	struct list wanted;

	list_init(&wanted);
	for (const struct cfg_process_track *c = cfg->processes; c; c = c->next) {
		x = xcalloc(1, sizeof(*x));
		track_process_start(&x->t, &w->watch, c, on_process_changed, w);
		list_add_tail(&wanted, &x->node);
	}
	list_for_each_safe (x, tmp, &w->processes, node)
		free_process(x);
	move_all(&wanted, &w->processes);
}

void worker_free_tracks(struct worker *w)
{
	struct worker_file *f, *f_tmp;
	struct worker_process *x, *x_tmp;
	struct worker_script *s, *s_tmp;
	struct worker_proxy *p, *p_tmp;

	list_for_each_safe (s, s_tmp, &w->scripts, node)
		free_script(s);
	list_for_each_safe (p, p_tmp, &w->proxies, node)
		free_proxy(p);
	list_for_each_safe (f, f_tmp, &w->files, node)
		free_file(f);
	list_for_each_safe (x, x_tmp, &w->processes, node)
		free_process(x);
}
