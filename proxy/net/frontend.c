/* frontend.c - a frontend: where clients arrive. */
#include "net/frontend.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "config/cfg_model.h"

struct frontend *frontend_new(const struct cfg_proxy *cfg, unsigned n_threads)
{
	struct frontend *fe = NULL;

	if (posix_memalign((void **)&fe, CACHE_LINE, sizeof(*fe)) != 0)
		fe = xcalloc(1, sizeof(*fe)); /* ends the process */
	memset(fe, 0, sizeof(*fe));
	fe->name = xstrdup(cfg->name);
	fe->id = cfg->id;
	fe->n_threads = n_threads;
	fe->cfg = cfg;
	fe->counters = counters_new(n_threads);
	atomic_store(&fe->maxconn, cfg->maxconn);
	return fe;
}

void frontend_follow_limits(struct frontend *fe, const struct cfg_proxy *cfg)
{
	if (fe->cfg->maxconn != cfg->maxconn)
		atomic_store(&fe->maxconn, cfg->maxconn);
}

void frontend_free(struct frontend *fe)
{
	if (!fe)
		return;
	free((char *)(uintptr_t)fe->name);
	free(fe->counters);
	free(fe->history);
	free(fe);
}
