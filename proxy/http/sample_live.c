/* sample_live.c - answers to what samples ask about a client connection and the running process. */
#include "http/sample_live.h"

#include "config/cfg_model.h"
#include "net/client.h"
#include "net/frontend.h"
#include "pool/backend.h"

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

static const struct sample_source source = {
	.client = ask_client,
	.local = ask_local,
	.connections = ask_connections,
	.free_slots = ask_free_slots,
	.usable_servers = ask_usable,
	.server_is_up = ask_server_is_up,
};

struct sample_ctx sample_live_context(struct client *c, const struct h1_head *head, char *scratch)
{
	return (struct sample_ctx){ .head = head,
				    .source = &source,
				    .arg = c,
				    .scratch = { .p = scratch, .size = SAMPLE_SCRATCH_SIZE } };
}
