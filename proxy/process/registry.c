/* registry.c - finding frontends and backends by name. */
#include "process/registry.h"

#include "net/frontend.h"
#include "pool/backend.h"

struct registry *registry_current;

struct backend *registry_find_backend(const struct registry *r, struct str name)
{
	for (unsigned i = 0; r != NULL && i < r->n; i++)
		if (r->entries[i].be != NULL && str_eq(name, str_from(r->entries[i].be->name)))
			return r->entries[i].be;
	return NULL;
}

struct frontend *registry_find_frontend(const struct registry *r, struct str name)
{
	for (unsigned i = 0; r != NULL && i < r->n; i++)
		if (r->entries[i].fe != NULL && str_eq(name, str_from(r->entries[i].fe->name)))
			return r->entries[i].fe;
	return NULL;
}
