/* cfg_index.h - finds what was declared by its name, in files with thousands of them. Grows in an
 * arena; things are borrowed. Pure. */
#ifndef PROXY_CFG_INDEX_H
#define PROXY_CFG_INDEX_H

#include <stddef.h>
#include <stdint.h>
#include <tandem/arena.h>
#include <tandem/str.h>

struct cfg_index_entry {
	const void *space; /* names are distinct within one; only compared. NULL: free */
	struct str name;
	void *thing;
	uint64_t hash;
};
struct cfg_index { /* {0} is empty */
	struct cfg_index_entry *entries;
	size_t n, size; /* size: 0 or a power of two */
};

/* NULL: there is none. */
void *cfg_index_find(const struct cfg_index *x, const void *space, struct str name);
/* The first of a name stays. name must live as long as the index. */
void cfg_index_add(struct cfg_index *x, struct arena *a, const void *space, struct str name,
		   void *thing);

#endif
