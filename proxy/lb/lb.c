/* lb.c - what the algorithms share: limits of servers and reduced weights. */
#include "lb/lb.h"

#include "pool/backend.h"
#include "pool/server.h"
#include "pool/view.h"

static uint32_t limit_of_load(const struct view_server *vs)
{
	uint64_t streams;

	if (vs->minconn == 0 || vs->fullconn == 0)
		return vs->maxconn;
	streams = atomic_load_explicit(&vs->srv->be->sess.cur, memory_order_relaxed);
	if (streams >= vs->fullconn)
		return vs->maxconn;
	streams = streams * vs->maxconn / vs->fullconn;
	return MAX(vs->minconn, (uint32_t)streams);
}

uint32_t lb_limit(const struct view_server *vs)
{
	uint32_t limit;

	if (vs->maxconn == 0)
		return UINT32_MAX;
	limit = limit_of_load(vs);
	if (LIKELY(vs->percent == 100))
		return limit;
	limit = (uint32_t)((uint64_t)limit * vs->percent / 100);
	return MAX(limit, 1u);
}

bool lb_has_room(const struct view_server *vs)
{
	return vs->maxconn == 0 ||
	       atomic_load_explicit(&vs->srv->sess.cur, memory_order_relaxed) < lb_limit(vs);
}

static uint32_t gcd(uint32_t a, uint32_t b)
{
	while (b != 0) {
		uint32_t r = a % b;

		a = b;
		b = r;
	}
	return a;
}

uint32_t lb_reduced_weights(const struct backend_view *v, uint32_t *out)
{
	uint32_t divisor = 0, sum = 0;
	uint64_t total;

	for (uint32_t i = 0; i < v->n_usable; i++)
		divisor = gcd(v->usable[i]->weight, divisor);
	if (divisor == 0)
		return 0;
	total = v->total_weight / divisor;
	for (uint32_t i = 0; i < v->n_usable; i++) {
		out[i] = v->usable[i]->weight / divisor;
		/* The share above the one entry that everybody gets is what shrinks. */
		if (total > LB_MAX_SCHEDULE)
			out[i] = 1 + (uint32_t)((out[i] - 1) *
						(uint64_t)(LB_MAX_SCHEDULE - v->n_usable) /
						(total - v->n_usable));
		sum += out[i];
	}
	return sum;
}
