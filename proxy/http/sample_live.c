/* sample_live.c - answers to what samples ask about a client connection and the running process. */
#include "http/sample_live.h"

#include <sys/random.h>
#include <tandem/clock.h>

#include "config/cfg_model.h"
#include "http/capture.h"
#include "net/client.h"
#include "net/frontend.h"
#include "net/stream.h"
#include "process/worker_priv.h"

static const struct addr *ask_client(void *arg)
{
	return client_addr(arg);
}

static bool ask_local(void *arg, struct addr *out)
{
	return client_local_addr(arg, out);
}

static bool ask_connections(void *arg, const struct cfg_proxy *px, bool of_frontend, int64_t *out)
{
	(void)arg;
	if (of_frontend && px->live->fe)
		*out = atomic_load_explicit(&px->live->fe->sess.cur, memory_order_relaxed);
	else if (!of_frontend && px->live->be)
		*out = atomic_load_explicit(&px->live->be->sess.cur, memory_order_relaxed);
	else
		*out = 0;
	return true;
}

static const struct backend_view *view_of(const struct cfg_proxy *px)
{
	return px->live->be ? backend_view(px->live->be) : NULL;
}

/* As HAProxy counts them: -1 when a usable server has no limit. */
static bool ask_free_slots(void *arg, const struct cfg_proxy *px, int64_t *out)
{
	const struct backend_view *v = view_of(px);
	int64_t sum = 0;

	(void)arg;
	for (uint32_t i = 0; v && i < v->n_servers; i++) {
		const struct view_server *vs = &v->servers[i];

		if (!vs->usable)
			continue;
		if (vs->maxconn == 0 || vs->maxqueue == 0) {
			*out = -1;
			return true;
		}
		sum += (int64_t)vs->maxconn -
		       atomic_load_explicit(&vs->srv->sess.cur, memory_order_relaxed);
		sum += (int64_t)vs->maxqueue -
		       atomic_load_explicit(&vs->srv->queue.cur, memory_order_relaxed);
	}
	*out = sum;
	return true;
}

static bool ask_usable(void *arg, const struct cfg_proxy *px, int64_t *out)
{
	const struct backend_view *v = view_of(px);

	(void)arg;
	*out = v ? v->n_active + v->n_backup : 0;
	return true;
}

struct server *sample_live_server(const struct cfg_server *cfg)
{
	return __atomic_load_n(&cfg->live->srv, __ATOMIC_ACQUIRE);
}

static bool ask_server_is_up(void *arg, const struct cfg_server *cfg, bool *out)
{
	const struct server *srv = sample_live_server(cfg);
	const struct backend_view *v = srv ? backend_view(srv->be) : NULL;

	(void)arg;
	*out = false;
	for (uint32_t i = 0; v && i < v->n_servers; i++)
		if (v->servers[i].srv == srv)
			*out = v->servers[i].accepts;
	return true;
}

static bool ask_kept(void *arg, struct sample_kept *out)
{
	const struct client *c = arg;
	const struct stream *st = c->st;
	const struct capture *cap = st ? st->capture : NULL;

	if (!st || !st->is_http)
		return false;
	*out = (struct sample_kept){ .method = { st->line, st->method_len },
				     .uri = { st->line + st->target_off, st->target_len },
				     .minor = st->minor,
				     .response_minor = st->response_minor,
				     .status = st->method_len ? st->status : 0 };
	if (cap) {
		out->request_captures = cap->request.values;
		out->n_request_captures = cap->request.n;
		out->response_captures = cap->response.values;
		out->n_response_captures = cap->response.n;
		out->unique_id = (struct str){ cap->unique_id.p, cap->unique_id.len };
	}
	return true;
}

static const char *ask_name(void *arg, enum sample_name which)
{
	const struct client *c = arg;

	switch (which) {
	case SAMPLE_NAME_HOST:
		return stream_host_name();
	case SAMPLE_NAME_FRONTEND:
		return c->fe->name;
	case SAMPLE_NAME_BACKEND: /* until one is chosen it is the frontend, as in HAProxy */
		return c->st && c->st->be ? c->st->be->name : c->fe->name;
	case SAMPLE_NAME_SERVER:
		return c->st && c->st->srv ? c->st->srv->name : NULL;
	}
	UNREACHABLE();
}

static int64_t ask_now(void *arg)
{
	const struct client *c = arg;

	return (int64_t)ev_now(c->w->priv->ev);
}

/* xorshift64*, seeded once a thread: no secret depends on it. */
static uint64_t ask_chance(void *arg)
{
	static _Thread_local uint64_t state;

	(void)arg;
	if (state == 0 && getrandom(&state, sizeof(state), 0) != (ssize_t)sizeof(state))
		state = (uint64_t)clock_real_us();
	state |= state == 0;
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * UINT64_C(0x2545f4914f6cdd1d);
}

static const struct sample_source source = {
	.client = ask_client,
	.local = ask_local,
	.connections = ask_connections,
	.free_slots = ask_free_slots,
	.usable_servers = ask_usable,
	.server_is_up = ask_server_is_up,
	.kept = ask_kept,
	.name = ask_name,
	.now_s = ask_now,
	.chance = ask_chance,
};

struct sample_ctx sample_live_context(struct client *c, const struct h1_head *head, char *scratch)
{
	return (struct sample_ctx){ .head = head,
				    .source = &source,
				    .arg = c,
				    .scratch = { .p = scratch, .size = SAMPLE_SCRATCH_SIZE } };
}
