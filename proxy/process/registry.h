/* registry.h - the running frontends and backends, in the order of the configuration: what
 * statistics and commands walk.
 *
 * Published as one immutable array by the control thread at start and at each reload (RCU): a
 * reader takes it once and uses it inside its turn. */
#ifndef PROXY_REGISTRY_H
#define PROXY_REGISTRY_H

#include <tandem/str.h>
#include <urcu/urcu-qsbr.h>

struct backend;
struct cfg;
struct engine;
struct frontend;

struct registry_entry {
	struct frontend *fe; /* NULL: a pure backend */
	struct backend *be;  /* NULL: a pure frontend; both for a listen section */
};
struct registry {
	const struct cfg *cfg;
	struct engine *engine;
	unsigned n;
	struct registry_entry entries[];
};

extern struct registry *registry_current; /* RCU */

static inline const struct registry *registry_get(void)
{
	return __atomic_load_n(&registry_current, __ATOMIC_ACQUIRE); /* as rcu_dereference */
}
struct backend *registry_find_backend(const struct registry *r, struct str name);
struct frontend *registry_find_frontend(const struct registry *r, struct str name);

#endif
