/* fuzz_server_state.c - files of server states: what is read is in order, and is found. */
#include <stdint.h>
#include <stdlib.h>

#include "pool/server_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct saved_states all;

	if (server_state_parse(&all, (struct str){ (const char *)data, size }) != 0)
		return 0;
	for (unsigned i = 0; i < all.n; i++) {
		const struct saved_state *v =
			server_state_find(&all, all.rows[i].be, all.rows[i].srv);

		if (v == NULL || !str_eq(v->srv, all.rows[i].srv) || v->weight > 256)
			abort();
	}
	server_state_fini(&all);
	return 0;
}
