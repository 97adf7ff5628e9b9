/* outage.c - outage, losses and latency of one prober. */
#include "outage.h"

#include <errno.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void note_gap(struct outage *o, int64_t from_us, int64_t to_us)
{
	if (to_us - from_us > o->outage_us) {
		o->outage_us = to_us - from_us;
		o->outage_at_us = from_us;
	}
}

/* ends: when good answers came. */
static void measure_gaps(struct outage *o, int64_t *ends, size_t n, int64_t first_us,
			 int64_t last_us)
{
	int64_t before_us = first_us;

	qsort(ends, n, sizeof(*ends), compare);
	for (size_t i = 0; i < n; i++) {
		note_gap(o, before_us, ends[i]);
		before_us = ends[i];
	}
	note_gap(o, before_us, last_us);
}

int outage_measure(const struct record *r, unsigned prober, struct outage *out)
{
	int64_t *v = malloc((r->n_probes + 1) * sizeof(*v)), first_us = 0, last_us = 0;
	size_t n = 0;

	*out = (struct outage){ .resolution_us = 1000000 / r->prober[prober].rate };
	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < r->n_probes; i++) {
		const struct probe *p = &r->probe[i];

		if (p->prober != prober)
			continue;
		if (out->n_sent++ == 0)
			first_us = p->at_us;
		last_us = p->at_us;
		out->n_by_result[p->result]++;
		out->n_lost += p->result != PROBE_OK;
		if (p->result == PROBE_OK)
			v[n++] = p->at_us + p->took_us;
	}
	measure_gaps(out, v, n, first_us, last_us);
	n = 0;
	for (size_t i = 0; i < r->n_probes; i++) {
		if (r->probe[i].prober == prober && r->probe[i].result == PROBE_OK)
			v[n++] = r->probe[i].took_us;
	}
	if (n > 0) {
		qsort(v, n, sizeof(*v), compare);
		out->p50_us = v[n / 2];
		out->p99_us = v[n * 99 / 100];
		out->max_us = v[n - 1];
	}
	free(v);
	return 0;
}

int outage_worst(const struct record *r, int64_t *out_us)
{
	bool has_new = false, has_any = false;

	*out_us = 0;
	for (unsigned i = 0; i < r->n_probers; i++)
		has_new |= r->prober[i].kind != PROBE_HELD;
	for (unsigned i = 0; i < r->n_probers; i++) {
		struct outage o;
		int err;

		if (has_new && r->prober[i].kind == PROBE_HELD)
			continue;
		err = outage_measure(r, i, &o);
		if (err)
			return err;
		has_any |= o.n_sent > 0;
		if (o.outage_us > *out_us)
			*out_us = o.outage_us;
	}
	return has_any ? 0 : -ENODATA;
}
