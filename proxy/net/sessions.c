/* sessions.c - the sessions of all data threads. */
#include "net/sessions.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <tandem/clock.h>

#include "config/cfg_model.h"
#include "net/client.h"
#include "net/frontend.h"
#include "net/stream.h"
#include "pool/backend.h"
#include "process/worker_priv.h"

#define LINES_A_PIECE   64
#define CLIENTS_A_PIECE 1024 /* looked at */

#define TID_SHIFT 32

static uint64_t id_of(const struct client *c)
{
	return (uint64_t)(c->w->tid + 1) << TID_SHIFT | c->number;
}

/* ---- text; in the data thread ---- */

static const char *peer_text(struct client *c, char buf[ADDR_TEXT_LEN])
{
	return c->peer.sa.sa_family == AF_UNIX ? "unix:1" : addr_format(client_addr(c), true, buf);
}

static const char *proto_of(const struct client *c)
{
	if (c->peer.sa.sa_family == AF_UNIX)
		return "unix_stream";
	return c->peer.sa.sa_family == AF_INET6 ? "tcpv6" : "tcpv4";
}

static const char *server_of(const struct stream *st)
{
	return st->srv != NULL ? st->srv->name : "<none>";
}

/* "9s", "": never */
static const char *left_text(int64_t deadline_us, int64_t now_us, char buf[24])
{
	buf[0] = '\0';
	if (deadline_us != INT64_MAX)
		snprintf(buf, 24, "%llds", (long long)(MAX(deadline_us - now_us, 0) / US_PER_S));
	return buf;
}

static void add_line(struct client *c, int64_t now_us, struct strbuf *out)
{
	struct stream *st = c->st;
	int64_t client_us = stream_client_deadline(st), server_us = stream_server_deadline(st);
	char peer[ADDR_TEXT_LEN], rx[24], wx[24], exp[24];

	strbuf_addf(out,
		    "0x%llx: proto=%s src=%s fe=%s be=%s srv=%s ts=%02x epoch=0 age=%llds calls=1 "
		    "rate=0 cpu=0 lat=0 rq[f=%06xh,i=%zu,an=00h,rx=%s,wx=,ax=] "
		    "rp[f=%08xh,i=%zu,an=00h,rx=%s,wx=,ax=] scf=[8,0h,fd=%d] scb=[8,1h,fd=%d] "
		    "exp=%s rc=%u c_exp=\n",
		    (unsigned long long)id_of(c), proto_of(c), peer_text(c, peer), c->fe->name,
		    st->be != NULL ? st->be->name : "<NONE>", server_of(st), st->state,
		    (long long)((now_us - c->accept_us) / US_PER_S), st->req.is_done,
		    buf_len(&st->req.buf), left_text(client_us, now_us, rx), st->res.is_done,
		    buf_len(&st->res.buf), left_text(server_us, now_us, wx), c->fd,
		    st->s != NULL ? st->s->fd : -1,
		    left_text(MIN(client_us, server_us), now_us, exp), st->n_retries);
}

static const char *date_text(int64_t real_us, char buf[48])
{
	time_t s = (time_t)(real_us / US_PER_S);
	struct tm tm;
	size_t n;

	localtime_r(&s, &tm);
	n = strftime(buf, 40, "%d/%b/%Y:%H:%M:%S", &tm);
	snprintf(buf + n, 48 - n, ".%06d", (int)(real_us % US_PER_S));
	return buf;
}

static void add_channel(const char *name, const struct channel *ch, struct strbuf *out)
{
	strbuf_addf(out, "  %s: buffered=%zu ready=%zu piped=%zu total=%llu done=%d blocked=%d\n",
		    name, buf_len(&ch->buf), ch->ready, ch->n_piped,
		    (unsigned long long)ch->n_total, ch->is_done, ch->is_blocked);
}

static void add_details(struct client *c, int64_t now_us, struct strbuf *out)
{
	static const char *const states[] = { "HEAD", "QUEUED", "PAUSED", "CONNECTING",
					      "OPEN", "LOCAL",  "OVER" };
	struct stream *st = c->st;
	const struct cfg_proxy *px = rcu_dereference(c->fe->cfg);
	char text[ADDR_TEXT_LEN], date[48], exp[24];
	struct addr local = { .len = 0 };
	const struct view_server *vs = NULL;

	strbuf_addf(out, "0x%llx: [%s] id=%u proto=%s source=%s\n", (unsigned long long)id_of(c),
		    date_text(c->accept_real_us, date), c->number, proto_of(c), peer_text(c, text));
	strbuf_addf(
		out, "  flags=0x0, conn_retries=%u, state=%s, exp=%s, age=%llds\n", st->n_retries,
		states[st->state],
		left_text(MIN(stream_client_deadline(st), stream_server_deadline(st)), now_us, exp),
		(long long)((now_us - c->accept_us) / US_PER_S));
	strbuf_addf(out, "  frontend=%s (id=%u mode=%s), addr=%s\n", c->fe->name, c->fe->id,
		    px->mode == CFG_MODE_HTTP ? "http" : "tcp",
		    client_local_addr(c, &local) ? addr_format(&local, true, text) : "unix:1");
	if (st->be != NULL)
		strbuf_addf(out, "  backend=%s (id=%u mode=%s)\n", st->be->name, st->be->id,
			    rcu_dereference(st->be->cfg)->mode == CFG_MODE_HTTP ? "http" : "tcp");
	else
		strbuf_adds(out, "  backend=<NONE> (id=-1 mode=-)\n");
	if (st->srv != NULL)
		vs = backend_view_of(st->be, st->srv);
	if (st->srv != NULL)
		strbuf_addf(out, "  server=%s (id=%u) addr=%s\n", st->srv->name, st->srv->id,
			    vs != NULL ? addr_format(&vs->addr, true, text) : "-");
	else
		strbuf_adds(out, "  server=<NONE> (id=-1)\n");
	add_channel("req", &st->req, out);
	add_channel("res", &st->res, out);
}

/* ---- the walk; in the data thread ---- */

struct piece {
	struct session_walk *walk;
	struct strbuf *out;
	unsigned n_lines;
};

static bool is_wanted(const struct session_filter *f, const struct client *c, int64_t now_us)
{
	return c->st != NULL && c->st->state != STREAM_OVER && (f->id == 0 || f->id == id_of(c)) &&
	       now_us - c->accept_us >= f->min_age_us;
}

static void do_piece(struct worker *w, void *arg)
{
	struct piece *p = arg;
	struct session_walk *walk = p->walk;
	struct list *end = &w->priv->clients_list;
	int64_t now_us = clock_mono_us();

	if (walk->at == NULL) {
		walk->at = end->next;
		list_add_tail(&w->priv->walks, &walk->node);
	}
	for (unsigned n = 0; walk->at != end && n < CLIENTS_A_PIECE; n++) {
		struct client *c = list_entry(walk->at, struct client, node);

		if (p->n_lines == LINES_A_PIECE)
			return;
		walk->at = walk->at->next;
		if (!is_wanted(&walk->filter, c, now_us))
			continue;
		p->n_lines++;
		if (walk->filter.has_details)
			add_details(c, now_us, p->out);
		else
			add_line(c, now_us, p->out);
	}
	if (walk->at == end) {
		list_del(&walk->node);
		walk->at = NULL;
		walk->tid++;
	}
}

static void do_leave(struct worker *w, void *arg)
{
	struct session_walk *walk = arg;

	(void)w;
	list_del(&walk->node);
	walk->at = NULL;
}

void session_client_leaves(struct worker *w, struct list *node)
{
	struct session_walk *walk;

	list_for_each (walk, &w->priv->walks, node)
		if (walk->at == node)
			walk->at = node->next;
}

/* ---- the control thread ---- */

struct session_walk *session_walk_new(const struct session_filter *f)
{
	struct session_walk *w = xcalloc(1, sizeof(*w));

	list_init(&w->node);
	w->filter = *f;
	if (f->id != 0)
		w->tid = (unsigned)(f->id >> TID_SHIFT) - 1;
	return w;
}

bool session_walk_next(struct session_walk *w, struct engine *e, struct strbuf *out)
{
	struct piece p = { .walk = w, .out = out };
	unsigned tid = w->tid;

	if (tid >= e->n_threads)
		return false;
	workers_call(e, tid, do_piece, &p);
	w->n_found += p.n_lines;
	return w->tid < e->n_threads && (w->filter.id == 0 || (w->tid == tid && w->n_found == 0));
}

void session_walk_free(struct session_walk *w, struct engine *e)
{
	if (w->at != NULL)
		workers_call(e, w->tid, do_leave, w);
	free(w);
}

struct shut {
	uint64_t id;
	bool found;
};

static void do_shut(struct worker *w, void *arg)
{
	struct shut *s = arg;
	struct client *c;

	list_for_each (c, &w->priv->clients_list, node) {
		if (id_of(c) != s->id || c->st == NULL || c->st->state == STREAM_OVER)
			continue;
		s->found = true;
		stream_abort(c->st, 'K', c->st->has_response_head || c->st->is_raw ? 'D' : 'H');
		return;
	}
}

bool session_shut(struct engine *e, uint64_t id)
{
	struct shut s = { .id = id };
	uint64_t tid = (id >> TID_SHIFT) - 1;

	if (id >> TID_SHIFT != 0 && tid < e->n_threads)
		workers_call(e, (unsigned)tid, do_shut, &s);
	return s.found;
}
